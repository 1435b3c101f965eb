package rules

// germany returns the rules for numbers that German authorities issue.
func germany() []Rule {
	return []Rule{
		{
			ID:          "de-vat",
			Description: "a German VAT number (USt-IdNr.)",
			Source:      "UStG, § 27a; ISO/IEC 7064, MOD 11,10; " + viesRules,
			Country:     "DE",
			Category:    "financial",
			Shapes:      withPrefix("DE", "ddd ddd ddd", "dd ddd dddd", "ddd dd dd dd", "ddd dddddd"),
			Valid:       func(b []byte) bool { return validUSt(b[2:]) },
			Context:     []string{"ust", "ustid", "ustidnr", "umsatzsteuer*", "mwst", "vat", "idnr"},
			Match:       []string{"DE136695976", "DE 136695976", "DE 136 695 976", "DE136 695 976", "DE-136.695.976", "de136695976"},
			NoMatch:     []string{"DE136695978", "DE036695976", "DE13669597", "DE1366959760", "DE000000000"},
		},
		{
			ID:          "de-business-id",
			Description: "a German business identification number (W-IdNr.)",
			Source:      "AO, § 139c; WIdV; BZSt, Wirtschafts-Identifikationsnummer",
			Country:     "DE",
			Category:    "financial",
			Shapes:      withPrefix("DE", "ddddddddd-ddddd"),
			Valid:       func(b []byte) bool { return validUSt(b[2:11]) && num(b[11:]) > 0 },
			Context:     []string{"widnr", "wirtschafts*", "idnr", "business"},
			Match:       []string{"DE136695976-00001", "DE 136695976-00001"},
			NoMatch:     []string{"DE136695977-00001", "DE136695976-00000", "DE136695976-0001"},
		},
		{
			ID:          "de-tax-id",
			Description: "a German tax identification number (Steuer-ID)",
			Source:      "AO, § 139b; StIdV, § 1; ITZBund/ELSTER, Prüfung der Steuer- und Steueridentifikationsnummer; ISO/IEC 7064, MOD 11,10",
			Country:     "DE",
			Category:    "official identification",
			Shapes:      []string{"dd ddd ddd ddd", "ddddddddddd", "ddd ddd ddd dd"},
			Valid:       validSteuerID,
			Context:     []string{"steuer*", "idnr", "identifikationsnummer", "tin", "tax", "stid"},
			Match:       []string{"36574261809", "36 574 261 809", "86095742719", "47036892816", "65929970489", "57549285017", "25768131411", "26954371827"},
			NoMatch:     []string{"36574261890", "36554266806", "06574261809", "3657426180", "11123456789", "65299970480"},
		},
		{
			ID:          "de-social-security",
			Description: "a German social security number (Rentenversicherungsnummer)",
			Source:      "SGB VI, § 147; VKVV, §§ 2 und 4; Deutsche Rentenversicherung, days + 32 and + 64 and month 00 where numbers are used up or a date is not known",
			Country:     "DE",
			Category:    "official identification",
			Shapes:      []string{"dd dddddd a ddd", "dd dd dd dd a dd d", "dd dddddd a dd d", "dddddddd a ddd", "dd dddddd addd"},
			Valid:       validRVNR,
			Context:     []string{"sozialversicherung*", "rentenversicherung*", "versicherungsnummer", "sv", "svnr", "rv", "rvnr", "vsnr", "svnummer"},
			Match:       []string{"15070649C103", "15 070649 C 103", "65 170839 J 00 3", "65170839J003", "15 07 06 49 C 10 3"},
			NoMatch:     []string{"15070649C104", "15 070649 D 103", "01070649C103", "15321049C100", "15070649C10"},
		},
		{
			ID:           "de-health-insurance",
			Description:  "a German health insurance number (Krankenversichertennummer)",
			Source:       "SGB V, § 290; GKV-Spitzenverband, Richtlinie zum Aufbau der Krankenversichertennummer",
			Country:      "DE",
			Category:     "official identification",
			Shapes:       []string{"addddddddd", "a ddd ddd ddd", "addd ddd ddd"},
			Valid:        validKVNR,
			Context:      []string{"krankenversicherung*", "krankenversichertennummer", "krankenversichertennr", "kvnr", "versichertennummer", "versichertennr", "gesundheitskarte", "egk", "krankenkasse"},
			NeedsContext: true,
			Match:        []string{"A123456780", "A 123 456 780", "a123456780"},
			NoMatch:      []string{"A123456781", "B123456780", "A12345678"},
		},
		{
			ID:           "de-tax-number",
			Description:  "a German tax number (Steuernummer), in a state's or the federal form",
			Source:       "AO, § 139a ff.; ELSTER, Prüfung der Steuer- und Steueridentifikationsnummer: 10 or 11 digits of a state, 13 of the federal form; the check digits of the states differ",
			Country:      "DE",
			Category:     "official identification",
			Shapes:       []string{"dd/ddd/ddddd", "ddd/ddd/ddddd", "ddd/dddd/dddd", "ddddd/ddddd", "ddddddddddddd"},
			Valid:        validSteuernummer,
			Context:      []string{"steuernummer", "steuernr", "stnr", "finanzamt", "stnummer"},
			NeedsContext: true,
			Match:        []string{"93/815/08152", "181/815/08155", "133/8150/8159", "2893081508152", "9181081508155", "5133081508159"},
			NoMatch:      []string{"93/815/0815", "0000000000000", "00/000/00000", "7893081508152", "2893181508152"},
		},
	}
}

func validUSt(d []byte) bool { return d[0] != '0' && mod11_10(d) }

// validSteuerID checks that of the first ten digits, of which the first is no
// 0, exactly one occurs twice, or three times but not in a row; and the check
// digit.
func validSteuerID(d []byte) bool {
	if d[0] == '0' || !mod11_10(d) {
		return false
	}
	var count [10]int8
	for _, c := range d[:10] {
		count[c-'0']++
	}
	repeated := 0
	for c, n := range count {
		switch {
		case n > 3:
			return false
		case n > 1:
			repeated++
		}
		if n == 3 {
			for i := range d[:8] {
				if d[i] == byte('0'+c) && d[i+1] == d[i] && d[i+2] == d[i] {
					return false
				}
			}
		}
	}
	return repeated == 1
}

// validRVNR checks the area, the date of birth as ddmmyy, the first letter of
// the name at birth as two digits, a serial number and a check digit.
func validRVNR(b []byte) bool {
	n := crossSum(b[:8], 2, 1, 2, 5, 7, 1, 2, 1)
	k := int(b[8]-'A') + 1
	for _, p := range [4]int{k / 10 * 2, k % 10, int(b[9]-'0') * 2, int(b[10] - '0')} {
		n += p/10 + p%10
	}
	if n%10 != int(b[11]-'0') {
		return false
	}
	switch area := two(b, 0); {
	case area < 2, area > 4 && area < 8, area == 22, area == 27, area > 29 && area < 38, area == 41, area > 82 && area != 89:
		return false
	}
	day, month, year := two(b, 2)%32, two(b, 4), two(b, 6)
	if month == 0 || day == 0 {
		return month <= 12 && two(b, 2) < 96
	}
	return two(b, 2) < 96 && dateEither(year, month, day)
}

// crossSum adds up the digits of the products of digits and weights.
func crossSum(d []byte, weights ...int) int {
	n := 0
	for i, w := range weights {
		p := int(d[i]-'0') * w
		n += p/10 + p%10
	}
	return n
}

// validKVNR checks a letter, as two digits, 8 digits and a check digit.
func validKVNR(b []byte) bool {
	k := int(b[0]-'A') + 1
	p := k % 10 * 2
	n := k/10 + p/10 + p%10 + sumDoubled(b[1:9], 1)
	return n%10 == int(b[9]-'0') && !same(b[1:])
}

// validSteuernummer checks what all states have in common: the federal form of
// 13 digits begins with the number of a state, or of a group of them, and has
// a 0 in the fifth place.
func validSteuernummer(d []byte) bool {
	if same(d) || num(d[:len(d)-8]) == 0 {
		return false
	}
	if len(d) < 13 {
		return true
	}
	switch string(d[:1]) {
	case "5", "9":
		return d[4] == '0'
	}
	switch string(d[:2]) {
	case "10", "11", "21", "22", "23", "24", "26", "27", "28", "30", "31", "32", "40", "41":
		return d[4] == '0'
	}
	return false
}
