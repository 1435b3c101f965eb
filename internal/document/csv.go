package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	csvBlockBytes = 1 << 20 // of Data, after which a block is handed over
	csvBlockRows  = 10_000  // likewise
	csvWindow     = 256 << 10
	csvMaxRow     = 8 << 20 // the longest row that is held in memory
	csvMaxCells   = 5000    // of a row; what is beyond stays in the last one
)

// CSV returns the decoder of separated values (RFC 4180 and what is in use
// beside it): with commas, semicolons, tabs or bars, quotes that are doubled or
// escaped, rows of different lengths. It yields the rows as blocks, whose
// columns are called as the first row calls them, where that is a header, else
// "1", "2" and so on. All rows are yielded, the header and comments too, and
// count from 1; a line "sep=;" does not count.
//
// A quotation mark that is never closed is one like any other character. A row
// longer than 8 MiB is a text.
func CSV() container.Decoder {
	return container.Decoder{
		Name: "csv",
		Match: func(head []byte, name string) bool {
			_, ok := csvSniff(head, len(head) < container.HeadLen, name)
			return ok
		},
		Decode: csvDecode,
	}
}

func csvDecode(ctx context.Context, in scanners.Item, _ *container.Budget) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if in.Body == nil {
			yield(scanners.Item{}, errors.New("csv: nothing to read"))
			return
		}
		d := &csvReader{ctx: ctx, src: in.Body}
		d.from, _ = in.Body.(Sourced)
		head := d.peek(container.HeadLen)
		if c, ok := CharsetOf(head); ok && d.from == nil {
			t := NewText(io.MultiReader(bytes.NewReader(bytes.Clone(d.buf)), failedOr(d.err, d.src)), c)
			d.src, d.from, d.own = t, t, true
			d.buf, d.err = d.buf[:0], nil
			head = d.peek(container.HeadLen)
		}
		head = head[:min(len(head), container.HeadLen)]
		dialect, ok := csvSniff(head, len(head) < container.HeadLen, in.Name)
		if !ok { // as a decoder never is asked to, but for a changed file
			dialect = csvDialect{delim: ',', quote: '"', eol: '\n', width: 1}
		}
		d.csvDialect = dialect
		d.name = strings.TrimSuffix(path.Base(in.Name), path.Ext(in.Name))
		d.r = dialect.start
		d.block.Refs, d.block.Origin, d.block.Keep = d.ref, d.origin, d.kept
		if d.run(yield) {
			d.finish(yield)
		}
	}
}

// failedOr is r, or a reader that has ended with err.
func failedOr(err error, r io.Reader) io.Reader {
	if err != nil {
		return &dumpFailed{err}
	}
	return r
}

// csvReader reads one text.
type csvReader struct {
	csvDialect
	ctx  context.Context
	src  io.Reader
	from Sourced // leads back to the record's bytes; nil: src is these
	own  bool    // and was made here
	name string

	buf  []byte
	r    int   // next in buf
	base int64 // of buf[0]
	err  error

	loose  int64 // quotes before this place are no quotes
	number int64 // of the last row
	block  scanners.Block
	rows   []int64 // numbers
	starts []int64 // offsets
	tables map[int]*scanners.Table
	cells  []int // ends of the row that is read, in Data
}

// peek returns the first bytes of the text.
func (d *csvReader) peek(n int) []byte {
	for len(d.buf) < n && d.fill() {
	}
	return d.buf
}

// fill reads more into the window, and reports whether there was any.
func (d *csvReader) fill() bool {
	if d.err != nil {
		return false
	}
	if d.r > 0 && (d.r > len(d.buf)/2 || len(d.buf) == cap(d.buf)) {
		d.base += int64(d.r)
		d.buf = d.buf[:copy(d.buf, d.buf[d.r:])]
		d.r = 0
	}
	if len(d.buf) == cap(d.buf) {
		d.buf = append(make([]byte, 0, max(csvWindow, 2*cap(d.buf))), d.buf...)
	}
	for range 100 {
		if d.err = context.Cause(d.ctx); d.err != nil {
			return false
		}
		n, err := d.src.Read(d.buf[len(d.buf):cap(d.buf)])
		d.buf = d.buf[:len(d.buf)+n]
		d.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	d.err = io.ErrNoProgress
	return false
}

// run reads all rows, and reports whether the consumer wants more.
func (d *csvReader) run(yield func(scanners.Item, error) bool) bool {
	seen := 0 // of what is in the window no line ends
	for {
		b := d.buf[d.r:]
		k := bytes.IndexByte(b[seen:], d.eol)
		if k < 0 && d.err == nil {
			if len(b) >= csvMaxRow {
				seen = 0
				if !d.long(yield) {
					return false
				}
				continue
			}
			seen = len(b)
			d.fill()
			continue
		}
		line, n := b, len(b)
		if k >= 0 {
			line, n = b[:seen+k], seen+k+1
		}
		seen = 0
		if n == 0 {
			return true
		}
		at := d.base + int64(d.r)
		mark := len(d.block.Data)
		if at < d.loose || bytes.IndexByte(line, d.quote) < 0 {
			d.plain(line)
		} else {
			var whole bool
			n, whole = d.quoted(b)
			if !whole {
				d.block.Data = d.block.Data[:mark]
				if d.err == nil && len(b) < csvMaxRow {
					d.fill()
					continue
				}
				// A mark that is never closed, as far as one can see.
				d.loose = d.base + int64(len(d.buf))
				continue
			}
		}
		d.number++
		d.r += n
		if len(d.block.Data)-mark > len(d.cells) || len(d.cells) > 1 {
			if !d.commit(yield, mark, at) {
				return false
			}
		} else { // an empty line
			d.block.Data = d.block.Data[:mark]
		}
	}
}

// plain takes a line without quotes apart: its cells go to the block's Data.
func (d *csvReader) plain(line []byte) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	from := len(d.block.Data)
	d.block.Data = append(append(d.block.Data, line...), 0)
	data := d.block.Data[: len(d.block.Data)-1 : len(d.block.Data)]
	d.cells = d.cells[:0]
	for len(d.cells) < csvMaxCells-1 {
		k := bytes.IndexByte(data[from:], d.delim)
		if k < 0 {
			break
		}
		from += k
		data[from] = 0
		d.cells = append(d.cells, from)
		from++
	}
	d.cells = append(d.cells, len(data))
}

// quoted takes the row at the start of b apart, and returns its length. It is
// not whole where b ends before the row does.
func (d *csvReader) quoted(b []byte) (n int, whole bool) {
	d.cells = d.cells[:0]
	i := 0
	for {
		var end int
		d.block.Data, end, whole, _ = d.cell(d.block.Data, b, i, d.err != nil)
		if !whole {
			return 0, false
		}
		d.cells = append(d.cells, len(d.block.Data))
		d.block.Data = append(d.block.Data, 0)
		if end >= len(b) {
			return len(b), true
		}
		if b[end] != d.delim || len(d.cells) >= csvMaxCells {
			// The end of the row, or of what is read of one.
			if k := bytes.IndexByte(b[end:], d.eol); k >= 0 {
				if k > 1 { // more cells than there may be
					last := len(d.cells) - 1
					d.block.Data = append(append(d.block.Data[:d.cells[last]], b[end:end+k]...), 0)
					d.cells[last] = len(d.block.Data) - 1
				}
				return end + k + 1, true
			}
			if d.err == nil {
				return 0, false
			}
			d.block.Data = append(d.block.Data, b[end:]...)
			d.cells[len(d.cells)-1] = len(d.block.Data)
			d.block.Data = append(d.block.Data, 0)
			return len(b), true
		}
		i = end + 1
	}
}

// commit makes a row of the cells behind mark, which began at a place.
func (d *csvReader) commit(yield func(scanners.Item, error) bool, mark int, at int64) bool {
	n := len(d.cells)
	width := d.width
	if n > width || 8*n < width {
		width = n
	}
	if d.block.Table == nil || len(d.block.Table.Columns) != width {
		if len(d.rows) > 0 {
			row := slices.Clone(d.block.Data[mark:])
			d.block.Data = d.block.Data[:mark]
			if !d.flush(yield) {
				return false
			}
			for i := range d.cells {
				d.cells[i] -= mark
			}
			d.block.Data = append(d.block.Data, row...)
		}
		d.block.Table = d.table(width)
	}
	for _, end := range d.cells {
		d.block.Ends = append(d.block.Ends, uint32(end))
	}
	for range width - n {
		d.block.Ends = append(d.block.Ends, uint32(len(d.block.Data)))
		d.block.Data = append(d.block.Data, 0)
	}
	if d.from != nil {
		at = d.from.Source(at)
	}
	d.rows, d.starts = append(d.rows, d.number), append(d.starts, at)
	if len(d.block.Data) >= csvBlockBytes || len(d.rows) >= csvBlockRows {
		return d.flush(yield)
	}
	return true
}

// table returns the description of rows with so many cells.
func (d *csvReader) table(width int) *scanners.Table {
	if t := d.tables[width]; t != nil {
		return t
	}
	t := &scanners.Table{Name: d.name, Table: d.name, Columns: make([]string, width)}
	for i := range t.Columns {
		if i < len(d.columns) && d.columns[i] != "" {
			t.Columns[i] = d.columns[i]
		} else {
			t.Columns[i] = strconv.Itoa(i + 1)
		}
	}
	if d.tables == nil || len(d.tables) > 64 {
		d.tables = map[int]*scanners.Table{}
	}
	d.tables[width] = t
	return t
}

func (d *csvReader) flush(yield func(scanners.Item, error) bool) bool {
	if len(d.rows) == 0 {
		return true
	}
	d.block.First = d.rows[0]
	ok := yield(scanners.Item{Size: -1, Block: &d.block}, nil)
	d.block.Reset()
	d.rows, d.starts = d.rows[:0], d.starts[:0]
	if cap(d.block.Data) > 4*csvBlockBytes {
		d.block.Data = nil
	}
	return ok
}

func (d *csvReader) ref(row int, _ string, _ int) scanners.Ref {
	return csvRow(d.rows[row], d.starts[row])
}

func (d *csvReader) origin(row int) int64 { return d.starts[row] }

// kept returns a copy of the block that is read.
func (d *csvReader) kept() *scanners.Block {
	b, rows, starts := d.block.Clone(), slices.Clone(d.rows), slices.Clone(d.starts)
	b.Keep = nil
	b.Origin = func(row int) int64 { return starts[row] }
	b.Refs = func(row int, _ string, _ int) scanners.Ref { return csvRow(rows[row], starts[row]) }
	return b
}

// long yields a row that is too long to be held.
func (d *csvReader) long(yield func(scanners.Item, error) bool) bool {
	if !d.flush(yield) {
		return false
	}
	d.number++
	body := &csvLong{d: d}
	it := scanners.Item{Size: -1, Text: true, Body: body, Verbatim: !d.own, Offset: d.base + int64(d.r)}
	if !yield(it, nil) {
		return false
	}
	for !body.done {
		body.next()
		d.r += len(body.rest)
		body.rest = nil
	}
	return true
}

// csvLong reads the row that its reader is at.
type csvLong struct {
	d    *csvReader
	rest []byte
	done bool
}

func (l *csvLong) next() {
	d := l.d
	if d.r == len(d.buf) && !d.fill() {
		l.done = true
		return
	}
	l.rest = d.buf[d.r:]
	if k := bytes.IndexByte(l.rest, d.eol); k >= 0 {
		l.rest, l.done = l.rest[:k+1], true
	}
}

func (l *csvLong) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.done {
			return 0, io.EOF
		}
		if l.next(); len(l.rest) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	l.d.r += n
	return n, nil
}

func (d *csvReader) finish(yield func(scanners.Item, error) bool) {
	if !d.flush(yield) || d.err == nil || d.err == io.EOF {
		return
	}
	var g *scanners.Gap
	if errors.As(d.err, &g) || d.ctx.Err() != nil {
		yield(scanners.Item{}, d.err)
		return
	}
	yield(scanners.Item{}, fmt.Errorf("csv: read: %w", d.err))
}
