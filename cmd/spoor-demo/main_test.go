package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// isolate sends temporary files to a folder of the test's own, and sees to it
// that nothing is left there.
func isolate(t *testing.T) {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("SPOOR_STATE_DIR", "")
	t.Cleanup(func() {
		left, err := os.ReadDir(temp)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

func TestRun(t *testing.T) {
	isolate(t)
	dir := filepath.Join(t.TempDir(), "new", "folder")
	var out, errw bytes.Buffer
	if status := run(t.Context(), []string{"-dir", dir}, &out, &errw); status != 0 {
		t.Fatalf("status %d\n%s%s", status, &out, &errw)
	}
	for _, name := range []string{"report.json", "report.html"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, want := range []string{
		"INCOMPLETE: 1 gap", "encrypted  backups", "possible   databases       a namesake", "    comment_author_email: zoe@example.be\n", "report.html",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
}

func TestKeep(t *testing.T) {
	isolate(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"-keep", "-dir", t.TempDir()}, w, io.Discard)
		_ = w.Close()
	}()
	var out []byte
	for buf := make([]byte, 4096); !bytes.Contains(out, []byte("go run ./cmd/spoor cat -c ")); {
		n, err := r.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			t.Fatalf("ended early with status %d\n%s", <-ended, out)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	select {
	case status := <-ended:
		t.Fatalf("did not stay up: status %d", status)
	case <-time.After(50 * time.Millisecond):
	}
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("status %d after the interrupt", status)
	}
}

func TestInterrupted(t *testing.T) {
	isolate(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if status := run(ctx, []string{"-dir", t.TempDir()}, io.Discard, io.Discard); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
	}{{[]string{"-h"}, 0}, {[]string{"-nope"}, 2}, {[]string{"more"}, 2}} {
		var errw bytes.Buffer
		if status := run(t.Context(), tt.args, io.Discard, &errw); status != tt.status || !strings.Contains(errw.String(), "spoor-demo") {
			t.Errorf("%q: status %d, want %d\n%s", tt.args, status, tt.status, &errw)
		}
	}
}
