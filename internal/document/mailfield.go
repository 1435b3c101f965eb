package document

import "bytes"

// longField yields a field that is too long to be held, the last of the held
// ones, as a stream. mid says that its current line goes on. It returns how many
// bytes it read.
func (w *mailWalker) longField(h *mimeHeader, mid bool) int64 {
	last := w.fields[len(w.fields)-1]
	w.fields = w.fields[:len(w.fields)-1]
	piece := bytes.Clone(w.arena[last.line:last.end])
	h.note(last.name, w.arena[last.value:last.end])
	w.flushFields(h)
	if w.over {
		return 0
	}
	name := "header"
	if last.name != "" {
		name = mailCanonical(last.name)
	}
	r := &mailLongField{w: w, next: piece, mid: mid}
	w.send(mailText(name, w.b.Reader(w.ctx, r)))
	for !r.done {
		r.step()
	}
	return r.n
}

// A mailLongField reads a field piece by piece; the pieces end at white space
// where there is any.
type mailLongField struct {
	w    *mailWalker
	next []byte // raw, not yet decoded
	out  []byte
	pos  int
	mid  bool
	done bool
	n    int64
}

func (r *mailLongField) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.pos == len(r.out) {
		if r.done {
			return 0, mimeEnd(r.w.src)
		}
		r.step()
	}
	n := copy(p, r.out[r.pos:])
	r.pos += n
	return n, nil
}

func (r *mailLongField) step() {
	s := r.w.src
	end := false
	for len(r.next) < 64<<10 && !end {
		if !r.mid && s.atDelimiter() {
			end = true
			break
		}
		line, n, whole := s.line()
		if n == 0 || !r.mid && (len(line) == 0 || line[0] != ' ' && line[0] != '\t') || r.n > mailHeaderLen {
			end = true
			break
		}
		r.next = append(r.next, line...)
		s.skip(n, whole)
		r.n += int64(n)
		r.mid = !whole
	}
	cut := len(r.next)
	if !end {
		if i := bytes.LastIndexAny(r.next, " \t,"); i > 0 {
			cut = i
		}
	}
	r.out, r.pos = mimeWords(r.out[:0], r.next[:cut], ""), 0
	r.next = append(r.next[:0], r.next[cut:]...)
	r.done = end
}
