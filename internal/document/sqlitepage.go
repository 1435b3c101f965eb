package document

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The types of b-tree pages (file format, section 1.6).
const (
	sqliteInteriorIndex = 2
	sqliteInteriorTable = 5
	sqliteLeafIndex     = 10
	sqliteLeafTable     = 13
)

// A sqliteCell is a cell of a b-tree that holds a record. Its bytes are valid
// while it is visited.
type sqliteCell struct {
	rowid    int64
	index    bool   // it is of an index b-tree, and has no rowid
	total    int64  // bytes of the record
	local    []byte // those in the page
	overflow int64  // page on which the record goes on; 0: it doesn't
	origin   int64  // place in the file
	child    int64  // page on the left, in interior pages
	at, end  int    // span in the page
}

// A sqliteLevel is what a level of a b-tree is read into.
type sqliteLevel struct {
	page  []byte
	cells []sqliteCell
}

// sqliteVarint reads a varint (section 1.6). n is 0 where b ends within it.
func sqliteVarint(b []byte) (v int64, n int) {
	var u uint64
	for i, c := range b {
		if i == 8 {
			return int64(u<<8 | uint64(c)), 9
		}
		u = u<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return int64(u), i + 1
		}
	}
	return 0, 0
}

// tree visits the records of the b-tree below a page, in order, as far as it
// holds any; without a function it only marks the pages. What lies beside the
// records goes to the free space.
func (f *sqliteFile) tree(n int64, depth int, visit func(*sqliteCell)) {
	if !f.going() {
		return
	}
	if depth > sqliteMaxDepth || !f.visit(n) {
		f.damaged++
		return
	}
	for len(f.levels) <= depth {
		f.levels = append(f.levels, sqliteLevel{})
	}
	p, ok := f.read(n, f.levels[depth].page)
	if !ok {
		f.damaged++
	}
	cells, kind, right := f.cells(n, p, f.levels[depth].cells[:0])
	f.levels[depth] = sqliteLevel{p, cells}
	switch kind {
	case sqliteLeafTable, sqliteLeafIndex, sqliteInteriorIndex, sqliteInteriorTable:
	default:
		f.damaged++
		f.carve(p, 0)
		return
	}
	columns := 0
	if f.table != nil && len(f.table.def.stored) > 0 && kind == sqliteLeafTable {
		columns = len(f.table.def.stored)
	}
	f.unused(n, p, cells, kind, columns)
	for i := range cells {
		c := &cells[i]
		if c.child != 0 {
			f.tree(c.child, depth+1, visit)
		}
		if f.over {
			return
		}
		if kind == sqliteInteriorTable {
			continue
		}
		if visit != nil {
			visit(c)
		} else if c.overflow != 0 {
			f.chain(c)
		}
	}
	if right != 0 {
		f.tree(right, depth+1, visit)
	}
}

// cells returns the cells of a page in the order of their keys, its type, and
// the child on the right of an interior page. Cells that overlap others, or
// don't fit, are left out.
func (f *sqliteFile) cells(n int64, p []byte, into []sqliteCell) (cells []sqliteCell, kind byte, right int64) {
	h := 0
	if n == 1 {
		h = 100
	}
	kind = p[h]
	first := h + 8
	if kind == sqliteInteriorIndex || kind == sqliteInteriorTable {
		right = int64(binary.BigEndian.Uint32(p[h+8:]))
		first += 4
	} else if kind != sqliteLeafIndex && kind != sqliteLeafTable {
		return nil, kind, 0
	}
	count := int(binary.BigEndian.Uint16(p[h+3:]))
	if most := (f.usable - first) / 2; count > most {
		count = most
		f.damaged++
	}
	floor := first + 2*count
	cells = slices.Grow(into, count)
	for i := range count {
		at := int(binary.BigEndian.Uint16(p[first+2*i:]))
		c, ok := sqliteCell{}, false
		if at >= floor && at < f.usable {
			c, ok = f.cellAt(p, at, kind)
		}
		if !ok {
			f.damaged++
			continue
		}
		c.origin = (n-1)*int64(f.page) + int64(at)
		cells = append(cells, c)
	}
	order := make([]int, len(cells))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cells[a].at - cells[b].at })
	end, twice := 0, false
	for _, i := range order {
		if cells[i].at < end {
			cells[i].end, twice = -1, true
			continue
		}
		end = cells[i].end
	}
	if twice {
		f.damaged++
		cells = slices.DeleteFunc(cells, func(c sqliteCell) bool { return c.end < 0 })
	}
	return cells, kind, right
}

// cellAt reads the cell at a place in a page.
func (f *sqliteFile) cellAt(p []byte, at int, kind byte) (c sqliteCell, ok bool) {
	b := p[:f.usable]
	i := at
	if kind == sqliteInteriorIndex || kind == sqliteInteriorTable {
		if i+4 > len(b) {
			return c, false
		}
		c.child = int64(binary.BigEndian.Uint32(b[i:]))
		if i += 4; c.child == 0 {
			return c, false
		}
	}
	var n int
	if kind != sqliteInteriorTable {
		if c.total, n = sqliteVarint(b[i:]); n == 0 || c.total < 0 || c.total > f.pages*int64(f.page) {
			return c, false
		}
		i += n
	}
	if kind == sqliteLeafTable || kind == sqliteInteriorTable {
		if c.rowid, n = sqliteVarint(b[i:]); n == 0 {
			return c, false
		}
		i += n
	} else {
		c.index = true
	}
	if kind != sqliteInteriorTable {
		k := f.local(c.total, kind)
		if i+k > len(b) {
			return c, false
		}
		c.local = b[i : i+k]
		i += k
		if int64(k) < c.total {
			if i+4 > len(b) {
				return c, false
			}
			c.overflow = int64(binary.BigEndian.Uint32(b[i:]))
			i += 4
		}
	}
	c.at, c.end = at, min(max(i, at+4), len(b))
	return c, true
}

// local returns how much of a record of n bytes lies in the page of its cell
// (section 1.6).
func (f *sqliteFile) local(n int64, kind byte) int {
	u := f.usable
	most := u - 35
	if kind != sqliteLeafTable {
		most = (u-12)*64/255 - 23
	}
	if n <= int64(most) {
		return int(n)
	}
	least := (u-12)*32/255 - 23
	if k := least + int((n-int64(least))%int64(u-4)); k <= most {
		return k
	}
	return least
}

// whole returns the bytes of a record, which are valid until the next call.
// They are fewer than there should be where it is damaged.
func (f *sqliteFile) whole(c *sqliteCell) []byte {
	if c.overflow == 0 {
		return c.local
	}
	f.payload = append(f.payload[:0], c.local...)
	r := &sqlitePayload{f: f, cell: c, next: c.overflow, left: min(c.total, dumpMaxRow) - int64(len(c.local))}
	for {
		f.payload = slices.Grow(f.payload, f.page)
		n, err := r.Read(f.payload[len(f.payload):cap(f.payload)])
		f.payload = f.payload[:len(f.payload)+n]
		if err != nil {
			return f.payload
		}
	}
}

// chain marks the overflow pages of a record that is not read.
func (f *sqliteFile) chain(c *sqliteCell) {
	r := &sqlitePayload{f: f, cell: c, next: c.overflow, left: c.total - int64(len(c.local))}
	_, _ = io.Copy(io.Discard, r)
}

// A sqlitePayload reads a record through its overflow pages (section 1.6).
type sqlitePayload struct {
	f    *sqliteFile
	cell *sqliteCell
	next int64  // overflow page
	rest []byte // of the page that is read
	left int64  // bytes of the record
	page []byte
}

func (r *sqlitePayload) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		f := r.f
		if r.next == 0 || !f.visit(r.next) {
			f.damaged++
			r.left = 0
			return 0, io.EOF
		}
		if err := f.ctx.Err(); err != nil {
			return 0, err
		}
		var ok bool
		if r.page, ok = f.read(r.next, r.page); !ok {
			f.damaged++
		}
		r.next = int64(binary.BigEndian.Uint32(r.page))
		r.rest = r.page[4:f.usable]
		if int64(len(r.rest)) > r.left {
			f.carve(r.rest[r.left:], 0)
		}
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.rest)
	r.rest = r.rest[n:]
	r.left -= int64(n)
	return n, nil
}

type sqliteKind byte

const (
	sqliteNull sqliteKind = iota
	sqliteInt
	sqliteReal
	sqliteText
	sqliteBlob
)

// A sqliteValue is a value of a record.
type sqliteValue struct {
	kind sqliteKind
	n    int64 // the bits of a real one
	b    []byte
}

func (v sqliteValue) int() int64 {
	if v.kind != sqliteInt {
		return 0
	}
	return v.n
}

// text appends the value as text in UTF-8, and blobs as they are.
func (v sqliteValue) text(to []byte, wide binary.ByteOrder) []byte {
	switch v.kind {
	case sqliteInt:
		return strconv.AppendInt(to, v.n, 10)
	case sqliteReal:
		r := math.Float64frombits(uint64(v.n))
		if math.Abs(r) < 1e15 && math.Abs(r) > 1e-5 {
			return strconv.AppendFloat(to, r, 'f', -1, 64)
		}
		return strconv.AppendFloat(to, r, 'g', -1, 64)
	case sqliteText:
		if wide != nil {
			return appendWide(to, v.b, wide)
		}
	}
	return append(to, v.b...)
}

// appendWide appends UTF-16 as UTF-8.
func appendWide(to, b []byte, order binary.ByteOrder) []byte {
	for ; len(b) > 1; b = b[2:] {
		r := rune(order.Uint16(b))
		if utf16.IsSurrogate(r) && len(b) > 3 {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(b[2:]))); pair != utf8.RuneError {
				r, b = pair, b[2:]
			}
		}
		to = utf8.AppendRune(to, r)
	}
	return append(to, b...)
}

// sqliteWide returns a reader of UTF-16 as UTF-8.
func sqliteWide(r io.Reader, order binary.ByteOrder) io.Reader {
	end := unicode.LittleEndian
	if order == binary.BigEndian {
		end = unicode.BigEndian
	}
	return transform.NewReader(r, unicode.UTF16(end, unicode.IgnoreBOM).NewDecoder())
}

// sqliteLen returns the length of a value of a serial type (section 2.1). It
// reports whether there is such a type.
func sqliteLen(t int64) (int64, bool) {
	switch {
	case t < 0 || t == 10 || t == 11:
		return 0, false
	case t >= 12:
		return (t - 12) / 2, true
	}
	return int64([...]byte{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[t]), true
}

// sqliteValueOf returns the value of a serial type in b.
func sqliteValueOf(t int64, b []byte) sqliteValue {
	switch {
	case t >= 12 && t&1 == 0:
		return sqliteValue{kind: sqliteBlob, b: b}
	case t >= 13:
		return sqliteValue{kind: sqliteText, b: b}
	case t == 8 || t == 9:
		return sqliteValue{kind: sqliteInt, n: t - 8}
	case len(b) == 0 || t < 1:
		return sqliteValue{}
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	if t == 7 {
		return sqliteValue{kind: sqliteReal, n: n}
	}
	return sqliteValue{kind: sqliteInt, n: n}
}

// sqliteMaxHeader bounds the header of a record, in bytes: 32,767 values with a
// length of nine bytes each, which no database reaches.
const sqliteMaxHeader = 9 * 32768

// values takes a record apart (section 2.1). Of a record that is cut off it
// returns what is there, and false.
func (f *sqliteFile) values(b []byte) (v []sqliteValue, ok bool) {
	size, n := sqliteVarint(b)
	if n == 0 || size < int64(n) || size > sqliteMaxHeader || size > int64(len(b)) {
		if len(b) > 0 {
			f.carve(b, 0)
		}
		return nil, false
	}
	head, body := b[n:size], b[size:]
	ok = true
	for len(head) > 0 {
		t, n := sqliteVarint(head)
		if n == 0 {
			return v, false
		}
		head = head[n:]
		length, known := sqliteLen(t)
		if !known || length > int64(len(body)) {
			ok = false
			length = min(length, int64(len(body)))
			if t < 12 {
				t, length = 0, 0
			}
		}
		v = append(v, sqliteValueOf(t, body[:length]))
		body = body[length:]
	}
	if len(body) > 0 {
		f.carve(body, 0)
	}
	return v, ok
}

// sqliteTypes reads the header of a record.
func sqliteTypes(r io.Reader) (types []int64, ok bool) {
	one := make([]byte, 1)
	varint := func() (int64, int) {
		var b [9]byte
		for i := range b {
			if _, err := io.ReadFull(r, one); err != nil {
				return 0, 0
			}
			b[i] = one[0]
			if v, n := sqliteVarint(b[:i+1]); n > 0 {
				return v, n
			}
		}
		return 0, 0
	}
	size, n := varint()
	for left := size - int64(n); left > 0; {
		t, n := varint()
		if n == 0 || size > sqliteMaxHeader {
			return nil, false
		}
		types = append(types, t)
		left -= int64(n)
	}
	return types, n > 0 && len(types) > 0
}
