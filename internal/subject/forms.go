package subject

import "github.com/spoor-scan/spoor/internal/match"

// A check decides whether the bytes at b[start:end], which the matcher found,
// are the identifier. It returns where the identifier really lies and in which
// form it is written.
type check func(b []byte, start, end int) (from, to int, form string, ok bool)

// A needle is one form of one identifier of one person.
type needle struct {
	person, ident int32
	check         check
	lookup        lookup // instead of check: whose it is the text says
}

// builder collects needles under the patterns that lead to them.
type builder struct {
	patterns match.Patterns
	needles  []link
	heads    []chain // by pattern
	person   int
	ident    int
	who      *Person
	blocks   map[string]uint8 // of numbering plans, as planIn found them
	known    *known
	avenues  map[string]*avenue // by their streets
	families map[string]*family // by their patterns
	rings    []*keyring         // one for each list of keyed hashes
}

func newBuilder() *builder {
	return &builder{known: newKnown(), avenues: map[string]*avenue{}, families: map[string]*family{}}
}

// expect makes room for the needles of n identifiers.
func (bl *builder) expect(n int) {
	n *= 3
	bl.patterns.Expect(n, 16*n)
	bl.heads, bl.needles = make([]chain, 0, n), make([]link, 0, n)
}

func (bl *builder) add(p match.Pattern, c check) { bl.link(bl.pattern(p), c, nil) }

// pattern returns the index of a pattern.
func (bl *builder) pattern(p match.Pattern) int {
	i := bl.patterns.Add(p.Text, p.Digits)
	if i == len(bl.heads) {
		bl.heads = append(bl.heads, chain{})
	}
	return i
}

// link adds a needle to those of a pattern.
func (bl *builder) link(i int, c check, l lookup) {
	bl.needles = append(bl.needles, link{needle: needle{int32(bl.person), int32(bl.ident), c, l}})
	n, h := int32(len(bl.needles)), &bl.heads[i]
	if h.last == 0 {
		h.first = n
	} else {
		bl.needles[h.last-1].next = n
	}
	h.last = n
}

// A chain is a list of needles, by index plus 1.
type chain struct{ first, last int32 }

// A link is a needle and the next one of its pattern, by index plus 1.
type link struct {
	needle
	next int32
}

// laid returns the needles in the order of their patterns, and where those of
// each pattern start.
func (bl *builder) laid() (needles []needle, first []int32) {
	needles, first = make([]needle, 0, len(bl.needles)), make([]int32, 0, len(bl.heads)+1)
	for _, h := range bl.heads {
		first = append(first, int32(len(needles)))
		for k := h.first; k != 0; k = bl.needles[k-1].next {
			needles = append(needles, bl.needles[k-1].needle)
		}
	}
	return needles, append(first, int32(len(needles)))
}

func (bl *builder) literal(text, form string, ok func(b []byte, start, end int) bool) {
	bl.add(match.Pattern{Text: text}, func(b []byte, start, end int) (int, int, string, bool) {
		return start, end, form, ok(b, start, end)
	})
}

// identifier adds all forms of an identifier in normal form.
func (bl *builder) identifier(id Identifier, normal string) {
	if id.Hash == Keyed {
		bl.keyed(id, normal)
		return
	}
	if id.Hash != "" {
		bl.digest(id.Hash, normal)
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
		if id.Type == CustomerID {
			bl.regrouped(normal)
		}
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
