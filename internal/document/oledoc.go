package document

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	docMaxTable  = 64 << 20 // bytes of the table of pieces
	docMaxPieces = 4 << 20
)

// doc reads the streams of a Word document ([MS-DOC]).
type doc struct {
	*ole
	main, table sizedAt
	fib         []byte
	old         bool // Word 6.0 and 95
	page        int  // code page of 8-bit text of those
	pieces      []docPiece
	deleted     [][2]int64 // bytes of the stream, in order
}

// A docPiece says where characters lie in the stream.
type docPiece struct {
	from, to int64 // characters
	at       int64 // bytes
	wide     bool
}

type sizedAt interface {
	io.ReaderAt
	Size() int64
}

// word reads a document, version by version of the format:
//
//   - 97 to 2003: a table of pieces says where the text lies, which a document
//     that was saved fast has in no order;
//   - 6.0 and 95: the same, in a code page; often without the table;
//   - before: the stream is searched as it is.
//
// What the stream holds beside the text (formatting, and text that was deleted
// and is there still) is searched as it is.
func (o *ole) word(e *oleEntry) error {
	r := o.f.open(e)
	d := &doc{ole: o, main: r, fib: make([]byte, min(r.size, 2048))}
	if _, err := r.ReadAt(d.fib, 0); err != nil && err != io.EOF {
		return err
	}
	if len(d.fib) < 0x60 {
		return o.rawWord(e)
	}
	ident, version, flags := d.u16(0), d.u16(2), d.u16(10)
	d.old = ident == 0xa5dc || version < 0xc1
	if ident != 0xa5ec && ident != 0xa5dc || version < 100 || !d.old && len(d.fib) < 0x1aa || len(d.fib) < 0x168 {
		if err := o.gap(scanners.Unsupported, "ole: a document of Word from before 6.0 is searched as plain bytes only"); err != nil {
			return err
		}
		return o.rawWord(e)
	}
	table := e
	if !d.old {
		name := "0Table"
		if flags&0x200 != 0 {
			name = "1Table"
		}
		table = nil
		for _, n := range []string{name, "0Table", "1Table"} {
			if table == nil {
				table = e.parent.stream(n)
			}
		}
		if table == nil {
			if err := o.gap(scanners.Corrupt, "ole: the document lacks the table of its text"); err != nil {
				return err
			}
			return o.rawWord(e)
		}
	}
	if d.table = d.main; table != e {
		d.table = o.f.open(table)
	}
	if flags&0x100 != 0 {
		ok, err := d.decrypt(e, table, flags&0x8000 != 0)
		if err != nil {
			return err
		}
		if !ok {
			if err := o.gap(scanners.Encrypted, "ole: the document is encrypted"); err != nil {
				return err
			}
			return o.rawWord(e)
		}
	}
	d.page = docPage(d.u16(6))
	if err := d.layout(flags&4 != 0); err != nil {
		return err
	}
	if err := d.marks(); err != nil {
		return err
	}
	if err := d.texts(); err != nil {
		return err
	}
	if err := d.strings(); err != nil {
		return err
	}
	if err := d.beside(); err != nil {
		return err
	}
	if table != e {
		o.told[table] = true
		return o.text(oleShown(table.name), "", io.NewSectionReader(d.table, 0, d.table.Size()))
	}
	return nil
}

// rawWord leaves the stream to be read as it is.
func (o *ole) rawWord(e *oleEntry) error {
	return o.text(oleShown(e.name), "", o.f.open(e).reader())
}

func (d *doc) u16(at int) int {
	if at+2 > len(d.fib) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(d.fib[at:]))
}

func (d *doc) u32(at int) int64 {
	if at+4 > len(d.fib) {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(d.fib[at:]))
}

// docPage returns the code page of a language ([MS-LCID]).
func docPage(lang int) int {
	switch lang & 0x3ff {
	case 0x05, 0x0e, 0x15, 0x18, 0x1a, 0x1b, 0x1c, 0x24:
		if lang == 0x0c1a {
			return 1251
		}
		return 1250
	case 0x02, 0x19, 0x22, 0x23, 0x2f:
		return 1251
	case 0x08:
		return 1253
	case 0x1f:
		return 1254
	case 0x0d:
		return 1255
	case 0x01, 0x20, 0x29:
		return 1256
	case 0x25, 0x26, 0x27:
		return 1257
	case 0x1e:
		return 874
	case 0x11:
		return 932
	case 0x12:
		return 949
	case 0x04:
		if lang == 0x0404 || lang == 0x0c04 {
			return 950
		}
		return 936
	}
	return 1252
}

// part returns what the table stream holds at an entry of the FIB.
func (d *doc) part(at int, limit int64) ([]byte, error) {
	off, n := d.u32(at), d.u32(at+4)
	if n == 0 || off >= d.table.Size() {
		return nil, nil
	}
	n = min(n, limit, d.table.Size()-off)
	if err := d.b.Charge(n); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	k, err := d.table.ReadAt(b, off)
	if err == io.EOF {
		err = nil
	}
	return b[:k], err
}

// layout reads the table of pieces (section 2.8.35); without one, the text is
// one piece.
func (d *doc) layout(complicated bool) error {
	at := 0x1a2
	if d.old {
		at = 0x160
	}
	if !d.old || complicated {
		clx, err := d.part(at, docMaxTable)
		if err != nil {
			return err
		}
		d.read(clx)
	}
	if len(d.pieces) > 0 {
		return nil
	}
	if !d.old || complicated {
		if err := d.gap(scanners.Corrupt, "ole: the table of the document's text can't be read"); err != nil {
			return err
		}
	}
	from, to := d.u32(0x18), min(d.u32(0x1c), d.main.Size())
	if d.old && from < to {
		d.pieces = []docPiece{{0, to - from, from, false}}
	}
	return nil
}

func (d *doc) read(clx []byte) {
	for len(clx) > 5 {
		switch clx[0] {
		case 1: // formatting
			n := 3 + int(binary.LittleEndian.Uint16(clx[1:]))
			clx = clx[min(n, len(clx)):]
			continue
		case 2:
		default:
			return
		}
		plc := clx[5:]
		plc = plc[:min(int64(len(plc)), int64(binary.LittleEndian.Uint32(clx[1:])))]
		n := min((len(plc)-4)/12, docMaxPieces)
		for i := range max(0, n) {
			p := docPiece{from: int64(binary.LittleEndian.Uint32(plc[4*i:])), to: int64(binary.LittleEndian.Uint32(plc[4*i+4:]))}
			at := binary.LittleEndian.Uint32(plc[4*(n+1)+8*i+2:])
			switch {
			case d.old:
				p.at = int64(at)
			case at&0x40000000 != 0:
				p.at = int64(at&^0xc0000000) / 2
			default:
				p.at, p.wide = int64(at&^0xc0000000), true
			}
			if len(d.pieces) > 0 && p.from < d.pieces[len(d.pieces)-1].to || p.to <= p.from {
				continue // they follow each other
			}
			d.pieces = append(d.pieces, p)
		}
		return
	}
}

// texts yields the texts of the document: they follow each other as if they
// were one, and the FIB tells how long each is.
func (d *doc) texts() error {
	counts := []struct {
		field string
		at    int
	}{{"body", 0x4c}, {"footnotes", 0x50}, {"header", 0x54}, {"macros", 0x58}, {"comments", 0x5c}, {"endnotes", 0x60}, {"text boxes", 0x64}, {"text boxes of headers", 0x68}}
	if d.old {
		for i := range counts {
			counts[i].at -= 0x18
		}
	}
	from := int64(0)
	for _, c := range counts {
		n := d.u32(c.at)
		if n <= 0 || n > 1<<31 {
			continue
		}
		if err := d.run(c.field, from, from+n); err != nil {
			return err
		}
		from += n
	}
	// What the counts don't tell of.
	if err := d.run("body", from, 1<<40); err != nil || len(d.deleted) == 0 {
		return err
	}
	return d.yieldText(&docReader{d: d, to: 1 << 40, gone: true}, "deleted")
}

func (d *doc) run(field string, from, to int64) error {
	return d.yieldText(&docReader{d: d, from: from, to: to}, field)
}

func (d *doc) yieldText(r *docReader, field string) error {
	head := bufio.NewReaderSize(r, 512)
	if _, err := head.Peek(1); err == io.EOF {
		return nil
	}
	if err := d.text(field, "", head); err != nil {
		return err
	}
	if r.short {
		return d.gap(scanners.Corrupt, "ole: pieces of the document's text lie beyond its end")
	}
	return nil
}

// A docReader reads characters as UTF-8 text.
type docReader struct {
	d        *doc
	from, to int64 // characters that are still to be read
	piece    int
	out      []byte
	at       int
	buf      [8 << 10]byte
	high     rune // half of a pair
	short    bool
	gone     bool // deleted text is wanted, else what is not
}

func (r *docReader) Read(p []byte) (int, error) {
	for r.at == len(r.out) {
		r.out, r.at = r.out[:0], 0
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out[r.at:])
	r.at += n
	return n, nil
}

func (r *docReader) fill() error {
	d := r.d
	for r.piece < len(d.pieces) && d.pieces[r.piece].to <= r.from {
		r.piece++
	}
	if r.piece == len(d.pieces) || r.from >= r.to {
		return io.EOF
	}
	if err := d.ctx.Err(); err != nil {
		return err
	}
	p := d.pieces[r.piece]
	r.from = max(r.from, p.from)
	size := int64(1)
	if p.wide {
		size = 2
	}
	n := min(p.to, r.to) - r.from
	if n <= 0 {
		return io.EOF
	}
	at := p.at + (r.from-p.from)*size
	deleted, until := d.isDeleted(at)
	n = min(n, max(1, (until-at)/size))
	if deleted != r.gone {
		r.from += n
		return nil
	}
	n = min(n, int64(len(r.buf))/size)
	k, err := d.main.ReadAt(r.buf[:n*size], at)
	if err != nil && err != io.EOF {
		return err
	}
	if int64(k) < n*size {
		r.short = true
		if k == 0 {
			r.from = min(p.to, r.to)
			return nil
		}
	}
	r.from += n
	if r.gone {
		defer func() { r.out = append(r.out, '\n') }()
	}
	b := r.buf[:k]
	if p.wide {
		for i := 0; i+1 < len(b); i += 2 {
			r.char(rune(binary.LittleEndian.Uint16(b[i:])))
		}
		return nil
	}
	if d.old && d.page != 1252 {
		for _, c := range inCodePage(b, d.page) {
			r.char(c)
		}
		return nil
	}
	for _, c := range b {
		r.char(charmap.Windows1252.DecodeByte(c))
	}
	return nil
}

// char writes a character; those that stand for something are written as such
// (section 2.4.1).
func (r *docReader) char(c rune) {
	if r.high != 0 {
		high := r.high
		r.high = 0
		if s := utf16.DecodeRune(high, c); s != utf8.RuneError {
			r.out = utf8.AppendRune(r.out, s)
			return
		}
		r.out = utf8.AppendRune(r.out, utf8.RuneError)
	}
	switch {
	case utf16.IsSurrogate(c):
		r.high = c
	case c == 0x07: // a cell, a row
		r.out = append(r.out, '\t')
	case c == '\r' || c == 0x0b || c == 0x0c || c == 0x0e:
		r.out = append(r.out, '\n')
	case c == 0x13: // a field: its code, its result
		r.out = append(r.out, ' ')
	case c == 0x14 || c == 0x15:
		r.out = append(r.out, ' ')
	case c == 0x1e:
		r.out = append(r.out, '-')
	case c == 0x1f: // a hyphen that is not shown
	case c == 0x02 || c == 0x05: // a footnote, a comment
		r.out = append(r.out, ' ')
	case c == '\t' || c == '\n' || c >= ' ':
		r.out = utf8.AppendRune(r.out, c)
	}
}

// strings yields the tables of texts that name people: authors of changes and
// comments, who saved the document and where (section 2.2.4).
func (d *doc) strings() error {
	if d.old {
		return nil
	}
	for _, t := range []struct {
		field string
		index int
	}{{"properties", 32}, {"authors of comments", 36}, {"authors of changes", 51}, {"saved by", 71}} {
		b, err := d.part(0x9a+8*t.index, 1<<20)
		if err != nil {
			return err
		}
		var s string
		if t.index == 36 { // each with its length
			s = docStrings(b)
		} else {
			s = docTable(b)
		}
		if err := d.say(t.field, "", s); err != nil {
			return err
		}
	}
	return nil
}

// docTable returns the texts of an STTB, a line each.
func docTable(b []byte) string {
	if len(b) < 6 || binary.LittleEndian.Uint16(b) != 0xffff {
		return ""
	}
	extra := int(binary.LittleEndian.Uint16(b[4:]))
	var out []byte
	for b = b[6:]; len(b) >= 2; {
		n := 2 * int(binary.LittleEndian.Uint16(b))
		b = b[2:]
		n = min(n, len(b))
		out = append(append(out, utf16le(b[:n])...), '\n')
		b = b[min(n+extra, len(b)):]
	}
	return string(out)
}

// docStrings returns texts that follow each other with their lengths.
func docStrings(b []byte) string {
	var out []byte
	for len(b) >= 2 {
		n := min(2*int(binary.LittleEndian.Uint16(b)), len(b)-2)
		out = append(append(out, utf16le(b[2:2+n])...), '\n')
		b = b[2+n:]
	}
	return string(out)
}

// beside yields what the stream holds that no piece points to.
func (d *doc) beside() error {
	size := d.main.Size()
	used := make([]oleExtent, 0, len(d.pieces))
	for _, p := range d.pieces {
		n := p.to - p.from
		if p.wide {
			n *= 2
		}
		used = append(used, oleExtent{0, p.at, n})
	}
	var rest []oleExtent
	from := int64(0)
	for _, g := range oleGaps(used, size) {
		rest = append(rest, oleExtent{from, g.at, g.n})
		from += g.n
	}
	if from == 0 {
		return nil
	}
	r := &oleReader{d.main, rest, from}
	return d.text("beside the text", "", r.reader())
}
