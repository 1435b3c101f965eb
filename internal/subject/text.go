package subject

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/spoor-scan/spoor/internal/view"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

func isAlpha(c byte) bool {
	c |= 0x20
	return 'a' <= c && c <= 'z'
}

func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

func isLetter(r rune) bool { return unicode.IsLetter(r) }

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// alnum keeps ASCII letters and digits, letters in upper case.
func alnum(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9', 'A' <= r && r <= 'Z':
			return r
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return -1
	}, s)
}

// plain folds case and drops diacritics, so that words which differ in nothing
// else are equal. Letters that have no decomposition keep a stable spelling.
func plain(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'đ':
			b.WriteByte('d')
		case r == 'æ':
			b.WriteString("ae")
		case r == 'œ':
			b.WriteString("oe")
		case r == 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tokens splits a name or an address into its folded words.
func tokens(s string) []string {
	f := strings.FieldsFunc(s, func(r rune) bool { return !wordRune(r) })
	for i := range f {
		f[i] = plain(f[i])
	}
	return f
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && isAlnum(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// runeBefore and runeAfter decode one character beside a place, and say how many
// bytes it takes. An escape is the character that it stands for: \u00eb and \n
// of JSON, %20, &lt;, =3D and soft line breaks of quoted-printable. A byte that
// is not UTF-8 is taken as Windows-1252 would have it, which is what such text
// nearly always is.
func runeBefore(b []byte, i int) (rune, int) {
	if i <= 0 {
		return -1, 0
	}
	switch c := b[i-1]; {
	case c == ';':
		if r, n := view.Before(b, i); n > 0 {
			return r, n
		}
		return ';', 1
	case c == '\n':
		if n := softBreak(b, i); n > 0 {
			r, m := runeBefore(b, i-n)
			return r, m + n
		}
		return '\n', 1
	case mayEscape(b, i):
		if r, n := view.Before(b, i); n > 0 {
			return r, n
		}
		return rune(c), 1
	case c < utf8.RuneSelf:
		return rune(c), 1
	}
	r, n := utf8.DecodeLastRune(b[:i])
	if r == utf8.RuneError && n == 1 {
		return rune(b[i-1]), 1
	}
	return r, n
}

// mayEscape reports whether what ends at i may be an escape other than one with
// a semicolon.
func mayEscape(b []byte, i int) bool {
	c := b[i-1]
	return hexValue(c) >= 0 || c == 'n' || c == 'r' || c == 't' || i >= 2 && b[i-2] == '\\'
}

func runeAfter(b []byte, i int) (rune, int) {
	if i >= len(b) {
		return -1, 0
	}
	switch c := b[i]; {
	case c == '%' || c == '&' || c == '\\' || c == '=':
		if r, n := view.After(b, i); n > 0 {
			return r, n
		}
		return rune(c), 1
	case c < utf8.RuneSelf:
		return rune(c), 1
	}
	r, n := utf8.DecodeRune(b[i:])
	if r == utf8.RuneError && n == 1 {
		return rune(b[i]), 1
	}
	return r, n
}

// softBreak returns the length of the soft line break of quoted-printable (RFC
// 2045, section 6.7) that ends at i. An equals sign at the end of a short line
// is a setting without a value, as often as not.
func softBreak(b []byte, i int) int {
	n := 2
	if i >= 2 && b[i-2] == '\r' {
		n = 3
	}
	if i <= n || b[i-n] != '=' || !isAlnum(b[i-n-1]) && b[i-n-1] < utf8.RuneSelf {
		return 0
	}
	if n == 3 {
		return n
	}
	for k := i - n; k > 0 && b[k-1] != '\n'; k-- {
		if i-k > 40 {
			return n
		}
	}
	return 0
}

func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// decode returns b as a string of characters in the sense of runeAfter.
func decode(b []byte) string {
	if utf8.Valid(b) && !bytes.ContainsAny(b, `\%&=`) {
		return string(b)
	}
	var s strings.Builder
	for i := 0; i < len(b); {
		r, n := runeAfter(b, i)
		s.WriteRune(r)
		i += n
	}
	return s.String()
}

// wrongBefore reports whether a letter that was decoded wrongly, and ends in a
// sign, stands before i: Ã«.
func wrongBefore(b []byte, i int) bool {
	if i < 4 || b[i-1] < 0x80 || b[i-1] >= 0xc0 {
		return false
	}
	for j := i - 3; j >= max(i-8, 0); j-- {
		if b[j] < 0xc2 {
			continue
		}
		r, n := utf8.DecodeRune(b[j:i])
		if r == utf8.RuneError || j+n >= i {
			continue
		}
		if m, n := unmojibake(b[:i], j, unicode.ToLower(r)); m != 0 && j+n == i {
			return true
		}
	}
	return false
}

// escaped reports whether what stands right before i is the end of an escape
// (\n, %3C, =3C of quoted-printable) that stands for no letter or digit, and so
// not part of the word that starts at i.
func escaped(b []byte, i int) bool {
	if i < 2 || !isAlnum(b[i-1]) || !mayEscape(b, i) {
		return false
	}
	r, n := view.Before(b, i)
	return n > 1 && !wordRune(r)
}
