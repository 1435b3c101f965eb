package container

import (
	"context"
	"encoding/binary"
	"io"
	"iter"
	"path"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

// fatMaxFolder bounds the bytes of one folder.
const fatMaxFolder = 64 << 20

// fatDecoder reads the files of a FAT file system, and what is left between them.
// Source: "Microsoft FAT Specification", 2005.
func fatDecoder() Decoder {
	return Decoder{
		Name:  "fat",
		Match: func(head []byte, _ string) bool { return matchFAT(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				f := &fat{lister: newLister(ctx, b, o, in), at: spool, seen: map[int64]bool{}}
				f.run()
			})
		},
	}
}

func matchFAT(head []byte) bool {
	if len(head) < 512 || head[510] != 0x55 || head[511] != 0xaa || head[0] != 0xeb && head[0] != 0xe9 {
		return false
	}
	if string(head[54:57]) != "FAT" && string(head[82:85]) != "FAT" {
		return false
	}
	sector, cluster := binary.LittleEndian.Uint16(head[11:]), head[13]
	return sector >= 512 && sector <= 4096 && sector&(sector-1) == 0 && cluster > 0 && cluster&(cluster-1) == 0 && head[16] > 0
}

type fat struct {
	*lister
	at       *Spool
	bits     int
	table    []byte
	data     int64 // where the clusters begin
	cluster  int64 // bytes
	clusters int64
	sector   int64
	used     blockMap
	seen     map[int64]bool // folders
	damaged  bool
}

func (f *fat) run() {
	h := make([]byte, 512)
	_, _ = f.at.ReadAt(h, 0)
	damaged := func() {
		if f.gap(scanners.Corrupt, "fat: the boot sector is damaged") {
			f.out.item(raw(io.NewSectionReader(f.at, 0, f.at.Size()), 0))
		}
	}
	if !matchFAT(h) {
		damaged()
		return
	}
	le := binary.LittleEndian
	f.sector = int64(le.Uint16(h[11:]))
	f.cluster = f.sector * int64(h[13])
	roots, total, size := int64(le.Uint16(h[17:])), int64(le.Uint16(h[19:])), int64(le.Uint16(h[22:]))
	if total == 0 {
		total = int64(le.Uint32(h[32:]))
	}
	if size == 0 {
		size = int64(le.Uint32(h[36:]))
	}
	first := int64(le.Uint16(h[14:])) * f.sector
	root := first + int64(h[16])*size*f.sector
	rootSize := (roots*32 + f.sector - 1) / f.sector * f.sector
	f.data = root + rootSize
	f.clusters = (total*f.sector - f.data) / f.cluster
	switch {
	case f.clusters < 4085:
		f.bits = 12
	case f.clusters < 65525:
		f.bits = 16
	default:
		f.bits = 32
	}
	need := ((f.clusters+2)*int64(f.bits) + 7) / 8
	if f.clusters < 1 || need > size*f.sector || need > 1<<30 || f.data >= f.at.Size() {
		damaged()
		return
	}
	if err := f.b.Charge(need); err != nil {
		f.out.err(err)
		return
	}
	f.table = make([]byte, min(need, f.at.Size()-first)+8)
	_, _ = f.at.ReadAt(f.table[:len(f.table)-8], first)
	f.used = newBlockMap(f.at.Size()/f.sector + 1)
	f.damaged = total*f.sector > f.at.Size()
	var m *mapped
	if f.bits == 32 {
		m, _ = f.chain(int64(le.Uint32(h[44:])), -1)
	} else {
		m = sectionOf(f.at, root, rootSize)
	}
	f.used.mark(root/f.sector, rootSize/f.sector)
	if !f.folder(m, "", 0) {
		return
	}
	if f.damaged && !f.gap(scanners.Corrupt, "fat: a part of the file system is damaged or missing") {
		return
	}
	f.yieldLeft(f.at, f.used, f.sector)
}

// next returns the cluster behind one; last where there is none.
func (f *fat) next(c int64) (next int64, last bool) {
	le := binary.LittleEndian
	switch f.bits {
	case 12:
		i := c + c/2
		if i+2 > int64(len(f.table)) {
			return 0, true
		}
		next = int64(le.Uint16(f.table[i:]))
		if c&1 != 0 {
			next >>= 4
		}
		next &= 0xfff
		return next, next >= 0xff7
	case 16:
		if 2*c+2 > int64(len(f.table)) {
			return 0, true
		}
		next = int64(le.Uint16(f.table[2*c:]))
		return next, next >= 0xfff7
	}
	if 4*c+4 > int64(len(f.table)) {
		return 0, true
	}
	next = int64(le.Uint32(f.table[4*c:]) & 0x0fffffff)
	return next, next >= 0x0ffffff7
}

// chain returns what lies in a chain of clusters; size is -1 where the chain
// tells.
func (f *fat) chain(c, size int64) (m *mapped, ok bool) {
	m = &mapped{in: f.at, size: max(size, 0)}
	if size == 0 {
		return m, true
	}
	for at := int64(0); size < 0 || at < size; at += f.cluster {
		if c < 2 || c >= f.clusters+2 || size < 0 && at >= fatMaxFolder || at > f.clusters*f.cluster {
			return m, size < 0
		}
		from := f.data + (c-2)*f.cluster
		if !f.used.mark(from/f.sector, f.cluster/f.sector) || !m.add(at, from, f.cluster) {
			return m, false
		}
		if size < 0 {
			m.size = at + f.cluster
		}
		next, last := f.next(c)
		if last {
			return m, size < 0 || at+f.cluster >= size
		}
		c = next
	}
	return m, true
}

// folder yields what lies in a folder. It reports whether to go on.
func (f *fat) folder(m *mapped, in string, depth int) bool {
	if depth > 64 {
		f.damaged = true
		return true
	}
	var long []uint16 // of the entry that follows
	b := make([]byte, 32)
	for at := int64(0); at+32 <= m.size; at += 32 {
		if n, _ := m.ReadAt(b, at); n < 32 {
			f.damaged = true
			return true
		}
		le := binary.LittleEndian
		switch {
		case b[0] == 0:
			return true
		case b[0] == 0xe5: // deleted
			long = nil
			continue
		case b[11] == 0x0f:
			var part []uint16
			for _, span := range [][2]int{{1, 11}, {14, 26}, {28, 32}} {
				for i := span[0]; i < span[1]; i += 2 {
					if u := le.Uint16(b[i:]); u != 0 && u != 0xffff {
						part = append(part, u)
					}
				}
			}
			if b[0]&0x40 != 0 || len(long) > 300 {
				long = nil
			}
			long = append(part, long...)
			continue
		}
		name := string(utf16.Decode(long))
		long = nil
		if name == "" {
			name = shortName(b)
		}
		start := int64(le.Uint16(b[20:]))<<16 | int64(le.Uint16(b[26:]))
		if f.bits != 32 {
			start &= 0xffff
		}
		size, made := int64(le.Uint32(b[28:])), dosTime(le.Uint16(b[24:]), le.Uint16(b[22:]))
		if b[11]&8 != 0 {
			if !f.volumeName(shortName(b)) {
				return false
			}
			continue
		}
		if name == "." || name == ".." {
			continue
		}
		name = path.Join(in, strings.ReplaceAll(name, "/", "_"))
		if b[11]&0x10 != 0 {
			if f.seen[start] {
				f.damaged = true
				continue
			}
			f.seen[start] = true
			inner, ok := f.chain(start, -1)
			f.damaged = f.damaged || !ok
			if !f.alsoNamed(name) || !f.folder(inner, name, depth+1) {
				return false
			}
			continue
		}
		if !f.count() {
			return false
		}
		content, ok := f.chain(start, size)
		if !f.memberAs(name, nil, size, made, content, ok, "fat: where the file lies can't be told to its end") {
			return false
		}
	}
	return true
}

// shortName returns the name in an entry that has no other.
func shortName(b []byte) string {
	field := func(p []byte) string {
		s, err := charmap.CodePage850.NewDecoder().String(string(p))
		if err != nil {
			s = string(p)
		}
		return strings.TrimRight(s, " ")
	}
	name := field(b[:8])
	if end := field(b[8:11]); end != "" && b[11]&8 == 0 {
		return name + "." + end
	} else if end != "" {
		return name + end
	}
	return name
}
