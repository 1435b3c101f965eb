package engine

import (
	"bytes"
	"context"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// Bounds of what is kept of an archive's members because it may say what is in
// others, in bytes, and of how often an archive is read once more for one.
const (
	maxCompanion  = 64 << 20 // of one that is read
	keptCompanion = 8 << 20  // of one that is kept
	maxCompanions = 32 << 20 // of all that are kept of an archive
	maxRereads    = 4
)

// companions are the members of an archive that may say what is in others: the
// table of contents of a dump, the definition of a table.
type companions struct {
	sweep   sync.Once // reads all of the archive for them
	mu      sync.Mutex
	kept    map[string][]byte // by step
	size    int
	rereads int
}

func (c *companions) put(step string, b []byte) {
	if c.kept == nil {
		c.kept = map[string][]byte{}
	}
	c.kept[step] = b
	c.size += len(b)
}

// companionName reports whether a member is to be kept.
func companionName(step string) bool {
	base := path.Base(step)
	if base == "toc.dat" {
		return true
	}
	for _, end := range []string{".gz", ".zst", ".lz4", ".xz", ".bz2"} {
		base = strings.TrimSuffix(base, end)
	}
	return strings.HasSuffix(base, ".sql") || strings.HasSuffix(base, ".frm")
}

// keep returns a member as it is, of which the record keeps the content where
// that may say what is in others.
func (rec *record) keep(child scanners.Item) scanners.Item {
	if child.Body == nil || child.Size > keptCompanion || !companionName(child.Step) {
		return child
	}
	c := rec.inner
	if c == nil {
		return child
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	room := min(keptCompanion, maxCompanions-c.size)
	if room <= 0 || int64(room) < child.Size {
		return child
	}
	b, err := io.ReadAll(io.LimitReader(child.Body, int64(room)+1))
	body := bytes.NewReader(b)
	switch {
	case err != nil:
		child.Body = io.MultiReader(body, failing{err})
	case len(b) > room:
		child.Body = io.MultiReader(body, child.Body)
	default:
		child.Body = body
		c.put(child.Step, b)
	}
	return child
}

// beside returns what opens files beside a record, nil where there can't be any.
func (r *run) beside(rec *record) func(ctx context.Context, name string) ([]byte, error) {
	if rec.isRow || rec.row != nil || rec.sections || rec.unit == nil || rec.unit.source.Source == nil {
		return nil
	}
	o := r.opener(rec.unit.source.Source)
	return func(ctx context.Context, name string) ([]byte, error) {
		if b, ok := r.near(ctx, rec, name); ok {
			return b, nil
		}
		if c := rec.siblings; c != nil {
			// What describes others may come behind them.
			if companionName(name) {
				c.sweep.Do(func() { o.sweep(ctx, rec, c) })
				if b, ok := r.near(ctx, rec, name); ok {
					return b, nil
				}
			}
			c.mu.Lock()
			c.rereads++
			spent := c.rereads > maxRereads
			c.mu.Unlock()
			if spent {
				return nil, notBeside()
			}
		}
		b, err := o.beside(ctx, rec.ref.URI, name)
		if c := rec.siblings; c != nil && err == nil {
			c.mu.Lock()
			if step := path.Join(path.Dir(rec.step), name); c.size+len(b) <= maxCompanions {
				c.put(step, b)
			}
			c.mu.Unlock()
		}
		return b, err
	}
}

// sweep reads the archive in which a record lies once more, and keeps what may say
// what is in its other members.
func (o Opener) sweep(ctx context.Context, rec *record, c *companions) {
	uri, ok := strings.CutSuffix(rec.ref.URI, "!/"+scanners.Escape(rec.step))
	if !ok {
		return
	}
	_ = o.Open(ctx, uri, func(it scanners.Item) error { // what can't be read is a gap of the first reading
		if it.Body == nil {
			return nil
		}
		d, _, rest, err := recognised(o.Decoders, it, nil)
		if d == nil || err != nil {
			return err
		}
		it.Body = rest
		for child, err := range d.Decode(ctx, it, container.NewBudget(o.Limits, it.Size)) {
			if err != nil || child.Body == nil || child.Step == "" || child.Size > keptCompanion || !companionName(child.Step) {
				continue
			}
			c.mu.Lock()
			_, have := c.kept[child.Step]
			room := min(keptCompanion, maxCompanions-c.size)
			c.mu.Unlock()
			if have || room <= 0 {
				continue
			}
			if b, err := io.ReadAll(io.LimitReader(child.Body, int64(room)+1)); err == nil && len(b) <= room {
				c.mu.Lock()
				c.put(child.Step, b)
				c.mu.Unlock()
			}
		}
		return nil
	})
}

// opener returns what opens places of a source.
func (r *run) opener(src scanners.Source) Opener {
	return Opener{Source: src, Decoders: r.Decoders, Limits: r.Limits, RowKey: r.RowKey}
}

// A neighbourhood is the folder in which a file of a source lies.
type neighbourhood struct {
	Opener
	uri    string // of the file
	folder string // with a slash at its end
}

// near reaches what stands beside a file of a source; nil where uri names
// something else.
func (o Opener) near(uri string) scanners.Near {
	k := strings.LastIndexByte(uri, '/')
	if o.Source == nil || k < 0 || strings.Contains(uri, "!/") || strings.ContainsAny(uri, "?#;") {
		return nil
	}
	o.Raw = false
	return neighbourhood{o, uri, uri[:k+1]}
}

// Names implements scanners.Near.
func (n neighbourhood) Names(ctx context.Context) ([]string, error) {
	if src, ok := n.Source.(scanners.Neighbour); ok {
		return src.Beside(ctx, n.uri)
	}
	return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "the source can't tell what stands beside a file"}
}

// Open implements scanners.Near.
func (n neighbourhood) Open(ctx context.Context, name string, use func(scanners.Item) error) error {
	return n.Opener.Open(ctx, n.folder+scanners.EscapeSegment(name), use)
}

// near returns what is kept of a file beside a member, decompressed.
func (r *run) near(ctx context.Context, rec *record, name string) ([]byte, bool) {
	if rec.siblings == nil {
		return nil, false
	}
	for _, n := range compressedNames(rec.step, name) {
		rec.siblings.mu.Lock()
		b, ok := rec.siblings.kept[path.Join(path.Dir(rec.step), n)]
		rec.siblings.mu.Unlock()
		if !ok {
			continue
		}
		f := finding{Opener: Opener{Decoders: r.Decoders}}
		var out []byte
		f.use = func(it scanners.Item) (err error) { out, err = readCompanion(it); return err }
		err := f.in(ctx, scanners.Item{Name: n, Size: int64(len(b)), Body: bytes.NewReader(b)}, "", "", nil, container.NewBudget(r.Limits, int64(len(b))))
		return out, err == errFound
	}
	return nil, false
}

// stands reports whether a file stands beside a record, as far as that can be
// told without reading an archive once more.
func (r *run) stands(ctx context.Context, rec *record) func(name string) bool {
	at := r.beside(rec)
	return func(name string) bool {
		if at == nil {
			return false
		}
		if rec.siblings != nil {
			_, ok := r.near(ctx, rec, name)
			return ok
		}
		_, err := at(ctx, name)
		return err == nil
	}
}

// beside returns the content of the file of that name in the folder or archive
// in which the item that uri names lies.
func (o Opener) beside(ctx context.Context, uri, name string) (b []byte, err error) {
	at := strings.LastIndex(uri, "!/") + 1
	tail, _, _ := strings.Cut(uri[at:], "?")
	k := strings.LastIndexByte(tail, '/')
	if k < 0 || strings.IndexByte(tail, '#') >= 0 {
		return nil, notBeside()
	}
	o.Raw = false
	own, err := scanners.Unescape(tail[k+1:])
	if err != nil || own == "" {
		return nil, notBeside()
	}
	for _, n := range compressedNames(own, name) {
		err = o.Open(ctx, uri[:at+k+1]+scanners.EscapeSegment(n), func(it scanners.Item) (err error) {
			b, err = readCompanion(it)
			return err
		})
		if err == nil {
			return b, nil
		}
	}
	return nil, err
}

// compressedNames returns the names under which a file may stand beside one that
// may be compressed.
func compressedNames(own, name string) []string {
	switch end := path.Ext(own); end {
	case ".gz", ".zst", ".lz4", ".xz", ".bz2":
		return []string{name + end, name}
	}
	return []string{name}
}

func readCompanion(it scanners.Item) ([]byte, error) {
	if it.Body == nil {
		return nil, notBeside()
	}
	b, err := io.ReadAll(io.LimitReader(it.Body, maxCompanion+1))
	if err == nil && len(b) > maxCompanion {
		err = &scanners.Gap{Reason: scanners.TooLarge, Detail: "a file that describes others is too long"}
	}
	return b, err
}

func notBeside() error {
	return &scanners.Gap{Reason: scanners.Vanished, Detail: "nothing of that name stands beside it"}
}
