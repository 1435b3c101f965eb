package rules

func iceland() []Rule {
	return []Rule{
		{
			ID:           "is-vat",
			Description:  "a VAT number of Iceland (VSK-númer)",
			Source:       "Lög nr. 50/1988 um virðisaukaskatt; Skatturinn, VSK-númer: five or six digits without a check digit",
			Country:      "IS",
			Category:     "financial",
			Shapes:       append(prefixed("IS", "ddddd", "dddddd"), "ddddd", "dddddd"),
			Valid:        func(c []byte) bool { return !same(unprefixed(c, "IS")) },
			Context:      []string{"vsk", "vsk-numer", "vsknumer", "vsk-nr", "vsknr", "virdisaukaskatt*"},
			NeedsContext: true,
			Match:        []string{"IS12345", "IS 123456", "00621"},
			NoMatch:      []string{"IS1234", "IS1234567", "00000"},
		},
		{
			ID:          "is-kennitala",
			BareContext: true,
			Description: "an identity number of Iceland (kennitala)",
			Source:      "Lög nr. 140/2019 um skráningu einstaklinga; Þjóðskrá, Um kennitölur: weights 3, 2, 7, 6, 5, 4, 3, 2 modulo 11, 40 added to the day of legal persons",
			Country:     "IS",
			Category:    "official identification",
			Shapes:      []string{"dddddd-dddd", "dd dd dd dddd"},
			Valid:       validKennitala,
			Context:     []string{"kennitala", "kennitolu", "kt", "kt.", "kennitolur"},
			Match:       []string{"120160-3389", "1201603389", "120174-3399", "450401-3150"},
			NoMatch:     []string{"120160-3379", "530575-0299", "320174-3399", "120174-3397", "000000-0000", "120160-33891"},
		},
		{
			ID:           "is-kennitala-2026",
			Description:  "an identity number of Iceland without a check digit, as given since 18 February 2026",
			Source:       "Lög nr. 140/2019 um skráningu einstaklinga; Þjóðskrá, Kennitölur án vartölu: no check digit; system numbers (kerfiskennitölur) begin with 8 or 9",
			Country:      "IS",
			Category:     "official identification",
			Shapes:       []string{"dddddd-dddd"},
			Valid:        validKennitala2026,
			Context:      []string{"kennitala", "kennitolu", "kt", "kerfiskennitala", "kennitolur"},
			NeedsContext: true,
			Match:        []string{"200226-2180", "120160-3319", "812345-6789"},
			NoMatch:      []string{"320126-2180", "201326-2180", "200226-2187", "000000-0000", "888888-8888", "530575-0299"},
		},
	}
}

func validKennitala(d []byte) bool {
	day := int(num(d[:2]))
	if day > 40 {
		day -= 40
	}
	return kennitalaDate(d, day) && weighted(d, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

func validKennitala2026(d []byte) bool {
	return d[0] >= '8' && !same(d) || kennitalaDate(d, int(num(d[:2])))
}

// kennitalaDate checks the date, its century in the last digit.
func kennitalaDate(d []byte, day int) bool {
	year, month := int(num(d[4:6])), int(num(d[2:4]))
	switch d[9] {
	case '8':
		return date(1800+year, month, day)
	case '9':
		return date(1900+year, month, day)
	case '0':
		return date(2000+year, month, day)
	}
	return false
}
