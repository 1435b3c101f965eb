package document

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strconv"
)

// zipList yields the members of a ziplist (src/ziplist.c), and reports whether it
// is sound.
func zipList(b []byte, yield func([]byte) bool) bool {
	if len(b) < 11 {
		return false
	}
	var num [24]byte
	for i := 10; i < len(b); {
		if b[i] == 0xff {
			return true
		}
		if b[i] == 0xfe {
			i += 4
		}
		if i++; i >= len(b) {
			return false
		}
		c, n := b[i], 0
		i++
		switch {
		case c>>6 == 0:
			n = int(c & 0x3f)
		case c>>6 == 1 && i < len(b):
			n = int(c&0x3f)<<8 | int(b[i])
			i++
		case c == 0x80 && i+4 <= len(b):
			n = int(binary.BigEndian.Uint32(b[i:]))
			i += 4
		default:
			width := map[byte]int{0xc0: 2, 0xd0: 4, 0xe0: 8, 0xf0: 3, 0xfe: 1}[c]
			if width == 0 && (c < 0xf1 || c > 0xfd) || i+width > len(b) {
				return false
			}
			v := int64(c&0x0f) - 1
			if width > 0 {
				v = signed(b[i : i+width])
			}
			i += width
			if !yield(strconv.AppendInt(num[:0], v, 10)) {
				return true
			}
			continue
		}
		if n < 0 || n > len(b)-i {
			return false
		}
		if !yield(b[i : i+n]) {
			return true
		}
		i += n
	}
	return false
}

// signed returns a number of up to eight bytes, the least of which comes first.
func signed(b []byte) int64 {
	v := uint64(0)
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return int64(v<<shift) >> shift
}

// listPack is zipList for a listpack (src/listpack.c).
func listPack(b []byte, yield func([]byte) bool) bool {
	if len(b) < 7 {
		return false
	}
	var num [24]byte
	for i := 6; i < len(b); {
		c := b[i]
		head, n, v, isNum := 1, 0, int64(0), true
		width := 0
		switch {
		case c == 0xff:
			return true
		case c < 0x80:
			v = int64(c)
		case c < 0xc0:
			n, isNum = int(c&0x3f), false
		case c < 0xe0:
			if head = 2; i+2 > len(b) {
				return false
			}
			v = int64(int16(uint16(c&0x1f)<<11|uint16(b[i+1])<<3)) >> 3
		case c < 0xf0:
			if head = 2; i+2 > len(b) {
				return false
			}
			n, isNum = int(c&0x0f)<<8|int(b[i+1]), false
		case c == 0xf0:
			if head = 5; i+5 > len(b) {
				return false
			}
			n, isNum = int(binary.LittleEndian.Uint32(b[i+1:])), false
		case c <= 0xf4:
			width = [...]int{2, 3, 4, 8}[c-0xf1]
			if head = 1 + width; i+head > len(b) {
				return false
			}
			v = signed(b[i+1 : i+head])
		default:
			return false
		}
		if n < 0 || n > len(b)-i-head {
			return false
		}
		out := b[i+head : i+head+n]
		if isNum {
			out = strconv.AppendInt(num[:0], v, 10)
		}
		if !yield(out) {
			return true
		}
		// Behind it stands its length, for those who read backwards.
		size := head + n
		back := 1
		for limit := 127; size > limit && back < 5; limit = limit<<7 | 127 {
			back++
		}
		i += size + back
	}
	return false
}

// intSet is zipList for a set of numbers (src/intset.c).
func intSet(b []byte, yield func([]byte) bool) bool {
	if len(b) < 8 {
		return false
	}
	width, n := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if width != 2 && width != 4 && width != 8 || uint64(n)*uint64(width) > uint64(len(b)-8) {
		return false
	}
	var num [24]byte
	for i := range int(n) {
		at := 8 + i*int(width)
		if !yield(strconv.AppendInt(num[:0], signed(b[at:at+int(width)]), 10)) {
			return true
		}
	}
	return true
}

// zipMap is zipList for the hashes of Redis before 2.6 (src/zipmap.c).
func zipMap(b []byte, yield func([]byte) bool) bool {
	for i, value := 1, false; i < len(b); value = !value {
		n := int(b[i])
		if n == 0xff {
			return !value
		}
		if i++; n == 0xfe {
			if i+4 > len(b) {
				return false
			}
			n = int(min(binary.LittleEndian.Uint32(b[i:]), math.MaxInt32))
			i += 4
		}
		free := 0
		if value {
			if i >= len(b) {
				return false
			}
			free = int(b[i])
			i++
		}
		if n > len(b)-i {
			return false
		}
		if !yield(b[i : i+n]) {
			return true
		}
		i += n + free
	}
	return false
}

// lzfReader decompresses LZF (liblzf, lzf_d.c): literals, and copies of up to 264
// bytes from at most 8 KiB before.
type lzfReader struct {
	r       *bufio.Reader
	in, out int64 // bytes that are left
	win     [16 << 10]byte
	pos     int // of the next byte in win
	from    int // of those that were not handed over
	err     error
}

func (z *lzfReader) Read(p []byte) (int, error) {
	for z.from == z.pos {
		if z.err != nil {
			return 0, z.err
		}
		z.step()
	}
	n := copy(p, z.win[z.from:z.pos])
	z.from += n
	return n, nil
}

func (z *lzfReader) byte() int {
	if z.in <= 0 {
		z.err = errRDB
		return 0
	}
	z.in--
	c, err := z.r.ReadByte()
	if err != nil && z.err == nil {
		z.err = err
		if err == io.EOF {
			z.err = io.ErrUnexpectedEOF
		}
	}
	return int(c)
}

// step decodes until the window is nearly full.
func (z *lzfReader) step() {
	if len(z.win)-z.pos < 300 {
		copy(z.win[:], z.win[z.pos-8192:z.pos])
		z.pos, z.from = 8192, 8192
	}
	for len(z.win)-z.pos >= 300 && z.err == nil {
		if z.in <= 0 {
			if z.err = io.EOF; z.out != 0 {
				z.err = errRDB
			}
			return
		}
		c := z.byte()
		start := z.pos
		if c < 32 {
			for range c + 1 {
				z.win[z.pos] = byte(z.byte())
				z.pos++
			}
		} else {
			n := c >> 5
			if n == 7 {
				n += z.byte()
			}
			back := (c&0x1f)<<8 | z.byte()
			at := z.pos - back - 1
			if at < 0 {
				z.err = errRDB
				return
			}
			for range n + 2 {
				z.win[z.pos] = z.win[at]
				z.pos++
				at++
			}
		}
		if z.err != nil {
			z.pos = start
			return
		}
		if z.out -= int64(z.pos - start); z.out < 0 {
			z.err = errRDB
		}
	}
}
