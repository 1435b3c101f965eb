package container

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

// Bounds of an XFS file system.
const (
	xfsMaxLevels = 10
	// xfsLeafAt is where the data of a folder end and its index begins, in bytes.
	xfsLeafAt = 32 << 30

	xfsFeatureType = 0x200   // in features2 of version 4: entries tell types
	xfsBigTime     = 1 << 3  // of an inode
	xfsManyExtents = 1 << 4  // likewise
	xfsBigTimeBase = 1 << 31 // seconds that such times start before 1970
)

// xfsDecoder reads the files of an XFS file system, of version 4 or 5, and what
// is left between them. Source: "XFS Algorithms & Data Structures", third edition.
func xfsDecoder() Decoder {
	return Decoder{
		Name: "xfs",
		Match: func(head []byte, _ string) bool {
			return len(head) >= 512 && string(head[:4]) == "XFSB" && (head[101]&15 == 4 || head[101]&15 == 5)
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				x := &xfs{lister: newLister(ctx, b, o, in), at: spool, seen: map[uint64]bool{}}
				x.run()
			})
		},
	}
}

type xfs struct {
	*lister
	at        *Spool
	v5, typed bool
	block     int64
	blocks    int64
	agBlocks  int64
	agBits    uint // of a block's number within its group
	nodeBits  uint // of an inode's number within its block
	node      int64
	folderLog uint // log2 of the blocks of a block of a folder
	used      blockMap
	seen      map[uint64]bool // folders, and files of several names
	damaged   bool
}

func (x *xfs) run() {
	s := make([]byte, 512)
	_, _ = x.at.ReadAt(s, 0)
	be := binary.BigEndian
	x.block, x.blocks, x.agBlocks = int64(be.Uint32(s[4:])), int64(be.Uint64(s[8:])), int64(be.Uint32(s[84:]))
	x.v5, x.node = s[101]&15 == 5, int64(be.Uint16(s[104:]))
	x.typed = x.v5 || be.Uint32(s[200:])&xfsFeatureType != 0
	x.nodeBits, x.agBits, x.folderLog = uint(s[123]), uint(s[124]), uint(s[192])
	if x.block < 512 || x.block > 64<<10 || x.block&(x.block-1) != 0 || x.node < 256 || x.node > 2048 || x.agBits > 31 || x.nodeBits > 8 ||
		x.folderLog > 7 || x.block<<x.folderLog > 64<<10 || x.blocks <= 0 || x.blocks > 1<<50/x.block || x.agBlocks <= 0 {
		if x.gap(scanners.Corrupt, "xfs: the superblock is damaged") {
			x.out.item(raw(io.NewSectionReader(x.at, 0, x.at.Size()), 0))
		}
		return
	}
	x.damaged = x.blocks*x.block > x.at.Size()
	x.used = newBlockMap(min(x.blocks, x.at.Size()/x.block+1))
	if !x.volumeName(cString(s[108:120])) || !x.folder(be.Uint64(s[56:]), "", 0) {
		return
	}
	if x.damaged && !x.gap(scanners.Corrupt, "xfs: a part of the file system is damaged or missing") {
		return
	}
	x.yieldLeft(x.at, x.used, x.block)
}

// place returns where a block lies, and which it is counted through all groups.
func (x *xfs) place(fsblock uint64) (block int64, ok bool) {
	group, in := int64(fsblock>>x.agBits), int64(fsblock&(1<<x.agBits-1))
	block = group*x.agBlocks + in
	return block, in < x.agBlocks && block >= 0 && block < x.blocks
}

// An xfsInode is what describes a file.
type xfsInode struct {
	mode   uint16
	format byte
	links  uint32
	size   int64
	time   time.Time
	fork   []byte // the one of its data
	attrs  []byte // the one of its attributes, where they are kept in the inode
	pieces uint64 // extents
	flags  uint16
}

func (x *xfs) inode(number uint64) (*xfsInode, bool) {
	block, ok := x.place(number >> x.nodeBits)
	if !ok {
		return nil, false
	}
	b := make([]byte, x.node)
	if n, _ := x.at.ReadAt(b, block*x.block+int64(number&(1<<x.nodeBits-1))*x.node); n < len(b) || string(b[:2]) != "IN" {
		return nil, false
	}
	be := binary.BigEndian
	i := &xfsInode{mode: be.Uint16(b[2:]), format: b[5], links: be.Uint32(b[16:]), size: int64(be.Uint64(b[56:])), pieces: uint64(be.Uint32(b[76:])), flags: be.Uint16(b[90:])}
	core := 100
	var flags2 uint64
	switch b[4] {
	case 1:
		i.links = uint32(be.Uint16(b[6:]))
	case 3:
		core, flags2 = 176, be.Uint64(b[120:])
	}
	if flags2&xfsManyExtents != 0 {
		i.pieces = be.Uint64(b[24:])
	}
	i.time = time.Unix(int64(int32(be.Uint32(b[40:]))), 0).UTC()
	if flags2&xfsBigTime != 0 {
		ns := be.Uint64(b[40:])
		i.time = time.Unix(int64(ns/1e9)-xfsBigTimeBase, int64(ns%1e9)).UTC()
	}
	end := len(b)
	if off := int(b[82]) * 8; off > 0 {
		end = min(core+off, end)
	}
	i.fork = b[core:end]
	if end < len(b) && b[83] == 1 {
		i.attrs = b[end:]
	}
	x.used.mark(block, 1)
	return i, i.size >= 0
}

// fields returns the extended attributes that people gave a file, as far as they
// are kept in its inode; others lie in blocks of their own, which no file holds.
func (i *xfsInode) fields() (out []scanners.Field) {
	if len(i.attrs) < 4 {
		return nil
	}
	b := i.attrs[4:]
	for range i.attrs[2] {
		if len(b) < 3 || len(b) < 3+int(b[0])+int(b[1]) {
			return out
		}
		name, value := 3+int(b[0]), 3+int(b[0])+int(b[1])
		if b[2]&^1 == 0 { // "user."
			out = append(out, field("user."+string(b[3:name]), string(b[name:value]), charmap.Windows1252))
		}
		b = b[value:]
	}
	return out
}

// content returns what a file holds.
func (x *xfs) content(i *xfsInode) (*mapped, bool) {
	m := &mapped{in: x.at, size: i.size}
	ok := true
	be := binary.BigEndian
	switch i.format {
	case 1: // in the inode
		m.size = min(m.size, int64(len(i.fork)))
		m.in, m.pieces = bytes.NewReader(i.fork), []span{{0, 0, m.size}}
		return m, m.size == i.size
	case 2:
		n := min(i.pieces, uint64(len(i.fork)/16))
		ok = n == i.pieces && x.records(m, i.fork[:16*n])
	case 3:
		if len(i.fork) < 4 {
			return m, false
		}
		levels, count, room := int(be.Uint16(i.fork)), int(be.Uint16(i.fork[2:])), (len(i.fork)-4)/16
		ok = x.pointers(m, i.fork[4:], count, room, levels)
	default:
		return m, false
	}
	m.sort()
	return m, ok
}

// pointers adds what the blocks that are pointed to list; the pointers lie behind
// as many keys as there is room for.
func (x *xfs) pointers(m *mapped, b []byte, count, room, levels int) bool {
	if levels < 1 || levels > xfsMaxLevels || count > room || x.ctx.Err() != nil {
		return false
	}
	ok := true
	head, magic := 24, "BMAP"
	if x.v5 {
		head, magic = 72, "BMA3"
	}
	next := make([]byte, x.block)
	for k := range count {
		if len(m.pieces) >= extMaxPieces || x.b.Charge(x.block) != nil {
			return false
		}
		block, valid := x.place(binary.BigEndian.Uint64(b[8*(room+k):]))
		if !valid {
			ok = false
			continue
		}
		n, _ := x.at.ReadAt(next, block*x.block)
		if n < len(next) || string(next[:4]) != magic || int(binary.BigEndian.Uint16(next[4:])) != levels-1 {
			ok = false
			continue
		}
		x.used.mark(block, 1)
		records := int(binary.BigEndian.Uint16(next[6:]))
		switch {
		case levels > 1:
			ok = x.pointers(m, bytes.Clone(next[head:]), records, (len(next)-head)/16, levels-1) && ok
		case 16*records <= len(next)-head:
			ok = x.records(m, next[head:head+16*records]) && ok
		default:
			ok = false
		}
	}
	return ok
}

// records adds extents of a file.
func (x *xfs) records(m *mapped, b []byte) bool {
	ok := true
	for ; len(b) >= 16; b = b[16:] {
		hi, lo := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
		to, start, n := int64(hi>>9&(1<<54-1)), hi&0x1ff<<43|lo>>21, int64(lo&(1<<21-1))
		block, valid := x.place(start)
		if !valid || block+n > x.blocks || to > 1<<50/x.block || len(m.pieces) >= extMaxPieces {
			ok = false
			continue
		}
		if hi>>63 != 0 { // kept for the file, and never written
			continue
		}
		ok = x.used.mark(block, n) && ok
		m.pieces = append(m.pieces, span{to * x.block, block * x.block, n * x.block})
	}
	return ok
}

// folder yields what lies in a folder. It reports whether to go on.
func (x *xfs) folder(number uint64, name string, depth int) bool {
	if x.seen[number] || depth > extMaxDepth || len(x.seen) >= extMaxFolders || len(name) > extMaxPath {
		x.damaged = true
		return true
	}
	x.seen[number] = true
	i, ok := x.inode(number)
	if !ok || i.mode>>12 != 4 {
		x.damaged = true
		return true
	}
	if i.format == 1 {
		return x.short(i.fork, name, depth)
	}
	m, ok := x.content(i)
	x.damaged = x.damaged || !ok
	chunk := x.block << x.folderLog
	b := make([]byte, chunk)
	// The size is that of the entries' blocks; the index lies far behind.
	for at := int64(0); at < min(i.size, xfsLeafAt); at += chunk {
		from, _ := m.data(at)
		if from >= m.size {
			break
		}
		at = from / chunk * chunk
		if err := x.b.Charge(chunk); err != nil {
			return x.out.err(err) && false
		}
		n, _ := m.ReadAt(b, at)
		if int64(n) < chunk {
			x.damaged = true
			break
		}
		if !x.entries(b, name, depth) {
			return false
		}
	}
	return true
}

// short yields what a folder that is kept in its inode lists.
func (x *xfs) short(b []byte, in string, depth int) bool {
	if len(b) < 6 {
		x.damaged = true
		return true
	}
	count, wide := int(b[0]), b[1] > 0
	number := 4
	if wide {
		number, count = 8, int(b[1])
	}
	if 2+number > len(b) {
		x.damaged = true
		return true
	}
	b = b[2+number:]
	tail := number
	if x.typed {
		tail++
	}
	for range count {
		if len(b) < 3 || len(b) < 3+int(b[0])+tail {
			x.damaged = true
			return true
		}
		n := int(b[0])
		name, rest := string(b[3:3+n]), b[3+n:]
		if x.typed {
			rest = rest[1:]
		}
		to := uint64(binary.BigEndian.Uint32(rest))
		if wide {
			to = binary.BigEndian.Uint64(rest)
		}
		b = rest[number:]
		if !x.entry(to, path.Join(in, strings.ReplaceAll(name, "/", "_")), depth) {
			return false
		}
	}
	return true
}

// entries yields what a block of a folder lists.
func (x *xfs) entries(b []byte, in string, depth int) bool {
	be := binary.BigEndian
	at, end := 16, len(b)
	switch string(b[:4]) {
	case "XD2D":
	case "XDD3":
		at = 64
	case "XDB3", "XD2B":
		if b[3] == '3' {
			at = 64
		}
		end = len(b) - 8 - 8*int(min(be.Uint32(b[len(b)-8:]), uint32(len(b)/8)))
	default:
		x.damaged = true
		return true
	}
	for at+12 <= end {
		if be.Uint16(b[at:]) == 0xffff { // not in use
			n := int(be.Uint16(b[at+2:]))
			if n < 8 {
				x.damaged = true
				return true
			}
			at += n
			continue
		}
		n := int(b[at+8])
		size := 8 + 1 + n + 2
		if x.typed {
			size++
		}
		size = (size + 7) &^ 7
		if at+size > end || n == 0 {
			x.damaged = true
			return true
		}
		name := string(b[at+9 : at+9+n])
		to := be.Uint64(b[at:])
		at += size
		if name == "." || name == ".." {
			continue
		}
		if !x.entry(to, path.Join(in, strings.ReplaceAll(name, "/", "_")), depth) {
			return false
		}
	}
	return true
}

// entry yields what a name in a folder stands for.
func (x *xfs) entry(number uint64, name string, depth int) bool {
	i, ok := x.inode(number)
	if !ok {
		x.damaged = true
		return x.alsoNamed(name)
	}
	switch kind := i.mode >> 12; {
	case kind == 4:
		return x.alsoNamed(name) && x.folder(number, name, depth+1)
	case kind != 8 && kind != 10:
		return x.alsoNamed(name)
	case i.links > 1:
		if x.seen[number] {
			return x.alsoNamed(name)
		}
		x.seen[number] = true
	}
	if !x.count() {
		return false
	}
	if i.flags&1 != 0 {
		return x.unread(name, scanners.Unsupported, "xfs: the file lies on a device for real-time data")
	}
	m, ok := x.content(i)
	if i.mode>>12 == 10 {
		b, _ := io.ReadAll(io.LimitReader(m, extHugeLinkName))
		if i.format != 1 && x.v5 && len(b) > 56 && string(b[:4]) == "XSLM" {
			b = b[56:]
		}
		it := x.item(name, 0, i.time)
		it.Fields = append(it.Fields, scanners.Field{Name: "link", Value: cString(b)})
		it.Body = strings.NewReader("")
		return x.out.item(it)
	}
	return x.memberAs(name, i.fields(), m.size, i.time, m, ok, "xfs: where the file lies can't be told to its end")
}
