package borg

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// Segments are logs of entries: crc32 and length, each 32 bits in little-endian
// order, a tag, the name of an object (32 bytes) and, where it is stored, its
// value (docs/internals/data-structures.rst of Borg, "Segments"). The length
// includes this head, the checksum all but itself.
const (
	magic      = "BORG_SEG"
	headLen    = 9
	nameLen    = 32
	maxEntry   = 20 << 20 // MAX_OBJECT_SIZE of Borg
	tagPut     = 0
	tagDelete  = 1
	tagCommit  = 2
	nearWindow = 256 << 10 // read at once where entries follow each other
	farWindow  = 4 << 10   // and where they don't
)

// A segment is a file of the log.
type segment struct {
	name string
	size int64
}

// A window reads pieces of objects of a store, of which the next often lies
// right behind the last.
type window struct {
	store scanners.Store
	name  string
	at    int64
	b     []byte
}

// read returns n bytes at an offset, or fewer at the end of the object. They
// are valid until the next call.
func (w *window) read(ctx context.Context, name string, off int64, n int) ([]byte, error) {
	if name == w.name && off >= w.at && off+int64(n) <= w.at+int64(len(w.b)) {
		return w.b[off-w.at:][:n], nil
	}
	size := farWindow
	if near := off - w.at - int64(len(w.b)); name == w.name && off >= w.at && near <= nearWindow {
		size = nearWindow
	}
	size = max(size, n)
	w.name, w.at = name, off
	w.b = slices.Grow(w.b[:0], size)[:size]
	got, err := readAt(ctx, w.store, name, off, w.b)
	w.b = w.b[:got]
	if err != nil {
		w.name = ""
		return nil, err
	}
	return w.b[:min(n, got)], nil
}

// readAt fills b from an object, as far as it goes.
func readAt(ctx context.Context, store scanners.Store, name string, off int64, b []byte) (int, error) {
	r, err := store.OpenRange(ctx, name, off, int64(len(b)))
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, b)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// An entry is one of a segment.
type entry struct {
	offset, size int64
	tag          byte
	name         id
}

// segments lists the log, in its order.
func (r *repository) list(ctx context.Context) error {
	var numbers []uint32
	r.segments = map[uint32]segment{}
	for o, err := range r.store.List(ctx, "data/") {
		if err != nil {
			var g *scanners.Gap
			if !errors.As(err, &g) {
				return fmt.Errorf("borg: list segments: %w", err)
			}
			r.gap(scanners.Gap{Place: "segment", Reason: g.Reason, Detail: "list segments: " + g.Detail, Units: 1})
			continue
		}
		n, err := strconv.ParseUint(o.Name[strings.LastIndexByte(o.Name, '/')+1:], 10, 32)
		if err != nil || n == nowhere || strings.Count(o.Name, "/") != 2 {
			continue // a file that an interrupted run left
		}
		if _, twice := r.segments[uint32(n)]; !twice {
			numbers = append(numbers, uint32(n))
		}
		r.segments[uint32(n)] = segment{o.Name, o.Size}
	}
	slices.SortFunc(numbers, cmp.Compare)
	r.order = numbers
	return nil
}

// replay reads the log. What stands behind the last commit is left out, as it is
// by Borg itself. The values are not read.
func (r *repository) replay(ctx context.Context) error {
	w := &window{store: r.store}
	end, last := int64(-1), -1
	for i := len(r.order) - 1; i >= 0 && last < 0; i-- {
		err := r.entries(ctx, w, r.order[i], false, func(e entry) bool {
			if e.tag == tagCommit {
				end, last = e.offset, i
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	for i := range last + 1 {
		n := r.order[i]
		err := r.entries(ctx, w, n, true, func(e entry) bool {
			if i == last && e.offset >= end {
				return false
			}
			switch e.tag {
			case tagPut:
				k := r.index.number(&e.name)
				o := r.index.at(k)
				o.seg, o.offset = n, uint32(e.offset)
				r.deleted.set(k, false)
			case tagDelete:
				// It can be read until a compaction removes it.
				if k, ok := r.index.find(&e.name); ok {
					r.deleted.set(k, true)
				}
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	if last < 0 && len(r.order) > 0 {
		r.gap(scanners.Gap{Place: "segments", Reason: scanners.Corrupt, Detail: "nothing was ever committed to the repository", Units: 1})
	}
	return nil
}

// entries yields the heads of the entries of a segment. Where one is damaged, it
// goes on with the next that has a right checksum.
func (r *repository) entries(ctx context.Context, w *window, number uint32, say bool, yield func(entry) bool) error {
	seg := r.segments[number]
	gap := func(reason scanners.Reason, detail string) {
		if say {
			r.gap(scanners.Gap{Place: fmt.Sprintf("segment %d", number), Reason: reason, Detail: detail, Units: 1, Bytes: 0})
		}
	}
	off := int64(len(magic))
	b, err := w.read(ctx, seg.name, 0, len(magic))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		gap(scanners.ReasonOf(err), "read a segment: "+reasonText(err))
		return nil
	}
	if string(b) != magic {
		gap(scanners.Corrupt, "a segment does not start as one")
		off = 0
	}
	last := off // where the entry before starts
	for off < seg.size {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := headAt(ctx, w, seg, off)
		if err == nil {
			if !yield(e) {
				return nil
			}
			last, off = off, off+e.size
			continue
		}
		if !errors.Is(err, errFormat) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			gap(scanners.ReasonOf(err), "read a segment: "+reasonText(err))
			return nil
		}
		gap(scanners.Corrupt, "a segment is damaged")
		// The length of the entry before may be what is wrong.
		if from, err := headAt(ctx, w, seg, last); err == nil && last < off {
			if ok, _ := r.sound(ctx, seg, from); !ok {
				off = last
			}
		}
		off++
		found, err := r.resume(ctx, seg, off)
		if err != nil {
			return err
		}
		if found < 0 {
			return nil
		}
		last, off = found, found
	}
	return nil
}

// headAt reads the head of the entry at an offset.
func headAt(ctx context.Context, w *window, seg segment, off int64) (entry, error) {
	b, err := w.read(ctx, seg.name, off, headLen+nameLen)
	if err != nil {
		return entry{}, err
	}
	return head(b, off, seg.size)
}

// head takes the start of an entry apart.
func head(b []byte, off, end int64) (entry, error) {
	if len(b) < headLen {
		return entry{}, errFormat
	}
	e := entry{offset: off, size: int64(binary.LittleEndian.Uint32(b[4:])), tag: b[8]}
	want := int64(headLen + nameLen)
	switch {
	case e.tag > tagCommit, e.size > maxEntry, e.size > end-off:
		return e, errFormat
	case e.tag == tagCommit:
		if e.size != headLen || binary.LittleEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:headLen]) {
			return e, errFormat
		}
		return e, nil
	case e.size < want, e.tag == tagDelete && e.size != want, len(b) < headLen+nameLen:
		return e, errFormat
	}
	e.name = id(b[headLen:])
	return e, nil
}

// sound reports whether the checksum of an entry is right.
func (r *repository) sound(ctx context.Context, seg segment, e entry) (bool, error) {
	b := make([]byte, e.size)
	n, err := readAt(ctx, r.store, seg.name, e.offset, b)
	if err != nil {
		return false, err
	}
	return n == len(b) && binary.LittleEndian.Uint32(b) == crc32.ChecksumIEEE(b[4:]), nil
}

// maxTried bounds how many bytes of a damaged segment are summed to find where
// it goes on, for each byte that it has.
const maxTried = 16

// resume returns where the next sound entry starts, -1 where there is none.
func (r *repository) resume(ctx context.Context, seg segment, off int64) (int64, error) {
	const step = 1 << 20
	b := make([]byte, step+headLen+nameLen)
	tried := int64(0)
	for ; off < seg.size; off += step {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := readAt(ctx, r.store, seg.name, off, b)
		if err != nil {
			return -1, ctx.Err() // the gap is known
		}
		for i := range min(n, step) {
			// The tag, and the upper byte of a length below 32 MiB.
			if i+headLen > n || b[i+8] > tagCommit || b[i+7] > 1 {
				continue
			}
			e, err := head(b[i:n], off+int64(i), seg.size)
			if err != nil || tried > maxTried*seg.size {
				continue
			}
			tried += e.size
			if ok, err := r.sound(ctx, seg, e); err != nil || ok {
				return e.offset, ctx.Err()
			}
		}
	}
	return -1, nil
}

// value reads the stored form of an object: the bytes of its entry behind the
// head. They are the caller's.
func (r *repository) value(ctx context.Context, w *window, o object) ([]byte, error) {
	seg, ok := r.segments[o.seg]
	if !ok {
		return nil, &scanners.Gap{Reason: scanners.Corrupt, Detail: "a chunk is missing"}
	}
	b, err := w.read(ctx, seg.name, int64(o.offset), headLen+nameLen)
	if err != nil {
		return nil, err
	}
	e, err := head(b, int64(o.offset), seg.size)
	if err != nil || e.tag != tagPut || e.name != o.id {
		return nil, &scanners.Gap{Reason: scanners.Corrupt, Detail: "a chunk is damaged"}
	}
	at, n := e.offset+headLen+nameLen, int(e.size)-headLen-nameLen
	if n <= nearWindow {
		b, err := w.read(ctx, seg.name, at, n)
		if err == nil && len(b) < n {
			err = io.ErrUnexpectedEOF
		}
		return bytes.Clone(b), err
	}
	b = make([]byte, n)
	got, err := readAt(ctx, r.store, seg.name, at, b)
	if err == nil && got < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	// Where it ends, the next one starts.
	w.name, w.at, w.b = seg.name, at+int64(n), w.b[:0]
	return b, nil
}

// reasonText says what is wrong, without names.
func reasonText(err error) string {
	var g *scanners.Gap
	if errors.As(err, &g) {
		return g.Detail
	}
	return err.Error()
}
