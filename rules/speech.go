package rules

import (
	"encoding/binary"
	"math/bits"
)

// speech tells, for a block of 64 bytes, of which rules a word may start in it: a
// cheap no for nearly all that looks like a number without context.
type speech struct {
	heads, tails [4096]uint64 // by hash of the first and last three letters: of which rules
}

// known marks a block whose words were looked at.
const known = 1 << 63

// topics assigns each rule with context its bit. The rules of one country, which
// have the same languages, share one.
func (s *Set) topics() {
	s.topic = make([]uint64, len(s.rules))
	s.speech = new(speech)
	bit := map[string]uint64{}
	n := 0
	for i, r := range s.rules {
		w := s.near[i]
		if w == nil {
			continue
		}
		key := r.Country
		if key == "" {
			key = r.ID
		}
		b, ok := bit[key]
		if !ok {
			b = 1 << (n % 63)
			bit[key] = b
			n++
		}
		s.topic[i] = b
		for _, h := range w.heads {
			s.speech.heads[h] |= b
		}
		for _, h := range w.tails {
			s.speech.tails[h] |= b
		}
	}
}

// spoken reports whether a word of rule r may stand near b[start:end].
func (w *walk) spoken(r, start, end int) bool {
	t := w.s.topic[r]
	if t == 0 {
		return false
	}
	lo := max(0, start-reachFront) >> 6
	hi := min(len(w.b)-1, end+reachBehind) >> 6
	for i := hi; i >= lo; i-- {
		m := w.said[i]
		if m == 0 {
			m = w.listen(i)
			w.said[i] = m
		}
		if m&t != 0 {
			return true
		}
	}
	return false
}

// listen returns the bits of the words that start in a block, and known.
func (w *walk) listen(i int) uint64 {
	m := uint64(known)
	v := w.l[i] | w.h[i]
	prev := uint64(0)
	if i > 0 {
		prev = (w.l[i-1] | w.h[i-1]) >> 63
	}
	if i > 0 && prev != 0 && w.h[i-1]>>63 != 0 { // it may be no word that goes on
		prev = 0
	}
	sp := w.s.speech
	for starts := v &^ (v<<1 | prev); starts != 0; starts &= starts - 1 {
		from := i<<6 + bits.TrailingZeros64(starts)
		n := bits.TrailingZeros64(^(bits64(w.l, from) | bits64(w.h, from)))
		if bits64(w.h, from)&(1<<n-1) != 0 || n == 64 {
			m |= w.listenSlowly(from, min(len(w.b), from+n))
			continue
		}
		b := w.b[from : from+n]
		m |= sp.heads[head(b)] | sp.tails[tail(b)]
		if n > 2 && inCapitals(b[1:]) {
			m |= w.listenSlowly(from, from+n)
		}
	}
	return m
}

// inCapitals reports whether there is an upper-case letter in b.
func inCapitals(b []byte) bool {
	for len(b) >= 8 {
		if ^binary.LittleEndian.Uint64(b)&0x2020202020202020 != 0 {
			return true
		}
		b = b[8:]
	}
	for _, c := range b {
		if upper(c) {
			return true
		}
	}
	return false
}

// listenSlowly is listen for b[from:end], where letters beyond ASCII or words of
// several words are.
func (w *walk) listenSlowly(from, end int) uint64 {
	m := uint64(0)
	var buf [4 * maxWord]byte
	b := w.b
	say := func(from, to int) {
		if to-from <= maxWord {
			f := fold(buf[:0], b[from:to])
			m |= w.s.speech.heads[head(f)] | w.s.speech.tails[tail(f)]
		}
	}
	for i := from; i < end; {
		if n := apart(b, i); n > 0 {
			i += n
			continue
		}
		to := wordEnd(b[:end], i)
		say(i, to)
		if to-i <= maxWord {
			part := i
			for k := i + 1; k < to; k++ {
				if upper(b[k]) && (!upper(b[k-1]) || k+1 < to && letter(b[k+1]) && !upper(b[k+1])) {
					say(part, k)
					part = k
				}
			}
			say(part, to)
		}
		i = to
	}
	return m
}
