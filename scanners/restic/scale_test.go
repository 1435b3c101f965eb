package restic

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestScale holds what a walk keeps of a repository with SPOOR_TEST_CHUNKS
// pieces, each of them a file of its own, which is the worst case, and says how
// much memory the process took: 5000000 is what the limit of 512 MiB is for.
func TestScale(t *testing.T) {
	n := 50_000
	if s := os.Getenv("SPOOR_TEST_CHUNKS"); s != "" {
		if _, err := fmt.Sscan(s, &n); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(200 << 20)) // as the program does
	start := time.Now()
	name := func(k int) (i id) {
		// As evenly spread as hashes are.
		x := uint64(k)*0x9e3779b97f4a7c15 ^ 0x5bf03635
		binary.BigEndian.PutUint64(i[:], x*0xbf58476d1ce4e5b9)
		binary.BigEndian.PutUint64(i[8:], uint64(k))
		return i
	}
	r := &repo{}
	for k := range n {
		pack := r.pack(id{1, byte(k >> 28), byte(k >> 20), byte(k >> 12), byte(k >> 4)})
		if err := r.index.add(false, name(k), place{pack, uint32(k%16) << 20, 1 << 20, 0}); err != nil {
			t.Fatal(err)
		}
	}
	r.data.sort(func(place) bool { return false })
	t.Logf("index of %d: %v, %s", r.data.len(), time.Since(start).Round(time.Millisecond), memory(t))
	w := &walk{r: r, lists: map[[16]byte]uint32{}, seed: maphash.MakeSeed(), uses: make([]uint8, n)}
	defer w.spool.close()
	l := &level{}
	for k := range n {
		if k%1000 == 0 {
			l.tree, l.path = uint32(k/1000), fmt.Sprintf("srv/www/site%d/htdocs/uploads", k/1000)
		}
		if err := w.node(l, &node{Name: fmt.Sprintf("file%d.html", k), Type: "file", Size: 1 << 20, User: "www-data", Content: []id{name(k)}}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("walk: %v, %s", time.Since(start).Round(time.Millisecond), memory(t))
	w.lists, w.names = nil, nameSet{}
	w.sort()
	if len(w.order) != n || w.things.n != n {
		t.Errorf("%d things, %d in order, want %d", w.things.n, len(w.order), n)
	}
	for k := 1; k < n; k++ {
		a, b := r.data.at(w.things.at(w.order[k-1]).blob), r.data.at(w.things.at(w.order[k]).blob)
		if a.pack > b.pack || a.pack == b.pack && a.off >= b.off {
			t.Fatal("not in the order of the packs")
		}
	}
	t.Logf("order: %v, %s", time.Since(start).Round(time.Millisecond), memory(t))
	runtime.KeepAlive(w)
}

func memory(t testing.TB) string {
	t.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b, _ := os.ReadFile("/proc/self/status")
	peak := regexp.MustCompile(`VmHWM:\s*(\d+)`).FindSubmatch(b)
	if peak == nil {
		peak = [][]byte{nil, []byte("?")}
	}
	return fmt.Sprintf("%d MiB of heap, %d collections, %s kB at most", m.HeapAlloc>>20, m.NumGC, peak[1])
}
