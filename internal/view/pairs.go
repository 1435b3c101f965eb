package view

import "math/bits"

// Hexadecimal whose bytes stand apart, as debuggers and programs show them:
// 7a 6f 65, 7A:6F:65, 7a6f 6540, 0x7a, 0x6f.

const (
	minPairs = 8       // bytes in a row
	maxPairs = 1 << 15 // of one region
	pairGap  = 4       // bytes between two groups at most
)

// pairs decodes hexadecimal in groups of one or two bytes.
func (s *search) pairs() {
	p, start := s.p, s.f.from
	words := len(s.c.Letter)
	alnum := func(w int) uint64 {
		if w >= words {
			return 0
		}
		return s.c.Letter[w] | s.c.Digit[w]
	}
	this := alnum(start / 64)
	for w := start / 64; w < words; w++ {
		next := alnum(w + 1)
		at := func(k uint) uint64 { return this>>k | next<<(64-k) }
		one := this & at(1) &^ at(2)
		// Three pairs, or two groups of four, that stand apart. Four letters are
		// a word as often as not: of these only such as begin with a digit, or
		// are followed by one.
		x := one & at(3) & at(4) &^ at(5) & at(6) & at(7) &^ at(8)
		four := this & at(1) & at(2) & at(3) &^ at(4)
		if four != 0 {
			again := at(5)&at(6)&at(7)&at(8)&^at(9) | at(6)&at(7)&at(8)&at(9)&^at(10)&^at(5)
			var digits uint64
			if w < words {
				digits = s.c.Digit[w]
			}
			x |= four & again & digits
		}
		this = next
		if w == start/64 {
			x &^= 1<<(start%64) - 1
		}
		for ; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			if i < start || digits[p[i]] == 0xff {
				continue
			}
			start = max(start, s.pair(i))
		}
	}
}

// group reads a group of n digits at p[i:], and where they start.
func group(p []byte, i, n int) (from int, ok bool) {
	if i+2 < len(p) && p[i] == '0' && p[i+1]|0x20 == 'x' {
		i += 2
	}
	if i+n > len(p) {
		return i, false
	}
	for k := range n {
		if digits[p[i+k]] == 0xff {
			return i, false
		}
	}
	return i, i+n == len(p) || !isAlnum(p[i+n])
}

// pair reads hexadecimal that stands apart from i on, decodes it where it holds
// text, and returns where it ends.
func (s *search) pair(i int) int {
	lo, hi, parent := s.room(i)
	p := s.p[:hi]
	prefixed := i+2 < len(p) && p[i] == '0' && p[i+1]|0x20 == 'x'
	size := 2
	if _, ok := group(p, i, 2); !ok {
		size = 4
	}
	// What is looked at begins here, the bytes may not.
	for back := 0; back < context/3; back++ {
		k := i
		for k > lo && i-k < pairGap && apart(p[k-1]) {
			k--
		}
		k -= size
		if prefixed {
			k -= 2
		}
		if k < lo || k > lo && isAlnum(p[k-1]) {
			break
		}
		if from, ok := group(p, k, size); !ok || (from > k) != prefixed {
			break
		}
		i = k
	}
	f := s.f
	f.chars, f.parts = f.chars[:0], f.parts[:0]
	end, at := i, i
	for len(f.chars) < 2*maxPairs {
		from, ok := group(p, at, size)
		if !ok || (from > at) != prefixed {
			break
		}
		f.parts = append(f.parts, part{from, len(f.chars)})
		f.chars = append(f.chars, p[from:from+size]...)
		end = from + size
		for at = end; at < len(p) && at-end < pairGap && apart(p[at]); at++ {
		}
		if at == end {
			break
		}
	}
	if len(f.chars) < 2*minPairs || len(f.chars) < 2*sureRun && !hexText(f.chars) || !s.top && !s.fresh(parent, i, end) {
		return end
	}
	s.decode(hex, f.chars, f.parts, 0, len(f.chars), end, parent, false)
	return end
}

// apart reports whether c may stand between two bytes.
func apart(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ':', ',', ';', '-':
		return true
	}
	return false
}
