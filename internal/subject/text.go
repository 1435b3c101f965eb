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

// runeBefore and runeAfter decode one character beside a place. A byte that is
// not UTF-8 is taken as Windows-1252 would have it, which is what such text
// nearly always is.
func runeBefore(b []byte, i int) (rune, int) {
	if i <= 0 {
		return -1, 0
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
	r, n := utf8.DecodeRune(b[i:])
	if r == utf8.RuneError && n == 1 {
		return rune(b[i]), 1
	}
	return r, n
}

// decode returns b as a string of characters in the sense of runeAfter.
func decode(b []byte) string {
	if utf8.Valid(b) {
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

// escaped reports whether the byte before i is the end of an escape (\n, \t,
// \r, \", \u00e9, %3C, =3C of quoted-printable, &lt;) and so not part of the
// word that starts at i.
func escaped(b []byte, i int) bool {
	hexes := func(from, to int) bool {
		if from < 0 {
			return false
		}
		for _, c := range b[from:to] {
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
		return true
	}
	switch {
	case i >= 2 && b[i-2] == '\\' && strings.IndexByte("ntrbfv0", b[i-1]) >= 0:
		return true
	case i >= 3 && (b[i-3] == '%' || b[i-3] == '=') && hexes(i-2, i):
		return true
	case i >= 6 && b[i-6] == '\\' && b[i-5] == 'u' && hexes(i-4, i):
		return true
	}
	return false
}
