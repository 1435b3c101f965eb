package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// span is what a part covers, as Part.Range holds it.
type span struct {
	Database string `json:"database"`
	Kind     string `json:"kind"`              // one of the constants below
	Cluster  bool   `json:"cluster,omitempty"` // definitions: those of the whole server too
	Schema   string `json:"schema,omitempty"`
	Table    string `json:"table,omitempty"`
	// The blocks of the table from From on and before To; To is 0 where all
	// others are meant. Node is the file in which those blocks are: when the
	// table gets another, they mean nothing any more.
	From uint32 `json:"from,omitempty"`
	To   uint32 `json:"to,omitempty"`
	Node string `json:"node,omitempty"`
	// State is the one of the database in which it was listed, as holder.state.
	State string `json:"state,omitempty"`
}

const (
	ofRows        = "rows"
	ofDefinitions = "definitions"
	ofObjects     = "objects"
)

// partial reports whether there are other parts of the same table.
func (r span) partial() bool { return r.From > 0 || r.To > 0 }

// Tables of more than splitBlocks blocks are split into parts of as many.
const (
	splitBlocks = 4096 // 32 MiB
	maxParts    = 1024
)

// Parts implements scanners.Source. For each database there is one part with
// the definitions, one with the large objects if there are any, and one or more
// for each table.
func (s *source) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		databases, err := s.databases(ctx)
		if err != nil {
			yield(scanners.Part{}, failed("list databases", err))
			return
		}
		first := true
		for _, d := range databases {
			uri := s.databaseURI(d.name)
			switch {
			case !s.set.Databases.matches(d.name):
				x := &scanners.Exclusion{URI: uri, Place: d.name, Reason: scanners.ByConfig, Detail: "database"}
				if !yield(scanners.Part{}, x) {
					return
				}
				continue
			case !d.allowed:
				g := &scanners.Gap{URI: uri, Place: d.name, Reason: scanners.Denied, Detail: "the database takes no connections"}
				if !yield(scanners.Part{}, g) {
					return
				}
				continue
			case !d.connect:
				g := &scanners.Gap{URI: uri, Place: d.name, Reason: scanners.Denied, Detail: "the account may not connect to the database"}
				if !yield(scanners.Part{}, g) {
					return
				}
				continue
			}
			more, err := s.database(ctx, d.name, first, yield)
			first = false
			if err != nil {
				// A single database is all there was to list.
				if ctx.Err() != nil || s.set.database != "" {
					yield(scanners.Part{}, failed("list tables", cause(ctx, err)))
					return
				}
				more = yield(scanners.Part{}, gap(err, uri, d.name, "list tables", 0, 0))
			}
			if !more {
				return
			}
		}
	}
}

// database yields the parts of one. It reports whether to go on.
func (s *source) database(ctx context.Context, name string, first bool, yield func(scanners.Part, error) bool) (bool, error) {
	h, err := s.hold(ctx, name)
	if err != nil {
		return true, err
	}
	all, err := s.relations(ctx, name, h.id)
	if errors.As(err, new(snapshotLost)) {
		s.drop(h)
		if h, err = s.hold(ctx, name); err == nil {
			all, err = s.relations(ctx, name, h.id)
		}
	}
	if err != nil {
		return true, err
	}
	objects := int64(0)
	err = s.rows(ctx, name, "SELECT count(*) FROM pg_largeobject_metadata", func() {}, func(c [][]byte) error {
		objects = number(c[0])
		return nil
	})
	if err != nil {
		return true, err
	}
	if !yield(s.part(span{Database: name, Kind: ofDefinitions, Cluster: first}, -1, -1), nil) {
		return false, nil
	}
	if objects > 0 {
		if !s.selected("pg_catalog", "pg_largeobject") {
			x := &scanners.Exclusion{
				URI: s.tableURI(name, "pg_catalog", "pg_largeobject"), Place: name + " / large objects",
				Reason: scanners.ByConfig, Detail: "large objects", Units: objects,
			}
			if !yield(scanners.Part{}, x) {
				return false, nil
			}
		} else if !yield(s.part(span{Database: name, Kind: ofObjects}, objects, -1), nil) {
			return false, nil
		}
	}
	closed := map[string]*scanners.Gap{} // schemas without USAGE
	var order []string
	for _, r := range all {
		if x := s.excluded(name, r); x != nil {
			if !yield(scanners.Part{}, x) {
				return false, nil
			}
			continue
		}
		if !s.selected(r.schema, r.name) || !r.stored() && !r.wanted {
			continue
		}
		if r.stored() && !r.usage && !r.via {
			g := closed[r.schema]
			if g == nil {
				g = &scanners.Gap{
					URI: s.databaseURI(name) + scanners.EscapeSegment(r.schema) + "/", Place: name + " / " + r.schema,
					Reason: scanners.Denied, Detail: "the account may not use the schema",
				}
				closed[r.schema] = g
				order = append(order, r.schema)
			}
			g.Units += max(0, r.rows)
			g.Bytes += max(0, r.bytes)
			continue
		}
		if r.stored() && !r.columns && !r.via {
			g := &scanners.Gap{
				URI: s.tableURI(name, r.schema, r.name), Place: name + " / " + r.place(), Reason: scanners.Denied,
				Detail: "the account may not select from the table", Units: max(0, r.rows), Bytes: max(0, r.bytes),
			}
			if !yield(scanners.Part{}, g) {
				return false, nil
			}
			continue
		}
		if !s.split(ctx, name, h.state, r, yield) {
			return false, nil
		}
	}
	for _, schema := range order {
		if !yield(scanners.Part{}, closed[schema]) {
			return false, nil
		}
	}
	return true, ctx.Err()
}

// excluded says why a relation with rows is left out on purpose.
func (s *source) excluded(database string, r *relation) *scanners.Exclusion {
	x := &scanners.Exclusion{URI: s.tableURI(database, r.schema, r.name), Place: database + " / " + r.place(), Reason: scanners.ByConfig}
	if r.stored() {
		if left := s.env.Left(x.URI, x.Place, r.rows, r.bytes); left != nil {
			return left
		}
	}
	switch {
	case r.kind == 'f':
		x.Detail = "foreign table: its rows are on another server, which is to be scanned itself"
	case r.stored() && !s.selected(r.schema, r.name):
		x.Detail, x.Units, x.Bytes = "table", max(0, r.rows), max(0, r.bytes)
	default:
		return nil
	}
	return x
}

// part makes a part. Its ID depends on what it covers alone, so that results of
// parts with other bounds are never taken for those of this one.
func (s *source) part(r span, rows, bytes int64) scanners.Part {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and numbers only
	}
	p := scanners.Part{Source: s.name, ID: url.PathEscape(r.Database), Place: r.Database, Range: string(b), Units: rows, Bytes: bytes}
	switch r.Kind {
	case ofDefinitions:
		p.ID += "#definitions"
		p.Place += " / definitions"
	case ofObjects:
		p.ID += "#objects"
		p.Place += " / large objects"
	default:
		p.ID += "/" + url.PathEscape(r.Schema) + "/" + url.PathEscape(r.Table)
		p.Place += " / " + r.Schema + " / " + r.Table
		if r.partial() {
			p.ID += fmt.Sprintf("#%s-%d-%d", r.Node, r.From, r.To)
		}
	}
	return p
}

// split yields the parts of a table. The last one has no upper bound, so that
// together they cover every block there can be.
func (s *source) split(ctx context.Context, database, state string, r *relation, yield func(scanners.Part, error) bool) bool {
	whole := span{Database: database, Kind: ofRows, Schema: r.schema, Table: r.name, State: state, Node: r.node}
	const small = splitBlocks * 8 << 10
	if !r.heap || !r.readable && !r.via || r.bytes >= 0 && r.bytes < small || r.bytes < 0 && r.rows < 20000 {
		return yield(s.part(whole, r.rows, r.bytes), nil)
	}
	var blocks, size int64
	err := s.rows(ctx, database, "SELECT pg_relation_size("+r.oid+"::oid)/current_setting('block_size')::bigint,"+
		"pg_table_size("+r.oid+"::oid)", func() {}, func(c [][]byte) error {
		blocks, size = number(c[0]), number(c[1])
		return nil
	})
	if err != nil {
		// Items meets the same error, and has the part to account for it.
		return yield(s.part(whole, r.rows, r.bytes), nil)
	}
	step := int64(splitBlocks)
	if blocks > 0 {
		// Long values lie elsewhere, and count too.
		for step > 16 && step*(size/blocks) > 4*splitBlocks*8<<10 {
			step /= 2
		}
	}
	for blocks/step >= maxParts {
		step *= 2
	}
	if blocks < step+step/2 {
		return yield(s.part(whole, r.rows, size), nil)
	}
	rows, bytes := share(r.rows, step, blocks), share(size, step, blocks)
	for from := int64(0); ; from += step {
		p := whole
		p.From = uint32(from)
		if blocks-from < step+step/2 {
			return yield(s.part(p, share(r.rows, blocks-from, blocks), share(size, blocks-from, blocks)), nil)
		}
		p.To = uint32(from + step)
		if !yield(s.part(p, rows, bytes), nil) {
			return false
		}
	}
}

func share(of, part, whole int64) int64 {
	if of < 0 {
		return -1
	}
	return int64(float64(of) * float64(part) / float64(whole))
}

// A tid is where a row is: its block, and its number within that, from 1.
type tid struct {
	block uint32
	item  uint16
}

func (t tid) String() string {
	return "(" + strconv.FormatUint(uint64(t.block), 10) + "," + strconv.FormatUint(uint64(t.item), 10) + ")"
}

func parseTID(s string) (tid, error) {
	b, i, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s, "("), ")"), ",")
	block, err1 := strconv.ParseUint(b, 10, 32)
	item, err2 := strconv.ParseUint(i, 10, 16)
	if !ok || err1 != nil || err2 != nil {
		return tid{}, errors.New("postgres: the position of a row is malformed")
	}
	return tid{uint32(block), uint16(item)}, nil
}

func (t tid) less(u tid) bool {
	return t.block < u.block || t.block == u.block && t.item < u.item
}

// next is the position behind.
func (t tid) next() tid {
	if t.item == 1<<16-1 {
		return tid{t.block + 1, 0}
	}
	return tid{t.block, t.item + 1}
}

// cursor is Item.Cursor: what of a part is done.
type cursor struct {
	// Next is the position behind all that is done, in the file Node. Where From
	// is set, the rows before Next are done but for those of their long values
	// that come behind the one of row Big in column Column; that page of rows
	// starts with From.
	Next   string `json:"p,omitempty"`
	Node   string `json:"f,omitempty"`
	State  string `json:"s,omitempty"` // in which the part was begun, as holder.state
	From   string `json:"b,omitempty"`
	Big    string `json:"r,omitempty"`
	Column string `json:"c,omitempty"`
	Rows   int64  `json:"n,omitempty"` // that are done
	// Object is the last large object that is done.
	Object uint32 `json:"o,omitempty"`
	// Kind and ID are the last definition that is done.
	Kind string `json:"kind,omitempty"`
	ID   string `json:"id,omitempty"`
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(b)
}

func parseCursor(s string) (cursor, error) {
	var c cursor
	if s == "" {
		return c, nil
	}
	err := json.Unmarshal([]byte(s), &c)
	for _, p := range []string{c.Next, c.From, c.Big} {
		if _, perr := parseTID(p); p != "" && perr != nil {
			err = perr
		}
	}
	if err != nil || c.Rows < 0 {
		return cursor{}, errors.New("postgres: the cursor is malformed")
	}
	return c, nil
}
