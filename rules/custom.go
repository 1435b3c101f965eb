package rules

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Custom is a detector as users write it: a Rule with a pattern in place of
// Find, and a check by name in place of Valid.
type Custom struct {
	ID           string   `yaml:"id"`
	Description  string   `yaml:"description"`
	Source       string   `yaml:"source"`
	Category     string   `yaml:"category"`
	Country      string   `yaml:"country"`
	Pattern      string   `yaml:"pattern"` // RE2 syntax, for one line; ^ and $ are its ends
	MaxLen       int      `yaml:"max_len"` // of a match of Pattern, in bytes, where that says none
	Shapes       []string `yaml:"shapes"`
	Check        string   `yaml:"check"` // one of Checks
	Context      []string `yaml:"context"`
	NeedsContext bool     `yaml:"needs_context"`
	Match        []string `yaml:"match"`
	NoMatch      []string `yaml:"no_match"`
}

// check is a check of the letters and digits of a match, in upper case.
type check struct {
	name  string
	valid func(b []byte) bool
}

func checks() []check {
	onDigits := func(valid func(d []byte) bool) func(b []byte) bool {
		return func(b []byte) bool { return len(b) > 1 && digitsIn(b) == len(b) && valid(b) }
	}
	return []check{
		{"iban", func(b []byte) bool {
			return len(b) >= 15 && len(b) <= maxCompact && ibanLength(b[0], b[1]) == len(b) && validIBAN(b)
		}},
		{"luhn", onDigits(luhn)},
		{"mod11-10", onDigits(mod11_10)},
		{"mod11-2", func(b []byte) bool {
			n := len(b) - 1
			if n < 1 || digitsIn(b[:n]) != n || !digit(b[n]) && b[n] != 'X' {
				return false
			}
			p := 0
			for _, c := range b[:n] {
				p = (p + int(c-'0')) * 2 % 11
			}
			return "0123456789X"[(12-p)%11] == b[n]
		}},
		{"mod97", func(b []byte) bool { return len(b) > 2 && mod97(b) == 1 }},
		{"mod97-remainder", onDigits(func(d []byte) bool { // as of VCS and of Belgian numbers
			n := len(d) - 2
			if n < 1 {
				return false
			}
			r := mod(d[:n], 97)
			if r == 0 {
				r = 97
			}
			return int(num(d[n:])) == r
		})},
		{"mod97-complement", onDigits(func(d []byte) bool { n := len(d) - 2; return n > 0 && 97-mod(d[:n], 97) == int(num(d[n:])) })},
	}
}

// Checks returns the names of the checks that a Custom may have.
func Checks() []string {
	var names []string
	for _, c := range checks() {
		names = append(names, c.name)
	}
	return names
}

// Rule compiles a detector and tries its examples. Errors are one line.
func (c Custom) Rule() (Rule, error) {
	r := Rule{
		ID: c.ID, Description: c.Description, Source: c.Source, Category: c.Category, Country: strings.ToUpper(c.Country),
		Shapes: c.Shapes, Context: c.Context, NeedsContext: c.NeedsContext, Match: c.Match, NoMatch: c.NoMatch,
		check: c.Check,
	}
	if r.Source == "" {
		r.Source = "configuration"
	}
	if c.Country != "" && (len(r.Country) != 2 || !isCountry(r.Country[0], r.Country[1])) {
		return Rule{}, fmt.Errorf("country: want a code of ISO 3166-1 such as BE")
	}
	var valid func(b []byte) bool
	if c.Check != "" {
		all := checks()
		k := slices.IndexFunc(all, func(k check) bool { return k.name == c.Check })
		if k < 0 {
			return Rule{}, fmt.Errorf("check must be one of %s", strings.Join(Checks(), ", "))
		}
		valid = all[k].valid
	}
	switch {
	case (c.Pattern == "") == (len(c.Shapes) == 0):
		return Rule{}, errors.New("want either a pattern or shapes")
	case c.Pattern == "" && c.MaxLen != 0:
		return Rule{}, errors.New("max_len goes with a pattern")
	case c.Pattern != "":
		p, err := compilePattern(c.Pattern, c.MaxLen, valid)
		if err != nil {
			return Rule{}, err
		}
		r.Find, r.MaxLen = p.find, p.maxLen
	default:
		r.Valid = valid
	}
	if _, err := NewSet([]Rule{r}); err != nil {
		return Rule{}, errors.New(strings.TrimPrefix(err.Error(), fmt.Sprintf("rule %q: ", r.ID)))
	}
	return r, nil
}

// A pattern is a regular expression that is run only on lines that hold one of
// the literals without which it can't match.
type pattern struct {
	re     *regexp.Regexp
	maxLen int
	need   []string // lower case; empty: unknown
	digits bool     // whether every match holds a digit
	valid  func(b []byte) bool
}

func compilePattern(s string, maxLen int, valid func(b []byte) bool) (*pattern, error) {
	tree, err := syntax.Parse(s, syntax.Perl&^syntax.OneLine)
	if err != nil {
		var se *syntax.Error
		if errors.As(err, &se) {
			return nil, fmt.Errorf("pattern: %s", se.Code)
		}
		return nil, errors.New("pattern: not a regular expression")
	}
	tree = tree.Simplify()
	re, err := regexp.Compile("(?m:" + s + ")")
	if err != nil {
		return nil, errors.New("pattern: not a regular expression")
	}
	if re.MatchString("") || minLen(tree) == 0 {
		return nil, errors.New("pattern: it matches nothing at all, an empty text; make a part of it obligatory")
	}
	if wholeText(tree) {
		return nil, errors.New(`pattern: \A and \z have no meaning in a part of a text`)
	}
	n := longestMatch(tree)
	switch {
	case maxLen < 0 || maxLen > maxMaxLen:
		return nil, fmt.Errorf("max_len: want a number from 1 to %d", maxMaxLen)
	case maxLen == 0 && n > maxMaxLen:
		return nil, errors.New("pattern: a match could be of any length; bound its repetitions, as in {1,20}, or give max_len")
	case maxLen == 0:
		maxLen = n
	}
	p := &pattern{re: re, maxLen: maxLen, valid: valid}
	p.need = required(tree)
	p.digits = p.need == nil && needsDigit(tree)
	return p, nil
}

func minLen(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLen(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * minLen(re.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, s := range re.Sub {
			n += minLen(s)
		}
		return n
	case syntax.OpAlternate:
		n := minLen(re.Sub[0])
		for _, s := range re.Sub[1:] {
			n = min(n, minLen(s))
		}
		return n
	}
	return 0
}

func wholeText(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || re.Op == syntax.OpEndText || slices.ContainsFunc(re.Sub, wholeText)
}

const unbounded = 1 << 20

// longestMatch returns the length of the longest match in bytes, unbounded or
// more where there is none.
func longestMatch(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			n += utf8.RuneLen(r)
			if re.Flags&syntax.FoldCase != 0 {
				n += utf8.UTFMax - 1 - (utf8.RuneLen(r) - 1)
			}
		}
	case syntax.OpCharClass:
		n = 1
		if k := len(re.Rune); k > 0 {
			n = utf8.RuneLen(min(re.Rune[k-1], utf8.MaxRune))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = utf8.UTFMax
	case syntax.OpStar, syntax.OpPlus:
		n = unbounded
	case syntax.OpRepeat:
		if re.Max < 0 {
			return unbounded
		}
		n = re.Max * longestMatch(re.Sub[0])
	case syntax.OpAlternate:
		for _, s := range re.Sub {
			n = max(n, longestMatch(s))
		}
	default:
		for _, s := range re.Sub {
			n += longestMatch(s)
		}
	}
	return min(n, unbounded)
}

// required returns literals, in lower case, one of which is in every match; nil
// where none is known. They are of ASCII, and at least two bytes.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		s := strings.ToLower(string(re.Rune))
		// The longest run of ASCII; folding turns nothing else into it but the
		// Kelvin sign and the long s.
		best := ""
		for f := range strings.FieldsFuncSeq(s, func(r rune) bool {
			return r >= utf8.RuneSelf || re.Flags&syntax.FoldCase != 0 && (r == 'k' || r == 's')
		}) {
			if len(f) > len(best) {
				best = f
			}
		}
		if len(best) < 2 {
			return nil
		}
		return []string{best}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		shortest := func(l []string) int {
			n := 1 << 10
			for _, s := range l {
				n = min(n, len(s))
			}
			return n*16 - len(l)
		}
		for _, s := range re.Sub {
			if r := required(s); r != nil && (best == nil || shortest(r) > shortest(best)) {
				best = r
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, s := range re.Sub {
			r := required(s)
			if r == nil {
				return nil
			}
			all = append(all, r...)
		}
		if len(all) <= 16 {
			return all
		}
	}
	return nil
}

// needsDigit reports whether every match holds an ASCII digit.
func needsDigit(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return slices.ContainsFunc(re.Rune, func(r rune) bool { return '0' <= r && r <= '9' })
	case syntax.OpCharClass:
		return len(re.Rune) > 0 && re.Rune[0] >= '0' && re.Rune[len(re.Rune)-1] <= '9'
	case syntax.OpCapture, syntax.OpPlus:
		return needsDigit(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && needsDigit(re.Sub[0])
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, needsDigit)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(s *syntax.Regexp) bool { return !needsDigit(s) })
	}
	return false
}

// longLine is from which length on a line is looked at in parts, in bytes.
const longLine = 16 << 10

// find runs the pattern on each line of b that may match. What is longer than
// maxLen is no match.
func (p *pattern) find(b []byte, yield func(start, end int) bool) {
	for i := 0; i < len(b); {
		at := p.next(b[i:])
		if at < 0 {
			return
		}
		at += i
		// The line around it, or as much of it as a match may take.
		lo := max(i, at-p.maxLen)
		if k := bytes.LastIndexByte(b[i:at], '\n'); k >= 0 {
			lo = i + k + 1
		} else if at-i <= longLine {
			lo = i
		}
		hi := len(b)
		if k := bytes.IndexByte(b[at:], '\n'); k >= 0 {
			hi = at + k
		}
		hi = min(hi, max(at+p.maxLen, lo+longLine))
		line := b[lo:hi]
		for from := 0; from < len(line); {
			m := p.re.FindIndex(line[from:])
			if m == nil {
				break
			}
			start, end := from+m[0], from+m[1]
			from = max(end, start+1)
			if end == start || end-start > p.maxLen || p.valid != nil && !p.checked(line[start:end]) {
				continue
			}
			if !yield(lo+start, lo+end) {
				return
			}
		}
		if i = hi; i < len(b) && b[i] == '\n' {
			i++
		}
	}
}

func (p *pattern) checked(b []byte) bool {
	var buf [64]byte
	c := buf[:0]
	for _, x := range b {
		if letter(x) {
			x &^= 0x20
		} else if !digit(x) {
			continue
		}
		c = append(c, x)
	}
	return len(c) > 0 && p.valid(c)
}

// next returns the first place that may be part of a match, -1 where none is.
func (p *pattern) next(b []byte) int {
	if p.digits {
		return bytes.IndexAny(b, "0123456789")
	}
	if p.need == nil {
		return 0
	}
	best := -1
	for _, n := range p.need {
		if k := indexFold(b, n); k >= 0 && (best < 0 || k < best) {
			best = k
			b = b[:min(len(b), k+len(n)+64)]
		}
	}
	return best
}

// indexFold returns where s, in lower case, first stands in b, in any case of
// ASCII letters; -1 where it does not.
func indexFold(b []byte, s string) int {
	c := s[0]
	for i := 0; ; {
		k := bytes.IndexByte(b[i:], c)
		if letter(c) {
			end := len(b)
			if k >= 0 {
				end = i + k
			}
			if u := bytes.IndexByte(b[i:end], c&^0x20); u >= 0 {
				k = u
			}
		}
		if k < 0 || i+k+len(s) > len(b) {
			return -1
		}
		i += k
		j := 1
		for j < len(s) && (b[i+j] == s[j] || letter(s[j]) && b[i+j]|0x20 == s[j]) {
			j++
		}
		if j == len(s) {
			return i
		}
		i++
	}
}

// An ExampleError says which example of a rule fails.
type ExampleError struct {
	Index int  // in Match or NoMatch
	Match bool // whether it is of Match
}

func (e ExampleError) Error() string {
	if e.Match {
		return fmt.Sprintf("match, example %d: not found", e.Index+1)
	}
	return fmt.Sprintf("no_match, example %d: found", e.Index+1)
}

// Test runs the rule's own examples and returns those that fail.
func (r Rule) Test() []ExampleError {
	r.NeedsContext, r.BareContext = false, false
	s, err := NewSet([]Rule{r})
	if err != nil {
		return []ExampleError{{}}
	}
	var bad []ExampleError
	var hits []Hit
	for i, m := range r.Match {
		for _, around := range [][2]string{{"", ""}, {"<", ">"}, {"x: ", ", y"}} {
			hits = s.Find(hits[:0], []byte(around[0]+m+around[1]))
			if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Start == len(around[0]) && h.End == h.Start+len(m) }) {
				bad = append(bad, ExampleError{i, true})
				break
			}
		}
	}
	for i, m := range r.NoMatch {
		if hits = s.Find(hits[:0], []byte(m)); len(hits) > 0 {
			bad = append(bad, ExampleError{i, false})
		}
	}
	return bad
}

// Check returns the name of the rule's check, where users chose one.
func (r Rule) Check() string { return r.check }
