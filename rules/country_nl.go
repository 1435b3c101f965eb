package rules

func netherlands() []Rule {
	return []Rule{
		{
			ID:          "nl-vat",
			Description: "a VAT number of the Netherlands",
			Source:      "Wet op de omzetbelasting 1968; Belastingdienst, btw-identificatienummer: since 2020 modulo 97 over all characters (ISO/IEC 7064), before that the eleven test of BSN or RSIN",
			Country:     "NL",
			Category:    "financial",
			Shapes: append(prefixed("NL", "dddddddBdd", "ddddddddBdd", "dddddddddBdd", "ddddddddd Bdd", "ddddddddd B dd", "dddd dd ddd B dd", "dddd dd ddd Bdd", "ddd ddd ddd Bdd", "ddd ddd ddd B dd"),
				"dddddddddBdd", "ddddddddd Bdd", "ddddddddd B dd", "dddd dd ddd B dd", "dddd dd ddd Bdd", "ddd ddd ddd Bdd", "ddd ddd ddd B dd"),
			Valid:   validNlVAT,
			Context: []string{"btw", "btw-id", "btw-nummer", "btwnummer", "omzetbelasting*", "ob-nummer", "vat"},
			Match:   []string{"NL000099998B57", "NL004495445B01", "NL 004495445 B01", "NL4495445B01", "NL0044.95.445.B.01", "NL-0044.95.445.B01", "004495445B01", "nl 123456782 b 90"},
			NoMatch: []string{"NL000099998B58", "NL004495446B01", "NL004495445B00", "NL004495445C01", "NL000000000B01", "NL004495445B011"},
		},
		{
			ID:           "nl-bsn",
			Description:  "a citizen service number of the Netherlands (BSN)",
			Source:       "Wet algemene bepalingen burgerservicenummer; Rijksdienst voor Identiteitsgegevens, Logisch Ontwerp BSN: eleven test",
			Country:      "NL",
			Category:     "official identification",
			Shapes:       []string{"ddddddddd", "dddd dd ddd", "ddd ddd ddd", "ddd dd dd dd", "dd dd dd ddd", "dddddddd"},
			Valid:        validBSN,
			Context:      []string{"bsn", "bsn-nummer", "bsnnummer", "burgerservicenummer", "burgerservicenr", "sofi", "sofinummer", "sofi-nummer", "sofinr", "citizen"},
			NeedsContext: true,
			Match:        []string{"111222333", "1112.22.333", "123456782", "123 456 782", "999999990", "10000008", "000000024"},
			NoMatch:      []string{"111222334", "123456783", "000000000", "111111111", "1234567821", "A111222333"},
		},
		{
			ID:           "nl-rsin",
			Description:  "a fiscal number of the Netherlands (RSIN) of legal persons and partnerships",
			Source:       "Handelsregisterwet 2007, artikel 12; Belastingdienst, RSIN: eleven test",
			Country:      "NL",
			Category:     "financial",
			Shapes:       []string{"ddddddddd", "dddd dd ddd", "ddd ddd ddd"},
			Valid:        validBSN,
			Context:      []string{"rsin", "fiscaal", "finr", "fi-nummer", "fiscaalnummer", "loonheffing*"},
			NeedsContext: true,
			Match:        []string{"004495445", "0044.95.445"},
			NoMatch:      []string{"004495446", "000000000", "00449544"},
		},
		{
			ID:           "nl-education-number",
			Description:  "an education number of the Netherlands, for pupils without a BSN",
			Source:       "Wet register onderwijsdeelnemers; Besluit register onderwijsdeelnemers; DUO: eleven test with remainder 5, first digits 10",
			Country:      "NL",
			Category:     "official identification",
			Shapes:       []string{"ddddddddd", "dddd dd ddd", "ddd ddd ddd"},
			Valid:        func(d []byte) bool { return d[0] == '1' && d[1] == '0' && elevenTest(d) == 5 },
			Context:      []string{"onderwijsnummer", "onderwijsnr", "pgn", "persoonsgebonden", "duo", "leerling*"},
			NeedsContext: true,
			Match:        []string{"101222331", "1012.22.331"},
			NoMatch:      []string{"100252333", "101222332", "211222331", "10122233"},
		},
		{
			ID:           "nl-a-number",
			Description:  "an administration number of the Dutch register of persons (A-nummer)",
			Source:       "Wet basisregistratie personen, artikel 1.1; Logisch Ontwerp BRP, element 01.10 A-nummer",
			Country:      "NL",
			Category:     "official identification",
			Shapes:       []string{"dddddddddd", "dddd ddd ddd", "ddd ddd dddd"},
			Valid:        validANumber,
			Context:      []string{"a-nummer", "anummer", "a-nr", "administratienummer", "brp", "gba"},
			NeedsContext: true,
			Match:        []string{"1010101025"},
			NoMatch:      []string{"1010101026", "0101010125", "1111111111", "0000000000", "101010102"},
		},
		{
			ID:           "nl-v-number",
			Description:  "an aliens number of the Netherlands (V-nummer)",
			Source:       "Vreemdelingenwet 2000, artikel 107; Basisvoorziening Vreemdelingen: ten digits without a published check",
			Country:      "NL",
			Category:     "official identification",
			Shapes:       []string{"dddddddddd", "ddd ddd dddd", "dddd ddd ddd"},
			Valid:        func(d []byte) bool { return !same(d) },
			Context:      []string{"v-nummer", "vnummer", "v-nr", "vreemdelingennummer", "vreemdelingnummer", "ind", "verblijfsdocument"},
			NeedsContext: true,
			Match:        []string{"2812345678", "281-234-5678"},
			NoMatch:      []string{"281234567", "0000000000"},
		},
		{
			ID:           "nl-kvk",
			Description:  "a number in the trade register of the Netherlands (KvK-nummer)",
			Source:       "Handelsregisterwet 2007, artikel 9: eight digits without a check digit",
			Country:      "NL",
			Category:     "official identification",
			Shapes:       []string{"dddddddd", "dd dd dd dd", "dddd dddd", "dd ddd ddd", "ddd ddd dd"},
			Valid:        func(d []byte) bool { return !same(d) },
			Context:      []string{"kvk", "k.v.k", "kvk-nummer", "kvknummer", "kvk-nr", "kvknr", "handelsregister", "coc"},
			NeedsContext: true,
			Match:        []string{"27312118", "27 31 21 18"},
			NoMatch:      []string{"2731211", "273121180", "00000000"},
		},
	}
}

// validNlVAT accepts both kinds of numbers: those of legal persons stayed as they
// were when natural persons got new ones.
func validNlVAT(c []byte) bool {
	full := [14]byte{'N', 'L', '0', '0'}
	d := unprefixed(c, "NL") // perhaps without the zeros in front
	copy(full[len(full)-len(d):], d)
	if num(full[2:11]) == 0 || num(full[12:]) == 0 {
		return false
	}
	return validBSN(full[2:11]) || mod97(full[:]) == 1
}

// elevenTest returns the remainder of the eleven test of nine digits.
func elevenTest(d []byte) int {
	n := weighted(d, 9, 8, 7, 6, 5, 4, 3, 2) - int(d[8]-'0')
	return (n%11 + 11) % 11
}

// validBSN takes eight or nine digits: a zero in front may be left out.
func validBSN(d []byte) bool {
	var b [9]byte
	b[0] = '0'
	copy(b[9-len(d):], d)
	return num(b[:]) != 0 && elevenTest(b[:]) == 0
}

func validANumber(d []byte) bool {
	if d[0] == '0' {
		return false
	}
	for i := range d[1:] {
		if d[i] == d[i+1] {
			return false
		}
	}
	s := weighted(d, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) % 11
	return (s == 0 || s == 5) && weighted(d, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512)%11 == 0
}
