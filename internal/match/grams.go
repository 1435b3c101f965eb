package match

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// Literals are found by sampling. Each contributes a window of width bytes, and
// the text is probed at every step-th byte for a gram of size = width-step+1
// bytes: whatever the position of the window in the text, exactly one probe
// lies wholly within it. A bitmap says whether the gram there is one of any
// window's. The few that are go through tables that are ever more exact: at
// which offsets in a window the gram can stand, a Bloom filter and a hash table
// over whole windows, and a comparison of the literal itself.
//
// All tables fold by setting bit 5 of each byte, which merges more than
// letters; the comparison is exact.
const (
	folded = 0x2020202020202020

	// mulFirst and mulLast spread the first and the last four bytes of grams
	// over the bitmap, mulOffset grams over the offset table; it is shifted left
	// so that bytes behind the gram fall out.
	mulFirst  = 0x9E3779B1
	mulLast   = 0x85EBCA77
	mulOffset = 0xD6E8FEB86659FD93

	keyA = 0xA0761D6478BD642F
	keyB = 0xE7037ED1A0B428DB

	// batch is how many probes are made before their hits are looked at.
	batch = 1024

	// suspects is how many windows are checked between two looks at how much
	// room is left.
	suspects = 64
)

// probed is the memory of probes that hit.
type probed struct {
	masks   [batch / 8]byte
	list    [batch]uint16 // in bytes from the first probe
	offsets [batch]uint8  // of the grams that hit
	windows [batch]int    // where a window may stand
	found   [batch]suspect
	n       int  // of found
	near    byte // of texts, only to have them read early
}

// A suspect is a window that is in the Bloom filter.
type suspect struct {
	at   int
	hash uint64
	slot int // the first that may hold it
}

// A literal is a text that stands among all of them, folded exactly.
type literal struct {
	at      uint32
	length  uint16
	pattern int32
}

// grams finds literals that are all at least width bytes long.
type grams struct {
	size, step, width int

	lanes lanes
	last  uint8 // 64-8*min(width,8): drops what a load of 8 bytes holds beyond the window

	bitmap []uint64

	offsetMul   uint64
	offsetShift uint8
	offsets     []uint8 // by hash of gram: bit i: it stands at byte i of some window

	bloomShift uint8
	bloom      []uint64

	slotShift uint8
	slots     []slot // open addressing, by hash of window

	entries []entry // those of a window stand together
	text    []byte  // of all patterns; 8 bytes longer than they are
}

type slot struct {
	tag   uint32
	first uint32 // its first entry, plus 1; 0: free
}

type entry struct {
	text    uint32 // where its literal starts in grams.text
	pattern int32
	length  uint16
	window  uint16 // where in the literal its window starts
	last    bool   // of the entries of a window
}

// lanes is what makes the bits in the bitmap of 8 grams at once, as the assembly
// has it.
type lanes struct {
	first, last       uint32 // which bits count of the first 4 bytes, and of the last 4
	mulFirst, mulLast uint32
	shift             uint64   // of the sum of the products
	behind            uint64   // where the last 4 bytes start in the gram
	shuffle           [16]byte // where the first bytes of 4 grams stand, for steps of at most 4
	places            [8]uint32
}

func newLanes(size, step, bits int) lanes {
	l := lanes{first: math.MaxUint32, last: math.MaxUint32, mulFirst: mulFirst, mulLast: mulLast, shift: uint64(32 - bits)}
	if size <= 4 {
		l.first, l.last = uint32(1<<(8*size)-1), 0
	} else {
		l.behind = uint64(size - 4)
	}
	for i := range l.places {
		l.places[i] = uint32(i * step)
	}
	for i := range l.shuffle {
		l.shuffle[i] = byte(i/4*step + i%4)
	}
	return l
}

// reach is how many bytes from the first of 8 grams on are read at most.
func (l *lanes) reach(step int) int { return max(4*step+16+int(l.behind), 7*step+8) }

// bit returns the number in the bitmap of the gram that x, which is folded,
// starts with.
func (l *lanes) bit(x uint64) uint32 {
	first, last := uint32(x)&l.first, uint32(x>>(8*l.behind&63))&l.last
	return (first*l.mulFirst + last*l.mulLast) >> (l.shift & 31)
}

// load returns 8 bytes of buf at i, zeros standing for those behind its end.
func load(buf []byte, i int) uint64 {
	if i+8 <= len(buf) {
		return binary.LittleEndian.Uint64(buf[i:])
	}
	var b [8]byte
	copy(b[:], buf[i:])
	return binary.LittleEndian.Uint64(b[:])
}

// load8 returns the 8 bytes at p+i. A bounds check for each probe would cost a
// third of the speed; the callers check all probes at once.
func load8(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// find appends the hits whose probe lies in buf[lo:hi).
func (g *grams) find(dst []Hit, buf []byte, lo, hi int, s *probed) []Hit {
	step := g.step
	hi = min(hi, len(buf)-g.size+1)
	base := (lo + step - 1) / step * step
	for base < hi {
		probes := min((hi-base+step-1)/step, batch)
		// Those with enough behind them, in eights.
		fast := 0
		if room := len(buf) - base - g.lanes.reach(step); room >= 0 {
			fast = min(probes&^7, room/step&^7+8)
		}
		n := 0
		if fast > 0 {
			n = g.probe(s, buf[base:], fast)
		}
		for i := fast; i < probes; i++ {
			h := g.lanes.bit(load(buf, base+i*step) | folded)
			if g.bitmap[h>>6]>>(h&63)&1 != 0 {
				s.list[n] = uint16(i * step)
				n++
			}
		}
		if n > 0 {
			dst = g.verify(dst, buf, base, n, s)
		}
		base += probes * step
	}
	return g.settle(dst, buf, s)
}

// probe puts the hits of the first n probes, a multiple of 8, into s.list, and
// returns how many they are.
func (g *grams) probe(s *probed, buf []byte, n int) int {
	if !vector {
		return g.probeGeneric(s, buf, n)
	}
	_ = buf[(n-8)*g.step+g.lanes.reach(g.step)-1] // the check for all loads
	probe(&g.bitmap[0], &g.lanes, &buf[0], g.step, n/8, &s.masks[0])
	clear(s.masks[n/8 : min((n/8+7)&^7, len(s.masks))])
	found := 0
	for i := 0; i < n; i += 64 {
		for m := binary.LittleEndian.Uint64(s.masks[i/8:]); m != 0; m &= m - 1 {
			s.list[found&(batch-1)] = uint16((i + bits.TrailingZeros64(m)) * g.step)
			found++
		}
	}
	return found
}

// probeGeneric is probe without the help of assembly, and without a branch.
func (g *grams) probeGeneric(s *probed, buf []byte, n int) int {
	l, bitmap, step := g.lanes, g.bitmap, g.step
	_ = buf[(n-1)*step+7] // the check for all load8
	found, at := 0, 0
	p := unsafe.Pointer(unsafe.SliceData(buf))
	for range n {
		h := l.bit(load8(p, at) | folded)
		s.list[found&(batch-1)] = uint16(at)
		found += int(bitmap[h>>6] >> (h & 63) & 1)
		at += step
	}
	return found
}

// verify appends the hits whose windows hold one of the first n grams of
// s.list, which count from base. Each step is taken for all of them before the
// next is, and without branches, so that their cache misses overlap.
func (g *grams) verify(dst []Hit, buf []byte, base, n int, s *probed) []Hit {
	for i, at := range s.list[:n] {
		x := load(buf, base+int(at)) | folded
		s.offsets[i] = g.offsets[x*g.offsetMul>>(g.offsetShift&63)]
	}
	// Where windows may stand.
	k := 0
	for i, at := range s.list[:n] {
		at, o := base+int(at), s.offsets[i]
		for {
			w := at - bits.TrailingZeros8(o)
			s.windows[k&(len(s.windows)-1)] = w
			// None for o = 0: then w is at-8.
			k += int(uint(-int(o))>>63) &^ int(uint(w|(len(buf)-g.width-w))>>63)
			if o &= o - 1; o == 0 {
				break
			}
		}
		if k > len(s.windows)-8 {
			dst = g.verifyWindows(dst, buf, k, s)
			k = 0
		}
	}
	return g.verifyWindows(dst, buf, k, s)
}

// verifyWindows notes in s which of the first n of s.windows are suspect. When
// that would be too many it appends the hits of those that were noted before.
func (g *grams) verifyWindows(dst []Hit, buf []byte, n int, s *probed) []Hit {
	for lo := 0; lo < n; lo += suspects {
		if s.n > len(s.found)-suspects {
			dst = g.settle(dst, buf, s)
		}
		k := s.n
		for _, w := range s.windows[lo:min(lo+suspects, n)] {
			h := g.hash(buf, w)
			b := g.bloom[h>>(g.bloomShift&63)]
			s.found[k&(len(s.found)-1)] = suspect{at: w, hash: h}
			k += int(b >> (h & 63) & (b >> (h >> 6 & 63)) & 1)
		}
		s.n = k
	}
	return dst
}

// settle appends the hits with one of s.found and empties it. Tables are read
// for all of them before any is looked at, so that their cache misses overlap.
func (g *grams) settle(dst []Hit, buf []byte, s *probed) []Hit {
	n, mask := 0, len(g.slots)-1
	for _, f := range s.found[:s.n] {
		i := int(f.hash >> (g.slotShift & 63))
		for g.slots[i&mask].first != 0 && g.slots[i&mask].tag != uint32(f.hash) {
			i++
		}
		if g.slots[i&mask].first != 0 {
			f.slot = i & mask
			s.found[n] = f
			n++
		}
	}
	var near byte
	for _, f := range s.found[:n] {
		near += g.text[g.entries[g.slots[f.slot].first-1].text]
	}
	s.near = near // lest the loop be dropped
	for _, f := range s.found[:n] {
		// Others may have the same tag.
		for i := f.slot; g.slots[i&mask].first != 0; i++ {
			if c := g.slots[i&mask]; c.tag == uint32(f.hash) {
				dst = g.compare(dst, buf, f.at, c.first-1)
			}
		}
	}
	s.n = 0
	return dst
}

// hash returns the hash of the window at buf[at:].
func (g *grams) hash(buf []byte, at int) uint64 {
	var a, b uint64
	if g.width < 8 {
		a = (load(buf, at) | folded) << (g.last & 63)
	} else {
		a = binary.LittleEndian.Uint64(buf[at:]) | folded
		b = binary.LittleEndian.Uint64(buf[at+g.width-8:]) | folded
	}
	hi, lo := bits.Mul64(a^keyA, b^keyB)
	return hi ^ lo
}

// compare appends the hits among the literals of one window, which stands at
// buf[at:].
func (g *grams) compare(dst []Hit, buf []byte, at int, first uint32) []Hit {
	for _, e := range g.entries[first:] {
		start := at - int(e.window)
		end := start + int(e.length)
		if start >= 0 && end <= len(buf) && equal(buf[start:end], g.text[e.text:]) {
			dst = append(dst, Hit{int(e.pattern), start, end})
		}
		if e.last {
			break
		}
	}
	return dst
}

// equal reports whether s, its ASCII letters in lower case, is what t starts
// with.
func equal(s, t []byte) bool {
	for ; len(s) >= 8; s, t = s[8:], t[8:] {
		if lower8(binary.LittleEndian.Uint64(s)) != binary.LittleEndian.Uint64(t) {
			return false
		}
	}
	for i, c := range s {
		if lower(c) != t[i] {
			return false
		}
	}
	return true
}

// lower8 is lower for 8 bytes at once.
func lower8(x uint64) uint64 {
	const ones = 0x0101010101010101
	low := x & (0x7F * ones)
	from := low + (0x80-'A')*ones  // bit 7: at least 'A'
	above := low + (0x7F-'Z')*ones // bit 7: above 'Z'
	return x | (from&^above&^x&(0x80*ones))>>2
}
