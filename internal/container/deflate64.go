package container

import (
	"errors"
	"io"
)

// deflate64Stream reads Deflate64, which is RFC 1951 with a window of 64 KiB:
// length code 285 stands for 3 to 65,538 with 16 extra bits, and there are two
// more codes of distances.
type deflate64Stream struct {
	h      history
	window [1 << 16]byte
	w      int // where the next byte goes
	out    int // how many bytes of the window are to be handed out
	bits   uint64
	n      uint // bits there are
	state  int
	last   bool
	left   int // of a stored block, or of a match
	dist   int
	lit    huffman
	far    huffman
	err    error
}

const (
	inflateHeader = iota
	inflateStored
	inflateCodes
	inflateMatch
)

// huffman is a code in canonical form: how many codes there are of each length,
// and the symbols in order.
type huffman struct {
	count   [16]int
	symbols []uint16
}

var (
	errDeflate64 = errors.New("deflate64: damaged")

	lengthBase  = [29]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3}
	lengthExtra = [29]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16}
	codeOrder   = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// build makes a code of the lengths of its symbols, and reports whether there can
// be one.
func (c *huffman) build(lengths []byte) bool {
	c.count = [16]int{}
	for _, l := range lengths {
		c.count[l]++
	}
	left := 1
	for l := 1; l < 16; l++ {
		if left = left<<1 - c.count[l]; left < 0 {
			return false
		}
	}
	var at [16]int
	for l := 1; l < 15; l++ {
		at[l+1] = at[l] + c.count[l]
	}
	c.symbols = make([]uint16, len(lengths))
	for s, l := range lengths {
		if l > 0 {
			c.symbols[at[l]] = uint16(s)
			at[l]++
		}
	}
	return true
}

func (s *deflate64Stream) open(in *input) error {
	s.h.reset(in)
	s.w, s.out, s.bits, s.n, s.state, s.last, s.err = 0, 0, 0, 0, inflateHeader, false, nil
	return nil
}

func (s *deflate64Stream) rest(bool) (io.Reader, int64) { return &s.h, s.h.offset() }
func (s *deflate64Stream) release()                     { s.h.in = nil }

// need reads bits until there are n, up to 32.
func (s *deflate64Stream) need(n uint) bool {
	for s.n < n {
		c, err := s.h.ReadByte()
		if err != nil {
			if s.err = err; err == io.EOF {
				s.err = io.ErrUnexpectedEOF
			}
			return false
		}
		s.bits |= uint64(c) << s.n
		s.n += 8
	}
	return true
}

func (s *deflate64Stream) take(n uint) (int, bool) {
	if !s.need(n) {
		return 0, false
	}
	v := int(s.bits & (1<<n - 1))
	s.bits >>= n
	s.n -= n
	return v, true
}

func (s *deflate64Stream) symbol(c *huffman) (int, bool) {
	code, first, index := 0, 0, 0
	for l := 1; l < 16; l++ {
		b, ok := s.take(1)
		if !ok {
			return 0, false
		}
		code |= b
		if n := c.count[l]; code-n < first {
			return int(c.symbols[index+code-first]), true
		} else {
			index += n
			first = (first + n) << 1
			code <<= 1
		}
	}
	s.err = errDeflate64
	return 0, false
}

func (s *deflate64Stream) Read(p []byte) (int, error) {
	for s.out == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	from := (s.w - s.out) & 0xffff
	n := copy(p, s.window[from:min(from+s.out, len(s.window))])
	s.out -= n
	return n, nil
}

func (s *deflate64Stream) put(c byte) {
	s.window[s.w] = c
	s.w = (s.w + 1) & 0xffff
	s.out++
}

// fill decodes up to half a window.
func (s *deflate64Stream) fill() {
	for s.err == nil && s.out < 1<<15 {
		switch s.state {
		case inflateHeader:
			if s.last {
				s.err = io.EOF
				return
			}
			s.header()
		case inflateStored:
			if s.left == 0 {
				s.state = inflateHeader
				continue
			}
			if c, ok := s.take(8); ok {
				s.put(byte(c))
				s.left--
			}
		case inflateCodes:
			s.code()
		case inflateMatch:
			for s.left > 0 && s.out < 1<<15 {
				s.put(s.window[(s.w-s.dist)&0xffff])
				s.left--
			}
			if s.left == 0 {
				s.state = inflateCodes
			}
		}
	}
}

func (s *deflate64Stream) code() {
	c, ok := s.symbol(&s.lit)
	switch {
	case !ok:
	case c < 256:
		s.put(byte(c))
	case c == 256:
		s.state = inflateHeader
	case c > 285:
		s.err = errDeflate64
	default:
		more, _ := s.take(lengthExtra[c-257])
		d, ok := s.symbol(&s.far)
		if !ok {
			return
		}
		base, extra := d+1, uint(0)
		if d > 3 {
			extra = uint(d/2 - 1)
			base = (2+d&1)<<extra + 1
		}
		far, ok := s.take(extra)
		if ok {
			s.left, s.dist, s.state = lengthBase[c-257]+more, base+far, inflateMatch
		}
	}
}

func (s *deflate64Stream) header() {
	last, _ := s.take(1)
	kind, ok := s.take(2)
	if !ok {
		return
	}
	s.last = last == 1
	switch kind {
	case 0:
		_, _ = s.take(s.n & 7)
		n, _ := s.take(16)
		not, ok := s.take(16)
		if ok && n != ^not&0xffff {
			s.err = errDeflate64
		}
		s.left, s.state = n, inflateStored
	case 1:
		var l [288]byte
		for i := range l {
			switch {
			case i < 144, i >= 280:
				l[i] = 8
			case i < 256:
				l[i] = 9
			default:
				l[i] = 7
			}
		}
		s.lit.build(l[:])
		s.far.build([]byte("\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05"))
		s.state = inflateCodes
	case 2:
		s.dynamic()
	default:
		s.err = errDeflate64
	}
}

func (s *deflate64Stream) dynamic() {
	nlen, _ := s.take(5)
	ndist, _ := s.take(5)
	ncode, ok := s.take(4)
	if !ok {
		return
	}
	nlen, ndist, ncode = nlen+257, ndist+1, ncode+4
	var lengths [288 + 32]byte
	var order [19]byte
	for _, k := range codeOrder[:ncode] {
		v, _ := s.take(3)
		order[k] = byte(v)
	}
	if s.err != nil || nlen > 286 || !s.lit.build(order[:]) {
		s.fail()
		return
	}
	for i := 0; i < nlen+ndist; {
		c, ok := s.symbol(&s.lit)
		if !ok {
			return
		}
		if c < 16 {
			lengths[i] = byte(c)
			i++
			continue
		}
		v, n := byte(0), 0
		switch c {
		case 16:
			if i == 0 {
				s.fail()
				return
			}
			v = lengths[i-1]
			n, _ = s.take(2)
			n += 3
		case 17:
			n, _ = s.take(3)
			n += 3
		default:
			n, _ = s.take(7)
			n += 11
		}
		if s.err != nil || i+n > nlen+ndist {
			s.fail()
			return
		}
		for range n {
			lengths[i] = v
			i++
		}
	}
	if !s.lit.build(lengths[:nlen]) || !s.far.build(lengths[nlen:nlen+ndist]) {
		s.fail()
		return
	}
	s.state = inflateCodes
}

func (s *deflate64Stream) fail() {
	if s.err == nil {
		s.err = errDeflate64
	}
}
