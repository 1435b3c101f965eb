package rules

// italy returns the rules for numbers that Italian authorities issue.
func italy() []Rule {
	context := []string{"cf", "codice", "fiscale", "codfisc", "codicefiscale", "codfiscale", "steuernummer", "tax"}
	return []Rule{
		{
			ID:          "it-vat",
			Description: "an Italian VAT number",
			Source:      "D.P.R. 26 ottobre 1972, n. 633, art. 35; " + viesRules,
			Country:     "IT",
			Category:    "financial",
			Shapes:      withPrefix("IT", "ddddddddddd", "ddd dddd dddd", "ddd ddd ddd dd", "ddddddd dddd", "ddddddd ddd d", "dd ddd ddd ddd"),
			Valid:       func(b []byte) bool { return validPIVA(b[2:]) },
			Context:     []string{"iva", "piva", "partita", "vat", "mwst"},
			Match:       []string{"IT00743110157", "IT 00743110157", "IT-00743110157", "it00743110157"},
			NoMatch:     []string{"IT00743110158", "IT0074311015", "IT00000000000", "IT00743112054"},
		},
		{
			ID:           "it-partita-iva",
			Description:  "an Italian VAT number without country, or provisional tax code of a person",
			Source:       "D.P.R. 26 ottobre 1972, n. 633, art. 35; D.M. 23 dicembre 1976",
			Country:      "IT",
			Category:     "financial",
			Shapes:       []string{"ddddddddddd", "ddd dddd dddd", "ddddddd dddd"},
			Valid:        validPIVA,
			Context:      []string{"iva", "piva", "partita", "pi", "cf", "codice", "fiscale", "vat"},
			NeedsContext: true,
			Match:        []string{"00743110157"},
			NoMatch:      []string{"00743110158", "00000000000", "0074311015"},
		},
		{
			ID:          "it-codice-fiscale",
			Description: "an Italian tax code (codice fiscale)",
			Source:      "D.P.R. 29 settembre 1973, n. 605; D.M. 23 dicembre 1976 (Ministero delle finanze), art. 1-7",
			Country:     "IT",
			Category:    "official identification",
			Shapes: []string{
				"aaa aaa ddadd addda", "aaaaaa ddadd addda", "aaaaaaddadd addda", "aaa aaa ddadd addd a", "aaa aaa dd a dd addd a",
				// A letter in the place of the last digit comes first where codes
				// would be the same.
				"aaa aaa ddadd addaa", "aaaaaa ddadd addaa",
			},
			Valid:   validCodiceFiscale,
			Context: context,
			Match:   []string{"RCCMNL83S18D969H", "CNTCHR83T41D969D", "RCC MNL 83S18 D969H", "RCCMNL 83S18 D969H", "rccmnl83s18d969h", "RCCMNL83S18D96VW"},
			NoMatch: []string{"RCCMNL83S18D969I", "RCCMNL83F18D969I", "RCCMNL83S18D969", "RCCMNL83S38D969J", "RCCMNL83S18D969HX"},
		},
		found(Rule{
			ID:          "it-codice-fiscale-omocodia",
			Description: "an Italian tax code in which letters stand for digits, as two would be the same (omocodia)",
			Source:      "D.M. 23 dicembre 1976 (Ministero delle finanze), art. 6",
			Country:     "IT",
			Category:    "official identification",
			look:        omocodiaAt,
			groups:      []group{{kinds: "am", least: 16, most: 16}},
			MaxLen:      16,
			Context:     context,
			Match:       []string{"RCCMNL83S18D9S9T", "RCCMNLUPSMUDVSVO", "rccmnlupsmudvsvo"},
			NoMatch:     []string{"RCCMNL83S18D969H", "RCCMNLUPSMUDVSVR", "RCCMNL83S18D96VW", "RCCMNLUPSMUDVSVOX"},
		}),
	}
}

// validPIVA checks a serial number, an office of the tax authority and a check
// digit.
func validPIVA(d []byte) bool {
	office := num(d[7:10])
	return num(d[:7]) > 0 && (office >= 1 && office <= 201 || office == 888 || office == 999) && luhn(d)
}

// oddValue returns the value of a digit or an upper-case letter in an odd
// place of a tax code, in Italy and Cyprus.
func oddValue(c byte) int {
	if digit(c) {
		c += 'A' - '0'
	}
	return int("\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"[c-'A'])
}

// omocode returns the digit for which a letter stands in a tax code, or the
// digit itself, and less than 0 for any other.
func omocode(c byte) int {
	switch {
	case digit(c):
		return int(c - '0')
	case 'L' <= c && c <= 'N':
		return int(c - 'L')
	case 'P' <= c && c <= 'V':
		return int(c-'P') + 3
	}
	return -1
}

// validCodiceFiscale checks three letters of family and given name each, the
// year of birth, a letter for the month, the day (40 added for women), the code
// of a municipality or country and a check letter.
func validCodiceFiscale(b []byte) bool {
	var v [15]int
	for _, i := range [7]int{6, 7, 9, 10, 12, 13, 14} {
		if v[i] = omocode(b[i]); v[i] < 0 {
			return false
		}
	}
	for _, i := range [9]int{0, 1, 2, 3, 4, 5, 8, 11, 15} {
		if !upper(b[i]) {
			return false
		}
	}
	month := 0
	for i, c := range [12]byte{'A', 'B', 'C', 'D', 'E', 'H', 'L', 'M', 'P', 'R', 'S', 'T'} {
		if c == b[8] {
			month = i + 1
		}
	}
	day := v[9]*10 + v[10]
	if day > 40 {
		day -= 40
	}
	if !dateEither(v[6]*10+v[7], month, day) || v[12]+v[13]+v[14] == 0 {
		return false
	}
	n := 0
	for i, c := range b[:15] {
		switch {
		case i%2 == 0:
			n += oddValue(c)
		case digit(c):
			n += int(c - '0')
		default:
			n += int(c - 'A')
		}
	}
	return byte('A'+n%26) == b[15]
}

// omocodiaAt takes 16 letters and digits. What has no letter for a digit, or only
// one for the last, is found by shape.
func omocodiaAt(b []byte, start, end int) (int, int) {
	if end-start != 16 || !letter(b[start]) || embedded(b, start, end) {
		return 0, 0
	}
	var compact [16]byte
	replaced := false
	for k, c := range b[start:end] {
		if letter(c) {
			c &^= 0x20
			replaced = replaced || k == 6 || k == 7 || k == 9 || k == 10 || k == 12 || k == 13
		}
		compact[k] = c
	}
	if !replaced || !validCodiceFiscale(compact[:]) {
		return 0, 0
	}
	return start, end
}
