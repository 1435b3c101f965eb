package subject

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// spot says whether a text holds the identifier: not at all, weakly, or so that
// it settles who is meant.
type spot int

const (
	absent spot = iota
	weakly
	surely
)

func placeIn(r *Recognizer, typ Type, text string) spot {
	p := absent
	for _, h := range r.Find(nil, []byte(text)) {
		if h.Type != typ || h.Person != 0 {
			continue
		}
		if h.Weak && !h.Named {
			p = max(p, weakly)
		} else {
			p = surely
		}
	}
	return p
}

type formsCase struct {
	typ         Type
	value       string
	sure        []string
	weak, never []string
	others      []Identifier
}

func (c formsCase) run(t *testing.T) {
	t.Helper()
	ids := append([]Identifier{{Type: c.typ, Value: c.value}}, c.others...)
	r, err := New([]Person{{ID: "a", Identifiers: ids}})
	if err != nil {
		t.Fatalf("%s %s: %v", c.typ, c.value, err)
	}
	for want, texts := range map[spot][]string{surely: c.sure, weakly: c.weak, absent: c.never} {
		for _, s := range texts {
			wraps := []string{s, "Lorem " + s, s + " ipsum", "Lorem (" + s + ") ipsum", s + ".", "a;" + s + ";b", "\x00" + s + "\x00", "x=\"" + s + "\",", s + "\nx", "x\n" + s}
			if want == absent && strings.HasSuffix(s, "\n") {
				wraps = wraps[:1]
			}
			for _, text := range wraps {
				if got := placeIn(r, c.typ, text); got != want {
					t.Errorf("%s %s: %d in %q, want %d", c.typ, c.value, got, text, want)
				}
			}
		}
	}
}

func TestPhoneForms(t *testing.T) {
	for _, c := range []formsCase{
		{
			typ: Phone, value: "+32 470 12 34 56",
			sure: []string{
				"+32470123456", "+32 470 12 34 56", "+32.470.12.34.56", "+32-470-12-34-56", "+32 470 123 456", "+32(470)123456", "(+32) 470 12 34 56", "+(32) 470 12 34 56",
				"++32470123456", "+ 32 470 12 34 56", "32470123456", "0032470123456", "0032 470 12 34 56", "0032-470-12-34-56", "00 32 470 12 34 56", "(0032) 470 12 34 56", "+0032470123456",
				"011 32 470 12 34 56", "011-32-470-123456", "0011 32 470 123 456", "+32 (0)470 12 34 56", "+32(0)470/12.34.56", "+32 (0) 470 12 34 56", "0032 (0)470 12 34 56", "0032(0)470123456",
				"+320470123456", "+32 0470 12 34 56", "+32 0 470 12 34 56", "0470123456", "0470 12 34 56", "0470/12 34 56", "0470-12-34-56", "0470/12.34.56", "0470.12.34.56", "0470 123 456", "0470.123.456", "(0470) 12 34 56", "(0)470 12 34 56",
				"+32\u00a0470\u00a012\u00a034\u00a056", "0470\u202f12\u202f34\u202f56", "0470\u200912\u200934\u200956", "0470\u201112\u201134\u201156", "0470–12–34–56",
				"tel:+32-470-12-34-56", "tel:+32470123456;ext=12", "tel:0470123456;phone-context=+32", "tel:470123456;phone-context=+32", "0470123456x12", "0470 12 34 56 ext. 12", "0470123456ext12", "0470 12 34 56 toestel 3",
				"https://wa.me/32470123456", "https://api.whatsapp.com/send?phone=32470123456&text=x", "32470123456@s.whatsapp.net", "waid=32470123456:+32 470 12 34 56", "sip:+32470123456@example.org", "0470123456@fax.example.be", "phone=%2B32470123456",
				"0470 12 34 56 / 57", "0470 12 34 56/57", "0470 12 34 56 - 57", "0470123456/0471987654", "0470123456-0471987654", "0471 98 76 54 0470 12 34 56", "0470 12 34 56 0471 98 76 54", "0470 12 34 56, 0471 98 76 54",
				"T: 0470 12 34 56", "GSM0470123456", "Tel.0470/123456", "gsm:0470123456", "M +32 470 12 34 56 E", "call-0470123456-20260105.wav", "20260105_0470123456_1.wav", "0470123456.vcf", "2026-01-05 0470 12 34 56", "14:05 32 470 12 34 56",
				"0470 12 34 56 12/05/2024", "+32 470 12 34 56 14:05", "0470 12 34 56 10 EUR", "1;0470123456;12", "0470 12 34 56 7 rue", "Zoë,0470123456,12,x", "0470123456 12", "17 0470123456", "BE 0470 12 34 56", "BE +32470123456",
			},
			weak: []string{"470123456", "470 12 34 56"},
			never: []string{
				"10470123456", "04701234567", "+33 0470 12 34 56", "+33 470 12 34 56", "+33 (0)470 12 34 56", "0033 470 12 34 56", "0033 (0)470 12 34 56", "0033470123456", "00 33 470 12 34 56", "+1 470 123 456", "+132470123456",
				"0470 12 34 57", "0470 12 34 56 78", "+32 470 12 34 56 78", "0470.12.34.56.78", "0470-12-34-56-78", "a0470123456", "O470123456", "O470 12 34 56", "3.0470123456", "tx 2026-0470123456-99", "2026-0470123456", "0470123456-99",
				"132470123456", "324701234561", "32470123456a", "x32470123456", "12 34 56", "123456", "470123456,50", "EUR 470123456", "470123456 EUR", "470123456.75", "BE0470123456", "BE 0470.123.456", "BE0470.123.456", "BTW 0470.123.456", "TVA BE 0470123456", "ondernemingsnummer 0470.123.456",
				"550e8400-e29b-41d4-a716-032470123456", "deadbeef0470123456", "0470123456cafe", "ORDER 0470123456", "factuur 0470123456", "12.0470.12.34.56", "tel:470123456;phone-context=+33", "+470 12 34 56", "0470 1234 5", "0x0470123456", "12 32 470 12 34 56", "0470 12 34 56 7\n", "DE89 3704 0470 1234 56", "00 33 0470 12 34 56", "0033 0470123456", "011 33 470 12 34 56",
			},
		},
		{
			typ: Phone, value: "+32 2 555 12 34",
			sure:  []string{"+3225551234", "02 555 12 34", "02/555.12.34", "(02) 555 12 34", "+32 (0)2 555 12 34", "025551234", "0032 2 555 12 34", "+32 (2) 5551234"},
			weak:  []string{"2 555 12 34"},
			never: []string{"555 12 34", "03 555 12 34"},
		},
		{
			typ: Phone, value: "+45 20 11 02 15",
			sure:  []string{"+45 20 11 02 15", "+4520110215", "004520110215", "4520110215", "tlf. tel 20 11 02 15", "Phone: 20 11 02 15"},
			weak:  []string{"20 11 02 15", "201 10 215"},
			never: []string{"2011-02-15", "20110215", "+46 20 11 02 15", "+20 11 02 15", "20110215 EUR", "20.110.215,00", "12 20 11 02 15"},
		},
		{
			typ: Phone, value: "+39 06 1234 5678",
			sure:  []string{"+390612345678", "+39 06 1234 5678", "06 1234 5678", "06/12345678", "0039 06 12345678", "+39 (0)6 12345678", "+39 (06) 1234 5678"},
			never: []string{"+39 6 1234 5678", "+31 6 1234 5678", "+31 06 1234 5678", "6 1234 5678"},
		},
		{
			typ: Phone, value: "+39 347 123 4567",
			sure:  []string{"347 1234567", "347.1234567", "347/1234567", "+39 347 1234567", "3471234567", "393471234567"},
			never: []string{"+40 347 1234567", "1 347 123 4567", "+1 347 123 4567", "3471234567,50 EUR", "€ 3471234567"},
		},
		{
			typ: Phone, value: "+1 (202) 555-0143",
			sure:  []string{"(202) 555-0143", "202-555-0143", "202.555.0143", "+1 202 555 0143", "1-202-555-0143", "12025550143", "001 202 555 0143", "2025550143", "+1.202.555.0143", "202-555-0143x12"},
			never: []string{"555-0143", "+44 202 555 0143", "202-555-0144", "5202-555-0143", "202-555-0143-99"},
		},
		{
			typ: Phone, value: "+44 7700 900123", // kept for fiction by Ofcom, and no valid number
			sure:  []string{"07700 900123", "07700 900 123", "+44 (0)7700 900123", "+447700900123", "0044 7700 900 123"},
			never: []string{"07700 900124", "+33 7700 900123"},
		},
		{
			typ: Phone, value: "+54 9 11 2345-6789",
			sure:  []string{"+54 9 11 2345-6789", "+5491123456789", "+54 11 2345-6789", "011 15-2345-6789", "011 15 2345 6789", "11 15 2345-6789", "(011) 15-2345-6789", "11 2345-6789"},
			never: []string{"15 2345-6789", "+55 11 2345-6789"},
		},
		{
			typ: Phone, value: "+52 1 55 1234 5678",
			sure:  []string{"+52 55 1234 5678", "+52 1 55 1234 5678", "+5215512345678", "55 1234 5678", "(55) 1234-5678"},
			never: []string{"+51 55 1234 5678", "1234 5678"},
		},
		{
			typ: Phone, value: "+7 912 345-67-89",
			sure:  []string{"8 (912) 345-67-89", "89123456789", "+7(912)3456789", "7 912 345 67 89", "8-912-345-67-89", "912 345 67 89"},
			never: []string{"9 912 345 67 89", "+8 912 345-67-89"},
		},
		{
			typ: Phone, value: "+36 20 123 4567",
			sure:  []string{"06 20 123 4567", "06-20/123-4567", "+36 (20) 123-4567", "+36 06 20 123 4567", "06201234567", "+36 (06) 20 123 4567"},
			weak:  []string{"20 123 4567"},
			never: []string{"+39 06 20 123 4567"},
		},
		{
			typ: Phone, value: "+49 30 123456",
			sure:  []string{"030 123456", "030/123456", "(030) 12 34 56", "+49 (0)30 123456", "+49-30-123456", "0049 30 123456"},
			never: []string{"030 1234567", "030 123456-78", "+49 30 123456-78", "+43 30 123456"},
		},
		{
			typ: Phone, value: "+48 22 555 01 23",
			sure:  []string{"22 555 01 23", "00-950 22 555 01 23", "(22) 555-01-23", "+48 225550123", "225550123", "(+48) 22 555 01 23"},
			never: []string{"+34 22 555 01 23", "2022 555 01 23", "22 555 01 23 45"},
		},
		{
			typ: Phone, value: "+352 26 12 34 56", sure: []string{"+352 26 12 34 56", "+35226123456", "35226123456", "00352 26 12 34 56", "Tel.: 26 12 34 56"},
			weak: []string{"26 12 34 56"}, never: []string{"+353 26 12 34 56"},
		},
		{typ: Phone, value: "+370 612 34567", sure: []string{"8 612 34567", "861234567", "0 612 34567", "+370 612 34567", "(8-612) 34567"}},
		{typ: Phone, value: "+33 6 39 98 12 34", sure: []string{"06 39 98 12 34", "06.39.98.12.34", "06-39-98-12-34", "+33 (0)6 39 98 12 34", "0639981234", "33639981234"}, never: []string{"+32 6 39 98 12 34", "06 39 98 12 34 56"}},
		// Given within a country, which the rest tells.
		{
			typ: Phone, value: "06 12 34 56 78", others: []Identifier{{Type: Email, Value: "a@example.nl"}},
			sure: []string{"06 12345678", "+31 6 12345678", "0031612345678", "+31 (0)6 12 34 56 78"}, never: []string{"+33 6 12 34 56 78"},
		},
		{typ: Phone, value: "06 12 34 56 78", others: []Identifier{{Type: Address, Value: "1 rue de la Gare, 75001 Paris, France"}}, sure: []string{"+33 6 12 34 56 78", "0612345678"}, never: []string{"+31 6 12 34 56 78"}},
		{typ: Phone, value: "06 12 34 56 78", sure: []string{"0612345678"}, weak: []string{"+33 6 12 34 56 78", "+31612345678"}, never: []string{"+32 6 12 34 56 78"}},
		{typ: Phone, value: "0470 12 34 56", sure: []string{"0470123456", "(0470) 12 34 56"}, weak: []string{"+32 470 12 34 56", "+32 (0)470/123456", "0032470123456"}, never: []string{"+33 470 12 34 56", "+33 (0)470 12 34 56"}},
		{typ: Phone, value: "32470123456", sure: []string{"0470123456", "+32 470 12 34 56"}},
		{typ: Phone, value: "612 345 678", others: []Identifier{{Type: IBAN, Value: "ES91 2100 0418 4502 0005 1332"}}, sure: []string{"612345678", "+34 612 34 56 78"}, never: []string{"+48 612 345 678"}},
		// Given in other ways.
		{typ: Phone, value: "tel:+32-470-12-34-56;ext=1", sure: []string{"0470123456"}},
		{typ: Phone, value: "011 32 470 12 34 56", sure: []string{"0470123456", "+32470123456"}},
		{typ: Phone, value: "0032 (0)470 12 34 56", sure: []string{"0470123456", "+32470123456"}},
		// Mistyped: only as it was given.
		{typ: Phone, value: "+32 470 12 34 5", sure: []string{"+3247012345"}},
	} {
		c.run(t)
	}
}

// A country that was guessed never settles who is meant.
func TestGuessedCountry(t *testing.T) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{{Type: Phone, Value: "06 12 34 56 78"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Confidence{"tel. +31 6 12345678": Possible, "tel. 0612345678": Certain} {
		ev := r.NewEvidence(0)
		for _, h := range r.Find(nil, []byte(text)) {
			h.Named = true
			ev.Add(h, 1, h.Start)
		}
		if got, why := ev.Judge(false); got != want {
			t.Errorf("%q: %s (%s), want %s", text, got, why, want)
		}
	}
}

// What is found lies within the text, whatever the text is.
func FuzzNumbers(f *testing.F) {
	r, err := New([]Person{{ID: "a", Identifiers: []Identifier{
		{Type: Phone, Value: "+32 470 12 34 56"},
		{Type: Phone, Value: "+54 9 11 2345-6789"},
		{Type: Phone, Value: "06 12 34 56 78"},
		{Type: VAT, Value: "BE 0890.439.412"},
		{Type: VAT, Value: "FR 40 303 265 045"},
		{Type: VAT, Value: "HU12892312"},
		{Type: IBAN, Value: "DE89370400440532013000"},
		{Type: NationalID, Value: "85.07.30-033.28"},
		{Type: NationalID, Value: "RSSMRA85L70A944K"},
		{Type: NationalID, Value: "QQ 12 34 56 C"},
		{Type: Card, Value: "4111 1111 1111 1111"},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		"+32 (0)470 12 34 56", "0470123456x1", "470123456;phone-context=+32", "00 32 470123456", "+54 9 11 2345-6789", "BE 0890.439.412", "303 265 045 00011",
		"12892312-2-42", "BLZ 37040044 Kto 532013000", "PNOBE-85073003328", "85L70 A944K", "QQ 12 34 56 C", "\xe2\x80\xaf470\xc2123456", "06 12345678,50 EUR",
	} {
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

// Any value is taken or refused, and its forms are found.
func FuzzGiven(f *testing.F) {
	for _, s := range []string{"+32 470 12 34 56", "tel:1;phone-context=+", "0032", "+7 8", "+", "BE0890439412", "NL123456789B01", "CHE", "1 85 07 2A 123 456", "131052+308T", "XX", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []Type{Phone, VAT, IBAN, NationalID, Card} {
			id := Identifier{Type: typ, Value: s}
			n, err := id.Normal()
			if err != nil {
				continue
			}
			r, err := New([]Person{{ID: "a", Identifiers: []Identifier{id}}})
			if err != nil {
				t.Fatal(err)
			}
			if hits := r.Find(nil, []byte(n)); len(hits) == 0 && len(n) >= 8 && len(n) < 20 && n[0] != '+' {
				t.Logf("%s: its normal form is not found", typ)
			}
		}
	})
}

// Ten thousand people with two numbers each must not cost much.
func TestManyPhones(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	persons := make([]Person, 10000)
	for i := range persons {
		persons[i] = Person{ID: fmt.Sprint(i), Identifiers: []Identifier{
			{Type: Phone, Value: fmt.Sprintf("+3247%07d", i*977%10000000)},
			{Type: Phone, Value: fmt.Sprintf("02%07d", 2000000+i*389%7000000)},
		}}
	}
	var a, b runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&a)
	begin := time.Now()
	r, err := New(persons)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&b)
	t.Logf("%v, %d MB held, %d MB in all", took, (b.HeapAlloc-a.HeapAlloc)>>20, (b.TotalAlloc-a.TotalAlloc)>>20)
	if took > 10*time.Second || b.HeapAlloc-a.HeapAlloc > 100<<20 {
		t.Error("too much")
	}
	if placeIn(r, Phone, "+32470000000") == absent {
		t.Error("the first is not found")
	}
}
