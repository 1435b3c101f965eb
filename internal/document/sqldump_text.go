package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	dumpWindow     = 256 << 10 // bytes of the dump in memory, ordinarily
	dumpPiece      = 64 << 10  // of text, after which it is handed over
	dumpLook       = 4 << 10   // bytes that a decision at the start of a statement may need
	dumpMaxHead    = 1 << 20   // the longest head of an INSERT
	dumpMaxStmt    = 2 << 20   // the longest statement that is interpreted
	dumpMaxComment = 512       // the longest comment that is interpreted
)

// dumpMode says what the reader stands at.
type dumpMode uint8

const (
	dumpText dumpMode = iota // text, up to the next row
	dumpRows                 // the "(" of a row
	dumpCopy                 // a line of a COPY block
	dumpTab                  // a line of a table of MySQL's
)

// dumpLex is the state of the lexer of text between two pieces.
type dumpLex uint8

const (
	sqlLexPlain  dumpLex = iota
	sqlLexQuote          // in a string or quoted name that ends with quote
	sqlLexBlock          // in a comment that ends with "*/"
	sqlLexLine           // in a comment or client command that ends with the line
	sqlLexDollar         // in a dollar-quoted string of PostgreSQL that ends with dollar
	sqlLexLost           // behind a row that can't be understood: up to what looks like a statement
	sqlLexRest           // up to the end of the dump
)

// dumpReader reads a dump through a window over its bytes. It looks at a byte a
// few times, and never goes back.
type dumpReader struct {
	ctx    context.Context
	src    io.Reader
	buf    []byte // buf[r:] is the window; it grows up to the longest row
	r      int
	base   int64 // offset of buf[0] in the dump
	err    error // that ended src
	wide   bool  // src was UTF-16: offsets mean nothing
	loose  bool  // lines of COPY need not end in an end mark
	packed bool  // src is a compressed piece of something: likewise

	mode  dumpMode
	ready int // bytes of text at buf[r:]

	// The lexer.
	lex    dumpLex
	quote  byte
	dollar []byte
	fresh  bool // at the start of a statement
	tail   bool // behind a row
	comma  bool // and its comma
	exec   int  // depth of executable comments
	after  dumpMode
	delim  []byte
	keep   bool // the statement is interpreted at its end
	stmt   []byte

	dumpSession
	tab tabForm

	// The rows.
	block  scanners.Block
	starts []int64
	head   []byte // the last head of an INSERT; nil once other text stood behind it
	insert dumpInsert

	bad        int
	badCharset bool
	truncated  bool
	header     bool // of mysqldump or pg_dump
	trailer    bool
}

func newDumpReader(ctx context.Context, src io.Reader) *dumpReader {
	d := &dumpReader{ctx: ctx, src: src, fresh: true, delim: []byte(";"), dumpSession: newDumpSession()}
	d.block.Refs, d.block.Origin, d.block.Name = d.ref, d.origin, dumpRef
	// Windows' shells write what a program prints as UTF-16.
	if d.fill(4); len(d.buf) >= 4 {
		var order unicode.Endianness
		switch binary.LittleEndian.Uint16(d.buf) {
		case 0xfeff:
			order = unicode.LittleEndian
		case 0xfffe:
			order = unicode.BigEndian
		default:
			return d
		}
		raw := io.MultiReader(bytes.NewReader(bytes.Clone(d.buf)), d.src)
		if d.err != nil {
			raw = io.MultiReader(bytes.NewReader(bytes.Clone(d.buf)), &dumpFailed{d.err})
		}
		d.src = transform.NewReader(raw, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
		d.buf, d.err, d.wide = d.buf[:0], nil, true
	}
	return d
}

// dumpFailed is a reader that has ended.
type dumpFailed struct{ err error }

func (f *dumpFailed) Read([]byte) (int, error) { return 0, f.err }

// fill reads until the window holds want bytes, and reports whether it holds
// more than before.
func (d *dumpReader) fill(want int) bool {
	have := len(d.buf) - d.r
	if d.err != nil || have >= want {
		return false
	}
	if cap(d.buf)-d.r < want || cap(d.buf)-len(d.buf) < dumpWindow/4 || cap(d.buf) > 4*dumpWindow && want <= dumpWindow {
		size := max(dumpWindow, want+dumpWindow/4)
		if cap(d.buf) < size || cap(d.buf) > 4*size {
			b := make([]byte, have, size)
			copy(b, d.buf[d.r:])
			d.buf = b
		} else {
			d.buf = d.buf[:copy(d.buf[:have], d.buf[d.r:])]
		}
		d.base += int64(d.r)
		d.r = 0
	}
	for empty := 0; len(d.buf)-d.r < want && d.err == nil; {
		if d.ctx.Err() != nil {
			d.err = context.Cause(d.ctx)
			break
		}
		n, err := d.src.Read(d.buf[len(d.buf):cap(d.buf)])
		d.buf = d.buf[:len(d.buf)+n]
		d.err = err
		if n > 0 {
			empty = 0
		} else if empty++; empty > 100 && err == nil {
			d.err = io.ErrNoProgress
		}
	}
	return len(d.buf)-d.r > have
}

// more makes the window larger, up to a limit, and reports whether it did.
func (d *dumpReader) more(limit int) bool {
	have := len(d.buf) - d.r
	return have < limit && d.fill(min(limit, max(2*have, dumpLook)))
}

// next finds the next piece of text at buf[r:], sets ready to its length and
// returns it. It is 0 at a row (mode says so) and at the end.
func (d *dumpReader) next() int {
	d.ready = 0
	if d.ctx.Err() != nil && d.err == nil {
		d.err = context.Cause(d.ctx)
	}
	for d.mode == dumpText {
		p, want := d.text()
		if p > d.r {
			d.ready = p - d.r
			d.head = nil
			if d.mode == dumpRows && d.insert.head > 0 {
				d.head = append([]byte(nil), d.buf[p-d.insert.head:p]...)
			}
			return d.ready
		}
		if d.mode != dumpText {
			break
		}
		if len(d.buf) == d.r && !d.fill(dumpLook) {
			return 0
		}
		if !d.fill(max(want, len(d.buf)-d.r+1)) && d.err == nil {
			d.lex = sqlLexRest
		}
	}
	return 0
}

// text scans text from r on, and returns where it got to. want is set where the
// decision at that place needs a window of so many bytes, and the dump has not
// ended.
func (d *dumpReader) text() (p, want int) {
	b := d.buf
	p = d.r
	done := d.err != nil
	// need asks for n bytes of lookahead at p, if there are more to be had.
	need := func(n int) bool { return !done && len(b)-p < n }
	for p < len(b) && p-d.r < dumpPiece && d.mode == dumpText {
		switch d.lex {
		case sqlLexRest:
			p = len(b)
		case sqlLexQuote:
			i := p
			for i < len(b) && b[i] != d.quote {
				if b[i] == '\\' && d.quote != '`' && d.backslash {
					if i+1 >= len(b) && !done {
						break
					}
					i++
				} else if d.multi != nil && d.multi(b[i]) {
					if i+1 >= len(b) && !done {
						break
					}
					i++
				}
				i++
			}
			i = min(i, len(b))
			if i < len(b) && b[i] == d.quote {
				i++
				d.lex = sqlLexPlain
			}
			d.take(b[p:i])
			if i == p {
				return p, len(b) - d.r + 1
			}
			p = i
		case sqlLexBlock:
			if i := bytes.Index(b[p:], []byte("*/")); i >= 0 {
				p += i + 2
				d.lex = sqlLexPlain
			} else if done || len(b)-p < 2 {
				if !done {
					return p, len(b) - d.r + 1
				}
				p = len(b)
			} else {
				p = len(b) - 1
			}
		case sqlLexLine:
			if i := bytes.IndexByte(b[p:], '\n'); i >= 0 {
				p += i + 1
				d.lex = sqlLexPlain
				d.mode = d.after
				d.after = dumpText
			} else {
				p = len(b)
			}
		case sqlLexDollar:
			if i := bytes.Index(b[p:], d.dollar); i >= 0 {
				p += i + len(d.dollar)
				d.lex = sqlLexPlain
			} else if done {
				p = len(b)
			} else if len(b)-p <= len(d.dollar) {
				return p, len(d.dollar) + dumpLook + p - d.r
			} else {
				p = len(b) - len(d.dollar)
			}
		case sqlLexLost:
			p, want = d.lost(b, p, done)
			if want > 0 {
				return p, want
			}
		case sqlLexPlain:
			switch {
			case d.fresh:
				if need(dumpLook) {
					return p, dumpLook
				}
				q, n := d.start(b, p, done)
				if n > 0 {
					return p, n
				}
				p = q
			default:
				if need(dumpLook / 16) {
					return p, dumpLook / 16
				}
				p = d.plain(b, p, done)
			}
		}
	}
	return p, 0
}

// take adds a piece of the statement that is interpreted at its end.
func (d *dumpReader) take(piece []byte) {
	if !d.keep {
		return
	}
	if len(d.stmt)+len(piece) > dumpMaxStmt {
		d.keep, d.stmt = false, nil
		return
	}
	d.stmt = append(d.stmt, piece...)
}

// end ends a statement.
func (d *dumpReader) end() {
	if d.keep {
		d.interpret(d.stmt)
	}
	d.stmt = d.stmt[:0]
	if cap(d.stmt) > dumpWindow {
		d.stmt = nil
	}
	d.keep, d.fresh, d.tail, d.comma = false, true, false, false
}

// start scans from the start of a statement, where white space, comments and
// commands of the client program may stand. want is as for text.
func (d *dumpReader) start(b []byte, p int, done bool) (q, want int) {
	rest := b[p:]
	c := rest[0]
	switch {
	case dumpSpace(c):
		return p + 1, 0
	case c == 0xef && bytes.HasPrefix(rest, []byte("\xef\xbb\xbf")):
		return p + 3, 0
	case bytes.HasPrefix(rest, d.delim):
		return p + len(d.delim), 0
	case c == '\\':
		d.lex = sqlLexLine
		line, _, _ := bytes.Cut(rest[:min(len(rest), dumpMaxComment)], []byte("\n"))
		d.command(line)
		return p + 1, 0
	case bytes.HasPrefix(rest, []byte("--")), c == '#' && !d.postgres:
		line, _, _ := bytes.Cut(rest[:min(len(rest), dumpMaxComment)], []byte("\n"))
		d.comment(bytes.TrimRight(bytes.TrimLeft(line, "-# \t"), " \t\r"))
		d.lex = sqlLexLine
		return p + 1, 0
	}
	if n, ok := d.commentStart(rest); ok {
		return p + n, 0
	}
	n := 0
	for n < len(rest) && n < 16 && dumpWordByte(rest[n]) {
		n++
	}
	switch word := strings.ToLower(string(rest[:n])); word {
	case "insert", "replace", "copy":
		h, n, st := d.parseHead(rest, done)
		switch {
		case st == dumpIncomplete && len(rest) < dumpMaxHead && !done:
			return p, max(2*len(rest), dumpLook)
		case st == dumpOK:
			if bytes.IndexByte(rest[:n], '[') >= 0 {
				d.backslash = false // as SQL Server writes it
			}
			d.insert = h
			d.insert.head = n
			d.fresh = false
			d.mode = dumpRows
			if h.copy {
				d.mode = dumpCopy
				d.insert.head = 0
			}
			d.setTable()
			return p + n, 0
		}
	case "delimiter":
		line, _, _ := bytes.Cut(rest[n:min(len(rest), n+64)], []byte("\n"))
		if f := bytes.Fields(line); len(f) > 0 && len(f[0]) <= 16 {
			d.delim = bytes.Clone(f[0])
			d.lex = sqlLexLine
			return p + n, 0
		}
	case "go":
		if goLine(rest) {
			d.backslash = false
			return p + n, 0
		}
	case "pragma": // SQLite
		d.backslash = false
	case "rem", "prompt": // SQL*Plus of Oracle
		d.backslash = false
		d.lex = sqlLexLine
		return p + n, 0
	case "create", "alter", "use", "set":
		if len(rest) > 20 && strings.EqualFold(string(rest[:20]), "set identity_insert ") {
			// SQL Server: nothing ends it but its line.
			d.lex = sqlLexLine
			return p + n, 0
		}
		d.keep = true
	}
	d.fresh = false
	return p, 0
}

// commentStart recognises the start of a comment "/* ... */", and both ends of
// an executable one, "/*!40000 ... */" or "/*M! ... */", whose content counts.
// It returns the bytes to step over.
func (d *dumpReader) commentStart(rest []byte) (int, bool) {
	if d.exec > 0 && bytes.HasPrefix(rest, []byte("*/")) {
		d.exec--
		return 2, true
	}
	if !bytes.HasPrefix(rest, []byte("/*")) {
		return 0, false
	}
	n := 2
	if n < len(rest) && rest[n] == 'M' {
		n++
	}
	if n < len(rest) && rest[n] == '!' {
		n++
		v := n
		for n < len(rest) && n < v+6 && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		// No server executes version 99.99.99: what it holds is meant for the
		// client program.
		if string(rest[v:n]) != "999999" {
			d.exec++
			return n, true
		}
	}
	d.lex = sqlLexBlock
	return 2, true
}

// plain scans the inside of a statement.
func (d *dumpReader) plain(b []byte, p int, done bool) int {
	from := p
	limit := len(b)
	if !done {
		limit -= 32 // room for every lookahead below
	}
	limit = max(limit, p+1)
	for p < limit {
		c := b[p]
		if d.tail {
			switch {
			case dumpSpace(c), c == '/', c == '*', c == '-', c == '#':
			case c == ',' && !d.comma:
				d.comma = true
			case c == '(' && d.comma:
				d.mode, d.insert.head = dumpRows, 0
				d.tail, d.comma = false, false
				return p
			default:
				d.tail = false
			}
		}
		switch c {
		case '\n':
			// SQL Server's scripts end statements by nothing or by GO.
			if rest := b[p+1:]; len(rest) > 1 && (goLine(rest) || d.tail && dumpNext(rest)) {
				d.take(b[from:p])
				d.end()
				return p + 1
			}
		case '\'', '"', '`':
			d.take(b[from : p+1])
			d.lex, d.quote = sqlLexQuote, c
			return p + 1
		case '-', '#':
			line := c == '#' && !d.postgres
			if c == '-' && p+1 < len(b) && b[p+1] == '-' {
				line = d.postgres || p+2 >= len(b) || b[p+2] <= ' '
			}
			if line {
				d.take(b[from:p])
				d.take([]byte{' '})
				d.lex = sqlLexLine
				return p + 1
			}
		case '/', '*':
			if n, ok := d.commentStart(b[p:min(len(b), p+16)]); ok {
				d.take(b[from:p])
				d.take([]byte{' '})
				return p + n
			}
		case '$':
			if d.postgres && (p == 0 || !dumpWordByte(b[p-1])) {
				if n := dumpDollar(b[p:min(len(b), p+32)]); n > 0 {
					d.take(b[from:p])
					d.dollar = bytes.Clone(b[p : p+n])
					d.lex = sqlLexDollar
					return p + n
				}
			}
		}
		if c == d.delim[0] && bytes.HasPrefix(b[p:], d.delim) {
			d.take(b[from:p])
			d.end()
			return p + len(d.delim)
		}
		p++
	}
	d.take(b[from:p])
	return p
}

// goLine reports whether b begins with a line that holds GO alone, which ends a
// batch of statements for the tools of SQL Server.
func goLine(b []byte) bool {
	if len(b) < 2 || b[0]|0x20 != 'g' || b[1]|0x20 != 'o' {
		return false
	}
	for _, c := range b[2:] {
		if c == '\n' || c == ';' {
			break
		}
		if c != ' ' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// dumpNext reports whether a line begins a statement, behind a row without a mark
// at its end.
func dumpNext(line []byte) bool {
	head := strings.ToLower(string(line[:min(len(line), 20)]))
	for _, s := range []string{"insert ", "set identity_insert", "update ", "delete from ", "create ", "alter ", "print ", "use ["} {
		if strings.HasPrefix(head, s) {
			return true
		}
	}
	return false
}

// dumpDollar returns the length of the opening of a dollar-quoted string, or 0.
func dumpDollar(b []byte) int {
	for i := 1; i < len(b); i++ {
		if b[i] == '$' {
			return i + 1
		}
		if !dumpWordByte(b[i]) {
			break
		}
	}
	return 0
}

// lose gives up on the row at r, which is text from here on.
func (d *dumpReader) lose() {
	d.mode, d.lex, d.head = dumpText, sqlLexLost, nil
	if d.bad++; d.bad > dumpMaxBad {
		d.lex = sqlLexRest
	}
}

// lost scans the text behind a row that can't be understood, up to what looks
// like the next row or the start of a statement. The result is that of text.
func (d *dumpReader) lost(b []byte, p int, done bool) (q, want int) {
	const look = 64
	for p < len(b) && p-d.r < dumpPiece {
		i := bytes.IndexAny(b[p:], "\n)")
		if i < 0 {
			return len(b), 0
		}
		p += i
		if !done && len(b)-p < look {
			return p, len(b) - d.r + look
		}
		rest := b[p:]
		if rest[0] == ')' {
			// As mysqldump joins rows.
			n := 0
			switch {
			case bytes.HasPrefix(rest, []byte("),(")):
				n = 2
			case bytes.HasPrefix(rest, []byte("),\n(")):
				n = 3
			}
			if n > 0 && d.insert.table != "" {
				d.lex, d.mode, d.insert.head = sqlLexPlain, dumpRows, 0
				return p + n, 0
			}
			p++
			continue
		}
		p++
		if dumpResync(b[p:]) {
			d.lex = sqlLexPlain
			d.exec = 0
			d.end()
			return p, 0
		}
	}
	return p, 0
}

// dumpResync reports whether a line of a damaged dump begins a statement.
func dumpResync(line []byte) bool {
	head := strings.ToLower(string(line[:min(len(line), 24)]))
	for _, s := range []string{
		"insert into ", "insert ignore ", "replace into ", "create table ", "create database ", "drop table ",
		"lock tables ", "unlock tables;", "use `", "/*!40", "/*!50", "/*m!", "-- ", "--\n", "set ", "delimiter ", "copy ", "alter table ",
	} {
		if strings.HasPrefix(head, s) {
			return true
		}
	}
	return false
}

func dumpSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v'
}

func dumpWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$' || c >= 0x80
}
