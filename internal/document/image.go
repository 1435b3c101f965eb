package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	imageMaxText   = 16 << 20 // of metadata in one piece, in bytes
	imageMaxFields = 10_000
	imageMaxSpans  = 1 << 16
	// imageSmallest is the width and height in pixels below which nothing can be
	// read in a picture.
	imageSmallest = 8

	imageUnread = "the text in pictures is not recognised"
)

// imageDecoder reads what pictures say beside their pixels: EXIF, IPTC, XMP and
// comments as fields and texts, and the bytes that are none of these as they
// are, such as what is appended to a picture. Pixels are recognised where the
// options say so; else an exclusion names the picture.
//
// The formats are those of JPEG (ITU-T T.81), PNG (W3C, third edition), GIF89a,
// WebP (RFC 9649), TIFF 6.0 with the raw formats of cameras that are like it
// (DNG, CR2, NEF, ARW, ORF, RW2), HEIF and AVIF (ISO/IEC 23008-12), Photoshop,
// BMP, JPEG 2000 and JPEG XL.
func imageDecoder(o container.Options) container.Decoder {
	return container.Decoder{
		Name:  "image",
		Match: func(head []byte, _ string) bool { return imageKind(head) != "" },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				m := &picture{ctx: ctx, b: b, yield: yield, at: spool, size: spool.Size()}
				if err != nil {
					m.give(scanners.Item{}, err)
				}
				m.run(o)
			}
		},
	}
}

// imageKind returns the kind of picture that head begins, empty for others.
func imageKind(head []byte) string {
	has := func(at int, s string) bool { return len(head) >= at+len(s) && string(head[at:at+len(s)]) == s }
	switch {
	case has(0, "\xff\xd8\xff"):
		return "jpeg"
	case has(0, "\x89PNG\r\n\x1a\n"), has(0, "\x8aMNG\r\n\x1a\n"), has(0, "\x8bJNG\r\n\x1a\n"):
		return "png"
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return "gif"
	case has(0, "RIFF") && has(8, "WEBP"):
		return "webp"
	case has(0, "II*\x00"), has(0, "MM\x00*"), has(0, "IIRO"), has(0, "IIRS"), has(0, "IIU\x00"), has(0, "II+\x00\x08\x00"), has(0, "MM\x00+\x00\x08"):
		return "tiff"
	case has(0, "8BPS\x00\x01"), has(0, "8BPS\x00\x02"):
		return "psd"
	case has(0, "\x00\x00\x00\x0cjP  \r\n\x87\n"), has(0, "\xff\x4f\xff\x51"), has(0, "\x00\x00\x00\x0cJXL \r\n\x87\n"):
		return "jp2"
	case has(0, "BM") && has(6, "\x00\x00\x00\x00") && (has(14, "\x28\x00\x00\x00") || has(14, "\x6c\x00\x00\x00") || has(14, "\x7c\x00\x00\x00") || has(14, "\x38\x00\x00\x00") || has(14, "\x0c\x00\x00\x00")):
		return "bmp"
	case has(4, "ftyp"):
		for i := 8; i+4 <= min(len(head), 64); i += 4 {
			switch string(head[i : i+4]) {
			case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "mif2", "avif", "avis", "heif", "crx ":
				return "heif"
			case "isom", "mp41", "mp42", "qt  ", "M4V ", "M4A ":
				return ""
			}
		}
	}
	return ""
}

// A picture is one that is read.
type picture struct {
	ctx    context.Context
	b      *container.Budget
	yield  func(scanners.Item, error) bool
	over   bool
	at     io.ReaderAt
	size   int64
	spans  [][2]int64 // of the bytes that are pixels, or were read
	fields []scanners.Field
	budget int64 // bytes of metadata so far

	damaged       bool
	width, height int64
}

func (m *picture) give(it scanners.Item, err error) {
	if !m.over && !m.yield(it, err) {
		m.over = true
	}
}

func (m *picture) run(o container.Options) {
	head := m.bytes(0, min(m.size, container.HeadLen))
	kind := imageKind(head)
	switch kind {
	case "jpeg":
		m.jpeg()
	case "png":
		m.png()
	case "gif":
		m.gif()
	case "webp":
		m.webp()
	case "tiff":
		m.tiff(0, m.size)
	case "psd":
		m.psd()
	case "heif":
		m.heif()
	case "jp2":
		m.boxes(0, m.size, 0, nil)
	case "bmp":
		if off := int64(uintLE(head[10:])); off > 0 && off <= m.size {
			m.used(0, 14)
			m.used(off, min(m.size, max(off, int64(uintLE(head[2:])))))
		}
	}
	if len(m.fields) > 0 {
		m.give(scanners.Item{Text: true, Fields: m.fields}, nil)
	}
	m.rest()
	if m.damaged {
		m.give(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: kind + ": the picture is damaged or cut off"})
	}
	if m.over {
		return
	}
	switch small := m.width > 0 && m.height > 0 && min(m.width, m.height) < imageSmallest; {
	case small:
	case o.Recognise != nil:
		text, err := o.Recognise(m.ctx, io.NewSectionReader(m.at, 0, m.size))
		if err == nil {
			err = m.b.Charge(int64(len(text)))
		}
		if len(text) > 0 {
			m.give(scanners.Item{Size: int64(len(text)), Body: bytes.NewReader(text), Text: true, Field: "picture"}, nil)
		}
		if err != nil {
			m.give(scanners.Item{}, imageFailed(err))
		}
	case !o.OCR:
		m.give(scanners.Item{}, &scanners.Exclusion{Reason: scanners.ByOption, Detail: imageUnread})
	}
}

// imageFailed returns the gap of a picture whose text could not be recognised;
// other errors end the reading of it as they are.
func imageFailed(err error) error {
	var g *scanners.Gap
	if errors.As(err, &g) {
		return &scanners.Gap{Reason: g.Reason, Detail: g.Detail}
	}
	return err
}

// bytes returns some of the picture, fewer where it ends.
func (m *picture) bytes(at, n int64) []byte {
	if at < 0 || at >= m.size || n <= 0 {
		return nil
	}
	b := make([]byte, min(n, m.size-at, imageMaxText))
	k, _ := m.at.ReadAt(b, at)
	return b[:k]
}

// used marks bytes that are pixels, or were read.
func (m *picture) used(from, to int64) {
	if n := len(m.spans); n > 0 && m.spans[n-1][1] == from {
		m.spans[n-1][1] = to
	} else if from < to && n < imageMaxSpans {
		m.spans = append(m.spans, [2]int64{from, to})
	}
}

// rest yields the bytes that nothing was made of.
func (m *picture) rest() {
	for _, u := range m.unused() {
		m.give(scanners.Item{Size: u[1] - u[0], Body: io.NewSectionReader(m.at, u[0], u[1]-u[0]), Text: true, Verbatim: true, Offset: u[0]}, nil)
	}
}

// field takes a value of the metadata.
func (m *picture) field(name string, value []byte) {
	value = bytes.TrimRight(value, "\x00 ")
	if len(value) == 0 {
		return
	}
	if !utf8.Valid(value) {
		value, _ = charmap.Windows1252.NewDecoder().Bytes(value) // never fails
	}
	if m.budget += int64(len(value)); m.budget > imageMaxText || len(m.fields) >= imageMaxFields {
		m.text(name, value)
		return
	}
	m.fields = append(m.fields, scanners.Field{Name: name, Value: string(value)})
}

// text yields a longer text.
func (m *picture) text(name string, text []byte) {
	if len(bytes.TrimSpace(text)) > 0 {
		m.give(scanners.Item{Size: int64(len(text)), Body: bytes.NewReader(text), Text: true, Field: name}, nil)
	}
}

// xmp yields a packet of XMP where it stands.
func (m *picture) xmp(at, n int64) {
	m.give(scanners.Item{Size: n, Body: io.NewSectionReader(m.at, at, n), Text: true, Verbatim: true, Offset: at, Field: "XMP"}, nil)
	m.used(at, at+n)
}

// jpeg reads the segments of JPEG files (ITU-T T.81, annex B), and of those that
// follow in the same file.
func (m *picture) jpeg() {
	m.used(0, 2)
	var xmp, photoshop []io.Reader
	var resources int64
	at := int64(2)
	for at < m.size && !m.over && m.ctx.Err() == nil {
		h := m.bytes(at, 4)
		if len(h) < 2 || h[0] != 0xff {
			m.damaged = true
			break
		}
		if h[1] == 0xff { // fill byte
			m.used(at, at+1)
			at++
			continue
		}
		if h[1] == 0xd9 { // end of image
			m.used(at, at+2)
			break
		}
		if h[1] == 1 || h[1] >= 0xd0 && h[1] <= 0xd8 {
			m.used(at, at+2)
			at += 2
			continue
		}
		if len(h) < 4 {
			m.damaged = true
			break
		}
		n := int64(h[2])<<8 | int64(h[3])
		end := at + 2 + n
		if n < 2 || end > m.size {
			m.damaged = true
			break
		}
		body, length := at+4, n-2
		lead := m.bytes(body, min(length, 64))
		has := func(s string) bool { return strings.HasPrefix(string(lead), s) }
		switch c := h[1]; {
		case c == 0xe1 && has("Exif\x00"):
			m.used(at, body+6)
			m.tiff(body+6, length-6)
		case c == 0xe1 && has("http://ns.adobe.com/xap/1.0/\x00"):
			m.used(at, body+29)
			m.xmp(body+29, length-29)
		case c == 0xe1 && has("http://ns.adobe.com/xmp/extension/\x00") && length > 75:
			// A long packet goes on in further segments.
			xmp = append(xmp, io.NewSectionReader(m.at, body+75, length-75))
			m.used(at, end)
		case c == 0xed && has("Photoshop 3.0\x00"):
			photoshop = append(photoshop, io.NewSectionReader(m.at, body+14, length-14))
			resources += length
			m.used(at, end)
		case c == 0xfe:
			m.used(at, end)
			m.field("comment", m.bytes(body, length))
		case c == 0xda: // scan
			m.used(at, end)
			at = m.scan(end)
			continue
		case c >= 0xc0 && c <= 0xcf && c != 0xc4 && c != 0xc8 && c != 0xcc && length >= 5:
			m.height, m.width = int64(lead[1])<<8|int64(lead[2]), int64(lead[3])<<8|int64(lead[4])
			m.used(at, end)
		case c >= 0xc0 && c <= 0xdf:
			m.used(at, end) // tables
		}
		at = end
	}
	if at >= m.size && len(m.spans) > 0 && !m.damaged {
		m.damaged = at > m.size || string(m.bytes(m.size-2, 2)) != "\xff\xd9"
	}
	if len(xmp) > 0 {
		m.give(scanners.Item{Size: -1, Body: io.MultiReader(xmp...), Text: true, Field: "XMP"}, nil)
	}
	if len(photoshop) > 0 {
		if resources > imageMaxText {
			m.give(scanners.Item{Size: -1, Body: io.MultiReader(photoshop...), Text: true, Field: "photoshop"}, nil)
			return
		}
		b, _ := io.ReadAll(io.MultiReader(photoshop...))
		m.resources(b, 0)
	}
}

// scan marks the entropy-coded data from at on, and returns the place of the
// marker behind it.
func (m *picture) scan(at int64) int64 {
	buf := make([]byte, 64<<10)
	from := at
	for m.ctx.Err() == nil {
		n, _ := m.at.ReadAt(buf, at)
		b := buf[:n]
		for i := 0; i+1 < len(b); i++ {
			k := bytes.IndexByte(b[i:], 0xff)
			if k < 0 || i+k+1 >= len(b) {
				break
			}
			if i += k; b[i+1] != 0 && (b[i+1] < 0xd0 || b[i+1] > 0xd7) && b[i+1] != 0xff {
				m.used(from, at+int64(i))
				return at + int64(i)
			}
		}
		if n < len(buf) {
			m.used(from, m.size)
			return m.size
		}
		at += int64(n) - 1
	}
	return m.size
}

// gif reads the blocks of a GIF (GIF89a, section 12 onwards).
func (m *picture) gif() {
	h := m.bytes(0, 13)
	if len(h) < 13 {
		m.damaged = true
		return
	}
	m.width, m.height = int64(wordLE(h[6:])), int64(wordLE(h[8:]))
	at := int64(13)
	if h[10]&0x80 != 0 {
		at += 3 << (h[10]&7 + 1)
	}
	m.used(0, at)
	// blocks returns the end of the sub-blocks at a place, and their content.
	blocks := func(at int64, keep bool) (end int64, content []byte) {
		for m.ctx.Err() == nil {
			n := m.bytes(at, 1)
			if len(n) == 0 {
				m.damaged = true
				return min(at, m.size), content
			}
			if keep && len(content) < imageMaxText {
				content = append(content, m.bytes(at+1, int64(n[0]))...)
			}
			if at += 1 + int64(n[0]); n[0] == 0 {
				break
			}
		}
		return min(at, m.size), content
	}
	for !m.over && m.ctx.Err() == nil {
		h := m.bytes(at, 14)
		switch {
		case len(h) < 1:
			m.damaged = true
			return
		case h[0] == 0x3b:
			m.used(at, at+1)
			return
		case h[0] == 0x2c && len(h) >= 10:
			start := at
			at += 11
			if h[9]&0x80 != 0 {
				at += 3 << (h[9]&7 + 1)
			}
			at, _ = blocks(at, false)
			m.used(start, at)
		case h[0] == 0x21 && len(h) >= 3 && h[1] == 0xff && string(h[3:]) == "XMP DataXMP":
			// The packet stands there without being cut into blocks.
			start := at + 14
			m.used(at, start)
			at, _ = blocks(start, false)
			m.xmp(start, at-start)
		case h[0] == 0x21 && len(h) >= 3:
			end, content := blocks(at+2, true)
			m.used(at, end)
			switch h[1] {
			case 0xfe:
				m.field("comment", content)
			case 0xf9:
			default:
				m.text("extension", content)
			}
			at = end
		default:
			m.damaged = true
			return
		}
	}
}

// webp reads the chunks of WebP (RFC 9649).
func (m *picture) webp() {
	m.used(0, 12)
	for at := int64(12); at < m.size && !m.over && m.ctx.Err() == nil; {
		h := m.bytes(at, 8)
		n := int64(0)
		if len(h) == 8 {
			n = int64(uintLE(h[4:]))
		}
		if len(h) < 8 || at+8+n > m.size {
			m.damaged = true
			return
		}
		body := at + 8
		switch string(h[:4]) {
		case "VP8X":
			if v := m.bytes(body, 10); len(v) == 10 {
				m.width, m.height = int64(uintLE(v[3:])>>8)+1, int64(uintLE(v[6:])>>8)+1
			}
			m.used(at, body+n)
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF":
			m.used(at, body+n)
		case "EXIF":
			m.used(at, body)
			// Some writers keep the lead of JPEG.
			if string(m.bytes(body, 6)) == "Exif\x00\x00" {
				m.tiff(body+6, n-6)
			} else {
				m.tiff(body, n)
			}
		case "XMP ":
			m.used(at, body)
			m.xmp(body, n)
		}
		at = body + n + n&1
		if n&1 == 1 {
			m.used(at-1, at)
		}
	}
}

// psd reads the resources of a Photoshop document; text in layers lies in the
// rest of it.
func (m *picture) psd() {
	h := m.bytes(0, 30)
	if len(h) < 30 {
		m.damaged = true
		return
	}
	m.height, m.width = int64(uintBE(h[14:])), int64(uintBE(h[18:]))
	at := 30 + int64(uintBE(h[26:])) // behind the palette
	n := int64(uintBE(m.bytes(at, 4)))
	if at+4+n > m.size || n > imageMaxText {
		m.damaged = true
		return
	}
	m.used(0, at+4+n)
	m.resources(m.bytes(at+4, n), 0)
}

func wordLE(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return uint16(b[0]) | uint16(b[1])<<8
}

func uintLE(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func uintBE(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return uint32(b[3]) | uint32(b[2])<<8 | uint32(b[1])<<16 | uint32(b[0])<<24
}
