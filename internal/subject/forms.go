package subject

import "github.com/spoor-scan/spoor/internal/match"

// A check decides whether the bytes at b[start:end], which the matcher found,
// are the identifier. It returns where the identifier really lies and in which
// form it is written.
type check func(b []byte, start, end int) (from, to int, form string, ok bool)

// A needle is one form of one identifier of one person.
type needle struct {
	person, ident int
	check         check
	lookup        lookup // instead of check: whose it is the text says
}

// builder collects needles under the patterns that lead to them.
type builder struct {
	index    map[match.Pattern]int
	patterns []match.Pattern
	needles  [][]needle
	person   int
	ident    int
	who      *Person
	blocks   map[string]uint8 // of numbering plans, as planIn found them
	known    *known
	avenues  map[string]*avenue // by their streets
	families map[string]*family // by their patterns
}

func newBuilder() *builder {
	return &builder{index: map[match.Pattern]int{}, known: newKnown(), avenues: map[string]*avenue{}, families: map[string]*family{}}
}

func (bl *builder) add(p match.Pattern, c check) {
	if !p.Digits {
		p.Text = asciiLower(p.Text)
	}
	i, ok := bl.index[p]
	if !ok {
		i = len(bl.patterns)
		bl.index[p] = i
		bl.patterns = append(bl.patterns, p)
		bl.needles = append(bl.needles, nil)
	}
	bl.needles[i] = append(bl.needles[i], needle{person: bl.person, ident: bl.ident, check: c})
}

func (bl *builder) literal(text, form string, ok func(b []byte, start, end int) bool) {
	bl.add(match.Pattern{Text: text}, func(b []byte, start, end int) (int, int, string, bool) {
		return start, end, form, ok(b, start, end)
	})
}

// identifier adds all forms of an identifier in normal form.
func (bl *builder) identifier(id Identifier, normal string) {
	if id.Hash != "" {
		bl.literal(normal, id.Hash, wordBounds)
		if id.Type == Email {
			bl.hashed(id.Hash, normal)
		}
		return
	}
	switch id.Type {
	case Email:
		bl.email(normal, id.Value)
	case Phone:
		bl.phone(normal)
	case IBAN, VAT, NationalID, Card:
		bl.number(id.Type, normal)
	case Name:
		bl.name(id.Value)
	case Address:
		bl.address(id.Value)
	case BirthDate:
		bl.date(normal)
	case IP:
		bl.ip(normal)
	case Username, CustomerID:
		bl.literal(normal, "plain", idBounds)
	case Domain:
		bl.domain(normal)
	}
}

func wordAt(b []byte, i int) bool {
	r, _ := runeAfter(b, i)
	return r >= 0 && wordRune(r)
}

func wordBefore(b []byte, i int) bool {
	r, _ := runeBefore(b, i)
	if r >= 0x80 && !wordRune(r) {
		return wrongBefore(b, i)
	}
	return r >= 0 && wordRune(r)
}

// wordBounds wants no letter or digit on either side.
func wordBounds(b []byte, start, end int) bool {
	return !wordBefore(b, start) && !wordAt(b, end)
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if isUpper(c) {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
