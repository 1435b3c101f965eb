package imap

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// attempts is how often a connection is tried: for about three seconds.
	attempts = 6
	// idleBytes is what a server may say without having been asked.
	idleBytes = 1 << 20
	// controlBytes is the longest answer to anything but a FETCH of content:
	// room for the names of 200,000 mailboxes or the UIDs of millions of messages.
	controlBytes = 32 << 20
	// maxLine is the longest line of a greeting.
	maxLine = 16 << 10
	// slowest is how many times the time-out a command may last in all.
	slowest = 10
)

var (
	errFlood  = errors.New("the server sends what was not asked for")
	errClosed = errors.New("imap: the source is closed")
	errMute   = fmt.Errorf("the server has stopped answering: %w", os.ErrDeadlineExceeded)
)

// A refusal is a tagged NO or BAD, without its text, which may quote content.
type refusal struct {
	op   string
	typ  goimap.StatusResponseType
	code goimap.ResponseCode
}

func (r *refusal) Error() string {
	s := r.op + ": the server refuses: " + string(r.typ)
	if r.code != "" && isCode(string(r.code)) {
		s += " [" + string(r.code) + "]"
	}
	return s
}

// isCode reports whether s looks like a response code, and not like content.
func isCode(s string) bool {
	return len(s) <= 32 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

func (r *refusal) reason() scanners.Reason {
	switch r.code {
	case goimap.ResponseCodeNonExistent, "EXPUNGEISSUED":
		return scanners.Vanished
	case goimap.ResponseCodeServerBug, goimap.ResponseCodeInUse, goimap.ResponseCodeLimit, goimap.ResponseCodeUnavailable:
		return scanners.Failed
	case goimap.ResponseCodeCorruption:
		return scanners.Corrupt
	}
	switch r.typ {
	case goimap.StatusResponseTypeBad:
		return scanners.Failed
	case goimap.StatusResponseTypeBye:
		return scanners.Offline
	}
	return scanners.Denied
}

// A breakage is the loss of a connection during an operation.
type breakage struct {
	op  string
	err error
}

func (b *breakage) Error() string { return b.op + ": " + b.err.Error() }
func (b *breakage) Unwrap() error { return b.err }

// A garble is an answer that cannot be understood. It costs the connection.
type garble struct{ op string }

func (g *garble) Error() string { return g.op + ": the server's answer is malformed" }

// An offline error says that no connection could be had.
type offline struct{ err error }

func (o *offline) Error() string { return o.err.Error() }
func (o *offline) Unwrap() error { return o.err }

// reason returns the reason of a gap that err causes.
func reason(err error) scanners.Reason {
	var r *refusal
	var g *garble
	switch {
	case errors.As(err, &r):
		return r.reason()
	case errors.As(err, &g):
		return scanners.Corrupt
	}
	return scanners.ReasonOf(err)
}

// transient reports whether it makes sense to try again.
func transient(err error) bool {
	var r *refusal
	var ne net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errClosed):
		return false
	case errors.As(err, &dns):
		return dns.IsTemporary || dns.IsTimeout
	case errors.As(err, &r):
		return r.code == goimap.ResponseCodeLimit || r.code == goimap.ResponseCodeUnavailable || r.code == goimap.ResponseCodeInUse ||
			r.typ == goimap.StatusResponseTypeBye
	}
	return errors.As(err, &ne) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE)
}

// patient returns what reports whether it makes sense to try again: a time-out
// is worth no more than one other try, since each costs all of it.
func patient() func(error) bool {
	stalls := 0
	return func(err error) bool {
		if reason(err) == scanners.Timeout {
			stalls++
		}
		return stalls <= 1 && transient(err)
	}
}

// crowded reports whether err may mean that there are too many connections.
func crowded(err error) bool {
	var r *refusal
	return errors.As(err, &r) && transient(err)
}

// A conn is a connection that keeps its own limits, since the client library
// knows no context and waits for ever. While it is armed each silence, the
// whole operation and the number of bytes are limited.
type conn struct {
	net.Conn
	timeout time.Duration
	pre     []byte // to be read first; of the reader alone
	frame   framer // of the reader alone

	mu     sync.Mutex
	armed  bool
	end    time.Time
	left   int64
	err    error // the first that a Read or Write ended with
	filter *listFilter
	tail   []byte // what the last filter had not yet decided about
}

func (c *conn) arm(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.armed, c.left, c.end = true, bytes, now.Add(slowest*c.timeout)
	_ = c.Conn.SetReadDeadline(now.Add(c.timeout))
}

func (c *conn) disarm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed, c.left = false, idleBytes
	_ = c.Conn.SetReadDeadline(time.Time{})
}

// filterLists sets the filter of what is read, nil for none.
func (c *conn) filterLists(f *listFilter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.filter != nil {
		c.tail = append(c.tail, c.filter.buf...)
	}
	c.filter = f
}

// fail ends the connection for a reason that was found above it.
func (c *conn) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	_ = c.Conn.Close()
}

func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *conn) Read(b []byte) (int, error) {
	for {
		if len(c.pre) > 0 {
			n := copy(b, c.pre)
			c.pre = c.pre[n:]
			return n, nil
		}
		n, err := c.read(b)
		// The library is always reading: what comes is only to be filtered if
		// it still is when it arrives.
		c.mu.Lock()
		if c.filter == nil && len(c.tail) == 0 || n == 0 {
			c.mu.Unlock()
			return n, err
		}
		c.pre, c.tail = append(c.tail, b[:n]...), nil
		if c.filter != nil {
			c.pre = c.filter.feed(c.pre)
		}
		c.mu.Unlock()
		if err != nil && len(c.pre) == 0 {
			return 0, err
		}
	}
}

func (c *conn) read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.frame.feed(b[:n]) {
		n, err = 0, errFlood
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left -= int64(n)
	if c.left < 0 && err == nil {
		err = errFlood
	}
	if c.armed && err == nil {
		t := time.Now().Add(c.timeout)
		if t.After(c.end) {
			t = c.end
		}
		_ = c.Conn.SetReadDeadline(t)
	}
	if err != nil && c.err == nil {
		c.err = err
		if err == io.EOF {
			c.err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	_ = c.Conn.SetWriteDeadline(time.Now().Add(c.timeout))
	n, err := c.Conn.Write(b)
	if err != nil {
		c.mu.Lock()
		if c.err == nil {
			c.err = err
		}
		c.mu.Unlock()
	}
	return n, err
}

// The library's own deadlines would undo those above.
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// dial connects, up to the server's greeting, with TLS as configured. The
// greeting is handed on to the client through conn.pre.
func (p *place) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", p.addr())
	if err != nil {
		return nil, &breakage{"connect", err}
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	c, err := p.greet(ctx, nc)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = nc.Close()
		if ctx.Err() != nil {
			err = &breakage{"connect", context.Cause(ctx)}
		}
		return nil, err
	}
	return c, nil
}

func (p *place) greet(ctx context.Context, nc net.Conn) (*conn, error) {
	if p.tls == "implicit" {
		return p.handshake(ctx, nc, nil)
	}
	br := bufio.NewReaderSize(nc, maxLine)
	greeting, err := readLine(br)
	if err != nil {
		return nil, &breakage{"greeting", err}
	}
	upper := strings.ToUpper(greeting)
	switch {
	case spins([]byte(greeting)):
		return nil, &garble{"greeting"}
	case strings.HasPrefix(upper, "* BYE"):
		return nil, &refusal{op: "greeting", typ: goimap.StatusResponseTypeBye}
	case !strings.HasPrefix(upper, "* OK"):
		return nil, errors.New("greeting: this is no IMAP server that asks for a login")
	}
	caps := upper
	if !strings.Contains(upper, "[CAPABILITY ") {
		if caps, err = command(nc, br, "A0 CAPABILITY"); err != nil {
			return nil, err
		}
	}
	words := strings.FieldsFunc(caps, func(r rune) bool { return strings.ContainsRune(" []\r\n", r) })
	has := func(c string) bool {
		for _, w := range words {
			if w == c {
				return true
			}
		}
		return false
	}
	if p.tls == "starttls" || p.tls == "auto" && has("STARTTLS") {
		if _, err := command(nc, br, "A1 STARTTLS"); err != nil {
			return nil, err
		}
		if br.Buffered() > 0 {
			return nil, errors.New("starttls: the server speaks before TLS has begun")
		}
		// After TLS the server does not greet again.
		return p.handshake(ctx, nc, []byte("* OK TLS\r\n"))
	}
	if ip, ok := nc.RemoteAddr().(*net.TCPAddr); p.tls == "auto" && (!ok || !ip.IP.IsLoopback()) {
		return nil, errors.New("the server offers no TLS; use imaps://, or set tls: none to send the password in the clear")
	}
	if has("LOGINDISABLED") {
		return nil, errors.New("the server allows no login without TLS; use imaps://, or set tls: starttls")
	}
	rest, _ := br.Peek(br.Buffered())
	return &conn{Conn: nc, timeout: p.timeout, left: idleBytes, pre: append([]byte(greeting+"\r\n"), rest...)}, nil
}

func (p *place) handshake(ctx context.Context, nc net.Conn, pre []byte) (*conn, error) {
	tc := tls.Client(nc, p.tlsConfig())
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &conn{Conn: tc, timeout: p.timeout, left: idleBytes, pre: pre}, nil
}

// command sends a command before the client library has the connection, and
// returns what the server says up to and including its OK, in capitals.
func command(w io.Writer, br *bufio.Reader, cmd string) (string, error) {
	tag, name, _ := strings.Cut(cmd, " ")
	op := strings.ToLower(name)
	if _, err := io.WriteString(w, cmd+"\r\n"); err != nil {
		return "", &breakage{op, err}
	}
	var all strings.Builder
	for range 100 {
		line, err := readLine(br)
		if err != nil {
			return "", &breakage{op, err}
		}
		line = strings.ToUpper(line)
		all.WriteString(line + "\n")
		if status, ok := strings.CutPrefix(line, tag+" "); ok {
			if !strings.HasPrefix(status, "OK") {
				return "", &refusal{op: op, typ: goimap.StatusResponseTypeNo}
			}
			return all.String(), nil
		}
	}
	return "", &garble{op}
}

func readLine(br *bufio.Reader) (string, error) {
	line, err := br.ReadSlice('\n')
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// A session is a connection that is logged in to an account. It is used by one
// at a time.
type session struct {
	account  string
	conn     *conn
	client   *imapclient.Client
	caps     goimap.CapSet
	mailbox  string // that is open; empty: none
	validity uint32 // of the mailbox
	messages uint32 // in the mailbox when it was opened
	dead     bool
}

// run does one operation on the connection, within its limits. An error that
// is no refusal leaves the session dead. All that f asked the library for must
// be consumed when it returns, unless the connection has ended.
func (x *session) run(ctx context.Context, op string, bytes int64, f func(c *imapclient.Client) error) error {
	stop := context.AfterFunc(ctx, func() { x.conn.fail(context.Canceled) })
	x.conn.arm(bytes)
	err := f(x.client)
	x.conn.disarm()
	if !stop() {
		x.dead = true
		return context.Cause(ctx)
	}
	if err == nil {
		return nil
	}
	var ie *goimap.Error
	if errors.As(err, &ie) {
		x.dead = x.dead || ie.Type == goimap.StatusResponseTypeBye
		return &refusal{op: op, typ: ie.Type, code: ie.Code}
	}
	x.dead = true
	switch err := x.conn.failure(); {
	case err == nil, err == errFlood:
		return &garble{op}
	default:
		return &breakage{op, err}
	}
}

// examine opens a mailbox for reading only. A validity of 0 takes any.
func (x *session) examine(ctx context.Context, mailbox string, validity uint32) error {
	if x.mailbox != mailbox {
		x.mailbox = ""
		var data *goimap.SelectData
		err := x.run(ctx, "examine mailbox", controlBytes, func(c *imapclient.Client) (err error) {
			data, err = c.Select(mailbox, &goimap.SelectOptions{ReadOnly: true}).Wait()
			return err
		})
		if err != nil {
			return x.absent(ctx, mailbox, err)
		}
		x.mailbox, x.validity, x.messages = mailbox, data.UIDValidity, data.NumMessages
	}
	if validity != 0 && x.validity != validity {
		return &scanners.Gap{Reason: scanners.Vanished, Detail: "examine mailbox: its UIDVALIDITY has changed: the messages were renumbered or replaced"}
	}
	return nil
}

// absent looks whether EXAMINE was refused because there is no such mailbox,
// which not all servers say by a code.
func (x *session) absent(ctx context.Context, mailbox string, err error) error {
	var r *refusal
	if !errors.As(err, &r) || r.code != "" || r.typ != goimap.StatusResponseTypeNo {
		return err
	}
	row, lerr := x.find(ctx, mailbox)
	if lerr == nil && (row == nil || hasAttr(row.Attrs, goimap.MailboxAttrNonExistent)) {
		r.code = goimap.ResponseCodeNonExistent
	}
	return err
}

// find lists one mailbox; nil: there is none of this name.
func (x *session) find(ctx context.Context, mailbox string) (*goimap.ListData, error) {
	var row *goimap.ListData
	err := x.run(ctx, "list mailboxes", controlBytes, func(c *imapclient.Client) error {
		l, err := c.List("", mailbox, nil).Collect()
		for _, r := range l {
			if r.Mailbox == mailbox { // a name may hold wildcards
				row = r
			}
		}
		return err
	})
	return row, err
}

func (x *session) close() {
	_ = x.conn.Close()
	// Wait for the library's reader, so that it does not outlive the source.
	<-x.client.Closed()
}

// gone reports whether the connection has ended.
func (x *session) gone() bool {
	select {
	case <-x.client.Closed():
		return true
	default:
		return false
	}
}

// connect makes a session.
func (p *place) connect(ctx context.Context, account string) (*session, error) {
	c, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	x := &session{account: account, conn: c, client: imapclient.New(c, nil)}
	err = x.run(ctx, "greeting", idleBytes, func(c *imapclient.Client) error {
		if err := c.WaitGreeting(); err != nil {
			return err
		}
		x.caps = c.Caps()
		return nil
	})
	if err == nil {
		err = x.run(ctx, "log in", idleBytes, func(c *imapclient.Client) error {
			if x.caps.Has(goimap.CapLoginDisabled) {
				return c.Authenticate(sasl.NewPlainClient("", p.login(account), p.password.Reveal()))
			}
			return c.Login(p.login(account), p.password.Reveal()).Wait()
		})
	}
	if err == nil {
		// Capabilities may change by logging in.
		err = x.run(ctx, "capability", idleBytes, func(c *imapclient.Client) error {
			x.caps = c.Caps()
			return nil
		})
	}
	if err == nil && x.caps == nil {
		err = &garble{"capability"}
	}
	if err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// A pool keeps the sessions of a source. A token is held for each that is in
// use; those in use and the idle ones together never exceed the number of tokens.
type pool struct {
	tokens chan struct{}

	mu     sync.Mutex
	gates  map[string]chan struct{} // of mailboxes, see enter
	idle   []*session               // the longest unused one first
	busy   map[*session]bool
	closed bool
	down   time.Time // when the server was last given up

	stalls       int       // time-outs in succession, without a thing done between them
	since, until time.Time // of the first of stalls; the last
}

// note takes the result of an operation on the server.
func (p *pool) note(err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || reason(err) != scanners.Timeout {
		p.stalls = 0
		return
	}
	if p.stalls == 0 {
		p.since = now
	}
	p.stalls++
	p.until = now
}

// mute reports whether the server is not to be asked: it has stopped answering,
// and another time-out would be spent for each part and message that is left.
// Connections side by side time out together, so that does not count until
// another time-out has passed. From time to time it is asked all the same.
func (p *pool) mute(timeout time.Duration, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stalls >= maxStalls && p.until.Sub(p.since) >= timeout && now.Sub(p.until) < 30*time.Second
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	all := p.idle
	p.idle = nil
	for x := range p.busy {
		x.conn.fail(errClosed)
	}
	p.mu.Unlock()
	for _, x := range all {
		x.close()
	}
}

// enter waits until nobody else reads a mailbox, and returns what lets others in.
// A server opens a mailbox anew for each connection (Dovecot then lists its folder
// and looks at the size of each file), which costs it more than the parts of one
// mailbox gain by being fetched side by side: while one is fetched, others are
// looked into.
func (p *pool) enter(ctx context.Context, account, mailbox string) (leave func(), err error) {
	if mailbox == "" {
		return func() {}, nil
	}
	p.mu.Lock()
	if p.gates == nil {
		p.gates = map[string]chan struct{}{}
	}
	key := account + "\x00" + mailbox
	gate := p.gates[key]
	if gate == nil {
		gate = make(chan struct{}, 1)
		if len(p.gates) >= maxGates {
			clear(p.gates) // those that wait keep theirs
		}
		p.gates[key] = gate
	}
	p.mu.Unlock()
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// maxGates bounds of how many mailboxes it is known that they are being read.
const maxGates = 10000

// get returns a session on an account, if possible one that has the mailbox
// open.
func (s *source) get(ctx context.Context, account, mailbox string) (*session, error) {
	for {
		select {
		case s.pool.tokens <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		x, err := s.take(ctx, account, mailbox)
		if err == nil {
			return x, nil
		}
		if !crowded(err) {
			<-s.pool.tokens
			return nil, err
		}
		// The server may allow fewer connections than configured: end those
		// that are not in use, and go on with those that are, if there are
		// any, by keeping the token for good.
		s.pool.mu.Lock()
		others := len(s.pool.busy) > 0
		idle := s.pool.idle
		s.pool.idle = nil
		s.pool.mu.Unlock()
		for _, x := range idle {
			x.close()
		}
		if !others {
			<-s.pool.tokens
			return nil, err
		}
	}
}

func (s *source) take(ctx context.Context, account, mailbox string) (*session, error) {
	p := &s.pool
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	best := -1
	var gone []*session
	p.idle = slices.DeleteFunc(p.idle, func(x *session) bool {
		if x.gone() {
			gone = append(gone, x)
			return true
		}
		return false
	})
	for i, x := range p.idle {
		if x.account == account && (best < 0 || x.mailbox == mailbox) {
			best = i
		}
	}
	var x *session
	if best >= 0 {
		x = p.idle[best]
		p.idle = append(p.idle[:best], p.idle[best+1:]...)
	} else if len(p.idle) > 0 && len(p.idle)+len(p.tokens) > cap(p.tokens) {
		gone = append(gone, p.idle[0])
		p.idle = p.idle[1:]
	}
	p.use(x)
	p.mu.Unlock()
	for _, x := range gone {
		x.close()
	}
	if x != nil {
		return x, nil
	}
	x, err := s.connect(ctx, account)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	closed := p.closed
	p.use(x)
	p.mu.Unlock()
	if closed {
		s.put(x)
		return nil, errClosed
	}
	return x, nil
}

func (p *pool) use(x *session) {
	if x == nil {
		return
	}
	if p.busy == nil {
		p.busy = make(map[*session]bool)
	}
	p.busy[x] = true
}

func (s *source) put(x *session) {
	p := &s.pool
	p.mu.Lock()
	delete(p.busy, x)
	keep := !x.dead && !x.gone() && !p.closed
	if keep {
		p.idle = append(p.idle, x)
	}
	p.mu.Unlock()
	if !keep {
		x.close()
	}
	<-p.tokens
}

// with runs f on a session that has a mailbox open (none where it is empty).
// Connecting and opening is tried again with back-off; what f does is not.
func (s *source) with(ctx context.Context, account, mailbox string, validity uint32, f func(x *session) error) error {
	leave, err := s.pool.enter(ctx, account, mailbox)
	if err != nil {
		return err
	}
	defer leave()
	if s.pool.mute(s.timeout, time.Now()) {
		return &offline{&breakage{"connect", errMute}}
	}
	var x *session
	n := s.attempts
	s.pool.mu.Lock()
	if time.Since(s.pool.down) < 30*time.Second {
		n = 1 // It was given up just now: do not spend the patience once per part.
	}
	s.pool.mu.Unlock()
	err = scanners.Retry(ctx, n, patient(), func(ctx context.Context) error {
		var err error
		x, err = s.get(ctx, account, mailbox)
		if err == nil && mailbox != "" {
			if err = x.examine(ctx, mailbox, validity); err != nil {
				s.put(x)
				x = nil
			}
		}
		if err != nil && ctx.Err() == nil {
			s.pool.note(err, time.Now())
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.pool.mu.Lock()
	s.pool.down = time.Time{}
	if err != nil && transient(err) {
		s.pool.down = time.Now()
	}
	s.pool.mu.Unlock()
	if err != nil {
		return &offline{err}
	}
	defer s.put(x)
	err = f(x)
	if ctx.Err() == nil {
		s.pool.note(err, time.Now())
	}
	return err
}

// ask is with for operations that can be repeated.
func (s *source) ask(ctx context.Context, account, mailbox string, validity uint32, f func(x *session) error) error {
	worth := patient()
	again := func(err error) bool {
		var off *offline
		return worth(err) && !errors.As(err, &off)
	}
	return scanners.Retry(ctx, 3, again, func(ctx context.Context) error {
		return s.with(ctx, account, mailbox, validity, f)
	})
}
