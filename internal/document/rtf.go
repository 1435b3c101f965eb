package document

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"iter"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	rtfMaxDepth = 4096 // groups within each other whose state is kept
	rtfMaxFonts = 1 << 16
	rtfFlush    = 64 << 10
	rtfMaxWord  = 32 // letters of a control word, as the specification has it
)

// rtfDecoder reads Rich Text Format (specification 1.9.1). It yields the text
// as one piece, then the text of each other destination (headers, notes,
// comments, properties, the targets of links, what was deleted), and what is
// embedded as members: objects, pictures.
func rtfDecoder(container.Options) container.Decoder {
	return container.Decoder{
		Name:    "rtf",
		Hostile: true,
		Match: func(head []byte, _ string) bool {
			head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x00")
			return bytes.HasPrefix(head, []byte("{\\rtf")) || bytes.HasPrefix(head, []byte("{\\urtf"))
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				g := giver{ctx: ctx, b: b, yield: yield}
				if err := rtfRead(g, spool); err != nil && err != errStop {
					yield(scanners.Item{}, err)
				}
			}
		},
	}
}

func rtfRead(g giver, spool *container.Spool) error {
	whole := func() *bufio.Reader {
		return bufio.NewReaderSize(g.b.Reader(g.ctx, io.NewSectionReader(spool, 0, spool.Size())), 64<<10)
	}
	body := newRTF(whole(), true)
	if err := g.text("body", "", body); err != nil {
		return err
	}
	p := newRTF(whole(), false)
	p.g = &g
	if err := p.run(); err != nil {
		return err
	}
	if p.depth > 0 || p.odd {
		return g.gap(scanners.Corrupt, "rtf: the document ends before its time, or has groups that don't match")
	}
	return nil
}

// An rtfState is what a group inherits and gives back at its end.
type rtfState struct {
	dest    string // empty: the text of the document
	hex     bool   // the destination is binary, in hexadecimal
	font    int
	uc      int // characters that stand for one in Unicode
	deleted bool
}

// An rtf reads tokens.
type rtf struct {
	g    *giver
	r    *bufio.Reader
	main bool // only the text of the document is wanted, else all but that

	st    rtfState
	stack []rtfState
	depth int
	odd   bool // groups were closed that weren't open

	first   bool // behind the start of a group
	star    bool // and its "\*"
	skip    int  // characters that repeat one in Unicode
	page    int
	deff    int
	fonts   map[int]int // code pages
	defines int         // the font whose description is read
	pend    []byte      // bytes in a code page
	pendIn  int         // that code page
	high    rune        // half of a pair

	out   []byte // text
	sides []rtfSide
	gone  []byte // deleted text
	bin   []byte // bytes that stand in no destination for such
	left  int    // bytes that stand as they are

	blob     []byte // bytes of the binary that is read
	half     int    // a digit of it; -1: none
	blobs    int
	blobExt  string
	inBlob   bool
	later    []rtfSide // what is to be yielded
	laterLen int
	err      error
}

type rtfSide struct {
	depth int
	name  string
	out   []byte
}

func newRTF(r *bufio.Reader, main bool) *rtf {
	return &rtf{r: r, main: main, st: rtfState{uc: 1}, page: 1252, fonts: map[int]int{}, defines: -1, half: -1}
}

// Read implements io.Reader for the text of the document.
func (p *rtf) Read(b []byte) (int, error) {
	for len(p.out) < min(len(b), 4096) {
		if p.err != nil {
			if len(p.out) == 0 {
				return 0, p.err
			}
			break
		}
		if p.err = p.step(); p.err != nil {
			p.settle()
		}
	}
	n := copy(b, p.out)
	p.out = p.out[:copy(p.out, p.out[n:])]
	return n, nil
}

// run yields all but the text of the document.
func (p *rtf) run() error {
	for {
		err := p.step()
		if err == io.EOF {
			p.settle()
			for len(p.sides) > 0 {
				p.endSide()
			}
		}
		if p.laterLen > rtfFlush || err != nil {
			if e := p.yieldLater(); e != nil {
				return e
			}
		}
		if len(p.blob) > 0 {
			if e := p.member(); e != nil {
				return e
			}
		}
		if err == io.EOF {
			return p.flushGone(0)
		}
		if err != nil {
			return err
		}
		if err := p.flushGone(rtfFlush); err != nil {
			return err
		}
	}
}

func (p *rtf) flushGone(limit int) error {
	if len(p.gone) > limit {
		b := p.gone
		p.gone = nil
		if err := p.g.say("deleted", "", string(b)); err != nil {
			return err
		}
	}
	if len(p.bin) > limit {
		b := p.bin
		p.bin = nil
		return p.g.text("binary", "", bytes.NewReader(b))
	}
	return nil
}

func (p *rtf) yieldLater() error {
	p.laterLen = 0
	for _, s := range p.later {
		if err := p.g.say(s.name, "", string(s.out)); err != nil {
			return err
		}
	}
	p.later = p.later[:0]
	return nil
}

// endSide ends the text of a destination.
func (p *rtf) endSide() {
	k := len(p.sides) - 1
	if len(p.sides[k].out) > 0 {
		p.keep(p.sides[k])
	}
	p.sides = p.sides[:k]
}

// keep takes a text that is to be yielded; texts of one kind that follow each
// other are one, a line each.
func (p *rtf) keep(s rtfSide) {
	p.laterLen += len(s.out) + 64
	if k := len(p.later) - 1; k >= 0 && p.later[k].name == s.name && len(p.later[k].out) < rtfFlush {
		p.later[k].out = append(append(p.later[k].out, '\n'), s.out...)
		return
	}
	p.later = append(p.later, s)
}

// step reads a token.
func (p *rtf) step() error {
	if p.left > 0 {
		return p.binary()
	}
	c, err := p.r.ReadByte()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		p.settle()
		p.skip = 0
		p.depth++
		if p.depth <= rtfMaxDepth {
			p.stack = append(p.stack, p.st)
		}
		p.first, p.star = true, false
		return nil
	case '}':
		p.settle()
		p.skip = 0
		p.first = false
		if p.depth == 0 {
			p.odd = true
			return nil
		}
		for len(p.sides) > 0 && p.sides[len(p.sides)-1].depth >= p.depth {
			p.endSide()
		}
		if p.st.deleted && !p.main && len(p.gone) > 0 {
			p.gone = append(p.gone, '\n')
		}
		if p.depth <= rtfMaxDepth {
			p.st = p.stack[len(p.stack)-1]
			p.stack = p.stack[:len(p.stack)-1]
		}
		p.depth--
		return nil
	case '\\':
		return p.control()
	case '\r', '\n', 0:
		return nil
	}
	p.first = false
	p.char(c)
	if p.skip > 0 || len(p.pend) > 0 || p.high != 0 {
		return nil
	}
	// Most of a document is runs of letters or of digits.
	b, _ := p.r.Peek(min(p.r.Buffered(), 2048))
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] < 0x80 && b[n] != '\\' && b[n] != '{' && b[n] != '}' {
		n++
	}
	switch {
	case p.st.hex && !p.main:
		for _, c := range b[:n] {
			p.digit(c)
		}
	case !p.st.hex && n > 0:
		p.write(string(b[:n]))
	}
	_, _ = p.r.Discard(n)
	return nil
}

// char takes a byte of text.
func (p *rtf) char(c byte) {
	if p.skip > 0 {
		p.skip--
		return
	}
	if p.st.hex {
		p.digit(c)
		return
	}
	page := p.codePage()
	if c < 0x80 && (len(p.pend) == 0 || p.pendIn != page || !rtfLead(p.pend, page)) {
		p.put(rune(c))
		return
	}
	if p.pendIn != page || len(p.pend) > 4096 {
		p.settle()
	}
	p.pend, p.pendIn = append(p.pend, c), page
}

// rtfLead reports whether b ends with the first byte of two.
func rtfLead(b []byte, page int) bool {
	if page != 932 && page != 936 && page != 949 && page != 950 && page != 1361 {
		return false
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < 0x81 || c == 0xff || page == 932 && c >= 0xa0 && c <= 0xdf {
			continue
		}
		if i++; i == len(b) {
			return true
		}
	}
	return false
}

// codePage returns the code page of the current font.
func (p *rtf) codePage() int {
	if n, ok := p.fonts[p.st.font]; ok && n > 0 {
		return n
	}
	return p.page
}

// settle writes what was waiting for more.
func (p *rtf) settle() {
	if len(p.pend) > 0 {
		b := p.pend
		p.pend = p.pend[:0]
		p.write(inCodePage(b, p.pendIn))
	}
	if p.high != 0 {
		p.high = 0
		p.write("\ufffd")
	}
}

// put writes a character.
func (p *rtf) put(c rune) {
	if len(p.pend) > 0 {
		p.settle()
	}
	if p.high != 0 {
		if r := utf16.DecodeRune(p.high, c); r != utf8.RuneError {
			p.high = 0
			c = r
		} else {
			p.settle()
		}
	}
	if utf16.IsSurrogate(c) {
		p.high = c
		return
	}
	var b [utf8.UTFMax]byte
	p.write(string(b[:utf8.EncodeRune(b[:], c)]))
}

func (p *rtf) write(s string) {
	switch {
	case p.st.hex:
	case p.st.dest == "" && !p.st.deleted:
		if p.main {
			p.out = append(p.out, s...)
		}
	case p.main:
	case p.st.dest == "":
		p.gone = append(p.gone, s...)
	case len(p.sides) > 0:
		side := &p.sides[len(p.sides)-1]
		if side.out = append(side.out, s...); len(side.out) > rtfFlush {
			p.keep(*side)
			side.out = nil
		}
	}
}

// control reads a control word or symbol.
func (p *rtf) control() error {
	c, err := p.r.ReadByte()
	if err != nil {
		return err
	}
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return p.word(c)
	}
	first := p.first
	p.first = false
	switch c {
	case '\'':
		var d [2]byte
		if _, err := io.ReadFull(p.r, d[:]); err != nil {
			return io.EOF
		}
		hi, lo := hexDigit(d[0]), hexDigit(d[1])
		if hi < 0 || lo < 0 {
			p.char(d[0])
			p.char(d[1])
			return nil
		}
		p.charHigh(byte(hi<<4 | lo))
	case '*':
		p.star = first
		p.first = first
	case '~':
		p.sign('\u00a0')
	case '_':
		p.sign('-')
	case '-', '|', ':':
		// A hyphen that is not shown; parts of an index.
		if p.skip > 0 {
			p.skip--
		}
	case '\r', '\n':
		p.sign('\n')
	case '\\', '{', '}':
		p.sign(rune(c))
	default:
		p.sign(rune(c))
	}
	return nil
}

// sign writes a character that no code page has a part in, unless it stands for
// one in Unicode.
func (p *rtf) sign(c rune) {
	if p.skip > 0 {
		p.skip--
		return
	}
	if c < 0x80 && len(p.pend) > 0 && rtfLead(p.pend, p.pendIn) {
		p.pend = append(p.pend, byte(c)) // the second byte of two
		return
	}
	p.put(c)
}

// charHigh takes a byte that was written in hexadecimal.
func (p *rtf) charHigh(c byte) {
	if p.skip > 0 {
		p.skip--
		return
	}
	if p.st.hex {
		p.blobByte(c)
		return
	}
	page := p.codePage()
	if p.pendIn != page || len(p.pend) > 4096 {
		p.settle()
	}
	p.pend, p.pendIn = append(p.pend, c), page
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (p *rtf) digit(c byte) {
	d := hexDigit(c)
	if d < 0 {
		return
	}
	if p.half < 0 {
		p.half = d
		return
	}
	p.blobByte(byte(p.half<<4 | d))
	p.half = -1
}

func (p *rtf) blobByte(c byte) {
	if !p.main {
		p.blob = append(p.blob, c)
	}
}

// word reads a control word that starts with c.
func (p *rtf) word(c byte) error {
	var buf [rtfMaxWord]byte
	name := buf[:0]
	for c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		if len(name) < cap(buf) {
			name = append(name, c)
		}
		var err error
		if c, err = p.r.ReadByte(); err != nil {
			c = ' '
			break
		}
	}
	n, has, neg := 0, false, false
	if c == '-' {
		neg = true
		var err error
		if c, err = p.r.ReadByte(); err != nil {
			c = ' '
		}
	}
	for c >= '0' && c <= '9' {
		if has = true; n < 1<<30/10 {
			n = 10*n + int(c-'0')
		}
		var err error
		if c, err = p.r.ReadByte(); err != nil {
			c = ' '
		}
	}
	if neg {
		n = -n
	}
	if c != ' ' {
		_ = p.r.UnreadByte()
		if neg && !has { // a hyphen of the text
			p.do(string(name), 0, false)
			p.char('-')
			return nil
		}
	}
	if string(name) == "bin" {
		p.first, p.left = false, max(0, n)
		p.skip = max(0, p.skip-1)
		return nil
	}
	p.do(string(name), n, has)
	return nil
}

// binary reads some of the bytes that stand as they are.
func (p *rtf) binary() error {
	var buf [4 << 10]byte
	n, err := p.r.Read(buf[:min(p.left, len(buf))])
	p.left -= n
	switch {
	case p.main:
	case p.st.hex:
		p.blob = append(p.blob, buf[:n]...)
	default:
		p.bin = append(p.bin, buf[:n]...)
	}
	return err
}

// rtfDests are the destinations that can stand without "\*", and what the text
// in them is called. Those in hexadecimal start with "0x".
var rtfDests = map[string]string{
	"fonttbl": "fonts", "colortbl": "colours", "stylesheet": "styles", "info": "properties", "filetbl": "files", "template": "template",
	"title": "title", "subject": "subject", "author": "author", "manager": "manager", "company": "company", "operator": "operator",
	"category": "category", "keywords": "keywords", "comment": "comment", "doccomm": "comments", "hlinkbase": "link", "vern": "",
	"header": "header", "headerl": "header", "headerr": "header", "headerf": "header",
	"footer": "footer", "footerl": "footer", "footerr": "footer", "footerf": "footer", "footnote": "footnote",
	"ftnsep": "footnote", "ftnsepc": "footnote", "aftnsep": "footnote", "aftnsepc": "footnote", "ftncn": "footnote", "aftncn": "footnote",
	"annotation": "comment", "atnauthor": "author of a comment", "atnid": "author of a comment", "revtbl": "authors of changes",
	"fldinst": "link", "shptxt": "text box", "sv": "drawing", "sn": "drawing", "xe": "index", "tc": "index", "pntext": "list", "listtext": "list",
	"pict": "0x", "objdata": "0x", "themedata": "0x", "datastore": "0x", "colorschememapping": "0x", "blipuid": "0x", "passwordhash": "0x", "fontemb": "0x",
	"protusertbl": "users", "userprops": "properties", "propname": "property name", "staticval": "property", "docvar": "variable", "bkmkstart": "bookmark",
	"bkmkend": "bookmark", "linkval": "property", "objclass": "object", "objname": "object", "xmlopen": "xml", "xmlattrvalue": "xml",
}

// rtfSigns are the control words that stand for characters.
var rtfSigns = map[string]rune{
	"par": '\n', "line": '\n', "sect": '\n', "page": '\n', "row": '\n', "nestrow": '\n', "column": '\n', "softline": '\n', "lbr": '\n',
	"tab": '\t', "cell": '\t', "nestcell": '\t',
	"lquote": '‘', "rquote": '’', "ldblquote": '“', "rdblquote": '”', "emdash": '—', "endash": '–', "bullet": '•', "emspace": ' ', "enspace": ' ', "qmspace": ' ',
}

// rtfPages are the code pages of the character sets of fonts.
var rtfPages = map[int]int{
	0: 1252, 77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257,
	204: 1251, 222: 874, 238: 1250, 254: 437, 255: 850,
}

// do does what a control word says.
func (p *rtf) do(name string, n int, has bool) {
	first, star := p.first, p.star
	p.first = false
	if name == "u" {
		p.unicode(n)
		return
	}
	if p.skip > 0 {
		// A word is one character too; what it changes is not to be lost.
		p.skip--
		if _, ok := rtfSigns[name]; ok {
			return
		}
	}
	if first {
		p.star = false
		if what, ok := rtfDests[name]; ok || star {
			if !ok || what == "" {
				what = name
			}
			p.enter(name, what)
		}
	}
	if c, ok := rtfSigns[name]; ok {
		p.put(c)
		return
	}
	switch name {
	case "uc":
		p.st.uc = max(0, min(n, 64))
	case "ansicpg":
		if n > 0 {
			p.page = n
		}
	case "mac":
		p.page = 10000
	case "pc":
		p.page = 437
	case "pca":
		p.page = 850
	case "deff":
		p.deff = n
		p.st.font = n
	case "plain":
		p.settle()
		p.st.font, p.st.deleted = p.deff, false
	case "deleted":
		p.settle()
		p.st.deleted = !has || n != 0
	case "f":
		p.settle()
		if p.st.font = n; p.st.dest == "fonttbl" {
			p.defines = n
		}
	case "fcharset":
		if page, ok := rtfPages[n]; ok && p.st.dest == "fonttbl" && len(p.fonts) < rtfMaxFonts {
			if n == 0 && p.page != 1252 {
				page = 0 // as the document's
			}
			p.fonts[p.defines] = page
		}
	case "cpg":
		if p.st.dest == "fonttbl" && len(p.fonts) < rtfMaxFonts {
			p.fonts[p.defines] = n
		}
	case "pngblip":
		p.blobExt = ".png"
	case "jpegblip":
		p.blobExt = ".jpg"
	case "emfblip":
		p.blobExt = ".emf"
	case "wmetafile":
		p.blobExt = ".wmf"
	case "macpict":
		p.blobExt = ".pict"
	case "dibitmap", "wbitmap":
		p.blobExt = ".dib"
	}
}

// enter starts a destination.
func (p *rtf) enter(name, what string) {
	p.settle()
	p.st.dest, p.st.hex = name, what == "0x"
	p.st.deleted = false
	p.half = -1
	if p.st.hex {
		if name != "blipuid" {
			p.blobExt = ".bin"
		}
		if p.inBlob || name == "blipuid" || name == "passwordhash" {
			p.st.hex = false // inside a binary, or an identifier
		}
		return
	}
	if !p.main && len(p.sides) < rtfMaxDepth {
		p.sides = append(p.sides, rtfSide{depth: p.depth, name: what})
	}
}

// unicode writes a character of which those that follow are a lesser form.
func (p *rtf) unicode(n int) {
	if n < 0 {
		n += 1 << 16
	}
	if p.skip > 0 {
		p.skip = 0 // a new one ends that
	}
	if n > 0xf000 && n <= 0xf0ff {
		n -= 0xf000 // of a font of symbols
	}
	if n > 0 && n <= utf8.MaxRune {
		p.put(rune(n))
	}
	p.skip = p.st.uc
}
