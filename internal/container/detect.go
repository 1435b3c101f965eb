package container

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// Detect returns the first of decoders that takes an item which starts with
// head, or nil.
func Detect(decoders []Decoder, head []byte, name string) *Decoder {
	return DetectBeside(decoders, head, name, nil)
}

// DetectBeside is Detect for an item that may have others beside it: stands
// reports whether one of that name is there. It is asked for few items only.
func DetectBeside(decoders []Decoder, head []byte, name string, stands func(name string) bool) *Decoder {
	for i := range decoders {
		d := &decoders[i]
		if d.Needs != nil && stands == nil || !d.Match(head, name) {
			continue
		}
		if d.Needs == nil || slices.ContainsFunc(d.Needs(name), stands) {
			return d
		}
	}
	return nil
}

// Head returns the first HeadLen bytes of r, fewer where r is shorter, and a
// reader of all of r's bytes that stands for r: it has random access and can be
// closed where r can. An error of r is returned, and again by rest behind the
// bytes that were read before it. r must be at its start.
func Head(r io.Reader) (head []byte, rest io.Reader, err error) {
	if at, ok := readerAt(r); ok {
		head = make([]byte, min(HeadLen, at.Size()))
		n, err := at.ReadAt(head, 0)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return head[:n], r, err
	}
	// Most members of archives are small.
	head = make([]byte, 512)
	n, err := readFull(r, head)
	if head = head[:n]; err == nil {
		head = slices.Grow(head, HeadLen-n)[:HeadLen]
		var m int
		m, err = readFull(r, head[n:])
		head = head[:n+m]
	}
	end := err
	if err == io.EOF {
		err = nil
	}
	h := &headReader{bytes.NewReader(head), r, end}
	if c, ok := r.(io.Closer); ok {
		return head, struct {
			io.Reader
			io.Closer
		}{h, c}, err
	}
	return head, h, err
}

type headReader struct {
	head *bytes.Reader
	r    io.Reader
	err  error // with which head ended
}

func (h *headReader) Read(p []byte) (int, error) {
	if h.head.Len() > 0 {
		return h.head.Read(p)
	}
	if h.err != nil {
		return 0, h.err
	}
	return h.r.Read(p)
}
