package rules

func luxembourg() []Rule {
	return []Rule{
		{
			ID:          "lu-vat",
			Description: "a VAT number of Luxembourg",
			Source:      "Loi du 12 février 1979 concernant la TVA; Directive 2006/112/EC, articles 214 and 215; VIES, number format of LU: six digits modulo 89",
			Country:     "LU",
			Category:    "financial",
			Shapes:      prefixed("LU", "dddddddd", "ddd ddd dd", "dddd dddd", "dd dd dd dd", "dddddd dd"),
			Valid: func(c []byte) bool {
				d := c[2:]
				return num(d[:6]) != 0 && mod(d[:6], 89) == int(num(d[6:]))
			},
			Context: []string{"tva", "vat", "mwst", "tva-nummer", "identification", "umsatzsteuer*", "matricule", "steiernummer"},
			Match:   []string{"LU15027442", "LU 150 274 42", "LU-26375245", "lu 2637 5245"},
			NoMatch: []string{"LU15027443", "LU 150 274 43", "15027442", "LU00000000", "LU150274421", "XLU15027442"},
		},
		{
			ID:          "lu-matricule",
			Description: "a national identification number of Luxembourg (13 digits)",
			Source:      "Loi du 19 juin 2013 relative à l'identification des personnes physiques; règlement grand-ducal du 28 novembre 2013, article 1er (algorithms of Luhn and Verhoeff)",
			Country:     "LU",
			Category:    "official identification",
			Shapes:      []string{"dddddddd ddddd", "dddd dd dd ddddd", "dddd dd dd ddd dd", "dddd dddd ddddd", "dddddddd ddd dd", "dddd dddd ddd dd"},
			Valid:       validLuMatricule,
			Context:     []string{"matricule", "identification", "cns", "ccss", "rnpp", "matrikel", "matrikelnummer", "sozialversicherungsnummer", "personalnummer", "nif", "tin"},
			Match:       []string{"1893120105732", "1893 12 01 057 32", "18931201 05732"},
			NoMatch:     []string{"1893120105733", "1893120105742", "1893130105732", "0000000000000", "189312010573", "11893120105732"},
		},
		{
			ID:           "lu-matricule-1979",
			Description:  "an identity number of Luxembourg as given until 2014 (11 digits)",
			Source:       "Loi du 30 mars 1979 organisant l'identification numérique des personnes physiques et morales; règlement grand-ducal du 21 décembre 1987, article 1er, with the second and third mode of its check digit",
			Country:      "LU",
			Category:     "official identification",
			Shapes:       []string{"dddddddd ddd", "dddd dd dd ddd", "dddd dddd ddd"},
			Valid:        validLuMatricule1979,
			Context:      []string{"matricule", "matrikel", "matrikelnummer", "cns", "ccss", "assure"},
			NeedsContext: true,
			Match:        []string{"19600229012", "1960 02 29 013", "19600229 014", "19600000023"},
			NoMatch:      []string{"19600229011", "19600230016", "1960022901", "00000000000"},
		},
		{
			ID:           "lu-rcs",
			Description:  "a number in the trade register of Luxembourg",
			Source:       "Loi du 19 décembre 2002 concernant le registre de commerce et des sociétés, without a check digit",
			Country:      "LU",
			Category:     "official identification",
			Shapes:       []string{"add ddd", "addd ddd", "a ddddd", "a dddddd"},
			Valid:        func(c []byte) bool { return c[0] <= 'L' && c[1] != '0' },
			Context:      []string{"rcs", "r.c.s", "registre", "handelsregister", "lbr"},
			NeedsContext: true,
			Match:        []string{"B123456", "B 123456", "B123.456", "F 12345"},
			NoMatch:      []string{"X123456", "B012345", "B1234567", "123456"},
		},
	}
}

func validLuMatricule(d []byte) bool {
	if y := num(d[:4]); y < 1800 || y > 2099 || !luDate(d) || !luhn(d[:12]) {
		return false
	}
	var v [12]byte // the second check digit leaves the first one out
	copy(v[:], d[:11])
	v[11] = d[12]
	return verhoeff(v[:])
}

func validLuMatricule1979(d []byte) bool {
	if y := num(d[:4]); y < 1800 || y > 2014 || !luDate(d) {
		return false
	}
	// Where the serial numbers of a day are used up, they begin anew, with check
	// digits that are one, then two, higher.
	s := weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) % 11
	return s <= 2
}

// luDate checks a birth date of which month or day may be zero, as unknown.
func luDate(d []byte) bool {
	month, day := int(num(d[4:6])), int(num(d[6:8]))
	return date(int(num(d[:4])), max(month, 1), max(day, 1))
}
