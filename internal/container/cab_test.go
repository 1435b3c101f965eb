package container

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// cabText is what big.txt of the fixtures holds: more than one window.
func cabText() string {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "line %d of user%d@example.be\n", i, i*i%977)
	}
	return b.String()
}

func TestCab(t *testing.T) {
	big := cabText()
	for _, name := range []string{"stored.cab", "mszip.cab"} {
		s := walkWith(fixture(t, name), name)
		for _, want := range []string{"letter.txt=" + letter, "big.txt=" + big, "sub/é.txt=" + letter} {
			if name == "stored.cab" && strings.HasPrefix(want, "big") {
				continue
			}
			if !s.has(want) {
				t.Errorf("%s: no %.40q", name, want)
			}
		}
		if len(s.gaps) > 0 {
			t.Errorf("%s: %v", name, s.gaps)
		}
	}
}

// TestLZX reads what lzxWriter writes; where cabextract is installed it says
// that this is what others write, too.
func TestLZX(t *testing.T) {
	var calls bytes.Buffer
	for i := range 20_000 {
		calls.Write([]byte{0x90, 0xe8, byte(i), byte(i >> 8), 0, 0, 0xc3})
	}
	for name, content := range map[string]string{"text": cabText(), "calls": calls.String(), "short": letter, "runs": strings.Repeat("a", 100_000) + letter} {
		for _, bits := range []int{15, 21} {
			for _, kinds := range [][]int{{1}, {2}, {3}, {1, 3, 2, 3, 3, 1}} {
				for _, translate := range []int{0, 1 << 20} {
					if translate != 0 && name != "calls" {
						continue
					}
					w := &lzxWriter{bits: bits, kinds: kinds, translate: translate}
					data := w.cab(content)
					s := walkWith(data, "x.cab")
					got := strings.TrimPrefix(strings.Join(s.items, ""), "letter.txt=")
					want := content
					if translate > 0 {
						want = string(lzxTranslated([]byte(content), translate))
					}
					if got != want || len(s.gaps) > 0 {
						t.Errorf("%s, window %d, blocks %v: %d bytes, want %d, %v", name, bits, kinds, len(got), len(want), s.gaps)
					}
					path, err := exec.LookPath("cabextract")
					if err != nil {
						continue
					}
					file := filepath.Join(t.TempDir(), "x.cab")
					if err := os.WriteFile(file, data, 0o600); err != nil {
						t.Fatal(err)
					}
					if out, err := exec.Command(path, "-p", "-q", file).Output(); err != nil || string(out) != want {
						t.Errorf("%s, window %d, blocks %v: cabextract reads %d bytes, %v", name, bits, kinds, len(out), err)
					}
				}
			}
		}
	}
}

// lzxTranslated is what calls makes of a file, frame by frame.
func lzxTranslated(b []byte, size int) []byte {
	for at := 0; at < len(b); at += lzxFrame {
		z := &lzx{translate: int64(size), done: int64(at)}
		z.calls(b[at:min(len(b), at+lzxFrame)])
	}
	return b
}

func TestCabDamaged(t *testing.T) {
	data := fixture(t, "mszip.cab")
	whole := walkWith(data, "x.cab")
	for n := 0; n < len(data); n += 13 {
		if s := walkWith(data[:n], "x.cab"); len(s.gaps) == 0 && n >= 36 {
			t.Errorf("cut at %d: no gap", n)
		}
		b := bytes.Clone(data)
		b[n] ^= 0xff
		if s := walkWith(b, "x.cab"); n > 40 && len(s.gaps) == 0 && len(s.items) == len(whole.items) && strings.Join(s.items, "") != strings.Join(whole.items, "") && !strings.Contains(strings.Join(s.items, ""), letter) {
			t.Errorf("byte %d: no gap", n)
		}
	}
	lzx := (&lzxWriter{bits: 15, kinds: []int{1, 2, 3}}).cab(cabText())
	for n := 0; n < len(lzx); n += 211 {
		b := bytes.Clone(lzx)
		b[n] ^= 0x55
		walkWith(b, "x.cab")
	}
}

func FuzzCab(f *testing.F) {
	for _, name := range []string{"stored.cab", "mszip.cab"} {
		f.Add(fixture(f, name))
	}
	f.Add((&lzxWriter{bits: 15, kinds: []int{1, 3, 2}}).cab(letter + letter))
	f.Fuzz(func(_ *testing.T, b []byte) {
		s := new(seen)
		s.walk(context.Background(), []Decoder{cabDecoder()}, "", scanners.Item{Name: "x.cab", Size: int64(len(b)), Body: bytes.NewReader(b)}, NewBudget(DefaultLimits(), int64(len(b))))
	})
}

// An lzxWriter writes LZX in blocks of given kinds, with codes whose lengths
// differ by one at most.
type lzxWriter struct {
	bits      int
	kinds     []int
	translate int

	codes map[int][]int // of even

	out  []byte
	acc  uint32
	have uint
}

func (w *lzxWriter) put(v, n int) {
	for ; n > 0; n-- {
		w.acc = w.acc<<1 | uint32(v>>(n-1)&1)
		if w.have++; w.have == 16 {
			w.out = append(w.out, byte(w.acc), byte(w.acc>>8))
			w.acc, w.have = 0, 0
		}
	}
}

func (w *lzxWriter) flush() {
	if w.have > 0 {
		w.put(0, int(16-w.have))
	}
}

// even returns the lengths of a complete code of n symbols.
func even(n int) []byte {
	bits := 1
	for 1<<bits < n {
		bits++
	}
	short := 1<<bits - n
	lengths := bytes.Repeat([]byte{byte(bits)}, n)
	for i := range short {
		lengths[i]--
	}
	return lengths
}

// code writes a symbol of the code that even describes.
func (w *lzxWriter) code(n, s int) {
	if w.codes == nil {
		w.codes = map[int][]int{}
	}
	lengths := even(n)
	if w.codes[n] == nil {
		code, list := 0, make([]int, n)
		for l := 1; l <= 16; l++ {
			code <<= 1
			for i, x := range lengths {
				if int(x) == l {
					list[i] = code
					code++
				}
			}
		}
		w.codes[n] = list
	}
	w.put(w.codes[n][s], int(lengths[s]))
}

// lengths writes the lengths of a code, of which those before are old.
func (w *lzxWriter) lengths(all, old []byte) {
	for _, x := range even(20) {
		w.put(int(x), 4)
	}
	for i := range all {
		w.code(20, (int(old[i])-int(all[i])+17)%17)
	}
}

// cab returns a cabinet with one file.
func (w *lzxWriter) cab(content string) []byte {
	slots := newLZX(w.bits).slots
	symbols := 256 + 8*slots
	main, length := make([]byte, symbols), make([]byte, lzxLengths)
	var blocks bytes.Buffer
	count, left, kind, block, odd := 0, 0, 0, 0, false
	seen := map[string]int{}
	for at := 0; at < len(content); {
		w.out, w.acc, w.have = nil, 0, 0
		if at == 0 {
			w.put(min(w.translate, 1), 1)
			if w.translate > 0 {
				w.put(w.translate>>16, 16)
				w.put(w.translate, 16)
			}
		}
		start := at
		end := min(len(content), at+lzxFrame)
		for at < end {
			if left == 0 {
				kind = w.kinds[block%len(w.kinds)]
				block++
				if left = len(content) - at; len(w.kinds) > 1 {
					left = min(left, 10_001)
				}
				odd = left&1 == 1
				w.put(kind, 3)
				w.put(left>>8, 16)
				w.put(left, 8)
				if kind == 2 {
					for range 8 {
						w.put(3, 3)
					}
				}
				if kind < 3 {
					w.lengths(even(symbols)[:256], main[:256])
					w.lengths(even(symbols)[256:], main[256:])
					w.lengths(even(lzxLengths), length)
					main, length = even(symbols), even(lzxLengths)
				} else {
					if w.have == 0 {
						w.put(0, 16)
					}
					w.flush()
					w.out = append(w.out, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
				}
			}
			if kind == 3 {
				k := min(left, end-at)
				w.out = append(w.out, content[at:at+k]...)
				at += k
				if left -= k; left == 0 && odd {
					w.out = append(w.out, 0)
				}
				continue
			}
			n, off := 0, 0
			if at+4 <= len(content) {
				if p, ok := seen[content[at:at+4]]; ok && at-p < 1<<w.bits-3 {
					for off = at - p; n < min(257, left, end-at) && content[p+n] == content[at+n]; n++ {
					}
				}
				seen[content[at:at+4]] = at
			}
			if n < 3 {
				w.code(symbols, int(content[at]))
				at++
				left--
				continue
			}
			slot := 3
			for slot+1 < slots {
				if base, _ := lzxSlot(slot + 1); base > off+2 {
					break
				}
				slot++
			}
			base, extra := lzxSlot(slot)
			w.code(symbols, 256+slot<<3+min(n-2, 7))
			if n-2 >= 7 {
				w.code(lzxLengths, n-9)
			}
			switch rest := off + 2 - base; {
			case kind == 2 && extra >= 3:
				w.put(rest>>3, int(extra)-3)
				w.code(8, rest&7)
			default:
				w.put(rest, int(extra))
			}
			at += n
			left -= n
		}
		w.flush()
		le := binary.LittleEndian
		h := le.AppendUint16(le.AppendUint16(nil, uint16(len(w.out))), uint16(at-start))
		blocks.Write(le.AppendUint32(nil, cabSum(h, cabSum(w.out, 0))))
		blocks.Write(h)
		blocks.Write(w.out)
		count++
	}
	le := binary.LittleEndian
	b := append([]byte(cabMagic), make([]byte, 28)...)
	name := "letter.txt\x00"
	data := 36 + 8 + 16 + len(name)
	le.PutUint32(b[8:], uint32(data+blocks.Len()))
	le.PutUint32(b[16:], 44)
	b[24], b[25], b[26], b[28] = 3, 1, 1, 1
	b = le.AppendUint32(b, uint32(data))
	b = le.AppendUint16(le.AppendUint16(b, uint16(count)), uint16(w.bits)<<8|3)
	b = le.AppendUint32(b, uint32(len(content)))
	b = append(b, make([]byte, 12)...)
	return append(append(b, name...), blocks.Bytes()...)
}
