package document

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sort"
	"strings"
	"time"
	"unicode/utf16"
)

// oleMagic starts a compound file ([MS-CFB], section 2.2).
const oleMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

const (
	oleStorage = 1
	oleStreams = 2
	oleRoot    = 5

	oleNone     = 0xffffffff // no sector, no entry
	oleMaxChain = 0xfffffffa // sectors are below
	oleMini     = 64         // bytes in a small sector
	oleCutoff   = 4096       // streams below are kept in small sectors

	// oleMaxDepth bounds how deep storages are followed; what is deeper is
	// read as if it stood at the root.
	oleMaxDepth = 64
)

var errOLE = errors.New("ole: damaged compound file")

// An oleFile is a compound file ([MS-CFB]): a file system in a file. It is read
// leniently: a chain that leads nowhere ends there, and entries that no storage
// names any more are found all the same. Each sector is read as part of one
// stream at most, so that all streams together are no longer than the file.
type oleFile struct {
	at      io.ReaderAt
	size    int64
	sector  int64 // bytes
	first   int64 // bytes before sector 0
	fat     []uint32
	mini    []uint32
	root    *oleEntry
	entries []*oleEntry // storages before what is in them, without the root
	rest    []oleExtent // what is part of no stream
	damaged bool
}

// An oleEntry is a storage or stream.
type oleEntry struct {
	name     string // with the control characters that some names start with
	kind     byte
	parent   *oleEntry // nil for the root
	children []*oleEntry
	class    [16]byte
	modified time.Time
	lost     bool // no storage names it
	size     int64
	start    uint32
	depth    int
	extents  []oleExtent
	length   int64 // of the extents: less than size where the file is damaged
}

// An oleExtent is a piece of the file.
type oleExtent struct {
	from int64 // in the stream
	at   int64 // in the file
	n    int64
}

// path returns the names that lead to an entry, as a member is called.
func (e *oleEntry) path() string {
	s := oleShown(e.name)
	for p := e.parent; p != nil && p.parent != nil; p = p.parent {
		s = oleShown(p.name) + "/" + s
	}
	return s
}

// oleShown returns a name without control characters and slashes.
func oleShown(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return -1
		case r == '/':
			return '_'
		}
		return r
	}, name)
}

// child returns the stream or storage of that name, nil where there is none.
func (e *oleEntry) child(name string) *oleEntry {
	for _, c := range e.children {
		if strings.EqualFold(c.name, name) {
			return c
		}
	}
	return nil
}

// stream returns the stream of that name, nil where there is none.
func (e *oleEntry) stream(name string) *oleEntry {
	if c := e.child(name); c != nil && c.kind == oleStreams {
		return c
	}
	return nil
}

// openOLE reads the directory of a compound file. The error says that there is
// none, or that ctx has ended.
func openOLE(ctx context.Context, at io.ReaderAt, size int64) (*oleFile, error) {
	var h [512]byte
	if n, _ := at.ReadAt(h[:], 0); n < len(h) || string(h[:8]) != oleMagic {
		return nil, errOLE
	}
	u32 := binary.LittleEndian.Uint32
	shift := binary.LittleEndian.Uint16(h[30:])
	if shift != 9 && shift != 12 {
		return nil, errOLE
	}
	f := &oleFile{at: at, size: size, sector: 1 << shift, first: 1 << shift}
	// The table of sectors is listed in the header, and in a chain of its own.
	var tables []uint32
	seen := map[uint32]bool{}
	table := func(n uint32) {
		if n < oleMaxChain && !seen[n] {
			seen[n] = true
			tables = append(tables, n)
		}
	}
	for i := 76; i < 512; i += 4 {
		table(u32(h[i:]))
	}
	lists := map[uint32]bool{}
	buf := make([]byte, f.sector)
	for n := u32(h[68:]); n < oleMaxChain && !lists[n]; n = u32(buf[len(buf)-4:]) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lists[n] = true
		if !f.readSector(buf, n) {
			f.damaged = true
			break
		}
		for i := 0; i+4 < len(buf); i += 4 {
			table(u32(buf[i:]))
		}
	}
	sectors := (size-f.first)/f.sector + 1
	for _, n := range tables {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if int64(len(f.fat)) > sectors {
			break
		}
		if !f.readSector(buf, n) {
			f.damaged = true
			clear(buf) // no sector points to the header's
			for i := range buf {
				buf[i] = 0xff
			}
		}
		for i := 0; i < len(buf); i += 4 {
			f.fat = append(f.fat, u32(buf[i:]))
		}
	}
	used := make([]bool, sectors)
	for n := range seen {
		f.take(used, n)
	}
	for n := range lists {
		f.take(used, n)
	}
	dir := f.chain(u32(h[48:]), f.fat, used, f.sector, f.place)
	if err := f.directory(ctx, &oleReader{f.at, dir, oleLength(dir)}, shift == 9); err != nil {
		return nil, err
	}
	return f, f.streams(ctx, used, u32(h[60:]))
}

func (f *oleFile) take(used []bool, n uint32) {
	if int64(n) < int64(len(used)) {
		used[n] = true
	}
}

// readSector reads one sector; of one that the file does not hold to its end,
// what there is.
func (f *oleFile) readSector(buf []byte, n uint32) bool {
	at := f.first + int64(n)*f.sector
	if at >= f.size {
		return false
	}
	clear(buf)
	k, err := f.at.ReadAt(buf, at)
	return k == len(buf) || err == io.EOF && k > 0
}

// place returns where a sector lies in the file.
func (f *oleFile) place(n int64) (at, size int64) {
	at = f.first + n*f.sector
	return at, max(0, min(f.sector, f.size-at))
}

// chain follows a chain of sectors, each of which is used once.
func (f *oleFile) chain(n uint32, table []uint32, used []bool, sector int64, place func(int64) (int64, int64)) (out []oleExtent) {
	from := int64(0)
	for n < oleMaxChain {
		at, size := int64(0), int64(0)
		if int64(n) < int64(len(used)) && !used[n] {
			at, size = place(int64(n))
		}
		if size <= 0 {
			f.damaged = true
			return out
		}
		used[n] = true
		if k := len(out) - 1; k >= 0 && out[k].at+out[k].n == at {
			out[k].n += size
		} else {
			out = append(out, oleExtent{from, at, size})
		}
		from += size
		if int64(n) >= int64(len(table)) || size < sector {
			f.damaged = f.damaged || int64(n) >= int64(len(table))
			return out
		}
		n = table[n]
	}
	return out
}

func oleLength(e []oleExtent) int64 {
	if len(e) == 0 {
		return 0
	}
	return e[len(e)-1].from + e[len(e)-1].n
}

// directory reads the entries and puts them into a tree.
func (f *oleFile) directory(ctx context.Context, r *oleReader, v3 bool) error {
	type links struct{ left, right, child uint32 }
	var all []*oleEntry
	var next []links
	var b [128]byte
	for at := int64(0); at < r.size; at += 128 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n, err := r.ReadAt(b[:], at); n < len(b) && err != io.EOF {
			f.damaged = true
			break
		}
		e := &oleEntry{kind: b[66], start: binary.LittleEndian.Uint32(b[116:]), size: int64(binary.LittleEndian.Uint64(b[120:]))}
		if v3 {
			e.size &= 0xffffffff // the rest may be rubbish
		}
		e.size = max(0, e.size)
		n := min(64, int(binary.LittleEndian.Uint16(b[64:])))
		var u []uint16
		for i := 0; i+2 < n; i += 2 {
			u = append(u, binary.LittleEndian.Uint16(b[i:]))
		}
		e.name = string(utf16.Decode(u))
		copy(e.class[:], b[80:])
		e.modified = oleTime(binary.LittleEndian.Uint64(b[108:]))
		all = append(all, e)
		next = append(next, links{binary.LittleEndian.Uint32(b[68:]), binary.LittleEndian.Uint32(b[72:]), binary.LittleEndian.Uint32(b[76:])})
	}
	if len(all) == 0 {
		return errOLE
	}
	f.root = all[0]
	if f.root.kind != oleRoot {
		f.damaged = true
	}
	f.root.kind, f.root.name = oleRoot, ""
	seen := make([]bool, len(all))
	seen[0] = true
	type todo struct {
		n      uint32
		parent *oleEntry
	}
	walk := func(stack []todo, lost bool) error {
		for len(stack) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			t := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if t.n == oleNone {
				continue
			}
			if int64(t.n) >= int64(len(all)) || seen[t.n] {
				f.damaged = true
				continue
			}
			seen[t.n] = true
			e, l := all[t.n], next[t.n]
			if e.kind == oleStorage || e.kind == oleStreams {
				e.parent, e.lost, e.depth = t.parent, lost, t.parent.depth+1
				if e.depth > oleMaxDepth {
					e.parent, e.lost, e.depth = f.root, true, 1
				}
				e.parent.children = append(e.parent.children, e)
				f.entries = append(f.entries, e)
			} else {
				f.damaged = true
			}
			stack = append(stack, todo{l.right, t.parent}, todo{l.left, t.parent})
			if e.kind == oleStorage {
				stack = append(stack, todo{l.child, e})
			}
		}
		return nil
	}
	if err := walk([]todo{{next[0].child, f.root}}, false); err != nil {
		return err
	}
	for _, kind := range []byte{oleStorage, oleStreams} {
		for i, e := range all {
			if !seen[i] && e.kind == kind {
				if err := walk([]todo{{uint32(i), f.root}}, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// streams finds where the streams lie, and what is part of none.
func (f *oleFile) streams(ctx context.Context, used []bool, mini uint32) error {
	small := &oleReader{f.at, f.chain(f.root.start, f.fat, used, f.sector, f.place), 0}
	small.size = oleLength(small.extents)
	table := &oleReader{f.at, f.chain(mini, f.fat, used, f.sector, f.place), 0}
	table.size = oleLength(table.extents)
	buf := make([]byte, 4096)
	for at := int64(0); at < table.size && int64(len(f.mini))*oleMini < small.size; at += int64(len(buf)) {
		n, _ := table.ReadAt(buf, at)
		for i := 0; i+4 <= n; i += 4 {
			f.mini = append(f.mini, binary.LittleEndian.Uint32(buf[i:]))
		}
	}
	usedMini := make([]bool, (small.size+oleMini-1)/oleMini)
	placeMini := func(n int64) (int64, int64) {
		e, off := small.find(n * oleMini)
		if e == nil {
			return 0, 0
		}
		return e.at + off, min(oleMini, e.n-off)
	}
	for _, e := range f.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.kind != oleStreams || e.size == 0 {
			continue
		}
		broken := f.damaged
		if e.size < oleCutoff {
			e.extents = f.chain(e.start, f.mini, usedMini, oleMini, placeMini)
		} else {
			e.extents = f.chain(e.start, f.fat, used, f.sector, f.place)
		}
		if e.lost { // its sectors may be another's by now
			f.damaged = broken
		}
		e.length = oleLength(e.extents)
		if e.length < e.size {
			f.damaged = f.damaged || !e.lost
			continue
		}
		// What lies behind the end of a stream in its last sector is of old.
		for len(e.extents) > 0 {
			x := &e.extents[len(e.extents)-1]
			if x.from+x.n <= e.size {
				break
			}
			cut := max(x.from, e.size)
			f.rest = append(f.rest, oleExtent{0, x.at + cut - x.from, x.from + x.n - cut})
			if x.n = cut - x.from; x.n > 0 {
				break
			}
			e.extents = e.extents[:len(e.extents)-1]
		}
		e.length = e.size
	}
	for n, u := range used {
		if at, size := f.place(int64(n)); !u && size > 0 {
			f.rest = append(f.rest, oleExtent{0, at, size})
		}
	}
	for n, u := range usedMini {
		if at, size := placeMini(int64(n)); !u && size > 0 {
			f.rest = append(f.rest, oleExtent{0, at, size})
		}
	}
	sort.Slice(f.rest, func(i, j int) bool { return f.rest[i].at < f.rest[j].at })
	// What is one piece in the file is one.
	out, from := f.rest[:0], int64(0)
	for _, x := range f.rest {
		if k := len(out) - 1; k >= 0 && out[k].at+out[k].n == x.at {
			out[k].n += x.n
		} else {
			out = append(out, oleExtent{from, x.at, x.n})
		}
		from += x.n
	}
	f.rest = out
	return nil
}

// open returns the content of a stream. It is shorter than the entry says where
// the file is damaged.
func (f *oleFile) open(e *oleEntry) *oleReader { return &oleReader{f.at, e.extents, e.length} }

// An oleReader reads what lies in pieces.
type oleReader struct {
	at      io.ReaderAt
	extents []oleExtent
	size    int64
}

// find returns the piece in which off lies, and where in it.
func (r *oleReader) find(off int64) (*oleExtent, int64) {
	i := sort.Search(len(r.extents), func(i int) bool { return r.extents[i].from > off }) - 1
	if i < 0 || off-r.extents[i].from >= r.extents[i].n {
		return nil, 0
	}
	return &r.extents[i], off - r.extents[i].from
}

// Size returns the length in bytes.
func (r *oleReader) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt.
func (r *oleReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errOLE
	}
	for n < len(p) && off < r.size {
		x, at := r.find(off)
		if x == nil {
			break
		}
		k, err := r.at.ReadAt(p[n:min(int64(len(p)), int64(n)+x.n-at)], x.at+at)
		n, off = n+k, off+int64(k)
		if err != nil && (err != io.EOF || k == 0) {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// reader returns a reader of all of it.
func (r *oleReader) reader() *io.SectionReader { return io.NewSectionReader(r, 0, r.size) }

// oleTime returns the time of a FILETIME ([MS-DTYP], section 2.3.3): units of
// 100 ns since 1601. Zero stays the zero time.
func oleTime(t uint64) time.Time {
	if t == 0 || t > 1<<62 {
		return time.Time{}
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	return time.Unix(int64(t/1e7)-epoch, int64(t%1e7)*100).UTC()
}

// oleGaps returns what of size bytes no piece of used covers.
func oleGaps(used []oleExtent, size int64) (out []oleExtent) {
	sort.Slice(used, func(i, j int) bool { return used[i].at < used[j].at })
	at := int64(0)
	for _, u := range used {
		if u.at > at {
			out = append(out, oleExtent{0, at, min(u.at, size) - at})
		}
		if at = max(at, u.at+u.n); at >= size {
			return out
		}
	}
	return append(out, oleExtent{0, at, size - at})
}
