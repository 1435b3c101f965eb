package borg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"

	"github.com/spoor-scan/spoor/scanners"
)

// maxPlain is the longest value that is taken, in bytes. Borg's own are below
// MAX_DATA_SIZE, 20 MiB.
const maxPlain = 32 << 20

// errLong says that a value would be longer.
var errLong = errors.New("too long for a chunk")

// An inflater undoes the compression of values. It may be used concurrently.
type inflater struct {
	zstd *zstd.Decoder
	xzs  sync.Pool // readers hold a dictionary of many MB
}

func newInflater() (*inflater, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &inflater{zstd: z}, nil
}

func (f *inflater) close() { f.zstd.Close() }

// inflate returns the value that b holds compressed: two bytes that tell how,
// and the rest; zlib has its own start instead. expect is how long it may be,
// 0 where that is not known.
func (f *inflater) inflate(b []byte, expect int) ([]byte, error) {
	plain, err := f.undo(b, expect, true)
	var g *scanners.Gap
	if err != nil && !errors.As(err, &g) {
		err = broken("a chunk can't be decompressed")
	}
	return plain, err
}

func (f *inflater) undo(b []byte, expect int, outer bool) ([]byte, error) {
	if len(b) < 2 {
		return nil, io.ErrUnexpectedEOF
	}
	rest := b[2:]
	if b[1] == 0 {
		switch b[0] {
		case 0:
			return rest, nil
		case 1:
			return unlz4(rest, expect)
		case 2:
			return f.unxz(rest)
		case 3:
			return f.zstd.DecodeAll(rest, nil)
		case 4: // obfuscated: the length of a compressed value (big-endian, unlike all else), it, and what hides its length
			if len(rest) < 4 || !outer {
				return nil, io.ErrUnexpectedEOF
			}
			n := binary.BigEndian.Uint32(rest)
			if uint64(n) > uint64(len(rest)-4) {
				return nil, io.ErrUnexpectedEOF
			}
			return f.undo(rest[4:4+n], expect, false)
		}
	}
	if b[0]&0x0f == 8 && (int(b[0])<<8|int(b[1]))%31 == 0 {
		z, err := zlib.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		return all(z, expect)
	}
	return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "a chunk is compressed in a way that is not known"}
}

// all reads all of r, which may not be too long.
func all(r io.Reader, expect int) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(min(max(expect, 0), maxPlain) + bytes.MinRead)
	n, err := out.ReadFrom(io.LimitReader(r, maxPlain+1))
	if err == nil && n > maxPlain {
		err = errLong
	}
	return out.Bytes(), err
}

func (f *inflater) unxz(b []byte) (plain []byte, err error) {
	z, _ := f.xzs.Get().(*xz.Reader)
	if z == nil {
		z, err = xz.NewReader(bytes.NewReader(b), 64<<20)
	} else {
		err = z.Reset(bytes.NewReader(b))
	}
	if err != nil {
		return nil, err
	}
	if plain, err = all(z, len(b)); err == nil {
		f.xzs.Put(z)
	}
	return plain, err
}

// unlz4 decompresses a block of LZ4, which does not say how long it is.
func unlz4(b []byte, expect int) ([]byte, error) {
	size := min(max(expect, 4*len(b), 64), maxPlain)
	for {
		out := make([]byte, size)
		n, err := lz4.UncompressBlock(b, out)
		if err == nil {
			return out[:n], nil
		}
		// A byte of a block stands for at most 255.
		if size >= maxPlain || size >= 256*len(b)+64 {
			return nil, err
		}
		size = min(size*4, maxPlain)
	}
}
