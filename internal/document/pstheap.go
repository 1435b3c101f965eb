package document

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	pstRecords = 1 << 20 // records of one table
	pstSubs    = 1 << 17 // nodes within a node
	pstColumns = 1 << 10
	pstValues  = 1 << 12 // values of one property
)

// A pstHeap is what a node holds: many small pieces of memory ([MS-PST], section
// 2.3.1), in which trees and tables are built.
type pstHeap struct {
	f      *pstFile
	blocks []uint64
	sub    uint64
	subs   map[uint32]pstNode
	kind   byte   // 0xbc: properties, 0x7c: a table
	root   uint32 // of what is built in it
}

// heap opens the heap in a node.
func (f *pstFile) heap(n pstNode) (*pstHeap, error) {
	h := &pstHeap{f: f, sub: n.sub}
	var err error
	if h.blocks, err = f.leaves(n.data); len(h.blocks) == 0 {
		if err == nil {
			err = errPST
		}
		return nil, err
	}
	b, err := f.block(h.blocks[0])
	if err != nil {
		return nil, err
	}
	if len(b) < 12 || b[2] != 0xec {
		return nil, errPST
	}
	h.kind, h.root = b[3], binary.LittleEndian.Uint32(b[4:])
	return h, nil
}

// item returns a piece of the heap.
func (h *pstHeap) item(hid uint32) ([]byte, error) {
	block, index := int(hid>>16), int(hid&0xffff>>5)
	if h.f.big {
		block, index = int(hid>>19), int(hid&0x7ffff>>5)
	}
	if hid&0x1f != 0 || block >= len(h.blocks) || index == 0 {
		return nil, errPST
	}
	b, err := h.f.block(h.blocks[block])
	if err != nil {
		return nil, err
	}
	if len(b) < 2 {
		return nil, errPST
	}
	at := int(binary.LittleEndian.Uint16(b))
	if at+4 > len(b) || index > int(binary.LittleEndian.Uint16(b[at:])) || at+4+2*index+2 > len(b) {
		return nil, errPST
	}
	from, to := int(binary.LittleEndian.Uint16(b[at+2+2*index:])), int(binary.LittleEndian.Uint16(b[at+4+2*index:]))
	if from > to || to > len(b) {
		return nil, errPST
	}
	return b[from:to], nil
}

// subnode returns a node within the node of the heap.
func (h *pstHeap) subnode(nid uint32) (pstNode, bool) {
	if h.subs == nil {
		h.subs = map[uint32]pstNode{}
		err := h.f.subnodes(h.sub, func(n pstNode) bool {
			if _, ok := h.subs[n.nid]; !ok {
				h.subs[n.nid] = n
			}
			return len(h.subs) < pstSubs
		})
		if err != nil {
			h.f.note("a list of subnodes is damaged")
		}
	}
	n, ok := h.subs[nid]
	return n, ok
}

// value returns what a reference to the heap or to a subnode points to: its
// length and how to open it.
func (h *pstHeap) value(hnid uint32) (size int64, open func() io.Reader) {
	if hnid == 0 {
		return 0, func() io.Reader { return bytes.NewReader(nil) }
	}
	if hnid&0x1f == 0 {
		b, err := h.item(hnid)
		if err != nil {
			return -1, nil
		}
		return int64(len(b)), func() io.Reader { return bytes.NewReader(b) }
	}
	n, ok := h.subnode(hnid)
	if !ok {
		return -1, nil
	}
	size = h.f.dataSize(n.data)
	if size < 0 {
		size = 1 << 40 // it is read as far as it can be
	}
	return size, func() io.Reader { return h.f.open(n.data) }
}

// tree calls use with the records of a tree in the heap ([MS-PST], section
// 2.3.2), until it returns false.
func (h *pstHeap) tree(hid uint32, use func(key, value []byte) bool) error {
	b, err := h.item(hid)
	if err != nil {
		return err
	}
	if len(b) < 8 || b[0] != 0xb5 || b[1] == 0 || b[1] > 16 || b[2] > 32 || b[3] > 8 {
		return errPST
	}
	left := pstRecords
	_, err = h.level(binary.LittleEndian.Uint32(b[4:]), int(b[1]), int(b[2]), int(b[3]), &left, use)
	return err
}

func (h *pstHeap) level(hid uint32, key, width, level int, left *int, use func(key, value []byte) bool) (more bool, err error) {
	if hid == 0 {
		return true, nil // an empty tree
	}
	b, err := h.item(hid)
	if err != nil {
		return true, err
	}
	step := key + width
	if level > 0 {
		step = key + 4
	}
	for ; len(b) >= step; b = b[step:] {
		if *left--; *left < 0 {
			return false, errPST
		}
		if level == 0 {
			if !use(b[:key], b[key:key+width]) {
				return false, err
			}
			continue
		}
		// A damaged branch does not keep from the others.
		more, bad := h.level(binary.LittleEndian.Uint32(b[key:]), key, width, level-1, left, use)
		if bad != nil {
			err = bad
		}
		if !more {
			return false, err
		}
	}
	return true, err
}

// props reads the properties of a node ([MS-PST], section 2.3.3).
func (h *pstHeap) props(names map[uint16]*mapiName) (p mapiProps, err error) {
	if h.kind != 0xbc {
		return p, errPST
	}
	err = h.tree(h.root, func(key, v []byte) bool {
		if len(key) != 2 || len(v) != 6 {
			return false
		}
		h.property(&p, names, binary.LittleEndian.Uint16(key), binary.LittleEndian.Uint16(v), v[2:6])
		return true
	})
	return p, err
}

// property adds one. v is its value, or a reference to it.
func (h *pstHeap) property(p *mapiProps, names map[uint16]*mapiName, id, kind uint16, v []byte) {
	name := names[id]
	if id < 0x8000 {
		name = nil
	}
	if w := mapiWidth(kind); kind&mapiMulti == 0 && w > 0 && w <= 4 {
		p.list = append(p.list, mapiProp{id: id, kind: kind, name: name, vals: [][]byte{v[:w]}})
		return
	}
	size, open := h.value(binary.LittleEndian.Uint32(v))
	if open == nil {
		h.f.note("the value of a property is missing")
		return
	}
	if kind&mapiMulti == 0 || mapiWidth(kind) > 0 || size > mapiHeld {
		if kind&mapiMulti != 0 && mapiWidth(kind) == 0 {
			kind = mapiBinary // its parts are found as runs of text
		}
		p.add(id, kind, name, size, open)
		return
	}
	// The number of values, where each starts, and the values.
	b, _ := io.ReadAll(open())
	p.held += len(b)
	q := mapiProp{id: id, kind: kind &^ mapiMulti, name: name}
	if len(b) >= 4 {
		n := min(int(binary.LittleEndian.Uint32(b)), (len(b)-4)/4, pstValues)
		for i := range n {
			from, to := int64(binary.LittleEndian.Uint32(b[4+4*i:])), int64(len(b))
			if i+1 < n {
				to = int64(binary.LittleEndian.Uint32(b[8+4*i:]))
			}
			if from <= to && to <= int64(len(b)) {
				q.vals = append(q.vals, b[from:to])
			}
		}
	}
	p.list = append(p.list, q)
}

// rows reads the rows of a table ([MS-PST], section 2.3.4) until use returns
// false.
func (h *pstHeap) rows(names map[uint16]*mapiName, use func(id uint32, p *mapiProps) bool) error {
	if h.kind != 0x7c {
		return errPST
	}
	info, err := h.item(h.root)
	if err != nil {
		return err
	}
	if len(info) < 22 || info[0] != 0x7c {
		return errPST
	}
	bits, width := int(binary.LittleEndian.Uint16(info[6:])), int(binary.LittleEndian.Uint16(info[8:]))
	cols := info[22:]
	cols = cols[:min(len(cols)/8, int(info[1]), pstColumns)*8]
	if width < 4 || bits > width {
		return errPST
	}
	row := func(b []byte) bool {
		p := &mapiProps{}
		for c := cols; len(c) >= 8; c = c[8:] {
			kind, id := binary.LittleEndian.Uint16(c), binary.LittleEndian.Uint16(c[2:])
			at, n, bit := int(binary.LittleEndian.Uint16(c[4:])), int(c[6]), int(c[7])
			if at+n > bits || bits+bit/8 >= width || b[bits+bit/8]&(0x80>>(bit%8)) == 0 {
				continue
			}
			v := b[at : at+n]
			if w := mapiWidth(kind); kind&mapiMulti == 0 && w > 0 && w <= 8 && w <= n {
				p.list = append(p.list, mapiProp{id: id, kind: kind, name: names[id], vals: [][]byte{v[:w]}})
				continue
			}
			if kind == mapiBool || n < 4 {
				continue
			}
			h.property(p, names, id, kind, v)
		}
		return use(binary.LittleEndian.Uint32(b), p)
	}
	hnid := binary.LittleEndian.Uint32(info[14:])
	if hnid == 0 {
		return nil
	}
	if hnid&0x1f == 0 {
		b, err := h.item(hnid)
		if err != nil {
			return err
		}
		for ; len(b) >= width; b = b[width:] {
			if !row(b[:width]) {
				return nil
			}
		}
		return nil
	}
	n, ok := h.subnode(hnid)
	if !ok {
		return errPST
	}
	// No row lies across two blocks.
	leaves, err := h.f.leaves(n.data)
	for _, bid := range leaves {
		b, bad := h.f.block(bid)
		if bad != nil {
			if h.f.ctx.Err() != nil {
				return bad
			}
			err = bad
			continue
		}
		for ; len(b) >= width; b = b[width:] {
			if !row(b[:width]) {
				return err
			}
		}
	}
	return err
}

// rowIDs calls use with the numbers of the rows of a table.
func (h *pstHeap) rowIDs(use func(id uint32) bool) error {
	if h.kind != 0x7c {
		return errPST
	}
	info, err := h.item(h.root)
	if err != nil {
		return err
	}
	if len(info) < 22 {
		return errPST
	}
	return h.tree(binary.LittleEndian.Uint32(info[10:]), func(key, _ []byte) bool {
		return len(key) == 4 && use(binary.LittleEndian.Uint32(key))
	})
}
