package document

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zlib"

	"github.com/spoor-scan/spoor/scanners"
)

// png reads the chunks of PNG (W3C Portable Network Graphics, sections 5 and
// 11), and those of MNG and JNG.
func (m *picture) png() {
	m.used(0, 8)
	for at := int64(8); !m.over && m.ctx.Err() == nil; {
		h := m.bytes(at, 8)
		if len(h) < 8 {
			m.damaged = true
			return
		}
		n := int64(uintBE(h))
		body, end := at+8, at+12+n
		if end > m.size {
			m.damaged = true
			if string(h[4:]) == "IDAT" {
				m.used(at, m.size)
			}
			return
		}
		switch string(h[4:]) {
		case "IHDR", "JHDR":
			if v := m.bytes(body, 8); len(v) == 8 {
				m.width, m.height = int64(uintBE(v)), int64(uintBE(v[4:]))
			}
			m.used(at, end)
		case "IEND", "MEND":
			m.used(at, end)
			return
		case "IDAT", "fdAT", "JDAT", "JDAA", "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "pHYs", "bKGD", "hIST", "sBIT", "acTL", "fcTL", "cICP":
			m.used(at, end)
		case "tEXt", "zTXt", "iTXt":
			if n > imageMaxText {
				break // as it is
			}
			m.used(at, end)
			m.pngText(string(h[4:]), m.bytes(body, n))
		case "eXIf":
			m.used(at, body)
			m.tiff(body, n)
			m.used(end-4, end)
		}
		at = end
	}
}

// pngText takes a textual chunk (section 11.3.3).
func (m *picture) pngText(kind string, b []byte) {
	key, rest, ok := bytes.Cut(b, []byte{0})
	if !ok {
		m.text("text", b)
		return
	}
	packed := kind == "zTXt"
	if kind == "iTXt" {
		if len(rest) < 2 {
			return
		}
		packed = rest[0] == 1
		rest = rest[2:]
		_, rest, _ = bytes.Cut(rest, []byte{0}) // language
		translated, text, _ := bytes.Cut(rest, []byte{0})
		m.field("keyword", translated)
		rest = text
	} else if packed && len(rest) > 0 {
		rest = rest[1:]
	}
	if packed {
		var err error
		if rest, err = m.inflate(rest); err != nil {
			m.damaged = m.damaged || !errors.Is(err, errImageLong)
		}
	}
	name := string(key)
	switch profile, raw := strings.CutPrefix(name, "Raw profile type "); {
	case raw:
		m.profile(profile, rest)
	case name == "XML:com.adobe.xmp":
		m.text("XMP", rest)
	default:
		m.field(name, rest)
	}
}

var errImageLong = errors.New("metadata expand to too much")

// inflate returns compressed metadata, and what there is of those that are
// damaged or too long.
func (m *picture) inflate(b []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return b, err
	}
	out, err := io.ReadAll(io.LimitReader(m.b.Reader(m.ctx, z), imageMaxText+1))
	if len(out) > imageMaxText {
		m.give(scanners.Item{}, &scanners.Gap{Reason: scanners.TooLarge, Detail: "png: a compressed text is too long"})
		err = errImageLong
	}
	return out, err
}

// profile takes metadata that ImageMagick and others write as hexadecimal
// digits: a line with a name, one with a length, and the digits.
func (m *picture) profile(kind string, b []byte) {
	f := bytes.Fields(b)
	if len(f) < 3 {
		m.text(kind, b)
		return
	}
	digits := bytes.Join(f[2:], nil)
	content := make([]byte, hex.DecodedLen(len(digits)))
	if n, err := hex.Decode(content, digits); err != nil {
		m.text(kind, b)
		content = content[:n]
	}
	switch kind {
	case "exif", "APP1":
		if x, ok := bytes.CutPrefix(content, []byte("Exif\x00\x00")); ok {
			m.apart(x)
			return
		}
		m.text(kind, content)
	case "8bim", "iptc":
		m.resources(content, 0)
	default:
		m.text(kind, content)
	}
}

// apart reads EXIF that stands encoded in the picture.
func (m *picture) apart(b []byte) {
	x := &picture{ctx: m.ctx, b: m.b, yield: m.yield, at: bytes.NewReader(b), size: int64(len(b)), budget: m.budget}
	x.tiff(0, x.size)
	m.fields = append(m.fields, x.fields...)
	m.budget, m.over = x.budget, m.over || x.over
	for _, s := range x.unused() {
		m.text("exif", b[s[0]:s[1]])
	}
}

// boxes walks the boxes of ISO/IEC 14496-12 between two places. see is called
// for each; without it, only pixels are marked.
func (m *picture) boxes(at, end int64, depth int, see func(kind string, at, body, end int64)) {
	for n := 0; at+8 <= end && n < 1<<16 && m.ctx.Err() == nil && !m.over; n++ {
		h := m.bytes(at, 16)
		if len(h) < 8 {
			return
		}
		size, body := int64(uintBE(h)), at+8
		switch {
		case size == 0:
			size = end - at
		case size == 1 && len(h) == 16:
			size, body = int64(uintBE(h[8:]))<<32|int64(uintBE(h[12:])), at+16
		}
		kind := string(h[4:8])
		if size < body-at || size > end-at {
			m.damaged = true
			if kind != "jp2c" && kind != "jxlc" && kind != "mdat" || size < body-at {
				return
			}
			size = end - at
		}
		switch kind {
		case "jp2c", "jxlc", "jxlp":
			m.used(at, at+size)
		}
		if see != nil {
			see(kind, at, body, at+size)
		}
		at += size
	}
}

// heif reads HEIF, AVIF and CR3: the items of EXIF and XMP among the pixels
// (ISO/IEC 14496-12, section 8.11).
func (m *picture) heif() {
	type item struct{ at, n int64 }
	kinds := map[uint32]string{}
	places := map[uint32]item{}
	var data [][2]int64
	m.boxes(0, m.size, 0, func(kind string, _, body, end int64) {
		switch kind {
		case "mdat":
			data = append(data, [2]int64{body, end})
		case "meta":
			m.boxes(body+4, end, 1, func(kind string, _, body, end int64) {
				b := m.bytes(body, end-body)
				switch kind {
				case "iinf":
					skip := int64(6)
					if len(b) > 0 && b[0] > 0 {
						skip = 8
					}
					m.boxes(body+skip, end, 2, func(kind string, _, body, end int64) {
						b := m.bytes(body, min(end-body, 512))
						if kind != "infe" || len(b) < 12 || b[0] < 2 {
							return
						}
						id, b := uint32(b[4])<<8|uint32(b[5]), b[8:]
						if kind := string(b[:4]); kind == "Exif" || kind == "mime" && bytes.Contains(b, []byte("rdf+xml")) {
							kinds[id] = kind
						}
					})
				case "iloc":
					for id, p := range heifPlaces(b) {
						places[id] = item{p[0], p[1]}
					}
				case "iprp":
					if i := bytes.Index(b, []byte("ispe")); i >= 0 && i+16 <= len(b) {
						m.width, m.height = int64(uintBE(b[i+8:])), int64(uintBE(b[i+12:]))
					}
				}
			})
		}
	})
	var found []item
	for id, kind := range kinds {
		p, ok := places[id]
		if !ok || p.n < 8 || p.at+p.n > m.size {
			continue
		}
		found = append(found, p)
		if kind == "mime" {
			m.xmp(p.at, p.n)
			continue
		}
		// In front stands how far the header is away.
		if skip := 4 + int64(uintBE(m.bytes(p.at, 4))); skip < p.n {
			m.tiff(p.at+skip, p.n-skip)
		}
	}
	if len(found) < len(kinds) {
		m.damaged = true
		return // the pixels can't be told from the rest
	}
	for _, d := range data {
		from := d[0]
		for from < d[1] {
			to, next := d[1], d[1]
			for _, p := range found {
				if p.at >= from && p.at < to {
					to, next = p.at, p.at+p.n
				}
			}
			m.used(from, to)
			from = max(next, to)
			if to == d[1] {
				break
			}
		}
	}
}

// heifPlaces reads an item location box: the items that lie in one piece in the
// file itself.
func heifPlaces(b []byte) map[uint32][2]int64 {
	places := map[uint32][2]int64{}
	if len(b) < 8 {
		return places
	}
	version, i := b[0], 4
	sizes := [4]int{int(b[4] >> 4), int(b[4] & 15), int(b[5] >> 4), int(b[5] & 15)} // offset, length, base, index
	i = 6
	num := func(n int) int64 {
		if i+n > len(b) {
			i = len(b) + 1
			return 0
		}
		var v int64
		for _, c := range b[i : i+n] {
			v = v<<8 | int64(c)
		}
		i += n
		return v
	}
	two := 2
	if version == 2 {
		two = 4
	}
	for n := num(two); n > 0 && i <= len(b); n-- {
		id := uint32(num(two))
		method := int64(0)
		if version > 0 {
			method = num(2) & 15
		}
		num(2) // data reference
		base := num(sizes[2])
		extents := num(2)
		for e := extents; e > 0 && i <= len(b); e-- {
			if version > 0 {
				num(sizes[3])
			}
			off := num(sizes[0])
			length := num(sizes[1])
			if method == 0 && extents == 1 && i <= len(b) && base+off > 0 && length > 0 {
				places[id] = [2]int64{base + off, length}
			}
		}
	}
	return places
}
