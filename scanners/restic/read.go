package restic

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// window is how much of a pack is read at a time: neighbours are wanted next.
	window = 2 << 20
	// windows is how many of them are kept.
	windows = 12
	// cacheMemory and cacheFile bound the plaintext that is kept because other
	// versions of a file have it too, in memory and in a temporary file.
	cacheMemory = 32 << 20
	cacheFile   = 8 << 30
)

// A reader reads blobs. It may be used by many goroutines.
type reader struct {
	r *repo

	mu      sync.Mutex
	windows []*packWindow // the one used last comes last
	reading map[uint32]*sharing

	// uses is how often each data blob is still to be read by contents that
	// have it among others, as far as the walk knows; nil before it. 255 is
	// that often and more, and stays.
	uses []uint8
	kept cache

	decrypted atomic.Int64 // bytes of plaintext that came out of packs
}

func (rd *reader) init(r *repo) { rd.r, rd.reading = r, map[uint32]*sharing{} }

type packWindow struct {
	pack  uint32
	n     uint32 // its number in the pack
	ready chan struct{}
	data  []byte
	err   error // why data is not all of it
}

// A sharing is a blob that several wait for.
type sharing struct {
	ready chan struct{}
	data  []byte
	err   error
}

// stored returns a copy of what lies at a place.
func (rd *reader) stored(ctx context.Context, p place) ([]byte, error) {
	f := rd.r.packed[p.pack]
	if !f.there {
		return nil, &scanners.Gap{Reason: scanners.Corrupt, Detail: "the pack that holds it is missing"}
	}
	end := int64(rd.r.size[p.pack])
	if f.size >= 0 {
		end = min(end, f.size)
	}
	out := make([]byte, 0, p.len)
	for off := int64(p.off); len(out) < int(p.len); {
		w, err := rd.window(ctx, p.pack, uint32(off/window), end)
		if err != nil {
			return nil, err
		}
		from := int(off % window)
		if from >= len(w.data) {
			if w.err != nil {
				return nil, w.err
			}
			return nil, errors.New("the pack that holds it is cut short")
		}
		part := w.data[from:min(len(w.data), from+int(p.len)-len(out))]
		out = append(out, part...)
		off += int64(len(part))
	}
	return out, nil
}

// window returns a share of a pack, of which end is the end.
func (rd *reader) window(ctx context.Context, pack, n uint32, end int64) (*packWindow, error) {
	for {
		rd.mu.Lock()
		i := slices.IndexFunc(rd.windows, func(w *packWindow) bool { return w.pack == pack && w.n == n })
		if i >= 0 {
			w := rd.windows[i]
			rd.windows = append(slices.Delete(rd.windows, i, i+1), w)
			rd.mu.Unlock()
			select {
			case <-w.ready:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			if w.err != nil && ctx.Err() == nil && errors.Is(w.err, context.Canceled) {
				continue // another reader gave up
			}
			return w, nil
		}
		w := &packWindow{pack: pack, n: n, ready: make(chan struct{})}
		if len(rd.windows) >= windows {
			rd.windows = slices.Delete(rd.windows, 0, 1)
		}
		rd.windows = append(rd.windows, w)
		rd.mu.Unlock()
		off := int64(n) * window
		if off < end {
			w.data, w.err = readRange(ctx, rd.r.store, rd.r.packName(pack), off, min(window, end-off))
		}
		if w.err != nil {
			rd.mu.Lock()
			rd.windows = slices.DeleteFunc(rd.windows, func(o *packWindow) bool { return o == w })
			rd.mu.Unlock()
		}
		close(w.ready)
		return w, nil
	}
}

// plain returns the plaintext of a blob, verified.
func (rd *reader) plain(ctx context.Context, want id, p place, most int64) ([]byte, error) {
	b, err := rd.open(ctx, p, most)
	if err == nil && sha256.Sum256(b) != want {
		err = errContent
	}
	return b, err
}

// open decrypts and unpacks what lies at a place.
func (rd *reader) open(ctx context.Context, p place, most int64) ([]byte, error) {
	b, err := rd.stored(ctx, p)
	if err != nil {
		return nil, err
	}
	if b, err = rd.r.key.open(b); err != nil {
		return nil, err
	}
	if p.plain > 0 {
		if b, err = rd.r.unzstd(b, int64(p.plain), most); err != nil {
			return nil, err
		}
	}
	rd.decrypted.Add(int64(len(b)))
	return b, nil
}

// whole returns what a blob of a table holds, with its id, of which a table knows
// the start only.
func (rd *reader) whole(ctx context.Context, b *blob, most int64) (i id, plain []byte, err error) {
	if plain, err = rd.open(ctx, b.place, most); err != nil {
		return i, nil, err
	}
	if i = sha256.Sum256(plain); prefix(i[:12]) != b.id {
		err = errContent
	}
	return i, plain, err
}

var errContent = errors.New("its content is not what its id says")

var errMissing = &scanners.Gap{Reason: scanners.Corrupt, Detail: "it is in no pack"}

// readTree returns a tree.
func (rd *reader) readTree(ctx context.Context, i id) ([]byte, error) {
	n := rd.r.tree.find(i)
	if n == none {
		return nil, errMissing
	}
	return rd.plain(ctx, i, rd.r.tree.at(n).place, maxTree)
}

// readData returns a piece of a file. The caller does not change it.
func (rd *reader) readData(ctx context.Context, i id) ([]byte, error) {
	n := rd.r.data.find(i)
	if n == none {
		return nil, errMissing
	}
	rd.mu.Lock()
	left := uint8(0) // how often it is read once more after this
	if rd.uses != nil {
		if u := rd.uses[n]; u == 255 {
			left = u
		} else if u > 0 {
			left = u - 1
			rd.uses[n] = left
		}
	}
	s, ok := rd.reading[n]
	if !ok {
		s = &sharing{ready: make(chan struct{})}
		rd.reading[n] = s
	}
	rd.mu.Unlock()
	if ok {
		select {
		case <-s.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if left == 0 {
			rd.kept.drop(n)
		}
		if s.err == nil || ctx.Err() != nil || !errors.Is(s.err, context.Canceled) {
			return s.data, s.err
		}
		return rd.plain(ctx, i, rd.r.data.at(n).place, maxData) // the other gave up
	}
	if s.data, ok = rd.kept.get(n, left == 0); !ok {
		if s.data, s.err = rd.plain(ctx, i, rd.r.data.at(n).place, maxData); s.err == nil && left > 0 {
			rd.kept.put(n, s.data)
		}
	}
	rd.mu.Lock()
	delete(rd.reading, n)
	rd.mu.Unlock()
	close(s.ready)
	return s.data, s.err
}

// A cache keeps plaintext that will be wanted again, until it was. It throws
// nothing out to make room: what is read in the same order over and over would
// never be found then.
type cache struct {
	memory int64 // bound of held; 0: cacheMemory
	mu     sync.Mutex
	at     map[uint32]slot
	held   int64 // bytes in memory
	file   *os.File
	end    int64 // of what is in the file
	live   int64 // bytes in the file that are still wanted
	ended  bool
}

type slot struct {
	data []byte // nil: in the file
	off  int64
	len  int
}

// get returns what is kept of a blob; last says that it will not be wanted again.
func (c *cache) get(n uint32, last bool) ([]byte, bool) {
	c.mu.Lock()
	s, ok := c.at[n]
	file := c.file
	c.mu.Unlock()
	if !ok {
		return nil, false
	}
	if s.data == nil {
		s.data = make([]byte, s.len)
		if _, err := file.ReadAt(s.data, s.off); err != nil {
			return nil, false
		}
	}
	if last {
		c.drop(n)
	}
	return s.data, true
}

// drop forgets a blob. Nobody reads it meanwhile: see reader.reading.
func (c *cache) drop(n uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.at[n]
	if !ok {
		return
	}
	delete(c.at, n)
	if s.data != nil {
		c.held -= int64(s.len)
	} else if c.live -= int64(s.len); c.live == 0 {
		c.end = 0
	}
}

func (c *cache) put(n uint32, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.at[n]; ok || c.ended || len(b) == 0 {
		return
	}
	if c.at == nil {
		c.at = map[uint32]slot{}
	}
	if c.held+int64(len(b)) <= cmp.Or(c.memory, cacheMemory) {
		c.held += int64(len(b))
		c.at[n] = slot{data: b, len: len(b)}
		return
	}
	if c.end+int64(len(b)) > cacheFile {
		return
	}
	if c.file == nil {
		f, err := temporary()
		if err != nil {
			c.ended = true // without it, blobs are read again
			return
		}
		c.file = f
	}
	if _, err := c.file.WriteAt(b, c.end); err != nil {
		return
	}
	c.at[n] = slot{off: c.end, len: len(b)}
	c.end += int64(len(b))
	c.live += int64(len(b))
}

func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended, c.at = true, nil
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file = nil
	return err
}
