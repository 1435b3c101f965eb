package mysql

import (
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	gms "github.com/dolthub/go-mysql-server/sql"
	driver "github.com/go-sql-driver/mysql"
	"github.com/sirupsen/logrus"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
)

// A server that speaks the protocol and knows little of information_schema.
func TestGoMySQLServer(t *testing.T) {
	logrus.SetOutput(io.Discard)
	defer logrus.SetOutput(os.Stderr)
	db := memory.NewDatabase("shop")
	db.BaseDatabase.EnablePrimaryKeyIndexes()
	provider := memory.NewDBProvider(db)
	engine := sqle.NewDefault(provider)
	addr := fmt.Sprintf("127.0.0.1:%d", testenv.Port(t))
	srv, err := server.NewServer(server.Config{Protocol: "tcp", Address: addr}, engine, gms.NewContext, memory.NewSessionBuilder(provider), nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	defer func() {
		_ = srv.Close()
		<-ended
	}()

	cfg := driver.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.DBName = "root", "tcp", addr, "shop"
	cfg.Logger = &driver.NopLogger{}
	conn, err := driver.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	admin := sql.OpenDB(conn)
	defer admin.Close()
	for range 100 {
		if err = admin.Ping(); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	exec := func(q string) {
		t.Helper()
		if _, err := admin.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	exec("CREATE TABLE clients (id INT PRIMARY KEY, email VARCHAR(100), note LONGTEXT, paid DECIMAL(8,2), f DOUBLE, born DATE, j JSON)")
	exec("CREATE TABLE names (n VARCHAR(50), m INT, t TEXT COMMENT 'who', PRIMARY KEY (n,m))")
	exec("CREATE TABLE logs (who VARCHAR(50), at DATETIME(6), raw LONGBLOB)")
	exec("CREATE TABLE orders (id INT PRIMARY KEY, client INT, FOREIGN KEY (client) REFERENCES clients (id))")
	exec("CREATE VIEW v AS SELECT email FROM clients WHERE id > 1")
	for i := range 300 {
		exec(fmt.Sprintf("INSERT INTO clients VALUES (%d,'p%d@example.org','note',1.50,0.5,'1985-07-30','{\"a\":1}')", i, i))
		exec(fmt.Sprintf("INSERT INTO names VALUES ('%c''\\\\%d',%d,'t')", 'A'+i%26, i%7, i))
		exec(fmt.Sprintf("INSERT INTO logs VALUES ('w%d','2026-11-02 10:00:00',X'00ff')", i%10))
	}
	exec("UPDATE clients SET note=REPEAT('n', 2000000) WHERE id=7")

	s := open(t, addr, "root", "", func(c *Config) { c.PageRows = 50; c.Timeout = 5 * time.Second })
	r := readAll(t, t.Context(), s)
	r.clean(t)
	for _, table := range []string{"clients", "names", "logs"} {
		rows := r.rows["shop."+table]
		seen := map[string]bool{}
		for _, row := range rows {
			seen[row.ref.URI] = true
		}
		if len(rows) != 300 || table != "logs" && len(seen) != 300 {
			t.Errorf("%s: %d rows, %d different", table, len(rows), len(seen))
		}
		r.reopen(t, s, "shop."+table, 17)
	}
	for uri := range r.deferred {
		it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(it.Body); err != nil || len(b) != 2000000 {
			t.Errorf("%s: %d bytes, %v", uri, len(b), err)
		}
	}
	if len(r.deferred) != 1 {
		t.Errorf("deferred: %v", r.deferred)
	}
	if body := r.bodies[s.base+"shop/v#definition"]; !strings.Contains(body, "id > 1") {
		t.Errorf("the view is defined as %q", body)
	}
	for _, c := range s.Check(t.Context()) {
		if !c.OK {
			t.Errorf("%+v", c)
		}
	}
	if rel, err := s.Relations(t.Context()); err != nil || len(rel) != 1 {
		t.Errorf("relations: %v, %v", rel, err)
	}
	n := 0
	for it, err := range s.Lookup(t.Context(), "shop.clients", "email", []string{"p7@example.org"}) {
		if err != nil {
			t.Error(err)
			continue
		}
		if it.Block != nil {
			n += it.Block.Rows()
		}
	}
	if n != 1 {
		t.Errorf("lookup: %d rows", n)
	}
}
