package document

import (
	"bytes"
	"context"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// HTML returns the decoder of pages in HTML and XHTML. It yields one text: what
// a page shows and hides, a line for each block and row of a table, a tab for
// each cell; tags and comments within words do not part them. The attributes of
// tags follow the block in lines of their own, and so do comments without tags;
// scripts, styles and other comments stay as they are, and so does a tag that is never closed. The text leads back to the bytes
// of the page.
func HTML() container.Decoder {
	return container.Decoder{Name: "html", Match: htmlMatch, Decode: htmlDecode}
}

// htmlMatch goes by the first tags; without those of a whole page the name has
// to say what it is.
func htmlMatch(head []byte, name string) bool {
	b := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(b) < 3 || b[0] != '<' || bytes.HasPrefix(b, []byte("<?php")) {
		switch strings.ToLower(path.Ext(name)) {
		case ".html", ".htm", ".xhtml", ".shtml":
			// A piece of a page, or one that starts with text.
			i := bytes.IndexByte(b, '<')
			if i < 0 || i+2 >= len(b) || bytes.HasPrefix(b[i:], []byte("<?")) || bytes.HasPrefix(b[i:], []byte("<%")) {
				return false
			}
			tag, _, _ := mimeTagName(b[i:], nil)
			return mimeTagKind(string(tag)) != 0
		}
		return false
	}
	start := bytes.ToLower(b[:min(len(b), 1024)])
	for _, tag := range []string{"<!doctype html", "<html"} {
		if k := bytes.Index(start, []byte(tag)); k >= 0 && (k == 0 || !bytes.Contains(start[:k], []byte("<?php"))) {
			return true
		}
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".shtml":
		return true
	}
	for _, tag := range []string{"<head>", "<body", "<table", "<div", "<p>", "<h1", "<ul>"} {
		if bytes.HasPrefix(start, []byte(tag)) {
			return true
		}
	}
	return false
}

func htmlDecode(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if in.Body == nil {
			return
		}
		page := &htmlText{}
		body := in.Body
		if _, ok := body.(Sourced); !ok {
			head, rest, _ := container.Head(body) // rest meets the error again
			body = rest
			if c, ok := CharsetOf(head); ok {
				page.from = NewText(body, c)
				body = page.from
			}
		}
		page.h.reset(ctxReader{ctx, body})
		page.h.track = true
		yield(scanners.Item{Size: -1, Text: true, Body: page}, nil)
	}
}

// htmlText is the text of a page.
type htmlText struct {
	h    mimeHTML
	from *Text // that the page is read from; nil: it is read as it is
}

func (t *htmlText) Read(p []byte) (int, error) { return t.h.Read(p) }

// Source implements Sourced.
func (t *htmlText) Source(off int64) int64 {
	off = t.h.Source(off)
	if t.from != nil {
		off = t.from.Source(off)
	}
	return off
}

// ctxReader is a reader that ends with its context.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
