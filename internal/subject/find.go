package subject

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/internal/view"
	"github.com/spoor-scan/spoor/rules"
)

// What a window of a stream must hold around a place, in bytes: the value and
// its surroundings as they are encoded.
const (
	viewMargin = 2 << 10
	viewLength = 4 << 10
)

// maxBefore is how many hits of a window are kept for the next one, so that it
// doesn't tell them again.
const maxBefore = 256

// An Undecoded is a place that was not looked into to its end, as what it
// decodes to is out of bounds.
type Undecoded struct {
	At   int64 // in bytes from the start of the text
	Bomb bool  // compressed data that grow out of proportion
	Deep bool  // encoded in more layers than are decoded
}

// A sight is a hit and where it was seen.
type sight struct {
	Hit
	layer  int // 0: as it stands
	region int // number of the region within the layer
	at, to int // its place in the region
	piece  []byte
	led    int // in layer 0: where the matcher's hit starts
}

// A finder turns the matcher's hits into people's.
type finder struct {
	r      *Recognizer
	view   view.Finder
	found  []match.Hit
	maybe  []rules.Hit // of what keyed hashes may be of
	seen   []sight
	kept   []sight
	before []sight // of the window before, with offsets in the text
	last   map[int64]int64
	undone []Undecoded
	cells  func(off int) (from, to int)

	take   take   // taken, made once
	b      []byte // that is checked
	text   []byte // in which it lies at lo
	lo, hi int
	base   int64 // of the window
	led    int   // where the matcher's hit starts in the window
	layer  int   // 0: the window itself
	region int
	bounds span // of what is looked for in the window
	dirty  bool // sights hold texts

	part int   // number of the part in which the last hit lies
	end  int64 // its end, -1 where there was none
}

func (r *Recognizer) finder() *finder {
	f, _ := r.finders.Get().(*finder)
	if f == nil {
		f = &finder{r: r, last: map[int64]int64{}}
		if r.cuts != nil {
			f.view.Wraps = r.cuts.between
		}
		f.take = f.taken
	}
	f.part, f.end, f.cells = 0, -1, nil
	f.before, f.undone = f.before[:0], f.undone[:0]
	clear(f.last)
	return f
}

func (r *Recognizer) release(f *finder) {
	f.view.Reset()
	f.cells, f.b, f.text = nil, nil, nil
	for _, s := range []*[]sight{&f.seen, &f.kept, &f.before} {
		if cap(*s) > 64 {
			*s = nil // to clear it would take longer than many a text does
		}
		if f.dirty {
			clear((*s)[:cap(*s)]) // they keep texts
		}
	}
	f.dirty = false
	if cap(f.found) > 1<<14 {
		f.found = nil
	}
	r.finders.Put(f)
}

// window returns the hits that start at b[from:end], in order of their start. b
// is at base in its text, and more says that it does not reach to its end. Where
// rows is not nil, it returns the bounds of the row in which an offset lies, and
// nothing outside of them is looked at.
func (f *finder) window(base int64, b []byte, from, end int, more bool, rows func(off int) (from, to int)) []sight {
	f.seen = f.seen[:0]
	// What keeps a hit company may lie beyond.
	f.found = f.r.matcher.FindIn(f.found[:0], b, max(0, from-near), min(len(b), end+near))
	f.base, f.layer, f.text = base, 0, b
	f.lo, f.hi = 0, len(b)
	if rows != nil {
		f.hi = 0
	}
	for _, h := range f.found {
		if h.Start >= f.hi { // of another row than the hit before
			f.lo, f.hi = rows(h.Start)
		}
		if h.End > f.hi {
			continue
		}
		f.led = h.Start
		f.check(b[f.lo:f.hi], h.Start-f.lo, h.End-f.lo, h.Pattern)
	}
	f.rung(rows)
	f.seen = accompanied(f.seen, 0, rows)
	f.seen = slices.DeleteFunc(f.seen, func(s sight) bool { return s.led < from || s.led >= end })
	f.view.Window(base, b, from, more, rows)
	f.view.Cells(f.cells)
	f.bounds = span{from, end, more}
	for f.layer = 1; f.view.Next(); f.layer++ {
		f.decoded()
	}
	for _, u := range f.view.Undecoded() {
		if u.At < end || !more {
			f.undone = append(f.undone, Undecoded{base + int64(u.At), u.Bomb, u.Deep})
		}
	}
	kept := f.pick(base + int64(end))
	if rows == nil {
		f.parts(base, b, kept)
	}
	return kept
}

// A span is what is looked for: what starts from from on and before end, or
// behind too where there is no more.
type span struct {
	from, end int
	more      bool
}

// decoded looks at a layer of what was decoded.
func (f *finder) decoded() {
	f.text = f.view.Text()
	known := len(f.seen)
	f.found = f.r.matcher.Find(f.found[:0], f.text)
	for _, h := range f.found {
		if f.region, f.lo, f.hi = f.view.Region(h.Start); h.End <= f.hi {
			f.check(f.text[f.lo:f.hi], h.Start-f.lo, h.End-f.lo, h.Pattern)
		}
	}
	f.rung(nil)
	f.seen = accompanied(f.seen, known, nil)
}

// yield notes a hit at f.b[s:e].
func (f *finder) yield(hit Hit, s, e int) {
	f.dirty = true
	if f.layer == 0 {
		hit.Start, hit.End = f.base+int64(f.lo+s), f.base+int64(f.lo+e)
		f.seen = append(f.seen, sight{Hit: hit, at: f.lo + s, to: f.lo + e, piece: f.text, led: f.led})
		return
	}
	start, stop, form, late, ok := f.view.Source(f.lo+s, f.lo+e)
	if !ok || !f.view.Bounded(f.lo+s, f.lo+e) || !late && (start < f.bounds.from || start >= f.bounds.end && f.bounds.more) {
		return
	}
	if strings.Contains(form, "wrapped") && !wrappedNumber(hit.Type, f.text[f.lo:f.hi], s, e) {
		return
	}
	if hit.Type == NationalID && strings.HasPrefix(form, "percent") && overHundred(f.view.Original(start, stop)) {
		return
	}
	if hit.Form != "plain" {
		form += "+" + hit.Form
	}
	hit.Form = form
	piece := f.text[f.lo:f.hi]
	if f.r.born[hit.Person] && !hit.Type.Own() {
		hit.Start, hit.End = int64(s), int64(e)
		hit.contradicted = f.r.ContradictedNear(hit, 0, piece)
	}
	hit.Start, hit.End, hit.decoded = f.base+int64(start), f.base+int64(stop), true
	if packed(form) {
		hit.from, hit.to = int64(s), int64(e)
	}
	f.seen = append(f.seen, sight{Hit: hit, layer: f.layer, region: f.region, at: s, to: e, piece: piece})
}

// overHundred reports whether a number is one of Sweden with a plus, which is no
// space of a form that was sent: it says that who bears it is over a hundred.
func overHundred(b []byte) bool {
	i := bytes.IndexByte(b, '+')
	return (i == 6 || i == 8) && len(b) == i+5 && allDigits(string(b[:i])) && allDigits(string(b[i+1:]))
}

// check calls f.yield for each identifier that the matcher's hit at b[start:end]
// turns out to be, with the bounds of it in b.
func (f *finder) check(b []byte, start, end, pattern int) {
	f.b = b
	r := f.r
	for i := range r.needles[r.first[pattern]:r.first[pattern+1]] {
		n := &r.needles[int(r.first[pattern])+i]
		if n.ident < 0 {
			r.lookups[n.person](b, start, end, f.take)
		} else if from, to, form, ok := n.check(b, start, end); ok {
			f.taken(owner{n.person, n.ident}, from, to, form)
		}
	}
}

// taken judges what stands at f.b[from:to] and hands it on.
func (f *finder) taken(o owner, from, to int, form string) {
	r, b := f.r, f.b
	if from < 0 || to > len(b) || from >= to {
		return
	}
	id := r.persons[o.person].Identifiers[o.ident]
	if goesOn(id.Type, b, from, to) {
		return
	}
	hit := Hit{Person: int(o.person), Identifier: int(o.ident), Type: id.Type, Form: form, Shared: r.shared[o.person][o.ident]}
	r.names.judge(&hit, id, b, from, to)
	f.yield(hit, from, to)
}

// goesOn reports whether an escape beside b[from:to] stands for a character that
// makes it part of something longer.
func goesOn(t Type, b []byte, from, to int) bool {
	if r, n := view.Before(b, from); n > 1 && wordRune(r) {
		return true
	}
	if to >= len(b) || strings.IndexByte(`%&\=`, b[to]) < 0 {
		return false
	}
	r, n := view.After(b, to)
	if n < 2 {
		return false
	}
	if (r == '.' || r == '-') && (t == Email || t == Domain || t == IP) {
		return wordAt(b, to+n)
	}
	return wordRune(r)
}

// pick leaves one sight of each identifier for each place, the longest and, of
// equal ones, the one that took the least decoding. What the next window looks
// for starts at end.
func (f *finder) pick(end int64) []sight {
	seen := f.seen
	if len(seen) > 1 {
		slices.SortStableFunc(seen, func(a, b sight) int {
			switch {
			case a.Start != b.Start:
				return int(a.Start - b.Start)
			case a.End != b.End:
				return int(b.End - a.End)
			}
			return cmp.Or(a.layer-b.layer, a.region-b.region, a.at-b.at)
		})
	}
	// What two people have in the very same place they share, however it was
	// given for each.
	for i := 1; i < len(seen); i++ {
		for k := i - 1; k >= 0 && i-k < 64 && seen[k].Start == seen[i].Start && seen[k].End == seen[i].End; k-- {
			a, b := &seen[k], &seen[i]
			if a.Person != b.Person && a.Type == b.Type && a.layer == b.layer && a.region == b.region && a.at == b.at && a.to == b.to {
				a.Shared, b.Shared = true, true
			}
		}
	}
	f.kept = f.kept[:0]
	decoded := func(s sight) bool { return s.layer > 0 }
	several := slices.ContainsFunc(seen, decoded) || slices.ContainsFunc(f.before, decoded)
	for _, h := range seen {
		key := int64(h.Person)<<20 | int64(h.Identifier)
		if h.layer == 0 {
			if end, ok := f.last[key]; ok && h.End <= end {
				continue
			}
			f.last[key] = h.End
		}
		if several && f.again(h) {
			continue
		}
		f.kept = append(f.kept, h)
	}
	f.before = f.before[:0]
	for i := len(f.kept) - 1; i >= 0 && len(f.before) < maxBefore; i-- {
		if h := f.kept[i]; h.layer > 0 && h.End > end {
			h.region = -1 // of another window
			f.before = append(f.before, h)
		}
	}
	return f.kept
}

// again reports whether an identifier was seen in this place in another way. Of
// two sights of it the longer one stays.
func (f *finder) again(h sight) bool {
	for i := len(f.kept) - 1; i >= 0 && i > len(f.kept)-64; i-- {
		if k := &f.kept[i]; same(*k, h) {
			n, m := h.End-h.Start, k.End-k.Start
			if h.layer == k.layer {
				if h.to-h.at > k.to-k.at {
					*k = h
				}
				return true
			}
			// What is stored in compressed data without being compressed shows
			// before they are unpacked.
			if (n > m || n == m && k.layer != 0 && packed(h.Form)) && (k.layer != 0 || h.layer != 0) {
				*k = h
			}
			return true
		}
	}
	for i := range f.before {
		if same(f.before[i], h) {
			return true
		}
	}
	return false
}

// packed reports whether a form is one of compressed data, all of which have the
// same place.
func packed(form string) bool {
	return strings.Contains(form, "gzip") || strings.Contains(form, "zlib")
}

// same reports whether two sights are of the same thing: they share more than
// half of their bytes, and not because all that was decoded in one piece does.
func same(a, b sight) bool {
	if a.Person != b.Person || a.Identifier != b.Identifier {
		return false
	}
	if a.layer == b.layer && a.region == b.region {
		// Several of its forms lead to one place.
		return a.layer > 0 && a.at < b.to && b.at < a.to
	}
	both := min(a.End, b.End) - max(a.Start, b.Start)
	return both > 0 && 2*both > min(a.End-a.Start, b.End-b.Start)
}

// hits takes the sights out of a window.
func hits(dst []Hit, seen []sight) []Hit {
	for _, s := range seen {
		dst = append(dst, s.Hit)
	}
	return dst
}

// Find appends the hits in buf, in order of their start.
func (r *Recognizer) Find(dst []Hit, buf []byte) []Hit {
	dst, _ = r.Search(dst, buf)
	return dst
}

// Search is Find that also tells what it did not look into.
func (r *Recognizer) Search(dst []Hit, buf []byte) ([]Hit, []Undecoded) {
	return r.SearchRows(dst, buf, nil, nil)
}

// FindRows is Find for the rows of a table in one piece of memory: nothing is
// found across the border of two rows. row returns the bounds of the row in
// which an offset lies.
func (r *Recognizer) FindRows(dst []Hit, buf []byte, row func(off int) (from, to int)) []Hit {
	dst, _ = r.SearchRows(dst, buf, row, nil)
	return dst
}

// SearchRows is FindRows that also tells what it did not look into. cell, which
// may be nil, returns the bounds of the cell in which an offset lies, or behind
// which it stands.
func (r *Recognizer) SearchRows(dst []Hit, buf []byte, row, cell func(off int) (from, to int)) ([]Hit, []Undecoded) {
	f := r.finder()
	defer r.release(f)
	f.cells = cell
	dst = hits(dst, f.window(0, buf, 0, len(buf), false, row))
	return dst, slices.Clone(f.undone)
}

// Scan reads rd to its end and calls fn for each hit, in about the order of
// their start, with the piece of text in which it lies; many hits in a row lie
// in the same. Of a hit in something that is encoded the piece is what that
// decodes to, and base says only which pieces are the same. It returns how many
// bytes it read, what it did not look into, and what reading failed with.
func (r *Recognizer) Scan(ctx context.Context, rd io.Reader, fn func(h Hit, base int64, piece []byte)) (int64, error) {
	n, _, err := r.ScanAll(ctx, rd, func(h Hit, base int64, piece, _ []byte) { fn(h, base, piece) })
	return n, err
}

// ScanAll is Scan that also tells what it did not look into, and the text from
// base on as it stands.
func (r *Recognizer) ScanAll(ctx context.Context, rd io.Reader, fn func(h Hit, base int64, piece, window []byte)) (int64, []Undecoded, error) {
	f := r.finder()
	defer r.release(f)
	length := max(viewLength, r.matcher.MaxLen())
	n, err := r.matcher.Windows(ctx, rd, length, viewMargin, func(base int64, b []byte, from, end int) error {
		for _, h := range f.window(base, b, from, end, end < len(b), nil) {
			fn(h.Hit, base, h.piece, b)
		}
		return nil
	})
	return n, slices.Clone(f.undone), err
}

// SearchAll is ScanAll of a text that is in memory.
func (r *Recognizer) SearchAll(b []byte, fn func(h Hit, base int64, piece, window []byte)) []Undecoded {
	f := r.finder()
	defer r.release(f)
	for _, h := range f.window(0, b, 0, len(b), false, nil) {
		fn(h.Hit, 0, h.piece, b)
	}
	return slices.Clone(f.undone)
}

// parts numbers the parts of a text in which hits lie, from one hit to the next.
func (f *finder) parts(base int64, b []byte, hits []sight) {
	for i := range hits {
		h := &hits[i]
		switch {
		case i > 0 && h.layer > 0 && h.layer == hits[i-1].layer && h.region == hits[i-1].region:
			if k := hits[i-1]; h.at > k.to && h.at-k.to <= 2*near && apart(h.piece, k.to, h.at) {
				f.part++
			}
		case f.end >= base && h.Start > f.end && h.Start-f.end <= 2*near:
			if apart(b, int(f.end-base), int(h.Start-base)) {
				f.part++
			}
		}
		h.Part = f.part
		f.end = max(f.end, h.End)
	}
}
