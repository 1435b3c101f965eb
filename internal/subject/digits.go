package subject

import (
	"bytes"
	"strings"
	"time"
)

// Numbers are written in groups. What stands between two groups is one to three
// separators; the class of a single one is ' ' for every kind of space, '-' for
// every kind of hyphen, else the character itself.

// compound is the class of several separators in a row.
const compound = 0xFF

// separatorAt returns the length of the separator that starts at i and its
// class, 0 when there is none.
func separatorAt(b []byte, i int) (int, byte) {
	if i >= len(b) {
		return 0, 0
	}
	switch c := b[i]; c {
	case ' ', '.', '-', '/', '(', ')', '_':
		return 1, c
	case 0xC2: // U+00A0, no-break space
		if i+1 < len(b) && b[i+1] == 0xA0 {
			return 2, ' '
		}
	case 0xE2:
		if i+2 < len(b) {
			if c := wideSeparator(b[i+1], b[i+2]); c != 0 {
				return 3, c
			}
		}
	}
	return 0, 0
}

// separatorBefore is separatorAt for the separator that ends at i.
func separatorBefore(b []byte, i int) (int, byte) {
	if i <= 0 {
		return 0, 0
	}
	switch c := b[i-1]; {
	case strings.IndexByte(" .-/()_", c) >= 0:
		return 1, c
	case c == 0xA0 && i >= 2 && b[i-2] == 0xC2:
		return 2, ' '
	case i >= 3 && b[i-3] == 0xE2:
		if c := wideSeparator(b[i-2], c); c != 0 {
			return 3, c
		}
	}
	return 0, 0
}

// wideSeparator returns the class of the character 0xE2 x y of UTF-8: figure,
// punctuation, thin and narrow no-break space; hyphens and dashes; minus.
func wideSeparator(x, y byte) byte {
	switch {
	case x == 0x80 && (y == 0x87 || y == 0x88 || y == 0x89 || y == 0xAF):
		return ' '
	case x == 0x80 && 0x90 <= y && y <= 0x94, x == 0x88 && y == 0x92:
		return '-'
	}
	return 0
}

// nextGroup returns the digits b[from:to] that follow i behind one to three
// separators, and the class of these; from == to when none do.
func nextGroup(b []byte, i int) (class byte, from, to int) {
	for n := 0; n < 3; n++ {
		l, c := separatorAt(b, i)
		if l == 0 {
			break
		}
		if i += l; n > 0 {
			c = compound
		}
		class = c
	}
	from, to = i, i
	if class == 0 {
		return 0, i, i
	}
	for to < len(b) && isDigit(b[to]) {
		to++
	}
	return class, from, to
}

// previousGroup is nextGroup, towards the start.
func previousGroup(b []byte, i int) (class byte, from, to int) {
	for n := 0; n < 3; n++ {
		l, c := separatorBefore(b, i)
		if l == 0 {
			break
		}
		if i -= l; n > 0 {
			c = compound
		}
		class = c
	}
	from, to = i, i
	if class == 0 {
		return 0, i, i
	}
	for from > 0 && isDigit(b[from-1]) {
		from--
	}
	return class, from, to
}

// A grouping says how the digits of a number are grouped.
type grouping struct {
	n           int  // groups
	first, last int  // digits in these
	head, tail  byte // class of the first and of the last separators
}

func groupingOf(b []byte) grouping {
	var g grouping
	for i := 0; i < len(b); {
		j := i
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		if j == i {
			i++
			continue
		}
		g.n++
		g.last = j - i
		if g.n == 1 {
			g.first = g.last
		}
		class, from, to := nextGroup(b, j)
		if from == to {
			break
		}
		if g.tail = class; g.n == 1 {
			g.head = class
		}
		i = from
	}
	return g
}

// groupSizes returns how many digits each group of a number has.
func groupSizes(b []byte) []int {
	var sizes []int
	for i := 0; i < len(b); {
		j := i
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		if j > i {
			sizes = append(sizes, j-i)
		}
		i = max(j, i+1)
	}
	return sizes
}

// longerRight reports whether the number at b[start:end] goes on, as 12 34 56
// goes on in 12 34 56 78. An amount, a time or a date that follows a space does
// not make it longer, and neither does another number.
func longerRight(b []byte, start, end int) bool {
	class, from, to := nextGroup(b, end)
	if from == to || class == compound || class == '(' || class == ')' {
		return false
	}
	g := groupingOf(b[start:end])
	n := to - from
	switch {
	case class == ' ':
		return g.n > 1 && g.tail == ' ' && n == g.last && !startsOther(b, to)
	case class == '.':
		return true // a decimal fraction, or one more group
	case class == '_':
		return g.n > 1 && g.tail == '_'
	case g.n > 1:
		return class == g.tail
	case class == '-':
		return n < 8 // 0470123456-99; what is longer is a date or a number by itself
	}
	return false
}

// startsOther reports whether the digits that end at i begin a date, a time or
// an amount.
func startsOther(b []byte, i int) bool {
	if i+1 < len(b) && strings.IndexByte(":/-.,", b[i]) >= 0 && isDigit(b[i+1]) {
		return true
	}
	return currencyAt(b, i)
}

// longerLeft reports whether the number at b[start:end] begins before start.
// strong says that it has a beginning that tells itself from what is before a
// space, as a trunk prefix does.
func longerLeft(b []byte, start, end int, strong bool) bool {
	class, from, to := previousGroup(b, start)
	if from == to || class == compound || class == '(' || class == ')' {
		return false
	}
	g := groupingOf(b[start:end])
	dated := from > 1 && strings.IndexByte(":/-.", b[from-1]) >= 0 && isDigit(b[from-2])
	switch {
	case class == ' ':
		if g.n < 2 || g.head != ' ' {
			return false
		}
		if to-from == 4 && g.first == 4 && groupSizes(b[start:end])[1] == 4 {
			return true // an account or card
		}
		return !strong && !dated && (to-from < 4 || g.first >= 4)
	case class == '.':
		return true
	case class == '_':
		return g.n > 1 && g.head == '_'
	case class == '-':
		iso := from >= 8 && dateText(b[from-8:to])
		return to-from < 8 && !iso || g.n > 1 && g.head == '-'
	case class == '/':
		year := to-from == 4 && (b[from] == '1' && b[from+1] == '9' || b[from] == '2' && b[from+1] == '0')
		return year || g.n > 1 && g.head == '/'
	}
	return false
}

// dateText reports whether s is a date as ISO 8601 writes it.
func dateText(s []byte) bool {
	_, err := time.Parse(time.DateOnly, string(s))
	return err == nil
}

// currencies stand beside amounts.
const currencies = " EUR EURO EUROS USD GBP CHF PLN ZL SEK DKK NOK CZK KC HUF FT RON LEI BGN KR ISK "

// currencyAt reports whether the name or the sign of a currency follows i.
func currencyAt(b []byte, i int) bool {
	if n, class := separatorAt(b, i); class == ' ' {
		i += n
	}
	r, _ := runeAfter(b, i)
	if r == '€' || r == '$' || r == '£' || r == 0x80 {
		return true
	}
	j := i
	for j < len(b) && j-i < 7 && isAlpha(b[j]) {
		j++
	}
	return j > i && strings.Contains(currencies, " "+strings.ToUpper(string(b[i:j]))+" ")
}

// currencyBefore reports whether the name or the sign of a currency stands
// before i.
func currencyBefore(b []byte, i int) bool {
	if n, class := separatorBefore(b, i); class == ' ' {
		i -= n
	}
	r, _ := runeBefore(b, i)
	if r == '€' || r == '$' || r == '£' || r == 0x80 {
		return true
	}
	l := label(b, i)
	return l != "" && strings.Contains(currencies, " "+l+" ")
}

// amount reports whether the number at b[start:end] is one of money, or a
// decimal fraction.
func amount(b []byte, start, end int) bool {
	if currencyAt(b, end) || currencyBefore(b, start) {
		return true
	}
	if end+1 >= len(b) || b[end] != ',' || !isDigit(b[end+1]) || start > 0 && b[start-1] == ',' {
		return false
	}
	j := end + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	if j-end-1 > 2 || j < len(b) && b[j] == ',' {
		return false // a list
	}
	// Nobody has amounts of ten digits; but for a currency that is a list too.
	return end-start < 10 || groupingOf(b[start:end]).n > 1 || currencyAt(b, j)
}

// inUUID reports whether b[start:end] is part of a UUID (RFC 9562, section 4).
func inUUID(b []byte, start, end int) bool {
	if (start == 0 || b[start-1] != '-') && (end == len(b) || b[end] != '-') {
		return false
	}
	from, to := start, end
	for from > 0 && end-from <= 36 && (hexValue(b[from-1]) >= 0 || b[from-1] == '-') {
		from--
	}
	for to < len(b) && to-start <= 36 && (hexValue(b[to]) >= 0 || b[to] == '-') {
		to++
	}
	s := b[from:to]
	for i := 0; i+36 <= len(s); i++ {
		if s[i+8] == '-' && s[i+13] == '-' && s[i+18] == '-' && s[i+23] == '-' && bytes.Count(s[i:i+36], []byte("-")) == 4 {
			return true
		}
	}
	return false
}

// label returns the letters right before i, in upper case.
func label(b []byte, i int) string {
	j := i
	for j > 0 && i-j < 8 && isAlpha(b[j-1]) {
		j--
	}
	return strings.ToUpper(string(b[j:i]))
}

// wordsBefore returns up to two words before i, in upper case, the nearer first.
// Signs between a label and its value are passed over, but no end of a line, a
// sentence or a field.
func wordsBefore(b []byte, i int) (w [2]string) {
	for k := range w {
		for n := 0; n < 8 && i > 0 && (strings.IndexByte(" \t:.#=\"'([-_/", b[i-1]) >= 0 || b[i-1] >= 0x80); n++ {
			i--
		}
		j := i
		for j > 0 && i-j < 24 && isAlpha(b[j-1]) {
			j--
		}
		w[k] = strings.ToUpper(string(b[j:i]))
		i = j
	}
	return w
}

// luhn reports whether the last digit is the check digit of ISO/IEC 7812-1,
// Annex B.
func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return d != "" && sum%10 == 0
}

// mod97 returns a decimal number modulo 97.
func mod97(d string) int {
	r := 0
	for i := range len(d) {
		r = (r*10 + int(d[i]-'0')) % 97
	}
	return r
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
