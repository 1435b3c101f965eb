package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/reports"
)

// The intervals at which progress is shown.
const (
	onTerminal = 200 * time.Millisecond
	onPlain    = 5 * time.Second
)

// showProgress shows a line per source until stop is called: rewritten in place
// on a terminal, else appended every few seconds.
func showProgress(w io.Writer, p *engine.Progress) (stop func()) {
	terminal := isTerminal(w)
	every := onPlain
	if terminal {
		every = onTerminal
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	start := time.Now()
	lines := 0
	draw := func(last bool) {
		var b strings.Builder
		if terminal && lines > 0 {
			fmt.Fprintf(&b, "\x1b[%dA", lines)
		}
		lines = 0
		for _, c := range p.Sources() {
			s := c.Snapshot()
			if !terminal && !last && s.Done {
				continue
			}
			if terminal {
				b.WriteString("\x1b[2K")
			}
			b.WriteString(progressLine(c.Name, s, time.Since(start)))
			b.WriteByte('\n')
			lines++
		}
		_, _ = io.WriteString(w, b.String()) // a closed terminal must not end a scan
	}
	wg.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				draw(false)
			case <-done:
				draw(true)
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// isTerminal reports whether w is a character device, as terminals are.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0 && fi.Name() != os.DevNull && !strings.HasSuffix(f.Name(), "/null")
}

func progressLine(name string, s engine.Snapshot, since time.Duration) string {
	line := fmt.Sprintf("%-16s %9d units %9s", name, s.Units, reports.Bytes(s.Bytes))
	if sec := since.Seconds(); sec > 0.1 {
		line += fmt.Sprintf(" %9s/s", reports.Bytes(int64(float64(s.Bytes)/sec)))
	}
	line += "  " + reports.Plural(s.Findings, "finding")
	if s.Gaps > 0 {
		line += "  " + reports.Plural(s.Gaps, "gap")
	}
	switch {
	case s.Done:
		line += "  done"
	case s.AllBytes > s.Bytes && s.Bytes > 0:
		left := time.Duration(float64(since) * float64(s.AllBytes-s.Bytes) / float64(s.Bytes))
		line += fmt.Sprintf("  about %s left", left.Round(time.Second))
	}
	return line
}
