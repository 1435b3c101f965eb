package match

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// smallSize is how much Windows holds at first, so that small texts cost
	// little, and windowSize how much it holds of longer ones.
	smallSize  = 8 << 10
	windowSize = 256 << 10

	// maxMargin keeps the window in proportion.
	maxMargin = 16 << 20

	// emptyReads is how often in a row a reader may return nothing.
	emptyReads = 100
)

// held is the memory of one Windows.
type held struct{ buf []byte }

// Windows reads r to its end and calls fn for each piece of it. Of each piece
// fn looks for what starts at window[from:end]: with at least margin bytes and
// then length bytes behind it, and margin bytes before it, unless the stream
// starts or ends there. base is the offset in the stream of window[0]. Windows
// overlap; what lies between from and end does not. A window is valid only
// during the call. An error of fn ends the reading and is returned as it is.
//
// Windows returns the bytes read, and the first error of r that is not io.EOF,
// or the cause of ctx's end, which is looked at before each read. fn has been
// called with what was read until then.
//
// It holds a quarter of a MiB, more only when length and margin (0 to 16 MiB
// both) ask for it.
func (m *Matcher) Windows(ctx context.Context, r io.Reader, length, margin int, fn func(base int64, window []byte, from, end int) error) (int64, error) {
	if margin < 0 || margin > maxMargin || length < 0 || length > maxMargin {
		return 0, fmt.Errorf("match: margin of %d bytes", margin)
	}
	// A byte on either side tells whether a number goes on there.
	margin = max(margin, 1)
	size := max(windowSize, 4*(length+2*margin))

	var (
		n    int   // bytes that are held
		base int64 // offset of buf[0] in the stream
		next int   // what starts before buf[next] was looked at
		err  error
		done bool
	)
	w, _ := m.windows.Get().(*held)
	if w == nil {
		w = &held{buf: make([]byte, smallSize)}
	}
	defer func() {
		if len(w.buf) <= windowSize {
			m.windows.Put(w)
		}
	}()
	buf := w.buf
	for !done {
		for empty := 0; n < len(buf) && !done; {
			if err = context.Cause(ctx); err != nil {
				done = true
				break
			}
			var k int
			k, err = r.Read(buf[n:])
			if k < 0 || k > len(buf)-n {
				return base + int64(n), errors.New("match: reader returned an impossible count")
			}
			n += k
			if empty++; k > 0 {
				empty = 0
			}
			if err == nil && empty == emptyReads {
				err = io.ErrNoProgress
			}
			done = err != nil
		}
		if !done && len(buf) < size {
			// More to come than the buffer was made for.
			grown := make([]byte, size)
			copy(grown, buf)
			buf, w.buf = grown, grown
			continue
		}
		// What starts before end is known whatever follows.
		end := n
		if !done {
			end = n - length - margin
		}
		if err := fn(base, buf[:n], next, end); err != nil {
			return base + int64(n), err
		}
		if !done {
			drop := max(0, end-margin)
			copy(buf, buf[drop:n])
			n, base, next = n-drop, base+int64(drop), end-drop
		}
	}
	if err == io.EOF {
		err = nil
	}
	return base + int64(n), err
}

// FindIn is Find for the hits that start at buf[from:end]; those that start
// there and end behind are among them.
func (m *Matcher) FindIn(dst []Hit, buf []byte, from, end int) []Hit {
	old := len(dst)
	// One byte before the first that counts, for the sake of numbers.
	lo := max(0, from-1)
	dst = m.Find(dst, buf[lo:])
	own := dst[:old]
	for _, h := range dst[old:] {
		h.Start, h.End = h.Start+lo, h.End+lo
		if from <= h.Start && h.Start < end {
			own = append(own, h)
		}
	}
	return own
}
