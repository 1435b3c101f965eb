package subject

import "github.com/spoor-scan/spoor/internal/match"

// A check decides whether the bytes at b[start:end], which the matcher found,
// are the identifier. It returns where the identifier really lies and in which
// form it is written.
type check func(b []byte, start, end int) (from, to int, form string, ok bool)

// A needle is one form of one identifier of one person; or, where ident is
// negative, a lookup: whose it is the text says. There may be millions, so that
// it is as small as it can be.
type needle struct {
	person, ident int32 // of a lookup: its number, -1
	check         check
}

// builder collects needles under the patterns that lead to them.
type builder struct {
	patterns match.Patterns
	needles  [][]link // in blocks of linkBlock, which stay where they are
	count    int32    // of needles
	heads    []chain  // by pattern
	lookups  []lookup // by number
	person   int
	ident    int
	who      *Person
	blocks   map[string]uint8 // of numbering plans, as planIn found them
	known    *known
	avenues  map[string]*avenue // by their streets
	families map[string]*family // by their patterns
	rings    []*keyring         // one for each list of keyed hashes
	numbers  map[number]*number // how numbers are written
	cuts     cuts
}

func newBuilder() *builder {
	return &builder{known: newKnown(), avenues: map[string]*avenue{}, families: map[string]*family{}, numbers: map[number]*number{}}
}

// expect makes room for the needles of n identifiers.
func (bl *builder) expect(n int) {
	n *= 3
	bl.patterns.Expect(n, 16*n)
	bl.heads = make([]chain, 0, n)
}

func (bl *builder) add(p match.Pattern, c check) {
	if p.Digits {
		bl.cuts.add(p.Text)
	}
	bl.link(bl.pattern(p), needle{int32(bl.person), int32(bl.ident), c})
}

// pattern returns the index of a pattern.
func (bl *builder) pattern(p match.Pattern) int {
	i := bl.patterns.Add(p.Text, p.Digits)
	if i == len(bl.heads) {
		bl.heads = append(bl.heads, chain{})
	}
	return i
}

// linkBlock is how many needles are kept together while they are collected.
const linkBlock = 1 << 12

// link adds a needle to those of a pattern: a lookup in front of all others, so
// that the lookups of a pattern are told at a glance.
func (bl *builder) link(i int, n needle) {
	if int(bl.count)%linkBlock == 0 {
		bl.needles = append(bl.needles, make([]link, 0, linkBlock))
	}
	block := &bl.needles[len(bl.needles)-1]
	*block = append(*block, link{needle: n})
	bl.count++
	h := &bl.heads[i]
	switch {
	case h.last == 0:
		h.first, h.last = bl.count, bl.count
	case n.ident < 0:
		bl.at(bl.count).next = h.first
		h.first = bl.count
	default:
		bl.at(h.last).next = bl.count
		h.last = bl.count
	}
}

// at returns a needle by its index plus 1.
func (bl *builder) at(k int32) *link { return &bl.needles[(k-1)/linkBlock][(k-1)%linkBlock] }

// A chain is a list of needles, by index plus 1.
type chain struct{ first, last int32 }

// A link is a needle and the next one of its pattern, by index plus 1.
type link struct {
	needle
	next  int32
	named uint32 // number of the name of a lookup
}

// laid returns the needles in the order of their patterns, and where those of
// each pattern start.
func (bl *builder) laid() (needles []needle, first []int32) {
	needles, first = make([]needle, 0, bl.count), make([]int32, 0, len(bl.heads)+1)
	for _, h := range bl.heads {
		first = append(first, int32(len(needles)))
		for k := h.first; k != 0; k = bl.at(k).next {
			needles = append(needles, bl.at(k).needle)
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
