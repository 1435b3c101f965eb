// Package sandbox runs the decoders of complicated formats, and borrowed ones,
// in a child process of the same program: without files, without network, with
// bounded memory. What a stack overflow, an exit or a runaway allocation in one
// of them costs is a gap, not the scan.
//
// Parent and child talk through two pipes. The parent holds the content and
// answers the reads of the child, which sends back what it finds, one item after
// the other. The child is used again for the next item, until it dies.
package sandbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// Stall is how long a child may go without a sign of life before it is ended.
const Stall = 2 * time.Minute

// maxIdle is how many children are kept for later use.
const maxIdle = 8

// A Pool starts children and keeps those that live. Its methods may be called
// concurrently.
type Pool struct {
	// Path and Args start a process that calls Child. Env is its environment,
	// which holds no secrets.
	Path string
	Args []string
	Env  []string
	// Stall takes the place of the constant where it is positive.
	Stall time.Duration
	// Passwords are those of Options, for the parent has them.
	Options container.Options

	mu     sync.Mutex
	idle   []*worker
	closed bool
}

// NewPool returns a pool of children of the running program.
func NewPool(o container.Options) *Pool {
	path, args := "/proc/self/exe", []string{os.Args[0], Command}
	if _, err := os.Stat(path); err != nil {
		if path, err = os.Executable(); err != nil {
			path = os.Args[0]
		}
	}
	return &Pool{Path: path, Args: args, Options: o}
}

// Wrap returns decoders with those that are Hostile run in children.
func (p *Pool) Wrap(decoders []container.Decoder) []container.Decoder {
	out := make([]container.Decoder, len(decoders))
	for i, d := range decoders {
		if d.Hostile {
			name := d.Name
			d.Decode = func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
				return func(yield func(scanners.Item, error) bool) { p.decode(ctx, name, in, b, yield) }
			}
		}
		out[i] = d
	}
	return out
}

// Close ends the children that are idle, and those in use when they are done.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, w := range idle {
		w.end()
	}
}

func (p *Pool) get() (*worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return w, nil
	}
	return p.newWorker()
}

func (p *Pool) put(w *worker) {
	p.mu.Lock()
	if p.closed || len(p.idle) >= maxIdle {
		p.mu.Unlock()
		w.end()
		return
	}
	p.idle = append(p.idle, w)
	p.mu.Unlock()
}

// A worker is a child process.
type worker struct {
	*link
	cmd     *exec.Cmd
	in, out *os.File // the parent's ends
	errs    *os.File
	stalled atomic.Bool
}

func (p *Pool) newWorker() (w *worker, err error) {
	var files []*os.File
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	pipe := func() (r, w *os.File) {
		if err == nil {
			if r, w, err = os.Pipe(); err == nil {
				files = append(files, r, w)
			}
		}
		return r, w
	}
	inR, inW := pipe()
	outR, outW := pipe()
	errR, errW := pipe()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: p.Path, Args: p.Args, Dir: "/",
		// Without a trace, what a dying child writes fits the pipe.
		Env:   append([]string{"GOTRACEBACK=none", "GOMAXPROCS=2"}, p.Env...),
		Stdin: inR, Stdout: outW, Stderr: errW, SysProcAttr: childAttr(),
	}
	if err = cmd.Start(); err != nil {
		return nil, err
	}
	inR.Close()
	outW.Close()
	errW.Close()
	return &worker{link: newLink(outR, inW), cmd: cmd, in: inW, out: outR, errs: errR}, nil
}

// end ends a child that is idle: it goes when its input does.
func (w *worker) end() {
	w.in.Close()
	w.kill()
	w.wait()
}

func (w *worker) kill() { _ = w.cmd.Process.Kill() }

// outOfMemory reports whether a process that died said that it had no memory
// left: for the heap, for the tables of the heap, or for the stack of a thread.
func outOfMemory(words string) bool {
	for _, w := range [...]string{
		"out of memory", "cannot allocate memory", "cannot map pages", "failed to reserve page", "address space limit",
		"failed to create new OS thread", "pthread_create failed",
	} {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}

// wait reaps the child and returns what it died of, in words.
func (w *worker) wait() (scanners.Reason, string) {
	w.in.Close()
	err := w.cmd.Wait()
	said := make([]byte, 4096)
	_ = w.errs.SetReadDeadline(time.Now().Add(time.Second))
	n, _ := io.ReadFull(w.errs, said)
	w.errs.Close()
	w.out.Close()
	switch words := string(said[:n]); {
	case w.stalled.Load():
		return scanners.Timeout, "the decoder gave no sign of life and was ended"
	case outOfMemory(words):
		return scanners.TooLarge, "the decoder needed more memory than it may have"
	case strings.Contains(words, "stack exceeds"), strings.Contains(words, "stack overflow"):
		return scanners.Corrupt, "the decoder overflowed its stack"
	case strings.HasPrefix(words, "spoor: confine:"):
		return scanners.Failed, "the decoder could not be confined, and was not run"
	case err != nil:
		return scanners.Failed, "the decoder died: " + err.Error()
	}
	return scanners.Failed, "the decoder died"
}

// decode lets a child decode in.
func (p *Pool) decode(ctx context.Context, name string, in scanners.Item, b *container.Budget, yield func(scanners.Item, error) bool) {
	limits, err := b.Left()
	if err != nil {
		yield(scanners.Item{}, err)
		return
	}
	spool, err := b.Spool(ctx, in.Body)
	defer func() { _ = spool.Close() }() // valid even with an error
	if err != nil {
		if ctx.Err() != nil {
			yield(scanners.Item{}, err)
			return
		}
		f := faultOf(err)
		f.Exclusion, f.Units = false, 0
		if !yield(scanners.Item{}, f.err()) {
			return
		}
	}
	w, err := p.get()
	if err != nil {
		p.raw(spool, scanners.Failed, "no process for the decoder could be started", yield)
		return
	}
	s := &session{ctx: ctx, worker: w, spool: spool, b: b, stall: p.Stall}
	if s.stall <= 0 {
		s.stall = Stall
	}
	s.watch = time.AfterFunc(s.stall, func() {
		w.stalled.Store(true)
		w.kill()
	})
	stop := context.AfterFunc(ctx, w.kill)
	q := start{
		Decoder: name, Name: in.Name, URI: in.Ref.URI, Size: spool.Size(), Time: in.Time, Limits: limits,
		Passwords: p.Options.For(in), OCR: p.Options.OCR,
	}
	done := false
	defer func() {
		s.watch.Stop()
		stop()
		if done && ctx.Err() == nil && !w.stalled.Load() {
			p.put(w)
			return
		}
		w.kill()
		w.wait()
	}()
	if s.sendJSON(frameStart, q) == nil {
		_ = s.w.Flush() // a dead child is noticed when it is read from
	}
	var over bool
	if over, done = s.items(yield); over {
		return
	}
	if err := ctx.Err(); err != nil {
		yield(scanners.Item{}, err)
		return
	}
	w.kill()
	reason, detail := w.wait()
	p.raw(spool, reason, name+": "+detail, yield)
}

// raw yields what could not be decoded.
func (p *Pool) raw(spool *container.Spool, reason scanners.Reason, detail string, yield func(scanners.Item, error) bool) {
	if yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: detail}) {
		yield(scanners.Item{Size: spool.Size(), Body: io.NewSectionReader(spool, 0, spool.Size()), Text: true, Verbatim: true}, nil)
	}
}

// A session is the decoding of one item.
type session struct {
	*worker
	ctx   context.Context
	spool *container.Spool
	b     *container.Budget
	watch *time.Timer
	stall time.Duration
	page  []byte
	table *scanners.Table
}

// errDied stands for whatever ends the talk with a child.
var errDied = errors.New("sandbox: the decoder died")

// next returns the next frame that is not a read of the content, which it
// answers. While the consumer is busy, the child is not watched.
func (s *session) next() (kind byte, payload []byte, err error) {
	s.watch.Reset(s.stall)
	defer s.watch.Stop()
	for {
		kind, payload, err = s.receive()
		if err != nil {
			return 0, nil, errDied
		}
		if kind != frameRead {
			return kind, payload, nil
		}
		s.watch.Reset(s.stall)
		if len(payload) != 16 {
			return 0, nil, errDied
		}
		at, n := int64(binary.LittleEndian.Uint64(payload)), int64(binary.LittleEndian.Uint64(payload[8:]))
		if at < 0 || n < 0 || n > pageLen {
			return 0, nil, errDied
		}
		if s.page == nil {
			s.page = make([]byte, pageLen)
		}
		s.watch.Stop() // the content may lie far away
		m, err := s.spool.ReadAt(s.page[:n], at)
		s.watch.Reset(s.stall)
		if err != nil && err != io.EOF && m == 0 {
			err = s.sendJSON(frameFault, faultOf(err))
		} else {
			err = s.send(frameBytes, s.page[:m])
		}
		if err != nil || s.w.Flush() != nil {
			return 0, nil, errDied
		}
	}
}

// items yields what the child sends. over says that the sequence has ended, done
// that the child has, too, and is ready for more.
func (s *session) items(yield func(scanners.Item, error) bool) (over, done bool) {
	for {
		kind, payload, err := s.next()
		if err != nil {
			return false, false
		}
		switch kind {
		case frameDone:
			if len(payload) > 0 {
				var f fault
				if json.Unmarshal(payload, &f) != nil {
					return false, false
				}
				err := f.err()
				if !f.Gap && !f.Exclusion {
					err = fmt.Errorf("%w", err) // not a gap that the iteration goes on after
				}
				yield(scanners.Item{}, err)
			}
			return true, true
		case frameOther:
			var f fault
			if json.Unmarshal(payload, &f) != nil {
				return false, false
			}
			if !yield(scanners.Item{}, f.err()) {
				return true, false
			}
			continue
		case frameItem:
			var h item
			if json.Unmarshal(payload, &h) != nil {
				return false, false
			}
			if h.Step != "" {
				if err := s.b.Member(); err != nil {
					yield(scanners.Item{}, err)
					return true, false
				}
			}
			it := scanners.Item{
				Name: h.Name, Size: h.Size, Time: h.Time, Step: h.Step, Section: h.Section, Text: h.Text, Verbatim: h.Verbatim,
				Offset: h.Offset, Field: h.Field, Fragment: h.Fragment, Fields: h.Fields,
			}
			var body *body
			if h.Body {
				body = newBody(s)
				it.Body = s.b.Reader(s.ctx, body)
			}
			if !yield(it, nil) {
				return true, false
			}
			if body != nil {
				// What the consumer left counts, too.
				if _, err := io.Copy(io.Discard, it.Body); err != nil && body.err == nil {
					yield(scanners.Item{}, err)
					return true, false
				}
				if body.died {
					return false, false
				}
			}
		case frameBlock:
			b, err := s.block(payload)
			if err != nil {
				return false, false
			}
			if !yield(scanners.Item{Size: -1, Block: b}, nil) {
				return true, false
			}
		default:
			return false, false
		}
		if s.send(frameNext, nil) != nil || s.w.Flush() != nil {
			return false, false
		}
	}
}

// block receives a block, of which nothing is taken for granted.
func (s *session) block(payload []byte) (*scanners.Block, error) {
	var h block
	if json.Unmarshal(payload, &h) != nil {
		return nil, errDied
	}
	if h.Table != nil {
		s.table = h.Table
	}
	if s.table == nil || len(s.table.Columns) == 0 {
		return nil, errDied
	}
	for _, k := range s.table.Key {
		if k < 0 || k >= len(s.table.Columns) {
			return nil, errDied
		}
	}
	kind, payload, err := s.next()
	if err != nil || kind != frameCells {
		return nil, errDied
	}
	b := &scanners.Block{Table: s.table, First: h.First, Data: append([]byte(nil), payload...)}
	if err := s.b.Charge(int64(len(b.Data))); err != nil {
		return nil, errDied
	}
	kind, payload, err = s.next()
	width := 4
	if h.Nulls {
		width = 5
	}
	if err != nil || kind != frameEnds || len(payload)%width != 0 {
		return nil, errDied
	}
	n := len(payload) / width
	b.Ends = make([]uint32, n)
	last := int64(-1)
	for i := range b.Ends {
		b.Ends[i] = binary.LittleEndian.Uint32(payload[4*i:])
		if int64(b.Ends[i]) <= last || int(b.Ends[i]) >= len(b.Data) {
			return nil, errDied
		}
		last = int64(b.Ends[i])
	}
	if h.Nulls {
		b.Nulls = make([]bool, n)
		for i, null := range payload[4*n:] {
			b.Nulls[i] = null != 0
		}
	}
	ask := func(row int, hash string, n int) named {
		a := named{Origin: -1}
		raw := json.RawMessage{}
		a.Ref.Locator = &raw
		if s.sendJSON(frameRef, refRequest{row, hash, n}) != nil || s.w.Flush() != nil {
			return named{Origin: -1}
		}
		kind, payload, err := s.next()
		if err != nil || kind != frameNamed || json.Unmarshal(payload, &a) != nil {
			return named{Origin: -1}
		}
		a.Ref.Locator = nil
		if len(raw) > 0 {
			a.Ref.Locator = append(json.RawMessage(nil), raw...)
		}
		return a
	}
	b.Refs = func(row int, hash string, n int) scanners.Ref { return ask(row, hash, n).Ref }
	if h.Origin {
		b.Origin = func(row int) int64 { return ask(row, "", 1).Origin }
	}
	return b, nil
}

// A body is what the child sends of an item's content.
type body struct {
	s    *session
	left []byte
	err  error
	died bool
}

func newBody(s *session) *body { return &body{s: s} }

func (b *body) Read(p []byte) (int, error) {
	for len(b.left) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

func (b *body) fill() {
	kind, payload, err := b.s.next()
	switch {
	case err == nil && kind == frameData:
		b.left = payload
	case err == nil && kind == frameEnd && len(payload) == 0:
		b.err = io.EOF
	case err == nil && kind == frameEnd:
		var f fault
		if json.Unmarshal(payload, &f) != nil {
			b.err, b.died = errDied, true
			return
		}
		b.err = f.err()
	default:
		// What the child died of is told when the sequence ends.
		b.err, b.died = io.ErrUnexpectedEOF, true
	}
}
