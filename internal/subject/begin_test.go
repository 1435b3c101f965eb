package subject

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// beginNames have first letters of every kind.
var beginNames = []string{
	"Zoë Van den Broeck", "Jan Maes", "Émile Ångström", "Öykü Şahin", "Łukasz Źródło", "M. José Saint-Exupéry", "Sint Jans", "María del Carmen Ñíguez Ortega",
	"William O'Neil", "Pieter 't Hooft", "Ana Ferrer i Vila", "Йосиф Щербаков", "Юлия Ёлкина", "Χρήστος Ψωμιάδης", "Æthel Øster", "İsmet Işık", "Maria Ma",
	"Jean-Luc D'Hoe", "Sean McDonald", "Þór Ðorn", "Francisco Ruiz Díaz", "Wu Li", "Johannes Jans-Jansens", "Robert ß", "Elżbieta Æ",
}

// variants returns a text in many of the ways in which it may be spelled.
func variants(r *rand.Rand, s string) []byte {
	switch r.IntN(9) {
	case 0:
		s = norm.NFD.String(s)
	case 1:
		s = plain(s)
	case 2:
		if t, err := pages[r.IntN(len(pages))].NewEncoder().String(s); err == nil {
			s = t
		}
	case 3: // decoded wrongly
		if t, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
			s = t
		}
	case 4:
		var out []rune
		for _, c := range s {
			if x := expand(unicode.ToLower(c)); len(x) > 0 {
				out = append(out, []rune(x[r.IntN(len(x))])...)
			} else {
				out = append(out, c)
			}
		}
		s = string(out)
	case 5:
		var out []rune
		for _, c := range s {
			if c >= 0x80 {
				c = '?'
			}
			out = append(out, c)
		}
		s = string(out)
	}
	b := []byte(s)
	if r.IntN(3) == 0 && len(b) > 4 { // initials, and what is cut short
		k := 1 + r.IntN(3)
		b = append(append(b[:k:k], []byte([]string{". ", ".", " ", "", "/", ".-"}[r.IntN(6)])...), b[r.IntN(len(b)):]...)
	}
	return b
}

// TestBeginnings checks that no name and no street is passed over.
func TestBeginnings(t *testing.T) {
	var texts [][]byte
	files, _ := filepath.Glob("testdata/*")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil {
			texts = append(texts, b[:min(len(b), 16<<10)])
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a, b := beginNames[r.IntN(len(beginNames))], beginNames[r.IntN(len(beginNames))]
		text := variants(r, a)
		text = append(append(text, " ,;\n\x00"[r.IntN(5)]), variants(r, b)...)
		w := words(a)
		text = append(append(text, ' '), variants(r, w[len(w)-1]+" "+w[0])...)
		texts = append(texts, text)
	}
	seen := 0
	for _, spanish := range []bool{false, true} {
		for _, value := range beginNames {
			n := parseName(value, spanish)
			n.begin = n.begins()
			all := []*fullName{n}
			for _, c := range n.declined() {
				c.begin = c.begins()
				all = append(all, c)
			}
			for _, n := range all {
				for _, b := range texts {
					for s := range b {
						if c := b[s]; c < 0x80 && !n.first.has(c) || n.begin.may(b, s) {
							continue
						}
						if _, _, _, _, ok := n.at(b, s); ok {
							t.Errorf("%s: passed over at %q", value, b[s:min(len(b), s+40)])
						} else if e, _ := n.eatSurname(b, s); e >= 0 {
							t.Errorf("%s: passed over surname at %q", value, b[s:min(len(b), s+40)])
						}
						seen++
					}
				}
			}
		}
	}
	for _, value := range []string{"Genutstraat 35, 3740 Bilzen", "Rue de la Gare 35, 5000 Namur", "ul. Święta 3, 00-001 Warszawa", "Hauptstraße 7, 52062 Aachen", "C/ Ñuñez 4, 28001 Madrid", "Öllinger Allee 2, 10115 Berlin", "K. Albertlaan 5, 9000 Gent"} {
		bl := newBuilder()
		bl.who = &Person{}
		bl.address(value)
		for _, v := range bl.avenues {
			for _, b := range append(texts, variants(r, value), []byte(value)) {
				for s := range b {
					if c := b[s]; c < 0x80 && !v.first.has(c) || v.begin.may(b, s) {
						continue
					}
					if e := v.members[0].eatStreet(b, s, 0); e >= 0 {
						t.Errorf("%s: passed over at %q", value, b[s:min(len(b), s+40)])
					}
					seen++
				}
			}
		}
	}
	if seen < 100_000 {
		t.Errorf("only %d places were passed over", seen)
	}
}

// TestFollowing checks that what is dropped for going on behind a surname is no
// name anyway.
func TestFollowing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	names := append([]string{"Jan Jansen", "Sofie Merder", "Tom Dubters-Maes", "Anna Bogtens", "Lien Van Goethem"}, beginNames...)
	bl := newBuilder()
	for i, v := range names {
		bl.who, bl.person = &Person{}, i
		bl.name(v)
	}
	dropped := 0
	for p, v := range bl.families {
		if v.follow == nil {
			continue
		}
		open := *v
		open.follow = nil
		for range 2000 {
			n := v.members[r.IntN(len(v.members))]
			given := string(n.given[0])
			ends := []string{given, "s ", "en " + given, "s" + given, "2", "ß", "-" + given, given[:1] + ".", "s-Maes", "maes " + given, "S", "vanden"}
			b := variants(r, []string{given, given + " ", given[:1] + ". ", ""}[r.IntN(4)])
			start := len(b)
			b = append(append(b, p...), ends[r.IntN(len(ends))]...)
			if r.IntN(2) == 0 {
				b = append(b, " "+given+" "...)
			}
			if !v.follow.goesOn(b, start+len(p)) {
				continue
			}
			dropped++
			open.check(b, start, start+len(p), func(o owner, from, to int, form string) {
				t.Errorf("%q at %d: %s", b, start, form)
			})
		}
	}
	if dropped < 1000 {
		t.Errorf("only %d were dropped", dropped)
	}
}
