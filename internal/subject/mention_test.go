package subject

import (
	"strings"
	"testing"
)

func TestNamesInSentences(t *testing.T) {
	for _, tt := range []struct {
		name    string
		yes, no []string
	}{
		{
			"Jan Kowalski",
			[]string{"sprawa Jana Kowalskiego", "Janowi Kowalskiemu", "z Janem Kowalskim", "JANA KOWALSKIEGO", "Pan Kowalski; Jan Kowalski"},
			[]string{"Jana Kowalska", "Jan Kowalskiego", "Jana Kowalskich", "Janina Kowalska", "Janem Kowalczykiem", "pan Kowalski"},
		},
		{
			"Agnieszka Wiśniewska",
			[]string{"Agnieszki Wiśniewskiej", "Agnieszce Wisniewskiej", "Agnieszkę Wiśniewską", "z Agnieszką Wiśniewską"},
			[]string{"Agnieszki Wiśniewskiego", "Agnieszka Wiśniewskiej-Nowak", "Agnieszki Wiśniewicz"},
		},
		{"Marek Dudek", []string{"Marka Dudka", "Markowi Dudkowi", "Markiem Dudkiem"}, []string{"Marka Duda", "Marek Dudka"}},
		{"Zofia Szczęsna", []string{"Zofii Szczęsnej", "Zofię Szczęsną"}, []string{"Zofii Szczęsnego"}},
		{"Jan Jansen", []string{"heer Jansen", "Jansen, Jan"}, []string{"Jan Jansens", "Jan Janssen", "heer Jansen en"}[:2]},
		{"Thierry DUPONT", []string{"Dupont, Thierry", "Thierry Dupont"}, []string{"Dupont Anne Thierry"}},
		{"Dr. Stefan Hoffmann", []string{"Stefan Hoffmann", "S. Hoffmann"}, []string{"Dr. Hoffmanns", "T. Hoffmann"}},
		{"María José García Peña", []string{"Mª José García Peña", "M.J. García Peña", "María José García, abogada"}, []string{"María José García Pérez", "José García Peña"}},
		{"Carlos Rodríguez López", []string{"Carlos Rodríguez"}, []string{"Juan Carlos Rodríguez", "Carlos Rodríguez Marín", "Carlos López Rodríguez"}},
		{"Katharina Weiß", []string{"Katharina Weiss", "KATHARINA WEISS", "Weiß, Katharina"}, []string{"Katharina weiß nicht"}},
		{"Björn Größmann", []string{"GRÖSSMANN, BJÖRN", "Bjoern Groessmann", "Björn Grössmann"}, []string{"Björn Großer"}},
		{"D'Angelo Salvatore", []string{"Salvatore D'Angelo", "S. D'Angelo", "Dangelo Salvatore"}, []string{"Salvatore Angelo"}},
	} {
		for _, s := range tt.yes {
			// What counts only in company is looked for behind the name.
			if _, ok := counted(t, Identifier{Type: Name, Value: tt.name}, s); !ok && !strings.HasPrefix(s, "heer ") && !strings.HasPrefix(s, "Pan ") {
				t.Errorf("%s: not found in %q", tt.name, s)
			}
		}
		for _, s := range tt.no {
			if form, ok := counted(t, Identifier{Type: Name, Value: tt.name}, s); ok {
				t.Errorf("%s: found as %s in %q", tt.name, form, s)
			}
		}
	}
}

// A surname that is addressed, or has a genitive s, counts beside what tells who
// is meant, and never makes more of it than possible.
func TestCompany(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Name, Value: "Anneleen Vermeulen"}, {Type: Email, Value: "av@example.be"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"Beste mevrouw Vermeulen,":                                        0,
		"Anneleen Vermeulens zus":                                         0,
		"Van: av@example.be\nBeste mevrouw Vermeulen,":                    2,
		"Beste mevr. Vermeulen,\nAnneleen Vermeulen":                      2,
		"Anneleen Vermeulen en Anneleen Vermeulens zus":                   2,
		"av@example.be: mevrouw Vermeulen-Maes":                           1,
		"av@example.be: Mevr. Vermeulen Maes":                             1,
		"av@example.be" + strings.Repeat(" lang", 200) + " mw. Vermeulen": 1,
		"av@example.be schreef over Vermeulen":                            1,
	} {
		if hits := r.Find(nil, []byte(text)); len(hits) != want {
			t.Errorf("%q: %d hits, want %d: %v", text, len(hits), want, hits)
		}
	}
	rows := []byte("av@example.be\x00mevrouw Vermeulen\x00mevrouw Vermeulen\x00")
	hits := r.FindRows(nil, rows, func(off int) (from, to int) {
		if off < 32 {
			return 0, 32
		}
		return 32, len(rows)
	})
	if len(hits) != 2 {
		t.Errorf("in rows: %d hits, want 2: %v", len(hits), hits)
	}
	e := r.NewEvidence(0)
	for _, h := range r.Find(nil, []byte("Anneleen Vermeulen, mevrouw Vermeulen, Anneleen Vermeulens zus")) {
		e.Add(h, 0, h.Start)
	}
	if c, _ := e.Judge(false); c != Possible {
		t.Errorf("names alone are %s", c)
	}
}

func TestAddressesInSentences(t *testing.T) {
	for _, tt := range []struct {
		address string
		yes, no []string
	}{
		{"Flat 3, 27 Harcourt Road, Sheffield S10 1DH", []string{"27 Harcourt Rd, Sheffield", "Flat 3\n27 Harcourt Road"}, []string{"127 Harcourt Road", "2 Harcourt Road"}},
		{"The Old Mill, 5 Mill Lane, Hexham NE46 3AB", []string{"5 Mill Ln, Hexham"}, []string{"55 Mill Lane"}},
		{"440 West 57th Street, Apt 9C, New York, NY 10019", []string{"440 W 57th St Apt 9C", "440 West 57th St., New York"}, []string{"44 West 57th Street", "440 West 58th Street", "440 East 57th Street"}},
		{"Plaza del Pilar s/n, 50003 Zaragoza", []string{"Pza. del Pilar, s/n", "PLAZA DEL PILAR S/N"}, []string{"Plaza del Pilar 3"}},
		{"Mariahilfer Straße 77/2/14, 1060 Wien", []string{"Mariahilferstr. 77/2/14, 1060 Wien"}, []string{"Mariahilfer Straße 7/2/14"}},
		{"ul. Piotrkowska 104a, 90-926 Łódź", []string{"przy Piotrkowskiej 104a", "na ulicy Piotrkowskiej 104 a", "Piotrkowska 104A"}, []string{"Piotrkowskiej 104", "Piotrkowskiego 104a"}},
		{"V.le della Libertà 102/B, 90143 Palermo", []string{"Viale della Libertà n. 102/B", "Viale Libertà 102/b"}, []string{"Viale della Libertà 102", "Via della Libertà 102/B"}},
		{"1 impasse des Ajoncs, 29200 Brest", []string{"1, imp. des Ajoncs", "1 impasse des Ajoncs, Brest"}, []string{"1 impasse des Ajoncs d'Or", "11 impasse des Ajoncs"}},
		{"Via G. Garibaldi 12/A, 00153 Roma", []string{"Via Giuseppe Garibaldi 12/a", "via G. Garibaldi, 12/A"}, []string{"Via Anita Garibaldi 12/A", "Via Garibaldini 12/A"}},
		{"Calle Uría 58, 33003 Oviedo", []string{"C/ Uría, 58", "Uría 58, Oviedo"}, []string{"Plaza Uría 58", "Uría 5"}},
	} {
		texts(t, Identifier{Type: Address, Value: tt.address}, tt.yes, tt.no)
	}
}
