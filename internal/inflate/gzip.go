package inflate

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// ErrHeader says that data don't start as the format does, ErrChecksum that what
// they decompress to is not what was compressed.
var (
	ErrHeader   = errors.New("inflate: no header")
	ErrChecksum = errors.New("inflate: the checksum differs")
)

// maxText is how long the texts in a header may be, in bytes.
const maxText = 512

// A Gzip reads one member of a gzip file (RFC 1952). The zero value is ready
// for Reset.
type Gzip struct {
	Name, Comment string // of the header, as UTF-8

	z    Reader
	br   *bufio.Reader
	crc  uint32
	size uint32
	err  error
}

// Reset reads the header of the member that br is at. It fails with io.EOF where
// nothing follows.
func (g *Gzip) Reset(br *bufio.Reader) error {
	g.br, g.crc, g.size, g.err = br, 0, 0, nil
	g.Name, g.Comment = "", ""
	g.z.Reset(br)
	g.err = g.header()
	return g.err
}

func (g *Gzip) header() error {
	var h [10]byte
	if _, err := io.ReadFull(g.br, h[:]); err != nil {
		return err
	}
	if h[0] != 0x1f || h[1] != 0x8b || h[2] != 8 {
		return ErrHeader
	}
	sum := crc32.ChecksumIEEE(h[:])
	flags := h[3]
	read := func(p []byte) error {
		_, err := io.ReadFull(g.br, p)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		sum = crc32.Update(sum, crc32.IEEETable, p)
		return err
	}
	text := func() (string, error) {
		var s []rune // in Latin-1
		for {
			var c [1]byte
			if err := read(c[:]); err != nil {
				return "", err
			}
			if c[0] == 0 {
				return string(s), nil
			}
			if len(s) == maxText-1 {
				return "", ErrHeader
			}
			s = append(s, rune(c[0]))
		}
	}
	var two [2]byte
	var err error
	if flags&4 != 0 {
		if err := read(two[:]); err != nil {
			return err
		}
		if err := read(make([]byte, binary.LittleEndian.Uint16(two[:]))); err != nil {
			return err
		}
	}
	if flags&8 != 0 {
		if g.Name, err = text(); err != nil {
			return err
		}
	}
	if flags&16 != 0 {
		if g.Comment, err = text(); err != nil {
			return err
		}
	}
	if flags&2 != 0 {
		want := uint16(sum)
		if err := read(two[:]); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(two[:]) != want {
			return ErrHeader
		}
	}
	return nil
}

// Read is Reader.Read, and fails with ErrChecksum at the end of what was
// compressed from something else.
func (g *Gzip) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.z.Read(p)
	g.crc = crc32.Update(g.crc, crc32.IEEETable, p[:n])
	g.size += uint32(n)
	if err == io.EOF {
		var tail [8]byte
		if _, err = io.ReadFull(g.br, tail[:]); err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			if err = io.EOF; binary.LittleEndian.Uint32(tail[:]) != g.crc || binary.LittleEndian.Uint32(tail[4:]) != g.size {
				err = ErrChecksum
			}
		}
	}
	g.err = err
	return n, err
}
