package restic

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// The files in testdata are what restic 0.14 wrote, decrypted: an index, a tree
// and the header of a pack of the repository that makeRepo makes.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkIndex fails where an index holds what can't be.
func checkIndex(t testing.TB, x *index) {
	t.Helper()
	gone := func(place) bool { return false }
	for _, tb := range []*table{&x.data, &x.tree} {
		tb.sort(gone)
		for k := range uint32(tb.len()) {
			b := tb.at(k)
			if int(b.pack) >= len(x.packs) || b.len < overhead || b.off+b.len > x.size[b.pack] {
				t.Fatalf("blob %d lies at %+v", k, b.place)
			}
			var i id
			copy(i[:], b.id[:])
			if got := tb.find(i); got != k {
				t.Fatalf("blob %d is found as %d", k, got)
			}
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(sample(f, "index.json"))
	f.Add([]byte(`{"packs":null}`))
	f.Add([]byte(`{"supersedes":["x"],"packs":[{"id":"` + strings.Repeat("ab", 32) + `","blobs":[{"id":"` + strings.Repeat("cd", 32) + `","type":"data","offset":4294967295,"length":4294967295}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var x index
		_ = x.parse(b)
		checkIndex(t, &x)
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(sample(f, "header.bin"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var x index
		_ = x.header(x.pack(id{1}), b)
		checkIndex(t, &x)
	})
}

func FuzzTree(f *testing.F) {
	f.Add(sample(f, "tree.json"))
	f.Add([]byte(`{"nodes":[{"name":"a\\xff\\n","type":"file","content":null,"size":-1,"extended_attributes":[{"name":"user.x","value":"AA=="}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = nodes(b, func(n node) bool {
			_ = n.fields(n.Name)
			n.Size = max(n.Size, 0)
			e := parseRecord(record(1, 2, n.Name, &n))
			if e.prev != 1 || e.tree != 2 || e.name != n.Name || len(e.node.Content) != len(n.Content) || e.node.Size != n.Size || e.node.Link != n.Link {
				t.Fatalf("%+v is kept as %+v", n, e)
			}
			return true
		})
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(`{"kdf":"scrypt","N":2,"r":8,"p":1,"salt":"AA==","data":"AA=="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var k keyFile
		if json.Unmarshal(b, &k) != nil || k.N > 1<<10 || k.R > 8 || k.P > 2 {
			return
		}
		if _, err := k.unlock(t.Context(), "x"); err == nil {
			t.Fatal("opens")
		}
	})
}

// Every byte of the samples may be wrong, and every one the last.
func TestCutAndFlipped(t *testing.T) {
	index1, header, tree := sample(t, "index.json"), sample(t, "header.bin"), sample(t, "tree.json")
	each := func(b []byte, try func([]byte)) {
		for k := range b {
			try(b[:k])
			c := append([]byte(nil), b...)
			c[k] ^= 0x21
			try(c)
		}
	}
	each(index1[:min(len(index1), 1500)], func(b []byte) { var x index; _ = x.parse(b); checkIndex(t, &x) })
	each(header, func(b []byte) { var x index; _ = x.header(x.pack(id{1}), b); checkIndex(t, &x) })
	each(tree[:min(len(tree), 3000)], func(b []byte) { _ = nodes(b, func(node) bool { return true }) })
}

func TestNames(t *testing.T) {
	var n node
	n.Name, n.Type, n.MTime = "a", "file", time.Unix(-5, 7).UTC()
	n.Attrs = []attr{{"user.x", []byte("\x00\xff")}}
	n.Content = []id{{1}, {2}}
	e := parseRecord(record(0, 0, n.Name, &n))
	if !e.node.MTime.Equal(n.MTime) || string(e.node.Attrs[0].Value) != "\x00\xff" || e.node.Content[1] != (id{2}) {
		t.Errorf("%+v", e)
	}
	for in, want := range map[string]string{`a\"b`: `a"b`, `\xff\\n`: "\xff\\n", `plain`: "plain", `bad\`: `bad\`} {
		if got := unquote(in); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestUnzstd(t *testing.T) {
	var err error
	r := &repo{}
	if r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxWhole)); err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	large := enc.EncodeAll(make([]byte, maxWhole+5), nil)
	for _, tt := range []struct {
		plain, most int64
		want        int
	}{{0, 1 << 30, maxWhole + 5}, {maxWhole + 5, 1 << 30, maxWhole + 5}, {10, maxWhole, -1}, {1 << 29, maxWhole, -1}} {
		b, err := r.unzstd(large, tt.plain, tt.most)
		if len(b) != max(tt.want, 0) || (err != nil) != (tt.want < 0) {
			t.Errorf("%+v: %d bytes, %v", tt, len(b), err)
		}
	}
	if _, err := r.unzstd([]byte("junk"), 10, 100); err == nil {
		t.Error("junk unpacks")
	}
}
