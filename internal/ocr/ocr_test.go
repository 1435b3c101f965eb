package ocr

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
)

func TestRead(t *testing.T) {
	testenv.Need(t, "tesseract-ocr", "tesseract")
	r, err := New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"page.png", "page.tif", "page.jpg"} {
		data, err := os.ReadFile(filepath.Join("../document/testdata/image", name))
		if err != nil {
			t.Fatal(err)
		}
		text, err := r.Read(t.Context(), bytes.NewReader(data))
		if err != nil || !strings.Contains(string(text), "Zoe Van den Broeck") || !strings.Contains(string(text), "BE68 5390 0754 7034") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if name == "page.tif" {
			continue // what there is of it is recognised
		}
		if _, err := r.Read(t.Context(), bytes.NewReader(data[:len(data)/8])); scanners.ReasonOf(err) != scanners.Unsupported {
			t.Errorf("%s, cut off: %v", name, err)
		}
	}
	if _, err := New(t.Context(), []string{"eng", "xxx"}); err == nil || !strings.Contains(err.Error(), `"xxx"`) {
		t.Errorf("a missing language: %v", err)
	}
}

// program returns a reader that runs a script in the place of tesseract.
func program(t *testing.T, script string) *Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tesseract")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Reader{path, "eng", 3 * time.Second, make(chan struct{}, 1)}
}

func TestLimits(t *testing.T) {
	t.Setenv("SPOOR_TEST_SECRET", "secret")
	for name, tt := range map[string]struct {
		script string
		want   scanners.Reason
		text   string
	}{
		"hangs":                   {"echo some; sleep 60", scanners.Timeout, "some\n"},
		"does not read its input": {"echo text", "", "text"},
		"knows no secrets":        {"env | grep SECRET; echo done", "", "done"},
		"writes without end":      {"exec cat /dev/zero", scanners.TooLarge, ""},
		"fails":                   {"echo part; exit 1", scanners.Unsupported, "part\n"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := program(t, tt.script).Read(t.Context(), bytes.NewReader(make([]byte, 1<<20)))
			if got := scanners.ReasonOf(err); err != nil && got != tt.want || err == nil && tt.want != "" {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if tt.text != "" && string(text) != tt.text {
				t.Errorf("%q", text)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := program(t, "sleep 60").Read(ctx, strings.NewReader("")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := New(t.Context(), nil); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("without tesseract: %v", err)
	}
}
