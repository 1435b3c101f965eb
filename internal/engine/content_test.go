package engine

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spoor-scan/spoor/scanners"
)

// A body's content is told alike whether it is read once or at random, and in
// pieces of whatever size.
func TestContent(t *testing.T) {
	key := []byte("key")
	long := make([]byte, 3*contentEnd+12345)
	for i := range long {
		long[i] = byte(i*i>>7 + i)
	}
	seen := map[string]int{}
	for _, n := range []int{0, 1, contentEnd - 1, contentEnd, contentEnd + 1, 2*contentEnd - 1, 2 * contentEnd, 2*contentEnd + 1, len(long)} {
		body := long[:n]
		want := contentAt(bytes.NewReader(body), int64(n), key)
		if k, ok := seen[want]; ok || want == "" {
			t.Errorf("%d bytes have the content of %d", n, k)
		}
		seen[want] = n
		for how, r := range map[string]io.Reader{
			"at once": bytes.NewReader(body), "by one byte": iotest.OneByteReader(bytes.NewReader(body)), "with its end": iotest.DataErrReader(bytes.NewReader(body)),
		} {
			c := &contentReader{r: r}
			if _, err := io.Copy(io.Discard, struct{ io.Reader }{c}); err != nil {
				t.Fatal(err)
			}
			if got := c.content(key); got != want {
				t.Errorf("%d bytes %s: %s, want %s", n, how, got, want)
			}
		}
	}
	if c := (&contentReader{r: iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("some text")))}); c.content(key) != "" {
		t.Error("a body that could not be read to its end has a content")
	}
	if c := (&contentReader{r: bytes.NewReader(make([]byte, 2*maxUnseen))}); c.content(key) != "" {
		t.Error("a body of which little was read has a content")
	}
}

func TestRowContent(t *testing.T) {
	table := &scanners.Table{Columns: []string{"id", "email"}, Key: []int{0}}
	b := &scanners.Block{Table: table}
	for _, c := range []string{"1", "zoe@example.be", "2", "zoe@example.be", "1", "z@example.be"} {
		b.Append([]byte(c), false)
	}
	key := []byte("key")
	if rowContent(key, b, 0) != rowContent(key, b, 1) {
		t.Error("a row under another key has another content")
	}
	if rowContent(key, b, 0) == rowContent(key, b, 2) {
		t.Error("a changed row has the same content")
	}
	table.Key = []int{0, 1}
	if rowContent(key, b, 0) == rowContent(key, b, 1) {
		t.Error("rows that are all key have the same content")
	}
}

func TestBinary(t *testing.T) {
	for at := range 8 {
		for c := range 256 {
			start := []byte("\t text\x7f\n")
			start[at] = byte(c)
			if got, want := binary(start), c < '\t' || c >= 0x80; got != want {
				t.Errorf("%q: %v", start, got)
			}
		}
	}
}
