package engine

import (
	"bytes"
	"context"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/scanners"
)

// recognised returns the decoder that takes an item, nil where there is none,
// and its body, to be read from its start. A text in a charset that has to be
// decoded is UTF-8 from here on, and its body a document.Sourced.
func recognised(decoders []container.Decoder, it scanners.Item, stands func(name string) bool) (d *container.Decoder, head []byte, body io.Reader, err error) {
	head, body, err = container.Head(it.Body)
	if d = container.DetectBeside(decoders, head, it.Name, stands); d != nil {
		return d, head, body, err
	}
	if _, _, opaque := document.Opaque(head); opaque {
		return nil, head, body, err
	}
	if c, ok := document.CharsetOf(head); ok {
		text := document.NewText(body, c)
		var rest io.Reader
		head, rest, err = container.Head(text)
		d = container.DetectBeside(decoders, head, it.Name, stands)
		return d, head, sourced{rest, text}, err
	}
	return nil, head, body, err
}

// sourced is a reader that stands for a text.
type sourced struct {
	io.Reader
	from document.Sourced
}

func (s sourced) Source(off int64) int64 { return s.from.Source(off) }

// lineStep is how far apart the places are of which the line is known, in bytes.
const lineStep = 4 << 10

// A lineCounter counts the lines of a text that is read through it. What was
// read last can be asked for.
type lineCounter struct {
	r     io.Reader
	n     int64 // bytes read
	lines int64
	marks []lineMark // in order; the last is where reading has come to
}

type lineMark struct{ off, lines int64 }

// lineMarks is how many places are kept: those of more than one window of the
// matcher.
const lineMarks = 256

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for b := p[:n]; len(b) > 0; {
		k := min(len(b), lineStep)
		l.lines += int64(bytes.Count(b[:k], []byte{'\n'}))
		l.n += int64(k)
		b = b[k:]
		if len(l.marks) >= 2*lineMarks {
			l.marks = l.marks[:copy(l.marks, l.marks[lineMarks:])]
		}
		if m := len(l.marks); m > 1 && l.n-l.marks[m-2].off < lineStep {
			l.marks[m-1] = lineMark{l.n, l.lines}
		} else {
			l.marks = append(l.marks, lineMark{l.n, l.lines})
		}
	}
	return n, err
}

// at returns the number of the line, counted from 0, in which the byte at off
// stands; window is what stands at base in the text. It is negative where that
// is not known any more.
func (l *lineCounter) at(off, base int64, window []byte) int64 {
	i := sort.Search(len(l.marks), func(i int) bool { return l.marks[i].off >= off })
	if i == len(l.marks) || off < base {
		return -1
	}
	end := l.marks[i].off - base
	if end > int64(len(window)) {
		return -1
	}
	return l.marks[i].lines - int64(bytes.Count(window[off-base:end], []byte{'\n'}))
}

// lineFragment names a line (RFC 5147, section 2.2.3): the range between the
// position before it and the one behind it.
func lineFragment(line int64) string {
	return "line=" + strconv.FormatInt(line, 10) + "," + strconv.FormatInt(line+1, 10)
}

// linesOf takes a fragment that names lines apart; to is negative where the
// range has no end.
func linesOf(fragment string) (from, to int64, ok bool) {
	span, ok := strings.CutPrefix(fragment, "line=")
	if !ok {
		return 0, 0, false
	}
	span, _, _ = strings.Cut(span, ";") // an integrity check
	a, b, both := strings.Cut(span, ",")
	from, to = 0, -1
	var err error
	if a != "" {
		if from, err = strconv.ParseInt(a, 10, 64); err != nil || from < 0 {
			return 0, 0, false
		}
	}
	if !both {
		return from, from + 1, true // a position: the line behind it
	}
	if b != "" {
		if to, err = strconv.ParseInt(b, 10, 64); err != nil || to < from {
			return 0, 0, false
		}
	}
	return from, to, true
}

// cutLines returns the lines of a text from one position to another.
func cutLines(ctx context.Context, r io.Reader, from, to int64) io.Reader {
	return &lineCutter{ctx: ctx, r: r, from: from, to: to, buf: make([]byte, 64<<10)}
}

type lineCutter struct {
	ctx      context.Context
	r        io.Reader
	from, to int64
	line     int64
	buf, out []byte
	err      error
}

func (c *lineCutter) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.to >= 0 && c.line >= c.to {
			return 0, io.EOF
		}
		if c.err != nil {
			return 0, c.err
		}
		if c.err = context.Cause(c.ctx); c.err != nil {
			return 0, c.err
		}
		var n int
		n, c.err = c.r.Read(c.buf)
		b := c.buf[:n]
		for c.line < c.from && len(b) > 0 {
			k := bytes.IndexByte(b, '\n')
			if k < 0 {
				b = nil
				break
			}
			b = b[k+1:]
			c.line++
		}
		end := 0
		for end < len(b) && (c.to < 0 || c.line < c.to) {
			k := bytes.IndexByte(b[end:], '\n')
			if k < 0 {
				end = len(b)
				break
			}
			end += k + 1
			c.line++
		}
		c.out = b[:end]
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}
