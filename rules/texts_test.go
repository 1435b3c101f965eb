package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kinds of marks in the labelled texts of package subject, and how the rules
// that find them are called.
var markedKinds = []struct {
	mark string
	is   func(r *Rule) bool
}{
	{"email", func(r *Rule) bool { return strings.HasPrefix(r.ID, "email") }},
	{"phone", func(r *Rule) bool { return strings.HasPrefix(r.ID, "phone") }},
	{"iban", func(r *Rule) bool { return r.ID == "iban" }},
	{"card", func(r *Rule) bool { return strings.HasPrefix(r.ID, "card") }},
	{"ip", func(r *Rule) bool { return r.ID == "ipv4" || r.ID == "ipv6" }},
	{"birth", func(r *Rule) bool { return strings.HasPrefix(r.ID, "birth-date") }},
	{"vat", func(r *Rule) bool { return r.Country != "" && !personal(r) }},
	{"id", personal},
}

// personal reports whether a rule finds numbers of persons. A Spanish one is
// that of a taxpayer too.
func personal(r *Rule) bool {
	switch r.ID {
	case "be-national-id", "nl-bsn", "fr-nir", "fr-nir-short", "de-tax-id", "gb-nino", "gb-nino-short", "es-dni", "es-nie", "es-nif",
		"it-codice-fiscale", "it-codice-fiscale-omocodia", "pl-pesel":
		return true
	}
	return false
}

// strangers are telephone numbers of others than the texts are about, which are
// unmarked there.
var strangers = []string{
	"0351 4829167", "0171/4830926", "0711 640 22 18", "020 7946 0328", "955 41 70 62", "612 483 079", "01 47 23 90 85", "04 91 33 78 60",
	"06 09 54 71 82", "347 552 0961", "348-5509136", "09 225 48 17", "0498 05 67 21", "512 338 940", "601-734-258",
}

type markedPlace struct {
	kind     string
	maybe    bool
	from, to int
}

// markedTexts reads the texts of a file, each with its name, and the places
// that are marked in it: ⟦who:kind|as written⟧.
func markedTexts(t *testing.T, file string, do func(name, text string, marks []markedPlace)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(data), "\n---- ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		var marks []markedPlace
		var b strings.Builder
		for {
			before, rest, ok := strings.Cut(body, "⟦")
			b.WriteString(before)
			if !ok {
				break
			}
			label, rest, _ := strings.Cut(rest, "|")
			inside, rest, _ := strings.Cut(rest, "⟧")
			_, kind, _ := strings.Cut(label, ":")
			kind, maybe := strings.CutSuffix(kind, "?")
			marks = append(marks, markedPlace{kind, maybe, b.Len(), b.Len() + len(inside)})
			b.WriteString(inside)
			body = rest
		}
		do(name, b.String(), marks)
	}
}

func TestRunningTexts(t *testing.T) {
	files, err := filepath.Glob("../internal/subject/testdata/texts/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatal("no texts: ", err)
	}
	s := newSet(t, All())
	type score struct{ found, missed, wrong int }
	sums := map[string]score{}
	share := func(n, others int) float64 { return float64(n) / float64(max(n+others, 1)) }
	for _, file := range files {
		lang := strings.TrimSuffix(filepath.Base(file), ".txt")
		scores := map[string]score{}
		markedTexts(t, file, func(name, text string, marks []markedPlace) {
			b := []byte(text)
			found := make([]bool, len(marks))
			for _, h := range s.Best(s.Find(nil, b)) {
				r := &s.Rules()[h.Rule]
				kind := ""
				for _, k := range markedKinds {
					if k.is(r) {
						kind = k.mark
					}
				}
				if kind == "" || r.Hint {
					continue
				}
				known := false
				for i, m := range marks {
					if h.Start < m.to && m.from < h.End {
						same := kind == m.kind || kind == "email" && m.kind == "domain" || (kind == "vat" || kind == "id") && (m.kind == "vat" || m.kind == "id")
						found[i] = found[i] || same
						known = known || same || m.maybe
					}
				}
				if !known && !(r.ID == "phone-grouped" && slices.Contains(strangers, text[h.Start:h.End])) {
					t.Logf("wrong  %s/%s: %s: %q", lang, name, r.ID, text[h.Start:h.End])
					sc := scores[kind]
					sc.wrong++
					scores[kind] = sc
				}
			}
			for i, m := range marks {
				if m.maybe || !slices.ContainsFunc(markedKinds, func(k struct {
					mark string
					is   func(r *Rule) bool
				},
				) bool {
					return k.mark == m.kind
				}) {
					continue
				}
				sc := scores[m.kind]
				if found[i] {
					sc.found++
				} else {
					sc.missed++
					t.Logf("missed %s/%s: %s: %q", lang, name, m.kind, text[m.from:m.to])
				}
				scores[m.kind] = sc
			}
		})
		var line []string
		for _, k := range markedKinds {
			sc := scores[k.mark]
			sum := sums[k.mark]
			sums[k.mark] = score{sum.found + sc.found, sum.missed + sc.missed, sum.wrong + sc.wrong}
			line = append(line, k.mark+" "+strings.Join([]string{strconv.Itoa(sc.found), "/", strconv.Itoa(sc.found + sc.missed), "-", strconv.Itoa(sc.wrong)}, ""))
		}
		t.Log(lang, line)
	}
	all := score{}
	least := map[string]float64{"email": 0.98, "phone": 0.94, "iban": 0.95, "card": 0.99, "ip": 0.99, "birth": 0.88, "vat": 0.96, "id": 0.95}
	for _, k := range markedKinds {
		sc := sums[k.mark]
		if r := share(sc.found, sc.missed); r < least[k.mark] {
			t.Errorf("%s: recall %.3f", k.mark, r)
		}
		all = score{all.found + sc.found, all.missed + sc.missed, all.wrong + sc.wrong}
		t.Logf("%-6s recall %.3f precision %.3f %+v", k.mark, share(sc.found, sc.missed), share(sc.found, sc.wrong), sc)
	}
	if share(all.found, all.missed) < 0.95 || share(all.found, all.wrong) < 0.99 {
		t.Errorf("all: recall %.3f, precision %.3f", share(all.found, all.missed), share(all.found, all.wrong))
	}
	t.Logf("all recall %.3f precision %.3f %+v", share(all.found, all.missed), share(all.found, all.wrong), all)
}
