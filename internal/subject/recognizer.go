package subject

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/rules"
)

// near is the distance in bytes within which two matches in a text belong
// together: a few lines.
const near = 512

// A Recognizer finds people in bytes. It is immutable and safe for concurrent
// use.
type Recognizer struct {
	persons []Person
	shared  [][]bool
	matcher *match.Matcher
	births  *match.Matcher // of the words in front of birth dates
	needles []needle
	first   []int32 // of the needles of each pattern, and behind the last
	lookups []lookup
	names   names
	born    []bool    // whose birth date is known
	cuts    cuts      // of the numbers; nil: there are none
	finders sync.Pool // *finder
	rings   []*keyring
	maybe   *rules.Set // finds what rings may hold; nil without any
}

// A Hit is one place where an identifier of a person stands.
type Hit struct {
	Person     int // index
	Identifier int // index within the person
	Type       Type
	// Form says how the identifier is written. What is encoded has the names of
	// its encodings, from outside in, and the form inside unless it is plain:
	// "base64", "base64+gzip", "percent+plus-tag".
	Form       string
	Start, End int64 // of the bytes that hold it; of base64 whole groups, of compressed data all of them
	// Part tells apart the parts of a text that are about one thing each: the
	// objects in an array, the lines of a table or a log. It is 0 in other text.
	Part int
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

	decoded      bool  // it stands in something that is encoded
	contradicted bool  // and another birth date beside it there
	from, to     int64 // its place in what compressed data decode to
}

// collected is after how many people the garbage that their forms leave is
// collected: it may be more than all that stays.
const collected = 1024

// New returns a Recognizer for persons. It fails on an identifier that can't be
// one of its type, naming person and type but not the value.
func New(persons []Person) (*Recognizer, error) {
	bl := newBuilder()
	r := &Recognizer{persons: persons, names: newNames()}
	identifiers := 0
	for _, p := range persons {
		identifiers += len(p.Identifiers)
	}
	bl.expect(identifiers)
	first := make(map[uint64]owner, identifiers) // by the hash of what they are
	seed := maphash.MakeSeed()
	for p, person := range persons {
		if p > 0 && p%collected == 0 {
			runtime.GC()
		}
		r.shared = append(r.shared, make([]bool, len(person.Identifiers)))
		r.born = append(r.born, slices.ContainsFunc(person.Identifiers, func(id Identifier) bool { return id.Type == BirthDate && id.Hash == "" }))
		for i, id := range person.Identifiers {
			normal, err := id.Normal()
			if err != nil {
				return nil, fmt.Errorf("subject %s: %s: %w", person.ID, id.Type, err)
			}
			if id.Hash == Keyed && person.List == nil {
				return nil, fmt.Errorf("subject %s: %s: a keyed hash without the list that it is of", person.ID, id.Type)
			}
			key := maphash.Comparable(seed, [3]string{string(id.Type), id.Hash, normal})
			for ; ; key++ { // past those that have the same hash by chance
				o, ok := first[key]
				if !ok {
					first[key] = owner{int32(p), int32(i)}
					break
				}
				known := persons[o.person].Identifiers[o.ident]
				if n, _ := known.Normal(); known.Type != id.Type || known.Hash != id.Hash || n != normal {
					continue
				}
				if int(o.person) == p {
					normal = "" // given twice
				} else {
					r.shared[o.person][o.ident], r.shared[p][i] = true, true
				}
				break
			}
			if normal == "" {
				continue
			}
			bl.person, bl.ident, bl.who = p, i, &persons[p]
			bl.identifier(id, normal)
		}
	}
	first = nil
	// What only building takes is let go first: the tables take as much again.
	r.needles, r.first = bl.laid()
	r.lookups, r.cuts = bl.lookups, bl.cuts
	bl.heads, bl.needles, bl.known.named = nil, nil, nil // lookups keep the rest
	if len(persons) >= collected {
		runtime.GC()
	}
	m, err := bl.patterns.Compile()
	if err != nil {
		return nil, fmt.Errorf("build the tables of forms: %w", err)
	}
	r.matcher = m
	if r.rings = bl.rings; r.rings != nil {
		if r.maybe, err = candidates(); err != nil {
			return nil, fmt.Errorf("build the detectors of keyed hashes: %w", err)
		}
	}
	var stems []match.Pattern
	for _, w := range []string{"birth", "dob", "born", "gebor", "geboorte", "geburt", "naissance", "né", "nÉ", "ne ", "ne\t", "ne\n", "ne\f", "ne\r", "nee", "nacimiento", "nascita", "urodz"} {
		stems = append(stems, match.Pattern{Text: w})
	}
	if r.births, err = match.Compile(stems); err != nil {
		return nil, fmt.Errorf("build the words of birth dates: %w", err)
	}
	return r, nil
}

// Persons returns the people that are looked for.
func (r *Recognizer) Persons() []Person { return r.persons }

// Masked returns an identifier as reports show it.
func (r *Recognizer) Masked(person, identifier int) string {
	id := r.persons[person].Identifiers[identifier]
	if id.Hash == "" {
		return Mask(id.Type, strings.TrimSpace(id.Value))
	}
	normal, err := id.Normal()
	if err != nil {
		return id.Hash // never: New refused it
	}
	return id.Hash + ":" + maskPart(normal[:12], 2, 0)
}

// Shared reports whether several of the people that are looked for have the
// identifier.
func (r *Recognizer) Shared(person, identifier int) bool { return r.shared[person][identifier] }

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
	hit  Hit
	unit int   // matches corroborate within one unit ...
	at   int64 // ... and, where at is not negative, within a few lines
}

// NewEvidence starts to collect for a person.
func (r *Recognizer) NewEvidence(person int) *Evidence { return &Evidence{r: r, person: person} }

// Add takes a hit into account. unit tells apart the parts of a record that
// don't corroborate each other; at is the place in a long text, -1 where all of
// the unit counts as one.
func (e *Evidence) Add(h Hit, unit int, at int64) {
	if h.telling() {
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
	s := sighting{h, unit, at}
	for _, o := range e.seen {
		if o.unit == unit && s.within(o) {
			return // the name of its owner in an address says no more than the address
		}
	}
	for _, o := range e.seen {
		if o.hit.Type != h.Type && !(o.hit.Weak && h.Weak) && o.unit == unit && s.beside(o) {
			e.likely = [2]Type{o.hit.Type, h.Type}
			return
		}
	}
	if n := len(e.seen); n < 64 {
		e.seen = append(e.seen, s)
	} else {
		e.seen[int(at&0x3fffffff)%64] = s // of a very long text the late ones count
	}
}

// within reports whether s is a part of what names an account or a host.
func (s sighting) within(o sighting) bool {
	a, b := s.hit, o.hit
	if b.Type == a.Type || b.Type != Email && b.Type != Domain && b.Type != Username || a.Text != b.Text || b.Start > a.Start || a.End > b.End {
		return false
	}
	if a.to > 0 && b.to > 0 {
		return b.from <= a.from && a.to <= b.to
	}
	return a.to == 0 && b.to == 0
}

// beside reports whether two sightings in one unit corroborate each other.
func (s sighting) beside(o sighting) bool {
	a, b := s.hit, o.hit
	nearby := s.at < 0 || o.at < 0 || s.at-o.at <= near && o.at-s.at <= near
	if a.Text != b.Text {
		return nearby
	}
	if a.Part != b.Part {
		return false
	}
	// The same bytes are not two things that stand together.
	if a.Start == b.Start && a.End == b.End && a.to > 0 && b.to > 0 {
		return (a.to <= b.from || b.to <= a.from) && (s.at < 0 || max(a.from, b.from)-min(a.to, b.to) <= near)
	}
	return nearby && (a.End <= b.Start || b.End <= a.Start)
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
		return Possible, "only " + word(e.seen[0].hit.Type) + ", which others may have too"
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
	if h.decoded { // its place is not one in the piece, in which it was looked for
		return h.contradicted
	}
	from, to := max(h.Start-base-near, 0), min(h.End-base+near, int64(len(piece)))
	if from >= to {
		return false
	}
	text := piece[from:to]
	if !r.NamesBirths(text) {
		return false
	}
	start, end := int(h.Start-base-from), int(h.End-base-from)
	for _, m := range r.names.bornOn.FindAllSubmatchIndex(text, -1) {
		// Another record's birth date says nothing.
		if m[0] >= end && apart(text, end, m[0]) || m[1] <= start && apart(text, m[1], start) {
			continue
		}
		if r.Contradicts(h.Person, strings.TrimSpace(string(text[m[2]:m[3]]))) {
			return true
		}
	}
	return false
}

// NamesBirths reports whether a text may call a date a birth date; where it does
// not, ContradictedNear finds nothing.
func (r *Recognizer) NamesBirths(text []byte) bool { return len(r.births.Find(nil, text)) > 0 }

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
