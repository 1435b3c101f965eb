package postgres

import (
	"context"
	"strconv"
)

// wait returns when the next page may be read.
func (s *source) wait(ctx context.Context, database string) error {
	var loaded func(context.Context) bool
	if s.set.MaxActive > 0 || s.set.MaxLag > 0 {
		loaded = func(ctx context.Context) bool { return s.loaded(ctx, database) }
	}
	return s.pace.Wait(ctx, loaded)
}

// spent counts rows that were read.
func (s *source) spent(rows int) { s.pace.Spent(rows, s.set.RowsPerSecond) }

// loaded reports whether the server is under load: it runs many statements of
// others or, as a replica, is behind. Where it does not say, reading goes on.
func (s *source) loaded(ctx context.Context, database string) bool {
	active, lag := 0, 0.0
	// A replica that has replayed all it received is not behind, however long
	// ago its primary last changed something.
	err := s.run(ctx, query{database: database, sql: "SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state='active'" +
		" AND backend_type='client backend' AND application_name<>" + text(application) + ")," +
		"CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()" +
		" THEN extract(epoch FROM clock_timestamp()-pg_last_xact_replay_timestamp()) ELSE 0 END"}, func(_ int, c [][]byte) error {
		active, _ = strconv.Atoi(string(c[0]))
		lag, _ = strconv.ParseFloat(string(c[1]), 64)
		return nil
	})
	return err == nil && (s.set.MaxActive > 0 && active >= s.set.MaxActive || s.set.MaxLag > 0 && lag > s.set.MaxLag.Seconds())
}
