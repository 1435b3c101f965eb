package export

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of the names in a bundle, in bytes: Windows unpacks no path longer than
// 260 characters, of which the folder to unpack into takes its share.
const (
	maxSegment = 80
	maxPath    = 180
)

// names gives each file of a bundle a path of its own that every system can
// unpack: no two differ in case or composition alone, none leads out of the
// folder, and none is a device of Windows.
type names struct {
	files map[string]bool // taken, folded
	dirs  map[string]bool
	next  map[string]int // the number to try next, by the path without one
}

func newNames() *names {
	return &names{files: map[string]bool{}, dirs: map[string]bool{}, next: map[string]int{}}
}

// take returns a free path below dir for something that lies at the segments in
// its source.
func (n *names) take(dir string, segments ...string) string {
	parts := []string{dir}
	for _, s := range segments {
		if s = safe(s); s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 1 {
		parts = append(parts, "item")
	}
	if p := strings.Join(parts, "/"); len(p) > maxPath {
		parts = []string{dir, "long", parts[len(parts)-1]}
	}
	// A folder is never called as a file is.
	for i := 1; i < len(parts)-1; i++ {
		parts[i] = n.free("d", strings.Join(parts[:i], "/"), parts[i], func(k string) bool { return !n.files[k] })
	}
	at := strings.Join(parts[:len(parts)-1], "/")
	last := n.free("f", at, parts[len(parts)-1], func(k string) bool { return !n.files[k] && !n.dirs[k] })
	p := at + "/" + last
	n.files[fold(p)] = true
	for d := at; d != "." && d != "/"; d = path.Dir(d) {
		n.dirs[fold(d)] = true
	}
	return p
}

// free returns a name in a folder that is free: itself, or one with a number before
// its ending. is tells that of a folded path. Numbers go on where they ended for
// the same kind of name, since ever so many may be called alike.
func (n *names) free(kind, at, name string, is func(string) bool) string {
	whole := fold(at + "/" + name)
	if is(whole) {
		return name
	}
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for i := max(2, n.next[kind+whole]); ; i++ {
		if s := fmt.Sprintf("%s~%d%s", stem, i, ext); is(fold(at + "/" + s)) {
			n.next[kind+whole] = i
			return s
		}
	}
}

func fold(s string) string { return strings.ToLower(norm.NFKC.String(strings.ToUpper(s))) }

// safe returns a segment of a path as any system may call a file; empty where
// nothing is left of it.
func safe(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "_"))
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"/\|?*`, r):
			return '_'
		case !unicode.IsPrint(r): // controls of direction, among others
			return -1
		}
		return r
	}, s)
	s = strings.TrimRight(strings.TrimLeft(s, " "), " .")
	if strings.Trim(s, ".") == "" {
		return ""
	}
	if len(s) > maxSegment {
		ext := path.Ext(s)
		if len(ext) > 12 {
			ext = ""
		}
		k := maxSegment - len(ext)
		for k > 0 && !utf8.RuneStart(s[k]) {
			k--
		}
		s = strings.TrimRight(s[:k], " .") + ext
	}
	// CON, NUL.txt and so on, whatever their ending (Microsoft, "Naming Files,
	// Paths, and Namespaces").
	stem, _, _ := strings.Cut(strings.ToUpper(s), ".")
	switch stem = strings.TrimRight(stem, " "); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return "_" + s
	}
	if r := []rune(stem); len(r) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && strings.ContainsRune("0123456789¹²³", r[3]) {
		return "_" + s
	}
	return s
}
