package container

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// The windows and dictionaries of compressed streams take most of the memory of
// this package. A top-level item has one of up to minWindow bytes for itself;
// what is more than that is taken from two pools that all uses of one list of
// decoders share: the outer pool for the first such stream of an item, the inner
// pool for those within it. Only one item at a time has the inner pool, so that
// no two items wait for what the other one has.
//
// What a stream is given depends on nothing but what it lies in, never on what
// else is being read: else a scan would find more on one day than on the next.
const (
	minWindow  = 8 << 20
	maxWindow  = 128 << 20
	outerPool  = maxWindow
	innerPool  = 64 << 20
	windowHead = 64
)

// stallAfter is how long a stream waits for others that read nothing. Something
// must then be wrong, and a gap is better than a scan that never ends.
const stallAfter = 2 * time.Minute

// windows hands out the pools.
type windows struct {
	stall time.Duration

	moves atomic.Int64 // reads, grants and releases

	mu           sync.Mutex
	outer, inner int64   // bytes taken of each pool
	owner        *holder // which has the inner pool
	waiting      []*waiter
	garbage      int64 // bytes released since the heap was last collected
}

// A holder is what one top-level item has, guarded by windows.mu.
type holder struct {
	own          bool // the window that is for itself
	outer, inner int64
}

type pool int

const (
	ownWindow pool = iota
	outerWindow
	innerWindow
)

type waiter struct {
	h     *holder
	n     int64
	pool  pool
	ready chan struct{} // closed when it was granted
}

func newWindows() *windows { return &windows{stall: stallAfter} }

type holderKey struct{}

// OneItem returns a context under which all budgets count as one top-level item
// where windows are shared out. It is for what makes a new budget while it is
// reading an item under another one, which would else wait for itself.
func OneItem(ctx context.Context) context.Context {
	return context.WithValue(ctx, holderKey{}, new(holder))
}

// acquire waits until n bytes, maxWindow at most, are free. The error is that of
// ctx or a *scanners.Gap with reason TooLarge or Timeout.
func (w *windows) acquire(ctx context.Context, b *Budget, n int64) (release func(), err error) {
	h, ok := ctx.Value(holderKey{}).(*holder)
	if !ok {
		h = &b.held
	}
	w.mu.Lock()
	q := &waiter{h: h, n: n, ready: make(chan struct{})}
	switch {
	case n <= minWindow && !h.own:
		q.pool = ownWindow
	case h.outer == 0:
		q.pool = outerWindow
	default:
		q.pool = innerWindow
		if h.inner+n > innerPool {
			w.mu.Unlock()
			return nil, &scanners.Gap{Reason: scanners.TooLarge, Detail: fmt.Sprintf("needs a window of %d bytes within one of %d", n, h.outer)}
		}
	}
	w.waiting = append(w.waiting, q)
	w.grant()
	moves := w.moves.Load()
	w.mu.Unlock()

	var late <-chan time.Time
	if !b.deadline.IsZero() {
		t := time.NewTimer(time.Until(b.deadline))
		defer t.Stop()
		late = t.C
	}
	// Most don't wait, and need no ticker.
	select {
	case <-q.ready:
		return w.granted(q), nil
	default:
	}
	tick := time.NewTicker(w.stall)
	defer tick.Stop()
	for {
		select {
		case <-q.ready:
			return w.granted(q), nil
		case <-ctx.Done():
			w.leave(q)
			return nil, ctx.Err()
		case <-late:
			w.leave(q)
			if err := b.check(); err != nil {
				return nil, err
			}
			return nil, &scanners.Gap{Reason: scanners.Timeout, Detail: "no memory became free in time"}
		case <-tick.C:
			was := moves
			if moves = w.moves.Load(); moves == was {
				w.leave(q)
				return nil, &scanners.Gap{Reason: scanners.TooLarge, Detail: fmt.Sprintf("a window of %d bytes did not become free", n)}
			}
		}
	}
}

// grant gives to those who wait, the first first in each pool.
func (w *windows) grant() {
	var blocked [3]bool
	w.waiting = slices.DeleteFunc(w.waiting, func(q *waiter) bool {
		switch q.pool {
		case ownWindow:
			q.h.own = true
		case outerWindow:
			if blocked[q.pool] = blocked[q.pool] || w.outer+q.n > outerPool; blocked[q.pool] {
				return false
			}
			w.outer += q.n
			q.h.outer += q.n
		case innerWindow:
			// What its owner needs is there: it never waits.
			mine := w.owner == q.h
			if !mine && (blocked[q.pool] || w.owner != nil) {
				blocked[q.pool] = true
				return false
			}
			w.owner = q.h
			w.inner += q.n
			q.h.inner += q.n
		}
		w.moves.Add(1)
		close(q.ready)
		return true
	})
}

// granted makes room in the heap for what q was granted, and returns what
// releases it.
func (w *windows) granted(q *waiter) (release func()) {
	if q.n > minWindow {
		w.mu.Lock()
		full := w.garbage > 0 && w.garbage+w.outer+w.inner > outerPool
		if full {
			w.garbage = 0
		}
		w.mu.Unlock()
		if full {
			// The collector would let the heap grow to twice its size first.
			runtime.GC()
		}
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.release(q)
	}
}

func (w *windows) release(q *waiter) {
	switch q.pool {
	case ownWindow:
		q.h.own = false
	case outerWindow:
		w.outer -= q.n
		q.h.outer -= q.n
	case innerWindow:
		w.inner -= q.n
		if q.h.inner -= q.n; q.h.inner == 0 {
			w.owner = nil
		}
	}
	if q.n > minWindow {
		w.garbage += q.n
	}
	w.moves.Add(1)
	w.grant()
}

// leave ends the waiting of q, which may have been granted meanwhile.
func (w *windows) leave(q *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.waiting, q); i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
		w.grant() // to those behind it
		return
	}
	w.release(q)
}

// room waits until there is room for the window of a stream that is about to
// read from in. The function it returns ends the use of the stream; it is never
// nil.
func (w *windows) room(ctx context.Context, b *Budget, s stream, in *input) (free func(), err error) {
	ws, ok := s.(windowed)
	if !ok {
		return func() {}, nil
	}
	n := ws.declared(in.peek(windowHead))
	if n > maxWindow {
		// Refused by the decoder itself, which must not wait for that.
		n = 0
	}
	n = max(n, minWindow)
	release, err := w.acquire(ctx, b, n)
	if err != nil {
		in.err = ctx.Err()
		return func() {}, err
	}
	ws.limit(n)
	if n <= minWindow {
		return release, nil
	}
	return func() {
		s.release() // before another stream takes the memory
		release()
	}, nil
}

// windowed is a stream whose window is limited.
type windowed interface {
	// declared returns the window that the start of a stream asks for in bytes, 0
	// where that isn't known.
	declared(head []byte) int64
	limit(n int64)
}
