package subject

import (
	"strconv"
	"time"

	"github.com/spoor-scan/spoor/internal/match"
)

// date adds a date in ISO and in European order.
func (bl *builder) date(normal string) {
	t, err := time.Parse(time.DateOnly, normal)
	if err != nil {
		return
	}
	type form struct {
		name   string
		groups []int
	}
	forms := map[string][]form{t.Format("20060102"): {{"iso", []int{4, 2, 2}}, {"compact", []int{8}}}}
	d, m, y := strconv.Itoa(t.Day()), strconv.Itoa(int(t.Month())), t.Format("2006")
	for _, dd := range []string{t.Format("02"), d} {
		for _, mm := range []string{t.Format("01"), m} {
			if k := dd + mm + y; len(k) >= 6 {
				forms[k] = append(forms[k], form{"european", []int{len(dd), len(mm), 4}})
			}
		}
	}
	for digits, fs := range forms {
		bl.add(match.Pattern{Text: digits, Digits: true}, func(b []byte, start, end int) (int, int, string, bool) {
			groups := groupLengths(b[start:end])
			if wordBefore(b, start) || end < len(b) && wordAt(b, end) && b[end] != 'T' {
				return 0, 0, "", false
			}
			for _, f := range fs {
				if equalInts(groups, f.groups) {
					return start, end, f.name, true
				}
			}
			return 0, 0, "", false
		})
	}
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
