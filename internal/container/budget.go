package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// ratioFloor is how many bytes a container may expand to before Limits.Ratio
// applies to it: zeros that are cheap to read are read.
const ratioFloor = 1 << 30

// memberCost is what a member counts for beside its content, in expanded bytes,
// so that a bomb made of empty members is one too. It is the length of a tar
// header.
const memberCost = 512

// ratioSlack is added to the stored bytes of a nested container when its ratio
// is taken: what was read of it before its level was entered is not known.
const ratioSlack = 64 << 10

// Limits bounds what the containers within one top-level item may cost. A field
// that is zero or negative sets no limit, except for Depth, Memory and Spool.
type Limits struct {
	Depth   int           // levels of nesting
	Bytes   int64         // expanded bytes on all levels together
	Ratio   int64         // expanded bytes for each stored one, of the item and of each container in it, from 1 GiB expanded on
	Members int64         // members on all levels together
	Time    time.Duration // from NewBudget on
	Memory  int64         // bytes that all spools together hold in memory before they go to temporary files
	Spool   int64         // bytes that all spools together take on disk
}

// DefaultLimits returns limits under which whole servers and their backups are
// read to the end and bombs stop within seconds.
func DefaultLimits() Limits {
	return Limits{
		Depth: 32,
		Bytes: 64 << 40,
		// Deflate can't exceed 1032, so a single layer of it always passes.
		Ratio:   2000,
		Members: 64 << 20,
		Time:    24 * time.Hour,
		Memory:  16 << 20,
		Spool:   32 << 30,
	}
}

// A Budget is what may still be spent below one top-level item. Each level of
// nesting has a Budget of its own, made by Enter; what is spent on one counts on
// all levels above it. Its methods may be called concurrently.
//
// When a container exceeds a limit, every use of its Budget and of those below
// it fails from then on; the levels above go on, unless the limit was theirs.
type Budget struct {
	*spending
	parent *Budget
	depth  int
	// stored is the size of the top-level item, -1 where unknown. A nested
	// container's is what its parent has read since base.
	stored int64
	base   int64
	own    atomic.Int64 // expanded bytes on this level
	all    atomic.Int64 // and on those below
	spent  atomic.Pointer[scanners.Gap]
}

type spending struct {
	limits                Limits
	deadline              time.Time
	members, memory, disk atomic.Int64
	held                  holder
}

// NewBudget returns the budget for a top-level item that is stored in so many
// bytes, -1 where unknown, and starts its clock.
func NewBudget(l Limits, stored int64) *Budget {
	s := &spending{limits: l}
	if l.Time > 0 {
		s.deadline = time.Now().Add(l.Time)
	}
	return &Budget{spending: s, stored: stored}
}

// Enter returns the budget for a container within b's. The error is a
// *scanners.Gap with reason TooDeep, or what b has failed with.
func (b *Budget) Enter() (*Budget, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	if b.depth+1 > b.limits.Depth {
		return nil, &scanners.Gap{Reason: scanners.TooDeep, Detail: fmt.Sprintf("more than %d containers within each other", b.limits.Depth)}
	}
	return &Budget{spending: b.spending, parent: b, depth: b.depth + 1, base: b.own.Load()}, nil
}

// Member counts a member. The error is a *scanners.Gap with reason Bomb or
// Timeout; the rest of the container then can't be read.
func (b *Budget) Member() error {
	if n := b.members.Add(1); b.limits.Members > 0 && n > b.limits.Members {
		return b.root().fail(scanners.Bomb, fmt.Sprintf("more than %d members", b.limits.Members))
	}
	return b.add(memberCost)
}

// Reader returns a reader that counts what is read from r as expanded bytes of
// b's container. Read returns a *scanners.Gap with reason Bomb or Timeout when a
// limit is exceeded, and the error of ctx when that has ended. Where r is an
// io.ReaderAt with a Size, so is the reader; ReadAt counts nothing.
func (b *Budget) Reader(ctx context.Context, r io.Reader) io.Reader {
	m := meter{ctx, b, r}
	if at, ok := r.(sizedReaderAt); ok {
		return meterAt{m, at}
	}
	return m
}

type meter struct {
	ctx context.Context
	b   *Budget
	r   io.Reader
}

func (m meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	if err := m.b.check(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if n > 0 {
		m.b.own.Add(int64(n))
		if e := m.b.add(int64(n)); e != nil {
			return n, e
		}
	}
	return n, err
}

type meterAt struct {
	meter
	at sizedReaderAt
}

func (m meterAt) ReadAt(p []byte, off int64) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	if err := m.b.check(); err != nil {
		return 0, err
	}
	return m.at.ReadAt(p, off)
}

func (m meterAt) Size() int64 { return m.at.Size() }

// Left returns what may still be spent on b, as limits of a budget that is used
// elsewhere; Memory and Spool are as they were. The error is what b has failed
// with.
func (b *Budget) Left() (Limits, error) {
	if err := b.check(); err != nil {
		return Limits{}, err
	}
	l, r := b.limits, b.root()
	l.Depth -= b.depth
	if l.Bytes > 0 {
		l.Bytes = max(1, l.Bytes-r.all.Load())
	}
	if l.Members > 0 {
		l.Members = max(1, l.Members-b.members.Load())
	}
	if !b.deadline.IsZero() {
		l.Time = max(1, time.Until(b.deadline))
	}
	return l, nil
}

// Charge counts n expanded bytes that were not read through Reader. The error is
// a *scanners.Gap as that of Reader.
func (b *Budget) Charge(n int64) error { return b.add(n) }

// add spends n expanded bytes on b and all levels above it.
func (b *Budget) add(n int64) error {
	for p := b; p != nil; p = p.parent {
		all := p.all.Add(n)
		if r := p.limits.Ratio; r > 0 && all > ratioFloor {
			if s := p.size(); s >= 0 && all/r > s {
				return p.fail(scanners.Bomb, fmt.Sprintf("expands to more than %d times its stored size", r))
			}
		}
		if p.parent == nil && p.limits.Bytes > 0 && all > p.limits.Bytes {
			return p.fail(scanners.Bomb, fmt.Sprintf("expands to more than %d bytes", p.limits.Bytes))
		}
	}
	return b.check()
}

// size returns the stored bytes of b's container as far as they were read, -1
// where they are not known.
func (b *Budget) size() int64 {
	if b.parent == nil {
		return b.stored
	}
	if n := b.parent.own.Load() - b.base; n > 0 {
		return n + ratioSlack
	}
	// The level above counts nothing: it is read in place.
	return b.parent.size()
}

// check returns what b or a level above it has failed with.
func (b *Budget) check() error {
	for p := b; p != nil; p = p.parent {
		if g := p.spent.Load(); g != nil {
			c := *g
			return &c
		}
	}
	if !b.deadline.IsZero() && time.Now().After(b.deadline) {
		return b.root().fail(scanners.Timeout, fmt.Sprintf("not read within %v", b.limits.Time))
	}
	return nil
}

func (b *Budget) root() *Budget {
	for b.parent != nil {
		b = b.parent
	}
	return b
}

func (b *Budget) fail(reason scanners.Reason, detail string) error {
	g := scanners.Gap{Reason: reason, Detail: detail}
	b.spent.CompareAndSwap(nil, &g)
	c := *b.spent.Load()
	return &c
}

// take reserves n bytes of a shared resource, unless that would exceed limit.
func take(used *atomic.Int64, n, limit int64) bool {
	if used.Add(n) > limit {
		used.Add(-n)
		return false
	}
	return true
}

type sizedReaderAt interface {
	io.ReaderAt
	Size() int64
}

// readerAt returns r as an io.ReaderAt, where it is one with a known size.
func readerAt(r io.Reader) (sizedReaderAt, bool) {
	if f, ok := r.(*os.File); ok {
		fi, err := f.Stat()
		if err != nil || !fi.Mode().IsRegular() {
			return nil, false
		}
		return io.NewSectionReader(f, 0, fi.Size()), true
	}
	at, ok := r.(sizedReaderAt)
	return at, ok
}

// spoolBlock is the unit in which a spool takes memory.
const spoolBlock = 64 << 10

// A Spool holds the content of a reader for random access. It is not safe for
// concurrent use with Close.
type Spool struct {
	b      *Budget
	at     io.ReaderAt // the reader itself, where it has random access
	size   int64
	file   *os.File // the first onDisk bytes; nil: all is in blocks
	onDisk int64
	blocks [][]byte // the rest; all but the last are full
	memory int64
	disk   int64
}

// Spool makes the content of r, from its start on, randomly accessible: by
// itself where r is an io.ReaderAt with a Size or a regular *os.File, else in
// memory up to Limits.Memory, else in a temporary file that has no name. The
// caller closes the spool.
//
// The spool is valid even if there is an error: it holds what was read of r
// until then, and r continues behind that. The error is that of r or ctx, or a
// *scanners.Gap: TooLarge beyond Limits.Spool, Failed where there is no room for
// a temporary file.
func (b *Budget) Spool(ctx context.Context, r io.Reader) (*Spool, error) {
	if at, ok := readerAt(r); ok {
		return &Spool{b: b, at: at, size: at.Size()}, nil
	}
	s := &Spool{b: b}
	for {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		if s.file == nil && !take(&b.memory, spoolBlock, b.limits.Memory) {
			if err := s.spill(); err != nil {
				return s, err
			}
		} else if s.file == nil {
			s.memory += spoolBlock
		}
		// Once there is a file, one block of memory is enough.
		var buf []byte
		if s.file != nil && len(s.blocks) > 0 {
			buf, s.blocks = s.blocks[0][:spoolBlock], nil
		} else {
			buf = make([]byte, spoolBlock)
		}
		n, err := readFull(r, buf)
		s.blocks = append(s.blocks, buf[:n])
		s.size += int64(n)
		if s.file != nil && n > 0 {
			if err := s.flush(); err != nil {
				return s, err
			}
		}
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, err
		}
	}
}

// spill moves the spool to a temporary file.
func (s *Spool) spill() error {
	if !take(&s.b.disk, s.size, s.b.limits.Spool) {
		return s.tooLarge()
	}
	s.disk += s.size
	f, err := os.CreateTemp("", "spoor-")
	if err != nil {
		return noRoom(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return noRoom(err)
	}
	for _, b := range s.blocks {
		if _, err := f.Write(b); err != nil {
			f.Close()
			return noRoom(err)
		}
	}
	s.file, s.onDisk, s.blocks = f, s.size, nil
	s.b.memory.Add(-s.memory)
	s.memory = 0
	return nil
}

// flush moves the last block to the file, and keeps its memory. When it fails,
// the block stays as it is.
func (s *Spool) flush() error {
	b := s.blocks[0]
	if !take(&s.b.disk, int64(len(b)), s.b.limits.Spool) {
		return s.tooLarge()
	}
	s.disk += int64(len(b))
	if _, err := s.file.WriteAt(b, s.onDisk); err != nil {
		return noRoom(err)
	}
	s.onDisk += int64(len(b))
	s.blocks[0] = b[:0]
	return nil
}

func (s *Spool) tooLarge() error {
	return &scanners.Gap{Reason: scanners.TooLarge, Detail: fmt.Sprintf("needs more than %d bytes of temporary files", s.b.limits.Spool)}
}

func noRoom(err error) error {
	// An *fs.PathError would tell the name of the file.
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &scanners.Gap{Reason: scanners.Failed, Detail: fmt.Sprintf("no room for a temporary file: %v", err), Err: err}
}

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, off int64) (n int, err error) {
	if s.at != nil {
		return s.at.ReadAt(p, off)
	}
	if off < 0 {
		return 0, errors.New("container: negative offset")
	}
	for n < len(p) && off < s.size {
		var m int
		if off < s.onDisk {
			m, err = s.file.ReadAt(p[n:min(int64(len(p)), int64(n)+s.onDisk-off)], off)
			if err != nil && m == 0 {
				return n, err
			}
		} else {
			i := off - s.onDisk
			m = copy(p[n:], s.blocks[i/spoolBlock][i%spoolBlock:])
		}
		n += m
		off += int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Size returns the length of the content in bytes.
func (s *Spool) Size() int64 { return s.size }

// Close gives back memory and disk. It does not close the reader.
func (s *Spool) Close() error {
	var err error
	if s.file != nil {
		err = s.file.Close()
	}
	s.b.memory.Add(-s.memory)
	s.b.disk.Add(-s.disk)
	*s = Spool{b: s.b}
	return err
}
