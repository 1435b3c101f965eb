package restic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// A Locator is the Ref.Locator of what lies in a repository.
type Locator struct {
	Type       string `json:"type"`       // "restic"
	Repository string `json:"repository"` // as restic calls it, without credentials
	// Snapshot is the id of the snapshot in which the URI names the file, Time
	// and Host are when it was made and of what. They are absent for what no
	// snapshot has any more: "restic prune" is what erases that.
	Snapshot string    `json:"snapshot,omitempty"`
	Time     time.Time `json:"time,omitzero"`
	Host     string    `json:"host,omitempty"`
	// Snapshots are the ids of all snapshots that have to go, the oldest first,
	// before a prune erases the content. Those beyond 100,000 names of it are not
	// among them.
	Snapshots []string `json:"snapshots,omitempty"`
	// Tree is the id of the tree from which Path leads, where there is no
	// snapshot.
	Tree string `json:"tree,omitempty"`
	// Path has no leading slash. Where it is not UTF-8, PathBase64 holds its
	// bytes and Path has U+FFFD in place of those that are wrong.
	Path       string `json:"path,omitempty"`
	PathBase64 []byte `json:"path_base64,omitempty"`
	// Kind is what restic calls the entry: "file", "dir", "symlink", and so on;
	// "snapshot" for one itself and "blob" for a piece that no file names.
	Kind  string    `json:"kind"`
	Size  int64     `json:"size"` // bytes
	MTime time.Time `json:"mtime,omitzero"`
	// Blobs are the ids of the pieces that the content is made of, in order: the
	// first 1,000 of them.
	Blobs []string `json:"blobs,omitempty"`
}

// maxBlobs is how many blobs a locator names.
const maxBlobs = 1000

// located is a Locator that fills in at the last moment what takes a while: it
// is written for hits only.
type located struct {
	Locator
	snapshots func() []string
	node      *node // what the locator names
}

// MarshalJSON implements json.Marshaler.
func (l *located) MarshalJSON() ([]byte, error) {
	out := l.Locator
	if l.snapshots != nil {
		out.Snapshots = l.snapshots()
	}
	return json.Marshal(out)
}

// Parts implements scanners.Source: there is one.
func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		if _, err := s.load(ctx); err != nil {
			yield(scanners.Part{}, err)
			return
		}
		yield(scanners.Part{Source: s.name, ID: partID, Place: s.label(), Units: -1, Bytes: -1}, nil)
	}
}

// Items implements scanners.Source: snapshots, names, contents, and pieces that
// no file has, in this order.
func (s *source) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if p.ID != partID {
			yield(scanners.Item{}, fmt.Errorf("restic: %q is not a part of this source", p.ID))
			return
		}
		w, err := s.walk(ctx)
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		state := w.r.state()
		done := 0
		if p.Cursor != "" {
			of, n, ok := strings.Cut(p.Cursor, ":")
			k, err := strconv.Atoi(n)
			if !ok || err != nil || k < 0 {
				yield(scanners.Item{}, errors.New("restic: not a cursor"))
				return
			}
			if of == state { // else it is of what the repository was before
				done = k
			}
		}
		if done == 0 {
			for _, g := range slices.Concat(w.r.gaps, w.gaps) {
				if !yield(scanners.Item{}, s.gap(g)) {
					return
				}
			}
		}
		n := 0
		next := func(make func() (scanners.Item, error)) bool {
			if n++; n <= done {
				return true
			}
			if err := ctx.Err(); err != nil {
				yield(scanners.Item{}, err)
				return false
			}
			it, err := make()
			it.Cursor = state + ":" + strconv.Itoa(n)
			return yield(it, err) && err == nil
		}
		for _, sn := range w.r.snapshots {
			if !next(func() (scanners.Item, error) { return s.snapshotItem(sn), nil }) {
				return
			}
		}
		for _, t := range w.order {
			if !next(func() (scanners.Item, error) { return s.thingItem(w, t) }) {
				return
			}
		}
		for _, k := range w.loose {
			if !next(func() (scanners.Item, error) { return s.blobItem(w.r.data.at(k)), nil }) {
				return
			}
		}
	}
}

// state names what is in the repository.
func (r *repo) state() string {
	h := sha256.New()
	for _, s := range r.snapshots {
		h.Write(s.id[:])
	}
	for _, p := range r.packs {
		h.Write(p[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (s *source) snapshotItem(sn *snapshot) scanners.Item {
	id := sn.id.String()
	return scanners.Item{
		Ref: scanners.Ref{
			URI: s.uri + sn.uri(""), Place: s.label() + " / snapshot", Action: "drop-snapshots",
			Locator: &located{Locator: Locator{
				Type: kind, Repository: s.repository, Snapshot: id, Time: sn.Time.UTC(), Host: sn.Hostname, Kind: "snapshot", Snapshots: []string{id},
			}},
		},
		Name: id[:8], Time: sn.Time, Fields: sn.fields(), Uncounted: true,
	}
}

// thingItem makes the item of a thing, under its first name.
func (s *source) thingItem(w *walk, t uint32) (scanners.Item, error) {
	th := w.things.at(t)
	e, err := w.get(th.first)
	if err != nil {
		return scanners.Item{}, err
	}
	snap, path, err := w.first(e)
	if err != nil {
		return scanners.Item{}, err
	}
	it := s.nodeItem(w.snaps[snap], path, &e.node)
	l := it.Ref.Locator.(*located)
	l.snapshots = func() []string {
		names, _ := w.all(t)
		var out []string
		for _, n := range names {
			if sn := w.snaps[n.snap]; !sn.loose && (len(out) == 0 || out[len(out)-1] != sn.id.String()) {
				out = append(out, sn.id.String())
			}
		}
		return out
	}
	it.Copies = func(limit int) (list []scanners.Copy, total int) {
		names, _ := w.all(t)
		names = slices.DeleteFunc(names, func(n name) bool { return n.snap == snap && n.path == path })
		total = len(names)
		if limit < total { // the oldest, and the newest
			names = slices.Delete(names, limit/2, total-(limit-limit/2))
		}
		for _, n := range names {
			sn := w.snaps[n.snap]
			list = append(list, scanners.Copy{URI: s.uri + sn.uri(n.path), Time: sn.Time, Host: sn.Hostname})
		}
		return list, total
	}
	if it.Uncounted = th.bare(); !it.Uncounted {
		it.Deferred = true
	}
	return it, nil
}

// nodeItem describes an entry of a tree, without its content.
func (s *source) nodeItem(sn *snapshot, path_ string, n *node) scanners.Item {
	l := Locator{Type: kind, Repository: s.repository, Path: path_, Kind: n.Type, MTime: n.MTime.UTC()}
	if !utf8.ValidString(path_) {
		l.Path, l.PathBase64 = strings.ToValidUTF8(path_, "\uFFFD"), []byte(path_)
	}
	if n.Type == "file" {
		l.Size = n.Size
	}
	for _, b := range n.Content[:min(len(n.Content), maxBlobs)] {
		l.Blobs = append(l.Blobs, b.String())
	}
	action := "drop-snapshots"
	if sn.loose {
		l.Tree, action = sn.id.String(), "review"
	} else {
		l.Snapshot, l.Time, l.Host = sn.id.String(), sn.Time.UTC(), sn.Hostname
	}
	what := n.Type
	switch n.Type {
	case "file":
		what += scanners.Ending(path_)
	case "dir":
		what = "folder"
	case "symlink":
		what = "link"
	}
	if len(what) > 32 || strings.ContainsAny(what, "@/") {
		what = "entry"
	}
	label := s.label()
	if sn.loose {
		label += " / unreferenced"
	}
	return scanners.Item{
		Ref:    scanners.Ref{URI: s.uri + sn.uri(path_), Place: label + " / " + what, Locator: &located{Locator: l, node: n}, Action: action},
		Name:   path.Base(path_),
		Size:   l.Size,
		Time:   n.MTime,
		Fields: n.fields(path_),
	}
}

// blobItem describes a piece that no file has.
func (s *source) blobItem(b *blob) scanners.Item {
	name := hex.EncodeToString(b.id[:])
	return scanners.Item{
		Ref: scanners.Ref{
			URI: s.uri + "!/" + blobsStep + "/" + name, Place: s.label() + " / unreferenced data", Action: "review",
			Locator: &located{Locator: Locator{Type: kind, Repository: s.repository, Kind: "blob", Size: b.size(), Blobs: []string{name}}},
		},
		Name: name, Size: b.size(), Deferred: true,
	}
}

// Open implements scanners.Source.
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	rest, ok := strings.CutPrefix(ref.URI, s.uri+"!/")
	if !ok {
		return scanners.Item{}, errors.New("restic: open: the URI does not lie in this repository")
	}
	r, err := s.load(ctx)
	if err != nil {
		return scanners.Item{}, err
	}
	first, below, _ := strings.Cut(rest, "/")
	switch first {
	case blobsStep:
		return s.openBlob(ctx, r, ref, below)
	case treesStep:
		first, below, _ = strings.Cut(below, "/")
		i, ok := parseID(first)
		if !ok {
			return scanners.Item{}, errURI
		}
		if r.tree.find(i) == none {
			return scanners.Item{}, s.vanished(ref, "the tree is not there any more")
		}
		return s.openPath(ctx, r, ref, &snapshot{id: i, Tree: &i, loose: true}, below)
	}
	var found []*snapshot
	if len(first) >= 8 {
		for _, sn := range r.snapshots {
			if strings.HasPrefix(sn.id.String(), first) {
				found = append(found, sn)
			}
		}
	}
	switch {
	case len(found) > 1:
		return scanners.Item{}, errors.New("restic: open: several snapshots have an id that starts like this")
	case len(found) == 0:
		if _, err := hex.DecodeString(first); err != nil || first == "" {
			return scanners.Item{}, errURI
		}
		return scanners.Item{}, s.vanished(ref, "the snapshot is not there any more")
	case below == "":
		it := s.snapshotItem(found[0])
		it.Uncounted = false
		return it, nil
	}
	return s.openPath(ctx, r, ref, found[0], below)
}

var errURI = errors.New("restic: the URI must be like restic:REPOSITORY!/SNAPSHOT/path, percent-encoded")

func (s *source) vanished(ref scanners.Ref, detail string) error {
	return &scanners.Gap{URI: ref.URI, Place: s.label(), Reason: scanners.Vanished, Detail: detail}
}

func (s *source) openBlob(ctx context.Context, r *repo, ref scanners.Ref, name string) (scanners.Item, error) {
	var want id
	if n, err := hex.Decode(want[:], []byte(name[:min(len(name), 64)])); err != nil || n != len(prefix{}) && n != len(want) {
		return scanners.Item{}, errURI
	}
	k := r.data.find(want)
	if k == none {
		return scanners.Item{}, s.vanished(ref, "the data are not there any more")
	}
	it := s.blobItem(r.data.at(k))
	it.Deferred = false
	it.Body = &body{ctx: ctx, r: r, ref: it.Ref, blob: r.data.at(k)}
	return it, nil
}

// openPath opens what lies at an escaped path in a snapshot.
func (s *source) openPath(ctx context.Context, r *repo, ref scanners.Ref, sn *snapshot, below string) (scanners.Item, error) {
	path, err := scanners.Unescape(below)
	if err != nil || path == "" {
		return scanners.Item{}, errURI
	}
	l, listed := ref.Locator.(*located)
	listed = listed && l.node != nil
	var n *node
	if listed {
		n = l.node
	} else if n, err = s.lookUp(ctx, r, ref, *sn.Tree, path); err != nil {
		return scanners.Item{}, err
	}
	it := s.nodeItem(sn, path, n)
	if listed {
		it.Ref.Locator.(*located).snapshots = l.snapshots
	}
	if n.Type == "file" {
		it.Body = &body{ctx: ctx, r: r, ref: it.Ref, content: n.Content, size: n.Size}
		it.Extents = extents(r, n)
	}
	return it, nil
}

// leastExtents is from what size on the pieces of a file are listed, in bytes.
const leastExtents = 8 << 20

// extents lists the pieces of a file; none of one that is small, or misses one.
func extents(r *repo, n *node) []scanners.Extent {
	if n.Size < leastExtents || len(n.Content) < 2 {
		return nil
	}
	list := make([]scanners.Extent, len(n.Content))
	for i := range n.Content {
		k := r.data.find(n.Content[i])
		if k == none {
			return nil
		}
		list[i] = scanners.Extent{ID: string(n.Content[i][:]), Len: r.data.at(k).size()}
	}
	return list
}

// lookUp follows a path from a tree.
func (s *source) lookUp(ctx context.Context, r *repo, ref scanners.Ref, tree id, path string) (*node, error) {
	for {
		step, rest, more := strings.Cut(path, "/")
		b, err := r.readTree(ctx, tree)
		if err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("restic: open: %w", context.Cause(ctx))
			}
			g := damaged(err, "the tree of its folder can't be read")
			g.URI, g.Place = ref.URI, s.label()
			return nil, g
		}
		var found *node
		err = nodes(b, func(n node) bool {
			if n.Name == step {
				found = &n
			}
			return found == nil
		})
		switch {
		case found == nil && err != nil:
			return nil, &scanners.Gap{URI: ref.URI, Place: s.label(), Reason: scanners.Corrupt, Detail: err.Error()}
		case found == nil, more && found.Subtree == nil:
			return nil, s.vanished(ref, "nothing of that name is in the snapshot")
		case !more:
			return found, nil
		}
		tree, path = *found.Subtree, rest
	}
}

// Check implements scanners.Source.
func (s *source) Check(ctx context.Context) []scanners.Check {
	c := scanners.Check{What: "unlock " + s.label()}
	r, err := s.load(ctx)
	if err != nil {
		var g *scanners.Gap
		if c.Detail = err.Error(); errors.As(err, &g) {
			c.Detail = g.Detail
			switch g.Reason {
			case scanners.KeyMissing:
				c.Remedy = "set RESTIC_PASSWORD_FILE, or password_file in the configuration, to a file with the password of one of the keys"
			case scanners.Denied:
				c.Remedy = "let the user that runs spoor read the files of the repository"
			}
		}
		return []scanners.Check{c}
	}
	c.OK = true
	out := []scanners.Check{c}
	read := scanners.Check{What: fmt.Sprintf("read %d snapshots and the index of %s", len(r.snapshots), s.label()), OK: len(r.gaps) == 0}
	if !read.OK {
		read.Detail = r.gaps[0].Detail
		read.Remedy = "run restic check, and restic rebuild-index where only the index is damaged"
	}
	return append(out, read)
}
