package view

import (
	"math/bits"
	"unicode/utf8"
)

// wrong undoes UTF-8 that was decoded as if it were Windows-1252 or Latin-1 and
// encoded again: "ZoÃ«".
func (s *search) wrong() {
	var w window
	carry := uint64(0)
	for k, x := range s.c.High {
		starts := x &^ (x<<1 | carry)
		carry = x >> 63
		if k < s.f.from/64 {
			continue
		}
		for ; starts != 0; starts &= starts - 1 {
			i := k*64 + bits.TrailingZeros64(starts)
			if s.p[i] != 0xc3 || i < s.f.from || i < w.next || i+2 >= len(s.p) || s.p[i+2] < utf8.RuneSelf {
				continue // one letter of a text, mostly
			}
			if b, n := s.twice(i, len(s.p)); n > 0 && len(b) > 0 && (s.top || s.fresh(s.parentOf(i), i, i+n) || s.wrongIn(i)) {
				s.growWrong(&w, i, n)
			}
		}
	}
	s.flushWrong(&w)
}

// wrongIn reports whether what lies around i was decoded from anything but by
// this very step.
func (s *search) wrongIn(i int) bool { return s.in.regions[s.parentOf(i)].kind != mojibake }

// twice returns the character that the characters at i are the bytes of, and how
// many bytes these take.
func (s *search) twice(i, end int) (char []byte, width int) {
	buf := s.f.tmp[:0]
	for want := 1; len(buf) < want && i+width < end; {
		r, n := utf8.DecodeRune(s.p[i+width : end])
		c, ok := codePage(r)
		if !ok || c < 0x80 {
			return nil, 0
		}
		if len(buf) == 0 {
			switch {
			case 0xc2 <= c && c < 0xe0:
				want = 2
			case 0xe0 <= c && c < 0xf0:
				want = 3
			case 0xf0 <= c && c < 0xf5:
				want = 4
			default:
				return nil, 0
			}
		}
		buf = append(buf, c)
		width += n
	}
	s.f.tmp = buf
	if r, n := utf8.DecodeRune(buf); r == utf8.RuneError || n != len(buf) {
		return nil, 0
	}
	return buf, width
}

// codePage returns the byte that Windows-1252 has for a character; what it
// lacks, Latin-1 has.
func codePage(r rune) (byte, bool) {
	switch {
	case r == utf8.RuneError:
		return 0, false
	case r < 0x100:
		return byte(r), true
	}
	for i, c := range windows1252 {
		if c == r {
			return byte(0x80 + i), true
		}
	}
	return 0, false
}

func (s *search) growWrong(w *window, i, width int) {
	if w.to > 0 && i >= w.lo && i < w.hi && i-context <= w.to {
		w.to = min(i+width+context, w.hi)
		w.next = w.to - context
		return
	}
	s.flushWrong(w)
	lo, hi, parent := s.room(i)
	if i < lo || i >= hi {
		return
	}
	*w = window{from: max(lo, i-context), to: min(hi, i+width+context), lo: lo, hi: hi, parent: parent}
}

func (s *search) flushWrong(w *window) {
	if w.to == 0 {
		return
	}
	from, to, parent := w.from, w.to, w.parent
	*w = window{}
	if !s.afford(to-from, from) {
		return
	}
	s.open(mojibake, from, to, parent)
	s.mark(from, 0)
	plain := from
	for i := next(s.c.High, from, to); i < to; i = next(s.c.High, i, to) {
		if s.p[i] != 0xc3 {
			i++
			continue
		}
		b, n := s.twice(i, to)
		if n == 0 {
			i++
			continue
		}
		s.out.text = append(s.out.text, s.p[plain:i]...)
		s.mark(i, mojibake)
		s.out.text = append(s.out.text, b...)
		plain = i + n
		s.mark(plain, 0)
		i = plain
	}
	s.out.text = append(s.out.text, s.p[plain:to]...)
	s.close()
}
