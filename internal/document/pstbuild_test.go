package document

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
)

// A pstBuilder writes stores as [MS-PST] describes them, of each version, for
// tests: there is no program in Debian that does.
type pstBuilder struct {
	ansi, big bool
	crypt     byte
	max       int // bytes of data in a block, for lists of blocks in small files
	bid       uint64
	blocks    []pstBuiltBlock
	nodes     []pstNode
}

type pstBuiltBlock struct {
	bid  uint64
	data []byte // as stored
	full int
	at   int64
}

func pstU16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func (p *pstBuilder) key(b []byte, v uint64) []byte {
	if p.ansi {
		return binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(b, v)
}

// block adds a block.
func (p *pstBuilder) block(data []byte, internal bool) uint64 {
	p.bid += 4
	bid := p.bid
	if internal {
		bid |= 2
	}
	b := slices.Clone(data)
	full := len(b)
	if !internal {
		switch p.crypt {
		case 1:
			for i, c := range b {
				b[i] = byte(strings.IndexByte(pstI, c))
			}
		case 2:
			pstCyclic(b, uint32(bid))
		}
	}
	if p.big {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(b)
		_ = w.Close()
		if z.Len() < len(b) {
			b = z.Bytes()
		}
	}
	p.blocks = append(p.blocks, pstBuiltBlock{bid: bid, data: b, full: full})
	return bid
}

// data adds data, in as many blocks and lists as it takes.
func (p *pstBuilder) data(data []byte) uint64 {
	if len(data) <= p.max {
		return p.block(data, false)
	}
	var bids []uint64
	for c := range slices.Chunk(data, p.max) {
		bids = append(bids, p.block(c, false))
	}
	list := func(level byte, bids []uint64) uint64 {
		b := []byte{1, level, byte(len(bids)), byte(len(bids) >> 8)}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		for _, x := range bids {
			b = p.key(b, x)
		}
		return p.block(b, true)
	}
	if len(bids) <= 4 {
		return list(1, bids)
	}
	var lists []uint64
	for c := range slices.Chunk(bids, 4) {
		lists = append(lists, list(1, c))
	}
	return list(2, lists)
}

// subs adds a list of the nodes within a node.
func (p *pstBuilder) subs(nodes []pstNode) uint64 {
	if len(nodes) == 0 {
		return 0
	}
	slices.SortFunc(nodes, func(a, b pstNode) int { return int(a.nid) - int(b.nid) })
	leaf := func(nodes []pstNode) uint64 {
		b := []byte{2, 0, byte(len(nodes)), byte(len(nodes) >> 8)}
		if !p.ansi {
			b = append(b, 0, 0, 0, 0)
		}
		for _, n := range nodes {
			b = p.key(p.key(p.key(b, uint64(n.nid)), n.data), n.sub)
		}
		return p.block(b, true)
	}
	if len(nodes) <= 2 {
		return leaf(nodes)
	}
	var entries []byte
	n := 0
	for c := range slices.Chunk(nodes, 2) {
		entries = p.key(p.key(entries, uint64(c[0].nid)), leaf(c))
		n++
	}
	b := []byte{2, 1, byte(n), 0}
	if !p.ansi {
		b = append(b, 0, 0, 0, 0)
	}
	return p.block(append(b, entries...), true)
}

// A pstHeapBuilder writes a heap of one block.
type pstHeapBuilder struct {
	p     *pstBuilder
	items [][]byte
	sub   []pstNode
}

func (h *pstHeapBuilder) item(b []byte) uint32 {
	h.items = append(h.items, b)
	return uint32(len(h.items)) << 5
}

// value puts a value in the heap, or in a node of its own.
func (h *pstHeapBuilder) value(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	if len(b) <= 300 {
		return h.item(b)
	}
	nid := uint32(0x1000+len(h.sub))<<5 | 0x1f
	h.sub = append(h.sub, pstNode{nid: nid, data: h.p.data(b)})
	return nid
}

func (h *pstHeapBuilder) finish(kind byte, root uint32) pstNode {
	b := []byte{0, 0, 0xec, kind}
	b = binary.LittleEndian.AppendUint32(b, root)
	b = append(b, 0, 0, 0, 0)
	var at []int
	for _, it := range h.items {
		at = append(at, len(b))
		b = append(b, it...)
	}
	at = append(at, len(b))
	if len(b)%2 > 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(h.items)))
	b = append(b, 0, 0)
	for _, x := range at {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
	}
	return pstNode{data: h.p.block(b, false), sub: h.p.subs(h.sub)}
}

// A pstValue is a property to be written.
type pstValue struct {
	id, kind uint16
	b        []byte
}

func pstText(id uint16, s string) pstValue  { return pstValue{id, mapiString, pstU16(s)} }
func pstText8(id uint16, s string) pstValue { return pstValue{id, mapiString8, []byte(s)} }
func pstNum(id uint16, n uint32) pstValue {
	return pstValue{id, mapiInt32, binary.LittleEndian.AppendUint32(nil, n)}
}
func pstBytes(id uint16, s string) pstValue { return pstValue{id, mapiBinary, []byte(s)} }
func pstWhen(id uint16, ft uint64) pstValue {
	return pstValue{id, mapiTime, binary.LittleEndian.AppendUint64(nil, ft)}
}
func (h *pstHeapBuilder) hnid(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// props writes properties, in a tree of one level or two.
func (h *pstHeapBuilder) props(values []pstValue) pstNode {
	sort.Slice(values, func(i, j int) bool { return values[i].id < values[j].id })
	tree := h.item(nil)
	var leaves [][]byte
	var keys []uint16
	for c := range slices.Chunk(values, 8) {
		var leaf []byte
		for _, v := range c {
			leaf = binary.LittleEndian.AppendUint16(leaf, v.id)
			leaf = binary.LittleEndian.AppendUint16(leaf, v.kind)
			if w := mapiWidth(v.kind); v.kind&mapiMulti == 0 && w > 0 && w <= 4 {
				leaf = append(append(leaf, v.b...), make([]byte, 4-len(v.b))...)
			} else {
				leaf = append(leaf, h.hnid(h.value(v.b))...)
			}
		}
		leaves, keys = append(leaves, leaf), append(keys, c[0].id)
	}
	root, level := uint32(0), byte(0)
	switch len(leaves) {
	case 0:
	case 1:
		root = h.item(leaves[0])
	default:
		var b []byte
		for i, leaf := range leaves {
			b = binary.LittleEndian.AppendUint16(b, keys[i])
			b = append(b, h.hnid(h.item(leaf))...)
		}
		root, level = h.item(b), 1
	}
	h.items[tree>>5-1] = append([]byte{0xb5, 2, 6, level}, h.hnid(root)...)
	return h.finish(0xbc, tree)
}

func (p *pstBuilder) heap() *pstHeapBuilder { return &pstHeapBuilder{p: p} }

// table writes rows that all have the same columns. With apart, the rows stand in
// a node of their own.
func (p *pstBuilder) table(ids []uint32, rows [][]pstValue, apart bool) pstNode {
	h := p.heap()
	root := h.item(nil)
	cols := []pstValue{{0x67f2, mapiInt32, nil}}
	if len(rows) > 0 {
		cols = append(cols, rows[0]...)
	}
	width := 4 * len(cols)
	row := width + (len(cols)+7)/8
	info := []byte{0x7c, byte(len(cols))}
	for _, n := range []int{width, width, width, row} {
		info = binary.LittleEndian.AppendUint16(info, uint16(n))
	}
	var matrix, index []byte
	for i, r := range rows {
		b := h.hnid(ids[i])
		for _, v := range r {
			if mapiWidth(v.kind) > 0 {
				b = append(b, v.b...)
			} else {
				b = append(b, h.hnid(h.value(v.b))...)
			}
		}
		for range (len(cols) + 7) / 8 {
			b = append(b, 0xff)
		}
		matrix = append(matrix, b...)
		index = append(index, h.hnid(ids[i])...)
		index = p.rowIndex(index, i)
	}
	w := 4
	if p.ansi {
		w = 2
	}
	rowTree := h.item(nil)
	leaf := uint32(0)
	if len(index) > 0 {
		leaf = h.item(index)
	}
	h.items[rowTree>>5-1] = append([]byte{0xb5, 4, byte(w), 0}, h.hnid(leaf)...)
	where := uint32(0)
	switch {
	case len(matrix) == 0:
	case apart:
		where = 0x2000<<5 | 0x1f
		var bids []uint64
		per := max(1, p.max/row) * row
		for c := range slices.Chunk(matrix, per) {
			bids = append(bids, p.block(c, false))
		}
		list := []byte{1, 1, byte(len(bids)), 0}
		list = binary.LittleEndian.AppendUint32(list, uint32(len(matrix)))
		for _, b := range bids {
			list = p.key(list, b)
		}
		h.sub = append(h.sub, pstNode{nid: where, data: p.block(list, true)})
	default:
		where = h.item(matrix)
	}
	info = append(info, h.hnid(rowTree)...)
	info = append(info, h.hnid(where)...)
	info = append(info, 0, 0, 0, 0)
	for i, c := range cols {
		info = binary.LittleEndian.AppendUint16(info, c.kind)
		info = binary.LittleEndian.AppendUint16(info, c.id)
		info = binary.LittleEndian.AppendUint16(info, uint16(4*i))
		info = append(info, 4, byte(i))
	}
	h.items[root>>5-1] = info
	return h.finish(0x7c, root)
}

func (p *pstBuilder) rowIndex(b []byte, i int) []byte {
	if p.ansi {
		return binary.LittleEndian.AppendUint16(b, uint16(i))
	}
	return binary.LittleEndian.AppendUint32(b, uint32(i))
}

// add adds a node to the store.
func (p *pstBuilder) add(nid, parent uint32, n pstNode) {
	n.nid, n.parent = nid, parent
	p.nodes = append(p.nodes, n)
}

// message writes a message. Each recipient is a list of the same properties.
func (p *pstBuilder) message(values []pstValue, recipients [][]pstValue, attachments []pstNode) pstNode {
	h := p.heap()
	var sub []pstNode
	if len(recipients) > 0 {
		var ids []uint32
		for i := range recipients {
			ids = append(ids, uint32(i+1))
		}
		t := p.table(ids, recipients, len(recipients) > 2)
		t.nid = pstRecipients
		sub = append(sub, t)
	}
	for i, a := range attachments {
		a.nid = uint32(0x100+i)<<5 | pstAttach
		sub = append(sub, a)
	}
	h.sub = sub
	return h.props(values)
}

// embedded writes an attachment that is a message.
func (p *pstBuilder) embedded(values []pstValue, m pstNode) pstNode {
	h := p.heap()
	m.nid = 0x10004
	h.sub = []pstNode{m}
	ref := append(h.hnid(m.nid), 0, 0, 0, 0)
	return h.props(append(values, pstNum(mapiAttachHow, 5), pstValue{mapiAttachData, mapiObject, ref}))
}

// pages writes the leaves of a tree and the pages above them, and returns the
// place and number of the root.
func (p *pstBuilder) pages(out *bytes.Buffer, kind byte, entries [][]byte, keys []uint64) (bid uint64, at int64) {
	size, room, trailer := 512, 488, 496
	switch {
	case p.ansi:
		room, trailer = 496, 500
	case p.big:
		size, room, trailer = 4096, 4056, 4072
	}
	per := 3 // so that small files have trees
	for level := 0; ; level++ {
		var up [][]byte
		var upKeys []uint64
		for i := 0; i < len(entries); i += per {
			for out.Len()%size > 0 {
				out.WriteByte(0)
			}
			b := make([]byte, size)
			n := min(per, len(entries)-i)
			w := len(entries[i])
			for k := range n {
				copy(b[k*w:], entries[i+k])
			}
			switch {
			case p.big:
				binary.LittleEndian.PutUint16(b[room:], uint16(n))
				b[room+4], b[room+5] = byte(w), byte(level)
			default:
				b[room], b[room+1], b[room+2], b[room+3] = byte(n), byte(room/w), byte(w), byte(level)
			}
			p.bid += 4
			bid, at = p.bid, int64(out.Len())
			b[trailer], b[trailer+1] = kind, kind
			sum := pstSum(b[:trailer])
			if p.ansi {
				binary.LittleEndian.PutUint32(b[trailer+4:], uint32(bid))
				binary.LittleEndian.PutUint32(b[trailer+8:], sum)
			} else {
				binary.LittleEndian.PutUint32(b[trailer+4:], sum)
				binary.LittleEndian.PutUint64(b[trailer+8:], bid)
			}
			out.Write(b)
			up = append(up, p.key(p.key(p.key(nil, keys[i]), bid), uint64(at)))
			upKeys = append(upKeys, keys[i])
		}
		if len(up) == 1 {
			return bid, at
		}
		entries, keys = up, upKeys
	}
}

// bytes returns the store.
func (p *pstBuilder) bytes() []byte {
	var out bytes.Buffer
	out.Write(make([]byte, 0x4600))
	unit, trailer := 64, 16
	switch {
	case p.ansi:
		trailer = 12
	case p.big:
		unit, trailer = 512, 24
	}
	var entries [][]byte
	var keys []uint64
	slices.SortFunc(p.blocks, func(a, b pstBuiltBlock) int { return int(a.bid) - int(b.bid) })
	for i := range p.blocks {
		b := &p.blocks[i]
		b.at = int64(out.Len())
		all := make([]byte, (len(b.data)+trailer+unit-1)/unit*unit)
		copy(all, b.data)
		t := all[len(all)-trailer:]
		binary.LittleEndian.PutUint16(t, uint16(len(b.data)))
		if p.ansi {
			binary.LittleEndian.PutUint32(t[4:], uint32(b.bid))
			binary.LittleEndian.PutUint32(t[8:], pstSum(b.data))
		} else {
			binary.LittleEndian.PutUint32(t[4:], pstSum(b.data))
			binary.LittleEndian.PutUint64(t[8:], b.bid)
		}
		out.Write(all)
		e := p.key(p.key(nil, b.bid), uint64(b.at))
		e = binary.LittleEndian.AppendUint16(e, uint16(len(b.data)))
		if p.big {
			e = binary.LittleEndian.AppendUint16(e, uint16(b.full))
		}
		e = binary.LittleEndian.AppendUint16(e, 2)
		for !p.ansi && len(e) < 24 {
			e = append(e, 0)
		}
		entries, keys = append(entries, e), append(keys, b.bid)
	}
	bbt, bbtAt := p.pages(&out, 0x80, entries, keys)
	entries, keys = nil, nil
	slices.SortFunc(p.nodes, func(a, b pstNode) int { return int(a.nid) - int(b.nid) })
	for _, n := range p.nodes {
		e := p.key(p.key(p.key(nil, uint64(n.nid)), n.data), n.sub)
		e = binary.LittleEndian.AppendUint32(e, n.parent)
		if !p.ansi {
			e = append(e, 0, 0, 0, 0)
		}
		entries, keys = append(entries, e), append(keys, uint64(n.nid))
	}
	nbt, nbtAt := p.pages(&out, 0x81, entries, keys)
	b := out.Bytes()
	h := []byte(pstMagic + "\x00\x00\x00\x00SM")
	version := uint16(23)
	switch {
	case p.ansi:
		version = 15
	case p.big:
		version = 36
	}
	h = binary.LittleEndian.AppendUint16(h, version)
	h = append(h, 19, 0, 1, 1)
	copy(b, h)
	put, at := func(off int, v uint64) { binary.LittleEndian.PutUint64(b[off:], v) }, 216
	if p.ansi {
		put, at = func(off int, v uint64) { binary.LittleEndian.PutUint32(b[off:], uint32(v)) }, 184
		binary.LittleEndian.PutUint32(b[168:], uint32(len(b)))
		b[460], b[461] = 0x80, p.crypt
	} else {
		binary.LittleEndian.PutUint64(b[184:], uint64(len(b)))
		b[512], b[513] = 0x80, p.crypt
	}
	w := len(p.key(nil, 0))
	for i, v := range []uint64{nbt, uint64(nbtAt), bbt, uint64(bbtAt)} {
		put(at+i*w, v)
	}
	return b
}
