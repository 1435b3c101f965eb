package subject

import (
	"fmt"
	"strings"
	"testing"
)

// withNumbers returns one who looks for people with numbers of each type.
func withNumbers(t *testing.T) *Recognizer {
	t.Helper()
	r, err := New([]Person{{ID: "z", Identifiers: []Identifier{
		{Type: Phone, Value: "+32 470 12 34 56"},
		{Type: IBAN, Value: "BE68 5390 0754 7034"},
		{Type: VAT, Value: "BE 0890.439.412"},
		{Type: NationalID, Value: "85.07.30-033.28"},
		{Type: Card, Value: "4111 1111 1111 1111"},
	}}, {ID: "n", Identifiers: []Identifier{
		{Type: IBAN, Value: "NL91 ABNA 0417 1643 00"},
		{Type: IBAN, Value: "MT84 MALT 0110 0001 2345 MTLC AST0 01S"},
		{Type: Phone, Value: "+49 30 901820"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNumbersCutByLineBreaks(t *testing.T) {
	r := withNumbers(t)
	for _, c := range []struct {
		typ  Type
		text string
	}{
		{IBAN, "Betaal op BE68 5390\n0754 7034 van Zoë."},
		{IBAN, "Betaal op BE68\n5390 0754 7034 van Zoë."},
		{IBAN, "Betaal op BE68 5390 0754\n7034, dank u"},
		{IBAN, "Betaal op BE68 5390\r\n0754 7034 van Zoë.\r\n"},
		{IBAN, "Betaal op BE68 5390 \n0754 7034."},
		{IBAN, "Betaal op BE68 5390<br>0754 7034</p>"},
		{IBAN, "Betaal op BE68 5390<br/>0754 7034</p>"},
		{IBAN, "Betaal op BE68 5390<br />\n   0754 7034</p>"},
		{IBAN, "BE68&nbsp;5390<BR>0754&nbsp;7034"},
		{IBAN, "> Betaal op BE68 5390\n> 0754 7034 van Zoë"},
		{IBAN, ">> Betaal op BE68 5390\r\n>> 0754 7034 van Zoë"},
		{IBAN, "> > Betaal op BE68 5390\n> > 0754 7034 van Zoë"},
		{IBAN, "rekening  van  het   kantoor   BE68   5390\n  0754   7034   en   niets   anders"},
		{IBAN, "BE68 5390\n0754 7034"},
		{IBAN, "op rekening 539-0075470\n34 van het kantoor"},
		{IBAN, "be68-5390-\n0754-7034"},
		{IBAN, "\"BE68 5390\n0754 7034\""},
		{IBAN, "{\"note\":\"op BE68 5390\\n0754 7034 van Zoë\"}"},
		{IBAN, "{\"note\":\"op BE68 5390\\r\\n0754 7034 van Zoë\"}"},
		{IBAN, "op BE68 5390%0D%0A0754 7034 van"},
		{IBAN, "op NL91 ABNA\n0417 1643 00 van"},
		{IBAN, "op NL91 ABNA 0417\n1643 00 van"},
		{IBAN, "op MT84 MALT 0110 0001 2345\nMTLC AST0 01S van"},
		{IBAN, "op MT84 MALT\n0110 0001 2345 MTLC AST0 01S van"},
		{Phone, "Bel Zoë op 0470 12\n34 56 of mail haar."},
		{Phone, "Bel Zoë op 0470\n12 34 56 of mail haar."},
		{Phone, "Bel Zoë op 0470 12 34\n56 of mail haar."},
		{Phone, "Bel Zoë op +32 470\n12 34 56."},
		{Phone, "Bel Zoë op +32\n470 12 34 56."},
		{Phone, "Bel Zoë op +32 (0)\n470 12 34 56."},
		{Phone, "Bel Zoë op (0470)\n12 34 56."},
		{Phone, "tel. 0470\n123456"},
		{Phone, "GSM: 0470/12\n34 56\nwww.example.be"},
		{Phone, "> gsm 0470 12\n> 34 56"},
		{Phone, "> gsm 0470 12\n34 56"},
		{Phone, "Tel 0470-12-\n34-56"},
		{Phone, "Telefoon\n0470 12\n34 56\n"},
		{Phone, "Tel +49 30\n901820"},
		{VAT, "ondernemingsnummer BE 0890\n439 412 te Gent"},
		{VAT, "BTW 0890.439.\n412"},
		{VAT, "BTW BE 0890<br>439.412"},
		{NationalID, "rijksregisternummer 85.07.30-\n033.28 van"},
		{NationalID, "NISS 850730\n03328"},
		{NationalID, "het nummer 85 07 30\n033 28 van Zoë"},
		{Card, "kaart 4111 1111\n1111 1111 vervalt"},
		{Card, "kaart 4111 1111 1111\r\n1111"},
	} {
		for i, text := range []string{c.text, "Eerst iets anders.\n\n" + c.text + "\n\nEn dan nog iets."} {
			found := false
			for _, h := range r.Find(nil, []byte(text)) {
				if h.Type == c.typ {
					found = true
					if s := text[h.Start:h.End]; i == 0 && !strings.ContainsAny(s, "\n<%\\") {
						t.Errorf("%q: %s at %q", text, h.Form, s)
					}
				}
			}
			if !found {
				t.Errorf("%s not found in %q", c.typ, text)
			}
		}
	}
}

func TestNumbersOfTwoRows(t *testing.T) {
	r := withNumbers(t)
	for _, text := range []string{
		"0470\n123456\n", "0470\n123456\n0498\n", "12\n0470\n123456\n77\n", "a 0470\n123456 b", "aantal 0470\n123456 stuks",
		"0470 12\n34 56\n", "1200 0470 12\n34 56 99\n", "naam;0470 12\n34 56;naam\n", "naam,0470 12\n34 56,naam\n", "1,0470\n123456,2\n", "x\t0470 12\n34 56\ty\n", "| 0470 12 |\n| 34 56 |",
		"2026-12-01 12:00:01 code 0470 12\n34 56 verwerkt\n", "[01/12/2026 12:00] code 0470 12\n34 56 verwerkt", "12:00:01 code 0470 12\n34 56 x",
		"Bel 0470 12\n\n34 56 en", "Bel 0470 12\n34 56 78 en", "Bel 99 0470 12\n34 56 en", "Bel 0470 12\n34 57 en", "Bel +33 470 12\n34 56 en", "Bel 0470 12\n34 56 EUR", "Bel 0470 12\n34:56 en", "Bel 0470 12\n34 56% en",
		"stuks    0470 12\n34 56    stuks", "Bel 0470 12\n> 34 56 en", "Bel 0470 12<p>34 56 en", "Bel 0470 12</td><td>34 56 en",
		"5390 0754\n7034 0000\n", "68 5390\n0754 7034\n11 2222\n", "1 BE68 5390 0754\n7035 van", "op BE69 5390\n0754 7034 van", "op BE68 5390\n0754 7034 11 van", "op BE68 5390\n0754 70345 van", "op FR68 5390\n0754 7034 van",
		"4111 1111\n1111 1111\n4222 2222\n", "4111\n1111\n1111\n1111\n", "4111111111\n111111 x", "id,n\n4111,1111\n1111,1111\n", "10.00 4111 1111\n1111 1111 20.00",
		"850730\n03328\n", "850730 033\n28 1\n", "1;850730\n03328;2", "nr 850730\n03328 x",
		"0890\n439412\n", "0890.439\n412\n", "totaal 0890 439\n412 stuks", "op NL91 ABNA\n\n0417 1643 00 van", "op NL91 ABNA x\n0417 1643 00 van", "NL91;ABNA\n0417 1643 00;van", "127.0.0.1 - 200 0470\n12.34.56.78 - 200 1",
		"op NL91 ABNB\n0417 1643 00 van", "bijlage ABNA\n0417 1643 01", "totaal 0470 12\n34 56,00 EUR", "totaal 0470 12\n34 56,00",
		"0470 12\n34 56\n0470 98\n76 54\n",
	} {
		for _, h := range r.Find(nil, []byte(text)) {
			if s := text[h.Start:h.End]; strings.ContainsAny(s, "\n<|") {
				t.Errorf("%s %s %q in %q", h.Type, h.Form, s, text)
			}
		}
	}
}

func BenchmarkLinesOfNumbers(b *testing.B) {
	r, err := New(many(100, ""))
	if err != nil {
		b.Fatal(err)
	}
	var csv, words strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&csv, "%d,abc%d,%d.%02d,2026-12-01,%d\n", 100_000+i, i, i, i%100, i*7)
		fmt.Fprintf(&words, "line %d of a text that is about nothing, and ends with the number %d\n%d and so on\n", i, i*7, i)
	}
	for name, s := range map[string]string{"csv": csv.String(), "text": words.String()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				r.Find(nil, []byte(s))
			}
		})
	}
}
