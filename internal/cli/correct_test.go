package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// TestCorrectColumn corrects a column that a request names, though no identifier
// is of its kind.
func TestCorrectColumn(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", dir)
	dump := filepath.Join(dir, "a.sql")
	text := "CREATE TABLE `clients` (`id` int, `email` varchar(99), `Company` varchar(99), PRIMARY KEY (`id`));\n" +
		"INSERT INTO `clients` VALUES (1,'zoe@example.be','Old bv'),(2,'zoe@example.be','New bv'),(3,'x@example.org','Other bv');\n"
	if err := os.WriteFile(dump, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	who := "subjects:\n  - {id: zoe, email: zoe@example.be, request: {id: r, type: rectification, received: 2026-11-02, correct: {company: New bv}}}\n"
	out := filepath.Join(dir, "r.json")
	var stdout, stderr bytes.Buffer
	if code := Run(t.Context(), []string{"scan", dump, "-q", "--subject", "-", "-o", out}, strings.NewReader(who), &stdout, &stderr); code != 0 {
		t.Fatalf("status %d: %s", code, stderr.String())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	validate(t, b)
	rep, err := inventory.Load(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"id=1": "change", "id=2": "right"}
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		_, row, _ := strings.Cut(f.URI, "?")
		if len(f.Corrections) != 1 || f.Corrections[0].State != want[row] || f.Corrections[0].Field != "Company" {
			t.Errorf("%s: %+v", row, f.Corrections)
		}
		delete(want, row)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}
