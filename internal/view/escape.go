package view

import (
	"html"
	"math/bits"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80 }

// hexRun reads up to n hexadecimal digits at p[i:].
func hexRun(p []byte, i, n int) (v, digits int) {
	for digits < n && i+digits < len(p) {
		h := hexValue(p[i+digits])
		if h < 0 {
			break
		}
		v = v<<4 | h
		digits++
	}
	return v, digits
}

// An Escape is one character, or one byte of a character, that is written
// otherwise.
type Escape struct {
	Rune  rune // -1: a byte that is part of a character, or nothing at all
	Byte  byte // where Rune is -1
	Empty bool // stands for nothing: a soft line break
	Width int  // bytes that it is written in, 0: none
	kind  kind
}

func char(r rune, width int, k kind) Escape { return Escape{Rune: r, Width: width, kind: k} }

func octet(c, width int, k kind) Escape {
	if c < utf8.RuneSelf {
		return char(rune(c), width, k)
	}
	return Escape{Rune: -1, Byte: byte(c), Width: width, kind: k}
}

// At returns the escape that starts at p[i]. A quoted one is looked for only
// where quoted is set, as other text has the sign = in plenty.
func At(p []byte, i int, quoted bool) Escape {
	e := at(p, i, quoted)
	e.Empty = e.Empty || e.Width > 0 && invisible(e.Rune)
	return e
}

// invisible reports whether nobody sees a character where it stands inside a
// word: a soft hyphen, and what says that a line may break there or not.
func invisible(r rune) bool {
	return r == '\u00ad' || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

func at(p []byte, i int, quoted bool) Escape {
	switch p[i] {
	case '%':
		return percentAt(p, i)
	case '&':
		return entityAt(p, i)
	case '\\':
		return backslashAt(p, i)
	case '=':
		if quoted {
			return quotedAt(p, i)
		}
	}
	return Escape{}
}

// percentAt reads %40 (RFC 3986, section 2.1) and %u0040, which the function
// escape of JavaScript writes (ECMA-262, B.2.1.1).
func percentAt(p []byte, i int) Escape {
	if i+2 >= len(p) {
		return Escape{}
	}
	if p[i+1]|0x20 == 'u' {
		return unit(p, i, 2, percent)
	}
	hi, lo := hexValue(p[i+1]), hexValue(p[i+2])
	if hi < 0 || lo < 0 {
		return Escape{}
	}
	return octet(hi<<4|lo, 3, percent)
}

// unit reads four hexadecimal digits behind a prefix, and where they are the
// first half of a pair of surrogates the second half too.
func unit(p []byte, i, prefix int, k kind) Escape {
	v, n := hexRun(p, i+prefix, 4)
	if n != 4 {
		return Escape{}
	}
	w := prefix + 4
	if utf16.IsSurrogate(rune(v)) {
		if j := i + w; j+w <= len(p) && p[j] == p[i] && p[j+prefix-1] == p[i+prefix-1] {
			if low, n := hexRun(p, j+prefix, 4); n == 4 {
				if r := utf16.DecodeRune(rune(v), rune(low)); r != unicode.ReplacementChar {
					return char(r, 2*w, k)
				}
			}
		}
		return char(unicode.ReplacementChar, w, k)
	}
	return char(rune(v), w, k)
}

// backslashAt reads the escapes of JSON (RFC 8259, section 7), and those that
// PHP, JavaScript, Python and PostgreSQL have beside them.
func backslashAt(p []byte, i int) Escape {
	if i+1 >= len(p) {
		return Escape{}
	}
	switch c := p[i+1]; c {
	case 'u':
		if i+2 < len(p) && p[i+2] == '{' { // \u{eb}
			if v, n := hexRun(p, i+3, 6); n > 0 && i+3+n < len(p) && p[i+3+n] == '}' {
				return char(valid(v), 4+n, json)
			}
			return Escape{}
		}
		return unit(p, i, 2, json)
	case 'U':
		if v, n := hexRun(p, i+2, 8); n == 8 {
			return char(valid(v), 10, json)
		}
	case 'x':
		// PostgreSQL's bytea has the sign once, before all digits.
		if v, n := hexRun(p, i+2, 8); n >= 2 && n < 8 {
			if n > 2 {
				v, _ = hexRun(p, i+2, 2)
			}
			return octet(v, 4, hexEscape)
		}
	case '0', '1', '2', '3':
		v := 0
		for k := 1; k <= 3; k++ {
			if i+k >= len(p) || p[i+k] < '0' || p[i+k] > '7' {
				if c == '0' {
					return char(0, 2, octal)
				}
				return Escape{}
			}
			v = v<<3 | int(p[i+k]-'0')
		}
		return octet(v, 4, octal)
	case 'n':
		return char('\n', 2, json)
	case 'r':
		return char('\r', 2, json)
	case 't':
		return char('\t', 2, json)
	case '"', '\'', '\\', '/', '@', '.', '-', '+', '_': // the last of Perl, and of regular expressions
		return char(rune(c), 2, json)
	}
	return Escape{}
}

func valid(v int) rune {
	if v > unicode.MaxRune || v < 0 || utf16.IsSurrogate(rune(v)) {
		return unicode.ReplacementChar
	}
	return rune(v)
}

// windows1252 is what Windows-1252 has at 0x80 to 0x9F; 0 where nothing.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// maxEntity is how long a character reference may be, in bytes; obfuscators pad
// with zeros.
const maxEntity = 34

// entityAt reads a character reference (HTML, sections 13.2.5.72 to 80). The
// semicolon may be missing behind digits, and behind a name where the word ends.
func entityAt(p []byte, i int) Escape {
	if i+2 >= len(p) {
		return Escape{}
	}
	end := min(len(p), i+maxEntity)
	if p[i+1] == '#' {
		j, v, base := i+2, 0, 10
		if p[j]|0x20 == 'x' {
			j, base = j+1, 16
		}
		first := j
		for ; j < end; j++ {
			h := hexValue(p[j])
			if h < 0 || h >= base {
				break
			}
			v = min(v*base+h, unicode.MaxRune+1)
		}
		if j == first {
			return Escape{}
		}
		if j < len(p) && p[j] == ';' {
			j++
		}
		r := valid(v)
		if 0x80 <= v && v < 0xa0 && windows1252[v-0x80] != 0 {
			r = windows1252[v-0x80]
		}
		return char(r, j-i, entity)
	}
	j := i + 1
	for j < end && isAlnum(p[j]) {
		j++
	}
	if j-i < 3 {
		return Escape{}
	}
	w := j - i
	if j < len(p) && p[j] == ';' {
		w++
	} else if j < len(p) && (p[j] == '=' || isAlnum(p[j])) {
		return Escape{} // a parameter of a URL
	}
	switch string(p[i+1 : j]) {
	case "amp":
		return char('&', w, entity)
	case "lt":
		return char('<', w, entity)
	case "gt":
		return char('>', w, entity)
	case "quot":
		return char('"', w, entity)
	case "nbsp":
		return char(0xa0, w, entity)
	}
	s := html.UnescapeString(string(p[i : i+w]))
	r, n := utf8.DecodeRuneInString(s)
	if r == '&' && n == 1 && len(s) > 1 || n != len(s) {
		return Escape{} // no name of a character, or of more than one
	}
	return char(r, w, entity)
}

// quotedAt reads =40 and soft line breaks (RFC 2045, section 6.7).
func quotedAt(p []byte, i int) Escape {
	if i+1 >= len(p) {
		return Escape{}
	}
	switch c := p[i+1]; c {
	case '\r', '\n', ' ', '\t':
		j := i + 1
		for j < len(p) && j-i < 8 && (p[j] == ' ' || p[j] == '\t') {
			j++ // which transport added
		}
		if j < len(p) && p[j] == '\r' {
			j++
		}
		if j < len(p) && p[j] == '\n' {
			return Escape{Rune: -1, Empty: true, Width: j + 1 - i, kind: quoted}
		}
	default:
		if i+2 < len(p) && (c < 'a' && p[i+2] < 'a' || lowerQuoted(p, i)) {
			if v, n := hexRun(p, i+1, 2); n == 2 {
				return octet(v, 3, quoted)
			}
		}
	}
	return Escape{}
}

// lowerQuoted reports whether =2e, or each of =c3=ab, is likely to be what RFC
// 2045 wants in capitals, though lenient readers take it: values of parameters
// start like that, too.
func lowerQuoted(p []byte, i int) bool {
	quotedByte := func(k int, high bool) bool {
		return k >= 0 && k+2 < len(p) && p[k] == '=' && hexValue(p[k+1]) >= 0 && hexValue(p[k+2]) >= 0 && (!high || hexValue(p[k+1]) >= 8)
	}
	c := p[i+1]
	return '2' <= c && c <= '7' || quotedByte(i, true) && (quotedByte(i+3, true) || quotedByte(i-3, true))
}

// hides reports whether an escape can keep a value from being found as it
// stands: whether it is part of a word or a number, or of a further escape.
// Other characters are read in their place by whoever looks beside a value.
func hides(p []byte, i int, e Escape) bool {
	j := i + e.Width
	switch {
	case e.kind == markup:
		return true
	case e.Empty:
		return i > 0 && j < len(p) && inWord(p[i-1]) && inWord(p[j])
	case e.Rune < 0:
		return true
	}
	digit := j < len(p) && isDigit(p[j])
	switch r := e.Rune; {
	case r >= utf8.RuneSelf:
		return r < 0xa0 || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || digit && i > 0 && isDigit(p[i-1])
	case isAlnum(byte(r)), r == '@', r == '.', r == '+', r == '-', r == '_':
		return true
	case r == '%' || r == '\\' || r == '=':
		return j+1 < len(p) && (hexValue(p[j]) >= 0 && hexValue(p[j+1]) >= 0 || p[j]|0x20 == 'u' || p[j] == 'x' || p[j] == '%' || p[j] == '\\' || p[j] == '=' && i > 0)
	case r == '&':
		return j+2 < len(p) && (p[j] == '#' || p[j] == '%' || p[j] == '\\' || p[j] == '&' && At(p, j, false).Rune == '#' || isAlnum(p[j]) && named(p, j))
	}
	// Between digits it joins their groups, or is taken for one of them.
	if e.Rune == ':' && p[i] == '%' && grouped(p, i) {
		return true
	}
	if (e.Rune == '\n' || e.Rune == '\r') && cuts(p, i) {
		return true
	}
	if digit && (i > 0 && isDigit(p[i-1]) || isDigit(p[j-1])) {
		return true
	}
	return false
}

// named reports whether a name of a character reference and its semicolon stand
// at j.
func named(p []byte, j int) bool {
	k := j
	for k < len(p) && k-j < maxEntity && isAlnum(p[k]) {
		k++
	}
	return k < len(p) && p[k] == ';' && k-j < 9 && string(p[j:k]) != "nbsp" && string(p[j:k]) != "quot" && string(p[j:k]) != "lt" && string(p[j:k]) != "gt"
}

// grouped reports whether %3A at i stands beside groups of hexadecimal digits, as
// in an IPv6 address.
func grouped(p []byte, i int) bool {
	return i > 0 && i+4 < len(p) && hexValue(p[i-1]) >= 0 && (hexValue(p[i+3]) >= 0 || p[i+3] == '%' && p[i+4] == '3')
}

// cuts reports whether the escape at i, \n, \r or %0D, is all or the first of a
// line break between two digits, of which a space may end the line.
func cuts(p []byte, i int) bool {
	k := i
	if k > 1 && p[k-1] == ' ' {
		k--
	}
	if k == 0 || !isDigit(p[k-1]) {
		return false
	}
	w := 2
	if p[i] == '%' {
		w = 3
	}
	j := i + w
	if j+w < len(p) && p[j] == p[i] && p[i+w-1]|0x20 != 'n' && p[i+w-1]|0x20 != 'a' {
		j += w
	}
	for j < len(p) && j-i < 12 && (p[j] == ' ' || p[j] == '>') {
		j++
	}
	return j < len(p) && isDigit(p[j])
}

// worth tells quickly what is common and hides nothing.
func worth(p []byte, i int) bool {
	if i+2 >= len(p) {
		return false
	}
	c := p[i+1]
	switch p[i] {
	case '\\':
		switch c {
		case 'n', 'r':
			return cuts(p, i)
		case 't', '"', '\'':
			return false
		case '/':
			return i > 0 && isDigit(p[i-1]) && isDigit(p[i+2])
		}
	case '%':
		if c == '3' && p[i+2]|0x20 == 'a' && grouped(p, i) {
			return true
		}
		if c == '0' && (p[i+2]|0x20 == 'd' || p[i+2]|0x20 == 'a') && cuts(p, i) {
			return true
		}
		if c == '2' || c == '3' || c == '5' || c == '7' || c == '0' {
			// Punctuation: of interest are + - . _ and, before digits, the others.
			switch p[i+2] | 0x20 {
			case 'c', 'f', 'd', 'b', 'a', 'e', '0', '1', '2', '4', '7', '8', '9', '3':
				if c == '2' && (p[i+2]|0x20 == 'b' || p[i+2]|0x20 == 'd' || p[i+2]|0x20 == 'e') || c == '3' && isDigit(p[i+2]) || c == '5' || c == '7' {
					return true
				}
				return c == '3' && p[i+2]|0x20 == 'd' && i+3 < len(p) && (hexValue(p[i+3]) >= 0 || p[i+3] == '%') || i+3 < len(p) && isDigit(p[i+3])
			}
		}
		return hexValue(c) >= 0 && hexValue(p[i+2]) >= 0 || c|0x20 == 'u'
	case '&':
		if c == '#' {
			return true
		}
		if !isAlnum(c) {
			return false
		}
		if c == 'n' && i+6 < len(p) && p[i+2] == 'b' && p[i+5] == ';' { // &nbsp;
			return isDigit(p[i+6]) && i > 0 && isDigit(p[i-1])
		}
		if p[i+2] == 't' && (c == 'l' || c == 'g') {
			return false
		}
		k := i + 2
		for k < len(p) && k-i < maxEntity && isAlnum(p[k]) {
			k++
		}
		return k == len(p) || p[k] == ';' || p[k] != '=' && k-i > 3
	}
	return true
}

func inWord(c byte) bool {
	return isAlnum(c) || c >= utf8.RuneSelf || c == '@' || c == '.' || c == '-' || c == '_' || c == '+' || c == '='
}

// escapes decodes the neighbourhood of escapes: all but those of
// quoted-printable in one go, and these by themselves, as = is common.
func (s *search) escapes() {
	var one, two window
	s.conceal()
	words := s.c.Escape
	for w := s.f.from / 64; w < len(words); w++ {
		// A plus between digits may be a space.
		x := words[w] | s.between(w) | s.hidden(w)
		if w == s.f.from/64 {
			x &^= 1<<(s.f.from%64) - 1
		}
		for ; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			switch p := s.p; p[i] {
			case '=':
				if i+1 >= len(p) || p[i+1] >= 'G' && (p[i+1] < 'c' || p[i+1] > 'f') || p[i+1] > '9' && p[i+1] < 'A' || p[i+1] == '"' {
					continue
				}
				if c := p[i+1]; i < two.next || c > ' ' && (i+2 >= len(p) || digits[p[i+2]] == 0xff) {
					continue
				}
				if i+3 < len(p) && isDigit(p[i+1]) && isDigit(p[i+2]) && !(p[i+3] == '=' || isDigit(p[i+3]) && i > 0 && isDigit(p[i-1])) && (!isAlnum(p[i+3]) || isDigit(p[i+3])) {
					continue // a number that is the value of a parameter
				}
				e := quotedAt(p, i)
				if e.Width > 0 && hides(p, i, e) && s.mayQuoted(i, e) {
					s.grow(&two, i, e.Width, true)
				}
			case '%', '&', '\\':
				if i < one.next || !worth(p, i) {
					continue
				}
				e := At(p, i, false)
				if e.Width > 0 && hides(p, i, e) && s.mayEscape(i, e) {
					s.grow(&one, i, e.Width, false)
				}
			case 0xC2, 0xE2, 0xEF, '<':
				e := tagAt(p, i)
				if p[i] != '<' {
					e = unseenAt(p, i)
				}
				if i >= one.next && hides(p, i, e) && s.mayEscape(i, e) {
					s.grow(&one, i, e.Width, false)
				}
			case '+':
				if i >= one.next && (s.top || s.fresh(s.parentOf(i), i, i+1)) {
					s.grow(&one, i, 1, false)
				}
			}
		}
	}
	s.flush(&one, false)
	s.flush(&two, true)
}

// between returns what of word w is of the alphabet of base64, as a plus is, and
// stands between two digits.
func (s *search) between(w int) uint64 {
	d := s.c.Digit
	before, after := d[w]<<1, d[w]>>1
	if w > 0 {
		before |= d[w-1] >> 63
	}
	if w+1 < len(d) {
		after |= d[w+1] << 63
	}
	return s.c.Base64[w] & before & after
}

func (s *search) parentOf(i int) int {
	_, _, parent := s.room(i)
	return parent
}

// mayQuoted keeps what is mixed in one layer from being decoded in each order.
func (s *search) mayQuoted(i int, e Escape) bool {
	return s.top || s.fresh(s.parentOf(i), i, i+e.Width)
}

func (s *search) mayEscape(i int, e Escape) bool {
	if s.top {
		return true
	}
	parent := s.parentOf(i)
	return s.in.regions[parent].kind == quoted || s.fresh(parent, i, i+e.Width)
}

// A window is a stretch of the layer that is to be decoded.
type window struct {
	from, to, lo, hi, parent int
	next                     int // what starts before is within it and needs no look
}

// grow takes the neighbourhood of the escape at i into the window. What was in
// it and is too far away is decoded first.
func (s *search) grow(w *window, i, width int, quoted bool) {
	if w.to > 0 && i >= w.lo && i < w.hi && i-context <= w.to {
		w.to = min(i+width+context, w.hi)
		w.next = w.to - context
		return
	}
	s.flush(w, quoted)
	lo, hi, parent := s.room(i)
	if i < lo || i >= hi {
		return
	}
	*w = window{from: max(lo, i-context), to: min(hi, i+width+context), lo: lo, hi: hi, parent: parent}
}

func (s *search) flush(w *window, quoting bool) {
	if w.to == 0 {
		return
	}
	from, to := w.from, w.to
	parent := w.parent
	*w = window{}
	if !s.afford(to-from, from) {
		return
	}
	k := percent // for all that are decoded with it
	if quoting {
		k = quoted
	}
	s.open(k, from, to, parent)
	s.mark(from, 0)
	p, out := s.p[:to], s.out.text
	base := s.out.regions[len(s.out.regions)-1].from
	plain := from
	put := func(i int, e Escape) {
		out = append(out, p[plain:i]...)
		s.out.segs = append(s.out.segs, seg{int32(len(out) - base), int32(i), e.kind})
		switch {
		case e.Empty:
		case e.Rune < 0:
			out = append(out, e.Byte)
		default:
			out = utf8.AppendRune(out, e.Rune)
		}
		plain = i + e.Width
		s.out.segs = append(s.out.segs, seg{int32(len(out) - base), int32(plain), 0})
	}
	for wd := from / 64; wd*64 < to; wd++ {
		x := s.c.Escape[wd]
		if !quoting {
			x |= s.between(wd) | s.hidden(wd)
		}
		for ; x != 0; x &= x - 1 {
			i := wd*64 + bits.TrailingZeros64(x)
			if i < plain {
				continue
			}
			if i >= to {
				break
			}
			var e Escape
			switch c := p[i]; {
			case c == '=' && quoting:
				e = quotedAt(p, i)
			case c == '=' || quoting:
			case c >= 0x80:
				e = unseenAt(p, i)
			case c == '<':
				e = tagAt(p, i)
			case c == '+':
				e = char(' ', 1, plus)
			default:
				e = At(p, i, false)
			}
			if e.Width > 0 {
				put(i, e)
			}
		}
	}
	s.out.text = append(out, p[plain:]...)
	s.close()
}
