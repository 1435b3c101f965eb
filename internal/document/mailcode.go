package document

import (
	"bytes"
	"io"
)

// mimeGarbageLen bounds what is kept of lines within base64 that are none.
const mimeGarbageLen = 64 << 10

// A mimeBase64 decodes the body that its source is in (RFC 2045, section 6.8),
// whatever stands between, before or after the encoded bytes: padding anywhere,
// or none; white space; lines of something else, which are kept as garbage. A
// body that is no base64 at all passes as it is.
type mimeBase64 struct {
	s       *mimeSource
	text    bool // the body should be text, which helps to tell
	rest    []byte
	started bool
	raw     bool // this is no base64
	url     bool // the alphabet of RFC 4648, section 5
	bad     bool // something else was met
	padded  bool // the last quantum was padded
	mid     bool // within a line that is taken as base64
	acc     uint32
	n       int // characters in acc
	out     []byte
	pos     int
	garbage []byte
	done    bool
}

func (d *mimeBase64) reset(s *mimeSource, text bool) {
	*d = mimeBase64{s: s, text: text, out: d.out[:0], garbage: d.garbage[:0]}
}

func (d *mimeBase64) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.pos == len(d.out) {
		if d.done {
			return 0, mimeEnd(d.s)
		}
		d.out, d.pos = d.out[:0], 0
		d.step()
	}
	n := copy(p, d.out[d.pos:])
	d.pos += n
	return n, nil
}

// step decodes the next line, or the next piece of it.
func (d *mimeBase64) step() {
	if len(d.rest) == 0 {
		d.rest = d.s.next()
		if len(d.rest) == 0 {
			d.flush()
			d.done = true
			return
		}
	}
	if !d.started {
		d.start()
	}
	if d.raw {
		d.out = append(d.out, d.rest...)
		d.rest = nil
		return
	}
	for len(d.rest) > 0 && len(d.out) < 16<<10 && !d.raw {
		line := d.rest[:min(len(d.rest), 8<<10)]
		end := byte('\n')
		if d.s.cr {
			end = '\r'
		}
		i := bytes.IndexByte(line, end)
		if i >= 0 {
			line = line[:i+1]
		}
		d.rest = d.rest[len(line):]
		d.line(line)
		d.mid = i < 0
	}
}

// start looks at the start of the body.
func (d *mimeBase64) start() {
	d.started = true
	sample := d.rest[:min(len(d.rest), 4<<10)]
	d.url = mimeURLAlphabet(sample)
	bad, words := 0, 0
	for line := range bytes.Lines(sample) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		illegal, spaces := d.count(line)
		switch {
		case illegal > 0 && (spaces || illegal*20 > len(line)):
			bad++
		case bytes.IndexByte(line, ' ') > 0 && d.text:
			words++
		default:
			return
		}
	}
	switch {
	case bad > 0:
		d.raw = true
	case words > 0:
		// Words and spaces only: text, unless it decodes to one.
		t := mimeBase64{s: d.s, started: true}
		t.line(sample)
		for _, c := range t.out {
			if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
				d.raw = true
			}
		}
		d.raw = d.raw || !mimeValidUTF8(t.out)
	}
	d.bad = d.raw
}

// mimeURLAlphabet reports whether lines are in the alphabet that has "-" and "_"
// for "+" and "/".
func mimeURLAlphabet(sample []byte) bool {
	if bytes.ContainsAny(sample, "+/") {
		return false
	}
	for line := range bytes.Lines(sample) {
		marks := bytes.Count(line, []byte("-")) + bytes.Count(line, []byte("_"))
		if marks > 0 && len(line) >= 40 && marks*4 < len(line) && !bytes.Contains(bytes.TrimSpace(line), []byte(" ")) {
			return true
		}
	}
	return false
}

// count returns how many bytes of line are outside the alphabet, and whether
// some of its white space stands between others.
func (d *mimeBase64) count(line []byte) (illegal int, spaces bool) {
	for _, c := range line {
		if mimeBase64Table[c] == mimeBad && !(d.url && (c == '-' || c == '_')) {
			illegal++
		}
	}
	return illegal, bytes.ContainsAny(bytes.TrimSpace(line), " \t")
}

func (d *mimeBase64) line(line []byte) {
	// The fast way: four at a time, while all is clean.
	t := &mimeBase64Table
	if d.n == 0 && !d.padded {
		i := 0
		n := len(line) &^ 3
		out := d.out
		if cap(out)-len(out) < n {
			out = append(make([]byte, 0, 2*cap(out)+n), out...)
		}
		o := len(out)
		out = out[:cap(out)]
		for ; i+4 <= len(line); i += 4 {
			a, b, c, e := t[line[i]], t[line[i+1]], t[line[i+2]], t[line[i+3]]
			if (a|b|c|e)&0xc0 != 0 {
				break
			}
			v := uint32(a)<<18 | uint32(b)<<12 | uint32(c)<<6 | uint32(e)
			out[o], out[o+1], out[o+2] = byte(v>>16), byte(v>>8), byte(v)
			o += 3
		}
		if rest := line[i:]; len(rest) <= 2 && mimeBlank(rest) {
			d.out = out[:o]
			return
		}
		// The line holds something else: judge it as a whole, from its start.
	}
	illegal, spaces := d.count(line)
	trimmed := bytes.TrimSpace(line)
	if !d.mid && (illegal > 0 || d.padded && spaces) {
		d.keep(line)
		if spaces || len(trimmed) < 40 || illegal*20 > len(trimmed) {
			return
		}
	} else if illegal > 0 {
		d.keep(line)
	}
	for _, c := range line {
		v := t[c]
		if d.url && v == mimeBad {
			switch c {
			case '-':
				v = 62
			case '_':
				v = 63
			}
		}
		switch {
		case v < 64:
			d.padded = false
			d.acc = d.acc<<6 | uint32(v)
			if d.n++; d.n == 4 {
				d.out = append(d.out, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
				d.n, d.acc = 0, 0
			}
		case v == mimePad:
			d.flush()
			d.padded = true
		}
	}
}

// flush writes what an incomplete quantum holds.
func (d *mimeBase64) flush() {
	switch d.n {
	case 1:
		d.bad = true
	case 2:
		d.out = append(d.out, byte(d.acc>>4))
	case 3:
		d.out = append(d.out, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.n, d.acc = 0, 0
}

func (d *mimeBase64) keep(line []byte) {
	d.bad = true
	if len(d.garbage)+len(line) > mimeGarbageLen {
		// Too much to be base64 with something in between: show it all from here on.
		if !d.raw {
			d.flush()
			d.raw = true
			d.out = append(d.out, '\n')
		}
		d.out = append(d.out, line...)
		return
	}
	d.garbage = append(d.garbage, line...)
}

func mimeBlank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// A mimeQP decodes the quoted-printable body (RFC 2045, section 6.7) that its
// source is in. What is not valid passes as it is.
type mimeQP struct {
	s    *mimeSource
	rest []byte
	held [128]byte // "=" and what follows it, from the end of the last piece
	kept int
	out  []byte
	pos  int
	done bool
}

func (d *mimeQP) reset(s *mimeSource) { *d = mimeQP{s: s, out: d.out[:0]} }

func (d *mimeQP) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.pos == len(d.out) {
		if d.done {
			return 0, mimeEnd(d.s)
		}
		d.out, d.pos = d.out[:0], 0
		if len(d.rest) == 0 {
			d.rest = d.s.next()
		}
		final := len(d.rest) == 0
		// What was held back goes on in the next piece.
		for d.kept > 0 {
			n := copy(d.held[d.kept:], d.rest)
			b := d.held[:d.kept+n]
			used := d.decode(b, final || d.kept+n == len(d.held))
			if used >= d.kept {
				d.rest = d.rest[used-d.kept:]
				d.kept = 0
				break
			}
			// Still incomplete: all of rest is in held.
			copy(d.held[:], b[used:])
			d.kept = len(b) - used
			d.rest = d.rest[n:]
			if n == 0 {
				break
			}
		}
		if final {
			d.done = true
			continue
		}
		if d.kept > 0 {
			continue
		}
		piece := d.rest[:min(len(d.rest), 16<<10)]
		used := d.decode(piece, false)
		if used < len(piece) && len(piece) < len(d.rest) && used > 0 {
			d.rest = d.rest[used:]
			continue
		}
		d.kept = copy(d.held[:], piece[used:])
		d.rest = d.rest[len(piece):]
	}
	n := copy(p, d.out[d.pos:])
	d.pos += n
	return n, nil
}

// decode appends the decoded b to out and returns how much of it it used: the
// rest, at most 100 bytes, starts with "=" and can't be told without more.
func (d *mimeQP) decode(b []byte, final bool) (used int) {
	for used < len(b) {
		i := bytes.IndexByte(b[used:], '=')
		if i < 0 {
			d.out = append(d.out, b[used:]...)
			return len(b)
		}
		d.out = append(d.out, b[used:used+i]...)
		used += i
		e := b[used+1:]
		if len(e) >= 2 {
			if hi, lo := mimeUnhex(e[0]), mimeUnhex(e[1]); hi < 16 && lo < 16 {
				d.out = append(d.out, hi<<4|lo)
				used += 3
				continue
			}
		} else if !final && (len(e) == 0 || mimeUnhex(e[0]) < 16) {
			return used
		}
		// A soft line break, perhaps with white space added behind the "=".
		j := 0
		for j < len(e) && j < 64 && (e[j] == ' ' || e[j] == '\t' || e[j] == '\r') {
			j++
		}
		switch {
		case j < len(e) && e[j] == '\n':
			used += 1 + j + 1
		case j > 0 && j < len(e) && e[j-1] == '\r' && d.s.cr:
			used += 1 + j
		case j == len(e) && !final && j < 64:
			return used
		case j == len(e) && final:
			used += 1 + j
		default:
			d.out = append(d.out, '=')
			used++
		}
	}
	return used
}

func mimeUnhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// A mimeWindow is a buffer over a reader that shows its next bytes.
type mimeWindow struct {
	r        io.Reader
	buf      []byte
	pos, end int
	err      error
}

const mimeWindowLen = 16 << 10

func (w *mimeWindow) reset(r io.Reader) {
	if w.buf == nil {
		w.buf = make([]byte, mimeWindowLen)
	}
	w.r, w.pos, w.end, w.err = r, 0, 0, nil
}

// peek returns up to n bytes, fewer only at the end.
func (w *mimeWindow) peek(n int) []byte {
	if w.end-w.pos < n && w.err == nil {
		w.end = copy(w.buf, w.buf[w.pos:w.end])
		w.pos = 0
		for idle := 0; w.end < n && w.err == nil; {
			var m int
			m, w.err = w.r.Read(w.buf[w.end:])
			w.end += m
			if m > 0 {
				idle = 0
			} else if idle++; idle > 100 && w.err == nil {
				w.err = io.ErrNoProgress
			}
		}
	}
	return w.buf[w.pos:min(w.end, w.pos+n)]
}

func (w *mimeWindow) Read(p []byte) (int, error) {
	if w.pos == w.end {
		if w.err != nil {
			return 0, w.err
		}
		if len(p) >= len(w.buf) {
			n, err := w.r.Read(p)
			w.err = err
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		w.peek(1)
		if w.pos == w.end {
			return 0, w.err
		}
	}
	n := copy(p, w.buf[w.pos:w.end])
	w.pos += n
	return n, nil
}

// line returns the next line with its end, up to max bytes.
func (w *mimeWindow) line(max int) []byte {
	b := w.peek(max)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	return b
}

// A mimePlain reads text up to the next file that is uuencoded in it.
type mimePlain struct {
	w     *mimeWindow
	bol   bool
	found bool // a uuencoded file starts here
}

func (t *mimePlain) Read(p []byte) (int, error) {
	if t.found {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	w := t.w
	b := w.peek(1024)
	if len(b) == 0 {
		return 0, w.err
	}
	b = w.buf[w.pos:w.end]
	whole := w.err != nil
	if t.bol && mimeUUBegin(b) != mimeNoUU {
		t.found = true
		return 0, io.EOF
	}
	n := len(b)
	for from := 0; ; {
		i := mimeIndexBegin(b[from:])
		if i < 0 {
			if !whole {
				n -= 6
			}
			break
		}
		i += from
		if !whole && len(b)-i < 600 && i > 0 {
			n = i // look again with more in the buffer
			break
		}
		if mimeUUBegin(b[i+1:]) != mimeNoUU {
			n = i + 1
			break
		}
		from = i + 1
	}
	n = copy(p, b[:n])
	t.bol = n > 0 && b[n-1] == '\n'
	w.pos += n
	return n, nil
}

const (
	mimeNoUU = iota
	mimeUU
	mimeUU64
	mimeYEnc
)

// mimeIndexBegin returns where in b a line ends that one may follow which starts
// a file, or -1.
func mimeIndexBegin(b []byte) int {
	i := bytes.Index(b, []byte("\nbegin"))
	if i >= 0 {
		b = b[:i]
	}
	if j := bytes.Index(b, []byte("\n=ybegin")); j >= 0 {
		return j
	}
	return i
}

// mimeUUBegin reports whether b starts with the first line of a uuencoded file
// and a second line that fits.
func mimeUUBegin(b []byte) int {
	if mimeYEncBegin(b) {
		return mimeYEnc
	}
	kind := mimeUU
	rest, ok := bytes.CutPrefix(b, []byte("begin "))
	if !ok {
		if rest, ok = bytes.CutPrefix(b, []byte("begin-base64 ")); !ok {
			return mimeNoUU
		}
		kind = mimeUU64
	}
	line, n, ok := mimeCutLine(rest[:min(len(rest), 500)], false)
	if !ok || len(line) < 5 {
		return mimeNoUU
	}
	i := 0
	for i < len(line) && '0' <= line[i] && line[i] <= '7' {
		i++
	}
	if i < 3 || i > 5 || i+1 >= len(line) || line[i] != ' ' {
		return mimeNoUU
	}
	second, _, _ := mimeCutLine(rest[n:min(len(rest), n+100)], false)
	if kind == mimeUU && !mimeUULine(second) {
		return mimeNoUU
	}
	if kind == mimeUU64 {
		d := mimeBase64{}
		if illegal, spaces := d.count(second); len(second) == 0 || illegal > 0 || spaces {
			return mimeNoUU
		}
	}
	return kind
}

// mimeUULine reports whether a line is uuencoded.
func mimeUULine(line []byte) bool {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return false
	}
	n := int(line[0]-' ') & 63
	chars := (n*8 + 5) / 6
	// Trailing spaces may be gone; some encoders add up to a checksum.
	if len(line)-1 > (n+2)/3*4+2 || n > 0 && len(line) == 1 {
		return false
	}
	if len(line)-1 < chars && n < 3 {
		return false
	}
	if len(line)-1 < chars*3/4 {
		return false
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}

// A mimeUUDecoder decodes the uuencoded file that starts at the window's
// position, up to its end or the first line that does not belong to it.
type mimeUUDecoder struct {
	w    *mimeWindow
	kind int
	name string
	out  []byte
	pos  int
	done bool
	bad  bool // ended without "end"
	esc  bool // yEnc: the next byte is escaped
	mid  bool // yEnc: within a line
}

func (d *mimeUUDecoder) open(w *mimeWindow) {
	first := w.line(600)
	*d = mimeUUDecoder{w: w, kind: mimeUUBegin(w.peek(1024)), out: d.out[:0]}
	w.pos += len(first)
	first = bytes.TrimRight(first, "\r\n")
	if d.kind == mimeYEnc {
		d.name = mimeYEncName(first)
		return
	}
	if f := bytes.SplitN(first, []byte(" "), 3); len(f) == 3 {
		d.name = string(mimeDecodeText("", f[2]))
	}
}

func (d *mimeUUDecoder) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.pos == len(d.out) {
		if d.done {
			if d.w.err != nil && d.w.err != io.EOF {
				return 0, d.w.err
			}
			return 0, io.EOF
		}
		d.out, d.pos = d.out[:0], 0
		for len(d.out) < 4<<10 && !d.done {
			d.step()
		}
	}
	n := copy(p, d.out[d.pos:])
	d.pos += n
	return n, nil
}

func (d *mimeUUDecoder) step() {
	full := d.w.line(1 << 10)
	line := bytes.TrimRight(full, "\r\n")
	if len(full) == 0 {
		d.done, d.bad = true, true
		return
	}
	if d.kind == mimeYEnc {
		d.yenc(full)
		return
	}
	if d.kind == mimeUU64 {
		switch {
		case bytes.HasPrefix(line, []byte("====")):
			d.done = true
		default:
			t := mimeBase64{started: true}
			if illegal, spaces := t.count(line); illegal > 0 || spaces {
				d.done, d.bad = true, true
				return
			}
			t.line(line)
			t.flush()
			d.out = append(d.out, t.out...)
		}
		d.w.pos += len(full)
		return
	}
	switch {
	case string(line) == "end":
		d.done = true
	case len(bytes.TrimSpace(line)) == 0:
	case mimeUULine(line):
		n := int(line[0]-' ') & 63
		line = line[1:]
		at := func(i int) byte {
			if i < len(line) {
				return (line[i] - ' ') & 63
			}
			return 0
		}
		for i := 0; n > 0; i += 4 {
			a, b, c, e := at(i), at(i+1), at(i+2), at(i+3)
			q := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | e}
			m := min(n, 3)
			d.out = append(d.out, q[:m]...)
			n -= m
		}
	default:
		d.done, d.bad = true, true
		return
	}
	d.w.pos += len(full)
}

// drain reads the file to its end.
func (d *mimeUUDecoder) drain() {
	for !d.done {
		d.out = d.out[:0]
		d.step()
	}
	d.pos = len(d.out)
}

// mimeBinary reports whether a body that is declared as text is something else.
func mimeBinary(sample []byte) bool {
	sample = sample[:min(len(sample), 1024)]
	for _, magic := range []string{"%PDF", "BZh", "PK\x03\x04"} {
		if bytes.HasPrefix(sample, []byte(magic)) {
			return true
		}
	}
	for _, c := range sample {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			return true
		}
	}
	return false
}
