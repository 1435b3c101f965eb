package subject

// Settles reports whether the hit alone settles who is meant: an identifier
// that belongs to one person, in a form or a place that leaves no doubt of it.
func (h Hit) Settles() bool {
	return !h.Shared && h.Type.Own() && (h.Named || h.Type != CustomerID && !h.Weak)
}

// Words returns the words of a name, folded: in lower case and without
// diacritics.
func Words(name string) []string { return tokens(name) }
