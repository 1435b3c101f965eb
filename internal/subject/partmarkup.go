package subject

import "bytes"

// serialized reports whether the next element of an array follows that PHP has
// serialized: i:1;a:2:{ or i:1;O:4:"User":2:{.
func serialized(b []byte) bool {
	i := 0
	if len(b) < 6 || b[0] != 'i' || b[1] != ':' {
		return false
	}
	for i = 2; i < len(b) && isDigit(b[i]); i++ {
	}
	return i > 2 && i+2 < len(b) && b[i] == ';' && (b[i+1] == 'a' || b[i+1] == 'O') && b[i+2] == ':'
}

// cards reports whether a card or an entry of a directory ends in b: vCard (RFC
// 6350), iCalendar (RFC 5545), LDIF (RFC 2849).
func cards(b []byte) bool {
	for _, mark := range [...]string{"BEGIN:VCARD", "BEGIN:VEVENT", "BEGIN:VTODO", "\ndn:"} {
		i := indexFold(b, mark)
		for i > 0 && mark[0] == '\n' && b[i-1] != '\n' && b[i-1] != '\r' {
			k := indexFold(b[i+1:], mark) // an empty line stands before an entry
			if k < 0 {
				i = -1
				break
			}
			i += 1 + k
		}
		if i >= 0 && (mark[0] == '\n' || i == 0 || b[i-1] == '\n') {
			return true
		}
	}
	return false
}

// indexFold is bytes.Index for ASCII in any case.
func indexFold(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if lowerByte(b[i]) == lowerByte(s[0]) && bytes.EqualFold(b[i:i+len(s)], []byte(s)) {
			return i
		}
	}
	return -1
}

// within are the elements that follow each other in one record: of a text, and
// cells and fields.
const within = " p div span td th li dt dd br b i a em strong label input option section h1 h2 h3 h4 field column cell value data property attribute string int "

// siblings reports whether an element that began before b[i:j] ends in it, and
// one of the same name follows it that holds elements of its own, as rows and
// records do: </tr><tr>, </client><client><name>; or one that is all attributes:
// <client .../><client .../>.
func siblings(b []byte, i, j int) bool {
	// An element that is all attributes ends before any other begins.
	for k := i; k+1 < j; k++ {
		if b[k] == '<' {
			break
		}
		if b[k] != '/' || b[k+1] != '>' {
			continue
		}
		from := bytes.LastIndexByte(b[max(0, i-maxLine):i], '<')
		if from < 0 {
			break
		}
		name := tagName(b[max(0, i-maxLine)+from+1:])
		n := k + 2
		for n < j && isSpace(b[n]) {
			n++
		}
		return len(name) > 0 && n < j && b[n] == '<' && bytes.Equal(tagName(b[n+1:]), name)
	}
	depth := 0
	for k := i; k < j; k++ {
		if b[k] != '<' || k+1 >= j {
			continue
		}
		closes := b[k+1] == '/'
		at := k + 1
		if closes {
			at++
		}
		name := tagName(b[at:j])
		if len(name) == 0 {
			continue
		}
		end := bytes.IndexByte(b[at:j], '>')
		if end < 0 {
			return false
		}
		end += at
		switch {
		case !closes && b[end-1] != '/':
			depth++
		case closes && depth > 0:
			depth--
		case closes:
			n := end + 1
			for n < len(b) && isSpace(b[n]) {
				n++
			}
			// What follows may be what holds the second place.
			if n >= j || b[n] != '<' || !bytes.Equal(tagName(b[n+1:]), name) || !bytes.EqualFold(name, []byte("tr")) && (holds(within, name) || !nested(b, n) && !attributes(b, n)) {
				continue
			}
			return true
		}
		k = end
	}
	return false
}

func holds(list string, name []byte) bool {
	var buf [24]byte
	if len(name) > len(buf)-2 {
		return false
	}
	w := append(buf[:0], ' ')
	for _, c := range name {
		w = append(w, lowerByte(c))
	}
	return bytes.Contains([]byte(list), append(w, ' '))
}

// nested reports whether another element begins right inside the one at i.
func nested(b []byte, i int) bool {
	end := bytes.IndexByte(b[i:min(len(b), i+maxLine)], '>')
	if end < 0 {
		return false
	}
	for i += end + 1; i < len(b) && isSpace(b[i]); i++ {
	}
	return i+1 < len(b) && b[i] == '<' && isAlpha(b[i+1])
}

// attributes reports whether the element at i is all attributes.
func attributes(b []byte, i int) bool {
	tag := b[i:min(len(b), i+maxLine)]
	end := bytes.IndexByte(tag, '>')
	return end > 0 && tag[end-1] == '/' && bytes.IndexByte(tag[:end], '=') > 0
}

func tagName(b []byte) []byte {
	n := 0
	for n < len(b) && n < 64 && (isAlnum(b[n]) || b[n] == ':' || b[n] == '_' || b[n] == '-' || b[n] == '.') {
		n++
	}
	if n == 0 || !isAlpha(b[0]) {
		return nil
	}
	return b[:n]
}

// items reports whether an item of a list in YAML begins in b[i:j] that is a
// mapping of several keys, as the one before it is. Each line of a list in a
// letter is an item of one line.
func items(b []byte, i, j int) bool {
	for k := i; ; {
		x := bytes.IndexByte(b[k:j], '\n')
		if x < 0 {
			return false
		}
		k += x + 1
		indent, ok := item(b, k)
		if !ok {
			continue
		}
		// The item before starts with the same indent.
		for p := k - 1; p > 0 && k-p < maxLine; {
			from := bytes.LastIndexByte(b[:p], '\n') + 1
			if other, ok := item(b, from); ok && other == indent {
				return true
			}
			if n := indentAt(b, from); n <= indent && n >= 0 {
				break
			}
			p = from - 1
		}
	}
}

// item reports whether an item of several keys begins in the line at i, and how
// far it is indented.
func item(b []byte, i int) (indent int, ok bool) {
	indent = indentAt(b, i)
	if i += max(indent, 0); indent < 0 || i+2 >= len(b) || b[i] != '-' || b[i+1] != ' ' || !keyed(b, i+2) {
		return 0, false
	}
	end := bytes.IndexByte(b[i:min(len(b), i+maxLine)], '\n')
	if end < 0 {
		return 0, false
	}
	next := i + end + 1
	return indent, indentAt(b, next) == indent+2 && keyed(b, next+indent+2)
}

// indentAt counts the spaces at the start of a line, -1 where it is empty.
func indentAt(b []byte, i int) int {
	n := 0
	for i+n < len(b) && b[i+n] == ' ' {
		n++
	}
	if i+n >= len(b) || b[i+n] == '\n' || b[i+n] == '\r' {
		return -1
	}
	return n
}

// keyed reports whether a key and a colon stand at i.
func keyed(b []byte, i int) bool {
	n := 0
	for i+n < len(b) && n < 64 && (isAlnum(b[i+n]) || b[i+n] == '_' || b[i+n] == '-' || b[i+n] == '"' || b[i+n] == '\'') {
		n++
	}
	return n > 0 && i+n+1 < len(b) && b[i+n] == ':' && isSpace(b[i+n+1])
}
