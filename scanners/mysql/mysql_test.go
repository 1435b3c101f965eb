package mysql

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// open returns a source on the server, closed at the end of the test.
func open(t testing.TB, addr, user, schema string, change func(*Config)) *source {
	t.Helper()
	c := &Config{Timeout: 10 * time.Second}
	if err := c.Target("mysql://" + user + "@" + addr + "/" + schema); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	s, err := c.Open(t.Context(), scanners.Env{Name: "db", RowKey: []byte(scannertest.RowKey)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.(*source)
}

type row struct {
	table *scanners.Table
	cells []string // NULL as "\x00NULL"
	ref   scanners.Ref
	hash  string
}

func (r row) get(column string) string {
	for i, c := range r.table.Columns {
		if c == column {
			return r.cells[i]
		}
	}
	return "\x00missing"
}

type result struct {
	rows     map[string][]row // by table name
	bodies   map[string]string
	deferred map[string]int64
	gaps     []*scanners.Gap
	excluded []*scanners.Exclusion
	parts    []scanners.Part
	errs     []error
	biggest  int
}

func newResult() *result {
	return &result{rows: map[string][]row{}, bodies: map[string]string{}, deferred: map[string]int64{}}
}

func readAll(t testing.TB, ctx context.Context, s scanners.Source) *result {
	t.Helper()
	r := newResult()
	for p, err := range s.Parts(ctx) {
		if r.fault(err) {
			continue
		}
		r.parts = append(r.parts, p)
		r.part(t, ctx, s, p)
	}
	return r
}

func (r *result) fault(err error) bool {
	var g *scanners.Gap
	var x *scanners.Exclusion
	switch {
	case errors.As(err, &g):
		r.gaps = append(r.gaps, g)
	case errors.As(err, &x):
		r.excluded = append(r.excluded, x)
	case err != nil:
		r.errs = append(r.errs, err)
	}
	return err != nil
}

func (r *result) part(t testing.TB, ctx context.Context, s scanners.Source, p scanners.Part) {
	for it, err := range s.Items(ctx, p) {
		if !r.fault(err) {
			r.item(t, it)
		}
	}
}

func (r *result) item(t testing.TB, it scanners.Item) {
	t.Helper()
	switch {
	case it.Deferred:
		r.deferred[it.Ref.URI]++
	case it.Block != nil:
		b := it.Block
		r.biggest = max(r.biggest, len(b.Data))
		if it.Size != b.Bytes() {
			t.Errorf("%s: size %d, want %d", it.Ref.URI, it.Size, b.Bytes())
		}
		seen := map[string]int{}
		for i := range b.Rows() {
			row := row{table: b.Table, hash: b.Hash([]byte(scannertest.RowKey), i)}
			seen[row.hash]++
			row.ref = b.Refs(i, row.hash, seen[row.hash])
			for c := range b.Table.Columns {
				v, null := b.Cell(i, c)
				if null {
					row.cells = append(row.cells, "\x00NULL")
					continue
				}
				row.cells = append(row.cells, string(v))
			}
			r.rows[b.Table.Name] = append(r.rows[b.Table.Name], row)
		}
	default:
		body, err := io.ReadAll(it.Body)
		if err != nil {
			t.Error(err)
		}
		r.bodies[it.Ref.URI] += string(body)
	}
}

func (r *result) clean(t *testing.T) {
	t.Helper()
	for _, g := range r.gaps {
		t.Errorf("gap: %v (%s %s)", g, g.URI, g.Place)
	}
	for _, e := range r.errs {
		t.Errorf("error: %v", e)
	}
}

// reopen opens every stride-th row of a table again and compares.
func (r *result) reopen(t *testing.T, s scanners.Source, table string, stride int) {
	t.Helper()
	for i := 0; i < len(r.rows[table]); i += stride {
		want := r.rows[table][i]
		it, err := s.Open(t.Context(), scanners.Ref{URI: want.ref.URI})
		if err != nil {
			t.Errorf("open %s: %v", want.ref.URI, err)
			continue
		}
		got := newResult()
		got.item(t, it)
		if rows := got.rows[table]; len(rows) != 1 || fmt.Sprintf("%q", rows[0].cells) != fmt.Sprintf("%q", want.cells) {
			t.Errorf("%s opens as %+v, want %q", want.ref.URI, rows, want.cells)
		}
		if it.Ref.URI != want.ref.URI || fmt.Sprint(it.Ref.Locator) != fmt.Sprint(want.ref.Locator) {
			t.Errorf("%s opens as %s %v, want %v", want.ref.URI, it.Ref.URI, it.Ref.Locator, want.ref.Locator)
		}
		if base, _, steps, err := scanners.Split(want.ref.URI); base != want.ref.URI || len(steps) > 0 || err != nil {
			t.Errorf("%s does not split as one place", want.ref.URI)
		}
	}
}

func TestMariaDB(t *testing.T) {
	m := testenv.NewMariaDB(t)
	for _, test := range []struct {
		name string
		f    func(*testing.T, *testenv.MariaDB)
	}{
		{"Types", testTypes},
		{"ManyTables", testManyTables},
		{"Engines", testEngines},
		{"Elsewhere", testElsewhere},
		{"OnlyWayIn", testOnlyWayIn},
		{"Locked", testLocked},
		{"Damaged", testDamaged},
		{"Pace", testPace},
		{"Replica", testReplica},
		{"Since", testSince},
		{"Blocked", testBlocked},
		{"Packets", testPackets},
		{"Content", testContent},
		{"StrangeNames", testStrangeNames},
		{"Keys", testKeys},
		{"Keyless", testKeyless},
		{"Split", testSplit},
		{"LongValues", testLongValues},
		{"LongValuesWithoutKey", testLongValuesWithoutKey},
		{"History", testHistory},
		{"Definitions", testDefinitions},
		{"ColumnPrivileges", testColumnPrivileges},
		{"Denied", testDenied},
		{"Unlisted", testUnlisted},
		{"Dropped", testDropped},
		{"Altered", testAltered},
		{"Killed", testKilled},
		{"Stalled", testStalled},
		{"Filters", testFilters},
		{"ExcludedOffline", testExcludedOffline},
		{"SystemSchema", testSystemSchema},
		{"ReadOnly", testReadOnly},
		{"Check", testCheck},
		{"Lookup", testLookup},
		{"Socket", testSocket},
		{"Conformance", testConformance},
	} {
		t.Run(test.name, func(t *testing.T) { test.f(t, m) })
	}
}

func schema(t *testing.T, m *testenv.MariaDB, statements ...string) string {
	t.Helper()
	name := "s_" + strings.ToLower(strings.NewReplacer("/", "_").Replace(t.Name()))
	m.Exec(t, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4", "USE "+name)
	c, err := m.Admin.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, q := range append([]string{"USE " + name, "SET SESSION sql_mode=''"}, statements...) {
		if _, err := c.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%.200s: %v", q, err)
		}
	}
	return name
}

func testTypes(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		`CREATE TABLE types (
			id INT PRIMARY KEY,
			plain INT, zip INT(5) UNSIGNED ZEROFILL, big BIGINT UNSIGNED, yes BOOL, bits BIT(16), y YEAR,
			f FLOAT, d DOUBLE, f2 FLOAT(8,2), n DECIMAL(30,10),
			c CHAR(10), vc VARCHAR(50), l1 VARCHAR(50) CHARACTER SET latin1, u2 VARCHAR(50) CHARACTER SET ucs2,
			cp VARCHAR(50) CHARACTER SET cp1251, u3 VARCHAR(50) CHARACTER SET utf8mb3,
			b BINARY(4), vb VARBINARY(10), tt TINYTEXT, txt TEXT, mt MEDIUMTEXT, lt LONGTEXT CHARACTER SET latin1,
			tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB,
			dt DATE, dtt DATETIME(6), ts TIMESTAMP NULL, ti TIME(3),
			e ENUM('a','é'), st SET('x','y','z'), j JSON, u UUID, i6 INET6, i4 INET4,
			g GEOMETRY, pt POINT, comp TEXT COMPRESSED, compb BLOB COMPRESSED,
			gen VARCHAR(60) AS (CONCAT('gen-',vc)) VIRTUAL, gens VARCHAR(60) AS (CONCAT('stored-',vc)) PERSISTENT,
			hidden VARCHAR(20) INVISIBLE DEFAULT 'unseen')`,
		`INSERT INTO types (id,plain,zip,big,yes,bits,y,f,d,f2,n,c,vc,l1,u2,cp,u3,b,vb,tt,txt,mt,lt,tb,bl,mb,lb,dt,dtt,ts,ti,e,st,j,u,i6,i4,g,pt,comp,compb)
			VALUES (1,-5,420,18446744073709551615,1,b'0100000101000010',0,1.5,1e20,3.1,1.5,'ab','Zoë 😀','Müller','Žižek','Иван','naïve',
			'a\0',X'00ff','tt','txt','mt','lätin',X'00ff','bl','mb',X'fffe','0000-00-00','0000-00-00 00:00:00','1970-01-02 03:04:05','-12:34:56.789',
			'é','x,z','{"k":"v\u00fc"}','123e4567-e89b-12d3-a456-426655440000','2001:db8::1','192.0.2.1',
			ST_GeomFromText('POINT(1 2)'),ST_GeomFromText('POINT(3 4)'),REPEAT('compressed ',50),'cb')`,
		`INSERT INTO types (id,hidden) VALUES (2,'also unseen')`)
	s := open(t, m.Addr(), "root", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	rows := r.rows[db+".types"]
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	wkb := "\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@"
	for column, want := range map[string]string{
		"id": "1", "plain": "-5", "zip": "00420", "big": "18446744073709551615", "yes": "1", "bits": "AB", "y": "0000",
		"f": "1.5", "d": "1e20", "f2": "3.10", "n": "1.5000000000", "c": "ab", "vc": "Zoë 😀", "l1": "Müller", "u2": "Žižek",
		"cp": "Иван", "u3": "naïve", "b": "a\x00\x00\x00", "vb": "\x00\xff", "tt": "tt", "txt": "txt", "mt": "mt", "lt": "lätin",
		"tb": "\x00\xff", "bl": "bl", "mb": "mb", "lb": "\xff\xfe", "dt": "0000-00-00", "dtt": "0000-00-00 00:00:00.000000",
		"ts": "1970-01-02 03:04:05", "ti": "-12:34:56.789", "e": "é", "st": "x,z", "u": "123e4567-e89b-12d3-a456-426655440000",
		"i6": "2001:db8::1", "i4": "192.0.2.1", "g": wkb, "comp": strings.Repeat("compressed ", 50), "compb": "cb",
		"gen": "gen-Zoë 😀", "gens": "stored-Zoë 😀", "hidden": "unseen",
	} {
		if got := rows[0].get(column); got != want {
			t.Errorf("%s = %q, want %q", column, got, want)
		}
	}
	if got := rows[0].get("j"); !strings.Contains(got, "v") {
		t.Errorf("j = %q", got)
	}
	if got := rows[1].get("hidden"); got != "also unseen" {
		t.Errorf("hidden = %q", got)
	}
	if got := rows[1].get("vc"); got != "\x00NULL" {
		t.Errorf("vc = %q, want NULL", got)
	}
	r.reopen(t, s, db+".types", 1)
	// Each single value can be opened too.
	for _, column := range []string{"vc", "bits", "g", "lb", "hidden"} {
		it, err := s.Open(t.Context(), scanners.Ref{URI: rows[0].ref.URI + "!/" + column})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(it.Body); err != nil || string(b) != rows[0].get(column) {
			t.Errorf("value of %s: %q, %v", column, b, err)
		}
	}
}

func testStrangeNames(t *testing.T, m *testenv.MariaDB) {
	names := []string{"sla/sh", "quo'te", `dq"uote`, "back``tick", "ex!/clam", "uni Ω 名", "a.b", "per%cent", "ha#sh", "q?u=e&s", `back\slash`, "semi;", "Upper", "upper", "..x"}
	var q []string
	for i, n := range names {
		q = append(q, fmt.Sprintf("CREATE TABLE `%s` (`i``d!/ %%&=` INT PRIMARY KEY, `v'x` TEXT COMMENT 'c')", n),
			fmt.Sprintf("INSERT INTO `%s` VALUES (%d,'row of %d'),(1000,'x')", n, i, i))
	}
	db := schema(t, m, q...)
	odd := "o'd`d/ !/db.é"
	m.Exec(t, "CREATE DATABASE "+ident(odd), "CREATE TABLE "+ident(odd)+".t (a VARCHAR(20))", "INSERT INTO "+ident(odd)+".t VALUES ('odd'),('odd')")
	defer m.Exec(t, "DROP DATABASE "+ident(odd))
	for _, db := range []string{db, odd} {
		s := open(t, m.Addr(), "root", scanners.EscapeSegment(db), nil)
		r := readAll(t, t.Context(), s)
		r.clean(t)
		if db == odd {
			r.reopen(t, s, db+".t", 1)
			if len(r.rows[db+".t"]) != 2 || r.rows[db+".t"][1].ref.URI == r.rows[db+".t"][0].ref.URI {
				t.Errorf("rows of the odd schema: %v", r.rows)
			}
			continue
		}
		ids := map[string]bool{}
		for _, p := range r.parts {
			ids[p.ID] = true
		}
		if len(ids) != len(r.parts) || len(r.parts) != len(names)+1 {
			t.Errorf("%d IDs of %d parts, want %d", len(ids), len(r.parts), len(names)+1)
		}
		for i, n := range names {
			n = strings.ReplaceAll(n, "``", "`")
			rows := r.rows[db+"."+n]
			if len(rows) != 2 || rows[0].cells[1] != fmt.Sprintf("row of %d", i) {
				t.Errorf("%s: %+v", n, rows)
			}
			r.reopen(t, s, db+"."+n, 1)
		}
		for uri, body := range r.bodies {
			it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
			if err != nil {
				t.Errorf("%s: %v", uri, err)
				continue
			}
			if b, _ := io.ReadAll(it.Body); string(b) != body || it.Ref.URI != uri {
				t.Errorf("%s opens as %s with %q, want %q", uri, it.Ref.URI, b, body)
			}
		}
	}
}

// every key type, paged one row at a time and in small pages: nothing is lost
// and nothing comes twice.
func testKeys(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		// Case and accents do not count, trailing spaces neither, in this one.
		"CREATE TABLE ci (k VARCHAR(50) COLLATE utf8mb4_general_ci PRIMARY KEY)",
		"INSERT INTO ci VALUES ('a'),('B'),('b b'),('C'),('é'),('f'),('Zoë'),(''),('a\\tb'),('a b'),('x\\\\y'),('x''y'),('😀'),('ß'),('日本')",
		"CREATE TABLE nopad (k VARCHAR(50) COLLATE utf8mb4_nopad_bin PRIMARY KEY)",
		"INSERT INTO nopad VALUES ('a'),('a '),('a  '),('A'),('a\\t'),(''),(' ')",
		"CREATE TABLE l1 (k VARCHAR(50) CHARACTER SET latin1 PRIMARY KEY)",
		"INSERT INTO l1 VALUES ('Müller'),('Muller2'),('ÿ'),('a'),('\\''),('€')",
		"CREATE TABLE cp (k CHAR(50) CHARACTER SET cp1251 PRIMARY KEY)",
		"INSERT INTO cp VALUES ('Иван'),('Пётр'),('a'),('я'),('Z')",
		"CREATE TABLE u2 (k VARCHAR(50) CHARACTER SET ucs2 PRIMARY KEY)",
		"INSERT INTO u2 VALUES ('Žižek'),('Иван'),('a'),('Z')",
		"CREATE TABLE u3 (k VARCHAR(50) CHARACTER SET utf8mb3 COLLATE utf8mb3_unicode_ci PRIMARY KEY)",
		"INSERT INTO u3 VALUES ('Žižek'),('Иван'),('a'),('Z')",
		"CREATE TABLE vb (k VARBINARY(10) PRIMARY KEY)",
		"INSERT INTO vb VALUES (''),('\\0'),('\\0\\0'),(X'ff'),(X'ff00'),('a'),('A'),('''')",
		"CREATE TABLE bin (k BINARY(4) PRIMARY KEY)",
		"INSERT INTO bin VALUES (''),('a'),(X'ff'),(X'00ff')",
		"CREATE TABLE f (k FLOAT PRIMARY KEY)",
		"INSERT INTO f VALUES (1.1),(1.10001),(1.1000001),(1.1000003),(-3.3),(0),(1e20),(1e-20),(16777215),(16777216)",
		"CREATE TABLE d (k DOUBLE PRIMARY KEY)",
		"INSERT INTO d VALUES (1.1),(0.1),(1e300),(-1e-300),(1.1000000000000003e0)",
		"CREATE TABLE n (k DECIMAL(30,10) PRIMARY KEY)",
		"INSERT INTO n VALUES (1.1),(12345678901234567890.0000000001),(12345678901234567890.0000000002),(-5)",
		"CREATE TABLE z (k INT(6) UNSIGNED ZEROFILL PRIMARY KEY)",
		"INSERT INTO z VALUES (0),(1),(10),(4294967295),(9),(8)",
		"CREATE TABLE bu (k BIGINT UNSIGNED PRIMARY KEY)",
		"INSERT INTO bu VALUES (0),(18446744073709551615),(18446744073709551614),(9223372036854775808),(9223372036854775807)",
		"CREATE TABLE b (k BIT(40) PRIMARY KEY)",
		"INSERT INTO b VALUES (0),(1),(255),(256),(65),(1099511627775)",
		"CREATE TABLE e (k ENUM('z','a','M','é') PRIMARY KEY)",
		"INSERT INTO e VALUES ('z'),('a'),('M'),('é')",
		"CREATE TABLE y (k YEAR PRIMARY KEY)",
		"INSERT INTO y VALUES (0),(1970),(2026),(2155),(1901)",
		"CREATE TABLE dt (k DATETIME(6) PRIMARY KEY)",
		"INSERT INTO dt VALUES ('0000-00-00 00:00:00'),('2026-01-01 00:00:00.000001'),('2026-01-01 00:00:00.000002'),('9999-12-31 23:59:59')",
		"CREATE TABLE ts (k TIMESTAMP(3) PRIMARY KEY)",
		"INSERT INTO ts VALUES ('2026-10-25 00:30:00.001'),('2026-10-25 00:30:00.002'),('2026-10-25 01:30:00')",
		"CREATE TABLE ti (k TIME PRIMARY KEY)",
		"INSERT INTO ti VALUES ('-838:59:59'),('-00:00:01'),('00:00:00'),('100:00:00'),('99:00:00'),('09:00:00')",
		"CREATE TABLE da (k DATE PRIMARY KEY)",
		"INSERT INTO da VALUES ('0000-00-00'),('2026-00-00'),('2026-01-01')",
		"CREATE TABLE u (k UUID PRIMARY KEY)",
		"INSERT INTO u VALUES ('123e4567-e89b-12d3-a456-426655440000'),('023e4567-e89b-13d3-a456-426655440000'),('123e4567-e89b-72d3-a456-426655440001'),('ffffffff-e89b-42d3-8456-426655440001'),('00000000-0000-0000-0000-000000000000')",
		"CREATE TABLE i6 (k INET6 PRIMARY KEY)",
		"INSERT INTO i6 VALUES ('::1'),('2001:db8::1'),('::ffff:192.0.2.1'),('fe80::1')",
		"CREATE TABLE comp (a INT, b VARCHAR(20), c DECIMAL(5,2), v TEXT, PRIMARY KEY (a,b,c))",
		"INSERT INTO comp VALUES (1,'a',1,'r'),(1,'a',2,'r'),(1,'B',1,'r'),(2,'A',1,'r'),(2,'a',3,'r'),(2,'b',0,'r'),(3,'',0,'r'),(1,'!/&=#',0,'r')",
		"CREATE TABLE enumc (e ENUM('z','a'), i INT, PRIMARY KEY (e,i))",
		"INSERT INTO enumc VALUES ('z',1),('z',2),('a',1),('a',2),('z',3)",
		"CREATE TABLE uniq (v TEXT, k VARCHAR(30) NOT NULL, nk INT NULL UNIQUE, UNIQUE (k))",
		"INSERT INTO uniq VALUES ('1','a',NULL),('2','b',NULL),('3','c',7)",
		"CREATE TABLE part (k INT PRIMARY KEY, v TEXT) PARTITION BY HASH (k) PARTITIONS 4",
		"INSERT INTO part SELECT seq, 'p' FROM seq_1_to_50",
		"CREATE TABLE mem (k INT PRIMARY KEY, v VARCHAR(10)) ENGINE=MEMORY",
		"INSERT INTO mem SELECT seq, 'p' FROM seq_1_to_50",
		"CREATE TABLE myi (k VARCHAR(10) PRIMARY KEY, v VARCHAR(10)) ENGINE=MyISAM",
		"INSERT INTO myi SELECT seq, 'p' FROM seq_1_to_50",
		"CREATE TABLE prefix (k TEXT NOT NULL, v INT, UNIQUE (k(2)))", // a part of the value orders nothing
		"INSERT INTO prefix VALUES ('aaa',1),('bbb',2)",
		"CREATE TABLE longhash (k TEXT NOT NULL, v INT, UNIQUE (k))", // MariaDB's hash index
		"INSERT INTO longhash VALUES ('aaa',1),('bbb',2)",
		"CREATE TABLE st (k SET('a','b','c') PRIMARY KEY)", // no key to page by
		"INSERT INTO st VALUES ('a'),('a,b'),('')",
	)
	for _, page := range []int{1, 3, 10000} {
		s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = page })
		r := readAll(t, t.Context(), s)
		r.clean(t)
		tables, err := s.tables(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range tables {
			var want int
			if err := m.Admin.QueryRow("SELECT COUNT(*) FROM " + ident(db) + "." + ident(l.name)).Scan(&want); err != nil {
				t.Fatal(err)
			}
			rows := r.rows[db+"."+l.name]
			seen := map[string]bool{}
			for _, row := range rows {
				seen[row.ref.URI] = true
			}
			if len(rows) != want || len(seen) != want || want == 0 {
				t.Errorf("pages of %d: %s: %d rows with %d URIs, want %d", page, l.name, len(rows), len(seen), want)
			}
			keyed := len(rows) > 0 && !strings.Contains(rows[0].ref.URI, "row-hmac")
			if none := l.name == "prefix" || l.name == "longhash" || l.name == "st"; keyed == none {
				t.Errorf("%s: key is used: %v", l.name, keyed)
			}
			if page == 3 {
				r.reopen(t, s, db+"."+l.name, 1)
			}
		}
	}
}

func testKeyless(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE logs (who VARCHAR(30), n INT)",
		"INSERT INTO logs SELECT CONCAT('user',seq MOD 7), seq MOD 3 FROM seq_1_to_1000",
		"CREATE TABLE hundred (who VARCHAR(30), n INT) ENGINE=MyISAM",
		"INSERT INTO hundred SELECT 'same', 1 FROM seq_1_to_100")
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = 64 })
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if n := len(r.rows[db+".logs"]); n != 1000 {
		t.Errorf("%d rows, want 1000", n)
	}
	if n := len(r.rows[db+".hundred"]); n != 100 {
		t.Errorf("%d rows, want 100", n)
	}
	hash := r.rows[db+".hundred"][0].hash
	tab := &table{schema: db, name: "hundred", tab: &scanners.Table{}}
	for n, want := range map[int]scanners.Reason{1: "", 100: "", 101: scanners.Vanished} {
		ref := s.hashRef(tab, hash, n)
		if _, err := s.Open(t.Context(), scanners.Ref{URI: ref.URI}); reason(err) != want {
			t.Errorf("row %d: %v, want %q", n, err, want)
		}
	}
	// From every cursor on, what remains comes, and no row more.
	for _, p := range r.parts {
		var cursors []string
		var counts []int
		total := 0
		for it, err := range s.Items(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			if it.Block != nil {
				total += it.Block.Rows()
				cursors, counts = append(cursors, it.Cursor), append(counts, total)
			}
		}
		for i, c := range cursors {
			p.Cursor = c
			got := newResult()
			got.part(t, t.Context(), s, p)
			got.clean(t)
			n := 0
			for _, rows := range got.rows {
				n += len(rows)
			}
			if n != total-counts[i] {
				t.Errorf("%s resumed after %d of %d rows: %d rows", p.ID, counts[i], total, n)
			}
		}
		if len(cursors) < 2 {
			continue
		}
		// Rows that went away before the cursor are noticed.
		m.Exec(t, "DELETE FROM "+db+".logs WHERE n=2 LIMIT 3")
		if strings.Contains(p.ID, "logs") {
			p.Cursor = cursors[len(cursors)/2]
			got := newResult()
			got.part(t, t.Context(), s, p)
			if len(got.gaps) != 1 || got.gaps[0].Reason != scanners.Vanished {
				t.Errorf("gaps %v, want one that says that rows moved", got.gaps)
			}
		}
	}
}

func testSplit(t *testing.T, m *testenv.MariaDB) {
	const n = 200_000
	db := schema(t, m,
		"CREATE TABLE nums (id BIGINT PRIMARY KEY, email VARCHAR(100))",
		fmt.Sprintf("INSERT INTO nums SELECT IF(seq=%d, 9000000000000000000, seq*3), CONCAT('p',seq,'@example.org') FROM seq_1_to_%d", n, n),
		"CREATE TABLE strs (id VARCHAR(40) PRIMARY KEY, v INT)",
		fmt.Sprintf("INSERT INTO strs SELECT CONCAT(IF(seq MOD 2,'a','B'), MD5(seq)), seq FROM seq_1_to_%d", n),
		"CREATE TABLE comp (tenant INT, id INT, v VARCHAR(10), PRIMARY KEY (tenant,id))",
		fmt.Sprintf("INSERT INTO comp SELECT 1+(seq>%d), seq, 'v' FROM seq_1_to_%d", n-10, n),
		"ANALYZE TABLE nums, strs, comp")
	s := open(t, m.Addr(), "root", db, nil)
	start := time.Now()
	seen := map[string]map[string]bool{}
	rows := map[string]int{}
	parts := map[string][]scanners.Part{}
	var size int64
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for it, err := range s.Items(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			b := it.Block
			if b == nil {
				continue
			}
			if len(b.Data) > 2*goalBlock || b.Rows() > 10000 {
				t.Errorf("a block of %d bytes, %d rows", len(b.Data), b.Rows())
			}
			name := b.Table.Table
			if seen[name] == nil {
				seen[name] = make(map[string]bool, n)
			}
			for i := range b.Rows() {
				key := ""
				for _, c := range b.Table.Key {
					v, _ := b.Cell(i, c)
					key += string(v) + "\x00"
				}
				seen[name][key] = true
			}
			rows[name] += b.Rows()
			size += it.Size
		}
		_, name, _ := strings.Cut(p.ID, "/")
		name, _, _ = strings.Cut(name, "#")
		parts[name] = append(parts[name], p)
	}
	t.Logf("%d bytes in %v", size, time.Since(start))
	for _, table := range []string{"nums", "strs", "comp"} {
		if rows[table] != n || len(seen[table]) != n {
			t.Errorf("%s: %d rows, %d different, want %d", table, rows[table], len(seen[table]), n)
		}
		if len(parts[table]) < 2 {
			t.Errorf("%s was not split", table)
		}
	}
	// The same IDs again, and as plain data.
	again := map[string]bool{}
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(p)
		var q scanners.Part
		if err := json.Unmarshal(b, &q); err != nil || q != p {
			t.Errorf("%+v does not survive JSON", p)
		}
		again[p.ID] = true
	}
	for _, some := range parts {
		for _, p := range some {
			if !again[p.ID] {
				t.Errorf("part %s is not listed again", p.ID)
			}
		}
	}
}

func testLongValues(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE docs (id INT PRIMARY KEY, lt LONGTEXT CHARACTER SET latin1, lb LONGBLOB, j JSON, g GEOMETRY)",
		"INSERT INTO docs SELECT seq, 'short', 'short', NULL, NULL FROM seq_1_to_9",
		"UPDATE docs SET lt=REPEAT('é',3000000) WHERE id=3",
		"UPDATE docs SET lb=REPEAT(X'ff00fe',1500000), lt=REPEAT('x',1048577) WHERE id=5",
		"UPDATE docs SET lb=REPEAT('y',1048576) WHERE id=6", // exactly the limit
		`UPDATE docs SET j=CONCAT('{"a":"', REPEAT('ü',700000), '"}') WHERE id=9`,
		"UPDATE docs SET g=(SELECT ST_GeomFromText(CONCAT('LINESTRING(0 0', REPEAT(',1 1',100000), ')'))) WHERE id=7")
	for _, pages := range []int{1, 2, 10000} {
		s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = pages })
		r := readAll(t, t.Context(), s)
		r.clean(t)
		if len(r.rows[db+".docs"]) != 9 {
			t.Fatalf("%d rows", len(r.rows[db+".docs"]))
		}
		base := s.tableURI(db, "docs") + "?id="
		want := map[string]string{
			base + "3!/lt": strings.Repeat("é", 3000000),
			base + "5!/lb": strings.Repeat("\xff\x00\xfe", 1500000),
			base + "5!/lt": strings.Repeat("x", 1048577),
			base + "7!/g":  "",
			base + "9!/j":  `{"a":"` + strings.Repeat("ü", 700000) + `"}`,
		}
		for uri, n := range r.deferred {
			body, ok := want[uri]
			if !ok || n != 1 {
				t.Errorf("%s came %d times", uri, n)
				continue
			}
			it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
			if err != nil {
				t.Errorf("%s: %v", uri, err)
				continue
			}
			b, err := io.ReadAll(it.Body)
			if err != nil || body != "" && string(b) != body || body == "" && len(b) != 4+1+4+4+100001*16 {
				t.Errorf("%s: %d bytes, want %d: %v", uri, len(b), len(body), err)
			}
			if it.Ref.URI != uri || it.Ref.Locator.(Locator).Column == "" {
				t.Errorf("%s opens as %+v", uri, it.Ref)
			}
		}
		if len(r.deferred) != len(want) {
			t.Errorf("%d deferred values, want %d: %v", len(r.deferred), len(want), r.deferred)
		}
		resumeAll(t, s, r.parts)
	}
	// The row itself opens with its values, as far as they fit.
	s := open(t, m.Addr(), "root", db, nil)
	m.Exec(t, "UPDATE "+db+".docs SET lb=REPEAT('y',20*1024*1024) WHERE id=3")
	it, err := s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "docs") + "?id=3"})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := it.Block.Cell(0, 1); string(v) != strings.Repeat("é", 3000000) {
		t.Errorf("a long value opens with %d bytes", len(v))
	}
	if v, null := it.Block.Cell(0, 2); null || !strings.HasPrefix(string(v), "(20971520 bytes;") || len(v) >= 100 {
		t.Errorf("a very long value opens as %.100q, %v", v, null)
	}
	if _, null := it.Block.Cell(0, 3); !null {
		t.Error("NULL is not NULL")
	}
	// A value that changes while it is read is noticed.
	s = open(t, m.Addr(), "root", db, nil)
	it, err = s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "docs") + "?id=3!/lt"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(it.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	m.Exec(t, "UPDATE "+db+".docs SET lt=CONCAT(lt,'more') WHERE id=3")
	if _, err := io.Copy(io.Discard, it.Body); reason(err) != scanners.Vanished {
		t.Errorf("a value that changed: %v", err)
	}
}

// resumeAll resumes every part from every cursor and compares what comes.
func resumeAll(t *testing.T, s scanners.Source, parts []scanners.Part) {
	t.Helper()
	type event struct{ uri, cursor string }
	read := func(p scanners.Part) (all []event) {
		for it, err := range s.Items(t.Context(), p) {
			if err != nil {
				t.Error(err)
				continue
			}
			if it.Block == nil {
				all = append(all, event{it.Ref.URI, it.Cursor})
				continue
			}
			seen := map[string]int{}
			for i := range it.Block.Rows() {
				hash := it.Block.Hash([]byte(scannertest.RowKey), i)
				seen[hash]++
				e := event{uri: it.Block.Refs(i, hash, seen[hash]).URI}
				if i == it.Block.Rows()-1 {
					e.cursor = it.Cursor
				}
				all = append(all, e)
			}
		}
		return all
	}
	for _, p := range parts {
		all := read(p)
		for i, e := range all {
			if e.cursor == "" {
				continue
			}
			q := p
			q.Cursor = e.cursor
			var want, got []string
			for _, e := range all[i+1:] {
				want = append(want, e.uri)
			}
			for _, e := range read(q) {
				got = append(got, e.uri)
			}
			// Blocks may be cut differently: deferred values follow their page.
			if !sameSet(want, got) {
				t.Errorf("%s resumed from %s:\ngot  %q\nwant %q", p.ID, e.cursor, got, want)
			}
		}
	}
}

func sameSet(a, b []string) bool {
	n := map[string]int{}
	for _, s := range a {
		n[s]++
	}
	for _, s := range b {
		n[s]--
	}
	for _, c := range n {
		if c != 0 {
			return false
		}
	}
	return true
}

func testLongValuesWithoutKey(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE docs (who VARCHAR(10), lb LONGBLOB, lt LONGTEXT)",
		"INSERT INTO docs VALUES ('a','s','s'),('b',REPEAT('1',3000000),'s'),('b',NULL,'s'),('b',REPEAT('2',3000001),'s'),('c',REPEAT('z',2000000),REPEAT('é',2000000))")
	for _, pages := range []int{1, 3, 100} {
		s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = pages })
		r := readAll(t, t.Context(), s)
		r.clean(t)
		sums := map[string]int{}
		for uri, n := range r.deferred {
			it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
			if err != nil || n != 1 {
				t.Errorf("%s, %d times: %v", uri, n, err)
				continue
			}
			b, err := io.ReadAll(it.Body)
			if err != nil {
				t.Errorf("%s: %v", uri, err)
			}
			sums[fmt.Sprintf("%x", sha256.Sum256(b))]++
		}
		for _, want := range []string{strings.Repeat("1", 3000000), strings.Repeat("2", 3000001), strings.Repeat("z", 2000000), strings.Repeat("é", 2000000)} {
			if sums[fmt.Sprintf("%x", sha256.Sum256([]byte(want)))] != 1 {
				t.Errorf("pages of %d: value of %d bytes %.5q did not come once", pages, len(want), want)
			}
		}
		resumeAll(t, s, r.parts)
	}
}

func testHistory(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE v (id INT PRIMARY KEY, email VARCHAR(50)) WITH SYSTEM VERSIONING",
		"INSERT INTO v VALUES (1,'old@example.org'),(2,'two@example.org')",
		"UPDATE v SET email='new@example.org' WHERE id=1",
		"DELETE FROM v WHERE id=2",
		`CREATE TABLE x (id INT PRIMARY KEY, email VARCHAR(50), rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
			re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(rs, re)) WITH SYSTEM VERSIONING`,
		"INSERT INTO x VALUES (1,'old@example.org',DEFAULT,DEFAULT),(2,'two@example.org',DEFAULT,DEFAULT)",
		"UPDATE x SET email='new@example.org' WHERE id=1",
		"DELETE FROM x WHERE id=2",
		"CREATE SEQUENCE sq")
	for _, pages := range []int{1, 100} {
		s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = pages })
		r := readAll(t, t.Context(), s)
		r.clean(t)
		for _, table := range []string{"v", "x"} {
			rows := r.rows[db+"."+table]
			if len(rows) != 3 {
				t.Errorf("%s: %d rows, want 3 with those of the past: %+v", table, len(rows), rows)
			}
			for _, row := range rows {
				if strings.Contains(row.ref.URI, "row-hmac") {
					t.Errorf("%s has no key", row.ref.URI)
				}
			}
			r.reopen(t, s, db+"."+table, 1)
		}
	}
}

func testDefinitions(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE clients (id INT PRIMARY KEY COMMENT 'mark-column', e VARCHAR(50) DEFAULT 'mark-default') COMMENT 'mark-table'",
		"CREATE VIEW vip AS SELECT id FROM clients WHERE e='mark-view'",
		"CREATE TABLE same (id INT)",
		"CREATE TRIGGER same BEFORE INSERT ON clients FOR EACH ROW SET NEW.e='mark-trigger'",
		"CREATE PROCEDURE same() SELECT 'mark-procedure'",
		"CREATE FUNCTION same() RETURNS TEXT RETURN 'mark-function'",
		"CREATE EVENT same ON SCHEDULE EVERY 1 YEAR COMMENT 'mark-comment' DO SELECT 'mark-event'",
		"INSERT INTO clients VALUES (1,'x')")
	m.Exec(t, "ALTER DATABASE "+db+" COMMENT 'mark-schema'")
	s := open(t, m.Addr(), "root", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	all := ""
	for uri, body := range r.bodies {
		all += body
		it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		if b, _ := io.ReadAll(it.Body); string(b) != body || it.Ref.URI != uri {
			t.Errorf("%s opens with %q, want %q", uri, b, body)
		}
	}
	for _, mark := range []string{"schema", "table", "column", "default", "view", "trigger", "procedure", "function", "event", "comment"} {
		if !strings.Contains(all, "mark-"+mark) {
			t.Errorf("mark-%s is not in any definition", mark)
		}
	}
	if len(r.rows[db+".vip"]) != 0 {
		t.Error("the rows of a view were read")
	}
	if _, ok := r.bodies[s.tableURI(db, "vip")+"#definition"]; !ok {
		t.Error("the view has another URI")
	}
	if _, ok := r.bodies[s.tableURI(db, "same")+"?kind=trigger#definition"]; !ok {
		t.Error("the trigger has another URI")
	}
	for _, p := range r.parts {
		if p.ID == db+"#definitions" {
			resumeAll(t, s, []scanners.Part{p})
		}
	}
	for _, uri := range []string{"none#definition", "same?kind=view#definition", "none?kind=procedure#definition", "none?kind=trigger#definition", "none?kind=event#definition", "none?id=1"} {
		if _, err := s.Open(t.Context(), scanners.Ref{URI: s.base + db + "/" + uri}); reason(err) != scanners.Vanished && !strings.Contains(uri, "kind=view") {
			t.Errorf("%s: %v, want vanished", uri, err)
		}
	}
}

func account(t *testing.T, m *testenv.MariaDB, name string, grants ...string) {
	t.Helper()
	m.Exec(t, "CREATE USER "+name+"@'%'")
	for _, g := range grants {
		m.Exec(t, "GRANT "+g+" TO "+name+"@'%'")
	}
}

func testColumnPrivileges(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE c (a INT, b INT, open_v TEXT, hidden_v TEXT, PRIMARY KEY (a,b))",
		"INSERT INTO c VALUES (1,1,'x','secret'),(1,2,'y','secret'),(1,3,'z','secret'),(2,1,'w','secret')",
		"CREATE TABLE k (id INT PRIMARY KEY, v VARCHAR(10), w VARCHAR(10))",
		"INSERT INTO k VALUES (1,'a','x'),(2,'b','y')")
	// A part of the key is out of sight: what is left of it names no row.
	account(t, m, "half", "SELECT (a, open_v) ON "+db+".c", "SELECT (id, v), INSERT (w) ON "+db+".k")
	s := open(t, m.Addr(), "half", db, func(c *Config) { c.PageRows = 1 })
	r := readAll(t, t.Context(), s)
	if rows := r.rows[db+".c"]; len(rows) != 4 || len(rows[0].table.Columns) != 2 || len(rows[0].table.Key) != 0 {
		t.Errorf("c: %+v", rows)
	}
	r.reopen(t, s, db+".c", 1)
	if rows := r.rows[db+".k"]; len(rows) != 2 || rows[1].get("v") != "b" {
		t.Errorf("k: %+v", rows)
	}
	r.reopen(t, s, db+".k", 1)
	if len(r.gaps) == 0 || len(r.errs) > 0 {
		t.Errorf("gaps %v, errors %v; want gaps for the columns", r.gaps, r.errs)
	}
	found := false
	for _, g := range r.gaps {
		found = found || g.Reason == scanners.Denied && strings.HasSuffix(g.Detail, "column w")
	}
	if !found {
		t.Errorf("no gap for column w: %v", r.gaps)
	}
	ok := true
	for _, c := range s.Check(t.Context()) {
		ok = ok && c.OK
		if !c.OK {
			t.Logf("%+v", c)
		}
	}
	if ok {
		t.Error("the check finds nothing wrong")
	}
}

func testDenied(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE a (id INT PRIMARY KEY, v TEXT)", "INSERT INTO a SELECT seq,'v' FROM seq_1_to_3000",
		"CREATE TABLE b (id INT PRIMARY KEY, v TEXT)", "INSERT INTO b SELECT seq,'v' FROM seq_1_to_10",
		"CREATE VIEW vw AS SELECT * FROM a",
		"CREATE PROCEDURE p() SELECT 'text'", "ANALYZE TABLE a, b")
	account(t, m, "limited", "SELECT ON "+db+".a", "SELECT ON "+db+".vw", "INSERT ON "+db+".b", "EXECUTE ON "+db+".*")
	s := open(t, m.Addr(), "limited", db, func(c *Config) { c.PageRows = 100; c.Connections = 1 })
	r := newResult()
	for p, err := range s.Parts(t.Context()) {
		if r.fault(err) {
			continue
		}
		revoked := false
		for it, err := range s.Items(t.Context(), p) {
			if !r.fault(err) {
				r.item(t, it)
			}
			if strings.HasSuffix(p.ID, "/a") && it.Block != nil && !revoked {
				revoked = true
				m.Exec(t, "REVOKE SELECT ON "+db+".a FROM limited@'%'")
			}
		}
	}
	got := int64(len(r.rows[db+".a"]))
	if got == 0 || got >= 3000 {
		t.Fatalf("%d rows", got)
	}
	var a, b, proc *scanners.Gap
	for _, g := range r.gaps {
		switch {
		case strings.HasSuffix(g.URI, "/a"):
			a = g
		case strings.HasSuffix(g.URI, "/b"):
			b = g
		case strings.Contains(g.URI, "kind=procedure"):
			proc = g
		}
	}
	if a == nil || a.Reason != scanners.Denied || a.Units < 2000 || a.Bytes == 0 {
		t.Errorf("revoked: gap %+v", a)
	}
	if b == nil || b.Reason != scanners.Denied || b.Units < 5 {
		t.Errorf("no right: gap %+v", b)
	}
	if proc == nil || proc.Reason != scanners.Denied {
		t.Errorf("hidden procedure: gap %+v", proc)
	}
	if _, err := s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "b") + "?id=1"}); reason(err) != scanners.Denied {
		t.Errorf("open: %v", err)
	}
	// Wrong password: an error that is not a gap, without the server's words.
	bad := open(t, m.Addr(), "nobody_such", db, nil)
	r = readAll(t, t.Context(), bad)
	if len(r.errs) != 1 || strings.Contains(r.errs[0].Error(), "nobody_such") || scanners.ReasonOf(r.errs[0]) != scanners.Denied {
		t.Errorf("unknown account: %v", r.errs)
	}
}

// What an account may not even see is a gap, and where it may see all there is none.
func testUnlisted(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE ty (id INT PRIMARY KEY, v VARCHAR(10))", "INSERT INTO ty VALUES (1,'a'),(2,'b')",
		"CREATE TRIGGER tr BEFORE INSERT ON ty FOR EACH ROW SET NEW.v='x'",
		"CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO SELECT 1")
	pattern := strings.ReplaceAll(ident(db), "_", `\_`)
	m.Exec(t, "CREATE ROLE reader", "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO reader")
	for _, test := range []struct {
		account string
		grants  []string
		schema  string
		include []string
		want    []string // place and detail of each gap
	}{
		{"u_nothing", nil, "", nil, []string{"schemas: without SELECT or SHOW DATABASES"}},
		{"u_select", []string{"SELECT, SHOW VIEW ON *.*"}, "", []string{db}, []string{db + ": without TRIGGER, EVENT on "}},
		{"u_select2", []string{"SELECT, SHOW VIEW ON *.*"}, db, nil, []string{db + ": without TRIGGER, EVENT on "}},
		{"u_column", []string{"SELECT(id) ON " + db + ".ty"}, db, nil, []string{
			db + ": without SELECT, TRIGGER, EVENT, EXECUTE on ", db + " / ty: without SELECT on the whole table",
		}},
		{"u_all", []string{"SELECT, SHOW VIEW, TRIGGER, EVENT ON *.*"}, "", []string{db}, nil},
		{"u_schema", []string{"SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON " + ident(db) + ".*"}, db, nil, nil},
		{"u_pattern", []string{"SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON " + pattern + ".*"}, db, nil, nil},
		{"u_wild", []string{"SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON `s_test%`.*"}, db, nil, nil},
		{"u_schema_all", []string{"ALL ON " + ident(db) + ".*"}, db, nil, nil},
		{"u_included", []string{"ALL ON " + ident(db) + ".*"}, "", []string{db}, nil},
		{"u_server", []string{"ALL ON " + ident(db) + ".*"}, "", nil, nil}, // it is there for that schema
		{"u_tables", []string{"SELECT, EVENT, EXECUTE ON " + ident(db) + ".*", "TRIGGER ON " + db + ".ty"}, db, nil, nil},
		{"u_role", []string{"reader"}, "", []string{db}, nil},
		{"u_public", nil, db, nil, nil},
		{"u_idle_role", []string{"reader"}, "", nil, []string{"schemas: without SELECT or SHOW DATABASES"}},
	} {
		account(t, m, test.account, test.grants...)
		if test.account == "u_public" {
			m.Exec(t, "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON "+ident(db)+".* TO PUBLIC")
		}
		if test.account == "u_role" {
			m.Exec(t, "SET DEFAULT ROLE reader FOR u_role@'%'")
		}
		s := open(t, m.Addr(), test.account, test.schema, func(c *Config) { c.Schemas.Include = test.include })
		r := readAll(t, t.Context(), s)
		if test.account == "u_public" {
			m.Exec(t, "REVOKE ALL ON "+ident(db)+".* FROM PUBLIC")
		}
		ok := len(r.gaps) == len(test.want) && len(r.errs) == 0
		for i, g := range r.gaps {
			ok = ok && g.Reason == scanners.Denied && g.URI != "" && strings.HasPrefix(g.Place+": "+g.Detail, test.want[i])
		}
		if !ok {
			t.Errorf("%s: errors %v, want gaps %q, got", test.account, r.errs, test.want)
			for _, g := range r.gaps {
				t.Errorf("  %s: %v", g.Place, g)
			}
		}
	}
	s := open(t, m.Addr(), "root", "", func(c *Config) { c.Schemas.Include = []string{db, "mysql", "nosuch"} })
	readAll(t, t.Context(), s).clean(t)
}

// A schema that is left out is no gap when the server goes away.
func testExcludedOffline(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
	for _, name := range []string{"aa_out", "zz_out1", "zz_out2"} {
		m.Exec(t, "CREATE DATABASE "+name)
		defer m.Exec(t, "DROP DATABASE "+name)
	}
	proxy := testenv.NewProxy(t, m.Addr())
	s := open(t, proxy.Addr(), "root", "", func(c *Config) {
		c.Schemas.Include = []string{db}
		c.Timeout = 300 * time.Millisecond
	})
	r := newResult()
	for _, err := range s.Parts(t.Context()) {
		if !r.fault(err) {
			proxy.Stall(true)
		}
	}
	if len(r.gaps) != 0 || len(r.errs) != 0 || len(r.excluded) < 4 {
		t.Errorf("gaps %v, errors %v, %d exclusions", r.gaps, r.errs, len(r.excluded))
	}
}

func testDropped(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE a (id INT PRIMARY KEY, v TEXT)", "INSERT INTO a SELECT seq,'v' FROM seq_1_to_3000", "ANALYZE TABLE a",
		"CREATE TABLE b (id INT PRIMARY KEY, v TEXT)", "INSERT INTO b VALUES (1,'x')")
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = 100 })
	r := newResult()
	for p, err := range s.Parts(t.Context()) {
		if r.fault(err) {
			continue
		}
		for it, err := range s.Items(t.Context(), p) {
			if !r.fault(err) {
				r.item(t, it)
			}
			if strings.HasSuffix(p.ID, "/a") {
				m.Exec(t, "DROP TABLE IF EXISTS "+db+".a")
			}
		}
	}
	if len(r.gaps) != 1 || r.gaps[0].Reason != scanners.Vanished || r.gaps[0].Units < 2000 || len(r.rows[db+".b"]) != 1 {
		t.Errorf("gaps %+v, other table %d rows", r.gaps, len(r.rows[db+".b"]))
	}
}

func testAltered(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY, v TEXT, w TEXT)", "INSERT INTO a SELECT seq,'v','w' FROM seq_1_to_1000")
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = 100 })
	r := newResult()
	altered := false
	for p, err := range s.Parts(t.Context()) {
		if r.fault(err) {
			continue
		}
		for it, err := range s.Items(t.Context(), p) {
			if !r.fault(err) {
				r.item(t, it)
			}
			if it.Block != nil && !altered {
				altered = true
				m.Exec(t, "ALTER TABLE "+db+".a DROP COLUMN w")
			}
		}
	}
	r.clean(t)
	if n := len(r.rows[db+".a"]); n != 1000 {
		t.Errorf("%d rows, want all", n)
	}
}

// Connections that the server kills in mid-scan are made again, and no row
// comes twice.
func testKilled(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE a (id INT PRIMARY KEY, v TEXT)", "INSERT INTO a SELECT seq,REPEAT('v',500) FROM seq_1_to_20000",
		"CREATE TABLE k (who INT, v TEXT)", "INSERT INTO k SELECT seq,REPEAT('v',500) FROM seq_1_to_20000")
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = 1000 })
	r := newResult()
	kills := 0
	for p, err := range s.Parts(t.Context()) {
		if r.fault(err) {
			continue
		}
		n := 0
		for it, err := range s.Items(t.Context(), p) {
			if !r.fault(err) {
				r.item(t, it)
			}
			if n++; n == 3 {
				kills += killAll(t, m)
			}
		}
	}
	r.clean(t)
	for _, table := range []string{"a", "k"} {
		if n := len(r.rows[db+"."+table]); n != 20000 {
			t.Errorf("%s: %d rows, want 20000", table, n)
		}
	}
	if kills < 2 {
		t.Errorf("%d connections were killed", kills)
	}
}

func killAll(t *testing.T, m *testenv.MariaDB) int {
	rows, err := m.Admin.Query("SELECT id FROM information_schema.processlist WHERE host LIKE '127.0.0.1%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		_, _ = m.Admin.Exec("KILL " + strconv.Itoa(id))
	}
	return len(ids)
}

// A server that stops answering, one that accepts and says nothing, and one that
// is not there: each ends within the limits.
func testStalled(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY, v TEXT)", "INSERT INTO a SELECT seq,'v' FROM seq_1_to_3000",
		"CREATE TABLE b (id INT PRIMARY KEY, v TEXT)", "INSERT INTO b SELECT seq,'v' FROM seq_1_to_3000", "ANALYZE TABLE a, b")
	proxy := testenv.NewProxy(t, m.Addr())
	s := open(t, proxy.Addr(), "root", db, func(c *Config) { c.PageRows = 100; c.Timeout = 300 * time.Millisecond })
	start := time.Now()
	r := newResult()
	var parts []scanners.Part
	for p, err := range s.Parts(t.Context()) {
		if !r.fault(err) {
			parts = append(parts, p)
		}
	}
	for _, p := range parts {
		for it, err := range s.Items(t.Context(), p) {
			if !r.fault(err) {
				r.item(t, it)
			}
			if it.Block != nil {
				proxy.Stall(true)
			}
		}
	}
	if d := time.Since(start); d > 15*time.Second {
		t.Errorf("took %v", d)
	}
	if len(r.gaps) != 2 || len(r.errs) != 0 {
		t.Errorf("gaps %v, errors %v, want a gap for each table", r.gaps, r.errs)
	}
	for _, g := range r.gaps {
		if g.Reason != scanners.Timeout || g.Units < 2000 {
			t.Errorf("gap %+v", g)
		}
	}
	proxy.Stall(false)
	r = readAll(t, t.Context(), s)
	r.clean(t)
	if n := len(r.rows[db+".b"]); n != 3000 {
		t.Errorf("after the server came back: %d rows", n)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, addr := range map[string]string{"silent": l.Addr().String(), "closed": "127.0.0.1:1"} {
		want, limit := scanners.Offline, 10*time.Second
		if name == "silent" {
			want, limit = scanners.Timeout, 2*time.Second
		}
		start := time.Now()
		s := open(t, addr, "root", "", func(c *Config) { c.Timeout = time.Second })
		r := readAll(t, t.Context(), s)
		if len(r.errs) != 1 || len(r.gaps) != 0 || time.Since(start) > limit {
			t.Errorf("%s: %v, %v after %v", name, r.errs, r.gaps, time.Since(start))
		} else if why := scanners.ReasonOf(r.errs[0]); why != want {
			t.Errorf("%s: %v is %s", name, r.errs[0], why)
		}
		if c := s.Check(t.Context()); len(c) != 1 || c[0].OK {
			t.Errorf("%s: check %+v", name, c)
		}
	}
	// Refused while others work.
	c, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Parts(c) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func testFilters(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE keep_a (id INT PRIMARY KEY)", "INSERT INTO keep_a VALUES (1),(2)",
		"CREATE TABLE drop_b (id INT PRIMARY KEY)", "INSERT INTO drop_b VALUES (1),(2),(3)", "ANALYZE TABLE drop_b")
	s := open(t, m.Addr(), "root", "", func(c *Config) {
		c.Schemas = Filter{Include: []string{db}}
		c.Tables = Filter{Exclude: []string{"*.drop_*"}}
	})
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows) != 1 || len(r.rows[db+".keep_a"]) != 2 {
		t.Errorf("%v", r.rows)
	}
	found, others := false, 0
	for _, x := range r.excluded {
		if x.Reason != scanners.ByConfig {
			t.Errorf("%+v", x)
		}
		if strings.HasSuffix(x.URI, "/drop_b") {
			found = x.Units == 3
		} else {
			others++
		}
	}
	if !found || others == 0 {
		t.Errorf("exclusions %+v", r.excluded)
	}
}

func testSystemSchema(t *testing.T, m *testenv.MariaDB) {
	m.Exec(t, "SET GLOBAL log_output='TABLE'", "SET GLOBAL general_log=ON")
	m.Exec(t, "SELECT 'someone@example.org'")
	m.Exec(t, "SET GLOBAL general_log=OFF")
	s := open(t, m.Addr(), "root", "", func(c *Config) { c.Schemas.Include = []string{"mysql"} })
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows["mysql.global_priv"]) == 0 {
		t.Error("mysql.global_priv was not read")
	}
	found := false
	for _, row := range r.rows["mysql.general_log"] {
		found = found || strings.Contains(row.get("argument"), "someone@example.org")
	}
	if !found {
		t.Error("mysql.general_log was not read")
	}
	for _, p := range r.parts {
		if strings.Contains(p.ID, "information_schema") || strings.HasPrefix(p.ID, "sys") {
			t.Errorf("part %s", p.ID)
		}
	}
}

func testReadOnly(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)")
	s := open(t, m.Addr(), "root", db, nil)
	_, err := s.query(t.Context(), "INSERT INTO "+db+".a VALUES (1)", func([]sql.RawBytes) error { return nil })
	if serverError(err) != 1792 {
		t.Errorf("a write: %v", err)
	}
}

func testCheck(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "CREATE PROCEDURE p() SELECT 1")
	s := open(t, m.Addr(), "root", "", nil)
	for _, c := range s.Check(t.Context()) {
		if !c.OK {
			t.Errorf("%+v", c)
		}
	}
	account(t, m, "weak", "SELECT ON "+db+".a", "INSERT ON "+db+".b", "EXECUTE ON "+db+".*")
	s = open(t, m.Addr(), "weak", db, nil)
	var bad []scanners.Check
	for _, c := range s.Check(t.Context()) {
		if !c.OK {
			bad = append(bad, c)
		}
	}
	if len(bad) != 4 { // see everything, table b, its column, routine p
		t.Errorf("%+v", bad)
	}
	for _, c := range bad {
		// The remedy is a statement that works, one after the other.
		q, _, _ := strings.Cut(c.Remedy, " -- ")
		m.Exec(t, q)
	}
	for _, c := range s.Check(t.Context()) {
		if !c.OK {
			t.Errorf("after the remedies: %+v", c)
		}
	}
}

func testSocket(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
	c := &Config{Socket: m.Socket, User: "root", Schemas: Filter{Include: []string{db}}}
	s, err := c.Open(t.Context(), scanners.Env{Name: "db", RowKey: []byte(scannertest.RowKey)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows[db+".a"]) != 1 {
		t.Errorf("%v", r.rows)
	}
	r.reopen(t, s, db+".a", 1)
}

func testConformance(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE clients (id INT PRIMARY KEY COMMENT 'marker-000c', email VARCHAR(100), note MEDIUMTEXT, hidden VARCHAR(30) INVISIBLE)",
		"INSERT INTO clients (id,email,note,hidden) SELECT seq, CONCAT('marker-',LPAD(seq,5,'a'),'@example.org'), REPEAT('text ',seq MOD 50), 'x' FROM seq_1_to_1500",
		"UPDATE clients SET hidden='marker-hidden' WHERE id=700",
		"CREATE TABLE names (n VARCHAR(60), m INT, b VARBINARY(20), PRIMARY KEY (n,m))",
		"INSERT INTO names SELECT CONCAT(IF(seq MOD 2,'N','n'),seq MOD 100,'/!'), seq, UNHEX(MD5(seq)) FROM seq_1_to_700",
		"CREATE TABLE logs (who VARCHAR(30), what VARCHAR(50))",
		"INSERT INTO logs SELECT CONCAT('w',seq MOD 5), 'marker-log' FROM seq_1_to_300",
		"CREATE VIEW v AS SELECT id FROM clients WHERE email='marker-view'",
		"CREATE TRIGGER tr BEFORE INSERT ON clients FOR EACH ROW SET NEW.note='marker-trigger'",
		"CREATE TABLE closed (id INT PRIMARY KEY)", "INSERT INTO closed VALUES (1)")
	account(t, m, "suite", "SELECT, SHOW VIEW, TRIGGER ON "+db+".clients", "SELECT ON "+db+".names", "SELECT ON "+db+".logs",
		"SELECT, SHOW VIEW ON "+db+".v", "INSERT ON "+db+".closed")
	planted := []string{"marker-000c", "marker-hidden", "marker-log", "marker-view", "marker-trigger", "marker-aaaa1@", "marker-a1500@"}
	small := func(c *Config) { c.PageRows = 100 }
	scannertest.Run(t, scannertest.Fixture{
		Open:       func(t *testing.T) scanners.Source { return open(t, m.Addr(), "suite", db, small) },
		Planted:    planted,
		Unreadable: []string{db + "/closed"},
		Broken: func(t *testing.T, after int64) scanners.Source {
			p := testenv.NewProxy(t, m.Addr())
			p.CutAfter(after)
			return open(t, p.Addr(), "suite", db, func(c *Config) { c.PageRows = 100; c.Timeout = 2 * time.Second })
		},
		State: func(t *testing.T) string {
			var b bytes.Buffer
			for _, table := range []string{"clients", "names", "logs", "closed"} {
				var name string
				var sum int64
				if err := m.Admin.QueryRow("CHECKSUM TABLE "+db+"."+table).Scan(&name, &sum); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&b, table, sum)
			}
			return b.String()
		},
		Vanished: []string{
			"mysql://" + m.Addr() + "/" + db + "/clients?id=99999",
			"mysql://" + m.Addr() + "/" + db + "/none?id=1",
			"mysql://" + m.Addr() + "/" + db + "/logs?row-hmac=00",
			"mysql://" + m.Addr() + "/" + db + "/none#definition",
		},
	})
}

func testLookup(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE clients (id INT PRIMARY KEY, email VARCHAR(50))",
		"INSERT INTO clients SELECT seq, CONCAT('p',seq,'@example.org') FROM seq_1_to_2000",
		"CREATE TABLE orders (client INT, what VARCHAR(20), FOREIGN KEY (client) REFERENCES clients (id))",
		"INSERT INTO orders SELECT 1+seq MOD 100, 'thing' FROM seq_1_to_1000")
	s := open(t, m.Addr(), "root", db, nil)
	rel, err := s.Relations(t.Context())
	if err != nil || len(rel) != 1 || !reflect.DeepEqual(rel[0], scanners.Relation{Table: db + ".orders", Column: "client", RefTable: db + ".clients", RefColumn: "id", OnDelete: "RESTRICT"}) {
		t.Errorf("%+v, %v", rel, err)
	}
	look := func(table, column string, values ...string) int {
		r := newResult()
		for it, err := range s.Lookup(t.Context(), table, column, values) {
			if !r.fault(err) {
				r.item(t, it)
			}
		}
		r.clean(t)
		r.reopen(t, s, table, 1)
		return len(r.rows[table])
	}
	if n := look(db+".clients", "email", "p7@example.org", "P8@EXAMPLE.org", "no'body"); n != 2 {
		t.Errorf("by e-mail: %d rows, want 2", n)
	}
	if n := look(db+".orders", "client", "7", "x", "8"); n != 20 {
		t.Errorf("by client: %d rows, want 20", n)
	}
}

func TestParseGrant(t *testing.T) {
	for line, want := range map[string]string{
		"GRANT USAGE ON *.* TO `u`@`%`":                                          "{false   [USAGE] []} true",
		"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION":    "{false   [ALL PRIVILEGES] []} true",
		"GRANT SELECT, SHOW VIEW ON `a\\_b`.* TO `u`@`%`":                        "{false a\\_b  [SELECT SHOW VIEW] []} true",
		"GRANT SELECT (`i ON d`, `a,``b)`), INSERT ON `d`.`t TO x.y` TO `u`@`%`": "{false d t TO x.y [INSERT] [SELECT]} true",
		"REVOKE SELECT ON `mysql`.* FROM `u`@`%`":                                "{true mysql  [SELECT] []} true",
		"GRANT `reader` TO `u`@`%`":                                              "{false   [] []} false",
		"GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION":          "{false   [] []} false",
		"GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`@`%`":                          "{false   [] []} false",
		"": "{false   [] []} false",
	} {
		g, ok := parseGrant(line)
		if got := fmt.Sprint(g, ok); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"d", "d", true},
		{"d", "e", false},
		{"d%", "dump", true},
		{"%a%b", "xaxxb", true},
		{"%a%b", "xaxxbc", false},
		{`a\_b`, "a_b", true},
		{`a\_b`, "axb", false},
		{"a_b", "aéb", true},
		{"%", "", true},
		{"_", "", false},
		{`\%`, "%", true},
		{`\%`, "x", false},
	} {
		if got := like(test.pattern, test.name); got != test.want {
			t.Errorf("%q like %q: %v", test.name, test.pattern, got)
		}
	}
	gs := grants{}
	for _, line := range []string{"GRANT SELECT, TRIGGER ON *.* TO `u`@`%`", "REVOKE SELECT ON `mysql`.* FROM `u`@`%`"} {
		g, _ := parseGrant(line)
		gs = append(gs, g)
	}
	if !gs.on("d", "", "SELECT") || gs.on("mysql", "", "SELECT") || !gs.on("mysql", "", "TRIGGER") || gs.on("d", "", "EVENT") {
		t.Error("a partial revoke is not understood")
	}
}

func TestConfig(t *testing.T) {
	for target, want := range map[string]string{
		"mysql://u@db.example.org:3307/shop": "",
		"mysql://u@[2001:db8::1]/":           "",
		"mariadb://u@db.example.org":         "",
		"mysql://u:geheim@db.example.org/":   "MYSQL_PWD or password_file",
		"mysql://u@h/a/b":                    "ends with the schema",
		"mysql://u@h/?tls=1":                 "no query",
		"mysql://u@h:0/":                     "port",
		"mysql://u:ge%zzheim@h":              "malformed",
		"postgres://u@h/":                    "must look like",
		"mysql://h/":                         "user is missing",
		"mysql:///x":                         "host",
	} {
		t.Setenv("MYSQL_HOST", "")
		t.Setenv("MYSQL_UNIX_PORT", "")
		c := Kind().Config().(*Config)
		err := c.Target(target)
		if err == nil {
			err = c.Validate()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "heim") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("the error holds the password: %v", err)
		}
	}
	t.Setenv("MYSQL_HOST", "db.example.org")
	t.Setenv("MYSQL_TCP_PORT", "3310")
	c := new(Config)
	if err := c.Target("mysql://u@"); err != nil || c.Host != "db.example.org" || c.Port != 3310 {
		t.Errorf("from the environment: %+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	s := &source{base: "mysql://127.0.0.1:3306/"}
	for _, uri := range []string{
		"a/b?id=1", "a/b?row-hmac=00&n=2", "a/b#definition", "a/b?kind=trigger#definition", "a#definition",
		"a/b?id=1!/col", "a/b?%ff=%00&x=%21%2F", "a/%2E%2E?x=", "a", "/", "?", "a/b?id=1&id", "a/b?n=0&row-hmac=1",
	} {
		f.Add(s.base+uri, `{"k":["1"],"n":3,"b":2}`, "12")
	}
	tab := &table{schema: "a", name: "b", cols: []column{{name: "id", typ: "int"}, {name: "t", typ: "varchar", charset: "utf8mb4"}, {name: "b", typ: "varbinary"}}}
	tab.key = []keyCol{{col: 0, compare: "`id`"}, {col: 1, kind: quoted, compare: "`t`"}, {col: 2, kind: hexed, charset: "binary", compare: "`b`"}}
	f.Fuzz(func(t *testing.T, uri, cur, v string) {
		p, err := s.parse(uri)
		if err == nil && !p.definition {
			p.hash()
			_, _ = tab.whereKey(p.query)
		}
		if c, err := parseCursor(cur); err == nil {
			again, err := parseCursor(c.String())
			if err != nil || again.String() != c.String() {
				t.Errorf("cursor %q is not stable", cur)
			}
			_, _ = tab.compareKey(">", c.Key)
		}
		// What a row's URI says is what comes out of it.
		values := []string{"7", strings.ToValidUTF8(v, "?"), v}
		ref := s.rowRef(tab, func(i int) []byte { return []byte(values[i]) })
		q, err := s.parse(ref.URI)
		if err != nil || len(q.query) != 3 || q.query[1][1] != values[1] || q.query[2][1] != v {
			t.Errorf("%s: %+v, %v", ref.URI, q, err)
		}
		// A literal never ends before its value does.
		lit := text(v)
		if in := lit[1 : len(lit)-1]; lit[0] == '\'' && strings.Contains(strings.ReplaceAll(in, "''", ""), "'") {
			t.Errorf("literal %q", lit)
		}
	})
}
