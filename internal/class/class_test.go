package class

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func FuzzSet(f *testing.F) {
	f.Add([]byte("Zoë <zoe@example.be> +32 470 12 34 56\x00%40=20"))
	f.Add(bytes.Repeat([]byte("0123456789 abc\xe2\x80\x89"), 30))
	all := make([]byte, 320)
	for i := range all {
		all[i] = byte(i)
	}
	f.Add(all)
	var m, portable Map
	f.Fuzz(func(t *testing.T, p []byte) {
		m.Set(p)
		portable.size(len(p))
		portable.generic(p, 0)
		check(t, &m, p)
		check(t, &portable, p)
		words := (len(p) + 63) / 64
		digit, join := make([]uint64, words+1), make([]uint64, words+1)
		digit[words], join[words] = 1, 1
		for _, from := range []func(){
			func() { Numbers(digit, join, p) },
			func() { genericNumbers(digit, join, p, 0) },
		} {
			from()
			if !slices.Equal(digit[:words], m.Digit) || !slices.Equal(join[:words], m.Join) || digit[words] != 1 || join[words] != 1 {
				t.Fatal("Numbers differs from Set")
			}
			clear(digit[:words])
			clear(join[:words])
		}
		got, generic := make([]Signs, words+1), make([]Signs, words+1)
		SetSigns(got, p)
		genericSigns(generic, p, 0)
		if !slices.Equal(got, generic) {
			t.Fatal("SetSigns differs from genericSigns")
		}
		for i := range 64 * words {
			c := byte(0)
			if i < len(p) {
				c = p[i]
			}
			s := got[i/64]
			for name, k := range map[string]struct {
				bits uint64
				want bool
			}{
				"comma": {s.Comma, c == ','}, "upper": {s.Upper, c >= 'A' && c <= 'Z'}, "colon": {s.Colon, c == ':'}, "dot": {s.Dot, c == '.'}, "hyphen": {s.Hyphen, c == '-'}, "less": {s.Less, c == '<'},
				"raised": {s.Raised, c == '+' || c == '*' || c == 0xB0}, "open": {s.Open, c != 0 && strings.IndexByte("$%([{", c) >= 0},
			} {
				if k.bits>>(i%64)&1 == 1 != k.want {
					t.Fatalf("byte %d (%#x): %s is %v", i, c, name, !k.want)
				}
			}
		}
	})
}

// check compares m with what its documentation says, byte by byte.
func check(t *testing.T, m *Map, p []byte) {
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
}

func BenchmarkSet(b *testing.B) {
	p := bytes.Repeat([]byte("INSERT INTO `c` VALUES (12,'Zoë','zoe@example.be','+32 470 12 34 56');\r\n"), 32<<10/80)
	var m Map
	m.Set(p)
	digit, join := make([]uint64, len(p)/64+1), make([]uint64, len(p)/64+1)
	signs := make([]Signs, len(p)/64+1)
	for _, k := range []struct {
		name string
		f    func()
	}{
		{"all", func() { m.Set(p) }},
		{"all/portable", func() { m.generic(p, 0) }},
		{"numbers", func() { Numbers(digit, join, p) }},
		{"numbers/portable", func() { genericNumbers(digit, join, p, 0) }},
		{"signs", func() { SetSigns(signs, p) }},
		{"signs/portable", func() { genericSigns(signs, p, 0) }},
		{"count", func() { bytes.Count(p, []byte("@")) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				k.f()
			}
		})
	}
}
