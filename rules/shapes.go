package rules

import (
	"errors"
	"strings"
)

// Limits of a shape, in letters and digits.
const (
	maxCompact = 34
	minDigits  = 5

	// maxPaths bounds in how many ways the x of one shape can be read.
	maxPaths = 4096
)

// A kind says what a group of letters and digits consists of.
type kind uint8

const (
	kindDigits kind = iota
	kindLetters
	kindMixed
	kinds
)

// A shape is one form of a number, as the sets of places, by bits, where a digit
// must stand and a letter must; at all others either may.
type shape struct {
	rule           int32
	size           int32
	topic          uint64 // known where none is needed
	digits, letter uint64
	fixed          []fixed
}

// fixed is a letter or digit that a shape demands.
type fixed struct {
	at int
	c  byte
}

// node is a state after some groups of a number. Groups are known by their kind
// and length.
type node struct {
	next   [kinds][maxCompact + 1]int16 // 0: no shape goes on like this
	ends   []shape
	topics uint64 // of which one must be spoken of for anything to be found from here on; known: none
	here   uint64 // for ends
}

// trie holds all shapes by their groups. Node 0 is the root.
type trie struct {
	nodes []node
	lead  int // how many groups of letters go before the first digit, at most

	// second holds which lengths the second group of a shape can have, by bits, by
	// kind and length of the first, and its own kind.
	second [kinds][maxCompact + 1][kinds]uint64

	// begun holds, by the first group, of which topics one must be spoken of for any
	// shape to be looked for; alone those for a shape of no more groups.
	begun, alone [kinds][maxCompact + 1]uint64

	times bool // whether no shape is found from where a date and an hour start
}

// parseShape splits a shape into its groups.
func parseShape(s string) ([]string, error) {
	n, d := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(separators, c) >= 0:
			if i == 0 || i == len(s)-1 || strings.IndexByte(separators, s[i-1]) >= 0 {
				return nil, errors.New("a separator must stand between two letters or digits")
			}
			continue
		case c == 'd' || digit(c):
			d++
		case c == 'a' || c == 'x' || upper(c):
		default:
			return nil, errors.New("want d, a, x, upper-case letters, digits and the separators space . - /")
		}
		n++
	}
	if n > maxCompact || d < minDigits {
		return nil, errors.New("want at least 5 digits and at most 34 letters and digits")
	}
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) }), nil
}

// separators are what may stand between the groups of a number, beside U+00A0.
const separators = " .-/"

// add adds one form of a rule.
func (t *trie) add(rule int, s string) error {
	groups, err := parseShape(s)
	if err != nil {
		return err
	}
	if len(t.nodes) == 0 {
		t.nodes = make([]node, 1, 64)
	}
	sh := shape{rule: int32(rule)}
	for _, c := range []byte(strings.Join(groups, "")) {
		bit := uint64(1) << sh.size
		switch {
		case c == 'd' || digit(c):
			sh.digits |= bit
		case c == 'a' || upper(c):
			sh.letter |= bit
		}
		if c < 'a' {
			sh.fixed = append(sh.fixed, fixed{int(sh.size), c})
		}
		sh.size++
	}
	if err := t.insert(sh, groups); err != nil {
		return err
	}
	if len(groups) > 1 {
		return t.insert(sh, []string{strings.Join(groups, "")})
	}
	return nil
}

// insert adds a shape under every path that its groups can take.
func (t *trie) insert(sh shape, groups []string) error {
	at := []int16{0}
	lead, leading := 0, true
	for _, g := range groups {
		d := strings.Count(g, "d")
		a := strings.Count(g, "a")
		for _, c := range []byte(g) {
			if digit(c) {
				d++
			} else if upper(c) {
				a++
			}
		}
		if leading = leading && d == 0; leading {
			lead++
		}
		var to []int16
		for _, from := range at {
			for k := range kinds {
				if k == kindDigits && a > 0 || k == kindLetters && d > 0 || k == kindMixed && (d == len(g) || a == len(g) || len(g) < 2) {
					continue
				}
				next := t.nodes[from].next[k][len(g)]
				if next == 0 {
					if len(t.nodes) == 1<<15-1 {
						return errors.New("too many shapes")
					}
					next = int16(len(t.nodes))
					t.nodes = append(t.nodes, node{})
					t.nodes[from].next[k][len(g)] = next
				}
				to = append(to, next)
			}
		}
		if at = to; len(at) > maxPaths {
			return errors.New("too many x in too many groups")
		}
	}
	for _, n := range at {
		e := &t.nodes[n].ends
		same := false
		for _, have := range *e {
			same = same || have.rule == sh.rule && have.digits == sh.digits && have.letter == sh.letter && equalFixed(have.fixed, sh.fixed)
		}
		if !same {
			*e = append(*e, sh)
		}
	}
	t.lead = max(t.lead, lead)
	return nil
}

func equalFixed(a, b []fixed) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// settle completes the nodes when all shapes are in, with the topic of each rule
// and whether it refuses times.
func (t *trie) settle(topic func(rule int) uint64, noTime func(rule int) bool) {
	// What follows a node stands behind it.
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		for e := range n.ends {
			n.ends[e].topic = topic(int(n.ends[e].rule))
			n.here |= n.ends[e].topic
		}
		n.topics |= n.here
		for k := range kinds {
			for _, to := range n.next[k] {
				if to != 0 {
					n.topics |= t.nodes[to].topics
				}
			}
		}
	}
	if len(t.nodes) == 0 {
		return
	}
	t.times = true
	at := int16(0)
	for i, size := range [4]int{4, 2, 2, 2} {
		if at = t.nodes[at].next[kindDigits][size]; at == 0 {
			break
		}
		for _, e := range t.nodes[at].ends {
			t.times = t.times && i == 3 && noTime(int(e.rule))
		}
	}
	for k := range kinds {
		for l, to := range t.nodes[0].next[k] {
			if to == 0 {
				continue
			}
			t.begun[k][l], t.alone[k][l] = t.nodes[to].topics, t.nodes[to].here
			for k2 := range kinds {
				for l2, then := range t.nodes[to].next[k2] {
					if then != 0 {
						t.second[k][l][k2] |= 1 << l2
					}
				}
			}
		}
	}
}
