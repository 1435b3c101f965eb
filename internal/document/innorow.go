package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// An innoColumn is a column of a table.
type innoColumn struct {
	name     string
	sql      string // its type, in lower case
	kind     int    // by the numbers of MYSQL_TYPE_...
	fixed    int    // bytes that each value takes; 0: they differ
	most     int    // bytes that a value takes at most
	blob     bool
	nullable bool
	unsigned bool
	scale    int // digits behind the point, of numbers and seconds
	digits   int // all of a decimal
	labels   []string
	charset  dumpCharset
	pad      bool // blanks at the end say nothing
}

// The types of columns (mysql_com.h).
const (
	sqlDecimalOld = 0
	sqlTiny       = 1
	sqlShort      = 2
	sqlLong       = 3
	sqlFloat      = 4
	sqlDouble     = 5
	sqlTimestamp  = 7
	sqlLongLong   = 8
	sqlInt24      = 9
	sqlTime       = 11
	sqlDatetime   = 12
	sqlYear       = 13
	sqlDate       = 14
	sqlVarchar    = 15
	sqlBit        = 16
	sqlTimestamp2 = 17
	sqlDatetime2  = 18
	sqlTime2      = 19
	sqlJSON       = 245
	sqlDecimal    = 246
	sqlEnum       = 247
	sqlSet        = 248
	sqlBlob       = 252
	sqlVarString  = 253
	sqlString     = 254
	sqlGeometry   = 255
)

// An innoField is a value in a record, in the order in which they are stored.
type innoField struct {
	fixed    int
	most     int
	blob     bool
	nullable bool
	// From which version of the table's definition on it is stored, and from
	// which not any more; 0: it always was (MySQL 8).
	added, dropped int
}

// An innoTable is how the rows of a table are stored.
type innoTable struct {
	schema, name string
	columns      []innoColumn
	at           []int // which field a column is; -1: it is not stored
	named        []int // columns of the key that names a row
	fields       []innoField
	keys         int      // how many fields the key of the tree has
	core         int      // how many fields there were before columns were added without the rows being written; 0: all
	defaults     [][]byte // of fields that a row has not
	stored       []int    // the columns that are stored, in the order of the definition
}

// remap takes in the order of the fields behind the key that the record with the
// definition of a table (MariaDB 10.4) gives: field_map_element_t of dict0mem.h.
func (t *innoTable) remap(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	n := int(binary.BigEndian.Uint32(b))
	if n > 1023 || 4+2*n > len(b) {
		return false
	}
	fields := append([]innoField{}, t.fields[:t.keys+2]...)
	at := make([]int, len(t.columns))
	for i := range at {
		at[i] = -1
		if k := t.at[i]; k >= 0 && k < t.keys {
			at[i] = k
		}
	}
	for i := range n {
		v := int(binary.BigEndian.Uint16(b[4+2*i:]))
		ind := v & 0x3fff
		if v&0x8000 != 0 { // dropped
			x := innoField{nullable: v&0x4000 == 0, most: 255}
			switch {
			case ind == 1:
				x.most, x.blob = 1<<16, true
			case ind > 1:
				x.fixed = ind - 1
			}
			fields = append(fields, x)
			continue
		}
		if ind >= len(t.stored) {
			return false
		}
		c := t.stored[ind]
		at[c] = len(fields)
		fields = append(fields, t.columns[c].field())
	}
	t.fields, t.at = fields, at
	return true
}

func (c *innoColumn) field() innoField {
	return innoField{fixed: c.fixed, most: c.most, blob: c.blob, nullable: c.nullable}
}

// keyLength returns how many bytes the key of a record takes.
func (t *innoTable) keyLength(page []byte, origin int, compact bool, end int) (int, bool) {
	if !compact {
		spans, ok := oldFields(page, origin)
		if !ok || len(spans) < t.keys || t.keys == 0 {
			return 0, false
		}
		return spans[t.keys-1].end, true
	}
	size, at := 0, origin-6
	// The key has no NULL; what lies between it and the lengths are the bits and,
	// in rows of an altered table, a number.
	at -= t.nullBytes(page, origin, &at)
	for i := range t.keys {
		n, _, ok := t.fields[i].length(page, &at)
		if !ok || origin+size+n > end {
			return 0, false
		}
		size += n
	}
	return size, true
}

// nullBytes returns how many bytes tell which fields of a record are NULL; at is
// moved in front of what lies behind these.
func (t *innoTable) nullBytes(page []byte, origin int, at *int) int {
	n, _ := t.count(page, origin, at)
	nullable := 0
	for i := range n {
		if t.fields[i].nullable {
			nullable++
		}
	}
	return (nullable + 7) / 8
}

// count returns how many fields a record has, and its version of the definition;
// -1 where it has none.
func (t *innoTable) count(page []byte, origin int, at *int) (fields, version int) {
	info, status := page[origin-5], page[origin-3]&7
	node := binary.BigEndian.Uint16(page[innoLevel:]) > 0
	switch {
	case node: // only the key, of which none is NULL, and a number
		return t.keys, -1
	case info&0x40 != 0: // MySQL from 8.0.29 on
		version = int(page[*at])
		*at--
		return len(t.fields), version
	case info&0x80 != 0: // MySQL from 8.0.12 on
		n := int(page[*at])
		*at--
		if n&0x80 != 0 {
			n = n&0x7f<<8 | int(page[*at])
			*at--
		}
		return min(n, len(t.fields)), -1
	case status == 4: // MariaDB from 10.3 on
		n := int(page[*at])
		*at--
		if n&0x80 != 0 {
			n = n&0x7f | int(page[*at])<<7
			*at--
		}
		return min(t.core+1+n, len(t.fields)), -1
	case t.core > 0:
		return min(t.core, len(t.fields)), -1
	}
	return len(t.fields), 0
}

// length returns the length of a field whose lengths lie at "at", which is moved.
func (x *innoField) length(page []byte, at *int) (n int, external, ok bool) {
	if x.fixed > 0 {
		return x.fixed, false, true
	}
	if *at < innoLastNew {
		return 0, false, false
	}
	n = int(page[*at])
	*at--
	if n&0x80 != 0 && (x.most > 255 || x.blob) {
		if *at < innoLastNew {
			return 0, false, false
		}
		external = n&0x40 != 0
		n = n&0x3f<<8 | int(page[*at])
		*at--
	}
	return n, external, true
}

// record returns the fields of a record. A field that goes on in other pages is
// put together; NULL is told by nulls.
func (f *innoFile) record(origin int, cells [][]byte, nulls []bool) ([][]byte, []bool, bool) {
	if !f.compact() {
		return f.old(origin, cells, nulls)
	}
	t, page, at := f.table, f.page, origin-6
	altered := page[origin-5]&0x30 == 0x30 && page[origin-3]&7 == 4
	n, version := t.count(page, origin, &at)
	nullable := 0
	for i := range n {
		if t.fields[i].nullable && t.fields[i].in(version) {
			nullable++
		}
	}
	bits := at
	at -= (nullable + 7) / 8
	if at < innoLastNew {
		return cells, nulls, false
	}
	pos, bit := origin, 0
	for i := range n {
		x := &t.fields[i]
		if !x.in(version) {
			cells, nulls = append(cells, nil), append(nulls, true)
			continue
		}
		if altered && i == t.keys+2 {
			pos += 20 // the pointer to the definition
		}
		if x.nullable {
			null := page[bits-bit/8]&(1<<(bit%8)) != 0
			bit++
			if null {
				cells, nulls = append(cells, nil), append(nulls, true)
				continue
			}
		}
		size, external, ok := x.length(page, &at)
		if !ok || pos+size > f.end() {
			return cells, nulls, false
		}
		v := page[pos : pos+size]
		pos += size
		if external {
			if size < 20 {
				return cells, nulls, false
			}
			rest, ok := f.external(v[size-20:])
			f.page = page
			if !ok {
				f.damaged++
			}
			v = append(bytes.Clone(v[:size-20]), rest...)
		}
		cells, nulls = append(cells, v), append(nulls, false)
	}
	return cells, nulls, true
}

// in reports whether a field is stored in records of a version.
func (x *innoField) in(version int) bool {
	return version < 0 && x.dropped == 0 || version >= 0 && x.added <= version && (x.dropped == 0 || x.dropped > version)
}

// An oldSpan is where a field of the oldest format ends, behind the origin.
type oldSpan struct {
	end            int
	null, external bool
}

// oldFields returns the fields of a record in the format "redundant", which tells
// them itself.
func oldFields(page []byte, origin int) ([]oldSpan, bool) {
	n := int(page[origin-4]&7)<<7 | int(page[origin-3]>>1)
	short := page[origin-3]&1 != 0
	width := 2
	if short {
		width = 1
	}
	if n == 0 || origin-6-n*width < innoLastOld {
		return nil, false
	}
	out := make([]oldSpan, n)
	last := 0
	for i := range n {
		var s oldSpan
		if short {
			v := page[origin-6-1-i]
			s = oldSpan{int(v & 0x7f), v&0x80 != 0, false}
		} else {
			v := binary.BigEndian.Uint16(page[origin-6-2-2*i:])
			s = oldSpan{int(v & 0x3fff), v&0x8000 != 0, v&0x4000 != 0}
		}
		if s.end < last {
			return nil, false
		}
		last = s.end
		out[i] = s
	}
	return out, origin+last <= len(page)
}

func (f *innoFile) old(origin int, cells [][]byte, nulls []bool) ([][]byte, []bool, bool) {
	page := f.page
	spans, ok := oldFields(page, origin)
	if !ok {
		return cells, nulls, false
	}
	from := 0
	for _, s := range spans {
		v := page[origin+from : origin+s.end]
		from = s.end
		if s.null {
			cells, nulls = append(cells, nil), append(nulls, true)
			continue
		}
		if s.external && len(v) >= 20 {
			rest, ok := f.external(v[len(v)-20:])
			f.page = page
			if !ok {
				f.damaged++
			}
			v = append(bytes.Clone(v[:len(v)-20]), rest...)
		}
		cells, nulls = append(cells, v), append(nulls, false)
	}
	return cells, nulls, true
}

// text appends a value as the server would print it, in UTF-8.
func (c *innoColumn) text(out, v []byte) []byte {
	switch c.kind {
	case sqlTiny, sqlShort, sqlInt24, sqlLong, sqlLongLong:
		return c.integer(out, v)
	case sqlYear:
		if len(v) == 1 && v[0] != 0 {
			return strconv.AppendInt(out, 1900+int64(v[0]), 10)
		}
		return append(out, "0000"...)
	case sqlFloat:
		if len(v) == 4 {
			return strconv.AppendFloat(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(v))), 'g', -1, 32)
		}
	case sqlDouble:
		if len(v) == 8 {
			return strconv.AppendFloat(out, math.Float64frombits(binary.LittleEndian.Uint64(v)), 'g', -1, 64)
		}
	case sqlDecimal:
		if s, ok := c.decimal(v); ok {
			return append(out, s...)
		}
	case sqlDate:
		if len(v) == 3 {
			n := bigEndian(v) ^ 1<<23
			return fmt.Appendf(out, "%04d-%02d-%02d", n>>9, n>>5&15, n&31)
		}
	case sqlTime, sqlDatetime, sqlTimestamp:
		return c.oldTime(out, v)
	case sqlDatetime2:
		if len(v) >= 5 {
			n := bigEndian(v[:5]) - 1<<39
			month := n >> 22
			return c.fraction(fmt.Appendf(out, "%04d-%02d-%02d %02d:%02d:%02d", month/13, month%13, n>>17&31, n>>12&31, n>>6&63, n&63), v[5:])
		}
	case sqlTimestamp2:
		if len(v) >= 4 {
			return c.fraction(appendUnix(out, int64(bigEndian(v[:4]))), v[4:])
		}
	case sqlTime2:
		if len(v) >= 3 {
			n := int64(bigEndian(v[:3])) - 1<<23
			sub := v[3:]
			if n < 0 {
				out = append(out, '-')
				if isZeros(sub) {
					n = -n
				} else { // the fraction counts on from the second below
					n = -n - 1
					sub = negated(sub)
				}
			}
			return c.fraction(fmt.Appendf(out, "%02d:%02d:%02d", n>>12&1023, n>>6&63, n&63), sub)
		}
	case sqlBit:
		if len(v) <= 8 {
			return strconv.AppendUint(out, bigEndian(v), 10)
		}
	case sqlEnum:
		if n := bigEndian(v); len(v) <= 2 && n > 0 && n <= uint64(len(c.labels)) {
			return append(out, c.labels[n-1]...)
		} else if n == 0 {
			return out
		}
	case sqlSet:
		if len(v) <= 8 {
			var names []string
			for i, l := range c.labels {
				if i < 64 && bigEndian(v)&(1<<i) != 0 {
					names = append(names, l)
				}
			}
			return append(out, strings.Join(names, ",")...)
		}
	case sqlGeometry:
		return append(out, v...)
	}
	if c.pad {
		v = bytes.TrimRight(v, " ")
	}
	mark := len(out)
	out = append(out, v...)
	if c.charset.single != nil || c.charset.enc != nil {
		out = c.charset.utf8(out, mark)
	}
	return out
}

// bigEndian reads a number of up to eight bytes.
func bigEndian(v []byte) (n uint64) {
	for _, c := range v {
		n = n<<8 | uint64(c)
	}
	return n
}

func (c *innoColumn) integer(out, v []byte) []byte {
	if len(v) == 0 || len(v) > 8 {
		return append(out, v...)
	}
	n := bigEndian(v)
	if c.unsigned {
		return strconv.AppendUint(out, n, 10)
	}
	bits := uint(8 * len(v))
	n ^= 1 << (bits - 1) // so that they sort
	return strconv.AppendInt(out, int64(n<<(64-bits))>>(64-bits), 10)
}

// decimalBytes is how many bytes so many digits take, up to nine.
var decimalBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

// decimal prints a fixed-point number (strings/decimal.c of MySQL).
func (c *innoColumn) decimal(v []byte) (string, bool) {
	whole := c.digits - c.scale
	if whole < 0 || c.scale < 0 || len(v) != decimalSize(c.digits, c.scale) || len(v) == 0 {
		return "", false
	}
	b := bytes.Clone(v)
	negative := b[0]&0x80 == 0
	b[0] ^= 0x80
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
	}
	var s strings.Builder
	take := func(digits int) {
		n := decimalBytes[digits]
		fmt.Fprintf(&s, "%0*d", digits, bigEndian(b[:n]))
		b = b[n:]
	}
	if k := whole % 9; k > 0 {
		take(k)
	}
	for range whole / 9 {
		take(9)
	}
	text := strings.TrimLeft(s.String(), "0")
	if text == "" {
		text = "0"
	}
	if c.scale > 0 {
		s.Reset()
		for range c.scale / 9 {
			take(9)
		}
		if k := c.scale % 9; k > 0 {
			take(k)
		}
		text += "." + s.String()
	}
	if negative {
		text = "-" + text
	}
	return text, true
}

func decimalSize(digits, scale int) int {
	whole := digits - scale
	if whole < 0 || scale < 0 {
		return 0
	}
	return whole/9*4 + decimalBytes[whole%9] + scale/9*4 + decimalBytes[scale%9]
}

// oldTime prints times as they were stored before MySQL 5.6: in numbers.
func (c *innoColumn) oldTime(out, v []byte) []byte {
	if len(v) == 0 || len(v) > 8 {
		return append(out, v...)
	}
	bits := uint(8 * len(v))
	n := int64((bigEndian(v)^1<<(bits-1))<<(64-bits)) >> (64 - bits)
	switch c.kind {
	case sqlTimestamp:
		return appendUnix(out, int64(bigEndian(v)))
	case sqlTime:
		if n < 0 {
			out, n = append(out, '-'), -n
		}
		return fmt.Appendf(out, "%02d:%02d:%02d", n/10000, n/100%100, n%100)
	}
	return fmt.Appendf(out, "%04d-%02d-%02d %02d:%02d:%02d", n/1e10, n/1e8%100, n/1e6%100, n/1e4%100, n/100%100, n%100)
}

// fraction appends the digits behind a second.
func (c *innoColumn) fraction(out, v []byte) []byte {
	if c.scale <= 0 || len(v) == 0 || len(v) > 3 {
		return out
	}
	return fmt.Appendf(out, ".%0*d", 2*len(v), bigEndian(v))[:len(out)+1+min(c.scale, 2*len(v))]
}

func negated(v []byte) []byte {
	n := 1<<(8*len(v)) - int(bigEndian(v))
	out := make([]byte, len(v))
	for i := len(v) - 1; i >= 0; i-- {
		out[i] = byte(n)
		n >>= 8
	}
	return out
}

func isZeros(v []byte) bool {
	for _, c := range v {
		if c != 0 {
			return false
		}
	}
	return true
}

func appendUnix(out []byte, s int64) []byte {
	if s == 0 {
		return append(out, "0000-00-00 00:00:00"...)
	}
	return time.Unix(s, 0).UTC().AppendFormat(out, time.DateTime)
}
