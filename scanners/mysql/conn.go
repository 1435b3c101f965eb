package mysql

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/scanners"
)

// session is set on every connection. None of it is needed to be right about
// what was read, on a server with default settings; a server that does not know
// one of them is used without.
var session = [...]string{
	"SET SESSION TRANSACTION READ ONLY",
	"SET NAMES utf8mb4",
	// The forms in which values arrive do not depend on the server's settings.
	"SET SESSION sql_mode=''",
	"SET SESSION time_zone='+00:00'",
	// A default limit would end every result early without a word.
	"SET SESSION sql_select_limit=9223372036854775807",
	// A page in the order of a long key must not be sorted by its beginning.
	"SET SESSION max_sort_length=16384",
	// The consumer of a streamed table may be slow.
	"SET SESSION net_write_timeout=3600",
	// Waiting for an ALTER TABLE or LOCK TABLES defaults to a day, or a year.
	"SET SESSION lock_wait_timeout=%d",
	"SET SESSION sql_quote_show_create=1",
}

// limits sets how long the server works on one statement at most: MariaDB counts
// in seconds, MySQL in milliseconds. 0 is no limit.
func limits(d time.Duration) [2]string {
	return [2]string{
		fmt.Sprintf("SET SESSION max_statement_time=%g", d.Seconds()),
		fmt.Sprintf("SET SESSION max_execution_time=%d", d.Milliseconds()),
	}
}

// connector makes connections with the session settings above.
type connector struct {
	inner   sqldriver.Connector
	replica sqldriver.Connector // nil: there is none
	lost    atomic.Bool         // it has not answered once, and is left alone since
	timeout time.Duration
	limit   time.Duration // of a statement
	// lockWait is how many seconds a statement waits for a lock on a table.
	lockWait int
}

func (c *connector) Driver() sqldriver.Driver { return c.inner.Driver() }

func (c *connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	w := wire{timeout: c.timeout}
	inner, err := c.connect(context.WithValue(ctx, wireKey{}, &w))
	if err != nil {
		if w.silent.Load() {
			err = errNoAnswer
		}
		return nil, err
	}
	conn := &conn{inner.(driverConn), &w}
	limit := limits(c.limit)
	for _, q := range append(limit[:], session[:]...) {
		if strings.HasSuffix(q, "%d") {
			q = fmt.Sprintf(q, c.lockWait)
		}
		_, err := conn.ExecContext(ctx, q, nil)
		var se *driver.MySQLError
		if err != nil && !errors.As(err, &se) {
			_ = conn.Close()
			if w.silent.Load() {
				err = errNoAnswer
			}
			return nil, err
		}
	}
	return conn, nil
}

// connect goes to the replica as long as that answers.
func (c *connector) connect(ctx context.Context) (sqldriver.Conn, error) {
	if c.replica != nil && !c.lost.Load() {
		conn, err := c.replica.Connect(ctx)
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		c.lost.Store(true)
	}
	return c.inner.Connect(ctx)
}

// A timeout is a net.Error. It is no gap: as the reason why nothing can be
// listed it must end the sequence.
type timeout string

func (e timeout) Error() string { return string(e) }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

const (
	errSilent timeout = "no answer in time"
	errSlow   timeout = "the server is too slow"
	// errNoAnswer is not tried again: it has cost the whole limit without a
	// sign that there is a server.
	errNoAnswer timeout = "the server accepts connections and does not answer"
)

// driverConn is what the connections of the driver can do and database/sql
// makes use of.
type driverConn interface {
	sqldriver.Conn
	sqldriver.ConnPrepareContext
	sqldriver.ConnBeginTx
	sqldriver.ExecerContext
	sqldriver.NamedValueChecker
	sqldriver.Pinger
	sqldriver.QueryerContext
	sqldriver.SessionResetter
	sqldriver.Validator
}

// A conn is a connection whose errors tell silence from loss.
type conn struct {
	driverConn
	wire *wire
}

func (c *conn) why(err error) error {
	if err != nil && c.wire.silent.Load() && (errors.Is(err, driver.ErrInvalidConn) || errors.Is(err, sqldriver.ErrBadConn)) {
		return errSilent
	}
	return err
}

func (c *conn) ExecContext(ctx context.Context, q string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	r, err := c.driverConn.ExecContext(ctx, q, args)
	return r, c.why(err)
}

func (c *conn) QueryContext(ctx context.Context, q string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	r, err := c.driverConn.QueryContext(ctx, q, args)
	if err != nil {
		return nil, c.why(err)
	}
	return &connRows{r, c}, nil
}

type connRows struct {
	sqldriver.Rows
	conn *conn
}

func (r *connRows) Next(dest []sqldriver.Value) error { return r.conn.why(r.Rows.Next(dest)) }

type source struct {
	set    settings
	name   string
	env    scanners.Env
	rowKey []byte
	base   string // mysql://host:port/
	db     *sql.DB
	// down is set while the last thing that was heard of the server is that it
	// can't be reached: further parts then fail fast instead of each trying
	// again for minutes.
	down      atomic.Bool
	pace      sqldb.Pace
	noLag     atomic.Bool // the server is no replica, or does not tell
	blockers  blockers
	connector *connector
	// catalog holds one while windows is being used.
	catalog chan struct{}
	windows []*window
	// noHints is set when the server does not know FORCE INDEX.
	noHints atomic.Bool
}

func (s *source) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("mysql: close: %w", err)
	}
	return nil
}

// The most rows and bytes of a block; a block may be one row longer than
// maxBlock, and is expected to hold goalBlock.
const (
	goalBlock = 1 << 20
	maxBlock  = 4 << 20
)

const attempts = 4

// retry runs f until it succeeds, within limits. f must leave nothing half done
// behind when it fails.
func (s *source) retry(ctx context.Context, f func(ctx context.Context) error) error {
	n := attempts
	if s.down.Load() {
		n = 1
	}
	timeouts := 0
	err := scanners.Retry(ctx, n, func(err error) bool {
		// What timed out is tried once again only: each try costs the whole limit.
		if reason(err) == scanners.Timeout {
			timeouts++
		}
		return timeouts < 2 && transient(err)
	}, f)
	if errors.Is(err, errDone) {
		return err
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r := reason(err); err == nil || r != scanners.Offline && (r != scanners.Timeout || serverError(err) != 0) {
		s.down.Store(false)
	} else {
		s.down.Store(true)
	}
	return err
}

// query runs q as plain text, without preparing it, and calls row for each row
// of its result. The cells are valid during the call. When row returns an
// error, errStop included, the rest of the result is not read and the
// connection is given up, since reading it to its end would take as long as it
// is. query is not repeated by itself.
func (s *source) query(ctx context.Context, q string, row func(cells []sql.RawBytes) error) (columns []string, err error) {
	return s.queryOn(ctx, s.db, q, row)
}

// A queryer is a *sql.DB or a *sql.Conn.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *source) queryOn(ctx context.Context, on queryer, q string, row func(cells []sql.RawBytes) error) (columns []string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Single waits are limited by the driver; this one is for a server that
	// sends a byte now and then.
	t := time.AfterFunc(10*s.set.Timeout, func() { cancel(errSlow) })
	defer t.Stop()
	return rows(ctx, cancel, on, q, row)
}

var errStop = errors.New("stop")

// rows runs q on a connection of on, or on on where it is one, and calls row for
// each row.
func rows(ctx context.Context, cancel context.CancelCauseFunc, on queryer, q string, row func([]sql.RawBytes) error) (columns []string, err error) {
	one, ok := on.(*sql.Conn)
	if !ok {
		if one, err = on.(*sql.DB).Conn(ctx); err != nil {
			return nil, cause(ctx, err)
		}
		defer one.Close()
	}
	past := false
	rawErr := one.Raw(func(dc any) error {
		c, ok := dc.(*conn)
		if !ok || c.wire.sealed {
			return nil
		}
		past = true
		var broken bool
		if columns, broken, err = c.rowsPast(ctx, q, row); broken {
			return sqldriver.ErrBadConn
		}
		return nil
	})
	switch {
	case past:
		if errors.Is(err, errStop) || errors.Is(err, errDone) {
			return columns, err
		}
		return columns, cause(ctx, err)
	case rawErr != nil:
		return nil, cause(ctx, rawErr)
	}
	return rowsOf(ctx, cancel, one, q, row)
}

// rowsOf is rows through the driver.
func rowsOf(ctx context.Context, cancel context.CancelCauseFunc, on *sql.Conn, q string, row func([]sql.RawBytes) error) (columns []string, err error) {
	r, err := on.QueryContext(ctx, q)
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer func() {
		if err != nil {
			cancel(err)
		}
		_ = r.Close()
	}()
	columns, err = r.Columns()
	if err != nil {
		return nil, cause(ctx, err)
	}
	cells := make([]sql.RawBytes, len(columns))
	dest := make([]any, len(columns))
	for i := range cells {
		dest[i] = &cells[i]
	}
	for r.Next() {
		if err := r.Scan(dest...); err != nil {
			return columns, cause(ctx, err)
		}
		if err := row(cells); err != nil {
			return columns, err
		}
	}
	return columns, cause(ctx, r.Err())
}

// streaming is rows for a statement that reads a whole table, which may take as
// long as it does unless the configuration limits it.
func (s *source) streaming(ctx context.Context, cancel context.CancelCauseFunc, q string, row func([]sql.RawBytes) error) ([]string, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer conn.Close()
	if s.set.StatementTimeout > 0 {
		return rows(ctx, cancel, conn, q, row)
	}
	set := func(d time.Duration) error {
		for _, l := range limits(d) {
			if _, err := conn.ExecContext(ctx, l); err != nil && serverError(err) == 0 {
				return cause(ctx, err)
			}
		}
		return nil
	}
	if err := set(0); err != nil {
		return nil, err
	}
	columns, err := rows(ctx, cancel, conn, q, row)
	if err == nil {
		err = set(s.set.statementLimit())
	} else if serverError(err) != 0 {
		_ = set(s.set.statementLimit())
	}
	return columns, err
}

func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// reason tells what an error of the driver or the server stands for. The
// numbers are those of the MariaDB and MySQL error references.
func reason(err error) scanners.Reason {
	var se *driver.MySQLError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &se):
		switch se.Number {
		case 1044, 1045, 1130, 1142, 1143, 1227, 1370, 1410, 1698, 1820, 3118, 3554, 3955, 4151:
			return scanners.Denied
		case 1049, 1051, 1054, 1109, 1146, 1305, 1360, 1539:
			return scanners.Vanished
		case 1205, 1969, 3024:
			return scanners.Timeout
		case 1040, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1226, 1317, 1927:
			return scanners.Offline
		case 29, 126, 127, 144, 145, 1030, 1033, 1034, 1035, 1194, 1168, 1195, 1459, 1712, 1877, 1932:
			return scanners.Corrupt
		case 1153, 1301:
			return scanners.TooLarge
		case 1286:
			return scanners.Unsupported
		}
		return scanners.Failed
	case errors.Is(err, driver.ErrInvalidConn), errors.Is(err, sqldriver.ErrBadConn), errors.Is(err, driver.ErrMalformPkt),
		errors.Is(err, driver.ErrPktSync), errors.Is(err, driver.ErrBusyBuffer), errors.Is(err, io.EOF):
		return scanners.Offline
	}
	return scanners.ReasonOf(err)
}

// transient reports whether the same query may succeed a moment later.
func transient(err error) bool {
	var se *driver.MySQLError
	if errors.As(err, &se) {
		switch se.Number {
		// Deadlock, changed definition, prepared statement to be repeated.
		case 1213, 1412, 1615:
			return true
		case 1205, 1226, 1969, 3024: // has waited long enough
			return false
		}
	}
	r := reason(err)
	return r == scanners.Offline || r == scanners.Timeout && !errors.Is(err, errNoAnswer)
}

// serverError returns the number of an error that the server answered, else 0.
func serverError(err error) uint16 {
	var se *driver.MySQLError
	if errors.As(err, &se) {
		return se.Number
	}
	return 0
}

// explain describes an error without the server's own words, which quote names
// of accounts and values.
func explain(err error) string {
	var se *driver.MySQLError
	var g *scanners.Gap
	var t timeout
	switch {
	case errors.As(err, &g):
		return g.Detail
	case errors.As(err, &t):
		return t.Error()
	case errors.As(err, &se):
		return fmt.Sprintf("server error %d (SQLSTATE %s)", se.Number, se.SQLState[:])
	case errors.Is(err, driver.ErrInvalidConn), errors.Is(err, sqldriver.ErrBadConn), errors.Is(err, io.EOF):
		return "the connection was lost"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err.Error()
	}
	switch reason(err) {
	case scanners.Timeout:
		return "no answer in time"
	case scanners.Offline:
		return "the server can't be reached"
	}
	return fmt.Sprintf("unexpected error (%T)", err)
}

// gap makes the gap of something that could not be read.
func gap(err error, uri, place, operation string, units, bytes int64) *scanners.Gap {
	return &scanners.Gap{
		URI: uri, Place: place, Reason: reason(err), Detail: operation + ": " + explain(err),
		Units: max(units, 0), Bytes: max(bytes, 0), Err: err,
	}
}

// failed makes the error that ends a sequence.
func failed(operation string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("mysql: %s: %w", operation, err)
	}
	return &opError{operation, err}
}

// opError keeps the driver's text, which may quote values, out of messages.
type opError struct {
	operation string
	err       error
}

func (e *opError) Error() string { return "mysql: " + e.operation + ": " + explain(e.err) }
func (e *opError) Unwrap() error { return e.err }

// Is lets scanners.ReasonOf see an error of the server as what it stands for.
func (e *opError) Is(target error) bool {
	switch reason(e.err) {
	case scanners.Denied:
		return target == fs.ErrPermission
	case scanners.Timeout:
		return target == context.DeadlineExceeded
	case scanners.Offline:
		return target == io.ErrUnexpectedEOF
	}
	return false
}

// ident quotes a name.
func ident(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// text quotes a string that is valid UTF-8, in every sql_mode.
func text(v string) string {
	if strings.IndexByte(v, '\\') >= 0 || strings.IndexByte(v, 0) >= 0 {
		return fmt.Sprintf("_utf8mb4 X'%X'", v)
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}
