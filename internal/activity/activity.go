// Package activity assigns places to processing activities (Art. 30): which
// patterns of the configuration cover a place, which of them is the most
// specific, whose data it is where the host is processor, and whether anybody
// instructed the host to look.
package activity

import (
	"slices"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// Unassigned is the activity of what no activity of the configuration covers.
const Unassigned = "unassigned"

// A Rule is an activity and the places it covers.
type Rule struct {
	inventory.Activity
	Covers []string
	Tenant []string // patterns with {tenant} where the customer's name stands
}

// A Map assigns places. It is safe for concurrent use.
type Map struct {
	rules    []Rule
	patterns []owned
	tenants  [][]pattern
	run      string   // instruction for all that is held as processor
	people   []string // instructions, by the index of the person
	left     []bool   // rules under which nothing is read in this run
	anyLeft  bool

	mu      sync.Mutex
	columns map[columnKey][]int
}

type owned struct {
	pattern
	rule int
}

type columnKey struct{ source, table, column string }

// New returns a map. sources are the names of the sources of the run; run is the
// instruction under which all that the host holds as processor is read, empty for
// none; people are the instructions in the requests of the people looked for, in
// their order.
func New(rules []Rule, sources []string, run string, people []string) *Map {
	m := &Map{rules: rules, run: run, people: people, columns: map[columnKey][]int{}}
	for i, r := range rules {
		for _, c := range r.Covers {
			for _, p := range compile(c, sources) {
				m.patterns = append(m.patterns, owned{p, i})
			}
		}
		var tenants []pattern
		for _, t := range r.Tenant {
			tenants = append(tenants, compile(t, sources)...)
		}
		m.tenants = append(m.tenants, tenants)
		left := r.Role == "processor" && r.Instruction == nil && run == "" && !slices.ContainsFunc(people, func(s string) bool { return s != "" })
		m.left = append(m.left, left)
		m.anyLeft = m.anyLeft || left
	}
	return m
}

// Rules returns the activities, in the order of the configuration.
func (m *Map) Rules() []Rule {
	if m == nil {
		return nil
	}
	return m.rules
}

// Instruction returns the instruction under which an activity is read for a
// person; negative: for anybody.
func (m *Map) Instruction(rule, person int) string {
	if i := m.rules[rule].Instruction; i != nil {
		return *i
	}
	if m.run != "" {
		return m.run
	}
	for p, s := range m.people {
		if s != "" && (person < 0 || p == person) {
			return s
		}
	}
	return ""
}

// At returns the activities that cover a place: those with the most specific of
// the patterns that match. Where that leaves some as controller and some as
// processor, the host is processor. None: the place is unassigned.
func (m *Map) At(p Place) []int {
	if m == nil || len(m.patterns) == 0 {
		return nil
	}
	list, _ := m.at(p.ways())
	return list
}

// A hit is the shortest way on which a place is covered.
type hit struct {
	way way
	n   int // steps of it
}

func (m *Map) at(ways []way) (list []int, by hit) {
	var best rank
	for _, o := range m.patterns {
		for _, w := range ways {
			if w.kind != o.kind {
				continue
			}
			n, ok := match(o.steps, w.steps)
			if !ok {
				continue
			}
			own := o.rank
			own.depth = w.depth(n)
			if len(list) > 0 && own.compare(best) < 0 {
				continue
			}
			if len(list) == 0 || own.compare(best) > 0 {
				list, best, by = []int{o.rule}, own, hit{w, n}
			} else if !slices.Contains(list, o.rule) {
				list = append(list, o.rule)
			}
			if w.ends != nil && (by.way.ends == nil || by.n > n) && list[len(list)-1] == o.rule {
				by = hit{w, n}
			}
		}
	}
	if len(list) > 1 && slices.ContainsFunc(list, m.processor) {
		list = slices.DeleteFunc(list, func(i int) bool { return !m.processor(i) })
	}
	slices.Sort(list)
	return list, by
}

func (m *Map) processor(rule int) bool { return m.rules[rule].Role == "processor" }

// AsProcessor reports whether the host holds what is of these activities for
// others.
func (m *Map) AsProcessor(list []int) bool { return m != nil && len(list) > 0 && m.processor(list[0]) }

// A Scope is what is left out as a whole.
type Scope struct {
	Activity string
	URI      string // of the source, folder, table or mailbox; empty: that of the place
}

// Leaves reports whether a place is not to be read, as the host holds it as
// processor and nobody instructed it to. deep says that more specific patterns
// may cover what lies in it: a place in which one does is to be entered.
func (m *Map) Leaves(p Place, deep bool) (Scope, bool) {
	if m == nil || !m.anyLeft {
		return Scope{}, false
	}
	ways := p.ways()
	list, by := m.at(ways)
	if len(list) == 0 || slices.ContainsFunc(list, func(i int) bool { return !m.left[i] }) {
		return Scope{}, false
	}
	if deep {
		for _, o := range m.patterns {
			if m.left[o.rule] {
				continue
			}
			for _, w := range ways {
				if w.kind == o.kind && (w.kind != loose || len(w.steps) > 0) && reaches(o.steps, w.steps) {
					return Scope{}, false
				}
			}
		}
	}
	s := Scope{Activity: m.rules[list[0]].ID}
	if by.way.ends != nil && by.n > 0 && by.n <= len(by.way.ends) {
		if end := by.way.ends[by.n-1]; end > 0 && end <= len(p.URI) {
			s.URI = p.URI[:end]
		}
	}
	return s, true
}

// May reports whether a finding about a person, by index, may be reported that is
// of these activities: as processor under an instruction for that person only.
func (m *Map) May(person int, list []int) bool {
	if !m.AsProcessor(list) {
		return true
	}
	return slices.ContainsFunc(list, func(i int) bool { return m.Instruction(i, person) != "" })
}

// IDs returns the ids of activities; Unassigned for none.
func (m *Map) IDs(list []int) []string {
	if m == nil || len(list) == 0 {
		return []string{Unassigned}
	}
	out := make([]string, 0, len(list))
	for _, i := range list {
		out = append(out, m.rules[i].ID)
	}
	return out
}

// Tenant returns the customer whose data a place holds, empty where nothing
// tells.
func (m *Map) Tenant(p Place, list []int) string {
	for _, i := range list {
		if len(m.tenants[i]) == 0 {
			continue
		}
		// What a URI says is exact; what reports show may be masked.
		ways := p.ways()
		slices.SortStableFunc(ways, func(a, b way) int {
			switch {
			case (a.ends == nil) == (b.ends == nil):
				return 0
			case a.ends == nil:
				return 1
			}
			return -1
		})
		for _, w := range ways {
			for _, t := range m.tenants[i] {
				if t.kind == w.kind {
					if name := capture(t.steps, w.steps); name != "" {
						return name
					}
				}
			}
		}
	}
	return ""
}

// capture returns what stands for {tenant}.
func capture(pat []step, place []string) string {
	for i, s := range pat {
		switch {
		case s.any:
			for skip := 0; skip <= len(place); skip++ {
				if name := capture(pat[i+1:], place[skip:]); name != "" {
					return name
				}
			}
			return ""
		case len(place) == 0:
			return ""
		case s.tenant:
			before, after, _ := strings.Cut(s.text, "{tenant}")
			name, ok := between(place[0], before, after)
			if !ok {
				return ""
			}
			if _, ok := match(pat[i+1:], place[1:]); !ok {
				return ""
			}
			return name
		case !s.matches(place[0]):
			return ""
		}
		place = place[1:]
	}
	return ""
}

// between returns the shortest middle of a name that starts and ends as two
// patterns say; "*" and "?" are all that they may hold.
func between(name, before, after string) (string, bool) {
	b, a := step{text: before}, step{text: after}
	for from := 0; from <= len(name); from++ {
		if !b.matches(name[:from]) {
			continue
		}
		for to := from + 1; to <= len(name); to++ {
			if a.matches(name[to:]) {
				return name[from:to], true
			}
		}
	}
	return "", false
}

// maxColumns bounds how many columns are remembered.
const maxColumns = 1 << 16

// Column returns the activities of a column, where it has others than its row:
// place is that of the row, "schema / table / row".
func (m *Map) Column(p Place, column string) []int {
	if m == nil || len(m.patterns) == 0 || !strings.HasSuffix(p.Place, " / row") {
		return nil
	}
	table, _, _ := strings.Cut(p.URI, "?")
	k := columnKey{p.Source, table, column}
	m.mu.Lock()
	list, known := m.columns[k]
	m.mu.Unlock()
	if known {
		return list
	}
	ways := p.ways()
	row, _ := m.at(ways)
	for i, w := range ways {
		own := slices.Clone(w.steps)
		if n := len(own); n > 0 && own[n-1] == "row" && w.ends == nil { // as reports show it
			own = own[:n-1]
		}
		ways[i].steps, ways[i].ends = append(own, column), nil
	}
	list, _ = m.at(ways)
	if slices.Equal(row, list) || m.AsProcessor(row) || m.AsProcessor(list) {
		list = nil // roles are told apart by tables, not by columns
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.columns) < maxColumns {
		m.columns[k] = list
	}
	return list
}

// ColumnRule returns what an activity says of a column that is different: the
// first of its rules that matches. table is that of the row, as "schema / table".
func (r Rule) ColumnRule(table, column string) *inventory.ColumnRule {
	for i, c := range r.Columns {
		for _, p := range c.Match {
			if SameColumn(p, table, column) {
				return &r.Columns[i]
			}
		}
	}
	return nil
}

// SameColumn reports whether a pattern, as "table.column", "schema.table.column"
// or "schema / table / column", is one of a column of a table: it is compared
// with the end of the name.
func SameColumn(pattern, table, column string) bool {
	var pat []string
	if strings.Contains(pattern, "/") {
		pat = steps(pattern)
	} else {
		pat = strings.Split(pattern, ".")
	}
	name := append(steps(table), column)
	if len(pat) > len(name) {
		pat = pat[len(pat)-len(name):] // of a dump, that has no schema
	}
	name = name[len(name)-len(pat):]
	for i, p := range pat {
		if !(step{text: p, literal: !strings.ContainsAny(p, "*?[{\\")}).matches(name[i]) {
			return false
		}
	}
	return true
}

// Touches reports whether an activity may cover a place or something that lies
// in it.
func (m *Map) Touches(rule int, p Place) bool {
	ways := p.ways()
	for _, o := range m.patterns {
		if o.rule != rule {
			continue
		}
		if o.kind == loose {
			return true
		}
		for _, w := range ways {
			if w.kind != o.kind {
				continue
			}
			if _, ok := match(o.steps, w.steps); ok || reaches(o.steps, w.steps) {
				return true
			}
		}
	}
	return false
}

// WhyLeft says, for people, why something of an activity is left out.
func (m *Map) WhyLeft(id string) string {
	why := "held as processor (activity " + id + ")"
	for _, a := range m.rules {
		if a.ID == id && a.Controller != nil && a.Controller.Name != "" {
			why += " for " + a.Controller.Name
		}
	}
	return why + "; no instruction names it"
}

// Stores reports whether an activity covers a place, be it that a more specific
// one does, too.
func (m *Map) Stores(rule int, p Place) bool {
	ways := p.ways()
	for _, o := range m.patterns {
		if o.rule != rule {
			continue
		}
		for _, w := range ways {
			if w.kind == o.kind {
				if _, ok := match(o.steps, w.steps); ok {
					return true
				}
			}
		}
	}
	return false
}
