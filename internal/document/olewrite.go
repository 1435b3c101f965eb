package document

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// oleExtract returns a storage as a compound file of its own ([MS-CFB], version
// 3): a document that is embedded in another is one in no other way.
func oleExtract(f *oleFile, root *oleEntry) (r io.Reader, size int64) {
	w := &oleWriter{}
	w.add(root)
	var small, large []*oleEntry
	for _, e := range w.entries[1:] {
		switch {
		case e.kind != oleStreams || e.length == 0:
		case e.length < oleCutoff:
			small = append(small, e)
		default:
			large = append(large, e)
		}
	}
	var mini []uint32
	starts := map[*oleEntry]uint32{}
	for _, e := range small {
		starts[e] = uint32(len(mini))
		mini = oleRun(mini, (e.length+oleMini-1)/oleMini)
	}
	// Sectors: directory, small sectors' table, small sectors, streams, table.
	var fat []uint32
	place := func(n int64) uint32 {
		if n == 0 {
			return oleNone - 1
		}
		at := uint32(len(fat))
		fat = oleRun(fat, n)
		return at
	}
	sectors := func(bytes int64) int64 { return (bytes + 511) / 512 }
	dirAt := place(sectors(int64(len(w.entries)) * 128))
	miniAt := place(sectors(int64(len(mini)) * 4))
	smallAt := place(sectors(int64(len(mini)) * oleMini))
	for _, e := range large {
		starts[e] = place(sectors(e.length))
	}
	// The table holds itself, and the sectors that list it.
	tables, lists := 0, 0
	for {
		n := (len(fat) + tables + lists + 127) / 128
		l := (max(0, n-109) + 126) / 127
		if n == tables && l == lists {
			break
		}
		tables, lists = n, l
	}
	fatAt := len(fat)
	for range tables {
		fat = append(fat, 0xfffffffd)
	}
	for range lists {
		fat = append(fat, 0xfffffffc)
	}

	var h [512]byte
	copy(h[:], oleMagic)
	put16, put32 := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32
	put16(h[24:], 0x3e)
	put16(h[26:], 3)
	put16(h[28:], 0xfffe)
	put16(h[30:], 9)
	put16(h[32:], 6)
	put32(h[44:], uint32(tables))
	put32(h[48:], dirAt)
	put32(h[56:], oleCutoff)
	put32(h[60:], miniAt)
	put32(h[64:], uint32(sectors(int64(len(mini))*4)))
	put32(h[68:], oleNone-1)
	if lists > 0 {
		put32(h[68:], uint32(fatAt+tables))
	}
	put32(h[72:], uint32(lists))
	list := make([]byte, lists*512)
	for i := range list {
		list[i] = 0xff
	}
	for i := range 109 {
		n := uint32(oleNone)
		if i < tables {
			n = uint32(fatAt + i)
		}
		put32(h[76+4*i:], n)
	}
	for i := 109; i < tables; i++ {
		put32(list[((i-109)/127*128+(i-109)%127)*4:], uint32(fatAt+i))
	}
	for i := range lists {
		next := uint32(oleNone - 1)
		if i+1 < lists {
			next = uint32(fatAt + tables + i + 1)
		}
		put32(list[i*512+508:], next)
	}

	parts := []io.Reader{bytes.NewReader(h[:])}
	padded := func(r io.Reader, n, unit int64) {
		parts = append(parts, r, bytes.NewReader(make([]byte, (unit-n%unit)%unit)))
	}
	dir := w.directory(starts, smallAt, int64(len(mini))*oleMini)
	padded(bytes.NewReader(dir), int64(len(dir)), 512)
	table := oleTable(mini)
	parts = append(parts, bytes.NewReader(table))
	for _, e := range small {
		padded(f.open(e).reader(), e.length, oleMini)
	}
	parts = append(parts, bytes.NewReader(make([]byte, (8-len(mini)%8)%8*oleMini)))
	for _, e := range large {
		padded(f.open(e).reader(), e.length, 512)
	}
	parts = append(parts, bytes.NewReader(oleTable(fat)), bytes.NewReader(list))
	return io.MultiReader(parts...), int64(1+len(fat)) * 512
}

// oleRun adds a chain of n sectors to a table.
func oleRun(table []uint32, n int64) []uint32 {
	for i := range n {
		next := uint32(len(table)) + 1
		if i == n-1 {
			next = oleNone - 1
		}
		table = append(table, next)
	}
	return table
}

// oleTable returns a table in whole sectors.
func oleTable(t []uint32) []byte {
	b := make([]byte, 0, (len(t)+127)/128*512)
	for _, n := range t {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	for len(b)%512 > 0 {
		b = append(b, 0xff)
	}
	return b
}

type oleWriter struct {
	entries []*oleEntry
	index   map[*oleEntry]uint32
}

func (w *oleWriter) add(e *oleEntry) {
	if w.index == nil {
		w.index = map[*oleEntry]uint32{}
	}
	w.index[e] = uint32(len(w.entries))
	w.entries = append(w.entries, e)
	for _, c := range e.children {
		w.add(c)
	}
}

// directory returns the entries. Siblings stand in a balanced tree, ordered by
// the length of their names and then in upper case.
func (w *oleWriter) directory(starts map[*oleEntry]uint32, smallAt uint32, smallSize int64) []byte {
	out := make([]byte, len(w.entries)*128)
	put16, put32 := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32
	var tree func(es []*oleEntry) uint32
	tree = func(es []*oleEntry) uint32 {
		if len(es) == 0 {
			return oleNone
		}
		m := len(es) / 2
		n := w.index[es[m]]
		put32(out[n*128+68:], tree(es[:m]))
		put32(out[n*128+72:], tree(es[m+1:]))
		return n
	}
	for i, e := range w.entries {
		b := out[i*128 : i*128+128]
		name, kind := utf16.Encode([]rune(e.name)), e.kind
		if i == 0 {
			name, kind = utf16.Encode([]rune("Root Entry")), oleRoot
			put32(b[68:], oleNone)
			put32(b[72:], oleNone)
		}
		name = name[:min(len(name), 31)]
		for k, u := range name {
			put16(b[2*k:], u)
		}
		put16(b[64:], uint16(2*len(name)+2))
		b[66], b[67] = kind, 1
		children := slices.Clone(e.children)
		slices.SortStableFunc(children, func(a, b *oleEntry) int {
			if n := len(utf16.Encode([]rune(a.name))) - len(utf16.Encode([]rune(b.name))); n != 0 {
				return n
			}
			return strings.Compare(strings.ToUpper(a.name), strings.ToUpper(b.name))
		})
		put32(b[76:], tree(children))
		copy(b[80:], e.class[:])
		put32(b[116:], oleNone-1)
		switch {
		case i == 0:
			put32(b[116:], smallAt)
			put32(b[120:], uint32(smallSize))
		case e.kind == oleStreams && e.length > 0:
			put32(b[116:], starts[e])
			put32(b[120:], uint32(e.length))
		case e.kind == oleStorage:
			put32(b[116:], 0)
		}
	}
	return out
}
