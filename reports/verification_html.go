package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/spoor-scan/spoor/internal/verify"
)

//go:embed verification.tmpl.html
var verificationPage string

// verificationRows is how many findings a page lists; a browser becomes slow
// beyond.
const verificationRows = 5000

type verificationRow struct {
	State, Subject, Source, Place, Why, Finding, GoneBy string
}

type verificationPerson struct {
	ID     string
	Counts []certCount
	Notes  []string
}

// VerificationHTML writes a page for people: what is not gone first. lang is en,
// nl, fr or de.
func VerificationHTML(w io.Writer, v *verify.Verification, lang string) error {
	words, c := verificationWords()[lang], certificateWords()[lang]
	if words == nil || c == nil {
		return fmt.Errorf("reports: no verification in the language %q", lang)
	}
	t, err := template.New("verification").Funcs(template.FuncMap{"x": clean, "stamp": moment, "num": thousands, "reason": c.reason}).Parse(verificationPage)
	if err != nil {
		return fmt.Errorf("reports: %w", err)
	}
	x := struct {
		Lang           string
		V              *verify.Verification
		W              *verifyWords
		C              *certWords
		Style          template.CSS
		Policy         string
		Class, Verdict string
		People         []verificationPerson
		Rows           []verificationRow
		More           string
		Gaps           []gapGroup
	}{Lang: lang, V: v, W: words, C: c, Style: template.CSS(verificationStyle), Policy: stylePolicy(), Gaps: groupGaps(v.Gaps)}
	more := 0
	add := func(r verificationRow) {
		if len(x.Rows) < verificationRows {
			x.Rows = append(x.Rows, r)
		} else {
			more++
		}
	}
	for n, err := range v.News() {
		if err != nil {
			return err
		}
		add(verificationRow{
			State: words.Names["new"], Subject: n.Subject, Source: clean(n.Source), Place: clean(n.Place), Why: words.Codes["new"], Finding: n.Finding,
		})
	}
	for _, gone := range []bool{false, true} {
		for r, err := range v.Results() {
			if err != nil {
				return err
			}
			if (r.State == verify.Gone) != gone {
				continue
			}
			row := verificationRow{
				State: words.Names[string(r.State)], Subject: r.Subject, Source: clean(r.Source), Place: clean(r.Place), Why: words.Codes[string(r.Code)], Finding: r.Finding,
			}
			if r.GoneBy != nil {
				row.GoneBy = fmt.Sprintf(words.GoneBy, *r.GoneBy)
			}
			if r.Kept() {
				row.State += " (" + words.Kept + ")"
			}
			add(row)
		}
	}
	if more > 0 {
		x.More = fmt.Sprintf(words.More, more)
	}
	fewer := false // identifiers that the report knew were not looked for
	for _, s := range v.Subjects {
		p := verificationPerson{ID: s.ID}
		for _, st := range verify.States() {
			p.Counts = append(p.Counts, certCount{words.Names[string(st)], s.States[st]})
		}
		p.Counts = append(p.Counts, certCount{words.Names["new"], s.New})
		if s.Kept > 0 {
			p.Counts = append(p.Counts, certCount{words.Kept, s.Kept})
		}
		if s.GoneBy != nil {
			p.Notes = append(p.Notes, fmt.Sprintf(words.BackupsBy, *s.GoneBy))
		}
		if !s.Searched {
			p.Notes = append(p.Notes, c.NotSearched)
		}
		if s.NotSearched > 0 {
			p.Notes = append(p.Notes, fmt.Sprintf(c.FewerIdentifiers, s.NotSearched))
			fewer = true
		}
		if len(s.NotLookedFor) > 0 {
			p.Notes = append(p.Notes, fmt.Sprintf(c.NotLookedFor, clean(strings.Join(s.NotLookedFor, ", "))))
		}
		x.People = append(x.People, p)
	}
	switch {
	case v.Summary.Remaining > 0:
		x.Class, x.Verdict = "bad", words.Remains
	case v.Run.Status != "complete" || fewer:
		x.Verdict = words.NotAll
	default:
		x.Class, x.Verdict = "good", words.Done
	}
	if err := t.Execute(w, x); err != nil {
		return fmt.Errorf("reports: render the page: %w", err)
	}
	return nil
}
