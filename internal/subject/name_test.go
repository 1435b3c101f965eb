package subject

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

func enc(t *testing.T, page *charmap.Charmap, s string) string {
	t.Helper()
	e, err := page.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// formOf returns the form in which the only person's identifier is found, "" for
// none.
func formOf(t *testing.T, typ Type, value, text string) string {
	t.Helper()
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: typ, Value: value}}}})
	if err != nil {
		t.Fatal(err)
	}
	hits := r.Find(nil, []byte(text))
	if len(hits) == 0 {
		return ""
	}
	if len(hits) > 1 {
		t.Errorf("%q: %d hits in %q", value, len(hits), text)
	}
	return hits[0].Form
}

func TestNameForms(t *testing.T) {
	zoe := "Zoë Van den Broeck"
	for _, tt := range []struct {
		name  string
		yes   []string
		never []string
	}{
		{zoe, []string{
			"Zoë Van den Broeck", "zoë van den broeck", "ZOË VAN DEN BROECK", "Zoe Van den Broeck", "Van den Broeck Zoë", "VAN DEN BROECK, Zoë", "Van den Broeck,Zoë",
			"Broeck, Zoë van den", "Broeck van den, Zoë", "Broeck, van den, Zoë", "Zoë Vandenbroeck", "Zoë VandenBroeck", "Zoë Van Den Broeck", "Zoë van-den-Broeck", "Vandenbroeck Zoë",
			"Zoë v.d. Broeck", "Zoë v/d Broeck", "Zoë vd Broeck", "Zoë v. d. Broeck", "zoe.vandenbroeck", "zoe_van_den_broeck", "ZoeVandenBroeck", "zoevandenbroeck", "vandenbroeck.zoe",
			"zoe.vandenbroeck@gmail.com", "zoe+van+den+broeck", "Mevr. Zoë Van den Broeck", "Van den Broeck, Mevr. Zoë", "Zoë Van den Broeck's", "Zoë\u00a0Van\u00a0den\u00a0Broeck",
			`{"first_name":"Zoë","last_name":"Van den Broeck"}`, `{"last_name": "Van den Broeck", "first_name": "Zoë"}`, `{"firstName":"Zoë","infix":"van den","lastName":"Broeck"}`,
			`{"last_name":"Broeck","infix":"van den","first_name":"Zoë"}`, `{"first_name":"Zoë","email":"x@example.be","gender":"f","last_name":"Van den Broeck"}`,
			"<given>Zoë</given><family>Van den Broeck</family>", "<td>Zoë</td><td>Van den Broeck</td>", "<FirstName>Zoë</FirstName>\n  <LastName>Van den Broeck</LastName>",
			"N:Van den Broeck;Zoë;;;", "firstName=Zoë&lastName=Van+den+Broeck", "Voornaam: Zoë\nNaam: Van den Broeck", "Naam: Van den Broeck\nVoornaam: Zoë",
			"givenName: Zoë\nsn: Van den Broeck", "First name: Zoë\nDate: 2026\nLast name: Van den Broeck", `a:2:{s:10:"first_name";s:4:"Zoë";s:9:"last_name";s:14:"Van den Broeck";}`,
			"INSERT INTO c VALUES (1,'Zoë','Van den Broeck')", "(1, 'Zoë', NULL, 'Van den Broeck')", `<input name="first_name" value="Zoë"><input name="last_name" value="Van den Broeck">`,
			"Zoë\x00Van den Broeck\x00", "Van den Broeck\x00Zoë\x00", "Zoë\x00van den\x00Broeck\x00", "Broeck\x00van den\x00Zoë\x00", "Broeck\x00Zoë\x00van den\x00", "Zoë\x00\x00\x00Van den Broeck\x00",
			"Zoë\x00Mevr.\x00Van den Broeck\x00", "Zoë\x00Z.M.\x00Van den Broeck\x00", "Zoë\tVan den Broeck", "1;Zoë;Van den Broeck;x", "1;Van den Broeck;Zoë;x",
			"Zoë van den\n  Broeck", "> Zoë van den\n> Broeck", norm.NFD.String(zoe), "ZoÃ« Van den Broeck", "ZoÃƒÂ« Van den Broeck", "Zo? Van den Broeck", "Zo\ufffd Van den Broeck", "Zo√´ Van den Broeck",
			"Z. Van den Broeck", "Z Van den Broeck", "Van den Broeck Z.", "Van den Broeck, Z", "Z.Vandenbroeck", "VAN DEN BROECK Z.", "Z. v.d. Broeck", "Zoë M. Van den Broeck", "Z.\x00Van den Broeck\x00",
			enc(t, charmap.Windows1252, zoe), enc(t, charmap.Macintosh, zoe), enc(t, charmap.CodePage850, zoe), enc(t, charmap.ISO8859_2, zoe), enc(t, charmap.ISO8859_15, zoe), enc(t, charmap.CodePage437, zoe),
			"cv-zoe-van-den-broeck-2026.pdf", "/home/zoe.vandenbroeck/", `"Van den Broeck, Zoë"`, "(Van den Broeck Zoë)",
		}, []string{
			"Zoëlle Van den Broeck", "Jan Van den Broeck", "Zoë Van den Broecke", "Zoë Broeck", "Broeck, Zoë", "Broeck Zoë", "Zoë\x00x\x00Van den Broeck\x00", "Zoë Maes, Jan Van den Broeck",
			"Zoë, Van den Broeck", "I met Zoë. Van den Broeck came later", "Anne-Zoë Van den Broeck", "Zoë Van den Broeck-Janssens", "J. Van den Broeck", "Zoë de Broeck", "Zoë Van den Broecks",
			"Zoë Vandenbroecke", "Zoë Vandenbrouck", "Azoë Van den Broeck", "zoevandenbroecke", "xzoevandenbroeck", "zoe.vandenbroeck2", "Z.K. Van den Broeck", "K.Z. Van den Broeck",
			`[{"first":"Zoë","last":"Maes"},{"first":"Jan","last":"Van den Broeck"}]`, `{"last_name":"Van den Broeck","first_name":"Jan"},{"last_name":"Maes","first_name":"Zoë"}`,
			"Van den Broeck\x00Jan\x00Zoë\x00Maes\x00", "Zoë\n\nVan den Broeck", "Tom Van den Broeck, Zoë Maes", "Tom Van den Broeck\nZoë Maes", "<li>Zoë</li><li>Van den Broeck</li>",
			"Zoë Maria Van den Broeck", "Zoë ? Van den Broeck", "Van den Broeck", "Zoë", `{"partner_first_name":"Zoë","last_name":"Van den Broeck"}`, "Broecke, Zoë van den", "z van den broeck",
			"<tr><td>Maes</td><td>Zoë</td></tr><tr><td>Van den Broeck</td><td>Jan</td></tr>",
		}},
		{"Jan Peeters", []string{"Jan Peeters", "Peeters, Jan", "PEETERS JAN", "Dhr. Jan Peeters", "J. Peeters", "Jan P. Peeters", "JanPeeters", "jan-peeters", "klant Peeters, Jan (Gent)", "Jan Peeters\nTom Maes", "Jan\nPeeters"}, []string{
			"Jean Peeters", "Jan Peeter", "Jan Peetersen", "Tom Peeters, Jan Janssens", "Tom Peeters\nJan Janssens", "Tom Peeters; Jan Janssens", "('Tom','Peeters'),('Jan','Janssens')", "Jan Pieter Peeters",
			"Jan-Pieter Peeters", "J.P. Peeters", "Jan Van Peeters", "Van Peeters, Jan", "van den Peeters, Jan", "Peeters, Jan van den", "Jan Maes-Peeters", "Maes-Peeters, Jan", "Jan en Marie Peeters", "Ann Peeters Jan Maes",
			`["Tom Peeters","Jan Janssens"]`, "Tom Peeters\x00Jan Janssens\x00", "Maes,Jan\nPeeters,Tom", "Peeters a Jantje", "janpeetersen",
		}},
		{"Jan Pieter Maria Janssens", []string{"Jan Janssens", "Jan P. Janssens", "Jan P.M. Janssens", "Jan Pieter Janssens", "Jan Pieter Maria Janssens", "J.P.M. Janssens", "JPM Janssens", "J.P. Janssens", "Janssens, Jan Pieter", "Janssens J.P.M."}, []string{"Pieter Janssens", "Jan Karel Janssens", "J.K. Janssens", "Maria Janssens"}},
		{"Jean-Pierre Dupont", []string{"Jean-Pierre Dupont", "Jean Pierre Dupont", "JeanPierre Dupont", "Dupont Jean-Pierre", "J.-P. Dupont", "J.P. Dupont", "JP Dupont", "M. Jean-Pierre DUPONT", "DUPONT, Jean-Pierre"}, []string{"Jean Dupont", "Pierre Dupont", "Jean-Paul Dupont", "Jean-Pierre Duponte", "P. Dupont"}},
		{"Hans Müller", []string{"Hans Mueller", "Hans Muller", "Müller, Hans", "H. Müller", "H. Mueller", "HANS MÜLLER", "Hans Müller", enc(t, charmap.Windows1252, "Hans Müller"), enc(t, charmap.CodePage850, "Hans Müller"), "Hans MÃ¼ller", "Hans M?ller", "Herr Hans Müller", "hans.mueller@example.org"}, []string{"Hans Miller", "Hans Müllers", "Hansi Müller", "Hans Moeller"}},
		{"Hans Mueller", []string{"Hans Müller", "HANS MÜLLER", "Hans Mueller"}, []string{"Hans Muller"}},
		{"Samuel Bauer", []string{"Samuel Bauer", "Bauer, Samuel"}, []string{"Samuel Baur", "Samul Bauer"}},
		{"Jürgen Weiß", []string{"Juergen Weiss", "Jürgen Weiss", "JÜRGEN WEISS", "Jurgen Weiß", "Weiß, Jürgen"}, []string{"Jürgen Weis", "Jürgen Weise"}},
		{"Søren Ørsted Ågård", []string{"Soren Agard", "Soeren Oersted Aagaard", "Søren Ø. Ågård", "Ågård, Søren"}, []string{"Søren Ørsted"}},
		{"Łukasz Wiśniewski", []string{"Lukasz Wisniewski", "Wiśniewski Łukasz", "Ł. Wiśniewski", enc(t, charmap.ISO8859_2, "Łukasz Wiśniewski"), enc(t, charmap.Windows1250, "Łukasz Wiśniewski"), "Å\u0081ukasz WiÅ›niewski", "?ukasz Wi?niewski", "pan Łukasz Wiśniewski"}, []string{"Łukasz Wiśniewska", "Lucas Wisniewski", "Łukasz Wisłniewski"}},
		{"Lukasz Wisniewski", []string{"Łukasz Wiśniewski", "Lukasz Wisniewski"}, nil},
		{"María García López", []string{"María García López", "Maria Garcia Lopez", "María García", "García López, María", "María García-López", "M. García López", "García, María", `{"nombre":"María","apellido1":"García","apellido2":"López"}`}, []string{"María López", "Marta García López"}},
		{"Jose Martinez", []string{"José Martínez", "Jose Martinez", "MARTÍNEZ, JOSÉ", enc(t, charmap.Windows1252, "José Martínez")}, []string{"Jose Martin", "Josefa Martínez"}},
		{"Sean O'Brien", []string{"Sean O'Brien", "Sean O’Brien", "Sean OBrien", "O'Brien, Sean", `Sean O\'Brien`, "S. O'Brien", "sean.obrien"}, []string{"Sean Brien", "Sean O'Brienne", "Brien, Sean"}},
		{"Ian McDonald", []string{"Ian McDonald", "Ian Mc Donald", "MCDONALD, IAN", "I. McDonald"}, []string{"Ian Donald", "Ian MacDonald", "Brian McDonald"}},
		{"Luc D'Hondt", []string{"Luc D'Hondt", "Luc DHondt", "Luc D’hondt", "D'Hondt Luc", "Luc D Hondt"}, []string{"Luc Hondt", "Luc De Hondt"}},
		{"Rose May", []string{"Rose May", "ROSE MAY", "May, Rose", "Rose\x00May\x00"}, []string{"roses may", "Rose Mayer", "Primrose May"}},
		{"Li Wu", []string{"Li Wu", "Wu Li", "Wu, Li", "LI WU", "Li\x00Wu\x00", "li.wu"}, []string{"Lili Wu", "Li Wus", "Li", "Wu", "liwu"}},
		{"An De", []string{"An De", "De, An"}, []string{"van De", "an den", "an"}},
		{"Janssens-Peeters, Els", []string{"Els Janssens-Peeters", "Els Janssens Peeters", "Janssens-Peeters Els", "E. Janssens-Peeters"}, []string{"Els Janssens", "Els Peeters", "Els Janssens-Peetersen"}},
		{"Иван Петров", []string{"Иван Петров", "ИВАН ПЕТРОВ", "Петров Иван", "Ivan Petrov", "Iwan Petrow", enc(t, charmap.Windows1251, "Иван Петров"), enc(t, charmap.KOI8R, "Иван Петров"), "Petrov, Ivan", "И. Петров"}, []string{"Иван Петрова", "Ivana Petrov", "Igor Petrov"}},
		{"Юрий Чайковский", []string{"Yuri Chaykovskiy", "Juri Tschaikowski", "Iurii Chaikovskii", "Yury Chaykovsky"}, []string{"Yuri Chaykov"}},
		{"Γιώργος Παπαδόπουλος", []string{"Γιώργος Παπαδόπουλος", "ΓΙΩΡΓΟΣ ΠΑΠΑΔΟΠΟΥΛΟΣ", "Giorgos Papadopoulos", "Papadopoulos, Giorgos"}, []string{"Giorgos Papadopoulou"}},
		{"Pieter van 't Hof", []string{"Pieter van 't Hof", "Pieter van ’t Hof", "Hof, Pieter van 't", "Pieter vant Hof", "P. van 't Hof"}, []string{"Pieter Hof", "Pieter van Hof"}},
		{"Marie de la Fontaine", []string{"Marie de la Fontaine", "de la Fontaine, Marie", "Fontaine, Marie de la", "Marie Delafontaine", "M. de la Fontaine"}, []string{"Marie Fontaine", "Marie La Fontaine"}},
		{"Karl von Habsburg", []string{"Karl von Habsburg", "Habsburg, Karl von", "von Habsburg, Karl", "Karl v. Habsburg"}, []string{"Karl Habsburg", "Karla von Habsburg"}},
		{"Mohamed Ben Ali", []string{"Mohamed Ben Ali", "Ben Ali, Mohamed", "BEN ALI Mohamed"}, []string{"Mohamed Ali", "Ben Ali"}},
		{"Nguyễn Văn An", []string{"Nguyễn Văn An", "Nguyen Van An"}, []string{"Nguyen Van Anh"}},
		{"Chloé Lefèvre", []string{"Chloé Lefèvre", "Chloe Lefevre", "LEFEVRE Chloé", "LefÃ¨vre Chloé", enc(t, charmap.Macintosh, "Chloé Lefèvre"), "Chlo? Lef?vre", "C. Lefèvre", "Mlle Chloé LEFÈVRE"}, []string{"Chloé Lefebvre", "Cloé Lefèvre"}},
		{"Thomas Bos", []string{"Thomas Bos", "T. Bos", "Bos, T.", "Th. Bos", "Bos, Thomas"}, []string{"Thomas Bosch", "Thomas Abos"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, s := range tt.yes {
				texts := []string{s}
				if !strings.ContainsAny(s, "\x00{<\n") {
					texts = append(texts, "lorem "+s, s+" ipsum", "x ("+s+") y", s+".", `"`+s+`"`)
				}
				for _, text := range texts {
					if formOf(t, Name, tt.name, text) == "" {
						t.Errorf("not found in %q", text)
					}
				}
			}
			for _, s := range tt.never {
				if f := formOf(t, Name, tt.name, s); f != "" && f != "initials" {
					t.Errorf("found as %s in %q", f, s)
				} else if f != "" && strings.Contains(s, ".") {
					t.Errorf("found as %s in %q", f, s)
				}
			}
		})
	}
}

func TestNameForm(t *testing.T) {
	for _, tt := range [][3]string{
		{"Zoë Van den Broeck", "Z. Van den Broeck", "initials"},
		{"Zoë Van den Broeck", "Z.\x00Van den Broeck\x00", "initials"},
		{"Zoë Van den Broeck", "Zoë\x00Van den Broeck\x00", "columns"},
		{"Zoë Van den Broeck", "Zo? Van den Broeck", "lossy"},
		{"Zoë Van den Broeck", "Zoë M. Van den Broeck", "middle"},
		{"Zoë Van den Broeck", "zoevandenbroeck", "joined"},
		{"Zoë Van den Broeck", "Van den Broeck, Zoë", "surname-first"},
		{"Jan Pieter Janssens", "Jan Janssens", "short"},
	} {
		if got := formOf(t, Name, tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q in %q: %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

// A usual name costs few patterns.
func TestPatternsPerPerson(t *testing.T) {
	for name, limit := range map[string]int{"Zoë Van den Broeck": 1, "Jan Janssens": 1, "Łukasz Wiśniewski": 1, "Hans Müller": 9, "Jan Müller": 16, "John Smith": 1, "Иван Петров": 16, "José Martínez": 16} {

		bl := newBuilder()
		bl.name(name)
		if n := bl.patterns.Len(); n > limit {
			t.Errorf("%s: %d patterns", name, n)
		}
	}
	bl := newBuilder()
	bl.address("Genutstraat 35, 3740 Bilzen")
	if n := bl.patterns.Len(); n > 1 {
		t.Errorf("%d patterns for an address", n)
	}
}

func FuzzNames(f *testing.F) {
	r, err := New([]Person{
		{ID: "a", Identifiers: []Identifier{{Type: Name, Value: "Zoë Van den Broeck"}, {Type: Address, Value: "Genutstraat 35 bus 2, 3740 Bilzen"}}},
		{ID: "b", Identifiers: []Identifier{{Type: Name, Value: "Щерба Ййййй"}, {Type: Address, Value: "12, rue de la Gare, 4000 Liège"}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"Z. v.d. Broeck", "\"first_name\":\"Zo\\u00eb\",\"last_name\":\"Van den Broeck", "Genutstr. 35/2\x003740", "12 r. de la Gare", "Zo\xc3\x83\xc2\xab\x00van den\x00Broeck\x00", "<given>Zo</given><family>broeck"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, h := range r.Find(nil, b) {
			if h.Start < 0 || h.End > int64(len(b)) || h.Start >= h.End {
				t.Fatalf("hit outside of the text: %+v", h)
			}
		}
	})
}

// No text makes a check slow.
func TestNamesInHostileText(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Name, Value: "Zoë Van den Broeck"}, {Type: Name, Value: "Ййййййййй Ййййййййй"}, {Type: Address, Value: "Genutstraat 35, 3740 Bilzen"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"broeck ", "zo broeck\x00", `"first_name":"zoë", broeck`, "v.d. broeck zoe ", "йййййййййй ", "genutstr 35 ", "zoë\x00\x00\x00\x00\x00", "<broeck", "name: broeck ", "\xc3\xa3\xc2\xa3broeck"} {
		r.Find(nil, []byte(strings.Repeat(s, 100_000/len(s))))
	}
}
