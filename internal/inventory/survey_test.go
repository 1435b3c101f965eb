package inventory

import (
	"fmt"
	"testing"
)

// Whatever a source names its places and fields, the counts stay within bounds,
// and nothing goes uncounted.
func TestSurveyCountsAreBounded(t *testing.T) {
	var c SurveyCounts
	const n = maxSurveyEntries + 500
	for i := range n {
		p := SurveyPlace{Source: "s", URI: fmt.Sprint("u", i), Kind: "folder"}
		c.Seen(p, 1)
		k := c.Count(SurveyKey{SurveyPlace: p, Field: fmt.Sprint("f", i), Detector: "email"})
		k.Hits++
		k.Units++
	}
	if len(c.Places) > maxSurveyPlaces+1 || len(c.Found) > maxSurveyEntries+1 {
		t.Fatalf("%d places, %d entries", len(c.Places), len(c.Found))
	}
	s := c.settle([]Detector{{ID: "email"}})
	var hits, records int64
	for _, e := range s.Entries {
		hits += e.Hits
		if e.Of < e.Units {
			t.Fatalf("%d of %d records", e.Units, e.Of)
		}
	}
	for _, p := range s.Places {
		records += p.Units
	}
	if hits != n || records != n || s.Detectors[0].Units != n {
		t.Errorf("%d hits, %d records, %d in the detector, want %d", hits, records, s.Detectors[0].Units, n)
	}
}
