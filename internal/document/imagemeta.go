package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unused returns the spans of bytes that nothing was made of, in order.
func (m *picture) unused() (list [][2]int64) {
	sort.Slice(m.spans, func(i, j int) bool { return m.spans[i][0] < m.spans[j][0] })
	from := int64(0)
	for _, s := range append(m.spans, [2]int64{m.size, m.size}) {
		if s[0] > from {
			list = append(list, [2]int64{from, s[0]})
		}
		from = max(from, min(s[1], m.size))
	}
	return list
}

const (
	tiffMaxFolders = 256
	tiffMaxValue   = 1 << 20 // of a field, in bytes
)

// A tiffFile is a tree of image file directories (TIFF 6.0, section 2; BigTIFF),
// which EXIF is, too (CIPA DC-008).
type tiffFile struct {
	m     *picture
	base  int64
	size  int64
	order binary.ByteOrder
	big   bool
	seen  map[int64]bool
}

// tiff reads the directories in n bytes at a place of the picture.
func (m *picture) tiff(at, n int64) {
	h := m.bytes(at, min(n, 16))
	if len(h) < 8 {
		return
	}
	t := &tiffFile{m: m, base: at, size: min(n, m.size-at), seen: map[int64]bool{}, order: binary.LittleEndian}
	if h[0] == 'M' {
		t.order = binary.BigEndian
	} else if h[0] != 'I' {
		m.damaged = true
		return
	}
	first := int64(t.order.Uint32(h[4:]))
	m.used(at, at+8)
	if t.big = t.order.Uint16(h[2:]) == 43 && len(h) == 16; t.big {
		first = int64(t.order.Uint64(h[8:]))
		m.used(at+8, at+16)
	}
	t.folder(first, "", 0)
}

func (t *tiffFile) uint(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(b[0])
	case 2:
		return int64(t.order.Uint16(b))
	case 4:
		return int64(t.order.Uint32(b))
	case 8:
		return int64(t.order.Uint64(b))
	}
	return 0
}

// tiffSizes are the lengths of values by type, in bytes.
func tiffSize(typ int) int64 {
	sizes := [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8}
	switch {
	case typ == 129: // UTF-8, EXIF 3.0
		return 1
	case typ < len(sizes):
		return sizes[typ]
	}
	return 0
}

// folder reads a directory, those within it, and the next one.
func (t *tiffFile) folder(at int64, group string, depth int) {
	m := t.m
	if t.seen[at] || len(t.seen) >= tiffMaxFolders || depth > 8 || m.over || m.ctx.Err() != nil {
		return
	}
	t.seen[at] = true
	count, entry, inline := int64(2), int64(12), int64(4)
	if t.big {
		count, entry, inline = 8, 20, 8
	}
	h := m.bytes(t.base+at, count)
	if at < 8 || at+count > t.size || int64(len(h)) < count {
		m.damaged = true
		return
	}
	n := t.uint(h)
	list := m.bytes(t.base+at+count, min(n, 65535)*entry)
	if n > 65535 || n*entry+at+count > t.size || int64(len(list)) < n*entry {
		m.damaged = true
	}
	m.used(t.base+at, t.base+at+count+int64(len(list)))
	var offsets, lengths []int64 // of pixels
	gps := map[int][]float64{}
	refs := map[int]string{}
	for ; int64(len(list)) >= entry; list = list[entry:] {
		tag, typ := int(t.order.Uint16(list)), int(t.order.Uint16(list[2:]))
		values := t.uint(list[4 : 4+inline])
		raw := list[4+inline : 4+2*inline]
		size := tiffSize(typ)
		if size == 0 || values <= 0 || values > t.size {
			continue
		}
		length, place := size*values, int64(-1)
		var v []byte
		if length <= inline {
			v = raw[:length]
		} else {
			if place = t.uint(raw); place < 8 || place > t.size || length > t.size-place {
				m.damaged = true
				continue
			}
			v = m.bytes(t.base+place, min(length, tiffMaxValue))
		}
		numbers := func() (list []int64) {
			for ; int64(len(v)) >= size && len(list) < 1<<16; v = v[size:] {
				list = append(list, t.uint(v[:size]))
			}
			return list
		}
		read := true
		switch {
		case tag == 0x8769 || tag == 0xa005: // EXIF, interoperability
			for _, n := range numbers() {
				t.folder(n, "", depth+1)
			}
		case tag == 0x8825:
			for _, n := range numbers() {
				t.folder(n, "GPS", depth+1)
			}
		case tag == 0x014a || tag == 0x0190: // further pictures
			for _, n := range numbers() {
				t.folder(n, group, depth+1)
			}
		case group == "" && (tag == 0x0111 || tag == 0x0144 || tag == 0x0201):
			offsets = append(offsets, numbers()...)
		case group == "" && (tag == 0x0117 || tag == 0x0145 || tag == 0x0202):
			lengths = append(lengths, numbers()...)
		case group == "" && tag == 0x0100 && depth == 0:
			m.width = max(m.width, t.uint(v[:min(size, int64(len(v)))]))
		case group == "" && tag == 0x0101 && depth == 0:
			m.height = max(m.height, t.uint(v[:min(size, int64(len(v)))]))
		case tag == 0x02bc && length > 4:
			m.xmp(t.base+place, length)
		case tag == 0x83bb || tag == 0x8649:
			if length > int64(len(v)) {
				read = false
				break
			}
			m.resources(v, 0)
		case length > int64(len(v)):
			read = false // longer than a field
		case group == "GPS" && typ == 5:
			for b := v; len(b) >= 8; b = b[8:] {
				if d := t.order.Uint32(b[4:]); d > 0 {
					gps[tag] = append(gps[tag], float64(t.order.Uint32(b))/float64(d))
				}
			}
		case group == "GPS" && (tag == 1 || tag == 3) && typ == 2:
			refs[tag] = strings.TrimRight(string(v), "\x00")
		case 0x9c9b <= tag && tag <= 0x9c9f: // of Windows, in UTF-16
			m.field(tiffName(tag, group), appendWide(nil, bytes.TrimRight(v, "\x00"), binary.LittleEndian))
		case tag == 0x9286 || group == "GPS" && (tag == 0x1b || tag == 0x1c):
			m.field(tiffName(tag, group), tiffComment(v, t.order))
		case typ == 2 || typ == 129:
			for s := range bytes.SplitSeq(bytes.TrimRight(v, "\x00"), []byte{0}) {
				m.field(tiffName(tag, group), s)
			}
		case tag == 0x927c || place >= 0 && (typ == 7 || typ == 1):
			read = false // of the maker, profiles: as they are
		}
		if read && place >= 0 {
			m.used(t.base+place, t.base+place+length)
		}
	}
	for i, off := range offsets {
		if i < len(lengths) && off > 0 && lengths[i] > 0 && off < t.size && off+lengths[i] > off {
			m.used(t.base+off, t.base+min(off+lengths[i], t.size))
		}
	}
	t.position(gps, refs)
	next := m.bytes(t.base+at+count+n*entry, inline)
	if int64(len(next)) == inline && n <= 65535 {
		m.used(t.base+at+count+n*entry, t.base+at+count+n*entry+inline)
		if k := t.uint(next); k != 0 {
			t.folder(k, group, depth)
		}
	}
}

// position takes a place on Earth, in degrees.
func (t *tiffFile) position(gps map[int][]float64, refs map[int]string) {
	for tag := 2; tag <= 4; tag += 2 {
		d, name := gps[tag], "GPSLatitude"
		if tag == 4 {
			name = "GPSLongitude"
		}
		if len(d) == 0 {
			continue
		}
		v := d[0]
		for i, part := range d[1:] {
			v += part / math.Pow(60, float64(i+1))
		}
		if r := refs[tag-1]; r == "S" || r == "W" {
			v = -v
		}
		t.m.field(name, strconv.AppendFloat(nil, v, 'f', 6, 64))
	}
}

// tiffComment returns the text of a comment that names its encoding (CIPA
// DC-008, UserComment).
func tiffComment(v []byte, order binary.ByteOrder) []byte {
	if len(v) < 8 {
		return v
	}
	switch code, text := string(bytes.TrimRight(v[:8], "\x00 ")), v[8:]; code {
	case "UNICODE":
		return appendWide(nil, bytes.TrimRight(text, "\x00"), order)
	case "ASCII", "JIS", "":
		return text
	}
	return v
}

// tiffName names a field as EXIF does.
func tiffName(tag int, group string) string {
	if group == "GPS" {
		switch tag {
		case 0x12:
			return "GPSMapDatum"
		case 0x1b:
			return "GPSProcessingMethod"
		case 0x1c:
			return "GPSAreaInformation"
		case 0x1d:
			return "GPSDateStamp"
		}
		return fmt.Sprintf("GPS %#04x", tag)
	}
	for _, n := range [...]struct {
		tag  int
		name string
	}{
		{0x010d, "DocumentName"},
		{0x010e, "ImageDescription"},
		{0x010f, "Make"},
		{0x0110, "Model"},
		{0x011d, "PageName"},
		{0x0131, "Software"},
		{0x0132, "DateTime"},
		{0x013b, "Artist"},
		{0x013c, "HostComputer"},
		{0x8298, "Copyright"},
		{0x9003, "DateTimeOriginal"},
		{0x9004, "DateTimeDigitized"},
		{0x9286, "UserComment"},
		{0x9c9b, "XPTitle"},
		{0x9c9c, "XPComment"},
		{0x9c9d, "XPAuthor"},
		{0x9c9e, "XPKeywords"},
		{0x9c9f, "XPSubject"},
		{0xa420, "ImageUniqueID"},
		{0xa430, "CameraOwnerName"},
		{0xa431, "BodySerialNumber"},
		{0xa433, "LensMake"},
		{0xa434, "LensModel"},
		{0xa435, "LensSerialNumber"},
		{0xa436, "ImageTitle"},
		{0xa437, "Photographer"},
		{0xa438, "ImageEditor"},
		{0xc614, "UniqueCameraModel"},
		{0xc62f, "CameraSerialNumber"},
		{0xc68b, "OriginalRawFileName"},
	} {
		if n.tag == tag {
			return n.name
		}
	}
	return fmt.Sprintf("EXIF %#04x", tag)
}

// resources reads the resources of Photoshop (Adobe Photoshop File Formats,
// Image Resource Blocks), or the data sets of IPTC where b holds these.
func (m *picture) resources(b []byte, depth int) {
	if len(b) > 1 && b[0] == 0x1c {
		m.iptc(b)
		return
	}
	for len(b) >= 12 {
		kind := string(b[:4])
		if kind != "8BIM" && kind != "PHUT" && kind != "AgHg" && kind != "DCSR" && kind != "MeSa" {
			break
		}
		id := int(b[4])<<8 | int(b[5])
		i := 6 + 1 + int(b[6])
		i += i & 1
		if i+4 > len(b) {
			break
		}
		n := int64(uintBE(b[i:]))
		if i += 4; n > int64(len(b)-i) {
			break
		}
		v := b[i : i+int(n)]
		m.field("name", b[7:min(7+int(b[6]), len(b))])
		b = b[min(len(b), i+int(n+n&1)):]
		switch {
		case id == 0x0404 && len(v) > 0 && v[0] == 0x1c:
			m.iptc(v)
		case id == 0x0422 && depth == 0:
			m.apart(v)
		case id == 0x0424:
			m.text("XMP", v)
		case id == 0x040c || id == 0x0409:
			// A thumbnail.
		case len(v) > 4:
			m.text("photoshop", v)
		}
	}
	m.text("photoshop", bytes.Trim(b, "\x00"))
}

// iptc reads the data sets of the IPTC Information Interchange Model (version
// 4.2, section 1.5).
func (m *picture) iptc(b []byte) {
	utf := false
	for len(b) >= 5 && b[0] == 0x1c {
		record, set := b[1], b[2]
		n, i := int64(b[3])<<8|int64(b[4]), 5
		if b[3]&0x80 != 0 { // extended: the length of the length
			k := int(n & 0x7fff)
			if k > 8 || i+k > len(b) {
				break
			}
			n = 0
			for _, c := range b[i : i+k] {
				n = n<<8 | int64(c)
			}
			i += k
		}
		if n < 0 || n > int64(len(b)-i) {
			break
		}
		v := b[i : i+int(n)]
		b = b[i+int(n):]
		switch {
		case record == 1 && set == 90:
			utf = string(v) == "\x1b%G"
		case set == 0:
		case utf && !utf8.Valid(v):
			m.field(iptcName(record, set), bytes.ToValidUTF8(v, []byte("\ufffd")))
			m.text("IPTC", v)
		default:
			m.field(iptcName(record, set), v)
		}
	}
	m.text("IPTC", bytes.Trim(b, "\x00"))
}

// iptcName names a data set of the application record.
func iptcName(record, set byte) string {
	if record == 2 {
		for _, n := range [...]struct {
			set  byte
			name string
		}{
			{5, "Object Name"},
			{7, "Edit Status"},
			{15, "Category"},
			{20, "Supplemental Category"},
			{22, "Fixture Identifier"},
			{25, "Keywords"},
			{26, "Content Location Code"},
			{27, "Content Location Name"},
			{40, "Special Instructions"},
			{55, "Date Created"},
			{60, "Time Created"},
			{80, "By-line"},
			{85, "By-line Title"},
			{90, "City"},
			{92, "Sub-location"},
			{95, "Province-State"},
			{100, "Country Code"},
			{101, "Country Name"},
			{103, "Original Transmission Reference"},
			{105, "Headline"},
			{110, "Credit"},
			{115, "Source"},
			{116, "Copyright Notice"},
			{118, "Contact"},
			{120, "Caption"},
			{121, "Local Caption"},
			{122, "Writer"},
		} {
			if n.set == set {
				return n.name
			}
		}
	}
	return fmt.Sprintf("IPTC %d:%d", record, set)
}
