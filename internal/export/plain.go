package export

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"github.com/spoor-scan/spoor/internal/document"
)

// Bounds of what is looked at at once of a long text, in bytes.
const (
	pieceLen = 4 << 20
	maxPiece = 64 << 20  // where a value is longer than a piece
	overlap  = 16 << 10  // of the end, which is looked at again with what follows
	behind   = 1 << 10   // of what was written, which tells what follows
	longest  = 256 << 10 // of the value of a secret that may go on behind the end
)

// copyText copies a text without what must not be copied. binary says that it
// turned out to be none.
func (h *hider) copyText(w io.Writer, r io.Reader, t *tally) (binary bool, err error) {
	buf := make([]byte, 0, 64<<10)
	done, limit := 0, pieceLen // buf[:done] is written
	for {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(2*cap(buf), limit)), buf...)
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		if bytes.IndexByte(buf[len(buf):len(buf)+n], 0) >= 0 {
			return true, nil
		}
		buf = buf[:len(buf)+n]
		switch {
		case err == nil && len(buf) < limit:
			continue
		case err != nil && err != io.EOF:
			return false, err
		}
		if h.others != nil {
			if fresh := plainAts(buf[done:]); len(fresh) != len(buf)-done {
				buf = append(buf[:done], fresh...)
			}
		}
		list, open := h.edits(buf, "", false)
		for len(list) > 0 && list[0].end <= done {
			list = list[1:]
		}
		if len(list) > 0 {
			list[0].start = max(list[0].start, done)
		}
		end := len(buf)
		if err == nil {
			end, list = cutAt(buf, done, list, open, limit == maxPiece)
			if end <= done {
				limit = min(4*limit, maxPiece)
				continue
			}
		}
		if _, err := w.Write(edited(buf[:end], done, list, t)); err != nil {
			return false, err
		}
		if err == io.EOF {
			return false, nil
		}
		from := max(0, end-behind)
		done, limit = end-from, pieceLen
		buf = append(make([]byte, 0, pieceLen), buf[from:]...)
	}
}

// cutAt returns where a text that goes on, of which done bytes are written, can be
// cut, so that nothing that must not be copied lies on both sides, and the edits
// before that. It is no further than done where there is no such place; force says
// that it is cut all the same.
func cutAt(b []byte, done int, list []edit, open int, force bool) (int, []edit) {
	end := len(b) - overlap
	if open >= len(b)-longest {
		end = min(end, open)
	}
	from := max(done, end-64<<10)
	for _, sep := range []string{"\n", " ", ","} {
		if end <= from {
			break
		}
		if k := bytes.LastIndex(b[from:end], []byte(sep)); k > 0 {
			end = from + k + 1
			break
		}
	}
	for k, e := range list {
		if e.end <= end {
			continue
		}
		if e.start < end {
			end = e.start
		}
		list = list[:k]
		break
	}
	if end > done || !force {
		return end, list
	}
	return len(b), list
}

// encodingOf returns what a text is decoded from, and written back to, where it is
// neither UTF-8 nor in a charset that identifiers stand in as they are; nil: there
// is nothing to decode. marked is the byte order mark that it starts with.
func encodingOf(head []byte) (c document.Charset, enc encoding.Encoding, mark string, ok bool) {
	if c, ok = document.CharsetOf(head); !ok {
		return c, nil, "", false
	}
	for _, m := range []string{"\xff\xfe\x00\x00", "\x00\x00\xfe\xff", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(m)) {
			mark = m
			break
		}
	}
	switch c.String() {
	case "utf-16le":
		enc = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-16be":
		enc = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "utf-32le":
		enc = utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	case "utf-32be":
		enc = utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	default:
		mark = ""
		if enc, _ = htmlindex.Get(c.String()); enc == encoding.Replacement {
			enc = nil
		}
	}
	return c, enc, mark, true
}

// wideText copies a text in another charset. What has no place in that charset,
// as bytes that were none of it, is written as a question mark; where nothing is
// taken out the caller keeps the original.
func (h *hider) wideText(w io.Writer, r io.Reader, c document.Charset, enc encoding.Encoding, mark string, t *tally) error {
	if enc != nil {
		if _, err := io.WriteString(w, mark); err != nil {
			return err
		}
		back := transform.NewWriter(w, encoding.ReplaceUnsupported(enc.NewEncoder()))
		defer back.Close() // it was flushed
		if _, err := h.copyText(back, zeroless{document.NewText(r, c)}, t); err != nil {
			return err
		}
		return back.Close()
	}
	_, err := h.copyText(w, zeroless{document.NewText(r, c)}, t)
	return err
}

// zeroless reads the zeros of a text as spaces.
type zeroless struct{ r io.Reader }

func (z zeroless) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	for i, c := range p[:n] {
		if c == 0 {
			p[i] = ' '
		}
	}
	return n, err
}

// isText reports whether what starts like that is text in UTF-8 or in a charset
// of single bytes.
func isText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("%PDF")) || bytes.HasPrefix(head, []byte("{\\rtf")) || bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return false
	}
	odd := 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' && c != 0x1b:
			odd++
		}
	}
	if odd > len(head)/100 {
		return false
	}
	if utf8.Valid(head) {
		return true
	}
	// Cut inside a character, or another charset: mostly ASCII all the same.
	high := 0
	for _, c := range head {
		if c >= 0x80 {
			high++
		}
	}
	return high <= len(head)/3
}
