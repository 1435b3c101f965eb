// Package match finds many literals and numbers in bytes at once, at a speed
// near that of memory.
//
// It knows nothing of persons or words: it reports every occurrence, and the
// caller judges what stands around it.
package match

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
)

// Limits of a pattern's Text, in bytes.
const (
	maxLiteral = 512
	minDigits  = 5
	maxDigits  = 40
)

// block is how many bytes all passes look at before any goes on: a multiple of
// 64 that leaves the nearer caches to the tables.
const block = 32 << 10

// A Pattern is one thing to look for.
type Pattern struct {
	// Text is the literal of 1 to 512 bytes, matched with ASCII letters folded
	// and all other bytes exact. With Digits it is 5 to 40 decimal digits,
	// found in any grouping.
	Text string

	// Digits says that Text is a number. It is found wherever its digits stand
	// in whole groups of digits, neighbours being joined by 1 to 3 separators,
	// each of them a space, a no-break (U+00A0), narrow no-break (U+202F) or
	// thin space (U+2009), a hyphen-minus, non-breaking hyphen (U+2011) or en
	// dash (U+2013), or one of ". / ( ) _". An occurrence begins with the first
	// and ends with the last digit; more digits never touch it, letters may.
	Digits bool
}

// A Hit is an occurrence of the pattern with this index at buf[Start:End].
type Hit struct{ Pattern, Start, End int }

// A Matcher finds a fixed set of patterns. It is immutable and may be used by
// several goroutines at once.
type Matcher struct {
	grams   []*grams // literals, by classes of length
	digits  *digits  // nil: no numbers
	maxLen  int
	windows sync.Pool // *held
	scratch sync.Pool // *scratch
}

// Compile prepares a Matcher. Of patterns that are equal after folding the
// first is reported. It fails when a pattern is not within its limits; the
// error gives its index and never its text.
func Compile(patterns []Pattern) (*Matcher, error) {
	total, numbers := 0, 0
	for i, p := range patterns {
		switch {
		case p.Digits && (len(p.Text) < minDigits || len(p.Text) > maxDigits || !decimal(p.Text)):
			return nil, fmt.Errorf("match: pattern %d: want %d to %d decimal digits", i, minDigits, maxDigits)
		case len(p.Text) == 0 || len(p.Text) > maxLiteral:
			return nil, fmt.Errorf("match: pattern %d: %d bytes, want 1 to %d", i, len(p.Text), maxLiteral)
		case p.Digits:
			numbers++
		default:
			total += len(p.Text)
		}
	}
	m := &Matcher{}
	folded := make([]byte, 0, total)
	for _, p := range patterns {
		if !p.Digits {
			for i := range len(p.Text) {
				folded = append(folded, lower(p.Text[i]))
			}
		}
	}
	texts := string(folded) // of all literals
	lits := make([]literal, 0, len(patterns)-numbers)
	nums := make([]number, 0, numbers)
	seenLits, seenNums := newSet(cap(lits)), newSet(cap(nums))
	for i, p := range patterns {
		if p.Digits {
			if seenNums.add(p.Text, func(i int) string { return nums[i].text }) {
				nums = append(nums, number{p.Text, int32(i)})
				m.maxLen = max(m.maxLen, len(p.Text)+(len(p.Text)-1)*maxGap)
			}
			continue
		}
		text := texts[:len(p.Text)]
		texts = texts[len(p.Text):]
		if seenLits.add(text, func(i int) string { return lits[i].text }) {
			lits = append(lits, literal{text: text, pattern: int32(i)})
			m.maxLen = max(m.maxLen, len(text))
		}
	}
	m.grams = compileGrams(lits)
	if len(nums) > 0 {
		m.digits = compileDigits(nums)
	}
	return m, nil
}

// A set holds which texts of a list are there, in less memory than a map has.
type set struct {
	seed  maphash.Seed
	slots []int32 // open addressing; index in the list plus 1; 0: free
	n     int
}

func newSet(n int) *set {
	return &set{seed: maphash.MakeSeed(), slots: make([]int32, 1<<log2(2*n))}
}

// add reports whether text is none of the list, texts of which are returned by
// at; the caller then appends it.
func (s *set) add(text string, at func(int) string) bool {
	mask := uint64(len(s.slots) - 1)
	for i := maphash.String(s.seed, text) & mask; ; i = (i + 1) & mask {
		switch k := s.slots[i]; {
		case k == 0:
			s.n++
			s.slots[i] = int32(s.n)
			return true
		case at(int(k)-1) == text:
			return false
		}
	}
}

// MaxLen returns the longest span that a hit can have, in bytes; 0 when there
// are no patterns.
func (m *Matcher) MaxLen() int { return m.maxLen }

// Find appends all occurrences in buf to dst, overlapping ones too, ordered by
// Start and then by Pattern, and returns the extended slice. What lies before
// and after buf counts as no digit.
func (m *Matcher) Find(dst []Hit, buf []byte) []Hit {
	old := len(dst)
	if len(buf) == 0 {
		return dst
	}
	s, _ := m.scratch.Get().(*scratch)
	if s == nil {
		s = new(scratch)
	}
	defer m.scratch.Put(s)
	s.done = 0
	// Blocks that stay in the nearer cache while all passes look at them.
	for lo := 0; lo < len(buf); lo += block {
		hi := min(lo+block, len(buf))
		for _, g := range m.grams {
			dst = g.find(dst, buf, lo, hi, &s.probed)
		}
		if m.digits != nil {
			dst = m.digits.find(dst, buf, lo, hi, s)
		}
	}
	if len(dst)-old > 1 {
		order(dst[old:])
	}
	return dst
}

func order(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		if c := cmp.Compare(a.Start, b.Start); c != 0 {
			return c
		}
		if c := cmp.Compare(a.Pattern, b.Pattern); c != 0 {
			return c
		}
		return cmp.Compare(a.End, b.End)
	})
}

func decimal(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return true
}

// lower turns an ASCII letter to lower case.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
