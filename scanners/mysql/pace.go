package mysql

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pace keeps reading within the configured rate, and away from a server that is
// busy with others or, as a replica, falls behind.
type pace struct {
	mu    sync.Mutex
	next  time.Time // when the next rows may be asked for
	asked time.Time // when the server's load was last looked at
	busy  bool
	noLag bool // the server is no replica, or does not tell
}

const (
	lookEvery = 5 * time.Second
	// busyWait is how long each page waits while the server is busy: reading
	// becomes slow, but goes on.
	busyWait = 500 * time.Millisecond
)

// wait returns when the next page may be read.
func (s *source) wait(ctx context.Context) error {
	p := &s.pace
	p.mu.Lock()
	pause := time.Until(p.next)
	look := (s.set.MaxActive > 0 || s.set.MaxLag > 0) && time.Since(p.asked) > lookEvery
	if look {
		p.asked = time.Now()
	}
	busy := p.busy
	p.mu.Unlock()
	if look {
		busy = s.loaded(ctx)
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

// loaded reports whether the server is under load. Where it does not say,
// reading goes on.
func (s *source) loaded(ctx context.Context) bool {
	if s.set.MaxActive > 0 {
		active := 0
		_, err := s.query(ctx, "SHOW GLOBAL STATUS LIKE 'Threads_running'", func(c []sql.RawBytes) error {
			active, _ = strconv.Atoi(string(c[1]))
			return nil
		})
		// This statement runs too, and so may those on other connections here.
		if err == nil && active-max(1, s.db.Stats().InUse) >= s.set.MaxActive {
			return true
		}
	}
	s.pace.mu.Lock()
	no := s.pace.noLag
	s.pace.mu.Unlock()
	if s.set.MaxLag <= 0 || no {
		return false
	}
	lag := -1
	for _, q := range []string{"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"} {
		var behind []int
		columns, err := s.query(ctx, q, func(c []sql.RawBytes) error {
			behind = behind[:0]
			for _, v := range c {
				n, err := strconv.Atoi(string(v))
				if err != nil {
					n = -1
				}
				behind = append(behind, n)
			}
			return nil
		})
		if err != nil {
			if serverError(err) == 0 {
				return false // the next page tells
			}
			continue
		}
		for i, name := range columns {
			if name = strings.ToLower(name); i < len(behind) && (name == "seconds_behind_master" || name == "seconds_behind_source") {
				lag = max(lag, behind[i])
			}
		}
		if len(behind) > 0 {
			return lag >= 0 && time.Duration(lag)*time.Second > s.set.MaxLag
		}
		break
	}
	s.pace.mu.Lock()
	s.pace.noLag = true
	s.pace.mu.Unlock()
	return false
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
