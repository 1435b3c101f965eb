package rules

// denmark returns the rules for numbers that Danish authorities issue.
func denmark() []Rule {
	return []Rule{
		{
			ID:          "dk-vat",
			Description: "a Danish VAT number",
			Source:      "momsloven, § 47; " + viesRules,
			Country:     "DK",
			Category:    "financial",
			Shapes:      withPrefix("DK", "dd dd dd dd", "dddd dddd", "ddd ddd dd"),
			Valid:       func(b []byte) bool { return validCVR(b[2:]) },
			Context:     []string{"cvr", "moms", "se", "vat", "cvrnr"},
			Match:       []string{"DK13585628", "DK 13 58 56 28", "DK13 58 56 28", "DK-13585628", "dk 1358 5628"},
			NoMatch:     []string{"DK13585627", "DK03585628", "DK1358562", "DK135856280"},
		},
		{
			ID:           "dk-cvr",
			Description:  "a Danish company number (CVR, SE)",
			Source:       "lov om Det Centrale Virksomhedsregister (CVR-loven), § 5; " + viesRules,
			Country:      "DK",
			Category:     "financial",
			Shapes:       []string{"dd dd dd dd", "dddd dddd", "ddd ddd dd"},
			Valid:        validCVR,
			Context:      []string{"cvr", "cvrnr", "se", "moms", "virksomhed"},
			NeedsContext: true,
			Match:        []string{"13585628", "13 58 56 28"},
			NoMatch:      []string{"13585627", "03585628", "1358562"},
		},
		{
			ID:          "dk-cpr",
			Description: "a Danish personal number (CPR)",
			// Since 1 October 2007 numbers are issued that don't satisfy the
			// modulus 11 check, so that only date and century are left.
			Source:       "lov om Det Centrale Personregister (CPR-loven), § 3; CPR-kontoret, Personnummeret i CPR-systemet",
			Country:      "DK",
			Category:     "official identification",
			Shapes:       []string{"dddddd-dddd", "dd dd dd dddd"},
			Valid:        validCPR,
			Context:      []string{"cpr", "cprnr", "cprnummer", "personnummer", "personnr", "pnr"},
			NeedsContext: true,
			Match:        []string{"211062-5629", "2110625629", "211062 5629", "010165-1234", "070761-4285"},
			NoMatch:      []string{"511062-5629", "310262-0629", "211052-5629", "211062-0000", "211062-562"},
		},
	}
}

func validCVR(d []byte) bool {
	return d[0] != '0' && weighted(d, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// validCPR checks the date of birth as ddmmyy, the century by the seventh
// digit, and that there is a serial number.
func validCPR(d []byte) bool {
	year := two(d, 4)
	switch c := d[6]; {
	case c <= '3', (c == '4' || c == '9') && year >= 37:
		year += 1900
	case c >= '5' && c <= '8' && year >= 58:
		year += 1800
	default:
		year += 2000
	}
	return num(d[6:]) > 0 && born(year, two(d, 2), two(d, 0))
}
