package links

import "bytes"

// maxInside bounds how much of a cell is looked through for keys, in bytes.
const maxInside = 64 << 10

// MayHoldKeys reports whether a cell looks like JSON or like what PHP makes of
// values (serialize, session_encode), which may hold keys of other rows.
func MayHoldKeys(cell []byte) bool {
	if len(cell) < 8 {
		return false
	}
	switch c := cell[0]; {
	case c == '{', c == '[':
		return bytes.IndexByte(cell[:min(len(cell), 4096)], ':') > 0
	case (c == 'a' || c == 'O') && cell[1] == ':':
		return true
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_':
		// "client_id|i:4711;"
		k := bytes.IndexByte(cell[:min(len(cell), 64)], '|')
		return k > 0 && k+2 < len(cell) && cell[k+2] == ':'
	}
	return false
}

// An Inside takes keys out of cells, most of which have members of the same
// names. The zero value is ready for use, by one goroutine.
type Inside struct {
	known map[string]string // names of members; empty where not those of keys
}

// Each calls fn with the members of a cell whose names are those of keys, and
// their values: whole numbers and short texts. The cell is as MayHoldKeys says;
// what is not well-formed in it is passed over.
func (x *Inside) Each(cell []byte, fn func(name string, value []byte)) {
	cell = cell[:min(len(cell), maxInside)]
	if cell[0] == '{' || cell[0] == '[' {
		x.json(cell, fn)
		return
	}
	x.php(cell, fn)
}

func (x *Inside) json(p []byte, fn func(name string, value []byte)) {
	for {
		k := bytes.IndexByte(p, '"')
		if k < 0 {
			return
		}
		name, rest, ok := quotedText(p[k:])
		if !ok {
			return
		}
		p = unspaced(rest)
		if len(p) == 0 || p[0] != ':' {
			continue
		}
		p = unspaced(p[1:])
		if len(p) == 0 {
			return
		}
		var value []byte
		if p[0] == '"' {
			if value, rest, ok = quotedText(p); !ok {
				return
			}
			p = rest
		} else {
			n := digits(p)
			value, p = p[:n], p[n:]
		}
		x.emit(name, value, fn)
	}
}

// unspaced returns what stands behind white space (RFC 8259, section 2).
func unspaced(p []byte) []byte {
	for len(p) > 0 && (p[0] == ' ' || p[0] == '\n' || p[0] == '\r' || p[0] == '\t') {
		p = p[1:]
	}
	return p
}

// quotedText takes a quoted text off p, which begins with it. Escapes stay as
// they are.
func quotedText(p []byte) (text, rest []byte, ok bool) {
	for i := 1; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '"':
			return p[1:i], p[i+1:], true
		}
	}
	return nil, nil, false
}

func digits(p []byte) int {
	n := 0
	for n < len(p) && p[n] >= '0' && p[n] <= '9' {
		n++
	}
	return n
}

// maxKnown bounds how many names are remembered.
const maxKnown = 10_000

func (x *Inside) emit(name, value []byte, fn func(name string, value []byte)) {
	if len(name) == 0 || len(name) > 64 || empty(value) {
		return
	}
	n, ok := x.known[string(name)]
	if !ok {
		full := string(name)
		if full != "id" && candidate(full, "") {
			n = full
		}
		if x.known == nil || len(x.known) >= maxKnown {
			x.known = map[string]string{}
		}
		x.known[full] = n
	}
	if n != "" && bytes.IndexByte(value, '\\') < 0 && bytes.IndexByte(value, ' ') < 0 {
		fn(n, value)
	}
}

func (x *Inside) php(p []byte, fn func(name string, value []byte)) {
	var name []byte
	for len(p) > 0 {
		// A session's member: name|value.
		if k := bytes.IndexByte(p[:min(len(p), 64)], '|'); k > 0 && word(p[:k]) {
			name, p = p[:k], p[k+1:]
		}
		var value []byte
		switch {
		case len(p) > 2 && p[0] == 's' && p[1] == ':':
			n := digits(p[2:])
			size := number(p[2 : 2+n])
			start := 2 + n + 2 // :"
			if n == 0 || start > len(p) || size < 0 || size > len(p)-start {
				return
			}
			value, p = p[start:start+size], p[start+size:]
		case len(p) > 2 && p[0] == 'i' && p[1] == ':':
			n := digits(p[2:])
			value, p = p[2:2+n], p[2+n:]
			if name == nil { // the index of a list
				value = nil
			}
		default:
			k := bytes.IndexAny(p, ";{}")
			if k < 0 {
				return
			}
			name, p = nil, p[k+1:]
			continue
		}
		if name != nil {
			x.emit(name, value, fn)
			name = nil
		} else if value != nil {
			name = bytes.Clone(value)
			// A private member is called "\x00Class\x00name".
			if k := bytes.LastIndexByte(name, 0); k >= 0 {
				name = name[k+1:]
			}
		}
		p = bytes.TrimLeft(p, `";`)
	}
}

func word(p []byte) bool {
	for _, c := range p {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// number returns a number of few digits, -1 for others.
func number(p []byte) int {
	if len(p) == 0 || len(p) > 9 {
		return -1
	}
	n := 0
	for _, c := range p {
		n = 10*n + int(c-'0')
	}
	return n
}
