package engine

import (
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A notation is how a text says what its values are.
type notation uint8

const (
	prose    notation = iota
	jsonText          // one or many of RFC 8259
	xmlText
	keyLines // "key: value", "key=value": YAML, ini files, the environment
)

// keyed lists the endings of files whose lines have keys.
var keyed = map[string]bool{
	".yaml": true, ".yml": true, ".ini": true, ".env": true, ".properties": true, ".toml": true, ".conf": true, ".cfg": true, ".cnf": true,
	".po": true, ".desktop": true, ".url": true,
}

// notationOf returns the notation of the text that starts with head.
func notationOf(head []byte, name string) notation {
	b := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	ext := strings.ToLower(path.Ext(name))
	switch {
	case len(b) == 0:
		return prose
	case keyed[ext]:
		return keyLines
	case bytes.HasPrefix(b, []byte("<?xml")) || b[0] == '<' && len(b) > 1 && (b[1]|0x20 >= 'a' && b[1]|0x20 <= 'z' || b[1] == '!'):
		return xmlText
	case ext == ".json" || ext == ".jsonl" || ext == ".ndjson" || ext == ".geojson" || ext == ".jsonc" || ext == ".json5" || ext == ".har" || ext == ".ipynb":
		return jsonText
	case b[0] == '{' || b[0] == '[':
		if rest := bytes.TrimLeft(b[1:], " \t\r\n{["); len(rest) > 0 && rest[0] == '"' {
			return jsonText
		}
	}
	return prose
}

const (
	keyReach  = 16 << 10 // how far in front of a value its keys are looked for, in bytes
	keyLevels = 8        // how many of them are told
)

// keysAt returns what a text calls the value at off, from outside in; nil where
// that is not in sight.
func (n notation) keysAt(text []byte, off int) []string {
	if off < 0 || off > len(text) {
		return nil
	}
	from := max(0, off-keyReach)
	text, off = text[from:], off-from
	var keys []string
	switch n {
	case jsonText:
		keys = jsonKeys(text, off)
	case xmlText:
		keys = xmlKeys(text, off)
	case keyLines:
		keys = lineKeys(text, off)
	}
	for i, j := 0, len(keys)-1; i < j; i, j = i+1, j-1 {
		keys[i], keys[j] = keys[j], keys[i]
	}
	return keys
}

// keyPath joins keys to the name of a field. What is no name, as an address
// that serves as a key, shows as "*".
func keyPath(keys []string) string {
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteByte('.')
		}
		if !fieldName(k) {
			k = "*"
		}
		b.WriteString(k)
	}
	return b.String()
}

func fieldName(k string) bool {
	if len(k) == 0 || len(k) > maxColumnName || !utf8.ValidString(k) {
		return false
	}
	digits := 0
	for i, c := range k {
		switch {
		case unicode.IsLetter(c), c == '_', i > 0 && strings.ContainsRune(" -:$/", c):
		case unicode.IsDigit(c) && i > 0 && digits < 3:
			digits++
		case c == '$':
		default:
			return false
		}
	}
	return true
}

// jsonKeys reads backwards from a value, so that nothing need be known of what
// stands before: a quotation mark without a backslash begins or ends a text.
func jsonKeys(b []byte, off int) (keys []string) {
	i := off
	if q := jsonQuote(b, off); q >= 0 {
		before, behind := lastByte(b[:q]), firstByte(b[q+1:off])
		if before == 0 || bytes.IndexByte([]byte(":,[{"), before) >= 0 && behind != ':' {
			i = q // the value is a text
		}
	}
	for len(keys) < keyLevels {
		i = len(bytes.TrimRight(b[:i], " \t\r\n"))
		if i > 0 && b[i-1] == ':' {
			i = len(bytes.TrimRight(b[:i-1], " \t\r\n"))
			if i == 0 || b[i-1] != '"' {
				return keys
			}
			q := jsonQuote(b, i-1)
			if q < 0 {
				return keys
			}
			keys = append(keys, string(b[q+1:i-1]))
			i = q
		}
		if i = jsonOpens(b, i); i < 0 {
			return keys
		}
	}
	return keys
}

// jsonQuote returns where the last quotation mark before i stands that is not
// escaped.
func jsonQuote(b []byte, i int) int {
	for {
		i = bytes.LastIndexByte(b[:i], '"')
		if i < 0 {
			return -1
		}
		n := 0
		for n < i && b[i-1-n] == '\\' {
			n++
		}
		if n%2 == 0 {
			return i
		}
	}
}

// jsonOpens returns where the object or array begins in which i lies.
func jsonOpens(b []byte, i int) int {
	depth := 0
	for i--; i >= 0; i-- {
		switch b[i] {
		case '"':
			if i = jsonQuote(b, i); i < 0 {
				return -1
			}
		case '}', ']':
			depth++
		case '{', '[':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return -1
}

func lastByte(b []byte) byte {
	if b = bytes.TrimRight(b, " \t\r\n"); len(b) > 0 {
		return b[len(b)-1]
	}
	return 0
}

func firstByte(b []byte) byte {
	if b = bytes.TrimLeft(b, " \t\r\n"); len(b) > 0 {
		return b[0]
	}
	return 0
}

// xmlKeys reads backwards from a value: it stands in an attribute, or in
// elements that began before it and have not ended.
func xmlKeys(b []byte, off int) (keys []string) {
	open, shut := bytes.LastIndexByte(b[:off], '<'), bytes.LastIndexByte(b[:off], '>')
	i := off
	if open > shut {
		// name="value"
		tag := b[open+1 : off]
		q := max(bytes.LastIndex(tag, []byte(`="`)), bytes.LastIndex(tag, []byte(`='`)))
		if q < 0 {
			return nil
		}
		if name := xmlName(lastWord(tag[:q])); name != "" {
			keys = append(keys, name)
		}
		keys = append(keys, xmlName(tag))
		i = open
	}
	depth := 0
	for len(keys) < 3 {
		end := bytes.LastIndexByte(b[:i], '>')
		if end < 0 {
			return keys
		}
		i = bytes.LastIndexByte(b[:end], '<')
		if i < 0 || i+1 >= end {
			return keys
		}
		switch tag := b[i+1 : end]; {
		case tag[0] == '/':
			depth++
		case tag[0] == '!' || tag[0] == '?' || tag[len(tag)-1] == '/':
		case depth > 0:
			depth--
		default:
			name := xmlName(tag)
			if k := bytes.Index(tag, []byte(" name=")); k > 0 && len(tag) > k+7 {
				// <field name="email">, as databases and office programs write.
				v := tag[k+7:]
				if q := bytes.IndexByte(v, tag[k+6]); q > 0 {
					name = string(v[:q])
				}
			}
			keys = append(keys, name)
		}
	}
	return keys
}

// xmlName returns the name at the start of a tag, without its prefix.
func xmlName(tag []byte) string {
	n := bytes.IndexAny(tag, " \t\r\n/>=")
	if n < 0 {
		n = len(tag)
	}
	name := tag[:n]
	if k := bytes.IndexByte(name, ':'); k >= 0 {
		name = name[k+1:]
	}
	return string(name)
}

func lastWord(b []byte) []byte {
	b = bytes.TrimRight(b, " \t\r\n")
	return b[bytes.LastIndexAny(b, " \t\r\n<\"'")+1:]
}

// lineKeys reads the key in front of a value, and those of the lines above that
// are indented less (YAML 1.2, section 8.2), or of the section.
func lineKeys(b []byte, off int) (keys []string) {
	start := bytes.LastIndexByte(b[:off], '\n') + 1
	indent := -1
	if key, n := lineKey(b[start:off]); key != "" {
		keys, indent = append(keys, key), n
	} else {
		indent = indentOf(b[start:])
	}
	for start > 0 && len(keys) < keyLevels && (indent > 0 || len(keys) < 2) {
		end := start - 1
		start = bytes.LastIndexByte(b[:end], '\n') + 1
		line := bytes.TrimRight(b[start:end], " \t\r")
		if len(line) > 2 && line[0] == '[' && line[len(line)-1] == ']' {
			return append(keys, string(line[1:len(line)-1]))
		}
		if indent <= 0 {
			continue
		}
		if key, n := lineKey(line); key != "" && n < indent && bytes.HasSuffix(line, []byte(":")) {
			keys, indent = append(keys, key), n
		}
	}
	return keys
}

func indentOf(line []byte) int {
	return len(line) - len(bytes.TrimLeft(line, " \t"))
}

// lineKey returns the key at the start of a line and how far it is indented;
// the dash of a list counts as that.
func lineKey(line []byte) (key string, indent int) {
	rest := bytes.TrimLeft(line, " \t")
	for len(rest) > 1 && rest[0] == '-' && rest[1] == ' ' {
		rest = bytes.TrimLeft(rest[1:], " ")
	}
	indent = len(line) - len(rest)
	rest = bytes.TrimPrefix(rest, []byte("export "))
	n := bytes.IndexAny(rest, ":=")
	if n <= 0 || rest[n] == ':' && n+1 < len(rest) && rest[n+1] != ' ' {
		return "", indent
	}
	name := string(bytes.Trim(rest[:n], " \t\"'"))
	if strings.Count(name, " ") > 2 {
		return "", indent
	}
	return name, indent
}
