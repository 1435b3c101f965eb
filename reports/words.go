package reports

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/rights"
)

// words says what a report holds in a language.
type words struct {
	language.Lang
	T *language.Catalogue
}

func in(l language.Lang) words { return words{l, l.Texts()} }

// maxShown is how many characters of a foreign text a page or table shows.
const maxShown = 300

// shown makes a foreign text safe to be shown: names of files, columns and
// sources come from whoever wrote them. What is no UTF-8, control characters, and
// signs that turn the direction of writing around (Unicode Standard Annex #9)
// become U+FFFD; a very long text is cut.
func shown(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxShown {
			s = s[:i] + "…"
			break
		}
	}
	return strings.Map(visible, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

func visible(r rune) rune {
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
func (w words) Day(iso string) string { return shown(w.Lang.Day(iso)) }

// days and periods in sentences, in the forms of ISO 8601.
var (
	isoDay    = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
	isoPeriod = regexp.MustCompile(`\bP(?:\d+[YMWD])+\b`)
)

// sentence returns one of the program's own sentences in the language, with days
// and periods as people write them.
func (w words) sentence(s string) string {
	out, known := w.T.Translate(s)
	if known {
		out = isoPeriod.ReplaceAllStringFunc(isoDay.ReplaceAllStringFunc(out, w.Lang.Day), w.Period)
	}
	return shown(out)
}

// foreign reports whether a sentence stays in English in another language, which
// a page has to tell the programs that read it aloud.
func (w words) foreign(s string) bool {
	_, known := w.T.Translate(s)
	return !known
}

func (w words) identifier(t string) string {
	return shown(language.Term(w.T.Terms.Identifiers, t))
}

func (w words) category(c string) string { return shown(language.Term(w.T.Terms.Categories, c)) }

func (w words) categories(list []string) string { return w.each(list, w.category) }

func (w words) origins(list []string) string {
	return w.each(list, func(o string) string { return shown(language.Term(w.T.Terms.Origins, o)) })
}

func (w words) rights(list []string) string {
	return w.each(list, func(r string) string { return w.right(r).Name })
}

func (w words) each(list []string, word func(string) string) string {
	var out []string
	for _, c := range list {
		if c = word(c); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return w.List(out)
}

// right returns the right that a type of request is about.
func (w words) right(t string) language.Right {
	if r, ok := w.T.Terms.Rights[t]; ok {
		return r
	}
	return language.Right{Name: shown(t), Of: shown(t)}
}

// article returns the article of a right: "Art. 15 GDPR".
func (w words) article(t string) string {
	return language.Fill(w.T.Terms.Article, w.right(t).Article)
}

// basis returns a legal basis of Art. 6(1) as the language calls it, and behind it
// what else the configuration says of it.
func (w words) basis(b string) string {
	if b == "" {
		return w.T.Person.NoBasis
	}
	basis := rights.Basis(b)
	word, ok := w.T.Terms.Bases[basis]
	if !ok {
		return shown(b)
	}
	if plain := strings.NewReplacer("-", " ", "_", " ").Replace(strings.ToLower(strings.TrimSpace(b))); plain == basis || plain+"s" == basis {
		return word
	}
	return word + ": " + shown(b)
}

func (w words) role(r string) string { return shown(language.Term(w.T.Terms.Roles, r)) }

func (w words) action(kind string) string { return shown(language.Term(w.T.Terms.Actions, kind)) }

// attribute returns the word for what of a person a field holds.
func (w words) attribute(a string) string {
	if word, ok := w.T.Terms.Identifiers[a]; ok {
		return word
	}
	return shown(strings.ReplaceAll(language.Term(w.T.Terms.Attributes, a), "_", " "))
}

// match names an identifier that stands in a record.
func (w words) match(m inventory.Match) string { return w.identifier(m.Type) + " " + shown(m.Masked) }

// matches names the identifiers that a finding holds, each once.
func (w words) matches(f *inventory.Finding) []string {
	var out []string
	for _, m := range f.Matches {
		if t := w.match(m); !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// retention says how long something is kept.
func (w words) retention(r *inventory.Retention) string {
	if r == nil {
		return w.T.Person.NoRetention
	}
	period := w.Period(r.Period)
	if r.From == "" {
		return shown(period)
	}
	return language.Fill(w.T.Person.KeptFrom, shown(period), shown(r.From))
}

// recipients lists those to whom data go, with the country and the safeguard of
// each.
func (w words) recipients(list []inventory.Recipient) string {
	var out []string
	for _, r := range list {
		s := shown(r.Name)
		var more []string
		if r.Kind == "processor" {
			more = append(more, w.role(r.Kind))
		}
		if r.Country != "" {
			more = append(more, shown(r.Country))
		}
		if r.Safeguard != nil && *r.Safeguard != "" {
			more = append(more, shown(*r.Safeguard))
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

// proposal says what an action would do, and what keeps it from being done.
func (w words) proposal(a inventory.Action) []string {
	what := w.action(a.Kind)
	if len(a.Fields) > 0 {
		var names []string
		for _, f := range a.Fields {
			names = append(names, shown(f))
		}
		what += " (" + strings.Join(names, ", ") + ")"
	}
	out := []string{what}
	if k := a.Keep; k != nil {
		if k.Until != nil && *k.Until != "" {
			out = append(out, language.Fill(w.T.Person.KeepUntil, w.Day(*k.Until), w.sentence(k.Ground)))
		} else {
			out = append(out, language.Fill(w.T.Person.Keep, w.sentence(k.Ground)))
		}
	}
	for _, b := range a.BlockedBy {
		out = append(out, language.Fill(w.T.Person.Blocked, w.sentence(b)))
	}
	for _, r := range a.Reasons {
		out = append(out, w.sentence(r))
	}
	if a.GoneBy != nil && *a.GoneBy != "" {
		out = append(out, language.Fill(w.T.Person.GoneBy, w.Day(*a.GoneBy)))
	}
	return out
}

// copies says how many copies of a record there are, and from when; empty where
// there is none.
func (w words) copies(f *inventory.Finding) string {
	n := max(f.CopiesTotal, len(f.Copies))
	if n == 0 {
		return ""
	}
	out := w.Count(w.T.Person.CopyNumber, int64(n))
	if first, last := span(f.Copies); first != "" {
		if first == last {
			return out + ", " + w.Day(first)
		}
		return out + ", " + language.Fill(w.T.Person.CopySpan, w.Day(first), w.Day(last))
	}
	return out
}

// span returns the days of the first and the last copy, empty where no time of
// any is known.
func span(list []inventory.Copy) (first, last string) {
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
