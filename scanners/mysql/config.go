package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	driver "github.com/go-sql-driver/mysql"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/scanners"
)

// A Config says which server is read, as whom, and how much of it.
type Config struct {
	// URI is mysql://user@host:port/[schema]. Without a schema the whole server
	// is meant. The settings below win over what it says.
	URI    string `yaml:"uri"`
	Host   string `yaml:"host"`
	Port   int    `yaml:"port"`   // 3306 when 0
	Socket string `yaml:"socket"` // path of a Unix socket, instead of host and port
	User   string `yaml:"user"`
	// The password comes from MYSQL_PWD where nothing else is said.
	secret.From `yaml:",inline"`

	// Replica is mysql://host:port of a replica, which is read instead as long
	// as it answers. Places are named by the server above all the same: that is
	// where they can be changed.
	Replica string `yaml:"replica"`

	TLS     TLS    `yaml:"tls"`
	Schemas Filter `yaml:"schemas"` // patterns of schema names
	Tables  Filter `yaml:"tables"`  // patterns of "schema.table"

	Connections   int           `yaml:"connections"`     // read at the same time; 1 to 64, 4 when 0
	RowsPerSecond int           `yaml:"rows_per_second"` // most rows in a second, over all connections; 0: no limit
	MaxActive     int           `yaml:"max_active"`      // statements of others that run, from which on reading slows down; 32 when 0, never when negative
	MaxLag        time.Duration `yaml:"max_lag"`         // of a replica that is read, beyond which reading slows down; 1 min when 0, never when negative
	PageRows      int           `yaml:"page_rows"`       // most rows in one query; 1 to 100000, 10000 when 0
	Timeout       time.Duration `yaml:"timeout"`         // of one network wait; 30 s when 0
	// StatementTimeout is how long the server works on one statement at most. 0:
	// ten times Timeout, and no limit where a table without a key is read.
	StatementTimeout time.Duration `yaml:"statement_timeout"`

	// Since is a date, a time (RFC 3339) or how long ago ("720h", "30d"): of
	// tables with a column that tells when a row last changed, only rows changed
	// since then are read. ChangeColumns names such columns; where it has none,
	// those count that the server keeps (ON UPDATE CURRENT_TIMESTAMP) and those
	// that are called as usual (updated_at, modified, last_update ...).
	Since         string   `yaml:"since"`
	ChangeColumns []string `yaml:"change_columns"`
}

// TLS says how the connection is protected.
type TLS struct {
	// Mode is "preferred" (the default: encrypted where the server can, its
	// certificate unchecked), "disabled", "required" (encrypted, unchecked) or
	// "verify" (certificate and host name are checked).
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
			return fmt.Errorf("mysql: %s: %q is not a valid pattern", name, p)
		}
	}
	return nil
}

// Kind is the mysql kind of source: MySQL, MariaDB and servers that speak their
// protocol.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    "mysql",
		Schemes: []string{"mysql", "mariadb"},
		Config:  func() scanners.Config { return new(Config) },
		Locator: func() any { return Locator{} },
	}
}

// Target implements scanners.Config. Like the mysql client it takes the host
// from MYSQL_HOST, the port from MYSQL_TCP_PORT and the socket from
// MYSQL_UNIX_PORT where the target names no host.
func (c *Config) Target(target string) error {
	t, err := parseTarget(target)
	if err != nil {
		return err
	}
	c.URI = target
	if t.host == "" && c.Host == "" && c.Socket == "" {
		c.Host = os.Getenv("MYSQL_HOST")
		if c.Host == "" {
			c.Socket = os.Getenv("MYSQL_UNIX_PORT")
		}
		if p := os.Getenv("MYSQL_TCP_PORT"); p != "" && t.port == 0 && c.Port == 0 {
			n, err := strconv.Atoi(p)
			if err != nil {
				return errors.New("mysql: MYSQL_TCP_PORT is not a number")
			}
			c.Port = n
		}
	}
	return nil
}

type target struct {
	user, host, schema string
	port               int
}

func parseTarget(s string) (target, error) {
	var t target
	if s == "" {
		return t, nil
	}
	u, err := url.Parse(s)
	if err != nil {
		// The error of url.Parse quotes the input, which may hold a password.
		return t, errors.New("mysql: the URI is malformed; write mysql://user@host:port/schema")
	}
	if u.Scheme != "mysql" && u.Scheme != "mariadb" || u.Opaque != "" {
		return t, errors.New("mysql: the URI must look like mysql://user@host:port/schema")
	}
	if _, ok := u.User.Password(); ok {
		return t, errors.New("mysql: a password in the URI would show in process lists; leave it out and set MYSQL_PWD or password_file")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return t, errors.New("mysql: the URI of a target takes no query and no fragment; write mysql://user@host:port/schema")
	}
	t.user, t.host = u.User.Username(), u.Hostname()
	if p := u.Port(); p != "" {
		if t.port, err = strconv.Atoi(p); err != nil || t.port < 1 || t.port > 65535 {
			return t, errors.New("mysql: the port in the URI must be a number from 1 to 65535")
		}
	}
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	path = strings.TrimSuffix(path, "/")
	if strings.Contains(path, "/") {
		return t, errors.New("mysql: the URI of a target ends with the schema; select tables with the setting tables")
	}
	if t.schema, err = scanners.Unescape(path); err != nil {
		return t, errors.New("mysql: the schema in the URI is not well percent-encoded")
	}
	return t, nil
}

// settings is a Config with its URI and defaults worked in.
type settings struct {
	Config
	schema  string // the only one to read; empty: all
	since   time.Time
	replica target
}

func (c *Config) settle() (settings, error) {
	t, err := parseTarget(c.URI)
	if err != nil {
		return settings{}, err
	}
	s := settings{Config: *c, schema: t.schema}
	if s.Host == "" && s.Socket == "" {
		s.Host = t.host
	}
	if s.Port == 0 {
		s.Port = t.port
	}
	if s.User == "" {
		s.User = t.user
	}
	if s.Port == 0 {
		s.Port = 3306
	}
	if s.Connections == 0 {
		s.Connections = 4
	}
	if s.MaxActive == 0 {
		s.MaxActive = 32
	}
	if s.MaxLag == 0 {
		s.MaxLag = time.Minute
	}
	if s.Since != "" {
		if s.since, err = sqldb.ParseSince(s.Since, time.Now()); err != nil {
			return s, fmt.Errorf("mysql: %w", err)
		}
	}
	if s.Replica != "" {
		if s.replica, err = parseTarget(s.Replica); err != nil {
			return s, fmt.Errorf("replica: %w", err)
		}
		if s.replica.host == "" || s.replica.schema != "" || s.replica.user != "" {
			return s, errors.New("mysql: replica must look like mysql://host:port")
		}
		if s.replica.port == 0 {
			s.replica.port = 3306
		}
	}
	if s.PageRows == 0 {
		s.PageRows = 10000
	}
	if s.RowsPerSecond > 0 {
		s.PageRows = min(s.PageRows, s.RowsPerSecond)
	}
	if s.Timeout == 0 {
		s.Timeout = 30 * time.Second
	}
	if s.TLS.Mode == "" {
		s.TLS.Mode = "preferred"
		if s.TLS.CA != "" {
			s.TLS.Mode = "verify"
		}
		if s.Socket != "" {
			s.TLS.Mode = "disabled"
		}
	}
	return s, nil
}

// statementLimit is how long the server works on one statement at most.
func (s settings) statementLimit() time.Duration {
	if s.StatementTimeout > 0 {
		return s.StatementTimeout
	}
	return max(time.Second, 10*s.Timeout)
}

// Validate implements scanners.Config.
func (c *Config) Validate() error {
	s, err := c.settle()
	if err != nil {
		return err
	}
	switch {
	case s.Host == "" && s.Socket == "":
		return errors.New("mysql: the host is missing; write mysql://user@host:port/ or set host or socket")
	case c.Host != "" && c.Socket != "":
		return errors.New("mysql: set either host or socket")
	case s.User == "":
		return errors.New("mysql: the user is missing; write mysql://user@host:port/ or set user")
	case s.Port < 1 || s.Port > 65535:
		return errors.New("mysql: port must be from 1 to 65535")
	case s.Connections < 1 || s.Connections > 64:
		return errors.New("mysql: connections must be from 1 to 64")
	case s.PageRows < 1 || s.PageRows > 100000:
		return errors.New("mysql: page_rows must be from 1 to 100000")
	case s.RowsPerSecond < 0:
		return errors.New("mysql: rows_per_second must not be negative")
	case s.StatementTimeout < 0 || s.StatementTimeout > 0 && s.StatementTimeout < time.Second:
		return errors.New("mysql: statement_timeout must be at least 1s")
	case s.Timeout < time.Second/10 || s.Timeout > time.Hour:
		return errors.New("mysql: timeout must be from 100ms to 1h")
	}
	switch s.TLS.Mode {
	case "preferred", "disabled", "required", "verify":
	default:
		return errors.New("mysql: tls mode must be preferred, disabled, required or verify")
	}
	if s.TLS.CA != "" && s.TLS.Mode != "verify" {
		return errors.New("mysql: tls ca goes with mode verify only")
	}
	if err := c.From.Validate(); err != nil {
		return fmt.Errorf("mysql: %w", err)
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
	password, err := set.From.Get(ctx, "MYSQL_PWD")
	if err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	d := driver.NewConfig()
	d.User, d.Passwd = set.User, password.Reveal()
	d.Net, d.Addr = "tcp", net.JoinHostPort(set.Host, strconv.Itoa(set.Port))
	if set.Socket != "" {
		d.Net, d.Addr = "unix", set.Socket
	}
	d.Timeout, d.ReadTimeout, d.WriteTimeout = min(set.Timeout, 10*time.Second), set.Timeout, set.Timeout
	d.DialFunc = dial
	d.Logger = &driver.NopLogger{}
	d.MaxAllowedPacket = 1 << 30
	if err := d.Apply(driver.Charset("utf8mb4", "")); err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	switch set.TLS.Mode {
	case "preferred":
		d.TLSConfig = "preferred"
	case "required":
		d.TLSConfig = "skip-verify"
	case "verify":
		d.TLS = &tls.Config{ServerName: set.Host, MinVersion: tls.VersionTLS12}
		if set.TLS.CA != "" {
			pem, err := os.ReadFile(set.TLS.CA)
			if err != nil {
				return nil, fmt.Errorf("mysql: tls ca: %w", err)
			}
			d.TLS.RootCAs = x509.NewCertPool()
			if !d.TLS.RootCAs.AppendCertsFromPEM(pem) {
				return nil, errors.New("mysql: tls ca: the file holds no PEM certificate")
			}
		}
	}
	inner, err := driver.NewConnector(d)
	if err != nil {
		return nil, fmt.Errorf("mysql: settings of the connection: %w", err)
	}
	cn := &connector{inner: inner, timeout: set.Timeout, limit: set.statementLimit(), lockWait: 10}
	if set.Replica != "" {
		d := d.Clone()
		d.Net, d.Addr = "tcp", net.JoinHostPort(set.replica.host, strconv.Itoa(set.replica.port))
		if d.TLS != nil {
			d.TLS.ServerName = set.replica.host
		}
		if cn.replica, err = driver.NewConnector(d); err != nil {
			return nil, fmt.Errorf("mysql: settings of the replica: %w", err)
		}
	}
	s := &source{set: set, name: env.Name, env: env, rowKey: append([]byte(nil), env.RowKey...), catalog: make(chan struct{}, 1), connector: cn}
	s.db = sql.OpenDB(cn)
	// One more than parts that are read at the same time, so that an item can
	// be opened while each of them streams a table without a key.
	s.db.SetMaxOpenConns(set.Connections + 1)
	s.db.SetMaxIdleConns(set.Connections + 1)
	s.db.SetConnMaxIdleTime(time.Minute)
	s.base = "mysql://" + net.JoinHostPort(set.Host, strconv.Itoa(set.Port)) + "/"
	if set.Socket != "" {
		s.base = "mysql://localhost/"
	}
	return s, nil
}
