// Package calendar counts the periods of data protection: those of ISO 8601 in
// which retention is written, and the months and working days in which a request
// is to be answered. All days are in UTC; the hour of a time is cut off.
package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Period is one of ISO 8601, in whole days.
type Period struct{ Years, Months, Days int }

var period = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$`)

// ParsePeriod reads a period such as P10Y, P1Y6M, P6W, P40D or PT36H. Hours,
// minutes and seconds are rounded up to days: who keeps something for 36 hours
// has it for two days.
func ParsePeriod(s string) (Period, error) {
	m := period.FindStringSubmatch(s)
	if m == nil || s == "P" || strings.HasSuffix(s, "T") {
		return Period{}, fmt.Errorf("%q is not a period as ISO 8601 writes it: P10Y, P6M, P40D", s)
	}
	n := make([]int, 8)
	for i := 1; i < 8; i++ {
		n[i], _ = strconv.Atoi(m[i]) // digits or nothing
	}
	seconds := n[5]*3600 + n[6]*60 + n[7]
	const day = 24 * 3600
	return Period{Years: n[1], Months: n[2], Days: 7*n[3] + n[4] + (seconds+day-1)/day}, nil
}

// After returns the day on which a period has passed that starts at t. A month
// that has no such day gives its last one.
func (p Period) After(t time.Time) time.Time {
	return AddMonths(t, 12*p.Years+p.Months).AddDate(0, 0, p.Days)
}

// AddMonths returns the day n months after t; the last of the month where it has
// no such day (Regulation 1182/71, Art. 3(2)(c)).
func AddMonths(t time.Time, n int) time.Time {
	t = Day(t)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, min(t.Day(), first.AddDate(0, 1, -1).Day())-1)
}

// Day returns the day of a time, in UTC.
func Day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// A Calendar tells working days: all but Saturdays, Sundays and public holidays
// (Regulation 1182/71, Art. 2).
type Calendar struct {
	Country string   // one of Countries, or empty for weekends alone
	Extra   []string // further holidays, in the form 2006-01-02
}

// Countries are those whose public holidays are known, by their ISO 3166 codes:
// those that hold in all of the country.
func Countries() []string { return []string{"AT", "BE", "DE", "FR", "LU", "NL"} }

// Due returns the day that ends a period of calendar months after receipt: the
// next working day where it would end on another (Art. 12(3) GDPR; Regulation
// 1182/71, Art. 3(4)).
func (c Calendar) Due(received time.Time, months int) time.Time {
	t := AddMonths(received, months)
	for !c.Working(t) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// Working reports whether a day is a working day.
func (c Calendar) Working(t time.Time) bool {
	if w := t.Weekday(); w == time.Saturday || w == time.Sunday || slices.Contains(c.Extra, t.Format(time.DateOnly)) {
		return false
	}
	return !c.holiday(t)
}

// holiday reports whether a day is a public holiday of the country.
func (c Calendar) holiday(t time.Time) bool {
	fixed := map[string][]string{
		"AT": {"01-01", "01-06", "05-01", "08-15", "10-26", "11-01", "12-08", "12-25", "12-26"},
		"BE": {"01-01", "05-01", "07-21", "08-15", "11-01", "11-11", "12-25"},
		"DE": {"01-01", "05-01", "10-03", "12-25", "12-26"},
		"FR": {"01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"},
		"LU": {"01-01", "05-01", "05-09", "06-23", "08-15", "11-01", "12-25", "12-26"},
		"NL": {"01-01", "12-25", "12-26"},
	}
	// By days after Easter: Good Friday -2, Easter Monday 1, Ascension 39, Whit
	// Monday 50, Corpus Christi 60.
	moving := map[string][]int{
		"AT": {1, 39, 50, 60}, "BE": {1, 39, 50}, "DE": {-2, 1, 39, 50}, "FR": {1, 39, 50}, "LU": {1, 39, 50}, "NL": {1, 39, 50},
	}
	if slices.Contains(fixed[c.Country], t.Format("01-02")) {
		return true
	}
	if c.Country == "NL" && kingsDay(t.Year()).Equal(Day(t)) {
		return true
	}
	days := int(Day(t).Sub(easter(t.Year())).Hours() / 24)
	return slices.Contains(moving[c.Country], days)
}

// kingsDay is 27 April, or the day before where that is a Sunday.
func kingsDay(year int) time.Time {
	t := time.Date(year, time.April, 27, 0, 0, 0, 0, time.UTC)
	if t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, -1)
	}
	return t
}

// easter returns Easter Sunday of a year, by the method of Meeus, Jones and
// Butcher (J. Meeus, Astronomical Algorithms, chapter 8).
func easter(y int) time.Time {
	a, b, c := y%19, y/100, y%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(y, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
