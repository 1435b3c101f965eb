package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/scanners"
)

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

// A wire is a connection on which each single wait is limited, and which
// remembers that one has timed out: the driver tells of that as of any
// connection that was lost.
type wire struct {
	net.Conn
	s      *source
	silent atomic.Bool
	mu     sync.Mutex
	forced bool // the driver has set a deadline of its own
}

func (s *source) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: c, s: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	s.wires[w] = struct{}{}
	return w, nil
}

func (w *wire) Read(b []byte) (int, error) {
	w.arm(w.Conn.SetReadDeadline)
	n, err := w.Conn.Read(b)
	w.note(err)
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	w.arm(w.Conn.SetWriteDeadline)
	n, err := w.Conn.Write(b)
	w.note(err)
	return n, err
}

func (w *wire) arm(set func(time.Time) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.forced {
		_ = set(time.Now().Add(w.s.set.Timeout))
	}
}

func (w *wire) note(err error) {
	var ne net.Error
	if err != nil && errors.As(err, &ne) && ne.Timeout() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.forced {
			w.silent.Store(true)
		}
	}
}

func (w *wire) SetDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forced = !t.IsZero()
	return w.Conn.SetDeadline(t)
}

func (w *wire) Close() error {
	w.s.mu.Lock()
	delete(w.s.wires, w)
	w.s.mu.Unlock()
	return w.Conn.Close()
}

// A conn is a connection to one database.
type conn struct {
	*pgconn.PgConn
	frames   *frames
	database string
	encoding string // of the database
	version  int    // of the server, as in 15
	used     time.Time
	reused   bool
}

type source struct {
	set      settings
	name     string
	env      scanners.Env
	rowKey   []byte
	base     string // postgres://host:port/
	password secret.Value

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	slots  chan struct{} // one for each connection that is in use
	// down is set while the last thing that was heard of the server is that it
	// can't be reached: further parts then fail fast instead of each trying
	// again for minutes.
	down atomic.Bool

	mu        sync.Mutex
	wires     map[*wire]struct{} // open
	idle      []*conn
	encodings map[string]string  // of databases
	holders   map[string]*holder // by database
	opening   map[string]*sync.Mutex
	replica   choice
	caught    map[string]bool   // see reader.moved
	known     map[string]column // by database and number of the type

	blockers blockers

	pace    sqldb.Pace
	version atomic.Int32 // of the server, as in 15; 0 where not known yet
}

// Whether the replica is read.
type choice uint8

const (
	undecided choice = iota
	fromReplica
	fromPrimary
)

// Close implements scanners.Source.
func (s *source) Close() error {
	s.cancel()
	s.mu.Lock()
	for _, h := range s.holders {
		h.timer.Stop()
	}
	s.holders, s.idle = map[string]*holder{}, nil
	var open []*wire
	for w := range s.wires {
		open = append(open, w)
	}
	s.mu.Unlock()
	for _, w := range open {
		// Without a farewell: what is still going on must end now.
		_ = w.Close()
	}
	return nil
}

const idleLimit = time.Minute

// acquire returns a connection to the database, within the limit on those that
// are used at the same time.
func (s *source) acquire(ctx context.Context, database string) (*conn, error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	var found *conn
	var drop []*conn
	s.idle = slices.DeleteFunc(s.idle, func(c *conn) bool {
		switch {
		case time.Since(c.used) > idleLimit:
			drop = append(drop, c)
		case found == nil && c.database == database:
			found = c
		default:
			return false
		}
		return true
	})
	if found == nil && len(s.idle)+len(s.slots) > cap(s.slots) {
		drop = append(drop, s.idle[0])
		s.idle = s.idle[1:]
	}
	s.mu.Unlock()
	for _, c := range drop {
		hangUp(c)
	}
	if found != nil {
		found.reused = true
		return found, nil
	}
	c, err := s.connect(ctx, database)
	if err != nil {
		<-s.slots
		return nil, err
	}
	return c, nil
}

// release gives a connection back. A database that others are made from must
// not stay in use: CREATE DATABASE would fail.
func (s *source) release(c *conn) {
	s.mu.Lock()
	keep := !c.IsClosed() && s.ctx.Err() == nil && !strings.HasPrefix(c.database, "template")
	if keep {
		c.used = time.Now()
		s.idle = append(s.idle, c)
	}
	s.mu.Unlock()
	if !keep {
		hangUp(c)
	}
	<-s.slots
}

// forget closes the idle connections: after a loss the others are no better.
func (s *source) forget() {
	s.mu.Lock()
	drop := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, c := range drop {
		hangUp(c)
	}
}

func hangUp(c *conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}

// connect makes a connection, to the replica where one is configured and was
// found to answer.
func (s *source) connect(ctx context.Context, database string) (*conn, error) {
	s.mu.Lock()
	which := s.replica
	s.mu.Unlock()
	if s.set.Replica != "" && which != fromPrimary {
		c, err := s.connectTo(ctx, database, true)
		if err == nil || which == fromReplica || ctx.Err() != nil {
			if err == nil {
				s.choose(fromReplica)
			}
			return c, err
		}
		s.choose(fromPrimary)
	}
	return s.connectTo(ctx, database, false)
}

func (s *source) choose(c choice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replica == undecided {
		s.replica = c
	}
}

func (s *source) connectTo(ctx context.Context, database string, replica bool) (*conn, error) {
	for {
		cfg, err := s.settings(database, replica)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		enc := s.encodings[database]
		s.mu.Unlock()
		if rawEncoding(enc) {
			cfg.RuntimeParams["client_encoding"] = enc
		}
		f := &frames{}
		cfg.BuildFrontend = f.frontend
		c, err := pgconn.ConnectConfig(ctx, cfg)
		if err != nil {
			var ne net.Error
			if ctx.Err() == nil && errors.As(err, &ne) && ne.Timeout() {
				err = errNoAnswer
			}
			return nil, cause(ctx, err)
		}
		out := &conn{PgConn: c, frames: f, database: database, encoding: c.ParameterStatus("server_encoding"), used: time.Now()}
		major, _, _ := strings.Cut(c.ParameterStatus("server_version"), ".")
		// "18beta1" counts as 18.
		if end := strings.IndexFunc(major, func(r rune) bool { return r < '0' || r > '9' }); end > 0 {
			major = major[:end]
		}
		out.version, _ = strconv.Atoi(major)
		s.version.CompareAndSwap(0, int32(out.version))
		s.mu.Lock()
		s.encodings[database] = out.encoding
		s.mu.Unlock()
		if enc == "" && rawEncoding(out.encoding) {
			hangUp(out)
			continue
		}
		return out, nil
	}
}

// rawEncoding reports whether texts of a database of that encoding are bytes of
// which the server can't tell what they mean; they are taken as they are.
func rawEncoding(enc string) bool { return enc == "SQL_ASCII" || enc == "MULE_INTERNAL" }

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
	if errors.Is(err, errDone) || errors.Is(err, errStop) {
		return err
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r := reason(err)
	s.down.Store(err != nil && (r == scanners.Offline || r == scanners.Timeout && sqlstate(err) == ""))
	return err
}

var (
	errStop = errors.New("stop")
	errDone = errors.New("done") // ends an iteration that the caller stopped
)

// snapshotLost wraps an error of importing a snapshot.
type snapshotLost struct{ error }

func (e snapshotLost) Unwrap() error { return e.error }

// A query is sent as plain text, in a transaction of its own that reads only.
// Its settings hold for that transaction, so that behind a pooler they are not
// left to whoever gets the connection next.
type query struct {
	database string
	snapshot string // exported; empty: the state of now
	raw      bool   // no conversion of texts into UTF-8
	sql      string // statements with ";" between them
}

// run calls row for each row of the statements' results, which are counted from
// 0. The cells are valid during the call. When row returns an error, errStop
// included, the rest is not read and the connection is given up, since reading
// it to its end would take as long as it is. run is not repeated by itself.
func (s *source) run(ctx context.Context, q query, row func(result int, cells [][]byte) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Single waits are limited by the wire; this one is for a server that sends
	// a byte now and then.
	t := time.AfterFunc(10*s.set.Timeout, func() { cancel(errSlow) })
	defer t.Stop()
	return s.runWith(ctx, cancel, q, row)
}

func (s *source) runWith(ctx context.Context, cancel context.CancelCauseFunc, q query, row func(result int, cells [][]byte) error) error {
	c, err := s.acquire(ctx, q.database)
	if err != nil {
		return err
	}
	defer s.release(c)
	err = c.run(ctx, cancel, s.set.Timeout, q, row)
	if err != nil && !c.IsClosed() && c.TxStatus() != 'I' {
		if _, rerr := c.Exec(ctx, "ROLLBACK").ReadAll(); rerr != nil {
			hangUp(c)
		}
	}
	if c.IsClosed() && c.reused && reason(err) == scanners.Offline {
		s.forget()
	}
	return err
}

func (c *conn) run(ctx context.Context, cancel context.CancelCauseFunc, limit time.Duration, q query, row func(int, [][]byte) error) error {
	sql := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
	if q.snapshot != "" {
		sql += "SET TRANSACTION SNAPSHOT " + text(q.snapshot) + ";"
	}
	sql += c.local(limit, q.raw) + ";" + q.sql + ";COMMIT"
	m := c.Exec(ctx, sql)
	result := -2
	for m.NextResult() {
		r := m.ResultReader()
		if len(r.FieldDescriptions()) == 0 {
			continue
		}
		result++
		err := c.frames.past(r, func(cells [][]byte) error {
			if result < 0 {
				return nil
			}
			return row(result, cells)
		})
		if err != nil {
			cancel(err)
			_ = m.Close()
			return err
		}
		if _, err := r.Close(); err != nil {
			break
		}
	}
	err := c.why(ctx, m.Close())
	if err != nil && result < -1 && q.snapshot != "" && sqlstate(err) != "" {
		err = snapshotLost{err}
	}
	return err
}

// local returns the statement with the settings of a transaction: none of them
// is needed to be right about what was read on a server with default settings,
// but for row_security, without which a policy would hide rows without a word.
func (c *conn) local(limit time.Duration, raw bool) string {
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	set := [][2]string{
		{"row_security", "off"},
		// Nobody can put an operator or a function of theirs in our way.
		{"search_path", ""},
		// The forms in which values arrive do not depend on the server's settings.
		{"bytea_output", "hex"},
		{"DateStyle", "ISO, YMD"},
		{"IntervalStyle", "postgres"},
		{"TimeZone", "UTC"},
		{"extra_float_digits", "1"},
		{"statement_timeout", ms(10 * limit)},
		{"lock_timeout", ms(min(limit, 30*time.Second))},
		{"idle_in_transaction_session_timeout", ms(10 * limit)},
		// A scan takes no more than the one process that it was given, and its
		// rows come in the order of their blocks.
		{"max_parallel_workers_per_gather", "0"},
		{"synchronize_seqscans", "off"},
		{"jit", "off"},
	}
	if raw {
		set = append(set, [2]string{"client_encoding", c.encoding})
	}
	if c.version >= 17 {
		set = append(set, [2]string{"transaction_timeout", "0"})
	}
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, kv := range set {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("pg_catalog.set_config(" + text(kv[0]) + "," + text(kv[1]) + ",true)")
	}
	return b.String()
}

// why tells silence from loss.
func (c *conn) why(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ne net.Error
	if sqlstate(err) == "" && errors.As(err, &ne) && ne.Timeout() {
		return errSilent
	}
	return err
}

func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// rows runs a query again when need be, and calls row for the rows of its first
// result; reset is called before each try.
func (s *source) rows(ctx context.Context, database, sql string, reset func(), row func(cells [][]byte) error) error {
	return s.retry(ctx, func(ctx context.Context) error {
		reset()
		return s.run(ctx, query{database: database, sql: sql}, func(_ int, cells [][]byte) error { return row(cells) })
	})
}

// sqlstate returns the code of an error that the server answered, else "".
func sqlstate(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

// reason tells what an error of the driver or the server stands for. The codes
// are those of appendix A of the PostgreSQL documentation.
func reason(err error) scanners.Reason {
	code := sqlstate(err)
	if len(code) == 5 {
		switch code {
		case "42501", "28000", "28P01":
			return scanners.Denied
		case "42P01", "3F000", "3D000", "42703", "42883", "42704":
			return scanners.Vanished
		case "55P03", "57014":
			return scanners.Timeout
		case "25P03", "25P04", "40001", "40P01":
			return scanners.Offline
		case "58030", "58P01":
			return scanners.Corrupt
		case "0A000", "22P05", "22021", "55000":
			return scanners.Unsupported
		case "XX000":
			var pe *pgconn.PgError
			if errors.As(err, &pe) && strings.Contains(pe.Message, "toast") {
				return scanners.Corrupt
			}
			return scanners.Failed
		}
		switch code[:2] {
		case "XX":
			return scanners.Corrupt
		case "08", "53", "57":
			return scanners.Offline
		case "54":
			return scanners.TooLarge
		}
		return scanners.Failed
	}
	var ce *pgconn.ConnectError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return scanners.Offline
	case errors.As(err, &ce) && scanners.ReasonOf(err) == scanners.Failed:
		return scanners.Offline
	}
	return scanners.ReasonOf(err)
}

// transient reports whether the same query may succeed a moment later.
func transient(err error) bool {
	var lost snapshotLost
	if errors.As(err, &lost) {
		return false
	}
	switch sqlstate(err) {
	case "40001", "40P01":
		return true
	case "55P03", "57014":
		return false
	}
	r := reason(err)
	return r == scanners.Offline || r == scanners.Timeout && !errors.Is(err, errNoAnswer)
}

// explain describes an error without the server's own words, which quote names
// of accounts and values.
func explain(err error) string {
	var g *scanners.Gap
	var t timeout
	code := sqlstate(err)
	switch {
	case code == "42501" && strings.Contains(err.Error(), "row-level security"):
		return "a row-level security policy hides rows from the account"
	case code == "42501":
		return "the account may not (SQLSTATE 42501)"
	case code == "55P03":
		return "it is locked (SQLSTATE 55P03)"
	case code == "28P01" || code == "28000":
		return "the server refuses the account (SQLSTATE " + code + ")"
	case code != "":
		return "server error (SQLSTATE " + code + ")"
	case errors.As(err, &g):
		return g.Detail
	case errors.As(err, &t):
		return t.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "interrupted"
	}
	switch reason(err) {
	case scanners.Timeout:
		return "no answer in time"
	case scanners.Offline:
		var ce *pgconn.ConnectError
		if errors.As(err, &ce) {
			return "the server can't be reached"
		}
		return "the connection was lost"
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
		return fmt.Errorf("postgres: %s: %w", operation, err)
	}
	return &opError{operation, err}
}

// opError keeps the server's text, which may quote values, out of messages.
type opError struct {
	operation string
	err       error
}

func (e *opError) Error() string { return "postgres: " + e.operation + ": " + explain(e.err) }
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
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// text quotes a string, whatever standard_conforming_strings is. PostgreSQL has
// no text with NUL in it.
func text(v string) string {
	v = strings.ReplaceAll(v, "\x00", "")
	v = strings.ReplaceAll(v, "'", "''")
	if strings.Contains(v, `\`) {
		return " E'" + strings.ReplaceAll(v, `\`, `\\`) + "'"
	}
	return "'" + v + "'"
}
