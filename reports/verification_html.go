package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/spoor-scan/spoor/internal/verify"
)

//go:embed verification.tmpl.html
var verificationPage string

type verificationRow struct {
	State, Subject, Source, Place, Why, Finding, GoneBy string
}

// VerificationHTML writes a page for people: what is not gone first.
func VerificationHTML(w io.Writer, v *verify.Verification) error {
	t, err := template.New("verification").Funcs(template.FuncMap{"stamp": moment, "counts": stateCounts}).Parse(verificationPage)
	if err != nil {
		return fmt.Errorf("reports: %w", err)
	}
	x := struct {
		V              *verify.Verification
		Style          template.CSS
		Class, Verdict string
		Rows           []verificationRow
		More           int
		Gaps           []gapGroup
	}{V: v, Style: template.CSS(verificationStyle), Gaps: groupGaps(v.Gaps)}
	add := func(r verificationRow) {
		if len(x.Rows) < maxRows {
			x.Rows = append(x.Rows, r)
		} else {
			x.More++
		}
	}
	for n, err := range v.News() {
		if err != nil {
			return err
		}
		add(verificationRow{State: "new", Subject: n.Subject, Source: clean(n.Source), Place: clean(n.Place), Why: n.Why, Finding: n.Finding})
	}
	for _, gone := range []bool{false, true} {
		for r, err := range v.Results() {
			if err != nil {
				return err
			}
			if (r.State == verify.Gone) == gone {
				add(verificationRow{
					State: string(r.State), Subject: r.Subject, Source: clean(r.Source), Place: clean(r.Place), Why: r.Why, Finding: r.Finding, GoneBy: dayOf(r.GoneBy),
				})
			}
		}
	}
	switch n := v.Summary.Remaining; {
	case n > 0:
		x.Class, x.Verdict = "bad", "Something is still there: "+stateCounts(v.Summary)+"."
	case v.Run.Status != "complete":
		x.Verdict = "Not everything could be checked: " + stateCounts(v.Summary) + "."
	default:
		x.Class, x.Verdict = "good", "Nothing remains that was to be erased: "+stateCounts(v.Summary)+"."
	}
	if err := t.Execute(w, x); err != nil {
		return fmt.Errorf("reports: render the page: %w", err)
	}
	return nil
}

// grouped writes a whole number with spaces between thousands.
func grouped(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
