package document

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// mailBoxWindow is how much of an mbox is in memory: at most so long may a
// message be whose Content-Length is to be trusted.
const mailBoxWindow = 256 << 10

// MBox returns the decoder of files of many messages in the mbox format (RFC
// 4155), in the dialects known as mboxo, mboxrd, mboxcl and mboxcl2, and in MMDF.
//
// Each message is an item whose Step is its number, from 1, and whose Name is
// the number and ".eml". Its Body starts with the "From " line, which holds the
// sender of the envelope; Time is that of this line.
//
// A message starts at a "From " line with a date, at the start of the file or
// behind an empty line. A Content-Length is trusted where the message lies within
// 256 KiB and ends as it says; in a longer message, whatever the dialect, an
// empty line and a "From " line with a date, followed by a header field, start
// the next. One ">" is taken off all lines that start with any number of them and
// "From ".
func MBox() container.Decoder {
	return container.Decoder{
		Name: "mbox",
		Match: func(head []byte, name string) bool {
			if bytes.HasPrefix(head, []byte(mailMMDF+"\n")) || bytes.HasPrefix(head, []byte(mailMMDF+"\r\n")) {
				return true
			}
			if strings.HasSuffix(strings.ToLower(name), ".eml") {
				return false
			}
			line, n, ok := mimeCutLine(head, false)
			if !ok || !mailPostmark(line) {
				return false
			}
			next, _, whole := mimeCutLine(head[n:], false)
			field, _ := mailFieldName(bytes.TrimPrefix(next, []byte(">")))
			return field != "" || !whole || len(next) == 0
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				m := &mailBox{s: newMIMESource(mailInput{ctx, in.Body})}
				m.s.buf = make([]byte, 2*mailBoxWindow)
				if bytes.HasPrefix(m.s.fill(len(mailMMDF)), []byte(mailMMDF)) {
					(&mailMMDFBox{s: m.s}).run(ctx, b, yield)
					return
				}
				m.run(ctx, b, yield)
			}
		},
	}
}

// mailPostmark reports whether a line is the first of an mbox entry: "From ", an
// address of any kind, and a date.
func mailPostmark(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("From "))
	if !ok || len(line) > 1000 {
		return false
	}
	// A time of day, or a year.
	for i := 0; i+4 < len(rest); i++ {
		d := func(j int) bool { return '0' <= rest[j] && rest[j] <= '9' }
		if d(i) && d(i+1) && rest[i+2] == ':' && d(i+3) && d(i+4) {
			return true
		}
		if rest[i] == ' ' && (rest[i+1] == '1' && rest[i+2] == '9' || rest[i+1] == '2' && rest[i+2] == '0') && d(i+3) && d(i+4) &&
			i+5 == len(bytes.TrimRight(rest, " \t")) {
			return true
		}
	}
	return false
}

// mailPostmarkTime returns the time in the first line of an mbox entry.
func mailPostmarkTime(line []byte) time.Time {
	f := strings.Fields(string(line))
	for i := 1; i+5 <= len(f); i++ {
		if len(f[i]) != 3 || !strings.Contains(f[i+3], ":") {
			continue
		}
		zone := ""
		year := f[i+4]
		switch {
		case i+5 < len(f) && strings.ContainsAny(year[:1], "+-"):
			zone, year = year, f[i+5]
		case i+5 < len(f):
			zone = f[i+5]
		}
		date := strings.Join([]string{f[i+1], f[i+2], f[i+3], year}, " ")
		if zone != "" {
			if t, err := time.Parse("Jan 2 15:04:05 2006 -0700", date+" "+zone); err == nil {
				return t.UTC()
			}
		}
		if t, err := time.Parse("Jan 2 15:04:05 2006", date); err == nil {
			return t
		}
	}
	return time.Time{}
}

// A mailBox reads one message after the other.
type mailBox struct {
	s     *mimeSource
	blank bool // the line before pos is empty, or pos is the start
	trust int  // bytes from pos on that a Content-Length vouches for
	first bool // at the first line of a message
	ended bool
	rest  []byte
}

func (m *mailBox) run(ctx context.Context, b *container.Budget, yield func(scanners.Item, error) bool) {
	s := m.s
	for n := 1; ; n++ {
		head := s.fill(1)
		if len(head) == 0 {
			break
		}
		if err := b.Member(); err != nil {
			yield(scanners.Item{}, err)
			return
		}
		head = s.fill(mailBoxWindow)
		line, _, _ := mimeCutLine(head, false)
		m.trust = mailBoxLength(head, s.err != nil)
		m.first, m.ended, m.blank, m.rest = true, false, false, nil
		num := strconv.Itoa(n)
		it := scanners.Item{Size: -1, Step: num, Name: num + ".eml", Time: mailPostmarkTime(line)}
		it.Body = b.Reader(ctx, m)
		if !yield(it, nil) {
			return
		}
		for !m.ended {
			m.next()
		}
	}
	if err := s.failure(); err != nil {
		yield(scanners.Item{}, fmt.Errorf("mbox: read: %w", err))
	}
}

// mailBoxLength returns the length of the message at the start of b, from its
// "From " line to the end of its body, if its header tells the length of the body
// and another message or the end of the file follows there; else 0.
func mailBoxLength(b []byte, eof bool) int {
	_, off, ok := mimeCutLine(b, false)
	length := -1
	for ok {
		var line []byte
		var n int
		line, n, ok = mimeCutLine(b[off:], false)
		off += n
		if len(line) == 0 {
			break
		}
		if name, v := mailFieldName(line); strings.EqualFold(name, "Content-Length") {
			if x, err := strconv.Atoi(strings.TrimSpace(string(line[v:]))); err == nil && x >= 0 && x < mailBoxWindow {
				length = x
			}
		}
	}
	if length < 0 || off+length > len(b) {
		return 0
	}
	tail := bytes.TrimLeft(b[off+length:], "\r\n")
	if len(tail) == 0 && eof {
		return off + length
	}
	if line, _, ok := mimeCutLine(tail, false); ok && mailPostmark(line) {
		return off + length
	}
	return 0
}

func (m *mailBox) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(m.rest) == 0 {
		if m.ended {
			return 0, mimeEnd(m.s)
		}
		m.rest = m.next()
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// next returns the next bytes of the message, valid until the source is used
// again. It may return none before the end.
func (m *mailBox) next() []byte {
	s := m.s
	b := s.fill(32 << 10)
	if len(b) == 0 {
		m.ended = true
		return nil
	}
	eof := s.err != nil
	b = b[:min(len(b), 64<<10)]
	// Whole lines, as far as possible.
	whole := b
	if !eof || len(b) < s.end-s.pos {
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			whole = b[:i+1]
		}
	}
	// What follows a "From " line is looked at as well: keep some lines back.
	look := len(whole)
	if !eof && look > 16<<10 {
		if i := bytes.LastIndexByte(whole[:look-4<<10], '\n'); i >= 0 {
			look = i + 1
		}
	}
	from := 0
	if m.first {
		_, from, _ = mimeCutLine(whole, false)
		from = min(from, look)
		m.first = false
	}
	for {
		i := bytes.Index(whole[from:look], []byte("From "))
		if i < 0 {
			return m.take(whole[:look])
		}
		i += from
		start := i
		for start > 0 && whole[start-1] == '>' {
			start--
		}
		bol := s.bol
		if start > 0 {
			bol = whole[start-1] == '\n'
		}
		from = i + len("From ")
		switch {
		case !bol:
		case start < i:
			// ">From ", quoted: without its first ">".
			head := m.take(whole[:start])
			s.pos++
			if m.trust > 0 {
				m.trust--
			}
			s.bol = false // what follows the quote is no start of a line
			if len(head) == 0 {
				return m.take(whole[start+1 : i+len("From ")])
			}
			m.blank = false
			return head
		case m.trust > start && m.trust > 0:
		case m.blankBefore(whole, start) && m.separates(s.buf[s.pos+start:s.end]):
			head := m.take(whole[:start])
			m.ended = true
			// The empty line before belongs to the separator.
			if t := bytes.TrimSuffix(head, []byte("\n")); len(t) < len(head) {
				if t = bytes.TrimSuffix(t, []byte("\r")); len(t) == 0 || t[len(t)-1] == '\n' {
					head = t
				}
			}
			return head
		}
	}
}

// take advances over b, which starts at pos.
func (m *mailBox) take(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	bol := b[len(b)-1] == '\n'
	m.blank = bol && m.blankBefore(b, len(b))
	m.s.skip(len(b), bol)
	m.trust = max(0, m.trust-len(b))
	return b
}

// blankBefore reports whether an empty line ends at b[i:].
func (m *mailBox) blankBefore(b []byte, i int) bool {
	t := bytes.TrimSuffix(b[:i], []byte("\n"))
	if len(t) == i {
		return i == 0 && m.blank
	}
	t = bytes.TrimSuffix(t, []byte("\r"))
	if len(t) == 0 {
		return m.s.bol
	}
	return t[len(t)-1] == '\n'
}

// separates reports whether a message starts at b: a postmark and a field.
func (m *mailBox) separates(b []byte) bool {
	mark, n, ok := mimeCutLine(b, false)
	if !mailPostmark(mark) {
		return false
	}
	if !ok || n >= len(b) {
		return true
	}
	next, _, _ := mimeCutLine(b[n:min(len(b), n+512)], false)
	field, _ := mailFieldName(bytes.TrimPrefix(next, []byte(">")))
	return field != "" || len(next) == 0
}
