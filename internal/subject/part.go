package subject

import (
	"bytes"
	"strings"
)

// apart reports whether b[:i] ends in one record of a text and b[j:] starts in
// another: in two objects of one array or in two JSON texts that follow each
// other, in two tuples of an INSERT, in two lines of a table or of a log, in two rows
// or elements of a kind in XML and HTML, in two items of a list in YAML, in two
// cards.
func apart(b []byte, i, j int) bool {
	if i > j || j > len(b) {
		return false
	}
	return elements(b[i:j]) || lines(b, i, j) || siblings(b, i, j) || items(b, i, j) || cards(b[i:j])
}

// elements reports whether an object, array or tuple that began before the text
// ends in it and is followed by another of its kind, without a name for it.
func elements(b []byte) bool {
	quoted, known := false, false
	var depth [3]int // of { [ (
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			// A text in JSON starts behind one of :,[{ and ends before one of
			// :,]}, however deep it is itself inside a text.
			closes := closing(b, i+1)
			if !known {
				known = true
				if closes && quotedBefore(b, i) {
					// The first place was inside of a text: what was read until
					// here counts for nothing.
					depth = [3]int{}
				}
			}
			quoted = !closes
		case '{', '[', '(':
			if !quoted {
				depth[kindOf(c)]++
			}
		case '}', ']', ')':
			if quoted {
				continue
			}
			k := kindOf(c)
			if depth[k]--; depth[k] >= 0 {
				continue
			}
			open := [...]byte{'{', '[', '('}[k]
			n, comma := i+1, false
			for n < len(b) && (isSpace(b[n]) || b[n] == ',' && !comma || b[n] == '\\' && n+1 < len(b) && (b[n+1] == 'n' || b[n+1] == 'r' || b[n+1] == 't')) {
				comma = comma || b[n] == ','
				if b[n] == '\\' {
					n++
				}
				n++
			}
			if n < len(b) && b[n] == open && (comma || open == '{') {
				return true
			}
			if open == '{' && (comma && numbered(b[n:]) || serialized(b[i+1:])) {
				return true
			}
		}
	}
	return false
}

// numbered reports whether an object follows that has a number for its name:
// {"17":{...},"18":{...}}.
func numbered(b []byte) bool {
	i := 0
	for i < len(b) && (b[i] == '\\' || b[i] == '"') {
		i++
	}
	n := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if n == 0 || i == n {
		return false
	}
	for i < len(b) && (b[i] == '\\' || b[i] == '"' || b[i] == ':' || isSpace(b[i])) {
		i++
	}
	return i < len(b) && b[i] == '{'
}

func quotedBefore(b []byte, i int) bool {
	return bytes.IndexByte(b[:i], '"') < 0
}

func kindOf(c byte) int {
	switch c {
	case '{', '}':
		return 0
	case '[', ']':
		return 1
	}
	return 2
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// closing reports whether a quotation mark before i ends a text.
func closing(b []byte, i int) bool {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	if i >= len(b) {
		return false
	}
	if b[i] == ';' && i+2 < len(b) { // as PHP serializes
		return b[i+1] == '}' || b[i+2] == ':' && strings.IndexByte("siabOd", b[i+1]) >= 0 || b[i+1] == 'N' && b[i+2] == ';'
	}
	return b[i] == ',' || b[i] == '}' || b[i] == ']' || b[i] == ':'
}

// maxLine bounds how much of a line is looked at, in bytes.
const maxLine = 2 << 10

// lines reports whether two places lie in different lines of a table or a log.
func lines(b []byte, i, j int) bool {
	if bytes.IndexByte(b[i:j], '\n') < 0 {
		return false
	}
	first, second := lineAt(b, i), lineAt(b, j)
	if len(first) == 0 || len(second) == 0 {
		return false
	}
	if stamped(first) && stamped(second) {
		return true
	}
	for _, d := range []byte(",;\t|") {
		n, tight := fields(first, d)
		m, also := fields(second, d)
		if n == 0 || n != m {
			continue
		}
		// Lists in a letter have spaces behind their commas; one more line of
		// the same shape makes them a table, too.
		more := 0
		for _, l := range around(b, i, j) {
			if k, _ := fields(l, d); k == n {
				more++
			}
		}
		if n >= 2 && (tight && also || more >= 1) || tight && also && more >= 2 {
			return true
		}
	}
	return false
}

// lineAt returns the line in which i lies.
func lineAt(b []byte, i int) []byte {
	lo := max(0, i-maxLine)
	if k := bytes.LastIndexByte(b[lo:i], '\n'); k >= 0 {
		lo += k + 1
	}
	hi := min(len(b), i+maxLine)
	if k := bytes.IndexByte(b[i:hi], '\n'); k >= 0 {
		hi = i + k
	}
	return bytes.TrimSuffix(b[lo:hi], []byte("\r"))
}

// around returns the lines before and behind those of two places, and between.
func around(b []byte, i, j int) (l [][]byte) {
	if k := bytes.LastIndexByte(b[max(0, i-maxLine):i], '\n'); k >= 0 {
		l = append(l, lineAt(b, max(0, i-maxLine)+k))
	}
	if k := bytes.IndexByte(b[j:min(len(b), j+maxLine)], '\n'); k >= 0 && j+k+1 < len(b) {
		l = append(l, lineAt(b, j+k+1))
	}
	k := i
	for n := 0; n < 8; n++ {
		x := bytes.IndexByte(b[k:j], '\n')
		if x < 0 {
			break
		}
		k += x + 1
		if next := lineAt(b, k); k < j && k+len(next) < j {
			l = append(l, next)
		}
	}
	return l
}

// fields counts the delimiters of a line that stand outside of quotes; 0 where a
// quote goes on in another line. tight says that hardly any is followed by a
// space.
func fields(l []byte, d byte) (n int, tight bool) {
	quoted, spaced := false, 0
	for i, c := range l {
		switch {
		case c == '"':
			quoted = !quoted
		case c == d && !quoted:
			n++
			if i+1 < len(l) && l[i+1] == ' ' {
				spaced++
			}
		}
	}
	if quoted {
		return 0, false
	}
	return n, 2*spaced < n
}

// stamps are how the lines of a log start: with a time, which a host, a priority
// or an address may precede. 0 is a digit, a a letter or digit, _ a digit or space.
const stamps = "0000-00-00T00:00|0000-00-00 00:00|0000/00/00 00:00|aaa _0 00:00:00|00/aaa/0000:00:00|00:00:00 |00:00:00.|00:00:00,|aaa aaa _0 00:00:00|0000000000"

// stamped reports whether a line of a log starts as l does.
func stamped(l []byte) bool {
	l = l[:min(len(l), 160)]
	t := l
	if len(t) > 3 && t[0] == '<' { // <priority>version (RFC 5424)
		i := 1
		for i < len(t) && i < 4 && isDigit(t[i]) {
			i++
		}
		if i > 1 && i < len(t) && t[i] == '>' {
			if i++; i+1 < len(t) && isDigit(t[i]) && isSpace(t[i+1]) {
				i++
			}
			if t = t[i:]; len(t) > 0 && isSpace(t[0]) {
				t = t[1:]
			}
		}
	}
	if len(t) > 0 && (t[0] == '[' || t[0] == '(') {
		t = t[1:]
	}
	if len(t) == 0 {
		return false
	}
	for rest := stamps; rest != ""; {
		var layout string
		layout, rest, _ = strings.Cut(rest, "|")
		if !laidOut(t, layout) {
			continue
		}
		switch {
		case layout == "0000000000": // seconds since 1970
			i := len(layout)
			if i+1 < len(t) && t[i] == '.' && isDigit(t[i+1]) {
				for i++; i < len(t) && isDigit(t[i]); i++ {
				}
			}
			if i < len(t) && t[i] == ' ' {
				return true
			}
		case layout[0] == 'a' && layout[4] == 'a':
			return strings.Contains("Mon Tue Wed Thu Fri Sat Sun ", string(t[:4]))
		case layout[0] == 'a':
			return strings.Contains("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ", string(t[:4]))
		default:
			return true
		}
	}
	for _, w := range [...]string{"time=", "ts=", "timestamp=", "date=", "level="} {
		if len(l) >= len(w) && string(l[:len(w)]) == w {
			return true
		}
	}
	// The address, ident and user of the common log format.
	i := bytes.IndexByte(l, ' ')
	if i < 2 || i > 45 {
		return false
	}
	for range 2 {
		n := bytes.IndexByte(l[i+1:], ' ')
		if n < 1 {
			return false
		}
		i += 1 + n
	}
	return laidOut(l[i+1:], "[00/aaa/0000:00:00")
}

// laidOut reports whether b starts as one of stamps says.
func laidOut(b []byte, layout string) bool {
	if len(b) < len(layout) {
		return false
	}
	for i := range len(layout) {
		switch c := b[i]; layout[i] {
		case '0':
			if !isDigit(c) {
				return false
			}
		case 'a':
			if !isAlnum(c) {
				return false
			}
		case '_':
			if !isDigit(c) && c != ' ' {
				return false
			}
		default:
			if c != layout[i] {
				return false
			}
		}
	}
	return true
}
