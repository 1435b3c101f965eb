package container

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// arDecoder reads archives of ar(5), in the variants of GNU and BSD. A Debian
// package (deb(5)) is one.
func arDecoder() Decoder {
	return Decoder{
		Name:  "ar",
		Match: func(head []byte, _ string) bool { return bytes.HasPrefix(head, []byte(arMagic)) },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				src := &input{ctx: ctx, r: in.Body}
				a := &arReader{lister: newLister(ctx, b, o, in), src: src, br: bufio.NewReaderSize(src, 64<<10)}
				a.run()
			})
		},
	}
}

type arReader struct {
	*lister
	src   *input
	br    *bufio.Reader
	names string // long ones, of GNU
}

func (a *arReader) run() {
	_, _ = a.br.Discard(len(arMagic))
	for {
		h, _ := a.br.Peek(arHeader)
		if a.src.err != nil {
			a.out.err(a.src.err)
			return
		}
		if len(h) == 0 {
			return
		}
		size, err := int64(-1), error(nil)
		if len(h) == arHeader && string(h[58:]) == "`\n" {
			size, err = strconv.ParseInt(strings.TrimSpace(string(h[48:58])), 10, 64)
		}
		if size < 0 || err != nil {
			if a.gap(scanners.Corrupt, "ar: a header is damaged") {
				a.out.item(raw(a.br, a.src.n-int64(a.br.Buffered())))
			}
			return
		}
		name := strings.TrimRight(string(h[:16]), " ")
		sec, _ := strconv.ParseInt(strings.TrimSpace(string(h[16:28])), 10, 64)
		_, _ = a.br.Discard(arHeader)
		body := &portion{r: a.br, in: a.src, n: size, kind: "ar"}
		if !a.entry(name, size, time.Unix(sec, 0).UTC(), body) {
			return
		}
		_, _ = io.Copy(io.Discard, body)
		if size&1 == 1 {
			_, _ = a.br.Discard(1)
		}
	}
}

// entry yields a member, and takes in the table of long names.
func (a *arReader) entry(name string, size int64, t time.Time, body *portion) bool {
	switch {
	case name == "//":
		b, _ := io.ReadAll(io.LimitReader(body, 1<<20))
		a.names = string(b)
		return true
	case name == "/", name == "/SYM64/":
		return a.out.item(scanners.Item{Size: size, Body: body, Text: true, Field: "symbols"})
	case strings.HasPrefix(name, "#1/"): // BSD: the name stands in front of the data
		if n, err := strconv.ParseInt(name[3:], 10, 64); err == nil && n >= 0 && n <= min(size, maxName) {
			b, _ := io.ReadAll(io.LimitReader(body, n))
			name = strings.TrimRight(string(b), "\x00")
			size -= n
		}
	case strings.HasPrefix(name, "/"):
		if n, err := strconv.Atoi(name[1:]); err == nil && n >= 0 && n < len(a.names) {
			name, _, _ = strings.Cut(a.names[n:], "\n")
			name = strings.TrimSuffix(name, "/")
		}
	default:
		name = strings.TrimSuffix(name, "/")
	}
	return a.count() && a.member(name, size, t, body)
}
