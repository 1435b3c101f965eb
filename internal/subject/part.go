package subject

import (
	"bytes"
	"regexp"
)

// apart reports whether b[:i] ends in one record of a text and b[j:] starts in
// another: in two objects of one array or in two JSON texts that follow each
// other, in two tuples of an INSERT, in two lines of a table or of a log.
func apart(b []byte, i, j int) bool {
	return elements(b[i:j]) || lines(b, i, j)
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
			if open == '{' && comma && numbered(b[n:]) {
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

// stamp is how the lines of a log start: with a time, which a host, a priority
// or an address may precede.
var stamp = regexp.MustCompile(`^(<\d{1,3}>\d?\s?)?[\[(]?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d{4}/\d\d/\d\d \d\d:\d\d|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d|\d\d/\w{3}/\d{4}:\d\d:\d\d|\d\d:\d\d:\d\d[ .,]|\d{10}(\.\d+)? |(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d)|^\S{2,45} \S+ \S+ \[\d\d/\w{3}/\d{4}:\d\d:\d\d|^(time|ts|timestamp|date|level)=`)

func stamped(l []byte) bool { return stamp.Match(l[:min(len(l), 160)]) }
