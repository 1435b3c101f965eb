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
	words := (len(p) + 63) / 64
	if need := words * 8; cap(m.mem) < need {
		m.mem = make([]uint64, need)
	} else {
		m.mem = m.mem[:need]
	}
	for i, s := range []*[]uint64{&m.Digit, &m.Letter, &m.Join, &m.At, &m.Escape, &m.Base64, &m.Nul, &m.High} {
		*s = m.mem[i*words : (i+1)*words : (i+1)*words]
	}
	m.n = len(p)
	m.generic(p)
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

// generic fills m without the help of the processor's vector instructions.
func (m *Map) generic(p []byte) {
	for w := range m.Digit {
		var bits [8]uint64
		for i, c := range p[w*64 : min(w*64+64, len(p))] {
			t := uint64(table[c])
			for k := range bits {
				bits[k] |= t >> k & 1 << i
			}
		}
		m.Digit[w], m.Letter[w], m.Join[w], m.At[w] = bits[0], bits[1], bits[2], bits[3]
		m.Escape[w], m.Base64[w], m.Nul[w], m.High[w] = bits[4], bits[5], bits[6], bits[7]
	}
}
