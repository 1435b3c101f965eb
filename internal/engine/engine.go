// Package engine runs the pipeline: it reads the parts of all sources
// concurrently, opens what is inside their items, has people recognised in it,
// and hands findings, gaps and counts to the inventory. It starts all
// goroutines of a scan.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spoor-scan/spoor/internal/activity"
	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/layout"
	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners"
)

// A Source is a source of a scan. One that could not be made has an Err instead
// of a Source; it becomes a gap.
type Source struct {
	scanners.Source
	Info   scanners.Info
	Target string // of the command line that named it; empty: a configuration did
	Err    error
}

// Options say what is to be scanned, and for whom.
type Options struct {
	Run        inventory.Run
	Sources    []Source
	Recognizer *subject.Recognizer
	Subjects   []inventory.Subject // in the order of the recognizer's persons
	Activities *activity.Map       // nil: all is unassigned
	Decoders   []container.Decoder
	Limits     container.Limits
	RowKey     []byte // of scanners.RowHash
	ShowValues bool   // put identifiers into the report as they were found
	Progress   *Progress

	// Links are references between columns that the configuration knows of.
	Links []Link
	// Expand says what becomes of identifiers that a person's record reveals.
	Expand Expand

	// Watch is told of records that are read, whoever they are about; nil: none.
	Watch *Watch
	// Seal encrypts whom the run looked for, at its end, for the report; nil: it
	// holds nobody's identifiers.
	Seal func([]subject.Person) (string, error)

	// Survey makes the run one that counts what detectors find, instead of
	// looking for people: Recognizer has none.
	Survey *rules.Set
}

// run is a scan under way.
type run struct {
	Options
	col        *inventory.Collector
	linker     *linker           // nil in a survey
	reveals    *revelation       // nil where nothing is made of what records reveal
	mails      []map[string]bool // each person's own e-mail addresses
	ips        *rules.Set        // finds IP addresses
	places     sync.Map          // places as they are shown, by place as scanners call it
	placed     atomic.Int64      // how many
	windows    *match.Matcher    // of no patterns: cuts texts into pieces
	mu         sync.Mutex
	failed     error // what made the run as a whole fail: the spool
	cancel     context.CancelCauseFunc
	without    map[option]int64         // how often; under mu
	left       map[leftScope]*leftCount // for want of an instruction; under mu
	parts      map[string]*remaining    // what the pass before left, by source; under mu
	clocks     []clock
	corrected  map[string]string // columns that requests correct by name, in lower case
	layouts    *layout.Layouts
	folders    sync.Map             // time.Time of folders of backups, by URI
	marked     sync.Map             // layout.Set of folders that markers were looked for in, by URI
	asked      atomic.Int64         // how many of these had none
	bare       map[bareKey]struct{} // places that no activity covers; under mu
	spares     chan struct{}        // holds one for each goroutine that looks at something aside
	held       atomic.Int64         // bytes of large members that are looked at aside
	magics     [256][]string        // how a container in a cell starts, by the first byte
	contents   sync.Pool            // of *contentReader
	smalls     sync.Pool            // of *[smallText]byte
	senses     sync.Map             // *sense of columns, by table and column
	sensed     atomic.Int64         // how many of these were told
	briefs     sync.Pool            // of *briefs
	beginnings beginnings           // of texts, in which nobody is
}

// errInterrupted ends a scan early; what it left unread becomes gaps.
var errInterrupted = errors.New("interrupted")

// Scan reads all sources and returns the settled report, whose findings live as
// long as col. When ctx ends early, the report says what was not read. An error
// means that there is no report.
func Scan(ctx context.Context, col *inventory.Collector, opt Options) (*inventory.Report, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Options: opt, col: col, cancel: cancel, clocks: clocksOf(opt.Activities), corrected: correctedColumns(opt.Subjects), layouts: layout.New(), spares: make(chan struct{}, runtime.GOMAXPROCS(0))}
	col.Dated = r.dated
	var err error
	if r.ips, err = rules.NewSet(slices.DeleteFunc(rules.All(), func(x rules.Rule) bool { return x.ID != "ipv4" && x.ID != "ipv6" })); err != nil {
		return nil, err
	}
	for _, m := range nestedMagic() {
		r.magics[m[0]] = append(r.magics[m[0]], m)
	}
	for _, s := range opt.Sources {
		col.AddSource(inventory.Source{
			Name: s.Info.Name, Type: s.Info.Type, URI: s.Info.URI, Target: s.Target, Counts: s.Info.Units, Consistency: s.Info.Consistency,
		})
	}
	if opt.Survey != nil {
		col.Detect(detectors(opt.Survey))
		var err error
		if r.windows, err = match.Compile(nil); err != nil {
			return nil, err
		}
		r.know()
		r.pass(ctx, opt.Sources, nil)
	} else if err := r.rounds(ctx); err != nil {
		return nil, err
	}
	if r.failed != nil {
		return nil, r.failed
	}
	opt.Run.Key = KeyID(opt.RowKey)
	opt.Run.Finished = time.Now().UTC().Truncate(time.Millisecond)
	rep, err := col.Settle(opt.Run, r.Subjects, r.activities())
	if err == nil && r.linker != nil {
		rep.Links = r.linker.listed()
	}
	if err == nil && opt.Seal != nil {
		// Canaries come behind the people.
		rep.Sealed, err = opt.Seal(r.Recognizer.Persons()[:len(rep.Subjects)])
	}
	return rep, err
}

// know takes the people who are looked for into account.
func (r *run) know() {
	r.mails = nil
	r.beginnings.forget()
	for _, p := range r.Recognizer.Persons() {
		own := map[string]bool{}
		for _, id := range p.Identifiers {
			if n, err := id.Normal(); err == nil && id.Type == subject.Email && id.Hash == "" {
				own[n] = true
			}
		}
		r.mails = append(r.mails, own)
	}
	r.places.Clear()
	r.placed.Store(0)
}

// pass reads sources once: of their parts those that only says; nil: all.
func (r *run) pass(ctx context.Context, sources []Source, only func(scanners.Part) bool) {
	var wg sync.WaitGroup
	for i, s := range r.Sources {
		if slices.ContainsFunc(sources, func(o Source) bool { return o.Info.Name == s.Info.Name }) {
			wg.Go(func() { r.source(ctx, s, only, r.Progress.source(i)) })
		}
	}
	wg.Wait()
}

// enginePart starts the ids of parts that are the engine's own; no source's do.
const enginePart = "\x00"

// fail ends the run without a report.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
	r.cancel(err)
}

// source reads one source.
func (r *run) source(ctx context.Context, s Source, only func(scanners.Part) bool, c *Counter) {
	defer c.done()
	listing := newBatch(r, s, scanners.Part{ID: enginePart + "listing", Units: -1, Bytes: -1}, c)
	defer listing.commit()
	if s.Err != nil {
		r.unlisted(listing, s, s.Err)
		return
	}
	var unlinked error
	if r.linker != nil {
		unlinked = r.linker.begin(ctx, s)
	}
	parts := make(chan scanners.Part)
	// Deferred items are read by goroutines that stay: the stacks of clients are
	// deep, and grow anew in each new one.
	open := make(chan func())
	var readers sync.WaitGroup
	for range max(1, s.Info.Parallel) {
		readers.Go(func() {
			for read := range open {
				read()
			}
		})
	}
	defer readers.Wait()
	defer close(open)
	var wg sync.WaitGroup
	for range max(1, s.Info.Parallel) {
		wg.Go(func() {
			for p := range parts {
				r.part(ctx, s, p, open, c)
			}
		})
	}
	listed := r.list(ctx, s, only, listing, parts, c)
	if unlinked != nil && listed {
		listing.gap(scanners.Gap{Reason: scanners.ReasonOf(unlinked), Detail: "links between records are not followed: " + errorText(unlinked)})
	}
	close(parts)
	wg.Wait()
	r.optional(listing, s.Info)
	r.nameLeft(listing, s.Info)
	r.nameWithheld(listing, s.Info)
}

// leftOut counts what an option left out of a source.
func (r *run) leftOut(source, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.without == nil {
		r.without = map[option]int64{}
	}
	r.without[option{source, detail}]++
}

// An option is what was left out of a source because it is not asked for.
type option struct{ source, detail string }

// optional names what options left out of a source.
func (r *run) optional(b *batch, s scanners.Info) {
	r.mu.Lock()
	var details []string
	for o, n := range r.without {
		if o.source == s.Name {
			details = append(details, fmt.Sprintf("%s (%d)", o.detail, n))
		}
	}
	r.mu.Unlock()
	sort.Strings(details)
	for _, d := range details {
		b.note(&scanners.Exclusion{URI: s.URI, Place: s.Name, Reason: scanners.ByOption, Detail: d})
	}
}

// remaining is what a pass leaves of a source for the next: parts, and what was
// noted while they were listed, which the next pass has to note again.
type remaining struct {
	parts []scanners.Part
	notes []error
}

// list hands out the parts of a source, and reports whether these are all.
func (r *run) list(ctx context.Context, s Source, only func(scanners.Part) bool, b *batch, parts chan<- scanners.Part, c *Counter) (all bool) {
	defer func() {
		if p := recover(); p != nil {
			r.unlisted(b, s, panicked(p))
			all = false
		}
	}()
	listing, known := r.later(ctx, s)
	later := &remaining{}
	for p, err := range listing {
		if err != nil {
			if b.note(err) {
				later.notes = append(later.notes, err)
				continue
			}
			r.unlisted(b, s, err)
			return false
		}
		if only != nil && !only(p) {
			later.parts = append(later.parts, p)
			continue
		}
		c.expect(p.Units, p.Bytes)
		select {
		case parts <- p:
		case <-ctx.Done():
			b.unread(p, scanners.Failed, "interrupted before it was read", 0, 0)
		}
	}
	if ctx.Err() != nil {
		r.unlisted(b, s, errInterrupted)
		return false
	}
	if only != nil && !known {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.parts == nil {
			r.parts = map[string]*remaining{}
		}
		r.parts[s.Info.Name] = later
	}
	return true
}

// later returns the parts of a source: those that the pass before left, so that
// they are not listed once more, and else all.
func (r *run) later(ctx context.Context, s Source) (parts iter.Seq2[scanners.Part, error], known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	left, ok := r.parts[s.Info.Name]
	if !ok {
		return s.Parts(ctx), false
	}
	delete(r.parts, s.Info.Name)
	return func(yield func(scanners.Part, error) bool) {
		for _, err := range left.notes {
			if !yield(scanners.Part{}, err) {
				return
			}
		}
		for _, p := range left.parts {
			if !yield(p, nil) {
				return
			}
		}
	}, true
}

// unlisted records that a source could not be listed to its end.
func (r *run) unlisted(b *batch, s Source, err error) {
	r.col.Unlisted(s.Info.Name)
	detail := "could not be listed: " + errorText(err)
	b.gap(scanners.Gap{URI: s.Info.URI, Place: s.Info.Name, Reason: scanners.ReasonOf(err), Detail: detail})
}

// part reads one part.
func (r *run) part(ctx context.Context, s Source, p scanners.Part, open chan<- func(), c *Counter) {
	b := newBatch(r, s, p, c)
	defer b.commit()
	var wg sync.WaitGroup
	var ended error // why the part was not read to its end
	defer func() {
		if v := recover(); v != nil {
			ended = panicked(v)
		}
		wg.Wait() // what is left is known when all that was listed is done
		if ended != nil {
			b.rest(p, ended)
		}
	}()
	if ctx.Err() != nil {
		ended = errInterrupted
		return
	}
	// Whether there is need to look for what no activity covers: not where one
	// covers all of the source, nor where such is known to be there.
	bare := r.Activities == nil || len(r.Activities.At(activity.Place{Source: s.Info.Name, Root: s.Info.URI})) > 0
	for it, err := range s.Items(ctx, p) {
		if err != nil {
			if b.note(err) {
				continue
			}
			ended = err
			return
		}
		if scope, left := r.leaves(s, it.Ref); left {
			r.leaveItem(b, it, scope)
			continue
		}
		if !bare {
			bare = r.unassigned(s, p, it.Ref)
		}
		if it.Uncounted {
			r.alias(b, it)
			continue
		}
		if !it.Deferred {
			if it.Same == "" || r.col.Alias(it.Same, it.Ref.URI) {
				r.item(ctx, b, it)
			} else {
				r.alias(b, it)
			}
			continue
		}
		wg.Add(1)
		select {
		case open <- func() { defer wg.Done(); r.deferred(ctx, s, b, it) }:
		case <-ctx.Done():
			wg.Done()
			b.missed(it, errInterrupted)
			ended = errInterrupted
			return
		}
	}
	if ctx.Err() != nil {
		ended = errInterrupted
	}
}

// alias matches what another name of content that is read once says itself.
func (r *run) alias(b *batch, it scanners.Item) {
	u := &unit{run: r, source: b.source, batch: b, copies: newCopies(it.Copies), time: it.Time}
	rec := &record{unit: u, ref: it.Ref, top: it.Ref.URI}
	r.sight(rec, "")
	r.fields(rec, it.Fields)
	rec.finish()
	u.noteBackup(rec, 0)
	b.add(u)
}

// deferred opens an item and reads it.
func (r *run) deferred(ctx context.Context, s Source, b *batch, it scanners.Item) {
	defer func() {
		if p := recover(); p != nil {
			b.missed(it, panicked(p))
		}
	}()
	if it.Same != "" && !r.col.Alias(it.Same, it.Ref.URI) {
		r.alias(b, it)
		return
	}
	full, err := r.open(ctx, s, it.Ref)
	if err != nil {
		b.missed(it, err)
		if it.Same == "" {
			return
		}
		for _, uri := range r.col.Failed(it.Same, it.Ref.URI) {
			other := it
			other.Ref.URI, other.Ref.Locator, other.Fields = uri, nil, nil
			if full, err = r.open(ctx, s, other.Ref); err != nil {
				continue
			}
			if !r.col.Alias(it.Same, uri) { // somebody else reads it by now
				_ = full.Close()
				return
			}
			it = other
			break
		}
		if err != nil {
			return
		}
	}
	defer func() {
		defer func() { _ = recover() }() // everything was read
		_ = full.Close()
	}()
	full.Fields = mergeFields(it.Fields, full.Fields)
	full.Same = it.Same
	if full.Copies == nil {
		full.Copies = it.Copies
	}
	if full.Ref.URI == "" {
		full.Ref = it.Ref
	}
	if full.Name == "" {
		full.Name = it.Name
	}
	if full.Time.IsZero() {
		full.Time = it.Time
	}
	r.item(ctx, b, full)
}

func (r *run) open(ctx context.Context, s Source, ref scanners.Ref) (it scanners.Item, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return s.Open(ctx, ref)
}

func mergeFields(a, b []scanners.Field) []scanners.Field {
	out := a
	for _, f := range b {
		seen := false
		for _, g := range a {
			seen = seen || f == g
		}
		if !seen {
			out = append(out, f)
		}
	}
	return out
}

// panicError is a recovered panic. Its text is the place in the program, never
// the value, which may hold content.
type panicError struct{ at string }

func (e *panicError) Error() string { return "a decoder or scanner broke off (" + e.at + ")" }

func panicked(any) error {
	return &panicError{at: panicSite(debug.Stack())}
}

// ErrorText returns what may be said of an error of a source: no content, and no
// path.
func ErrorText(err error) string { return errorText(err) }

// errorText returns what reports may say of an error.
func errorText(err error) string {
	var g *scanners.Gap
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, &g):
		return g.Detail
	}
	// The errors of scanners hold no content; those of the system hold paths,
	// which may be called after persons.
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Op + ": " + pe.Err.Error()
	case errors.As(err, &le):
		return le.Op + ": " + le.Err.Error()
	}
	return err.Error()
}

// batch collects the results of a part and commits them piece by piece.
type batch struct {
	run     *run
	source  Source
	counter *Counter
	part    scanners.Part

	mu          sync.Mutex
	result      inventory.Result
	units, size int64 // seen so far
	identical   map[string]int
}

// batchFindings is how many findings and gaps a batch holds before it commits.
const batchFindings = 512

func newBatch(r *run, s Source, p scanners.Part, c *Counter) *batch {
	return &batch{
		run: r, source: s, counter: c, part: p,
		result:    inventory.Result{Source: s.Info.Name, Part: p.ID},
		identical: map[string]int{},
	}
}

// commit hands over what was collected.
func (b *batch) commit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.commitLocked()
}

func (b *batch) commitLocked() {
	if err := b.run.col.Commit(b.result); err != nil {
		b.run.fail(err)
	}
	b.result = inventory.Result{Source: b.result.Source, Part: b.result.Part, Seq: b.result.Seq + 1}
}

// add takes over the results of a unit.
func (b *batch) add(u *unit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.units += u.top
	b.size += u.cov.Bytes.Found
	b.result.Findings = append(b.result.Findings, u.findings...)
	b.result.Gaps = append(b.result.Gaps, u.gaps...)
	b.result.Exclusions = append(b.result.Exclusions, u.exclusions...)
	b.result.Coverage.Add(u.cov)
	b.result.Survey.Add(u.survey)
	b.result.Backups = append(b.result.Backups, u.backups...)
	b.counter.add(u.top, int64(len(u.findings)), int64(len(u.gaps)))
	if len(b.result.Findings)+len(b.result.Gaps)+len(b.result.Backups) >= batchFindings {
		b.commitLocked()
	}
}

// note records a *Gap or *Exclusion of a source; other errors are not its
// business.
func (b *batch) note(err error) bool {
	switch x := err.(type) { // a wrapped one ends the sequence as any other error does
	case *scanners.Gap:
		b.gap(*x)
	case *scanners.Exclusion:
		u := &unit{run: b.run, source: b.source}
		u.exclusions = []inventory.Exclusion{{
			Source: b.source.Info.Name, URI: x.URI, Place: b.run.shown(x.Place), Reason: string(x.Reason), Detail: x.Detail, Units: x.Units, Bytes: x.Bytes,
		}}
		u.top = x.Units
		u.cov.Units.Found, u.cov.Units.Excluded = x.Units, x.Units
		u.cov.Bytes.Found, u.cov.Bytes.Excluded = x.Bytes, x.Bytes
		b.add(u)
	default:
		return false
	}
	return true
}

// gap records a gap of a source: units that were listed and not read.
func (b *batch) gap(g scanners.Gap) {
	u := &unit{run: b.run, source: b.source}
	if g.URI == "" {
		g.URI = b.source.Info.URI
	}
	if g.Place == "" {
		g.Place = b.part.Place
	}
	u.gap(g)
	u.top = g.Units
	u.cov.Units.Found, u.cov.Units.Unread = g.Units, g.Units
	u.cov.Bytes.Found, u.cov.Bytes.Unread = g.Bytes, g.Bytes
	b.add(u)
}

// missed records an item that was listed and could not be opened. What the
// listing says of it (its key, its path) is matched all the same.
func (b *batch) missed(it scanners.Item, err error) {
	u := &unit{run: b.run, source: b.source, batch: b, same: it.Same, copies: newCopies(it.Copies), time: it.Time, top: 1}
	rec := &record{unit: u, ref: it.Ref, top: it.Ref.URI}
	b.run.fields(rec, it.Fields)
	rec.finish()
	u.gap(scanners.Gap{
		URI: it.Ref.URI, Place: it.Ref.Place, Reason: scanners.ReasonOf(err), Detail: errorText(err), Units: 1, Bytes: max(it.Size, 0),
	})
	u.cov.Units.Found, u.cov.Units.Unread = 1, 1
	u.cov.Bytes.Found, u.cov.Bytes.Unread = max(it.Size, 0), max(it.Size, 0)
	b.add(u)
}

// rest records that a part ended before its end. What is missing is known only
// as far as the part was estimated.
func (b *batch) rest(p scanners.Part, err error) {
	if p.Units < 0 {
		// What is listed while it is read was not listed to its end either.
		b.run.col.Unlisted(b.source.Info.Name)
	}
	b.mu.Lock()
	units, size := max(p.Units-b.units, 0), max(p.Bytes-b.size, 0)
	b.mu.Unlock()
	b.unread(p, scanners.ReasonOf(err), "not read to its end: "+errorText(err), units, size)
}

func (b *batch) unread(p scanners.Part, reason scanners.Reason, detail string, units, size int64) {
	if units == 0 && size == 0 && detail == "interrupted before it was read" {
		units, size = max(p.Units, 0), max(p.Bytes, 0)
	}
	b.gap(scanners.Gap{Place: p.Place, Reason: reason, Detail: detail, Units: units, Bytes: size})
}
