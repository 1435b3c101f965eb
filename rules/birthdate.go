package rules

import (
	"math/bits"
	"strings"
)

// birthDate detects dates near words that speak of birth.
func birthDate() Rule {
	return found(Rule{
		ID:          "birth-date",
		Description: "a date of birth",
		Source:      "ISO 8601; Unicode CLDR, dates in the languages of the EU",
		Category:    "identity",
		Context: []string{
			"birth*", "born", "dob", "bday", "dateofbirth", "geboorte*", "geboren", "geb", "gebdat*", "naissance", "ne le", "nee le", "nele", "ne e le", "nes le", "ne a", "nee a", "ne en", "nee en", "geburt*", "gebtag", "nacimiento", "nacido", "nacida", "nacid*", "naci", "nacio", "nac", "fnac", "f nac", "f nacim", "nat el", "nascuda",
			"nascita", "nato", "nata", "nascimento", "nascido", "nascida", "urodz*", "ur", "data ur", "naroz*", "naroden*", "narodz*", "nar", "rojstva", "rojen", "rojena", "roden*", "rodj*", "szul*", "nastere*", "nastere", "nascut*",
			"рожд*", "роден*", "γεννησ*", "γεννηθ*", "syntym*", "syntynyt", "synt", "fodelse*", "fodd", "fodsel*", "fodt", "sunni*", "sundinud", "dzims*", "dzimis", "dzimusi", "gimimo", "gimes", "gimusi", "faeding*", "twelid", "breith*",
		},
		NeedsContext: true,
		MaxLen:       40,
		Match: []string{
			"1985-07-30", "30/07/1985", "30.7.1985", "30-07-1985", "07/30/1985", "30 July 1985", "July 30, 1985", "30th of July 1985", "30 juli 1985", "30 juillet 1985", "30. Juli 1985", "30 de julio de 1985",
			"30 luglio 1985", "30 lipca 1985", "30. heinäkuuta 1985", "17 kwietnia 1983", "8 lutego 1969", "3 de febrero de 1970", "14 Sep 94", "15-I-1984", "14 II 1991", "30th of September, 1974", "30. července 1985", "1985. július 30", "30 Ιουλίου 1985", "30 юли 1985", "1er mars 1985", "30. 7. 1985", "19850730", "30 iulie 1985",
		},
		NoMatch: []string{"1985-13-30", "31/02/1985", "30/07/85a", "1785-07-30", "30 Foo 1985", "30 VIIII 1985", "4 I 85 x", "30 Sept 94a", "1985-07-30 12:34", "30.07.19855", "198507301"},
		groups: []group{
			{kinds: "d", least: 1, most: 2, before: dateFront, unjoined: ".-/:,", after: "-/., \xC2"},
			{kinds: "d", least: 4, most: 4, before: dateFront, unjoined: ".-/:,", after: "-/. "},
			{kinds: "d", least: 8, most: 8, before: dateFront, unjoined: ".-/:,"},
			{kinds: "m", least: 3, most: 4, before: dateFront, after: " ,"},
		},
		scan:   scanDates,
		look:   birthDateAt,
		strict: 6,
	})
}

// birthSign detects dates behind a sign for birth: * or °, or the French né.
func birthSign() Rule {
	return found(Rule{
		ID:          "birth-date-sign",
		Description: "a date of birth behind a sign for it",
		Source:      "DIN 5008; genealogical signs",
		Category:    "identity",
		MaxLen:      40,
		Match:       []string{"*30.7.1985", "°30/07/1985", "né 30 juillet 1985", "née 30/07/1985", "*30. Juli 1985"},
		NoMatch:     []string{"30.7.1985", "* 30.7.1985", "/*30.7.1985", "n°30/07/1985", "x *30.7.1985", "(*30 foo 1985)", "ané 30/07/1985"},
		groups: []group{
			{kinds: "d", least: 1, most: 2, before: "*\xB0", after: "-/., \xC2"},
			{kinds: "d", least: 4, most: 4, before: "*\xB0", after: "-"},
			{kinds: "d", least: 1, most: 2, before: " ", before2: "e\xA9", after: "-/., \xC2"},
			{kinds: "d", least: 4, most: 4, before: " ", before2: "e\xA9", after: "-"},
		},
		look: func(b []byte, from, to int) (int, int) {
			i := signBefore(b, from)
			if i < 0 {
				return 0, 0
			}
			start, end := birthDateAt(b, from, to)
			if start != from || end == 0 {
				return 0, 0
			}
			return i, end
		},
		strict: 6,
	})
}

// signBefore returns where the sign for birth right in front of b[i] begins, -1
// where none is. What multiplies, numbers or lists stands elsewhere than behind a
// bracket or comma.
func signBefore(b []byte, i int) int {
	switch byteAt(b, i-1) {
	case ' ':
		if i--; byteAt(b, i-1) == 'e' {
			i--
		}
		if i -= 3; i < 0 || b[i]|0x20 != 'n' || b[i+1] != 0xC3 || b[i+2] != 0xA9 || alnum(byteAt(b, i-1)) || byteAt(b, i-1) >= 0x80 {
			return -1
		}
		return i
	case 0xB0:
		if i--; byteAt(b, i-1) != 0xC2 {
			return -1
		}
	case '*':
	default:
		return -1
	}
	i--
	switch byteAt(b, i-1) {
	case 0, '(', '<', '>':
		return i
	case ' ':
		if c := byteAt(b, i-2); c == ',' || c == ':' {
			return i
		}
	}
	return -1
}

// dateFront is what may stand in front of a date.
const dateFront = "\n\t \"'`<>()[]{}:;,|=*-_~^/\xA0"

// A cursor reads a date.
type cursor struct {
	b []byte
	i int
}

func (c *cursor) number() (v, n int) {
	for n < 9 && digit(byteAt(c.b, c.i)) {
		v = v*10 + int(c.b[c.i]-'0')
		c.i++
		n++
	}
	return v, n
}

// skip passes one of the bytes in set, if there is one.
func (c *cursor) skip(set string) bool {
	if k := byteAt(c.b, c.i); k != 0 && strings.IndexByte(set, k) >= 0 {
		c.i++
		return true
	}
	return false
}

func birthYear(y int) bool { return y >= 1900 && y < 2100 }

func birthDateAt(b []byte, from, to int) (int, int) {
	if c := byteAt(b, from-1); (c == '.' || c == '-' || c == '/' || c == ':' || c == ',') && digit(byteAt(b, from-2)) {
		return 0, 0
	}
	if to-from == 4 && to+12 <= len(b) && b[to] == '-' && b[to+3] == '-' && (b[to+6] == ' ' || b[to+6] == 'T') && b[to+9] == ':' &&
		digit(b[to+5]) && digit(b[to+7]) && digit(b[to+8]) && string(b[to+7:to+12]) != "00:00" { // the most common form of what happened at a time
		return 0, 0
	}
	start, end := dateAt(b, from, to)
	if end == 0 {
		return 0, 0
	}
	if c := byteAt(b, end); alnum(c) || (c == '.' || c == '-' || c == '/') && digit(byteAt(b, end+1)) {
		return 0, 0
	}
	// What happened at a time is no birth; midnight is what programs add.
	if c := byteAt(b, end); (c == ' ' || c == 'T') && end+5 < len(b) && digit(b[end+1]) && digit(b[end+2]) && b[end+3] == ':' &&
		string(b[end+1:end+6]) != "00:00" {
		return 0, 0
	}
	return start, end
}

func dateAt(b []byte, from, to int) (int, int) {
	c := cursor{b, from}
	v, n := c.number()
	switch {
	case n == 8 && c.i == to:
		if y := v / 10000; birthYear(y) && date(y, v/100%100, v%100) || birthYear(v%10000) && date(v%10000, v/10000%100, v/1000000) {
			return from, to
		}
		return 0, 0
	case n == 4 && birthYear(v):
		sep := byteAt(b, c.i)
		c.i++
		if sep == '.' && c.skip(" ") || sep == ' ' {
			at := c.i
			if m, e := month(b, at); m > 0 { // Hungarian, Lithuanian
				c.i = e
				c.skip(".")
				c.skip(" ")
				if d, k := c.number(); k > 0 && k < 3 && date(v, m, d) {
					return from, c.i
				}
				return 0, 0
			}
		}
		if sep == ' ' {
			return 0, 0
		}
		m, k := c.number()
		if k == 0 || k > 2 || byteAt(b, c.i) != sep {
			return 0, 0
		}
		c.i++
		c.skip(" ")
		if d, k := c.number(); k > 0 && k < 3 && date(v, m, d) {
			return from, c.i
		}
		return 0, 0
	case n == 0 || n > 2 || v == 0 || v > 31:
		return 0, 0
	}
	if i := c.i; i < to { // 30th, 1er, 2nd
		if to-i > 2 || !letter(b[i]) {
			return 0, 0
		}
		c.i = to
	}
	// The month stands in front: July 30, 1985.
	if byteAt(b, from-1) == ' ' && (byteAt(b, c.i) == ',' || byteAt(b, c.i) == ' ') {
		s := from - 1
		for s > 0 && from-s < 24 && apart(b, s-1) == 0 {
			s--
		}
		if m, e := month(b, s); m > 0 && e == from-1 {
			k := c
			k.skip(",")
			k.skip(" ")
			if y, n := k.number(); n == 4 && birthYear(y) && date(y, m, v) {
				return s, k.i
			}
		}
	}
	sep := byteAt(b, c.i)
	if sep == 0 || strings.IndexByte(".-/ \xC2", sep) < 0 {
		return 0, 0
	}
	c.i++
	if sep == 0xC2 {
		if sep = ' '; !c.skip("\xA0\xBA") {
			return 0, 0
		}
	}
	spaced := sep == '.' && c.skip(" ")
	if digit(byteAt(b, c.i)) {
		m, k := c.number()
		if k > 2 || byteAt(b, c.i) != sep {
			return 0, 0
		}
		c.i++
		if spaced {
			c.skip(" ")
		}
		y, k := c.number()
		if k == 2 && sep != ' ' && (date(1900+y, m, v) || date(1900+y, v, m)) || k == 4 && birthYear(y) && (date(y, m, v) || sep == '/' && date(y, v, m)) {
			return from, c.i
		}
		return 0, 0
	}
	for range 2 {
		e := wordEnd(b[:min(len(b), c.i+24)], c.i)
		switch w := string(b[c.i:e]); w {
		case "of", "de", "d", "af", "del":
			c.i = e
			c.skip(" '")
			continue
		}
		break
	}
	m, e := month(b, c.i)
	roman := m == 0
	if roman {
		if m, e = romanMonth(b, c.i); m == 0 {
			return 0, 0
		}
	}
	if c.i = e; roman && !c.skip(string(sep)) {
		return 0, 0
	}
	c.skip(".,-/")
	c.skip(" ")
	for _, of := range []string{"de ", "del ", "of "} {
		if strings.HasPrefix(string(b[c.i:min(len(b), c.i+4)]), of) {
			c.i += len(of)
		}
	}
	if y, n := c.number(); n == 4 && birthYear(y) && date(y, m, v) || n == 2 && !roman && date(1900+y, m, v) && byteAt(b, c.i) != ':' {
		return from, c.i
	}
	return 0, 0
}

// romanMonth is month for I to XII.
func romanMonth(b []byte, i int) (int, int) {
	e := wordEnd(b[:min(len(b), i+5)], i)
	for m, r := range [12]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"} {
		if string(b[i:e]) == r {
			return m + 1, e
		}
	}
	return 0, 0
}

// monthStems are the beginnings of the months' names in the languages of the EU,
// EEA and Switzerland, folded. The first that fits counts.
var monthStems = [12]string{
	"januar jan janv gennaio enero ene gen janeiro stycz sty leden ledna siječ sijec tammi sausi ianuarie ian ιανουαρ ιαν януари ян eanair",
	"februar feb fevr fev fév febbraio febrero luty lut luteg lutym unora unor veljac helmi vasari φεβρουαρ φεβ февруари фев veebr favrier feabhra",
	"maart mrt march marec marz mars mar maa marzo marco marz brezna brezen ozuj maalis kovo kova marts martie μαρτ март marta",
	"april apr avril avr aprile abril abr kwiec kwiet kwi dubna duben travanj travnja huhti baland aprill αpr απρ апр aibrean",
	"mai may mei maggio mag mayo maio maja maj kvet svib touko geguz maijs majus μαι май bealtaine",
	"juni june jun juin giugno giu junio junho czerwca czerwiec cze cervna cerven lip6 lipanj lipnja kesa birzel junij junijs iunie iun ιουν юни meitheamh",
	"juli july jul juil juillet luglio lug julio julho lipca lipiec lip cervence cervenec srpanj srpnja heina liepa liepos julij julijs iulie iul ιουλ юли iuil",
	"august aug aout aou agosto ago sierp sie srpna srpen kolov elo rugpj augusts αυγ авг lunasa",
	"september sep sept septembre settembre set septiembre setembro wrzes wrz zari rujan rujna syys rugs septembris septembrie szept σεπ септ mean",
	"oktober october okt oct octobre ottobre ott octubre outubro out pazdz paz rijna rijen listopad6 loka spal octombrie οκτ окт deireadh",
	"november nov novembre noviembre novembro listop lis listopadu studen marras lapkr noiembrie noi νοε ноем samhain",
	"december dec dez decembre dicembre dic diciembre dezember dezembro grud gru prosin joulu gruodz decembris decembrie des dets δεκ дек nollaig",
}

// monthHeads holds, by the hash of the first three letters, the months by bits
// that a word can be.
var monthHeads = func() (t [4096]uint16) {
	for m, stems := range monthStems {
		for s := range strings.FieldsSeq(stems) {
			t[head(fold(nil, []byte(s)))] |= 1 << m
		}
	}
	return t
}()

// month returns which month's name stands at b[i], from 1, and where it ends; 0
// where none does.
func month(b []byte, i int) (int, int) {
	end := wordEnd(b[:min(len(b), i+32)], i)
	if end-i < 2 || end-i > 24 {
		return 0, 0
	}
	var buf [64]byte
	f := fold(buf[:0], b[i:end])
	best, size := 0, 0
	for may := monthHeads[head(f)]; may != 0; may &= may - 1 {
		m := bits.TrailingZeros16(may)
		for s := monthStems[m]; s != ""; {
			var stem string
			stem, s, _ = strings.Cut(s, " ")
			// A short stem is the whole of an abbreviation.
			if len(stem) > size && len(f) >= len(stem) && string(f[:len(stem)]) == stem && (len(stem) > 3 || len(f) == len(stem)) {
				best, size = m+1, len(stem)
			}
		}
	}
	if best == 0 {
		return 0, 0
	}
	return best, end
}
