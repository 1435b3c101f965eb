package sftp

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
)

func TestParse(t *testing.T) {
	for target, want := range map[string]address{
		"sftp:zoe@host:/srv/repo":           {"zoe", "host", "", "/srv/repo"},
		"sftp:host:repo":                    {"", "host", "", "repo"},
		"sftp:host:":                        {"", "host", "", "."},
		"sftp://zoe@host:2222//srv/repo":    {"zoe", "host", "2222", "/srv/repo"},
		"sftp://host/repo":                  {"", "host", "", "repo"},
		"sftp:a@b@host:/x":                  {"a@b", "host", "", "/x"},
		"sftp:-oProxyCommand=x:/y":          {},
		"sftp:-lx@host:/y":                  {},
		"sftp:host":                         {},
		"sftp://":                           {},
		"sftp://u:secret@host//x":           {},
		"sftp::/x":                          {},
		"sftp://-oProxyCommand=x@host//srv": {},
	} {
		got, err := parse(target)
		if (err != nil) != (want == address{}) || err == nil && got != want {
			t.Errorf("%s: %+v, %v", target, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
}

// ssh puts a program in the place of ssh that serves SFTP on this machine.
func ssh(t *testing.T, script string) {
	t.Helper()
	server := ""
	for _, p := range []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/libexec/openssh/sftp-server"} {
		if _, err := os.Stat(p); err == nil {
			server = p
		}
	}
	if server == "" {
		server = testenv.Need(t, "apt-get install openssh-sftp-server", "sftp-server")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte("#!/bin/sh\n"+strings.ReplaceAll(script, "SERVER", server)+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestStore(t *testing.T) {
	ssh(t, "exec SERVER -R") // read-only
	dir := t.TempDir()
	for name, text := range map[string]string{"data/aa/1": "hello", "data/ab/2": "0123456789", "config": "x", "keys/k": ""} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "data", "link")); err != nil {
		t.Fatal(err)
	}
	s, err := NewStore("sftp:host:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := func(prefix string) (names, gaps string) {
		for o, err := range s.List(t.Context(), prefix) {
			if err != nil {
				var g *scanners.Gap
				if !errors.As(err, &g) {
					t.Fatal(err)
				}
				gaps += g.URI + " " + string(g.Reason) + "\n"
				continue
			}
			names += o.Name + "\n"
		}
		return names, gaps
	}
	if names, gaps := list(""); names != "config\ndata/aa/1\ndata/ab/2\nkeys/k\n" || gaps != "data/link unsupported\n" {
		t.Errorf("listed\n%s%s", names, gaps)
	}
	if names, _ := list("data/a"); names != "data/aa/1\ndata/ab/2\n" {
		t.Errorf("of a prefix\n%s", names)
	}
	for _, test := range []struct {
		off, n int64
		want   string
		err    error
	}{{0, -1, "0123456789", nil}, {3, 4, "3456", nil}, {8, -1, "89", nil}, {8, 5, "89", io.ErrUnexpectedEOF}, {10, 0, "", nil}} {
		f, err := s.OpenRange(t.Context(), "data/ab/2", test.off, test.n)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		_ = f.Close()
		if string(b) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%d, %d: %q, %v", test.off, test.n, b, err)
		}
	}
	for name, want := range map[string]scanners.Reason{"data/none": scanners.Vanished, "data/link": scanners.Unsupported, "data": scanners.Unsupported} {
		_, err := s.OpenRange(t.Context(), name, 0, 1)
		var g *scanners.Gap
		if !errors.As(err, &g) || g.Reason != want || strings.Contains(g.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.OpenRange(t.Context(), "../x", 0, 1); err == nil {
		t.Error("a name leads out of the folder")
	}
	// A connection that is lost is made again.
	s.mu.Lock()
	_ = s.cmd.Process.Kill()
	s.mu.Unlock()
	if names, _ := list("config"); names != "config\n" {
		t.Errorf("after the connection was lost: %q", names)
	}
}

func TestOffline(t *testing.T) {
	ssh(t, "exit 255")
	s, err := NewStore("sftp:host:/x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.OpenRange(t.Context(), "config", 0, 1)
	var g *scanners.Gap
	if !errors.As(err, &g) || g.Reason != scanners.Offline {
		t.Errorf("%v", err)
	}
	for _, err := range s.List(t.Context(), "") {
		if err == nil || scanners.ReasonOf(err) != scanners.Offline {
			t.Errorf("%v", err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := exec.LookPath("ssh"); err == nil {
		t.Skip("there is an ssh all the same")
	}
	if _, err = s.OpenRange(t.Context(), "config", 0, 1); scanners.ReasonOf(err) != scanners.Offline {
		t.Errorf("without ssh: %v", err)
	}
}
