package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A table is what is known about a table or view whose rows are read.
type table struct {
	database, schema, name string
	oid                    string
	uri, shown             string // its place
	from                   string // what stands behind FROM
	cond                   string // that holds for each of its rows; empty: none is needed
	tab                    *scanners.Table
	cols                   []column
	key                    []int // indexes of columns
	denied                 []string
	big                    []int  // indexes of columns whose values may be too long for a block
	limit                  int    // longest value of such a column that goes into a block, in bytes
	heap                   bool   // its rows have positions by which they can be read
	node                   string // the file that it is in
	blocks                 uint32
	blockSize              int64
	perBlock               int64 // bytes in a block and in the long values of its rows
	bytes                  bool  // some columns are bytea
	tids                   bool  // the position of each row is asked for
	empty                  bool  // a materialized view without rows
	derived                bool  // a view or materialized view
}

type column struct {
	name    string
	typ     string // name of the type, of its base where it is a domain; "text[]" for arrays
	cast    string // the type as SQL writes it
	equal   string // the operator
	textual bool   // the server stores what it writes
	long    bool   // values may be of any length
	bytea   bool
	byteas  bool // array of bytea
	indexed bool // an index starts with it
}

// The most bytes of all long values of a row together, and of one of them.
const (
	maxBigRow  = 4 << 20
	maxBigCell = 1 << 20
)

func (s *source) describe(ctx context.Context, database, schema, name string) (*table, error) {
	var t *table
	err := s.retry(ctx, func(ctx context.Context) error {
		t = &table{database: database, schema: schema, name: name, uri: s.tableURI(database, schema, name)}
		t.shown = t.place()
		return s.describeOnce(ctx, t)
	})
	return t, err
}

func (s *source) describeOnce(ctx context.Context, t *table) error {
	kind, oid, whole, some := byte(0), "", false, false
	var toast int64
	q := `SELECT c.oid,c.relkind,coalesce(a.amname,''),pg_relation_filenode(c.oid),coalesce(pg_relation_size(c.oid),0),
		coalesce(pg_relation_size(nullif(c.reltoastrelid,0)),0),current_setting('block_size'),c.relispopulated,
		has_table_privilege(c.oid,'SELECT'),has_schema_privilege(n.oid,'USAGE') AND has_any_column_privilege(c.oid,'SELECT')
		FROM pg_namespace n JOIN pg_class c ON c.relnamespace=n.oid LEFT JOIN pg_am a ON a.oid=c.relam
		WHERE n.nspname=` + text(t.schema) + ` AND c.relname=` + text(t.name)
	err := s.run(ctx, query{database: t.database, sql: q}, func(_ int, c [][]byte) error {
		t.oid, kind, t.node = string(c[0]), c[1][0], string(c[3])
		t.heap = string(c[2]) == "heap"
		t.blockSize = max(1, number(c[6]))
		t.blocks = uint32(number(c[4]) / t.blockSize)
		toast, t.empty = number(c[5]), !yes(c[7])
		t.derived = kind == 'v' || kind == 'm'
		t.perBlock = t.blockSize
		if t.blocks > 0 {
			t.perBlock += toast / int64(t.blocks)
		}
		whole, some = yes(c[8]), yes(c[9])
		return nil
	})
	if err != nil {
		return err
	}
	t.from, oid = ident(t.schema)+"."+ident(t.name), t.oid
	switch {
	case t.oid == "":
		return vanished("table")
	case kind == 'f':
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: "the rows of a foreign table are on another server"}
	case !some:
		// A partition that may be read through a parent alone is read there.
		oid = ""
		err := s.run(ctx, query{database: t.database, sql: `WITH RECURSIVE up(oid,level) AS (SELECT inhparent,1 FROM pg_inherits WHERE inhrelid=` + t.oid + `::oid
			UNION ALL SELECT i.inhparent,level+1 FROM pg_inherits i JOIN up ON i.inhrelid=up.oid)
			SELECT up.oid,n.nspname,c.relname FROM up JOIN pg_class c ON c.oid=up.oid JOIN pg_namespace n ON n.oid=c.relnamespace
			WHERE has_schema_privilege(n.oid,'USAGE') AND has_table_privilege(c.oid,'SELECT') ORDER BY level LIMIT 1`}, func(_ int, c [][]byte) error {
			oid, whole = string(c[0]), true
			t.from, t.cond = ident(string(c[1]))+"."+ident(string(c[2])), "tableoid="+t.oid+"::oid"
			return nil
		})
		if err != nil {
			return err
		}
		if oid == "" {
			return &scanners.Gap{Reason: scanners.Denied, Detail: "the account may not select from the table"}
		}
	case kind == 'r':
		t.from = "ONLY " + t.from
	}
	// Who may select some columns only may not ask for positions.
	t.heap = t.heap && whole
	type index struct {
		oid string
		key []int
		bad bool
	}
	var keys []*index
	var types []string
	q = `SELECT attname,atttypid,has_column_privilege(attrelid,attnum,'SELECT') FROM pg_attribute
		WHERE attrelid=` + oid + `::oid AND attnum>0 AND NOT attisdropped ORDER BY attnum;
		SELECT i.indexrelid,a.attname,i.indisunique AND i.indpred IS NULL AND k.n<=i.indnkeyatts,a.attnotnull
		FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum,n)
		LEFT JOIN pg_attribute a ON a.attrelid=i.indrelid AND a.attnum=k.attnum AND a.attnum>0
		WHERE i.indrelid=` + t.oid + `::oid AND i.indisvalid AND (k.n<=i.indnkeyatts)
		ORDER BY i.indisprimary DESC,i.indnkeyatts,i.indexrelid,k.n`
	err = s.run(ctx, query{database: t.database, sql: q}, func(result int, c [][]byte) error {
		if result == 1 {
			i := slices.IndexFunc(t.cols, func(col column) bool { return c[1] != nil && col.name == string(c[1]) })
			if len(keys) == 0 || keys[len(keys)-1].oid != string(c[0]) {
				keys = append(keys, &index{oid: string(c[0])})
				if i >= 0 {
					t.cols[i].indexed = true
				}
			}
			k := keys[len(keys)-1]
			k.key, k.bad = append(k.key, i), k.bad || i < 0 || !yes(c[2]) || !yes(c[3])
			return nil
		}
		if !yes(c[2]) {
			t.denied = append(t.denied, string(c[0]))
			return nil
		}
		t.cols = append(t.cols, column{name: string(c[0])})
		types = append(types, string(c[1]))
		return nil
	})
	if err != nil {
		return err
	}
	known, err := s.types(ctx, t.database, types)
	if err != nil {
		return err
	}
	for i, oid := range types {
		c := known[oid]
		c.name, c.indexed = t.cols[i].name, t.cols[i].indexed
		t.cols[i] = c
	}
	if len(t.cols) == 0 && len(t.denied) > 0 {
		return &scanners.Gap{Reason: scanners.Denied, Detail: "the account may not select any column"}
	}
	for _, k := range keys {
		if !k.bad {
			t.key = k.key
			break
		}
	}
	t.shape(s.title(t.database, t.schema, t.name), toast > 0 || !t.heap)
	return nil
}

// types returns columns of the types with the given numbers. A domain is taken
// for what it is made from. What is known of a type is kept: it does not change.
func (s *source) types(ctx context.Context, database string, oids []string) (map[string]column, error) {
	known := make(map[string]column, len(oids))
	var missing []string
	s.mu.Lock()
	for _, oid := range oids {
		if c, ok := s.known[database+"/"+oid]; ok {
			known[oid] = c
		} else if !slices.Contains(missing, oid) {
			missing = append(missing, oid)
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return known, nil
	}
	q := `WITH RECURSIVE down(start,oid,base) AS (SELECT oid,oid,typbasetype FROM pg_type WHERE oid IN (` + strings.Join(missing, ",") + `)
		UNION ALL SELECT down.start,d.oid,d.typbasetype FROM down JOIN pg_type d ON d.oid=down.base)
		SELECT d.start,b.typname,format_type(b.oid,-1),b.typlen,coalesce(e.typname,''),coalesce((SELECT n.nspname FROM pg_operator o
		JOIN pg_namespace n ON n.oid=o.oprnamespace WHERE o.oprname='=' AND o.oprleft=b.oid AND o.oprright=b.oid LIMIT 1),'pg_catalog')
		FROM down d JOIN pg_type b ON b.oid=d.oid LEFT JOIN pg_type e ON e.oid=b.typelem AND b.typcategory='A' WHERE d.base=0`
	err := s.run(ctx, query{database: database, sql: q}, func(_ int, c [][]byte) error {
		col := column{
			typ: string(c[1]), cast: string(c[2]), long: string(c[3]) == "-1", equal: "OPERATOR(" + ident(string(c[5])) + ".=)",
		}
		if e := string(c[4]); e != "" {
			col.typ, col.byteas = e+"[]", e == "bytea"
		}
		switch col.typ {
		case "bytea":
			col.bytea, col.textual = true, true
		case "text", "varchar", "bpchar", "json", "xml", "citext":
			col.textual = true
		}
		known[string(c[0])] = col
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	for _, oid := range missing {
		if c, ok := known[oid]; ok {
			s.known[database+"/"+oid] = c
		}
	}
	s.mu.Unlock()
	for _, oid := range missing {
		if _, ok := known[oid]; !ok {
			return nil, vanished("type of a column")
		}
	}
	return known, nil
}

// shape sets what follows from the columns. long: there may be long values.
func (t *table) shape(title string, long bool) {
	// Tables of one name in several databases are not to be taken for one.
	t.tab = &scanners.Table{Name: title, Schema: strings.TrimSuffix(title, "."+t.name), Table: t.name, Key: t.key}
	for i, c := range t.cols {
		t.tab.Columns = append(t.tab.Columns, c.name)
		t.tab.Types = append(t.tab.Types, strings.ToLower(c.typ))
		t.bytes = t.bytes || c.bytea || c.byteas
		if long && c.long {
			t.big = append(t.big, i)
		}
	}
	if len(t.big) > 0 {
		t.limit = max(64<<10, min(maxBigCell, maxBigRow/len(t.big)))
	}
	t.tids = t.heap && (len(t.key) == 0 || len(t.big) > 0)
}

// length selects how long the value of a column is, NULL where that can't be
// over the limit. The length of what is stored as it is written is known
// without reading it; for other types, the stored size is looked at first: the
// server's compression makes no more than 255 bytes out of one.
func (t *table) length(i int) string {
	c := t.cols[i]
	n := ident(c.name)
	if c.textual {
		if !c.bytea {
			n += "::text"
		}
		return "octet_length(" + n + ")"
	}
	return "CASE WHEN pg_column_size(" + n + ")>16384 THEN octet_length(" + n + "::text) END"
}

// list is what is selected: the columns, the lengths of big columns, the
// position. A table without columns has rows all the same.
func (t *table) list() string {
	var b strings.Builder
	sep := func() {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
	}
	big := 0
	for i, c := range t.cols {
		sep()
		if big < len(t.big) && t.big[big] == i {
			big++
			fmt.Fprintf(&b, "CASE WHEN %s>%d THEN NULL ELSE %s END", t.length(i), t.limit, ident(c.name))
			continue
		}
		b.WriteString(ident(c.name))
	}
	for _, i := range t.big {
		sep()
		b.WriteString(t.length(i))
	}
	if t.tids {
		sep()
		b.WriteString("ctid")
	}
	return b.String()
}

// sql is the statement that selects list from the rows for which conds hold.
func (t *table) sql(list string, conds ...string) string {
	q := "SELECT " + list + " FROM " + t.from
	sep := " WHERE "
	for _, c := range append([]string{t.cond}, conds...) {
		if c != "" {
			q += sep + c
			sep = " AND "
		}
	}
	return q
}

// within is the condition that rows lie from a position on and before another.
// Servers before version 14 read the whole table for a range of positions, so
// that they get each of them.
func (t *table) within(from, to tid, ranges bool) string {
	c := "ctid>=" + text(from.String()) + "::tid AND ctid<" + text(to.String()) + "::tid"
	if ranges {
		return c
	}
	c += " AND "
	if from.item == 0 && to.item == 0 {
		c = ""
	}
	last := to.block
	if to.item == 0 {
		last--
	}
	most := (t.blockSize - 24) / 28
	return c + "ctid=ANY(ARRAY(SELECT ('('||b||','||i||')')::tid FROM generate_series(" + strconv.FormatUint(uint64(from.block), 10) +
		"::bigint," + strconv.FormatUint(uint64(last), 10) + ") b, generate_series(1," + strconv.FormatInt(most, 10) + ") i))"
}

// place names the table for people.
func (t *table) place() string { return t.database + " / " + t.schema + " / " + t.name }

// value appends to dst what the server wrote of a column, bytes as they are.
func (c *column) value(dst, v []byte) []byte {
	switch {
	case c.bytea && len(v) >= 2 && v[0] == '\\' && v[1] == 'x':
		return unhex(dst, v[2:])
	case c.byteas:
		// {"\\x6162",NULL}: the bytes of each element, on lines of their own.
		for i, e := range bytes.Split(bytes.Trim(v, "{}"), []byte(",")) {
			if i > 0 {
				dst = append(dst, '\n')
			}
			e = bytes.Trim(e, `{}"`)
			if rest, ok := bytes.CutPrefix(e, []byte(`\\x`)); ok {
				dst = unhex(dst, rest)
			} else {
				dst = append(dst, e...)
			}
		}
		return dst
	}
	return append(dst, v...)
}

func unhex(dst, v []byte) []byte {
	dst, _ = hex.AppendDecode(dst, v)
	return dst
}

// literal writes a value of the column, as it is in a block, in SQL.
func (c *column) literal(v string) string {
	if c.bytea {
		return `E'\\x` + hex.EncodeToString([]byte(v)) + `'::bytea`
	}
	return text(v) + "::" + c.cast
}

func vanished(what string) error {
	return &scanners.Gap{Reason: scanners.Vanished, Detail: "the " + what + " is not there any more, or the account may not see it"}
}
