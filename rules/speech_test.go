package rules

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// spokenText makes text in which words that count as context, whole or nearly so and
// in all ways of writing, stand near what needs them.
func spokenText(rng *rand.Rand, rules []Rule, size int) []byte {
	accents := strings.NewReplacer("e", "é", "a", "ä", "o", "ø", "s", "ß", "u", "u\u0308", "n", "ñ")
	var b []byte
	for len(b) < size {
		r := rules[rng.IntN(len(rules))]
		words := append(slices.Clone(r.Context), r.Words...)
		for range 1 + rng.IntN(3) {
			if len(words) == 0 {
				break
			}
			w := strings.Trim(words[rng.IntN(len(words))], "*")
			if rng.IntN(4) == 0 {
				w = strings.ReplaceAll(w, " ", []string{"", "_", "-", ". "}[rng.IntN(4)])
			}
			switch rng.IntN(8) {
			case 0:
				w = strings.ToUpper(w)
			case 1, 2:
				c, n := utf8.DecodeRuneInString(w)
				w = strings.ToUpper(string(c)) + w[n:]
			case 3:
				w = accents.Replace(w)
			case 4:
				w += []string{"en", "Nr", "x", "é"}[rng.IntN(4)]
			case 5:
				w = []string{"my", "X", "home", "\u00a0", "é"}[rng.IntN(5)] + w
			case 6: // as Latin-1
				l := []byte{}
				for _, c := range accents.Replace(w) {
					l = append(l, byte(c))
				}
				w = string(l)
			}
			b = append(b, w...)
			b = append(b, []string{" ", "", ":", "=", "_", "\u00a0", "\n", "\u2013", "\":\"", "1"}[rng.IntN(10)]...)
		}
		list := append(slices.Clone(r.Match), "12345678", "1985-07-30", "0470 12 34 56", "filling that says nothing ")
		b = append(b, list[rng.IntN(len(list))]...)
		b = append(b, []string{" ", ", ", "\n", ". ", "</td>", "\xff\xfe"}[rng.IntN(6)]...)
	}
	return b
}

// scattered makes so many pieces of spokenText, with what is not worth listening to
// between them.
func scattered(rng *rand.Rand, rules []Rule, pieces int) []byte {
	var b []byte
	for range pieces {
		b = append(b, spokenText(rng, rules, 20+rng.IntN(150))...)
		fill := rng.IntN(2500)
		for to := len(b) + fill; len(b) < to; {
			switch fill % 3 {
			case 0:
				b = append(b, byte(rng.Uint32()))
			case 1:
				b = append(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.IntN(64)])
			default:
				b = append(b, "we asked a patient neighbour "[:1+rng.IntN(29)]...)
			}
		}
	}
	return b
}

// No word of a set is denied by its first and last letters alone.
func TestMayBeWord(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	all := append(All(), Rule{ID: "tails", Context: []string{"*straße", "*ών", "*no", "*x*", "a*"}})
	for _, r := range all {
		for _, w := range []*words{compileWords(r.Context), compileWords(r.Words)} {
			if w == nil {
				continue
			}
			b := spokenText(rng, []Rule{r}, 1500)
			for i := 0; i < len(b); {
				if n := apart(b, i); n > 0 {
					i += n
					continue
				}
				to := wordEnd(b, i)
				if w.has(fold(nil, b[i:to])) && !w.may(b[i:to]) {
					t.Errorf("%s: %q is one", r.ID, b[i:to])
				}
				i = to
			}
		}
	}
}

// What is heard of words decides what is looked for, but never changes what is
// found: with a name, all is looked for.
func TestHearing(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	all := All()
	for i := range all {
		all[i].BareContext = false // which a name stands in for
	}
	all = append(all, Rule{ID: "tails", Shapes: []string{"dddd ddd"}, Context: []string{"*straße", "*ών", "*no", "x*"}, NeedsContext: true})
	s := newSet(t, all)
	found := 0
	for n := range 300 {
		b := spokenText(rng, all, 3000)
		if n%3 == 0 {
			b = scattered(rng, all, 20)
		}
		want, got := s.FindNamed(nil, b, ""), s.Find(nil, b)
		if !slices.Equal(got, want) {
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("hit %d: got %v (%s), want %v (%s) in %q", i, got[i], all[got[i].Rule].ID, want[i], all[want[i].Rule].ID, b[max(0, want[i].Start-80):want[i].End+40])
				}
			}
			t.Fatalf("%d hits, want %d", len(got), len(want))
		}
		for _, h := range got {
			if h.Context {
				found++
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d hits with context", found)
	}
}

func FuzzHearing(f *testing.F) {
	all := All()
	for i := range all {
		all[i].BareContext = false
	}
	s := newSet(f, all)
	f.Add([]byte("phoneNumber=0470123456 \u00a0t\xe9l: 0470123456, n\u00b0 de s\u00e9curit\u00e9 12345678"))
	f.Add(spokenText(rand.New(rand.NewPCG(11, 11)), all, 400))
	f.Add(scattered(rand.New(rand.NewPCG(11, 11)), all, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		if want, got := s.FindNamed(nil, b, ""), s.Find(nil, b); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
