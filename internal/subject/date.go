package subject

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/match"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// monthNames returns the names of the twelve months and their short forms, in nl, fr,
// de, en, es, it and pl (where a date has the genitive), as the CLDR has them.
func monthNames() [12]string {
	return [...]string{
		"januari janvier januar jänner january enero gennaio stycznia styczeń jan janv ene gen sty",
		"februari février februar feber february febrero febbraio lutego luty feb févr fév lut",
		"maart mars märz march marzo marca marzec mrt mrz mar",
		"april avril abril aprile kwietnia kwiecień apr avr abr kwi",
		"mei mai may mayo maggio maja maj mag",
		"juni juin june junio giugno czerwca czerwiec jun giu cze",
		"juli juillet july julio luglio lipca lipiec jul juil lug lip",
		"augustus août august agosto sierpnia sierpień aug ago sie",
		"september septembre septiembre settembre września wrzesień sep sept set wrz",
		"oktober octobre october octubre ottobre października październik okt oct ott paź",
		"november novembre noviembre listopada listopad nov lis",
		"december décembre dezember diciembre dicembre grudnia grudzień dec déc dez dic gru",
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
	bl.digitDates(t)
	bl.writtenDates(t)

	d, m, y := strconv.Itoa(t.Day()), strconv.Itoa(int(t.Month())), t.Format("2006")
	dd, mm := t.Format("02"), t.Format("01")
	cells := map[string]bool{}
	for _, p := range [][2]string{{d, m}, {dd, mm}} {
		cells[p[0]+"\x00"+p[1]+"\x00"+y] = true
		cells[y+"\x00"+p[1]+"\x00"+p[0]] = true
		cells[p[1]+"\x00"+p[0]+"\x00"+y] = true
	}
	for c := range cells {
		bl.literal(c, "columns", func(b []byte, start, end int) bool {
			return (start == 0 || b[start-1] == 0) && end < len(b) && b[end] == 0
		})
	}
}

// A digitForm is a way to write a date in digits.
type digitForm struct {
	name   string
	groups string // their lengths
}

func (bl *builder) digitDates(t time.Time) {
	forms := map[string][]digitForm{}
	add := func(digits, name, groups string) {
		for _, f := range forms[digits] {
			if f.groups == groups {
				return
			}
		}
		forms[digits] = append(forms[digits], digitForm{name, groups})
	}
	add(t.Format("20060102"), "iso", "422")
	add(t.Format("20060102"), "compact", "8")
	add(t.Format("200612"), "iso", fmt.Sprintf("4%d%d", len(t.Format("1")), len(t.Format("2"))))
	for _, day := range []string{"02", "2"} {
		for _, month := range []string{"01", "1"} {
			d, m := t.Format(day), t.Format(month)
			add(d+m+t.Format("2006"), "european", fmt.Sprintf("%d%d4", len(d), len(m)))
			us := "us-order"
			if t.Day() > 12 {
				us = "us" // there is no such month
			}
			add(m+d+t.Format("2006"), us, fmt.Sprintf("%d%d4", len(m), len(d)))
			if s := d + m + t.Format("06"); len(s) >= 5 {
				add(s, "short-year", fmt.Sprintf("%d%d2", len(d), len(m)))
			}
		}
	}
	add(t.Format("02012006"), "short-year", "8") // 30071985 may be any number
	add(t.Format("060102"), "short-year", "222")
	add(t.Format("060102"), "short-year", "6")
	// Midnight in Europe, as UTC.
	add(t.AddDate(0, 0, -1).Format("20060102"), "utc-midnight", "422")
	if n := t.Unix(); n > 99999 {
		add(strconv.FormatInt(n, 10), "epoch", strconv.Itoa(len(strconv.FormatInt(n, 10))))
	}
	for digits, fs := range forms {
		bl.add(match.Pattern{Text: digits, Digits: true}, func(b []byte, start, end int) (int, int, string, bool) {
			if wordBefore(b, start) || end < len(b) && wordAt(b, end) && b[end] != 'T' && b[end] != 't' {
				return 0, 0, "", false
			}
			groups, first, second := "", "", ""
			for i, from := start, start; i <= end; i++ {
				if i < end && isDigit(b[i]) {
					continue
				}
				if i > from {
					groups += strconv.Itoa(i - from)
				}
				from = i + 1
				if i < end && len(groups) == 1 {
					first += string(b[i : i+1])
				} else if i < end {
					second += string(b[i : i+1])
				}
			}
			if len(groups) > 3 || second != "" && first != second || longerDate(b, start, end, first) {
				return 0, 0, "", false
			}
			for _, f := range fs {
				if f.groups != groups || f.name == "utc-midnight" && !lateEvening(b, end) {
					continue
				}
				return start, end, f.name, true
			}
			return 0, 0, "", false
		})
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

func (bl *builder) writtenDates(t time.Time) {
	k := bl.known
	lead := func(s string) { bl.lead(match.Pattern{Text: s}, "day", k.day) }
	y := t.Format("2006")
	for _, w := range strings.Fields(monthNames()[t.Month()-1]) {
		short := len([]rune(w)) <= 4 && w != "juin" && w != "juni" && w != "juli" && w != "june" && w != "july" && w != "mars" && w != "luty" && w != "maja" && w != "mayo"
		for _, s := range monthSpellings(w) {
			lead(s + " " + y)
			if short && len(w) >= 3 {
				lead(s + ". " + y)
				lead(s + "-" + y)
			}
			if strings.HasSuffix(w, "o") || strings.HasSuffix(w, "bre") || strings.HasSuffix(w, "il") {
				lead(s + " de " + y)
				lead(s + " del " + y)
			}
		}
	}
	for _, en := range []string{t.Format("January"), t.Format("Jan")} {
		lead(en + t.Format(" 2")) // July 30, 1985; Jul 30 10:00:00 1985
		lead(y + "-" + en)
		lead(y + " " + en)
		if t.Day() < 10 {
			lead(en + t.Format(" 02"))
		}
	}
	lead(t.Format("Jan/2006"))
	lead(t.Format("02-Jan-06")) // as Oracle writes dates
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
		case isAlpha(c) || c >= 0x80 && c != 0xa0:
			for j < hi && (isAlpha(b[j]) || b[j] >= 0x80 && b[j] != 0xa0) {
				j++
			}
		default:
			i++
			continue
		}
		words[n].text, words[n].from, words[n].to = plain(decode(b[i:j])), i, j
		n++
		i = j
	}
	number := func(i int) (v, digits int) {
		if i < 0 || i >= n || !isDigit(words[i].text[0]) {
			return -1, 0
		}
		w := words[i]
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
		m := monthOf(words[i].text)
		if m == 0 || words[i].to <= start || words[i].from >= end {
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
	return isAlnum(c) || c >= 0x80 || strings.IndexByte(" .,-/:'()", c) >= 0
}

// monthOf returns the month of a folded name, 0 if it is none.
func monthOf(w string) int {
	if len(w) < 3 {
		return 0
	}
	for i, names := range monthNames() {
		for names != "" {
			name, rest, _ := strings.Cut(names, " ")
			if len(name) >= len(w) && (name == w || !isASCII(name) && plain(norm.NFC.String(name)) == w) {
				return i + 1
			}
			names = rest
		}
	}
	return 0
}

func groupLengths(b []byte) []int {
	var g []int
	n := 0
	for _, c := range b {
		if isDigit(c) {
			n++
		} else if n > 0 {
			g = append(g, n)
			n = 0
		}
	}
	return append(g, n)
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
