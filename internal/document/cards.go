package document

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	cardMaxLine    = 32 << 20 // the longest line, unfolded, that is held in memory
	cardMaxColumns = 1000     // of a card; what is beyond is one cell
	cardBlockBytes = 256 << 10
	cardMaxRow     = 64 << 20
)

// Cards returns the decoder of vCard (RFC 6350, RFC 2426 and 2.1), iCalendar
// (RFC 5545) and LDIF (RFC 2849). It yields
//
//   - each card, event, task and entry as a row, whose columns are called as its
//     properties are. Lines are unfolded, values decoded (base64,
//     quoted-printable, their charset), names and addresses taken apart. A
//     parameter that says something, as the name of somebody invited, is a
//     column of its own: "ATTENDEE.CN";
//   - pictures, attachments and other bytes as members.
//
// A row is called by the lines in which it stands.
func Cards() container.Decoder {
	return container.Decoder{
		Name:  "cards",
		Match: func(head []byte, _ string) bool { return cardKind(head) != "" },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if in.Body == nil {
					return
				}
				head, body, _ := container.Head(in.Body) // body meets the error again
				d := &cardReader{ctx: ctx, b: b, yield: yield, kind: cardKind(head)}
				d.from, _ = in.Body.(Sourced)
				if c, ok := CharsetOf(head); ok && d.from == nil {
					t := NewText(body, c)
					body, d.from = t, t
				}
				d.r = bufio.NewReaderSize(ctxReader{ctx, body}, 64<<10)
				d.block.Refs, d.block.Origin = d.ref, func(row int) int64 { return d.places[row].offset }
				if err := d.run(); err != nil && err != errStop {
					yield(scanners.Item{}, err)
				}
			}
		},
	}
}

// cardKind tells what a text that starts with head is made of, empty where it
// is something else.
func cardKind(head []byte) string {
	b := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(b) > 12 && bytes.EqualFold(b[:6], []byte("BEGIN:")) {
		switch word, _, _ := strings.Cut(strings.ToUpper(string(b[6:min(len(b), 20)])), "\n"); strings.TrimSpace(word) {
		case "VCARD":
			return "card"
		case "VCALENDAR", "VEVENT", "VTODO", "VJOURNAL":
			return "event"
		}
		return ""
	}
	if len(b) < 4 || b[0] != '#' && b[0] != 'd' && b[0] != 'D' && b[0] != 'v' {
		return ""
	}
	versioned := false
	for line := range bytes.Lines(b) {
		switch t := bytes.TrimRight(line, "\r\n"); {
		case len(t) == 0 || t[0] == '#' || t[0] == ' ':
		case bytes.HasPrefix(t, []byte("version: 1")) && !versioned:
			versioned = true
		case len(t) > 3 && bytes.EqualFold(t[:3], []byte("dn:")) && (t[3] == ' ' || t[3] == ':') && (bytes.IndexByte(t, '=') > 0 || t[3] == ':'):
			return "entry"
		default:
			return ""
		}
	}
	return ""
}

// cardReader reads one text of cards.
type cardReader struct {
	ctx   context.Context
	b     *container.Budget
	yield func(scanners.Item, error) bool
	kind  string
	from  Sourced
	r     *bufio.Reader

	line   int64 // number of the next, from 0
	offset int64 // of the next
	last   int64 // behind the last that belongs to the row
	next   []byte
	has    bool
	done   error

	names  []string // of the row that is read
	values [][]byte
	size   int
	begin  cardPlace
	depth  int
	number int64

	block  scanners.Block
	places []cardPlace
	tables map[string]*scanners.Table
	shape  string // of the block's rows
	files  int
	broken bool
}

// A cardPlace is where a row stands.
type cardPlace struct{ number, from, to, offset int64 }

func (d *cardReader) ref(row int, _ string, _ int) scanners.Ref {
	p := d.places[row]
	return scanners.Ref{
		URI: fmt.Sprintf("#line=%d,%d", p.from, p.to), Place: d.kind,
		Locator: NumberedRow{Type: "row", Row: p.number, Offset: p.offset},
	}
}

// physical reads a line with its end, at most what may be held of one. It is
// valid until the next call.
func (d *cardReader) physical() []byte {
	if d.has {
		d.has = false
		return d.next
	}
	d.next = d.next[:0]
	for d.done == nil && len(d.next) < cardMaxLine {
		b, err := d.r.ReadSlice('\n')
		d.next = append(d.next, b...)
		if err == nil {
			break
		}
		if err != bufio.ErrBufferFull {
			d.done = err
		}
	}
	return d.next
}

func (d *cardReader) took(n []byte) {
	d.offset += int64(len(n))
	d.line += int64(bytes.Count(n, []byte{'\n'}))
}

// logical reads a line and those that continue it, unfolded.
func (d *cardReader) logical() (line []byte, ok bool) {
	first := d.physical()
	if len(first) == 0 {
		return nil, false
	}
	d.took(first)
	line = append(line, bytes.TrimRight(first, "\r\n")...)
	soft := d.kind != "entry" && cardQuoted(line)
	for len(line) < cardMaxLine {
		more := d.physical()
		switch {
		case len(more) > 1 && (more[0] == ' ' || more[0] == '\t' && d.kind != "entry") && (len(line) > 0 || d.kind == "entry"):
			if soft && bytes.HasSuffix(line, []byte("=")) {
				line = line[:len(line)-1]
			}
			line = append(line, bytes.TrimRight(more[1:], "\r\n")...)
		case soft && bytes.HasSuffix(line, []byte("=")) && len(more) > 0:
			line = append(line[:len(line)-1], bytes.TrimRight(more, "\r\n")...)
		default:
			d.has = len(more) > 0
			return line, true
		}
		d.took(more)
	}
	return line, true
}

// cardQuoted reports whether a line's value is quoted-printable (vCard 2.1).
func cardQuoted(line []byte) bool {
	k := bytes.IndexByte(line, ':')
	return k > 0 && bytes.Contains(bytes.ToUpper(line[:k]), []byte("QUOTED-PRINTABLE"))
}

func (d *cardReader) run() error {
	for {
		at := cardPlace{from: d.line, offset: d.offset}
		line, ok := d.logical()
		if !ok {
			break
		}
		if at.offset == 0 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if err := d.take(line, at); err != nil {
			return err
		}
	}
	if err := d.end(); err != nil {
		return err
	}
	if err := d.flush(); err != nil {
		return err
	}
	if d.done == nil || d.done == io.EOF {
		return nil
	}
	var g *scanners.Gap
	if errors.As(d.done, &g) || d.ctx.Err() != nil {
		return d.done
	}
	return fmt.Errorf("cards: read: %w", d.done)
}

// cardRecords lists the components that are rows of their own.
var cardRecords = []string{"VCARD", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"}

// take takes an unfolded line.
func (d *cardReader) take(line []byte, at cardPlace) error {
	if len(bytes.TrimSpace(line)) == 0 {
		if d.kind == "entry" {
			return d.end()
		}
		return nil
	}
	if d.size > cardMaxRow {
		if err := d.end(); err != nil {
			return err
		}
	}
	if d.kind == "entry" {
		d.start(at)
		d.last = d.line
		return d.attribute(line)
	}
	upper := strings.ToUpper(strings.TrimSpace(string(line[:min(len(line), 64)])))
	if name, ok := strings.CutPrefix(upper, "BEGIN:"); ok {
		if slices.Contains(cardRecords, name) {
			if d.depth == 0 {
				if err := d.end(); err != nil {
					return err
				}
				d.start(at)
			}
			d.depth++
		}
		if cardComponent(name) {
			return nil
		}
	}
	if name, ok := strings.CutPrefix(upper, "END:"); ok {
		if slices.Contains(cardRecords, name) {
			if d.depth = max(0, d.depth-1); d.depth == 0 {
				d.last = d.line
				return d.end()
			}
		}
		if cardComponent(name) {
			return nil
		}
	}
	d.start(at)
	d.last = d.line
	return d.property(line)
}

// cardComponent reports whether a component may be called so.
func cardComponent(name string) bool {
	return len(name) <= 20 && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

// start begins a row, unless one is begun.
func (d *cardReader) start(at cardPlace) {
	if d.begin.number == 0 {
		d.number++
		at.number = d.number
		d.begin = at
	}
}

// set adds a cell to the row.
func (d *cardReader) set(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	d.size += len(value)
	if n := len(d.names); n >= cardMaxColumns {
		d.values[n-1] = append(append(d.values[n-1], '\n'), value...)
		return
	}
	if !csvName(name) {
		name = "*"
	}
	d.names, d.values = append(d.names, name), append(d.values, value)
}

// end ends the row.
func (d *cardReader) end() error {
	p := d.begin
	d.begin, d.depth, d.size = cardPlace{}, 0, 0
	if len(d.names) == 0 {
		return nil
	}
	shape := strings.Join(d.names, "\x00")
	if shape != d.shape || len(d.block.Data) >= cardBlockBytes {
		if err := d.flush(); err != nil {
			return err
		}
		t := d.tables[shape]
		if t == nil {
			t = &scanners.Table{Name: d.kind, Table: d.kind, Columns: slices.Clone(d.names)}
			if d.tables == nil || len(d.tables) >= 256 {
				d.tables = map[string]*scanners.Table{}
			}
			d.tables[shape] = t
		}
		d.block.Table, d.shape = t, shape
	}
	for _, v := range d.values {
		d.block.Append(v, false)
	}
	p.to = d.last
	if d.from != nil {
		p.offset = d.from.Source(p.offset)
	}
	d.places = append(d.places, p)
	d.names, d.values = d.names[:0], d.values[:0]
	return nil
}

func (d *cardReader) flush() error {
	if len(d.places) == 0 {
		return nil
	}
	ok := d.yield(scanners.Item{Size: -1, Block: &d.block}, nil)
	d.block.Reset()
	d.places = d.places[:0]
	if !ok {
		return errStop
	}
	return nil
}

// member yields bytes that are a file. The rows before it go first.
func (d *cardReader) member(name, ending string, data []byte) error {
	if err := d.b.Member(); err != nil {
		return err
	}
	if err := d.b.Charge(int64(len(data))); err != nil {
		return err
	}
	d.files++
	step := strconv.Itoa(d.files) + "-" + strings.ToLower(name) + ending
	if !d.yield(scanners.Item{Name: step, Step: step, Size: int64(len(data)), Body: bytes.NewReader(data)}, nil) {
		return errStop
	}
	return nil
}

// bad says once that a value can't be decoded.
func (d *cardReader) bad() error {
	if d.broken {
		return nil
	}
	d.broken = true
	if !d.yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: "cards: values in base64 that can't be decoded were matched as they are"}) {
		return errStop
	}
	return nil
}

// decoded takes the value of a property in base64: text becomes a cell,
// anything else a member.
func (d *cardReader) decoded(name, ending string, value []byte) error {
	data, ok := cardBase64(value)
	if !ok {
		d.set(name, bytes.Clone(value))
		return d.bad()
	}
	if cardText(data) && ending == "" {
		d.set(name, data)
		return nil
	}
	return d.member(name, ending, data)
}

func cardText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b[:min(len(b), 4096)], func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' })
}

func cardBase64(v []byte) ([]byte, bool) {
	v = bytes.TrimRight(bytes.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, v), "=")
	out, err := base64.RawStdEncoding.AppendDecode(nil, v)
	if err != nil {
		out, err = base64.RawURLEncoding.AppendDecode(nil, v)
	}
	return out, err == nil
}

// attribute takes a line of an LDIF entry.
func (d *cardReader) attribute(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || line[0] == '#' {
		d.set("comment", line)
		return nil
	}
	column := string(name)
	switch {
	case bytes.HasPrefix(value, []byte(":")):
		ending := ""
		if low := strings.ToLower(column); strings.HasPrefix(low, "jpegphoto") {
			ending = ".jpg"
		}
		return d.decoded(column, ending, bytes.TrimSpace(value[1:]))
	case bytes.HasPrefix(value, []byte("<")):
		value = value[1:]
	}
	d.set(column, bytes.TrimSpace(value))
	return nil
}

// A cardParam is a parameter of a property.
type cardParam struct{ name, value string }

// cardSplit takes a property apart: its name without a group, its parameters
// and its value. A colon or semicolon between quotes parts nothing.
func cardSplit(line []byte) (name string, params []cardParam, value []byte, ok bool) {
	quoted, from, eq := false, 0, -1
	part := func(end int) {
		if from == 0 && name == "" {
			name = string(line[:end])
		} else if eq >= 0 {
			params = append(params, cardParam{strings.ToUpper(string(line[from:eq])), string(bytes.Trim(line[eq+1:end], `"`))})
		} else {
			params = append(params, cardParam{"", string(line[from:end])})
		}
		from, eq = end+1, -1
	}
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '=' && eq < 0 && from > 0:
			eq = i
		case c == ';':
			part(i)
		case c == ':':
			part(i)
			if k := strings.LastIndexByte(name, '.'); k >= 0 {
				name = name[k+1:]
			}
			return name, params, line[i+1:], name != ""
		}
	}
	return "", nil, nil, false
}

// cardSilent lists parameters that say nothing about anybody.
var cardSilent = map[string]bool{
	"": true, "TYPE": true, "VALUE": true, "ENCODING": true, "CHARSET": true, "PREF": true, "LANGUAGE": true, "MEDIATYPE": true, "PARTSTAT": true, "ROLE": true,
	"RSVP": true, "CUTYPE": true, "TZID": true, "ALTID": true, "PID": true, "FMTTYPE": true, "INDEX": true, "LEVEL": true, "SCHEDULE-STATUS": true, "RELATED": true,
	"CALSCALE": true, "PROP-ID": true, "X-NUM-GUESTS": true, "X-SERVICE-TYPE": true,
}

// property takes a line of a card or event.
func (d *cardReader) property(line []byte) error {
	name, params, value, ok := cardSplit(line)
	if !ok || len(name) > 64 {
		d.set("text", line)
		return nil
	}
	name = strings.ToUpper(name)
	coding, charset, ending := "", "", ""
	for _, p := range params {
		v := strings.ToUpper(p.value)
		switch {
		case p.name == "ENCODING" || p.name == "" && (v == "BASE64" || v == "B" || v == "QUOTED-PRINTABLE"):
			coding = v
		case p.name == "CHARSET":
			charset = p.value
		case p.name == "TYPE" || p.name == "" || p.name == "FMTTYPE" || p.name == "MEDIATYPE":
			switch {
			case strings.Contains(v, "JPEG") || strings.Contains(v, "JPG"):
				ending = ".jpg"
			case strings.Contains(v, "PNG"):
				ending = ".png"
			case strings.Contains(v, "GIF"):
				ending = ".gif"
			case strings.Contains(v, "PDF"):
				ending = ".pdf"
			}
		}
		if p.name != "FILENAME" && p.name != "X-FILENAME" && !cardSilent[p.name] {
			d.set(name+"."+p.name, cardUncaret(p.value))
		} else if !cardSilent[p.name] {
			d.set(name+"."+p.name, []byte(p.value))
		}
	}
	if coding == "" && len(value) > 5 && strings.EqualFold(string(value[:5]), "data:") {
		if k := bytes.Index(value[:min(len(value), 200)], []byte(";base64,")); k > 0 { // RFC 2397
			return d.decoded(name, dataEnding(string(value[5:k])), value[k+8:])
		}
	}
	switch coding {
	case "B", "BASE64":
		return d.decoded(name, ending, value)
	case "QUOTED-PRINTABLE":
		value = cardUnquote(value)
	}
	if charset != "" {
		value = mimeDecodeText(charset, value)
	}
	switch name {
	case "N":
		for i, part := range cardParts(value) {
			d.set([...]string{"N.family", "N.given", "N.additional", "N.prefix", "N.suffix"}[min(i, 4)], part)
		}
	case "ADR":
		// Post office box; extension; street; place; region; code; country.
		var p [7][]byte
		parts := cardParts(value)
		for i, part := range parts {
			if i < 7 {
				p[i] = part
			}
		}
		place := bytes.TrimSpace(slices.Concat(p[5], []byte(" "), p[3]))
		var all []byte
		for _, x := range [][]byte{p[2], place, p[4], p[6], p[0], p[1]} {
			if len(x) > 0 {
				if len(all) > 0 {
					all = append(all, ", "...)
				}
				all = append(all, x...)
			}
		}
		d.set(name, all)
		for _, x := range parts[min(7, len(parts)):] {
			d.set(name, x)
		}
	default:
		d.set(name, cardUnescape(value))
	}
	return nil
}

// dataEnding returns the ending of files of a media type.
func dataEnding(media string) string {
	switch media, _, _ = strings.Cut(strings.ToLower(media), ";"); media {
	case "image/jpeg", "image/jpg":
		return ".jpg"
	case "image/png", "image/gif", "application/pdf", "application/zip":
		return "." + media[strings.IndexByte(media, '/')+1:]
	case "text/plain", "":
		return ""
	}
	return ".bin"
}

// cardParts splits a structured value at its semicolons.
func cardParts(v []byte) (parts [][]byte) {
	from := 0
	for i := 0; i <= len(v); i++ {
		switch {
		case i == len(v) || v[i] == ';':
			parts = append(parts, bytes.TrimSpace(cardUnescape(v[from:i])))
			from = i + 1
		case v[i] == '\\':
			i++
		}
		if len(parts) > 64 {
			return append(parts, cardUnescape(v[min(from, len(v)):]))
		}
	}
	return parts
}

// cardUnescape returns a value without backslashes (RFC 6350, section 3.4).
func cardUnescape(v []byte) []byte {
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			switch c := v[i+1]; c {
			case 'n', 'N':
				out = append(out, '\n')
				i++
				continue
			case ',', ';', ':', '\\', '"':
				out = append(out, c)
				i++
				continue
			}
		}
		out = append(out, v[i])
	}
	return out
}

// cardUncaret decodes the value of a parameter (RFC 6868).
func cardUncaret(v string) []byte {
	return []byte(strings.NewReplacer("^n", "\n", "^^", "^", "^'", `"`).Replace(v))
}

// cardUnquote decodes quoted-printable, whose soft line breaks are gone.
func cardUnquote(v []byte) []byte {
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '=' && i+2 < len(v) {
			hi, lo := mimeUnhex(v[i+1]), mimeUnhex(v[i+2])
			if hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, v[i])
	}
	return out
}
