package subject

import "strings"

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
