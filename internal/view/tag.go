package view

import "bytes"

// maxTags bounds what stands between two letters of one word: tags and comments,
// and the bytes of each.
const (
	maxTags = 4
	maxTag  = 256
)

// phrasing are the elements that end or begin inside a word without parting it
// (HTML, section 4.5), beside those that set something above or below the line.
const phrasing = " b i u a em strong span font small big wbr tt code mark s strike ins del bdi bdo abbr cite dfn kbd samp var "

// tags finds where tags and comments start that stand inside words.
func (s *search) tags() {
	for from := max(s.f.from, 1); from < len(s.p); {
		k := bytes.IndexByte(s.p[from:], '<')
		if k < 0 {
			return
		}
		i := from + k
		from = i + 1
		if !begins[s.p[i-1]] || i+2 >= len(s.p) || s.p[i+1] != '/' && !begins[s.p[i+1]] {
			continue
		}
		if e := tagAt(s.p, i); e.Width > 0 {
			s.f.conceals(i, len(s.c.High))
			from = i + e.Width
		}
	}
}

// begins tells which bytes may stand in front of a tag inside a word; those with
// which the name of one begins are among them.
var begins = func() (t [256]bool) {
	for c := range t {
		t[c] = inWord(byte(c)) || c == ' ' || c == '!'
	}
	return t
}()

// tagAt reads the tags and comments at p[i] that part nothing: they stand in a
// word, or beside a space between two groups of digits.
func tagAt(p []byte, i int) Escape {
	if i == 0 || !inWord(p[i-1]) && (p[i-1] != ' ' || i < 2 || !isDigit(p[i-2])) {
		return Escape{}
	}
	j, n := i, 0
	for ; n < maxTags && j+2 < len(p) && p[j] == '<'; n++ {
		k := tagEnd(p, j)
		if k == j {
			break
		}
		j = k
	}
	if n == 0 || j >= len(p) {
		return Escape{}
	}
	before, behind := isDigit(p[i-1]), isDigit(p[j])
	switch {
	case p[i-1] == ' ':
		if !behind {
			return Escape{}
		}
	case p[j] == ' ':
		if !before || j+1 == len(p) || !isDigit(p[j+1]) {
			return Escape{}
		}
	case !inWord(p[j]), n > 1 && before && behind: // the last are the values of two elements, rather
		return Escape{}
	}
	return Escape{Rune: -1, Empty: true, Width: j - i, kind: markup}
}

// tagEnd returns the end of the tag or comment at p[i], i where it is none of
// those that part nothing.
func tagEnd(p []byte, i int) int {
	j := i + 1
	if p[j] == '!' {
		if !bytes.HasPrefix(p[j:], []byte("!--")) {
			return i
		}
		k := bytes.Index(p[j+3:min(len(p), j+maxTag)], []byte("-->"))
		if k < 0 {
			return i
		}
		return j + 3 + k + 3
	}
	if p[j] == '/' {
		j++
	}
	var name [8]byte
	n := 0
	name[n] = ' '
	for n++; n < len(name)-1 && j < len(p) && isAlnum(p[j]) && !isDigit(p[j]); j++ {
		name[n] = p[j] | 0x20
		n++
	}
	if n == 1 || j >= len(p) || p[j] != '>' && p[j] != ' ' && p[j] != '/' {
		return i
	}
	name[n] = ' '
	if !bytes.Contains([]byte(phrasing), name[:n+1]) {
		return i
	}
	k := bytes.IndexByte(p[j:min(len(p), j+maxTag)], '>')
	if k < 0 || bytes.IndexByte(p[j:j+k], '<') >= 0 {
		return i
	}
	return j + k + 1
}
