package view

import (
	"math/bits"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// wide decodes UTF-16 and UTF-32 of either byte order, at any place: where every
// second byte, or three of four, is 0 for a while.
func (s *search) wide() {
	next := s.f.from // what lies before was decoded
	words := s.c.Nul
	for w := next / 64; w < len(words); w++ {
		n := words[w]
		if n == 0 {
			continue
		}
		var hi uint64
		if w+1 < len(words) {
			hi = words[w+1]
		}
		sh := func(k int) uint64 { return n>>k | hi<<(64-k) }
		// Three units in a row.
		two := n &^ sh(1) & sh(2) &^ sh(3) & sh(4) &^ sh(5)
		four := n & sh(1) & sh(2) &^ sh(3) & sh(4) & sh(5) & sh(6) &^ sh(7) & sh(8) & sh(9) & sh(10)
		if len(s.p)-w*64 < 80 { // what is behind the end is no byte at all
			two, four = s.trim(two, w, 6), s.trim(four, w, 11)
		}
		x := two | four | s.spaces(w, n)
		for ; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			if i < next {
				continue
			}
			end := i
			if four>>(i%64)&1 != 0 {
				end = s.either(i, 4)
			} else if i == 0 || s.p[i-1] != 0 || two>>(i%64)&1 != 0 {
				end = s.either(i, 2)
			}
			next = max(next, end)
		}
	}
}

// trim keeps the bits of a bitmap's word whose n bytes lie within the text.
func (s *search) trim(x uint64, w, n int) uint64 {
	room := len(s.p) - w*64 - n
	if room < 0 {
		return 0
	}
	if room < 63 {
		x &= 1<<(room+1) - 1
	}
	return x
}

// spaces returns the zeros of a word that belong to a space between letters of
// another script, whose units hold no zeros: Greek, Cyrillic and others have one
// and the same high byte.
func (s *search) spaces(w int, n uint64) (x uint64) {
	if bits.OnesCount64(n) > 16 {
		return 0
	}
	// A space may join digits.
	join := s.c.Join
	beside := join[w]<<1 | join[w]>>1
	if w > 0 {
		beside |= join[w-1] >> 63
	}
	if w+1 < len(join) {
		beside |= join[w+1] << 63
	}
	n &= beside
	p := s.p
	for ; n != 0; n &= n - 1 {
		i := w*64 + bits.TrailingZeros64(n)
		if i < 6 || i+6 >= len(p) {
			continue
		}
		little := p[i-1] == ' ' && alphabet(p[i-2]) && p[i-2] == p[i-4] && alphabet(p[i+2]) && p[i+2] == p[i+4]
		big := p[i+1] == ' ' && alphabet(p[i-2]) && p[i-2] == p[i-4] && alphabet(p[i+2]) && p[i+2] == p[i+4]
		if little || big {
			x |= 1 << (i % 64)
		}
	}
	return x
}

func alphabet(high byte) bool { return 1 <= high && high <= 6 || high == 0x10 || high == 0x1e }

func (s *search) unit(i, size int, big bool) rune {
	if i < 0 || i+size > len(s.p) {
		return -1
	}
	b := s.p[i : i+size]
	switch {
	case size == 2 && big:
		return rune(b[0])<<8 | rune(b[1])
	case size == 2:
		return rune(b[1])<<8 | rune(b[0])
	case big:
		if b[0] != 0 {
			return -1
		}
		return rune(b[1])<<16 | rune(b[2])<<8 | rune(b[3])
	}
	if b[3] != 0 {
		return -1
	}
	return rune(b[2])<<16 | rune(b[1])<<8 | rune(b[0])
}

// written reports whether a character is one that people write in the languages
// in which names are, and not two bytes of something else.
func written(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0x7f:
		return true
	case r < 0xa0:
		return false
	case r < 0x250, 0x2010 <= r && r < 0x2028, r == 0x202f, r == 0x20ac, r == 0xfeff:
		return true
	case r < 0x700, 0x1e00 <= r && r < 0x2000:
		return unicode.IsLetter(r) || unicode.IsMark(r)
	}
	return false
}

// doubtful reports whether a unit at the edge of a text may as well be two bytes
// of something else.
func doubtful(r rune) bool { return r >= 0x100 && r&0xff < 0x20 }

// either decodes the units around the zero at i, which belongs to the character
// in front of it or to the one behind it, and returns where they end.
func (s *search) either(i, size int) int {
	lo, hi, parent := s.room(i)
	if s.top && s.f.cells != nil {
		a, b := s.f.cells(i)
		lo, hi = max(lo, a), min(hi, b)
	}
	a, b := s.units(i-1, size, false, lo, hi)
	c, d := s.units(i, size, true, lo, hi)
	big := d-c > b-a
	if n := (d - c) - (b - a); -size <= n && n <= size && b > a && d > c {
		// Each has a character that the other has not: one of the text, one of
		// what stands beside it.
		first, last := s.unit(a, size, false), s.unit(d-size, size, true)
		little, large := first == 0xfeff, s.unit(c, size, true) == 0xfeff // marks
		switch {
		case a >= c || d <= b: // one is all of the other
		case little != large:
			big = large
		case inName(first) != inName(last):
			big = inName(last)
		default:
			big = a%size != 0 && c%size == 0
		}
	}
	if big {
		s.edges(c, d, parent, size, true)
		return max(i, d)
	}
	s.edges(a, b, parent, size, false)
	return max(i, b)
}

func inName(r rune) bool { return r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// units returns the bounds of the units of a text around i.
func (s *search) units(i, size int, big bool, lo, hi int) (from, to int) {
	ok := func(i int) bool {
		if i < lo || i+size > hi {
			return false
		}
		r := s.unit(i, size, big)
		return written(r) || size == 2 && utf16.IsSurrogate(r)
	}
	from, to = i, i
	for n := 0; n < 4*context && ok(from-size); n++ {
		from -= size
	}
	for ok(to) {
		to += size
	}
	return from, to
}

// edges decodes units, and once more without those at either end that may be
// something else.
func (s *search) edges(from, to, parent, size int, big bool) {
	s.decodeUnits(from, to, parent, size, big)
	a, b := from, to
	for a < b && size == 2 && doubtful(s.unit(a, size, big)) {
		a += size
	}
	for a < b && size == 2 && doubtful(s.unit(b-size, size, big)) {
		b -= size
	}
	if b-a < to-from {
		s.decodeUnits(a, b, parent, size, big)
	}
}

func (s *search) decodeUnits(from, to, parent, size int, big bool) {
	if (to-from)/size < 4 || !s.top && !s.fresh(parent, from, to) {
		return
	}
	if !s.afford((to-from)/size*3, from) {
		return
	}
	k := utf16le
	if size == 4 {
		k = utf32le
	}
	if big {
		k++
	}
	s.open(k, from, to, parent)
	s.mark(from, 0)
	for i := from; i < to; {
		r := s.unit(i, size, big)
		w := size
		if size == 2 && utf16.IsSurrogate(r) {
			if pair := utf16.DecodeRune(r, s.unit(i+2, 2, big)); pair != unicode.ReplacementChar && i+4 <= to {
				r, w = pair, 4
			} else {
				r = unicode.ReplacementChar
			}
		}
		if r < utf8.RuneSelf {
			s.out.text = append(s.out.text, byte(r))
		} else {
			s.mark(i, k)
			s.out.text = utf8.AppendRune(s.out.text, r)
			s.mark(i+w, 0)
		}
		i += w
	}
	s.close()
}
