package subject

import (
	"strings"
	"testing"
)

func TestAttribute(t *testing.T) {
	for _, c := range []struct {
		attribute, a, b string
		same            bool
	}{
		{"phone", "0470/12.34.56", "+32 470 12 34 56", true},
		{"phone", "0032470123456", "+32 (0)470 12 34 56", true},
		{"phone", "0470/12.34.56", "+32 470 12 34 57", false},
		{"email", "Zoe@Example.be", "zoe@example.be ", true},
		{"name", "Zoë Van den Broeck", "VAN DEN BROECK ZOE", true},
		{"name", "Zoë Van den Broeck", "Zora Van den Broeck", false},
		{"address", "Genutstraat 35, 3740 Bilzen", "3740 Bilzen, Genutstr. 35", true},
		{"address", "Genutstraat 35, B-3740 Bilzen, België", "Genutstraat 35\n3740 BILZEN", true},
		{"address", "Genutstraat 35, 3740 Bilzen", "Genutstraat 53, 3740 Bilzen", false},
		{"address", "Genutstraat 35, 3740 Bilzen", "Genutstraat 35, 3500 Hasselt", false},
		{"street", "Genutstraat 35", "Genutstr 35", true},
		{"postcode", "B-3740", "3740", true},
		{"city", "Liège", "LIEGE", true},
		{"birth_date", "1985-07-30", "30/07/1985", true},
		{"iban", "BE68 5390 0754 7034", "be68539007547034", true},
		{"vat", "BE 0890.439.412", "BE0890439412", true},
		{"nickname", "Zoë ", "zoe", true},
		{"nickname", "→", "←", false},
	} {
		a, b := Attribute(c.attribute, c.a), Attribute(c.attribute, c.b)
		if (a == b) != c.same {
			t.Errorf("%s: %q is %q, %q is %q", c.attribute, c.a, a, c.b, b)
		}
	}
	if m := MaskAttribute("address", "Genutstraat 35, 3740 Bilzen"); strings.Contains(m, "enut") || !strings.HasPrefix(m, "G") {
		t.Errorf("masked %q", m)
	}
}
