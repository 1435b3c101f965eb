package rules

func malta() []Rule {
	return []Rule{
		{
			ID:          "mt-vat",
			Description: "a VAT number of Malta",
			Source:      "Value Added Tax Act (Cap. 406 of the Laws of Malta); Directive 2006/112/EC, articles 214 and 215; VIES, number format of MT: weights 3, 4, 6, 7, 8, 9, 10, 1 modulo 37",
			Country:     "MT",
			Category:    "financial",
			Shapes:      prefixed("MT", "dddddddd", "dddd dddd", "dd dd dd dd", "ddd ddd dd"),
			Valid: func(c []byte) bool {
				return c[2] != '0' && weighted(c[2:], 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0
			},
			Context: []string{"vat", "taxxa", "exo"},
			Match:   []string{"MT11679112", "MT 1167-9112", "MT 11679112", "mt-11679112"},
			NoMatch: []string{"MT11679113", "MT 1167-9113", "MT00000000", "MT1167911", "11679112"},
		},
		{
			ID:           "mt-id",
			Description:  "an identity card number of Malta",
			Source:       "Identity Card and other Identity Documents Act (Cap. 258 of the Laws of Malta); European Commission, TIN structures, MT: seven digits and a letter of the place and century of registration, without a check digit",
			Country:      "MT",
			Category:     "official identification",
			Shapes:       []string{"ddddddd a", "dddddd a", "ddddd a"},
			Valid:        func(c []byte) bool { return validMtID(c[:len(c)-1], c[len(c)-1]) },
			Context:      mtIDContext(),
			NeedsContext: true,
			Match:        []string{"0123456M", "123456 M", "12345G", "0012390-l"},
			NoMatch:      []string{"0123456X", "01234567M", "0000000M", "1234M"},
		},
		found(Rule{
			ID:           "mt-id-letter",
			Description:  "an identity card number of Malta, its letter in brackets as in deeds",
			Source:       "Identity Card and other Identity Documents Act (Cap. 258 of the Laws of Malta)",
			Country:      "MT",
			Category:     "official identification",
			look:         mtIDAt,
			groups:       []group{{kinds: "d", least: 4, most: 7, after: " (", unjoined: ".-/"}},
			MaxLen:       len("0123456 (M)"),
			Context:      mtIDContext(),
			NeedsContext: true,
			Match:        []string{"123456(M)", "0123456 (M)", "12345(g)", "1234(M)"},
			NoMatch:      []string{"123456(X)", "01234567(M)", "(M)", "123456(M", "000(M)", "12.123456(M)"},
		}),
		{
			ID:           "mt-tin",
			Description:  "a tax number of Malta for those without an identity card",
			Source:       "Income Tax Management Act (Cap. 372 of the Laws of Malta); European Commission, TIN structures, MT: nine digits without a check digit",
			Country:      "MT",
			Category:     "official identification",
			Shapes:       []string{"ddddddddd", "ddd ddd ddd"},
			Valid:        func(c []byte) bool { return !same(c) },
			Context:      []string{"cfr", "mtca", "taxxa", "ird"},
			NeedsContext: true,
			Match:        []string{"221234567", "881-234-567"},
			NoMatch:      []string{"22123456", "2212345678", "222222222"},
		},
	}
}

func mtIDContext() []string {
	return []string{"karta", "identita", "id", "identity", "id-card", "identitycard", "idcard", "maltese", "malta", "tin", "holder", "detentur", "detentrici"}
}

func validMtID(d []byte, c byte) bool {
	return oneOf(c, "MGAPLHBZ") && num(d) != 0
}

// mtIDAt takes four to seven digits, perhaps a space, and a letter in brackets.
func mtIDAt(b []byte, from, to int) (int, int) {
	k := to
	if byteAt(b, k) == ' ' {
		k++
	}
	end := k + 3
	if end > len(b) || b[k] != '(' || b[end-1] != ')' || !letter(b[k+1]) || !alone(b, from, end) || !validMtID(b[from:to], b[k+1]&^0x20) {
		return 0, 0
	}
	return from, end
}
