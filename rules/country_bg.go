package rules

// bulgaria returns the rules for numbers that Bulgarian authorities issue.
func bulgaria() []Rule {
	return []Rule{
		{
			ID:          "bg-vat",
			Description: "a Bulgarian VAT number",
			Source:      "Закон за данък върху добавената стойност, чл. 94; " + viesRules,
			Country:     "BG",
			Category:    "financial",
			Shapes:      withPrefix("BG", "ddd ddd ddd", "dddd ddd ddd", "dddddd dddd"),
			Valid:       validBulgarianVAT,
			Context:     []string{"ддс", "инддс", "dds", "vat", "еик", "булстат"},
			Match:       []string{"BG175074752", "BG 175 074 752", "BG8032056031", "BG7111042925"},
			NoMatch:     []string{"BG175074751", "BG17507475", "BG000000000", "BG8032056037"},
		},
		{
			ID:           "bg-eik",
			Description:  "a Bulgarian company number (EIK, BULSTAT)",
			Source:       "Закон за регистър БУЛСТАТ, чл. 6; Закон за търговския регистър, чл. 23",
			Country:      "BG",
			Category:     "financial",
			Shapes:       []string{"ddd ddd ddd", "ddddddddddddd", "ddddddddd dddd"},
			Valid:        validEIK,
			Context:      []string{"еик", "булстат", "eik", "bulstat", "uic"},
			NeedsContext: true,
			Match:        []string{"175074752", "175 074 752", "1750747520004"},
			NoMatch:      []string{"175074751", "1750747520005", "000000000"},
		},
		{
			ID:          "bg-egn",
			BareContext: true,
			Description: "a Bulgarian personal number (EGN)",
			Source:      "Закон за гражданската регистрация, чл. 11; Наредба за ЕГН (ГРАО)",
			Country:     "BG",
			Category:    "official identification",
			Shapes:      []string{"dddddd dddd", "dddddd ddd d"},
			Valid:       validEGN,
			Context:     []string{"егн", "egn", "граждански", "единен", "personal", "ucn"},
			Match:       []string{"8032056031", "803205 6031", "752316 926 3", "6101057509"},
			NoMatch:     []string{"8032056032", "8019010008", "803205603", "80320560310"},
		},
		{
			ID:           "bg-lnch",
			Description:  "a Bulgarian personal number of a foreigner (LNCh)",
			Source:       "Закон за чужденците в Република България; Закон за ДДС, чл. 94 (check digit: " + viesRules + ")",
			Country:      "BG",
			Category:     "official identification",
			Shapes:       []string{"dddd ddd ddd", "dddddd dddd"},
			Valid:        validLNCh,
			Context:      []string{"лнч", "lnch", "lnc", "pnf", "чужденец", "foreigner"},
			NeedsContext: true,
			Match:        []string{"7111042925", "7111 042 925"},
			NoMatch:      []string{"7111042922", "711104292", "0000000000"},
		},
	}
}

func validBulgarianVAT(b []byte) bool {
	d := b[2:]
	if len(d) == 9 {
		return validEIK(d)
	}
	return validEGN(d) || validLNCh(d) || validBulgarianOther(d)
}

// validEIK checks 9 digits by the last, and 13 by that of the branch too.
func validEIK(d []byte) bool {
	if same(d[:9]) {
		return false
	}
	k := weighted(d, 1, 2, 3, 4, 5, 6, 7, 8) % 11
	if k == 10 {
		k = weighted(d, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10
	}
	if k != int(d[8]-'0') {
		return false
	}
	if len(d) == 9 {
		return true
	}
	k = weighted(d[8:], 2, 7, 3, 5) % 11
	if k == 10 {
		k = weighted(d[8:], 4, 9, 5, 7) % 11 % 10
	}
	return k == int(d[12]-'0')
}

// validEGN checks the date of birth as yymmdd, with 20 added to the month
// before 1900 and 40 from 2000 on, a serial number and a check digit.
func validEGN(d []byte) bool {
	if weighted(d, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 != int(d[9]-'0') {
		return false
	}
	year, month, day := two(d, 0), two(d, 2), two(d, 4)
	switch {
	case month > 40:
		return date(2000+year, month-40, day)
	case month > 20:
		return date(1800+year, month-20, day)
	}
	return date(1900+year, month, day)
}

func validLNCh(d []byte) bool {
	return !same(d) && weighted(d, 21, 19, 17, 13, 11, 9, 7, 3, 1)%10 == int(d[9]-'0')
}

// validBulgarianOther checks the numbers of other taxable persons.
func validBulgarianOther(d []byte) bool {
	return !same(d) && (weighted(d, 4, 3, 2, 7, 6, 5, 4, 3, 2)+int(d[9]-'0'))%11 == 0
}
