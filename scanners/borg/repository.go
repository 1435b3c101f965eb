package borg

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spoor-scan/spoor/scanners"
)

// A repository is one that was opened: its log is read, its key known, its
// archives are listed. It may be used concurrently.
type repository struct {
	store    scanners.Store
	uri      string
	label    string
	id       string // in hexadecimal
	segments map[uint32]segment
	order    []uint32 // numbers of the segments
	index    index
	keys     *keys
	mode     string
	inflate  *inflater
	archives []archive // in the order of their series, and in these of time

	deleted   bitset   // objects that were deleted and may be in the log still
	spoken    []uint32 // objects that describe archives, and the manifest
	gaps      []*scanners.Gap
	decrypted atomic.Int64 // plain bytes, for tests and measurements

	mu      sync.Mutex // of index, once the log was read, and windows
	windows []*window  // that nobody uses
}

// number returns the number of the object with a name, which may be missing.
func (r *repository) number(name *id) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.number(name)
}

// object returns the object with a number.
func (r *repository) object(number uint32) object {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.index.at(number)
}

// maxGaps bounds how many gaps are told of one repository, each archive and
// segment having some.
const maxGaps = 10000

// gap keeps what can't be read of the repository as such.
func (r *repository) gap(g scanners.Gap) {
	if g.URI == "" {
		g.URI = r.uri
	}
	g.Place = strings.TrimSuffix(r.label+" / "+g.Place, " / ")
	if len(r.gaps) >= maxGaps {
		r.gaps[maxGaps-1].Units += g.Units
		return
	}
	r.gaps = append(r.gaps, &g)
}

// A settings is what the file "config" of a repository says.
type settings struct {
	version, id, key string
}

// maxConfig is the length of the file "config" that is read, in bytes.
const maxConfig = 1 << 20

// parseSettings reads the file "config", as Python's configparser does: values
// go on in lines that are indented.
func parseSettings(b []byte) (s settings, ok bool) {
	section, key := "", ""
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxConfig+1)
	for lines.Scan() {
		line := lines.Text()
		bare := strings.TrimSpace(line)
		switch {
		case bare == "" || bare[0] == '#' || bare[0] == ';':
		case bare[0] == '[':
			section, key = strings.Trim(bare, "[]"), ""
		case (line[0] == ' ' || line[0] == '\t') && key != "":
			values[key] += "\n" + bare
		case section == "repository":
			name, value, _ := strings.Cut(bare, "=")
			key = strings.ToLower(strings.TrimSpace(name))
			values[key] = strings.TrimSpace(value)
		default:
			key = ""
		}
	}
	s = settings{values["version"], strings.ToLower(values["id"]), values["key"]}
	return s, s.version != "" && len(s.id) == 64
}

// others are repositories of other programs, by a file that they have.
var others = [...]struct{ file, detail string }{
	{"config/manifest", "a repository of Borg 2, which has another format, is not read"},
	{"config/version", "a repository of Borg 2, which has another format, is not read"},
	{"config/readme", "a repository of Borg 2, which has another format, is not read"},
	{"kopia.repository.f", "a repository of Kopia is not read"},
	{"kopia.repository", "a repository of Kopia is not read"},
}

// readSettings reads what the repository says of itself. The error of one that
// is none of Borg 1.x is a *Gap.
func (r *repository) readSettings(ctx context.Context) (settings, error) {
	b := make([]byte, maxConfig)
	n, err := readAt(ctx, r.store, "config", 0, b)
	if err == nil {
		s, ok := parseSettings(b[:n])
		switch {
		case ok && s.version == "1":
			return s, nil
		case ok && s.version == "2":
			return s, &scanners.Gap{Reason: scanners.Unsupported, Detail: others[0].detail}
		case ok:
			return s, &scanners.Gap{Reason: scanners.Unsupported, Detail: "a repository of a version of Borg that is not known is not read"}
		}
		return s, &scanners.Gap{Reason: scanners.Corrupt, Detail: "the file config is not that of a repository of Borg"}
	}
	if ctx.Err() != nil {
		return settings{}, ctx.Err()
	}
	for _, o := range others {
		if _, oerr := readAt(ctx, r.store, o.file, 0, make([]byte, 1)); oerr == nil {
			return settings{}, &scanners.Gap{Reason: scanners.Unsupported, Detail: o.detail}
		}
	}
	if reason := scanners.ReasonOf(err); reason != scanners.Vanished && reason != scanners.Unsupported {
		return settings{}, fmt.Errorf("read the file config: %w", err)
	}
	return settings{}, &scanners.Gap{Reason: scanners.Vanished, Detail: "there is no repository of Borg: it has no file config"}
}

// openRepository reads a repository as far as its archives. unlock is given its
// id and the key that it holds, if any, and returns the keys.
func openRepository(ctx context.Context, r *repository, unlock func(ctx context.Context, id, stored string) (*keys, error)) error {
	s, err := r.readSettings(ctx)
	if err != nil {
		return err
	}
	r.id = s.id
	if err := r.list(ctx); err != nil {
		return err
	}
	if err := r.replay(ctx); err != nil {
		return err
	}
	var name id // of the manifest
	at, ok := r.index.find(&name)
	if !ok || r.deleted.has(at) {
		if len(r.gaps) > 0 {
			return fmt.Errorf("the manifest is missing: %w", r.gaps[0])
		}
		return broken("the manifest, which lists the archives, is missing")
	}
	r.spoken = append(r.spoken, at)
	sealed, err := r.sealed(ctx, *r.index.at(at))
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if len(sealed) == 0 {
		return broken("the manifest is empty")
	}
	r.mode, r.keys = modeOf(sealed[0]), &keys{}
	switch {
	case r.mode == "":
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: "the repository is encrypted in a way that is not known"}
	case r.mode != "none":
		if r.keys, err = unlock(ctx, s.id, s.key); err != nil {
			return err
		}
	}
	b, err := r.keys.open(sealed)
	if err == nil {
		b, err = r.inflate.inflate(b, 0)
	}
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	m, err := parseManifest(b)
	if err != nil {
		return err
	}
	if len(m.needs) > 0 {
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: "the repository needs features that are not known"}
	}
	return r.readArchives(ctx, m.archives)
}

// readArchives reads the descriptions of archives and brings them in order.
func (r *repository) readArchives(ctx context.Context, all []archive) error {
	names := map[string]bool{}
	for _, a := range all {
		if names[a.name] {
			r.gap(scanners.Gap{URI: archiveURI(r.uri, a.name), Place: "archive", Reason: scanners.Corrupt, Detail: "a second archive of the same name", Units: 1})
			continue
		}
		names[a.name] = true
		number := r.number(&a.id)
		r.spoken = append(r.spoken, number)
		b, err := r.read(ctx, number, 0)
		if err == nil {
			err = a.parse(b, r.number)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.gap(scanners.Gap{
				URI: archiveURI(r.uri, a.name), Place: "archive", Reason: scanners.ReasonOf(err),
				Detail: "an archive can't be listed: " + reasonText(err), Units: 1,
			})
			continue
		}
		r.archives = append(r.archives, a)
	}
	slices.SortFunc(r.archives, func(a, b archive) int {
		return cmp.Or(strings.Compare(a.series, b.series), a.time.Compare(b.time), strings.Compare(a.name, b.name))
	})
	return nil
}

// sealed reads the stored form of an object.
func (r *repository) sealed(ctx context.Context, o object) ([]byte, error) {
	w := r.window(o)
	defer func() {
		r.mu.Lock()
		r.windows = append(r.windows, w)
		r.mu.Unlock()
	}()
	return r.value(ctx, w, o)
}

// window returns the window that fits an object best. It is to be given back.
func (r *repository) window(o object) *window {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.windows) == 0 {
		return &window{store: r.store}
	}
	best := 0
	name := r.segments[o.seg].name
	for i, w := range r.windows {
		if d := int64(o.offset) - w.at; w.name == name && 0 <= d && d <= int64(len(w.b))+nearWindow {
			best = i
		}
	}
	w := r.windows[best]
	r.windows = slices.Delete(r.windows, best, best+1)
	return w
}

// read returns the value of an object by its number: decrypted, decompressed and
// compared with its name. expect is how long it is said to be, 0 where nothing
// says. The error is one of ctx, or a *Gap.
func (r *repository) read(ctx context.Context, number uint32, expect int) ([]byte, error) {
	o := r.object(number)
	if o.seg == nowhere {
		return nil, broken("a chunk is missing")
	}
	sealed, err := r.sealed(ctx, o)
	if err != nil {
		var g *scanners.Gap
		if ctx.Err() != nil || errors.As(err, &g) {
			return nil, err
		}
		return nil, &scanners.Gap{Reason: scanners.ReasonOf(err), Detail: "read a segment: " + err.Error(), Err: err}
	}
	if len(sealed) == 0 {
		return nil, broken("a chunk is empty")
	}
	first := sealed[0] // decrypting writes over the rest
	b, err := r.keys.open(sealed)
	if err == nil {
		b, err = r.inflate.inflate(b, expect)
	}
	if err != nil {
		return nil, err
	}
	if !r.keys.verify(first, &o.id, b) {
		return nil, broken("the content of a chunk is not that of its name")
	}
	r.decrypted.Add(int64(len(b)))
	return b, nil
}

// archive returns the archive with a name.
func (r *repository) archive(name string) (*archive, bool) {
	for i := range r.archives {
		if r.archives[i].name == name {
			return &r.archives[i], true
		}
	}
	return nil, false
}

// archiveURI returns the URI of an archive.
func archiveURI(repository, name string) string {
	return repository + "!/" + scanners.EscapeSegment(name)
}

// itemURI returns the URI of what lies at a path in an archive.
func itemURI(repository, archive string, path []byte) string {
	return archiveURI(repository, archive) + "/" + scanners.Escape(string(path))
}

// chunkURI returns the URI of a chunk that no file has: it stands where an
// archive without a name would.
func chunkURI(repository string, name *id) string {
	return repository + "!//chunk/" + hex.EncodeToString(name[:])
}

// parseURI takes the URI of an archive, of what is in one, or of a chunk, for
// which archive is empty, apart.
func parseURI(repository, uri string) (archive, path string, inside bool, err error) {
	rest, ok := strings.CutPrefix(uri, repository+"!/")
	if !ok {
		return "", "", false, errors.New("borg: not a URI of this repository")
	}
	archive, path, inside = strings.Cut(rest, "/")
	if archive, err = scanners.Unescape(archive); err == nil {
		path, err = scanners.Unescape(path)
	}
	if err != nil || archive == "" && !strings.HasPrefix(path, "chunk/") {
		return "", "", false, errors.New("borg: not a URI of this repository")
	}
	return archive, path, inside, nil
}
