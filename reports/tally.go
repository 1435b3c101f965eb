package reports

import (
	"cmp"
	"slices"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/wording"
)

// degrees of confidence, the surest first.
var degrees = [...]string{"certain", "likely", "possible"}

// A count is how many findings there are, of each degree and by what was decided
// about them. Refused ones count as refused alone.
type count struct {
	Certain, Likely, Possible int // by the scan
	Confirmed, Refused        int // by people; what is confirmed counts in its degree, too
	Left                      int // neither certain nor decided
	Open                      int // of these, only possible
}

func (c *count) add(f *inventory.Finding) {
	if f.Review == "refused" {
		c.Refused++
		return
	}
	switch f.Confidence {
	case "certain":
		c.Certain++
	case "likely":
		c.Likely++
	default:
		c.Possible++
	}
	switch {
	case f.Review == "confirmed":
		c.Confirmed++
	case f.Confidence == "likely":
		c.Left++
	case f.Confidence != "certain":
		c.Left++
		c.Open++
	}
}

// All is how many there are without those that were refused.
func (c count) All() int { return c.Certain + c.Likely + c.Possible }

// Sure is how many are about the person: what is certain, likely or confirmed.
func (c count) Sure() int { return c.All() - c.Open }

// A placeCount counts what was found in a place.
type placeCount struct {
	Source, Place string
	count
}

// An activityCount counts what was found of a processing activity.
type activityCount struct {
	ID         string
	Places     []*placeCount
	Categories []string
	Tenants    []string
	count
	places map[[2]string]*placeCount
}

// A personCount counts what was found about a person. What the host holds as
// processor is apart: it belongs to the answers of others.
type personCount struct {
	count
	Held       count            // as processor
	Activities []*activityCount // without those of Processed
	Processed  []*activityCount // in which the host is processor
	Kinds      map[string]int   // findings by the kind of their first action
	Copied     int              // findings that have copies
	Copies     int              // of them
	Undated    int              // copies of which it is not known when they go
	GoneBy     string           // when the last of the others goes
	First      string           // day of the first copy
	Last       string
	Others     int // findings in which other people stand
	activities map[string]*activityCount
}

// tally reads all findings and counts them, by person. strangers are the subjects
// of findings that the report does not list, as one that was cut or merged by
// other programs may have them: nobody's counts hold theirs.
func tally(r *inventory.Report) (people []*personCount, strangers []string, err error) {
	people = make([]*personCount, len(r.Subjects))
	at := map[string]*personCount{}
	processor := map[string]bool{}
	for _, a := range r.Activities {
		processor[a.ID] = a.Role == "processor"
	}
	for i, s := range r.Subjects {
		people[i] = &personCount{Kinds: map[string]int{}, activities: map[string]*activityCount{}}
		at[s.ID] = people[i]
	}
	for f, err := range r.Findings() {
		if err != nil {
			return nil, nil, err
		}
		p, known := at[f.Subject]
		if !known {
			at[f.Subject] = nil
			strangers = append(strangers, f.Subject)
		}
		if p != nil {
			p.add(f, slices.ContainsFunc(f.Activities, func(id string) bool { return processor[id] }))
		}
	}
	sources, activities := map[string]int{}, map[string]int{}
	for i, s := range r.Sources {
		sources[s.Name] = i
	}
	for i, a := range r.Activities {
		activities[a.ID] = i
	}
	for _, p := range people {
		p.Activities, p.Processed = standing(p.Activities), standing(p.Processed)
		for _, a := range slices.Concat(p.Activities, p.Processed) {
			slices.SortFunc(a.Places, func(x, y *placeCount) int {
				return cmp.Or(cmp.Compare(sources[x.Source], sources[y.Source]), cmp.Compare(x.Place, y.Place))
			})
			slices.Sort(a.Categories)
			slices.Sort(a.Tenants)
		}
		order := func(x, y *activityCount) int {
			i, known := activities[x.ID]
			j, too := activities[y.ID]
			if known != too { // what is assigned to none comes last
				if known {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(i, j), cmp.Compare(x.ID, y.ID))
		}
		slices.SortFunc(p.Activities, order)
		slices.SortFunc(p.Processed, order)
	}
	return people, strangers, nil
}

// standing leaves out the places, and the activities, of which everything was
// refused.
func standing(list []*activityCount) []*activityCount {
	for _, a := range list {
		a.Places = slices.DeleteFunc(a.Places, func(p *placeCount) bool { return p.All() == 0 })
	}
	return slices.DeleteFunc(list, func(a *activityCount) bool { return a.All() == 0 })
}

// unassigned is the activity of what belongs to none.
const unassigned = "unassigned"

func (p *personCount) add(f *inventory.Finding, processor bool) {
	of := &p.Activities
	if processor {
		p.Held.add(f)
		of = &p.Processed
	} else {
		p.count.add(f)
	}
	list := f.Activities
	if len(list) == 0 {
		list = []string{unassigned}
	}
	for _, id := range list {
		a := p.activities[id]
		if a == nil {
			a = &activityCount{ID: id, places: map[[2]string]*placeCount{}}
			p.activities[id] = a
			*of = append(*of, a)
		}
		a.add(f)
	}
	if f.Review == "refused" {
		return
	}
	if len(f.Actions) > 0 {
		p.Kinds[f.Actions[0].Kind]++
	}
	if f.ThirdParties > 0 {
		p.Others++
	}
	if n := max(f.CopiesTotal, len(f.Copies)); n > 0 {
		p.Copied++
		p.Copies += n
		p.Undated += n - len(f.Copies)
		for _, c := range f.Copies {
			if c.GoneBy == nil || *c.GoneBy == "" {
				p.Undated++
			} else {
				p.GoneBy = max(p.GoneBy, *c.GoneBy)
			}
		}
		first, last := wording.Span(f.Copies)
		if first != "" && (p.First == "" || first < p.First) {
			p.First = first
		}
		p.Last = max(p.Last, last)
	}
}

func (a *activityCount) add(f *inventory.Finding) {
	a.count.add(f)
	k := [2]string{f.Source, f.Place}
	pl := a.places[k]
	if pl == nil {
		pl = &placeCount{Source: f.Source, Place: f.Place}
		a.places[k] = pl
		a.Places = append(a.Places, pl)
	}
	pl.add(f)
	if f.Review == "refused" {
		return
	}
	for _, x := range f.Fields {
		for _, c := range x.Categories {
			if !slices.Contains(a.Categories, c) {
				a.Categories = append(a.Categories, c)
			}
		}
	}
	if f.Tenant != nil && *f.Tenant != "" && !slices.Contains(a.Tenants, *f.Tenant) && len(a.Tenants) < maxLines {
		a.Tenants = append(a.Tenants, *f.Tenant)
	}
}

// A reasonGroup is what was not read for one reason.
type reasonGroup struct {
	Reason string
	Lines  []gapGroup
	Units  int64
	Bytes  int64
	Places int // lines, shown or not
}

// byReason groups gaps by their reasons, those of most lines first.
func byReason(gaps []inventory.Gap) []*reasonGroup {
	at := map[string]*reasonGroup{}
	var out []*reasonGroup
	for _, g := range groupGaps(gaps) {
		r := at[g.Reason]
		if r == nil {
			r = &reasonGroup{Reason: g.Reason}
			at[g.Reason] = r
			out = append(out, r)
		}
		r.Places++
		r.Units += g.Units
		r.Bytes += g.Bytes
		if len(r.Lines) < maxLines {
			r.Lines = append(r.Lines, g)
		}
	}
	slices.SortStableFunc(out, func(a, b *reasonGroup) int { return b.Places - a.Places })
	return out
}

// stamp writes the time of a decision.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
