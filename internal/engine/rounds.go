package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// links follows the declared keys of a source. Round 1 reads everything, and
// notes the keys of rows that are certainly about a person; each further round
// looks up the rows that refer to those, until a round adds nothing.
type links struct {
	source scanners.Looker
	to     map[string][]scanners.Relation // by the table that is referred to

	mu    sync.Mutex
	known map[string]bool // findings by id that are certain already
	seen  map[linkKey]bool
	next  map[scanners.Relation]map[string][]origin // by the value of the key
}

// An origin is a row that is certainly about a person, to which others refer.
type origin struct {
	person int
	chain  []string // how it came to be known, for people; empty for a row that says so itself
	id     string   // of its finding
	own    []int    // identifiers that settle it; none for a row that a key ties to another
}

type linkKey struct {
	relation scanners.Relation
	value    string
	person   int
}

// maxLinkRounds bounds the length of a chain of keys.
const maxLinkRounds = 32

// newLinks returns nil for a source whose rows can't be looked up.
func newLinks(ctx context.Context, s scanners.Source) (l *links, err error) {
	defer func() {
		if p := recover(); p != nil {
			l, err = nil, panicked(p)
		}
	}()
	looker, ok := s.(scanners.Looker)
	if !ok {
		return nil, nil
	}
	relations, err := looker.Relations(ctx)
	if err != nil {
		return nil, err
	}
	l = &links{
		source: looker, to: map[string][]scanners.Relation{}, known: map[string]bool{},
		seen: map[linkKey]bool{}, next: map[scanners.Relation]map[string][]origin{},
	}
	for _, r := range relations {
		l.to[r.RefTable] = append(l.to[r.RefTable], r)
	}
	return l, nil
}

// note takes the keys of a row that is certainly about a person.
func (l *links) note(b *scanners.Block, row int, o origin) {
	if l == nil || len(l.to) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[o.id] = true
	for _, rel := range l.to[b.Table.Name] {
		col := slices.Index(b.Table.Columns, rel.RefColumn)
		if col < 0 {
			continue
		}
		v, null := b.Cell(row, col)
		k := linkKey{rel, string(v), o.person}
		if null || l.seen[k] {
			continue
		}
		l.seen[k] = true
		if l.next[rel] == nil {
			l.next[rel] = map[string][]origin{}
		}
		l.next[rel][k.value] = append(l.next[rel][k.value], o)
	}
}

// take returns what the next round has to look up.
func (l *links) take() map[scanners.Relation]map[string][]origin {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.next
	l.next = map[scanners.Relation]map[string][]origin{}
	return next
}

// follow runs the rounds after the first.
func (r *run) follow(ctx context.Context, s Source, l *links, c *Counter) {
	if l == nil {
		return
	}
	for round := 2; ctx.Err() == nil; round++ {
		next := l.take()
		if len(next) == 0 {
			return
		}
		b := newBatch(r, s, scanners.Part{ID: fmt.Sprintf("%sround-%d", enginePart, round), Place: "rows that refer to others"}, c)
		b.links = l
		if round > maxLinkRounds {
			b.gap(scanners.Gap{Reason: scanners.TooDeep, Detail: "a chain of keys is not followed any further"})
			b.commit()
			return
		}
		for rel, origins := range next {
			r.unshared(origins)
			r.lookup(ctx, b, rel, origins)
		}
		b.commit()
	}
}

// unshared drops the origins that only identifiers tie to a person which turned
// out to be shared.
func (r *run) unshared(origins map[string][]origin) {
	for v, list := range origins {
		list = slices.DeleteFunc(list, func(o origin) bool {
			return len(o.own) > 0 && !slices.ContainsFunc(o.own, func(i int) bool { return !r.col.Shared(o.person, i, r.hasName(o.person)) })
		})
		if len(list) == 0 {
			delete(origins, v)
		} else {
			origins[v] = list
		}
	}
}

// lookup finds the rows that refer to origins by one relation.
func (r *run) lookup(ctx context.Context, b *batch, rel scanners.Relation, origins map[string][]origin) {
	failed := func(err error) {
		b.gap(scanners.Gap{
			Place: strings.ReplaceAll(rel.Table, ".", " / ") + " / row", Reason: scanners.ReasonOf(err),
			Detail: "rows that refer to " + rel.RefTable + " could not be looked up: " + errorText(err),
		})
	}
	defer func() {
		if p := recover(); p != nil {
			failed(panicked(p))
		}
	}()
	identical := map[string]int{}
	values := slices.Sorted(maps.Keys(origins))
	for it, err := range b.links.source.Lookup(ctx, rel.Table, rel.Column, values) {
		if err != nil {
			if b.note(err) {
				continue
			}
			failed(err)
			return
		}
		if it.Block != nil {
			r.linkedRows(b, it.Block, rel, origins, identical)
		}
	}
}

// linkedRows makes findings of rows that refer to origins.
func (r *run) linkedRows(bt *batch, b *scanners.Block, rel scanners.Relation, origins map[string][]origin, identical map[string]int) {
	col := slices.Index(b.Table.Columns, rel.Column)
	if col < 0 {
		return
	}
	hits := map[int][]subject.Hit{}
	found, _ := r.Recognizer.SearchRows(nil, b.Data, rowBounds(b), cellBounds(b)) // round 1 told what was not decoded
	for _, h := range found {
		if row, _, ok := within(b, h); ok {
			hits[row] = append(hits[row], h)
		}
	}
	u := &unit{run: r, source: bt.source, batch: bt}
	for row := range b.Rows() {
		v, null := b.Cell(row, col)
		from := origins[string(v)]
		if from == nil {
			// The server compares by its own collation.
			for key, o := range origins {
				if strings.EqualFold(strings.TrimSpace(key), strings.TrimSpace(string(v))) {
					from = o
				}
			}
		}
		hash, n := b.Hash(r.RowKey, row), 1
		if len(b.Table.Key) == 0 {
			identical[hash]++
			n = identical[hash]
		}
		if null || from == nil {
			continue
		}
		ref := b.Refs(row, hash, n)
		ref.If = map[string]string{"row-hmac": hash}
		rec := &record{unit: u, ref: ref, top: ref.URI, isRow: true}
		r.rowHits(rec, b, row, hits[row])
		linked := false
		for _, o := range from {
			id := findingID(r.Subjects[o.person].ID, ref.URI)
			bt.links.mu.Lock()
			known := bt.links.known[id]
			bt.links.mu.Unlock()
			if known {
				continue
			}
			a := rec.about(o.person)
			a.chain = append(slices.Clone(o.chain), fmt.Sprintf("%s.%s refers to %s.%s of finding %s", rel.Table, rel.Column, rel.RefTable, rel.RefColumn, o.id))
			linked = true
		}
		if !linked {
			continue
		}
		r.finishRow(rec, b, row, true)
	}
	bt.add(u)
}

// linkedWhy is the reason of the confidence of a record that a declared key ties
// to another.
const linkedWhy = "a declared key ties it to a record that is certainly about the person"

// finishRow makes the findings of a row of a live database, and notes its keys.
func (r *run) finishRow(rec *record, b *scanners.Block, row int, linkedOnly bool) {
	chains := map[string][]string{}
	own := map[string][]int{}
	for p, a := range rec.people {
		a.silent = linkedOnly && a.chain == nil
		chains[r.Subjects[p].ID] = a.chain
		if a.chain == nil {
			own[r.Subjects[p].ID] = a.own
		}
	}
	from := len(rec.unit.findings)
	rec.finish()
	for _, f := range rec.unit.findings[from:] {
		if f.Confidence == string(subject.Certain) {
			rec.unit.batch.links.note(b, row, origin{person: f.SubjectIndex(), chain: chains[f.Subject], id: f.ID, own: own[f.Subject]})
		}
	}
}

// evidence is never null in a report.
func evidence(chain []string) []string {
	if chain == nil {
		return []string{}
	}
	return chain
}
