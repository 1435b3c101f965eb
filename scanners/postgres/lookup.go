package postgres

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// Relations implements scanners.Looker: the declared foreign keys. Those of
// partitioned tables are given for each partition, since that is where the rows
// are.
func (s *source) Relations(ctx context.Context) ([]scanners.Relation, error) {
	databases, err := s.databases(ctx)
	if err != nil {
		return nil, failed("list databases", err)
	}
	// pg_constraint.confdeltype
	onDelete := map[string]string{"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
	var all []scanners.Relation
	for _, d := range databases {
		if !d.connect || !d.allowed || !s.set.Databases.matches(d.name) {
			continue
		}
		var some []scanners.Relation
		err := s.rows(ctx, d.name, `SELECT n.nspname,c.relname,a.attname,m.nspname,r.relname,b.attname,u.n,k.confdeltype FROM pg_constraint k
			JOIN pg_class c ON c.oid=k.conrelid JOIN pg_namespace n ON n.oid=c.relnamespace
			JOIN pg_class r ON r.oid=k.confrelid JOIN pg_namespace m ON m.oid=r.relnamespace
			CROSS JOIN LATERAL unnest(k.conkey,k.confkey) WITH ORDINALITY u(mine,theirs,n)
			JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum=u.mine JOIN pg_attribute b ON b.attrelid=r.oid AND b.attnum=u.theirs
			WHERE k.contype='f' AND c.relkind='r' AND r.relkind='r' ORDER BY k.oid,u.n`, func() { some = nil }, func(c [][]byte) error {
			if string(c[6]) != "1" {
				r := &some[len(some)-1]
				r.With = append(r.With, scanners.ColumnPair{Column: string(c[2]), RefColumn: string(c[5])})
				return nil
			}
			some = append(some, scanners.Relation{
				Table: s.title(d.name, string(c[0]), string(c[1])), Column: string(c[2]),
				RefTable: s.title(d.name, string(c[3]), string(c[4])), RefColumn: string(c[5]),
				OnDelete: onDelete[string(c[7])],
			})
			return nil
		})
		if err != nil && (sqlstate(err) == "" || transient(err)) {
			return nil, failed("list foreign keys", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// lookupValues is how many values one query of Lookup asks for where an index
// finds each of them; where none does, the table is read once for all values.
const lookupValues = 500

// Lookup implements scanners.Looker. The server compares by the rules of the
// column's type. Items have no Cursor.
func (s *source) Lookup(ctx context.Context, name, columnName string, values []string) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		t, database, schema, table, err := s.resolve(ctx, name)
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
			yield(scanners.Item{}, gap(err, s.tableURI(database, schema, table), database+" / "+schema+" / "+table, "look up rows", 0, 0))
		}
		if err != nil {
			fail(err)
			return
		}
		size := lookupValues
		if !t.cols[col].indexed {
			size = max(1, len(values))
		}
		for some := range slices.Chunk(values, size) {
			cond := t.cols[col].in(some)
			if cond == "" {
				continue
			}
			rd := reader{s: s, ctx: ctx, t: t, yield: yield, only: cond}
			rd.part.Place = t.place()
			err := rd.stream()
			if strings.HasPrefix(sqlstate(err), "22") && rd.cur.Rows == 0 {
				// Some value is none of the column's type: compared as text,
				// which no index helps, it is found nowhere.
				rd.only = ident(t.cols[col].name) + "::text IN (SELECT unnest(" + array(some, text) + "::text[]))"
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

// resolve finds the table that Table.Name names, of which each part may hold
// dots.
func (s *source) resolve(ctx context.Context, title string) (t *table, database, schema, name string, err error) {
	databases := []string{s.set.database}
	rest := title
	if s.set.database == "" {
		all, err := s.databases(ctx)
		if err != nil {
			return nil, "", "", title, err
		}
		databases = nil
		for _, d := range all {
			if strings.HasPrefix(title, d.name+".") {
				databases = append(databases, d.name)
			}
		}
	}
	err = vanished("table")
	for _, database = range databases {
		rest = title
		if s.set.database == "" {
			rest = title[len(database)+1:]
		}
		for i := range len(rest) {
			if rest[i] != '.' {
				continue
			}
			schema, name = rest[:i], rest[i+1:]
			if t, err = s.describe(ctx, database, schema, name); err == nil || reason(err) != scanners.Vanished {
				return t, database, schema, name, err
			}
		}
	}
	return nil, database, schema, name, err
}

// in is the condition that the column has one of the values; empty: none can be
// a value of it.
func (c *column) in(values []string) string {
	bits := map[string]int{"int2": 16, "int4": 32, "int8": 64}[c.typ]
	var can []string
	for _, v := range values {
		if bits > 0 {
			if _, err := strconv.ParseInt(strings.TrimSpace(v), 10, bits); err != nil {
				continue
			}
		}
		can = append(can, v)
	}
	switch {
	case len(can) == 0:
		return ""
	case c.typ == "json" || c.typ == "xml" || c.typ == "point":
		// Types whose values the server can't compare.
		return ident(c.name) + "::text IN (SELECT unnest(" + array(can, text) + "::text[]))"
	case !c.indexed:
		return ident(c.name) + " " + c.equal + " ANY (SELECT unnest(" + array(can, c.literal) + "))"
	}
	return ident(c.name) + " " + c.equal + " ANY (" + array(can, c.literal) + ")"
}

func array(values []string, literal func(string) string) string {
	var b strings.Builder
	b.WriteString("ARRAY[")
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(literal(v))
	}
	b.WriteByte(']')
	return b.String()
}
