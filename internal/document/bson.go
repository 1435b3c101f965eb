package document

import (
	"bufio"
	"bytes"
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

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const (
	maxBSON      = 64 << 20 // of a document, in bytes; a server's are no longer than 48 MiB
	maxBSONDepth = 200      // a server's are no deeper than 180

	mongoArchive = "\x6d\xe2\x99\x81" // of mongodump --archive
	mongoEnd     = 0xffffffff
)

// bsonDecoder reads the documents of MongoDB, as mongodump writes them: a file of
// documents for each collection (bsonspec.org, version 1.1), or all of them in
// one archive (mongo-tools, common/archive). A document is a row, whose columns
// are called by the path of names that leads to a value: "address.city". The
// database is the folder in which the file of a collection lies, as mongodump
// lays them out.
func bsonDecoder() container.Decoder {
	return container.Decoder{
		Name:  "bson",
		Match: matchBSON,
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if in.Body == nil {
					yield(scanners.Item{}, errors.New("bson: nothing to read"))
					return
				}
				r := &bsonReader{ctx: ctx, b: b, r: bufio.NewReaderSize(in.Body, 128<<10), yield: yield, rows: newDocRows("bson", yield)}
				r.schema, r.name = collectionOf(in)
				if !r.run() {
					return
				}
				if r.rows.lay(); r.err != nil && r.err != io.EOF {
					yield(scanners.Item{}, fmt.Errorf("bson: read: %w", r.err))
				}
			}
		},
	}
}

// collectionOf returns the database and collection that a file is of.
func collectionOf(in scanners.Item) (db, name string) {
	uri := in.Ref.URI
	if k := strings.LastIndex(uri, "!/"); k >= 0 {
		uri = uri[k+2:]
	}
	uri, _, _ = strings.Cut(uri, "?")
	uri, _, _ = strings.Cut(uri, "#")
	if name = in.Name; name == "" {
		name = path.Base(uri)
	}
	if dir := path.Base(path.Dir(strings.TrimSuffix(uri, "/"))); dir != "." && dir != "/" {
		db, _ = scanners.Unescape(dir)
	}
	name = strings.TrimSuffix(path.Base(name), ".gz")
	// mongodump writes names of collections percent-encoded.
	if s, err := scanners.Unescape(strings.TrimSuffix(name, ".bson")); err == nil {
		name = s
	}
	return db, name
}

func matchBSON(head []byte, name string) bool {
	if len(head) < 5 {
		return false
	}
	if string(head[:4]) == mongoArchive {
		return true
	}
	n := int64(int32(binary.LittleEndian.Uint32(head)))
	if n < 5 || n > maxBSON || n <= int64(len(head)) && head[n-1] != 0 {
		return false
	}
	if n == 5 {
		return strings.HasSuffix(name, ".bson")
	}
	if !bsonType(head[4]) {
		return false
	}
	// The name of the first field, and what a value of its type looks like.
	k := bytes.IndexByte(head[5:], 0)
	if k < 0 || k > 200 {
		return false
	}
	for _, c := range head[5 : 5+k] {
		if c < ' ' {
			return false
		}
	}
	if strings.HasSuffix(name, ".bson") {
		return true
	}
	switch v := head[5+k+1:]; head[4] {
	case 0x02, 0x0d, 0x0e: // text with its length
		if len(v) < 5 {
			return false
		}
		l := int64(int32(binary.LittleEndian.Uint32(v)))
		return k > 0 && l > 0 && l < n && (l+4 > int64(len(v)) || v[l+3] == 0)
	case 0x03, 0x04:
		if len(v) < 5 {
			return false
		}
		l := int64(int32(binary.LittleEndian.Uint32(v)))
		return k > 0 && l >= 5 && l < n && (l > int64(len(v)) || v[l-1] == 0)
	case 0x07:
		return string(head[5:5+k]) == "_id" && n > 16
	case 0x10, 0x12, 0x01, 0x09:
		return string(head[5:5+k]) == "_id" && (n <= int64(len(head)) || len(head) >= container.HeadLen)
	}
	return false
}

func bsonType(t byte) bool { return 0x01 <= t && t <= 0x13 || t == 0xff || t == 0x7f }

type bsonReader struct {
	ctx   context.Context
	b     *container.Budget
	r     *bufio.Reader
	yield func(scanners.Item, error) bool
	rows  *docRows
	err   error // that ended r
	at    int64
	buf   []byte

	schema, name string
	depth        int
}

func (r *bsonReader) gap(reason scanners.Reason, detail string) bool {
	return r.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "bson: " + detail})
}

// rest yields what is left as it is, with what is held of it before.
func (r *bsonReader) rest(held []byte, detail string) bool {
	if !r.rows.lay() || !r.gap(scanners.Corrupt, detail) {
		return false
	}
	held = bytes.Clone(held)
	return r.yield(scanners.Item{Size: -1, Body: io.MultiReader(bytes.NewReader(held), r.r), Text: true, Verbatim: true, Offset: r.at}, nil)
}

func (r *bsonReader) run() bool {
	archive := false
	if head, _ := r.r.Peek(4); string(head) == mongoArchive {
		_, _ = r.r.Discard(4)
		r.at, archive = 4, true
	}
	// An archive: its header, a description of each collection and an end mark;
	// then the header of a collection and some of its documents, over and over.
	prelude, header := archive, true
	for {
		if r.ctx.Err() != nil {
			r.err = context.Cause(r.ctx)
			return true
		}
		doc, end, ok := r.next()
		switch {
		case !ok:
			return false
		case doc == nil && !end:
			if archive && prelude {
				return r.gap(scanners.Corrupt, "an archive is cut off")
			}
			return true
		case end && !archive:
			return r.rest([]byte("\xff\xff\xff\xff"), "the length of a document is wrong")
		case end:
			prelude, header = false, true
			continue
		}
		switch {
		case prelude:
			if !r.text(doc) {
				return false
			}
		case archive && header:
			header = false
			db, coll := bsonString(doc, "db"), bsonString(doc, "collection")
			if !r.rows.into(db, coll, "_id") {
				return false
			}
		default:
			if !archive && !r.rows.into(r.schema, r.name, "_id") {
				return false
			}
			r.rows.begin(r.at)
			if !r.document(doc, 0, false) {
				r.rows.drop()
				if !r.rows.lay() || !r.gap(scanners.Corrupt, "a document that is damaged was matched as it is") ||
					!r.yield(scanners.Item{Size: int64(len(doc)), Body: bytes.NewReader(doc), Text: true, Verbatim: true, Offset: r.at}, nil) {
					return false
				}
			} else if !r.rows.end() {
				return false
			}
		}
		r.at += int64(len(doc))
	}
}

// next reads one document; none is left where it is nil, unless it was the end
// mark of an archive. It is valid until the next call.
func (r *bsonReader) next() (doc []byte, end, ok bool) {
	head, err := r.r.Peek(4)
	if len(head) == 0 {
		r.err = err
		return nil, false, true
	}
	if len(head) < 4 {
		if err != io.EOF {
			r.err = err
		}
		return nil, false, r.rest(nil, "cut off") && false
	}
	n := int(int32(binary.LittleEndian.Uint32(head)))
	if uint32(n) == mongoEnd {
		_, _ = r.r.Discard(4)
		r.at += 4
		return nil, true, true
	}
	if n < 5 || n > maxBSON {
		return nil, false, r.rest(nil, "the length of a document is wrong") && false
	}
	// What is said to be long need not be.
	r.buf = r.buf[:0]
	for len(r.buf) < n {
		have := len(r.buf)
		step := min(n-have, max(64<<10, have))
		if cap(r.buf) < have+step {
			r.buf = append(r.buf, make([]byte, step)...)[:have]
		}
		m, err := io.ReadFull(r.r, r.buf[have:have+step])
		r.buf = r.buf[:have+m]
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				r.err = err
			}
			return nil, false, r.rest(r.buf, "cut off in a document") && false
		}
	}
	if r.buf[n-1] != 0 {
		return nil, false, r.rest(r.buf, "a document does not end where it should") && false
	}
	return r.buf, false, true
}

// text yields the texts of a document that is no row.
func (r *bsonReader) text(doc []byte) bool {
	return r.yield(scanners.Item{Size: int64(len(doc)), Body: bytes.NewReader(doc), Text: true, Field: "metadata", Verbatim: true, Offset: r.at}, nil)
}

// bsonString returns the text that the field of that name holds at the top of a
// document.
func bsonString(doc []byte, name string) string {
	mark := append([]byte{0x02}, name...)
	mark = append(mark, 0)
	k := bytes.Index(doc, mark)
	if k < 0 || k+len(mark)+4 > len(doc) {
		return ""
	}
	v := doc[k+len(mark):]
	n := int64(binary.LittleEndian.Uint32(v))
	if n < 1 || n > int64(len(v)-4) {
		return ""
	}
	return string(v[4 : 4+n-1])
}

// document takes the fields of a document that stands under a node, and reports
// whether it is sound. The elements of a list have the name of the list.
func (r *bsonReader) document(doc []byte, node int32, list bool) bool {
	if len(doc) < 5 || r.depth > maxBSONDepth || doc[len(doc)-1] != 0 {
		return false
	}
	r.depth++
	defer func() { r.depth-- }()
	b := doc[4 : len(doc)-1]
	for len(b) > 0 {
		t := b[0]
		k := bytes.IndexByte(b[1:], 0)
		if k < 0 {
			return false
		}
		at := node
		if !list {
			at = r.rows.child(node, b[1:1+k])
		}
		n, ok := r.value(t, b[k+2:], at)
		if !ok {
			return false
		}
		b = b[k+2+n:]
	}
	return true
}

// value takes one value, and returns how many bytes it has.
func (r *bsonReader) value(t byte, b []byte, node int32) (n int, ok bool) {
	u32 := func(b []byte) int64 {
		if len(b) < 4 {
			return -1
		}
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	if t == 0x03 || t == 0x04 {
		n := u32(b)
		return int(n), n >= 5 && n <= int64(len(b)) && r.document(b[:n], node, t == 0x04)
	}
	size := 0
	switch t {
	case 0x01, 0x09, 0x11, 0x12:
		size = 8
	case 0x07:
		size = 12
	case 0x08:
		size = 1
	case 0x10:
		size = 4
	case 0x13:
		size = 16
	case 0x02, 0x0d, 0x0e:
		l := u32(b)
		if l < 1 || l+4 > int64(len(b)) {
			return 0, false
		}
		size = int(l) + 4
	case 0x05:
		l := u32(b)
		if l < 0 || l+5 > int64(len(b)) {
			return 0, false
		}
		size = int(l) + 5
	case 0x0b:
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return 0, false
		}
		j := bytes.IndexByte(b[i+1:], 0)
		if j < 0 {
			return 0, false
		}
		size = i + j + 2
	case 0x0c:
		l := u32(b)
		if l < 1 || l+4+12 > int64(len(b)) {
			return 0, false
		}
		size = int(l) + 4 + 12
	case 0x0f:
		return r.scoped(b, node)
	case 0x06, 0x0a, 0xff, 0x7f:
	default:
		return 0, false
	}
	if size > len(b) {
		return 0, false
	}
	d := r.rows
	d.open()
	d.data = bsonText(d.data, t, b[:size])
	d.close(node, t == 0x06 || t == 0x0a)
	return size, true
}

// scoped takes code with a scope.
func (r *bsonReader) scoped(b []byte, node int32) (n int, ok bool) {
	if len(b) < 14 {
		return 0, false
	}
	all, l := int64(int32(binary.LittleEndian.Uint32(b))), int64(int32(binary.LittleEndian.Uint32(b[4:])))
	if all < 14 || all > int64(len(b)) || l < 1 || 8+l+5 > all {
		return 0, false
	}
	d := r.rows
	d.open()
	d.data = append(d.data, b[8:8+l-1]...)
	d.close(node, false)
	return int(all), r.document(b[8+l:all], node, false)
}

// bsonText appends a value as people read it; b is of the length that its type
// wants.
func bsonText(out []byte, t byte, b []byte) []byte {
	switch t {
	case 0x01:
		f := math.Float64frombits(binary.LittleEndian.Uint64(b))
		if math.Abs(f) < 1e15 {
			return strconv.AppendFloat(out, f, 'f', -1, 64)
		}
		return strconv.AppendFloat(out, f, 'g', -1, 64)
	case 0x02, 0x0d, 0x0e:
		return append(out, b[4:len(b)-1]...)
	case 0x05:
		return bsonBinary(out, b[4], b[5:])
	case 0x07:
		return hex.AppendEncode(out, b)
	case 0x08:
		return strconv.AppendBool(out, b[0] != 0)
	case 0x09:
		ms := int64(binary.LittleEndian.Uint64(b))
		if s := time.UnixMilli(ms).UTC(); s.Year() >= 0 && s.Year() <= 9999 && ms > -1<<50 && ms < 1<<50 {
			return s.AppendFormat(out, "2006-01-02T15:04:05.999Z07:00")
		}
		return strconv.AppendInt(out, ms, 10)
	case 0x0b:
		return append(out, bytes.ReplaceAll(bytes.TrimSuffix(b, []byte{0}), []byte{0}, []byte("/"))...)
	case 0x0c:
		out = append(out, b[4:len(b)-13]...)
		return hex.AppendEncode(append(out, ' '), b[len(b)-12:])
	case 0x10:
		return strconv.AppendInt(out, int64(int32(binary.LittleEndian.Uint32(b))), 10)
	case 0x11:
		return time.Unix(int64(binary.LittleEndian.Uint32(b[4:])), 0).UTC().AppendFormat(out, time.RFC3339)
	case 0x12:
		return strconv.AppendInt(out, int64(binary.LittleEndian.Uint64(b)), 10)
	case 0x13:
		return bsonDecimal(out, binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b))
	}
	return out
}

// bsonBinary appends bytes: UUIDs as such, the content of all else as it is, to be
// looked into.
func bsonBinary(out []byte, subtype byte, b []byte) []byte {
	switch {
	case (subtype == 3 || subtype == 4) && len(b) == 16:
		for i, n := range []int{4, 2, 2, 2, 6} {
			if i > 0 {
				out = append(out, '-')
			}
			out = hex.AppendEncode(out, b[:n])
			b = b[n:]
		}
		return out
	case subtype == 5 && len(b) == 16:
		return hex.AppendEncode(out, b)
	case subtype == 2 && len(b) >= 4:
		b = b[4:] // its length once more
	}
	return append(out, b...)
}

// bsonDecimal appends a number of IEEE 754-2008 decimal128, in the binary
// encoding of its significand.
func bsonDecimal(out []byte, hi, lo uint64) []byte {
	if hi>>63 != 0 {
		out = append(out, '-')
	}
	if hi>>58&0x1f == 0x1f {
		return append(out, "NaN"...)
	}
	if hi>>58&0x1f == 0x1e {
		return append(out, "Infinity"...)
	}
	exp := int(hi>>49&0x3fff) - 6176
	digits := "0"
	if hi>>61&3 != 3 { // else the number is not in its normal form, which means 0
		v := new(big.Int).SetUint64(hi & (1<<49 - 1))
		v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(lo))
		digits = v.String()
	} else {
		exp = 0
	}
	switch {
	case exp == 0:
		return append(out, digits...)
	case exp > 0 && exp <= 20:
		return append(append(out, digits...), strings.Repeat("0", exp)...)
	case exp < 0 && exp > -40:
		if pad := 1 - exp - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		k := len(digits) + exp
		return append(append(append(out, digits[:k]...), '.'), digits[k:]...)
	}
	return strconv.AppendInt(append(append(out, digits...), 'E'), int64(exp), 10)
}
