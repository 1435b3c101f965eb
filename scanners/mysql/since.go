package mysql

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// parseSince reads a date, a time (RFC 3339) or how long ago: "720h", "30d".
func parseSince(v string, now time.Time) (time.Time, error) {
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
	return time.Time{}, errors.New("mysql: since must be a date (2026-01-31), a time (RFC 3339) or how long ago (720h, 30d)")
}

// changeNames are what columns are called in which applications note when they
// last changed a row.
var changeNames = []string{
	"updated_at", "updatedat", "updated", "updated_on", "update_time", "updatetime", "last_update", "lastupdate", "last_updated",
	"modified", "modified_at", "modifiedat", "modified_on", "date_modified", "datemodified", "last_modified", "lastmodified",
	"changed", "changed_at", "post_modified_gmt", "post_modified", "row_updated", "mtime",
}

// changeColumn returns the column that tells when a row last changed, -1 where
// there is none: one that the configuration names, else one that the server
// itself keeps, else one that is called so.
func (t *table) changeColumn(configured []string) int {
	usable := func(c column) bool { return c.typ == "datetime" || c.typ == "timestamp" }
	for _, name := range configured {
		if i := slices.IndexFunc(t.cols, func(c column) bool { return usable(c) && strings.EqualFold(c.name, name) }); i >= 0 {
			return i
		}
	}
	if i := slices.IndexFunc(t.cols, func(c column) bool { return usable(c) && strings.Contains(c.extra, "on update current_timestamp") }); i >= 0 {
		return i
	}
	for _, name := range changeNames {
		if i := slices.IndexFunc(t.cols, func(c column) bool { return usable(c) && strings.EqualFold(c.name, name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// sinceOnly makes the reader pass over rows that have not changed since the
// configured time, and returns the exclusion that counts them; nil where all
// rows are read. Rows that do not say when they changed are read.
func (rd *reader) sinceOnly(ctx context.Context) (*scanners.Exclusion, error) {
	t := rd.t
	i := -1
	if !rd.s.set.since.IsZero() && !t.view {
		i = t.changeColumn(rd.s.set.ChangeColumns)
	}
	if i < 0 {
		return nil, nil
	}
	name, at := ident(t.cols[i].name), text(rd.s.set.since.Format("2006-01-02 15:04:05"))
	rd.only = "(" + name + ">=" + at + " OR " + name + " IS NULL OR " + name + "=0)"
	cond, err := rd.condition(rd.span.After, rd.span.To)
	if err != nil {
		return nil, err
	}
	if cond != "" {
		cond = " AND " + cond
	}
	x := &scanners.Exclusion{
		URI: rd.s.tableURI(t.schema, t.name), Place: t.place(), Reason: scanners.ByConfig,
		Detail: "rows not changed since " + rd.s.set.since.Format(time.DateOnly) + ", as column " + t.cols[i].name + " says",
	}
	err = rd.s.one(ctx, "SELECT COUNT(*) FROM "+t.from+" WHERE NOT "+rd.only+cond, func(c []sql.RawBytes) { x.Units = max(0, number64(c[0])) })
	return x, err
}
