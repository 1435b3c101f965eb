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

// Flags and bounds of an ext2, ext3 or ext4 file system.
const (
	extRoot         = 2
	extMetaBG       = 0x10
	ext64           = 0x80
	extJournalDev   = 0x8
	extFlagEncrypt  = 0x800
	extFlagExtents  = 0x80000
	extFlagInline   = 0x10000000
	extSparseSuper  = 1
	extMaxPieces    = 1 << 20 // of one file
	extMaxFolders   = 4 << 20
	extMaxPath      = 16 << 10
	extMaxDepth     = 512
	extMaxFolder    = 1 << 30
	extHugeLinkName = 64 << 10
)

// extDecoder reads the files of an ext2, ext3 or ext4 file system, and what is
// left between them. Source: Documentation/filesystems/ext4 of Linux.
func extDecoder() Decoder {
	return Decoder{
		Name:  "ext",
		Match: func(head []byte, _ string) bool { return matchExt(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				e := &ext{lister: newLister(ctx, b, o, in), at: spool, seen: map[uint32]bool{}}
				e.run()
			})
		},
	}
}

func matchExt(head []byte) bool {
	if len(head) < 2048 {
		return false
	}
	s := head[1024:]
	le := binary.LittleEndian
	return le.Uint16(s[56:]) == 0xef53 && le.Uint32(s[76:]) <= 1 && le.Uint32(s[24:]) <= 6 &&
		le.Uint32(s[0:]) > 0 && le.Uint32(s[40:]) > 0 && le.Uint32(s[32:]) > 0
}

type ext struct {
	*lister
	at        *Spool
	block     int64
	blocks    int64
	first     int64 // block of the superblock
	inode     int64 // bytes of one
	perGroup  int64 // inodes
	blocksPer int64 // of a group
	desc      int64 // bytes of a description of a group
	metaFirst int64
	meta      bool
	sparse    bool
	inodes    int64
	used      blockMap
	seen      map[uint32]bool // folders, and files of several names
	damaged   bool
}

func (e *ext) run() {
	head := make([]byte, 2048)
	n, _ := e.at.ReadAt(head, 0)
	damaged := func() {
		if e.gap(scanners.Corrupt, "ext: the superblock is damaged") {
			e.out.item(raw(io.NewSectionReader(e.at, 0, e.at.Size()), 0))
		}
	}
	if !matchExt(head[:n]) {
		damaged()
		return
	}
	s := head[1024:]
	le := binary.LittleEndian
	incompat := le.Uint32(s[96:])
	e.block = 1024 << le.Uint32(s[24:])
	e.blocks, e.first = int64(le.Uint32(s[4:])), int64(le.Uint32(s[20:]))
	e.perGroup, e.blocksPer = int64(le.Uint32(s[40:])), int64(le.Uint32(s[32:]))
	e.inodes, e.inode, e.desc = int64(le.Uint32(s[0:])), 128, 32
	if le.Uint32(s[76:]) > 0 {
		e.inode = int64(le.Uint16(s[88:]))
	}
	if incompat&ext64 != 0 {
		e.blocks |= int64(le.Uint32(s[336:])) << 32
		e.desc = max(int64(le.Uint16(s[254:])), 32)
	}
	e.meta, e.metaFirst, e.sparse = incompat&extMetaBG != 0, int64(le.Uint32(s[260:])), le.Uint32(s[100:])&extSparseSuper != 0
	if incompat&extJournalDev != 0 || e.inode < 128 || e.inode > e.block || e.desc > e.block || e.blocks <= 0 || e.blocks > 1<<50/e.block {
		damaged()
		return
	}
	e.damaged = e.blocks*e.block > e.at.Size()
	e.used = newBlockMap(min(e.blocks, e.at.Size()/e.block+1))
	if !e.volumeName(cString(s[120:136])) || !e.volumeName(cString(s[136:200])) {
		return
	}
	if !e.folder(extRoot, "", 0) {
		return
	}
	if e.damaged && !e.gap(scanners.Corrupt, "ext: a part of the file system is damaged or missing") {
		return
	}
	e.yieldLeft(e.at, e.used, e.block)
}

// An extInode is what describes a file.
type extInode struct {
	b    []byte
	mode uint16
	size int64
	time time.Time
}

func (n *extInode) flags() uint32 { return binary.LittleEndian.Uint32(n.b[32:]) }
func (n *extInode) links() uint16 { return binary.LittleEndian.Uint16(n.b[26:]) }

// node reads an inode.
func (e *ext) node(number uint32) (*extInode, bool) {
	if number == 0 || int64(number) > e.inodes {
		return nil, false
	}
	group, index := int64(number-1)/e.perGroup, int64(number-1)%e.perGroup
	per := e.block / e.desc
	at := e.first + 1 + group/per
	if k := group / per; e.meta && k >= e.metaFirst {
		leader := k * per
		at = e.first + leader*e.blocksPer
		if !e.sparse || holdsSuper(leader) {
			at++
		}
	}
	d := make([]byte, e.desc)
	if n, _ := e.at.ReadAt(d, at*e.block+group%per*e.desc); n < len(d) {
		return nil, false
	}
	table := int64(binary.LittleEndian.Uint32(d[8:]))
	if e.desc >= 64 {
		table |= int64(binary.LittleEndian.Uint32(d[40:])) << 32
	}
	b := make([]byte, e.inode)
	if table <= 0 || table >= e.blocks {
		return nil, false
	}
	if n, _ := e.at.ReadAt(b, table*e.block+index*e.inode); n < len(b) {
		return nil, false
	}
	e.used.mark(table+index*e.inode/e.block, 1)
	le := binary.LittleEndian
	i := &extInode{b: b, mode: le.Uint16(b), size: int64(le.Uint32(b[4:])), time: time.Unix(int64(int32(le.Uint32(b[16:]))), 0).UTC()}
	if kind := i.mode >> 12; kind == 8 || kind == 4 {
		i.size |= int64(le.Uint32(b[108:])) << 32
	}
	return i, i.mode != 0 && i.size >= 0
}

// holdsSuper reports whether a group holds a copy of the superblock, where only
// few do.
func holdsSuper(group int64) bool {
	if group <= 1 {
		return true
	}
	for _, base := range []int64{3, 5, 7} {
		n := base
		for n < group {
			n *= base
		}
		if n == group {
			return true
		}
	}
	return false
}

// content returns what a file holds.
func (e *ext) content(n *extInode) (*mapped, bool) {
	m := &mapped{in: e.at, size: n.size}
	if n.flags()&extFlagInline != 0 {
		b := e.inline(n)
		m.size = min(m.size, int64(len(b)))
		m.in = bytes.NewReader(b)
		m.pieces = []span{{0, 0, m.size}}
		return m, m.size == n.size
	}
	ok := true
	if n.flags()&extFlagExtents != 0 {
		ok = e.extents(m, n.b[40:100], 0)
	} else {
		left := (n.size + e.block - 1) / e.block
		for i := int64(0); i < 12 && i < left; i++ {
			ok = e.take(m, i, int64(binary.LittleEndian.Uint32(n.b[40+4*i:])), 1, true) && ok
		}
		at, per := int64(12), e.block/4
		span := int64(1)
		for level := range 3 {
			if at >= left {
				break
			}
			ok = e.indirect(m, int64(binary.LittleEndian.Uint32(n.b[88+4*level:])), at, level, left) && ok
			span *= per
			at += span
		}
	}
	m.sort()
	return m, ok
}

// take adds blocks of a file; those that were kept for it and never written, or
// lie behind its end, only count as its own.
func (e *ext) take(m *mapped, to, at, n int64, written bool) bool {
	if at == 0 || n <= 0 {
		return true
	}
	if at < 0 || at+n > e.blocks || to > 1<<50/e.block || n > 1<<20 {
		return false
	}
	if !written { // what lay there before is nobody's
		return true
	}
	ok := e.used.mark(at, n)
	if k := len(m.pieces); k > 0 {
		if last := &m.pieces[k-1]; last.to+last.n == to*e.block && last.at+last.n == at*e.block {
			last.n += n * e.block
			return ok
		}
	}
	if len(m.pieces) >= extMaxPieces {
		return false
	}
	m.pieces = append(m.pieces, span{to * e.block, at * e.block, n * e.block})
	return ok
}

// indirect adds the blocks that a block of numbers lists.
func (e *ext) indirect(m *mapped, at, to int64, level int, left int64) bool {
	if at == 0 {
		return true
	}
	if at >= e.blocks || e.ctx.Err() != nil || len(m.pieces) >= extMaxPieces || e.b.Charge(e.block) != nil {
		return false
	}
	b := make([]byte, e.block)
	if n, _ := e.at.ReadAt(b, at*e.block); n < len(b) {
		return false
	}
	e.used.mark(at, 1)
	span := int64(1)
	for range level {
		span *= e.block / 4
	}
	ok := true
	for i := int64(0); i < e.block/4 && to < left; i, to = i+1, to+span {
		next := int64(binary.LittleEndian.Uint32(b[4*i:]))
		if level == 0 {
			ok = e.take(m, to, next, 1, true) && ok
		} else {
			ok = e.indirect(m, next, to, level-1, left) && ok
		}
	}
	return ok
}

// extents adds what a node of a tree of extents lists.
func (e *ext) extents(m *mapped, b []byte, depth int) bool {
	le := binary.LittleEndian
	if len(b) < 12 || le.Uint16(b) != 0xf30a || depth > 5 || e.ctx.Err() != nil || len(m.pieces) >= extMaxPieces {
		return false
	}
	count, levels := int(le.Uint16(b[2:])), le.Uint16(b[6:])
	ok := 12+12*count <= len(b)
	for i := 12; i+12 <= len(b) && i < 12+12*count; i += 12 {
		x := b[i : i+12]
		if levels == 0 {
			n, at := int64(le.Uint16(x[4:])), int64(le.Uint16(x[6:]))<<32|int64(le.Uint32(x[8:]))
			if n > 32768 {
				ok = e.take(m, int64(le.Uint32(x)), at, n-32768, false) && ok
			} else {
				ok = e.take(m, int64(le.Uint32(x)), at, n, true) && ok
			}
			continue
		}
		at := int64(le.Uint16(x[8:]))<<32 | int64(le.Uint32(x[4:]))
		next := make([]byte, e.block)
		if e.b.Charge(e.block) != nil {
			return false
		}
		if n, _ := e.at.ReadAt(next, at*e.block); at >= e.blocks || n < len(next) || int(le.Uint16(next[6:])) != int(levels)-1 {
			ok = false
			continue
		}
		e.used.mark(at, 1)
		ok = e.extents(m, next, depth+1) && ok
	}
	return ok
}

// inline returns what is kept in the inode itself: 60 bytes, and the attribute
// "system.data".
func (e *ext) inline(n *extInode) []byte {
	out := bytes.Clone(n.b[40:100])
	n.attributes(func(space byte, name string, value []byte) {
		if space == 7 && name == "data" {
			out = append(out, value...)
		}
	})
	return out
}

// attributes calls f for each extended attribute that is kept in the inode; others
// lie in blocks of their own, which no file holds.
func (n *extInode) attributes(f func(space byte, name string, value []byte)) {
	if len(n.b) <= 132 {
		return
	}
	le := binary.LittleEndian
	at := 128 + int(le.Uint16(n.b[128:]))
	if at+4 > len(n.b) || le.Uint32(n.b[at:]) != 0xea020000 {
		return
	}
	body := n.b[at+4:]
	for x := body; len(x) >= 16 && le.Uint32(x) != 0; {
		name := int(x[0])
		if 16+name > len(x) {
			return
		}
		from, size := int64(le.Uint16(x[2:])), int64(le.Uint32(x[8:]))
		if from+size <= int64(len(body)) && le.Uint32(x[4:]) == 0 {
			f(x[1], string(x[16:16+name]), body[from:from+size])
		}
		x = x[min(len(x), (16+name+3)&^3):]
	}
}

// fields returns the extended attributes of a file that hold what people gave it.
func (n *extInode) fields() (out []scanners.Field) {
	n.attributes(func(space byte, name string, value []byte) {
		if space == 1 && len(out) < 64 { // "user."
			out = append(out, field("user."+name, string(value), charmap.Windows1252))
		}
	})
	return out
}

// folder yields what lies in a folder. It reports whether to go on.
func (e *ext) folder(number uint32, name string, depth int) bool {
	if e.seen[number] || depth > extMaxDepth || len(e.seen) >= extMaxFolders || len(name) > extMaxPath {
		e.damaged = true
		return true
	}
	e.seen[number] = true
	n, ok := e.node(number)
	if !ok || n.mode>>12 != 4 {
		e.damaged = true
		return true
	}
	if n.flags()&extFlagEncrypt != 0 {
		return e.unread(path.Join(name, "."), scanners.Encrypted, "ext: a folder is encrypted")
	}
	m, ok := e.content(n)
	e.damaged = e.damaged || !ok
	if m.size > extMaxFolder {
		e.damaged = true
		return true
	}
	chunk := e.block
	if n.flags()&extFlagInline != 0 {
		chunk = m.size
	}
	b := make([]byte, chunk)
	for at := int64(0); at < m.size; at += chunk {
		if err := e.b.Charge(chunk); err != nil {
			return e.out.err(err) && false
		}
		got, _ := m.ReadAt(b, at)
		list := b[:got]
		e.damaged = e.damaged || int64(got) < min(chunk, m.size-at)
		if n.flags()&extFlagInline != 0 && len(list) >= 4 {
			list = list[4:] // the folder above
			if len(list) > 56 {
				if !e.entries(list[:56], name, depth) {
					return false
				}
				list = list[56:]
			}
		}
		if !e.entries(list, name, depth) {
			return false
		}
	}
	return true
}

func (e *ext) entries(b []byte, in string, depth int) bool {
	le := binary.LittleEndian
	for len(b) >= 8 {
		number, size, length := le.Uint32(b), int(le.Uint16(b[4:])), int(b[6])
		if size == 0xffff || size == 0 && len(b) >= 1<<16 {
			size = 1 << 16
		}
		if size < 8 || size > len(b) {
			e.damaged = true
			return true
		}
		if 8+length <= size && number != 0 && length > 0 {
			if name := string(b[8 : 8+length]); name != "." && name != ".." {
				if !e.entry(number, path.Join(in, strings.ReplaceAll(name, "/", "_")), depth) {
					return false
				}
			}
		}
		b = b[size:]
	}
	return true
}

// entry yields what a name in a folder stands for.
func (e *ext) entry(number uint32, name string, depth int) bool {
	n, ok := e.node(number)
	if !ok {
		e.damaged = true
		return e.alsoNamed(name)
	}
	kind := n.mode >> 12
	if kind == 4 {
		if !e.alsoNamed(name) {
			return false
		}
		return e.folder(number, name, depth+1)
	}
	if kind != 8 && kind != 10 {
		return e.alsoNamed(name)
	}
	if n.links() > 1 {
		if e.seen[number] {
			return e.alsoNamed(name)
		}
		e.seen[number] = true
	}
	if !e.count() {
		return false
	}
	if n.flags()&extFlagEncrypt != 0 {
		return e.unread(name, scanners.Encrypted, "ext: a file is encrypted")
	}
	if kind == 10 {
		target := ""
		if n.size < 60 && n.flags()&extFlagExtents == 0 {
			target = string(n.b[40 : 40+n.size])
		} else if n.size < extHugeLinkName {
			m, _ := e.content(n)
			b, _ := io.ReadAll(m)
			target = string(b)
		}
		it := e.item(name, 0, n.time)
		it.Fields = append(append(it.Fields, scanners.Field{Name: "link", Value: target}), n.fields()...)
		it.Body = strings.NewReader("")
		return e.out.item(it)
	}
	m, ok := e.content(n)
	return e.memberAs(name, n.fields(), m.size, n.time, m, ok, "ext: where the file lies can't be told to its end")
}
