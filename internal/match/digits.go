package match

import (
	"encoding/binary"
	"math/bits"
)

// maxGap is the longest gap between two groups of one number, in bytes: three
// characters of three bytes.
const maxGap = 9

type number struct {
	text    string
	pattern int32
}

// digits finds numbers in any grouping. Runs of groups of digits are taken out
// of the text without looking at the patterns; for each group the ends of the
// groups from there on, as a set of lengths, are met with the lengths of the
// patterns. What is in both is looked up by its length and its value modulo
// 2^64, which follows from the values of the groups.
type digits struct {
	shortest, longest int
	lengths           uint64     // bit n: there are patterns of n digits
	separators        [256]uint8 // 1: a separator may start with the byte
	powers            [maxDigits + 1]uint64

	bloomShift uint8
	bloom      []uint64
	slotShift  uint8
	slots      []digitSlot // open addressing
	texts      []string    // by slot.text
	patterns   []int32
}

type digitSlot struct {
	tag  uint32
	text uint32 // plus 1; 0: free
}

// runGroups is how many groups of a run are held at once. The groups that must
// stay for those to come are fewer than maxDigits.
const runGroups = 128

// stretch is how many bytes are searched for digits at a time.
const stretch = 1024

// fewGroups is how many groups a run seldom exceeds.
const fewGroups = 8

// A run is a sequence of groups of digits that are joined by separators, and
// where the search for more stands.
type run struct {
	groups [runGroups]group
	n      int // of groups; a separator follows the last
	digits int // in all groups
	open   int // start of the group that is being read, -1: none
	edges  [stretch + 1]int
	left   [stretch / 4]uint32   // the first and last edge of what sieve left
	values [runGroups + 1]uint64 // of what is before each group
}

type group struct{ start, end int }

func compileDigits(nums []number) *digits {
	d := &digits{shortest: maxDigits}
	for _, c := range []byte(" .-/()_\xC2\xE2") {
		d.separators[c] = 1
	}
	d.powers[0] = 1
	for i := 1; i <= maxDigits; i++ {
		d.powers[i] = 10 * d.powers[i-1]
	}
	k := max(6, log2(32*len(nums)))
	d.bloom, d.bloomShift = make([]uint64, 1<<k/64), uint8(64-k)
	k = log2(2 * len(nums))
	d.slots, d.slotShift = make([]digitSlot, 1<<k), uint8(64-k)
	for _, n := range nums {
		l := len(n.text)
		d.shortest, d.longest = min(d.shortest, l), max(d.longest, l)
		d.lengths |= 1 << l
		h := hashNumber(value([]byte(n.text), 0, l), l)
		b := h >> d.bloomShift
		d.bloom[b>>6] |= 1 << (b & 63)
		i := int(h >> d.slotShift)
		for d.slots[i].text != 0 {
			i = (i + 1) & (len(d.slots) - 1)
		}
		d.texts = append(d.texts, n.text)
		d.patterns = append(d.patterns, n.pattern)
		d.slots[i] = digitSlot{uint32(h), uint32(len(d.texts))}
	}
	return d
}

// value returns the value of the digits buf[start:end], modulo 2^64.
func value(buf []byte, start, end int) uint64 {
	n := end - start
	if n <= 8 {
		return value8(load(buf, start) << (64 - 8*n))
	}
	var v uint64
	for ; n >= 8; start, n = start+8, n-8 {
		v = v*1e8 + value8(binary.LittleEndian.Uint64(buf[start:]))
	}
	for ; start < end; start++ {
		v = v*10 + uint64(buf[start]-'0')
	}
	return v
}

// value8 returns the value of 8 digits, the first of them in the lowest byte;
// zero bytes count as zeros.
func value8(x uint64) uint64 {
	x = x & 0x0F0F0F0F0F0F0F0F * (10<<8 + 1) >> 8
	x = x & 0x00FF00FF00FF00FF * (100<<16 + 1) >> 16
	return x & 0x0000FFFF0000FFFF * (10000<<32 + 1) >> 32
}

// hashNumber hashes a value of n digits.
func hashNumber(v uint64, n int) uint64 {
	hi, lo := bits.Mul64(v^keyA, keyB+uint64(n)<<1)
	return hi ^ lo
}

// digitBits returns 64 bits that tell which of the first 64 bytes of b are
// decimal digits.
func digitBits(b []byte) uint64 {
	const gather = 0x0102040810204080 // bit 0 of each byte into the highest
	_ = b[63]
	m := others(b[0:]) * gather >> 56
	m |= others(b[8:]) * gather >> 56 << 8
	m |= others(b[16:]) * gather >> 56 << 16
	m |= others(b[24:]) * gather >> 56 << 24
	m |= others(b[32:]) * gather >> 56 << 32
	m |= others(b[40:]) * gather >> 56 << 40
	m |= others(b[48:]) * gather >> 56 << 48
	m |= others(b[56:]) * gather >> 56 << 56
	return ^m
}

// others returns bit 0 of each byte set where the first 8 bytes of b are no
// decimal digits.
func others(b []byte) uint64 {
	const ones = 0x0101010101010101
	x := binary.LittleEndian.Uint64(b) ^ '0'*ones
	return (x&(0x7F*ones) + (0x7F-9)*ones | x) >> 7 & ones
}

// find appends the hits in runs that end in buf[lo:hi), continuing r from the
// bytes before.
func (d *digits) find(dst []Hit, buf []byte, lo, hi int, r *run) []Hit {
	for ; lo < hi; lo += stretch {
		n := r.readEdges(buf, lo, min(lo+stretch, hi))
		if n > 0 {
			dst = d.sieve(dst, buf, r, r.edges[:n])
		}
	}
	if hi == len(buf) {
		if r.open >= 0 {
			dst = d.add(dst, buf, r, group{r.open, hi})
		}
		dst = d.close(dst, buf, r)
	}
	return dst
}

// readEdges puts the starts and ends of the groups that end in buf[lo:hi) into
// r.edges, and that of a group which goes on into r.open. It returns how many
// edges there are, two for each group.
func (r *run) readEdges(buf []byte, lo, hi int) int {
	n := 0
	var carry uint64
	if r.open >= 0 {
		r.edges[0] = r.open
		n, carry = 1, 1
	}
	for ; lo < hi; lo += 64 {
		var m uint64
		if lo+64 <= len(buf) {
			m = digitBits(buf[lo:])
		} else {
			var b [64]byte
			copy(b[:], buf[lo:])
			m = digitBits(b[:])
		}
		edges := m ^ (m<<1 | carry)
		carry = m >> 63
		for ; edges != 0; edges &= edges - 1 {
			r.edges[n] = lo + bits.TrailingZeros64(edges)
			n++
		}
	}
	r.open = -1
	if n&1 != 0 {
		n--
		r.open = r.edges[n]
	}
	return n
}

// sieve adds to r those of the groups with these edges that may be in numbers.
// Groups that look joined, at their first separator only, and have too few
// digits together are left out, without a branch for each of them.
func (d *digits) sieve(dst []Hit, buf []byte, r *run, edges []int) []Hit {
	var (
		left  = &r.left
		n     int
		first int        // edge of the groups that look joined
		total = r.digits // in them
		short = d.shortest - 1
	)
	last := len(edges) - 2
	for i := 0; i < last; i += 2 {
		end := edges[i+1]
		total += end - edges[i]
		near := uint(edges[i+2]-end-maxGap-1) >> 63
		join := int(near) & int(d.separators[buf[end]])
		left[n&(len(left)-1)] = uint32(first) | uint32(i)<<16
		n += int(uint(short-total)>>63) &^ join
		total &= -join
		first = i + 2 + (first-i-2)&-join
	}
	for _, l := range left[:n] {
		i, j := int(l&0xFFFF), int(l>>16)
		if i == j && r.n == 0 && d.lengths>>min(edges[i+1]-edges[i], 63)&1 == 0 {
			continue
		}
		if r.n == 0 && j-i < 2*fewGroups {
			var done bool
			if dst, done = d.whole(dst, buf, r, edges[i:j+2]); done {
				continue
			}
		}
		for ; i <= j; i += 2 {
			dst = d.add(dst, buf, r, group{edges[i], edges[i+1]})
		}
	}
	// What looks joined to the last may go on.
	for i := first; i <= last; i += 2 {
		dst = d.add(dst, buf, r, group{edges[i], edges[i+1]})
	}
	return dst
}

// whole looks for numbers in the few groups with these edges if they are a run;
// it reports whether they were. It is a shorter way than add.
func (d *digits) whole(dst []Hit, buf []byte, r *run, edges []int) ([]Hit, bool) {
	n := 0
	for i := 0; i+1 < len(edges); i += 2 {
		start, end := edges[i], edges[i+1]
		if end-start > d.longest || i > 0 && !joined(buf, edges[i-1], start) {
			return dst, false
		}
		r.groups[n] = group{start, end}
		n++
	}
	return d.look(dst, buf, r, n, n), true
}

// add adds a group to r, or begins a run with it.
func (d *digits) add(dst []Hit, buf []byte, r *run, g group) []Hit {
	if r.n > 0 && !joined(buf, r.groups[r.n-1].end, g.start) {
		dst = d.close(dst, buf, r)
	}
	n := g.end - g.start
	if n > d.longest {
		// In no number, and nothing is joined across it.
		return d.close(dst, buf, r)
	}
	if r.n == runGroups {
		dst = d.shift(dst, buf, r)
	}
	r.groups[r.n] = g
	r.n++
	r.digits += n
	if g.end == len(buf) || d.separators[buf[g.end]] == 0 {
		return d.close(dst, buf, r)
	}
	return dst
}

// close looks for numbers in r and empties it.
func (d *digits) close(dst []Hit, buf []byte, r *run) []Hit {
	if r.digits >= d.shortest {
		dst = d.look(dst, buf, r, r.n, r.n)
	}
	r.n, r.digits = 0, 0
	return dst
}

// shift looks for the numbers in r that can't go on behind it and drops the
// groups in which they start.
func (d *digits) shift(dst []Hit, buf []byte, r *run) []Hit {
	keep, n := r.n, 0
	for n < d.longest {
		keep--
		n += r.groups[keep].end - r.groups[keep].start
	}
	keep++
	dst = d.look(dst, buf, r, r.n, keep)
	r.n = copy(r.groups[:], r.groups[keep:r.n])
	r.digits = 0
	for _, g := range r.groups[:r.n] {
		r.digits += g.end - g.start
	}
	return dst
}

// look appends the numbers in the first n groups of r that start in one of the
// first starts.
func (d *digits) look(dst []Hit, buf []byte, r *run, n, starts int) []Hit {
	var v uint64
	for i, g := range r.groups[:n] {
		r.values[i] = v
		v = v*d.powers[g.end-g.start] + value(buf, g.start, g.end)
	}
	r.values[n] = v
	// ends holds, seen from group i, after how many digits groups end.
	var ends uint64
	for i := n - 1; i >= 0; i-- {
		ends = (ends | 1) << ((r.groups[i].end - r.groups[i].start) & 63)
		if i >= starts {
			continue
		}
		for c := ends & d.lengths; c != 0; c &= c - 1 {
			l := bits.TrailingZeros64(c)
			// As many ends as there are groups in the number.
			j := i + bits.OnesCount64(ends&(c^(c-1)))
			h := hashNumber(r.values[j]-r.values[i]*d.powers[l], l)
			if b := h >> (d.bloomShift & 63); d.bloom[b>>6]>>(b&63)&1 != 0 {
				dst = d.lookup(dst, buf, h, r.groups[i:j])
			}
		}
	}
	return dst
}

// lookup appends the number that groups are, h being its hash.
func (d *digits) lookup(dst []Hit, buf []byte, h uint64, groups []group) []Hit {
	for i := int(h >> (d.slotShift & 63)); ; i++ {
		s := d.slots[i&(len(d.slots)-1)]
		if s.text == 0 {
			return dst
		}
		if s.tag == uint32(h) && sameDigits(d.texts[s.text-1], buf, groups) {
			return append(dst, Hit{int(d.patterns[s.text-1]), groups[0].start, groups[len(groups)-1].end})
		}
	}
}

// sameDigits reports whether the groups together are text.
func sameDigits(text string, buf []byte, groups []group) bool {
	for _, g := range groups {
		n := g.end - g.start
		if n > len(text) || string(buf[g.start:g.end]) != text[:n] {
			return false
		}
		text = text[n:]
	}
	return text == ""
}

// joined reports whether buf[from:to] is 1 to 3 separators.
func joined(buf []byte, from, to int) bool {
	switch {
	case to-from > maxGap:
		return false
	case to-from == 1:
		return separator(buf[from:to]) == 1
	}
	for range 3 {
		n := separator(buf[from:to])
		if n == 0 {
			return false
		}
		if from += n; from == to {
			return true
		}
	}
	return false
}

// separator returns the length of the separator that s starts with, 0 when
// there is none.
func separator(s []byte) int {
	switch s[0] {
	case ' ', '.', '-', '/', '(', ')', '_':
		return 1
	case 0xC2:
		if len(s) >= 2 && s[1] == 0xA0 {
			return 2
		}
	case 0xE2:
		if len(s) >= 3 && s[1] == 0x80 {
			switch s[2] {
			case 0x89, 0x91, 0x93, 0xAF:
				return 3
			}
		}
	}
	return 0
}
