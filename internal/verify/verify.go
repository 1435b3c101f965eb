// Package verify compares a report with what is there now: which of the records
// that it names are gone, are there still, have changed or moved, and which could
// not be checked.
package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// Format names the form of a verification.
const Format = "spoor-verification/1"

// A State is what has become of a record.
type State string

// The states, as the contract defines them.
const (
	Gone      State = "gone"      // absent at its place, and in the scope that was read again
	Present   State = "present"   // there as it was, or a copy of it is
	Changed   State = "changed"   // there, with another content
	Moved     State = "moved"     // the same content at a place that the report does not name
	Unchecked State = "unchecked" // it can't be told
)

// States lists all states, in the order of reports.
func States() []State { return []State{Gone, Present, Changed, Moved, Unchecked} }

// A Code is the reason of a state.
type Code string

// The reasons of states.
const (
	Nowhere        Code = "nowhere"         // gone: absent, and nowhere else
	Same           Code = "same"            // present: there as it was
	CopyLeft       Code = "copy-left"       // present: a copy is
	NotCompared    Code = "not-compared"    // present: there, but what was can't be compared
	Differs        Code = "differs"         // changed: about the person still
	DiffersUnknown Code = "differs-unknown" // changed: whom it is about can't be told
	Cleared        Code = "cleared"         // changed: no longer about the person
	Elsewhere      Code = "elsewhere"       // moved
	NotRead        Code = "not-read"        // unchecked: what is at its place could not be read
	NotSearched    Code = "not-searched"    // unchecked: absent, but the identifiers were not at hand
	NotCovered     Code = "not-covered"     // unchecked: absent, but a gap or an exclusion covers the place
	MayBeNew       Code = "may-be-new"      // unchecked: absent, but it may be one of the new findings
	CopyNotRead    Code = "copy-not-read"   // unchecked: erased at its place, but a copy could not be read
)

// What stands at the place that a report names.
const (
	Absent = "absent" // nothing is there any more
	There  = "there"
	Unread = "unread" // it could not be read, or was not
)

// A Result says what has become of one finding.
type Result struct {
	Finding string `json:"finding"`
	Subject string `json:"subject"`
	Source  string `json:"source"`
	URI     string `json:"uri"`
	Place   string `json:"place"`
	State   State  `json:"state"`
	// Locator says what stands at the finding's own place: absent, there, unread.
	Locator string `json:"locator"`
	// About says whether what is there is about the person still; nil where nothing
	// is there, or it could not be told.
	About *bool `json:"about"`
	// GoneBy is the day on which the last of what is left is gone by itself, as far
	// as the report knows it; nil where it does not, or nothing is left.
	GoneBy *string `json:"gone_by"`
	// Code says why, for programs; Why for people.
	Code Code   `json:"code"`
	Why  string `json:"why"`
	// MovedTo are the places at which the same content stands now.
	MovedTo []Place `json:"moved_to,omitempty"`
	// Copies are those that the report lists, each with its own state.
	Copies []Copy `json:"copies,omitempty"`
	// Action is what the report proposed; Keep is the ground on which it proposed
	// to keep the record.
	Action string `json:"action,omitempty"`
	Keep   *Keep  `json:"keep,omitempty"`
	// Review is what people decided about the finding. One that was refused is not
	// about the person, and does not count as erased, kept or remaining.
	Review string `json:"review,omitempty"`
}

// Keep is a ground to keep a record, for people, and the last day on which it
// holds; nil where that could not be told.
type Keep struct {
	Ground string  `json:"ground"`
	Until  *string `json:"until"`
}

// A Place is where a record stands.
type Place struct {
	Finding string `json:"finding,omitempty"` // of the new scan; absent where it is none
	Source  string `json:"source"`
	URI     string `json:"uri"`
	Place   string `json:"place"`
}

// A Copy is one that the report lists, and what has become of it.
type Copy struct {
	URI    string  `json:"uri"`
	State  State   `json:"state"` // gone, present, changed or unchecked
	GoneBy *string `json:"gone_by"`
}

// A New is a finding of the new scan that the report does not have.
type New struct {
	Finding    string `json:"finding"`
	Subject    string `json:"subject"`
	Source     string `json:"source"`
	URI        string `json:"uri"`
	Place      string `json:"place"`
	Confidence string `json:"confidence"`
	Why        string `json:"why"`
	// SameAs is a finding of the report that has the same content and is still
	// there.
	SameAs string `json:"same_as,omitempty"`
	// Actions are what the new scan proposes.
	Actions []inventory.Action `json:"actions"`
}

// An id is a finding's, of 8 bytes.
type id [8]byte

// A name is that of a content, of 16 bytes; zero: none.
type name [16]byte

// A key stands for a URI.
type key [12]byte

func idOf(s string) (x id) {
	if len(s) == 2*len(x) {
		if _, err := hex.Decode(x[:], []byte(s)); err == nil {
			return x
		}
	}
	h := sha256.Sum256([]byte(s)) // of a report that another program wrote
	copy(x[:], h[:])
	return x
}

func nameOf(s string) (x name) {
	if len(s) == 32 {
		if _, err := hex.Decode(x[:], []byte(s)); err != nil {
			return name{}
		}
	}
	return x
}

func keyOf(uri string) (x key) {
	h := sha256.Sum256([]byte(uri))
	copy(x[:], h[:])
	return x
}

// keyed reports whether a URI names a record by its key, so that what stands there
// is the same record whatever it holds: a row by its primary key, a message by its
// number, a version of an object. A path, a line or the place in a file of many may
// be taken over by another.
func keyed(uri string) bool {
	if strings.HasPrefix(uri, "imap") {
		return !strings.Contains(uri, "!/") && !strings.Contains(uri, "#")
	}
	return strings.Contains(uri, "?") && !strings.Contains(uri, "row-hmac=")
}

// maxSightings bounds how many places of one content are remembered.
const maxSightings = 16

// A Check collects what is seen of the records of a report. Sighted and Missed may
// be called concurrently.
type Check struct {
	report *inventory.Report
	other  bool // the report was made under another key of hashes

	ids     map[id]bool      // of the report's findings
	wanted  map[key]bool     // their URIs, and those of their copies
	copies  map[key]bool     // the URIs of copies, each with the subject
	watched map[name][]Place // other places of their contents, as far as they are seen
	own     map[key]name     // what stood at their URIs
	home    map[name]key     // and where

	wants map[name]bool // contents that are looked out for; not changed once made

	mu     sync.Mutex
	seen   map[key]name   // what stands at their URIs
	missed map[key]string // why what holds a URI could not be opened; empty: it is gone

	about  map[id]bool // the subjects' findings, by whom they are about still
	scan   *inventory.Report
	scope  *inventory.Scope // of the scan of everything; nil: there was none
	opened *inventory.Scope // of what was opened once more

	searched map[string]bool                   // subjects that were looked for
	known    map[string]map[string]bool        // identifiers of each that were, by type and mask
	found    map[string]map[string]bool        // identifiers of each in the report that were found
	of       map[string][]inventory.Identifier // all of each in the report
	prints   map[string]map[string]bool        // fingerprints of those that were looked for
	old      map[freshKey]id                   // findings of the report by content
	fresh    map[freshKey][]Place              // new findings by content
	unlike   map[string]int                    // new findings of each subject that can't be compared with those of the report
	holding  map[string]bool                   // what holds findings of the scan, by subject and URI; only where contents can't be compared
	claimed  map[id]bool                       // of these, those that are where something moved to
}

type freshKey struct {
	subject string
	content name
}

// Of starts to check a report. keyID names the key of hashes that is used now.
func Of(report *inventory.Report, keyID string) (*Check, error) {
	c := &Check{
		report: report, other: report.Run.Key == "" || report.Run.Key != keyID, ids: map[id]bool{}, wanted: map[key]bool{}, copies: map[key]bool{}, watched: map[name][]Place{}, wants: map[name]bool{}, own: map[key]name{}, home: map[name]key{}, holding: map[string]bool{},
		seen: map[key]name{}, missed: map[key]string{}, about: map[id]bool{}, searched: map[string]bool{}, known: map[string]map[string]bool{},
		found: map[string]map[string]bool{}, of: map[string][]inventory.Identifier{}, prints: map[string]map[string]bool{}, old: map[freshKey]id{}, fresh: map[freshKey][]Place{}, claimed: map[id]bool{}, unlike: map[string]int{},
	}
	for _, s := range report.Subjects {
		c.of[s.ID] = s.Identifiers
		for _, x := range s.Identifiers {
			if x.Origin == "found" {
				if c.found[s.ID] == nil {
					c.found[s.ID] = map[string]bool{}
				}
				c.found[s.ID][x.Type+"\x00"+x.Masked] = true
			}
		}
	}
	for f, err := range report.Findings() {
		if err != nil {
			return nil, err
		}
		c.ids[idOf(f.ID)] = true
		c.wanted[keyOf(f.URI)] = true
		for _, o := range f.Copies {
			c.wanted[keyOf(o.URI)] = true
			c.copies[keyOf(f.Subject+"\x00"+o.URI)] = true
		}
		if n := nameOf(f.Content); n != (name{}) && !c.other {
			c.old[freshKey{f.Subject, n}] = idOf(f.ID)
			c.wants[n] = true
			c.own[keyOf(f.URI)] = n
			for _, o := range f.Copies {
				c.own[keyOf(o.URI)] = n
			}
			if _, ok := c.home[n]; !ok {
				c.home[n] = keyOf(f.URI)
			}
		}
	}
	return c, nil
}

// watchable returns the content by which a record is known again wherever it
// stands; none for a row in which nothing names the person, since rows of others
// may be alike.
func (c *Check) watchable(f *inventory.Finding) name {
	if c.other || len(f.Matches) == 0 {
		return name{}
	}
	return nameOf(f.Content)
}

// Wants reports whether a record of that content is looked out for.
func (c *Check) Wants(content string) bool {
	return c.wants[nameOf(content)]
}

// Sighted tells of a record that was read.
func (c *Check) Sighted(source, uri, place, content string) {
	k, n := keyOf(uri), nameOf(content)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wanted[k] {
		// Two rows of a document may have one name: that of a known content counts.
		if had, ok := c.seen[k]; !ok || had == (name{}) || c.wants[n] {
			c.seen[k] = n
		}
		if c.own[k] == n {
			return
		}
		// A row, or a message in a file of many, may have moved up to where another
		// was.
	}
	if at := c.watched[n]; c.wants[n] && len(at) < maxSightings && !slices.ContainsFunc(at, func(p Place) bool { return p.URI == uri }) {
		c.watched[n] = append(at, Place{Source: source, URI: uri, Place: place})
	}
}

// Missed tells that an item could not be opened. why is empty where it is no
// longer there.
func (c *Check) Missed(uri, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.missed[keyOf(uri)] = why
}

// IsSeen reports whether what stands at a URI of the report was read.
func (c *Check) IsSeen(uri string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.seen[keyOf(uri)]
	return ok
}

// Covered reports whether the scan read all that is at a place.
func (c *Check) Covered(source, uri, place string) bool {
	return c.scope != nil && c.scope.Unread(source, uri, place) == ""
}

// There says that something stands at a URI, without anything being known of it.
func (c *Check) There(uri string) { c.Sighted("", uri, "", "") }

// Scanned takes the report of a scan of everything into account.
func (c *Check) Scanned(scan *inventory.Report) error {
	c.scan = scan
	c.scope = inventory.NewScope(scan, c.report)
	for _, s := range scan.Subjects {
		c.searched[s.ID] = true
		c.known[s.ID], c.prints[s.ID] = map[string]bool{}, map[string]bool{}
		for _, x := range s.Identifiers {
			c.known[s.ID][x.Type+"\x00"+x.Masked] = true
			if x.Fingerprint != "" {
				c.prints[s.ID][x.Fingerprint] = true
			}
		}
	}
	for f, err := range scan.Findings() {
		if err != nil {
			return err
		}
		c.about[idOf(f.ID)] = true
		c.Sighted(f.Source, f.URI, f.Place, f.Content)
		for _, o := range f.Copies {
			c.There(o.URI)
		}
		n := nameOf(f.Content)
		if c.other {
			c.holding[f.Subject+"\x00"+Base(f.URI)] = true
		}
		if (c.other || n == (name{})) && !c.named(f) {
			c.unlike[f.Subject]++
		}
		if n != (name{}) && !c.named(f) {
			k := freshKey{f.Subject, n}
			if len(c.fresh[k]) < maxSightings {
				c.fresh[k] = append(c.fresh[k], Place{Finding: f.ID, Source: f.Source, URI: f.URI, Place: f.Place})
			}
		}
	}
	return nil
}

// named reports whether the report names a finding of the scan: as one of its own,
// or as a copy that is the same still. A copy that was written over is something
// else, and so is what is about another person now.
func (c *Check) named(f *inventory.Finding) bool {
	if c.ids[idOf(f.ID)] {
		return true
	}
	if !c.copies[keyOf(f.Subject+"\x00"+f.URI)] {
		return false
	}
	now, was := nameOf(f.Content), c.own[keyOf(f.URI)]
	return c.other || now == (name{}) || was == (name{}) || now == was
}

// Opened takes the report of what was opened once more into account.
func (c *Check) Opened(rep *inventory.Report) error {
	c.opened = inventory.NewScope(rep, c.report)
	for f, err := range rep.Findings() {
		if err != nil {
			return err
		}
		c.about[idOf(f.ID)] = true
	}
	return nil
}
