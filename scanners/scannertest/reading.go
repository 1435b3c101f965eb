package scannertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spoor-scan/spoor/scanners"
)

// maxSamples is how many rows of a part are kept to be opened again.
const maxSamples = 300

// A reading is what a source gave.
type reading struct {
	planted []string // markers to look for
	hash    bool     // compare contents and check every Ref
	open    bool     // open deferred items; implied by hash

	parts    []*partReading
	seen     map[string]bool     // of planted
	places   map[string]struct{} // all Places
	gaps     []*scanners.Gap
	problems []string // breaches of the contract
	items    int      // those with a block are not counted
	rows     int
	excluded int
	copies   map[string]int // of identical rows, by table and hash
}

type partReading struct {
	part    scanners.Part
	events  []event
	items   int   // as yielded, blocks included
	err     error // that ended it
	samples []sample
	stride  int // of samples
	rows    int
}

// An event is an item, a row of a block, a gap or an exclusion.
type event struct {
	key    string // identity from reading to reading
	ref    scanners.Ref
	sum    string // of the content
	row    bool
	gap    error
	cursor string // at the last event of an item
}

// A sample is a row to be opened again.
type sample struct {
	ref     scanners.Ref
	columns []string
	cells   []cell
}

type cell struct {
	value string
	null  bool
}

func (c cell) String() string {
	if c.null {
		return "NULL"
	}
	return fmt.Sprintf("%.60q", c.value)
}

func cells(b *scanners.Block, row int) []cell {
	out := make([]cell, len(b.Table.Columns))
	for i := range out {
		v, null := b.Cell(row, i)
		out[i] = cell{string(v), null}
	}
	return out
}

func (r *reading) samples() []sample {
	var all []sample
	for _, p := range r.parts {
		all = append(all, p.samples...)
	}
	return spread(all, 2*maxReopened)
}

func (r *reading) problem(format string, args ...any) {
	if len(r.problems) < 20 {
		r.problems = append(r.problems, fmt.Sprintf(format, args...))
	}
}

func (r *reading) init() {
	if r.seen == nil {
		r.seen, r.places, r.copies = map[string]bool{}, map[string]struct{}{}, map[string]int{}
	}
	r.open = r.open || r.hash
}

// all reads the whole source. It returns the error that ended the listing of
// parts, and goes on after that of a part.
func (r *reading) all(ctx context.Context, s scanners.Source) error {
	r.init()
	for part, err := range s.Parts(ctx) {
		if err != nil {
			if !passes(err) {
				return err
			}
			r.pass(err, "", "")
			continue
		}
		r.part(ctx, s, part)
	}
	return nil
}

func (r *reading) pass(err error, uri, place string) event {
	var x *scanners.Exclusion
	if errors.As(err, &x) {
		r.excluded++
		r.places[x.Place] = struct{}{}
		return event{key: "excluded " + x.URI + " " + x.Place, gap: x}
	}
	var g *scanners.Gap
	errors.As(err, &g)
	c := *g
	if c.URI == "" && c.Place == "" {
		c.URI, c.Place = uri, place
	}
	r.gaps = append(r.gaps, &c)
	r.places[c.Place] = struct{}{}
	return event{key: "gap " + string(c.Reason) + " " + c.URI + " " + c.Place, gap: &c}
}

func (r *reading) part(ctx context.Context, s scanners.Source, part scanners.Part) {
	r.init()
	p := &partReading{part: part, stride: 1}
	r.parts = append(r.parts, p)
	for it, err := range s.Items(ctx, part) {
		if p.err != nil {
			r.problem("part %q goes on after the error %v", part.ID, p.err)
			break
		}
		if err != nil {
			if !passes(err) {
				p.err = err
				continue
			}
			p.events = append(p.events, r.pass(err, "", part.Place))
			continue
		}
		p.items++
		r.item(ctx, s, p, it)
		if len(p.events) > 0 {
			p.events[len(p.events)-1].cursor = it.Cursor
		}
	}
}

func (r *reading) item(ctx context.Context, s scanners.Source, p *partReading, it scanners.Item) {
	uri := it.Ref.URI
	switch {
	case it.Deferred && (it.Body != nil || it.Block != nil):
		r.problem("%s: deferred, but with content", uri)
	case it.Body != nil && it.Block != nil:
		r.problem("%s: both a body and a block", uri)
	case !it.Deferred && it.Body == nil && it.Block == nil && len(it.Fields) == 0:
		r.problem("%s: neither deferred nor body nor block nor fields", uri)
	case it.Size < -1:
		r.problem("%s: size %d; -1 is unknown", uri, it.Size)
	}
	if it.Block != nil {
		r.block(p, it.Block)
		return
	}
	r.items++
	r.ref(it.Ref)
	r.fields(it.Fields)
	e := event{key: uri, ref: it.Ref}
	var fail error
	switch {
	case it.Deferred && r.open:
		var o opened
		o, fail = open(ctx, s, it.Ref, r.planted...)
		if fail == nil {
			r.mark(o.found)
			r.sizes(uri, it.Size, o.size)
			if o.listed >= 0 && it.Size >= 0 && o.listed != it.Size {
				r.problem("%s: listed with size %d, opened with %d", uri, it.Size, o.listed)
			}
			e.sum = o.sum
		}
	case it.Body != nil && r.open:
		var c content
		if c, fail = consume(it, r.planted); fail == nil {
			r.mark(c.found)
			r.sizes(uri, it.Size, c.size)
			e.sum = c.sum
		}
	}
	if fail != nil {
		// What ends one body is a gap of that item, whatever its type.
		g := &scanners.Gap{URI: uri, Place: it.Ref.Place, Reason: scanners.ReasonOf(fail), Err: fail}
		if errors.As(fail, &g) {
			c := *g
			c.URI, c.Place = uri, it.Ref.Place
			g = &c
		}
		r.gaps = append(r.gaps, g)
		e.ref = scanners.Ref{} // not to be opened again
	}
	p.events = append(p.events, e)
}

func (r *reading) sizes(uri string, listed, read int64) {
	if listed == 0 && read > 0 || listed > 0 && read == 0 {
		r.problem("%s: listed with %d bytes, read %d", uri, listed, read)
	}
}

func (r *reading) mark(found []string) {
	for _, m := range found {
		r.seen[m] = true
	}
}

func (r *reading) fields(fields []scanners.Field) {
	for _, f := range fields {
		r.look([]byte(f.Value))
		r.look([]byte(f.Name))
	}
}

func (r *reading) look(b []byte) {
	for _, m := range r.planted {
		if !r.seen[m] && bytes.Contains(b, []byte(m)) {
			r.seen[m] = true
		}
	}
}

func (r *reading) ref(ref scanners.Ref) {
	r.places[ref.Place] = struct{}{}
	plain, err := scanners.Unescape(ref.URI)
	if err != nil {
		r.problem("%s: not a URI: %v", ref.URI, err)
	}
	r.look([]byte(plain))
	if !r.hash {
		return
	}
	switch {
	case ref.URI == "" || ref.Place == "":
		r.problem("an item without a URI or a Place: %+v", ref)
	case ref.Action == "":
		r.problem("%s: no action", ref.URI)
	}
	for _, c := range []byte(ref.URI) {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte("\"<>\\^`{|}"), c) >= 0 {
			r.problem("%s: the byte %#x does not belong into a URI", ref.URI, c)
			break
		}
	}
	if base, _, steps, err := scanners.Split(ref.URI); err != nil || len(steps) > 0 || base == "" {
		r.problem("%s: enters a container (%q, %v); a ! of a name is written %%21", ref.URI, steps, err)
	}
	b, err := ref.Marshal()
	var loc struct{ Type string }
	if err != nil || json.Unmarshal(b, &loc) != nil || loc.Type == "" {
		r.problem("%s: the locator is no object with a type: %s %v", ref.URI, b, err)
	}
}

func (r *reading) block(p *partReading, b *scanners.Block) {
	t := b.Table
	if t == nil || len(t.Columns) == 0 {
		r.problem("part %q: a block without a table or columns", p.part.ID)
		return
	}
	n := b.Rows()
	switch {
	case n == 0 || n*len(t.Columns) != len(b.Ends):
		r.problem("%s: a block of %d cells in %d columns", t.Name, len(b.Ends), len(t.Columns))
		return
	case b.Nulls != nil && len(b.Nulls) != len(b.Ends):
		r.problem("%s: a block of %d cells with %d nulls", t.Name, len(b.Ends), len(b.Nulls))
		return
	case t.Types != nil && len(t.Types) != len(t.Columns):
		r.problem("%s: %d types for %d columns", t.Name, len(t.Types), len(t.Columns))
	case slices.ContainsFunc(t.Key, func(i int) bool { return i < 0 || i >= len(t.Columns) }):
		r.problem("%s: the key %d is out of %d columns", t.Name, t.Key, len(t.Columns))
	case b.Refs == nil:
		r.problem("%s: a block without Refs", t.Name)
		return
	}
	prev := -1
	for _, end := range b.Ends {
		if int(end) <= prev || int(end) >= len(b.Data) || b.Data[end] != 0 {
			r.problem("%s: cells of a block overlap or are not followed by NUL", t.Name)
			return
		}
		prev = int(end)
	}
	if prev+1 != len(b.Data) {
		r.problem("%s: %d bytes of a block are in no cell", t.Name, len(b.Data)-prev-1)
	}
	r.look(b.Data)
	for row := range n {
		hash := b.Hash([]byte(RowKey), row)
		id := t.Name + " " + hash
		r.copies[id]++
		e := event{key: id, row: true}
		if r.hash {
			e.ref = b.Refs(row, hash, r.copies[id])
			r.ref(e.ref)
			p.sample(e.ref, b, row)
		}
		p.events = append(p.events, e)
		p.rows++
		r.rows++
	}
}

// sample keeps every stride-th row, and doubles the stride when they are too many.
func (p *partReading) sample(ref scanners.Ref, b *scanners.Block, row int) {
	if p.rows%p.stride != 0 {
		return
	}
	p.samples = append(p.samples, sample{ref, slices.Clone(b.Table.Columns), cells(b, row)})
	if len(p.samples) > maxSamples {
		for i := range len(p.samples)/2 + 1 {
			p.samples[i] = p.samples[min(2*i, len(p.samples)-1)]
		}
		p.samples = p.samples[:len(p.samples)/2+1]
		p.stride *= 2
	}
}

// A content is what was read of an item.
type content struct {
	sum   string
	size  int64
	found []string
}

// consume reads a body to its end in pieces of odd sizes.
func consume(it scanners.Item, planted []string) (content, error) {
	h := sha256.New()
	var c content
	if it.Body == nil {
		return content{sum: hex.EncodeToString(h.Sum(nil))}, nil
	}
	longest := 1
	for _, m := range planted {
		longest = max(longest, len(m))
	}
	found := make([]bool, len(planted))
	buf := make([]byte, longest+32771)
	keep, idle := 0, 0
	for {
		n, err := it.Body.Read(buf[keep:])
		if n < 0 || n > len(buf)-keep {
			return c, fmt.Errorf("a read of %d bytes returns %d", len(buf)-keep, n)
		}
		h.Write(buf[keep : keep+n])
		c.size += int64(n)
		window := buf[:keep+n]
		for i, m := range planted {
			found[i] = found[i] || bytes.Contains(window, []byte(m))
		}
		keep = copy(buf, window[max(0, len(window)-longest+1):])
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle > 100 {
			return c, io.ErrNoProgress
		}
	}
	for i, m := range planted {
		if found[i] {
			c.found = append(c.found, m)
		}
	}
	c.sum = hex.EncodeToString(h.Sum(nil))
	return c, nil
}

type opened struct {
	content
	uri    string
	listed int64 // Size
	fields []scanners.Field
}

// open opens and reads an item that has no block.
func open(ctx context.Context, s scanners.Source, ref scanners.Ref, planted ...string) (opened, error) {
	it, err := s.Open(ctx, ref)
	if err != nil {
		return opened{}, err
	}
	o := opened{uri: it.Ref.URI, listed: it.Size, fields: it.Fields}
	switch {
	case it.Deferred:
		err = errors.New("opens as deferred")
	case it.Block != nil:
		err = errors.New("listed without a block, opens as a block")
	case it.Body == nil && len(it.Fields) == 0:
		err = errors.New("opens with neither body nor fields")
	default:
		o.content, err = consume(it, planted)
		for _, m := range planted {
			for _, f := range it.Fields {
				if bytes.Contains([]byte(f.Value), []byte(m)) {
					o.found = append(o.found, m)
				}
			}
		}
	}
	if cerr := it.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("close: %w", cerr)
	}
	return o, err
}
