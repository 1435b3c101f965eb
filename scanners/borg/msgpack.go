package borg

import (
	"encoding/binary"
	"errors"
)

// Errors of a packed.
var (
	errShort  = errors.New("the data end within a value")
	errFormat = errors.New("not the value that is expected")
)

// maxNesting is how deep values may lie in each other. Borg's own go to 4.
const maxNesting = 32

// A packed reads values in MessagePack (https://github.com/msgpack/msgpack,
// spec.md). It copies nothing, makes room for nothing that the data merely
// announce, and tells data that end too early (errShort) from wrong ones.
//
// Borg writes the old dialect, in which texts and bytes are the same.
type packed struct {
	b   []byte
	pos int
}

func (p *packed) next(n int) ([]byte, error) {
	if n < 0 || n > len(p.b)-p.pos {
		return nil, errShort
	}
	b := p.b[p.pos : p.pos+n]
	p.pos += n
	return b, nil
}

// kinds of values.
type valueKind uint8

const (
	vOther valueKind = iota // a float, an extension
	vNil
	vBool
	vInt   // n
	vBytes // n bytes follow
	vArray // of n values
	vMap   // of n pairs
)

// head reads the start of a value: its kind, and its number or length.
func (p *packed) head() (valueKind, int64, error) {
	t, err := p.next(1)
	if err != nil {
		return 0, 0, err
	}
	c := t[0]
	sized := func(kind valueKind, n int) (valueKind, int64, error) {
		b, err := p.next(n)
		if err != nil {
			return 0, 0, err
		}
		return kind, int64(bigEndian(b)), nil
	}
	switch {
	case c <= 0x7f:
		return vInt, int64(c), nil
	case c <= 0x8f:
		return vMap, int64(c & 0x0f), nil
	case c <= 0x9f:
		return vArray, int64(c & 0x0f), nil
	case c <= 0xbf:
		return vBytes, int64(c & 0x1f), nil
	case c >= 0xe0:
		return vInt, int64(int8(c)), nil
	}
	switch c {
	case 0xc0:
		return vNil, 0, nil
	case 0xc2, 0xc3:
		return vBool, int64(c & 1), nil
	case 0xc4, 0xd9:
		return sized(vBytes, 1)
	case 0xc5, 0xda:
		return sized(vBytes, 2)
	case 0xc6, 0xdb:
		return sized(vBytes, 4)
	case 0xcc:
		return sized(vInt, 1)
	case 0xcd:
		return sized(vInt, 2)
	case 0xce:
		return sized(vInt, 4)
	case 0xcf:
		return sized(vInt, 8) // more than an int64 holds is negative; nothing of Borg's is
	case 0xd0:
		k, n, err := sized(vInt, 1)
		return k, int64(int8(n)), err
	case 0xd1:
		k, n, err := sized(vInt, 2)
		return k, int64(int16(n)), err
	case 0xd2:
		k, n, err := sized(vInt, 4)
		return k, int64(int32(n)), err
	case 0xd3:
		return sized(vInt, 8)
	case 0xdc:
		return sized(vArray, 2)
	case 0xdd:
		return sized(vArray, 4)
	case 0xde:
		return sized(vMap, 2)
	case 0xdf:
		return sized(vMap, 4)
	}
	skip := map[byte]int{0xca: 4, 0xcb: 8, 0xd4: 2, 0xd5: 3, 0xd6: 5, 0xd7: 9, 0xd8: 17}[c]
	if skip == 0 {
		size := map[byte]int{0xc7: 1, 0xc8: 2, 0xc9: 4}[c]
		if size == 0 {
			return 0, 0, errFormat // 0xc1
		}
		b, err := p.next(size)
		if err != nil {
			return 0, 0, err
		}
		skip = int(bigEndian(b)) + 1
	}
	_, err = p.next(skip)
	return vOther, 0, err
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// skip passes over a value.
func (p *packed) skip() error {
	var left [maxNesting]int64 // values to come, by depth
	left[0] = 1
	for depth := 0; depth >= 0; {
		if left[depth] == 0 {
			depth--
			continue
		}
		left[depth]--
		k, n, err := p.head()
		if err != nil {
			return err
		}
		switch k {
		case vBytes:
			if _, err := p.next(int(n)); err != nil {
				return err
			}
		case vMap, vArray:
			if k == vMap {
				n *= 2
			}
			if depth++; depth == maxNesting {
				return errFormat
			}
			left[depth] = n
		}
	}
	return nil
}

// bytes reads text or bytes, which stay part of the data.
func (p *packed) bytes() ([]byte, error) {
	k, n, err := p.head()
	switch {
	case err != nil:
		return nil, err
	case k == vNil:
		return nil, nil
	case k != vBytes:
		return nil, errFormat
	}
	return p.next(int(n))
}

// integer reads a number. Borg writes those that could take more than 64 bits
// as bytes in little-endian order.
func (p *packed) integer() (int64, error) {
	k, n, err := p.head()
	switch {
	case err != nil:
		return 0, err
	case k == vInt:
		return n, nil
	case k == vBytes:
		b, err := p.next(int(n))
		if err != nil {
			return 0, err
		}
		var w [8]byte
		if copy(w[:], b); len(b) > 0 && len(b) < 8 && b[len(b)-1]&0x80 != 0 {
			for i := len(b); i < 8; i++ {
				w[i] = 0xff
			}
		}
		return int64(binary.LittleEndian.Uint64(w[:])), nil
	case k == vNil:
		return 0, nil
	}
	return 0, errFormat
}

// pairs reads a map: each is called for every key and reads the value.
func (p *packed) pairs(each func(key []byte) error) error {
	k, n, err := p.head()
	if err != nil {
		return err
	}
	if k != vMap {
		return errFormat
	}
	for ; n > 0; n-- {
		key, err := p.bytes()
		if err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
	}
	return nil
}

// list reads an array: each is called to read every value.
func (p *packed) list(each func() error) error {
	k, n, err := p.head()
	if err != nil {
		return err
	}
	if k == vNil {
		return nil
	}
	if k != vArray {
		return errFormat
	}
	for ; n > 0; n-- {
		if err := each(); err != nil {
			return err
		}
	}
	return nil
}
