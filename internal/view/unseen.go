package view

import (
	"bytes"
	"math/bits"
)

// unseenForms are the invisible characters as UTF-8 has them.
var unseenForms = [...]string{"\u00ad", "\u200b", "\u2060", "\ufeff"}

// conceal finds where invisible characters start in the layer, two bytes of
// letters that ASCII has not in a row, and tags inside words.
func (s *search) conceal() {
	s.f.hidden = s.f.hidden[:0]
	s.tags()
	high, first := s.c.High, s.f.from/64
	for w := first; w < len(high); w++ {
		x := high[w]
		if x == 0 {
			continue
		}
		behind := uint64(0)
		if w+1 < len(high) {
			behind = high[w+1] << 63
		}
		x &= x>>1 | behind
		if w == first {
			x &^= 1<<(s.f.from%64) - 1
		}
		for ; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			if c := s.p[i]; c != 0xC2 && c != 0xE2 && c != 0xEF {
				continue
			}
			if unseenAt(s.p, i).Width == 0 {
				continue
			}
			s.f.conceals(i, len(high))
		}
	}
}

// conceals notes that something that nobody sees starts at i, in a layer of so
// many words.
func (f *Finder) conceals(i, words int) {
	if n := len(f.hidden); n < words {
		f.hidden = append(f.hidden, make([]uint64, words-n)...)
	}
	f.hidden[i/64] |= 1 << (i % 64)
}

// hidden returns where in word w of the layer something starts that nobody sees.
func (s *search) hidden(w int) uint64 {
	if w < len(s.f.hidden) {
		return s.f.hidden[w]
	}
	return 0
}

// unseenAt reads the invisible character at p[i].
func unseenAt(p []byte, i int) Escape {
	for _, form := range unseenForms {
		if bytes.HasPrefix(p[i:], []byte(form)) {
			return Escape{Rune: -1, Empty: true, Width: len(form), kind: unseen}
		}
	}
	return Escape{}
}
