// Package testenv starts real, throw-away servers for tests: on loopback, on
// free ports, in temporary folders. It ends only what it started.
package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Need returns the path of the first of programs that is installed, looking
// also where servers and Go tools live. Without any it skips the test, or fails
// it where SPOOR_REQUIRE_SERVERS is 1; hint says what to install.
func Need(t testing.TB, hint string, programs ...string) string {
	t.Helper()
	dirs := []string{"/usr/sbin", "/usr/local/sbin", "/usr/local/bin", os.Getenv("SPOOR_TOOLS")}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, "go", "bin"))
	}
	for _, p := range programs {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
		for _, d := range dirs {
			if d == "" {
				continue
			}
			if path, err := exec.LookPath(filepath.Join(d, p)); err == nil {
				return path
			}
		}
	}
	msg := fmt.Sprintf("%s is not installed; to run this test: %s", programs[0], hint)
	if os.Getenv("SPOOR_REQUIRE_SERVERS") == "1" {
		t.Fatal(msg)
	}
	t.Skip(msg)
	return ""
}

// Dir returns a new folder under a short path (a Unix socket's path must stay
// under 108 bytes) that other users may traverse, and removes it when the test ends.
func Dir(t testing.TB) string {
	t.Helper()
	d, err := os.MkdirTemp("", "spoor")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(d, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(d) })
	return d
}

// Port returns a TCP port of 127.0.0.1 that was free a moment ago.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Start runs a server in a process group of its own, which dies with the test,
// and waits until ready returns nil, for up to 30 seconds. The server's output
// goes to log, which is shown when it does not come up. The returned function
// stops the server at once; it may be called more than once.
func Start(t testing.TB, cmd *exec.Cmd, log string, ready func() error) (stop func()) {
	t.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	stop = func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-exited
	}
	t.Cleanup(stop)
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := ready()
		if err == nil {
			return stop
		}
		dead := false
		select {
		case <-exited:
			dead = true
		case <-time.After(30 * time.Millisecond):
		}
		if dead || time.Now().After(deadline) {
			b, _ := os.ReadFile(log)
			t.Fatalf("%s does not come up: %v\n%s", filepath.Base(cmd.Path), err, b)
		}
	}
}

// Dial reports whether something listens on a port of 127.0.0.1.
func Dial(port int) error {
	var d net.Dialer
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	return c.Close()
}
