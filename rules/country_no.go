package rules

func norway() []Rule {
	return []Rule{
		{
			ID:          "no-vat",
			Description: "a VAT number of Norway",
			Source:      "Merverdiavgiftsloven; merverdiavgiftsforskriften § 15-10: the organisation number and MVA; enhetsregisterloven § 5: weights 3, 2, 7, 6, 5, 4, 3, 2 modulo 11",
			Country:     "NO",
			Category:    "financial",
			Shapes: append(prefixed("NO", "ddddddddd", "ddd ddd ddd", "dddddddddMVA", "ddddddddd MVA", "ddd ddd dddMVA", "ddd ddd ddd MVA"),
				"dddddddddMVA", "ddddddddd MVA", "ddd ddd dddMVA", "ddd ddd ddd MVA"),
			Valid:   func(c []byte) bool { return validNoOrg(unprefixed(c, "NO")) },
			Context: []string{"mva", "moms", "merverdiavgift", "org", "orgnr", "organisasjonsnummer", "vat", "foretaksregisteret"},
			Match:   []string{"NO995525828MVA", "NO 995 525 828 MVA", "995525828MVA", "995 525 828 MVA", "NO995525828", "NO 974 760 673 MVA"},
			NoMatch: []string{"NO995525829MVA", "NO 995 525 829 MVA", "995525828", "NO000000000MVA", "NO99552582MVA"},
		},
		{
			ID:           "no-organisation-number",
			Description:  "an organisation number of Norway",
			Source:       "Enhetsregisterloven (lov 1994-06-03 nr. 15) § 5; Brønnøysundregistrene: weights 3, 2, 7, 6, 5, 4, 3, 2 modulo 11",
			Country:      "NO",
			Category:     "official identification",
			Shapes:       []string{"ddd ddd ddd"},
			Valid:        validNoOrg,
			Context:      []string{"org", "orgnr", "org.nr", "org-nr", "orgnummer", "organisasjonsnummer", "organisasjonsnr", "foretaksregisteret", "enhetsregisteret", "mva"},
			NeedsContext: true,
			Match:        []string{"988077917", "988 077 917", "974760673"},
			NoMatch:      []string{"988077918", "000000000", "98807791"},
		},
		{
			ID:          "no-fodselsnummer",
			Description: "an identity number of Norway: birth, D, H or FH number",
			Source:      "Folkeregisterloven (lov 2016-12-09 nr. 88) § 3-1; folkeregisterforskriften § 2-2; Skatteetaten, Nytt fødselsnummer fra 2032: two check digits modulo 11, of which the first leaves 0 to 3 from then on",
			Country:     "NO",
			Category:    "official identification",
			Shapes:      []string{"dddddd ddddd", "dd dd dd ddddd", "dddddd ddd dd", "dd dd dd ddd dd"},
			Valid:       validFodselsnummer,
			Context:     []string{"fodselsnummer", "foedselsnummer", "fnr", "fodselsnr", "personnummer", "d-nummer", "dnr", "dnummer", "hjelpenummer", "fodselsnummeret"},
			Match:       []string{"15108695088", "151086 95088", "31129956715", "01010750160", "17912099997", "69822075096", "15507600333", "55507608360"},
			NoMatch:     []string{"15108695077", "45014054018", "15138695088", "00000000000", "32129956715", "1510869508", "151086950880"},
		},
		{
			ID:           "no-duf",
			Description:  "a number of a foreigner in the immigration register of Norway (DUF-nummer)",
			Source:       "Utlendingsloven (lov 2008-05-15 nr. 35); Utlendingsdirektoratet, DUF-nummer: year, six digits, two check digits modulo 11",
			Country:      "NO",
			Category:     "official identification",
			Shapes:       []string{"dddddddddddd", "dddd dddddd dd", "dddd ddd ddd dd"},
			Valid:        validDUF,
			Context:      []string{"duf", "duf-nummer", "dufnummer", "dufnr", "duf-nr", "utlending*"},
			NeedsContext: true,
			Match:        []string{"201234567802", "2012 345678 02"},
			NoMatch:      []string{"201234567803", "101234567802", "000000000000", "20123456780"},
		},
	}
}

// validNoOrg takes nine digits and what may stand behind.
func validNoOrg(c []byte) bool {
	return num(c[:9]) != 0 && weightedCheck(c, 3, 2, 7, 6, 5, 4, 3, 2) == int(c[8]-'0')
}

func validFodselsnummer(d []byte) bool {
	first := weighted(d, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1) % 11
	if first > 3 || weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 != 0 {
		return false
	}
	if d[0] >= '8' { // an FH number says nothing of its bearer
		return first == 0 && !same(d)
	}
	day, month, year, individual := int(num(d[:2])), int(num(d[2:4])), int(num(d[4:6])), num(d[6:9])
	foreign := day > 40
	if foreign {
		day -= 40
	}
	// The month is higher by 40 in H numbers and the test numbers of NAV, by 65
	// in others of these, and by 80 in those of the tax administration.
	switch {
	case month > 80:
		month -= 80
	case month > 65:
		month -= 65
	case month > 40:
		month -= 40
	}
	if first != 0 {
		// From 2032 the individual number doesn't tell the century.
		return dateEither(year, month, day)
	}
	if foreign && individual >= 600 {
		// D numbers got this series for the years from 1940 too, in 2021.
		return dateEither(year, month, day)
	}
	switch {
	case individual < 500:
		year += 1900
	case individual < 750 && year >= 54:
		year += 1800
	case year < 40:
		year += 2000
	case individual >= 900:
		year += 1900
	default:
		return false
	}
	return date(year, month, day)
}

func validDUF(d []byte) bool {
	if y := num(d[:4]); y < 1950 || y > 2099 {
		return false
	}
	return (weighted(d[4:], 4, 6, 3, 2, 7, 5)+weighted(d, 4, 6, 3, 2))%11 == int(num(d[10:]))
}
