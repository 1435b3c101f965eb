package inflate

import (
	"bufio"
	"bytes"
	stdflate "compress/flate"
	stdgzip "compress/gzip"
	stdzlib "compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/flate"
)

// texts are what is compressed: of few and of many symbols, with matches near
// and far.
func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 300<<10)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	skewed := make([]byte, 400<<10) // the codes get as long as they may
	for i := range skewed {
		skewed[i] = byte(r.ExpFloat64() * 9)
	}
	var mixed []byte
	for i := range 20000 {
		mixed = fmt.Appendf(mixed, "(%d,'%x','zoe@example.be',NULL),\n", i, r.Uint64()>>r.IntN(64))
	}
	period := bytes.Repeat([]byte("abcdefghi"), 40<<10)
	for i := range period {
		if r.IntN(500) == 0 {
			period[i] = byte(r.Uint32())
		}
	}
	var steps []byte // matches of all distances up to 20
	for k := 1; k <= 20; k++ {
		steps = append(steps, bytes.Repeat(random[:k], 300)...)
	}
	return map[string][]byte{
		"empty": nil, "one": []byte("a"), "zeros": make([]byte, 300<<10), "random": random, "skewed": skewed, "mixed": mixed, "period": period, "steps": steps,
		"far": append(append(append([]byte{}, random[:32<<10]...), random[:32<<10]...), random[100:400]...),
	}
}

func deflated(t testing.TB, b []byte, level int) []byte {
	var out bytes.Buffer
	w, err := stdflate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(b) // to memory
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReader(t *testing.T) {
	z := new(Reader)
	for name, text := range texts() {
		for _, level := range []int{0, 1, 6, 9, stdflate.HuffmanOnly} {
			packed := deflated(t, text, level)
			for _, size := range []int{16, 100, 4096, 1 << 20} {
				for way, rd := range map[string]io.Reader{
					"whole": bytes.NewReader(append(packed[:len(packed):len(packed)], "behind"...)),
					"half":  iotest.HalfReader(bytes.NewReader(append(packed[:len(packed):len(packed)], "behind"...))),
				} {
					br := bufio.NewReaderSize(rd, size)
					z.Reset(br)
					got, err := io.ReadAll(z)
					if err != nil || !bytes.Equal(got, text) {
						t.Fatalf("%s, level %d, %s, buffer of %d: %d bytes of %d, %v", name, level, way, size, len(got), len(text), err)
					}
					if rest, _ := io.ReadAll(br); string(rest) != "behind" {
						t.Fatalf("%s, level %d, %s, buffer of %d: %d bytes are left", name, level, way, size, len(rest))
					}
				}
			}
		}
	}
}

// TestDamaged cuts off and flips every byte, and compares with another
// implementation what comes of it.
func TestDamaged(t *testing.T) {
	for _, level := range []int{0, 1, 9, stdflate.HuffmanOnly} {
		packed := deflated(t, []byte("Zoë Peeters <zoe@example.be>, zoe@example.be, Zoë Peeters, 0470 12 34 56, 0470 12 34 56, aaaaaaaaaaaaaaaaaaaaaaaa"), level)
		for i := range packed {
			compare(t, packed[:i])
			for bit := range 8 {
				b := bytes.Clone(packed)
				b[i] ^= 1 << bit
				compare(t, b)
			}
		}
	}
}

func compare(t *testing.T, packed []byte) {
	const most = 1 << 20
	z := new(Reader)
	z.Reset(bufio.NewReaderSize(bytes.NewReader(packed), 64))
	got, gotErr := io.ReadAll(io.LimitReader(z, most))
	want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bufio.NewReader(bytes.NewReader(packed))), most))
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%.80x: %v, want %v", packed, gotErr, wantErr)
	}
	if gotErr != nil { // they may differ in how much of a match that is cut off they give
		n := min(len(got), len(want))
		got, want = got[:n], want[:n]
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%.80x: %.80q, want %.80q", packed, got, want)
	}
	// All at once, in the fast loop as far as it goes.
	z.Reset(bufio.NewReader(bytes.NewReader(packed)))
	if again, err := io.ReadAll(io.LimitReader(z, most)); !bytes.HasPrefix(again, got) || fmt.Sprint(err) != fmt.Sprint(gotErr) {
		t.Fatalf("%.80x: %d bytes, %v, in one piece %d, %v", packed, len(got), gotErr, len(again), err)
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range texts() {
		for _, level := range []int{1, 9, stdflate.HuffmanOnly} {
			f.Add(deflated(f, text[:min(len(text), 3000)], level))
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte) { compare(t, packed) })
}

func TestGzip(t *testing.T) {
	text := []byte("zoe@example.be and whatever else there is, zoe@example.be")
	var out bytes.Buffer
	w := stdgzip.NewWriter(&out)
	w.Name, w.Comment, w.Extra = "Zoë.txt", "what it is", []byte("AB\x02\x00xy")
	_, _ = w.Write(text) // to memory
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := out.Bytes()
	read := func(b []byte) (string, *Gzip, error) {
		g := new(Gzip)
		if err := g.Reset(bufio.NewReader(bytes.NewReader(b))); err != nil {
			return "", g, err
		}
		got, err := io.ReadAll(g)
		return string(got), g, err
	}
	got, g, err := read(packed)
	if err != nil || got != string(text) || g.Name != "Zoë.txt" || g.Comment != "what it is" {
		t.Fatalf("%q, %v, %q, %q", got, err, g.Name, g.Comment)
	}
	for i := range packed {
		if _, _, err := read(packed[:i]); err == nil || (i > 0) != (err != io.EOF) {
			t.Errorf("cut off at %d: %v", i, err)
		}
		b := bytes.Clone(packed)
		b[i] ^= 0xff
		_, _, _ = read(b) // whatever comes of it
	}
	for i := len(packed) - 8; i < len(packed); i++ {
		b := bytes.Clone(packed)
		b[i] ^= 1
		if got, _, err := read(b); err != ErrChecksum || got != string(text) {
			t.Errorf("byte %d of the end changed: %v", i, err)
		}
	}
}

func TestZlib(t *testing.T) {
	text := []byte("zoe@example.be and whatever else there is, zoe@example.be")
	var out bytes.Buffer
	w := stdzlib.NewWriter(&out)
	_, _ = w.Write(text) // to memory
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(b []byte) (string, error) {
		z, err := NewZlib(bytes.NewReader(b))
		if err != nil {
			return "", err
		}
		got, err := io.ReadAll(z)
		return string(got), err
	}
	packed := out.Bytes()
	if got, err := read(append(packed[:len(packed):len(packed)], "behind"...)); err != nil || got != string(text) {
		t.Fatalf("%q, %v", got, err)
	}
	for i := range packed {
		if _, err := read(packed[:i]); err == nil {
			t.Errorf("cut off at %d: no error", i)
		}
		b := bytes.Clone(packed)
		b[i] ^= 0x10
		if got, err := read(b); err == nil && (got != string(text) || i > 2) {
			t.Errorf("byte %d changed: %q, no error", i, got)
		}
	}
}

// BenchmarkReader reads the file that INFLATE names, or what is made up.
func BenchmarkReader(b *testing.B) {
	text := texts()["mixed"]
	if name := os.Getenv("INFLATE"); name != "" {
		var err error
		if text, err = os.ReadFile(name); err != nil {
			b.Fatal(err)
		}
		text = text[:min(len(text), 16<<20)]
	}
	packed := deflated(b, text, 6)
	z := new(Reader)
	their := flate.NewReader(nil)
	for name, open := range map[string]func(br *bufio.Reader) io.Reader{
		"own":       func(br *bufio.Reader) io.Reader { z.Reset(br); return z },
		"klauspost": func(br *bufio.Reader) io.Reader { _ = their.(flate.Resetter).Reset(br, nil); return their },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			br := bufio.NewReaderSize(nil, 32<<10)
			buf := make([]byte, 64<<10)
			for b.Loop() {
				br.Reset(bytes.NewReader(packed))
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{open(br)}, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
