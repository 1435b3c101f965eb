package document

import (
	"bytes"
	"math"
	"strconv"
)

// The syntax of objects is that of ISO 32000-1, section 7.3. It is read
// leniently: a damaged object ends where the bytes do.

type (
	pdfName   string
	pdfString string
	pdfArray  []any
	pdfDict   map[pdfName]any
	pdfRef    struct{ n, g int }
	// pdfWord is a keyword: an operator, "obj", "endobj".
	pdfWord string
)

const (
	pdfNesting = 64      // of arrays and dictionaries
	pdfWidest  = 4 << 20 // elements of one array or dictionary
)

// A pdfLexer reads objects. Numbers are float64 all of them, as few readers of
// this format tell them apart either.
type pdfLexer struct {
	b []byte
	i int
	// refs says that "1 0 R" is a reference; it isn't in a content stream.
	refs bool
	// short is set when the input ended within an object.
	short bool
}

// pdfEOF is what is read behind the last object.
type pdfEOF struct{}

var pdfClass = func() (t [256]byte) {
	for _, c := range "\x00\t\n\f\r " {
		t[c] = 'w'
	}
	for _, c := range "()<>[]{}/%" {
		t[c] = 'd'
	}
	for _, c := range "0123456789+-." {
		t[c] = 'n'
	}
	return t
}()

// space skips white space and comments.
func (l *pdfLexer) space() {
	for l.i < len(l.b) {
		switch c := l.b[l.i]; {
		case pdfClass[c] == 'w':
			l.i++
		case c == '%':
			for l.i < len(l.b) && l.b[l.i] != '\n' && l.b[l.i] != '\r' {
				l.i++
			}
		default:
			return
		}
	}
}

// object returns the next object, pdfWord or pdfEOF.
func (l *pdfLexer) object(depth int) any {
	l.space()
	if l.i >= len(l.b) {
		l.short = true
		return pdfEOF{}
	}
	switch c := l.b[l.i]; c {
	case '/':
		return l.name()
	case '(':
		return pdfString(l.literal(nil))
	case '<':
		if l.i+1 < len(l.b) && l.b[l.i+1] == '<' {
			l.i += 2
			return l.dict(depth)
		}
		return pdfString(l.hex(nil))
	case '[':
		l.i++
		return l.array(depth)
	case ']', '}', '{', ')':
		l.i++
		return pdfWord(c)
	case '>':
		l.i++
		if l.i < len(l.b) && l.b[l.i] == '>' {
			l.i++
			return pdfWord(">>")
		}
		return pdfWord(">")
	}
	if pdfClass[l.b[l.i]] == 'n' {
		at := l.i
		if f, ok := l.number(); ok {
			if l.refs && f >= 0 && f < math.MaxInt32 && f == math.Trunc(f) {
				if r, ok := l.ref(int(f)); ok {
					return r
				}
			}
			return f
		}
		l.i = at
	}
	w := l.word()
	switch string(w) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	return pdfWord(w)
}

// word reads up to the next delimiter, at least one byte.
func (l *pdfLexer) word() []byte {
	at := l.i
	for l.i < len(l.b) {
		if c := pdfClass[l.b[l.i]]; c == 'w' || c == 'd' {
			break
		}
		l.i++
	}
	if l.i == at && l.i < len(l.b) {
		l.i++
	}
	return l.b[at:l.i]
}

// number reads a number. Signs in the middle of it, as broken writers leave
// them, end it.
func (l *pdfLexer) number() (float64, bool) {
	neg, digits := false, false
	i := l.i
	for i < len(l.b) && (l.b[i] == '-' || l.b[i] == '+') {
		neg = l.b[i] == '-'
		i++
	}
	var f float64
	for i < len(l.b) && l.b[i]-'0' <= 9 {
		f = f*10 + float64(l.b[i]-'0')
		digits = true
		i++
	}
	if i < len(l.b) && l.b[i] == '.' {
		i++
		scale := 0.1
		for i < len(l.b) && l.b[i]-'0' <= 9 {
			f += float64(l.b[i]-'0') * scale
			scale /= 10
			digits = true
			i++
		}
	}
	if !digits {
		if i == l.i || i < len(l.b) && pdfClass[l.b[i]] == 0 {
			return 0, false
		}
		f = 0
	}
	for i < len(l.b) && pdfClass[l.b[i]] == 'n' {
		i++
	}
	l.i = i
	if neg {
		f = -f
	}
	return f, true
}

// ref reads the rest of a reference to object n.
func (l *pdfLexer) ref(n int) (pdfRef, bool) {
	i := l.i
	for i < len(l.b) && pdfClass[l.b[i]] == 'w' {
		i++
	}
	g, at := 0, i
	for i < len(l.b) && l.b[i]-'0' <= 9 && i-at < 6 {
		g = g*10 + int(l.b[i]-'0')
		i++
	}
	if i == at {
		return pdfRef{}, false
	}
	at = i
	for i < len(l.b) && pdfClass[l.b[i]] == 'w' {
		i++
	}
	if i == at || i >= len(l.b) || l.b[i] != 'R' {
		return pdfRef{}, false
	}
	if i+1 < len(l.b) && pdfClass[l.b[i+1]] == 0 {
		return pdfRef{}, false
	}
	l.i = i + 1
	return pdfRef{n, g}, true
}

func (l *pdfLexer) name() pdfName {
	l.i++
	at := l.i
	for l.i < len(l.b) {
		if c := pdfClass[l.b[l.i]]; c == 'w' || c == 'd' {
			break
		}
		l.i++
	}
	raw := l.b[at:l.i]
	if bytes.IndexByte(raw, '#') < 0 {
		return pdfName(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) {
			if h, err := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(h))
				i += 2
				continue
			}
		}
		out = append(out, raw[i])
	}
	return pdfName(out)
}

// literal appends a string in parentheses to out.
func (l *pdfLexer) literal(out []byte) []byte {
	l.i++
	depth := 1
	for l.i < len(l.b) {
		c := l.b[l.i]
		l.i++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return out
			}
		case '\r':
			if l.i < len(l.b) && l.b[l.i] == '\n' {
				l.i++
			}
			c = '\n'
		case '\\':
			if l.i >= len(l.b) {
				continue
			}
			c = l.b[l.i]
			l.i++
			switch c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case '\r':
				if l.i < len(l.b) && l.b[l.i] == '\n' {
					l.i++
				}
				continue
			case '\n':
				continue
			case '0', '1', '2', '3', '4', '5', '6', '7':
				v := int(c - '0')
				for k := 0; k < 2 && l.i < len(l.b) && l.b[l.i]-'0' <= 7; k++ {
					v = v*8 + int(l.b[l.i]-'0')
					l.i++
				}
				c = byte(v)
			}
		}
		out = append(out, c)
	}
	l.short = true
	return out
}

// hex appends a string in angle brackets to out.
func (l *pdfLexer) hex(out []byte) []byte {
	l.i++
	var v byte
	half := false
	for l.i < len(l.b) {
		c := l.b[l.i]
		l.i++
		d, ok := pdfHexDigit(c)
		if c == '>' {
			if half {
				out = append(out, v<<4)
			}
			return out
		}
		if !ok {
			continue
		}
		if half {
			out = append(out, v<<4|d)
		} else {
			v = d
		}
		half = !half
	}
	l.short = true
	return out
}

func pdfHexDigit(c byte) (byte, bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

func (l *pdfLexer) array(depth int) any {
	var a pdfArray
	if depth >= pdfNesting {
		return a
	}
	for len(a) < pdfWidest {
		switch o := l.object(depth + 1).(type) {
		case pdfEOF:
			return a
		case pdfWord:
			if o == "]" {
				return a
			}
			if o == "endobj" || o == "stream" || o == ">>" {
				l.i -= len(o)
				return a
			}
		default:
			a = append(a, o)
		}
	}
	return a
}

func (l *pdfLexer) dict(depth int) any {
	d := pdfDict{}
	if depth >= pdfNesting {
		return d
	}
	for len(d) < pdfWidest {
		switch k := l.object(depth + 1).(type) {
		case pdfEOF:
			return d
		case pdfWord:
			if k == ">>" {
				return d
			}
			if k == "endobj" || k == "stream" {
				l.i -= len(k)
				return d
			}
		case pdfName:
			at := l.i
			v := l.object(depth + 1)
			if w, ok := v.(pdfWord); ok {
				if w == ">>" || w == "endobj" || w == "stream" {
					l.i = at
				}
				continue
			}
			if _, ok := v.(pdfEOF); ok {
				return d
			}
			d[k] = v
		}
	}
	return d
}
