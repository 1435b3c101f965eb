package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// rulesB returns the rules of the countries that are tested here.
func rulesB() []Rule {
	var all []Rule
	for _, country := range []func() []Rule{
		luxembourg, malta, netherlands, poland, portugal, romania, slovakia, slovenia, spain, sweden,
		iceland, liechtenstein, norway, unitedKingdom, switzerland,
	} {
		all = append(all, country()...)
	}
	return all
}

func ruleB(t *testing.T, id string) Rule {
	t.Helper()
	for _, r := range rulesB() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return Rule{}
}

// foundAlone reports whether r finds all of s, on its own.
func foundAlone(r Rule, s string) bool {
	found := false
	naive(r, []byte(s), func(start, end int) bool {
		found = start == 0 && end == len(s)
		return !found
	})
	return found
}

func TestCountryBContract(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rulesB() {
		if seen[r.ID] {
			t.Errorf("%s: twice", r.ID)
		}
		seen[r.ID] = true
		if r.Description == "" || r.Source == "" || len(r.Match) < 1 || len(r.NoMatch) < 2 || len(r.Context) == 0 {
			t.Errorf("%s: incomplete", r.ID)
		}
		if prefix, _, _ := strings.Cut(r.ID, "-"); strings.ToUpper(prefix) != r.Country {
			t.Errorf("%s: country is %s", r.ID, r.Country)
		}
		if r.Category != "financial" && r.Category != "official identification" {
			t.Errorf("%s: category is %q", r.ID, r.Category)
		}
		if (r.Find == nil) != (r.MaxLen == 0) || (r.Find == nil) == (len(r.Shapes) == 0) {
			t.Errorf("%s: neither shapes nor a bounded finder", r.ID)
		}
		shapes := map[string]bool{}
		for _, s := range r.Shapes {
			digits, n := 0, 0
			for _, c := range []byte(s) {
				if c == 'd' || digit(c) {
					digits++
				}
				if letter(c) || digit(c) {
					n++
				} else if !oneOf(c, " .-/") {
					t.Errorf("%s: shape %q has %q", r.ID, s, c)
				}
			}
			if digits < 5 || n > 34 || shapes[s] {
				t.Errorf("%s: shape %q has %d digits of %d characters, or is there twice", r.ID, s, digits, n)
			}
			shapes[s] = true
		}
		for _, w := range r.Context {
			if w != strings.ToLower(w) || utf8.RuneCountInString(w) != len(w) || strings.Contains(w, " ") {
				t.Errorf("%s: context %q", r.ID, w)
			}
		}
	}
}

func TestCountryBExamples(t *testing.T) {
	for _, r := range rulesB() {
		t.Run(r.ID, func(t *testing.T) {
			for _, s := range r.Match {
				for _, around := range [][2]string{{"", ""}, {"<", ">"}, {"x: ", ", y"}, {"(", ")."}, {"'", "'"}, {"\xc2\xa0", "\n"}} {
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
			for _, s := range r.NoMatch {
				naive(r, []byte(s), func(start, end int) bool {
					t.Errorf("found %q in %q", s[start:end], s)
					return true
				})
			}
		})
	}
}

// randomOf returns a random text of the shape, without separators.
func randomOf(rnd *rand.Rand, shape string) []byte {
	var b []byte
	for _, c := range []byte(shape) {
		switch c {
		case 'd':
			b = append(b, byte('0'+rnd.IntN(10)))
		case 'a':
			b = append(b, byte('A'+rnd.IntN(26)))
		case 'x':
			b = append(b, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rnd.IntN(36)])
		case ' ', '.', '-', '/':
		default:
			b = append(b, c)
		}
	}
	return b
}

func TestCountryBHostile(t *testing.T) {
	const alphabet = "0123456789GBGDHAXI8 +(M)-./a\xc2\xa0"
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, r := range rulesB() {
		if r.Find != nil {
			for range 20000 {
				b := make([]byte, rnd.IntN(40))
				for i := range b {
					b[i] = alphabet[rnd.IntN(len(alphabet))]
				}
				last := 0
				r.Find(b, func(start, end int) bool {
					if start < last || end <= start || end > len(b) || end-start > r.MaxLen {
						t.Fatalf("%s: found [%d:%d] after %d in %q", r.ID, start, end, last, b)
					}
					last = end
					return true
				})
			}
			continue
		}
		if r.Valid == nil {
			continue
		}
		for _, shape := range r.Shapes {
			for range 500 {
				r.Valid(randomOf(rnd, shape))
			}
			for _, fill := range []string{"0", "9"} {
				r.Valid([]byte(strings.NewReplacer("d", fill, "a", "Z", "x", "A", " ", "", ".", "", "-", "", "/", "").Replace(shape)))
			}
			b := randomOf(rnd, shape)
			if n := testing.AllocsPerRun(10, func() { r.Valid(b) }); n != 0 {
				t.Errorf("%s allocates %v times for %q", r.ID, n, b)
			}
		}
		for _, s := range r.Match {
			b := []byte(compact(s))
			if n := testing.AllocsPerRun(10, func() { r.Valid(b) }); n != 0 {
				t.Errorf("%s allocates %v times for %q", r.ID, n, s)
			}
		}
	}
}
