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

// Split takes a URI apart: the item of the source, the steps into containers
// behind it (decoded), and the fragment (still encoded). The IMAP section of a
// part, and the steps behind it, are left to the source's base: a section is
// returned as section. The fragment "definition" of a database belongs to the
// base.
func Split(uri string) (base, section string, steps []string, fragment string, err error) {
	base = uri
	if i := strings.LastIndexByte(base, '#'); i >= 0 {
		base, fragment = base[:i], base[i+1:]
	}
	if fragment == "definition" {
		return uri, "", nil, "", nil
	}
	parts := strings.Split(base, "!/")
	// "restic:REPOSITORY!/SNAPSHOT/path" and "borg:" use the first "!/" for
	// themselves.
	n := 1
	if strings.HasPrefix(uri, "restic:") || strings.HasPrefix(uri, "borg:") {
		n = min(2, len(parts))
	}
	base = strings.Join(parts[:n], "!/")
	for _, p := range parts[n:] {
		s, err := Unescape(p)
		if err != nil {
			return "", "", nil, "", err
		}
		steps = append(steps, s)
	}
	if strings.HasPrefix(base, "imap") {
		if i := strings.Index(strings.ToUpper(base), "/;SECTION="); i >= 0 {
			base, section = base[:i], base[i+len("/;SECTION="):]
		}
	}
	return base, section, steps, fragment, nil
}
