package mysql

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// lookupValues is how many values one query of Lookup asks for.
const lookupValues = 500

// Lookup implements scanners.Looker. The server compares by the column's own
// collation. Items have no Cursor.
func (s *source) Lookup(ctx context.Context, name, columnName string, values []string) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		schema, rest, err := s.resolve(ctx, name)
		var t *table
		if err == nil {
			t, err = s.describe(ctx, schema, rest)
		}
		col := -1
		if err == nil {
			if col = slices.IndexFunc(t.cols, func(c column) bool { return c.name == columnName }); col < 0 {
				err = vanished("column")
			}
		}
		fail := func(err error) {
			if ctx.Err() != nil {
				yield(scanners.Item{}, failed("look up rows", context.Cause(ctx)))
				return
			}
			yield(scanners.Item{}, gap(err, s.tableURI(schema, rest), schema+" / "+rest, "look up rows", 0, 0))
		}
		if err != nil {
			fail(err)
			return
		}
		for some := range slices.Chunk(values, lookupValues) {
			cond := t.in(col, some)
			if cond == "" {
				continue
			}
			more := func(it scanners.Item, err error) bool { it.Cursor = ""; return yield(it, err) }
			rd := reader{s: s, ctx: ctx, span: span{Schema: schema, Table: rest}, t: t, yield: more, only: cond}
			rd.part.Place = t.place()
			if len(t.key) > 0 {
				err = rd.pages()
			} else {
				err = rd.stream()
			}
			if errors.Is(err, errDone) {
				return
			}
			if err != nil {
				fail(err)
				return
			}
		}
	}
}

// resolve takes "schema.table" apart, in which both may hold dots.
func (s *source) resolve(ctx context.Context, name string) (schema, table string, err error) {
	schema, table, _ = strings.Cut(name, ".")
	if !strings.Contains(table, ".") {
		return schema, table, nil
	}
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		tables, err := s.tables(ctx, name[:i])
		if err != nil {
			return name[:i], name[i+1:], err
		}
		if slices.ContainsFunc(tables, func(l listed) bool { return l.name == name[i+1:] }) {
			return name[:i], name[i+1:], nil
		}
	}
	return schema, table, vanished("table")
}

// in is the condition that the column has one of the values; empty: none can be
// a value of it.
func (t *table) in(col int, values []string) string {
	c := t.cols[col]
	var list []string
	for _, v := range values {
		k, ok := c.asKey()
		switch {
		case ok && k.kind == number && c.typ != "enum":
			// Text that is no number would be compared as 0.
			if numeral.MatchString(v) {
				list = append(list, v)
			}
		case !utf8.ValidString(v) || c.charset == "" && (strings.HasSuffix(c.typ, "blob") || strings.HasSuffix(c.typ, "binary")):
			list = append(list, "X'"+hex.EncodeToString([]byte(v))+"'")
		default:
			list = append(list, text(v))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return ident(c.name) + " IN (" + strings.Join(list, ",") + ")"
}
