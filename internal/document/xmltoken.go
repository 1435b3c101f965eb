package document

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"
)

// An xmlKind is the kind of a token.
type xmlKind uint8

const (
	xmlText  xmlKind = iota // character data, decoded, of which one stretch may come in pieces
	xmlStart                // of an element
	xmlEnd                  // of an element
	xmlOther                // a comment, an instruction, a declaration
)

// An xmlToken is a piece of a document. Its slices are valid until the next one
// is read.
type xmlToken struct {
	kind  xmlKind
	name  []byte // of an element, without its prefix
	attrs []byte // of an element, as they are written
	text  []byte
	empty bool // the element has no content: no xmlEnd follows
}

// maxXMLTag bounds a tag or comment, in bytes; what is longer is text.
const maxXMLTag = 1 << 20

// xmlReader reads XML 1.0 leniently, in bounded memory: it checks nothing, knows
// no entities but those that are predefined and character references, and reads
// no declarations, so that there is nothing to expand.
type xmlReader struct {
	r   io.Reader
	buf []byte
	pos int
	end int
	err error // with which r ended
	out []byte
	raw bool // within CDATA
	tok xmlToken
}

func newXMLReader(r io.Reader) *xmlReader { return &xmlReader{r: r, buf: make([]byte, 64<<10)} }

// fill reads more, and reports whether there was any.
func (x *xmlReader) fill() bool {
	if x.err != nil {
		return false
	}
	if x.pos > 0 {
		copy(x.buf, x.buf[x.pos:x.end])
		x.end -= x.pos
		x.pos = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxXMLTag {
			return false
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for range 100 {
		n, err := x.r.Read(x.buf[x.end:])
		x.end += n
		x.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	x.err = io.ErrNoProgress
	return false
}

// next returns the next token, nil at the end or when reading failed, of which
// x.err tells.
func (x *xmlReader) next() *xmlToken {
	for x.pos == x.end {
		if !x.fill() {
			return nil
		}
	}
	t := &x.tok
	*t = xmlToken{}
	if x.raw {
		return x.cdata()
	}
	if x.buf[x.pos] != '<' {
		return x.text()
	}
	for from := 1; ; {
		if k := x.closes(from); k > 0 {
			x.tag(x.buf[x.pos : x.pos+k])
			x.pos += k
			if x.raw {
				return x.next()
			}
			return t
		}
		from = max(1, x.end-x.pos-2)
		if !x.fill() {
			// A tag that is never closed is text.
			t.text = append(x.out[:0], x.buf[x.pos])
			x.pos++
			return t
		}
	}
}

// closes returns the length of the tag at x.pos, 0 where its end is not in sight.
// What is before from was looked at.
func (x *xmlReader) closes(from int) int {
	b := x.buf[x.pos:x.end]
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		if k := bytes.Index(b[4:], []byte("-->")); k >= 0 {
			return k + 7
		}
		return 0
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		return 9
	case bytes.HasPrefix(b, []byte("<?")):
		if k := bytes.Index(b, []byte("?>")); k >= 0 {
			return k + 2
		}
		return 0
	}
	if k := bytes.IndexByte(b, '>'); k >= 0 {
		// A sign in an attribute is no end.
		if q := bytes.IndexAny(b[:k], `"'`); q < 0 {
			return k + 1
		}
		quote := byte(0)
		for i, c := range b {
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '>':
				return i + 1
			}
		}
		if len(b) >= maxXMLTag/2 {
			return k + 1
		}
	}
	return 0
}

// tag takes a tag apart.
func (x *xmlReader) tag(b []byte) {
	t := &x.tok
	switch {
	case len(b) < 3, b[1] == '?':
		t.kind, t.text = xmlOther, b
		return
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		x.raw = true
		return
	case b[1] == '!':
		t.kind, t.text = xmlOther, b
		return
	}
	b = b[1 : len(b)-1]
	t.kind = xmlStart
	if b[0] == '/' {
		t.kind = xmlEnd
		b = b[1:]
	} else if b[len(b)-1] == '/' {
		t.empty = true
		b = b[:len(b)-1]
	}
	n := 0
	for n < len(b) && b[n] != ' ' && b[n] != '\n' && b[n] != '\r' && b[n] != '\t' {
		n++
	}
	t.name, t.attrs = b[:n], b[n:]
	if k := bytes.IndexByte(t.name, ':'); k >= 0 {
		t.name = t.name[k+1:]
	}
}

// text returns the character data up to the next tag, or a piece of it.
func (x *xmlReader) text() *xmlToken {
	b := x.buf[x.pos:x.end]
	k := bytes.IndexByte(b, '<')
	if k < 0 {
		k = len(b)
		// Not within a reference or a character.
		if amp := bytes.LastIndexByte(b[max(0, k-12):], '&'); amp >= 0 {
			k = max(0, k-12) + amp
		} else {
			for n := 0; n < 3 && k > 0 && !utf8.RuneStart(b[k-1]); n++ {
				k--
			}
			if k > 0 && b[k-1] >= utf8.RuneSelf {
				k--
			}
		}
		if k == 0 {
			if x.fill() {
				return x.next()
			}
			k = min(len(b), max(1, len(b)))
		}
	}
	x.tok.text = b[:k]
	if bytes.IndexByte(b[:k], '&') >= 0 {
		x.out = xmlUnescape(x.out[:0], b[:k])
		x.tok.text = x.out
	}
	x.pos += k
	return &x.tok
}

// cdata returns a section that is not to be decoded, or a piece of it.
func (x *xmlReader) cdata() *xmlToken {
	for {
		b := x.buf[x.pos:x.end]
		if k := bytes.Index(b, []byte("]]>")); k >= 0 {
			x.raw = false
			x.tok.text = b[:k]
			x.pos += k + 3
			return &x.tok
		}
		if len(b) > 32<<10 {
			x.tok.text = b[:len(b)-2]
			x.pos = x.end - 2
			return &x.tok
		}
		if !x.fill() {
			x.tok.text = b
			x.pos = x.end
			return &x.tok
		}
	}
}

// xmlUnescape appends b with its references decoded. Those that are not known
// stay.
func xmlUnescape(dst, b []byte) []byte {
	for {
		k := bytes.IndexByte(b, '&')
		if k < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:k]...)
		b = b[k:]
		end := bytes.IndexByte(b[:min(len(b), 12)], ';')
		r := rune(-1)
		if end > 0 {
			switch name := string(b[1:end]); name {
			case "amp":
				r = '&'
			case "lt":
				r = '<'
			case "gt":
				r = '>'
			case "quot":
				r = '"'
			case "apos":
				r = '\''
			default:
				if len(name) > 1 && name[0] == '#' {
					digits, base := name[1:], 10
					if digits[0] == 'x' || digits[0] == 'X' {
						digits, base = digits[1:], 16
					}
					if v, err := strconv.ParseUint(digits, base, 32); err == nil && v < 0x110000 && utf8.ValidRune(rune(v)) {
						r = rune(v)
					}
				}
			}
		}
		if r < 0 {
			dst = append(dst, '&')
			b = b[1:]
			continue
		}
		dst = utf8.AppendRune(dst, r)
		b = b[end+1:]
	}
}

// attr returns the decoded value of an attribute, whose name is given without
// its prefix. It may share memory with the token.
func (t *xmlToken) attr(name string) (value []byte, ok bool) {
	t.each(func(n, v []byte) bool {
		if string(n) == name {
			value, ok = v, true
		}
		return !ok
	})
	if ok && bytes.IndexByte(value, '&') >= 0 {
		value = xmlUnescape(nil, value)
	}
	return value, ok
}

// each calls f with the name of each attribute, without its prefix, and its
// value as it is written, until f returns false.
func (t *xmlToken) each(f func(name, value []byte) bool) {
	b := t.attrs
	for {
		eq := bytes.IndexByte(b, '=')
		if eq < 0 {
			return
		}
		name := bytes.TrimSpace(b[:eq])
		b = bytes.TrimLeft(b[eq+1:], " \t\r\n")
		if len(b) == 0 {
			return
		}
		var value []byte
		if q := b[0]; q == '"' || q == '\'' {
			end := bytes.IndexByte(b[1:], q)
			if end < 0 {
				value, b = b[1:], nil
			} else {
				value, b = b[1:1+end], b[end+2:]
			}
		} else {
			end := bytes.IndexAny(b, " \t\r\n")
			if end < 0 {
				end = len(b)
			}
			value, b = b[:end], b[end:]
		}
		if k := bytes.LastIndexByte(name, ':'); k >= 0 {
			name = name[k+1:]
		}
		if !f(name, value) {
			return
		}
	}
}
