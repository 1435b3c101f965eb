package rules

import (
	"cmp"
	"slices"
	"strings"
)

// found makes a rule of one that has look: its Find, which knows no bitmaps.
func found(r Rule) Rule {
	groups, marks, look := r.groups, r.marks, r.look
	r.Find = func(b []byte, yield func(start, end int) bool) {
		var hits []Hit
		try := func(from, to int) {
			if start, end := look(b, from, to); end > start {
				hits = append(hits, Hit{Start: start, End: end})
			}
		}
		for i := 0; i < len(b); i++ {
			if strings.IndexByte(marks, b[i]) >= 0 {
				try(i, i+1)
			}
			if !alnum(b[i]) {
				continue
			}
			from := i
			for i < len(b) && alnum(b[i]) {
				i++
			}
			for _, g := range groups {
				if g.is(b, from, i) {
					try(from, i)
				}
			}
			i--
		}
		slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
		last := 0
		for _, h := range hits {
			if h.Start >= last {
				if last = h.End; !yield(h.Start, h.End) {
					return
				}
			}
		}
	}
	return r
}

func alnum(c byte) bool { return letter(c) || digit(c) }

// is reports whether b[from:to] is such a group.
func (g group) is(b []byte, from, to int) bool {
	k := byte('m')
	switch n := digitsIn(b[from:to]); n {
	case 0:
		k = 'a'
	case to - from:
		k = 'd'
	}
	before, after := byte('\n'), byte('\n')
	if from > 0 {
		before = b[from-1]
	}
	if to < len(b) {
		after = b[to]
	}
	in := func(s string, c byte) bool { return s == "" || strings.IndexByte(s, c) >= 0 }
	if k == 'a' && (to-from < 8 || to-from != 16 && (!upper(b[from]) || !upper(b[from+1]))) {
		return false
	}
	return in(g.kinds, k) && to-from >= g.least && to-from <= g.most && in(g.before, before) && in(g.after, after) && in(g.first, b[from])
}

func digitsIn(b []byte) (n int) {
	for _, c := range b {
		if digit(c) {
			n++
		}
	}
	return n
}

// byteAt returns b[i], and 0 outside.
func byteAt(b []byte, i int) byte {
	if i < 0 || i >= len(b) {
		return 0
	}
	return b[i]
}
