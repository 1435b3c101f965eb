package document

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/spoor-scan/spoor/scanners"
)

// member yields the binary that has begun, and reads to its end.
func (p *rtf) member() error {
	p.blobs++
	dest, depth := p.st.dest, p.depth
	if dest == "" {
		dest = "binary"
	}
	p.inBlob = true
	r := &rtfBlob{p: p, depth: depth}
	var err error
	if dest == "objdata" {
		err = p.object(r)
	} else {
		name := fmt.Sprintf("%s%d%s", dest, p.blobs, p.blobExt)
		err = p.g.member(name, name, -1, r)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	p.inBlob, p.half = false, -1
	return err
}

// An rtfBlob reads the binary in the group that is open.
type rtfBlob struct {
	p     *rtf
	depth int
	err   error
}

func (r *rtfBlob) Read(b []byte) (int, error) {
	p := r.p
	for len(p.blob) < len(b) && len(p.blob) < 4096 && r.err == nil {
		if p.depth < r.depth {
			r.err = io.EOF
			break
		}
		r.err = p.step()
	}
	n := copy(b, p.blob)
	p.blob = p.blob[:copy(p.blob, p.blob[n:])]
	if n == 0 && len(b) > 0 {
		if r.err == nil {
			return 0, io.ErrNoProgress
		}
		return 0, r.err
	}
	return n, nil
}

// object yields an object of OLE 1.0 ([MS-OLEDS], section 2.2.5), whose content
// is a compound file in most cases, or what the packager made of a file.
func (p *rtf) object(r io.Reader) error {
	h := bufio.NewReaderSize(r, 8<<10)
	head, err := h.Peek(4 << 10)
	if err != nil && err != io.EOF {
		return err
	}
	name := fmt.Sprintf("object%d", p.blobs)
	names, at := oleHeader(head)
	var fields []scanners.Field
	for _, s := range names {
		if s != "" {
			fields = append(fields, scanners.Field{Name: "object", Value: s})
		}
	}
	if at < 0 {
		return p.g.member(name+".ole", name+".ole", -1, h)
	}
	if err := p.g.fields(fields); err != nil {
		return err
	}
	if _, err := h.Discard(at); err != nil {
		return err
	}
	head, _ = h.Peek(min(4<<10, max(0, len(head)-at)))
	// The packager's, without the length before it.
	files, from, size := oleNative(append(make([]byte, 4), head...))
	if from < 4 {
		ext := ".ole"
		return p.g.member(name+ext, name+ext, -1, h)
	}
	fields = nil
	for _, s := range files {
		fields = append(fields, scanners.Field{Name: "embedded file", Value: s})
	}
	if err := p.g.fields(fields); err != nil {
		return err
	}
	if _, err := h.Discard(int(from) - 4); err != nil {
		return err
	}
	base := oleShown(baseName(files[0]))
	if err := p.g.member(name+"/"+base, base, size, io.LimitReader(h, size)); err != nil {
		return err
	}
	if _, err := h.Peek(1); err != nil {
		return nil // r meets the error again
	}
	return p.g.text("object", "", h)
}

// oleHeader returns the names in the header of an object, and how long it is;
// -1 where it is none.
func oleHeader(b []byte) (names []string, at int) {
	if len(b) < 12 {
		return nil, -1
	}
	kind := binary.LittleEndian.Uint32(b[4:])
	if kind != 1 && kind != 2 {
		return nil, -1
	}
	at = 8
	for range 3 {
		if at+4 > len(b) {
			return nil, -1
		}
		n := int64(binary.LittleEndian.Uint32(b[at:]))
		at += 4
		if n > int64(len(b)-at) {
			return nil, -1
		}
		names = append(names, inCodePage(bytes.TrimRight(b[at:at+int(n)], "\x00"), 0))
		at += int(n)
	}
	if kind == 2 {
		at += 4 // the length of what follows
	}
	if at > len(b) {
		return nil, -1
	}
	return names, at
}
