package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// Info implements scanners.Source.
func (s *source) Info() scanners.Info {
	uri := s.base
	if s.set.database != "" {
		uri += scanners.EscapeSegment(s.set.database)
	}
	return scanners.Info{
		Name: s.name, Type: "postgres", URI: uri, Units: "rows", Parallel: s.set.Connections,
		Consistency: "All rows of a database are seen as of one moment, the start of its listing, and no writer is blocked. That state is " +
			"held for at most " + s.set.Snapshot.String() + " at a time; when it has to be given up before a table has been read to its end, the rest is " +
			"seen as of a later moment, and rows that changed in between are read again." + s.also(),
	}
}

// also is what settings change in what a scan sees.
func (s *source) also() string {
	more := ""
	if s.set.Replica != "" {
		more += " A replica is read where it answers, which may be behind."
	}
	if !s.set.since.IsZero() {
		more += " Where a column tells when a row last changed, only rows changed since " + s.set.since.Format(time.RFC3339) +
			" are read; tables without such a column are read in full."
	}
	return more
}

// Items implements scanners.Source.
func (s *source) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		var r span
		if err := json.Unmarshal([]byte(p.Range), &r); err != nil || r.Database == "" {
			yield(scanners.Item{}, errors.New("postgres: read part: its range is malformed"))
			return
		}
		cur, err := parseCursor(p.Cursor)
		if err != nil {
			yield(scanners.Item{}, err)
			return
		}
		switch r.Kind {
		case ofDefinitions:
			s.definitions(ctx, r.Database, r.Cluster, cur, yield)
			return
		case ofObjects:
			s.objects(ctx, p, r.Database, cur, yield)
			return
		}
		rd := reader{s: s, ctx: ctx, part: p, span: r, cur: cur, yield: yield}
		err = rd.run()
		switch {
		case err == nil, errors.Is(err, errDone):
		case ctx.Err() != nil:
			yield(scanners.Item{}, failed("read rows", context.Cause(ctx)))
		default:
			units, size := rd.rest()
			yield(scanners.Item{}, gap(err, s.tableURI(r.Database, r.Schema, r.Table), p.Place, "read rows", units, size))
		}
	}
}

// A reader reads the rows of a part.
type reader struct {
	s      *source
	ctx    context.Context
	part   scanners.Part
	span   span
	t      *table
	cur    cursor // what is done
	yield  func(scanners.Item, error) bool
	page   page
	only   string // a condition on the rows of a look-up; empty: all
	since  string // a condition on the rows of a part; empty: all
	ranges bool   // the server finds the rows of a range of blocks
	lost   int    // rows and blocks that were given up
	seen   map[string]int
}

// rest estimates what is left of the part.
func (rd *reader) rest() (units, size int64) {
	if rd.part.Units <= 0 {
		return 0, max(0, rd.part.Bytes)
	}
	units = max(1, rd.part.Units-rd.cur.Rows)
	return units, int64(float64(max(0, rd.part.Bytes)) * (float64(units) / float64(max(units, rd.part.Units))))
}

func (rd *reader) run() error {
	t, err := rd.s.describe(rd.ctx, rd.span.Database, rd.span.Schema, rd.span.Table)
	if err != nil {
		return err
	}
	rd.t, rd.ranges = t, rd.s.version.Load() >= 14
	if len(t.denied) > 0 && rd.span.From == 0 && rd.part.Cursor == "" {
		g := &scanners.Gap{
			URI: rd.s.tableURI(t.database, t.schema, t.name), Place: rd.part.Place, Reason: scanners.Denied,
			Detail: "the account may not select column " + list(t.denied),
		}
		if !rd.yield(scanners.Item{}, g) {
			return errDone
		}
	}
	if t.empty || len(t.cols) == 0 {
		return nil
	}
	if !t.heap {
		if err := rd.pass(tid{}, tid{}); err != nil {
			return err
		}
		return rd.stream()
	}
	return rd.blocks()
}

// pass leaves out what has not changed since the configured time, and says so
// once for a part.
func (rd *reader) pass(from, end tid) error {
	x, err := rd.sinceOnly(from, end)
	if err == nil && x != nil && x.Units > 0 && rd.part.Cursor == "" && !rd.yield(scanners.Item{}, x) {
		err = errDone
	}
	return err
}

var errRewritten = &scanners.Gap{
	Reason: scanners.Vanished, Detail: "the table was emptied or written anew while it was being read (TRUNCATE, VACUUM FULL, CLUSTER, ALTER TABLE)",
}

// A page is the rows of some blocks of a table.
type page struct {
	block scanners.Block
	rows  int
	tids  []tid
	big   []bigCell
	cut   bool // the result was not read to its end
	node  string
	size  uint32 // blocks of the table
}

type bigCell struct {
	row, col int
	size     int64
}

func (p *page) reset(t *table) {
	p.block.Reset()
	p.block.Table = t.tab
	p.rows, p.cut, p.node = 0, false, ""
	p.tids, p.big = p.tids[:0], p.big[:0]
}

// add appends the row that t.list selected.
func (p *page) add(t *table, cells [][]byte) error {
	n := len(t.cols)
	b := &p.block
	// In variables of its own this takes half the time.
	data, k := b.Data, len(b.Ends)
	ends, nulls := slices.Grow(b.Ends, n)[:k+n], slices.Grow(b.Nulls, n)[:k+n]
	for i, c := range cells[:n] {
		if t.bytes && (t.cols[i].bytea || t.cols[i].byteas) {
			data = t.cols[i].value(data, c)
		} else {
			data = append(data, c...)
		}
		ends[k+i], nulls[k+i] = uint32(len(data)), c == nil
		data = append(data, 0)
	}
	b.Data, b.Ends, b.Nulls = data, ends, nulls
	for _, i := range t.big {
		// The lengths of the columns that are in the block are of no use.
		if size := number(cells[n]); size > int64(t.limit) {
			p.big = append(p.big, bigCell{p.rows, i, size})
		}
		n++
	}
	if t.tids {
		at, err := parseTID(string(cells[n]))
		if err != nil {
			return err
		}
		p.tids = append(p.tids, at)
	}
	p.rows++
	return nil
}

// The most bytes of a block; it may be one row longer than maxBlock, and is
// expected to hold goalBlock. Where the position of rows is not asked for,
// because no value can be long, it is bounded by the blocks that are read.
const (
	goalBlock = 1 << 20
	maxBlock  = 4 << 20
	// No page is read from more blocks than these.
	maxPage = 8192
)

var errSmaller = errors.New("fewer blocks")

// read fills the page with the rows between two positions.
func (rd *reader) read(ctx context.Context, h *holder, from, to tid, more string, raw bool) error {
	t, p := rd.t, &rd.page
	p.reset(t)
	q := t.sql(t.list(), t.within(from, to, rd.ranges), rd.only, rd.since, more) +
		";SELECT pg_relation_filenode(" + t.oid + "::oid),pg_relation_size(" + t.oid + "::oid)/" + strconv.FormatInt(t.blockSize, 10)
	err := rd.s.run(ctx, query{database: t.database, snapshot: h.id, raw: raw, sql: q}, func(result int, c [][]byte) error {
		if result == 1 {
			p.node, p.size = string(c[0]), uint32(number(c[1]))
			return nil
		}
		if err := p.add(t, c); err != nil {
			return err
		}
		switch {
		case t.tids && len(p.block.Data) >= maxBlock:
			p.cut = true
			return errStop
		case !t.tids && len(p.block.Data) >= 4*maxBlock && to.block-from.block > 1:
			return errSmaller
		}
		return nil
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// fetch reads the page between two positions under the state that is held. When
// columns have changed meanwhile it goes on with the new ones.
func (rd *reader) fetch(from, to tid, more string) error {
	s := rd.s
	if err := s.wait(rd.ctx, rd.t.database); err != nil {
		return err
	}
	raw, described := false, false
	for try := 0; ; try++ {
		h, err := s.hold(rd.ctx, rd.t.database)
		if err != nil {
			return err
		}
		if rd.cur.State == "" {
			rd.cur.State = h.state
		}
		if more == "" {
			if err := rd.moved(h, from); err != nil {
				return err
			}
		}
		err = s.retry(rd.ctx, func(ctx context.Context) error { return rd.read(ctx, h, from, to, more, raw) })
		var lost snapshotLost
		switch code := sqlstate(err); {
		case err == nil && rd.page.node != "" && rd.page.node != rd.t.node:
			return errRewritten
		case err == nil:
			s.spent(rd.page.rows)
			return nil
		case try > 5:
			return err
		case errors.As(err, &lost) || code == "40001":
			// The state is gone, or a standby could not keep it.
			s.drop(h)
		case !raw && (code == "22P05" || code == "22021"):
			raw = true
		case !described && code == "42703":
			described = true
			t, err := s.describe(rd.ctx, rd.t.database, rd.t.schema, rd.t.name)
			if err != nil {
				return err
			}
			if t.node != rd.t.node {
				return errRewritten
			}
			rd.t = t
		default:
			return err
		}
	}
}

// begin finds where to go on, and whether positions in the table still mean
// what they did.
func (rd *reader) begin() (from, end tid, err error) {
	t := rd.t
	whole := !rd.span.partial() && rd.cur.Next == ""
	h, err := rd.s.hold(rd.ctx, t.database)
	if err != nil {
		return from, end, err
	}
	if rd.span.Node != t.node {
		if !whole {
			return from, end, errRewritten
		}
		if h.state == rd.span.State {
			// The old state would show the new file as empty.
			rd.s.drop(h)
		}
	}
	if rd.cur.Node != "" && rd.cur.Node != t.node {
		return from, end, errRewritten
	}
	rd.cur.Node = t.node
	if rd.span.partial() {
		rd.cur.State = rd.span.State
	}
	from = tid{block: rd.span.From}
	if rd.cur.Next != "" {
		if from, err = parseTID(rd.cur.Next); err != nil {
			return from, end, err
		}
	}
	return from, rd.end(), nil
}

// end is the position behind the part.
func (rd *reader) end() tid {
	if rd.span.To > 0 {
		return tid{block: rd.span.To}
	}
	return tid{block: max(rd.t.blocks, rd.page.size)}
}

// blocks reads a table from block to block.
func (rd *reader) blocks() error {
	p := &rd.page
	from, end, err := rd.begin()
	if err != nil {
		return err
	}
	if err := rd.pass(from, end); err != nil {
		return err
	}
	if err := rd.pending(); err != nil {
		return err
	}
	// How many rows are in a block is seen in the first page.
	n := max(1, min(maxPage, goalBlock/rd.t.perBlock, int64(rd.s.set.PageRows)/100))
	if end == (tid{}) {
		// A standby has no blocks of an unlogged table, and says so only when
		// it is asked for rows.
		end.block = 1
	}
	careful := tid{} // what comes before is read block by block
	for from.less(end) {
		if rd.ctx.Err() != nil {
			return context.Cause(rd.ctx)
		}
		if from.less(careful) {
			n = 1
		}
		to := tid{block: uint32(min(int64(end.block), int64(from.block)+n))}
		if err := rd.fetch(from, to, ""); err != nil {
			switch r := reason(err); {
			case errors.Is(err, errSmaller):
				n = max(1, n/8)
				continue
			case errors.As(err, new(*scanners.Gap)) || r != scanners.Corrupt && r != scanners.TooLarge && r != scanners.Failed:
				return err
			case to.block-from.block > 1:
				careful = to
				continue
			}
			if err := rd.salvage(from, to, err); err != nil {
				return err
			}
			from = to
			continue
		}
		if p.cut {
			to = p.tids[p.rows-1].next()
		}
		n = rd.next(n, from, to)
		if err := rd.give(from, to); err != nil {
			return err
		}
		from, end = to, rd.end()
	}
	return nil
}

// next adapts the blocks of a page to the size of their rows.
func (rd *reader) next(n int64, from, to tid) int64 {
	p := &rd.page
	size := int64(len(p.block.Data))
	read := int64(max(1, to.block-from.block))
	if p.cut {
		return max(1, n/2)
	}
	next := 4 * n
	if size > 0 {
		next = min(next, goalBlock*read/size)
	}
	if p.rows > 0 {
		next = min(next, int64(rd.s.set.PageRows)*read/int64(p.rows))
	}
	return max(1, min(maxPage, next))
}

// give yields the page that was read between two positions.
func (rd *reader) give(from, to tid) error {
	p := &rd.page
	done := rd.cur
	done.Next, done.From, done.Big, done.Column = to.String(), "", "", ""
	done.Rows += int64(p.rows)
	if p.rows == 0 {
		rd.cur = done
		return nil
	}
	item := rd.item()
	c := done
	if len(p.big) > 0 {
		c.From = from.String()
	}
	item.Cursor = c.String()
	rd.cur = done
	if !rd.yield(item, nil) {
		return errDone
	}
	return rd.bigs(from, done, nil)
}

// item is the one that holds the page's block.
func (rd *reader) item() scanners.Item {
	s, t, p := rd.s, rd.t, &rd.page
	p.block.Refs = func(row int, hash string, same int) scanners.Ref {
		return s.withBlocked(rd.ctx, t, p.ref(s, t, row, hash, same))
	}
	l := s.locator(t.database)
	l.Schema, l.Table = t.schema, t.name
	return scanners.Item{
		Ref: scanners.Ref{URI: s.tableURI(t.database, t.schema, t.name), Place: t.place(), Locator: l, Action: "review", Group: s.group(t)},
		// A name with a dot in it would hint at a kind of file.
		Name: t.name, Size: p.block.Bytes(), Block: &p.block,
	}
}

// ref names a row of the page.
func (p *page) ref(s *source, t *table, row int, hash string, same int) scanners.Ref {
	if len(t.key) > 0 {
		return s.rowRef(t, func(col int) []byte {
			v, _ := p.block.Cell(row, col)
			return v
		})
	}
	at := ""
	if len(p.tids) > row {
		at = p.tids[row].String()
	}
	return s.hashRef(t, hash, same, at)
}

// bigs yields the long values of the page that come behind the one after.
func (rd *reader) bigs(from tid, done cursor, after func(b bigCell) bool) error {
	s, t, p := rd.s, rd.t, &rd.page
	for n, b := range p.big {
		if after != nil && !after(b) {
			continue
		}
		name := t.cols[b.col].name
		c := done
		if n+1 < len(p.big) {
			c.From, c.Big, c.Column = from.String(), p.tids[b.row].String(), name
		}
		var ref scanners.Ref
		if len(t.key) > 0 {
			ref = p.ref(s, t, b.row, "", 0)
		} else {
			ref = s.placedRef(t, p.block.Hash(s.rowKey, b.row), p.tids[b.row])
		}
		item := scanners.Item{Ref: cellRef(ref, name), Name: name, Size: b.size, Deferred: true, Cursor: c.String()}
		if !rd.yield(item, nil) {
			return errDone
		}
	}
	return nil
}

// pending yields the long values of rows that are done otherwise.
func (rd *reader) pending() error {
	if rd.cur.From == "" {
		return nil
	}
	from, err := parseTID(rd.cur.From)
	if err != nil {
		return err
	}
	to, err := parseTID(rd.cur.Next)
	if err != nil {
		return err
	}
	done := rd.cur
	var after func(bigCell) bool
	if rd.cur.Big != "" {
		row, err := parseTID(rd.cur.Big)
		if err != nil {
			return err
		}
		column := rd.cur.Column
		after = func(b bigCell) bool {
			at := rd.page.tids[b.row]
			if at != row {
				return row.less(at)
			}
			for _, c := range rd.t.cols[:b.col] {
				if c.name == column {
					return true
				}
			}
			return false
		}
	}
	done.From, done.Big, done.Column = "", "", ""
	if err := rd.fetch(from, to, ""); err != nil {
		return err
	}
	rd.cur = done
	// The page was cut at its end before, at the same place.
	return rd.bigs(from, done, after)
}

// moved looks for rows that may have been moved out of the way: where a table
// is not read to its end under the state in which it was begun, a row that was
// updated meanwhile may lie where nobody looks any more. All that has changed
// since is read again, once for each state, by the first part of the table that
// meets it; a row may so be seen twice, as it was and as it is.
func (rd *reader) moved(h *holder, from tid) error {
	began := rd.cur.State
	if began == h.state || !rd.span.partial() && rd.cur.Next == "" {
		return nil
	}
	s, t := rd.s, rd.t
	id := h.id + "\x00" + t.oid
	s.mu.Lock()
	done := s.caught[id]
	s.caught[id] = true
	s.mu.Unlock()
	oldest := xmin(began)
	if done || oldest == "" {
		return nil
	}
	cur, size := rd.cur, rd.page.size
	err := func() error {
		for pos, end := uint32(0), max(t.blocks, size); pos < end; {
			to := min(end, pos+maxPage)
			// Frozen rows keep their transaction's number, which may be taken
			// for a new one after 2^31 others: then a row is seen twice.
			cond := "age(xmin)<=age('" + oldest + "'::xid) AND NOT (" + t.within(from, rd.end(), true) + ")"
			if err := rd.fetch(tid{block: pos}, tid{block: to}, cond); err != nil {
				return err
			}
			if rd.page.cut {
				return &scanners.Gap{Reason: scanners.TooLarge, Detail: "too much has changed"}
			}
			if rd.page.rows > 0 {
				item := rd.item()
				c := cur
				item.Cursor = c.String()
				if !rd.yield(item, nil) {
					return errDone
				}
				if err := rd.again(cur); err != nil {
					return err
				}
			}
			pos = to
		}
		return nil
	}()
	rd.cur = cur
	if err == nil {
		return nil
	}
	s.mu.Lock()
	delete(s.caught, id)
	s.mu.Unlock()
	if errors.Is(err, errDone) || rd.ctx.Err() != nil {
		return err
	}
	g := gap(err, s.tableURI(t.database, t.schema, t.name), rd.part.Place, "read again what changed meanwhile, of which some may have been missed", 0, 0)
	if !rd.yield(scanners.Item{}, g) {
		return errDone
	}
	return nil
}

// again yields the long values of rows that were read again.
func (rd *reader) again(cur cursor) error {
	keep := rd.yield
	defer func() { rd.yield = keep }()
	rd.yield = func(it scanners.Item, err error) bool {
		it.Cursor = cur.String()
		return keep(it, err)
	}
	return rd.bigs(tid{}, cur, nil)
}

// maxLost is how many rows or blocks of a part are given up one by one.
const maxLost = 1000

// salvage reads a block that can't be read as a whole row by row.
func (rd *reader) salvage(from, to tid, why error) error {
	t := rd.t
	one := func(err error, units int64) error {
		if rd.lost++; rd.lost > maxLost {
			return err
		}
		g := gap(err, rd.s.tableURI(t.database, t.schema, t.name), rd.part.Place, "read row", units, 0)
		if !rd.yield(scanners.Item{}, g) {
			return errDone
		}
		return nil
	}
	var rows []tid
	err := rd.s.rows(rd.ctx, t.database, t.sql("ctid", t.within(from, to, rd.ranges)), func() { rows = nil }, func(c [][]byte) error {
		at, err := parseTID(string(c[0]))
		rows = append(rows, at)
		return err
	})
	if err != nil {
		if rd.ctx.Err() != nil || reason(err) == scanners.Offline {
			return err
		}
		return one(why, 1)
	}
	for _, at := range rows {
		err := rd.fetch(at, at.next(), "")
		if err == nil {
			err = rd.give(at, at.next())
			if err != nil {
				return err
			}
			continue
		}
		if r := reason(err); rd.ctx.Err() != nil || r != scanners.Corrupt && r != scanners.TooLarge && r != scanners.Failed {
			return err
		}
		if err := one(err, 1); err != nil {
			return err
		}
	}
	return nil
}

// stream reads what has no positions, a view or the result of a look-up, in one
// statement. The connection is held while the caller looks at a block.
func (rd *reader) stream() error {
	s, p, t := rd.s, &rd.page, rd.t
	rd.seen = map[string]int{}
	ctx, cancel := context.WithCancelCause(rd.ctx)
	defer cancel(nil)
	limit := 10 * s.set.Timeout
	timer := time.AfterFunc(limit, func() { cancel(errSlow) })
	defer timer.Stop()
	flush := func() error {
		if p.rows == 0 {
			return nil
		}
		timer.Stop()
		defer timer.Reset(limit)
		rd.cur.Rows += int64(p.rows)
		if !rd.yield(rd.item(), nil) {
			return errDone
		}
		for _, b := range p.big {
			name := t.cols[b.col].name
			var ref scanners.Ref
			switch {
			case len(t.key) > 0:
				ref = p.ref(s, t, b.row, "", 0)
			case t.tids:
				ref = s.placedRef(t, p.block.Hash(s.rowKey, b.row), p.tids[b.row])
			default:
				hash := p.block.Hash(s.rowKey, b.row)
				rd.seen[hash+name]++
				ref = s.hashRef(t, hash, rd.seen[hash+name], "")
			}
			if !rd.yield(scanners.Item{Ref: cellRef(ref, name), Name: name, Size: b.size, Deferred: true}, nil) {
				return errDone
			}
		}
		s.spent(p.rows)
		p.reset(t)
		return s.wait(rd.ctx, t.database)
	}
	snapshot := ""
	if rd.only == "" {
		h, err := s.hold(rd.ctx, t.database)
		if err != nil {
			return err
		}
		snapshot = h.id
	}
	return s.retry(rd.ctx, func(context.Context) error {
		if rd.cur.Rows > 0 {
			return &scanners.Gap{Reason: scanners.Offline, Detail: "the connection was lost in the middle of a view or look-up"}
		}
		p.reset(t)
		// The caller may be slow, and that counts as the statement's time.
		q := query{database: t.database, snapshot: snapshot, sql: "SELECT set_config('statement_timeout','0',true);" + t.sql(t.list(), rd.only, rd.since)}
		err := s.runWith(ctx, cancel, q, func(result int, c [][]byte) error {
			if result == 0 {
				return nil
			}
			if err := p.add(t, c); err != nil {
				return err
			}
			if p.rows >= s.set.PageRows || len(p.block.Data) >= goalBlock {
				return flush()
			}
			return nil
		})
		if err == nil {
			err = flush()
		}
		return err
	})
}
