package rules

import (
	"encoding/binary"
	"math/bits"
)

// known marks a block of 64 bytes of which it is known of which topics a word may
// start in it.
const known = 1 << 63

// topics assigns each rule with context its bit. The rules of one country, which
// have the same languages, share one.
func (s *Set) topics() {
	s.topic = make([]uint64, len(s.rules))
	s.heard, s.spelt = new(lexicon), new(lexicon)
	bit := map[string]uint64{}
	n := 0
	for i, r := range s.rules {
		if w := s.vocabulary[i]; w != nil {
			k := len(s.worded)
			s.worded = append(s.worded, i)
			s.spelt.add(w, 1<<(k%63))
		}
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
		s.heard.add(w, b)
	}
}

// spoken reports whether a word of rule r may stand near b[start:end].
func (w *walk) spoken(r, start, end int) bool {
	t := w.s.topic[r]
	return t != 0 && w.around(start, end)&t != 0
}

// around returns the topics of which a word may stand near b[start:end].
func (w *walk) around(start, end int) uint64 {
	lo := max(0, start-reachFront) >> 6
	hi := min(len(w.b)-1, end+reachBehind) >> 6
	m := uint64(0)
	for i := lo; i <= hi; i++ {
		k := w.said[i]
		if k == 0 {
			k = w.listen(i)
			w.said[i] = k
		}
		m |= k
	}
	return m
}

// listen returns the topics of the words that start in a block, and known.
func (w *walk) listen(i int) uint64 {
	x := w.s.heard
	m := uint64(known) | x.any
	v := w.l[i] | w.h[i]
	prev := uint64(0)
	if i > 0 {
		prev = (w.l[i-1] | w.h[i-1]) >> 63
	}
	h0 := w.h[i]
	if lead := bits.TrailingZeros64(^v); i > 0 && (prev != 0 && h0&(1<<lead-1) != 0 || w.h[i-1]>>63 != 0) {
		// Words may start amid what goes on from the block before.
		from := i << 6
		for from > 0 && from > i<<6-3 && w.b[from-1] >= 0x80 { // where a sign may start
			from--
		}
		m |= w.listenSlowly(from, min(len(w.b), i<<6+lead+maxWord))
	}
	starts := v &^ (v<<1 | prev)
	if starts == 0 {
		return m
	}
	var v1, h1 uint64
	if i+1 < len(w.l) {
		h1 = w.h[i+1]
		v1 = w.l[i+1] | h1
	}
	capitals := w.capitals(i)
	low := w.l[i] &^ capitals
	camel := capitals & (low<<1 | (capitals<<1)&(low>>1|1<<63))
	// What begins with a capital within a word counts as one, too.
	for starts |= camel; starts != 0; starts &= starts - 1 {
		r := uint(bits.TrailingZeros64(starts))
		from := i<<6 + int(r)
		n := bits.TrailingZeros64(^(v>>r | v1<<(64-r)))
		if n == 64 || (h0>>r|h1<<(64-r))&(1<<n-1) != 0 || int(r)+n > 64 && inCapitals(w.b[i<<6+64:from+n]) {
			if n == 64 {
				n += maxWord
			}
			m |= w.listenSlowly(from, min(len(w.b), from+n))
			continue
		}
		if k := asciiKey(w.b, from, n); x.may(k) {
			m |= x.get(k)
		}
		m |= w.tail(from, from+n)
		if c := camel >> r >> 1; c != 0 {
			if part := bits.TrailingZeros64(c) + 1; part < n {
				if part < 4 {
					if k := asciiKey(w.b, from, part); x.may(k) {
						m |= x.get(k)
					}
				}
				m |= w.tail(from, from+part)
			}
		}
	}
	return m
}

// tail returns the topics of words that end as b[from:end].
func (w *walk) tail(from, end int) uint64 {
	x := w.s.heard
	if x.last>>(w.b[end-1]&31)&1 == 0 || end-from < 3 {
		return 0
	}
	t := hash3(w.b[end-3], w.b[end-2], w.b[end-1])
	if x.tails[t>>6]>>(t&63)&1 == 0 {
		return 0
	}
	return x.ends[t]
}

// capitals returns which letters of a block are of upper case.
func (w *walk) capitals(i int) uint64 {
	b := w.b[i<<6:]
	v := uint64(0)
	if len(b) >= 64 {
		for k := 0; k < 64; k += 8 {
			x := ^binary.LittleEndian.Uint64(b[k:]) >> 5 & 0x0101010101010101
			v |= x * 0x0102040810204080 >> 56 << k
		}
		return v & w.l[i]
	}
	for k, c := range b {
		if upper(c) {
			v |= 1 << k
		}
	}
	return v
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
			m |= w.s.heard.of(fold(buf[:0], b[from:to]))
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

// spell looks for the words that rules consist of, in b[from:end].
func (w *walk) spell(from, end int) {
	x := w.s.spelt
	var prev, prevHigh uint64
	if k := from>>6 - 1; k >= 0 {
		prevHigh = w.h[k]
		prev = w.l[k] | prevHigh
	}
	for i := from >> 6; i<<6 < end; i++ {
		high := w.h[i]
		v := w.l[i] | high
		var v1, h1 uint64
		if i+1 < len(w.l) {
			h1 = w.h[i+1]
			v1 = w.l[i+1] | h1
		}
		// Of a word that goes on from the block before, what follows is none,
		// unless there may be signs between them.
		starts := v &^ (v << 1)
		if starts&prev>>63 != 0 && prevHigh>>63 == 0 && high&(1<<bits.TrailingZeros64(^v)-1) == 0 {
			starts &^= 1
		}
		amid := prevHigh >> 63
		prev, prevHigh = v, high
		for ; starts != 0; starts &= starts - 1 {
			r := uint(bits.TrailingZeros64(starts))
			n := bits.TrailingZeros64(^(v>>r | v1<<(64-r)))
			at := i<<6 + int(r)
			if n == 64 || (high>>r|h1<<(64-r))&(1<<n-1) != 0 || r == 0 && amid != 0 {
				w.spellSlowly(max(from, at), min(end, at+n, (i+1)<<6))
				continue
			}
			if k := asciiKey(w.b, at, n); x.may(k) && at >= from && at < end {
				if t := x.any | x.get(k); t != 0 {
					w.word(t, at, at+n)
				}
			}
		}
	}
}

// spellSlowly is spell for where more than ASCII is.
func (w *walk) spellSlowly(from, end int) {
	var buf [4 * maxWord]byte
	k := from
	for k > 0 && k > from-3 && w.b[k-1] >= 0x80 { // where a sign may start
		k--
	}
	for k < end {
		if n := apart(w.b, k); n > 0 {
			k += n
			continue
		}
		to := wordEnd(w.b[:min(len(w.b), k+maxWord+1)], k)
		if k >= from && to-k <= maxWord && wordStart(w.b, k) {
			if t := w.s.spelt.of(fold(buf[:0], w.b[k:to])); t != 0 {
				w.word(t, k, to)
			}
		}
		k = to
	}
}

// word notes b[at:to], or the phrase that it starts, where it is one of the words
// of a rule.
func (w *walk) word(topics uint64, at, to int) {
	s := w.s
	for k, r := range s.worded {
		if topics>>(k%63)&1 == 0 || s.rules[r].NeedsContext && !w.named && !w.spoken(r, at, to) {
			continue
		}
		if end := s.vocabulary[r].at(w.b, at, to, len(w.b)); end > 0 {
			w.add(r, at, end)
		}
	}
}
