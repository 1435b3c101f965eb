package rules

import (
	"strings"
	"testing"
)

func TestExamples(t *testing.T) {
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			if r.Description == "" || r.Source == "" || len(r.Match) == 0 || len(r.NoMatch) == 0 {
				t.Error("a rule needs a description, a source, and examples of both kinds")
			}
			for _, s := range r.Match {
				for _, around := range [][2]string{{"", ""}, {"<", ">"}, {"x: ", ", y"}} {
					found := false
					naive(r, []byte(around[0]+s+around[1]), func(start, end int) bool {
						found = start == len(around[0]) && end == start+len(s)
						return !found
					})
					if !found {
						t.Errorf("not found: %q between %q", s, around)
					}
				}
			}
			for _, s := range r.NoMatch {
				naive(r, []byte(s), func(start, end int) bool {
					t.Errorf("found %q in %q", s[start:end], s)
					return true
				})
			}
		})
	}
}

// A number is not a part of a longer one.
func TestNationalBounds(t *testing.T) {
	for _, r := range national() {
		t.Run(r.ID, func(t *testing.T) {
			for _, s := range r.Match {
				for _, around := range [][2]string{{"(", ")."}, {"'", "'"}, {"\xc2\xa0", "\n"}} {
					found := false
					naive(r, []byte(around[0]+s+around[1]), func(start, end int) bool {
						found = start == len(around[0]) && end == start+len(s)
						return !found
					})
					if !found {
						t.Errorf("not found: %q between %q", s, around)
					}
				}
				if r.Find == nil && !foundAlone(r, strings.ReplaceAll(s, " ", "\u00a0")) {
					t.Errorf("not found with no-break spaces: %q", s)
				}
				for _, around := range [][2]string{{"a", ""}, {"", "z"}, {"7", ""}, {"", "7"}, {"7-", ""}, {"", ".7"}} {
					if foundAlone(r, around[0]+s+around[1]) {
						continue // a longer form, which is a number of its own
					}
					naive(r, []byte(around[0]+s+around[1]), func(start, end int) bool {
						if start == len(around[0]) && end == start+len(s) {
							t.Errorf("found %q as a part between %q", s, around)
						}
						return true
					})
				}
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	for _, r := range All() {
		for _, s := range append(r.Match, r.NoMatch...) {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range All() {
			last := 0
			naive(r, b, func(start, end int) bool {
				if start < last || end <= start || end > len(b) {
					t.Fatalf("%s: found [%d:%d] after %d in %d bytes", r.ID, start, end, last, len(b))
				}
				last = end
				return true
			})
		}
	})
}
