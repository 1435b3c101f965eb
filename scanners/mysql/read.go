package mysql

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// Info implements scanners.Source.
func (s *source) Info() scanners.Info {
	uri := s.base
	if s.set.schema != "" {
		uri += scanners.EscapeSegment(s.set.schema)
	}
	return scanners.Info{
		Name: s.name, Type: "mysql", URI: uri, Units: "rows", Parallel: s.set.Connections,
		Consistency: "Each page of rows is consistent in itself and no writer is blocked: rows changed during the scan are seen " +
			"as they were before or after, and rows added behind the place that was reached are seen. A table without a key is " +
			"read in one statement and seen as of its start." + s.also(),
	}
}

// also is what settings change in what a scan sees.
func (s *source) also() string {
	more := ""
	if s.set.Replica != "" {
		more += " A replica is read as long as it answers, which may be behind."
	}
	if !s.set.since.IsZero() {
		more += " Where a column tells when a row last changed, only rows changed since " + s.set.since.Format(time.RFC3339) +
			" are read; tables without such a column are read in full."
	}
	return more
}

// errDone ends an iteration that the caller stopped.
var errDone = errors.New("done")

// Items implements scanners.Source.
func (s *source) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		var r span
		if err := json.Unmarshal([]byte(p.Range), &r); err != nil || r.Schema == "" {
			yield(scanners.Item{}, errors.New("mysql: read part: its range is malformed"))
			return
		}
		cur, err := parseCursor(p.Cursor)
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		if len(r.Tables) > 0 {
			s.bundle(ctx, p, r, cur, yield)
			return
		}
		if r.Table == "" {
			s.definitions(ctx, r.Schema, cur, yield)
			return
		}
		rd := reader{s: s, ctx: ctx, part: p, span: r, cur: cur, yield: yield}
		err = rd.run(p.Cursor != "", s.describe)
		switch {
		case err == nil, errors.Is(err, errDone):
		case ctx.Err() != nil:
			yield(scanners.Item{}, failed("read rows", context.Cause(ctx)))
		default:
			units, size := rd.rest()
			yield(scanners.Item{}, gap(err, s.tableURI(r.Schema, r.Table), p.Place, "read rows", units, size))
		}
	}
}

// bundle reads the tables of a part of several.
func (s *source) bundle(ctx context.Context, p scanners.Part, r span, cur cursor, yield func(scanners.Item, error) bool) {
	share := max(0, p.Units) / int64(len(r.Tables))
	var pg page
	for i := cur.At; i < len(r.Tables); i++ {
		begun := p.Cursor != "" && i == cur.At
		if !begun {
			cur = cursor{At: i}
		}
		rd := reader{
			s: s, ctx: ctx, span: span{Schema: r.Schema, Table: r.Tables[i]}, at: i, cur: cur, yield: yield, page: pg,
			part: scanners.Part{Place: r.Schema + " / " + r.Tables[i], Units: -1, Bytes: -1},
		}
		err := rd.run(begun, s.describeSmall)
		pg = rd.page // its memory
		switch {
		case err == nil:
			continue
		case errors.Is(err, errDone):
			return
		case ctx.Err() != nil:
			yield(scanners.Item{}, failed("read rows", context.Cause(ctx)))
			return
		}
		if re := reason(err); re == scanners.Offline || re == scanners.Timeout && s.down.Load() {
			// The rest would fail alike, one after the other.
			left := int64(len(r.Tables) - i)
			yield(scanners.Item{}, gap(err, s.base+scanners.EscapeSegment(r.Schema)+"/", p.Place, "read tables from "+r.Tables[i]+" on", max(1, share)*left, 0))
			return
		}
		if !yield(scanners.Item{}, gap(err, s.tableURI(r.Schema, r.Tables[i]), rd.part.Place, "read rows", max(1, share), 0)) {
			return
		}
	}
}

// A reader reads the rows of a part.
type reader struct {
	s     *source
	ctx   context.Context
	part  scanners.Part
	span  span
	at    int // the number of the table in a part of several
	t     *table
	cur   cursor // what is done
	yield func(scanners.Item, error) bool
	page  page
	only  string // a condition on the rows; empty: all
}

// rest estimates what is left of the part.
func (rd *reader) rest() (units, size int64) {
	if rd.part.Units <= 0 {
		return 0, max(0, rd.part.Bytes)
	}
	units = max(1, rd.part.Units-rd.cur.Rows)
	return units, int64(float64(max(0, rd.part.Bytes)) * (float64(units) / float64(max(units, rd.part.Units))))
}

// run reads the definition of the table, unless another part does, and its rows.
// It goes on from the cursor where the reading was begun.
func (rd *reader) run(begun bool, describe func(ctx context.Context, schema, name string) (*table, error)) error {
	if !begun {
		if err := rd.define(); err != nil {
			return err
		}
	}
	first := !begun || rd.cur.Kind != ""
	if rd.cur.Kind != "" {
		rd.cur = cursor{At: rd.at}
	}
	var err error
	if rd.t, err = describe(rd.ctx, rd.span.Schema, rd.span.Table); err != nil {
		return err
	}
	if len(rd.t.denied) > 0 && rd.span.After == nil && first {
		g := &scanners.Gap{
			URI: rd.s.tableURI(rd.t.schema, rd.t.name), Place: rd.part.Place, Reason: scanners.Denied,
			Detail: "the account may not select column " + strings.Join(rd.t.denied, ", "),
		}
		if !rd.yield(scanners.Item{}, g) {
			return errDone
		}
	}
	x, err := rd.sinceOnly(rd.ctx)
	if err != nil {
		return err
	}
	if x != nil && x.Units > 0 && first && !rd.yield(scanners.Item{}, x) {
		return errDone
	}
	if len(rd.t.key) == 0 {
		if rd.span.After != nil || rd.span.To != nil || rd.cur.Key != nil {
			return &scanners.Gap{Reason: scanners.Vanished, Detail: "the table has lost the key by which it was being read"}
		}
		return rd.stream()
	}
	if rd.cur.Hash != "" {
		return &scanners.Gap{Reason: scanners.Failed, Detail: "the table got a key while it was being read; read the part from its start"}
	}
	return rd.pages()
}

func (rd *reader) define() error {
	if rd.span.Defined || rd.span.After != nil {
		return nil
	}
	d := definition{schema: rd.span.Schema, kind: "table", name: rd.span.Table}
	item, err := rd.s.definition(rd.ctx, d)
	if rd.ctx.Err() != nil {
		return context.Cause(rd.ctx)
	}
	item.Cursor = cursor{Kind: d.kind, Name: d.name, At: rd.at}.String()
	if r := reason(err); err != nil && (r == scanners.Offline || r == scanners.Timeout) {
		return err // and so are the rows
	}
	if err != nil {
		ref := rd.s.definitionRef(d)
		item, err = scanners.Item{}, gap(err, ref.URI, ref.Place, "read definition", 1, 0)
	}
	if !rd.yield(item, err) {
		return errDone
	}
	return nil
}

// A page is the result of one query, in one block, with what goes with it.
type page struct {
	block scanners.Block
	rows  int
	exact [][]byte // exact key values of the last row, by key column; nil: the cell is
	uris  []string // values of key columns for URIs, where they differ from cells: rows * len(key)
	big   []bigCell
	cut   bool // the result was not read to its end
}

type bigCell struct {
	row, col int
	size     int64
}

func (p *page) reset(t *table) {
	p.block.Reset()
	p.block.Table = t.tab
	p.rows, p.cut = 0, false
	p.uris, p.big = p.uris[:0], p.big[:0]
	if len(p.exact) != len(t.key) {
		p.exact = make([][]byte, len(t.key))
	}
}

// add appends the row that t.list selected.
func (p *page) add(t *table, cells []sql.RawBytes) {
	n := len(t.cols)
	b := &p.block
	// In variables of its own this takes half the time.
	data, k := b.Data, len(b.Ends)
	ends, nulls := slices.Grow(b.Ends, n)[:k+n], slices.Grow(b.Nulls, n)[:k+n]
	for i, c := range cells[:n] {
		data = append(data, c...)
		ends[k+i], nulls[k+i] = uint32(len(data)), c == nil
		data = append(data, 0)
	}
	b.Data, b.Ends, b.Nulls = data, ends, nulls
	x := n
	for i, k := range t.key {
		if k.exact == "" {
			if t.exactURI {
				p.uris = append(p.uris, "")
			}
			continue
		}
		p.exact[i] = append(p.exact[i][:0], cells[x]...)
		if t.exactURI {
			p.uris = append(p.uris, string(cells[x]))
		}
		x++
	}
	for _, i := range t.big {
		// The lengths of the columns that are in the block are of no use.
		if size, err := strconv.ParseInt(string(cells[x]), 10, 64); err == nil && size > int64(t.limit) {
			p.big = append(p.big, bigCell{p.rows, i, size})
		}
		x++
	}
	p.rows++
}

// inURI reports whether the exact value goes into URIs instead of the cell.
func (k *keyCol) inURI(t *table) bool {
	switch t.cols[k.col].typ {
	case "float", "double", "bit":
		return true
	}
	return false
}

// lastKey is the key of the last row, as cursors carry it.
func (p *page) lastKey(t *table) ([]string, error) {
	var key []string
	for i := range t.key {
		k := &t.key[i]
		v, _ := p.block.Cell(p.rows-1, k.col)
		if k.exact != "" {
			v = p.exact[i]
		}
		plain, err := k.plain(v)
		if err != nil {
			return nil, err
		}
		key = append(key, plain)
	}
	return key, nil
}

// ref names a row of the page.
func (p *page) ref(s *source, t *table, row int) scanners.Ref {
	return s.rowRef(t, func(i int) []byte {
		if k := &t.key[i]; k.inURI(t) {
			return []byte(p.uris[row*len(t.key)+i])
		}
		v, _ := p.block.Cell(row, t.key[i].col)
		return v
	})
}

// read fills the page. It stops early when the block is full.
func (s *source) read(ctx context.Context, t *table, p *page, cond string, limit int) error {
	return s.hinted(func(hint bool) error {
		p.reset(t)
		q := "SELECT " + t.list() + " FROM " + t.source(hint)
		if cond != "" {
			q += " WHERE " + cond
		}
		q += " ORDER BY " + t.orderBy() + " LIMIT " + strconv.Itoa(limit)
		_, err := s.query(ctx, q, func(cells []sql.RawBytes) error {
			p.add(t, cells)
			if len(p.block.Data) >= maxBlock && p.rows < limit {
				p.cut = true
				return errStop
			}
			return nil
		})
		if errors.Is(err, errStop) {
			return nil
		}
		return err
	})
}

// condition is that of the rows of the part that lie behind after.
func (rd *reader) condition(after, to []string) (string, error) {
	var conds []string
	if after != nil {
		c, err := rd.t.compareKey(">", after)
		if err != nil {
			return "", err
		}
		conds = append(conds, c)
	}
	if to != nil {
		c, err := rd.t.compareKey("<=", to)
		if err != nil {
			return "", err
		}
		conds = append(conds, c)
	}
	return strings.Join(conds, " AND "), nil
}

// fetch reads the page behind after. When columns have changed meanwhile it
// goes on with the new ones.
func (rd *reader) fetch(after, to []string, more string, limit int) error {
	if err := rd.s.wait(rd.ctx); err != nil {
		return err
	}
	defer func() { rd.s.spent(rd.page.rows) }()
	for again := true; ; again = false {
		cond, err := rd.condition(after, to)
		if err != nil {
			return &scanners.Gap{Reason: scanners.Failed, Detail: err.Error()}
		}
		if more != "" {
			if cond != "" {
				cond += " AND "
			}
			cond += more
		}
		err = rd.s.retry(rd.ctx, func(ctx context.Context) error { return rd.s.read(ctx, rd.t, &rd.page, cond, limit) })
		if serverError(err) != 1054 || !again {
			return err
		}
		t, err2 := rd.s.describe(rd.ctx, rd.t.schema, rd.t.name)
		if err2 != nil {
			return err2
		}
		if t.orderBy() != rd.t.orderBy() || len(t.key) == 0 {
			return &scanners.Gap{Reason: scanners.Vanished, Detail: "the table has lost the key by which it was being read"}
		}
		rd.t = t
	}
}

func (rd *reader) pages() error {
	s, p := rd.s, &rd.page
	if err := rd.pending(); err != nil {
		return err
	}
	limit := min(256, s.set.PageRows)
	if rd.part.Units > 0 && rd.part.Bytes > 0 {
		limit = min(s.set.PageRows, max(16, int(goalBlock/(rd.part.Bytes/rd.part.Units+1))))
	}
	for {
		after := rd.cur.Key
		if after == nil {
			after = rd.span.After
		}
		if err := rd.fetch(after, rd.span.To, rd.only, limit); err != nil {
			return err
		}
		if p.rows == 0 {
			return nil
		}
		last, err := p.lastKey(rd.t)
		if err != nil {
			return &scanners.Gap{Reason: scanners.Failed, Detail: err.Error()}
		}
		done := cursor{Key: last, Rows: rd.cur.Rows + int64(p.rows), At: rd.at}
		t := rd.t
		p.block.Refs = func(row int, _ string, _ int) scanners.Ref { return s.withBlocked(rd.ctx, t, p.ref(s, t, row)) }
		item := rd.item(done)
		if len(p.big) > 0 {
			c := done
			c.Big, c.From = 1, rd.cur.Key
			item.Cursor = c.String()
		}
		full := p.cut || p.rows >= limit
		limit = nextLimit(limit, p.rows, len(p.block.Data), s.set.PageRows)
		rd.cur, after = done, rd.cur.Key
		if !rd.yield(item, nil) {
			return errDone
		}
		if err := rd.bigs(after, done, 0, false); err != nil {
			return err
		}
		if !full {
			return nil
		}
	}
}

// nextLimit adapts the rows of a page to their size.
func nextLimit(limit, rows, size, most int) int {
	if size == 0 {
		return most
	}
	n := int(int64(goalBlock) * int64(rows) / int64(size))
	return max(1, min(n, 8*limit, most))
}

// item is the one that holds the page's block.
func (rd *reader) item(c cursor) scanners.Item {
	return scanners.Item{
		Ref: scanners.Ref{
			URI: rd.s.tableURI(rd.t.schema, rd.t.name), Place: rd.t.place(), Locator: rd.tableLocator(), Action: "review", Group: rd.s.group(rd.t),
		},
		// A name with a dot in it would hint at a kind of file.
		Name: rd.t.name, Size: rd.page.block.Bytes(), Block: &rd.page.block, Cursor: c.String(),
	}
}

func (rd *reader) tableLocator() Locator {
	l := rd.s.locator(rd.t.schema)
	l.Table, l.History = rd.t.name, rd.t.history
	return l
}

// bigs yields the long values of the page, without the first skip ones. Where
// more of them follow in another page, no cursor says that all are done.
func (rd *reader) bigs(from []string, done cursor, skip int64, more bool) error {
	p := &rd.page
	for n, b := range p.big {
		if int64(n) < skip {
			continue
		}
		c := done
		if more || n+1 < len(p.big) {
			c.Big, c.From = int64(n)+2, from
		}
		item := scanners.Item{
			Ref:  cellRef(p.ref(rd.s, rd.t, b.row), rd.t.cols[b.col].name),
			Name: rd.t.cols[b.col].name, Size: b.size, Deferred: true, Cursor: c.String(),
		}
		if !rd.yield(item, nil) {
			return errDone
		}
	}
	return nil
}

// pending yields the long values of rows that are done otherwise.
func (rd *reader) pending() error {
	if rd.cur.Big == 0 {
		return nil
	}
	skip, from, done := rd.cur.Big-1, rd.cur.From, cursor{Key: rd.cur.Key, Rows: rd.cur.Rows, At: rd.at}
	rd.cur = done
	if len(rd.t.big) == 0 {
		return nil
	}
	var long []string
	for _, i := range rd.t.big {
		long = append(long, rd.t.length(i)+">"+strconv.Itoa(rd.t.limit))
	}
	after := from
	if after == nil {
		after = rd.span.After
	}
	for {
		const limit = 1000
		if err := rd.fetch(after, done.Key, "("+strings.Join(long, " OR ")+")", limit); err != nil {
			return err
		}
		p := &rd.page
		if p.rows == 0 {
			return nil
		}
		last, err := p.lastKey(rd.t)
		if err != nil {
			return &scanners.Gap{Reason: scanners.Failed, Detail: err.Error()}
		}
		full := p.cut || p.rows >= limit
		if err := rd.bigs(from, done, skip, full); err != nil {
			return err
		}
		if !full {
			return nil
		}
		from, after = last, last
		skip = max(0, skip-int64(len(p.big)))
	}
}

// A chain tells whether two readings of a table saw the same rows in the same
// order. It is keyed, so that it does not give the rows away.
type chain [sha256.Size]byte

func (s *source) newChain() chain {
	h := hmac.New(sha256.New, s.rowKey)
	h.Write([]byte("rows of a table without a key"))
	var c chain
	h.Sum(c[:0])
	return c
}

func (c *chain) add(cells []sql.RawBytes, buf []byte) []byte {
	buf = append(buf[:0], c[:]...)
	for _, v := range cells {
		if v == nil {
			buf = append(buf, "\x00N"...)
			continue
		}
		buf = strconv.AppendInt(buf, int64(len(v)), 10)
		buf = append(buf, ':')
		buf = append(buf, v...)
	}
	*c = sha256.Sum256(buf)
	return buf
}

// stream reads a table that has no key in one statement. The connection is held
// while the caller looks at a block; the server is told to be patient. When the
// connection is lost the table is read again, and what comes first is passed
// over as long as it is the same rows in the same order; where it is not, a gap
// says that rows may have been missed.
func (rd *reader) stream() error {
	s, p, t := rd.s, &rd.page, rd.t
	q := "SELECT " + t.list() + " FROM " + t.from
	if rd.only != "" {
		q += " WHERE " + rd.only
	}
	var buf []byte
	for {
		before := rd.cur.Rows
		err := s.retry(rd.ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			limit := 10 * s.set.Timeout
			timer := time.AfterFunc(limit, func() { cancel(errSlow) })
			defer timer.Stop()
			yield := func(it scanners.Item, err error) error {
				timer.Stop()
				defer timer.Reset(limit)
				if !rd.yield(it, err) {
					return errDone
				}
				if it.Block != nil {
					s.spent(it.Block.Rows())
					return s.wait(ctx)
				}
				return nil
			}
			var (
				n      int64 // read by this statement
				first  int64 // before the block that is being filled
				now    = s.newChain()
				seen   = make(map[string]int)
				skip   = rd.cur.Rows
				start  = rd.cur
				queued []scanners.Item
			)
			flush := func() error {
				if p.rows == 0 {
					return nil
				}
				var bigs []scanners.Item
				for _, b := range p.big {
					bigs = append(bigs, rd.hashedCell(b, seen))
				}
				done := cursor{Rows: n, Hash: hex.EncodeToString(now[:]), At: rd.at}
				rd.cur = done
				for i := range bigs {
					c := done
					if i+1 < len(bigs) {
						c.Big, c.First = int64(i)+2, first
					}
					bigs[i].Cursor = c.String()
				}
				item := rd.item(done)
				if len(bigs) > 0 {
					c := done
					c.Big, c.First = 1, first
					item.Cursor = c.String()
				}
				p.block.Refs = func(_ int, hash string, same int) scanners.Ref {
					return s.withBlocked(rd.ctx, t, s.hashRef(t, hash, same))
				}
				for i := -1; i < len(bigs); i++ {
					it := item
					if i >= 0 {
						it = bigs[i]
					}
					if err := yield(it, nil); err != nil {
						return err
					}
				}
				first = n
				p.reset(t)
				return nil
			}
			p.reset(t)
			_, err := s.streaming(ctx, cancel, q, func(cells []sql.RawBytes) error {
				if n < skip {
					timer.Reset(limit)
				}
				buf = now.add(cells, buf)
				p.add(t, cells)
				n++
				if n <= skip {
					// Passed over, but for long values that are not done yet.
					for _, b := range p.big {
						it := rd.hashedCell(b, seen)
						if start.Big > 0 && n > start.First {
							queued = append(queued, it)
						}
					}
					p.reset(t)
					if n < skip {
						return nil
					}
					first = n
					return rd.resume(start, now, queued, yield)
				}
				if p.rows >= s.set.PageRows || len(p.block.Data) >= goalBlock {
					return flush()
				}
				return nil
			})
			if err == nil && n < skip {
				err = yield(scanners.Item{}, &scanners.Gap{
					URI: s.tableURI(t.schema, t.name), Place: rd.part.Place, Reason: scanners.Vanished,
					Detail: "rows went away while the table without a key was being read; others may have been missed",
				})
			}
			if err == nil {
				err = flush()
			}
			return err
		})
		if err == nil || errors.Is(err, errDone) {
			return err
		}
		if !transient(err) || rd.cur.Rows == before || rd.ctx.Err() != nil {
			return err
		}
	}
}

// resume goes on where an earlier reading of a table without a key ended.
func (rd *reader) resume(start cursor, now chain, queued []scanners.Item, yield func(scanners.Item, error) error) error {
	want, err := hex.DecodeString(start.Hash)
	if err != nil || !bytes.Equal(want, now[:]) {
		if err := yield(scanners.Item{}, &scanners.Gap{
			URI: rd.s.tableURI(rd.t.schema, rd.t.name), Place: rd.part.Place,
			Reason: scanners.Vanished, Detail: "rows changed while the table without a key was being read again; some may have been missed",
		}); err != nil {
			return err
		}
	}
	done := cursor{Rows: start.Rows, Hash: hex.EncodeToString(now[:]), At: rd.at}
	for i, it := range queued {
		if int64(i) < start.Big-1 {
			continue
		}
		c := done
		if i+1 < len(queued) {
			c.Big, c.First = int64(i)+2, start.First
		}
		it.Cursor = c.String()
		rd.cur = c
		if err := yield(it, nil); err != nil {
			return err
		}
	}
	rd.cur = done
	return nil
}

// hashedCell names a long value of a table without a key: by the hash of its
// row, in which the value itself counts as NULL, and its number among the long
// values of that column in rows of the same hash.
func (rd *reader) hashedCell(b bigCell, seen map[string]int) scanners.Item {
	hash := rd.page.block.Hash(rd.s.rowKey, b.row)
	name := rd.t.cols[b.col].name
	seen[hash+name]++
	return scanners.Item{Ref: cellRef(rd.s.hashRef(rd.t, hash, seen[hash+name]), name), Name: name, Size: b.size, Deferred: true}
}
