package cli

import (
	"encoding/json"
	"io"
	"path/filepath"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
)

// Types of PostgreSQL, and rows that can be told by what they hold alone.
func TestExportPostgres(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	pg := testenv.NewPostgres(t)
	pg.Exec(t, "postgres",
		"CREATE TABLE people (id bigint PRIMARY KEY, email text, active boolean, balance numeric(20,4), tags jsonb, raw bytea, seen timestamptz, f float8)",
		"INSERT INTO people VALUES (9007199254740993,'zoe@example.be',true,12345678901234.5600,'{\"a\":[1,null],\"token\":\"abc\"}','\\x00ff','2026-11-02 10:00+01','NaN')",
		"CREATE TABLE log (line text, n int, more text)",
		"INSERT INTO log SELECT 'zoe@example.be', i FROM generate_series(1,30) i",
		"INSERT INTO log VALUES ('zoe@example.be',1,NULL),('other',2,NULL),('zoe@example.be',99,repeat('long ',400000))",
		"INSERT INTO people SELECT i, 'zoe@example.be', false FROM generate_series(1,1200) i")
	report := filepath.Join(t.TempDir(), "report.json")
	if status := Run(t.Context(), []string{"scan", "postgres://spoor@" + pg.Addr() + "/postgres", "-q", "--email", "zoe@example.be", "-o", report}, nil, io.Discard, io.Discard); status != exitOK {
		t.Fatalf("status %d", status)
	}
	status, b := exported(t, report)
	if status != exitOK || len(b.index.Gaps) > 0 {
		t.Fatalf("status %d, gaps %+v", status, b.index.Gaps)
	}
	for _, it := range b.index.Items {
		if it.Changed {
			t.Errorf("%+v", it)
		}
	}
	people := b.table(t, "tables/postgres/public/people.json")
	if len(people.Rows) != 1201 {
		t.Errorf("%d rows", len(people.Rows))
	}
	for _, row := range people.Rows {
		if id, _ := row["id"].(json.Number); id != "9007199254740993" {
			continue
		}
		got, _ := json.Marshal(row)
		want := `{"active":true,"balance":12345678901234.5600,"email":"zoe@example.be","f":"NaN","id":9007199254740993,"raw":{"base64":"AP8="},"seen":"2026-11-02 09:00:00+00","tags":{"a":[1,null],"token":"[withheld: a secret (key or token) is held]"}}`
		if string(got) != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	log, long := b.table(t, "tables/postgres/public/log.json"), 0
	for _, row := range log.Rows {
		if s, _ := row["more"].(string); len(s) == 2000000 {
			long++
		}
	}
	if len(log.Rows) != 32 || long != 1 {
		t.Errorf("%d lines of the log, %d long ones", len(log.Rows), long)
	}
}
