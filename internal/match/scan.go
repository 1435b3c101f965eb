package match

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// smallSize is how much Scan holds at first, so that small texts cost
	// little, and windowSize how much it holds of longer ones.
	smallSize  = 8 << 10
	windowSize = 256 << 10

	// maxMargin keeps the window in proportion.
	maxMargin = 16 << 20

	// emptyReads is how often in a row a reader may return nothing.
	emptyReads = 100

	// maxKeptHits is how many hits a window has room for between scans.
	maxKeptHits = 4096
)

// A scanWindow is the memory of one Scan.
type scanWindow struct {
	buf  []byte
	hits []Hit
}

// Scan reads r to its end and calls fn for each piece of it that holds hits,
// with the hits that start in it, ordered as by Find. The window holds at least
// margin bytes before and after every hit, unless the stream starts or ends
// there; base is the offset in the stream of window[0]. Windows overlap, hits
// are given once. Window and hits are valid only during the call. An error of
// fn ends the scan and is returned as it is.
//
// Scan returns the bytes read, and the first error of r that is not io.EOF, or
// the cause of ctx's end, which is looked at before each read. What was read
// until then has been matched.
//
// It holds a quarter of a MiB, more only when MaxLen and margin (0 to 16 MiB)
// ask for it.
func (m *Matcher) Scan(ctx context.Context, r io.Reader, margin int, fn func(base int64, window []byte, hits []Hit) error) (int64, error) {
	if margin < 0 || margin > maxMargin {
		return 0, fmt.Errorf("match: margin of %d bytes", margin)
	}
	// A byte on either side tells whether a number goes on there.
	margin = max(margin, 1)
	size := max(windowSize, 4*(m.maxLen+2*margin))

	var (
		n    int   // bytes that are held
		base int64 // offset of buf[0] in the stream
		next int   // hits that start before buf[next] were given
		err  error
		done bool
	)
	w, _ := m.windows.Get().(*scanWindow)
	if w == nil {
		w = &scanWindow{buf: make([]byte, smallSize)}
	}
	defer func() {
		if len(w.buf) <= windowSize && cap(w.hits) <= maxKeptHits {
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
		// Hits that start before end are known whatever follows.
		end := n
		if !done {
			end = n - m.maxLen - margin
		}
		// One byte before the first that counts, for the sake of numbers.
		from := max(0, next-1)
		w.hits = m.Find(w.hits[:0], buf[from:n])
		own := w.hits[:0]
		for _, h := range w.hits {
			h.Start, h.End = h.Start+from, h.End+from
			if next <= h.Start && h.Start < end {
				own = append(own, h)
			}
		}
		if len(own) > 0 {
			if err := fn(base, buf[:n], own); err != nil {
				return base + int64(n), err
			}
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
