package rules

import (
	"bytes"
	"math/bits"

	"github.com/spoor-scan/spoor/internal/class"
)

// A group says at which runs of letters and digits a rule's look is called.
type group struct {
	kinds                string // of d, digits alone; m, digits and letters; a, letters alone, which are 8 and more
	least, most          int    // length, up to 63
	before, after, first string // the bytes in front (a line break at the beginning), behind, and the first; empty: any
}

// bits64 returns the 64 bits from i on.
func bits64(m []uint64, i int) uint64 {
	w, o := i>>6, uint(i&63)
	if w >= len(m) {
		return 0
	}
	v := m[w] >> o
	if o > 0 && w+1 < len(m) {
		v |= m[w+1] << (64 - o)
	}
	return v
}

// A walk is one pass over a text.
type walk struct {
	s       *Set
	b       []byte
	d, l, h []uint64
	hits    []Hit
	compact *[64]byte
	said    []uint64 // by blocks: see speech; 0: not yet known
	named   bool     // a name stands for context
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

// end returns where the group ends in which i lies.
func (w *walk) end(i int) int {
	for {
		n := bits.TrailingZeros64(^w.alnum(i))
		i += n
		if n < 64 || i >= len(w.b) {
			return min(i, len(w.b))
		}
	}
}

// collect appends all that is found where anchors lie in b[from:end], whatever
// stands near it.
func (w *walk) collect(dst []Hit, b []byte, m *class.Map, from, end int, sc *scratch) []Hit {
	if len(b) == 0 {
		return dst
	}
	s := w.s
	w.b, w.d, w.l, w.h, w.hits, w.compact = b, m.Digit, m.Letter, m.High, dst, &sc.compact
	n := len(m.Digit)
	if cap(sc.said) < n {
		sc.said = make([]uint64, n)
	}
	w.said = sc.said[:n]
	clear(w.said)
	w.groups(from, end)
	for _, k := range s.marks {
		if k.c == '@' {
			for i := from >> 6; i<<6 < end; i++ {
				for v := m.At[i]; v != 0; v &= v - 1 {
					if at := i<<6 + bits.TrailingZeros64(v); at >= from && at < end {
						w.mark(k, at)
					}
				}
			}
			continue
		}
		for at := from; ; at++ {
			i := bytes.IndexByte(b[at:end], k.c)
			if i < 0 {
				break
			}
			at += i
			w.mark(k, at)
		}
	}
	if s.words != nil {
		lo := max(0, from-1)
		sc.words = s.words.Find(sc.words[:0], b[lo:min(len(b), end+maxWord)])
		for _, h := range sc.words {
			r := s.word[h.Pattern]
			if at := h.Start + lo; at >= from && wordStart(b, at) {
				if end := s.vocabulary[r].at(b, at, wordEnd(b, at), len(b)); end > 0 {
					w.add(r, at, end)
				}
			}
		}
	}
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

func (w *walk) mark(k mark, at int) {
	for _, r := range k.rules {
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
}

// groups visits the groups that hold a digit, and the long ones of letters, that
// start in b[from:end].
func (w *walk) groups(from, end int) {
	s := w.s
	next := from // what starts before was visited
	for i := from >> 6; i<<6 < end; i++ {
		d := w.d[i]
		if n := next - i<<6; n > 0 {
			if n >= 64 {
				d = 0
			} else {
				d &= ^uint64(0) << n
			}
		}
		for d != 0 {
			at := i<<6 + bits.TrailingZeros64(d)
			start := w.start(at)
			stop := at + bits.TrailingZeros64(^w.alnum(at))
			if start < 0 || stop-start > 63 {
				stop = w.end(at)
			} else if start >= end {
				return
			} else {
				w.group(start, stop)
			}
			next = stop
			n := stop - i<<6
			if n >= 64 {
				break
			}
			d &= ^uint64(0) << n
		}
		if s.long {
			w.long(i, from, end)
		}
	}
}

// long visits the groups of 8 and more letters that start in a word of the map.
func (w *walk) long(i, from, end int) {
	a := w.l[i]
	var next uint64
	if i+1 < len(w.l) {
		next = w.l[i+1]
	}
	n := next
	r := a & (a>>1 | n<<63)
	n &= n >> 1
	r &= r>>2 | n<<62
	n &= n >> 2
	r &= r>>4 | n<<60
	prev := uint64(0)
	if i > 0 {
		prev = (w.l[i-1] | w.d[i-1]) >> 63
	}
	r &^= (a|w.d[i])<<1 | prev
	for ; r != 0; r &= r - 1 {
		start := i<<6 + bits.TrailingZeros64(r)
		if start < from || start >= end || !upper(w.b[start]) || !upper(w.b[start+1]) {
			continue
		}
		n := bits.TrailingZeros64(^w.alnum(start))
		if n >= 64 || bits64(w.d, start)&(1<<n-1) != 0 {
			continue
		}
		w.look(kindLetters, start, start+n)
	}
}

// group looks at one group that holds a digit.
func (w *walk) group(start, end int) {
	k := kindMixed
	if n := uint(end - start); bits64(w.d, start)&(1<<n-1) == 1<<n-1 {
		k = kindDigits
	}
	w.look(k, start, end)
}

func (w *walk) look(k kind, start, end int) {
	s := w.s
	before, after := byte('\n'), byte('\n')
	if start > 0 {
		before = w.b[start-1]
	}
	if end < len(w.b) {
		after = w.b[end]
	}
	m := s.before[before] & s.after[after] & s.first[w.b[start]] & s.lengths[k][end-start]
	if m == 0 {
		return
	}
	if m&shapeBit != 0 {
		w.shapes(start)
	}
	if m&leadBit != 0 {
		w.led(start)
	}
	for m >>= anchorShift; m != 0; m &= m - 1 {
		a := &s.anchors[bits.TrailingZeros32(m)]
		if from, to := a.look(w.b, start, end); to > from && (!a.needs || w.named || w.spoken(a.rule, from, to)) {
			w.add(a.rule, from, to)
		}
	}
}

// led looks for shapes that begin with groups of letters in front of one that
// holds a digit.
func (w *walk) led(i int) {
	for range w.s.shapes.lead {
		switch {
		case i >= 2 && bytes.IndexByte([]byte(separators), w.b[i-1]) >= 0:
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
		if start < 0 || bits64(w.d, start)&(1<<(i+1-start)-1) != 0 {
			return
		}
		w.shapes(start)
		i = start
	}
}

// shapes follows the groups from i on for as long as a shape goes on like this.
func (w *walk) shapes(i int) {
	b := w.b
	if i >= 2 && digit(b[i-2]) && (b[i-1] == '.' || b[i-1] == '-' || b[i-1] == '/') {
		return
	}
	t := &w.s.shapes
	first := len(w.hits)
	at := &t.nodes[0]
	var is uint64 // a digit
	n, start, read := 0, i, 0
	for {
		ones := w.alnum(i)
		size := bits.TrailingZeros64(^ones)
		if size == 0 || size > maxCompact-n {
			return
		}
		d := bits64(w.d, i) & (1<<size - 1)
		k := kindMixed
		if d == 0 {
			k = kindLetters
		} else if d == 1<<size-1 {
			k = kindDigits
		}
		next := at.next[k][size]
		if next == 0 {
			return
		}
		at = &t.nodes[next]
		is |= d << n
		n += size
		i += size
		if len(at.ends) > 0 && !(i+1 < len(b) && (b[i] == '.' || b[i] == '-' || b[i] == '/') && digit(b[i+1])) {
			for e := range at.ends {
				sh := &at.ends[e]
				if is&sh.digits != sh.digits || is&sh.letter != 0 {
					continue
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
	}
}

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
	if w.s.rules[r].NeedsContext && !w.named && !w.spoken(r, start, end) {
		return
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
