package document

import (
	"bytes"
	"encoding/base64"
	"strings"
)

const (
	maxPathDepth  = 32
	maxPathBase64 = 1 << 20 // of base64 that is decoded for the paths in it, in bytes
)

// FieldPaths returns the names of the fields in which places of a value lie,
// where the value is JSON, XML, or what PHP serializes, with or without the names
// of a session's variables; such values may be texts within each other, and in
// base64. "billing.email" is the field email of the object billing; elements of
// lists have the name of the list, and "*" stands for a name that looks like a
// value. offs are in ascending order; the path of a place that lies in no field
// is empty. The value is read once, leniently: what PHP says of lengths is
// believed where it is true.
func FieldPaths(value []byte, offs []int) []string {
	out := make([]string, len(offs))
	w := pathWalk{offs: offs, out: out}
	w.within(value, 0, len(value), 0)
	return out
}

// Structured reports whether a value that starts like this may have fields.
func Structured(value []byte) bool { return pathKind(value, 0) != pathNone }

type pathForm uint8

const (
	pathNone pathForm = iota
	pathJSON
	pathPHP
	pathSession
	pathXML
	pathBase64
)

// pathKind tells what a value is by its first bytes. quotes is the number of
// backslashes before each of its quotation marks.
func pathKind(b []byte, quotes int) pathForm {
	for len(b) > 0 && dumpSpace(b[0]) {
		b = b[1:]
	}
	if len(b) < 4 {
		return pathNone
	}
	switch {
	case b[0] == '{' || b[0] == '[':
		next := bytes.TrimLeft(b[1:min(len(b), 64)], " \t\r\n\\")
		if len(next) > 0 && (next[0] == '"' || next[0] == '{' || next[0] == '[' || b[0] == '[' && '0' <= next[0] && next[0] <= '9') {
			return pathJSON
		}
		return pathNone
	case b[0] == '<':
		if pathHTML(b) {
			return pathNone
		}
		return pathXML
	case phpStart(b, quotes):
		return pathPHP
	}
	i := 0
	for i < len(b) && i < 64 && (dumpWordByte(b[i]) || b[i] == '-' || b[i] == '.') {
		i++
	}
	if i > 0 && i+4 < len(b) && b[i] == '|' && (phpStart(b[i+1:], quotes) || bytes.HasPrefix(b[i+1:], []byte("N;")) || bytes.HasPrefix(b[i+1:], []byte("i:")) || bytes.HasPrefix(b[i+1:], []byte("b:"))) {
		return pathSession
	}
	if len(b) >= 16 && i >= 16 {
		var head [12]byte
		if n, err := base64.StdEncoding.Decode(head[:], b[:16]); err == nil {
			if k := pathKind(head[:n], 0); k == pathJSON || k == pathPHP {
				return pathBase64
			}
		}
	}
	return pathNone
}

// phpStart reports whether b begins as an array, an object or a text that PHP has
// serialized.
func phpStart(b []byte, quotes int) bool {
	if len(b) < 6 || b[1] != ':' || strings.IndexByte("aOsCE", b[0]) < 0 {
		return false
	}
	i := 2
	for i < len(b) && i < 12 && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	if i == 2 || i+1 >= len(b) || b[i] != ':' {
		return false
	}
	if b[0] == 'a' {
		return b[i+1] == '{'
	}
	return len(b) > i+1+quotes && b[i+1+quotes] == '"'
}

// pathHTML reports whether a text in angle brackets is laid out for people, and
// has no fields.
func pathHTML(b []byte) bool {
	if bytes.HasPrefix(b, []byte("<?xml")) {
		return false
	}
	n := 1
	for n < len(b) && n < 20 && (dumpWordByte(b[n]) || b[n] == '!') {
		n++
	}
	if n == 1 {
		return true
	}
	return strings.Contains(" !doctype html head body p div span a b i u em strong br hr h1 h2 h3 h4 h5 h6 ul ol li dl table thead tbody tr td th img font center blockquote pre code form input script style link meta section article header footer ", " "+strings.ToLower(string(b[1:n]))+" ") ||
		bytes.HasPrefix(b, []byte("<!--"))
}

// A pathWalk goes through a value once, and names the places it comes by.
type pathWalk struct {
	offs  []int
	out   []string
	k     int // of offs, the next
	path  []byte
	depth int
}

// ahead reports whether one of the places lies before to.
func (w *pathWalk) ahead(to int) bool { return w.k < len(w.offs) && w.offs[w.k] < to }

// value names the places in b[from:to], a value, or goes into it where it has
// fields itself.
func (w *pathWalk) value(b []byte, from, to, quotes int) {
	for w.k < len(w.offs) && w.offs[w.k] < from {
		w.k++
	}
	if !w.ahead(to) {
		return
	}
	if w.depth < maxPathDepth && to-from > 4 {
		// A text within a text of JSON has more backslashes.
		next := quotes
		if bytes.HasPrefix(bytes.TrimLeft(b[from:min(to, from+80)], "{[ aOsCE:0123456789"), []byte(`\`)) {
			next = 2*quotes + 1
		}
		if pathKind(b[from:to], next) != pathNone {
			w.within(b, from, to, next)
		}
	}
	for w.ahead(to) {
		w.out[w.k] = string(w.path)
		w.k++
	}
}

// within names the places in b[from:to], which may have fields.
func (w *pathWalk) within(b []byte, from, to, quotes int) {
	w.depth++
	defer func() { w.depth-- }()
	s := pathScan{w, b[:to], quotes}
	switch pathKind(b[from:to], quotes) {
	case pathJSON:
		s.json(from)
	case pathPHP:
		s.php(s.space(from))
	case pathSession:
		s.session(from)
	case pathXML:
		s.xml(from)
	case pathBase64:
		s.base64(from)
	}
}

// under adds a name to the path while f runs.
func (w *pathWalk) under(name []byte, f func()) {
	was := len(w.path)
	key := string(name)
	if !fieldName(key) {
		key = "*"
	}
	if was > 0 {
		w.path = append(w.path, '.')
	}
	w.path = append(w.path, key...)
	f()
	w.path = w.path[:was]
}

// pathScan reads one value. Its functions return where they got to, -1 where it
// is not what it should be.
type pathScan struct {
	*pathWalk
	b      []byte
	quotes int // backslashes before a quotation mark
}

func (s pathScan) space(i int) int {
	for i < len(s.b) && (dumpSpace(s.b[i]) || s.b[i] == '\\' && i+1 < len(s.b) && (s.b[i+1] == 'n' || s.b[i+1] == 'r' || s.b[i+1] == 't')) {
		if s.b[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// opens returns the place behind the quotation mark at i, -1 where there is none.
func (s pathScan) opens(i int) int {
	n := 0
	for i+n < len(s.b) && s.b[i+n] == '\\' {
		n++
	}
	if n != s.quotes || i+n >= len(s.b) || s.b[i+n] != '"' {
		return -1
	}
	return i + n + 1
}

// closes returns where the text that starts at i ends, and the place behind its
// quotation mark.
func (s pathScan) closes(i int) (end, behind int) {
	for from := i; ; {
		k := bytes.IndexByte(s.b[from:], '"')
		if k < 0 {
			return -1, -1
		}
		k += from
		n := 0
		for k-n > i && s.b[k-n-1] == '\\' {
			n++
		}
		if n%(2*(s.quotes+1)) == s.quotes {
			return k - s.quotes, k + 1
		}
		from = k + 1
	}
}

// json reads a value of JSON (RFC 8259).
func (s pathScan) json(i int) int {
	i = s.space(i)
	if i >= len(s.b) || s.depth > maxPathDepth {
		return -1
	}
	switch s.b[i] {
	case '{', '[':
		s.depth++
		defer func() { s.depth-- }()
		object := s.b[i] == '{'
		for i++; ; i++ {
			i = s.space(i)
			if i >= len(s.b) || !s.ahead(len(s.b)) {
				return -1
			}
			if s.b[i] == '}' || s.b[i] == ']' {
				return i + 1
			}
			if object {
				from := s.opens(i)
				if from < 0 {
					return -1
				}
				end, behind := s.closes(from)
				if end < 0 {
					return -1
				}
				s.value(s.b, from, end, s.quotes) // what is in the name itself
				if i = s.space(behind); i >= len(s.b) || s.b[i] != ':' {
					return -1
				}
				s.under(s.b[from:end], func() { i = s.json(i + 1) })
			} else {
				i = s.json(i)
			}
			if i < 0 {
				return -1
			}
			if i = s.space(i); i >= len(s.b) {
				return -1
			}
			if s.b[i] != ',' {
				if s.b[i] == '}' || s.b[i] == ']' {
					return i + 1
				}
				return -1
			}
		}
	}
	if from := s.opens(i); from >= 0 {
		end, behind := s.closes(from)
		if end < 0 {
			end, behind = len(s.b), -1
		}
		s.value(s.b, from, end, s.quotes)
		return behind
	}
	from := i
	for i < len(s.b) && strings.IndexByte(",]} \t\r\n\\", s.b[i]) < 0 {
		i++
	}
	s.value(s.b, from, i, s.quotes)
	if i == from {
		return -1
	}
	return i
}

// session reads the variables of a session of PHP (session.serialize_handler =
// php).
func (s pathScan) session(i int) {
	for i = s.space(i); i >= 0 && i < len(s.b) && s.ahead(len(s.b)); {
		k := bytes.IndexByte(s.b[i:], '|')
		if k < 0 {
			return
		}
		name := s.b[i : i+k]
		s.under(name, func() { i = s.php(i + k + 1) })
	}
}

// php reads a value of PHP's serialize().
func (s pathScan) php(i int) int {
	if i < 0 || i+1 >= len(s.b) || s.depth > maxPathDepth {
		return -1
	}
	switch c := s.b[i]; c {
	case 'N':
		return i + 2
	case 'b', 'i', 'd', 'r', 'R':
		k := bytes.IndexByte(s.b[i:], ';')
		if k < 2 {
			return -1
		}
		s.value(s.b, i+2, i+k, s.quotes)
		return i + k + 1
	case 's', 'S', 'E':
		from, end, behind := s.phpText(i)
		if end < 0 {
			return -1
		}
		s.value(s.b, from, end, s.quotes)
		return behind
	case 'a', 'O', 'C':
		if c != 'a' {
			// The length and the name of the class.
			k := bytes.IndexByte(s.b[i+2:], ':')
			if k < 0 {
				return -1
			}
			from := s.opens(i + 2 + k + 1)
			if from < 0 {
				return -1
			}
			_, behind := s.closes(from)
			if behind < 0 {
				return -1
			}
			i = behind
		} else {
			i += 2
		}
		k := bytes.IndexByte(s.b[i:min(len(s.b), i+24)], '{')
		if k < 0 {
			return -1
		}
		i += k + 1
		if c == 'C' { // in a form of the class's own
			end := bytes.IndexByte(s.b[i:], '}')
			if end < 0 {
				return -1
			}
			s.value(s.b, i, i+end, s.quotes)
			return i + end + 1
		}
		s.depth++
		defer func() { s.depth-- }()
		for {
			if i < 0 || i >= len(s.b) || !s.ahead(len(s.b)) {
				return -1
			}
			if s.b[i] == '}' {
				return i + 1
			}
			if s.b[i] == 'i' { // the number of an element
				k := bytes.IndexByte(s.b[i:], ';')
				if k < 0 {
					return -1
				}
				i = s.php(i + k + 1)
				continue
			}
			from, end, behind := s.phpText(i)
			if end < 0 {
				return -1
			}
			name := s.b[from:end]
			s.value(s.b, from, end, s.quotes)
			// "\0Class\0name" is private, "\0*\0name" protected.
			if z := bytes.LastIndexByte(name, 0); z >= 0 {
				name = name[z+1:]
			} else if z := bytes.LastIndex(name, []byte(`\0`)); z >= 0 {
				name = name[z+2:]
			}
			s.under(name, func() { i = s.php(behind) })
		}
	}
	return -1
}

// phpText reads a text with its length at i: s:3:"abc";
func (s pathScan) phpText(i int) (from, end, behind int) {
	if i+4 > len(s.b) || strings.IndexByte("sSE", s.b[i]) < 0 || s.b[i+1] != ':' {
		return -1, -1, -1
	}
	n, k := 0, i+2
	for k < len(s.b) && k < i+12 && '0' <= s.b[k] && s.b[k] <= '9' {
		n = n*10 + int(s.b[k]-'0')
		k++
	}
	if k >= len(s.b) || s.b[k] != ':' {
		return -1, -1, -1
	}
	if from = s.opens(k + 1); from < 0 {
		return -1, -1, -1
	}
	if s.quotes == 0 && n <= len(s.b)-from-2 && s.b[from+n] == '"' && s.b[from+n+1] == ';' {
		return from, from + n, from + n + 2
	}
	// The length is wrong, or one of what this stands for.
	for at := from; ; {
		k := bytes.Index(s.b[at:], []byte(`";`))
		if k < 0 {
			return from, len(s.b), len(s.b)
		}
		k += at
		b := 0
		for k-b > from && s.b[k-b-1] == '\\' {
			b++
		}
		if b == s.quotes || s.quotes == 0 {
			return from, k - s.quotes, k + 2
		}
		at = k + 1
	}
}

// xml reads elements, leniently.
func (s pathScan) xml(i int) {
	var lens []int // of the path, before each element that is open
	was := len(s.path)
	defer func() { s.pathWalk.path = s.pathWalk.path[:was] }()
	for i < len(s.b) && s.ahead(len(s.b)) {
		k := bytes.IndexByte(s.b[i:], '<')
		if k < 0 {
			k = len(s.b) - i
		}
		s.value(s.b, i, i+k, s.quotes)
		i += k
		rest := s.b[i:]
		switch {
		case len(rest) == 0:
			return
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end := bytes.Index(rest, []byte("]]>"))
			if end < 0 {
				end = len(rest) - 3
			}
			s.value(s.b, i+9, max(i+9, i+end), s.quotes)
			i += max(end+3, 9)
			continue
		}
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			return
		}
		tag := rest[1:end]
		switch {
		case len(tag) == 0 || tag[0] == '!' || tag[0] == '?':
		case tag[0] == '/':
			if n := len(lens); n > 0 {
				s.pathWalk.path = s.pathWalk.path[:lens[n-1]]
				lens = lens[:n-1]
			}
		default:
			n := 0
			for n < len(tag) && !dumpSpace(tag[n]) && tag[n] != '/' {
				n++
			}
			name := tag[:n]
			if c := bytes.IndexByte(name, ':'); c >= 0 {
				name = name[c+1:]
			}
			before := len(s.path)
			if len(lens) < maxPathDepth {
				s.push(name)
			}
			s.attributes(i+1+n, i+end)
			if tag[len(tag)-1] == '/' {
				s.pathWalk.path = s.pathWalk.path[:before]
			} else {
				lens = append(lens, before)
			}
		}
		i += end + 1
	}
}

func (s pathScan) push(name []byte) {
	key := string(name)
	if !fieldName(key) {
		key = "*"
	}
	if len(s.path) > 0 {
		s.pathWalk.path = append(s.pathWalk.path, '.')
	}
	s.pathWalk.path = append(s.pathWalk.path, key...)
}

// attributes names the places in the attributes b[from:to] of an element.
func (s pathScan) attributes(from, to int) {
	for from < to && s.ahead(to) {
		eq := bytes.IndexByte(s.b[from:to], '=')
		if eq < 0 {
			break
		}
		name := bytes.TrimSpace(s.b[from : from+eq])
		if from += eq + 1; from >= to {
			break
		}
		quote := s.b[from]
		end := to
		if quote == '"' || quote == '\'' {
			from++
			if k := bytes.IndexByte(s.b[from:to], quote); k >= 0 {
				end = from + k
			}
		}
		s.under(name, func() { s.value(s.b, from, end, s.quotes) })
		from = end + 1
	}
	s.value(s.b, from, to, s.quotes)
}

// base64 decodes what starts at i, and names the places in that: those of groups
// of four letters.
func (s pathScan) base64(i int) {
	text := bytes.TrimRight(s.b[i:min(len(s.b), i+maxPathBase64)], " \r\n\t=")
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, _ := base64.RawStdEncoding.Decode(out, text)
	sub := pathWalk{path: s.path, depth: s.depth}
	first := s.k
	for k := s.k; k < len(s.offs) && s.offs[k] < i+len(text); k++ {
		// The group holds the first letter of what was found, somewhere.
		sub.offs = append(sub.offs, min((s.offs[k]-i)/4*3+2, n))
	}
	sub.out = make([]string, len(sub.offs))
	sub.within(out[:n], 0, n, 0)
	for k, path := range sub.out {
		if path != "" {
			s.out[first+k] = path
			s.pathWalk.k = first + k + 1
		}
	}
}
