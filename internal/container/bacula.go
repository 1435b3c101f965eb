package container

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strings"
	"time"

	lzo "github.com/anchore/go-lzo"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/spoor-scan/spoor/scanners"
)

// Sizes and bounds of a volume.
const (
	bacBlockHead  = 24
	bacRecordHead = 12
	bacMaxBlock   = 20 << 20 // what the program takes at most
	bacMaxRecord  = 32 << 20
	bacMaxRecords = 4 << 20
	bacMaxPlain   = 32 << 20 // of one record, decompressed
	bacMaxExtra   = 64 << 10 // of what is known of a file beside its content
)

// Kinds of streams (src/streams.h of Bacula 9).
const (
	bacAttributes   = 1
	bacAttributesEx = 5
	bacStreamMask   = 0x7ff
)

// baculaDecoder reads the volumes of Bacula and Bareos on disk: the files that
// jobs have written to it, also where several jobs wrote at once. Source: "Storage
// Media Output Format" of the developers' guide, src/stored/block.h, record.h and
// src/streams.h of Bacula 9.6.
func baculaDecoder() Decoder {
	return Decoder{
		Name:  "bacula",
		Match: func(head []byte, _ string) bool { return len(head) > 40 && string(head[12:16]) == "BB02" },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				v := &bacula{lister: newLister(ctx, b, o, in), at: spool, sessions: map[uint64]*bacSession{}}
				v.run()
			})
		},
	}
}

type bacula struct {
	*lister
	at       *Spool
	sessions map[uint64]*bacSession
	files    []*bacFile
	labels   []bacRecord
	spoiled  []span // what could not be read
	records  int
	wrong    int // blocks with a wrong checksum
	full     bool
}

// A bacSession is a job that wrote to the volume.
type bacSession struct {
	file  *bacFile
	last  *bacRecord
	ended bool
}

// A bacRecord lies in one block, or goes on in the next one of its job.
type bacRecord struct {
	stream int32
	spans  []span
	left   int64 // what is missing
}

// A bacFile is what was saved of a file.
type bacFile struct {
	index   int32
	head    *bacRecord
	records []bacRecord // of its content
	extra   []bacRecord // attributes
	odd     bool        // it begins or ends on another volume
}

func (v *bacula) run() {
	v.list()
	for _, l := range v.labels {
		if b, err := v.bytes(&l); err == nil && !v.out.item(scanners.Item{Size: int64(len(b)), Body: bytes.NewReader(b), Text: true, Field: "label"}) {
			return
		}
	}
	for _, s := range v.sessions {
		if !s.ended && s.file != nil {
			s.file.odd = true
		}
	}
	for _, f := range v.files {
		if !v.file(f) {
			return
		}
	}
	if v.full && !v.gap(scanners.TooLarge, "bacula: the volume has more records than can be put in order; the rest is searched as it is") {
		return
	}
	if n := len(v.spoiled); n > 0 && !v.full && !v.gap(scanners.Corrupt, "bacula: a part of the volume is damaged, and searched as it is") {
		return
	}
	if v.wrong > 0 && !v.gap(scanners.Corrupt, fmt.Sprintf("bacula: the checksums of %d blocks are wrong", v.wrong)) {
		return
	}
	for _, s := range v.spoiled {
		if !v.out.item(raw(io.NewSectionReader(v.at, s.at, s.n), s.at)) {
			return
		}
	}
}

// list finds the records of all blocks.
func (v *bacula) list() {
	head := make([]byte, bacBlockHead)
	be := binary.BigEndian
	var sum []byte
	for pos := int64(0); pos < v.at.Size(); {
		if v.ctx.Err() != nil {
			return // the first member says so
		}
		n, _ := v.at.ReadAt(head, pos)
		size := int64(be.Uint32(head[4:]))
		if n < len(head) || string(head[12:16]) != "BB02" || size < bacBlockHead || size > bacMaxBlock || pos+size > v.at.Size() {
			next := v.resume(pos + 1)
			if n < len(head) || !v.zeros(pos, next) {
				v.spoiled = append(v.spoiled, span{at: pos, n: next - pos})
			}
			pos = next
			continue
		}
		if v.full {
			v.spoiled = append(v.spoiled, span{at: pos, n: v.at.Size() - pos})
			return
		}
		sum = grown(sum, int(size))
		if n, _ := v.at.ReadAt(sum, pos); int64(n) < size {
			return
		}
		if want := be.Uint32(sum); want != 0 && crc32.ChecksumIEEE(sum[4:]) != want {
			v.wrong++
		}
		v.block(sum, pos)
		pos += size
	}
}

// zeros reports whether a part of the volume holds nothing: the end of a tape's
// file.
func (v *bacula) zeros(from, to int64) bool {
	b := make([]byte, 64<<10)
	for from < to {
		n, _ := v.at.ReadAt(b[:min(int64(len(b)), to-from)], from)
		if n == 0 || !isZero(b[:n]) {
			return false
		}
		from += int64(n)
	}
	return true
}

// resume returns where the next block begins, at or behind pos.
func (v *bacula) resume(pos int64) int64 {
	b := make([]byte, 64<<10)
	for pos < v.at.Size() && v.ctx.Err() == nil {
		n, _ := v.at.ReadAt(b, pos)
		if n < 16 {
			break
		}
		if k := bytes.Index(b[:n], []byte("BB02")); k >= 12 {
			return pos + int64(k) - 12
		} else if k >= 0 {
			pos += int64(k) + 1
			continue
		}
		pos += int64(n) - 15
	}
	return v.at.Size()
}

// block takes in the records of a block that lies at pos.
func (v *bacula) block(b []byte, pos int64) {
	be := binary.BigEndian
	key := be.Uint64(b[16:])
	s := v.sessions[key]
	if s == nil {
		s = &bacSession{}
		v.sessions[key] = s
	}
	for at := bacBlockHead; at+bacRecordHead <= len(b); {
		index, stream, size := int32(be.Uint32(b[at:])), int32(be.Uint32(b[at+4:])), int64(be.Uint32(b[at+8:]))
		at += bacRecordHead
		here := min(size, int64(len(b)-at))
		if v.records++; v.records > bacMaxRecords {
			v.full = true
			return
		}
		part := span{at: pos + int64(at), n: here}
		at += int(here)
		if stream < 0 { // the rest of what began in the block before
			if s.last != nil && s.last.stream == -stream {
				s.last.spans = append(s.last.spans, part)
				s.last.left = size - here
				continue
			}
			stream = -stream
			s.file = &bacFile{index: index, odd: true}
			v.files = append(v.files, s.file)
		}
		r := bacRecord{stream: stream, spans: []span{part}, left: size - here}
		if index < 0 {
			switch index {
			case -4, -1, -2: // of a job that begins, of the volume
				v.labels = append(v.labels, r)
				s.ended = false
			case -5: // of a job that ends
				s.ended = true
			}
			s.last = nil
			continue
		}
		typ := stream & bacStreamMask
		if typ == bacAttributes || typ == bacAttributesEx {
			if s.file == nil || s.file.index != index || s.file.head == nil && !s.file.odd {
				s.file = &bacFile{index: index}
				v.files = append(v.files, s.file)
			}
			if s.file.head == nil {
				s.file.head = &r
				s.last = s.file.head
				continue
			}
		}
		if s.file == nil || s.file.index != index {
			s.file = &bacFile{index: index, odd: true}
			v.files = append(v.files, s.file)
		}
		if bacKind(typ) == bacNone {
			s.file.extra = append(s.file.extra, r)
			s.last = &s.file.extra[len(s.file.extra)-1]
		} else {
			s.file.records = append(s.file.records, r)
			s.last = &s.file.records[len(s.file.records)-1]
		}
	}
}

// What a stream holds.
const (
	bacNone = iota
	bacPlain
	bacZlib
	bacPacked // by a method that it names
	bacLocked
)

// bacKind returns what a stream holds of a file's content.
func bacKind(stream int32) int {
	switch stream & bacStreamMask {
	case 2, 6, 9, 11, 13, 27:
		return bacPlain
	case 4, 7, 12:
		return bacZlib
	case 29, 30, 31:
		return bacPacked
	case 20, 21, 23, 24, 25, 32, 33:
		return bacLocked
	}
	return bacNone
}

// bytes returns a record.
func (v *bacula) bytes(r *bacRecord) ([]byte, error) {
	n := int64(0)
	for _, s := range r.spans {
		n += s.n
	}
	if n > bacMaxRecord {
		return nil, errBacula
	}
	b := make([]byte, 0, n)
	for _, s := range r.spans {
		part := b[len(b) : int64(len(b))+s.n]
		if k, _ := v.at.ReadAt(part, s.at); int64(k) < s.n {
			return b, io.ErrUnexpectedEOF
		}
		b = b[:len(b)+len(part)]
	}
	return b, nil
}

var errBacula = errors.New("bacula: damaged")

// file yields a file.
func (v *bacula) file(f *bacFile) bool {
	if !v.count() {
		return false
	}
	name, link := fmt.Sprintf("file-%d", f.index), ""
	if f.head != nil {
		if b, err := v.bytes(f.head); err == nil {
			// Its number, its type and its name; what stat(2) says; where a link leads.
			parts := bytes.SplitN(b, []byte{0}, 4)
			if words := bytes.SplitN(parts[0], []byte(" "), 3); len(words) == 3 {
				name = string(words[2])
			}
			if len(parts) > 2 {
				link = string(parts[2])
			}
		}
	}
	var more []scanners.Field
	if link != "" {
		more = append(more, scanners.Field{Name: "link", Value: link})
	}
	size := 0
	for i := range f.extra {
		if typ := f.extra[i].stream & bacStreamMask; typ < 1000 || size > bacMaxExtra {
			continue // a checksum
		}
		if b, err := v.bytes(&f.extra[i]); err == nil && len(b) <= bacMaxExtra {
			size += len(b)
			more = append(more, scanners.Field{Name: "attributes", Value: strings.ToValidUTF8(string(b), "�")})
		}
	}
	for i := range f.records {
		if bacKind(f.records[i].stream) == bacLocked {
			return v.unread(name, scanners.Encrypted, "bacula: the file is encrypted")
		}
	}
	if len(f.records) == 0 && strings.HasSuffix(name, "/") {
		return v.alsoNamed(name)
	}
	r := &bacReader{v: v, records: f.records}
	return v.memberAs(name, more, -1, time.Time{}, r, !f.odd, "bacula: a part of the file is on another volume")
}

// A bacReader reads the content of a file.
type bacReader struct {
	v       *bacula
	records []bacRecord
	rest    []byte
	zeros   int64 // of a hole
	pos     int64
	plain   []byte
}

func (r *bacReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.zeros == 0 {
		if len(r.records) == 0 {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	var n int
	if r.zeros > 0 {
		n = int(min(int64(len(p)), r.zeros))
		clear(p[:n])
		r.zeros -= int64(n)
	} else {
		n = copy(p, r.rest)
		r.rest = r.rest[n:]
	}
	r.pos += int64(n)
	return n, nil
}

// next takes up the next record.
func (r *bacReader) next() error {
	rec := &r.records[0]
	r.records = r.records[1:]
	b, err := r.v.bytes(rec)
	if err != nil {
		return err
	}
	typ := rec.stream & bacStreamMask
	if typ == 6 || typ == 7 || typ == 30 { // with holes: where it goes comes first
		if len(b) < 8 {
			return errBacula
		}
		to := int64(binary.BigEndian.Uint64(b))
		if to > r.pos {
			r.zeros = to - r.pos
		}
		b = b[8:]
	}
	switch bacKind(rec.stream) {
	case bacPlain:
		r.rest = b
	case bacZlib:
		r.rest, err = r.inflate(b)
	default:
		r.rest, err = r.unpack(b)
	}
	if err != nil {
		return &scanners.Gap{Reason: scanners.Corrupt, Detail: "bacula: a record is damaged"}
	}
	return nil
}

func (r *bacReader) inflate(b []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(io.LimitReader(z, bacMaxPlain))
}

// unpack decompresses a record that names its method (src/lib/../ch.h): four
// letters, the length, level and version.
func (r *bacReader) unpack(b []byte) (out []byte, err error) {
	defer func() {
		if recover() != nil { // of a library, on what is damaged
			out, err = nil, errBacula
		}
	}()
	if len(b) < 12 {
		return nil, errBacula
	}
	method, data := string(b[:4]), b[12:]
	switch method {
	case "GZIP":
		return r.inflate(data)
	case "ZSTD":
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(bacMaxPlain))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return z.DecodeAll(data, nil)
	}
	if r.plain == nil {
		r.plain = make([]byte, 128<<10)
	}
	// The length before is not told.
	for {
		n := 0
		switch method {
		case "LZOX":
			n, err = lzo.Decompress(data, r.plain)
		case "LZ4 ", "FZ4L", "FZ4H":
			n, err = lz4.UncompressBlock(data, r.plain)
		default:
			return nil, errBacula
		}
		if err == nil {
			return r.plain[:n], nil
		}
		if len(r.plain) >= 4<<20 {
			return nil, err
		}
		r.plain = make([]byte, 4*len(r.plain))
	}
}
