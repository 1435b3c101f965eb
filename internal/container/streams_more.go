package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zlib"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

// A libraryStream reads one stream after the other with a library.
type libraryStream struct {
	h   history
	z   io.Reader
	max int64
	// start begins the first stream, next any other; next returns io.EOF, having
	// read nothing, where there is none.
	start func(h *history, max int64) (io.Reader, error)
	next  func(h *history) bool
	// window returns what the head asks for, in bytes.
	window func(head []byte) int64
	end    func(h *history) error // reads what follows a stream and belongs to it
}

func (s *libraryStream) open(in *input) (err error) {
	s.h.reset(in)
	s.z, err = s.start(&s.h, s.max)
	return err
}

func (s *libraryStream) declared(head []byte) int64 {
	if s.window == nil {
		return 0
	}
	return s.window(head)
}

func (s *libraryStream) limit(n int64) { s.max = n }

func (s *libraryStream) Read(p []byte) (int, error) {
	for {
		n, err := s.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil // EOF comes again
		}
		if s.end != nil {
			if err := s.end(&s.h); err != nil {
				return 0, err
			}
		}
		if s.next == nil || !s.next(&s.h) {
			return 0, io.EOF
		}
		if s.z, err = s.start(&s.h, s.max); err != nil {
			return 0, err
		}
		if s.end == nil {
			continue
		}
	}
}

func (s *libraryStream) rest(ended bool) (io.Reader, int64) {
	if !ended {
		s.h.back(4)
	}
	return &s.h, s.h.offset()
}

func (s *libraryStream) release() { s.h.in, s.z = nil, nil }

// peek returns the next n bytes without reading them, fewer where there are not
// as many. n is less than historyBack.
func (h *history) peek(n int) []byte {
	for h.w-h.r < n {
		// What is buffered moves to the front, with all behind r.
		if len(h.buf)-h.w < n {
			keep := min(h.r, historyBack-n)
			copy(h.buf, h.buf[h.r-keep:h.w])
			h.w -= h.r - keep
			h.r = keep
		}
		m, err := h.in.Read(h.buf[h.w:])
		h.w += m
		if m == 0 || err != nil {
			break
		}
	}
	return h.buf[h.r:min(h.w, h.r+n)]
}

func follows(magic ...string) func(h *history) bool {
	return func(h *history) bool {
		next := string(h.peek(len(magic[0])))
		for _, m := range magic {
			if next == m {
				return true
			}
		}
		return false
	}
}

// lz4Stream reads frames (LZ4 Frame Format 1.6.4), those of the legacy format
// too.
func lz4Stream() stream {
	return &libraryStream{
		start:  func(h *history, _ int64) (io.Reader, error) { return lz4.NewReader(h), nil },
		next:   follows("\x04\x22\x4d\x18", "\x02\x21\x4c\x18"),
		window: func([]byte) int64 { return 8 << 20 },
	}
}

func matchLz4(head []byte, _ string) bool {
	if len(head) < 7 {
		return false
	}
	switch string(head[:4]) {
	case "\x04\x22\x4d\x18":
		return head[4]>>6 == 1 // the version
	case "\x02\x21\x4c\x18":
		return true
	}
	return false
}

// snappyStream reads the framing format of Snappy and that of S2, which extends
// it (framing_format.txt of google/snappy, 2013-10-25).
func snappyStream() stream {
	return &libraryStream{
		start:  func(h *history, _ int64) (io.Reader, error) { return s2.NewReader(h), nil },
		window: func([]byte) int64 { return 8 << 20 },
	}
}

func matchSnappy(head []byte, _ string) bool {
	return len(head) >= 10 && string(head[:4]) == "\xff\x06\x00\x00" && (string(head[4:10]) == "sNaPpY" || string(head[4:10]) == "S2sTwO")
}

// dovecotLz4 is what a stream starts with that Dovecot's zlib plugin compressed
// with LZ4. Source: istream-lz4.c and iostream-lz4.h of Dovecot 2.3.
const dovecotLz4 = "Dovecot-LZ4\x0d\x2a\x9b\xc5"

func matchDovecotLz4(head []byte, _ string) bool {
	return len(head) >= len(dovecotLz4)+4 && string(head[:len(dovecotLz4)]) == dovecotLz4
}

// dovecotLz4Stream reads blocks of LZ4, each with its length in four bytes in
// front, behind the magic bytes and the length that none of them exceeds.
func dovecotLz4Stream() stream {
	return &libraryStream{start: func(h *history, _ int64) (io.Reader, error) {
		var head [len(dovecotLz4) + 4]byte
		if _, err := io.ReadFull(h, head[:]); err != nil {
			return nil, err
		}
		most := binary.BigEndian.Uint32(head[len(dovecotLz4):])
		if most == 0 || most > 16<<20 {
			return nil, errors.New("lz4: the length of blocks is out of range")
		}
		return &lz4Blocks{r: h, out: make([]byte, most)}, nil
	}}
}

type lz4Blocks struct {
	r        io.Reader
	in, out  []byte
	pos, end int // of out
}

func (z *lz4Blocks) Read(p []byte) (int, error) {
	for z.pos == z.end {
		var head [4]byte
		if _, err := io.ReadFull(z.r, head[:]); err != nil {
			return 0, err // io.EOF between two blocks
		}
		n := int(binary.BigEndian.Uint32(head[:]))
		if n > lz4.CompressBlockBound(len(z.out)) {
			return 0, errors.New("lz4: a block is too long")
		}
		if cap(z.in) < n {
			z.in = make([]byte, n)
		}
		if _, err := io.ReadFull(z.r, z.in[:n]); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		m, err := lz4.UncompressBlock(z.in[:n], z.out)
		if err != nil {
			return 0, err
		}
		z.pos, z.end = 0, m
	}
	n := copy(p, z.out[z.pos:z.end])
	z.pos += n
	return n, nil
}

// zlibStream reads the format of RFC 1950.
func zlibStream() stream {
	return &libraryStream{start: func(h *history, _ int64) (io.Reader, error) { return zlib.NewReader(h) }}
}

// matchZlib takes a stream whose first block is not text by any chance.
func matchZlib(head []byte, _ string) bool {
	if len(head) < 6 || head[0] != 0x78 || (int(head[0])<<8|int(head[1]))%31 != 0 || head[1]&0x20 != 0 {
		return false
	}
	for _, c := range head[2:min(len(head), 64)] {
		if c >= 0x80 || c < 0x09 {
			return true
		}
	}
	return false
}

// Compressed reports whether what starts with head is a value that the function
// COMPRESS of MySQL and MariaDB made
// (https://mariadb.com/kb/en/compress/): the length of the content as four bytes,
// low byte first, and a stream of RFC 1950. Its beginning is decompressed to see.
func Compressed(head []byte) bool {
	if len(head) < 12 || head[4] != 0x78 || head[3]&0xc0 != 0 || (int(head[4])<<8|int(head[5]))%31 != 0 || head[5]&0x20 != 0 {
		return false
	}
	size := binary.LittleEndian.Uint32(head)
	if size == 0 {
		return false
	}
	z, err := zlib.NewReader(bytes.NewReader(head[4:]))
	if err != nil {
		return false
	}
	defer z.Close()
	var b [32]byte
	want := min(int(size), len(b))
	n, err := io.ReadFull(z, b[:want])
	switch {
	case err == nil:
		return true
	case errors.Is(err, io.ErrUnexpectedEOF):
		// The head ended before that many came out of it.
		return n > 0 && len(head) >= HeadLen
	}
	return false
}

// compressedStream reads such a value. MySQL puts a full stop behind one that
// would end with a space.
func compressedStream() stream {
	return &libraryStream{
		start: func(h *history, _ int64) (io.Reader, error) {
			if _, err := io.CopyN(io.Discard, h, 4); err != nil {
				return nil, err
			}
			return zlib.NewReader(h)
		},
		end: func(h *history) error {
			_, err := io.CopyN(io.Discard, h, 1)
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		},
	}
}

// brotliStream reads the format of RFC 7932, which has no magic: a name alone
// tells it.
func brotliStream() stream {
	return &libraryStream{
		start:  func(h *history, _ int64) (io.Reader, error) { return brotli.NewReader(h), nil },
		window: func([]byte) int64 { return 16 << 20 },
	}
}

func matchBrotli(_ []byte, name string) bool { return strings.HasSuffix(strings.ToLower(name), ".br") }

// lzmaHeader is the length of the header of the format that LZMA Utils had
// (lzma-file-format.txt of XZ Utils).
const lzmaHeader = 13

func lzmaStream() stream {
	return &libraryStream{
		start: func(h *history, max int64) (io.Reader, error) {
			if dictionary(h.peek(lzmaHeader)) > max {
				return nil, errWindow
			}
			return lzma.NewReader(h)
		},
		window: dictionary,
	}
}

// errWindow says that a stream asks for a larger window than it is given.
var errWindow = errors.New("the window is too large")

func dictionary(head []byte) int64 {
	if len(head) < 5 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(head[1:]))
}

// matchLzma takes what has a header as encoders write it: common properties, a
// dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that is unknown or below
// 256 GiB.
func matchLzma(head []byte, name string) bool {
	if len(head) < lzmaHeader+1 || head[0] >= 9*5*5 || head[lzmaHeader] != 0 {
		return false
	}
	d := uint32(dictionary(head))
	x := d
	for x > 3 && x&1 == 0 {
		x >>= 1
	}
	size := binary.LittleEndian.Uint64(head[5:])
	if x != 1 && x != 3 && x != 2 && d != 0xffffffff || d < 1<<12 || size != 1<<64-1 && size >= 1<<38 {
		return false
	}
	return head[0] == 0x5d || strings.HasSuffix(strings.ToLower(name), ".lzma")
}

// zipLzma reads LZMA as zip has it (APPNOTE 5.8.8).
func zipLzma(e *zipEntry) stream {
	return &libraryStream{
		start: func(h *history, max int64) (io.Reader, error) {
			head := h.peek(9)
			if len(head) < 9 || head[2] != 5 || head[3] != 0 {
				return nil, io.ErrUnexpectedEOF
			}
			if dictionary(head[4:]) > max {
				return nil, errWindow
			}
			size := uint64(e.size)
			if e.flags&2 != 0 { // the end is marked
				size = 1<<64 - 1
			}
			old := binary.LittleEndian.AppendUint64(append([]byte(nil), head[4:9]...), size)
			h.r += 9
			return lzma.NewReader(&prefixed{old, h})
		},
		window: func(head []byte) int64 {
			if len(head) < 9 {
				return 0
			}
			return dictionary(head[4:])
		},
	}
}

// lzipStream reads members of the lzip format (lzip manual, "File format").
func lzipStream() stream {
	return &libraryStream{
		start: func(h *history, max int64) (io.Reader, error) {
			head := h.peek(6)
			if len(head) < 6 {
				return nil, io.ErrUnexpectedEOF
			}
			size := lzipWindow(head)
			if head[4] != 1 || size > max {
				return nil, errWindow
			}
			h.r += 6
			// The same data with the header of the older format: the usual
			// properties, and a size that is not known.
			old := append(binary.LittleEndian.AppendUint32([]byte{0x5d}, uint32(size)), "\xff\xff\xff\xff\xff\xff\xff\xff"...)
			return lzma.NewReader(&prefixed{old, h})
		},
		window: lzipWindow,
		end: func(h *history) error {
			if len(h.peek(20)) < 20 { // checksum, sizes
				return io.ErrUnexpectedEOF
			}
			h.r += 20
			return nil
		},
		next: follows("LZIP"),
	}
}

func lzipWindow(head []byte) int64 {
	if len(head) < 6 {
		return 0
	}
	size := int64(1) << (head[5] & 31)
	return size - size/16*int64(head[5]>>5)
}

func matchLzip(head []byte, _ string) bool {
	return len(head) >= 6 && string(head[:4]) == "LZIP" && head[4] <= 1 && head[5]&31 >= 12 && head[5]&31 <= 29
}

// prefixed is a reader with something in front, which reads no further than it
// is asked to.
type prefixed struct {
	front []byte
	h     *history
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.front) > 0 {
		n := copy(b, p.front)
		p.front = p.front[n:]
		return n, nil
	}
	return p.h.Read(b)
}

func (p *prefixed) ReadByte() (byte, error) {
	if len(p.front) > 0 {
		c := p.front[0]
		p.front = p.front[1:]
		return c, nil
	}
	return p.h.ReadByte()
}

// compressStream reads what compress(1) writes: LZW with codes of 9 to 16 bits,
// of which those of one length come in groups of eight.
type compressStream struct {
	h      history
	out    []byte // decoded, in reverse order
	max    uint   // bits of the longest code
	block  bool   // code 256 clears the table
	bits   uint
	next   int // the next code to be given
	last   int // the code before, -1 where there is none
	first  byte
	prefix []uint16
	suffix []byte
	group  []byte // what is left of a group of codes
	at     uint   // bits used of it
	err    error
}

const compressClear = 256

func (s *compressStream) open(in *input) error {
	s.h.reset(in)
	head := s.h.peek(3)
	if len(head) < 3 || head[2]&0x1f < 9 || head[2]&0x1f > 16 {
		return errors.New("compress: no header")
	}
	s.max, s.block = uint(head[2]&0x1f), head[2]&0x80 != 0
	s.h.r += 3
	if s.prefix == nil {
		s.prefix, s.suffix = make([]uint16, 1<<16), make([]byte, 1<<16)
	}
	for i := range 256 {
		s.suffix[i] = byte(i)
	}
	s.out, s.group, s.err, s.last = s.out[:0], nil, nil, -1
	s.clear()
	return nil
}

func (s *compressStream) clear() {
	s.bits, s.next, s.last = 9, 256, -1
	if s.block {
		s.next = 257
	}
	s.group, s.at = nil, 0
}

// code reads one code.
func (s *compressStream) code() (int, error) {
	if s.at+s.bits > uint(8*len(s.group)) {
		g := s.h.peek(int(s.bits))
		s.h.r += len(g)
		s.group, s.at = g, 0
		if s.bits > uint(8*len(g)) {
			if s.h.in.err != nil {
				return 0, s.h.in.err
			}
			return 0, io.EOF
		}
	}
	v := uint32(0)
	for i := uint(0); i < 24 && s.at/8+i/8 < uint(len(s.group)); i += 8 {
		v |= uint32(s.group[s.at/8+i/8]) << i
	}
	c := int(v >> (s.at % 8) & (1<<s.bits - 1))
	s.at += s.bits
	return c, nil
}

func (s *compressStream) Read(p []byte) (n int, err error) {
	for n < len(p) {
		for len(s.out) > 0 && n < len(p) {
			p[n] = s.out[len(s.out)-1]
			s.out = s.out[:len(s.out)-1]
			n++
		}
		if n == len(p) {
			return n, nil
		}
		if s.err == nil {
			s.err = s.step()
		}
		if s.err != nil && len(s.out) == 0 {
			if n > 0 {
				return n, nil
			}
			return 0, s.err
		}
	}
	return n, nil
}

// step decodes one code to out.
func (s *compressStream) step() error {
	c, err := s.code()
	if err != nil {
		return err
	}
	if c == compressClear && s.block {
		s.clear()
		return nil
	}
	in := c
	if s.last < 0 {
		if c > 255 {
			return errors.New("compress: the first code is none")
		}
		s.first, s.last = byte(c), c
		s.out = append(s.out, byte(c))
		return nil
	}
	if c >= s.next {
		if c > s.next {
			return errors.New("compress: a code that was not given")
		}
		s.out = append(s.out, s.first)
		c = s.last
	}
	for c >= 256 {
		s.out = append(s.out, s.suffix[c])
		c = int(s.prefix[c])
	}
	s.first = byte(c)
	s.out = append(s.out, s.first)
	if s.next < 1<<s.max {
		s.prefix[s.next], s.suffix[s.next] = uint16(s.last), s.first
		s.next++
		if s.next > 1<<s.bits-1 && s.bits < s.max {
			s.bits++
			s.group, s.at = nil, 0 // the rest of the group is padding
		}
	}
	s.last = in
	return nil
}

func (s *compressStream) rest(bool) (io.Reader, int64) { return &s.h, s.h.offset() }
func (s *compressStream) release()                     { s.h.in = nil }

func matchCompress(head []byte, _ string) bool {
	return len(head) >= 5 && head[0] == 0x1f && head[1] == 0x9d && head[2]&0x60 == 0 && head[2]&0x1f >= 9 && head[2]&0x1f <= 16 &&
		(head[3] != 0 || head[4]&1 == 0)
}
