// Package match finds many literals and numbers in bytes at once, at a speed
// near that of memory.
//
// It knows nothing of persons or words: it reports every occurrence, and the
// caller judges what stands around it.
package match

import (
	"cmp"
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
	var all Patterns
	size := 0
	for _, p := range patterns {
		size += len(p.Text)
	}
	all.Expect(len(patterns), size)
	as := make([]int32, 0, len(patterns))
	for i, p := range patterns {
		if n := all.Len(); all.Add(p.Text, p.Digits) == n {
			as = append(as, int32(i))
		}
	}
	return all.compile(as)
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

func decimal(s []byte) bool {
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
