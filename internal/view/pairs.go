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
	letter, digit := s.c.Letter, s.c.Digit
	words := len(letter)
	digit = digit[:words]
	w := start / 64
	if w >= words {
		return
	}
	// Where runs of two and of four letters and digits begin, in this word and in
	// the next. Of four only such as begin with a digit: others are words.
	a, b := letter[w]|digit[w], uint64(0)
	last := uint64(0) // what stands in front of a
	if w > 0 {
		last = (letter[w-1] | digit[w-1]) >> 63
	}
	if w+1 < words {
		b = letter[w+1] | digit[w+1]
	}
	two, four := runsOf(last, a, b)
	four &= digit[w]
	for ; w < words; w++ {
		c, d := uint64(0), uint64(0)
		if w+2 < words {
			c = letter[w+2] | digit[w+2]
		}
		if w+1 < words {
			d = digit[w+1]
		}
		two2, four2 := runsOf(a>>63, b, c)
		a, b = b, c
		// Seven groups of two, more than a time or the address of a network card
		// has, or two of four, that stand apart.
		x := two & (two>>3 | two2<<61)
		x &= two>>6 | two2<<58
		if x != 0 {
			x &= (two>>9 | two2<<55) & (two>>12 | two2<<52) & (two>>15 | two2<<49) & (two>>18 | two2<<46)
		}
		if four != 0 {
			x |= four & (four>>5 | four>>6 | four2<<59 | four2<<58)
		}
		two, four = two2, four2&d
		for ; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			if i < start || digits[p[i]] == 0xff {
				continue
			}
			if e := uuidAround(p, i); e > 0 {
				start = e
				continue
			}
			start = max(start, s.pair(i))
		}
	}
}

// uuidAround returns where the UUID (RFC 9562, section 4) ends whose second or
// third group, of five, is at p[i], and 0 where there is none. Its groups of two
// bytes are too few to be looked at.
func uuidAround(p []byte, i int) int {
	for _, a := range [...]int{i - 9, i - 14} {
		if a >= 0 && a+36 <= len(p) && p[a+8] == '-' && p[a+13] == '-' && p[a+18] == '-' && p[a+23] == '-' &&
			(a == 0 || !isAlnum(p[a-1])) && (a+36 == len(p) || !isAlnum(p[a+36])) &&
			allHex(p[a:a+8]) && allHex(p[a+24:a+36]) {
			return a + 24
		}
	}
	return 0
}

func allHex(p []byte) bool {
	for _, c := range p {
		if digits[c] == 0xff {
			return false
		}
	}
	return true
}

// runsOf returns where runs of just two and of just four bits begin in a, which
// stands between last, of one bit, and next.
func runsOf(last, a, next uint64) (two, four uint64) {
	begins := a &^ (a<<1 | last)
	b1 := a>>1 | next<<63
	b2 := a>>2 | next<<62
	two = begins & b1 &^ b2
	four = begins & b1 & b2 & (a>>3 | next<<61) &^ (a>>4 | next<<60)
	return two, four
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
