package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

//go:embed report.tmpl.html
var page string

// maxRows is how many findings a page lists; a browser becomes slow beyond. It
// says so, and every finding is in the summary of places, the JSON and the CSV.
const maxRows = 5000

// HTML writes a page for people: one file without outside resources, readable
// without a server and on paper.
func HTML(w io.Writer, r *inventory.Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"bytes":   Bytes,
		"num":     grouped,
		"day":     func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"type":    typeName,
		"join":    func(s []string) string { return strings.Join(s, ", ") },
		"plural":  Plural[int],
		"part":    share,
		"lower":   strings.ToLower,
		"percent": func(share float64) string { return strconv.Itoa(int(100*share+0.5)) + " %" },
		"list":    func(s ...string) []string { return s },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reports: %w", err)
	}
	v := &view{Report: r, Reasons: reasons(), Gaps: groupGaps(r.Gaps), Exclusions: groupGaps(r.Exclusions), places: placesBySubject(r)}
	v.Shown = min(r.Summary.Findings, maxRows)
	for _, s := range r.Sources {
		v.Units.Found += s.Coverage.Units.Found
		v.Units.Scanned += s.Coverage.Units.Scanned
		v.Bytes += s.Coverage.Bytes.Found
	}
	if err := t.Execute(w, v); err != nil {
		return fmt.Errorf("reports: render the page: %w", err)
	}
	return v.err
}

// view is what the page shows.
type view struct {
	*inventory.Report
	Units      inventory.Tally
	Bytes      int64
	Gaps       []gapGroup
	Exclusions []gapGroup
	Reasons    map[string]string
	Shown      int
	places     map[string][]inventory.PlaceCount // by subject
	err        error
}

// A row is a finding as the page shows it.
type row struct {
	*inventory.Finding
	Matches []string
	Action  string
	Text    string // what the search looks through
}

// CopyCount returns how many copies there are, listed or not.
func (r row) CopyCount() int { return max(r.CopiesTotal, len(r.Copies)) }

// CopySpan says from when the copies are; it is empty where that is not known.
func (r row) CopySpan() string {
	first, last := "", ""
	for _, c := range r.Copies {
		if c.Time == "" {
			continue
		}
		if first == "" || c.Time < first {
			first = c.Time
		}
		last = max(last, c.Time)
	}
	const day = len("2006-01-02")
	switch {
	case len(first) < day || len(last) < day:
		return ""
	case first[:day] == last[:day]:
		return first[:day]
	}
	return first[:day] + " to " + last[:day]
}

// Rows yields the findings that are listed.
func (v *view) Rows() iter.Seq[row] {
	return func(yield func(row) bool) {
		n := 0
		for f, err := range v.Findings() {
			if err != nil {
				v.err = err
				return
			}
			if n++; n > maxRows {
				return
			}
			x := row{Finding: f, Matches: matchTexts(f), Action: strings.Join(actionKinds(f), ", ")}
			x.Text = strings.ToLower(strings.Join(append([]string{f.Subject, f.Source, f.Place, f.Confidence, f.Relation, x.Action, strings.Join(fieldNames(f), " ")}, x.Matches...), " "))
			if !yield(x) {
				return
			}
		}
	}
}

// LinkGraph returns the ways on which records were found by others.
func (v *view) LinkGraph() []string { return linkGraph(v.Links) }

// PlacesOf returns where something about a subject was found.
func (v *view) PlacesOf(subject string) []inventory.PlaceCount { return v.places[subject] }

// Of returns how many findings of a degree of confidence a subject has.
func (v *view) Of(subject, confidence string) int {
	n := 0
	for _, p := range v.PlacesOf(subject) {
		n += p.Confidence[confidence]
	}
	return n
}

// DetectorOf returns the detector with an id.
func (v *view) DetectorOf(id string) inventory.Detector {
	for _, d := range v.Survey.Detectors {
		if d.ID == id {
			return d
		}
	}
	return inventory.Detector{ID: id}
}

// Empty returns the places of a survey in which nothing was found.
func (v *view) Empty() []inventory.SurveyTotals {
	found := map[inventory.SurveyPlace]bool{}
	for _, e := range v.Survey.Entries {
		found[e.SurveyPlace] = true
	}
	var out []inventory.SurveyTotals
	for _, p := range v.Survey.Places {
		if !found[p.SurveyPlace] {
			out = append(out, p)
		}
	}
	return out
}

// Entries returns the entries of a survey that the page lists.
func (v *view) Entries() []inventory.SurveyEntry {
	return v.Survey.Entries[:min(len(v.Survey.Entries), maxRows)]
}

// reasons explains the reasons of gaps and exclusions.
func reasons() map[string]string {
	return map[string]string{
		"encrypted": "it is encrypted", "corrupt": "it is damaged", "denied": "permission is missing",
		"unsupported": "this kind can't be read yet", "too-deep": "it is nested too deeply", "too-large": "it is too large",
		"bomb": "it grows without measure when it is unpacked", "timeout": "it took too long", "vanished": "it went away while being read",
		"offline": "the server could not be reached", "key-missing": "its key is missing", "error": "reading failed",
		"config": "the configuration leaves it out", "no-instruction": "its controller gave no instruction", "option": "an option leaves it out",
	}
}

// share returns n of all as a percentage for a bar, at least a sliver where n is
// not zero.
func share(n, all int64) string {
	if all == 0 || n == 0 {
		return "0"
	}
	return strconv.FormatFloat(max(float64(n)*100/float64(all), 0.6), 'f', 2, 64)
}

// grouped writes a whole number with spaces between thousands.
func grouped(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
