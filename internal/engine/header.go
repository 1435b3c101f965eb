package engine

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/subject"
)

// A header is the line at the start of a text of separated values that names
// their columns.
type header struct {
	delim   byte
	end     int64 // where the lines under it begin
	table   string
	columns []string
	birth   int // column of birth dates, -1 where there is none
	known   map[columnType]bool
}

type columnType struct {
	column int
	t      subject.Type
}

// Bounds of what is taken for a line of separated values.
const (
	maxColumns    = 512
	maxColumnName = 64
	maxValuesLine = 4 << 10 // bytes
)

// headerOf returns the header of the text that begins with head, nil where it
// has none. name is that of the file, by which a column "id" may be told.
func (r *run) headerOf(head []byte, name string) *header {
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for range 4 {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok || len(line) > maxValuesLine {
			return nil
		}
		rest = after
		text := strings.TrimSpace(string(line))
		fields, isFields := strings.CutPrefix(text, "#Fields: ") // W3C extended log file format
		switch {
		case isFields:
			text = strings.ReplaceAll(fields, " ", "\t")
		case text == "", text[0] == '#', strings.HasPrefix(text, "sep="), strings.Trim(text, "+-|") == "":
			continue
		}
		h := &header{end: int64(len(head) - len(after)), table: name, birth: -1, known: map[columnType]bool{}}
		for _, d := range []byte("\t;,|") {
			if n := strings.Count(text, string(d)); n > 0 && n < maxColumns && n > strings.Count(text, string(h.delim)) {
				h.delim = d
			}
		}
		if h.delim == 0 {
			return nil
		}
		for i, c := range strings.Split(text, string(h.delim)) {
			c = strings.Trim(c, " \t\"'`*")
			if c == "" && h.delim != '|' || c != "" && !columnName(c) {
				return nil
			}
			h.columns = append(h.columns, c)
			if c != "" && r.Recognizer.BirthDateColumn(c) {
				h.birth = i
			}
		}
		if isFields {
			h.delim = ' '
		}
		// A line of the same shape must follow.
		for next := range bytes.Lines(rest) {
			if t := strings.Trim(string(next), "+-|: \r\n"); t != "" && t[0] != '#' {
				if !strings.HasSuffix(string(next), "\n") && len(head) >= 512 {
					return h // cut off
				}
				if n := separators(next, h.delim); n+1 != len(h.columns) && h.delim != '|' {
					return nil
				}
				return h
			}
		}
		return nil
	}
	return nil
}

// columnName reports whether s may name a column rather than be a value.
func columnName(s string) bool {
	if len(s) > maxColumnName {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	digits := 0
	for _, c := range s {
		switch {
		case unicode.IsDigit(c):
			digits++
		case strings.ContainsRune("@=<>{}\\", c):
			return false
		}
	}
	return unicode.IsLetter(r) && digits <= 3 && strings.Count(s, " ") <= 5
}

// separators counts the delimiters outside of quotation marks.
func separators(line []byte, delim byte) int {
	n, quoted := 0, false
	for _, c := range line {
		switch c {
		case '"':
			quoted = !quoted
		case delim:
			if !quoted {
				n++
			}
		}
	}
	return n
}

// lineStart returns where the line of piece[off] starts, -1 when that is not in
// sight. base is the place of piece in the text.
func (h *header) lineStart(base int64, piece []byte, off int) int {
	if off < 0 || off > len(piece) {
		return -1
	}
	from := max(off-maxValuesLine, 0)
	k := bytes.LastIndexByte(piece[from:off], '\n')
	switch {
	case k >= 0:
		from += k + 1
	case from > 0 || base > 0:
		return -1
	}
	if base+int64(from) < h.end {
		return -1 // the header itself
	}
	return from
}

// names reports whether the column in which a hit stands says that it holds
// identifiers of the hit's type.
func (h *header) names(r *subject.Recognizer, hit subject.Hit, base int64, piece []byte) bool {
	off := int(hit.Start - base)
	from := h.lineStart(base, piece, off)
	if from < 0 {
		return false
	}
	col := separators(piece[from:off], h.delim)
	if col >= len(h.columns) || h.columns[col] == "" {
		return false
	}
	key := columnType{col, hit.Type}
	named, ok := h.known[key]
	if !ok {
		named = r.NamedBy(hit.Type, h.table, h.columns[col])
		h.known[key] = named
	}
	return named
}

// born returns the birth date in the line of a hit, empty where none is called
// one.
func (h *header) born(hit subject.Hit, base int64, piece []byte) string {
	if h.birth < 0 {
		return ""
	}
	off := int(hit.Start - base)
	from := h.lineStart(base, piece, off)
	if from < 0 {
		return ""
	}
	line := piece[from:min(from+maxValuesLine, len(piece))]
	if k := bytes.IndexByte(line, '\n'); k >= 0 {
		line = line[:k]
	}
	quoted, col, start := false, 0, 0
	for i := 0; i <= len(line); i++ {
		switch {
		case i == len(line) || line[i] == h.delim && !quoted:
			if col == h.birth {
				return strings.Trim(string(line[start:i]), " \t\r\"'")
			}
			col++
			start = i + 1
		case line[i] == '"':
			quoted = !quoted
		}
	}
	return ""
}
