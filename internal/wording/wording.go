// Package wording says in a language what a report holds: legal bases, periods,
// proposals, and names that other people chose and that must not break what shows
// them.
package wording

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/rights"
)

// Words says what a report holds in a language.
type Words struct {
	language.Lang
	T *language.Catalogue
}

// In returns the words of a language.
func In(l language.Lang) Words { return Words{l, l.Texts()} }

// MaxShown is how many characters of a foreign text a page or table shows.
const MaxShown = 300

// Shown makes a foreign text safe to be shown: names of files, columns and
// sources come from whoever wrote them. What is no UTF-8, control characters, and
// signs that turn the direction of writing around (Unicode Standard Annex #9)
// become U+FFFD; a very long text is cut.
func Shown(s string) string {
	n := 0
	for i := range s {
		if n++; n > MaxShown {
			s = s[:i] + "…"
			break
		}
	}
	return strings.Map(Visible, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// Visible returns a sign that can be shown instead of one that must not be.
func Visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return ' '
	case r < ' ', 0x7f <= r && r < 0xa0, // C0 and C1
		0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069, // embeddings, overrides, isolates
		r == 0x200e, r == 0x200f, r == 0x061c, // marks
		r == 0x2028, r == 0x2029, 0xe0000 <= r && r <= 0xe007f, r == 0xfeff: // line ends, tags
		return utf8.RuneError
	}
	return r
}

// Day writes a day of a report, which may have been written by another program.
func (w Words) Day(iso string) string { return Shown(w.Lang.Day(iso)) }

// days and periods in sentences, in the forms of ISO 8601.
var (
	isoDay    = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
	isoPeriod = regexp.MustCompile(`\bP(?:\d+[YMWD])+\b`)
)

// Sentence returns one of the program's own sentences in the language, with days
// and periods as people write them.
func (w Words) Sentence(s string) string {
	out, known := w.T.Translate(s)
	if known {
		out = isoPeriod.ReplaceAllStringFunc(isoDay.ReplaceAllStringFunc(out, w.Lang.Day), w.Period)
	}
	return Shown(out)
}

// Foreign reports whether a sentence stays in English in another language, which
// a page has to tell the programs that read it aloud.
func (w Words) Foreign(s string) bool {
	_, known := w.T.Translate(s)
	return !known
}

func (w Words) Identifier(t string) string {
	return Shown(language.Term(w.T.Terms.Identifiers, t))
}

func (w Words) Category(c string) string { return Shown(language.Term(w.T.Terms.Categories, c)) }

func (w Words) Categories(list []string) string { return w.Each(list, w.Category) }

func (w Words) Origins(list []string) string {
	return w.Each(list, func(o string) string { return Shown(language.Term(w.T.Terms.Origins, o)) })
}

func (w Words) Rights(list []string) string {
	return w.Each(list, func(r string) string { return w.Right(r).Name })
}

func (w Words) Each(list []string, word func(string) string) string {
	var out []string
	for _, c := range list {
		if c = word(c); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return w.List(out)
}

// Right returns the right that a type of request is about.
func (w Words) Right(t string) language.Right {
	if r, ok := w.T.Terms.Rights[t]; ok {
		return r
	}
	return language.Right{Name: Shown(t), Of: Shown(t)}
}

// Article returns the article of a right: "Art. 15 GDPR".
func (w Words) Article(t string) string {
	return language.Fill(w.T.Terms.Article, w.Right(t).Article)
}

// Basis returns a legal basis of Art. 6(1) as the language calls it, and behind it
// what else the configuration says of it.
func (w Words) Basis(b string) string {
	if b == "" {
		return w.T.Person.NoBasis
	}
	basis := rights.Basis(b)
	word, ok := w.T.Terms.Bases[basis]
	if !ok {
		return Shown(b)
	}
	if plain := strings.NewReplacer("-", " ", "_", " ").Replace(strings.ToLower(strings.TrimSpace(b))); plain == basis || plain+"s" == basis {
		return word
	}
	return word + ": " + Shown(b)
}

func (w Words) Role(r string) string { return Shown(language.Term(w.T.Terms.Roles, r)) }

func (w Words) Action(kind string) string { return Shown(language.Term(w.T.Terms.Actions, kind)) }

// Attribute returns the word for what of a person a field holds.
func (w Words) Attribute(a string) string {
	if word, ok := w.T.Terms.Identifiers[a]; ok {
		return word
	}
	return Shown(strings.ReplaceAll(language.Term(w.T.Terms.Attributes, a), "_", " "))
}

// Match names an identifier that stands in a record.
func (w Words) Match(m inventory.Match) string { return w.Identifier(m.Type) + " " + Shown(m.Masked) }

// Matches names the identifiers that a finding holds, each once.
func (w Words) Matches(f *inventory.Finding) []string {
	var out []string
	for _, m := range f.Matches {
		if t := w.Match(m); !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// Retention says how long something is kept.
func (w Words) Retention(r *inventory.Retention) string {
	if r == nil {
		return w.T.Person.NoRetention
	}
	out := Shown(w.Period(r.Period))
	if r.From != "" {
		out = language.Fill(w.T.Person.KeptFrom, out, Shown(language.Term(w.T.Terms.Clocks, r.From)))
	}
	if r.Margin != "" {
		out = language.Fill(w.T.Person.KeptMargin, out, Shown(w.Period(r.Margin)))
	}
	return out
}

// Recipients lists those to whom data go, with the country and the safeguard of
// each.
func (w Words) Recipients(list []inventory.Recipient) string {
	var out []string
	for _, r := range list {
		s := Shown(r.Name)
		var more []string
		if r.Kind == "processor" {
			more = append(more, w.Role(r.Kind))
		}
		if r.Country != "" {
			more = append(more, Shown(r.Country))
		}
		if r.Safeguard != nil && *r.Safeguard != "" {
			more = append(more, Shown(*r.Safeguard))
		}
		if len(more) > 0 {
			s += " (" + strings.Join(more, ", ") + ")"
		}
		out = append(out, s)
	}
	if out == nil {
		return w.T.Person.NoRecipients
	}
	return w.List(out)
}

// Ground says why records are kept: the ground that the law knows, and what the
// report says of it.
func (w Words) Ground(k inventory.KeptRecords) string {
	ground := w.Sentence(k.Ground)
	if k.Kind != "retention" && ground != "" && !strings.HasPrefix(k.Ground, "legal") {
		return language.Term(w.T.Views.KeepKinds, k.Kind) + ": " + ground
	}
	return ground
}

// Proposal says what an action would do, and what keeps it from being done.
func (w Words) Proposal(a inventory.Action) []string {
	what := w.Action(a.Kind)
	if len(a.Fields) > 0 {
		var names []string
		for _, f := range a.Fields {
			names = append(names, Shown(f))
		}
		what += " (" + strings.Join(names, ", ") + ")"
	}
	if a.Then != "" {
		what = language.Fill(w.T.Person.Then, what, w.Action(a.Then))
	}
	out := []string{what}
	if k := a.Keep; k != nil {
		if k.Until != nil && *k.Until != "" {
			out = append(out, language.Fill(w.T.Person.KeepUntil, w.Day(*k.Until), w.Sentence(k.Ground)))
		} else {
			out = append(out, language.Fill(w.T.Person.Keep, w.Sentence(k.Ground)))
		}
	}
	for _, b := range a.BlockedBy {
		out = append(out, language.Fill(w.T.Person.Blocked, w.Sentence(b)))
	}
	for _, r := range a.Reasons {
		out = append(out, w.Sentence(r))
	}
	if a.GoneBy != nil && *a.GoneBy != "" {
		out = append(out, language.Fill(w.T.Person.GoneBy, w.Day(*a.GoneBy)))
	}
	return out
}

// Copies says how many copies of a record there are, and from when; empty where
// there is none.
func (w Words) Copies(f *inventory.Finding) string {
	n := max(f.CopiesTotal, len(f.Copies))
	if n == 0 {
		return ""
	}
	out := w.Count(w.T.Person.CopyNumber, int64(n))
	if first, last := Span(f.Copies); first != "" {
		if first == last {
			return out + ", " + w.Day(first)
		}
		return out + ", " + language.Fill(w.T.Person.CopySpan, w.Day(first), w.Day(last))
	}
	return out
}

// Span returns the days of the first and the last copy, empty where no time of
// any is known.
func Span(list []inventory.Copy) (first, last string) {
	const day = len("2006-01-02")
	for _, c := range list {
		if len(c.Time) < day {
			continue
		}
		t := c.Time[:day]
		if first == "" || t < first {
			first = t
		}
		last = max(last, t)
	}
	return first, last
}
