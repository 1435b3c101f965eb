package subject

import (
	"strings"
	"time"
	"unicode"

	"github.com/spoor-scan/spoor/internal/match"
)

// Dates that are written out in words, as deeds and records of civil status
// write them in nl, fr, de, es and it: "le deux avril mil neuf cent septante".

// A speller holds the words for numbers of a language, without diacritics.
type speller struct {
	small    string // 1 to 19, for Spanish to 29
	tens     string // from 20 on
	first    string // the day that is not a cardinal
	nineteen []string
	twenty   []string
}

func spellers() map[string]speller {
	return map[string]speller{
		"nl": {
			"een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
			"twintig dertig veertig vijftig zestig zeventig tachtig negentig", "eerste",
			[]string{"negentienhonderd", "duizendnegenhonderd"},
			[]string{"tweeduizend"},
		},
		"fr": {
			"un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dixsept dixhuit dixneuf",
			"vingt trente quarante cinquante soixante septante quatrevingt nonante", "premier",
			[]string{"milneufcent", "milleneufcent"},
			[]string{"deuxmille", "deuxmil"},
		},
		"de": {
			"eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn",
			"zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig", "erste",
			[]string{"neunzehnhundert"},
			[]string{"zweitausend"},
		},
		"es": {
			"uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve",
			"veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa", "primero",
			[]string{"milnovecientos"},
			[]string{"dosmil"},
		},
		"it": {
			"uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
			"venti trenta quaranta cinquanta sessanta settanta ottanta novanta", "primo",
			[]string{"millenovecento"},
			[]string{"duemila"},
		},
	}
}

// spell returns the ways to write a number from 0 to 99, in one word.
func (s speller) spell(lang string, n int) []string {
	small, tens := strings.Fields(s.small), strings.Fields(s.tens)
	if n == 0 {
		return []string{""}
	}
	if n <= len(small) {
		return []string{small[n-1]}
	}
	ten, one := tens[n/10-2], ""
	if n%10 > 0 {
		one = small[n%10-1]
	}
	var out []string
	switch {
	case one == "":
		out = append(out, ten)
	case lang == "nl":
		out = append(out, one+"en"+ten)
	case lang == "de":
		out = append(out, strings.TrimSuffix(one, "s")+"und"+ten, one+"und"+ten)
	case lang == "es":
		out = append(out, ten+"y"+one)
	case lang == "it":
		if one == "uno" || one == "otto" {
			ten = ten[:len(ten)-1]
		}
		out = append(out, ten+one)
	default:
		out = append(out, ten+one)
		if n%10 == 1 {
			out = append(out, ten+"et"+one)
		}
	}
	if lang == "fr" {
		switch {
		case n >= 70 && n < 80:
			out = append(out, "soixante"+small[n-61], "soixanteet"+small[n-61])
		case n == 80:
			out = append(out, "quatrevingts", "huitante")
		case n > 80 && n < 90:
			out = append(out, "huitante"+one)
		case n >= 90:
			out = append(out, "quatrevingt"+small[n-81])
		}
	}
	return out
}

// day returns the ways to write the day of a month.
func (s speller) day(lang string, d int) []string {
	out := s.spell(lang, d)
	if d == 1 {
		out = append(out, s.first)
	}
	if lang != "de" {
		return out
	}
	var stems []string
	switch {
	case d == 1:
		stems = []string{"erste"}
	case d == 3:
		stems = []string{"dritte"}
	case d == 7:
		stems = []string{"siebte", "siebente"}
	case d == 8:
		stems = []string{"achte"}
	case d < 20:
		stems = []string{out[0] + "te"}
	default:
		stems = []string{out[0] + "ste"}
	}
	for _, w := range stems {
		out = append(out, w, w+"n", w+"r")
	}
	return out
}

// wordedDates adds what leads to a date in words: its month in front of how the
// years of its century begin. All dates of a month and century share it.
func (bl *builder) wordedDates(t time.Time) {
	century := t.Year() / 100
	if century != 19 && century != 20 || !bl.once(t.Format("words 01 ")+t.Format("2006")[:2]) {
		return
	}
	k := bl.known
	starts := [2]string{"mil mille duizend negentienh neunzehnh de|mil millenove", "deux|mil tweeduizend zweitausend de|dos|mil duemila del|dos|mil"}[century-19]
	for _, w := range strings.Fields(monthNames()[t.Month()-1]) {
		if len([]rune(w)) < 3 || len(w) == 3 && w != "mai" && w != "mei" {
			continue
		}
		for _, m := range monthSpellings(w) {
			for _, start := range strings.Fields(starts) {
				bl.lead(match.Pattern{Text: m + " " + strings.ReplaceAll(start, "|", " ")}, "words", k.wordedDay)
			}
		}
	}
}

// maxWorded bounds a day or a year in words, in bytes.
const maxWorded = 64

// compactWords returns the letters of b in one word, without diacritics, those
// behind the last mark that is no blank, hyphen or apostrophe; where first is set
// those in front of the first.
func compactWords(b []byte, first bool) string {
	var out []byte
	for i := 0; i < len(b); {
		r, n := letterAt(b, i)
		i += n
		switch {
		case r == ' ' || r == '-' || r == '\'' || r == '\n' || r == '\r' || r == '\u00a0' || r == '’':
		case r == 'ß':
			out = append(out, "ss"...)
		case r >= 0 && unicode.IsLetter(r) && base(r) < 0x80:
			out = append(out, byte(base(r)))
		case first:
			return string(out)
		default:
			out = out[:0]
		}
	}
	return string(out)
}

// wordedDay reads the date in words whose month starts at b[start].
func (k *known) wordedDay(b []byte, start, end int, found take) {
	i := start
	for i < end && b[i] != ' ' {
		i++
	}
	m := k.months[plain(decode(b[start:i]))]
	if m == 0 {
		return
	}
	front := compactWords(b[max(start-maxWorded, 0):start], false)
	behind := compactWords(b[i:min(i+maxWorded, len(b))], true)
	front = strings.TrimSuffix(front, "de")
	all := len(behind)
	for _, w := range [...]string{"delano", "del", "de", "lan"} {
		if rest, ok := strings.CutPrefix(behind, w); ok && !strings.HasPrefix(behind, "deux") {
			behind = rest
			break
		}
	}
	for lang, s := range spellers() {
		day, long := 0, 0
		for d := 1; d <= 31; d++ {
			for _, w := range s.day(lang, d) {
				if len(w) > long && strings.HasSuffix(front, w) {
					day, long = d, len(w)
				}
			}
		}
		if day == 0 {
			continue
		}
		year, long := 0, 0
		for c, heads := range [...][]string{s.nineteen, s.twenty} {
			for _, head := range heads {
				for _, link := range [...]string{"", "s", "en", "und", "et"} {
					rest, ok := strings.CutPrefix(behind, head+link)
					if !ok {
						continue
					}
					for n := range 100 {
						for _, w := range s.spell(lang, n) {
							if l := len(head) + len(link) + len(w); l > long && strings.HasPrefix(rest, w) && (w != "" || link == "") {
								year, long = 1900+100*c+n, l
							}
						}
					}
				}
			}
		}
		if year == 0 {
			continue
		}
		from := start
		for n := 0; from > 0 && n < long+8; n++ { // to where the word in front starts
			r, w := runeBefore(b, from)
			if n > 3 && !wordRune(r) {
				break
			}
			from -= w
		}
		to := i
		for left := all - len(behind) + long; left > 0 && to < len(b); {
			r, w := letterAt(b, to)
			if to += w; r == 'ß' {
				left -= 2
			} else if r >= 0 && unicode.IsLetter(r) {
				left--
			}
		}
		if wordAt(b, to) {
			continue // of another number
		}
		for _, o := range k.days[year*10000+m*100+day] {
			found(o, from, to, "words")
		}
	}
}
