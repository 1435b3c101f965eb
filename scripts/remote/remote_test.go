package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// setting returns a number from the environment.
func setting(name string, or int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return or
}

// program builds spoor; without SPOOR_SPEED nothing is measured.
func program(t *testing.T) string {
	t.Helper()
	if os.Getenv("SPOOR_SPEED") == "" {
		t.Skip("run scripts/remote.sh to measure")
	}
	bin := filepath.Join(t.TempDir(), "spoor")
	cmd := exec.Command("go", "build", "-trimpath", "-o", bin, "github.com/spoor-scan/spoor/cmd/spoor")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// subjects writes a list of people: one who is there, and n others.
func subjects(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("subjects:\n- id: there\n  name: Zoë Van den Broeck\n  email: zoe@example.be\n  phone: \"+32 470 12 34 56\"\n")
	for i := range n {
		fmt.Fprintf(&b, "- id: p%d\n  name: Voornaam%d Achternaam%d\n  email: p%d@example.org\n  phone: \"+32 471 %02d %02d %02d\"\n", i, i, i, i, i/10000%100, i/100%100, i%100)
	}
	name := filepath.Join(t.TempDir(), "subjects.yaml")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// scan runs spoor and returns how long that took. It checks what was read.
func scan(t *testing.T, bin string, env []string, people, target string, units, findings int) time.Duration {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command(bin, "scan", target, "-q", "--subject", people, "--expand", "off", "-o", report)
	cmd.Env = append(append(os.Environ(), "SPOOR_STATE_DIR="+t.TempDir()), env...)
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		t.Fatalf("scan: %v\n%s", err, said.Bytes())
	}
	b, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Sources []struct {
			Coverage struct{ Units struct{ Scanned int } }
		}
		Findings []json.RawMessage
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Sources) != 1 || r.Sources[0].Coverage.Units.Scanned != units || len(r.Findings) != findings {
		t.Fatalf("scanned %+v with %d findings, want %d units and %d findings", r.Sources, len(r.Findings), units, findings)
	}
	t.Logf("  scan: %v, of which %v on the processor", took.Round(time.Millisecond), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond))
	return took
}

// text returns some text of about n bytes, of which every hundredth is about
// the person who is looked for.
func text(i, n int) []byte {
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "%06d the quick order of customer%d@example.org came in and went out again, 2026-11-%02d\n", b.Len(), i, i%28+1)
	}
	if i%100 == 0 {
		b.WriteString("zoe@example.be was here\n")
	}
	return b.Bytes()
}

// far passes connections on to addr and lets every byte wait half of rtt on its
// way, in both directions, as a network does: what follows does not wait longer.
// It returns the address to connect to.
func far(t *testing.T, addr string, rtt time.Duration) string {
	t.Helper()
	if rtt == 0 {
		return addr
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				s, err := net.Dial("tcp", addr)
				if err != nil {
					return
				}
				defer s.Close()
				stop := context.AfterFunc(ctx, func() { _ = c.Close(); _ = s.Close() })
				defer stop()
				var both sync.WaitGroup
				both.Go(func() { late(s, c, rtt/2); _ = s.(*net.TCPConn).CloseWrite() })
				both.Go(func() { late(c, s, rtt/2); _ = c.(*net.TCPConn).CloseWrite() })
				both.Wait()
			})
		}
	})
	return l.Addr().String()
}

// late copies with a delay that all bytes share.
func late(dst io.Writer, src io.Reader, delay time.Duration) {
	type piece struct {
		at time.Time
		b  []byte
	}
	pieces := make(chan piece, 256)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 64<<10)
			n, err := src.Read(b)
			if n > 0 {
				pieces <- piece{time.Now().Add(delay), b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.at))
		if _, err := dst.Write(p.b); err != nil {
			for range pieces { // until the reader has noticed
			}
			return
		}
	}
}

// delays are those of the network that are measured.
var delays = []time.Duration{0, 5 * time.Millisecond}

func rounds() int { return setting("SPOOR_SPEED_ROUNDS", 3) }
