// Package files reads trees of files and single files.
//
// A tree is walked in the order of its names, compared as bytes, and each file
// is yielded deferred: the caller opens it by its Ref. The walk goes through
// [os.Root], so that nothing outside the root is ever opened, whatever happens
// to the tree meanwhile; symbolic links are not followed, except for the root
// itself. FIFOs, sockets and devices are never opened.
//
// The names of one folder are held in memory while it is walked, since they are
// sorted: about 60 bytes for each and the length of its name, which is some 100
// MB for a folder of a million entries with names of 40 bytes.
package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	kind   = "files"
	partID = "tree" // of the only part
)

// Kind returns the kind of source that this package implements.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    kind,
		Schemes: []string{"file", ""},
		Config:  func() scanners.Config { return &Config{Parallel: min(4, runtime.NumCPU())} },
		Locator: func() any { return Locator{} },
	}
}

// Config holds the settings of a tree or file.
type Config struct {
	// Path is the folder or file, or a file URI for it. A symbolic link is
	// followed here, and nowhere else.
	Path string `yaml:"path"`
	// URI is the same as a file URI (RFC 8089), instead of Path.
	URI string `yaml:"uri"`
	// Include holds patterns as of doublestar, relative to the root: only files
	// that match one, or lie in a folder that does, are read. Empty: all are.
	Include []string `yaml:"include"`
	// Exclude holds such patterns for files and whole folders to be left out;
	// it goes before Include.
	Exclude []string `yaml:"exclude"`
	// OneFilesystem leaves out what is mounted below the root.
	OneFilesystem bool `yaml:"one_filesystem"`
	// Parallel is how many files may be open at a time, 1 to 256.
	Parallel int `yaml:"parallel"`
}

// Target takes a path or a file URI.
func (c *Config) Target(target string) error {
	if target == "" {
		return errors.New("files: an empty path")
	}
	if strings.HasPrefix(target, "file:") {
		if _, err := parseURI(target); err != nil {
			return err
		}
		c.Path, c.URI = "", target
		return nil
	}
	c.Path, c.URI = target, ""
	return nil
}

// root returns the configured root as a clean absolute path.
func (c *Config) root() (string, error) {
	path := c.Path
	switch {
	case path == "" && c.URI == "":
		return "", errors.New("files: set path to the folder or file to read")
	case path != "" && c.URI != "":
		return "", errors.New("files: set either path or uri, not both")
	case path == "" || strings.HasPrefix(path, "file:/"):
		return parseURI(path + c.URI)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("files: path: %w", err)
	}
	return abs, nil
}

// Validate implements [scanners.Config]. A root that does not exist is an error.
func (c *Config) Validate() error {
	root, err := c.root()
	if err != nil {
		return err
	}
	if c.Parallel < 1 || c.Parallel > 256 {
		return fmt.Errorf("files: parallel is %d; set it to 1 up to 256", c.Parallel)
	}
	for _, p := range c.Include {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("files: include: %q is not a pattern; write for example \"**/*.sql\"", p)
		}
	}
	for _, p := range c.Exclude {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("files: exclude: %q is not a pattern; write for example \"**/cache\"", p)
		}
	}
	// A root that may not be read is a matter of coverage, not of configuration.
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("files: %s does not exist", root)
	}
	return nil
}

// Open implements [scanners.Config].
func (c *Config) Open(_ context.Context, env scanners.Env) (scanners.Source, error) {
	path, err := c.root()
	if err != nil {
		return nil, err
	}
	return &source{
		name: env.Name, path: path, uri: pathURI(path), parallel: c.Parallel, oneFS: c.OneFilesystem,
		include: patterns(c.Include), exclude: patterns(c.Exclude),
	}, nil
}

// patterns brings patterns into the form in which they are compared with paths
// relative to the root.
func patterns(ps []string) []string {
	var out []string
	for _, p := range ps {
		p = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(p, "./"), "/"), "/")
		out = append(out, p, p+"/**")
	}
	return out
}

func matches(ps []string, rel string) bool {
	for _, p := range ps {
		if doublestar.MatchUnvalidated(p, rel) {
			return true
		}
	}
	return false
}

// Locator is the Ref.Locator of a file.
type Locator struct {
	Type string `json:"type"` // "files"
	// Path is absolute. Where it is not UTF-8, PathBase64 holds its bytes and
	// Path has U+FFFD in place of those that are wrong.
	Path       string `json:"path"`
	PathBase64 []byte `json:"path_base64,omitempty"`
	// Kind is "file", "link" for a symbolic link, or "folder" for an empty one.
	Kind  string    `json:"kind"`
	Size  int64     `json:"size"` // bytes
	MTime time.Time `json:"mtime"`
	// Device and Inode are decimal numbers of up to 64 bits; empty where the
	// system has none.
	Device string `json:"device,omitempty"`
	Inode  string `json:"inode,omitempty"`
}

type source struct {
	name             string
	path             string // absolute, as configured
	uri              string // of path
	parallel         int
	oneFS            bool
	include, exclude []string

	mu     sync.Mutex
	opened *place
	closed bool
}

// A place is the root, opened.
type place struct {
	root *os.Root
	file string // name in root of the only file that is meant; empty: all of root
	info fs.FileInfo
}

func (s *source) Info() scanners.Info {
	return scanners.Info{
		Name: s.name, Type: kind, URI: s.uri,
		Consistency: "Each file is read as it is at that moment.",
		Units:       "files", Parallel: s.parallel,
	}
}

// place opens the root, or returns it as opened before.
func (s *source) place() (*place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("files: the source is closed")
	}
	if s.opened != nil {
		return s.opened, nil
	}
	p, err := openPlace(s.path)
	if err != nil {
		return nil, fmt.Errorf("files: open the root: %w", bare(err))
	}
	s.opened = p
	return p, nil
}

func openPlace(path string) (*place, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, syscall.ENAMETOOLONG) {
		return openLong(path)
	}
	if err != nil {
		return nil, err
	}
	fi, err := os.Lstat(real)
	if err != nil {
		return nil, err
	}
	p := &place{info: fi}
	if !fi.IsDir() {
		real, p.file = filepath.Split(real)
	}
	if p.root, err = os.OpenRoot(real); err != nil {
		return nil, err
	}
	return p, nil
}

// openLong opens a path that is too long for the system, step by step.
func openLong(path string) (*place, error) {
	top, err := os.OpenRoot(string(filepath.Separator))
	if err != nil {
		return nil, err
	}
	defer top.Close()
	fi, err := top.Stat(path[1:])
	if err != nil {
		return nil, err
	}
	p := &place{info: fi}
	dir := path[1:]
	if !fi.IsDir() {
		dir, p.file = filepath.Split(dir)
	}
	if p.root, err = top.OpenRoot(dir); err != nil {
		return nil, err
	}
	return p, nil
}

func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.opened == nil {
		return nil
	}
	p := s.opened
	s.opened = nil
	return p.root.Close()
}

func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(scanners.Part{}, err)
			return
		}
		p, err := s.place()
		if err != nil {
			yield(scanners.Part{}, err)
			return
		}
		part := scanners.Part{Source: s.name, ID: partID, Place: s.label(), Units: -1, Bytes: -1}
		if p.file != "" {
			part.Units, part.Bytes = 1, p.info.Size()
		} else {
			d, err := p.root.Open(".")
			if err != nil {
				yield(scanners.Part{}, fmt.Errorf("files: list the root: %w", bare(err)))
				return
			}
			_ = d.Close()
		}
		yield(part, nil)
	}
}

// label names the root for people.
func (s *source) label() string {
	if base := filepath.Base(s.path); utf8.ValidString(base) {
		return base
	}
	return "files"
}

func (s *source) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if p.ID != partID {
			yield(scanners.Item{}, fmt.Errorf("files: %q is not a part of this source", p.ID))
			return
		}
		after, err := scanners.Unescape(p.Cursor)
		if err != nil {
			yield(scanners.Item{}, fmt.Errorf("files: not a cursor: %w", err))
			return
		}
		pl, err := s.place()
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		if pl.file != "" {
			if p.Cursor != "" {
				return
			}
			if err := ctx.Err(); err != nil {
				yield(scanners.Item{}, err)
				return
			}
			fi, err := pl.root.Lstat(pl.file)
			if err != nil {
				yield(scanners.Item{}, s.gap("", err, "look at the file", 1))
				return
			}
			yield(s.item("", fi, ""))
			return
		}
		w := &walker{
			root: pl.root, info: pl.info, after: after, depth: maxDepth,
			leave: func(rel string, dir bool) bool {
				return matches(s.exclude, rel) || !dir && len(s.include) > 0 && !matches(s.include, rel)
			},
			oneFS: s.oneFS, told: true,
		}
		w.walk(ctx, func(e entry) bool {
			switch {
			case e.fatal != nil:
				return yield(scanners.Item{}, fmt.Errorf("files: %w", e.fatal))
			case e.err != nil:
				g := s.gap(e.rel, e.err, e.detail, e.units)
				g.Bytes = e.bytes
				return yield(scanners.Item{}, g)
			case e.excluded:
				uri, place := s.at(scanners.Escape(e.rel)), s.label()+" / folder"
				if e.rel == "" {
					place = s.label()
				}
				return yield(scanners.Item{}, &scanners.Exclusion{
					URI: uri, Place: place,
					Reason: scanners.ByConfig, Detail: e.detail, Units: e.units, Bytes: e.bytes,
				})
			}
			return yield(s.item(e.rel, e.info, e.link))
		})
	}
}

// at returns the URI of what lies below the root at a relative path, which is
// escaped; empty is the root.
func (s *source) at(escaped string) string {
	if escaped == "" {
		return s.uri
	}
	return strings.TrimSuffix(s.uri, "/") + "/" + escaped
}

func (s *source) gap(rel string, err error, detail string, units int64) *scanners.Gap {
	g := &scanners.Gap{URI: s.at(scanners.Escape(rel)), Place: s.label() + " / file" + scanners.Ending(rel), Units: units, Err: bare(err)}
	switch e := err.(type) {
	case *special:
		g.Reason, g.Detail = scanners.Unsupported, "a "+e.what+" is not opened"
		g.Place = s.label() + " / " + e.what
	case *tooDeep:
		g.Reason, g.Detail = scanners.TooDeep, detail
	case *backupRepository:
		g.Reason, g.Detail, g.Place = e.reason, e.detail, s.label()+" / folder"
	default:
		g.Reason, g.Detail = scanners.ReasonOf(err), detail+": "+bare(err).Error()
	}
	if g.Reason == scanners.Failed && (errors.Is(err, errChanged) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)) {
		g.Reason = scanners.Vanished
	}
	return g
}

// item describes what is at rel, and is a gap for what can't be read.
func (s *source) item(rel string, fi fs.FileInfo, link string) (scanners.Item, error) {
	what := "file"
	switch mode := fi.Mode(); {
	case mode.IsRegular():
	case mode&fs.ModeSymlink != 0:
		what = "link"
	case mode.IsDir():
		what = "folder"
	default:
		return scanners.Item{}, s.gap(rel, &special{name(mode)}, "", 1)
	}
	path := s.path
	if rel != "" {
		path = filepath.Join(path, rel)
	}
	base := filepath.Base(path)
	loc := Locator{Type: kind, Path: path, Kind: what, Size: fi.Size(), MTime: fi.ModTime().UTC()}
	if !utf8.ValidString(path) {
		loc.Path, loc.PathBase64 = strings.ToValidUTF8(path, "\uFFFD"), []byte(path)
	}
	escaped := scanners.Escape(rel)
	it := scanners.Item{Name: base, Time: fi.ModTime(), Cursor: escaped}
	if rel == "" {
		it.Cursor = "." // the whole, for a root that is a file
	}
	dev, ino, links, ok := identity(fi)
	if ok {
		loc.Device, loc.Inode = strconv.FormatUint(dev, 10), strconv.FormatUint(ino, 10)
	}
	shown := rel
	if rel == "" {
		shown = base
	}
	it.Fields = []scanners.Field{{Name: "path", Value: shown}}
	place := s.label() + " / " + what
	switch what {
	case "file":
		it.Size, it.Deferred = fi.Size(), true
		if ok && links > 1 {
			it.Same = kind + ":" + loc.Device + ":" + loc.Inode
		}
		if place += scanners.Ending(base); rel == "" {
			place = s.label()
		}
	case "link":
		// What a link says is matched as a field; it has no content besides.
		it.Fields = append(it.Fields, scanners.Field{Name: "link", Value: link})
	}
	it.Ref = scanners.Ref{
		URI: s.at(escaped), Place: place, Locator: loc, Action: "delete-file",
		If: map[string]string{"size": strconv.FormatInt(fi.Size(), 10), "mtime": loc.MTime.Format(time.RFC3339Nano)},
	}
	return it, nil
}

// Open opens the file that ref names. A symbolic link and an empty folder open
// as an item without a body.
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	if err := ctx.Err(); err != nil {
		return scanners.Item{}, err
	}
	path, err := parseURI(ref.URI)
	if err != nil {
		return scanners.Item{}, err
	}
	rel, ok := below(s.path, path)
	if !ok {
		return scanners.Item{}, errors.New("files: open: the URI does not lie below the root of this source")
	}
	pl, err := s.place()
	if err != nil {
		return scanners.Item{}, err
	}
	inside := rel
	if pl.file != "" {
		if rel != "" {
			return scanners.Item{}, s.gap(rel, fs.ErrNotExist, "open", 0)
		}
		inside = pl.file
	}
	th, err := openThing(pl.root, inside)
	if err != nil {
		return scanners.Item{}, s.gap(rel, err, "open", 0)
	}
	it, err := s.item(rel, th.info, th.link)
	if err != nil {
		if th.file != nil {
			_ = th.file.Close()
		}
		return scanners.Item{}, err
	}
	it.Cursor, it.Deferred = "", false
	if th.file != nil {
		it.Body = newBody(ctx, th.file, th.info.Size(), it.Ref)
	}
	return it, nil
}

func (s *source) Check(ctx context.Context) []scanners.Check {
	const remedy = "run as a user that may read it, or grant the capability to read all files, in a systemd service with AmbientCapabilities=CAP_DAC_READ_SEARCH"
	c := scanners.Check{What: "open " + s.label()}
	fail := func(err error) []scanners.Check {
		c.Detail = bare(err).Error()
		if errors.Is(err, fs.ErrPermission) {
			c.Remedy = remedy
		}
		return []scanners.Check{c}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	pl, err := s.place()
	if err != nil {
		return fail(err)
	}
	c.OK = true
	checks := []scanners.Check{c}
	if pl.file == "" {
		c = scanners.Check{What: "list " + s.label()}
		d, err := pl.root.Open(".")
		if err == nil {
			_, err = d.Readdirnames(1)
			_ = d.Close()
		}
		if err != nil && !isEOF(err) {
			return append(checks, fail(err)...)
		}
	} else {
		c = scanners.Check{What: "read " + s.label()}
		th, err := openThing(pl.root, pl.file)
		if err != nil {
			return append(checks, fail(err)...)
		}
		if th.file != nil {
			_ = th.file.Close()
		}
	}
	c.OK = true
	return append(checks, c)
}

// bare takes the path out of an error of package os: it may name a person.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	var sc *os.SyscallError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	case errors.As(err, &sc):
		return sc.Err
	}
	return err
}

// pathURI returns the file URI of an absolute path (RFC 8089).
func pathURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/
	}
	return "file://" + scanners.Escape(path)
}

// parseURI returns the clean absolute path that a file URI names: one of the
// forms file:///path, file://localhost/path and file:/path of RFC 8089. A path
// with dot segments is refused, since these could lead out of a root.
func parseURI(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, "file:")
	if !ok {
		return "", errors.New("files: not a file URI; write file:///absolute/path")
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		return "", errors.New("files: a file URI has no query or fragment; write ? as %3F and # as %23")
	}
	if auth, ok := strings.CutPrefix(rest, "//"); ok {
		host, path, _ := strings.Cut(auth, "/")
		if host != "" && !strings.EqualFold(host, "localhost") {
			return "", errors.New("files: a file URI of another host; write file:///absolute/path")
		}
		rest = "/" + path
		if auth == host {
			rest = ""
		}
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", errors.New("files: the file URI has a wrong percent-encoding; write % as %25")
	}
	if !strings.HasPrefix(path, "/") {
		return "", errors.New("files: a file URI needs an absolute path; write file:///absolute/path, or a path without file:")
	}
	if strings.IndexByte(path, 0) >= 0 {
		return "", errors.New("files: a file URI with a NUL byte")
	}
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "." || seg == ".." {
			return "", errors.New("files: a file URI with a . or .. segment; write the path that is meant")
		}
	}
	return filepath.Clean(filepath.FromSlash(path)), nil
}

// below returns path relative to root, empty for root itself.
func below(root, path string) (rel string, ok bool) {
	if path == root {
		return "", true
	}
	if !strings.HasSuffix(root, string(filepath.Separator)) {
		root += string(filepath.Separator)
	}
	rel, ok = strings.CutPrefix(path, root)
	return filepath.ToSlash(rel), ok
}
