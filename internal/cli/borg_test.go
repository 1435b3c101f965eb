package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/reports"
)

// A repository of Borg is found through: what is reported once, and in which
// archives it lies; all of that opens again.
func TestBorgRepository(t *testing.T) {
	program := testenv.Need(t, "borgbackup", "borg")
	dir := t.TempDir()
	repo := filepath.Join(dir, "my backups!")
	for name, value := range map[string]string{
		"BORG_PASSPHRASE": "correct horse", "BORG_BASE_DIR": dir, "BORG_KEYS_DIR": filepath.Join(dir, "keys"), "SPOOR_STATE_DIR": filepath.Join(dir, "state"),
	} {
		t.Setenv(name, value)
	}
	borg := func(args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = filepath.Join(dir, "src")
		cmd.Env = append(os.Environ(), "BORG_REPO="+repo)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("borg %q: %v\n%s", args, err, out)
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
	put("www/zoe@example.be/index.html", "<p>hello</p>")
	put("office/customers.csv", "id,name,email\n1,Zoe Peeters,zoe@example.be\n2,Tom Maes,tom@example.org\n")
	put("office/tom.txt", "only tom@example.org\n")
	borg("init", "-e", "keyfile-blake2")
	const days = 3
	for day := range days {
		put("mail/log", strings.Repeat("nothing here\n", day)+"to zoe@example.be\n")
		borg("create", "-C", "zstd", "::day "+string(rune('1'+day)), ".")
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
	if out, code := spoor("check", "borg:"+repo); code != 0 {
		t.Errorf("check: status %d: %s", code, out)
	}
	// Among other files, it is a gap that says how to read it.
	if out, code := spoor("scan", filepath.Dir(repo), "-q", "--email", "zoe@example.be", "-o", "-"); code != 3 || !strings.Contains(out, "a repository of Borg: scan it as borg:PATH") {
		t.Errorf("status %d, and the repository is not named", code)
	}
	report, code := spoor("scan", "borg:"+repo, "-q", "--email", "zoe@example.be", "-o", "-")
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
	// Three files that stay, and a log for each day.
	if len(rep.Backups) != days || rep.Backups[0].Layout != "borg" || rep.Backups[0].AgeDays == nil {
		t.Errorf("backups %+v", rep.Backups)
	}
	if c := rep.Sources[0].Coverage; c.Units.Found != 3+days || c.Units.Scanned != c.Units.Found || !rep.Sources[0].Listed {
		t.Errorf("coverage %+v", c)
	}
	copies := map[string]int{}
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		_, path, _ := strings.Cut(f.URI, "!/")
		_, path, _ = strings.Cut(path, "/")
		copies[path] += 1 + len(f.Copies)
		if a := f.Actions[0].Kind; a != "drop-snapshots" && a != "review" {
			t.Errorf("%s: %s", path, a)
		}
		first, _ := spoor("cat", f.URI)
		if first == "" {
			t.Errorf("%s does not open", f.URI)
		}
		for _, c := range f.Copies {
			if again, _ := spoor("cat", c.URI); again != first || c.Host == "" || c.Time == "" {
				t.Errorf("the copy %+v is %q, not %q", c, again, first)
			}
		}
	}
	for path, want := range map[string]int{
		"office/customers.csv": days, "mail/log": days, "www/zoe@example.be/index.html": days, "www/zoe@example.be": days,
	} {
		got := 0
		for p, n := range copies {
			if p == path || strings.HasPrefix(p, path+"#") {
				got += n
			}
		}
		if got != want {
			t.Errorf("%s stands in %d places, want %d; all: %v", path, got, want, copies)
		}
	}

	t.Setenv("BORG_PASSPHRASE", "wrong")
	report, code = spoor("scan", "borg:"+repo, "-q", "--email", "zoe@example.be", "-o", "-")
	rep, err = inventory.Load(strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if code != 3 || len(rep.Gaps) != 1 || rep.Gaps[0].Reason != "key-missing" || rep.Sources[0].Listed {
		t.Errorf("with a wrong passphrase: status %d, gaps %+v", code, rep.Gaps)
	}
}
