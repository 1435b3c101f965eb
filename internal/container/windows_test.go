package container

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// wideZst returns a Zstandard frame that declares a window of 1<<log bytes, 10
// at least, and holds data, which is stored in it, behind zeros bytes of zero.
func wideZst(log int, zeros int, data []byte) []byte {
	b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, byte(log-10) << 3}
	block := func(kind, n int, body []byte, last bool) {
		h := uint32(n)<<3 | uint32(kind)<<1
		if last {
			h |= 1
		}
		b = append(b, byte(h), byte(h>>8), byte(h>>16))
		b = append(b, body...)
	}
	for ; zeros > 0; zeros -= 128 << 10 {
		block(1, min(zeros, 128<<10), []byte{0}, false)
	}
	for len(data) > 128<<10 {
		block(0, 128<<10, data[:128<<10], false)
		data = data[128<<10:]
	}
	block(0, len(data), data, true)
	return b
}

// wideXz returns helloXz with another dictionary size: bits as in The .xz File
// Format 1.2.1, section 5.3.1.
func wideXz(bits byte) []byte {
	b := bytes.Clone(helloXz)
	at := bytes.Index(b, []byte{0x21, 1, 0x16})
	b[at+2] = bits
	h := b[12 : 12+int(b[12]+1)*4]
	binary.LittleEndian.PutUint32(h[len(h)-4:], crc32.ChecksumIEEE(h[:len(h)-4]))
	return b
}

// list returns what All does, and the windows that those share.
func list() ([]Decoder, *windows) {
	w := newWindows()
	return slices.Concat(streams(w), []Decoder{tarDecoder(), zipDecoder(w, Options{})}), w
}

func left(t *testing.T, w *windows) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.outer != 0 || w.inner != 0 || w.owner != nil || len(w.waiting) > 0 {
		t.Errorf("not given back: %d outer, %d inner, owner %v, %d waiting", w.outer, w.inner, w.owner, len(w.waiting))
	}
}

// Items with the largest windows that are read at the same time take turns.
func TestWideTogether(t *testing.T) {
	data := wideZst(27, 140<<20, []byte("zoe@example.be"))
	all, w := list()
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	var before, m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2 {
				s := &seen{big: true}
				s.walk(context.Background(), all, "", scanners.Item{Body: bytes.NewReader(data)}, NewBudget(DefaultLimits(), -1))
				if want := int64(140<<20 + len("zoe@example.be")); s.bytes != want || len(s.gaps) > 0 {
					t.Errorf("%d bytes, want %d; gaps %q", s.bytes, want, s.gaps)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	used := int64(<-peak) - int64(before.HeapInuse)
	t.Logf("%d MB", used>>20)
	if used > 176<<20 {
		t.Errorf("took %d MB", used>>20)
	}
	left(t, w)
}

// Streams within each other don't wait for what those around them hold, however
// many items do the same.
func TestWideNested(t *testing.T) {
	hello := []byte("hello zoe@example.be")
	deep := wideZst(23, 0, hello)
	for range 20 {
		deep = wideZst(23, 0, deep)
	}
	for _, tt := range []struct {
		name  string
		data  []byte
		fails bool
	}{
		{"64 MiB within 128", wideZst(27, 0, wideZst(26, 0, hello)), false},
		{"32 and 32 within 128", wideZst(27, 0, wideZst(25, 0, wideZst(25, 0, hello))), false},
		{"xz within a tar", wideZst(27, 0, tarOf(file{"a", string(wideXz(28))}, file{"b", string(wideXz(28))})), false},
		{"within a zip", zipOf(0, file{"a", string(wideZst(27, 0, zipOf(0, file{"b", string(wideZst(26, 0, hello))})))}), false},
		{"128 MiB within 16", wideZst(24, 0, wideZst(27, 0, hello)), true},
		{"21 of 8 MiB", deep, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, w := list()
			w.stall = 10 * time.Second
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 3 {
						s := new(seen)
						s.walk(context.Background(), all, "", scanners.Item{Body: bytes.NewReader(tt.data)}, NewBudget(DefaultLimits(), -1))
						text := strings.Join(append(s.items, s.raws...), " ")
						if !strings.Contains(text, "hello") {
							t.Errorf("not found: %v", s)
						}
						if tt.fails && !slices.Equal(s.gaps, []string{" too-large"}) || !tt.fails && len(s.gaps) > 0 {
							t.Errorf("gaps %q", s.full)
						}
					}
				})
			}
			wg.Wait()
			left(t, w)
		})
	}
}

// hold opens an item with a large window, and returns what ends that.
func hold(t *testing.T, all []Decoder, ctx context.Context, data []byte) (stop func()) {
	t.Helper()
	d := Detect(all, data, "")
	next, stop := iter.Pull2(d.Decode(ctx, scanners.Item{Body: bytes.NewReader(data)}, NewBudget(DefaultLimits(), -1)))
	it, err, ok := next()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := io.ReadFull(it.Body, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	return stop
}

func first(all []Decoder, ctx context.Context, data []byte, l Limits) (it string, err error) {
	d := Detect(all, data, "")
	for child, e := range d.Decode(ctx, scanners.Item{Body: bytes.NewReader(data)}, NewBudget(l, -1)) {
		if e != nil {
			err = e
			continue
		}
		b, e := io.ReadAll(child.Body)
		if e != nil {
			err = e
		}
		it += string(b)
	}
	return it, err
}

func TestWideWaits(t *testing.T) {
	data := wideZst(27, 0, []byte("hello"))
	zipped := many(1, string(data), false)
	// The member is compressed with Zstandard, and its checksum is wrong.
	for _, at := range []int{8, bytes.Index(zipped, []byte(zipCentral)) + 10} {
		binary.LittleEndian.PutUint16(zipped[at:], 93)
	}
	for name, data := range map[string][]byte{"zst": data, "zip": zipped} {
		t.Run(name, func(t *testing.T) {
			all, w := list()
			stop := hold(t, all, context.Background(), wideZst(27, 0, []byte("hello")))
			defer left(t, w)
			defer stop()

			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
			defer cancel()
			if _, err := first(all, ctx, data, DefaultLimits()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cancelled: %v", err)
			}
			l := DefaultLimits()
			l.Time = 30 * time.Millisecond
			if _, err := first(all, context.Background(), data, l); scanners.ReasonOf(err) != scanners.Timeout {
				t.Errorf("out of time: %v", err)
			}
			w.stall = 30 * time.Millisecond
			text, err := first(all, context.Background(), data, DefaultLimits())
			if scanners.ReasonOf(err) != scanners.TooLarge || name == "zst" && text != string(data) {
				t.Errorf("nothing moves: %q, %v", text, err)
			}
			w.stall = stallAfter
			// One with a small window doesn't wait, nor does one that is refused.
			if text, err := first(all, context.Background(), wideZst(23, 0, []byte("small")), DefaultLimits()); err != nil || text != "small" {
				t.Errorf("small: %q, %v", text, err)
			}
			if _, err := first(all, context.Background(), wideZst(31, 0, []byte("x")), DefaultLimits()); scanners.ReasonOf(err) != scanners.TooLarge {
				t.Errorf("2 GiB: %v", err)
			}
			done := make(chan string)
			go func() {
				text, _ := first(all, context.Background(), data, DefaultLimits())
				done <- text
			}()
			time.Sleep(20 * time.Millisecond)
			stop()
			if text := <-done; text != "hello" {
				t.Errorf("when it is free: %q", text)
			}
		})
	}
}

// What is read under a budget of its own while another one of the same item
// holds a window doesn't wait for that.
func TestOneItem(t *testing.T) {
	all, w := list()
	ctx := OneItem(context.Background())
	stop := hold(t, all, ctx, wideZst(27, 0, []byte("hello")))
	if text, err := first(all, ctx, wideZst(26, 0, []byte("cell")), DefaultLimits()); err != nil || text != "cell" {
		t.Errorf("%q, %v", text, err)
	}
	stop()
	left(t, w)
}

// Dictionaries that are too large are refused before memory is taken for them.
func TestHugeDictionary(t *testing.T) {
	for bits, fails := range map[byte]bool{0x16: false, 28: false, 30: false, 31: true, 34: true, 39: true, 40: true, 41: true, 63: true} {
		data := wideXz(bits)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s := open(t, "x.xz", data)
		runtime.ReadMemStats(&after)
		switch took := after.TotalAlloc - before.TotalAlloc; {
		case !fails && (len(s.gaps) > 0 || !s.has("=hello xz\n")):
			t.Errorf("%d: %v", bits, s)
		case fails && (len(s.gaps) != 1 || len(s.raws) != 1 || s.raws[0] != "@0="+string(data)):
			t.Errorf("%d: %v", bits, s)
		case fails && took > 4<<20:
			t.Errorf("%d: took %d bytes", bits, took)
		}
	}
}

// A flipped bit in the checksum is one gap, and all is read.
func TestGzipChecksum(t *testing.T) {
	for _, content := range [][]byte{[]byte("hello"), text(3 << 20), tarOf(file{"a", "A"}), tarOf(file{"a", string(text(2 << 20))})} {
		data := gz(content)
		for _, at := range []int{8, 1} { // of the CRC and of the size
			bad := bytes.Clone(data)
			bad[len(bad)-at] ^= 1
			s := open(t, "x.gz", bad)
			if len(s.items) != 1 || len(s.raws) > 0 || !slices.Equal(s.gaps, []string{" corrupt"}) {
				t.Errorf("%d items, %d raws, gaps %v", len(s.items), len(s.raws), s.full)
			}
		}
	}
}

// What is held of an archive doesn't grow with the number of its members.
func TestManyMembers(t *testing.T) {
	const n = 150_000
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range n {
		w.WriteHeader(&tar.Header{Name: fmt.Sprintf("cur/%d.%s", i, strings.Repeat("x", 40)), Size: 5, Typeflag: tar.TypeReg})
		io.WriteString(w, "hello")
	}
	w.Close()
	for kind, data := range map[string][]byte{"tar": b.Bytes(), "zip": many(n, "hello", false)} {
		d := Detect(All(Options{}), data, "")
		for _, depth := range []int{0, 8} {
			budget := NewBudget(DefaultLimits(), int64(len(data)))
			budget.depth = depth
			var before, m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var most int64
			i := 0
			for it, err := range d.Decode(context.Background(), scanners.Item{Body: bytes.NewReader(data)}, budget) {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, it.Body); err != nil {
					t.Fatal(err)
				}
				if i++; i%25_000 == 0 || i == 131_000 {
					runtime.GC()
					runtime.ReadMemStats(&m)
					most = max(most, int64(m.HeapAlloc)-int64(before.HeapAlloc))
				}
			}
			t.Logf("%s, %d levels deep: %d KB", kind, depth, most>>10)
			if limit := int64(8<<20) >> min(depth, 3); i != n || most > limit {
				t.Errorf("%s, %d levels deep: %d members, %d bytes of memory", kind, depth, i, most)
			}
		}
	}
}
