package rules

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// countriesA are the rules of the countries of which the tests are here.
func countriesA() []Rule {
	var all []Rule
	for _, f := range []func() []Rule{
		austria, belgium, bulgaria, croatia, cyprus, czechia, denmark, estonia, finland,
		france, germany, greece, hungary, ireland, italy, latvia, lithuania,
	} {
		all = append(all, f()...)
	}
	return all
}

func TestCountryAContract(t *testing.T) {
	for _, r := range countriesA() {
		t.Run(r.ID, func(t *testing.T) {
			if r.Description == "" || r.Source == "" || r.Country == "" || r.Category == "" || len(r.Match) == 0 || len(r.NoMatch) == 0 || len(r.Context) == 0 {
				t.Error("a rule needs a description, a source, a country, a category, context, and examples of both kinds")
			}
		})
	}
}

func ruleA(t *testing.T, id string) Rule {
	for _, r := range countriesA() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return Rule{}
}

// finds reports whether r finds all of s.
func finds(r Rule, s string) bool {
	found := false
	naive(r, []byte(s), func(start, end int) bool {
		found = start == 0 && end == len(s)
		return false
	})
	return found
}

func TestCountryRulesWellFormedA(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range countriesA() {
		if seen[r.ID] {
			t.Errorf("%s: twice", r.ID)
		}
		seen[r.ID] = true
		if len(r.Country) != 2 || !strings.HasPrefix(r.ID, strings.ToLower(r.Country)+"-") {
			t.Errorf("%s: country %q", r.ID, r.Country)
		}
		if r.Category != "financial" && r.Category != "official identification" {
			t.Errorf("%s: category %q", r.ID, r.Category)
		}
		if (r.Find == nil) != (len(r.Shapes) > 0) || (r.Find == nil) != (r.MaxLen == 0) {
			t.Errorf("%s: needs shapes, or a finder and the length of its longest match", r.ID)
		}
		shapes := map[string]bool{}
		for _, s := range r.Shapes {
			n, d := len(compact(s)), strings.Count(s, "d")
			if d < 5 || n > 34 || shapes[s] {
				t.Errorf("%s: shape %q: %d digits of %d, or twice", r.ID, s, d, n)
			}
			shapes[s] = true
		}
		for _, w := range r.Context {
			if w != strings.ToLower(w) || strings.ContainsAny(w, " -./") {
				t.Errorf("%s: context %q is no word in lower case", r.ID, w)
			}
		}
	}
}

// Numbers that authorities and handbooks publish as examples, and neighbours of
// them that are not valid.
func TestCountryPublishedA(t *testing.T) {
	for _, c := range []struct {
		id             string
		valid, invalid []string
	}{
		{"at-vat", []string{"ATU15159209", "ATU64938009", "ATU 142 43 102"}, []string{"ATU15169209", "ATU46080904", "ATU 143 43 102"}},
		{"at-svnr", []string{"1237010180"}, []string{"1237 310280", "1237 011680"}},
		{"be-vat", []string{"BE 0202.239.951", "BE 0795 013 186", "BE 444.503.092", "BE413562567"}, []string{"BE 0406.139.583", "BE 456.973.432", "BE 0793 013 186"}},
		{"be-national-id", []string{"75.06.08-980.09", "00000100166", "00000100195", "00000000128", "00010000135", "75.46.08-980.95", "75.26.08-980.52", "01 49 07 001 85", "00400100155", "00200100112", "00200000171"}, []string{"12345678901", "85133000105", "85533000191", "85333000148", "75.06.08-980.10"}},
		{"bg-vat", []string{"BG103873594", "BG 200950556", "BG7523169263", "BG7542011030"}, []string{"BG1037735942", "BG 147147471", "BG 200940556"}},
		{"bg-egn", []string{"7523169263", "7542011030"}, []string{"7523169264", "7552010004"}},
		{"hr-oib", []string{"69435151530"}, []string{"69435151531"}},
		{"cy-vat", []string{"CY10246672X", "CY00632993F", "CY 10285193Z"}, []string{"CY10246672F", "CY-10009489A", "CY00632893F", "CY12259033P"}},
		{"cz-vat", []string{"CZ 60 72 77 72", "CZ450 33 145", "CZ 640229/4448", "CZ 654123789", "CZ682127228", "CZ 8058012314"}, []string{"CZ 25557481", "CZ 640913926", "CZ 8058018314", "CZ95123891"}},
		{"cz-rodne-cislo", []string{"780123/3540", "880125/1680", "640229/4448"}, []string{"780123/3541", "640230/4447"}},
		{"dk-vat", []string{"DK 10 50 32 80", "DK 2566 2202", "DK-27630308"}, []string{"DK 11 96 56 58", "DK-27996592"}},
		{"ee-vat", []string{"EE 101031389", "EE100578209"}, []string{"EE 101586639", "EE101256754"}},
		{"ee-isikukood", []string{"37605030299", "60001019906"}, []string{"37605030298", "37613030290"}},
		{"fi-vat", []string{"FI-214 95 540", "FI 2094606-3", "FI01968312"}, []string{"FI 2094606-4"}},
		{"fi-henkilotunnus", []string{"131052-9993", "311280-999J", "010101-0101"}, []string{"130052-308R", "10101-0101", "131052-308-T"}},
		{"fi-satu", []string{"10000001N"}, []string{"10000001M"}},
		{"fr-vat", []string{"FR21432146546", "FR 114 248 728 36", "FR83404833048", "FR23000047372"}, []string{"FR 04409414264", "FR 21 326 565 603", "FRK7399859312", "FRL7399859412"}},
		{"fr-siren", []string{"404 833 048", "552008443"}, []string{"404833047"}},
		{"fr-siret", []string{"73282932000074"}, []string{"73282932000079"}},
		{"fr-nir", []string{"255081416802538", "2 55 08 14 168 025 38"}, []string{"255081416802539", "6546546546546703"}},
		{"de-vat", []string{"DE 813 11 38 75", "DE 813 184868", "DE 221.304.969"}, []string{"DE 125014855", "DE 813 91 38 75", "DE 011125440", "DE 246X595 415"}},
		{"de-tax-id", []string{"48954371207", "55492670836"}, []string{"98954371207", "55192670836", "55492670837"}},
		{"de-social-security", []string{"65 170839 J 003"}, []string{"65 170839 J 008", "65 170839 K 003"}},
		{"de-tax-number", []string{"181/815/08155", "201/123/12340", "4151081508156"}, []string{"4151181508156"}},
		{"gr-vat", []string{"EL 800 179 925", "EL 94051189", "EL099548630"}, []string{"EL 123456781", "EL094013834"}},
		{"hu-vat", []string{"HU 10672101", "HU-10402434"}, []string{"HU 10672102"}},
		{"ie-vat", []string{"IE 632 3420 C", "IE 635 430 5C", "IE9Y71814N", "IE6599001W", "IE 0005306C"}, []string{"IE 4731823H", "IE 632 3421 C", "IE8D79729I"}},
		{"it-vat", []string{"IT 00 595 000 217", "IT 02408660211", "IT12920760159"}, []string{"IT 00687129980", "IT 02408660212"}},
		{"it-codice-fiscale", []string{"MRTMTT25D09F205Z", "MLLSNT82P65Z404U"}, []string{"MRTMTT25D09F205A", "MLLSNT82P65Z404T"}},
		{"lt-vat", []string{"LT 100001354118", "LT290068995116", "LT 757118413"}, []string{"LT 100001354", "LT 100001509922"}},
		{"lv-vat", []string{"LV 5000 399 3021", "LV90000528023", "LV-44103040262"}, []string{"LV 40003189715", "LV 90000528022", "LV-10103241337"}},
	} {
		r := ruleA(t, c.id)
		for _, s := range c.valid {
			if !finds(r, s) {
				t.Errorf("%s: not found: %s", c.id, s)
			}
		}
		for _, s := range c.invalid {
			naive(r, []byte(s), func(start, end int) bool {
				t.Errorf("%s: found %q in %q", c.id, s[start:end], s)
				return true
			})
		}
	}
}

// Where the arithmetic of a check detects every wrong digit, or every wrong
// check digit, no number with one wrong digit may pass.
func TestOneWrongDigitA(t *testing.T) {
	unchecked := map[string]bool{ // no check digit at all, or not of all numbers
		"cy-identity-card": true, "cz-rodne-cislo-9": true, "dk-cpr": true, "fi-veronumero": true, "fr-nir-short": true,
		"de-tax-number": true, "lv-personas-kods-new": true, "lv-vat": true, "de-business-id": true, "hu-adoszam": true,
		"cz-vat": true, // see cz-rodne-cislo-9
		"bg-vat": true, // one of three algorithms
	}
	everyDigit := map[string]bool{
		"at-vat": true, "at-uid": true, "at-svnr": true, "at-tax-number": true, "be-vat": true, "be-company-number": true,
		"bg-lnch": true, "hr-vat": true, "hr-oib": true, "hr-mbg": true, "cy-vat": true, "cy-tic": true,
		"dk-vat": true, "dk-cvr": true, "ee-vat": true, "fi-vat": true, "fi-y-tunnus": true, "fi-henkilotunnus": true, "fi-satu": true,
		"fr-siren": true, "fr-nir": true, "fr-spi": true, "de-vat": true, "de-tax-id": true, "de-health-insurance": true,
		"gr-amka": true, "hu-vat": true, "hu-tax-id": true, "hu-taj": true, "it-vat": true, "it-partita-iva": true,
		"it-codice-fiscale": true, "it-codice-fiscale-omocodia": true, "lv-company-number": true, "ie-vat-old": true,
	}
	for _, r := range countriesA() {
		if unchecked[r.ID] {
			continue
		}
		for _, s := range r.Match {
			if strings.HasPrefix(s, "356000000") {
				continue // La Poste's weaker check
			}
			last := strings.LastIndexAny(s, "0123456789")
			for i := range len(s) {
				if !digit(s[i]) || !everyDigit[r.ID] && (i != last || last != len(s)-1) {
					continue
				}
				for c := byte('0'); c <= '9'; c++ {
					wrong := s[:i] + string(c) + s[i+1:]
					if c != s[i] && finds(r, wrong) {
						t.Errorf("%s: found %s, one digit off %s", r.ID, wrong, s)
					}
				}
			}
			// A check letter, where it is one.
			if i := len(s) - 1; r.ID != "at-uid" && letter(s[i]) && r.ID != "ie-pps" && r.ID != "ie-vat" {
				for c := byte('A'); c <= 'Z'; c++ {
					wrong := s[:i] + string(c)
					if c != s[i]&^0x20 && finds(r, wrong) {
						t.Errorf("%s: found %s, one letter off %s", r.ID, wrong, s)
					}
				}
			}
		}
	}
}

// random returns a text of the shape, without separators.
func random(rnd *rand.Rand, shape string, b []byte) []byte {
	const all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b = b[:0]
	for i := range len(shape) {
		switch c := shape[i]; c {
		case 'd':
			b = append(b, all[rnd.IntN(10)])
		case 'a':
			b = append(b, all[10+rnd.IntN(26)])
		case 'x':
			b = append(b, all[rnd.IntN(36)])
		case ' ', '.', '-', '/':
		default:
			b = append(b, c)
		}
	}
	return b
}

// Of random digits, a check lets through as many as its arithmetic says: more
// would be a check not made, fewer one made wrongly.
func TestAcceptedShareA(t *testing.T) {
	const dates = 36524.25 / 1e6 // days of a century among six digits
	for _, c := range []struct {
		id, shape string
		want      float64
	}{
		{"at-vat", "ATUdddddddd", 1. / 10},
		{"at-svnr", "dddddddddd", 9. / 10 / 11 * (dates + 3*31*100/1e6)},
		{"at-tax-number", "ddddddddd", .99 / 10},
		{"be-vat", "BEdddddddddd", (.08 + .1) / 97},
		{"be-vat", "BEddddddddd", .8 / 97},
		{"bg-eik", "ddddddddd", 1. / 10},
		{"bg-lnch", "dddddddddd", 1. / 10},
		{"hr-oib", "ddddddddddd", 1. / 10},
		{"hr-mbg", "ddddddddddddd", 11. / 100 * 10. / 110 * 1.2 * 365.2425 / 1e4},
		{"cy-tic", "dddddddda", .99 / 26},
		{"cz-ico", "dddddddd", 1. / 10},
		{"cz-rodne-cislo", "dddddddddd", 4 * dates / 10},
		{"dk-cvr", "dddddddd", .9 / 11},
		{"ee-vat", "EEddddddddd", .1 / 10},
		{"ee-isikukood", "ddddddddddd", .6 * dates / 10},
		{"fi-y-tunnus", "dddddddd", 1. / 11},
		{"fi-satu", "dddddddda", 21. / 31 / 26},
		{"fr-siren", "ddddddddd", 1. / 10},
		{"fr-siret", "dddddddddddddd", 1. / 100},
		{"fr-spi", "ddddddddddddd", .4 / 1000},
		{"fr-nir", "ddddddddddddddd", .6 * .76 * .99 / 100},
		{"de-vat", "DEddddddddd", .9 / 10},
		{"de-tax-id", "ddddddddddd", .9 * (.016329600 + .0217728*(1-8./120)) / 10},
		{"de-health-insurance", "addddddddd", 1. / 10},
		{"gr-afm", "ddddddddd", 1. / 10},
		{"gr-amka", "ddddddddddd", dates / 10},
		{"hu-vat", "HUdddddddd", 1. / 10},
		{"hu-taj", "ddddddddd", 1. / 10},
		{"ie-pps", "ddddddda", 1. / 26},
		{"it-partita-iva", "ddddddddddd", .203 / 10},
		{"lv-company-number", "ddddddddddd", .6 / 11},
		{"lv-personas-kods", "ddddddddddd", .3 * dates / 10},
		{"lt-vat", "LTddddddddd", .1 / 10},
	} {
		r := ruleA(t, c.id)
		rnd := rand.New(rand.NewPCG(1, 2))
		var b []byte
		n := min(500_000, int(10_000/c.want))
		hits := 0
		for range n {
			if b = random(rnd, c.shape, b); r.Valid(b) {
				hits++
			}
		}
		if got := float64(hits) / float64(n); math.Abs(got-c.want) > c.want*.1+4*math.Sqrt(c.want/float64(n)) {
			t.Errorf("%s: %s: accepted %.5f of random numbers, want %.5f", c.id, c.shape, got, c.want)
		}
	}
}

func TestValidNeitherPanicsNorAllocatesA(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, r := range countriesA() {
		b := make([]byte, 0, 64)
		for _, s := range r.Shapes {
			if n := testing.AllocsPerRun(300, func() {
				b = random(rnd, s, b)
				r.Valid(b)
			}); n > 0 {
				t.Errorf("%s: %s: %v allocations", r.ID, s, n)
			}
		}
		for _, s := range r.Match {
			if b = append(b[:0], compact(s)...); r.Find == nil {
				if n := testing.AllocsPerRun(10, func() { r.Valid(b) }); n > 0 {
					t.Errorf("%s: %s: %v allocations", r.ID, s, n)
				}
			}
		}
	}
}

// A finder that skips bytes must find what one finds that looks at each.
func TestFindersSkipNothingA(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, id := range []string{"fi-henkilotunnus", "it-codice-fiscale-omocodia", "ie-vat-old"} {
		r := ruleA(t, id)
		parts := append([]string{" ", "\n", ".", "-", "/", "+", "*", "1", "123456", "x", "IE", "ABCDEF", "é", "_", "0123456789012345"}, r.Match...)
		for range 5_000 {
			var b []byte
			for range rnd.IntN(8) {
				b = append(b, parts[rnd.IntN(len(parts))]...)
			}
			var got, want [][2]int
			r.Find(b, func(start, end int) bool {
				got = append(got, [2]int{start, end})
				return true
			})
			for i := 0; i < len(b); i++ {
				for n := r.MaxLen; n >= 10; n-- {
					if i+n > len(b) || embedded(b, i, i+n) || !finds(r, string(b[i:i+n])) {
						continue
					}
					want = append(want, [2]int{i, i + n})
					i += n - 1
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: in %q found %v, want %v", id, b, got, want)
			}
		}
	}
}

func FuzzCountriesA(f *testing.F) {
	all := countriesA()
	for _, r := range all {
		for _, s := range append(r.Match, r.NoMatch...) {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range all {
			last := 0
			naive(r, b, func(start, end int) bool {
				if start < last || end <= start || end > len(b) || r.Find != nil && end-start > r.MaxLen {
					t.Fatalf("%s: found [%d:%d] after %d in %d bytes", r.ID, start, end, last, len(b))
				}
				last = end
				return true
			})
		}
	})
}
