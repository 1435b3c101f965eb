package rules

// IBAN detects bank account numbers of ISO 13616, in the electronic form or in
// groups of four.
func IBAN() Rule {
	return Rule{
		ID:          "iban",
		Description: "an international bank account number",
		Source:      "ISO 13616; ISO/IEC 7064, MOD 97-10",
		Find:        findIBAN,
		Match:       []string{"BE68539007547034", "BE68 5390 0754 7034", "GB29 NWBK 6016 1331 9268 19"},
		NoMatch:     []string{"BE69539007547034", "BE6853900754703", "XBE68539007547034", "BE685390075470340"},
	}
}

func findIBAN(b []byte, yield func(start, end int) bool) {
	var compact [34]byte
	for i := 0; i+15 <= len(b); i++ {
		if !upper(b[i]) || !upper(b[i+1]) || !digit(b[i+2]) || !digit(b[i+3]) || i > 0 && (letter(b[i-1]) || digit(b[i-1])) {
			continue
		}
		n, j := 0, i
		for j < len(b) && n < len(compact) {
			c := b[j]
			if c == ' ' && n%4 == 0 && j+1 < len(b) && (upper(b[j+1]) || digit(b[j+1])) {
				j++
				continue
			}
			if !upper(c) && !digit(c) {
				break
			}
			compact[n] = c
			n, j = n+1, j+1
		}
		if j < len(b) && (letter(b[j]) || digit(b[j])) || !ValidIBAN(string(compact[:n])) {
			continue
		}
		if !yield(i, j) {
			return
		}
		i = j
	}
}

// ValidIBAN checks the form and the check digits of an IBAN in its electronic
// form (ISO 13616; ISO/IEC 7064, MOD 97-10). It does not know the lengths of
// each country.
func ValidIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 || !upper(s[0]) || !upper(s[1]) || !digit(s[2]) || !digit(s[3]) {
		return false
	}
	rem := 0
	for i := range len(s) {
		switch c := s[(i+4)%len(s)]; {
		case digit(c):
			rem = (rem*10 + int(c-'0')) % 97
		case upper(c):
			rem = (rem*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rem == 1
}
