// Package reports renders a settled inventory: as JSON and RDF for programs, and
// as CSV, HTML and text for people, these in Dutch, French, German and English. What is rendered for people shows places, never URIs
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
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
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
	if r.Canaries != nil {
		parts = append(parts, part{"canaries", r.Canaries})
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
		"review", "tenant", "keep", "keep_until", "gone_by", "copies",
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
			strings.Join(actionKinds(f), "; "), "", "", "", "", f.Review, value(f.Tenant), "", "", "", strconv.Itoa(max(f.CopiesTotal, len(f.Copies))),
		}
		for _, a := range f.Actions {
			if a.Keep != nil {
				row[len(row)-4], row[len(row)-3] = a.Keep.Ground, value(a.Keep.Until)
			}
			if a.GoneBy != nil {
				row[len(row)-2] = *a.GoneBy
			}
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
			g.Reason, g.Detail, strconv.FormatInt(g.Units, 10), strconv.FormatInt(g.Bytes, 10), "", "", "", "", "", "",
		}
		if err := cw.Write(inert(row)); err != nil {
			return err
		}
	}
	return nil
}

// inert keeps spreadsheets from taking a cell for a formula: names of columns and
// sources are foreign text. The signs that start one are those that OWASP names
// under CSV injection, and the wide forms that spreadsheets take for them.
func inert(row []string) []string {
	for i, c := range row {
		c = strings.ToValidUTF8(c, "\ufffd")
		if first, _ := utf8.DecodeRuneInString(c); c != "" && strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", first) {
			c = "'" + c
		}
		row[i] = strings.ReplaceAll(c, "\x00", "\ufffd")
	}
	return row
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
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

// Plural writes a count of something whose plural ends in s, in English.
func Plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Bytes writes a number of bytes for people, in English: "5.0 MiB".
func Bytes(n int64) string {
	return strings.ReplaceAll(language.English.Bytes(n), "\u00a0", " ")
}
