//go:build !amd64

package match

const vector = false

func sift(digit, join *uint64, words int, before uint64, s *sieve, starts *[siftWords * 32]start) int {
	panic("match: no assembly")
}

func probe(bitmap *uint64, l *lanes, p *byte, step, groups int, masks *byte) {
	panic("match: no assembly")
}
