package document

import (
	"bytes"
	"net/textproto"
	"sort"
	"strconv"
	"strings"
)

const (
	mailHeaderLen = 16 << 20  // the longest header that is read as one
	mailFieldsLen = 256 << 10 // what is held of a header before its fields are yielded
	mailFieldLen  = 64 << 10  // the longest field that is held as a whole
	mailParamsLen = 64 << 10  // the longest structured field that is understood
)

// mailKnownField reports whether name is that of a usual header field, which
// can't be content.
func mailKnownField(name string) bool {
	switch strings.ToLower(name) {
	case "received", "from", "to", "cc", "bcc", "subject", "date", "message-id", "return-path", "delivered-to",
		"envelope-to", "reply-to", "sender", "in-reply-to", "references", "mime-version", "content-type",
		"content-transfer-encoding", "content-disposition", "content-id", "content-description", "content-language",
		"content-location", "content-length", "content-class", "content-md5", "x-mailer", "user-agent",
		"x-priority", "x-original-to", "x-spam-status", "x-spam-score", "x-spam-level", "x-spam-flag", "x-received",
		"x-originating-ip", "x-uid", "x-keywords", "x-mozilla-status", "x-mozilla-status2", "importance", "priority",
		"received-spf", "dkim-signature", "domainkey-signature", "authentication-results", "arc-seal",
		"arc-message-signature", "arc-authentication-results", "list-id", "list-unsubscribe", "list-unsubscribe-post",
		"list-post", "list-help", "list-archive", "list-subscribe", "list-owner", "precedence", "auto-submitted",
		"errors-to", "thread-topic", "thread-index", "organization", "resent-from", "resent-to", "resent-date",
		"resent-message-id", "resent-cc", "resent-sender", "disposition-notification-to", "return-receipt-to",
		"status", "x-status", "lines", "xref", "newsgroups", "path", "apparently-to", "comments", "keywords",
		"autocrypt", "feedback-id", "mail-followup-to", "delivery-date", "original-recipient":
		return true
	}
	return false
}

// mailFieldName returns the name of the field that a line starts and where its
// value starts, or "" where it starts none. RFC 5322 allows any printable byte
// but the colon.
func mailFieldName(line []byte) (name string, value int) {
	i := bytes.IndexByte(line[:min(len(line), 256)], ':')
	if i <= 0 {
		return "", 0
	}
	n := bytes.TrimRight(line[:i], " \t")
	for _, c := range n {
		if c <= ' ' || c >= 0x7f {
			return "", 0
		}
	}
	if len(n) == 0 {
		return "", 0
	}
	return string(n), i + 1
}

// A mimeHeader is what a header says about the body that follows it.
type mimeHeader struct {
	types       []string // the values of Content-Type, as they stand
	encodings   []string
	disposition []string
	location    string // of the content on the web

	fields bool // it has any field at all
	over   bool // it is too long: the rest is not understood
}

func (h *mimeHeader) note(name string, value []byte) {
	if len(value) > mailParamsLen {
		value = value[:mailParamsLen]
	}
	add := func(l *[]string) {
		if len(*l) < 8 {
			*l = append(*l, string(value))
		}
	}
	switch {
	case strings.EqualFold(name, "Content-Type"):
		add(&h.types)
	case strings.EqualFold(name, "Content-Transfer-Encoding"):
		add(&h.encodings)
	case strings.EqualFold(name, "Content-Disposition"):
		add(&h.disposition)
	case strings.EqualFold(name, "Content-Location"):
		h.location = string(bytes.TrimSpace(value))
	}
}

// place returns the file name in the Content-Location of a part (RFC 2557), ""
// where there is none.
func (h *mimeHeader) place() string {
	s, _, _ := strings.Cut(h.location, "#")
	s, _, _ = strings.Cut(s, "?")
	if i := strings.IndexByte(s, ':'); i > 0 && !strings.HasPrefix(s[i:], "://") && i != 1 {
		return "" // cid:, data:
	}
	s = string(mimePercent(nil, s[strings.LastIndexAny(s, "/\\")+1:]))
	return string(mimeWords(nil, []byte(s), ""))
}

// A mimeType is a parsed header value with parameters.
type mimeType struct {
	value  string // in lower case, without parameters
	params []mimeParam
}

type mimeParam struct{ name, value string }

// get returns the first value of a parameter that is not empty.
func (t mimeType) get(name string) string {
	for _, p := range t.params {
		if p.name == name && p.value != "" {
			return p.value
		}
	}
	return ""
}

// parseMIMEType reads a value such as that of Content-Type (RFC 2045, section
// 5.1), with parameters that are continued or carry a charset (RFC 2231). What
// is not understood is passed over.
func parseMIMEType(v string) mimeType {
	var t mimeType
	head, rest := mimeCutParam(v)
	head = strings.ToLower(strings.TrimSpace(strings.Trim(strings.TrimSpace(head), "\"'")))
	if !strings.Contains(head, "/") {
		// "text plain foo"
		f := strings.Fields(head)
		switch {
		case len(f) >= 2 && mimeTopLevel(f[0]):
			head = f[0] + "/" + f[1]
		case len(f) == 1 && mimeTopLevel(f[0]):
			head = f[0] + "/plain"
		}
	} else if f := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(head, " /", "/"), "/ ", "/")); len(f) > 0 {
		head = f[0]
		if len(f) > 1 && strings.Contains(f[1], "=") { // a semicolon is missing
			rest = v[strings.IndexByte(v, '/'):]
			if i := strings.IndexAny(rest, " \t\r\n"); i >= 0 {
				rest = rest[i:]
			}
		}
	}
	t.value = head
	type piece struct {
		n       int
		v       string
		encoded bool
	}
	var pieces map[string][]piece
	for rest != "" {
		var p string
		p, rest = mimeCutParam(rest)
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.TrimSpace(value)
		if i := strings.IndexByte(name, '*'); i > 0 {
			base, num := name[:i], name[i+1:]
			encoded := num == "" || strings.HasSuffix(num, "*")
			n, err := strconv.Atoi(strings.TrimSuffix(num, "*"))
			if err != nil {
				n = 0
			}
			if pieces == nil {
				pieces = map[string][]piece{}
			}
			pieces[base] = append(pieces[base], piece{n, mimeUnquote(value), encoded})
			continue
		}
		t.params = append(t.params, mimeParam{name, mimeUnquote(value)})
		if name == "boundary" {
			// What else an unquoted or badly quoted value can mean.
			for _, alt := range []string{strings.Trim(value, "\"'"), value, strings.TrimSuffix(strings.TrimPrefix(value, "\""), "\"")} {
				if f := strings.Fields(alt); len(f) > 0 {
					t.params = append(t.params, mimeParam{name, alt}, mimeParam{name, f[0]})
				}
			}
		}
	}
	names := make([]string, 0, len(pieces))
	for name := range pieces {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		list := pieces[name]
		sort.SliceStable(list, func(i, j int) bool { return list[i].n < list[j].n })
		charset := ""
		var out []byte
		for i, p := range list {
			v := p.v
			if i == 0 && p.encoded {
				if f := strings.SplitN(v, "'", 3); len(f) == 3 {
					charset, v = f[0], f[2]
				}
			}
			if p.encoded {
				out = mimePercent(out, v)
			} else {
				out = append(out, v...)
			}
		}
		// The extended form is the better one: it comes first.
		t.params = append([]mimeParam{{name, string(mimeDecodeText(charset, out))}}, t.params...)
	}
	return t
}

func mimeTopLevel(s string) bool {
	switch s {
	case "text", "multipart", "message", "application", "image", "audio", "video":
		return true
	}
	return false
}

// mimeCutParam cuts v at the next semicolon that is not quoted, and leaves
// comments out. A quote that is never closed quotes nothing.
func mimeCutParam(v string) (param, rest string) {
	if i := strings.IndexAny(v, ";\"\\("); i < 0 {
		return v, ""
	} else if v[i] == ';' {
		return v[:i], v[i+1:]
	}
	var b strings.Builder
	quoted, depth := false, 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case depth > 0:
			switch c {
			case '(':
				depth++
			case ')':
				depth--
			}
			continue
		case c == '\\' && quoted && i+1 < len(v):
			b.WriteByte(c)
			i++
			c = v[i]
		case c == '"':
			if !quoted && strings.IndexByte(v[i+1:], '"') < 0 {
				break
			}
			quoted = !quoted
		case c == '(' && !quoted && !strings.Contains(b.String(), "=") && strings.IndexByte(v[i:], ')') > 0:
			depth++
			continue
		case c == ';' && !quoted:
			return b.String(), v[i+1:]
		}
		b.WriteByte(c)
	}
	return b.String(), ""
}

func mimeUnquote(v string) string {
	if len(v) > 0 && v[0] == '"' {
		var b strings.Builder
		for i := 1; i < len(v) && v[i] != '"'; i++ {
			if v[i] == '\\' && i+1 < len(v) && (v[i+1] == '"' || v[i+1] == '\\') {
				i++
			}
			b.WriteByte(v[i])
		}
		return b.String()
	}
	return v
}

func mimePercent(dst []byte, v string) []byte {
	for i := 0; i < len(v); i++ {
		if v[i] == '%' && i+2 < len(v) && mimeUnhex(v[i+1]) < 16 && mimeUnhex(v[i+2]) < 16 {
			dst = append(dst, mimeUnhex(v[i+1])<<4|mimeUnhex(v[i+2]))
			i += 2
			continue
		}
		dst = append(dst, v[i])
	}
	return dst
}

// mimeWords appends the value of a header field to dst in UTF-8: encoded words
// (RFC 2047) decoded wherever they stand, those that are broken as they are,
// neighbours joined even within a character, and other bytes by charset.
func mimeWords(dst, v []byte, charset string) []byte {
	if !bytes.Contains(v, []byte("=?")) {
		return mimeRawText(dst, v, charset)
	}
	var run []byte // decoded bytes of neighbours
	label := ""
	flush := func() {
		if label != "" {
			dst = append(dst, mimeDecodeText(label, run)...)
		}
		run, label = run[:0], ""
	}
	for len(v) > 0 {
		i := bytes.Index(v, []byte("=?"))
		if i < 0 {
			break
		}
		cs, text, enc, n := mimeCutWord(v[i:])
		if n == 0 {
			flush()
			dst = mimeRawText(dst, v[:i+2], charset)
			v = v[i+2:]
			continue
		}
		if i > 0 && (label == "" || !mimeBlank(v[:i])) {
			flush()
			dst = mimeRawText(dst, v[:i], charset)
		}
		if !strings.EqualFold(cs, label) {
			flush()
			label = cs
		}
		if enc == 'q' {
			for j := 0; j < len(text); j++ {
				c := text[j]
				switch {
				case c == '_':
					c = ' '
				case c == '=' && j+2 < len(text) && mimeUnhex(text[j+1]) < 16 && mimeUnhex(text[j+2]) < 16:
					c = mimeUnhex(text[j+1])<<4 | mimeUnhex(text[j+2])
					j += 2
				}
				run = append(run, c)
			}
		} else {
			d := mimeBase64{started: true}
			d.line(text)
			d.flush()
			run = append(run, d.out...)
		}
		v = v[i+n:]
	}
	flush()
	return mimeRawText(dst, v, charset)
}

// mimeRawText appends header bytes that are not encoded.
func mimeRawText(dst, v []byte, charset string) []byte {
	if charset != "" && !mimeValidUTF8(v) {
		return append(dst, mimeDecodeText(charset, v)...)
	}
	return append(dst, mimeDecodeText("", v)...)
}

// mimeCutWord takes the encoded word at the start of v apart; n is its length,
// 0 where it is none.
func mimeCutWord(v []byte) (charset string, text []byte, enc byte, n int) {
	w := v[2:min(len(v), 4096)]
	i := bytes.IndexByte(w, '?')
	if i <= 0 || i > 60 || i+2 >= len(w) || w[i+2] != '?' || bytes.ContainsAny(w[:i], " \t\"<>=") {
		return "", nil, 0, 0
	}
	enc = w[i+1] | 0x20
	if enc != 'q' && enc != 'b' {
		return "", nil, 0, 0
	}
	text = w[i+3:]
	end := bytes.Index(text, []byte("?="))
	if end < 0 {
		return "", nil, 0, 0
	}
	// In "=?utf-8?Q?=41?=" the first "?=" may be "?" and the start of "=41".
	if enc == 'q' && end == 0 && len(text) > 3 && mimeUnhex(text[2]) < 16 {
		return "", nil, 0, 0
	}
	text = text[:end]
	if bytes.Contains(text, []byte("=?")) {
		return "", nil, 0, 0
	}
	if enc == 'b' {
		d := mimeBase64{}
		if illegal, _ := d.count(text); illegal > 0 {
			return "", nil, 0, 0
		}
	}
	return string(w[:i]), text, enc, 2 + i + 3 + end + 2
}

// A mailField is a field of the header that is being read.
type mailField struct {
	name       string // "": a line that is none
	line       int    // where its line starts in the arena
	value, end int    // where its value lies in the arena
	off        int64  // of the value in the message
	one        bool   // on a single line
}

// header reads the header that starts here and yields its fields. It stops
// behind the empty line, at the delimiter or at the end of the message that ends
// the header, or before a line that can't belong to it.
func (w *mailWalker) header(top bool) (h mimeHeader) {
	s := w.src
	s.open()
	w.arena, w.fields = w.arena[:0], w.fields[:0]
	var total int64
	junk := false
	first := true
	if top {
		w.start()
	}
	for !w.over && !s.ended {
		if s.atDelimiter() {
			break
		}
		line, n, whole := s.line()
		if n == 0 {
			s.ended = true
			break
		}
		if total += int64(n); total > mailHeaderLen {
			h.over = true
			break
		}
		if len(line) == 0 && whole {
			s.skip(n, true)
			if first && top && total < 1024 && s.blankStart() {
				continue
			}
			break
		}
		cont := line[0] == ' ' || line[0] == '\t'
		switch name, value := mailFieldName(line); {
		case cont && len(w.fields) > 0:
			f := &w.fields[len(w.fields)-1]
			f.one = false
			w.arena = append(w.arena, line...)
			f.end = len(w.arena)
		case first && top && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))):
			w.field(&h, "From ", line, 0, s.offset())
		case name != "" && !cont:
			if first && name == ">From" {
				name = "From"
			}
			h.fields = true
			w.field(&h, name, line, value, s.offset())
			junk = false
		default:
			// A line that is no field: one too many within the header, or the
			// body already.
			if (junk || first) && !s.headerGoesOn(true) || !s.headerGoesOn(false) {
				w.flushFields(&h)
				return h
			}
			junk = true
			w.field(&h, "", line, 0, s.offset())
		}
		first = false
		s.skip(n, whole)
		for !whole && !w.over {
			if w.held() > mailFieldLen {
				break
			}
			if line, n, whole = s.line(); n == 0 {
				break
			}
			total += int64(n)
			f := &w.fields[len(w.fields)-1]
			w.arena = append(w.arena, line...)
			f.end = len(w.arena)
			s.skip(n, whole)
		}
		if w.held() > mailFieldLen {
			total += w.longField(&h, !whole)
		} else if len(w.arena) > mailFieldsLen {
			last := w.fields[len(w.fields)-1]
			w.fields = w.fields[:len(w.fields)-1]
			tail := bytes.Clone(w.arena[last.line:last.end])
			w.flushFields(&h)
			w.arena = append(w.arena, tail...)
			last.value, last.end, last.line = last.value-last.line, last.end-last.line, 0
			w.fields = append(w.fields, last)
		}
	}
	w.flushFields(&h)
	return h
}

// mailCount returns how long the first line is where that holds only how long
// the message is, as in files of Apple Mail.
func mailCount(head []byte) int {
	line, n, ok := mimeCutLine(head[:min(len(head), 32)], false)
	if !ok || len(bytes.Trim(line, "0123456789 \t")) > 0 || len(bytes.TrimSpace(line)) == 0 {
		return 0
	}
	next, _, _ := mimeCutLine(head[n:], false)
	if name, _ := mailFieldName(next); name == "" {
		return 0
	}
	return n
}

// start passes over a byte order mark or count, and finds out how lines end.
func (w *mailWalker) start() {
	s := w.src
	b := s.fill(4096)
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		s.skip(3, true)
	}
	s.skip(mailCount(s.fill(4096)), true)
	s.cr = bytes.IndexByte(b, '\n') < 0 && bytes.IndexByte(b, '\r') >= 0
}

// blankStart reports whether the empty lines at pos are followed by a header,
// so that they do not end one.
func (s *mimeSource) blankStart() bool {
	b := bytes.TrimLeft(s.fill(2048), "\r\n")
	line, _, _ := mimeCutLine(b[:min(len(b), 512)], s.cr)
	name, _ := mailFieldName(line)
	return mailKnownField(name) || bytes.HasPrefix(line, []byte("From "))
}

// headerGoesOn reports whether the line at pos is followed by more of a header:
// within ten lines, or, if not far, at once.
func (s *mimeSource) headerGoesOn(far bool) bool {
	b := s.fill(mimeLineLen)
	for i := 0; i < 10; i++ {
		_, n, ok := mimeCutLine(b, s.cr)
		if !ok {
			return false
		}
		b = b[n:]
		line, _, _ := mimeCutLine(b[:min(len(b), 512)], s.cr)
		if len(line) == 0 {
			return i == 0 && !far
		}
		if name, _ := mailFieldName(line); mailKnownField(name) {
			return true
		} else if i == 0 && !far && name != "" && (strings.HasPrefix(name, "X-") || strings.Contains(name, "-")) {
			return true
		}
	}
	return false
}

func (w *mailWalker) held() int {
	if len(w.fields) == 0 {
		return 0
	}
	f := w.fields[len(w.fields)-1]
	return f.end - f.line
}

// field starts a field with the line it stands on.
func (w *mailWalker) field(h *mimeHeader, name string, line []byte, value int, off int64) {
	at := len(w.arena)
	w.arena = append(w.arena, line...)
	w.fields = append(w.fields, mailField{name: name, line: at, value: at + value, end: len(w.arena), off: off + int64(value), one: true})
}

// flushFields yields the fields that are held.
func (w *mailWalker) flushFields(h *mimeHeader) {
	// Fields that a bare CR runs together.
	if bytes.IndexByte(w.arena, '\r') >= 0 {
		var split []mailField
		for _, f := range w.fields {
			for {
				rest := w.arena[f.value:f.end]
				cut := -1
				for i, c := range rest {
					if c != '\r' {
						continue
					}
					if name, _ := mailFieldName(rest[i+1:]); name != "" {
						cut = i
						break
					}
				}
				if cut < 0 {
					break
				}
				g := f
				g.end, g.one = f.value+cut, false
				split = append(split, g)
				start := f.value + cut + 1
				name, value := mailFieldName(w.arena[start:f.end])
				f = mailField{name: name, line: start, value: start + value, end: f.end}
			}
			split = append(split, f)
		}
		w.fields = split
	}
	charset := ""
	for _, f := range w.fields {
		h.note(f.name, w.arena[f.value:f.end])
	}
	for _, v := range h.types {
		if charset == "" {
			charset = w.known.parse(v).get("charset")
		}
	}
	for _, f := range w.fields {
		if w.over {
			break
		}
		w.yieldField(f, charset)
	}
	w.arena, w.fields = w.arena[:0], w.fields[:0]
}

func (w *mailWalker) yieldField(f mailField, charset string) {
	raw := w.arena[f.value:f.end]
	off := f.off
	name := "header"
	switch {
	case f.name == "From ":
		name = "postmark"
	case f.name != "":
		usual := false
		if name, usual = w.known.name(f.name); !usual {
			// The name may be content.
			raw = w.arena[f.line:f.end]
			off -= int64(f.value - f.line)
		}
	}
	trimmed := bytes.TrimLeft(raw, " \t")
	off += int64(len(raw) - len(trimmed))
	w.value = mimeWords(w.value[:0], bytes.TrimRight(trimmed, " \t\r"), charset)
	if len(w.value) == 0 {
		return
	}
	it := mailText(name, w.small(w.value))
	if f.one && bytes.HasPrefix(trimmed, w.value) {
		it.Verbatim, it.Offset = true, off
	}
	w.send(it)
}

// mailCanonical returns the usual spelling of a field's name.
func mailCanonical(name string) string {
	switch strings.ToLower(name) {
	case "message-id":
		return "Message-ID"
	case "mime-version":
		return "MIME-Version"
	case "content-id":
		return "Content-ID"
	case "content-md5":
		return "Content-MD5"
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}
