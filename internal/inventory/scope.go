package inventory

import "strings"

// A Scope tells of which places a run can say that nothing is there.
type Scope struct {
	sources map[string]*sourceScope
}

type sourceScope struct {
	uri    string
	listed bool
	at     map[string]string // why not, by the URI of what was not read
	in     map[string]string // likewise, by place, where a gap has no URI of its own
	all    string            // why nothing of it can be told
	steps  map[string]bool   // first steps of its places
}

// NewScope returns the scope of a report. Places of others, which tell more of how
// the places of a source are called, may be added.
func NewScope(r *Report, others ...*Report) *Scope {
	s := &Scope{sources: map[string]*sourceScope{}}
	for _, x := range r.Sources {
		s.sources[x.Name] = &sourceScope{uri: x.URI, listed: x.Listed, at: map[string]string{}, in: map[string]string{}, steps: map[string]bool{}}
	}
	for _, o := range append(others, r) {
		for _, p := range o.Summary.Places {
			if x := s.sources[p.Source]; x != nil {
				step, _, _ := strings.Cut(p.Place, " / ")
				x.steps[step] = true
			}
		}
	}
	for _, g := range r.Gaps {
		s.add(g, "a gap covers it: ")
	}
	for _, g := range r.Exclusions {
		if g.Reason != "option" { // which leaves out a kind of content, not a place
			s.add(g, ByExclusion)
		}
	}
	return s
}

func (s *Scope) add(g Gap, what string) {
	x := s.sources[g.Source]
	if x == nil {
		return
	}
	why := what + g.Reason
	if g.Detail != "" {
		why += " (" + g.Detail + ")"
	}
	switch step, _, _ := strings.Cut(g.Place, " / "); {
	case g.URI != "" && g.URI != x.uri:
		x.at[g.URI] = why
	case x.steps[step] && g.Place != g.Source:
		x.in[g.Place] = why
	default: // it can't be told which share of the source it is about
		x.all = why
	}
}

// ByExclusion is how Unread begins where an exclusion covers a place.
const ByExclusion = "it was left out: "

// Unread says why the run can't tell whether a record is at a place in which it
// found none: its source was not read, or a gap or an exclusion covers the place.
// It is empty where the place was read.
func (s *Scope) Unread(source, uri, place string) string {
	x := s.sources[source]
	switch {
	case x == nil:
		return "its source was not read"
	case x.all != "":
		return x.all
	case !x.listed:
		return "its source could not be listed to its end"
	}
	if len(x.in) > 0 {
		for at := range places(place) {
			if why, ok := x.in[at]; ok {
				return why
			}
		}
	}
	if len(x.at) == 0 {
		return ""
	}
	if why, ok := x.at[uri]; ok {
		return why
	}
	prefixes := strings.HasPrefix(uri, "s3:") // a prefix of keys ends anywhere
	for i := range len(uri) {
		if !prefixes && strings.IndexByte("/!#?;&", uri[i]) < 0 {
			continue
		}
		if why, ok := x.at[uri[:i]]; ok {
			return why
		}
		if why, ok := x.at[uri[:i+1]]; ok {
			return why
		}
	}
	return ""
}

// places yields a place and those in which it lies.
func places(place string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for place != "" && yield(place) {
			i := strings.LastIndex(place, " / ")
			if i < 0 {
				return
			}
			place = place[:i]
		}
	}
}
