package borg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// memory is a store of a few objects.
type memory map[string][]byte

func (m memory) List(_ context.Context, prefix string) iter.Seq2[scanners.Object, error] {
	return func(yield func(scanners.Object, error) bool) {
		for name, b := range m {
			if len(name) >= len(prefix) && name[:len(prefix)] == prefix && !yield(scanners.Object{Name: name, Size: int64(len(b))}, nil) {
				return
			}
		}
	}
}

func (m memory) OpenRange(_ context.Context, name string, off, n int64) (io.ReadCloser, error) {
	b, ok := m[name]
	if !ok {
		return nil, &scanners.Gap{Reason: scanners.Vanished}
	}
	b = b[min(off, int64(len(b))):]
	if n >= 0 {
		b = b[:min(n, int64(len(b)))]
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// segmentsOf returns the segments of a repository of testdata.
func segmentsOf(t testing.TB, mode string) (all [][]byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "repo-"+mode, "data", "0", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal("no segments", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// FuzzSegments replays a log: every entry lies within it, and the next sound one
// is found behind damage.
func FuzzSegments(f *testing.F) {
	for _, b := range segmentsOf(f, "none") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &repository{store: memory{"data/0/0": b}, uri: "borg:/x", label: "x"}
		if err := r.list(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.replay(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range r.index.n {
			o := *r.index.at(i)
			if o.seg != nowhere && int(o.offset)+headLen+nameLen > len(b) {
				t.Fatalf("an entry at %d of %d bytes", o.offset, len(b))
			}
			_, _ = r.sealed(t.Context(), o)
		}
	})
}

// values returns the plain values of a repository of testdata.
func values(t testing.TB) (all [][]byte) {
	t.Helper()
	s := open(t, filepath.Join("testdata", "repo-none"))
	defer s.Close()
	o, err := s.open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.index.n {
		b, err := o.read(context.Background(), i, 0)
		if err == nil {
			all = append(all, b)
		}
	}
	return all
}

// FuzzItems takes streams of items apart, in one piece and in two: what is found
// in the whole is found in the pieces.
func FuzzItems(f *testing.F) {
	for _, b := range values(f) {
		f.Add(b, uint16(len(b)/2))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		paths := func(chunks ...[]byte) (all []string, bad int) {
			p := &parser{read: func(_ context.Context, n uint32) ([]byte, error) { return chunks[n], nil }}
			var before rest
			before.setKey()
			for i := range chunks {
				after, n, err := p.chunk(t.Context(), before, uint32(i), i == len(chunks)-1, func(it *item, _, _ int) error {
					all = append(all, string(it.path))
					if back := decodeItem(appendItem(nil, it)); string(back.path) != string(it.path) || back.mtime != it.mtime || len(back.more) != len(it.more) {
						t.Fatalf("%+v comes back as %+v", it, back)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				bad += n
				after.b = nil // as if it had not been kept
				before = after
			}
			return all, bad
		}
		whole, bad := paths(b)
		at := min(int(cut), len(b))
		pieces, badPieces := paths(b[:at], b[at:])
		if bad == 0 && badPieces == 0 && len(whole) != len(pieces) {
			t.Fatalf("%q in one piece, %q in two", whole, pieces)
		}
		if bad == 0 && badPieces > 0 {
			t.Fatalf("%d bad in two pieces, none in one", badPieces)
		}
	})
}

// FuzzManifest parses manifests, archives and keys.
func FuzzManifest(f *testing.F) {
	for _, b := range values(f) {
		f.Add(b)
	}
	f.Add([]byte("\xc1\xc1\xc1\xc1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = parseManifest(b)
		var a archive
		_ = a.parse(b, func(*id) uint32 { return 0 })
		_, _ = parseSettings(b)
		_, _ = keyFile(b, "")
		p := &packed{b: b}
		if err := p.skip(); err != nil && !errors.Is(err, errShort) && !errors.Is(err, errFormat) {
			t.Fatal(err)
		}
	})
}

// FuzzInflate decompresses: what comes out is bounded.
func FuzzInflate(f *testing.F) {
	z, err := newInflater()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(z.close)
	for _, b := range segmentsOf(f, "none") {
		for off := len(magic); off+headLen+nameLen < len(b); {
			e, err := head(b[off:], int64(off), int64(len(b)))
			if err != nil {
				break
			}
			if e.tag == tagPut {
				f.Add(b[off+headLen+nameLen+1 : off+int(e.size)])
			}
			off += int(e.size)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := z.inflate(b, 100)
		if err == nil && len(plain) > maxPlain {
			t.Fatalf("%d bytes", len(plain))
		}
	})
}

// TestHugeIndex simulates the log of five million chunks.
func TestHugeIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const n = 5_000_000
	var x index
	var name id
	for i := range uint64(n) {
		binary.LittleEndian.PutUint64(name[:], i*0x9e3779b97f4a7c15)
		binary.LittleEndian.PutUint32(name[8:], crc32.ChecksumIEEE(name[:8]))
		x.at(x.number(&name)).seg = uint32(i)
	}
	if size := len(x.blocks)*blockLen*40 + len(x.table.slots)*4 + len(x.blocks)*8; size > 300<<20 {
		t.Errorf("the index of %d chunks takes %d MB", n, size>>20)
	} else {
		t.Logf("the index of %d chunks takes %d MB", n, size>>20)
	}
	for i := uint64(0); i < n; i += 997 {
		binary.LittleEndian.PutUint64(name[:], i*0x9e3779b97f4a7c15)
		binary.LittleEndian.PutUint32(name[8:], crc32.ChecksumIEEE(name[:8]))
		if k, ok := x.find(&name); !ok || x.at(k).seg != uint32(i) {
			t.Fatalf("chunk %d is not found", i)
		}
	}
}
