package document

import (
	"bytes"
	"html"
	"io"
	"strings"
)

// mimeTagLen is the longest tag that is understood; a longer one is shown.
const mimeTagLen = 8 << 10

// A mimeHTML turns HTML in UTF-8 into text, as Mail describes. It never drops
// anything but the names of HTML's own tags and the signs around them.
type mimeHTML struct {
	r      io.Reader
	in     []byte
	pos    int // in in
	err    error
	out    []byte
	at     int
	attrs  []byte // of tags, and short comments, until the next block
	sep    byte   // the separator written last, 0 when text followed
	script string // the end tag that ends raw text, "" outside

	// Where what is written comes from, for those who ask.
	track bool
	offsets
	base  int64       // of in
	sent  int64       // bytes written before out
	heads []offsetSeg // of attrs, by their place in it
}

func (h *mimeHTML) reset(r io.Reader) {
	*h = mimeHTML{r: r, in: h.in[:0], out: h.out[:0], attrs: h.attrs[:0]}
}

func (h *mimeHTML) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for h.at == len(h.out) {
		if h.err != nil && h.pos == len(h.in) {
			if len(h.attrs) == 0 {
				return 0, h.err
			}
			h.clear()
			h.flush()
			continue
		}
		h.clear()
		h.step()
	}
	n := copy(p, h.out[h.at:])
	h.at += n
	return n, nil
}

func (h *mimeHTML) clear() {
	h.sent += int64(len(h.out))
	h.out, h.at = h.out[:0], 0
}

// from notes that what is written next stands at in[at:], n bytes of it for as
// many; 0: all of it comes from there.
func (h *mimeHTML) from(at int, n uint8) {
	if h.track {
		h.add(h.sent+int64(len(h.out)), h.base+int64(at), n, n)
	}
}

// more reads on behind what is not used yet.
func (h *mimeHTML) more() {
	h.base += int64(h.pos)
	h.in = append(h.in[:0], h.in[h.pos:]...)
	h.pos = 0
	n := len(h.in)
	if cap(h.in) < n+mimeTagLen {
		h.in = append(make([]byte, 0, n+2*mimeTagLen), h.in...)
	}
	m, err := h.r.Read(h.in[n:cap(h.in)])
	h.in, h.err = h.in[:n+m], err
}

func (h *mimeHTML) step() {
	for h.pos < len(h.in) && len(h.out) < 8<<10 {
		if !h.token(h.in[h.pos:], h.err != nil) {
			break
		}
	}
	if len(h.out) == 0 && h.err == nil {
		h.more()
	}
}

// token takes the next token from b. Without final it reports false when that
// needs more than b.
func (h *mimeHTML) token(b []byte, final bool) bool {
	if h.script != "" {
		i := mimeIndexFold(b, h.script)
		switch {
		case i >= 0:
			h.emit(b[:i])
			h.script = ""
		case final || len(b) > mimeTagLen:
			i = len(b)
			if !final {
				i -= len(h.script)
			}
			h.emit(b[:i])
		default:
			return false
		}
		h.pos += i
		return true
	}
	i := bytes.IndexByte(b, '<')
	if i != 0 {
		n := i
		if i < 0 {
			n = len(b)
			// A character reference may go on.
			if j := bytes.LastIndexByte(b, '&'); !final && j >= 0 && n-j < 40 {
				n = j
			}
		}
		if n == 0 {
			if final {
				n = len(b)
			} else {
				return false
			}
		}
		h.text(b[:n])
		h.pos += n
		return true
	}
	if bytes.HasPrefix(b, []byte("<!--")) {
		i := bytes.Index(b[4:min(len(b), mimeTagLen)], []byte("-->"))
		if i < 0 && !final && len(b) < mimeTagLen {
			return false
		}
		if i >= 0 && bytes.IndexByte(b[4:4+i], '<') < 0 {
			// Within a word it parts nothing: zoe<!-- -->@example.be.
			if c := bytes.TrimSpace(b[4 : 4+i]); len(c) > 0 {
				h.aside(string(c), h.pos+4+bytes.Index(b[4:], c))
			}
			h.pos += i + 7
			return true
		}
		h.block('\n')
		h.pos += 4
		return true
	}
	if !final && len(b) < 4 {
		return false
	}
	var held [16]byte
	name, closing, n := mimeTagName(b, held[:0])
	kind := mimeTagKind(string(name))
	if n == len(b) && !final {
		return false // the name may go on
	}
	if kind == 0 {
		// Not a tag of HTML: content.
		h.text(b[:1])
		h.pos++
		return true
	}
	end := mimeTagEnd(b[n:])
	if end < 0 {
		if !final && len(b) < mimeTagLen {
			return false
		}
		// Never closed, or too long: all of it is shown, at once, so that each
		// byte is looked at once.
		n = min(len(b), n+mimeTagLen)
		h.text(b[:n])
		h.pos += n
		return true
	}
	attrs := bytes.TrimRight(bytes.TrimSpace(b[n:n+end]), "/")
	h.pos += n + end + 1
	if kind != 'i' {
		h.block(kind)
	}
	if len(attrs) > 0 {
		h.aside(html.UnescapeString(string(attrs)), h.pos-end-1+bytes.Index(h.in[h.pos-end-1:h.pos], attrs))
	}
	if !closing && (string(name) == "script" || string(name) == "style") {
		h.script = "</" + string(name)
	}
	return true
}

// aside keeps what stands at in[at:] and is no running text until that ends.
func (h *mimeHTML) aside(text string, at int) {
	if h.track {
		h.heads = append(h.heads, offsetSeg{int64(len(h.attrs)), h.base + int64(at), 1, 1})
	}
	h.attrs = append(append(h.attrs, text...), '\n')
	if len(h.attrs) > 4*mimeTagLen {
		h.block('\n')
	}
}

// text writes text with its character references decoded. A comment's end in it
// stays.
func (h *mimeHTML) text(b []byte) {
	if bytes.IndexByte(b, '&') < 0 {
		h.emit(b)
		return
	}
	if h.track {
		h.tracked(b)
	} else {
		h.out = append(h.out, html.UnescapeString(string(b))...)
	}
	h.sep = 0
}

// tracked writes text reference by reference.
func (h *mimeHTML) tracked(b []byte) {
	at := h.pos
	for len(b) > 0 {
		n := bytes.IndexByte(b, '&')
		if n < 0 {
			n = len(b)
		}
		if n > 0 {
			h.from(at, 1)
			h.out = append(h.out, b[:n]...)
		} else {
			// A reference, and what may belong to it.
			for n = 1; n < len(b) && n < 40 && b[n] != '&' && b[n] != ' ' && b[n] != '\n'; n++ {
				if b[n] == ';' {
					n++
					break
				}
			}
			h.from(at, 0)
			h.out = append(h.out, html.UnescapeString(string(b[:n]))...)
		}
		b, at = b[n:], at+n
	}
}

// emit writes what stands at pos.
func (h *mimeHTML) emit(b []byte) {
	h.from(h.pos, 1)
	h.out = append(h.out, b...)
	if len(b) > 0 {
		h.sep = 0
	}
}

// block ends a piece of running text.
func (h *mimeHTML) block(sep byte) {
	if len(h.attrs) > 0 && sep == '\n' {
		h.flush()
		return
	}
	if h.sep != sep {
		h.out = append(h.out, sep)
		h.sep = sep
	}
}

func (h *mimeHTML) flush() {
	h.out = append(h.out, '\n')
	for _, s := range h.heads {
		h.add(h.sent+int64(len(h.out))+s.out, s.src, 1, 1)
	}
	h.heads = h.heads[:0]
	h.out = append(h.out, h.attrs...)
	h.attrs = h.attrs[:0]
	h.sep = '\n'
}

// mimeTagName appends the name in the tag at the start of b to dst, in lower case,
// and tells where it ends.
func mimeTagName(b, dst []byte) (name []byte, closing bool, n int) {
	n = 1
	if n < len(b) && b[n] == '/' {
		closing = true
		n++
	}
	if n < len(b) && b[n] == '!' {
		n++
	}
	start := n
	if len(b)-n > 3 && b[n+1] == ':' && b[n]|0x20 == 'o' && b[n+2]|0x20 == 'p' { // of Microsoft's mail programs
		n += 3
	}
	for n < len(b) && n-start < 16 && (b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z' || b[n] >= '0' && b[n] <= '9') {
		n++
	}
	if n < len(b) && strings.IndexByte(" \t\r\n\f/>", b[n]) < 0 {
		return dst, closing, n
	}
	for _, c := range b[start:n] {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst, closing, n
}

// mimeTagEnd returns where the ">" of a tag is in what follows its name, or -1.
func mimeTagEnd(b []byte) int {
	b = b[:min(len(b), mimeTagLen)]
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && i > 0 && b[i-1] == '=':
			quote = c
		case c == '>':
			return i
		}
	}
	if quote != 0 {
		// A quote that is never closed quotes nothing.
		return bytes.IndexByte(b, '>')
	}
	return -1
}

// mimeTagKind returns 'i' for a tag within running text, '\t' for a cell, '\n'
// for any other tag of HTML, and 0 for what is none.
func mimeTagKind(name string) byte {
	switch name {
	case "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
		"ins", "kbd", "label", "map", "mark", "nobr", "q", "ruby", "rb", "rp", "rt", "s", "samp", "small", "span",
		"strike", "strong", "o:p", "sub", "sup", "time", "tt", "u", "var", "wbr", "img", "meter", "output", "progress":
		return 'i'
	case "td", "th":
		return '\t'
	case "address", "applet", "area", "article", "aside", "audio", "base", "basefont", "bgsound", "blink",
		"blockquote", "body", "br", "button", "canvas", "caption", "center", "col", "colgroup", "datalist", "dd",
		"details", "dialog", "dir", "div", "dl", "doctype", "dt", "embed", "fieldset", "figcaption", "figure",
		"footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html",
		"iframe", "input", "legend", "li", "link", "main", "marquee", "menu", "menuitem", "meta", "nav", "noframes",
		"noscript", "object", "ol", "optgroup", "option", "p", "param", "picture", "pre", "script", "section",
		"select", "source", "style", "summary", "svg", "table", "tbody", "template", "textarea", "tfoot", "thead",
		"title", "tr", "track", "ul", "video":
		return '\n'
	}
	return 0
}

// mimeIndexFold is bytes.Index for a lower-case needle that starts with "<",
// without regard to case.
func mimeIndexFold(b []byte, needle string) int {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '<')
		if j < 0 {
			return -1
		}
		i += j
		if len(b)-i < len(needle) {
			return -1
		}
		if strings.EqualFold(string(b[i:i+len(needle)]), needle) {
			return i
		}
	}
}
