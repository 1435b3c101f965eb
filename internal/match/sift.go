package match

import "math/bits"

// siftWords is how many words of 64 bytes are sifted before what is left is
// looked at.
const siftWords = 64

// scratch is the memory of one Find.
type scratch struct {
	digit, join [block/64 + 3]uint64 // of a block, what may follow it, and a 0
	starts      [siftWords * 32]start
	run         run
	probed      probed
	done        int // numbers that start before it were found
}

// A start is where a number may start.
type start struct {
	digits uint64 // which of the 64 bytes from there on are digits, up to what can't be joined
	ends   uint64 // bit n-1: a group ends with the n-th digit, and there are numbers of n digits; 0 when long
	at     uint32 // in bytes
	long   bool   // all 64 bytes may be joined, and more
}

// A sieve leaves the starts of groups of digits at which a number may start.
type sieve struct {
	lengths uint64    // bit n-1: there are numbers of n digits
	longest uint64    // of them, in digits
	shifts  [8]uint64 // by which a bitmap is met with itself, so that as many bits in a row are left as the shortest has digits; 0 ends them
}

func newSieve(shortest, longest int, lengths uint64) sieve {
	s := sieve{lengths: lengths >> 1, longest: uint64(longest)}
	for i, n := 0, 1; n < shortest; i++ {
		s.shifts[i] = uint64(min(n, shortest-n))
		n += min(n, shortest-n)
	}
	return s
}

// sift puts the starts in the first words of the bitmaps, at most siftWords,
// into starts, and returns how many they are. The bitmaps are a word longer.
// before is 1 when there is a digit before the first byte.
func (s *sieve) sift(digit, join []uint64, words int, before uint64, starts *[siftWords * 32]start) int {
	_, _ = digit[words], join[words]
	if vector && words > 0 {
		return sift(&digit[0], &join[0], words, before, s, starts)
	}
	return s.generic(digit, join, words, before, starts)
}

// generic is sift without the help of assembly.
func (s *sieve) generic(digit, join []uint64, words int, before uint64, starts *[siftWords * 32]start) int {
	n := 0
	for w := range words {
		d := digit[w]
		if d == 0 {
			before = 0
			continue
		}
		a, after := d|join[w], digit[w+1]|join[w+1]
		// Where as many bytes in a row may be joined as the shortest has.
		x, y := a, after
		for _, k := range s.shifts {
			if k == 0 {
				break
			}
			x &= x>>(k&63) | y<<((64-k)&63)
			y &= y >> (k & 63)
		}
		begin := d &^ (d<<1 | before)
		before = d >> 63
		for x &= begin; x != 0; x &= x - 1 {
			i := bits.TrailingZeros64(x)
			own := d>>i | digit[w+1]<<1<<(63-i)
			length := bits.TrailingZeros64(^(a>>i | after<<1<<(63-i)))
			own &= 1<<length - 1
			starts[n&(len(starts)-1)] = start{own, 0, uint32(w*64 + i), length == 64}
			if length == 64 {
				if uint64(bits.TrailingZeros64(^own)) <= s.longest {
					n++
				}
				continue
			}
			// The ends of the groups, in digits from the start.
			var ends uint64
			for e := own &^ (own >> 1); e != 0; e &= e - 1 {
				ends |= 1 << (bits.OnesCount64(own&(e^(e-1))) - 1)
			}
			ends &= s.lengths
			starts[n&(len(starts)-1)].ends = ends
			if ends != 0 {
				n++
			}
		}
	}
	return n
}
