package rules

// croatia returns the rules for numbers that Croatian authorities issue.
func croatia() []Rule {
	return []Rule{
		{
			ID:          "hr-vat",
			Description: "a Croatian VAT number",
			Source:      "Zakon o porezu na dodanu vrijednost, čl. 77; " + viesRules,
			Country:     "HR",
			Category:    "financial",
			Shapes:      withPrefix("HR", "ddddddddddd", "ddd ddd ddd dd", "ddd dddd dddd"),
			Valid:       func(b []byte) bool { return validOIB(b[2:]) },
			Context:     []string{"pdv", "oib", "porezni", "vat"},
			Match:       []string{"HR33392005961", "HR 33392005961", "HR 333 920 059 61"},
			NoMatch:     []string{"HR33392005962", "HR3339200596", "HR00000000000"},
		},
		{
			ID:           "hr-oib",
			Description:  "a Croatian personal identification number (OIB)",
			Source:       "Zakon o osobnom identifikacijskom broju (NN 60/08); ISO/IEC 7064, MOD 11,10",
			Country:      "HR",
			Category:     "official identification",
			Shapes:       []string{"ddddddddddd", "ddd ddd ddd dd", "ddd dddd dddd"},
			Valid:        validOIB,
			Context:      []string{"oib", "osobni", "identifikacijski", "porezni", "personal"},
			NeedsContext: true,
			Match:        []string{"33392005961", "94577403194"},
			NoMatch:      []string{"33392005962", "3339200596", "11111111111"},
		},
		{
			ID:          "hr-mbg",
			Description: "a Croatian citizen's number (MBG, formerly JMBG)",
			Source:      "Zakon o matičnom broju (NN 9/92): regions 30 to 39, foreigners 03",
			Country:     "HR",
			Category:    "official identification",
			Shapes:      []string{"ddddddd dddddd", "ddddddddddddd", "dd dd ddd dd ddd d", "ddddddd dd ddd d"},
			Valid:       validMBG,
			Context:     []string{"mbg", "jmbg", "maticni"},
			Match:       []string{"0101985330027", "0101985 330027"},
			NoMatch:     []string{"0101985330028", "3201985330022", "0101985710008"},
		},
	}
}

func validOIB(d []byte) bool { return !same(d) && mod11_10(d) }

// validMBG checks the date of birth as ddmmyyy, a region of Croatia, a serial
// number and a check digit.
func validMBG(d []byte) bool {
	if k := weighted(d, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2); (k+int(d[12]-'0'))%11 != 0 {
		return false
	}
	if d[7] != '3' && (d[7] != '0' || d[8] != '3') {
		return false
	}
	year := int(num(d[4:7])) + 1000
	if year < 1800 {
		year += 1000
	}
	return date(year, two(d, 2), two(d, 0))
}
