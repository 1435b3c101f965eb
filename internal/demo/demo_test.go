package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/cli"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/reports"
	"github.com/spoor-scan/spoor/rules"
)

func TestDemo(t *testing.T) {
	dir := t.TempDir()
	e, err := Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("SPOOR_STATE_DIR", e.State)

	var out, errw bytes.Buffer
	if status := cli.Run(t.Context(), []string{"check", "-c", e.Config}, nil, &out, &errw); status != 0 {
		t.Errorf("check: status %d\n%s%s", status, &out, &errw)
	}
	name := filepath.Join(dir, "report.json")
	errw.Reset()
	if status := cli.Run(t.Context(), []string{"scan", "-c", e.Config, "--subject", e.Subjects, "-q", "-o", name}, nil, io.Discard, &errw); status != 3 {
		t.Fatalf("scan: status %d, want 3\n%s", status, &errw)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := testenv.Valid(reports.Schema(), b); err != nil {
		t.Errorf("the report does not fit its schema: %v", err)
	}

	found, err := e.Compare(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]bool{}
	for _, f := range found {
		if !f.OK() {
			t.Errorf("%s ...%s (%s): %q at %q, want %q", f.Source, f.URI, f.What, f.As, f.At, f.Confidence)
		}
		at[f.At] = true
	}

	var report struct {
		Run     struct{ Status string }
		Sources []struct {
			Name     string
			Listed   bool
			Coverage map[string]struct{ Found, Scanned, Partial, Unread, Excluded int64 }
		}
		Findings []struct {
			Source, URI, Confidence, Relation string
			Activities                        []string
		}
		Gaps []struct{ Source, URI, Reason, Detail string }
	}
	if err := json.Unmarshal(b, &report); err != nil {
		t.Fatal(err)
	}
	if report.Run.Status != "incomplete" {
		t.Errorf("status %q, want incomplete", report.Run.Status)
	}
	if len(report.Sources) != 4 {
		t.Errorf("%d sources, want 4", len(report.Sources))
	}
	for _, s := range report.Sources {
		if !s.Listed {
			t.Errorf("%s could not be listed", s.Name)
		}
		for what, c := range s.Coverage {
			if c.Found != c.Scanned+c.Partial+c.Unread+c.Excluded || c.Found == 0 {
				t.Errorf("%s: the ledger of %s does not close: %+v", s.Name, what, c)
			}
		}
	}
	if len(report.Gaps) != 1 || report.Gaps[0].Reason != "encrypted" {
		t.Errorf("gaps %+v, want the encrypted zip alone", report.Gaps)
	}
	for _, f := range report.Findings {
		if !at[f.URI] && !(f.Source == "backups" && f.Relation == "linked") {
			t.Errorf("found but not planted: %s %s (%s)", f.Source, f.URI, f.Confidence)
		}
		want := "customers"
		if strings.Contains(f.URI, "/wp_shop/") || f.Source == "storage" {
			want = "hosting"
		}
		switch {
		case want == "hosting":
		case f.Source == "backups":
			want = "backups"
		case f.Source == "support", strings.Contains(f.URI, "/controlpanel/tickets"):
			want = "support"
		case strings.Contains(f.URI, "/controlpanel/invoices"):
			want = "billing"
		}
		if len(f.Activities) != 1 || f.Activities[0] != want {
			t.Errorf("%s: activities %q, want %s", f.URI, f.Activities, want)
		}
		var content bytes.Buffer
		errw.Reset()
		if status := cli.Run(t.Context(), []string{"cat", "-c", e.Config, f.URI}, nil, &content, &errw); status != 0 || content.Len() == 0 {
			t.Errorf("cat %s: status %d, %d bytes, %s", f.URI, status, content.Len(), &errw)
		}
	}
}

// The servers go, and the folder is all that is left.
func TestClose(t *testing.T) {
	e, err := Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStartWithoutFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(dir); !errors.As(err, new(*fs.PathError)) {
		t.Errorf("error %v, want one that names the folder", err)
	}
}

func TestCheckDigits(t *testing.T) {
	for _, p := range newPeople() {
		if !rules.ValidIBAN(p.iban) {
			t.Errorf("IBAN %s of %s", p.iban, p.no)
		}
	}
	if v := vat(8904394); v != zoe().vat {
		t.Errorf("VAT number %s, want %s", v, zoe().vat)
	}
}
