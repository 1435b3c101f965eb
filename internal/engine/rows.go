package engine

import (
	"bytes"
	"context"
	enc "encoding/binary"
	"encoding/json"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// rowWork is what there is to do for one row of a block.
type rowWork struct {
	hits  []subject.Hit
	cells []int // columns that hold a container

	undecoded []subject.Undecoded
}

// rows matches a block. Each row is a record of its own; of a live database it
// is a unit, too. rec is the item or document that the block came out of.
func (r *run) rows(ctx context.Context, rec *record, b *scanners.Block, live bool) {
	if !live && r.leavesRows(rec, b) {
		return
	}
	if r.Survey != nil {
		r.surveyRows(rec, b, live)
	}
	r.linker.observe(rec, b, live)
	r.watchRows(rec, b, live)
	hits, undecoded := r.Recognizer.SearchRows(nil, b.Data, rowBounds(b), cellBounds(b))
	r.found(ctx, rec, b, hits, undecoded, live)
}

// found makes records of the rows of a block in which something was found.
func (r *run) found(ctx context.Context, rec *record, b *scanners.Block, hits []subject.Hit, undecoded []subject.Undecoded, live bool) {
	work := map[int]*rowWork{}
	at := func(row int) *rowWork {
		w := work[row]
		if w == nil {
			w = &rowWork{}
			work[row] = w
		}
		return w
	}
	for _, h := range hits {
		if row, _, ok := within(b, h); ok {
			w := at(row)
			w.hits = append(w.hits, h)
		}
	}
	for _, u := range undecoded {
		row, _, _ := b.At(int(u.At))
		w := at(row)
		w.undecoded = append(w.undecoded, u)
	}
	r.containers(b, live, func(row, col int) { at(row).cells = append(at(row).cells, col) })
	var partialRows, partialBytes int64
	order := make([]int, 0, len(work))
	for row := range work {
		order = append(order, row)
	}
	sort.Ints(order)
	for _, row := range order {
		if r.row(ctx, rec, b, row, work[row], live) {
			partialRows++
			partialBytes += b.RowBytes(row)
		}
	}
	if !live {
		return
	}
	n, size := int64(b.Rows()), b.Bytes()
	u := rec.unit
	u.top = n
	u.cov.Units.Found += n
	u.cov.Units.Scanned += n - partialRows
	u.cov.Units.Partial += partialRows
	u.cov.Bytes.Found += size
	u.cov.Bytes.Scanned += size - partialBytes
	u.cov.Bytes.Partial += partialBytes
	u.batch.counter.bytes.Add(size)
}

// containers calls fn for each cell of a block that holds a container.
func (r *run) containers(b *scanners.Block, live bool, fn func(row, col int)) {
	n := len(b.Table.Columns)
	scalars := scalarColumns(b.Table, live)
	cols := make([]int, 0, n)
	for col := range n {
		if scalars == nil || !scalars[col] {
			cols = append(cols, col)
		}
	}
	for row := range b.Rows() {
		for _, col := range cols {
			start, end := b.Span(row*n + col)
			if end-start < minNested {
				continue
			}
			// Of most it is seen at once that they are text like any other.
			if cell := b.Data[start:end]; (r.magics[cell[0]] != nil || len(cell) >= 512 || binary(cell[:8])) && r.nested(cell) && r.holds(cell) {
				fn(row, col)
			}
		}
	}
}

// scalarColumns tells which columns of a live table are of types whose values are
// numbers, times and the like, and hold nothing else: the server sees to that, a
// document only says so. nil: none is known to be.
func scalarColumns(t *scanners.Table, live bool) []bool {
	if !live || len(t.Types) != len(t.Columns) {
		return nil
	}
	out := make([]bool, len(t.Columns))
	for i, typ := range t.Types {
		switch typ {
		case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int2", "int4", "int8", "oid", "decimal", "numeric", "money",
			"float", "double", "float4", "float8", "bool", "boolean", "year", "date", "time", "timetz", "datetime", "timestamp", "timestamptz",
			"uuid", "inet", "inet4", "inet6", "cidr", "macaddr", "macaddr8":
			out[i] = true
		}
	}
	return out
}

// within returns the row and column of a hit. A match never crosses a cell,
// except for a name whose words stand in neighbouring columns of one row.
func within(b *scanners.Block, h subject.Hit) (row, col int, ok bool) {
	row, col, _ = b.At(int(h.Start))
	last, lastCol, _ := b.At(int(h.End) - 1)
	return row, col, row == last && (col == lastCol || strings.HasSuffix(h.Form, "columns"))
}

// rowBounds returns a function that tells the bounds in b.Data of the row in
// which an offset lies, with the separator behind its last cell. It is for one
// goroutine.
func rowBounds(b *scanners.Block) func(off int) (from, to int) {
	n := len(b.Table.Columns)
	next := 0 // row: they are asked for in order, more or less
	return func(off int) (from, to int) {
		for row := next; row < min(next+4, b.Rows()); row++ {
			from, _ = b.Span(row * n)
			if _, to = b.Span(row*n + n - 1); from <= off && off <= to {
				next = row
				return from, to + 1
			}
		}
		row, _, _ := b.At(off)
		from, _ = b.Span(row * n)
		_, to = b.Span(row*n + n - 1)
		next = row
		return from, to + 1
	}
}

// cellBounds is rowBounds for cells, without the separator.
func cellBounds(b *scanners.Block) func(off int) (from, to int) {
	n := len(b.Table.Columns)
	return func(off int) (from, to int) {
		row, col, _ := b.At(off)
		return b.Span(row*n + col)
	}
}

// holds reports whether a cell that starts like a container is one, or is known
// not to be readable. Other text is matched with its row, and not once more.
func (r *run) holds(cell []byte) bool {
	head := cell[:min(len(cell), container.HeadLen)]
	_, _, opaque := document.Opaque(head)
	return opaque || container.Detect(r.Decoders, head, "") != nil
}

// minNested is the length from which a cell may hold a container, in bytes.
const minNested = 20

// nestedMagic lists how what columns are used to hold starts: attachments,
// compressed values, mails that are kept whole, as ticket systems do.
func nestedMagic() []string {
	return []string{
		"\x1f\x8b", "PK\x03\x04", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18", "7z\xbc\xaf", "Rar!", "MSCF",
		"%PDF-", "{\\rtf", "\xd0\xcf\x11\xe0", "SQLite format 3", "\x78\x9f\x3e\x22", "\x78\x01", "\x78\x5e", "\x78\x9c", "\x78\xda", "\xff\xd8\xff", "\x89PNG", "GIF8", "RIFF", "II*\x00", "MM\x00*",
		"From: ", "From ", "Return-Path: ", "Received: ", "Delivered-To: ", "Date: ", "MIME-Version: ", "Message-ID: ", "Subject: ", "To: ", "X-",
		"BEGIN:VCARD", "BEGIN:VCALENDAR", "-----BEGIN PGP MESSAGE-----",
	}
}

// nested reports whether a cell starts like a container that columns are used
// to hold; text is matched where it stands.
func (r *run) nested(cell []byte) bool {
	for _, m := range r.magics[cell[0]] {
		if len(cell) >= len(m) && string(cell[:len(m)]) == m {
			word := m[len(m)-1] == ' ' || m == "X-"
			return !word || bytes.IndexByte(cell[:min(len(cell), container.HeadLen)], '\n') >= 0
		}
	}
	if len(cell) >= 512 && string(cell[257:262]) == "ustar" {
		return true
	}
	if !binary(cell[:8]) {
		return false
	}
	if container.Compressed(cell[:min(len(cell), container.HeadLen)]) {
		return true
	}
	_, _, opaque := document.Opaque(cell[:min(len(cell), 64)])
	return opaque
}

// binary reports whether text does not start like that: whether one of the eight
// bytes is below a tab, or no ASCII.
func binary(start []byte) bool {
	x := enc.LittleEndian.Uint64(start)
	const ones = 0x0101010101010101
	return (x|(x-'\t'*ones))&(0x80*ones) != 0
}

// row makes the record of a row, and reports whether something in it could not
// be read.
func (r *run) row(ctx context.Context, rec *record, b *scanners.Block, row int, w *rowWork, live bool) (partial bool) {
	hash := b.Hash(r.RowKey, row)
	ref := r.rowRef(rec, b, row, hash, live, "")
	sub := &record{unit: rec.unit, ref: ref, top: ref.URI, isRow: true, content: func() string { return hash }}
	if live {
		ref.If = map[string]string{"row-hmac": hash}
		sub.ref.If = ref.If
		sub.content = func() string { return rowContent(r.RowKey, b, row) }
	} else {
		sub.parent = rec
		sub.row, _ = json.Marshal(ref.Locator)
		sub.top, sub.inside, sub.section = rec.top, rec.inside, rec.section
		sub.ref = rec.ref
		sub.ref.URI = rec.ref.URI + ref.URI
		sub.ref.Place = rec.ref.Place + " / " + ref.Place
	}
	r.rowHits(sub, b, row, w.hits)
	sub.undecoded(w.undecoded)
	for _, col := range w.cells {
		r.cell(ctx, sub, b, row, col)
	}
	scope := ""
	if r.linker != nil {
		scope, _ = r.linker.scopeOf(rec, live)
	}
	r.finishRow(sub, r.linker, scope, b, row, false)
	return sub.partial
}

// valueColumn matches the columns of values in tables of keys and values.
var valueColumn = regexp.MustCompile(`(?i)(^|_)(value|val|data|content|setting|waarde|wert|valeur)$`)

// fieldPaths returns for each hit the path of the field within its cell; nil where
// no cell has fields.
func fieldPaths(b *scanners.Block, hits []subject.Hit) (paths []string) {
	for i := 0; i < len(hits); {
		_, _, start := b.At(int(hits[i].Start))
		n := sort.Search(len(b.Ends), func(k int) bool { return int(b.Ends[k]) >= start })
		_, end := b.Span(n)
		j := i
		for j < len(hits) && hits[j].Start < int64(end) {
			j++
		}
		if cell := b.Data[start:end]; j > i && document.Structured(cell) {
			offs := make([]int, j-i)
			for k := range offs {
				offs[k] = int(hits[i+k].Start) - start
			}
			if paths == nil {
				paths = make([]string, len(hits))
			}
			copy(paths[i:j], document.FieldPaths(cell, offs))
		}
		i = max(j, i+1)
	}
	return paths
}

// lastField returns the last two names of a path.
func lastField(path string) (parent, name string) {
	k := strings.LastIndexByte(path, '.')
	parent, name = path[:max(k, 0)], path[k+1:]
	return parent[strings.LastIndexByte(parent, '.')+1:], name
}

// rowHits takes what was found in a row into its record.
func (r *run) rowHits(rec *record, b *scanners.Block, row int, hits []subject.Hit) {
	columns := b.Table.Columns
	paths := fieldPaths(b, hits)
	for i, h := range hits {
		_, col, start := b.At(int(h.Start))
		field, at := columns[col], h.Start-int64(start)
		if _, last, _ := b.At(int(h.End) - 1); last != col {
			field, at = columns[col]+"+"+columns[last], -1
		}
		if !h.Named && col > 0 && valueColumn.MatchString(field) {
			// A table of keys and values: the cell in front names this one.
			if key, null := b.Cell(row, col-1); !null && len(key) <= 64 {
				h.Named = r.Recognizer.NamedBy(h.Type, "", string(key))
			}
		}
		if paths != nil && paths[i] != "" && at >= 0 {
			parent, name := lastField(field + "." + paths[i])
			h.Named = h.Named || r.Recognizer.NamedBy(h.Type, parent, name) || r.Recognizer.NamedBy(h.Type, "", parent+" "+name)
			field += "." + r.shown(paths[i])
		}
		rec.hit(h, b.Table.Table, field, at, -1)
	}
	r.standing(rec, b, row)
	if len(rec.people) > 0 {
		r.hold(rec, b, row)
		for col, name := range columns {
			if !r.sense(b.Table.Table, name).birth {
				continue
			}
			cell, _ := b.Cell(row, col)
			for p, a := range rec.people {
				a.contradicted = a.contradicted || r.Recognizer.Contradicts(p, string(cell))
			}
		}
		rec.others = map[string]bool{}
		for col := range columns {
			cell, _ := b.Cell(row, col)
			addresses(rec.others, cell)
		}
	}
}

// cell looks into a cell that holds a container.
func (r *run) cell(ctx context.Context, row *record, b *scanners.Block, n, col int) {
	cell, _ := b.Cell(n, col)
	name := b.Table.Columns[col]
	sub := &record{unit: row.unit, parent: row, ref: row.ref, top: row.top, row: row.row}
	sub.inside = append(slices.Clone(row.inside), newStep("column", name))
	sub.ref.URI = row.ref.URI + "!/" + scanners.EscapeSegment(name)
	sub.ref.Place = row.ref.Place + " / column"
	budget := container.NewBudget(r.Limits, int64(len(cell)))
	r.enter(ctx, sub, scanners.Item{Name: name, Size: int64(len(cell)), Body: bytes.NewReader(cell)}, budget)
}

// nth counts identical rows of a table without a key.
func (rec *record) nth(key string, live bool) int {
	if !live {
		if rec.same == nil {
			rec.same = map[string]int{}
		}
		rec.same[key]++
		return rec.same[key]
	}
	b := rec.unit.batch
	b.mu.Lock()
	defer b.mu.Unlock()
	b.identical[key]++
	return b.identical[key]
}
