package view

import (
	"math/bits"
	"unicode/utf8"
)

// Limits of a number that a line break cuts in two, in bytes and digits.
const (
	wrapContext = 160 // on either side of the break
	minWrapped  = 8   // digits in all
	maxWrapped  = 40
	maxIndent   = 64
	maxQuotes   = 8 // marks of quoted mail in front of a line
)

// WrapMark stands in decoded text for the line break inside a number: a thin
// space, which all take for a separator.
const WrapMark = "\u2009"

// wraps joins numbers that a line break cuts: a hard one, that of a quoted mail,
// or <br>. What is left of it must end its line, what is right of it begin the
// next, and both look like groups of digits; whether they are one number whoever
// looks for it decides. Rows of tables, dates and addresses of hosts at the start
// of a line are common, and passed over.
func (s *search) wraps() {
	c := s.c
	before, joined := uint64(0), uint64(0)
	w := s.f.from / 64
	if w > 0 && w < len(c.Digit) {
		before = c.Digit[w-1] >> 63
		joined = c.Join[w-1] >> 63 & (c.Digit[w-1] >> 62)
	}
	for ; w < len(c.Digit); w++ {
		d := c.Digit[w]
		// Neither what is of a class nor, right behind, a letter or a NUL.
		after := d<<1 | before
		tail := c.Join[w] & after // one separator behind a digit
		x := (after | tail<<1 | joined) &^ (d | c.Letter[w] | c.Join[w] | c.Escape[w] | c.Base64[w] | c.Nul[w] | c.High[w] | c.At[w])
		before, joined = d>>63, tail>>63
		for ; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			if i < len(s.p) && (s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '<') && i >= s.f.from {
				s.wrap(i)
			}
		}
	}
}

// wrap joins the number that the line break at i cuts, if it may be one.
func (s *search) wrap(i int) {
	lo, hi, parent := s.room(i)
	if i <= lo || i >= hi {
		return
	}
	p := s.p[:hi]
	end, quotes := lineBreak(p, i)
	if end == i || end >= len(p) || !isDigit(p[end]) && (p[end] != '(' || end+1 == len(p) || !isDigit(p[end+1])) {
		return
	}
	if !s.wanted(p, lo, i, end) {
		return
	}
	first, before, left := digitsBefore(p, lo, i)
	last, right, row := digitsBehind(p, end)
	if row || left < 2 || right < 2 || left+right < minWrapped || left+right > maxWrapped || delimits(p, lo, first) {
		return
	}
	line := first
	for line > lo && first-line < wrapContext && p[line-1] != 0 && p[line-1] != '\n' {
		line--
	}
	if quotes > 0 && p[line] != '>' {
		return // what is quoted begins here
	}
	// The lines around tell whether two are rows of a table.
	from, to := line, last
	for from > lo && line-from < wrapContext/2 && p[from-1] != 0 {
		from--
	}
	for lines := 0; to < hi && to-last < wrapContext && p[to] != 0 && lines < 2; to++ {
		if p[to] == '\n' {
			lines++
		}
	}
	for from < first && !utf8.RuneStart(p[from]) {
		from++
	}
	if !s.top && !s.fresh(parent, first, last) || !s.afford(to-from, i) {
		return
	}
	s.open(wrapped, from, to, parent)
	s.mark(from, 0)
	s.out.text = append(s.out.text, p[from:before]...)
	s.mark(before, wrapped)
	s.out.text = append(s.out.text, WrapMark...)
	s.mark(end, 0)
	s.out.text = append(s.out.text, p[end:to]...)
	s.close()
}

// LineBreak returns where the line begins that follows the line break at p[i], <br>
// being one, behind its indent and the marks of a quoted mail; i where there is no
// break, or an empty line.
func LineBreak(p []byte, i int) int {
	if i >= len(p) || p[i] != '\n' && p[i] != '\r' && p[i] != '<' {
		return i
	}
	end, _ := lineBreak(p, i)
	return end
}

// wanted asks whether a number may be cut between the digits in front of i and
// those from end on.
func (s *search) wanted(p []byte, lo, i, end int) bool {
	const near = 4
	var digits [2 * near]byte
	l, r := near, near
	for j := i; j > lo && l > 0 && i-j < 4*near; j-- {
		if c := p[j-1]; isDigit(c) {
			l--
			digits[l] = c
		} else if !groups(c) {
			break
		}
	}
	for j := end; j < len(p) && r < 2*near && j-end < 4*near; j++ {
		if c := p[j]; isDigit(c) {
			digits[r] = c
			r++
		} else if !groups(c) {
			break
		}
	}
	return near-l >= 2 && r-near >= 2 && s.f.Wraps(digits[l:near], digits[near:r])
}

// lineBreak returns where the line begins that follows the break at i, behind its
// indent and the marks of a quoted mail, and how many of these there are; i where
// there is no break, or an empty line.
func lineBreak(p []byte, i int) (end, quotes int) {
	j := i
	if p[j] == '<' {
		if j+3 >= len(p) || p[j+1]|0x20 != 'b' || p[j+2]|0x20 != 'r' {
			return i, 0
		}
		for j += 3; j < len(p) && (p[j] == ' ' || p[j] == '/'); j++ {
		}
		if j >= len(p) || p[j] != '>' {
			return i, 0
		}
		j++
		for j < len(p) && j-i < maxIndent && (p[j] == ' ' || p[j] == '\t') {
			j++
		}
	}
	if j < len(p) && p[j] == '\r' {
		j++
	}
	if j < len(p) && p[j] == '\n' {
		j++
	}
	start := j
	for j < len(p) && j-start < maxIndent {
		switch {
		case p[j] == ' ' || p[j] == '\t':
		case p[j] == '>' && quotes < maxQuotes:
			quotes++
		default:
			return j, quotes
		}
		j++
	}
	return i, 0
}

// digitsBefore reads the groups of digits that end at i, perhaps in front of one
// separator: where the first starts, where the last ends with what is no space,
// and how many digits there are.
func digitsBefore(p []byte, lo, i int) (first, end, n int) {
	end = i
	for end > lo && (p[end-1] == ' ' || p[end-1] == '\t') {
		end--
	}
	first = end
	for j := end; j > lo && n <= maxWrapped; j-- {
		switch c := p[j-1]; {
		case isDigit(c):
			n++
			first = j - 1
		case first-j < 3 && groups(c):
		default:
			return first, end, n
		}
	}
	return first, end, n
}

// digitsBehind reads the groups of digits that start at i: where the last ends
// and how many digits there are. row says that they rather begin a row of a table
// or of a log.
func digitsBehind(p []byte, i int) (last, n int, row bool) {
	last = i
	dots, sizes := 0, [4]int{}
	k := 0
	for j := i; j < len(p) && n <= maxWrapped; j++ {
		c := p[j]
		switch {
		case isDigit(c):
			if last < j && n > 0 {
				if j-last == 1 && p[last] == '.' {
					dots++
				}
				k++
			}
			n++
			if k < len(sizes) {
				sizes[k]++
			}
			last = j + 1
			continue
		case j-last < 3 && groups(c):
			continue
		}
		break
	}
	if last < len(p) {
		c := p[last]
		if c == '\t' || c == '|' || (c == ',' || c == ';' || c == ':') && last+1 < len(p) && p[last+1] != ' ' && p[last+1] != '\n' && p[last+1] != '\r' {
			return last, n, true
		}
	}
	// 2026-12-01, 01/12/2026, 198.51.100.23
	if i+4 < len(p) && sizes[0] == 4 && sizes[1] == 2 && (p[i+4] == '-' || p[i+4] == '/') || sizes[0] == 2 && sizes[1] == 2 && sizes[2] == 4 && (p[i+2] == '/' || p[i+2] == '-') || dots == 3 && k == 3 {
		return last, n, true
	}
	return last, n, false
}

// groups reports whether c may join groups of digits.
func groups(c byte) bool {
	switch c {
	case ' ', '.', '-', '/', '(', ')', '_', 0xC2, 0xA0:
		return true
	}
	return false
}

// delimits reports whether what stands in front of i ends the cell of a table in
// text.
func delimits(p []byte, lo, i int) bool {
	if i <= lo {
		return false
	}
	switch p[i-1] {
	case ',', ';', '|', '\t':
		return true
	}
	return false
}
