package engine

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners"
)

// Expand says what becomes of identifiers that a person's record reveals.
type Expand int

const (
	// Off: nothing.
	Off Expand = iota
	// Suggest names them in the report.
	Suggest
	// Strict looks for those that belong to one person, and names the others.
	Strict
)

const (
	// maxPasses bounds how often something is read to look for identifiers that
	// the time before revealed.
	maxPasses = 8
	// maxRevealed bounds how many identifiers of a person are looked for, and how
	// many are suggested, besides those that were given.
	maxRevealed = 32
	// maxIdentifiers is how many identifiers of a person an inventory tells apart.
	maxIdentifiers = 64
)

// A revelation collects the identifiers that records reveal.
type revelation struct {
	mu   sync.Mutex
	seen map[revealedKey]*revealed
	more []revealedKey // in the order in which they came
}

type revealedKey struct {
	person int
	typ    subject.Type
	normal string
}

type revealed struct {
	id       subject.Identifier
	by       []origin // the rows that reveal it
	evidence []string
	strong   bool
	why      string // why it is not looked for
	taken    bool
}

// rounds reads all sources, databases first, since what a person's rows there
// reveal is to be looked for in the rest; and again for as long as that reveals
// more.
func (r *run) rounds(ctx context.Context) error {
	if r.Expand != Off {
		r.reveals = &revelation{seen: map[revealedKey]*revealed{}}
	}
	var live, rest []Source
	for _, s := range r.Sources {
		if _, ok := s.Source.(scanners.Looker); ok && r.Expand == Strict {
			live = append(live, s)
		} else {
			rest = append(rest, s)
		}
	}
	var err error
	if r.linker, err = newLinker(r); err != nil {
		return err
	}
	defer func() { r.linker.index.close() }()
	r.know()
	if err := r.passes(ctx, live, rest); err != nil {
		return err
	}
	r.suggest()
	return nil
}

// passes reads the databases, live, and then the rest, until nothing is revealed
// any more.
func (r *run) passes(ctx context.Context, live, rest []Source) error {
	pass := 1
	for {
		if len(live) > 0 {
			// What people's own records reveal stands in tables of people. These
			// come first, and often are the only ones that are read twice.
			r.pass(ctx, live, peoplePart)
			if more, err := r.adopt(ctx, pass); err != nil {
				return err
			} else if pass++; more {
				if err := r.again(live); err != nil {
					return err
				}
				continue
			}
			r.pass(ctx, live, func(p scanners.Part) bool { return !peoplePart(p) })
			r.linker.follow(ctx, &Counter{})
			if more, err := r.adopt(ctx, pass); err != nil {
				return err
			} else if pass++; more {
				if err := r.again(live); err != nil {
					return err
				}
				continue
			}
		}
		r.pass(ctx, rest, nil)
		r.linker.follow(ctx, &Counter{})
		more, err := r.adopt(ctx, pass)
		if err != nil || !more {
			return err
		}
		pass++
		if err := r.again(r.Sources); err != nil {
			return err
		}
	}
}

// peoplePart reports whether a part is of a table that, by its name, holds a
// person in each row.
func peoplePart(p scanners.Part) bool {
	place := p.Place
	if k := strings.LastIndex(place, " / "); k >= 0 {
		place = place[k+3:]
	}
	return links.PersonTable(place)
}

// again forgets what was found in sources that are to be read once more.
func (r *run) again(sources []Source) error {
	var names []string
	for _, s := range sources {
		names = append(names, s.Info.Name)
	}
	r.col.Reset(names...)
	r.mu.Lock()
	clear(r.parts)
	for o := range r.without {
		if slices.Contains(names, o.source) {
			delete(r.without, o)
		}
	}
	r.mu.Unlock()
	r.linker.index.close()
	var err error
	r.linker, err = newLinker(r)
	r.know()
	return err
}

// adopt takes the strong identifiers that were revealed among those that are
// looked for, and reports whether there are any.
func (r *run) adopt(ctx context.Context, pass int) (bool, error) {
	if r.Expand != Strict || ctx.Err() != nil || r.failed != nil {
		return false, nil
	}
	v := r.reveals
	persons := slices.Clone(r.Recognizer.Persons())
	added := map[int][]*revealed{}
	v.mu.Lock()
	for _, k := range v.more {
		x := v.seen[k]
		switch {
		case !x.strong || x.taken:
			continue
		case !slices.ContainsFunc(x.by, r.unshared):
			x.strong, x.why = false, "what ties the record to the person is shared by several people"
			continue
		case v.others(k):
			x.strong, x.why = false, "the records of several people reveal it"
			continue
		case pass >= maxPasses || found(persons[k.person]) >= maxRevealed || len(persons[k.person].Identifiers) >= maxIdentifiers:
			x.strong, x.why = false, "it was revealed too late to be looked for"
			continue
		}
		x.taken = true
		p := &persons[k.person]
		x.id.Found = true
		p.Identifiers = append(slices.Clone(p.Identifiers), x.id)
		added[k.person] = append(added[k.person], x)
	}
	v.mu.Unlock()
	if len(added) == 0 {
		return false, nil
	}
	rec, err := subject.New(persons)
	if err != nil {
		return false, fmt.Errorf("look for revealed identifiers: %w", err)
	}
	r.Recognizer = rec
	r.Subjects = slices.Clone(r.Subjects)
	for p, list := range added {
		s := &r.Subjects[p]
		s.Identifiers = slices.Clone(s.Identifiers)
		for _, x := range list {
			masked := rec.Masked(p, len(s.Identifiers))
			if r.ShowValues {
				masked = x.id.Value
			}
			s.Identifiers = append(s.Identifiers, inventory.Identifier{
				Type: string(x.id.Type), Masked: masked, Origin: "found", Evidence: slices.Clone(x.evidence),
				Shared: rec.Shared(p, len(s.Identifiers)),
			})
		}
	}
	return true, nil
}

// found counts the identifiers of a person that records revealed.
func found(p subject.Person) int {
	n := 0
	for _, id := range p.Identifiers {
		if id.Found {
			n++
		}
	}
	return n
}

// others reports whether the records of several people reveal an identifier.
func (v *revelation) others(k revealedKey) bool {
	for o := range v.seen {
		if o.typ == k.typ && o.normal == k.normal && o.person != k.person {
			return true
		}
	}
	return false
}

// suggest puts what was revealed and not looked for into the report.
func (r *run) suggest() {
	v := r.reveals
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	r.Subjects = slices.Clone(r.Subjects)
	for _, k := range v.more {
		x := v.seen[k]
		s := &r.Subjects[k.person]
		if x.taken || len(s.Suggestions) >= maxRevealed {
			continue
		}
		masked := subject.Mask(k.typ, x.id.Value)
		if r.ShowValues {
			masked = x.id.Value
		}
		why := x.why
		if why == "" {
			why = "identifiers that records reveal are not looked for (--expand suggest)"
		}
		s.Suggestions = append(s.Suggestions, inventory.Suggestion{Type: string(k.typ), Masked: masked, Evidence: x.evidence, Why: why})
	}
}

// The words of columns that hold an identifier, and what it is.
var columnTypes = []struct {
	typ    subject.Type
	words  *regexp.Regexp
	strong bool
}{
	{subject.Email, regexp.MustCompile(`^(e?mail|emailaddress|emailadres|courriel|adresse?mail|correo|mailaddress)$`), true},
	{subject.Phone, regexp.MustCompile(`^(phone|telephone|telefoon|telefon|tel|mobile|mobiel|gsm|cell|cellphone|handy|movil|portable|phonenumber|telefoonnummer|mobilephone|telnr|fax)$`), true},
	{subject.IBAN, regexp.MustCompile(`^(iban|bankaccount|rekeningnummer|compte)$`), true},
	{subject.VAT, regexp.MustCompile(`^(vat|btw|tva|ust|ustid|vatnumber|btwnummer|vatno|vatid|ustidnr|nif|taxid)$`), true},
	{subject.NationalID, regexp.MustCompile(`^(nationalid|rijksregister|rijksregisternummer|rrn|niss|insz|bsn|ssn|pesel|dni|nir|codicefiscale|personnummer)$`), true},
	{subject.CustomerID, regexp.MustCompile(`^(customer|client|klant|kunden?|cliente)(no|nr|number|nummer|code|ref|reference|num|numero)$`), true},
	{subject.Username, regexp.MustCompile(`^(username|login|user|gebruikersnaam|benutzername|loginname|account|accountname)$`), false},
	{subject.Domain, regexp.MustCompile(`^(domain|domein|domaine|domainname|domeinnaam|website|url)$`), false},
}

// besides are words of a column's name that say which of a person's own it is.
var besides = regexp.MustCompile(`^(alt|alternate|alternative|alternatief|second|secondary|secundair|other|backup|recovery|private|prive|privé|work|werk|home|thuis|mobile|mobiel|contact|billing|invoice|facturatie|primary|main|default|old|new|previous|personal|own|extra|business|zakelijk|address|adres|number|nummer|no|nr|[0-9]+)$`)

// entity splits the name of a column into what it holds and whose it is:
// "admin_email_2" is an e-mail address of "admin".
func entity(column string) (typ subject.Type, whose string, strong, ok bool) {
	list := links.Words(column)
	for from := range list {
		for to := len(list); to > from; to-- {
			joined := strings.Join(list[from:to], "")
			for _, t := range columnTypes {
				if !t.words.MatchString(joined) {
					continue
				}
				var rest []string
				for _, w := range append(slices.Clone(list[:from]), list[to:]...) {
					if !besides.MatchString(w) {
						rest = append(rest, w)
					}
				}
				return t.typ, strings.Join(rest, " "), t.strong, true
			}
		}
	}
	return "", "", false, false
}

// self reports whether a row names a person in the columns that say whom it is
// about.
func self(f *inventory.Finding) bool {
	return slices.ContainsFunc(f.Matches, func(m inventory.Match) bool {
		_, whose, _, ok := entity(m.Field)
		return ok && whose == "" && subject.Type(m.Type).Own()
	})
}

// emailColumn reports whether a column holds the address of whom a row is about.
func emailColumn(name string) bool {
	typ, whose, _, ok := entity(name)
	return ok && typ == subject.Email && whose == ""
}

// namesOther reports whether the columns of a row that say whom it is about hold
// an address of somebody who is not looked for.
func (r *run) namesOther(b *scanners.Block, row int) bool {
	for col, name := range b.Table.Columns {
		if !emailColumn(name) {
			continue
		}
		if v, null := b.Cell(row, col); !null && wholeAddress(v) {
			return true
		}
	}
	return false
}

// wholeAddress reports whether a cell is one e-mail address.
func wholeAddress(v []byte) bool {
	at := slices.Index(v, '@')
	if at < 0 {
		return false
	}
	start, end := rules.EmailAt(v, at)
	return start == 0 && end == len(v)
}

// reveal takes the identifiers of a row that is certainly about a person.
func (r *run) reveal(b *scanners.Block, row int, f *inventory.Finding) {
	v := r.reveals
	if v == nil {
		return
	}
	p := f.SubjectIndex()
	// Whose data it is, by the columns in which the person's own identifiers are.
	whose := map[string]bool{}
	for _, m := range f.Matches {
		if _, w, _, ok := entity(m.Field); ok && subject.Type(m.Type).Own() {
			whose[w] = true
		}
	}
	if len(whose) == 0 || !r.theirs(b, row, f) {
		return
	}
	by := origin{person: p, own: f.Settles}
	emails := 0
	var found []revealed
	for col, name := range b.Table.Columns {
		typ, w, strong, ok := entity(name)
		if !ok || !whose[w] {
			continue
		}
		cell, null := b.Cell(row, col)
		value := strings.TrimSpace(string(cell))
		if null || value == "" || len(value) > 254 {
			continue
		}
		id := subject.Identifier{Type: typ, Value: value}
		switch typ {
		case subject.Email:
			if !wholeAddress([]byte(value)) {
				continue
			}
			emails++
		case subject.CustomerID:
			if len(value) < 5 {
				continue
			}
		case subject.Phone:
			if !strings.HasPrefix(value, "+") && !strings.HasPrefix(value, "00") {
				continue // nothing says of which country it is
			}
		case subject.Domain:
			if strings.ContainsAny(value, "/@ ") || !strings.Contains(value, ".") {
				continue
			}
		}
		if _, err := id.Normal(); err != nil {
			continue
		}
		x := revealed{id: id, by: []origin{by}, strong: strong}
		switch {
		case !strong:
			x.why = "others may have it, too"
		case typ == subject.Email && id.Sharable():
			x.strong, x.why = false, "it is the mailbox of a role, which others may use"
		}
		x.evidence = []string{fmt.Sprintf("column %s of finding %s", name, f.ID)}
		found = append(found, x)
	}
	if f.ThirdParties > emails {
		return // the row is about others, too
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, x := range found {
		n, err := x.id.Normal()
		if err != nil || r.has(p, x.id.Type, n) {
			continue
		}
		k := revealedKey{p, x.id.Type, n}
		if old := v.seen[k]; old != nil {
			if len(old.evidence) < 3 && !slices.Contains(old.evidence, x.evidence[0]) {
				old.evidence, old.by = append(old.evidence, x.evidence[0]), append(old.by, by)
			}
			continue
		}
		v.seen[k] = &x
		v.more = append(v.more, k)
	}
}

// theirs reports whether a row is the person's own: it does not name somebody
// else, and what ties it to the person is not only what people share, as a
// telephone, unless it has their name as well. A household shares a telephone and
// a surname.
func (r *run) theirs(b *scanners.Block, row int, f *inventory.Finding) bool {
	p := f.SubjectIndex()
	alone := slices.ContainsFunc(f.Settles, func(i int) bool { return !r.Recognizer.Persons()[p].Identifiers[i].Sharable() })
	if words := nameIn(b, row); words != nil && r.hasName(p) {
		least := 2
		if alone {
			least = 1
		}
		return r.namedBy(p, words, least)
	}
	return alone
}

// has reports whether an identifier is among those that are looked for.
func (r *run) has(p int, typ subject.Type, normal string) bool {
	for _, id := range r.Recognizer.Persons()[p].Identifiers {
		if id.Type != typ {
			continue
		}
		if n, err := id.Normal(); err == nil && n == normal {
			return true
		}
	}
	return false
}
