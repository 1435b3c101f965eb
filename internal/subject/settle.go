package subject

import "strings"

// Settles reports whether the hit alone settles who is meant: an identifier
// that belongs to one person, in a form or a place that leaves no doubt of it.
func (h Hit) Settles() bool { return !h.Shared && h.telling() }

// telling reports whether the hit would settle it if nobody else had the
// identifier.
func (h Hit) telling() bool {
	// A country that is guessed stays so behind any encoding and label.
	return h.Type.Own() && !strings.HasSuffix(h.Form, guessedCountry) && (h.Named || h.Type != CustomerID && !h.Weak)
}

// Sharable reports whether people are used to share an identifier of the kind: a
// telephone, or a mailbox that is named after a role (RFC 2142 and its like)
// rather than a person.
func (id Identifier) Sharable() bool {
	switch {
	case id.Hash != "":
		return false
	case id.Found, id.Type == Phone:
		return true
	case id.Type == Email:
		local, _, _ := strings.Cut(id.Value, "@")
		local, _, _ = strings.Cut(local, "+")
		return strings.Contains(roles, " "+asciiLower(strings.TrimSpace(local))+" ")
	}
	return false
}

// Words returns the words of a name, folded: in lower case and without
// diacritics.
func Words(name string) []string { return tokens(name) }

// Particle reports whether one of Words goes with surnames, as "van" and "de": it
// is nobody's by itself.
func Particle(word string) bool { return isParticle(word) }
