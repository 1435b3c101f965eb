package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// sinkError is a failure to write, as against one to read.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return "write: " + e.err.Error() }
func (e *sinkError) Unwrap() error { return e.err }

// spoolMemory is how much of a spool is held in memory, in bytes.
const spoolMemory = 256 << 10

// A spool keeps what is written until it is known to be whole: in memory, or in
// a temporary file that has no name. It counts and hashes.
type spool struct {
	mem  bytes.Buffer
	file *os.File
	size int64
	sum  hash.Hash
}

func newSpool() *spool { return &spool{sum: sha256.New()} }

func (s *spool) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	s.sum.Write(p)
	if s.file == nil {
		if s.mem.Len()+len(p) <= spoolMemory {
			return s.mem.Write(p)
		}
		f, err := os.CreateTemp("", "spoor-*") // mode 0600
		if err != nil {
			return 0, &sinkError{err}
		}
		if err := os.Remove(f.Name()); err != nil {
			f.Close()
			return 0, &sinkError{err}
		}
		if _, err := f.Write(s.mem.Bytes()); err != nil {
			f.Close()
			return 0, &sinkError{err}
		}
		s.file, s.mem = f, bytes.Buffer{}
	}
	n, err := s.file.Write(p)
	if err != nil {
		err = &sinkError{err}
	}
	return n, err
}

// copyTo writes the content to w.
func (s *spool) copyTo(w io.Writer) error {
	var r io.Reader = bytes.NewReader(s.mem.Bytes())
	if s.file != nil {
		r = io.NewSectionReader(s.file, 0, s.size)
	}
	if _, err := io.Copy(w, r); err != nil {
		return &sinkError{err}
	}
	return nil
}

// writeTo writes the content to what is no file of the bundle yet.
func (s *spool) writeTo(w io.Writer) error {
	_, err := io.Copy(w, s.read())
	return err
}

// read returns the content.
func (s *spool) read() *io.SectionReader {
	if s.file != nil {
		return io.NewSectionReader(s.file, 0, s.size)
	}
	return io.NewSectionReader(bytes.NewReader(s.mem.Bytes()), 0, s.size)
}

func (s *spool) sha256() string { return hex.EncodeToString(s.sum.Sum(nil)) }

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// A table collects the rows of one table, as JSON and as CSV.
type table struct {
	columns   []string // as the source calls them
	json, csv *spool
	entry     *Table
	dropped   []bool // columns that are left out
	row       []byte
	fileJSON  int // index of the bundle's files
	fileCSV   int
}

// number is a number as JSON writes it (RFC 8259, section 6).
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// kind is how the values of a column are written.
func kind(typ string) string {
	typ, _, _ = strings.Cut(typ, " ")
	switch typ {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric", "float", "double", "real", "year",
		"int2", "int4", "int8", "float4", "float8", "oid", "serial", "bigserial", "dec", "fixed", "number":
		return "number"
	case "bool", "boolean":
		return "boolean"
	case "json", "jsonb":
		return "json"
	}
	return "text"
}

func newTable(t *scanners.Table, entry *Table, drop func(column string) bool) (*table, error) {
	x := &table{columns: slices.Clone(t.Columns), json: newSpool(), csv: newSpool(), entry: entry, dropped: make([]bool, len(t.Columns))}
	seen := map[string]bool{}
	for i, name := range t.Columns {
		c := Column{Name: strings.ToValidUTF8(name, "\uFFFD"), Kind: "text"}
		for k := 2; seen[c.Name]; k++ {
			c.Name = fmt.Sprintf("%s (%d)", name, k)
		}
		seen[c.Name] = true
		if i < len(t.Types) {
			c.Type = t.Types[i]
			c.Kind = kind(c.Type)
		}
		if x.dropped[i] = drop(name); x.dropped[i] {
			entry.LeftOut = append(entry.LeftOut, c.Name)
		}
		entry.Columns = append(entry.Columns, c)
	}
	head, err := json.Marshal(struct {
		Source  string `json:"source"`
		Table   string `json:"table"`
		Columns []jsonColumn
	}{entry.Source, entry.Name, nil})
	if err != nil {
		return nil, err
	}
	head = append(bytes.TrimSuffix(head, []byte(`,"Columns":null}`)), `,"columns":[`...)
	sep := ""
	first := true
	for i, c := range entry.Columns {
		if x.dropped[i] {
			continue
		}
		b, err := json.Marshal(jsonColumn{c.Name, c.Type})
		if err != nil {
			return nil, err
		}
		head = append(append(head, sep...), b...)
		sep = ","
		if !first {
			x.row = append(x.row, ',')
		}
		first = false
		x.row = quoted(x.row, guarded(c.Name))
	}
	head = append(head, "],\n\"rows\":["...)
	if _, err := x.json.Write(head); err != nil {
		return nil, err
	}
	_, err = x.csv.Write(append(x.row, "\r\n"...))
	return x, err
}

type jsonColumn struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// same reports whether rows of t have the columns of the table.
func (x *table) same(t *scanners.Table) bool { return slices.Equal(x.columns, t.Columns) }

// add adds a row. sh says what of it is the person's, nil: nothing is known to be,
// and all is copied; asked says that what can't be masked is wanted all the same.
func (x *table) add(b *scanners.Block, row int, h *hider, sh *share, asked bool, t *tally) error {
	js := append(x.row[:0], "\n{"...)
	if x.entry.Rows > 0 {
		js = append(x.row[:0], ",\n{"...)
	}
	var line []byte
	key := "" // of a table of keys and values
	for i, c := range x.entry.Columns {
		if v, null := b.Cell(row, i); !null && len(v) < 100 && keyName.MatchString(c.Name) && secretName(string(v)) != "" {
			key = string(v)
		}
	}
	first := true
	for i, c := range x.entry.Columns {
		if x.dropped[i] {
			continue
		}
		if !first {
			js, line = append(js, ','), append(line, ',')
		}
		first = false
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		js = append(append(js, name...), ':')
		v, null := b.Cell(row, i)
		what := ""
		keep := sh.whole(x.columns[i], v)
		if !null && len(v) > 0 {
			if what = secretColumn(c); what == "" && key != "" && valueName.MatchString(c.Name) {
				what = secretName(key)
			}
			if what == "" && binary(v) && len(h.find(h.hashes, v, "")) > 0 {
				what = passwordHash // in a document, which can't be written anew
			}
			if what == password && len(h.hashes.Find(nil, v)) > 0 {
				what = passwordHash
			}
			if what == "" && sh.left(i) {
				what = besides
			}
		}
		switch {
		case null:
			js = append(js, "null"...)
		case what != "":
			t.hold(what)
			x.entry.hold(c.Name, what)
			js = fmt.Appendf(js, `{"withheld":%q}`, what)
			line = quoted(line, withheldText(what))
		case binary(v) && h.others != nil && !asked && (len(v) > maxOpaque || h.holdsOthers(v)):
			t.hold(unmaskable)
			x.entry.hold(c.Name, unmaskable)
			js = fmt.Appendf(js, `{"withheld":%q}`, unmaskable)
			line = quoted(line, withheldText(unmaskable))
		case binary(v):
			x.entry.Columns[i].Binary = true
			js = append(js, `{"base64":"`...)
			js = base64.StdEncoding.AppendEncode(js, v)
			js = append(js, `"}`...)
			line = append(line, `"base64:`...)
			line = base64.StdEncoding.AppendEncode(line, v)
			line = append(line, '"')
		case c.Kind == "number" && number.Match(v) && (h.others == nil || keep || len(h.others.FindNamed(nil, v, c.Name)) == 0):
			js, line = append(js, v...), append(line, v...)
		case c.Kind == "boolean" && truth(v) != "":
			js, line = append(js, truth(v)...), append(line, truth(v)...)
		default:
			before := t.withheld[passwordHash] + t.withheld[password] + t.withheld[token]
			v = h.text(v, c.Name, keep, t)
			if t.withheld[passwordHash]+t.withheld[password]+t.withheld[token] > before {
				x.entry.hold(c.Name, secretAny)
			}
			line = quoted(line, guarded(string(v)))
			if c.Kind == "json" && json.Valid(v) {
				var compact bytes.Buffer
				if json.Compact(&compact, v) == nil {
					js = append(js, compact.Bytes()...)
					break
				}
			}
			s, err := marshal(string(v))
			if err != nil {
				return err
			}
			js = append(js, s...)
		}
	}
	js = append(js, '}')
	line = append(line, "\r\n"...)
	x.row = js
	if _, err := x.json.Write(js); err != nil {
		return err
	}
	if _, err := x.csv.Write(line); err != nil {
		return err
	}
	x.entry.Rows++
	return nil
}

// maxOpaque is how long a value that is no text may be for it to be a number of
// some kind, and no document in which other people may stand, in bytes.
const maxOpaque = 64

func binary(v []byte) bool { return !utf8.Valid(v) || bytes.IndexByte(v, 0) >= 0 }

// keyName and valueName are what the columns of tables of keys and values are
// called.
var (
	keyName   = regexp.MustCompile(`(?i)(^|_)(key|name|setting|option|field|attribute|property|variable)$`)
	valueName = regexp.MustCompile(`(?i)(^|_)(value|val|data|content|setting|waarde|wert|valeur)$`)
)

// secretColumn says what a column holds that is not copied.
func secretColumn(c Column) string {
	switch typ, _, _ := strings.Cut(c.Type, " "); typ {
	case "date", "datetime", "timestamp", "timestamptz", "time", "bool", "boolean", "bit", "enum":
		return ""
	}
	return secretName(c.Name)
}

// marshal writes a text as JSON, with <, > and & as they are.
func marshal(s string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func truth(v []byte) string {
	switch strings.ToLower(string(v)) {
	case "t", "true", "1":
		return "true"
	case "f", "false", "0":
		return "false"
	}
	return ""
}

// quoted appends a field of RFC 4180 in quotes: only NULL and numbers have none.
func quoted(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

// guarded returns a text that no spreadsheet takes for a formula. It is undone by
// removing an apostrophe that stands before one of = + - @ (of full width, too), a
// tab, a line end or another apostrophe at the start.
func guarded(s string) string {
	if s == "" {
		return s
	}
	if r, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20", r) {
		return "'" + s
	}
	return s
}

// finish ends both files.
func (x *table) finish() error {
	_, err := x.json.Write([]byte("\n]}\n"))
	return err
}

func (x *table) close() {
	x.json.close()
	x.csv.close()
}

// hold counts what is withheld in a column.
func (t *Table) hold(column, what string) {
	for i := range t.Withheld {
		if t.Withheld[i].Column == column && t.Withheld[i].What == what {
			t.Withheld[i].Rows++
			return
		}
	}
	t.Withheld = append(t.Withheld, Withheld{Column: column, What: what, Rows: 1})
}
