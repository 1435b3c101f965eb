package subject

import (
	"fmt"
	"testing"
)

func TestNearOthers(t *testing.T) {
	for _, c := range []struct {
		typ   Type
		value string
		text  string
		found bool
	}{
		{Name, "Jean Dubois", "Bonjour Jean-Martin Dubois, merci", false},
		{Name, "Martin Dubois", "Bonjour Jean-Martin Dubois, merci", false},
		{Name, "Jean Martin", "Bonjour Jean-Martin Dubois, merci", false},
		{Name, "Jean Martin", "Jean-Martin\x00Dubois\x00", false},
		{Name, "Jean Martin", "/home/jean-martin/www", true},
		{Name, "José García López", "visto José Garcia Lopera hoy", false},
		{Name, "José García López", "JOSÉ GARCÍA LOPERA", false},
		{Name, "José García López", "José\x00Garcia\x00Lopera\x00", false},
		{Name, "José García López", "José\x00Garcia\x00Sevilla\x00", true},
		{Name, "José García López", "JOSÉ GARCÍA NIF 1", true},
		{Name, "Marie Dupont", "Dupont\x00MARIE.DL@example.org\x00", false},
		{Name, "Marie Dupont-Lefèvre", "Marie\x00Dupont-Lefevre\x00MARIE.DL@example.org\x00", true},
		{Name, "Nicolò Dell'Acqua", "sono Nicolo' Dell'Acqua", true},
		{Name, "Dwayne T. Washington III", "Dwayne Washington", true},
		{Name, "Dr. rer. nat. Petra Lindner", "Petra Lindner", true},
		{Name, "M. Luc Ferrand", "Luc Ferrand", true},
		{Address, "Kerkstraat 12, 9000 Gent", "Kerkstraat 12\x00bus 4\x009100\x00Sint-Niklaas\x00", false},
		{Address, "Kerkstraat 12, 9000 Gent", "Kerkstraat\x0012\x00bus 4\x009100\x00Sint-Niklaas\x00", false},
		{Address, "Kerkstraat 12, 9000 Gent", "Kerkstraat 12 | bus 4 | 9100 | Sint-Niklaas", false},
		{Address, "Kerkstraat 12 bus 4, 9000 Gent", "Kerkstraat 12\x00bus 4\x009000\x00Gent\x00", true},
		{Address, "17 bis, rue du Faubourg Saint-Honoré, 75008 Paris", "17bis rue du Fbg St-Honoré", true},
		{Address, "17 bis, rue du Faubourg Saint-Honoré, 75008 Paris", "17 rue du Fbg St-Honoré", false},
		{Username, "fatima_ea", "10:12 <fatima_ea_> hi", false},
		{Username, "huong_n", "(~huong_n@203.0.113.9) has joined", true},
		{Phone, "+48 22 555 01 23", "tel. 022 555 01 23", true},
		{Phone, "+48 22 555 01 23", "tel. +48 (0) 22 555 01 23", true},
		{Phone, "+48 (0)22 555 01 23", "tel. 225550123", true},
	} {
		r, err := New([]Person{{ID: "p", Identifiers: []Identifier{{Type: c.typ, Value: c.value}}}})
		if err != nil {
			t.Fatal(err)
		}
		if hits := r.Find(nil, []byte(c.text)); len(hits) > 0 != c.found {
			t.Errorf("%s in %q: %+v", c.value, c.text, hits)
		}
	}
}

// The country of a number given without one is that of the address.
func TestPhoneOfAddress(t *testing.T) {
	for _, c := range []struct{ phone, address, text string }{
		{"0351 4829176", "Am Alten Markt 3, 01067 Dresden", "+49 351 4829176"},
		{"020 7946 0382", "12 St. Mary's Road, London SW19 7BP", "+44 20 7946 0382"},
		{"030 274 18 56", "Maliebaan 45, 3581 CD Utrecht", "+31 30 274 18 56"},
		{"030 274 18 56", "Maliebaan 45, 3581CD Utrecht", "0031302741856"},
		{"011 540 8821", "Via XX Settembre 77, 10122 Torino", "+39 011 540 8821"},
		{"01 47 23 90 58", "17 rue Cler, 75007 Paris", "+33 1 47 23 90 58"},
		{"012 34 56 78", "Kerkstraat 12, 3700 Tongeren", "+32 12 34 56 78"},
		{"943 28 61 50", "Paseo de Miraconcha 15, 20007 San Sebastián", "+34 943 286 150"},
		{"605 771 420", "al. Grunwaldzka 103A, 80-244 Gdańsk", "+48 605-771-420"},
		{"022 555 01 23", "ul. Kwiatowa 8, 05-500 Piaseczno", "+48225550123"},
		{"01 5138 412", "Lindengasse 4, 1070 Wien", "+43 1 5138412"},
		{"044 668 18 00", "Bahnhofstrasse 9, 8001 Zürich", "+41 44 668 18 00"},
		{"312-555-0178", "1420 N Lake Shore Dr, Chicago, IL 60610", "+1 312 555 0178"},
	} {
		r, err := New([]Person{{ID: "p", Identifiers: []Identifier{{Type: Phone, Value: c.phone}, {Type: Address, Value: c.address}}}})
		if err != nil {
			t.Fatal(err)
		}
		ok := false
		for _, h := range r.Find(nil, []byte(fmt.Sprintf("call %s now", c.text))) {
			ok = ok || h.Type == Phone && h.Form != guessedCountry
		}
		if !ok {
			t.Errorf("%s of %s: no %s", c.phone, c.address, c.text)
		}
	}
}
