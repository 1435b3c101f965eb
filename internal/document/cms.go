package document

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// The types of content of the Cryptographic Message Syntax (RFC 5652), behind
// cmsOID; in full where they stand elsewhere.
const (
	cmsOID        = "\x2a\x86\x48\x86\xf7\x0d\x01\x07"
	cmsSigned     = cmsOID + "\x02"
	cmsEnveloped  = cmsOID + "\x03"
	cmsBoth       = cmsOID + "\x04"
	cmsEncrypted  = cmsOID + "\x06"
	cmsCompressed = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09" // RFC 3274
	cmsAuth       = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17" // RFC 5083
)

const (
	cmsDepth = 16      // strings within each other
	cmsField = 1 << 20 // bytes of what stands before the content
)

var errCMS = errors.New("cms: not as it should be")

// CMS returns the decoder of what is signed or compressed with the content
// inside (RFC 5652, RFC 3274): files named .p7m and the S/MIME messages that are
// not plain text, in BER, in base64 or with PEM around it. It yields the content,
// as that of the record, and the certificates and signatures behind it as they
// are. What is encrypted is yielded as it is, beside a gap.
func CMS() container.Decoder {
	return container.Decoder{
		Name:    "cms",
		Hostile: true,
		Match:   func(head []byte, _ string) bool { return cmsForm(head) != cmsNone },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				r := bufio.NewReaderSize(mailInput{ctx, in.Body}, 16<<10)
				head, _ := r.Peek(512)
				var body io.Reader = r
				if f := cmsForm(head); f != cmsBER {
					body = base64.NewDecoder(base64.StdEncoding, &cmsArmour{r: r, pem: f == cmsPEM})
				}
				c := openCMS(body)
				for field, r := range c.parts {
					it := mailText(field, b.Reader(ctx, r))
					if field == cmsContent {
						w := bufio.NewReaderSize(r, 4096)
						head, _ := w.Peek(512)
						name := in.Name
						if i := len(name) - 4; i > 0 && (strings.EqualFold(name[i:], ".p7m") || strings.EqualFold(name[i:], ".p7s") || strings.EqualFold(name[i:], ".p7z")) {
							name = name[:i]
						}
						if first, _, _ := mimeCutLine(head, false); mimeContentField(head) || bytes.HasPrefix(bytes.ToLower(first), []byte("mime-version:")) {
							name = "message.eml"
						}
						it = scanners.Item{Size: -1, Name: name, Time: in.Time, Body: b.Reader(ctx, w)}
					}
					if !yield(it, nil) {
						return
					}
				}
				if body != io.Reader(r) && c.err != nil {
					// What stands behind bad base64.
					if _, err := r.Peek(1); err == nil && !yield(mailText("encoded", b.Reader(ctx, r)), nil) {
						return
					}
				}
				if err := ctx.Err(); err != nil {
					yield(scanners.Item{}, err)
				} else if g := c.gap(); g != nil {
					yield(scanners.Item{}, g)
				}
			}
		},
	}
}

// The forms in which the syntax comes.
const (
	cmsNone = iota
	cmsBER
	cmsBase64
	cmsPEM
)

// cmsForm finds out in which form something starts.
func cmsForm(head []byte) int {
	head = head[:min(len(head), 512)]
	for _, label := range []string{"-----BEGIN PKCS7-----", "-----BEGIN CMS-----", "-----BEGIN PKCS #7 SIGNED DATA-----"} {
		if bytes.HasPrefix(head, []byte(label)) {
			return cmsPEM
		}
	}
	if cmsStart(head) != "" {
		return cmsBER
	}
	if bytes.HasPrefix(head, []byte("MI")) {
		line, _, _ := mimeCutLine(head, false)
		b := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
		n, _ := base64.StdEncoding.Decode(b, line[:len(line)&^3])
		if cmsStart(b[:n]) != "" {
			return cmsBase64
		}
	}
	return cmsNone
}

// cmsStart returns the type of the content that starts with head, "" where it is
// none.
func cmsStart(head []byte) string {
	if len(head) < 16 || head[0] != 0x30 {
		return ""
	}
	i := 2
	if head[1] > 0x80 {
		i += int(head[1] & 0x7f)
	}
	if i > 10 || i+2 > len(head) || head[i] != 6 {
		return ""
	}
	n := int(head[i+1])
	if i+2+n > len(head) {
		return ""
	}
	switch id := string(head[i+2 : i+2+n]); id {
	case cmsSigned, cmsEnveloped, cmsBoth, cmsEncrypted, cmsCompressed, cmsAuth:
		return id
	}
	return ""
}

// A cmsArmour reads the lines of base64 without what stands around them.
type cmsArmour struct {
	r    *bufio.Reader
	pem  bool
	rest []byte
}

func (a *cmsArmour) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		line, err := a.r.ReadSlice('\n')
		if a.pem && (bytes.HasPrefix(line, []byte("-----")) || bytes.IndexByte(line, ':') >= 0) {
			line = nil
		}
		a.rest = slices.DeleteFunc(line, func(c byte) bool { return mimeBase64Table[c] > mimePad })
		if err != nil && err != bufio.ErrBufferFull && len(a.rest) == 0 {
			return 0, err
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// cmsContent is the name under which the parts of a cms hold the content.
const cmsContent = "content"

// A cms reads what is signed, compressed or encrypted, from its start to its end.
type cms struct {
	r    *bufio.Reader
	kind string
	err  error // what could not be read
	none bool  // signed, and the content is elsewhere
}

func openCMS(r io.Reader) *cms { return &cms{r: bufio.NewReader(r)} }

// gap returns what was wrong with it, nil where nothing was.
func (c *cms) gap() *scanners.Gap {
	switch {
	case c.err != nil:
		return &scanners.Gap{Reason: scanners.Corrupt, Detail: "cms: signed or compressed content is damaged"}
	case c.kind == cmsEnveloped || c.kind == cmsBoth || c.kind == cmsEncrypted || c.kind == cmsAuth:
		return &scanners.Gap{Reason: scanners.Encrypted, Detail: "cms: encrypted content"}
	}
	return nil
}

// parts yields the content, where it is inside, and what else there is. A part is
// read to its end before the next.
func (c *cms) parts(yield func(string, io.Reader) bool) {
	before := &bytes.Buffer{}
	content, err := c.content(before)
	if err != nil {
		c.err = err
	}
	if content != nil {
		r := content
		if c.kind == cmsCompressed {
			z, err := zlib.NewReader(content)
			if err != nil {
				c.err = err
			} else {
				r = z
			}
		}
		w := &cmsWatch{r: r, c: c}
		if !yield(cmsContent, w) {
			return
		}
		if _, err := io.Copy(io.Discard, w); err != nil {
			return
		}
		// Behind compressed bytes that end early, or a sum of them.
		if _, err := io.Copy(io.Discard, content); err != nil {
			c.err = err
		}
	} else {
		yield("encoded", &cmsWatch{r: io.MultiReader(before, c.r), c: c})
		return
	}
	if _, err := c.r.Peek(1); err == nil {
		yield("certificates", &cmsWatch{r: c.r, c: c})
	}
}

// A cmsWatch keeps the error of a reader.
type cmsWatch struct {
	r io.Reader
	c *cms
}

func (w *cmsWatch) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		if w.c.err == nil {
			w.c.err = err
		}
		return n, io.EOF
	}
	return n, err
}

// A berHeader is the start of an element (X.690, section 8.1).
type berHeader struct {
	tag  byte  // class, form and number
	size int64 // -1: up to a mark of its end
}

// header reads the start of an element, and keeps a copy of it in seen.
func (c *cms) header(seen *bytes.Buffer) (h berHeader, err error) {
	get := func() byte {
		var b byte
		if err == nil {
			if b, err = c.r.ReadByte(); err == nil && seen != nil {
				seen.WriteByte(b)
			}
		}
		return b
	}
	h.tag = get()
	if h.tag&0x1f == 0x1f {
		return h, errCMS // none of those that occur
	}
	n := get()
	switch {
	case n == 0x80:
		h.size = -1
	case n < 0x80:
		h.size = int64(n)
	case n > 0x88:
		return h, errCMS
	default:
		for range n & 0x7f {
			h.size = h.size<<8 | int64(get())
		}
		if h.size < 0 {
			return h, errCMS
		}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return h, err
}

// take reads the content of an element that is short.
func (c *cms) take(h berHeader, seen *bytes.Buffer) ([]byte, error) {
	if h.size < 0 || h.size > cmsField {
		return nil, errCMS
	}
	b, err := io.ReadAll(io.LimitReader(c.r, h.size))
	if seen != nil {
		seen.Write(b)
	}
	if err == nil && int64(len(b)) < h.size {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// pass reads over an element.
func (c *cms) pass(h berHeader, seen *bytes.Buffer, depth int) error {
	if h.size >= 0 {
		_, err := c.take(h, seen)
		return err
	}
	if depth > cmsDepth || seen.Len() > cmsField {
		return errCMS
	}
	for {
		in, err := c.header(seen)
		if err != nil || in.tag == 0 && in.size == 0 {
			return err
		}
		if err := c.pass(in, seen, depth+1); err != nil {
			return err
		}
	}
}

// content reads up to the content, which it returns; nil where there is none to be
// read. What was read is in seen.
func (c *cms) content(seen *bytes.Buffer) (io.Reader, error) {
	want := func(tag byte) (h berHeader, err error) {
		if h, err = c.header(seen); err == nil && h.tag != tag {
			err = errCMS
		}
		return h, err
	}
	if _, err := want(0x30); err != nil {
		return nil, err
	}
	h, err := want(0x06)
	if err != nil {
		return nil, err
	}
	id, err := c.take(h, seen)
	if err != nil {
		return nil, err
	}
	c.kind = string(id)
	if c.kind != cmsSigned && c.kind != cmsCompressed {
		return nil, nil
	}
	if _, err := want(0xa0); err != nil {
		return nil, err
	}
	if _, err := want(0x30); err != nil {
		return nil, err
	}
	for range 2 { // the version, and the algorithms
		h, err := c.header(seen)
		if err != nil {
			return nil, err
		}
		if err := c.pass(h, seen, 0); err != nil {
			return nil, err
		}
	}
	inner, err := want(0x30)
	if err != nil {
		return nil, err
	}
	if h, err = want(0x06); err != nil {
		return nil, err
	}
	at := seen.Len() - 2
	if _, err = c.take(h, seen); err != nil {
		return nil, err
	}
	if inner.size >= 0 && int64(seen.Len()-at) >= inner.size {
		c.none = true
		return nil, nil
	}
	if h, err = c.header(seen); err != nil {
		return nil, err
	}
	if h.tag != 0xa0 { // an end: the content is elsewhere
		c.none = true
		return nil, nil
	}
	if h, err = c.header(seen); err != nil {
		return nil, err
	}
	if h.tag&0x1f != 4 { // before RFC 5652 anything could stand here
		if h.size < 0 {
			return c.r, nil
		}
		return io.LimitReader(c.r, h.size), nil
	}
	return &berString{c: c, stack: []berHeader{h}}, nil
}

// A berString reads an octet string that may be made of others (X.690, section
// 8.7).
type berString struct {
	c     *cms
	stack []berHeader // that are open; size is what is left
}

func (s *berString) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		k := len(s.stack) - 1
		if k < 0 {
			return 0, io.EOF
		}
		h := &s.stack[k]
		if h.size == 0 {
			s.stack = s.stack[:k]
			continue
		}
		if h.tag&0x20 == 0 {
			if h.size < 0 {
				return 0, errCMS
			}
			n, err := s.c.r.Read(p[:min(int64(len(p)), h.size)])
			s.used(int64(n))
			if err == io.EOF && n == 0 {
				err = io.ErrUnexpectedEOF
			}
			if n > 0 {
				err = nil
			}
			return n, err
		}
		before := &bytes.Buffer{}
		in, err := s.c.header(before)
		if err != nil {
			return 0, err
		}
		s.used(int64(before.Len()))
		if in.tag == 0 && in.size == 0 {
			s.stack = s.stack[:k]
			continue
		}
		if in.tag&0x1f != 4 || k+1 > cmsDepth || h.size > 0 && in.size > h.size {
			return 0, errCMS
		}
		s.stack = append(s.stack, in)
	}
}

// used counts bytes in all strings that are open.
func (s *berString) used(n int64) {
	for i := range s.stack {
		if h := &s.stack[i]; h.size >= 0 {
			h.size = max(0, h.size-n)
		}
	}
}
