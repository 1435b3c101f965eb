package restic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// A spool keeps records that are appended and read again at random: in memory up
// to a megabyte, from then on in a temporary file that is unlinked at once. It is
// appended to by one goroutine; from then on it may be read by many.
type spool struct {
	file *os.File
	size int64  // bytes that are in the file
	buf  []byte // what follows them
}

// A record of the spool is named by its offset in units of 8 bytes, which reaches
// for 32 GiB; 0 is none.
const spoolUnit = 8

var errSpool = errors.New("restic: the names of a repository take more than 32 GiB")

// add appends a record.
func (s *spool) add(rec []byte) (ref uint32, err error) {
	if s.size == 0 && len(s.buf) == 0 {
		s.buf = make([]byte, spoolUnit, 64<<10)
	}
	off := s.size + int64(len(s.buf))
	if off/spoolUnit > 1<<32-1 {
		return 0, errSpool
	}
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(rec)))
	s.buf = append(s.buf, rec...)
	for len(s.buf)%spoolUnit != 0 {
		s.buf = append(s.buf, 0)
	}
	if len(s.buf) >= 1<<20 {
		err = s.flush()
	}
	return uint32(off / spoolUnit), err
}

func (s *spool) flush() error {
	if s.file == nil {
		f, err := temporary()
		if err != nil {
			return err
		}
		s.file = f
	}
	if _, err := s.file.WriteAt(s.buf, s.size); err != nil {
		return fmt.Errorf("restic: write a temporary file: %w", err)
	}
	s.size += int64(len(s.buf))
	s.buf = s.buf[:0]
	return nil
}

// temporary makes a temporary file that has no name any more.
func temporary() (*os.File, error) {
	f, err := os.CreateTemp("", "spoor-*")
	if err != nil {
		return nil, fmt.Errorf("restic: make a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("restic: unlink a temporary file: %w", err), f.Close())
	}
	return f, nil
}

// get returns a record.
func (s *spool) get(ref uint32) ([]byte, error) {
	off := int64(ref) * spoolUnit
	if off >= s.size {
		b := s.buf[off-s.size:]
		n := binary.LittleEndian.Uint32(b)
		return b[4 : 4+n], nil
	}
	// Most records are short.
	head := make([]byte, 256)
	n, err := s.file.ReadAt(head[:min(int64(len(head)), s.size-off)], off)
	if n < 4 {
		return nil, fmt.Errorf("restic: read a temporary file: %w", err)
	}
	k := int(binary.LittleEndian.Uint32(head))
	if 4+k <= n {
		return head[4 : 4+k], nil
	}
	b := make([]byte, k)
	if _, err := s.file.ReadAt(b, off+4); err != nil {
		return nil, fmt.Errorf("restic: read a temporary file: %w", err)
	}
	return b, nil
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
