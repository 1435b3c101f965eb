package document

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A csvDialect is how a text separates its values.
type csvDialect struct {
	delim     byte
	quote     byte
	eol       byte
	backslash bool // quotes within quotes are escaped
	start     int  // where the rows begin, in bytes
	width     int  // cells of most rows
	columns   []string
}

// cell appends the cell at b[i:] to dst and returns the index of what stands
// behind it: a delimiter, the end of a line, or len(b). It is not whole where it
// may go on behind b. odd says that there was a quotation mark where none should
// be.
func (d *csvDialect) cell(dst, b []byte, i int, final bool) (_ []byte, end int, whole, odd bool) {
	from := i
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i < len(b) && b[i] == d.quote {
		mark := len(dst)
		for i++; ; {
			k := bytes.IndexByte(b[i:], d.quote)
			if k < 0 {
				return dst[:mark], len(b), false, odd
			}
			k += i
			if d.backslash {
				n := 0
				for n < k-i && b[k-1-n] == '\\' {
					n++
				}
				if n%2 == 1 {
					dst = append(append(dst, b[i:k-1]...), d.quote)
					i = k + 1
					continue
				}
			}
			dst = append(dst, b[i:k]...)
			i = k + 1
			if i < len(b) && b[i] == d.quote {
				dst = append(dst, d.quote)
				i++
				continue
			}
			j := i
			for j < len(b) && (b[j] == ' ' || b[j] == '\r' && d.eol != '\r') {
				j++
			}
			switch {
			case j == len(b) && !final:
				return dst[:mark], len(b), false, odd
			case j == len(b) || b[j] == d.delim || b[j] == d.eol:
				return dst, j, true, odd
			}
			odd = true
			dst = append(dst, d.quote)
		}
	}
	for i = from; i < len(b); i++ {
		if b[i] == d.delim || b[i] == d.eol {
			break
		}
	}
	if i == len(b) && !final {
		return dst, i, false, odd
	}
	v := b[from:i]
	if n := len(v); n > 0 && v[n-1] == '\r' && (i == len(b) || b[i] == d.eol) {
		v = v[:n-1]
	}
	return append(dst, v...), i, true, odd
}

// notValues lists the endings of files that are something else, though their
// lines may look like rows.
var notValues = func() map[string]bool {
	m := map[string]bool{}
	for e := range strings.FieldsSeq(`log sql json jsonl ndjson xml xsl xsd svg html htm xhtml js mjs cjs ts jsx tsx vue css scss less php phtml inc tpl py go c h cc
		cpp hpp cs java kt scala rb pl pm sh bash zsh bat ps1 md rst tex adoc yml yaml ini conf cnf cfg env properties toml lock map vcf ics ldif eml mbox diff patch po
		pot rs lua swift m r jl ex exs erl hs ml clj lisp el vim asm s f90 sol proto graphql tf gradle cmake mk make dockerfile htaccess service rtf srt vtt gpx kml rules zone`) {
		m["."+e] = true
	}
	return m
}()

// maxSniffed is how many rows are looked at.
const maxSniffed = 200

// csvSniff tells the dialect of a text that starts with head, which is all of it
// where whole is set. Where the name does not say that it is a text of separated
// values, only what can hardly be anything else is taken for one.
func csvSniff(head []byte, whole bool, name string) (csvDialect, bool) {
	if len(head) < 4 {
		return csvDialect{}, false
	}
	ext := strings.ToLower(path.Ext(name))
	if notValues[ext] {
		return csvDialect{}, false
	}
	said := ext == ".csv" || ext == ".tsv" || ext == ".tab" || ext == ".psv"
	d := csvDialect{quote: '"', eol: '\n'}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		d.start = 3
	}
	b := head[d.start:]
	if !said && (len(b) < 4 || bytes.IndexByte([]byte("{[<(%#/*=+-|!@ \x00"), b[0]) >= 0) {
		return csvDialect{}, false
	}
	if len(b) == 0 || b[0] == '{' || b[0] == '<' {
		return csvDialect{}, false
	}
	for _, c := range b[:min(len(b), 256)] {
		if c < '\t' || c > '\r' && c < ' ' && c != 0x1a && c != 0x1b {
			return csvDialect{}, false
		}
	}
	first := bytes.IndexByte(b, '\n')
	if first < 0 && bytes.IndexByte(b, '\r') > 0 {
		d.eol = '\r'
		first = bytes.IndexByte(b, '\r')
	}
	if first < 0 && !(whole && said) {
		return csvDialect{}, false
	}
	delims := []byte(",;\t|")
	switch {
	case ext == ".tsv" || ext == ".tab":
		delims = []byte("\t,;|")
	case ext == ".psv":
		delims = []byte("|,;\t")
	}
	if len(b) > 5 && first > 0 && (string(b[:4]) == "sep=" || string(b[:5]) == "\"sep=") {
		if line := bytes.Trim(b[:first], "\r\""); len(line) == 5 {
			delims, said = line[4:5], true
			d.start += first + 1
			b = b[first+1:]
		}
	} else if !bytes.ContainsAny(b[:max(first, 0)], ",;\t|") && !said {
		return csvDialect{}, false
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return csvDialect{}, false
	}
	best, ok := csvSample{}, false
	for _, c := range delims {
		if !said && bytes.IndexByte(b[:first], c) < 0 {
			continue
		}
		d.delim = c
		s := d.sample(b, whole, said)
		if s.odd > 0 && s.odd*5 > s.rows {
			// The other way to write quotes, or none at all.
			e := d
			e.backslash = true
			if t := e.sample(b, whole, said); t.odd < s.odd {
				s = t
			}
		}
		if s.good(said) && (!ok || s.better(best)) {
			best, ok = s, true
		}
	}
	best.dialect.columns = best.header
	best.dialect.width = best.width
	return best.dialect, ok
}

// A csvSample is what the first rows look like in a dialect.
type csvSample struct {
	dialect csvDialect
	rows    int
	width   int // the commonest
	same    int // rows of that width
	odd     int // rows with quotes where none should be
	spaced  int // delimiters behind which stands a space
	delims  int
	hollow  int // rows whose first cell is empty
	stamped int // rows that start with a time
	long    int // cells that are long
	rule    bool
	header  []string
}

func (d csvDialect) sample(b []byte, whole, said bool) csvSample {
	s := csvSample{dialect: d}
	widths := map[int]int{}
	var first, second [][]byte
	var buf []byte
	var reused [][]byte
	for i := 0; i < len(b) && s.rows < maxSniffed; {
		line := b[i:]
		if k := bytes.IndexByte(line, d.eol); k >= 0 {
			line = line[:k+1]
		}
		t := bytes.TrimSpace(line)
		if len(t) == 0 || t[0] == '#' {
			i += len(line)
			continue
		}
		cells := reused[:0]
		if second != nil {
			buf = buf[:0]
		}
		odd := false
		start := i
		for {
			mark := len(buf)
			var done, o bool
			var end int
			buf, end, done, o = d.cell(buf, b, i, whole)
			if !done {
				// Cut off, or a mark that is never closed.
				i = len(b)
				cells = nil
				if k := bytes.IndexByte(b[start:], d.eol); k >= 0 && (whole || len(b)-start > 2048) {
					s.odd++
					s.rows++
					widths[1+bytes.Count(b[start:start+k], []byte{d.delim})]++
					i = start + k + 1
				}
				break
			}
			odd = odd || o
			cells = append(cells, buf[mark:len(buf):len(buf)])
			if end >= len(b) || b[end] != d.delim {
				i = end + 1
				break
			}
			if i = end + 1; i < len(b) && b[i] == ' ' {
				s.spaced++
			}
			s.delims++
		}
		if cells == nil {
			continue
		}
		if first != nil && second != nil {
			reused = cells
		}
		s.rows++
		if odd {
			s.odd++
		}
		if widths[len(cells)]++; !said && len(widths) > 1 {
			return s // good for nothing
		}
		if len(bytes.TrimSpace(cells[0])) == 0 {
			s.hollow++
		}
		if csvStamp(cells[0]) {
			s.stamped++
		}
		for _, c := range cells {
			if len(c) > 500 {
				s.long++
			}
		}
		if s.rows == 2 && len(bytes.Trim(line, "-+|= \t\r\n")) == 0 {
			s.rule = true
		}
		switch {
		case first == nil:
			first = cells
		case second == nil:
			second, buf = cells, nil
		}
	}
	for w, n := range widths {
		if n > s.same || n == s.same && w > s.width {
			s.width, s.same = w, n
		}
	}
	if len(first) >= 2 || s.width == 1 {
		s.header = csvHeader(first, second)
	}
	if s.header != nil && s.rows > 1 && len(first) > s.width && len(first) <= s.width+2 {
		s.width = len(first)
	}
	return s
}

// csvStamp reports whether a cell is the time with which a line of a log starts.
func csvStamp(c []byte) bool {
	digits, colons := 0, 0
	for _, b := range c[:min(len(c), 24)] {
		switch {
		case b >= '0' && b <= '9':
			digits++
		case b == ':':
			colons++
		}
	}
	return digits >= 10 && colons >= 1
}

// good reports whether the rows are those of a table. said is set where the name
// says so.
func (s *csvSample) good(said bool) bool {
	if s.width < 2 || s.rule || s.width > csvMaxCells/2 {
		return false
	}
	if said {
		return s.rows > 0 && 2*s.same >= s.rows
	}
	if s.same < s.rows || s.rows < 3 || s.odd > 0 || s.long > 0 {
		return false
	}
	tight := 4*s.spaced <= s.delims
	if s.header != nil {
		return tight && (s.width >= 3 || s.rows >= 5 && s.dialect.delim != ',')
	}
	return tight && s.rows >= 5 && s.width >= 4 && 2*s.hollow <= s.rows && 2*s.stamped <= s.rows
}

// better reports whether a dialect fits better than another.
func (s *csvSample) better(o csvSample) bool {
	a, b := s.same*o.rows, o.same*s.rows
	if a != b {
		return a > b
	}
	if (s.header != nil) != (o.header != nil) {
		return s.header != nil
	}
	return s.width > o.width
}

// csvHeader returns the names that a first row gives to columns, nil where it
// may as well be a row like others: names of columns are shown.
func csvHeader(first, second [][]byte) []string {
	names := make([]string, len(first))
	known, machine, filled, telling := 0, 0, 0, false
	for i, c := range first {
		c = bytes.TrimSpace(c)
		if !utf8.Valid(c) {
			c = mimeMix(nil, c, charmap.Windows1252, true)
		}
		name := strings.Trim(string(c), " \t\"'`*\ufeff")
		if name == "" {
			continue
		}
		if !csvName(name) {
			return nil
		}
		filled++
		names[i] = name
		if csvKnown(name) {
			known++
		}
		if strings.IndexFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) < 0 {
			machine++
		}
		if i < len(second) && bytes.ContainsAny(second[i], "0123456789@") && !strings.ContainsAny(name, "0123456789") {
			telling = true
		}
	}
	if filled == 0 || 2*filled < len(first) {
		return nil
	}
	if known > 0 || machine == filled || telling {
		return names
	}
	return nil
}

// csvName reports whether s may name a column.
func csvName(s string) bool {
	if len(s) > 64 {
		return false
	}
	digits := 0
	for i, c := range s {
		switch {
		case unicode.IsDigit(c):
			digits++
		case strings.ContainsRune("@=<>{}\\\n\r", c):
			return false
		case i == 0 && !unicode.IsLetter(c) && c != '_':
			return false
		}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.IsDigit(r) && digits <= 3 && strings.Count(s, " ") <= 5
}

// csvWords are parts of what columns are called.
var csvWords = strings.Fields(`name naam nom prenom prénom vorname nachname voornaam achternaam surname email mail phone tel gsm mobile mobiel fax address
	adres anschrift straat street strasse straße rue city stad plaats ort gemeente ville zip postcode plz postal country land pays date datum number nummer user
	login klant client customer kunde kd company firma bedrijf société status type amount bedrag betrag birth geboorte geburt naissance dob iban bic vat btw mwst tva
	domain domein value code title titel description omschrijving order product price prijs preis qty quantity aantal created updated gewijzigd group role time host
	server path size remark opmerking bemerkung gender geslacht salutation aanspreking anrede language taal sprache invoice factuur rechnung facture account konto`)

// csvKnown reports whether a name holds a word that columns are called by.
func csvKnown(name string) bool {
	low := strings.ToLower(name)
	switch low {
	case "id", "nr", "no", "ip", "url", "key", "uid", "gid":
		return true
	}
	for _, w := range csvWords {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// csvRowNumber returns the number in a fragment that names a row (RFC 7111), 0
// where it is none.
func csvRowNumber(fragment string) int64 {
	v, ok := strings.CutPrefix(fragment, "row=")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 {
		return 0
	}
	return n
}
