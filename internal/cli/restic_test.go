package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/reports"
)

// A repository of backups is found through: what is reported once, and in which
// snapshots it lies; all of that opens again.
func TestResticRepository(t *testing.T) {
	program := testenv.Need(t, "restic", "restic")
	dir := t.TempDir()
	repo := filepath.Join(dir, "my backups!")
	t.Setenv("RESTIC_PASSWORD", "correct horse")
	t.Setenv("SPOOR_STATE_DIR", filepath.Join(dir, "state"))
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(program, append([]string{"-q", "--no-cache", "-r", repo}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("restic %q: %v\n%s", args, err, out)
		}
	}
	put := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, "src", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var z bytes.Buffer
	zw := zip.NewWriter(&z)
	if w, err := zw.Create("letter to zoe.txt"); err != nil {
		t.Fatal(err)
	} else if _, err := io.WriteString(w, "Dear zoe@example.be\n"); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	run("init")
	put("www/zoe@example.be/index.html", "<p>hello</p>")
	put("office/letters.zip", z.String())
	put("office/customers.csv", "id,name,email\n1,Zoe Peeters,zoe@example.be\n2,Tom Maes,tom@example.org\n")
	put("office/shop.sql", `CREATE TABLE clients (id int NOT NULL, email varchar(255), PRIMARY KEY (id));
INSERT INTO clients VALUES (7,'zoe@example.be'),(8,'tom@example.org');
CREATE TABLE orders (id int NOT NULL, client_id int, what varchar(50), PRIMARY KEY (id), CONSTRAINT c FOREIGN KEY (client_id) REFERENCES clients (id));
INSERT INTO orders VALUES (1,7,'a chair'),(2,8,'a table');
`)
	put("office/tom.txt", "only tom@example.org\n")
	const days = 3
	for day := range days {
		put("mail/log", strings.Repeat("nothing here\n", day)+"to zoe@example.be\n")
		if day == 1 {
			put("mail/gone.eml", "From: zoe@example.be\nSubject: x\n\nhello\n")
		}
		run("backup", "src", "--host", fmt.Sprintf("web%d", day))
		_ = os.Remove(filepath.Join(dir, "src", "mail/gone.eml"))
	}
	spoor := func(args ...string) (string, int) {
		t.Helper()
		var out, errs bytes.Buffer
		code := Main(args, strings.NewReader(""), &out, &errs)
		if code > 3 {
			t.Fatalf("spoor %q: status %d\n%s", args, code, errs.String())
		}
		return out.String(), code
	}
	// Among other files, it is a gap that says how to read it.
	if out, code := spoor("scan", filepath.Dir(repo), "-q", "--email", "zoe@example.be", "-o", "-"); code != 3 || !strings.Contains(out, "a repository of restic: scan it as restic:PATH") {
		t.Errorf("status %d, and the repository is not named", code)
	}
	report, code := spoor("scan", "restic:"+repo, "-q", "--email", "zoe@example.be", "-o", "-")
	if code != 0 {
		t.Errorf("status %d", code)
	}
	if err := testenv.Valid(reports.Schema(), []byte(report)); err != nil {
		t.Errorf("the report does not fit its schema: %v", err)
	}
	rep, err := inventory.Load(strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	// The files of "src": 5 that stay, 3 logs and a mail; and the zip's member.
	if c := rep.Sources[0].Coverage; c.Units.Found != 5+days+1+1 || c.Units.Scanned != c.Units.Found || !rep.Sources[0].Listed {
		t.Errorf("coverage %+v", c)
	}
	if len(rep.Backups) != days || rep.Backups[0].Layout != "restic" || rep.Backups[0].AgeDays == nil {
		t.Errorf("backups %+v", rep.Backups)
	}
	copies := map[string]int{}
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		_, path, _ := strings.Cut(f.URI, "/src/")
		copies[path] += len(f.Copies)
		if a := f.Actions[0].Kind; a != "drop-snapshots" && a != "review" {
			t.Errorf("%s: %s", path, a)
		}
		var l struct{ Snapshots []string }
		if err := json.Unmarshal(f.Locator, &l); err != nil || len(l.Snapshots) != len(f.Copies)+1 {
			t.Errorf("%s: %d snapshots hold it, %d copies, %v", path, len(l.Snapshots), len(f.Copies), err)
		}
		first, _ := spoor("cat", f.URI)
		if first == "" {
			t.Errorf("%s does not open", f.URI)
		}
		for _, c := range f.Copies {
			if again, _ := spoor("cat", c.URI); again != first && !strings.HasSuffix(f.URI, "zoe@example.be") || c.Host == "" || c.Time == "" {
				t.Errorf("the copy %+v is %q, not %q", c, again, first)
			}
		}
	}
	for path, want := range map[string]int{
		"www/zoe@example.be": days - 1, "office/letters.zip!/letter%20to%20zoe.txt": days - 1, "office/customers.csv#row=2": days - 1,
		"office/shop.sql#//clients?id=7": days - 1, "office/shop.sql#//orders?id=1": days - 1,
		"mail/log": 0, "mail/gone.eml": 0, "www/zoe@example.be/index.html": days - 1,
	} {
		if n, ok := copies[path]; !ok || n != want {
			t.Errorf("%s: %d copies (found: %v), want %d", path, n, ok, want)
		}
	}
	if _, ok := copies["office/tom.txt"]; ok {
		t.Error("somebody else is found")
	}
	// The same over SFTP.
	server := "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(server); err != nil {
		server = testenv.Need(t, "apt-get install openssh-sftp-server", "sftp-server")
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte("#!/bin/sh\nexec "+server+" -R\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	far, code := spoor("scan", "restic:sftp:host:"+repo, "-q", "--email", "zoe@example.be", "-o", "-")
	farRep, err := inventory.Load(strings.NewReader(far))
	if err != nil || code != 0 || farRep.Summary.Findings != rep.Summary.Findings {
		t.Errorf("over SFTP: status %d, %v", code, err)
	}
	for f, err := range farRep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if out, code := spoor("cat", f.URI); code != 0 || out == "" {
			t.Errorf("cat %s: status %d", f.URI, code)
		}
	}
	if out, code := spoor("check", "restic:"+repo); code != 0 || !strings.Contains(out, "3 snapshots") {
		t.Errorf("check: status %d: %s", code, out)
	}
	t.Setenv("RESTIC_PASSWORD", "wrong")
	report, code = spoor("scan", "restic:"+repo, "-q", "--email", "zoe@example.be", "-o", "-")
	if rep, err = inventory.Load(strings.NewReader(report)); err != nil || code != 3 || rep.Sources[0].Listed || rep.Gaps[0].Reason != "key-missing" {
		t.Errorf("with a wrong password: status %d, %+v, %v", code, rep, err)
	}
}
