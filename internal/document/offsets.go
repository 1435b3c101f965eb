package document

import (
	"io"
	"sort"
)

// keepOffsets is how far behind the last byte that was read a place can still
// be led back, in bytes: more than the window of a matcher.
const keepOffsets = 2 << 20

// A Sourced is a text that was decoded out of a record's bytes and leads back
// to them.
type Sourced interface {
	io.Reader
	// Source returns where in those bytes the character at an offset of the
	// text stands. It is right for the last megabyte that was read, and close
	// before.
	Source(off int64) int64
}

// offsets leads back from a text to the bytes that it was decoded from.
type offsets struct {
	segs []offsetSeg
	from int // first that is kept
}

// An offsetSeg says that from out on, every so many bytes of the text stand for
// so many of the source from src on. Where out is 0, all of them stand for what
// is at src.
type offsetSeg struct {
	out, src int64
	n, w     uint8
}

func (s offsetSeg) at(off int64) int64 {
	if s.n == 0 {
		return s.src
	}
	return s.src + (off-s.out)/int64(s.n)*int64(s.w)
}

// add says that what is written at out comes from src, w bytes for n.
func (o *offsets) add(out, src int64, n, w uint8) {
	if k := len(o.segs); k > 0 {
		last := &o.segs[k-1]
		if last.out == out {
			*last = offsetSeg{out, src, n, w}
			return
		}
		if last.n == n && last.w == w && n > 0 && last.at(out) == src && (out-last.out)%int64(n) == 0 {
			return
		}
	}
	o.segs = append(o.segs, offsetSeg{out, src, n, w})
	for o.from+1 < len(o.segs) && o.segs[o.from+1].out < out-keepOffsets {
		o.from++
	}
	if o.from > 1024 && o.from > len(o.segs)/2 {
		o.segs = o.segs[:copy(o.segs, o.segs[o.from:])]
		o.from = 0
	}
}

// Source returns the place that an offset of the text comes from.
func (o *offsets) Source(off int64) int64 {
	segs := o.segs[o.from:]
	i := sort.Search(len(segs), func(i int) bool { return segs[i].out > off })
	switch {
	case i > 0:
		return segs[i-1].at(off)
	case len(segs) > 0:
		return segs[0].src
	}
	return off
}
