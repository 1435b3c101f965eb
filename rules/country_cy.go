package rules

// cyprus returns the rules for numbers that authorities of the Republic of
// Cyprus issue.
func cyprus() []Rule {
	return []Rule{
		{
			ID:          "cy-vat",
			Description: "a Cypriot VAT number",
			Source:      "VAT Law 95(I)/2000; Tax Department, New TIN Format (4 May 2023); " + viesRules,
			Country:     "CY",
			Category:    "financial",
			Shapes:      withPrefix("CY", "dddddddda", "dddddddd a"),
			Valid:       func(b []byte) bool { return validTIC(b[2:]) },
			Context:     []string{"φπα", "fpa", "vat", "kdv"},
			Match:       []string{"CY10259033P", "CY 10259033P", "CY-10259033P", "CY60187688V"},
			NoMatch:     []string{"CY10259033Z", "CY12259033Q", "CY1025903P", "CY00000000E"},
		},
		{
			ID:           "cy-tic",
			Description:  "a Cypriot tax identification code (TIC)",
			Source:       "Assessment and Collection of Taxes Law 4/1978; Tax Department, New TIN Format (4 May 2023); OECD, TIN information for Cyprus",
			Country:      "CY",
			Category:     "official identification",
			Shapes:       []string{"dddddddda", "dddddddd a"},
			Valid:        validTIC,
			Context:      []string{"tic", "tin", "αφτ", "αφμ", "φορολογικης", "φορολογικου", "tax", "vergi"},
			NeedsContext: true,
			Match:        []string{"00123123T", "99652156X", "10259033P"},
			NoMatch:      []string{"00123123A", "12259033Q", "0012312T"},
		},
		{
			ID:           "cy-identity-card",
			Description:  "a Cypriot identity card number, which is the holder's for life",
			Source:       "Population Data Archives Laws 2002 to 2022 (N. 141(I)/2002); no check digit",
			Country:      "CY",
			Category:     "official identification",
			Shapes:       []string{"dddddd", "ddddddd", "dddddddddd"},
			Valid:        validCypriotID,
			Context:      []string{"ταυτοτητας", "ταυτοτητα", "ταυτ", "δελτιου", "αδτ", "arc", "kimlik"},
			NeedsContext: true,
			Match:        []string{"654321", "1234567", "0001234567"},
			NoMatch:      []string{"000000", "1111111", "12345", "1234567890"},
		},
	}
}

// validTIC checks 8 digits and a letter. Those that begin with 12 are not
// issued.
func validTIC(b []byte) bool {
	if same(b[:8]) || b[0] == '1' && b[1] == '2' {
		return false
	}
	n := 0
	for i, c := range b[:8] {
		if i%2 == 0 {
			n += oddValue(c)
		} else {
			n += int(c - '0')
		}
	}
	return byte('A'+n%26) == b[8]
}

func validCypriotID(d []byte) bool {
	if len(d) == 10 {
		if d[0] != '0' || d[1] != '0' || d[2] != '0' {
			return false
		}
		d = d[3:]
		return !same(d)
	}
	return d[0] != '0' && !same(d)
}
