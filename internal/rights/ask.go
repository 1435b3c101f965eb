package rights

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// Why somebody has to look before anything is erased.
const (
	notOrdered = "it is held for a customer, whose order to erase it the request does not name"
	notOurs    = "no processing activity says whose it is"
	takesKept  = "deleting it deletes rows of %s with it, of which some are to be kept"
)

// ask leaves to people what no program may propose: to erase what is a customer's
// without the customer's order, what nobody has said to be the host's own, and
// what takes with it what must stay.
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
	if len(j.kept) > 0 && len(f.Actions) > 0 {
		for _, table := range cascades(f.Actions[0].BlockedBy) {
			if why := fmt.Sprintf(takesKept, table); j.kept[tableOf{f.Source, table}] && !slices.Contains(reasons, why) {
				reasons = append(reasons, why)
			}
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

// tableOf is a table of a source, as "schema.table".
type tableOf struct{ source, table string }

// cascade is how what is set off by a deletion ends, where it deletes rows of
// another table.
const cascade = " (ON DELETE CASCADE)"

// cascades returns the tables of which rows go with a row.
func cascades(blocked []string) []string {
	var out []string
	for _, b := range blocked {
		if b, ok := strings.CutSuffix(b, cascade); ok {
			if i := strings.LastIndex(b, " of "); i >= 0 {
				out = append(out, b[i+len(" of "):])
			}
		}
	}
	return out
}

// taken finds out of which tables rows are to be kept that would go with rows of
// others.
func (j *judge) taken(raw func() iter.Seq2[*inventory.Finding, error]) error {
	at := map[tableOf]bool{}
	for f, err := range raw() {
		if err != nil {
			return err
		}
		for _, a := range f.Actions {
			for _, t := range cascades(a.BlockedBy) {
				at[tableOf{f.Source, t}] = true
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	kept := map[tableOf]bool{}
	for f, err := range raw() {
		if err != nil {
			return err
		}
		steps := strings.Split(f.Place, " / ")
		if n := len(steps); n >= 3 && steps[n-1] == "row" {
			if t := (tableOf{f.Source, steps[n-3] + "." + steps[n-2]}); at[t] && !kept[t] && f.Review != refused {
				j.finding(f)
				kept[t] = len(f.Actions) > 0 && f.Actions[0].Keep != nil
			}
		}
	}
	j.kept = kept
	return nil
}
