package document

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/big"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// The format is that of https://parquet.apache.org/docs/file-format/.

const (
	parquetMagic   = "PAR1"
	parquetBatch   = 64      // rows that are read at once
	parquetValue   = 1 << 20 // bytes of a value beyond which it is a member of its own
	parquetMaxText = 4 << 20 // bytes of the metadata that are kept
)

// parquetDecoder reads Parquet files. It yields
//
//   - the rows of all row groups as blocks. A column is called by the path of its
//     names, "address.city"; what only makes a list or map of it is left out. The
//     values of a list stand in one cell, a line each;
//   - values of more than 1 MiB as members;
//   - what the writer says of the file, as text.
func parquetDecoder() container.Decoder {
	return container.Decoder{
		Name:    "parquet",
		Hostile: true,
		Match: func(head []byte, _ string) bool {
			// What begins as a text might, too.
			return len(head) > 12 && string(head[:4]) == parquetMagic && strings.IndexByte(string(head[:min(len(head), 512)]), 0) >= 0
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				p := &parquetReader{ctx: ctx, b: b, at: spool, size: spool.Size(), rowSink: rowSink{kind: "parquet"}}
				p.yield = func(it scanners.Item, err error) bool {
					if !p.over && !yield(it, err) {
						p.over = true
					}
					return !p.over
				}
				if err != nil && !p.yield(scanners.Item{}, err) {
					return
				}
				name := path.Base(in.Name)
				p.run(strings.TrimSuffix(name, path.Ext(name)))
			}
		},
	}
}

// A parquetReader is a file that is read.
type parquetReader struct {
	rowSink
	ctx  context.Context
	b    *container.Budget
	at   io.ReaderAt
	size int64
	over bool // nothing may be yielded any more

	leaves []parquetLeaf
	row    int64 // of the file, counted from 1
	cell   []byte
}

// A parquetLeaf is a column that holds values.
type parquetLeaf struct {
	name string
	kind *format.LogicalType
}

func (p *parquetReader) run(name string) {
	f, err := p.open()
	if err != nil {
		p.broken(err, "its footer can't be read", 0)
		p.raw()
		return
	}
	t := &scanners.Table{Name: name, Table: name}
	for _, path := range f.Schema().Columns() {
		leaf, ok := f.Schema().Lookup(path...)
		l := parquetLeaf{name: parquetName(path)}
		if ok {
			l.kind = leaf.Node.Type().LogicalType()
		}
		p.leaves = append(p.leaves, l)
		t.Columns = append(t.Columns, l.name)
	}
	if !p.about(f) || len(p.leaves) == 0 || !p.table(t) {
		return
	}
	damaged := int64(0)
	for _, g := range f.RowGroups() {
		before := p.row
		err := p.group(g)
		if !p.flush() || p.over {
			return
		}
		if err != nil {
			if p.ctx.Err() != nil {
				p.yield(scanners.Item{}, p.ctx.Err())
				return
			}
			damaged++
			if !p.broken(err, "a row group can't be read to its end", max(0, g.NumRows()-(p.row-before))) {
				return
			}
		}
		p.row = before + max(0, g.NumRows())
	}
	if damaged > 0 {
		p.raw()
	}
}

// open reads the footer. The library panics at some that are damaged.
func (p *parquetReader) open() (f *parquet.File, err error) {
	defer func() {
		if recover() != nil {
			err = errParquet
		}
	}()
	return parquet.OpenFile(p.at, p.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
}

var errParquet = errors.New("the decoder broke off")

// broken yields the gap of what can't be read, and reports whether to go on.
func (p *parquetReader) broken(err error, detail string, rows int64) bool {
	var g *scanners.Gap
	if errors.As(err, &g) { // of the source
		return p.yield(scanners.Item{}, g)
	}
	reason := scanners.Corrupt
	if strings.Contains(err.Error(), "encrypt") {
		reason = scanners.Encrypted
	}
	if rows > 0 {
		detail += fmt.Sprintf(" (%d rows)", rows)
	}
	return p.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "parquet: " + detail})
}

// raw yields all of the file as it is.
func (p *parquetReader) raw() {
	p.yield(scanners.Item{Size: p.size, Body: io.NewSectionReader(p.at, 0, p.size), Text: true, Verbatim: true}, nil)
}

// about yields what the writer says of the file.
func (p *parquetReader) about(f *parquet.File) bool {
	m := f.Metadata()
	var s strings.Builder
	for _, kv := range m.KeyValueMetadata {
		if s.Len()+len(kv.Key)+len(kv.Value) > parquetMaxText {
			if !p.yield(scanners.Item{}, &scanners.Gap{Reason: scanners.TooLarge, Detail: "parquet: what the writer says of the file is too long"}) {
				return false
			}
			break
		}
		// The schema of Arrow is its binary form, of the same columns.
		if kv.Key != "ARROW:schema" {
			s.WriteString(kv.Key + ": " + kv.Value + "\n")
		}
	}
	if s.Len() == 0 {
		return true
	}
	return p.yield(scanners.Item{Size: int64(s.Len()), Body: strings.NewReader(s.String()), Text: true, Field: "metadata"}, nil)
}

// group reads the rows of a row group.
func (p *parquetReader) group(g parquet.RowGroup) (err error) {
	defer func() {
		if recover() != nil {
			err = errParquet
		}
	}()
	rows := g.Rows()
	defer func() { _ = rows.Close() }() // it was only read
	batch := make([]parquet.Row, parquetBatch)
	for {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		n, err := rows.ReadRows(batch)
		for _, r := range batch[:n] {
			if !p.put(r) {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case n == 0:
			return io.ErrNoProgress
		}
	}
}

// put adds a row, whose values are in the order of their columns.
func (p *parquetReader) put(r parquet.Row) bool {
	p.row++
	size := int64(len(p.leaves))
	for i, leaf := range p.leaves {
		cell, null := p.cell[:0], true
		for n := 0; len(r) > 0 && r[0].Column() <= i; r = r[1:] {
			if r[0].Column() < i || r[0].IsNull() {
				continue
			}
			if n++; n > 1 {
				cell = append(cell, '\n')
			}
			cell, null = appendParquet(cell, r[0], leaf.kind), false
		}
		size += int64(len(cell))
		if len(cell) > parquetValue {
			if !p.apart(leaf.name, cell) {
				return false
			}
			cell = fmt.Appendf(nil, "(%d bytes, matched apart)", len(cell))
		} else {
			p.cell = cell
		}
		p.block.Append(cell, null)
	}
	if err := p.b.Charge(size); err != nil {
		p.yield(scanners.Item{}, err)
		p.over = true
		return false
	}
	if len(p.block.Ends) >= maxDocCells { // very many columns take room even if they are empty
		p.starts = append(p.starts, -1)
		return p.flush()
	}
	return p.commit(-1)
}

// apart yields a long value as a member.
func (p *parquetReader) apart(name string, value []byte) bool {
	if err := p.b.Member(); err != nil {
		p.yield(scanners.Item{}, err)
		p.over = true
		return false
	}
	step := fmt.Sprintf("%d/%s", p.row, name)
	return p.yield(scanners.Item{Name: name, Step: step, Size: int64(len(value)), Body: strings.NewReader(string(value))}, nil)
}

// parquetName returns what a column is called: its path without what the format
// puts between a list or map and its elements (LogicalTypes.md, "Nested types").
func parquetName(path []string) string {
	var names []string
	for i := 0; i < len(path); i++ {
		if i > 0 && i+1 < len(path) {
			switch path[i] + "." + path[i+1] {
			case "list.element", "list.item", "bag.array_element", "bag.array":
				i++
				continue
			}
		}
		if i > 0 && (path[i] == "key_value" && i+1 < len(path) || path[i] == "array" && i+1 == len(path)) {
			continue
		}
		names = append(names, path[i])
	}
	return strings.Join(names, ".")
}

// appendParquet appends a value as people write it.
func appendParquet(b []byte, v parquet.Value, t *format.LogicalType) []byte {
	var kind format.LogicalTypeValue
	if t != nil {
		kind = t.Value
	}
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(b, v.Boolean())
	case parquet.Int32, parquet.Int64:
		n := v.Int64()
		if v.Kind() == parquet.Int32 {
			n = int64(v.Int32())
		}
		switch k := kind.(type) {
		case *format.DateType:
			return time.Unix(n*24*60*60, 0).UTC().AppendFormat(b, time.DateOnly)
		case *format.TimestampType:
			return appendTime(b, n, &k.Unit)
		case *format.TimeType:
			return time.Time{}.Add(time.Duration(n)*unitOf(&k.Unit)).AppendFormat(b, "15:04:05.999999999")
		case *format.DecimalType:
			return appendDecimal(b, big.NewInt(n), k.Scale)
		case *format.IntType:
			if !k.IsSigned && v.Kind() == parquet.Int32 {
				return strconv.AppendUint(b, uint64(uint32(n)), 10)
			} else if !k.IsSigned {
				return strconv.AppendUint(b, uint64(n), 10)
			}
		}
		return strconv.AppendInt(b, n, 10)
	case parquet.Int96: // the time of day and the Julian day, as Impala has it
		x := v.Int96()
		day := int64(x[2]) - 2440588
		nanos := int64(uint64(x[1])<<32 | uint64(x[0]))
		return time.Unix(day*24*60*60, nanos).UTC().AppendFormat(b, time.RFC3339Nano)
	case parquet.Float:
		return appendFloat(b, float64(v.Float()), 32)
	case parquet.Double:
		return appendFloat(b, v.Double(), 64)
	}
	raw := v.ByteArray()
	switch k := kind.(type) {
	case *format.DecimalType:
		n := new(big.Int).SetBytes(raw) // in two's complement
		if len(raw) > 0 && len(raw) <= 64 && raw[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
		if len(raw) <= 64 {
			return appendDecimal(b, n, k.Scale)
		}
	case *format.UUIDType:
		if len(raw) == 16 {
			h := hex.EncodeToString(raw)
			return append(b, h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:]...)
		}
	case *format.Float16Type:
		if len(raw) == 2 {
			return appendFloat(b, half(binary.LittleEndian.Uint16(raw)), 32)
		}
	}
	return append(b, raw...)
}

// appendFloat appends a number without an exponent where it may be that of
// something.
func appendFloat(b []byte, f float64, bits int) []byte {
	if f > -1e18 && f < 1e18 {
		return strconv.AppendFloat(b, f, 'f', -1, bits)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

// half converts a number of 16 bits (IEEE 754, binary16).
func half(x uint16) float64 {
	sign, exp, frac := 1-2*float64(x>>15), int(x>>10&31), float64(x&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

func unitOf(u *format.TimeUnit) time.Duration {
	if u.Value == nil {
		return time.Nanosecond
	}
	return max(1, u.Value.Duration())
}

func appendTime(b []byte, n int64, u *format.TimeUnit) []byte {
	per := int64(time.Second / unitOf(u))
	return time.Unix(n/per, n%per*int64(unitOf(u))).UTC().AppendFormat(b, time.RFC3339Nano)
}

// appendDecimal appends n / 10^scale.
func appendDecimal(b []byte, n *big.Int, scale int32) []byte {
	s := new(big.Int).Abs(n).String()
	if scale > 0 && scale < 1000 {
		if pad := int(scale) + 1 - len(s); pad > 0 {
			s = strings.Repeat("0", pad) + s
		}
		s = s[:len(s)-int(scale)] + "." + s[len(s)-int(scale):]
	}
	if n.Sign() < 0 {
		b = append(b, '-')
	}
	return append(b, s...)
}
