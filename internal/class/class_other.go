//go:build !amd64

package class

const vector = false

func set(p *byte, words int, digit, letter, join, at, escape, base64, nul, high *uint64) {
	panic("class: no vector instructions")
}

func numbers(p *byte, words int, digit, join *uint64) {
	panic("class: no vector instructions")
}

func signs(p *byte, words int, dst *Signs) {
	panic("class: no vector instructions")
}
