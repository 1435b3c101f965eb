package subject

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
)

// number adds a VAT number, IBAN or national id: letters and digits in any
// grouping, found by its longest run of digits.
func (bl *builder) number(t Type, normal string) {
	from, to := longestDigits(normal)
	if to-from < 5 {
		bl.literal(normal, "plain", wordBounds)
		return
	}
	head, tail := normal[:from], normal[from:to]
	rest := normal[to:]
	// A country's prefix may be left out where only digits follow it.
	optional := (t == VAT || t == IBAN) && len(head) == 2 && isUpper(head[0]) && isUpper(head[1])
	digits := []string{tail}
	if t == VAT && (head == "BE" || head == "" && belgian(tail)) && len(tail) == 10 && tail[0] == '0' {
		digits = append(digits, tail[1:]) // the nine digits in use until 2005
	}
	if t == VAT && (head == "BE" || head == "" && belgian("0"+tail)) && len(tail) == 9 {
		digits = append(digits, "0"+tail)
	}
	for _, d := range digits {
		bl.add(match.Pattern{Text: d, Digits: true}, func(b []byte, start, end int) (int, int, string, bool) {
			to, ok := forward(b, end, rest)
			if !ok || to < len(b) && isAlnum(b[to]) || to < len(b) && b[to] >= utf8.RuneSelf && wordAt(b, to) {
				return 0, 0, "", false
			}
			form := "plain"
			from, ok := backward(b, start, head)
			switch {
			case ok && t == IBAN && shortGroup(b, start, to):
				return 0, 0, "", false
			case ok && head != "" && (from == 0 || !isAlnum(b[from-1]) || escaped(b, from)):
			case head == "" && longerNumber(b, start, end):
				return 0, 0, "", false
			case head == "" && (start == 0 || !isAlnum(b[start-1]) || escaped(b, start)):
				from = start
			case head == "" && t == VAT && strings.Contains(vatPrefixes, " "+label(b, start)+" "):
				from, form = start-2, "with-prefix"
			case ok && optional && strings.HasPrefix(label(b, from), head):
				return 0, 0, "", false
			case optional && (start == 0 || !isAlnum(b[start-1]) || escaped(b, start)) && !otherCountry(b, start) && !longerNumber(b, start, end):
				from, form = start, "no-prefix"
			default:
				return 0, 0, "", false
			}
			if form == "plain" && len(alnum(string(b[from:to]))) != to-from {
				form = "grouped"
			}
			return from, to, form, true
		})
	}
}

// label returns the letters right before i, in upper case.
func label(b []byte, i int) string {
	j := i
	for j > 0 && i-j < 8 && isAlpha(b[j-1]) {
		j--
	}
	return strings.ToUpper(string(b[j:i]))
}

// shortGroup reports whether a number that is written in groups of four ends with
// one more, shorter group: then it is a longer number.
func shortGroup(b []byte, start, end int) bool {
	g := groupLengths(b[start:end])
	if len(g) < 3 || end+1 >= len(b) || b[end] != ' ' || !isDigit(b[end+1]) {
		return false
	}
	j := end + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	return j-end-1 < 4 && (j == len(b) || b[j] == '\n' || b[j] == '\r' || b[j] == 0)
}

// vatPrefixes are the prefixes of VAT numbers (Directive 2006/112/EC, Art. 215;
// Greece has EL), and those of IBANs in the same countries.
const vatPrefixes = " AT BE BG CY CZ DE DK EE EL ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK XI CH "

// belgian reports whether ten digits are a Belgian company number: the last two
// are 97 less the others modulo 97.
func belgian(d string) bool {
	if len(d) != 10 {
		return false
	}
	n, err := strconv.Atoi(d)
	return err == nil && 97-n/100%97 == n%100
}

// otherCountry reports whether a country's prefix stands before i; the right one
// was looked for before.
func otherCountry(b []byte, i int) bool {
	for j := i; j > 0 && i-j < 2; j-- {
		if b[j-1] != ' ' && b[j-1] != '-' && b[j-1] != '.' {
			l := label(b, j)
			return i != j && strings.Contains(vatPrefixes, " "+l+" ") && (j-len(l) == 0 || !isAlnum(b[j-len(l)-1]))
		}
	}
	return false
}

func longestDigits(s string) (from, to int) {
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		if j-i > to-from {
			from, to = i, j
		}
		i = max(j, i+1)
	}
	return from, to
}

const groupSeparators = " .-/_\u00a0"

// forward compares want (letters and digits) with what follows i, passing over
// separators.
func forward(b []byte, i int, want string) (int, bool) {
	for k := range len(want) {
		for n := 0; n < 2 && i < len(b) && strings.IndexByte(groupSeparators, b[i]) >= 0; n++ {
			i++
		}
		if i >= len(b) || upper(b[i]) != want[k] {
			return 0, false
		}
		i++
	}
	return i, true
}

// backward is forward, towards the start.
func backward(b []byte, i int, want string) (int, bool) {
	for k := len(want) - 1; k >= 0; k-- {
		for n := 0; n < 2 && i > 0 && strings.IndexByte(groupSeparators, b[i-1]) >= 0; n++ {
			i--
		}
		if i == 0 || upper(b[i-1]) != want[k] {
			return 0, false
		}
		i--
	}
	return i, true
}
