package container

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf16"

	"github.com/spoor-scan/spoor/scanners"
)

// maxPartitions bounds the partitions of a disk.
const maxPartitions = 1024

// partitionDecoder reads the partitions of a disk: of a table as the IBM PC had
// it, with logical ones in an extended one, and of a GPT (UEFI Specification
// 2.10, chapter 5).
func partitionDecoder() Decoder {
	return Decoder{
		Name:  "disk",
		Match: func(head []byte, _ string) bool { return matchMBR(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				d := &disk{lister: newLister(ctx, b, o, in), at: spool}
				d.run()
			})
		},
	}
}

// matchMBR reports whether head is a table of partitions: the boot sector of a
// file system ends as one does.
func matchMBR(head []byte) bool {
	if len(head) < 1024 || head[510] != 0x55 || head[511] != 0xaa || matchFAT(head) || string(head[3:7]) == "NTFS" {
		return false
	}
	used := 0
	for i := 446; i < 510; i += 16 {
		e := head[i : i+16]
		if e[0]&0x7f != 0 {
			return false
		}
		start, n := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
		switch {
		case e[4] == 0 && start|n == 0:
		case e[4] == 0 || start == 0 || n == 0:
			return false
		default:
			used++
		}
	}
	return used > 0
}

type partition struct {
	first, n int64 // bytes
	name     string
}

type disk struct {
	*lister
	at    *Spool
	parts []partition
	odd   bool
}

func (d *disk) run() {
	head := make([]byte, 512)
	_, _ = d.at.ReadAt(head, 0)
	gpt := false
	for i := 446; i < 510; i += 16 {
		gpt = gpt || head[i+4] == 0xee
	}
	if !gpt || !d.gpt() {
		d.mbr(head)
	}
	used := newBlockMap((d.at.Size() + 511) / 512)
	for i, p := range d.parts {
		if !d.count() {
			return
		}
		if p.first < 0 || p.first >= d.at.Size() || p.n <= 0 {
			d.odd = true
			continue
		}
		have := min(p.n, d.at.Size()-p.first)
		d.odd = d.odd || have < p.n
		used.mark(p.first/512, have/512)
		it := d.item(fmt.Sprintf("partition%d", i+1), have, time.Time{})
		it.Fields = nil // the name says nothing
		if p.name != "" {
			it.Fields = []scanners.Field{{Name: "label", Value: p.name}}
		}
		inside, what := d.inside(p.first, have)
		it.Body = d.b.Reader(d.ctx, inside)
		if !d.out.item(it) {
			return
		}
		if what != "" && !d.out.err(&scanners.Gap{URI: memberURI(d.in, it.Step), Reason: scanners.Unsupported, Detail: "disk: " + what + " is searched as plain bytes only"}) {
			return
		}
	}
	if d.odd && !d.gap(scanners.Corrupt, "disk: a partition reaches beyond the end of the disk") {
		return
	}
	d.yieldLeft(d.at, used, 512)
}

// inside returns what a partition holds: of a mirror, what is mirrored. what names
// a file system that is not read, and whose magic lies too deep for others to see.
func (d *disk) inside(first, n int64) (m *mapped, what string) {
	at := func(off int64, magic string) bool {
		b := make([]byte, len(magic))
		_, _ = d.at.ReadAt(b, first+off)
		return off < n && string(b) == magic
	}
	le := binary.LittleEndian
	switch {
	case at(64<<10+64, "_BHRfS_M"):
		return sectionOf(d.at, first, n), "a btrfs file system"
	case at(16<<10, "\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"):
		return sectionOf(d.at, first, n), "a part of a ZFS pool"
	case at(4<<10, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"):
		// Linux software RAID, superblock 1.2 (include/uapi/linux/raid/md_p.h).
		s := make([]byte, 144)
		_, _ = d.at.ReadAt(s, first+4<<10)
		if off := int64(min(le.Uint64(s[128:]), 1<<50)) * 512; le.Uint32(s[72:]) == 1 && off < n {
			return sectionOf(d.at, first+off, n-off), ""
		}
		return sectionOf(d.at, first, n), "a part of an array of disks"
	}
	return sectionOf(d.at, first, n), ""
}

// mbr lists the partitions of a table, and those within extended ones.
func (d *disk) mbr(table []byte) {
	entry := func(b []byte, i int) (kind byte, first, n int64) {
		e := b[446+16*i:]
		return e[4], int64(binary.LittleEndian.Uint32(e[8:])) * 512, int64(binary.LittleEndian.Uint32(e[12:])) * 512
	}
	extended := func(kind byte) bool { return kind == 5 || kind == 0xf || kind == 0x85 }
	var within []int64
	for i := range 4 {
		switch kind, first, n := entry(table, i); {
		case kind == 0:
		case extended(kind):
			within = append(within, first)
		default:
			d.parts = append(d.parts, partition{first: first, n: n})
		}
	}
	b := make([]byte, 512)
	for _, base := range within {
		for at, seen := base, 0; seen < maxPartitions && len(d.parts) < maxPartitions; seen++ {
			if n, _ := d.at.ReadAt(b, at); n < len(b) || b[510] != 0x55 || b[511] != 0xaa {
				d.odd = true
				break
			}
			if kind, first, n := entry(b, 0); kind != 0 {
				d.parts = append(d.parts, partition{first: at + first, n: n})
			}
			kind, next, _ := entry(b, 1)
			if !extended(kind) || base+next <= at {
				break
			}
			at = base + next
		}
	}
}

// gpt lists the partitions of a GPT, of the copy at the end where the first is
// damaged.
func (d *disk) gpt() bool {
	for _, sector := range []int64{512, 4096} {
		for _, at := range []int64{sector, d.at.Size()/sector*sector - sector} {
			if d.gptAt(sector, at) {
				return true
			}
		}
	}
	return false
}

func (d *disk) gptAt(sector, at int64) bool {
	h := make([]byte, 92)
	le := binary.LittleEndian
	if n, _ := d.at.ReadAt(h, at); n < len(h) || string(h[:8]) != "EFI PART" {
		return false
	}
	table, count, size := int64(le.Uint64(h[72:])), int64(le.Uint32(h[80:])), int64(le.Uint32(h[84:]))
	if size < 128 || size > 4096 || count > maxPartitions || table <= 0 || table > d.at.Size()/sector {
		return false
	}
	b := make([]byte, size*count)
	n, _ := d.at.ReadAt(b, table*sector)
	for i := int64(0); (i+1)*size <= int64(n); i++ {
		e := b[i*size : (i+1)*size]
		if isZero(e[:16]) {
			continue
		}
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if first > 1<<50 || last < first || last > 1<<50 {
			d.odd = true
			continue
		}
		u := make([]uint16, 36)
		for k := range u {
			u[k] = le.Uint16(e[56+2*k:])
		}
		d.parts = append(d.parts, partition{int64(first) * sector, int64(last-first+1) * sector, cString([]byte(string(utf16.Decode(u))))})
	}
	d.odd = d.odd || n < len(b) || le.Uint64(h[48:]) > uint64(d.at.Size()/sector) // the last block that may be used
	return len(d.parts) > 0
}

// lvmDecoder reads the volumes of a physical volume of LVM2, as far as they lie
// in it one piece after the other. Source: lib/format_text/layout.h and
// lib/label/label.h of LVM2.
func lvmDecoder() Decoder {
	return Decoder{
		Name: "lvm",
		Match: func(head []byte, _ string) bool {
			for i := 0; i+512 <= len(head) && i < 2048; i += 512 {
				if string(head[i:i+8]) == "LABELONE" && string(head[i+24:i+32]) == "LVM2 001" {
					return true
				}
			}
			return false
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				v := &lvm{lister: newLister(ctx, b, o, in), at: spool}
				if !v.run() {
					if v.gap(scanners.Corrupt, "lvm: the description of the volumes is damaged") {
						o.item(raw(io.NewSectionReader(spool, 0, spool.Size()), 0))
					}
				}
			})
		},
	}
}
