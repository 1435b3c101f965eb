package document

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// Opcodes and types of values (redis: src/rdb.h, versions 1 to 12 of the format).
const (
	rdbSlot     = 244
	rdbFunction = 245
	rdbFuncOld  = 246
	rdbModAux   = 247
	rdbIdle     = 248
	rdbFreq     = 249
	rdbAux      = 250
	rdbResize   = 251
	rdbExpireMS = 252
	rdbExpire   = 253
	rdbSelect   = 254
	rdbEOF      = 255
)

const (
	rdbString = iota
	rdbList
	rdbSet
	rdbZSet
	rdbHash
	rdbZSet2
	rdbModuleOld
	rdbModule
	_
	rdbZipMap
	rdbZipList
	rdbIntSet
	rdbZSetZip
	rdbHashZip
	rdbQuick
	rdbStream
	rdbHashPack
	rdbZSetPack
	rdbQuick2
	rdbStream2
	rdbSetPack
	rdbStream3
	rdbHashTTLOld
	rdbHashPackTTLOld
	rdbHashTTL
	rdbHashPackTTL
)

const (
	maxRDBPacked = 512 << 20 // of a packed value, in bytes: no string is longer
	maxRDBRow    = 4 << 20   // of what a key holds, from which it goes on in a row of its own
)

// rdbDecoder reads the snapshots of Redis, Valkey and KeyDB (RDB files). Each key
// is a row of "keys" in the schema of its database, "db0": key, value, or the
// fields of a hash or stream by their names; the members of a list or set stand
// in lines. What belongs to modules is read as far as it is text.
func rdbDecoder() container.Decoder {
	return container.Decoder{
		Name: "rdb",
		Match: func(head []byte, _ string) bool {
			if len(head) < 9 || string(head[:5]) != "REDIS" && string(head[:6]) != "VALKEY" {
				return false
			}
			for _, c := range head[6:9] {
				if c < '0' || c > '9' {
					return false
				}
			}
			return true
		},
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if in.Body == nil {
					yield(scanners.Item{}, errors.New("rdb: nothing to read"))
					return
				}
				r := &rdbReader{ctx: ctx, b: b, src: in.Body, yield: yield, rows: newDocRows("rdb", yield)}
				r.r = bufio.NewReaderSize((*rdbSource)(r), 128<<10)
				r.run()
			}
		},
	}
}

// rdbSource counts what is read.
type rdbSource rdbReader

func (s *rdbSource) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.src.Read(p)
	s.read += int64(n)
	return n, err
}

type rdbReader struct {
	ctx   context.Context
	b     *container.Budget
	src   io.Reader
	r     *bufio.Reader
	read  int64
	yield func(scanners.Item, error) bool
	rows  *docRows
	err   error
	stop  bool // the consumer wants no more
	at    int64
	key   []byte
	num   [24]byte
}

var errRDB = errors.New("rdb: damaged")

func (r *rdbReader) where() int64 { return r.read - int64(r.r.Buffered()) }

func (r *rdbReader) fail() {
	if r.err == nil {
		r.err = errRDB
	}
}

func (r *rdbReader) byte() byte {
	if r.err != nil {
		return 0
	}
	c, err := r.r.ReadByte()
	r.err = err
	return c
}

func (r *rdbReader) skip(n int64) {
	for n > 0 && r.err == nil {
		k, err := r.r.Discard(int(min(n, 1<<20)))
		n -= int64(k)
		r.err = err
	}
}

func (r *rdbReader) run() {
	r.skip(9)
	db := uint64(0)
	ok := true
	for r.err == nil && ok && !r.stop {
		if err := r.ctx.Err(); err != nil {
			r.err = context.Cause(r.ctx)
			break
		}
		at := r.where()
		switch op := r.byte(); op {
		case rdbEOF:
			ok = r.rows.lay()
			if ok && r.err == nil {
				r.rest(8)
			}
			return
		case rdbSelect:
			db = r.length()
		case rdbResize:
			r.length()
			r.length()
		case rdbSlot:
			r.length()
			r.length()
			r.length()
		case rdbExpire:
			r.skip(4)
		case rdbExpireMS:
			r.skip(8)
		case rdbIdle:
			r.length()
		case rdbFreq:
			r.skip(1)
		case rdbAux:
			name, value := r.text(), r.text()
			ok = r.say(string(name)+"\t"+string(value), "aux")
		case rdbFunction:
			ok = r.say(string(r.text()), "function")
		case rdbModAux:
			r.length()
			r.length()
			r.length()
			ok = r.module("aux")
		case rdbFuncOld:
			r.fail()
		default:
			if r.err == nil {
				ok = r.entry(op, db, at)
			}
		}
	}
	if !ok || r.stop || !r.rows.lay() {
		return
	}
	switch {
	case r.ctx.Err() != nil:
		r.yield(scanners.Item{}, context.Cause(r.ctx))
	case r.err == io.EOF || errors.Is(r.err, io.ErrUnexpectedEOF):
		r.gap(scanners.Corrupt, "cut off")
	case errors.Is(r.err, errRDB):
		if r.gap(scanners.Corrupt, "a part that can't be understood was matched as it is") {
			r.rest(0)
		}
	case r.err != nil:
		var g *scanners.Gap
		if errors.As(r.err, &g) {
			r.yield(scanners.Item{}, r.err)
			return
		}
		r.yield(scanners.Item{}, fmt.Errorf("rdb: read: %w", r.err))
	}
}

func (r *rdbReader) gap(reason scanners.Reason, detail string) bool {
	return r.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "rdb: " + detail})
}

// rest yields what is left but for so many bytes, as it is.
func (r *rdbReader) rest(but int) {
	_, _ = r.r.Discard(but)
	if _, err := r.r.Peek(1); err != nil {
		return
	}
	r.yield(scanners.Item{Size: -1, Body: r.r, Text: true, Verbatim: true, Offset: r.where()}, nil)
}

func (r *rdbReader) say(s, field string) bool {
	return r.err != nil || r.yield(scanners.Item{Size: int64(len(s)), Body: bytes.NewReader([]byte(s)), Text: true, Field: field}, nil)
}

// size reads a length; special tells an encoding of strings instead.
func (r *rdbReader) size() (n uint64, special bool) {
	c := r.byte()
	switch c >> 6 {
	case 0:
		return uint64(c & 0x3f), false
	case 1:
		return uint64(c&0x3f)<<8 | uint64(r.byte()), false
	case 3:
		return uint64(c & 0x3f), true
	}
	width := 4
	if c == 0x81 {
		width = 8
	} else if c != 0x80 {
		r.fail()
		return 0, false
	}
	for range width {
		n = n<<8 | uint64(r.byte())
	}
	return n, false
}

func (r *rdbReader) length() uint64 {
	n, special := r.size()
	if special {
		r.fail()
	}
	return n
}

// string returns a reader of a string and its length.
func (r *rdbReader) string() (io.Reader, int64) {
	n, special := r.size()
	if r.err != nil {
		return bytes.NewReader(nil), 0
	}
	if !special {
		if n > maxRDBPacked {
			r.fail()
			n = 0
		}
		return io.LimitReader(r.r, int64(n)), int64(n)
	}
	if n <= 2 {
		v := uint64(0)
		for i := range 1 << n {
			v |= uint64(r.byte()) << (8 * i)
		}
		shift := 64 - 8<<n
		out := strconv.AppendInt(r.num[:0], int64(v<<shift)>>shift, 10)
		return bytes.NewReader(out), int64(len(out))
	}
	if n != 3 {
		r.fail()
		return bytes.NewReader(nil), 0
	}
	packed, size := r.length(), r.length()
	if r.err != nil || packed > maxRDBPacked || size > maxRDBPacked {
		r.fail()
		return bytes.NewReader(nil), 0
	}
	return r.b.Reader(r.ctx, &lzfReader{r: r.r, in: int64(packed), out: int64(size)}), int64(size)
}

// add appends a string to dst.
func (r *rdbReader) add(dst []byte) []byte {
	src, n := r.string()
	if r.err != nil {
		return dst
	}
	// What is said to be long need not be.
	for left := n; left > 0; {
		step := int(min(left, max(64<<10, int64(len(dst)))))
		from := len(dst)
		if cap(dst)-from < step {
			dst = append(dst, make([]byte, step)...)
		} else {
			dst = dst[:from+step]
		}
		k, err := io.ReadFull(src, dst[from:])
		dst = dst[:from+k]
		if err != nil {
			r.err = err
			if err == io.EOF {
				r.err = io.ErrUnexpectedEOF
			}
			return dst
		}
		left -= int64(k)
	}
	return dst
}

func (r *rdbReader) text() []byte { return r.add(nil) }

// entry reads a key and its value.
func (r *rdbReader) entry(kind byte, db uint64, at int64) bool {
	if kind > rdbHashPackTTL {
		r.fail()
		return true
	}
	if !r.rows.into("db"+strconv.FormatUint(db, 10), "keys", "key") {
		return false
	}
	r.at = at
	if r.key = r.add(r.key[:0]); r.err != nil {
		return true
	}
	if len(r.key) > maxRDBRow {
		// As a text, and a row by what it starts with.
		if !r.say(string(r.key), "key") {
			return false
		}
		r.key = r.key[:1024]
	}
	r.begin()
	ok := r.value(kind)
	return ok && r.rows.end()
}

func (r *rdbReader) begin() {
	r.rows.begin(r.at)
	r.put(r.rows.child(0, []byte("key")), r.key)
}

// put adds a value to the row, which goes on in another where it grows long.
func (r *rdbReader) put(node int32, v []byte) {
	r.rows.open()
	r.rows.data = append(r.rows.data, v...)
	r.rows.close(node, false)
}

// next reports whether the row may go on; it starts another where it is long.
func (r *rdbReader) next() bool {
	if r.err != nil || r.stop {
		return false
	}
	if r.rows.held() > maxRDBRow {
		if !r.rows.lay() || r.ctx.Err() != nil {
			r.stop = true
			return false
		}
		r.begin()
	}
	return true
}

// member reads a string into the row.
func (r *rdbReader) member(node int32) bool {
	src, n := r.string()
	if r.err != nil {
		return true
	}
	d := r.rows
	if n > dumpMaxRow {
		if !d.lay() || !r.yield(scanners.Item{Size: n, Body: src, Text: true, Field: d.nodes[node].path}, nil) {
			r.stop = true
			return false
		}
		if _, err := io.Copy(io.Discard, src); err != nil {
			r.err = err
			return true
		}
		r.begin()
		d.open()
		d.data = fmt.Appendf(d.data, "(%d bytes, matched apart)", n)
		d.close(node, false)
		return true
	}
	d.open()
	from := len(d.data)
	d.data = append(d.data, make([]byte, n)...)
	k, err := io.ReadFull(src, d.data[from:])
	if d.data = d.data[:from+k]; err != nil && n > 0 {
		r.err = io.ErrUnexpectedEOF
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			r.err = err
		}
	}
	d.close(node, false)
	return true
}

// value reads a value into the row that was begun.
func (r *rdbReader) value(kind byte) bool {
	value := r.rows.child(0, []byte("value"))
	switch kind {
	case rdbString:
		r.member(value)
	case rdbList, rdbSet:
		for n := r.length(); n > 0 && r.next() && r.member(value); n-- {
		}
	case rdbZSet, rdbZSet2:
		for n := r.length(); n > 0 && r.next() && r.member(value); n-- {
			if kind == rdbZSet2 {
				r.skip(8)
			} else if c := r.byte(); c < 253 {
				r.skip(int64(c))
			}
		}
	case rdbHash, rdbHashTTL, rdbHashTTLOld:
		n := r.length()
		if kind == rdbHashTTL {
			r.skip(8)
		}
		for ; n > 0 && r.next(); n-- {
			if kind != rdbHash {
				r.length()
			}
			name := r.text()
			if r.err != nil || !r.member(r.field(name)) {
				break
			}
		}
	case rdbModule:
		r.length()
		r.module("value")
	case rdbZipMap:
		r.packed(value, zipMap, true, 2)
	case rdbZipList:
		r.packed(value, zipList, false, 1)
	case rdbIntSet:
		r.packed(value, intSet, false, 1)
	case rdbZSetZip:
		r.packed(value, zipList, false, 2)
	case rdbHashZip:
		r.packed(value, zipList, true, 2)
	case rdbHashPack:
		r.packed(value, listPack, true, 2)
	case rdbHashPackTTL, rdbHashPackTTLOld:
		if kind == rdbHashPackTTL {
			r.skip(8)
		}
		r.packed(value, listPack, true, 3)
	case rdbZSetPack:
		r.packed(value, listPack, false, 2)
	case rdbSetPack:
		r.packed(value, listPack, false, 1)
	case rdbQuick:
		for n := r.length(); n > 0 && r.next(); n-- {
			r.packed(value, zipList, false, 1)
		}
	case rdbQuick2:
		for n := r.length(); n > 0 && r.next(); n-- {
			switch r.length() {
			case 1:
				r.member(value)
			case 2:
				r.packed(value, listPack, false, 1)
			default:
				r.fail()
			}
		}
	case rdbStream, rdbStream2, rdbStream3:
		r.stream(kind, value)
	default:
		r.fail()
	}
	return !r.stop
}

// field returns the node of a field of a hash.
func (r *rdbReader) field(name []byte) int32 {
	if string(name) == "key" {
		name = []byte("value")
	}
	return r.rows.child(0, name)
}

// packed reads a value whose members stand in one string. Where named is set, the
// first of each so many is the name of the field that the second is of.
func (r *rdbReader) packed(value int32, unpack func(b []byte, yield func(v []byte) bool) bool, named bool, each int) {
	b := r.text()
	if r.err != nil {
		return
	}
	i, node := 0, value
	ok := unpack(b, func(v []byte) bool {
		switch k := i % each; {
		case k == 0 && named:
			node = r.field(v)
		case k == 0 || k == 1 && named:
			r.put(node, v)
		}
		i++
		return r.next()
	})
	if !ok && !r.stop && r.err == nil {
		// The string itself is sound, and so is what follows.
		if !r.gap(scanners.Corrupt, "a packed value that is damaged was matched as it is") {
			r.stop = true
			return
		}
		r.put(value, b)
	}
}

// stream reads a stream (src/t_stream.c).
func (r *rdbReader) stream(kind byte, value int32) {
	for n := r.length(); n > 0 && r.next(); n-- {
		r.text() // the time of its first entry
		b := r.text()
		if r.err == nil && !r.entries(b, value) && !r.stop {
			if !r.gap(scanners.Corrupt, "a packed value that is damaged was matched as it is") {
				r.stop = true
				return
			}
			r.put(value, b)
		}
	}
	for range 3 {
		r.length()
	}
	if kind >= rdbStream2 {
		for range 5 {
			r.length()
		}
	}
	group := r.rows.child(0, []byte("consumer"))
	for n := r.length(); n > 0 && r.next(); n-- {
		r.member(group)
		r.length()
		r.length()
		if kind >= rdbStream2 {
			r.length()
		}
		for n := r.length(); n > 0 && r.err == nil; n-- {
			r.skip(16 + 8)
			r.length()
		}
		for n := r.length(); n > 0 && r.next(); n-- {
			r.member(group)
			r.skip(8)
			if kind >= rdbStream3 {
				r.skip(8)
			}
			for n := r.length(); n > 0 && r.err == nil; n-- {
				r.skip(16)
			}
		}
	}
}

// entries takes the entries of one node of a stream: a first one with the names
// of fields, then those that may have the same.
func (r *rdbReader) entries(b []byte, value int32) bool {
	var names [][]byte
	state, left, flags := 0, int64(0), int64(0)
	var node int32
	i := 0
	num := func(v []byte) int64 { n, _ := strconv.ParseInt(string(v), 10, 64); return n }
	return listPack(b, func(v []byte) bool {
		switch state {
		case 0: // count, deleted, number of fields
			if i++; i == 3 {
				if left, state = num(v), 1; left <= 0 {
					state = 2
				}
			}
		case 1: // their names
			names = append(names, bytes.Clone(v))
			if left--; left <= 0 {
				state = 2
			}
		case 2: // the end of the first entry
			state, i = 3, 0
		case 3: // flags, time, number
			if i == 0 {
				flags = num(v)
			}
			if i++; i == 3 {
				i = 0
				switch {
				case flags&2 == 0:
					state = 4
				case len(names) == 0:
					state = 2
				default:
					state = 5
				}
			}
		case 4: // number of fields
			if left, state = num(v), 6; left <= 0 {
				state = 2
			}
		case 5: // a value of a field that is known
			r.put(r.field(names[i]), v)
			if i++; i == len(names) {
				state = 2
			}
		case 6:
			node, state = r.field(v), 7
		case 7:
			r.put(node, v)
			if left--; left <= 0 {
				state = 2
			} else {
				state = 6
			}
		}
		return r.next()
	})
}

// module reads what a module keeps: numbers and strings, each with its type.
func (r *rdbReader) module(field string) bool {
	var texts []byte
	for r.err == nil {
		switch r.length() {
		case 0:
			if field == "value" {
				r.put(r.rows.child(0, []byte(field)), texts)
				return true
			}
			return len(texts) == 0 || r.say(string(texts), field)
		case 1, 2:
			r.length()
		case 3:
			r.skip(4)
		case 4:
			r.skip(8)
		case 5:
			texts = append(r.add(texts), '\n')
			if len(texts) > dumpMaxRow {
				if field == "value" && !r.rows.lay() || !r.say(string(texts), field) {
					r.stop = true
					return false
				}
				if texts = texts[:0]; field == "value" {
					r.begin()
				}
			}
		default:
			r.fail()
		}
	}
	return true
}
