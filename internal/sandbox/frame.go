package sandbox

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// What the two processes send each other: a frame is one byte that says what it
// is, the length of its payload in four bytes in little-endian order, and the
// payload.
const (
	// From the parent.
	frameStart = 'S' // start, as JSON
	frameBytes = 'D' // the answer to frameRead, empty at the end
	frameFault = 'F' // the answer to frameRead that failed: fault, as JSON
	frameNext  = 'N' // the consumer is done with an item
	frameRef   = 'R' // refRequest, as JSON

	// From the child.
	frameRead  = 'r' // offset and length, eight bytes each
	frameItem  = 'i' // item, as JSON
	frameData  = 'd' // a piece of its body
	frameEnd   = 'e' // of its body: fault, as JSON, or nothing
	frameBlock = 'b' // block, as JSON
	frameCells = 'c' // its data
	frameEnds  = 'n' // its Ends, four bytes each, and its Nulls, one byte each
	frameNamed = 'm' // the answer to frameRef: named, as JSON
	frameOther = 'g' // other, as JSON
	frameDone  = 'z' // end of the sequence: fault, as JSON, or nothing
)

// maxFrame bounds a payload, in bytes. Data travel in smaller pieces; the
// largest are the cells of a block.
const maxFrame = 256 << 20

// pieceLen is the length of a piece of a body, in bytes.
const pieceLen = 64 << 10

// A start asks for the decoding of one item.
type start struct {
	Decoder   string
	Name      string
	URI       string
	Size      int64
	Time      time.Time
	Limits    container.Limits
	Passwords []string
	OCR       bool
}

type item struct {
	Name     string
	Size     int64
	Time     time.Time
	Step     string
	Section  string
	Text     bool
	Verbatim bool
	Offset   int64
	Field    string
	Fragment string
	Fields   []scanners.Field
	Body     bool
}

type block struct {
	Table  *scanners.Table // nil: that of the block before
	First  int64
	Nulls  bool
	Origin bool
}

type refRequest struct {
	Row  int
	Hash string
	N    int
}

type named struct {
	Ref    scanners.Ref
	Origin int64
}

// A fault is an error without content.
type fault struct {
	Reason    scanners.Reason
	URI       string
	Detail    string
	Units     int64
	Bytes     int64
	Exclusion bool
	Gap       bool // it was a *scanners.Gap, not another error
}

func faultOf(err error) fault {
	var g *scanners.Gap
	var x *scanners.Exclusion
	switch {
	case errors.As(err, &x):
		return fault{Reason: x.Reason, URI: x.URI, Detail: x.Detail, Units: x.Units, Bytes: x.Bytes, Exclusion: true}
	case errors.As(err, &g):
		return fault{Reason: g.Reason, URI: g.URI, Detail: g.Detail, Units: g.Units, Bytes: g.Bytes, Gap: err == error(g)}
	}
	return fault{Reason: scanners.ReasonOf(err), Detail: err.Error()}
}

func (f fault) err() error {
	if f.Exclusion {
		return &scanners.Exclusion{Reason: f.Reason, URI: f.URI, Detail: f.Detail, Units: f.Units, Bytes: f.Bytes}
	}
	return &scanners.Gap{Reason: f.Reason, URI: f.URI, Detail: f.Detail, Units: f.Units, Bytes: f.Bytes}
}

// A link reads and writes frames. It is used by one goroutine at a time.
type link struct {
	r   *bufio.Reader
	w   *bufio.Writer
	buf []byte
}

func newLink(r io.Reader, w io.Writer) *link {
	return &link{r: bufio.NewReaderSize(r, pieceLen+16), w: bufio.NewWriterSize(w, pieceLen+16)}
}

// send writes a frame; flush sends it off.
func (l *link) send(kind byte, payload []byte) error {
	var head [5]byte
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	if _, err := l.w.Write(head[:]); err != nil {
		return err
	}
	_, err := l.w.Write(payload)
	return err
}

func (l *link) sendJSON(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.send(kind, b)
}

// receive reads a frame. The payload is valid until the next call. What the
// other side sends is not trusted: memory grows only with what arrives.
func (l *link) receive() (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(l.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.LittleEndian.Uint32(head[1:]))
	if n > maxFrame {
		return 0, nil, errors.New("a frame is too long")
	}
	l.buf = l.buf[:0]
	for len(l.buf) < n {
		k := min(n-len(l.buf), max(pieceLen, len(l.buf)))
		if cap(l.buf)-len(l.buf) < k {
			l.buf = append(make([]byte, 0, max(2*cap(l.buf), len(l.buf)+k)), l.buf...)
		}
		piece := l.buf[len(l.buf) : len(l.buf)+k]
		if _, err := io.ReadFull(l.r, piece); err != nil {
			return 0, nil, err
		}
		l.buf = l.buf[:len(l.buf)+k]
	}
	return head[0], l.buf, nil
}
