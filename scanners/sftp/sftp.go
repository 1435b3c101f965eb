// Package sftp reads folders on other machines over SFTP
// (draft-ietf-secsh-filexfer-02), through an installed ssh, whose configuration,
// keys and known hosts count. It only lists, opens and reads.
package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"

	"github.com/spoor-scan/spoor/scanners"
)

// maxDepth bounds how deep folders lie in each other.
const maxDepth = 64

// patience is how long the other machine may take to answer at first.
const patience = 30 * time.Second

// An address says where a folder is.
type address struct{ user, host, port, path string }

// parse reads "sftp:user@host:/path" (a path without a slash in front begins in
// the user's home) and "sftp://user@host:port//path", as restic has them.
func parse(target string) (address, error) {
	bad := errors.New("sftp: must be like sftp:user@host:/path or sftp://user@host:22//path")
	var a address
	if strings.HasPrefix(target, "sftp://") {
		u, err := url.Parse(target)
		if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return a, bad
		}
		if _, secret := u.User.Password(); secret {
			return a, errors.New("sftp: the address must not hold a password; ssh takes keys")
		}
		a = address{u.User.Username(), u.Hostname(), u.Port(), strings.TrimPrefix(u.Path, "/")}
	} else {
		rest, ok := strings.CutPrefix(target, "sftp:")
		host, dir, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
			return a, bad
		}
		a.path = dir
		if k := strings.LastIndexByte(host, '@'); k >= 0 {
			a.user, host = host[:k], host[k+1:]
		}
		a.host = host
	}
	// What begins with a hyphen would be an option of ssh.
	for _, s := range []string{a.user, a.host, a.port} {
		if strings.HasPrefix(s, "-") || strings.ContainsAny(s, " \x00\n") {
			return a, bad
		}
	}
	if a.host == "" {
		return a, bad
	}
	if a.path == "" {
		a.path = "."
	}
	return a, nil
}

// A Store reads the files of a folder by their names, which are paths relative to
// it. It may be used concurrently. Links are not followed.
type Store struct {
	at address

	mu     sync.Mutex
	client *sftp.Client
	cmd    *exec.Cmd
}

var _ scanners.Store = (*Store)(nil)

// NewStore returns the store of a folder. The other machine is first spoken to
// when something is read.
func NewStore(target string) (*Store, error) {
	a, err := parse(target)
	if err != nil {
		return nil, err
	}
	return &Store{at: a}, nil
}

// Close ends the connection.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	return nil
}

// drop gives up the connection.
func (s *Store) drop() {
	if s.client != nil {
		_ = s.client.Close()
	}
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // it was killed
	}
	s.client, s.cmd = nil, nil
}

// connect returns the client. lost is one that has failed.
func (s *Store) connect(ctx context.Context, lost *sftp.Client) (*sftp.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil && s.client != lost {
		return s.client, nil
	}
	s.drop()
	args := []string{"-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"}
	if s.at.port != "" {
		args = append(args, "-p", s.at.port)
	}
	if s.at.user != "" {
		args = append(args, "-l", s.at.user)
	}
	cmd := exec.Command("ssh", append(args, s.at.host, "-s", "sftp")...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("sftp: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("sftp: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, &scanners.Gap{Reason: scanners.Offline, Detail: "sftp: ssh can't be started; is it installed?"}
	}
	// A machine that says nothing would hold this for ever.
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	client, err := sftp.NewClientPipe(out, in, sftp.UseConcurrentReads(true))
	stop()
	timer.Stop()
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &scanners.Gap{Reason: scanners.Offline, Detail: "sftp: connect: ssh ends without a session; try it by hand: the host must be known and a key be accepted"}
	}
	s.client, s.cmd = client, cmd
	return client, nil
}

// do calls f with a client, and once more where the connection was lost.
func (s *Store) do(ctx context.Context, f func(c *sftp.Client) error) error {
	var lost *sftp.Client
	for try := 0; ; try++ {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		c, err := s.connect(ctx, lost)
		if err != nil {
			return err
		}
		err = f(c)
		if err == nil || try > 0 || !errors.Is(err, sftp.ErrSSHFxConnectionLost) {
			return err
		}
		lost = c
	}
}

// List implements scanners.Store. The files are yielded in the order of their
// names, folder by folder; what can't be listed, or is neither file nor folder,
// is a gap.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[scanners.Object, error] {
	return func(yield func(scanners.Object, error) bool) {
		s.folder(ctx, "", prefix, 0, yield)
	}
}

// folder yields what is in a folder, and reports whether to go on.
func (s *Store) folder(ctx context.Context, rel, prefix string, depth int, yield func(scanners.Object, error) bool) bool {
	gap := func(rel string, reason scanners.Reason, detail string, err error) bool {
		return yield(scanners.Object{}, &scanners.Gap{URI: scanners.Escape(rel), Place: "folder", Reason: reason, Detail: detail, Err: err})
	}
	if depth > maxDepth {
		return gap(rel, scanners.TooDeep, "folders lie too deep in each other", nil)
	}
	var list []fs.FileInfo
	err := s.do(ctx, func(c *sftp.Client) (err error) {
		list, err = c.ReadDirContext(ctx, path.Join(s.at.path, rel))
		return err
	})
	switch {
	case ctx.Err() != nil:
		yield(scanners.Object{}, context.Cause(ctx))
		return false
	case err != nil && rel == "":
		yield(scanners.Object{}, fmt.Errorf("sftp: list: %w", bare(err)))
		return false
	case err != nil:
		return gap(rel, reason(err), "list", bare(err))
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return strings.Compare(a.Name(), b.Name()) })
	for _, fi := range list {
		name := path.Join(rel, fi.Name())
		if fi.Name() == "." || fi.Name() == ".." {
			continue
		}
		if fi.Name() == "" || strings.ContainsAny(fi.Name(), "/\x00") {
			if !gap(rel, scanners.Unsupported, "the server lists something whose name is none", nil) {
				return false
			}
			continue
		}
		switch under := strings.HasPrefix(name, prefix); {
		case fi.IsDir():
			if (under || strings.HasPrefix(prefix, name+"/")) && !s.folder(ctx, name, prefix, depth+1, yield) {
				return false
			}
		case !under:
		case !fi.Mode().IsRegular():
			if !yield(scanners.Object{}, &scanners.Gap{URI: scanners.Escape(name), Place: "file", Reason: scanners.Unsupported, Detail: "links and special files are not opened", Units: 1}) {
				return false
			}
		default:
			if !yield(scanners.Object{Name: name, Size: fi.Size(), Time: fi.ModTime()}, nil) {
				return false
			}
		}
	}
	return true
}

// OpenRange implements scanners.Store.
func (s *Store) OpenRange(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if off < 0 || !fs.ValidPath(strings.ToValidUTF8(name, "?")) || strings.IndexByte(name, 0) >= 0 {
		return nil, errors.New("sftp: open a range: not a name or range")
	}
	gap := func(err error) error {
		return &scanners.Gap{URI: scanners.Escape(name), Place: "file", Reason: reason(err), Detail: "open", Err: bare(err)}
	}
	var file *sftp.File
	err := s.do(ctx, func(c *sftp.Client) (err error) {
		full := path.Join(s.at.path, name)
		fi, err := c.Lstat(full)
		if err != nil {
			return err
		}
		if !fi.Mode().IsRegular() {
			return &scanners.Gap{URI: scanners.Escape(name), Place: "file", Reason: scanners.Unsupported, Detail: "links and special files are not opened"}
		}
		if n < 0 {
			n = max(0, fi.Size()-off)
		}
		file, err = c.Open(full)
		return err
	})
	var g *scanners.Gap
	switch {
	case errors.As(err, &g):
		return nil, g
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, gap(err)
	}
	return &ranged{ctx: ctx, file: file, off: off, left: n, fail: gap}, nil
}

// A ranged is a range of a file.
type ranged struct {
	ctx       context.Context
	file      *sftp.File
	off, left int64
	fail      func(error) error
}

func (r *ranged) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, context.Cause(r.ctx)
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
	switch {
	case errors.Is(err, io.EOF):
		if err = nil; n == 0 && len(p) > 0 {
			err = io.ErrUnexpectedEOF
		}
	case err != nil:
		err = r.fail(err)
	}
	return n, err
}

func (r *ranged) Close() error { return r.file.Close() }

// reason says what an error of the protocol means.
func reason(err error) scanners.Reason {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return scanners.Vanished
	case errors.Is(err, fs.ErrPermission):
		return scanners.Denied
	case errors.Is(err, sftp.ErrSSHFxConnectionLost), errors.Is(err, io.ErrClosedPipe), errors.Is(err, io.EOF):
		return scanners.Offline
	}
	return scanners.ReasonOf(err)
}

// bare takes the path off an error, which may hold identifiers.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var status *sftp.StatusError
	if errors.As(err, &status) {
		return fmt.Errorf("status %d", status.Code)
	}
	return err
}
