package testenv

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Proxy passes TCP connections on to a server, and can fail as networks do.
// Its methods may be called at any time, concurrently.
type Proxy struct {
	target   string
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	left  int64         // bytes that may still come from the server; negative: any number
	cut   bool          // left is used up
	gate  chan struct{} // not nil: bytes wait until it is closed
	done  chan struct{} // closed at the end
	bytes atomic.Int64
}

// NewProxy listens on a port of 127.0.0.1 and passes every connection on to
// target, a host and port. It ends with the test, and leaves no goroutine then.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: target, listener: l, conns: map[net.Conn]struct{}{}, left: -1, done: make(chan struct{})}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		close(p.done)
		_ = l.Close()
		p.mu.Lock()
		p.cutLocked()
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

// Addr returns the host and port on which the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// CutAfter passes n more bytes that come from the server, and then closes every
// connection and resets each new one. A negative n passes all, as at the beginning.
func (p *Proxy) CutAfter(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.cut = n, false
	if n == 0 {
		p.cutLocked()
	}
}

// Stall stops passing bytes, in both directions, without closing anything; new
// connections are accepted and get nothing. Stall(false) goes on.
func (p *Proxy) Stall(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.gate == nil:
		p.gate = make(chan struct{})
	case !on && p.gate != nil:
		close(p.gate)
		p.gate = nil
	}
}

// Bytes returns how many bytes came from the server so far.
func (p *Proxy) Bytes() int64 { return p.bytes.Load() }

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.add(c) {
			p.wg.Go(func() { p.serve(c) })
		}
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer p.drop(client)
	server, err := net.DialTimeout("tcp", p.target, 10*time.Second)
	if err != nil || !p.add(server) {
		return
	}
	defer p.drop(server)
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, false) })
	both.Go(func() { p.pass(client, server, true) })
	both.Wait()
}

// pass copies until one side ends, and passes that end on.
func (p *Proxy) pass(dst, src net.Conn, fromServer bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if !p.wait() {
			return
		}
		over := false
		if fromServer {
			n, over = p.spend(n)
		}
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				reset(src)
				return
			}
		}
		if over {
			p.mu.Lock()
			p.cutLocked()
			p.mu.Unlock()
			return
		}
		if err != nil {
			if c, ok := dst.(*net.TCPConn); ok && err == io.EOF {
				_ = c.CloseWrite()
			} else {
				reset(dst)
			}
			return
		}
	}
}

// wait returns when bytes may pass, and false at the end of the proxy.
func (p *Proxy) wait() bool {
	p.mu.Lock()
	gate := p.gate
	p.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-p.done:
			return false
		}
	}
	return true
}

// spend takes n bytes off those left. It returns how many may pass, and whether
// they are the last.
func (p *Proxy) spend(n int) (pass int, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left >= 0 {
		if int64(n) >= p.left {
			n, over = int(p.left), true
		}
		p.left -= int64(n)
	}
	p.bytes.Add(int64(n))
	return n, over
}

// add remembers an open connection, or resets it when all are cut.
func (p *Proxy) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		reset(c)
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	_ = c.Close()
}

// cutLocked resets all connections; those that wait for the gate end when they
// find theirs closed.
func (p *Proxy) cutLocked() {
	p.cut = true
	for c := range p.conns {
		// Not reset: the bytes before the cut are to arrive.
		_ = c.Close()
	}
}

// reset closes with a RST, so that the peer sees an error instead of an end.
func reset(c net.Conn) {
	if tc, ok := c.(*net.TCPConn); ok {
		_ = tc.SetLinger(0)
	}
	_ = c.Close()
}
