package engine

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// A member of at most maxAside bytes is read into memory, to be looked at while
// its container is decoded further; one whose length is not known up to
// maxUnsized.
const (
	maxAside   = 12 << 20
	maxUnsized = 512 << 10
	maxHeld    = 48 << 20 // bytes of longer members, all at once
)

// An aside lets other goroutines look at what one container holds while it is
// decoded further, as far as there are any to spare. Its methods are called by
// the goroutine that decodes.
type aside struct {
	run *run
	rec *record // the container
	wg  sync.WaitGroup

	mu   sync.Mutex
	done []*record // members

	// blocks are matched, in the order in which they are to become records:
	// rows that look alike are numbered.
	blocks []*asideBlock
}

type asideBlock struct {
	b         *scanners.Block
	hits      []subject.Hit
	undecoded []subject.Undecoded
	failed    any // what it panicked with
	ready     chan struct{}
}

// spare reports whether a goroutine may be started; it then gives it back.
func (r *run) spare() bool {
	select {
	case r.spares <- struct{}{}:
		return true
	default:
		return false
	}
}

// reserve reports whether so many bytes more may be held of members; they then
// count until they are taken off.
func (r *run) reserve(n int64) bool {
	if n > 0 && r.held.Add(n) > maxHeld {
		r.held.Add(-n)
		return false
	}
	return true
}

// member looks at a member, now or aside.
func (a *aside) member(ctx context.Context, d *container.Decoder, child scanners.Item, budget *container.Budget) {
	a.settle(false)
	large := max(child.Size-maxUnsized, 0)
	if child.Body == nil || child.Size > maxAside || !a.run.reserve(large) {
		a.run.member(ctx, a.rec, d, child, budget)
		return
	}
	if !a.run.spare() {
		a.run.held.Add(-large)
		a.run.member(ctx, a.rec, d, child, budget)
		return
	}
	begun := false
	defer func() {
		if !begun { // a decoder that panics while it is read must not keep them
			<-a.run.spares
			a.run.held.Add(-large)
		}
	}()
	var buf bytes.Buffer
	if child.Size > 0 {
		buf.Grow(int(child.Size) + bytes.MinRead)
	}
	most := max(child.Size, maxUnsized)
	n, err := io.Copy(&buf, io.LimitReader(child.Body, most+1))
	if err != nil || n > most {
		begun = true
		<-a.run.spares
		a.run.held.Add(-large)
		rest := child.Body
		if err != nil {
			rest = failing{err}
		}
		child.Body = io.MultiReader(&buf, rest)
		a.run.member(ctx, a.rec, d, child, budget)
		return
	}
	child.Body = bytes.NewReader(buf.Bytes())
	// What it finds and does to the record is taken over when it is done.
	rec := *a.rec
	rec.unit = &unit{run: a.run, source: a.rec.unit.source, same: a.rec.unit.same, copies: a.rec.unit.copies, time: a.rec.unit.time}
	rec.parent, rec.partial = nil, false
	begun = true
	a.wg.Go(func() {
		defer func() { <-a.run.spares }()
		defer a.run.held.Add(-large)
		defer func() {
			a.mu.Lock()
			a.done = append(a.done, &rec)
			a.mu.Unlock()
		}()
		defer func() {
			if p := recover(); p != nil {
				rec.failed(panicked(p))
			}
		}()
		a.run.member(ctx, &rec, d, child, budget)
	})
}

// maxBlocks is how many blocks of one container are held that wait for one
// before them.
const maxBlocks = 8

// rows looks at a block, now or aside.
func (a *aside) rows(ctx context.Context, b *scanners.Block) {
	if a.run.leavesRows(a.rec, b) {
		return
	}
	if b.Keep == nil || a.run.Survey != nil {
		a.write(ctx, 0)
		a.settle(true)
		a.run.rows(ctx, a.rec, b, false)
		return
	}
	x := &asideBlock{b: b.Keep(), ready: make(chan struct{})}
	a.blocks = append(a.blocks, x)
	match := func() {
		defer close(x.ready)
		defer func() { x.failed = recover() }()
		a.run.linker.observe(a.rec, x.b, false)
		x.hits, x.undecoded = a.run.Recognizer.SearchRows(nil, x.b.Data, rowBounds(x.b), cellBounds(x.b))
	}
	if a.run.spare() {
		a.wg.Go(func() {
			defer func() { <-a.run.spares }()
			match()
		})
	} else {
		match() // while those before it are still under way
	}
	a.write(ctx, maxBlocks)
}

// write makes records of the blocks that are matched; it waits where more than
// so many would be left.
func (a *aside) write(ctx context.Context, most int) {
	for len(a.blocks) > 0 {
		x := a.blocks[0]
		if len(a.blocks) <= most {
			select {
			case <-x.ready:
			default:
				return
			}
		}
		<-x.ready
		a.blocks = a.blocks[1:]
		if x.failed != nil {
			a.rec.failed(panicked(x.failed))
			continue
		}
		a.run.watchRows(a.rec, x.b, false)
		a.run.found(ctx, a.rec, x.b, x.hits, x.undecoded, false)
	}
}

// settle takes over what is done; where it is to wait, all that was begun.
func (a *aside) settle(wait bool) {
	if wait {
		a.wg.Wait()
	}
	a.mu.Lock()
	done := a.done
	a.done = nil
	a.mu.Unlock()
	for _, rec := range done {
		a.rec.unit.take(rec.unit)
		if rec.partial {
			a.rec.broken()
		}
	}
}

// take adds to a unit what a part of it found.
func (u *unit) take(o *unit) {
	u.findings = append(u.findings, o.findings...)
	u.gaps = append(u.gaps, o.gaps...)
	u.exclusions = append(u.exclusions, o.exclusions...)
	u.survey.Add(o.survey)
	u.cov.Add(o.cov)
	u.found += o.found
	u.spill()
}

// broken marks the record, and all that it lies in, as not read to the end.
func (rec *record) broken() {
	for p := rec; p != nil; p = p.parent {
		p.partial = true
	}
}
