package subject

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPlainLabel compares the quick way with the one for all texts, which a
// letter with a mark far in front asks for.
func TestPlainLabel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	parts := []string{"user", "customerId", "Klant", "ID", "aB", "B", "9", "x", " ", "  ", "_", "-", ": ", "=\"", ".", "(", "<", "#", "name is", "customer_id"}
	for range 20_000 {
		var s strings.Builder
		for range 1 + rng.IntN(9) {
			s.WriteString(parts[rng.IntN(len(parts))])
		}
		text := s.String()
		if len(text) > 60 {
			continue
		}
		words, mark := fieldLabel([]byte("\n"+text), len(text)+1)
		slow, slowMark := fieldLabel([]byte("\né - a b c d "+text), len(text)+len("\né - a b c d "))
		if n := len(strings.Fields(words)); n >= 4 && words != slow || n > 0 && (!strings.HasSuffix(slow, " "+words) && slow != words || mark != slowMark) {
			t.Fatalf("%q: %q %q, want %q %q", text, words, mark, slow, slowMark)
		}
	}
}
