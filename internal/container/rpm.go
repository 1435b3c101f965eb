package container

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"iter"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	rpmLead = 96
	// maxRPMHeader bounds a header, in bytes.
	maxRPMHeader = 64 << 20
)

// rpmDecoder reads packages of RPM ("RPM V4 Package format"): the tags of its
// headers as text, and the payload, an archive of cpio in one of many
// compressions, as a member.
func rpmDecoder() Decoder {
	return Decoder{
		Name:  "rpm",
		Match: func(head []byte, _ string) bool { return len(head) > rpmLead && string(head[:4]) == "\xed\xab\xee\xdb" },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				src := &input{ctx: ctx, r: in.Body}
				r := &rpmReader{lister: newLister(ctx, b, o, in), src: src, br: bufio.NewReaderSize(src, 64<<10)}
				r.run()
			})
		},
	}
}

type rpmReader struct {
	*lister
	src *input
	br  *bufio.Reader
}

func (r *rpmReader) run() {
	lead := make([]byte, rpmLead)
	n, _ := io.ReadFull(r.br, lead)
	if !r.out.item(scanners.Item{Size: int64(n), Body: bytes.NewReader(lead[:n]), Text: true, Field: "lead", Verbatim: true}) {
		return
	}
	for i, name := range []string{"signature", "header"} {
		h, _ := r.br.Peek(16)
		if len(h) < 16 || string(h[:3]) != "\x8e\xad\xe8" {
			r.broken()
			return
		}
		entries, data := int64(binary.BigEndian.Uint32(h[8:])), int64(binary.BigEndian.Uint32(h[12:]))
		size := 16 + 16*entries + data
		if size > maxRPMHeader {
			r.broken()
			return
		}
		_, _ = r.br.Discard(int(16 + 16*entries))
		// Strings end in a NUL, which parts them well enough.
		body := &portion{r: r.br, in: r.src, n: data, kind: "rpm"}
		if !r.out.item(scanners.Item{Size: data, Body: body, Text: true, Field: name, Verbatim: true, Offset: r.offset()}) {
			return
		}
		_, _ = io.Copy(io.Discard, body)
		if i == 0 {
			_, _ = r.br.Discard(int(-size & 7))
		}
	}
	if _, err := r.br.Peek(1); err != nil {
		if r.src.err != nil {
			r.out.err(r.src.err)
		} else {
			r.gap(scanners.Corrupt, "rpm: it has no payload")
		}
		return
	}
	if r.count() {
		it := r.item("payload", -1, r.in.Time)
		it.Fields = nil
		it.Body = r.b.Reader(r.ctx, r.br)
		r.out.item(it)
	}
}

func (r *rpmReader) offset() int64 { return r.src.n - int64(r.br.Buffered()) }

func (r *rpmReader) broken() {
	if r.src.err != nil {
		r.out.err(r.src.err)
		return
	}
	if r.gap(scanners.Corrupt, "rpm: a header is damaged") {
		r.out.item(raw(r.br, r.offset()))
	}
}
