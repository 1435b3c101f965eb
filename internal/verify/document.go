package verify

import (
	"iter"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// A Verification is what a check came to. Its results may be far more than fit
// into memory; they are read one by one.
type Verification struct {
	Format string        `json:"format"`
	Run    inventory.Run `json:"run"` // of the verification; complete when nothing was left unchecked
	Report Checked       `json:"report"`
	// Searched says whether the whole scope was read again, with the subjects'
	// identifiers at hand; else only the places of the report were.
	Searched   bool                  `json:"searched"`
	Subjects   []Subject             `json:"subjects"`
	Sources    []inventory.Source    `json:"sources"`
	Gaps       []inventory.Gap       `json:"gaps"`
	Exclusions []inventory.Exclusion `json:"exclusions"`
	Summary    Summary               `json:"summary"`

	Results func() iter.Seq2[*Result, error] `json:"-"`
	News    func() iter.Seq2[*New, error]    `json:"-"`
}

// Checked is the report that was checked.
type Checked struct {
	Run      string    `json:"run"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Status   string    `json:"status"`
	Findings int       `json:"findings"`
	// SameKey says that contents could be compared.
	SameKey bool `json:"same_key"`
	// Controller is the organisation whose report it is; empty where it names none.
	Controller string `json:"controller,omitempty"`
}

// A Subject is a data subject and what has become of the findings about them.
type Subject struct {
	ID       string              `json:"id"`
	Requests []inventory.Request `json:"requests"`
	Searched bool                `json:"searched"`
	// NotSearched counts identifiers that were looked for when the report was
	// made, and were not in the new scan.
	NotSearched int `json:"not_searched,omitempty"`
	// NotLookedFor names types of identifiers that can't be looked for.
	NotLookedFor []string `json:"not_looked_for,omitempty"`
	Summary
}

// A Summary counts results.
type Summary struct {
	States map[State]int `json:"states"`
	New    int           `json:"new"`
	// Kept counts those that are there and that the report proposed to keep, Erased
	// those that are gone or no longer about the person.
	Kept   int `json:"kept"`
	Erased int `json:"erased"`
	// Remaining counts what is still there, or new, and was not to be kept.
	Remaining int           `json:"remaining"`
	Copies    map[State]int `json:"copies"`
	// GoneBy is the day on which the last of what backups keep is gone, as far as
	// the report knows it of all of that; nil where it does not.
	GoneBy *string `json:"gone_by"`

	endless bool // of some of it the report knows no day
}

func newSummary() Summary {
	s := Summary{States: map[State]int{}, Copies: map[State]int{}}
	for _, x := range States() {
		s.States[x] = 0
	}
	return s
}

// Erased reports whether the record is gone, or no longer about the person.
func (r *Result) Erased() bool {
	return r.State == Gone || r.State == Changed && r.About != nil && !*r.About
}

// Kept reports whether the record is there and was to be kept.
func (r *Result) Kept() bool {
	return r.Action == "keep" && !r.Erased() && r.State != Unchecked
}

// Remains reports whether the record is there and was not to be kept.
func (r *Result) Remains() bool {
	return !r.Refused() && !r.Erased() && r.State != Unchecked && !r.Kept()
}

// Refused reports whether people said that the record is not about the person.
func (r *Result) Refused() bool { return r.Review == "refused" }

func (s *Summary) add(r *Result) {
	s.States[r.State]++
	for _, c := range r.Copies {
		s.Copies[c.State]++
	}
	switch {
	case r.Refused():
	case r.Erased():
		s.Erased++
	case r.Kept():
		s.Kept++
	case r.Remains():
		s.Remaining++
	}
	if !r.Refused() {
		s.goneBy(r)
	}
}

// goneBy takes into account what backups keep of a record.
func (s *Summary) goneBy(r *Result) {
	take := func(day *string) {
		switch {
		case day == nil:
			s.endless = true
		case s.GoneBy == nil || *day > *s.GoneBy:
			s.GoneBy = day
		}
	}
	for _, c := range r.Copies {
		if c.State == Present || c.State == Unchecked {
			take(c.GoneBy)
		}
	}
	// The record itself lies in a backup where it was to wait for its end.
	if r.GoneBy != nil || r.Locator != Absent && (r.Action == "wait" || r.Action == "drop-snapshots") {
		take(r.GoneBy)
	}
	if s.endless {
		s.GoneBy = nil
	}
}

// Settle ends the check and returns what it came to. run is that of the check;
// read is the report of the scan of everything, or else of what was opened.
func (c *Check) Settle(run inventory.Run, read *inventory.Report) (*Verification, error) {
	v := &Verification{
		Format: Format, Run: run,
		Report: Checked{
			Run: c.report.Run.ID, Started: c.report.Run.Started, Finished: c.report.Run.Finished, Status: c.report.Run.Status, SameKey: !c.other,
		},
		Searched: c.scan != nil, Subjects: []Subject{}, Sources: read.Sources, Gaps: read.Gaps, Exclusions: read.Exclusions, Summary: newSummary(),
		Results: c.Results, News: c.News,
	}
	if o := c.report.Organisation; o != nil {
		v.Report.Controller = o.Name
	}
	at := map[string]int{}
	for i, s := range c.report.Subjects {
		at[s.ID] = i
		x := Subject{ID: s.ID, Requests: s.Requests, Searched: c.searched[s.ID], NotLookedFor: s.NotLookedFor, Summary: newSummary()}
		for _, id := range s.Identifiers {
			if x.Searched && !c.known[s.ID][id.Type+"\x00"+id.Masked] {
				x.NotSearched++
			}
		}
		v.Subjects = append(v.Subjects, x)
		v.Searched = v.Searched && x.Searched
	}
	for r, err := range c.Results() {
		if err != nil {
			return nil, err
		}
		v.Report.Findings++
		v.Summary.add(r)
		if i, ok := at[r.Subject]; ok {
			v.Subjects[i].add(r)
		}
	}
	for n, err := range c.News() {
		if err != nil {
			return nil, err
		}
		v.Summary.New++
		v.Summary.Remaining++
		if i, ok := at[n.Subject]; ok {
			v.Subjects[i].New++
			v.Subjects[i].Remaining++
		}
	}
	v.Run.Status = "complete"
	if len(v.Gaps) > 0 || !v.Searched || v.Summary.States[Unchecked] > 0 {
		v.Run.Status = "incomplete"
	}
	return v, nil
}
