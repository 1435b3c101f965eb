package class

import "encoding/binary"

// Signs are bitmaps of 64 bytes of a text, of what tells numbers apart beside the
// classes of a Map. Bit i stands for byte i; bits behind the end of the text are 0.
type Signs struct {
	Upper  uint64 // A-Z
	Colon  uint64 // :
	Dot    uint64 // .
	Hyphen uint64 // -
	Less   uint64 // <
	Raised uint64 // + * and the byte 0xB0, of which ° consists
	Open   uint64 // $ % ( [ {
	Comma  uint64 // ,
}

// SetSigns sets dst to the signs of p, of which there are as many as its parts of
// 64 bytes, a begun one too.
func SetSigns(dst []Signs, p []byte) {
	dst = dst[:(len(p)+63)/64]
	from := 0
	if whole := len(p) &^ 63; vector && whole > 0 {
		signs(&p[0], whole/64, &dst[0])
		from = whole
	}
	genericSigns(dst, p, from)
}

const (
	upper = 1 << iota
	colon
	dot
	hyphen
	less
	raised
	open
	comma
)

// signTable holds the signs of each byte.
var signTable = func() (t [256]uint8) {
	for c := range t {
		if 'A' <= c && c <= 'Z' {
			t[c] = upper
		}
	}
	for _, c := range []byte("+*\xB0") {
		t[c] = raised
	}
	for _, c := range []byte("$%([{") {
		t[c] = open
	}
	t[':'], t['.'], t['-'], t['<'], t[','] = colon, dot, hyphen, less, comma
	return t
}()

// genericSigns does what SetSigns does from byte from on, a multiple of 64,
// without the help of the processor's vector instructions.
func genericSigns(dst []Signs, p []byte, from int) {
	for ; from < len(p); from += 64 {
		var bits [8]uint64
		n := min(64, len(p)-from)
		for i := 0; i < n; i += 8 {
			t := Transpose(lookup(&signTable, p, from+i))
			for k := range bits {
				bits[k] |= t >> (8 * k) & 0xFF << i
			}
		}
		dst[from/64] = Signs{bits[0], bits[1], bits[2], bits[3], bits[4], bits[5], bits[6], bits[7]}
	}
}

// lookup returns what t holds of p[i:i+8], one in each byte; 0 stands for that of
// bytes behind the end.
func lookup(t *[256]uint8, p []byte, i int) uint64 {
	if i+8 > len(p) {
		var v uint64
		for k, c := range p[i:] {
			v |= uint64(t[c]) << (8 * k)
		}
		return v
	}
	x := binary.LittleEndian.Uint64(p[i:])
	return uint64(t[uint8(x)]) | uint64(t[uint8(x>>8)])<<8 | uint64(t[uint8(x>>16)])<<16 | uint64(t[uint8(x>>24)])<<24 |
		uint64(t[uint8(x>>32)])<<32 | uint64(t[uint8(x>>40)])<<40 | uint64(t[uint8(x>>48)])<<48 | uint64(t[uint8(x>>56)])<<56
}
