package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func logOf(t testing.TB, n int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "audit.jsonl")
	for range n {
		if err := Append(name, Entry{Event: "end", Verb: "scan", Subjects: []string{"person-0042"}, Gaps: 3}); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func TestAppend(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit.jsonl")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := Append(name, Entry{Event: "begin", Verb: "scan"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fi, err := os.Stat(name)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v", err, fi.Mode())
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, last, err := Verify(f); n != 20 || len(last) != 64 || err != nil {
		t.Errorf("%d lines, last %s, %v", n, last, err)
	}
}

// Whatever is done to a log but cutting off whole lines at its end shows, and
// nothing is added behind it.
func TestBroken(t *testing.T) {
	b, err := os.ReadFile(logOf(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))[:5]
	join := func(l ...[]byte) []byte { return bytes.Join(l, nil) }
	for what, x := range map[string]struct {
		log  []byte
		line int64
	}{
		"changed":          {bytes.Replace(b, []byte(`"n":2,`), []byte(`"n":2, `), 1), 2},
		"gaps hidden":      {join(lines[0], lines[1], bytes.Replace(lines[2], []byte(`"gaps":3`), []byte(`"gaps":0`), 1), lines[3], lines[4]), 3},
		"removed":          {join(lines[0], lines[2], lines[3], lines[4]), 2},
		"removed at start": {join(lines[1], lines[2]), 1},
		"swapped":          {join(lines[0], lines[2], lines[1]), 2},
		"repeated":         {join(lines[0], lines[1], lines[1]), 3},
		"cut":              {b[:len(b)-1], 5},
		"something else":   {join(lines[0], []byte("{}\n")), 2},
		"not JSON":         {join(lines[0], []byte("x\n"), lines[1]), 2},
	} {
		var broken *BrokenError
		if _, _, err := Verify(bytes.NewReader(x.log)); !errors.As(err, &broken) || broken.Line != x.line {
			t.Errorf("%s: %v, want line %d", what, err, x.line)
		}
		name := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(name, x.log, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Append(name, Entry{}); !errors.As(err, &broken) {
			t.Errorf("%s: something is added: %v", what, err)
		}
		if now, _ := os.ReadFile(name); !bytes.Equal(now, x.log) {
			t.Errorf("%s: the log was changed", what)
		}
	}
	for i := range b[:len(b)-len(lines[4])] {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if _, _, err := Verify(bytes.NewReader(bad)); err == nil {
			t.Fatalf("byte %d: not noticed", i)
		}
	}
}

func FuzzVerify(f *testing.F) {
	b, err := os.ReadFile(logOf(f, 3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, _, err := Verify(bytes.NewReader(b))
		if err == nil && n != int64(strings.Count(string(b), "\n")) {
			t.Errorf("%d lines", n)
		}
	})
}
