// Package reports renders a settled inventory: as JSON for programs, and as CSV,
// HTML and text for people. What is rendered for people shows places, never URIs
// or locators, which may hold identifiers.
package reports

import (
	"bufio"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spoor-scan/spoor/internal/inventory"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of the JSON report.
func Schema() []byte { return slices.Clone(schema) }

// JSON writes the report in the format inventory.Format, finding by finding.
func JSON(w io.Writer, r *inventory.Report) error {
	bw := bufio.NewWriterSize(w, 1<<18)
	put := func(name string, v any, sep string) error {
		b, err := json.MarshalIndent(v, "  ", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(bw, "  %q: %s%s\n", name, b, sep)
		return err
	}
	bw.WriteString("{\n")
	type part struct {
		name string
		v    any
	}
	parts := []part{{"format", r.Format}, {"run", r.Run}}
	if r.Organisation != nil {
		parts = append(parts, part{"organisation", r.Organisation})
	}
	parts = append(parts, part{"subjects", r.Subjects}, part{"activities", r.Activities}, part{"sources", r.Sources})
	if r.Holds != nil {
		parts = append(parts, part{"holds", r.Holds})
	}
	if len(r.Backups) > 0 {
		parts = append(parts, part{"backups", r.Backups})
	}
	if r.Links != nil {
		parts = append(parts, part{"links", r.Links})
	}
	for _, f := range parts {
		if err := put(f.name, f.v, ","); err != nil {
			return err
		}
	}
	bw.WriteString("  \"findings\": [")
	sep := "\n    "
	for f, err := range r.Findings() {
		if err != nil {
			return err
		}
		b, err := json.Marshal(f)
		if err != nil {
			return err
		}
		bw.WriteString(sep)
		bw.Write(b)
		sep = ",\n    "
	}
	bw.WriteString("\n  ],\n")
	if err := put("gaps", r.Gaps, ","); err != nil {
		return err
	}
	if err := put("exclusions", r.Exclusions, ","); err != nil {
		return err
	}
	if r.Sealed != "" {
		if err := put("sealed", r.Sealed, ","); err != nil {
			return err
		}
	}
	sep = ""
	if r.Survey != nil {
		sep = ","
	}
	if err := put("summary", r.Summary, sep); err != nil {
		return err
	}
	if r.Survey != nil {
		if err := put("survey", r.Survey, ""); err != nil {
			return err
		}
	}
	bw.WriteString("}\n")
	return bw.Flush()
}

// CSV writes a line per finding, and then one per gap and exclusion, so that a
// table which is passed on alone does not read as if everything had been read.
func CSV(w io.Writer, r *inventory.Report) error {
	cw := csv.NewWriter(w)
	cw.UseCRLF = true // RFC 4180
	if r.Survey != nil {
		return surveyCSV(cw, r)
	}
	header := []string{
		"what", "id", "subject", "confidence", "relation", "source", "place", "matches", "fields", "why", "evidence",
		"third_parties", "activities", "action", "reason", "detail", "units", "bytes",
	}
	if err := cw.Write(header); err != nil {
		return err
	}
	for f, err := range r.Findings() {
		if err != nil {
			return err
		}
		row := []string{
			"finding", f.ID, f.Subject, f.Confidence, f.Relation, f.Source, f.Place, strings.Join(matchTexts(f), "; "),
			strings.Join(fieldNames(f), "; "), f.Why, strings.Join(f.Evidence, "; "), strconv.Itoa(f.ThirdParties), strings.Join(f.Activities, "; "),
			strings.Join(actionKinds(f), "; "), "", "", "", "",
		}
		if err := cw.Write(inert(row)); err != nil {
			return err
		}
	}
	if err := csvGaps(cw, "gap", r.Gaps); err != nil {
		return err
	}
	if err := csvGaps(cw, "exclusion", r.Exclusions); err != nil {
		return err
	}
	cw.Flush()
	return cw.Error()
}

func csvGaps(cw *csv.Writer, what string, list []inventory.Gap) error {
	for _, g := range list {
		row := []string{
			what, "", "", "", "", g.Source, g.Place, "", "", "", "", "", "", "",
			g.Reason, g.Detail, strconv.FormatInt(g.Units, 10), strconv.FormatInt(g.Bytes, 10),
		}
		if err := cw.Write(inert(row)); err != nil {
			return err
		}
	}
	return nil
}

// inert keeps spreadsheets from taking a cell for a formula: names of columns
// and sources are foreign text.
func inert(row []string) []string {
	for i, c := range row {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			row[i] = "'" + c
		}
	}
	return row
}

// matchTexts names the identifiers that a finding holds, each once.
func matchTexts(f *inventory.Finding) []string {
	var out []string
	for _, m := range f.Matches {
		if t := typeName(m.Type) + " " + m.Masked; !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func typeName(t string) string {
	switch t {
	case "email":
		return "e-mail"
	case "vat":
		return "VAT"
	case "iban":
		return "IBAN"
	case "ip":
		return "IP"
	}
	return strings.ReplaceAll(t, "_", " ")
}

func fieldNames(f *inventory.Finding) []string {
	var out []string
	for _, x := range f.Fields {
		out = append(out, x.Name)
	}
	return out
}

func actionKinds(f *inventory.Finding) []string {
	var out []string
	for _, a := range f.Actions {
		if !slices.Contains(out, a.Kind) {
			out = append(out, a.Kind)
		}
	}
	return out
}

// textRows bounds the lists of the readable summary.
const textRows = 30

// Text writes a summary for a terminal.
func Text(w io.Writer, r *inventory.Report) error {
	bw := bufio.NewWriter(w)
	if r.Survey != nil {
		if err := surveyText(bw, r.Survey); err != nil {
			return err
		}
	}
	places := placesBySubject(r)
	for _, s := range r.Subjects {
		fmt.Fprintf(bw, "%s: %s", clean(s.ID), Plural(s.Findings, "finding"))
		conf := map[string]int{}
		for _, p := range places[s.ID] {
			for k, n := range p.Confidence {
				conf[k] += n
			}
		}
		fmt.Fprintf(bw, " (%d certain, %d likely, %d possible)\n", conf["certain"], conf["likely"], conf["possible"])
		for _, q := range s.Requests {
			fmt.Fprintf(bw, "  request %s: %s", clean(q.ID), q.Type)
			if q.Due != "" {
				fmt.Fprintf(bw, ", due %s", q.Due)
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
			fmt.Fprintf(bw, "  and %d more places: see the report (-o report.html)\n", shown-textRows)
		}
		fmt.Fprintln(bw)
	}
	if ways := linkGraph(r.Links); len(ways) > 0 {
		fmt.Fprintln(bw, "Found by what refers to them")
		for i, way := range ways {
			if i == textRows {
				fmt.Fprintf(bw, "  and %d more ways: see the report (-o report.html)\n", len(ways)-i)
				break
			}
			fmt.Fprintf(bw, "  %s\n", clean(way))
		}
		fmt.Fprintln(bw)
	}
	fmt.Fprintln(bw, "Coverage")
	tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "  \tfound\tscanned\tpartial\tunread\texcluded\tbytes\t\n")
	for _, s := range r.Sources {
		u := s.Coverage.Units
		note := ""
		if !s.Listed {
			note = "  not (wholly) listed"
		}
		fmt.Fprintf(tw, "  %s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", clean(s.Name), u.Found, u.Scanned, u.Partial, u.Unread, u.Excluded, Bytes(s.Coverage.Bytes.Found), note)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(bw)
	if len(r.Gaps) == 0 {
		fmt.Fprintln(bw, "COMPLETE: everything that was listed was read.")
	} else {
		fmt.Fprintf(bw, "INCOMPLETE: %s. What could not be read may hold more:\n", Plural(len(r.Gaps), "gap"))
		groups := groupGaps(r.Gaps)
		for i, g := range groups {
			if i == textRows {
				fmt.Fprintf(bw, "  and %d more kinds of gaps: see the report (-o report.html)\n", len(groups)-i)
				break
			}
			fmt.Fprintf(bw, "  %s  %s / %s: %s", g.Reason, clean(g.Source), clean(g.Place), clean(g.Detail))
			if g.Times > 1 {
				fmt.Fprintf(bw, " (%d times)", g.Times)
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

// clean keeps foreign names from driving a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == 0x202e {
			return '?'
		}
		return r
	}, s)
}

// A gapGroup is gaps that differ in nothing that people are shown.
type gapGroup struct {
	inventory.Gap
	Times int
}

func groupGaps(gaps []inventory.Gap) []gapGroup {
	type key struct{ source, place, reason, detail string }
	at := map[key]int{}
	var out []gapGroup
	for _, g := range gaps {
		k := key{g.Source, g.Place, g.Reason, g.Detail}
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, gapGroup{g, 1})
			continue
		}
		out[i].Times++
		out[i].Units += g.Units
		out[i].Bytes += g.Bytes
	}
	return out
}

// Plural writes a count of something whose plural ends in s.
func Plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Bytes writes a number of bytes for people: "5.0 MiB".
func Bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	div, exp := int64(unit), 0
	for m := n / unit; m >= unit; m /= unit {
		div *= unit
		exp++
	}
	return fmt.Sprintf("%.1f %ciB", float64(n)/float64(div), "KMGTPE"[exp])
}
