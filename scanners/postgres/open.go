package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// Open implements scanners.Source. The URI of a row gives a block of one row,
// with the values that are NULL in the blocks of a scan because of their length,
// as far as they are maxOpenRow bytes together, and a word in the place of the
// others; that URI with "!/" and the name of a column gives the value as a Body,
// however long; that of a large object or a definition gives its content.
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	p, err := s.parse(ref.URI)
	if err != nil {
		return scanners.Item{}, err
	}
	if s.set.database != "" && p.database != s.set.database {
		return scanners.Item{}, errURI
	}
	if p.definition {
		return s.openDefinition(ctx, p)
	}
	if p.schema == "pg_catalog" && p.name == "pg_largeobject" {
		return s.openObject(ctx, p)
	}
	item, err := s.openRow(ctx, ref.URI, p)
	switch {
	case err == nil, errors.Is(err, errURI):
		return item, err
	case ctx.Err() != nil:
		return scanners.Item{}, failed("open row", context.Cause(ctx))
	}
	return scanners.Item{}, gap(err, ref.URI, p.database+" / "+p.schema+" / "+p.name+" / row", "open row", 1, 0)
}

func (s *source) openRow(ctx context.Context, uri string, p place) (scanners.Item, error) {
	t, err := s.describe(ctx, p.database, p.schema, p.name)
	if err != nil {
		return scanners.Item{}, err
	}
	var pg page
	var where string
	hash, n, at, hashed := p.hash()
	if hashed {
		where, err = s.findHash(ctx, t, &pg, p, hash, n, at)
	} else if where, err = t.whereKey(p.query); err == nil {
		err = s.findKeyed(ctx, t, &pg, where)
	}
	if err != nil {
		return scanners.Item{}, err
	}
	var ref scanners.Ref
	switch {
	case !hashed && len(t.key) > 0:
		ref = pg.ref(s, t, 0, "", 0)
	case !hashed:
		// The table has lost its key; the URI still says which row it is.
		l := s.tableLocator(t)
		for _, kv := range p.query {
			l.Key = append(l.Key, keyValue(kv[0], []byte(kv[1])))
		}
		ref = s.ref(t, "", l)
	case at != nil:
		ref = s.placedRef(t, hash, *at)
	default:
		where := ""
		if len(pg.tids) > 0 {
			where = pg.tids[0].String()
		}
		ref = s.hashRef(t, hash, n, where)
	}
	value := func(b bigCell) *pieces { return s.value(ctx, t, b, where) }
	if !p.cell {
		block, err := pg.full(t, value)
		if err != nil {
			return scanners.Item{}, err
		}
		// The hash of the row as it is scanned names it, not that of this block.
		row := ref
		block.Refs = func(int, string, int) scanners.Ref { return row }
		ref.URI = uri
		return scanners.Item{Ref: ref, Name: t.name, Size: block.Bytes(), Block: block}, nil
	}
	col := slices.IndexFunc(t.cols, func(c column) bool { return c.name == p.column })
	if col < 0 {
		return scanners.Item{}, vanished("column")
	}
	ref = cellRef(ref, p.column)
	ref.URI = uri
	for _, b := range pg.big {
		if b.col == col {
			return scanners.Item{Ref: ref, Name: p.column, Size: b.size, Body: value(b)}, nil
		}
	}
	v, _ := pg.block.Cell(0, col)
	return scanners.Item{Ref: ref, Name: p.column, Size: int64(len(v)), Body: bytes.NewReader(v)}, nil
}

// maxOpenRow is the most bytes of long values of a row that Open puts into its
// block.
const maxOpenRow = 16 << 20

// full returns the block of a page of one row with its long values.
func (p *page) full(t *table, value func(bigCell) *pieces) (*scanners.Block, error) {
	if len(p.big) == 0 {
		return &p.block, nil
	}
	long := make(map[int][]byte)
	var size int64
	for _, b := range p.big {
		if size += b.size; size > maxOpenRow {
			size -= b.size
			// Short, so that it is never taken for the value by who follows a
			// URI into the row.
			long[b.col] = fmt.Appendf(nil, "(%d bytes; open the URI of the row with !/ and the column)", b.size)
			continue
		}
		v, err := io.ReadAll(value(b))
		if err != nil {
			return nil, err
		}
		long[b.col] = v
	}
	block := &scanners.Block{Table: t.tab}
	for i := range t.cols {
		v, null := p.block.Cell(0, i)
		if l, ok := long[i]; ok {
			v, null = l, false
		}
		block.Append(v, null)
	}
	return block, nil
}

// whereKey is the condition for one row, from the query of its URI.
func (t *table) whereKey(query [][2]string) (string, error) {
	var conds []string
	for _, kv := range query {
		i := slices.IndexFunc(t.cols, func(c column) bool { return c.name == kv[0] })
		if i < 0 {
			return "", vanished("key column")
		}
		c := &t.cols[i]
		conds = append(conds, ident(c.name)+" "+c.equal+" "+c.literal(kv[1]))
	}
	return strings.Join(conds, " AND "), nil
}

func (s *source) findKeyed(ctx context.Context, t *table, p *page, where string) error {
	err := s.fill(ctx, t, p, where, 2)
	switch {
	case strings.HasPrefix(sqlstate(err), "22"):
		// No value of the key's type: no row has it.
		return vanished("row")
	case err != nil:
		return err
	case p.rows == 0:
		return vanished("row")
	case p.rows > 1:
		return &scanners.Gap{Reason: scanners.Failed, Detail: "the key names more than one row now"}
	}
	return nil
}

// fill reads the first rows for which a condition holds.
func (s *source) fill(ctx context.Context, t *table, p *page, where string, most int) error {
	return s.rows(ctx, t.database, t.sql(t.list(), where)+" LIMIT "+itoa(most), func() { p.reset(t) }, func(c [][]byte) error { return p.add(t, c) })
}

// findHash finds a row without a key: by its position if that is known and it is
// still there, else by reading the table until the n-th row with the hash. It
// returns a condition for the row.
func (s *source) findHash(ctx context.Context, t *table, p *page, want place, hash string, n int, at *tid) (string, error) {
	here := func() string {
		if len(p.tids) == 0 {
			return ""
		}
		return "ctid=" + text(p.tids[0].String()) + "::tid"
	}
	if at != nil && t.heap {
		err := s.fill(ctx, t, p, "ctid="+text(at.String())+"::tid", 1)
		if err != nil {
			return "", err
		}
		if p.rows == 1 && p.block.Hash(s.rowKey, 0) == hash {
			return here(), nil
		}
	}
	long := ""
	if want.cell && slices.ContainsFunc(t.big, func(i int) bool { return t.cols[i].name == want.column }) {
		// A long value is numbered among the rows in which it is long; where
		// there is none the number is that of the row.
		long = want.column
	}
	err := s.scanHash(ctx, t, p, hash, n, long)
	if long != "" && reason(err) == scanners.Vanished {
		err = s.scanHash(ctx, t, p, hash, n, "")
	}
	return here(), err
}

func (s *source) scanHash(ctx context.Context, t *table, p *page, hash string, n int, long string) error {
	return s.retry(ctx, func(ctx context.Context) error {
		found := 0
		p.reset(t)
		// The whole table may have to come by.
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		q := query{database: t.database, sql: "SELECT set_config('statement_timeout','0',true);" + t.sql(t.list())}
		err := s.runWith(ctx, cancel, q, func(result int, c [][]byte) error {
			if result == 0 {
				return nil
			}
			p.reset(t)
			if err := p.add(t, c); err != nil {
				return err
			}
			if p.block.Hash(s.rowKey, 0) == hash && (long == "" ||
				slices.ContainsFunc(p.big, func(b bigCell) bool { return t.cols[b.col].name == long })) {
				if found++; found == n {
					return errStop
				}
			}
			return nil
		})
		if errors.Is(err, errStop) {
			return nil
		}
		if err == nil {
			err = vanished("row")
		}
		return err
	})
}

// value returns the content of a long value in the row that where names.
func (s *source) value(ctx context.Context, t *table, b bigCell, where string) *pieces {
	c := t.cols[b.col]
	place := t.place() + " / row / " + c.name
	n := ident(c.name)
	// The server counts characters of texts, of which the unknown are bytes.
	bytewise := c.bytea
	if !c.bytea {
		n += "::text"
	}
	s.mu.Lock()
	bytewise = bytewise || rawEncoding(s.encodings[t.database])
	s.mu.Unlock()
	if where == "" {
		return &pieces{err: &scanners.Gap{Place: place, Reason: scanners.TooLarge, Detail: "a long value in a view can't be read in pieces"}}
	}
	return &pieces{
		ctx: ctx, s: s, database: t.database, place: place,
		sql: func(pos int64) string {
			part := "substr(" + n + "," + strconv.FormatInt(pos+1, 10) + "," + strconv.Itoa(chunk) + ")"
			return t.sql(t.length(b.col)+","+part, where) + " LIMIT 2"
		},
		take: func(dst []byte, cells [][]byte) ([]byte, int64, error) {
			if cells == nil {
				return dst, 0, vanished("row")
			}
			if number(cells[0]) != b.size {
				return dst, 0, &scanners.Gap{Place: place, Reason: scanners.Vanished, Detail: "the value or its row changed while it was being read"}
			}
			n := len(dst)
			dst = c.value(dst, cells[1])
			if bytewise {
				return dst, int64(len(dst) - n), nil
			}
			return dst, int64(utf8.RuneCount(dst[n:])), nil
		},
	}
}

// pieces reads a long value, each piece by a query of its own.
type pieces struct {
	ctx      context.Context
	s        *source
	database string
	place    string
	sql      func(pos int64) string
	// take appends a piece to dst, and tells how many of the server's units it
	// is; cells are nil where there was no row.
	take func(dst []byte, cells [][]byte) ([]byte, int64, error)
	pos  int64
	mem  []byte
	buf  []byte // of mem, not read yet
	err  error
}

// chunk is how much of a long value one query asks for: characters, which are
// up to 4 bytes each, or bytes. A compressed value is unpacked for each.
const chunk = 2 << 20

func (r *pieces) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for len(r.buf) == 0 && r.err == nil {
		r.fill()
	}
	if len(r.buf) == 0 {
		return 0, r.err
	}
	n := copy(b, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

func (r *pieces) fill() {
	if r.err != nil {
		return
	}
	var units int64
	rows := 0
	err := r.s.rows(r.ctx, r.database, r.sql(r.pos), func() { r.mem, units, rows = r.mem[:0], 0, 0 }, func(c [][]byte) error {
		var err error
		rows++
		r.mem, units, err = r.take(r.mem, c)
		return err
	})
	if err == nil && rows != 1 {
		err = vanished("row")
	}
	switch {
	case err != nil && r.ctx.Err() != nil:
		r.err = failed("read value", context.Cause(r.ctx))
	case err != nil:
		r.err = gap(err, "", r.place, "read value", 0, 0)
	case units < chunk:
		r.err = io.EOF
	}
	r.buf = r.mem
	if err != nil {
		r.buf = nil
	}
	r.pos += units
}

// Close implements io.Closer.
func (r *pieces) Close() error {
	if r.err == nil {
		r.err = fmt.Errorf("postgres: read value: %w", io.ErrClosedPipe)
	}
	r.buf = nil
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
