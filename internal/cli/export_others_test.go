package cli

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/export"
)

// TestExportOfWhatMentions copies nothing of somebody else's row but what mentions
// the person, and masks others in names, escapes and base64.
func TestExportOfWhatMentions(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", filepath.Join(dir, "state"))
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(data, "panel.sql"), "CREATE TABLE `clients` (`id` int, `email` varchar(99), `phone` varchar(99), `notes` text, PRIMARY KEY (`id`));\n"+
		"INSERT INTO `clients` VALUES (1,'lise@example.org','+32 470 00 00 01','her partner is Zoe (zoe@example.be)'),(2,'zoe@example.be','+32 470 00 00 02','asks to write to lise@example.org too');\n")
	write(filepath.Join(data, "lise@example.org-note.txt"), "zoe@example.be\n")
	write(filepath.Join(data, "a.json"), `{"to":"zoe@example.be","cc":"lise\u0040example.org","raw":"`+base64.StdEncoding.EncodeToString([]byte("dear lise@example.org, hello"))+`"}`)
	config := filepath.Join(dir, "spoor.yaml")
	write(config, "sources:\n  - {name: src, type: files, path: '"+data+"'}\nactivities:\n  - {id: customers, role: controller, purpose: p, legal_basis: contract, covers: [src]}\n")
	report := filepath.Join(dir, "report.json")
	save(t, report, config)

	rows := func(b *bundle) (out map[string]int) {
		out = map[string]int{}
		for _, it := range b.index.Items {
			if it.Row > 0 {
				out[it.Relation]++
			}
			if it.Mention != (it.Relation == "mentioned" && it.Row > 0) {
				t.Errorf("%+v", it)
			}
		}
		return out
	}
	_, b := exported(t, report, "-c", config, "--subject-id", "person-0042", "--subject", "-")
	if got := rows(b); got["mentioned"] != 1 || got["owner"] != 1 {
		t.Errorf("rows %v", got)
	}
	for name, text := range b.files {
		if strings.HasPrefix(name, "tables/") && (strings.Contains(string(text), "00 00 01") || !strings.Contains(string(text), "her partner is Zoe (zoe@example.be)")) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if !strings.Contains(string(b.files["index.html"]), "only mention you") {
		t.Error("the page does not say that a row only mentions the person")
	}
	_, b = exported(t, report, "-c", config, "--subject-id", "person-0042", "--subject", "-", "--mask-others")
	rows(b)
	for name, text := range b.files {
		for _, bad := range []string{"lise@", "lise\\u0040", "@example.org", "00 00 01", "bGlzZUBleGFtcGxlLm9yZ", "xpc2VAZXhhbXBsZS5vcm"} {
			if strings.Contains(name, bad) || strings.Contains(string(text), bad) {
				t.Errorf("%s holds %s:\n%s", name, bad, text)
			}
		}
	}
	_, b = exported(t, report, "-c", config, "--subject-id", "person-0042", "--subject", "-", "--right", "portability")
	if got := rows(b); got["mentioned"] != 0 || len(b.index.LeftOut) != 1 || b.index.LeftOut[0].Reason != export.ByMention {
		t.Errorf("rows %v, left out %+v", got, b.index.LeftOut)
	}
}
