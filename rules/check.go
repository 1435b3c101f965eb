package rules

// The functions below are what official check algorithms are made of. Their
// arguments are digits as ASCII, of letters they know nothing unless said so.

// num returns the number that the digits are; they are at most 18.
func num(d []byte) int64 {
	n := int64(0)
	for _, c := range d {
		n = n*10 + int64(c-'0')
	}
	return n
}

// mod returns the remainder of a number of any length.
func mod(d []byte, m int) int {
	n := 0
	for _, c := range d {
		n = (n*10 + int(c-'0')) % m
	}
	return n
}

// weighted returns the sum of the products of the digits and their weights, in
// so many as there are weights.
func weighted(d []byte, weights ...int) int {
	n := 0
	for i, w := range weights {
		n += int(d[i]-'0') * w
	}
	return n
}

// luhn checks the last digit (ISO/IEC 7812-1, annex B).
func luhn(d []byte) bool {
	n := 0
	for i, c := range d {
		k := int(c - '0')
		if (len(d)-i)%2 == 0 {
			if k *= 2; k > 9 {
				k -= 9
			}
		}
		n += k
	}
	return n%10 == 0
}

// mod97 checks ISO/IEC 7064, MOD 97-10 over digits and upper-case letters.
func mod97(b []byte) int {
	n := 0
	for _, c := range b {
		if digit(c) {
			n = (n*10 + int(c-'0')) % 97
		} else {
			n = (n*100 + int(c-'A') + 10) % 97
		}
	}
	return n
}

// mod11_10 checks ISO/IEC 7064, MOD 11,10: the last digit is the check.
func mod11_10(d []byte) bool {
	p := 10
	for _, c := range d[:len(d)-1] {
		p = (p + int(c-'0')) % 10
		if p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return (p+int(d[len(d)-1]-'0'))%10 == 1
}

// date reports whether there is such a day in the calendar (proleptic
// Gregorian).
func date(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	last := 31
	switch month {
	case 4, 6, 9, 11:
		last = 30
	case 2:
		last = 28
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			last = 29
		}
	}
	return day <= last
}

// dateEither is date for a year of two digits, of which the century is not
// known.
func dateEither(year, month, day int) bool {
	return date(1900+year, month, day) || date(2000+year, month, day)
}

// same reports whether all bytes are equal, as those of a filler are.
func same(b []byte) bool {
	for _, c := range b[1:] {
		if c != b[0] {
			return false
		}
	}
	return true
}
