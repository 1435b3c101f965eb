package rules

// ireland returns the rules for numbers that Irish authorities issue.
func ireland() []Rule {
	return []Rule{
		{
			ID:          "ie-vat",
			Description: "an Irish VAT number",
			Source:      "Value-Added Tax Consolidation Act 2010, s. 65; " + viesRules,
			Country:     "IE",
			Category:    "financial",
			Shapes: append(append(withPrefix("IE", "ddddddd a", "ddddddd aa"),
				withPrefix("IE", "daddddda")...), "IE dddd ddd a", "IE dddd ddd aa", "IE ddd dddd a", "IE ddd ddd da"),
			Valid:   func(b []byte) bool { return validIrish(b[2:]) || validIrishOld(b[2:]) },
			Context: []string{"vat", "cbl", "tax", "revenue"},
			Match:   []string{"IE6433435F", "IE 6433435F", "IE6433435OA", "IE 6433435 OA", "IE8D79739I", "ie6433435fw"},
			NoMatch: []string{"IE6433435E", "IE6433435VH", "IE8D79739J", "IE643343F", "IE0000000W"},
		},
		found(Rule{
			ID:          "ie-vat-old",
			Description: "an Irish VAT number of the oldest kind, with + or * in its second place",
			Source:      viesRules,
			Country:     "IE",
			Category:    "financial",
			look:        irishOldAt,
			groups:      []group{{kinds: "m", least: 3, most: 3, after: "+*"}, {kinds: "d", least: 1, most: 1, before: " -", after: "+*"}},
			MaxLen:      11,
			Context:     []string{"vat", "tax", "revenue"},
			Match:       []string{"IE8+79739I", "IE 8*79739I", "ie8+79739i"},
			NoMatch:     []string{"IE8+79739J", "IE8?79739I", "IE8+79739IX", "8+79739I", "XIE8+79739I"},
		}),
		{
			ID:           "ie-pps",
			Description:  "an Irish personal public service number (PPS)",
			Source:       "Social Welfare Consolidation Act 2005, s. 262; Department of Social Protection and Revenue, PPS check character (second letter: since 1 January 2013)",
			Country:      "IE",
			Category:     "official identification",
			Shapes:       []string{"ddddddda", "dddddddaa", "ddddddd a", "ddddddd aa", "dddd ddd a", "dddd ddd aa"},
			Valid:        validIrish,
			Context:      []string{"pps", "ppsn", "ppsno", "rsi", "psp", "uspp", "social", "tax", "revenue"},
			NeedsContext: true,
			Match:        []string{"6433435F", "6433435FT", "6433435FW", "6433435OA", "6433435IH", "1234567T", "1234567FA", "1234567WH", "1234567OB", "1234567TW", "6433435 F"},
			NoMatch:      []string{"6433435E", "6433435VH", "6433435X", "643343F", "0000000W", "6433435FZ", "1234567XX"},
		},
	}
}

// validIrish checks 7 digits, a check letter and, where there is one, a second
// letter, which counts from A to I; W, T and X are older and count nothing.
func validIrish(b []byte) bool {
	if !allDigits(b[:7]) || same(b[:7]) {
		return false
	}
	n := weighted(b, 8, 7, 6, 5, 4, 3, 2)
	if len(b) == 9 {
		switch c := b[8]; {
		case 'A' <= c && c <= 'I':
			n += int(c-'A'+1) * 9
		case c != 'W' && c != 'T' && c != 'X':
			return false
		}
	}
	return irishLetter(n) == b[7]
}

// validIrishOld checks what was given out before 1993: a digit, a character
// that does not count, 5 digits and a check letter. The first digit counts as
// the last.
func validIrishOld(b []byte) bool {
	if len(b) != 8 || digit(b[1]) || !digit(b[0]) || !allDigits(b[2:7]) {
		return false
	}
	return irishLetter(weighted(b[2:], 7, 6, 5, 4, 3)+2*int(b[0]-'0')) == b[7]
}

func irishLetter(n int) byte { return "WABCDEFGHIJKLMNOPQRSTUV"[n%23] }

// irishOldAt takes the digit in front of the sign, with the country in front of it
// or set off by a space or hyphen.
func irishOldAt(b []byte, _, i int) (int, int) {
	start, end := i-3, i+7
	if start > 0 && (b[i-2] == ' ' || b[i-2] == '-') {
		start--
	}
	if start < 0 || end > len(b) || b[start]&^0x20 != 'I' || b[start+1]&^0x20 != 'E' || embedded(b, start, end) {
		return 0, 0
	}
	var compact [8]byte
	copy(compact[:], b[i-1:end])
	if letter(compact[7]) {
		compact[7] &^= 0x20
	}
	if !validIrishOld(compact[:]) {
		return 0, 0
	}
	return start, end
}
