package container

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	cabMagic = "MSCF\x00\x00\x00\x00"
	// cabWindow is how much a block may refer back to, and how long it is at
	// most, in bytes.
	cabWindow = 32 << 10
)

// cabDecoder reads cabinets as [MS-CAB] has them, with MSZIP ([MS-MCI]), LZX
// and stored folders.
func cabDecoder() Decoder {
	return Decoder{
		Name: "cab",
		Match: func(head []byte, _ string) bool {
			return len(head) >= 36 && string(head[:8]) == cabMagic && head[25] == 1
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				c := &cabReader{lister: newLister(ctx, b, o, in), at: spool}
				c.run()
			})
		},
	}
}

type cabReader struct {
	*lister
	at      *Spool
	reserve int64 // bytes in front of the data of each block
	folders []cabFolder
}

// A cabFolder is a run of blocks that are compressed together.
type cabFolder struct {
	at     int64 // of the first block
	blocks int
	method uint16
}

// A cabFile is an entry of the directory.
type cabFile struct {
	name   string
	size   int64
	offset int64 // in the content of its folder
	folder int
	// It begins in the cabinet before this one, or ends in the next one.
	before, after bool
	time          time.Time
}

func (c *cabReader) run() {
	files, ok := c.directory()
	if !ok {
		if !c.gap(scanners.Corrupt, "cab: its directory is damaged") {
			return
		}
		if len(files) == 0 {
			c.out.item(raw(io.NewSectionReader(c.at, 0, c.at.Size()), 0))
			return
		}
	}
	slices.SortStableFunc(files, func(a, b cabFile) int {
		if a.folder != b.folder {
			return a.folder - b.folder
		}
		return int(min(max(a.offset-b.offset, -1), 1))
	})
	var f *cabStream
	for i, e := range files {
		if !c.count() {
			return
		}
		if i == 0 || e.folder != files[i-1].folder {
			f = c.open(e.folder)
		}
		if !c.file(f, e) {
			return
		}
	}
}

// directory reads the header and the lists of folders and files.
func (c *cabReader) directory() (files []cabFile, ok bool) {
	h := make([]byte, 36)
	if n, _ := c.at.ReadAt(h, 0); n < len(h) {
		return nil, false
	}
	le := binary.LittleEndian
	flags := le.Uint16(h[30:])
	r := io.NewSectionReader(c.at, 36, max(c.at.Size()-36, 0))
	folderReserve := int64(0)
	if flags&4 != 0 {
		x := make([]byte, 4)
		if _, err := io.ReadFull(r, x); err != nil {
			return nil, false
		}
		folderReserve, c.reserve = int64(x[2]), int64(x[3])
		if _, err := io.CopyN(io.Discard, r, int64(le.Uint16(x))); err != nil {
			return nil, false
		}
	}
	// The names of the cabinets and disks before and after.
	for range 2 * (int(flags&1) + int(flags>>1&1)) {
		if _, ok := cabString(r); !ok {
			return nil, false
		}
	}
	x := make([]byte, 16)
	for range le.Uint16(h[26:]) {
		if _, err := io.ReadFull(r, x[:8]); err != nil {
			return nil, false
		}
		c.folders = append(c.folders, cabFolder{int64(le.Uint32(x)), int(le.Uint16(x[4:])), le.Uint16(x[6:])})
		if _, err := io.CopyN(io.Discard, r, folderReserve); err != nil {
			return nil, false
		}
	}
	if _, err := r.Seek(int64(le.Uint32(h[16:]))-36, io.SeekStart); err != nil {
		return nil, false
	}
	for range le.Uint16(h[28:]) {
		if _, err := io.ReadFull(r, x); err != nil {
			return files, false
		}
		name, ok := cabString(r)
		if !ok {
			return files, false
		}
		f := cabFile{size: int64(le.Uint32(x)), offset: int64(le.Uint32(x[4:])), folder: int(le.Uint16(x[8:])), time: dosTime(le.Uint16(x[10:]), le.Uint16(x[12:]))}
		if le.Uint16(x[14:])&0x80 == 0 || !utf8.ValidString(name) {
			name, _ = charmap.Windows1252.NewDecoder().String(name) // never fails
		}
		f.name = strings.ReplaceAll(name, `\`, "/")
		switch f.folder {
		case 0xfffd:
			f.folder, f.before = 0, true
		case 0xfffe:
			f.folder, f.after = len(c.folders)-1, true
		case 0xffff:
			f.folder, f.before, f.after = 0, true, true
		}
		files = append(files, f)
	}
	return files, true
}

// cabString reads a string that ends with NUL, of up to 256 bytes.
func cabString(r io.Reader) (string, bool) {
	var b []byte
	for one := make([]byte, 1); len(b) <= 256; b = append(b, one[0]) {
		if _, err := io.ReadFull(r, one); err != nil {
			return "", false
		}
		if one[0] == 0 {
			return string(b), true
		}
	}
	return "", false
}

// open returns the content of a folder; nil: there is no such folder, or it
// can't be decompressed.
func (c *cabReader) open(n int) *cabStream {
	if n < 0 || n >= len(c.folders) {
		return nil
	}
	f := c.folders[n]
	s := &cabStream{c: c, at: f.at, left: f.blocks, data: make([]byte, 0, 64<<10)}
	switch f.method & 15 {
	case 0:
		s.decode = func(b []byte, n int) ([]byte, error) { return b, nil }
	case 1:
		s.decode = s.mszip()
	case 3:
		bits := int(f.method >> 8 & 31)
		if bits < 15 || bits > 21 {
			return nil
		}
		s.decode = newLZX(bits).block
	default: // Quantum
		return nil
	}
	return s
}

func (c *cabReader) file(s *cabStream, e cabFile) bool {
	switch {
	case e.before:
		return c.unread(e.name, scanners.Unsupported, "cab: a member begins in another cabinet")
	case s == nil && e.folder < len(c.folders):
		return c.unread(e.name, scanners.Unsupported, "cab: a member is compressed in a way that is not read (Quantum)")
	case s == nil || e.offset < s.pos:
		return c.unread(e.name, scanners.Corrupt, "cab: a member is not where its directory says")
	}
	if _, err := io.CopyN(io.Discard, c.b.Reader(c.ctx, s), e.offset-s.pos); err != nil {
		if c.ctx.Err() != nil {
			return c.out.err(err) && false
		}
		return c.unread(e.name, scanners.Corrupt, "cab: a member can't be read")
	}
	m := &cabMember{s: s, left: e.size, after: e.after}
	if !c.member(e.name, e.size, e.time, m) {
		return false
	}
	_, _ = io.Copy(io.Discard, m) // it ends where the next one begins
	return true
}

// A cabMember is one file in a folder.
type cabMember struct {
	s     *cabStream
	left  int64
	after bool
}

func (m *cabMember) Read(p []byte) (int, error) {
	if m.left == 0 {
		if m.s.bad {
			m.s.bad = false
			return 0, &scanners.Gap{Reason: scanners.Corrupt, Detail: "cab: a block is not what its checksum says"}
		}
		return 0, io.EOF
	}
	n, err := m.s.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	switch {
	case err == io.EOF && m.after:
		err = &scanners.Gap{Reason: scanners.Unsupported, Detail: "cab: a member goes on in another cabinet"}
	case err == io.EOF:
		err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "cab: a member is cut off"}
	}
	return n, err
}

// A cabStream is the content of a folder.
type cabStream struct {
	c      *cabReader
	decode func(block []byte, n int) ([]byte, error)
	at     int64 // of the next block
	left   int   // blocks
	pos    int64 // in the content
	data   []byte
	rest   []byte // of the block that is read
	bad    bool   // a checksum was wrong
	err    error
}

func (s *cabStream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err == nil {
			s.rest, s.err = s.block()
		}
		if len(s.rest) == 0 && s.err != nil {
			return 0, s.err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	s.pos += int64(n)
	return n, nil
}

// block reads the next block ([MS-CAB], section 2.5).
func (s *cabStream) block() ([]byte, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	if err := s.c.ctx.Err(); err != nil {
		return nil, err
	}
	s.left--
	var h [8]byte
	if n, err := s.c.at.ReadAt(h[:], s.at); n < len(h) {
		return nil, cabEnd(err)
	}
	sum := binary.LittleEndian.Uint32(h[:])
	stored, n := int(binary.LittleEndian.Uint16(h[4:])), int(binary.LittleEndian.Uint16(h[6:]))
	s.at += 8 + s.c.reserve
	s.data = s.data[:stored]
	if k, err := s.c.at.ReadAt(s.data, s.at); k < stored {
		s.data = s.data[:k]
		if s.left, s.err = 0, cabEnd(err); k == 0 {
			return nil, s.err
		}
		out, _ := s.decode(s.data, n)
		return out, s.err
	}
	s.at += int64(stored)
	if n == 0 {
		return nil, io.EOF // goes on in another cabinet
	}
	s.bad = s.bad || sum != 0 && s.c.reserve == 0 && sum != cabSum(h[4:], cabSum(s.data, 0))
	out, err := s.decode(s.data, n)
	if err == nil && len(out) != n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		s.left = 0
		err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "cab: a block is damaged"}
	}
	return out, err
}

func cabEnd(err error) error {
	if err == nil || err == io.EOF {
		return io.EOF
	}
	return err
}

// cabSum is the checksum of [MS-CAB], section 3.1.
func cabSum(b []byte, sum uint32) uint32 {
	for ; len(b) >= 4; b = b[4:] {
		sum ^= binary.LittleEndian.Uint32(b)
	}
	var last uint32
	for _, c := range b {
		last = last<<8 | uint32(c)
	}
	return sum ^ last
}

// mszip returns a decoder of blocks of MSZIP: deflate that refers back to the
// block before.
func (s *cabStream) mszip() func([]byte, int) ([]byte, error) {
	var z io.ReadCloser
	var out, dict []byte
	return func(b []byte, n int) ([]byte, error) {
		b, ok := bytes.CutPrefix(b, []byte("CK"))
		if !ok || n > cabWindow {
			return nil, io.ErrUnexpectedEOF
		}
		r := bytes.NewReader(b)
		if z == nil {
			z = flate.NewReaderDict(r, dict)
		} else if err := z.(flate.Resetter).Reset(r, dict); err != nil {
			return nil, err
		}
		if out == nil {
			out, dict = make([]byte, cabWindow), make([]byte, 0, 2*cabWindow)
		}
		k, err := io.ReadFull(z, out[:n])
		dict = append(dict, out[:k]...)
		if d := len(dict) - cabWindow; d > 0 {
			dict = append(dict[:0], dict[d:]...)
		}
		return out[:k], err
	}
}
