package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A network is the HTTP client of a source. No wait in it is without a limit,
// and its connections end with it.
type network struct {
	client *http.Client
	tr     *http.Transport
	limit  time.Duration // of the server's silence

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

var errClosed = errors.New("the source is closed")

// maxListing is the longest answer that is taken, beside the content of
// objects. A page of 1000 keys of the greatest length, encoded, takes about 4 MiB.
const maxListing = 5 << 20

func newNetwork(tr *http.Transport, connections int, limit time.Duration) *network {
	n := &network{tr: tr, limit: limit, conns: map[*conn]struct{}{}}
	if tr.TLSClientConfig == nil {
		tr.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	dial := net.Dialer{Timeout: min(limit, 10*time.Second), KeepAlive: 30 * time.Second}
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return n.add(c)
	}
	tr.TLSHandshakeTimeout = limit
	tr.Protocols = new(http.Protocols) // deadlines are kept per connection, so no HTTP/2
	tr.Protocols.SetHTTP1(true)
	tr.TLSNextProto = nil
	tr.TLSClientConfig.NextProtos = nil
	tr.MaxConnsPerHost = connections
	tr.MaxIdleConnsPerHost = connections
	tr.IdleConnTimeout = limit
	tr.DisableCompression = true // stored bytes are what counts
	tr.MaxResponseHeaderBytes = 1 << 20
	n.client = &http.Client{Transport: tr, CheckRedirect: redirect}
	return n
}

// redirect follows what Amazon answers for new buckets, and nothing else: a 301
// says that the region is another one, which call deals with.
func redirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > 3:
		return http.ErrUseLastResponse
	case req.Response.StatusCode == http.StatusTemporaryRedirect, req.Response.StatusCode == http.StatusPermanentRedirect:
		return nil
	}
	return http.ErrUseLastResponse
}

// Do implements s3.HTTPClient.
func (n *network) Do(req *http.Request) (*http.Response, error) {
	resp, err := n.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusPartialContent {
		resp.Body = &limited{resp.Body, maxListing}
	}
	return resp, nil
}

func (n *network) close() {
	n.mu.Lock()
	n.closed = true
	for c := range n.conns {
		_ = c.Conn.Close()
	}
	n.mu.Unlock()
	n.tr.CloseIdleConnections()
}

func (n *network) add(nc net.Conn) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		_ = nc.Close()
		return nil, errClosed
	}
	c := &conn{nc, n}
	n.conns[c] = struct{}{}
	return c, nil
}

// A conn limits how long the other side may be silent.
type conn struct {
	net.Conn
	n *network
}

func (c *conn) Read(p []byte) (int, error) {
	_ = c.SetReadDeadline(time.Now().Add(c.n.limit))
	return c.Conn.Read(p)
}

// Write also starts the wait for the answer anew: a read of a connection that
// was idle is already under way.
func (c *conn) Write(p []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(c.n.limit))
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	c.n.mu.Lock()
	delete(c.n.conns, c)
	c.n.mu.Unlock()
	return c.Conn.Close()
}

var errTooLong = errors.New("the answer is too long")

type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	return n, err
}
