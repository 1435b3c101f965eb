package testenv

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// echo starts a server that sends back what it gets.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProxy(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("passes", func(t *testing.T) {
		p := NewProxy(t, echo(t))
		c := dial(t, p)
		sent := bytes.Repeat([]byte("0123456789"), 30_000)
		go func() {
			_, _ = c.Write(sent)
			_ = c.(*net.TCPConn).CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("got %d of %d bytes back: %v", len(got), len(sent), err)
		}
		if p.Bytes() != int64(len(sent)) {
			t.Errorf("Bytes is %d, want %d", p.Bytes(), len(sent))
		}
	})
	t.Run("cuts after so many bytes", func(t *testing.T) {
		p := NewProxy(t, echo(t))
		c := dial(t, p)
		p.CutAfter(7)
		_, _ = c.Write([]byte("0123456789"))
		got, _ := io.ReadAll(c)
		if string(got) != "0123456" {
			t.Errorf("got %q before the cut", got)
		}
		// A new connection is reset: while it is made, or when it is read.
		if c, err := net.Dial("tcp", p.Addr()); err == nil {
			if n, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("a new connection gives %d bytes", n)
			}
			_ = c.Close()
		}
		p.CutAfter(-1)
		c = dial(t, p)
		_, _ = c.Write([]byte("x"))
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Errorf("mended, but: %v", err)
		}
	})
	t.Run("stalls", func(t *testing.T) {
		p := NewProxy(t, echo(t))
		c := dial(t, p)
		p.Stall(true)
		_, _ = c.Write([]byte("x"))
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Error("a stalled connection passes bytes")
		}
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		p.Stall(false)
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Errorf("goes on, but: %v", err)
		}
	})
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}
