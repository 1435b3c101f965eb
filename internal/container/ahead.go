package container

import (
	"context"
	"io"
	"sync"

	"github.com/spoor-scan/spoor/scanners"
)

// Ahead returns a reader that reads r in a goroutine of its own, up to so many
// blocks of size bytes ahead. The goroutine ends when r does, when ctx does, or
// at Close, which waits for it: a Read of r that is under way is not
// interrupted. Once closed, r is the caller's again, but its position isn't
// known. A panic in r's Read is returned as a *scanners.Gap.
func Ahead(ctx context.Context, r io.Reader, blocks, size int) io.ReadCloser {
	a := &ahead{
		ctx:  ctx,
		full: make(chan block, blocks),
		free: make(chan []byte, blocks),
		quit: make(chan struct{}),
		done: make(chan struct{}),
	}
	for range blocks {
		a.free <- nil
	}
	go a.run(r, size)
	return a
}

type block struct {
	buf []byte
	err error
}

type ahead struct {
	ctx  context.Context
	full chan block
	free chan []byte
	quit chan struct{} // closed by Close
	done chan struct{} // closed when the goroutine has ended
	once sync.Once

	cur  block
	rest []byte // of cur.buf
}

func (a *ahead) run(r io.Reader, size int) {
	defer close(a.done)
	for {
		var buf []byte
		select {
		case <-a.quit:
			return
		default:
		}
		select {
		case buf = <-a.free:
		case <-a.quit:
			return
		case <-a.ctx.Done():
			return
		}
		if buf == nil {
			buf = make([]byte, size)
		}
		n, err := fill(r, buf)
		// There is room: as many blocks are under way as full can hold.
		a.full <- block{buf[:n], err}
		if err != nil {
			return
		}
	}
}

// fill is readFull for a reader that may panic.
func fill(r io.Reader, buf []byte) (n int, err error) {
	defer func() {
		if recover() != nil {
			err = &scanners.Gap{Reason: scanners.Failed, Detail: "the decoder failed"}
		}
	}()
	return readFull(r, buf)
}

// readFull reads r until buf is full or there is an error, which is r's own:
// unlike that of io.ReadFull, it tells an end from one that was not expected.
func readFull(r io.Reader, buf []byte) (n int, err error) {
	for idle := 0; n < len(buf) && err == nil; {
		var m int
		m, err = r.Read(buf[n:])
		n += m
		if m > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

func (a *ahead) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(a.rest) == 0 {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.buf != nil {
			a.free <- a.cur.buf[:cap(a.cur.buf)]
			a.cur.buf = nil
		}
		select {
		case <-a.quit:
			return 0, io.ErrClosedPipe
		default:
		}
		select {
		case a.cur = <-a.full:
			a.rest = a.cur.buf
		case <-a.ctx.Done():
			return 0, a.ctx.Err()
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the goroutine. It always returns nil.
func (a *ahead) Close() error {
	a.once.Do(func() { close(a.quit) })
	<-a.done
	return nil
}

// A large stream is read ahead by aheadBlocks blocks of aheadSize bytes once
// aheadAfter bytes of it have been read: small ones don't pay for a goroutine.
const (
	aheadAfter  = 1 << 20
	aheadBlocks = 32
	aheadSize   = 128 << 10
)

// later is Ahead for streams whose size isn't known.
type later struct {
	ctx context.Context
	r   io.Reader
	n   int
	a   io.ReadCloser
}

func (l *later) Read(p []byte) (int, error) {
	if l.a != nil {
		return l.a.Read(p)
	}
	if l.n >= aheadAfter {
		l.a = Ahead(l.ctx, l.r, aheadBlocks, aheadSize)
		return l.a.Read(p)
	}
	n, err := l.r.Read(p)
	l.n += n
	return n, err
}

func (l *later) close() {
	if l.a != nil {
		l.a.Close()
	}
}
