package rules

import (
	"math/bits"

	"github.com/spoor-scan/spoor/internal/class"
)

// A group says at which runs of letters and digits a rule's look is called.
type group struct {
	kinds                string // of d, digits alone; m, digits and letters; a, letters alone, which are 8 and more
	least, most          int    // length, up to 63
	before, after, first string // the bytes in front (a line break at the beginning), behind, and the first; empty: any

	// Without these look finds nothing, or the same as from another group: the
	// bytes farther in front and behind; that no digit stands farther in front
	// where one of unjoined stands in front.
	before2, after2, unjoined string
}

// bits64 returns the 64 bits from i on.
func bits64(m []uint64, i int) uint64 {
	w := i >> 6
	if w >= len(m) {
		return 0
	}
	v := m[w] >> (uint(i) & 63)
	if w+1 < len(m) {
		v |= m[w+1] << 1 << (^uint(i) & 63)
	}
	return v
}

// A walk is one pass over a text.
type walk struct {
	s       *Set
	b       []byte
	d, l, h []uint64
	j, at   []uint64
	signs   []class.Signs
	hits    []Hit
	compact *[64]byte
	said    []uint64 // by blocks: see hear
	named   bool     // a name stands for context
	spelt   []int32  // where what may be words of Words starts
	hearing *hearing
	asked   int    // the last block of which it was asked what is said there
	near    uint64 // of which topics something is said around the block that is walked
}

func (w *walk) alnum(i int) uint64 { return bits64(w.d, i) | bits64(w.l, i) }

// start returns where the group begins in which i lies, -1 when that is 64 and
// more bytes before.
func (w *walk) start(i int) int {
	if i < 63 {
		v := ^((w.d[0] | w.l[0]) << (63 - i))
		return max(0, i-bits.LeadingZeros64(v)+1)
	}
	n := bits.LeadingZeros64(^w.alnum(i - 63))
	if n == 64 {
		return -1
	}
	return i - n + 1
}

// collect appends all that is found where anchors lie in b[from:end], whatever
// stands near it.
func (w *walk) collect(dst []Hit, b []byte, m *class.Map, from, end int, sc *scratch) []Hit {
	if len(b) == 0 {
		return dst
	}
	s := w.s
	w.b, w.d, w.l, w.h, w.j, w.at, w.hits, w.compact = b, m.Digit, m.Letter, m.High, m.Join, m.At, dst, &sc.compact
	n := len(m.Digit)
	if cap(sc.said) < n {
		sc.said, sc.signs = make([]uint64, n), make([]class.Signs, n)
	}
	w.said, w.signs = sc.said[:n], sc.signs[:n]
	clear(w.said)
	class.SetSigns(w.signs, b)
	w.hearing, w.spelt, w.asked = &sc.hearing, sc.spelt[:0], -nearby-1
	w.groups(from, end)
	if len(s.worded) > 0 {
		w.words(from, end)
	}
	sc.spelt = w.spelt
	for _, r := range s.others {
		s.rules[r].Find(b, func(start, stop int) bool {
			if start >= from {
				w.add(r, start, stop)
			}
			return start < end
		})
	}
	return w.hits
}

// mark looks at a byte that starts or joins something.
func (w *walk) mark(at int) {
	for _, r := range w.s.marks[w.b[at]] {
		w.add2(r, w.s.rules[r].look, at, at+1)
	}
}

func (w *walk) add2(r int, look func(b []byte, from, to int) (int, int), from, to int) {
	if start, end := look(w.b, from, to); end > start {
		w.add(r, start, end)
	}
}

// add notes a hit, unless it was just found at another anchor.
func (w *walk) add(r, start, end int) {
	for k := len(w.hits) - 1; k >= max(0, len(w.hits)-8); k-- {
		if h := w.hits[k]; h.Rule == r && h.Start == start && h.End == end {
			return
		}
	}
	w.hits = append(w.hits, Hit{Rule: r, Start: start, End: end})
	if w.s.topic[r] != 0 {
		w.asked = max(w.asked, end>>6) // it will be
	}
}

// nearby is for how many blocks behind one that was asked for the next are taken to
// be, too.
const nearby = 8

// topics returns what is said near block i, for whatever starts in it or the one
// before, and known. It is everything where nobody has listened, and nobody asked
// close by: what has other reasons to be nothing is then not listened for.
func (w *walk) topics(i int) uint64 {
	if w.named {
		return ^uint64(0)
	}
	near := uint64(known)
	for k := max(0, i-2); k < min(len(w.said), i+4); k++ {
		if w.said[k] == 0 {
			if i-w.asked > nearby {
				return ^uint64(0)
			}
			w.listen(k, heardBlocks)
		}
		near |= w.said[k]
	}
	return near
}

// enabled returns the bits of the anchors that count near what is said.
func (w *walk) enabled() uint64 {
	m := w.s.always
	for _, t := range w.s.gated {
		if w.near&t.topic != 0 {
			m |= t.bits
		}
	}
	return m
}

// groups visits what starts in b[from:end]: the groups that hold a digit, the long
// ones of letters, and each byte that is a mark.
func (w *walk) groups(from, end int) {
	s := w.s
	b := w.b
	i := max(0, from>>6-1)
	// What went before: prev by bytes, and what carries on to the end of a group.
	var carry, carryJoined, carryBehind, prev, prevD, prevL, prevH, prevJ uint64
	ps, none := &class.Signs{}, class.Signs{}
	if i > 0 {
		prevD, prevL, prevH, prevJ, ps = w.d[i-1], w.l[i-1], w.h[i-1], w.j[i-1], &w.signs[i-1]
		prev = prevD | prevL
	}
	for ; i <= len(w.d) && i<<6 < end+64; i++ {
		var d, l, h, j, d1, l1, j1 uint64
		g := &none
		if i < len(w.d) {
			d, l, h, j, g = w.d[i], w.l[i], w.h[i], w.j[i], &w.signs[i]
			if i+1 < len(w.d) {
				d1, l1, j1 = w.d[i+1], w.l[i+1], w.j[i+1]
			}
		}
		a, a1 := d|l, d1|l1
		// A digit carries on through what is left of its group and comes out where
		// that ends; what stands behind a sign likewise.
		sum, c := bits.Add64(a, d, carry)
		carry = c
		ends := sum &^ a
		behind := a<<1 | prev>>63
		start := a &^ behind
		signs := g.Dot | g.Hyphen
		psigns := ps.Dot | ps.Hyphen
		colon2 := g.Colon<<1 | ps.Colon>>63
		joined := start & (signs<<1 | psigns>>63) & (d<<2 | prevD>>62)
		jump := start & (g.Raised<<1 | ps.Raised>>63 |
			colon2&(g.Colon<<2|ps.Colon>>62|l<<2|prevL>>62) |
			((j&^h)<<1|(prevJ&^prevH)>>63)&(h<<2|prevH>>62|(h<<3|prevH>>61)&(l<<2|prevL>>62)|(g.Upper<<2|ps.Upper>>62)&(g.Upper<<3|ps.Upper>>61)))
		if (g.Less|ps.Less>>63) != 0 && w.zone(i) {
			jump |= start & (g.Less<<1 | ps.Less>>63)
		}
		sum, c = bits.Add64(a, joined, carryJoined)
		carryJoined = c
		outJoined := sum &^ a
		sum, c = bits.Add64(a, jump, carryBehind)
		carryBehind = c
		w.near = 0
		enabled := uint64(0)
		if ends != 0 {
			w.near = w.topics(i)
			enabled = w.enabled()
			four := behind & (a<<2 | prev>>62) & (a<<3 | prev>>61) & (a<<4 | prev>>60)
			joins := j & ((a|j)>>1 | (a1|j1)<<63)
			if enabled&s.dates != 0 {
				joins = j | g.Comma
			}
			ends &= four&(a<<5|prev>>59) | g.Raised | g.Colon&(four|l>>1|l1<<63) | sum&^a | joins&^outJoined | w.less(g, i)
		}
		for ; ends != 0; ends &= ends - 1 {
			r := uint(bits.TrailingZeros64(ends))
			n := bits.LeadingZeros64(^(a<<(64-r) | prev>>r))
			stop := i<<6 + int(r)
			start := stop - n
			if n == 64 || start < from {
				continue
			}
			if start >= end {
				break
			}
			k := kindDigits
			if bits.LeadingZeros64(^(d<<(64-r) | prevD>>r)) < n {
				k = kindMixed
			}
			m := s.lengths[k][n&63] & s.first[b[start]] & enabled
			if start > 1 && stop+1 < len(b) {
				c := b[start-1]
				m &= s.before[c] & s.after[b[stop]] & (s.before2[b[start-2]] | s.free2[c]) & s.after2[b[stop+1]]
			} else {
				m &= s.edge(b, start, stop)
			}
			if m != 0 {
				w.group(m, k, start, stop)
			}
		}
		if i<<6 < end && i<<6+64 > from && i < len(w.d) {
			w.elsewhere(i, from, end, start)
		}
		prev, prevD, prevL, prevH, prevJ, ps = a, d, l, h, j, g
	}
}

// edge returns the bits of what may stand around a group.
func (s *Set) edge(b []byte, start, stop int) uint64 {
	c := [4]byte{'\n', '\n', '\n', '\n'}
	for i, k := range [4]int{start - 2, start - 1, stop, stop + 1} {
		if k >= 0 && k < len(b) {
			c[i] = b[k]
		}
	}
	m := s.before[c[1]] & s.after[c[2]] & (s.before2[c[0]] | s.free2[c[1]]) & s.after2[c[3]]
	return m
}

// long visits the groups of 8 and more letters that start in a word of the map.
func (w *walk) long(i, from, end int) {
	a := w.l[i]
	var next, nextUpper uint64
	if i+1 < len(w.l) {
		next, nextUpper = w.l[i+1], w.signs[i+1].Upper
	}
	n := next
	r := a & (a>>1 | n<<63)
	n &= n >> 1
	r &= r>>2 | n<<62
	n &= n >> 2
	r &= r>>4 | n<<60
	if r == 0 {
		return
	}
	n &= n >> 4
	prev := uint64(0)
	if i > 0 {
		prev = (w.l[i-1] | w.d[i-1]) >> 63
	}
	// Others than those of 16 begin with two of upper case.
	capital := w.signs[i].Upper
	r &= r>>8 | n<<56 | capital&(capital>>1|nextUpper<<63)
	if r &^= (a|w.d[i])<<1 | prev; r == 0 {
		return
	}
	if w.near == 0 {
		w.near = w.topics(i)
	}
	enabled := w.enabled() & w.s.letters
	for ; enabled != 0 && r != 0; r &= r - 1 {
		at := uint(bits.TrailingZeros64(r))
		n := bits.TrailingZeros64(^(a>>at | next<<(64-at)))
		start := i<<6 + int(at)
		stop := start + n
		if n == 64 || start < from || start >= end || n != 16 && (!upper(w.b[start]) || !upper(w.b[start+1])) {
			continue
		}
		if stop < len(w.b) && digit(w.b[stop]) {
			continue
		}
		s := w.s
		if m := s.edge(w.b, start, stop) & s.first[w.b[start]] & s.lengths[kindLetters][n] & enabled; m != 0 {
			w.group(m, kindLetters, start, stop)
		}
	}
}

// group looks at one group for which the bits of m hold.
func (w *walk) group(m uint64, k kind, start, end int) {
	s := w.s
	if m&(wholeBit|beginBit) != 0 && !(s.shapes.times && end-start == 4 && isTime(w.b, start)) {
		t := &s.shapes
		if m&beginBit != 0 && t.begun[k][end-start]&w.near != 0 || m&wholeBit != 0 && t.alone[k][end-start]&w.near != 0 {
			w.shapes(k, start, end, m&wholeBit != 0)
		}
	}
	if m&leadBit != 0 {
		w.led(k, start, end)
	}
	for m >>= anchorShift; m != 0; m &= m - 1 {
		a := &s.anchors[bits.TrailingZeros64(m)]
		if from, to := a.look(w.b, start, end); to > from && (!a.needs || w.named || w.spoken(a.rule, from, to)) {
			w.add(a.rule, from, to)
		}
	}
}

// isTime reports whether a time stands at b[i], as in 2026-11-02 10:30, which is all
// that a number could be of.
func isTime(b []byte, i int) bool {
	if i+14 > len(b) {
		return false
	}
	t := (*[14]byte)(b[i:])
	if t[4] != '-' || t[7] != '-' || t[10] != ' ' || t[13] != ':' {
		return false
	}
	var d [10]byte
	*(*[4]byte)(d[:]) = [4]byte(t[:4])
	d[4], d[5], d[6], d[7], d[8], d[9] = t[5], t[6], t[8], t[9], t[11], t[12]
	return allDigits(d[:]) && timeLike(d[:])
}

// led looks for shapes that begin with groups of letters in front of one that
// holds a digit.
func (w *walk) led(k kind, i, end int) {
	for range w.s.shapes.lead {
		n := end - i
		switch {
		case i >= 2 && (w.b[i-1] == ' ' || w.b[i-1] == '.' || w.b[i-1] == '-' || w.b[i-1] == '/'):
			i -= 2
		case i >= 3 && w.b[i-1] == 0xA0 && w.b[i-2] == 0xC2:
			i -= 3
		default:
			return
		}
		if !letter(w.b[i]) {
			return
		}
		start := w.start(i)
		if start < 0 || i+1-start > maxCompact || bits64(w.d, start)&(1<<(i+1-start)-1) != 0 {
			return
		}
		end = i + 1
		if n <= maxCompact && w.s.shapes.second[kindLetters][end-start][k]>>n&1 != 0 {
			w.shapes(kindLetters, start, end, false)
		}
		k, i = kindLetters, start
	}
}

// shapes follows the groups from b[i:end] on for as long as a shape goes on like
// this. Where whole is false, it begins none alone.
func (w *walk) shapes(k kind, i, end int, whole bool) {
	b := w.b
	if i >= 2 && digit(b[i-2]) && (b[i-1] == '.' || b[i-1] == '-' || b[i-1] == '/') {
		return
	}
	t := &w.s.shapes
	size := end - i
	if !whole {
		q := end
		if q >= len(b) {
			return
		}
		switch b[q] {
		case ' ', '.', '-', '/':
			q++
		case 0xC2:
			q += 2
		default:
			return
		}
		ones, d := w.alnum(q), bits64(w.d, q)
		n := bits.TrailingZeros64(^ones)
		k2 := kindMixed
		if d &= 1<<n - 1; d == 0 {
			k2 = kindLetters
		} else if d == 1<<n-1 {
			k2 = kindDigits
		}
		if t.second[k][size][k2]>>n&1 == 0 {
			return
		}
	}
	first := len(w.hits)
	at := &t.nodes[0]
	near := uint64(0) // of which topics something is spoken
	var is uint64     // a digit
	n, start, read := 0, i, 0
	d := bits64(w.d, i) & (1<<size - 1)
	for {
		next := at.next[k][size]
		if next == 0 {
			return
		}
		at = &t.nodes[next]
		if at.topics&w.near == 0 {
			return
		}
		is |= d << n
		n += size
		i += size
		if at.here&w.near != 0 && !(i+1 < len(b) && (b[i] == '.' || b[i] == '-' || b[i] == '/') && digit(b[i+1])) {
			for e := range at.ends {
				sh := &at.ends[e]
				if sh.topic&w.near == 0 || is&sh.digits != sh.digits || is&sh.letter != 0 {
					continue
				}
				if sh.topic != known {
					if near == 0 {
						near = known
						if w.named {
							near = ^uint64(0)
						} else {
							near |= w.around(start, start+maxSpan)
						}
						if at.topics&^known&near == 0 && at.topics&known == 0 {
							return
						}
					}
					if sh.topic&near == 0 {
						continue
					}
				}
				if read < n {
					compactInto(w.compact, b[start:i])
					read = n
				}
				w.shape(sh, first, start, i)
			}
		}
		if i >= len(b) {
			return
		}
		switch b[i] {
		case ' ', '.', '-', '/':
			i++
		case 0xC2:
			if i+1 >= len(b) || b[i+1] != 0xA0 {
				return
			}
			i += 2
		default:
			return
		}
		size = bits.TrailingZeros64(^w.alnum(i))
		if size == 0 || size > maxCompact-n {
			return
		}
		d = bits64(w.d, i) & (1<<size - 1)
		k = kindMixed
		if d == 0 {
			k = kindLetters
		} else if d == 1<<size-1 {
			k = kindDigits
		}
	}
}

// maxSpan bounds what a shape covers, in bytes.
const maxSpan = maxCompact + 2*(maxCompact-1)

// compactInto writes the letters and digits of b to dst, in upper case.
func compactInto(dst *[64]byte, b []byte) {
	n := 0
	for _, c := range b {
		if digit(c) {
			dst[n&63] = c
			n++
		} else if letter(c) {
			dst[n&63] = c &^ 0x20
			n++
		}
	}
}

// shape notes b[start:end] where it is valid; of several ends of one rule the last
// counts.
func (w *walk) shape(sh *shape, first, start, end int) {
	for _, f := range sh.fixed {
		if w.compact[f.at] != f.c {
			return
		}
	}
	r := int(sh.rule)
	for i := first; i < len(w.hits); i++ {
		if w.hits[i].Rule == r && w.hits[i].End == end {
			return
		}
	}
	if v := w.s.rules[r].Valid; v != nil && !v(w.compact[:sh.size:sh.size]) {
		return
	}
	for i := first; i < len(w.hits); i++ {
		if w.hits[i].Rule == r {
			w.hits[i].End = end
			return
		}
	}
	w.hits = append(w.hits, Hit{Rule: r, Start: start, End: end})
}
