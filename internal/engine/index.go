package engine

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	enc "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/scanners"
)

// A keyIndex keeps the keys of rows that can't be looked up where they came from
// without reading it again: those of dumps, sheets and databases in files. It
// lies in a temporary file without a name, compressed and encrypted under a key
// that is never stored.
type keyIndex struct {
	aead cipher.AEAD

	mu     sync.Mutex
	file   *os.File
	size   int64
	chunks []indexChunk
	docs   []indexDoc
	byURI  map[string]int
	tables []indexTable
	known  map[indexTableKey]int
	failed error          // why the index is not whole
	left   map[string]int // documents that were too many, by source
	bufs   sync.Pool      // of *indexBufs
}

// maxIndexDocs bounds how many documents the index tells apart.
const maxIndexDocs = 500_000

// An indexChunk is the rows of one block.
type indexChunk struct {
	doc, table int32
	off        int64
	len        int32
}

// An indexDoc is a document that holds rows, and what a record of one needs.
type indexDoc struct {
	source             Source
	ref                scanners.Ref
	top, section, same string
	copies             func(limit int) ([]scanners.Copy, int)
	time               time.Time
	inside             []step
	sections           bool
	live               bool // it is a database; its rows have Refs of their own
	scope              string
	tables             map[string]bool
}

type indexTableKey struct {
	doc  int32
	name string
}

type indexTable struct {
	table *scanners.Table
	cols  []int // whose cells are kept
	// emails are the columns for addresses of the table whose rows are read, which
	// has the columns of whole.
	emails []int
	whole  []string
	name   func(b *scanners.Block, row int, origin int64, hash string, n int) scanners.Ref
}

func newKeyIndex() (*keyIndex, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	x := &keyIndex{byURI: map[string]int{}, known: map[indexTableKey]int{}, left: map[string]int{}}
	if x.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	return x, nil
}

func (x *keyIndex) close() {
	if x != nil && x.file != nil {
		_ = x.file.Close()
	}
}

// missing says for which sources the index is not whole, and why.
func (x *keyIndex) missing() map[string]error {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := map[string]error{}
	for source, n := range x.left {
		out[source] = &scanners.Gap{Reason: scanners.TooLarge, Detail: fmt.Sprintf("%d documents that hold rows are more than can be told apart", n)}
	}
	if x.failed != nil {
		for _, d := range x.docs {
			out[d.source.Info.Name] = x.failed
		}
	}
	return out
}

// doc returns the number of a document; -1 where there are too many.
func (x *keyIndex) doc(rec *record) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	k := rec.unit.source.Info.Name + "\x00" + rec.ref.URI
	if i, ok := x.byURI[k]; ok {
		return i
	}
	if len(x.docs) >= maxIndexDocs {
		x.left[rec.unit.source.Info.Name]++
		return -1
	}
	x.docs = append(x.docs, indexDoc{
		source: rec.unit.source, ref: rec.ref, top: rec.top, section: rec.section, same: rec.unit.same, copies: rec.unit.copies.again(), time: rec.unit.time,
		inside: rec.inside, sections: rec.sections, scope: "doc\x00" + k, tables: map[string]bool{},
	})
	x.byURI[k] = len(x.docs) - 1
	return len(x.docs) - 1
}

// live returns the number of a database, of which only what its cells hold is
// indexed.
func (x *keyIndex) live(s Source, scope string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	k := "live\x00" + s.Info.Name
	if i, ok := x.byURI[k]; ok {
		return i
	}
	x.docs = append(x.docs, indexDoc{source: s, scope: scope, live: true, tables: map[string]bool{}})
	x.byURI[k] = len(x.docs) - 1
	return len(x.docs) - 1
}

func (x *keyIndex) fail(err error) {
	if x.failed == nil {
		x.failed = err
	}
}

// The flags of an indexed row.
const (
	rowOfOther = 1 << iota // it names somebody, whoever that is
)

// add keeps the keys of a block's rows. rowKey is that of scanners.RowHash.
func (x *keyIndex) add(doc int, t *links.Table, b *scanners.Block, rowKey []byte) {
	x.addRows(doc, t, b, b, nil, rowKey)
}

// addRows is add for a block that holds some cells of another, whole: its rows
// are those with the numbers of; nil: it is the same.
func (x *keyIndex) addRows(doc int, t *links.Table, b, whole *scanners.Block, of []int, rowKey []byte) {
	if doc < 0 || t == nil || b.Rows() == 0 {
		return
	}
	cols := slices.Clone(t.Keys)
	for _, k := range b.Table.Key {
		if !slices.Contains(cols, k) {
			cols = append(cols, k)
		}
	}
	x.mu.Lock()
	tk := indexTableKey{int32(doc), b.Table.Name}
	ti, ok := x.known[tk]
	if !ok || !slices.Equal(x.tables[ti].table.Columns, b.Table.Columns) {
		ti = len(x.tables)
		x.tables = append(x.tables, indexTable{table: b.Table, cols: cols, name: b.Name, emails: emailColumns(whole.Table), whole: whole.Table.Columns})
		x.known[tk] = ti
		x.docs[doc].tables[b.Table.Name] = true
	}
	emails := x.tables[ti].emails
	if !slices.Equal(x.tables[ti].whole, whole.Table.Columns) {
		emails = emailColumns(whole.Table)
	}
	// A row of a database that has a key is asked for again.
	again := x.docs[doc].live && len(b.Table.Key) > 0
	x.mu.Unlock()
	mem, _ := x.bufs.Get().(*indexBufs)
	if mem == nil {
		mem = &indexBufs{plain: make([]byte, 0, 64<<10)}
	}
	defer x.bufs.Put(mem)
	buf := mem.plain[:0]
	buf = enc.AppendUvarint(buf, uint64(b.Rows()))
	// Column by column, so that like stands beside like.
	n := len(b.Table.Columns)
	for _, c := range cols {
		key := slices.Contains(b.Table.Key, c)
		for i := c; i < b.Rows()*n; i += n {
			start, end := b.Span(i)
			if b.Nulls != nil && b.Nulls[i] || end-start > 128 && !key {
				end = start
			}
			buf = enc.AppendUvarint(buf, uint64(end-start))
			buf = append(buf, b.Data[start:end]...)
		}
	}
	last := int64(0)
	for row := range b.Rows() {
		origin := int64(-1)
		if b.Origin != nil {
			origin = b.Origin(row)
		}
		buf = enc.AppendVarint(buf, origin-last)
		last = origin
	}
	hasher := scanners.NewRowHasher(rowKey)
	for row := range b.Rows() {
		if again {
			break
		}
		full := row
		if of != nil {
			full = of[row]
		}
		third, flags := peopleIn(whole, full, emails)
		buf = append(buf, third, flags)
		hash := ""
		if len(b.Table.Key) == 0 {
			hash = hasher.Hash(whole, full)
			buf = enc.AppendUvarint(buf, uint64(len(hash)))
			buf = append(buf, hash...)
		}
		if b.Name == nil {
			ref, err := json.Marshal(b.Refs(row, hash, 1))
			if err != nil {
				ref = []byte("{}")
			}
			buf = enc.AppendUvarint(buf, uint64(len(ref)))
			buf = append(buf, ref...)
		}
	}
	mem.plain = buf
	x.write(indexChunk{doc: int32(doc), table: int32(ti)}, mem)
}

// emailColumns returns the columns for the address of whom a row is about.
func emailColumns(t *scanners.Table) []int {
	var out []int
	for col, name := range t.Columns {
		if emailColumn(name) {
			out = append(out, col)
		}
	}
	return out
}

// peopleIn returns about how many e-mail addresses there are in a row, and
// whether the columns for them hold one.
func peopleIn(b *scanners.Block, row int, emails []int) (third, flags byte) {
	n := len(b.Table.Columns)
	from, _ := b.Span(row * n)
	_, to := b.Span(row*n + n - 1)
	count := bytes.Count(b.Data[from:to], []byte("@"))
	if count == 0 {
		return 0, 0
	}
	for _, col := range emails {
		if cell, null := b.Cell(row, col); !null && bytes.IndexByte(cell, '@') > 0 {
			flags |= rowOfOther
		}
	}
	return byte(min(count, 255)), flags
}

// indexBufs is the memory in which a chunk is made.
type indexBufs struct{ plain, packed, sealed []byte }

func (x *keyIndex) write(c indexChunk, mem *indexBufs) {
	mem.packed = s2.Encode(mem.packed[:cap(mem.packed)], mem.plain)
	nonce := slices.Grow(mem.sealed[:0], x.aead.NonceSize()+len(mem.packed)+x.aead.Overhead())[:x.aead.NonceSize()]
	_, _ = rand.Read(nonce)
	sealed := x.aead.Seal(nonce, nonce, mem.packed, nil)
	mem.sealed = sealed
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.failed != nil {
		return
	}
	if x.file == nil {
		f, err := os.CreateTemp("", "spoor-*")
		if err == nil {
			err = os.Remove(f.Name())
		}
		if err != nil {
			x.fail(fmt.Errorf("make a temporary file: %w", withoutPath(err)))
			return
		}
		x.file = f
	}
	if _, err := x.file.WriteAt(sealed, x.size); err != nil {
		x.fail(fmt.Errorf("write a temporary file: %w", withoutPath(err)))
		return
	}
	c.off, c.len = x.size, int32(len(sealed))
	x.size += int64(len(sealed))
	x.chunks = append(x.chunks, c)
}

// withoutPath takes the name of a file out of an error.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// An indexedRow is a row of the index. Its Block holds the kept cells alone.
type indexedRow struct {
	doc   *indexDoc
	block *scanners.Block
	again bool // it has no ref, and is to be looked up by its key
	third int
	flags byte
	hash  string
	ref   func(n int) scanners.Ref
}

// rows yields the rows of the tables that wanted says, in the order in which
// they were read. A row is valid until the function returns.
func (x *keyIndex) rows(ctx context.Context, wanted func(scope, table string) bool, fn func(indexedRow)) error {
	x.mu.Lock()
	chunks := slices.Clone(x.chunks)
	x.mu.Unlock()
	var sealed, packed, plain []byte
	for _, c := range chunks {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x.mu.Lock()
		doc, table := &x.docs[c.doc], x.tables[c.table]
		x.mu.Unlock()
		if !wanted(doc.scope, table.table.Name) {
			continue
		}
		sealed = slices.Grow(sealed[:0], int(c.len))[:c.len]
		if _, err := x.file.ReadAt(sealed, c.off); err != nil {
			return fmt.Errorf("read a temporary file: %w", withoutPath(err))
		}
		n := x.aead.NonceSize()
		var err error
		if packed, err = x.aead.Open(packed[:0], sealed[:n], sealed[n:], nil); err == nil {
			plain, err = s2.Decode(plain[:cap(plain)], packed)
		}
		if err != nil {
			return errors.New("a temporary file is damaged")
		}
		if err := unpack(doc, table, plain, fn); err != nil {
			return err
		}
	}
	return nil
}

var errIndex = errors.New("the index of keys is damaged")

func unpack(doc *indexDoc, t indexTable, p []byte, fn func(indexedRow)) error {
	bad := false
	num := func() uint64 {
		v, n := enc.Uvarint(p)
		if n <= 0 {
			bad = true
			return 0
		}
		p = p[n:]
		return v
	}
	take := func(n uint64) []byte {
		if n > uint64(len(p)) {
			bad = true
			return nil
		}
		v := p[:n]
		p = p[n:]
		return v
	}
	rows := int(num())
	if rows < 0 || rows > len(p) {
		return errIndex
	}
	columns := make([][][]byte, len(t.table.Columns))
	for _, c := range t.cols {
		columns[c] = make([][]byte, rows)
		for row := range rows {
			if columns[c][row] = take(num()); bad {
				return errIndex
			}
		}
	}
	origins := make([]int64, rows)
	last := int64(0)
	for row := range rows {
		d, n := enc.Varint(p)
		if n <= 0 {
			return errIndex
		}
		p = p[n:]
		last += d
		origins[row] = last
	}
	b := &scanners.Block{Table: t.table}
	again := doc.live && len(t.table.Key) > 0
	for row := range rows {
		meta := []byte{0, 0}
		hash := ""
		var stored []byte
		if !again {
			if meta = take(2); len(t.table.Key) == 0 {
				hash = string(take(num()))
			}
			if t.name == nil {
				stored = take(num())
			}
		}
		if bad {
			return errIndex
		}
		b.Reset()
		for _, c := range columns {
			if c == nil {
				b.Append(nil, true)
			} else {
				b.Append(c[row], len(c[row]) == 0)
			}
		}
		origin := origins[row]
		fn(indexedRow{
			doc: doc, block: b, again: again, third: int(meta[0]), flags: meta[1], hash: hash,
			ref: func(n int) scanners.Ref {
				if t.name != nil {
					return t.name(b, 0, origin, hash, n)
				}
				var ref struct {
					scanners.Ref
					Locator json.RawMessage `json:"locator"`
				}
				_ = json.Unmarshal(stored, &ref) // what was marshalled
				ref.Ref.Locator = ref.Locator
				return ref.Ref
			},
		})
	}
	return nil
}
