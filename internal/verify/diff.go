package verify

import (
	"iter"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// DiffFormat names the form of a comparison of two reports.
const DiffFormat = "spoor-diff/1"

// What a Change is.
const (
	IsNew        = "new"
	IsGone       = "gone"
	IsMoved      = "moved"
	IsConfidence = "confidence" // it is another
	IsContent    = "content"    // the same record with another content
	IsUnread     = "unread"     // not in the new report, whose run can't tell
)

// A Change is a finding that differs between two reports.
type Change struct {
	What       string `json:"what"`
	Finding    string `json:"finding"`
	Subject    string `json:"subject"`
	Source     string `json:"source"`
	URI        string `json:"uri"`
	Place      string `json:"place"`
	Confidence string `json:"confidence"`
	Was        string `json:"was,omitempty"` // the confidence in the old report, where it was another
	To         *Place `json:"to,omitempty"`  // where it moved
	Why        string `json:"why,omitempty"`
}

// A Diff is what differs between two reports. Its changes may be far more than
// fit into memory; they are read one by one.
type Diff struct {
	Format   string   `json:"format"`
	Old      Compared `json:"old"`
	New      Compared `json:"new"`
	SameKey  bool     `json:"same_key"`
	Subjects struct {
		New     []string `json:"new"`
		Missing []string `json:"missing"`
	} `json:"subjects"`
	Gaps struct {
		New  []inventory.Gap `json:"new"`
		Gone []inventory.Gap `json:"gone"`
	} `json:"gaps"`
	Coverage []CoverageChange `json:"coverage"`
	Summary  DiffSummary      `json:"summary"`

	Changes func() iter.Seq2[*Change, error] `json:"-"`
}

// Compared is one of the two reports.
type Compared struct {
	Run      string    `json:"run"`
	Finished time.Time `json:"finished"`
	Status   string    `json:"status"`
	Findings int       `json:"findings"`
}

// CoverageChange is a source of which another share was read; nil: it was none of
// the run's sources.
type CoverageChange struct {
	Source string `json:"source"`
	Old    *Read  `json:"old"`
	New    *Read  `json:"new"`
}

// Read is how much of a source was read.
type Read struct {
	Listed bool            `json:"listed"`
	Units  inventory.Tally `json:"units"`
	Bytes  inventory.Tally `json:"bytes"`
}

// DiffSummary counts changes; Same counts findings that do not differ.
type DiffSummary struct {
	New        int `json:"new"`
	Gone       int `json:"gone"`
	Moved      int `json:"moved"`
	Confidence int `json:"confidence"`
	Content    int `json:"content"`
	Unread     int `json:"unread"`
	Same       int `json:"same"`
}

// Differs reports whether anything differs, but for the runs themselves.
func (d *Diff) Differs() bool {
	s := d.Summary
	return s.New+s.Gone+s.Moved+s.Confidence+s.Content+s.Unread > 0 || len(d.Subjects.New)+len(d.Subjects.Missing) > 0 ||
		len(d.Gaps.New)+len(d.Gaps.Gone) > 0 || len(d.Coverage) > 0
}

// noted is what is remembered of a finding of the old report.
type noted struct {
	content name
	now     name // the content of what the new report has at its place
	level   int8
	seen    bool // the new report has something at its place
}

// changed reports whether the new report has another content at its place.
func (n noted) changed() bool {
	return n.seen && n.content != (name{}) && n.now != (name{}) && n.content != n.now
}

func levelOf(confidence string) int8 {
	switch confidence {
	case "certain":
		return 0
	case "likely":
		return 1
	}
	return 2
}

func levelName(n int8) string { return []string{"certain", "likely", "possible"}[n] }

// Compare compares two reports. Of each finding of the old one some 60 bytes are
// held, and as many of each new one.
func Compare(old, now *inventory.Report) (*Diff, error) {
	d := &Diff{
		Format: DiffFormat, Old: compared(old), New: compared(now), SameKey: old.Run.Key != "" && old.Run.Key == now.Run.Key, Coverage: []CoverageChange{},
	}
	c := &comparison{
		Diff: d, old: old, now: now, scope: inventory.NewScope(now, old), was: map[id]noted{}, fresh: map[id]bool{}, lost: map[freshKey]id{}, to: map[id]Place{}, arrived: map[id]id{},
	}
	c.subjects()
	c.gaps()
	c.coverage()
	if err := c.index(); err != nil {
		return nil, err
	}
	d.Changes = c.changes
	for x, err := range c.changes() {
		if err != nil {
			return nil, err
		}
		switch x.What {
		case IsNew:
			d.Summary.New++
		case IsGone:
			d.Summary.Gone++
		case IsMoved:
			d.Summary.Moved++
		case IsConfidence:
			d.Summary.Confidence++
		case IsContent:
			d.Summary.Content++
		case IsUnread:
			d.Summary.Unread++
		}
	}
	d.Summary.Same = d.Old.Findings - d.Summary.Gone - d.Summary.Moved - d.Summary.Confidence - d.Summary.Content - d.Summary.Unread
	return d, nil
}

func compared(r *inventory.Report) Compared {
	return Compared{Run: r.Run.ID, Finished: r.Run.Finished, Status: r.Run.Status}
}

type comparison struct {
	*Diff
	old, now *inventory.Report
	scope    *inventory.Scope
	missing  map[string]bool // subjects that the new run did not look for
	added    map[string]bool // and those that the old one did not
	was      map[id]noted
	fresh    map[id]bool // findings of the new report that the old one has not
	lost     map[freshKey]id
	to       map[id]Place // where findings of the old report moved
	arrived  map[id]id    // of findings of the new report: which of the old one moved there
}

func (c *comparison) subjects() {
	in := func(r *inventory.Report) map[string]bool {
		m := map[string]bool{}
		for _, s := range r.Subjects {
			m[s.ID] = true
		}
		return m
	}
	was, is := in(c.old), in(c.now)
	c.Subjects.New, c.Subjects.Missing = []string{}, []string{}
	c.missing, c.added = map[string]bool{}, map[string]bool{}
	for _, s := range c.now.Subjects {
		if !was[s.ID] {
			c.Subjects.New = append(c.Subjects.New, s.ID)
			c.added[s.ID] = true
		}
	}
	for _, s := range c.old.Subjects {
		if !is[s.ID] {
			c.Subjects.Missing = append(c.Subjects.Missing, s.ID)
			c.missing[s.ID] = true
		}
	}
}

func (c *comparison) gaps() {
	type gap struct{ source, uri, place, reason, detail string }
	of := func(g inventory.Gap) gap { return gap{g.Source, g.URI, g.Place, g.Reason, g.Detail} }
	count := func(list []inventory.Gap) map[gap]int {
		m := map[gap]int{}
		for _, g := range list {
			m[of(g)]++
		}
		return m
	}
	only := func(list []inventory.Gap, other map[gap]int) []inventory.Gap {
		out := []inventory.Gap{}
		for _, g := range list {
			if k := of(g); other[k] > 0 {
				other[k]--
			} else {
				out = append(out, g)
			}
		}
		return out
	}
	c.Gaps.New = only(c.now.Gaps, count(c.old.Gaps))
	c.Gaps.Gone = only(c.old.Gaps, count(c.now.Gaps))
}

func (c *comparison) coverage() {
	read := func(r *inventory.Report) map[string]*Read {
		m := map[string]*Read{}
		for _, s := range r.Sources {
			if m[s.Name] == nil {
				m[s.Name] = &Read{s.Listed, s.Coverage.Units, s.Coverage.Bytes}
			}
		}
		return m
	}
	was, is := read(c.old), read(c.now)
	note := func(source string) {
		a, b := was[source], is[source]
		if a == nil || b == nil || *a != *b {
			c.Coverage = append(c.Coverage, CoverageChange{source, a, b})
		}
	}
	for _, s := range c.old.Sources {
		note(s.Name)
	}
	for _, s := range c.now.Sources {
		if was[s.Name] == nil {
			note(s.Name)
		}
	}
}

// index reads both reports once, and finds out what moved.
func (c *comparison) index() error {
	for f, err := range c.old.Findings() {
		if err != nil {
			return err
		}
		c.Old.Findings++
		n := noted{level: levelOf(f.Confidence)}
		if c.SameKey {
			n.content = nameOf(f.Content)
		}
		c.was[idOf(f.ID)] = n
	}
	for f, err := range c.now.Findings() {
		if err != nil {
			return err
		}
		c.New.Findings++
		k := idOf(f.ID)
		if n, ok := c.was[k]; ok {
			n.seen = true
			if c.SameKey {
				n.now = nameOf(f.Content)
			}
			c.was[k] = n
		} else {
			c.fresh[k] = true
		}
	}
	if !c.SameKey {
		return nil
	}
	for f, err := range c.old.Findings() {
		if err != nil {
			return err
		}
		if n := c.was[idOf(f.ID)]; (!n.seen || n.changed() && !keyed(f.URI)) && n.content != (name{}) {
			k := freshKey{f.Subject, n.content}
			if _, ok := c.lost[k]; !ok {
				c.lost[k] = idOf(f.ID)
			}
		}
	}
	for f, err := range c.now.Findings() {
		if err != nil {
			return err
		}
		k := freshKey{f.Subject, nameOf(f.Content)}
		if from, ok := c.lost[k]; ok && f.Content != "" && (c.fresh[idOf(f.ID)] || c.was[idOf(f.ID)].changed() && !keyed(f.URI)) && from != idOf(f.ID) {
			delete(c.lost, k) // each moves once
			c.to[from] = Place{Finding: f.ID, Source: f.Source, URI: f.URI, Place: f.Place}
			c.arrived[idOf(f.ID)] = from
		}
	}
	c.lost = nil
	return nil
}

// changes yields what differs: first what the old report has, in its order, then
// what is new.
func (c *comparison) changes() iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		of := func(what string, f *inventory.Finding) *Change {
			return &Change{What: what, Finding: f.ID, Subject: f.Subject, Source: f.Source, URI: f.URI, Place: f.Place, Confidence: f.Confidence}
		}
		for f, err := range c.old.Findings() {
			if err != nil {
				yield(nil, err)
				return
			}
			k := idOf(f.ID)
			_, displaced := c.arrived[k] // another record of the old report stands there now
			_, moved := c.to[k]
			if c.was[k].seen && !displaced && !moved {
				continue // told of where the new report has it
			}
			var x *Change
			if to, ok := c.to[k]; ok {
				x = of(IsMoved, f)
				x.To = &to
			} else if c.missing[f.Subject] {
				x = of(IsUnread, f)
				x.Why = "the new run did not look for this person"
			} else if why := c.scope.Unread(f.Source, f.URI, f.Place); why != "" {
				x = of(IsUnread, f)
				x.Why = why
			} else {
				x = of(IsGone, f)
			}
			if !yield(x, nil) {
				return
			}
		}
		for f, err := range c.now.Findings() {
			if err != nil {
				yield(nil, err)
				return
			}
			k := idOf(f.ID)
			n, known := c.was[k]
			_, arrived := c.arrived[k]
			_, left := c.to[k] // what was here stands elsewhere now
			var x *Change
			switch {
			case arrived:
				continue
			case !known, left:
				x = of(IsNew, f)
				if c.added[f.Subject] {
					x.Why = "the old run did not look for this person"
				}
			case n.level != levelOf(f.Confidence):
				x = of(IsConfidence, f)
				x.Was, x.Why = levelName(n.level), f.Why
			case n.changed():
				x = of(IsContent, f)
			default:
				continue
			}
			if !yield(x, nil) {
				return
			}
		}
	}
}
