package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	// firstAhead and mostAhead are how much is fetched at once where reading at
	// random begins, and where it goes on from there, in bytes.
	firstAhead = 32 << 10
	mostAhead  = 2 << 20
	// maxWindows is how many places of an object are held in memory.
	maxWindows = 3
	// waste is by how much more than an object's size may be fetched of it.
	waste = 32 << 20
)

// A window is a piece of an object in memory.
type window struct {
	off  int64
	data []byte
}

func (w window) end() int64 { return w.off + int64(len(w.data)) }

// random is what a body holds for reading at random.
type random struct {
	mu      sync.Mutex
	windows []window // the last used one first
	fetched int64    // bytes
	file    *os.File // all of the object, where it was read over and over again
	noRoom  bool     // for that
}

// Size returns the length of the object in bytes.
func (b *body) Size() int64 { return b.size }

// ReadAt implements io.ReaderAt, by ranges of the very content that was opened:
// an object that was replaced is a *scanners.Gap. What goes on where it was read
// before is fetched ahead. One that is read over and over again is downloaded into
// a temporary file without a name.
func (b *body) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("s3: negative offset")
	}
	b.at.mu.Lock()
	defer b.at.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= b.size {
			return n, io.EOF
		}
		if b.whole != nil {
			n += copy(p[n:], b.whole[at:])
			continue
		}
		if b.at.file != nil {
			m, err := b.at.file.ReadAt(p[n:min(int64(len(p)), int64(n)+b.size-at)], at)
			if n += m; err != nil && m == 0 {
				return n, fileError(err)
			}
			continue
		}
		w, err := b.window(at, len(p)-n)
		if err != nil {
			var f *fault
			if errors.As(err, &f) {
				err = f.gap(b.ref, 0)
			}
			return n, err
		}
		if w == nil {
			continue // there is a file now
		}
		n += copy(p[n:], w.data[at-w.off:])
	}
	return n, nil
}

// window returns the piece of the object in which off lies, nil where it is in a
// file by now.
func (b *body) window(off int64, want int) (*window, error) {
	r := &b.at
	ahead, mine := firstAhead, -1
	for i, w := range r.windows {
		if off >= w.off && off < w.end() {
			copy(r.windows[1:i+1], r.windows[:i])
			r.windows[0] = w
			return &r.windows[0], nil
		}
		if off >= w.end() && off < w.end()+firstAhead && len(w.data) > 0 {
			ahead, mine = max(ahead, min(2*len(w.data), mostAhead)), i
		}
	}
	if r.fetched > b.size+waste && !r.noRoom {
		if err := b.download(); err != nil || r.file != nil {
			return nil, err
		}
	}
	n := min(int64(max(ahead, min(want, mostAhead))), b.size-off)
	if mine < 0 {
		mine = len(r.windows)
	}
	if mine == len(r.windows) && mine < maxWindows {
		r.windows = append(r.windows, window{})
	}
	mine = min(mine, len(r.windows)-1)
	data := r.windows[mine].data
	copy(r.windows[1:mine+1], r.windows[:mine])
	if int64(cap(data)) < n {
		data = make([]byte, n)
	}
	r.windows[0] = window{off, data[:n]}
	m, err := b.span(data[:n], off)
	r.fetched += int64(m)
	if err != nil {
		r.windows[0] = window{0, data[:0]}
		return nil, err
	}
	return &r.windows[0], nil
}

// download puts all of the object into a temporary file. Where there is no room
// for one it is read by ranges on and on.
func (b *body) download() error {
	r := &b.at
	f, err := os.CreateTemp("", "spoor-")
	if err == nil {
		err = os.Remove(f.Name())
	}
	r.windows = nil
	buf := make([]byte, mostAhead)
	for off := int64(0); off < b.size && err == nil; {
		n := min(int64(len(buf)), b.size-off)
		if _, err := b.span(buf[:n], off); err != nil {
			_ = f.Close()
			return err
		}
		_, err = f.WriteAt(buf[:n], off)
		off += n
	}
	if err != nil {
		if f != nil {
			_ = f.Close()
		}
		r.noRoom = true
		return nil
	}
	r.file = f
	return nil
}

// fileError tells an error of a temporary file without its name.
func fileError(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &scanners.Gap{Reason: scanners.Failed, Detail: "read a temporary file: " + err.Error(), Err: err}
}

// span reads all of p at off, of the content that was opened. A connection that
// breaks is taken up again where it broke.
func (b *body) span(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		before := n
		err := b.s.call(b.ctx, b.op(), b.o.bucket, func(ctx context.Context, region func(*s3.Options)) error {
			m, err := b.getAt(ctx, region, p[n:], off+int64(n))
			if n += m; err != nil && transient(err) && n-before >= goodPart {
				return nil
			}
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (b *body) getAt(ctx context.Context, region func(*s3.Options), p []byte, off int64) (int, error) {
	in := &s3.GetObjectInput{
		Bucket: &b.o.bucket, Key: &b.o.key, VersionId: optional(b.o.version), IfMatch: optional(b.etag),
		Range: aws.String("bytes=" + strconv.FormatInt(off, 10) + "-" + strconv.FormatInt(off+int64(len(p))-1, 10)),
	}
	b.key.use(in)
	out, err := b.s.client.GetObject(ctx, in, region)
	if err != nil {
		if _, status := codeOf(err); status == http.StatusRequestedRangeNotSatisfiable {
			return 0, b.replaced()
		}
		return 0, err
	}
	defer out.Body.Close()
	start, total := int64(0), size(out.ContentLength)
	if out.ContentRange != nil {
		start, total = parseContentRange(*out.ContentRange)
	}
	switch {
	case start != off || total < 0:
		return 0, &fault{op: b.op(), reason: scanners.Unsupported, detail: "the server does not give the range that was asked for"}
	case total != b.size, !b.changed.IsZero() && out.LastModified != nil && !out.LastModified.Equal(b.changed):
		return 0, b.replaced()
	}
	n, err := io.ReadFull(out.Body, p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *body) replaced() error {
	return &fault{op: b.op(), reason: scanners.Vanished, detail: "the object was replaced while it was read"}
}
