package document

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// lzfuStart is what the window of compressed RTF holds at first ([MS-OXRTFCP],
// section 2.1.3.1).
const lzfuStart = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	lzfuPacked = 0x75465a4c // "LZFu"
	lzfuPlain  = 0x414c454d // "MELA"
)

// An lzfu unpacks compressed RTF ([MS-OXRTFCP]). What is no such thing passes as
// it is, behind an error.
type lzfu struct {
	r       *bufio.Reader
	started bool
	plain   bool
	left    int64 // of the unpacked bytes
	win     [4096]byte
	pos     int
	out     []byte
	at      int
	flags   byte
	bits    int
	err     error
}

func newLZFu(r io.Reader) *lzfu { return &lzfu{r: bufio.NewReader(r)} }

func (z *lzfu) Read(p []byte) (int, error) {
	for z.at == len(z.out) {
		if z.err != nil {
			return 0, z.err
		}
		z.out, z.at = z.out[:0], 0
		z.step()
	}
	n := copy(p, z.out[z.at:])
	z.at += n
	return n, nil
}

func (z *lzfu) broken() {
	z.err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "outlook: compressed RTF is damaged"}
}

func (z *lzfu) step() {
	if !z.started {
		z.started = true
		h, _ := z.r.Peek(16)
		kind := uint32(0)
		if len(h) == 16 {
			kind = binary.LittleEndian.Uint32(h[8:])
		}
		switch kind {
		case lzfuPacked, lzfuPlain:
			z.left = int64(binary.LittleEndian.Uint32(h[4:]))
			z.plain = kind == lzfuPlain
			_, _ = z.r.Discard(16)
		default:
			z.plain, z.left = true, 1<<62
		}
		z.pos = copy(z.win[:], lzfuStart)
	}
	if z.plain {
		b := make([]byte, 4096)
		n, err := z.r.Read(b)
		if err == nil && n == 0 {
			err = io.ErrNoProgress
		}
		z.out, z.err = append(z.out, b[:n]...), err
		return
	}
	for len(z.out) < 4096 && z.err == nil {
		if z.bits == 0 {
			c, err := z.r.ReadByte()
			if err != nil {
				z.end(err)
				return
			}
			z.flags, z.bits = c, 8
		}
		ref := z.flags&1 != 0
		z.flags >>= 1
		z.bits--
		c, err := z.r.ReadByte()
		if err != nil {
			z.end(err)
			return
		}
		if !ref {
			z.put(c)
			continue
		}
		d, err := z.r.ReadByte()
		if err != nil {
			z.end(err)
			return
		}
		off, n := int(c)<<4|int(d)>>4, int(d&0xf)+2
		if off == z.pos {
			z.err = io.EOF // as is marked
			return
		}
		for i := range n {
			z.put(z.win[(off+i)&4095])
		}
	}
}

// end ends what has no mark of its end.
func (z *lzfu) end(err error) {
	switch {
	case err != io.EOF:
		z.err = err
	case z.left > 0:
		z.broken()
	default:
		z.err = io.EOF
	}
}

func (z *lzfu) put(c byte) {
	z.out = append(z.out, c)
	z.win[z.pos] = c
	z.pos = (z.pos + 1) & 4095
	z.left--
}

// The kinds of RTF that a message holds.
const (
	rtfPlain = iota
	rtfHTML  // HTML is wrapped in it
	rtfText  // and here plain text
)

// mapiRTFKind finds out what RTF was made of ([MS-OXRTFEX], section 2.2.3.1).
func mapiRTFKind(r io.Reader) int {
	b := make([]byte, 4096)
	n, _ := io.ReadFull(r, b)
	switch b = b[:n]; {
	case bytes.Contains(b, []byte(`\fromhtml`)):
		return rtfHTML
	case bytes.Contains(b, []byte(`\fromtext`)):
		return rtfText
	}
	return rtfPlain
}

const rtfDepth = 512 // groups within each other that are told apart

// An rtfTextReader reads the text of RTF in UTF-8, or the HTML that was wrapped
// in it, as [MS-OXRTFEX] describes.
type rtfTextReader struct {
	r    *bufio.Reader
	kind int
	err  error
	out  []byte
	at   int

	group  rtfGroup
	stack  []rtfGroup
	deeper int // groups beyond rtfDepth

	page  int         // of the document
	fonts map[int]int // code pages
	font  int         // whose properties are read
	raw   []byte      // bytes in the code page, not decoded yet
	skip  int         // characters that stand for a \u before them
	high  rune        // a surrogate that waits for the other
	star  bool        // "\*" was read
	more  bool        // it holds pictures or objects, which are not text
}

type rtfGroup struct {
	mode  byte // 0: text, 'f': fonts, 's': silent, 't': a tag of HTML
	quiet bool // \htmlrtf: text that stands for a tag
	uc    int
	page  int
}

func newRTFText(r io.Reader, kind int) *rtfTextReader {
	return &rtfTextReader{r: bufio.NewReader(r), kind: kind, group: rtfGroup{uc: 1}, fonts: map[int]int{}}
}

func (t *rtfTextReader) Read(p []byte) (int, error) {
	for t.at == len(t.out) {
		if t.err != nil {
			return 0, t.err
		}
		t.out, t.at = t.out[:0], 0
		for len(t.out) < 4096 && t.err == nil {
			t.token()
		}
		if t.err != nil {
			t.flush()
		}
	}
	n := copy(p, t.out[t.at:])
	t.at += n
	return n, nil
}

// silent reports whether text is not shown.
func (t *rtfTextReader) silent() bool {
	return t.group.mode == 's' || t.group.mode == 'f' || t.group.quiet && t.group.mode != 't'
}

// flush decodes the bytes that are held.
func (t *rtfTextReader) flush() {
	if len(t.raw) == 0 {
		return
	}
	page := t.group.page
	if page == 0 {
		page = t.page
	}
	t.out = append(t.out, mapiDecode(t.raw, page)...)
	t.raw = t.raw[:0]
}

func (t *rtfTextReader) char(c byte) {
	if t.skip > 0 {
		t.skip--
		return
	}
	if !t.silent() {
		if t.raw = append(t.raw, c); len(t.raw) > 8<<10 {
			t.flush()
		}
	}
}

func (t *rtfTextReader) write(s string) {
	if !t.silent() {
		t.flush()
		t.out = append(t.out, s...)
	}
}

func (t *rtfTextReader) token() {
	c, err := t.r.ReadByte()
	if err != nil {
		t.err = err
		return
	}
	switch c {
	case '{':
		t.flush()
		t.skip = 0
		if len(t.stack) < rtfDepth {
			t.stack = append(t.stack, t.group)
		} else {
			t.deeper++
		}
		t.star = false
	case '}':
		t.flush()
		t.skip = 0
		if t.deeper > 0 {
			t.deeper--
		} else if n := len(t.stack); n > 0 {
			t.group, t.stack = t.stack[n-1], t.stack[:n-1]
		}
		t.star = false
	case '\\':
		t.control()
	case '\r', '\n', 0:
	default:
		t.char(c)
	}
}

func (t *rtfTextReader) control() {
	c, err := t.r.ReadByte()
	if err != nil {
		t.err = err
		return
	}
	if c|0x20 < 'a' || c|0x20 > 'z' {
		t.symbol(c)
		return
	}
	word := []byte{c}
	for {
		c, err = t.r.ReadByte()
		if err != nil || (c|0x20 < 'a' || c|0x20 > 'z') || len(word) >= 32 {
			break
		}
		word = append(word, c)
	}
	n, has := 0, false
	if err == nil && (c == '-' || c >= '0' && c <= '9') {
		digits := []byte{c}
		for {
			c, err = t.r.ReadByte()
			if err != nil || c < '0' || c > '9' || len(digits) >= 11 {
				break
			}
			digits = append(digits, c)
		}
		n, _ = strconv.Atoi(string(digits))
		has = true
	}
	if err == nil && c != ' ' {
		_ = t.r.UnreadByte()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	t.word(string(word), n, has)
}

func (t *rtfTextReader) symbol(c byte) {
	switch c {
	case '\'':
		var h [2]byte
		if _, err := io.ReadFull(t.r, h[:]); err != nil {
			t.err = err
			return
		}
		hi, lo := mimeUnhex(h[0]), mimeUnhex(h[1])
		if hi < 16 && lo < 16 {
			t.char(hi<<4 | lo)
		}
	case '*':
		t.star = true
	case '~':
		t.write("\u00a0")
	case '_':
		t.write("-")
	case '-', ':', '|':
	case '\r', '\n':
		t.write("\r\n")
	default:
		t.char(c) // "\\", "\{", "\}"
	}
}

func (t *rtfTextReader) word(w string, n int, has bool) {
	star := t.star
	t.star = false
	if t.skip > 0 && w != "u" {
		t.skip--
		return
	}
	switch w {
	case "u":
		t.unicode(n)
	case "uc":
		t.group.uc = max(0, min(n, 64))
	case "ansicpg":
		t.page = n
	case "mac":
		t.page = 10000
	case "pc":
		t.page = 437
	case "pca":
		t.page = 850
	case "fonttbl":
		t.group.mode = 'f'
	case "f":
		t.flush()
		if t.group.mode == 'f' {
			t.font = n
		} else {
			t.group.page = t.fonts[n]
		}
	case "fcharset":
		if len(t.fonts) < 4096 {
			t.fonts[t.font] = rtfCharset(n)
		}
	case "cpg":
		if t.group.mode == 'f' && len(t.fonts) < 4096 {
			t.fonts[t.font] = n
		}
	case "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "themedata", "colorschememapping", "latentstyles", "datastore", "mhtmltag", "generator":
		t.group.mode = 's'
	case "pict", "objdata", "object":
		t.more = true
		if w != "object" {
			t.group.mode = 's'
		}
	case "bin":
		if n > 0 {
			t.more = true
			if _, err := io.CopyN(io.Discard, t.r, int64(n)); err != nil {
				t.err = err
			}
		}
	case "htmltag":
		if t.kind == rtfHTML {
			t.flush()
			t.group.mode = 't'
		}
	case "htmlrtf":
		t.flush()
		if t.kind == rtfHTML {
			t.group.quiet = !has || n != 0
		}
	case "par", "line", "sect", "page", "row":
		t.write("\r\n")
	case "tab":
		t.write("\t")
	case "cell":
		t.write("\t")
	case "lquote":
		t.write("\u2018")
	case "rquote":
		t.write("\u2019")
	case "ldblquote":
		t.write("\u201c")
	case "rdblquote":
		t.write("\u201d")
	case "bullet":
		t.write("\u2022")
	case "endash":
		t.write("\u2013")
	case "emdash":
		t.write("\u2014")
	default:
		if star && t.kind != rtfPlain {
			t.group.mode = 's'
		} else if star {
			t.write(" ") // a word of its own
		}
	}
}

// unicode writes a character, and skips those that stand for it.
func (t *rtfTextReader) unicode(n int) {
	t.skip = 0
	r := rune(n)
	if n < 0 {
		r = rune(n + 65536)
	}
	switch {
	case r >= 0xd800 && r < 0xdc00:
		t.high = r
	case r >= 0xdc00 && r < 0xe000:
		if t.high != 0 {
			t.write(string((t.high-0xd800)<<10 | (r - 0xdc00) + 0x10000))
		}
		t.high = 0
	case r >= 0xf000 && r < 0xf100: // of a symbol font
		t.write(string(r - 0xf000))
	case utf8.ValidRune(r):
		t.write(string(r))
	}
	t.skip = t.group.uc
}

// rtfCharset returns the code page of a charset of Windows.
func rtfCharset(n int) int {
	switch n {
	case 77:
		return 10000
	case 128:
		return 932
	case 129:
		return 949
	case 134:
		return 936
	case 136:
		return 950
	case 161:
		return 1253
	case 162:
		return 1254
	case 163:
		return 1258
	case 177:
		return 1255
	case 178, 179, 180:
		return 1256
	case 186:
		return 1257
	case 204:
		return 1251
	case 222:
		return 874
	case 238:
		return 1250
	case 254:
		return 437
	case 255:
		return 850
	}
	return 0
}
