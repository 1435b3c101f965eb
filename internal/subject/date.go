package subject

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
	"golang.org/x/text/encoding/charmap"
)

// monthNames returns the names of the twelve months and their short forms, in nl, fr,
// de, en, es, it and pl (where a date has the genitive), as the CLDR has them.
func monthNames() [12]string {
	return [...]string{
		"januari janvier januar jänner jaenner january enero gennaio stycznia jan janv ene gen sty",
		"februari février februar feber february febrero febbraio lutego feb févr fév lut",
		"maart mars märz maerz march marzo marca mrt mrz mar",
		"april avril abril aprile kwietnia apr avr abr kwi",
		"mei mai may mayo maggio maja mag",
		"juni juin june junio giugno czerwca jun giu cze",
		"juli juillet july julio luglio lipca jul juil lug lip",
		"augustus août august agosto sierpnia aug ago sie",
		"september septembre septiembre settembre września sep sept set wrz",
		"oktober octobre october octubre ottobre października okt oct ott paź",
		"november novembre noviembre listopada nov lis",
		"december décembre dezember diciembre dicembre grudnia dec déc dez dic gru",
	}
}

// date adds a day: in digits of any order, written out, and as three cells of a
// row.
func (bl *builder) date(normal string) {
	t, err := time.Parse(time.DateOnly, normal)
	if err != nil {
		return
	}
	k := bl.known
	day := t.Year()*10000 + int(t.Month())*100 + t.Day()
	k.days[day] = append(k.days[day], bl.owner())
	if len(k.days[day]) > 1 {
		return // what leads to it is there
	}
	bl.digitDates(t)
	bl.writtenDates(t)
	bl.wordedDates(t)

	// As three cells of a row.
	y := t.Format("2006")
	for _, l := range []string{"1", "01"} {
		bl.lead(match.Pattern{Text: y + "\x00" + t.Format(l) + "\x00"}, "cells", k.cellsBehind)
		bl.lead(match.Pattern{Text: "\x00" + t.Format(l) + "\x00" + y + "\x00"}, "month", k.cellInFront(false))
	}
	for _, l := range []string{"2", "02"} {
		bl.lead(match.Pattern{Text: "\x00" + t.Format(l) + "\x00" + y + "\x00"}, "day", k.cellInFront(true))
	}
}

// cellsBehind reads a date whose year and month fill the cells b[start:end].
func (k *known) cellsBehind(b []byte, start, end int, found take) {
	n := end
	for n < len(b) && n-end < 3 && isDigit(b[n]) {
		n++
	}
	if start > 0 && b[start-1] != 0 || n == end || n == len(b) || b[n] != 0 {
		return
	}
	y, _ := strconv.Atoi(string(b[start : start+4]))
	m, _ := strconv.Atoi(string(b[start+5 : end-1]))
	d, _ := strconv.Atoi(string(b[end:n]))
	for _, o := range k.days[y*10000+m*100+d] {
		found(o, start, n, "columns")
	}
}

// cellInFront returns a lookup for dates whose month, or with american whose day,
// and year fill the cells between the NUL bytes of b[start:end].
func (k *known) cellInFront(american bool) lookup {
	return func(b []byte, start, end int, found take) {
		n := start
		for n > 0 && start-n < 3 && isDigit(b[n-1]) {
			n--
		}
		if n == start || n > 0 && b[n-1] != 0 {
			return
		}
		y, _ := strconv.Atoi(string(b[end-5 : end-1]))
		m, _ := strconv.Atoi(string(b[start+1 : end-6]))
		d, _ := strconv.Atoi(string(b[n:start]))
		if american {
			m, d = d, m
		}
		for _, o := range k.days[y*10000+m*100+d] {
			found(o, n, end-1, "columns")
		}
	}
}

// digitDates adds what leads to a date in digits.
func (bl *builder) digitDates(t time.Time) {
	k := bl.known
	number := func(t time.Time, layout, to string, l lookup) {
		if digits := t.Format(layout); len(digits) > 4 {
			bl.lead(match.Pattern{Text: digits, Digits: true}, to, l)
		}
	}
	for _, l := range []string{"20060102", "02012006", "020106", "060102", "010206", "20106", "02106", "2106", "10206"} {
		number(t, l, "digits", k.digitDay)
	}
	// Where the year has four digits and the groups are apart, its month or day
	// leads there, of which there are fewer than dates.
	for _, l := range []string{"200601", "20061"} {
		number(t, l, "dayBehind", k.dayBehind)
		number(t.AddDate(0, 0, -1), l, "dayBehind", k.dayBehind) // midnight in Europe, as UTC
	}
	for _, l := range []string{"012006", "12006", "022006", "22006"} {
		number(t, l, "groupInFront", k.groupInFront)
	}
	if t.Day() < 10 && t.Month() < 10 {
		for _, l := range []string{"2/1/06", "2.1.06", "2-1-06"} { // too short for a number
			bl.lead(match.Pattern{Text: t.Format(l)}, "digits", k.digitDay)
		}
	}
}

// dayBehind reads a date whose year and month stand at b[start:end].
func (k *known) dayBehind(b []byte, start, end int, found take) {
	sep := separator(b[start:end])
	i := end + len(sep)
	if sep == "" || i > len(b) || string(b[end:i]) != sep {
		return
	}
	n := i
	for n < len(b) && n-i < 3 && isDigit(b[n]) {
		n++
	}
	if n > i && n-i < 3 {
		k.digitDay(b, start, n, found)
	}
}

// groupInFront reads a date whose last two groups stand at b[start:end].
func (k *known) groupInFront(b []byte, start, end int, found take) {
	sep := separator(b[start:end])
	i := start - len(sep)
	if sep == "" || i < 0 || string(b[i:start]) != sep {
		return
	}
	n := i
	for n > 0 && i-n < 3 && isDigit(b[n-1]) {
		n--
	}
	if n < i && i-n < 3 {
		k.digitDay(b, n, end, found)
	}
}

// separator returns what stands between two groups of digits, empty where there
// are not two.
func separator(b []byte) string {
	i, j := 0, len(b)
	for i < j && isDigit(b[i]) {
		i++
	}
	for j > i && isDigit(b[j-1]) {
		j--
	}
	for _, c := range b[i:j] {
		if isDigit(c) {
			return ""
		}
	}
	return string(b[i:j])
}

// digitDay reads the date in digits at b[start:end].
func (k *known) digitDay(b []byte, start, end int, found take) {
	if wordBefore(b, start) || end < len(b) && wordAt(b, end) && b[end] != 'T' && b[end] != 't' {
		return
	}
	var v, size [3]int
	var seps [2]string
	n := 0
	for i, from := start, start; i <= end; i++ {
		if i < end && isDigit(b[i]) {
			continue
		}
		if i > from {
			if n == 3 || i-from > 8 {
				return
			}
			v[n], _ = strconv.Atoi(string(b[from:i]))
			size[n] = i - from
			n++
		}
		from = i + 1
		if i < end && n <= 2 && n > 0 {
			seps[n-1] += string(b[i : i+1])
		}
	}
	if n == 3 && seps[0] != seps[1] || longerDate(b, start, end, seps[0]) {
		return
	}
	tell := func(y, m, d int, form string) bool {
		owners := k.days[y*10000+m*100+d]
		for _, o := range owners {
			found(o, start, end, form)
		}
		return len(owners) > 0
	}
	short := func(y, m, d int) {
		_ = tell(1900+y, m, d, "short-year") || tell(2000+y, m, d, "short-year")
	}
	switch {
	case n == 1 && size[0] == 8:
		if !tell(v[0]/10000, v[0]/100%100, v[0]%100, "compact") {
			tell(v[0]%10000, v[0]/10000%100, v[0]/1000000, "short-year") // 30071985 may be any number
		}
	case n == 1 && size[0] == 6:
		short(v[0]/10000, v[0]/100%100, v[0]%100)
		short(v[0]%100, v[0]/100%100, v[0]/10000)
	case n == 3 && size[0] == 4 && size[1] <= 2 && size[2] <= 2:
		if !tell(v[0], v[1], v[2], "iso") && lateEvening(b, end) {
			t := time.Date(v[0], time.Month(v[1]), v[2]+1, 0, 0, 0, 0, time.UTC)
			tell(t.Year(), int(t.Month()), t.Day(), "utc-midnight")
		}
	case n == 3 && size[0] <= 2 && size[1] <= 2 && size[2] == 4:
		if !tell(v[2], v[1], v[0], "european") {
			form := "us-order"
			if v[1] > 12 {
				form = "us" // there is no such month
			}
			tell(v[2], v[0], v[1], form)
		}
	case n == 3 && size[0] <= 2 && size[1] <= 2 && size[2] == 2:
		short(v[2], v[1], v[0])
		short(v[2], v[0], v[1])
		if size[0] == 2 {
			short(v[0], v[1], v[2])
		}
	}
}

// longerDate reports whether the groups of digits at b[start:end] go on with the
// same separator, as those of a version or an address do.
func longerDate(b []byte, start, end int, sep string) bool {
	if sep == "" || strings.TrimSpace(sep) == "" {
		return start > 0 && (b[start-1] == '.' || b[start-1] == '-' || b[start-1] == '/') && start > 1 && isDigit(b[start-2])
	}
	if start > len(sep) && string(b[start-len(sep):start]) == sep && isDigit(b[start-len(sep)-1]) {
		return true
	}
	j := end + len(sep)
	return j < len(b) && string(b[end:j]) == sep && isDigit(b[j])
}

// lateEvening reports whether 22:00 or 23:00 follows at i.
func lateEvening(b []byte, i int) bool {
	return i+6 <= len(b) && (b[i] == 'T' || b[i] == ' ') && (string(b[i+1:i+6]) == "22:00" || string(b[i+1:i+6]) == "23:00")
}

// monthSpellings returns how a month's name may stand in bytes.
func monthSpellings(w string) []string {
	if isASCII(w) {
		return []string{w}
	}
	out := foldings(w)
	for _, v := range []string{w, strings.ToUpper(w)} {
		if enc, err := charmap.Windows1252.NewEncoder().String(v); err == nil && !contains(out, asciiLower(enc)) {
			out = append(out, asciiLower(enc))
		}
	}
	if p := plain(w); !contains(out, p) {
		out = append(out, p)
	}
	return out
}

// dottedMonths are the short forms that are written with a full stop, in nl, fr, de and en.
const dottedMonths = " jan janv feb févr fév mrt mrz mar apr avr jun jul juil aug sep sept okt oct nov dec déc dez "

// englishOrdinal returns the ending of an English ordinal number.
func englishOrdinal(n int) string {
	switch {
	case n/10 == 1:
	case n%10 == 1:
		return "st"
	case n%10 == 2:
		return "nd"
	case n%10 == 3:
		return "rd"
	}
	return "th"
}

func (bl *builder) writtenDates(t time.Time) {
	k := bl.known
	lead := func(s string) { bl.lead(match.Pattern{Text: s}, "day", k.day) }
	y := t.Format("2006")
	// July 30, 1985: a month and a day stand in every log, a day and a year in few.
	if bl.once("day " + t.Format("2 2006")) {
		behind := func(b []byte, start, end int, found take) { k.day(b, max(0, start-16), end, found) }
		lead := func(s string) { bl.lead(match.Pattern{Text: s}, "day behind", behind) }
		for i, d := range []string{t.Format(" 2"), t.Format(" 02")} {
			if i > 0 && t.Day() >= 10 {
				continue
			}
			lead(d + ", " + y)
			lead(d + " " + y)
		}
		if short := t.Format("06"); bl.once("apostrophe " + short) { // 30 jul '85: rare, so that all of a year share it
			behind := func(b []byte, start, end int, found take) {
				// The month is in front of it, and not a value of SQL.
				if start > 0 && (isAlpha(b[start-1]) || b[start-1] >= utf8.RuneSelf) && (end == len(b) || !isAlnum(b[end]) && b[end] != '\'') {
					k.day(b, max(0, start-16), end, found)
				}
			}
			for _, sign := range []string{" '", " ’", " \x92", ". '"} {
				bl.lead(match.Pattern{Text: sign + short}, "apostrophe", behind)
			}
		}
		for _, th := range []string{", ", " "} {
			if th = englishOrdinal(t.Day()) + th + y; bl.once("day " + th) {
				lead(th)
			}
		}
	}
	if !bl.once(t.Format("written 2006-01")) {
		return
	}
	for _, w := range strings.Fields(monthNames()[t.Month()-1]) {
		short := len([]rune(w)) <= 4 && w != "juin" && w != "juni" && w != "juli" && w != "june" && w != "july" && w != "mars" && w != "luty" && w != "maja" && w != "mayo"
		for _, s := range monthSpellings(w) {
			lead(s + " " + y)
			if century := y[:2]; bl.once(s + " of " + century) { // rare, so that all of a century share it
				for _, blank := range []string{"\u00a0", "\xa0", "\u202f", "&nbsp;", "&#160;"} {
					lead(s + blank + century)
				}
			}
			if short && strings.Contains(dottedMonths, " "+w+" ") {
				lead(s + ". " + y)
			}
			if w == strings.ToLower(t.Format("Jan")) {
				lead(s + "-" + y)
			}
			if strings.HasSuffix(w, "o") || strings.HasSuffix(w, "bre") || strings.HasSuffix(w, "il") {
				lead(s + " de " + y)
				lead(s + " del " + y)
			}
		}
	}
	for _, en := range []string{t.Format("January"), t.Format("Jan")} {
		lead(en + ", " + y) // 30th of July, 1985
		lead(y + "-" + en)
	}
	lead(t.Format("Jan 06"))
	lead(t.Format("January 06"))
	for _, sep := range []string{" ", ".", "-", "/"} { // 14 II 1991
		lead(romanMonths()[t.Month()-1] + sep + y)
	}
	lead(t.Format("Jan/2006"))
	lead(t.Format("-Jan-06")) // 30-JUL-85, as Oracle writes dates
}

// day reads the date that is written out around b[start:end], where the name of
// its month stands.
func (k *known) day(b []byte, start, end int, found take) {
	lo, hi := start, end
	for lo > 0 && start-lo < 24 && dayText(b, lo-1) {
		lo--
	}
	for hi < len(b) && hi-end < 24 && dayText(b, hi) {
		hi++
	}
	// The words, and where they are.
	var words [16]struct {
		text     string
		from, to int
	}
	n := 0
	for i := lo; i < hi && n < len(words); {
		c := b[i]
		j := i
		switch {
		case isDigit(c):
			for j < hi && isDigit(b[j]) {
				j++
			}
		case isAlpha(c) || c >= 0x80 && c != 0xa0 && wideBlank(b, i) == 0:
			for j < hi && (isAlpha(b[j]) || b[j] >= 0x80 && b[j] != 0xa0 && wideBlank(b, j) == 0) {
				j++
			}
		default:
			i += max(1, wideBlank(b, i))
			if k := i; k > lo && b[k-1] == '&' && k+4 < hi && (string(b[k:k+5]) == "nbsp;" || string(b[k:k+5]) == "#160;") {
				i += 5
			}
			continue
		}
		words[n].text, words[n].from, words[n].to = plain(decode(b[i:j])), i, j
		n++
		i = j
	}
	number := func(i int) (v, digits int) {
		if i < 0 || i >= n || words[i].text == "" {
			return -1, 0
		}
		w := words[i]
		if d := k.dayWords[w.text]; d > 0 { // zeven maart 1985
			return d, 2
		}
		if !isDigit(w.text[0]) {
			return -1, 0
		}
		if len(w.text) > 4 || w.from == lo && wordBefore(b, w.from) || w.to == hi && wordAt(b, w.to) {
			return -1, 0
		}
		// A decimal fraction, a time or a longer number is no part of a date.
		if w.from > 1 && strings.IndexByte(".:,", b[w.from-1]) >= 0 && isDigit(b[w.from-2]) || w.to+1 < len(b) && strings.IndexByte(":", b[w.to]) >= 0 && isDigit(b[w.to+1]) && len(w.text) < 4 {
			return -1, 0
		}
		v, _ = strconv.Atoi(w.text)
		return v, len(w.text)
	}
	tell := func(y, m, d, i, j int) bool {
		owners := k.days[y*10000+m*100+d]
		for _, o := range owners {
			found(o, words[i].from, words[j].to, "written")
		}
		return len(owners) > 0
	}
	filler := func(i int) bool {
		return i >= 0 && i < n && strings.Contains(" de del of the er st nd rd th e o dia ° ", " "+words[i].text+" ")
	}
	for i := range words[:n] {
		if words[i].to <= start || words[i].from >= end {
			continue
		}
		m := k.months[words[i].text]
		if m == 0 {
			continue
		}
		p, q := i-1, i+1
		for filler(p) && i-p < 4 {
			p--
		}
		for filler(q) && q-i < 3 {
			q++
		}
		before, nb := number(p)
		after, na := number(q)
		switch {
		case nb > 0 && nb <= 2 && na == 4:
			if tell(after, m, before, p, q) {
				return
			}
		case nb > 0 && nb <= 2 && na == 2 && b[words[i].to] == '-': // 30-JUL-85
			for _, century := range []int{1900, 2000} {
				if tell(century+after, m, before, p, q) {
					return
				}
			}
		case nb > 0 && nb <= 2 && na == 2 && b[words[i].to] == ' ': // 30 Jul 85
			for _, century := range []int{1900, 2000} {
				owners := k.days[(century+after)*10000+m*100+before]
				for _, o := range owners {
					found(o, words[p].from, words[q].to, "short-year")
				}
				if len(owners) > 0 {
					return
				}
			}
		case nb == 4 && na > 0 && na <= 2:
			if tell(before, m, after, p, q) {
				return
			}
		}
		if na > 0 && na <= 2 { // July 30th, 1985; Jul 30 10:00:00 1985
			r := q + 1
			for filler(r) && r-q < 3 {
				r++
			}
			if r+3 < n && words[r].to+1 == words[r+1].from && b[words[r].to] == ':' {
				r += 3
				if r < n && isAlpha(words[r].text[0]) { // a time zone
					r++
				}
			}
			if y, ny := number(r); ny == 4 && tell(y, m, after, i, r) {
				return
			}
		}
	}
}

func dayText(b []byte, i int) bool {
	c := b[i]
	return isAlnum(c) || c >= 0x80 || strings.IndexByte(" .,-/:'()", c) >= 0 || (c == '&' || c == ';' || c == '#') && i > 0 && bytes.Contains(b[max(0, i-6):min(len(b), i+6)], []byte("&")) && (bytes.Contains(b[max(0, i-6):min(len(b), i+6)], []byte("&nbsp;")) || bytes.Contains(b[max(0, i-6):min(len(b), i+6)], []byte("&#160;")))
}

// wideBlank returns the length of the space at i that is no ASCII, 0 where there
// is none.
func wideBlank(b []byte, i int) int {
	switch {
	case b[i] == 0xc2 && i+1 < len(b) && b[i+1] == 0xa0:
		return 2
	case b[i] == 0xe2 && i+2 < len(b) && b[i+1] == 0x80 && (b[i+2] == 0xaf || b[i+2] >= 0x80 && b[i+2] <= 0x8a):
		return 3
	}
	return 0
}

// romanMonths returns the numbers of the months as they are written in Poland,
// Hungary, Italy and Spain.
func romanMonths() [12]string {
	return [...]string{"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"}
}

// dayNumbers returns the days of a month by the words for them in one.
func dayNumbers() map[string]int {
	m := map[string]int{}
	for lang, s := range spellers() {
		for d := 1; d <= 31; d++ {
			for _, w := range s.day(lang, d) {
				m[w] = d
			}
		}
	}
	return m
}

// monthNumbers returns the months by their folded names.
func monthNumbers() map[string]int {
	m := map[string]int{}
	for i, roman := range romanMonths() {
		m[roman] = i + 1
	}
	for i, names := range monthNames() {
		for _, name := range strings.Fields(names) {
			m[plain(name)] = i + 1
		}
	}
	return m
}
