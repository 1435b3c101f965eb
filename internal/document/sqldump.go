package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	dumpBlockBytes = 1 << 20 // of Data, after which a block is handed over
	dumpBlockRows  = 10_000  // likewise
	dumpMaxRow     = 8 << 20 // the longest written form of a row that is held in memory
	dumpMaxBad     = 1000    // rows that can't be understood, after which all is text
	dumpRowType    = "sqldump"
	dumpFieldSQL   = "sql"
	dumpHashKey    = "row-hmac"
	dumpVanished   = "find a row of a dump: it is not there any more"
	dumpTruncated  = "the dump ends in the middle of a statement"
	dumpNoTrailer  = "the dump has a header and no end mark: it was not completed"
	dumpBadRows    = "rows or statements of a dump that can't be understood were matched as text"
	dumpBadCharset = "the character set of the dump is not known: its values were matched as they are"
)

// SQLDump returns the decoder of SQL dumps: the output of mysqldump,
// mariadb-dump, phpMyAdmin, Adminer and plain pg_dump, as text. It yields
//
//   - the rows of INSERT and REPLACE ... VALUES statements and of COPY ... FROM
//     stdin as blocks. Values are decoded (escapes, hexadecimal, the character
//     set that the dump declares); expressions stay as they are written;
//   - all other bytes as pieces of text, verbatim, with Field "sql".
//
// Each byte of the dump lies in exactly one row or one text. To a row belong
// its parentheses, the separator behind it, and the head of an INSERT statement
// that repeats the head before it byte for byte; a head that is new is text.
//
// Columns are named as the INSERT statement names them, else as the preceding
// CREATE TABLE does, else "1", "2" and so on. The key of a row is the primary
// key, or the first unique key without NULL, of the preceding CREATE TABLE. An
// export that adds its keys after the rows (phpMyAdmin, pg_dump) has rows
// without a known key, which are named by their hash.
//
// A value whose written form is longer than 8 MiB is not held in memory: it is
// yielded, decoded, as a text with the column's name as Field, and its cell
// says so.
func SQLDump() container.Decoder {
	return container.Decoder{Name: "sqldump", Match: dumpMatch, Decode: dumpDecode}
}

// DumpRow is the locator of a row in a dump of a database.
type DumpRow struct {
	Type   string `json:"type"` // "sqldump", "sqlite", "xmldump", "bson", "rdb", "innodb", "parquet"
	Schema string `json:"schema,omitempty"`
	Table  string `json:"table"`
	// Key names the row. It is empty where the dump declares no key before the
	// row; then RowHMAC is set, and N counts identical rows from 1.
	Key     []DumpKey `json:"key,omitempty"`
	RowHMAC string    `json:"row_hmac,omitempty"`
	N       int       `json:"n,omitempty"`
	// Offset is where the row begins in the dump, in bytes after decompression;
	// -1 where unknown (a dump in UTF-16).
	Offset int64 `json:"offset"`
}

// DumpKey is the value of one column of a row's key.
type DumpKey struct {
	Column string `json:"column"`
	Value  string `json:"value,omitempty"`
	Hex    string `json:"hex,omitempty"` // the value in hexadecimal, where it is not UTF-8
}

func dumpDecode(ctx context.Context, in scanners.Item, _ *container.Budget) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if in.Body == nil {
			yield(scanners.Item{}, errors.New("sqldump: nothing to read"))
			return
		}
		d := newDumpReader(ctx, in.Body)
		d.chunk(ctx, in)
		d.run(yield)
	}
}

// chunk takes in the definition of the table whose rows alone a file holds, as
// mydumper writes them: the schema stands only in the names of its files.
func (d *dumpReader) chunk(ctx context.Context, in scanners.Item) {
	stem, isSQL := strings.CutSuffix(in.Name, ".sql")
	db, table, ok := chunkOf(stem)
	if !isSQL || !ok || in.Beside == nil {
		return
	}
	if sql, err := in.Beside(ctx, db+"."+table+"-schema.sql"); err == nil {
		d.learn(ctx, sql)
		d.assume(db)
	}
}

// run yields all of the dump.
func (d *dumpReader) run(yield func(scanners.Item, error) bool) {
	for {
		switch d.mode {
		case dumpText:
			// Text may change the table: the rows before it go first.
			if !d.flush(yield) {
				return
			}
			if d.next() == 0 {
				if d.mode == dumpText {
					d.finish(yield)
					return
				}
				continue
			}
			it := scanners.Item{
				Size: -1, Body: (*dumpBody)(d), Text: true, Field: dumpFieldSQL,
				Verbatim: !d.wide, Offset: d.base + int64(d.r),
			}
			if d.wide {
				it.Offset = 0
			}
			if !yield(it, nil) {
				return
			}
			for d.ready > 0 || d.next() > 0 {
				d.r += d.ready
				d.ready = 0
			}
		case dumpRows:
			if !d.readRows(yield) {
				return
			}
		case dumpCopy:
			if !d.readCopy(yield) {
				return
			}
		case dumpTab:
			if !d.readTab(yield) {
				return
			}
		}
	}
}

// finish yields what is left to say at the end of the dump.
func (d *dumpReader) finish(yield func(scanners.Item, error) bool) {
	if !d.flush(yield) {
		return
	}
	if d.err != nil && d.err != io.EOF {
		var g *scanners.Gap
		if errors.As(d.err, &g) || d.ctx.Err() != nil {
			yield(scanners.Item{}, d.err)
		} else {
			yield(scanners.Item{}, fmt.Errorf("sqldump: read: %w", d.err))
		}
		return
	}
	if d.related {
		if rel := d.relations(); len(rel) > 0 && !yield(scanners.Item{Size: -1, Relations: rel}, nil) {
			return
		}
	}
	gap := func(detail string) bool {
		return yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: detail})
	}
	if d.bad > 0 && !gap(dumpBadRows) {
		return
	}
	if d.badCharset && !gap(dumpBadCharset) {
		return
	}
	switch {
	case d.truncated || d.lex == sqlLexQuote || d.lex == sqlLexBlock || d.lex == sqlLexDollar:
		gap(dumpTruncated)
	case d.header && !d.trailer:
		gap(dumpNoTrailer)
	}
}

// flush hands over the rows gathered so far.
func (d *dumpReader) flush(yield func(scanners.Item, error) bool) bool {
	if len(d.starts) == 0 {
		return true
	}
	d.block.Keep = d.kept
	ok := yield(scanners.Item{Size: -1, Block: &d.block}, nil)
	d.block.Reset()
	d.starts = d.starts[:0]
	if cap(d.block.Data) > 4*dumpBlockBytes {
		d.block.Data = nil
	}
	return ok
}

// full reports whether the block has enough rows.
func (d *dumpReader) full() bool {
	return len(d.block.Data) >= dumpBlockBytes || len(d.starts) >= dumpBlockRows
}

func (d *dumpReader) origin(row int) int64 {
	if d.wide || d.packed {
		return -1
	}
	return d.starts[row]
}

// kept returns a copy of the block that is read.
func (d *dumpReader) kept() *scanners.Block {
	b, starts, wide := d.block.Clone(), slices.Clone(d.starts), d.wide || d.packed
	b.Keep = nil
	b.Origin = func(row int) int64 {
		if wide {
			return -1
		}
		return starts[row]
	}
	b.Refs = func(row int, hash string, n int) scanners.Ref { return dumpRef(b, row, b.Origin(row), hash, n) }
	return b
}

func (d *dumpReader) ref(row int, hash string, n int) scanners.Ref {
	return dumpRef(&d.block, row, d.origin(row), hash, n)
}

// dumpRef returns the reference of a row that begins at origin.
func dumpRef(b *scanners.Block, row int, origin int64, hash string, n int) scanners.Ref {
	t := b.Table
	loc := DumpRow{Type: dumpRowType, Schema: t.Schema, Table: t.Table, Offset: origin}
	if len(t.Key) == 0 {
		loc.RowHMAC, loc.N = hash, n
	}
	for _, col := range t.Key {
		v, _ := b.Cell(row, col)
		k := DumpKey{Column: t.Columns[col]}
		if utf8.Valid(v) {
			k.Value = string(v)
		} else {
			k.Hex = fmt.Sprintf("%x", v)
		}
		loc.Key = append(loc.Key, k)
	}
	place := t.Table + " / row"
	if t.Schema != "" {
		place = t.Schema + " / " + place
	}
	return scanners.Ref{URI: "#" + dumpFragment(b, row, hash, n), Place: place, Locator: loc}
}

// dumpFragment returns the fragment that names a row, as in section 4 of the
// contract, without "#".
func dumpFragment(b *scanners.Block, row int, hash string, n int) string {
	t := b.Table
	var s strings.Builder
	s.WriteString("/" + scanners.EscapeSegment(t.Schema) + "/" + scanners.EscapeSegment(t.Table))
	sep := byte('?')
	for _, col := range t.Key {
		v, _ := b.Cell(row, col)
		s.WriteByte(sep)
		s.WriteString(scanners.EscapeQuery(t.Columns[col]) + "=" + scanners.EscapeQuery(string(v)))
		sep = '&'
	}
	if len(t.Key) == 0 {
		s.WriteString("?" + dumpHashKey + "=" + scanners.EscapeQuery(hash))
		if n > 1 {
			fmt.Fprintf(&s, "&n=%d", n)
		}
	}
	return s.String()
}

// FindRow returns the row that fragment (with or without "#") names, out of the
// items of a dump: an item of its own with a block of one row, which stays
// valid. key is the key of scanners.RowHash. A row that is not there is a
// *scanners.Gap with reason Vanished; an error that ends items, or a failure of
// ctx, is returned as it is. Reading stops at the row.
func FindRow(ctx context.Context, items iter.Seq2[scanners.Item, error], fragment string, key []byte) (scanners.Item, error) {
	fragment = strings.TrimPrefix(fragment, "#")
	if !isDumpFragment(fragment) {
		return findNumbered(ctx, items, fragment)
	}
	path, query, _ := strings.Cut(fragment, "?")
	names := strings.Split(path, "/")
	if len(names) != 3 || names[0] != "" {
		return scanners.Item{}, fmt.Errorf("sqldump: find a row: the fragment must be /schema/table?key=value")
	}
	schema, err1 := scanners.Unescape(names[1])
	table, err2 := scanners.Unescape(names[2])
	cols, vals, err3 := dumpQuery(query)
	if err := errors.Join(err1, err2, err3); err != nil {
		return scanners.Item{}, errors.New("sqldump: find a row: the fragment is not percent-encoded as it should be")
	}
	hashed := len(cols) > 0 && cols[0] == dumpHashKey
	nth := 1
	if n := len(cols) - 1; !hashed && n > 0 && cols[n] == "n" {
		// The second row with the same key, unless the key has a column "n".
		if k, err := strconv.Atoi(vals[n]); err == nil && k > 1 {
			nth = k
		}
	}
	seen := 0
	for it, err := range items {
		if cerr := ctx.Err(); cerr != nil {
			return scanners.Item{}, context.Cause(ctx)
		}
		if err != nil {
			var g *scanners.Gap
			var x *scanners.Exclusion
			if errors.As(err, &g) || errors.As(err, &x) {
				continue
			}
			return scanners.Item{}, err
		}
		b := it.Block
		if b == nil || b.Table.Table != table || b.Table.Schema != schema {
			continue
		}
		if !hashed {
			for row := range b.Rows() {
				if dumpHasKey(b, row, cols, vals) {
					return dumpCopyRow(it, row, "", 0), nil
				}
				if n := len(cols) - 1; nth > 1 && dumpHasKey(b, row, cols[:n], vals[:n]) {
					if seen++; seen == nth {
						return dumpCopyRow(it, row, "", 0), nil
					}
				}
			}
			continue
		}
		if len(b.Table.Key) > 0 {
			continue
		}
		for row := range b.Rows() {
			if b.Hash(key, row) != vals[0] {
				continue
			}
			seen++
			want := fmt.Sprint(seen)
			if len(cols) == 1 && seen == 1 || len(cols) == 2 && cols[1] == "n" && vals[1] == want {
				return dumpCopyRow(it, row, vals[0], seen), nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return scanners.Item{}, context.Cause(ctx)
	}
	return scanners.Item{}, &scanners.Gap{URI: "#" + fragment, Reason: scanners.Vanished, Detail: dumpVanished, Units: 1}
}

// dumpHasKey reports whether a row has the key that cols and vals name.
func dumpHasKey(b *scanners.Block, row int, cols, vals []string) bool {
	t := b.Table
	if len(t.Key) == 0 || len(t.Key) != len(cols) {
		return false
	}
	for i, col := range t.Key {
		if t.Columns[col] != cols[i] {
			return false
		}
		if v, _ := b.Cell(row, col); string(v) != vals[i] {
			return false
		}
	}
	return true
}

// dumpQuery splits the query of a fragment, keeping its order.
func dumpQuery(q string) (cols, vals []string, err error) {
	if q == "" {
		return nil, nil, errors.New("no key")
	}
	for pair := range strings.SplitSeq(q, "&") {
		c, v, ok := strings.Cut(pair, "=")
		col, err1 := scanners.Unescape(c)
		val, err2 := scanners.Unescape(v)
		if !ok || err1 != nil || err2 != nil {
			return nil, nil, errors.New("not a list of name=value")
		}
		cols, vals = append(cols, col), append(vals, val)
	}
	return cols, vals, nil
}

// dumpCopyRow returns an item that holds a copy of one row.
func dumpCopyRow(it scanners.Item, row int, hash string, n int) scanners.Item {
	b := it.Block
	one := &scanners.Block{Table: b.Table}
	for col := range b.Table.Columns {
		v, null := b.Cell(row, col)
		one.Append(v, null)
	}
	var ref scanners.Ref
	if b.Refs != nil {
		ref = b.Refs(row, hash, n)
	}
	one.Refs = func(int, string, int) scanners.Ref { return ref }
	origin := int64(-1)
	if b.Origin != nil {
		origin = b.Origin(row)
	}
	one.Origin = func(int) int64 { return origin }
	it.Ref, it.Block, it.Size = ref, one, one.RowBytes(0)
	return it
}

// dumpBody is the text that begins where the reader stands.
type dumpBody dumpReader

func (t *dumpBody) Read(p []byte) (int, error) {
	d := (*dumpReader)(t)
	if len(p) == 0 {
		return 0, nil
	}
	if d.ready == 0 && d.next() == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.buf[d.r:d.r+d.ready])
	d.r += n
	d.ready -= n
	return n, nil
}

// lowerASCII returns a text with its ASCII letters in lower case.
func lowerASCII(b []byte) string {
	low := make([]byte, len(b))
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	return string(low)
}

// dumpMatch reports whether head is the beginning of an SQL dump.
func dumpMatch(head []byte, name string) bool {
	if le, be := bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")); le || be {
		s, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(head[:len(head)&^1])
		if err != nil {
			return false
		}
		head = s
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if start := bytes.TrimLeft(head, " \t\r\n"); len(start) == 0 || !dumpName(name) && bytes.IndexByte([]byte("-#/"), start[0]) < 0 && !(len(start) > 6 && bytes.EqualFold(start[:6], []byte("pragma"))) {
		// No comment: the first line decides, and its first letter nearly always.
		if len(start) == 0 || strings.IndexByte("acdilrsu", start[0]|0x20) < 0 {
			return false
		}
		line, _, _ := bytes.Cut(start, []byte("\n"))
		return len(line) > 3 && dumpStatement(lowerASCII(line), true)
	}
	lower := lowerASCII(head)
	text := strings.TrimLeft(lower, " \t\r\n")
	for _, sign := range []string{
		"/*m!999999\\- enable the sandbox mode */",
		"-- mysql dump ", "-- mariadb dump ", "# mysql dump ",
		"-- phpmyadmin sql dump", "# phpmyadmin sql dump", "# phpmyadmin mysql-dump",
		"-- adminer ",
		"--\n-- postgresql database dump", "--\r\n-- postgresql database dump",
		"--\n-- postgresql database cluster dump", "--\r\n-- postgresql database cluster dump",
		"-- postgresql database dump",
		"/*!40101 set ", "/*!40100 set ", "/*!40014 set ", "/*!40103 set ", "/*!40000 ",
		"pragma foreign_keys=off;\nbegin transaction;",
	} {
		if strings.HasPrefix(text, sign) {
			return true
		}
	}
	sql := dumpName(name)
	first := true
	for len(text) > 0 {
		// Comments and empty lines may stand before the first statement.
		line, rest, _ := strings.Cut(text, "\n")
		line = strings.TrimLeft(line, " \t")
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "--"), strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/*") && !strings.HasPrefix(line, "/*!"):
			_, after, ok := strings.Cut(text, "*/")
			if !ok {
				return false
			}
			text = after
			continue
		default:
			if dumpStatement(line, !sql) {
				return true
			}
			if !sql {
				return false
			}
			first = false
		}
		text = rest
	}
	// A file that says by its name what it is, and begins with a comment that
	// is longer than the head.
	return sql && first && strings.HasPrefix(strings.TrimLeft(lower, " \t\r\n"), "--")
}

// dumpName reports whether a file's name says that it holds SQL.
func dumpName(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{".gz", ".bz2", ".xz", ".zst", ".lz4", ".z"} {
		name = strings.TrimSuffix(name, end)
	}
	for _, end := range []string{".sql", ".mysql", ".pgsql", ".psql", ".dump", ".dmp"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// dumpStatement reports whether a line in lower case begins a statement that
// dumps have. strict asks for one that prose can't be mistaken for.
func dumpStatement(line string, strict bool) bool {
	line, exec := strings.CutPrefix(line, "/*!")
	if exec {
		line = strings.TrimLeft(line, "0123456789 ")
	}
	for _, s := range []string{
		"create table if not exists ", "create table ", "create database if not exists ", "create database ",
		"insert into ", "insert ignore into ", "insert ignore ", "replace into ",
		"drop table if exists ", "drop table ", "lock tables ", "use ", "alter table ", "copy ", "insert ", "set identity_insert ",
	} {
		rest, ok := strings.CutPrefix(line, s)
		if !ok {
			continue
		}
		if s == "use " {
			rest = strings.TrimSpace(rest)
			return strings.HasPrefix(rest, "`") && strings.HasSuffix(rest, "`;") || strings.HasPrefix(rest, "[") && strings.HasSuffix(rest, "]")
		}
		if strings.HasPrefix(rest, "[") && strings.IndexByte(rest, ']') > 1 {
			return true
		}
		if s == "insert " || s == "set identity_insert " {
			continue
		}
		if strings.HasPrefix(rest, "`") && strings.Count(rest, "`") > 1 {
			return true
		}
		switch {
		case s == "copy " && !strings.Contains(rest, "from stdin"):
		case !strict:
			return true
		default:
			// Without quotes: the name must be one word, and what stands behind
			// it must be punctuation or a keyword of the statement.
			name, tail := dumpCutName(rest)
			tail = strings.TrimSpace(tail)
			if name == "" {
				break
			}
			switch {
			case tail == "(", tail != "" && tail[0] == ';', strings.HasPrefix(tail, "values"), strings.HasSuffix(tail, "from stdin;"),
				strings.HasPrefix(tail, "(") && strings.Contains(tail, ") values"),
				strings.HasPrefix(tail, "(") && strings.HasSuffix(tail, ");"):
				return true
			}
		}
	}
	if strict {
		return false
	}
	for _, s := range []string{"set names ", "set sql_mode", "set foreign_key_checks", "set time_zone", "start transaction;", "begin;", "delimiter ", "set ansi_nulls ", "set quoted_identifier ", "set define off", "rem inserting ", "pragma "} {
		if strings.HasPrefix(line, s) {
			return true
		}
	}
	return false
}

// dumpCutName splits a possibly quoted and qualified name off the front of s.
func dumpCutName(s string) (name, tail string) {
	i := 0
	for i < len(s) && (dumpWordByte(s[i]) || strings.IndexByte(".`\"", s[i]) >= 0) {
		i++
	}
	return s[:i], s[i:]
}
