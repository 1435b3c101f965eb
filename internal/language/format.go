package language

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// months of the year, as they stand inside a date.
func (l Lang) months() []string {
	switch l {
	case Dutch:
		return []string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"}
	case French:
		return []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
	case German:
		return []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	}
	return []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
}

// Date writes a day: "2 november 2026", "1er novembre 2026", "2. November 2026".
func (l Lang) Date(t time.Time) string {
	day := strconv.Itoa(t.Day())
	switch {
	case l == German:
		day += "."
	case l == French && t.Day() == 1:
		day += "er"
	}
	return day + "\u00a0" + l.months()[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// Day writes a day that stands as 2006-01-02, or a time that begins so; what
// does not is returned as it is.
func (l Lang) Day(iso string) string {
	if len(iso) > len(time.DateOnly) && iso[len(time.DateOnly)] != 'T' {
		return iso
	}
	t, err := time.Parse(time.DateOnly, iso[:min(len(iso), len(time.DateOnly))])
	if err != nil {
		return iso
	}
	return l.Date(t)
}

// Time writes a day and a time of it in UTC.
func (l Lang) Time(t time.Time) string {
	t = t.UTC()
	switch l {
	case Dutch:
		return l.Date(t) + t.Format(" om 15.04") + "\u00a0uur (UTC)"
	case French:
		return l.Date(t) + t.Format(" à 15\u00a0h\u00a004") + " (UTC)"
	case German:
		return l.Date(t) + t.Format(", 15:04") + "\u00a0Uhr (UTC)"
	}
	return l.Date(t) + t.Format(", 15:04") + " (UTC)"
}

// thousands is what stands between groups of three digits, point before
// decimals.
func (l Lang) marks() (thousands, point string) {
	switch l {
	case Dutch, German:
		return ".", ","
	case French:
		return "\u202f", ","
	}
	return ",", "."
}

// Number writes a whole number.
func (l Lang) Number(n int64) string {
	thousands, _ := l.marks()
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + thousands + s[i:]
	}
	return s
}

// Decimal writes a number with one digit behind the decimal mark.
func (l Lang) Decimal(f float64) string {
	_, point := l.marks()
	whole := math.Trunc(f)
	tenth := int64(math.Round(math.Abs(f-whole) * 10))
	if tenth == 10 {
		whole, tenth = whole+math.Copysign(1, f), 0
	}
	return l.Number(int64(whole)) + point + strconv.FormatInt(tenth, 10)
}

// Percent writes a share from 0 to 1.
func (l Lang) Percent(share float64) string {
	n := l.Number(int64(math.Round(share * 100)))
	if l == English || l == Dutch {
		return n + "%"
	}
	return n + "\u00a0%"
}

// Bytes writes a number of bytes in the units of IEC 80000-13: "5.0 MiB". In
// French a byte is an octet.
func (l Lang) Bytes(n int64) string {
	unit := "B"
	if l == French {
		unit = "o"
	}
	if n < 1024 {
		return l.Number(n) + "\u00a0" + unit
	}
	f, exp := float64(n)/1024, 0
	for f >= 1024 && exp < 5 {
		f /= 1024
		exp++
	}
	return l.Decimal(f) + "\u00a0" + "KMGTPE"[exp:exp+1] + "i" + unit
}

// Count writes a message about n things.
func (l Lang) Count(c Count, n int64) string {
	m := c.Other
	if n == 1 || n == 0 && l == French {
		m = c.One
	}
	return strings.ReplaceAll(m, "%s", l.Number(n))
}

// List writes things one after the other: "a, b en c".
func (l Lang) List(list []string) string {
	and := map[Lang]string{Dutch: " en ", French: " et ", German: " und "}[l]
	if and == "" {
		and = " and "
	}
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + and + list[n-1]
	}
}

var isoPeriod = regexp.MustCompile(`^P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?$`)

// Period writes a period of ISO 8601 in whole days, weeks, months and years:
// "10 jaar" for P10Y. What is another one is returned as it is.
func (l Lang) Period(iso string) string {
	m := isoPeriod.FindStringSubmatch(iso)
	if m == nil || iso == "P" {
		return iso
	}
	units := []Count{{"%s year", "%s years"}, {"%s month", "%s months"}, {"%s week", "%s weeks"}, {"%s day", "%s days"}}
	switch l {
	case Dutch:
		units = []Count{{"%s jaar", "%s jaar"}, {"%s maand", "%s maanden"}, {"%s week", "%s weken"}, {"%s dag", "%s dagen"}}
	case French:
		units = []Count{{"%s an", "%s ans"}, {"%s mois", "%s mois"}, {"%s semaine", "%s semaines"}, {"%s jour", "%s jours"}}
	case German:
		units = []Count{{"%s Jahr", "%s Jahre"}, {"%s Monat", "%s Monate"}, {"%s Woche", "%s Wochen"}, {"%s Tag", "%s Tage"}}
	}
	var out []string
	for i, n := range m[1:] {
		if n == "" {
			continue
		}
		v, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			return iso
		}
		out = append(out, l.Count(units[i], v))
	}
	return l.List(out)
}

// Fill puts values where a message has %s, in order. A message that wants more
// keeps what it lacks as it is.
func Fill(message string, values ...any) string {
	var b strings.Builder
	for _, v := range values {
		before, after, ok := strings.Cut(message, "%s")
		if !ok {
			break
		}
		b.WriteString(before)
		fmt.Fprint(&b, v)
		message = after
	}
	b.WriteString(message)
	return b.String()
}
