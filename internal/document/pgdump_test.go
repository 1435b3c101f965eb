package document

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/container"
)

// The fixtures are of pg_dump 15: two tables, a comment and a large object.
func TestPGDump(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "pgdump", "*.dump"))
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "tar.dump") {
			continue // an archive, of which the table of contents is a member
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			d := pgDumpDecoder()
			items := decodedItems(t, d, name, b)
			want := []string{"zoe@example.be", "owner@example.org", "blobs/16397= blob zoe@example.be"}
			if !strings.Contains(name, "inserts") {
				want = append(want, "#/shop/clients?id=4711: id=4711 email=zoe@example.be note=tab\there", "#/shop/clients?id=4712: id=4712 email=jan@example.org", "#/public/logs?row-hmac=hash: when=now who=zoe@example.be")
			}
			holding(t, items, want...)
			for _, s := range items {
				if strings.HasPrefix(s, "gap") {
					t.Error(s)
				}
			}
			for cut := range b {
				decodedItems(t, d, name, b[:cut])
				c := slices.Clone(b)
				c[cut] ^= 0x55
				decodedItems(t, d, name, c)
			}
			if items := decodedItems(t, d, name, b[:len(b)-20]); !slices.ContainsFunc(items, func(s string) bool { return strings.HasPrefix(s, "gap: corrupt") }) {
				t.Errorf("cut off, and no gap: %q", items)
			}
		})
	}
}

func FuzzPGDump(f *testing.F) {
	names, _ := filepath.Glob(filepath.Join("testdata", "pgdump", "custom*.dump"))
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := pgDumpDecoder()
		if d.Match(b[:min(len(b), container.HeadLen)], "") {
			decodedItems(t, d, "x", b)
		}
	})
}
