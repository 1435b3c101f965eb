package document

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// mailMMDF is the line before and behind each message of a mailbox of MMDF.
const mailMMDF = "\x01\x01\x01\x01"

// A mailMMDFBox reads one message after the other.
type mailMMDFBox struct {
	s     *mimeSource
	ended bool
	rest  []byte
	mid   bool // within a line
}

func (m *mailMMDFBox) run(ctx context.Context, b *container.Budget, yield func(scanners.Item, error) bool) {
	for n := 1; ; {
		// The marks between two messages are one or two lines.
		for {
			line, k, whole := m.s.line()
			if k == 0 || !whole || string(line) != mailMMDF && len(line) > 0 {
				break
			}
			m.s.skip(k, true)
		}
		if len(m.s.fill(1)) == 0 {
			break
		}
		if err := b.Member(); err != nil {
			yield(scanners.Item{}, err)
			return
		}
		num := strconv.Itoa(n)
		m.ended, m.rest, m.mid = false, nil, false
		if !yield(scanners.Item{Size: -1, Step: num, Name: num + ".eml", Body: b.Reader(ctx, m)}, nil) {
			return
		}
		for !m.ended {
			m.next()
		}
		n++
	}
	if err := m.s.failure(); err != nil {
		yield(scanners.Item{}, fmt.Errorf("mbox: read: %w", err))
	}
}

func (m *mailMMDFBox) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(m.rest) == 0 {
		if m.ended {
			return 0, mimeEnd(m.s)
		}
		m.rest = m.next()
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// next returns the next line of the message, valid until the source is used
// again, nothing at its end.
func (m *mailMMDFBox) next() []byte {
	line, n, whole := m.s.line()
	if n == 0 || !m.mid && whole && string(line) == mailMMDF {
		m.ended = true
		return nil
	}
	b := m.s.buf[m.s.pos : m.s.pos+n]
	m.s.skip(n, whole)
	m.mid = !whole
	return b
}
