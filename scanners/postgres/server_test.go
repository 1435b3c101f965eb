package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

func testInheritance(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE base (id int PRIMARY KEY, v text)", "CREATE TABLE child (extra text) INHERITS (base)",
		"INSERT INTO base VALUES (1,'base')", "INSERT INTO child VALUES (2,'child','more')",
		"CREATE TABLE part (id int, k text, PRIMARY KEY (id,k)) PARTITION BY RANGE (id)",
		"CREATE TABLE part_a PARTITION OF part FOR VALUES FROM (0) TO (100)",
		"CREATE TABLE part_b PARTITION OF part FOR VALUES FROM (100) TO (200) PARTITION BY LIST (k)",
		"CREATE TABLE part_bx PARTITION OF part_b DEFAULT",
		"INSERT INTO part VALUES (1,'a'),(150,'b')",
		"CREATE UNLOGGED TABLE unl (id int PRIMARY KEY)", "INSERT INTO unl VALUES (9)")
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for table, want := range map[string]int{"base": 1, "child": 1, "part": 0, "part_a": 1, "part_b": 0, "part_bx": 1, "unl": 1} {
		if n := len(r.rows["public."+table]); n != want {
			t.Errorf("%s: %d rows, want %d", table, n, want)
		}
	}
	if key := r.rows["public.part_bx"][0].ref.URI; !strings.HasSuffix(key, "part_bx?id=150&k=b") {
		t.Errorf("row of a partition: %s", key)
	}
	if b := r.body("FOR VALUES FROM (0) TO (100)"); !strings.HasPrefix(b, "TABLE public.part_a") {
		t.Errorf("bound of a partition: %q", b)
	}
	r.reopen(t, s, "public.part_bx", 1)

	// Who may read the parent may read the partitions through it, and no other way.
	account(t, m, db, "u_parent", "SELECT ON part", "SELECT ON base")
	s = open(t, m.Addr(), "u_parent", db, nil)
	r = readAll(t, t.Context(), s)
	for table, want := range map[string]int{"base": 1, "child": 1, "part_a": 1, "part_bx": 1} {
		if n := len(r.rows["public."+table]); n != want {
			t.Errorf("through the parent, %s: %d rows, want %d", table, n, want)
		}
	}
	r.reopen(t, s, "public.part_a", 1)
	if len(r.gaps) != 1 || !strings.HasSuffix(r.gaps[0].URI, "/unl") {
		t.Errorf("gaps: %v", r.gaps)
	}
}

func testViews(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE people (id int, secret text, name text)", "INSERT INTO people SELECT i,'s'||i,'name'||i FROM generate_series(1,300) i",
		"CREATE VIEW open_people AS SELECT id,name FROM people", "COMMENT ON VIEW open_people IS 'marker-of-the-view'",
		"CREATE VIEW again AS SELECT * FROM open_people",
		"CREATE MATERIALIZED VIEW counted AS SELECT count(*) n, 'marker-in-matview' m FROM people",
		"CREATE MATERIALIZED VIEW never AS SELECT 1 a WITH NO DATA",
		"CREATE EXTENSION file_fdw", "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw", "CREATE FOREIGN TABLE outside (line text) SERVER files OPTIONS (filename '/etc/hostname')",
		"CREATE VIEW through AS SELECT * FROM outside")
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows["public.people"]) != 300 || len(r.rows["public.open_people"]) != 0 || len(r.rows["public.counted"]) != 1 || len(r.rows["public.through"]) != 0 {
		t.Errorf("rows: %d people, %d in the view, %d in the materialized view", len(r.rows["public.people"]), len(r.rows["public.open_people"]), len(r.rows["public.counted"]))
	}
	r.reopen(t, s, "public.counted", 1)
	if len(r.excluded) != 1 || !strings.HasSuffix(r.excluded[0].URI, "/outside") || !strings.Contains(r.excluded[0].Detail, "another server") {
		t.Errorf("excluded: %+v", r.excluded)
	}
	if r.body("marker-of-the-view") == "" || !strings.Contains(r.body("VIEW public.open_people"), "SELECT") {
		t.Error("the definition of the view is missing")
	}
	account(t, m, db, "u_view", "SELECT ON open_people", "SELECT ON again", "SELECT ON through")
	s = open(t, m.Addr(), "u_view", db, func(c *Config) { c.PageRows = 100 })
	r = readAll(t, t.Context(), s)
	if len(r.rows["public.open_people"]) != 300 || len(r.rows["public.again"]) != 0 || len(r.rows["public.through"]) != 0 {
		t.Errorf("%d rows of the view, %d of the second", len(r.rows["public.open_people"]), len(r.rows["public.again"]))
	}
	r.reopen(t, s, "public.open_people", 100)
	if len(r.gaps) != 3 { // people, counted, never
		t.Errorf("gaps: %v", r.gaps)
	}
}

func testDefinitions(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE SCHEMA app", "COMMENT ON SCHEMA app IS 'marker-schema'",
		"CREATE TABLE app.t (id int PRIMARY KEY, e text DEFAULT 'marker-default', CONSTRAINT c CHECK (e<>'marker-check'))",
		"COMMENT ON TABLE app.t IS 'marker-table'", "COMMENT ON COLUMN app.t.e IS 'marker-column'", "COMMENT ON CONSTRAINT c ON app.t IS 'marker-constraint'",
		"CREATE INDEX i ON app.t (e) WHERE e='marker-index'", "COMMENT ON INDEX app.i IS 'marker-of-index'",
		"CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS $$ SELECT 1 -- marker-function $$", "COMMENT ON FUNCTION app.f(int) IS 'marker-of-function'",
		"CREATE FUNCTION app.f(a text) RETURNS int LANGUAGE sql AS $$ SELECT 2 -- marker-overload $$",
		"CREATE PROCEDURE app.p() LANGUAGE sql AS $$ SELECT 'marker-procedure' $$",
		"CREATE AGGREGATE app.agg (int) (SFUNC=int4pl, STYPE=int)", "COMMENT ON AGGREGATE app.agg(int) IS 'marker-aggregate'",
		"CREATE FUNCTION app.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
		"CREATE TRIGGER tr BEFORE INSERT ON app.t FOR EACH ROW WHEN (NEW.e='marker-trigger') EXECUTE FUNCTION app.tf()",
		"CREATE RULE ru AS ON DELETE TO app.t WHERE OLD.e='marker-rule' DO INSTEAD NOTHING",
		"CREATE POLICY po ON app.t USING (e='marker-policy')",
		"CREATE TYPE app.e AS ENUM ('marker-label')", "CREATE DOMAIN app.d AS text DEFAULT 'marker-domain' CHECK (VALUE<>'marker-domain-check')",
		"CREATE TYPE app.comp AS (x int)", "COMMENT ON COLUMN app.comp.x IS 'marker-composite'",
		"CREATE FUNCTION app.ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
		"CREATE EVENT TRIGGER evt ON ddl_command_end WHEN TAG IN ('CREATE SEQUENCE') EXECUTE FUNCTION app.ev()", "COMMENT ON EVENT TRIGGER evt IS 'marker-event'",
		"CREATE EXTENSION postgres_fdw",
		"CREATE SERVER srv FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'marker-server.example.org')",
		"CREATE USER MAPPING FOR spoor SERVER srv OPTIONS (user 'marker-mapped', password 'never-to-be-seen')",
		"CREATE SEQUENCE app.s", "COMMENT ON SEQUENCE app.s IS 'marker-sequence'",
		"CREATE STATISTICS app.st ON id,e FROM app.t", "COMMENT ON STATISTICS app.st IS 'marker-statistics'",
		"COMMENT ON ROLE spoor IS 'marker-role'", "SELECT lo_from_bytea(4242,'x')", "COMMENT ON LARGE OBJECT 4242 IS 'marker-lo'")
	m.Exec(t, "postgres", "COMMENT ON DATABASE "+db+" IS 'marker-database'")
	defer m.Exec(t, "postgres", "COMMENT ON ROLE spoor IS NULL")
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for _, want := range []string{
		"schema", "default", "check", "table", "column", "constraint", "index", "of-index", "function", "of-function", "overload", "procedure", "aggregate",
		"trigger", "rule", "policy", "label", "domain", "domain-check", "composite", "event", "server.example.org", "mapped", "sequence", "statistics", "role", "lo", "database",
	} {
		if r.body("marker-"+want) == "" {
			t.Errorf("marker-%s is not seen", want)
		}
	}
	if r.body("never-to-be-seen") != "" {
		t.Error("a password is seen")
	}
	for uri, body := range r.bodies {
		if b, err := read(t, s, uri); err != nil || b != body {
			t.Errorf("%s opens as %q, %v, want %q", uri, b, err, body)
		}
	}
	base := "postgres://" + m.Addr() + "/" + db
	for _, uri := range []string{"#definition", "/app#definition", "/app/t#definition", "/app/tr?kind=trigger&on=t#definition", "/app/f?kind=function&args=a%20integer#definition", "/spoor?kind=role#definition"} {
		if r.bodies[base+uri] == "" {
			t.Errorf("%s is not there", uri)
		}
	}
	resumeAll(t, s, r.parts)
}

func testLargeObjects(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"SELECT lo_from_bytea(1001,'marker')", `SELECT lo_from_bytea(1002,decode(repeat('00ff',3000000)||'454e44','hex'))`, "SELECT lo_create(1003)")
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.deferred) != 3 {
		t.Fatalf("%q", r.deferred)
	}
	if b, err := read(t, s, r.deferred[0]); b != "marker" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if b, err := read(t, s, r.deferred[1]); len(b) != 6000003 || !strings.HasSuffix(b, "END") || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if b, err := read(t, s, r.deferred[2]); b != "" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if _, err := read(t, s, s.tableURI(db, "pg_catalog", "pg_largeobject")+"?loid=77"); scanners.ReasonOf(err) != scanners.Vanished {
		t.Errorf("one that is not there: %v", err)
	}
	account(t, m, db, "u_lo")
	other := open(t, m.Addr(), "u_lo", db, nil)
	if _, err := read(t, other, r.deferred[0]); scanners.ReasonOf(err) != scanners.Denied {
		t.Errorf("without rights: %v", err)
	}
	resumeAll(t, s, r.parts)
}

func testEncodings(t *testing.T, m *testenv.Postgres) {
	for enc, want := range map[string][2]string{
		"LATIN1":    {"Müller", "M\xfcller"},
		"EUC_JP":    {"日本", "\xc6\xfc\xcb\xdc"},
		"SQL_ASCII": {"M\xfcller Zo\xc3\xab", "M\xfcller Zo\xc3\xab"},
	} {
		name := "enc_" + strings.ToLower(enc)
		m.Exec(t, "postgres", "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING '"+enc+"' LOCALE 'C'")
		m.Exec(t, name, "CREATE TABLE t (k text PRIMARY KEY, v text)",
			"INSERT INTO t VALUES (convert_from('\\x"+fmt.Sprintf("%x", want[1])+"'::bytea,'"+enc+"'),'x')",
			"CREATE TABLE long (k text, v text)", "INSERT INTO long SELECT k,repeat(k,1000000) FROM t")
		s := open(t, m.Addr(), "spoor", name, nil)
		r := readAll(t, t.Context(), s)
		r.clean(t)
		if rows := r.rows["public.t"]; len(rows) != 1 || rows[0].get("k") != want[0] {
			t.Errorf("%s: %+q", enc, fmt.Sprint(rows))
		}
		r.reopen(t, s, "public.t", 1)
		if len(r.deferred) != 1 {
			t.Errorf("%s: %q", enc, r.deferred)
		} else if b, err := read(t, s, r.deferred[0]); err != nil || b != strings.Repeat(want[0], 1000000) {
			t.Errorf("%s: %d bytes, %v", enc, len(b), err)
		}
		_ = s.Close()
		m.Leave(name)
		m.Exec(t, "postgres", "DROP DATABASE "+name+" WITH (FORCE)")
	}
}

func testDatabases(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	m.Exec(t, "postgres", "CREATE DATABASE shut", "ALTER DATABASE shut ALLOW_CONNECTIONS false", "CREATE DATABASE private", "REVOKE CONNECT ON DATABASE private FROM PUBLIC")
	defer m.Exec(t, "postgres", "DROP DATABASE shut", "DROP DATABASE private")
	account(t, m, db, "u_all", "SELECT ON t")
	s := open(t, m.Addr(), "u_all", "", func(c *Config) { c.Databases.Exclude = []string{"template1"} })
	r := readAll(t, t.Context(), s)
	if len(r.rows[db+".public.t"]) != 1 {
		t.Errorf("rows: %v", r.rows)
	}
	r.reopen(t, s, db+".public.t", 1)
	if len(r.errs) > 0 || len(r.excluded) != 1 || len(r.gaps) != 2 {
		t.Errorf("%v %v %v", r.errs, r.excluded, r.gaps)
	}
	for _, g := range r.gaps {
		if g.Reason != scanners.Denied || g.Place != "shut" && g.Place != "private" {
			t.Errorf("gap: %+v", g)
		}
	}
	got := newResult()
	for it, err := range s.Lookup(t.Context(), db+".public.t", "id", []string{"1", "2"}) {
		if !got.fault(err) {
			got.item(t, it)
		}
	}
	if len(got.rows[db+".public.t"]) != 1 {
		t.Errorf("looked up: %+v", got)
	}
	if _, err := open(t, m.Addr(), "spoor", "none", nil).Open(t.Context(), scanners.Ref{URI: "postgres://" + m.Addr() + "/none/public/t?id=1"}); scanners.ReasonOf(err) != scanners.Vanished {
		t.Errorf("a database that is not there: %v", err)
	}
}

func testDenied(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE yes (id int PRIMARY KEY, open text, closed text)", "INSERT INTO yes VALUES (1,'o','c')",
		"CREATE TABLE no (id int)", "INSERT INTO no SELECT generate_series(1,100)",
		"CREATE SCHEMA hidden", "CREATE TABLE hidden.a (id int)", "CREATE TABLE hidden.b (id int)", "INSERT INTO hidden.a VALUES (1)", "ANALYZE")
	account(t, m, db, "u_some", "SELECT (id,open) ON yes")
	s := open(t, m.Addr(), "u_some", db, nil)
	r := readAll(t, t.Context(), s)
	if rows := r.rows["public.yes"]; len(rows) != 1 || !slices.Equal(rows[0].table.Columns, []string{"id", "open"}) {
		t.Errorf("rows: %+v", r.rows)
	}
	r.reopen(t, s, "public.yes", 1)
	want := map[string]int64{db + " / public / no": 100, db + " / hidden": 1, db + " / public / yes": 0}
	for _, g := range r.gaps {
		if units, ok := want[g.Place]; !ok || g.Reason != scanners.Denied || g.Units != units {
			t.Errorf("gap: %+v", g)
		}
		delete(want, g.Place)
	}
	if len(want) > 0 || len(r.errs) > 0 {
		t.Errorf("no gap for %v; %v", want, r.errs)
	}
	if _, err := s.Open(t.Context(), scanners.Ref{URI: s.tableURI(db, "public", "no") + "?id=1"}); scanners.ReasonOf(err) != scanners.Denied {
		t.Errorf("open: %v", err)
	}
}

func testPolicies(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE t (id int PRIMARY KEY, owner text)", "INSERT INTO t VALUES (1,'u_policy'),(2,'other')",
		"ALTER TABLE t ENABLE ROW LEVEL SECURITY", "CREATE POLICY mine ON t USING (owner=current_user)")
	account(t, m, db, "u_policy", "SELECT ON t")
	s := open(t, m.Addr(), "u_policy", db, nil)
	r := readAll(t, t.Context(), s)
	if len(r.gaps) != 1 || r.gaps[0].Reason != scanners.Denied || !strings.Contains(r.gaps[0].Detail, "row-level") || len(r.rows) > 0 {
		t.Errorf("%v %v", r.gaps, r.rows)
	}
	found := false
	for _, c := range s.Check(t.Context()) {
		found = found || !c.OK && strings.Contains(c.Remedy, "BYPASSRLS")
	}
	if !found {
		t.Error("Check says nothing of the policy")
	}
}

// halfway reads the first part of a table until its first block, calls f, and
// reads the rest.
func halfway(t *testing.T, s *source, table string, f func()) *result {
	t.Helper()
	r := newResult()
	for p, err := range s.Parts(t.Context()) {
		if !r.fault(err) && strings.Contains(p.Range, `"table":"`+table+`"`) {
			r.parts = append(r.parts, p)
		}
	}
	done := false
	for _, p := range r.parts {
		for it, err := range s.Items(t.Context(), p) {
			if r.fault(err) {
				continue
			}
			r.item(t, it)
			if !done {
				done = true
				f()
			}
		}
	}
	if !done {
		t.Errorf("%s: nothing was read", table)
	}
	return r
}

const thousands = "INSERT INTO t SELECT i,repeat('x',50)||i FROM generate_series(1,20000) i"

func small(c *Config) { c.PageRows = 500 }

func testDropped(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands, "ANALYZE")
	s := open(t, m.Addr(), "spoor", db, small)
	r := halfway(t, s, "t", func() { m.Exec(t, db, "DROP TABLE t") })
	if len(r.gaps) != 1 || r.gaps[0].Reason != scanners.Vanished || r.gaps[0].Units == 0 || len(r.rows["public.t"]) == 0 {
		t.Errorf("%v, %d rows", r.gaps, len(r.rows["public.t"]))
	}
}

func testTruncated(t *testing.T, m *testenv.Postgres) {
	for _, how := range []string{"TRUNCATE t", "VACUUM FULL t", "ALTER TABLE t ALTER id TYPE bigint"} {
		t.Run(strings.Fields(how)[0], func(t *testing.T) {
			db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands)
			s := open(t, m.Addr(), "spoor", db, small)
			r := halfway(t, s, "t", func() { m.Exec(t, db, how) })
			if len(r.gaps) != 1 || r.gaps[0].Reason != scanners.Vanished || len(r.rows["public.t"]) == 0 || len(r.rows["public.t"]) >= 20000 {
				t.Errorf("%v, %d rows", r.gaps, len(r.rows["public.t"]))
			}
			// Before its first page, the new table is read as if nothing was.
			s = open(t, m.Addr(), "spoor", db, small)
			var parts []scanners.Part
			for p, err := range s.Parts(t.Context()) {
				if err == nil {
					parts = append(parts, p)
				}
			}
			m.Exec(t, db, "ALTER TABLE t ALTER id TYPE int")
			r = newResult()
			for _, p := range parts {
				r.part(t, t.Context(), s, p)
			}
			r.clean(t)
			if want := m.One(t, db, "SELECT count(*) FROM t"); fmt.Sprint(len(r.rows["public.t"])) != want {
				t.Errorf("%d rows of %s", len(r.rows["public.t"]), want)
			}
		})
	}
}

func testAltered(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text, w text)", "INSERT INTO t SELECT i,repeat('x',50)||i FROM generate_series(1,20000) i")
	s := open(t, m.Addr(), "spoor", db, small)
	r := halfway(t, s, "t", func() { m.Exec(t, db, "ALTER TABLE t DROP COLUMN w", "ALTER TABLE t ADD COLUMN n text DEFAULT 'new'") })
	r.clean(t)
	rows := r.rows["public.t"]
	if len(rows) != 20000 || rows[len(rows)-1].get("n") != "new" || rows[0].get("w") != "\x00NULL" {
		t.Errorf("%d rows", len(rows))
	}
}

func testLocked(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands, "CREATE TABLE u (id int)", "INSERT INTO u VALUES (1)",
		"CREATE VIEW v AS SELECT * FROM t", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
	s := open(t, m.Addr(), "spoor", db, func(c *Config) { c.Timeout = time.Second })
	m.Exec(t, db, "BEGIN", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
	start := time.Now()
	r := readAll(t, t.Context(), s)
	m.Exec(t, db, "ROLLBACK")
	if time.Since(start) > 20*time.Second {
		t.Errorf("took %v", time.Since(start))
	}
	timeouts := 0
	for _, g := range r.gaps {
		if g.Reason != scanners.Timeout || !strings.Contains(g.Detail, "locked") {
			t.Errorf("gap: %v %s", g, g.Place)
		}
		if strings.HasSuffix(g.URI, "/t") {
			timeouts++
		}
	}
	if timeouts != 1 || len(r.rows["public.u"]) != 1 || r.body("FUNCTION public.f") == "" || len(r.errs) > 0 {
		t.Errorf("gaps %v, errors %v, %d rows of the other", r.gaps, r.errs, len(r.rows["public.u"]))
	}
}

func testCorrupt(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands, "CHECKPOINT",
		"CREATE TABLE l (id int PRIMARY KEY, v text)", "ALTER TABLE l ALTER v SET STORAGE EXTERNAL", "INSERT INTO l SELECT i,repeat('long',3000)||i FROM generate_series(1,50) i")
	// One block with a header that can't be, and long values of which a piece is
	// missing.
	file := m.One(t, db, "SELECT pg_relation_filepath('t')")
	toast := m.One(t, db, "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid='l'::regclass")
	m.Exec(t, db, "CHECKPOINT")
	m.Stop()
	spoil := func(file string, block int64, with byte) {
		f, err := os.OpenFile(filepath.Join(m.Socket, file), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt(bytes.Repeat([]byte{with}, 8192), block*8192); err != nil {
			t.Fatal(err)
		}
	}
	spoil(file, 20, 0xee)
	spoil(toast, 30, 0) // an empty block
	m.Start()
	s := open(t, m.Addr(), "spoor", db, nil)
	r := readAll(t, t.Context(), s)
	if len(r.errs) > 0 {
		t.Errorf("errors: %v", r.errs)
	}
	blocks, rows := 0, 0
	for _, g := range r.gaps {
		if g.Reason != scanners.Corrupt {
			t.Errorf("gap: %+v", g)
		}
		if strings.HasSuffix(g.URI, "/t") {
			blocks++
		} else {
			rows++
		}
	}
	if n := len(r.rows["public.t"]); blocks != 1 || n < 19800 || n >= 20000 {
		t.Errorf("%d rows beside a bad block, %d gaps", n, blocks)
	}
	if n := len(r.rows["public.l"]); rows < 1 || rows > 3 || n != 50-rows {
		t.Errorf("%d rows beside a bad value, %d gaps", len(r.rows["public.l"]), rows)
	}
}

func killAll(t *testing.T, m *testenv.Postgres) {
	t.Helper()
	m.Exec(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='spoor'")
}

func testKilled(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands)
	s := open(t, m.Addr(), "spoor", db, small)
	r := halfway(t, s, "t", func() { killAll(t, m) })
	r.clean(t)
	if len(r.rows["public.t"]) != 20000 {
		t.Errorf("%d rows", len(r.rows["public.t"]))
	}
}

// Rows that are updated while the state of the database was lost have moved,
// some of them to where reading has come by already.
func testMoved(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text) WITH (autovacuum_enabled=off)", thousands,
		"DELETE FROM t WHERE id<=3000", "VACUUM t")
	for _, how := range []string{"kill", "resume", "parts"} {
		m.Exec(t, db, "VACUUM t", "DELETE FROM t WHERE id IN (SELECT id FROM t WHERE id<19000 AND ctid<'(60,0)' LIMIT 1500)", "VACUUM t")
		s := open(t, m.Addr(), "spoor", db, small)
		move := func() {
			m.Exec(t, db, "UPDATE t SET v=v||'"+how+"' WHERE id>19000")
			killAll(t, m)
		}
		var r *result
		switch how {
		case "kill":
			r = halfway(t, s, "t", move)
		case "parts":
			// One half is read by this source, the other later by another.
			r = newResult()
			var halves []scanners.Part
			for p, err := range s.Parts(t.Context()) {
				var whole span
				if err != nil || json.Unmarshal([]byte(p.Range), &whole) != nil || whole.Table != "t" {
					continue
				}
				first, second := whole, whole
				first.To, second.From = 100, 100
				halves = []scanners.Part{s.part(first, -1, -1), s.part(second, -1, -1)}
			}
			r.part(t, t.Context(), s, halves[0])
			_ = s.Close()
			m.Exec(t, db, "UPDATE t SET v=v||'"+how+"' WHERE id>19000")
			r.part(t, t.Context(), open(t, m.Addr(), "spoor", db, small), halves[1])
		default:
			r = newResult()
			cursor := ""
			var part scanners.Part
			for p := range s.Parts(t.Context()) {
				if strings.HasSuffix(p.ID, "/t") {
					part = p
				}
			}
			for it, err := range s.Items(t.Context(), part) {
				if !r.fault(err) {
					r.item(t, it)
				}
				cursor = it.Cursor
				break
			}
			_ = s.Close()
			m.Exec(t, db, "UPDATE t SET v=v||'"+how+"' WHERE id>19000")
			part.Cursor = cursor
			r.part(t, t.Context(), open(t, m.Addr(), "spoor", db, small), part)
		}
		r.clean(t)
		seen := map[string]bool{}
		for _, row := range r.rows["public.t"] {
			seen[row.get("id")] = true
		}
		if want := m.One(t, db, "SELECT count(*) FROM t"); fmt.Sprint(len(seen)) != want {
			t.Errorf("%s: %d rows of %s", how, len(seen), want)
		}
		if low := m.One(t, db, "SELECT count(*) FROM t WHERE id>19000 AND v LIKE '%"+how+"' AND ctid<'(60,0)'"); low == "0" {
			t.Errorf("%s: no row has moved: the test says nothing", how)
		}
	}
}

func testStalled(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands)
	p := testenv.NewProxy(t, m.Addr())
	s := open(t, p.Addr(), "spoor", db, func(c *Config) { c.Timeout, c.PageRows = time.Second, 500 })
	start := time.Now()
	r := halfway(t, s, "t", func() { p.Stall(true) })
	if len(r.gaps) != 1 || r.gaps[0].Reason != scanners.Timeout && r.gaps[0].Reason != scanners.Offline || len(r.rows["public.t"]) == 0 {
		t.Errorf("%v, %d rows", r.gaps, len(r.rows["public.t"]))
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
	start = time.Now()
	_ = s.Close()
	if d := time.Since(start); d > time.Second {
		t.Errorf("Close took %v", d)
	}
	s = open(t, p.Addr(), "spoor", db, func(c *Config) { c.Timeout = time.Second })
	r = readAll(t, t.Context(), s)
	if len(r.errs) != 1 || scanners.ReasonOf(r.errs[0]) != scanners.Timeout {
		t.Errorf("a server that does not answer: %v", r.errs)
	}
	p.Stall(false)
}

func testRestarted(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", thousands, "CHECKPOINT")
	s := open(t, m.Addr(), "spoor", db, small)
	r := halfway(t, s, "t", func() { m.Stop(); m.Start() })
	r.clean(t)
	if len(r.rows["public.t"]) != 20000 {
		t.Errorf("%d rows", len(r.rows["public.t"]))
	}
}

func testFilters(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "CREATE SCHEMA x", "CREATE TABLE x.c (id int)", "INSERT INTO a VALUES (1)",
		"INSERT INTO b VALUES (1)", "INSERT INTO x.c VALUES (1)", "CREATE VIEW v AS SELECT 1 AS c", "SELECT lo_create(1)")
	s := open(t, m.Addr(), "spoor", db, func(c *Config) {
		c.Schemas.Exclude, c.Tables.Exclude = []string{"x"}, []string{"*.b", "*.v", "pg_catalog.pg_largeobject"}
	})
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows) != 1 || len(r.rows["public.a"]) != 1 {
		t.Errorf("rows: %v", r.rows)
	}
	var places []string
	for _, x := range r.excluded {
		places = append(places, strings.TrimPrefix(x.Place, db+" / "))
	}
	slices.Sort(places)
	if want := []string{"large objects", "public / b", "public / v / definition of the view", "x / c", "x / definition of the schema"}; !slices.Equal(places, want) {
		t.Errorf("excluded %q, want %q", places, want)
	}
}

func testReadOnly(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
	s := open(t, m.Addr(), "spoor", db, nil)
	err := s.run(t.Context(), query{database: db, sql: "DELETE FROM public.t"}, func(int, [][]byte) error { return nil })
	if sqlstate(err) != "25006" {
		t.Errorf("a DELETE: %v", err)
	}
	// Nothing is left to whoever gets the connection next.
	c, err := s.acquire(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer s.release(c)
	res, err := c.Exec(t.Context(), "SELECT current_setting('row_security'),current_setting('statement_timeout'),current_setting('default_transaction_read_only')").ReadAll()
	if err != nil || string(bytes.Join(res[0].Rows[0], []byte(" "))) != "on 0 off" {
		t.Errorf("%v %v", len(res), err)
	}
}

func testRate(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t SELECT i,repeat('x',200) FROM generate_series(1,2000) i")
	s := open(t, m.Addr(), "spoor", db, func(c *Config) { c.PageRows, c.RowsPerSecond = 100, 2000 })
	start := time.Now()
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if d := time.Since(start); d < 600*time.Millisecond || d > 8*time.Second || len(r.rows["public.t"]) != 2000 {
		t.Errorf("2000 rows at 2000 in a second took %v", d)
	}
	s = open(t, m.Addr(), "spoor", db, func(c *Config) { c.MaxActive = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	busy := make(chan struct{})
	c := m.Conn(t, "template1")
	go func() {
		defer close(busy)
		_, _ = c.Exec(ctx, "SELECT pg_sleep(20)").ReadAll()
	}()
	time.Sleep(200 * time.Millisecond)
	start = time.Now()
	r = readAll(t, t.Context(), s)
	if d := time.Since(start); d < sqldb.BusyWait || len(r.rows["public.t"]) != 2000 {
		t.Errorf("beside a busy server: %v", d)
	}
	cancel()
	<-busy
	m.Leave("template1")
}

func testSince(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE named (id int PRIMARY KEY, \"Updated_At\" timestamptz)",
		"INSERT INTO named SELECT i,'2019-05-05' FROM generate_series(1,5000) i",
		"INSERT INTO named VALUES (6000,'2026-05-05'),(6001,NULL),(6002,'infinity'),(6003,'-infinity'),(6004,'2026-01-01 00:30+01')",
		"CREATE TABLE mine (id int PRIMARY KEY, stamp date, updated_at timestamp)", "INSERT INTO mine VALUES (1,'2026-05-05','2019-01-01'),(2,'2019-01-01','2026-05-05')",
		"CREATE TABLE free (v int, modified timestamp)", "INSERT INTO free VALUES (1,'2019-01-01'),(2,'2026-01-02')",
		"CREATE TABLE without_one (id int PRIMARY KEY, updated_at text)", "INSERT INTO without_one VALUES (1,'2019-01-01')",
		"CREATE TABLE parts (id int, changed timestamp) PARTITION BY RANGE (id)", "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
		"INSERT INTO parts VALUES (1,'2019-01-01'),(2,'2026-02-02')")
	s := open(t, m.Addr(), "spoor", db, func(c *Config) { c.Since, c.ChangeColumns, c.PageRows = "2026-01-01", []string{"STAMP"}, 100 })
	r := readAll(t, t.Context(), s)
	if len(r.gaps)+len(r.errs) > 0 {
		t.Errorf("%v %v", r.gaps, r.errs)
	}
	for table, want := range map[string]int{"named": 4, "mine": 1, "free": 1, "without_one": 1, "parts_1": 1} {
		if n := len(r.rows["public."+table]); n != want {
			t.Errorf("%s: %d rows, want %d", table, n, want)
		}
	}
	left := map[string]int64{}
	for _, x := range r.excluded {
		left[x.Place[strings.LastIndex(x.Place, " ")+1:]] += x.Units
		if x.Reason != scanners.ByConfig || !strings.Contains(x.Detail, "2026-01-01") {
			t.Errorf("%+v", x)
		}
	}
	if fmt.Sprint(left) != "map[free:1 mine:1 named:5001 parts_1:1]" {
		t.Errorf("excluded %v", left)
	}
	if !strings.Contains(s.Info().Consistency, "read in full") {
		t.Error(s.Info().Consistency)
	}
	if err := (&Config{URI: "postgres://u@h/", Since: "yesterday"}).Validate(); err == nil || !strings.Contains(err.Error(), "postgres: since must be") {
		t.Errorf("yesterday: %v", err)
	}
}

// A replica that is behind is read slowly; one that has nothing to follow is not
// behind, however long ago its primary last wrote.
func testLag(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	standby := m.Standby(t)
	s := open(t, m.Addr(), "spoor", db, func(c *Config) { c.Replica, c.MaxLag = "postgres://"+standby.Addr(), time.Second })
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows["public.t"]) != 1 {
		t.Fatalf("%d rows", len(r.rows["public.t"]))
	}
	// When it replayed the last transaction is known only after the first.
	m.Exec(t, db, "INSERT INTO t VALUES (3)")
	for standby.One(t, db, "SELECT count(*) FROM t") != "2" {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(1500 * time.Millisecond)
	if s.loaded(t.Context(), db) {
		t.Error("a quiet replica is taken for one that is behind")
	}
	standby.Exec(t, db, "SELECT pg_wal_replay_pause()")
	m.Exec(t, db, "INSERT INTO t VALUES (2)")
	for until := time.Now().Add(20 * time.Second); !s.loaded(t.Context(), db); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the replica is behind, and nobody minds")
		}
	}
	s.set.MaxLag = -1
	if s.loaded(t.Context(), db) {
		t.Error("lag counts where the configuration says it does not")
	}
}

func testCheck(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE a (id int)", "CREATE SCHEMA x", "CREATE TABLE x.c (id int)")
	for _, c := range open(t, m.Addr(), "spoor", db, nil).Check(t.Context()) {
		if !c.OK {
			t.Errorf("%+v", c)
		}
	}
	account(t, m, db, "u_check")
	s := open(t, m.Addr(), "u_check", db, nil)
	for range 2 {
		bad := 0
		for _, c := range s.Check(t.Context()) {
			if c.OK {
				continue
			}
			bad++
			if !strings.Contains(c.Remedy, "GRANT") || !strings.Contains(c.Remedy, "pg_read_all_data") {
				t.Errorf("%+v", c)
			}
			m.Exec(t, db, strings.Split(c.Remedy, " -- ")[0])
		}
		if bad == 0 {
			t.Error("nothing is wrong")
		}
		m.Exec(t, db, "REVOKE SELECT ON a FROM u_check", "REVOKE USAGE ON SCHEMA x FROM u_check")
	}
	m.Exec(t, db, "GRANT pg_read_all_data TO u_check")
	for _, c := range s.Check(t.Context()) {
		if !c.OK {
			t.Errorf("%+v", c)
		}
	}
	if c := open(t, "127.0.0.1:1", "spoor", db, nil).Check(t.Context()); len(c) != 1 || c[0].OK || c[0].Remedy == "" {
		t.Errorf("no server: %+v", c)
	}
	if c := open(t, m.Addr(), "nobody", db, nil).Check(t.Context()); len(c) != 1 || c[0].OK || !strings.Contains(c[0].Detail, "refuses") {
		t.Errorf("no such account: %+v", c)
	}
}

func testLookup(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE EXTENSION citext", "CREATE SCHEMA x",
		"CREATE TABLE clients (id int PRIMARY KEY, mail citext UNIQUE, name text, ref uuid, code char(5), born date, doc json, b bytea)",
		"INSERT INTO clients SELECT i,'M'||i||'@Example.org','n'||i%10,('00000000-0000-0000-0000-'||lpad(i::text,12,'0'))::uuid,'c'||i%9,'2000-01-01'::date+i,'{\"a\":1}','\\x00ff' FROM generate_series(1,2000) i",
		"CREATE TABLE x.invoices (a int, b text, client int REFERENCES clients, PRIMARY KEY (a,b))",
		"CREATE TABLE lines (a int, b text, FOREIGN KEY (a,b) REFERENCES x.invoices)",
		"CREATE TABLE events (client int REFERENCES clients, at date) PARTITION BY RANGE (at)", "CREATE TABLE events_1 PARTITION OF events DEFAULT",
		"CREATE TABLE logs (who text)", "INSERT INTO logs SELECT 'w'||i%3 FROM generate_series(1,900) i")
	s := open(t, m.Addr(), "spoor", db, nil)
	relations, err := s.Relations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []scanners.Relation{
		{Table: "x.invoices", Column: "client", RefTable: "public.clients", RefColumn: "id", OnDelete: "NO ACTION"},
		{Table: "public.lines", Column: "a", RefTable: "x.invoices", RefColumn: "a", With: []scanners.ColumnPair{{Column: "b", RefColumn: "b"}}, OnDelete: "NO ACTION"},
		{Table: "public.events_1", Column: "client", RefTable: "public.clients", RefColumn: "id", OnDelete: "NO ACTION"},
	} {
		if !slices.ContainsFunc(relations, func(r scanners.Relation) bool { return reflect.DeepEqual(r, want) }) {
			t.Errorf("%v is missing in %v", want, relations)
		}
	}
	var many []string
	for i := range 1200 {
		many = append(many, fmt.Sprint(i+1))
	}
	for _, test := range []struct {
		table, column string
		values        []string
		want          int
	}{
		{"public.clients", "id", []string{"7", "x", "99999999999999999999", "' OR true --"}, 1},
		{"public.clients", "id", many, 1200},
		{"public.clients", "mail", []string{"m7@example.org", "M8@EXAMPLE.org"}, 2},
		{"public.clients", "name", []string{"n1", "n2", `\`}, 400},
		{"public.clients", "ref", []string{"00000000-0000-0000-0000-000000000007", "no uuid"}, 1},
		{"public.clients", "code", []string{"c1", "c1   "}, 223},
		{"public.clients", "born", []string{"2000-01-08", "never"}, 1},
		{"public.clients", "doc", []string{`{"a":1}`}, 2000},
		{"public.clients", "b", []string{"\x00\xff"}, 2000},
		{"public.logs", "who", []string{"w1"}, 300},
		{"public.logs", "who", nil, 0},
	} {
		r := newResult()
		for it, err := range s.Lookup(t.Context(), test.table, test.column, test.values) {
			if !r.fault(err) {
				r.item(t, it)
				if it.Cursor != "" {
					t.Error("a cursor")
				}
			}
		}
		r.clean(t)
		if n := len(r.rows[test.table]); n != test.want {
			t.Errorf("%s.%s %.40q: %d rows, want %d", test.table, test.column, test.values, n, test.want)
		}
		r.reopen(t, s, test.table, 500)
	}
	for _, bad := range [][2]string{{"public.none", "id"}, {"public.clients", "none"}, {"nodot", "x"}} {
		r := newResult()
		for it, err := range s.Lookup(t.Context(), bad[0], bad[1], []string{"1"}) {
			if !r.fault(err) {
				r.item(t, it)
			}
		}
		if len(r.gaps) != 1 || r.gaps[0].Reason != scanners.Vanished {
			t.Errorf("%v: %v %v", bad, r.gaps, r.errs)
		}
	}
}

func testSocket(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	c := &Config{Socket: m.Socket, Port: m.Port, User: "spoor", URI: "postgres:///" + db}
	s, err := c.Open(t.Context(), scanners.Env{Name: "db", RowKey: []byte(scannertest.RowKey)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if len(r.rows["public.t"]) != 1 || r.rows["public.t"][0].ref.Locator.(Locator).Socket != m.Socket {
		t.Errorf("%+v", r.rows)
	}
	r.reopen(t, s, "public.t", 1)
}

// Listing takes a constant number of queries.
func testManyTables(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m, "DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v text)',i); IF i%200=0 THEN COMMIT; END IF; END LOOP; END $$")
	s := open(t, m.Addr(), "spoor", db, nil)
	start, n := time.Now(), 0
	for _, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	t.Logf("%d parts in %v", n, time.Since(start))
	if n != 2001 || time.Since(start) > 5*time.Second {
		t.Errorf("%d parts in %v", n, time.Since(start))
	}
}

func testConformance(t *testing.T, m *testenv.Postgres) {
	db := newDatabase(t, m,
		"CREATE TABLE clients (id int PRIMARY KEY, email text, note text, doc bytea)", "COMMENT ON COLUMN clients.id IS 'marker-000c'",
		"INSERT INTO clients SELECT i,'marker-'||lpad(i::text,5,'a')||'@example.org',repeat('text ',i%50),'x' FROM generate_series(1,1500) i",
		"UPDATE clients SET note='marker-hidden' WHERE id=700",
		"CREATE TABLE names (n text, m int, b bytea, PRIMARY KEY (n,m))",
		"INSERT INTO names SELECT 'N'||i%100||'/!',i,decode(md5(i::text),'hex') FROM generate_series(1,700) i",
		"CREATE TABLE logs (who text, what text)", "INSERT INTO logs SELECT 'w'||i%5,'marker-log' FROM generate_series(1,300) i",
		"CREATE VIEW v AS SELECT id FROM clients WHERE email='marker-view'",
		"CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note:=''marker-trigger''; RETURN NEW; END'",
		"CREATE TRIGGER tr BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION tf()",
		"CREATE TABLE closed (id int PRIMARY KEY)", "INSERT INTO closed VALUES (1)",
		"SELECT lo_from_bytea(501,'marker-object')", "GRANT SELECT ON LARGE OBJECT 501 TO PUBLIC")
	account(t, m, db, "suite", "SELECT ON clients", "SELECT ON names", "SELECT ON logs", "SELECT ON v")
	small := func(c *Config) { c.PageRows = 100 }
	scannertest.Run(t, scannertest.Fixture{
		Open:       func(t *testing.T) scanners.Source { return open(t, m.Addr(), "suite", db, small) },
		Planted:    []string{"marker-000c", "marker-hidden", "marker-log", "marker-view", "marker-trigger", "marker-object", "marker-aaaa1@", "marker-a1500@"},
		Unreadable: []string{db + "/public/closed"},
		Broken: func(t *testing.T, after int64) scanners.Source {
			p := testenv.NewProxy(t, m.Addr())
			p.CutAfter(after)
			return open(t, p.Addr(), "suite", db, func(c *Config) { c.PageRows = 100; c.Timeout = 2 * time.Second })
		},
		State: func(t *testing.T) string {
			return m.One(t, db, "SELECT md5(string_agg(x,',' ORDER BY x)) FROM (SELECT c::text x FROM clients c UNION ALL SELECT n::text FROM names n UNION ALL SELECT l::text FROM logs l) y")
		},
		Vanished: []string{
			"postgres://" + m.Addr() + "/" + db + "/public/clients?id=99999",
			"postgres://" + m.Addr() + "/" + db + "/public/clients?id=x",
			"postgres://" + m.Addr() + "/" + db + "/public/none?id=1",
			"postgres://" + m.Addr() + "/" + db + "/public/logs?row-hmac=00",
			"postgres://" + m.Addr() + "/" + db + "/public/none#definition",
			"postgres://" + m.Addr() + "/" + db + "/pg_catalog/pg_largeobject?loid=1",
		},
	})
}
