package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// sqliteResult is what a database was decoded into.
type sqliteResult struct {
	rows    map[string][]string // "column=value" joined by "|", by table
	uris    []string
	texts   map[string]string // by field
	members map[string]string
	gaps    []string
}

func sqliteDecode(t testing.TB, d container.Decoder, body io.Reader) sqliteResult {
	t.Helper()
	res := sqliteResult{rows: map[string][]string{}, texts: map[string]string{}, members: map[string]string{}}
	b := container.NewBudget(container.DefaultLimits(), -1)
	for it, err := range d.Decode(context.Background(), scanners.Item{Body: body}, b) {
		var g *scanners.Gap
		switch {
		case errors.As(err, &g):
			res.gaps = append(res.gaps, string(g.Reason)+": "+g.Detail)
		case err != nil:
			t.Fatal(err)
		case it.Block != nil:
			k := it.Block.Keep()
			for row := range k.Rows() {
				var cells []string
				for col, name := range k.Table.Columns {
					v, null := k.Cell(row, col)
					s := string(v)
					if null {
						s = "NULL"
					}
					cells = append(cells, name+"="+s)
				}
				res.rows[k.Table.Table] = append(res.rows[k.Table.Table], strings.Join(cells, "|"))
				ref := k.Refs(row, "", 1)
				if ref.URI != it.Block.Refs(row, "", 1).URI || ref.Locator.(DumpRow).Offset != k.Origin(row) {
					t.Errorf("%s: a copy of the row is named otherwise", ref.URI)
				}
				res.uris = append(res.uris, ref.URI)
			}
		case it.Step != "":
			text, err := io.ReadAll(it.Body)
			if err != nil {
				t.Error(err)
			}
			res.members[it.Step] = string(text)
		default:
			text, err := io.ReadAll(it.Body)
			if err != nil {
				t.Error(err)
			}
			res.texts[it.Field] += string(text)
		}
	}
	return res
}

func TestSQLite(t *testing.T) {
	for _, name := range []string{"utf8", "utf16", "small"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/sqlite/" + name + ".db")
			if err != nil {
				t.Fatal(err)
			}
			// Once with random access, once without.
			res := sqliteDecode(t, sqliteDecoder(), bytes.NewReader(data))
			again := sqliteDecode(t, sqliteDecoder(), struct{ io.Reader }{bytes.NewReader(data)})
			if fmt.Sprint(res) != fmt.Sprint(again) || len(res.gaps) > 0 {
				t.Errorf("gaps %q", res.gaps)
			}
			want := map[string][]string{
				"clients": {
					"id=-3|name=Jürgen Müller|mail=jurgen@example.org|phone=+32 2 555 01 23|born=NULL|score=32470123456|photo=NULL|kept=JüRGEN MüLLER",
					"id=4711|name=Zoë Van den Broeck|mail=zoe@example.be|phone=32470123456|born=1985-07-30|score=12.5|photo=\x00\xff\x10|kept=ZOë VAN DEN BROECK",
					"id=10001|name=Gone Person 1|mail=gone1@example.org|phone=NULL|born=NULL|score=NULL|photo=NULL|kept=GONE PERSON 1",
					"id=9223372036854775807|name=Łukasz 😀|mail=NULL|phone=0|born=1|score=-1e+300|photo=\x00\x00\x00|kept=ŁUKASZ 😀",
				},
				"notes": {
					"rowid=1|note=first note|author=anna@example.be|later=NULL",
					"rowid=2|note=\x1f\x8b|author=NULL|later=NULL",
					"rowid=3|note=1.5|author=7|later=NULL",
					"rowid=4|note=second|author=b|later=c",
					"rowid=5|note=" + strings.Repeat("y", 3000) + " overflow@example.be|author=o|later=p",
					"rowid=6|note=deleted 10002|author=trigger for jan@example.be|later=added later",
				},
				"odd ''names''": {"rowid=1|a b=a|c`d=2|e\"f=e|g=NULL", "rowid=2|a b=NULL|c`d=NULL|e\"f=NULL|g=g"},
				"settings":      {"key=key 1|grp=group 1|value=value 1 of user1@example.be", "key=long|grp=long|value=" + strings.Repeat("x", 9000) + " end@example.be"},
				"logins":        {"mail=zoe@example.be|ip=198.51.100.23", "mail=jan@example.be|ip=2001:db8::1"},
				"signed":        {"id=5|who=signed@example.be"},
				"search_content": {
					"id=1|c0=Invoice of Zoë|c1=Dear Zoë, please pay to BE68 5390 0754 7034",
				},
			}
			for table, rows := range want {
				for _, row := range rows {
					if !slices.Contains(res.rows[table], row) {
						t.Errorf("%s: there is no %q in %.2000q", table, row, res.rows[table])
					}
				}
			}
			for table, n := range map[string]int{"clients": 24, "settings": 61, "notes": 24, "logins": 2} {
				if len(res.rows[table]) != n {
					t.Errorf("%s has %d rows, want %d", table, len(res.rows[table]), n)
				}
			}
			for _, uri := range []string{
				"#/main/clients?id=4711", "#/main/notes?rowid=5", "#/main/settings?key=key%201&grp=group%201", "#/main/logins?mail=zoe@example.be", "#/main/odd%20''names''?rowid=1",
			} {
				if !slices.Contains(res.uris, uri) {
					t.Errorf("no row is called %s", uri)
				}
				d := sqliteDecoder()
				it, err := FindRow(context.Background(), d.Decode(context.Background(), scanners.Item{Body: bytes.NewReader(data)}, container.NewBudget(container.DefaultLimits(), -1)), uri, nil)
				if err != nil || it.Block.Rows() != 1 || it.Ref.URI != uri {
					t.Errorf("%s can't be opened: %v", uri, err)
				}
			}
			if d := res.texts["trigger definition"]; !strings.Contains(d, "trigger for jan@example.be") {
				t.Errorf("trigger: %q", d)
			}
			if d := res.texts["view definition"]; !strings.Contains(d, "2000-01-01") {
				t.Errorf("view: %q", d)
			}
			free := res.texts[sqliteFree]
			missing := 0
			for i := 2; i < 40; i += 2 {
				if !strings.Contains(free, fmt.Sprintf("Gone Person %d\tgone%d@example.org\t", i, i)) {
					missing++
				}
			}
			// SQLite itself uses some of the space again.
			if missing > 3 {
				t.Errorf("%d of 19 deleted rows are not found: %q", missing, free)
			}
			if name != "small" && !strings.Contains(free, "Dropped 7\tdropped7@example.org\t\n") {
				t.Errorf("the rows of a dropped table are not found: %q", free)
			}
		})
	}
}

func TestSQLiteLog(t *testing.T) {
	for name, want := range map[string][]string{
		"beside.db-wal":     {"Wal Person 7\twal7@example.be\t\n", "\n\tWal Person 0\t", strings.Repeat("L", 100)},
		"beside.db-journal": {"Old Person 0\told0@example.be\t\n", "Old Person 4\t"},
	} {
		data, err := os.ReadFile("testdata/sqlite/" + name)
		if err != nil {
			t.Fatal(err)
		}
		d := sqliteLogDecoder()
		if !d.Match(data, "") {
			t.Errorf("%s is not recognised", name)
		}
		res := sqliteDecode(t, d, bytes.NewReader(data))
		for _, w := range want {
			if !strings.Contains(res.texts[sqliteFree], w) {
				t.Errorf("%s: no %q in %.3000q", name, w, res.texts[sqliteFree])
			}
		}
	}
}

// TestSQLiteDamaged cuts a database at every page and turns every byte of its
// pages over: nothing may break, and what is whole must still be found.
func TestSQLiteDamaged(t *testing.T) {
	data, err := os.ReadFile("testdata/sqlite/small.db")
	if err != nil {
		t.Fatal(err)
	}
	all := func(r sqliteResult) string { return fmt.Sprint(r.rows, r.texts, r.members) }
	for n := 0; n < len(data); n += 331 {
		r := sqliteDecode(t, sqliteDecoder(), bytes.NewReader(data[:n]))
		if i := bytes.Index(data[:n], []byte("zoe@example.be")); i >= 0 && !strings.Contains(all(r), "zoe@example.be") {
			t.Fatalf("cut at %d: lost content", n)
		}
		if len(r.gaps) == 0 {
			t.Errorf("cut at %d: no gap", n)
		}
	}
	step := 29
	if testing.Short() {
		step = 101
	}
	for i := 0; i < len(data); i += step {
		b := bytes.Clone(data)
		b[i] ^= 0xff
		r := sqliteDecode(t, sqliteDecoder(), bytes.NewReader(b))
		if s := all(r); !strings.Contains(s, "user17@example.be") && bytes.Contains(b, []byte("user17@example.be")) {
			t.Fatalf("byte %d: lost content", i)
		}
	}
}

// TestSQLiteBigRow reads a row that is not held in memory.
func TestSQLiteBigRow(t *testing.T) {
	if testing.Short() {
		t.Skip("20 MiB")
	}
	f := newSQLiteWriter(4096)
	value := append(bytes.Repeat([]byte("0123456789abcdef"), 10<<16), "last@example.be"...)
	f.table("big", "CREATE TABLE big(name TEXT, file BLOB, mail TEXT)", []any{"first", value, "after@example.be"})
	res := sqliteDecode(t, sqliteDecoder(), bytes.NewReader(f.bytes()))
	if got := res.rows["big"]; len(got) != 1 || got[0] != fmt.Sprintf("rowid=1|name=first|file=(%d bytes, matched apart)|mail=after@example.be", len(value)) {
		t.Errorf("%.200q", got)
	}
	if res.members["main/big/1/file"] != string(value) || len(res.gaps) > 0 {
		t.Errorf("%d members, %q", len(res.members), res.gaps)
	}
}

func FuzzSQLite(f *testing.F) {
	names, _ := filepath.Glob("testdata/sqlite/*.db*")
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, d := range []container.Decoder{sqliteDecoder(), sqliteLogDecoder()} {
			if d.Match(b, "") {
				sqliteDecode(t, d, bytes.NewReader(b))
			}
		}
	})
}

func FuzzSQLiteCreate(f *testing.F) {
	f.Add("create table [a](b int primary key, 'c' text as (b||')') stored, primary key(b, c)) without rowid")
	f.Fuzz(func(_ *testing.T, s string) { sqliteCreate(s) })
}

// A sqliteWriter makes a database of tables with one row each.
type sqliteWriter struct {
	page  int
	pages [][]byte
	rows  [][]any
}

func newSQLiteWriter(page int) *sqliteWriter {
	return &sqliteWriter{page: page, pages: [][]byte{nil}}
}

func sqlitePut(b []byte, v int) []byte {
	var rev []byte
	for rev = append(rev, byte(v&0x7f)); v > 0x7f; {
		v >>= 7
		rev = append(rev, byte(v&0x7f|0x80))
	}
	slices.Reverse(rev)
	return append(b, rev...)
}

// leaf makes a leaf page at n with one row for each record.
func (w *sqliteWriter) leaf(n int, records ...[]any) {
	p := make([]byte, w.page)
	h := 0
	if n == 1 {
		h = 100
		copy(p, sqliteMagic)
		p[16], p[17], p[18], p[19] = byte(w.page>>8), byte(w.page), 1, 1
		p[59] = 1
	}
	p[h] = sqliteLeafTable
	p[h+4] = byte(len(records))
	end := w.page
	for i, rec := range records {
		var types, body []byte
		for _, v := range rec {
			switch v := v.(type) {
			case string:
				types, body = sqlitePut(types, 13+2*len(v)), append(body, v...)
			case []byte:
				types, body = sqlitePut(types, 12+2*len(v)), append(body, v...)
			case int:
				types, body = append(types, 1), append(body, byte(v))
			}
		}
		payload := append(append([]byte{byte(len(types) + 1)}, types...), body...)
		f := sqliteFile{page: w.page, usable: w.page}
		k := f.local(int64(len(payload)), sqliteLeafTable)
		cell := append(sqlitePut(sqlitePut(nil, len(payload)), i+1), payload[:k]...)
		if k < len(payload) {
			next := len(w.pages) + 1
			cell = append(cell, byte(next>>24), byte(next>>16), byte(next>>8), byte(next))
			for rest := payload[k:]; len(rest) > 0; {
				o := make([]byte, w.page)
				if n := copy(o[4:], rest); n < len(rest) {
					next++
					o[0], o[1], o[2], o[3] = byte(next>>24), byte(next>>16), byte(next>>8), byte(next)
				}
				rest = rest[min(len(rest), w.page-4):]
				w.pages = append(w.pages, o)
			}
		}
		end -= len(cell)
		copy(p[end:], cell)
		p[h+8+2*i], p[h+9+2*i] = byte(end>>8), byte(end)
	}
	w.pages[n-1] = p
}

func (w *sqliteWriter) table(name, sql string, row []any) {
	w.pages = append(w.pages, nil)
	n := len(w.pages)
	w.rows = append(w.rows, []any{"table", name, name, n, sql})
	w.leaf(n, row)
}

func (w *sqliteWriter) bytes() []byte {
	w.leaf(1, w.rows...)
	return bytes.Join(w.pages, nil)
}
