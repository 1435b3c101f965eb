package document

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// innodbFixture returns a tablespace and the definition beside it.
func innodbFixture(t testing.TB, name string) (ibd, frm []byte) {
	t.Helper()
	b := fixture(t, "innodb", "shop", name+".ibd.gz")
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err == nil {
		b, err = io.ReadAll(z)
	}
	if err != nil {
		t.Fatal(err)
	}
	base, _, _ := strings.Cut(name, "#")
	frm, err = os.ReadFile(filepath.Join("testdata", "innodb", "shop", base+".frm"))
	if err != nil {
		t.Fatal(err)
	}
	return b, frm
}

// innodbRows decodes a tablespace: rows as "table: a=1|b=NULL", and gaps.
func innodbRows(name string, ibd, frm []byte) (rows, gaps []string, raw int) {
	in := scanners.Item{Name: name + ".ibd", Ref: scanners.Ref{URI: "file:///data/shop/" + name + ".ibd"}, Size: int64(len(ibd)), Body: bytes.NewReader(ibd)}
	in.Beside = func(context.Context, string) ([]byte, error) {
		if frm == nil {
			return nil, os.ErrNotExist
		}
		return frm, nil
	}
	limits := container.DefaultLimits()
	limits.Bytes = 1 << 30
	for it, err := range innodbDecoder().Decode(context.Background(), in, container.NewBudget(limits, in.Size)) {
		var g *scanners.Gap
		switch {
		case errors.As(err, &g):
			gaps = append(gaps, string(g.Reason)+": "+g.Detail)
		case err != nil:
			gaps = append(gaps, err.Error())
		case it.Block == nil:
			n, _ := io.Copy(io.Discard, it.Body)
			raw += int(n)
		default:
			b := it.Block
			for row := range b.Rows() {
				var cells []string
				for col, c := range b.Table.Columns {
					v, null := b.Cell(row, col)
					s := string(v)
					if null {
						s = "NULL"
					}
					cells = append(cells, c+"="+s)
				}
				rows = append(rows, b.Table.Name+": "+strings.Join(cells, "|"))
			}
		}
	}
	return rows, gaps, raw
}

func TestInnodb(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string // all rows, or those at the start
		n    int
		gaps []string
	}{
		{name: "clients", n: 400, want: []string{
			`shop.clients: id=1|name=Zoë Van den Broeck|email=zoe@example.be|code=3740|born=1985-07-30|since=2026-11-02 03:15:00|seen=2026-11-02 03:15:01|balance=-1234.56|score=1.5|active=1|big=-9007199254740993|notes=a note|kind=private|tags=a,c|flags=321|y=2026|t=-12:34:56|f=2.25|m=-70000|vb=ab|js={"a":1}`,
			`shop.clients: id=2|name=Jan|email=jan@example.org|code=é|born=NULL|since=NULL|seen=NULL|balance=0.07|score=NULL|active=NULL|big=NULL|notes=NULL|kind=NULL|tags=NULL|flags=NULL|y=NULL|t=NULL|f=NULL|m=NULL|vb=NULL|js=NULL`,
			`shop.clients: id=3|name=Piet|email=NULL|code=|born=2000-01-01|since=1999-12-31 23:59:59|seen=1999-12-31 23:59:59|balance=99999999.99|score=-1e+100|active=-128|big=9223372036854775807|notes=` + strings.Repeat("long text with piet@example.be ", 2000) + `|kind=company|tags=|flags=1|y=1901|t=838:59:59|f=-0.1|m=8388607|vb=|js=[]`,
		}},
		{name: "nokey", n: 2, want: []string{"shop.nokey: a=contact@example.be|b=Müller", "shop.nokey: a=NULL|b=note@example.be"}},
		{name: "twokey", n: 2, want: []string{"shop.twokey: b=b1|x=5|a=-1|v=after@example.be", "shop.twokey: b=b2|x=NULL|a=2|v=x"}},
		{name: "oldrow", n: 2, want: []string{"shop.oldrow: id=7|v=note@example.be|w=NULL", "shop.oldrow: id=8|v=secret@example.be|w=w"}},
		{name: "compact", n: 1, want: []string{"shop.compact: id=7|v=note@example.be|w=" + strings.Repeat("x secret@example.be ", 1000)}},
		{name: "added", n: 3, want: []string{"shop.added: id=1|v=note@example.be|w=dflt", "shop.added: id=2|v=secret@example.be|w=after@example.be", "shop.added: id=3|v=NULL|w=NULL"}},
		{name: "dropped", n: 2, want: []string{"shop.dropped: id=1|v=note@example.be|w=w1", "shop.dropped: id=2|v=secret@example.be|w=w2"}},
		{name: "utf16", n: 2, want: []string{"shop.utf16: id=1|v=note@example.be|c=ab", "shop.utf16: id=2|v=Zoë|c=éé"}},
		{name: "gen", n: 1, want: []string{"shop.gen: id=1|v=Note@example.be|u=NULL|s=note@example.be|w=iv"}},
		{name: "parts#P#p0", n: 1, want: []string{"shop.parts: id=2|v=secret@example.be"}},
		{name: "pages", gaps: []string{"unsupported: innodb: 3 pages are compressed in a way that is not read"}},
		{name: "zipped", gaps: []string{"unsupported: innodb: the pages of a table with ROW_FORMAT=COMPRESSED are searched as plain bytes only"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ibd, frm := innodbFixture(t, tt.name)
			rows, gaps, _ := innodbRows(tt.name, ibd, frm)
			if len(rows) != tt.n || !slices.Equal(rows[:len(tt.want)], tt.want) {
				t.Errorf("%d rows: %.3000q\nwant %q", len(rows), rows[:min(len(rows), 4)], tt.want)
			}
			if !slices.Equal(gaps, tt.gaps) {
				t.Errorf("gaps %q", gaps)
			}
		})
	}
}

// Of what the pages hold of rows that are there no more, only what was deleted is
// reported: a row that moved to another page stays in its old one, too.
func TestInnodbDeleted(t *testing.T) {
	ibd, frm := innodbFixture(t, "clients")
	rows, _, _ := innodbRows("clients", ibd, frm)
	var deleted []string
	for _, r := range rows {
		if strings.HasPrefix(r, "shop.clients (deleted): ") {
			deleted = append(deleted, r)
		}
	}
	if len(deleted) != 1 || !strings.Contains(deleted[0], "email=user100@example.be") {
		t.Errorf("%q", deleted)
	}
}

// Without its definition a tablespace is searched as it is, and a gap.
func TestInnodbUndefined(t *testing.T) {
	ibd, _ := innodbFixture(t, "clients")
	rows, gaps, raw := innodbRows("clients", ibd, nil)
	if len(rows) > 0 || len(gaps) != 1 || !strings.HasPrefix(gaps[0], "unsupported") || raw != len(ibd) {
		t.Errorf("%d rows, %q, %d bytes", len(rows), gaps, raw)
	}
}

// A page that is damaged is searched as it is; the others are read.
func TestInnodbDamaged(t *testing.T) {
	ibd, frm := innodbFixture(t, "clients")
	for i := 9*16384 + 200; i < 9*16384+4000; i++ {
		ibd[i] = 0xff
	}
	rows, gaps, raw := innodbRows("clients", ibd, frm)
	if len(rows) < 250 || raw < 16384 || !slices.ContainsFunc(gaps, func(g string) bool { return strings.HasPrefix(g, "corrupt") }) {
		t.Errorf("%d rows, %q, %d bytes", len(rows), gaps, raw)
	}
	rows, gaps, _ = innodbRows("clients", ibd[:len(ibd)-16384-1000], frm)
	if len(gaps) == 0 {
		t.Errorf("cut off: %d rows and no gap", len(rows))
	}
}

func TestDamagedInnodb(t *testing.T) {
	for _, name := range []string{"added", "dropped", "oldrow", "twokey", "utf16"} {
		ibd, frm := innodbFixture(t, name)
		for i := range frm {
			b := slices.Clone(frm)
			b[i] ^= 0xff
			innodbRows(name, ibd, b)
			innodbRows(name, ibd, frm[:i])
		}
		for i, c := range ibd {
			if c != 0 {
				for _, x := range []byte{0xff, 0x01, 0x80} {
					ibd[i] ^= x
					innodbRows(name, ibd, frm)
					ibd[i] ^= x
				}
			}
		}
	}
}

// innoPage returns a page of an index in the compact format, with the records that
// are given: what lies in front of their header, and their fields.
func innoPage(number uint32, typ int, index uint64, records ...[2]string) []byte {
	be := binary.BigEndian
	p := make([]byte, 16<<10)
	be.PutUint32(p[4:], number)
	be.PutUint32(p[8:], 0xffffffff)
	be.PutUint32(p[12:], 0xffffffff)
	be.PutUint16(p[24:], uint16(typ))
	be.PutUint32(p[34:], 7)
	be.PutUint16(p[42:], 0x8000|uint16(2+len(records)))
	be.PutUint16(p[54:], uint16(len(records)))
	be.PutUint64(p[66:], index)
	copy(p[94:], "\x01\x00\x02\x00\x00infimum\x00\x01\x00\x0b\x00\x00supremum")
	at, last := 120, 99
	for i, r := range records {
		at += copy(p[at:], r[0])
		h := p[at : at+5]
		be.PutUint16(h[1:], uint16(i+2)<<3)
		if strings.HasPrefix(r[1], "v1:") { // a row of version 1 of the table
			h[0], r[1] = 0x40, r[1][3:]
		}
		origin := at + 5
		be.PutUint16(p[last-2:], uint16(origin-last))
		at = origin + copy(p[origin:], r[1])
		last = origin
	}
	be.PutUint16(p[last-2:], uint16(112-last)&0xffff)
	return p
}

// innoSDITable is a definition as ibd2sdi of MySQL 8 prints it, in part.
const innoSDITable = `{"mysqld_version_id":80036,"dd_object_type":"Table","dd_object":{"name":"clients","schema_ref":"shop","se_private_data":"","columns":[
{"name":"id","type":4,"is_nullable":false,"is_unsigned":true,"hidden":1,"char_length":10,"numeric_precision":10,"collation_id":255,"se_private_data":"table_id=1;"},
{"name":"email","type":16,"is_nullable":true,"hidden":1,"char_length":480,"collation_id":255},
{"name":"made","type":19,"is_nullable":true,"hidden":1,"char_length":19,"datetime_precision":0,"collation_id":255},
{"name":"kind","type":22,"is_nullable":true,"hidden":1,"char_length":28,"collation_id":255,"elements":[{"name":"cHJpdmF0ZQ==","index":1},{"name":"Y29tcGFueQ==","index":2}]},
{"name":"twice","type":4,"is_nullable":true,"is_virtual":true,"hidden":1,"char_length":11,"collation_id":255},
{"name":"DB_TRX_ID","type":10,"hidden":2,"char_length":6,"collation_id":63},
{"name":"DB_ROLL_PTR","type":9,"hidden":2,"char_length":7,"collation_id":63},
{"name":"note","type":27,"is_nullable":true,"hidden":1,"char_length":65535,"collation_id":8,"se_private_data":"version_added=1;"}],
"indexes":[{"name":"PRIMARY","hidden":false,"type":1,"se_private_data":"id=155;root=4;space_id=7;table_id=1065;","elements":[
{"ordinal_position":1,"length":4,"hidden":false,"column_opx":0},{"ordinal_position":2,"length":4294967295,"hidden":true,"column_opx":5},
{"ordinal_position":3,"length":4294967295,"hidden":true,"column_opx":6},{"ordinal_position":4,"length":4294967295,"hidden":true,"column_opx":1},
{"ordinal_position":5,"length":4294967295,"hidden":true,"column_opx":2},{"ordinal_position":6,"length":4294967295,"hidden":true,"column_opx":3},
{"ordinal_position":7,"length":4294967295,"hidden":true,"column_opx":7}]}]}}`

// innoMySQL returns a tablespace as MySQL 8.0.29 and later write it, with a text
// that lies in a large object of two pieces.
func innoMySQL() []byte {
	be := binary.BigEndian
	first := make([]byte, 16<<10)
	be.PutUint16(first[24:], innoHeader)
	be.PutUint32(first[34:], 7)
	be.PutUint32(first[38:], 7)
	be.PutUint32(first[46:], 7)
	be.PutUint32(first[54:], 0x4021)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(innoSDITable))
	_ = w.Close()
	sdi := "\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x05" + strings.Repeat("\x00", 13) +
		string(be.AppendUint32(be.AppendUint32(nil, uint32(len(innoSDITable))), uint32(z.Len()))) + z.String()
	n := z.Len()
	system := strings.Repeat("\x01", 13)
	row := func(id byte, s string) string { return "\x00\x00\x00" + string(id) + system + s }
	// DATETIME 2026-11-02 03:15:00, an ENUM.
	made := string(be.AppendUint64(nil, uint64(1<<39+((2026*13+11)<<22|2<<17|3<<12|15<<6)))[3:])
	ref := string(be.AppendUint32(nil, 7)) + "\x00\x00\x00\x05\x00\x00\x00\x01" + string(be.AppendUint64(nil, 20))
	rows := innoPage(4, innoIndex, 155,
		[2]string{"\x0e\x00", row(1, "zoe@example.be"+made+"\x01")},
		// A row of version 1 has a note: its length, what is NULL, the version.
		[2]string{"\x0f\x00\x01"[:0] + "\x14\xc0" + "\x0f" + "\x06" + "\x01", "v1:" + row(2, "jan@example.org"+ref)},
	)
	lob := make([]byte, 16<<10)
	be.PutUint32(lob[4:], 5)
	be.PutUint16(lob[24:], innoLobFirst)
	be.PutUint32(lob[68:], 5)
	be.PutUint16(lob[72:], 96)
	entry := func(at int, next uint32, nextAt uint16, page uint32, n uint16) {
		be.PutUint32(lob[at+6:], next)
		be.PutUint16(lob[at+10:], nextAt)
		be.PutUint32(lob[at+48:], page)
		be.PutUint16(lob[at+52:], n)
	}
	entry(96, 5, 156, 5, 10)
	entry(156, 0xffffffff, 0, 6, 10)
	copy(lob[696:], "note to pi")
	data := make([]byte, 16<<10)
	be.PutUint32(data[4:], 6)
	be.PutUint16(data[24:], innoLobData)
	copy(data[49:], "et@example")
	empty := func(n uint32, typ uint16) []byte {
		p := make([]byte, 16<<10)
		be.PutUint32(p[4:], n)
		be.PutUint16(p[24:], typ)
		return p
	}
	sdiPage := innoPage(3, innoSDI, 1, [2]string{string([]byte{byte(n), 0x80 | byte(n>>8)}), sdi})
	return bytes.Join([][]byte{first, empty(1, 5), empty(2, 3), sdiPage, rows, lob, data}, nil)
}

func TestInnodbSDI(t *testing.T) {
	rows, gaps, _ := innodbRows("clients", innoMySQL(), nil)
	want := []string{
		"shop.clients: id=1|email=zoe@example.be|made=2026-11-02 03:15:00|kind=private|twice=NULL|note=NULL",
		"shop.clients: id=2|email=jan@example.org|made=NULL|kind=NULL|twice=NULL|note=note to piet@example",
	}
	if !slices.Equal(rows, want) || len(gaps) > 0 {
		t.Errorf("%q, %q", rows, gaps)
	}
}

func TestInnodbValues(t *testing.T) {
	for _, tt := range []struct {
		c    innoColumn
		v    string
		want string
	}{
		{innoColumn{kind: sqlDecimal, digits: 14, scale: 4}, "\x81\x0d\xfb\x38\xd2\x04\xd2", "1234567890.1234"},
		{innoColumn{kind: sqlDecimal, digits: 14, scale: 4}, "\x7e\xf2\x04\xc7\x2d\xfb\x2d", "-1234567890.1234"},
		{innoColumn{kind: sqlDatetime}, "\x80\x00\x12\x6d\x67\xca\x12\x8c", "2026-11-02 03:15:00"},
		{innoColumn{kind: sqlTimestamp}, "\x00\x00\x00\x00", "0000-00-00 00:00:00"},
		{innoColumn{kind: sqlTime}, "\x81\xe2\x40", "12:34:56"},
		{innoColumn{kind: sqlTime2, scale: 2}, "\x7f\xff\xff\x9d", "-00:00:00.99"},
		{innoColumn{kind: sqlDatetime2, scale: 3}, "\x99\xb1\x84\x33\xc0\x04\xce", "2023-11-02 03:15:00.123"},
		{innoColumn{kind: sqlLong}, "\x7f\xff\xff\xff", "-1"},
		{innoColumn{kind: sqlLongLong, unsigned: true}, "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"},
		{innoColumn{kind: sqlEnum, labels: []string{"a"}}, "\x00", ""},
	} {
		got := string(tt.c.text(nil, []byte(tt.v)))
		if got != tt.want {
			t.Errorf("%d %x: %q, want %q", tt.c.kind, tt.v, got, tt.want)
		}
	}
	if got := innoName("caf@00e9@002dbar"); got != "café-bar" {
		t.Errorf("%q", got)
	}
}

func FuzzInnodb(f *testing.F) {
	for _, name := range []string{"added", "oldrow"} {
		ibd, frm := innodbFixture(f, name)
		f.Add(ibd[3*16384:4*16384], frm)
	}
	my := innoMySQL()
	f.Add(my[3*16384:4*16384], []byte{})
	f.Fuzz(func(_ *testing.T, page, frm []byte) {
		page = append(page, make([]byte, 16384)...)[:16384]
		head := slices.Clone(my[:16384])
		ibd := bytes.Join([][]byte{head, my[16384 : 3*16384], page, page}, nil)
		innodbRows("x", ibd, frm)
	})
}
