package document

import (
	"bytes"
	"strings"
)

// mimeYEncBegin reports whether b starts with the first line of a file in yEnc
// (yenc.org, draft 1.3): "=ybegin line=128 size=123456 name=mybinary.dat".
func mimeYEncBegin(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte("=ybegin "))
	if !ok {
		return false
	}
	line, _, ok := mimeCutLine(rest[:min(len(rest), 500)], false)
	return ok && bytes.Contains(line, []byte("line=")) && bytes.Contains(line, []byte("size=")) && bytes.Contains(line, []byte("name="))
}

// mimeYEncName returns the file name in the first line.
func mimeYEncName(line []byte) string {
	_, name, _ := bytes.Cut(line, []byte("name="))
	return strings.Trim(strings.TrimSpace(string(mimeDecodeText("", name))), "\"")
}

// yenc decodes the next line, or the next piece of one.
func (d *mimeUUDecoder) yenc(line []byte) {
	if !d.mid {
		switch {
		case bytes.HasPrefix(line, []byte("=yend")):
			d.done = true
			d.w.pos += len(line)
			return
		case bytes.HasPrefix(line, []byte("=ypart ")):
			d.w.pos += len(line)
			return
		}
	}
	for _, c := range line {
		switch {
		case c == '\r' || c == '\n':
		case d.esc:
			d.out = append(d.out, c-64-42)
			d.esc = false
		case c == '=':
			d.esc = true
		default:
			d.out = append(d.out, c-42)
		}
	}
	d.mid = line[len(line)-1] != '\n'
	d.w.pos += len(line)
}
