// Package scannertest is the conformance suite of the scanners: what every
// [scanners.Source] promises, tried on a real place.
//
// The suite reads the place in every way that the program does: whole, in
// parallel, part by part on another source, from every cursor, stopped early,
// cancelled, over a connection that breaks, and item by item through the Refs
// that it was given. A place of a few hundred items is large enough, and a few
// thousand rows; each subtest reads it several times.
package scannertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/spoor-scan/spoor/scanners"
)

// RowKey is the key of row hashes that Fixture.Open and Fixture.Broken give to
// their source, as Env.RowKey: []byte(scannertest.RowKey).
const RowKey = "key of the row hashes in conformance tests"

// Limits of the suite.
const (
	endLimit    = 10 * time.Second  // from a cancellation to the end of the sequence
	brokenLimit = 60 * time.Second  // from the first read to the end, over a broken connection
	hangLimit   = 120 * time.Second // for everything else
	leakLimit   = 5 * time.Second   // from Close to the end of the last goroutine
	maxReopened = 500               // items that are opened again, spread over all
	maxResumed  = 50                // cursors that are resumed from, spread over all
	maxStopped  = 25                // places at which a sequence is stopped or cancelled
)

// A Fixture is one real place with known content.
type Fixture struct {
	// Open returns a fresh source on the place; the suite closes it.
	Open func(t *testing.T) scanners.Source

	// Planted are distinct ASCII markers. Each must be seen in the Body, Block,
	// Fields or unescaped URI of at least one item, and none may be seen in a
	// Place, a gap's detail or a check.
	Planted []string

	// Unreadable are substrings of the unescaped URIs or Places of things that
	// must come as gaps. It may be nil.
	Unreadable []string

	// Broken returns a source whose connections are cut for good after so many
	// bytes from the server (see testenv.Proxy); nil for local places.
	Broken func(t *testing.T, after int64) scanners.Source

	// State returns a fingerprint of the place's content, equal before and after
	// everything; nil where that is impossible.
	State func(t *testing.T) string

	// Vanished are URIs in the source's form of things that are not there. Open
	// must give a gap with the reason Vanished for each. It may be nil.
	Vanished []string
}

// Run tries all promises of a source on the place that f describes.
func Run(t *testing.T, f Fixture) {
	var state string
	if f.State != nil {
		state = f.State(t)
	}
	var base *reading
	if !sub(t, "Everything", func(t *testing.T) { base = f.everything(t) }) {
		return // the others compare with it
	}
	sub(t, "PartsSurviveJSON", func(t *testing.T) { f.partsSurviveJSON(t, base) })
	sub(t, "Parallel", func(t *testing.T) { f.parallel(t, base) })
	sub(t, "Reopen", func(t *testing.T) { f.reopen(t, base) })
	sub(t, "Vanished", func(t *testing.T) { f.vanished(t) })
	sub(t, "Resume", func(t *testing.T) { f.resume(t, base) })
	sub(t, "StopEarly", func(t *testing.T) { f.stopEarly(t, base) })
	sub(t, "Cancel", func(t *testing.T) { f.cancel(t, base) })
	if f.Broken != nil {
		sub(t, "Broken", func(t *testing.T) { f.broken(t, base) })
	}
	if f.State != nil {
		sub(t, "Unchanged", func(t *testing.T) {
			if now := f.State(t); now != state {
				t.Errorf("the place was changed:\nbefore: %s\nafter:  %s", state, now)
			}
		})
	}
}

// sub runs a subtest and checks that it left no goroutine, its clean-up
// functions included. It reports whether the subtest was run and passed.
func sub(t *testing.T, name string, f func(t *testing.T)) bool {
	t.Helper()
	before := goleak.IgnoreCurrent()
	ran := false
	ok := t.Run(name, func(t *testing.T) { ran = true; f(t) })
	if !ran || !ok {
		// A failed subtest may have left a source open on its way out.
		return ran && ok
	}
	deadline := time.Now().Add(leakLimit)
	for {
		err := goleak.Find(before)
		if err == nil {
			return true
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: %v", name, err)
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// within runs f and fails the test, with the stacks of all goroutines, when it
// takes longer than limit.
func within(t *testing.T, limit time.Duration, what string, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	case <-timer.C:
		buf := make([]byte, 1<<20)
		t.Fatalf("%s: did not end within %v\n%s", what, limit, buf[:runtime.Stack(buf, true)])
	}
}

func mustClose(t *testing.T, s scanners.Source) {
	t.Helper()
	within(t, endLimit, "close", s.Close)
}

func (f Fixture) everything(t *testing.T) *reading {
	s := f.Open(t)
	info := s.Info()
	if info.Name == "" || info.Type == "" || info.URI == "" || info.Consistency == "" || info.Units == "" || info.Parallel < 1 {
		t.Errorf("Info is not complete: %+v", info)
	}
	r := &reading{planted: f.Planted, hash: true}
	var checks []scanners.Check
	within(t, hangLimit, "read everything", func() error {
		checks = s.Check(t.Context())
		return r.all(t.Context(), s)
	})
	mustClose(t, s)

	for _, p := range r.problems {
		t.Error(p)
	}
	ids := map[string]bool{}
	for _, p := range r.parts {
		switch {
		case p.part.Source != info.Name:
			t.Errorf("part %q: Source is %q, want Info.Name %q", p.part.ID, p.part.Source, info.Name)
		case p.part.ID == "" || p.part.Place == "":
			t.Errorf("part without an ID or a Place: %+v", p.part)
		case ids[p.part.ID]:
			t.Errorf("part %q is listed twice", p.part.ID)
		case p.part.Cursor != "":
			t.Errorf("part %q: listed with the Cursor %q", p.part.ID, p.part.Cursor)
		case p.part.Units < -1 || p.part.Bytes < -1:
			t.Errorf("part %q: estimates %d units, %d bytes; -1 is unknown", p.part.ID, p.part.Units, p.part.Bytes)
		}
		ids[p.part.ID] = true
		f.impersonal(t, "the place of a part", p.part.Place)
		if p.err != nil {
			t.Errorf("part %q ended: %v", p.part.ID, p.err)
		}
	}
	for _, m := range f.Planted {
		if !r.seen[m] {
			t.Errorf("planted and not seen: %q", m)
		}
	}
	for place := range r.places {
		f.impersonal(t, "a place", place)
	}
	uris := map[string]bool{}
	for _, p := range r.parts {
		for _, e := range p.events {
			if e.ref.URI == "" || e.gap != nil {
				continue
			}
			if uris[e.ref.URI] {
				t.Errorf("two items have the URI %s", e.ref.URI)
			}
			uris[e.ref.URI] = true
		}
	}
	for _, want := range f.Unreadable {
		if !slices.ContainsFunc(r.gaps, func(g *scanners.Gap) bool {
			uri, err := scanners.Unescape(g.URI)
			return err == nil && strings.Contains(uri, want) || strings.Contains(g.Place, want)
		}) {
			t.Errorf("unreadable and no gap: %q", want)
		}
	}
	if f.Unreadable == nil && len(r.gaps) > 0 {
		t.Errorf("%d gaps, want none; the first: %v (%s)", len(r.gaps), r.gaps[0], r.gaps[0].URI)
	}
	for _, g := range r.gaps {
		if g.Reason == "" || g.Units < 0 || g.Bytes < 0 || g.URI == "" && g.Place == "" {
			t.Errorf("not a sound gap: %+v", *g)
		}
		f.impersonal(t, "the detail of a gap", g.Error())
	}
	if len(checks) == 0 {
		t.Error("Check says nothing")
	}
	for _, c := range checks {
		if c.What == "" || !c.OK && c.Detail == "" {
			t.Errorf("not a sound check: %+v", c)
		}
		if !c.OK && f.Unreadable == nil {
			t.Errorf("check %q: %s", c.What, c.Detail)
		}
		f.impersonal(t, "a check", c.What+" "+c.Detail+" "+c.Remedy)
	}
	t.Logf("%d parts, %d items, %d rows, %d gaps, %d excluded", len(r.parts), r.items, r.rows, len(r.gaps), r.excluded)
	return r
}

func (f Fixture) impersonal(t *testing.T, what, s string) {
	t.Helper()
	for _, m := range f.Planted {
		if strings.Contains(s, m) {
			t.Errorf("%s holds %q: %s", what, m, s)
		}
	}
}

// partsSurviveJSON reads each part as another machine would: on a source of its
// own, that did not list it.
func (f Fixture) partsSurviveJSON(t *testing.T, base *reading) {
	s := f.Open(t)
	var before, now []string
	for _, p := range base.parts {
		before = append(before, p.part.ID)
	}
	within(t, hangLimit, "list parts again", func() error {
		for p, err := range s.Parts(t.Context()) {
			if err == nil {
				now = append(now, p.ID)
			} else if !passes(err) {
				return err
			}
		}
		return nil
	})
	slices.Sort(before)
	slices.Sort(now)
	if !slices.Equal(before, now) {
		t.Errorf("the IDs of parts change from one source to the next:\n%.500q\n%.500q", before, now)
	}
	mustClose(t, s)
	s = f.Open(t)
	for _, p := range base.parts {
		b, err := json.Marshal(p.part)
		if err != nil {
			t.Fatal(err)
		}
		var part scanners.Part
		if err := json.Unmarshal(b, &part); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(part, p.part) {
			t.Errorf("a part changes in JSON:\n%+v\n%+v", p.part, part)
		}
		r := &reading{}
		within(t, hangLimit, "read part "+part.ID, func() error {
			r.part(t.Context(), s, part)
			return r.parts[0].err
		})
		if d := difference(p.events, r.parts[0].events); d != "" {
			t.Errorf("part %q read by another source: %s", part.ID, d)
		}
	}
	mustClose(t, s)
}

// parallel reads as many parts at a time as the source allows, up to 4, and
// opens deferred items at the same time.
func (f Fixture) parallel(t *testing.T, base *reading) {
	s := f.Open(t)
	work := make(chan scanners.Part)
	var mu sync.Mutex
	got := map[string]*partReading{}
	within(t, hangLimit, "read parts in parallel", func() error {
		var wg sync.WaitGroup
		for range min(s.Info().Parallel, 4) {
			wg.Go(func() {
				for part := range work {
					r := &reading{open: true}
					r.part(t.Context(), s, part)
					mu.Lock()
					got[part.ID] = r.parts[0]
					mu.Unlock()
				}
			})
		}
		for _, p := range base.parts {
			work <- p.part
		}
		close(work)
		wg.Wait()
		return nil
	})
	for _, p := range base.parts {
		g := got[p.part.ID]
		if g.err != nil {
			t.Errorf("part %q: %v", p.part.ID, g.err)
		} else if d := difference(p.events, g.events); d != "" {
			t.Errorf("part %q read beside others: %s", p.part.ID, d)
		}
	}
	mustClose(t, s)
}

// reopen opens items again, by their Ref as it survives JSON and by the URI
// alone, on a source that listed nothing.
func (f Fixture) reopen(t *testing.T, base *reading) {
	s := f.Open(t)
	var items []event
	for _, p := range base.parts {
		for _, e := range p.events {
			if e.gap == nil && !e.row && e.ref.URI != "" {
				items = append(items, e)
			}
		}
	}
	for _, e := range spread(items, maxReopened) {
		within(t, hangLimit, "open "+e.ref.URI, func() error {
			full, err := open(t.Context(), s, e.ref)
			if err != nil {
				return err
			}
			bare, err := open(t.Context(), s, scanners.Ref{URI: e.ref.URI})
			if err != nil {
				return fmt.Errorf("by its URI alone: %w", err)
			}
			switch {
			case e.sum != "" && full.sum != e.sum:
				return fmt.Errorf("opens as %d bytes with another content", full.size)
			case full.sum != bare.sum:
				return errors.New("by its URI alone it opens with another content")
			case !slices.Equal(full.fields, bare.fields):
				return fmt.Errorf("by its URI alone it opens with other fields: %q and %q", full.fields, bare.fields)
			case full.uri != e.ref.URI || bare.uri != e.ref.URI:
				return fmt.Errorf("opens as %s, and by its URI alone as %s", full.uri, bare.uri)
			}
			return nil
		})
	}
	for _, row := range base.samples() {
		for _, ref := range []scanners.Ref{row.ref, {URI: row.ref.URI}} {
			within(t, hangLimit, "open row "+ref.URI, func() error {
				it, err := s.Open(t.Context(), ref)
				if err != nil {
					return err
				}
				defer it.Close()
				if it.Block == nil || it.Block.Rows() != 1 {
					return errors.New("does not open as a block of one row")
				}
				if !slices.Equal(it.Block.Table.Columns, row.columns) {
					return fmt.Errorf("opens with the columns %q, was listed with %q", it.Block.Table.Columns, row.columns)
				}
				if !slices.EqualFunc(cells(it.Block, 0), row.cells, func(a, b cell) bool { return a == b }) {
					return fmt.Errorf("opens with other cells:\nlisted %q\nopened %q", row.cells, cells(it.Block, 0))
				}
				return nil
			})
		}
	}
	t.Logf("%d of %d items and %d of %d rows opened again", min(len(items), maxReopened), len(items), len(base.samples()), base.rows)
	mustClose(t, s)
}

// vanished opens what is not there and what is not of this source.
func (f Fixture) vanished(t *testing.T) {
	s := f.Open(t)
	for _, uri := range f.Vanished {
		within(t, hangLimit, "open "+uri, func() error {
			it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
			if err == nil {
				_, err = consume(it, nil)
				_ = it.Close()
			}
			if g := (*scanners.Gap)(nil); !errors.As(err, &g) || g.Reason != scanners.Vanished {
				return fmt.Errorf("want a gap with the reason vanished, got: %v", err)
			}
			return nil
		})
	}
	for _, uri := range []string{"", "/", "%", "unknown://host/thing", s.Info().Type + ":", s.Info().Type + "://%zz/"} {
		within(t, hangLimit, "open "+uri, func() error {
			it, err := s.Open(t.Context(), scanners.Ref{URI: uri})
			if err == nil {
				_ = it.Close()
				return errors.New("nothing has this URI, but it opens")
			}
			return nil
		})
	}
	mustClose(t, s)
}

// resume reads on from cursors. What came after the item that bore one, gaps
// and exclusions included, must come again, and nothing else.
func (f Fixture) resume(t *testing.T, base *reading) {
	type point struct {
		p *partReading
		i int
	}
	var points []point
	for _, p := range base.parts {
		for i, e := range p.events {
			if e.cursor != "" {
				points = append(points, point{p, i})
			}
		}
	}
	if len(points) == 0 {
		t.Fatal("no item has a cursor")
	}
	s := f.Open(t)
	for _, at := range spread(points, maxResumed) {
		part := at.p.part
		part.Cursor = at.p.events[at.i].cursor
		r := &reading{}
		within(t, hangLimit, fmt.Sprintf("resume part %q from %q", part.ID, part.Cursor), func() error {
			r.part(t.Context(), s, part)
			return r.parts[0].err
		})
		if d := difference(at.p.events[at.i+1:], r.parts[0].events); d != "" {
			t.Errorf("part %q resumed from %q, event %d of %d: %s", part.ID, part.Cursor, at.i+1, len(at.p.events), d)
		}
	}
	mustClose(t, s)
}

// stopEarly breaks out of sequences, and out of bodies, and then reads all with
// the same source.
func (f Fixture) stopEarly(t *testing.T, base *reading) {
	s := f.Open(t)
	for n := range spread(slices.Collect(upTo(len(base.parts)+1)), maxStopped) {
		within(t, hangLimit, "stop listing parts", func() error {
			for range s.Parts(t.Context()) {
				if n--; n <= 0 {
					break
				}
			}
			return nil
		})
	}
	for _, p := range base.parts {
		for _, stop := range spread(slices.Collect(upTo(p.items)), maxStopped) {
			within(t, hangLimit, fmt.Sprintf("stop part %q after %d items", p.part.ID, stop), func() error {
				n := stop
				for it, err := range s.Items(t.Context(), p.part) {
					if err != nil {
						if !passes(err) {
							return err
						}
						continue
					}
					if it.Body != nil {
						_, _ = it.Body.Read(make([]byte, 1))
					}
					if n--; n <= 0 {
						break
					}
				}
				return nil
			})
		}
	}
	r := &reading{open: true}
	within(t, hangLimit, "read everything after that", func() error { return r.all(t.Context(), s) })
	if r.items != base.items || r.rows != base.rows {
		t.Errorf("after that: %d items and %d rows, want %d and %d", r.items, r.rows, base.items, base.rows)
	}
	mustClose(t, s)
}

// cancel ends contexts. A sequence that was cut short must say so.
func (f Fixture) cancel(t *testing.T, base *reading) {
	s := f.Open(t)
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	within(t, endLimit, "list parts, cancelled", func() error {
		n := 0
		for _, err := range s.Parts(dead) {
			if err != nil {
				return nil
			}
			n++
		}
		if n < len(base.parts) {
			return fmt.Errorf("ends after %d of %d parts without an error", n, len(base.parts))
		}
		return nil
	})
	for _, p := range base.parts {
		for _, after := range spread(slices.Collect(upTo(p.items+1)), maxStopped) {
			after-- // from before the first item on
			ctx, cancel := context.WithCancel(t.Context())
			started := make(chan struct{})
			what := fmt.Sprintf("part %q, cancelled after %d items", p.part.ID, after)
			var got int
			var end error
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if after == 0 {
					close(started)
					<-ctx.Done()
				}
				for it, err := range s.Items(ctx, p.part) {
					if err != nil {
						if !passes(err) {
							end = err
						}
						continue
					}
					got++
					if got == after {
						close(started)
						<-ctx.Done()
					}
					if it.Deferred && got >= after {
						if o, err := s.Open(ctx, it.Ref); err == nil {
							_, _ = consume(o, nil)
							_ = o.Close()
						}
					} else if it.Body != nil {
						_, _ = consume(it, nil)
					}
				}
			}()
			within(t, hangLimit, what, func() error {
				select {
				case <-started:
				case <-ended:
					return fmt.Errorf("ended after %d items of %d: %w", got, p.items, end)
				}
				return nil
			})
			cancel()
			within(t, endLimit, what, func() error {
				<-ended
				if end == nil && got < p.items {
					return fmt.Errorf("ends after %d of %d items without an error", got, p.items)
				}
				return nil
			})
		}
	}
	mustClose(t, s)
}

// broken cuts the connection. A source may find all before it is cut, give gaps,
// or end with an error; it may not come to a clean end without the whole.
func (f Fixture) broken(t *testing.T, base *reading) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	cuts := []int64{0, 3, 100, 1 << 10, 4 << 10, 20 << 10, 64 << 10}
	for range 5 {
		cuts = append(cuts, rnd.Int64N(256<<10))
	}
	t.Logf("seed of the random cuts: %d", seed)
	clean := 0
	for _, cut := range cuts {
		t.Run(fmt.Sprintf("after=%d", cut), func(t *testing.T) {
			s := f.Broken(t, cut)
			r := &reading{open: true, planted: f.Planted}
			var err error
			within(t, brokenLimit, fmt.Sprintf("connection cut after %d bytes", cut), func() error {
				err = r.all(t.Context(), s)
				return nil
			})
			mustClose(t, s)
			for place := range r.places {
				f.impersonal(t, "a place", place)
			}
			if err != nil {
				f.impersonal(t, "an error", err.Error())
			}
			for _, p := range r.parts {
				if p.err != nil {
					err = p.err
					f.impersonal(t, "an error", err.Error())
				}
			}
			if err != nil || newGaps(base.gaps, r.gaps) {
				return
			}
			clean++
			if r.items != base.items || r.rows != base.rows || !maps.Equal(r.seen, base.seen) {
				t.Errorf("a clean end with %d of %d items, %d of %d rows, %d of %d planted",
					r.items, base.items, r.rows, base.rows, len(r.seen), len(base.seen))
			}
		})
	}
	if clean == len(cuts) {
		t.Error("no connection was cut: does Broken work?")
	}
}

// newGaps reports whether there are other gaps than those of a whole place.
func newGaps(whole, got []*scanners.Gap) bool {
	known := map[string]int{}
	for _, g := range whole {
		known[string(g.Reason)+g.Place]++
	}
	for _, g := range got {
		if known[string(g.Reason)+g.Place]--; known[string(g.Reason)+g.Place] < 0 {
			return true
		}
	}
	return false
}

// passes reports whether an error of a sequence does not end it.
func passes(err error) bool {
	var g *scanners.Gap
	var x *scanners.Exclusion
	return errors.As(err, &g) || errors.As(err, &x)
}

// difference compares two readings of the same share, in any order, and says
// what differs.
func difference(want, got []event) string {
	count := map[string]int{}
	for _, e := range want {
		count[e.key]++
	}
	for _, e := range got {
		count[e.key]--
	}
	var lost, twice []string
	for key, n := range count {
		if n > 0 {
			lost = append(lost, key)
		} else if n < 0 {
			twice = append(twice, key)
		}
	}
	if len(lost)+len(twice) == 0 {
		return ""
	}
	slices.Sort(lost)
	slices.Sort(twice)
	return fmt.Sprintf("%d of %d lost %.200q, %d too many %.200q", len(lost), len(want), lost[:min(3, len(lost))], len(twice), twice[:min(3, len(twice))])
}

// spread returns at most n of all: the first, the last and others in even steps.
func spread[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	some := make([]T, n)
	for i := range some {
		some[i] = all[i*(len(all)-1)/(n-1)]
	}
	return some
}

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 1; i <= n && yield(i); i++ {
		}
	}
}
