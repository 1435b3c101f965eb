package match

import (
	"encoding/binary"
	"math/bits"

	"github.com/spoor-scan/spoor/internal/class"
)

// maxGap is the longest gap between two groups of one number, in bytes: three
// characters of three bytes.
const maxGap = 9

// digits finds numbers in any grouping. Bitmaps of the digits and of what may
// join them tell, 64 bytes at a time and without looking at the patterns, where
// groups of digits start behind which, some groups on, a number of a length
// that patterns have can end. What stands there is looked up by its length and
// its value modulo 2^64. Only then the separators are looked at closely.
type digits struct {
	sieve             sieve
	shortest, longest int
	lengths           uint64       // bit n: there are patterns of n digits
	heads             [1000]uint64 // by the first three digits: bit n-1: there are patterns of n digits
	begins            []uint64     // bit by the first five digits, of which each pattern has as many: there are patterns
	powers            [maxDigits + 1]uint64

	bloomShift uint8
	bloom      []uint64
	slotShift  uint8
	slots      []digitSlot // open addressing
	numbers    []literal   // by slot.number
	text       []byte      // in which they stand
}

type digitSlot struct {
	tag    uint32
	number uint32 // plus 1; 0: free
}

// runGroups is how many groups of a run are held at once. The groups that must
// stay for those to come are fewer than maxDigits.
const runGroups = 128

// A run is a sequence of groups of digits that are joined by separators.
type run struct {
	groups [runGroups]group
	n      int                   // of groups
	digits int                   // in all groups
	values [runGroups + 1]uint64 // of what is before each group
}

type group struct{ start, end int }

func compileDigits(nums []literal, text []byte) *digits {
	d := &digits{shortest: maxDigits, begins: make([]uint64, 100_000/64+1), numbers: nums, text: text}
	d.powers[0] = 1
	for i := 1; i <= maxDigits; i++ {
		d.powers[i] = 10 * d.powers[i-1]
	}
	k := max(6, log2(32*len(nums)))
	d.bloom, d.bloomShift = make([]uint64, 1<<k/64), uint8(64-k)
	k = log2(2 * len(nums))
	d.slots, d.slotShift = make([]digitSlot, 1<<k), uint8(64-k)
	for k, n := range nums {
		l, start := int(n.length), int(n.at)
		t := text[start : start+l]
		d.shortest, d.longest = min(d.shortest, l), max(d.longest, l)
		d.lengths |= 1 << l
		three := head(t[0], t[1], t[2])
		d.heads[three] |= 1 << (l - 1)
		five := three*100 + tail(t[3], t[4])
		d.begins[five>>6] |= 1 << (five & 63)
		h := hashNumber(value(text, start, start+l), l)
		b := h >> d.bloomShift
		d.bloom[b>>6] |= 1 << (b & 63)
		i := int(h >> d.slotShift)
		for d.slots[i].number != 0 {
			i = (i + 1) & (len(d.slots) - 1)
		}
		d.slots[i] = digitSlot{uint32(h), uint32(k) + 1}
	}
	d.sieve = newSieve(d.shortest, d.longest, d.lengths)
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

// find appends the numbers that start in buf[lo:hi). What is before lo was
// searched by the same s, which the first call begins with s.done = 0.
func (d *digits) find(dst []Hit, buf []byte, lo, hi int, s *scratch) []Hit {
	if s.done >= hi {
		return dst
	}
	// Windows of 64 bytes at all starts, and the word that follows them.
	n := min(hi+128, len(buf)) - lo
	class.Numbers(s.digit[:], s.join[:], buf[lo:lo+n])
	words := (n + 63) / 64
	s.digit[words], s.join[words] = 0, 0
	var before uint64
	if lo > 0 && buf[lo-1]-'0' <= 9 {
		before = 1
	}
	words = (hi - lo + 63) / 64
	for w := 0; w < words; w += siftWords {
		k := d.sieve.sift(s.digit[w:], s.join[w:], min(siftWords, words-w), before, &s.starts)
		before = s.digit[w+siftWords-1] >> 63
		base := lo + w*64
		for i := range s.starts[:k] {
			c := &s.starts[i]
			at := base + int(c.at)
			if c.long {
				if at >= s.done {
					dst = d.long(dst, buf, at, s)
				}
				continue
			}
			// There are five digits at least.
			x := c.digits & (c.digits - 1)
			second := bits.TrailingZeros64(x)
			x &= x - 1
			third := bits.TrailingZeros64(x)
			x &= x - 1
			fourth := bits.TrailingZeros64(x)
			fifth := bits.TrailingZeros64(x & (x - 1))
			if fifth >= len(buf)-at {
				continue // never
			}
			three := head(buf[at], buf[at+second], buf[at+third])
			five := three*100 + tail(buf[at+fourth], buf[at+fifth])
			if d.begins[five>>6]>>(five&63)&1 == 0 {
				continue
			}
			if ends := c.ends & d.heads[three]; ends != 0 && at >= s.done {
				dst = d.walk(dst, buf, at, c.digits, ends)
			}
		}
	}
	return dst
}

// head returns the index in digits.heads of these digits.
func head(a, b, c byte) int { return int(a-'0')*100 + int(b-'0')*10 + int(c-'0') }

// tail returns what two more digits add to a hundred times that.
func tail(a, b byte) int { return int(a-'0')*10 + int(b-'0') }

// walk appends the numbers that start at buf[at]; digits tells which bytes from
// there on are digits, up to the end of what may be joined, and bit n-1 of ends
// that after n of them a number may end.
func (d *digits) walk(dst []Hit, buf []byte, at int, digits, ends uint64) []Hit {
	var v uint64
	start, total := at, 0
	for ends != 0 {
		n := bits.TrailingZeros64(^digits)
		total += n
		if n <= 8 && at+8 <= len(buf) {
			v = v*d.powers[n] + value8(binary.LittleEndian.Uint64(buf[at:])<<(64-8*n))
		} else {
			v = v*d.powers[n] + value(buf, at, at+n)
		}
		if ends>>((total-1)&63)&1 != 0 {
			ends &= ends - 1 // the lowest
			h := hashNumber(v, total)
			if b := h >> (d.bloomShift & 63); d.bloom[b>>6]>>(b&63)&1 != 0 {
				dst = d.lookup(dst, buf, h, start)
			}
		}
		digits >>= n
		gap := bits.TrailingZeros64(digits)
		digits >>= gap & 63
		at += n + gap
	}
	return dst
}

// long appends the numbers in the run of groups that begins at buf[at], which
// is too long for a window, and notes in s where it ends.
func (d *digits) long(dst []Hit, buf []byte, at int, s *scratch) []Hit {
	r := &s.run
	r.n, r.digits = 0, 0
	for {
		start := at
		for at < len(buf) && buf[at]-'0' <= 9 {
			at++
		}
		s.done = at
		if at-start > d.longest {
			break // in no number, and nothing is joined across it
		}
		if r.n == runGroups {
			dst = d.shift(dst, buf, r)
		}
		r.groups[r.n] = group{start, at}
		r.n++
		r.digits += at - start
		end := at
		for at < len(buf) && at-end <= maxGap && buf[at]-'0' > 9 {
			at++
		}
		if at == len(buf) || at-end > maxGap || !joined(buf, end, at) {
			break
		}
	}
	if r.digits >= d.shortest {
		dst = d.look(dst, buf, r, r.n, r.n)
	}
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
				dst = d.lookup(dst, buf, h, r.groups[i].start)
			}
		}
	}
	return dst
}

// lookup appends the number that starts at buf[start], h being the hash of what
// may be one.
func (d *digits) lookup(dst []Hit, buf []byte, h uint64, start int) []Hit {
	for i := int(h >> (d.slotShift & 63)); ; i++ {
		s := d.slots[i&(len(d.slots)-1)]
		if s.number == 0 {
			return dst
		}
		if s.tag == uint32(h) {
			n := d.numbers[s.number-1]
			if end := spelled(buf, start, d.text[n.at:n.at+uint32(n.length)]); end >= 0 {
				return append(dst, Hit{int(n.pattern), start, end})
			}
		}
	}
}

// spelled returns where the number text ends that starts at buf[at], a group's
// start, or -1 when it doesn't stand there.
func spelled(buf []byte, at int, text []byte) int {
	for {
		for at < len(buf) && buf[at]-'0' <= 9 {
			if len(text) == 0 || text[0] != buf[at] {
				return -1
			}
			text = text[1:]
			at++
		}
		if len(text) == 0 {
			return at
		}
		end := at
		for at < len(buf) && at-end <= maxGap && buf[at]-'0' > 9 {
			at++
		}
		if at == len(buf) || at-end > maxGap || !joined(buf, end, at) {
			return -1
		}
	}
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
