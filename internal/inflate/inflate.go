// Package inflate decompresses DEFLATE (RFC 1951), gzip (RFC 1952) and zlib
// (RFC 1950) faster than the libraries do, as backups are mostly that and
// everything waits for it.
package inflate

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"unsafe"
)

// ErrCorrupt says that data are no DEFLATE, or damaged.
var ErrCorrupt = errors.New("inflate: damaged")

const (
	history = 32 << 10  // bytes that a match may lie back
	bufSize = 128 << 10 // bytes, a power of two
	bufMask = bufSize - 1

	// longest is how many bytes one symbol stands for at most; copying them
	// writes up to slack more.
	longest = 258
	slack   = 16

	// fastIn is how many bytes of input the fast loop may load at a time: twice
	// eight at places up to 7 bytes apart.
	fastIn = 24
)

// The bits that the first lookup of a code takes. Longer codes have tables of
// their own behind the first.
const (
	litBits  = 11
	distBits = 9
	maxBits  = 15

	// Room for the tables of 288 and of 32 symbols, with more than any code
	// needs for those behind the first.
	litSize  = 1<<litBits + 288<<1<<(maxBits-litBits-1)
	distSize = 1<<distBits + 32<<1<<(maxBits-distBits-1)
)

// An entry of a table tells what to do with the bits that lead to it. Bits 0-5
// are how many bits it takes, with its extra bits; 0: there is no such code.
// A literal has its value in bits 16-23. A length or distance has the least in
// bits 16-31, and in bits 8-11 how many bits come before the extra ones. A link
// has the place of the further table in bits 16-31, and in bits 8-11 how many
// bits choose in it.
type entry uint32

const (
	literal entry = 1 << 15
	special entry = 1 << 14 // a link, or the end of the block
	ending  entry = 1 << 13 // with special: the end
)

// A Reader decompresses what it reads from a bufio.Reader, up to the end of the
// last block and no further.
type Reader struct {
	br *bufio.Reader

	in   []byte // what br has buffered, while fill is under way
	pos  int    // in in
	bits uint64 // the next of the input, the first in the lowest
	n    uint   // how many

	w, r  int // in buf: where the next byte goes, and what was handed out
	begin int // in buf: nothing that is known lies before

	stored int // bytes that are left of a stored block
	within bool
	last   bool
	fixed  bool // the tables are those of fixed codes
	err    error

	lit  [litSize]entry
	dist [distSize]entry
	buf  [bufSize]byte
}

// Reset starts with the stream that br is at.
func (z *Reader) Reset(br *bufio.Reader) {
	z.br, z.in = br, nil
	z.bits, z.n, z.w, z.r, z.begin = 0, 0, 0, 0, 0
	z.stored, z.within, z.last, z.err = 0, false, false, nil
}

// Read returns io.EOF at the end of the last block, io.ErrUnexpectedEOF where
// the input ends before, ErrCorrupt, or what reading the input failed with; all
// that was decompressed comes first.
func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if z.r == z.w && z.err == nil {
		z.fill()
	}
	if z.r < z.w {
		n := copy(p, z.buf[z.r:z.w])
		z.r += n
		return n, nil
	}
	return 0, z.err
}

// fill decompresses until the buffer is full. All of it was handed out.
func (z *Reader) fill() {
	if z.w > history {
		from := z.w - history
		copy(z.buf[:history], z.buf[from:z.w])
		z.begin = max(z.begin-from, 0)
		z.w, z.r = history, history
	}
	z.in, _ = z.br.Peek(z.br.Buffered())
	z.pos = 0
	for z.err == nil && z.w < bufSize-longest-slack {
		switch {
		case z.stored > 0:
			z.err = z.copyStored()
		case z.within:
			z.err = z.symbols()
		case z.last:
			z.err = io.EOF
		default:
			z.err = z.header()
		}
	}
	// What was loaded and isn't needed yet is br's again.
	z.pos -= int(z.n / 8)
	z.n %= 8
	z.bits &= 1<<z.n - 1
	if z.err == io.EOF {
		z.n, z.bits = 0, 0
	}
	_, _ = z.br.Discard(z.pos)
	z.in, z.pos = nil, 0
}

// more loads one byte.
func (z *Reader) more() error {
	if z.pos == len(z.in) {
		// None of what was read is needed again: bits that are left are fewer
		// than what is asked for.
		_, _ = z.br.Discard(z.pos)
		z.in, z.pos = nil, 0
		if _, err := z.br.Peek(1); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		z.in, _ = z.br.Peek(z.br.Buffered())
	}
	z.bits |= uint64(z.in[z.pos]) << (z.n & 63)
	z.pos++
	z.n += 8
	return nil
}

// take returns the next k bits, at most 16.
func (z *Reader) take(k uint) (int, error) {
	for z.n < k {
		if err := z.more(); err != nil {
			return 0, err
		}
	}
	v := z.bits & (1<<k - 1)
	z.bits >>= k
	z.n -= k
	return int(v), nil
}

// header reads the header of a block.
func (z *Reader) header() error {
	v, err := z.take(3)
	if err != nil {
		return err
	}
	z.last = v&1 != 0
	switch v >> 1 {
	case 0:
		z.bits >>= z.n % 8
		z.n -= z.n % 8
		n, err := z.take(16)
		if err != nil {
			return err
		}
		not, err := z.take(16)
		if err != nil {
			return err
		}
		if n != not^0xffff {
			return ErrCorrupt
		}
		z.stored = n
		return nil
	case 1:
		z.within = true
		return z.fixedCodes()
	case 2:
		z.within, z.fixed = true, false
		return z.codes()
	}
	return ErrCorrupt
}

// copyStored copies bytes of a stored block.
func (z *Reader) copyStored() error {
	for z.stored > 0 && z.w < bufSize-longest-slack {
		if z.n == 0 && z.pos < len(z.in) {
			n := copy(z.buf[z.w:bufSize-longest-slack], z.in[z.pos:min(len(z.in), z.pos+z.stored)])
			z.pos, z.w, z.stored = z.pos+n, z.w+n, z.stored-n
			continue
		}
		v, err := z.take(8)
		if err != nil {
			return err
		}
		z.buf[z.w] = byte(v)
		z.w++
		z.stored--
	}
	return nil
}

// codeOrder is the order in which lengths of codes are given (section 3.2.7).
var codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// codes reads the codes of a block.
func (z *Reader) codes() error {
	v, err := z.take(14)
	if err != nil {
		return err
	}
	nlit, ndist, nclen := v&31+257, v>>5&31+1, v>>10+4
	if nlit > 286 || ndist > 30 {
		return ErrCorrupt
	}
	var lengths [286 + 30 + 138]uint8
	for i := range nclen {
		v, err := z.take(3)
		if err != nil {
			return err
		}
		lengths[codeOrder[i]] = uint8(v)
	}
	const clenBits = 7
	var table [1 << clenBits]entry
	if !build(table[:], clenBits, lengths[:19], plainEntries[:19]) {
		return ErrCorrupt
	}
	clear(lengths[:19])
	for i := 0; i < nlit+ndist; {
		e := table[z.bits&(1<<clenBits-1)]
		for e == 0 || uint(e&63) > z.n {
			if e == 0 && z.n >= clenBits {
				return ErrCorrupt
			}
			if err := z.more(); err != nil {
				return err
			}
			e = table[z.bits&(1<<clenBits-1)]
		}
		z.bits >>= e & 63
		z.n -= uint(e & 63)
		length, n, b := uint8(e>>16), 1, 3
		switch length {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			length, n, b = lengths[i-1], 3, 2
		case 17:
			length, n = 0, 3
		case 18:
			length, n, b = 0, 11, 7
		default:
			b = 0
		}
		v, err := z.take(uint(b))
		if err != nil {
			return err
		}
		if n += v; i+n > nlit+ndist {
			return ErrCorrupt
		}
		for range n {
			lengths[i] = length
			i++
		}
	}
	if !build(z.lit[:], litBits, lengths[:nlit], litEntries[:]) || !build(z.dist[:], distBits, lengths[nlit:nlit+ndist], distEntries[:]) {
		return ErrCorrupt
	}
	return nil
}

// fixedCodes makes the codes of section 3.2.6.
func (z *Reader) fixedCodes() error {
	if z.fixed {
		return nil
	}
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var dists [32]uint8
	for i := range dists {
		dists[i] = 5
	}
	if !build(z.lit[:], litBits, lengths[:], litEntries[:]) || !build(z.dist[:], distBits, dists[:], distEntries[:]) {
		return ErrCorrupt // never
	}
	z.fixed = true
	return nil
}

// What entries hold beside the number of bits, by symbol. Those of symbols that
// stand for nothing are 0.
var (
	plainEntries = func() (t [19]entry) {
		for i := range t {
			t[i] = literal | entry(i)<<16
		}
		return t
	}()
	litEntries = func() (t [288]entry) {
		for i := range 256 {
			t[i] = literal | entry(i)<<16
		}
		t[256] = special | ending
		base := 3
		for i := 257; i < 285; i++ {
			extra := max(0, (i-261)/4)
			t[i] = entry(base)<<16 | entry(extra)
			base += 1 << extra
		}
		t[285] = longest << 16
		return t
	}()
	distEntries = func() (t [32]entry) {
		base := 1
		for i := range 30 {
			extra := max(0, i/2-1)
			t[i] = entry(base)<<16 | entry(extra)
			base += 1 << extra
		}
		return t
	}()
)

// build makes the table of a code from the lengths of its symbols (section
// 3.2.2), and reports whether there can be one. A code may be empty, or have one
// symbol of one bit; others must leave nothing open.
func build(table []entry, first uint, lengths []uint8, of []entry) bool {
	var count, at [maxBits + 2]int
	for _, l := range lengths {
		count[l&15]++
	}
	count[0] = 0
	code, longest := 0, 0
	for l := 1; l <= maxBits; l++ {
		code <<= 1
		at[l] = code
		code += count[l]
		if count[l] > 0 {
			longest = l
			if code > 1<<l {
				return false
			}
		}
	}
	clear(table[:1<<first])
	if longest == 0 {
		return true
	}
	if code != 1<<maxBits && !(longest == 1 && count[1] == 1) {
		return false
	}
	// The symbols by length, as their codes are.
	var order [288]uint16
	var place [maxBits + 1]int
	for l := 1; l < maxBits; l++ {
		place[l+1] = place[l] + count[l]
	}
	total := place[maxBits] + count[maxBits]
	for s, l := range lengths {
		if l > 0 {
			order[place[l]] = uint16(s)
			place[l]++
		}
	}
	next := 1 << first // where the next further table goes
	for _, s := range order[:total] {
		l := uint(lengths[s])
		c := int(bits.Reverse16(uint16(at[l])) >> (16 - l))
		at[l]++
		if l <= first {
			if e := finished(of[s], l); e != 0 {
				for i := c; i < 1<<first; i += 1 << l {
					table[i] = e
				}
			}
			count[l]--
			continue
		}
		head := c & (1<<first - 1)
		if table[head] == 0 {
			// As many bits as all codes with this start need.
			b := l - first
			for room := count[l]; room < 1<<b; room = room<<1 + count[first+b] {
				b++
			}
			if next+1<<b > len(table) {
				return false // never
			}
			table[head] = special | entry(next)<<16 | entry(b)<<8 | entry(first)
			clear(table[next : next+1<<b])
			next += 1 << b
		}
		count[l]--
		from, b := int(table[head]>>16), uint(table[head]>>8&15)
		if e := finished(of[s], l-first); e != 0 {
			for i := c >> first; i < 1<<b; i += 1 << (l - first) {
				table[from+i] = e
			}
		}
	}
	return true
}

// finished returns the entry of a symbol whose code takes l bits of a table.
func finished(e entry, l uint) entry {
	switch {
	case e == 0:
		return 0
	case e&(literal|special) != 0:
		return e | entry(l)
	}
	return e&^63 | entry(l)<<8 | entry(l) + e&63
}

// load8 returns the 8 bytes at p+i. The callers have checked that they are
// there.
func load8(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// move8 copies 8 bytes within what p points to.
func move8(p unsafe.Pointer, to, from int) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(p, to))[:], load8(p, from))
}

// symbols decodes symbols until the block ends, the buffer is full or the input
// that is there has been used up.
func (z *Reader) symbols() error {
	if err := z.fast(); err != nil || !z.within {
		return err
	}
	for z.within && z.w < bufSize-longest-slack && len(z.in)-z.pos < fastIn {
		if err := z.slow(); err != nil {
			return err
		}
	}
	return nil
}

// fast decodes symbols as long as there is room and input to load without
// looking.
func (z *Reader) fast() error {
	p, out := unsafe.Pointer(unsafe.SliceData(z.in)), unsafe.Pointer(&z.buf)
	pos, end := z.pos, len(z.in)-fastIn
	x, n, w := z.bits, z.n, z.w
	lit, dist := &z.lit, &z.dist
	var err error
	for pos <= end && w < bufSize-longest-slack {
		x |= load8(p, pos) << (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		e := lit[x&(1<<litBits-1)]
		if e&literal != 0 {
			// Three of them fit what was loaded, and leave enough for a length.
			x >>= e & 63
			n -= uint(e & 63)
			z.buf[w&bufMask] = byte(e >> 16)
			w++
			e = lit[x&(1<<litBits-1)]
			if e&literal != 0 {
				x >>= e & 63
				n -= uint(e & 63)
				z.buf[w&bufMask] = byte(e >> 16)
				w++
				e = lit[x&(1<<litBits-1)]
				if e&literal != 0 {
					x >>= e & 63
					n -= uint(e & 63)
					z.buf[w&bufMask] = byte(e >> 16)
					w++
					continue
				}
			}
		}
		if e&special != 0 && e&ending == 0 {
			x >>= litBits
			n -= litBits
			e = lit[(uint(e>>16)+uint(x)&(1<<(e>>8&15)-1))%litSize]
			if e&literal != 0 {
				x >>= e & 63
				n -= uint(e & 63)
				z.buf[w&bufMask] = byte(e >> 16)
				w++
				continue
			}
		}
		if e&special != 0 {
			x >>= e & 63
			n -= uint(e & 63)
			z.within = false
			break
		}
		if e == 0 {
			err = ErrCorrupt
			break
		}
		length := int(e>>16) + int(x&(1<<(e&63)-1)>>(e>>8&15))
		x >>= e & 63
		n -= uint(e & 63)

		x |= load8(p, pos) << (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		d := dist[x&(1<<distBits-1)]
		if d&special != 0 {
			x >>= distBits
			n -= distBits
			d = dist[(uint(d>>16)+uint(x)&(1<<(d>>8&15)-1))%distSize]
		}
		if d == 0 {
			err = ErrCorrupt
			break
		}
		back := int(d>>16) + int(x&(1<<(d&63)-1)>>(d>>8&15))
		x >>= d & 63
		n -= uint(d & 63)
		from := w - back
		if from < z.begin || back > history {
			err = ErrCorrupt
			break
		}
		stop := w + length
		switch {
		case back >= 8:
			// Up to 7 bytes more than there are: what follows is written later.
			move8(out, w, from)
			move8(out, w+8, from+8)
			for w += 16; w < stop; w += 8 {
				move8(out, w, w-back)
			}
		case back == 1:
			v := uint64(z.buf[from&bufMask]) * 0x0101010101010101
			for ; w < stop; w += 8 {
				binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(out, w))[:], v)
			}
		default:
			for ; w < stop; w++ {
				z.buf[w&bufMask] = z.buf[(w-back)&bufMask]
			}
		}
		w = stop
	}
	z.pos, z.bits, z.n, z.w = pos, x&(1<<(n&63)-1), n, w
	return err
}

// slow decodes one symbol and loads no more of the input than that takes.
func (z *Reader) slow() error {
	e, err := z.symbol(z.lit[:], litBits)
	switch {
	case err != nil:
		return err
	case e&literal != 0:
		z.buf[z.w] = byte(e >> 16)
		z.w++
		return nil
	case e&special != 0:
		z.within = false
		return nil
	}
	v, err := z.take(uint(e&63 - e>>8&15))
	if err != nil {
		return err
	}
	length := int(e>>16) + v
	if e, err = z.symbol(z.dist[:], distBits); err != nil {
		return err
	}
	if v, err = z.take(uint(e&63 - e>>8&15)); err != nil {
		return err
	}
	back := int(e>>16) + v
	if z.w-back < z.begin || back > history {
		return ErrCorrupt
	}
	for range length {
		z.buf[z.w] = z.buf[z.w-back]
		z.w++
	}
	return nil
}

// symbol returns the entry of the next symbol and takes its code.
func (z *Reader) symbol(table []entry, first uint) (entry, error) {
	for {
		e, own := table[z.bits&(1<<first-1)], uint(0) // what is not there yet counts as zeros
		if e&special != 0 && e&ending == 0 {
			own = first
			e = table[uint(e>>16)+uint(z.bits>>first)&(1<<(e>>8&15)-1)]
		}
		k := uint(e & 63)
		if e&(literal|special) == 0 {
			k = uint(e >> 8 & 15)
		}
		k += own
		switch {
		case e != 0 && k <= z.n:
			z.bits >>= k
			z.n -= k
			return e, nil
		case e == 0 && z.n >= maxBits:
			return 0, ErrCorrupt
		}
		if err := z.more(); err != nil {
			return 0, err
		}
	}
}
