package rules

import (
	"slices"
	"strings"
	"time"
)

// viesRules is where the European Commission publishes form and check digits of
// the VAT numbers of all member states.
const viesRules = "European Commission, DG TAXUD: VIES, VAT number construction rules"

// withPrefix returns the shapes of a number behind a country's prefix: each
// body as it is and without its separators, set off from the prefix or not.
func withPrefix(prefix string, bodies ...string) []string {
	var shapes []string
	for _, b := range bodies {
		bare := make([]byte, 0, len(b))
		for i := range len(b) {
			if letter(b[i]) || digit(b[i]) {
				bare = append(bare, b[i])
			}
		}
		for _, s := range [3]string{prefix + " " + b, prefix + b, prefix + " " + string(bare)} {
			// What has no separators is found by each shape that has.
			if strings.ContainsAny(s, " .-/") && !slices.Contains(shapes, s) {
				shapes = append(shapes, s)
			}
		}
	}
	return shapes
}

// two returns the number that the two digits from i on are.
func two(d []byte, i int) int { return int(d[i]-'0')*10 + int(d[i+1]-'0') }

// born reports whether somebody can have been born on that day: one that the
// calendar has, and in no year to come.
func born(year, month, day int) bool {
	return date(year, month, day) && year <= time.Now().Year()
}

// sumDoubled returns the sum of the digits, of which every second, beginning
// with the one at index from, is doubled and counts as the sum of its own
// digits.
func sumDoubled(d []byte, from int) int {
	n := 0
	for i, c := range d {
		k := int(c - '0')
		if i%2 == from {
			if k *= 2; k > 9 {
				k -= 9
			}
		}
		n += k
	}
	return n
}

// modTwice is the check digit of Estonia and Lithuania: weights 1 to 9 and on
// from 1; where the remainder of 11 is 10, once more with weights from 3; where
// it is 10 again, 0.
func modTwice(d []byte) byte {
	for _, first := range [2]int{0, 2} {
		n := 0
		for i, c := range d {
			n += int(c-'0') * ((i+first)%9 + 1)
		}
		if n %= 11; n < 10 {
			return byte('0' + n)
		}
	}
	return '0'
}

// personalCode checks the personal code of Estonia and Lithuania: a digit for
// sex and century, the date of birth as yymmdd, a serial number of three digits
// and a check digit.
func personalCode(d []byte) bool {
	if d[0] < '1' || d[0] > '6' {
		return false
	}
	year := 1800 + int(d[0]-'1')/2*100 + two(d, 1)
	return modTwice(d[:10]) == d[10] && date(year, two(d, 3), two(d, 5))
}

// embedded reports whether what lies at b[start:end] is part of a longer word
// or number, as it is of no number that Shapes find.
func embedded(b []byte, start, end int) bool {
	word := func(i int) bool { return i >= 0 && i < len(b) && (letter(b[i]) || digit(b[i])) }
	num := func(i int) bool { return i >= 0 && i < len(b) && digit(b[i]) }
	joins := func(i int) bool { return i >= 0 && i < len(b) && (b[i] == '.' || b[i] == '-' || b[i] == '/') }
	return word(start-1) || joins(start-1) && num(start-2) || word(end) || joins(end) && num(end+1)
}
