package rules

// czechia returns the rules for numbers that Czech authorities issue.
func czechia() []Rule {
	return []Rule{
		{
			ID:          "cz-vat",
			Description: "a Czech VAT number (DIČ)",
			Source:      "zákon č. 280/2009 Sb., daňový řád, § 130; zákon č. 235/2004 Sb.; " + viesRules,
			Country:     "CZ",
			Category:    "financial",
			Shapes:      withPrefix("CZ", "dddddddd", "ddd ddd dd", "ddd dd ddd", "dd dd dd dd", "ddddddddd", "dddddddddd", "dddddd/ddd", "dddddd/dddd"),
			Valid:       func(b []byte) bool { return validDIC(b[2:]) },
			Context:     []string{"dic", "dph", "danove", "vat"},
			Match:       []string{"CZ25123891", "CZ 25123891", "CZ7103192745", "CZ640903926", "CZ 710319/2745", "CZ991231123"},
			NoMatch:     []string{"CZ25123890", "CZ7103192746", "CZ1103492745", "CZ590312123", "CZ00000000", "CZ2512389"},
		},
		{
			ID:           "cz-ico",
			Description:  "a Czech company number (IČO)",
			Source:       "zákon č. 111/2009 Sb., o základních registrech, § 24 ff.; " + viesRules,
			Country:      "CZ",
			Category:     "financial",
			Shapes:       []string{"dddddddd", "ddd dd ddd", "ddd ddd dd"},
			Valid:        validCzechICO,
			Context:      []string{"ic", "ico", "identifikacni"},
			NeedsContext: true,
			Match:        []string{"25123891", "251 23 891", "00177041"},
			NoMatch:      []string{"25123890", "2512389", "00000000"},
		},
		{
			ID:          "cz-rodne-cislo",
			BareContext: true,
			Description: "a Czech birth number (rodné číslo) of 10 digits",
			Source:      "zákon č. 133/2000 Sb., o evidenci obyvatel a rodných číslech, § 13; month + 20: zákon č. 53/2004 Sb.",
			Country:     "CZ",
			Category:    "official identification",
			Shapes:      []string{"dddddd/dddd"},
			Valid:       func(d []byte) bool { return validCzechBirth(d, 0) },
			Context:     []string{"rodne", "rc", "cislo", "rodnecislo", "nar", "narozeni", "birth"},
			Match:       []string{"710319/2745", "7103192745", "710319 2745", "736028/5163"},
			NoMatch:     []string{"710319/2746", "110349/2745", "710319/274", "711319/2748"},
		},
		{
			ID:           "cz-rodne-cislo-9",
			Description:  "a Czech birth number (rodné číslo) of who was born before 1954, which has no check digit",
			Source:       "zákon č. 133/2000 Sb., o evidenci obyvatel a rodných číslech, § 13",
			Country:      "CZ",
			Category:     "official identification",
			Shapes:       []string{"dddddd/ddd"},
			Valid:        validCzechBirth9,
			Context:      []string{"rodne", "rc", "rodnecislo", "narozeni", "birth"},
			NeedsContext: true,
			Match:        []string{"530312/123", "530312123", "485512/001", "991231/123"},
			NoMatch:      []string{"590312/123", "530312/000", "531312/123", "530312/12"},
		},
		{
			ID:          "cz-ecp",
			BareContext: true,
			Description: "a Czech social insurance number of who has no birth number (EČP)",
			Source:      "ČSSZ, Standardní kontrola rodného čísla a evidenčního čísla pojištěnce: day + 40",
			Country:     "CZ",
			Category:    "official identification",
			Shapes:      []string{"dddddd/dddd"},
			Valid:       func(d []byte) bool { return validCzechBirth(d, 40) },
			Context:     []string{"ecp", "evidencni", "pojistence", "cssz"},
			Match:       []string{"715359/2743", "7153592743"},
			NoMatch:     []string{"715359/2744", "710319/2745"},
		},
	}
}

// validDIC checks 8 digits of a legal entity, 9 of a person without a birth
// number, or a birth number.
func validDIC(d []byte) bool {
	switch len(d) {
	case 8:
		return d[0] != '9' && validCzechICO(d)
	case 9:
		if d[0] == '6' {
			// By the table of the construction rules for what the digits 2 to 8
			// lack to the next multiple of 11.
			k := weighted(d[1:], 8, 7, 6, 5, 4, 3, 2) % 11
			return int(d[8]-'0') == [11]int{8, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9}[(11-k)%11]
		}
		return validCzechBirth9(d)
	}
	return validCzechBirth(d, 0)
}

func validCzechICO(d []byte) bool {
	k := (11 - weighted(d, 8, 7, 6, 5, 4, 3, 2)%11) % 11
	if k == 0 {
		k = 1
	}
	return !same(d) && k%10 == int(d[7]-'0')
}

// bornMonth returns the month without what is added to it: 50 for women and,
// since 2004, 20 where the numbers of a day are used up.
func bornMonth(month int) int {
	if month > 50 {
		month -= 50
	}
	if month > 20 {
		month -= 20
	}
	return month
}

// validCzechBirth checks the date of birth as yymmdd, with plusDay added to the
// day, a serial number, and a last digit that makes all of it a multiple of 11.
// Until 1985, and a few times later, it was 0 where it would have been 10. Where
// the year is before 1954 the person is born in this century, or got the number
// so late that it has 10 digits.
func validCzechBirth(d []byte, plusDay int) bool {
	year, month, day := two(d, 0), two(d, 2), two(d, 4)-plusDay
	if month = bornMonth(month); plusDay > 0 && two(d, 2)%50 > 20 {
		return false // the one or the other
	}
	k := mod(d[:9], 11)
	return k%10 == int(d[9]-'0') && dateEither(year, month, day)
}

// validCzechBirth9 checks what numbers had until 1953.
func validCzechBirth9(d []byte) bool {
	year, month, day := two(d, 0), two(d, 2), two(d, 4)
	if year += 1900; year > 1953 {
		year -= 100
	}
	month = bornMonth(month)
	// Nobody older is in question: the numbers came in 1946.
	return year >= 1880 && num(d[6:]) > 0 && date(year, month, day)
}
