package borg

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spoor-scan/spoor/scanners"
)

// A body reads a file from its chunks. A chunk that can't be read is read as
// zeros, as many as it had bytes, so that what comes after it stands where it
// stood; at its end it then says so with a *Gap instead of io.EOF.
type body struct {
	ctx      context.Context
	opened   *opened
	plan     *plan // nil: the chunks are not counted
	pieces   []piece
	replaced bool
	others   func() int // how many more places have the content; nil: that is not known

	next int // piece
	left []byte
	zero int64 // bytes to come of a chunk that can't be read
	lost int
	why  error // of the first
	end  error
}

// zeros are what is read in place of what is lost.
var zeros [32 << 10]byte

func (b *body) Read(to []byte) (int, error) {
	if len(to) == 0 {
		return 0, nil
	}
	for len(b.left) == 0 && b.zero == 0 {
		if b.end != nil {
			return 0, b.end
		}
		if b.next == len(b.pieces) {
			b.end = b.finish()
			continue
		}
		if err := b.fill(b.pieces[b.next]); err != nil {
			b.end = err
		}
		b.next++
	}
	if b.zero > 0 {
		n := int(min(int64(len(to)), b.zero))
		for k := 0; k < n; k += copy(to[k:n], zeros[:]) {
		}
		b.zero -= int64(n)
		return n, nil
	}
	n := copy(to, b.left)
	b.left = b.left[n:]
	return n, nil
}

func (b *body) fill(p piece) (err error) {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.plan != nil && int(p.number) < len(b.plan.wanted) {
		b.plan.wanted[p.number].Add(-1)
	}
	data, err := b.opened.cache.get(b.ctx, p.number, int(p.size))
	if err == nil {
		b.left = data
		return nil
	}
	var g *scanners.Gap
	if !errors.As(err, &g) {
		return err
	}
	b.zero = int64(p.size)
	if b.lost++; b.why == nil {
		b.why = g
	}
	return nil
}

// finish returns io.EOF, or what was lost on the way.
func (b *body) finish() error {
	g := &scanners.Gap{Reason: scanners.Corrupt}
	switch {
	case b.lost > 0:
		g.Reason, g.Err = scanners.ReasonOf(b.why), b.why
		g.Detail = fmt.Sprintf("%d of %d chunks can't be read: %s", b.lost, len(b.pieces), reasonText(b.why))
	case b.replaced:
		g.Detail = "chunks of the file are lost; the repository holds zeros in their place"
	default:
		return io.EOF
	}
	if b.others != nil {
		if n := b.others(); n > 0 {
			g.Detail += fmt.Sprintf("; %d more places have the same content", n)
		}
	}
	return g
}

func (b *body) Close() error { return nil }
