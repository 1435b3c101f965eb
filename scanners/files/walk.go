package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

const (
	// maxDepth is how many folders deep a tree is walked.
	maxDepth = 1 << 14
	// Folders that are kept open: those last entered, and every spacing-th one
	// from which the others are found again. With them a walk holds up to 128
	// descriptors, however deep the tree, and takes time in proportion to it.
	window  = 64
	spacing = maxDepth / 64
	// listBatch is how many names are read between two looks at the context.
	listBatch = 4096
)

var errChanged = errors.New("it was replaced while it was being opened")

// special is the error of what is neither file, folder nor link.
type special struct{ what string }

func (s *special) Error() string { return s.what }

type tooDeep struct{}

func (*tooDeep) Error() string { return "too deep" }

func name(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "FIFO"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&(fs.ModeDevice|fs.ModeCharDevice) != 0:
		return "device"
	}
	return "special file"
}

// An entry is what a walk comes across: a file, a link, a special file, an empty
// folder, something that can't be looked at (err), something left out
// (excluded), or what ends the walk (fatal).
type entry struct {
	rel      string // with slashes; empty: the root
	info     fs.FileInfo
	link     string // target of a symbolic link
	err      error
	excluded bool
	fatal    error
	detail   string
	units    int64
	bytes    int64
}

// A walker goes through a tree, in the order of the names as bytes. What is left
// out of a folder comes before what is in it, so that a walk that goes on after
// an entry of the folder has had it.
type walker struct {
	root  *os.Root
	info  fs.FileInfo // of root
	after string      // start after this path; empty: at the beginning
	leave func(rel string, dir bool) bool
	oneFS bool
	depth int  // as maxDepth
	told  bool // repositories of backup programs are told of

	path  []byte // of the folder that is being walked
	stack []level
}

// A level is a folder on the way from the root to where the walk is.
type level struct {
	dir   *os.Root // nil while closed
	info  fs.FileInfo
	end   int // of its path within walker.path
	names []string
}

// walk calls yield for each entry until it returns false. The FileInfos stay
// valid.
func (w *walker) walk(ctx context.Context, yield func(entry) bool) {
	defer func() {
		for i := len(w.stack) - 1; i > 0; i-- {
			w.close(i)
		}
	}()
	var resume []string // path to the entry after which to start, below the current folder
	if w.after != "" {
		resume = strings.Split(w.after, "/")
	}
	names, err := list(ctx, w.root)
	if ctx.Err() != nil {
		yield(entry{fatal: ctx.Err()})
		return
	}
	if err != nil && !yield(entry{err: err, detail: "list the root", units: 1}) {
		return
	}
	if repo := w.repository(w.root, names); repo != nil && w.after == "" {
		if repo.skip {
			w.passOver(ctx, "", w.root, repo, w.depth, yield)
			return
		}
		if !yield(entry{err: repo}) {
			return
		}
	}
	w.stack = []level{{dir: w.root, info: w.info, names: names}}
	if !w.enter(resume, yield) {
		return
	}
	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			yield(entry{fatal: err})
			return
		}
		at := len(w.stack) - 1
		l := &w.stack[at]
		if len(l.names) == 0 {
			w.pop()
			resume = nil
			continue
		}
		if l.dir == nil {
			if err := w.reopen(at); err != nil {
				n := int64(len(l.names))
				l.names = nil
				if !yield(entry{rel: string(w.path), err: err, detail: "open the folder again", units: n}) {
					return
				}
				continue
			}
		}
		base := l.names[0]
		l.names = l.names[1:]
		// Whether this is the entry to start after, or on the way to it.
		var rest []string
		done := false
		if len(resume) > 0 && resume[0] == base {
			rest, done = resume[1:], len(resume) == 1
		}
		resume = nil
		if !w.visit(ctx, base, rest, done, yield) {
			return
		}
		if len(w.stack) == at+2 {
			resume = rest // into the folder that was pushed
		}
	}
}

// visit yields an entry, or enters it if it is a folder. done says that it was
// yielded before; rest is the way on, if it is a folder that was entered before.
func (w *walker) visit(ctx context.Context, base string, rest []string, done bool, yield func(entry) bool) bool {
	l := &w.stack[len(w.stack)-1]
	fi, err := l.dir.Lstat(base)
	if err != nil {
		return done || yield(entry{rel: w.rel(base), err: err, detail: "look at the file", units: 1})
	}
	switch {
	case fi.IsDir():
		return w.folder(ctx, base, fi, rest, done, yield)
	case done:
		return true
	case fi.Mode()&fs.ModeSymlink != 0:
		link, err := l.dir.Readlink(base)
		if err != nil {
			return yield(entry{rel: w.rel(base), err: err, detail: "read the link", units: 1})
		}
		return yield(entry{rel: w.rel(base), info: fi, link: link})
	}
	return yield(entry{rel: w.rel(base), info: fi})
}

func (w *walker) folder(ctx context.Context, base string, fi fs.FileInfo, rest []string, done bool, yield func(entry) bool) bool {
	l := &w.stack[len(w.stack)-1]
	if !sameDevice(l.info, fi) {
		detail := ""
		switch {
		case w.oneFS && !sameDevice(w.info, fi):
			detail = "another file system is mounted here; its content was not listed"
		case virtual(l.dir, base):
			detail = "a view of the running system, without stored files; not listed"
		}
		if detail != "" {
			return yield(entry{rel: w.rel(base), excluded: true, detail: detail})
		}
	}
	if len(w.stack) > w.depth {
		return yield(entry{rel: w.rel(base), err: &tooDeep{}, detail: fmt.Sprintf("more than %d folders deep", w.depth), units: 1})
	}
	dir, err := openDir(l.dir, base, fi)
	if err != nil {
		return yield(entry{rel: w.rel(base), err: err, detail: "open the folder", units: 1})
	}
	names, err := list(ctx, dir)
	if ctx.Err() != nil {
		_ = dir.Close()
		return true // the loop sees it, too
	}
	if err != nil && !yield(entry{rel: w.rel(base), err: err, detail: "list the folder", units: 1}) {
		_ = dir.Close()
		return false
	}
	if len(names) == 0 {
		_ = dir.Close()
		return err != nil || done || len(rest) > 0 || yield(entry{rel: w.rel(base), info: fi})
	}
	if repo := w.repository(dir, names); repo != nil && len(rest) == 0 {
		if repo.skip {
			defer dir.Close()
			return done || w.passOver(ctx, w.rel(base), dir, repo, w.depth-len(w.stack), yield)
		}
		if !yield(entry{rel: w.rel(base), err: repo}) {
			_ = dir.Close()
			return false
		}
	}
	w.push(base, dir, fi, names)
	return w.enter(rest, yield)
}

// repository tells a repository by the names in a folder, where that is wanted.
func (w *walker) repository(dir *os.Root, names []string) *backupRepository {
	if !w.told {
		return nil
	}
	return repositoryIn(dir, names)
}

// enter takes out of the names of the folder on top of the stack what is left
// out and what lies before the way to the start.
func (w *walker) enter(resume []string, yield func(entry) bool) bool {
	l := &w.stack[len(w.stack)-1]
	entered := len(resume) > 0
	left := entry{rel: string(w.path), excluded: true}
	kept := l.names[:0]
	for _, base := range l.names {
		rel := ""
		if w.leave != nil {
			rel = w.rel(base)
		}
		if w.leave == nil || !w.leave(rel, false) {
			kept = append(kept, base)
			continue
		}
		fi, err := l.dir.Lstat(base)
		switch {
		case err == nil && fi.IsDir() && !w.leave(rel, true):
			kept = append(kept, base) // only its files could be left out
		case entered:
		case err == nil && fi.IsDir():
			if !yield(entry{rel: rel, excluded: true, detail: "excluded with all that is in it; its content was not listed"}) {
				return false
			}
		default:
			left.units++
			if err == nil && fi.Mode().IsRegular() {
				left.bytes += fi.Size()
			}
		}
	}
	clear(l.names[len(kept):])
	if entered {
		i, _ := slices.BinarySearch(kept, resume[0])
		kept = kept[i:]
	}
	l.names = kept
	if left.units > 0 {
		left.detail = "files of this folder that are excluded or not included"
		return yield(left)
	}
	return true
}

func (w *walker) rel(base string) string {
	if len(w.path) == 0 {
		return base
	}
	return string(w.path) + "/" + base
}

func (w *walker) push(base string, dir *os.Root, fi fs.FileInfo, names []string) {
	if len(w.path) > 0 {
		w.path = append(w.path, '/')
	}
	w.path = append(w.path, base...)
	w.stack = append(w.stack, level{dir: dir, info: fi, end: len(w.path), names: names})
	if old := len(w.stack) - 1 - window; old > 0 && old%spacing != 0 {
		w.close(old)
	}
}

func (w *walker) pop() {
	at := len(w.stack) - 1
	if at > 0 {
		w.close(at)
		w.path = w.path[:w.stack[at-1].end]
	}
	w.stack[at] = level{}
	w.stack = w.stack[:at]
}

func (w *walker) close(i int) {
	if l := &w.stack[i]; l.dir != nil {
		_ = l.dir.Close()
		l.dir = nil
	}
}

// reopen opens the folder at a level again, and those of the window above it.
func (w *walker) reopen(at int) error {
	from := at
	for w.stack[from].dir == nil {
		from--
	}
	// One step to the start of the window, then folder by folder.
	for from < at {
		to := max(from+1, at-window+1)
		start := w.stack[from].end
		if start > 0 {
			start++ // the slash
		}
		dir, err := openDir(w.stack[from].dir, string(w.path[start:w.stack[to].end]), w.stack[to].info)
		if err != nil {
			return err
		}
		w.stack[to].dir = dir
		from = to
	}
	return nil
}

// openDir opens a folder, and makes sure that it is the one that was looked at:
// os.Root would follow a link that took its place.
func openDir(in *os.Root, name string, fi fs.FileInfo) (*os.Root, error) {
	dir, err := in.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	now, err := dir.Stat(".")
	if err == nil && !os.SameFile(fi, now) {
		err = errChanged
	}
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	return dir, nil
}

// list returns the sorted names in a folder; with an error, those that could be
// listed.
func list(ctx context.Context, dir *os.Root) ([]string, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	for ctx.Err() == nil {
		some, err := f.Readdirnames(listBatch)
		names = append(names, some...)
		if err != nil {
			slices.Sort(names)
			if isEOF(err) {
				err = nil
			}
			return names, err
		}
	}
	return nil, ctx.Err()
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }
