package container

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// many returns a stored zip of n members with the given content, as hostile
// writers make it: with one local header for all where overlap is set.
func many(n int, body string, overlap bool) []byte {
	le := binary.LittleEndian
	var local, central []byte
	crc := crc32.ChecksumIEEE([]byte(body))
	head := func(sig string, name string) []byte {
		b := []byte(sig)
		if sig == zipCentral {
			b = le.AppendUint16(b, 20)
		}
		b = le.AppendUint16(b, 20)
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		b = le.AppendUint32(b, crc)
		b = le.AppendUint32(b, uint32(len(body)))
		b = le.AppendUint32(b, uint32(len(body)))
		b = le.AppendUint16(b, uint16(len(name)))
		return append(b, 0, 0)
	}
	for i := range n {
		name := fmt.Sprintf("m%d", i)
		off := len(local)
		if overlap && i > 0 {
			off = 0
		} else {
			local = append(local, head(zipLocal, name)...)
			local = append(local, name...)
			local = append(local, body...)
		}
		central = append(central, head(zipCentral, name)...)
		central = append(central, make([]byte, 10)...)
		central = le.AppendUint32(central, uint32(off))
		central = append(central, name...)
	}
	all := append(local, central...)
	end := []byte(zipEnd64)
	end = le.AppendUint64(end, 44)
	end = append(end, make([]byte, 12)...)
	end = le.AppendUint64(end, uint64(n))
	end = le.AppendUint64(end, uint64(n))
	end = le.AppendUint64(end, uint64(len(central)))
	end = le.AppendUint64(end, uint64(len(local)))
	end = append(end, zipLocator...)
	end = le.AppendUint32(end, 0)
	end = le.AppendUint64(end, uint64(len(all)))
	end = le.AppendUint32(end, 1)
	end = append(end, zipEnd...)
	end = append(end, 0, 0, 0, 0)
	end = append(end, bytes.Repeat([]byte{255}, 12)...)
	end = append(end, 0, 0)
	return append(all, end...)
}

func TestBombs(t *testing.T) {
	mega := gz(make([]byte, 64<<20))
	// What is in use is measured, not what could be collected.
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	zipped := func(n int) []byte {
		data := []byte("the end")
		for range n {
			data = zipOf(8, file{"a.zip", string(data)}, file{"b.zip", string(data)})
		}
		return data
	}
	nested := func(n int) []byte {
		data := []byte("the end")
		for range n {
			data = zipOf(8, file{"a.zip", string(data)})
		}
		return data
	}
	for _, tt := range []struct {
		name string
		data func() []byte
		gap  string
	}{
		{"10 GB of zeros in gz in gz", func() []byte { return gz(bytes.Repeat(mega, 160)) }, "bomb"},
		{"4 GB of zeros in zst", func() []byte { return bytes.Repeat(zst(make([]byte, 64<<20)), 64) }, "bomb"},
		{"zip in zip 40 deep", func() []byte { return nested(40) }, "too-deep"},
		{"two zips in each of two zips, 10 deep", func() []byte { return zipped(10) }, ""},
		{"a million members", func() []byte { return many(1_000_000, "", false) }, ""},
		{"overlapping members", func() []byte { return many(60_000, strings.Repeat("x", 1<<20), true) }, "bomb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.data()
			var before, m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			stop := make(chan struct{})
			peak := make(chan uint64)
			go func() {
				var most uint64
				for {
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapInuse)
					select {
					case <-stop:
						peak <- most
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			}()
			start := time.Now()
			s := &seen{big: true}
			b := NewBudget(DefaultLimits(), int64(len(data)))
			s.walk(context.Background(), All(Options{}), "", scanners.Item{Body: bytes.NewReader(data)}, b)
			took := time.Since(start)
			close(stop)
			used := int64(<-peak) - int64(before.HeapInuse)
			t.Logf("%d bytes, %v, %d MB of memory, %d bytes read, %d members", len(data), took, used>>20, s.bytes, b.members.Load())
			if tt.gap != "" && !slices.ContainsFunc(s.gaps, func(g string) bool { return strings.HasSuffix(g, " "+tt.gap) }) {
				t.Errorf("no gap %q, but %q", tt.gap, s.gaps[:min(len(s.gaps), 5)])
			}
			if tt.gap == "" && len(s.gaps) > 0 {
				t.Errorf("gaps %q", s.gaps[:min(len(s.gaps), 5)])
			}
			if took > 30*time.Second {
				t.Errorf("took %v", took)
			}
			if used > 48<<20 {
				t.Errorf("took %d MB of memory", used>>20)
			}
		})
	}
}

// Members without content are not for free.
func TestEmptyMembers(t *testing.T) {
	b := NewBudget(DefaultLimits(), 100_000)
	var err error
	n := 0
	for ; err == nil; n++ {
		err = b.Member()
	}
	if n > 3_000_000 || scanners.ReasonOf(err) != scanners.Bomb {
		t.Errorf("%v after %d members", err, n)
	}
}

// A bomb in a large archive doesn't keep what lies beside it from being read.
func TestBombBesides(t *testing.T) {
	bomb := gz(bytes.Repeat(gz(make([]byte, 64<<20)), 160))
	data := tarOf(file{"before", "zoe@example.be"}, file{"bomb", string(bomb)}, file{"big", strings.Repeat("0123456789abcdef", 1<<16)}, file{"after", "jan@example.be"})
	s := &seen{big: true}
	s.walk(context.Background(), All(Options{}), "", scanners.Item{Body: bytes.NewReader(data)}, NewBudget(DefaultLimits(), int64(len(data))))
	if !s.has("before=zoe@example.be") || !s.has("after=jan@example.be") || !slices.Equal(s.gaps, []string{"bomb bomb"}) {
		t.Errorf("gaps %q, %d items", s.gaps, len(s.items))
	}
}

func TestNames(t *testing.T) {
	var s, again names
	seen := map[string]bool{}
	for i := range 3 * exactNames {
		name := fmt.Sprintf("dir/%d", i)
		if i%10 == 9 {
			name = fmt.Sprintf("dir/%d", i-9)
		}
		a := s.step(name)
		if seen[a] {
			t.Fatalf("step %q twice", a)
		}
		seen[a] = true
		if b := again.step(name); a != b {
			t.Fatalf("%q, then %q", a, b)
		}
		if i%10 != 9 && a != name {
			t.Errorf("%q became %q", name, a)
		}
	}
	for _, tt := range [][2]string{{"", "unnamed"}, {"/", "unnamed"}, {"./a", "a"}, {"//./b", "b"}, {"a/../b", "a/../b"}, {"..", ".."}} {
		if got := new(names).step(tt[0]); got != tt[1] {
			t.Errorf("step of %q is %q, want %q", tt[0], got, tt[1])
		}
	}
	for _, step := range []string{"a;2", "a!/b", "..", "a//b", "latin\xe9", "a%21", "#x"} {
		_, _, steps, err := scanners.Split("file:///x.tar!/" + scanners.Escape(step))
		if err != nil || len(steps) != 1 || steps[0].Name != step {
			t.Errorf("%q comes back as %q, %v", step, steps, err)
		}
	}
}

func TestSparse(t *testing.T) {
	// A pax header of format 1.0, 0.1 and 0.0 for the same file: 5 bytes at
	// 1000, 3 at 9000, 10,000 in all.
	want := make([]byte, 10_000)
	copy(want[1000:], "hello")
	copy(want[9000:], "you")
	pack := func(records string, data string) []byte {
		var b bytes.Buffer
		h := func(kind byte, name string, body string) {
			block := make([]byte, 512)
			copy(block, name)
			copy(block[100:], "0000600\x000000000\x000000000\x00")
			copy(block[124:], fmt.Sprintf("%011o\x0000000000000\x00", len(body)))
			block[156] = kind
			copy(block[257:], "ustar\x0000")
			sum := 8 * int(' ')
			for _, c := range block {
				sum += int(c)
			}
			copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
			b.Write(block)
			b.WriteString(body)
			b.Write(make([]byte, pad(int64(len(body)))))
		}
		h('x', "pax", records)
		h('0', "stored", data)
		h('0', "after", "AFTER")
		b.Write(make([]byte, 1024))
		return b.Bytes()
	}
	rec := func(kv ...string) string {
		var b strings.Builder
		for i := 0; i < len(kv); i += 2 {
			s := " " + kv[i] + "=" + kv[i+1] + "\n"
			n := len(s) + 2
			if len(fmt.Sprint(n)) != 2 {
				n = len(s) + len(fmt.Sprint(n))
			}
			fmt.Fprintf(&b, "%d%s", n, s)
		}
		return b.String()
	}
	v1 := "2\n1000\n5\n9000\n3\n"
	v1 += strings.Repeat("\x00", 512-len(v1)) + "helloyou"
	for name, data := range map[string][]byte{
		"1.0": pack(rec("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "sparse", "GNU.sparse.realsize", "10000"), v1),
		"0.1": pack(rec("GNU.sparse.name", "sparse", "GNU.sparse.size", "10000", "GNU.sparse.numblocks", "2", "GNU.sparse.map", "1000,5,9000,3"), "helloyou"),
		"0.0": pack(rec("path", "sparse", "GNU.sparse.size", "10000", "GNU.sparse.numblocks", "2", "GNU.sparse.offset", "1000", "GNU.sparse.numbytes", "5", "GNU.sparse.offset", "9000", "GNU.sparse.numbytes", "3"), "helloyou"),
	} {
		s := open(t, "x.tar", data)
		if !slices.Equal(s.items, []string{"sparse=" + string(want), "after=AFTER"}) || len(s.gaps) > 0 {
			t.Errorf("%s: %d items, gaps %v", name, len(s.items), s.full)
		}
	}
	for name, data := range map[string][]byte{
		"backwards": pack(rec("GNU.sparse.name", "sparse", "GNU.sparse.size", "10000", "GNU.sparse.map", "9000,5,1000,3"), "helloyou"),
		"beyond":    pack(rec("GNU.sparse.name", "sparse", "GNU.sparse.size", "10", "GNU.sparse.map", "1000,5,9000,3"), "helloyou"),
		"too much":  pack(rec("GNU.sparse.name", "sparse", "GNU.sparse.size", "9223372036854775807", "GNU.sparse.map", "0,9223372036854775807"), "helloyou"),
	} {
		s := open(t, "x.tar", data)
		if !slices.Equal(s.items, []string{"sparse=helloyou", "after=AFTER"}) || !slices.Equal(s.gaps, []string{" corrupt"}) {
			t.Errorf("%s: %v", name, s)
		}
	}
	// Nothing but holes, as far as a number goes.
	s := open(t, "x.tar", pack(rec("GNU.sparse.name", "sparse", "GNU.sparse.size", "9223372036854775807", "GNU.sparse.map", "5000000000000000000,5,6000000000000000000,3"), "helloyou"))
	if len(s.items) != 2 || !strings.Contains(s.items[0], "hello\x00") || !strings.Contains(s.items[0], "\x00you\x00") || !slices.Equal(s.gaps, []string{" too-large"}) {
		t.Errorf("all holes: %d items, %v", len(s.items), s.gaps)
	}
}

func FuzzDecoders(f *testing.F) {
	var links bytes.Buffer
	w := tar.NewWriter(&links)
	w.WriteHeader(&tar.Header{Name: strings.Repeat("n", 200), Linkname: "b", Typeflag: tar.TypeSymlink, Format: tar.FormatGNU})
	w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SCHILY.xattr.user.mail": "zoe@example.be"}})
	w.Close()
	for _, seed := range [][]byte{
		gz([]byte("hello")), helloBzip2, helloXz, zst([]byte("hello")), cat(helloXz, make([]byte, 4), secondXz),
		tarOf(file{"a", "A"}), links.Bytes(), zipOf(8, file{"a", "A"}, file{"b/", ""}), zipOf(0, file{"a", "A"}), zipOf(93, file{"a", "A"}),
		cat([]byte("#!/bin/sh\nmakeself\n"), gz([]byte("hello"))), append([]byte("\x7fELF\x01\x01"), make([]byte, 80)...),
		many(2, "x", true), tarOf(file{"z", string(zipOf(8, file{"g", string(gz([]byte("deep")))}))}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := DefaultLimits()
		l.Bytes, l.Members, l.Memory = 8<<20, 1000, 1<<20
		for _, d := range All(Options{}) {
			b := NewBudget(l, int64(len(data)))
			s := new(seen)
			for it, err := range d.Decode(context.Background(), scanners.Item{Name: "x", Body: struct{ io.Reader }{bytes.NewReader(data)}}, b) {
				if err != nil {
					s.gap("", err)
					continue
				}
				n, _ := io.Copy(io.Discard, it.Body)
				s.bytes += n
				s.items = append(s.items, it.Step)
			}
			// An archive may be empty; a compressed stream is one item at least.
			if d.Bare && d.Match(data[:min(len(data), HeadLen)], "x") && len(s.items) == 0 && len(s.gaps) == 0 {
				t.Errorf("%s: nothing at all of %d bytes", d.Name, len(data))
			}
			if b.memory.Load() != 0 || b.disk.Load() != 0 || b.held != (holder{}) {
				t.Errorf("%s: not given back", d.Name)
			}
		}
	})
}
