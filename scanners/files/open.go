package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// A thing is what openThing finds: a regular file, opened, or a link or an
// empty folder.
type thing struct {
	info fs.FileInfo
	file *os.File // nil but for regular files
	link string
}

// openThing opens what lies at rel, without following any link and without ever
// waiting for a FIFO. Folders that are not empty are not things.
func openThing(root *os.Root, rel string) (thing, error) {
	dir := root
	defer func() {
		if dir != root {
			_ = dir.Close()
		}
	}()
	base := rel
	for {
		first, rest, more := strings.Cut(base, "/")
		if !more {
			break
		}
		fi, err := dir.Lstat(first)
		if err != nil {
			return thing{}, err
		}
		if !fi.IsDir() {
			// The name was that of a folder once; a link in its place is not it.
			return thing{}, fs.ErrNotExist
		}
		next, err := openDir(dir, first, fi)
		if err != nil {
			return thing{}, err
		}
		if dir != root {
			_ = dir.Close()
		}
		dir, base = next, rest
	}
	if base == "" {
		base = "."
	}
	fi, err := dir.Lstat(base)
	if err != nil {
		return thing{}, err
	}
	th := thing{info: fi}
	switch {
	case fi.IsDir():
		sub, err := openDir(dir, base, fi)
		if err != nil {
			return thing{}, err
		}
		defer sub.Close()
		f, err := sub.Open(".")
		if err != nil {
			return thing{}, err
		}
		defer f.Close()
		if _, err := f.Readdirnames(1); err == nil {
			return thing{}, &special{"folder with content"}
		} else if !isEOF(err) {
			return thing{}, err
		}
		return th, nil
	case fi.Mode()&fs.ModeSymlink != 0:
		th.link, err = dir.Readlink(base)
		return th, err
	case !fi.Mode().IsRegular():
		return thing{}, &special{name(fi.Mode())}
	}
	f, err := dir.OpenFile(base, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return thing{}, err
	}
	// Another thing may have taken its place since.
	now, err := f.Stat()
	if err == nil && (!now.Mode().IsRegular() || !os.SameFile(fi, now)) {
		err = errChanged
	}
	if err != nil {
		_ = f.Close()
		return thing{}, err
	}
	return thing{info: now, file: f}, nil
}

// growth is by how much more than its listed size a file is read, at least; a
// file may double as well. Some pseudo files have no size or no end.
const growth = 64 << 20

// A body is the content of a file. It ends with a gap when the file became
// shorter than it was when it was opened, or grows without an end.
type body struct {
	ctx  context.Context
	file *os.File
	ref  scanners.Ref
	size int64 // when opened
	read int64
}

func newBody(ctx context.Context, f *os.File, size int64, ref scanners.Ref) io.ReadCloser {
	b := &body{ctx: ctx, file: f, size: size, ref: scanners.Ref{URI: ref.URI, Place: ref.Place}}
	if size > 0 { // a pseudo file has none
		return bodyAt{b}
	}
	return b
}

// bodyAt is a body that can be read at random: what was there when it was opened.
type bodyAt struct{ *body }

// Size returns the length of the file when it was opened, in bytes.
func (b bodyAt) Size() int64 { return b.size }

// ReadAt implements io.ReaderAt.
func (b bodyAt) ReadAt(p []byte, off int64) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if off >= b.size {
		return 0, io.EOF
	}
	part := p[:min(int64(len(p)), b.size-off)]
	n, err := b.file.ReadAt(part, off)
	switch {
	case err == io.EOF && n < len(part):
		if fi, serr := b.file.Stat(); serr == nil && fi.Size() == b.size {
			return n, io.EOF // a pseudo file
		}
		return n, b.gap(scanners.Vanished, "it became shorter while it was being read", nil)
	case err != nil && err != io.EOF:
		return n, b.gap(scanners.ReasonOf(err), "read: "+bare(err).Error(), err)
	case len(part) < len(p):
		return n, io.EOF
	}
	return n, nil
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.read > b.size+max(b.size, growth) {
		return 0, b.gap(scanners.TooLarge, "it grows while it is being read", nil)
	}
	n, err := b.file.Read(p)
	b.read += int64(n)
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, b.gap(scanners.ReasonOf(err), "read: "+bare(err).Error(), err)
	case b.read < b.size:
		// Pseudo files claim a size that they never had; those did not change.
		if fi, serr := b.file.Stat(); serr != nil || fi.Size() != b.size {
			return n, b.gap(scanners.Vanished, "it became shorter while it was being read", nil)
		}
	}
	return n, err
}

func (b *body) gap(reason scanners.Reason, detail string, err error) error {
	return &scanners.Gap{
		URI: b.ref.URI, Place: b.ref.Place, Reason: reason, Detail: detail,
		Bytes: max(0, b.size-b.read), Err: bare(err),
	}
}

func (b *body) Close() error {
	if err := b.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return bare(err)
	}
	return nil
}

// maxBeside bounds how many names of a folder are returned.
const maxBeside = 1 << 20

// Beside implements [scanners.Neighbour].
func (s *source) Beside(ctx context.Context, uri string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	rel, ok := below(s.path, path)
	if !ok || rel == "" {
		return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "nothing is known of what stands beside the root"}
	}
	pl, err := s.place()
	if err != nil {
		return nil, err
	}
	folder := "."
	if k := strings.LastIndexByte(rel, '/'); k >= 0 {
		folder = rel[:k]
	}
	d, err := pl.root.Open(folder)
	if err != nil {
		return nil, s.gap(rel, err, "list what stands beside it", 0)
	}
	defer d.Close()
	names, err := d.Readdirnames(maxBeside)
	if err != nil && err != io.EOF {
		return nil, s.gap(rel, err, "list what stands beside it", 0)
	}
	return names, nil
}

// Changed implements [scanners.Dater].
func (s *source) Changed(uri string) (time.Time, error) {
	path, err := parseURI(uri)
	if err != nil {
		return time.Time{}, err
	}
	rel, ok := below(s.path, path)
	pl, err := s.place()
	if err != nil || !ok {
		return time.Time{}, errors.New("files: the URI does not lie below the root of this source")
	}
	if rel == "" {
		return pl.info.ModTime(), nil
	}
	fi, err := pl.root.Lstat(rel)
	if err != nil {
		return time.Time{}, bare(err)
	}
	return fi.ModTime(), nil
}
