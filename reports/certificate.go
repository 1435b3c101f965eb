package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/verify"
	"github.com/spoor-scan/spoor/internal/wording"
)

//go:embed certificate.tmpl.html
var certificatePage string

//go:embed verification.css
var verificationStyle string

// certificateRows bounds the rows of each table of a certificate, which is meant
// to be a page; it says how many more there are.
const certificateRows = 25

type certRow struct {
	Place, Extra string
	N            int
}

type certCount struct {
	Name string
	N    int
}

type certTable struct {
	Title, Note, Extra, More string
	Rows                     []certRow
}

type certPerson struct {
	verify.Subject
	Class, Verdict string
	Counts         []certCount
	Tables         []certTable
	Notes          []string
}

type certView struct {
	Lang, Spoor, Run          string
	Checked, Report, Reported string
	T                         *certWords
	Style                     template.CSS
	People                    []certPerson
	Sources, Gaps             []certRow
	MoreGaps, Policy          string
}

// Certificate writes a statement for each data subject: what was erased, what is
// kept and why, until when backups hold it, what is there still, and what could
// not be checked. It claims no more than was read. lang is en, nl, fr or de.
func Certificate(w io.Writer, v *verify.Verification, lang string) error {
	t, ok := certificateWords()[lang]
	if !ok {
		return fmt.Errorf("reports: no certificate in the language %q", lang)
	}
	page, err := template.New("certificate").Funcs(template.FuncMap{"x": clean, "day": wording.In(language.Lang(lang)).Day}).Parse(certificatePage)
	if err != nil {
		return fmt.Errorf("reports: %w", err)
	}
	words := wording.In(language.Lang(lang))
	x := &certView{
		Lang: lang, Spoor: v.Run.Spoor, Run: v.Run.ID, T: t, Style: template.CSS(verificationStyle), Policy: stylePolicy(),
		Checked: words.Time(v.Run.Finished), Report: clean(v.Report.Run), Reported: words.Time(v.Report.Finished),
	}
	erased, kept, backups, remains, unchecked := map[string]*byPlace{}, map[string]*byPlace{}, map[string]*byPlace{}, map[string]*byPlace{}, map[string]*byPlace{}
	in := func(m map[string]*byPlace, subject string, p placeState) *placeState {
		if m[subject] == nil {
			m[subject] = &byPlace{}
		}
		return m[subject].add(p)
	}
	// last notes the last day of the records of a place; of some none may be known.
	last := func(p *placeState, day string) {
		if day == "" {
			p.Undated++
		}
		p.Until = max(p.Until, day)
	}
	for r, err := range v.Results() {
		if err != nil {
			return err
		}
		p := placeState{Source: r.Source, Place: r.Place}
		switch n := left(r); {
		case r.Refused():
		case r.Erased():
			in(erased, r.Subject, p)
		case r.State == verify.Unchecked:
			p.State = verify.State(r.Locator)
			in(unchecked, r.Subject, p)
		case r.Kept():
			if r.Keep != nil {
				p.Ground = words.Sentence(r.Keep.Ground)
			}
			day := ""
			if r.Keep != nil {
				day = dayOf(r.Keep.Until)
			}
			last(in(kept, r.Subject, p), day)
		case r.State == verify.Present && (n > 0 && r.Locator == verify.Absent || r.GoneBy != nil):
			last(in(backups, r.Subject, p), dayOf(r.GoneBy))
		default:
			p.State = r.State
			in(remains, r.Subject, p)
		}
	}
	for n, err := range v.News() {
		if err != nil {
			return err
		}
		in(remains, n.Subject, placeState{Source: n.Source, Place: n.Place, State: "new"})
	}
	for _, s := range v.Sources {
		u := s.Coverage.Units
		row := certRow{Place: clean(s.Name) + " (" + s.Type + ")", Extra: fmt.Sprintf(t.ReadOf, thousands(u.Scanned), thousands(u.Found))}
		if !s.Listed {
			row.Extra += "; " + t.NotListed
		}
		if u.Excluded > 0 {
			row.Extra += "; " + fmt.Sprintf(t.LeftOut, thousands(u.Excluded))
		}
		x.Sources = append(x.Sources, row)
	}
	gaps := &byPlace{}
	for _, g := range v.Gaps {
		gaps.add(placeState{Source: g.Source, Place: g.Place, Why: t.reason(g.Reason)})
	}
	x.Gaps, x.MoreGaps = t.rows(gaps, func(p *placeState) string { return p.Why })
	for _, s := range v.Subjects {
		x.People = append(x.People, t.person(words, v, s, erased[s.ID], kept[s.ID], backups[s.ID], remains[s.ID], unchecked[s.ID]))
	}
	if err := page.Execute(w, x); err != nil {
		return fmt.Errorf("reports: render the certificate: %w", err)
	}
	return nil
}

// stylePolicy is the content security policy of a page that has a style and
// nothing else.
func stylePolicy() string {
	return "default-src 'none'; style-src 'sha256-" + digest(verificationStyle) + "'; base-uri 'none'; form-action 'none'"
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// thousands writes a number in groups of three digits.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

func (t *certWords) reason(r string) string {
	if s, ok := t.Reasons[r]; ok {
		return s
	}
	return r
}

// whole names a place with its source, which some places begin with.
func whole(source, place string) string {
	if place == source || strings.HasPrefix(place, source+" / ") {
		return place
	}
	return source + " / " + place
}

// rows makes the rows of a table, and says how many it leaves out.
func (t *certWords) rows(b *byPlace, extra func(*placeState) string) (rows []certRow, more string) {
	if b == nil {
		return nil, ""
	}
	rest := 0
	for i, p := range b.list {
		if i >= certificateRows {
			rest += p.N
			continue
		}
		row := certRow{Place: clean(whole(p.Source, p.Place)), N: p.N}
		if extra != nil {
			row.Extra = clean(extra(p))
		}
		rows = append(rows, row)
	}
	if rest > 0 {
		more = fmt.Sprintf(t.More, rest)
	}
	return rows, more
}

func (t *certWords) person(words wording.Words, v *verify.Verification, s verify.Subject, erased, kept, backups, remains, unchecked *byPlace) certPerson {
	total := func(b *byPlace) (n int) {
		if b != nil {
			for _, p := range b.list {
				n += p.N
			}
		}
		return n
	}
	p := certPerson{Subject: s}
	whole := s.Searched && s.NotSearched == 0 && len(v.Gaps) == 0 && total(unchecked) == 0 && !slices.ContainsFunc(v.Sources, func(x inventory.Source) bool { return !x.Listed })
	switch {
	case total(remains) > 0:
		p.Class, p.Verdict = "bad", fmt.Sprintf(t.Remains, total(remains))
	case !whole:
		p.Verdict = t.NotWhole
	case total(erased) == 0 && total(kept) == 0 && total(backups) == 0:
		p.Verdict = t.Nothing
	case total(backups) > 0:
		p.Verdict = fmt.Sprintf(t.InBackups, total(backups), total(kept))
	case total(kept) > 0:
		p.Class, p.Verdict = "good", fmt.Sprintf(t.AllButKept, total(kept))
	default:
		p.Class, p.Verdict = "good", t.All
	}
	for _, c := range []struct {
		name string
		b    *byPlace
	}{{t.Erased, erased}, {t.Kept, kept}, {t.Backups, backups}, {t.There, remains}, {t.Unchecked, unchecked}} {
		p.Counts = append(p.Counts, certCount{c.name, total(c.b)})
	}
	add := func(title, note, extra string, b *byPlace, of func(*placeState) string) {
		if total(b) == 0 {
			return
		}
		x := certTable{Title: title, Note: note, Extra: extra}
		x.Rows, x.More = t.rows(b, of)
		p.Tables = append(p.Tables, x)
	}
	until := func(x *placeState) string {
		switch {
		case x.Until == "":
			return t.NoDay
		case x.Undated > 0:
			return fmt.Sprintf(t.Until, words.Day(x.Until)) + "; " + t.NoDay + ": " + thousands(int64(x.Undated))
		}
		return fmt.Sprintf(t.Until, words.Day(x.Until))
	}
	add(t.Erased, t.ErasedNote, "", erased, nil)
	add(t.Kept, t.KeptNote, t.Ground, kept, func(x *placeState) string {
		if x.Ground == "" {
			return until(x)
		}
		return x.Ground + "; " + until(x)
	})
	add(t.Backups, t.BackupsNote, t.GoneBy, backups, until)
	add(t.There, t.ThereNote, t.State, remains, func(x *placeState) string { return t.States[string(x.State)] })
	add(t.Unchecked, t.UncheckedNote, t.AtPlace, unchecked, func(x *placeState) string { return t.States[string(x.State)] })
	if !s.Searched {
		p.Notes = append(p.Notes, t.NotSearched)
	}
	if s.NotSearched > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf(t.FewerIdentifiers, s.NotSearched))
	}
	if len(s.NotLookedFor) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf(t.NotLookedFor, clean(strings.Join(s.NotLookedFor, ", "))))
	}
	if len(v.Exclusions) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf(t.Exclusions, len(v.Exclusions)))
	}
	return p
}
