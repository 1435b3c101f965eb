package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners/all"
)

// TestInit writes a configuration by looking at a server and a tree, and scans
// with it: what is guessed to be customers' own is left out, and named.
func TestInit(t *testing.T) {
	db := testenv.NewMariaDB(t)
	for _, q := range []string{
		"CREATE DATABASE whmcs", "CREATE TABLE whmcs.tblclients (id INT PRIMARY KEY, email VARCHAR(100))", "CREATE TABLE whmcs.tblinvoices (id INT PRIMARY KEY, userid INT)",
		"CREATE TABLE whmcs.tbltickets (id INT PRIMARY KEY, email VARCHAR(100))", "CREATE TABLE whmcs.tblother (id INT PRIMARY KEY, email VARCHAR(100))",
		"CREATE TABLE whmcs.tblactivitylog (id INT PRIMARY KEY, user VARCHAR(100))",
		"CREATE DATABASE alice_blog", "CREATE TABLE alice_blog.wp_users (ID INT PRIMARY KEY, user_email VARCHAR(100))",
		"CREATE DATABASE `odd 'name`", "CREATE TABLE `odd 'name`.things (id INT PRIMARY KEY)",
		"INSERT INTO whmcs.tblclients VALUES (1,'zoe@example.be')", "INSERT INTO whmcs.tbltickets VALUES (1,'zoe@example.be')", "INSERT INTO whmcs.tblother VALUES (1,'zoe@example.be')",
		"INSERT INTO whmcs.tblactivitylog VALUES (1,'zoe@example.be')", "INSERT INTO alice_blog.wp_users VALUES (1,'zoe@example.be')",
	} {
		if _, err := db.Admin.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	for i := range 80 { // scanners read small tables together
		if _, err := db.Admin.Exec(fmt.Sprintf("CREATE TABLE whmcs.mod_%02d (id INT PRIMARY KEY)", i)); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", filepath.Join(dir, "state"))
	tree := filepath.Join(dir, "tree")
	for _, name := range []string{"var/backups/x.txt", "var/www/alice/index.html", "var/log/auth.log", "srv/misc/y.txt", "it's/z.txt"} {
		if err := os.MkdirAll(filepath.Join(tree, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte("zoe@example.be\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want int, args ...string) (string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(t.Context(), args, strings.NewReader(""), &out, &errs); code != want {
			t.Fatalf("spoor %q: status %d\n%s", args, code, errs.String())
		}
		return out.String(), errs.String()
	}
	config := filepath.Join(dir, "spoor.yaml")
	run(0, "init", "mysql://root@"+db.Addr()+"/", tree, "-o", config)
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if _, errs := run(2, "init", tree, "-o", config); !strings.Contains(errs, "is there already") {
		t.Error(errs)
	}
	run(0, "check", "-c", config)
	// A folder that is called for what it holds, and a repository.
	vault := filepath.Join(dir, "backup")
	if err := os.MkdirAll(filepath.Join(vault, "host1"), 0o700); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.yaml")
	run(0, "init", vault, "restic:"+filepath.Join(dir, "repo"), "-o", other)
	if p, err := plan.Load(other, all.Kinds()); err != nil {
		t.Error(err)
	} else if b := p.Activities[slices.IndexFunc(p.Activities, func(a plan.Activity) bool { return a.ID == "backups" })]; !slices.Contains(b.Covers, "backup") || len(b.Covers) != 2 {
		t.Errorf("backups cover %q", b.Covers)
	}
	report := filepath.Join(dir, "report.json")
	run(0, "scan", "-q", "-c", config, "--email", "zoe@example.be", "-o", report)
	f, err := os.Open(report)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rep, err := inventory.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		uri := strings.TrimPrefix(strings.TrimPrefix(f.URI, "file://"+tree), "mysql://"+db.Addr())
		got[uri] = strings.Join(f.Activities, " ")
	}
	want := map[string]string{
		"/whmcs/tblclients?id=1": "customers", "/whmcs/tbltickets?id=1": "support", "/whmcs/tblother?id=1": "customers", "/whmcs/tblactivitylog?id=1": "logs",
		"/var/backups/x.txt": "backups", "/var/log/auth.log": "logs", "/srv/misc/y.txt": "unassigned", "/it's/z.txt": "unassigned",
	}
	for uri, activity := range want {
		if got[uri] != activity {
			t.Errorf("%s: of activity %q, want %q", uri, got[uri], activity)
		}
		delete(got, uri)
	}
	if len(got) > 0 {
		t.Errorf("found besides: %v", got)
	}
	left := ""
	for _, x := range rep.Exclusions {
		left += x.URI + " " + x.Reason + "\n"
	}
	if !strings.Contains(left, "/alice_blog") || !strings.Contains(left, "/var/www") || !strings.Contains(left, "no-instruction") {
		t.Errorf("left out:\n%s", left)
	}
}
