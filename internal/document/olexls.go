package document

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// The records of a workbook ([MS-XLS], section 2.3.1), those of Excel 5.0 and
// 95 among them.
const (
	xlsNote       = 0x001c
	xlsHeader     = 0x0014
	xlsFooter     = 0x0015
	xlsDateMode   = 0x0022
	xlsFilePass   = 0x002f
	xlsContinue   = 0x003c
	xlsCodePage   = 0x0042
	xlsWriter     = 0x005c // the user who saved it
	xlsObj        = 0x005d
	xlsSheet      = 0x0085
	xlsMulRk      = 0x00bd
	xlsRString    = 0x00d6
	xlsXF         = 0x00e0
	xlsSST        = 0x00fc
	xlsLabelSST   = 0x00fd
	xlsTXO        = 0x01b6
	xlsPictures   = 0x00eb
	xlsNumber     = 0x0203
	xlsLabel      = 0x0204
	xlsBoolErr    = 0x0205
	xlsString     = 0x0207
	xlsRk         = 0x027e
	xlsFormat     = 0x041e
	xlsBOF        = 0x0809
	xlsEOF        = 0x000a
	xlsFormula    = 0x0006
	xlsFormula3   = 0x0206
	xlsFormula4   = 0x0406
	xlsOtherLen   = 64 << 10
	xlsMaxNotes   = 1 << 16
	xlsNoteBytes  = 8 << 20
	xlsMaxSheets  = 1 << 16
	xlsMaxFormats = 1 << 16
)

// xls reads the stream of a workbook, record by record.
type xls struct {
	*ole
	r       *bufio.Reader
	pos     int64 // in the stream, behind the record
	at      int64 // where the record starts
	kind    uint16
	data    []byte
	decrypt func(b []byte, at int64, kind uint16) // nil: it is not encrypted

	book   workbook
	page   int // code page of 8-bit texts
	eight  bool
	names  map[int64]string // of sheets, by where they begin
	codes  map[int]string   // formats of numbers
	broken bool             // the shared strings are cut short

	s     *sheet
	row   int64 // of s, from 1; 0: none yet
	place string
	other []byte         // texts that are no cell's
	raw   []byte         // records that are not understood
	obj   int            // the number of the last object
	notes map[int]string // texts of objects, by number
	bytes int            // in notes
	drawn []oleExtent    // pictures, in the stream
	fcol  int            // column of a formula whose text follows
	fhas  bool
}

// excel reads the stream of a workbook.
func (o *ole) excel(e *oleEntry) error {
	r := o.f.open(e)
	x := &xls{ole: o, page: 1252, names: map[int64]string{}, codes: map[int]string{}}
	x.r = bufio.NewReaderSize(o.b.Reader(o.ctx, r.reader()), 64<<10)
	err := x.records()
	if err == nil {
		err = io.EOF
	}
	if e := x.endSheet(); e != nil {
		return e
	}
	if len(x.drawn) > 0 {
		if e := o.pictures("pictures", &oleReader{r, x.drawn, oleLength(x.drawn)}); e != nil {
			return e
		}
	}
	if x.broken {
		if e := o.gap(scanners.Corrupt, "ole: texts of the workbook are damaged; cells lack them"); e != nil {
			return e
		}
	}
	if err == errSealed {
		return o.text(oleShown(e.name), "", r.reader())
	}
	if err == io.EOF && x.pos < r.size && !x.blank(r) || err == errOLE {
		// Behind the last sheet, or behind damage.
		if err == errOLE {
			if e := o.gap(scanners.Corrupt, "ole: the workbook is damaged"); e != nil {
				return e
			}
		}
		return o.text(oleShown(e.name), "", io.NewSectionReader(r, x.at, r.size-x.at))
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// blank reports whether what follows the records is but padding.
func (x *xls) blank(r io.ReaderAt) bool {
	buf := make([]byte, 4096)
	for at := x.pos; ; at += int64(len(buf)) {
		n, err := r.ReadAt(buf, at)
		for _, c := range buf[:n] {
			if c != 0 {
				return false
			}
		}
		if err != nil {
			return true
		}
	}
}

// next reads the next record.
func (x *xls) next() error {
	h, err := x.r.Peek(4)
	if err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint16(h[2:]))
	x.at, x.kind = x.pos, binary.LittleEndian.Uint16(h)
	if _, err := x.r.Discard(4); err != nil {
		return err
	}
	if cap(x.data) < n {
		x.data = make([]byte, n, max(n, 8300))
	}
	x.data = x.data[:n]
	k, err := io.ReadFull(x.r, x.data)
	x.pos += int64(4 + k)
	if err != nil {
		if err == io.ErrUnexpectedEOF || err == io.EOF {
			return errOLE
		}
		return err
	}
	if x.decrypt != nil {
		x.decrypt(x.data, x.at+4, x.kind)
	}
	return nil
}

func (x *xls) records() error {
	depth := 0
	for {
		if err := x.next(); err != nil {
			return err
		}
		if x.kind == xlsBOF || x.kind == 0x0409 || x.kind == 0x0209 || x.kind == 0x0009 {
			if depth++; depth == 1 {
				if err := x.begin(); err != nil {
					return err
				}
			}
			continue
		}
		if depth == 0 {
			if x.kind == 0 && len(x.data) == 0 {
				return nil
			}
			return errOLE
		}
		if x.kind == xlsEOF {
			if depth--; depth == 0 {
				if err := x.endSheet(); err != nil {
					return err
				}
			}
			continue
		}
		if err := x.record(); err != nil {
			return err
		}
		if len(x.other) > xlsOtherLen {
			if err := x.flushOther(); err != nil {
				return err
			}
		}
		if len(x.raw) > xlsOtherLen {
			if err := x.flushRaw(); err != nil {
				return err
			}
		}
	}
}

// begin starts a sheet, or what goes for all of them.
func (x *xls) begin() error {
	version, kind := uint16(0), uint16(0)
	if len(x.data) >= 4 {
		version, kind = binary.LittleEndian.Uint16(x.data), binary.LittleEndian.Uint16(x.data[2:])
	}
	x.eight = x.kind == xlsBOF && version >= 0x0600
	if kind == 5 {
		x.place = "workbook"
		return nil
	}
	name := x.names[x.at]
	if name == "" {
		name = "sheet"
	}
	x.s, x.row, x.place = newSheet(x.yield, name), 0, "sheet"
	return nil
}

// endSheet yields what is left of a sheet.
func (x *xls) endSheet() error {
	if x.s != nil {
		if err := x.s.end(x.row); err != nil {
			return err
		}
		if err := x.s.flush(); err != nil {
			return err
		}
	}
	ids := make([]int, 0, len(x.notes))
	for id := range x.notes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		x.add(x.notes[id])
	}
	x.notes, x.bytes, x.s, x.fhas = nil, 0, nil, false
	if err := x.flushOther(); err != nil {
		return err
	}
	return x.flushRaw()
}

func (x *xls) flushOther() error {
	b := x.other
	x.other = x.other[:0]
	if len(b) == 0 {
		return nil
	}
	return x.text(x.place, "", bytes.NewReader(b))
}

func (x *xls) flushRaw() error {
	b := x.raw
	x.raw = x.raw[:0]
	if len(b) == 0 {
		return nil
	}
	return x.text("record", "", bytes.NewReader(b))
}

func (x *xls) add(s string) {
	if s != "" {
		x.other = append(append(x.other, s...), '\n')
	}
}

func (x *xls) u16(at int) int {
	if at+2 > len(x.data) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(x.data[at:]))
}

// record reads one record that is no border.
func (x *xls) record() error {
	d := x.data
	switch x.kind {
	case xlsFilePass:
		return x.filePass()
	case xlsCodePage:
		x.page = x.u16(0)
	case xlsDateMode:
		x.book.year4 = x.u16(0) == 1
	case xlsFormat:
		if len(d) > 3 && len(x.codes) < xlsMaxFormats {
			id := x.u16(0)
			x.codes[id] = x.str(2, 2, 1)
			x.add(x.codes[id])
		}
	case xlsXF:
		if len(x.book.dates) < xlsMaxFormats {
			x.style(x.u16(2))
		}
	case xlsSheet:
		if len(d) > 7 && len(x.names) < xlsMaxSheets {
			at := int64(binary.LittleEndian.Uint32(d))
			name := x.str(6, 1, 1)
			x.names[at] = name
			x.add(name)
		}
	case xlsSST:
		return x.sst()
	case xlsHeader, xlsFooter:
		x.add(pageText(x.str(0, 2, 1)))
	case xlsWriter:
		x.add(strings.TrimRight(x.str(0, 2, 1), " "))
	case xlsObj:
		if x.eight && x.u16(0) == 0x15 {
			x.obj = x.u16(6)
		}
		x.keep()
	case xlsPictures:
		return x.pictureGroup()
	case xlsTXO:
		x.txo()
	case xlsNote:
		return x.note()
	case xlsLabelSST, xlsLabel, xlsRString, xlsNumber, xlsRk, xlsBoolErr, xlsFormula, xlsFormula3, xlsFormula4, xlsMulRk, 0x0002, 0x0003, 0x0004, 0x0007:
		return x.cell()
	case xlsString:
		if x.fhas && x.s != nil {
			x.set(x.fcol, []byte(x.str(0, 2, 2)))
			x.fhas = false
		} else {
			x.add(x.str(0, 2, 2))
		}
	case 0x0208, 0x00d7, 0x020b, 0x0201, 0x00be, 0x0031, 0x0231, 0x0092, 0x00ff, 0x007d, 0x0200, 0x023e, 0x001d, 0x00e9, 0x087d, 0x0863:
		// Widths, colours, indexes: no text.
	default:
		x.keep()
	}
	return nil
}

// keep notes a record that is not understood.
func (x *xls) keep() {
	if len(x.data) > 0 {
		x.raw = append(append(x.raw, x.data...), '\n')
	}
}

// style notes what a format of cells makes of numbers, as workbook.styles does.
func (x *xls) style(n int) {
	code, own := x.codes[n]
	x.book.dates = append(x.book.dates, own && dateFormat(code) || !own && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 31 || n == 36 || n >= 50 && n <= 58))
	zeros := 0
	if own && strings.Trim(code, "0") == "" {
		zeros = len(code)
	}
	x.book.zeros = append(x.book.zeros, zeros)
}

// sst reads the shared strings.
func (x *xls) sst() error {
	if len(x.data) < 8 {
		return nil
	}
	n := binary.LittleEndian.Uint32(x.data[4:])
	t := &xlsText{x, x.data[8:]}
	for range n {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		s, ok := t.rich()
		if !ok && s == "" {
			x.broken = true
			return nil
		}
		x.book.shared = append(x.book.shared, s...)
		x.book.ends = append(x.book.ends, int32(len(x.book.shared)))
		if !ok {
			x.broken = true
			return nil
		}
		if len(x.book.shared)+4*len(x.book.ends) > maxShared {
			if err := x.gap(scanners.TooLarge, "ole: the workbook has more text than is held; cells lack what lies beyond"); err != nil {
				return err
			}
			// The rest is text of its own.
			for {
				s, ok := t.rich()
				x.add(s)
				if !ok {
					return nil
				}
				if len(x.other) > xlsOtherLen {
					if err := x.flushOther(); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// txo reads the text of an object: a comment, a box.
func (x *xls) txo() {
	n := x.u16(10)
	if n == 0 {
		return
	}
	t := &xlsText{x: x}
	s, _ := t.chars(n, false)
	if x.notes == nil {
		x.notes = map[int]string{}
	}
	if _, ok := x.notes[x.obj]; ok || len(x.notes) >= xlsMaxNotes || x.bytes > xlsNoteBytes {
		x.add(s)
		return
	}
	x.bytes += len(s)
	x.notes[x.obj] = s
}

// pictureGroup yields the pictures of the workbook, which go on from record to
// record.
func (x *xls) pictureGroup() error {
	if x.decrypt != nil {
		x.keep()
		return nil
	}
	for {
		n := int64(len(x.data))
		if k := len(x.drawn) - 1; n > 0 && k < 1<<20 {
			x.drawn = append(x.drawn, oleExtent{oleLength(x.drawn), x.at + 4, n})
		}
		h, err := x.r.Peek(4)
		if err != nil {
			return nil
		}
		if kind := binary.LittleEndian.Uint16(h); kind != xlsContinue && kind != xlsPictures {
			return nil
		}
		if err := x.next(); err != nil {
			return err
		}
	}
}

// note reads the comment on a cell.
func (x *xls) note() error {
	if len(x.data) < 6 {
		return nil
	}
	row, col := x.u16(0), x.u16(2)
	fragment := ""
	if x.s != nil {
		fragment = sheetFragment(x.s.name, columnName(col)+strconv.Itoa(row+1))
	}
	if !x.eight {
		return x.say("comment", fragment, inCodePage(x.data[6:], x.page))
	}
	id := x.u16(6)
	s := x.str(8, 2, 2)
	if text, ok := x.notes[id]; ok {
		s += "\n" + text
		x.bytes -= len(text)
		delete(x.notes, id)
	}
	return x.say("comment", fragment, s)
}

// cell reads a record of one or more cells.
func (x *xls) cell() error {
	d := x.data
	if x.s == nil || len(d) < 7 {
		x.keep()
		return nil
	}
	if row := int64(x.u16(0)) + 1; row != x.row {
		if x.row > 0 {
			if err := x.s.end(x.row); err != nil {
				return err
			}
		}
		x.row = row
	}
	col, style := x.u16(2), x.u16(4)
	x.fhas = false
	switch x.kind {
	case xlsLabelSST:
		if len(d) < 10 {
			return errOLE
		}
		i := int64(binary.LittleEndian.Uint32(d[6:]))
		if i >= int64(len(x.book.ends)) {
			x.broken = true
			return nil
		}
		from := int32(0)
		if i > 0 {
			from = x.book.ends[i-1]
		}
		x.set(col, x.book.shared[from:x.book.ends[i]])
	case xlsLabel, xlsRString:
		x.set(col, []byte(x.str(6, 2, 2)))
	case 0x0004: // of Excel 2
		x.set(col, []byte(inCodePage(d[min(8, len(d)):], x.page)))
	case 0x0002:
		if len(d) >= 9 {
			x.set(col, strconv.AppendInt(nil, int64(x.u16(7)), 10))
		}
	case 0x0003:
		if len(d) >= 15 {
			x.number(col, -1, math.Float64frombits(binary.LittleEndian.Uint64(d[7:])))
		}
	case xlsNumber:
		if len(d) >= 14 {
			x.number(col, style, math.Float64frombits(binary.LittleEndian.Uint64(d[6:])))
		}
	case xlsRk:
		if len(d) >= 10 {
			x.number(col, style, xlsRK(binary.LittleEndian.Uint32(d[6:])))
		}
	case xlsMulRk:
		for i := 4; i+8 <= len(d); i += 6 {
			x.number(col, x.u16(i), xlsRK(binary.LittleEndian.Uint32(d[i+2:])))
			col++
		}
	case xlsBoolErr:
		if len(d) >= 8 && d[7] == 0 {
			x.set(col, []byte{'0' + d[6]&1})
		}
	case xlsFormula, xlsFormula3, xlsFormula4:
		if len(d) < 14 {
			return nil
		}
		switch {
		case d[12] != 0xff || d[13] != 0xff:
			x.number(col, style, math.Float64frombits(binary.LittleEndian.Uint64(d[6:])))
		case d[6] == 0:
			x.fcol, x.fhas = col, true
		case d[6] == 1:
			x.set(col, []byte{'0' + d[8]&1})
		}
		// Texts in a formula; most have none.
		if len(d) > 22 && bytes.IndexByte(d[22:], 0x17) >= 0 {
			x.raw = append(append(x.raw, d[22:]...), '\n')
		}
	}
	return nil
}

// set sets a cell. No sheet of these formats is wider than 256 columns; what a
// damaged one has beyond is a text of its own.
func (x *xls) set(col int, v []byte) {
	if col >= 256 {
		x.add(string(v))
		return
	}
	x.s.set(col, v)
}

func (x *xls) number(col, style int, f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return
	}
	date, zeros := false, 0
	if style >= 0 && style < len(x.book.dates) {
		date, zeros = x.book.dates[style], x.book.zeros[style]
	}
	form := byte('f')
	if math.Abs(f) > 1e21 || f != 0 && math.Abs(f) < 1e-9 {
		form = 'g'
	}
	x.set(col, sheetNumber(strconv.AppendFloat(nil, f, form, -1, 64), date, zeros, x.book.year4))
}

// xlsRK returns a number that is kept in four bytes ([MS-XLS], section 2.5.217).
func xlsRK(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

// pageText returns the text of a header or footer without its codes
// ([MS-XLS], section 2.4.136), some of which are letters before a word.
func pageText(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '&' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c == '&':
			b.WriteByte('&')
		case c == '"': // a font
			if n := strings.IndexByte(s[i+1:], '"'); n >= 0 {
				i += n + 1
			}
		case c >= '0' && c <= '9': // a size
			for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
				i++
			}
		case c == 'L' || c == 'C' || c == 'R':
			b.WriteByte('\n')
		case c == 'K': // a colour
			for k := 0; k < 6 && i+1 < len(s) && (s[i+1] >= '0' && s[i+1] <= '9' || s[i+1] >= 'A' && s[i+1] <= 'F' || s[i+1] == '+' || s[i+1] == '-'); k++ {
				i++
			}
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			if strings.IndexByte("PNDTFAZG", c&^0x20) >= 0 {
				b.WriteByte(' ') // a number, a date, a name
			}
		default:
			b.WriteByte('&')
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String())
}
