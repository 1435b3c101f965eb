package container

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// maxPieces bounds the pieces in which something lies.
const maxPieces = 4 << 20

// A sparse content knows where it holds something.
type sparse interface {
	sizedReaderAt
	// data returns the first span at or behind off that may hold more than
	// zeros; from is the size where there is none.
	data(off int64) (from, to int64)
}

// dataAt returns the first span of at, at or behind off, that may hold more than
// zeros; from is the size where there is none.
func dataAt(at io.ReaderAt, off int64) (from, to int64) {
	for {
		switch x := at.(type) {
		case sparse:
			return x.data(off)
		case meterAt:
			at = x.at
		case *Spool:
			if x.at == nil {
				return off, x.size
			}
			if _, ok := x.at.(sizedReaderAt); !ok {
				return off, x.size
			}
			at = x.at
		case sizedReaderAt:
			return off, x.Size()
		default:
			return off, 1<<63 - 1
		}
	}
}

// A span says where a part of some content lies: n bytes from "to" on lie at
// "at" of what holds them.
type span struct{ to, at, n int64 }

// mapped is content that lies in pieces, in their order; between them are zeros.
// It can be read one after the other and at random.
type mapped struct {
	in     io.ReaderAt
	pieces []span
	size   int64
	pos    int64
}

// add appends a piece, which must lie behind those before it; ok is false where
// it does not, or where there are too many.
func (m *mapped) add(to, at, n int64) bool {
	if n <= 0 {
		return n == 0
	}
	if k := len(m.pieces); k > 0 {
		last := &m.pieces[k-1]
		switch {
		case to < last.to+last.n:
			return false
		case to == last.to+last.n && at == last.at+last.n:
			last.n += n
			return true
		}
	}
	if len(m.pieces) >= maxPieces {
		return false
	}
	m.pieces = append(m.pieces, span{to, at, n})
	return true
}

// sort puts pieces in their order and drops what overlaps an earlier one.
func (m *mapped) sort() {
	slices.SortStableFunc(m.pieces, func(a, b span) int {
		switch {
		case a.to < b.to:
			return -1
		case a.to > b.to:
			return 1
		}
		return 0
	})
	out, end := m.pieces[:0], int64(0)
	for _, p := range m.pieces {
		if p.to >= end {
			out, end = append(out, p), p.to+p.n
		}
	}
	m.pieces = out
}

func (m *mapped) Size() int64 { return m.size }

func (m *mapped) Read(p []byte) (int, error) {
	n, err := m.ReadAt(p[:min(int64(len(p)), max(m.size-m.pos, 0))], m.pos)
	m.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

// ReadAt implements io.ReaderAt. A piece that ends before its content does, as
// what holds it was cut off, is an io.ErrUnexpectedEOF.
func (m *mapped) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off >= m.size {
		return 0, io.EOF
	}
	want := p
	if int64(len(p)) > m.size-off {
		want, err = p[:m.size-off], io.EOF
	}
	i := sort.Search(len(m.pieces), func(i int) bool { return m.pieces[i].to+m.pieces[i].n > off })
	for n < len(want) {
		at := off + int64(n)
		if i == len(m.pieces) || m.pieces[i].to >= at+int64(len(want)-n) {
			clear(want[n:])
			return len(want), err
		}
		pc := m.pieces[i]
		if pc.to > at {
			k := int(pc.to - at)
			clear(want[n : n+k])
			n += k
			continue
		}
		k := int(min(int64(len(want)-n), pc.to+pc.n-at))
		got, rerr := m.in.ReadAt(want[n:n+k], pc.at+at-pc.to)
		n += got
		if got < k {
			if rerr == nil || rerr == io.EOF {
				rerr = io.ErrUnexpectedEOF
			}
			return n, rerr
		}
		i++
	}
	return n, err
}

func (m *mapped) data(off int64) (from, to int64) {
	i := sort.Search(len(m.pieces), func(i int) bool { return m.pieces[i].to+m.pieces[i].n > off })
	for ; i < len(m.pieces); i++ {
		pc := m.pieces[i]
		skip := max(off-pc.to, 0)
		from, to = dataAt(m.in, pc.at+skip)
		from, to = from-pc.at+pc.to, to-pc.at+pc.to
		if from < pc.to+pc.n { // the piece does not hold zeros only
			return min(from, m.size), min(to, pc.to+pc.n, m.size)
		}
	}
	return m.size, m.size
}

// sectionOf returns the n bytes at off.
func sectionOf(at io.ReaderAt, off, n int64) *mapped {
	n = max(n, 0)
	return &mapped{in: at, pieces: []span{{0, off, n}}, size: n}
}

// maxMarks bounds the bytes that say which blocks of a file system were read.
const maxMarks = 64 << 20

// A blockMap remembers which blocks of a file system files lie in. It is nil
// where there are too many.
type blockMap []uint64

func newBlockMap(blocks int64) blockMap {
	if blocks < 0 || blocks/8 > maxMarks {
		return nil
	}
	return make(blockMap, (blocks+63)/64)
}

// mark takes n blocks; it reports whether all of them exist.
func (m blockMap) mark(block, n int64) bool {
	for end := block + n; block < end; block++ {
		i := block / 64
		if block < 0 || i >= int64(len(m)) {
			return m == nil
		}
		if block%64 == 0 && end-block >= 64 {
			m[i] = ^uint64(0)
			block += 63
			continue
		}
		m[i] |= 1 << (block % 64)
	}
	return true
}

func (m blockMap) marked(block int64) bool {
	i := block / 64
	return i < int64(len(m)) && m[i]&(1<<(block%64)) != 0
}

// A leftover reads what no file of a file system holds: its journal, and what is
// left of files that were deleted. Blocks of zeros are passed over, and a line
// end stands for what lies between.
type leftover struct {
	ctx   context.Context
	at    sizedReaderAt
	used  blockMap
	block int64
	next  int64 // block
	buf   []byte
	rest  []byte
	gone  bool // the last one was passed over
}

func (l *leftover) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if err := l.ctx.Err(); err != nil {
			return 0, err
		}
		size := l.at.Size()
		at := l.next * l.block
		if at >= size {
			return 0, io.EOF
		}
		if l.used.marked(l.next) {
			l.next, l.gone = l.next+1, true
			continue
		}
		from, to := dataAt(l.at, at)
		if from >= size {
			return 0, io.EOF
		}
		if k := from / l.block; k > l.next {
			l.next, l.gone = k, true
			continue
		}
		// As many blocks as follow each other.
		n := int64(1)
		for n < 64 && (l.next+n)*l.block < min(to, size) && !l.used.marked(l.next+n) {
			n++
		}
		if l.buf == nil {
			l.buf = make([]byte, 1+64*l.block)
		}
		l.buf[0] = '\n'
		got, err := l.at.ReadAt(l.buf[1:1+n*l.block], at)
		l.next += n
		if got == 0 && err != nil && err != io.EOF {
			return 0, err
		}
		b := l.buf[1 : 1+got]
		if isZero(b) {
			l.gone = true
			continue
		}
		if l.gone {
			b = l.buf[:1+got]
		}
		l.rest, l.gone = b, false
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// yieldLeft yields what no file of a file system holds, as a text of its record.
func (l *lister) yieldLeft(at sizedReaderAt, used blockMap, block int64) bool {
	if used == nil {
		return l.gap(scanners.TooLarge, "what no file holds was not searched: the file system is too large")
	}
	r := &leftover{ctx: l.ctx, at: at, used: used, block: block}
	var first [1]byte
	n, err := r.Read(first[:])
	if n == 0 {
		if err != nil && err != io.EOF {
			return l.out.err(err)
		}
		return true
	}
	it := raw(io.MultiReader(bytes.NewReader(first[:]), r), 0)
	it.Verbatim, it.Field = false, "free space"
	return l.out.item(it)
}

// alsoNamed matches another name of what was yielded, or of what has no content:
// it belongs to the record of the file system.
func (l *lister) alsoNamed(name string) bool {
	f := l.item(name, -1, time.Time{}).Fields[0]
	return l.out.item(textItem(f.Name, f.Value))
}

// volumeName matches what a file system, disk or partition is called.
func (l *lister) volumeName(s string) bool {
	if s = strings.TrimRight(s, "\x00 "); s == "" {
		return true
	}
	return l.out.item(textItem("volume", s))
}

func textItem(field, value string) scanners.Item {
	return scanners.Item{Size: int64(len(value)), Body: strings.NewReader(value), Text: true, Field: field}
}
