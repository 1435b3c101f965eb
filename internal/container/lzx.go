package container

import (
	"encoding/binary"
	"errors"
)

// An lzx decodes LZX as cabinets have it ("Microsoft LZX Data Compression
// Format", 1997; [MS-PATCH], section 2): each block of a cabinet holds one frame
// of 32 KiB, and the blocks of LZX go on over frames.
type lzx struct {
	window []byte
	pos    int // in window
	slots  int
	begun  bool
	done   int64 // bytes of frames before this one

	kind    int  // of the block, 0: a new one begins
	left    int  // bytes of it
	pad     bool // a byte stands behind it: its length is odd, and it is not compressed
	r       [3]int
	main    []byte // lengths of codes
	lengths []byte
	mainT   lzxTree
	lengthT lzxTree
	aligned lzxTree

	translate int64 // length of the file in which calls are translated; 0: they are not
	out       []byte

	b    []byte // of the frame
	i    int
	bits uint64
	have uint
}

var errLZX = errors.New("lzx: damaged")

const (
	lzxFrame   = 32 << 10
	lzxLengths = 249
)

// newLZX returns a decoder with a window of 1<<bits bytes, 15 to 21.
func newLZX(bits int) *lzx {
	slots := 2 * bits
	switch bits {
	case 20:
		slots = 42
	case 21:
		slots = 50
	}
	return &lzx{window: make([]byte, 1<<bits), slots: slots, r: [3]int{1, 1, 1}, main: make([]byte, 256+8*slots), lengths: make([]byte, lzxLengths)}
}

// block decodes a frame of n bytes, which are valid until the next call.
func (z *lzx) block(b []byte, n int) ([]byte, error) {
	if n > lzxFrame {
		return nil, errLZX
	}
	z.b, z.i, z.bits, z.have = b, 0, 0, 0
	if !z.begun {
		z.begun = true
		if z.get(1) == 1 {
			z.translate = int64(z.get(16))<<16 | int64(z.get(16))
		}
	}
	start := z.pos
	err := z.frame(n)
	z.out = append(z.out[:0], z.window[start:z.pos]...)
	z.calls(z.out)
	z.done += int64(len(z.out))
	if z.left == 0 && z.i < len(z.b) {
		z.pad = false // it is dropped with the rest of the frame
	}
	if z.pos == len(z.window) {
		z.pos = 0
	}
	return z.out, err
}

// get reads up to 16 bits. Behind the end it reads zeros; overrun tells.
func (z *lzx) get(n uint) int {
	v := int(z.peek() >> (16 - n))
	z.skip(n)
	return v
}

// peek returns the next 16 bits.
func (z *lzx) peek() uint32 {
	for z.have < 16 {
		var w uint64
		if z.i+1 < len(z.b) {
			w = uint64(binary.LittleEndian.Uint16(z.b[z.i:]))
		} else if z.i < len(z.b) {
			w = uint64(z.b[z.i])
		}
		z.i += 2
		z.bits = z.bits<<16 | w
		z.have += 16
	}
	return uint32(z.bits>>(z.have-16)) & 0xffff
}

func (z *lzx) skip(n uint) { z.have -= n }

// overrun reports whether more was read than there is.
func (z *lzx) overrun() bool { return z.i-int(z.have/16)*2 > len(z.b)+1 }

func (z *lzx) frame(n int) error {
	for end := z.pos + n; z.pos < end; {
		if z.left == 0 {
			if err := z.header(); err != nil {
				return err
			}
		}
		if z.overrun() {
			return errLZX
		}
		var err error
		if k := min(z.left, end-z.pos); z.kind == 3 {
			err = z.plain(k)
		} else {
			err = z.matches(z.pos+k, end)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// header reads the start of a block.
func (z *lzx) header() error {
	if z.pad {
		z.i++
		z.pad = false
	}
	z.kind = z.get(3)
	z.left = z.get(16)<<8 | z.get(8)
	if z.left == 0 {
		return errLZX
	}
	switch z.kind {
	case 2:
		var lengths [8]byte
		for i := range lengths {
			lengths[i] = byte(z.get(3))
		}
		if !z.aligned.build(lengths[:]) {
			return errLZX
		}
		fallthrough
	case 1:
		if !z.read(z.main[:256]) || !z.read(z.main[256:]) || !z.read(z.lengths) ||
			!z.mainT.build(z.main) || !z.lengthT.build(z.lengths) {
			return errLZX
		}
	case 3:
		// Up to the next word, which is a whole one where the bits end at its
		// start.
		if z.have%16 == 0 {
			z.get(16)
		}
		z.i -= int(z.have/16) * 2
		z.bits, z.have = 0, 0
		if z.i+12 > len(z.b) {
			return errLZX
		}
		z.pad = z.left&1 == 1
		for i := range z.r {
			z.r[i] = int(int32(binary.LittleEndian.Uint32(z.b[z.i+4*i:])))
		}
		z.i += 12
	default:
		return errLZX
	}
	return nil
}

// plain copies bytes of a block that is not compressed.
func (z *lzx) plain(k int) error {
	if z.i < 0 || z.i+k > len(z.b) {
		return errLZX
	}
	copy(z.window[z.pos:], z.b[z.i:z.i+k])
	z.i += k
	z.pos += k
	z.left -= k
	return nil
}

// matches decodes up to a place in the window.
func (z *lzx) matches(to, end int) error {
	for z.pos < to {
		s := z.mainT.next(z)
		if s < 0 || z.overrun() {
			return errLZX
		}
		if s < 256 {
			z.window[z.pos] = byte(s)
			z.pos++
			z.left--
			continue
		}
		s -= 256
		n := s&7 + 2
		if s&7 == 7 {
			more := z.lengthT.next(z)
			if more < 0 {
				return errLZX
			}
			n += more
		}
		switch slot := s >> 3; slot {
		case 0:
		case 1:
			z.r[0], z.r[1] = z.r[1], z.r[0]
		case 2:
			z.r[0], z.r[2] = z.r[2], z.r[0]
		default:
			base, extra := lzxSlot(slot)
			off := 0
			switch {
			case z.kind == 2 && extra >= 3:
				if extra > 3 {
					off = z.long(extra-3) << 3
				}
				low := z.aligned.next(z)
				if low < 0 {
					return errLZX
				}
				off += low
			case extra > 0:
				off = z.long(extra)
			}
			z.r = [3]int{base + off - 2, z.r[0], z.r[1]}
		}
		// A match does not reach over the end of a frame.
		off := z.r[0]
		if off < 1 || off > len(z.window) || int64(off) > z.done+int64(z.pos) || z.pos+n > end || n > z.left {
			return errLZX
		}
		from := z.pos - off
		for range n {
			z.window[z.pos] = z.window[(from+len(z.window))%len(z.window)]
			from++
			z.pos++
		}
		z.left -= n
	}
	return nil
}

// long reads up to 17 bits.
func (z *lzx) long(n uint) int {
	if n > 16 {
		return z.get(n-16)<<16 | z.get(16)
	}
	return z.get(n)
}

// lzxSlot returns the least offset of a position slot, and how many bits follow.
func lzxSlot(slot int) (base int, extra uint) {
	switch {
	case slot < 4:
		return slot, 0
	case slot >= 36:
		return 1<<18 + (slot-36)<<17, 17
	}
	extra = uint(slot-2) / 2
	return (2 + slot&1) << extra, extra
}

// read reads lengths of codes, which are written as differences to those of the
// block before.
func (z *lzx) read(lengths []byte) bool {
	var pre [20]byte
	for i := range pre {
		pre[i] = byte(z.get(4))
	}
	var t lzxTree
	if !t.build(pre[:]) {
		return false
	}
	for i := 0; i < len(lengths); {
		s, run, value := t.next(z), 1, byte(0)
		if s < 0 || z.overrun() {
			return false
		}
		switch s {
		case 17:
			run = 4 + z.get(4)
		case 18:
			run = 20 + z.get(5)
		case 19:
			run = 4 + z.get(1)
			if s = t.next(z); s < 0 || s > 16 {
				return false
			}
			fallthrough
		default:
			value = byte((int(lengths[i]) - s + 17) % 17)
		}
		if i+run > len(lengths) {
			return false
		}
		for range run {
			lengths[i] = value
			i++
		}
	}
	return true
}

// calls undoes the translation of the targets of calls in programs for x86.
func (z *lzx) calls(b []byte) {
	if z.translate == 0 || z.done >= 1<<30 || len(b) <= 10 {
		return
	}
	for i := 0; i < len(b)-10; i++ {
		if b[i] != 0xe8 {
			continue
		}
		at := z.done + int64(i)
		v := int64(int32(binary.LittleEndian.Uint32(b[i+1:])))
		if v >= -at && v < z.translate {
			if v >= 0 {
				v -= at
			} else {
				v += z.translate
			}
			binary.LittleEndian.PutUint32(b[i+1:], uint32(int32(v)))
		}
		i += 4
	}
}

// An lzxTree is a canonical Huffman code with codes of up to 16 bits.
type lzxTree struct {
	limit   [17]uint32 // behind the last code of each length, as 16 bits
	first   [17]int    // index in symbols of the first one of each length, less its code
	symbols []uint16
}

// build makes the code from the lengths of its codes. A code may be empty.
func (t *lzxTree) build(lengths []byte) bool {
	var count [17]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	code, index := uint32(0), 0
	var next [17]int
	for n := 1; n <= 16; n++ {
		t.first[n] = index - int(code>>(16-n))
		next[n] = index
		index += count[n]
		code += uint32(count[n]) << (16 - n)
		t.limit[n] = code
		if code > 1<<16 {
			return false
		}
	}
	t.symbols = append(t.symbols[:0], make([]uint16, index)...)
	for s, n := range lengths {
		if n > 0 {
			t.symbols[next[n]] = uint16(s)
			next[n]++
		}
	}
	return true
}

// next reads a symbol; -1: there is no such code.
func (t *lzxTree) next(z *lzx) int {
	v := z.peek()
	for n := 1; n <= 16; n++ {
		if v < t.limit[n] {
			z.skip(uint(n))
			return int(t.symbols[t.first[n]+int(v>>(16-n))])
		}
	}
	return -1
}
