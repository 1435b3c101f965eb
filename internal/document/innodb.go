package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// Types of pages (MySQL Internals Manual, chapter 22; fil0fil.h of MariaDB 10.11
// and MySQL 8.0).
const (
	innoHeader    = 8
	innoBlob      = 10
	innoInstant   = 18
	innoLobData   = 23
	innoLobFirst  = 24
	innoSDI       = 17853
	innoIndex     = 17855
	innoEncrypted = 15
	innoPacked    = 34354 // of MariaDB before 10.5
)

// Bounds of a tablespace.
const (
	innoMaxValue = 64 << 20 // bytes of one value
	innoMaxPages = 1 << 30
	innoRecords  = 16 << 10 // of one page
)

// innodbDecoder reads the rows of a table in its tablespace (.ibd), as a copy of
// a data directory or a backup by xtrabackup or mariadb-backup holds it: those
// that are there, and those that were deleted and not yet overwritten. The
// definition of the table lies in the tablespace itself (MySQL 8), or beside it
// in a file that ends in .frm; without one, all is searched as it is.
func innodbDecoder() container.Decoder {
	return container.Decoder{
		Name:  "innodb",
		Match: func(head []byte, _ string) bool { return matchInnodb(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				f := &innoFile{ctx: ctx, in: in, b: b, at: spool, yield: yield}
				f.sink = rowSink{kind: "innodb", yield: yield}
				f.run()
			}
		},
	}
}

// matchInnodb reports whether head is the first page of a tablespace of one table.
func matchInnodb(head []byte) bool {
	if len(head) < 512 {
		return false
	}
	be := binary.BigEndian
	return be.Uint32(head[4:]) == 0 && be.Uint16(head[24:]) == innoHeader && be.Uint32(head[34:]) == be.Uint32(head[38:]) &&
		be.Uint32(head[34:]) > 0 && be.Uint32(head[46:]) > 0
}

type innoFile struct {
	ctx   context.Context
	in    scanners.Item
	b     *container.Budget
	at    *container.Spool
	yield func(scanners.Item, error) bool
	sink  rowSink
	over  bool // nothing more is to be yielded

	size    int64 // of a page
	pages   int64
	crc32   bool // pages end with their checksum: MariaDB from 10.5
	table   *innoTable
	root    int64
	index   uint64
	live    []uint64 // leaves of the tree, as bits
	damaged int      // pages that could not be read as they should
	locked  int      // pages that are encrypted
	packed  int      // pages that are compressed
	cut     bool     // a value was too long
	page    []byte
	cells   [][]byte
	nulls   []bool
	sources []*scanners.Table // of rows that are there, and of those that are not
	known   []uint64          // hashes of the rows that are there
	seed    maphash.Seed
}

func (f *innoFile) give(it scanners.Item, err error) bool {
	f.over = f.over || !f.yield(it, err)
	return !f.over
}

func (f *innoFile) gap(reason scanners.Reason, detail string) bool {
	return f.give(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "innodb: " + detail})
}

// raw yields a part of the file as it is.
func (f *innoFile) raw(at, n int64) bool {
	return f.give(scanners.Item{Size: n, Body: io.NewSectionReader(f.at, at, n), Text: true, Verbatim: true, Offset: at}, nil)
}

func (f *innoFile) run() {
	head := make([]byte, 512)
	n, _ := f.at.ReadAt(head, 0)
	plain := func(reason scanners.Reason, detail string) {
		if f.gap(reason, detail) {
			f.raw(0, f.at.Size())
		}
	}
	if !matchInnodb(head[:n]) {
		plain(scanners.Corrupt, "the first page is damaged")
		return
	}
	flags := binary.BigEndian.Uint32(head[54:])
	f.size = 16 << 10
	switch f.crc32 = flags&0x10 != 0 && flags>>5&7 <= 6 && flags&0xf >= 3 && flags&0xf <= 7 && flags>>8 == 0; {
	case f.crc32:
		f.size = 1 << (flags&0xf + 9)
	case flags>>1&0xf != 0:
		plain(scanners.Unsupported, "the pages of a table with ROW_FORMAT=COMPRESSED are searched as plain bytes only")
		return
	case flags>>6&0xf != 0:
		f.size = 1 << (flags>>6&0xf + 9)
	}
	if f.size < 4<<10 || f.size > 64<<10 {
		plain(scanners.Corrupt, "the first page is damaged")
		return
	}
	f.pages = min(f.at.Size()/f.size, innoMaxPages)
	f.page = make([]byte, f.size)
	f.define()
	if f.over {
		return
	}
	if f.table == nil {
		if !f.unreadable() {
			plain(scanners.Unsupported, "without the definition of its table (the file that ends in .frm) a tablespace is searched as plain bytes only")
		}
		return
	}
	f.walk()
	f.rows()
	if f.over || !f.sink.flush() {
		return
	}
	f.told()
	if rest := f.at.Size() - f.pages*f.size; rest > 0 && !f.over {
		if f.gap(scanners.Corrupt, "the tablespace is cut off") {
			f.raw(f.pages*f.size, rest)
		}
	}
}

// unreadable yields a tablespace without a definition whose pages are encrypted or
// compressed; false: they are not.
func (f *innoFile) unreadable() bool {
	for n := int64(0); n < f.pages && !f.over; n++ {
		if f.read(n) {
			f.kind()
		}
	}
	if f.locked+f.packed == 0 || f.over {
		return f.over
	}
	f.told()
	if !f.over {
		f.raw(0, f.at.Size())
	}
	return true
}

// told yields what was wrong.
func (f *innoFile) told() {
	if f.locked > 0 && !f.over {
		f.gap(scanners.Encrypted, fmt.Sprintf("%d pages are encrypted", f.locked))
	}
	if f.packed > 0 && !f.over {
		f.gap(scanners.Unsupported, fmt.Sprintf("%d pages are compressed in a way that is not read", f.packed))
	}
	if f.damaged > 0 && !f.over {
		f.gap(scanners.Corrupt, fmt.Sprintf("%d pages are damaged, and searched as plain bytes", f.damaged))
	}
	if f.cut && !f.over {
		f.gap(scanners.TooLarge, "a value is longer than 64 MiB; what lies behind that was not searched")
	}
}

// read reads a page into f.page.
func (f *innoFile) read(n int64) bool {
	if err := f.ctx.Err(); err != nil {
		f.give(scanners.Item{}, err)
		f.over = true
		return false
	}
	if n < 0 || n >= f.pages {
		return false
	}
	got, _ := f.at.ReadAt(f.page, n*f.size)
	return int64(got) == f.size
}

// kind returns the type of the page that was read; ok is false where it can't be
// looked into, which is counted.
func (f *innoFile) kind() (typ int, ok bool) {
	typ = int(binary.BigEndian.Uint16(f.page[24:]))
	number := binary.BigEndian.Uint32(f.page[4:])
	switch {
	case f.crc32 && typ&0x8000 != 0, !f.crc32 && (typ == innoPacked || typ == innoPacked+1 || typ == 37401 || typ == 14):
		f.packed++
		return typ, false
	case f.crc32 && binary.BigEndian.Uint32(f.page) != 0, !f.crc32 && number > 0 && binary.BigEndian.Uint32(f.page[26:]) != 0,
		typ >= innoEncrypted && typ <= innoEncrypted+2:
		f.locked++
		return typ, false
	}
	return typ, true
}

// define finds the definition of the table and the root of its tree.
func (f *innoFile) define() {
	f.root = 3
	if f.sdi(); f.table != nil || f.over {
		return
	}
	stem := strings.TrimSuffix(path.Base(f.in.Name), ".ibd")
	base, _, _ := strings.Cut(stem, "#") // of a partition
	if base == "" || f.in.Beside == nil {
		return
	}
	frm, err := f.in.Beside(f.ctx, base+".frm")
	if err != nil {
		return
	}
	t := parseFrm(frm)
	if t == nil {
		return
	}
	t.name, t.schema = innoName(base), f.schema()
	f.table = t
}

// schema returns the name of the folder in which the file lies, which is that of
// its database.
func (f *innoFile) schema() string {
	uri := f.in.Ref.URI
	if k := strings.LastIndexByte(uri, '/'); k > 0 {
		uri = uri[:k]
		if s, err := scanners.Unescape(uri[strings.LastIndexByte(uri, '/')+1:]); err == nil && !strings.HasSuffix(s, "!") {
			return innoName(s)
		}
	}
	return ""
}

// innoName undoes the encoding of names of tables and databases in file names
// (MySQL 8.0 Reference Manual, section 9.2.4).
func innoName(s string) string {
	var out []byte
	for i := 0; i < len(s); {
		if s[i] == '@' && i+5 <= len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+5], 16, 16); err == nil {
				out = utf8.AppendRune(out, utf16.Decode([]uint16{uint16(v)})[0])
				i += 5
				continue
			}
		}
		out = append(out, s[i])
		i++
	}
	return string(out)
}

// Places in a page of an index.
const (
	innoDirection = 50
	innoCount     = 54
	innoLevel     = 64
	innoID        = 66
	innoFirstNew  = 99  // infimum, in the compact format
	innoLastNew   = 112 // supremum
	innoFirstOld  = 101
	innoLastOld   = 116
)

// compact reports whether the records of the page are in a format of after 2005.
func (f *innoFile) compact() bool { return f.page[42]&0x80 != 0 }

// end returns the place behind what a page may hold.
func (f *innoFile) end() int { return len(f.page) - 8 }

// walk follows the tree of the table to its leaves, which it marks; those that
// hold the index and are not reached were given up.
func (f *innoFile) walk() {
	f.live = make([]uint64, (f.pages+63)/64)
	be := binary.BigEndian
	n := f.root
	for depth := 0; ; depth++ {
		if depth > 64 || !f.read(n) {
			return
		}
		typ, ok := f.kind()
		f.locked, f.packed = 0, 0 // they are counted when the rows are read
		if !ok || typ != innoIndex && typ != innoInstant {
			return
		}
		if depth == 0 {
			f.index = be.Uint64(f.page[innoID:])
			if typ == innoInstant {
				f.table.core = int(be.Uint16(f.page[innoDirection:]) >> 3)
			}
		} else if be.Uint64(f.page[innoID:]) != f.index {
			return
		}
		if be.Uint16(f.page[innoLevel:]) == 0 {
			break
		}
		// The child on the left: the last four bytes of the first record.
		child, ok := f.leftmost()
		if !ok {
			return
		}
		n = child
	}
	f.learn()
	for steps := int64(0); steps <= f.pages; steps++ {
		if be.Uint64(f.page[innoID:]) != f.index || f.live[n/64]&(1<<(n%64)) != 0 {
			return
		}
		f.live[n/64] |= 1 << (n % 64)
		next := int64(be.Uint32(f.page[12:]))
		if next == 0xffffffff || !f.read(next) {
			return
		}
		n = next
	}
}

// leftmost returns the first child of a page that is no leaf. A record there holds
// the key and the number of the child.
func (f *innoFile) leftmost() (int64, bool) {
	origin := f.next(f.start())
	if origin == 0 {
		return 0, false
	}
	size, ok := f.table.keyLength(f.page, origin, f.compact(), f.end())
	if !ok || origin+size+4 > f.end() {
		return 0, false
	}
	return int64(binary.BigEndian.Uint32(f.page[origin+size:])), true
}

func (f *innoFile) start() int {
	if f.compact() {
		return innoFirstNew
	}
	return innoFirstOld
}

// next returns the record behind one, by where its fields begin; 0 at the end.
func (f *innoFile) next(origin int) int {
	v := int(binary.BigEndian.Uint16(f.page[origin-2:]))
	last := innoLastOld
	if f.compact() {
		v, last = (origin+v)&(int(f.size)-1), innoLastNew
	}
	if v <= last || v >= f.end() {
		return 0
	}
	return v
}

// learn takes in the record in front of the first row that says how the table was
// altered without its rows being written again (MariaDB).
func (f *innoFile) learn() {
	origin := f.next(f.start())
	if f.table.core == 0 || origin == 0 || !f.compact() || f.page[origin-5]&0x10 == 0 {
		return
	}
	if f.page[origin-5]&0x20 != 0 {
		size, ok := f.table.keyLength(f.page, origin, true, f.end())
		at := origin + size + 13
		if !ok || at+20 > f.end() {
			f.damaged++
			return
		}
		page := bytes.Clone(f.page)
		blob, ok := f.external(page[at : at+20])
		f.page = page
		if !ok || !f.table.remap(blob) {
			f.damaged++
		}
	}
	cells, nulls, ok := f.record(origin, nil, nil)
	if !ok {
		return
	}
	f.table.defaults = make([][]byte, len(cells))
	for i := range cells {
		if !nulls[i] {
			f.table.defaults[i] = bytes.Clone(cells[i])
			if f.table.defaults[i] == nil {
				f.table.defaults[i] = []byte{}
			}
		}
	}
}

// rows yields the rows of all leaves, in the order of the file.
func (f *innoFile) rows() {
	t := f.table
	kinds := make([]*scanners.Table, 2)
	for i, suffix := range []string{"", " (deleted)"} {
		kinds[i] = &scanners.Table{Schema: t.schema, Table: t.name + suffix, Name: t.name + suffix}
		if t.schema != "" {
			kinds[i].Name = t.schema + "." + kinds[i].Name
		}
		for _, c := range t.columns {
			kinds[i].Columns, kinds[i].Types = append(kinds[i].Columns, c.name), append(kinds[i].Types, c.sql)
		}
		if i == 0 {
			kinds[i].Key = t.named
		}
	}
	f.sources = kinds
	f.seed = maphash.MakeSeed()
	rooted := f.index != 0
	each := func(do func(n int64, live bool), other func(n int64)) {
		for n := int64(0); n < f.pages && !f.over; n++ {
			if !f.read(n) {
				continue
			}
			typ, ok := f.kind()
			switch {
			case !ok:
				other(n)
			case typ != innoIndex && typ != innoInstant:
			case rooted && binary.BigEndian.Uint64(f.page[innoID:]) != f.index, binary.BigEndian.Uint16(f.page[innoLevel:]) != 0:
			default:
				do(n, f.live[n/64]&(1<<(n%64)) != 0)
			}
		}
	}
	each(f.leaf, func(n int64) { f.raw(n*f.size, f.size) })
	if !rooted && f.locked+f.packed == 0 && !f.over {
		f.gap(scanners.Corrupt, "the table has no readable root")
	}
	// Rows that moved to another page are left behind in theirs, too: only what is
	// not there as well was deleted or changed.
	slices.Sort(f.known)
	locked, packed := f.locked, f.packed
	each(f.remains, func(int64) {})
	f.locked, f.packed = locked, packed
}

// leaf yields the rows of a page of the tree.
func (f *innoFile) leaf(n int64, live bool) {
	if !live {
		return
	}
	page := bytes.Clone(f.page) // since long values lie in other pages
	count, got := int(binary.BigEndian.Uint16(page[innoCount:])), 0
	bad := !f.records(page, f.next(f.start()), func(origin int, info byte) bool {
		got++
		if info&0x10 != 0 && f.table.core > 0 || info&0x20 != 0 { // no row, or one that was deleted
			return true
		}
		return f.row(n, origin, true)
	})
	if (bad || got < count) && !f.over {
		f.damaged++
		f.over = !f.sink.flush()
		if !f.over {
			f.raw(n*f.size, f.size)
		}
	}
}

// remains yields the rows of a page that are there no longer: that are marked, or
// lie in what is free, or in a page that the tree does not use any more.
func (f *innoFile) remains(n int64, live bool) {
	page := bytes.Clone(f.page)
	f.records(page, f.next(f.start()), func(origin int, info byte) bool {
		if live && info&0x20 == 0 || info&0x10 != 0 {
			return true
		}
		f.row(n, origin, false)
		return true
	})
	f.page = page
	if free := int(binary.BigEndian.Uint16(page[44:])); free > innoLastNew && free < f.end() {
		f.records(page, free, func(origin int, info byte) bool {
			f.row(n, origin, false)
			return true
		})
	}
}

// records calls do for each record of a list in a page. It reports whether all of
// them, and the list, are as they should be.
func (f *innoFile) records(page []byte, origin int, do func(origin int, info byte) bool) bool {
	whole := true
	for steps := 0; origin != 0 && !f.over; steps++ {
		if steps > innoRecords || origin-6 < innoLastNew {
			return false
		}
		f.page = page
		info := page[origin-6]
		if f.compact() {
			info = page[origin-5]
		}
		next := f.next(origin)
		whole = do(origin, info) && whole
		f.page = page
		origin = next
	}
	return whole
}

// maxKnown bounds how many rows are remembered.
const maxKnown = 8 << 20

// row yields a row, and reports whether it could be told.
func (f *innoFile) row(n int64, origin int, there bool) bool {
	var ok bool
	f.cells, f.nulls, ok = f.record(origin, f.cells[:0], f.nulls[:0])
	if !ok {
		return false
	}
	source := f.sources[0]
	if !there {
		source = f.sources[1]
	}
	if !f.sink.table(source) {
		f.over = true
		return true
	}
	b := &f.sink.block
	before := len(b.Data)
	t := f.table
	for i, c := range t.columns {
		k := t.at[i]
		var v []byte
		null := true
		switch {
		case k < 0: // not stored
		case k < len(f.cells):
			v, null = f.cells[k], f.nulls[k]
		case t.defaults != nil && k < len(t.defaults):
			v, null = t.defaults[k], t.defaults[k] == nil
		}
		if !null {
			b.Data = c.text(b.Data, v)
		}
		b.Ends = append(b.Ends, uint32(len(b.Data)))
		b.Data = append(b.Data, 0)
		b.Nulls = append(b.Nulls, null)
	}
	if h := maphash.Bytes(f.seed, b.Data[before:]); !there {
		if _, ok := slices.BinarySearch(f.known, h); ok {
			b.Data, b.Ends, b.Nulls = b.Data[:before], b.Ends[:len(b.Ends)-len(t.columns)], b.Nulls[:len(b.Nulls)-len(t.columns)]
			return true
		}
	} else if len(f.known) < maxKnown {
		f.known = append(f.known, h)
	}
	if err := f.b.Charge(int64(len(b.Data) - before)); err != nil {
		f.give(scanners.Item{}, err)
		f.over = true
		return true
	}
	if !f.sink.commit(n*f.size + int64(origin)) {
		f.over = true
	}
	return true
}

// external returns the value that a pointer of 20 bytes leads to: of pages in a
// list (before MySQL 8), or as its large objects are.
func (f *innoFile) external(ref []byte) ([]byte, bool) {
	be := binary.BigEndian
	page, offset, length := int64(be.Uint32(ref[4:])), int(be.Uint32(ref[8:])), int64(be.Uint32(ref[16:]))
	if length > innoMaxValue {
		f.cut, length = true, innoMaxValue
	}
	if f.b.Charge(length) != nil {
		return nil, false
	}
	var out []byte
	f.page = make([]byte, f.size)
	for first := true; int64(len(out)) < length; first = false {
		if !f.read(page) {
			return out, false
		}
		typ := int(be.Uint16(f.page[24:]))
		if first && typ == innoLobFirst {
			return f.large(length)
		}
		if typ != innoBlob && typ != innoInstant+1 || offset+8 > f.end() || !first && offset != 38 {
			return out, false
		}
		n := int(be.Uint32(f.page[offset:]))
		if n <= 0 || offset+8+n > f.end()+4 {
			return out, false
		}
		out = append(out, f.page[offset+8:offset+8+n]...)
		page, offset = int64(be.Uint32(f.page[offset+4:])), 38
	}
	return out[:length], true
}

// large returns a large object of MySQL 8, whose first page was read: that lists
// where the pieces are (lob0first.h, lob0index.h).
func (f *innoFile) large(length int64) ([]byte, bool) {
	be := binary.BigEndian
	first := bytes.Clone(f.page)
	page, at := int64(be.Uint32(first[68:])), int(be.Uint16(first[72:]))
	var out []byte
	lists := map[int64][]byte{}
	for steps := int64(0); int64(len(out)) < length && page != 0xffffffff && steps < f.pages; steps++ {
		list, ok := lists[page]
		if !ok {
			if !f.read(page) || len(lists) > 1024 {
				return out, false
			}
			list = bytes.Clone(f.page)
			lists[page] = list
		}
		if at < 38 || at+60 > len(list) {
			return out, false
		}
		entry := list[at:]
		data, n := int64(be.Uint32(entry[48:])), int(be.Uint16(entry[52:]))
		if !f.read(data) {
			return out, false
		}
		from := 49
		switch be.Uint16(f.page[24:]) {
		case innoLobFirst:
			from = 696
		case innoLobData:
		default:
			return out, false
		}
		if from+n > f.end() {
			return out, false
		}
		out = append(out, f.page[from:from+n]...)
		page, at = int64(be.Uint32(entry[6:])), int(be.Uint16(entry[10:]))
	}
	if int64(len(out)) < length {
		return out, false
	}
	return out[:length], true
}
