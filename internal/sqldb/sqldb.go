// Package sqldb holds what the scanners of database servers share: how they
// keep out of the way of a busy server, and which column of a table tells when
// a row last changed.
package sqldb

import (
	"context"
	"sync"
	"time"
)

const (
	lookEvery = 5 * time.Second
	// BusyWait is how long each page waits while the server is busy: reading
	// becomes slow, but goes on.
	BusyWait = 500 * time.Millisecond
)

// A Pace keeps reading within a rate, and away from a server that is busy with
// others or, as a replica, falls behind. The zero value is ready for use, by
// several goroutines at once.
type Pace struct {
	mu    sync.Mutex
	next  time.Time // when the next rows may be asked for
	asked time.Time // when the server's load was last looked at
	busy  bool
}

// Wait returns when the next page may be read, or with ctx's error. Every few
// seconds it asks loaded, where that is not nil, whether the server is busy.
func (p *Pace) Wait(ctx context.Context, loaded func(context.Context) bool) error {
	p.mu.Lock()
	pause := time.Until(p.next)
	look := loaded != nil && time.Since(p.asked) > lookEvery
	if look {
		p.asked = time.Now()
	}
	busy := p.busy
	p.mu.Unlock()
	if look {
		busy = loaded(ctx)
		p.mu.Lock()
		p.busy = busy
		p.mu.Unlock()
	}
	if busy {
		pause = max(pause, BusyWait)
	}
	if pause <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// Spent counts rows that were read, at most perSecond of which are wanted in a
// second; 0 is no limit.
func (p *Pace) Spent(rows, perSecond int) {
	if perSecond <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(time.Duration(rows) * time.Second / time.Duration(perSecond))
}
