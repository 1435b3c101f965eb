package document

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	mailDepth = 64      // multiparts within each other
	mailParts = 100_000 // parts of one message
	mailName  = 1 << 10 // bytes of a file name that go into a step
)

// Mail returns the decoder of a single message (RFC 5322, RFC 2045 to 2049,
// RFC 2231), which reads leniently and in constant memory whatever the size of
// the message and its parts.
//
// It yields, in the order in which they stand in the message:
//
//   - each header field, of the message and of its parts, as a text whose Field
//     is the field's name ("From", "Subject", "Content-ID"), unfolded and in
//     UTF-8, with encoded words decoded. A field of an unusual name is yielded
//     with its name, a line that is no field under "header", the first line of
//     an mbox entry under "postmark". The file name of a part that a reader of
//     that text would not see is added as "filename".
//   - each text part that is neither an attachment nor has a file name, as a text
//     with Field "body", in UTF-8. HTML is "body.html": its text with entities
//     decoded; tags of running text are left out so that words are not cut,
//     those of blocks become line ends and those of cells tabs; the attributes
//     of a tag follow on a line of their own at the end of the block; comments
//     and scripts stay. A tag that HTML does not have is content.
//   - text outside of the parts as "preamble" and "epilogue".
//   - every other part as an item with a Step: its IMAP section number (RFC 9051,
//     section 6.4.5) and, behind a slash, its file name. Section is the number.
//     Body holds the decoded bytes, text attachments in UTF-8.
//   - a message within the message likewise, under a Name that ends in ".eml". It
//     is not entered: sections within it are relative to it, so that its own and
//     theirs, joined by a dot, are the section within the outer message.
//   - a file that is uuencoded, in yEnc or in base64 within text as an item with
//     the Step "N.uuK/name", for the K-th in section N. It has no section of its
//     own.
//   - what is signed or compressed by S/MIME in a way that hides it as if it stood
//     there, its parts numbered below the number of the one that it came in.
//
// Where the structure was guessed, because a boundary is missing or wrong,
// Section is empty: a server would number other parts.
//
// What can't be decoded is yielded as text as it is, beside a gap without units.
func Mail() container.Decoder {
	pool := new(sync.Pool) // of *mailBuffers: most messages are shorter than these
	return container.Decoder{
		Name:  "mail",
		Match: mailMatch,
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				held, _ := pool.Get().(*mailBuffers)
				if held == nil {
					held = new(mailBuffers)
				}
				defer pool.Put(held)
				src := &mimeSource{r: mailInput{ctx, in.Body}, buf: held.source[:], bol: true}
				w := &held.walker
				*w = mailWalker{
					ctx: ctx, b: b, yield: yield, src: src, win: mimeWindow{buf: held.window[:]},
					arena: w.arena[:0], fields: w.fields[:0], value: w.value[:0], b64: mimeBase64{out: w.b64.out[:0]}, qp: mimeQP{out: w.qp.out[:0]},
					known: w.known,
				}
				w.message()
				held.shed()
			}
		},
	}
}

// mailBuffers is a walker and what it reads through.
type mailBuffers struct {
	source [mimeBufLen]byte
	window [mimeWindowLen]byte
	walker mailWalker
}

// shed keeps of the walker the memory for a message of usual length.
func (m *mailBuffers) shed() {
	const most = 64 << 10
	w := mailWalker{known: m.walker.known}
	if o := &m.walker; cap(o.arena) <= most && cap(o.value) <= most && cap(o.b64.out) <= most && cap(o.qp.out) <= most && cap(o.fields) <= 1024 {
		clear(o.fields[:cap(o.fields)])
		w.arena, w.fields, w.value, w.b64.out, w.qp.out = o.arena, o.fields, o.value, o.b64.out, o.qp.out
	}
	m.walker = w
}

// mailInput ends a reader when a context ends, so that skipping does too.
type mailInput struct {
	ctx context.Context
	r   io.Reader
}

func (in mailInput) Read(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		return 0, err
	}
	return in.r.Read(p)
}

// mailPacked reports whether a message starts with what no message does: bytes
// that compressions and other formats begin with.
func mailPacked(head []byte) bool {
	return bytes.ContainsFunc(head[:min(len(head), 16)], func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\r' && r != '\n' && r != 0x1b
	}) || bytes.HasPrefix(head, []byte("BZh")) || bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) || bytes.HasPrefix(head, []byte("Dovecot-LZ4\r"))
}

// mailMatch takes what starts with a header of a message, and what is named as
// one.
func mailMatch(head []byte, name string) bool {
	name = name[strings.LastIndexAny(name, "/\\")+1:]
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".eml", ext == ".emlx", ext == ".mht", ext == ".mhtml", mailDirName(name):
		// Dovecot compresses messages and leaves them their names.
		if !mailPacked(head) {
			return true
		}
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = head[mailCount(head):]
	head = bytes.TrimLeft(head, "\r\n")
	cr := bytes.IndexByte(head, '\n') < 0
	sure, strong, known, odd, first := 0, 0, 0, 0, true
	for len(head) > 0 {
		line, n, ok := mimeCutLine(head, cr)
		head = head[n:]
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if first {
				return false
			}
			continue
		}
		name, _ := mailFieldName(line)
		if name == "" {
			if first && !bytes.HasPrefix(line, []byte("From ")) {
				return false
			}
			if odd++; ok && odd > 2 {
				return false
			}
			first = false
			continue
		}
		first = false
		if !mailKnownField(name) {
			continue
		}
		lower := name == strings.ToLower(name)
		switch strings.ToLower(name) {
		case "received", "message-id", "return-path", "delivered-to", "mime-version", "dkim-signature":
			sure++
			strong++
			known++
		case "from", "to", "subject":
			if !lower {
				strong++
				known++
			}
		case "date", "cc", "content-type", "reply-to":
			if !lower {
				known++
			}
		}
	}
	return sure >= 1 && strong >= 2 || sure >= 1 && known >= 2 || strong >= 2 && known >= 3
}

// mailDirName reports whether a file is named as one in the folder "cur" of a
// Maildir, where ":2," and flags follow the unique name.
func mailDirName(name string) bool {
	for _, sep := range []string{":2,", "!2,", ";2,"} {
		i := strings.LastIndex(name, sep)
		if i < 4 || name[0] < '0' || name[0] > '9' || !strings.Contains(name[:i], ".") {
			continue
		}
		flags := name[i+len(sep):]
		if strings.Trim(flags, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			return true
		}
	}
	return false
}

// A mailWalker walks through one message.
type mailWalker struct {
	ctx   context.Context
	b     *container.Budget
	yield func(scanners.Item, error) bool
	src   *mimeSource
	over  bool // the consumer has stopped, or the source has failed
	parts int

	// Memory that is used again for each field and part.
	arena  []byte
	fields []mailField
	value  []byte
	rd     bytes.Reader
	b64    mimeBase64
	qp     mimeQP
	win    mimeWindow
	mix    mimeMixReader
	html   mimeHTML
	uu     mimeUUDecoder
	known  mailKnown
}

// mailKnown remembers what was made of the names and values of fields, which are
// the same in many messages.
type mailKnown struct {
	types map[string]mimeType
	names map[string]string // usual spellings, of usual fields only
}

// maxRecalled bounds how many of each are remembered, and of what length.
const (
	maxRecalled    = 256
	maxRecalledLen = 256
)

// parse is parseMIMEType. The parameters are not to be changed.
func (k *mailKnown) parse(v string) mimeType {
	t, ok := k.types[v]
	if ok {
		return t
	}
	t = parseMIMEType(v)
	if len(v) > maxRecalledLen {
		return t
	}
	if k.types == nil || len(k.types) >= maxRecalled {
		k.types = map[string]mimeType{} // boundaries are of one message each
	}
	k.types[v] = t
	return t
}

// name returns the usual spelling of a field's name, and whether the field is one
// that mailKnownField knows.
func (k *mailKnown) name(name string) (canonical string, usual bool) {
	if canonical, usual = k.names[name]; usual {
		return canonical, true
	}
	canonical, usual = mailCanonical(name), mailKnownField(name)
	if usual && len(k.names) < maxRecalled {
		if k.names == nil {
			k.names = map[string]string{}
		}
		k.names[name] = canonical
	}
	return canonical, usual
}

func mailText(field string, body io.Reader) scanners.Item {
	return scanners.Item{Size: -1, Text: true, Field: field, Body: body}
}

// small returns a reader on b that is valid until it is used again.
func (w *mailWalker) small(b []byte) io.Reader {
	w.rd.Reset(b)
	return &w.rd
}

func (w *mailWalker) send(it scanners.Item) {
	if !w.over && !w.yield(it, nil) {
		w.over = true
	}
}

func (w *mailWalker) gap(reason scanners.Reason, section, detail string) {
	if section != "" {
		detail = "mail: part " + section + ": " + detail
	} else {
		detail = "mail: " + detail
	}
	if !w.over && !w.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: detail}) {
		w.over = true
	}
}

// stopped reports whether to end, and ends the sequence where the source failed.
func (w *mailWalker) stopped() bool {
	if w.over {
		return true
	}
	// What is still in the buffer is read first.
	if err := w.src.failure(); err != nil && w.src.pos == w.src.end {
		w.over = true
		w.yield(scanners.Item{}, fmt.Errorf("mail: read: %w", err))
		return true
	}
	return false
}

// message reads the whole message.
func (w *mailWalker) message() {
	w.entity(mailPlace{}, true)
	if !w.stopped() {
		// Only a header can have left something.
		w.raw("epilogue")
	}
	w.stopped()
}

// A mailPlace says where in the message an entity stands.
type mailPlace struct {
	section string // "": the message itself
	depth   int
	guessed bool
	digest  bool // in a multipart/digest
	sealed  bool // in a multipart/encrypted
}

// entity reads a header and what it describes: the message or a part.
func (w *mailWalker) entity(at mailPlace, top bool) {
	s := w.src
	h := w.header(top)
	if h.over && !w.stopped() {
		w.gap(scanners.TooLarge, at.section, "header longer than 16 MiB")
		w.raw("header")
		return
	}
	if w.stopped() || s.ended {
		return
	}
	t := w.known.choose(h.types, at.digest)
	main, _, _ := strings.Cut(t.value, "/")
	guess := false
	if main != "multipart" && (len(h.types) == 0 || t.value == "") || len(h.types) > 0 && !strings.Contains(h.types[0], "/") {
		guess = w.looksMultipart()
	}
	if main == "multipart" || guess {
		if at.depth >= mailDepth {
			w.gap(scanners.TooDeep, at.section, "more than 64 multiparts within each other")
			w.raw("body")
			return
		}
		w.multipart(t, at)
		return
	}
	if at.section == "" {
		at.section = "1"
	}
	w.leaf(&h, t, at)
}

// looksMultipart reports whether a body that nothing says to be multipart starts
// with the delimiter and header of a part.
func (w *mailWalker) looksMultipart() bool {
	b := bytes.TrimLeft(w.src.fill(4096), " \t\r\n")
	if !bytes.HasPrefix(b, []byte("--")) {
		return false
	}
	line, n, ok := mimeCutLine(b, w.src.cr)
	return ok && mimeBoundaryLike(bytes.TrimRight(line[2:], " \t\r")) && mimeContentField(b[n:])
}

// raw yields what is left of the body as text, unless it is blank.
func (w *mailWalker) raw(field string) {
	s := w.src
	if s.ended {
		return
	}
	r := &mimeRaw{s: s}
	if r.skipBlank() {
		w.mix.reset(r, charmap.Windows1252)
		w.send(mailText(field, w.b.Reader(w.ctx, &w.mix)))
	}
	s.drain()
}

// multipart reads the parts of a multipart whose header has been read.
func (w *mailWalker) multipart(t mimeType, at mailPlace) {
	s := w.src
	l := len(s.levels)
	level := mimeLevel{guess: true}
	for _, p := range t.params {
		if v := strings.TrimRight(p.value, " \t\r\n"); p.name == "boundary" && v != "" && len(v) <= mimeBoundaryLen && len(level.boundaries) < 16 {
			level.boundaries = append(level.boundaries, []byte(v))
		}
	}
	s.levels = append(s.levels, level)
	s.open()
	w.raw("preamble")
	if w.stopped() {
		return
	}
	if s.hit < l {
		// Its first delimiter never came.
		s.levels = s.levels[:l]
		w.gap(scanners.Corrupt, at.section, "no part of the multipart was found at its boundary")
		return
	}
	if t.value == "multipart/encrypted" {
		w.gap(scanners.Encrypted, at.section, "encrypted message")
		at.sealed = true
	}
	child := mailPlace{depth: at.depth + 1, guessed: at.guessed || s.levels[l].guessed, digest: t.value == "multipart/digest", sealed: at.sealed}
	prefix := at.section
	if prefix != "" {
		prefix += "."
	}
	for n := 1; s.hit == l && !s.closing; n++ {
		if w.stopped() {
			return
		}
		if w.parts++; w.parts > mailParts {
			w.gap(scanners.Bomb, "", fmt.Sprintf("more than %d parts", mailParts))
			s.levels = s.levels[:0]
			s.open()
			w.raw("body")
			return
		}
		if err := w.b.Member(); err != nil {
			w.over = true
			w.yield(scanners.Item{}, err)
			return
		}
		child.section = prefix + strconv.Itoa(n)
		w.entity(child, false)
		if !w.over {
			s.drain()
		}
	}
	if w.stopped() {
		return
	}
	hit := s.hit
	s.levels = s.levels[:l]
	if hit == l {
		s.open()
		w.raw("epilogue")
	}
}

// choose picks among the values of Content-Type: a multipart if there is
// one, else the first that is understood.
func (k *mailKnown) choose(types []string, digest bool) mimeType {
	var best mimeType
	var boundaries []mimeParam
	for _, v := range types {
		t := k.parse(v)
		for _, p := range t.params {
			if p.name == "boundary" {
				boundaries = append(boundaries, p)
			}
		}
		multi := strings.HasPrefix(t.value, "multipart/")
		if best.value == "" || multi && !strings.HasPrefix(best.value, "multipart/") {
			best = t
		}
	}
	if strings.HasPrefix(best.value, "multipart/") {
		best.params = slices.Concat(best.params, boundaries)
	}
	if !strings.Contains(best.value, "/") {
		best.value = "" // text/plain, as RFC 2045, section 5.2, has it
	}
	if best.value == "" && digest {
		best.value = "message/rfc822"
	}
	return best
}

// leaf reads a part that has no parts.
func (w *mailWalker) leaf(h *mimeHeader, t mimeType, at mailPlace) {
	var d mimeType
	for _, v := range h.disposition {
		p := w.known.parse(v)
		if d.value == "" {
			d.value = p.value
		}
		d.params = append(d.params, p.params...)
	}
	name := w.fileName(h, d, t)
	if w.stopped() {
		return
	}
	main, sub, _ := strings.Cut(t.value, "/")
	if name == "" && main != "text" && main != "message" {
		name = h.place() // a page that was saved has no other names
	}
	isText := t.value == "" || main == "text" && sub != "rtf"
	message := t.value == "message/rfc822" || t.value == "message/global" || t.value == "message/news"
	body, coded := w.transfer(h, isText || main == "message")
	it := scanners.Item{Size: -1, Name: name, Step: at.section, Body: body}
	if !at.guessed {
		it.Section = at.section
	}
	if name != "" {
		it.Step += "/" + mailClip(name)
	}
	switch {
	case message:
		if !strings.HasSuffix(strings.ToLower(it.Name), ".eml") {
			it.Name += ".eml"
			if it.Name == ".eml" {
				it.Name = "message.eml"
			}
		}
		w.attach(it, coded)
	case main == "message" && name == "" && d.value != "attachment":
		// Reports, fragments, references to elsewhere: text, with a header that
		// is content.
		w.text(body, t, at, coded)
		if sub == "partial" && !w.stopped() {
			w.gap(scanners.Unsupported, at.section, "fragment of a message")
		}
	case isText && name == "" && d.value != "attachment":
		w.text(body, t, at, coded)
	case isText:
		w.win.reset(body)
		it.Body = &w.win
		if sample := w.win.peek(4096); !mimeBinary(sample) || strings.Contains(strings.ToLower(t.get("charset")), "utf-16") {
			it.Body, _ = w.decoded(&w.win, t.get("charset"), sample)
		}
		w.attach(it, coded)
	case sub == "pkcs7-mime" || sub == "x-pkcs7-mime":
		w.smime(it, t, at, coded)
	default:
		it.Text = at.sealed
		w.attach(it, coded)
	}
}

// A mailCoding says how a body was sent.
type mailCoding struct {
	base64  *mimeBase64
	unknown bool
	start   int64 // where in the message the body starts, -1 where it is encoded
}

// transfer returns the body with its transfer encoding undone (RFC 2045, section
// 6).
func (w *mailWalker) transfer(h *mimeHeader, text bool) (io.Reader, mailCoding) {
	w.src.open()
	c := mailCoding{start: -1}
	for _, v := range h.encodings {
		v, _ = mimeCutParam(v)
		v = strings.ToLower(strings.Trim(strings.TrimSpace(v), "\"'"))
		v = mimeWithout(v, " -_\t")
		switch v {
		case "7bit", "8bit", "binary", "7bits", "8bits", "none", "identity", "":
		case "base64", "b64":
			w.b64.reset(w.src, text)
			c.base64 = &w.b64
			return c.base64, c
		case "quotedprintable", "quotedprintables", "qp":
			w.qp.reset(w.src)
			return &w.qp, c
		case "xuuencode", "uuencode", "xuue", "uue", "uu":
			return &mailUU{src: &mimeRaw{s: w.src}}, c
		default:
			c.unknown = true
			continue
		}
		c.unknown = false
		break
	}
	c.start = w.src.offset()
	return &mimeRaw{s: w.src}, c
}

// A mailUU is a body that is uuencoded as a whole; what is around the encoded
// file stays.
type mailUU struct {
	src *mimeRaw
	win mimeWindow
	pl  mimePlain
	dec *mimeUUDecoder
}

func (u *mailUU) Read(p []byte) (int, error) {
	if u.win.r == nil {
		u.win.reset(u.src)
		u.pl = mimePlain{w: &u.win, bol: true}
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if u.dec != nil {
			n, err := u.dec.Read(p)
			if err != io.EOF || n > 0 {
				return n, err
			}
			u.dec, u.pl = nil, mimePlain{w: &u.win, bol: true}
		}
		n, err := u.pl.Read(p)
		if n > 0 || err != io.EOF || !u.pl.found {
			return n, err
		}
		u.dec = new(mimeUUDecoder)
		u.dec.open(&u.win)
	}
}

// attach yields a part that is an item of its own.
func (w *mailWalker) attach(it scanners.Item, c mailCoding) {
	section := it.Step
	if i := strings.IndexByte(section, '/'); i >= 0 {
		section = section[:i]
	}
	if c.unknown {
		it.Text = true
	}
	it.Body = w.b.Reader(w.ctx, it.Body)
	w.send(it)
	w.settle(c, section)
}

// settle ends a body and reports what was wrong with its transfer encoding.
func (w *mailWalker) settle(c mailCoding, section string) {
	if w.over {
		return
	}
	w.src.drain()
	if c.unknown {
		w.gap(scanners.Unsupported, section, "unknown transfer encoding")
	}
	if c.base64 != nil && c.base64.bad {
		if len(c.base64.garbage) > 0 {
			w.value = mimeMix(w.value[:0], c.base64.garbage, charmap.Windows1252, true)
			w.send(mailText("garbage", w.small(w.value)))
		}
		if !w.over {
			w.gap(scanners.Corrupt, section, "base64 with something else in it")
		}
	}
}

// decoded returns r, which reads the window, in UTF-8, and whether the charset is
// known. sample is its start.
func (w *mailWalker) decoded(r io.Reader, label string, sample []byte) (io.Reader, bool) {
	enc, known := mimeCharset(label)
	enc, fallback := mimeChoose(enc, sample)
	if enc != nil {
		return enc.NewDecoder().Reader(r), known
	}
	if known && w.win.err == io.EOF && len(sample) == w.win.end-w.win.pos && utf8.Valid(sample) {
		return r, true // small and clean, as most are
	}
	w.mix.reset(r, fallback)
	return &w.mix, known
}

// text yields a body that belongs to the record of the message.
func (w *mailWalker) text(body io.Reader, t mimeType, at mailPlace, c mailCoding) {
	w.win.reset(body)
	if t.value == "text/html" {
		if sample := w.win.peek(4096); len(sample) > 0 {
			label := t.get("charset")
			if label == "" {
				label = mimeMetaCharset(sample)
			}
			r, known := w.decoded(&w.win, label, sample)
			w.html.reset(r)
			w.part(mailText("body.html", &w.html), known, at)
		}
		w.settle(c, at.section)
		return
	}
	for uu := 1; !w.stopped(); uu++ {
		sample := w.win.peek(mimeWindowLen)
		if len(sample) == 0 {
			break
		}
		plain := &mimePlain{w: &w.win, bol: true}
		if mimeUUBegin(sample) == mimeNoUU {
			if bytes.Contains(sample, []byte("-----BEGIN PGP MESSAGE-----")) {
				w.gap(scanners.Encrypted, at.section, "PGP message in the text")
			}
			r, known := w.decoded(plain, t.get("charset"), sample)
			if strings.EqualFold(t.get("format"), "flowed") {
				r = &mimeFlowed{r: bufio.NewReaderSize(r, 4096), join: strings.EqualFold(t.get("delsp"), "yes")}
			}
			it := mailText("body", r)
			if r == io.Reader(plain) && uu == 1 && c.start >= 0 {
				it.Verbatim, it.Offset = true, c.start
			}
			w.part(it, known, at)
		}
		// On to a file in the text, which may lie in what was left unread.
		for !w.over && !plain.found {
			if _, err := plain.Read(w.scratch()); err != nil {
				break
			}
		}
		if w.stopped() || !plain.found {
			break
		}
		w.uu.open(&w.win)
		it := scanners.Item{Size: -1, Name: w.uu.name, Step: at.section + ".uu" + strconv.Itoa(uu)}
		if it.Name != "" {
			it.Step += "/" + mailClip(it.Name)
		}
		it.Body = w.b.Reader(w.ctx, &w.uu)
		w.send(it)
		if w.over {
			return
		}
		w.uu.drain()
		if w.uu.bad {
			w.gap(scanners.Corrupt, at.section, "encoded file in the text without an end")
		}
	}
	w.settle(c, at.section)
}

// part yields a text. Where its charset is not known it is read to its end, to
// see whether that matters.
func (w *mailWalker) part(it scanners.Item, known bool, at mailPlace) {
	r := it.Body
	it.Body = w.b.Reader(w.ctx, r)
	w.send(it)
	if w.over || known {
		return
	}
	for {
		if _, err := r.Read(w.scratch()); err != nil {
			break
		}
	}
	if w.mix.odd {
		w.gap(scanners.Unsupported, at.section, "unknown charset")
	}
}

// scratch returns memory for what is skipped.
func (w *mailWalker) scratch() []byte {
	if cap(w.value) < 4096 {
		w.value = make([]byte, 4096)
	}
	return w.value[:4096]
}

// mailClip shortens a file name for a step.
func mailClip(name string) string {
	if len(name) <= mailName {
		return name
	}
	n := mailName
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// fileName returns the file name of a part, and yields it where the header, as
// it stands, does not show it.
func (w *mailWalker) fileName(h *mimeHeader, d, t mimeType) string {
	name := d.get("filename")
	if name == "" {
		name = t.get("name")
	}
	if name == "" {
		return ""
	}
	w.value = mimeWords(w.value[:0], []byte(name), "")
	name = string(w.value)
	for _, l := range [][]string{h.disposition, h.types} {
		for _, v := range l {
			if bytes.Contains(mimeWords(nil, []byte(v), t.get("charset")), w.value) {
				return name
			}
		}
	}
	w.send(mailText("filename", w.small(w.value)))
	return name
}
