package view

import "bytes"

// unseenForms are the invisible characters as UTF-8 has them.
var unseenForms = [...]string{"\u00ad", "\u200b", "\u2060", "\ufeff"}

// conceal finds where invisible characters start in the layer, and tags inside
// words.
func (s *search) conceal() {
	s.f.hidden = s.f.hidden[:0]
	s.tags()
	any := uint64(0)
	for _, w := range s.c.High[s.f.from/64:] {
		any |= w
	}
	if any == 0 {
		return
	}
	for _, form := range unseenForms {
		for from := s.f.from; ; {
			k := bytes.Index(s.p[from:], []byte(form))
			if k < 0 {
				break
			}
			s.f.conceals(from+k, len(s.c.High))
			from += k + len(form)
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
