package postgres

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// pace keeps reading within the configured rate, and away from a server that is
// busy with others.
type pace struct {
	mu    sync.Mutex
	next  time.Time // when the next rows may be asked for
	asked time.Time // when the server's load was last looked at
	busy  bool
}

const (
	lookEvery = 5 * time.Second
	// busyWait is how long each page waits while the server is busy: reading
	// becomes slow, but goes on.
	busyWait = 500 * time.Millisecond
)

// wait returns when the next page may be read.
func (s *source) wait(ctx context.Context, database string) error {
	p := &s.pace
	p.mu.Lock()
	pause := time.Until(p.next)
	look := s.set.MaxActive > 0 && time.Since(p.asked) > lookEvery
	if look {
		p.asked = time.Now()
	}
	busy := p.busy
	p.mu.Unlock()
	if look {
		active := 0
		// Where it can't be told how busy the server is, reading goes on.
		err := s.run(ctx, query{database: database, sql: "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state='active'" +
			" AND backend_type='client backend' AND application_name<>" + text(application)}, func(_ int, c [][]byte) error {
			active, _ = strconv.Atoi(string(c[0]))
			return nil
		})
		if err == nil {
			busy = active >= s.set.MaxActive
		}
		p.mu.Lock()
		p.busy = busy
		p.mu.Unlock()
	}
	if busy {
		pause = max(pause, busyWait)
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

// spent counts rows that were read.
func (s *source) spent(rows int) {
	if s.set.RowsPerSecond <= 0 {
		return
	}
	p := &s.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(time.Duration(rows) * time.Second / time.Duration(s.set.RowsPerSecond))
}
