package rights

import (
	"fmt"
	"slices"
	"time"

	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/inventory"
)

// actions decides what an erasure does with a finding. The engine proposed how it
// would be deleted, or that somebody must look; on top of that come, the later
// ones before the earlier: the end of a backup, a ground to keep the record, a
// legal hold.
func (j *judge) actions(f *inventory.Finding) {
	if len(f.Actions) == 0 {
		return
	}
	a := &f.Actions[0]
	j.backups(f, a)
	keep := j.keep(f)
	var apart []string // columns that the ground does not cover
	own := false       // they have a legal basis of their own
	if keep == nil {
		keep, apart = j.keepColumns(f)
	} else if keep.Kind != "hold" {
		apart, own = j.freeColumns(f), true
	}
	held := j.holds(f)
	if held != nil {
		for _, h := range j.holding(f) {
			a.BlockedBy = append(a.BlockedBy, holdText(h))
		}
		if keep == nil || later(held.Until, keep.Until) {
			keep = held
		}
	}
	if keep == nil {
		return
	}
	a.Keep = keep
	switch {
	case a.Kind == "wait":
		// What is gone before the ground ends would be lost.
		if held == nil {
			a.Keep = nil
			return
		}
	case a.Kind == "review" && f.Confidence != "certain":
		return // first of all somebody tells whose it is
	}
	row := *a
	if a.Kind != "review" {
		a.Then = a.Kind
	}
	a.Kind = "keep"
	// Where other people stand in the row, a column that has its own basis can be
	// emptied all the same.
	can := row.Kind == "delete-row" || own && row.Kind == "review" && row.Then == "delete-row"
	if len(apart) > 0 && can && held == nil {
		f.Actions = append(f.Actions, inventory.Action{
			Kind: "null-columns", Target: row.Target, Fields: apart, If: row.If, Affects: row.Affects, BlockedBy: []string{}, // what is in the way of a deletion is not in that of a change
			Reasons: []string{"the ground to keep the record does not cover these columns"},
		})
	}
}

// later reports whether a ground that ends on a is the one to name beside one
// that ends on b: the one that holds longer, or whose end nobody knows.
func later(a, b *string) bool {
	return a == nil || b != nil && *a > *b
}

// keep returns the ground on which an activity keeps a finding, the one that
// holds longest; nil where none does.
func (j *judge) keep(f *inventory.Finding) *inventory.Keep {
	var best *inventory.Keep
	for _, id := range f.Activities {
		if slices.ContainsFunc(f.Fields, func(x inventory.Field) bool { return x.Activity == id }) && f.Activities[0] != id {
			continue // a column's own; see keepColumns
		}
		a := j.activities[id]
		if a == nil || a.Role == "unassigned" {
			continue
		}
		k := j.ground(f, a)
		if k != nil && (best == nil || later(k.Until, best.Until)) {
			best = k
		}
	}
	return best
}

// ground returns the ground that an activity has to keep a finding today.
func (j *judge) ground(f *inventory.Finding, a *inventory.Activity) *inventory.Keep {
	b := basesOf(basisText(a))
	if a.Retention != nil && a.Retention.From == "backup" {
		return nil // a backup goes, it is not kept
	}
	k := &inventory.Keep{Activity: a.ID, Kind: "retention"}
	if b.has(obligation) {
		k.Kind = "legal-obligation"
	}
	switch {
	case a.Retention == nil && !b.has(obligation):
		return nil
	case b.only(consent), a.Marketing:
		return nil // it goes when the consent is withdrawn or the person objects
	case a.Retention == nil:
		k.Ground = "legal obligation (Art. 17(3)(b)); the configuration names no period"
		return k
	}
	k.Ground = fmt.Sprintf("kept for %s from %s", a.Retention.Period, since(a.Retention.From))
	if b.has(obligation) {
		k.Ground = "legal obligation (Art. 17(3)(b)): " + k.Ground
	} else if len(b) == 1 {
		k.Ground = string(b[0]) + ": " + k.Ground
	}
	for _, r := range f.Retention {
		if r.Activity == a.ID {
			if !j.runs(r.Until) {
				if len(f.Actions) > 0 {
					f.Actions[0].Reasons = append(f.Actions[0].Reasons, fmt.Sprintf("activity %s kept it until %s", a.ID, r.Until))
				}
				return nil
			}
			until := r.Until
			k.Until = &until
			return k
		}
	}
	if j.open[clockOf{f.Subject, a.ID}] {
		k.Ground += ", which has not come yet"
	} else {
		k.Ground += ", a day that could not be told"
	}
	return k
}

func since(from string) string {
	if from == "" {
		return "an event that the configuration does not name"
	}
	return from
}

// keepColumns returns the ground on which columns are kept that have their own,
// in a record that is not, and the columns that are not.
func (j *judge) keepColumns(f *inventory.Finding) (*inventory.Keep, []string) {
	var best *inventory.Keep
	var apart []string
	for _, x := range f.Fields {
		k := j.column(x)
		if k == nil {
			apart = append(apart, x.Name)
			continue
		}
		if best == nil || later(k.Until, best.Until) {
			best = k
		}
	}
	if best == nil {
		return nil, nil
	}
	return best, apart
}

// column returns the ground on which a column is kept that has its own.
func (j *judge) column(x inventory.Field) *inventory.Keep {
	b := basesOf(x.LegalBasis)
	if x.Activity != "" && x.LegalBasis == "" {
		b = basesOf(basisText(j.activities[x.Activity]))
	}
	switch {
	case x.Until != "" && j.runs(x.Until) && !b.only(consent):
		k := &inventory.Keep{Activity: x.Activity, Kind: "retention", Ground: "column " + x.Name + ": its own retention runs", Until: &x.Until}
		if b.has(obligation) {
			k.Kind = "legal-obligation"
		}
		return k
	case b.has(obligation) && x.Until == "":
		return &inventory.Keep{Activity: x.Activity, Kind: "legal-obligation", Ground: "column " + x.Name + ": legal obligation (Art. 17(3)(b))"}
	}
	return nil
}

// freeColumns returns the columns of a record that is kept which rest on a ground
// of their own that keeps them not.
func (j *judge) freeColumns(f *inventory.Finding) []string {
	var out []string
	for _, x := range f.Fields {
		own := x.LegalBasis != "" || x.Activity != "" || x.Until != ""
		if own && j.column(x) == nil && (x.Until == "" || !j.runs(x.Until) || basesOf(x.LegalBasis).only(consent)) {
			out = append(out, x.Name)
		}
	}
	return out
}

// runs reports whether what ends on a day has not ended yet. It runs to the last
// hour of that day (Regulation 1182/71, Art. 3(2)(c) and 4(2)).
func (j *judge) runs(until string) bool { return until >= j.asOf }

// over reports whether a legal hold that has not ended covers a finding.
func (j *judge) over(h Hold, f *inventory.Finding) bool {
	return (h.Until == "" || j.runs(h.Until)) && (len(h.Subjects) == 0 || slices.Contains(h.Subjects, f.Subject)) && (h.Over == nil || h.Over(f))
}

// holding returns the legal holds over a finding that have not ended.
func (j *judge) holding(f *inventory.Finding) []Hold {
	var out []Hold
	for _, h := range j.opt.Holds {
		if j.over(h, f) {
			out = append(out, h)
		}
	}
	return out
}

func holdText(h Hold) string {
	s := "legal hold: " + h.Ground
	if h.Until != "" {
		s += " (until " + h.Until + ")"
	}
	return s
}

// holds returns the legal hold over a finding that ends last.
func (j *judge) holds(f *inventory.Finding) *inventory.Keep {
	var best *inventory.Keep
	for _, h := range j.holding(f) {
		k := &inventory.Keep{Kind: "hold", Ground: "legal hold: " + h.Ground}
		if h.Until != "" {
			until := h.Until
			k.Until = &until
		}
		if best == nil || later(k.Until, best.Until) {
			best = k
		}
	}
	return best
}

// backups tells when a finding in a backup, and its copies in others, are gone by
// themselves.
func (j *judge) backups(f *inventory.Finding, a *inventory.Action) {
	ret := j.backupRetention(f)
	if ret == nil {
		return
	}
	last := ""
	for _, r := range f.Retention {
		if r.Clock == "backup" {
			last = max(last, r.Until)
		}
	}
	known := last != "" && f.CopiesTotal <= len(f.Copies) // else some are not listed
	for i := range f.Copies {
		c := &f.Copies[i]
		t, err := time.Parse(time.RFC3339, c.Time)
		if err != nil {
			known = known && c.Time != ""
			continue
		}
		gone := goneBy(ret, t)
		c.GoneBy = &gone
		last = max(last, gone)
	}
	switch {
	case last == "":
		a.Reasons = append(a.Reasons, "it is in a backup whose time is not known")
		return
	case last <= j.asOf:
		a.Reasons = append(a.Reasons, "its backup should have been gone by "+last)
		return
	case !known:
		a.Reasons = append(a.Reasons, "the time of some copies is not known")
	}
	var gone *string // nobody can promise a day for copies of which none is known
	if known {
		gone = &last
	}
	sooner := *a
	sooner.GoneBy = nil
	if sooner.Kind == "review" {
		sooner.Kind, sooner.Then = sooner.Then, ""
		if sooner.Kind == "" {
			sooner.Kind = "review"
		}
	}
	a.Kind, a.GoneBy, a.Sooner, a.Then, a.Fields = "wait", gone, &sooner, "", []string{}
}

// goneBy is the day on which a backup of a time is gone.
func goneBy(ret *inventory.Retention, t time.Time) string {
	p, _ := calendar.ParsePeriod(ret.Period) // checked with the configuration
	t = p.After(t)
	if ret.Margin != "" {
		m, _ := calendar.ParsePeriod(ret.Margin)
		t = m.After(t)
	}
	return t.Format(time.DateOnly)
}

// backupRetention returns the retention of the backups in which a finding lies,
// nil where its activity is none of backups.
func (j *judge) backupRetention(f *inventory.Finding) *inventory.Retention {
	ids := slices.Clone(f.Activities)
	for _, k := range f.Retention {
		if k.Clock == "backup" {
			ids = append(ids, k.Activity)
		}
	}
	for _, id := range ids {
		if a := j.activities[id]; a != nil && a.Retention != nil && a.Retention.From == "backup" {
			return a.Retention
		}
	}
	return nil
}

// correct compares a finding with what requests say is right.
func (j *judge) correct(f *inventory.Finding) {
	f.Corrections = nil
	if j.processor(f) {
		return // its controller corrects it
	}
	s := j.subjects[f.Subject]
	if s == nil {
		return
	}
	for _, q := range s.Requests {
		for _, right := range q.Correct {
			list := corrections(f, s, q.ID, right)
			for i := range list {
				switch kept := len(f.Actions) > 0 && f.Actions[0].Keep != nil && f.Actions[0].Keep.Kind == "legal-obligation"; {
				case list[i].State == "right":
				case inBackup(f):
					list[i].State = "backup"
				case kept:
					list[i].State = "compare" // an invoice says what was so on its day
				}
			}
			f.Corrections = append(f.Corrections, list...)
		}
	}
}

// inBackup reports whether a finding lies in a backup, which nobody corrects: what
// is restored from it is to be corrected again.
func inBackup(f *inventory.Finding) bool {
	return len(f.Actions) > 0 && (f.Actions[0].Kind == "wait" || f.Actions[0].Kind == "drop-snapshots" || f.Actions[0].Then == "drop-snapshots") ||
		slices.ContainsFunc(f.Retention, func(k inventory.Kept) bool { return k.Clock == "backup" })
}

// corrections compares the fields of a finding with one right value.
func corrections(f *inventory.Finding, s *inventory.Subject, request string, right inventory.RightValue) []inventory.Correction {
	var out []inventory.Correction
	own := false
	for _, x := range f.Attributes {
		if x.Attribute != right.Attribute {
			continue
		}
		own = true
		c := inventory.Correction{Request: request, Attribute: x.Attribute, Field: fieldText(x.Fields), State: "change"}
		switch {
		case x.Fingerprint == right.Fingerprint:
			c.State = "right"
		case f.Confidence != "certain":
			c.State = "compare"
		case x.Fingerprint == "":
			c.State = "complete"
		case several(s, right):
			c.State = "compare" // which of them it is that is wrong, the request does not say
		}
		out = append(out, c)
	}
	if own || f.Confidence == "possible" {
		return out
	}
	// A text holds what people wrote at the time; somebody has to tell.
	whole := wholeOf[right.Attribute]
	for _, m := range f.Matches {
		if whole != "" && m.Type == whole {
			// A text, or a column that holds more than the part.
			if c := (inventory.Correction{Request: request, Attribute: right.Attribute, Field: m.Field, State: "compare"}); !slices.Contains(out, c) {
				out = append(out, c)
			}
			continue
		}
		if m.Type != right.Attribute || m.Identifier < 0 || m.Identifier >= len(s.Identifiers) {
			continue
		}
		c := inventory.Correction{Request: request, Attribute: m.Type, Field: m.Field, State: "compare"}
		if s.Identifiers[m.Identifier].Fingerprint == right.Fingerprint {
			c.State = "right"
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// wholeOf are the identifiers that parts of names and addresses are parts of.
var wholeOf = map[string]string{"first_name": "name", "last_name": "name", "street": "address", "postcode": "address", "city": "address"}

// several reports whether a person is known by more than one value of what a right
// value corrects, beside it: two addresses to which mail goes.
func several(s *inventory.Subject, right inventory.RightValue) bool {
	first := ""
	for _, id := range s.Identifiers {
		switch {
		case id.Type != right.Attribute, id.Fingerprint == "", id.Fingerprint == right.Fingerprint, id.Fingerprint == first:
		case first != "":
			return true
		default:
			first = id.Fingerprint
		}
	}
	return false
}

func fieldText(fields []string) string {
	s := ""
	for i, f := range fields {
		if i > 0 {
			s += "+"
		}
		s += f
	}
	return s
}
