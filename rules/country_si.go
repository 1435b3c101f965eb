package rules

func slovenia() []Rule {
	return []Rule{
		{
			ID:          "si-vat",
			Description: "a VAT number of Slovenia",
			Source:      "Zakon o davku na dodano vrednost (ZDDV-1), 80. člen; VIES, number format of SI: weights 8 to 2 modulo 11",
			Country:     "SI",
			Category:    "financial",
			Shapes:      prefixed("SI", "dddddddd", "dddd dddd", "dd ddd ddd", "dd dd dd dd", "ddd ddd dd"),
			Valid:       func(c []byte) bool { return validDavcna(c[2:]) },
			Context:     []string{"ddv", "davcna", "vat", "id-ddv", "davek"},
			Match:       []string{"SI50223054", "SI 5022 3054", "SI 50223054", "si-15012557"},
			NoMatch:     []string{"SI50223055", "SI 5022 3055", "SI00000000", "SI05022305", "50223054"},
		},
		{
			ID:           "si-tax-number",
			Description:  "a tax number of Slovenia (davčna številka)",
			Source:       "Zakon o finančni upravi (ZFU), 32. člen: weights 8 to 2 modulo 11",
			Country:      "SI",
			Category:     "official identification",
			Shapes:       []string{"dddddddd", "dddd dddd", "dd ddd ddd"},
			Valid:        validDavcna,
			Context:      []string{"davcna", "davcne", "davcni", "ds", "ddv", "zavezanec", "tin"},
			NeedsContext: true,
			Match:        []string{"50223054", "5022 3054", "15012557"},
			NoMatch:      []string{"50223055", "00000000", "05022305", "5022305"},
		},
		{
			ID:          "si-emso",
			Description: "a personal identification number of Slovenia (EMŠO)",
			Source:      "Zakon o centralnem registru prebivalstva (Uradni list RS, št. 1/99), 10. člen; Uredba o načinu določanja osebne identifikacijske številke (Uradni list RS, št. 8/99), 4. člen: weights 7 to 2 twice, modulo 11",
			Country:     "SI",
			Category:    "official identification",
			Shapes:      []string{"ddddddddddddd", "ddddddd dddddd", "ddddddd dd dddd", "ddddddd dd ddd d", "dd dd ddd dddddd", "dd dd ddd dd dddd", "dd dd ddd dd ddd d"},
			Valid:       validEMSO,
			Context:     []string{"emso", "emsa", "maticna", "jmbg", "obcana"},
			Match:       []string{"0101006500006", "2902932505526", "1211981500126", "0101006 500006"},
			NoMatch:     []string{"0101006500007", "3002932505526", "0000000000000", "010100650000", "01010065000060"},
		},
		{
			ID:           "si-registration-number",
			Description:  "a registration number of a business in Slovenia (matična številka)",
			Source:       "Zakon o Poslovnem registru Slovenije (ZPRS-1): weights 7 to 2 modulo 11, then three digits of the unit",
			Country:      "SI",
			Category:     "official identification",
			Shapes:       []string{"ddddddd", "dddddddddd", "ddddddd ddd"},
			Valid:        validMaticna,
			Context:      []string{"maticna", "maticne", "ajpes", "mat."},
			NeedsContext: true,
			Match:        []string{"9331310", "9331310000", "5300134-000"},
			NoMatch:      []string{"9331320", "0000000", "933131"},
		},
	}
}

func validDavcna(d []byte) bool {
	if d[0] == '0' {
		return false
	}
	check := 11 - weighted(d, 8, 7, 6, 5, 4, 3, 2)%11
	if check == 10 {
		check = 0
	}
	return check == int(d[7]-'0')
}

// validEMSO takes every register number: those who were registered in other
// republics of Yugoslavia kept theirs.
func validEMSO(d []byte) bool {
	year := 2000 + int(num(d[4:7]))
	if d[4] >= '8' {
		year -= 1000
	}
	// A serial number whose check digit would be 10 isn't given.
	return date(year, int(num(d[2:4])), int(num(d[:2]))) &&
		weightedCheck(d, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) == int(d[12]-'0')
}

func validMaticna(d []byte) bool {
	check := 11 - weighted(d, 7, 6, 5, 4, 3, 2)%11
	if check == 10 {
		check = 0
	}
	return check == int(d[6]-'0')
}
