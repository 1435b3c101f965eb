package reports

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// maxWays bounds how many ways a graph of links is written as.
const maxWays = 200

// linkGraph returns the ways on which records were found by others: a line for
// each link that led to any, behind those that led to its own table. records says
// how many of them there are.
func linkGraph(links []inventory.Link, records func(int) string) []string {
	table := func(column string) string { return column[:max(0, strings.LastIndexByte(column, '.'))] }
	var used []inventory.Link
	for _, l := range links {
		if l.Rows > 0 {
			used = append(used, l)
		}
	}
	into := func(source, t string) bool {
		return slices.ContainsFunc(used, func(l inventory.Link) bool {
			return l.Source == source && table(l.From) == t && table(l.To) != t
		})
	}
	var out []string
	var walk func(l inventory.Link, way string, passed []string)
	walk = func(l inventory.Link, way string, passed []string) {
		if len(out) >= maxWays {
			return
		}
		way += fmt.Sprintf(" → %s (%s)", l.From, records(l.Rows))
		out = append(out, way)
		passed = append(slices.Clone(passed), table(l.To))
		for _, next := range used {
			if next.Source == l.Source && table(next.To) == table(l.From) && !slices.Contains(passed, table(next.From)) {
				walk(next, way, passed)
			}
		}
	}
	for _, l := range used {
		if t := table(l.To); !into(l.Source, t) {
			walk(l, l.Source+": "+t, nil)
		}
	}
	if len(out) == 0 { // the tables refer to each other in a circle
		for _, l := range used {
			out = append(out, fmt.Sprintf("%s: %s → %s (%s)", l.Source, table(l.To), l.From, records(l.Rows)))
		}
	}
	return out
}

// confirming returns the part of a configuration that confirms the inferred links
// that led to records.
func confirming(links []inventory.Link) string {
	var b strings.Builder
	end := func(source, column string) string {
		q, _ := json.Marshal(source + "/" + column) // a text of JSON is one of YAML
		return string(q)
	}
	for _, l := range links {
		if l.Kind != "inferred" || l.Rows == 0 {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("links:\n")
		}
		fmt.Fprintf(&b, "  - {from: %s, to: %s}\n", end(l.Source, l.From), end(l.Source, l.To))
	}
	return b.String()
}
