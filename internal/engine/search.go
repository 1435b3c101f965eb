package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/scanners"
)

// A search is what a round looks for in one column: rows by values.
type search struct {
	scope, table, column string
	link                 links.Link
	up                   bool // from a row to the one that it refers to

	// again looks rows of a database up by their key that the index of what their
	// cells hold named; by is that search, keys the further columns of the key.
	again, by *search
	keys      []int
	columns   []string

	from map[string][]origin
}

// searches returns what to look for below the rows: those that refer to them.
func (l *linker) searches(held []heldRow) []*search {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := map[string]*search{}
	var order []string
	add := func(scope string, x links.Link, h heldRow) {
		v, ok := h.values[x.RefColumn]
		if !ok || x.Confidence < links.Followed || !l.run.unshared(h.origin) {
			return
		}
		if x.RefTypeColumn != "" && !slices.Contains(x.RefTypes, h.values[x.RefTypeColumn]) {
			return
		}
		o := h.origin
		for _, p := range x.With {
			o.with = append(o.with, h.values[p.RefColumn])
		}
		once := fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%s\x00%q\x00%d\x00%d", scope, x.Table, x.Column, x.TypeColumn, v, o.with, h.person, rankOf(h.conf))
		if l.seen[once] {
			return
		}
		l.seen[once] = true
		k := scope + "\x00" + x.Table + "\x00" + x.Column + "\x00" + x.TypeColumn + "\x00" + x.RefTable + "\x00" + x.RefColumn
		s := at[k]
		if s == nil {
			s = &search{scope: scope, table: x.Table, column: x.Column, link: x, from: map[string][]origin{}}
			at[k] = s
			order = append(order, k)
		}
		s.from[v] = append(s.from[v], o)
	}
	for _, h := range held {
		scope := l.into(h.scope)
		if h.prose && (h.other || l.ofSomebody(scope, h)) {
			continue // what belongs to the row is somebody else's
		}
		for _, x := range l.links[scope] {
			if x.RefTable == h.table {
				add(scope, x, h)
			}
		}
		for _, c := range l.run.Links { // between sources
			if c.Refuse || c.From.Source == c.To.Source || c.To.Source != sourceOf(scope) || !sameTable(h.table, c.To.Table) {
				continue
			}
			for other, table := range l.tablesOf(c.From) {
				add(other, links.Link{
					Table: table, Column: c.From.Column, RefTable: h.table, RefColumn: c.To.Column,
					Kind: links.Configured, Confidence: 1, Why: "declared in the configuration",
				}, h)
			}
		}
	}
	var out []*search
	for _, k := range order {
		s := at[k]
		for v, list := range s.from {
			people := map[int]bool{}
			for _, o := range list {
				people[o.person] = true
			}
			if len(people) > fewPeople {
				delete(s.from, v)
			}
		}
		if len(s.from) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// ofSomebody reports whether a row refers to one of a table of people.
func (l *linker) ofSomebody(scope string, h heldRow) bool {
	return slices.ContainsFunc(l.links[scope], func(x links.Link) bool {
		if x.Table != h.table || x.Confidence < links.Followed || h.values[x.Column] == "" || h.values[x.Column] == "0" {
			return false
		}
		parent := l.survey.Known(scope, x.RefTable)
		return parent != nil && links.PersonTable(parent.Table)
	})
}

// tablesOf returns the scopes of a source that have a table, and its name there.
func (l *linker) tablesOf(e LinkEnd) map[string]string {
	out := map[string]string{}
	if _, ok := l.live[liveOf(e.Source)]; ok {
		if t := l.tableIn(liveOf(e.Source), e.Table); t != "" {
			out[liveOf(e.Source)] = t
		}
	}
	l.index.mu.Lock()
	defer l.index.mu.Unlock()
	for _, d := range l.index.docs {
		if d.source.Info.Name != e.Source {
			continue
		}
		for t := range d.tables {
			if sameTable(t, e.Table) {
				out[d.scope] = t
			}
		}
	}
	return out
}

// upward returns what to look for above the rows that name a person themselves:
// the rows that they refer to, where these are likely to be that person's alone.
func (l *linker) upward(held []heldRow) []*search {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := map[string]*search{}
	var out []*search
	for _, h := range held {
		if len(h.chain) > 0 || !h.self || !l.run.unshared(h.origin) {
			continue
		}
		scope := l.into(h.scope)
		for _, x := range l.links[scope] {
			v, ok := h.values[x.Column]
			if x.Table != h.table || !ok || x.Confidence < links.Followed || x.TypeColumn != "" || x.RefTypeColumn != "" || len(x.With) > 0 {
				continue
			}
			parent := l.survey.Known(scope, x.RefTable)
			if parent == nil || links.ReferenceTable(parent.Table) {
				continue
			}
			fan := l.survey.Known(scope, x.Table).FanIn(x.Column)
			if !links.PersonTable(parent.Table) && (fan == 0 || fan > aloneFanIn) {
				continue
			}
			k := scope + "\x00" + x.String()
			s := at[k]
			if s == nil {
				s = &search{scope: scope, table: x.RefTable, column: x.RefColumn, link: x, up: true, from: map[string][]origin{}}
				at[k] = s
				out = append(out, s)
			}
			s.from[v] = append(s.from[v], h.origin)
		}
	}
	return out
}

// round does one round of searches.
func (l *linker) round(ctx context.Context, round int, down, up []*search, c *Counter) {
	batches := map[string]*batch{}
	batchOf := func(s Source) *batch {
		b := batches[s.Info.Name]
		if b == nil {
			b = newBatch(l.run, s, scanners.Part{ID: fmt.Sprintf("%sround-%d", enginePart, round), Place: "rows that refer to others"}, c)
			batches[s.Info.Name] = b
		}
		return b
	}
	defer func() {
		for _, b := range batches {
			b.commit()
		}
	}()
	l.alone(ctx, up, batchOf)
	indexed := map[string][]*search{} // by scope and table
	for _, s := range append(down, up...) {
		if len(s.from) == 0 {
			continue
		}
		if live, ok := l.live[s.scope]; ok && s.table == links.PlainName(s.table) {
			l.lookup(ctx, batchOf(live.source), live, s)
			continue
		}
		k := s.scope + "\x00" + s.table
		indexed[k] = append(indexed[k], s)
	}
	if len(indexed) == 0 {
		return
	}
	same := map[string]int{}
	err := l.index.rows(ctx, func(scope, table string) bool { return indexed[scope+"\x00"+table] != nil }, func(row indexedRow) {
		for _, s := range indexed[row.doc.scope+"\x00"+row.block.Table.Name] {
			l.indexed(batchOf(row.doc.source), s, row, same)
		}
	})
	for _, list := range indexed {
		for _, s := range list {
			if live, ok := l.live[s.scope]; ok && s.again != nil {
				l.lookup(ctx, batchOf(live.source), live, s.again)
			}
		}
	}
	if err != nil {
		for k := range indexed {
			b := batchOf(sourceNamed(l.run, sourceOf(k)))
			b.gap(scanners.Gap{Reason: scanners.ReasonOf(err), Detail: "rows that refer to others could not be looked up: " + errorText(err)})
		}
	}
}

// untold is the gap where it could not be told whose a row is.
func untold(err error) scanners.Gap {
	return scanners.Gap{Reason: scanners.ReasonOf(err), Detail: "whether only one person's rows refer to a row could not be told: " + errorText(err)}
}

// alone keeps, of the rows that others refer to, those to which only rows of one
// person do.
func (l *linker) alone(ctx context.Context, up []*search, batchOf func(Source) *batch) {
	for _, s := range up {
		shared := map[string]bool{}
		children := 0
		child := func(v string, uri func(person int) string) bool {
			from := s.from[v]
			if from == nil {
				return true
			}
			if children++; children > maxChildren {
				for v := range s.from {
					shared[v] = true
				}
				return false
			}
			for _, o := range from {
				l.mu.Lock()
				k, ok := l.known[uri(o.person)]
				l.mu.Unlock()
				if !ok || k > rankOf(o.conf) {
					shared[v] = true
				}
			}
			return true
		}
		values := slices.Sorted(maps.Keys(s.from))
		if live, ok := l.live[s.scope]; ok {
			ctx, cancel := context.WithCancel(ctx)
			for it, err := range live.looker.Lookup(ctx, s.link.Table, s.link.Column, values) {
				if err != nil { // then it can't be told
					for _, v := range values {
						shared[v] = true
					}
					if b := batchOf(live.source); !b.note(err) {
						b.gap(untold(err))
					}
				}
				if it.Block == nil {
					continue
				}
				b := it.Block
				col := slices.Index(b.Table.Columns, s.link.Column)
				more := true
				for row := range b.Rows() {
					if v, null := b.Cell(row, max(col, 0)); !null && col >= 0 && more {
						more = child(string(v), func(p int) string {
							ref := b.Refs(row, b.Hash(l.run.RowKey, row), 1)
							return inventory.FindingID(l.run.Subjects[p].ID, ref.URI)
						})
					}
				}
				if !more {
					break
				}
			}
			cancel()
		} else {
			err := l.index.rows(ctx, func(scope, table string) bool { return scope == s.scope && table == s.link.Table }, func(row indexedRow) {
				col := slices.Index(row.block.Table.Columns, s.link.Column)
				if col < 0 {
					return
				}
				if v, null := row.block.Cell(0, col); !null {
					child(string(v), func(p int) string {
						return inventory.FindingID(l.run.Subjects[p].ID, row.doc.ref.URI+row.ref(1).URI)
					})
				}
			})
			if err != nil {
				clear(s.from)
				batchOf(sourceNamed(l.run, sourceOf(s.scope))).gap(untold(err))
			}
		}
		for v := range shared {
			delete(s.from, v)
		}
	}
}
