package document

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// The records of a presentation ([MS-PPT], section 2.13.24) and of drawings in
// all documents ([MS-ODRAW], section 2.2).
const (
	pptDocument   = 0x03e8
	pptSlide      = 0x03ee
	pptNotes      = 0x03f0
	pptMaster     = 0x03f8
	pptHandout    = 0x0fc9
	pptHeaders    = 0x0fd9
	pptChars      = 0x0fa0
	pptBytes      = 0x0fa8
	pptCString    = 0x0fba
	pptObject     = 0x1011
	pptTagData    = 0x138b
	pptComment    = 0x2ee0
	pptEncryption = 0x2f14
	drawEntry     = 0xf007
	drawFirstBlip = 0xf018
	drawLastBlip  = 0xf117
	pptMaxDepth   = 64
	pptMaxText    = 16 << 20 // bytes of one text
	pptFlush      = 64 << 10
	drawHeader    = 8
)

// ppt reads a tree of records as they follow each other, which finds the
// versions of a slide that were saved before too.
type ppt struct {
	*ole
	r     *oleCounter
	in    []pptContainer
	field string
	out   []byte
	raw   []byte
	n     int // objects
}

type pptContainer struct {
	kind  uint16
	end   int64
	field string // of what surrounds it
}

// An oleCounter counts what is read.
type oleCounter struct {
	*bufio.Reader
	n int64
}

func (c *oleCounter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *oleCounter) skip(n int64) error {
	k, err := io.CopyN(io.Discard, c.Reader, n)
	c.n += k
	return err
}

// powerpoint reads the stream of a presentation.
func (o *ole) powerpoint(e *oleEntry) error {
	r := o.f.open(e)
	var main io.ReaderAt = r
	user := e.parent.stream("Current User")
	if user != nil {
		var b [16]byte
		if n, _ := o.f.open(user).ReadAt(b[:], 0); n == len(b) && binary.LittleEndian.Uint32(b[12:]) == 0xf3d1c4df {
			plain, err := o.decryptPPT(e, user)
			if err != nil {
				return err
			}
			if plain == nil {
				if err := o.gap(scanners.Encrypted, "ole: the presentation is encrypted"); err != nil {
					return err
				}
				return o.text(oleShown(e.name), "", r.reader())
			}
			main = plain
		}
	}
	p := &ppt{ole: o, field: "presentation"}
	p.r = &oleCounter{Reader: bufio.NewReaderSize(o.b.Reader(o.ctx, io.NewSectionReader(main, 0, r.size)), 64<<10)}
	end, err := p.records(r.size)
	if e := p.flush(); e != nil {
		return e
	}
	if e := p.flushRaw(); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	if end < r.size {
		if err := o.gap(scanners.Corrupt, "ole: the presentation is damaged"); err != nil {
			return err
		}
		if err := o.text(oleShown(e.name), "", io.NewSectionReader(main, end, r.size-end)); err != nil {
			return err
		}
	}
	if e := e.parent.stream("Pictures"); e != nil && e.length > 0 {
		if main != io.ReaderAt(r) {
			return o.gap(scanners.Encrypted, "ole: the pictures of the presentation are encrypted")
		}
		o.told[e] = true
		return o.pictures(oleShown(e.name), o.f.open(e))
	}
	return nil
}

// records reads up to size bytes, and returns where it ended: at damage, where
// that is before size.
func (p *ppt) records(size int64) (int64, error) {
	for {
		if err := p.ctx.Err(); err != nil {
			return p.r.n, err
		}
		for len(p.in) > 0 && p.r.n >= p.in[len(p.in)-1].end {
			c := p.in[len(p.in)-1]
			p.in = p.in[:len(p.in)-1]
			if c.field != p.field {
				if err := p.flush(); err != nil {
					return p.r.n, err
				}
				p.field = c.field
			}
		}
		start := p.r.n
		if size-start < 8 {
			if size == start {
				return size, nil
			}
			return start, nil
		}
		var h [8]byte
		if _, err := io.ReadFull(p.r, h[:]); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return start, nil
			}
			return start, err
		}
		version, kind, n := binary.LittleEndian.Uint16(h[:]), binary.LittleEndian.Uint16(h[2:]), int64(binary.LittleEndian.Uint32(h[4:]))
		if n > size-p.r.n {
			return start, nil
		}
		if version == 0 && kind == 0 && n == 0 && len(p.in) == 0 {
			continue // padding
		}
		var err error
		if version&0xf == 0xf && len(p.in) < pptMaxDepth || kind == pptTagData && p.tagged(n) {
			err = p.enter(kind, n)
		} else {
			err = p.atom(version>>4, kind, n)
		}
		if err != nil {
			return start, err
		}
	}
}

// tagged reports whether data of an extension are records.
func (p *ppt) tagged(n int64) bool {
	if n < 8 || len(p.in) >= pptMaxDepth {
		return false
	}
	h, err := p.r.Peek(8)
	return err == nil && int64(binary.LittleEndian.Uint32(h[4:])) <= n-8
}

func (p *ppt) enter(kind uint16, n int64) error {
	field := p.field
	switch kind {
	case pptSlide:
		field = "slide"
	case pptNotes:
		field = "notes"
	case pptMaster:
		field = "master"
	case pptHandout:
		field = "handout"
	case pptHeaders:
		field = "header"
	case pptComment:
		field = "comment"
	case pptDocument:
		field = "presentation"
	}
	p.in = append(p.in, pptContainer{kind, p.r.n + n, p.field})
	if field != p.field || kind == pptSlide || kind == pptNotes || kind == pptComment {
		if err := p.flush(); err != nil {
			return err
		}
	}
	p.field = field
	return nil
}

func (p *ppt) flush() error {
	b := p.out
	p.out = p.out[:0]
	if len(b) == 0 {
		return nil
	}
	return p.text(p.field, "", bytes.NewReader(b))
}

func (p *ppt) flushRaw() error {
	b := p.raw
	p.raw = p.raw[:0]
	if len(b) == 0 {
		return nil
	}
	return p.text("record", "", bytes.NewReader(b))
}

func (p *ppt) atom(instance, kind uint16, n int64) error {
	switch {
	case kind == pptObject:
		return p.object(instance, n)
	case kind != pptChars && kind != pptBytes && kind != pptCString || n > pptMaxText:
		// Not understood: as it is.
		for n > 0 {
			k := int(min(n, pptFlush))
			at := len(p.raw)
			p.raw = append(p.raw, make([]byte, k)...)
			if _, err := io.ReadFull(p.r, p.raw[at:]); err != nil {
				return err
			}
			n -= int64(k)
			if n == 0 {
				p.raw = append(p.raw, '\n')
			}
			if len(p.raw) > pptFlush {
				if err := p.flushRaw(); err != nil {
					return err
				}
			}
		}
		return nil
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		return err
	}
	var s string
	if kind == pptBytes {
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		s = string(r)
	} else {
		s = utf16le(b)
	}
	p.out = append(append(p.out, strings.NewReplacer("\r", "\n", "\v", "\n", "\x00", "").Replace(s)...), '\n')
	if len(p.out) > pptFlush {
		return p.flush()
	}
	return nil
}

// object yields an embedded document or the project of macros: a compound file,
// compressed in most cases.
func (p *ppt) object(instance uint16, n int64) error {
	p.n++
	name := fmt.Sprintf("object%d.ole", p.n)
	lim := &io.LimitedReader{R: p.r, N: n}
	var r io.Reader = lim
	size := n
	if instance == 1 && n > 4 {
		var h [4]byte
		if _, err := io.ReadFull(lim, h[:]); err != nil {
			return err
		}
		z, err := zlib.NewReader(bufio.NewReader(lim)) // lim is read to its end below
		if err != nil {
			if err := p.gap(scanners.Corrupt, "ole: an embedded document is damaged"); err != nil {
				return err
			}
		} else {
			r, size = z, -1
		}
	}
	if err := p.member(name, name, size, r); err != nil {
		return err
	}
	return p.r.skip(lim.N)
}

// pictures yields the pictures among records of drawings. What is none is
// yielded as it is.
func (o *ole) pictures(step string, r sizedAt) error {
	var rest []oleExtent
	from, at := int64(0), int64(0)
	keep := func(n int64) {
		rest = append(rest, oleExtent{from, at, n})
		from, at = from+n, at+n
	}
	for n := 1; at+drawHeader < r.Size() && len(rest) < 1<<20; {
		if err := o.ctx.Err(); err != nil {
			return err
		}
		var h [drawHeader + 36]byte
		k, err := r.ReadAt(h[:], at)
		if err != nil && err != io.EOF {
			return err
		}
		if k < drawHeader {
			break
		}
		version, kind, size := binary.LittleEndian.Uint16(h[:]), binary.LittleEndian.Uint16(h[2:]), int64(binary.LittleEndian.Uint32(h[4:]))
		left := r.Size() - at - drawHeader
		switch {
		case version&0xf == 0xf:
			at += drawHeader
		case kind == drawEntry && size >= 36 && k == len(h):
			// The picture is behind its description and name.
			keep(min(drawHeader+36+int64(h[drawHeader+33]), r.Size()-at))
		case size > left:
			keep(r.Size() - at)
		case kind < drawFirstBlip || kind > drawLastBlip:
			keep(drawHeader + size)
		default:
			if err := o.blip(fmt.Sprintf("%s/%d", step, n), version>>4, kind, io.NewSectionReader(r, at+drawHeader, size)); err != nil {
				return err
			}
			at += drawHeader + size
			n++
		}
	}
	if at < r.Size() {
		keep(r.Size() - at)
	}
	if from == 0 {
		return nil
	}
	return o.text(step, "", (&oleReader{r, rest, from}).reader())
}

// blip yields a picture ([MS-ODRAW], section 2.2.23).
func (o *ole) blip(step string, instance, kind uint16, r *io.SectionReader) error {
	ext, head, two := ".bin", int64(17), instance&1 != 0
	packed := false
	switch kind {
	case 0xf01a:
		ext, head, packed = ".emf", 50, true
	case 0xf01b:
		ext, head, packed = ".wmf", 50, true
	case 0xf01c:
		ext, head, packed = ".pict", 50, true
	case 0xf01d, 0xf02a:
		ext = ".jpg"
	case 0xf01e:
		ext = ".png"
	case 0xf01f:
		ext = ".bmp"
	case 0xf029:
		ext = ".tif"
	}
	if two {
		head += 16
	}
	head = min(head, r.Size())
	body := io.NewSectionReader(r, head, r.Size()-head)
	if packed {
		if z, err := zlib.NewReader(bufio.NewReader(body)); err == nil {
			return o.member(step+ext, step[strings.LastIndexByte(step, '/')+1:]+ext, -1, z)
		}
	}
	return o.member(step+ext, step[strings.LastIndexByte(step, '/')+1:]+ext, body.Size(), body)
}
