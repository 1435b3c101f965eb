package subject

import (
	"net/netip"

	"github.com/spoor-scan/spoor/internal/match"
)

// An owner is an identifier of a person.
type owner struct{ person, ident int32 }

// take is called with each identifier that stands at b[from:to].
type take func(o owner, from, to int, form string)

// A lookup reads what stands around b[start:end], which the matcher found, and
// looks up whose it is: the cost does not grow with the number of people.
type lookup func(b []byte, start, end int, found take)

// known holds the identifiers that are read from the text and looked up,
// whatever pattern led there.
type known struct {
	mailboxes map[string][]owner // local part, @ and domain in ASCII
	bases     map[string][]owner // likewise: a given address without its tag
	gmail     map[string][]owner // local part without dots
	sums      map[string][]owner // kind, colon and hash
	kinds     map[string]bool    // of sums
	rings     []*keyring         // of keyed hashes
	ips       map[netip.Addr][]owner
	days      map[int][]owner   // year*10000 + month*100 + day
	hosts     map[string]bool   // of mailboxes
	months    map[string]int    // by their folded names
	dayWords  map[string]int    // days of a month by their words: zeven, premier
	named     map[string]uint32 // numbers of lookups and of what else was added once
}

func newKnown() *known {
	return &known{
		mailboxes: map[string][]owner{}, bases: map[string][]owner{}, gmail: map[string][]owner{},
		sums: map[string][]owner{}, kinds: map[string]bool{},
		ips: map[netip.Addr][]owner{}, days: map[int][]owner{}, hosts: map[string]bool{}, months: monthNumbers(), dayWords: dayNumbers(), named: map[string]uint32{},
	}
}

func (bl *builder) owner() owner { return owner{int32(bl.person), int32(bl.ident)} }

// lead adds a pattern that leads to a lookup, once for everybody. to names the
// lookup.
func (bl *builder) lead(p match.Pattern, to string, l lookup) {
	i := bl.pattern(p)
	n, ok := bl.known.named[to]
	if !ok {
		n = uint32(len(bl.known.named))
		bl.known.named[to] = n
	}
	for k := bl.heads[i].first; k != 0; k = bl.at(k).next {
		if o := bl.at(k); o.ident >= 0 {
			break
		} else if o.named == n {
			return
		}
	}
	bl.lookups = append(bl.lookups, l)
	bl.link(i, needle{int32(len(bl.lookups) - 1), -1, nil})
	bl.at(bl.count).named = n
}

// once reports whether something that is named so was not added yet.
func (bl *builder) once(name string) bool {
	name = "\x00" + name // none of a lookup
	if _, ok := bl.known.named[name]; ok {
		return false
	}
	bl.known.named[name] = uint32(len(bl.known.named))
	return true
}
