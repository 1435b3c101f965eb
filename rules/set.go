package rules

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/class"
)

// A Hit is what the rule with this index found at buf[Start:End].
type Hit struct {
	Rule, Start, End int
	Context          bool // one of the rule's words stands near
}

// A Set finds what any of its rules describes in one pass. It is immutable and
// may be used by several goroutines at once.
type Set struct {
	rules  []Rule
	near   []*words // by rule; nil: no context
	bits   []int    // by rule: how unlikely it is that something else looks like it
	maxLen int
	shapes trie

	// What must hold of a group of letters and digits for each of anchors to be
	// looked at is the AND of these; bit shapeBit stands for the shapes that
	// start with it, leadBit for those that start with letters in front of it.
	before, after, first   [256]uint64
	before2, free2, after2 [256]uint64 // free2 by the byte in front: before2 does not matter
	lengths                [kinds][64]uint64
	anchors                []anchor
	always                 uint64         // the bits of what needs no context
	gated                  []gated        // those of what does, by topic
	dates                  uint64         // the bits of dates, which have more between their groups than numbers
	letters                uint64         // the bits of what wants groups of letters, of 8 and more
	scans                  [scans]*anchor // what is looked for elsewhere

	marks  [256][]int // rules, by byte
	at     bool       // whether "@" is such a byte
	open   bool       // whether any other is
	others []int      // rules with nothing but Find

	vocabulary []*words // by rule: its Words
	worded     []int    // the rules that have some
	topic      []uint64 // by rule: its bit in heard
	heard      *lexicon // of all context
	spelt      *lexicon // of Words, by bits as in worded
	keys       bloom    // of both

	// The two bytes with which words beyond ASCII begin, of both and of spelt: see begin.
	firsts, speltFirsts firsts

	lasts bloom // the two bytes with which words end that have one of the ends: see finish

	scratch sync.Pool // *scratch
}

const (
	wholeBit    = 1 << iota // a shape of one group
	beginBit                // one of several that it begins
	leadBit                 // one that begins with letters in front of it
	anchorShift = iota
)

// maxAnchors is as many as have a bit.
const maxAnchors = 64 - anchorShift

type anchor struct {
	rule  int
	needs bool // context
	look  func(b []byte, from, to int) (start, end int)
}

// gated are the bits of anchors that need a topic to be spoken of.
type gated struct{ topic, bits uint64 }

type scratch struct {
	m       class.Map
	compact [64]byte
	hits    []Hit
	said    []uint64
	signs   []class.Signs
	spelt   []int32
	hearing hearing
	walk    walk
}

// maxMaxLen bounds the longest match of a rule, in bytes.
const maxMaxLen = 4096

// window is how much text is looked at at once, in bytes.
const window = 16 << 10

// NewSet prepares a Set. It fails on a rule that is not well-formed.
func NewSet(rules []Rule) (*Set, error) {
	s := &Set{rules: slices.Clone(rules), bits: make([]int, len(rules)), near: make([]*words, len(rules)), vocabulary: make([]*words, len(rules))}
	s.scratch.New = func() any { return new(scratch) }
	ids := map[string]bool{}
	for i := range s.rules {
		r := &s.rules[i]
		if err := s.add(i, r, ids[r.ID]); err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.ID, err)
		}
		ids[r.ID] = true
		s.vocabulary[i] = compileWords(r.Words)
	}
	s.topics()
	s.gate()
	s.shapes.settle(func(rule int) uint64 {
		if s.rules[rule].NeedsContext {
			return s.topic[rule]
		}
		return known
	}, func(rule int) bool { return s.rules[rule].noTime })
	s.admit()
	return s, nil
}

func (s *Set) add(i int, r *Rule, twice bool) error {
	switch {
	case r.ID == "" || strings.ContainsFunc(r.ID, func(c rune) bool { return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') }):
		return errors.New("an id is of lower-case letters, digits and hyphens")
	case twice:
		return errors.New("two rules have this id")
	case len(r.Shapes) > 0 && r.Find != nil:
		return errors.New("a rule has shapes or a way to find, not both")
	case len(r.Shapes) == 0 && r.Find == nil:
		return errors.New("a rule needs shapes or a way to find")
	case r.Find != nil && (r.MaxLen <= 0 || r.MaxLen > maxMaxLen):
		return fmt.Errorf("the longest match must be within 1 and %d bytes", maxMaxLen)
	case r.NeedsContext && len(r.Context) == 0:
		return errors.New("it needs context and has no words for it")
	}
	s.near[i] = compileWords(r.Context)
	for _, sh := range r.Shapes {
		if err := s.shapes.add(i, sh); err != nil {
			return fmt.Errorf("shape %q: %w", sh, err)
		}
		s.maxLen = max(s.maxLen, maxCompact+2*strings.Count(sh, "")) // at most two bytes for each separator
	}
	s.maxLen = max(s.maxLen, r.MaxLen)
	if s.bits[i] = r.strict; r.strict == 0 {
		s.bits[i] = estimate(r)
	}
	if len(r.Shapes) > 0 {
		return nil
	}
	if len(r.groups) == 0 && len(r.marks) == 0 && len(r.Words) == 0 {
		s.others = append(s.others, i)
	}
	groups := r.groups
	if r.scan > scanDates {
		if s.scans[r.scan] != nil {
			return errors.New("it is like another rule")
		}
		s.scans[r.scan] = &anchor{i, r.NeedsContext, r.look}
		groups = nil
	}
	for _, g := range groups {
		if len(s.anchors) == maxAnchors {
			return errors.New("too many rules of this kind")
		}
		bit := uint64(1) << (len(s.anchors) + anchorShift)
		s.anchors = append(s.anchors, anchor{i, r.NeedsContext, r.look})
		set := func(t *[256]uint64, chars string) {
			for c := range t {
				if chars == "" || strings.IndexByte(chars, byte(c)) >= 0 {
					t[c] |= bit
				}
			}
		}
		set(&s.before, g.before)
		set(&s.after, g.after)
		set(&s.first, g.first)
		set(&s.after2, g.after2)
		if g.unjoined != "" {
			for c := range 256 {
				if !digit(byte(c)) {
					s.before2[c] |= bit
				}
				if strings.IndexByte(g.unjoined, byte(c)) < 0 {
					s.free2[c] |= bit
				}
			}
		} else {
			set(&s.before2, g.before2)
		}
		for k := range kinds {
			for n := g.least; n <= g.most && strings.IndexByte(g.kinds, "dam"[k]) >= 0; n++ {
				s.lengths[k][n] |= bit
			}
		}
		if strings.Contains(g.kinds, "a") {
			s.letters |= bit
		}
		if r.scan == scanDates {
			s.dates |= bit
		}
	}
	for _, c := range []byte(r.marks) {
		s.marks[c] = append(s.marks[c], i)
		s.at = s.at || c == '@'
		s.open = s.open || c != '@'
	}
	return nil
}

// gate sorts the anchors by whether they need context.
func (s *Set) gate() {
	s.always = wholeBit | beginBit | leadBit
	for k, a := range s.anchors {
		bit := uint64(1) << (k + anchorShift)
		if !a.needs {
			s.always |= bit
			continue
		}
		g := slices.IndexFunc(s.gated, func(g gated) bool { return g.topic == s.topic[a.rule] })
		if g < 0 {
			g = len(s.gated)
			s.gated = append(s.gated, gated{topic: s.topic[a.rule]})
		}
		s.gated[g].bits |= bit
	}
}

// admit lets the groups with which shapes start through.
func (s *Set) admit() {
	const whole, begin, lead = wholeBit, beginBit, leadBit
	for c := range 256 {
		s.before[c] |= whole | begin
		s.after[c] |= whole | lead
		s.first[c] |= whole | begin | lead
		s.after2[c] |= whole | lead
		if !digit(byte(c)) {
			s.before2[c] |= whole | begin
		}
		if strings.IndexByte(".-/", byte(c)) < 0 {
			s.free2[c] |= whole | begin
		}
		if letter(byte(c)) || c == 0xC2 {
			s.before2[c] |= lead
		}
		if alnum(byte(c)) || c == 0xA0 {
			s.after2[c] |= begin
		}
	}
	for _, c := range []byte(separators + "\xA0") {
		s.before[c] |= lead
	}
	for _, c := range []byte(separators + "\xC2") {
		s.after[c] |= begin
	}
	t := &s.shapes
	if len(t.nodes) == 0 {
		return
	}
	at := []int16{0}
	for level := range t.lead + 1 {
		var next []int16
		for _, n := range at {
			for _, k := range []kind{kindDigits, kindMixed} {
				for l, to := range t.nodes[n].next[k] {
					if to == 0 {
						continue
					}
					if level > 0 {
						s.lengths[k][l] |= lead
						continue
					}
					if len(t.nodes[to].ends) > 0 {
						s.lengths[k][l] |= whole
					}
					if t.second[k][l] != [kinds]uint64{} {
						s.lengths[k][l] |= begin
					}
				}
			}
			for _, to := range t.nodes[n].next[kindLetters] {
				if to != 0 {
					next = append(next, to)
				}
			}
		}
		at = next
	}
}

// estimate returns about how many bits of chance it takes for something else to
// be accepted as what the rule describes.
func estimate(r *Rule) int {
	least := 60
	rng := rand.New(rand.NewPCG(1, 2))
	for _, sh := range r.Shapes {
		groups, err := parseShape(sh)
		if err != nil {
			continue
		}
		form := strings.Join(groups, "")
		given := 0 // of letters and digits that the shape demands
		var buf [maxCompact]byte
		accepted := 0
		const tries = 512
		for try := range tries {
			given = 0
			for i := range len(form) {
				switch c := form[i]; {
				case c == 'a', c == 'x' && rng.IntN(2) == 0:
					buf[i] = 'A' + byte(rng.IntN(26))
				case c == 'd', c == 'x':
					buf[i] = '0' + byte(rng.IntN(10))
				default:
					buf[i] = c
					given += 4
				}
			}
			if r.Valid == nil || r.Valid(buf[:len(form)]) {
				accepted = accepted + 1
			}
			if try == tries/4 && accepted > 3*try/4 {
				break
			}
		}
		least = min(least, given+bits.Len(uint(tries/max(accepted, 1)))-1)
	}
	if len(r.Shapes) == 0 {
		return 4
	}
	return least
}

// MaxLen returns the longest span that a hit can have, in bytes.
func (s *Set) MaxLen() int { return s.maxLen }

// Margin returns how many bytes FindIn looks at before the first place that
// counts, and behind the last hit.
func (s *Set) Margin() int { return s.maxLen + reachFront + 2 }

// Rules returns the rules, which must not be changed.
func (s *Set) Rules() []Rule { return s.rules }

// Find appends what the rules find in buf to dst, ordered by start and then by
// rule, and returns the extended slice. Hits of different rules may overlap, those
// of one rule too, but for such as lie within a longer one of the same rule.
// What lies within a longer hit of another rule is left out where that rule is
// at least as strict. A rule that needs context has hits only where it is.
func (s *Set) Find(dst []Hit, buf []byte) []Hit { return s.FindIn(dst, buf, 0, len(buf)) }

// FindIn is Find for the hits that start at buf[from:end]. They are those of a
// Find over a longer text of which buf is a part, where buf holds Margin bytes of
// it before from, and MaxLen and Margin bytes behind end.
func (s *Set) FindIn(dst []Hit, buf []byte, from, end int) []Hit {
	sc, _ := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	back, ahead := s.Margin(), s.maxLen+s.Margin()
	for lo := from; lo < end; lo += window {
		hi := min(lo+window, end)
		base := max(0, lo-back)
		part := buf[base:min(len(buf), hi+ahead)]
		sc.m.Set(part)
		n := len(dst)
		dst = s.find(dst, part, &sc.m, lo-base, hi-base, sc)
		for i := n; i < len(dst); i++ {
			dst[i].Start += base
			dst[i].End += base
		}
	}
	return dst
}

// FindMap is FindIn for a text whose map is known.
func (s *Set) FindMap(dst []Hit, buf []byte, m *class.Map, from, end int) []Hit {
	sc, _ := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	return s.find(dst, buf, m, from, end, sc)
}

// FindEvery appends all that may be what a rule looks for to dst, as if a word of
// its context stood near, whatever else it may be too. It is for those who can
// tell by other means.
func (s *Set) FindEvery(dst []Hit, buf []byte) []Hit {
	sc, _ := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	for lo := 0; lo < len(buf); lo += window {
		hi, base := min(lo+window, len(buf)), max(0, lo-s.Margin())
		part := buf[base:min(len(buf), hi+s.maxLen+s.Margin())]
		sc.m.Set(part)
		w := &sc.walk
		*w = walk{s: s, named: true}
		sc.hits = w.collect(sc.hits[:0], part, &sc.m, max(0, lo-base-s.maxLen), min(len(part), hi-base+s.maxLen), sc)
		for _, h := range sc.hits {
			if at := h.Start + base; at >= lo && at < hi {
				dst = append(dst, Hit{Rule: h.Rule, Start: at, End: h.End + base})
			}
		}
	}
	return dst
}

// FindNamed is Find for the value of a field with this name, which counts as
// context.
func (s *Set) FindNamed(dst []Hit, value []byte, name string) []Hit {
	sc, _ := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	sc.m.Set(value)
	w := &sc.walk
	*w = walk{s: s, named: true}
	all := w.collect(sc.hits[:0], value, &sc.m, 0, len(value), sc)
	sc.hits = all
	b := []byte(name)
	kept := all[:0]
	for _, h := range all {
		near := s.near[h.Rule]
		h.Context = near.near(value, h.Start, h.End) || near != nil && near.front(b, 0, len(b))
		if h.Context || !s.rules[h.Rule].NeedsContext {
			kept = append(kept, h)
		}
	}
	return s.resolve(dst, kept, 0, len(value))
}

// find is FindMap with memory.
func (s *Set) find(dst []Hit, b []byte, m *class.Map, from, end int, sc *scratch) []Hit {
	w := &sc.walk
	*w = walk{s: s}
	all := w.collect(sc.hits[:0], b, m, max(0, from-s.maxLen), min(len(b), end+s.maxLen), sc)
	sc.hits = all
	kept := all[:0]
	for _, h := range all {
		if h.Start >= end {
			continue
		}
		h.Context = w.spoken(h.Rule, h.Start, h.End) && s.near[h.Rule].near(b, h.Start, h.End)
		if h.Context || !s.rules[h.Rule].NeedsContext && !(s.rules[h.Rule].BareContext && bare(b, h.Start, h.End)) {
			kept = append(kept, h)
		}
	}
	sc.spelt = w.spelt // whose memory may have grown
	return s.resolve(dst, kept, from, end)
}

// bare reports whether b[start:end] has no separators and isn't all of its line or
// field.
func bare(b []byte, start, end int) bool {
	for _, c := range b[start:end] {
		if !alnum(c) {
			return false
		}
	}
	alone := func(i int) bool { return i < 0 || i >= len(b) || b[i] == '\n' || b[i] == '\r' || b[i] == 0 }
	return !alone(start-1) || !alone(end)
}

// resolve appends those hits that start at from up to end to dst, in order,
// without such as lie in others that count for more.
func (s *Set) resolve(dst, hits []Hit, from, end int) []Hit {
	sortHits(hits)
	open := 0 // hits[open:] may hold what starts later
	for i, h := range hits {
		for open < i && hits[open].End <= h.Start {
			open++
		}
		if h.Start < from || h.Start >= end || i > 0 && hits[i-1].Rule == h.Rule && hits[i-1].Start == h.Start {
			continue
		}
		inside := false
		for k := open; k < len(hits) && hits[k].Start <= h.Start && !inside; k++ {
			o := hits[k]
			if k == i || o.End < h.End || o.End-o.Start == h.End-h.Start {
				continue
			}
			inside = o.Rule == h.Rule || s.over(o, h)
		}
		if !inside {
			dst = append(dst, h)
		}
	}
	return dst
}

// sortHits sorts hits that are nearly sorted by start, rule and, downwards, end.
func sortHits(hits []Hit) {
	less := func(a, b *Hit) bool {
		return a.Start < b.Start || a.Start == b.Start && (a.Rule < b.Rule || a.Rule == b.Rule && a.End > b.End)
	}
	moves := 8 * len(hits)
	for i := 1; i < len(hits); i++ {
		if !less(&hits[i], &hits[i-1]) {
			continue
		}
		h := hits[i]
		k := i
		for k > 0 && less(&h, &hits[k-1]) {
			hits[k] = hits[k-1]
			k--
		}
		hits[k] = h
		if moves -= i - k; moves < 0 { // they are not
			slices.SortFunc(hits, func(a, b Hit) int {
				return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Rule, b.Rule), cmp.Compare(b.End, a.End))
			})
			return
		}
	}
}

// obvious is the strictness, in bits, of what can hardly be anything else.
const obvious = 12

// over reports whether a counts for more than b, which lies within it.
func (s *Set) over(a, b Hit) bool {
	if b.Context && !a.Context && s.bits[a.Rule] < obvious {
		return false
	}
	return s.bits[a.Rule] >= s.bits[b.Rule] && !s.rules[a.Rule].Hint
}

// Best reduces hits, ordered as by Find, to such as do not overlap, and returns
// them in the same memory: of those that do, the ones with context come first,
// then those of stricter rules, longer ones, and those that start earlier.
func (s *Set) Best(hits []Hit) []Hit {
	kept := hits[:0]
	for lo := 0; lo < len(hits); {
		hi, end := lo+1, hits[lo].End
		for hi < len(hits) && hits[hi].Start < end {
			end = max(end, hits[hi].End)
			hi++
		}
		cluster := hits[lo:hi]
		lo = hi
		if len(cluster) == 1 {
			kept = append(kept, cluster[0])
			continue
		}
		slices.SortStableFunc(cluster, func(a, b Hit) int { return s.compare(a, b) })
		n := len(kept)
		for _, h := range cluster {
			free := true
			for _, k := range kept[n:] {
				free = free && (h.End <= k.Start || k.End <= h.Start)
			}
			if free {
				kept = append(kept, h)
			}
		}
		slices.SortFunc(kept[n:], func(a, b Hit) int { return cmp.Compare(a.Start, b.Start) })
	}
	return kept
}

func (s *Set) compare(a, b Hit) int {
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(yes(s.rules[a.Rule].Hint), yes(s.rules[b.Rule].Hint)),
		cmp.Compare(yes(b.Context), yes(a.Context)),
		cmp.Compare(s.bits[b.Rule], s.bits[a.Rule]),
		cmp.Compare(b.End-b.Start, a.End-a.Start),
		cmp.Compare(a.Start, b.Start),
		cmp.Compare(a.Rule, b.Rule),
	)
}
