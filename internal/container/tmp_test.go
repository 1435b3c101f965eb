package container

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"github.com/spoor-scan/spoor/scanners"
	"runtime"
	"strings"
	"testing"
)

func TestTmpCRC(t *testing.T) {
	for _, data := range [][]byte{gz([]byte("hello jan@example.be")), gz(text(3 << 20)), gz(tarOf(file{"a", "A"})), gz(tarOf(file{"a", string(text(2 << 20))}))} {
		data[len(data)-8] ^= 1
		s := open(t, "x.gz", data)
		for _, g := range s.full {
			t.Logf("%q %v", g.URI, g)
		}
		t.Log(len(s.items), len(s.raws), s.gaps)
		data[len(data)-8] ^= 1
		data[len(data)-1] ^= 1
		s = open(t, "x.gz", data)
		for _, g := range s.full {
			t.Logf("%q %v", g.URI, g)
		}
		t.Log(len(s.items), s.raws, s.gaps)
	}
}
func TestTmpMembers(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 150000 {
		w.WriteHeader(&tar.Header{Name: fmt.Sprintf("mail/cur/%d.%s", i, strings.Repeat("x", 30)), Size: 5, Mode: 0600, Typeflag: tar.TypeReg})
		w.Write([]byte("hello"))
	}
	w.Close()
	fs := make([]file, 150000)
	for i := range fs {
		fs[i] = file{fmt.Sprintf("mail/cur/%d.%s", i, strings.Repeat("x", 30)), "hello hello hello"}
	}
	for name, data := range map[string][]byte{"tar": b.Bytes(), "zip": zipOf(8, fs...)} {
		fs = nil
		runtime.GC()
		var m0, m runtime.MemStats
		runtime.ReadMemStats(&m0)
		n := 0
		for _, d := range All() {
			if d.Name != name {
				continue
			}
			for it, err := range d.Decode(context.Background(), scanners.Item{Body: bytes.NewReader(data)}, NewBudget(DefaultLimits(), int64(len(data)))) {
				if err != nil {
					t.Fatal(err)
				}
				Head(it.Body)
				n++
				if n%30000 == 0 {
					runtime.ReadMemStats(&m)
					a := m.HeapInuse
					runtime.GC()
					runtime.ReadMemStats(&m)
					t.Logf("%s %d: live %d KB, before gc %d", name, n, (int64(m.HeapAlloc)-int64(m0.HeapAlloc))>>10, (int64(a)-int64(m0.HeapAlloc))>>10)
				}
			}
		}
	}
}
