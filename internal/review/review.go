// Package review reads what people decided about findings that are not certain:
// review files, which the HTML report saves.
package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// Format names the form of a review file.
const Format = "spoor-review/1"

// The decisions.
const (
	Confirmed = "confirmed" // the record is about the subject
	Refused   = "refused"   // it is not
	Undecided = "undecided" // an earlier decision does not hold any more
)

// maxFile is how large a review file may be, in bytes: a decision with a note on
// each of half a million findings.
const maxFile = 256 << 20

// A File is a review file.
type File struct {
	Format    string     `json:"format"`
	Run       string     `json:"run"` // in whose report it was decided
	Decisions []Decision `json:"decisions"`
}

// A Decision says whether a finding is about its subject. Ids of findings are
// stable, so that it holds in later runs, too.
type Decision struct {
	Finding  string    `json:"finding"`
	Subject  string    `json:"subject"`
	Decision string    `json:"decision"` // confirmed | refused | undecided
	Time     time.Time `json:"time"`
	Note     string    `json:"note"`
}

// Read reads a review file, strictly: an unknown key, a missing one, or a second
// document is an error.
func Read(r io.Reader) (*File, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, errors.New("not a review file: it is too large")
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	d.DisallowUnknownFields()
	f := new(File)
	if err := d.Decode(f); err != nil {
		return nil, fmt.Errorf("not a review file: %w", mild(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a review file: something stands behind its end")
	}
	if f.Format != Format {
		return nil, fmt.Errorf("not a review file: its format is not %s", Format)
	}
	if f.Run == "" {
		return nil, errors.New("not a review file: it names no run")
	}
	for i, x := range f.Decisions {
		if err := x.validate(); err != nil {
			return nil, fmt.Errorf("decision %d: %w", i+1, err)
		}
	}
	return f, nil
}

// mild returns an error of the JSON decoder without content of the file, which
// may be personal data.
func mild(err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON from byte %d", syntax.Offset)
	case errors.As(err, &typ):
		return fmt.Errorf("%s has another type, at byte %d", typ.Field, typ.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut off")
	}
	return errors.New("it has a key that is not known, or a time that is none (RFC 3339)")
}

func (d Decision) validate() error {
	switch {
	case !hexID(d.Finding):
		return errors.New("finding is not the id of one: 16 hexadecimal digits")
	case d.Subject == "":
		return errors.New("subject is missing")
	case d.Decision != Confirmed && d.Decision != Refused && d.Decision != Undecided:
		return errors.New("decision is none of confirmed, refused, undecided")
	case d.Time.IsZero():
		return errors.New("time is missing")
	}
	return nil
}

func hexID(s string) bool {
	if len(s) != 16 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// A Set is what was decided, in one or many files. The zero value, and nil, are
// empty.
type Set struct {
	by map[key]Decision
}

type key struct{ subject, finding string }

// Add takes the decisions of a file. Of several about a finding the latest
// holds; of those of the same time, the one that is added last.
func (s *Set) Add(f *File) {
	if s.by == nil {
		s.by = map[key]Decision{}
	}
	for _, d := range f.Decisions {
		k := key{d.Subject, d.Finding}
		if known, ok := s.by[k]; !ok || !d.Time.Before(known.Time) {
			s.by[k] = d
		}
	}
}

// Load reads review files and merges them; open opens each by its name.
func Load(open func(name string) (io.ReadCloser, error), names ...string) (*Set, error) {
	s := &Set{}
	for _, name := range names {
		f, err := loadFile(open, name)
		if err != nil {
			return nil, err
		}
		s.Add(f)
	}
	return s, nil
}

func loadFile(open func(name string) (io.ReadCloser, error), name string) (*File, error) {
	r, err := open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := Read(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Len returns about how many findings there is a decision.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.by)
}

// Of returns what was decided about a finding, and whether anything was.
func (s *Set) Of(subject, finding string) (Decision, bool) {
	if s == nil {
		return Decision{}, false
	}
	d, ok := s.by[key{subject, finding}]
	return d, ok
}

// Apply says in a report what was decided about its findings, as they are read.
// Refused ones lose their actions. A decision that the report has already stands
// where it is the later one.
func (s *Set) Apply(r *inventory.Report) {
	if s.Len() == 0 {
		return
	}
	findings := r.Findings
	r.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for f, err := range findings() {
				if err == nil {
					s.Mark(f)
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

// Mark says in a finding what was decided about it. A confirmed one can be acted
// on as if it were certain, where nothing else keeps it from that; a refused one
// has no actions. What was proposed before stays in Unreviewed, so that a later
// decision can take an earlier one back.
func (s *Set) Mark(f *inventory.Finding) {
	d, ok := s.Of(f.Subject, f.ID)
	if !ok || f.ReviewTime != nil && f.ReviewTime.After(d.Time) {
		return
	}
	was := f.Review
	f.Review, f.ReviewTime, f.ReviewNote = d.Decision, &d.Time, d.Note
	switch {
	case f.Unreviewed != nil:
		f.Actions, f.Corrections = f.Unreviewed.Actions, f.Unreviewed.Corrections
	case was == d.Decision:
		return // in a report that does not keep them
	case was != "":
		f.Actions, f.Corrections = []inventory.Action{lost(f)}, nil
	}
	if d.Decision == Undecided {
		f.Review, f.Unreviewed = "", nil
		return
	}
	f.Unreviewed = &inventory.Unreviewed{Actions: f.Actions, Corrections: f.Corrections}
	if d.Decision == Refused {
		f.Actions, f.Corrections = []inventory.Action{}, nil
		return
	}
	f.Actions = slices.Clone(f.Actions)
	for i := range f.Actions {
		f.Actions[i] = certain(f.Actions[i])
	}
}

// lost is what is proposed for a finding of which nobody knows any more what was
// proposed before it was reviewed.
func lost(f *inventory.Finding) inventory.Action {
	return inventory.Action{
		Kind: "review", Target: f.URI, Fields: []string{}, If: map[string]string{}, Affects: 1, BlockedBy: []string{},
		Reasons: []string{"its proposals were left out when it was reviewed: scan again"},
	}
}

// unsure is how the reason of an action starts that is only proposed for want of
// certainty; the degree follows.
const unsure = "the confidence is "

// certain returns an action as it would be for a finding that is certain.
func certain(a inventory.Action) inventory.Action {
	if a.Sooner != nil {
		sooner := certain(*a.Sooner)
		a.Sooner = &sooner
	}
	was := len(a.Reasons)
	a.Reasons = slices.DeleteFunc(slices.Clone(a.Reasons), func(r string) bool { return strings.HasPrefix(r, unsure) })
	if a.Kind != "review" || len(a.Reasons) == was || len(a.Reasons) > 0 || a.Then == "" {
		return a
	}
	if a.Keep != nil {
		a.Kind = "keep"
		return a
	}
	a.Kind, a.Then = a.Then, ""
	return a
}
