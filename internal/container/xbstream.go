package container

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	xbMagic   = "XBSTCK01"
	xbMaxPath = 512
	// xbMaxFiles bounds the files of a stream, and xbMaxChunks its chunks.
	xbMaxFiles  = 1 << 20
	xbMaxChunks = 1 << 22
	// xbMaxNames bounds the bytes of all their names.
	xbMaxNames = 64 << 20
)

// xbstreamDecoder reads what xtrabackup and mariadb-backup write with
// --stream=xbstream: files in chunks, which alternate where several files are
// copied at once. Source: extra/mariabackup/xbstream.h of MariaDB 10.11,
// storage/innobase/xtrabackup/src/xbstream.h of Percona XtraBackup 8.
func xbstreamDecoder() Decoder {
	return Decoder{
		Name:  "xbstream",
		Match: func(head []byte, _ string) bool { return len(head) > 14 && string(head[:len(xbMagic)]) == xbMagic },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				x := &xbstream{lister: newLister(ctx, b, o, in), at: spool, files: map[string]*xbFile{}}
				x.run()
			})
		},
	}
}

type xbstream struct {
	*lister
	at     *Spool
	files  map[string]*xbFile
	order  []*xbFile
	chunks int
	named  int // bytes of all names
}

type xbFile struct {
	name   string
	chunks []xbChunk
	ended  bool
}

// An xbChunk is a piece of a file.
type xbChunk struct {
	to       int64 // where it goes
	at, size int64 // where it lies
	sum      uint32
	sums     bool // sum is known
}

func (x *xbstream) run() {
	end := x.list()
	for _, f := range x.order {
		if !x.count() {
			return
		}
		slices.SortStableFunc(f.chunks, func(a, b xbChunk) int { return cmp.Compare(a.to, b.to) })
		r := &xbReader{at: x.at, chunks: f.chunks}
		size := int64(0)
		for _, c := range f.chunks {
			size += c.size
		}
		it := x.item(f.name, size, time.Time{})
		it.Body = x.b.Reader(x.ctx, r)
		if !x.out.item(it) {
			return
		}
		uri := memberURI(x.in, it.Step)
		if r.damaged && !x.out.err(&scanners.Gap{URI: uri, Reason: scanners.Corrupt, Detail: "xbstream: a checksum of the member is wrong"}) {
			return
		}
		if !f.ended && !x.out.err(&scanners.Gap{URI: uri, Reason: scanners.Corrupt, Detail: "xbstream: the stream ends before the member does"}) {
			return
		}
	}
	if rest := x.at.Size() - end; rest > 0 {
		if x.out.err(&scanners.Gap{Reason: scanners.Corrupt, Detail: "xbstream: what follows a damaged chunk is searched as it is"}) {
			x.out.item(raw(io.NewSectionReader(x.at, end, rest), end))
		}
	}
}

// list reads the headers of all chunks, and returns where they end.
func (x *xbstream) list() (end int64) {
	head := make([]byte, 14+xbMaxPath+24)
	for pos := int64(0); ; {
		if x.ctx.Err() != nil {
			return x.at.Size() // the first member says so
		}
		n, _ := x.at.ReadAt(head, pos)
		h := head[:n]
		if n < 14 || string(h[:8]) != xbMagic || x.chunks >= xbMaxChunks {
			return pos
		}
		le := binary.LittleEndian
		typ, name := h[9], int(le.Uint32(h[10:]))
		if name == 0 || name > xbMaxPath || 14+name > n {
			return pos
		}
		path := string(h[14 : 14+name])
		f := x.files[path]
		if f == nil {
			if x.named += name; len(x.files) >= xbMaxFiles || x.named > xbMaxNames {
				return pos
			}
			f = &xbFile{name: path}
			x.files[path], x.order = f, append(x.order, f)
		}
		h = h[14+name:]
		next := pos + int64(14+name)
		switch typ {
		case 'E':
			f.ended = true
			pos = next
			continue
		case 'S': // with holes: their map lies in front of what is between them
			if len(h) < 4 {
				return pos
			}
			holes := int64(le.Uint32(h))
			h, next = h[4:], next+4+8*holes
			fallthrough
		case 'P':
			if len(h) < 20 {
				return pos
			}
			size, to := int64(le.Uint64(h)), int64(le.Uint64(h[8:]))
			at := next + 20
			if size < 0 || to < 0 || size > x.at.Size()-at {
				// A stream that was cut: what there is of the chunk counts.
				if left := x.at.Size() - at; typ == 'P' && size > 0 && to >= 0 && left > 0 {
					f.chunks = append(f.chunks, xbChunk{to, at, left, 0, false})
					return x.at.Size()
				}
				return pos
			}
			f.chunks = append(f.chunks, xbChunk{to, at, size, le.Uint32(h[16:]), typ == 'P'})
			x.chunks++
			pos = at + size
		default:
			// Unknown chunks may be passed over only where their flags say so, and
			// then nothing tells their length.
			return pos
		}
	}
}

// An xbReader reads the chunks of a file one after the other.
type xbReader struct {
	at      *Spool
	chunks  []xbChunk
	pos     int64 // in the first of chunks
	sum     uint32
	damaged bool
}

func (r *xbReader) Read(p []byte) (int, error) {
	for len(r.chunks) > 0 {
		c := r.chunks[0]
		if r.pos == c.size {
			r.damaged = r.damaged || c.sums && r.sum != c.sum
			r.chunks, r.pos, r.sum = r.chunks[1:], 0, 0
			continue
		}
		n, err := r.at.ReadAt(p[:min(int64(len(p)), c.size-r.pos)], c.at+r.pos)
		r.sum = crc32.Update(r.sum, crc32.IEEETable, p[:n])
		r.pos += int64(n)
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, fmt.Errorf("xbstream: %w", err)
		}
	}
	return 0, io.EOF
}
