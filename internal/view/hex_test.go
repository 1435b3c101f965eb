package view

import (
	hexes "encoding/hex"
	"math/rand/v2"
	"strings"
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

// The plus of an offset from UTC is none that stands for a space, one before a
// telephone number may be.
func TestZone(t *testing.T) {
	for text, want := range map[string]bool{
		"2026-11-02 10:00:00+00": true, "2026-11-02T10:00:00.123456+01:00 x": true, "10:00:00,5+0100\t1": true, "10:00+02\x00470": true,
		"10:00:00+32 470 12 34 56": false, "10:00:00+0470123456": false, "10:00:00+32470": false, "10:00:00+32 (0)470": false, "10:00:00+0032 470": false,
		"0:0+00": false, "10:00:000+01": false, "1234+56": false, "12.34+56": false, "10:00:00+01a": false, "1+1": false, ".1+1": false, ":00+00": false,
	} {
		if got := zone([]byte(text), strings.IndexByte(text, '+')); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestUUIDAround(t *testing.T) {
	const id = "0a1b2c3d-1e4f-4a5b-8c6d-7e8f9a0b1c2d"
	for _, text := range []string{id, "x " + id + ",", "7a6f 6540 " + id} {
		at := strings.Index(text, id)
		for k, want := range map[int]int{9: at + 24, 14: at + 24, 8: 0, 19: 0} {
			if got := uuidAround([]byte(text), at+k); got != want {
				t.Errorf("%q: %d, want %d", text, got, want)
			}
		}
	}
	for _, text := range []string{"x" + id, id + "x", id[:35], id[:35] + "-", "0a1-" + id[4:]} {
		if got := uuidAround([]byte(text), strings.Index(text, "1e4f")); got != 0 {
			t.Errorf("%q: %d", text, got)
		}
	}
}
