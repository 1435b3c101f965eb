package scanners

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		uri, base, section string
		steps              []Step
	}{
		{"file:///a/b.txt", "file:///a/b.txt", "", nil},
		{"file:///a%21/b.tar!/c%20d!/e%23", "file:///a%21/b.tar", "", []Step{{Name: "c d"}, {Name: "e#"}}},
		{"file:///a.sql#/s/t?id=1", "file:///a.sql", "", []Step{{Fragment: "/s/t?id=1"}}},
		{"file:///a.zip!/d.sql#/s/t?id=1!/b#/u/v?k=2", "file:///a.zip", "", []Step{{Name: "d.sql"}, {Fragment: "/s/t?id=1"}, {Name: "b"}, {Fragment: "/u/v?k=2"}}},
		{"imap://u@h/INBOX;UIDVALIDITY=1/;UID=2", "imap://u@h/INBOX;UIDVALIDITY=1/;UID=2", "", nil},
		{"imap://u@h/INBOX;UIDVALIDITY=1/;UID=2/;SECTION=2.1!/x", "imap://u@h/INBOX;UIDVALIDITY=1/;UID=2", "2.1", []Step{{Name: "x"}}},
		{"mysql://h/s/v#definition", "mysql://h/s/v#definition", "", nil},
		{"mysql://h/s/t?id=1!/col", "mysql://h/s/t?id=1", "", []Step{{Name: "col"}}},
		{"restic:/repo!/snap/path!/in.zip", "restic:/repo!/snap/path", "", []Step{{Name: "in.zip"}}},
	} {
		base, section, steps, err := Split(tt.uri)
		if err != nil || base != tt.base || section != tt.section || !slices.Equal(steps, tt.steps) {
			t.Errorf("Split(%q) = %q, %q, %q, %v", tt.uri, base, section, steps, err)
		}
	}
	if _, _, _, err := Split("file:///a!/%zz"); err == nil {
		t.Error("a broken escape is accepted")
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a/b", "..", "./x", "a!/b", "#;?%", "\xff\x00", "é", "a;SECTION=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, e := range map[string]string{"path": Escape(s), "segment": EscapeSegment(s), "query": EscapeQuery(s)} {
			if strings.ContainsAny(e, "!#? \x00") || name == "segment" && strings.Contains(e, "/") || name == "query" && strings.ContainsAny(e, "&=+") {
				t.Errorf("%s: %q is not escaped: %q", name, s, e)
			}
			if back, err := Unescape(e); err != nil || back != s {
				t.Errorf("%s: %q comes back as %q, %v", name, s, back, err)
			}
		}
		if _, _, steps, err := Split("file:///x!/" + Escape(s) + "!/y"); err != nil || len(steps) != 2 || steps[0].Name != s {
			t.Errorf("step %q comes back as %q, %v", s, steps, err)
		}
	})
}

func TestBlock(t *testing.T) {
	b := &Block{Table: &Table{Columns: []string{"a", "b"}}}
	for _, c := range []string{"one", "", "two", "three"} {
		b.Append([]byte(c), c == "")
	}
	if b.Rows() != 2 || b.Bytes() != 11 || b.RowBytes(0) != 3 || b.RowBytes(1) != 8 {
		t.Errorf("%d rows, %d bytes: %d and %d", b.Rows(), b.Bytes(), b.RowBytes(0), b.RowBytes(1))
	}
	if v, null := b.Cell(0, 1); len(v) != 0 || !null {
		t.Errorf("cell %q, %v", v, null)
	}
	for off, want := range map[int][3]int{0: {0, 0, 0}, 2: {0, 0, 0}, 4: {0, 1, 4}, 5: {1, 0, 5}, 9: {1, 1, 9}, 13: {1, 1, 9}} {
		row, col, start := b.At(off)
		if [3]int{row, col, start} != want {
			t.Errorf("At(%d) = %d, %d, %d; want %v", off, row, col, start, want)
		}
	}
	key := []byte("k")
	if b.Hash(key, 0) == b.Hash(key, 1) || len(b.Hash(key, 0)) != 32 {
		t.Error("hashes do not name rows")
	}
	// NULL is not the empty string, and a border is not content.
	hash := func(cells ...string) string {
		return RowHash(key, []string{"a", "b"}, func(i int) ([]byte, bool) { return []byte(cells[i]), cells[i] == "NULL" })
	}
	if hash("", "x") == hash("NULL", "x") || hash("ab", "c") == hash("a", "bc") {
		t.Error("different rows have the same hash")
	}
	b.Reset()
	if b.Rows() != 0 || b.Bytes() != 0 {
		t.Error("not empty after Reset")
	}
}

func TestReasonOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Reason
	}{
		{&Gap{Reason: Encrypted}, Encrypted},
		{fmt.Errorf("open: %w", &Gap{Reason: Bomb}), Bomb},
		{&fs.PathError{Err: syscall.EACCES}, Denied},
		{os.ErrNotExist, Vanished},
		{context.DeadlineExceeded, Timeout},
		{os.ErrDeadlineExceeded, Timeout},
		{&net.OpError{Err: syscall.ECONNREFUSED}, Offline},
		{io.ErrUnexpectedEOF, Offline},
		{errors.New("else"), Failed},
	} {
		if got := ReasonOf(tt.err); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.err, got, tt.want)
		}
	}
}

func TestRetry(t *testing.T) {
	n := 0
	again := errors.New("again")
	err := Retry(t.Context(), 3, func(err error) bool { return err == again }, func(context.Context) error {
		if n++; n < 3 {
			return again
		}
		return nil
	})
	if err != nil || n != 3 {
		t.Errorf("%d tries, %v", n, err)
	}
	n = 0
	if err := Retry(t.Context(), 5, func(error) bool { return false }, func(context.Context) error { n++; return again }); err != again || n != 1 {
		t.Errorf("a lasting error is tried %d times: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Retry(ctx, 5, func(error) bool { return true }, func(context.Context) error { return again }); err == nil {
		t.Error("goes on after the end of its context")
	}
}
