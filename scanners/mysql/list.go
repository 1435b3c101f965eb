package mysql

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// span is what a part covers, as Part.Range holds it.
type span struct {
	Schema string `json:"schema"`
	Table  string `json:"table,omitempty"`
	// Tables are several small tables, in this order, instead of Table. With
	// neither, the part is the definitions of the schema.
	Tables []string `json:"tables,omitempty"`
	// Defined says that the definition of the table is in that part.
	Defined bool `json:"defined,omitempty"`
	// The rows whose key lies behind After and not behind To, in the exact
	// values of keyCol.plain; nil: without that bound.
	After []string `json:"after,omitempty"`
	To    []string `json:"to,omitempty"`
}

// Tables from this size on are split into parts of about as many rows.
const (
	splitRows  = 100_000
	splitBytes = 32 << 20
	maxParts   = 1024
)

// Tables of at most so many rows and bytes share a part, of at most so many
// tables, where a schema has more than bundleFrom.
const (
	smallRows   = 1000
	smallBytes  = 1 << 20
	bundleFrom  = 64
	bundleMost  = 100
	bundleRows  = 20_000
	bundleBytes = 8 << 20
)

type listed struct {
	name, kind, engine string
	rows, bytes        int64 // estimates, -1 where unknown
}

func (l listed) small() bool {
	return l.rows >= 0 && l.rows <= smallRows && l.bytes >= 0 && l.bytes <= smallBytes
}

// defined reports whether the definition of the table is read with those of the
// schema, and not with its rows.
func (l listed) defined() bool {
	return l.view() || l.elsewhere() != "" || strings.EqualFold(l.engine, "MRG_MyISAM")
}

// elsewhere says where the rows of a table are that the server only passes on;
// empty: here.
func (l listed) elsewhere() string {
	switch strings.ToUpper(l.engine) {
	case "FEDERATED", "SPIDER", "SPHINX", "CONNECT":
		return "table of the engine " + strings.ToUpper(l.engine) + ": its rows lie in another place, which is not followed; name that place as a source"
	}
	return ""
}

func (l listed) view() bool { return strings.Contains(strings.ToUpper(l.kind), "VIEW") }

// system reports whether a schema is one that the server makes up: its tables
// show the server's state and repeat names that stand elsewhere.
func system(schema string) bool {
	switch strings.ToLower(schema) {
	case "information_schema", "performance_schema", "sys", "ndbinfo":
		return true
	}
	return false
}

func (s *source) schemas(ctx context.Context) ([]string, error) {
	var names []string
	err := s.retry(ctx, func(ctx context.Context) error {
		names = nil
		_, err := s.query(ctx, "SHOW DATABASES", func(c []sql.RawBytes) error {
			if !system(string(c[0])) && (s.set.schema == "" || s.set.schema == string(c[0])) {
				names = append(names, string(c[0]))
			}
			return nil
		})
		return err
	})
	if err == nil && s.set.schema != "" && len(names) == 0 {
		return nil, &scanners.Gap{Reason: scanners.Vanished, Detail: "the schema is not there, or the account may not see it"}
	}
	return names, err
}

// tables lists the tables and views of a schema, without how large they are: the
// server opens no table for it. (EXPLAIN says Open_frm_only. One column more, such
// as table_rows, and it opens each; a FEDERATED table then connects elsewhere.)
func (s *source) tables(ctx context.Context, schema string) ([]listed, error) {
	var all []listed
	err := s.retry(ctx, func(ctx context.Context) error {
		all = nil
		_, err := s.query(ctx, "SELECT table_schema,table_name,table_type,engine FROM information_schema.tables WHERE table_schema="+text(schema), func(c []sql.RawBytes) error {
			if string(c[0]) == schema {
				all = append(all, listed{name: string(c[1]), kind: string(c[2]), engine: string(c[3]), rows: -1, bytes: -1})
			}
			return nil
		})
		return err
	})
	return all, err
}

// estimate fills in how large tables are, as far as the server says so.
func (s *source) estimate(ctx context.Context, schema string, all []listed) error {
	remote := false
	at := make(map[string]*listed, len(all))
	for i := range all {
		l := &all[i]
		remote = remote || l.elsewhere() != "" || strings.EqualFold(l.engine, "MRG_MyISAM")
		if !l.view() && l.elsewhere() == "" {
			at[l.name] = l
		}
	}
	if len(at) > bundleFrom {
		// One small table of the server tells of all that InnoDB has.
		if err := s.innodbSizes(ctx, schema, at); err != nil {
			return err
		}
		for name, l := range at {
			if l.rows >= 0 {
				delete(at, name)
			}
		}
	}
	const from = "SELECT table_schema,table_name,table_rows,data_length FROM information_schema.tables WHERE table_schema="
	queries := []string{from + text(schema)}
	if len(at) == 0 {
		return nil
	}
	if remote || len(at) < len(all)/8 {
		// Those alone: asked by name, the server opens no other.
		var names []string
		for name := range at {
			names = append(names, from+text(schema)+" AND table_name="+text(name))
		}
		slices.Sort(names)
		queries = nil
		for some := range slices.Chunk(names, bundleMost) {
			queries = append(queries, strings.Join(some, " UNION ALL "))
		}
	}
	for _, q := range queries {
		err := s.retry(ctx, func(ctx context.Context) error {
			_, err := s.query(ctx, q, func(c []sql.RawBytes) error {
				if l := at[string(c[1])]; l != nil && string(c[0]) == schema {
					l.rows, l.bytes = number64(c[2]), number64(c[3])
					if l.rows > 0 && l.bytes/l.rows > 1<<30 {
						l.bytes = -1 // go-mysql-server counts what could be in a row
					}
				}
				return nil
			})
			return err
		})
		if err != nil && (serverError(err) == 0 || transient(err)) {
			return err
		}
	}
	return nil
}

func number64(v []byte) int64 {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// innodbSizes takes sizes from the statistics that InnoDB keeps in a table of
// the schema mysql, where the account may read it.
func (s *source) innodbSizes(ctx context.Context, schema string, at map[string]*listed) error {
	var found []listed
	err := s.retry(ctx, func(ctx context.Context) error {
		found = nil
		_, err := s.query(ctx, "SELECT database_name,table_name,n_rows,clustered_index_size*@@innodb_page_size FROM mysql.innodb_table_stats WHERE database_name="+text(schema), func(c []sql.RawBytes) error {
			if string(c[0]) == schema {
				found = append(found, listed{name: string(c[1]), rows: number64(c[2]), bytes: number64(c[3])})
			}
			return nil
		})
		return err
	})
	if err != nil {
		if serverError(err) != 0 && !transient(err) {
			return nil
		}
		return err
	}
	for _, f := range found {
		// Each partition is a line of its own.
		name, _, part := strings.Cut(f.name, "#P#")
		if !part {
			name, _, _ = strings.Cut(f.name, "#p#")
		}
		if l := at[name]; l != nil && f.rows >= 0 && f.bytes >= 0 {
			l.rows, l.bytes = max(0, l.rows)+f.rows, max(0, l.bytes)+f.bytes
		}
	}
	return nil
}

// Parts implements scanners.Source. For each schema there is one part with the
// definitions, then one or more for each table.
func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		schemas, err := s.schemas(ctx)
		if err != nil {
			yield(scanners.Part{}, failed("list schemas", err))
			return
		}
		// Without an answer it can't be told what the account may not see, and
		// nothing is said of it.
		gs, err := s.grants(ctx)
		if err != nil {
			if ctx.Err() != nil {
				yield(scanners.Part{}, failed("list grants", err))
				return
			}
			gs = nil
		}
		if g := s.unlisted(gs, schemas); g != nil && !yield(scanners.Part{}, g) {
			return
		}
		for _, schema := range schemas {
			uri := s.base + scanners.EscapeSegment(schema) + "/"
			if !s.set.Schemas.matches(schema) {
				x := &scanners.Exclusion{URI: uri, Place: schema, Reason: scanners.ByConfig, Detail: "schema"}
				if !s.down.Load() {
					// How much it is serves the report only.
					tables, err := s.sized(ctx, schema)
					if err != nil && ctx.Err() != nil {
						yield(scanners.Part{}, failed("list tables", err))
						return
					}
					if err != nil {
						tables = nil
					}
					for _, l := range tables {
						if !l.view() {
							x.Units += max(0, l.rows)
							x.Bytes += max(0, l.bytes)
						}
					}
				}
				if !yield(scanners.Part{}, x) {
					return
				}
				continue
			}
			tables, err := s.sized(ctx, schema)
			if err != nil {
				if ctx.Err() != nil {
					yield(scanners.Part{}, failed("list tables", err))
					return
				}
				if !yield(scanners.Part{}, gap(err, uri, schema, "list tables", 0, 0)) {
					return
				}
				continue
			}
			if g := s.hidden(gs, schema, tables); g != nil && !yield(scanners.Part{}, g) {
				return
			}
			p := s.part(span{Schema: schema}, -1, -1)
			if !yield(p, nil) {
				return
			}
			if !s.tableParts(ctx, gs, schema, tables, yield) {
				return
			}
			if ctx.Err() != nil {
				yield(scanners.Part{}, failed("list tables", context.Cause(ctx)))
				return
			}
		}
	}
}

// sized lists the tables of a schema with their sizes.
func (s *source) sized(ctx context.Context, schema string) ([]listed, error) {
	tables, err := s.tables(ctx, schema)
	if err == nil {
		err = s.estimate(ctx, schema, tables)
	}
	return tables, err
}

// tableParts yields the parts of the tables of a schema, and what is not read.
func (s *source) tableParts(ctx context.Context, gs grants, schema string, tables []listed, yield func(scanners.Part, error) bool) bool {
	many := len(tables) > bundleFrom
	var bundle span
	var rows, bytes int64
	flush := func() bool {
		if len(bundle.Tables) == 0 {
			return true
		}
		p := s.part(bundle, rows, bytes)
		bundle, rows, bytes = span{}, 0, 0
		return yield(p, nil)
	}
	for _, l := range tables {
		left := func(detail string, units, size int64) error {
			return &scanners.Exclusion{
				URI: s.tableURI(schema, l.name), Place: schema + " / " + l.name,
				Reason: scanners.ByConfig, Detail: detail, Units: max(0, units), Bytes: max(0, size),
			}
		}
		if x := s.env.Left(s.tableURI(schema, l.name), schema+" / "+l.name, l.rows, l.bytes); x != nil {
			if !l.view() && !yield(scanners.Part{}, x) {
				return false
			}
			continue
		}
		switch {
		case !s.set.Tables.matches(schema + "." + l.name):
			if !l.view() && !yield(scanners.Part{}, left("table", l.rows, l.bytes)) {
				return false
			}
			continue
		case l.elsewhere() != "":
			if !yield(scanners.Part{}, left(l.elsewhere(), 0, 0)) {
				return false
			}
			continue
		case l.view():
			if s.onlyWayIn(ctx, gs, schema, l.name) && !yield(s.part(span{Schema: schema, Table: l.name, Defined: true}, -1, -1), nil) {
				return false
			}
			continue
		case strings.EqualFold(l.engine, "MRG_MyISAM") && !s.onlyWayIn(ctx, gs, schema, l.name):
			if !yield(scanners.Part{}, left("table of the engine MERGE: its rows are those of other tables, which are read", 0, 0)) {
				return false
			}
			continue
		}
		if gs.columnsOnly(schema, l.name) {
			g := &scanners.Gap{
				URI: s.tableURI(schema, l.name), Place: schema + " / " + l.name, Reason: scanners.Denied,
				Detail: "without SELECT on the whole table, columns that the account may not see are not listed",
			}
			if !yield(scanners.Part{}, g) {
				return false
			}
		}
		if many && l.small() && !l.defined() && !strings.EqualFold(l.kind, "SYSTEM VERSIONED") {
			bundle.Schema, bundle.Tables = schema, append(bundle.Tables, l.name)
			rows, bytes = rows+l.rows, bytes+l.bytes
			if (len(bundle.Tables) >= bundleMost || rows >= bundleRows || bytes >= bundleBytes) && !flush() {
				return false
			}
			continue
		}
		if !s.split(ctx, schema, l, yield) {
			return false
		}
	}
	return flush()
}

// part makes a part. Its ID depends on what it covers alone, so that results
// of parts with other bounds are never taken for those of this one; bounds go
// into it as a keyed hash, since they are values of rows.
func (s *source) part(r span, rows, bytes int64) scanners.Part {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings only
	}
	p := scanners.Part{Source: s.name, ID: url.PathEscape(r.Schema), Place: r.Schema, Range: string(b), Units: rows, Bytes: bytes}
	if len(r.Tables) > 0 {
		h := hmac.New(sha256.New, s.rowKey)
		h.Write(b)
		p.ID += "#" + hex.EncodeToString(h.Sum(nil)[:8])
		p.Place += fmt.Sprintf(" / %d tables from %s on", len(r.Tables), r.Tables[0])
		return p
	}
	if r.Table == "" {
		p.ID += "#definitions"
		p.Place += " / definitions"
		return p
	}
	p.ID += "/" + url.PathEscape(r.Table)
	p.Place += " / " + r.Table
	if r.After != nil || r.To != nil {
		h := hmac.New(sha256.New, s.rowKey)
		h.Write(b)
		p.ID += "#" + hex.EncodeToString(h.Sum(nil)[:8])
	}
	return p
}

// split yields the parts of a table. Bounds are found by walking the key in
// steps of so many rows, which works for keys of every type and any
// distribution and costs the server one more pass over the index; a part is
// handed out as soon as its end is known, so that it is read while its pages
// are still in the server's memory. Reading begins with After (exclusive) and
// ends with To (inclusive); the first part has no lower and the last no upper
// bound, so that together they cover every key there can be.
func (s *source) split(ctx context.Context, schema string, l listed, yield func(scanners.Part, error) bool) bool {
	whole := span{Schema: schema, Table: l.name, Defined: l.defined()}
	if l.rows >= 0 && l.rows < splitRows*3/2 && l.bytes < 2*splitBytes || l.rows < 0 && l.bytes < 2*splitBytes {
		return yield(s.part(whole, l.rows, l.bytes), nil)
	}
	t, err := s.describe(ctx, schema, l.name)
	if err != nil || len(t.key) == 0 {
		// Items meets the same error, and has the part to account for it.
		return yield(s.part(whole, l.rows, l.bytes), nil)
	}
	step := int64(splitRows)
	if l.rows > 0 && l.bytes > 0 {
		step = min(step, max(1000, splitBytes/max(1, l.bytes/l.rows)))
		step = max(step, l.rows/maxParts)
	}
	average := int64(0)
	if l.rows > 0 && l.bytes > 0 {
		average = l.bytes / l.rows
	}
	if bounds, size := s.evenly(ctx, t, l.rows, step); bounds != nil {
		var after []string
		for _, to := range append(bounds, nil) {
			r := whole
			r.After, r.To = after, to
			if !yield(s.part(r, size, size*average), nil) {
				return false
			}
			after = to
		}
		return true
	}
	var after []string
	left := l.rows
	for {
		to, err := s.keyAt(ctx, t, after, step)
		if err != nil || to == nil {
			// The last part, or the bounds can't be found: what is left is one part.
			left = max(left, 0)
			if l.rows < 0 {
				left = -1
			}
			r := whole
			r.After = after
			return yield(s.part(r, left, max(-1, left*average)), nil)
		}
		r := whole
		r.After, r.To = after, to
		if !yield(s.part(r, step, step*average), nil) {
			return false
		}
		after = to
		left -= step
	}
}

// evenly returns the bounds of parts of a table whose key is one integer column
// in which most numbers between the least and the greatest are taken, and about
// how many rows each has; nil for others. That costs no pass over the index. Bounds
// are multiples of a step, so that they stay where they are as rows are added.
func (s *source) evenly(ctx context.Context, t *table, rows, step int64) (bounds [][]string, size int64) {
	if len(t.key) != 1 || t.history || !strings.HasSuffix(t.cols[t.key[0].col].typ, "int") || rows <= 0 {
		return nil, 0
	}
	name := ident(t.cols[t.key[0].col].name)
	var least, most int64
	ok := false
	err := s.one(ctx, "SELECT MIN("+name+"),MAX("+name+") FROM "+t.from, func(c []sql.RawBytes) {
		var err1, err2 error
		least, err1 = strconv.ParseInt(string(c[0]), 10, 64)
		most, err2 = strconv.ParseInt(string(c[1]), 10, 64)
		ok = err1 == nil && err2 == nil && most-least > 0
	})
	if err != nil || !ok {
		return nil, 0
	}
	sparse := int64(1)
	for sparse*rows < most-least {
		if sparse *= 2; sparse > 8 {
			return nil, 0
		}
	}
	// Rounded up to a power of two, since it follows from an estimate.
	width := int64(1024)
	for width < step*sparse {
		width *= 2
	}
	for b := least - least%width + width; b < most; b += width {
		bounds = append(bounds, []string{strconv.FormatInt(b, 10)})
	}
	return bounds, rows / int64(len(bounds)+1)
}

// keyAt returns the key of the row that is n rows behind after; nil when there
// are not that many.
func (s *source) keyAt(ctx context.Context, t *table, after []string, n int64) ([]string, error) {
	var sel []string
	for _, k := range t.key {
		sel = append(sel, k.select1(t))
	}
	var key []string
	err := s.retry(ctx, func(ctx context.Context) error {
		key = nil
		return s.hinted(func(hint bool) error {
			q := "SELECT " + strings.Join(sel, ",") + " FROM " + t.source(hint)
			if after != nil {
				cond, err := t.compareKey(">", after)
				if err != nil {
					return err
				}
				q += " WHERE " + cond
			}
			q += " ORDER BY " + t.orderBy() + " LIMIT 1 OFFSET " + strconv.FormatInt(n-1, 10)
			_, err := s.query(ctx, q, func(c []sql.RawBytes) error {
				for i := range t.key {
					v, err := t.key[i].plain(c[i])
					if err != nil {
						return err
					}
					key = append(key, v)
				}
				return nil
			})
			return err
		})
	})
	return key, err
}

// select1 is the expression that gives the exact value of the key column.
func (k *keyCol) select1(t *table) string {
	if k.exact != "" {
		return k.exact
	}
	return t.cols[k.col].expr
}

// hinted runs f with index hints, and without where the server does not know them.
func (s *source) hinted(f func(hint bool) error) error {
	if s.noHints.Load() {
		return f(false)
	}
	err := f(true)
	switch serverError(err) {
	case 1064, 1105, 1235:
		s.noHints.Store(true)
		return f(false)
	case 1176: // no such index any more
		return f(false)
	}
	return err
}

// cursor is Item.Cursor: which rows of a part are done.
type cursor struct {
	// Key is that of the last row that is done.
	Key []string `json:"k,omitempty"`
	// Rows counts the rows that are done.
	Rows int64 `json:"n"`
	// Where Big is set, the first Big-1 long values of the rows behind From and
	// not behind Key are done, and the others are not.
	Big  int64    `json:"b,omitempty"`
	From []string `json:"f,omitempty"`
	// Hash chains the rows of a table without a key, so that it can be told
	// whether the rows before a position are still the same; there, the rows
	// that Big is about are those after the first First.
	Hash  string `json:"h,omitempty"`
	First int64  `json:"s,omitempty"`
	// Name and Kind are the last definition that is done.
	Name string `json:"name,omitempty"`
	Kind string `json:"kind,omitempty"`
	// At is the number of the table that the rest is about, in a part of several.
	At int `json:"t,omitempty"`
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(b)
}

func parseCursor(s string) (cursor, error) {
	var c cursor
	if s == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(s), &c); err != nil || c.Rows < 0 || c.Big < 0 || c.First < 0 || c.First > c.Rows || c.At < 0 {
		return cursor{}, errors.New("mysql: the cursor is malformed")
	}
	return c, nil
}
