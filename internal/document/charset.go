package document

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A Charset is one in which a text has to be decoded before anything is looked
// for in it. UTF-8 is none, and neither are the single-byte charsets of
// European languages, in which identifiers are looked for as they are written.
type Charset struct {
	name string
	unit int  // 2 and 4: UTF-16 and UTF-32
	big  bool // their byte order
	enc  encoding.Encoding
	// size returns the length of the character at the start of b, 0 where there
	// is none and -1 where b is too short to tell.
	size func(b []byte) int
}

// String returns the name of the charset.
func (c Charset) String() string { return c.name }

// sampled bounds how much of a text is looked at to tell its charset, in bytes.
const sampled = 4 << 10

// CharsetOf returns the charset in which a text that starts with head has to be
// decoded: by its byte order mark, by the zeros of UTF-16 and UTF-32, by what it
// declares (HTML, XML, CSS, the coding lines of editors), or, of the charsets of
// East Asia, by its bytes. It is not ok where the text is to be read as it is.
func CharsetOf(head []byte) (c Charset, ok bool) {
	head = head[:min(len(head), sampled)]
	if c, ok := wideCharset(head); ok {
		return c, true
	}
	if mimeValidUTF8(head) {
		escaped, label := bytes.Index(head, []byte("\x1b$")), declared(head)
		if escaped < 0 && label == "" || bytes.ContainsFunc(head, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return Charset{}, false
		}
		if escaped >= 0 && escaped+2 < len(head) && (head[escaped+2] == 'B' || head[escaped+2] == '@') {
			return Charset{name: "iso-2022-jp"}, true
		}
		// What is to come may be in what is declared.
		return labelled(label)
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return Charset{}, false
	}
	if label := declared(head); label != "" {
		if c, ok := labelled(label); ok && (c.size == nil || wellFormed(head, c) >= 0) {
			return c, true
		}
	}
	return eastAsian(head)
}

// wideCharset recognises UTF-16 and UTF-32.
func wideCharset(head []byte) (Charset, bool) {
	wide := [...]Charset{
		{name: "utf-32le", unit: 4},
		{name: "utf-32be", unit: 4, big: true},
		{name: "utf-16le", unit: 2},
		{name: "utf-16be", unit: 2, big: true},
	}
	for i, bom := range []string{"\xff\xfe\x00\x00", "\x00\x00\xfe\xff", "\xff\xfe", "\xfe\xff"} {
		if len(head) >= len(bom) && string(head[:len(bom)]) == bom {
			if wide[i].unit == 2 && !wideText(head, wide[i].big) {
				continue
			}
			return wide[i], true
		}
	}
	if len(head) < 16 || bytes.IndexByte(head[:16], 0) < 0 {
		return Charset{}, false
	}
	// Without a mark: nearly all characters of a text are US-ASCII.
	var zeros [4]int
	n := len(head) &^ 3
	for i, b := range head[:n] {
		switch {
		case b == 0:
			zeros[i&3]++
		case b < ' ' && b != '\n' && b != '\r' && b != '\t' && b > 6:
			return Charset{}, false
		}
	}
	n /= 4
	most := func(i int) bool { return zeros[i] >= n-n/8 }
	many := func(i int) bool { return 2*zeros[i] >= n }
	none := func(i int) bool { return zeros[i] <= n/64 }
	switch {
	case most(1) && most(2) && most(3) && none(0):
		return wide[0], true
	case most(0) && most(1) && most(2) && none(3):
		return wide[1], true
	case many(1) && many(3) && none(0) && none(2):
		return wide[2], true
	case many(0) && many(2) && none(1) && none(3):
		return wide[3], true
	}
	return Charset{}, false
}

// wideText reports whether what stands behind a byte order mark may be UTF-16:
// the two bytes start other files, too.
func wideText(head []byte, big bool) bool {
	bad, n := 0, 0
	for i := 2; i+1 < len(head); i += 2 {
		u := rune(head[i+1])<<8 | rune(head[i])
		if big {
			u = rune(head[i])<<8 | rune(head[i+1])
		}
		n++
		if u < ' ' && u != '\n' && u != '\r' && u != '\t' && u != '\f' && u != 0x1b || u >= 0xfff0 {
			bad++
		}
	}
	return bad*8 <= n
}

// How a text says in which charset it is: XML 1.0 section 4.3.3, HTML section
// 4.2.5.4, CSS Syntax section 3.2, PEP 263 and the like, gettext.
var (
	declaredXML   = regexp.MustCompile(`(?i)^\s*<\?xml[^>]{1,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']`)
	declaredMeta  = regexp.MustCompile(`(?i)^<meta\s[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{1,40})`)
	declaredCSS   = regexp.MustCompile(`(?i)^@charset "([\w.:-]{1,40})"`)
	declaredLines = regexp.MustCompile(`(?i)^[^\n]{0,200}(?:\n[^\n]{0,200})?(?:coding|fileencoding|\bfenc)[:=]\s*([\w.:-]{1,40})`)
	declaredPO    = regexp.MustCompile(`(?i)\\n?"?Content-Type: text/plain; charset=([\w.:-]{1,40})\\n`)
)

// declared returns the charset that a text declares, empty where there is none.
func declared(head []byte) string {
	head = head[:min(len(head), 2048)]
	// Hardly any text does: the words are looked for first, and an expression
	// is asked only where it can match.
	if !bytes.Contains(head, []byte("coding")) && !bytes.Contains(head, []byte("harset")) && !bytes.Contains(head, []byte("HARSET")) && !bytes.Contains(head, []byte("fenc")) {
		return ""
	}
	match := func(re *regexp.Regexp, b []byte) string {
		if m := re.FindSubmatch(b); m != nil {
			return string(m[1])
		}
		return ""
	}
	if hasFold(bytes.TrimLeft(head, "\t\n\f\r "), "<?xml") {
		if label := match(declaredXML, head); label != "" {
			return label
		}
	}
	if hasFold(head, "<meta") {
		if label := match(declaredMeta, head); label != "" {
			return label
		}
	}
	if head[0] == '@' {
		if label := match(declaredCSS, head); label != "" {
			return label
		}
	}
	lines := head
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		if k := bytes.IndexByte(head[i+1:], '\n'); k >= 0 {
			lines = head[:i+1+k]
		}
	}
	if lines = lines[:min(len(lines), 420)]; foldIndex(lines, "coding") >= 0 || foldIndex(lines, "fenc") >= 0 {
		if label := match(declaredLines, head); label != "" {
			return label
		}
	}
	po := -1 // where gettext's is
	if foldIndex(head, "content-type: text/plain; charset=") >= 0 {
		if m := declaredPO.FindIndex(head); m != nil {
			po = m[0]
		}
	}
	for i := 0; ; i++ {
		k := bytes.IndexByte(head[i:], '<')
		if i += k; k < 0 || po >= 0 && po < i {
			break
		}
		if hasFold(head[i:], "<meta") {
			if label := match(declaredMeta, head[i:]); label != "" {
				return label
			}
		}
	}
	if po >= 0 {
		return match(declaredPO, head)
	}
	return ""
}

// hasFold reports whether b starts with s, which is in lower case, in whatever
// case.
func hasFold(b []byte, s string) bool {
	return len(b) >= len(s) && strings.EqualFold(string(b[:len(s)]), s)
}

// foldIndex returns where s, which is in lower case and begins with a letter,
// stands in b in whatever case, -1 where it doesn't.
func foldIndex(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if b[i]|0x20 == s[0] && hasFold(b[i:], s) {
			return i
		}
	}
	return -1
}

// labelled returns the charset of a label, where it has to be decoded.
func labelled(label string) (Charset, bool) {
	if label == "" {
		return Charset{}, false
	}
	enc, known := mimeCharset(label)
	if !known || enc == nil {
		return Charset{}, false
	}
	if cm, ok := enc.(*charmap.Charmap); ok {
		for _, plain := range readAsIs {
			if cm == plain {
				return Charset{}, false
			}
		}
		return Charset{name: label, enc: enc, size: func([]byte) int { return 1 }}, true
	}
	for _, c := range multiByte {
		if c.enc == enc {
			return c, true
		}
	}
	if enc == japanese.ISO2022JP {
		return Charset{name: "iso-2022-jp"}, true
	}
	if name, err := htmlindex.Name(enc); err == nil && name == "gbk" {
		return multiByte[2], true
	}
	return Charset{}, false
}

// readAsIs lists the charsets in which identifiers are looked for as they are.
var readAsIs = []*charmap.Charmap{
	charmap.Windows1252, charmap.Windows1250, charmap.Windows1257, charmap.ISO8859_1, charmap.ISO8859_2, charmap.Windows1254, charmap.ISO8859_15,
	charmap.ISO8859_9, charmap.ISO8859_13, charmap.ISO8859_16, charmap.ISO8859_3, charmap.ISO8859_4, charmap.ISO8859_10, charmap.Macintosh,
	charmap.CodePage850, charmap.CodePage437, charmap.CodePage852, charmap.CodePage858, charmap.CodePage865, charmap.Windows1251, charmap.KOI8R,
	charmap.KOI8U, charmap.ISO8859_5, charmap.CodePage866, charmap.Windows1253, charmap.ISO8859_7,
}

// multiByte lists the charsets of East Asia.
var multiByte = [...]Charset{
	{name: "shift_jis", enc: japanese.ShiftJIS, size: func(b []byte) int {
		switch c := b[0]; {
		case c < 0x80, c >= 0xa1 && c <= 0xdf:
			return 1
		case c == 0x80 || c == 0xa0 || c > 0xfc:
			return 0
		case len(b) < 2:
			return -1
		case b[1] >= 0x40 && b[1] <= 0xfc && b[1] != 0x7f:
			return 2
		}
		return 0
	}},
	{name: "euc-jp", enc: japanese.EUCJP, size: func(b []byte) int {
		n := 2
		switch c := b[0]; {
		case c < 0x80:
			return 1
		case c == 0x8f:
			n = 3
		case c != 0x8e && c < 0xa1 || c == 0xff:
			return 0
		}
		return high(b, n)
	}},
	{name: "gb18030", enc: simplifiedchinese.GB18030, size: func(b []byte) int {
		switch c := b[0]; {
		case c <= 0x80:
			return 1
		case c == 0xff:
			return 0
		case len(b) < 2:
			return -1
		case b[1] >= '0' && b[1] <= '9':
			if len(b) < 4 {
				return -1
			}
			if b[2] < 0x81 || b[3] < '0' || b[3] > '9' {
				return 0
			}
			return 4
		case b[1] >= 0x40 && b[1] <= 0xfe && b[1] != 0x7f:
			return 2
		}
		return 0
	}},
	{name: "big5", enc: traditionalchinese.Big5, size: func(b []byte) int {
		switch c := b[0]; {
		case c < 0x80:
			return 1
		case c == 0x80 || c == 0xff:
			return 0
		case len(b) < 2:
			return -1
		case b[1] >= 0x40 && b[1] <= 0x7e || b[1] >= 0xa1 && b[1] <= 0xfe:
			return 2
		}
		return 0
	}},
	{name: "euc-kr", enc: korean.EUCKR, size: func(b []byte) int {
		switch c := b[0]; {
		case c < 0x80:
			return 1
		case c == 0x80 || c == 0xff:
			return 0
		case len(b) < 2:
			return -1
		case b[1]|0x20 >= 'a' && b[1]|0x20 <= 'z' || b[1] >= 0x81 && b[1] <= 0xfe:
			return 2
		}
		return 0
	}},
}

// high returns n where n bytes follow each other that all have their high bit
// set.
func high(b []byte, n int) int {
	for i := 1; i < n; i++ {
		if i >= len(b) {
			return -1
		}
		if b[i] < 0xa1 || b[i] == 0xff {
			return 0
		}
	}
	return n
}

// wellFormed returns how many characters of more than one byte head has in a
// charset, -1 where it is not in that.
func wellFormed(head []byte, c Charset) (multi int) {
	bad := 0
	for i := 0; i < len(head); {
		n := c.size(head[i:])
		switch {
		case n < 0:
			return multi
		case n == 0:
			bad++
			n = 1
		case n > 1:
			multi++
		}
		i += n
	}
	if bad*100 > multi {
		return -1
	}
	return multi
}

// eastAsian tells one of the charsets of East Asia by the bytes of a text, which
// is not UTF-8. It is sure, or not ok: a text in a charset of Europe must not be
// taken for one of them.
func eastAsian(head []byte) (Charset, bool) {
	best, share := Charset{}, 0.0
	for i, c := range multiByte {
		if wellFormed(head, c) < 8 {
			continue
		}
		// In such texts characters of two bytes stand side by side, and are
		// mostly from a part of what there is.
		var multi, row, typical, single, kana int
		prev := false
		for p := 0; p < len(head); {
			n := c.size(head[p:])
			if n <= 0 {
				p++
				prev = false
				continue
			}
			if n == 1 && head[p] >= 0x80 {
				single++
			}
			if n > 1 {
				multi++
				if prev || p+n < len(head) && c.size(head[p+n:]) > 1 {
					row++
				}
				if frequent(i, head[p], head[p+1]) {
					typical++
				}
				if head[p] == 0xa4 || head[p] == 0xa5 {
					kana++
				}
			}
			prev = n > 1
			p += n
		}
		if multi < 8 || row*10 < multi*8 || single > multi {
			continue
		}
		if i == 1 && kana*6 < multi {
			continue // Japanese without kana is none
		}
		s := float64(typical) / float64(multi)
		// Hangul are in the midst of what are hanzi.
		if s > share || i == 4 && s >= share {
			best, share = c, s
		}
	}
	return best, share >= 0.85
}

// frequent reports whether a character of the i-th charset is one of those that
// most of a text is made of.
func frequent(i int, a, b byte) bool {
	switch i {
	case 0: // kana, punctuation, the kanji of the first level
		return a >= 0x81 && a <= 0x83 || a >= 0x88 && a <= 0x97 || a == 0x98 && b <= 0x72
	case 1: // the same
		return a == 0xa4 || a == 0xa5 || a == 0xa1 || a >= 0xb0 && a <= 0xcf
	case 2: // hanzi of the first level
		return b >= 0xa1 && (a >= 0xb0 && a <= 0xd7 || a == 0xa3 || a == 0xa1)
	case 3:
		return a >= 0xa4 && a <= 0xc6 || a == 0xa1
	}
	return b >= 0xa1 && (a >= 0xb0 && a <= 0xc8 || a == 0xa1)
}

// A Text is a text in another charset, read as UTF-8. Bytes that are not in the
// charset stay as they are.
type Text struct {
	offsets
	r    io.Reader
	c    Charset
	buf  []byte
	pos  int // in buf
	end  int
	base int64 // of buf[0] in the source
	err  error
	out  []byte
	at   int   // in out
	sent int64 // bytes of the text before out
	asis bool  // UTF-16: in what somebody appended in another charset
	kana byte  // ISO-2022-JP: the set that is in use
	dec  *encoding.Decoder
	tmp  [16]byte
}

// NewText returns the text that r holds in charset c.
func NewText(r io.Reader, c Charset) *Text {
	t := &Text{r: r, c: c, buf: make([]byte, 16<<10)}
	if c.enc != nil {
		t.dec = c.enc.NewDecoder()
	}
	return t
}

func (t *Text) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for t.at == len(t.out) {
		t.sent += int64(len(t.out))
		t.out, t.at = t.out[:0], 0
		t.step()
		if len(t.out) > 0 {
			break
		}
		if t.err != nil && t.pos == t.end {
			return 0, t.err
		}
		t.fill()
	}
	n := copy(p, t.out[t.at:])
	t.at += n
	return n, nil
}

func (t *Text) fill() {
	if t.err != nil {
		return
	}
	t.base += int64(t.pos)
	t.end = copy(t.buf, t.buf[t.pos:t.end])
	t.pos = 0
	for range 100 {
		n, err := t.r.Read(t.buf[t.end:])
		t.end += n
		t.err = err
		if n > 0 || err != nil {
			return
		}
	}
	t.err = io.ErrNoProgress
}

// step decodes what is in the buffer, but for a character that is cut off.
func (t *Text) step() {
	switch {
	case t.c.unit == 2:
		t.utf16()
	case t.c.unit == 4:
		t.utf32()
	case t.c.enc == nil:
		t.iso2022()
	default:
		t.multi()
	}
	if t.err != nil && len(t.out) == 0 && t.pos < t.end {
		t.raw(t.end - t.pos)
	}
}

// put writes a character that takes w bytes.
func (t *Text) put(r rune, w int) {
	n := utf8.RuneLen(r)
	t.add(t.sent+int64(len(t.out)), t.base+int64(t.pos), uint8(n), uint8(w))
	t.out = utf8.AppendRune(t.out, r)
	t.pos += w
}

// raw writes bytes as they are.
func (t *Text) raw(n int) {
	t.add(t.sent+int64(len(t.out)), t.base+int64(t.pos), 1, 1)
	t.out = append(t.out, t.buf[t.pos:t.pos+n]...)
	t.pos += n
}

// strange is how many bytes in a row of a text in UTF-16 are taken for what
// somebody appended in another charset, where all of them are US-ASCII.
const strange = 32

func usASCII(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t'
}

func (t *Text) utf16() {
	u := func(i int) rune {
		if t.c.big {
			return rune(t.buf[i])<<8 | rune(t.buf[i+1])
		}
		return rune(t.buf[i+1])<<8 | rune(t.buf[i])
	}
	for t.end-t.pos >= 2 || t.asis && t.end > t.pos {
		b := t.buf[t.pos:t.end]
		if t.asis {
			n := 0
			for n < len(b) && usASCII(b[n]) && (n+1 < len(b) && (t.c.big || b[n+1] != 0) || n+1 == len(b) && t.err != nil) {
				n++
			}
			if n+1 == len(b) && usASCII(b[n]) && t.err == nil { // the next byte decides
				if n > 0 {
					t.raw(n)
				}
				return
			}
			t.asis = n == len(b)
			t.raw(n)
			continue
		}
		if usASCII(b[0]) && usASCII(b[1]) {
			if len(b) < strange && t.err == nil {
				return
			}
			n := 0
			for n < min(len(b), strange) && usASCII(b[n]) {
				n++
			}
			if n == strange || n == len(b) && n > strange/4 {
				t.asis = true
				continue
			}
		}
		r, w := u(t.pos), 2
		if utf16.IsSurrogate(r) {
			if len(b) < 4 && t.err == nil {
				return
			}
			r = unicodeReplacement
			if len(b) >= 4 {
				if pair := utf16.DecodeRune(u(t.pos), u(t.pos+2)); pair != unicodeReplacement {
					r, w = pair, 4
				}
			}
		}
		if r == 0xfeff && t.base+int64(t.pos) == 0 {
			t.pos += w
			continue
		}
		t.put(r, w)
	}
}

const unicodeReplacement = '\uFFFD'

func (t *Text) utf32() {
	for t.end-t.pos >= 4 {
		b := t.buf[t.pos:]
		r := rune(b[0]) | rune(b[1])<<8 | rune(b[2])<<16 | rune(b[3])<<24
		if t.c.big {
			r = rune(b[3]) | rune(b[2])<<8 | rune(b[1])<<16 | rune(b[0])<<24
		}
		switch {
		case r == 0xfeff && t.base+int64(t.pos) == 0:
			t.pos += 4
		case !utf8.ValidRune(r):
			t.raw(4)
		default:
			t.put(r, 4)
		}
	}
}

func (t *Text) multi() {
	for t.pos < t.end {
		b := t.buf[t.pos:t.end]
		if b[0] < utf8.RuneSelf {
			n := 1
			for n < len(b) && b[n] < utf8.RuneSelf {
				n++
			}
			t.raw(n)
			continue
		}
		n := t.c.size(b)
		if n < 0 && t.err == nil {
			return
		}
		if n <= 0 {
			t.raw(1)
			continue
		}
		t.char(b[:n], n)
	}
}

// char writes the character that b is, which takes w bytes of the source.
func (t *Text) char(b []byte, w int) {
	t.dec.Reset()
	n, _, err := t.dec.Transform(t.tmp[:], b, true)
	r, size := utf8.DecodeRune(t.tmp[:n])
	switch {
	case err != nil || n == 0 || r == unicodeReplacement:
		t.raw(w)
	case size == n:
		t.put(r, w)
	default: // one that is written as two
		t.add(t.sent+int64(len(t.out)), t.base+int64(t.pos), 0, 0)
		t.out = append(t.out, t.tmp[:n]...)
		t.pos += w
	}
}

// iso2022 decodes ISO-2022-JP (RFC 1468), whose characters are those of EUC-JP
// without the high bit.
func (t *Text) iso2022() {
	if t.dec == nil {
		t.dec = japanese.EUCJP.NewDecoder()
	}
	for t.pos < t.end {
		b := t.buf[t.pos:t.end]
		switch {
		case b[0] == 0x1b:
			if len(b) < 4 && t.err == nil {
				return
			}
			switch {
			case len(b) >= 3 && b[1] == '$' && (b[2] == 'B' || b[2] == '@'):
				t.kana = 'B'
				t.pos += 3
			case len(b) >= 4 && b[1] == '$' && b[2] == '(':
				t.kana = 'D'
				t.pos += 4
			case len(b) >= 3 && b[1] == '(':
				t.kana = 0
				if b[2] == 'I' {
					t.kana = 'I'
				}
				t.pos += 3
			default:
				t.raw(1)
			}
		case b[0] < 0x21 || b[0] >= 0x7f || t.kana == 0:
			if b[0] == '\n' {
				t.kana = 0
			}
			t.raw(1)
		case t.kana == 'I':
			t.char([]byte{0x8e, b[0] | 0x80}, 1)
		case len(b) < 2:
			if t.err == nil {
				return
			}
			t.raw(1)
		case t.kana == 'D':
			t.char([]byte{0x8f, b[0] | 0x80, b[1] | 0x80}, 2)
		default:
			t.char([]byte{b[0] | 0x80, b[1] | 0x80}, 2)
		}
	}
}
