package subject

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// beginnings are the characters that words may begin with, so that nearly all
// places at which none of these words starts are passed over without a closer
// look.
type beginnings struct {
	// pairs has the first two. The first chooses the row, by its lower five
	// bits; the second one the bit in it, 0 for all that are no letters.
	pairs [32]uint32

	ascii letters // as which first letters are written
	bases []rune  // of first letters, that are not ASCII
	bytes [2]uint64
	any   bool // a first letter may be left out
}

const (
	beginSign     = 1 << 0  // something that is no letter follows
	beginCapitals = 1 << 31 // both may be initials
	beginAny      = 1<<31 - 1
)

func beginBit(second byte) uint32 {
	if isAlpha(second) {
		return 1 << (second & 31)
	}
	return beginSign
}

// word adds those of a word, whatever is done to its letters by eat and eatSaint.
func (p *beginnings) word(w folded) {
	if len(w) == 0 {
		return
	}
	first := p.start(w[0])
	var second letters
	row := uint32(0)
	switch {
	case w[0] >= utf8.RuneSelf, len(w) == 1, w[1] >= utf8.RuneSelf && hasEmpty(w[1]):
		row = beginAny
	default:
		if second.add(w[1]); w[1] < utf8.RuneSelf {
			row |= beginBit(byte(w[1]))
		}
		for c := range byte(utf8.RuneSelf) {
			if second.has(c) {
				row |= beginBit(c)
			}
		}
	}
	for c := range byte(utf8.RuneSelf) {
		if first.has(c) {
			p.pairs[c&31] |= row
		}
	}
	if w[0] == 's' {
		p.pairs['s'&31] |= beginBit('t') | beginBit('a') | beginBit('i')
	}
}

// start adds a letter with which a word starts, and returns as which ASCII
// characters it may be written.
func (p *beginnings) start(r rune) (ascii letters) {
	ascii.add(r)
	p.ascii.join(ascii)
	p.any = p.any || r >= utf8.RuneSelf && hasEmpty(r)
	b := base(r)
	if b >= utf8.RuneSelf && !slices.Contains(p.bases, b) {
		p.bases = append(p.bases, b)
	}
	for i, hs := range highLetters {
		for _, h := range hs {
			if h.is(r, b) {
				p.bytes[i>>6] |= 1 << (i & 63)
			}
		}
	}
	return ascii
}

// initial adds what may stand where a word is cut down to its initial; several
// says that another may follow.
func (p *beginnings) initial(w folded, several bool) {
	if len(w) == 0 {
		return
	}
	var first letters
	first.add(w[0])
	for c := range byte(utf8.RuneSelf) {
		if first.has(c) {
			p.pairs[c&31] |= beginSign
			if several {
				p.pairs[c&31] |= beginCapitals
			}
		}
	}
}

// literal adds those of a text that is compared as it stands.
func (p *beginnings) literal(s string) {
	switch {
	case len(s) == 0 || s[0] >= utf8.RuneSelf:
	case len(s) == 1:
		p.pairs[s[0]&31] |= beginAny
	case s[1] < utf8.RuneSelf:
		p.pairs[s[0]&31] |= beginBit(s[1])
	}
}

func (p *beginnings) join(o *beginnings) {
	for i, x := range o.pairs {
		p.pairs[i] |= x
	}
	p.ascii.join(o.ascii)
	for _, r := range o.bases {
		if !slices.Contains(p.bases, r) {
			p.bases = append(p.bases, r)
		}
	}
	for i, x := range o.bytes {
		p.bytes[i] |= x
	}
	p.any = p.any || o.any
}

// may reports whether one of the words may start at b[s].
func (p *beginnings) may(b []byte, s int) bool {
	c := b[s]
	if c >= utf8.RuneSelf {
		return p.high(b, s)
	}
	if s+1 >= len(b) || !isAlpha(c) {
		return true
	}
	d := b[s+1]
	if d >= utf8.RuneSelf || d == '\\' || s+2 < len(b) && b[s+2]-0xcc <= 1 { // a combining mark
		return true
	}
	row := p.pairs[c&31]
	return row&beginBit(d) != 0 || row&beginCapitals != 0 && isUpper(c) && isUpper(d)
}

// high is may for what is not ASCII.
func (p *beginnings) high(b []byte, s int) bool {
	r, _ := letterAt(b, s)
	switch {
	case p.any:
		return true
	case r < 0:
		i := b[s] & 0x7f
		return p.bytes[i>>6]>>(i&63)&1 != 0
	case r == utf8.RuneError || wrongPage(r) != nil:
		return true
	}
	// Scripts in which no letter has an ASCII one, or one below U+0530, as its base.
	if len(p.bases) == 0 && (0x530 <= r && r < 0x1d00 || 0x3000 <= r && r < 0xfb00) {
		return false
	}
	if c := base(r); c < utf8.RuneSelf && p.ascii.has(byte(c)) || c >= utf8.RuneSelf && slices.Contains(p.bases, c) {
		return true
	}
	for _, x := range expand(r) {
		if x != "" && p.ascii.has(x[0]) {
			return true
		}
	}
	return false
}

// begins returns the beginnings of a name in any of its orders.
func (n *fullName) begins() (p beginnings) {
	for _, ws := range [][]folded{n.given, n.particles, n.core} {
		if len(ws) > 0 {
			p.word(ws[0])
		}
	}
	p.initial(n.given[0], len(n.given)+len(n.middle) > 1)
	for _, s := range n.short {
		p.literal(s)
	}
	if len(n.particles) > 0 && n.particles[0][0] == 'v' { // v.d., vd
		p.pairs['v'&31] |= beginSign
		for _, w := range n.particles[1:] {
			var first letters
			first.add(w[0])
			for c := range byte(utf8.RuneSelf) {
				if first.has(c) {
					p.pairs['v'&31] |= beginBit(c)
				}
			}
		}
	}
	return p
}

// follows returns what may follow the whole surname in the same word: another
// word of it, or of the name.
func (n *fullName) follows() beginnings {
	p := n.begins()
	for _, w := range n.core {
		p.word(w)
	}
	return p
}

// whole reports whether a pattern is a word of the surname from its first letter
// to its last, and no part of any other word of the name.
func (n *fullName) whole(pattern string) bool {
	if n.turkish || len(n.cases) > 0 {
		return false
	}
	found := 0
	for _, w := range slices.Concat(n.given, n.middle, n.particles, n.core) {
		if s := string(w); s == pattern {
			found++
		} else if strings.Contains(s, pattern) || strings.Contains(plain(s), pattern) {
			return false
		}
	}
	return found == 1 && slices.ContainsFunc(n.core, func(w folded) bool { return string(w) == pattern })
}

// goesOn reports whether what stands at b[end] makes another word of what ends
// there with a whole surname, whichever it is of those that p follows.
func (p *beginnings) goesOn(b []byte, end int) bool {
	if end >= len(b) || !isAlnum(b[end]) {
		return false
	}
	c := b[end]
	if (c == 's' || c == 'S') && (end+1 == len(b) || !isAlnum(b[end+1])) {
		return false // a genitive
	}
	return !p.ascii.has(c) || !p.may(b, end)
}
