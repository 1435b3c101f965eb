package restic

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spoor-scan/spoor/scanners"
)

// A body is the content of a file. Pieces that can't be read are left out, with
// a NUL in their place, so that what comes after them is read all the same; the
// gap that tells of them stands at the end.
type body struct {
	ctx     context.Context
	r       *repo
	ref     scanners.Ref
	content []id
	blob    *blob // instead of content: the only piece
	size    int64 // of the file, as the tree says

	buf    []byte
	read   int64 // bytes that were handed out
	hole   bool  // a piece is missing before what comes next
	lost   int
	bytes  int64 // of what is lost
	pieces int
	why    *scanners.Gap
	err    error
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	for len(b.buf) == 0 && b.err == nil {
		b.err = b.next()
	}
	if len(b.buf) == 0 {
		return 0, b.err
	}
	if b.hole {
		b.hole = false
		if b.read > 0 && len(p) > 0 {
			p[0] = 0
			b.read++
			return 1, nil
		}
	}
	n := copy(p, b.buf)
	b.buf = b.buf[n:]
	b.read += int64(n)
	return n, nil
}

// next reads the next piece into b.buf.
func (b *body) next() error {
	var data []byte
	var err error
	lost := int64(0)
	switch {
	case b.ctx.Err() != nil:
		return fmt.Errorf("restic: read: %w", context.Cause(b.ctx))
	case b.blob != nil && b.pieces == 0:
		lost = b.blob.size()
		_, data, err = b.r.whole(b.ctx, b.blob, maxData)
	case b.pieces < len(b.content):
		i := b.content[b.pieces]
		if k := b.r.data.find(i); k != none {
			lost = b.r.data.at(k).size()
		}
		data, err = b.r.readData(b.ctx, i)
	case b.why != nil:
		return b.gap()
	default:
		return io.EOF
	}
	b.pieces++
	if err == nil {
		b.buf = data
		return nil
	}
	if b.ctx.Err() != nil {
		return fmt.Errorf("restic: read: %w", context.Cause(b.ctx))
	}
	g := damaged(err, "a piece of it can't be read")
	if b.lost++; b.why == nil {
		b.why = g
	}
	b.bytes += lost
	b.hole = true
	if g.Reason == scanners.Offline || g.Reason == scanners.Timeout || g.Reason == scanners.Denied {
		return b.gap() // so will be the next ones
	}
	return nil
}

func (b *body) gap() error {
	g := *b.why
	g.URI, g.Place, g.Bytes = b.ref.URI, b.ref.Place, max(b.bytes, b.size-b.read)
	if n := len(b.content); n > 1 {
		g.Detail = fmt.Sprintf("%d of its %d pieces can't be read; the first: %s", b.lost, n, g.Detail)
	}
	return &g
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.buf = nil
	if b.err == nil {
		b.err = errors.New("restic: read of a closed file")
	}
	return nil
}
