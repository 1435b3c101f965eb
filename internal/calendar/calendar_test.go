package calendar

import (
	"testing"
	"time"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDue(t *testing.T) {
	for _, c := range []struct {
		country, received string
		months            int
		want, why         string
	}{
		{"BE", "2026-11-02", 1, "2026-12-02", "a Wednesday"},
		{"BE", "2026-01-31", 1, "2026-03-02", "February has no 31st, and its last day is a Saturday"},
		{"BE", "2024-01-31", 1, "2024-02-29", "a leap year"},
		{"BE", "2026-10-05", 1, "2026-11-05", "a Thursday"},
		{"BE", "2026-11-25", 1, "2026-12-28", "Christmas, then a weekend"},
		{"", "2026-11-25", 1, "2026-12-25", "weekends alone"},
		{"BE", "2026-12-01", 1, "2027-01-04", "New Year, then a weekend"},
		{"BE", "2026-03-06", 1, "2026-04-07", "Easter Monday"},
		{"DE", "2026-03-03", 1, "2026-04-07", "Good Friday to Easter Monday"},
		{"BE", "2026-03-03", 1, "2026-04-03", "Good Friday is a working day in Belgium"},
		{"BE", "2026-04-14", 1, "2026-05-15", "Ascension"},
		{"BE", "2026-04-25", 1, "2026-05-26", "Whit Monday"},
		{"BE", "2026-06-21", 1, "2026-07-22", "the national holiday of Belgium"},
		{"NL", "2026-03-27", 1, "2026-04-28", "King's Day on a Monday"},
		{"NL", "2025-03-26", 1, "2025-04-28", "King's Day is a day early, on a Saturday"},
		{"BE", "2026-11-02", 3, "2027-02-02", "extended by two months"},
		{"BE", "2026-11-30", 3, "2027-03-01", "February has no 30th, and its last day is a Sunday"},
	} {
		if got := (Calendar{Country: c.country}).Due(day(t, c.received), c.months).Format(time.DateOnly); got != c.want {
			t.Errorf("%s %s + %d: %s, want %s (%s)", c.country, c.received, c.months, got, c.want, c.why)
		}
	}
	c := Calendar{Country: "BE", Extra: []string{"2026-12-02"}}
	if got := c.Due(day(t, "2026-11-02"), 1).Format(time.DateOnly); got != "2026-12-03" {
		t.Errorf("a further holiday: %s", got)
	}
}

func TestPeriod(t *testing.T) {
	for _, c := range []struct{ from, period, want string }{
		{"2025-03-04", "P10Y", "2035-03-04"},
		{"2024-02-29", "P1Y", "2025-02-28"},
		{"2026-01-31", "P1M", "2026-02-28"},
		{"2026-11-02", "P40D", "2026-12-12"},
		{"2026-11-02", "P6W", "2026-12-14"},
		{"2026-11-02", "P1Y6M10D", "2028-05-12"},
		{"2026-11-02", "PT36H", "2026-11-04"},
		{"2026-11-02", "P0D", "2026-11-02"},
	} {
		p, err := ParsePeriod(c.period)
		if err != nil {
			t.Errorf("%s: %v", c.period, err)
			continue
		}
		if got := p.After(day(t, c.from)).Format(time.DateOnly); got != c.want {
			t.Errorf("%s + %s: %s, want %s", c.from, c.period, got, c.want)
		}
	}
	for _, s := range []string{"", "P", "PT", "P1YT", "10Y", "P-1Y", "P1.5Y", "p1y", "P1Y ", "P99999999999Y", "10 years"} {
		if p, err := ParsePeriod(s); err == nil {
			t.Errorf("%q is %+v", s, p)
		}
	}
}

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"P10Y", "P1Y6M10D", "PT36H", "P9999Y99999M99999W999999DT9999999H999999999M999999999S"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if start := day(t, "2026-11-02"); err == nil && p.After(start).Before(start) {
			t.Errorf("%q ends before it starts", s)
		}
	})
}
