package rules

import (
	"testing"
)

// countriesA are the rules of the countries of which the tests are here.
func countriesA() []Rule {
	var all []Rule
	for _, f := range []func() []Rule{
		austria, belgium, bulgaria, croatia, cyprus, czechia, denmark, estonia, finland,
		france, germany, greece, hungary, ireland, italy, latvia, lithuania,
	} {
		all = append(all, f()...)
	}
	return all
}

func TestCountryExamplesA(t *testing.T) {
	for _, r := range countriesA() {
		t.Run(r.ID, func(t *testing.T) {
			if r.Description == "" || r.Source == "" || r.Country == "" || r.Category == "" || len(r.Match) == 0 || len(r.NoMatch) == 0 || len(r.Context) == 0 {
				t.Error("a rule needs a description, a source, a country, a category, context, and examples of both kinds")
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
