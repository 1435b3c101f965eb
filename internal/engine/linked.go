package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// lookup asks a database for the rows of a search.
func (l *linker) lookup(ctx context.Context, b *batch, live liveScope, s *search) {
	failed := func(err error) {
		b.gap(scanners.Gap{
			Place: l.run.shown(strings.ReplaceAll(s.table, ".", " / ") + " / row"), Reason: scanners.ReasonOf(err),
			Detail: "rows that belong to others could not be looked up: " + errorText(err),
		})
	}
	defer func() {
		if p := recover(); p != nil {
			failed(panicked(p))
		}
	}()
	if l.run.leavesTable(live.source, s.table) {
		return // the ledger says so
	}
	identical := map[string]int{}
	for it, err := range live.looker.Lookup(ctx, s.table, s.column, slices.Sorted(maps.Keys(s.from))) {
		if err != nil {
			if b.note(err) {
				continue
			}
			failed(err)
			return
		}
		if it.Block != nil {
			l.linkedRows(b, it.Block, s, identical)
		}
	}
}

// originsOf returns the origins of a row that a search came upon.
func (s *search) originsOf(b *scanners.Block, row int) []origin {
	col := slices.Index(b.Table.Columns, s.column)
	if col < 0 {
		return nil
	}
	v, null := b.Cell(row, col)
	if null {
		return nil
	}
	from := s.from[string(v)]
	if from == nil {
		// The server compares by its own collation.
		for key, o := range s.from {
			if len(s.from) < 1000 && strings.EqualFold(strings.TrimSpace(key), strings.TrimSpace(string(v))) {
				from = o
			}
		}
	}
	if s.by != nil {
		return slices.DeleteFunc(slices.Clone(from), func(o origin) bool {
			for i, k := range s.keys {
				col := slices.Index(b.Table.Columns, s.columns[k])
				if col < 0 {
					return true
				}
				if v, null := b.Cell(row, col); null || string(v) != o.with[i] {
					return true
				}
			}
			return false
		})
	}
	if len(s.link.With) > 0 {
		from = slices.DeleteFunc(slices.Clone(from), func(o origin) bool {
			for i, p := range s.link.With {
				col := slices.Index(b.Table.Columns, p.Column)
				if col < 0 {
					return true
				}
				if v, null := b.Cell(row, col); null || string(v) != o.with[i] {
					return true
				}
			}
			return false
		})
	}
	if len(from) == 0 || s.up || s.link.TypeColumn == "" {
		return from
	}
	col = slices.Index(b.Table.Columns, s.link.TypeColumn)
	if col < 0 {
		return nil
	}
	if v, null = b.Cell(row, col); null || !slices.Contains(s.link.Types, string(v)) {
		return nil
	}
	return from
}

// step is one step of a chain, for people.
func (s *search) step(o origin) string {
	if s.up {
		return fmt.Sprintf("%s (finding %s) ← %s.%s", s.link.Table, o.id, s.link.RefTable, s.link.RefColumn)
	}
	return fmt.Sprintf("%s (finding %s) → %s.%s", s.link.RefTable, o.id, links.PlainName(s.link.Table), s.link.Column)
}

// conf returns how sure a row is that a search ties to an origin, and why.
func (s *search) conf(o origin) (subject.Confidence, string) {
	if s.link.Kind == links.Inferred {
		return subject.Likely, "a link that was inferred ties it to a record about the person"
	}
	if o.conf != subject.Certain {
		return o.conf, "a key ties it to a record that is likely to be about the person"
	}
	return subject.Certain, linkedWhy
}

// linkedWhy is the reason of the confidence of a record that a key ties to
// another.
const linkedWhy = "a declared key ties it to a record that is certainly about the person"

// otherWhy is that of a record about somebody else.
const otherWhy = "a key ties it to a record about the person, but it names somebody else"

// tie adds to a record what ties it to the person of an origin, and reports
// whether that is news. other says that the record names somebody else.
func (l *linker) tie(rec *record, s *search, o origin, other bool) bool {
	conf, why := s.conf(o)
	if other && s.up {
		return false
	}
	if other {
		conf, why = subject.Possible, otherWhy
	}
	id := inventory.FindingID(l.run.Subjects[o.person].ID, rec.ref.URI)
	l.mu.Lock()
	known, ok := l.known[id]
	l.mu.Unlock()
	if ok && known <= rankOf(conf) {
		return false
	}
	a := rec.about(o.person)
	if a.chain != nil && rankOf(a.tied) <= rankOf(conf) {
		return false
	}
	a.chain = append(slices.Clone(o.chain), s.step(o))
	a.tied, a.tiedWhy, a.other = conf, why, other
	return true
}

// linkedRows makes findings of rows of a database that a search came upon.
func (l *linker) linkedRows(bt *batch, b *scanners.Block, s *search, identical map[string]int) {
	r := l.run
	if b.Rows() > 0 && r.Activities != nil {
		if _, left := r.leaves(bt.source, b.Refs(0, strings.Repeat("0", 32), 1)); left {
			return
		}
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
		hash, n := b.Hash(r.RowKey, row), 1
		if len(b.Table.Key) == 0 {
			identical[hash]++
			n = identical[hash]
		}
		from := s.originsOf(b, row)
		if len(from) == 0 {
			continue
		}
		ref := b.Refs(row, hash, n)
		if ref.If == nil {
			ref.If = map[string]string{}
		}
		ref.If["row-hmac"] = hash
		rec := &record{unit: u, ref: ref, top: ref.URI, isRow: true, content: func() string { return rowContent(r.RowKey, b, row) }}
		r.rowHits(rec, b, row, hits[row])
		r.hold(rec, b, row)
		names := links.PersonTable(b.Table.Table) && r.namesOther(b, row)
		linked := false
		for _, o := range from {
			other := names && (rec.people[o.person] == nil || len(rec.people[o.person].own) == 0)
			linked = l.tie(rec, s, o, other) || linked
		}
		if linked {
			l.counted(s)
			r.finishRow(rec, l, s.scope, b, row, true)
		}
	}
	bt.add(u)
}

// counted counts a row that a link led to.
func (l *linker) counted(s *search) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report(s.scope, s.link, "").Rows++
}

// indexed makes findings of a row of a document that a search came upon.
func (l *linker) indexed(bt *batch, s *search, row indexedRow, same map[string]int) {
	from := s.originsOf(row.block, 0)
	if len(from) == 0 {
		return
	}
	if row.again {
		l.byKey(s, row, from)
		return
	}
	n := 1
	if len(row.block.Table.Key) == 0 {
		k := s.scope + "\x00" + s.link.String() + "\x00" + row.doc.ref.URI + "\x00" + row.block.Table.Name + "\x00" + row.hash
		same[k]++
		n = same[k]
	}
	ref := row.ref(n)
	r := l.run
	u := &unit{run: r, source: row.doc.source, batch: bt, same: row.doc.same, copies: newCopies(row.doc.copies), time: row.doc.time}
	rec := &record{unit: u, ref: row.doc.ref, top: row.doc.top, isRow: true, inside: row.doc.inside, section: row.doc.section}
	if row.doc.live {
		rec.ref, rec.top = ref, ref.URI
		rec.ref.If = map[string]string{"row-hmac": row.hash}
	} else {
		rec.content = func() string { return row.hash }
		rec.row, _ = ref.Marshal()
		rec.ref.URI += ref.URI
		rec.ref.Place += " / " + ref.Place
	}
	rec.counted = row.third
	r.hold(rec, row.block, 0)
	rec.attrs = nil // the index has some of the columns only
	linked := false
	for _, o := range from {
		other := row.flags&rowOfOther != 0 && links.PersonTable(row.block.Table.Table)
		linked = l.tie(rec, s, o, other) || linked
	}
	if !linked {
		return
	}
	l.counted(s)
	r.finishRow(rec, l, s.scope, row.block, 0, true)
	bt.add(u)
}

// byKey notes a row that is to be looked up by its key.
func (l *linker) byKey(s *search, row indexedRow, from []origin) {
	t := row.block.Table
	if s.again == nil {
		s.again = &search{
			scope: s.scope, table: links.PlainName(s.table), column: t.Columns[t.Key[0]], link: s.link, by: s, from: map[string][]origin{},
		}
		s.again.keys = t.Key[1:]
		s.again.columns = t.Columns
	}
	first, _ := row.block.Cell(0, t.Key[0])
	for _, o := range from {
		o.with = nil
		for _, k := range s.again.keys {
			v, _ := row.block.Cell(0, k)
			o.with = append(o.with, string(v))
		}
		s.again.from[string(first)] = append(s.again.from[string(first)], o)
	}
}

// finishRow makes the findings of a row, and notes it for what refers to it.
func (r *run) finishRow(rec *record, l *linker, scope string, b *scanners.Block, row int, linkedOnly bool) {
	if l == nil {
		rec.finish()
		return
	}
	type tied struct {
		chain []string
		own   []int
		other bool
	}
	of := map[int]tied{}
	for p, a := range rec.people {
		a.silent = linkedOnly && a.chain == nil
		t := tied{chain: a.chain, other: a.other}
		if a.chain == nil {
			t.own = a.own
		}
		of[p] = t
	}
	rec.finishWith(func(f *inventory.Finding) {
		conf := subject.Confidence(f.Confidence)
		t := of[f.SubjectIndex()]
		if conf == subject.Possible || t.other {
			return
		}
		l.note(scope, b, row, origin{person: f.SubjectIndex(), chain: t.chain, conf: conf, id: f.ID, own: t.own}, f)
		if conf == subject.Certain && t.chain == nil && !r.Activities.AsProcessor(rec.assigned()) {
			r.reveal(b, row, f)
		}
	})
}

// evidence is never null in a report.
func evidence(chain []string) []string {
	if chain == nil {
		return []string{}
	}
	return chain
}
