package rules

func romania() []Rule {
	return []Rule{
		{
			ID:          "ro-vat",
			Description: "a VAT number of Romania",
			Source:      "Legea nr. 227/2015 privind Codul fiscal, art. 316-317; VIES, number format of RO: weights 7, 5, 3, 2, 1, 7, 5, 3, 2 modulo 11; a personal numeric code in its place",
			Country:     "RO",
			Category:    "financial",
			Shapes: prefixed("RO", "ddddd", "dddddd", "ddddddd", "dddddddd", "ddddddddd", "dddddddddd", "ddddddddddddd",
				"d ddd ddd", "dd ddd ddd", "ddd ddd dd", "ddd ddd ddd"),
			Valid: func(c []byte) bool {
				d := c[2:]
				return len(d) <= 10 && validCUI(d) || len(d) == 13 && validCNP(d)
			},
			Context: []string{"cui", "cif", "tva", "vat", "fiscal", "c.u.i", "c.i.f"},
			Match:   []string{"RO18547290", "RO 185 472 90", "RO 18547290", "ro1590082", "RO 1630615123457"},
			NoMatch: []string{"RO18547291", "RO 185 472 91", "RO00000000", "RO01590082", "RO1630615123458", "18547290"},
		},
		{
			ID:           "ro-cif",
			Description:  "a fiscal registration code of Romania (CUI, CIF)",
			Source:       "Legea nr. 359/2004; Ordonanța Guvernului nr. 92/2003: weights 7, 5, 3, 2, 1, 7, 5, 3, 2 modulo 11",
			Country:      "RO",
			Category:     "financial",
			Shapes:       []string{"ddddd", "dddddd", "ddddddd", "dddddddd", "ddddddddd", "dddddddddd"},
			Valid:        validCUI,
			Context:      []string{"cui", "cif", "c.u.i", "c.i.f", "fiscal", "fiscala", "cod-fiscal"},
			NeedsContext: true,
			Match:        []string{"18547290", "1590082", "361579"},
			NoMatch:      []string{"18547291", "00000000", "01590082", "18547290123"},
		},
		{
			ID:          "ro-cnp",
			Description: "a personal numeric code of Romania (CNP)",
			Source:      "Ordonanța de urgență a Guvernului nr. 97/2005; Hotărârea Guvernului nr. 1375/2006, annex: weights 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 modulo 11",
			Country:     "RO",
			Category:    "official identification",
			Shapes:      []string{"ddddddddddddd", "d dddddd dddddd", "ddddddd dddddd", "d dd dd dd dddddd", "d dd dd dd dd ddd d", "d dddddd dd ddd d"},
			Valid:       validCNP,
			Context:     []string{"cnp", "c.n.p", "numeric", "personal", "cod-numeric-personal", "buletin"},
			Match:       []string{"1630615123457", "1800101221144", "1-630615-123457", "1630615 123457"},
			NoMatch:     []string{"1630615123458", "1632215123457", "0800101221142", "0000000000000", "163061512345", "1630631123457"},
		},
	}
}

func validCUI(d []byte) bool {
	if d[0] == '0' {
		return false
	}
	const weights = "753217532"
	n, last := 0, len(d)-1
	for i, c := range d[:last] {
		n += int(c-'0') * int(weights[9-last+i]-'0')
	}
	return n*10%11%10 == int(d[last]-'0')
}

func validCNP(d []byte) bool {
	year, month, day := int(num(d[1:3])), int(num(d[3:5])), int(num(d[5:7]))
	born := false
	switch d[0] {
	case '1', '2':
		born = date(1900+year, month, day)
	case '3', '4':
		born = date(1800+year, month, day)
	case '5', '6':
		born = date(2000+year, month, day)
	case '7', '8', '9': // foreigners, of either century
		born = dateEither(year, month, day)
	}
	// 1 to 46 are the counties and the sectors of Bucharest, 47 and 48 sectors
	// that are no more; 51 and 52 are two counties of 1981; 70 and 80 to 83 are
	// given whatever the county since the register is one.
	county := num(d[7:9])
	if !born || county < 1 || county > 48 && county != 51 && county != 52 && county != 70 && (county < 80 || county > 83) {
		return false
	}
	check := weighted(d, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11
	if check == 10 {
		check = 1
	}
	return check == int(d[12]-'0')
}
