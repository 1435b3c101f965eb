package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A Store reads the files of a folder by their names, which are paths relative
// to it, with slashes. It follows no links and may be used concurrently.
type Store struct {
	root *os.Root
	info fs.FileInfo
}

var _ scanners.Store = (*Store)(nil)

// NewStore opens the folder at path, which may be a symbolic link to one.
func NewStore(path string) (*Store, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("files: open the folder: %w", bare(err))
	}
	fi, err := root.Stat(".")
	if err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("files: open the folder: %w", bare(err))
	}
	return &Store{root, fi}, nil
}

// Close ends the store; files that are open stay so.
func (s *Store) Close() error { return s.root.Close() }

// List yields the regular files whose names start with prefix, in the order of
// their names folder by folder. What can't be listed, or is neither file nor
// folder, is a gap.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[scanners.Object, error] {
	return func(yield func(scanners.Object, error) bool) {
		w := &walker{root: s.root, info: s.info, depth: maxDepth, leave: func(rel string, _ bool) bool {
			if strings.HasPrefix(rel, prefix) {
				return false
			}
			// A link in the place of a folder on the way is told of.
			return !strings.HasPrefix(prefix, rel+"/")
		}}
		w.walk(ctx, func(e entry) bool {
			g := &scanners.Gap{URI: scanners.Escape(e.rel), Place: "folder", Detail: e.detail, Units: e.units, Err: bare(e.err)}
			switch {
			case e.fatal != nil:
				return yield(scanners.Object{}, fmt.Errorf("files: list: %w", e.fatal))
			case e.excluded && e.info == nil:
				return true
			case e.err != nil:
				g.Reason = scanners.ReasonOf(e.err)
				return yield(scanners.Object{}, g)
			case e.info.IsDir():
				return true
			case e.info.Mode().IsRegular() && !strings.HasPrefix(e.rel, prefix):
				return true // a file on the way
			case !e.info.Mode().IsRegular():
				g.Reason, g.Detail, g.Units = scanners.Unsupported, "links and special files are not opened", 1
				return yield(scanners.Object{}, g)
			}
			return yield(scanners.Object{Name: e.rel, Size: e.info.Size(), Time: e.info.ModTime()}, nil)
		})
	}
}

// OpenRange opens n bytes of the named file from off on; a negative n is all to
// its end. Fewer bytes than n are an io.ErrUnexpectedEOF while reading. A file
// that is not there is a *scanners.Gap with the reason Vanished, and one that
// may not be read a *scanners.Gap with the reason Denied.
func (s *Store) OpenRange(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if off < 0 || !fs.ValidPath(strings.ToValidUTF8(name, "?")) || strings.IndexByte(name, 0) >= 0 {
		return nil, errors.New("files: open a range: not a name or range")
	}
	th, err := openThing(s.root, name)
	if err == nil && th.file == nil {
		err = &special{"link or folder"}
	}
	if err != nil {
		g := &scanners.Gap{URI: scanners.Escape(name), Place: "file", Reason: scanners.ReasonOf(err), Detail: "open", Err: bare(err)}
		if _, ok := err.(*special); ok {
			g.Reason = scanners.Unsupported
		}
		return nil, g
	}
	if n < 0 {
		n = max(0, th.info.Size()-off)
	}
	return &ranged{ctx: ctx, file: th.file, off: off, left: n}, nil
}

type ranged struct {
	ctx       context.Context
	file      *os.File
	off, left int64
}

func (r *ranged) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.file.ReadAt(p, r.off)
	r.off += int64(n)
	r.left -= int64(n)
	if err == io.EOF {
		if err = nil; n == 0 && len(p) > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		err = fmt.Errorf("files: read: %w", bare(err))
	}
	return n, err
}

func (r *ranged) Close() error { return r.file.Close() }
