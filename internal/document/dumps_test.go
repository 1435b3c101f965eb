package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

func fixture(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func lacking(t *testing.T, items []string, part string) {
	t.Helper()
	for _, s := range items {
		if strings.Contains(s, part) {
			t.Errorf("%q", s)
		}
	}
}

// damage decodes what is left of a file when it is cut, and when a byte of it is
// another.
func damage(t *testing.T, d container.Decoder, name string, b []byte, beside map[string][]byte) {
	t.Helper()
	step := max(1, len(b)/300)
	for i := 0; i < len(b); i += step {
		decodedBeside(t, d, name, b[:i], beside)
		c := slices.Clone(b)
		c[i] ^= 0x55
		decodedBeside(t, d, name, c, beside)
	}
}

// The fixtures are of pg_dump 15 -Fd.
func TestPGDirectory(t *testing.T) {
	toc := fixture(t, "pgdump", "dir", "toc.dat")
	clients := fixture(t, "pgdump", "dir", "3354.dat")
	beside := map[string][]byte{"toc.dat": toc}
	items := decodedBeside(t, pgDataDecoder(), "3354.dat", clients, beside)
	holding(
		t, items, "#/shop/clients?id=4711: id=4711 email=zoe@example.be note=tab\there\nline", "raw=zoe",
		"#/shop/clients?id=4712: id=4712 email=jan@example.org",
	)
	lacking(t, items, "gap")
	holding(
		t, decodedBeside(t, pgDataDecoder(), "3356.dat", fixture(t, "pgdump", "dir", "3356.dat"), beside),
		`#/shop/Order%20Lines?id=1: id=1 client=4711 what, when=a \ backslash`,
	)
	holding(t, decodedItems(t, pgDataDecoder(), "3354.dat", clients), "#//3354?row-hmac=hash: 1=4711 2=zoe@example.be")
	holding(t, decodedItems(t, pgDumpDecoder(), "toc.dat", toc), "ask owner@example.org", "relation: shop.Order Lines.client > shop.clients.id")
	lacking(t, decodedItems(t, pgDataDecoder(), "2024.dat", []byte("a text that is called so, zoe@example.be")), "gap")
	holding(t, decodedBeside(t, pgDataDecoder(), "3354.dat", clients[:len(clients)-5], beside), "gap: corrupt")
	damage(t, pgDataDecoder(), "3354.dat", clients, beside)
	for i := range toc {
		c := slices.Clone(toc)
		c[i] ^= 0x55
		decodedBeside(t, pgDataDecoder(), "3354.dat", clients, map[string][]byte{"toc.dat": c})
	}
}

// The fixtures are of mariadb-dump 10.11 --tab, the second one with
// --fields-terminated-by=, --fields-optionally-enclosed-by='"'.
func TestTabDump(t *testing.T) {
	beside := map[string][]byte{"clients.sql": fixture(t, "tabdump", "clients.sql")}
	d := tabDecoder()
	for _, name := range []string{"clients.txt", "quoted.txt"} {
		b := fixture(t, "tabdump", name)
		if !d.Match(b, "clients.txt") || !slices.Equal(d.Needs("clients.txt"), []string{"clients.sql"}) {
			t.Errorf("%s is not taken", name)
		}
		items := decodedBeside(t, d, "clients.txt", b, beside)
		holding(
			t, items, "#/shop/clients?id=4711: id=4711 email=zoe@example.be name=Zoë note=tab\there\nline \\ \"q\" 's' meta={\"billing\":{\"email\":\"zoe@example.be\"}} raw=\x00\xffzoe",
			"#/shop/clients?id=4712: id=4712 email=jan@example.org",
		)
		lacking(t, items, "gap")
		damage(t, d, "clients.txt", b, beside)
	}
	for name, want := range map[string]string{
		"clients.txt": "clients.sql", "shop.clients.dat": "shop.clients-schema.sql", "shop.clients.00002.dat": "shop.clients-schema.sql", "a.pdf": "", "readme": "", "3354.dat": "",
	} {
		if got := strings.Join(d.Needs(name), ","); got != want {
			t.Errorf("%s needs %q, want %q", name, got, want)
		}
	}
}

// The fixtures are of mydumper 0.10.
func TestMydumper(t *testing.T) {
	items := decodedBeside(t, SQLDump(), "shop.clients.00001.sql", fixture(t, "mydumper", "shop.clients.sql"), map[string][]byte{
		"shop.clients-schema.sql": fixture(t, "mydumper", "shop.clients-schema.sql"),
	})
	holding(t, items, "#/shop/clients?id=4711: id=4711 email=zoe@example.be name=Zoë", "#/shop/clients?id=4712:")
}

// The first fixture is of mariadb-dump 10.11 --xml, the other one is written as
// phpMyAdmin 5 does.
func TestXMLDump(t *testing.T) {
	d := xmlDumpDecoder()
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"mysqldump.xml", []string{
			"#/shop/clients?id=4711: id=4711 email=zoe@example.be name=Zoë note=tab\there\nline \\ \"q\" 's' meta={\"billing\":{\"email\":\"zoe@example.be\"}}",
			"#/shop/clients?id=4712: id=4712 email=jan@example.org", "#/shop/odd,name?row-hmac=hash: a=luc@example.org", "CONCAT(NEW.what, ' zoe@example.be')",
		}},
		{"phpmyadmin.xml", []string{"#/shop/clients?id=4711: id=4711 email=zoe@example.be note=a & b", "ask owner@example.org", "#/shop/clients?id=4712:"}},
	} {
		b := fixture(t, "xmldump", tt.name)
		if !d.Match(b[:min(len(b), container.HeadLen)], tt.name) {
			t.Errorf("%s is not taken", tt.name)
		}
		items := decodedItems(t, d, tt.name, b)
		holding(t, items, tt.want...)
		lacking(t, items, "gap")
		damage(t, d, tt.name, b, nil)
		holding(t, decodedItems(t, d, tt.name, b[:len(b)-40]), "gap: corrupt")
	}
}

// A bdoc is a document of BSON that is written by hand.
type bdoc struct{ b []byte }

func (d *bdoc) field(typ byte, name string, value ...byte) *bdoc {
	d.b = append(append(append(d.b, typ), name...), 0)
	d.b = append(d.b, value...)
	return d
}

func (d *bdoc) text(name, s string) *bdoc { return d.field(0x02, name, bsonLong(s)...) }

func (d *bdoc) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(d.b)+5))
	return append(append(b, d.b...), 0)
}

func bsonLong(s string) []byte {
	return append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(s)+1)), s...), 0)
}

func le64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

// bsonFile is a collection with each type of bsonspec.org.
func bsonFile() []byte {
	oid, _ := hex.DecodeString("507f1f77bcf86cd799439011")
	uuid, _ := hex.DecodeString("00112233445566778899aabbccddeeff")
	one := (&bdoc{}).field(0x07, "_id", oid...).text("email", "zoe@example.be").
		field(0x03, "address", (&bdoc{}).text("city", "Bilzen").field(0x10, "zip", 0x9c, 0x0e, 0, 0).bytes()...).
		field(0x04, "orders", (&bdoc{}).field(0x03, "0", (&bdoc{}).text("ref", "A1").bytes()...).field(0x03, "1", (&bdoc{}).text("ref", "A2").bytes()...).bytes()...).
		field(0x01, "score", le64(math.Float64bits(1.25))...).field(0x09, "born", le64(uint64(491529600000))...).
		field(0x08, "active", 1).field(0x0a, "none").field(0x12, "big", le64(1<<40)...).
		field(0x05, "uuid", append([]byte{16, 0, 0, 0, 4}, uuid...)...).
		field(0x05, "file", append([]byte{4, 0, 0, 0, 0}, "%PDF"...)...).
		field(0x0b, "re", []byte("^zoe\x00i\x00")...).field(0x0d, "code", bsonLong("f('js@example.org')")...).
		field(0x13, "price", append(le64(12345), le64(uint64(6176-2)<<49)...)...).
		field(0x11, "ts", le64(1700000000<<32)...).field(0xff, "min").
		field(0x03, "contacts", (&bdoc{}).field(0x10, "jan@example.org", 1, 0, 0, 0).bytes()...)
	scope := (&bdoc{}).text("x", "scope@example.org").bytes()
	code := append(bsonLong("g()"), scope...)
	two := (&bdoc{}).field(0x02, "_id", bsonLong("K-2")...).text("email", "luc@example.org").
		field(0x0f, "fn", append(binary.LittleEndian.AppendUint32(nil, uint32(len(code)+4)), code...)...)
	return append(one.bytes(), two.bytes()...)
}

func mongoDump() []byte {
	header := (&bdoc{}).field(0x10, "concurrent_collections", 4, 0, 0, 0).text("version", "0.1").bytes()
	about := (&bdoc{}).text("db", "shop").text("collection", "clients").text("metadata", `{"options":{"comment":"owner@example.org"}}`).bytes()
	space := func(eof byte) []byte {
		return (&bdoc{}).text("db", "shop").text("collection", "clients").field(0x08, "EOF", eof).field(0x12, "CRC", le64(0)...).bytes()
	}
	end := []byte{0xff, 0xff, 0xff, 0xff}
	return slices.Concat([]byte(mongoArchive), header, about, end, space(0), bsonFile(), end, space(1), end)
}

func TestBSON(t *testing.T) {
	d := bsonDecoder()
	for name, b := range map[string][]byte{"clients.bson": bsonFile(), "dump.archive": mongoDump()} {
		if !d.Match(b, name) {
			t.Errorf("%s is not taken", name)
		}
		items := decodedItems(t, d, name, b)
		holding(
			t, items,
			"#/shop/clients?_id=507f1f77bcf86cd799439011: _id=507f1f77bcf86cd799439011 email=zoe@example.be address.city=Bilzen address.zip=3740 orders.ref=A1\nA2 score=1.25 "+
				"born=1985-07-30T00:00:00Z active=true big=1099511627776 uuid=00112233-4455-6677-8899-aabbccddeeff file=%PDF re=^zoe/i code=f('js@example.org') price=123.45 ts=2023-11-14T22:13:20Z",
			"contacts.*=jan@example.org\n1", "#/shop/clients?_id=K-2: _id=K-2 email=luc@example.org", "fn.x=scope@example.org", "fields: ",
		)
		lacking(t, items, "gap")
		damage(t, d, name, b, nil)
		holding(t, decodedItems(t, d, name, b[:len(b)-6]), "gap: corrupt")
	}
	holding(t, decodedItems(t, d, "dump.archive", mongoDump()), "owner@example.org")
	deep := (&bdoc{}).text("x", "deep@example.org").bytes()
	for range 400 {
		deep = (&bdoc{}).field(0x03, "a", deep...).bytes()
	}
	holding(t, decodedItems(t, d, "x.bson", deep), "gap: corrupt", "deep@example.org")
}

// The fixture is of Redis 7.0.
func TestRDB(t *testing.T) {
	d := rdbDecoder()
	b := fixture(t, "rdb", "redis7.rdb")
	if !d.Match(b, "dump.rdb") {
		t.Error("not taken")
	}
	items := decodedItems(t, d, "dump.rdb", b)
	holding(
		t, items,
		`#/db0/keys?key=PHPREDIS_SESSION:abc: key=PHPREDIS_SESSION:abc value=customer|a:2:{s:5:"email";s:14:"zoe@example.be"`,
		"?key=long: key=long value=ab zoe@example.be ab zoe@example.be", "?key=n: key=n value=4711", "?key=neg: key=neg value=-300000",
		"#/db0/keys?key=client:4711: key=client:4711", "key=client:4711 email=zoe@example.be", "*=zoe.x@example.org\n1", "name=Zoë",
		"value=zoe@example.be\njan@example.org\n12\n-5\n70000", "q@example.be", "value=-7\n1\n2\n300", "luc@example.org", "s@example.be", "z@example.be",
		"?key=events: key=events", "email=zoe@example.be\njan@example.org", "what=login\nlogout", "other=luc@example.org", "workers\nalice",
		"#/db3/keys?key=other: key=other value=zoe@example.be", "owner@example.org", "redis-ver\t7.0",
	)
	lacking(t, items, "gap")
	damage(t, d, "dump.rdb", b, nil)
	holding(t, decodedItems(t, d, "dump.rdb", b[:len(b)-30]), "gap: corrupt")
}

// What older servers wrote, by the description of each encoding.
func TestRDBOld(t *testing.T) {
	str := func(s string) string { return string([]byte{byte(len(s))}) + s }
	zip := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x05email" + "\x07\x0ezoe@example.be" + "\x10\xc0\x67\x12" + "\x04\xf3" + "\xff"
	zm := "\x01\x05email\x0e\x00zoe@example.be\xff"
	for name, tt := range map[string]struct{ body, want string }{
		"ziplist":      {"\x0a" + str("k") + str(zip), "key=k value=email\nzoe@example.be\n4711\n2"},
		"hash ziplist": {"\x0d" + str("k") + str(zip), "email=zoe@example.be *=4711"},
		"zipmap":       {"\x09" + str("k") + str(zm), "email=zoe@example.be"},
		"quicklist":    {"\x0e" + str("k") + "\x01" + str(zip), "zoe@example.be\n4711"},
		"list":         {"\x01" + str("k") + "\x02" + str("zoe@example.be") + "\xc1\x67\x12", "value=zoe@example.be\n4711"},
		"hash":         {"\x04" + str("k") + "\x01" + str("email") + str("zoe@example.be"), "email=zoe@example.be"},
		"zset":         {"\x03" + str("k") + "\x01" + str("zoe@example.be") + "\x011", "value=zoe@example.be"},
		"module":       {"\x07" + str("k") + "\x80\x00\x00\x00\x09" + "\x05" + str("zoe@example.be") + "\x02\x01\x00", "value=zoe@example.be"},
		"lzf":          {"\x00" + str("k") + "\xc3\x08\x09\x02zoe\xe0\x00\x02", ""},
	} {
		b := []byte("REDIS0006\xfe\x00" + tt.body + "\xff\x00\x00\x00\x00\x00\x00\x00\x00")
		items := decodedItems(t, rdbDecoder(), "dump.rdb", b)
		if tt.want != "" {
			holding(t, items, tt.want)
			lacking(t, items, "gap")
		}
		damage(t, rdbDecoder(), name, b, nil)
	}
}

func TestScripts(t *testing.T) {
	for name, tt := range map[string]struct {
		sql  string
		want []string
	}{
		"SQL Server": {
			"USE [shop]\r\nGO\r\n/****** Object:  Table [dbo].[Clients] ******/\r\nSET ANSI_NULLS ON\r\nGO\r\nCREATE TABLE [dbo].[Clients](\r\n\t[Id] [int] IDENTITY(1,1) NOT NULL,\r\n\t[Email] [nvarchar](200) NULL,\r\n\t[Path] [nvarchar](200) NULL,\r\n CONSTRAINT [PK_Clients] PRIMARY KEY CLUSTERED \r\n(\r\n\t[Id] ASC\r\n)WITH (PAD_INDEX = OFF) ON [PRIMARY]\r\n) ON [PRIMARY]\r\nGO\r\nSET IDENTITY_INSERT [dbo].[Clients] ON \r\n\r\n" +
				"INSERT [dbo].[Clients] ([Id], [Email], [Path]) VALUES (4711, N'zoe@example.be', N'C:\\')\r\nINSERT [dbo].[Clients] ([Id], [Email], [Path]) VALUES (4712, N'jan@example.org', NULL)\r\nGO\r\nINSERT [dbo].[Clients] ([Id], [Email], [Path]) VALUES (4713, N'luc@example.org', NULL)\r\nINSERT [dbo].[Other] ([Id], [At]) VALUES (1, CAST(N'2024-01-02' AS Date))\r\nGO\r\n",
			[]string{`#/dbo/Clients?Id=4711: Id=4711 Email=zoe@example.be Path=C:\`, "#/dbo/Clients?Id=4712: Id=4712 Email=jan@example.org", "#/dbo/Clients?Id=4713:", "#/dbo/Other?row-hmac=hash: Id=1 At=2024-01-02"},
		},
		"Oracle": {
			"REM INSERTING into SHOP.CLIENTS\nSET DEFINE OFF;\nInsert into SHOP.CLIENTS (ID,EMAIL,BORN) values (4711,'zoe@example.be',to_date('30-07-85','DD-MM-RR'));\nInsert into SHOP.CLIENTS (ID,EMAIL,BORN) values (4712,'it''s\\',null);\n",
			[]string{"ID=4711 EMAIL=zoe@example.be BORN=to_date('30-07-85','DD-MM-RR')", `ID=4712 EMAIL=it's\`},
		},
		"SQLite": {
			"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE clients (id INTEGER PRIMARY KEY, path TEXT, email TEXT);\nINSERT INTO clients VALUES(4711,'C:\\','zoe@example.be');\nINSERT INTO clients VALUES(4712,X'7a6f65','jan@example.org');\nCOMMIT;\n",
			[]string{`#//clients?id=4711: id=4711 path=C:\ email=zoe@example.be`, "#//clients?id=4712: id=4712 path=zoe"},
		},
		"MySQL": {
			"USE `a`;\nREPLACE INTO `t` VALUES (1,'zoe@example.be');\nINSERT DELAYED INTO t VALUES (2,'b');\nUSE `b`;\nINSERT LOW_PRIORITY IGNORE INTO `t` (`x`,`y`) VALUES (0x7a6f65,_binary 'y');\n" +
				"CREATE TABLE o (id int primary key, c int references `a`.`t` (id), KEY (c), CONSTRAINT `fk` FOREIGN KEY (`c`, `id`) REFERENCES `p` (`x`, `y`) ON DELETE CASCADE);\n",
			[]string{"#/a/t?row-hmac=hash: 1=1 2=zoe@example.be", "#/a/t?row-hmac=hash: 1=2 2=b", "#/b/t?row-hmac=hash: x=zoe y=y", "relation: b.o.c > a.t.id", "relation: b.o.c > b.p.x id > y"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := SQLDump()
			if !d.Match([]byte(tt.sql), "script.sql") {
				t.Error("not taken")
			}
			holding(t, decodedItems(t, d, "script.sql", []byte(tt.sql)), tt.want...)
		})
	}
}

func FuzzBSON(f *testing.F) {
	f.Add(bsonFile())
	f.Add(mongoDump())
	f.Fuzz(func(t *testing.T, b []byte) { decodedItems(t, bsonDecoder(), "x.bson", b) })
}

func FuzzRDB(f *testing.F) {
	f.Add(fixture(f, "rdb", "redis7.rdb"))
	f.Fuzz(func(t *testing.T, b []byte) { decodedItems(t, rdbDecoder(), "dump.rdb", b) })
}

func FuzzTabDump(f *testing.F) {
	sql := fixture(f, "tabdump", "clients.sql")
	f.Add(fixture(f, "tabdump", "clients.txt"), sql)
	f.Add(fixture(f, "tabdump", "quoted.txt"), sql)
	f.Fuzz(func(t *testing.T, b, sql []byte) {
		decodedBeside(t, tabDecoder(), "clients.txt", b, map[string][]byte{"clients.sql": sql})
	})
}

func FuzzPGData(f *testing.F) {
	f.Add(fixture(f, "pgdump", "dir", "3354.dat"), fixture(f, "pgdump", "dir", "toc.dat"))
	f.Fuzz(func(t *testing.T, b, toc []byte) {
		decodedBeside(t, pgDataDecoder(), "3354.dat", b, map[string][]byte{"toc.dat": toc})
	})
}

func FuzzXMLDump(f *testing.F) {
	f.Add(fixture(f, "xmldump", "mysqldump.xml"))
	f.Add(fixture(f, "xmldump", "phpmyadmin.xml"))
	f.Fuzz(func(t *testing.T, b []byte) { decodedItems(t, xmlDumpDecoder(), "x.xml", b) })
}

func BenchmarkBSON(b *testing.B) {
	oid := []byte("abcdefghijkl")
	one := (&bdoc{}).field(0x07, "_id", oid...).text("email", "zoe@example.be").text("name", "Zoë Van den Broeck").
		field(0x03, "address", (&bdoc{}).text("street", "Genutstraat 35").text("postcode", "3740").text("city", "Bilzen").bytes()...).
		text("notes", strings.Repeat("some notes that are kept of it ", 5)).field(0x09, "created", le64(1700000000000)...).field(0x10, "visits", 7, 0, 0, 0).bytes()
	file := bytes.Repeat(one, 40000)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		drain(b, bsonDecoder(), "clients.bson", file, nil)
	}
}

func BenchmarkTabDump(b *testing.B) {
	file := bytes.Repeat([]byte("4711\tzoe@example.be\tZoe Van den Broeck\tsome notes about it\t\\N\tvalue\n"), 200000)
	beside := map[string][]byte{"clients.sql": fixture(b, "tabdump", "clients.sql")}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		drain(b, tabDecoder(), "clients.txt", file, beside)
	}
}

func BenchmarkRDB(b *testing.B) {
	one := fixture(b, "rdb", "redis7.rdb")
	body := "\x04\x0bclient:4711\x03\x05email\x0ezoe@example.be\x04name\x13Zoe Van den Broeck \x04note\x21some notes that are kept of it   "
	file := append(append(slices.Clone(one[:9]), bytes.Repeat([]byte(body), 200000)...), 0xff)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		drain(b, rdbDecoder(), "dump.rdb", file, nil)
	}
}

func drain(b *testing.B, d container.Decoder, name string, file []byte, beside map[string][]byte) {
	b.Helper()
	in := scanners.Item{Name: name, Size: int64(len(file)), Body: bytes.NewReader(file)}
	if beside != nil {
		in.Beside = func(_ context.Context, name string) ([]byte, error) { return beside[name], nil }
	}
	rows := 0
	for it, err := range d.Decode(b.Context(), in, container.NewBudget(container.DefaultLimits(), int64(len(file)))) {
		if err != nil {
			b.Fatal(err)
		}
		if it.Block != nil {
			rows += it.Block.Rows()
		}
	}
	if rows == 0 {
		b.Fatal("no rows")
	}
}
