package document

import (
	"bytes"
	"io"
)

const (
	mimeBufLen      = 64 << 10
	mimeLineLen     = 16 << 10 // the longest piece of a line that is looked at as one
	mimeDelimLen    = 1400     // the longest line that can be a delimiter
	mimeBoundaryLen = 1024     // RFC 2046 allows 70
)

// A mimeLevel is one open multipart.
type mimeLevel struct {
	boundaries [][]byte // any of them delimits; several where the header contradicts itself
	guess      bool     // no delimiter was met yet: take what looks like one
	guessed    bool     // a boundary was taken from the content
}

// A mimeSource cuts a message into the bodies of its parts, which end at the
// delimiter lines of the multiparts that are open. It holds one buffer,
// whatever the size of lines, parts and message.
type mimeSource struct {
	r        io.Reader
	buf      []byte
	pos, end int
	off      int64 // of buf[0] in the message
	err      error // from r; io.EOF at the end
	cr       bool  // lines end in CR alone
	bol      bool  // pos is at the start of a line
	levels   []mimeLevel

	ended   bool // the body being read has ended,
	hit     int  // at a delimiter of this level, or -1 at the end of the message
	closing bool // which is its last
}

func newMIMESource(r io.Reader) *mimeSource {
	return &mimeSource{r: r, buf: make([]byte, mimeBufLen), bol: true}
}

// fill tries to have n bytes in the buffer.
func (s *mimeSource) fill(n int) []byte {
	if s.end-s.pos < n && s.err == nil {
		if s.pos+n > len(s.buf) || s.pos == s.end {
			s.off += int64(s.pos)
			s.end = copy(s.buf, s.buf[s.pos:s.end])
			s.pos = 0
		}
		for idle := 0; s.end < n+s.pos && s.err == nil; {
			var m int
			m, s.err = s.r.Read(s.buf[s.end:])
			s.end += m
			if m > 0 {
				idle = 0
			} else if idle++; idle > 100 && s.err == nil {
				s.err = io.ErrNoProgress
			}
		}
	}
	return s.buf[s.pos:s.end]
}

// failure returns the error of the underlying reader, nil at its end.
func (s *mimeSource) failure() error {
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

func (s *mimeSource) offset() int64 { return s.off + int64(s.pos) }

// mimeCutLine returns the first line of b without its end (LF, any number of CR
// before it, or CR alone where cr is set) and its length with it. It reports
// false where b holds no line end.
func mimeCutLine(b []byte, cr bool) (line []byte, n int, ok bool) {
	if cr {
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			return b, len(b), false
		}
		return b[:i], i + 1, true
	}
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, len(b), false
	}
	return mimeTrimCR(b[:i]), i + 1, true
}

func mimeTrimCR(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\r' {
		b = b[:len(b)-1]
	}
	return b
}

// line returns the line at pos without its end, and its length with it; 0 at
// the end of the message. Where whole is false the line is longer than
// mimeLineLen and only its start is returned. It does not advance.
func (s *mimeSource) line() (line []byte, n int, whole bool) {
	b := s.fill(mimeLineLen)
	eof := len(b) < mimeLineLen
	b = b[:min(len(b), mimeLineLen)]
	line, n, ok := mimeCutLine(b, s.cr)
	if !ok && eof {
		line = mimeTrimCR(line)
	}
	return line, n, ok || eof
}

func (s *mimeSource) skip(n int, bol bool) {
	s.pos += n
	s.bol = bol
}

// delimiter tells whether the line in b is a delimiter of an open multipart,
// the innermost first. b holds what follows the line too.
func (s *mimeSource) delimiter(b []byte) (level, n int, closing, ok bool) {
	if len(b) < 3 || b[0] != '-' || b[1] != '-' || len(s.levels) == 0 {
		return 0, 0, false, false
	}
	w := b[:min(len(b), mimeDelimLen)]
	line, n, whole := mimeCutLine(w, s.cr)
	if !whole && len(w) == mimeDelimLen {
		return 0, 0, false, false
	}
	line = bytes.TrimRight(line[2:], " \t\r\x00")
	end := bytes.HasSuffix(line, []byte("--"))
	for l := len(s.levels) - 1; l >= 0; l-- {
		for _, x := range s.levels[l].boundaries {
			if bytes.Equal(line, x) {
				return l, n, false, true
			}
			if end && bytes.Equal(line[:len(line)-2], x) {
				return l, n, true, true
			}
		}
	}
	if l := len(s.levels) - 1; s.levels[l].guess && mimeBoundaryLike(line) && mimeContentField(b[n:]) {
		s.levels[l].boundaries = append(s.levels[l].boundaries, bytes.Clone(line))
		s.levels[l].guessed = true
		return l, n, false, true
	}
	return 0, 0, false, false
}

// mimeBoundaryLike reports whether a line that starts with "--" could be the
// delimiter of a boundary that nothing declares.
func mimeBoundaryLike(x []byte) bool {
	if len(x) == 0 || len(x) > 200 || bytes.ContainsAny(x, " \t") {
		return false
	}
	return bytes.ContainsFunc(x, func(r rune) bool {
		return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	})
}

// mimeContentField reports whether b starts with a field of a part's header.
func mimeContentField(b []byte) bool {
	return len(b) > 12 && bytes.EqualFold(b[:8], []byte("Content-")) && bytes.IndexByte(b[:min(len(b), 40)], ':') > 0
}

// open starts a new header or body at pos.
func (s *mimeSource) open() { s.ended, s.hit, s.closing = false, -1, false }

// atDelimiter ends the part when a delimiter starts at pos.
func (s *mimeSource) atDelimiter() bool {
	if !s.bol || len(s.levels) == 0 {
		return false
	}
	l, n, closing, ok := s.delimiter(s.fill(mimeDelimLen + 64))
	if !ok {
		return false
	}
	s.skip(n, true)
	s.levels[l].guess = false
	s.ended, s.hit, s.closing = true, l, closing
	return true
}

// next returns the next bytes of the body, valid until the source is used
// again, and nothing at its end.
func (s *mimeSource) next() []byte {
	if s.ended {
		return nil
	}
	if s.atDelimiter() {
		return nil
	}
	b := s.fill(mimeDelimLen + 128)
	if len(b) == 0 {
		s.ended = true
		return nil
	}
	if len(s.levels) == 0 {
		s.skip(len(b), false)
		return b
	}
	needle := []byte("\n--")
	if s.cr {
		needle[0] = '\r'
	}
	for from := 0; ; {
		i := bytes.Index(b[from:], needle)
		if i < 0 {
			n := len(b)
			if s.err == nil {
				n -= 8 // may be the start of a delimiter and the line end before it
			}
			// A line end is kept together with what follows it.
			for k := 0; k < 4 && n > 1 && n < len(b) && (b[n-1] == '\r' || b[n-1] == '\n'); k++ {
				n--
			}
			bol := b[n-1] == needle[0]
			s.skip(n, bol)
			return b[:n]
		}
		i += from
		cut := i
		for cut > 0 && b[cut-1] == '\r' {
			cut--
		}
		if s.err == nil && len(b)-i < mimeDelimLen+96 {
			// Too near to the end of the buffer to tell.
			if cut > 0 {
				s.skip(cut, false)
				return b[:cut]
			}
			if i > 64 { // a long run of CR
				s.skip(i, false)
				return b[:i]
			}
			b = s.fill(i + mimeDelimLen + 128)
			continue
		}
		if _, _, _, ok := s.delimiter(b[i+1:]); !ok {
			from = i + 1
			continue
		}
		// The line end before a delimiter belongs to it.
		s.skip(i+1, true)
		if cut > 0 {
			return b[:cut]
		}
		s.atDelimiter()
		return nil
	}
}

// drain skips the rest of the body.
func (s *mimeSource) drain() {
	for !s.ended {
		s.next()
	}
}

// A mimeRaw reads the body that its source is in, as it is.
type mimeRaw struct {
	s    *mimeSource
	rest []byte
}

func (r *mimeRaw) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.rest) == 0 {
		if r.rest = r.s.next(); len(r.rest) == 0 {
			return 0, mimeEnd(r.s)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// mimeEnd is the error of a reader whose body has ended.
func mimeEnd(s *mimeSource) error {
	if err := s.failure(); err != nil {
		return err
	}
	return io.EOF
}

// skipBlank advances over white space and reports whether there is anything
// else in the body.
func (r *mimeRaw) skipBlank() bool {
	for {
		r.rest = bytes.TrimLeft(r.rest, " \t\r\n")
		if len(r.rest) > 0 {
			return true
		}
		if r.rest = r.s.next(); len(r.rest) == 0 {
			return false
		}
	}
}
