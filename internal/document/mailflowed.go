package document

import (
	"bufio"
	"bytes"
)

// A mimeFlowed reads text whose lines were broken where no paragraph ends (RFC
// 3676): a line that ends in a space goes on in the next, as long as both are
// quoted equally often. A word that was cut is whole again.
type mimeFlowed struct {
	r     *bufio.Reader
	join  bool // DelSp: the space is not part of the text
	out   []byte
	at    int
	flows bool // the line before goes on
	depth int  // how often it is quoted
	mid   bool // a long line goes on
	err   error
}

func (f *mimeFlowed) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for f.at == len(f.out) {
		if f.err != nil {
			return 0, f.err
		}
		f.out, f.at = f.out[:0], 0
		f.step()
	}
	n := copy(p, f.out[f.at:])
	f.at += n
	return n, nil
}

func (f *mimeFlowed) step() {
	line, err := f.r.ReadSlice('\n')
	whole := err != bufio.ErrBufferFull
	if err != nil && whole {
		f.err = err
	}
	text := bytes.TrimRight(line, "\r\n")
	end := line[len(text):]
	if !f.mid {
		depth := 0
		for depth < len(text) && text[depth] == '>' {
			depth++
		}
		body := text[depth:]
		if len(body) > 0 && body[0] == ' ' {
			body = body[1:] // stuffed
		}
		goesOn := f.flows && depth == f.depth && string(body) != "-- "
		switch {
		case goesOn:
			text = body
		case f.flows:
			f.out = append(f.out, '\r', '\n') // it went on nowhere
		}
		f.depth = depth
		f.flows = false
		if string(body) == "-- " { // a signature
			f.out = append(append(f.out, text...), end...)
			return
		}
	}
	f.mid = !whole
	if whole && len(end) > 0 && bytes.HasSuffix(text, []byte(" ")) {
		f.flows = true
		if f.join {
			text = text[:len(text)-1]
		}
		end = nil
	}
	f.out = append(append(f.out, text...), end...)
}
