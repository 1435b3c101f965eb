package rules

// belgium returns the rules for numbers that Belgian authorities issue.
func belgium() []Rule {
	return []Rule{
		{
			ID:          "be-vat",
			Description: "a Belgian VAT number",
			Source:      "VAT Code (3 July 1969), art. 50; Law of 16 January 2003 on the Crossroads Bank for Enterprises; " + viesRules,
			Country:     "BE",
			Category:    "financial",
			Shapes:      append(withPrefix("BE", "dddd.ddd.ddd", "dddd dddddd"), withPrefix("BE", "ddd.ddd.ddd")...),
			Valid:       func(b []byte) bool { return validEnterprise(b[2:]) },
			Context:     []string{"btw", "tva", "mwst", "ust", "nwst", "vat", "ondernemingsnummer", "entreprise", "unternehmensnummer"},
			Match:       []string{"BE0403170701", "BE 0403.170.701", "BE0403.170.701", "BE 0403 170 701", "BE-0403.170.701", "be 403.170.701", "BE1000000021"},
			NoMatch:     []string{"BE0403170702", "BE2403170701", "BE0000000097", "BE040317070", "BE04031707010"},
		},
		{
			ID:           "be-company-number",
			Description:  "a Belgian enterprise number",
			Source:       "Law of 16 January 2003 on the Crossroads Bank for Enterprises; Royal Decree of 24 June 2003 on the enterprise number",
			Country:      "BE",
			Category:     "financial",
			Shapes:       []string{"dddd.ddd.ddd", "dddd dddddd"},
			Valid:        validEnterprise,
			Context:      []string{"btw", "tva", "mwst", "vat", "ondernemingsnummer", "ondernemingsnr", "onderneming", "kbo", "bce", "zdu", "rpr", "rpm", "entreprise", "unternehmensnummer", "enterprise", "company"},
			NeedsContext: true,
			Match:        []string{"0403.170.701", "0403170701", "0403 170 701"},
			NoMatch:      []string{"0403.170.702", "2403.170.701", "0000.000.097", "0403.170.70"},
		},
		{
			ID:          "be-national-id",
			Description: "a Belgian national register or BIS number",
			Source:      "Law of 8 August 1983 organising a National Register, art. 2; Royal Decree of 3 April 1984 on the identification number; BIS: Royal Decree of 8 February 1991, Crossroads Bank for Social Security",
			Country:     "BE",
			Category:    "official identification",
			Shapes:      []string{"dd.dd.dd-ddd.dd", "dddddd-ddd.dd", "dddddd-ddddd", "ddddddddd-dd", "dd.dd.dd ddddd"},
			Valid:       validRijksregister,
			Context: []string{
				"rijksregisternummer", "rijksregister", "insz", "niss", "ssin", "inss", "rrn", "rrnr", "nrn", "bis", "bisnummer",
				"nn", "national", "registre", "nationalregister*", "nationalregisternummer", "identificatienummer", "sociale", "securite", "eid",
			},
			Match:   []string{"85.07.30-033.28", "85073003328", "85 07 30 033 28", "850730-033-28", "850730-03328", "85.07.30-033-28", "17.07.30-033.84", "85.47.30-001.49", "40.00.00-955.79"},
			NoMatch: []string{"85.07.30-033.29", "85.13.30-033.70", "85.02.30-033.90", "85.07.30-000.61", "85.07.30-999.32", "85.07.30-033.57", "00.00.00-000.97", "85.07.30-033.2", "85.07.30-033.280"},
		},
	}
}

// validEnterprise checks 9 or 10 digits, the first of which is 0 or 1 where
// they are 10: the last two are 97 less the remainder of the others.
func validEnterprise(d []byte) bool {
	if len(d) == 10 {
		if d[0] > '1' || d[0] == '0' && d[1] < '2' {
			return false
		}
	} else if d[0] < '2' {
		return false
	}
	n := len(d) - 2
	return mod(d[:n], 97) == 97-two(d, n)
}

// validRijksregister checks the date of birth as yymmdd, a serial number from
// 001 to 998 and 97 less the remainder of these nine digits, behind a 2 for who
// was born from 2000 on. Month and day are 00 where they are not known, and the
// day counts on where all serial numbers are used up. A BIS number has 40 added
// to its month, 20 where the sex was not known.
func validRijksregister(d []byte) bool {
	serial, check := num(d[6:9]), 97-two(d, 9)
	if serial == 0 || serial == 999 {
		return false
	}
	n := num(d[:9])
	month, day := two(d, 2), two(d, 4)
	switch {
	case month >= 40:
		month -= 40
	case month >= 20:
		month -= 20
	}
	for _, century := range [2]int{1900, 2000} {
		if n += int64(century-1900) / 100 * 2_000_000_000; n%97 != int64(check) {
			continue
		}
		year := century + two(d, 0)
		switch {
		case month == 0 || day == 0 && month <= 12:
			if born(year, 1, 1) {
				return true
			}
		case born(year, month, day):
			return true
		}
	}
	return false
}
