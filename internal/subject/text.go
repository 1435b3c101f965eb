package subject

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// runeBefore and runeAfter decode one character beside a place. A JSON escape
// (\u00eb) is the character that it stands for. A byte that is not UTF-8 is
// taken as Windows-1252 would have it, which is what such text nearly always is.
func runeBefore(b []byte, i int) (rune, int) {
	if i <= 0 {
		return -1, 0
	}
	if r := jsonEscape(b, i-6); r >= 0 {
		return r, 6
	}
	r, n := utf8.DecodeLastRune(b[:i])
	if r == utf8.RuneError && n == 1 {
		return rune(b[i-1]), 1
	}
	return r, n
}

func runeAfter(b []byte, i int) (rune, int) {
	if i >= len(b) {
		return -1, 0
	}
	if r := jsonEscape(b, i); r >= 0 {
		return r, 6
	}
	r, n := utf8.DecodeRune(b[i:])
	if r == utf8.RuneError && n == 1 {
		return rune(b[i]), 1
	}
	return r, n
}

// jsonEscape returns the character whose escape (RFC 8259, section 7) starts at
// i, -1 where none does.
func jsonEscape(b []byte, i int) rune {
	if i < 0 || i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
		return -1
	}
	r := rune(0)
	for _, c := range b[i+2 : i+6] {
		v := hexValue(c)
		if v < 0 {
			return -1
		}
		r = r<<4 | rune(v)
	}
	return r
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
	if utf8.Valid(b) && !strings.Contains(string(b), `\u`) {
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

// escaped reports whether what stands right before i is the end of an escape
// (\n, \t, \r, %3C, =3C of quoted-printable) that stands for no letter or
// digit, and so not part of the word that starts at i.
func escaped(b []byte, i int) bool {
	if i >= 2 && b[i-2] == '\\' && strings.IndexByte("ntr", b[i-1]) >= 0 {
		return true
	}
	if i < 3 || b[i-3] != '%' && b[i-3] != '=' {
		return false
	}
	hi, lo := hexValue(b[i-2]), hexValue(b[i-1])
	if hi < 0 || lo < 0 || b[i-3] == '=' && (b[i-2] >= 'a' || b[i-1] >= 'a') {
		return false // quoted-printable has capital letters (RFC 2045, section 6.7)
	}
	c := byte(hi<<4 | lo)
	return c < utf8.RuneSelf && !isAlnum(c)
}
