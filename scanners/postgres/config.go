package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/scanners"
)

// A Config says which server is read, as whom, and how much of it.
type Config struct {
	// URI is postgres://user@host:port/[database]. Without a database all
	// databases are meant. The settings below win over what it says.
	URI    string `yaml:"uri"`
	Host   string `yaml:"host"`
	Port   int    `yaml:"port"`   // 5432 when 0
	Socket string `yaml:"socket"` // folder of the Unix socket, instead of a host
	User   string `yaml:"user"`
	// The password comes from PGPASSWORD or the password file of libpq where
	// nothing else is said.
	secret.From `yaml:",inline"`

	// Replica is postgres://host:port of a streaming replica, which is read
	// instead where it answers. Places are named by the server above all the
	// same: that is where they can be changed.
	Replica string `yaml:"replica"`

	TLS       TLS    `yaml:"tls"`
	Databases Filter `yaml:"databases"` // patterns of database names
	Schemas   Filter `yaml:"schemas"`   // patterns of schema names
	Tables    Filter `yaml:"tables"`    // patterns of "schema.table"

	Connections   int           `yaml:"connections"`     // read at the same time; 1 to 64, 4 when 0
	RowsPerSecond int           `yaml:"rows_per_second"` // most rows in a second, over all connections; 0: no limit
	MaxActive     int           `yaml:"max_active"`      // statements of others that run, from which on reading slows down; 32 when 0, never when negative
	MaxLag        time.Duration `yaml:"max_lag"`         // of a replica that is read, beyond which reading slows down; 1 min when 0, never when negative
	Snapshot      time.Duration `yaml:"snapshot"`        // how long one state of a database is held at most; 1 h when 0, at least 1 s
	PageRows      int           `yaml:"page_rows"`       // most rows that are asked for at once, about; 1 to 100000, 10000 when 0
	Timeout       time.Duration `yaml:"timeout"`         // of one network wait; 30 s when 0

	// Since is a date, a time (RFC 3339) or how long ago ("720h", "30d"): of
	// tables with a column that tells when a row last changed, only the rows of
	// since then are read. ChangeColumns names such columns; where it has none,
	// the usual names count ("updated_at" ...). Other tables are read in full.
	Since         string   `yaml:"since"`
	ChangeColumns []string `yaml:"change_columns"`
}

// TLS says how the connection is protected.
type TLS struct {
	// Mode is "preferred" (the default: encrypted where the server can, its
	// certificate unchecked), "disabled", "required" (encrypted, unchecked) or
	// "verify" (certificate and host name are checked). Where neither it nor CA
	// is set, PGSSLMODE and PGSSLROOTCERT count.
	Mode string `yaml:"mode"`
	CA   string `yaml:"ca"` // PEM file with the authorities to trust; implies verify
}

// A Filter selects names by doublestar patterns. An empty Include selects all.
type Filter struct {
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
}

func (f Filter) matches(name string) bool {
	any := func(patterns []string) bool {
		for _, p := range patterns {
			// A slash may be part of a name here and is nothing special.
			if ok, _ := doublestar.Match(hideSlash(p), hideSlash(name)); ok {
				return true
			}
		}
		return false
	}
	return (len(f.Include) == 0 || any(f.Include)) && !any(f.Exclude)
}

func hideSlash(s string) string { return strings.ReplaceAll(s, "/", "\x01") }

func (f Filter) validate(name string) error {
	for _, p := range append(append([]string(nil), f.Include...), f.Exclude...) {
		if !doublestar.ValidatePattern(hideSlash(p)) {
			return fmt.Errorf("postgres: %s: %q is not a valid pattern", name, p)
		}
	}
	return nil
}

// Kind is the postgres kind of source.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    "postgres",
		Schemes: []string{"postgres", "postgresql"},
		Config:  func() scanners.Config { return new(Config) },
		Locator: func() any { return Locator{} },
	}
}

// Target implements scanners.Config. Like psql it takes the host from PGHOST,
// the port from PGPORT and the user from PGUSER where the target names none.
func (c *Config) Target(target string) error {
	t, err := parseTarget(target)
	if err != nil {
		return err
	}
	c.URI = target
	if t.host == "" && c.Host == "" && c.Socket == "" {
		if h := os.Getenv("PGHOST"); strings.HasPrefix(h, "/") {
			c.Socket = h
		} else {
			c.Host = h
		}
	}
	if p := os.Getenv("PGPORT"); p != "" && t.host == "" && t.port == 0 && c.Port == 0 {
		n, err := strconv.Atoi(p)
		if err != nil {
			return errors.New("postgres: PGPORT is not a number")
		}
		c.Port = n
	}
	if t.user == "" && c.User == "" {
		c.User = os.Getenv("PGUSER")
	}
	return nil
}

type target struct {
	user, host, database string
	port                 int
}

func parseTarget(s string) (target, error) {
	var t target
	if s == "" {
		return t, nil
	}
	u, err := url.Parse(s)
	if err != nil {
		// The error of url.Parse quotes the input, which may hold a password.
		return t, errors.New("postgres: the URI is malformed; write postgres://user@host:port/database")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Opaque != "" {
		return t, errors.New("postgres: the URI must look like postgres://user@host:port/database")
	}
	if _, ok := u.User.Password(); ok {
		return t, errors.New("postgres: a password in the URI would show in process lists; leave it out and set PGPASSWORD or password_file")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return t, errors.New("postgres: the URI of a target takes no query and no fragment; write postgres://user@host:port/database")
	}
	t.user, t.host = u.User.Username(), u.Hostname()
	if p := u.Port(); p != "" {
		if t.port, err = strconv.Atoi(p); err != nil || t.port < 1 || t.port > 65535 {
			return t, errors.New("postgres: the port in the URI must be a number from 1 to 65535")
		}
	}
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	path = strings.TrimSuffix(path, "/")
	if strings.Contains(path, "/") {
		return t, errors.New("postgres: the URI of a target ends with the database; select tables with the settings schemas and tables")
	}
	if t.database, err = scanners.Unescape(path); err != nil {
		return t, errors.New("postgres: the database in the URI is not well percent-encoded")
	}
	return t, nil
}

// settings is a Config with its URI and defaults worked in.
type settings struct {
	Config
	database string // the only one to read; empty: all
	since    time.Time
	replica  target
}

func (c *Config) settle() (settings, error) {
	t, err := parseTarget(c.URI)
	if err != nil {
		return settings{}, err
	}
	s := settings{Config: *c, database: t.database}
	if s.Replica != "" {
		if s.replica, err = parseTarget(s.Replica); err != nil {
			return s, fmt.Errorf("replica: %w", err)
		}
		if s.replica.host == "" || s.replica.database != "" {
			return s, errors.New("postgres: replica must look like postgres://host:port")
		}
	}
	if s.Host == "" && s.Socket == "" {
		s.Host = t.host
	}
	if s.Port == 0 {
		s.Port = t.port
	}
	if s.User == "" {
		s.User = t.user
	}
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&s.Port, 5432)
	set(&s.replica.port, 5432)
	set(&s.Connections, 4)
	set(&s.PageRows, 10000)
	set(&s.MaxActive, 32)
	if s.MaxLag == 0 {
		s.MaxLag = time.Minute
	}
	if s.Since != "" {
		if s.since, err = sqldb.ParseSince(s.Since, time.Now()); err != nil {
			return s, fmt.Errorf("postgres: %w", err)
		}
	}
	if s.Timeout == 0 {
		s.Timeout = 30 * time.Second
	}
	if s.Snapshot == 0 {
		s.Snapshot = time.Hour
	}
	if s.TLS.Mode == "" && s.TLS.CA != "" {
		s.TLS.Mode = "verify"
	}
	return s, nil
}

var sslmodes = map[string]string{"": "", "preferred": "prefer", "disabled": "disable", "required": "require", "verify": "verify-full"}

// Validate implements scanners.Config.
func (c *Config) Validate() error {
	s, err := c.settle()
	if err != nil {
		return err
	}
	switch {
	case s.Host == "" && s.Socket == "":
		return errors.New("postgres: the host is missing; write postgres://user@host:port/ or set host or socket")
	case c.Host != "" && c.Socket != "":
		return errors.New("postgres: set either host or socket")
	case s.User == "":
		return errors.New("postgres: the user is missing; write postgres://user@host:port/ or set user or PGUSER")
	case s.Port < 1 || s.Port > 65535:
		return errors.New("postgres: port must be from 1 to 65535")
	case s.Connections < 1 || s.Connections > 64:
		return errors.New("postgres: connections must be from 1 to 64")
	case s.PageRows < 1 || s.PageRows > 100000:
		return errors.New("postgres: page_rows must be from 1 to 100000")
	case s.RowsPerSecond < 0:
		return errors.New("postgres: rows_per_second must not be negative")
	case s.Timeout < time.Second/10 || s.Timeout > time.Hour:
		return errors.New("postgres: timeout must be from 100ms to 1h")
	case s.Snapshot < time.Second || s.Snapshot > 7*24*time.Hour:
		return errors.New("postgres: snapshot must be from 1s to 168h")
	}
	if _, ok := sslmodes[s.TLS.Mode]; !ok {
		return errors.New("postgres: tls mode must be preferred, disabled, required or verify")
	}
	if s.TLS.CA != "" && s.TLS.Mode != "verify" {
		return errors.New("postgres: tls ca goes with mode verify only")
	}
	if err := c.From.Validate(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	if err := c.Databases.validate("databases"); err != nil {
		return err
	}
	if err := c.Schemas.validate("schemas"); err != nil {
		return err
	}
	return c.Tables.validate("tables")
}

// Open implements scanners.Config. It reads the password and the certificates;
// the server is first spoken to when something is read.
func (c *Config) Open(ctx context.Context, env scanners.Env) (scanners.Source, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	set, err := c.settle()
	if err != nil {
		return nil, err
	}
	if set.since.IsZero() {
		set.since = env.Since
	}
	password, err := set.From.Get(ctx, "PGPASSWORD")
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s := &source{
		set: set, name: env.Name, env: env, rowKey: append([]byte(nil), env.RowKey...), password: password,
		slots: make(chan struct{}, set.Connections+1), wires: map[*wire]struct{}{}, holders: map[string]*holder{},
		encodings: map[string]string{}, caught: map[string]bool{}, known: map[string]column{},
	}
	if _, err := s.settings(cmp.Or(set.database, "postgres"), false); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.base = "postgres://" + net.JoinHostPort(set.Host, strconv.Itoa(set.Port)) + "/"
	if set.Socket != "" {
		s.base = "postgres://localhost/"
	}
	return s, nil
}

// settings returns those of a connection to a database. Everything that is not
// said here comes from the environment and the files of libpq (PGSSLMODE,
// PGSSLCERT, ~/.pgpass and others), as the PostgreSQL documentation describes
// them in section 34.15.
func (s *source) settings(database string, replica bool) (*pgconn.Config, error) {
	host, port := s.set.Host, s.set.Port
	if s.set.Socket != "" {
		host = s.set.Socket
	}
	if replica {
		host, port = s.set.replica.host, s.set.replica.port
	}
	values := map[string]string{
		"host": host, "port": strconv.Itoa(port), "user": s.set.User, "database": database,
		"connect_timeout": strconv.Itoa(max(1, int(min(s.set.Timeout, 10*time.Second)/time.Second))),
	}
	if m := sslmodes[s.set.TLS.Mode]; m != "" {
		values["sslmode"] = m
	}
	if s.set.TLS.CA != "" {
		values["sslrootcert"] = s.set.TLS.CA
	}
	var b strings.Builder
	for k, v := range values {
		b.WriteString(k + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "' ")
	}
	cfg, err := pgconn.ParseConfig(b.String())
	if err != nil {
		// Its text quotes the settings.
		return nil, errors.New("postgres: the settings of the connection are wrong; check tls, PGSSLMODE, PGSSLROOTCERT and PGSERVICE")
	}
	if !s.password.IsZero() {
		cfg.Password = s.password.Reveal()
	}
	cfg.ConnectTimeout = min(s.set.Timeout, 10*time.Second)
	cfg.DialFunc = s.dial
	cfg.OnNotice = nil
	params := map[string]string{"application_name": application, "client_encoding": "UTF8"}
	maps.Copy(cfg.RuntimeParams, params)
	return cfg, nil
}

const application = "spoor"
