package rules

// latvia returns the rules for numbers that Latvian authorities issue.
func latvia() []Rule {
	context := []string{"personas", "kods", "kodu", "pk", "perskods", "personal"}
	return []Rule{
		{
			ID:          "lv-vat",
			Description: "a Latvian VAT number (PVN)",
			Source:      "Pievienotās vērtības nodokļa likums; " + viesRules,
			Country:     "LV",
			Category:    "financial",
			Shapes:      withPrefix("LV", "dddd dddd ddd", "dddd ddd dddd", "ddd ddd ddd dd", "dddddd-ddddd"),
			Valid:       func(b []byte) bool { return validPVN(b[2:]) },
			Context:     []string{"pvn", "registracijas", "vat"},
			Match:       []string{"LV40003521600", "LV 4000 3521 600", "LV16117519997", "LV 161175-19997", "LV32503511782"},
			NoMatch:     []string{"LV40003521601", "LV16137519997", "LV4000352160", "LV30003521600"},
		},
		{
			ID:           "lv-company-number",
			Description:  "a Latvian company number",
			Source:       "Likums “Par Latvijas Republikas Uzņēmumu reģistru”; " + viesRules,
			Country:      "LV",
			Category:     "financial",
			Shapes:       []string{"ddddddddddd", "dddd dddd ddd"},
			Valid:        validLatvianCompany,
			Context:      []string{"registracijas", "regnr", "reg", "pvn", "uznemuma"},
			NeedsContext: true,
			Match:        []string{"40003521600", "4000 3521 600"},
			NoMatch:      []string{"40003521601", "4000352160", "30003521600"},
		},
		{
			ID:          "lv-personas-kods",
			Description: "a Latvian personal code with the date of birth, as issued until June 2017",
			Source:      "Fizisko personu reģistra likums; Iedzīvotāju reģistra likums",
			Country:     "LV",
			Category:    "official identification",
			Shapes:      []string{"dddddd-ddddd"},
			Valid:       validPersonasKods,
			Context:     context,
			Match:       []string{"161175-19997", "16117519997", "290758-10403", "111111-11410"},
			NoMatch:     []string{"161175-19998", "161375-19997", "161175-39994", "161175-1999"},
		},
		{
			ID:           "lv-personas-kods-new",
			Description:  "a Latvian personal code without a date of birth, as issued from July 2017 on; it has no check digit",
			Source:       "Fizisko personu reģistra likums; PMLP: a 3, a digit from 2 to 9, and nine at random",
			Country:      "LV",
			Category:     "official identification",
			Shapes:       []string{"dddddd-ddddd"},
			Valid:        validPersonasKodsNew,
			Context:      context,
			NeedsContext: true,
			Match:        []string{"325035-11782", "32503511782"},
			NoMatch:      []string{"315035-11782", "425035-11782", "33333333333", "325035-1178"},
		},
	}
}

func validPVN(d []byte) bool {
	return validLatvianCompany(d) || validPersonasKods(d) || validPersonasKodsNew(d)
}

func validLatvianCompany(d []byte) bool {
	return d[0] > '3' && !same(d) && weighted(d, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)%11 == 3
}

// validPersonasKods checks the date of birth as ddmmyy, a digit for the century
// (0 for 1800), a serial number and a check digit.
func validPersonasKods(d []byte) bool {
	if d[6] > '2' || (1+weighted(d, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9))%11%10 != int(d[10]-'0') {
		return false
	}
	return date(1800+int(d[6]-'0')*100+two(d, 4), two(d, 2), two(d, 0))
}

func validPersonasKodsNew(d []byte) bool { return d[0] == '3' && d[1] >= '2' && !same(d) }
