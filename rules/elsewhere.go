package rules

import (
	"math/bits"

	"github.com/spoor-scan/spoor/internal/class"
)

// A scan says where a Set looks for what a rule finds. Bitmaps tell the place more
// closely than the groups of the rule could; look gets one of these all the same.
type scan uint8

const (
	scanGroups scan = iota // at the groups
	scanDates              // at the groups, of dates
	scanDotted             // at the first of three dots amid numbers
	scanMAC                // at separators at equal distances
	scanIBAN               // at two letters and two digits
	scans
)

// less returns where "<" stands behind something, if the zone of a travel
// document may be there.
func (w *walk) less(g *class.Signs, i int) uint64 {
	if g.Less == 0 || !w.zone(i) {
		return 0
	}
	return g.Less
}

// zone reports whether 16 of the bytes of which the zone of a travel document
// consists follow each other in or next to a block. The shortest line has 30.
func (w *walk) zone(i int) bool {
	for k := max(0, i-1); k < min(len(w.d), i+2); k++ {
		r := w.d[k] | w.signs[k].Upper | w.signs[k].Less
		n := uint64(0)
		if k+1 < len(w.d) {
			n = w.d[k+1] | w.signs[k+1].Upper | w.signs[k+1].Less
		}
		if bits.OnesCount64(r) < 8 && bits.OnesCount64(n) < 8 {
			continue
		}
		for s := uint(1); s < 16; s *= 2 {
			r &= r>>s | n<<(64-s)
			n &= n >> s
		}
		if r != 0 {
			return true
		}
	}
	return false
}

// elsewhere visits what starts in block i, in which groups begin at start.
func (w *walk) elsewhere(i, from, end int, start uint64) {
	s := w.s
	if s.letters != 0 {
		w.long(i, from, end)
	}
	if s.at {
		for v := w.at[i]; v != 0; v &= v - 1 {
			if k := i<<6 + bits.TrailingZeros64(v); k >= from && k < end {
				w.mark(k)
			}
		}
	}
	d, g := w.d[i], &w.signs[i]
	if s.open {
		for v := g.Open; v != 0; v &= v - 1 {
			if k := i<<6 + bits.TrailingZeros64(v); k >= from && k < end && promising(w.b, k) {
				w.mark(k)
			}
		}
	}
	var d1, l1, j1 uint64
	g1 := &class.Signs{}
	if i+1 < len(w.d) {
		d1, l1, j1, g1 = w.d[i+1], w.l[i+1], w.j[i+1], &w.signs[i+1]
	}
	if an := s.scans[scanDotted]; an != nil && g.Dot != 0 {
		var prevD uint64
		if i > 0 {
			prevD = w.d[i-1]
		}
		v, v1 := g.Dot&(d<<1|prevD>>63)&(d>>1|d1<<63), g1.Dot&(d1<<1|d>>63)
		// So many digits farther, there is another.
		r := v & (v>>2 | v>>3 | v>>4 | v1<<62 | v1<<61 | v1<<60)
		r1 := v1 & (v1>>2 | v1>>3 | v1>>4)
		r = v & (r>>2 | r>>3 | r>>4 | r1<<62 | r1<<61 | r1<<60)
		for ; r != 0; r &= r - 1 {
			w.dotted(an, i<<6+bits.TrailingZeros64(r), from, end)
		}
	}
	if an := s.scans[scanMAC]; an != nil {
		if g.Colon != 0 {
			w.spaced(an, i, 2, 6, g.Colon, g1.Colon, from, end)
		}
		if g.Hyphen != 0 {
			w.spaced(an, i, 2, 6, g.Hyphen, g1.Hyphen, from, end)
		}
		if g.Dot != 0 {
			w.spaced(an, i, 4, 3, g.Dot, g1.Dot, from, end)
		}
	}
	if an := s.scans[scanIBAN]; an != nil && start != 0 {
		l, j := w.l[i], w.j[i]
		v := start & l & (l>>1 | l1<<63)
		d3, d4 := d>>3|d1<<61, d>>4|d1<<60
		j2 := j>>2 | j1<<62
		v &= (d>>2|d1<<62)&d3 | j2&(d3&d4|(j>>3|j1<<61)&d4&(d>>5|d1<<59))
		for ; v != 0; v &= v - 1 {
			w.iban(an, i<<6+bits.TrailingZeros64(v), from, end)
		}
	}
}

// promising reports whether what follows the mark at b[i] may be something.
func promising(b []byte, i int) bool {
	if i+2 >= len(b) {
		return true
	}
	switch c := b[i+1]; b[i] {
	case '%':
		return c == '4' && b[i+2] == '0'
	case '(', '[':
		return c|0x20 == 'a' && b[i+2]|0x20 == 't'
	case '{':
		return letter(c)
	}
	return alnum(b[i+1])
}

// dotted looks at the group in front of the dot at b[dot].
func (w *walk) dotted(an *anchor, dot, from, end int) {
	b := w.b
	at := dot
	for at > 0 && dot-at < 4 && digit(b[at-1]) {
		at--
	}
	if at == dot || dot-at > 3 || at < from || at >= end || at > 0 && (letter(b[at-1]) || b[at-1] == '.') {
		return
	}
	w.add2(an.rule, an.look, at, dot)
}

// spaced looks at so many groups of so many characters, with v between them.
func (w *walk) spaced(an *anchor, i int, size, groups uint, v, v1 uint64, from, end int) {
	step := size + 1
	r := v
	for k := uint(1); k < groups-1 && r != 0; k++ {
		r &= v>>(k*step) | v1<<(64-k*step)
	}
	for ; r != 0; r &= r - 1 {
		at := i<<6 + bits.TrailingZeros64(r) - int(size)
		// Of the groups that hold a digit, the first.
		for range groups {
			to := at + int(size)
			if at >= 0 && to <= len(w.b) && digitsIn(w.b[at:to]) > 0 {
				if at >= from && at < end && w.start(to-1) == at && !alnum(byteAt(w.b, to)) {
					w.add2(an.rule, an.look, at, to)
				}
				break
			}
			at += int(step)
		}
	}
}

// iban looks at two letters at b[at] and two digits, which a separator may part.
func (w *walk) iban(an *anchor, at, from, end int) {
	b := w.b
	if ibanLength(b[at]&^0x20, b[at+1]&^0x20) == 0 {
		return
	}
	group := at
	if step := separator(b, at+2); step > 0 {
		group += 2 + step
	}
	n := bits.TrailingZeros64(^w.alnum(group))
	switch {
	case n < 2 || group < from || group >= end:
		return
	case n == 4 || n >= 6 && n <= maxCompact:
		if bits64(w.d, group)&(1<<n-1) == 1<<n-1 && n < 13 { // of digits alone
			return
		}
	case n != 2 || group == at:
		return
	}
	w.add2(an.rule, an.look, group, group+n)
}
