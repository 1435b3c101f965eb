package sqldb

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseSince reads a date, a time (RFC 3339, or without a zone: UTC) or how
// long before now: "720h", "30d".
func ParseSince(v string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	if days, ok := strings.CutSuffix(v, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 100_000 {
			return now.UTC().AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(v); err == nil && d > 0 {
		return now.UTC().Add(-d), nil
	}
	return time.Time{}, errors.New("since must be a date (2026-01-31), a time (RFC 3339) or how long ago (720h, 30d)")
}

// A Column is what matters of one for telling when its row last changed.
type Column struct {
	Name string
	Time bool // it holds a day or a moment
	Kept bool // the server itself sets it whenever the row changes
}

// ChangeColumn returns the index of the column that tells when a row last
// changed, -1 where there is none: one that is configured, else one that the
// server itself keeps, else one that is called as applications call theirs.
func ChangeColumn(columns []Column, configured []string) int {
	called := func(name string) int {
		return slices.IndexFunc(columns, func(c Column) bool { return c.Time && strings.EqualFold(c.Name, name) })
	}
	for _, name := range configured {
		if i := called(name); i >= 0 {
			return i
		}
	}
	if i := slices.IndexFunc(columns, func(c Column) bool { return c.Time && c.Kept }); i >= 0 {
		return i
	}
	for _, name := range [...]string{
		"updated_at", "updatedat", "updated", "updated_on", "update_time", "updatetime", "last_update", "lastupdate", "last_updated",
		"modified", "modified_at", "modifiedat", "modified_on", "date_modified", "datemodified", "last_modified", "lastmodified",
		"changed", "changed_at", "post_modified_gmt", "post_modified", "row_updated", "mtime",
	} {
		if i := called(name); i >= 0 {
			return i
		}
	}
	return -1
}
