package inventory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Result is what a share of a part produced. Results are idempotent: the
// first of an attempt at a part (Seq 0) replaces all that an earlier attempt
// left, the following ones add to it.
type Result struct {
	Source     string // name
	Part       string // id
	Seq        int
	Findings   []*Finding
	Gaps       []Gap
	Exclusions []Exclusion
	Coverage   Coverage
	Survey     SurveyCounts // of a survey
	Backups    []Backup     // what the part brings to each; their sums count
}

// add adds the counts of another tally.
func (t *Tally) add(o Tally) {
	t.Found += o.Found
	t.Scanned += o.Scanned
	t.Partial += o.Partial
	t.Unread += o.Unread
	t.Excluded += o.Excluded
}

// Add adds the counts of another coverage.
func (c *Coverage) Add(o Coverage) {
	c.Units.add(o.Units)
	c.Bytes.add(o.Bytes)
}

// Closes reports whether everything that was found is accounted for.
func (c Coverage) Closes() bool {
	closes := func(t Tally) bool { return t.Found == t.Scanned+t.Partial+t.Unread+t.Excluded }
	return closes(c.Units) && closes(c.Bytes)
}

// A Collector takes the results of a run. Findings are spooled to an unlinked
// temporary file, so that their number is bounded by the disk. It is safe for
// concurrent use.
type Collector struct {
	// Dated returns the time of the backup in which a URI lies; zero: of none. It
	// is set before anything is settled.
	Dated func(uri string) time.Time

	mu      sync.Mutex
	spool   *os.File
	size    int64
	parts   map[partKey]*partState
	order   []partKey // first seen
	same    map[string][]string
	sources []Source
	stands  map[identifier][]string // names of others beside whom an identifier stands
	listing map[string]bool         // sources that could not be listed to their end

	detectors []Detector // of a survey
}

type partKey struct{ source, part string }

type partState struct {
	entries    []entry
	gaps       []Gap
	exclusions []Exclusion
	coverage   Coverage
	survey     SurveyCounts
	backups    map[string]*Backup
}

// An entry is where a finding lies in the spool, and what it is sorted by.
type entry struct {
	off     int64
	len     int32
	subject int32
	source  int32
	rank    int8
	less    int8   // the rank without own
	own     uint64 // identifiers, as bits, of which one is enough for rank
	id      [16]byte
	place   string
	more    []span // where the same record was found once more
}

// A span is where a finding lies in the spool.
type span struct {
	off int64
	len int32
}

// NewCollector returns an empty collector. The caller closes it.
func NewCollector() (*Collector, error) {
	f, err := os.CreateTemp("", "spoor-*")
	if err != nil {
		return nil, fmt.Errorf("inventory: make the spool: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("inventory: unlink the spool: %w", err), f.Close())
	}
	return &Collector{spool: f, parts: map[partKey]*partState{}, same: map[string][]string{}, listing: map[string]bool{}}, nil
}

// Close frees the spool. Reports made from the collector can't be read after it.
func (c *Collector) Close() error { return c.spool.Close() }

// AddSource declares a source, before any of its results is committed.
func (c *Collector) AddSource(s Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Listed = true
	c.sources = append(c.sources, s)
}

// Detect declares the detectors of a survey, in the order of the report.
func (c *Collector) Detect(list []Detector) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.detectors = list
}

type identifier struct{ subject, index int }

// otherNames is beside how many others a person's identifier must stand to be
// taken as shared.
const otherNames = 2

// Standing says that an identifier of a subject, both by index, stands in a
// record of its own beside the name of somebody else: folded words.
func (c *Collector) Standing(subject, index int, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := identifier{subject, index}
	if len(c.stands[k]) > otherNames {
		return
	}
	words := strings.Fields(name)
	for _, known := range c.stands[k] {
		for _, w := range strings.Fields(known) {
			if slices.Contains(words, w) {
				return // another spelling, or a relative
			}
		}
	}
	if c.stands == nil {
		c.stands = map[identifier][]string{}
	}
	c.stands[k] = append(c.stands[k], name)
}

// Shared reports whether an identifier has turned out to be shared, so far.
// named says that the subject gave a name: without one, a name beside which it
// stands may be the subject's own.
func (c *Collector) Shared(subject, index int, named bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return enough(len(c.stands[identifier{subject, index}]), named)
}

func enough(names int, named bool) bool {
	if !named {
		names--
	}
	return names >= otherNames
}

// shared returns the identifiers of each subject, as bits, that turned out to be
// shared, and says so in the subjects.
func (c *Collector) shared(subjects []Subject) []uint64 {
	bits := make([]uint64, len(subjects))
	for k, names := range c.stands {
		named := slices.ContainsFunc(subjects[k.subject].Identifiers, func(i Identifier) bool { return i.Type == "name" })
		if !enough(len(names), named) || k.index >= 64 {
			continue
		}
		bits[k.subject] |= 1 << k.index
		id := &subjects[k.subject].Identifiers[k.index]
		id.Shared = true
		id.Evidence = append(id.Evidence, "it stands in rows that name other people, so it counts as shared")
	}
	return bits
}

// Reset drops what was collected of sources that are to be read once more. What
// is known of shared identifiers stays, for all subjects keep theirs.
func (c *Collector) Reset(sources ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range sources {
		c.order = slices.DeleteFunc(c.order, func(k partKey) bool { return k.source == s })
		delete(c.listing, s)
	}
	for k := range c.parts {
		if slices.Contains(sources, k.source) {
			delete(c.parts, k)
		}
	}
	clear(c.same)
}

// Unlisted says that a source could not be listed to its end.
func (c *Collector) Unlisted(source string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listing[source] = true
}

// Alias says that content which is read once is listed at uri too. The first
// caller for a content gets true: it is the one to read it.
func (c *Collector) Alias(content, uri string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.same[content]
	c.same[content] = append(known, uri)
	return len(known) == 0
}

// Failed says that content could not be read under the name uri. It returns the
// other names under which it was listed; the next one that is listed is to be
// read.
func (c *Collector) Failed(content, uri string) (others []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, u := range c.same[content] {
		if u != uri {
			others = append(others, u)
		}
	}
	c.same[content] = nil
	return others
}

// Commit takes a result.
func (c *Collector) Commit(r Result) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := partKey{r.Source, r.Part}
	st, ok := c.parts[k]
	if !ok {
		st = &partState{}
		c.parts[k] = st
		c.order = append(c.order, k)
	} else if r.Seq == 0 {
		*st = partState{}
	}
	var buf bytes.Buffer
	places := map[string]string{}
	for _, f := range r.Findings {
		start := buf.Len()
		b, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("inventory: spool a finding: %w", err)
		}
		buf.Write(b)
		e := entry{off: c.size + int64(start), len: int32(len(b)), subject: -1, source: int32(c.sourceIndex(r.Source)), rank: rank(f.Confidence)}
		copy(e.id[:], f.ID)
		if p, ok := places[f.Place]; ok {
			e.place = p
		} else {
			places[f.Place], e.place = f.Place, f.Place
		}
		e.subject = int32(f.subject)
		e.less = e.rank
		if f.Otherwise != nil {
			e.less = rank(f.Otherwise.Confidence)
			for _, i := range f.Settles {
				if i < 64 {
					e.own |= 1 << i
				} else {
					e.less = e.rank
				}
			}
		}
		st.entries = append(st.entries, e)
	}
	if buf.Len() > 0 {
		if _, err := c.spool.WriteAt(buf.Bytes(), c.size); err != nil {
			return fmt.Errorf("inventory: spool findings: %w", err)
		}
		c.size += int64(buf.Len())
	}
	st.gaps = append(st.gaps, r.Gaps...)
	st.exclusions = append(st.exclusions, r.Exclusions...)
	st.coverage.Add(r.Coverage)
	st.survey.Add(r.Survey)
	for _, b := range r.Backups {
		if st.backups == nil {
			st.backups = map[string]*Backup{}
		}
		addBackup(st.backups, b)
	}
	return nil
}

func (c *Collector) sourceIndex(name string) int {
	return slices.IndexFunc(c.sources, func(s Source) bool { return s.Name == name })
}

func rank(confidence string) int8 {
	return int8(slices.Index([]string{"certain", "likely", "possible"}, confidence))
}

// Settle closes the ledger and returns the report: run and subjects are as
// given but for the counts. The report's findings live as long as the collector.
func (c *Collector) Settle(run Run, subjects []Subject, activities []Activity) (*Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rep := &Report{
		Format: Format, Run: run, Subjects: subjects, Activities: activities, Sources: slices.Clone(c.sources),
		Gaps: []Gap{}, Exclusions: []Exclusion{},
		Summary: Summary{Confidence: map[string]int{"certain": 0, "likely": 0, "possible": 0}, Places: []PlaceCount{}},
	}
	var all []entry
	var counts SurveyCounts
	backups := map[string]*Backup{}
	for _, k := range c.order {
		st := c.parts[k]
		for _, b := range st.backups {
			addBackup(backups, *b)
		}
		counts.Add(st.survey)
		all = append(all, st.entries...)
		rep.Gaps = append(rep.Gaps, st.gaps...)
		rep.Exclusions = append(rep.Exclusions, st.exclusions...)
		if i := c.sourceIndex(k.source); i >= 0 {
			rep.Sources[i].Coverage.Add(st.coverage)
		}
	}
	for i := range rep.Sources {
		rep.Sources[i].Listed = !c.listing[rep.Sources[i].Name]
		if !rep.Sources[i].Coverage.Closes() {
			return nil, fmt.Errorf("inventory: the ledger of %s does not close", rep.Sources[i].Name)
		}
	}
	bits := c.shared(rep.Subjects)
	for i, e := range all {
		if e.own != 0 && e.own&^bits[e.subject] == 0 {
			all[i].rank = e.less
		}
	}
	sort(all)
	// Two sources may reach the same record; it is one finding.
	all = rep.recall(dropRepeats(all))
	order := func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.URI, b.URI), cmp.Compare(a.Reason, b.Reason))
	}
	slices.SortStableFunc(rep.Gaps, order)
	slices.SortStableFunc(rep.Exclusions, order)
	rep.count(all)
	if run.Mode == "survey" {
		rep.Survey = counts.settle(c.detectors)
	}
	rep.Backups = settleBackups(backups, run.Started)
	rep.Run.Status = "complete"
	if len(rep.Gaps) > 0 {
		rep.Run.Status = "incomplete"
	}
	rep.Summary.Gaps, rep.Summary.Exclusions = len(rep.Gaps), len(rep.Exclusions)
	rep.Findings = func() iter.Seq2[*Finding, error] { return c.findings(all) }
	return rep, nil
}

func sort(all []entry) {
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.source, b.source), cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.place, b.place), bytes.Compare(a.id[:], b.id[:]))
	})
}

func dropRepeats(all []entry) []entry {
	type key struct {
		subject int32
		id      [16]byte
	}
	seen := make(map[key]int, len(all))
	kept := all[:0]
	for _, e := range all {
		k := key{e.subject, e.id}
		if i, ok := seen[k]; ok {
			kept[i].more = append(kept[i].more, span{e.off, e.len})
			continue
		}
		seen[k] = len(kept)
		kept = append(kept, e)
	}
	return slices.Clip(kept)
}

// count fills the summary from the sorted entries.
func (r *Report) count(all []entry) {
	names := []string{"certain", "likely", "possible"}
	type key struct {
		subject, source int32
		place           string
	}
	at := map[key]int{}
	for _, e := range all {
		r.Summary.Findings++
		r.Summary.Confidence[names[e.rank]]++
		r.Subjects[e.subject].Findings++
		k := key{e.subject, e.source, e.place}
		i, ok := at[k]
		if !ok {
			i = len(r.Summary.Places)
			at[k] = i
			r.Summary.Places = append(r.Summary.Places, PlaceCount{
				Subject: r.Subjects[e.subject].ID, Source: r.Sources[e.source].Name, Place: e.place, Confidence: map[string]int{},
			})
		}
		r.Summary.Places[i].Findings++
		r.Summary.Places[i].Confidence[names[e.rank]]++
	}
	order := map[string]int{}
	for i, s := range r.Subjects {
		order["subject\x00"+s.ID] = i
	}
	for i, s := range r.Sources {
		order["source\x00"+s.Name] = i
	}
	slices.SortFunc(r.Summary.Places, func(a, b PlaceCount) int {
		return cmp.Or(cmp.Compare(order["subject\x00"+a.Subject], order["subject\x00"+b.Subject]),
			cmp.Compare(order["source\x00"+a.Source], order["source\x00"+b.Source]), cmp.Compare(a.Place, b.Place))
	})
}

func (c *Collector) findings(all []entry) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		var buf []byte
		read := func(at span) (*Finding, error) {
			buf = slices.Grow(buf[:0], int(at.len))[:at.len]
			if _, err := c.spool.ReadAt(buf, at.off); err != nil {
				return nil, fmt.Errorf("inventory: read the spool: %w", err)
			}
			f := new(Finding)
			if err := json.Unmarshal(buf, f); err != nil {
				return nil, fmt.Errorf("inventory: read the spool: %w", err)
			}
			return f, nil
		}
		for _, e := range all {
			f, err := read(span{e.off, e.len})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, at := range e.more {
				other, err := read(at)
				if err != nil {
					yield(nil, err)
					return
				}
				f.merge(other)
			}
			if o := f.Otherwise; o != nil && rank(f.Confidence) != e.rank {
				f.Confidence, f.Why = o.Confidence, o.Why
				for i := range f.Actions {
					f.Actions[i].Kind = "review"
				}
			}
			f.Settles, f.Otherwise = nil, nil
			c.copies(f)
			if !yield(f, nil) {
				return
			}
		}
	}
}

// merge adds what another finding of the same record knows and f does not.
func (f *Finding) merge(o *Finding) {
	if len(f.Matches) == 0 {
		f.Matches, f.MatchesTotal = o.Matches, o.MatchesTotal
	}
	if len(f.Fields) == 0 {
		f.Fields = o.Fields
	}
	if f.Content == "" {
		f.Content = o.Content
	}
	if len(f.Evidence) == 0 {
		f.Evidence = o.Evidence
	}
}

// copies adds the other names under which the content of a finding is listed.
func (c *Collector) copies(f *Finding) {
	if f.Same == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	uris := c.same[f.Same]
	if len(uris) > 1 {
		inside := f.URI[min(len(uris[0]), len(f.URI)):]
		for _, u := range uris[1:] {
			x := Copy{URI: u + inside}
			if c.Dated != nil {
				if t := c.Dated(u); !t.IsZero() {
					x.Time = t.UTC().Format(time.RFC3339)
				}
			}
			f.Copies = append(f.Copies, x)
		}
	}
	f.Same = ""
}
