// Package rights computes, from a settled report, what each right of chapter III
// of the GDPR asks of its findings: which are kept, on which ground and until
// when, which go by themselves, what contradicts what, who must be told. It reads
// the findings one by one, at most five times, and keeps counts alone.
package rights

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/inventory"
)

// A Hold is a legal hold.
type Hold struct {
	inventory.Hold
	// Over reports whether it covers a finding; nil: it covers all of its
	// subjects.
	Over func(*inventory.Finding) bool
}

// Options say by what a report is judged.
type Options struct {
	Holds []Hold
	Now   time.Time // the day of the run
}

// Exercise completes a report: the actions, corrections and retention of its
// findings, the views of its subjects, and the counts of its activities. The
// findings are changed as they are read.
func Exercise(rep *inventory.Report, opt Options) error {
	j := newJudge(rep, opt)
	raw := rep.Findings
	if err := j.learn(raw()); err != nil {
		return err
	}
	if err := j.learnStaying(raw); err != nil {
		return err
	}
	rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for f, err := range raw() {
				if err == nil {
					j.finding(f)
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
	return j.count()
}

func newJudge(rep *inventory.Report, opt Options) *judge {
	j := &judge{opt: opt, rep: rep, asOf: calendar.Day(opt.Now).Format(time.DateOnly), activities: map[string]*inventory.Activity{}, subjects: map[string]*inventory.Subject{}}
	for i := range rep.Subjects {
		j.subjects[rep.Subjects[i].ID] = &rep.Subjects[i]
	}
	for i := range rep.Activities {
		j.activities[rep.Activities[i].ID] = &rep.Activities[i]
		j.assigned = j.assigned || rep.Activities[i].Role != "unassigned"
	}
	return j
}

// A judge decides what becomes of findings. Once it has learnt, it is not
// changed.
type judge struct {
	opt        Options
	rep        *inventory.Report
	asOf       string
	activities map[string]*inventory.Activity
	subjects   map[string]*inventory.Subject
	own        map[ownClock]inventory.Kept // of findings with a clock of their own
	staying    map[stays]int               // findings that a deletion elsewhere must not take with it
	latest     map[clockOf]inventory.Kept  // of activities whose clock stands in some of a subject's records only
	open       map[clockOf]bool            // of which the clock of some record has not begun
	assigned   bool                        // the configuration has activities
}

type clockOf struct{ subject, activity string }

type ownClock struct{ finding, activity string }

// maxClocks bounds how many findings are remembered by their clocks.
const maxClocks = 1 << 20

// learn finds the latest day from which the clock of each activity runs for each
// subject: a customer is one until the last invoice, and while a contract goes on.
func (j *judge) learn(findings iter.Seq2[*inventory.Finding, error]) error {
	j.latest, j.own, j.open = map[clockOf]inventory.Kept{}, map[ownClock]inventory.Kept{}, map[clockOf]bool{}
	if !slices.ContainsFunc(j.rep.Activities, func(a inventory.Activity) bool {
		return a.Retention != nil && inventory.IsColumn(a.Retention.From)
	}) {
		return nil
	}
	for f, err := range findings {
		if err != nil {
			return err
		}
		if f.Review == refused || reviewed(f).Confidence == "possible" {
			continue
		}
		for _, id := range f.Open {
			if inBackup(f) {
				break // what went on then may have ended since
			}
			j.open[clockOf{f.Subject, id}] = true
		}
		for _, k := range f.Retention {
			if len(j.own) < maxClocks && k.Clock != "backup" && slices.Contains(f.Activities, k.Activity) {
				k.Whose = "record"
				j.own[ownClock{f.ID, k.Activity}] = k
			}
			at := clockOf{f.Subject, k.Activity}
			if k.Since > j.latest[at].Since {
				k.Whose = "subject"
				j.latest[at] = k
			}
		}
	}
	return nil
}

// finding settles a finding, and what was proposed for it before people reviewed
// it.
func (j *judge) finding(f *inventory.Finding) {
	if u := f.Unreviewed; u != nil {
		was := *f
		was.Review, was.Unreviewed, was.Actions = "", nil, slices.Clone(u.Actions)
		was.Retention, was.Copies = slices.Clone(f.Retention), slices.Clone(f.Copies)
		for i := range was.Actions {
			a := &was.Actions[i]
			a.BlockedBy, a.Reasons = slices.Clone(a.BlockedBy), slices.Clone(a.Reasons)
		}
		j.finding(&was)
		u.Actions, u.Corrections = was.Actions, was.Corrections
	}
	was := f.Confidence
	f.Confidence = reviewed(f).Confidence
	defer func() { f.Confidence = was }()
	j.clocks(f)
	j.actions(f)
	j.cascade(f)
	j.ask(f)
	j.correct(f)
	if f.Review == refused {
		f.Corrections = nil // nobody corrects what is another's
	}
}

// clocks leaves a finding the clocks of its own activities, and gives it those of
// its subject where it has none.
func (j *judge) clocks(f *inventory.Finding) {
	f.Retention = slices.DeleteFunc(f.Retention, func(k inventory.Kept) bool {
		return k.Clock != "backup" && !slices.Contains(f.Activities, k.Activity)
	})
	for _, id := range f.Activities {
		a := j.activities[id]
		if a == nil || a.Retention == nil || !inventory.IsColumn(a.Retention.From) ||
			slices.ContainsFunc(f.Retention, func(k inventory.Kept) bool { return k.Activity == id }) {
			continue
		}
		if slices.Contains(f.Open, id) && !inBackup(f) {
			continue // its own has not begun
		}
		if k, ok := j.above(f, id); ok { // an invoice's line has the clock of its invoice
			f.Retention = append(f.Retention, k)
		} else if k, ok := j.latest[clockOf{f.Subject, id}]; ok && !j.open[clockOf{f.Subject, id}] {
			f.Retention = append(f.Retention, k)
		}
	}
	if len(f.Retention) == 0 {
		f.Retention = nil
	}
}

// above returns the clock of the record that a finding belongs to, the nearest
// that has one.
func (j *judge) above(f *inventory.Finding, activity string) (inventory.Kept, bool) {
	for i := len(f.Evidence) - 1; i >= 0; i-- {
		if _, rest, ok := strings.Cut(f.Evidence[i], "(finding "); ok {
			id, _, _ := strings.Cut(rest, ")")
			if k, ok := j.own[ownClock{id, activity}]; ok {
				return k, true
			}
		}
	}
	return inventory.Kept{}, false
}

// processor reports whether a finding is what the host holds for others.
func (j *judge) processor(f *inventory.Finding) bool {
	return slices.ContainsFunc(f.Activities, func(id string) bool {
		a := j.activities[id]
		return a != nil && a.Role == "processor"
	})
}

func basisText(a *inventory.Activity) string {
	if a == nil || a.LegalBasis == nil {
		return ""
	}
	return *a.LegalBasis
}
