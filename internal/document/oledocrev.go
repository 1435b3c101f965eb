package document

import (
	"encoding/binary"
	"io"
	"sort"
)

const (
	docMaxPages   = 1 << 20 // pages of formatting
	docMaxDeleted = 1 << 20 // runs of deleted text
)

// marks finds the text that is marked as deleted ([MS-DOC], sections 2.8.25 and
// 2.9.33): it is read apart, so that it does not run into what replaced it.
func (d *doc) marks() error {
	if d.old {
		return nil
	}
	b, err := d.part(0x9a+8*12, docMaxTable)
	if err != nil || len(b) < 12 {
		return err
	}
	n := min((len(b)-4)/8, docMaxPages)
	var page [512]byte
	seen := map[int64]bool{}
	for i := range n {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		at := int64(binary.LittleEndian.Uint32(b[4*(n+1)+4*i:])&0x3fffff) * 512
		if seen[at] {
			continue
		}
		seen[at] = true
		if k, err := d.main.ReadAt(page[:], at); k < len(page) {
			if err != nil && err != io.EOF {
				return err
			}
			continue
		}
		runs := int(page[511])
		if 4*(runs+1)+runs > 511 {
			continue
		}
		for r := range runs {
			from, to := binary.LittleEndian.Uint32(page[4*r:]), binary.LittleEndian.Uint32(page[4*r+4:])
			off := 2 * int(page[4*(runs+1)+r])
			if off == 0 || from >= to || !docDeleted(page[off:511]) || len(d.deleted) >= docMaxDeleted {
				continue
			}
			d.deleted = append(d.deleted, [2]int64{int64(from), int64(to)})
		}
	}
	sort.Slice(d.deleted, func(i, j int) bool { return d.deleted[i][0] < d.deleted[j][0] })
	return nil
}

// docDeleted reports whether the properties of a run mark it as deleted.
func docDeleted(b []byte) bool {
	if len(b) == 0 || int(b[0]) >= len(b) {
		return false
	}
	for b = b[1 : 1+int(b[0])]; len(b) >= 3; {
		sprm := binary.LittleEndian.Uint16(b)
		if sprm == 0x0800 {
			return b[2] == 1
		}
		n := []int{1, 1, 2, 4, 2, 2, 0, 3}[sprm>>13]
		if n == 0 {
			n = 1 + int(b[2])
		}
		b = b[min(2+n, len(b)):]
	}
	return false
}

// isDeleted reports whether the character at an offset of the stream is marked
// as deleted, and up to where that goes for those behind it.
func (d *doc) isDeleted(at int64) (deleted bool, until int64) {
	i := sort.Search(len(d.deleted), func(i int) bool { return d.deleted[i][0] > at })
	until = 1 << 62
	if i < len(d.deleted) {
		until = d.deleted[i][0]
	}
	if i > 0 && at < d.deleted[i-1][1] {
		return true, min(until, d.deleted[i-1][1])
	}
	return false, until
}
