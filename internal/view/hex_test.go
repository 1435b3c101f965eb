package view

import (
	hexes "encoding/hex"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// plainHexText is hexText, byte by byte.
func plainHexText(c []byte) bool {
	c = c[:min(len(c), 2*64)&^1]
	b, err := hexes.DecodeString(string(c))
	if err != nil {
		return false
	}
	if start := b[:min(len(b), 12)]; magic(start) != 0 || len(start) > 4 && magic(start[4:]) != 0 {
		return true
	}
	run, letters := 0, 0
	last := byte(0)
	for k, x := range b {
		switch {
		case x >= utf8.RuneSelf:
			// Beside a letter it is one of a code page; else of UTF-8.
			if (run == 0 || last < 'A') && (!utf8.RuneStart(x) || k+1 == len(b) || utf8.RuneStart(b[k+1])) {
				run, letters = 0, 0
				break
			}
			run++
		case x >= '0' && x < 0x7f:
			letters++
			run++
		case x >= 0x20 && x != 0x7f || x == '\n' || x == '\r' || x == '\t':
			run++
		case x == 0:
			if run > 0 {
				run++
			}
		default:
			run, letters = 0, 0
		}
		if run >= 5 && letters >= 3 {
			return true
		}
		last = x
	}
	return false
}

func TestHexText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []func() byte{
		func() byte { return byte(r.IntN(256)) },
		func() byte { return "aZ0 .\x00\x01\x7f\n"[r.IntN(9)] },
		func() byte { return byte(0x80 + r.IntN(128)) },
		func() byte { return byte(r.IntN(0x80)) },
		func() byte { return "\xc3\xab\xe2\x82\xacA0\x00 \x1f"[r.IntN(10)] },
	}
	yes := 0
	const rounds = 300_000
	for range rounds {
		b := make([]byte, 5+r.IntN(70))
		kind := r.IntN(len(kinds) + 1)
		for i := range b {
			if kind == len(kinds) {
				b[i] = kinds[r.IntN(len(kinds))]()
			} else {
				b[i] = kinds[kind]()
			}
		}
		c := []byte(hexes.EncodeToString(b))
		if r.IntN(4) == 0 {
			c = c[:len(c)-1]
		}
		want := plainHexText(c)
		if got := hexText(c); got != want {
			t.Fatalf("%q: %t, want %t", c, got, want)
		}
		if want {
			yes++
		}
	}
	if yes < rounds/10 || yes > rounds*9/10 {
		t.Errorf("%d of %d are text: the inputs show little", yes, rounds)
	}
}

func FuzzHexText(f *testing.F) {
	f.Add([]byte("7a6f65406578616d706c652e6265"))
	f.Add([]byte("00c3ab00c3ab414141"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := []byte(hexes.EncodeToString(b))
		if got, want := hexText(c), plainHexText(c); got != want {
			t.Errorf("%q: %t, want %t", c, got, want)
		}
	})
}
