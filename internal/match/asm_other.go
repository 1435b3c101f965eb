//go:build !amd64

package match

const vector = false

func sift(digit, join *uint64, words int, before uint64, s *sieve, starts *[siftWords * 32]start) int {
	panic("match: no assembly")
}

func probe(bitmap *uint64, mul, shift uint64, step int, p *byte, n int, list *[batch]uint16) int {
	panic("match: no assembly")
}
