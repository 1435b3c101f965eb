package container

import (
	"context"
	"encoding/binary"
	"io"
	"iter"
	"path"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/spoor-scan/spoor/scanners"
)

// The format is ECMA-119 (ISO 9660) with the extensions Joliet and Rock Ridge
// (IEEE P1282), of which only the names matter.
const (
	isoSector = 2048
	// isoFirst is the sector in which descriptors begin; HeadLen does not reach
	// it.
	isoFirst = 16
	// maxFolder bounds the bytes of one folder.
	maxFolder = 64 << 20
)

// isoDecoder takes files by name, since the magic lies behind 32 KiB; an image
// without it is then yielded as it is.
func isoDecoder() Decoder {
	return Decoder{
		Name: "iso9660",
		Match: func(head []byte, name string) bool {
			switch strings.ToLower(path.Ext(name)) {
			case ".iso", ".toast", ".cdr":
				return len(head) == HeadLen
			case ".img":
				return len(head) == HeadLen && !matchMBR(head)
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
				r := &isoReader{lister: newLister(ctx, b, o, in), at: spool, seen: map[uint32]bool{}}
				r.run()
			})
		},
	}
}

type isoReader struct {
	*lister
	at     *Spool
	joliet bool
	seen   map[uint32]bool // extents of folders
}

func (r *isoReader) sector(n int64, b []byte) bool {
	m, _ := r.at.ReadAt(b, n*isoSector)
	return m == len(b)
}

func (r *isoReader) run() {
	var primary, joliet []byte
	b := make([]byte, isoSector)
	for n := int64(isoFirst); n < isoFirst+64 && r.sector(n, b) && string(b[1:6]) == "CD001" && b[0] != 255; n++ {
		switch {
		case b[0] == 1 && primary == nil:
			primary = append([]byte(nil), b...)
		case b[0] == 2 && b[88] == '%' && b[89] == '/':
			joliet = append([]byte(nil), b...)
		}
	}
	if primary == nil {
		r.out.item(raw(io.NewSectionReader(r.at, 0, r.at.Size()), 0))
		return
	}
	// What is known of the volume: its name, who prepared it.
	if !r.out.item(scanners.Item{Size: isoSector, Body: strings.NewReader(string(primary)), Text: true, Field: "volume", Verbatim: true, Offset: isoFirst * isoSector}) {
		return
	}
	root := primary
	if r.joliet = joliet != nil && !r.rockRidge(primary); r.joliet {
		root = joliet
	}
	if r.folder(root[156:190], "", 0) == isoDamaged {
		r.gap(scanners.Corrupt, "iso9660: a folder is damaged")
	}
}

// rockRidge reports whether the names of the first folder are those of POSIX.
func (r *isoReader) rockRidge(primary []byte) bool {
	b := make([]byte, isoSector)
	if !r.sector(int64(binary.LittleEndian.Uint32(primary[158:])), b) || int(b[0]) < 34 {
		return false
	}
	return strings.Contains(string(b[33:min(int(b[0]), len(b))]), "SP\x07\x01\xbe\xef")
}

type isoResult int

const (
	isoRead isoResult = iota
	isoDamaged
	isoStop
)

// folder yields what lies in the folder that a record describes.
func (r *isoReader) folder(record []byte, in string, depth int) (result isoResult) {
	at, size := binary.LittleEndian.Uint32(record[2:]), int64(binary.LittleEndian.Uint32(record[10:]))
	if r.seen[at] || depth > 64 || size > maxFolder || int64(at)*isoSector+size > r.at.Size() {
		return isoDamaged
	}
	r.seen[at] = true
	b := make([]byte, size)
	if n, _ := r.at.ReadAt(b, int64(at)*isoSector); int64(n) != size {
		return isoDamaged
	}
	var extents []io.Reader // of a file in several pieces
	var total int64
	for i := 0; i+34 <= len(b); {
		n := int(b[i])
		if n == 0 { // the rest of the sector is empty
			i = (i/isoSector + 1) * isoSector
			continue
		}
		rec := b[i:min(i+n, len(b))]
		i += n
		if n < 34 || 33+int(rec[32]) > len(rec) {
			result = isoDamaged
			continue
		}
		id := rec[33 : 33+int(rec[32])]
		if len(id) == 1 && id[0] < 2 {
			continue // itself, and the one above
		}
		name := path.Join(in, r.name(rec, id))
		if rec[25]&2 != 0 {
			switch r.folder(rec, name, depth+1) {
			case isoStop:
				return isoStop
			case isoDamaged:
				result = isoDamaged
			}
			continue
		}
		from, length := int64(binary.LittleEndian.Uint32(rec[2:]))*isoSector, int64(binary.LittleEndian.Uint32(rec[10:]))
		if have := r.at.Size() - from; length > max(have, 0) {
			result, length = isoDamaged, max(have, 0)
		}
		piece := io.NewSectionReader(r.at, from, length)
		total += length
		if rec[25]&0x80 != 0 && len(extents) < 1<<12 {
			extents = append(extents, piece)
			continue
		}
		var body io.Reader = piece
		if extents != nil {
			body = io.MultiReader(append(extents, piece)...)
		}
		if !r.count() || !r.member(name, total, isoTime(rec[18:25]), body) {
			return isoStop
		}
		extents, total = nil, 0
	}
	return result
}

// name returns the name in a record: that of Rock Ridge where there is one.
func (r *isoReader) name(rec, id []byte) string {
	if r.joliet {
		u := make([]uint16, len(id)/2)
		for i := range u {
			u[i] = binary.BigEndian.Uint16(id[2*i:])
		}
		name, _, _ := strings.Cut(string(utf16.Decode(u)), ";")
		return name
	}
	alt := ""
	for i := 33 + len(id) + 1 - len(id)&1; i+5 <= len(rec) && int(rec[i+2]) >= 4 && i+int(rec[i+2]) <= len(rec); i += int(rec[i+2]) {
		if string(rec[i:i+2]) == "NM" {
			alt += string(rec[i+5 : i+int(rec[i+2])])
		}
	}
	if alt != "" {
		return alt
	}
	name, _, _ := strings.Cut(string(id), ";")
	return strings.TrimSuffix(name, ".")
}

func isoTime(b []byte) time.Time {
	zone := time.FixedZone("", int(int8(b[6]))*15*60)
	return time.Date(1900+int(b[0]), time.Month(b[1]), int(b[2]), int(b[3]), int(b[4]), int(b[5]), 0, zone).UTC()
}
