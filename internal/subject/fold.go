package subject

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// A folded is a word as it is compared: in lower case, composed (NFC).
type folded []rune

func foldWord(s string) folded {
	return folded(strings.ReplaceAll(norm.NFC.String(strings.ToLower(s)), "ς", "σ"))
}

// expand returns how a letter is written in ASCII.
func expand(r rune) []string {
	if x, ok := expansions[r]; ok || r < 0x370 || r > 0x400 {
		return x
	}
	return expansions[base(r)] // Greek, with an accent
}

// maxSteps bounds how often eat tries another reading of a letter.
const maxSteps = 256

// expansions are the ways in which one letter is written in ASCII, the longest
// first: German and Scandinavian practice, ICAO Doc 9303 part 3 section 6,
// ISO 9, ELOT 743, and the spellings usual in English, French, German and Dutch.
var expansions = map[rune][]string{
	'ä': {"ae", "a"}, 'ö': {"oe", "o"}, 'ü': {"ue", "u"}, 'ß': {"ss", "sz"}, 'æ': {"ae"}, 'œ': {"oe"},
	'ø': {"oe", "o"}, 'å': {"aa", "a"}, 'ł': {"l"}, 'đ': {"dj", "d"}, 'ð': {"dh", "d"}, 'þ': {"th"}, 'ı': {"i"},
	'ĳ': {"ij", "y"}, 'ÿ': {"ij", "y"}, 'ŋ': {"n"}, 'ħ': {"h"}, 'ŧ': {"t"}, 'ə': {"e", "a"}, 'ſ': {"s"},

	'а': {"a"}, 'б': {"b"}, 'в': {"ff", "v", "w"}, 'г': {"gh", "g", "h"}, 'д': {"d"}, 'е': {"ye", "ie", "je", "e"}, 'ё': {"yo", "io", "jo", "e"},
	'ж': {"zh", "sch", "zj", "j", "z"}, 'з': {"z", "s"}, 'и': {"i", "y"}, 'й': {"y", "i", "j", ""}, 'к': {"k", "c"}, 'л': {"l"}, 'м': {"m"},
	'н': {"n"}, 'о': {"o"}, 'п': {"p"}, 'р': {"r"}, 'с': {"ss", "s"}, 'т': {"t"}, 'у': {"ou", "oe", "u"}, 'ф': {"ph", "f"},
	'х': {"kh", "ch", "h", "x"}, 'ц': {"ts", "tz", "c", "z"}, 'ч': {"tsch", "tch", "tsj", "ch", "c"}, 'ш': {"sch", "sh", "ch", "sj", "s"},
	'щ': {"schtsch", "shch", "chtch", "sjtsj", "sc", "shh"}, 'ъ': {"ie", "a", "", "u"}, 'ы': {"y", "i"}, 'ь': {"", "j"}, 'э': {"e"},
	'ю': {"yu", "iu", "ju", "iou", "joe"}, 'я': {"ya", "ia", "ja"}, 'і': {"i"}, 'ї': {"yi", "ji", "i"}, 'є': {"ye", "ie", "je"}, 'ґ': {"g"},
	'ў': {"w", "u"}, 'ј': {"j"}, 'љ': {"lj"}, 'њ': {"nj"}, 'ћ': {"c"}, 'ђ': {"dj", "d"}, 'џ': {"dz"},

	'α': {"a"}, 'β': {"v", "b"}, 'γ': {"g", "gh", "y", "n"}, 'δ': {"d", "dh"}, 'ε': {"e"}, 'ζ': {"z"}, 'η': {"i", "e"}, 'θ': {"th"}, 'ι': {"i"},
	'κ': {"k", "c"}, 'λ': {"l"}, 'μ': {"m"}, 'ν': {"n"}, 'ξ': {"ks", "x"}, 'ο': {"o"}, 'π': {"p"}, 'ρ': {"r", "rh"}, 'σ': {"s"},
	'τ': {"t"}, 'υ': {"y", "u", "v", "f", "i"}, 'φ': {"ph", "f"}, 'χ': {"ch", "kh", "h", "x"}, 'ψ': {"ps"}, 'ω': {"o"},
}

// pages are the single-byte code pages in which old text is written. The first
// three are also tried for letters that the identifier has without diacritics.
var pages = [...]*charmap.Charmap{
	charmap.Windows1252, charmap.Windows1250, charmap.Windows1257,
	charmap.ISO8859_2, charmap.Windows1254, charmap.ISO8859_15, charmap.ISO8859_13, charmap.ISO8859_16, charmap.ISO8859_3, charmap.ISO8859_4, charmap.ISO8859_10,
	charmap.Macintosh, charmap.CodePage850, charmap.CodePage437, charmap.CodePage852, charmap.CodePage858, charmap.CodePage865,
	charmap.Windows1251, charmap.KOI8R, charmap.KOI8U, charmap.ISO8859_5, charmap.CodePage866, charmap.Windows1253, charmap.ISO8859_7,
}

const mainPages = 3

// A highLetter is a letter that a byte from 0x80 on is in one of the pages.
type highLetter struct {
	r, base, first rune // in lower case, without diacritics, of what it is written as
	main           bool
}

// is reports whether a byte may stand for the letter r.
func (h *highLetter) is(r, base rune) bool {
	return h.r == r || h.main && (h.first == base || h.base == base)
}

// highLetters has those of each byte, in the order of pages.
var highLetters = func() (t [128][]highLetter) {
	for i := range t {
		for k, p := range pages {
			r := unicode.ToLower(p.DecodeByte(byte(0x80 + i)))
			if r == 'ς' {
				r = 'σ'
			}
			if !unicode.IsLetter(r) || slices.ContainsFunc(t[i], func(h highLetter) bool { return h.r == r }) {
				continue
			}
			h := highLetter{r: r, base: bare(r), main: k < mainPages}
			h.first = h.base
			for _, x := range expand(r) {
				if x != "" {
					h.first = rune(x[0]) // all begin alike, or as the base
					break
				}
			}
			t[i] = append(t[i], h)
		}
	}
	return t
}()

// latinLower holds the letters of most of Europe in lower case.
var latinLower = func() (t [0x250]rune) {
	for r := range rune(len(t)) {
		t[r] = unicode.ToLower(r)
	}
	return t
}()

func toLower(r rune) rune {
	if r >= 0 && int(r) < len(latinLower) {
		return latinLower[r]
	}
	return unicode.ToLower(r)
}

// latinBases holds base of the letters of Europe, Greek and Cyrillic too.
var latinBases = func() (t [0x530]rune) {
	for r := range rune(len(t)) {
		t[r] = bare(r)
	}
	return t
}()

// base returns a letter without its diacritics.
func base(r rune) rune {
	if r >= 0 && int(r) < len(latinBases) {
		return latinBases[r]
	}
	return bare(r)
}

func bare(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	switch r {
	case 'ł':
		return 'l'
	case 'ø':
		return 'o'
	case 'đ', 'ð':
		return 'd'
	case 'ı':
		return 'i'
	case 'й', 'ё':
		return r // letters of their own
	}
	var in [utf8.UTFMax]byte
	var out [32]byte
	d := norm.NFKD.Append(out[:0], in[:utf8.EncodeRune(in[:], r)]...)
	first, n := utf8.DecodeRune(d)
	for rest := d[n:]; len(rest) > 0; {
		m, n := utf8.DecodeRune(rest)
		if !unicode.Is(unicode.Mn, m) {
			return r
		}
		rest = rest[n:]
	}
	return first
}

// An eater compares the letters of a text with those that are wanted.
type eater struct {
	b     []byte
	steps int
	lossy bool // a letter stood there that was lost in a conversion
}

// eat returns the end of the word w in b, when it starts at i; -1 when it
// doesn't. Letters may differ in case, diacritics, transliteration, code page,
// and by having been decoded wrongly once or twice.
func eat(b []byte, i int, w folded) (end int, lossy bool) {
	if i < 0 || i >= len(b) || len(w) == 0 {
		return -1, false
	}
	if c := b[i]; c < utf8.RuneSelf && w[0] < utf8.RuneSelf && c != '\\' && rune(lowerByte(c)) != w[0] {
		return -1, false // nearly always
	}
	e := eater{b: b}
	if end = e.word(i, w); end <= i {
		return -1, false // of nothing but letters that may be left out
	}
	// Nicolo' for Nicolò, where no quotes stand around it.
	if last := w[len(w)-1]; last >= utf8.RuneSelf && end < len(b) && b[end] == '\'' && strings.ContainsRune("àèéìòù", last) &&
		asciiVowel(b[end-1]) && (i == 0 || b[i-1] != '\'') && (end+1 == len(b) || isSpace(b[end+1]) || b[end+1] == 0) {
		end++
	}
	return end, e.lossy
}

func asciiVowel(c byte) bool { return strings.IndexByte("aeiouAEIOU", c) >= 0 }

func lowerByte(c byte) byte {
	if isUpper(c) {
		c |= 0x20
	}
	return c
}

func (e *eater) word(i int, w folded) int {
	for len(w) > 0 {
		if i >= len(e.b) {
			// A letter may be written as nothing.
			if w[0] >= utf8.RuneSelf && hasEmpty(w[0]) {
				w = w[1:]
				continue
			}
			return -1
		}
		c := e.b[i]
		if c >= utf8.RuneSelf || w[0] >= utf8.RuneSelf || c == '\\' || i+1 < len(e.b) && e.b[i+1] >= 0xcc && e.b[i+1] <= 0xcd {
			return e.letter(i, w)
		}
		if rune(lowerByte(c)) != w[0] {
			return -1
		}
		i, w = i+1, w[1:]
	}
	return i
}

func hasEmpty(r rune) bool {
	for _, x := range expand(r) {
		if x == "" {
			return true
		}
	}
	return false
}

// letter is word where the first letter in the text or in w is not ASCII.
func (e *eater) letter(i int, w folded) int {
	if e.steps++; e.steps > maxSteps {
		return -1
	}
	r, n := letterAt(e.b, i)
	if r >= 0 {
		if end := e.read(r, i+n, w); end >= 0 {
			return end
		}
		if m, n := unmojibake(e.b, i, r); n > 0 {
			if end := e.read(m, i+n, w); end >= 0 {
				return end
			}
		}
	} else {
		first := base(w[0])
		for _, m := range highLetters[e.b[i]&0x7f] {
			if m.is(w[0], first) {
				if end := e.read(m.r, i+1, w); end >= 0 {
					return end
				}
			}
		}
	}
	if w[0] < utf8.RuneSelf {
		return -1
	}
	for _, x := range expand(w[0]) {
		j := i
		for k := 0; k < len(x) && j >= 0; k++ {
			r, n := letterAt(e.b, j)
			if j += n; r < 0 || base(r) != rune(x[k]) {
				j = -1
			}
		}
		if j >= 0 {
			if end := e.word(j, w[1:]); end >= 0 {
				return end
			}
		}
	}
	// Of a letter in UTF-8 that was decoded wrongly the code page may lack the
	// second byte: Å\ufffd for Ł.
	if r >= 0 && e.lostHalf(i, r, n, w[0]) {
		_, k := utf8.DecodeRune(e.b[i+n:])
		if end := e.word(i+n+k, w[1:]); end >= 0 {
			e.lossy = true
			return end
		}
	}
	// A letter that a conversion lost: one mark for it, or one for each byte.
	j := i
	for k := 0; k < 2 && j < len(e.b); k++ {
		switch r, n := utf8.DecodeRune(e.b[j:]); {
		case r == '?', r == utf8.RuneError && n > 1:
			j += n
			if end := e.word(j, w[1:]); end >= 0 {
				e.lossy = true
				return end
			}
		default:
			return -1
		}
	}
	return -1
}

// lostHalf reports whether r, in lower case at i and n bytes long, is what the
// first byte of want was decoded as, and the mark for one that was lost follows.
func (e *eater) lostHalf(i int, r rune, n int, want rune) bool {
	page := wrongPage(r)
	if page == nil || want > 0x7ff || i+n >= len(e.b) {
		return false
	}
	if c, k := utf8.DecodeRune(e.b[i+n:]); c != '?' && (c != utf8.RuneError || k < 2) {
		return false
	}
	first := pageByte(page, r)
	for _, letter := range [...]rune{want, unicode.ToUpper(want)} {
		var buf [utf8.UTFMax]byte
		if utf8.EncodeRune(buf[:], letter) == 2 && (first == int(buf[0]) || first == int(buf[0])+0x20) {
			return true
		}
	}
	return false
}

// read goes on behind a letter r of the text, which ends at i.
func (e *eater) read(r rune, i int, w folded) int {
	for _, x := range expand(r) {
		if x == "" || len(x) > len(w) {
			continue
		}
		same := true
		for k := range len(x) {
			same = same && base(w[k]) == rune(x[k])
		}
		if same {
			if end := e.word(i, w[len(x):]); end >= 0 {
				return end
			}
		}
	}
	if r == w[0] || base(r) == base(w[0]) {
		return e.word(i, w[1:])
	}
	return -1
}

// letterAt returns the character at i in lower case, with the combining marks
// behind it; -1 for a byte that is not UTF-8.
func letterAt(b []byte, i int) (rune, int) {
	if i >= len(b) {
		return -1, 0
	}
	r, n := rune(b[i]), 1
	if r == '\\' {
		r, n = runeAfter(b, i)
	} else if r >= utf8.RuneSelf {
		if r, n = utf8.DecodeRune(b[i:]); r == utf8.RuneError && n == 1 {
			return -1, 1
		}
	}
	switch {
	case 'A' <= r && r <= 'Z':
		r |= 0x20
	case r >= utf8.RuneSelf:
		if r = toLower(r); r == 'ς' {
			r = 'σ'
		}
	}
	for k := 0; k < 4 && i+n < len(b); k++ {
		m, w := rune(b[i+n]), 0
		if m >= 0xcc || m == '\\' {
			m, w = runeAfter(b, i+n)
		}
		if w == 0 || m < 0x300 || m > 0x36f {
			break
		}
		n += w
		if c, size := utf8.DecodeRuneInString(norm.NFC.String(string(r) + string(m))); size > 0 {
			r = c
		}
	}
	return r, n
}

// unmojibake reads a letter that was written in UTF-8 and then decoded as
// another code page, once or twice, and maybe turned to lower case. first is the
// character at i.
func unmojibake(b []byte, i int, first rune) (rune, int) {
	page := wrongPage(first)
	if page == nil {
		return 0, 0
	}
	for depth := 2; depth > 0; depth-- {
		if r, n := wrongly(b, i, depth, page); n > 0 && unicode.IsLetter(r) {
			return unicode.ToLower(r), n
		}
	}
	return 0, 0
}

// wrongPage returns the code page in which a letter that was decoded wrongly
// begins with r, nil where there is none.
func wrongPage(r rune) *charmap.Charmap {
	switch r {
	case 'ã', 'â', 'ä', 'å', 'æ', 'ç', 'ð', 'ñ', 'î', 'ï':
		return charmap.Windows1252
	case '√', '≈', 'ƒ':
		return charmap.Macintosh
	case '├', '┼', '─':
		return charmap.CodePage850
	}
	return nil
}

func wrongly(b []byte, i, depth int, page *charmap.Charmap) (rune, int) {
	if i >= len(b) {
		return 0, 0
	}
	if depth == 0 {
		r, n := utf8.DecodeRune(b[i:])
		return r, n
	}
	r, n := wrongly(b, i, depth-1, page)
	lead := pageByte(page, r)
	if lead >= 0xe0 && lead <= 0xf1 {
		lead -= 0x20 // in lower case
	}
	if n == 0 || lead < 0xc2 || lead > 0xdf {
		return 0, 0
	}
	r, m := wrongly(b, i+n, depth-1, page)
	next := pageByte(page, r)
	if m == 0 || next < 0x80 || next > 0xbf {
		return 0, 0
	}
	return rune(lead&0x1f)<<6 | rune(next&0x3f), n + m
}

func pageByte(page *charmap.Charmap, r rune) int {
	if 0x80 <= r && r <= 0x9f {
		return int(r) // undefined in the code page
	}
	if c, ok := page.EncodeRune(r); ok {
		return int(c)
	}
	return -1
}
