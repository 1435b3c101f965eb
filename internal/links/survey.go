// Package links tells which records belong together: rows that refer to each
// other by a key that nobody declared. It learns the tables and their columns
// from the blocks that are read anyway, and infers references from names,
// types, how many of the values are found in the other column, and whether the
// other column is unique.
package links

import (
	"bytes"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// sampleSize bounds how many values of a column are remembered, by hash.
	sampleSize = 1024
	// allSamples bounds how many values of all columns together.
	allSamples = 3 << 20
	// leastSample is what remains of sampleSize when there are too many.
	leastSample = 64
	// maxTypes bounds how many values of a column that names a type are told
	// apart, and maxTypeLen how long these are, in bytes.
	maxTypes   = 64
	maxTypeLen = 100
	// maxTables bounds how many tables are known.
	maxTables = 200_000
)

// A Survey holds what is known about the tables of one or many sources. Its
// methods may be called concurrently.
type Survey struct {
	seed maphash.Seed
	apps []application
	keys map[string]bool // columns of theirs, in lower case
	held atomic.Int64    // values in all samples

	mu     sync.Mutex
	scopes map[string]*scope
	tables int
}

// A scope is a set of tables that may refer to each other: those of a server,
// or of a dump.
type scope struct {
	tables map[string]*Table
	order  []string
}

// NewSurvey returns an empty survey.
func NewSurvey() *Survey {
	apps := parseApplications(applications)
	return &Survey{seed: maphash.MakeSeed(), apps: apps, keys: columnsOf(apps), scopes: map[string]*scope{}}
}

// A Table is a table and what was seen in its columns.
type Table struct {
	Name, Schema, Table string
	Columns             []string
	Key                 []int
	// Keys are the indexes of the columns that may hold a key or refer to one.
	Keys []int

	survey  *Survey
	columns []*column // of Keys
	rows    atomic.Int64
}

// A column is what was seen in one.
type column struct {
	name, typ string
	polymorph int // index among Keys of the "_id" that goes with a "_type"; -1

	mu     sync.Mutex
	limit  atomic.Uint64 // values whose hash is not above it are remembered
	values map[uint64]struct{}
	filled int64 // cells that hold something
	types  map[string]int64
}

// insideMark stands behind the name of a table whose last column is a member of
// what its cells hold.
const insideMark = "\x00"

// InsideTable returns a table that has one more column: a member of what the
// cells of a column hold.
func InsideTable(t *scanners.Table, column, member string) *scanners.Table {
	x := *t
	name := column + "." + member
	x.Name += insideMark + name
	x.Columns = append(slices.Clone(t.Columns), name)
	x.Types = nil
	return &x
}

// inside reports whether the table is one of InsideTable.
func (t *Table) inside() bool { return strings.Contains(t.Name, insideMark) }

// PlainName returns the name of a table as its source has it.
func PlainName(name string) string {
	name, _, _ = strings.Cut(name, insideMark)
	return name
}

// Table returns what is known of a table; nil when there are too many tables, or
// when none of its columns may be a key.
func (s *Survey) Table(in string, t *scanners.Table) *Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.scopes[in]
	if sc == nil {
		sc = &scope{tables: map[string]*Table{}}
		s.scopes[in] = sc
	}
	k := t.Name
	known := sc.tables[k]
	if known != nil && slices.Equal(known.Columns, t.Columns) {
		return known
	}
	if s.tables >= maxTables {
		return nil
	}
	inside := strings.Contains(t.Name, insideMark)
	x := &Table{Name: t.Name, Schema: t.Schema, Table: t.Table, Columns: t.Columns, Key: t.Key, survey: s}
	for i, name := range t.Columns {
		typ := ""
		if i < len(t.Types) {
			typ = t.Types[i]
		}
		if !candidate(name, typ) && !s.keys[strings.ToLower(name)] && !slices.Contains(t.Key, i) && !slices.Contains(t.Refers, i) || inside && i < len(t.Columns)-1 {
			continue
		}
		c := &column{name: name, typ: typ, polymorph: -1, values: map[uint64]struct{}{}}
		c.limit.Store(math.MaxUint64)
		x.Keys = append(x.Keys, i)
		x.columns = append(x.columns, c)
	}
	for _, c := range x.columns {
		if stem, ok := typeColumn(c.name); ok {
			for k, o := range x.columns {
				if other, ok := idColumn(o.name); ok && other == stem {
					c.polymorph = k
				}
			}
		}
	}
	s.tables++
	if known == nil {
		sc.order = append(sc.order, k)
	}
	sc.tables[k] = x
	return x
}

// Forget drops what is known of a scope.
func (s *Survey) Forget(in string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.scopes[in]
	if sc == nil {
		return
	}
	for _, t := range sc.tables {
		for _, c := range t.columns {
			s.held.Add(-int64(len(c.values)))
		}
		s.tables--
	}
	delete(s.scopes, in)
}

// Tables returns the names of the tables of a scope, in the order in which they
// were first seen.
func (s *Survey) Tables(in string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc := s.scopes[in]; sc != nil {
		return slices.Clone(sc.order)
	}
	return nil
}

// Known returns a table of a scope by its name; nil where there is none.
func (s *Survey) Known(in, name string) *Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc := s.scopes[in]; sc != nil {
		return sc.tables[name]
	}
	return nil
}

// Move takes the tables of a scope over into another, for as far as that has
// none of these names.
func (s *Survey) Move(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.scopes[from], s.scopes[to]
	if a == nil || from == to {
		return
	}
	if b == nil {
		b = &scope{tables: map[string]*Table{}}
		s.scopes[to] = b
	}
	for _, k := range a.order {
		if b.tables[k] == nil {
			b.tables[k] = a.tables[k]
			b.order = append(b.order, k)
		} else {
			s.tables--
		}
	}
	delete(s.scopes, from)
}

// empty reports whether a cell that may refer to something refers to nothing.
func empty(v []byte) bool {
	return len(v) == 0 || len(v) > 128 || len(v) == 1 && v[0] == '0'
}

// Observe takes a block of the table's rows into account.
func (t *Table) Observe(b *scanners.Block) {
	if t == nil {
		return
	}
	n := len(b.Table.Columns)
	rows := b.Rows()
	t.rows.Add(int64(rows))
	var pass []uint64
	for k, col := range t.Keys {
		c := t.columns[k]
		if c.polymorph >= 0 {
			c.observeTypes(b, col)
			continue
		}
		pass = pass[:0]
		limit, filled := c.limit.Load(), int64(0)
		for i := col; i < rows*n; i += n {
			start, end := b.Span(i)
			v := b.Data[start:end]
			if empty(v) || b.Nulls != nil && b.Nulls[i] {
				continue
			}
			filled++
			if h := maphash.Bytes(t.survey.seed, v); h <= limit {
				pass = append(pass, h)
			}
		}
		c.add(t.survey, pass, filled)
	}
}

func (c *column) observeTypes(b *scanners.Block, col int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.types == nil {
		c.types = map[string]int64{}
	}
	var last []byte
	for row := range b.Rows() {
		v, null := b.Cell(row, col)
		if null || len(v) == 0 || len(v) > maxTypeLen || bytes.Equal(v, last) {
			continue
		}
		last = v
		if _, ok := c.types[string(v)]; ok || len(c.types) < maxTypes {
			c.types[string(v)]++
		}
	}
}

func (c *column) add(s *Survey, hashes []uint64, filled int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filled += filled
	limit := c.limit.Load()
	before := len(c.values)
	size := sampleSize
	if s.held.Load() > allSamples {
		size = leastSample
	}
	for _, h := range hashes {
		if h <= limit {
			c.values[h] = struct{}{}
		}
		for len(c.values) > size {
			limit /= 2
			for v := range c.values {
				if v > limit {
					delete(c.values, v)
				}
			}
		}
	}
	c.limit.Store(limit)
	s.held.Add(int64(len(c.values) - before))
}

// distinct estimates how many different values the column has.
func (c *column) distinct() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(len(c.values)) * (float64(math.MaxUint64) / float64(c.limit.Load()))
}

// unique reports whether no two cells seem to have the same value.
func (c *column) unique() bool {
	d := c.distinct()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.filled == 0 {
		return false
	}
	if c.limit.Load() == math.MaxUint64 {
		return int64(len(c.values)) == c.filled
	}
	// The estimate is off by a part of 1/sqrt(n).
	return d >= float64(c.filled)*(1-3/math.Sqrt(float64(len(c.values))))
}

// within returns how many of the sampled values of c are values of o, and of how
// many that can be told.
func (c *column) within(o *column) (in, of int) {
	if c == o {
		return 0, 0
	}
	c.mu.Lock()
	mine := make([]uint64, 0, len(c.values))
	for v := range c.values {
		mine = append(mine, v)
	}
	limit := c.limit.Load()
	c.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	limit = min(limit, o.limit.Load())
	for _, v := range mine {
		if v > limit {
			continue
		}
		of++
		if _, ok := o.values[v]; ok {
			in++
		}
	}
	return in, of
}

// FanIn returns how many rows of the table have the same value of a column, on
// average; 0 where that is not known.
func (t *Table) FanIn(name string) float64 {
	if c := t.column(name); c != nil {
		if d := c.distinct(); d > 0 {
			c.mu.Lock()
			defer c.mu.Unlock()
			return float64(c.filled) / d
		}
	}
	return 0
}

func (t *Table) column(name string) *column {
	if t == nil {
		return nil
	}
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	return nil
}
