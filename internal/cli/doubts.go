package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/rights"
)

// doubts are what of a configuration and its requests is well formed and probably
// not meant: a scan says so, since the answer would be another.
func doubts(p *plan.Plan, subjects []plan.Subject, now time.Time) []string {
	var out []string
	basis := func(where, text string) {
		if text != "" && !rights.Known(text) {
			out = append(out, fmt.Sprintf("%s: its legal_basis is none that is known (consent, contract, legal obligation, vital interests, public task, legitimate interests); what it covers is to be reviewed", where))
		}
	}
	for _, a := range p.Activities {
		basis("activity "+a.ID, a.LegalBasis)
		for i, c := range a.Columns {
			basis(fmt.Sprintf("activity %s: columns, entry %d", a.ID, i+1), c.LegalBasis)
		}
	}
	if c := p.Organisation.Country; c != "" && !slices.Contains(calendar.Countries(), c) {
		out = append(out, "organisation: the public holidays of its country are not known; deadlines pass over weekends and the days under holidays alone")
	}
	for _, s := range subjects {
		for _, q := range s.Requests {
			if q.Received > now.Format(time.DateOnly) {
				out = append(out, fmt.Sprintf("request %s: the day on which it was received is yet to come", q.ID))
			}
		}
	}
	return out
}

// idle are the legal holds over people of a report that hold nothing of what was
// found: their patterns may be mistyped.
func idle(rep *inventory.Report) []string {
	var out []string
	for _, h := range rep.Holds {
		about := len(h.Subjects) == 0 || slices.ContainsFunc(rep.Subjects, func(s inventory.Subject) bool { return slices.Contains(h.Subjects, s.ID) })
		if h.Findings == 0 && about && rep.Summary.Findings > 0 {
			out = append(out, fmt.Sprintf("the legal hold %q holds nothing of what was found; check what it covers", h.Ground))
		}
	}
	return out
}
