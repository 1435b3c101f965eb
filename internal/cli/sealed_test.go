package cli

import (
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/spoor-scan/spoor/internal/sealed"
)

// A report that is itself encrypted is opened with an identity.
func TestOpenEncryptedReport(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, plain, report := filepath.Join(dir, "key.txt"), []byte(`{"format":"spoor-inventory/1","findings":[{"id":"a"}]}`), filepath.Join(dir, "report.json.age")
	if err := os.WriteFile(key, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(report)
	if err != nil {
		t.Fatal(err)
	}
	w, err := sealed.Seal(f, []age.Recipient{id.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openReport(report, nil); err == nil {
		t.Error("an encrypted report is read without an identity")
	}
	rep, done, err := openReport(report, []string{key})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for range 2 {
		n := 0
		for _, err := range rep.Findings() {
			if n++; err != nil {
				t.Fatal(err)
			}
		}
		if n != 1 {
			t.Errorf("%d findings", n)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "spoor-*")); len(left) > 0 {
		for _, l := range left {
			if b, err := os.ReadFile(l); err == nil && string(b) == string(plain) {
				t.Errorf("the decrypted report is left in %s", l)
			}
		}
	}
}
