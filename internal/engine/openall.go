package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A Record is one that OpenAll opened again.
type Record struct {
	Item scanners.Item
	// Row is the row of Item.Block that is meant; 0 where there is no block.
	Row int
	// Hash is the RowHash of a row as a scan sees it; empty where that can't be
	// told: a row whose long values a scan reads apart from it.
	Hash string
}

// errStopped ends OpenAll because the caller wants nothing more.
var errStopped = errors.New("stopped")

// OpenAll opens what uris name, all of one source, and calls use once for each of
// them, by its index, with the record or with why it could not be opened; the
// record is valid during the call. What lies in one file is read from it in one
// go, and rows of a table are asked for many at a time, so the calls are in no
// order. An error that use returns ends OpenAll, which returns it.
func (o Opener) OpenAll(ctx context.Context, uris []string, use func(i int, r Record, err error) error) error {
	m := &many{Opener: o, uris: uris, use: use, done: make([]bool, len(uris))}
	type group struct {
		key  string
		list []wanted
		row  bool
	}
	var groups []*group
	at := map[string]*group{}
	for i, uri := range uris {
		base, section, steps, err := scanners.Split(uri)
		if err != nil {
			if err := m.deliver(i, Record{}, fmt.Errorf("not a URI of a report: %w", err)); err != nil {
				return m.failed
			}
			continue
		}
		g := &group{key: base}
		if table, _, ok := strings.Cut(base, "?"); ok && section == "" && o.holdsRows() {
			if g.row = len(steps) == 0; g.row {
				g.key = table + "?"
			}
		}
		if section != "" {
			g.key = uri
		}
		if at[g.key] == nil {
			at[g.key] = g
			groups = append(groups, g)
		}
		at[g.key].list = append(at[g.key].list, wanted{i, steps})
	}
	for _, g := range groups {
		var err error
		before := m.away
		switch {
		case m.away >= maxAway:
			err = m.lost(g.list, m.gone)
		case g.row:
			err = m.rows(ctx, g.list)
		case len(g.list) == 1:
			err = m.one(ctx, g.list[0].i, "")
		default:
			err = m.inside(ctx, g.key, g.list)
		}
		if err != nil {
			return m.failed
		}
		m.away = min(m.away, before+1)
	}
	return nil
}

// holdsRows reports whether the source is one of rows that can be asked for.
func (o Opener) holdsRows() bool {
	_, ok := o.Source.(scanners.Looker)
	return ok
}

// A wanted is an index of many.uris, with the steps that lead to it.
type wanted struct {
	i     int
	steps []scanners.Step
}

// many is OpenAll under way. Its methods return errStopped, and nothing else, to
// end it.
type many struct {
	Opener
	uris   []string
	use    func(i int, r Record, err error) error
	done   []bool
	failed error // of use
	away   int   // how many groups in a row found the server away
	gone   error // why
}

// maxAway is after how many vain attempts in a row a server is not asked again.
const maxAway = 3

// deliver hands over a record or an error, once for each index.
func (m *many) deliver(i int, r Record, err error) error {
	if m.done[i] {
		return nil
	}
	m.done[i] = true
	switch reason := scanners.ReasonOf(err); {
	case err == nil:
		m.away = 0
	case reason == scanners.Offline || reason == scanners.Timeout:
		m.away, m.gone = m.away+1, err
	}
	if err := m.use(i, r, err); err != nil {
		m.failed = err
		return errStopped
	}
	return nil
}

// lost delivers an error for all that is not delivered yet.
func (m *many) lost(list []wanted, err error) error {
	for _, w := range list {
		if err := m.deliver(w.i, Record{}, err); err != nil {
			return err
		}
	}
	return nil
}

// dead reports whether an error concerns the server, so that it makes no sense
// to ask it for the next thing.
func dead(err error) bool {
	r := scanners.ReasonOf(err)
	return r == scanners.Offline || r == scanners.Timeout || r == scanners.Denied || errors.Is(err, context.Canceled)
}

// one opens a record by itself. hash is that of the row, where it is known.
func (m *many) one(ctx context.Context, i int, hash string) error {
	stopped := false
	err := m.Open(ctx, m.uris[i], func(it scanners.Item) error {
		r := Record{Item: it, Hash: hash}
		if it.Block != nil && it.Block.Rows() == 0 {
			return &scanners.Gap{Reason: scanners.Vanished, Detail: "the row is not there any more"}
		}
		err := m.deliver(i, r, nil)
		stopped = err != nil
		return err
	})
	switch {
	case stopped:
		return errStopped
	case err != nil:
		return m.deliver(i, Record{}, err)
	}
	return nil
}

// rows opens rows of one table of a live database.
func (m *many) rows(ctx context.Context, list []wanted) error {
	// The first that is there tells what the table is called, and its key.
	var table *scanners.Table
	for len(list) > 0 && table == nil {
		err := m.Open(ctx, m.uris[list[0].i], func(it scanners.Item) error {
			if it.Block != nil {
				table = it.Block.Table
			}
			return nil
		})
		switch {
		case dead(err):
			return m.lost(list, err)
		case err != nil:
			if err := m.deliver(list[0].i, Record{}, err); err != nil {
				return err
			}
			list = list[1:]
		case table == nil:
			return m.each(ctx, list)
		}
	}
	if len(list) == 0 {
		return nil
	}
	if len(table.Key) == 0 {
		if len(list) > 2 {
			if err := m.hashed(ctx, list); err != nil {
				return err
			}
		}
		return m.each(ctx, list)
	}
	column, values := m.keyColumn(table, list)
	if column == "" {
		return m.each(ctx, list)
	}
	byURI := map[string]int{}
	for _, w := range list {
		byURI[m.uris[w.i]] = w.i
	}
	var unread error
	for some := range slices.Chunk(values, lookupChunk) {
		if unread = m.lookup(ctx, table.Name, column, some, byURI); unread == errStopped {
			return errStopped
		}
		if unread != nil {
			break
		}
	}
	if dead(unread) {
		return m.lost(list, unread)
	}
	return m.each(ctx, list)
}

// lookupChunk is how many values of a key are asked for at once.
const lookupChunk = 500

// maxBeside is how many rows that are not wanted a look-up may return for each
// value, before asking for them one by one is cheaper.
const maxBeside = 50

// keyColumn returns the column of a key by which the rows are best asked for,
// and its values.
func (m *many) keyColumn(table *scanners.Table, list []wanted) (column string, values []string) {
	for _, k := range table.Key {
		name := table.Columns[k]
		seen := map[string]bool{}
		var own []string
		for _, w := range list {
			v, ok := keyValue(m.uris[w.i], name)
			if !ok {
				own = nil
				break
			}
			if !seen[v] {
				seen[v] = true
				own = append(own, v)
			}
		}
		if len(own) > len(values) {
			column, values = name, own
		}
	}
	return column, values
}

// keyValue returns what the query of a row's URI says of a column.
func keyValue(uri, column string) (string, bool) {
	_, query, _ := strings.Cut(uri, "?")
	for kv := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(kv, "=")
		if name, err := scanners.Unescape(k); err == nil && name == column {
			v, err := scanners.Unescape(v)
			return v, err == nil
		}
	}
	return "", false
}

// lookup asks for the rows whose column has one of values, and delivers those
// that are wanted.
func (m *many) lookup(ctx context.Context, table, column string, values []string, byURI map[string]int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	type row struct {
		i     int
		block *scanners.Block
		hash  string
	}
	var rows []row
	long := map[string]bool{} // rows with values that are items of their own
	seen := 0
	for it, err := range m.Source.(scanners.Looker).Lookup(ctx, table, column, values) {
		if err != nil {
			var g *scanners.Gap
			var x *scanners.Exclusion
			if !dead(err) && (errors.As(err, &g) || errors.As(err, &x)) {
				continue // what is missing is asked for by itself
			}
			return err
		}
		if it.Block == nil {
			if k := strings.Index(it.Ref.URI, "!/"); k >= 0 {
				long[it.Ref.URI[:k]] = true
			}
			continue
		}
		if seen += it.Block.Rows(); seen > (len(values)+100)*maxBeside {
			break
		}
		for r := range it.Block.Rows() {
			hash := it.Block.Hash(m.RowKey, r)
			if i, ok := byURI[it.Block.Refs(r, hash, 1).URI]; ok && !m.done[i] {
				rows = append(rows, row{i, oneRow(it.Block, r), hash})
			}
		}
	}
	for _, r := range rows {
		if long[m.uris[r.i]] {
			if err := m.one(ctx, r.i, r.hash); err != nil {
				return err
			}
			continue
		}
		it := scanners.Item{Ref: scanners.Ref{URI: m.uris[r.i]}, Size: r.block.Bytes(), Block: r.block}
		if err := m.deliver(r.i, Record{Item: it, Hash: r.hash}, nil); err != nil {
			return err
		}
	}
	return nil
}

// oneRow returns a block of one row that stays valid.
func oneRow(b *scanners.Block, row int) *scanners.Block {
	one := &scanners.Block{Table: b.Table, Data: make([]byte, 0, b.RowBytes(row)+int64(len(b.Table.Columns)))}
	for col := range b.Table.Columns {
		one.Append(b.Cell(row, col))
	}
	return one
}

// hashed delivers rows of a table without a key, which are known by what they
// hold, from one reading of the table.
func (m *many) hashed(ctx context.Context, list []wanted) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = nil // they are asked for one by one
		}
	}()
	byURI := map[string]int{}
	for _, w := range list {
		byURI[m.uris[w.i]] = w.i
	}
	table, _, _ := strings.Cut(m.uris[list[0].i], "?")
	left := len(list)
	for p, err := range m.Source.Parts(ctx) {
		if err != nil || left == 0 {
			break
		}
		if p.Place != "" && !m.mayHold(p.Place, table) {
			continue
		}
		same := map[string]int{}
		held := map[string]*hashedRow{} // of the last block: its long values come behind it
		bytes := 0                      // of these
		flush := func() error {
			for uri, r := range held {
				left--
				block := r.whole()
				if block == nil {
					continue // it is opened by itself
				}
				it := scanners.Item{Ref: scanners.Ref{URI: uri}, Size: block.Bytes(), Block: block}
				if err := m.deliver(byURI[uri], Record{Item: it, Hash: r.hash}, nil); err != nil {
					return err
				}
			}
			clear(held)
			bytes = 0
			return nil
		}
		for it, err := range m.Source.Items(ctx, p) {
			if err != nil {
				continue
			}
			b := it.Block
			if b == nil {
				row, column, ok := strings.Cut(it.Ref.URI, "!/")
				if r := held[row]; ok && r != nil && it.Body != nil {
					r.add(column, it.Body, &bytes)
				} else if hash, named := keyValue(row, "row-hmac"); ok && named {
					// A source may name it by where it stands: it is of one of these.
					for _, r := range held {
						r.lost = r.lost || r.hash == hash
					}
				}
				continue
			}
			if err := flush(); err != nil {
				return err
			}
			if it.Ref.URI != "" && !strings.HasPrefix(it.Ref.URI, table) || len(b.Table.Key) > 0 {
				continue
			}
			for r := range b.Rows() {
				hash := b.Hash(m.RowKey, r)
				key := b.Table.Name + "\x00" + hash
				same[key]++
				uri := b.Refs(r, hash, same[key]).URI
				if i, ok := byURI[uri]; ok && !m.done[i] {
					held[uri] = &hashedRow{block: oneRow(b, r), hash: hash}
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

// A hashedRow is a row of a table without a key, whose long values a scan reads
// behind it.
type hashedRow struct {
	block *scanners.Block
	hash  string
	long  map[int][]byte
	size  int
	lost  bool
}

// maxLong is the most bytes of long values that are held, of the rows of a block
// together.
const maxLong = 16 << 20

// add takes a long value, by the name of its column as it stands in a URI. held is
// how many bytes of such values the rows hold.
func (r *hashedRow) add(column string, body io.Reader, held *int) {
	name, err := scanners.Unescape(column)
	col := slices.Index(r.block.Table.Columns, name)
	if err != nil || col < 0 || body == nil {
		r.lost = true
		return
	}
	v, err := io.ReadAll(io.LimitReader(body, int64(maxLong-*held)+1))
	if r.lost = r.lost || err != nil || *held+len(v) > maxLong; r.lost {
		*held -= r.size
		r.size, r.long = 0, nil
		return
	}
	r.size += len(v)
	*held += len(v)
	if r.long == nil {
		r.long = map[int][]byte{}
	}
	r.long[col] = v
}

// whole returns the row with its long values; nil where they are not at hand.
func (r *hashedRow) whole() *scanners.Block {
	switch {
	case r.lost:
		return nil
	case r.long == nil:
		return r.block
	}
	out := &scanners.Block{Table: r.block.Table}
	for col := range r.block.Table.Columns {
		v, null := r.block.Cell(0, col)
		if l, ok := r.long[col]; ok {
			v, null = l, false
		}
		out.Append(v, null)
	}
	return out
}

// mayHold reports whether a part with a place may hold rows of a table, by the
// URI of that.
func (m *many) mayHold(place, table string) bool {
	name, err := scanners.Unescape(table[strings.LastIndexByte(table, '/')+1:])
	if err != nil {
		return true
	}
	last := place[strings.LastIndex(place, " / ")+1:]
	return strings.Contains(place, name) || strings.Contains(last, " tables") || !strings.Contains(place, " / ")
}

// each opens one by one what is not delivered yet, until the server is gone.
func (m *many) each(ctx context.Context, list []wanted) error {
	for k, w := range list {
		if m.done[w.i] {
			continue
		}
		var gone error
		use := m.use
		m.use = func(i int, r Record, err error) error {
			if dead(err) {
				gone = err
			}
			return use(i, r, err)
		}
		err := m.one(ctx, w.i, "")
		m.use = use
		if err != nil {
			return err
		}
		if gone != nil {
			return m.lost(list[k+1:], gone)
		}
	}
	return nil
}
