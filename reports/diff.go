package reports

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spoor-scan/spoor/internal/verify"
)

// DiffJSON writes a comparison in the format verify.DiffFormat, change by change.
func DiffJSON(w io.Writer, d *verify.Diff) error {
	o := newObjectWriter(w)
	o.put("format", d.Format)
	o.put("old", d.Old)
	o.put("new", d.New)
	o.put("same_key", d.SameKey)
	putAll(o, "changes", d.Changes())
	o.put("subjects", d.Subjects)
	o.put("gaps", d.Gaps)
	o.put("coverage", d.Coverage)
	o.put("summary", d.Summary)
	return o.close()
}

// DiffCSV writes a line for each change of a finding, gap or source.
func DiffCSV(w io.Writer, d *verify.Diff) error {
	cw := csv.NewWriter(w)
	cw.UseCRLF = true // RFC 4180
	if err := cw.Write([]string{"what", "id", "subject", "source", "place", "confidence", "was", "to", "why", "units_old", "units_new"}); err != nil {
		return err
	}
	for x, err := range d.Changes() {
		if err != nil {
			return err
		}
		to := ""
		if x.To != nil {
			to = x.To.Source + " / " + x.To.Place
		}
		if err := cw.Write(inert([]string{x.What, x.Finding, x.Subject, x.Source, x.Place, x.Confidence, x.Was, to, x.Why, "", ""})); err != nil {
			return err
		}
	}
	for _, g := range d.Gaps.New {
		if err := cw.Write(inert([]string{"new gap", "", "", g.Source, g.Place, "", "", "", g.Reason + ": " + g.Detail, "", strconv.FormatInt(g.Units, 10)})); err != nil {
			return err
		}
	}
	for _, g := range d.Gaps.Gone {
		if err := cw.Write(inert([]string{"gap gone", "", "", g.Source, g.Place, "", "", "", g.Reason + ": " + g.Detail, strconv.FormatInt(g.Units, 10), ""})); err != nil {
			return err
		}
	}
	for _, c := range d.Coverage {
		if err := cw.Write(inert([]string{"coverage", "", "", c.Source, "", "", "", "", "units read", readUnits(c.Old), readUnits(c.New)})); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// readUnits writes how much of a source was read: "12 of 13".
func readUnits(r *verify.Read) string {
	if r == nil {
		return "none of the sources"
	}
	s := fmt.Sprintf("%d of %d", r.Units.Scanned, r.Units.Found)
	if !r.Listed {
		s += ", not wholly listed"
	}
	return s
}

// DiffText writes a summary for a terminal.
func DiffText(w io.Writer, d *verify.Diff) error {
	bw := bufio.NewWriter(w)
	if !d.Differs() {
		fmt.Fprintf(bw, "No differences: %s in both.\n", Plural(d.Old.Findings, "finding"))
		return bw.Flush()
	}
	s := d.Summary
	fmt.Fprintf(bw, "%d new, %d gone, %d moved, %d with another confidence, %d with another content, %d not read, %d the same\n",
		s.New, s.Gone, s.Moved, s.Confidence, s.Content, s.Unread, s.Same)
	if !d.SameKey {
		fmt.Fprintln(bw, "The reports were made under different keys (state folders): what moved or changed can't be told.")
	}
	kinds := &byPlace{}
	for x, err := range d.Changes() {
		if err != nil {
			return err
		}
		p := placeState{State: verify.State(x.What), Source: x.Source, Place: x.Place, Ground: x.Subject, Why: x.Why}
		switch {
		case x.To != nil:
			p.Why = "to " + x.To.Source + " / " + x.To.Place
		case x.What == verify.IsConfidence:
			p.Why = x.Was + " before, " + x.Confidence + " now"
		}
		kinds.add(p)
	}
	tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', 0)
	for i, p := range kinds.list {
		if i == textRows {
			fmt.Fprintf(tw, "  and %d more kinds: see the JSON or CSV form (-o diff.csv)\n", len(kinds.list)-i)
			break
		}
		fmt.Fprintf(tw, "  %d\t%s\t%s\t%s / %s\t%s\n", p.N, p.State, clean(p.Ground), clean(p.Source), clean(p.Place), clean(p.Why))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, x := range d.Subjects.New {
		fmt.Fprintf(bw, "  new subject: %s\n", clean(x))
	}
	for _, x := range d.Subjects.Missing {
		fmt.Fprintf(bw, "  not looked for any more: %s\n", clean(x))
	}
	for i, g := range groupGaps(d.Gaps.New) {
		if i == textRows {
			break
		}
		fmt.Fprintf(bw, "  new gap: %s  %s / %s: %s\n", g.Reason, clean(g.Source), clean(g.Place), clean(g.Detail))
	}
	for i, g := range groupGaps(d.Gaps.Gone) {
		if i == textRows {
			break
		}
		fmt.Fprintf(bw, "  gap gone: %s  %s / %s: %s\n", g.Reason, clean(g.Source), clean(g.Place), clean(g.Detail))
	}
	for _, c := range d.Coverage {
		fmt.Fprintf(bw, "  coverage: %s: %s before, %s now\n", clean(c.Source), readUnits(c.Old), readUnits(c.New))
	}
	return bw.Flush()
}
