package export

import (
	"archive/zip"
	"io"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is kept of a workbook to know what its columns are called.
const (
	maxHeadings = 4096    // columns of a sheet
	maxHeading  = 200     // bytes of a name
	maxStrings  = 1 << 18 // strings of which the text or the column is known
	maxNamed    = 8 << 20 // bytes of these
)

// A sheet knows what the columns of a table are called: as its first row that holds
// anything says.
type sheet struct {
	row, col int // counted from 1; 0: in none
	repeat   int // cells that the last one stands for
	first    int // the row of names
	names    map[int]string
}

// start takes a tag that is none of running text.
func (s *sheet) start(name, tok string) {
	switch name {
	case "sheetData", "table":
		*s = sheet{names: map[int]string{}}
	case "row", "table-row":
		s.row++
		s.col, s.repeat = 0, 1
	case "c":
		s.col++
		if ref, ok := attribute(tok, "r"); ok {
			if n := columnOf(ref); n > 0 {
				s.col = n
			}
		}
	case "table-cell", "covered-table-cell":
		s.col, s.repeat = s.col+s.repeat, 1
		if v, ok := attribute(tok, "table:number-columns-repeated"); ok {
			if n, err := strconv.Atoi(v); err == nil && n > 0 && n < 1<<20 {
				s.repeat = n
			}
		}
	}
}

// end takes the end of an element.
func (s *sheet) end(name string) {
	if name == "sheetData" || name == "table" {
		*s = sheet{}
	}
}

// field returns what the column is called in which the reader is, empty where that
// is not known.
func (s *sheet) field() string {
	if s.col == 0 || s.row <= s.first {
		return ""
	}
	return s.names[s.col]
}

// heading takes the text of a cell for the name of its column, where it is one.
func (s *sheet) heading(text string) {
	text = strings.TrimSpace(text)
	if s.names == nil || s.col == 0 || text == "" || len(text) > maxHeading || len(s.names) >= maxHeadings || s.first > 0 && s.row != s.first {
		return
	}
	s.first = s.row
	s.names[s.col] = text
}

// columnOf returns the number of the column of a cell: B7 stands in the second.
func columnOf(ref string) int {
	n := 0
	for _, c := range []byte(ref) {
		if c < 'A' || c > 'Z' || n > 1<<20 {
			break
		}
		n = 26*n + int(c-'A') + 1
	}
	return n
}

// headings learns the strings of a workbook, and in which columns they stand.
// What is wrong with it shows when it is written.
func (p *pack) headings(z *zip.Reader) {
	for _, f := range z.File {
		if f.Name == "xl/sharedStrings.xml" {
			var text strings.Builder
			all := 0
			p.walk(f, func(tok string) bool {
				switch {
				case tok[0] != '<':
					if text.Len()+len(tok) <= 2*maxHeading && all < maxNamed {
						text.WriteString(unescape(tok))
					}
				case strings.HasPrefix(tok, "</") && local(tok) == "si":
					p.strings = append(p.strings, text.String())
					all += text.Len()
					text.Reset()
				}
				return len(p.strings) < maxStrings
			})
		}
	}
	if p.strings == nil {
		return
	}
	p.fields = map[int]string{}
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/") || !strings.HasSuffix(f.Name, ".xml") {
			continue
		}
		var s sheet
		kind, in := "", ""
		p.walk(f, func(tok string) bool {
			if tok[0] != '<' {
				switch {
				case in == "v" && kind == "s":
					i, err := strconv.Atoi(strings.TrimSpace(tok))
					if err != nil {
						break
					}
					if name := s.field(); name != "" && p.fields[i] == "" {
						p.fields[i] = name
					}
					s.heading(p.shared(i))
				case in == "v" || in == "t":
					s.heading(unescape(tok))
				}
				return len(p.fields) < maxStrings
			}
			name := local(tok)
			if strings.HasPrefix(tok, "</") {
				in = ""
				s.end(name)
				return true
			}
			in = name
			s.start(name, tok)
			if name == "c" {
				kind, _ = attribute(tok, "t")
			}
			return true
		})
	}
}

// shared returns a string of the workbook, empty where it is not known.
func (p *pack) shared(i int) string {
	if i < 0 || i >= len(p.strings) {
		return ""
	}
	return p.strings[i]
}

// walk calls use with the tokens of a part until it wants no more.
func (p *pack) walk(f *zip.File, use func(tok string) bool) {
	r, err := f.Open()
	if err != nil {
		return
	}
	defer r.Close()
	t := &tagReader{r: &counted{p, io.Reader(r)}}
	for {
		tok, err := t.next()
		if err != nil || !use(tok) {
			return
		}
	}
}

// bornOn reports whether a number of a cell is a date that would be masked in a
// column of that name: days since 1899-12-30 (ECMA-376 part 1, section 18.17.4.1).
func (m *markup) bornOn(v, field string) bool {
	days, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || days < 1 || days > 80_000 {
		return false
	}
	day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days))
	list, _ := m.h.edits([]byte(day.Format(time.DateOnly)), field, false)
	return len(list) > 0
}
