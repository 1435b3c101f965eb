package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/spoor-scan/spoor/scanners"
)

// codePage returns the encoding that Windows gives a number, nil for one that
// is not known.
func codePage(n int) encoding.Encoding {
	switch n {
	case 437:
		return charmap.CodePage437
	case 850:
		return charmap.CodePage850
	case 852:
		return charmap.CodePage852
	case 855:
		return charmap.CodePage855
	case 858:
		return charmap.CodePage858
	case 860:
		return charmap.CodePage860
	case 862:
		return charmap.CodePage862
	case 863:
		return charmap.CodePage863
	case 865:
		return charmap.CodePage865
	case 866:
		return charmap.CodePage866
	case 874:
		return charmap.Windows874
	case 932:
		return japanese.ShiftJIS
	case 936:
		return simplifiedchinese.GBK
	case 949:
		return korean.EUCKR
	case 950:
		return traditionalchinese.Big5
	case 1200:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case 1201:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case 1250:
		return charmap.Windows1250
	case 1251:
		return charmap.Windows1251
	case 1252, 0x8001:
		return charmap.Windows1252
	case 1253:
		return charmap.Windows1253
	case 1254:
		return charmap.Windows1254
	case 1255:
		return charmap.Windows1255
	case 1256:
		return charmap.Windows1256
	case 1257:
		return charmap.Windows1257
	case 1258:
		return charmap.Windows1258
	case 10000, 0x8000:
		return charmap.Macintosh
	case 10007:
		return charmap.MacintoshCyrillic
	case 20866:
		return charmap.KOI8R
	case 21866:
		return charmap.KOI8U
	case 51932:
		return japanese.EUCJP
	case 54936:
		return simplifiedchinese.GB18030
	case 65001:
		return unicode.UTF8
	}
	if n >= 28591 && n <= 28606 {
		if e, ok := mimeCharset("iso-8859-" + strconv.Itoa(n-28590)); ok && e != nil {
			return e
		}
	}
	return nil
}

// inCodePage returns bytes in a code page as UTF-8; where the code page is not
// known, what is no UTF-8 as Windows-1252.
func inCodePage(b []byte, page int) string {
	e := codePage(page)
	if e == nil || page == 65001 {
		if utf8.Valid(b) {
			return string(b)
		}
		e = charmap.Windows1252
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(out)
}

// utf16le returns text in UTF-16, little-endian; half a unit at its end is lost.
func utf16le(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// The property sets of [MS-OLEPS] and the names of what people fill in
// ([MS-OSHARED], section 2.3.3.2).
const (
	oleSummary     = "\xe0\x85\x9f\xf2\xf9\x4f\x68\x10\xab\x91\x08\x00\x2b\x27\xb3\xd9"
	oleDocument    = "\x02\xd5\xcd\xd5\x9c\x2e\x1b\x10\x93\x97\x08\x00\x2b\x2c\xf9\xae"
	olePropsMax    = 1 << 16 // properties in a set
	oleVectorMax   = 1 << 16 // values in one
	oleVector      = 0x1000
	olePropDict    = 0
	olePropPage    = 1
	oleMaxProperty = 8 << 20 // bytes of a stream of properties
)

func olePropName(set string, id uint32) string {
	var names []string
	switch set {
	case oleSummary:
		names = []string{
			2: "title", "subject", "author", "keywords", "comments", "template", "last author", "revision", "editing time", "printed", "created", "saved",
			18: "application",
		}
	case oleDocument:
		names = []string{
			2: "category", "presentation target", 13: "titles of parts", 14: "manager", "company", 26: "content type", "content status", "language", "version",
		}
	}
	if int64(id) < int64(len(names)) && names[id] != "" {
		return names[id]
	}
	return fmt.Sprintf("property %d", id)
}

// oleProperties returns the texts and times in a stream of property sets
// ([MS-OLEPS]), as fields. Whole is false where the stream holds more than they
// say: damage, or values of other kinds with bytes in them.
func oleProperties(b []byte) (fields []scanners.Field, whole bool) {
	if len(b) < 28 || b[0] != 0xfe || b[1] != 0xff {
		return nil, false
	}
	u32 := binary.LittleEndian.Uint32
	whole = true
	sets := int(min(u32(b[24:]), 16))
	for i := range sets {
		at := 28 + 20*i
		if at+20 > len(b) {
			return fields, false
		}
		off := u32(b[at+16:])
		if int64(off)+8 > int64(len(b)) {
			whole = false
			continue
		}
		f, ok := olePropSet(b[off:], string(b[at:at+16]))
		fields, whole = append(fields, f...), whole && ok
	}
	return fields, whole
}

func olePropSet(b []byte, set string) (fields []scanners.Field, whole bool) {
	u32 := binary.LittleEndian.Uint32
	n := int(min(u32(b[4:]), olePropsMax))
	page := 1252
	names := map[uint32]string{}
	whole = true
	type prop struct {
		id uint32
		v  []byte
	}
	var props []prop
	room := 4 * len(b) // what the values may take that lie over each other
	for i := range n {
		at := 8 + 8*i
		if at+8 > len(b) {
			whole = false
			break
		}
		id, off := u32(b[at:]), u32(b[at+4:])
		if int64(off)+4 > int64(len(b)) {
			whole = false
			continue
		}
		v := b[off:]
		if id == olePropPage && len(v) >= 6 {
			page = int(binary.LittleEndian.Uint16(v[4:]))
			continue
		}
		props = append(props, prop{id, v})
	}
	for _, p := range props {
		if p.id != olePropDict {
			continue
		}
		v := p.v[4:]
		for range min(u32(p.v), olePropsMax) {
			if len(v) < 8 {
				break
			}
			id, size := u32(v), int64(u32(v[4:]))
			v = v[8:]
			if page == 1200 {
				size = 2 * size
			}
			if size > int64(len(v)) {
				whole = false
				break
			}
			name := strings.TrimRight(inCodePage(v[:size], page), "\x00")
			if page == 1200 {
				size = (size + 3) &^ 3
			}
			v = v[min(size, int64(len(v))):]
			names[id] = name
			if len(fields) < olePropsMax {
				fields = append(fields, scanners.Field{Name: "property name", Value: name})
			}
		}
	}
	for _, p := range props {
		if p.id == olePropDict {
			continue
		}
		name := names[p.id]
		if name == "" {
			name = olePropName(set, p.id)
		}
		values, ok := olePropValues(p.v, page, &room)
		whole = whole && ok
		for _, v := range values {
			if v != "" {
				fields = append(fields, scanners.Field{Name: name, Value: v})
			}
		}
	}
	return fields, whole
}

// olePropValues returns the texts in a typed value; ok is false where it holds
// bytes that these do not tell.
func olePropValues(b []byte, page int, room *int) (out []string, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	kind := binary.LittleEndian.Uint16(b)
	b = b[4:]
	n := uint32(1)
	if kind&oleVector != 0 {
		if len(b) < 4 {
			return nil, false
		}
		n = min(binary.LittleEndian.Uint32(b), oleVectorMax)
		b = b[4:]
	}
	vector := kind&oleVector != 0
	for range n {
		k := kind &^ oleVector
		if k == 0x0c && vector { // of variants
			if len(b) < 4 {
				return out, false
			}
			k = binary.LittleEndian.Uint16(b)
			b = b[4:]
		}
		switch k {
		case 0x08, 0x1e, 0x1f: // texts
			if len(b) < 4 {
				return out, false
			}
			size := int64(binary.LittleEndian.Uint32(b))
			b = b[4:]
			if k == 0x1f {
				size *= 2
			}
			if size > int64(len(b)) {
				return append(out, oleText(b, k, page)), false
			}
			if *room -= int(size) + 4; *room < 0 {
				return out, false
			}
			out = append(out, oleText(b[:size], k, page))
			if k == 0x1f || !vector || k == 0x08 {
				size = (size + 3) &^ 3
			}
			b = b[min(size, int64(len(b))):]
		case 0x40: // a time
			if len(b) < 8 {
				return out, false
			}
			if t := oleTime(binary.LittleEndian.Uint64(b)); t.Year() > 1601 && t.Year() < 10000 {
				out = append(out, t.Format("2006-01-02 15:04:05"))
			}
			b = b[8:]
		case 0x02, 0x03, 0x0a, 0x0b, 0x12, 0x13, 0x16, 0x17: // numbers
			b = b[min(4, len(b)):]
		case 0x47: // a picture of the first page
			return out, false
		case 0x00, 0x01:
		default:
			return out, false
		}
	}
	return out, true
}

func oleText(b []byte, kind uint16, page int) string {
	if kind == 0x1f || page == 1200 {
		s := utf16le(b)
		if i := strings.IndexByte(s, 0); i >= 0 && strings.Trim(s[i:], "\x00") == "" {
			s = s[:i]
		}
		return s
	}
	return inCodePage(bytes.TrimRight(b, "\x00"), page)
}
