package rules

func sweden() []Rule {
	context := []string{"personnummer", "personnr", "pnr", "samordningsnummer", "personnumret", "fodd", "identitetsnummer", "idnr", "personal"}
	return []Rule{
		{
			ID:          "se-vat",
			Description: "a VAT number of Sweden",
			Source:      "Mervärdesskattelag (2023:200); Skatteverket, momsregistreringsnummer: the organisation or personal number and 01; VIES, number format of SE: modulo 10",
			Country:     "SE",
			Category:    "financial",
			Shapes:      prefixed("SE", "dddddddddddd", "dddddddddd dd", "dddddd dddddd", "dddddd dddd dd"),
			Valid: func(c []byte) bool {
				return num(c[2:12]) != 0 && luhn(c[2:12]) && c[12] == '0' && c[13] == '1'
			},
			Context: []string{"moms", "momsnr", "momsregistreringsnummer", "vat", "vat-nr", "momsreg"},
			Match:   []string{"SE556188840401", "SE 556188-8404 01", "SE123456789701", "SE 556188840401"},
			NoMatch: []string{"SE556188840301", "SE556188840402", "SE 123456-7891 01", "SE000000000001", "556188840401"},
		},
		{
			ID:          "se-personal-number",
			BareContext: true,
			Description: "a personal identity or coordination number of Sweden",
			Source:      "Folkbokföringslag (1991:481), 18 §; lag (2022:1697) om samordningsnummer; Skatteverket, SKV 704: modulo 10, 60 added to the day of a coordination number",
			Country:     "SE",
			Category:    "official identification",
			Shapes:      []string{"dddddd-dddd", "dddddddd-dddd", "dddd dd dd dddd", "dd dd dd dddd", "dd dddddd dddd"},
			Valid:       validPersonnummer,
			Context:     context,
			Match:       []string{"811228-9874", "8112289874", "19811228-9874", "198112289874", "670919-9530", "880320-0016", "701063-2391", "1981-12-28-9874"},
			NoMatch:     []string{"811228-9873", "811328-9874", "556188-8404", "000000-0000", "811228-98741", "21811228-9874"},
		},
		found(Rule{
			ID:          "se-personal-number-100",
			Description: "a personal identity or coordination number of Sweden of someone who is 100 or older",
			Source:      "Folkbokföringslag (1991:481), 18 §: a plus sign from the year in which one turns 100",
			Country:     "SE",
			Category:    "official identification",
			look:        personnummer100At,
			groups:      []group{{kinds: "d", least: 6, most: 8, after: "+"}},
			MaxLen:      len("19121212+1212"),
			Context:     context,
			Match:       []string{"121212+1212", "19121212+1212", "890103+9803"},
			NoMatch:     []string{"121212+1213", "121312+1212", "121212-1212", "121212+12121", "1121212+1212", "+1212", "121212+"},
		}),
		{
			ID:           "se-organisation-number",
			Description:  "an organisation number of Sweden",
			Source:       "Lag (1974:174) om identitetsbeteckning för juridiska personer m.fl.; Skatteverket, SKV 709: modulo 10, the third digit at least 2",
			Country:      "SE",
			Category:     "official identification",
			Shapes:       []string{"dddddd-dddd", "16dddddd-dddd"},
			Valid:        validOrgnr,
			Context:      []string{"org", "orgnr", "org.nr", "org-nr", "organisationsnummer", "organisationsnr", "orgnummer"},
			NeedsContext: true,
			Match:        []string{"556188-8404", "5561888404", "16556188-8404", "123456-7897"},
			NoMatch:      []string{"556188-8403", "811228-9874", "000000-0000", "556188-840"},
		},
	}
}

// validPersonnummer takes ten digits, or twelve with the century in front.
func validPersonnummer(d []byte) bool {
	century := 0
	if len(d) == 12 {
		if century = int(num(d[:2])); century < 18 || century > 20 {
			return false
		}
		d = d[2:]
	}
	year, month, day := int(num(d[:2])), int(num(d[2:4])), int(num(d[4:6]))
	if day > 60 {
		day -= 60
	}
	if century == 0 && !dateEither(year, month, day) || century != 0 && !date(century*100+year, month, day) {
		return false
	}
	return num(d[6:9]) != 0 && luhn(d)
}

func validOrgnr(d []byte) bool {
	d = d[len(d)-10:]
	return d[0] != '0' && d[2] >= '2' && luhn(d)
}

// personnummer100At takes six or eight digits in front of a plus sign and four.
func personnummer100At(b []byte, from, k int) (int, int) {
	end := k + 5
	if n := k - from; n != 6 && n != 8 || end > len(b) || b[k] != '+' || !allDigits(b[k+1:end]) || !alone(b, from, end) {
		return 0, 0
	}
	var d [12]byte
	n := copy(d[:], b[from:k])
	n += copy(d[n:], b[k+1:end])
	if !validPersonnummer(d[:n]) {
		return 0, 0
	}
	return from, end
}
