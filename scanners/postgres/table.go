package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A table is what is known about a table or view whose rows are read.
type table struct {
	database, schema, name string
	oid                    string
	from                   string // what stands behind FROM
	cond                   string // that holds for each of its rows; empty: none is needed
	tab                    *scanners.Table
	cols                   []column
	key                    []int // indexes of columns
	denied                 []string
	big                    []int // indexes of columns whose values may be too long for a block
	limit                  int   // longest value of such a column that goes into a block, in bytes
	heap                   bool   // its rows have positions by which they can be read
	node                   string // the file that it is in
	blocks                 uint32
	blockSize              int64
	perBlock               int64 // bytes in a block and in the long values of its rows
	tids                   bool  // the position of each row is asked for
	empty                  bool  // a materialized view without rows
	derived                bool  // a view or materialized view
}

type column struct {
	name     string
	typ      string // name of the type, of its base where it is a domain; "text[]" for arrays
	cast     string // the type as SQL writes it
	equal    string // the operator
	textual  bool   // the server stores what it writes
	long     bool   // values may be of any length
	bytea    bool
	byteas   bool // array of bytea
	indexed  bool // an index starts with it
	readable bool
}

// The most bytes of all long values of a row together, and of one of them.
const (
	maxBigRow  = 4 << 20
	maxBigCell = 1 << 20
)

func (s *source) describe(ctx context.Context, database, schema, name string) (*table, error) {
	var t *table
	err := s.retry(ctx, func(ctx context.Context) error {
		t = &table{database: database, schema: schema, name: name}
		return s.describeOnce(ctx, t)
	})
	return t, err
}

func (s *source) describeOnce(ctx context.Context, t *table) error {
	rel := "(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname=" + text(t.schema) +
		" AND c.relname=" + text(t.name) + ")"
	const above = `WITH RECURSIVE up(oid,level) AS (SELECT %[1]s,0 UNION ALL SELECT i.inhparent,level+1 FROM pg_inherits i JOIN up ON i.inhrelid=up.oid)
		SELECT up.oid FROM up JOIN pg_class c ON c.oid=up.oid WHERE has_schema_privilege(c.relnamespace,'USAGE')
		AND (has_table_privilege(c.oid,'SELECT') OR level=0 AND has_any_column_privilege(c.oid,'SELECT')) ORDER BY level LIMIT 1`
	// A partition that may be read through its parent alone is read there.
	readable := "coalesce((" + fmt.Sprintf(above, rel) + ")," + rel + ")"
	q := `SELECT c.oid,c.relkind,coalesce(a.amname,''),pg_relation_filenode(c.oid),coalesce(pg_relation_size(c.oid),0),
		coalesce(pg_relation_size(nullif(c.reltoastrelid,0)),0),current_setting('block_size'),c.relispopulated,
		r.oid,r.nspname,r.relname,has_table_privilege(r.oid,'SELECT') FROM pg_class c LEFT JOIN pg_am a ON a.oid=c.relam,
		(SELECT c.oid,n.nspname,c.relname FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE c.oid=` + readable + `) r
		WHERE c.oid=` + rel + `;
		SELECT a.attname,coalesce(b.typname,y.typname),format_type(coalesce(b.oid,y.oid),-1),has_column_privilege(a.attrelid,a.attnum,'SELECT'),
		coalesce(b.typlen,y.typlen),coalesce(e.typname,''),coalesce((SELECT n.nspname FROM pg_operator o JOIN pg_namespace n ON n.oid=o.oprnamespace
		WHERE o.oprname='=' AND o.oprleft=coalesce(b.oid,y.oid) AND o.oprright=o.oprleft LIMIT 1),'pg_catalog'),
		EXISTS (SELECT FROM pg_index i WHERE i.indrelid=` + rel + ` AND i.indisvalid AND i.indkey[0]=(SELECT l.attnum FROM pg_attribute l
		WHERE l.attrelid=i.indrelid AND l.attname=a.attname))
		FROM pg_attribute a JOIN pg_type y ON y.oid=a.atttypid LEFT JOIN pg_type b ON y.typtype='d' AND b.oid=(
		WITH RECURSIVE down(oid,base) AS (SELECT y.oid,y.typbasetype UNION ALL SELECT d.oid,d.typbasetype FROM pg_type d JOIN down ON d.oid=down.base)
		SELECT oid FROM down WHERE base=0)
		LEFT JOIN pg_type e ON e.oid=coalesce(b.typelem,y.typelem) AND coalesce(b.typcategory,y.typcategory)='A'
		WHERE a.attrelid=` + readable + ` AND a.attnum>0 AND NOT a.attisdropped ORDER BY a.attnum;
		SELECT i.indexrelid,a.attname,i.indisprimary FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum,n)
		LEFT JOIN pg_attribute a ON a.attrelid=i.indrelid AND a.attnum=k.attnum AND a.attnum>0 AND a.attnotnull
		WHERE i.indrelid=` + rel + ` AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND k.n<=i.indnkeyatts
		ORDER BY i.indisprimary DESC,i.indnkeyatts,i.indexrelid,k.n`
	var toast int64
	kind := byte(0)
	type index struct {
		oid string
		key []int
		bad bool
	}
	var keys []*index
	err := s.run(ctx, query{database: t.database, sql: q}, func(result int, c [][]byte) error {
		switch result {
		case 0:
			t.oid, kind, t.node = string(c[0]), c[1][0], string(c[3])
			// Who may select some columns only may not ask for positions.
			t.heap = string(c[2]) == "heap" && yes(c[11])
			t.blockSize = max(1, number(c[6]))
			t.blocks = uint32(number(c[4]) / t.blockSize)
			toast, t.empty = number(c[5]), !yes(c[7])
			t.derived = kind == 'v' || kind == 'm'
			t.perBlock = t.blockSize
			if t.blocks > 0 {
				t.perBlock += toast / int64(t.blocks)
			}
			t.from = ident(string(c[9])) + "." + ident(string(c[10]))
			switch {
			case string(c[8]) != t.oid:
				t.cond = "tableoid=" + t.oid + "::oid"
			case kind == 'r':
				t.from = "ONLY " + t.from
			}
		case 1:
			col := column{
				name: string(c[0]), typ: string(c[1]), cast: string(c[2]), readable: yes(c[3]), long: string(c[4]) == "-1",
				equal: "OPERATOR(" + ident(string(c[6])) + ".=)", indexed: yes(c[7]),
			}
			if e := string(c[5]); e != "" {
				col.typ, col.byteas = e+"[]", e == "bytea"
			}
			switch col.typ {
			case "bytea":
				col.bytea, col.textual = true, true
			case "text", "varchar", "bpchar", "json", "xml", "citext":
				col.textual = true
			}
			if !col.readable {
				t.denied = append(t.denied, col.name)
				return nil
			}
			t.cols = append(t.cols, col)
		case 2:
			if len(keys) == 0 || keys[len(keys)-1].oid != string(c[0]) {
				keys = append(keys, &index{oid: string(c[0])})
			}
			k := keys[len(keys)-1]
			i := -1
			for n := range t.cols {
				if c[1] != nil && t.cols[n].name == string(c[1]) {
					i = n
				}
			}
			k.key, k.bad = append(k.key, i), k.bad || i < 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case t.oid == "":
		return vanished("table")
	case kind == 'f':
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: "the rows of a foreign table are on another server"}
	case len(t.cols) == 0 && len(t.denied) > 0:
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

// shape sets what follows from the columns. long: there may be long values.
func (t *table) shape(title string, long bool) {
	t.tab = &scanners.Table{Name: title, Schema: t.schema, Table: t.name, Key: t.key}
	for i, c := range t.cols {
		t.tab.Columns = append(t.tab.Columns, c.name)
		t.tab.Types = append(t.tab.Types, strings.ToLower(c.typ))
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
