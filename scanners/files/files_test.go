//go:build unix

package files

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

func newSource(t testing.TB, c Config) scanners.Source {
	t.Helper()
	d := Kind().Config().(*Config)
	if c.Parallel == 0 {
		c.Parallel = d.Parallel
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s, err := c.Open(t.Context(), scanners.Env{Name: "tree", RowKey: []byte(scannertest.RowKey)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fingerprint is of all that a scan could change: names, kinds, sizes, times of
// change and contents.
func fingerprint(t testing.TB, root string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		fi, err := d.Info()
		if errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil {
			return err
		}
		st := fi.Sys().(*syscall.Stat_t)
		fmt.Fprintln(h, path, fi.Mode(), fi.Size(), fi.ModTime(), st.Nlink)
		if fi.Mode().IsRegular() && fi.Size() < 1<<20 {
			b, _ := os.ReadFile(path)
			h.Write(b)
		}
		return nil
	})
	must(t, err)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// plant makes a tree with all that trees have.
func plant(t testing.TB, root string) (planted, unreadable []string) {
	n := 0
	marker := func() string {
		n++
		planted = append(planted, fmt.Sprintf("MARK-%04d-ZQ", n))
		return planted[n-1]
	}
	for i := range 40 {
		write(t, fmt.Sprintf("%s/flat/%03d.txt", root, i), "before "+marker()+" after")
	}
	for _, name := range []string{
		"with space", "new\nline", "tab\t", "ex!claim!", "!", "hash#1", "que?ry", "per%cent", "%41", "a;b&c=d+e", "-", "~", "...", ".hidden",
		"\xff\xfe not utf-8", "caf\u00e9", "cafe\u0301", "quote\"'", "back\\slash", strings.Repeat("l", 255), "*", "[a]", "{x,y}", "a!", "a",
	} {
		write(t, root+"/names/"+name, marker())
	}
	write(t, root+"/a!/deep!/member", marker())
	write(t, root+"/sorted/a/z", marker())
	write(t, root+"/sorted/a.txt", marker())
	write(t, root+"/sorted/a-b", marker())
	write(t, root+"/customers/"+marker()+"/empty.txt", "")
	must(t, os.MkdirAll(root+"/nothing/"+marker(), 0o755))
	must(t, os.Symlink("/home/"+marker(), root+"/dangling"))
	must(t, os.Symlink("/etc", root+"/out"))
	must(t, os.Symlink("..", root+"/sorted/loop"))
	write(t, root+"/big", strings.Repeat("x", 70_000)+marker()+strings.Repeat("y", 100_000)+marker())
	write(t, root+"/linked/one", marker())
	must(t, os.Link(root+"/linked/one", root+"/linked/two"))
	write(t, root+"/sparse", marker())
	must(t, os.Truncate(root+"/sparse", 8<<20))
	must(t, syscall.Mkfifo(root+"/fifo.pipe", 0o644))
	must(t, syscall.Mkfifo(root+"/flat/fifo2.pipe", 0o644))
	unreadable = []string{"fifo.pipe", "fifo2.pipe", "my.sock"}
	l, err := net.Listen("unix", root+"/my.sock")
	must(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	return planted, unreadable
}

func TestConformance(t *testing.T) {
	root := filepath.Join(testenv.Dir(t), "backups")
	planted, unreadable := plant(t, root)
	if os.Getuid() == 0 {
		if syscall.Mknod(root+"/null.device", syscall.S_IFCHR|0o666, 1<<8|3) == nil {
			unreadable = append(unreadable, "null.device")
		}
	}
	scannertest.Run(t, scannertest.Fixture{
		Open:       func(t *testing.T) scanners.Source { return newSource(t, Config{Path: root}) },
		Planted:    planted,
		Unreadable: unreadable,
		Vanished: []string{
			pathURI(root + "/flat/none"), pathURI(root + "/none/none"), pathURI(root + "/out/passwd"),
			pathURI(root + "/sorted/loop/a!/deep!/member"), pathURI(root + "/big/member"),
		},
		State: func(t *testing.T) string { return fingerprint(t, root) },
	})
}

func TestConformanceFile(t *testing.T) {
	file := filepath.Join(testenv.Dir(t), "dump.sql")
	write(t, file, "INSERT MARK-0001-ZQ")
	link := filepath.Join(filepath.Dir(file), "link to it.sql")
	must(t, os.Symlink("dump.sql", link))
	for _, path := range []string{file, link} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			scannertest.Run(t, scannertest.Fixture{
				Open:    func(t *testing.T) scanners.Source { return newSource(t, Config{URI: pathURI(path)}) },
				Planted: []string{"MARK-0001-ZQ"},
				State:   func(t *testing.T) string { return fingerprint(t, filepath.Dir(file)) },
			})
		})
	}
}

// TestConformanceUser runs as an ordinary user, to whom things are forbidden.
func TestConformanceUser(t *testing.T) {
	root := os.Getenv("SPOOR_TEST_TREE")
	if root == "" {
		dir := testenv.Dir(t)
		root = filepath.Join(dir, "tree")
		write(t, root+"/ok/file", "MARK-0001-ZQ")
		write(t, root+"/ok/secret", "MARK-0002-ZQ")
		write(t, root+"/shut/inside", "MARK-0003-ZQ")
		write(t, root+"/names only/inside", "MARK-0004-ZQ")
		write(t, root+"/pass only/inside", "MARK-0005-ZQ")
		write(t, root+"/zz", "MARK-0006-ZQ")
		for path, mode := range map[string]fs.FileMode{"/ok/secret": 0, "/shut": 0, "/names only": 0o444, "/pass only": 0o111} {
			must(t, os.Chmod(root+path, mode))
			t.Cleanup(func() { _ = os.Chmod(root+path, 0o755) })
		}
		if os.Getuid() == 0 {
			self, err := os.Executable()
			must(t, err)
			// The test binary lies where others may not go.
			exe := filepath.Join(dir, "files.test")
			b, err := os.ReadFile(self)
			must(t, err)
			must(t, os.WriteFile(exe, b, 0o755))
			cmd := exec.Command(exe, "-test.run=^TestConformanceUser$", "-test.v")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "SPOOR_TEST_TREE="+root)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			out, err := cmd.CombinedOutput()
			if errors.Is(err, syscall.EPERM) {
				t.Skip("root here can't become another user")
			}
			if err != nil || !strings.Contains(string(out), "--- PASS: TestConformanceUser/Unchanged") {
				t.Fatalf("as an ordinary user: %v\n%s", err, out)
			}
			return
		}
	}
	scannertest.Run(t, scannertest.Fixture{
		Open:       func(t *testing.T) scanners.Source { return newSource(t, Config{Path: root}) },
		Planted:    []string{"MARK-0001-ZQ", "MARK-0006-ZQ"},
		Unreadable: []string{"/ok/secret", "/shut", "/names only", "/pass only"},
		State:      func(t *testing.T) string { return fingerprint(t, root) },
	})
	s := newSource(t, Config{Path: root})
	defer s.Close()
	for _, path := range []string{"/ok/secret", "/shut/inside", "/names only/inside"} {
		_, err := s.Open(t.Context(), scanners.Ref{URI: pathURI(root + path)})
		if scanners.ReasonOf(err) != scanners.Denied {
			t.Errorf("open %s: %v, want denied", path, err)
		}
	}
	// A root that can't be listed is an error of the listing, and a failed check.
	s = newSource(t, Config{Path: root + "/shut"})
	defer s.Close()
	for _, err := range s.Parts(t.Context()) {
		if g := (*scanners.Gap)(nil); err == nil || errors.As(err, &g) || scanners.ReasonOf(err) != scanners.Denied {
			t.Errorf("parts of an unreadable root: %v", err)
		}
	}
	if c := s.Check(t.Context()); len(c) == 0 || c[len(c)-1].OK || c[len(c)-1].Remedy == "" {
		t.Errorf("check of an unreadable root: %+v", c)
	}
}

// got is a scan's result in short.
type got struct {
	items, gaps, exclusions []string
	units, bytes            int64 // excluded
}

func scan(t testing.TB, s scanners.Source, cursor string) got {
	t.Helper()
	defer s.Close()
	root := s.Info().URI
	short := func(uri string) string {
		p, err := scanners.Unescape(strings.TrimPrefix(strings.TrimPrefix(uri, strings.TrimSuffix(root, "/")), "/"))
		must(t, err)
		return p
	}
	var g got
	for p, err := range s.Parts(t.Context()) {
		must(t, err)
		p.Cursor = cursor
		for it, err := range s.Items(t.Context(), p) {
			var gap *scanners.Gap
			var x *scanners.Exclusion
			switch {
			case errors.As(err, &gap):
				g.gaps = append(g.gaps, string(gap.Reason)+" "+short(gap.URI))
			case errors.As(err, &x):
				g.exclusions = append(g.exclusions, short(x.URI))
				g.units += x.Units
				g.bytes += x.Bytes
			case err != nil:
				t.Fatal(err)
			default:
				g.items = append(g.items, short(it.Ref.URI))
			}
		}
	}
	return g
}

func TestPatterns(t *testing.T) {
	root := t.TempDir()
	for _, f := range []string{"a.sql", "b.txt", "cache/1", "cache/2/3", "var/cache/x", "var/d.sql", "var/log/e.txt", "var/log/f.sql.gz", "zoë/g.sql", "lit*eral/h"} {
		write(t, filepath.Join(root, f), "12345")
	}
	for _, tt := range []struct {
		name             string
		include, exclude []string
		items, out       string
		units            int64
	}{
		{name: "none", items: "a.sql b.txt cache/1 cache/2/3 lit*eral/h var/cache/x var/d.sql var/log/e.txt var/log/f.sql.gz zoë/g.sql"},
		{name: "include files", include: []string{"**/*.sql"}, items: "a.sql var/d.sql zoë/g.sql", out: " cache cache/2 lit*eral var/cache var/log", units: 7},
		{name: "include a folder", include: []string{"var/log/"}, items: "var/log/e.txt var/log/f.sql.gz", out: " cache cache/2 lit*eral var var/cache zoë", units: 8},
		{name: "exclude folders", exclude: []string{"**/cache"}, items: "a.sql b.txt lit*eral/h var/d.sql var/log/e.txt var/log/f.sql.gz zoë/g.sql", out: "cache var/cache"},
		{name: "exclude content", exclude: []string{"cache/**"}, items: "a.sql b.txt lit*eral/h var/cache/x var/d.sql var/log/e.txt var/log/f.sql.gz zoë/g.sql", out: "cache"},
		{name: "exclude files", exclude: []string{"./*.{sql,txt}"}, items: "cache/1 cache/2/3 lit*eral/h var/cache/x var/d.sql var/log/e.txt var/log/f.sql.gz zoë/g.sql", units: 2, out: ""},
		{name: "exclude goes first", include: []string{"/var"}, exclude: []string{"var/log"}, items: "var/cache/x var/d.sql", out: " cache cache/2 lit*eral var/log zoë", units: 6},
		{name: "literal star", include: []string{`lit\*eral`}, items: "lit*eral/h", units: 9, out: " cache cache/2 var var/cache var/log zoë"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			open := func() scanners.Source {
				return newSource(t, Config{Path: root, Include: tt.include, Exclude: tt.exclude})
			}
			g := scan(t, open(), "")
			if have := strings.Join(g.items, " "); have != tt.items {
				t.Errorf("items\n%s, want\n%s", have, tt.items)
			}
			slices.Sort(g.exclusions)
			if have := strings.Join(g.exclusions, " "); have != tt.out {
				t.Errorf("left out %q, want %q", have, tt.out)
			}
			if g.units != tt.units || g.bytes != 5*tt.units {
				t.Errorf("left out %d files, %d bytes, want %d files", g.units, g.bytes, tt.units)
			}
			// Nothing is lost or counted twice when resumed anywhere.
			scannertest.Run(t, scannertest.Fixture{Open: func(t *testing.T) scanners.Source { return open() }})
		})
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a b", "x")
	for _, tt := range []struct{ target, root, err string }{
		{target: dir, root: dir},
		{target: dir + "/../" + filepath.Base(dir) + "/", root: dir},
		{target: "file://" + dir, root: dir},
		{target: "file://localhost" + dir, root: dir},
		{target: "file:" + dir + "/a%20b", root: dir + "/a b"},
		{target: dir + "/a%20b", err: "does not exist"},
		{target: dir + "/none", err: "does not exist"},
		{target: dir + "/a b/none", err: "does not exist"},
		{target: "", err: "empty path"},
		{target: "file:relative", err: "absolute path"},
		{target: "file://", err: "absolute path"},
		{target: "file://host/x", err: "another host"},
		{target: "file:///a%zz", err: "percent-encoding"},
		{target: "file:///a%00b", err: "NUL"},
		{target: "file:///a/%2E%2E/b", err: "segment"},
		{target: "file:///a?b", err: "query"},
	} {
		c := Kind().Config().(*Config)
		err := c.Target(tt.target)
		if err == nil {
			err = c.Validate()
		}
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: error %v, want one line with %q", tt.target, err, tt.err)
			}
			continue
		}
		if root, rerr := c.root(); err != nil || rerr != nil || root != tt.root {
			t.Errorf("%q: root %q, errors %v, %v", tt.target, root, err, rerr)
		}
	}
	for _, c := range []Config{
		{Parallel: 1},
		{Path: dir, URI: "file:///", Parallel: 1},
		{Path: dir},
		{Path: dir, Parallel: 1000},
		{Path: dir, Parallel: 1, Include: []string{"[a"}},
		{Path: dir, Parallel: 1, Exclude: []string{"{a"}},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v is valid", c)
		}
	}
}

func TestItem(t *testing.T) {
	root := t.TempDir() + "/mail data"
	write(t, root+"/zoe/\xffdump.SQL.gz", "12345")
	must(t, os.Link(root+"/zoe/\xffdump.SQL.gz", root+"/zoe/twin.zoe"))
	s := newSource(t, Config{Path: root})
	defer s.Close()
	var same []string
	for it, err := range s.Items(t.Context(), scanners.Part{ID: partID}) {
		must(t, err)
		same = append(same, it.Same)
		if it.Name == "twin.zoe" {
			if it.Ref.Place != "mail data / file" {
				t.Errorf("place %q", it.Ref.Place)
			}
			continue
		}
		if it.Ref.Place != "mail data / file .sql.gz" || !it.Deferred || it.Size != 5 || it.Time.IsZero() || it.Ref.Action != "delete-file" {
			t.Errorf("%+v", it)
		}
		if want := pathURI(root) + "/zoe/%FFdump.SQL.gz"; it.Ref.URI != want {
			t.Errorf("URI %s, want %s", it.Ref.URI, want)
		}
		b, err := it.Ref.Marshal()
		must(t, err)
		var loc Locator
		must(t, json.Unmarshal(b, &loc))
		if string(loc.PathBase64) != root+"/zoe/\xffdump.SQL.gz" || loc.Path != root+"/zoe/\uFFFDdump.SQL.gz" || loc.Inode == "" {
			t.Errorf("locator %s", b)
		}
		fi, err := os.Stat(root + "/zoe/\xffdump.SQL.gz")
		must(t, err)
		if it.Ref.If["size"] != "5" || it.Ref.If["mtime"] != fi.ModTime().UTC().Format(time.RFC3339Nano) {
			t.Errorf("if %v", it.Ref.If)
		}
	}
	if len(same) != 2 || same[0] == "" || same[0] != same[1] {
		t.Errorf("hard links have the identities %q", same)
	}
}

func TestChangesWhileReading(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/f", strings.Repeat("a", 100))
	s := newSource(t, Config{Path: dir})
	defer s.Close()
	open := func() scanners.Item {
		it, err := s.Open(t.Context(), scanners.Ref{URI: pathURI(dir + "/f")})
		must(t, err)
		_, err = io.ReadFull(it.Body, make([]byte, 10))
		must(t, err)
		return it
	}
	it := open()
	must(t, os.Truncate(dir+"/f", 50))
	b, err := io.ReadAll(it.Body)
	var g *scanners.Gap
	if len(b) != 40 || !errors.As(err, &g) || g.Reason != scanners.Vanished || g.Bytes != 50 {
		t.Errorf("a file that became shorter: %d bytes, %v", len(b), err)
	}
	must(t, it.Close())
	it = open()
	must(t, os.Truncate(dir+"/f", 1000))
	if b, err := io.ReadAll(it.Body); len(b) != 990 || err != nil {
		t.Errorf("a file that became longer: %d bytes, %v", len(b), err)
	}
	must(t, it.Close())
	it = open()
	must(t, os.Truncate(dir+"/f", 1<<30))
	n, err := io.Copy(io.Discard, it.Body)
	if !errors.As(err, &g) || g.Reason != scanners.TooLarge || n > 2*growth {
		t.Errorf("a file that grows without an end: %d bytes, %v", n, err)
	}
	must(t, it.Close())
	must(t, os.Remove(dir+"/f"))
	if _, err := s.Open(t.Context(), scanners.Ref{URI: pathURI(dir + "/f")}); scanners.ReasonOf(err) != scanners.Vanished {
		t.Errorf("a file that is gone: %v", err)
	}
	must(t, syscall.Mkfifo(dir+"/f", 0o644))
	if _, err := s.Open(t.Context(), scanners.Ref{URI: pathURI(dir + "/f")}); scanners.ReasonOf(err) != scanners.Unsupported {
		t.Errorf("a file that became a FIFO: %v", err)
	}
}

// TestOpenOutside opens what does not lie below the root.
func TestOpenOutside(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/root/in", "x")
	write(t, dir+"/secret", "x")
	write(t, dir+"/root2/secret", "x")
	must(t, os.Symlink("../secret", dir+"/root/link"))
	must(t, os.Symlink("../root2", dir+"/root/dirlink"))
	s := newSource(t, Config{Path: dir + "/root"})
	defer s.Close()
	for _, uri := range []string{
		pathURI(dir + "/secret"), pathURI(dir + "/root2/secret"), "file://" + dir + "/root/../secret", "file://" + dir + "/root/%2e%2e/secret",
		pathURI(dir + "/root/dirlink/secret"), pathURI("/"), pathURI(dir), "file://" + dir + "/root/..%2Fsecret",
	} {
		if it, err := s.Open(t.Context(), scanners.Ref{URI: uri}); err == nil {
			t.Errorf("%s opens: %+v", uri, it)
		}
	}
	it, err := s.Open(t.Context(), scanners.Ref{URI: pathURI(dir + "/root/link")})
	if err != nil || it.Body != nil || it.Fields[1].Value != "../secret" {
		t.Errorf("a link: %+v, %v", it, err)
	}
}

// deep makes a chain of folders with a file in each, longer than any path that
// the system takes.
func deep(t *testing.T, root string, levels int, name string) {
	t.Helper()
	must(t, os.MkdirAll(root, 0o755))
	r, err := os.OpenRoot(root)
	must(t, err)
	for range levels {
		must(t, r.WriteFile("file", []byte("x"), 0o644))
		must(t, r.WriteFile("zfile", nil, 0o644))
		must(t, r.Mkdir(name, 0o755))
		next, err := r.OpenRoot(name)
		must(t, err)
		_ = r.Close()
		r = next
	}
	_ = r.Close()
}

func descriptors(t *testing.T) int {
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(d)
}

func TestDeepTree(t *testing.T) {
	root := t.TempDir() + "/deep"
	const levels = 1000
	deep(t, root, levels, "folder")
	before, most := descriptors(t), 0
	s := newSource(t, Config{Path: root})
	start := time.Now()
	var n int
	var last scanners.Item
	var longest scanners.Item
	for it, err := range s.Items(t.Context(), scanners.Part{ID: partID}) {
		must(t, err)
		if n++; n%101 == 0 {
			most = max(most, descriptors(t)-before)
		}
		last = it
		if it.Deferred && len(it.Ref.URI) > len(longest.Ref.URI) {
			longest = it
		}
	}
	t.Logf("%d items in %v, %d descriptors", n, time.Since(start), most)
	if n != 2*levels+1 || last.Name != "zfile" || most > 140 {
		t.Errorf("%d items, the last %q, %d descriptors", n, last.Name, most)
	}
	it, err := s.Open(t.Context(), longest.Ref)
	must(t, err)
	must(t, it.Close())
	rest := 0
	for it, err := range s.Items(t.Context(), scanners.Part{ID: partID, Cursor: longest.Cursor}) {
		must(t, err)
		rest++
		_ = it
	}
	if rest != levels-1 {
		t.Errorf("resumed at the deepest: %d items, want %d", rest, levels-1)
	}
	must(t, s.Close())
	if now := descriptors(t); now != before {
		t.Errorf("%d descriptors before, %d after", before, now)
	}
	// Without a tree around it, as the root itself.
	path, err := parseURI(longest.Ref.URI)
	must(t, err)
	one := scan(t, newSource(t, Config{Path: path}), "")
	if len(one.items) != 1 {
		t.Errorf("a long path as the root: %+v", one)
	}
}

func TestStoppedHoldsNothing(t *testing.T) {
	root := t.TempDir()
	deep(t, root, 200, "d")
	s := newSource(t, Config{Path: root})
	defer s.Close()
	for range s.Items(t.Context(), scanners.Part{ID: partID}) {
		break
	}
	before := descriptors(t)
	for _, n := range []int{1, 10, 100, 300} {
		for range s.Items(t.Context(), scanners.Part{ID: partID}) {
			if n--; n == 0 {
				break
			}
		}
		if now := descriptors(t); now != before {
			t.Errorf("%d descriptors before, %d after", before, now)
		}
	}
}

func TestTooDeep(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a/b/c/in", "x")
	write(t, dir+"/a/b/c/d/out", "x")
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	fi, err := root.Stat(".")
	must(t, err)
	var seen []string
	w := &walker{root: root, info: fi, depth: 3}
	w.walk(t.Context(), func(e entry) bool {
		if _, ok := e.err.(*tooDeep); ok {
			e.rel += " too deep"
		}
		seen = append(seen, e.rel)
		return true
	})
	if want := []string{"a/b/c/d too deep", "a/b/c/in"}; !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

// TestSwapped replaces folders by links while they are walked.
func TestSwapped(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		write(t, fmt.Sprintf("%s/root/%03d/f", dir, i), "inside")
	}
	write(t, dir+"/outside/f", "OUTSIDE")
	s := newSource(t, Config{Path: dir + "/root"})
	defer s.Close()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			p := fmt.Sprintf("%s/root/%03d", dir, i%200)
			_ = os.Rename(p, dir+"/aside")
			_ = os.Symlink([]string{"../outside", "..", "/"}[i%3], p)
			_ = os.Remove(p)
			_ = os.Rename(dir+"/aside", p)
		}
	}()
	for range 10 {
		for it, err := range s.Items(t.Context(), scanners.Part{ID: partID}) {
			if err != nil {
				if g := (*scanners.Gap)(nil); !errors.As(err, &g) {
					t.Fatal(err)
				}
				continue
			}
			o, err := s.Open(t.Context(), it.Ref)
			if err != nil {
				continue
			}
			if o.Body != nil {
				if b, _ := io.ReadAll(o.Body); string(b) != "inside" {
					t.Fatalf("%s gives %q", it.Ref.URI, b)
				}
			}
			must(t, o.Close())
		}
	}
	close(stop)
	<-done
}

func TestOtherFilesystem(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	s := newSource(t, Config{Path: "/"})
	defer s.Close()
	seen := false
	for it, err := range s.Items(t.Context(), scanners.Part{ID: partID, Cursor: "pro"}) {
		var x *scanners.Exclusion
		if errors.As(err, &x) && x.URI == "file:///proc" {
			seen = true
		}
		if uri := it.Ref.URI; seen || uri > "file:///proc~" {
			break
		}
		if strings.HasPrefix(it.Ref.URI, "file:///proc/") {
			t.Fatalf("walks into /proc: %s", it.Ref.URI)
		}
	}
	if !seen {
		t.Error("/proc was not left out by name")
	}
}

func TestStore(t *testing.T) {
	root := t.TempDir()
	for _, f := range []string{"config", "data/00/abc", "data/01/def", "data/0x", "database", "keys/k"} {
		write(t, filepath.Join(root, f), f)
	}
	must(t, os.Symlink("config", root+"/data/link"))
	s, err := NewStore(root)
	must(t, err)
	defer s.Close()
	for prefix, want := range map[string]string{
		"":        "config data/00/abc data/01/def data/0x ! database keys/k",
		"data/":   "data/00/abc data/01/def data/0x !",
		"data":    "data/00/abc data/01/def data/0x ! database",
		"data/0":  "data/00/abc data/01/def data/0x",
		"data/01": "data/01/def",
		"none/":   "",
	} {
		var names []string
		for o, err := range s.List(t.Context(), prefix) {
			if err != nil {
				if scanners.ReasonOf(err) != scanners.Unsupported {
					t.Error(err)
				}
				names = append(names, "!")
				continue
			}
			if o.Size != int64(len(o.Name)) || o.Time.IsZero() {
				t.Errorf("%+v", o)
			}
			names = append(names, o.Name)
		}
		if have := strings.Join(names, " "); have != want {
			t.Errorf("list %q: %s, want %s", prefix, have, want)
		}
	}
	for _, tt := range []struct {
		off, n int64
		want   string
		err    error
	}{{0, -1, "data/00/abc", nil}, {5, 2, "00", nil}, {5, -1, "00/abc", nil}, {8, 10, "abc", io.ErrUnexpectedEOF}, {0, 0, "", nil}, {50, -1, "", nil}} {
		r, err := s.OpenRange(t.Context(), "data/00/abc", tt.off, tt.n)
		must(t, err)
		b, err := io.ReadAll(r)
		if string(b) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("range %d+%d: %q, %v", tt.off, tt.n, b, err)
		}
		must(t, r.Close())
	}
	for _, name := range []string{"none", "../x", "", "data", "data/link", "/config", "data/../config", "a\x00"} {
		if r, err := s.OpenRange(t.Context(), name, 0, -1); err == nil {
			t.Errorf("%q opens", name)
			_ = r.Close()
		}
	}
	if _, err := s.OpenRange(t.Context(), "none", 0, -1); scanners.ReasonOf(err) != scanners.Vanished {
		t.Errorf("a file that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.List(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func FuzzURI(f *testing.F) {
	for _, s := range []string{"/a", "/", "/a b/c!/d", "/%41", "/\xff\n", "/a//b", "/...", "/#?;", "/~!@$&'()*+,;=:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if !strings.HasPrefix(path, "/") || strings.Contains(path, "\x00") {
			t.Skip()
		}
		path = filepath.Clean(path)
		uri := pathURI(path)
		back, err := parseURI(uri)
		if err != nil || back != path {
			t.Errorf("%q: %s: back as %q, %v", path, uri, back, err)
		}
		if base, _, steps, err := scanners.Split(uri); err != nil || len(steps) > 0 || base != uri {
			t.Errorf("%q: %s is split into %q %q, %v", path, uri, base, steps, err)
		}
	})
}

func FuzzParseURI(f *testing.F) {
	for _, s := range []string{"file:///a", "file:/a", "file://localhost/a", "file:///a/%2e%2e/b", "file:", "file:////x", "file:///%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		path, err := parseURI(uri)
		if err != nil {
			return
		}
		if !filepath.IsAbs(path) || filepath.Clean(path) != path || strings.Contains(path, "\x00") {
			t.Errorf("%q gives the path %q", uri, path)
		}
		if again, err := parseURI(pathURI(path)); err != nil || again != path {
			t.Errorf("%q gives %q, and then %q, %v", uri, path, again, err)
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	root := b.TempDir()
	for i := range 2000 {
		write(b, fmt.Sprintf("%s/%02d/%02d/%d", root, i%20, i%7, i), "content")
	}
	for _, open := range []bool{false, true} {
		b.Run(fmt.Sprintf("open=%v", open), func(b *testing.B) {
			s := newSource(b, Config{Path: root})
			defer s.Close()
			b.ReportAllocs()
			for b.Loop() {
				for it, err := range s.Items(b.Context(), scanners.Part{ID: partID}) {
					must(b, err)
					if open {
						o, err := s.Open(b.Context(), it.Ref)
						must(b, err)
						_, err = io.Copy(io.Discard, o.Body)
						must(b, err)
						_ = o.Close()
					}
				}
			}
		})
	}
}

// A file is read at random without a copy of it.
func TestBodyAtRandom(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b := newBody(t.Context(), f, 10, scanners.Ref{})
	defer b.Close()
	at := b.(interface {
		io.ReaderAt
		Size() int64
	})
	p := make([]byte, 4)
	if n, err := at.ReadAt(p, 3); n != 4 || err != nil || string(p) != "3456" || at.Size() != 10 {
		t.Errorf("%d %v %s", n, err, p)
	}
	if n, err := at.ReadAt(p, 8); n != 2 || err != io.EOF {
		t.Errorf("at the end: %d %v", n, err)
	}
	if err := os.Truncate(name, 5); err != nil {
		t.Fatal(err)
	}
	var g *scanners.Gap
	if n, err := at.ReadAt(p, 3); n != 2 || !errors.As(err, &g) || g.Reason != scanners.Vanished {
		t.Errorf("truncated: %d %v", n, err)
	}
}
