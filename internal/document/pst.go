package document

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/spoor-scan/spoor/scanners"
)

// pstMagic starts a store of Outlook, .pst and .ost ([MS-PST], section 2.2.2.6).
const pstMagic = "!BDN"

const (
	pstPages    = 512     // pages that are held
	pstLevels   = 16      // of a tree of pages
	pstBlocks   = 1 << 17 // blocks of one heap or table
	pstBlockMax = 1 << 16 // bytes of a block

	pstHeldBlocks = 64      // blocks that are held
	pstSpare      = 1 << 20 // blocks that are remembered from a search
)

// errPST says that something in a store is not as it should be.
var errPST = errors.New("pst: damaged store")

// A pstFile reads a store: its two trees of pages, which say where the nodes and
// the blocks are, and the blocks. Pages and blocks are read when they are needed,
// and few of them are held.
type pstFile struct {
	ctx   context.Context
	at    io.ReaderAt
	size  int64
	ansi  bool // 32-bit, of Outlook before 2003
	big   bool // pages of 4 KiB, of Outlook since 2013
	crypt byte

	nodes, blocks pstRef // the roots

	pages  map[int64][]byte
	order  []int64 // of pages, as they came
	broken map[string]bool
	cache  map[uint64][]byte   // blocks
	recent []uint64            // blocks, as they came
	spare  map[uint64]pstPlace // blocks that were found by a search
}

// A pstRef says where a page or block is.
type pstRef struct {
	bid uint64
	at  int64
}

// A pstPlace says where a block is, and how long.
type pstPlace struct {
	at         int64
	size, full int
}

// openPST reads the header. The error is a *scanners.Gap.
func openPST(ctx context.Context, at io.ReaderAt, size int64) (*pstFile, error) {
	h := make([]byte, 564)
	n, err := at.ReadAt(h, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n < 512 || string(h[:4]) != pstMagic {
		return nil, &scanners.Gap{Reason: scanners.Corrupt, Detail: "pst: no header"}
	}
	f := &pstFile{ctx: ctx, at: at, size: size, pages: map[int64][]byte{}, broken: map[string]bool{}, cache: map[uint64][]byte{}}
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	switch v := binary.LittleEndian.Uint16(h[10:]); {
	case v == 14 || v == 15:
		f.ansi = true
		f.nodes = pstRef{uint64(u32(h[184:])), int64(u32(h[188:]))}
		f.blocks = pstRef{uint64(u32(h[192:])), int64(u32(h[196:]))}
		f.crypt = h[461]
	case v >= 20 && v <= 37:
		f.big = v >= 36
		f.nodes = pstRef{u64(h[216:]), int64(u64(h[224:]))}
		f.blocks = pstRef{u64(h[232:]), int64(u64(h[240:]))}
		f.crypt = h[513]
	default:
		return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "pst: a version that is not known"}
	}
	switch f.crypt {
	case 0, 1, 2:
	case 0x10:
		return nil, &scanners.Gap{Reason: scanners.Encrypted, Detail: "pst: the store is encrypted by Windows Information Protection"}
	default:
		return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "pst: an encoding that is not known"}
	}
	return f, nil
}

// note remembers what is broken, once each.
func (f *pstFile) note(what string) { f.broken[what] = true }

// A pstPage is a page of a tree ([MS-PST], section 2.2.2.7.7).
type pstPage struct {
	entries []byte
	n       int // entries
	width   int // bytes of one
	level   int
}

func (p *pstPage) entry(i int) []byte { return p.entries[i*p.width : (i+1)*p.width] }

// page reads the page that is at a place.
func (f *pstFile) page(ref pstRef, kind byte) (p pstPage, err error) {
	if err := f.ctx.Err(); err != nil {
		return p, err
	}
	size := 512
	if f.big {
		size = 4096
	}
	b := f.pages[ref.at]
	if b == nil {
		if ref.at <= 0 || ref.at > f.size-int64(size) {
			return p, errPST
		}
		b = make([]byte, size)
		if n, err := f.at.ReadAt(b, ref.at); n < size {
			if err == nil || errors.Is(err, io.EOF) {
				err = errPST
			}
			return p, err
		}
		if len(f.order) >= pstPages {
			delete(f.pages, f.order[0])
			f.order = f.order[1:]
		}
		f.pages[ref.at] = b
		f.order = append(f.order, ref.at)
	}
	return f.parsePage(b, ref.bid, kind)
}

// parsePage takes a page apart. The number of the page is not looked at where bid
// is 0.
func (f *pstFile) parsePage(b []byte, bid uint64, kind byte) (p pstPage, err error) {
	var trailer, sum int
	var own uint64
	switch {
	case f.ansi:
		trailer, sum = 500, 508
		p.n, p.width, p.level = int(b[496]), int(b[498]), int(b[499])
		p.entries = b[:496]
		own = uint64(binary.LittleEndian.Uint32(b[504:]))
	case f.big:
		trailer, sum = 4072, 4076
		p.n, p.width, p.level = int(binary.LittleEndian.Uint16(b[4056:])), int(b[4060]), int(b[4061])
		p.entries = b[:4056]
		own = binary.LittleEndian.Uint64(b[4080:])
	default:
		trailer, sum = 496, 500
		p.n, p.width, p.level = int(b[488]), int(b[490]), int(b[491])
		p.entries = b[:488]
		own = binary.LittleEndian.Uint64(b[504:])
	}
	least := 24
	switch {
	case f.ansi && p.level == 0 && kind == 0x81:
		least = 16
	case f.ansi:
		least = 12
	case p.level == 0 && kind == 0x81:
		least = 28
	}
	if b[trailer] != kind || b[trailer+1] != kind || p.width < least || p.n*p.width > len(p.entries) || p.level > pstLevels || bid != 0 && own&^1 != bid&^1 {
		return p, errPST
	}
	if pstSum(b[:trailer]) != binary.LittleEndian.Uint32(b[sum:]) {
		f.note("the checksum of a page is wrong")
	}
	return p, nil
}

// pstSum is the checksum of pages and blocks ([MS-PST], section 5.3).
func pstSum(b []byte) uint32 {
	return ^crc32.Update(^uint32(0), crc32.IEEETable, b)
}

func (f *pstFile) key(b []byte) uint64 {
	if f.ansi {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

// ref returns the reference behind the key of an entry.
func (f *pstFile) ref(b []byte) pstRef {
	if f.ansi {
		return pstRef{uint64(binary.LittleEndian.Uint32(b[4:])), int64(binary.LittleEndian.Uint32(b[8:]))}
	}
	return pstRef{binary.LittleEndian.Uint64(b[8:]), int64(binary.LittleEndian.Uint64(b[16:]))}
}

// find returns the entry of a leaf that has the key, nil where there is none.
func (f *pstFile) find(root pstRef, kind byte, key uint64) ([]byte, error) {
	level := pstLevels + 1
	for {
		p, err := f.page(root, kind)
		if err != nil {
			return nil, err
		}
		if p.level >= level {
			return nil, errPST
		}
		level = p.level
		lo, hi := 0, p.n // the last entry whose key is not above
		for lo < hi {
			m := (lo + hi) / 2
			if k := f.pageKey(&p, m, kind); k <= key {
				lo = m + 1
			} else {
				hi = m
			}
		}
		if lo == 0 {
			return nil, nil
		}
		e := p.entry(lo - 1)
		if level == 0 {
			if f.pageKey(&p, lo-1, kind) != key {
				return nil, nil
			}
			return e, nil
		}
		root = f.ref(e)
	}
}

// pageKey returns the key of an entry: of a node only the lower half of what is
// stored, of a block without the bit that is reserved.
func (f *pstFile) pageKey(p *pstPage, i int, kind byte) uint64 {
	k := f.key(p.entry(i))
	if kind == 0x81 {
		return k & 0xffffffff
	}
	return k &^ 1
}

// A pstNode is an entry of the tree of nodes, or of those within a node.
type pstNode struct {
	nid       uint32
	data, sub uint64 // blocks
	parent    uint32
}

// leaf makes a node of an entry.
func (f *pstFile) leaf(e []byte) pstNode {
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	if f.ansi {
		return pstNode{u32(e), uint64(u32(e[4:])), uint64(u32(e[8:])), u32(e[12:])}
	}
	return pstNode{u32(e), u64(e[8:]), u64(e[16:]), u32(e[24:])}
}

// node looks a node up.
func (f *pstFile) node(nid uint32) (pstNode, bool) {
	e, err := f.find(f.nodes, 0x81, uint64(nid))
	if err != nil || e == nil {
		return pstNode{}, false
	}
	return f.leaf(e), true
}

// place makes the place of a block of an entry.
func (f *pstFile) place(e []byte) pstPlace {
	u16 := binary.LittleEndian.Uint16
	if f.ansi {
		n := int(u16(e[8:]))
		return pstPlace{int64(binary.LittleEndian.Uint32(e[4:])), n, n}
	}
	p := pstPlace{int64(binary.LittleEndian.Uint64(e[8:])), int(u16(e[16:])), int(u16(e[16:]))}
	if f.big && u16(e[18:]) > 0 {
		p.full = int(u16(e[18:]))
	}
	return p
}

// block returns the content of a block, which is not to be changed.
func (f *pstFile) block(bid uint64) ([]byte, error) {
	if b := f.cache[bid]; b != nil {
		return b, f.ctx.Err()
	}
	var p pstPlace
	e, err := f.find(f.blocks, 0x80, bid&^1)
	switch {
	case err == nil && e != nil:
		p = f.place(e)
	case errors.Is(err, errPST):
		if err := f.search(); err != nil {
			return nil, err
		}
		ok := false
		if p, ok = f.spare[bid&^1]; !ok {
			return nil, errPST
		}
	case err != nil:
		return nil, err
	default:
		return nil, errPST
	}
	b, err := f.readBlock(bid, p)
	if err != nil {
		return nil, err
	}
	if len(f.recent) >= pstHeldBlocks {
		delete(f.cache, f.recent[0])
		f.recent = f.recent[1:]
	}
	if len(b) > 0 {
		f.cache[bid] = b
		f.recent = append(f.recent, bid)
	}
	return b, nil
}

// readBlock reads the block that is at a place, and undoes its encoding.
func (f *pstFile) readBlock(bid uint64, p pstPlace) ([]byte, error) {
	at, size := p.at, p.size
	if at <= 0 || at > f.size-int64(size) {
		return nil, errPST
	}
	unit, trailer, sum := 64, 16, 4
	switch {
	case f.ansi:
		trailer, sum = 12, 8
	case f.big:
		unit, trailer = 512, 24
	}
	all := make([]byte, (size+trailer+unit-1)/unit*unit)
	n, err := f.at.ReadAt(all, at)
	if n < size {
		if err == nil || errors.Is(err, io.EOF) {
			err = errPST
		}
		return nil, err
	}
	b := all[:size]
	if n == len(all) && pstSum(b) != binary.LittleEndian.Uint32(all[n-trailer+sum:]) {
		f.note("the checksum of a block is wrong")
	}
	if p.full != size {
		z, err := zlib.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, errPST
		}
		out, err := io.ReadAll(io.LimitReader(z, pstBlockMax))
		if err != nil {
			f.note("a block can't be unpacked to its end")
		}
		b = out
	}
	if bid&2 == 0 { // not one of the store's own
		switch f.crypt {
		case 1:
			pstPermute(b)
		case 2:
			pstCyclic(b, uint32(bid))
		}
	}
	return b, nil
}

// list returns what a block lists ([MS-PST], section 2.2.2.8.3.2): blocks of data
// on level 1, lists of such on level 2, nothing on level 0, where it is one of
// them itself. total is how long the data are, -1 where that isn't known.
func (f *pstFile) list(bid uint64) (bids []byte, level int, total int64, err error) {
	if bid&2 == 0 {
		return nil, 0, -1, nil
	}
	b, err := f.block(bid)
	if err != nil {
		return nil, 0, 0, err
	}
	if len(b) < 8 || b[0] != 1 || b[1] < 1 || b[1] > 2 {
		return nil, 0, 0, errPST
	}
	w := 8
	if f.ansi {
		w = 4
	}
	n := min(int(binary.LittleEndian.Uint16(b[2:])), (len(b)-8)/w)
	return b[8 : 8+n*w], int(b[1]), int64(binary.LittleEndian.Uint32(b[4:])), nil
}

func (f *pstFile) bidAt(b []byte, i int) uint64 {
	if f.ansi {
		return uint64(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return binary.LittleEndian.Uint64(b[8*i:])
}

func (f *pstFile) bidCount(b []byte) int {
	if f.ansi {
		return len(b) / 4
	}
	return len(b) / 8
}

// A pstReader reads the data of a node from its start to its end.
type pstReader struct {
	f     *pstFile
	lists [][]byte // what is still to come, the innermost last
	level []int
	cur   []byte
	err   error
}

func (f *pstFile) open(bid uint64) *pstReader {
	r := &pstReader{f: f}
	if bid == 0 {
		r.err = io.EOF
		return r
	}
	r.enter(bid, 3)
	return r
}

// enter starts with a block that is on a level below the one that is given.
func (r *pstReader) enter(bid uint64, below int) {
	l, level, _, err := r.f.list(bid)
	switch {
	case err != nil:
		r.err = r.fault(err)
	case level == 0:
		b, err := r.f.block(bid)
		if err != nil {
			r.err = r.fault(err)
		}
		r.cur = b
	case level >= below:
		r.err = r.fault(errPST)
	default:
		r.lists = append(r.lists, l)
		r.level = append(r.level, level)
	}
}

// fault makes a gap of damage.
func (r *pstReader) fault(err error) error {
	if errors.Is(err, errPST) {
		return &scanners.Gap{Reason: scanners.Corrupt, Detail: "pst: a block is missing or damaged"}
	}
	return err
}

func (r *pstReader) Read(p []byte) (int, error) {
	for len(r.cur) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		k := len(r.lists) - 1
		if k < 0 {
			r.err = io.EOF
			continue
		}
		if r.f.bidCount(r.lists[k]) == 0 {
			r.lists, r.level = r.lists[:k], r.level[:k]
			continue
		}
		bid := r.f.bidAt(r.lists[k], 0)
		w := 8
		if r.f.ansi {
			w = 4
		}
		r.lists[k] = r.lists[k][w:]
		r.enter(bid, r.level[k])
	}
	n := copy(p, r.cur)
	r.cur = r.cur[n:]
	return n, nil
}

// leaves returns the blocks of data that a block stands for.
func (f *pstFile) leaves(bid uint64) (out []uint64, err error) {
	if bid == 0 {
		return nil, nil
	}
	l, level, _, err := f.list(bid)
	if err != nil {
		return nil, err
	}
	if level == 0 {
		return []uint64{bid}, nil
	}
	for i := range f.bidCount(l) {
		b := f.bidAt(l, i)
		if level == 1 {
			out = append(out, b)
			continue
		}
		inner, k, _, err := f.list(b)
		if err != nil || k != 1 {
			return out, errPST
		}
		for j := range f.bidCount(inner) {
			out = append(out, f.bidAt(inner, j))
		}
		if len(out) > pstBlocks {
			return out, errPST
		}
	}
	return out, nil
}

// size returns how long the data of a node are, -1 where that isn't known.
func (f *pstFile) dataSize(bid uint64) int64 {
	if bid == 0 {
		return 0
	}
	_, level, total, err := f.list(bid)
	if err != nil {
		return -1
	}
	if level > 0 {
		return total
	}
	b, err := f.block(bid)
	if err != nil {
		return -1
	}
	return int64(len(b))
}

// subnodes calls use with the nodes within a node, in their order ([MS-PST],
// section 2.2.2.8.3.3), until it returns false.
func (f *pstFile) subnodes(bid uint64, use func(pstNode) bool) error {
	_, err := f.subnodesBelow(bid, 2, use)
	return err
}

func (f *pstFile) subnodesBelow(bid uint64, below int, use func(pstNode) bool) (more bool, err error) {
	if bid == 0 {
		return true, nil
	}
	b, err := f.block(bid)
	if err != nil {
		return true, err
	}
	head, key, width := 8, 8, 24
	if f.ansi {
		head, key, width = 4, 4, 12
	}
	if len(b) < head || b[0] != 2 || int(b[1]) >= below {
		return true, errPST
	}
	level := int(b[1])
	if level == 1 {
		width = 2 * key
	}
	n := min(int(binary.LittleEndian.Uint16(b[2:])), (len(b)-head)/width)
	for i := range n {
		e := b[head+i*width:]
		if level == 1 {
			more, bad := f.subnodesBelow(f.bidAt(e[key:], 0), level, use)
			if bad != nil {
				err = bad
			}
			if !more {
				return false, err
			}
			continue
		}
		if !use(pstNode{nid: binary.LittleEndian.Uint32(e), data: f.bidAt(e[key:], 0), sub: f.bidAt(e[2*key:], 0)}) {
			return false, err
		}
	}
	return true, err
}

// sweep calls use with every leaf of a tree that is found in the file at all, in
// the state of today or an earlier one.
func (f *pstFile) sweep(kind byte, use func(p *pstPage) bool) error {
	size := int64(512)
	if f.big {
		size = 4096
	}
	const window = 64 << 10
	buf := make([]byte, window)
	for at := int64(0); at < f.size; at += window {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		n, err := f.at.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		for off := int64(0); off+size <= int64(n); off += size {
			b := buf[off : off+size]
			p, err := f.parsePage(b, 0, kind)
			if err != nil || p.level != 0 || p.n == 0 {
				continue
			}
			if !use(&p) {
				return nil
			}
		}
	}
	return nil
}

// search looks for blocks in all leaves, where the tree of blocks is damaged. A
// place is taken where the block that is there has the same number.
func (f *pstFile) search() error {
	if f.spare != nil {
		return nil
	}
	f.spare = map[uint64]pstPlace{}
	f.note("the tree of blocks is damaged, and the blocks were searched for")
	return f.sweep(0x80, func(p *pstPage) bool {
		for i := range p.n {
			e := p.entry(i)
			bid := f.pageKey(p, i, 0x80)
			if place := f.place(e); f.isAt(bid, place) && len(f.spare) < pstSpare {
				f.spare[bid] = place
			}
		}
		return true
	})
}

// isAt reports whether a block is at a place.
func (f *pstFile) isAt(bid uint64, p pstPlace) bool {
	unit, trailer, own := int64(64), int64(16), int64(8)
	switch {
	case f.ansi:
		trailer, own = 12, 4
	case f.big:
		unit, trailer = 512, 24
	}
	end := (int64(p.size) + trailer + unit - 1) / unit * unit
	var t [8]byte
	n := 8
	if f.ansi {
		n = 4
	}
	if k, _ := f.at.ReadAt(t[:n], p.at+end-trailer+own); k < n {
		return false
	}
	return f.key(t[:])&^1 == bid&^1
}
