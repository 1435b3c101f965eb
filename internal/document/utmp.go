package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// utmpLen is the size of a record of wtmp, btmp and utmp (struct utmp of glibc on
// 64-bit Linux, utmp(5)), in bytes.
const utmpLen = 384

// utmpDecoder returns the decoder of the records of who logged in: a line for
// each, with its fields named, since in the file one stands right behind the
// other, and addresses are numbers.
func utmpDecoder() container.Decoder {
	return container.Decoder{
		Name:  "utmp",
		Match: func(head []byte, _ string) bool { return utmpMatch(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				u := &utmp{r: in.Body}
				if !yield(scanners.Item{Size: -1, Text: true, Body: b.Reader(ctx, u)}, nil) {
					return
				}
				if len(u.rest) > 0 && yield(scanners.Item{Size: -1, Text: true, Body: bytes.NewReader(u.rest)}, nil) {
					yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: "utmp: cut off within a record"})
				}
			}
		},
	}
}

// utmpMatch wants every whole record of head to be one.
func utmpMatch(head []byte) bool {
	if len(head) < utmpLen {
		return false
	}
	used := false
	for ; len(head) >= utmpLen; head = head[utmpLen:] {
		if kind := binary.LittleEndian.Uint32(head); kind > 9 { // 16 bits, and two that pad
			return false
		} else if kind > 0 {
			used = true
		}
		if !utmpText(head[8:40]) || !utmpText(head[44:76]) || !utmpText(head[76:332]) || len(bytes.Trim(head[364:384], "\x00")) > 0 {
			return false
		}
		if used && binary.LittleEndian.Uint32(head[340:]) == 0 {
			return false // its time
		}
	}
	return used
}

// utmpText reports whether a field is text with zeros behind it.
func utmpText(b []byte) bool {
	text, _, _ := bytes.Cut(b, []byte{0})
	for _, c := range text {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// A utmp reads records as lines.
type utmp struct {
	r    io.Reader
	out  []byte
	rest []byte // of a record that is cut off
	err  error
}

func (u *utmp) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		var b [utmpLen]byte
		n, err := io.ReadFull(u.r, b[:])
		switch {
		case err == nil:
			u.out = utmpLine(u.out[:0], b[:])
		case errors.Is(err, io.ErrUnexpectedEOF):
			u.rest, u.err = append([]byte(nil), b[:n]...), io.EOF
		default:
			u.err = err
		}
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func utmpLine(out, b []byte) []byte {
	for _, f := range []struct {
		name     string
		from, to int
	}{{"user", 44, 76}, {"line", 8, 40}, {"host", 76, 332}} {
		// What an older, longer value left behind the zero stays in sight.
		for text := range bytes.SplitSeq(b[f.from:f.to], []byte{0}) {
			if len(text) > 0 {
				out = fmt.Appendf(out, "%s: %s\t", f.name, text)
			}
		}
	}
	switch a := b[348:364]; {
	case len(bytes.Trim(a, "\x00")) == 0:
	case len(bytes.Trim(a[4:], "\x00")) == 0:
		out = fmt.Appendf(out, "ip: %s\t", netip.AddrFrom4([4]byte(a[:4])))
	default:
		out = fmt.Appendf(out, "ip: %s\t", netip.AddrFrom16([16]byte(a)).Unmap())
	}
	at := time.Unix(int64(binary.LittleEndian.Uint32(b[340:])), 0).UTC()
	return append(at.AppendFormat(append(out, "time: "...), time.RFC3339), '\n')
}
