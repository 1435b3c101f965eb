package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// rulesB returns the rules of the countries that are tested here.
func rulesB() []Rule {
	var all []Rule
	for _, country := range []func() []Rule{
		luxembourg, malta, netherlands, poland, portugal, romania, slovakia, slovenia, spain, sweden,
		iceland, liechtenstein, norway, unitedKingdom, switzerland,
	} {
		all = append(all, country()...)
	}
	return all
}

func ruleB(t *testing.T, id string) Rule {
	t.Helper()
	for _, r := range rulesB() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return Rule{}
}

// foundAlone reports whether r finds all of s, on its own.
func foundAlone(r Rule, s string) bool {
	found := false
	naive(r, []byte(s), func(start, end int) bool {
		found = start == 0 && end == len(s)
		return !found
	})
	return found
}

func TestCountryBContract(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rulesB() {
		if seen[r.ID] {
			t.Errorf("%s: twice", r.ID)
		}
		seen[r.ID] = true
		if r.Description == "" || r.Source == "" || len(r.Match) < 1 || len(r.NoMatch) < 2 || len(r.Context) == 0 {
			t.Errorf("%s: incomplete", r.ID)
		}
		if prefix, _, _ := strings.Cut(r.ID, "-"); strings.ToUpper(prefix) != r.Country {
			t.Errorf("%s: country is %s", r.ID, r.Country)
		}
		if r.Category != "financial" && r.Category != "official identification" {
			t.Errorf("%s: category is %q", r.ID, r.Category)
		}
		if (r.Find == nil) != (r.MaxLen == 0) || (r.Find == nil) == (len(r.Shapes) == 0) {
			t.Errorf("%s: neither shapes nor a bounded finder", r.ID)
		}
		shapes := map[string]bool{}
		for _, s := range r.Shapes {
			digits, n := 0, 0
			for _, c := range []byte(s) {
				if c == 'd' || digit(c) {
					digits++
				}
				if letter(c) || digit(c) {
					n++
				} else if !oneOf(c, " .-/") {
					t.Errorf("%s: shape %q has %q", r.ID, s, c)
				}
			}
			if digits < 5 || n > 34 || shapes[s] {
				t.Errorf("%s: shape %q has %d digits of %d characters, or is there twice", r.ID, s, digits, n)
			}
			shapes[s] = true
		}
		for _, w := range r.Context {
			if w != strings.ToLower(w) || utf8.RuneCountInString(w) != len(w) || strings.Contains(w, " ") {
				t.Errorf("%s: context %q", r.ID, w)
			}
		}
	}
}

// randomOf returns a random text of the shape, without separators.
func randomOf(rnd *rand.Rand, shape string) []byte {
	var b []byte
	for _, c := range []byte(shape) {
		switch c {
		case 'd':
			b = append(b, byte('0'+rnd.IntN(10)))
		case 'a':
			b = append(b, byte('A'+rnd.IntN(26)))
		case 'x':
			b = append(b, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rnd.IntN(36)])
		case ' ', '.', '-', '/':
		default:
			b = append(b, c)
		}
	}
	return b
}

func TestCountryBHostile(t *testing.T) {
	const alphabet = "0123456789GBGDHAXI8 +(M)-./a\xc2\xa0"
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, r := range rulesB() {
		if r.Find != nil {
			for range 20000 {
				b := make([]byte, rnd.IntN(40))
				for i := range b {
					b[i] = alphabet[rnd.IntN(len(alphabet))]
				}
				last := 0
				r.Find(b, func(start, end int) bool {
					if start < last || end <= start || end > len(b) || end-start > r.MaxLen {
						t.Fatalf("%s: found [%d:%d] after %d in %q", r.ID, start, end, last, b)
					}
					last = end
					return true
				})
			}
			continue
		}
		if r.Valid == nil {
			continue
		}
		for _, shape := range r.Shapes {
			for range 500 {
				r.Valid(randomOf(rnd, shape))
			}
			for _, fill := range []string{"0", "9"} {
				r.Valid([]byte(strings.NewReplacer("d", fill, "a", "Z", "x", "A", " ", "", ".", "", "-", "", "/", "").Replace(shape)))
			}
			b := randomOf(rnd, shape)
			if n := testing.AllocsPerRun(10, func() { r.Valid(b) }); n != 0 {
				t.Errorf("%s allocates %v times for %q", r.ID, n, b)
			}
		}
		for _, s := range r.Match {
			b := []byte(compact(s))
			if n := testing.AllocsPerRun(10, func() { r.Valid(b) }); n != 0 {
				t.Errorf("%s allocates %v times for %q", r.ID, n, s)
			}
		}
	}
}

// TestCountryBPublished has the examples of laws, authorities and validators,
// none of them the private number of a living person.
func TestCountryBPublished(t *testing.T) {
	tests := []struct {
		id      string
		valid   string // space separated, each written without spaces
		invalid string
	}{
		{"lu-vat", "LU15027442 LU10000356 LU26375245", "LU15027443 LU10000357 LU26375246 LU1502744"},
		{"lu-matricule", "1893120105732", "1893120105733 1893120105722 1893120305732 1893123205732 1983081112345"},
		{"mt-vat", "MT11679112 MT1167-9112 MT10365719 MT20200019", "MT11679113 MT1167-9113 MT10365718 MT00000000"},
		{"mt-id", "0123456M 1234567A 9999999L 0000001G 1234567P 1234567H 1234567B 1234567Z", "1234567C 12345678M 1234567 0000000M"},
		{"nl-vat", "NL004495445B01 004495445B01 NL4495445B01 NL002455799B11 NL000099998B57 NL123456789B13 NL010000446B01 123456782B90", "NL004495446B01 NL000099998B56 NL123456789B14 123456789B90 NL004495445B00"},
		{"nl-bsn", "111222333 1112.22.333 123456782 999999990 000000012 111111110", "111222334 111252333 123456789 000000000 999999999"},
		{"nl-education-number", "101222331", "100252333 101222332 201222331"},
		{"pl-vat", "PL8567346215 PL5260001246 PL5213017228", "PL8567346216 PL5260001247 PL856734621"},
		{"pl-nip", "8567346215 123-456-32-18 5213017228 7740001454 526-000-12-46", "8567346216 123-456-32-19 0000000000"},
		{"pl-pesel", "44051401359 90090515836 92071314764 02070803628 09222509560 00810100002", "44051401358 44051501359 44053201359 44451401355 00000000000 90130515836"},
		{"pl-regon", "192598184 123456785 732065814 12345678512347 23511332857188", "192598183 123456786 12345678612342 23511332857189"},
		{"pl-id-card", "ABA300000 AAA000000 ABS123456", "ABA300001 ABA200000 ABB300000"},
		{"pt-vat", "PT501964843 PT287024008", "PT501964842 PT287024009"},
		{"pt-nif", "501964843 287024008 123456789 999999990", "501964842 287024009 123456780 000000000"},
		{"pt-citizen-card", "000000000ZZ4 100000000ZZ2 101490801ZY0", "000000000ZZ3 100000000ZZ4 00000000AZZ4 000000000ZZ"},
		{"pt-social-security", "12345678902 11000000007", "12345678903 32345678902 1234567890"},
		{"ro-vat", "RO18547290 RO6859662 RO24736200 RO99908 RO1630615123457", "RO18547291 RO24736201 RO99907 RO00000000"},
		{"ro-cif", "18547290 6859662 24736200 99908", "18547291 6859663 24736201"},
		{"ro-cnp", "1630615123457 1800101221144", "1630615123458 0800101221142 1632215123457 1632915123457 1630615993457 0800101228842"},
		{"sk-vat", "SK2022749619 SK2020273893", "SK2022749618 SK0022749614 SK202274961"},
		{"sk-birth-number", "710319/2745 7103192745 736028/5163 7401040020", "710319/2746 1103492745 736028/5164 7109192745"},
		{"si-vat", "SI50223054 SI15012557 SI95796550", "SI50223055 SI15012556 SI05022305"},
		{"si-tax-number", "50223054 59082437", "50223055 59082438"},
		{"si-emso", "0101006500006 1211981500126 1508995500237 2001939010010 2902932505526", "0101006500007 3201006500006 0113006500006 2902933505526"},
		{"es-vat", "ESB58378431 ES54362315K ESX5253868R ESM1234567L ESJ99216582", "ESB58378432 ES54362315Z ESX5253868T ESJ99216583 ESO1234567L"},
		{"es-dni", "12345678Z 54362315K 54362315-K 00000000T 00000001R 99999999R", "12345678A 54362315Z 54362315 00000001A"},
		{"es-nie", "X2482300W X-5253868-R X1234567L Y1234567X Z1234567R X0093999K Y0000000Z", "X2482300A X5253868T Y1234567L 2482300W"},
		{"es-nif", "M1234567L K1234567L L1234567L", "M1234567A K1234567M N1234567L"},
		{"es-cif", "J99216582 B58378431 A58818501 B86670460 N0112768G Q2876031B W8265365J Q5000274J P4698162G V7565938C", "J99216583 J992165831 M1234567L O1234567L X13585626 A58818502 Q28760312"},
		{"es-social-security", "281234567840 28/12345678/40 28-12345678-40", "281234567841 771234567840 281234567804"},
		{"se-vat", "SE123456789701 SE556188840401", "SE123456789101 SE556188840301 SE556188840402"},
		{"se-personal-number", "880320-0016 811228-9874 670919-9530 701063-2391 640823-3234 640883-3231 19900101-0017 19121212-1212 8803200016", "880320-0018 880320-0017 811228-9873 811328-9874 19881320-0016 11900102-2384"},
		{"se-personal-number-100", "121212+1212 19121212+1212", "121212+1211 121312+1212"},
		{"se-organisation-number", "556188-8404 1234567897", "556188-8403 1234567891 880320-0016"},
		{"is-kennitala", "120174-3399 450401-3150 1201603389 010130-2989", "120174-3389 530575-0299 320174-3399 120174-3397 450401-3140"},
		{"is-kennitala-2026", "120174-3389 010226-2000", "530575-0299 320174-3399 450401-3150"},
		{"no-vat", "NO995525828MVA 995525828MVA", "NO995525829MVA 995525829MVA"},
		{"no-organisation-number", "988077917 923609016 974760673", "988077918 923609017 974760674"},
		{
			"no-fodselsnummer", "15108695088 31129956715 01010750160 09062099345 22052099424 23114048690 30042099941 11111598403 01010101006" +
				" 15507600333 55507608360 29422059278 69422056629 05440355678 45440356293 12429400544 52429405181 12505209719 52505209540 21483609245 61483601467 21528704651 61528703428" +
				" 17912099997 57912075186 29822099635 69822075096 05840399895 45840375084 12829499914 52829400197 12905299938 52905200100 21883649874 61883600222 21929774873 61929750062",
			"15108695077 45014054018 11111234567 32108695088 15138695088 12345678901 01018487876",
		},
		{"gb-vat", "GB980780684 GB340804329 GB346270013 GB999999973 GB434031494 XI980780684", "GB802311781 GB980780685 GB340804328 XI434031495 GB123456789"},
		{"gb-vat-government", "GBGD001 GBGD499 GBHA500 GBHA999", "GBGD500 GBHA499 GBXX001"},
		{"gb-nino", "AB123456C HH012345D JG103759A", "QQ123456C HH012345E TO012345D XO012345D 00012345D HH0123456D TN010203A"},
		{"gb-nhs", "9434765870 9434765919 943-476-5919 9990000018", "9434765871 9434765918 9990000017"},
		{"gb-utr", "1955839661", "2955839661 1955839662"},
		{"gb-upn", "B801200005001", "A801200005001 B801200005011"},
		{"gb-driving-licence", "MORGA657054SM9IJ", "MORGA637054SM9IJ MORGA657994SM9IJ"},
		{"ch-vat", "CHE-107.787.577IVA CHE107787577MWST CHE-107.787.577-TVA", "CHE-107.787.578IVA CHE107787577"},
		{"ch-uid", "CHE-100.155.212 CHE100155212 CHE-116.281.710 CHE-114.587.664", "CHE-100.155.213 CHE100155211 CHE-116.281.711"},
		{"ch-ahv", "756.9217.0769.85 7569217076985 756.1234.5678.97 756.3047.5009.62", "756.9217.0769.84 7559217076985 756.1234.5678.79"},
		{"ch-ahv-2008", "123.45.678.113", "123.45.678.112 123.45.978.113"},
	}
	for _, test := range tests {
		r := ruleB(t, test.id)
		for _, s := range strings.Fields(test.valid) {
			if !foundAlone(r, s) {
				t.Errorf("%s: %q is refused", test.id, s)
			}
			if low := strings.ToLower(s); r.Find == nil && !foundAlone(r, low) {
				t.Errorf("%s: %q is refused", test.id, low)
			}
		}
		for _, s := range strings.Fields(test.invalid) {
			if foundAlone(r, s) {
				t.Errorf("%s: %q is accepted", test.id, s)
			}
		}
	}
}

// TestCountryBSingleError changes each digit of each example to each other, where
// the algorithm detects all of these.
func TestCountryBSingleError(t *testing.T) {
	for _, id := range strings.Fields(`lu-vat lu-matricule mt-vat nl-bsn nl-rsin nl-education-number nl-a-number
		pl-vat pl-nip pl-pesel pl-id-card pt-citizen-card sk-vat sk-dic si-vat si-tax-number si-emso
		es-dni es-nie es-nif es-cif es-social-security se-vat se-personal-number se-personal-number-100
		se-organisation-number no-vat no-organisation-number no-fodselsnummer no-duf
		gb-nhs gb-chi gb-upn ch-vat ch-uid ch-ahv li-ahv ch-ahv-2008`) {
		r := ruleB(t, id)
		for _, s := range r.Match {
			for i := range s {
				if !digit(s[i]) || id == "se-personal-number" && strings.HasPrefix(s, "19") && i < 2 ||
					id == "se-organisation-number" && strings.HasPrefix(s, "16") && i < 2 ||
					id == "se-personal-number-100" && strings.HasPrefix(s, "19") && i < 2 {
					continue // the century isn't checked
				}
				for d := byte('0'); d <= '9'; d++ {
					if wrong := s[:i] + string(d) + s[i+1:]; d != s[i] && foundAlone(r, wrong) {
						t.Errorf("%s: accepts %q for %q", id, wrong, s)
					}
				}
			}
		}
	}
}

// TestCountryBFillers: what people type where a number must stand.
func TestCountryBFillers(t *testing.T) {
	for _, r := range rulesB() {
		for _, shape := range r.Shapes {
			s := strings.NewReplacer("d", "0", "a", "A", "x", "0").Replace(shape)
			if r.Valid != nil && foundAlone(r, s) && !strings.Contains(shape, "a") {
				t.Errorf("%s: accepts %q", r.ID, s)
			}
		}
	}
}

// TestCountryBRandom compares how many random numbers a check lets through with
// the theory.
func TestCountryBRandom(t *testing.T) {
	const (
		n   = 200_000
		day = 365.2425 / 10000 // of four digits, the share that are days of a year
	)
	rnd := rand.New(rand.NewPCG(3, 4))
	tests := []struct {
		id, shape string
		want      float64
	}{
		{"lu-vat", "LUdddddddd", 1. / 100},
		{"mt-vat", "MTdddddddd", .9 / 37},
		{"nl-vat", "NLdddddddddBdd", 1./11 + 1./97 - 1./1067},
		{"nl-bsn", "ddddddddd", 1. / 11},
		{"nl-a-number", "dddddddddd", .9 * .3874 * 2 / 121},
		{"pl-nip", "dddddddddd", 1. / 11},
		{"pl-pesel", "ddddddddddd", 3 * day / 10},
		{"pl-regon", "ddddddddd", 1. / 10},
		{"pl-id-card", "aaadddddd", 1. / 10},
		{"pt-nif", "ddddddddd", .81 / 10},
		{"pt-citizen-card", "dddddddddaad", 1. / 10},
		{"pt-social-security", "ddddddddddd", .2 / 10},
		{"ro-cif", "dddddddd", .9 / 10},
		{"ro-cnp", "ddddddddddddd", .9 * day * .55 / 10},
		{"sk-vat", "SKdddddddddd", .9 * .6 / 11},
		{"sk-birth-number", "dddddddddd", 2 * day / 11},
		{"si-vat", "SIdddddddd", .9 / 11},
		{"si-emso", "ddddddddddddd", day / 11},
		{"es-dni", "dddddddda", 1. / 26},
		{"es-nie", "addddddda", 3. / 26 / 26},
		{"es-cif", "Adddddddd", .99 / 10},
		{"es-social-security", "dddddddddddd", .99 * .97 / 100},
		{"se-vat", "SEdddddddddd01", 1. / 10},
		{"se-personal-number", "dddddddddd", 2 * day / 10},
		{"se-organisation-number", "dddddddddd", .9 * .8 / 10},
		{"is-kennitala", "dddddddddd", 2 * day * .3 / 11},
		{"no-organisation-number", "ddddddddd", 1. / 11},
		{"ch-uid", "CHEddddddddd", 1. / 11},
		{"ch-ahv", "756dddddddddd", 1. / 10},
		{"gb-vat", "GBddddddddd", 1.9 / 97},
		{"gb-nhs", "dddddddddd", 1. / 11},
		{"gb-utr", "dddddddddd", 1. / 10},
		{"gb-upn", "adddddddddddd", 1. / 26},
	}
	for _, test := range tests {
		r := ruleB(t, test.id)
		got := 0
		for range n {
			if r.Valid(randomOf(rnd, test.shape)) {
				got++
			}
		}
		if share := float64(got) / n; share < test.want*.85 || share > test.want*1.15 {
			t.Errorf("%s: accepts %.5f of random numbers, want about %.5f", test.id, share, test.want)
		}
	}
}
