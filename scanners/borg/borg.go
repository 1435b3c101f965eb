// Package borg reads backup repositories of Borg 1.x, of all its ways of
// encryption and compression.
//
// The format is that of docs/internals/data-structures.rst and security.rst of
// Borg. The log of segments is replayed from its entries; index, hints and
// caches are neither read nor written, and no lock is taken: a segment that a
// compaction removes meanwhile is a gap.
//
// The archives' lists of files are walked first, what they share once. Files
// with the same list of chunks are one content, which is yielded once; the other
// places of it are its copies. Contents that share chunks follow each other, so
// that each chunk is decrypted once in all likelihood.
package borg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	kind   = "borg"
	scheme = kind + ":"
	partID = "contents" // of the only part
)

// Kind returns the kind of source that this package implements.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    kind,
		Schemes: []string{kind},
		Config:  func() scanners.Config { return &Config{Parallel: min(4, runtime.NumCPU())} },
		Locator: func() any { return Locator{} },
	}
}

// Config holds the settings of a repository.
type Config struct {
	// Repository is the path of its folder, or another place that the program
	// can open a store at.
	Repository string `yaml:"repository"`
	// Passphrase opens the key. Without one, BORG_PASSPHRASE and BORG_PASSCOMMAND
	// are asked, and an empty one is tried.
	Passphrase secret.From `yaml:",inline"`
	// KeyFile is the key of a repository that does not hold it. Without one,
	// BORG_KEY_FILE is asked, and the files of BORG_KEYS_DIR, which are in
	// ~/.config/borg/keys by default, are looked through.
	KeyFile string `yaml:"key_file"`
	// Parallel is how many files may be open at a time, 1 to 256.
	Parallel int `yaml:"parallel"`
}

// Target takes "borg:" and the place of a repository.
func (c *Config) Target(target string) error {
	place := strings.TrimPrefix(target, scheme)
	if place == "" {
		return errors.New("borg: write the path of a repository behind borg:, as in borg:/srv/backup")
	}
	c.Repository = place
	return nil
}

// Validate implements [scanners.Config].
func (c *Config) Validate() error {
	if c.Repository == "" {
		return errors.New("borg: set repository to the path of the repository")
	}
	if c.Parallel < 1 || c.Parallel > 256 {
		return fmt.Errorf("borg: parallel is %d; set it to 1 up to 256", c.Parallel)
	}
	if err := c.Passphrase.Validate(); err != nil {
		return fmt.Errorf("borg: %w", err)
	}
	// One that may not be read is a matter of coverage, not of configuration.
	if _, err := os.Stat(c.Repository); errors.Is(err, fs.ErrNotExist) && !strings.Contains(c.Repository, ":") {
		return fmt.Errorf("borg: %s does not exist", c.Repository)
	}
	return nil
}

// Open implements [scanners.Config].
func (c *Config) Open(ctx context.Context, env scanners.Env) (scanners.Source, error) {
	place := c.Repository
	if !strings.Contains(place, ":") || filepath.IsAbs(place) {
		abs, err := filepath.Abs(place)
		if err != nil {
			return nil, fmt.Errorf("borg: the repository's path: %w", err)
		}
		place = abs
	}
	label := filepath.Base(place)
	if !utf8.ValidString(label) || label == "/" || label == "." {
		label = kind
	}
	if env.OpenStore == nil {
		return nil, errors.New("borg: there is nothing to open the repository's place with")
	}
	return &source{
		name: env.Name, place: place, label: label, uri: scheme + scanners.Escape(place), config: *c, env: env, parallel: c.Parallel,
	}, nil
}

// maxChunkIDs is how many chunks a locator lists.
const maxChunkIDs = 256

// Locator is the Ref.Locator of an archive or of what is in one.
type Locator struct {
	Type         string `json:"type"` // "borg"
	Repository   string `json:"repository"`
	RepositoryID string `json:"repository_id"`
	Archive      string `json:"archive,omitempty"`
	ArchiveID    string `json:"archive_id,omitempty"`
	// Path is as in the archive: relative. Where it is not UTF-8, PathBase64
	// holds its bytes. It is empty for the archive itself.
	Path       string    `json:"path,omitempty"`
	PathBase64 []byte    `json:"path_base64,omitempty"`
	Kind       string    `json:"kind"` // "file", "folder", "link", "device", "archive" or "chunk"
	Size       int64     `json:"size"` // bytes; -1 where it is not known
	MTime      time.Time `json:"mtime,omitzero"`
	Time       time.Time `json:"time,omitzero"` // of the archive
	Host       string    `json:"host,omitempty"`
	// Chunks are the names of the chunks of a file, in their order, as far as
	// there are no more than 256; ChunkCount says how many there are, and
	// ChunksSHA256 is over the names of all.
	Chunks       []string `json:"chunks,omitempty"`
	ChunkCount   int      `json:"chunk_count,omitempty"`
	ChunksSHA256 string   `json:"chunks_sha256,omitempty"`
}

// A located is the Locator of a content as it is listed: the same source finds
// it without a search.
type located struct {
	Locator
	from    *plan
	content uint32
	record  where
	archive uint32
}

type source struct {
	name, place, label, uri string
	config                  Config
	env                     scanners.Env
	parallel                int

	mu     sync.Mutex // held while the repository is opened or planned
	opened *opened
	closed bool
}

// opened is a repository in use.
type opened struct {
	*repository
	cache *cache
	plan  *plan

	planned sync.Mutex
	looking sync.Mutex
	lookups []*lookup // by archive; the latest last
}

func (s *source) Info() scanners.Info {
	return scanners.Info{
		Name: s.name, Type: kind, URI: s.uri,
		Consistency: "The repository is read as it was when its log was read; what is compacted away meanwhile is a gap.",
		Units:       "distinct files", Parallel: s.parallel,
	}
}

// open opens the repository, or returns it as opened before.
func (s *source) open(ctx context.Context) (*opened, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("borg: the source is closed")
	}
	if s.opened != nil {
		return s.opened, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	store, err := s.env.OpenStore(ctx, s.place)
	if err != nil {
		return nil, fmt.Errorf("borg: open the repository: %w", err)
	}
	r := &repository{store: store, uri: s.uri, label: s.label}
	if r.inflate, err = newInflater(); err == nil {
		err = openRepository(ctx, r, s.unlock)
	}
	if err != nil {
		_ = closeStore(store)
		return nil, fmt.Errorf("borg: open the repository: %w", err)
	}
	o := &opened{repository: r}
	o.cache = &cache{read: r.read, wanted: o.wanted, memory: memoryCache, disk: diskCache}
	s.opened = o
	return o, nil
}

func closeStore(store scanners.Store) error {
	if c, ok := store.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (o *opened) wanted(number uint32) bool {
	return o.plan != nil && int(number) < len(o.plan.wanted) && o.plan.wanted[number].Load() > 0
}

// planFor makes the plan, or returns it as made before.
func (s *source) planFor(ctx context.Context) (*opened, *plan, error) {
	o, err := s.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.planned.Lock()
	defer o.planned.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if o.plan == nil {
		p, err := makePlan(ctx, o.repository)
		if err != nil {
			return nil, nil, fmt.Errorf("borg: list the files: %w", err)
		}
		o.cache.mu.Lock()
		o.plan = p
		o.cache.mu.Unlock()
	}
	return o, o.plan, nil
}

func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	o := s.opened
	if o == nil {
		return nil
	}
	s.opened = nil
	o.planned.Lock()
	defer o.planned.Unlock()
	err := o.cache.close()
	if o.plan != nil {
		err = errors.Join(err, o.plan.spool.close())
	}
	o.inflate.close()
	return errors.Join(err, closeStore(o.store))
}

func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		_, p, err := s.planFor(ctx)
		if err != nil {
			yield(scanners.Part{}, err)
			return
		}
		units := int64(p.contents.n) + int64(len(p.loose))
		for _, g := range p.gaps {
			units += g.Units
		}
		yield(scanners.Part{
			Source: s.name, ID: partID, Place: s.label, Units: units, Bytes: p.bytes,
			Range: fmt.Sprintf("%d archives", len(p.r.archives)),
		}, nil)
	}
}

// A cursor says after what a part goes on: an archive, the n-th content or one
// of its names, the n-th of other things, or of chunks without a file; and by the name of the content
// whether the repository is still the same.
type cursor struct {
	phase  byte // 'a', 'c', 't' or 'u'; 0 at the start
	n, sub int
	key    string
}

func (c cursor) String() string { return fmt.Sprintf("%c.%d.%d.%s", c.phase, c.n, c.sub, c.key) }

func parseCursor(s string) (c cursor, err error) {
	if s == "" {
		return c, nil
	}
	_, err = fmt.Sscanf(s, "%c.%d.%d.%s", &c.phase, &c.n, &c.sub, &c.key)
	if err != nil || !strings.ContainsRune("actu", rune(c.phase)) || c.n < 0 || c.sub < 0 {
		return c, errors.New("borg: not a cursor")
	}
	return c, nil
}

// before reports whether a cursor comes before a step.
func (c cursor) before(phase byte, n, sub int) bool {
	if c.phase != phase {
		return c.phase < phase
	}
	return c.n < n || c.n == n && c.sub < sub
}

func (s *source) Items(ctx context.Context, part scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if part.ID != partID {
			yield(scanners.Item{}, fmt.Errorf("borg: %q is not a part of this source", part.ID))
			return
		}
		from, err := parseCursor(part.Cursor)
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		_, p, err := s.planFor(ctx)
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		if from.phase != 0 && from.key != p.mark(from.phase, from.n) {
			from = cursor{} // the repository is another by now
		}
		if from.phase == 0 {
			for _, g := range p.gaps {
				c := *g
				if !yield(scanners.Item{}, &c) {
					return
				}
			}
		}
		each := func(phase byte, n, sub int, item func() (scanners.Item, error)) bool {
			if !from.before(phase, n, sub) {
				return true
			}
			if err := ctx.Err(); err != nil {
				yield(scanners.Item{}, err)
				return false
			}
			it, err := item()
			if err != nil {
				yield(scanners.Item{}, err)
				return false
			}
			it.Cursor = cursor{phase, n, sub, p.mark(phase, n)}.String()
			return yield(it, nil)
		}
		for n := range p.r.archives {
			if !each('a', n, 0, func() (scanners.Item, error) { return s.archiveItem(p.r, &p.r.archives[n]), nil }) {
				return
			}
		}
		start := 0
		if from.phase == 'c' {
			start = from.n
		} else if from.phase > 'c' {
			start = len(p.order)
		}
		for n := start; n < len(p.order); n++ {
			names := p.names(p.contents.at(p.order[n]).names)
			for sub := range names {
				if !each('c', n, sub, func() (scanners.Item, error) { return s.planned(p, p.order[n], names, sub) }) {
					return
				}
			}
		}
		start = 0
		if from.phase == 't' {
			start = from.n
		} else if from.phase > 't' {
			start = len(p.things)
		}
		for n := start; n < len(p.things); n++ {
			names := p.names(p.things[n])
			if !each('t', n, 0, func() (scanners.Item, error) { return s.planned(p, none, names, 0) }) {
				return
			}
		}
		for n := range p.loose {
			if !each('u', n, 0, func() (scanners.Item, error) { return s.looseItem(p.r, p.loose[n]), nil }) {
				return
			}
		}
	}
}

// mark returns what a cursor is compared by; "-" where it is beyond the end.
func (p *plan) mark(phase byte, n int) string {
	switch {
	case phase == 'a' && n < len(p.r.archives):
		return hex.EncodeToString(p.r.archives[n].id[:6])
	case phase == 'c' && n < len(p.order):
		key := p.contents.at(p.order[n]).key
		return hex.EncodeToString(key[:6])
	case phase == 't' && n < len(p.things):
		key := p.records.at(p.things[n]).key
		return hex.EncodeToString(key[:6])
	case phase == 'u' && n < len(p.loose):
		name := p.r.object(p.loose[n]).id
		return hex.EncodeToString(name[:6])
	}
	return "-"
}

// looseItem describes a chunk that no file has.
func (s *source) looseItem(r *repository, number uint32) scanners.Item {
	o := r.object(number)
	place := " / data of no archive"
	if r.deleted.has(number) {
		place = " / deleted data, there until the repository is compacted"
	}
	return scanners.Item{
		Ref: scanners.Ref{
			URI: chunkURI(s.uri, &o.id), Place: s.label + place, Action: "review",
			Locator: Locator{
				Type: kind, Repository: s.place, RepositoryID: r.id, Kind: "chunk", Size: -1, Chunks: []string{hex.EncodeToString(o.id[:])}, ChunkCount: 1,
			},
		},
		Size: -1, Deferred: true,
	}
}

// archiveItem describes an archive itself.
func (s *source) archiveItem(r *repository, a *archive) scanners.Item {
	loc := s.locator(r, a)
	loc.Kind = "archive"
	return scanners.Item{
		Ref: scanners.Ref{
			URI: archiveURI(s.uri, a.name), Place: s.label + " / archive", Locator: loc, Action: "drop-snapshots",
		},
		Time: a.time, Uncounted: true,
		Fields: append([]scanners.Field{{Name: "archive", Value: text([]byte(a.name))}}, a.fields...),
	}
}

func (s *source) locator(r *repository, a *archive) Locator {
	return Locator{
		Type: kind, Repository: s.place, RepositoryID: r.id, Archive: text([]byte(a.name)), ArchiveID: hex.EncodeToString(a.id[:]), Time: a.time, Host: text([]byte(a.host)),
	}
}

// planned describes a content by one of its names, or a thing without one.
// The first name of a content stands for it.
func (s *source) planned(p *plan, of uint32, names []name, sub int) (scanners.Item, error) {
	b, err := p.spool.get(names[sub].where)
	if err != nil {
		return scanners.Item{}, err
	}
	var pieces []piece
	if of != none {
		c, err := p.spool.get(p.contents.at(of).where)
		if err != nil {
			return scanners.Item{}, err
		}
		pieces, _ = decodePieces(c)
	}
	a := &p.r.archives[names[sub].first]
	it := s.item(p.r, a, decodeItem(b), pieces)
	if of != none && sub == 0 {
		it.Ref.Locator = located{it.Ref.Locator.(Locator), p, of, names[0].where, names[0].first}
		it.Deferred, it.Uncounted = true, false
	} else {
		it.Uncounted = true
		names = names[sub : sub+1]
	}
	if len(names) > 1 || len(names[0].archives) > 1 || names[0].archives[0].n > 1 {
		it.Copies = func(limit int) ([]scanners.Copy, int) { return p.copies(names, limit) }
	}
	return it, nil
}

// item describes what an item of an archive says.
func (s *source) item(r *repository, a *archive, from *item, pieces []piece) scanners.Item {
	loc := s.locator(r, a)
	loc.Path, loc.Kind, loc.MTime = text(from.path), from.kind(), mtimeOf(from.mtime)
	if loc.Path != string(from.path) {
		loc.PathBase64 = from.path
	}
	if loc.ChunkCount = len(pieces); len(pieces) > 0 {
		h := sha256.New()
		for _, c := range pieces {
			name := r.object(c.number).id
			h.Write(name[:])
			if len(pieces) <= maxChunkIDs {
				loc.Chunks = append(loc.Chunks, hex.EncodeToString(name[:]))
			}
		}
		loc.ChunksSHA256 = hex.EncodeToString(h.Sum(nil))
	}
	loc.Size = sizeOf(pieces)
	path, ending := string(from.path), ""
	if loc.Kind == "file" {
		ending = scanners.Ending(path)
	}
	return scanners.Item{
		Ref: scanners.Ref{
			URI: itemURI(s.uri, a.name, from.path), Place: s.label + " / " + loc.Kind + ending, Locator: loc, Action: "drop-snapshots",
		},
		Name: path[strings.LastIndexByte(path, '/')+1:], Size: loc.Size, Time: loc.MTime, Fields: from.fields(),
	}
}

// Open implements [scanners.Source].
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	o, err := s.open(ctx)
	if err != nil {
		return scanners.Item{}, err
	}
	if loc, ok := ref.Locator.(located); ok && loc.from == o.plan {
		p := loc.from
		b, err := p.spool.get(loc.record)
		if err != nil {
			return scanners.Item{}, err
		}
		c, err := p.spool.get(p.contents.at(loc.content).where)
		if err != nil {
			return scanners.Item{}, err
		}
		pieces, replaced := decodePieces(c)
		it := s.item(o.repository, &o.archives[loc.archive], decodeItem(b), pieces)
		it.Ref.Locator = loc
		it.Body = &body{ctx: ctx, opened: o, plan: p, pieces: pieces, replaced: replaced, others: func() int {
			_, n := p.copies(p.names(p.contents.at(loc.content).names), 0)
			return n
		}}
		it.Extents = extents(it.Size, pieces)
		return it, nil
	}
	name, path, inside, err := parseURI(s.uri, ref.URI)
	if err != nil {
		return scanners.Item{}, err
	}
	gone := &scanners.Gap{URI: ref.URI, Place: s.label, Reason: scanners.Vanished, Detail: "it is not in the repository"}
	if hexed, ok := strings.CutPrefix(path, "chunk/"); ok && name == "" {
		b, err := hex.DecodeString(hexed)
		if err != nil || len(b) != len(id{}) {
			return scanners.Item{}, gone
		}
		chunk := id(b)
		n := o.number(&chunk)
		if o.object(n).seg == nowhere {
			return scanners.Item{}, gone
		}
		it := s.looseItem(o.repository, n)
		it.Deferred, it.Body = false, &body{ctx: ctx, opened: o, pieces: []piece{{number: n}}}
		return it, nil
	}
	a, ok := o.archive(name)
	if !ok {
		return scanners.Item{}, gone
	}
	if !inside {
		it := s.archiveItem(o.repository, a)
		it.Uncounted = false
		return it, nil
	}
	found, err := o.find(ctx, a, path)
	if err != nil {
		return scanners.Item{}, err
	}
	if found == nil {
		return scanners.Item{}, gone
	}
	pieces := make([]piece, 0, len(found.chunks))
	for i := range found.chunks {
		pieces = append(pieces, piece{o.number(&found.chunks[i].id), found.chunks[i].size})
	}
	it := s.item(o.repository, a, found, pieces)
	if len(pieces) > 0 {
		it.Body = &body{ctx: ctx, opened: o, pieces: pieces, replaced: found.replaced}
	}
	return it, nil
}

// leastExtents is from what size on the chunks of a file are listed, in bytes.
const leastExtents = 8 << 20

// extents lists the chunks of a file; none of one that is small.
func extents(size int64, pieces []piece) []scanners.Extent {
	if size < leastExtents || len(pieces) < 2 {
		return nil
	}
	list := make([]scanners.Extent, len(pieces))
	for i, p := range pieces {
		list[i] = scanners.Extent{ID: strconv.FormatUint(uint64(p.number), 36), Len: int64(p.size)}
	}
	return list
}

// Check implements [scanners.Source].
func (s *source) Check(ctx context.Context) []scanners.Check {
	o, err := s.open(ctx)
	if err != nil {
		c := scanners.Check{What: "open the repository", Detail: reasonText(err)}
		if scanners.ReasonOf(err) == scanners.KeyMissing {
			c.Remedy = "set BORG_PASSPHRASE, BORG_PASSCOMMAND or one of the password settings; for a key file BORG_KEY_FILE or key_file"
		}
		return []scanners.Check{c}
	}
	list := scanners.Check{What: fmt.Sprintf("list %d archives (encryption: %s)", len(o.archives), o.mode), OK: true}
	if len(o.gaps) > 0 {
		list.OK, list.Detail = false, o.gaps[0].Detail
		list.Remedy = "run: borg check"
	}
	return []scanners.Check{{What: "open the repository", OK: true}, list}
}
