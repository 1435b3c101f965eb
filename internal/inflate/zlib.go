package inflate

import (
	"bufio"
	"encoding/binary"
	"hash"
	"hash/adler32"
	"io"
)

// NewZlib returns a reader of the stream of RFC 1950 that r starts with. It
// fails where that needs a dictionary, or is none. The reader may read on behind
// the stream; it fails with ErrChecksum at the end of what was compressed from
// something else.
func NewZlib(r io.Reader) (io.Reader, error) {
	z := &zlibReader{br: bufio.NewReaderSize(r, 16<<10), sum: adler32.New()}
	var h [2]byte
	if _, err := io.ReadFull(z.br, h[:]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if h[0]&15 != 8 || h[0]>>4 > 7 || binary.BigEndian.Uint16(h[:])%31 != 0 || h[1]&0x20 != 0 {
		return nil, ErrHeader
	}
	z.z.Reset(z.br)
	return z, nil
}

type zlibReader struct {
	z   Reader
	br  *bufio.Reader
	sum hash.Hash32
	err error
}

func (z *zlibReader) Read(p []byte) (int, error) {
	if z.err != nil {
		return 0, z.err
	}
	n, err := z.z.Read(p)
	_, _ = z.sum.Write(p[:n]) // never fails
	if err == io.EOF {
		var tail [4]byte
		if _, err = io.ReadFull(z.br, tail[:]); err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			if err = io.EOF; binary.BigEndian.Uint32(tail[:]) != z.sum.Sum32() {
				err = ErrChecksum
			}
		}
	}
	z.err = err
	return n, err
}
