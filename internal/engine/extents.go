package engine

import (
	"crypto/sha256"
	"io"
	"strconv"
	"sync"

	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// The versions of a file that grows, or of which little changes, begin with the
// same pieces. Where nobody was found in these, and nothing was left undecoded,
// nobody is in the same pieces at the beginning of another version: it is read,
// for its lines and its content's name, and matched from a little before the first
// piece that is new. That holds for a text that is matched as it stands; what has
// a decoder is decoded from its beginning.

const (
	// settled is how far a text is matched again before what is new in it, in
	// bytes: further than anything encoded is followed.
	settled = 4 << 20
	// leastSettled is where the first place lies from which a text may be matched,
	// and betweenSettled how far apart they are, in bytes.
	leastSettled   = 2 * settled
	betweenSettled = 1 << 20
	// maxSettled bounds how many places are remembered.
	maxSettled = 1 << 18
)

// beginnings are those of texts in which nobody is, by the hash of their pieces.
type beginnings struct {
	mu    sync.Mutex
	empty map[[16]byte]struct{}
}

// forget forgets all of them: others are looked for.
func (s *beginnings) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty = nil
}

// eachBeginning calls f with the end of the places at which a text may be resumed, and the
// hash of all before.
func eachBeginning(pieces []scanners.Extent, f func(end int64, hash [16]byte)) {
	var sum [16]byte
	var buf []byte
	end, last := int64(0), int64(0)
	for _, p := range pieces {
		buf = append(buf[:0], sum[:]...)
		buf = strconv.AppendInt(buf, p.Len, 10)
		buf = append(buf, ' ')
		buf = append(buf, p.ID...)
		h := sha256.Sum256(buf)
		copy(sum[:], h[:])
		if end += p.Len; end >= leastSettled && end-last >= betweenSettled {
			last = end
			f(end, sum)
		}
	}
}

// learn notes that nobody is in the first n bytes of a text.
func (s *beginnings) learn(pieces []scanners.Extent, n int64) {
	if n < leastSettled {
		return
	}
	eachBeginning(pieces, func(end int64, hash [16]byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if end > n || len(s.empty) >= maxSettled {
			return
		}
		if s.empty == nil {
			s.empty = map[[16]byte]struct{}{}
		}
		s.empty[hash] = struct{}{}
	})
}

// known returns how many bytes of a text need not be matched.
func (s *beginnings) known(pieces []scanners.Extent) (n int64) {
	eachBeginning(pieces, func(end int64, hash [16]byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.empty[hash]; ok {
			n = end - settled
		}
	})
	return n
}

// extentsOf returns the pieces that the text of a record is made of, nil where
// these are not the bytes that are matched.
func (rec *record) extentsOf() []scanners.Extent {
	if !rec.plain || rec.parent != nil || rec.decoded || rec.source != nil {
		return nil
	}
	return rec.extents
}

// skip reads n bytes of a text without matching them.
func skip(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// moved returns fn for hits in a text whose beginning was skipped.
func moved(n int64, fn func(h subject.Hit, base int64, piece, window []byte)) func(h subject.Hit, base int64, piece, window []byte) {
	return func(h subject.Hit, base int64, piece, window []byte) {
		h.Start, h.End = h.Start+n, h.End+n
		fn(h, base+n, piece, window)
	}
}

// encodedWhole reports whether all of b may be in the midst of something encoded
// in letters, of which it can't be told where it began.
func encodedWhole(b []byte) bool {
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_', c == '=', c == '\r', c == '\n':
		default:
			return false
		}
	}
	return true
}
