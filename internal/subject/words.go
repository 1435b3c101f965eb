package subject

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !wordRune(r) })
}

// asciiRun returns the longest run of ASCII letters in a word: a piece of it that
// stands in every spelling.
func asciiRun(w folded) string {
	best, from := w[:0], 0
	for i := 0; i <= len(w); i++ {
		if i < len(w) && w[i] < utf8.RuneSelf {
			continue
		}
		if i-from > len(best) {
			best = w[from:i]
		}
		from = i + 1
	}
	return string(best)
}

// spellings returns how a word is usually written where no piece of it stands in
// every spelling. The matcher folds ASCII by itself.
func spellings(w folded) []string {
	s := string(w)
	if asciiRun(w) == s {
		return append(accented(s), s)
	}
	upper := strings.ToUpper(s)
	out := []string{s, upper, norm.NFD.String(s)}
	cased := []string{s, upper}
	if swiss := strings.ReplaceAll(s, "ß", "ss"); swiss != s && !isASCII(swiss) {
		cased = append(cased, swiss, strings.ToUpper(swiss))
		out = append(out, swiss, strings.ToUpper(swiss))
	}
	if w[0] >= utf8.RuneSelf {
		cased = append(cased, title(w))
		out = append(out, title(w))
	}
	for _, r := range w {
		if _, ok := cyrillic[r]; ok {
			for _, page := range []*charmap.Charmap{charmap.Windows1251, charmap.KOI8R} {
				out = append(out, encoded(page, cased...)...)
			}
			return append(out, latin(w)...)
		}
	}
	var bare, wide strings.Builder
	for i, r := range w {
		b := base(r)
		x := expand(r)
		if b == 'υ' && i > 0 && base(w[i-1]) == 'ο' {
			x = x[1:2] // ου is ou
		}
		if len(x) > 0 {
			wide.WriteString(x[0])
		} else {
			wide.WriteRune(b)
		}
		if len(x) > 0 && b >= utf8.RuneSelf && (b < 0x370 || b > 0x400) {
			bare.WriteString(x[len(x)-1])
		} else {
			bare.WriteRune(b)
		}
	}
	out = append(out, bare.String(), wide.String())
	if w[0] >= 0x370 && w[0] < 0x400 {
		plain := folded(bare.String())
		out = append(out, strings.ToUpper(string(plain)), title(plain))
		for i, x := range out { // a sigma at the end
			if stem, ok := strings.CutSuffix(x, "σ"); ok {
				out[i] = stem + "ς"
			}
		}
		return append(out, encoded(charmap.Windows1253, out...)...)
	}
	// Some letters only, where there are several: Kjærgaard of Kjærgård.
	for i, r := range w {
		x := expand(r)
		if len(x) == 0 || slices.Contains(w[:i], r) || !slices.ContainsFunc(w, func(o rune) bool { return o >= utf8.RuneSelf && o != r }) {
			continue
		}
		one := strings.ReplaceAll(s, string(r), x[0])
		cased = append(cased, one)
		out = append(out, one, strings.ToUpper(one))
	}
	// Romanian has a comma below, and before 2007 a cedilla.
	if c := cedillas.Replace(s); c != s {
		cased = append(cased, c, strings.ToUpper(c), title(folded(c)))
		out = append(out, c, strings.ToUpper(c), title(folded(c)))
	}
	for _, page := range pages[:mainPages+1] {
		if e := encoded(page, cased...); len(e) > 0 {
			out = append(out, e...)
			break
		}
	}
	if strings.ContainsAny(s, "şğı") {
		out = append(out, encoded(charmap.Windows1254, cased...)...)
	}
	return out
}

// cedillas turns the letters with a comma below into those with a cedilla, and
// the other way round.
var cedillas = strings.NewReplacer("ș", "ş", "ț", "ţ", "ş", "ș", "ţ", "ț")

func title(w folded) string { return strings.ToUpper(string(w[:1])) + string(w[1:]) }

func encoded(page *charmap.Charmap, ss ...string) []string {
	var out []string
	for _, s := range ss {
		if e, err := page.NewEncoder().String(s); err == nil {
			out = append(out, e)
		}
	}
	return out
}

// damaged returns how a word looks after conversions that went wrong, and in
// older code pages.
func damaged(w folded) []string {
	s := string(w)
	out := encoded(charmap.Macintosh, s)
	out = append(out, encoded(charmap.CodePage850, s)...)
	once, twice, onceUpper := misread(s), misread(misread(s)), misread(strings.ToUpper(s))
	out = append(out, once, twice, onceUpper)
	for _, mark := range []string{"?", "\ufffd"} {
		var b strings.Builder
		for _, r := range w {
			if r < utf8.RuneSelf {
				b.WriteRune(r)
			} else {
				b.WriteString(mark)
			}
		}
		if len(b.String()) > len(mark)*2 {
			out = append(out, b.String())
		}
	}
	return out
}

// misread returns what UTF-8 looks like when it is taken for Windows-1252.
func misread(s string) string {
	var b strings.Builder
	for i := range len(s) {
		r := charmap.Windows1252.DecodeByte(s[i])
		if r == utf8.RuneError {
			r = rune(s[i])
		}
		b.WriteRune(r)
	}
	return b.String()
}

// accents are frequent names that are often given without their diacritics.
var accents = map[string]string{
	"garcia": "garcía", "diaz": "díaz", "jose": "josé", "maria": "maría", "munoz": "muñoz", "nunez": "núñez", "ibanez": "ibáñez", "marquez": "márquez",
	"gomez": "gómez", "lopez": "lópez", "perez": "pérez", "alvarez": "álvarez", "marin": "marín", "martin": "martín", "leon": "león", "aragon": "aragón",
	"calderon": "calderón", "duran": "durán", "roldan": "roldán", "rincon": "rincón", "bermudez": "bermúdez", "goncalves": "gonçalves", "araujo": "araújo",
	"simoes": "simões", "magalhaes": "magalhães", "guimaraes": "guimarães", "lefevre": "lefèvre", "legare": "légaré", "helene": "hélène", "francois": "françois",
	"andre": "andré", "rene": "rené", "helena": "héléna", "beranger": "béranger", "benoit": "benoît", "lemaitre": "lemaître", "levesque": "lévesque",
	"wojcik": "wójcik", "krol": "król", "gorski": "górski", "zielinski": "zieliński", "zielinska": "zielińska", "kaminski": "kamiński", "kaminska": "kamińska",
	"wisniewski": "wiśniewski", "wisniewska": "wiśniewska", "dabrowski": "dąbrowski", "dabrowska": "dąbrowska", "kozlowski": "kozłowski", "kozlowska": "kozłowska",
	"wozniak": "woźniak", "jablonski": "jabłoński", "jablonska": "jabłońska", "wroblewski": "wróblewski", "wroblewska": "wróblewska", "pawlowski": "pawłowski",
	"pawlowska": "pawłowska", "gorska": "górska", "michal": "michał", "pawel": "paweł", "malgorzata": "małgorzata", "lukasz": "łukasz", "stepien": "stępień",
	"muller": "müller", "schafer": "schäfer", "kohler": "köhler", "kruger": "krüger", "konig": "könig", "jager": "jäger", "moller": "möller", "gunther": "günther",
	"jorgensen": "jørgensen", "sorensen": "sørensen", "ostergaard": "østergaard", "soderberg": "söderberg", "akerman": "åkerman", "sjoberg": "sjöberg", "novak": "novák",
	"dvorak": "dvořák", "svobodova": "svobodová", "novakova": "nováková", "kovacs": "kovács", "szabo": "szabó", "toth": "tóth", "horvath": "horváth", "yilmaz": "yılmaz",
}

// accented returns the spellings with diacritics of a word that was given
// without: those of frequent names, Spanish surnames in -ez, which have the
// accent on the vowel before, and German ones that replace an umlaut or ß.
func accented(w string) []string {
	var full []string
	if a, ok := accents[w]; ok {
		full = append(full, a)
	} else if strings.HasSuffix(w, "ez") && len(w) > 4 {
		if i := strings.LastIndexAny(w[:len(w)-2], "aeiou"); i >= 0 {
			acute := map[byte]string{'a': "á", 'e': "é", 'i': "í", 'o': "ó", 'u': "ú"}[w[i]]
			full = append(full, w[:i]+acute+w[i+1:])
		}
	}
	german := false
	for _, end := range []string{"er", "el", "ig", "mann", "hm", "ke", "tz", "ner"} {
		german = german || strings.HasSuffix(w, end)
	}
	for from, to := range map[string]string{"ae": "ä", "oe": "ö", "ue": "ü"} {
		i := strings.Index(w, from)
		if i < 0 || i+2 >= len(w) || i > 0 && strings.IndexByte("aeqg", w[i-1]) >= 0 || !german && from != "ue" {
			continue
		}
		if strings.IndexByte("aeiouy", w[i+2]) < 0 {
			full = append(full, w[:i]+to+w[i+2:])
		}
	}
	if i := strings.Index(w, "ss"); i > 0 && (i+2 == len(w) || strings.IndexByte("mlnb", w[i+2]) >= 0) {
		full = append(full, w[:i]+"ß"+w[i+2:])
	}
	slices.Sort(full)
	var out []string
	for _, a := range full {
		out = append(out, a, strings.ToUpper(a))
		for _, page := range pages[:mainPages] {
			if e := encoded(page, a); len(e) > 0 {
				out = append(out, e...)
				break
			}
		}
	}
	return out
}

// cyrillic holds how letters are written in English (ICAO Doc 9303, mostly),
// German, French, and without the diacritics of ISO 9.
var cyrillic = map[rune][4]string{
	'а': {"a", "a", "a", "a"}, 'б': {"b", "b", "b", "b"}, 'в': {"v", "w", "v", "v"}, 'г': {"g", "g", "g", "g"}, 'д': {"d", "d", "d", "d"}, 'е': {"e", "e", "e", "e"},
	'ё': {"e", "jo", "io", "e"}, 'ж': {"zh", "sch", "j", "z"}, 'з': {"z", "s", "z", "z"}, 'и': {"i", "i", "i", "i"}, 'й': {"i", "i", "i", "j"}, 'к': {"k", "k", "k", "k"},
	'л': {"l", "l", "l", "l"}, 'м': {"m", "m", "m", "m"}, 'н': {"n", "n", "n", "n"}, 'о': {"o", "o", "o", "o"}, 'п': {"p", "p", "p", "p"}, 'р': {"r", "r", "r", "r"},
	'с': {"s", "s", "s", "s"}, 'т': {"t", "t", "t", "t"}, 'у': {"u", "u", "ou", "u"}, 'ф': {"f", "f", "f", "f"}, 'х': {"kh", "ch", "kh", "h"}, 'ц': {"ts", "z", "ts", "c"},
	'ч': {"ch", "tsch", "tch", "c"}, 'ш': {"sh", "sch", "ch", "s"}, 'щ': {"shch", "schtsch", "chtch", "s"}, 'ъ': {"ie", "", "", ""}, 'ы': {"y", "y", "y", "y"},
	'ь': {"", "", "", ""}, 'э': {"e", "e", "e", "e"}, 'ю': {"iu", "ju", "iou", "u"}, 'я': {"ia", "ja", "ia", "a"}, 'і': {"i", "i", "i", "i"}, 'ї': {"i", "ji", "i", "i"},
	'є': {"ie", "je", "ie", "e"}, 'ґ': {"g", "g", "g", "g"},
}

func latin(w folded) []string {
	var out []string
	if k := len(w) - 2; k > 3 && w[k+1] == 'й' {
		w = w[:k] // -ий, -ый, -ой are written in many ways
	}
	for style := range 4 {
		var b strings.Builder
		for _, r := range w {
			if x, ok := cyrillic[r]; ok {
				b.WriteString(x[style])
			} else {
				b.WriteRune(base(r))
			}
		}
		out = append(out, b.String())
	}
	yu := strings.NewReplacer("ю", "yu", "я", "ya", "й", "y", "ё", "yo").Replace(string(w))
	if yu != string(w) {
		out = append(out, latin(folded(yu))[0])
	}
	return out
}
