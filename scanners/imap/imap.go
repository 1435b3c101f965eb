// Package imap reads mailboxes over IMAP (RFC 3501, RFC 9051): those of one
// account, or of many through a Dovecot master user.
//
// It changes nothing: mailboxes are opened with EXAMINE and content is fetched
// with BODY.PEEK, so that no flag is set. A message is spooled before it is
// yielded, small ones in batches, large ones by ranges, so that no literal is
// open and no connection taken while the caller looks at it. Messages are
// yielded raw; MIME is not decoded here.
package imap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// passwordEnv is where a password comes from when nothing else is set.
const passwordEnv = "SPOOR_IMAP_PASSWORD"

// Kind describes this kind of source.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    "imap",
		Schemes: []string{"imap", "imaps"},
		Config: func() scanners.Config {
			return &Config{Separator: "*", Connections: 4, Timeout: time.Minute}
		},
		Locator: func() any { return Locator{} },
	}
}

// Config holds the settings of one IMAP server.
type Config struct {
	// URI is imap://user@host:port/MAILBOX or imaps://...; a user of the form
	// user*master logs in to user's account as the master user. Without a
	// mailbox it means all of the account.
	URI  string `yaml:"uri"`
	User string `yaml:"user"` // instead of in URI

	// Master is the name of a Dovecot master user, by which the accounts of
	// others are read. Separator stands between both names at login; it must
	// be Dovecot's auth_master_user_separator.
	Master    string `yaml:"master"`
	Separator string `yaml:"master_separator"`

	// Accounts, AccountsFile and what AccountsCommand (a program and its
	// arguments, such as a query of the users' database) prints list the accounts
	// that are read through the master user: one per line, # begins a comment.
	Accounts        []string `yaml:"accounts"`
	AccountsFile    string   `yaml:"accounts_file"`
	AccountsCommand []string `yaml:"accounts_command"`

	secret.From `yaml:",inline"`

	// TLS is "implicit" (the default of imaps://), "starttls" (refuse to go on
	// without) or "none". The default of imap:// is STARTTLS where the server
	// offers it; a server that does not is refused unless it is on this host.
	TLS    string `yaml:"tls"`
	CAFile string `yaml:"ca_file"` // PEM certificates to trust instead of the system's

	// Include and Exclude are doublestar patterns on mailbox names, with "/"
	// between the levels whatever the server uses. Without Include all are in.
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`

	// Connections is the most that are open at a time, 1 to 64. It should stay
	// below Dovecot's mail_max_userip_connections (10).
	Connections int `yaml:"connections"`
	// Timeout is how long the server may be silent.
	Timeout time.Duration `yaml:"timeout"`
}

// Target implements scanners.Config. It takes the URI of an account, a
// mailbox or a message.
func (c *Config) Target(target string) error {
	if _, err := parseURI(target); err != nil {
		return err
	}
	c.URI = target
	return nil
}

// Validate implements scanners.Config.
func (c *Config) Validate() error {
	_, err := c.place()
	return err
}

// A place is what a Config comes to.
type place struct {
	scheme, host, port string
	tls                string // "implicit", "starttls", "none" or "auto"
	user, master, sep  string
	accounts           []string // never empty once open
	mailbox            string   // empty: all
	include, exclude   []string
	connections        int
	timeout            time.Duration
	explicit           bool // accounts were listed
	password           secret.Value
	roots              *x509.CertPool
}

func (c *Config) place() (place, error) {
	if c.URI == "" {
		return place{}, errors.New("imap: uri is missing; write imap://user@host/ or imaps://user@host/")
	}
	u, err := parseURI(c.URI)
	if err != nil {
		return place{}, err
	}
	p := place{
		scheme: u.scheme, host: u.host, port: u.port, user: c.User, master: c.Master, sep: c.Separator,
		mailbox: u.mailbox, include: c.Include, exclude: c.Exclude,
		connections: c.Connections, timeout: c.Timeout, tls: c.TLS,
	}
	if p.sep == "" {
		p.sep = "*"
	}
	if u.user != "" {
		user, master, ok := strings.Cut(u.user, p.sep)
		if ok && master != "" {
			if p.master != "" && p.master != master {
				return place{}, errors.New("imap: master: the URI names another master user")
			}
			p.master = master
		} else {
			user = u.user
		}
		if p.user != "" && user != "" && p.user != user {
			return place{}, errors.New("imap: user: the URI names another user")
		}
		if user != "" {
			p.user = user
		}
	}
	p.explicit = len(c.Accounts) > 0 || c.AccountsFile != "" || len(c.AccountsCommand) > 0
	switch {
	case p.explicit && p.master == "":
		return place{}, errors.New("imap: accounts: reading several accounts needs a master user; set master")
	case p.explicit && p.user != "":
		return place{}, errors.New("imap: set either user or accounts, not both")
	case !p.explicit && p.user == "" && p.master != "":
		return place{}, errors.New("imap: whose mail? Set accounts, accounts_file or accounts_command, or write user*master@host")
	case !p.explicit && p.user == "":
		return place{}, errors.New("imap: user is missing; write imap://user@host/")
	}
	switch {
	case p.tls == "" && p.scheme == "imaps":
		p.tls = "implicit"
	case p.tls == "":
		p.tls = "auto"
	case p.scheme == "imaps" && p.tls != "implicit":
		return place{}, fmt.Errorf("imap: tls: %s does not go with imaps://; write imap://", p.tls)
	case p.tls != "implicit" && p.tls != "starttls" && p.tls != "none":
		return place{}, errors.New("imap: tls must be implicit, starttls or none")
	}
	if p.connections < 1 || p.connections > 64 {
		return place{}, errors.New("imap: connections must be 1 to 64")
	}
	if p.timeout < time.Millisecond || p.timeout > time.Hour {
		return place{}, errors.New("imap: timeout must be between 1ms and 1h")
	}
	for _, g := range append(append([]string(nil), p.include...), p.exclude...) {
		if !doublestar.ValidatePattern(g) {
			return place{}, fmt.Errorf("imap: include/exclude: %q is not a pattern", g)
		}
	}
	if err := c.From.Validate(); err != nil {
		return place{}, fmt.Errorf("imap: %w", err)
	}
	return p, nil
}

// Open implements scanners.Config.
func (c *Config) Open(ctx context.Context, env scanners.Env) (scanners.Source, error) {
	p, err := c.place()
	if err != nil {
		return nil, err
	}
	if !p.explicit {
		p.accounts = []string{p.user}
	} else if p.accounts, err = c.accounts(ctx); err != nil {
		return nil, err
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("imap: ca_file: %w", err)
		}
		p.roots = x509.NewCertPool()
		if !p.roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("imap: ca_file: no certificate in %s", c.CAFile)
		}
	}
	p.password, err = c.From.Get(ctx, passwordEnv)
	if err != nil {
		return nil, fmt.Errorf("imap: %w", err)
	}
	if p.password.IsZero() {
		return nil, fmt.Errorf("imap: no password; set %s, password_file, password_command or password_credential", passwordEnv)
	}
	s := &source{place: p, name: env.Name, env: env, attempts: attempts}
	s.pool.tokens = make(chan struct{}, p.connections)
	return s, nil
}

// commandTime is how long a command may take to print the accounts.
const commandTime = 5 * time.Minute

// bounded holds what a command prints, 64 MiB at most.
type bounded struct{ b bytes.Buffer }

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > 64<<20 {
		return 0, errors.New("it prints more than 64 MiB")
	}
	return w.b.Write(p)
}

// accounts returns the configured accounts, each once.
func (c *Config) accounts(ctx context.Context) ([]string, error) {
	list := c.Accounts
	read := func(setting string, r io.Reader) error {
		for sc := bufio.NewScanner(r); ; {
			if !sc.Scan() {
				if err := sc.Err(); err != nil {
					return fmt.Errorf("imap: %s: %w", setting, err)
				}
				return nil
			}
			if a := strings.TrimSpace(sc.Text()); a != "" && a[0] != '#' {
				list = append(list[:len(list):len(list)], a)
			}
		}
	}
	if c.AccountsFile != "" {
		f, err := os.Open(c.AccountsFile)
		if err != nil {
			return nil, fmt.Errorf("imap: accounts_file: %w", err)
		}
		defer f.Close()
		if err := read("accounts_file", f); err != nil {
			return nil, err
		}
	}
	if len(c.AccountsCommand) > 0 {
		ctx, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, c.AccountsCommand[0], c.AccountsCommand[1:]...)
		cmd.WaitDelay = time.Second
		var out bounded
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("imap: accounts_command: %s: %w", c.AccountsCommand[0], err)
		}
		if err := read("accounts_command", &out.b); err != nil {
			return nil, err
		}
	}
	seen := make(map[string]bool, len(list))
	var out []string
	for _, a := range list {
		if a != "" && !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("imap: accounts: the list is empty")
	}
	return out, nil
}

// tlsConfig returns the settings of a TLS connection to the server.
func (p *place) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: p.host, RootCAs: p.roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"imap"}}
}

func (p *place) addr() string { return net.JoinHostPort(p.host, p.port) }

// login returns the name under which an account is entered.
func (p *place) login(account string) string {
	if p.master == "" {
		return account
	}
	return account + p.sep + p.master
}

// allows reports whether an account is one that the configuration names.
func (p *place) allows(account string) bool {
	for _, a := range p.accounts {
		if a == account {
			return true
		}
	}
	return false
}

// source implements scanners.Source.
type source struct {
	place
	name     string
	env      scanners.Env
	attempts int // to connect
	pool     pool
}

// Info implements scanners.Source.
func (s *source) Info() scanners.Info {
	return scanners.Info{
		Name: s.name,
		Type: "imap",
		URI:  message{place: &s.place, account: s.user}.String(),
		Consistency: "each mailbox is read as it stands when its turn comes: messages that arrive later may be missing, " +
			"and one that is deleted before it is read is reported as vanished",
		Units:    "messages",
		Parallel: s.connections,
	}
}

// Close implements scanners.Source.
func (s *source) Close() error {
	s.pool.close()
	return nil
}

func defaultPort(scheme string) string {
	if scheme == "imaps" {
		return "993"
	}
	return "143"
}

func parsePort(s string) (string, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return strconv.FormatUint(n, 10), err == nil && n > 0
}
