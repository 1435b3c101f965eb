package scanners

import (
	"net/url"
	"strings"
)

const upperhex = "0123456789ABCDEF"

// Escape percent-encodes a name for use within one or more segments of a URI's
// path (RFC 3986, section 3.3). Slashes stay; "!" is written %21, so that "!/"
// always enters a container; ";" is written %3B and bytes that are not UTF-8
// keep their values. Dot segments get their dots encoded, since they would
// otherwise be removed.
func Escape(name string) string {
	var b strings.Builder
	for i, seg := range strings.Split(name, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		if seg == "." || seg == ".." {
			b.WriteString(strings.ReplaceAll(seg, ".", "%2E"))
			continue
		}
		escape(&b, seg, "-._~$&'()*+,=:@")
	}
	return b.String()
}

// EscapeSegment is Escape for a single segment: slashes are encoded too.
func EscapeSegment(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	var b strings.Builder
	escape(&b, name, "-._~$&'()*+,=:@")
	return b.String()
}

// EscapeQuery percent-encodes a name or value for use in a URI's query, where
// "&", "=" and "+" have meanings of their own.
func EscapeQuery(v string) string {
	var b strings.Builder
	escape(&b, v, "-._~$'()*,:@/")
	return b.String()
}

func escape(b *strings.Builder, s, keep string) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperhex[c>>4])
		b.WriteByte(upperhex[c&15])
	}
}

// Unescape undoes Escape, EscapeSegment and EscapeQuery.
func Unescape(s string) (string, error) { return url.PathUnescape(s) }

// A Step leads one level further into an item: to the member Name of a
// container, or, where Fragment is set, to the row of a document that Fragment
// names (still encoded, without "#").
type Step struct {
	Name     string
	Fragment string
}

// Split takes a URI apart: the item of the source, the IMAP section of a part of
// it, and the steps into what is behind. The fragment "definition" of a database
// belongs to the base.
func Split(uri string) (base, section string, steps []Step, err error) {
	if strings.HasSuffix(uri, "#definition") {
		return uri, "", nil, nil
	}
	base = uri
	from := 0
	if strings.HasPrefix(uri, "restic:") || strings.HasPrefix(uri, "borg:") {
		// These use the first "!/" for themselves.
		if i := strings.Index(uri, "!/"); i >= 0 {
			from = i + 2
		}
	}
	rest := ""
	if i := nextStep(uri[from:]); i >= 0 {
		base, rest = uri[:from+i], uri[from+i:]
	}
	for rest != "" {
		fragment := rest[0] == '#'
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "#"), "!/")
		step := rest
		if i := nextStep(rest); i >= 0 {
			step, rest = rest[:i], rest[i:]
		} else {
			rest = ""
		}
		if fragment {
			steps = append(steps, Step{Fragment: step})
			continue
		}
		name, err := Unescape(step)
		if err != nil {
			return "", "", nil, err
		}
		steps = append(steps, Step{Name: name})
	}
	if strings.HasPrefix(base, "imap") {
		if i := strings.Index(strings.ToUpper(base), "/;SECTION="); i >= 0 {
			base, section = base[:i], base[i+len("/;SECTION="):]
		}
	}
	return base, section, steps, nil
}

// nextStep returns where the next step starts, -1 where there is none.
func nextStep(s string) int {
	i, j := strings.Index(s, "!/"), strings.IndexByte(s, '#')
	if i < 0 || j >= 0 && j < i {
		return j
	}
	return i
}
