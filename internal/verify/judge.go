package verify

import (
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// at says what stands at a URI of the report: whether anything does, and why that
// could not be told.
func (c *Check) at(source, uri, place string) (locator, why string) {
	if _, ok := c.seen[keyOf(uri)]; ok {
		return There, ""
	}
	if c.other && strings.Contains(uri, "row-hmac=") {
		return Unread, "a row without a key of its own can't be recognised, as the report was made under another key (state folder)"
	}
	base := Base(uri)
	why, missed := c.missed[keyOf(base)]
	switch {
	case missed && why == "":
		return Absent, ""
	case missed:
		return Unread, why
	case c.opened == nil:
		return Unread, "it was not opened"
	case base == uri:
		return Unread, "nothing was read at its place"
	}
	// What holds it was read; if all of it was, the record is not in it.
	if why := c.opened.Unread(source, uri, place); why != "" {
		return Unread, why
	}
	return Absent, ""
}

// Base returns the URI of the item of a source in which a record lies.
func Base(uri string) string {
	base, _, _, err := scanners.Split(uri)
	if err != nil {
		return uri
	}
	return base
}

// judge says what has become of a finding.
func (c *Check) judge(f *inventory.Finding) *Result {
	r := &Result{Finding: f.ID, Subject: f.Subject, Source: f.Source, URI: f.URI, Place: f.Place, Review: f.Review}
	r.Action, r.Keep = proposed(f.Actions)
	var unread string
	r.Locator, unread = c.at(f.Source, f.URI, f.Place)
	left := 0 // copies that are there, or may be
	var uncheckedCopy string
	for _, o := range f.Copies {
		x := Copy{URI: o.URI, GoneBy: o.GoneBy}
		switch loc, why := c.at(f.Source, o.URI, f.Place); loc {
		case Absent:
			x.State, x.GoneBy = Gone, nil
		case There:
			x.State = Present
			if now, was := c.seen[keyOf(o.URI)], nameOf(f.Content); !c.other && now != (name{}) && was != (name{}) && now != was {
				x.State, x.GoneBy = Changed, nil
			} else {
				left++
			}
		default:
			x.State, uncheckedCopy = Unchecked, why
		}
		r.Copies = append(r.Copies, x)
	}
	c.state(f, r, unread, left, uncheckedCopy)
	if r.State != Gone {
		r.GoneBy = goneBy(f, r)
	}
	return r
}

// proposed returns what was to become of a record: the first proposal, or to keep
// it where one of them says so.
func proposed(actions []inventory.Action) (kind string, keep *Keep) {
	for i, a := range actions {
		if i == 0 || a.Kind == "keep" {
			kind = a.Kind
		}
		if a.Kind != "keep" || keep != nil {
			continue
		}
		keep = &Keep{Until: a.GoneBy}
		if a.Keep != nil {
			keep.Ground, keep.Until = a.Keep.Ground, a.Keep.Until
		}
	}
	return kind, keep
}

func (c *Check) state(f *inventory.Finding, r *Result, unread string, left int, uncheckedCopy string) {
	was, now := nameOf(f.Content), c.seen[keyOf(f.URI)]
	about := func(b bool) *bool { return &b }
	set := func(s State, code Code, why string, args ...any) {
		r.State, r.Code, r.Why = s, code, fmt.Sprintf(why, args...)
	}
	still := c.about[idOf(f.ID)]
	comparable := !c.other && was != (name{}) && now != (name{})
	if still {
		r.About = about(true)
	}
	if r.Locator == There && comparable && now != was && !keyed(f.URI) && c.tookItsPlace(now) {
		r.Locator, r.About = Absent, nil
	}
	switch {
	case r.Locator == There && comparable && now == was && !(inside(f) && !still && c.aboutUnknown(f) == ""):
		set(Present, Same, "the record is there as it was")
		r.About = about(true)
		return
	case r.Locator == There:
		var to []Place
		if !keyed(f.URI) { // else it is the same record still, and what stands elsewhere is new
			to = c.moved(f)
		}
		if len(to) > 0 {
			r.MovedTo = to
			set(Moved, Elsewhere, "something else stands at its place, and its content at %s", places(len(to)))
			return
		}
		if left > 0 {
			set(Present, CopyLeft, "its place holds another content, but %s of it %s left", copies(left), is(left))
			return
		}
		there, state, code := "the record is there; its content differs", Changed, Differs
		switch {
		case !comparable && c.other:
			there, state, code = "the record is there; its content can't be compared, as the report was made under another key (state folder)", Present, NotCompared
		case !comparable:
			there, state, code = "the record is there; its content can't be compared", Present, NotCompared
		}
		switch unknown := c.aboutUnknown(f); {
		case still:
			set(state, code, "%s; it is about the person still", there)
		case unknown != "":
			if code == Differs {
				code = DiffersUnknown
				if c.allDropped(f) || strings.HasPrefix(unknown, inventory.ByExclusion) {
					state = Unchecked // nothing else says that it is
				}
			}
			set(state, code, "%s; whether it is about the person still can't be told: %s", there, unknown)
		case uncheckedCopy != "":
			r.About = about(false)
			set(Unchecked, CopyNotRead, "the record is there and is no longer about them, but a copy could not be checked: %s", uncheckedCopy)
		case len(f.Copies) > 0 && f.CopiesTotal > len(f.Copies):
			r.About = about(false)
			set(Unchecked, CopyNotRead, "the record is there and is no longer about them, and nothing is at the places of the copies that the report lists, but it counted more than it lists")
		default:
			r.About = about(false)
			set(Changed, Cleared, "the record is there and is no longer about them")
		}
		return
	case left > 0:
		set(Present, CopyLeft, "%s of it %s left", copies(left), is(left))
		if r.Locator == Absent {
			r.Why = "it is gone from its place, but " + r.Why
		}
		return
	}
	if to := c.moved(f); len(to) > 0 {
		r.MovedTo = to
		set(Moved, Elsewhere, "its content stands at %s", places(len(to)))
		return
	}
	if r.Locator == Unread {
		set(Unchecked, NotRead, "%s", unread)
		return
	}
	switch code, why := c.unsearched(f); {
	case why != "":
		set(Unchecked, code, "nothing is at its place any more, but %s", why)
	case uncheckedCopy != "":
		set(Unchecked, CopyNotRead, "nothing is at its place any more, but a copy could not be checked: %s", uncheckedCopy)
	case len(f.Copies) > 0 && f.CopiesTotal > len(f.Copies):
		set(Unchecked, CopyNotRead, "nothing is at its place and at those of the copies that the report lists, but it counted more than it lists")
	default:
		set(Gone, Nowhere, "nothing is at its place any more, and its content is nowhere in the scope")
	}
}

// comparedEnd is how much of each end of a long body its content is told by, in bytes
// (inventory.Finding.Content).
const comparedEnd = 128 << 10

// inside reports whether an identifier was found behind the start that a long body
// is compared by. Such a body has the same content by its length and its ends alone,
// so that what the scan finds in it says more.
func inside(f *inventory.Finding) bool {
	return slices.ContainsFunc(f.Matches, func(m inventory.Match) bool { return m.Offset != nil && *m.Offset >= comparedEnd })
}

// aboutUnknown says why it can't be told that a record in which nothing was found
// is not about the person.
func (c *Check) aboutUnknown(f *inventory.Finding) string {
	switch {
	case !c.searched[f.Subject]:
		return "the subject's identifiers were not given"
	case len(f.Matches) == 0 && f.Relation == "linked":
		return "a link tied it to them"
	case len(f.Matches) > 0 && !c.lookedFor(f):
		return "it was found by an identifier that the new scan did not look for"
	}
	// What the scan came upon was not opened once more, so that its gaps count too.
	for _, read := range []*inventory.Scope{c.scope, c.opened} {
		if read == nil {
			continue
		}
		if why := read.Unread(f.Source, f.URI, f.Place); why != "" {
			return why
		}
	}
	return ""
}

// tookItsPlace reports whether what stands at the place of a finding is another
// one of the report that has left its own: what was behind a deleted row moves up.
func (c *Check) tookItsPlace(now name) bool {
	home, ok := c.home[now]
	return ok && c.seen[home] != now
}

// unsearched says why the scope can't be said to be free of a record.
func (c *Check) unsearched(f *inventory.Finding) (Code, string) {
	switch base := Base(f.URI); {
	case c.scope == nil || !c.searched[f.Subject]:
		return NotSearched, "the scope was not searched: the subject's identifiers were not given"
	case c.allDropped(f):
		return NotSearched, "it was found by an identifier that the new scan did not look for"
	case c.watchable(f) == (name{}) && len(f.Matches) > 0 && !c.lookedFor(f):
		return NotSearched, "it was found by an identifier that a record revealed and that the new scan did not look for; seal identifiers (scan --seal-to), or add it to the subject file"
	case c.other && base != f.URI && c.holding[f.Subject+"\x00"+base]:
		return MayBeNew, "what held it holds something of the person still, and it can't be told whether that is it, as the report was made under another key (state folder)"
	case c.other && c.unlike[f.Subject] > 0:
		return MayBeNew, "the new scan found what the report does not name, and it can't be told whether that is it, as the report was made under another key (state folder)"
	case nameOf(f.Content) == (name{}) && c.unlike[f.Subject] > 0:
		return MayBeNew, "the new scan found what the report does not name, and it can't be told whether that is it"
	}
	return NotCovered, c.scope.Unread(f.Source, f.URI, f.Place)
}

// lookedFor reports whether the new scan knew one of the identifiers by which a
// record was found.
func (c *Check) lookedFor(f *inventory.Finding) bool {
	return slices.ContainsFunc(f.Matches, func(m inventory.Match) bool {
		k := m.Type + "\x00" + m.Masked
		return !c.dropped(f.Subject, m) && (c.known[f.Subject][k] || !c.found[f.Subject][k])
	})
}

// dropped reports whether a match is of an identifier that was given for the report,
// and not for the new scan.
func (c *Check) dropped(subject string, m inventory.Match) bool {
	of := c.of[subject]
	if c.other || m.Identifier < 0 || m.Identifier >= len(of) || of[m.Identifier].Origin == "found" || !c.searched[subject] {
		return false
	}
	print := of[m.Identifier].Fingerprint
	return print != "" && len(c.prints[subject]) > 0 && !c.prints[subject][print]
}

// allDropped reports whether a record was found by identifiers alone that were
// given for the report and are not for the new scan.
func (c *Check) allDropped(f *inventory.Finding) bool {
	return len(f.Matches) > 0 && !slices.ContainsFunc(f.Matches, func(m inventory.Match) bool { return !c.dropped(f.Subject, m) })
}

// moved returns the places at which the content of a record stands and that the
// report does not name.
func (c *Check) moved(f *inventory.Finding) []Place {
	n := nameOf(f.Content)
	if c.other || n == (name{}) {
		return nil
	}
	to := c.fresh[freshKey{f.Subject, n}]
	for _, p := range to {
		c.claimed[idOf(p.Finding)] = true
	}
	if len(to) == 0 && c.watchable(f) != (name{}) {
		to = c.watched[n]
	}
	return to
}

func places(n int) string {
	if n == 1 {
		return "another place"
	}
	return fmt.Sprintf("%d other places", n)
}

func copies(n int) string {
	if n == 1 {
		return "a copy"
	}
	return fmt.Sprintf("%d copies", n)
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// goneBy returns the last day on which something that is left is gone by itself;
// nil where the report does not know it of all of that.
func goneBy(f *inventory.Finding, r *Result) *string {
	var last *string
	take := func(day *string) bool {
		if day == nil {
			return false
		}
		if last == nil || strings.Compare(*day, *last) > 0 {
			last = day
		}
		return true
	}
	for _, x := range r.Copies {
		if (x.State == Present || x.State == Unchecked) && !take(x.GoneBy) {
			return nil
		}
	}
	if r.Locator != Absent {
		own := false
		for _, a := range f.Actions {
			own = take(a.GoneBy) || own
		}
		if !own {
			return nil
		}
	}
	return last
}

// Results yields what has become of each finding of the report, in its order. It
// may be ranged over more than once, after the last of Scanned and Opened.
func (c *Check) Results() iter.Seq2[*Result, error] {
	return func(yield func(*Result, error) bool) {
		for f, err := range c.report.Findings() {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(c.judge(f), nil) {
				return
			}
		}
	}
}

// News yields the findings of the new scan that the report does not have, but for
// those to which something moved; it is complete once Results was ranged over.
func (c *Check) News() iter.Seq2[*New, error] {
	return func(yield func(*New, error) bool) {
		if c.scan == nil {
			return
		}
		for f, err := range c.scan.Findings() {
			if err != nil {
				yield(nil, err)
				return
			}
			if c.named(f) || c.claimed[idOf(f.ID)] {
				continue
			}
			n := &New{
				Finding: f.ID, Subject: f.Subject, Source: f.Source, URI: f.URI, Place: f.Place, Confidence: f.Confidence, Why: f.Why, Actions: f.Actions,
			}
			if was, ok := c.old[freshKey{f.Subject, nameOf(f.Content)}]; ok && f.Content != "" {
				n.SameAs = hex.EncodeToString(was[:])
			}
			if !yield(n, nil) {
				return
			}
		}
	}
}
