package scanners

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"sort"
)

// A Table describes the rows of a block. It is shared by many blocks and not
// changed once a block uses it.
type Table struct {
	// Name is "schema.table", or what comes nearest to it.
	Name    string
	Schema  string
	Table   string
	Columns []string
	// Types holds the declared type of each column in lower case, without its
	// length: "varchar", "json"; nil where unknown.
	Types []string
	// Key holds the indexes of the columns that name a row: the primary key or
	// a unique key without NULL. Empty: the rows have none.
	Key []int
	// Refers holds the indexes of columns that are declared to refer to other
	// rows, as far as that is known when the rows are read.
	Refers []int
}

// A Block is many rows in one piece of memory. Each cell is followed by one NUL
// byte, so that neighbours never run together; cell i of the block, counted
// through all rows, is Data[Ends[i-1]+1:Ends[i]], with Ends[-1] being -1.
//
// The Block, its Data and Ends are valid until the iteration that yielded it
// continues.
type Block struct {
	Table *Table
	Data  []byte
	Ends  []uint32
	// Nulls marks the cells that are NULL, by the same index; nil: none are.
	Nulls []bool
	// First is the number of the first row within its table or document,
	// counted from 1, where the source gives rows a number; else 0.
	First int64
	// Refs makes the Ref of a row. It may allocate: it is called for hits only.
	// hash is the row's RowHash and n counts identical rows from 1; a row with
	// a key needs neither.
	Refs func(row int, hash string, n int) Ref
	// Name makes the Ref of a row of any block b that has the Table's columns, of
	// which only those of the key need hold anything; origin is what Origin said
	// of the row. It stays valid. nil: a row can be named while its own block is
	// valid only.
	Name func(b *Block, row int, origin int64, hash string, n int) Ref
	// Origin returns the place of the row in the bytes that a document was read
	// from, -1 where unknown; nil for live databases.
	Origin func(row int) int64
	// Keep returns a copy that stays valid when the iteration continues; nil:
	// none can be made.
	Keep func() *Block
}

// Clone returns a copy of the block that shares no memory with it but for the
// Table. Refs, Origin and Keep are those of b.
func (b *Block) Clone() *Block {
	c := *b
	c.Data, c.Ends, c.Nulls = slices.Clone(b.Data), slices.Clone(b.Ends), slices.Clone(b.Nulls)
	return &c
}

// Reset empties the block and keeps its memory.
func (b *Block) Reset() {
	b.Data, b.Ends, b.Nulls = b.Data[:0], b.Ends[:0], b.Nulls[:0]
}

// Append adds a cell.
func (b *Block) Append(cell []byte, null bool) {
	b.Data = append(b.Data, cell...)
	b.Ends = append(b.Ends, uint32(len(b.Data)))
	b.Data = append(b.Data, 0)
	b.Nulls = append(b.Nulls, null)
}

// Rows returns the number of whole rows.
func (b *Block) Rows() int {
	if n := len(b.Table.Columns); n > 0 {
		return len(b.Ends) / n
	}
	return 0
}

// Cell returns the value in a row and column, and whether it is NULL.
func (b *Block) Cell(row, col int) (value []byte, null bool) {
	i := row*len(b.Table.Columns) + col
	start, end := b.Span(i)
	return b.Data[start:end], b.Nulls != nil && b.Nulls[i]
}

// Span returns where cell i, counted through all rows, lies in Data.
func (b *Block) Span(i int) (start, end int) {
	if i > 0 {
		start = int(b.Ends[i-1]) + 1
	}
	return start, int(b.Ends[i])
}

// At returns the row and column in which the byte at off lies, and the start of
// that cell.
func (b *Block) At(off int) (row, col, start int) {
	i := sort.Search(len(b.Ends), func(i int) bool { return int(b.Ends[i]) >= off })
	start, _ = b.Span(i)
	n := len(b.Table.Columns)
	return i / n, i % n, start
}

// RowBytes returns the stored bytes of a row: the sum of the lengths of its cells.
func (b *Block) RowBytes(row int) int64 {
	n := len(b.Table.Columns)
	start, _ := b.Span(row * n)
	_, end := b.Span(row*n + n - 1)
	return int64(end - start - (n - 1))
}

// Bytes returns the stored bytes of all whole rows.
func (b *Block) Bytes() int64 {
	return int64(len(b.Data) - len(b.Ends))
}

// Hash returns the RowHash of a row.
func (b *Block) Hash(key []byte, row int) string {
	return RowHash(key, b.Table.Columns, func(i int) ([]byte, bool) { return b.Cell(row, i) })
}

// RowHash returns the keyed hash that names the content of a row: HMAC-SHA256
// under key, the first 16 bytes in hexadecimal. The canonical form that is
// hashed is, for each column in the table's order: the length of its name as 8
// bytes in big-endian order, its name, one byte that is 1 for NULL and else 0,
// the length of its value (0 for NULL) likewise, and its value.
func RowHash(key []byte, columns []string, cell func(i int) (value []byte, null bool)) string {
	return NewRowHasher(key).hash(columns, cell)
}

// A RowHasher makes the RowHash of many rows. It is not safe for concurrent use.
type RowHasher struct {
	h   hash.Hash
	buf []byte
}

// NewRowHasher returns a RowHasher under key.
func NewRowHasher(key []byte) *RowHasher { return &RowHasher{h: hmac.New(sha256.New, key)} }

// Hash returns the RowHash of a row.
func (x *RowHasher) Hash(b *Block, row int) string {
	return x.hash(b.Table.Columns, func(i int) ([]byte, bool) { return b.Cell(row, i) })
}

func (x *RowHasher) hash(columns []string, cell func(i int) (value []byte, null bool)) string {
	buf := x.buf[:0]
	for i, name := range columns {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(name)))
		buf = append(buf, name...)
		v, null := cell(i)
		if null {
			buf = append(buf, 1)
			v = nil
		} else {
			buf = append(buf, 0)
		}
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(v)))
		if len(v) < 4<<10 {
			buf = append(buf, v...)
			continue
		}
		x.h.Write(buf)
		x.h.Write(v)
		buf = buf[:0]
	}
	x.h.Write(buf)
	x.buf = x.h.Sum(buf[:0])
	x.h.Reset()
	return hex.EncodeToString(x.buf[:16])
}
