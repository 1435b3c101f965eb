package rules

// greece returns the rules for numbers that Greek authorities issue.
func greece() []Rule {
	return []Rule{
		{
			ID:          "gr-vat",
			Description: "a Greek VAT number",
			Source:      "Κώδικας ΦΠΑ (ν. 2859/2000), άρθρο 36; " + viesRules,
			Country:     "GR",
			Category:    "financial",
			Shapes:      append(withPrefix("EL", "ddd ddd ddd", "dddddddd"), withPrefix("GR", "ddd ddd ddd")...),
			Valid:       func(b []byte) bool { return validAFM(b[2:]) },
			Context:     []string{"φπα", "αφμ", "fpa", "afm", "vat"},
			Match:       []string{"EL094259216", "EL 094259216", "GR023456780", "EL 094 259 216", "EL 94259216"},
			NoMatch:     []string{"EL094259215", "EL0942592", "EL000000000"},
		},
		{
			ID:           "gr-afm",
			Description:  "a Greek tax number (AFM), of a person or a company",
			Source:       "Κώδικας Φορολογικής Διαδικασίας (ν. 5104/2024), άρθρο 10; " + viesRules,
			Country:      "GR",
			Category:     "official identification",
			Shapes:       []string{"ddd ddd ddd"},
			Valid:        validAFM,
			Context:      []string{"αφμ", "φορολογικου", "φορολογικο", "μητρωου", "afm", "tin", "tax"},
			NeedsContext: true,
			Match:        []string{"094259216", "023456780", "094 259 216"},
			NoMatch:      []string{"094259215", "09425921", "000000000"},
		},
		{
			ID:          "gr-amka",
			Description: "a Greek social security number (AMKA)",
			Source:      "ν. 3655/2008, άρθρο 153; ΗΔΙΚΑ, ΑΜΚΑ; ISO/IEC 7812-1, annex B",
			Country:     "GR",
			Category:    "official identification",
			Shapes:      []string{"dddddd ddddd", "dd dd dd ddddd", "ddddddddddd"},
			Valid:       func(d []byte) bool { return luhn(d) && dateEither(two(d, 4), two(d, 2), two(d, 0)) },
			Context:     []string{"αμκα", "amka", "ασφαλισης", "κοινωνικης"},
			Match:       []string{"01013099997", "010130 99997", "010130-99997"},
			NoMatch:     []string{"01013099999", "32013099996", "0101309999"},
		},
		{
			ID:           "gr-personal-number",
			Description:  "a Greek personal number (Προσωπικός Αριθμός): two characters, a letter and the tax number",
			Source:       "ν. 4727/2020, άρθρο 11; the letter is a check character, of which the computation is not published",
			Country:      "GR",
			Category:     "official identification",
			Shapes:       []string{"xxaddddddddd", "xxa ddd ddd ddd", "xxa ddddddddd"},
			Valid:        func(b []byte) bool { return validAFM(b[3:]) },
			Context:      []string{"προσωπικος", "προσωπικο", "πα", "personal", "prosopikos"},
			NeedsContext: true,
			Match:        []string{"12K094259216", "12K 094259216", "A1K 094 259 216"},
			NoMatch:      []string{"12K094259215", "123094259216", "12K09425921"},
		},
	}
}

// validAFM checks 9 digits by the last; those of old have 8, as 0 stood in
// front.
func validAFM(d []byte) bool {
	if len(d) == 8 {
		return d[0] != '0' && !same(d) && weighted(d, 128, 64, 32, 16, 8, 4, 2)%11%10 == int(d[7]-'0')
	}
	return !same(d) && weighted(d, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == int(d[8]-'0')
}
