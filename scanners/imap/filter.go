package imap

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxResponse is the longest LIST response that is looked into, in bytes.
const maxResponse = 1 << 20

// A listFilter takes LIST and STATUS responses out of a stream whose mailbox
// name is not valid modified UTF-7 (RFC 3501, section 5.1.3). Servers list such
// folders, but nobody can open them by IMAP; the client library ends the
// connection at the first, and the whole account would be lost.
type listFilter struct {
	buf  []byte   // the beginning of a response
	bad  []string // names that were taken out, as the server wrote them
	pass bool     // too long: leave everything alone
}

// feed takes bytes of the stream and returns those to go on with.
func (f *listFilter) feed(in []byte) (out []byte) {
	f.buf = append(f.buf, in...)
	if bytes.IndexByte(in, '\n') < 0 && len(f.buf) <= maxResponse && !f.pass {
		return nil
	}
	for !f.pass {
		n := responseLen(f.buf)
		if n == 0 {
			f.pass = len(f.buf) > maxResponse
			break
		}
		resp := f.buf[:n]
		name, list, bad := mailboxName(resp)
		switch {
		case bad && list:
			f.bad = append(f.bad, name)
		case !bad && isResponse(resp):
			out = append(out, resp...)
		}
		f.buf = f.buf[n:]
	}
	if f.pass {
		out = append(out, f.buf...)
		f.buf = nil
	}
	return out
}

// isResponse reports whether a line begins as a response does. Dovecot quotes
// the names of folders as they are in texts, line breaks included.
func isResponse(b []byte) bool {
	if len(b) > 0 && (b[0] == '*' || b[0] == '+') {
		return true
	}
	// The library's tags are T1, T2 ...
	return len(b) > 1 && b[0] == 'T' && b[1] >= '0' && b[1] <= '9'
}

// responseLen returns the length of the first response in b, with its literals,
// and 0 while it is incomplete.
func responseLen(b []byte) int {
	for pos := 0; pos <= len(b); {
		i := bytes.IndexByte(b[pos:], '\n')
		if i < 0 {
			return 0
		}
		end := pos + i + 1
		n, ok := literalLen(b[pos:end])
		if !ok {
			return end
		}
		pos = end + n
	}
	return 0
}

// literalLen returns the length of the literal that a line announces at its end.
func literalLen(line []byte) (int, bool) {
	line = bytes.TrimRight(line, "\r\n")
	if !bytes.HasSuffix(line, []byte("}")) {
		return 0, false
	}
	i := bytes.LastIndexByte(line, '{')
	if i < 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(line[i+1:len(line)-1]), 10, 31)
	return int(n), err == nil
}

// mailboxName returns the mailbox name of a LIST or STATUS response if it is not
// valid. Ok is false where the response is another or its name is valid.
func mailboxName(resp []byte) (name string, list, ok bool) {
	s := string(resp)
	switch {
	case len(s) >= 7 && strings.EqualFold(s[:7], "* LIST "):
		// Flags hold no parentheses.
		_, rest, found := strings.Cut(s[7:], ")")
		if !found {
			return "", false, false
		}
		if _, rest, found = astring(strings.TrimLeft(rest, " ")); !found {
			return "", false, false
		}
		s, list = strings.TrimLeft(rest, " "), true
	case len(s) >= 9 && strings.EqualFold(s[:9], "* STATUS "):
		s = s[9:]
	default:
		return "", false, false
	}
	name, _, found := astring(s)
	if !found {
		// An atom of other characters than atoms have.
		name, _, _ = strings.Cut(strings.TrimRight(s, "\r\n"), " ")
		return name, list, name != "" && name[0] != '"' && name[0] != '{'
	}
	return name, list, !validName(name)
}

// astring reads an atom, a quoted string or a literal from the beginning of s.
func astring(s string) (v, rest string, ok bool) {
	switch {
	case s == "":
	case s[0] == '"':
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '"':
				return b.String(), s[i+1:], true
			case '\\':
				if i++; i == len(s) {
					return "", "", false
				}
			}
			b.WriteByte(s[i])
		}
	case s[0] == '{':
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			return "", "", false
		}
		n, lit := literalLen([]byte(s[:i+1]))
		if s = s[i+1:]; lit && n <= len(s) {
			return s[:n], s[n:], true
		}
	default:
		i := 0
		for i < len(s) && s[i] > ' ' && s[i] < 0x7f && !strings.ContainsRune(`(){%*"\`, rune(s[i])) {
			i++
		}
		if i > 0 && (i == len(s) || s[i] == ' ' || s[i] == '\r' || s[i] == '\n') {
			return s[:i], s[i:], true
		}
	}
	return "", "", false
}

// validName reports whether s is modified UTF-7, or UTF-8 as newer servers send
// it.
func validName(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	shifted := false // the previous character was in base64
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
		if s[i] != '&' {
			shifted = false
			continue
		}
		n := strings.IndexByte(s[i+1:], '-')
		if n < 0 {
			return false
		}
		enc := s[i+1 : i+1+n]
		i += n + 1
		if enc == "" {
			shifted = false
			continue
		}
		if shifted || !validShift(enc) {
			return false
		}
		shifted = true
	}
	return true
}

// validShift reports whether s is UTF-16 in modified base64, without characters
// that have to stand for themselves.
func validShift(s string) bool {
	if strings.ContainsAny(s, "/\r\n") {
		return false
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(s, ",", "/"))
	if err != nil || len(b) == 0 || len(b)%2 != 0 {
		return false
	}
	for i := 0; i < len(b); i += 2 {
		r := rune(b[i])<<8 | rune(b[i+1])
		if utf16.IsSurrogate(r) {
			if i += 2; i == len(b) || utf16.DecodeRune(r, rune(b[i])<<8|rune(b[i+1])) == utf8.RuneError {
				return false
			}
		} else if r >= ' ' && r <= '~' {
			return false
		}
	}
	return true
}

// A framer follows the lines of a stream, to end it before a response on which
// the client library (v2.0.0-beta.8) would spin for ever: a list of capabilities
// with a parenthesis in it.
type framer struct {
	literal int64  // bytes that are left of a literal
	line    []byte // the line so far, or maxHead bytes of it
	tail    []byte // its end where it is longer
}

const (
	maxHead = 16 << 10
	maxTail = 32
)

// feed reports whether b may be passed on.
func (f *framer) feed(b []byte) bool {
	for len(b) > 0 {
		if f.literal > 0 {
			n := min(f.literal, int64(len(b)))
			f.literal -= n
			b = b[n:]
			continue
		}
		n, whole := bytes.IndexByte(b, '\n')+1, true
		if n == 0 {
			n, whole = len(b), false
		}
		piece := b[:n]
		b = b[n:]
		k := min(len(piece), maxHead-len(f.line))
		f.line = append(f.line, piece[:k]...)
		if k < len(piece) {
			f.tail = append(f.tail, piece[max(k, len(piece)-maxTail):]...)
			f.tail = f.tail[max(0, len(f.tail)-maxTail):]
		}
		if spins(f.line) {
			return false
		}
		if whole {
			end := f.line
			if len(f.tail) > 0 {
				// A short tail goes on where the head ends.
				end = append(f.line[max(0, len(f.line)-maxTail):], f.tail...)
			}
			if n, ok := literalLen(end); ok {
				f.literal = int64(n)
			}
			f.line, f.tail = f.line[:0], f.tail[:0]
		}
	}
	return true
}

// spins reports whether the beginning of a line holds capabilities with a
// parenthesis, or more of them than fit.
func spins(line []byte) bool {
	i := bytes.IndexByte(line, ' ')
	if i < 0 {
		return false
	}
	rest := line[i+1:]
	caps := []byte(nil)
	if hasFold(rest, "CAPABILITY") {
		caps = rest
	} else if j := bytes.IndexByte(rest, '['); j > 0 && j <= len("PREAUTH ") && hasFold(rest[j+1:], "CAPABILITY") {
		if caps, _, _ = bytes.Cut(rest[j:], []byte("]")); len(caps) == len(rest)-j && len(line) >= maxHead {
			return true
		}
	}
	return caps != nil && (len(line) >= maxHead || bytes.IndexByte(caps, '(') >= 0)
}

func hasFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}
