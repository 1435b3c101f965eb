package subject

import "strings"

// address adds an address, and its street and number by themselves.
func (bl *builder) address(value string) {
	seqs := []sequence{{tokens(value), "plain"}}
	raw := words(value)
	// The street is what comes first, up to where it has letters and a number.
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\n' || r == ';' })
	for i := range parts[:max(len(parts)-1, 0)] {
		street := strings.Join(parts[:i+1], " ")
		if strings.ContainsAny(street, "0123456789") && strings.ContainsFunc(street, isLetter) && len(tokens(street)) > 1 {
			seqs = append(seqs, sequence{tokens(street), "street"})
			raw = words(street)
			break
		}
	}
	bl.sequences(raw, seqs)
}
