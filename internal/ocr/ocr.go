// Package ocr recognises the text in pictures by an installed tesseract
// (https://tesseract-ocr.github.io/tessdoc/Command-Line-Usage.html).
package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// Bounds of one picture.
const (
	// Limit is how long one picture may take.
	Limit = 2 * time.Minute
	// memory bounds the address space of the process, in bytes.
	memory = 4 << 30
	// maxText bounds what is recognised, in bytes.
	maxText = 16 << 20
)

// A Reader recognises text. Its methods may be called concurrently.
type Reader struct {
	path      string
	languages string
	limit     time.Duration
	slots     chan struct{}
}

// New finds tesseract and checks that it has the languages, by its own names of
// them; none means English. The error says what to install.
func New(ctx context.Context, languages []string) (*Reader, error) {
	if len(languages) == 0 {
		languages = []string{"eng"}
	}
	path, err := exec.LookPath("tesseract")
	if err != nil {
		return nil, errors.New("ocr: tesseract is not installed (Debian, Ubuntu: apt-get install tesseract-ocr)")
	}
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	c := exec.CommandContext(ctx, path, "--list-langs")
	c.Env = environment()
	out, err := c.CombinedOutput() // version 3 lists them as errors
	if err != nil {
		return nil, fmt.Errorf("ocr: %s --list-langs: %w", path, err)
	}
	have := strings.Fields(string(out))
	for _, l := range languages {
		if !slices.Contains(have, l) {
			return nil, fmt.Errorf("ocr: tesseract has no language %q (Debian, Ubuntu: apt-get install tesseract-ocr-%s)", l, l)
		}
	}
	return &Reader{path, strings.Join(languages, "+"), Limit, make(chan struct{}, runtime.GOMAXPROCS(0))}, nil
}

// environment returns what the process may know: where it finds its data, and
// no secrets.
func environment() []string {
	env := []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "TESSDATA_PREFIX"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// Read returns the text in a picture. The error is that of ctx, or a
// *scanners.Gap: Unsupported where tesseract can't read the picture, Timeout
// beyond Limit.
func (r *Reader) Read(ctx context.Context, picture io.Reader) ([]byte, error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	c := exec.CommandContext(limited, r.path, "-", "stdout", "--psm", "6", "-l", r.languages)
	c.Env = environment()
	c.Dir = os.TempDir()
	c.Stdin = picture
	c.WaitDelay = time.Second
	var out bounded
	c.Stdout = &out
	err := c.Start()
	if err == nil {
		confine(c.Process.Pid)
		err = c.Wait()
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case out.full:
		return out.buf.Bytes(), &scanners.Gap{Reason: scanners.TooLarge, Detail: "there is too much text in a picture"}
	case limited.Err() != nil:
		return out.buf.Bytes(), &scanners.Gap{Reason: scanners.Timeout, Detail: fmt.Sprintf("the text in a picture was not recognised within %v", r.limit), Err: err}
	case err != nil:
		return out.buf.Bytes(), &scanners.Gap{Reason: scanners.Unsupported, Detail: "the text in a picture could not be recognised: tesseract can't read it", Err: err}
	}
	return bytes.TrimSpace(out.buf.Bytes()), nil
}

// bounded keeps the start of what is written to it.
type bounded struct {
	buf  bytes.Buffer // not embedded: its ReadFrom has no bounds
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxText - b.buf.Len(); len(p) > room {
		b.buf.Write(p[:room])
		b.full = true
		return room, io.ErrShortWrite
	}
	return b.buf.Write(p)
}
