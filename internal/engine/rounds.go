package engine

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// A Link is a reference between two columns that the configuration declares,
// confirms or refuses.
type Link struct {
	From, To LinkEnd
	Refuse   bool
}

// A LinkEnd is a column of a table of a source.
type LinkEnd struct{ Source, Table, Column string }

const (
	// maxLinkRounds bounds the length of a chain of keys.
	maxLinkRounds = 32
	// fewPeople is how many people may share a key for it to be followed.
	fewPeople = 3
	// aloneFanIn is how many rows refer to a row of another table, on average,
	// where that is the other half of each of them.
	aloneFanIn = 2.0
	// maxChildren bounds how many rows are looked at to tell whether one that
	// they refer to belongs to a person alone.
	maxChildren = 10_000
)

// A linker leads from the rows in which people were found to the rows that
// belong to them. Round 1 reads everything; it shows which tables and columns
// there are, and which rows are somebody's. Each further round finds the rows
// that refer to those, in databases by asking them, in documents by the index of
// keys, until a round adds nothing.
type linker struct {
	run    *run
	survey *links.Survey
	index  *keyIndex

	mu           sync.Mutex
	live         map[string]liveScope
	known        map[string]int8 // findings by id, and how sure they are
	held         []heldRow       // of the round under way
	links        map[string][]links.Link
	cascades     map[string]cascades        // by scope
	count        map[string]*inventory.Link // what was followed, by what it is
	order        []string
	seen         map[string]bool // values that were looked up
	merged       map[string]string
	inDocs       []declaration // of documents, until all are read
	declarations int
	spare        []*insides
}

type liveScope struct {
	source Source
	looker scanners.Looker
}

// An origin is a row that is about a person, to which others may refer.
type origin struct {
	person int
	chain  []string // how it came to be known, for people; empty for a row that says so itself
	conf   subject.Confidence
	id     string   // of its finding
	own    []int    // identifiers that settle it; none for a row that a key ties to another
	with   []string // the further values of the key under which it is referred to
}

// A heldRow is an origin and the cells that others may refer to.
type heldRow struct {
	origin
	scope  string
	table  string
	values map[string]string // by column
	self   bool              // the columns that say whom the row is about name the person
	prose  bool              // the row mentions the person in a text
	other  bool              // and is about somebody else
}

func newLinker(r *run) (*linker, error) {
	x, err := newKeyIndex()
	if err != nil {
		return nil, err
	}
	return &linker{
		run: r, survey: links.NewSurvey(), index: x, live: map[string]liveScope{}, known: map[string]int8{},
		links: map[string][]links.Link{}, cascades: map[string]cascades{}, count: map[string]*inventory.Link{}, seen: map[string]bool{}, merged: map[string]string{},
	}, nil
}

// liveOf names the scope of the tables of a source.
func liveOf(source string) string { return "live\x00" + source }

// begin takes a source whose rows can be looked up into account: its declared
// keys.
func (l *linker) begin(ctx context.Context, s Source) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	looker, ok := s.Source.(scanners.Looker)
	if !ok {
		return nil
	}
	l.mu.Lock()
	_, known := l.live[liveOf(s.Info.Name)]
	l.mu.Unlock()
	if known { // by another pass
		return nil
	}
	relations, err := looker.Relations(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	scope := liveOf(s.Info.Name)
	l.live[scope] = liveScope{s, looker}
	l.links[scope], l.cascades[scope] = nil, cascadesOf(relations)
	for _, r := range relations {
		l.links[scope] = append(l.links[scope], links.Link{
			Table: r.Table, Column: r.Column, RefTable: r.RefTable, RefColumn: r.RefColumn, With: r.With,
			Kind: links.Declared, Confidence: 1, Why: "a declared foreign key",
		})
	}
	return err
}

// scopeOf names the tables among which a record's rows may refer to each other.
func (l *linker) scopeOf(rec *record, live bool) (scope string, doc int) {
	if live {
		return liveOf(rec.unit.source.Info.Name), -1
	}
	doc = l.index.doc(rec)
	if doc < 0 {
		return "", -1
	}
	return "doc\x00" + rec.unit.source.Info.Name + "\x00" + rec.ref.URI, doc
}

// observe learns from a block that is read in round 1. It may be called
// concurrently.
func (l *linker) observe(rec *record, b *scanners.Block, live bool) {
	if l == nil || b.Rows() == 0 {
		return
	}
	if live {
		l.mu.Lock()
		_, ok := l.live[liveOf(rec.unit.source.Info.Name)]
		l.mu.Unlock()
		if !ok {
			return
		}
	}
	scope, doc := l.scopeOf(rec, live)
	if scope == "" {
		return
	}
	t := l.survey.Table(scope, b.Table)
	if t == nil || len(t.Keys) == 0 {
		return
	}
	t.Observe(b)
	if !live && b.Refs != nil {
		l.index.add(doc, t, b, l.run.RowKey)
	}
	l.observeInside(rec, b, scope, doc, live)
}

// maxInside bounds how many members of the cells of a block may be references.
const maxInside = 16

// maxKeptCells bounds the cells whose memory a member keeps from block to block.
const maxKeptCells = 1 << 18

// insides is the memory in which members of the cells of blocks are put together.
type insides struct {
	links.Inside
	members []*member
	named   map[string]*member // of one column
	key     []bool             // the columns of the key
	table   *scanners.Table    // of the block for which the tables of the members were made
}

// A member is what stands under one name in the cells of a column: rows with a
// key and that value.
type member struct {
	column int
	name   string
	block  scanners.Block
	rows   []int // of the block that it comes from
}

// observeInside learns from what the cells of a block hold: JSON, and values as
// PHP writes them. No server can look for these by a key, so the index keeps
// them, whatever they come from.
func (l *linker) observeInside(rec *record, b *scanners.Block, scope string, doc int, live bool) {
	if b.Refs == nil {
		return
	}
	x := l.insides()
	defer func() {
		for _, m := range x.members {
			if cap(m.block.Ends) > maxKeptCells {
				m.block = scanners.Block{Table: m.block.Table}
			}
			// What names a row holds on to its block.
			m.block = scanners.Block{Table: m.block.Table, Data: m.block.Data[:0], Ends: m.block.Ends[:0], Nulls: m.block.Nulls[:0]}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.spare = append(l.spare, x)
	}()
	x.collect(b, live)
	for _, m := range x.members {
		in, of := &m.block, m.rows
		if len(of) == 0 {
			continue
		}
		t := l.survey.Table(scope, in.Table)
		if t == nil {
			continue
		}
		t.Observe(in)
		in.Refs = func(row int, hash string, n int) scanners.Ref { return b.Refs(of[row], hash, n) }
		in.Name = b.Name
		if b.Origin != nil {
			in.Origin = func(row int) int64 { return b.Origin(of[row]) }
		}
		if live {
			doc = l.index.live(rec.unit.source, scope)
		}
		l.index.addRows(doc, t, in, b, of, l.run.RowKey)
	}
}

// insides returns memory that nobody uses. There is no more of it than blocks are
// looked at at the same time; a sync.Pool would lose it at each collection.
func (l *linker) insides() *insides {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.spare)
	if n == 0 {
		return &insides{named: map[string]*member{}}
	}
	x := l.spare[n-1]
	l.spare = l.spare[:n-1]
	return x
}

// collect takes the members out of the cells of a block.
func (x *insides) collect(b *scanners.Block, live bool) {
	if x.table != b.Table || len(x.members) > 4*maxInside {
		x.table, x.members = b.Table, x.members[:0]
		x.key = slices.Grow(x.key[:0], len(b.Table.Columns))[:len(b.Table.Columns)]
		clear(x.key)
		for _, col := range b.Table.Key {
			x.key[col] = true
		}
	}
	for _, m := range x.members {
		m.rows = m.rows[:0]
	}
	scalars := scalarColumns(b.Table, live)
	used := 0 // members that have rows
	for col := range b.Table.Columns {
		if scalars != nil && scalars[col] {
			continue
		}
		clear(x.named)
		for _, m := range x.members {
			if m.column == col {
				x.named[m.name] = m
			}
		}
		row := 0
		each := func(name string, value []byte) {
			m := x.named[name]
			switch {
			case m != nil && len(m.rows) > 0:
				if m.rows[len(m.rows)-1] == row {
					return // the first of several
				}
			case used == maxInside:
				return
			case m == nil:
				m = &member{column: col, name: name, block: scanners.Block{Table: links.InsideTable(b.Table, b.Table.Columns[col], name)}}
				x.named[name], x.members = m, append(x.members, m)
				used++
			default:
				used++
			}
			m.rows = append(m.rows, row)
			appendKey(&m.block, b, row, x.key)
			m.block.Append(value, false)
		}
		for ; row < b.Rows(); row++ {
			cell, _ := b.Cell(row, col)
			if links.MayHoldKeys(cell) {
				x.Each(cell, each)
			} else if row > 100 && used == 0 {
				break // the column is not of that kind
			}
		}
	}
}

// appendKey appends the row of a block to another one of the same columns, with
// its key only: the other cells are NULL.
func appendKey(to, b *scanners.Block, row int, key []bool) {
	data, ends, nulls := to.Data, to.Ends, to.Nulls
	for col, keep := range key {
		null := true
		if keep {
			var cell []byte
			cell, null = b.Cell(row, col)
			data = append(data, cell...)
		}
		ends = append(ends, uint32(len(data)))
		data = append(data, 0)
		nulls = append(nulls, null)
	}
	to.Data, to.Ends, to.Nulls = data, ends, nulls
}

// note takes a row that is about a person into account.
func (l *linker) note(scope string, b *scanners.Block, row int, o origin, f *inventory.Finding) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if k, ok := l.known[o.id]; !ok || k > rankOf(o.conf) {
		l.known[o.id] = rankOf(o.conf)
	}
	if f.ThirdParties > fewPeople && !links.PersonTable(b.Table.Table) {
		return
	}
	h := heldRow{origin: o, scope: scope, table: b.Table.Name, values: map[string]string{}, self: self(f)}
	if h.prose = len(o.chain) == 0 && inProse(b, row, f.Matches); h.prose {
		h.other = aboutOther(b, row, f.Matches)
	}
	t := l.survey.Known(scope, b.Table.Name)
	for col, name := range b.Table.Columns {
		if t != nil && !slices.Contains(t.Keys, col) && !l.declared(scope, b.Table.Name, name) {
			continue
		}
		if v, null := b.Cell(row, col); !null && len(v) > 0 && len(v) <= 128 {
			h.values[name] = string(v)
		}
	}
	l.held = append(l.held, h)
}

// declared reports whether a link of a scope needs a column.
func (l *linker) declared(scope, table, column string) bool {
	for _, x := range l.links[scope] {
		if x.Table == table && x.Column == column || x.RefTable == table && x.RefColumn == column {
			return true
		}
		for _, p := range x.With {
			if x.RefTable == table && p.RefColumn == column {
				return true
			}
		}
	}
	return false
}

func rankOf(c subject.Confidence) int8 {
	switch c {
	case subject.Certain:
		return 0
	case subject.Likely:
		return 1
	}
	return 2
}

// A declaration is what a document says of the keys of its tables, or of those of
// the documents in its folder.
type declaration struct {
	scope, folder string
	links         []links.Link
}

// maxDeclared bounds how many keys of documents are remembered.
const maxDeclared = 100000

// declare takes the foreign keys that a document declares.
func (l *linker) declare(rec *record, relations []scanners.Relation) {
	if l == nil {
		return
	}
	scope, _ := l.scopeOf(rec, false)
	if scope == "" {
		return
	}
	d := declaration{scope: scope}
	if k := strings.LastIndexByte(rec.ref.URI, '/'); k >= 0 {
		d.folder = "folder\x00" + rec.unit.source.Info.Name + "\x00" + rec.ref.URI[:k]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range relations {
		if l.declarations++; l.declarations > maxDeclared {
			break // those that follow are inferred, where the rows tell
		}
		d.links = append(d.links, links.Link{
			Table: r.Table, Column: r.Column, RefTable: r.RefTable, RefColumn: r.RefColumn, With: r.With,
			Kind: links.Declared, Confidence: 1, Why: "a declared foreign key",
		})
	}
	l.inDocs = append(l.inDocs, d)
}

// declaredInDocs adds what documents declare to the links of their scopes. What
// holds no rows, as the table of contents of a dump, speaks for its folder.
func (l *linker) declaredInDocs() {
	for _, d := range l.inDocs {
		scope := l.into(d.scope)
		if len(l.survey.Tables(scope)) == 0 {
			scope = d.folder
		}
		for _, x := range d.links {
			if !slices.ContainsFunc(l.links[scope], func(k links.Link) bool {
				return k.Table == x.Table && k.Column == x.Column && k.RefTable == x.RefTable && k.RefColumn == x.RefColumn
			}) {
				l.links[scope] = append(l.links[scope], x)
			}
		}
	}
	l.inDocs = nil
}

// infer completes the links of all scopes that were read.
func (l *linker) infer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mergeFolders()
	l.declaredInDocs()
	scopes := map[string]bool{}
	for s := range l.live {
		scopes[s] = true
	}
	for _, h := range l.held {
		scopes[l.into(h.scope)] = true
	}
	for s := range scopes {
		known := l.links[s]
		for _, x := range l.survey.Infer(s, known) {
			if c, ok := l.configured(s, x); ok {
				if c.Refuse {
					l.report(s, x, "refused")
					continue
				}
				x.Kind, x.Confidence, x.Why = links.Configured, 1, "confirmed in the configuration"
			}
			known = append(known, x)
		}
		for _, c := range l.run.Links {
			if c.Refuse || c.From.Source != c.To.Source || sourceOf(s) != c.From.Source || l.has(known, c) {
				continue
			}
			from, to := l.tableIn(s, c.From.Table), l.tableIn(s, c.To.Table)
			if from != "" && to != "" {
				known = append(known, links.Link{
					Table: from, Column: c.From.Column, RefTable: to, RefColumn: c.To.Column,
					Kind: links.Configured, Confidence: 1, Why: "declared in the configuration",
				})
			}
		}
		l.links[s] = known
		for _, x := range known {
			l.report(s, x, "")
		}
	}
}

func (l *linker) has(known []links.Link, c Link) bool {
	return slices.ContainsFunc(known, func(x links.Link) bool {
		return sameTable(x.Table, c.From.Table) && x.Column == c.From.Column && sameTable(x.RefTable, c.To.Table) && x.RefColumn == c.To.Column
	})
}

// tableIn returns the name of a table in a scope, as the survey has it.
func (l *linker) tableIn(scope, name string) string {
	for _, t := range l.survey.Tables(scope) {
		if sameTable(t, name) {
			return t
		}
	}
	return ""
}

// sameTable reports whether a name with or without its schema is that of a
// table.
func sameTable(full, name string) bool {
	return full == name || strings.HasSuffix(full, "."+name) && !strings.Contains(name, ".")
}

// configured returns what the configuration says of an inferred link.
func (l *linker) configured(scope string, x links.Link) (Link, bool) {
	for _, c := range l.run.Links {
		if c.From.Source == sourceOf(scope) && c.To.Source == c.From.Source && sameTable(x.Table, c.From.Table) && x.Column == c.From.Column &&
			(c.To.Table == "" || sameTable(x.RefTable, c.To.Table) && x.RefColumn == c.To.Column) {
			return c, true
		}
	}
	return Link{}, false
}

func sourceOf(scope string) string {
	_, rest, _ := strings.Cut(scope, "\x00")
	name, _, _ := strings.Cut(rest, "\x00")
	return name
}

// mergeFolders puts documents that hold one table each into one scope with their
// neighbours: a folder of exported tables.
func (l *linker) mergeFolders() {
	l.index.mu.Lock()
	defer l.index.mu.Unlock()
	for i := range l.index.docs {
		d := &l.index.docs[i]
		if d.live || len(d.tables) != 1 || strings.HasPrefix(d.scope, "folder\x00") {
			continue
		}
		k := strings.LastIndexByte(d.ref.URI, '/')
		if k < 0 {
			continue
		}
		folder := "folder\x00" + d.source.Info.Name + "\x00" + d.ref.URI[:k]
		l.survey.Move(d.scope, folder)
		l.merged[d.scope] = folder
		d.scope = folder
	}
}

func (l *linker) into(scope string) string {
	if m, ok := l.merged[scope]; ok {
		return m
	}
	return scope
}

// report lists a link for the report, once for each source and pair of columns.
func (l *linker) report(scope string, x links.Link, kind string) *inventory.Link {
	if kind == "" {
		kind = x.Kind
	}
	x.Table = links.PlainName(x.Table)
	k := sourceOf(scope) + "\x00" + x.Table + "\x00" + x.Column + "\x00" + x.RefTable + "\x00" + x.RefColumn
	if r := l.count[k]; r != nil {
		return r
	}
	r := &inventory.Link{
		Source: sourceOf(scope), From: l.run.shown(x.Table) + "." + x.Column, To: l.run.shown(x.RefTable) + "." + x.RefColumn,
		Kind: kind, Confidence: x.Confidence, Why: x.Why, Followed: kind != "refused" && x.Confidence >= links.Followed,
	}
	if x.TypeColumn != "" {
		r.When = x.TypeColumn + " is " + strings.Join(x.Types, ", ")
	}
	if x.RefTypeColumn != "" {
		r.When = x.RefTypeColumn + " is " + strings.Join(x.RefTypes, ", ")
	}
	l.count[k] = r
	l.order = append(l.order, k)
	return r
}

// listed returns the links for the report: those that were followed, and those
// that somebody may confirm.
func (l *linker) listed() []inventory.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []inventory.Link{}
	for _, k := range l.order {
		out = append(out, *l.count[k])
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Source != b.Source {
			return a.Source < b.Source
		}
		if a.From != b.From {
			return a.From < b.From
		}
		return a.To < b.To
	})
	return out
}

// follow runs the rounds after the first, until one adds nothing.
func (l *linker) follow(ctx context.Context, c *Counter) {
	if l == nil {
		return
	}
	l.infer()
	for source, err := range l.index.missing() {
		b := newBatch(l.run, sourceNamed(l.run, source), scanners.Part{ID: enginePart + "index", Place: source}, c)
		b.gap(scanners.Gap{Reason: scanners.ReasonOf(err), Detail: "links between rows are not followed in all documents: " + errorText(err)})
		b.commit()
	}
	for round := 2; ctx.Err() == nil; round++ {
		l.mu.Lock()
		held := l.held
		l.held = nil
		l.mu.Unlock()
		if len(held) == 0 {
			return
		}
		if round > maxLinkRounds {
			for source := range bySource(held) {
				b := newBatch(l.run, sourceNamed(l.run, source), scanners.Part{ID: enginePart + "rounds", Place: "rows that refer to others"}, c)
				b.gap(scanners.Gap{Reason: scanners.TooDeep, Detail: "a chain of keys is not followed any further"})
				b.commit()
			}
			return
		}
		l.round(ctx, round, l.searches(held), l.upward(held), c)
	}
}

func bySource(held []heldRow) map[string]bool {
	out := map[string]bool{}
	for _, h := range held {
		out[sourceOf(h.scope)] = true
	}
	return out
}

func sourceNamed(r *run, name string) Source {
	for _, s := range r.Sources {
		if s.Info.Name == name {
			return s
		}
	}
	return Source{Info: scanners.Info{Name: name}}
}

// unshared reports whether what ties a row to its person has not turned out to
// be shared.
func (r *run) unshared(o origin) bool {
	return len(o.own) == 0 || slices.ContainsFunc(o.own, func(i int) bool { return !r.col.Shared(o.person, i, r.hasName(o.person)) })
}
