package subject

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/match"
)

// surroundings is how many bytes around a literal a check may look at.
const surroundings = 512

// near is the distance in bytes within which two matches in a text belong
// together: a few lines.
const near = 512

// A Recognizer finds people in bytes. It is immutable and safe for concurrent
// use.
type Recognizer struct {
	persons []Person
	masks   [][]string
	shared  [][]bool
	matcher *match.Matcher
	needles [][]needle
	names   names
	born    []bool // whose birth date is known
}

// A Hit is one place where an identifier of a person stands.
type Hit struct {
	Person     int // index
	Identifier int // index within the person
	Type       Type
	Form       string
	Start, End int64
	// Text tells apart the texts of a record, in each of which offsets start
	// anew. It is the caller's.
	Text int
	// Named says that the surroundings name the value as what it is: a
	// customer's number, a user's name.
	Named bool
	// Bare says that the value says nothing by itself, as a short number does:
	// it counts only where it is named.
	Bare bool
	// Weak says that this form of an identifier is not enough to settle who is
	// meant: a number without the prefix that would tell what it is.
	Weak bool
	// Shared says that several of the people who are looked for have it.
	Shared bool
}

// New returns a Recognizer for persons. It fails on an identifier that can't be
// one of its type, naming person and type but not the value.
func New(persons []Person) (*Recognizer, error) {
	bl := &builder{index: map[match.Pattern]int{}, known: newKnown()}
	r := &Recognizer{persons: persons, names: newNames()}
	owner := map[string]int{}
	type ref struct{ p, i int }
	first := map[string]ref{}
	for p, person := range persons {
		r.masks = append(r.masks, make([]string, len(person.Identifiers)))
		r.shared = append(r.shared, make([]bool, len(person.Identifiers)))
		r.born = append(r.born, slices.ContainsFunc(person.Identifiers, func(id Identifier) bool { return id.Type == BirthDate && id.Hash == "" }))
		for i, id := range person.Identifiers {
			normal, err := id.Normal()
			if err != nil {
				return nil, fmt.Errorf("subject %s: %s: %w", person.ID, id.Type, err)
			}
			if id.Hash == "" {
				r.masks[p][i] = Mask(id.Type, strings.TrimSpace(id.Value))
			} else {
				r.masks[p][i] = id.Hash + ":" + maskPart(normal[:12], 2, 0)
			}
			key := string(id.Type) + "\x00" + id.Hash + "\x00" + normal
			if o, ok := owner[key]; ok && o == p {
				continue // given twice
			} else if ok {
				f := first[key]
				r.shared[f.p][f.i], r.shared[p][i] = true, true
			} else {
				owner[key], first[key] = p, ref{p, i}
			}
			bl.person, bl.ident, bl.who = p, i, &persons[p]
			bl.identifier(id, normal)
		}
	}
	m, err := match.Compile(bl.patterns)
	if err != nil {
		return nil, fmt.Errorf("build the tables of forms: %w", err)
	}
	r.matcher, r.needles = m, bl.needles
	bl.known.led = nil // lookups keep the rest
	return r, nil
}

// Persons returns the people that are looked for.
func (r *Recognizer) Persons() []Person { return r.persons }

// Masked returns an identifier as reports show it.
func (r *Recognizer) Masked(person, identifier int) string { return r.masks[person][identifier] }

// Shared reports whether several of the people that are looked for have the
// identifier.
func (r *Recognizer) Shared(person, identifier int) bool { return r.shared[person][identifier] }

// A finder turns the matcher's hits into people's.
type finder struct {
	r    *Recognizer
	hits []Hit
	last map[int64]int64 // end of the last hit of a person's identifier
}

// window checks what the matcher found in b. Where rows is not nil, it returns
// the bounds of the row in which an offset lies, and nothing outside of them is
// looked at.
func (f *finder) window(base int64, b []byte, found []match.Hit, rows func(off int) (from, to int)) []Hit {
	f.hits = f.hits[:0]
	row, off := b, 0
	add := func(o owner, from, to int, form string) {
		id := f.r.persons[o.person].Identifiers[o.ident]
		hit := Hit{
			Person: o.person, Identifier: o.ident, Type: id.Type, Form: form,
			Start: base + int64(off+from), End: base + int64(off+to), Shared: f.r.shared[o.person][o.ident],
		}
		f.r.names.judge(&hit, id, row, from, to)
		f.hits = append(f.hits, hit)
	}
	for _, h := range found {
		if rows != nil {
			from, to := rows(h.Start)
			if h.End > to {
				continue
			}
			row, off = b[from:to], from
		}
		for _, n := range f.r.needles[h.Pattern] {
			if n.lookup != nil {
				n.lookup(row, h.Start-off, h.End-off, add)
			} else if from, to, form, ok := n.check(row, h.Start-off, h.End-off); ok {
				add(owner{n.person, n.ident}, from, to, form)
			}
		}
	}
	if len(f.hits) > 1 {
		slices.SortStableFunc(f.hits, func(a, b Hit) int {
			if a.Start != b.Start {
				return int(a.Start - b.Start)
			}
			return int(b.End - a.End)
		})
	}
	f.hits = accompanied(f.hits, rows)
	// What two people have in the very same place they share, however it was
	// given for each.
	for i := 1; i < len(f.hits); i++ {
		for k := i - 1; k >= 0 && f.hits[k].Start == f.hits[i].Start && f.hits[k].End == f.hits[i].End; k-- {
			if f.hits[k].Person != f.hits[i].Person && f.hits[k].Type == f.hits[i].Type {
				f.hits[k].Shared, f.hits[i].Shared = true, true
			}
		}
	}
	// One identifier is reported once for one place, in its longest form.
	kept := f.hits[:0]
	for _, h := range f.hits {
		key := int64(h.Person)<<20 | int64(h.Identifier)
		if end, ok := f.last[key]; ok && h.End <= end {
			continue
		}
		if f.last == nil {
			f.last = map[int64]int64{}
		}
		f.last[key] = h.End
		kept = append(kept, h)
	}
	return kept
}

// Find appends the hits in buf, in order of their start.
func (r *Recognizer) Find(dst []Hit, buf []byte) []Hit {
	found := r.matcher.Find(nil, buf)
	if len(found) == 0 {
		return dst
	}
	f := finder{r: r}
	return append(dst, f.window(0, buf, found, nil)...)
}

// FindRows is Find for the rows of a table in one piece of memory: nothing is
// found across the border of two rows. row returns the bounds of the row in
// which an offset lies.
func (r *Recognizer) FindRows(dst []Hit, buf []byte, row func(off int) (from, to int)) []Hit {
	found := r.matcher.Find(nil, buf)
	if len(found) == 0 {
		return dst
	}
	f := finder{r: r}
	return append(dst, f.window(0, buf, found, row)...)
}

// Scan reads rd to its end and calls fn for each hit, in about the order of
// their start, with the piece of text in which it lies; many hits in a row lie
// in the same. It returns how many bytes it read, and what reading failed with.
func (r *Recognizer) Scan(ctx context.Context, rd io.Reader, fn func(h Hit, base int64, piece []byte)) (int64, error) {
	f := finder{r: r}
	return r.matcher.Scan(ctx, rd, surroundings, func(base int64, b []byte, found []match.Hit) error {
		for _, h := range f.window(base, b, found, nil) {
			fn(h, base, b)
		}
		return nil
	})
}

// Confidence says how surely a record is about a person.
type Confidence string

// The degrees of confidence, as the contract defines them.
const (
	Certain  Confidence = "certain"
	Likely   Confidence = "likely"
	Possible Confidence = "possible"
)

// Evidence is what was seen of one person in one record.
type Evidence struct {
	r      *Recognizer
	person int
	own    Type // the first identifier that settles it
	shared Type // an own one that several people have
	seen   []sighting
	likely [2]Type
}

type sighting struct {
	t    Type
	weak bool
	unit int   // matches corroborate within one unit ...
	at   int64 // ... and, where at is not negative, within a few lines
	from int64 // the bytes that it covers
	to   int64
	text int
}

// NewEvidence starts to collect for a person.
func (r *Recognizer) NewEvidence(person int) *Evidence { return &Evidence{r: r, person: person} }

// Add takes a hit into account. unit tells apart the parts of a record that
// don't corroborate each other; at is the place in a long text, -1 where all of
// the unit counts as one.
func (e *Evidence) Add(h Hit, unit int, at int64) {
	if h.Type.Own() && h.Form != guessedCountry && (h.Named || h.Type != CustomerID && !h.Weak) {
		if !h.Shared {
			if e.own == "" {
				e.own = h.Type
			}
			return
		}
		e.shared = h.Type
	}
	if e.likely[0] != "" {
		return
	}
	for _, s := range e.seen {
		// The same bytes are not two things that stand together.
		apart := h.Text != s.text || h.End <= s.from || s.to <= h.Start
		if s.t != h.Type && !(s.weak && h.Weak) && s.unit == unit && apart && (at < 0 || s.at < 0 || at-s.at <= near && s.at-at <= near) {
			e.likely = [2]Type{s.t, h.Type}
			return
		}
	}
	if n := len(e.seen); n < 64 {
		e.seen = append(e.seen, sighting{h.Type, h.Weak, unit, at, h.Start, h.End, h.Text})
	} else {
		e.seen[int(at&0x3fffffff)%64] = sighting{h.Type, h.Weak, unit, at, h.Start, h.End, h.Text} // of a very long text the late ones count
	}
}

// Judge returns the confidence and the reason for it, in a sentence. contradicted
// says that the record holds another birth date than the person's.
func (e *Evidence) Judge(contradicted bool) (Confidence, string) {
	switch {
	case e.own != "":
		return Certain, word(e.own) + " belongs to one person"
	case contradicted:
		return Possible, "another birth date stands in the same record"
	case e.likely[0] != "":
		return Likely, word(e.likely[0]) + " and " + word(e.likely[1]) + " stand together"
	case e.shared != "":
		return Possible, word(e.shared) + " is shared by several people"
	case len(e.seen) > 0:
		return Possible, "only " + word(e.seen[0].t) + ", which others may have too"
	}
	return Possible, "nothing settles it"
}

func word(t Type) string {
	switch t {
	case Email:
		return "the e-mail address"
	case Phone:
		return "the phone number"
	case Name:
		return "the name"
	case Address:
		return "the address"
	case BirthDate:
		return "the birth date"
	case VAT:
		return "the VAT number"
	case IBAN:
		return "the IBAN"
	case NationalID:
		return "the national id"
	case Card:
		return "the card number"
	case IP:
		return "the IP address"
	case Username:
		return "the user name"
	case CustomerID:
		return "the customer id"
	case Domain:
		return "the domain"
	}
	return string(t)
}

// ContradictedNear reports whether a birth date that is not the person's stands,
// and is called one, in the few lines around a hit in a piece of text.
func (r *Recognizer) ContradictedNear(h Hit, base int64, piece []byte) bool {
	if !r.born[h.Person] {
		return false
	}
	from, to := max(h.Start-base-near, 0), min(h.End-base+near, int64(len(piece)))
	for _, m := range r.names.bornOn.FindAllSubmatch(piece[from:to], -1) {
		if r.Contradicts(h.Person, strings.TrimSpace(string(m[1]))) {
			return true
		}
	}
	return false
}

// Contradicts reports whether value is a birth date other than the person's.
func (r *Recognizer) Contradicts(person int, value string) bool {
	v := strings.TrimSpace(value)
	timed := len(v) > 10
	if timed {
		v = v[:10]
	}
	t, err := parseDate(v)
	if err != nil || t.Year() < 1850 {
		return false
	}
	known := false
	for _, id := range r.persons[person].Identifiers {
		if id.Type != BirthDate || id.Hash != "" {
			continue
		}
		if n, err := id.Normal(); err == nil {
			day, err := time.Parse(time.DateOnly, n)
			swapped := time.Date(t.Year(), time.Month(t.Day()), int(t.Month()), 0, 0, 0, 0, time.UTC)
			apart := day.Sub(t).Abs()
			if err != nil || apart == 0 || timed && apart <= 24*time.Hour || v[4:5] != "-" && day.Equal(swapped) {
				return false // midnight elsewhere, or month and day in the other order
			}
			known = true
		}
	}
	return known
}
