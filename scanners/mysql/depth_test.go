package mysql

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

func status(t *testing.T, m *testenv.MariaDB, name string) int {
	t.Helper()
	var k string
	var n int
	if err := m.Admin.QueryRow("SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&k, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// many makes a schema with so many small tables of all shapes.
func many(t *testing.T, m *testenv.MariaDB, n int) string {
	t.Helper()
	var q []string
	for i := range n {
		name := fmt.Sprintf("t%03d", i)
		switch i % 10 {
		case 0:
			q = append(q, "CREATE TABLE "+name+" (who VARCHAR(30), what INT)", "INSERT INTO "+name+" VALUES ('marker-"+name+"',1),('x',2),('x',2)")
		case 1:
			q = append(q, "CREATE TABLE "+name+" (a INT, b VARCHAR(30), PRIMARY KEY (b,a))", "INSERT INTO "+name+" VALUES (1,'marker-"+name+"'),(2,'x')")
		case 2:
			q = append(q, "CREATE TABLE "+name+" (a TEXT, who INT, PRIMARY KEY (a(20)))", "INSERT INTO "+name+" VALUES ('marker-"+name+"',1),('x',2)")
		case 3:
			q = append(q, "CREATE TABLE "+name+" (id INT NOT NULL, who VARCHAR(30) COMMENT 'comment-"+name+"', UNIQUE (id)) ENGINE=MyISAM", "INSERT INTO "+name+" VALUES (1,'marker-"+name+"'),(2,'x')")
		default:
			q = append(q, "CREATE TABLE "+name+" (id INT PRIMARY KEY, who VARCHAR(30), note MEDIUMTEXT)", "INSERT INTO "+name+" VALUES (1,'marker-"+name+"','n'),(2,'x',REPEAT('y',10))")
		}
	}
	return schema(t, m, q...)
}

func testManyTables(t *testing.T, m *testenv.MariaDB) {
	const n = 250
	db := many(t, m, n)
	s := open(t, m.Addr(), "root", db, nil)
	selects, shows := status(t, m, "Com_select"), status(t, m, "Com_show_create_table")
	r := readAll(t, t.Context(), s)
	selects, shows = status(t, m, "Com_select")-selects, status(t, m, "Com_show_create_table")-shows
	r.clean(t)
	if len(r.parts) > 12 {
		t.Errorf("%d parts", len(r.parts))
	}
	// A statement for the rows of each, and for the indexes of those that have
	// others than a simple primary key.
	if selects > n*14/10+30 || shows > n+3 {
		t.Errorf("%d SELECT and %d SHOW CREATE TABLE for %d tables", selects, shows, n)
	}
	for i := range n {
		name := fmt.Sprintf("t%03d", i)
		rows := r.rows[db+"."+name]
		if want := 2 + btoi(i%10 == 0); len(rows) != want {
			t.Errorf("%s: %d rows, want %d", name, len(rows), want)
		}
		if !strings.Contains(r.bodies[s.tableURI(db, name)+"#definition"], "CREATE TABLE `"+name+"`") {
			t.Errorf("%s: no definition", name)
		}
		if i < 10 {
			r.reopen(t, s, db+"."+name, 1)
		}
	}
	resumeAll(t, s, r.parts[:2])

	// Between listing and reading: one table goes away, one changes, one is locked.
	s = open(t, m.Addr(), "root", db, func(c *Config) { c.Timeout = time.Second })
	r = newResult()
	for p, err := range s.Parts(t.Context()) {
		if !r.fault(err) {
			r.parts = append(r.parts, p)
		}
	}
	m.Exec(t, "DROP TABLE "+db+".t014", "ALTER TABLE "+db+".t015 ADD COLUMN more VARCHAR(20) DEFAULT 'added'")
	for _, p := range r.parts {
		r.part(t, t.Context(), s, p)
	}
	if len(r.gaps) == 0 || len(r.errs) != 0 {
		t.Errorf("gaps %v, errors %v", r.gaps, r.errs)
	}
	for _, g := range r.gaps {
		if !strings.Contains(g.URI, "/t014") || g.Reason != scanners.Vanished {
			t.Errorf("gap %+v", g)
		}
	}
	if len(r.rows) != n-1 || r.rows[db+".t015"][0].get("more") != "added" {
		t.Errorf("%d tables; %v", len(r.rows), r.rows[db+".t015"])
	}

	// An account that sees no statistics of InnoDB.
	account(t, m, "plain", "SELECT ON "+db+".*")
	s = open(t, m.Addr(), "plain", db, nil)
	r = readAll(t, t.Context(), s)
	if len(r.rows) != n-1 || len(r.parts) > 12 {
		t.Errorf("%d tables in %d parts", len(r.rows), len(r.parts))
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func testEngines(t *testing.T, m *testenv.MariaDB) {
	_, _ = m.Admin.Exec("INSTALL SONAME 'ha_archive'")
	_, _ = m.Admin.Exec("INSTALL SONAME 'ha_blackhole'")
	db := schema(t, m,
		"CREATE TABLE my (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MyISAM", "INSERT INTO my VALUES (1,'in-my')",
		"CREATE TABLE aria (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=Aria", "INSERT INTO aria VALUES (1,'in-aria')",
		"CREATE TABLE archive (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)) ENGINE=ARCHIVE", "INSERT INTO archive (v) SELECT 'in-archive' FROM seq_1_to_5000",
		"CREATE TABLE csv (id INT NOT NULL, v VARCHAR(20) NOT NULL) ENGINE=CSV", "INSERT INTO csv VALUES (1,'in-csv')",
		"CREATE TABLE mem (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MEMORY", "INSERT INTO mem VALUES (1,'in-mem')",
		"CREATE TABLE hashed (a INT NOT NULL, v VARCHAR(20), UNIQUE USING HASH (a)) ENGINE=MEMORY", "INSERT INTO hashed SELECT seq,'in-hashed' FROM seq_1_to_700",
		"CREATE TABLE hole (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=BLACKHOLE", "INSERT INTO hole VALUES (1,'in-hole')",
		"CREATE TABLE m1 (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MyISAM", "INSERT INTO m1 VALUES (1,'in-m1')",
		"CREATE TABLE m2 (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MyISAM", "INSERT INTO m2 VALUES (2,'in-m2')",
		"CREATE TABLE merged (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MERGE UNION=(m1,m2)",
		"CREATE TABLE parts (id INT, y INT, v VARCHAR(20), PRIMARY KEY (id,y)) PARTITION BY RANGE (y) (PARTITION p_old VALUES LESS THAN (2000), PARTITION p_new VALUES LESS THAN MAXVALUE)",
		"INSERT INTO parts VALUES (1,1999,'in-parts'),(2,2020,'in-parts')",
		"CREATE SEQUENCE sq",
		"CREATE TABLE checked (id INT PRIMARY KEY, v INT DEFAULT 7, CONSTRAINT named_check CHECK (v > 3))")
	s := open(t, m.Addr(), "root", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for table, want := range map[string]int{
		"my": 1, "aria": 1, "archive": 5000, "csv": 1, "mem": 1, "hashed": 700, "hole": 0, "m1": 1, "m2": 1, "merged": 0, "parts": 2,
	} {
		rows := r.rows[db+"."+table]
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", table, len(rows), want)
		}
		if want > 0 && rows[0].get("v") != "in-"+table {
			t.Errorf("%s: %q", table, rows[0].get("v"))
		}
		r.reopen(t, s, db+"."+table, 371)
	}
	if len(r.excluded) != 1 || !strings.Contains(r.excluded[0].Detail, "MERGE") {
		t.Errorf("excluded: %v", r.excluded)
	}
	for table, want := range map[string]string{"merged": "UNION", "parts": "p_old", "checked": "named_check", "hole": "BLACKHOLE"} {
		if !strings.Contains(r.bodies[s.tableURI(db, table)+"#definition"], want) {
			t.Errorf("the definition of %s does not name %s", table, want)
		}
	}

	// A MERGE table that is the only way to some rows is read.
	account(t, m, "merger", "SELECT ON "+db+".merged", "SELECT ON "+db+".m1")
	s = open(t, m.Addr(), "merger", db, nil)
	r = readAll(t, t.Context(), s)
	if n := len(r.rows[db+".merged"]); n != 2 {
		t.Errorf("merged: %d rows; %v", n, r.gaps)
	}
}

// The rows of tables that the server passes on are not asked for.
func testElsewhere(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE own (id INT PRIMARY KEY)", "INSERT INTO own VALUES (1)", "CREATE TABLE more (id INT PRIMARY KEY)")
	// The other server is this one, behind a proxy that counts.
	proxy := testenv.NewProxy(t, m.Addr())
	host, port, err := net.SplitHostPort(proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	remote := 0
	for _, e := range []struct{ soname, create string }{
		{"ha_federatedx", "fed (id INT PRIMARY KEY COMMENT 'comment-fed') ENGINE=FEDERATED CONNECTION='mysql://root@" + proxy.Addr() + "/" + db + "/own'"},
		{"ha_connect", "con (id INT NOT NULL COMMENT 'comment-con') ENGINE=CONNECT TABLE_TYPE=MYSQL CONNECTION='mysql://root@" + proxy.Addr() + "/" + db + "/own'"},
		{"ha_spider", "spi (id INT PRIMARY KEY COMMENT 'comment-spi') ENGINE=SPIDER COMMENT='wrapper \"mysql\", host \"" + host + "\", port \"" + port + "\", user \"root\", database \"" + db + "\", table \"own\"'"},
	} {
		if _, err := m.Admin.Exec("INSTALL SONAME '" + e.soname + "'"); err != nil && !strings.Contains(err.Error(), "1968") {
			if os.Getenv("CI") != "" {
				t.Errorf("%s: %v; scripts/setup.sh installs it", e.soname, err)
			}
			t.Logf("%s: %v", e.soname, err)
			continue
		}
		m.Exec(t, "CREATE TABLE "+db+"."+e.create)
		remote++
	}
	if remote == 0 {
		t.Skip("the server has none of these engines")
	}
	m.Exec(t, "FLUSH TABLES")
	before := proxy.Bytes()
	s := open(t, m.Addr(), "root", db, nil)
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if n := proxy.Bytes() - before; n != 0 {
		t.Errorf("the other server was asked: %d bytes came from it", n)
	}
	if len(r.rows[db+".own"]) != 1 || len(r.rows) != 1 || len(r.excluded) != remote {
		t.Errorf("read %d tables, excluded %v", len(r.rows), r.excluded)
	}
	for _, x := range r.excluded {
		name := x.Place[len(x.Place)-3:]
		if !strings.Contains(x.Detail, "another place") || !strings.Contains(r.bodies[x.URI+"#definition"], "comment-"+name) {
			t.Errorf("%+v: defined as %q", x, r.bodies[x.URI+"#definition"])
		}
	}
	_ = s.Check(t.Context())
	_, _ = s.Relations(t.Context())
	account(t, m, "near", "SELECT, REFERENCES ON "+db+".*")
	s = open(t, m.Addr(), "near", db, nil)
	if _, err := s.Relations(t.Context()); err != nil {
		t.Error(err)
	}
	_ = readAll(t, t.Context(), s)
	if n := proxy.Bytes() - before; n != 0 {
		t.Errorf("Check or Relations asked the other server: %d bytes came from it", n)
	}
}

func testOnlyWayIn(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE secret (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO secret VALUES (1,'shown'),(2,'hidden')",
		"CREATE TABLE open (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO open VALUES (1,'open')",
		"CREATE TABLE `o``dd name` (id INT PRIMARY KEY)", "INSERT INTO `o``dd name` VALUES (5)",
		"CREATE VIEW through AS SELECT v FROM secret WHERE id=1",
		"CREATE VIEW both_of AS SELECT a.v FROM open a JOIN secret b ON a.id=b.id",
		"CREATE VIEW again AS SELECT * FROM open WHERE id IN (SELECT id FROM `o``dd name`)")
	account(t, m, "viewer", "SELECT, SHOW VIEW ON "+db+".through", "SELECT, SHOW VIEW ON "+db+".both_of", "SELECT, SHOW VIEW ON "+db+".again",
		"SELECT ON "+db+".open", "SELECT ON "+db+".`o``dd name`")
	s := open(t, m.Addr(), "viewer", db, nil)
	r := readAll(t, t.Context(), s)
	if rows := r.rows[db+".through"]; len(rows) != 1 || rows[0].get("v") != "shown" || rows[0].ref.Action != "review" {
		t.Errorf("through: %v", rows)
	}
	if len(r.rows[db+".both_of"]) != 1 || len(r.rows[db+".again"]) != 0 || len(r.rows[db+".open"]) != 1 {
		t.Errorf("%v", r.rows)
	}
	r.reopen(t, s, db+".through", 1)
	r = readAll(t, t.Context(), open(t, m.Addr(), "root", db, nil))
	r.clean(t)
	if len(r.rows) != 3 {
		t.Errorf("root reads %d tables, want no view", len(r.rows))
	}
}

// What another session locks is a gap, in time.
func testLocked(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b VALUES (1)",
		"CREATE TABLE c (id INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO c VALUES (1)")
	conn, err := m.Admin.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "LOCK TABLES "+db+".a WRITE, "+db+".c WRITE"); err != nil {
		t.Fatal(err)
	}
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.Timeout = time.Second })
	s.connector.lockWait = 1
	start := time.Now()
	r := readAll(t, t.Context(), s)
	if d := time.Since(start); d > 8*time.Second {
		t.Errorf("took %v", d)
	}
	if len(r.rows[db+".b"]) != 1 || len(r.gaps) != 2 || len(r.errs) != 0 {
		t.Errorf("rows %v, gaps %v, errors %v", r.rows, r.gaps, r.errs)
	}
	for _, g := range r.gaps {
		if g.Reason != scanners.Timeout || g.Units < 1 {
			t.Errorf("gap %+v", g)
		}
	}
	if _, err := conn.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
		t.Fatal(err)
	}
}

func testDamaged(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE bad (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM ROW_FORMAT=DYNAMIC", "INSERT INTO bad SELECT seq, REPEAT('v',200) FROM seq_1_to_2000",
		"CREATE TABLE gone (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM", "INSERT INTO gone SELECT seq, REPEAT('v',200) FROM seq_1_to_2000",
		"CREATE TABLE good (id INT PRIMARY KEY)", "INSERT INTO good VALUES (1)", "FLUSH TABLES")
	var dir string
	if err := m.Admin.QueryRow("SELECT @@datadir").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, db, "bad.MYD")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+4000; i++ {
		b[i] = 0xee
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, db, "gone.MYD")); err != nil {
		t.Fatal(err)
	}
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.PageRows = 100; c.Timeout = 2 * time.Second })
	r := readAll(t, t.Context(), s)
	if n := len(r.rows[db+".bad"]); n < 500 || n >= 2000 {
		t.Errorf("%d rows of the damaged table", n)
	}
	if len(r.rows[db+".good"]) != 1 || len(r.errs) != 0 {
		t.Errorf("%d rows, errors %v", len(r.rows[db+".good"]), r.errs)
	}
	for _, name := range []string{"bad", "gone"} {
		if !slices.ContainsFunc(r.gaps, func(g *scanners.Gap) bool {
			return strings.HasSuffix(g.URI, "/"+name) && (g.Reason == scanners.Corrupt || g.Reason == scanners.Vanished)
		}) {
			t.Errorf("no gap for %s: %v", name, r.gaps)
		}
	}
	m.Exec(t, "DROP DATABASE "+db)
}

func testPace(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a SELECT seq FROM seq_1_to_1000",
		"CREATE TABLE b (v VARCHAR(20))", "INSERT INTO b SELECT seq FROM seq_1_to_1000")
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.RowsPerSecond = 1000; c.PageRows = 100 })
	start := time.Now()
	r := readAll(t, t.Context(), s)
	r.clean(t)
	if d := time.Since(start); d < 1500*time.Millisecond || len(r.rows[db+".a"])+len(r.rows[db+".b"]) != 2000 {
		t.Errorf("2000 rows at 1000 rows a second took %v", d)
	}

	// Others are busy: reading goes on, slowly.
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = m.Admin.ExecContext(ctx, "SELECT SLEEP(30)")
	}()
	for status(t, m, "Threads_running") < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	s = open(t, m.Addr(), "root", db, func(c *Config) { c.MaxActive = 1; c.PageRows = 500 })
	start = time.Now()
	r = readAll(t, t.Context(), s)
	r.clean(t)
	if d := time.Since(start); d < 2*sqldb.BusyWait || len(r.rows[db+".a"]) != 1000 {
		t.Errorf("took %v beside a busy thread", d)
	}
	cancel()
	<-done

	// A statement that takes too long is a gap.
	m.Exec(t, "CREATE VIEW "+db+".slow AS SELECT id, SLEEP(1) FROM "+db+".a")
	account(t, m, "slow", "SELECT, SHOW VIEW ON "+db+".slow")
	s = open(t, m.Addr(), "slow", db, func(c *Config) { c.StatementTimeout = time.Second })
	r = readAll(t, t.Context(), s)
	if !slices.ContainsFunc(r.gaps, func(g *scanners.Gap) bool { return g.Reason == scanners.Timeout }) {
		t.Errorf("gaps %v", r.gaps)
	}
}

func testReplica(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a SELECT seq FROM seq_1_to_1000")
	proxy := testenv.NewProxy(t, m.Addr())
	s := open(t, m.Addr(), "root", db, func(c *Config) {
		c.Replica, c.PageRows, c.Timeout, c.Connections = "mysql://"+proxy.Addr(), 100, 2*time.Second, 1
	})
	r := newResult()
	for p, err := range s.Parts(t.Context()) {
		if r.fault(err) {
			continue
		}
		for it, err := range s.Items(t.Context(), p) {
			if !r.fault(err) {
				r.item(t, it)
			}
			if proxy.Bytes() == 0 {
				t.Fatal("the replica was not read")
			}
			if len(r.rows[db+".a"]) == 300 {
				proxy.CutAfter(0) // for good
			}
		}
	}
	r.clean(t)
	if rows := r.rows[db+".a"]; len(rows) != 1000 || !strings.HasPrefix(rows[0].ref.URI, "mysql://"+m.Addr()+"/") {
		t.Errorf("%d rows", len(rows))
	}
}

func testSince(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE kept (id INT PRIMARY KEY, t TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP)",
		"INSERT INTO kept VALUES (1,'2020-01-01'),(2,'2026-06-01'),(3,NULL)",
		"CREATE TABLE named (id INT PRIMARY KEY, Updated_At DATETIME)", "INSERT INTO named SELECT seq,'2019-05-05' FROM seq_1_to_50", "INSERT INTO named VALUES (100,'2026-05-05')",
		"CREATE TABLE mine (id INT PRIMARY KEY, stamp DATETIME, updated_at DATETIME)", "INSERT INTO mine VALUES (1,'2026-05-05','2019-01-01'),(2,'2019-01-01','2026-05-05')",
		"CREATE TABLE free (v INT, modified DATETIME)", "INSERT INTO free VALUES (1,'2019-01-01'),(2,'2026-01-02'),(3,'0000-00-00')",
		"CREATE TABLE without_one (id INT PRIMARY KEY)", "INSERT INTO without_one VALUES (1)")
	s := open(t, m.Addr(), "root", db, func(c *Config) { c.Since = "2026-01-01"; c.ChangeColumns = []string{"STAMP"} })
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for table, want := range map[string]int{"kept": 2, "named": 1, "mine": 1, "free": 2, "without_one": 1} {
		if n := len(r.rows[db+"."+table]); n != want {
			t.Errorf("%s: %d rows, want %d", table, n, want)
		}
	}
	left := map[string]int64{}
	for _, x := range r.excluded {
		left[x.Place[strings.LastIndex(x.Place, " ")+1:]] = x.Units
		if x.Reason != scanners.ByConfig || !strings.Contains(x.Detail, "2026-01-01") {
			t.Errorf("%+v", x)
		}
	}
	if fmt.Sprint(left) != "map[free:1 kept:1 mine:1 named:50]" {
		t.Errorf("excluded %v", left)
	}
	if !strings.Contains(s.Info().Consistency, "read in full") {
		t.Error(s.Info().Consistency)
	}
	if err := (&Config{URI: "mysql://u@h/", Since: "yesterday"}).Validate(); err == nil || !strings.Contains(err.Error(), "mysql: since must be") {
		t.Errorf("yesterday: %v", err)
	}
}

func testBlocked(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE `cli-ents` (id INT PRIMARY KEY)", "INSERT INTO `cli-ents` VALUES (1)",
		"CREATE TABLE orders (id INT PRIMARY KEY, c INT, CONSTRAINT fk_orders FOREIGN KEY (c) REFERENCES `cli-ents` (id))", "INSERT INTO orders VALUES (1,1)",
		"CREATE TABLE notes (id INT PRIMARY KEY, c INT, CONSTRAINT fk_notes FOREIGN KEY (c) REFERENCES `cli-ents` (id) ON DELETE CASCADE)",
		"CREATE TABLE pairs (a INT, b INT, PRIMARY KEY (a,b))",
		"CREATE TABLE uses (a INT, b INT, CONSTRAINT fk_uses FOREIGN KEY (a,b) REFERENCES pairs (a,b) ON DELETE SET NULL)",
		"CREATE TRIGGER no_more BEFORE DELETE ON `cli-ents` FOR EACH ROW SET @x=1")
	check := func(user string) {
		t.Helper()
		s := open(t, m.Addr(), user, db, nil)
		r := readAll(t, t.Context(), s)
		got := r.rows[db+".cli-ents"][0].ref.Blocked
		if want := []string{"foreign key fk_notes of " + db + ".notes (ON DELETE CASCADE)", "foreign key fk_orders of " + db + ".orders", "trigger no_more (BEFORE DELETE)"}; !slices.Equal(got, want) {
			t.Errorf("%s: blocked by %q, want %q", user, got, want)
		}
		if got := r.rows[db+".orders"][0].ref.Blocked; len(got) != 0 {
			t.Errorf("%s: orders are blocked by %q", user, got)
		}
		rel, err := s.Relations(t.Context())
		if err != nil || len(rel) != 3 || rel[2].RefTable != db+".pairs" || len(rel[2].With) != 1 || rel[2].With[0] != (scanners.ColumnPair{Column: "b", RefColumn: "b"}) {
			t.Errorf("%s: %+v, %v", user, rel, err)
		}
	}
	check("root")
	account(t, m, "noprocess", "SELECT, TRIGGER, REFERENCES ON "+db+".*")
	check("noprocess")
}

// Rows arrive the same past the driver and through it, in packets of all sizes.
func testPackets(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m)
	s := open(t, m.Addr(), "root", db, nil)
	for _, n := range []int{0, 1, 250, 251, 65535, 65536, 16777210, 16777211, 16777212, 16777215, 17000000, 33554430} {
		got, count := 0, 0
		_, err := s.query(t.Context(), fmt.Sprintf("SELECT REPEAT('a',%d),NULL,'' UNION ALL SELECT 'b','c',7", n), func(c []sql.RawBytes) error {
			if count++; count == 1 {
				got = bytes.Count(c[0], []byte("a"))
				if len(c[0]) != got || c[1] != nil || c[2] == nil || len(c[2]) != 0 {
					t.Errorf("%d: other cells", n)
				}
			} else if string(c[0]) != "b" || string(c[2]) != "7" {
				t.Errorf("%d: second row %q", n, c)
			}
			return nil
		})
		if err != nil || got != n || count != 2 {
			t.Errorf("%d bytes: %d, %d rows, %v", n, got, count, err)
		}
	}
	// An error in the middle of a result, and the connection goes on.
	rows := 0
	_, err := s.query(t.Context(), "SELECT a.seq,(SELECT 1 FROM "+db+".seq_1_to_2 WHERE a.seq>2000) FROM "+db+".seq_1_to_3000 a", func([]sql.RawBytes) error { rows++; return nil })
	if serverError(err) != 1242 || rows == 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if err := s.one(t.Context(), "SELECT 1", func([]sql.RawBytes) {}); err != nil {
		t.Error(err)
	}
}

// A server that encrypts.
func TestEncrypted(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: priv}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := testenv.NewMariaDB(t, "--ssl-cert="+filepath.Join(dir, "cert.pem"), "--ssl-key="+filepath.Join(dir, "key.pem"))
	t.Run("Types", func(t *testing.T) { testTypes(t, m) })
	db := schema(t, m, "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(99))", "INSERT INTO a SELECT seq, CONCAT('v',seq) FROM seq_1_to_5000")
	for _, mode := range []string{"preferred", "required", "verify", "disabled"} {
		s := open(t, m.Addr(), "root", db, func(c *Config) {
			c.TLS.Mode = mode
			if mode == "verify" {
				c.TLS.CA = filepath.Join(dir, "cert.pem")
			}
		})
		cipher := ""
		if err := s.one(t.Context(), "SHOW SESSION STATUS LIKE 'Ssl_cipher'", func(c []sql.RawBytes) { cipher = string(c[1]) }); err != nil || (cipher == "") != (mode == "disabled") {
			t.Errorf("%s: cipher %q, %v", mode, cipher, err)
		}
		r := readAll(t, t.Context(), s)
		r.clean(t)
		if n := len(r.rows[db+".a"]); n != 5000 {
			t.Errorf("%s: %d rows", mode, n)
		}
	}
}

// Content of columns arrives byte by byte, whatever it holds.
func testContent(t *testing.T, m *testenv.MariaDB) {
	db := schema(t, m,
		"CREATE TABLE c (id INT PRIMARY KEY, z BLOB, double1 VARCHAR(50) CHARACTER SET latin1, b MEDIUMBLOB)",
		"INSERT INTO c SELECT 1, COMPRESS(REPEAT('someone@example.org ',10)), CONVERT(CONVERT(CONVERT('Müller' USING utf8mb4) USING binary) USING latin1), X'1f8b0800'")
	r := readAll(t, t.Context(), open(t, m.Addr(), "root", db, nil))
	r.clean(t)
	row := r.rows[db+".c"][0]
	if z := row.get("z"); len(z) < 8 || z[:4] != "\xc8\x00\x00\x00" || z[4] != 0x78 {
		t.Errorf("z = %q", z)
	}
	if v := row.get("double1"); v != "MÃ¼ller" {
		t.Errorf("double1 = %q", v)
	}
	if v := row.get("b"); v != "\x1f\x8b\x08\x00" {
		t.Errorf("b = %q", v)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("\x01a\xfb\x00"), 3)
	f.Add([]byte("\xfc\x02\x00ab"), 1)
	f.Add([]byte("\xfd\x01\x00\x00a\xfe\x01\x00\x00\x00\x00\x00\x00\x00b"), 2)
	f.Add([]byte("\xfe\xff\xff\xff\xff\xff\xff\xff\xff"), 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if n < 0 || n > 100 {
			return
		}
		cells := make([]sql.RawBytes, n)
		if split(b, cells) {
			size := 0
			for _, c := range cells {
				size += len(c)
			}
			if size > len(b) {
				t.Errorf("%d bytes of %d", size, len(b))
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	m := testenv.NewMariaDB(b)
	m.Exec(b, "CREATE DATABASE bench", "CREATE TABLE bench.c (id INT PRIMARY KEY, name VARCHAR(50), email VARCHAR(50), n INT, d DATETIME)",
		"INSERT INTO bench.c SELECT seq, CONCAT('name ',seq), CONCAT('p',seq,'@example.org'), seq*7, NOW() FROM seq_1_to_200000")
	c := &Config{URI: "mysql://root@127.0.0.1:" + strconv.Itoa(m.Port) + "/bench"}
	s, err := c.Open(b.Context(), scanners.Env{Name: "db", RowKey: []byte(scannertest.RowKey)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for p, err := range s.Parts(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			for it, err := range s.Items(b.Context(), p) {
				if err != nil {
					b.Fatal(err)
				}
				if it.Block != nil {
					n += it.Block.Rows()
				}
			}
		}
		if n != 200000 {
			b.Fatal(n)
		}
	}
}
