package rights

import (
	"slices"
	"strings"
)

// Basis returns the legal basis of Art. 6(1) that a configuration means:
// "consent", "contract", "legal obligation", "vital interests", "public task" or
// "legitimate interests"; empty where it can't be told, or where it names several.
func Basis(text string) string {
	if list := basesOf(text); len(list) == 1 {
		return string(list[0])
	}
	return ""
}

// Portable reports whether what rests on a legal basis, as a configuration calls
// it, rests on consent or a contract (Art. 20(1)(a)), be it besides others.
func Portable(text string) bool { return basesOf(text).portable() }

// Known reports whether a legal basis, as a configuration calls it, names one of
// Art. 6(1) at least.
func Known(text string) bool { return len(basesOf(text)) > 0 }

// A basis is a legal basis of Art. 6(1).
type basis string

const (
	consent    basis = "consent"
	contract   basis = "contract"
	obligation basis = "legal obligation"
	vital      basis = "vital interests"
	publicTask basis = "public task"
	legitimate basis = "legitimate interests"
)

// words are those by which configurations name legal bases, in the languages of
// the officers.
var basisWords = []struct {
	basis basis
	words []string
}{
	{consent, []string{"consent", "toestemming", "einwilligung", "6(1)(a)", "6.1.a"}},
	{legitimate, []string{"legitimate", "gerechtvaardigd", "légitime", "legitime", "berechtigt", "6(1)(f)", "6.1.f"}},
	{obligation, []string{"legal obligation", "legal_obligation", "legal-obligation", "wettelijk", "obligation légale", "obligation legale", "rechtliche", "gesetzlich", "6(1)(c)", "6.1.c"}},
	{vital, []string{"vital", "vitaal", "vitale", "lebenswichtig", "6(1)(d)", "6.1.d"}},
	{publicTask, []string{"public", "algemeen belang", "öffentlich", "6(1)(e)", "6.1.e"}},
	{contract, []string{"contract", "overeenkomst", "contrat", "vertrag", "6(1)(b)", "6.1.b"}},
}

// Bases are the legal bases that a configuration names for one activity. A record
// of processing often names two: the contract, and the law that wants the invoices
// kept. Each question asks for its own.
type bases []basis

// basesOf tells the legal bases from what a configuration says; none where it
// can't be told.
func basesOf(text string) bases {
	text = strings.ToLower(text)
	var out bases
	for _, b := range basisWords {
		if slices.ContainsFunc(b.words, func(w string) bool { return strings.Contains(text, w) }) {
			out = append(out, b.basis)
		}
	}
	return out
}

func (l bases) has(b basis) bool { return slices.Contains(l, b) }

// only reports whether a basis is the only one: what rests on consent alone goes
// with it (Art. 17(1)(b)).
func (l bases) only(b basis) bool { return len(l) == 1 && l[0] == b }

func (l bases) portable() bool { return l.has(consent) || l.has(contract) }

// String names the bases.
func (l bases) String() string {
	var out []string
	for _, b := range l {
		out = append(out, string(b))
	}
	return strings.Join(out, ", ")
}
