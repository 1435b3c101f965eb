package rights

// Basis returns the legal basis of Art. 6(1) that a configuration means:
// "consent", "contract", "legal obligation", "vital interests", "public task" or
// "legitimate interests"; empty where it can't be told.
func Basis(text string) string { return string(basisOf(text)) }
