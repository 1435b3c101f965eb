package rules

// lithuania returns the rules for numbers that Lithuanian authorities issue.
func lithuania() []Rule {
	return []Rule{
		{
			ID:          "lt-vat",
			Description: "a Lithuanian VAT number (PVM)",
			Source:      "Pridėtinės vertės mokesčio įstatymas; " + viesRules,
			Country:     "LT",
			Category:    "financial",
			Shapes:      withPrefix("LT", "ddd ddd ddd", "dddd dddd dddd", "ddd ddd ddd ddd"),
			Valid:       func(b []byte) bool { return validPVM(b[2:]) },
			Context:     []string{"pvm", "kodas", "moketojo", "vat"},
			Match:       []string{"LT119511515", "LT 100001919017", "LT100004801610", "LT 119 511 515"},
			NoMatch:     []string{"LT119511514", "LT100001919018", "LT11951151", "LT100001919117"},
		},
		{
			ID:          "lt-asmens-kodas",
			Description: "a Lithuanian personal code (asmens kodas)",
			Source:      "Gyventojų registro įstatymas (1992 m. sausio 23 d. Nr. I-2237), asmens kodas",
			Country:     "LT",
			Category:    "official identification",
			Shapes:      []string{"d dddddd dddd", "d dddddd ddd d", "d dd dd dd dddd"},
			Valid:       validAsmensKodas,
			Context:     []string{"asmens", "kodas", "koda", "ak", "personal"},
			Match:       []string{"33309240064", "3 330924 0064", "38703181745"},
			NoMatch:     []string{"33309240164", "33313240062", "3330924006", "99999999999"},
		},
	}
}

// validPVM checks the 9 digits of a legal entity, or 12 of others. The last
// but one is always 1.
func validPVM(d []byte) bool {
	n := len(d) - 1
	return d[n-1] == '1' && modTwice(d[:n]) == d[n]
}

// validAsmensKodas checks a personal code. Those that begin with 9 are the
// exception that has no date.
func validAsmensKodas(d []byte) bool {
	if d[0] == '9' {
		return !same(d) && modTwice(d[:10]) == d[10]
	}
	return personalCode(d)
}
