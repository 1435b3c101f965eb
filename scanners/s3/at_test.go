package s3

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// newCounted serves a fake store that counts the bytes of objects that it was
// asked for.
func newCounted(t *testing.T) (*source, func(key string, content []byte), *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	c, cfg := newFake(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if lo, hi, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); ok && r.Method == http.MethodGet {
			a, _ := strconv.ParseInt(lo, 10, 64)
			b, _ := strconv.ParseInt(hi, 10, 64)
			asked.Add(b - a + 1)
		}
		return false
	})
	mustBucket(t, c, "bucket")
	cfg.chunk = 256 << 10
	return open(t, cfg), func(key string, content []byte) { put(t, c, "bucket", key, string(content)) }, &asked
}

// noise returns bytes that do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func at(t *testing.T, s *source, key string) *body {
	t.Helper()
	it, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bucket/" + key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = it.Close() })
	return it.Body.(*body)
}

// Of an archive no more is fetched than its directory and what is read of it.
func TestMembersWithoutTheArchive(t *testing.T) {
	s, put, asked := newCounted(t)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	content := noise(64 << 10)
	for i := range 400 {
		f, _ := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%03d.bin", i), Method: zip.Store})
		_, _ = f.Write(content)
		_, _ = fmt.Fprint(f, i)
	}
	_ = w.Close()
	put("a.zip", b.Bytes())
	body := at(t, s, "a.zip")
	r, err := zip.NewReader(body, body.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{7, 399, 250} {
		f, err := r.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || string(got[len(content):]) != fmt.Sprint(i) {
			t.Errorf("member %d: %d bytes, %v", i, len(got), err)
		}
	}
	if n := asked.Load(); n > 2<<20 {
		t.Errorf("%d bytes of %d were asked for", n, b.Len())
	}
}

func TestReadAt(t *testing.T) {
	s, put, asked := newCounted(t)
	content := noise(3<<20 + 777)
	put("o", content)
	for _, key := range []string{"o", "small"} {
		if key == "small" {
			content = content[:1000]
			put(key, content)
		}
		b := at(t, s, key)
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			off := r.Int64N(int64(len(content)) + 10)
			p := make([]byte, r.IntN(100<<10))
			n, err := b.ReadAt(p, off)
			want := content[min(off, int64(len(content))):]
			want = want[:min(len(want), len(p))]
			if !bytes.Equal(p[:n], want) || (err == io.EOF) != (n < len(p)) || err != nil && err != io.EOF {
				t.Fatalf("%s: %d bytes at %d: %d, %v", key, len(p), off, n, err)
			}
		}
		// What is read from its start to its end is asked for once, and in it.
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
	}
	asked.Store(0)
	b := at(t, s, "o")
	before := asked.Load()
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if n := asked.Load() - before; err != nil || len(got) != 3<<20+777 || n > 4<<20 {
		t.Errorf("in order: %d bytes, %v, %d asked for", len(got), err, n)
	}
}

// An object that is read over and over again is downloaded once.
func TestReadAtOverAndOver(t *testing.T) {
	s, put, asked := newCounted(t)
	content := noise(8 << 20)
	put("o", content)
	b := at(t, s, "o")
	p := make([]byte, 100)
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		off := r.Int64N(int64(len(content) - 100))
		if _, err := b.ReadAt(p, off); err != nil || !bytes.Equal(p, content[off:off+100]) {
			t.Fatalf("at %d: %v", off, err)
		}
	}
	if n := asked.Load(); n > 8<<20+waste+8<<20+1<<20 {
		t.Errorf("%d MiB were asked for", n>>20)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestReplacedWhileItIsReadAtRandom(t *testing.T) {
	s, put, _ := newCounted(t)
	put("o", noise(1<<20))
	b := at(t, s, "o")
	p := make([]byte, 10)
	if _, err := b.ReadAt(p, 900<<10); err != nil {
		t.Fatal(err)
	}
	put("o", append([]byte("x"), noise(1<<20-1)...))
	_, err := b.ReadAt(p, 500<<10)
	wantGap(t, err, scanners.Vanished)
	put("o", noise(1<<10))
	_, err = b.ReadAt(p, 600<<10)
	wantGap(t, err, scanners.Vanished)
}
