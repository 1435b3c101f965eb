// Package restic reads repositories of the backup program restic, of the format
// versions 1 and 2, as its document design.rst describes them:
// https://restic.readthedocs.io/en/latest/100_references.html#design
//
// All snapshots are walked once. A content that many snapshots have is one item,
// with all its names as Copies; the contents follow each other as they lie in the
// packs, so that each blob is decrypted once. What no snapshot refers to any more
// and was not pruned yet is read, too.
//
// Nothing is written to the repository, no lock either: a pack that a prune
// removes while it is read is a gap.
package restic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	kind   = "restic"
	scheme = kind + ":"
	partID = "repository" // of the only part

	// treesStep and blobsStep take the place of a snapshot in URIs of what no
	// snapshot has.
	treesStep = "trees"
	blobsStep = "blobs"
)

// Kind returns the kind of source that this package implements.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    kind,
		Schemes: []string{kind},
		Config:  func() scanners.Config { return &Config{Connections: 4} },
		Locator: func() any { return Locator{} },
	}
}

// Config holds the settings of a repository.
type Config struct {
	// Repository is what restic calls the repository: a path,
	// "s3:https://host/bucket/prefix", "sftp:user@host:/path" (through an installed
	// ssh) or "rest:https://host/path/". Credentials
	// of S3 come from where all programs for S3 look; those of a REST server
	// from its address, or from RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD.
	Repository string `yaml:"repository"`
	// Secret is where the password comes from. Without it RESTIC_PASSWORD_FILE,
	// RESTIC_PASSWORD_COMMAND and RESTIC_PASSWORD are asked.
	Secret secret.From `yaml:",inline"`
	// Connections is how many files are read at a time, 1 to 64.
	Connections int `yaml:"connections"`
}

// Target implements scanners.Config for "restic:" and what restic calls the
// repository.
func (c *Config) Target(target string) error {
	repository, ok := strings.CutPrefix(target, scheme)
	if !ok || repository == "" {
		return errors.New("restic: must be like restic:/path/to/repository, restic:s3:https://host/bucket/prefix, restic:sftp:user@host:/path or restic:rest:https://host/")
	}
	c.Repository = repository
	return nil
}

// Validate implements scanners.Config.
func (c *Config) Validate() error {
	if c.Repository == "" {
		return errors.New("restic: set repository to a path, s3:https://host/bucket/prefix, sftp:user@host:/path or rest:https://host/")
	}
	if c.Connections < 1 || c.Connections > 64 {
		return fmt.Errorf("restic: connections is %d; set it to 1 up to 64", c.Connections)
	}
	if err := c.Secret.Validate(); err != nil {
		return fmt.Errorf("restic: %w", err)
	}
	_, _, err := c.place()
	return err
}

// place returns the kind of the store, and the repository in it.
func (c *Config) place() (backend, rest string, err error) {
	backend, rest, ok := strings.Cut(c.Repository, ":")
	switch {
	case ok && backend == "local":
		return "local", rest, nil
	case ok && backend == "s3":
		return "s3", c.Repository, nil
	case ok && backend == "rest":
		_, err := parseREST(rest)
		return "rest", rest, err
	case ok && backend == "sftp":
		return "sftp", c.Repository, nil
	case ok && (backend == "b2" || backend == "azure" || backend == "gs" || backend == "swift" || backend == "rclone"):
		return "", "", fmt.Errorf("restic: repositories behind %s: are not read; mount or serve it (restic's REST server, sshfs, rclone serve restic), and give that as the target", backend)
	}
	return "local", c.Repository, nil
}

// Open implements scanners.Config.
func (c *Config) Open(ctx context.Context, env scanners.Env) (scanners.Source, error) {
	backend, rest, err := c.place()
	if err != nil {
		return nil, err
	}
	s := &source{name: env.Name, connections: c.Connections, repository: c.Repository}
	if s.name == "" {
		s.name = kind
	}
	from := c.Secret
	s.password = func(ctx context.Context) ([]secret.Value, error) { return passwords(ctx, from) }
	switch backend {
	case "rest":
		st, err := newREST(rest)
		if err != nil {
			return nil, err
		}
		s.repository = "rest:" + st.shown()
		s.open = func(context.Context) (scanners.Store, error) { return st, nil }
	default:
		if env.OpenStore == nil {
			return nil, errors.New("restic: there is nothing to read the place of the repository with")
		}
		if backend == "local" {
			if rest, err = filepath.Abs(rest); err != nil {
				return nil, fmt.Errorf("restic: repository: %w", err)
			}
			s.repository = rest
		}
		s.open = func(ctx context.Context) (scanners.Store, error) { return env.OpenStore(ctx, rest) }
	}
	s.uri = scheme + scanners.Escape(filepath.ToSlash(s.repository))
	return s, nil
}

// passwords returns what may open the repository.
func passwords(ctx context.Context, from secret.From) ([]secret.Value, error) {
	if from.IsZero() {
		if file := os.Getenv("RESTIC_PASSWORD_FILE"); file != "" {
			from.File = file
		} else if command := os.Getenv("RESTIC_PASSWORD_COMMAND"); command != "" {
			words, err := split(command)
			if err != nil {
				return nil, fmt.Errorf("RESTIC_PASSWORD_COMMAND: %w", err)
			}
			from.Command = words
		} else if password, ok := os.LookupEnv("RESTIC_PASSWORD"); ok {
			return []secret.Value{secret.New(password)}, nil
		} else {
			return nil, nil
		}
	}
	v, err := from.Get(ctx, "")
	if err != nil {
		return nil, err
	}
	list := []secret.Value{v}
	if t := strings.TrimSpace(v.Reveal()); t != v.Reveal() && len(from.File) > 0 {
		list = append(list, secret.New(t)) // restic trims what it reads from a file
	}
	return list, nil
}

// split takes a command apart as restic does: at spaces, with quotes, and
// backslashes outside single quotes.
func split(command string) (words []string, err error) {
	var word strings.Builder
	quote, in, escaped := rune(0), false, false
	for _, c := range command {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, in = true, true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if in {
				words = append(words, word.String())
				word.Reset()
			}
			in = false
		default:
			word.WriteRune(c)
			in = true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("a quote is not closed")
	}
	if in {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("it is empty")
	}
	return words, nil
}

// source is a repository.
type source struct {
	name        string
	uri         string // "restic:" and the repository, escaped
	repository  string // as restic calls it, without credentials
	connections int
	password    func(context.Context) ([]secret.Value, error)
	open        func(context.Context) (scanners.Store, error)

	mu     sync.Mutex
	store  scanners.Store
	repo   *repo
	walked *walk
	closed bool
}

// Info implements scanners.Source.
func (s *source) Info() scanners.Info {
	return scanners.Info{
		Name: s.name, Type: kind, URI: s.uri,
		Consistency: "Snapshots never change; those that were there when the scan began are read, and what a prune removes meanwhile is reported as not read.",
		Units:       "files", Parallel: s.connections,
	}
}

// Close implements scanners.Source.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	if s.walked != nil {
		errs = append(errs, s.walked.spool.close())
	}
	if s.repo != nil {
		errs = append(errs, s.repo.kept.close())
		s.repo.zstd.Close()
	}
	if c, ok := s.store.(interface{ Close() error }); ok {
		errs = append(errs, c.Close())
	}
	s.store = nil
	return errors.Join(errs...)
}

var errClosed = errors.New("restic: the source is closed")

// load opens the repository, or returns it as opened before.
func (s *source) load(ctx context.Context) (*repo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loadLocked(ctx)
}

func (s *source) loadLocked(ctx context.Context) (*repo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.closed {
		return nil, errClosed
	}
	if s.repo != nil {
		return s.repo, nil
	}
	if s.store == nil {
		st, err := s.open(ctx)
		if err != nil {
			return nil, fmt.Errorf("restic: open the place of the repository: %w", err)
		}
		s.store = st
	}
	r, err := openRepo(ctx, s.store, s.password)
	if err != nil {
		return nil, err
	}
	s.repo = r
	return r, nil
}

// walk walks all snapshots, or returns what an earlier walk found.
func (s *source) walk(ctx context.Context) (*walk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.loadLocked(ctx)
	if err != nil {
		return nil, err
	}
	if s.walked == nil {
		if s.walked, err = newWalk(ctx, r); err != nil {
			return nil, err
		}
	}
	return s.walked, nil
}

// label names the repository for people.
func (s *source) label() string {
	l := strings.TrimRight(filepath.ToSlash(s.repository), "/")
	if l = l[strings.LastIndexByte(l, '/')+1:]; l == "" || strings.ContainsAny(l, ":@") {
		return "repository"
	}
	return "repository " + l
}

// gap completes a gap of the repository.
func (s *source) gap(g *scanners.Gap) *scanners.Gap {
	out := *g
	out.URI = s.uri + g.URI
	if out.Place == "" {
		out.Place = s.label()
	}
	return &out
}
