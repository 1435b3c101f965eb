package sandbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// Command is the first argument of a process that is to be a child.
const Command = "decode-for-parent"

// childMemory is how much a child may hold, in bytes; beyond it dies.
const childMemory = 1 << 30

// childStack is how large the stack of a goroutine may grow, in bytes.
const childStack = 64 << 20

// childSpool is how much of it the spools of one item may take, in bytes.
const childSpool = 256 << 20

// Child confines the process and serves its parent until that closes the pipe.
// decoders returns the decoders, of which the parent names one. The result is
// the exit status.
func Child(decoders func(container.Options) []container.Decoder) int {
	if err := confine(); err != nil {
		fmt.Fprintln(os.Stderr, "spoor: confine:", err)
		return 1
	}
	debug.SetMemoryLimit(childMemory * 3 / 4)
	debug.SetMaxStack(childStack)
	return serve(os.Stdin, os.Stdout, decoders)
}

func serve(r io.Reader, w io.Writer, decoders func(container.Options) []container.Decoder) int {
	c := &child{link: newLink(r, w)}
	var opts container.Options
	opts.Passwords = func(scanners.Item) []string { return c.start.Passwords }
	all, withOCR := decoders(opts), []container.Decoder(nil)
	for {
		kind, payload, err := c.receive()
		switch {
		case err == io.EOF:
			return 0
		case err != nil || kind != frameStart:
			return 1
		}
		c.start = start{}
		if err := json.Unmarshal(payload, &c.start); err != nil {
			return 1
		}
		list := all
		if c.start.OCR {
			if withOCR == nil {
				opts.OCR = true
				withOCR = decoders(opts)
			}
			list = withOCR
		}
		if err := c.decode(list); err != nil {
			return 1
		}
	}
}

// A child decodes one item after the other.
type child struct {
	*link
	mu    sync.Mutex // a decoder may read in a goroutine of its own
	start start
	table *scanners.Table
}

// errGone ends everything: the parent is gone, or speaks otherwise.
var errGone = errors.New("the parent is gone")

// decode serves one request. An error is errGone.
func (c *child) decode(decoders []container.Decoder) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.table = nil
	end := c.sequence(ctx, decoders)
	if errors.Is(end, errGone) {
		return errGone
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if end == nil {
		if err := c.send(frameDone, nil); err != nil {
			return errGone
		}
	} else if err := c.sendJSON(frameDone, faultOf(end)); err != nil {
		return errGone
	}
	if c.w.Flush() != nil {
		return errGone
	}
	return nil
}

func (c *child) sequence(ctx context.Context, decoders []container.Decoder) (end error) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, errGone) {
				end = errGone
				return
			}
			// The value may hold content.
			end = &scanners.Gap{Reason: scanners.Corrupt, Detail: "the decoder panicked"}
		}
	}()
	var d *container.Decoder
	for i := range decoders {
		if decoders[i].Name == c.start.Decoder {
			d = &decoders[i]
		}
	}
	if d == nil {
		return &scanners.Gap{Reason: scanners.Failed, Detail: "the sandbox has no such decoder"}
	}
	l := c.start.Limits
	l.Memory, l.Spool = childSpool, 0
	in := scanners.Item{
		Name: c.start.Name, Size: c.start.Size, Time: c.start.Time, Ref: scanners.Ref{URI: c.start.URI},
		Body: &remote{child: c, size: c.start.Size},
	}
	for it, err := range d.Decode(ctx, in, container.NewBudget(l, c.start.Size)) {
		if err != nil {
			f := faultOf(err)
			if !f.Gap && !f.Exclusion {
				return err
			}
			if !c.locked(func() error { return c.sendJSON(frameOther, f) }) {
				return errGone
			}
			continue
		}
		if !c.item(it) || !c.wait(it.Block) {
			return errGone
		}
	}
	return nil
}

// locked sends something.
func (c *child) locked(f func() error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f() == nil
}

// item sends an item with all that is in it.
func (c *child) item(it scanners.Item) bool {
	if it.Block != nil {
		return c.locked(func() error { return c.block(it.Block) })
	}
	head := item{
		Name: it.Name, Size: it.Size, Time: it.Time, Step: it.Step, Section: it.Section, Text: it.Text, Verbatim: it.Verbatim,
		Offset: it.Offset, Field: it.Field, Fragment: it.Fragment, Fields: it.Fields, Body: it.Body != nil,
	}
	if !c.locked(func() error { return c.sendJSON(frameItem, head) }) {
		return false
	}
	if it.Body == nil {
		return true
	}
	piece := make([]byte, pieceLen)
	idle := 0
	for {
		n, err := it.Body.Read(piece)
		if n > 0 && !c.locked(func() error {
			if err := c.send(frameData, piece[:n]); err != nil || n == len(piece) {
				return err
			}
			return c.w.Flush() // what was found is not lost when the next read kills
		}) {
			return false
		}
		if idle++; n > 0 {
			idle = 0
		} else if err == nil && idle > 100 {
			err = io.ErrNoProgress
		}
		switch {
		case err == io.EOF:
			return c.locked(func() error { return c.send(frameEnd, nil) })
		case err != nil:
			return c.locked(func() error { return c.sendJSON(frameEnd, faultOf(err)) })
		}
	}
}

func (c *child) block(b *scanners.Block) error {
	head := block{First: b.First, Nulls: b.Nulls != nil, Origin: b.Origin != nil}
	if b.Table != c.table {
		head.Table, c.table = b.Table, b.Table
	}
	if err := c.sendJSON(frameBlock, head); err != nil {
		return err
	}
	if err := c.send(frameCells, b.Data); err != nil {
		return err
	}
	ends := make([]byte, 0, 5*len(b.Ends))
	for _, e := range b.Ends {
		ends = binary.LittleEndian.AppendUint32(ends, e)
	}
	if b.Nulls != nil {
		for _, null := range b.Nulls {
			if null {
				ends = append(ends, 1)
			} else {
				ends = append(ends, 0)
			}
		}
	}
	return c.send(frameEnds, ends)
}

// wait answers what the parent asks about a block, until it wants the next item.
func (c *child) wait(b *scanners.Block) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if c.w.Flush() != nil {
			return false
		}
		kind, payload, err := c.receive()
		switch {
		case err != nil:
			return false
		case kind == frameNext:
			return true
		case kind != frameRef || b == nil:
			return false
		}
		var q refRequest
		if json.Unmarshal(payload, &q) != nil || q.Row < 0 || q.Row >= b.Rows() {
			return false
		}
		var a named
		if b.Refs != nil {
			a.Ref = b.Refs(q.Row, q.Hash, q.N)
		}
		a.Origin = -1
		if b.Origin != nil {
			a.Origin = b.Origin(q.Row)
		}
		if c.sendJSON(frameNamed, a) != nil {
			return false
		}
	}
}

// remote is the content of the item, which the parent holds.
type remote struct {
	*child
	size  int64
	pos   int64
	pages [4]page // the last used is first
}

// pageLen is how much is asked for at once, in bytes.
const pageLen = 256 << 10

type page struct {
	at   int64
	data []byte
}

func (r *remote) Size() int64 { return r.size }

func (r *remote) Read(p []byte) (int, error) {
	n, err := r.ReadAt(p, r.pos)
	r.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt. It panics with errGone when the parent is gone,
// so that no decoder takes that for damage.
func (r *remote) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		pg, err := r.page(off / pageLen * pageLen)
		if err != nil {
			return n, err
		}
		i := int(off - pg.at)
		if i >= len(pg.data) {
			return n, io.ErrUnexpectedEOF // shorter than it was said to be
		}
		k := copy(p[n:], pg.data[i:])
		n += k
		off += int64(k)
	}
	return n, nil
}

func (r *remote) page(at int64) (*page, error) {
	for i := range r.pages {
		if r.pages[i].data != nil && r.pages[i].at == at {
			hit := r.pages[i]
			copy(r.pages[1:i+1], r.pages[:i])
			r.pages[0] = hit
			return &r.pages[0], nil
		}
	}
	var q [16]byte
	binary.LittleEndian.PutUint64(q[:], uint64(at))
	binary.LittleEndian.PutUint64(q[8:], pageLen)
	if r.send(frameRead, q[:]) != nil || r.w.Flush() != nil {
		panic(errGone)
	}
	kind, payload, err := r.receive()
	switch {
	case err == nil && kind == frameBytes:
	case err == nil && kind == frameFault:
		var f fault
		_ = json.Unmarshal(payload, &f) // an empty fault is one, too
		return nil, f.err()
	default:
		panic(errGone)
	}
	last := &r.pages[len(r.pages)-1]
	data := append(last.data[:0], payload...)
	copy(r.pages[1:], r.pages[:len(r.pages)-1])
	r.pages[0] = page{at, data}
	return &r.pages[0], nil
}
