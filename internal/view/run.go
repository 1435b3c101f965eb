package view

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const (
	minRun    = 10  // characters of an alphabet in a row that may be base64 or hexadecimal
	minBase64 = 12  // nine bytes
	sureRun   = 96  // base64 of that length is decoded whatever is in it
	maxPieces = 256 // runs up to that length are tried in pieces, too
)

// A part is a stretch of a run: the characters from char on stand at src.
type part struct {
	src  int
	char int
}

// carry is what is kept of a run that goes on in the next window.
type carry struct {
	active bool
	kind   kind // base64 or hex
	skip   int  // characters in front of the first group
	parts  []part
	base   int64 // of which src of parts count
	line   int   // characters in a line, 0 where there are none

	// Compressed data are kept until their end.
	collect bool
	lost    bool  // too long to be kept
	start   int64 // where they start in the text
	group   int   // first character that is not in data
	data    []byte
}

// value holds the value of each character of both alphabets of RFC 4648, 0xFF
// for all others.
var value = func() (t [256]uint8) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = uint8(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// digits holds the value of each hexadecimal digit, 0xFF for all others.
var digits = func() (t [256]uint8) {
	for i := range t {
		t[i] = 0xff
		if v := hexValue(byte(i)); v >= 0 {
			t[i] = uint8(v)
		}
	}
	return t
}()

// runs decodes base64 and hexadecimal.
func (s *search) runs() {
	start := s.f.from
	var old carry
	if s.top {
		old = s.f.carry
		s.f.carry = carry{parts: s.f.carry.parts}
		if old.active {
			start = s.resume(&old)
		}
	}
	s.shortLines()
	p := s.p
	letter, digit, other := s.c.Letter, s.c.Digit, s.c.Base64
	words := len(letter)
	digit, other = digit[:words], other[:words]
	var y, z uint64 // of the alphabet, in the word and in the next one
	if w := start / 64; w < words {
		z = letter[w] | digit[w] | other[w]
	}
	for w := start / 64; w < words; w++ {
		y, z = z, 0
		if w+1 < words {
			z = letter[w+1] | digit[w+1] | other[w+1]
		}
		if w < start/64 {
			continue
		}
		// Ten in a row.
		x, next := y&(y>>1|z<<63), z&(z>>1)
		x, next = x&(x>>2|next<<62), next&(next>>2)
		x, next = x&(x>>4|next<<60), next&(next>>4)
		x &= x>>2 | next<<62
		if w == start/64 {
			x &^= 1<<(start%64) - 1
		}
		for x != 0 {
			k := bits.TrailingZeros64(x)
			i, e := w*64+k, 0
			if n := bits.TrailingZeros64(^(y >> k)); k+n < 64 {
				e = i + n
			} else {
				e = s.runEnd(w*64 + 64)
			}
			if k == 0 || i == start {
				for i > 0 && value[p[i-1]] != 0xff {
					i-- // the run began before what is looked at
				}
			}
			start = e
			if !s.top && s.stale(i, e) {
				// It was looked at in the layer above.
			} else if !idle(p, i, e) && !dull(p, i, e) {
				start = max(e, s.run(i, e))
			}
			if start >= w*64+64 {
				break
			}
			x &^= 1<<(start%64) - 1
		}
	}
}

// stale reports whether the run p[i:e] of a layer below the first is quickly seen
// to stand like that in the layer above, and not to go on in what does not: there
// is no escape in it, nor anything at its ends that joins it to something else.
func (s *search) stale(i, e int) bool {
	_, hi, parent := s.room(i)
	r := &s.in.regions[parent]
	if r.kind > lastEscape || e >= hi {
		return false
	}
	switch p := s.p; {
	case p[e] == '\n', p[e] == '\r', p[e] == '\\', p[e] == '%', p[e] == '&':
		return false
	case p[i] == '/', i >= 3 && p[i-3] == '%':
		return false
	}
	segs := s.in.segs[r.seg0:r.seg1]
	if s.stood != parent {
		s.stood, s.seg = parent, 0
	}
	for s.seg < len(segs) && int(segs[s.seg].text) < i-r.from {
		s.seg++
	}
	// Every second one is an escape.
	for k := s.seg; k < len(segs) && int(segs[k].text) <= e-r.from; k++ {
		if segs[k].kind != 0 {
			return false
		}
	}
	return true
}

// idle reports whether the run p[i:e] is quickly seen to have too few capitals
// and digits for a code, and not to go on behind a line break, as most are.
func idle(p []byte, i, e int) bool {
	n := e - i
	if n > 16 || n < 8 {
		return false
	}
	// Both eights may have some in common.
	a, b := capitals(binary.LittleEndian.Uint64(p[i:])), capitals(binary.LittleEndian.Uint64(p[e-8:]))
	if 5*(a+b) >= 16 {
		return false
	}
	return e >= len(p) || p[e] != '\n' && p[e] != '\r' && p[e] != '\\'
}

// capitals returns how many of 8 bytes are capitals, digits or the like.
func capitals(x uint64) int {
	// Capitals have bit 6 and not bit 5, digits bit 4 and not bit 6.
	return bits.OnesCount64((x&^(x<<1) | ^x&(x<<2)) & 0x4040404040404040)
}

// dull reports whether the run p[i:e] is quickly seen to be no code: a date, a
// UUID (RFC 9562), a word.
func dull(p []byte, i, e int) bool {
	if e < len(p) && (p[e] == '\n' || p[e] == '\r' || p[e] == '\\' || p[e] == '%' || p[e] == '&') {
		return false // it may go on
	}
	c := p[i:e]
	n, other := len(c), 0
	switch {
	case n >= minRun && n <= 13 && c[4] == '-' && c[7] == '-',
		n == 36 && c[8] == '-' && c[13] == '-' && c[18] == '-' && c[23] == '-':
		return true
	case n < minBase64:
		for _, x := range c {
			if digits[x] == 0xff {
				if other++; n-other < minRun {
					return true
				}
			}
		}
		return n < minRun
	case !likely(c):
		return true
	case n >= 2*sureRun:
		return false
	}
	for _, x := range c {
		if digits[x] == 0xff {
			return false
		}
	}
	return !hexText(c[:n&^1]) && !hexText(c[1:1+(n-1)&^1])
}

// runEnd returns where the run that starts at i ends.
func (s *search) runEnd(i int) int {
	n := len(s.p)
	if i >= n {
		return n
	}
	w := i / 64
	x := ^(s.c.Letter[w] | s.c.Digit[w] | s.c.Base64[w]) &^ (1<<(i%64) - 1)
	for x == 0 {
		w++
		if w*64 >= n {
			return n
		}
		x = ^(s.c.Letter[w] | s.c.Digit[w] | s.c.Base64[w])
	}
	return min(w*64+bits.TrailingZeros64(x), n)
}

// shortLines finds base64 that is wrapped after fewer characters than make a
// run.
func (s *search) shortLines() {
	p := s.p
	for i := s.f.from; i < len(p); {
		k := bytes.IndexByte(p[i:], '\n')
		if k < 0 {
			return
		}
		e := i + k // of the line that starts at i
		start := i
		i = e + 1
		if e > start && p[e-1] == '\r' {
			e--
		}
		if e == start || e-start >= minRun || i >= len(p) || value[p[e-1]] == 0xff || value[p[i]] == 0xff || value[p[start]] == 0xff {
			continue
		}
		a := e
		for a > start && value[p[a-1]] != 0xff {
			a--
		}
		next := s.runEnd(i)
		if next-i > e-a || next-i < e-a && next < len(p) && e-a < 2 {
			continue
		}
		i = max(i, s.run(a, e))
	}
}

// joiner tells whether a run goes on behind e, and where: behind a line break
// and what lines are indented with, or behind an escape that stands for one of
// the alphabet's own characters, which it returns.
func joiner(p []byte, e int) (next int, c byte, broken bool) {
	if e >= len(p) {
		return e, 0, false
	}
	switch p[e] {
	case '\r', '\n', '\\':
		i, breaks := e, 0
		for breaks < 2 && i < len(p) {
			switch {
			case p[i] == '\r' || p[i] == '\n':
				i++
			case p[i] == '\\' && i+1 < len(p) && (p[i+1] == 'r' || p[i+1] == 'n'):
				i += 2
			case p[i] == '\\' && breaks == 0 && i+1 < len(p) && p[i+1] == '/':
				return i + 2, '/', false
			case p[i] == '\\' && breaks == 0:
				if e := At(p, i, false); e.Width > 0 && (e.Rune == '+' || e.Rune == '/') {
					return i + e.Width, byte(e.Rune), false
				}
				return e, 0, false
			default:
				goto indent
			}
			breaks++
			if p[i-1] == '\n' || p[i-1] == 'n' && p[i-2] == '\\' {
				break
			}
		}
	indent:
		for n := 0; n < 16 && i < len(p) && (p[i] == ' ' || p[i] == '\t' || p[i] == '>'); n++ { // or quotes it in an answer
			i++
		}
		if i < len(p) && value[p[i]] != 0xff {
			return i, 0, true
		}
	case '%', '&':
		if x := At(p, e, false); x.Width > 0 && (x.Rune == '+' || x.Rune == '/') {
			return e + x.Width, byte(x.Rune), false
		}
	}
	return e, 0, false
}

// run looks at the run p[i:e] and what it goes on with, and returns where that
// ends.
func (s *search) run(i, e int) int {
	lo, hi, parent := s.room(i)
	if i < lo {
		i = lo
	}
	if e > hi {
		e = hi
	}
	p := s.p[:hi]
	if e-i < 1 {
		return e
	}
	code := likely(p[i:e])
	if !code && !mayJoin(p, e) {
		return e
	}
	own := e - i // as many characters are known to be likely, or not

	for range 4 * min(1, i-lo) { // "Wm\/Dqy..."
		k := i
		switch {
		case k-lo > 1 && p[k] == '/' && p[k-1] == '\\':
			k--
		case k-lo > 3 && p[k-3] == '%' && p[k-2] == '2' && (p[k-1]|0x20 == 'f' || p[k-1]|0x20 == 'b'):
			k -= 3
		}
		to := k
		for k > lo && to-k < sureRun && value[p[k-1]] != 0xff {
			k--
		}
		if k == to || to-k == sureRun {
			break
		}
		i, e, own = k, to, -1
	}
	chars, end, cut := s.gather(p, i, e, 0, 0)
	if len(chars) != own || len(s.f.parts) > 1 {
		code = likely(chars)
	}
	if !code || !s.top && !s.fresh(parent, i, end) {
		return e
	}
	if !s.try(chars, s.f.parts, i, end, parent, cut) {
		return e
	}
	if len(s.f.parts) > 1 && len(chars) < 4096 {
		// Lines of equal length may be values by themselves.
		parts := slices.Clone(s.f.parts)
		chars = slices.Clone(chars)
		// Lines that are as long as others are rather those of one text.
		wrapped := len(parts) > 2 || parts[1].char >= 60
		for k, pt := range parts {
			s.sides = 0
			if k > 0 {
				s.sides |= midGroup
			}
			if wrapped && k > 0 {
				s.sides |= goesBefore
			}
			if wrapped && k+1 < len(parts) {
				s.sides |= goesBehind
			}
			to := len(chars)
			if k+1 < len(parts) {
				to = parts[k+1].char
			}
			if to-pt.char >= minRun && (k == 0 || to-pt.char < 60) {
				s.f.parts = append(s.f.parts[:0], part{pt.src, 0})
				s.try(chars[pt.char:to], s.f.parts, pt.src, pt.src+to-pt.char, parent, false)
			}
		}
		s.sides = 0
	}
	return max(end, e)
}

func mayJoin(p []byte, e int) bool {
	if e >= len(p) || p[e] != '\r' && p[e] != '\n' && p[e] != '\\' {
		return false
	}
	n, _, _ := joiner(p, e)
	return n > e
}

// likely reports whether a run can be base64 or hexadecimal: words of a text
// are in lower case.
func likely(c []byte) bool {
	other, n := 0, 0
	if len(c) < 8 {
		for _, x := range c {
			if x&0x60 == 0x40 || x&0x50 == 0x10 {
				other++
			}
		}
		return other*5 >= len(c) && len(c) > 0
	}
	// The last eight may overlap those before.
	for i := 0; i < len(c) && i <= 64; i += 8 {
		x := binary.LittleEndian.Uint64(c[min(i, len(c)-8):])
		other += capitals(x)
		n += 8
	}
	return other*5 >= n
}

// gather collects the characters of a run that is wrapped, and where its parts
// stand. line is the length of its lines where that is known, and lead how much of
// the first one stands before i. cut says that the run ends only with the text.
func (s *search) gather(p []byte, i, e, line, lead int) (chars []byte, end int, cut bool) {
	f := s.f
	f.parts = append(f.parts[:0], part{i, 0})
	chars = p[i:e]
	last, wrapped, first := i, lead, true
	for {
		n, c, broken := joiner(p, e)
		if n == e {
			break
		}
		to := s.runEnd(n)
		if to > len(p) {
			to = len(p)
		}
		if n >= len(p) || value[p[n]] == 0xff {
			to = n
		}
		if broken {
			length := to - n
			here := e - last + wrapped // this line's
			if line == 0 && !first {
				line = here
			}
			if line != 0 && here != line || length > max(line, here, 76) && to < len(p) {
				break
			}
			if line == 0 && length > here && length > 76 {
				break
			}
			// What is no last line is as long as the others.
			if line != 0 && length > line {
				break
			}
			first = false
			last, wrapped = n, 0
		} else {
			wrapped += 1 - (n - e)
		}
		if len(f.parts) == 1 && (len(chars) == 0 || &chars[0] == &p[i]) {
			f.chars = append(f.chars[:0], chars...)
		}
		chars = f.chars
		if c != 0 {
			f.parts = append(f.parts, part{e, len(chars)})
			chars = append(chars, c)
		}
		f.parts = append(f.parts, part{n, len(chars)})
		chars = append(chars, p[n:to]...)
		f.chars = chars
		e = to
		if len(chars) < sureRun+76 && len(chars) >= sureRun && !likely(chars) {
			break // no need to go through all of it
		}
	}
	return chars, e, e+5 >= len(p)
}

// try decodes a run in whatever way makes sense, and reports whether any does.
func (s *search) try(chars []byte, parts []part, src, end, parent int, cut bool) bool {
	cut = cut && s.top && s.f.more
	done := false
	if n := s.tryHex(chars, parts, end, parent, cut); n > 0 {
		done = true
		if n*10 >= len(chars)*9 {
			return true
		}
	}
	if len(chars) < minBase64 && len(parts) == 1 || len(chars) < 8 || uuid(chars) {
		return done
	}
	tail := min(len(chars), 2*sureRun)
	for phase := range 4 {
		if phase == 0 && (len(chars) >= sureRun || plausible(chars)) || texty(chars[phase:max(tail, phase)]) {
			done = true
			s.decode(base64, chars, parts, phase, len(chars), end, parent, cut)
		}
	}
	if len(chars) > maxPieces || len(parts) > 1 && len(chars) > 2*76 {
		return done
	}
	// Its neighbours may belong to the alphabet without belonging to it: try all
	// that lies between marks.
	const maxMarks = 6
	ends := [maxMarks + 2]int{-1}
	n := 1
	for k, c := range chars {
		if !isAlnum(c) && n <= maxMarks {
			ends[n] = k
			n++
		}
	}
	ends[n] = len(chars)
	for a := range n {
		from := ends[a] + 1
		for _, to := range ends[a+1 : n+1] {
			if to-from >= minBase64 && to-from < len(chars) && plausible(chars[from:to]) {
				done = true
				s.decode(base64, chars, parts, from, to, end, parent, false)
			}
		}
	}
	return done
}

// uuid reports whether a run is nothing but hexadecimal digits in groups.
func uuid(c []byte) bool {
	for _, x := range c {
		if digits[x] == 0xff && x != '-' {
			return false
		}
	}
	return true
}

// texty reports whether groups that decode to plain text follow each other.
func texty(c []byte) bool {
	n := 0
	for i := 0; i+4 <= len(c); i += 4 {
		a, b, d, e := value[c[i]], value[c[i+1]], value[c[i+2]], value[c[i+3]]
		if a < 8 || a >= 32 || b&8 != 0 || b&15 < 2 || d&2 != 0 || d&3 == 0 && e < 32 {
			n = 0
			continue
		}
		if n++; n == 2 {
			return true
		}
	}
	return false
}

// plausible reports whether base64 decodes to text, or to something that is
// looked into, from its first character on.
func plausible(c []byte) bool {
	if len(c) < 8 {
		return false
	}
	var buf [48]byte
	b := append64(buf[:0], c[:min(len(c), 64)])
	return sensible(b, len(c) > 64)
}

// sensible reports whether bytes are the start of a text, in UTF-8 or UTF-16, or
// of compressed data.
func sensible(b []byte, cut bool) bool {
	if magic(b) != 0 {
		return true
	}
	if len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff) {
		return true
	}
	letters, nul, bad := 0, 0, 0
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == 0:
			nul++
			i++
		case c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c == 0x7f:
			return letters >= 12
		case c < utf8.RuneSelf:
			letters++
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				if cut && len(b)-i < 4 {
					return letters > 2
				}
				// One of a single-byte code page or of UTF-16, between letters.
				if bad++; i == 0 || b[i-1] >= utf8.RuneSelf || 4*bad > i {
					return letters >= 12
				}
			}
			letters++
			i += n
		}
	}
	return letters >= 4 && nul <= letters*3+3
}

// append64 decodes characters of base64; a group at the end may be incomplete.
func append64(dst, c []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(c)/4*3+3)
	out := dst[n : n+len(c)/4*3+3]
	k := 0
	for len(c) >= 4 {
		v := uint32(value[c[0]])<<18 | uint32(value[c[1]])<<12 | uint32(value[c[2]])<<6 | uint32(value[c[3]])
		_ = out[k+2]
		out[k], out[k+1], out[k+2] = byte(v>>16), byte(v>>8), byte(v)
		k += 3
		c = c[4:]
	}
	switch len(c) {
	case 2:
		out[k] = value[c[0]]<<2 | value[c[1]]>>4
		k++
	case 3:
		out[k] = value[c[0]]<<2 | value[c[1]]>>4
		out[k+1] = value[c[1]]<<4 | value[c[2]]>>2
		k += 2
	}
	return dst[:n+k]
}

// decode makes a region of the characters from:to of a run.
func (s *search) decode(k kind, chars []byte, parts []part, from, to, end, parent int, cut bool) {
	at := charPlace(parts, from)
	n := (to - from) / 4 * 3
	if k == hex {
		n = (to - from) / 2
	}
	if cut {
		s.keep(k, chars, parts, from, at)
		if s.f.carry.collect {
			return
		}
	}
	if !s.afford(n+3, at) {
		return
	}
	if to < len(chars) {
		end = charPlace(parts, to-1) + 1
	}
	s.open(k, at, end, parent)
	s.out.segs = append(s.out.segs, seg{0, int32(at), 0})
	for _, pt := range parts {
		if pt.char > from && pt.char < to {
			s.out.segs = append(s.out.segs, seg{int32(pt.char - from), int32(pt.src), 0})
		}
	}
	if k == hex {
		s.out.text = appendHex(s.out.text, chars[from:to])
	} else {
		s.out.text = append64(s.out.text, chars[from:to])
	}
	r := s.close()
	switch {
	case 0 < from && from < 4 && isAlnum(chars[from-1]) && (k == base64 || from == 1):
		r.sides = s.sides & midGroup
	case from == 0:
		r.sides |= s.sides & goesBefore
	}
	if to >= len(chars)-1 {
		r.sides |= s.sides & goesBehind
	}
}

func charPlace(parts []part, i int) int {
	k, ok := slices.BinarySearchFunc(parts, i, func(p part, c int) int { return p.char - c })
	if !ok {
		k--
	}
	return parts[k].src + i - parts[k].char
}

// tryHex looks for hexadecimal in a run, and returns how many characters of it
// it decoded.
func (s *search) tryHex(chars []byte, parts []part, end, parent int, cut bool) (decoded int) {
	// A run of ten covers every tenth character.
	for k := minRun - 1; k < len(chars); k += minRun {
		if digits[chars[k]] == 0xff {
			continue
		}
		from, i := k, k
		for from > 0 && digits[chars[from-1]] != 0xff {
			from--
		}
		for i < len(chars) && digits[chars[i]] != 0xff {
			i++
		}
		k = i
		if i-from < minRun {
			continue
		}
		last := i == len(chars)
		for odd := range 2 {
			a := from + odd
			to := a + (i-a)&^1
			if hexText(chars[a:to]) || odd == 0 && i-from >= 2*sureRun {
				decoded += i - from
				s.decode(hex, chars, parts, a, to, end, parent, cut && last)
			}
		}
	}
	return decoded
}

// hexText reports whether hexadecimal digits hold text, or something that is
// looked into: the magic of compressed data, or five characters of a text in a
// row, of which three are letters or digits. These are in ASCII, UTF-8, or a code
// page where they follow letters; zeros that follow any of them count.
func hexText(c []byte) bool {
	c = c[:min(len(c), 2*64)&^1]
	n := len(c) / 2
	if n < 4 {
		var b [4]byte
		return magic(appendHex(b[:0], c)) != 0
	}
	var text, letter, upper, high, tail, zero uint64
	for i := 0; i < n; i += 8 {
		var x uint64
		switch {
		case i+8 <= n:
			x = unhex(c[2*i:]) | unhex(c[2*i+8:])<<32
		case n >= 8: // the last eight, without those that were before
			x = (unhex(c[2*n-16:]) | unhex(c[2*n-8:])<<32) >> (8 * (i + 8 - n))
		default:
			x = unhex(c) | unhex(c[2*n-8:])<<(8*(n-4))
		}
		if i == 0 && (packedWord(uint32(x)) || n > 4 && packedWord(uint32(x>>32))) {
			return true
		}
		// Bit 7 of each byte says whether it is one.
		const (
			ones = 0x0101010101010101
			tops = 0x80 * ones
		)
		low := x &^ tops
		from9, from11, from20, from30, from41 := low+0x77*ones, low+0x75*ones, low+0x60*ones, low+0x50*ones, low+0x3f*ones
		some, del, cr := low+0x7f*ones, low+ones, ^(low ^ 0x0d*ones + 0x7f*ones)
		alnum := from30 &^ del // or what stands among them
		sign := from20&^from30 | from9&^from11 | cr
		text |= gather((alnum|sign)&^x) << i
		letter |= gather(alnum&^x) << i
		upper |= gather(from41&^del&^x) << i
		high |= gather(x) << i
		tail |= gather(x&^(x<<1)) << i
		zero |= gather(^(some | x)) << i
	}
	all := ^uint64(0) >> (64 - n)
	high, zero = high&all, zero&all // zeros stand for what is behind the end
	high = flood(high&(upper<<1|high&^tail&(tail>>1)), high)
	text |= high
	text |= flood(zero&(text<<1), zero)
	for x := text & (text >> 1) & (text >> 2) & (text >> 3) & (text >> 4); x != 0; {
		start := bits.TrailingZeros64(x)
		run := (uint64(1)<<bits.TrailingZeros64(^(text>>start)) - 1) << start
		if bits.OnesCount64(letter&run) >= 3 {
			return true
		}
		x &^= run
	}
	return false
}

// unhex returns what 8 hexadecimal digits stand for, the first byte the lowest.
func unhex(c []byte) uint64 {
	x := binary.LittleEndian.Uint64(c)
	x = x&0x0f0f0f0f0f0f0f0f + x>>6&0x0101010101010101*9
	x = (x<<4 | x>>8) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return (x | x>>16) & 0xffffffff
}

// gather returns bit 7 of each byte of x.
func gather(x uint64) uint64 {
	return x >> 7 & 0x0101010101010101 * 0x0102040810204080 >> 56
}

// packedWord is magic for the first bytes, the first of them the lowest, zeros
// standing for what is missing.
func packedWord(x uint32) bool {
	if c := byte(x); c != 0x1f && c != 0x78 {
		return false
	}
	b := [4]byte{byte(x), byte(x >> 8), byte(x >> 16)}
	return magic(b[:]) != 0
}

// flood returns the bits of m from each of seeds on to the end of its run of bits.
func flood(seeds, m uint64) uint64 { return (seeds + m ^ m | seeds) & m }

func appendHex(dst, c []byte) []byte {
	for ; len(c) >= 8; c = c[8:] {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(unhex(c)))
	}
	for ; len(c) >= 2; c = c[2:] {
		dst = append(dst, digits[c[0]]<<4|digits[c[1]])
	}
	return dst
}

// keep remembers a run that goes on in the next window.
func (s *search) keep(k kind, chars []byte, parts []part, from, at int) {
	c := &s.f.carry
	if c.active {
		return // the first way in which it was decoded counts
	}
	c.active, c.kind, c.skip, c.base = true, k, from, s.f.base
	// The last parts are enough: windows overlap by a few KiB.
	tail := parts[max(0, len(parts)-4096):]
	c.parts = append(c.parts[:0], tail...)
	if len(parts) > 2 {
		c.line = parts[2].char - parts[1].char
	} else if len(parts) > 1 {
		c.line = parts[1].char
	}
	size := 4
	if k == hex {
		size = 2
	}
	to := from + (len(chars)-from)/size*size
	head := chars[from:min(to, from+64)]
	var buf [48]byte
	b := buf[:0]
	if k == hex {
		b = appendHex(b, head)
	} else {
		b = append64(b, head)
	}
	if magic(b) == 0 && (len(b) < 8 || magic(b[4:]) == 0) {
		return
	}
	c.collect, c.start, c.group = true, s.f.base+int64(at), to
	c.data = c.data[:0]
	s.add(chars[from:to])
}

func (s *search) add(chars []byte) {
	c := &s.f.carry
	if len(c.data)+len(chars) > maxCollect {
		c.lost = true
		return
	}
	if c.kind == hex {
		c.data = appendHex(c.data, chars)
	} else {
		c.data = append64(c.data, chars)
	}
}

// resume goes on with a run of the window before, and returns where it ends.
func (s *search) resume(old *carry) int {
	shift := int(s.f.base - old.base)
	k := 0
	for k+1 < len(old.parts) && old.parts[k+1].src-shift <= 0 {
		k++
	}
	if len(old.parts) == 0 {
		return s.f.from
	}
	first := old.parts[k]
	i, char := first.src-shift, first.char
	lead := 0
	if i < 0 {
		lead = -i
		char, i = char-i, 0
	}
	if i > s.f.from || i >= len(s.p) || value[s.p[i]] == 0xff {
		return s.f.from // all of it is still to come
	}
	_, hi, parent := s.room(i)
	chars, end, cut := s.gather(s.p[:hi], i, s.runEnd(i), old.line, lead)
	parts := slices.Clone(s.f.parts)
	cut = cut && s.f.more
	size := 4
	if old.kind == hex {
		size = 2
	}
	skip := 0 // characters up to the first whole group
	if d := (char - old.skip) % size; d != 0 {
		skip = size - d
	}
	if old.collect {
		c := &s.f.carry
		*c = *old
		c.base = s.f.base
		from := old.group - char
		to := from + (len(chars)-from)/size*size
		if !cut {
			to = len(chars)
		}
		if from >= 0 && from <= to {
			if !c.lost {
				s.add(chars[from:to])
			}
			c.group = to + char
		}
		c.parts = c.parts[:0]
		for _, pt := range parts {
			c.parts = append(c.parts, part{pt.src, pt.char + char})
		}
		if cut {
			return end
		}
		data := c.data
		start := int(c.start - s.f.base)
		lost := c.lost
		*c = carry{parts: c.parts[:0], data: data[:0]}
		if lost {
			s.f.undone = append(s.f.undone, Undecoded{At: start})
			return end
		}
		s.open(old.kind, start, end, parent)
		s.out.regions[len(s.out.regions)-1].late = true
		s.out.segs = append(s.out.segs, seg{0, int32(start), 0})
		s.out.text = append(s.out.text, data...)
		budget := s.f.budget
		s.close()
		s.f.budget = budget // it was counted when it was read
		return end
	}
	if skip >= len(chars) {
		return end
	}
	s.decode(old.kind, chars, parts, skip, len(chars), end, parent, false)
	if cut {
		c := &s.f.carry
		*c = carry{active: true, kind: old.kind, skip: old.skip, base: s.f.base, line: old.line, parts: c.parts[:0]}
		for _, pt := range parts {
			c.parts = append(c.parts, part{pt.src, pt.char + char})
		}
	}
	return end
}
