package match

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
)

// Patterns collects what is to be looked for, each once and in little memory.
// The zero value is empty.
type Patterns struct {
	text   []byte   // of all, folded; of a compiled set 8 bytes longer than they are
	ends   []uint32 // in text
	number []uint64 // bit by pattern: it is a number
	seed   maphash.Seed
	slots  []uint32 // open addressing; pattern plus 1; 0: free
	long   bool     // more text than can be addressed
}

// Len returns how many patterns there are.
func (p *Patterns) Len() int { return len(p.ends) }

// Expect makes room for n patterns of so many bytes in all.
func (p *Patterns) Expect(n, size int) {
	if size > cap(p.text) {
		p.text = append(make([]byte, 0, size+8), p.text...)
	}
	if n > cap(p.ends) {
		p.ends = append(make([]uint32, 0, n), p.ends...)
	}
	if want := 1 << log2(2*n); want > len(p.slots) {
		p.rehash(want)
	}
}

// Add adds a pattern and returns its number, which is that of an equal one where
// there is one. Whether it is within its limits Compile says.
func (p *Patterns) Add(text string, digits bool) int {
	if 2*(len(p.ends)+1) > len(p.slots) {
		p.rehash(max(64, 2*len(p.slots)))
	}
	old := len(p.text)
	for i := range len(text) {
		p.text = append(p.text, lower(text[i]))
	}
	slot := p.find(p.text[old:], digits)
	if k := p.slots[slot]; k != 0 {
		p.text = p.text[:old]
		return int(k) - 1
	}
	if p.long = p.long || len(p.text) > math.MaxUint32-8; p.long {
		p.text = p.text[:old]
	}
	n := len(p.ends)
	p.ends = append(p.ends, uint32(len(p.text)))
	if n/64 == len(p.number) {
		p.number = append(p.number, 0)
	}
	if digits {
		p.number[n/64] |= 1 << (n % 64)
	}
	p.slots[slot] = uint32(n) + 1
	return n
}

// find returns the slot of a pattern, or the one for it.
func (p *Patterns) find(text []byte, digits bool) int {
	mask := uint64(len(p.slots) - 1)
	for i := maphash.Bytes(p.seed, text) & mask; ; i = (i + 1) & mask {
		if k := int(p.slots[i]); k == 0 || string(p.at(k-1)) == string(text) && p.isNumber(k-1) == digits {
			return int(i)
		}
	}
}

func (p *Patterns) rehash(n int) {
	if len(p.slots) == 0 {
		p.seed = maphash.MakeSeed()
	}
	p.slots = make([]uint32, n)
	for i := range p.ends {
		p.slots[p.find(p.at(i), p.isNumber(i))] = uint32(i) + 1
	}
}

func (p *Patterns) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return p.ends[i-1]
}

func (p *Patterns) at(i int) []byte { return p.text[p.start(i):p.ends[i]] }

func (p *Patterns) isNumber(i int) bool { return p.number[i/64]>>(i%64)&1 != 0 }

// Compile prepares a Matcher whose hits have the numbers that Add returned. It
// fails when a pattern is not within its limits; the error gives its number and
// never its text. Nothing can be added afterwards.
func (p *Patterns) Compile() (*Matcher, error) { return p.compile(nil) }

// compile is Compile for patterns that are to be reported under other numbers;
// nil: their own.
func (p *Patterns) compile(as []int32) (*Matcher, error) {
	if p.long {
		return nil, errors.New("match: the patterns are too long in all")
	}
	p.slots = nil
	name := func(i int) int32 {
		if as != nil {
			return as[i]
		}
		return int32(i)
	}
	numbers := 0
	for i := range p.ends {
		text := p.at(i)
		switch {
		case p.isNumber(i) && (len(text) < minDigits || len(text) > maxDigits || !decimal(text)):
			return nil, fmt.Errorf("match: pattern %d: want %d to %d decimal digits", name(i), minDigits, maxDigits)
		case len(text) == 0 || len(text) > maxLiteral:
			return nil, fmt.Errorf("match: pattern %d: %d bytes, want 1 to %d", name(i), len(text), maxLiteral)
		case p.isNumber(i):
			numbers++
		}
	}
	m := &Matcher{}
	lits, nums := make([]literal, 0, len(p.ends)-numbers), make([]literal, 0, numbers)
	for i := range p.ends {
		l := literal{at: p.start(i), length: uint16(p.ends[i] - p.start(i)), pattern: name(i)}
		n := int(l.length)
		if p.isNumber(i) {
			nums = append(nums, l)
			m.maxLen = max(m.maxLen, n+(n-1)*maxGap)
		} else {
			lits = append(lits, l)
			m.maxLen = max(m.maxLen, n)
		}
	}
	text := p.text
	if cap(text)-len(text) < 8 || cap(text) > len(text)+len(text)/8 {
		text = make([]byte, len(p.text), len(p.text)+8)
		copy(text, p.text)
	}
	text = append(text, make([]byte, 8)...) // for loads behind the last
	*p = Patterns{}
	m.grams = compileGrams(lits, text)
	if len(nums) > 0 {
		m.digits = compileDigits(nums, text)
	}
	return m, nil
}
