package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/engine"
)

// A disk that is full, or a report that fails half-way, leaves what was there.
func TestWriteFileIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "report.json")
	if err := writeFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "old"); return err }); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	err := writeFile(name, func(w io.Writer) error {
		_, _ = io.WriteString(w, strings.Repeat("new", 1<<20))
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("error: %v", err)
	}
	b, err := os.ReadFile(name)
	if err != nil || string(b) != "old" {
		t.Errorf("the report is %.10q, %v", b, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestProgressLine(t *testing.T) {
	for _, tt := range []struct {
		s    engine.Snapshot
		want string
	}{
		{engine.Snapshot{Units: 3, Bytes: 2048, AllUnits: -1, AllBytes: -1}, "3 units   2.0 KiB"},
		{engine.Snapshot{Units: 3, Bytes: 1 << 20, AllUnits: 6, AllBytes: 2 << 20}, "about 10s left"},
		{engine.Snapshot{Findings: 1, Gaps: 2, Done: true}, "1 finding  2 gaps  done"},
	} {
		if got := progressLine("x", tt.s, 10e9); !strings.Contains(got, tt.want) {
			t.Errorf("%q lacks %q", got, tt.want)
		}
	}
}
