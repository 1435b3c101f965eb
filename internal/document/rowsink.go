package document

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// A rowSink gathers rows into blocks.
type rowSink struct {
	kind   string // type of the locators
	yield  func(scanners.Item, error) bool
	block  scanners.Block
	starts []int64 // of the rows in the document, -1 where unknown
}

// table makes ready for rows of t.
func (s *rowSink) table(t *scanners.Table) bool {
	if s.block.Table != t && !s.flush() {
		return false
	}
	s.block.Table = t
	return true
}

// commit ends the row whose cells were appended to s.block.
func (s *rowSink) commit(at int64) bool {
	s.starts = append(s.starts, at)
	return len(s.block.Data) < dumpBlockBytes && len(s.starts) < dumpBlockRows || s.flush()
}

// flush hands over the rows that were gathered.
func (s *rowSink) flush() bool {
	if len(s.starts) == 0 {
		return true
	}
	b := &s.block
	if b.Name == nil {
		b.Name = namer(s.kind)
	}
	b.Refs, b.Origin, b.Keep = s.refs(b, s.starts), func(row int) int64 { return s.starts[row] }, s.kept
	ok := s.yield(scanners.Item{Size: -1, Block: b}, nil)
	b.Reset()
	s.starts = s.starts[:0]
	if cap(b.Data) > 4*dumpBlockBytes {
		b.Data = nil
	}
	return ok
}

func (s *rowSink) refs(b *scanners.Block, starts []int64) func(row int, hash string, n int) scanners.Ref {
	name := b.Name
	return func(row int, hash string, n int) scanners.Ref { return name(b, row, starts[row], hash, n) }
}

// namer returns the Name of blocks whose locators are of a kind.
func namer(kind string) func(b *scanners.Block, row int, origin int64, hash string, n int) scanners.Ref {
	return func(b *scanners.Block, row int, origin int64, hash string, n int) scanners.Ref {
		ref := dumpRef(b, row, origin, hash, n)
		if loc, ok := ref.Locator.(DumpRow); ok {
			loc.Type = kind
			ref.Locator = loc
		}
		return ref
	}
}

func (s *rowSink) kept() *scanners.Block {
	b, starts := s.block.Clone(), slices.Clone(s.starts)
	b.Keep, b.Refs, b.Origin = nil, s.refs(b, starts), func(row int) int64 { return starts[row] }
	return b
}

// Bounds of rows whose columns are known only as they come.
const (
	maxDocColumns = 4000    // of one block; the values of further ones stand together
	maxDocCells   = 1 << 20 // of one block, those that are empty counted
)

// docRows gathers records whose fields are known only as they come: the
// documents of a collection, the keys of a store. Each path of names is a
// column; of several values with one path, as those in a list, each stands in a
// line of the cell.
type docRows struct {
	rowSink
	schema, name string
	key          string // the path that names a row

	nodes []docNode
	cols  []string // paths
	told  int      // how many of them were told as text
	t     *scanners.Table

	data  []byte    // of the rows that wait
	cells []docCell // likewise
	rows  []docRow
	heads []int32 // of the row that is laid out, by column: its first cell, +1
	tails []int32
}

type docNode struct {
	children map[string]int32
	path     string
	col      int32 // -1 where it has none yet
}

type docCell struct {
	col      int32
	from, to int32
	next     int32 // +1
	null     bool
}

type docRow struct {
	first int32
	at    int64
}

func newDocRows(kind string, yield func(scanners.Item, error) bool) *docRows {
	d := &docRows{rowSink: rowSink{kind: kind, yield: yield}}
	d.forget()
	return d
}

// forget starts with no columns.
func (d *docRows) forget() {
	d.nodes, d.cols, d.told, d.t = []docNode{{col: -1}}, nil, 0, nil
	d.heads, d.tails = nil, nil
}

// into makes ready for the records of a collection.
func (d *docRows) into(schema, name, key string) bool {
	if d.schema == schema && d.name == name && d.key == key {
		return true
	}
	ok := d.lay()
	d.schema, d.name, d.key = schema, name, key
	d.forget()
	return ok
}

// begin starts a record.
func (d *docRows) begin(at int64) { d.rows = append(d.rows, docRow{int32(len(d.cells)), at}) }

// drop takes the record that was begun last back.
func (d *docRows) drop() {
	r := d.rows[len(d.rows)-1]
	if int(r.first) < len(d.cells) {
		d.data = d.data[:d.cells[r.first].from]
	}
	d.cells, d.rows = d.cells[:r.first], d.rows[:len(d.rows)-1]
}

// child returns the node of a field within another; 0 is the record itself. Where
// a name looks like a value (an address, a number), it is kept as one, under "*".
func (d *docRows) child(node int32, name []byte) int32 {
	if c, ok := d.nodes[node].children[string(name)]; ok {
		return c
	}
	key := string(name)
	if !fieldName(key) && key != "*" {
		c := d.child(node, []byte("*"))
		d.open()
		d.data = append(d.data, name...)
		d.close(c, false)
		return c
	}
	if len(d.nodes) > maxDocColumns {
		return d.child(0, []byte("*")) // there is one, since it is made below
	}
	path := key
	if p := d.nodes[node].path; p != "" {
		path = p + "." + key
	}
	d.nodes = append(d.nodes, docNode{path: path, col: -1})
	c := int32(len(d.nodes) - 1)
	if d.nodes[node].children == nil {
		d.nodes[node].children = map[string]int32{}
	}
	d.nodes[node].children[key] = c
	if len(d.nodes) == maxDocColumns {
		d.child(0, []byte("*"))
	}
	return c
}

// open starts a value, whose bytes are appended to d.data.
func (d *docRows) open() { d.cells = append(d.cells, docCell{from: int32(len(d.data))}) }

// close ends the value that open started, as that of a node.
func (d *docRows) close(node int32, null bool) {
	n := &d.nodes[node]
	if n.col < 0 {
		n.col = int32(len(d.cols))
		path := n.path
		if path == "" {
			path = "value"
		}
		d.cols = append(d.cols, path)
		d.t = nil
	}
	c := &d.cells[len(d.cells)-1]
	c.col, c.to, c.null = n.col, int32(len(d.data)), null
}

// held returns how many bytes the record that was begun last has so far.
func (d *docRows) held() int {
	r := d.rows[len(d.rows)-1]
	if int(r.first) == len(d.cells) {
		return 0
	}
	return len(d.data) - int(d.cells[r.first].from)
}

// end ends a record.
func (d *docRows) end() bool {
	if len(d.data) < dumpBlockBytes && len(d.rows) < dumpBlockRows && len(d.rows)*len(d.cols) < maxDocCells {
		return true
	}
	ok := d.lay()
	if len(d.nodes) > 256 {
		d.forget()
	}
	return ok
}

// last returns the end of a record's cells.
func (d *docRows) last(row int) int {
	if row+1 < len(d.rows) {
		return int(d.rows[row+1].first)
	}
	return len(d.cells)
}

// lay makes a block of the records that wait.
func (d *docRows) lay() bool {
	defer func() { d.data, d.cells, d.rows = d.data[:0], d.cells[:0], d.rows[:0] }()
	if len(d.rows) == 0 {
		return true
	}
	if len(d.cols) == 0 {
		d.cols = append(d.cols, "value")
	}
	if d.told < len(d.cols) {
		// The names themselves may say something.
		names := strings.Join(d.cols[d.told:], "\n")
		d.told = len(d.cols)
		if !d.yield(scanners.Item{Size: int64(len(names)), Body: strings.NewReader(names), Text: true, Field: "fields"}, nil) {
			return false
		}
	}
	if d.t == nil {
		d.t = &scanners.Table{Name: d.name, Schema: d.schema, Table: d.name, Columns: slices.Clone(d.cols)}
		if d.schema != "" {
			d.t.Name = d.schema + "." + d.name
		}
	}
	t := d.t
	// The key names rows only where each has it.
	var key []int
	for i, path := range d.cols {
		if rest, ok := strings.CutPrefix(path, d.key); ok && d.key != "" && (rest == "" || rest[0] == '.') {
			key = append(key, i)
		}
	}
	for i, r := range d.rows {
		if !slices.ContainsFunc(d.cells[r.first:d.last(i)], func(c docCell) bool { return !c.null && slices.Contains(key, int(c.col)) }) {
			key = nil
			break
		}
	}
	if !slices.Equal(t.Key, key) {
		c := *t
		c.Key = key
		d.t, t = &c, &c
	}
	if n := len(d.cols); len(d.heads) < n {
		d.heads, d.tails = make([]int32, n), make([]int32, n)
	}
	if !d.table(t) {
		return false
	}
	b := &d.block
	for i, r := range d.rows {
		for k := int(r.first); k < d.last(i); k++ {
			c := d.cells[k].col
			d.cells[k].next = 0
			if d.heads[c] == 0 {
				d.heads[c] = int32(k + 1)
			} else {
				d.cells[d.tails[c]-1].next = int32(k + 1)
			}
			d.tails[c] = int32(k + 1)
		}
		for col := range d.cols {
			k := d.heads[col]
			d.heads[col] = 0
			null := true
			for first := true; k != 0; first = false {
				c := d.cells[k-1]
				if !first {
					b.Data = append(b.Data, '\n')
				}
				null = null && c.null
				b.Data = append(b.Data, d.data[c.from:c.to]...)
				k = c.next
			}
			b.Ends = append(b.Ends, uint32(len(b.Data)))
			b.Data = append(b.Data, 0)
			b.Nulls = append(b.Nulls, null)
		}
		d.starts = append(d.starts, r.at)
	}
	return d.flush()
}

// fieldName reports whether a name in a record is the name of a field rather than
// a value, as in a list of numbers by address.
func fieldName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	digits := 0
	for i, r := range s {
		switch {
		case unicode.IsLetter(r):
		case r == utf8.RuneError:
			return false
		case unicode.IsDigit(r):
			if digits++; i == 0 || digits > 4 {
				return false
			}
		case r == '_' || r == '-' || r == '$' || r == ':' && i > 0:
		default:
			return false
		}
	}
	return true
}
