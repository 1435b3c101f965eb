package subject

import (
	"strings"
	"time"
	"unicode/utf8"
)

// callingCode returns the length of the country code that starts an E.164
// number (ITU-T E.164.D, list of assigned country codes).
func callingCode(digits string) int {
	switch {
	case digits == "":
		return 0
	case digits[0] == '1' || digits[0] == '7':
		return 1
	}
	two := " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "
	if len(digits) >= 2 && strings.Contains(two, " "+digits[:2]+" ") {
		return 2
	}
	return min(3, len(digits))
}

// trunkPrefix returns the digits that go before a national number when it is
// dialled within its country.
func trunkPrefix(code string) string {
	switch code {
	case "1":
		return ""
	case "7", "375":
		return "8"
	case "36":
		return "06"
	case "370":
		return "0"
	case "30", "34", "39", "45", "47", "48", "351", "352", "354", "356", "357", "371", "372", "420", "216", "376", "377", "378", "65", "852":
		return "" // closed numbering plans
	}
	return "0"
}

// phoneDigits returns the strings of digits as which a number in normal form is
// written, with the name of each form.
func phoneDigits(normal string) map[string]string {
	if !strings.HasPrefix(normal, "+") {
		return map[string]string{normal: "plain"}
	}
	d := normal[1:]
	n := callingCode(d)
	code, rest := d[:n], d[n:]
	trunk := trunkPrefix(code)
	forms := map[string]string{
		d:        "e164",
		"00" + d: "international",
	}
	if code == "1" {
		forms["011"+d] = "international"
	}
	if trunk != "" {
		forms[code+trunk+rest] = "international" // +32 (0)470 ...
		forms["00"+code+trunk+rest] = "international"
	}
	if len(trunk+rest) >= 7 {
		forms[trunk+rest] = "national"
	}
	return forms
}

// normalPhone returns a number as + and its digits in E.164 where its country is
// given, else its digits. A trunk prefix that stands behind the country code, as
// in +32 (0)470, is left out.
func normalPhone(v string) string {
	d := onlyDigits(v)
	switch {
	case strings.HasPrefix(strings.TrimLeft(v, " ("), "+"):
	case strings.HasPrefix(d, "00"):
		d = d[2:]
	default:
		return d
	}
	code := d[:callingCode(d)]
	trunk := trunkPrefix(code)
	if rest := d[len(code):]; trunk != "" && strings.HasPrefix(rest, trunk) {
		d = code + rest[len(trunk):]
	}
	return "+" + d
}

// openPlan reports whether national numbers start with a trunk prefix, by which
// they can be told from other numbers.
func openPlan(normal string) bool {
	return !strings.HasPrefix(normal, "+") || trunkPrefix(normal[1:1+callingCode(normal[1:])]) != ""
}

// phoneCheck refuses digits that belong to a longer number or to another
// country's.
func phoneCheck(digits, form, normal string) check {
	national := form == "national" && strings.HasPrefix(normal, "+")
	code := ""
	if strings.HasPrefix(normal, "+") {
		code = normal[1 : 1+callingCode(normal[1:])]
	}
	return func(b []byte, start, end int) (int, int, string, bool) {
		if start > 0 && (isAlpha(b[start-1]) || b[start-1] >= utf8.RuneSelf && wordBefore(b, start)) && !escaped(b, start) {
			return 0, 0, "", false
		}
		if end < len(b) && (isAlpha(b[end]) || b[end] >= utf8.RuneSelf && wordAt(b, end)) {
			return 0, 0, "", false
		}
		// A decimal fraction is no phone number.
		if end+1 < len(b) && b[end] == ',' && isDigit(b[end+1]) && start > 0 && b[start-1] == ',' {
			// a list: fine
		} else if start >= 2 && (b[start-1] == '.') && isDigit(b[start-2]) {
			return 0, 0, "", false
		}
		if form != "e164" && form != "international" && longerNumber(b, start, end) {
			return 0, 0, "", false
		}
		if start > 1 && b[start-1] == '-' && isDigit(b[start-2]) && end+1 < len(b) && b[end] == '-' && isDigit(b[end+1]) {
			return 0, 0, "", false // the middle of a longer number
		}
		if form == "national" && len(digits) == 8 && dateLike(b[start:end], digits) {
			return 0, 0, "", false
		}
		from := start
		if form == "e164" {
			switch {
			case start > 0 && b[start-1] == '+':
				from--
			case start > 1 && b[start-1] == '(' && b[start-2] == '+':
				from -= 2
			}
		}
		if national {
			// +33 0470... is somebody else's.
			i := start
			for i > 0 && strings.IndexByte(" .-/()", b[i-1]) >= 0 && start-i < 3 {
				i--
			}
			j := i
			for j > 0 && i-j < 4 && isDigit(b[j-1]) {
				j--
			}
			if j < i && j > 0 && b[j-1] == '+' && string(b[j:i]) != code {
				return 0, 0, "", false
			}
		}
		f := form
		if f != "national" && string(b[start:end]) != digits {
			f = "grouped"
		}
		return from, end, f, true
	}
}

// dateLike reports whether eight digits are written as a date: in one piece, or
// in groups of 4, 2 and 2.
func dateLike(written []byte, digits string) bool {
	if _, err := time.Parse("20060102", digits); err != nil || digits < "19000101" || digits > "21" {
		return false
	}
	g := groupLengths(written)
	return len(g) == 1 || equalInts(g, []int{4, 2, 2})
}

// longerNumber reports whether the digits at b[start:end] go on in equal groups
// with the same separator, as 12 34 56 goes on in 12 34 56 78. An amount, a time
// or a date that follows does not make it longer.
func longerNumber(b []byte, start, end int) bool {
	i := end
	for i > start && isDigit(b[i-1]) {
		i--
	}
	last := end - i
	if i == start || end+1 >= len(b) || b[end] != b[i-1] {
		return false
	}
	j := end + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	if b[end] != ' ' && j > end+1 && (b[end] == b[i-1]) {
		return true // 0890.439.412.77
	}
	if j-end-1 != last {
		return false
	}
	return j == len(b) || !isAlnum(b[j]) && strings.IndexByte(" /:,.-", b[j]) < 0
}
