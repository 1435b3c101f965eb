package mysql

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
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
// others; that URI with "!/"
// and the name of a column gives the value as a Body, however long; that of a
// definition gives its text.
func (s *source) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	p, err := s.parse(ref.URI)
	if err != nil {
		return scanners.Item{}, err
	}
	if s.set.schema != "" && p.schema != s.set.schema {
		return scanners.Item{}, errURI
	}
	if p.definition {
		return s.openDefinition(ctx, p)
	}
	item, err := s.openRow(ctx, ref.URI, p)
	switch {
	case err == nil, errors.Is(err, errURI):
		return item, err
	case ctx.Err() != nil:
		return scanners.Item{}, failed("open row", context.Cause(ctx))
	}
	return scanners.Item{}, gap(err, ref.URI, p.schema+" / "+p.name+" / row", "open row", 1, 0)
}

func vanished(what string) error {
	return &scanners.Gap{Reason: scanners.Vanished, Detail: "the " + what + " is not there any more"}
}

func (s *source) openRow(ctx context.Context, uri string, p place) (scanners.Item, error) {
	t, err := s.describe(ctx, p.schema, p.name)
	if err != nil {
		return scanners.Item{}, err
	}
	var pg page
	var where string
	var index int64 // of the row in a table without a key
	hash, n, hashed := p.hash()
	if hashed {
		index, err = s.findHash(ctx, t, &pg, hash, n, p)
	} else if where, err = t.whereKey(p.query); err == nil {
		err = s.findKeyed(ctx, t, &pg, where)
	}
	if err != nil {
		return scanners.Item{}, err
	}
	ref := s.hashRef(t, hash, n)
	if !hashed {
		if len(t.key) > 0 {
			ref = pg.ref(s, t, 0)
		} else {
			// The table has lost its key; the URI still says which row it is.
			ref = s.keyRef(t, p.query)
		}
	}
	value := func(b bigCell) *cellReader {
		r := &cellReader{ctx: ctx, s: s, t: t, col: b.col, size: b.size, where: where}
		if hashed {
			r.hash, r.index = hash, index
		}
		return r
	}
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
		if b.col != col {
			continue
		}
		return scanners.Item{Ref: ref, Name: p.column, Size: b.size, Body: value(b)}, nil
	}
	v, _ := pg.block.Cell(0, col)
	return scanners.Item{Ref: ref, Name: p.column, Size: int64(len(v)), Body: bytes.NewReader(v)}, nil
}

// maxOpenRow is the most bytes of long values of a row that Open puts into its
// block.
const maxOpenRow = 16 << 20

// full returns the block of a page of one row with its long values.
func (p *page) full(t *table, value func(bigCell) *cellReader) (*scanners.Block, error) {
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

func (s *source) keyRef(t *table, query [][2]string) scanners.Ref {
	l := s.locator(t.schema)
	l.Table, l.History = t.name, t.history
	for _, kv := range query {
		l.Key = append(l.Key, keyValue(kv[0], []byte(kv[1])))
	}
	return s.ref(t, "", l)
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
		k, ok := c.asKey()
		if !ok {
			return "", errURI
		}
		name, v := ident(c.name), kv[1]
		switch {
		case k.kind == number && c.typ != "enum":
			if !numeral.MatchString(v) {
				return "", errURI
			}
			conds = append(conds, name+"="+v)
		case k.kind == hexed && k.charset == "binary":
			conds = append(conds, name+"=X'"+hex.EncodeToString([]byte(v))+"'")
		case utf8.ValidString(v):
			// The column's own collation compares, into whose character set
			// the text is converted.
			conds = append(conds, name+"="+text(v))
		default:
			conds = append(conds, "CAST("+name+" AS BINARY)=X'"+hex.EncodeToString([]byte(v))+"'")
		}
	}
	return strings.Join(conds, " AND "), nil
}

func (s *source) findKeyed(ctx context.Context, t *table, p *page, where string) error {
	err := s.retry(ctx, func(ctx context.Context) error {
		p.reset(t)
		_, err := s.query(ctx, "SELECT "+t.list()+" FROM "+t.from+" WHERE "+where+" LIMIT 2", func(cells []sql.RawBytes) error {
			p.add(t, cells)
			return nil
		})
		return err
	})
	switch {
	case err != nil:
		return err
	case p.rows == 0:
		return vanished("row")
	case p.rows > 1:
		return &scanners.Gap{Reason: scanners.Failed, Detail: "the key names more than one row now"}
	}
	return nil
}

// findHash reads the table until the n-th row with the hash, and returns how
// many rows come before it.
func (s *source) findHash(ctx context.Context, t *table, p *page, hash string, n int, want place) (int64, error) {
	if want.cell && slices.ContainsFunc(t.big, func(i int) bool { return t.cols[i].name == want.column }) {
		// A long value is numbered among the rows in which it is long; where
		// there is none the number is that of the row.
		index, err := s.scanHash(ctx, t, p, hash, n, want.column)
		if reason(err) != scanners.Vanished {
			return index, err
		}
	}
	return s.scanHash(ctx, t, p, hash, n, "")
}

func (s *source) scanHash(ctx context.Context, t *table, p *page, hash string, n int, long string) (int64, error) {
	var index int64
	err := s.retry(ctx, func(ctx context.Context) error {
		index = 0
		found := 0
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		p.reset(t)
		_, err := s.streaming(ctx, cancel, "SELECT "+t.list()+" FROM "+t.from, func(cells []sql.RawBytes) error {
			p.reset(t)
			p.add(t, cells)
			if p.block.Hash(s.rowKey, 0) == hash && (long == "" ||
				slices.ContainsFunc(p.big, func(b bigCell) bool { return t.cols[b.col].name == long })) {
				if found++; found == n {
					return errStop
				}
			}
			index++
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
	return index, err
}

// A cellReader reads a long value in pieces, each by a query of its own, and
// makes sure that they are pieces of one value as far as its length tells.
type cellReader struct {
	ctx   context.Context
	s     *source
	t     *table
	col   int
	size  int64
	where string // names the row; empty: by index and hash
	index int64
	hash  string
	pos   int64 // characters or bytes that were read
	buf   []byte
	err   error
}

// chunk is how much of a long value one query asks for: characters, which are
// up to 4 bytes each, or bytes.
const chunk = 1 << 20

func (r *cellReader) Read(b []byte) (int, error) {
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

func (r *cellReader) fill() {
	t := r.t
	c := t.cols[r.col]
	value, step := ident(c.name), int64(chunk)
	if geometric(c.typ) {
		value = "CAST(" + value + " AS BINARY)"
	}
	if c.charset != "" {
		step /= 2
	}
	part := "SUBSTRING(" + value + "," + strconv.FormatInt(r.pos+1, 10) + "," + strconv.FormatInt(step, 10) + ")"
	q := "SELECT " + t.list() + "," + part + " FROM " + t.from
	if r.where != "" {
		q = "SELECT " + t.length(r.col) + "," + part + " FROM " + t.from + " WHERE " + r.where + " LIMIT 1"
	} else {
		q += " LIMIT 1 OFFSET " + strconv.FormatInt(r.index, 10)
	}
	rows, same := 0, false
	var pg page
	err := r.s.retry(r.ctx, func(ctx context.Context) error {
		rows, same, r.buf = 0, false, r.buf[:0]
		_, err := r.s.query(ctx, q, func(cells []sql.RawBytes) error {
			rows++
			if r.where != "" {
				same = string(cells[0]) == strconv.FormatInt(r.size, 10)
			} else {
				pg.reset(t)
				pg.add(t, cells[:len(cells)-1])
				same = pg.block.Hash(r.s.rowKey, 0) == r.hash &&
					slices.ContainsFunc(pg.big, func(b bigCell) bool { return b.col == r.col && b.size == r.size })
			}
			r.buf = append(r.buf, cells[len(cells)-1]...)
			return nil
		})
		return err
	})
	switch {
	case err != nil && r.ctx.Err() != nil:
		r.err = failed("read value", context.Cause(r.ctx))
	case err != nil:
		r.err = gap(err, "", t.place()+" / row / "+c.name, "read value", 0, 0)
	case rows == 0:
		r.err = vanished("row")
	case !same:
		r.err = &scanners.Gap{Place: t.place() + " / row / " + c.name, Reason: scanners.Vanished, Detail: "the value or its row changed while it was being read"}
	case len(r.buf) == 0:
		r.err = io.EOF
	}
	if r.err != nil {
		r.buf = nil
		return
	}
	if c.charset == "" {
		r.pos += int64(len(r.buf))
		if r.pos >= r.size {
			r.err = io.EOF
		}
		return
	}
	r.pos += int64(utf8.RuneCount(r.buf))
}

func (r *cellReader) Close() error {
	if r.err == nil {
		r.err = fmt.Errorf("mysql: read value: %w", io.ErrClosedPipe)
	}
	r.buf = nil
	return nil
}
