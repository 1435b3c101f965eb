package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// A Survey says which kinds of personal data live where. It is part of a report
// whose run has the mode "survey", and which has no subjects.
type Survey struct {
	Detectors []Detector     `json:"detectors"` // those that found something
	Entries   []SurveyEntry  `json:"entries"`   // ordered by source, place, field and detector
	Places    []SurveyTotals `json:"places"`    // all places that were looked at
}

// A Detector is what recognises one kind of personal data.
type Detector struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Category    string `json:"category"`
	Country     string `json:"country,omitempty"`
	Hint        bool   `json:"hint,omitempty"` // a clearly weaker class: it only hints at such data
	Units       int64  `json:"units"`          // in how many records, in all
}

// A SurveyPlace is what the counts of a survey are kept for.
type SurveyPlace struct {
	Source string `json:"source"`
	URI    string `json:"uri"`                 // of the table, mailbox, prefix or folder; exact
	Place  string `json:"place"`               // the same for people, with what detectors find masked
	Kind   string `json:"kind"`                // table | mailbox | prefix | folder | other
	Type   string `json:"file_type,omitempty"` // ending of the names, or what the records are inside a document
}

// Where returns the place with the kind of file, for people.
func (p SurveyPlace) Where() string {
	if p.Type == "" || strings.HasSuffix(p.Place, "."+p.Type) {
		return p.Place
	}
	return p.Place + " / " + p.Type
}

// SurveyTotals counts the records of a place.
type SurveyTotals struct {
	SurveyPlace
	Units int64 `json:"units"`
}

// A SurveyEntry counts what one detector found in one field of a place.
type SurveyEntry struct {
	SurveyPlace
	Field    string `json:"field,omitempty"` // column or header; empty for texts
	Detector string `json:"detector"`
	Hits     int64  `json:"hits"`
	Units    int64  `json:"units"`      // records that hold a hit in the field
	Of       int64  `json:"of"`         // records of the place
	Named    int64  `json:"in_context"` // hits beside a word that says what they are
	// Samples are a few hits, masked.
	Samples []string `json:"samples"`
}

// A SurveyKey names the counter of an entry.
type SurveyKey struct {
	SurveyPlace
	Field, Detector string
}

// A SurveyCount is a counter of an entry.
type SurveyCount struct {
	Hits, Units, Named int64
	Samples            []string
}

// maxSamples is how many samples an entry has.
const maxSamples = 3

// Sample adds a masked sample, unless there are enough or it is there.
func (c *SurveyCount) Sample(s string) {
	if len(c.Samples) < maxSamples && !slices.Contains(c.Samples, s) {
		c.Samples = append(c.Samples, s)
	}
}

// SurveyCounts are the counts of a share of a survey.
type SurveyCounts struct {
	Found  map[SurveyKey]*SurveyCount
	Places map[SurveyPlace]int64 // records
}

// Bounds of a survey. What is beyond counts for its source as a whole.
const (
	maxSurveyPlaces  = 20_000
	maxSurveyEntries = 100_000
)

// elsewhere is where all counts that are beyond the bounds.
func elsewhere(source string) SurveyPlace {
	return SurveyPlace{Source: source, Place: "other places of the source", Kind: "other"}
}

// Count returns the counter for a key.
func (c *SurveyCounts) Count(k SurveyKey) *SurveyCount {
	n := c.Found[k]
	if n == nil && len(c.Found) >= maxSurveyEntries {
		k.SurveyPlace, k.Field = elsewhere(k.Source), ""
		n = c.Found[k]
	}
	if n == nil {
		if c.Found == nil {
			c.Found = map[SurveyKey]*SurveyCount{}
		}
		n = &SurveyCount{}
		c.Found[k] = n
	}
	return n
}

// Seen counts records of a place.
func (c *SurveyCounts) Seen(p SurveyPlace, records int64) {
	if c.Places == nil {
		c.Places = map[SurveyPlace]int64{}
	}
	if _, known := c.Places[p]; !known && len(c.Places) >= maxSurveyPlaces {
		p = elsewhere(p.Source)
	}
	c.Places[p] += records
}

// Add adds other counts.
func (c *SurveyCounts) Add(o SurveyCounts) {
	for k, n := range o.Found {
		m := c.Count(k)
		m.Hits += n.Hits
		m.Units += n.Units
		m.Named += n.Named
		for _, s := range n.Samples {
			m.Sample(s)
		}
	}
	for p, n := range o.Places {
		c.Seen(p, n)
	}
}

// settle makes the survey of counts. Detectors are all that were used.
func (c SurveyCounts) settle(detectors []Detector) *Survey {
	s := &Survey{Detectors: []Detector{}, Entries: []SurveyEntry{}, Places: []SurveyTotals{}}
	in := map[string]int64{}
	for k, n := range c.Found {
		slices.Sort(n.Samples)
		s.Entries = append(s.Entries, SurveyEntry{
			SurveyPlace: k.SurveyPlace, Field: k.Field, Detector: k.Detector, Hits: n.Hits, Units: n.Units,
			Of: max(c.Places[k.SurveyPlace], n.Units), Named: n.Named, Samples: n.Samples,
		})
		in[k.Detector] += n.Units
	}
	order := func(a, b SurveyPlace) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.URI, b.URI), cmp.Compare(a.Type, b.Type))
	}
	slices.SortFunc(s.Entries, func(a, b SurveyEntry) int {
		return cmp.Or(order(a.SurveyPlace, b.SurveyPlace), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Detector, b.Detector))
	})
	for p, n := range c.Places {
		s.Places = append(s.Places, SurveyTotals{p, n})
	}
	slices.SortFunc(s.Places, func(a, b SurveyTotals) int { return order(a.SurveyPlace, b.SurveyPlace) })
	for _, d := range detectors {
		if n := in[d.ID]; n > 0 {
			d.Units = n
			s.Detectors = append(s.Detectors, d)
		}
	}
	return s
}
