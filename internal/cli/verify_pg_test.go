package cli

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/internal/verify"
)

// Rows of PostgreSQL, with a key and without, are found again, gone and moved.
func TestVerifyPostgres(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	db := testenv.NewPostgres(t)
	db.Exec(t, "postgres", "CREATE DATABASE cp")
	db.Exec(t, "cp",
		"CREATE TABLE clients (id int PRIMARY KEY, email text, note text)", "CREATE TABLE log (line text)",
		"INSERT INTO clients VALUES (1,'bob@example.org','x'),(7,'zoe@example.be','y')",
		"INSERT INTO log VALUES ('zoe@example.be'),('zoe@example.be'),('nobody')",
	)
	h := &host{t: t, dir: t.TempDir()}
	h.config = h.file("spoor.yaml", fmt.Sprintf("sources:\n  - {name: panel, type: postgres, uri: \"postgres://spoor@%s/\", timeout: 3s}\n", db.Addr()))
	h.subject = h.file("zoe.yaml", "subjects:\n  - {id: zoe, email: zoe@example.be}\n")
	report := filepath.Join(h.dir, "report.json")
	if status, out := h.spoor("scan", "-q", "-c", h.config, "--subject", h.subject, "-o", report, "-o", "-"); status != exitOK {
		t.Fatalf("scan: %d, %s", status, out)
	}
	for _, who := range [][]string{{"--subject", h.subject}, nil} {
		_, m := h.states(report, who...)
		for uri, r := range m {
			if r.State != verify.Present || r.Locator != verify.There {
				t.Errorf("untouched, %s is %s: %s", uri, r.State, r.Why)
			}
		}
		if len(m) != 3 {
			t.Errorf("%d findings: %v", len(m), m)
		}
	}
	db.Exec(t, "cp", "UPDATE clients SET id=8 WHERE id=7", "DELETE FROM log WHERE ctid = (SELECT max(ctid) FROM log WHERE line LIKE 'zoe%')")
	_, m := h.states(report, "--subject", h.subject)
	if r := h.only(m, "/clients?id=7"); r.State != verify.Moved {
		t.Errorf("the row under another key: %+v", r)
	}
	if r := h.only(m, "&n=2"); r.State != verify.Gone {
		t.Errorf("the second of two rows alike: %+v", r)
	}
	db.Exec(t, "cp", "DELETE FROM clients WHERE id=8", "DELETE FROM log")
	status, m := h.states(report, "--subject", h.subject)
	for uri, r := range m {
		if r.State != verify.Gone || status != exitOK {
			t.Errorf("%d: deleted, %s is %s: %s", status, uri, r.State, r.Why)
		}
	}
}
