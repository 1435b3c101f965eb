package document

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	dumpMaxCells = 5000     // of a row: MySQL and MariaDB have 4,096 at most
	dumpMaxExpr  = 16 << 10 // the longest expression that is taken for a value
)

// dumpStatus is the result of looking at a piece of the dump.
type dumpStatus uint8

const (
	dumpOK         dumpStatus = iota
	dumpIncomplete            // the window ends before the thing does
	dumpBad                   // it is not what it should be
)

// dumpInsert is the head of the statement whose rows are read.
type dumpInsert struct {
	head          int // length in bytes; 0 where rows go on without one
	schema, table string
	columns       []string // as listed; nil: none
	copy          bool

	def   *dumpDef        // of the table; nil: unknown
	t     *scanners.Table // of the rows; nil until one is seen
	plain []bool          // columns of bytes, which have no character set
	bytea []bool          // columns of PostgreSQL's type for bytes
}

// setTable makes ready for the rows of d.insert.
func (d *dumpReader) setTable() {
	h := &d.insert
	if h.schema == "" {
		h.schema = d.schema
	}
	h.def = d.defs[dumpTableName{h.schema, h.table}]
	if d.last.t != nil && d.last.def == h.def && d.last.t.Schema == h.schema && d.last.t.Table == h.table && sqlSame(d.last.columns, h.columns) {
		h.t, h.plain, h.bytea = d.last.t, d.last.plain, d.last.bytea
	}
}

// shape sets the table of rows with n values.
func (d *dumpReader) shape(n int) {
	h := &d.insert
	t := &scanners.Table{Schema: h.schema, Table: h.table, Name: h.table}
	if h.schema != "" {
		t.Name = h.schema + "." + h.table
	}
	h.plain, h.bytea = nil, nil
	var cols []dumpColumn
	exact := true
	switch def := h.def; {
	case h.columns != nil:
		for _, name := range h.columns {
			c := dumpColumn{name: name}
			if def != nil {
				if i := def.index(name); i >= 0 {
					c = def.columns[i]
				}
			}
			cols = append(cols, c)
		}
	case def != nil && len(def.columns) != n && len(def.stored()) == n:
		cols = def.stored()
	case def != nil:
		cols = def.columns
	}
	if len(cols) != n {
		// The names say nothing about rows with fewer values, and all but
		// the last ones about rows with more.
		exact = false
		if len(cols) > n {
			cols = nil
		}
	}
	t.Columns = make([]string, n)
	for i := range n {
		if i >= len(cols) {
			t.Columns[i] = strconv.Itoa(i + 1)
			continue
		}
		c := cols[i]
		t.Columns[i] = c.name
		if c.typ != "" && t.Types == nil {
			t.Types = make([]string, n)
			h.plain = make([]bool, n)
			h.bytea = make([]bool, n)
		}
		if t.Types != nil {
			t.Types[i] = c.typ
			h.plain[i] = sqlBytesType(c.typ)
			h.bytea[i] = c.typ == "bytea"
		}
	}
	if exact && h.def != nil {
		t.Key = h.def.keyOf(t.Columns)
		for _, f := range h.def.foreign {
			for _, name := range f.columns {
				if i := slices.Index(t.Columns, name); i >= 0 && !slices.Contains(t.Refers, i) {
					t.Refers = append(t.Refers, i)
				}
			}
		}
	}
	h.t = t
	d.last = *h
}

// readRows reads rows from the "(" at r on, up to the end of the statement or
// the first thing that is no row, and leaves the mode behind.
func (d *dumpReader) readRows(yield func(scanners.Item, error) bool) bool {
	for {
		cells, end, st := d.row()
		switch st {
		case dumpIncomplete:
			if d.more(dumpMaxRow) {
				continue
			}
			if d.err == nil {
				return d.bigRow(yield)
			}
			d.truncated = d.err == io.EOF
			d.mode, d.lex = dumpText, sqlLexRest
			return true
		case dumpBad:
			d.lose()
			return true
		}
		if d.insert.t == nil || len(d.insert.t.Columns) != cells {
			d.undo()
			if !d.flush(yield) {
				return false
			}
			d.shape(cells)
			continue
		}
		d.commit()
		d.r += end
		if d.full() && !d.flush(yield) {
			return false
		}
		if !d.nextRow() {
			return true
		}
	}
}

// commit keeps the row at r, whose cells were appended.
func (d *dumpReader) commit() {
	d.block.Table = d.insert.t
	d.starts = append(d.starts, d.base+int64(d.r))
}

// undo takes back the cells behind the last committed row.
func (d *dumpReader) undo() {
	n := 0
	if len(d.starts) > 0 {
		n = len(d.starts) * len(d.block.Table.Columns)
	}
	b := &d.block
	size := 0
	if n > 0 {
		size = int(b.Ends[n-1]) + 1
	}
	b.Data, b.Ends, b.Nulls = b.Data[:size], b.Ends[:n], b.Nulls[:n]
}

// nextRow steps from behind a row to the next one of the same table. Without
// one it leaves r where it is, and what follows is text.
func (d *dumpReader) nextRow() bool {
	for {
		p, st := d.between(d.buf[d.r:])
		switch {
		case st == dumpOK:
			d.r += p
			return true
		case st == dumpIncomplete && d.err == nil && d.more(dumpMaxHead):
			continue
		}
		d.mode, d.lex, d.tail, d.comma = dumpText, sqlLexPlain, true, false
		if d.err == io.EOF && st == dumpIncomplete && bytes.HasPrefix(bytes.TrimSpace(d.buf[d.r:]), []byte(",")) {
			d.truncated = true
		}
		return false
	}
}

// between returns the length of what stands between a row and the next.
func (d *dumpReader) between(b []byte) (int, dumpStatus) {
	i := sqlSkip(b, 0)
	if i >= len(b) {
		return 0, dumpIncomplete
	}
	if b[i] == ',' {
		i = sqlSkip(b, i+1)
		switch {
		case i >= len(b):
			return 0, dumpIncomplete
		case b[i] == '(':
			return i, dumpOK
		}
		return 0, dumpBad
	}
	if len(d.head) == 0 || d.exec > 0 {
		return 0, dumpBad
	}
	switch {
	case bytes.HasPrefix(b[i:], d.delim):
		i = sqlSkip(b, i+len(d.delim))
	case bytes.IndexByte(b[:i], '\n') < 0: // SQL Server's scripts have a line for each
		return 0, dumpBad
	}
	if rest := b[i:]; len(rest) <= len(d.head) {
		if bytes.HasPrefix(d.head, rest) {
			return 0, dumpIncomplete
		}
		return 0, dumpBad
	}
	if !bytes.HasPrefix(b[i:], d.head) {
		return 0, dumpBad
	}
	i += len(d.head)
	if b[i] != '(' {
		return 0, dumpBad
	}
	return i, dumpOK
}

// sqlSkip returns the index of the first byte from i on that is no white space.
func sqlSkip(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// row appends the cells of the row at r to the block. It returns their number
// and the length of the row with its parentheses. A row that is not complete
// leaves nothing in the block.
func (d *dumpReader) row() (cells, end int, st dumpStatus) {
	b := d.buf[d.r:]
	if len(b) == 0 {
		return 0, 0, dumpIncomplete
	}
	i := 1
	for {
		if i = sqlSkip(b, i); i >= len(b) {
			d.undo()
			return 0, 0, dumpIncomplete
		}
		i, st = d.value(b, i, cells)
		if st != dumpOK {
			d.undo()
			return 0, 0, st
		}
		cells++
		c := b[i]
		i++
		if c == ')' {
			return cells, i, dumpOK
		}
		if cells >= dumpMaxCells {
			d.undo()
			return 0, 0, dumpBad
		}
	}
}

// value appends the cell that begins at i, for a column, to the block. It
// returns the index of the "," or ")" behind it.
func (d *dumpReader) value(b []byte, i, col int) (int, dumpStatus) {
	start := i
	mark := len(d.block.Data)
	st := dumpOK
	c := b[i]
	switch {
	case c == '\'' || c == '"':
		i, st = d.str(b, i, c, d.backslash)
		if st == dumpOK {
			if col >= len(d.insert.plain) || !d.insert.plain[col] {
				d.convert(mark)
				if (d.charset == "" || d.charset == "binary") && col < len(d.insert.plain) {
					d.guess(mark)
				}
			} else if d.insert.bytea[col] && d.postgres {
				d.unhexBytea(mark)
			}
		}
	case c == 'N' && len(b)-i > 4 && string(b[i:i+4]) == "NULL" && (b[i+4] == ',' || b[i+4] == ')'):
		d.cell(true)
		return i + 4, dumpOK
	default:
		j := i
		for j < len(b) && sqlBare(b[j]) {
			j++
		}
		if j >= len(b) {
			return i, sqlCutWord(b[i:])
		}
		word := b[i:j]
		if b[j] == ',' || b[j] == ')' {
			i = j
			if len(word) == 0 {
				return i, dumpBad
			}
			if len(word) == 4 && strings.EqualFold(string(word), "null") {
				d.cell(true)
				return i, dumpOK
			}
			d.bare(word)
			break
		}
		i, st = d.literal(b, i, j, col)
	}
	if st == dumpIncomplete {
		return i, st
	}
	if st == dumpOK {
		i = sqlSkip(b, i)
		if i >= len(b) {
			return i, dumpIncomplete
		}
		if b[i] == ',' || b[i] == ')' {
			d.cell(false)
			return i, dumpOK
		}
	}
	// An expression: it stays as it is written.
	d.block.Data = d.block.Data[:mark]
	i, st = sqlExpression(b, start, d.backslash)
	if st != dumpOK {
		return i, st
	}
	expr := bytes.TrimRight(b[start:i], " \t\r\n")
	if len(expr) == 0 {
		return i, dumpBad
	}
	d.block.Data = append(d.block.Data, expr...)
	d.cell(false)
	return i, dumpOK
}

// sqlCutWord tells a word that is cut off at the end of the window from one
// that is too long to be a value. Hexadecimal digits may be of any length.
func sqlCutWord(word []byte) dumpStatus {
	if len(word) > dumpMaxExpr && !bytes.HasPrefix(word, []byte("0x")) {
		return dumpBad
	}
	return dumpIncomplete
}

// cell ends the cell whose bytes were appended to the block.
func (d *dumpReader) cell(null bool) {
	b := &d.block
	b.Ends = append(b.Ends, uint32(len(b.Data)))
	b.Data = append(b.Data, 0)
	b.Nulls = append(b.Nulls, null)
}

// bare appends a word without quotes: a number, a hexadecimal literal, a
// keyword.
func (d *dumpReader) bare(word []byte) {
	if len(word) > 2 && len(word)%2 == 0 && word[0] == '0' && word[1] == 'x' {
		if d.unhex(word[2:]) {
			return
		}
	}
	d.block.Data = append(d.block.Data, word...)
}

// unhex appends the bytes that hexadecimal digits stand for.
func (d *dumpReader) unhex(digits []byte) bool {
	mark := len(d.block.Data)
	data, err := hex.AppendDecode(d.block.Data, digits)
	if err != nil {
		d.block.Data = d.block.Data[:mark]
		return false
	}
	d.block.Data = data
	return true
}

// unhexBytea replaces a value in the hexadecimal form of PostgreSQL's bytea.
func (d *dumpReader) unhexBytea(mark int) {
	v := d.block.Data[mark:]
	if len(v) < 2 || v[0] != '\\' || v[1] != 'x' {
		return
	}
	if n, err := hex.Decode(v, v[2:]); err == nil {
		d.block.Data = d.block.Data[:mark+n]
	}
}

// literal appends a literal that begins with a word, b[i:j]: one with a prefix
// (N'..', X'..', B'..', E'..', _utf8mb4'..', DATE '..') or in a wrapper that
// changes nothing for a reader (CONVERT, CAST). It returns the index behind it.
func (d *dumpReader) literal(b []byte, i, j, col int) (int, dumpStatus) {
	if j-i > 64 || j == i {
		if j-i > 64 && len(b)-j < 2 {
			return i, dumpIncomplete
		}
		if j > i {
			d.bare(b[i:j])
			return j, dumpOK
		}
		return i, dumpBad
	}
	word := strings.ToLower(string(b[i:j]))
	k := sqlSkip(b, j)
	if k >= len(b) {
		return i, dumpIncomplete
	}
	mark := len(d.block.Data)
	switch c := b[k]; {
	case c == '\'' || c == '"':
		switch {
		case word == "x" && k == j:
			end := bytes.IndexByte(b[k+1:], c)
			if end < 0 {
				return i, dumpIncomplete
			}
			if !d.unhex(b[k+1 : k+1+end]) {
				return i, dumpBad
			}
			return k + end + 2, dumpOK
		case word == "b" && k == j:
			end := bytes.IndexByte(b[k+1:], c)
			if end < 0 {
				return i, dumpIncomplete
			}
			if !d.bits(b[k+1 : k+1+end]) {
				return i, dumpBad
			}
			return k + end + 2, dumpOK
		case word == "n" && k == j, word == "e" && k == j, word == "date", word == "time", word == "timestamp":
			end, st := d.str(b, k, c, d.backslash || word == "e")
			if st == dumpOK {
				d.convert(mark)
			}
			return end, st
		case word[0] == '_':
			end, st := d.str(b, k, c, d.backslash)
			if st == dumpOK && word != "_binary" {
				d.convertFrom(mark, word[1:])
			}
			return end, st
		}
	case word[0] == '_' && c == '0' || word[0] == '_' && (c == 'x' || c == 'X'):
		e := k
		for e < len(b) && sqlBare(b[e]) {
			e++
		}
		if e >= len(b) {
			return i, sqlCutWord(b[k:])
		}
		if b[e] == '\'' {
			end := bytes.IndexByte(b[e+1:], '\'')
			if end < 0 {
				return i, dumpIncomplete
			}
			if e != k+1 || !d.unhex(b[e+1:e+1+end]) {
				return i, dumpBad
			}
			e += end + 2
		} else {
			d.bare(b[k:e])
		}
		if word != "_binary" {
			d.convertFrom(mark, word[1:])
		}
		return e, dumpOK
	case c == '(' && word == "unhex":
		// As Adminer writes binary columns.
		k = sqlSkip(b, k+1)
		end := bytes.IndexByte(b[k:], ')')
		if end < 0 {
			return i, dumpIncomplete
		}
		digits := bytes.TrimSpace(b[k : k+end])
		if len(digits) < 2 || digits[0] != '\'' || digits[len(digits)-1] != '\'' || !d.unhex(digits[1:len(digits)-1]) {
			return i, dumpBad
		}
		return k + end + 1, dumpOK
	case c == '(' && (word == "convert" || word == "cast"):
		k = sqlSkip(b, k+1)
		if k >= len(b) {
			return i, dumpIncomplete
		}
		if b[k] != '\'' && b[k] != '"' {
			e := k
			for e < len(b) && sqlBare(b[e]) {
				e++
			}
			if e >= len(b) {
				return i, sqlCutWord(b[k:])
			}
			if b[e] == '(' || e == k {
				return i, dumpBad // nested: left as it is written
			}
			var st dumpStatus
			if k, st = d.literal(b, k, e, col); st != dumpOK {
				return i, st
			}
		} else {
			var st dumpStatus
			if k, st = d.str(b, k, b[k], d.backslash); st != dumpOK {
				return i, st
			}
			d.convert(mark)
		}
		// "USING utf8mb4)", "AS JSON)", "AS CHAR(10))"
		for depth, e := 1, k; e-k < 100; e++ {
			if e >= len(b) {
				return i, dumpIncomplete
			}
			switch c := b[e]; {
			case c == '(':
				depth++
			case c == ')':
				if depth--; depth == 0 {
					return e + 1, dumpOK
				}
			case !sqlBare(c) && !dumpSpace(c) && c != ',':
				return i, dumpBad
			}
		}
		return i, dumpBad
	}
	// A word and something else: an expression, unless it is only white space.
	d.bare(b[i:j])
	return j, dumpOK
}

// bits appends the bytes that a bit literal stands for.
func (d *dumpReader) bits(digits []byte) bool {
	if len(digits) == 0 || len(digits) > 64 {
		return len(digits) == 0
	}
	v, err := strconv.ParseUint(string(digits), 2, 64)
	if err != nil {
		return false
	}
	for n := (len(digits) + 7) / 8; n > 0; n-- {
		d.block.Data = append(d.block.Data, byte(v>>(8*(n-1))))
	}
	return true
}

// str appends the content of the string whose opening quote q is at i, and
// returns the index behind its closing one.
func (d *dumpReader) str(b []byte, i int, q byte, backslash bool) (int, dumpStatus) {
	if d.multi != nil {
		return d.strMulti(b, i, q, backslash)
	}
	i++
	data := d.block.Data
	// Most are short and hold neither: eight bytes at a time.
	const ones = 0x0101010101010101
	quotes, slashes := uint64(q)*ones, uint64('\\')*ones
	for k := i; k+9 <= len(b) && k-i < 64; k += 8 {
		x := binary.LittleEndian.Uint64(b[k:])
		m, n := x^quotes, x^slashes
		if m = ((m-ones)&^m | (n-ones)&^n) & (0x80 * ones); m == 0 {
			continue
		}
		if k += bits.TrailingZeros64(m) / 8; b[k] == q && b[k+1] != q {
			d.block.Data = append(data, b[i:k]...)
			return k + 1, dumpOK
		}
		break
	}
	mark := len(data)
	end := -1 // of the quote that was found last
	for {
		if end < i {
			j := bytes.IndexByte(b[i:], q)
			if j < 0 {
				d.block.Data = data[:mark]
				return i, dumpIncomplete
			}
			end = i + j
		}
		if backslash {
			if k := bytes.IndexByte(b[i:end], '\\'); k >= 0 {
				data = append(data, b[i:i+k]...)
				i += k + 1
				if i >= len(b) {
					d.block.Data = data[:mark]
					return i, dumpIncomplete
				}
				data = sqlUnescape(data, b[i])
				i++
				continue
			}
		}
		data = append(data, b[i:end]...)
		i = end + 1
		if i >= len(b) {
			d.block.Data = data[:mark]
			return i, dumpIncomplete
		}
		if b[i] != q {
			d.block.Data = data
			return i, dumpOK
		}
		data = append(data, q)
		i++
	}
}

// strMulti is str for character sets in which a byte of a longer character may
// look like a quote or a backslash.
func (d *dumpReader) strMulti(b []byte, i int, q byte, backslash bool) (int, dumpStatus) {
	data := d.block.Data
	for i++; i < len(b); i++ {
		c := b[i]
		switch {
		case d.multi(c):
			if i+1 >= len(b) {
				return i, dumpIncomplete
			}
			data = append(data, c, b[i+1])
			i++
		case c == '\\' && backslash:
			if i+1 >= len(b) {
				return i, dumpIncomplete
			}
			i++
			data = sqlUnescape(data, b[i])
		case c == q:
			if i+1 >= len(b) {
				return i, dumpIncomplete
			}
			if b[i+1] != q {
				d.block.Data = data
				return i + 1, dumpOK
			}
			data = append(data, q)
			i++
		default:
			data = append(data, c)
		}
	}
	return i, dumpIncomplete
}

// sqlUnescape appends what a backslash and c stand for (MySQL 8.0 Reference
// Manual, section 9.1.1, String Literals).
func sqlUnescape(data []byte, c byte) []byte {
	switch c {
	case '0':
		c = 0
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'Z':
		c = 0x1a
	case '%', '_':
		data = append(data, '\\')
	}
	return append(data, c)
}

// sqlBare reports whether c belongs to a word or number without quotes.
func sqlBare(c byte) bool { return sqlBares[c] }

var sqlBares = func() (t [256]bool) {
	for c := range t {
		t[c] = dumpWordByte(byte(c))
	}
	for _, c := range []byte(".-+@:") {
		t[c] = true
	}
	return t
}()

// sqlExpression returns the index of the "," or ")" behind the expression at i.
func sqlExpression(b []byte, i int, backslash bool) (int, dumpStatus) {
	depth := 0
	for start := i; i < len(b); i++ {
		if i-start > dumpMaxExpr {
			return i, dumpBad
		}
		switch c := b[i]; {
		case c == '\'' || c == '"' || c == '`':
			for i++; i < len(b) && b[i] != c; i++ {
				if b[i] == '\\' && backslash && c != '`' {
					i++
				}
				if i-start > dumpMaxExpr {
					return i, dumpBad
				}
			}
			// A word right behind a string: a quote that was not escaped.
			if i+1 < len(b) && dumpWordByte(b[i+1]) {
				return i, dumpBad
			}
		case c == '(':
			depth++
		case c == ',' && depth == 0:
			return i, dumpOK
		case c == ')':
			if depth == 0 {
				return i, dumpOK
			}
			depth--
		case c == ';', c < ' ' && !dumpSpace(c):
			return i, dumpBad
		}
	}
	return i, dumpIncomplete
}

// bigRow reads a row that is longer than the window may become. Values that fit
// go into a block as ever, the others become texts of their own.
func (d *dumpReader) bigRow(yield func(scanners.Item, error) bool) bool {
	if !d.flush(yield) {
		return false
	}
	d.block.Reset()
	start := d.base + int64(d.r)
	d.r++
	cells := 0
	for ; ; cells++ {
		var end int
		st := dumpIncomplete
		for {
			b := d.buf[d.r:]
			i := sqlSkip(b, 0)
			if i < len(b) {
				if end, st = d.value(b, i, cells); st != dumpIncomplete {
					break
				}
				d.block.Data = d.block.Data[:sqlEnd(&d.block, cells)]
			}
			if !d.more(dumpMaxRow) {
				break
			}
		}
		switch {
		case st == dumpIncomplete && d.err == nil:
			v := d.bigValue(cells)
			if v == nil || cells >= dumpMaxCells {
				return d.endBig(yield, start, cells, false)
			}
			it := scanners.Item{Size: -1, Body: v, Text: true, Field: d.columnName(cells), Offset: d.origin64()}
			if !yield(it, nil) {
				return false
			}
			if _, err := io.Copy(io.Discard, v); err != nil || d.ctx.Err() != nil {
				d.mode, d.lex = dumpText, sqlLexRest
				return d.endBig(yield, start, cells, true)
			}
			d.block.Data = d.block.Data[:sqlEnd(&d.block, cells)]
			d.block.Data = fmt.Appendf(d.block.Data, "(%d bytes, matched apart)", v.n)
			d.cell(false)
			for len(d.buf)-d.r < dumpLook && d.fill(dumpLook) {
			}
			end = sqlSkip(d.buf[d.r:], 0)
		case st != dumpOK:
			return d.endBig(yield, start, cells, st == dumpIncomplete)
		}
		if d.r+end >= len(d.buf) {
			return d.endBig(yield, start, cells+1, true)
		}
		c := d.buf[d.r+end]
		if c != ',' && c != ')' {
			return d.endBig(yield, start, cells+1, false)
		}
		d.r += end + 1
		if c == ')' {
			break
		}
	}
	if !d.commitBig(yield, start, cells+1) {
		return false
	}
	d.nextRow()
	return true
}

// sqlEnd returns where the cell number i of a block begins.
func sqlEnd(b *scanners.Block, i int) int {
	if i == 0 {
		return 0
	}
	return int(b.Ends[i-1]) + 1
}

// endBig ends a big row that can't be read on.
func (d *dumpReader) endBig(yield func(scanners.Item, error) bool, start int64, cells int, truncated bool) bool {
	if cells > 0 && !d.commitBig(yield, start, cells) {
		return false
	}
	if truncated {
		d.mode, d.lex = dumpText, sqlLexRest
		d.truncated = d.err == io.EOF
		return true
	}
	d.lose()
	return true
}

func (d *dumpReader) commitBig(yield func(scanners.Item, error) bool, start int64, cells int) bool {
	if d.insert.t == nil || len(d.insert.t.Columns) != cells {
		d.shape(cells)
	}
	d.block.Table = d.insert.t
	d.starts = append(d.starts, start)
	return d.flush(yield)
}

func (d *dumpReader) origin64() int64 {
	if d.wide {
		return 0
	}
	return d.base + int64(d.r)
}

// columnName returns the name of a column before the shape of the row is known.
func (d *dumpReader) columnName(col int) string {
	h := &d.insert
	switch {
	case h.t != nil && col < len(h.t.Columns):
		return h.t.Columns[col]
	case col < len(h.columns):
		return h.columns[col]
	case h.columns == nil && h.def != nil && col < len(h.def.columns):
		return h.def.columns[col].name
	}
	return strconv.Itoa(col + 1)
}

// bigValue returns a reader of the value at r, a string or a hexadecimal
// literal; nil: it is neither.
func (d *dumpReader) bigValue(col int) *sqlBigValue {
	d.r += sqlSkip(d.buf[d.r:], 0)
	b := d.buf[d.r:]
	v := &sqlBigValue{d: d, backslash: d.backslash}
	i := 0
	for i < len(b) && i < 64 && sqlBare(b[i]) {
		i++
	}
	word := strings.ToLower(string(b[:min(i, 64)]))
	i = sqlSkip(b, i)
	if i >= len(b) {
		return nil
	}
	switch {
	case strings.HasPrefix(word, "0x"):
		v.hex, i = true, 2
	case b[i] != '\'' && b[i] != '"':
		// _binary 0x...
		if !strings.HasPrefix(word, "_") {
			return nil
		}
		k := sqlSkip(b, len(word))
		if !bytes.HasPrefix(b[k:], []byte("0x")) {
			return nil
		}
		v.hex, i = true, k+2
	case word == "x":
		v.hex, v.quote = true, b[i]
		i++
	case word == "", word == "n", word == "e", strings.HasPrefix(word, "_"):
		v.quote = b[i]
		v.backslash = v.backslash || word == "e"
		i++
	default:
		return nil
	}
	d.r += i
	return v
}

// sqlBigValue reads the content of a long literal out of the dump, in the
// dump's own character set.
type sqlBigValue struct {
	d         *dumpReader
	quote     byte // 0: digits without quotes
	hex       bool
	backslash bool
	out       []byte
	rest      []byte // of out, not handed over yet
	n         int64  // bytes handed over
	err       error
}

func (v *sqlBigValue) Read(p []byte) (int, error) {
	for len(v.rest) == 0 {
		if v.err != nil {
			return 0, v.err
		}
		v.step()
	}
	n := copy(p, v.rest)
	v.rest = v.rest[n:]
	v.n += int64(n)
	return n, nil
}

// step decodes the next piece.
func (v *sqlBigValue) step() {
	d := v.d
	v.out = v.out[:0]
	if len(d.buf)-d.r < 16 {
		d.fill(dumpPiece)
	}
	b := d.buf[d.r:min(len(d.buf), d.r+dumpPiece)]
	// One byte of lookahead tells a doubled quote from the last one.
	if len(b) < 2 {
		v.err = io.ErrUnexpectedEOF
		return
	}
	i := 0
	switch {
	case v.hex:
		for i < len(b) && sqlHexDigit(b[i]) {
			i++
		}
		ended := i < len(b)
		digits := i &^ 1
		v.out, _ = hex.AppendDecode(v.out, b[:digits])
		i = digits
		if ended {
			v.err = io.EOF
			if v.quote != 0 && b[i] == v.quote {
				i++
			}
		}
	default:
		for i+1 < len(b) {
			c := b[i]
			if d.multi != nil && d.multi(c) {
				v.out = append(v.out, c, b[i+1])
				i += 2
				continue
			}
			if c == '\\' && v.backslash {
				v.out = sqlUnescape(v.out, b[i+1])
				i += 2
				continue
			}
			if c == v.quote {
				if b[i+1] != v.quote {
					v.err = io.EOF
					i++
					break
				}
				i++
			}
			v.out = append(v.out, c)
			i++
		}
	}
	d.r += i
	v.rest = v.out
	if i == 0 && v.err == nil {
		v.err = io.ErrUnexpectedEOF
	}
}

func sqlHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// readCopy reads the lines of a COPY block (PostgreSQL documentation, COPY,
// Text Format).
func (d *dumpReader) readCopy(yield func(scanners.Item, error) bool) bool {
	for {
		b := d.buf[d.r:]
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			if d.more(dumpMaxRow) {
				continue
			}
			if d.err == nil {
				// Too long to be held: a text, as it is written.
				d.bad++
				d.mode, d.lex, d.after = dumpText, sqlLexLine, dumpCopy
				return true
			}
			d.truncated = d.err == io.EOF && !d.loose
			d.mode, d.lex = dumpText, sqlLexRest
			return true
		}
		line := bytes.TrimSuffix(b[:n], []byte("\r"))
		if string(line) == `\.` {
			d.mode, d.lex = dumpText, sqlLexLine
			d.end()
			return true
		}
		cells := bytes.Count(line, []byte("\t")) + 1
		if cells > dumpMaxCells {
			d.bad++
			d.mode, d.lex, d.after = dumpText, sqlLexLine, dumpCopy
			return true
		}
		if d.insert.t == nil || len(d.insert.t.Columns) != cells {
			if !d.flush(yield) {
				return false
			}
			d.shape(cells)
		}
		for col := range cells {
			field, rest, _ := bytes.Cut(line, []byte("\t"))
			line = rest
			mark := len(d.block.Data)
			if string(field) == `\N` {
				d.cell(true)
				continue
			}
			d.block.Data = sqlCopyUnescape(d.block.Data, field)
			switch {
			case col >= len(d.insert.plain) || !d.insert.plain[col]:
				d.convert(mark)
			case d.insert.bytea[col]:
				d.unhexBytea(mark)
			}
			d.cell(false)
		}
		d.commit()
		d.r += n + 1
		if d.full() && !d.flush(yield) {
			return false
		}
	}
}

// sqlCopyUnescape appends the content of a field of a COPY line.
func sqlCopyUnescape(data, field []byte) []byte {
	for {
		i := bytes.IndexByte(field, '\\')
		if i < 0 || i+1 >= len(field) {
			return append(data, field...)
		}
		data = append(data, field[:i]...)
		c := field[i+1]
		field = field[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'v':
			c = '\v'
		case 'x':
			n := 0
			for n < 2 && n < len(field) && sqlHexDigit(field[n]) {
				n++
			}
			if n > 0 {
				v, _ := strconv.ParseUint(string(field[:n]), 16, 8)
				c, field = byte(v), field[n:]
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v := c - '0'
			for n := 0; n < 2 && len(field) > 0 && '0' <= field[0] && field[0] <= '7'; n++ {
				v, field = v<<3|field[0]-'0', field[1:]
			}
			c = v
		}
		data = append(data, c)
	}
}
