package rights

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// stays names rows that are not to be deleted: those of a table that a finding
// leads to, or those of a table that name a person themselves.
type stays struct{ from, subject, source, table string }

// learnStaying finds, where databases delete rows with others, those that must
// not go: what is kept, what is to be looked at.
func (j *judge) learnStaying(raw func() iter.Seq2[*inventory.Finding, error]) error {
	tables := map[[2]string]bool{} // that lose rows with others, by source
	for f, err := range raw() {
		if err != nil {
			return err
		}
		for _, a := range f.Actions {
			for _, t := range a.Cascades {
				tables[[2]string{f.Source, t}] = true
			}
		}
	}
	if len(tables) == 0 {
		return nil
	}
	staying := map[stays]int{}
	for f, err := range raw() {
		if err != nil {
			return err
		}
		t := tableOf(f)
		if t == "" {
			continue
		}
		var in []string
		for k := range tables {
			if k[0] == f.Source && (k[1] == t || strings.HasSuffix(k[1], "."+t)) {
				in = append(in, k[1])
			}
		}
		if len(in) == 0 {
			continue
		}
		j.finding(f)
		if f.Review == refused || len(f.Actions) == 0 || f.Actions[0].Kind == "delete-row" {
			continue
		}
		for _, t := range in {
			if len(f.Evidence) == 0 {
				staying[stays{subject: f.Subject, source: f.Source, table: t}]++
			}
			for _, step := range f.Evidence {
				if _, rest, ok := strings.Cut(step, "(finding "); ok {
					id, _, _ := strings.Cut(rest, ")")
					staying[stays{from: id, subject: f.Subject, source: f.Source, table: t}]++
				}
			}
		}
	}
	j.staying = staying
	return nil
}

// tableOf returns the table of a row, with its schema.
func tableOf(f *inventory.Finding) string {
	var l struct {
		Schema string `json:"schema"`
		Table  string `json:"table"`
	}
	if json.Unmarshal(f.Locator, &l) != nil || l.Table == "" {
		return ""
	}
	return l.Schema + "." + l.Table
}

// cascade has somebody look at a deletion that would take rows with it that are
// not to be deleted.
func (j *judge) cascade(f *inventory.Finding) {
	if len(j.staying) == 0 || len(f.Actions) == 0 {
		return
	}
	a := &f.Actions[0]
	if a.Kind != "delete-row" && a.Then != "delete-row" {
		return
	}
	var tables []string
	for _, t := range a.Cascades {
		k := stays{from: f.ID, subject: f.Subject, source: f.Source, table: t}
		if j.staying[k] > 0 || j.staying[stays{subject: f.Subject, source: f.Source, table: t}] > 0 {
			tables = append(tables, t)
		}
	}
	if len(tables) == 0 {
		return
	}
	reason := fmt.Sprintf("the database would delete rows of %s with it that are to stay", strings.Join(tables, ", "))
	if !slices.Contains(a.Reasons, reason) {
		a.Reasons = append(a.Reasons, reason)
	}
	if a.Kind == "delete-row" {
		a.Then, a.Kind = a.Kind, "review"
	}
}
