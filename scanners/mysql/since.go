package mysql

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/scanners"
)

// changeColumn returns the index of the column that tells when a row last
// changed, -1 where there is none.
func (t *table) changeColumn(configured []string) int {
	columns := make([]sqldb.Column, len(t.cols))
	for i, c := range t.cols {
		columns[i] = sqldb.Column{
			Name: c.name, Time: c.typ == "datetime" || c.typ == "timestamp", Kept: strings.Contains(c.extra, "on update current_timestamp"),
		}
	}
	return sqldb.ChangeColumn(columns, configured)
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
