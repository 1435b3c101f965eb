package document

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

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
			for cut := 0; cut < len(b); cut += damageStep(7) {
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

// damageStep is how far apart the places are that are damaged in turn; all of
// them where time does not matter.
func damageStep(n int) int {
	if os.Getenv("SPOOR_SCALE") != "" {
		return 1
	}
	return n
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

// Archives of version 1.15 name the compression; pg_dump 16 and later have lz4
// and zstd. They are made of one of version 1.14, which is not compressed.
func TestPGDumpCompressions(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "pgdump", "custom-0.dump"))
	if err != nil {
		t.Fatal(err)
	}
	p := &pgReader{pgTOC: pgTOC{r: bufio.NewReader(bytes.NewReader(b))}}
	if !p.header() || !p.contents(t.Context(), func(string) bool { return true }) || p.err != nil {
		t.Fatal(p.err)
	}
	rest, err := io.ReadAll(p.r)
	if err != nil {
		t.Fatal(err)
	}
	toc := b[:len(b)-len(rest)]
	for method, pack := range map[byte]func(w io.Writer) io.WriteCloser{
		2: func(w io.Writer) io.WriteCloser { return lz4.NewWriter(w) },
		3: func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
	} {
		number := func(n int) []byte { return binary.LittleEndian.AppendUint32([]byte{0}, uint32(n)) }
		var out bytes.Buffer
		out.Write(toc[:6])
		out.Write([]byte{15, 0, toc[8], toc[9], toc[10], method})
		out.Write(toc[11+5:]) // behind the level of compression, a number
		for _, id := range slices.Sorted(maps.Keys(p.entries)) {
			var data bytes.Buffer
			w := pack(&data)
			if p.entries[id].copy != "" && strings.Contains(p.entries[id].copy, "clients") {
				_, _ = io.WriteString(w, "4711\tzoe@example.be\tx\n\\.\n")
			}
			_ = w.Close()
			out.WriteByte(pgData)
			out.Write(number(id))
			for half := range slices.Chunk(data.Bytes(), max(1, data.Len()/2)) {
				out.Write(number(len(half)))
				out.Write(half)
			}
			out.Write(number(0))
		}
		items := decodedItems(t, pgDumpDecoder(), "x.dump", out.Bytes())
		holding(t, items, "#/shop/clients?id=4711: id=4711 email=zoe@example.be note=x")
	}
}
