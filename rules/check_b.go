package rules

import "strings"

// prefixed returns the forms with a country's letters in front, a separator
// behind them or none.
func prefixed(prefix string, forms ...string) []string {
	var shapes []string
	for _, f := range forms {
		shapes = append(shapes, prefix+" "+f)
		if strings.ContainsAny(f, " .-/") {
			shapes = append(shapes, prefix+f)
		}
	}
	return shapes
}

// unprefixed returns b without the letters of its prefix, where it has one.
func unprefixed(b []byte, prefix string) []byte {
	if len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix {
		return b[len(prefix):]
	}
	return b
}

// allDigits reports whether b is made of digits, and has some.
func allDigits(b []byte) bool {
	for _, c := range b {
		if !digit(c) {
			return false
		}
	}
	return len(b) > 0
}

// oneOf reports whether c is among the bytes of set.
func oneOf(c byte, set string) bool { return strings.IndexByte(set, c) >= 0 }

// verhoeff checks the last digit (J. Verhoeff, Error Detecting Decimal Codes,
// 1969), by the multiplication in the dihedral group of order 10.
func verhoeff(d []byte) bool {
	// perm has the powers 0 to 7 of Verhoeff's permutation, a row of ten each.
	const perm = "0123456789" + "1576283094" + "5803796142" + "8916043527" +
		"9453126870" + "4286573901" + "2793806415" + "7046913258"
	n := 0
	for i := range d {
		k := int(perm[i%8*10+int(d[len(d)-1-i]-'0')] - '0')
		// n and k stand for rotations below 5, for reflections from 5 on.
		switch {
		case n < 5 && k < 5:
			n = (n + k) % 5
		case n < 5:
			n = 5 + (n+k)%5
		case k < 5:
			n = 5 + (n-k)%5
		default:
			n = (n - k + 5) % 5
		}
	}
	return n == 0
}

// weightedCheck returns (11 - s mod 11) mod 11 for the weighted sum s, which is
// 10 where no digit can stand for it.
func weightedCheck(d []byte, weights ...int) int {
	return (11 - weighted(d, weights...)%11) % 11
}

// alone reports whether b[start:end] is bounded as what shapes find is: no letter
// or digit touches it, nor does it go on behind a separator as a longer number.
func alone(b []byte, start, end int) bool {
	word := func(i int) bool { return i >= 0 && i < len(b) && (letter(b[i]) || digit(b[i])) }
	joins := func(i, next int) bool {
		return i >= 0 && i < len(b) && oneOf(b[i], ".-/") && next >= 0 && next < len(b) && digit(b[next])
	}
	return !word(start-1) && !joins(start-1, start-2) && !word(end) && !joins(end, end+1)
}
