package mysql

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A definition is something in a schema that has a text of its own, in which
// comments, defaults and constants may name people.
type definition struct {
	schema, kind, name string
	// remote is set for a table that the server only passes on: to show how it
	// was created, the server asks the other one.
	remote bool
}

// lists holds where definitions other than those of tables and views are listed.
var lists = [...]struct{ kind, query string }{
	{"trigger", "SELECT trigger_schema,trigger_name,'trigger' FROM information_schema.triggers WHERE trigger_schema="},
	{"routine", "SELECT routine_schema,routine_name,routine_type FROM information_schema.routines WHERE routine_schema="},
	{"event", "SELECT event_schema,event_name,'event' FROM information_schema.events WHERE event_schema="},
}

func (s *source) definitions(ctx context.Context, schema string, cur cursor, yield func(scanners.Item, error) bool) {
	tables, err := s.tables(ctx, schema)
	if err != nil {
		if ctx.Err() != nil {
			yield(scanners.Item{}, failed("list definitions", context.Cause(ctx)))
			return
		}
		yield(scanners.Item{}, gap(err, s.base+scanners.EscapeSegment(schema)+"/", schema+" / definitions", "list definitions", 0, 0))
		return
	}
	all := []definition{{schema: schema, kind: "schema", name: schema}}
	for _, l := range tables {
		d := definition{schema: schema, kind: "table", name: l.name, remote: l.elsewhere() != ""}
		if l.view() {
			d.kind = "view"
		}
		if s.set.Tables.matches(schema + "." + l.name) {
			if l.defined() {
				all = append(all, d)
			}
		} else if d.kind == "view" && cur.Kind == "" {
			x := &scanners.Exclusion{URI: s.definitionRef(d).URI, Place: schema + " / " + l.name, Reason: scanners.ByConfig, Detail: "view"}
			if !yield(scanners.Item{}, x) {
				return
			}
		}
	}
	for _, l := range lists {
		more, err := s.listDefinitions(ctx, schema, l.query)
		switch {
		case err == nil:
			all = append(all, more...)
		case ctx.Err() != nil:
			yield(scanners.Item{}, failed("list definitions", context.Cause(ctx)))
			return
		case reason(err) == scanners.Vanished || serverError(err) == 1105:
			// A server without such things.
		default:
			g := gap(err, s.base+scanners.EscapeSegment(schema)+"/", schema+" / definitions", "list "+l.kind+"s", 0, 0)
			if !yield(scanners.Item{}, g) {
				return
			}
		}
	}
	order := func(a, b definition) int {
		return cmp.Or(cmp.Compare(rank(a.kind), rank(b.kind)), strings.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
	}
	slices.SortFunc(all, order)
	for _, d := range all {
		if cur.Kind != "" && order(d, definition{schema: schema, kind: cur.Kind, name: cur.Name}) <= 0 {
			continue
		}
		item, err := s.definition(ctx, d)
		item.Cursor = cursor{Kind: d.kind, Name: d.name}.String()
		if err != nil {
			if ctx.Err() != nil {
				yield(scanners.Item{}, failed("read definition", context.Cause(ctx)))
				return
			}
			ref := s.definitionRef(d)
			item, err = scanners.Item{}, gap(err, ref.URI, ref.Place, "read definition", 1, 0)
		}
		if !yield(item, err) {
			return
		}
	}
}

func rank(kind string) int {
	return slices.Index([]string{"schema", "table", "view", "trigger", "event"}, kind)
}

func (s *source) listDefinitions(ctx context.Context, schema, query string) ([]definition, error) {
	var all []definition
	err := s.retry(ctx, func(ctx context.Context) error {
		all = nil
		_, err := s.query(ctx, query+text(schema), func(c []sql.RawBytes) error {
			if string(c[0]) == schema {
				all = append(all, definition{schema: schema, kind: strings.ToLower(string(c[2])), name: string(c[1])})
			}
			return nil
		})
		return err
	})
	return all, err
}

// definition reads one.
func (s *source) definition(ctx context.Context, d definition) (scanners.Item, error) {
	what := strings.ToUpper(d.kind)
	name := ident(d.schema)
	switch d.kind {
	case "schema":
		what = "DATABASE"
	case "table", "view", "trigger", "event", "procedure", "function", "package", "package body":
		name += "." + ident(d.name)
	default:
		return scanners.Item{}, &scanners.Gap{Reason: scanners.Unsupported, Detail: "an unknown kind of definition"}
	}
	body, denied := "", false
	if d.remote {
		body, err := s.comments(ctx, d)
		return scanners.Item{Ref: s.definitionRef(d), Name: d.name, Size: int64(len(body)), Body: strings.NewReader(body)}, err
	}
	err := s.retry(ctx, func(ctx context.Context) error {
		body, denied = "", false
		var found [][]byte
		row := func(c []sql.RawBytes) error {
			found = nil
			for _, v := range c {
				found = append(found, bytes.Clone(v))
			}
			return nil
		}
		q := "SHOW CREATE " + what + " " + name
		cols, err := s.query(ctx, q, row)
		if n := serverError(err); n == 1046 || n == 1105 {
			// A server that shows what is in the current schema only.
			cols, err = s.queryIn(ctx, d.schema, q, row)
		}
		for i, c := range cols {
			c = strings.ToLower(c)
			if i < len(found) && (strings.HasPrefix(c, "create ") || c == "sql original statement") {
				body, denied = string(found[i]), found[i] == nil
				break
			}
		}
		return err
	})
	switch {
	case err != nil && d.kind == "table" && ctx.Err() == nil && reason(err) == scanners.Denied:
		// With rights on some columns only, their comments are all there is.
		if body, err = s.comments(ctx, d); err != nil {
			return scanners.Item{}, err
		}
	case err != nil:
		return scanners.Item{}, err
	case denied:
		return scanners.Item{}, &scanners.Gap{Reason: scanners.Denied, Detail: "the server hides the text from the account"}
	case body == "":
		return scanners.Item{}, vanished("definition")
	}
	return scanners.Item{Ref: s.definitionRef(d), Name: d.name, Size: int64(len(body)), Body: strings.NewReader(body)}, nil
}

// queryIn makes schema the current one first.
func (s *source) queryIn(ctx context.Context, schema, q string, row func([]sql.RawBytes) error) ([]string, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "USE "+ident(schema)); err != nil {
		return nil, err
	}
	return s.queryOn(ctx, conn, q, row)
}

// comments gives what information_schema tells of a table: its columns and
// comments.
func (s *source) comments(ctx context.Context, d definition) (string, error) {
	var b strings.Builder
	err := s.retry(ctx, func(ctx context.Context) error {
		b.Reset()
		_, err := s.query(ctx, "SELECT table_schema,table_name,table_comment FROM information_schema.tables"+
			" WHERE table_schema="+text(d.schema)+" AND table_name="+text(d.name), func(c []sql.RawBytes) error {
			if string(c[0]) == d.schema && string(c[1]) == d.name && len(c[2]) > 0 {
				b.WriteString("COMMENT " + text(string(c[2])) + "\n")
			}
			return nil
		})
		if err != nil {
			return err
		}
		_, err = s.query(ctx, "SELECT table_schema,table_name,column_name,column_type,column_comment FROM information_schema.columns"+
			" WHERE table_schema="+text(d.schema)+" AND table_name="+text(d.name)+" ORDER BY ordinal_position", func(c []sql.RawBytes) error {
			if string(c[0]) == d.schema && string(c[1]) == d.name {
				b.WriteString(string(c[2]) + " " + string(c[3]) + " COMMENT " + text(string(c[4])) + "\n")
			}
			return nil
		})
		return err
	})
	if err == nil && b.Len() == 0 {
		err = vanished("table")
	}
	return b.String(), err
}

func (s *source) openDefinition(ctx context.Context, p place) (scanners.Item, error) {
	d := definition{schema: p.schema, kind: "table", name: p.name}
	switch {
	case p.name == "":
		d.kind, d.name = "schema", p.schema
	case len(p.query) == 1 && p.query[0][0] == "kind":
		d.kind = p.query[0][1]
	case len(p.query) > 0:
		return scanners.Item{}, errURI
	default:
		tables, err := s.tables(ctx, p.schema)
		if err == nil {
			i := slices.IndexFunc(tables, func(l listed) bool { return l.name == p.name })
			if i < 0 {
				err = vanished("definition")
			} else if d.remote = tables[i].elsewhere() != ""; tables[i].view() {
				d.kind = "view"
			}
		}
		if err != nil {
			return scanners.Item{}, s.openFailed(ctx, d, err)
		}
	}
	item, err := s.definition(ctx, d)
	if err != nil {
		return scanners.Item{}, s.openFailed(ctx, d, err)
	}
	return item, nil
}

func (s *source) openFailed(ctx context.Context, d definition, err error) error {
	if ctx.Err() != nil {
		return failed("open definition", context.Cause(ctx))
	}
	ref := s.definitionRef(d)
	return gap(err, ref.URI, ref.Place, "open definition", 1, 0)
}
