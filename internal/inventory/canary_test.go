package inventory

import (
	"strings"
	"testing"
)

func TestCanaryPlaces(t *testing.T) {
	for _, x := range []struct {
		pattern, place string
		want           bool
	}{
		{"", "cp / clients / row", true},
		{"cp / clients / row", "cp / clients / row", true},
		{"cp / clients / row", "panel / cp / clients / row", true},
		{"cp / *s / row", "cp / clients / row", true},
		{"cp / **", "cp / clients / row", true},
		{"cp / clients", "cp / clients / row", false},
		{"cp / log / row", "cp / clients / row", false},
	} {
		if got := (&CanaryPlace{Place: x.pattern}).in("panel", x.place); got != x.want {
			t.Errorf("%q in %q: %v", x.pattern, x.place, got)
		}
	}
	for _, x := range []struct {
		pattern, left string
		want          bool
	}{
		{"cp / clients / row", "panel", true}, // all of the source
		{"cp / clients / row", "cp", true},
		{"cp / clients / row", "cp / clients", true},
		{"cp / clients / row", "panel / cp / clients", true},
		{"cp / clients / row", "cp / log", false},
		{"cp / ** / row", "cp / log", false}, // it may stand elsewhere
		{"", "cp / log", false},
		{"", "panel", true},
	} {
		if got := (&CanaryPlace{Place: x.pattern}).under("panel", x.left); got != x.want {
			t.Errorf("%q left out with %q: %v", x.pattern, x.left, got)
		}
	}
}

// Canaries are no subjects of the settled report, and their records no findings.
func TestCanaries(t *testing.T) {
	c, err := NewCollector()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.AddSource(Source{Name: "panel", Type: "mysql", URI: "mysql://h/"})
	c.AddSource(Source{Name: "mail", Type: "imap", URI: "imap://h/"})
	finding := func(subject int, id, source, uri, place string) *Finding {
		f := &Finding{ID: uri, Source: source, URI: uri, Place: place, Confidence: "certain"}
		f.SetSubject(subject, id)
		return f
	}
	for _, r := range []Result{
		{Source: "panel", Part: "1", Findings: []*Finding{
			finding(0, "person", "panel", "a", "cp / clients / row"), finding(1, "bird", "panel", "b", "cp / clients / row"), finding(1, "bird", "panel", "c", "cp / log / row"),
		}},
		{Source: "mail", Part: "1", Exclusions: []Exclusion{{Source: "mail", Place: "INBOX", Reason: "config"}}},
	} {
		if err := c.Commit(r); err != nil {
			t.Fatal(err)
		}
	}
	rep, err := c.Settle(Run{Mode: "scan"}, []Subject{
		{ID: "person"},
		{ID: "bird", Planted: []Planted{{"panel", "cp / clients / row"}, {"panel", "cp / invoices / row"}, {"mail", "INBOX"}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Subjects) != 1 || rep.Summary.Findings != 1 || rep.Subjects[0].Findings != 1 || len(rep.Summary.Places) != 1 {
		t.Errorf("%+v, %+v", rep.Subjects, rep.Summary)
	}
	n := 0
	for f, err := range rep.Findings() {
		if err != nil || f.Subject != "person" {
			t.Errorf("%+v, %v", f, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d findings", n)
	}
	if len(rep.Canaries) != 2 || rep.Canaries[0].Found != 1 || rep.Canaries[0].Expected != 2 || rep.Canaries[0].Elsewhere != 1 || !rep.Canaries[0].Missed() {
		t.Errorf("%+v", rep.Canaries)
	}
	if b := rep.Canaries[1]; b.Missed() || !b.Excluded {
		t.Errorf("%+v", b)
	}
	if len(rep.Gaps) != 1 || rep.Run.Status != "incomplete" || !strings.Contains(rep.Gaps[0].Detail, "canary bird was not found in panel") {
		t.Errorf("%s, %+v", rep.Run.Status, rep.Gaps)
	}
}
