package rules

import (
	"bytes"
	"strings"
)

// Email detects addresses in the dot-atom form of RFC 5322, section 3.4.1, with
// a domain of at least two labels, within the lengths of RFC 5321, section 4.5.3.
func Email() Rule {
	return Rule{
		ID:          "email",
		Description: "an e-mail address",
		Source:      "RFC 5322, section 3.4.1; RFC 5321, section 4.5.3.1",
		Find:        findEmail,
		Match:       []string{"zoe@example.be", "z.v-d+shop@mail.example.org", "x_1@example.co"},
		NoMatch:     []string{"zoe@", "@example.be", "zoe@localhost", "zoe @ example.be", "a@b.", "a@.b", "zoe@example.1"},
	}
}

const (
	maxLocal  = 64
	maxDomain = 255
)

func findEmail(b []byte, yield func(start, end int) bool) {
	for i := 0; i < len(b); {
		at := bytes.IndexByte(b[i:], '@')
		if at < 0 {
			return
		}
		at += i
		from, to := at, at+1
		for from > i && at-from < maxLocal && (letter(b[from-1]) || digit(b[from-1]) || strings.IndexByte("._%+-'", b[from-1]) >= 0) {
			from--
		}
		for from < at && strings.IndexByte(".'%", b[from]) >= 0 {
			from++
		}
		for to < len(b) && to-at <= maxDomain && (letter(b[to]) || digit(b[to]) || b[to] == '.' || b[to] == '-') {
			to++
		}
		for to > at && (b[to-1] == '.' || b[to-1] == '-') {
			to--
		}
		i = max(to, at+1)
		if from == at || !hostName(b[at+1:max(to, at+1)]) {
			continue
		}
		if !yield(from, to) {
			return
		}
	}
}

// hostName reports whether b is at least two labels, the last of them no number.
func hostName(b []byte) bool {
	labels := bytes.Split(b, []byte("."))
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if len(l) == 0 || len(l) > 63 {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(last) >= 2 && letter(last[0])
}
