package imap

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/testenv"
)

// heap returns the memory in use after a collection, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMessageOf60MBInConstantMemory(t *testing.T) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	line := bytes.Repeat([]byte("x"), 1023)
	msg := append(mailText("large", 0), bytes.Repeat(append(line, '\n'), 60<<10)...)
	size := len(msg) + 60<<10 // each LF becomes CRLF
	d.Deliver(t, "alice", "", "S", msg)
	msg = nil
	d.Start(t)
	s := open(t, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", nil)
	before := heap()
	start := time.Now()
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for it, err := range s.Items(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			if it.Size != int64(size) {
				t.Errorf("size %d, want %d", it.Size, size)
			}
			var n, most int64
			buf := make([]byte, 64<<10)
			for i := 0; ; i++ {
				k, err := it.Body.Read(buf)
				n += int64(k)
				if i%200 == 0 {
					most = max(most, heap()-before)
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if n != int64(size) || most > 8<<20 {
				t.Errorf("read %d bytes of %d with %d in use", n, size, most)
			}
			t.Logf("%d MB in %v, at most %d KiB in use", n>>20, time.Since(start), most>>10)
		}
	}
}

func BenchmarkSmallMessages(b *testing.B) {
	d := &testenv.Dovecot{Users: map[string]string{"alice": "pw"}}
	for i := range 4000 {
		d.Deliver(b, "alice", "", "S", mailText(fmt.Sprint("m-", i), 16<<10))
	}
	d.Start(b)
	s := open(b, fmt.Sprintf("imap://alice@127.0.0.1:%d/", d.Port), "pw", nil)
	read := func() (n int64) {
		for p, err := range s.Parts(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			for it, err := range s.Items(b.Context(), p) {
				if err != nil {
					b.Fatal(err)
				}
				k, _ := io.Copy(io.Discard, it.Body)
				n += k
			}
		}
		return n
	}
	b.SetBytes(read()) // and fill the server's caches
	for b.Loop() {
		read()
	}
}
