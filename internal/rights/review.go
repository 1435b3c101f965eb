package rights

import (
	"slices"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// refused and confirmed are what people decide about findings.
const (
	refused   = "refused"
	confirmed = "confirmed"
)

// reviewed returns a finding as it counts: what people confirmed is as good as
// certain.
func reviewed(f *inventory.Finding) *inventory.Finding {
	if f.Review != confirmed || f.Confidence == "certain" {
		return f
	}
	sure := *f
	sure.Confidence = "certain"
	return &sure
}

// Recount makes the views of a report again whose findings Exercise has completed,
// after people reviewed them. Legal holds keep their counts.
func Recount(rep *inventory.Report) error {
	for i := range rep.Activities {
		a := &rep.Activities[i]
		a.Findings = 0
		a.Places = slices.DeleteFunc(slices.Clone(a.Places), func(p inventory.UnassignedPlace) bool { return p.Findings > 0 })
	}
	return newJudge(rep, Options{Now: rep.Run.Started}).count()
}
