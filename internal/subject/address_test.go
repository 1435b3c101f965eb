package subject

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

func TestAddressForms(t *testing.T) {
	for _, tt := range []struct {
		address string
		yes     []string
		never   []string
	}{
		{"Genutstraat 35, 3740 Bilzen", []string{
			"Genutstraat 35, 3740 Bilzen", "Genutstr. 35", "Genutstr 35, 3740 Bilzen", "GENUTSTRAAT 35", "Genutstraat, 35", "Genutstraat nr. 35", "Genutstraat nr 35, B-3740 Bilzen", "Genutstraat n° 35",
			"Genutstraat 35\n3740 Bilzen", "Genutstraat 35 - 3740 Bilzen", "Genutstraat 35, BE-3740 Bilzen", "3740 Bilzen, Genutstraat 35", "Bilzen, Genutstraat 35", "Genutstraat 35 te Bilzen", "Genutstraat 35 Bilzen (3740)",
			"Genutstraat 35 bus 2, 3740 Bilzen", "Genutstraat 35/2", "Genutstraat 35 b 2", "Genutstraat 35-37", "Genutstraat\x0035\x003740\x00Bilzen\x00", "Genutstraat\x0035\x00\x003740\x00Bilzen\x00",
			"Genutstraat\x0035\x002\x003740\x00Bilzen\x00", "3740\x00Bilzen\x00Genutstraat\x0035\x00", "Genutstraat 35\x00\x003740\x00Bilzen\x00", `{"street":"Genutstraat","number":"35","postal_code":"3740","city":"Bilzen"}`,
			`{"city":"Bilzen","street":"Genutstraat","house_number":35}`, `{"zip":"3740","street":"Genutstraat 35"}`, `"Genutstraat","35","3740","Bilzen"`, "Straat: Genutstraat\nHuisnummer: 35\nPostcode: 3740", "wonende te Genutstraat 35.",
			"ADR:;;Genutstraat 35;Bilzen;;3740;België", "<street>Genutstraat</street><number>35</number>", "Genutstraat 35, Bilzen", "Genutstraat 35 on 2026-11-02", "Genutstraat 35B-3740 Bilzen"[:14],
		}, []string{
			"Genutstraat 350", "Genutstraat 3", "Genutstraat 135", "Genutstraat 35A", "Genutstraat 35 A", "Genutstraat 35a, 3740 Bilzen", "Genutstraat 35 bis", "Genutstraat", "3740 Bilzen", "Genutlaan 35", "Genutweg 35", "Oude Genutstraten 35",
			"Genutstraat 35, 9000 Gent", "Genutstraat 35\n9000 Gent", "Genutstraat\x0035\x009000\x00Gent\x00", "9000 Gent, Genutstraat 35", "Genutstraat 35, Gent", `{"street":"Genutstraat","number":"36"}`,
			`{"street":"Genutstraat","number":"35","postal_code":"9000","city":"Gent"}`, "Agenutstraat 35", "Genutstraat 34, huis 35", "Genutstraat 35.5", "Genutstraat 36 35", "Genutstraat\x00x\x0035\x00",
		}},
		{"Kerkstraat 12, 2000 Antwerpen", []string{"Kerkstr. 12, 2000 Anvers", "Kerkstraat 12 Antwerp", "kerkstraat 12", "Kerkstraat 12, 2000 Antwerpen"}, []string{"Nieuwe Kerkstraat 12, 9000 Gent", "Kerkstraat 12, 1000 Brussel", "Kerklaan 12", "Kerkstraat 112"}},
		{"Genutstraat 35 bus 2, 3740 Bilzen", []string{"Genutstraat 35 bus 2", "Genutstraat 35/2", "Genutstr. 35 b 2", "Genutstraat 35 bte 2", "Genutstraat 35-2", "Genutstraat 35", "Genutstraat 35 bus 3", "Genutstraat 35 b2", "Genutstraat\x0035\x002\x003740\x00"}, []string{"Genutstraat 352", "Genutstraat 3 bus 2"}},
		{"12B, rue de la Gare, 4000 Liège", []string{"12B, rue de la Gare, 4000 Liège", "12 B rue de la Gare", "rue de la Gare 12B", "Rue de la Gare, 12 B, 4000 Luik", "R. de la Gare 12b"}, []string{"rue de la Gare 12", "12A rue de la Gare"}},
		{"12 bis rue de la Gare, 69002 Lyon", []string{"12bis, rue de la Gare", "12 B rue de la Gare 69002 Lyon", "12 B, R. DE LA GARE\n69002 LYON", "rue de la Gare 12b"}, []string{"12 rue de la Gare", "12 ter rue de la Gare", "12 T rue de la Gare", "12 bis bd de la Gare"}},
		{"35, rue de la Gare, 4000 Liège", []string{
			"35, rue de la Gare", "35 rue de la Gare 4000 Liège", "Rue de la Gare 35, 4000 Luik", "rue de la gare, 35", "r. de la Gare 35", "35 RUE GARE", "Rue de la Gare 35 boîte 2", "Rue de la Gare, n° 35", "rue de la Gare 35/2 à 4000 Liège",
			enc(t, charmap.Windows1252, "rue de la Gare 35, 4000 Liège"), norm.NFD.String("35, rue de la Gare, 4000 Liège"), "35\x00rue de la Gare\x004000\x00Liège\x00",
		}, []string{"135, rue de la Gare", "35, rue de la Garenne", "35, avenue de la Gare", "35, rue de la Gare, 5000 Namur", "rue de la Gare 36", "rue de la Gare", "3,35 rue de la Gare", "35 rue de la Gare 12"}},
		{"Avenue Louise 54, 1050 Bruxelles", []string{"Av. Louise 54", "54, avenue Louise", "Ave Louise 54, 1050 Brussel", "AVENUE LOUISE 54, B-1050 BRUXELLES"}, []string{"Avenue Louis 54", "rue Louise 54", "Avenue Louise 540"}},
		{"8 bd Saint-Michel, 75005 Paris", []string{"8 boulevard Saint-Michel", "8, bd St Michel 75005 Paris", "8 Bld. St-Michel", "8 blvd Saint Michel, F-75005 Paris"}, []string{"18 bd Saint-Michel", "8 rue Saint-Michel", "8 bis bd Saint-Michel"}},
		{"Sint-Jansstraat 7, 9100 Sint-Niklaas", []string{"St.-Jansstraat 7", "St Jansstr. 7, 9100 St-Niklaas", "Sint Jansstraat 7, 9100 Sint-Niklaas"}, []string{"Sint-Jansstraat 77", "Jansstraat 7"}},
		{"Hauptstraße 5, 50667 Köln", []string{"Hauptstr. 5", "Hauptstrasse 5, 50667 Koeln", "HAUPTSTRASSE 5", "Haupt-Str. 5, D-50667 Köln", "Hauptstraße 5, Cologne", enc(t, charmap.Windows1252, "Hauptstraße 5, 50667 Köln"), "Haupt Straße 5", "HauptstraÃŸe 5"}, []string{"Hauptstr. 5a", "Hauptplatz 5", "Hauptstr. 50", "Hauptstr. 5, 80331 München"}},
		{"Königsallee 60, 40212 Düsseldorf", []string{"Königsallee 60", "Koenigsallee 60", "KÖNIGSALLEE 60, 40212 DÜSSELDORF", "Königsall. 60"}, []string{"Königsweg 60"}},
		{"221B Baker Street, London NW1 6XE", []string{"221B Baker Street", "221b Baker St.", "221B Baker St, London NW1 6XE", "221B Baker Street, London NW16XE"}, []string{"221 Baker Street", "22 Baker Street", "221B Bakers Street", "221B Baker Road"}},
		{"10 Station Road, Leeds LS1 4DY", []string{"10 Station Rd", "10 Station Road\nLeeds\nLS1 4DY", "Flat 2, 10 Station Road, Leeds"}, []string{"110 Station Road", "10 Station Lane", "10 Stationary Road"}},
		{"Calle Mayor 15, 28013 Madrid", []string{"C/ Mayor 15", "Calle Mayor, 15", "C. Mayor 15, 28013 Madrid", "calle Mayor nº 15"}, []string{"Plaza Mayor 15", "Calle Mayor 150", "Calle Mayor 15, 08001 Barcelona"}},
		{"Via Garibaldi 20, 40121 Bologna", []string{"Via Garibaldi, 20", "v. Garibaldi 20", "via Garibaldi n. 20 - 40121 Bologna"}, []string{"Viale Garibaldi 20", "Piazza Garibaldi 20"}},
		{"ul. Długa 5/3, 00-238 Warszawa", []string{"ul. Długa 5/3", "Długa 5/3, 00-238 Warszawa", "ulica Dluga 5 m. 3", "ul. Długa 5", enc(t, charmap.ISO8859_2, "ul. Długa 5/3")}, []string{"ul. Długa 53", "ul. Długosza 5"}},
		{"Damrak 70, 1012 LM Amsterdam", []string{"Damrak 70", "Damrak 70, 1012LM Amsterdam", "Damrak 70 1012 LM", "DAMRAK 70, NL-1012 LM"}, []string{"Damrak 7", "Damrak 70, 3011 AB Rotterdam"}},
		{"Rue du 11 novembre 35, 7000 Mons", []string{"Rue du 11 novembre 35", "rue du 11 Novembre, 35, 7000 Bergen"}, []string{"Rue du 11 novembre", "Rue du 11 novembre 3"}},
		{"Genutstraat, 35, 3740 Bilzen", []string{"Genutstraat 35"}, []string{"Genutstraat 3740"}},
		{"3740 Bilzen, Genutstraat 35", []string{"Genutstraat 35", "Genutstraat 35, 3740 Bilzen"}, []string{"Genutstraat 3740"}},
		{"Burgemeester Maxlaan 3, 8000 Brugge", []string{"Burg. Maxlaan 3", "Burgemeester Maxln. 3", "Burg. Maxlaan 3, 8000 Bruges"}, []string{"Maxlaan 3", "Burg. Maxlaan 33"}},
	} {
		t.Run(tt.address, func(t *testing.T) {
			for _, s := range tt.yes {
				texts := []string{s}
				if !strings.ContainsAny(s, "\x00{<\n") {
					texts = append(texts, "lorem "+s, s+" ipsum", "x ("+s+") y", s+".")
				}
				for _, text := range texts {
					if formOf(t, Address, tt.address, text) == "" {
						t.Errorf("not found in %q", text)
					}
				}
			}
			for _, s := range tt.never {
				if f := formOf(t, Address, tt.address, s); f != "" {
					t.Errorf("found as %s in %q", f, s)
				}
			}
		})
	}
}

func TestAddressForm(t *testing.T) {
	for _, tt := range [][3]string{
		{"Genutstraat 35, 3740 Bilzen", "Genutstraat 35, 3740 Bilzen", "plain"},
		{"Genutstraat 35, 3740 Bilzen", "Genutstraat 35", "street"},
		{"Genutstraat 35, 3740 Bilzen", "Genutstraat\x0035\x003740\x00", "columns"},
		{"Genutstraat 35, 3740 Bilzen", "Genutstraat 35 bus 4, 3740 Bilzen", "other-box"},
		{"Genutstraat 35 bus 2, 3740 Bilzen", "Genutstraat 35 bus 4, 3740 Bilzen", "other-box"},
		{"Genutstraat 35 bus 2, 3740 Bilzen", "Genutstraat 35, 3740 Bilzen", "other-box"},
		{"Genutstraat 35 bus 2, 3740 Bilzen", "Genutstr. 35/2, 3740 Bilzen", "plain"},
	} {
		if got := formOf(t, Address, tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q in %q: %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}
