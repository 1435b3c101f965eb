package document

import (
	"encoding/binary"
	"unicode/utf16"
)

// An xlsText reads texts that go on in the records behind one.
type xlsText struct {
	x *xls
	b []byte
}

// more goes on to the next record, if it continues this one.
func (t *xlsText) more() bool {
	for {
		h, err := t.x.r.Peek(4)
		if err != nil || binary.LittleEndian.Uint16(h) != xlsContinue || t.x.next() != nil {
			return false
		}
		if t.b = t.x.data; len(t.b) > 0 {
			return true
		}
	}
}

// take returns the next n bytes, at most 8; nil where there are fewer.
func (t *xlsText) take(n int) []byte {
	if len(t.b) >= n {
		b := t.b[:n]
		t.b = t.b[n:]
		return b
	}
	out := make([]byte, 0, 8)
	for len(out) < n {
		if len(t.b) == 0 && !t.more() {
			return nil
		}
		k := min(n-len(out), len(t.b))
		out = append(out, t.b[:k]...)
		t.b = t.b[k:]
	}
	return out
}

// skip passes over n bytes.
func (t *xlsText) skip(n int64) bool {
	for n > 0 {
		if len(t.b) == 0 && !t.more() {
			return false
		}
		k := min(n, int64(len(t.b)))
		t.b = t.b[k:]
		n -= k
	}
	return true
}

// chars returns n characters. Each record starts with a byte that says how
// they are kept in it.
func (t *xlsText) chars(n int, wide bool) (string, bool) {
	u := make([]uint16, 0, min(n, 8<<10))
	for len(u) < n {
		if len(t.b) == 0 {
			if !t.more() {
				return string(utf16.Decode(u)), false
			}
			wide = t.b[0]&1 != 0
			t.b = t.b[1:]
			continue
		}
		if !wide {
			k := min(n-len(u), len(t.b))
			for _, c := range t.b[:k] {
				u = append(u, uint16(c))
			}
			t.b = t.b[k:]
			continue
		}
		b := t.take(2)
		if b == nil {
			return string(utf16.Decode(u)), false
		}
		u = append(u, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(u)), true
}

// rich returns a text that may have formats and readings (XLUnicodeRichExtendedString).
func (t *xlsText) rich() (string, bool) {
	h := t.take(3)
	if h == nil {
		return "", false
	}
	n, flags := int(binary.LittleEndian.Uint16(h)), h[2]
	runs, ext := int64(0), int64(0)
	if flags&8 != 0 {
		b := t.take(2)
		if b == nil {
			return "", false
		}
		runs = int64(binary.LittleEndian.Uint16(b))
	}
	if flags&4 != 0 {
		b := t.take(4)
		if b == nil {
			return "", false
		}
		ext = int64(binary.LittleEndian.Uint32(b))
	}
	s, ok := t.chars(n, flags&1 != 0)
	return s, ok && t.skip(4*runs) && t.skip(ext)
}

// str returns the text at an offset of the record. Its length takes so many
// bytes, in the current format and in that of Excel 5.0 and 95.
func (x *xls) str(at, size8, size5 int) string {
	if at >= len(x.data) {
		return ""
	}
	t := &xlsText{x, x.data[at:]}
	size := size5
	if x.eight {
		size = size8
	}
	b := t.take(size)
	if b == nil {
		return ""
	}
	n := int(b[0])
	if size == 2 {
		n |= int(b[1]) << 8
	}
	if !x.eight {
		var out []byte
		for len(out) < n && (len(t.b) > 0 || t.more()) {
			k := min(n-len(out), len(t.b))
			out = append(out, t.b[:k]...)
			t.b = t.b[k:]
		}
		return inCodePage(out, x.page)
	}
	f := t.take(1)
	if f == nil {
		return ""
	}
	runs, ext := int64(0), int64(0)
	if f[0]&8 != 0 {
		if b := t.take(2); b != nil {
			runs = int64(binary.LittleEndian.Uint16(b))
		}
	}
	if f[0]&4 != 0 {
		if b := t.take(4); b != nil {
			ext = int64(binary.LittleEndian.Uint32(b))
		}
	}
	s, _ := t.chars(n, f[0]&1 != 0)
	if runs > 0 || ext > 0 {
		t.skip(4*runs + ext)
	}
	return s
}
