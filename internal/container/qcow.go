package container

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/spoor-scan/spoor/scanners"
)

// Incompatible features of a qcow2 image.
const (
	qcowDirty    = 1 << 0
	qcowDamaged  = 1 << 1
	qcowExternal = 1 << 2
	qcowMethod   = 1 << 3
	qcowExtended = 1 << 4

	// qcowMaxL1 bounds the first table, in bytes: QEMU's own limit.
	qcowMaxL1 = 32 << 20
	// qcowTables is how many second tables are held.
	qcowTables = 16
)

// qcowDecoder reads disk images of QEMU and, as members, the states of the disk
// that were saved in them. Source: docs/interop/qcow2.txt of QEMU.
func qcowDecoder() Decoder {
	return Decoder{
		Name: "qcow2",
		Bare: true,
		Match: func(head []byte, _ string) bool {
			return len(head) >= 72 && string(head[:4]) == "QFI\xfb" && (head[7] == 2 || head[7] == 3) && head[4]|head[5]|head[6] == 0
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				q := &qcow{lister: newLister(ctx, b, o, in), at: spool}
				q.run()
			})
		},
	}
}

type qcow struct {
	*lister
	at       *Spool
	bits     uint // of a cluster
	cluster  int64
	size     int64
	extended bool
	zstd     bool
}

func (q *qcow) run() {
	h := make([]byte, 112)
	n, _ := q.at.ReadAt(h, 0)
	be := binary.BigEndian
	whole := func() bool { return q.out.item(raw(io.NewSectionReader(q.at, 0, q.at.Size()), 0)) }
	features := uint64(0)
	if n == len(h) && be.Uint32(h[4:]) >= 3 {
		features = be.Uint64(h[72:])
		q.zstd = features&qcowMethod != 0 && be.Uint32(h[100:]) >= 104 && h[104] == 1
	}
	q.bits, q.size = uint(be.Uint32(h[20:])), int64(be.Uint64(h[24:]))
	switch {
	case n < 72 || q.bits < 9 || q.bits > 21 || q.size < 0:
		if q.gap(scanners.Corrupt, "qcow2: the header is damaged") {
			whole()
		}
		return
	case be.Uint32(h[32:]) != 0:
		if q.gap(scanners.Encrypted, "qcow2: the disk is encrypted") {
			whole()
		}
		return
	case features&qcowExternal != 0, features&^(1<<5-1) != 0:
		if q.gap(scanners.Unsupported, "qcow2: the data lie in another file, or in a way that is not known") {
			whole()
		}
		return
	}
	q.cluster, q.extended = 1<<q.bits, features&qcowExtended != 0
	if at, n := be.Uint64(h[8:]), be.Uint32(h[16:]); at != 0 && n > 0 && n < 1024 {
		name := make([]byte, n)
		_, _ = q.at.ReadAt(name, int64(at))
		if !q.out.item(textItem("backing file", string(name))) || !q.gap(scanners.Unsupported, "qcow2: the disk builds on another image; what is only in that is not read here") {
			return
		}
	}
	disk, ok := q.disk(int64(be.Uint64(h[40:])), int64(be.Uint32(h[36:])), q.size)
	if !ok && !q.gap(scanners.Corrupt, "qcow2: a table of the image is damaged") {
		return
	}
	name := strings.TrimSuffix(q.in.Name, path.Ext(q.in.Name))
	if !q.out.item(scanners.Item{Name: name, Size: disk.size, Time: q.in.Time, Body: q.b.Reader(q.ctx, disk)}) {
		return
	}
	if disk.bad && !q.gap(scanners.Corrupt, "qcow2: clusters of the image can't be read") {
		return
	}
	q.snapshots(int64(be.Uint64(h[64:])), int(be.Uint32(h[60:])))
}

// snapshots yields the states that were saved.
func (q *qcow) snapshots(at int64, count int) {
	be := binary.BigEndian
	for range min(count, 1<<16) {
		h := make([]byte, 40)
		if n, _ := q.at.ReadAt(h, at); n < len(h) {
			q.gap(scanners.Corrupt, "qcow2: the list of snapshots is damaged")
			return
		}
		extra, id, name := int64(be.Uint32(h[36:])), int64(be.Uint16(h[12:])), int64(be.Uint16(h[14:]))
		if extra > 1024 {
			q.gap(scanners.Corrupt, "qcow2: the list of snapshots is damaged")
			return
		}
		b := make([]byte, extra+id+name)
		_, _ = q.at.ReadAt(b, at+40)
		size := q.size
		if extra >= 16 {
			size = int64(min(be.Uint64(b[8:]), 1<<60))
		}
		disk, ok := q.disk(int64(be.Uint64(h)), int64(be.Uint32(h[8:])), size)
		if !ok && !q.gap(scanners.Corrupt, "qcow2: a table of a snapshot is damaged") {
			return
		}
		if !q.count() {
			return
		}
		it := q.item("snapshot-"+string(b[extra:extra+id]), size, q.in.Time)
		it.Fields = append(it.Fields, scanners.Field{Name: "snapshot", Value: string(b[extra+id:])})
		it.Body = q.b.Reader(q.ctx, disk)
		if !q.out.item(it) {
			return
		}
		if disk.bad && !q.gap(scanners.Corrupt, "qcow2: clusters of a snapshot can't be read") {
			return
		}
		at = (at + 40 + extra + id + name + 7) &^ 7
	}
}

// disk returns the disk that a first table describes; ok is false where that is
// not all there.
func (q *qcow) disk(at, entries, size int64) (d *qcowDisk, ok bool) {
	d = &qcowDisk{qcow: q, size: size, tables: map[int64][]byte{}, packed: -1}
	if entries*8 > qcowMaxL1 {
		entries = qcowMaxL1 / 8
	}
	b := make([]byte, max(0, min(entries*8, q.at.Size()-at)))
	n, _ := q.at.ReadAt(b, at)
	d.l1 = b[:n&^7]
	return d, int64(n) == entries*8
}

// A qcowDisk is the content of a disk. It reads one after the other and at random.
type qcowDisk struct {
	*qcow
	l1     []byte
	size   int64
	pos    int64
	tables map[int64][]byte // second tables, by their place
	bad    bool             // something could not be read
	packed int64            // the compressed cluster that was read last
	plain  []byte
	flate  io.ReadCloser // used again for each cluster
	frames *zstd.Decoder
}

func (d *qcowDisk) Size() int64 { return d.size }

func (d *qcowDisk) Read(p []byte) (int, error) {
	n, err := d.ReadAt(p, d.pos)
	d.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// entry returns what the tables say of a cluster; missing is how many clusters
// there is no table for.
func (d *qcowDisk) entry(cluster int64) (entry, bitmap uint64, missing int64) {
	width := int64(8)
	if d.extended {
		width = 16
	}
	per := d.cluster / width
	i := cluster / per
	none := per - cluster%per
	if (i+1)*8 > int64(len(d.l1)) {
		return 0, 0, none
	}
	at := int64(binary.BigEndian.Uint64(d.l1[i*8:]) & 0x00fffffffffffe00)
	if at == 0 {
		return 0, 0, none
	}
	t, ok := d.tables[at]
	if !ok {
		if len(d.tables) >= qcowTables {
			clear(d.tables)
		}
		t = make([]byte, d.cluster)
		if n, _ := d.at.ReadAt(t, at); n < len(t) {
			d.bad = true
			clear(t[n&^15:])
		}
		d.tables[at] = t
	}
	k := cluster % per * width
	entry = binary.BigEndian.Uint64(t[k:])
	if d.extended {
		bitmap = binary.BigEndian.Uint64(t[k+8:])
	}
	return entry, bitmap, 0
}

// ReadAt implements io.ReaderAt. What can't be read is zeros, and bad is set.
func (d *qcowDisk) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off >= d.size {
		return 0, io.EOF
	}
	if int64(len(p)) > d.size-off {
		p, err = p[:d.size-off], io.EOF
	}
	for n < len(p) {
		at := off + int64(n)
		in := at % d.cluster
		entry, bitmap, missing := d.entry(at / d.cluster)
		k := int(min(int64(len(p)-n), d.cluster-in))
		part := p[n : n+k]
		host := int64(entry & 0x00fffffffffffe00)
		switch {
		case missing > 0:
			k = int(min(int64(len(p)-n), missing*d.cluster-in))
			clear(p[n : n+k])
		case entry&(1<<62) != 0:
			if !d.unpack(at/d.cluster, entry) {
				d.bad = true
				clear(part)
			} else {
				copy(part, d.plain[in:])
			}
		case d.extended && host != 0:
			sub := d.cluster / 32
			i := in / sub
			k = int(min(int64(k), (i+1)*sub-in))
			if bitmap&(1<<i) == 0 {
				clear(p[n : n+k])
			} else {
				d.plainAt(p[n:n+k], host+in)
			}
		case host == 0 || entry&1 != 0 && !d.extended:
			clear(part)
		default:
			d.plainAt(part, host+in)
		}
		n += k
	}
	return n, err
}

func (d *qcowDisk) plainAt(p []byte, at int64) {
	if n, _ := d.at.ReadAt(p, at); n < len(p) {
		d.bad = true
		clear(p[n:])
	}
}

// unpack decompresses a cluster into d.plain.
func (d *qcowDisk) unpack(cluster int64, entry uint64) bool {
	if d.packed == cluster {
		return true
	}
	x := 62 - (d.bits - 8)
	at := int64(entry & (1<<x - 1))
	sectors := int64(entry>>x&(1<<(62-x)-1)) + 1
	b := make([]byte, max(0, min(sectors*512-at%512, d.at.Size()-at)))
	n, _ := d.at.ReadAt(b, at)
	d.packed = -1
	if d.plain == nil {
		d.plain = make([]byte, d.cluster)
	}
	var r io.Reader
	var err error
	switch in := bytes.NewReader(b[:n]); {
	case d.zstd && d.frames == nil:
		d.frames, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		r = d.frames
	case d.zstd:
		err = d.frames.Reset(in)
		r = d.frames
	case d.flate == nil:
		d.flate = flate.NewReader(in)
		r = d.flate
	default:
		err = d.flate.(flate.Resetter).Reset(in, nil)
		r = d.flate
	}
	if err != nil {
		return false
	}
	if n, err := readFull(r, d.plain); n < len(d.plain) {
		if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false
		}
		clear(d.plain[n:])
	}
	d.packed = cluster
	return true
}

func (d *qcowDisk) data(off int64) (from, to int64) {
	for off < d.size {
		entry, _, missing := d.entry(off / d.cluster)
		if missing == 0 && entry&^(1<<63|1) != 0 {
			return off, min((off/d.cluster+1)*d.cluster, d.size)
		}
		off = (off/d.cluster + max(missing, 1)) * d.cluster
	}
	return d.size, d.size
}
