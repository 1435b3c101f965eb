// Package class sorts the bytes of a text into classes, as bitmaps, so that
// whoever looks for runs of digits, addresses or encoded text can pass over
// everything else 64 bytes at a time.
package class

// A Map holds one bitmap for each class: bit i%64 of word i/64 stands for byte
// i of the text. Bits behind the end of the text are 0. The zero value is the
// map of an empty text; its memory is used again by Set.
type Map struct {
	Digit  []uint64 // 0-9
	Letter []uint64 // A-Z a-z
	Join   []uint64 // what may join groups of digits: space . - / ( ) _ and the bytes 0x80 0x89 0x91 0x93 0xA0 0xAF 0xC2 0xE2, of which the wider spaces and hyphens consist
	At     []uint64 // @
	Escape []uint64 // what starts an escape: % & \ =
	Base64 []uint64 // what base64 and base64url have beside letters and digits: + / - _
	Nul    []uint64 // 0x00
	High   []uint64 // 0x80-0xFF

	mem []uint64
	n   int
}

// Len returns the length of the text, in bytes.
func (m *Map) Len() int { return m.n }

// Set makes m the map of p. What the slices of m held before is lost.
func (m *Map) Set(p []byte) {
	m.size(len(p))
	if !vector {
		m.generic(p, 0)
		return
	}
	whole := len(p) / 64
	if whole > 0 {
		set(&p[0], whole, &m.Digit[0], &m.Letter[0], &m.Join[0], &m.At[0], &m.Escape[0], &m.Base64[0], &m.Nul[0], &m.High[0])
	}
	if rest := len(p) % 64; rest > 0 {
		var last [64]byte
		copy(last[:], p[len(p)-rest:])
		set(&last[0], 1, &m.Digit[whole], &m.Letter[whole], &m.Join[whole], &m.At[whole], &m.Escape[whole], &m.Base64[whole], &m.Nul[whole], &m.High[whole])
		m.Nul[whole] &= 1<<rest - 1 // the only class of what was put behind the end
	}
}

// size makes room for the map of a text of n bytes.
func (m *Map) size(n int) {
	words := (n + 63) / 64
	if need := words * 8; cap(m.mem) < need {
		m.mem = make([]uint64, need)
	} else {
		m.mem = m.mem[:need]
	}
	for i, s := range []*[]uint64{&m.Digit, &m.Letter, &m.Join, &m.At, &m.Escape, &m.Base64, &m.Nul, &m.High} {
		*s = m.mem[i*words : (i+1)*words : (i+1)*words]
	}
	m.n = n
}

// Numbers sets digit and join to the bitmaps of p that a Map has under these
// names, for those who need no others. Both have at least a word for every 64
// bytes of p, begun ones too; further words stay as they are.
func Numbers(digit, join []uint64, p []byte) {
	words := (len(p) + 63) / 64
	digit, join = digit[:words], join[:words]
	if !vector {
		genericNumbers(digit, join, p, 0)
		return
	}
	whole := len(p) / 64
	if whole > 0 {
		numbers(&p[0], whole, &digit[0], &join[0])
	}
	if rest := len(p) % 64; rest > 0 {
		var last [64]byte
		copy(last[:], p[len(p)-rest:])
		numbers(&last[0], 1, &digit[whole], &join[whole])
	}
}

const (
	digit = 1 << iota
	letter
	join
	at
	escape
	base64
	nul
	high
)

// table holds the classes of each byte.
var table = func() (t [256]uint8) {
	for c := range t {
		switch {
		case '0' <= c && c <= '9':
			t[c] = digit
		case 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80:
			t[c] = letter
		case c >= 0x80:
			t[c] = high
		}
	}
	for _, c := range []byte(" .-/()_\x80\x89\x91\x93\xA0\xAF\xC2\xE2") {
		t[c] |= join
	}
	for _, c := range []byte(`%&\=`) {
		t[c] |= escape
	}
	for _, c := range []byte("+/-_") {
		t[c] |= base64
	}
	t['@'] |= at
	t[0] |= nul
	return t
}()

// generic fills m from byte from on, a multiple of 64, without the help of the
// processor's vector instructions.
func (m *Map) generic(p []byte, from int) {
	for ; from < len(p); from += 64 {
		var bits [8]uint64
		n := min(64, len(p)-from)
		for i := 0; i < n; i += 8 {
			// Byte k of t is bit k of the classes of 8 bytes.
			t := Transpose(classes(p, from+i))
			for k := range bits {
				bits[k] |= t >> (8 * k) & 0xFF << i
			}
		}
		w := from / 64
		m.Digit[w], m.Letter[w], m.Join[w], m.At[w] = bits[0], bits[1], bits[2], bits[3]
		m.Escape[w], m.Base64[w], m.Nul[w], m.High[w] = bits[4], bits[5], bits[6], bits[7]
	}
}

// genericNumbers does for Numbers what generic does for Set.
func genericNumbers(digits, joins []uint64, p []byte, from int) {
	const (
		ones   = 0x0101010101010101
		gather = 0x0102040810204080 // bit 0 of each byte into the highest
	)
	for ; from < len(p); from += 64 {
		var d, j uint64
		n := min(64, len(p)-from)
		for i := 0; i < n; i += 8 {
			c := classes(p, from+i)
			d |= c & ones * gather >> 56 << i
			j |= c >> 2 & ones * gather >> 56 << i
		}
		digits[from/64], joins[from/64] = d, j
	}
}

// classes returns the classes of p[i:i+8], one in each byte; 0 stands for those
// of bytes behind the end.
func classes(p []byte, i int) uint64 { return lookup(&table, p, i) }

// Transpose exchanges bit i of byte k with bit k of byte i.
func Transpose(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00AA00AA00AA00AA
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000CCCC0000CCCC
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000F0F0F0F0
	return x ^ t ^ t<<28
}
