package document

import (
	"bufio"
	"bytes"
	"context"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/spoor-scan/spoor/internal/container"
)

// The filters of streams are those of ISO 32000-1, section 7.4. What a damaged
// stream holds before the damage is kept.

// pdfSmall bounds what the filters that work in memory take.
const pdfSmall = 64 << 20

// pdfDecoded is a stream behind its filters.
type pdfDecoded struct {
	io.Reader
	// left is the first filter that was not undone: a picture's, or one that
	// isn't known.
	left  pdfName
	parms pdfDict
}

// open returns the content of a stream. Expanded bytes are counted.
func (d *pdfFile) open(s *pdfStream) pdfDecoded {
	var r io.Reader = io.NewSectionReader(s.at, s.off, s.size)
	out := pdfDecoded{}
	filters := d.list(s.dict, "Filter", "F")
	parms := d.list(s.dict, "DecodeParms", "DP")
	for i, f := range filters {
		if i >= 8 {
			out.left = "too many filters"
			break
		}
		var p pdfDict
		if i < len(parms) {
			p, _ = d.get(parms[i]).(pdfDict)
		}
		name, _ := d.get(f).(pdfName)
		switch name {
		case "FlateDecode", "Fl":
			r = d.predict(newPDFFlate(d.ctx, d.b, r), p)
		case "LZWDecode", "LZW":
			early := 1
			if v, ok := d.get(p["EarlyChange"]).(float64); ok && v == 0 {
				early = 0
			}
			r = d.predict(d.b.Reader(d.ctx, &pdfLZW{r: bufio.NewReader(r), early: early}), p)
		case "ASCII85Decode", "A85":
			r = bytes.NewReader(pdfASCII85(readSome(r)))
		case "ASCIIHexDecode", "AHx":
			l := pdfLexer{b: append([]byte{'<'}, readSome(r)...)}
			r = bytes.NewReader(l.hex(nil))
		case "RunLengthDecode", "RL":
			r = d.b.Reader(d.ctx, &pdfRunLength{r: bufio.NewReader(r)})
		case "Crypt":
		default:
			out.left, out.parms = name, p
		}
		if out.left != "" {
			break
		}
	}
	out.Reader = r
	return out
}

// list returns an entry that is one object or an array of them.
func (d *pdfFile) list(dict pdfDict, keys ...pdfName) pdfArray {
	for _, k := range keys {
		switch o := d.get(dict[k]).(type) {
		case pdfArray:
			return o
		case nil:
		default:
			return pdfArray{o}
		}
	}
	return nil
}

func readSome(r io.Reader) []byte {
	b, _ := io.ReadAll(io.LimitReader(r, pdfSmall))
	return b
}

// pdfFlate inflates leniently: with or without the header of zlib, and up to
// the first damage, which ends it.
type pdfFlate struct {
	src    *bufio.Reader
	z      io.Reader
	opened bool
	damage bool
}

func newPDFFlate(ctx context.Context, b *container.Budget, r io.Reader) io.Reader {
	return b.Reader(ctx, &pdfFlate{src: bufio.NewReader(r)})
}

func (f *pdfFlate) Read(p []byte) (int, error) {
	if !f.opened {
		f.opened = true
		for {
			// Line ends that belong to the keyword "stream".
			c, err := f.src.Peek(1)
			if err != nil || c[0] != '\r' && c[0] != '\n' {
				break
			}
			_, _ = f.src.Discard(1)
		}
		if h, _ := f.src.Peek(2); len(h) == 2 && h[0]&0x0f == 8 && (uint(h[0])<<8|uint(h[1]))%31 == 0 {
			_, _ = f.src.Discard(2)
		}
		f.z = flate.NewReader(f.src)
	}
	if f.damage {
		return 0, io.EOF
	}
	n, err := f.z.Read(p)
	if err != nil && err != io.EOF {
		f.damage = true
		err = io.EOF
	}
	return n, err
}

// predict undoes the predictor of a filter.
func (d *pdfFile) predict(r io.Reader, p pdfDict) io.Reader {
	num := func(k pdfName, def, most int) int {
		f, ok := d.get(p[k]).(float64)
		if !ok || f < 1 || f > float64(most) {
			return def
		}
		return int(f)
	}
	kind := num("Predictor", 1, 100)
	if kind < 2 {
		return r
	}
	colors, bits, columns := num("Colors", 1, 64), num("BitsPerComponent", 8, 32), num("Columns", 1, 1<<20)
	row := (colors*bits*columns + 7) / 8
	return &pdfPredictor{r: bufio.NewReader(r), tiff: kind == 2, bits: bits, colors: colors, bpp: max(1, colors*bits/8), prev: make([]byte, row), cur: make([]byte, row)}
}

type pdfPredictor struct {
	r                 *bufio.Reader
	tiff              bool
	bits, colors, bpp int
	prev, cur, rest   []byte
	err               error
}

func (p *pdfPredictor) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.row()
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pdfPredictor) row() {
	p.prev, p.cur = p.cur, p.prev
	tag := byte(0)
	if !p.tiff {
		if tag, p.err = p.r.ReadByte(); p.err != nil {
			return
		}
	}
	n, err := io.ReadFull(p.r, p.cur)
	if err != nil {
		if p.err = err; err == io.ErrUnexpectedEOF {
			p.err = io.EOF
		}
	}
	c, up := p.cur[:n], p.prev
	p.rest = c
	if p.tiff {
		if p.bits == 8 {
			for i := p.colors; i < len(c); i++ {
				c[i] += c[i-p.colors]
			}
		}
		return
	}
	for i := range c {
		var a, b, ul byte
		b = up[i]
		if i >= p.bpp {
			a, ul = c[i-p.bpp], up[i-p.bpp]
		}
		switch tag {
		case 1:
			c[i] += a
		case 2:
			c[i] += b
		case 3:
			c[i] += byte((int(a) + int(b)) / 2)
		case 4:
			c[i] += pdfPaeth(a, b, ul)
		}
	}
}

func pdfPaeth(a, b, c byte) byte {
	abs := func(n int) int { return max(n, -n) }
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	if pa <= pb && pa <= pc {
		return a
	}
	if pb <= pc {
		return b
	}
	return c
}

// pdfLZW is the LZW of TIFF, most significant bit first.
type pdfLZW struct {
	r     *bufio.Reader
	early int
	bits  uint
	n     uint
	next  int
	prev  int
	begun bool
	table [4096]struct {
		prev  int16
		len   uint16
		c     byte
		first byte
	}
	out  []byte
	buf  [4096]byte
	done bool
}

func (z *pdfLZW) Read(p []byte) (int, error) {
	for len(z.out) == 0 {
		if z.done || !z.code() {
			z.done = true
			return 0, io.EOF
		}
	}
	n := copy(p, z.out)
	z.out = z.out[n:]
	return n, nil
}

func (z *pdfLZW) reset() { z.next, z.prev = 258, -1 }

func (z *pdfLZW) code() bool {
	if !z.begun {
		z.begun = true
		z.reset()
	}
	w := uint(9)
	switch n := z.next + z.early; {
	case n > 2047:
		w = 12
	case n > 1023:
		w = 11
	case n > 511:
		w = 10
	}
	for z.n < w {
		c, err := z.r.ReadByte()
		if err != nil {
			return false
		}
		z.bits = z.bits<<8 | uint(c)
		z.n += 8
	}
	code := int(z.bits >> (z.n - w) & (1<<w - 1))
	z.n -= w
	switch {
	case code == 256:
		z.reset()
		return true
	case code == 257 || code > z.next || code == z.next && z.prev < 0:
		return false
	}
	first := func(c int) byte {
		if c < 256 {
			return byte(c)
		}
		return z.table[c].first
	}
	length := func(c int) uint16 {
		if c < 256 {
			return 1
		}
		return z.table[c].len
	}
	if z.prev >= 0 && z.next < 4096 {
		e := &z.table[z.next]
		e.prev, e.first, e.len = int16(z.prev), first(z.prev), length(z.prev)+1
		if code == z.next {
			e.c = e.first
		} else {
			e.c = first(code)
		}
		z.next++
	} else if code >= z.next {
		return false
	}
	z.prev = code
	n := min(int(length(code)), len(z.buf))
	z.out = z.buf[:n]
	for i := n - 1; i >= 0; i-- {
		if code < 256 {
			z.buf[i] = byte(code)
			break
		}
		z.buf[i] = z.table[code].c
		code = int(z.table[code].prev)
	}
	return true
}

type pdfRunLength struct {
	r   *bufio.Reader
	n   int // bytes to copy, or to repeat where negative
	c   byte
	end bool
}

func (z *pdfRunLength) Read(p []byte) (n int, err error) {
	for n < len(p) && !z.end {
		switch {
		case z.n > 0:
			c, err := z.r.ReadByte()
			if err != nil {
				z.end = true
				break
			}
			p[n] = c
			n++
			z.n--
		case z.n < 0:
			p[n] = z.c
			n++
			z.n++
		default:
			c, err := z.r.ReadByte()
			if err != nil || c == 128 {
				z.end = true
				break
			}
			if c < 128 {
				z.n = int(c) + 1
				break
			}
			z.n = int(c) - 257
			if z.c, err = z.r.ReadByte(); err != nil {
				z.end = true
			}
		}
	}
	if n == 0 && z.end {
		return 0, io.EOF
	}
	return n, nil
}

func pdfASCII85(b []byte) []byte {
	out := make([]byte, 0, len(b)/5*4+4)
	var v uint32
	k := 0
	for i, c := range b {
		switch {
		case c == '~' && (i > 0 || len(b) < 2 || b[1] != '<'):
			b = nil
		case c == 'z' && k == 0:
			out = append(out, 0, 0, 0, 0)
			continue
		case c >= '!' && c <= 'u':
			v = v*85 + uint32(c-'!')
			if k++; k == 5 {
				out = append(out, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
				v, k = 0, 0
			}
			continue
		}
		if b == nil {
			break
		}
	}
	if k > 1 {
		for i := k; i < 5; i++ {
			v = v*85 + 84
		}
		for i := 0; i < k-1; i++ {
			out = append(out, byte(v>>(24-8*i)))
		}
	}
	return out
}
