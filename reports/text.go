package reports

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/wording"
)

// textRows bounds the lists of the readable summary.
const textRows = 30

// Text writes a summary for a terminal.
func Text(w io.Writer, r *inventory.Report, lang language.Lang) error {
	bw := bufio.NewWriter(w)
	say := wording.In(lang)
	t := say.T.Text
	if r.Survey != nil {
		if err := surveyText(bw, r.Survey, say); err != nil {
			return err
		}
	}
	places := placesBySubject(r)
	for _, s := range r.Subjects {
		fmt.Fprintf(bw, "%s: %s", clean(s.ID), say.Count(t.Finding, int64(s.Findings)))
		conf := map[string]int{}
		for _, p := range places[s.ID] {
			for k, n := range p.Confidence {
				conf[k] += n
			}
		}
		fmt.Fprintln(bw, " "+language.Fill(t.Degrees, conf["certain"], conf["likely"], conf["possible"]))
		for _, q := range s.Requests {
			fmt.Fprint(bw, "  "+language.Fill(t.Request, clean(q.ID), say.Right(q.Type).Name))
			if q.Due != "" {
				fmt.Fprint(bw, language.Fill(t.Due, strings.ReplaceAll(say.Day(q.Due), "\u00a0", " ")))
			}
			fmt.Fprintln(bw)
		}
		tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', 0)
		shown := 0
		for _, p := range places[s.ID] {
			if shown++; shown <= textRows {
				fmt.Fprintf(tw, "  %d\t%s\t%s\n", p.Findings, clean(p.Source), clean(p.Place))
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		if shown > textRows {
			fmt.Fprintln(bw, "  "+say.Count(t.MorePlaces, int64(shown-textRows)))
		}
		fmt.Fprintln(bw)
	}
	if ways := linkGraph(r.Links, func(n int) string { return say.Count(say.T.Page.RecordCount, int64(n)) }); len(ways) > 0 {
		fmt.Fprintln(bw, t.ByLinks)
		for i, way := range ways {
			if i == textRows {
				fmt.Fprintln(bw, "  "+say.Count(t.MoreWays, int64(len(ways)-i)))
				break
			}
			fmt.Fprintf(bw, "  %s\n", clean(way))
		}
		fmt.Fprintln(bw)
	}
	fmt.Fprintln(bw, t.Coverage)
	tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "  \t"+strings.Join(t.Columns[:], "\t")+"\t\n")
	for _, s := range r.Sources {
		u := s.Coverage.Units
		note := ""
		if !s.Listed {
			note = "  " + t.NotListed
		}
		fmt.Fprintf(tw, "  %s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", clean(s.Name), u.Found, u.Scanned, u.Partial, u.Unread, u.Excluded, strings.ReplaceAll(lang.Bytes(s.Coverage.Bytes.Found), "\u00a0", " "), note)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(bw)
	if lines, blind := canaryLines(r, lang); len(lines) > 0 {
		if blind != "" {
			fmt.Fprintln(bw, strings.ToUpper(blind))
		} else {
			fmt.Fprintln(bw, lang.Texts().Canaries.Heading)
		}
		for _, l := range lines {
			fmt.Fprintln(bw, "  "+clean(l))
		}
		fmt.Fprintln(bw)
	}
	if len(r.Gaps) == 0 {
		fmt.Fprintln(bw, t.Complete)
	} else {
		fmt.Fprintln(bw, say.Count(t.Incomplete, int64(len(r.Gaps))))
		groups := groupGaps(r.Gaps)
		for i, g := range groups {
			if i == textRows {
				fmt.Fprintln(bw, "  "+say.Count(t.MoreGaps, int64(len(groups)-i)))
				break
			}
			fmt.Fprintf(bw, "  %s  %s / %s: %s", g.Reason, clean(g.Source), clean(g.Place), clean(g.Detail))
			if g.Times > 1 {
				fmt.Fprint(bw, " "+say.Count(t.Times, int64(g.Times)))
			}
			fmt.Fprintln(bw)
		}
	}
	return bw.Flush()
}

func placesBySubject(r *inventory.Report) map[string][]inventory.PlaceCount {
	m := map[string][]inventory.PlaceCount{}
	for _, p := range r.Summary.Places {
		m[p.Subject] = append(m[p.Subject], p)
	}
	return m
}

// clean keeps foreign names from driving a terminal, and from turning a line
// around.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || wording.Visible(r) == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}
