package export

import (
	"bytes"
	"html"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// A tagReader takes XML apart: tags, comments and the like, and what stands
// between them, byte by byte as they are.
type tagReader struct {
	r   io.Reader
	buf []byte
	at  int
	err error
	bom bool
}

// next returns the next token, which is never empty; io.EOF behind the last.
func (t *tagReader) next() (string, error) {
	for {
		b := t.buf[t.at:]
		if n := tokenLen(b, t.err != nil); n > 0 {
			tok := string(b[:n])
			t.at += n
			if !utf8.ValidString(tok) || strings.IndexByte(tok, 0) >= 0 {
				return "", errMarkup
			}
			if !t.bom {
				t.bom = true
				if tok == "\ufeff" {
					continue // UTF-8 needs no mark
				}
			}
			return tok, nil
		}
		if t.err != nil {
			switch {
			case t.err != io.EOF:
				return "", t.err
			case len(b) > 0:
				return "", errMarkup
			}
			return "", io.EOF
		}
		if len(b) > maxUnit {
			return "", errMarkup
		}
		t.fill()
	}
}

func (t *tagReader) fill() {
	left := copy(t.buf, t.buf[t.at:])
	t.buf, t.at = t.buf[:left], 0
	if cap(t.buf)-left < 32<<10 {
		t.buf = append(make([]byte, 0, 2*cap(t.buf)+64<<10), t.buf...)
	}
	for range 100 {
		n, err := t.r.Read(t.buf[left:cap(t.buf)])
		t.buf = t.buf[:left+n]
		if t.err = err; n > 0 || err != nil {
			return
		}
	}
	t.err = io.ErrNoProgress
}

// tokenLen returns the length of the token at the start of b, 0 where it is not
// whole. all says that nothing follows b.
func tokenLen(b []byte, all bool) int {
	if len(b) == 0 {
		return 0
	}
	if b[0] != '<' {
		if k := bytes.IndexByte(b, '<'); k > 0 {
			return k
		}
		if all {
			return len(b)
		}
		return 0
	}
	for _, p := range [...][2]string{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		start, end := p[0], p[1]
		if !bytes.HasPrefix(b, []byte(start)) {
			if bytes.HasPrefix([]byte(start), b) {
				return 0
			}
			continue
		}
		if k := bytes.Index(b[len(start):], []byte(end)); k >= 0 {
			return len(start) + k + len(end)
		}
		return 0
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
			if i < 2 {
				return 0 // "<>"
			}
			return i + 1
		}
	}
	return 0
}

// local returns the name of a tag without its prefix.
func local(tok string) string {
	s := strings.TrimLeft(tok, "</")
	if k := strings.IndexAny(s, " \t\r\n/>"); k >= 0 {
		s = s[:k]
	}
	if k := strings.IndexByte(s, ':'); k >= 0 {
		s = s[k+1:]
	}
	return s
}

// An attr is an attribute of a tag: its name, with and without its prefix, and
// where its value stands.
type attr struct {
	full, name string
	start      int // of the name
	from, to   int
}

// attributesOf yields the attributes of a tag.
func attributesOf(tok string) iter.Seq[attr] {
	return func(yield func(attr) bool) {
		i := strings.IndexAny(tok, " \t\r\n")
		for i >= 0 && i < len(tok) {
			for i < len(tok) && strings.IndexByte(" \t\r\n/>", tok[i]) >= 0 {
				i++
			}
			eq := strings.IndexByte(tok[i:], '=')
			if eq < 0 {
				return
			}
			full := strings.TrimSpace(tok[i : i+eq])
			from := i + eq + 1
			for from < len(tok) && strings.IndexByte(" \t\r\n", tok[from]) >= 0 {
				from++
			}
			if from >= len(tok) || tok[from] != '"' && tok[from] != '\'' {
				return
			}
			n := strings.IndexByte(tok[from+1:], tok[from])
			if n < 0 {
				return
			}
			a := attr{full: full, name: full[strings.IndexByte(full, ':')+1:], start: i, from: from + 1, to: from + 1 + n}
			if !yield(a) {
				return
			}
			i = a.to + 1
		}
	}
}

// attribute returns the value of an attribute.
func attribute(tok, full string) (string, bool) {
	for a := range attributesOf(tok) {
		if a.full == full {
			return unescape(tok[a.from:a.to]), true
		}
	}
	return "", false
}

// without returns a tag without an attribute.
func without(tok, full string) string {
	for a := range attributesOf(tok) {
		if a.full == full {
			return strings.TrimRight(tok[:a.start], " \t\r\n") + tok[a.to+1:]
		}
	}
	return tok
}

func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}

// escaper writes what may stand in the text and the attributes of XML 1.0.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "\r", "&#13;", "\n", "&#10;", "\t", "&#9;")

func escape(s string) string { return escaper.Replace(s) }
