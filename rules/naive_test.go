package rules

import "strings"

// naive finds what r's shapes say in the plainest way there is: it is what
// everything quicker is compared with.
func naive(r Rule, b []byte, yield func(start, end int) bool) {
	if r.Find != nil {
		r.Find(b, yield)
		return
	}
	for i := 0; i < len(b); i++ {
		end := 0
		for _, s := range r.Shapes {
			for _, separated := range []bool{true, false} {
				if e := naiveShape(s, separated, b, i); e > end && (r.Valid == nil || r.Valid([]byte(compact(string(b[i:e]))))) {
					end = e
				}
			}
		}
		if end > 0 {
			if !yield(i, end) {
				return
			}
			i = end - 1
		}
	}
}

// naiveShape returns the end of what has the shape and starts at i, 0 where
// nothing does.
func naiveShape(shape string, separated bool, b []byte, i int) int {
	word := func(k int) bool { return k >= 0 && k < len(b) && (letter(b[k]) || digit(b[k])) }
	joins := func(k int) bool { return k >= 0 && k < len(b) && strings.IndexByte(".-/", b[k]) >= 0 }
	num := func(k int) bool { return k >= 0 && k < len(b) && digit(b[k]) }
	if word(i-1) || joins(i-1) && num(i-2) {
		return 0
	}
	j := i
	for k := range len(shape) {
		if strings.IndexByte(" .-/", shape[k]) >= 0 {
			if !separated {
				continue
			}
			switch {
			case j < len(b) && strings.IndexByte(" .-/", b[j]) >= 0:
				j++
			case j+1 < len(b) && b[j] == 0xC2 && b[j+1] == 0xA0:
				j += 2
			default:
				return 0
			}
			continue
		}
		if j >= len(b) {
			return 0
		}
		c := b[j]
		if letter(c) {
			c &^= 0x20
		}
		switch shape[k] {
		case 'd':
			if !digit(c) {
				return 0
			}
		case 'a':
			if !letter(c) {
				return 0
			}
		case 'x':
			if !letter(c) && !digit(c) {
				return 0
			}
		default:
			if c != shape[k] {
				return 0
			}
		}
		j++
	}
	if word(j) || joins(j) && num(j+1) {
		return 0
	}
	return j
}

// compact returns the letters and digits of s, letters in upper case.
func compact(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r < 0x80 && (letter(byte(r)) || digit(byte(r))) {
			return r
		}
		return -1
	}, s))
}
