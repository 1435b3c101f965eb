package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/internal/verify"
)

// Each copy in a repository of backups has a state of its own; what is in one of
// them still is not gone.
func TestVerifyCopies(t *testing.T) {
	restic := testenv.Need(t, "restic", "restic")
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	t.Setenv("RESTIC_PASSWORD", "x")
	t.Setenv("RESTIC_CACHE_DIR", t.TempDir())
	h := &host{t: t, dir: t.TempDir(), folder: t.TempDir()}
	repo := filepath.Join(h.dir, "repo")
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(restic, append([]string{"-q", "-r", repo}, args...)...)
		cmd.Dir = h.folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("restic %q: %v\n%s", args, err, out)
		}
	}
	h.write(filepath.Join(h.folder, "zoe.txt"), "zoe@example.be")
	h.subject = h.file("zoe.yaml", "subjects:\n  - {id: zoe, email: zoe@example.be}\n")
	h.config = h.file("spoor.yaml", "sources:\n  - {name: backups, type: restic, repository: "+repo+"}\n  - {name: live, type: files, path: "+h.folder+"}\n")
	run("init")
	for _, n := range []string{"1", "2", "3"} {
		h.write(filepath.Join(h.folder, "n.txt"), n)
		run("backup", ".")
	}
	report := filepath.Join(h.dir, "report.json")
	h.spoor("scan", "-q", "-c", h.config, "--subject", h.subject, "-o", report)
	count := func(r verify.Result) map[verify.State]int {
		m := map[verify.State]int{}
		for _, c := range r.Copies {
			m[c.State]++
		}
		return m
	}
	_, m := h.states(report, "--subject", h.subject)
	if r := h.only(m, "restic:"); r.State != verify.Present || r.Locator != verify.There || count(r)[verify.Present] != 2 {
		t.Errorf("untouched: %+v", r)
	}
	if err := os.Remove(filepath.Join(h.folder, "zoe.txt")); err != nil {
		t.Fatal(err)
	}
	run("forget", "--keep-last", "1", "--prune")
	for name, who := range map[string][]string{"with the subject": {"--subject", h.subject}, "without": nil} {
		_, m = h.states(report, who...)
		r := h.only(m, "restic:")
		n := count(r)
		left := n[verify.Present]
		if r.Locator == verify.There {
			left++
		}
		if r.State != verify.Present || left != 1 || n[verify.Unchecked] > 0 {
			t.Errorf("one snapshot is left, %s: %+v", name, r)
		}
		want := verify.Unchecked
		if who != nil {
			want = verify.Gone
		}
		if r := h.only(m, "file:"); r.State != want {
			t.Errorf("the live file, %s: %+v", name, r)
		}
	}
	run("backup", ".")
	run("forget", "--keep-last", "1", "--prune")
	status, m := h.states(report, "--subject", h.subject)
	for uri, r := range m {
		if r.State != verify.Gone || count(r)[verify.Present] > 0 || status != exitOK {
			t.Errorf("no snapshot is left: %s is %+v", uri, r)
		}
	}
}
