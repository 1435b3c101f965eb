package container

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// Sizes of the format, in bytes.
const (
	vmaFixed    = 12288 // of the header, without blobs
	vmaMaxHead  = 64 << 20
	vmaExtent   = 512
	vmaClusters = 59 // of an extent
	vmaCluster  = 64 << 10
	vmaBlock    = 4 << 10
)

// vmaDecoder reads the backups of virtual machines that Proxmox VE's vzdump
// writes: the configuration, and the content of each disk. Source: vma_spec.txt
// of Proxmox's pve-qemu.
func vmaDecoder() Decoder {
	return Decoder{
		Name: "vma",
		Match: func(head []byte, _ string) bool {
			return len(head) >= 64 && string(head[:8]) == "VMA\x00\x00\x00\x00\x01"
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				v := &vma{lister: newLister(ctx, b, o, in), at: spool}
				v.run()
			})
		},
	}
}

type vma struct {
	*lister
	at    *Spool
	uuid  []byte
	blobs []byte
	disks [256]*vmaDisk
	odd   string // what is wrong with the extents
}

type vmaDisk struct {
	name string
	m    mapped
}

func (v *vma) run() {
	head := make([]byte, vmaFixed)
	n, _ := v.at.ReadAt(head, 0)
	be := binary.BigEndian
	size := int64(0)
	if n == vmaFixed {
		size = int64(be.Uint32(head[56:]))
	}
	if size < vmaFixed || size > vmaMaxHead || size > v.at.Size() {
		if v.gap(scanners.Corrupt, "vma: the header is damaged") {
			v.out.item(raw(io.NewSectionReader(v.at, 0, v.at.Size()), 0))
		}
		return
	}
	whole := make([]byte, size)
	if n, _ := v.at.ReadAt(whole, 0); int64(n) < size {
		v.gap(scanners.Corrupt, "vma: the header is cut off")
		return
	}
	if !sumOf(whole, 32) && !v.gap(scanners.Corrupt, "vma: the checksum of the header is wrong") {
		return
	}
	v.uuid = whole[8:24]
	made := time.Unix(int64(be.Uint64(whole[24:])), 0).UTC()
	from, length := int64(be.Uint32(whole[48:])), int64(be.Uint32(whole[52:]))
	if from+length <= size {
		v.blobs = whole[from : from+length]
	}
	for i := range 256 {
		name, data := v.blob(be.Uint32(whole[2044+4*i:])), v.blob(be.Uint32(whole[3068+4*i:]))
		if name == nil && data == nil {
			continue
		}
		if !v.count() || !v.member(cString(name), int64(len(data)), made, bytes.NewReader(data)) {
			return
		}
	}
	for i := range v.disks {
		info := whole[4096+32*i:]
		if be.Uint32(info) == 0 && be.Uint64(info[8:]) == 0 {
			continue
		}
		d := &vmaDisk{name: cString(v.blob(be.Uint32(info)))}
		if d.name == "" {
			d.name = fmt.Sprintf("disk-%d", i)
		}
		d.m.in, d.m.size = v.at, int64(min(be.Uint64(info[8:]), 1<<62))
		v.disks[i] = d
	}
	rest := v.extents(size)
	for _, d := range v.disks {
		if d == nil {
			continue
		}
		d.m.sort()
		if !v.count() || !v.member(d.name, d.m.size, made, &d.m) {
			return
		}
	}
	if v.odd != "" && !v.gap(scanners.Corrupt, "vma: "+v.odd) {
		return
	}
	if n := v.at.Size() - rest; n > 0 {
		v.out.item(raw(io.NewSectionReader(v.at, rest, n), rest))
	}
}

// extents finds where the clusters of the disks lie, and returns where it ended.
func (v *vma) extents(pos int64) int64 {
	var h [vmaExtent]byte
	be := binary.BigEndian
	for count := 0; pos < v.at.Size(); count++ {
		if count%1024 == 0 && v.ctx.Err() != nil {
			return v.at.Size() // the first member says so
		}
		if n, _ := v.at.ReadAt(h[:], pos); n < vmaExtent {
			v.odd = "the backup is cut off"
			return pos
		}
		if string(h[:4]) != "VMAE" || !bytes.Equal(h[8:24], v.uuid) {
			v.odd = "an extent is damaged; what follows is searched as it is"
			return pos
		}
		if !sumOf(h[:], 24) {
			v.odd = "the checksum of an extent is wrong"
		}
		at := pos + vmaExtent
		for i := range vmaClusters {
			info := h[40+8*i:]
			mask, dev, cluster := be.Uint16(info), info[3], int64(be.Uint32(info[4:]))
			if dev == 0 || mask == 0 {
				continue
			}
			d := v.disks[dev]
			for b := int64(0); b < vmaCluster/vmaBlock; b++ {
				if mask&(1<<b) == 0 {
					continue
				}
				if to := cluster*vmaCluster + b*vmaBlock; d == nil || to >= d.m.size || !d.join(to, at) {
					v.odd = "an extent names a disk or a place that there is not"
				}
				at += vmaBlock
			}
		}
		if at > v.at.Size() {
			v.odd = "the backup is cut off"
			return v.at.Size()
		}
		pos = at
	}
	return pos
}

// join adds a block, of which the last may be cut off.
func (d *vmaDisk) join(to, at int64) bool {
	n := min(vmaBlock, d.m.size-to)
	if k := len(d.m.pieces); k > 0 {
		if last := &d.m.pieces[k-1]; to == last.to+last.n && at == last.at+last.n {
			last.n += n
			return true
		}
	}
	if len(d.m.pieces) >= maxPieces {
		return false
	}
	d.m.pieces = append(d.m.pieces, span{to, at, n})
	return true
}

// blob returns what lies in the buffer of blobs: a length of two bytes in little
// endian, and so many bytes; nil where there is nothing.
func (v *vma) blob(at uint32) []byte {
	if at == 0 || int64(at)+2 > int64(len(v.blobs)) {
		return nil
	}
	b := v.blobs[at:]
	n := int(binary.LittleEndian.Uint16(b))
	return b[2 : 2+min(n, len(b)-2)]
}

// sumOf reports whether the MD5 sum of b stands at "at", where it counts as zeros.
func sumOf(b []byte, at int) bool {
	h := md5.New()
	h.Write(b[:at])
	h.Write(make([]byte, md5.Size))
	h.Write(b[at+md5.Size:])
	return bytes.Equal(h.Sum(nil), b[at:at+md5.Size])
}
