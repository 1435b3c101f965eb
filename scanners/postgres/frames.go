package postgres

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"
)

// frames is what the driver reads from the server. While rows is set it keeps the
// rows of results to itself and hands them on there: the driver takes each in
// several steps, which cost more than most of what is done with a row here. All
// other messages, and the first and last of a result among them, are the driver's.
// See https://www.postgresql.org/docs/current/protocol-message-formats.html.
type frames struct {
	r    io.Reader
	rows func(cells [][]byte) error

	buf   []byte // read from the server
	pos   int    // of the next byte in buf
	left  int    // bytes of the message that the driver is reading
	cells [][]byte
	err   error // what rows returned
}

var errFrame = errors.New("postgres: a message of the server is malformed")

const (
	frameHead   = 5 // the type and the length, which counts itself
	frameBuffer = 128 << 10
	dataRow     = 'D'
	maxMessage  = 1<<30 + 1<<16 // of a server: a row has up to 1 GiB
)

func (f *frames) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if f.left == 0 {
		for {
			if err := f.need(frameHead); err != nil {
				return 0, err
			}
			size := int(binary.BigEndian.Uint32(f.buf[f.pos+1:])) + 1
			if f.buf[f.pos] != dataRow || f.rows == nil {
				f.left = max(size, frameHead) // the driver refuses a wrong length
				break
			}
			if size < frameHead+2 || size > maxMessage {
				return 0, errFrame
			}
			if err := f.need(size); err != nil {
				return 0, err
			}
			row := f.buf[f.pos+frameHead : f.pos+size]
			f.pos += size
			if err := f.split(row); err != nil {
				return 0, err
			}
			if f.err = f.rows(f.cells); f.err != nil {
				return 0, f.err
			}
		}
	}
	if f.pos == len(f.buf) {
		if err := f.need(1); err != nil {
			return 0, err
		}
	}
	n := copy(b[:min(len(b), f.left)], f.buf[f.pos:])
	f.pos, f.left = f.pos+n, f.left-n
	return n, nil
}

// need makes n bytes of the server's be in buf, from pos on. Memory for them is
// taken as they come.
func (f *frames) need(n int) error {
	if len(f.buf)-f.pos >= n {
		return nil
	}
	rest := f.buf[f.pos:]
	switch c := cap(f.buf); {
	case c < frameBuffer, c > 16*frameBuffer && n <= frameBuffer && len(rest) <= frameBuffer: // the first, or behind a long row
		f.buf = append(make([]byte, 0, frameBuffer), rest...)
	default:
		f.buf = f.buf[:copy(f.buf[:c], rest)]
	}
	f.pos = 0
	for len(f.buf) < n {
		if len(f.buf) == cap(f.buf) {
			f.buf = slices.Grow(f.buf, min(n, 2*cap(f.buf))-len(f.buf))
		}
		m, err := f.r.Read(f.buf[len(f.buf):cap(f.buf)])
		f.buf = f.buf[:len(f.buf)+m]
		if err != nil && len(f.buf) < n {
			if err == io.EOF && len(f.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// split takes the cells of a row apart; those that are NULL are nil.
func (f *frames) split(row []byte) error {
	n := int(binary.BigEndian.Uint16(row))
	row = row[2:]
	cells := f.cells[:0]
	for range n {
		if len(row) < 4 {
			return errFrame
		}
		size := int(int32(binary.BigEndian.Uint32(row)))
		row = row[4:]
		if size == -1 {
			cells = append(cells, nil)
			continue
		}
		if size < 0 || size > len(row) {
			return errFrame
		}
		cells = append(cells, row[:size:size])
		row = row[size:]
	}
	f.cells = cells
	if len(row) > 0 {
		return errFrame
	}
	return nil
}

// past calls row for each row of the result that r is about to read. Its cells
// are valid during the call. Where it returns an error that is what the driver
// meets, so that the connection is closed.
func (f *frames) past(r interface{ NextRow() bool }, row func(cells [][]byte) error) error {
	f.rows, f.err = row, nil
	defer func() { f.rows = nil }()
	for r.NextRow() {
		// None gets here.
	}
	return f.err
}

// frontend is how the driver makes its end of a connection, of which it may try
// several.
func (f *frames) frontend(r io.Reader, w io.Writer) *pgproto3.Frontend {
	*f = frames{r: r}
	return pgproto3.NewFrontend(f, w)
}
