package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"

	lzo "github.com/anchore/go-lzo"
)

const (
	lzopMagic = "\x89LZO\x00\r\n\x1a\n"
	// lzopBlock is the longest block that lzop writes: 64 MiB (lzop(1), conf.h).
	lzopBlock = 64 << 20
)

// Flags of a member.
const (
	lzopAdlerPlain  = 1 << 0
	lzopAdlerPacked = 1 << 1
	lzopExtra       = 1 << 6
	lzopCRCPlain    = 1 << 8
	lzopCRCPacked   = 1 << 9
	lzopFilter      = 1 << 11
)

// lzopStream reads what lzop writes: members of blocks, each compressed by
// itself. Source: lzop 1.04, src/lzop.c and the magic that file(1) describes.
func lzopStream() stream {
	return &libraryStream{
		start:  func(h *history, _ int64) (io.Reader, error) { return newLzop(h) },
		next:   follows(lzopMagic),
		window: func([]byte) int64 { return 1 << 20 },
	}
}

func matchLzop(head []byte, _ string) bool {
	return len(head) > 25 && string(head[:len(lzopMagic)]) == lzopMagic
}

type lzop struct {
	r        io.Reader
	flags    uint32
	packed   bytes.Buffer
	out      []byte
	pos, end int // of out
	done     bool
}

var errLzop = errors.New("lzop: damaged")

// newLzop reads the header of a member.
func newLzop(r io.Reader) (*lzop, error) {
	z := &lzop{r: r}
	var b [256]byte
	read := func(n int) []byte {
		if n > len(b) {
			return nil
		}
		if _, err := io.ReadFull(r, b[:n]); err != nil {
			return nil
		}
		return b[:n]
	}
	be := binary.BigEndian
	head := read(len(lzopMagic) + 4)
	if head == nil || string(head[:len(lzopMagic)]) != lzopMagic {
		return nil, errLzop
	}
	rest := 1 // the method
	late := be.Uint16(head[len(lzopMagic):]) >= 0x940
	if late {
		rest += 3 // the version that is needed, and the level
	}
	if read(rest) == nil {
		return nil, errLzop
	}
	flags := read(4)
	if flags == nil {
		return nil, errLzop
	}
	z.flags = be.Uint32(flags)
	rest = 8 // mode and time
	if late {
		rest += 4
	}
	if z.flags&lzopFilter != 0 {
		return nil, errors.New("lzop: a filter is not known")
	}
	if read(rest) == nil {
		return nil, errLzop
	}
	name := read(1)
	if name == nil || read(int(name[0])) == nil || read(4) == nil {
		return nil, errLzop
	}
	if z.flags&lzopExtra != 0 {
		n := read(4)
		if n == nil || be.Uint32(n) > 1<<20 {
			return nil, errLzop
		}
		if _, err := io.CopyN(io.Discard, r, int64(be.Uint32(n))+4); err != nil {
			return nil, errLzop
		}
	}
	return z, nil
}

func (z *lzop) Read(p []byte) (int, error) {
	for z.pos == z.end {
		if z.done {
			return 0, io.EOF
		}
		if err := z.block(); err != nil {
			return 0, err
		}
	}
	n := copy(p, z.out[z.pos:z.end])
	z.pos += n
	return n, nil
}

// block reads the next block, or the end of the member.
func (z *lzop) block() (err error) {
	defer func() {
		if recover() != nil { // of the library, on what is damaged
			err = errLzop
		}
	}()
	size, err := z.word()
	if err != nil {
		return err
	}
	if size == 0 {
		z.done = true
		return nil
	}
	packed, err := z.word()
	if err != nil {
		return err
	}
	// No byte of LZO1X stands for more than 255 others, and a few.
	if size > lzopBlock || packed > size || int64(size) > 256*int64(packed)+64 {
		return errLzop
	}
	var sum uint32
	if z.flags&lzopAdlerPlain != 0 {
		if sum, err = z.word(); err != nil {
			return err
		}
	}
	skip := 0
	if z.flags&lzopCRCPlain != 0 {
		skip++
	}
	if packed < size {
		if z.flags&lzopAdlerPacked != 0 {
			skip++
		}
		if z.flags&lzopCRCPacked != 0 {
			skip++
		}
	}
	for range skip {
		if _, err = z.word(); err != nil {
			return err
		}
	}
	// What a damaged length promises and is not there takes no memory.
	z.packed.Reset()
	if n, err := io.CopyN(&z.packed, z.r, int64(packed)); err != nil || n < int64(packed) {
		return io.ErrUnexpectedEOF
	}
	z.out = grown(z.out, int(size))
	n := int(size)
	if packed < size {
		if n, err = lzo.Decompress(z.packed.Bytes(), z.out); err != nil {
			return errLzop
		}
	} else {
		copy(z.out, z.packed.Bytes())
	}
	if n != int(size) || z.flags&lzopAdlerPlain != 0 && adler32.Checksum(z.out) != sum {
		return errLzop
	}
	z.pos, z.end = 0, n
	return nil
}

func (z *lzop) word() (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(z.r, b[:]); err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	return binary.BigEndian.Uint32(b[:]), nil
}

// grown returns a slice of n bytes, in the memory of b where that is enough.
func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
