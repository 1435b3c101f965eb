package mysql

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// wait returns when the next page may be read.
func (s *source) wait(ctx context.Context) error {
	loaded := s.loaded
	if s.set.MaxActive <= 0 && s.set.MaxLag <= 0 {
		loaded = nil
	}
	return s.pace.Wait(ctx, loaded)
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
	if s.set.MaxLag <= 0 || s.noLag.Load() {
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
	s.noLag.Store(true)
	return false
}

// spent counts rows that were read.
func (s *source) spent(rows int) { s.pace.Spent(rows, s.set.RowsPerSecond) }
