package reports

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// surveyCSV writes a line per entry of a survey, and then one per place in which
// nothing was found, per gap and per exclusion.
func surveyCSV(cw *csv.Writer, r *inventory.Report) error {
	header := []string{"what", "source", "place", "kind", "file_type", "field", "detector", "category", "country", "hits", "units", "of", "in_context", "samples", "reason", "detail", "bytes"}
	if err := cw.Write(header); err != nil {
		return err
	}
	by := map[string]inventory.Detector{}
	for _, d := range r.Survey.Detectors {
		by[d.ID] = d
	}
	found := map[inventory.SurveyPlace]bool{}
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	var lines [][]string
	for _, e := range r.Survey.Entries {
		found[e.SurveyPlace] = true
		d := by[e.Detector]
		lines = append(lines, []string{
			"entry", e.Source, e.Place, e.Kind, e.Type, e.Field, e.Detector, d.Category, d.Country, n(e.Hits), n(e.Units), n(e.Of), n(e.Named),
			strings.Join(e.Samples, "; "), "", "", "",
		})
	}
	for _, p := range r.Survey.Places {
		if !found[p.SurveyPlace] {
			lines = append(lines, []string{"nothing", p.Source, p.Place, p.Kind, p.Type, "", "", "", "", "0", "0", n(p.Units), "0", "", "", "", ""})
		}
	}
	for _, x := range []struct {
		what string
		list []inventory.Gap
	}{{"gap", r.Gaps}, {"exclusion", r.Exclusions}} {
		for _, g := range x.list {
			lines = append(lines, []string{x.what, g.Source, g.Place, "", "", "", "", "", "", "", n(g.Units), "", "", "", g.Reason, g.Detail, n(g.Bytes)})
		}
	}
	for _, l := range lines {
		if err := cw.Write(inert(l)); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// surveyText writes what was found where, most records first.
func surveyText(bw *bufio.Writer, s *inventory.Survey, say words) error {
	t := say.T.Survey
	if len(s.Entries) == 0 {
		fmt.Fprintln(bw, t.Nothing)
		fmt.Fprintln(bw)
		return nil
	}
	fmt.Fprintln(bw, t.Kinds)
	tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', 0)
	for _, d := range s.Detectors {
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", d.ID, say.Sentence(d.Description), say.Count(t.Record, d.Units))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(bw, "\n"+t.Where)
	fmt.Fprintf(tw, "  %s\t\t%s\t%s\t%s\t%s\t\n", strings.ToLower(say.T.Page.Records), strings.ToLower(t.Kind), strings.ToLower(say.T.Page.Source), strings.ToLower(say.T.Page.Place), strings.ToLower(t.Field))
	entries := slices.Clone(s.Entries)
	slices.SortStableFunc(entries, func(a, b inventory.SurveyEntry) int { return int(b.Units - a.Units) })
	for i, e := range entries {
		if i == textRows {
			break
		}
		fmt.Fprintf(tw, "  %d\t%d\t%s\t%s\t%s\t%s\t\n", e.Units, e.Of, e.Detector, clean(e.Source), clean(e.Where()), clean(e.Field))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if len(entries) > textRows {
		fmt.Fprintln(bw, "  "+say.Count(t.More, int64(len(entries)-textRows)))
	}
	fmt.Fprintln(bw)
	return nil
}
