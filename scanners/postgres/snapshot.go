package postgres

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A holder is a connection whose open transaction keeps one state of a database
// in sight, so that all others can read that state (pg_export_snapshot, section
// 9.27.5 of the PostgreSQL documentation). While it lives, VACUUM can't remove
// what was deleted since; so it lives no longer than the configuration says, nor
// than a minute after its last use.
type holder struct {
	conn  *conn
	id    string // for SET TRANSACTION SNAPSHOT
	state string // txid_current_snapshot: xmin:xmax:xip_list; equal for the same state
	born  time.Time
	used  time.Time
	timer *time.Timer
}

// maxHolders is how many databases are held at the same time.
const maxHolders = 3

// hold returns the state of the database under which rows are read now.
func (s *source) hold(ctx context.Context, database string) (*holder, error) {
	s.mu.Lock()
	if s.opening == nil {
		s.opening = map[string]*sync.Mutex{}
	}
	one := s.opening[database]
	if one == nil {
		one = new(sync.Mutex)
		s.opening[database] = one
	}
	s.mu.Unlock()
	one.Lock()
	defer one.Unlock()

	s.mu.Lock()
	h := s.holders[database]
	if h != nil && time.Since(h.born) < s.set.Snapshot {
		h.used = time.Now()
		s.mu.Unlock()
		return h, nil
	}
	s.mu.Unlock()
	if h != nil {
		s.drop(h)
	}
	h = &holder{born: time.Now(), used: time.Now()}
	err := s.retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, s.set.Timeout+10*time.Second, errSlow)
		defer cancel()
		c, err := s.connect(ctx, database)
		if err != nil {
			return err
		}
		err = h.export(ctx, c)
		if err != nil {
			hangUp(c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	h.timer = time.AfterFunc(idleLimit, func() { s.expire(h) })
	var oldest *holder
	if len(s.holders) >= maxHolders {
		for _, o := range s.holders {
			if oldest == nil || o.used.Before(oldest.used) {
				oldest = o
			}
		}
	}
	closed := s.ctx.Err() != nil
	if !closed {
		s.holders[database] = h
	}
	s.mu.Unlock()
	if closed {
		h.timer.Stop()
		hangUp(h.conn)
		return nil, context.Canceled
	}
	if oldest != nil {
		s.drop(oldest)
	}
	return h, nil
}

func (h *holder) export(ctx context.Context, c *conn) error {
	m := c.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"+
		"SELECT pg_catalog.set_config('idle_in_transaction_session_timeout','0',true),pg_catalog.set_config('statement_timeout','0',true)"+c.long()+";"+
		"SELECT pg_catalog.pg_export_snapshot(),pg_catalog.txid_current_snapshot()")
	for m.NextResult() {
		r := m.ResultReader()
		for r.NextRow() {
			if v := r.Values(); len(v) >= 2 {
				h.id, h.state = string(v[0]), string(v[1])
			}
		}
		_, _ = r.Close()
	}
	h.conn = c
	return c.why(ctx, m.Close())
}

// long lifts the limit on a transaction, where the server has one.
func (c *conn) long() string {
	if c.version >= 17 {
		return ",pg_catalog.set_config('transaction_timeout','0',true)"
	}
	return ""
}

// expire ends a holder that was not used for a while.
func (s *source) expire(h *holder) {
	s.mu.Lock()
	left := idleLimit - time.Since(h.used)
	if s.holders[h.conn.database] == h && left > 0 && s.ctx.Err() == nil {
		h.timer.Reset(left)
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.drop(h)
}

// drop ends a holder.
func (s *source) drop(h *holder) {
	s.mu.Lock()
	mine := s.holders[h.conn.database] == h
	if mine {
		delete(s.holders, h.conn.database)
		h.timer.Stop()
	}
	s.mu.Unlock()
	if mine {
		hangUp(h.conn)
	}
}

// xmin returns the oldest transaction whose changes a state may not hold, as
// the 32 bits that rows carry; "" where the state is malformed.
func xmin(state string) string {
	s, _, _ := strings.Cut(state, ":")
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(n&0xffffffff, 10)
}
