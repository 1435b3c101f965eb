package cli

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// everybody is whom the fixtures of the decoders are about.
const everybody = `subjects:
  - id: everybody
    email: [zoe@example.be, piet@example.be, jan@example.be, contact@example.be, after@example.be, note@example.be, secret@example.be, user17@example.be, jan@example.org]
    name: [Ada Winterfeld, Zoë Quinn-Meier, Vera Molnar, Žofie Šťastná, Erika Beispiel, Zoë Van den Broeck]
    iban: [BE68539007547034, DE89370400440532013000]
`

// quiet are fixtures in which nobody of everybody is.
var quiet = regexp.MustCompile(`(README\.md|make\.sh|toc\.dat|beside\.db.*|plain\.bmp|clients\.sql|-schema\.sql|embedded\.doc|charsets\.rtf|make\.sql|\.frm|(zipped|pages)\.ibd\.gz|\.manifest|\.parquet|swap\.7z)$`)

// companions are fixtures that say little without the files beside them.
var companions = regexp.MustCompile(`(pgdump/dir|mydumper|tabdump|innodb|duplicity-|sqlite/.*-(wal|journal))`)

// TestKinds finds somebody in a file of every kind that decoders know, by itself
// and deep inside of others, and opens again what it found.
func TestKinds(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	t.Setenv("KINDS_A", "secret")
	t.Setenv("KINDS_B", "secret42")
	plain, deep := t.TempDir(), t.TempDir()
	var names []string
	for _, root := range []string{"../document/testdata", "../container/testdata/formats", "../container/testdata/duplicity"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if d.Name() == "fuzz" {
					return fs.SkipDir
				}
				return err
			}
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(root, name)
			if err := os.MkdirAll(filepath.Join(plain, filepath.Dir(rel)), 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(plain, rel), b, 0o600); err != nil {
				return err
			}
			if quiet.MatchString(rel) {
				return nil
			}
			names = append(names, rel)
			if companions.MatchString(rel) {
				return nil
			}
			// In a zip in a mail in a tar.gz.
			packed := zipOf(t, filepath.Base(rel), b)
			mail := "From: a@example.net\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/zip; name=a.zip\r\nContent-Disposition: attachment; filename=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
				regexp.MustCompile(".{1,76}").ReplaceAllString(base64.StdEncoding.EncodeToString(packed), "$0\r\n")
			return os.WriteFile(filepath.Join(deep, strings.ReplaceAll(rel, "/", "_")+".tar.gz"), gz(t, tarOf(t, "m/1.eml", mail)), 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(names) < 90 {
		t.Fatalf("%d fixtures", len(names))
	}
	config := filepath.Join(t.TempDir(), "spoor.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "sources:\n  - {name: plain, type: files, path: '%s'}\n  - {name: deep, type: files, path: '%s'}\npasswords:\n  - {password_env: KINDS_A}\n  - {password_env: KINDS_B}\nocr: true\n", plain, deep), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "report.json")
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), []string{"scan", "-q", "-c", config, "--expand", "off", "--subject", "-", "-o", out}, strings.NewReader(everybody), &stdout, &stderr)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	validate(t, b)
	rep, err := inventory.Load(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]string{} // the URI of a finding, by file
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		uri, _, _ := strings.Cut(strings.TrimPrefix(f.URI, "file://"), "!/")
		uri, _, _ = strings.Cut(uri, "#")
		name, err := scanners.Unescape(uri)
		if err != nil {
			t.Error(err)
		}
		if first[name] == "" {
			first[name] = f.URI
		}
	}
	for _, g := range rep.Gaps {
		// Encrypted for others, or by a method that nobody here can undo, or a
		// picture that tesseract does not know.
		if !regexp.MustCompile(`smime|ppmd\.zip|meta\.(heic|avif)|(zipped|pages)\.ibd|duplicity-inc|swap\.7z`).MatchString(g.URI) {
			t.Errorf("gap %s %s: %s", g.Reason, g.URI, g.Detail)
		}
	}
	for _, rel := range names {
		where := []string{filepath.Join(plain, rel)}
		if !companions.MatchString(rel) {
			where = append(where, filepath.Join(deep, strings.ReplaceAll(rel, "/", "_")+".tar.gz"))
		}
		for _, name := range where {
			uri := first[name]
			if uri == "" {
				t.Errorf("nobody in %s", strings.TrimPrefix(strings.TrimPrefix(name, plain), deep))
				continue
			}
			stdout.Reset()
			if code := Run(t.Context(), []string{"cat", "-c", config, uri}, strings.NewReader(""), &stdout, &stderr); code != 0 || stdout.Len() == 0 {
				t.Errorf("cat %s: status %d, %d bytes", uri, code, stdout.Len())
			}
		}
	}
}
