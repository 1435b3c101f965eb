package borg

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/spoor-scan/spoor/scanners"
)

// spoolBlock is how many bytes a spool writes at once.
const spoolBlock = 1 << 20

// A spool keeps what is known of files in an unlinked temporary file: some 100
// bytes and the length of its path for each. It is written by one goroutine, and
// read by any number thereafter.
type spool struct {
	file *os.File
	buf  []byte // not yet written
	size int64  // what is written
}

// where is a place in a spool, of 48 bits.
type where struct {
	low  uint32
	high uint16
}

func (w where) offset() int64 { return int64(w.high)<<32 | int64(w.low) }

// add writes a record.
func (s *spool) add(b []byte) (where, error) {
	if s.file == nil {
		var err error
		if s.file, err = tempFile(); err != nil {
			return where{}, err
		}
	}
	at := s.size + int64(len(s.buf))
	s.buf = binary.AppendUvarint(s.buf, uint64(len(b)))
	s.buf = append(s.buf, b...)
	if len(s.buf) >= spoolBlock {
		if err := s.flush(); err != nil {
			return where{}, err
		}
	}
	return where{uint32(at), uint16(at >> 32)}, nil
}

func (s *spool) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	if _, err := s.file.WriteAt(s.buf, s.size); err != nil {
		return fmt.Errorf("borg: write a temporary file: %w", err)
	}
	s.size += int64(len(s.buf))
	s.buf = s.buf[:0]
	return nil
}

// get reads a record.
func (s *spool) get(w where) ([]byte, error) {
	at := w.offset()
	if at >= s.size { // while it is written
		b := s.buf[at-s.size:]
		n, k := binary.Uvarint(b)
		return b[k:][:n], nil
	}
	b := make([]byte, 512)
	got, _ := s.file.ReadAt(b, at)
	n, k := binary.Uvarint(b[:got])
	if k <= 0 {
		return nil, fmt.Errorf("borg: read a temporary file: at %d of %d", at, s.size)
	}
	if uint64(got-k) >= n {
		return b[k:][:n], nil
	}
	b = make([]byte, n)
	if _, err := s.file.ReadAt(b, at+int64(k)); err != nil {
		return nil, fmt.Errorf("borg: read a temporary file: %w", err)
	}
	return b, nil
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// appendItem appends what is known of an item beside its content.
func appendItem(b []byte, it *item) []byte {
	bytes := func(v []byte) {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	b = binary.AppendUvarint(b, uint64(it.mode))
	b = binary.AppendVarint(b, it.mtime)
	bytes(it.path)
	bytes(it.source)
	bytes(it.user)
	bytes(it.group)
	b = binary.AppendUvarint(b, uint64(len(it.more)))
	for _, f := range it.more {
		bytes([]byte(f.Name))
		bytes([]byte(f.Value))
	}
	return b
}

// decodeItem undoes appendItem. The item holds parts of b.
func decodeItem(b []byte) *item {
	number := func() uint64 {
		n, k := binary.Uvarint(b)
		b = b[max(k, 0):]
		return n
	}
	bytes := func() []byte {
		n := min(number(), uint64(len(b)))
		v := b[:n:n]
		b = b[n:]
		return v
	}
	it := &item{mode: int64(number())}
	var k int
	it.mtime, k = binary.Varint(b)
	b = b[max(k, 0):]
	it.path, it.source, it.user, it.group = bytes(), bytes(), bytes(), bytes()
	for n := number(); n > 0 && len(b) > 0; n-- {
		it.more = append(it.more, scanners.Field{Name: string(bytes()), Value: string(bytes())})
	}
	return it
}

// A piece is a chunk of a content.
type piece struct{ number, size uint32 }

// appendPieces appends the pieces of a content.
func appendPieces(b []byte, replaced bool, pieces []piece) []byte {
	flag := byte(0)
	if replaced {
		flag = 1
	}
	b = append(b, flag)
	for _, p := range pieces {
		b = binary.LittleEndian.AppendUint32(b, p.number)
		b = binary.LittleEndian.AppendUint32(b, p.size)
	}
	return b
}

func decodePieces(b []byte) (pieces []piece, replaced bool) {
	if len(b) == 0 {
		return nil, false
	}
	replaced, b = b[0] == 1, b[1:]
	pieces = make([]piece, 0, len(b)/8)
	for ; len(b) >= 8; b = b[8:] {
		pieces = append(pieces, piece{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])})
	}
	return pieces, replaced
}

func sizeOf(pieces []piece) (n int64) {
	for _, p := range pieces {
		n += int64(p.size)
	}
	return n
}
