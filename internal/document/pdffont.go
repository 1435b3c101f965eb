package document

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/unicode/norm"
)

// Fonts are those of ISO 32000-1, section 9.5 to 9.10, as far as they say which
// characters their codes are and how wide they are.

const (
	pdfMappings = 1 << 20 // entries of one CMap
	pdfCMapSize = 16 << 20
)

// A pdfFont tells the characters and widths of codes.
type pdfFont struct {
	simple   bool
	text     [256]string  // of a simple font; empty: not known
	width    [256]float64 // in text space
	uni      *pdfCMap     // ToUnicode
	enc      *pdfCMap     // codes of a composite font; nil: two bytes each
	charset  encoding.Encoding
	utf16    bool
	lead     func(c byte) bool // first of two bytes in charset
	wide     map[int]float64
	dw       float64
	vertical bool
	signs    bool // it has no letters
	seen     map[uint32]string
}

// code cuts the next code off s.
func (f *pdfFont) code(s []byte) (code uint32, n int) {
	switch {
	case f.simple:
		return uint32(s[0]), 1
	case f.charset != nil:
		if len(s) > 1 && f.lead(s[0]) {
			return uint32(s[0])<<8 | uint32(s[1]), 2
		}
		return uint32(s[0]), 1
	case f.utf16 && len(s) >= 4 && s[0]&0xfc == 0xd8:
		return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3]), 4
	case f.enc != nil && len(f.enc.spaces) > 0:
		return f.enc.next(s)
	}
	if len(s) < 2 {
		return uint32(s[0]), 1
	}
	return uint32(s[0])<<8 | uint32(s[1]), 2
}

// chars returns the characters of a code; it is false where they aren't known.
func (f *pdfFont) chars(code uint32, raw []byte) (string, bool) {
	if f.simple && f.uni == nil {
		t := f.text[code]
		return t, t != ""
	}
	t, ok := f.seen[code]
	if ok {
		return t, t != "\x00"
	}
	t = f.lookup(code, raw)
	if f.seen == nil {
		f.seen = map[uint32]string{}
	}
	f.seen[code] = t
	return t, t != "\x00"
}

// lookup returns the characters of a code, NUL where they aren't known.
func (f *pdfFont) lookup(code uint32, raw []byte) string {
	if f.uni != nil {
		if t := f.uni.lookup(code, len(raw)); t != "" {
			return pdfClean(t)
		}
	}
	switch {
	case f.simple && f.text[code] != "":
		return f.text[code]
	case f.charset != nil:
		b, err := f.charset.NewDecoder().Bytes(raw)
		if err == nil {
			return pdfClean(string(b))
		}
	case f.utf16:
		return pdfClean(pdfUTF16(raw))
	}
	return "\x00"
}

// advance returns the width of a code.
func (f *pdfFont) advance(code uint32) float64 {
	if f.simple {
		return f.width[code]
	}
	cid := int(code)
	if f.enc != nil && !f.utf16 {
		if c, ok := f.enc.cid(code); ok {
			cid = c
		}
	}
	if w, ok := f.wide[cid]; ok {
		return w
	}
	return f.dw
}

// pdfClean makes plain characters of what a font maps to: ligatures and forms
// of Arabic are taken apart, controls are left out.
func pdfClean(s string) string {
	plain := true
	for _, r := range s {
		if r < ' ' || r == utf8.RuneError || r >= 0xfb00 && r <= 0xfefc || r >= 0xff01 && r <= 0xff5e || r == 0x7f || r >= 0x2f00 && r <= 0x2fdf {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError || r == 0xfeff:
			return -1
		}
		return r
	}, s))
}

func pdfUTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(u))
}

// pdfGlyphTable makes the map of names to characters once.
var pdfGlyphTable = sync.OnceValue(func() map[string]rune {
	m := make(map[string]rune, 2000)
	for _, e := range strings.Fields(pdfGlyphs) {
		code, names, _ := strings.Cut(e, ":")
		r, err := strconv.ParseUint(code, 16, 32)
		if err != nil {
			continue
		}
		for _, n := range strings.Split(names, ",") {
			m[n] = rune(r)
		}
	}
	return m
})

var pdfAccents = map[string]rune{
	"acute": 0x301, "grave": 0x300, "circumflex": 0x302, "dieresis": 0x308, "tilde": 0x303,
	"caron": 0x30c, "ring": 0x30a, "cedilla": 0x327, "ogonek": 0x328, "breve": 0x306, "macron": 0x304,
	"dotaccent": 0x307, "hungarumlaut": 0x30b, "commaaccent": 0x327, "dotbelow": 0x323, "hookabove": 0x309,
}

// pdfGlyph returns the characters of a glyph's name, as the specification of the
// Adobe Glyph List, section 2, has it; empty where it isn't known.
func pdfGlyph(name string) string {
	base, _, _ := strings.Cut(name, ".")
	if base == "" {
		return ""
	}
	var b strings.Builder
	for _, part := range strings.Split(base, "_") {
		b.WriteString(pdfOneGlyph(part))
	}
	return pdfClean(b.String())
}

func pdfOneGlyph(n string) string {
	if len(n) == 1 && n[0] > ' ' && n[0] < 0x7f {
		return n
	}
	if r, ok := pdfGlyphTable()[n]; ok {
		return string(r)
	}
	if len(n) > 1 {
		if a, ok := pdfAccents[n[1:]]; ok {
			if s := norm.NFC.String(n[:1] + string(a)); utf8.RuneCountInString(s) == 1 {
				return s
			}
		}
	}
	if h, ok := strings.CutPrefix(n, "uni"); ok && len(h) >= 4 && len(h)%4 == 0 {
		var u []uint16
		for ; len(h) > 0; h = h[4:] {
			v, err := strconv.ParseUint(h[:4], 16, 16)
			if err != nil {
				return ""
			}
			u = append(u, uint16(v))
		}
		return string(utf16.Decode(u))
	}
	if h, ok := strings.CutPrefix(n, "u"); ok && len(h) >= 4 && len(h) <= 6 {
		if v, err := strconv.ParseUint(h, 16, 32); err == nil && v <= utf8.MaxRune {
			return string(rune(v))
		}
	}
	if m, ok := strings.CutSuffix(n, "small"); ok && m != "" {
		return strings.ToLower(pdfOneGlyph(m))
	}
	if m, ok := strings.CutSuffix(n, "oldstyle"); ok && m != "" {
		return pdfOneGlyph(m)
	}
	return ""
}

// pdfTable fills the characters of a simple font from an encoding.
func pdfTable(text *[256]string, table string, first int) {
	i := first
	for _, r := range table {
		if i > 255 {
			break
		}
		if r != utf8.RuneError {
			text[i] = pdfClean(string(r))
		}
		i++
	}
}

// font returns the font that a resource names.
func (d *pdfFile) font(o any) *pdfFont {
	r, isRef := o.(pdfRef)
	if isRef {
		if f, ok := d.fonts[r.n]; ok {
			return f
		}
	}
	f := d.newFont(d.dict(o))
	if isRef {
		if len(d.fonts) >= 10_000 || d.fonts == nil {
			d.fonts = map[int]*pdfFont{}
		}
		d.fonts[r.n] = f
	}
	return f
}

func (d *pdfFile) newFont(dict pdfDict) *pdfFont {
	f := &pdfFont{dw: 1}
	if s, ok := d.get(dict["ToUnicode"]).(*pdfStream); ok {
		f.uni = d.cmap(s, 0)
		if len(f.uni.chars)+len(f.uni.ranges) == 0 {
			f.uni = nil
		}
	} else if n, ok := d.get(dict["ToUnicode"]).(pdfName); ok && strings.HasPrefix(string(n), "Identity") {
		f.utf16 = true
	}
	if d.get(dict["Subtype"]) == pdfName("Type0") {
		d.composite(f, dict)
	} else {
		d.simple(f, dict)
	}
	return f
}

func (d *pdfFile) simple(f *pdfFont, dict pdfDict) {
	f.simple, f.utf16 = true, false
	base, _ := d.get(dict["BaseFont"]).(pdfName)
	if i := strings.IndexByte(string(base), '+'); i == 6 {
		base = base[7:]
	}
	desc := d.dict(dict["FontDescriptor"])
	flags, _ := d.get(desc["Flags"]).(float64)
	symbolic := int64(flags)&4 != 0 && int64(flags)&32 == 0
	enc := d.get(dict["Encoding"])
	encDict, _ := enc.(pdfDict)
	name, _ := enc.(pdfName)
	if encDict != nil {
		name, _ = d.get(encDict["BaseEncoding"]).(pdfName)
	}
	type3 := d.get(dict["Subtype"]) == pdfName("Type3")
	builtin := d.builtin(f, desc)
	switch {
	case name == "WinAnsiEncoding":
		pdfTable(&f.text, pdfWinAnsi, 32)
	case name == "MacRomanEncoding":
		pdfTable(&f.text, pdfMacRoman, 32)
	case name == "MacExpertEncoding":
		pdfTable(&f.text, pdfMacExpert, 32)
	case strings.HasPrefix(string(base), "Symbol"):
		pdfTable(&f.text, pdfSymbol, 32)
	case strings.HasPrefix(string(base), "ZapfDingbats"):
		pdfTable(&f.text, pdfDingbats, 32)
	case builtin || type3:
	case d.get(dict["Subtype"]) == pdfName("TrueType") && symbolic:
		// Codes of such a font are mostly those of Windows.
		pdfTable(&f.text, pdfWinAnsi, 32)
	default:
		pdfTable(&f.text, pdfStandard, 32)
		if name != "StandardEncoding" && desc == nil && encDict == nil {
			pdfTable(&f.text, pdfWinAnsi, 32)
		}
	}
	if diff, ok := d.get(encDict["Differences"]).(pdfArray); ok {
		code := 0
		for _, o := range diff {
			switch o := d.get(o).(type) {
			case float64:
				code = int(o)
			case pdfName:
				if code >= 0 && code < 256 {
					f.text[code] = pdfGlyph(string(o))
				}
				code++
			}
		}
	}
	for _, n := range []string{"Dingbats", "Wingdings", "Webdings"} {
		f.signs = f.signs || strings.Contains(string(base), n)
	}
	d.simpleWidths(f, dict, string(base), type3)
}

func (d *pdfFile) simpleWidths(f *pdfFont, dict pdfDict, base string, type3 bool) {
	scale := 0.001
	if type3 {
		scale = 1
		if m, ok := pdfMatrixOf(d, dict["FontMatrix"]); ok {
			scale = math.Abs(m[0])
			if scale == 0 {
				scale = math.Abs(m[1])
			}
		}
	}
	missing := 0.0
	if w, ok := d.get(d.dict(dict["FontDescriptor"])["MissingWidth"]).(float64); ok {
		missing = w * scale
	}
	widths, ok := d.get(dict["Widths"]).(pdfArray)
	if !ok {
		table := &pdfHelvetica
		if strings.Contains(base, "Times") || strings.Contains(base, "Roman") {
			table = &pdfTimes
		}
		for c := range f.width {
			switch {
			case strings.Contains(base, "Cour") || strings.Contains(base, "Mono"):
				f.width[c] = 0.6
			case c < 32:
				f.width[c] = 0.5
			default:
				f.width[c] = float64(table[c-32]) / 1000
			}
		}
		return
	}
	first, _ := d.get(dict["FirstChar"]).(float64)
	for c := range f.width {
		f.width[c] = missing
		if i := c - int(first); i >= 0 && i < len(widths) {
			if w, ok := d.get(widths[i]).(float64); ok {
				f.width[c] = w * scale
			}
		}
	}
}

// builtin takes the encoding of an embedded font of Type 1 from its clear text,
// and reports whether there is one (Adobe Type 1 Font Format, section 2.2).
func (d *pdfFile) builtin(f *pdfFont, desc pdfDict) bool {
	s, ok := d.get(desc["FontFile"]).(*pdfStream)
	if !ok {
		if s, ok = d.get(desc["FontFile3"]).(*pdfStream); ok && d.get(s.dict["Subtype"]) == pdfName("Type1C") {
			return pdfCFF(readSome(d.open(s)), &f.text)
		}
		return false
	}
	head := make([]byte, 64<<10)
	n := 0
	for r := d.open(s); n < len(head); {
		m, err := r.Read(head[n:])
		n += m
		if err != nil {
			break
		}
	}
	head = head[:n]
	if i := bytes.Index(head, []byte("eexec")); i >= 0 {
		head = head[:i]
	}
	i := bytes.Index(head, []byte("/Encoding"))
	if i < 0 {
		return false
	}
	l := pdfLexer{b: head[i+9:]}
	if l.object(0) == pdfWord("StandardEncoding") {
		pdfTable(&f.text, pdfStandard, 32)
		return true
	}
	any := false
	for {
		switch w := l.object(0).(type) {
		case pdfEOF:
			return any
		case pdfWord:
			switch w {
			case "def", "readonly":
				if any {
					return true
				}
			case "dup":
				code, ok := l.object(0).(float64)
				name, ok2 := l.object(0).(pdfName)
				if ok && ok2 && code >= 0 && code < 256 {
					f.text[int(code)] = pdfGlyph(string(name))
					any = true
				}
			}
		}
	}
}

func (d *pdfFile) composite(f *pdfFont, dict pdfDict) {
	var down pdfDict
	if a := d.list(dict, "DescendantFonts"); len(a) > 0 {
		down = d.dict(a[0])
	}
	switch enc := d.get(dict["Encoding"]).(type) {
	case pdfName:
		d.predefined(f, string(enc))
	case *pdfStream:
		f.enc = d.cmap(enc, 0)
		f.vertical = f.enc.vertical
	}
	if w, ok := d.get(down["DW"]).(float64); ok {
		f.dw = w / 1000
	}
	f.wide = map[int]float64{}
	ws, _ := d.get(down["W"]).(pdfArray)
	for i := 0; i+1 < len(ws) && len(f.wide) < 1<<17; {
		lo, _ := d.get(ws[i]).(float64)
		switch x := d.get(ws[i+1]).(type) {
		case pdfArray:
			for k, o := range x {
				w, _ := d.get(o).(float64)
				f.wide[int(lo)+k] = w / 1000
			}
			i += 2
		case float64:
			if i+2 >= len(ws) {
				return
			}
			w, _ := d.get(ws[i+2]).(float64)
			for c := int(lo); c <= int(min(x, 65535)) && c >= 0; c++ {
				f.wide[c] = w / 1000
			}
			i += 3
		default:
			i++
		}
	}
}

// predefined sets what the name of a CMap says (ISO 32000-1, section 9.7.5.2).
// Those of the national character sets are their encodings.
func (d *pdfFile) predefined(f *pdfFont, name string) {
	f.vertical = strings.HasSuffix(name, "-V") || name == "V"
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(name, p) })
	}
	high := func(c byte) bool { return c >= 0x81 }
	switch {
	case strings.HasPrefix(name, "Identity"):
	case has("UCS2", "UTF16"):
		f.utf16 = true
	case has("RKSJ"):
		f.charset = japanese.ShiftJIS
		f.lead = func(c byte) bool { return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc }
	case has("GB"):
		f.charset, f.lead = simplifiedchinese.GBK, high
	case has("B5"):
		f.charset, f.lead = traditionalchinese.Big5, high
	case has("KSC"):
		f.charset, f.lead = korean.EUCKR, high
	case name == "EUC-H" || name == "EUC-V":
		f.charset, f.lead = japanese.EUCJP, high
	}
}

// A pdfCMap maps codes: to characters (ISO 32000-1, section 9.10.3) or to CIDs
// (Adobe Technical Note 5014).
type pdfCMap struct {
	spaces   []pdfSpace
	chars    map[uint64]string // by pdfKey
	ranges   []pdfRange
	cids     []pdfRange
	vertical bool
}

// A pdfSpace is a range of codes of n bytes each.
type pdfSpace struct {
	n      int
	lo, hi uint32
}

type pdfRange struct {
	n      int
	lo, hi uint32
	dst    []uint16 // of lo
	cid    int
}

func pdfKey(code uint32, n int) uint64 { return uint64(n)<<32 | uint64(code) }

// next cuts the next code off s by the code spaces.
func (m *pdfCMap) next(s []byte) (code uint32, n int) {
	for n < min(4, len(s)) {
		code = code<<8 | uint32(s[n])
		n++
		for _, sp := range m.spaces {
			if sp.n == n && sp.in(code) {
				return code, n
			}
		}
	}
	// No space has it: as long as the shortest code.
	n = 4
	for _, sp := range m.spaces {
		n = min(n, sp.n)
	}
	n = min(n, len(s))
	code = 0
	for _, c := range s[:n] {
		code = code<<8 | uint32(c)
	}
	return code, n
}

// in compares byte by byte, as code spaces are rectangles.
func (sp pdfSpace) in(code uint32) bool {
	for i := 0; i < sp.n; i++ {
		c := code >> (8 * i) & 0xff
		if c < sp.lo>>(8*i)&0xff || c > sp.hi>>(8*i)&0xff {
			return false
		}
	}
	return true
}

func pdfFind(ranges []pdfRange, code uint32) *pdfRange {
	i, ok := slices.BinarySearchFunc(ranges, code, func(r pdfRange, c uint32) int {
		switch {
		case r.hi < c:
			return -1
		case r.lo > c:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &ranges[i]
}

func (m *pdfCMap) lookup(code uint32, n int) string {
	if t, ok := m.chars[pdfKey(code, n)]; ok {
		return t
	}
	r := pdfFind(m.ranges, code)
	if r == nil {
		// Some write the codes of a simple font with two bytes, or the other way.
		for k := 1; k <= 4; k++ {
			if t, ok := m.chars[pdfKey(code, k)]; ok {
				return t
			}
		}
		return ""
	}
	dst := slices.Clone(r.dst)
	if len(dst) > 0 {
		dst[len(dst)-1] += uint16(code - r.lo)
	}
	return string(utf16.Decode(dst))
}

func (m *pdfCMap) cid(code uint32) (int, bool) {
	r := pdfFind(m.cids, code)
	if r == nil {
		return 0, false
	}
	return r.cid + int(code-r.lo), true
}

func pdfCode(s pdfString) (code uint32, n int) {
	n = min(len(s), 4)
	for i := range n {
		code = code<<8 | uint32(s[i])
	}
	return code, n
}

// cmap parses a CMap.
func (d *pdfFile) cmap(s *pdfStream, depth int) *pdfCMap {
	m := &pdfCMap{chars: map[uint64]string{}}
	if base, ok := d.get(s.dict["UseCMap"]).(*pdfStream); ok && depth < 4 {
		*m = *d.cmap(base, depth+1)
	}
	if v, ok := d.get(s.dict["WMode"]).(float64); ok {
		m.vertical = v == 1
	}
	b := readLimit(d.open(s), pdfCMapSize)
	m.parse(b)
	return m
}

func (m *pdfCMap) parse(b []byte) {
	l := pdfLexer{b: b}
	var prev, prev2 any
	for {
		o := l.object(0)
		w, ok := o.(pdfWord)
		if !ok {
			if _, end := o.(pdfEOF); end {
				break
			}
			prev2, prev = prev, o
			continue
		}
		switch w {
		case "begincodespacerange":
			m.each(&l, 2, func(v []any) {
				lo, ok := v[0].(pdfString)
				hi, ok2 := v[1].(pdfString)
				if ok && ok2 && len(lo) > 0 && len(m.spaces) < 1000 {
					a, n := pdfCode(lo)
					b, _ := pdfCode(hi)
					m.spaces = append(m.spaces, pdfSpace{n, a, b})
				}
			})
		case "beginbfchar":
			m.each(&l, 2, func(v []any) {
				if src, ok := v[0].(pdfString); ok {
					code, n := pdfCode(src)
					m.chars[pdfKey(code, n)] = pdfTarget(v[1])
				}
			})
		case "beginbfrange":
			m.each(&l, 3, m.bfrange)
		case "begincidchar":
			m.each(&l, 2, func(v []any) {
				src, ok := v[0].(pdfString)
				cid, ok2 := v[1].(float64)
				if ok && ok2 {
					code, n := pdfCode(src)
					m.cids = append(m.cids, pdfRange{n: n, lo: code, hi: code, cid: int(cid)})
				}
			})
		case "begincidrange":
			m.each(&l, 3, func(v []any) {
				lo, ok := v[0].(pdfString)
				hi, ok2 := v[1].(pdfString)
				cid, ok3 := v[2].(float64)
				if ok && ok2 && ok3 {
					a, n := pdfCode(lo)
					b, _ := pdfCode(hi)
					m.cids = append(m.cids, pdfRange{n: n, lo: a, hi: b, cid: int(cid)})
				}
			})
		case "def":
			if prev2 == pdfName("WMode") && prev == 1.0 {
				m.vertical = true
			}
		}
	}
	order := func(a, b pdfRange) int { return int(int64(a.lo) - int64(b.lo)) }
	slices.SortStableFunc(m.ranges, order)
	slices.SortStableFunc(m.cids, order)
}

// each calls f for each group of k objects up to the next keyword.
func (m *pdfCMap) each(l *pdfLexer, k int, f func([]any)) {
	v := make([]any, 0, 3)
	for {
		o := l.object(0)
		switch o.(type) {
		case pdfWord, pdfEOF:
			return
		}
		if v = append(v, o); len(v) == k {
			if len(m.chars)+len(m.ranges)+len(m.cids) < pdfMappings {
				f(v)
			}
			v = v[:0]
		}
	}
}

func (m *pdfCMap) bfrange(v []any) {
	lo, ok := v[0].(pdfString)
	hi, ok2 := v[1].(pdfString)
	if !ok || !ok2 {
		return
	}
	a, n := pdfCode(lo)
	b, _ := pdfCode(hi)
	switch dst := v[2].(type) {
	case pdfArray:
		for i, o := range dst {
			if uint32(i) > b-a {
				break
			}
			m.chars[pdfKey(a+uint32(i), n)] = pdfTarget(o)
		}
	case pdfString:
		if b < a {
			return
		}
		if len(dst) == 1 {
			dst = "\x00" + dst
		}
		u := make([]uint16, len(dst)/2)
		for i := range u {
			u[i] = uint16(dst[2*i])<<8 | uint16(dst[2*i+1])
		}
		m.ranges = append(m.ranges, pdfRange{n: n, lo: a, hi: b, dst: u})
	}
}

func pdfTarget(o any) string {
	switch o := o.(type) {
	case pdfString:
		if len(o) == 1 {
			return string(rune(o[0]))
		}
		return pdfUTF16([]byte(o))
	case pdfName:
		return pdfGlyph(string(o))
	}
	return ""
}

// pdfText decodes a text string (ISO 32000-1, section 7.9.2.2).
func pdfText(s string) string {
	switch {
	case strings.HasPrefix(s, "\xfe\xff"):
		return pdfNoEscapes(pdfUTF16([]byte(s[2:])))
	case strings.HasPrefix(s, "\xff\xfe"):
		b := []byte(s[2:])
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return pdfNoEscapes(pdfUTF16(b))
	case strings.HasPrefix(s, "\xef\xbb\xbf"):
		return s[3:]
	}
	ascii := true
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] >= 0x18 && s[i] < 0x20 {
			ascii = false
		}
	}
	if ascii || utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x18 && r < 0x20 || r >= 0x80 && r < 0xa0 }) {
		return s // Not a few write UTF-8 without its mark.
	}
	var b strings.Builder
	table := []rune(pdfDoc)
	for i := range len(s) {
		c := s[i]
		if c >= 0x18 && table[c-0x18] != utf8.RuneError {
			b.WriteRune(table[c-0x18])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// pdfNoEscapes leaves out the language codes between escapes.
func pdfNoEscapes(s string) string {
	for {
		i := strings.IndexByte(s, 0x1b)
		if i < 0 {
			return s
		}
		j := strings.IndexByte(s[i+1:], 0x1b)
		if j < 0 || j > 8 {
			return s[:i] + s[i+1:]
		}
		s = s[:i] + s[i+j+2:]
	}
}
