package rights

import (
	"fmt"
	"slices"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// Why somebody has to look before anything is erased.
const (
	notOrdered = "it is held for a customer, whose order to erase it the request does not name"
	noBasis    = "the legal basis of the activity %s is none that is known"
	notOurs    = "no processing activity says whose it is"
)

// ask leaves to people what no program may propose: to erase what is a customer's
// without the customer's order, and what nobody has said to be the host's own.
func (j *judge) ask(f *inventory.Finding) {
	var reasons []string
	switch {
	case j.processor(f):
		if !j.ordered(f.Subject) {
			reasons = append(reasons, notOrdered)
		}
	case j.assigned && (len(f.Activities) == 0 || len(f.Activities) == 1 && f.Activities[0] == "unassigned"):
		reasons = append(reasons, notOurs)
	}
	for _, id := range f.Activities {
		if a := j.activities[id]; a != nil && basisText(a) != "" && !Known(basisText(a)) {
			reasons = append(reasons, fmt.Sprintf(noBasis, id)) // it may be the law that wants it kept
		}
	}
	if len(reasons) == 0 {
		return
	}
	for i := range f.Actions {
		f.Actions[i] = asked(f.Actions[i], reasons)
	}
}

// asked returns an action as one that somebody has to look at first.
func asked(a inventory.Action, reasons []string) inventory.Action {
	if a.Sooner != nil {
		sooner := asked(*a.Sooner, reasons)
		a.Sooner = &sooner
	}
	switch a.Kind {
	case "wait", "keep":
		return a
	case "review":
	default:
		a.Then, a.Kind = a.Kind, "review"
	}
	a.Reasons = append(slices.Clone(a.Reasons), reasons...)
	return a
}

// ordered reports whether a request for erasure names the order of the controller
// for whom the host is processor. An instruction of the configuration allows to
// search, not to erase.
func (j *judge) ordered(id string) bool {
	s := j.subjects[id]
	return s != nil && slices.ContainsFunc(s.Requests, func(q inventory.Request) bool { return q.Type == "erasure" && q.Instruction != "" })
}
