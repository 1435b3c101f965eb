// Package rules holds the detectors of personal data, as values: what each looks
// for, how it is validated, and what it must and must not match.
package rules

// A Rule detects one kind of personal data in text.
type Rule struct {
	ID          string // short and stable: "email"
	Description string // a sentence for people
	Source      string // the standard, law or register that defines the form

	// Find calls yield with each place in b that matches, in order, until yield
	// returns false.
	Find func(b []byte, yield func(start, end int) bool)

	Match   []string // texts in which the rule must find the whole text
	NoMatch []string // texts in which it must find nothing
}

// All returns all rules.
func All() []Rule {
	return []Rule{Email(), IBAN()}
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func letter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }
