package mysql

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// A table is what is known about a table whose rows are read.
type table struct {
	schema, name string
	from         string // what stands behind FROM
	view         bool
	history      bool // the rows include those that a system-versioned table keeps of the past
	tab          *scanners.Table
	cols         []column
	key          []keyCol // empty: none that rows can be read by
	keyName      string
	exactURI     bool     // URIs of rows need exact values of key columns beside the cells
	denied       []string // names of columns that the account may not select
	big          []int    // indexes of columns whose values may be too long for a block
	limit        int      // longest value of such a column that goes into a block, in bytes
}

type column struct {
	name, typ, full string // data_type; column_type, as in "int(5) unsigned zerofill"
	charset         string // empty: no text
	notNull         bool
	primary         bool   // part of the primary key
	extra           string // as in "on update current_timestamp()"
	readable        bool
	expr            string // that gives the value as the server writes it
}

// A keyCol is a column of the key that pages run along. The server compares
// and orders the column by its own rules (collation, padding, fraction), which
// are those by which the key is unique; so a page that starts behind a key
// neither skips a row nor repeats one, as long as the literal of that key is
// exactly the value. The exact value is what exact selects, and what cursors
// and bounds are made of.
type keyCol struct {
	col     int
	kind    keyKind
	charset string
	exact   string // expression; empty: the cell itself is exact
	compare string // expression that orders as the index does
}

type keyKind uint8

const (
	number keyKind = iota // unquoted
	quoted                // 'text'
	hexed                 // X'6162', with the charset before it unless that is binary
)

// The most bytes of all long values of a row together, and of one of them.
const (
	maxBigRow  = 4 << 20
	maxBigCell = 1 << 20
)

// bigTypes are those whose values can be longer than 64 KiB.
func bigType(typ string) bool {
	switch typ {
	case "mediumtext", "longtext", "mediumblob", "longblob", "json", "vector",
		"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
		"geometrycollection", "geomcollection":
		return true
	}
	return false
}

func geometric(typ string) bool {
	return bigType(typ) && typ != "json" && typ != "vector" && !strings.HasSuffix(typ, "text") && !strings.HasSuffix(typ, "blob")
}

func (s *source) describe(ctx context.Context, schema, name string) (*table, error) {
	var t *table
	err := s.retry(ctx, func(ctx context.Context) error {
		t = &table{schema: schema, name: name, from: ident(schema) + "." + ident(name)}
		return s.describeOnce(ctx, t)
	})
	return t, err
}

// where is the condition on information_schema for the table.
func where(t *table) string {
	return " WHERE table_schema=" + text(t.schema) + " AND table_name=" + text(t.name)
}

// mine reports whether a line of information_schema is about the table. It
// compares names by a collation of its own, the rest of the server as the file
// system does.
func mine(t *table) func(c []sql.RawBytes) bool {
	return func(c []sql.RawBytes) bool { return string(c[0]) == t.schema && string(c[1]) == t.name }
}

const listColumns = "SELECT table_schema,table_name,column_name,data_type,column_type,character_set_name,is_nullable,privileges,column_key,extra"

func (s *source) describeOnce(ctx context.Context, t *table) error {
	where, mine := where(t), mine(t)
	kind := ""
	_, err := s.query(ctx, "SELECT table_schema,table_name,table_type FROM information_schema.tables"+where, func(c []sql.RawBytes) error {
		if mine(c) {
			kind = string(c[2])
		}
		return nil
	})
	if err != nil {
		return err
	}
	rowStart, rowEnd := "", ""
	column1 := func(c []sql.RawBytes) error {
		if !mine(c) {
			return nil
		}
		col := column{
			name: string(c[2]), typ: strings.ToLower(string(c[3])), full: strings.ToLower(string(c[4])),
			charset: string(c[5]), notNull: strings.EqualFold(string(c[6]), "NO"), extra: strings.ToLower(string(c[9])),
		}
		p := strings.ToLower(string(c[7]))
		col.readable = p == "" || strings.Contains(p, "select")
		if len(c) > 10 {
			switch strings.ToUpper(string(c[10])) {
			case "ROW START":
				rowStart = col.name
			case "ROW END":
				rowEnd = col.name
			}
		}
		if !col.readable {
			t.denied = append(t.denied, col.name)
			return nil
		}
		t.cols = append(t.cols, col)
		return nil
	}
	const tail = " ORDER BY ordinal_position"
	_, err = s.query(ctx, listColumns+",generation_expression FROM information_schema.columns"+where+tail, column1)
	if serverError(err) != 0 {
		t.cols, t.denied = nil, nil
		_, err = s.query(ctx, listColumns+" FROM information_schema.columns"+where+tail, column1)
	}
	if err != nil {
		return err
	}
	if len(t.cols) == 0 && len(t.denied) == 0 {
		return &scanners.Gap{Reason: scanners.Vanished, Detail: "the table is not there any more, or the account may not see it"}
	}
	if len(t.cols) == 0 {
		return &scanners.Gap{Reason: scanners.Denied, Detail: "the account may not select any column"}
	}
	t.view = strings.Contains(strings.ToUpper(kind), "VIEW")
	t.history = strings.EqualFold(kind, "SYSTEM VERSIONED")
	if t.history {
		t.from += " FOR SYSTEM_TIME ALL"
		if rowEnd == "" {
			// Hidden columns that are there all the same.
			rowStart, rowEnd = "ROW_START", "ROW_END"
			for _, n := range []string{rowStart, rowEnd} {
				t.cols = append(t.cols, column{name: n, typ: "timestamp", full: "timestamp(6)", notNull: true, readable: true})
			}
		}
	}
	t.shape()
	return s.findKey(ctx, t, where, mine, rowEnd)
}

// shape sets what follows from the columns.
func (t *table) shape() {
	t.tab = &scanners.Table{Name: t.schema + "." + t.name, Schema: t.schema, Table: t.name}
	t.big = nil
	for i := range t.cols {
		c := &t.cols[i]
		t.tab.Columns = append(t.tab.Columns, c.name)
		t.tab.Types = append(t.tab.Types, c.typ)
		c.expr = ident(c.name)
		switch {
		case bigType(c.typ):
			t.big = append(t.big, i)
		case c.typ == "float", c.typ == "double", c.typ == "year", strings.Contains(c.full, "zerofill"):
			// The driver turns numbers into binary ones and so loses leading
			// zeros and the server's number of decimals.
			c.expr = "CAST(" + c.expr + " AS CHAR)"
		}
	}
	if len(t.big) > 0 {
		t.limit = max(64<<10, min(maxBigCell, maxBigRow/len(t.big)))
		for _, i := range t.big {
			n := ident(t.cols[i].name)
			t.cols[i].expr = fmt.Sprintf("CASE WHEN LENGTH(%s)>%d THEN NULL ELSE %s END", n, t.limit, n)
		}
	}
}

// length selects how long the value of a big column is, in the bytes in which
// the server stores it.
func (t *table) length(i int) string { return "LENGTH(" + ident(t.cols[i].name) + ")" }

func (s *source) findKey(ctx context.Context, t *table, where string, mine func([]sql.RawBytes) bool, rowEnd string) error {
	byName := make(map[string]int, len(t.cols))
	for i, c := range t.cols {
		byName[c.name] = i
	}
	type index struct {
		name string
		key  []keyCol
		bad  bool
		seq  int
	}
	var all []*index
	_, err := s.query(ctx, "SELECT table_schema,table_name,index_name,seq_in_index,column_name,sub_part,index_type"+
		" FROM information_schema.statistics"+where+" AND non_unique=0 ORDER BY index_name,seq_in_index", func(c []sql.RawBytes) error {
		if !mine(c) {
			return nil
		}
		if len(all) == 0 || all[len(all)-1].name != string(c[2]) {
			all = append(all, &index{name: string(c[2])})
		}
		x := all[len(all)-1]
		x.seq++
		i, ok := byName[string(c[4])]
		// A key on a part of a value, on an expression, on a column that the
		// account does not see, or on a hash says nothing about the order of rows.
		if seq, _ := strconv.Atoi(string(c[3])); !ok || c[4] == nil || c[5] != nil || seq != x.seq || !t.cols[i].notNull {
			x.bad = true
			return nil
		}
		k, ok := t.cols[i].asKey()
		if !ok || strings.EqualFold(string(c[6]), "HASH") && strings.HasSuffix(t.cols[i].typ, "text") {
			x.bad = true
			return nil
		}
		k.col = i
		x.key = append(x.key, k)
		return nil
	})
	if err != nil {
		if n := serverError(err); n != 0 && reason(err) != scanners.Offline && reason(err) != scanners.Timeout {
			// Without the list of indexes rows can be read all the same.
			return nil
		}
		return err
	}
	var best *index
	for _, x := range all {
		switch {
		case x.bad || len(x.key) == 0:
		case best == nil, strings.EqualFold(x.name, "PRIMARY"),
			!strings.EqualFold(best.name, "PRIMARY") && len(x.key) < len(best.key):
			best = x
		}
	}
	if best == nil {
		return nil
	}
	if t.history {
		// The key is unique among the rows of one moment only.
		i, ok := byName[rowEnd]
		if !ok {
			return nil
		}
		has := false
		for _, k := range best.key {
			has = has || k.col == i
		}
		if k, ok := t.cols[i].asKey(); ok && !has {
			k.col = i
			best.key = append(best.key, k)
		}
	}
	t.setKey(best.key, best.name)
	return nil
}

// setKey makes key the one that pages run along.
func (t *table) setKey(key []keyCol, name string) {
	t.key, t.keyName = key, name
	for _, k := range t.key {
		t.tab.Key = append(t.tab.Key, k.col)
		t.exactURI = t.exactURI || k.inURI(t)
	}
}

// asKey tells how the column can be part of a key that pages run along.
func (c *column) asKey() (keyCol, bool) {
	name := ident(c.name)
	k := keyCol{compare: name}
	switch c.typ {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric":
		return k, true
	case "float", "double":
		// A FLOAT is written with 6 digits, which is not its value.
		k.exact = name + "+0e0"
		return k, true
	case "bit":
		k.exact = name + "+0"
		return k, true
	case "enum":
		// Ordered by number, but compared as text.
		k.exact, k.compare = name+"+0", name+"+0"
		return k, true
	case "date", "datetime", "timestamp", "time", "year", "uuid", "inet6", "inet4":
		k.kind = quoted
		return k, true
	case "binary", "varbinary":
		k.kind, k.charset = hexed, "binary"
		return k, true
	case "char", "varchar", "text", "tinytext":
		k.kind = quoted
		if c.charset == "binary" {
			k.kind, k.charset = hexed, "binary"
		} else if c.charset != "utf8mb4" && c.charset != "" {
			// The value that arrives has been converted, and what can't be
			// converted became a question mark.
			k.kind, k.charset, k.exact = hexed, c.charset, "HEX("+name+")"
			if !charsetName.MatchString(c.charset) {
				return k, false
			}
		}
		return k, true
	}
	return k, false
}

var (
	charsetName = regexp.MustCompile(`^[a-z0-9_]+$`)
	numeral     = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
)

// plain gives the exact value that came from the server in the form in which
// cursors and bounds carry it: printable text.
func (k *keyCol) plain(v []byte) (string, error) {
	if k.kind == hexed {
		if k.exact != "" {
			return string(v), nil
		}
		return hex.EncodeToString(v), nil
	}
	if !utf8.Valid(v) {
		return "", errors.New("a key is not valid text")
	}
	return string(v), nil
}

// literal gives the SQL of what plain returned.
func (k *keyCol) literal(v string) (string, error) {
	switch k.kind {
	case number:
		if !numeral.MatchString(v) {
			return "", errors.New("a key is not a number")
		}
		return v, nil
	case hexed:
		if _, err := hex.DecodeString(v); err != nil {
			return "", errors.New("a key is not hexadecimal")
		}
		if k.charset == "binary" {
			return "X'" + v + "'", nil
		}
		return "_" + k.charset + " X'" + v + "'", nil
	}
	return text(v), nil
}

// compareKey gives the condition that the key lies behind (op ">") or not
// behind (op "<=") vals. The form is one from which both servers make one
// interval of the index, unlike that of a row comparison.
func (t *table) compareKey(op string, vals []string) (string, error) {
	if len(vals) != len(t.key) {
		return "", errors.New("the key has changed")
	}
	cond := ""
	for i := len(vals) - 1; i >= 0; i-- {
		lit, err := t.key[i].literal(vals[i])
		if err != nil {
			return "", err
		}
		c := t.key[i].compare
		if cond == "" {
			cond = c + op + lit
			continue
		}
		strict := op[:1]
		cond = "(" + c + strict + "=" + lit + " AND (" + c + strict + lit + " OR " + cond + "))"
	}
	return cond, nil
}

func (t *table) orderBy() string {
	var b strings.Builder
	for i, k := range t.key {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(ident(t.cols[k.col].name))
	}
	return b.String()
}

// list is what is selected: the columns, the exact key values where they differ
// from the cells, the lengths of big columns.
func (t *table) list() string {
	var b strings.Builder
	for i, c := range t.cols {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(c.expr)
	}
	for _, k := range t.key {
		if k.exact != "" {
			b.WriteString("," + k.exact)
		}
	}
	for _, i := range t.big {
		b.WriteString("," + t.length(i))
	}
	return b.String()
}

// source returns what is read from, with the index that pages run along: a
// server that chose another would sort the whole table for each page.
func (t *table) source(hint bool) string {
	if hint && !t.history && t.keyName != "" {
		return t.from + " FORCE INDEX (" + ident(t.keyName) + ")"
	}
	return t.from
}

// place names the table for people.
func (t *table) place() string { return t.schema + " / " + t.name }
