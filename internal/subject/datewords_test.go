package subject

import "testing"

func TestWordedDates(t *testing.T) {
	for _, c := range []struct {
		date, text string
		found      bool
	}{
		{"1958-05-19", "geboren op negentien mei negentienhonderd achtenvijftig te Zeist", true},
		{"1958-05-19", "geboren op negentien mei negentienhonderdachtenvijftig", true},
		{"1958-05-19", "geboren op negentien mei negentienhonderd achtenveertig", false},
		{"1958-05-19", "geboren op negen mei negentienhonderd achtenvijftig", false},
		{"2001-01-21", "op eenentwintig januari tweeduizend en een", true},
		{"1974-04-02", "le deux avril mil neuf cent septante-quatre", true},
		{"1974-04-02", "le deux avril mille neuf cent soixante-quatorze à Uccle", true},
		{"1974-04-02", "le vingt-deux avril mil neuf cent septante-quatre", false},
		{"1974-04-02", "le deux avril mil neuf cent soixante-quatre", false},
		{"2000-10-30", "el treinta de octubre de dos mil", true},
		{"2000-10-30", "el treinta de octubre de dos mil uno", false},
		{"1969-01-31", "treinta y uno de enero de mil novecientos sesenta y nueve", true},
		{"1954-07-30", "am dreißigsten Juli neunzehnhundertvierundfünfzig", true},
		{"1954-03-07", "am siebten März neunzehnhundertvierundfünfzig", true},
		{"1963-02-01", "il primo febbraio millenovecentosessantatré", true},
		{"1985-11-18", "diciotto novembre millenovecentoottantacinque", true},
	} {
		r, err := New([]Person{{ID: "p", Identifiers: []Identifier{{Type: BirthDate, Value: c.date}}}})
		if err != nil {
			t.Fatal(err)
		}
		hits := r.Find(nil, []byte(c.text))
		if len(hits) > 0 != c.found {
			t.Errorf("%s in %q: %+v", c.date, c.text, hits)
		}
		for _, h := range hits {
			t.Logf("%q", c.text[h.Start:h.End])
		}
	}
}
