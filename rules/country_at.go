package rules

// austria returns the rules for numbers that Austrian authorities issue.
func austria() []Rule {
	return []Rule{
		{
			ID:          "at-vat",
			Description: "an Austrian VAT number (UID)",
			Source:      "UStG 1994, Art. 28 BMR; " + viesRules,
			Country:     "AT",
			Category:    "financial",
			Shapes:      append(withPrefix("ATU", "dddddddd", "dddd dddd", "ddd ddd dd", "ddd dd ddd", "dd ddd ddd"), "AT Udddddddd", "AT U dddddddd"),
			Valid:       func(b []byte) bool { return validAustrianUID(b[2:]) },
			Context:     []string{"uid", "ust", "umsatzsteuer*", "steuernummer", "atu", "vat"},
			Match:       []string{"ATU13585627", "ATU 13585627", "AT U13585627", "ATU 1358 5627", "atu10223006"},
			NoMatch:     []string{"ATU13585626", "AT13585627", "ATU1358562", "ATU135856270", "ATU00000000"},
		},
		{
			ID:           "at-uid",
			Description:  "an Austrian VAT number without country",
			Source:       "UStG 1994, Art. 28 BMR; " + viesRules,
			Country:      "AT",
			Category:     "financial",
			Shapes:       []string{"Udddddddd", "U dddddddd"},
			Valid:        validAustrianUID,
			Context:      []string{"uid", "ust", "umsatzsteuer*", "vat"},
			NeedsContext: true,
			Match:        []string{"U13585627", "U 13585627"},
			NoMatch:      []string{"U13585626", "U1358562"},
		},
		{
			ID:          "at-svnr",
			BareContext: true,
			Description: "an Austrian social security number",
			Source:      "ASVG, § 31 Abs. 4 Z 1; Dachverband der Sozialversicherungsträger, Versicherungsnummer (months 13 to 15: parliamentary answer 4690/AB XXIII. GP)",
			Country:     "AT",
			Category:    "official identification",
			Shapes:      []string{"dddd dddddd", "ddd d dddddd", "ddd d dd dd dd"},
			Valid:       validSVNR,
			Context:     []string{"svnr", "vsnr", "svn", "sv", "sozialversicherung*", "versicherungsnummer", "ecard"},
			Match:       []string{"1237 010180", "1237010180", "1237-010180"},
			NoMatch:     []string{"2237 010180", "1238 010180", "1237 320180", "0237 010180", "1237 01018"},
		},
		{
			ID:          "at-svnr-grouped",
			BareContext: true,
			Description: "an Austrian social security number in groups of two digits",
			Source:      "ASVG, § 31 Abs. 4 Z 1; Dachverband der Sozialversicherungsträger, Versicherungsnummer",
			Country:     "AT",
			Category:    "official identification",
			Shapes:      []string{"dddd dd dd dd"},
			Valid:       func(d []byte) bool { return !timeLike(d) && validSVNR(d) },
			noTime:      true,
			Context:     []string{"svnr", "vsnr", "svn", "sv", "sozialversicherung*", "versicherungsnummer", "ecard"},
			Match:       []string{"1237 01 01 80"},
			NoMatch:     []string{"1238 01 01 80", "2026-11-02 10", "2026-11-07 10"},
		},
		{
			ID:           "at-tax-number",
			Description:  "an Austrian tax account number (Abgabenkontonummer)",
			Source:       "BMF, Abgabenkontonummer: office (2), account (6), check digit (1); OECD, TIN information for Austria",
			Country:      "AT",
			Category:     "official identification",
			Shapes:       []string{"dd-ddd/dddd", "dd ddddddd", "dd dddddd-d"},
			Valid:        validAbgabenkonto,
			Context:      []string{"abgabenkontonummer", "steuernummer", "stnr", "finanzamt", "steuer", "tin"},
			NeedsContext: true,
			Match:        []string{"59-119/9013", "591199013", "59 1199013"},
			NoMatch:      []string{"59-119/9012", "59-119/901", "00-000/0000", "11-111/1111"},
		},
	}
}

// validAustrianUID checks U and 8 digits: 10 less the units of the digits' sum, every
// second doubled, and 4.
func validAustrianUID(b []byte) bool {
	d := b[1:]
	return !same(d) && (sumDoubled(d[:7], 1)+4+int(d[7]-'0'))%10 == 0
}

// validSVNR checks a serial number from 100 on, a check digit and the date of
// birth as ddmmyy. Where that is not known, or its numbers are used up, the
// months 13 to 15 stand for it.
func validSVNR(d []byte) bool {
	if d[0] == '0' || weighted(d, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11 != int(d[3]-'0') {
		return false
	}
	day, month, year := two(d, 4), two(d, 6), two(d, 8)
	if month >= 13 && month <= 15 {
		return day >= 1 && day <= 31
	}
	return dateEither(year, month, day)
}

// validAbgabenkonto checks 9 digits by the last, as luhn does but beginning on
// the left: every second digit is doubled.
func validAbgabenkonto(d []byte) bool {
	return (d[0] != '0' || d[1] != '0') && !same(d) && (sumDoubled(d[:8], 1)+int(d[8]-'0'))%10 == 0
}

// timeLike reports whether d is a year of now or lately, month, day and hour, as
// in 2026-11-02 10.
func timeLike(d []byte) bool {
	y := prefix(d, 4)
	return y >= 1900 && y < 2100 && date(y, two(d, 4), two(d, 6)) && two(d, 8) < 25
}
