package mysql

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// A wire is the network connection of a driver's connection. It remembers that a
// wait for the server has timed out, of which the driver tells as of a connection
// that was lost.
//
// It also hands the driver no byte beyond the packet that it is reading
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html),
// so that the rows of a result can be read past it: the driver makes a value of
// its own of each cell, which costs more than all that is done with it here. An
// encrypted connection is the driver's alone.
type wire struct {
	net.Conn
	timeout time.Duration // of one wait
	silent  atomic.Bool

	begun  bool   // the client has written
	sealed bool   // TLS: what passes are no packets
	buf    []byte // read from the server
	pos    int    // of the next byte in buf
	left   int    // bytes of the packet that the driver is reading
	head   int    // bytes of its header that are still to come
	size   [4]byte
}

type wireKey struct{}

// dial connects the wire that Connect has put into ctx.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	w, ok := ctx.Value(wireKey{}).(*wire)
	if err != nil || !ok {
		return c, err
	}
	w.Conn, w.head = c, 4
	return w, nil
}

// wireBuffer is how much is read from the network at once, in bytes.
const wireBuffer = 128 << 10

func (w *wire) Read(b []byte) (int, error) {
	if w.sealed {
		n, err := w.Conn.Read(b)
		w.note(err)
		return n, err
	}
	if len(b) == 0 {
		return 0, nil
	}
	if w.pos == len(w.buf) {
		if w.buf == nil {
			w.buf = make([]byte, 0, 4<<10)
		}
		n, err := w.Conn.Read(w.buf[:cap(w.buf)])
		w.note(err)
		w.buf, w.pos = w.buf[:n], 0
		if n == 0 {
			return 0, err
		}
	}
	n := 0
	if w.left == 0 {
		n = copy(b[:min(len(b), w.head)], w.buf[w.pos:])
		copy(w.size[4-w.head:], b[:n])
		w.pos += n
		if w.head -= n; w.head > 0 {
			return n, nil
		}
		w.head, w.left = 4, length24(w.size[:])
	}
	m := copy(b[n:min(len(b), n+w.left)], w.buf[w.pos:])
	w.pos, w.left = w.pos+m, w.left-m
	return n + m, nil
}

func length24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func (w *wire) Write(b []byte) (int, error) {
	if !w.begun {
		w.begun = true
		// A request for TLS is 32 bytes long, in which the answer to the
		// server's greeting does not fit.
		w.sealed = len(b) == 36 && b[0] == 32 && b[1] == 0 && b[2] == 0
	}
	n, err := w.Conn.Write(b)
	w.note(err)
	return n, err
}

func (w *wire) note(err error) {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		w.silent.Store(true)
	}
}

// SyscallConn lets the driver see whether an idle connection has been closed.
func (w *wire) SyscallConn() (syscall.RawConn, error) {
	if c, ok := w.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// need makes n bytes of the server's be in buf, from pos on.
func (w *wire) need(n int) error {
	if len(w.buf)-w.pos >= n {
		return nil
	}
	if max(n, wireBuffer) > cap(w.buf) {
		w.buf = append(make([]byte, 0, max(n, wireBuffer)), w.buf[w.pos:]...)
	} else {
		w.buf = w.buf[:copy(w.buf[:cap(w.buf)], w.buf[w.pos:])]
	}
	w.pos = 0
	for len(w.buf) < n {
		if err := w.SetReadDeadline(time.Now().Add(w.timeout)); err != nil {
			return err
		}
		m, err := w.Conn.Read(w.buf[len(w.buf):cap(w.buf)])
		w.note(err)
		w.buf = w.buf[:len(w.buf)+m]
		if err != nil && len(w.buf) < n {
			return err
		}
	}
	return nil
}

const fullPacket = 1<<24 - 1

// row returns the next packet of a result, and whether it is a row; else the
// driver is given it. It is valid until the next call.
func (w *wire) row(scratch []byte) (packet, used []byte, isRow bool, err error) {
	if err := w.need(4); err != nil {
		return nil, scratch, false, err
	}
	n := length24(w.buf[w.pos:])
	if err := w.need(4 + n); err != nil {
		return nil, scratch, false, err
	}
	packet = w.buf[w.pos+4 : w.pos+4+n]
	if n == 0 || n < fullPacket && (packet[0] == 0xfe || packet[0] == 0xff) {
		// To the driver, it is the first after those that it has seen.
		w.buf[w.pos+3] = w.size[3] + 1
		return nil, scratch, false, nil
	}
	w.pos += 4 + n
	if n < fullPacket {
		return packet, scratch, true, nil
	}
	scratch = append(scratch[:0], packet...)
	for n == fullPacket {
		if err := w.need(4); err != nil {
			return nil, scratch, false, err
		}
		n = length24(w.buf[w.pos:])
		if err := w.need(4 + n); err != nil {
			return nil, scratch, false, err
		}
		if len(scratch)+n > 1<<30 {
			return nil, scratch, false, driver.ErrMalformPkt
		}
		scratch = append(scratch, w.buf[w.pos+4:w.pos+4+n]...)
		w.pos += 4 + n
	}
	return scratch, scratch, true, nil
}

// split takes a row of the text protocol apart
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html).
func split(packet []byte, cells []sql.RawBytes) bool {
	for i := range cells {
		if len(packet) == 0 {
			return false
		}
		n, head := uint64(packet[0]), 1
		switch {
		case n < 0xfb:
		case n == 0xfb:
			cells[i], packet = nil, packet[1:]
			continue
		case n == 0xfc && len(packet) >= 3:
			n, head = uint64(binary.LittleEndian.Uint16(packet[1:])), 3
		case n == 0xfd && len(packet) >= 4:
			n, head = uint64(length24(packet[1:])), 4
		case n == 0xfe && len(packet) >= 9:
			n, head = binary.LittleEndian.Uint64(packet[1:]), 9
		default:
			return false
		}
		if n > uint64(len(packet)-head) {
			return false
		}
		cells[i], packet = packet[head:head+int(n):head+int(n)], packet[head+int(n):]
	}
	return len(packet) == 0
}

// rowsPast is rows, past the driver. broken says that the connection is of no
// further use.
func (c *conn) rowsPast(ctx context.Context, q string, row func([]sql.RawBytes) error) (columns []string, broken bool, err error) {
	r, err := c.driverConn.QueryContext(ctx, q, nil)
	if err != nil {
		return nil, false, c.why(err)
	}
	defer func() {
		if broken {
			// Otherwise closing would read the result to its end.
			_ = c.wire.Close()
		}
		_ = r.Close()
	}()
	columns = slices.Clone(r.Columns())
	if len(columns) == 0 {
		return columns, false, nil
	}
	if c.wire.left > 0 || c.wire.head != 4 {
		return columns, true, driver.ErrPktSync // the driver reads whole packets
	}
	cells := make([]sql.RawBytes, len(columns))
	var scratch []byte
	for {
		var packet []byte
		var is bool
		packet, scratch, is, err = c.wire.row(scratch)
		switch {
		case err != nil:
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				err = driver.ErrInvalidConn
			}
			return columns, true, c.lost(err)
		case !is:
			// The end of the result, or an error.
			if err := r.Next(make([]sqldriver.Value, len(columns))); err != io.EOF {
				return columns, serverError(err) == 0, c.why(err)
			}
			return columns, false, nil
		case !split(packet, cells):
			return columns, true, driver.ErrMalformPkt
		}
		if err := row(cells); err != nil {
			return columns, true, err
		}
	}
}

// lost tells why a connection ended in the middle of a result.
func (c *conn) lost(err error) error {
	if c.wire.silent.Load() {
		return errSilent
	}
	return driver.ErrInvalidConn
}
