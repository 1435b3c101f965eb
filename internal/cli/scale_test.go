package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/reports"
)

// TestMemory scans a tree of 5 GB, a table of 5 million rows and an object of
// 1 GB, each in a process of its own, and looks at the most memory it took. It
// takes some minutes and 12 GB of disk, so it runs only with SPOOR_SCALE=1.
func TestMemory(t *testing.T) {
	if os.Getenv("SPOOR_SCALE") != "1" {
		t.Skip("takes minutes and gigabytes; set SPOOR_SCALE=1 to run it")
	}
	const limit = 256 << 20
	bin := filepath.Join(t.TempDir(), "spoor")
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/spoor").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(t *testing.T, want int, env []string, args ...string) {
		t.Helper()
		cmd := exec.Command(bin, append([]string{"scan", "--email", zoeMail, "-o", filepath.Join(t.TempDir(), "r.json")}, args...)...)
		cmd.Env = append(append(os.Environ(), "SPOOR_STATE_DIR="+t.TempDir()), env...)
		var errw bytes.Buffer
		cmd.Stderr = &errw
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, errw.String())
		}
		u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		t.Logf("%d MiB at most, %.1f s of CPU\n%s", u.Maxrss>>10, cmd.ProcessState.UserTime().Seconds()+cmd.ProcessState.SystemTime().Seconds(), errw.String())
		if u.Maxrss<<10 > limit {
			t.Errorf("%d MiB at most, want %d", u.Maxrss>>10, limit>>20)
		}
		if !strings.Contains(errw.String(), fmt.Sprintf("%s: %d certain", reports.Plural(want, "finding"), want)) {
			t.Errorf("want %d findings", want)
		}
	}
	line := []byte(strings.Repeat("2026-11-02T09:00:00Z 198.51.100.7 GET /index.html 200 client17@example.org\n", 1<<14))

	t.Run("tree", func(t *testing.T) {
		dir := t.TempDir()
		for i := range 50 {
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%02d.log", i)))
			if err != nil {
				t.Fatal(err)
			}
			for range 100 << 20 / len(line) {
				if _, err := f.Write(line); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := f.WriteString(zoeMail); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		run(t, 50, nil, dir)
	})
	t.Run("table", func(t *testing.T) {
		db := testenv.NewMariaDB(t)
		db.Exec(t, "CREATE DATABASE big", "CREATE TABLE big.t (id BIGINT PRIMARY KEY, email VARCHAR(60), note VARCHAR(200))",
			"INSERT INTO big.t SELECT seq, CONCAT('client', seq, '@example.org'), REPEAT('x', 100) FROM big.seq_1_to_5000000",
			"UPDATE big.t SET email='"+zoeMail+"' WHERE id IN (1, 3141592, 5000000)")
		run(t, 3, nil, "mysql://root@"+db.Addr()+"/big")
	})
	t.Run("object", func(t *testing.T) {
		s3 := testenv.NewVersitygw(t)
		dir := filepath.Join(s3.Data, "bucket")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, "large.log"))
		if err != nil {
			t.Fatal(err)
		}
		for range 1 << 30 / len(line) {
			if _, err := f.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.WriteString(zoeMail); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		run(t, 1, []string{"AWS_ENDPOINT_URL=" + s3.Endpoint, "AWS_ACCESS_KEY_ID=" + s3.Key, "AWS_SECRET_ACCESS_KEY=" + s3.Secret, "AWS_REGION=" + s3.Region}, "s3://bucket/")
	})
}
