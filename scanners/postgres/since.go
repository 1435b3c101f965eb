package postgres

import (
	"context"
	"time"

	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/scanners"
)

// sinceOnly makes the reader pass over rows that have not changed since the
// configured time, and returns the exclusion that counts them; nil where all
// rows are read. Rows that do not say when they changed are read. They are
// counted as they are now, not as of the state that is held.
func (rd *reader) sinceOnly(from, end tid) (*scanners.Exclusion, error) {
	s, t := rd.s, rd.t
	if s.set.since.IsZero() || t.derived {
		return nil, nil
	}
	columns := make([]sqldb.Column, len(t.cols))
	for i, c := range t.cols {
		columns[i] = sqldb.Column{Name: c.name, Time: c.typ == "timestamptz" || c.typ == "timestamp" || c.typ == "date"}
	}
	i := sqldb.ChangeColumn(columns, s.set.ChangeColumns)
	if i < 0 {
		return nil, nil
	}
	c, at := t.cols[i], s.set.since.Format("2006-01-02 15:04:05.999999")+"+00"
	if c.typ == "date" {
		at = s.set.since.Format(time.DateOnly)
	}
	n := ident(c.name)
	rd.since = "(" + n + ">=" + text(at) + "::" + c.typ + " OR " + n + " IS NULL OR NOT isfinite(" + n + "))"
	x := &scanners.Exclusion{
		URI: s.tableURI(t.database, t.schema, t.name), Place: rd.part.Place, Reason: scanners.ByConfig,
		Detail: "rows not changed since " + s.set.since.Format(time.DateOnly) + ", as column " + c.name + " says",
	}
	within := ""
	if t.heap {
		within = t.within(from, end, rd.ranges)
	}
	err := s.retry(rd.ctx, func(ctx context.Context) error {
		return s.run(ctx, query{database: t.database, sql: t.sql("count(*)", "NOT "+rd.since, within)}, func(_ int, c [][]byte) error {
			x.Units = number(c[0])
			return nil
		})
	})
	return x, err
}
