package rules

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// How far from a match its context may stand, in bytes.
const (
	reachFront  = 64
	reachBehind = 32
)

// maxLabel is the longest line that is read as a label of the next, in bytes.
const maxLabel = 40

// maxWord is the longest word that is looked at, in bytes after folding.
const maxWord = 64

// words is a set of words, for asking whether one of them stands in a text.
type words struct {
	bloom  [16]uint64 // over the first three letters, folded
	finish [16]uint64 // over the last three of ends
	full   map[string]bool
	starts []string   // of word*
	ends   []string   // of *word
	phrase [][]string // of several words; the first is in full, too
	any    bool       // there are ends of fewer than three letters, of which finish says nothing
	heads  []uint32   // hashes of what bloom holds
	tails  []uint32   // and of the last three letters of ends
}

// compileWords returns the set of words as Rule.Context has them, nil for none.
func compileWords(list []string) *words {
	if len(list) == 0 {
		return nil
	}
	w := &words{full: map[string]bool{}}
	for _, s := range list {
		front, back := strings.HasPrefix(s, "*"), strings.HasSuffix(s, "*")
		var parts []string
		for _, p := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) }) {
			parts = append(parts, string(fold(nil, []byte(p))))
		}
		switch {
		case len(parts) == 0:
			continue
		case len(parts) > 1:
			w.phrase = append(w.phrase, parts)
			w.full[strings.Join(parts, "")] = true
			w.mark(strings.Join(parts, ""))
		case front && back, front:
			w.ends = append(w.ends, parts[0])
			if back {
				w.starts = append(w.starts, parts[0])
				w.mark(parts[0])
			}
			w.any = w.any || len(parts[0]) < 3
			t := tail([]byte(parts[0]))
			w.tails = append(w.tails, t)
			w.finish[t>>6&15] |= 1 << (t & 63)
			continue
		case back:
			w.starts = append(w.starts, parts[0])
		default:
			w.full[parts[0]] = true
		}
		w.mark(parts[0])
	}
	return w
}

func (w *words) mark(s string) {
	h := head([]byte(s))
	w.heads = append(w.heads, h)
	w.bloom[h>>6&15] |= 1 << (h & 63)
}

func hash3(a, b, c byte) uint32 {
	return (uint32(a|0x20)*0x9E3779B1 ^ uint32(b|0x20)*0x85EBCA6B ^ uint32(c|0x20)*0xC2B2AE35) >> 20
}

// head hashes the first three bytes of a folded word.
func head(f []byte) uint32 {
	switch len(f) {
	case 0:
		return hash3(0, 0, 0)
	case 1:
		return hash3(f[0], 0, 0)
	case 2:
		return hash3(f[0], f[1], 0)
	}
	return hash3(f[0], f[1], f[2])
}

// tail hashes the last three.
func tail(f []byte) uint32 {
	if len(f) < 3 {
		return head(f)
	}
	return hash3(f[len(f)-3], f[len(f)-2], f[len(f)-1])
}

// may reports whether the word b can be one of the set.
func (w *words) may(b []byte) bool {
	if w.any || len(b) == 0 {
		return w.any
	}
	for _, c := range b[:min(3, len(b))] {
		if c >= 0x80 {
			return true
		}
	}
	h := head(b)
	if w.bloom[h>>6&15]>>(h&63)&1 == 1 {
		return true
	}
	if len(w.ends) == 0 || len(b) < 3 {
		return false
	}
	for _, c := range b[len(b)-3:] {
		if c >= 0x80 {
			return true
		}
	}
	t := tail(b)
	return w.finish[t>>6&15]>>(t&63)&1 == 1
}

// has reports whether the folded word is one of the set.
func (w *words) has(f []byte) bool {
	if w.full[string(f)] {
		return true
	}
	for _, s := range w.starts {
		if len(f) >= len(s) && f[0] == s[0] && string(f[:len(s)]) == s {
			return true
		}
	}
	for _, s := range w.ends {
		if len(f) >= len(s) && f[len(f)-1] == s[len(s)-1] && string(f[len(f)-len(s):]) == s {
			return true
		}
	}
	return false
}

// at returns where the word b[from:to], or a phrase that it starts, ends when it
// is in the set, else 0; phrases must end before limit.
func (w *words) at(b []byte, from, to, limit int) int {
	if to-from > maxWord || !w.may(b[from:to]) {
		return 0
	}
	var buf [2 * maxWord]byte
	f := fold(buf[:0], b[from:to])
	if w.has(f) {
		return to
	}
	for _, p := range w.phrase {
		if string(f) == p[0] {
			if end := phraseEnd(b, to, limit, p[1:]); end > 0 {
				return end
			}
		}
	}
	return 0
}

// phraseEnd returns where the words end that follow at i, each after 1 to 3 bytes
// that are no letters; 0 where they do not.
func phraseEnd(b []byte, i, limit int, rest []string) int {
	var buf [2 * maxWord]byte
	for _, want := range rest {
		from := i
		for from < limit && from < i+3 {
			n := apart(b, from)
			if n == 0 {
				break
			}
			from += n
		}
		from = min(from, limit)
		to := min(wordEnd(b, from), limit)
		if to-from > maxWord || string(fold(buf[:0], b[from:to])) != want {
			return 0
		}
		i = to
	}
	return i
}

// apart returns 0 where b[i] is part of a word, as all is that is not ASCII but
// for signs and punctuation (U+0080 to U+00BF, U+2000 to U+2FFF); else the length
// of what is none.
func apart(b []byte, i int) int {
	switch c := b[i]; {
	case c < 0x80:
		if letter(c) {
			return 0
		}
	case c == 0xC2 && i+1 < len(b) && b[i+1]&0xC0 == 0x80:
		return 2
	case c == 0xE2 && i+2 < len(b) && b[i+1]&0xC0 == 0x80 && b[i+2]&0xC0 == 0x80:
		return 3
	default:
		return 0
	}
	return 1
}

// wordEnd returns where the word that starts at i ends.
func wordEnd(b []byte, i int) int {
	for i < len(b) && (letter(b[i]) || b[i] >= 0x80 && apart(b, i) == 0) {
		i++
	}
	return i
}

// near reports whether a word of the set stands near b[start:end]: in front of it
// on its line, where nothing but other numbers stands between them, or behind
// it, where it starts nothing else.
func (w *words) near(b []byte, start, end int) bool {
	if w == nil {
		return false
	}
	lo := max(0, start-reachFront)
	if i := bytes.LastIndexByte(b[lo:start], '\n'); i >= 0 {
		lo += i + 1
	} else if lo > 0 {
		for lo < start && (letter(b[lo-1]) || b[lo-1] >= 0x80) { // a word that begins farther away
			lo++
		}
	}
	if w.front(b, lo, start) || w.above(b, start) {
		return true
	}
	hi := min(len(b), end+reachBehind)
	if i := bytes.IndexByte(b[end:hi], '\n'); i >= 0 {
		hi = end + i
	}
	return w.behind(b, end, hi)
}

// above reports whether b[start:] begins a line, and the line above is no more
// than a label: a few words without digits, of which one is of the set.
func (w *words) above(b []byte, start int) bool {
	lo := max(0, start-reachFront)
	end := start
	for end > lo && (b[end-1] == ' ' || b[end-1] == '\t' || b[end-1] == '(') {
		end--
	}
	if end == lo || b[end-1] != '\n' {
		return false
	}
	end--
	line := bytes.LastIndexByte(b[lo:end], '\n') + 1 + lo
	if line == lo && lo > 0 || end-line > maxLabel {
		return false
	}
	blanks := 0
	for _, c := range b[line:end] {
		if digit(c) || c == ';' || c == '{' || c == ',' {
			return false
		}
		if c == ' ' {
			blanks++
		}
	}
	return blanks < 5 && w.front(b, line, end)
}

// front reports whether b[lo:hi] holds a word of the set that may speak of what
// follows. A word that is none of the set takes back what was said before a
// number in front of it: "phone 0470123456, order".
func (w *words) front(b []byte, lo, hi int) bool {
	found := false
	ds := 0
	for i := lo; i < hi; {
		if n := apart(b, i); n > 0 {
			if digit(b[i]) {
				ds++
			}
			i += n
			continue
		}
		from := i
		i = min(wordEnd(b[:hi], i), hi)
		if w.word(b, from, i, hi) {
			found, ds = true, 0
			continue
		}
		if i-from >= 3 {
			found = found && ds < 5
			ds = 0
		}
	}
	return found
}

// word is at for a word that may consist of several: phoneNumber.
func (w *words) word(b []byte, from, to, limit int) bool {
	if w.at(b, from, to, limit) > 0 {
		return true
	}
	if to-from > maxWord {
		return false
	}
	part, split := from, false
	for i := from + 1; i < to; i++ {
		if upper(b[i]) && !upper(b[i-1]) || i+1 < to && upper(b[i]) && upper(b[i-1]) && letter(b[i+1]) && !upper(b[i+1]) {
			split = true
			if w.at(b, part, i, limit) > 0 {
				return true
			}
			part = i
		}
	}
	return split && w.at(b, part, to, limit) > 0
}

func (w *words) behind(b []byte, lo, hi int) bool {
	if lo > 0 && apart(b, lo-1) == 0 { // what goes on from the match is no word
		lo = min(wordEnd(b, lo), hi)
	}
	for i := lo; i < hi; {
		if digit(b[i]) {
			return false // of another number
		}
		if n := apart(b, i); n > 0 {
			i += n
			continue
		}
		from := i
		i = wordEnd(b, i)
		if i > hi || !w.word(b, from, i, hi) {
			continue
		}
		// A label of what follows is none of what goes before.
		k := i
		for k < len(b) && k < i+4 && b[k] != '\n' {
			if c := b[k]; c == ':' || c == '=' || c == '+' || digit(c) {
				return false
			}
			k++
		}
		return true
	}
	return false
}

// folded holds, for the runes from U+00C0 to U+24FF, the lower-case letter
// without its diacritic.
var folded = func() (t [0x2500 - 0xC0]uint16) {
	for i := range t {
		r := unicode.ToLower(rune(i + 0xC0))
		switch r {
		case 'ø':
			r = 'o'
		case 'ł':
			r = 'l'
		case 'đ', 'ð':
			r = 'd'
		case 'ħ':
			r = 'h'
		case 'ı':
			r = 'i'
		case 'ς':
			r = 'σ'
		}
		if d := []rune(norm.NFD.String(string(r))); len(d) > 1 && unicode.IsLetter(d[0]) {
			r = d[0]
		}
		t[i] = uint16(r)
	}
	return t
}()

// fold appends b in lower case and without diacritics to dst. What is not UTF-8
// is read as Latin-1.
func fold(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		c := b[i]
		if c < 0x80 {
			if upper(c) {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError {
			r = rune(c)
		}
		i += n
		switch {
		case r >= 0x300 && r < 0x370: // combining marks
			continue
		case r == 'ß' || r == 'ẞ':
			dst = append(dst, "ss"...)
			continue
		case r == 'æ' || r == 'Æ':
			dst = append(dst, "ae"...)
			continue
		case r == 'œ' || r == 'Œ':
			dst = append(dst, "oe"...)
			continue
		case r >= 0xC0 && r < 0x2500:
			r = rune(folded[r-0xC0])
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
