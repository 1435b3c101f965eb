package rules

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
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
	s.heard.settle()
	s.spelt.settle()
	for i := range s.keys {
		s.keys[i] = s.heard.bloom[i] | s.spelt.bloom[i]
	}
	s.firsts = begin(s.heard, s.spelt)
	s.speltFirsts = begin(s.spelt)
	s.finish()
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
	w.asked = max(w.asked, hi)
	m := uint64(0)
	for i := lo; i <= hi; i++ {
		if w.said[i] == 0 {
			w.listen(i, nearby)
		}
		m |= w.said[i]
	}
	return m
}

// heardBlocks is how many blocks are heard at once. Their places are collected first: what
// is done to all of them then has no branch that is hard to foresee.
// They are few, so that what is noted of them stays close at hand.
const heardBlocks = 16

// hearing holds the places of so many.
type hearing struct {
	// Whether the next byte belongs to the same word, and to the same part of it, of
	// these blocks and the next, as the bytes of bitmaps.
	within, part [(heardBlocks + 2) * 8]byte

	starts, whole, beyond, last, hits [heardBlocks*64 + 8]int32
}

// collected writes the places of the bits of s to dst[n:], and returns where they end.
func collected(dst *[heardBlocks*64 + 8]int32, n int, base int, s uint64) int {
	count := bits.OnesCount64(s)
	for k := 0; k < count; k += 4 {
		d := (*[4]int32)(dst[n+k:])
		d[0] = int32(base + bits.TrailingZeros64(s))
		s &= s - 1
		d[1] = int32(base + bits.TrailingZeros64(s))
		s &= s - 1
		d[2] = int32(base + bits.TrailingZeros64(s))
		s &= s - 1
		d[3] = int32(base + bits.TrailingZeros64(s))
		s &= s - 1
	}
	return n + count
}

// keyMasks holds what of four bytes belongs to a word, by whether the second,
// third and fourth do.
var keyMasks = [8]uint32{0xFF, 0xFFFF, 0xFF, 0xFFFFFF, 0xFF, 0xFFFF, 0xFF, 0xFFFFFFFF}

// following returns whether the bytes behind b[at] are set in m, of at least 8.
func following(m *[(heardBlocks + 2) * 8]byte, at int) uint16 {
	return binary.LittleEndian.Uint16(m[at>>3:]) >> (at & 7)
}

// listen hears block i and some behind it, up to as many as given.
func (w *walk) listen(i, most int) {
	to := i + 1
	for to < min(i+most, len(w.said)) && w.said[to] == 0 {
		to++
	}
	w.hear(w.hearing, i, to)
}

// words notes the words that rules consist of and that start in b[from:end].
func (w *walk) words(from, end int) {
	// Who listened has noted what may be some.
	last := min(len(w.said), (end+63)>>6)
	for i := from >> 6; i < last; {
		to := i
		for to < min(i+heardBlocks, last) && w.said[to] == 0 {
			to++
		}
		if to > i {
			w.spell(w.hearing, i, to)
		}
		i = max(i+1, to)
	}
	for _, at := range w.spelt {
		w.spellAt(int(at), from, end)
	}
}

// spell notes what may be of Words and starts in blocks from lo up to hi.
func (w *walk) spell(t *hearing, lo, hi int) {
	var starts, beyond int
	var pv, pj uint64
	if lo > 0 {
		pv, pj = w.l[lo-1]|w.h[lo-1], w.j[lo-1]&w.h[lo-1]
	}
	for i := lo; i <= hi; i++ {
		if i == len(w.l) {
			binary.LittleEndian.PutUint64(t.within[(i-lo)*8:], 0)
			break
		}
		var l1, h1 uint64
		if i+1 < len(w.l) {
			l1, h1 = w.l[i+1], w.h[i+1]
		}
		h := w.h[i]
		v, j := w.l[i]|h, w.j[i]&h
		binary.LittleEndian.PutUint64(t.within[(i-lo)*8:], v&(v>>1|(l1|h1)<<63))
		if i == hi {
			break
		}
		begin := v &^ (v<<1 | pv>>63)
		if h|h1 != 0 {
			// Behind what may be a sign, a word may start, too.
			begin |= v & (j<<2 | j<<3 | pj>>62 | pj>>61)
			b := begin & (h | h>>1 | h>>2 | h>>3 | h1<<63 | h1<<62 | h1<<61)
			beyond = collected(&t.beyond, beyond, i<<6, b)
			begin &^= b
		}
		starts = collected(&t.starts, starts, i<<6, begin)
		pv, pj = v, j
	}
	b, x := w.b, w.s.spelt
	if x.any != 0 {
		w.spelt = append(append(w.spelt, t.starts[:starts]...), t.beyond[:beyond]...)
		return
	}
	for starts > 0 && int(t.starts[starts-1])+4 > len(b) {
		starts--
		w.spelt = append(w.spelt, t.starts[starts])
	}
	hits := 0
	for _, p := range t.starts[:starts] {
		k := (binary.LittleEndian.Uint32(b[p:]) | 0x20202020) & keyMasks[following(&t.within, int(p)-lo<<6)&7]
		t.hits[hits] = p
		hits += int(x.bloom.has(k))
	}
	w.spelt = append(w.spelt, t.hits[:hits]...)
	hits = 0
	for _, p := range t.beyond[:beyond] {
		t.hits[hits] = p
		hits += int(w.s.speltFirsts.may(b, int(p)))
	}
	w.spelt = append(w.spelt, t.hits[:hits]...)
}

// hear notes the topics of the words that start in blocks from lo up to hi, and which
// may be of Words. It may note more than there is, never less.
func (w *walk) hear(t *hearing, lo, hi int) {
	x := w.s.heard
	first := known | x.any
	ends, long := uint64(0), uint64(0)
	if len(x.ends) > 0 {
		ends = ^uint64(0)
		if x.least < 5 {
			long = ends
		}
	}
	var starts, whole, beyond, last int
	var pv, ph, pj, pPart, pUpper uint64
	if lo > 0 {
		ph = w.h[lo-1]
		pv, pj, pUpper = w.l[lo-1]|ph, w.j[lo-1]&ph, w.signs[lo-1].Upper
		// Of those in front a part may be less than is assumed.
		pPart = pv
	}
	l, h, j, upper := w.l[lo], w.h[lo], w.j[lo], w.signs[lo].Upper
	for i := lo; i <= hi; i++ {
		var l1, h1, j1, upper1 uint64
		if i+1 < len(w.l) {
			l1, h1, j1, upper1 = w.l[i+1], w.h[i+1], w.j[i+1], w.signs[i+1].Upper
		}
		v, v1 := l|h, l1|h1
		// A capital within a word begins another: behind a small letter, or in front
		// of one.
		camel := upper & ((v&^upper)<<1 | (pv&^pUpper)>>63 | (upper<<1|pUpper>>63)&((l&^upper)>>1|(l1&^upper1)<<63))
		camel1 := upper1 & ((v&^upper)>>63 | upper>>63&((l1&^upper1)>>1)) & 1
		in := v & (v>>1 | v1<<63)
		part := in &^ (camel>>1 | camel1<<63)
		binary.LittleEndian.PutUint64(t.within[(i-lo)*8:], in)
		binary.LittleEndian.PutUint64(t.part[(i-lo)*8:], part)
		if i == hi {
			break
		}
		w.said[i] = first
		begin := v &^ (v<<1 | pv>>63)
		final := v &^ part
		base := i << 6
		if h|h1 != 0 {
			// Behind what may be a sign, a word may start, too.
			j &= h
			begin |= v & (j<<2 | j<<3 | pj>>62 | pj>>61)
			b := (begin | camel) & (h | h>>1 | h>>2 | h>>3 | h1<<63 | h1<<62 | h1<<61)
			beyond = collected(&t.beyond, beyond, base, b)
			begin &^= b
			camel &^= b
			final |= v&(j>>1|(j1&h1)<<63) | h&(l>>1|l1<<63)
		} else {
			j = 0
		}
		starts = collected(&t.starts, starts, base, begin|camel)
		// Of a word that has a capital soon, the beginning without regard to that.
		soon := in &^ part
		whole = collected(&t.whole, whole, base, begin&(soon|soon>>1|soon>>2|in&(3<<62)))
		// Those that end here, of so many letters.
		long := long
		if h|ph != 0 { // which fold to more letters, or fewer
			long = ends
		}
		final &= (part<<1 | pPart>>63) & (part<<2 | pPart>>62) & (part<<3 | pPart>>61 | long) & (part<<4 | pPart>>60 | long) & ends
		last = collected(&t.last, last, base, final|v&h&ends&^part)
		pv, ph, pj, pPart, pUpper = v, h, j, part, upper
		l, h, j, upper = l1, h1, j1, upper1
	}
	b := w.b
	keys := &w.s.keys
	origin := lo << 6
	hits := 0
	for _, k := range [2]struct {
		places []int32
		m      *[(heardBlocks + 2) * 8]byte
	}{{t.starts[:starts], &t.part}, {t.whole[:whole], &t.within}} {
		places, m, n := k.places, k.m, len(k.places)
		for n > 0 && int(places[n-1])+4 > len(b) {
			n--
			t.hits[hits] = places[n]
			hits++
		}
		for _, p := range places[:n] {
			k := (binary.LittleEndian.Uint32(b[p:]) | 0x20202020) & keyMasks[following(m, int(p)-origin)&7]
			t.hits[hits] = p
			hits += int(keys.has(k))
		}
		for _, p := range t.hits[:hits] {
			w.heard(t, int(p), origin)
		}
		hits = 0
	}
	if w.s.spelt.any != 0 {
		w.spelt = append(w.spelt, t.starts[:starts]...)
	}
	for _, p := range t.beyond[:beyond] {
		t.hits[hits] = p
		hits += int(w.s.firsts.may(b, int(p)))
	}
	for _, p := range t.hits[:hits] {
		w.heardBeyond(int(p))
	}
	hits = 0
	lasts := &w.s.lasts
	for _, p := range t.last[:last] {
		if p == 0 {
			continue
		}
		t.hits[hits] = p
		k := binary.LittleEndian.Uint16(b[p-1:])
		hits += int(lasts[k>>6] >> (k & 63) & 1)
	}
	for _, p := range t.hits[:hits] {
		w.said[p>>6] |= w.tail(int(p) + 1)
	}
}

// heard notes the word that starts at at, of which the first four bytes are ASCII.
func (w *walk) heard(t *hearing, at, origin int) {
	x := w.s.heard
	var c uint64
	if at+8 <= len(w.b) {
		c = binary.LittleEndian.Uint64(w.b[at:])
	} else {
		for k, b := range w.b[at:] {
			c |= uint64(b) << (8 * k)
		}
	}
	n1 := min(bits.TrailingZeros16(^following(&t.part, at-origin))+1, 8)
	n2 := min(bits.TrailingZeros16(^following(&t.within, at-origin))+1, 8)
	beyond := c&0x8080808080808080&firstLetters[n2] != 0
	c |= 0x2020202020202020
	whole := uint32(c & firstLetters[min(n2, 4)])
	switch {
	case beyond: // letters that would have to be folded
		w.said[at>>6] |= x.get(uint32(c&firstLetters[min(n1, 4)])) | x.get(whole)
	default:
		m := x.begins(whole, c&firstLetters[n2], w.behind(at, n2))
		if n1 != n2 {
			m |= x.begins(uint32(c&firstLetters[min(n1, 4)]), c&firstLetters[n1], w.behind(at, n1))
		}
		w.said[at>>6] |= m
	}
	if w.s.spelt.get(whole) != 0 {
		w.spelt = append(w.spelt, int32(at))
	}
}

// behind returns what follows a word of n letters, nil where it is longer.
func (w *walk) behind(at, n int) []byte {
	if n == 8 || at+n > len(w.b) {
		return nil
	}
	return w.b[at+n:]
}

// heardBeyond notes the word that may start at at, with more than ASCII at its
// beginning.
func (w *walk) heardBeyond(at int) {
	if apart(w.b, at) > 0 {
		return
	}
	var buf [4 * maxWord]byte
	to := wordEnd(w.b[:min(len(w.b), at+maxWord+1)], at)
	f := fold(buf[:0], w.b[at:to])
	m := w.s.heard.of(f)
	if w.s.spelt.of(f) != 0 {
		w.spelt = append(w.spelt, int32(at))
	}
	capital := false
	for k := at + 1; k < to; k++ {
		switch c := w.b[k]; {
		case c >= 0x80 || !letter(c):
		case w.b[k-1] >= 0x80: // what is found may start here
			m |= w.s.heard.of(fold(buf[:0], w.b[at:k]))
		case !capital && upper(c) && (!upper(w.b[k-1]) || k+1 < to && letter(w.b[k+1]) && !upper(w.b[k+1])):
			capital = true
			m |= w.s.heard.of(fold(buf[:0], w.b[at:k]))
		}
	}
	w.said[at>>6] |= m
}

// tail returns the topics of words that end at end.
func (w *walk) tail(end int) uint64 {
	var buf [64]byte
	if f := fold(buf[:0], w.b[max(0, end-12):end]); len(f) >= 3 {
		return w.s.heard.ends[tail(f)]
	}
	return 0
}

// firsts holds two bytes, as a little-endian number.
type firsts [1 << 16 / 64]uint64

// may returns 1 where b[at:] begins with two that f holds, or ends before, else 0.
func (f *firsts) may(b []byte, at int) uint64 {
	if at+2 > len(b) {
		return 1
	}
	k := binary.LittleEndian.Uint16(b[at:])
	return f[k>>6] >> (k & 63) & 1
}

// begin returns with which two bytes a word of these can begin that has more than
// ASCII among its first four.
func begin(of ...*lexicon) (begin firsts) {
	var pairs [26]uint32 // of letters
	var one uint32       // that are words
	var known [26]bool   // that begin some
	beyond := map[rune]bool{}
	for _, x := range of {
		for _, e := range x.slots {
			if e.topics == 0 {
				continue
			}
			k := binary.LittleEndian.AppendUint32(nil, e.key)
			if !letter(k[0]) {
				r, _ := utf8.DecodeRune(k[:2])
				beyond[r] = true // those of three bytes are RuneError
				continue
			}
			a := k[0] - 'a'
			known[a] = true
			switch {
			case letter(k[1]):
				pairs[a] |= 1 << (k[1] - 'a')
			case k[1] == 0:
				one |= 1 << a
			default:
				pairs[a] |= 1 << 31
			}
		}
	}
	set := func(a, b byte) {
		k := uint(a) | uint(b)<<8
		begin[k>>6] |= 1 << (k & 63)
	}
	// The letters as which what begins with a byte may be read, and all that is of no
	// alphabet but this.
	var then [256]uint32
	var buf, raw [8]byte
	for r := rune('A'); r < 0x2500; r++ {
		enc := utf8.AppendRune(raw[:0], r)
		m := ^uint32(0) // a mark, before any letter
		if f := fold(buf[:0], enc); len(f) > 0 {
			if m = 1 << 31; letter(f[0]) {
				m = 1 << (f[0] - 'a')
			}
		}
		then[enc[0]] |= m
		if r >= 0xC0 && r < 0x100 {
			then[r] |= m
		}
	}
	// begins allows what may follow a byte that is read as this letter.
	begins := func(c byte, f byte) {
		a := f - 'a'
		if a > 25 || !known[a] {
			return
		}
		for b := range 256 {
			if pairs[a]&then[b] != 0 || one>>a&1 == 1 {
				set(c, byte(b))
			}
		}
	}
	for r := rune('A'); r < 0x2500; r++ {
		enc := utf8.AppendRune(raw[:0], r)
		f := fold(buf[:0], enc)
		if len(f) == 0 { // a mark
			set(enc[0], enc[1])
			continue
		}
		switch {
		case r < 0x80:
			if letter(byte(r)) {
				begins(byte(r), f[0])
			}
			continue
		case r < 0x100:
			begins(byte(r), f[0])
		}
		if f[0] < 0x80 {
			if a := f[0] - 'a'; a < 26 && known[a] {
				set(enc[0], enc[1])
			}
		} else if g, n := utf8.DecodeRune(f); beyond[g] || n > 2 && beyond[utf8.RuneError] {
			set(enc[0], enc[1])
		}
	}
	if beyond[utf8.RuneError] {
		for c := 0xE2; c < 256; c++ {
			for b := range 256 {
				set(byte(c), byte(b))
			}
		}
	}
	return begin
}

// finish fills lasts: with which two bytes words end that have one of the ends.
func (s *Set) finish() {
	x := s.heard
	if len(x.ends) == 0 {
		return
	}
	set := func(a, b int) {
		k := uint(a) | uint(b)<<8
		s.lasts[k>>6] |= 1 << (k & 63)
	}
	var buf, raw [8]byte
	for r := rune('A'); r < 0x2500; r++ {
		enc := utf8.AppendRune(raw[:0], r)
		f := fold(buf[:0], enc)
		n := len(enc)
		if len(f) > 0 && x.lasts>>(f[len(f)-1]&31)&1 == 0 {
			continue
		}
		if n > 1 {
			set(int(enc[n-2]), int(enc[n-1]))
		}
		if r < 0x100 { // by itself, or as Latin-1
			for a := range 256 {
				if a >= 0x80 || r >= 0x80 || letter(byte(a)) && (x.last[lastTwo(byte(a), byte(r))>>6]>>(lastTwo(byte(a), byte(r))&63)&1 == 1) {
					set(a, int(r))
				}
			}
		}
	}
	// What lies beyond is no letter that folding knows.
	for a := 0x80; a < 256; a++ {
		for b := 0x80; b < 0xC0; b++ {
			if x.lasts>>(b&31)&1 == 1 && x.beyond {
				set(a, b)
			}
		}
	}
}

// spellAt looks for the word of Words that starts at at.
func (w *walk) spellAt(at, from, end int) {
	if at < from || at >= end || !wordStart(w.b, at) {
		return
	}
	to := wordEnd(w.b[:min(len(w.b), at+maxWord+1)], at)
	if to-at > maxWord {
		return
	}
	var buf [4 * maxWord]byte
	if t := w.s.spelt.of(fold(buf[:0], w.b[at:to])); t != 0 {
		w.word(t, at, to)
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
