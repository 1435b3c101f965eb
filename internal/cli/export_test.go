package cli

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/export"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/reports"
)

// A bundle is one that was written, taken apart.
type bundle struct {
	index export.Index
	files map[string][]byte
}

// exported runs an export of a report and takes the bundle apart.
func exported(t *testing.T, report string, args ...string) (int, *bundle) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bundle.zip")
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), append([]string{"export", report, "-o", out}, args...), strings.NewReader(zoeYAML), &stdout, &stderr)
	fi, err := os.Stat(out)
	if err != nil {
		t.Fatalf("status %d, no bundle: %s", status, stderr.String())
	}
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("the bundle has mode %o", fi.Mode().Perm())
	}
	return status, unzipped(t, out)
}

func unzipped(t *testing.T, name string) *bundle {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	b := &bundle{files: map[string][]byte{}}
	folded := map[string]bool{}
	for _, f := range z.File {
		if folded[strings.ToLower(f.Name)] || !filepath.IsLocal(f.Name) || strings.Contains(f.Name, `\`) {
			t.Errorf("the name %s clashes, or leads out", f.Name)
		}
		folded[strings.ToLower(f.Name)] = true
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if b.files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	if err := json.Unmarshal(b.files["index.json"], &b.index); err != nil {
		t.Fatal(err)
	}
	if err := testenv.Valid(reports.SchemaOf("export"), b.files["index.json"]); err != nil {
		t.Errorf("index.json does not fit its schema: %v", err)
	}
	sums := 0
	for line := range strings.Lines(string(b.files["SHA256SUMS"])) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if got := sha256.Sum256(b.files[name]); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s: its check sum is wrong", name)
		}
		sums++
	}
	if sums != len(z.File)-1 {
		t.Errorf("%d check sums for %d files", sums, len(z.File)-1)
	}
	for _, it := range b.index.Items {
		got := sha256.Sum256(b.files[it.File])
		if hex.EncodeToString(got[:]) != it.SHA256 || int(it.Size) != len(b.files[it.File]) {
			t.Errorf("%s: the index has another check sum or size", it.File)
		}
	}
	return b
}

// A tableFile is a table of a bundle.
type tableFile struct {
	Columns []struct{ Name, Type string }
	Rows    []map[string]any
}

func (b *bundle) table(t *testing.T, name string) tableFile {
	t.Helper()
	var x tableFile
	d := json.NewDecoder(bytes.NewReader(b.files[name]))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b.files[strings.TrimSuffix(name, ".json")+".csv"])).ReadAll()
	if err != nil || len(rows) != len(x.Rows)+1 {
		t.Errorf("%s: the CSV has %d rows, the JSON %d: %v", name, len(rows)-1, len(x.Rows), err)
	}
	return x
}

// TestExport copies what a scan of real servers found, and compares it with what
// "spoor cat" prints of each place.
func TestExport(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	e := newEstate(t)
	e.db.Exec(t, "CREATE TABLE cp.accounts (tenant INT, id INT, email VARCHAR(100), password_hash VARCHAR(100), api_token VARCHAR(40), quota BIGINT UNSIGNED, ratio DOUBLE, photo BLOB, PRIMARY KEY (tenant, id))",
		"INSERT INTO cp.accounts VALUES (1,7,'"+zoeMail+"','$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234','s3cr3t-t0ken',18446744073709551615,0.25,X'00FF01'),(1,8,'x@example.org','','',1,NULL,NULL)")
	e.db.Exec(t, "CREATE TABLE cp.events (who VARCHAR(100), n INT, more LONGTEXT)",
		"INSERT INTO cp.events VALUES ('"+zoeMail+"',1,NULL),('"+zoeMail+"',2,REPEAT('long ',400000)),('"+zoeMail+"',1,NULL),('"+zoeMail+"',3,'short')")
	config := e.config(t, e.db.Addr(), fmt.Sprintf("127.0.0.1:%d", e.mail.Port), e.s3.Addr)
	_, rep, findings := scan(t, config)
	report := filepath.Join(t.TempDir(), "report.json")
	save(t, report, config)

	var stderr bytes.Buffer
	if status := Run(t.Context(), []string{"export", report, "-c", config, "-o", filepath.Join(t.TempDir(), "b.zip")}, nil, io.Discard, &stderr); status != exitUsage || !strings.Contains(stderr.String(), "person-0042, person-0043") {
		t.Errorf("a report about two people: status %d, %s", status, stderr.String())
	}
	status, b := exported(t, report, "-c", config, "--subject-id", "person-0042")
	if len(rep.Gaps) == 0 || status != exitIncomplete {
		t.Errorf("status %d with %d gaps of the scan", status, len(rep.Gaps))
	}
	if len(b.index.Gaps) > 0 {
		t.Errorf("gaps: %+v", b.index.Gaps)
	}
	items := map[string]export.Item{}
	for _, it := range b.index.Items {
		items[it.Finding] = it
	}
	out := map[string]string{}
	for _, m := range b.index.LeftOut {
		out[m.Finding] = m.Reason
	}
	rows, files := 0, 0
	for _, f := range findings {
		it, ok := items[f.ID]
		switch {
		case strings.HasPrefix(f.URI, "s3:"):
			if out[f.ID] != export.ByProcessor {
				t.Errorf("%s is a customer's, and left out for %q", f.URI, out[f.ID])
			}
			continue
		case f.Confidence != "certain":
			if out[f.ID] != export.ByConfidence {
				t.Errorf("%s is %s, and left out for %q", f.URI, f.Confidence, out[f.ID])
			}
			continue
		case !ok:
			t.Errorf("%s is missing: %s", f.URI, out[f.ID])
			continue
		}
		if it.Changed {
			t.Errorf("%s: changed", f.URI)
		}
		var want bytes.Buffer
		if Run(t.Context(), []string{"cat", f.URI, "-c", config}, nil, &want, io.Discard) != exitOK {
			t.Errorf("%s can't be opened", f.URI)
		}
		if it.Row > 0 {
			rows++
			row := b.table(t, it.File).Rows[it.Row-1]
			for line := range strings.Lines(want.String()) {
				name, v, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
				if !ok || row[name] == nil || strings.Contains(name, "password") || strings.Contains(name, "token") {
					continue
				}
				if s, ok := row[name].(string); ok && s != v && !strings.Contains(s, "\n") {
					t.Errorf("%s: %s is %q, and was %q", f.URI, name, s, v)
				}
			}
			continue
		}
		files++
		if !bytes.Equal(b.files[it.File], want.Bytes()) {
			t.Errorf("%s: the copy differs in %s: %d and %d bytes", f.URI, it.File, len(b.files[it.File]), want.Len())
		}
	}
	if rows < 8 || files < 6 {
		t.Errorf("%d rows and %d files were copied", rows, files)
	}
	long := 0
	for _, row := range b.table(t, "tables/controlpanel/cp/events.json").Rows {
		if s, _ := row["more"].(string); len(s) == 2000000 {
			long++
		}
	}
	if long != 1 {
		t.Errorf("%d long values of a table without a key", long)
	}
	acc := b.table(t, "tables/controlpanel/cp/accounts.json")
	want := `[{"api_token":{"withheld":"a secret (key or token) is held"},"email":"zoe@example.be","id":7,"password_hash":{"withheld":"a password hash is held"},"photo":{"base64":"AP8B"},"quota":18446744073709551615,"ratio":0.25,"tenant":1}]`
	if got, _ := json.Marshal(acc.Rows); string(got) != want {
		t.Errorf("accounts:\n%s, want\n%s", got, want)
	}
	for name, content := range b.files {
		if bytes.Contains(content, []byte("$2y$10$")) || bytes.Contains(content, []byte("s3cr3t")) {
			t.Errorf("%s holds a secret", name)
		}
	}

	t.Run("a customer's, asked for by name", func(t *testing.T) {
		args := []string{"-c", config, "--subject-id", "person-0042"}
		want := map[string]string{}
		for _, f := range findings {
			if strings.HasPrefix(f.URI, "s3:") {
				args = append(args, "--include", f.ID)
				want[f.ID] = f.URI
			}
		}
		_, b := exported(t, report, args...)
		n := 0
		for _, it := range b.index.Items {
			if uri := want[it.Finding]; uri != "" && it.Row == 0 {
				var cat bytes.Buffer
				if Run(t.Context(), []string{"cat", uri, "-c", config}, nil, &cat, io.Discard) != exitOK || !bytes.Equal(cat.Bytes(), b.files[it.File]) {
					t.Errorf("%s: the copy differs in %s", uri, it.File)
				}
			}
			if want[it.Finding] != "" {
				n++
			}
		}
		if n != len(want) || n < 2 {
			t.Errorf("%d of %d were copied", n, len(want))
		}
	})
	t.Run("others masked", func(t *testing.T) {
		_, b := exported(t, report, "-c", config, "--subject-id", "person-0042", "--subject", "-", "--mask-others", "--lang", "fr")
		for name, content := range b.files {
			if strings.HasPrefix(name, "mail/") && bytes.Contains(content, []byte("support@example.org")) {
				t.Errorf("%s names somebody else", name)
			}
		}
		if !strings.Contains(string(b.files["index.html"]), `lang="fr"`) {
			t.Error("the page is not in French")
		}
	})
	t.Run("changed", func(t *testing.T) {
		e.db.Exec(t, "UPDATE cp.clients SET phone='0471' WHERE id=2500", "UPDATE cp.clients SET email='somebody@example.org' WHERE id=6000", "DELETE FROM cp.clients WHERE id=1")
		_, b := exported(t, report, "-c", config, "--subject-id", "person-0042", "--subject", "-")
		n := 0
		for _, it := range b.index.Items {
			if it.Changed {
				n++
			}
		}
		if n != 1 || len(b.index.Gaps) != 1 || b.index.Gaps[0].Reason != "vanished" {
			t.Errorf("%d changed, gaps %+v", n, b.index.Gaps)
		}
		about := 0
		for _, m := range b.index.LeftOut {
			if m.Reason == export.ByChange {
				about++
			}
		}
		if about != 1 {
			t.Errorf("%d are no longer about the person", about)
		}
	})
	t.Run("a dead server", func(t *testing.T) {
		e.db.Stop()
		status, b := exported(t, report, "-c", config, "--subject-id", "person-0042")
		if status != exitIncomplete {
			t.Errorf("status %d", status)
		}
		gone, mail := 0, 0
		for _, g := range b.index.Gaps {
			if g.Source != "controlpanel" || g.Reason != "offline" {
				t.Errorf("gap %+v", g)
			}
			gone++
		}
		for _, it := range b.index.Items {
			if it.Source == "mailboxes" {
				mail++
			}
		}
		if gone < 8 || mail == 0 {
			t.Errorf("%d gaps, %d messages", gone, mail)
		}
	})
}

// save scans once more and keeps the report.
func save(t *testing.T, name, config string) {
	t.Helper()
	Run(t.Context(), []string{"scan", "-q", "-c", config, "--subject", "-", "-o", name}, strings.NewReader(zoeYAML), io.Discard, io.Discard)
	if _, err := os.Stat(name); err != nil {
		t.Fatal(err)
	}
}
