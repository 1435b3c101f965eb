package container

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// The formats are those of cpio(5): old binary in both orders of bytes, odc,
// newc and its variant with checksums.

func cpioDecoder() Decoder {
	return Decoder{
		Name:  "cpio",
		Match: func(head []byte, _ string) bool { _, ok := parseCpio(head); return ok },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				src := &input{ctx: ctx, r: in.Body}
				c := &cpioReader{lister: newLister(ctx, b, o, in), src: src, br: bufio.NewReaderSize(src, 64<<10)}
				c.run()
			})
		},
	}
}

// A cpioHeader is one header.
type cpioHeader struct {
	len      int // of the header
	mode     uint64
	time     time.Time
	nameLen  int64 // with its NUL
	size     int64
	align    int64 // of name and data
	fromName bool  // the name's padding counts from the header
}

// maxName is the longest name that is believed, in bytes.
const maxName = 64 << 10

func parseCpio(b []byte) (h cpioHeader, ok bool) {
	if len(b) < 6 {
		return h, false
	}
	ok = true
	number := func(from, to, base int) int64 {
		v, err := strconv.ParseUint(strings.TrimSpace(string(b[from:to])), base, 63)
		ok = ok && err == nil
		return int64(v)
	}
	var sec int64
	switch magic := string(b[:6]); {
	case magic == "070701" || magic == "070702":
		if len(b) < 110 {
			return h, false
		}
		h = cpioHeader{len: 110, mode: uint64(number(14, 22, 16)), nameLen: number(94, 102, 16), size: number(54, 62, 16), align: 4, fromName: true}
		sec = number(46, 54, 16)
	case magic == "070707":
		if len(b) < 76 {
			return h, false
		}
		h = cpioHeader{len: 76, mode: uint64(number(18, 24, 8)), nameLen: number(59, 65, 8), size: number(65, 76, 8), align: 1}
		sec = number(48, 59, 8)
	case b[0] == 0xc7 && b[1] == 0x71, b[0] == 0x71 && b[1] == 0xc7:
		if len(b) < 26 {
			return h, false
		}
		var order binary.ByteOrder = binary.LittleEndian
		if b[0] == 0x71 {
			order = binary.BigEndian
		}
		short := func(i int) int64 { return int64(order.Uint16(b[i:])) }
		h = cpioHeader{len: 26, mode: uint64(short(6)), nameLen: short(20), size: short(22)<<16 | short(24), align: 2}
		sec = short(16)<<16 | short(18)
		ok = short(14) < 1<<12 && len(b) >= 26+int(min(h.nameLen, 1)) // the device of a link
	default:
		return h, false
	}
	h.time = time.Unix(sec, 0).UTC()
	return h, ok && h.nameLen > 0 && h.nameLen <= maxName && h.mode>>12 <= 0o14 // a kind of file
}

type cpioReader struct {
	*lister
	src *input
	br  *bufio.Reader
}

func (c *cpioReader) offset() int64 { return c.src.n - int64(c.br.Buffered()) }

// failed tells why reading ended, where that is not the archive's fault.
func (c *cpioReader) failed() bool {
	if c.src.err != nil {
		c.out.err(c.src.err)
		return true
	}
	return false
}

func (c *cpioReader) run() {
	ended, seen := false, false
	for {
		head, _ := c.br.Peek(110)
		h, ok := parseCpio(head)
		if !ok {
			if c.failed() {
				return
			}
			// Archives are padded with zeros, and may follow one another.
			if n := leadingZeros(head); n > 0 {
				_, _ = c.br.Discard(n)
				continue
			}
			if len(head) > 0 {
				c.rest(ended)
			} else if !ended {
				c.gap(scanners.Corrupt, "cpio: cut off")
			}
			return
		}
		_, _ = c.br.Discard(h.len)
		name, err := io.ReadAll(io.LimitReader(c.br, h.nameLen))
		if err != nil || int64(len(name)) < h.nameLen {
			if !c.failed() {
				c.gap(scanners.Corrupt, "cpio: cut off")
			}
			return
		}
		pad := h.nameLen
		if h.fromName {
			pad += int64(h.len)
		}
		c.skip(-pad & (h.align - 1))
		title := string(bytes.TrimRight(name, "\x00"))
		if title == "TRAILER!!!" && h.size == 0 {
			ended, seen = true, true
			continue
		}
		ended = false
		if !c.member(h, title) {
			return
		}
		_ = seen
	}
}

func leadingZeros(b []byte) int {
	n := 0
	for n < len(b) && b[n] == 0 {
		n++
	}
	return n
}

// skip passes over padding.
func (c *cpioReader) skip(n int64) {
	_, _ = io.CopyN(io.Discard, c.br, n)
}

// rest yields what is no archive.
func (c *cpioReader) rest(ended bool) {
	if !ended && !c.gap(scanners.Corrupt, "cpio: a header is damaged") {
		return
	}
	if c.out.item(raw(c.br, c.offset())) && !c.failed() && ended {
		c.gap(scanners.Corrupt, "cpio: something else follows the archive")
	}
}

func (c *cpioReader) member(h cpioHeader, name string) bool {
	if !c.count() {
		return false
	}
	body := &portion{r: c.br, in: c.src, n: h.size, kind: "cpio"}
	switch kind := h.mode >> 12; {
	case kind == 0o4: // a folder
	case kind == 0o12: // a link: its target
		if !c.out.item(scanners.Item{Size: h.size, Text: true, Field: "link", Body: io.LimitReader(body, maxName)}) {
			return false
		}
	case kind != 0o10 && h.size == 0: // a device
	default:
		if !c.lister.member(name, h.size, h.time, body) {
			return false
		}
	}
	_, _ = io.Copy(io.Discard, body)
	c.skip(-h.size & (h.align - 1))
	return true
}

// A portion reads n bytes, fewer of which are a gap.
type portion struct {
	r    io.Reader
	in   *input
	n    int64
	kind string
}

func (e *portion) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.n)])
	e.n -= int64(n)
	if err == io.EOF && e.n > 0 {
		e.n = 0
		err = &scanners.Gap{Reason: scanners.Corrupt, Detail: e.kind + ": cut off"}
	}
	if e.in.err != nil {
		err = e.in.err
	}
	return n, err
}
