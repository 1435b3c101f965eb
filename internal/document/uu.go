package document

import (
	"context"
	"io"
	"iter"
	"strconv"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// uuDecoder returns the decoder of texts that are no mail and hold files which
// uuencode (POSIX.1-2017) or yEnc made: each of these is a member. One of them
// has to begin in the head.
func uuDecoder() container.Decoder {
	return container.Decoder{
		Name:  "uuencode",
		Match: func(head []byte, _ string) bool { return uuMatch(head) },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) { uuDecode(ctx, in, b, yield) }
		},
	}
}

func uuMatch(head []byte) bool {
	if mimeUUBegin(head) != mimeNoUU {
		return true
	}
	for {
		i := mimeIndexBegin(head)
		if i < 0 {
			return false
		}
		if head = head[i+1:]; mimeUUBegin(head) != mimeNoUU {
			return true
		}
	}
}

func uuDecode(ctx context.Context, in scanners.Item, b *container.Budget, yield func(scanners.Item, error) bool) {
	src := &uuSource{r: mailInput{ctx, in.Body}}
	var w mimeWindow
	w.reset(src)
	var d mimeUUDecoder
	for n := 1; len(w.peek(1)) > 0; n++ {
		plain := &mimePlain{w: &w, bol: true}
		if mimeUUBegin(w.peek(1024)) == mimeNoUU {
			at := src.n - int64(w.end-w.pos)
			if !yield(scanners.Item{Size: -1, Text: true, Verbatim: true, Offset: at, Body: plain}, nil) {
				return
			}
		}
		_, _ = io.Copy(io.Discard, plain) // what was left unread; its error stays in w
		if mimeUUBegin(w.peek(1024)) == mimeNoUU {
			break
		}
		if err := b.Member(); err != nil {
			yield(scanners.Item{}, err)
			return
		}
		d.open(&w)
		it := scanners.Item{Size: -1, Name: d.name, Step: "uu" + strconv.Itoa(n), Time: in.Time, Body: b.Reader(ctx, &d)}
		if it.Name != "" {
			it.Step += "/" + mailClip(it.Name)
		}
		if !yield(it, nil) {
			return
		}
		d.drain()
		if d.bad && !yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: "uuencode: a file in the text without an end"}) {
			return
		}
	}
	if w.err != nil && w.err != io.EOF {
		yield(scanners.Item{}, w.err)
	}
}

// A uuSource counts what is read.
type uuSource struct {
	r io.Reader
	n int64
}

func (s *uuSource) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	return n, err
}
