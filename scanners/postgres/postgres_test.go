package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// open returns a source on the server, closed at the end of the test.
func open(t testing.TB, addr, user, database string, change func(*Config)) *source {
	t.Helper()
	c := &Config{Timeout: 10 * time.Second}
	if err := c.Target("postgres://" + user + "@" + addr + "/" + database); err != nil {
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
	deferred []string
	gaps     []*scanners.Gap
	excluded []*scanners.Exclusion
	parts    []scanners.Part
	errs     []error
	biggest  int
}

func newResult() *result { return &result{rows: map[string][]row{}, bodies: map[string]string{}} }

func readAll(t testing.TB, ctx context.Context, s scanners.Source) *result {
	t.Helper()
	r := newResult()
	for p, err := range s.Parts(ctx) {
		if r.fault(err) {
			continue
		}
		r.parts = append(r.parts, p)
	}
	for _, p := range r.parts {
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
		r.deferred = append(r.deferred, it.Ref.URI)
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
		t.Errorf("gap: %v (%s %s): %v", g, g.URI, g.Place, g.Err)
	}
	for _, e := range r.errs {
		t.Errorf("error: %v: %v", e, errors.Unwrap(e))
	}
}

// body returns the text of the first definition that holds want.
func (r *result) body(want string) string {
	for _, b := range r.bodies {
		if strings.Contains(b, want) {
			return b
		}
	}
	return ""
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

// read opens a URI and returns its body.
func read(t testing.TB, s scanners.Source, uri string) (string, error) {
	t.Helper()
	it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
	if err != nil {
		return "", err
	}
	defer it.Close()
	if it.Body == nil {
		return "", errors.New("no body")
	}
	b, err := io.ReadAll(it.Body)
	return string(b), err
}

func TestPostgres(t *testing.T) {
	m := testenv.NewPostgres(t)
	for _, test := range []struct {
		name string
		f    func(*testing.T, *testenv.Postgres)
	}{
		{"Types", testTypes},
		{"StrangeNames", testStrangeNames},
		{"Keys", testKeys},
		{"Keyless", testKeyless},
		{"Blocked", testBlocked},
		{"OldServer", testOldServer},
		{"Split", testSplit},
		{"LongValues", testLongValues},
		{"Inheritance", testInheritance},
		{"Views", testViews},
		{"Definitions", testDefinitions},
		{"LargeObjects", testLargeObjects},
		{"Encodings", testEncodings},
		{"Databases", testDatabases},
		{"Denied", testDenied},
		{"Policies", testPolicies},
		{"Dropped", testDropped},
		{"Truncated", testTruncated},
		{"Altered", testAltered},
		{"Locked", testLocked},
		{"Corrupt", testCorrupt},
		{"Killed", testKilled},
		{"Moved", testMoved},
		{"Stalled", testStalled},
		{"Restarted", testRestarted},
		{"Filters", testFilters},
		{"ReadOnly", testReadOnly},
		{"Rate", testRate},
		{"Since", testSince},
		{"Lag", testLag},
		{"Check", testCheck},
		{"Lookup", testLookup},
		{"Socket", testSocket},
		{"ManyTables", testManyTables},
		{"Conformance", testConformance},
	} {
		t.Run(test.name, func(t *testing.T) { test.f(t, m) })
	}
}

// newDatabase makes one for the test, and removes it at the end.
func newDatabase(t *testing.T, m *testenv.Postgres, statements ...string) string {
	t.Helper()
	name := "d_" + strings.ToLower(strings.NewReplacer("/", "_", "#", "_").Replace(t.Name()))
	m.Exec(t, "postgres", "CREATE DATABASE "+ident(name))
	t.Cleanup(func() {
		m.Leave(name)
		m.Exec(t, "postgres", "DROP DATABASE "+ident(name)+" WITH (FORCE)")
	})
	m.Exec(t, name, statements...)
	return name
}

// account makes a user that may log in.
func account(t *testing.T, m *testenv.Postgres, database, name string, grants ...string) {
	t.Helper()
	m.Exec(t, database, "CREATE ROLE "+name+" LOGIN")
	for _, g := range grants {
		m.Exec(t, database, "GRANT "+g+" TO "+name)
	}
	t.Cleanup(func() {
		m.Exec(t, database, "DROP OWNED BY "+name)
		m.Exec(t, database, "DROP ROLE "+name)
	})
}

func testTypes(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE EXTENSION IF NOT EXISTS hstore", "CREATE EXTENSION IF NOT EXISTS citext",
		"CREATE TYPE mood AS ENUM ('sad','blij')", "CREATE TYPE person AS (name text, born date)", "CREATE DOMAIN mail AS text CHECK (VALUE ~ '@')",
		"CREATE DOMAIN work AS mail", "CREATE DOMAIN blob AS bytea",
		`CREATE TABLE types (id int PRIMARY KEY, s smallint, b bigint, n numeric, n2 numeric(60,10), f real, d double precision, m money, yes bool,
			c char(10), v varchar(50), tx text, nm name, ch "char", ci citext, by bytea, bb blob, bys bytea[], ts timestamp, tz timestamptz, da date, ti time, tiz timetz, iv interval,
			u uuid, j json, jb jsonb, h hstore, i inet, ci2 cidr, ma macaddr, x xml, tv tsvector, tq tsquery, bi bit(5), vb bit varying, e mood, p person, ps person[],
			r int4range, mr nummultirange, ar text[], ar2 int[][], ml mail, wk work, pt point, ln line, pl polygon, ci3 circle, bx box, pa path, o oid, rc regclass,
			gen text GENERATED ALWAYS AS ('gen-'||v) STORED)`,
		`INSERT INTO types VALUES (1,-5,9223372036854775807,12345678901234567890.000000000000001,1.5,1.1,0.1,'12.50',true,
			'ab','Zoë 😀',E'tab\there\nline \\ back','nm','x','Zoe@Example.BE','\x00ff41','\x504b','{"\\x6162","\\x00ff",NULL}','2026-01-02 03:04:05.000001','2026-01-02 03:04:05+02','0044-03-15 BC','23:59:59.5','12:00+01','1 year 2 days 03:00',
			'123e4567-e89b-12d3-a456-426655440000','{"k":"v\u00fc"}','{"k": "v\u00fc", "a": [1]}','a=>b,"c d"=>NULL','2001:db8::1/64','192.0.2.0/24','08:00:2b:01:02:03','<a>x</a>','the cat','a & b',B'10101',B'1',
			'blij',ROW('Zoë "Z"','1985-07-30'),ARRAY[ROW('a','2000-01-01')::person],'[1,5)','{[1.1,2.2]}','{a,"b c",NULL}','{{1,2},{3,4}}','z@example.be','w@example.be',
			'(1,2)','{1,2,3}','((0,0),(1,1))','<(0,0),1>','(1,1),(0,0)','[(0,0),(1,1)]',4294967295,'types')`,
		`INSERT INTO types (id) VALUES (2)`, `INSERT INTO types (id,tx,by,d,n) VALUES (3,'','','NaN','NaN')`)
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	rows := r.rows["public.types"]
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for column, want := range map[string]string{
		"id": "1", "s": "-5", "b": "9223372036854775807", "n": "12345678901234567890.000000000000001", "n2": "1.5000000000", "f": "1.1", "d": "0.1",
		"yes": "t", "c": "ab        ", "v": "Zoë 😀", "tx": "tab\there\nline \\ back", "nm": "nm", "ch": "x", "ci": "Zoe@Example.BE",
		"by": "\x00\xffA", "bb": "PK", "bys": "ab\n\x00\xff\nNULL", "ts": "2026-01-02 03:04:05.000001", "tz": "2026-01-02 01:04:05+00", "da": "0044-03-15 BC",
		"ti": "23:59:59.5", "tiz": "12:00:00+01", "iv": "1 year 2 days 03:00:00", "u": "123e4567-e89b-12d3-a456-426655440000", "j": `{"k":"v\u00fc"}`,
		"jb": `{"a": [1], "k": "vü"}`, "h": `"a"=>"b", "c d"=>NULL`, "i": "2001:db8::1/64", "ci2": "192.0.2.0/24", "ma": "08:00:2b:01:02:03", "x": "<a>x</a>",
		"tv": "'cat' 'the'", "tq": "'a' & 'b'", "bi": "10101", "vb": "1", "e": "blij", "p": `("Zoë ""Z""",1985-07-30)`, "ps": `{"(a,2000-01-01)"}`, "r": "[1,5)",
		"mr": "{[1.1,2.2]}", "ar": `{a,"b c",NULL}`, "ar2": "{{1,2},{3,4}}", "ml": "z@example.be", "wk": "w@example.be", "pt": "(1,2)", "ln": "{1,2,3}",
		"pl": "((0,0),(1,1))", "ci3": "<(0,0),1>", "bx": "(1,1),(0,0)", "pa": "[(0,0),(1,1)]", "o": "4294967295", "rc": "public.types", "gen": "gen-Zoë 😀",
	} {
		if got := rows[0].get(column); got != want {
			t.Errorf("%s = %q, want %q", column, got, want)
		}
	}
	if got := rows[0].get("m"); !strings.Contains(got, "12.50") {
		t.Errorf("m = %q", got)
	}
	for column, want := range map[string]string{"v": "\x00NULL", "by": "\x00NULL", "s": "\x00NULL"} {
		if got := rows[1].get(column); got != want {
			t.Errorf("%s = %q, want %q", column, got, want)
		}
	}
	if rows[2].get("tx") != "" || rows[2].get("by") != "" {
		t.Errorf("empty values: %q %q", rows[2].get("tx"), rows[2].get("by"))
	}
	r.reopen(t, s, "public.types", 1)
	for _, column := range []string{"v", "by", "jb", "ps"} {
		if b, err := read(t, s, rows[0].ref.URI+"!/"+column); err != nil || b != rows[0].get(column) {
			t.Errorf("value of %s: %q, %v", column, b, err)
		}
	}
	if b := r.body("blij"); !strings.Contains(b, "TYPE public.mood") {
		t.Errorf("definition of the enum: %q", b)
	}
	types := rows[0].table.Types
	for i, c := range rows[0].table.Columns {
		if want := map[string]string{"wk": "text", "ar": "text[]", "jb": "jsonb", "v": "varchar"}[c]; want != "" && types[i] != want {
			t.Errorf("type of %s is %q, want %q", c, types[i], want)
		}
	}
}

func testStrangeNames(t *testing.T, m *testenv.Postgres) {
	names := []string{"sla/sh", "quo'te", `dq"uote`, "back`tick", "ex!/clam", "uni Ω 名", "a.b", "per%cent", "ha#sh", "q?u=e&s", `back\slash`, "semi;", "Upper", "upper", "..", "select", "a b"}
	var q []string
	for i, n := range names {
		q = append(q, "CREATE TABLE "+ident(n)+" (\"i\"\"d!/ %&='\\\" int PRIMARY KEY, \"v'x\" text)",
			fmt.Sprintf("INSERT INTO %s VALUES (%d,'row of %d'),(1000,'x')", ident(n), i, i))
	}
	q = append(q, `CREATE SCHEMA "o'd""d/ !/sch.é"`, `CREATE TABLE "o'd""d/ !/sch.é".t (a varchar(20))`, `INSERT INTO "o'd""d/ !/sch.é".t VALUES ('odd'),('odd')`,
		`CREATE FUNCTION "f/!"(a text, "b'c" int) RETURNS int LANGUAGE sql AS 'SELECT 1'`)
	db := newDatabase(t, m, q...)
	odd := "o'd\"d/ !/db\\.é"
	m.Exec(t, "postgres", "CREATE DATABASE "+ident(odd))
	defer m.Exec(t, "postgres", "DROP DATABASE "+ident(odd)+" WITH (FORCE)")
	for _, db := range []string{db, odd} {
		s := open(t, m.Addr(), "spoor", scanners.EscapeSegment(db), nil)
		r := readAll(t, t.Context(), s)
		r.clean(t)
		if db != odd {
			r.reopen(t, s, "o'd\"d/ !/sch.é.t", 1)
			if rows := r.rows["o'd\"d/ !/sch.é.t"]; len(rows) != 2 || rows[1].ref.URI == rows[0].ref.URI {
				t.Errorf("rows of the odd schema: %v", rows)
			}
			for i, n := range names {
				rows := r.rows["public."+n]
				if len(rows) != 2 || rows[0].cells[1] != fmt.Sprintf("row of %d", i) {
					t.Errorf("%s: %+v", n, rows)
				}
				r.reopen(t, s, "public."+n, 1)
				got := newResult()
				for it, err := range s.Lookup(t.Context(), "public."+n, `i"d!/ %&='\`, []string{"1000"}) {
					if !got.fault(err) {
						got.item(t, it)
					}
				}
				got.clean(t)
				if len(got.rows["public."+n]) != 1 {
					t.Errorf("%s: looked up %v", n, got.rows)
				}
			}
		}
		ids := map[string]bool{}
		for _, p := range r.parts {
			ids[p.ID] = true
		}
		if len(ids) != len(r.parts) {
			t.Errorf("%d IDs of %d parts", len(ids), len(r.parts))
		}
		for uri, body := range r.bodies {
			if b, err := read(t, s, uri); err != nil || b != body {
				t.Errorf("%s opens as %q, %v, want %q", uri, b, err, body)
			}
		}
	}
}

// every type of key: rows open again by what their URIs say.
func testBlocked(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		`CREATE TABLE "cli-ents" (id int PRIMARY KEY)`, `INSERT INTO "cli-ents" VALUES (1)`,
		`CREATE TABLE orders (id int PRIMARY KEY, c int CONSTRAINT fk_orders REFERENCES "cli-ents")`, "INSERT INTO orders VALUES (1,1)",
		`CREATE TABLE notes (id int PRIMARY KEY, c int CONSTRAINT fk_notes REFERENCES "cli-ents" ON DELETE CASCADE)`,
		`CREATE TABLE logs (id int PRIMARY KEY, c int CONSTRAINT fk_logs REFERENCES "cli-ents" ON DELETE SET NULL)`,
		"CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'", `CREATE TRIGGER watch BEFORE DELETE ON "cli-ents" FOR EACH ROW EXECUTE FUNCTION no_more()`,
	)
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for name, want := range map[string][]string{
		"cli-ents": {"foreign key fk_notes of public.notes (ON DELETE CASCADE)", "foreign key fk_orders of public.orders", "trigger watch (BEFORE DELETE)"},
		"orders":   nil,
	} {
		rows := r.rows["public."+name]
		if len(rows) != 1 || !slices.Equal(rows[0].ref.Blocked, want) {
			t.Errorf("%s: %d rows, %+v, want %q", name, len(rows), rows, want)
		}
	}
}

func testKeys(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE EXTENSION citext", "CREATE TYPE mood AS ENUM ('z','a')", "CREATE TYPE pair AS (a int, b text)", "CREATE DOMAIN code AS varchar(10)",
		"CREATE COLLATION ci (provider=icu, locale='und-u-ks-level2', deterministic=false)",
		"CREATE TABLE k_text (k text PRIMARY KEY)", `INSERT INTO k_text VALUES ('a'),(''),(' '),('é'),('a''b'),(E'x\\y'),('😀'),(E'tab\t'),('!/&=#?+%')`,
		"CREATE TABLE k_ci (k text COLLATE ci PRIMARY KEY)", "INSERT INTO k_ci VALUES ('Zoë'),('b')",
		"CREATE TABLE k_citext (k citext PRIMARY KEY)", "INSERT INTO k_citext VALUES ('Zoë'),('b')",
		"CREATE TABLE k_char (k char(5) PRIMARY KEY)", "INSERT INTO k_char VALUES ('a'),('abcde')",
		"CREATE TABLE k_bytea (k bytea PRIMARY KEY)", `INSERT INTO k_bytea VALUES (''),('\x00'),('\xff00'),('\x5c78')`,
		"CREATE TABLE k_real (k real PRIMARY KEY)", "INSERT INTO k_real VALUES (1.1),(1.10001),(1.1000001),('NaN'),('-Infinity'),(1e20)",
		"CREATE TABLE k_float (k double precision PRIMARY KEY)", "INSERT INTO k_float VALUES (0.1),(1.1000000000000003),(1e300)",
		"CREATE TABLE k_num (k numeric PRIMARY KEY)", "INSERT INTO k_num VALUES (1.10),(12345678901234567890.0000000001),('NaN')",
		"CREATE TABLE k_ts (k timestamptz PRIMARY KEY)", "INSERT INTO k_ts VALUES ('2026-10-25 00:30:00.000001+00'),('infinity'),('0044-01-01 BC')",
		"CREATE TABLE k_iv (k interval PRIMARY KEY)", "INSERT INTO k_iv VALUES ('1 mon'),('-1 day 02:03:04.5')",
		"CREATE TABLE k_enum (k mood PRIMARY KEY)", "INSERT INTO k_enum VALUES ('z'),('a')",
		"CREATE TABLE k_pair (k pair PRIMARY KEY)", "INSERT INTO k_pair VALUES (ROW(1,'x y')),(ROW(2,NULL))",
		"CREATE TABLE k_arr (k text[] PRIMARY KEY)", `INSERT INTO k_arr VALUES ('{a,"b c"}'),('{}')`,
		"CREATE TABLE k_jsonb (k jsonb PRIMARY KEY)", `INSERT INTO k_jsonb VALUES ('{"a":1}'),('null')`,
		"CREATE TABLE k_uuid (k uuid PRIMARY KEY)", "INSERT INTO k_uuid VALUES (gen_random_uuid()),(gen_random_uuid())",
		"CREATE TABLE k_inet (k inet PRIMARY KEY)", "INSERT INTO k_inet VALUES ('192.0.2.1'),('2001:db8::/32')",
		"CREATE TABLE k_range (k int4range PRIMARY KEY)", "INSERT INTO k_range VALUES ('[1,5)'),('empty')",
		"CREATE TABLE k_bit (k bit varying PRIMARY KEY)", "INSERT INTO k_bit VALUES (B'101'),(B'')",
		"CREATE TABLE k_dom (k code PRIMARY KEY)", "INSERT INTO k_dom VALUES ('abc')",
		"CREATE TABLE k_bool (k bool PRIMARY KEY)", "INSERT INTO k_bool VALUES (true),(false)",
		"CREATE TABLE k_money (k money PRIMARY KEY)", "INSERT INTO k_money VALUES (12.5),(-1)",
		"CREATE TABLE k_comp (v text, b text, a int, c numeric, PRIMARY KEY (a,b,c))", "INSERT INTO k_comp VALUES ('r','x',1,1.0),('r','',1,1.5)",
		"CREATE TABLE k_uniq (v text, k text NOT NULL UNIQUE, n int UNIQUE, e text NOT NULL)", "CREATE UNIQUE INDEX ON k_uniq (lower(e))", "INSERT INTO k_uniq VALUES ('1','a',NULL,'e'),('2','b',1,'f')",
		"CREATE TABLE k_part (e text NOT NULL, d bool NOT NULL)", "CREATE UNIQUE INDEX ON k_part (e) WHERE NOT d", "INSERT INTO k_part VALUES ('a',true),('a',true),('a',false)",
		"CREATE TABLE k_incl (a int, b text, PRIMARY KEY (a) INCLUDE (b))", "INSERT INTO k_incl VALUES (1,'x')",
		"CREATE TABLE k_none ()", "INSERT INTO k_none DEFAULT VALUES",
		"CREATE TABLE dropped (a int, b text, c int PRIMARY KEY)", "ALTER TABLE dropped DROP COLUMN a", "INSERT INTO dropped VALUES ('x',7)",
	)
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for _, part := range r.parts {
		name, ok := strings.CutPrefix(part.ID, db+"/public/")
		if !ok || name == "k_none" {
			continue
		}
		want := m.One(t, db, "SELECT count(*) FROM "+name)
		rows := r.rows["public."+name]
		if fmt.Sprint(len(rows)) != want {
			t.Errorf("%s: %d rows, want %s", name, len(rows), want)
		}
		if keyed := name != "k_part"; len(rows) > 0 && keyed != (len(rows[0].table.Key) > 0) {
			t.Errorf("%s: key %v", name, rows[0].table.Key)
		}
		r.reopen(t, s, "public."+name, 1)
	}
	if uri := r.rows["public.k_comp"][0].ref.URI; !strings.HasSuffix(uri, "k_comp?a=1&b=x&c=1.0") {
		t.Errorf("composite key: %s", uri)
	}
}

func testKeyless(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE logs (who text, what text)",
		"INSERT INTO logs SELECT 'w'||i%5, 'same' FROM generate_series(1,1000) i")
	s := open(t, m.Addr(), "spoor", db, func(c *Config) { c.PageRows = 100 })
	r := readAll(t, t.Context(), s)
	r.clean(t)
	rows := r.rows["public.logs"]
	if len(rows) != 1000 {
		t.Fatalf("%d rows", len(rows))
	}
	l := rows[7].ref.Locator.(Locator)
	if l.RowHMAC != rows[7].hash || l.CTID == "" || !strings.Contains(rows[7].ref.URI, "?row-hmac="+rows[7].hash+"&n=2") {
		t.Errorf("%s %+v", rows[7].ref.URI, l)
	}
	for _, n := range []string{"", "&n=2", "&n=200"} {
		it, err := s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "public", "logs") + "?row-hmac=" + rows[0].hash + n})
		if err != nil || it.Block.Rows() != 1 {
			t.Errorf("%s: %v", n, err)
		}
	}
	if _, err := s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "public", "logs") + "?row-hmac=" + rows[0].hash + "&n=201"}); scanners.ReasonOf(err) != scanners.Vanished {
		t.Errorf("the 201st of 200: %v", err)
	}
	resumeAll(t, s, r.parts)
}

// Before version 14 ranges of blocks are read position by position.
func testOldServer(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE a (id int PRIMARY KEY, v text)", "INSERT INTO a SELECT i, repeat('x',i%100) FROM generate_series(1,5000) i", "DELETE FROM a WHERE id%7=0",
		"CREATE TABLE b (v text)", "INSERT INTO b SELECT 'v'||i FROM generate_series(1,5000) i",
		"CREATE TABLE narrow (b bool)", "INSERT INTO narrow SELECT true FROM generate_series(1,2000)")
	s := open(t, m.Addr(), "spoor", db, func(c *Config) { c.PageRows = 300 })
	s.version.Store(13)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if a, b, n := len(r.rows["public.a"]), len(r.rows["public.b"]), len(r.rows["public.narrow"]); a != 4286 || b != 5000 || n != 2000 {
		t.Errorf("%d, %d and %d rows", a, b, n)
	}
	plan := ""
	rd := reader{t: &table{blockSize: 8192, from: "a"}}
	q := "SET enable_seqscan=on; EXPLAIN SELECT * FROM a WHERE " + rd.t.within(tid{1, 0}, tid{3, 0}, false)
	res, err := m.Conn(t, db).Exec(t.Context(), q).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range res[1].Rows {
		plan += string(row[0]) + "\n"
	}
	if !strings.Contains(plan, "Tid Scan") {
		t.Errorf("reads more than the blocks:\n%s", plan)
	}
}

// resumeAll resumes from every cursor, and compares what comes then.
func resumeAll(t *testing.T, s scanners.Source, parts []scanners.Part) {
	t.Helper()
	for _, part := range parts {
		var events [][]string
		var cursors []string
		for it, err := range s.Items(t.Context(), part) {
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, keysOf(it))
			cursors = append(cursors, it.Cursor)
		}
		stride := max(1, len(cursors)/20)
		for i := 0; i < len(cursors); i += stride {
			p := part
			p.Cursor = cursors[i]
			var got []string
			for it, err := range s.Items(t.Context(), p) {
				if err != nil {
					t.Fatalf("resume from %s: %v", p.Cursor, err)
				}
				got = append(got, keysOf(it)...)
			}
			want := slices.Concat(events[i+1:]...)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s from %s: %d of %d", part.ID, p.Cursor, len(got), len(want))
			}
		}
	}
}

func keysOf(it scanners.Item) []string {
	if it.Block == nil {
		return []string{it.Ref.URI}
	}
	var all []string
	for i := range it.Block.Rows() {
		all = append(all, it.Block.Hash([]byte(scannertest.RowKey), i))
	}
	return all
}

func testSplit(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE big (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int, filler text)",
		"INSERT INTO big (n,filler) SELECT i, repeat('f',1800) FROM generate_series(1,64000) i")
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	seen := map[string]bool{}
	for _, row := range r.rows["public.big"] {
		seen[row.get("n")] = true
	}
	if len(seen) != 64000 || len(r.rows["public.big"]) != 64000 {
		t.Errorf("%d rows, %d of them different", len(r.rows["public.big"]), len(seen))
	}
	if n := len(r.parts); n < 3 {
		t.Errorf("%d parts", n)
	}
	if r.biggest > 2*goalBlock {
		t.Errorf("a block of %d bytes", r.biggest)
	}
	r.reopen(t, s, "public.big", 10000)
}

func testLongValues(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE docs (id int PRIMARY KEY, t text, b bytea, j jsonb, ar text[])",
		"INSERT INTO docs SELECT i, CASE WHEN i%10=3 THEN repeat('é',1500000)||'end'||i ELSE 't'||i END, "+
			"CASE WHEN i%10=7 THEN decode(repeat('00ff',1200000)||'454e44','hex') ELSE 'b' END, "+
			"CASE WHEN i%10=9 THEN jsonb_build_object('k',repeat(md5(i::text),50000)) ELSE '{}' END, CASE WHEN i=5 THEN array_fill('abcdefgh'::text,ARRAY[200000]) END FROM generate_series(1,40) i",
		"CREATE TABLE loose (name text, body text)",
		"INSERT INTO loose SELECT 'same', repeat(md5(i::text),60000) FROM generate_series(1,5) i",
		"INSERT INTO loose SELECT 'same', NULL FROM generate_series(1,5) i",
		"CREATE VIEW v AS SELECT * FROM docs")
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows["public.docs"]) != 40 || len(r.rows["public.loose"]) != 10 {
		t.Errorf("%d and %d rows", len(r.rows["public.docs"]), len(r.rows["public.loose"]))
	}
	if len(r.deferred) != 4+4+4+1+5 {
		t.Errorf("%d long values: %q", len(r.deferred), r.deferred)
	}
	uris := map[string]bool{}
	for _, uri := range r.deferred {
		uris[uri] = true
		b, err := read(t, s, uri)
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		switch {
		case strings.HasSuffix(uri, "!/t") && (len(b) < 3000000 || !strings.HasPrefix(b[3000000:], "end")),
			strings.HasSuffix(uri, "!/b") && (len(b) != 2400003 || !strings.HasSuffix(b, "\xffEND")),
			strings.HasSuffix(uri, "!/j") && len(b) < 1600000,
			strings.HasSuffix(uri, "!/ar") && len(b) != 200000*9+1,
			strings.HasSuffix(uri, "!/body") && len(b) != 1920000:
			t.Errorf("%s: %d bytes", uri, len(b))
		}
	}
	if len(uris) != len(r.deferred) {
		t.Errorf("%d URIs of %d long values", len(uris), len(r.deferred))
	}
	it, err := s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "public", "docs") + "?id=3"})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := it.Block.Cell(0, 1); !strings.HasSuffix(string(v), "end3") {
		t.Errorf("an opened row has %d bytes of a long value", len(v))
	}
	resumeAll(t, s, r.parts)
}
