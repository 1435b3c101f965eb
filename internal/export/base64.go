package export

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// Bounds of what is taken for base64 inside a text, in characters.
const (
	minEncoded  = 16
	minFullLine = 60 // of one that goes on in the next
)

func isEncoded(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_'
}

// encoded returns edits of what stands in base64 (RFC 4648, both alphabets) inside
// a text and says something that must not be copied: it is encoded anew without.
func (h *hider) encoded(b []byte) (list []edit) {
	run := func(i int) int {
		for i < len(b) && isEncoded(b[i]) {
			i++
		}
		return i
	}
	for i := 0; i < len(b); {
		if !isEncoded(b[i]) {
			i++
			continue
		}
		start, line := i, i
		width, sep := 0, ""
		i = run(i)
		for i-line >= minFullLine {
			next := i
			if next < len(b) && b[next] == '\r' {
				next++
			}
			if next == len(b) || b[next] != '\n' {
				break
			}
			if next++; next < len(b) && b[next] == ' ' {
				next++ // folded
			}
			end := run(next)
			if end == next {
				break
			}
			if width == 0 {
				width, sep = i-line, string(b[i:next])
			}
			line, i = next, end
		}
		if i-start < minEncoded {
			continue
		}
		end := i
		for i < len(b) && b[i] == '=' && i-end < 2 {
			i++
		}
		if with, ok := h.recoded(b[start:end], i > end, width, sep); ok {
			list = append(list, edit{start: start, end: i, with: with})
		}
	}
	return list
}

// recoded returns base64 without what must not be copied; it is not ok where it
// says nothing of that kind.
func (h *hider) recoded(in []byte, padded bool, width int, sep string) (string, bool) {
	plain, url := make([]byte, 0, len(in)), false
	for _, c := range in {
		switch {
		case c == '-':
			c, url = '+', true
		case c == '_':
			c, url = '/', true
		case !isEncoded(c):
			continue // between lines
		}
		plain = append(plain, c)
	}
	if len(plain)%4 == 1 {
		return "", false
	}
	var first [12]byte
	if n, err := base64.RawStdEncoding.Decode(first[:], plain[:min(16, len(plain)&^3)]); err != nil || !printable(first[:n], true) {
		return "", false
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(plain)))
	n, err := base64.RawStdEncoding.Decode(out, plain)
	if err != nil || !printable(out[:n], false) {
		return "", false
	}
	fresh := h.text(out[:n], "", false, &tally{})
	if bytes.Equal(fresh, out[:n]) {
		return "", false
	}
	enc := base64.StdEncoding
	if url {
		enc = base64.URLEncoding
	}
	if !padded {
		enc = enc.WithPadding(base64.NoPadding)
	}
	s := enc.EncodeToString(fresh)
	if width == 0 {
		return s, true
	}
	var w bytes.Buffer
	for len(s) > width {
		w.WriteString(s[:width] + sep)
		s = s[width:]
	}
	w.WriteString(s)
	return w.String(), true
}

// printable reports whether bytes are text; cut says that the last character may be
// cut off.
func printable(b []byte, cut bool) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	if cut {
		for k := 0; k < utf8.UTFMax-1 && len(b) > 0 && !utf8.Valid(b); k++ {
			b = b[:len(b)-1]
		}
	}
	return utf8.Valid(b)
}
