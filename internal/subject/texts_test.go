package subject

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A labelled is a text in which the places of identifiers are known.
type labelled struct {
	lang, name string
	text       string
	marks      []mark
	namesakes  string // people of whom it is not, though it may look like it
}

// A mark is where an identifier stands in a text: ⟦who:type|as written⟧. A "?"
// behind the type says that what stands there is another person's who has the
// same: it may be found, and must not settle anything.
type mark struct {
	who      byte // "*": somebody else
	typ      Type
	maybe    bool
	from, to int
}

var markTypes = map[string]Type{
	"email": Email, "phone": Phone, "name": Name, "address": Address, "birth": BirthDate, "vat": VAT, "iban": IBAN,
	"id": NationalID, "card": Card, "ip": IP, "user": Username, "cust": CustomerID, "domain": Domain,
}

// readTexts reads a file of people, a line for each identifier, and of texts,
// each behind a line "---- its name", with "!x" where a namesake of x is meant.
func readTexts(file string) ([]Person, []labelled, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	lang := strings.TrimSuffix(filepath.Base(file), ".txt")
	var persons []Person
	var texts []labelled
	for _, part := range strings.Split("\n"+string(data), "\n---- ") {
		if len(texts) == 0 && persons == nil {
			for _, line := range strings.Split(strings.TrimSpace(part), "\n") {
				key, value, ok := strings.Cut(line, ": ")
				who, kind, _ := strings.Cut(key, " ")
				typ, known := markTypes[kind]
				if !ok || !known {
					return nil, nil, fmt.Errorf("%s: %q", file, line)
				}
				if len(persons) == 0 || persons[len(persons)-1].ID != who {
					persons = append(persons, Person{ID: who})
				}
				p := &persons[len(persons)-1]
				p.Identifiers = append(p.Identifiers, Identifier{Type: typ, Value: value})
			}
			continue
		}
		head, body, _ := strings.Cut(part, "\n")
		name, namesakes, _ := strings.Cut(head, " !")
		t := labelled{lang: lang, name: name, namesakes: namesakes}
		var b strings.Builder
		for {
			before, rest, ok := strings.Cut(body, "⟦")
			b.WriteString(before)
			if !ok {
				break
			}
			label, rest, ok1 := strings.Cut(rest, "|")
			inside, rest, ok2 := strings.Cut(rest, "⟧")
			who, kind, ok3 := strings.Cut(label, ":")
			kind, maybe := strings.CutSuffix(kind, "?")
			typ, ok4 := markTypes[kind]
			if !ok1 || !ok2 || !ok3 || !ok4 || len(who) != 1 || strings.Contains(inside, "⟦") {
				return nil, nil, fmt.Errorf("%s: %s: mark %q", file, name, label)
			}
			t.marks = append(t.marks, mark{who[0], typ, maybe, b.Len(), b.Len() + len(inside)})
			b.WriteString(inside)
			body = rest
		}
		t.text = b.String()
		texts = append(texts, t)
	}
	return persons, texts, nil
}

// A score counts what was found.
type score struct{ hit, missed, wrong int }

func (s score) recall() float64 { return share(s.hit, s.missed) }

func (s score) precision() float64 { return share(s.hit, s.wrong) }

func share(n, others int) float64 {
	if n+others == 0 {
		return 1
	}
	return float64(n) / float64(n+others)
}

// hard are marks that are not found, and why.
var hard = map[string]string{
	"de/protokoll: Größmanns":                               "a surname alone, which nothing says to be a person's",
	"en/call note: Jim McAllister":                          "a pet name",
	"it/messaggio: La Lo Presti":                            "a surname behind an article, which stands before anything",
	"fr/bloc-notes: rue de la République (14 bis)":          "a house number in brackets",
	"pl/karta klienta: Bema 6, 01-244 Warszawa":             "a street without the given name of whom it is called after",
	"de-2/österreich: Landstr. Hauptstr. 4/12, A-1030 Wien": "an adjective cut short",
	"de-2/österreich: Fr. Vogel":                            "the name was given with the surname first, and nothing says so",
	"pl-2/pismo: Panie Krzysztofie Zieliński":               "the vocative",
	"pl-2/reklamacja: Pawła Gołębia":                        "a stem that changes within",
	"pl-2/reklamacja: Kasia Mazur":                          "a pet name",
	"en-3/chat: Priya":                                      "a given name alone",
	"nl-3/ticket: Tom":                                      "a given name alone",
	"es-3/chat: doña Mª Carmen":                             "a given name alone",
	"pl-3/czat: Pani Agnieszko":                             "a given name alone, in the vocative",
	"nl-3/akte: mevrouw Hendrika van den Bosch":             "one of two surnames, which is as likely somebody else's",
	"de-2/ticket: +49 (621) 4410938":                        "the number was given without a country",
}

func TestRunningTexts(t *testing.T) {
	files, err := filepath.Glob("testdata/texts/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatal("no texts: ", err)
	}
	total := score{}
	byType := map[Type]score{}
	table := map[string]map[Type]score{}
	for _, file := range files {
		persons, texts, err := readTexts(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := New(persons)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range texts {
			if table[l.lang] == nil {
				table[l.lang] = map[Type]score{}
			}
			scores := table[l.lang]
			b := []byte(l.text)
			var hits []Hit
			for _, h := range r.Find(nil, b) {
				if !h.Bare || h.Named {
					hits = append(hits, h)
				}
			}
			found := make([]bool, len(l.marks))
			for _, h := range hits {
				known := false
				for i, m := range l.marks {
					if persons[h.Person].ID == string(m.who) && h.Type == m.typ && int(h.Start) < m.to && m.from < int(h.End) {
						known, found[i] = true, true
					}
				}
				// An address holds a name and a domain, whosesoever it is.
				for _, m := range l.marks {
					if (h.Type == Domain || h.Type == Name) && (m.typ == Email || m.typ == Domain) && int(h.Start) >= m.from && int(h.End) <= m.to {
						known = true
					}
				}
				if !known {
					t.Logf("wrong  %s/%s: %s %s as %s: %q", l.lang, l.name, persons[h.Person].ID, h.Type, h.Form, l.text[h.Start:h.End])
					s := scores[h.Type]
					s.wrong++
					scores[h.Type] = s
				}
			}
			for i, m := range l.marks {
				if m.who == '*' || m.maybe {
					continue
				}
				s := scores[m.typ]
				if found[i] {
					s.hit++
				} else {
					s.missed++
					if hard[l.lang+"/"+l.name+": "+l.text[m.from:m.to]] == "" {
						t.Errorf("missed %s/%s: %c %s: %q", l.lang, l.name, m.who, m.typ, l.text[m.from:m.to])
					}
				}
				scores[m.typ] = s
			}
			// What a text of a namesake says is never more than possible.
			for p, person := range persons {
				if !strings.Contains(l.namesakes, person.ID) {
					continue
				}
				e := r.NewEvidence(p)
				contradicted := false
				for _, h := range hits {
					if h.Person == p {
						e.Add(h, 0, h.Start)
						contradicted = contradicted || !h.Type.Own() && r.ContradictedNear(h, 0, b)
					}
				}
				if c, why := e.Judge(contradicted); c != Possible {
					t.Errorf("%s/%s: a namesake of %s is %s: %s", l.lang, l.name, person.ID, c, why)
				}
			}
		}
	}
	for lang, scores := range table {
		all := score{}
		for typ, s := range scores {
			sum := byType[typ]
			byType[typ] = score{sum.hit + s.hit, sum.missed + s.missed, sum.wrong + s.wrong}
			all = score{all.hit + s.hit, all.missed + s.missed, all.wrong + s.wrong}
		}
		total = score{total.hit + all.hit, total.missed + all.missed, total.wrong + all.wrong}
		var line []string
		for _, typ := range Types() {
			s := scores[typ]
			line = append(line, fmt.Sprintf("%s %d/%d-%d", typ, s.hit, s.hit+s.missed, s.wrong))
		}
		t.Logf("%s recall %.3f precision %.3f: %s", lang, all.recall(), all.precision(), strings.Join(line, ", "))
		if all.recall() < leastRecall || all.precision() < leastPrecision {
			t.Errorf("%s: recall %.3f, precision %.3f", lang, all.recall(), all.precision())
		}
	}
	for _, typ := range Types() {
		t.Logf("%-12s %+v recall %.3f precision %.3f", typ, byType[typ], byType[typ].recall(), byType[typ].precision())
	}
	if total.recall() < 0.975 || total.precision() < 0.99 {
		t.Errorf("all: recall %.3f, precision %.3f", total.recall(), total.precision())
	}
	t.Logf("all %+v recall %.3f precision %.3f", total, total.recall(), total.precision())
}

// Each language must reach these.
const (
	leastRecall    = 0.83 // of the smallest file, where one mark is a twentieth
	leastPrecision = 0.98
)
