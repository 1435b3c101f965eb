package document

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// maxShared bounds what the shared strings of a workbook take, in bytes.
	maxShared = 192 << 20
	// maxSheetColumns is how many columns a sheet has in any program.
	maxSheetColumns = 1 << 14
	sheetBlockBytes = 256 << 10
	sheetBlockRows  = 4096
)

// A workbook is what the sheets of an xlsx refer to.
type workbook struct {
	read   bool
	shared []byte
	ends   []int32           // of the strings in shared
	dates  []bool            // by cell format: whether it shows a date
	zeros  []int             // by cell format: how many digits it pads a number to
	sheets map[string]string // names by part
	year4  bool              // days count from 1904
}

// strings reads what is shared among sheets, once.
func (o *office) strings() error {
	w := o.book
	if w == nil || w.read {
		return nil
	}
	w.read = true
	w.sheets = map[string]string{}
	parts := map[string]string{} // by relation
	for _, p := range []struct {
		name string
		read func(*xmlReader) error
	}{
		{"xl/_rels/workbook.xml.rels", func(x *xmlReader) error {
			for t := x.next(); t != nil; t = x.next() {
				if t.kind == xmlStart && string(t.name) == "Relationship" {
					id, _ := t.attr("Id")
					target, _ := t.attr("Target")
					parts[string(id)] = string(target)
				}
			}
			return nil
		}},
		{"xl/workbook.xml", func(x *xmlReader) error {
			for t := x.next(); t != nil; t = x.next() {
				if t.kind != xmlStart {
					continue
				}
				switch string(t.name) {
				case "workbookPr":
					v, _ := t.attr("date1904")
					w.year4 = string(v) == "1" || string(v) == "true"
				case "sheet":
					name, _ := t.attr("name")
					id, _ := t.attr("id")
					target := parts[string(id)]
					if !strings.HasPrefix(target, "/") {
						target = path.Join("xl", target)
					}
					w.sheets[strings.TrimPrefix(target, "/")] = string(name)
				}
			}
			return nil
		}},
		{"xl/styles.xml", w.styles},
		{"xl/sharedStrings.xml", func(x *xmlReader) error {
			var spoken []byte
			err := w.strings(x, func(text []byte) error {
				spoken = append(append(spoken, text...), '\n')
				if len(spoken) < 64<<10 {
					return nil
				}
				err := o.text("sheet", "", bytes.NewReader(spoken))
				spoken = spoken[:0]
				return err
			})
			if err == nil && len(spoken) > 0 {
				err = o.text("sheet", "", bytes.NewReader(spoken))
			}
			return err
		}},
	} {
		f := o.files[p.name]
		if f == nil {
			continue
		}
		r, done, err := o.open(f)
		if err != nil {
			if err := o.gap(scanners.Corrupt, "office: a part of the workbook can't be opened"); err != nil {
				return err
			}
			continue
		}
		x := newXMLReader(r)
		err = p.read(x)
		done()
		if err == errShared {
			if err := o.gap(scanners.TooLarge, "office: the workbook has more text than is held; cells lack what lies beyond"); err != nil {
				return err
			}
			continue
		}
		if err == nil && x.err != io.EOF {
			err = x.err
		}
		if err := o.broken(err); err != nil {
			return err
		}
	}
	return nil
}

var errShared = &scanners.Gap{Reason: scanners.TooLarge, Detail: "office: shared strings"}

// strings reads the shared strings. How they are to be pronounced is no part of
// what cells show: spoken gets it, a line for each.
func (w *workbook) strings(x *xmlReader, spoken func([]byte) error) error {
	in, phonetic := false, false
	for t := x.next(); t != nil; t = x.next() {
		switch {
		case t.kind == xmlStart && string(t.name) == "si":
			if t.empty {
				w.ends = append(w.ends, int32(len(w.shared)))
			}
		case t.kind == xmlEnd && string(t.name) == "si":
			w.ends = append(w.ends, int32(len(w.shared)))
		case t.kind == xmlStart && string(t.name) == "rPh" && !t.empty:
			phonetic = true
		case t.kind == xmlEnd && string(t.name) == "rPh":
			phonetic = false
		case string(t.name) == "t":
			in = t.kind == xmlStart && !t.empty
		case t.kind == xmlText && in && phonetic:
			if err := spoken(t.text); err != nil {
				return err
			}
		case t.kind == xmlText && in:
			w.shared = append(w.shared, t.text...)
		}
		if len(w.shared)+4*len(w.ends) > maxShared {
			return errShared
		}
	}
	return nil
}

// styles reads which formats of cells show dates.
func (w *workbook) styles(x *xmlReader) error {
	codes := map[string]string{}
	in := false
	for t := x.next(); t != nil; t = x.next() {
		switch name := string(t.name); {
		case t.kind == xmlStart && name == "numFmt":
			id, _ := t.attr("numFmtId")
			code, _ := t.attr("formatCode")
			codes[string(id)] = string(code)
		case name == "cellXfs":
			in = t.kind == xmlStart
		case t.kind == xmlStart && name == "xf" && in && len(w.dates) < 1<<16:
			id, _ := t.attr("numFmtId")
			n, _ := strconv.Atoi(string(id))
			code, own := codes[string(id)]
			w.dates = append(w.dates, own && dateFormat(code) || !own && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 31 || n == 36 || n >= 50 && n <= 58))
			zeros := 0
			if own && strings.Trim(code, "0") == "" {
				zeros = len(code)
			}
			w.zeros = append(w.zeros, zeros)
		}
	}
	return nil
}

// dateFormat reports whether a number format shows a day.
func dateFormat(code string) bool {
	quoted := false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			if k := strings.IndexByte(code[i:], ']'); k > 0 {
				i += k
			}
		case c == 'd' || c == 'D' || c == 'y' || c == 'Y':
			return true
		}
	}
	return false
}

// A sheet gathers the rows of one sheet into blocks.
type sheet struct {
	yield   func(scanners.Item, error) bool
	name    string
	table   *scanners.Table
	block   scanners.Block
	rows    []int64 // numbers
	first   []int   // first columns that are not empty
	cells   [][]byte
	width   int // of the cells that are used
	arena   []byte
	header  bool // was looked for
	columns []string
}

func newSheet(yield func(scanners.Item, error) bool, name string) *sheet {
	s := &sheet{yield: yield, name: name}
	s.block.Refs = func(row int, _ string, _ int) scanners.Ref { return sheetRow(s.name, s.rows[row], s.first[row]) }
	return s
}

// set sets a cell of the row that is being read.
func (s *sheet) set(col int, value []byte) {
	if col < 0 || col >= maxSheetColumns || len(value) == 0 {
		return
	}
	for len(s.cells) <= col {
		s.cells = append(s.cells, nil)
	}
	from := len(s.arena)
	s.arena = append(s.arena, value...)
	s.cells[col] = s.arena[from:len(s.arena):len(s.arena)]
	s.width = max(s.width, col+1)
}

// end ends a row.
func (s *sheet) end(number int64) error {
	if s.width == 0 {
		return nil
	}
	cells := s.cells[:s.width]
	if !s.header {
		s.header = true
		s.columns = sheetHeader(cells)
	}
	if s.table == nil || s.width > len(s.table.Columns) {
		if err := s.flush(); err != nil {
			return err
		}
		s.table = &scanners.Table{Name: s.name, Table: s.name}
		for i := range max(s.width, len(s.columns)) {
			if i < len(s.columns) && s.columns[i] != "" {
				s.table.Columns = append(s.table.Columns, s.columns[i])
			} else {
				s.table.Columns = append(s.table.Columns, columnName(i))
			}
		}
		s.block.Table = s.table
	}
	first := -1
	for i := range s.table.Columns {
		var v []byte
		if i < len(cells) {
			v = cells[i]
		}
		if len(v) > 0 && first < 0 {
			first = i
		}
		s.block.Append(v, len(v) == 0)
	}
	s.rows, s.first = append(s.rows, number), append(s.first, first)
	clear(cells)
	s.width, s.arena = 0, s.arena[:0]
	if len(s.block.Data) >= sheetBlockBytes || len(s.rows) >= sheetBlockRows {
		return s.flush()
	}
	return nil
}

func (s *sheet) flush() error {
	if len(s.rows) == 0 {
		return nil
	}
	if !s.yield(scanners.Item{Size: -1, Block: &s.block}, nil) {
		return errStop
	}
	s.block.Reset()
	s.rows, s.first = s.rows[:0], s.first[:0]
	return nil
}

// sheetHeader returns the names that a first row gives to columns, nil where it
// is none.
func sheetHeader(cells [][]byte) []string {
	var names []string
	seen := map[string]bool{}
	n := 0
	for _, c := range cells {
		name := strings.TrimSpace(string(c))
		if name != "" {
			r, _ := utf8.DecodeRuneInString(name)
			if len(name) > 64 || !unicode.IsLetter(r) || strings.ContainsAny(name, "@\n") || seen[name] {
				return nil
			}
			seen[name] = true
			n++
		}
		names = append(names, name)
	}
	if n < 2 && len(cells) > 1 {
		return nil
	}
	return names
}

// cellColumn returns the column and row of a cell's name, "B4": 1, 4.
func cellColumn(name []byte) (col int, row int64) {
	i := 0
	for ; i < len(name) && i < 4 && name[i] >= 'A' && name[i] <= 'Z'; i++ {
		col = col*26 + int(name[i]-'A') + 1
	}
	row, _ = strconv.ParseInt(string(name[i:]), 10, 64)
	return col - 1, row
}

// sheet reads a part that is a sheet (ECMA-376, part 1, section 18.3).
func (o *office) sheet(part string, r io.Reader) error {
	name, ok := o.book.sheets[part]
	if !ok {
		name = strings.TrimSuffix(path.Base(part), ".xml")
	}
	s := newSheet(o.yield, name)
	x := newXMLReader(r)
	var (
		row, style int64
		col        = -1
		kind       string
		in         string // the element whose text is read
		value      []byte
		other      []byte // text that is no cell's: headers, links, formulas
		formula    []byte
		has        bool
		spoken     bool // how a cell is to be pronounced
	)
	for t := x.next(); t != nil; t = x.next() {
		switch t.kind {
		case xmlStart:
			switch string(t.name) {
			case "row":
				row++
				if v, ok := t.attr("r"); ok {
					if n, err := strconv.ParseInt(string(v), 10, 64); err == nil && n > 0 {
						row = n
					}
				}
				col = -1
			case "c":
				col++
				kind, style, value, has = "", -1, value[:0], false
				t.each(func(n, v []byte) bool {
					switch string(n) {
					case "r":
						if c, _ := cellColumn(v); c >= 0 {
							col = c
						}
					case "t":
						kind = string(v)
					case "s":
						style, _ = strconv.ParseInt(string(v), 10, 32)
					}
					return true
				})
			case "v", "t", "f", "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter", "formula1", "formula2", "formula":
				if !t.empty {
					in = string(t.name)
				}
			case "rPh":
				spoken = !t.empty
			case "hyperlink", "dataValidation", "protectedRange", "tablePart", "legacyDrawing":
				t.each(func(n, v []byte) bool {
					switch string(n) {
					case "location", "display", "tooltip", "prompt", "promptTitle", "error", "errorTitle", "name":
						other = append(xmlUnescape(other, v), '\n')
					}
					return true
				})
			}
		case xmlText:
			switch {
			case in == "":
			case spoken:
				other = append(append(other, t.text...), '\n')
			case in == "v", in == "t":
				if value, has = append(value, t.text...), true; len(value) > maxXMLTag {
					// A value longer than any program has in a cell.
					if err := o.text("cell", "", bytes.NewReader(value)); err != nil {
						return err
					}
					value = value[:0]
				}
			case in == "f":
				formula = append(formula, t.text...)
			case strings.HasSuffix(in, "Header"), strings.HasSuffix(in, "Footer"):
				// Codes stand right before words.
				other = append(append(other, pageText(string(t.text))...), '\n')
			default:
				other = append(append(other, t.text...), '\n')
			}
		case xmlEnd:
			switch string(t.name) {
			case "row":
				if err := s.end(row); err != nil {
					return err
				}
			case "rPh":
				spoken = false
			case "c":
				if has {
					s.set(col, o.book.value(kind, style, value))
				}
				if bytes.ContainsAny(formula, `"@`) {
					other = append(append(other, formula...), '\n')
				}
				formula = formula[:0]
			}
			in = ""
		}
		if len(other) > 64<<10 {
			if err := o.text("sheet", "", bytes.NewReader(other)); err != nil {
				return err
			}
			other = other[:0]
		}
	}
	if err := s.end(row); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	if len(other) > 0 {
		if err := o.text("sheet", "", bytes.NewReader(other)); err != nil {
			return err
		}
	}
	if x.err == io.EOF {
		return nil
	}
	return x.err
}

// value returns what a cell shows.
func (w *workbook) value(kind string, style int64, v []byte) []byte {
	switch kind {
	case "s":
		i, err := strconv.Atoi(string(v))
		if err != nil || i < 0 || i >= len(w.ends) {
			return v
		}
		from := int32(0)
		if i > 0 {
			from = w.ends[i-1]
		}
		return w.shared[from:w.ends[i]]
	case "", "n":
	default:
		return v
	}
	date, zeros := false, 0
	if style >= 0 && style < int64(len(w.dates)) {
		date, zeros = w.dates[style], w.zeros[style]
	}
	return sheetNumber(v, date, zeros, w.year4)
}

// sheetNumber returns a number as people write it: a day as one, no exponents,
// leading zeros where the format has them.
func sheetNumber(v []byte, date bool, zeros int, year4 bool) []byte {
	if !date && zeros <= len(v) && bytes.IndexByte(v, 'E') < 0 && bytes.IndexByte(v, 'e') < 0 {
		return v
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return v
	}
	switch {
	case date && f >= 0 && f < 2958466: // the year 10000
		day := int(f)
		base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		switch {
		case year4:
			base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		case day < 60:
			base = base.AddDate(0, 0, 1) // before the day that 1900 did not have
		}
		t := base.AddDate(0, 0, day)
		if sec := int((f - float64(day)) * 86400); sec > 0 {
			return t.Add(time.Duration(sec)*time.Second).AppendFormat(nil, "2006-01-02 15:04:05")
		}
		return t.AppendFormat(nil, "2006-01-02")
	case f > 1e21 || f < -1e21:
		return v
	}
	out := strconv.AppendFloat(nil, f, 'f', -1, 64)
	for len(out) < zeros && zeros < 64 {
		out = append([]byte{'0'}, out...)
	}
	return out
}

// tables reads the sheets of an OpenDocument (part 3, section 9), and as text
// what is not in a cell.
func (o *office) tables(r io.Reader) error {
	x := newXMLReader(r)
	var (
		s      *sheet
		row    int64
		rows   int64 = 1 // how often the row is repeated
		col    int
		cols   int // how often the cell is repeated
		cell   bool
		value  []byte
		given  []byte // value of the cell, as its attribute says
		beside = &officeReader{x: x}
		p      int
		n      int
	)
	repeat := func(t *xmlToken, name string) int {
		v, ok := t.attr(name)
		if n, err := strconv.Atoi(string(v)); ok && err == nil && n > 0 {
			return n
		}
		return 1
	}
	for t := x.next(); t != nil; t = x.next() {
		switch name := string(t.name); {
		case t.kind == xmlStart && name == "table":
			v, _ := t.attr("name")
			s, row = newSheet(o.yield, string(v)), 0
			n++
			if len(v) == 0 {
				s.name = strconv.Itoa(n)
			}
		case t.kind == xmlEnd && name == "table" && s != nil:
			if err := s.flush(); err != nil {
				return err
			}
			s = nil
		case t.kind == xmlStart && name == "table-row":
			row++
			rows = int64(repeat(t, "number-rows-repeated"))
			col = 0
			if t.empty {
				row += rows - 1
			}
		case t.kind == xmlEnd && name == "table-row" && s != nil:
			if err := s.end(row); err != nil {
				return err
			}
			row += rows - 1
		case t.kind == xmlStart && (name == "table-cell" || name == "covered-table-cell"):
			cols = repeat(t, "number-columns-repeated")
			value, given, p = value[:0], given[:0], 0
			for _, a := range []string{"date-value", "string-value", "value"} {
				if v, ok := t.attr(a); ok {
					given = append(given, v...)
					break
				}
			}
			if cell = !t.empty; t.empty {
				col = o.fill(s, col, cols, given)
			}
		case t.kind == xmlEnd && (name == "table-cell" || name == "covered-table-cell"):
			cell = false
			if len(given) > 0 && !bytes.Contains(value, given) {
				if len(value) > 0 {
					value = append(value, ' ')
				}
				value = append(value, given...)
			}
			col = o.fill(s, col, cols, value)
		case cell && t.kind == xmlStart && name == "p":
			if p++; p > 1 {
				value = append(value, '\n')
			}
		case cell && t.kind == xmlStart && (name == "s" || name == "tab"):
			value = append(value, ' ')
		case cell && t.kind == xmlStart:
			t.each(func(n, v []byte) bool {
				if string(n) == "href" && len(value) < maxXMLTag {
					value = append(xmlUnescape(value, v), ' ')
				}
				return true
			})
		case cell && t.kind == xmlText:
			if len(value) < maxXMLTag {
				value = append(value, t.text...)
			} else {
				beside.out = append(beside.out, t.text...)
			}
		case t.kind == xmlText:
			beside.out = append(beside.out, t.text...)
		case t.kind == xmlStart:
			beside.start(t)
		case t.kind == xmlEnd:
			beside.end(name)
		}
		if len(beside.out) > 64<<10 {
			if err := o.text("body", "", bytes.NewReader(beside.out)); err != nil {
				return err
			}
			beside.out = beside.out[:0]
		}
	}
	if s != nil {
		if err := s.end(row); err != nil {
			return err
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	if beside.line(); len(bytes.TrimSpace(beside.out)) > 0 {
		if err := o.text("body", "", bytes.NewReader(beside.out)); err != nil {
			return err
		}
	}
	if x.err == io.EOF {
		return nil
	}
	return x.err
}

// fill sets a cell; of one that is repeated, a few.
func (o *office) fill(s *sheet, col, times int, value []byte) int {
	if s != nil {
		for i := range min(times, 16) {
			s.set(col+i, value)
		}
	}
	return min(col+times, maxSheetColumns)
}
