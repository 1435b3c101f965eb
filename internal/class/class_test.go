package class

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzSet(f *testing.F) {
	f.Add([]byte("Zoë <zoe@example.be> +32 470 12 34 56\x00%40=20"))
	f.Add(bytes.Repeat([]byte("0123456789 abc\xe2\x80\x89"), 30))
	var m Map
	f.Fuzz(func(t *testing.T, p []byte) {
		m.Set(p)
		if m.Len() != len(p) {
			t.Fatalf("Len is %d, want %d", m.Len(), len(p))
		}
		bit := func(s []uint64, i int) bool { return s[i/64]>>(i%64)&1 == 1 }
		for i, c := range p {
			for _, k := range []struct {
				name string
				bits []uint64
				want bool
			}{
				{"digit", m.Digit, c >= '0' && c <= '9'},
				{"letter", m.Letter, c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'},
				{"join", m.Join, strings.IndexByte(" .-/()_\x80\x89\x91\x93\xA0\xAF\xC2\xE2", c) >= 0},
				{"at", m.At, c == '@'},
				{"escape", m.Escape, strings.IndexByte(`%&\=`, c) >= 0},
				{"base64", m.Base64, strings.IndexByte("+/-_", c) >= 0},
				{"nul", m.Nul, c == 0},
				{"high", m.High, c >= 0x80},
			} {
				if bit(k.bits, i) != k.want {
					t.Fatalf("byte %d (%#x): %s is %v", i, c, k.name, !k.want)
				}
			}
		}
		if n := len(p) % 64; n != 0 {
			for _, s := range [][]uint64{m.Digit, m.Letter, m.Join, m.At, m.Escape, m.Base64, m.Nul, m.High} {
				if s[len(s)-1]>>n != 0 {
					t.Fatal("bits behind the end are set")
				}
			}
		}
	})
}
