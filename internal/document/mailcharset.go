package document

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// mimeCharset returns the encoding that a label of a charset parameter names.
// A nil encoding stands for bytes that are UTF-8 where they are valid, and
// Windows-1252 elsewhere, which reads US-ASCII, ISO 8859-1 and UTF-8 whichever
// of them was declared.
func mimeCharset(label string) (enc encoding.Encoding, known bool) {
	label = strings.ToLower(strings.Trim(label, " \t\"'()"))
	if i := strings.IndexAny(label, "*;, "); i >= 0 { // language (RFC 2231) or rubbish
		label = label[:i]
	}
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "cp1252", "7bit", "8bit",
		"utf8mb4", "ansi_x3.4-1968", "646", "x-user-defined", "default":
		return nil, true
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return mimeUTF7Encoding{}, true
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), true // RFC 2781, section 4.3
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), true
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), true
	case "utf-32", "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM), true
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), true
	}
	squeezed := mimeWithout(label, "-_.")
	for _, l := range []string{label, squeezed, strings.Replace(squeezed, "iso8859", "iso-8859-", 1), strings.Replace(squeezed, "win", "windows-", 1)} {
		// The replacement encoding of the WHATWG would drop everything.
		if e, err := htmlindex.Get(l); err == nil && e != encoding.Replacement {
			if e == charmap.Windows1252 {
				return nil, true
			}
			return e, true
		}
		if e, err := ianaindex.MIME.Encoding(l); err == nil && e != nil && e != encoding.Replacement {
			return e, true
		}
	}
	return nil, false
}

// mimeChoose returns the encoding in which a body is read that starts with
// sample. Charsets lie: what is UTF-8 beyond doubt is read as such whatever was
// declared. fallback reads the bytes that are not UTF-8 where enc is nil.
func mimeChoose(enc encoding.Encoding, sample []byte) (_ encoding.Encoding, fallback *charmap.Charmap) {
	fallback = charmap.Windows1252
	switch {
	case bytes.HasPrefix(sample, []byte("\xff\xfe")) && bytes.IndexByte(sample[:min(len(sample), 64)], 0) > 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case bytes.HasPrefix(sample, []byte("\xfe\xff")) && bytes.IndexByte(sample[:min(len(sample), 64)], 0) > 0:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	case enc == nil:
		return nil, fallback
	}
	wide, little := mimeWide(enc)
	if wide {
		if bytes.IndexByte(sample, 0) < 0 && mimeValidUTF8(sample) && len(sample) > 0 {
			return nil, fallback // a UTF-16 text has NULs: in its spaces and line ends
		}
		if !bytes.HasPrefix(sample, []byte("\xff\xfe")) && !bytes.HasPrefix(sample, []byte("\xfe\xff")) && len(sample) >= 4 {
			even, odd := 0, 0
			for i, c := range sample[:len(sample)&^1] {
				if c == 0 && i&1 == 0 {
					even++
				} else if c == 0 {
					odd++
				}
			}
			if !little && odd > 4*even {
				return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
			}
			if little && even > 4*odd {
				return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
			}
		}
		return enc, nil
	}
	multi := 0
	for i := 0; i < len(sample); {
		r, n := utf8.DecodeRune(sample[i:])
		if r == utf8.RuneError && n == 1 && utf8.FullRune(sample[i:]) {
			return enc, nil
		}
		if n > 1 {
			multi++
		}
		i += n
	}
	if multi == 0 {
		return enc, nil
	}
	if cm, ok := enc.(*charmap.Charmap); ok {
		if multi >= 2 && mimeASCIIBased(cm) {
			return nil, cm
		}
		return enc, nil
	}
	// Four characters that are UTF-8 by chance are one in thousands.
	if out, err := enc.NewDecoder().Bytes(sample); multi >= 4 || err == nil && bytes.ContainsRune(out, utf8.RuneError) {
		return nil, fallback
	}
	return enc, nil
}

// mimeASCIIBased reports whether a charmap holds US-ASCII, unlike EBCDIC.
func mimeASCIIBased(cm *charmap.Charmap) bool {
	return cm.DecodeByte('A') == 'A' && cm.DecodeByte('@') == '@' && cm.DecodeByte('9') == '9'
}

// mimeWide reports whether enc is UTF-16, and of which order.
func mimeWide(enc encoding.Encoding) (wide, little bool) {
	out, err := enc.NewDecoder().Bytes([]byte("\x00A"))
	if err == nil && string(out) == "A" {
		return true, false
	}
	out, err = enc.NewDecoder().Bytes([]byte("A\x00"))
	return err == nil && string(out) == "A", err == nil && string(out) == "A"
}

// mimeValidUTF8 reports whether b is UTF-8, but for a rune cut off at its end.
func mimeValidUTF8(b []byte) bool {
	for i := 0; i < utf8.UTFMax && i < len(b); i++ {
		if c := b[len(b)-1-i]; utf8.RuneStart(c) {
			if c >= 0xc0 && !utf8.FullRune(b[len(b)-1-i:]) {
				b = b[:len(b)-1-i]
			}
			break
		}
	}
	return utf8.Valid(b)
}

// mimeDecodeText returns b, in the charset that label names, as UTF-8.
func mimeDecodeText(label string, b []byte) []byte {
	enc, _ := mimeCharset(label)
	enc, fallback := mimeChoose(enc, b)
	if enc == nil {
		return mimeMix(nil, b, fallback, true)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return mimeMix(nil, b, charmap.Windows1252, true)
	}
	return out
}

// mimeMix appends b to dst: valid UTF-8 as it is, other bytes by fallback.
// Without final, a rune that may go on beyond b is left out.
func mimeMix(dst, b []byte, fallback *charmap.Charmap, final bool) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			n := 1
			for n < len(b) && b[n] < utf8.RuneSelf {
				n++
			}
			dst, b = append(dst, b[:n]...), b[n:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			if !final && !utf8.FullRune(b) {
				return dst
			}
			dst = utf8.AppendRune(dst, fallback.DecodeByte(b[0]))
		} else {
			dst = append(dst, b[:n]...)
		}
		b = b[n:]
	}
	return dst
}

// A mimeMixReader is mimeMix over a stream.
type mimeMixReader struct {
	r        io.Reader
	fallback *charmap.Charmap
	in       [4096]byte
	kept     int // of in, from the last read
	out      []byte
	pos      int
	err      error
	odd      bool // saw bytes that are not printable US-ASCII
}

func (m *mimeMixReader) reset(r io.Reader, fallback *charmap.Charmap) {
	m.r, m.fallback, m.kept, m.out, m.pos, m.err, m.odd = r, fallback, 0, m.out[:0], 0, nil, false
}

func (m *mimeMixReader) Read(p []byte) (int, error) {
	for m.pos == len(m.out) {
		if m.err != nil {
			return 0, m.err
		}
		var n int
		n, m.err = m.r.Read(m.in[m.kept:])
		b := m.in[:m.kept+n]
		tail := 0
		if m.err == nil {
			for tail < utf8.UTFMax-1 && tail < len(b) && !utf8.RuneStart(b[len(b)-1-tail]) {
				tail++
			}
			if tail++; tail > len(b) || utf8.FullRune(b[len(b)-tail:]) {
				tail = 0
			}
		}
		m.out, m.pos = mimeMix(m.out[:0], b[:len(b)-tail], m.fallback, true), 0
		m.odd = m.odd || mimeOdd(b)
		m.kept = copy(m.in[:], b[len(b)-tail:])
	}
	n := copy(p, m.out[m.pos:])
	m.pos += n
	return n, nil
}

// mimeOdd reports whether b has bytes that mean something else in another
// charset that is based on US-ASCII.
func mimeOdd(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || c == 0x1b || c == 0x0e {
			return true
		}
	}
	return false
}

// mimeUTF7Encoding is UTF-7 (RFC 2152), for reading only.
type mimeUTF7Encoding struct{}

func (mimeUTF7Encoding) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: &mimeUTF7{}}
}

func (mimeUTF7Encoding) NewEncoder() *encoding.Encoder {
	return &encoding.Encoder{Transformer: encoding.Replacement.NewEncoder().Transformer}
}

// A mimeUTF7 decodes UTF-7. What is not valid passes as it is.
type mimeUTF7 struct {
	shifted bool
	first   bool // nothing was decoded since the shift
	bits    uint32
	n       int
	high    uint16 // a surrogate that waits for the other
}

func (u *mimeUTF7) Reset() { *u = mimeUTF7{} }

func (u *mimeUTF7) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for ; nSrc < len(src); nSrc++ {
		if len(dst)-nDst < 2*utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		if !u.shifted {
			if c == '+' {
				u.shifted, u.first, u.bits, u.n = true, true, 0, 0
				continue
			}
			if c < utf8.RuneSelf {
				dst[nDst] = c
				nDst++
			} else {
				nDst += utf8.EncodeRune(dst[nDst:], charmap.Windows1252.DecodeByte(c))
			}
			continue
		}
		v := mimeBase64Table[c]
		if v > 63 {
			u.shifted = false
			if u.high != 0 {
				nDst += utf8.EncodeRune(dst[nDst:], utf8.RuneError)
				u.high = 0
			}
			if u.first { // "+-" is "+"; a "+" before anything else is itself too
				dst[nDst] = '+'
				nDst++
			}
			if c != '-' {
				nSrc--
			}
			continue
		}
		u.first = false
		u.bits, u.n = u.bits<<6|uint32(v), u.n+6
		if u.n < 16 {
			continue
		}
		u.n -= 16
		x := uint16(u.bits >> u.n)
		switch {
		case u.high != 0:
			nDst += utf8.EncodeRune(dst[nDst:], utf16.DecodeRune(rune(u.high), rune(x)))
			u.high = 0
		case utf16.IsSurrogate(rune(x)) && x < 0xdc00:
			u.high = x
		default:
			nDst += utf8.EncodeRune(dst[nDst:], rune(x))
		}
	}
	if atEOF && u.shifted && u.first && nDst < len(dst) {
		dst[nDst] = '+'
		nDst++
		u.shifted = false
	}
	return nDst, nSrc, nil
}

// mimeBase64Table maps a byte to its value in base64, mimePad, mimeSpace or
// mimeBad.
var mimeBase64Table = func() (t [256]uint8) {
	for i := range t {
		t[i] = mimeBad
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = uint8(i)
	}
	t['='] = mimePad
	for _, c := range []byte(" \t\r\n\x00") {
		t[c] = mimeSpace
	}
	return t
}()

const (
	mimePad   = 64
	mimeSpace = 65
	mimeBad   = 128
)

// mimeMetaCharset returns the charset that an HTML text names in its start.
func mimeMetaCharset(sample []byte) string {
	low := bytes.ToLower(sample[:min(len(sample), 2048)])
	i := bytes.Index(low, []byte("charset="))
	if i < 0 {
		return ""
	}
	v := bytes.TrimLeft(low[i+len("charset="):], "\"' ")
	if j := bytes.IndexAny(v, "\"' >;/"); j > 0 {
		return string(v[:j])
	}
	return ""
}

// mimeWithout returns s without the ASCII characters in cut.
func mimeWithout(s, cut string) string {
	return strings.Map(func(r rune) rune {
		if strings.IndexByte(cut, byte(r)) >= 0 && r < 0x80 {
			return -1
		}
		return r
	}, s)
}
