package inventory

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// A Canary says how much of what was planted of an invented person in a source
// was found there.
type Canary struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	// Expected is in how many places of the source it was planted, and Found in
	// how many of these it was found. Where Excluded is set, what is missing was
	// left out on purpose, so that nothing is said of it.
	Expected int           `json:"expected"`
	Found    int           `json:"found"`
	Excluded bool          `json:"excluded,omitempty"`
	Places   []CanaryPlace `json:"places"`
	// Elsewhere counts records of the source in which it was found beside these.
	Elsewhere int `json:"elsewhere"`
}

// Missed reports whether the canary was not found where it should have been.
func (c Canary) Missed() bool { return c.Found < c.Expected && !c.Excluded }

// A CanaryPlace is one in which a canary was planted.
type CanaryPlace struct {
	Place string `json:"place"` // pattern of places below the source; empty: anywhere in it
	Found int    `json:"found"` // records
}

// Planted says where an invented person was planted.
type Planted struct {
	Source string
	Place  string
}

// in reports whether a place is one that the pattern means. Places of a source
// may begin with its name.
func (c *CanaryPlace) in(source, place string) bool {
	if c.Place == "" {
		return true
	}
	pattern := strings.ReplaceAll(c.Place, " / ", "/")
	for _, p := range []string{place, strings.TrimPrefix(place, source+" / ")} {
		if ok, err := doublestar.Match(pattern, strings.ReplaceAll(p, " / ", "/")); ok && err == nil {
			return true
		}
	}
	return false
}

// under reports whether a place that was left out holds all that the pattern
// means: a pattern that may mean others, too, is not excused by it.
func (c *CanaryPlace) under(source, left string) bool {
	left = strings.TrimPrefix(strings.TrimPrefix(left, source), " / ")
	if left == "" {
		return true
	}
	steps, pattern := strings.Split(left, " / "), strings.Split(c.Place, " / ")
	return c.Place != "" && len(steps) <= len(pattern) && strings.Join(pattern[:len(steps)], " / ") == left
}

// recall takes the canaries out of a report's subjects, and their entries out of
// all, and says in the report which of them were found. What was missed is a gap.
func (r *Report) recall(all []entry) []entry {
	birds := map[int32][]int{} // indexes in r.Canaries, by subject
	people := r.Subjects[:0:0]
	for i, s := range r.Subjects {
		if s.Planted == nil {
			people = append(people, s)
			continue
		}
		for _, p := range s.Planted {
			k := -1
			for _, j := range birds[int32(i)] {
				if r.Canaries[j].Source == p.Source {
					k = j
				}
			}
			if k < 0 {
				k = len(r.Canaries)
				r.Canaries = append(r.Canaries, Canary{ID: s.ID, Source: p.Source})
				birds[int32(i)] = append(birds[int32(i)], k)
			}
			r.Canaries[k].Expected++
			r.Canaries[k].Places = append(r.Canaries[k].Places, CanaryPlace{Place: p.Place})
		}
	}
	if len(people) == len(r.Subjects) {
		return all
	}
	r.Subjects = people
	kept := all[:0]
	for _, e := range all {
		list, ok := birds[e.subject]
		if !ok {
			kept = append(kept, e)
			continue
		}
		source := r.Sources[e.source].Name
		for _, k := range list {
			c := &r.Canaries[k]
			if c.Source != source {
				continue
			}
			hit := false
			for i := range c.Places {
				if c.Places[i].in(source, e.place) {
					c.Places[i].Found++
					hit = true
				}
			}
			if !hit {
				c.Elsewhere++
			}
		}
	}
	for k := range r.Canaries {
		c := &r.Canaries[k]
		c.Excluded = true
		for _, p := range c.Places {
			if p.Found > 0 {
				c.Found++
				continue
			}
			left := false
			for _, x := range r.Exclusions {
				left = left || x.Source == c.Source && (x.Reason == "config" || x.Reason == "no-instruction") && x.Place != "" && p.under(c.Source, x.Place)
			}
			c.Excluded = c.Excluded && left
		}
		c.Excluded = c.Excluded && c.Found < c.Expected
		if !c.Missed() {
			continue
		}
		uri := ""
		for _, s := range r.Sources {
			if s.Name == c.Source {
				uri = s.URI
			}
		}
		r.Gaps = append(r.Gaps, Gap{
			Source: c.Source, URI: uri, Place: c.Source, Reason: "error",
			Detail: fmt.Sprintf("canary %s was not found in %s: %d of the %d places in which it was planted; what the scan says of this source is not to be relied on", c.ID, c.Source, c.Found, c.Expected),
		})
	}
	return kept
}
