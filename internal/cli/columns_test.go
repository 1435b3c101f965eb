package cli

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/spoor-scan/spoor/internal/testenv"
)

// TestColumns finds somebody in whatever a column may hold: documents, archives
// and compressed values, text in other encodings, and text that was encoded
// twice.
func TestColumns(t *testing.T) {
	const text = "to " + zoeMail + ","
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	var wide []byte
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	var docx bytes.Buffer
	d := zip.NewWriter(&docx)
	for name, body := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"word/document.xml":   `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>zoe@exa</w:t></w:r><w:r><w:t>mple.be</w:t></w:r></w:p></w:body></w:document>`,
	} {
		f, err := d.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte(body))
	}
	_ = d.Close()
	values := map[string][]byte{
		"gzip":        gz(t, []byte(text)),
		"zlib":        z.Bytes(),
		"zip":         zipOf(t, "a.txt", []byte(text)),
		"zip_in_gzip": gz(t, zipOf(t, "a.txt", []byte(text))),
		"utf16":       wide,
		"mail":        []byte(message(zoeMail, "hello", "text")),
		"docx":        docx.Bytes(),
		"base64_gzip": []byte(base64.StdEncoding.EncodeToString(gz(t, []byte(text)))),
		"nothing":     []byte("nobody"),
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", dir)
	maria, pg := testenv.NewMariaDB(t), testenv.NewPostgres(t)
	inMaria := func(q string) {
		if _, err := maria.Admin.Exec(q); err != nil {
			t.Fatalf("%.100s: %v", q, err)
		}
	}
	inMaria("CREATE DATABASE files")
	inMaria("CREATE TABLE files.files (name VARCHAR(20) PRIMARY KEY, v LONGBLOB)")
	inMaria("INSERT INTO files.files VALUES ('compress',COMPRESS('" + text + "'))")
	pg.Exec(t, "postgres", "CREATE TABLE files (name text PRIMARY KEY, v bytea)")
	for _, name := range names {
		x := hex.EncodeToString(values[name])
		inMaria("INSERT INTO files.files VALUES ('" + name + "',x'" + x + "')")
		pg.Exec(t, "postgres", "INSERT INTO files VALUES ('"+name+"','\\x"+x+"')")
	}
	for kind, uri := range map[string]string{"mysql": "mysql://root@" + maria.Addr() + "/files", "postgres": "postgres://spoor@" + pg.Addr() + "/postgres"} {
		t.Run(kind, func(t *testing.T) {
			config := filepath.Join(dir, kind+".yaml")
			if err := os.WriteFile(config, fmt.Appendf(nil, "sources:\n  - {name: db, type: %s, uri: '%s'}\n", kind, uri), 0o600); err != nil {
				t.Fatal(err)
			}
			status, rep, findings := scan(t, config)
			if status != 0 {
				t.Errorf("exit status %d: %+v", status, rep.Gaps)
			}
			got := map[string]bool{}
			for _, f := range findings {
				_, where, _ := strings.Cut(f.URI, "?name=")
				where, _, _ = strings.Cut(where, "!")
				where, _, _ = strings.Cut(where, "#")
				got[where] = true
				var stdout, stderr bytes.Buffer
				if code := Run(t.Context(), []string{"cat", "-c", config, f.URI}, strings.NewReader(""), &stdout, &stderr); code != 0 || stdout.Len() == 0 {
					t.Errorf("cat %s: status %d: %s", f.URI, code, stderr.String())
				}
			}
			if kind == "mysql" && !got["compress"] {
				t.Error("COMPRESS() is not opened")
			}
			for _, name := range names {
				if got[name] != (name != "nothing") {
					t.Errorf("%s: found %v", name, got[name])
				}
			}
		})
	}
}
