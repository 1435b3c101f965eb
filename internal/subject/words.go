package subject

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !wordRune(r) })
}

// A sequence is words in an order, folded.
type sequence struct {
	words []string
	form  string
}

// sequences looks for the longest of the raw words, in the spellings that the
// matcher does not fold, and then compares the words around it.
func (bl *builder) sequences(raw []string, seqs []sequence) {
	anchor := ""
	for _, w := range raw {
		if score(w) > score(anchor) {
			anchor = w
		}
	}
	key := plain(anchor)
	c := func(b []byte, start, end int) (int, int, string, bool) {
		if wordBefore(b, start) || wordAt(b, end) {
			return 0, 0, "", false
		}
		for _, s := range seqs {
			for k, w := range s.words {
				if w != key {
					continue
				}
				if from, to, columns, ok := s.around(b, start, end, k); ok {
					form := s.form
					if columns {
						form = "columns"
					}
					return from, to, form, true
				}
			}
		}
		return 0, 0, "", false
	}
	for _, v := range spellings(anchor) {
		bl.add(match.Pattern{Text: v}, c)
	}
}

func score(w string) int {
	n := 2 * utf8.RuneCountInString(w)
	if len(w)*2 != n || strings.ContainsAny(w, "0123456789") {
		n-- // rather a word of ASCII letters
	}
	return n
}

// spellings returns how a word may stand in bytes: the matcher folds only ASCII.
func spellings(w string) []string {
	set := map[string]bool{}
	for _, v := range []string{w, strings.ToLower(w), strings.ToUpper(w), plain(w)} {
		set[asciiLower(v)] = true
		set[asciiLower(norm.NFD.String(v))] = true
		set[asciiLower(jsonASCII(v))] = true
		if enc, err := charmap.Windows1252.NewEncoder().String(v); err == nil {
			set[asciiLower(enc)] = true
		}
	}
	out := make([]string, 0, len(set))
	for v := range set {
		out = append(out, v)
	}
	sort.Strings(out)
	return out
}

// jsonASCII escapes what is not ASCII, as many encoders of JSON do.
func jsonASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf || r > 0xffff {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// around compares the words around the one at b[start:end], which is number k.
// columns reports that the words stand in neighbouring cells of a row.
func (s sequence) around(b []byte, start, end, k int) (from, to int, columns, ok bool) {
	from, to = start, end
	for i := k - 1; i >= 0; i-- {
		j, cell, ok := gapBefore(b, from)
		if !ok {
			return 0, 0, false, false
		}
		l := j
		for l > 0 {
			r, n := runeBefore(b, l)
			if !wordRune(r) || j-l > 128 {
				break
			}
			l -= n
		}
		if plain(decode(b[l:j])) != s.words[i] {
			return 0, 0, false, false
		}
		from, columns = l, columns || cell
	}
	for i := k + 1; i < len(s.words); i++ {
		j, cell, ok := gapAfter(b, to)
		if !ok {
			return 0, 0, false, false
		}
		l := j
		for l < len(b) {
			r, n := runeAfter(b, l)
			if !wordRune(r) || l-j > 128 {
				break
			}
			l += n
		}
		if plain(decode(b[j:l])) != s.words[i] {
			return 0, 0, false, false
		}
		to, columns = l, columns || cell
	}
	return from, to, columns, true
}

const maxGap = 4 // characters between two words of a name

func gapRune(r rune) bool {
	return r == 0 || r == 0xa0 || r == 0x2019 || r < 0x80 && strings.ContainsRune(" \t\r\n,.;-_+'/\"\\|", r)
}

// gapBefore passes over what may stand between two words. cell reports that it
// was the border between two cells.
func gapBefore(b []byte, i int) (j int, cell, ok bool) {
	j = i
	for n := 0; n < maxGap && j > 0; {
		r, w := runeBefore(b, j)
		if !gapRune(r) || i-j > 16 {
			break
		}
		if r != 0 { // columns between may be empty
			n++
		}
		cell = cell || r == 0
		j -= w
	}
	return j, cell, j < i && j > 0
}

func gapAfter(b []byte, i int) (j int, cell, ok bool) {
	j = i
	for n := 0; n < maxGap && j < len(b); {
		r, w := runeAfter(b, j)
		if !gapRune(r) || j-i > 16 {
			break
		}
		if r != 0 { // columns between may be empty
			n++
		}
		cell = cell || r == 0
		j += w
	}
	return j, cell, j > i && j < len(b)
}
