package view

import (
	"bytes"
	"unicode/utf8"
)

// After returns the character that the escape at p[i] stands for, and how many
// bytes it takes; 0 where there is none. Bytes of a character that are escaped
// one by one are put together; those that are no UTF-8 are taken as Windows-1252
// has them.
func After(p []byte, i int) (rune, int) {
	e := At(p, i, true)
	if e.Width == 0 || e.Rune >= 0 || e.Empty {
		if e.Empty {
			return soft(p, i, e)
		}
		return e.Rune, e.Width
	}
	buf := [utf8.UTFMax]byte{e.Byte}
	n := 1
	for j := i + e.Width; n < len(buf) && j < len(p); n++ {
		if utf8.FullRune(buf[:n]) {
			break
		}
		x := At(p, j, true)
		if x.Width == 0 || x.Rune >= 0 || x.Empty || x.kind != e.kind {
			break
		}
		buf[n] = x.Byte
		j += x.Width
	}
	if r, k := utf8.DecodeRune(buf[:n]); r != utf8.RuneError && k == n {
		return r, n * e.Width
	}
	return single(e.Byte), e.Width
}

// soft reads on behind a soft line break in a word.
func soft(p []byte, i int, e Escape) (rune, int) {
	j := i + e.Width
	if i == 0 || j >= len(p) || !inWord(p[i-1]) || p[j] == '=' {
		return -1, 0
	}
	r, n := utf8.DecodeRune(p[j:])
	if r == utf8.RuneError && n == 1 {
		r = single(p[j])
	}
	return r, e.Width + n
}

func single(c byte) rune {
	if 0x80 <= c && c < 0xa0 && windows1252[c-0x80] != 0 {
		return windows1252[c-0x80]
	}
	return rune(c)
}

// Before is After for the escape that ends at i.
func Before(p []byte, i int) (rune, int) {
	if !begun(p, i) {
		return -1, 0
	}
	// An equals sign and two digits are looked for last: it is common.
	for _, back := range [...]int{3, 6, 2, 4, 10, 12} {
		j := i - back
		if j < 0 {
			continue
		}
		c := p[j]
		switch {
		case back == 3 && (c == '%' || c == '='), back == 6 && (c == '\\' || c == '%'), back == 2 && c == '\\',
			back == 4 && c == '\\', back == 10 && c == '\\', back == 12 && c == '\\':
		default:
			continue
		}
		if c == '\\' && j > 0 && p[j-1] == '\\' && odd(p, j) {
			continue // \\n is a backslash and an n
		}
		e := At(p, j, true)
		if e.Width != back || e.Empty {
			continue
		}
		if c == '=' && (e.Rune == '@' || e.Rune >= 0 && isAlnum(byte(e.Rune)) && e.Rune < utf8.RuneSelf) {
			continue // rather a parameter and its value
		}
		if e.Rune >= 0 {
			return e.Rune, back
		}
		return together(p, i, back, c, e.Byte)
	}
	if i > 0 && p[i-1] == ';' {
		for j := i - 2; j >= 0 && i-j <= maxEntity; j-- {
			if p[j] == '&' {
				if e := entityAt(p, j); e.Width == i-j {
					return e.Rune, e.Width
				}
				return -1, 0
			}
			if !isAlnum(p[j]) && p[j] != '#' {
				return -1, 0
			}
		}
		return -1, 0
	}
	// Without its semicolon: digits only.
	for j := i - 1; j > 0 && i-j <= 12 && hexValue(p[j]) >= 0 || j > 0 && i-j <= 12 && (p[j]|0x20 == 'x' || p[j] == '#'); j-- {
		if p[j] == '#' && p[j-1] == '&' {
			if e := entityAt(p, j-1); e.Width == i-j+1 {
				return e.Rune, e.Width
			}
			break
		}
	}
	return -1, 0
}

// begun reports whether what an escape that ends at i starts with stands where it
// must.
func begun(p []byte, i int) bool {
	if i >= 12 {
		q := p[i-12 : i]
		if q[10] == '\\' || q[9] == '%' || q[9] == '=' || q[8] == '\\' || q[6] == '\\' || q[6] == '%' || q[2] == '\\' || q[0] == '\\' || q[11] == ';' {
			return true
		}
		if hexValue(q[11]) < 0 {
			return false
		}
	}
	return bytes.IndexByte(p[max(i-14, 0):i], '#') >= 0 || i < 12
}

// odd reports whether an odd number of backslashes stands before j.
func odd(p []byte, j int) bool {
	k := j
	for k > 0 && j-k < 64 && p[k-1] == '\\' {
		k--
	}
	return (j-k)%2 == 1
}

// together puts the escaped bytes of a character together, the last of which is
// c and ends at i.
func together(p []byte, i, width int, mark, c byte) (rune, int) {
	buf := [utf8.UTFMax]byte{3: c}
	for n := 1; ; n++ {
		if utf8.RuneStart(buf[len(buf)-n]) {
			if r, k := utf8.DecodeRune(buf[len(buf)-n:]); r != utf8.RuneError && k == n {
				return r, n * width
			}
			break
		}
		j := i - (n+1)*width
		if n == len(buf) || j < 0 || p[j] != mark {
			break
		}
		e := At(p, j, true)
		if e.Width != width || e.Rune >= 0 || e.Empty {
			break
		}
		buf[len(buf)-n-1] = e.Byte
	}
	return single(c), width
}
