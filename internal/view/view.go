// Package view decodes what is encoded inside a text, so that whoever looks for
// something in the text finds it there, too: percent encoding (RFC 3986, section
// 2.1), character references of HTML, escapes of JSON and of programming
// languages, quoted-printable and base64 (RFC 2045, RFC 4648), hexadecimal,
// gzip and zlib inside these, UTF-16, UTF-32, and UTF-8 that was decoded as if
// it were Windows-1252; each inside any other, up to four deep.
//
// Only the neighbourhood of what is encoded is decoded, and only where the
// encoding could hide letters or digits: text without is passed over.
package view

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/class"
)

// Limits of what is decoded of one window.
const (
	maxDepth    = 4        // layers
	maxGrowth   = 8        // times the window's length: all regions of all layers
	minBudget   = 64 << 10 // bytes that a small window may grow to
	maxInflated = 16 << 20 // bytes out of compressed data
	maxCollect  = 4 << 20  // compressed bytes that are kept over windows
	keepMemory  = 4 << 20  // bytes of memory that are kept between windows
	maxUndone   = 64       // places that are told
	context     = 256      // bytes on either side of an escape that are decoded with it
)

// kinds of decoding. The first ones stand in a text one by one, between
// characters that stand for themselves.
type kind uint8

const (
	percent kind = iota + 1
	entity
	json
	hexEscape
	octal
	plus   // + for a space, between digits
	unseen // characters that nobody sees, inside words
	quoted
	mojibake
	wrapped // a line break inside a number
	markup  // tags and comments inside words
	lastEscape

	base64
	hex
	gzip
	zlib
	utf16le
	utf16be
	utf32le
	utf32be
)

var names = [...]string{
	percent: "percent", entity: "html-entity", json: "json-escape", hexEscape: "hex", octal: "octal", plus: "percent", unseen: "invisible",
	quoted: "quoted-printable", mojibake: "mojibake", wrapped: "wrapped", markup: "markup", base64: "base64", hex: "hex", gzip: "gzip", zlib: "zlib",
	utf16le: "utf-16le", utf16be: "utf-16be", utf32le: "utf-32le", utf32be: "utf-32be",
}

// A seg says where a stretch of a region comes from: what stands at text and
// behind is at src and behind. With a kind it is one escape, whose characters
// all come from src.
type seg struct {
	text, src int32
	kind      kind
}

// A region is a piece of a layer's text that was decoded in one go.
type region struct {
	from, to   int // in the layer's text
	src, end   int // in the text of the layer above
	parent     int // region of the layer above, -1 for the window
	kind       kind
	seg0, seg1 int // its segs; their text counts from the region's start, for base64 and hex in characters
	late       bool
	sides      sides
}

// sides says what stands beside a region of base64 or hexadecimal.
type sides uint8

const (
	goesBefore sides = 1 << iota // more of the same run, so that it starts in the midst of something
	goesBehind                   // and ends in it
	midGroup                     // its first group isn't whole
)

// A layer is what was decoded out of the layer above.
type layer struct {
	text    []byte
	regions []region
	segs    []seg
	cls     class.Map
}

// An Undecoded is a place in the window that was not decoded to its end, for
// the sake of a bound.
type Undecoded struct {
	At   int  // offset in the window, negative where it began before it
	Bomb bool // compressed data that grow out of proportion
	Deep bool // encoded in more layers than are decoded
}

// A Finder decodes window after window of one text. Its memory is used again;
// it is not safe for concurrent use. The zero value is ready.
type Finder struct {
	// Wraps, where it is not nil, says whether a number that is looked for may have
	// these digits in front of a line break and behind it: two to four of each, as
	// there are.
	Wraps func(before, behind []byte) bool

	layers [maxDepth + 2]layer // the text, what is decoded, and what would be next
	depth  int
	from   int
	more   bool
	base   int64
	bounds func(off int) (from, to int)
	cells  func(off int) (from, to int)

	budget   int
	inflate  int
	undone   []Undecoded
	chars    []byte // of a wrapped run, without what wraps it
	parts    []part
	carry    carry
	tmp      []byte
	hidden   []uint64 // where unseen characters and tags inside words start, by bits; nil: there are none
	inflater inflater
}

// Reset forgets what an earlier text left.
func (f *Finder) Reset() {
	f.carry = carry{parts: f.carry.parts[:0], data: f.carry.data[:0]}
	f.undone = f.undone[:0]
	f.depth, f.bounds, f.cells, f.layers[0].text = 0, nil, nil, nil
	for i := range f.layers {
		if l := &f.layers[i]; i > 0 && cap(l.text) > keepMemory {
			*l = layer{}
		}
	}
	if cap(f.carry.data) > keepMemory {
		f.carry.data = nil
	}
}

// Window starts with a window of the text: p[0] is at base in it, and more says
// that p does not reach to its end. Only what is encoded at p[from:] or behind
// is decoded. Windows of one text follow each other, overlapping, as those of
// match.Windows do. Where bounds is not nil it tells the bounds of the piece of p
// in which an offset lies, and nothing is decoded across them.
func (f *Finder) Window(base int64, p []byte, from int, more bool, bounds func(off int) (from, to int)) {
	f.base, f.from, f.more, f.bounds = base, max(from, 0), more, bounds
	f.depth, f.cells = 0, nil
	f.layers[0].text = p
	f.budget = max(maxGrowth*len(p), minBudget)
	f.inflate = maxInflated
	f.undone = f.undone[:0]
}

// Cells is for a window that holds the rows of a table, each of whose cells is
// followed by a byte 0. It tells the bounds of the cell in which an offset lies,
// or behind which it stands, so that the zeros of UTF-16 can be told from others.
// It holds for the window, and is nil for the next one.
func (f *Finder) Cells(cell func(off int) (from, to int)) { f.cells = cell }

// Next decodes the next layer and reports whether there is anything in it.
func (f *Finder) Next() bool {
	in, out := &f.layers[f.depth], &f.layers[f.depth+1]
	out.text, out.regions, out.segs = out.text[:0], out.regions[:0], out.segs[:0]
	if f.depth > 0 {
		f.from = 0
	}
	in.cls.Set(in.text)
	s := search{f: f, in: in, out: out, p: in.text, c: &in.cls, top: f.depth == 0, stood: -1}
	s.compressed()
	s.escapes()
	s.runs()
	s.pairs()
	s.wide()
	s.wrong()
	if f.Wraps != nil {
		s.wraps()
	}
	if f.depth == maxDepth {
		for _, r := range out.regions {
			// The hexadecimal form of a row of threes is a row of threes: there
			// is no end to it, and nothing in it. What escapes would be left
			// stands in tables of bytes by chance.
			if t := out.text[r.from:r.to]; r.kind > lastEscape && len(bytes.Trim(t, string(t[:1]))) > 0 {
				s.undone(r.src, Undecoded{Deep: true})
			}
		}
		f.layers[0].text = nil
		return false
	}
	f.depth++
	return len(out.regions) > 0
}

// Text returns the decoded text of the layer: its regions, each followed by a
// byte 0. It is valid until the next call of Next or Window.
func (f *Finder) Text() []byte { return f.layers[f.depth].text }

// Original returns text of the window as it stands.
func (f *Finder) Original(from, to int) []byte {
	p := f.layers[0].text
	return p[max(from, 0):min(max(to, from, 0), len(p))]
}

// Undecoded returns what could not be decoded of the window, so far.
func (f *Finder) Undecoded() []Undecoded { return f.undone }

// Region returns the region of the layer in which an offset of Text lies: its
// number and its bounds.
func (f *Finder) Region(off int) (n, from, to int) {
	l := &f.layers[f.depth]
	n = l.at(off)
	return n, l.regions[n].from, l.regions[n].to
}

// Bounded reports whether Text[from:to] is seen with what stands on either side
// of it: it isn't where its region is a line of something longer, which another
// region holds. A whole line may be a value by itself.
func (f *Finder) Bounded(from, to int) bool {
	l := &f.layers[f.depth]
	r := &l.regions[l.at(from)]
	first, last := from == r.from, to == r.to
	switch {
	case r.sides == 0:
		return true
	case first && r.sides&midGroup != 0:
		return false
	case first && last:
		return true
	}
	return !(first && r.sides&goesBefore != 0 || last && r.sides&goesBehind != 0)
}

func (l *layer) at(off int) int {
	lo, hi := 0, len(l.regions)
	for hi-lo > 1 {
		if m := int(uint(lo+hi) >> 1); l.regions[m].from <= off {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}

// Source returns which bytes of the window Text[from:to], which lies in one
// region, was decoded from, and the names of the encodings from outside in,
// joined by "+". Escapes are exact; of base64 it is the groups that hold the
// text, of compressed data all of them. Late says that the region began in a
// window before. ok is false where nothing of it was encoded in the last layer,
// so that the text stands as it is in the one above.
func (f *Finder) Source(from, to int) (start, end int, form string, late, ok bool) {
	var found [maxDepth * 4]kind
	n := 0
	own := true
	for d := f.depth; d > 0; d-- {
		l := &f.layers[d]
		r := &l.regions[l.at(from)]
		late = late || r.late
		var mask uint32
		from, to, mask = l.source(r, from, to, own)
		if own && mask == 0 {
			return 0, 0, "", false, false
		}
		own = false
		for k := utf32be; k > 0; k-- {
			if mask>>k&1 != 0 && n < len(found) {
				found[n] = k
				n++
			}
		}
	}
	var parts []string
	for i := n - 1; i >= 0; i-- {
		s := names[found[i]]
		switch last := len(parts) - 1; {
		case s == "percent" && last >= 0 && parts[last] == "percent":
			parts[last] = "percent-twice"
		case last >= 0 && s == "percent" && parts[last] == "percent-twice":
		default:
			parts = append(parts, s)
		}
	}
	return from, to, strings.Join(parts, "+"), late, true
}

// source maps text of a region to the layer above, and tells which kinds of
// encoding it holds. beside says that an escape right beside it counts, where
// it holds none.
func (l *layer) source(r *region, from, to int, beside bool) (src, end int, mask uint32) {
	segs := l.segs[r.seg0:r.seg1]
	a, b := from-r.from, to-r.from
	if r.late {
		return r.src, r.end, 1 << r.kind
	}
	switch r.kind {
	case base64:
		// From the first character of its first group to the last that holds some of it.
		end = charAt(segs, (b-1)/3*4+(b-1)%3+1) + 1
		return charAt(segs, a/3*4), min(end, r.end), 1 << r.kind
	case hex:
		return charAt(segs, 2*a), min(charAt(segs, 2*b-1)+1, r.end), 1 << r.kind
	case gzip, zlib:
		return r.src, r.end, 1 << r.kind
	case utf16le, utf16be:
		return place(segs, a, 2, false), min(place(segs, b, 2, true), r.end), 1 << r.kind
	case utf32le, utf32be:
		return place(segs, a, 4, false), min(place(segs, b, 4, true), r.end), 1 << r.kind
	}
	// Escapes a little way off may be why the text was not found without: the
	// digits of one run into the number behind it. An equals sign proves less.
	const off = 6
	i, _ := slices.BinarySearchFunc(segs, a-off, func(s seg, t int) int { return int(s.text) - t })
	near := uint32(0)
	for ; i < len(segs) && int(segs[i].text) < b+off; i++ {
		k, t := segs[i].kind, int(segs[i].text)
		empty := i+1 < len(segs) && int(segs[i+1].text) == t
		switch {
		case k == 0:
		case a <= t && t < b && !(empty && t == a):
			mask |= 1 << k
		case k == wrapped:
		case k != quoted, t+1 == a && isDigit(l.text[from]), t == b && isDigit(l.text[to-1]): // rrn=2085.07.30-033.28
			near |= 1 << k
		}
	}
	if mask == 0 && beside {
		mask = near
	}
	return place(segs, a, 1, false), min(place(segs, b, 1, true), r.end), mask
}

// place returns where the text at off comes from: behind whatever stands for no
// text at all, or, of an end, before it.
func place(segs []seg, off, stride int, end bool) int {
	lo, hi := 0, len(segs)
	for hi-lo > 1 {
		m := int(uint(lo+hi) >> 1)
		if t := int(segs[m].text); t < off || t == off && !end {
			lo = m
		} else {
			hi = m
		}
	}
	if end && lo+1 < len(segs) && int(segs[lo+1].text) == off {
		return int(segs[lo+1].src)
	}
	s := segs[lo]
	if s.kind != 0 {
		if end && lo+1 < len(segs) {
			return int(segs[lo+1].src)
		}
		return int(s.src)
	}
	return int(s.src) + (off-int(s.text))*stride
}

// charAt returns where a character of a run stands.
func charAt(segs []seg, i int) int { return place(segs, i, 1, false) }

// search is the search of one layer.
type search struct {
	f       *Finder
	in, out *layer
	p       []byte
	c       *class.Map
	top     bool
	cur     int   // region of in in which the last place lay
	lo, hi  int   // bounds of the piece of the window in which it lay
	sides   sides // of the run that is decoded
	stood   int   // region of in whose segs before seg end before what is looked at
	seg     int
}

// room returns the bounds of the piece of the text in which i lies, and the
// region it is.
func (s *search) room(i int) (from, to, parent int) {
	if s.top {
		if s.f.bounds != nil {
			if i < s.lo || i >= s.hi {
				from, to = s.f.bounds(i)
				s.lo, s.hi = max(from, 0), min(to, len(s.p))
			}
			return s.lo, s.hi, -1
		}
		return 0, len(s.p), -1
	}
	r := s.in.regions
	if s.cur >= len(r) || r[s.cur].from > i {
		s.cur = s.in.at(i)
	}
	for s.cur+1 < len(r) && r[s.cur+1].from <= i {
		s.cur++
	}
	return r[s.cur].from, r[s.cur].to, s.cur
}

// fresh reports whether p[i:j] does not stand like that in the layer above, so
// that it was not looked at there.
func (s *search) fresh(parent, i, j int) bool {
	if s.top {
		return true
	}
	r := &s.in.regions[parent]
	if r.kind > lastEscape {
		return true
	}
	segs := s.in.segs[r.seg0:r.seg1]
	return place(segs, j-r.from, 1, true)-place(segs, i-r.from, 1, false) != j-i
}

// open starts a region, close ends it. Where the budget is used up it is cut
// off, and said so.
func (s *search) open(k kind, src, end, parent int) {
	s.out.regions = append(s.out.regions, region{
		from: len(s.out.text), src: src, end: end, parent: parent, kind: k, seg0: len(s.out.segs),
	})
}

func (s *search) close() *region {
	r := &s.out.regions[len(s.out.regions)-1]
	r.to, r.seg1 = len(s.out.text), len(s.out.segs)
	s.f.budget -= r.to - r.from + 1
	s.out.text = append(s.out.text, 0)
	return r
}

// drop takes the last region back.
func (s *search) drop() {
	n := len(s.out.regions) - 1
	r := s.out.regions[n]
	s.out.text, s.out.segs, s.out.regions = s.out.text[:r.from], s.out.segs[:r.seg0], s.out.regions[:n]
}

func (s *search) mark(src int, k kind) {
	r := &s.out.regions[len(s.out.regions)-1]
	s.out.segs = append(s.out.segs, seg{int32(len(s.out.text) - r.from), int32(src), k})
}

// afford reports whether a region of n bytes is within the bounds.
func (s *search) afford(n, at int) bool {
	if n <= s.f.budget {
		return true
	}
	s.undone(at, Undecoded{})
	return false
}

// undone notes that what is at an offset of the layer was not decoded, for the
// reason that u has.
func (s *search) undone(at int, u Undecoded) {
	f := s.f
	for d := f.depth; d > 0; d-- {
		l := &f.layers[d]
		r := &l.regions[l.at(at)]
		at = r.src
	}
	u.At = at
	if n := len(f.undone); n == 0 || n < maxUndone && f.undone[n-1] != u {
		f.undone = append(f.undone, u)
	}
}

// next returns the first set bit of a bitmap at or behind i, n where there is
// none before it.
func next(m []uint64, i, n int) int {
	if i >= n {
		return n
	}
	w := i / 64
	x := m[w] &^ (1<<(i%64) - 1)
	for x == 0 {
		w++
		if w*64 >= n {
			return n
		}
		x = m[w]
	}
	return min(w*64+bits.TrailingZeros64(x), n)
}
