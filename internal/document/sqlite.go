package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// The format is that of https://www.sqlite.org/fileformat2.html. It is read
// here, and not by SQLite, since a scan wants what a database does not show:
// the rows of damaged files, page by page, and what deletions left behind.

const (
	sqliteMagic     = "SQLite format 3\x00"
	sqliteRowType   = "sqlite"
	sqliteSchema    = "main"
	sqliteFree      = "free space" // the field of what no table refers to
	sqliteMaxSchema = 64 << 20     // bytes of definitions that are kept
	sqliteMaxTables = 1 << 20
	sqliteMaxDepth  = 64
	sqliteMaxValue  = 1 << 20 // of a row that is longer than dumpMaxRow, in bytes
)

// sqliteDecoder reads SQLite databases. It yields
//
//   - the definitions of tables, views, indexes and triggers as texts;
//   - the rows of all tables, those WITHOUT ROWID and those behind virtual
//     tables too, as blocks. Their key is the primary key, else the rowid, which
//     then is their first column; generated columns that are not stored have no
//     place in them;
//   - values of more than 1 MiB in rows of more than 8 MiB as members;
//   - with Field "free space", what lies in no row: rows that were deleted, and
//     pages that can't be read. What looks like a row there is written as a line
//     of its values, separated by tabs.
//
// Indexes repeat what their tables hold, and are not read.
func sqliteDecoder() container.Decoder {
	return container.Decoder{
		Name:  "sqlite",
		Match: func(head []byte, _ string) bool { return bytes.HasPrefix(head, []byte(sqliteMagic)) },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				f := &sqliteFile{ctx: ctx, b: b, yield: yield, at: spool, size: spool.Size()}
				if err != nil {
					f.fail(err)
				}
				f.run()
			}
		},
	}
}

// A sqliteFile is a database that is read.
type sqliteFile struct {
	ctx   context.Context
	b     *container.Budget
	yield func(scanners.Item, error) bool
	over  bool // nothing may be yielded any more

	at     io.ReaderAt
	size   int64
	page   int   // bytes of a page
	usable int   // of which are used
	pages  int64 // in the file; the last one may be cut off
	wide   binary.ByteOrder

	seen    map[int64]*[1024]uint64 // pages that were read, 65,536 to an entry
	damaged int64                   // pages and cells

	objects []sqliteObject
	levels  []sqliteLevel
	payload []byte
	free    []byte // gathered free space

	table  *sqliteTable
	block  scanners.Block
	starts []int64
}

// A sqliteObject is an entry of the schema table.
type sqliteObject struct {
	kind, name, sql string
	root            int64
}

// A sqliteTable is the table that is read.
type sqliteTable struct {
	name   string
	def    sqliteDef
	shapes map[int]*scanners.Table // by the number of values
}

// fail yields an error that is not the database's fault.
func (f *sqliteFile) fail(err error) {
	var g *scanners.Gap
	if !errors.As(err, &g) && f.ctx.Err() == nil {
		err = fmt.Errorf("sqlite: read: %w", err)
	}
	f.give(scanners.Item{}, err)
}

func (f *sqliteFile) give(it scanners.Item, err error) {
	if !f.over && !f.yield(it, err) {
		f.over = true
	}
}

func (f *sqliteFile) gap(reason scanners.Reason, detail string) {
	f.give(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "sqlite: " + detail})
}

// going reports whether there is a reason to read on.
func (f *sqliteFile) going() bool {
	if f.over {
		return false
	}
	if err := f.ctx.Err(); err != nil {
		f.give(scanners.Item{}, err)
		f.over = true
		return false
	}
	if err := f.b.Charge(0); err != nil {
		f.give(scanners.Item{}, err)
		f.over = true
	}
	return !f.over
}

func (f *sqliteFile) run() {
	head := make([]byte, 100)
	n, _ := f.at.ReadAt(head, 0)
	if !f.header(head[:n]) {
		f.gap(scanners.Corrupt, "the header is damaged")
		f.give(scanners.Item{Size: f.size, Body: io.NewSectionReader(f.at, 0, f.size), Text: true, Verbatim: true}, nil)
		return
	}
	f.schema()
	for _, o := range f.objects {
		if o.kind == "table" && o.root > 0 {
			f.rows(o)
		} else if o.root > 0 {
			f.tree(o.root, 0, nil)
		}
		if !f.going() {
			return
		}
	}
	f.rest()
	f.flushFree()
	if f.damaged > 0 {
		f.gap(scanners.Corrupt, "pages or rows are damaged; what is left of them was matched as it is")
	}
}

// header takes in the first 100 bytes.
func (f *sqliteFile) header(h []byte) bool {
	if len(h) < 100 {
		return false
	}
	f.page = int(binary.BigEndian.Uint16(h[16:]))
	if f.page == 1 {
		f.page = 65536
	}
	f.usable = f.page - int(h[20])
	if f.page < 512 || f.page&(f.page-1) != 0 || f.usable < 480 {
		return false
	}
	switch binary.BigEndian.Uint32(h[56:]) {
	case 2:
		f.wide = binary.LittleEndian
	case 3:
		f.wide = binary.BigEndian
	}
	f.pages = (f.size + int64(f.page) - 1) / int64(f.page)
	// The count is valid where it was written by the last change (section 1.3.7).
	if n := int64(binary.BigEndian.Uint32(h[28:])); n > f.pages && string(h[24:28]) == string(h[92:96]) {
		f.damaged += n - f.pages
	}
	f.seen = map[int64]*[1024]uint64{}
	return true
}

// visit marks a page as read, and reports whether it was not yet and exists.
func (f *sqliteFile) visit(n int64) bool {
	if n < 1 || n > f.pages || f.visited(n) {
		return false
	}
	c := f.seen[n>>16]
	if c == nil {
		c = new([1024]uint64)
		f.seen[n>>16] = c
	}
	c[n>>6&1023] |= 1 << (n & 63)
	return true
}

func (f *sqliteFile) visited(n int64) bool {
	c := f.seen[n>>16]
	return c != nil && c[n>>6&1023]>>(n&63)&1 != 0
}

// read returns a page, filled up with zeros where it is cut off.
func (f *sqliteFile) read(n int64, p []byte) ([]byte, bool) {
	if cap(p) < f.page {
		p = make([]byte, f.page)
	}
	p = p[:f.page]
	k, err := f.at.ReadAt(p, (n-1)*int64(f.page))
	clear(p[k:])
	return p, k == f.page || err == nil
}

// schema reads the schema table, whose root is page 1, and yields the
// definitions.
func (f *sqliteFile) schema() {
	size := 0
	var large bool
	f.tree(1, 0, func(c *sqliteCell) {
		v, _ := f.values(f.whole(c))
		if len(v) < 5 {
			f.damaged++
			return
		}
		text := func(i int) string { return string(v[i].text(nil, f.wide)) }
		o := sqliteObject{kind: text(0), name: text(1), sql: text(4), root: v[3].int()}
		if o.sql != "" {
			f.give(scanners.Item{
				Name: o.name, Size: int64(len(o.sql)), Body: strings.NewReader(o.sql), Text: true,
				Field: o.kind + " definition", Fragment: "definition=" + scanners.EscapeQuery(o.name),
			}, nil)
		}
		if size += len(o.sql) + len(o.name) + 64; size > sqliteMaxSchema || len(f.objects) >= sqliteMaxTables {
			large = true
			return
		}
		f.objects = append(f.objects, o)
	})
	if large {
		f.gap(scanners.TooLarge, "it has too many tables: the rows of some were matched without the names of their columns")
	}
}

// rows yields the rows of a table.
func (f *sqliteFile) rows(o sqliteObject) {
	f.table = &sqliteTable{name: o.name, def: sqliteCreate(o.sql), shapes: map[int]*scanners.Table{}}
	f.block.Table = nil
	f.tree(o.root, 0, func(c *sqliteCell) {
		if c.total > dumpMaxRow {
			f.bigRow(c)
			return
		}
		v, ok := f.values(f.whole(c))
		if !ok {
			f.damaged++
		}
		if len(v) == 0 && !ok {
			return
		}
		f.row(c, v)
	})
	f.flush()
	f.table = nil
}

// shape returns the table for rows of n stored values: a row may be older than
// its last columns, or hold more than the definition says.
func (t *sqliteTable) shape(n int) *scanners.Table {
	if len(t.def.stored) > 0 {
		n = max(n, len(t.def.stored))
	}
	if s := t.shapes[n]; s != nil {
		return s
	}
	s := &scanners.Table{Name: sqliteSchema + "." + t.name, Schema: sqliteSchema, Table: t.name}
	if t.def.numbered() {
		s.Columns, s.Types, s.Key = []string{t.def.rowid()}, []string{"integer"}, []int{0}
	}
	for i := range n {
		c := sqliteColumn{name: strconv.Itoa(i + 1)}
		if i < len(t.def.stored) {
			c = t.def.stored[i]
		}
		s.Columns, s.Types = append(s.Columns, c.name), append(s.Types, c.typ)
	}
	for _, k := range t.def.key {
		if i := slices.IndexFunc(s.Columns, func(c string) bool { return strings.EqualFold(c, k) }); i >= 0 {
			s.Key = append(s.Key, i)
		}
	}
	t.shapes[n] = s
	return s
}

// begin prepares the block for a row of n values.
func (f *sqliteFile) begin(n int) {
	s := f.table.shape(n)
	if f.block.Table != s || len(f.block.Data) >= dumpBlockBytes || len(f.starts) >= dumpBlockRows {
		f.flush()
		f.block.Table = s
	}
}

// row appends a row.
func (f *sqliteFile) row(c *sqliteCell, v []sqliteValue) {
	f.begin(len(v))
	if f.table.def.numbered() {
		f.cell(sqliteValue{kind: sqliteInt, n: c.rowid}, c, -1)
	}
	for i := range v {
		f.cell(v[i], c, i)
	}
	f.pad(c, len(v))
}

// pad ends a row with the columns that it does not have.
func (f *sqliteFile) pad(c *sqliteCell, have int) {
	n := len(f.block.Table.Columns)
	if f.table.def.numbered() {
		n--
	}
	for i := have; i < n; i++ {
		f.cell(sqliteValue{}, c, i)
	}
	f.starts = append(f.starts, c.origin)
}

// cell appends a value, which stands at place i of the record.
func (f *sqliteFile) cell(v sqliteValue, c *sqliteCell, i int) {
	if v.kind == sqliteNull && !c.index && i >= 0 && i == f.table.def.alias {
		v = sqliteValue{kind: sqliteInt, n: c.rowid}
	}
	b := &f.block
	b.Data = v.text(b.Data, f.wide)
	f.close(v.kind == sqliteNull)
}

func (f *sqliteFile) close(null bool) {
	b := &f.block
	b.Ends = append(b.Ends, uint32(len(b.Data)))
	b.Data = append(b.Data, 0)
	b.Nulls = append(b.Nulls, null)
}

// bigRow reads a row that is not held in memory.
func (f *sqliteFile) bigRow(c *sqliteCell) {
	f.flush()
	r := &sqlitePayload{f: f, cell: c, next: c.overflow, rest: c.local, left: c.total}
	types, ok := sqliteTypes(r)
	if !ok {
		f.damaged++
		f.give(scanners.Item{Size: -1, Body: r, Text: true, Field: sqliteFree}, nil)
		_, _ = io.Copy(io.Discard, r)
		return
	}
	f.begin(len(types))
	if f.table.def.numbered() {
		f.cell(sqliteValue{kind: sqliteInt, n: c.rowid}, c, -1)
	}
	key := strconv.FormatInt(c.rowid, 10)
	for i, t := range types {
		n, ok := sqliteLen(t)
		if !ok {
			f.damaged++
		}
		if n <= sqliteMaxValue {
			b := make([]byte, n)
			k, err := io.ReadFull(r, b)
			if err != nil && n > 0 {
				b = b[:k]
				f.damaged++
			}
			v := sqliteValueOf(t, b)
			f.cell(v, c, i)
			if c.index && i == 0 {
				key = scanners.EscapeSegment(string(v.text(nil, f.wide)))
				key = key[:min(len(key), 200)]
			}
			continue
		}
		name := f.block.Table.Columns[min(len(f.block.Table.Columns)-1, len(f.block.Ends))]
		value := &io.LimitedReader{R: r, N: n}
		var body io.Reader = value
		if t&1 == 1 && f.wide != nil {
			body = sqliteWide(value, f.wide)
		}
		if err := f.b.Member(); err != nil {
			f.fail(err)
			f.over = true
			return
		}
		f.give(scanners.Item{Name: name, Step: strings.Join([]string{sqliteSchema, f.table.name, key, name}, "/"), Size: -1, Body: body}, nil)
		_, _ = io.Copy(io.Discard, value)
		if value.N > 0 {
			f.damaged++
		}
		f.block.Data = fmt.Appendf(f.block.Data, "(%d bytes, matched apart)", n)
		f.close(false)
		if !f.going() {
			return
		}
	}
	f.pad(c, len(types))
	f.flush()
}

// flush hands over the rows gathered so far.
func (f *sqliteFile) flush() {
	if len(f.starts) > 0 {
		b, starts := &f.block, f.starts
		b.Name = sqliteRef
		b.Origin = func(row int) int64 { return starts[row] }
		b.Refs = func(row int, hash string, n int) scanners.Ref { return sqliteRef(b, row, starts[row], hash, n) }
		b.Keep = func() *scanners.Block {
			k, starts := b.Clone(), slices.Clone(starts)
			k.Keep = nil
			k.Origin = func(row int) int64 { return starts[row] }
			k.Refs = func(row int, hash string, n int) scanners.Ref { return sqliteRef(k, row, starts[row], hash, n) }
			return k
		}
		f.give(scanners.Item{Size: -1, Block: b}, nil)
	}
	f.block.Reset()
	f.starts = f.starts[:0]
	if cap(f.block.Data) > 4*dumpBlockBytes {
		f.block.Data = nil
	}
}

// sqliteRef returns the reference of a row: that of a row of a dump, which it
// is like.
func sqliteRef(b *scanners.Block, row int, origin int64, hash string, n int) scanners.Ref {
	ref := dumpRef(b, row, origin, hash, n)
	loc := ref.Locator.(DumpRow)
	loc.Type = sqliteRowType
	ref.Locator = loc
	return ref
}
