package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"

	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/scanners"
)

// contentEnd is how much of each end of a body its content is told by, in bytes.
const contentEnd = 128 << 10

// maxUnseen is how much of a body is read for its content's sake alone, in bytes.
const maxUnseen = 1 << 20

// KeyID names a key of row hashes without telling it: reports that were made
// under the same key have the same.
func KeyID(key []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("spoor key id"))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// contentOf returns the keyed hash that names the content of a body of n bytes,
// in whatever place it stands: HMAC-SHA256 under key, the first 16 bytes in
// hexadecimal, over the word "content", n as 8 bytes in big-endian order, and the
// body's bytes; of one longer than 256 KiB only its first and its last 128 KiB.
func contentOf(key []byte, n int64, ends ...[]byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("content"))
	h.Write([]byte{byte(n >> 56), byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	for _, e := range ends {
		h.Write(e)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// rowContent returns the keyed hash that names the content of a row: its RowHash
// over the columns that are not of its key, so that it stays the same under
// another key; over all columns where there are no others.
func rowContent(key []byte, b *scanners.Block, row int) string {
	t := b.Table
	if len(t.Key) == 0 || len(t.Key) >= len(t.Columns) {
		return b.Hash(key, row)
	}
	var names []string
	var at []int
	for i, name := range t.Columns {
		if !slices.Contains(t.Key, i) {
			names, at = append(names, name), append(at, i)
		}
	}
	return scanners.RowHash(key, names, func(i int) ([]byte, bool) { return b.Cell(row, at[i]) })
}

// A contentReader remembers the ends of what is read through it.
type contentReader struct {
	r    io.Reader
	n    int64
	head []byte
	tail []byte // a ring, once the head is full
	at   int    // where in it the next byte goes
	err  error  // that ended it
}

func (c *contentReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	got := p[:n]
	if room := contentEnd - len(c.head); room > 0 {
		c.head = append(c.head, got[:min(room, len(got))]...)
		got = got[min(room, len(got)):]
	}
	if len(got) > contentEnd {
		got = got[len(got)-contentEnd:]
	}
	for len(got) > 0 {
		if len(c.tail) < contentEnd {
			k := min(contentEnd-len(c.tail), len(got))
			c.tail = append(c.tail, got[:k]...)
			c.at, got = len(c.tail)%contentEnd, got[k:]
			continue
		}
		k := copy(c.tail[c.at:], got)
		c.at, got = (c.at+k)%contentEnd, got[k:]
	}
	if err != nil {
		c.err = err
	}
	return n, err
}

// content returns the name of what was read, empty where that is not all.
func (c *contentReader) content(key []byte) string {
	if c.err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c, maxUnseen)) // c.err tells
	}
	if c.err != io.EOF {
		return ""
	}
	if len(c.tail) < contentEnd {
		return contentOf(key, c.n, c.head, c.tail)
	}
	return contentOf(key, c.n, c.head, c.tail[c.at:], c.tail[:c.at])
}

// sizedAt is a body with random access.
type sizedAt interface {
	io.ReaderAt
	Size() int64
}

// contentAt is contentReader for a body with random access: it is read when it
// is asked for.
func contentAt(at io.ReaderAt, size int64, key []byte) string {
	if m, ok := at.(*meterAt); ok {
		at = m.at // the scan itself has not come as far
	}
	from := max(contentEnd, size-contentEnd)
	var ends [][]byte
	for _, span := range [][2]int64{{0, min(size, contentEnd)}, {from, max(size, from)}} {
		b := make([]byte, span[1]-span[0])
		if n, err := at.ReadAt(b, span[0]); n < len(b) || err != nil && err != io.EOF {
			return ""
		}
		ends = append(ends, b)
	}
	return contentOf(key, size, ends...)
}

// listen has rec know the content of its body, and returns the body that is to be
// read instead.
func (rec *record) listen(body io.Reader) io.Reader {
	key := rec.unit.run.RowKey
	if at, ok := body.(sizedAt); ok && at.Size() >= 0 {
		rec.content = func() string { return contentAt(at, at.Size(), key) }
		return body
	}
	if body == nil {
		return nil
	}
	c, _ := rec.unit.run.contents.Get().(*contentReader)
	if c == nil {
		c = &contentReader{}
	}
	c.r, c.n, c.head, c.tail, c.at, c.err = body, 0, c.head[:0], c.tail[:0], 0, nil
	rec.heard = c
	rec.content = func() string { return c.content(key) }
	if from, ok := body.(document.Sourced); ok {
		return sourced{c, from}
	}
	return c
}

// unlisten ends what listen began. The memory is used again where nobody can be
// reading any more.
func (rec *record) unlisten() {
	c := rec.heard
	if rec.content, rec.heard = nil, nil; c != nil && c.err != nil {
		c.r = nil
		rec.unit.run.contents.Put(c)
	}
}

// A Sighting is a record that was read, whoever it is about.
type Sighting struct {
	Source, URI, Place string
	// Content names its content, as inventory.Finding.Content does; empty where
	// that could not be told.
	Content string
}

// A Watch looks out for records by their content or place, beside the people who
// are looked for. Its functions are called concurrently.
type Watch struct {
	// Wants reports whether a record of that content is looked out for.
	Wants func(content string) bool
	// All has every record seen, not only those of a wanted content.
	All bool
	// Seen is told of each record that is.
	Seen func(Sighting)
}

// sight tells the run's Watch of a record.
func (r *run) sight(rec *record, content string) {
	if w := r.Watch; w != nil && (w.All || content != "" && w.Wants(content)) {
		w.Seen(Sighting{rec.unit.source.Info.Name, rec.ref.URI, r.shown(rec.ref.Place), content})
	}
}

// watchRows tells the run's Watch of the rows of a block.
func (r *run) watchRows(rec *record, b *scanners.Block, live bool) {
	w := r.Watch
	if w == nil {
		return
	}
	for row := range b.Rows() {
		hash := b.Hash(r.RowKey, row)
		content := hash
		if live {
			content = rowContent(r.RowKey, b, row)
		}
		wanted := w.Wants(content)
		if !wanted && !w.All {
			continue
		}
		// Of rows that are named alike only those that are wanted are numbered, so
		// that nothing is remembered of the others.
		sub := &record{unit: rec.unit}
		if wanted {
			sub.ref = r.rowRef(rec, b, row, hash, live, "watch\x00")
		} else {
			sub.ref = b.Refs(row, hash, 1)
		}
		if !live {
			sub.ref.URI = rec.ref.URI + sub.ref.URI
			sub.ref.Place = rec.ref.Place + " / " + sub.ref.Place
		}
		r.sight(sub, content)
	}
}

// rowRef names a row of a block. Rows that are named alike are told apart by
// their number, which is counted for each purpose by itself.
func (r *run) rowRef(rec *record, b *scanners.Block, row int, hash string, live bool, purpose string) scanners.Ref {
	n := 1
	if len(b.Table.Key) == 0 {
		n = rec.nth(purpose+b.Table.Name+"\x00"+hash, live)
	}
	ref := b.Refs(row, hash, n)
	if !live && len(b.Table.Key) > 0 {
		// Two dumps in one file, or a row that is replaced: the same key again.
		if k := rec.nth(purpose+ref.URI, false); k > 1 {
			ref.URI += "&n=" + strconv.Itoa(k)
		}
	}
	return ref
}
