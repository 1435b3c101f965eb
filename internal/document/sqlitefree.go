package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// sqliteMaxCarved bounds the header of a record that is looked for in free
// space, in bytes.
const sqliteMaxCarved = 128

// rest yields the pages that no table refers to.
func (f *sqliteFile) rest() {
	var p []byte
	zero := make([]byte, f.page)
	for n := int64(1); n <= f.pages; n++ {
		if f.visited(n) {
			continue
		}
		if n&0xff == 0 && !f.going() {
			return
		}
		p, _ = f.read(n, p)
		if !bytes.Equal(p, zero) {
			f.loose(n, p)
		}
		if f.over {
			return
		}
	}
}

// loose takes a page that belongs to no known table into the free space: its
// rows, where it has any, each as a line.
func (f *sqliteFile) loose(n int64, p []byte) {
	damaged := f.damaged
	cells, kind, _ := f.cells(n, p, nil)
	f.damaged = damaged // it need not be such a page
	if kind != sqliteLeafTable && kind != sqliteLeafIndex && kind != sqliteInteriorIndex {
		f.carve(p, 0)
		return
	}
	f.unused(n, p, cells, kind, 0)
	for _, c := range cells {
		if !f.cut(c.local) {
			f.spare(c.local)
		}
	}
}

// unused takes what lies between the cells of a page into the free space.
// columns is how many values the rows of its table have, 0 where unknown.
func (f *sqliteFile) unused(n int64, p []byte, cells []sqliteCell, kind byte, columns int) {
	from := 8
	if kind == sqliteInteriorIndex || kind == sqliteInteriorTable {
		from = 12
	}
	if n == 1 {
		from += 100
	}
	from += 2 * len(cells)
	spans := make([][2]int, 0, len(cells)+1)
	for _, c := range cells {
		spans = append(spans, [2]int{c.at, c.end})
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	for _, s := range append(spans, [2]int{f.usable, f.usable}) {
		if s[0] > from {
			f.carve(p[from:s[0]], columns)
		}
		from = max(from, s[1])
	}
}

// carve takes bytes into the free space. What looks like a record becomes a line
// of its values, so that they don't run together: in the file nothing stands
// between them. Where a row was deleted, the first four bytes of its cell are
// overwritten, and with them often the length of its header; columns then tells
// how many values to look for.
func (f *sqliteFile) carve(b []byte, columns int) {
	done, lost := 0, 4
	for i := 0; i < len(b); {
		head, at, end := f.record(b, i, 0)
		if f.wide != nil && end > 0 && i != lost && !sqliteAnnounced(b, i, int64(end-i)) {
			end = 0 // zeros are common in UTF-16: too much looks like a record
		}
		if end == 0 && columns > 2 && i == lost {
			if head, at, end = f.record(b, i, columns); end == 0 {
				head, at, end = f.record(b, i, columns-1)
			}
		}
		if end == 0 {
			i++
			continue
		}
		f.spare(b[done:i])
		f.line(head, b[at:end])
		done, i, lost = end, end, end+4
	}
	f.spare(b[done:])
}

// record looks for a record at a place in b whose values are all there,
// and one of which is a text. It returns its serial types, and where its values
// begin and end; end is 0 where there is none. With columns, the record is one
// of so many values whose header has lost its length.
func (f *sqliteFile) record(b []byte, i, columns int) (head []byte, at, end int) {
	head = b[i:]
	control := false // no text has such a byte
	if columns == 0 {
		if len(head) == 0 || head[0] < 2 || head[0] > sqliteMaxCarved || int(head[0]) >= len(head) {
			return nil, 0, 0
		}
		control = head[0] < '\t'
		at, head = i+int(head[0]), head[1:head[0]]
	}
	size, text, n := int64(0), false, 0
	rest := head
	for len(rest) > 0 && (columns == 0 || n < columns) {
		t, k := sqliteVarint(rest)
		length, ok := sqliteLen(t)
		if k == 0 || !ok || size+length > int64(len(b)-i) || len(head)-len(rest) > sqliteMaxCarved {
			return nil, 0, 0
		}
		control = control || rest[0] < '\t' && (rest[0] > 0 || f.wide == nil || columns > 0) || 0x0d < rest[0] && rest[0] < ' '
		text = text || t >= 13 && t&1 == 1 && length > 0
		size += length
		rest = rest[k:]
		n++
	}
	if columns > 0 {
		head = head[:len(head)-len(rest)]
		at = i + len(head)
	}
	if !text || !control || n < columns || int64(at)+size > int64(len(b)) {
		return nil, 0, 0
	}
	// The header again, now that the values are known to be there.
	value := b[at:]
	for rest = head; len(rest) > 0; {
		t, k := sqliteVarint(rest)
		length, _ := sqliteLen(t)
		if rest = rest[k:]; t >= 13 && t&1 == 1 && !f.isText(value[:length]) {
			return nil, 0, 0
		}
		value = value[length:]
	}
	return head, at, at + int(size)
}

// sqliteAnnounced reports whether what stands before a place in b is the start
// of a cell with a record of n bytes.
func sqliteAnnounced(b []byte, i int, n int64) bool {
	for rowid := range 6 {
		for k := 1; k <= 3 && i-rowid-k >= 0; k++ {
			if v, length := sqliteVarint(b[i-rowid-k:]); length == k && v == n {
				return true
			}
		}
	}
	return false
}

// isText reports whether bytes may be a text of the database: whole characters,
// none of them a control character.
func (f *sqliteFile) isText(b []byte) bool {
	if f.wide == nil {
		return utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return r < '\t' }) < 0
	}
	// Text that is read from the wrong byte on has characters that end in zeros.
	odd := 0
	for i := 0; i+1 < len(b); i += 2 {
		u := f.wide.Uint16(b[i:])
		if u < '\t' || u == 0xfffe || u == 0xffff {
			return false
		}
		if u&0xff == 0 {
			odd++
		}
	}
	return len(b)%2 == 0 && odd <= len(b)/8
}

// line takes a record with the serial types in head into the free space, as far
// as its values are there.
func (f *sqliteFile) line(head, value []byte) {
	f.endLine()
	for len(head) > 0 {
		t, k := sqliteVarint(head)
		length, ok := sqliteLen(t)
		if k == 0 || !ok {
			break
		}
		head = head[k:]
		if length > int64(len(value)) {
			if length = int64(len(value)); t < 12 {
				break
			}
		}
		f.free = sqliteValueOf(t, value[:length]).text(f.free, f.wide)
		f.free = append(f.free, '\t')
		value = value[length:]
	}
	f.free = append(f.free, value...)
	f.endLine()
}

// cut takes a record of which only the start is there into the free space.
func (f *sqliteFile) cut(b []byte) bool {
	size, n := sqliteVarint(b)
	if n == 0 || size < 2 || size > int64(len(b)) || size > sqliteMaxHeader {
		return false
	}
	f.line(b[n:size], b[size:])
	return true
}

// spare takes bytes that are no row into the free space, as they are.
func (f *sqliteFile) spare(b []byte) {
	if b = bytes.Trim(b, "\x00"); len(b) > 3 {
		f.endLine()
		f.free = append(f.free, b...)
		f.endLine()
	}
}

func (f *sqliteFile) endLine() {
	if n := len(f.free); n > 0 && f.free[n-1] != '\n' {
		f.free = append(f.free, '\n')
	}
	// Rows that wait are handed over first by those who gather them.
	if len(f.free) >= dumpBlockBytes {
		f.flushFree()
	}
}

// flushFree hands over the free space gathered so far.
func (f *sqliteFile) flushFree() {
	if len(f.free) == 0 {
		return
	}
	f.give(scanners.Item{Size: int64(len(f.free)), Body: bytes.NewReader(f.free), Text: true, Field: sqliteFree}, nil)
	f.free = f.free[:0]
}

// sqliteLogDecoder reads what lies beside a SQLite database: the write-ahead log
// (section 4 of the format), whose frames hold the latest pages, and the
// rollback journal (section 3), whose records hold former ones. Rows are lines
// of values, as in the free space of a database; the names of tables and columns
// stand in the database.
func sqliteLogDecoder() container.Decoder {
	return container.Decoder{
		Name: "sqlite-log",
		Match: func(head []byte, _ string) bool {
			_, _, _, ok := sqliteLog(head)
			return ok
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) { readSQLiteLog(ctx, in, b, yield) }
		},
	}
}

// sqliteLog takes in the header of a log: the size of a page, where the first
// one begins, and how many bytes stand in front of each.
func sqliteLog(h []byte) (page, first, lead int, ok bool) {
	if len(h) < 32 {
		return 0, 0, 0, false
	}
	switch magic := binary.BigEndian.Uint32(h); {
	case magic&^1 == 0x377f0682:
		page, first, lead = int(binary.BigEndian.Uint32(h[8:])), 32, 24
	case string(h[:8]) == "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7":
		page, first, lead = int(binary.BigEndian.Uint32(h[24:])), int(binary.BigEndian.Uint32(h[20:])), 4
	}
	return page, first, lead, page >= 512 && page <= 65536 && page&(page-1) == 0 && first >= 28 && first <= 65536
}

func readSQLiteLog(ctx context.Context, in scanners.Item, b *container.Budget, yield func(scanners.Item, error) bool) {
	f := &sqliteFile{ctx: ctx, b: b, yield: yield, pages: 1 << 32}
	head, r, _ := container.Head(in.Body)
	var first, lead int
	f.page, first, lead, _ = sqliteLog(head)
	f.usable = f.page
	if _, err := io.CopyN(io.Discard, r, int64(first)); err != nil {
		return
	}
	piece := make([]byte, lead+f.page+lead&4)
	if lead == 24 {
		piece = piece[:lead+f.page]
	}
	for f.going() {
		k, err := io.ReadFull(r, piece)
		if k == 0 && err == io.EOF {
			break
		}
		page := piece[min(k, lead):min(k, lead+f.page)]
		if len(page) < f.page {
			f.spare(piece[:k])
			if err == io.ErrUnexpectedEOF {
				break
			}
			f.fail(fmt.Errorf("sqlite: read: %w", err))
			break
		}
		n := int64(binary.BigEndian.Uint32(piece))
		if n == 1 && bytes.HasPrefix(page, []byte(sqliteMagic)) {
			f.wide = nil
			switch binary.BigEndian.Uint32(page[56:]) {
			case 2:
				f.wide = binary.LittleEndian
			case 3:
				f.wide = binary.BigEndian
			}
			f.loose(1, page)
		} else {
			f.loose(2, page)
		}
	}
	f.flushFree()
}
