package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Email detects addresses in the dot-atom form of RFC 5322, section 3.4.1, and
// of RFC 6531 beyond ASCII, with a domain of at least two labels, within the
// lengths of RFC 5321, section 4.5.3.
func Email() Rule {
	return found(Rule{
		ID:          "email",
		Description: "an e-mail address",
		Source:      "RFC 5322, section 3.4.1; RFC 5321, section 4.5.3.1; RFC 6531",
		Category:    "contact",
		MaxLen:      maxLocal + 1 + maxDomain,
		Match: []string{
			"zoe@example.be", "z.v-d+shop@mail.example.org", "x_1@example.co", "zoë@exämple.example", "zoe@xn--exmple-cua.example",
			"δοκιμή@παράδειγμα.δοκιμή", "ZOE@EXAMPLE.BE", "o'neil@example.museum", "1@example.photography",
		},
		NoMatch: []string{
			"zoe@", "@example.be", "zoe@localhost", "zoe @ example.be", "a@b.", "a@.b", "zoe@example.1", "zoe@-example.be", "zoe.@example.be",
			"logo@2x.png", "icon-16@3x.JPEG", "left-pad@1.3.0", "https://zoe:secret@example.be/", "ssh://git@example.org/x", "@zoe@social.example",
			"git@example.org:zoe/site.git",
		},
		marks:  "@",
		look:   emailAt,
		strict: 30,
	})
}

// EmailAt returns the address whose @ is b[at]; both are 0 where it has none.
func EmailAt(b []byte, at int) (start, end int) { return emailAt(b, at, at+1) }

const (
	maxLocal  = 64
	maxDomain = 253
)

// inLocal holds what the part in front of "@" may consist of, in ASCII.
var inLocal = func() (t [256]bool) {
	for c := range t {
		t[c] = alnum(byte(c)) || strings.IndexByte("._%+-'", byte(c)) >= 0
	}
	return t
}()

// emailAt returns the address around an "@".
func emailAt(b []byte, at, _ int) (int, int) {
	from, to := at, at+1
	for from > 0 && at-from < maxLocal {
		c := b[from-1]
		if inLocal[c] {
			from--
			continue
		}
		if c < 0x80 {
			break
		}
		r, n := utf8.DecodeLastRune(b[:from])
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsMark(r) || at-(from-n) > maxLocal {
			break
		}
		from -= n
	}
	for i := at - 1; i > from; i-- {
		if b[i] == '.' && b[i-1] == '.' { // an ellipsis
			from = i
			break
		}
	}
	for from < at && strings.IndexByte(".'%-", b[from]) >= 0 {
		from++
	}
	if from == at || b[at-1] == '.' || alnum(byteAt(b, from-1)) {
		return 0, 0
	}
	labels, label := 0, to
	for to < len(b) && to-at <= maxDomain {
		c := b[to]
		if letter(c) || digit(c) || c == '-' {
			to++
			continue
		}
		if c >= 0x80 {
			r, n := utf8.DecodeRune(b[to:])
			if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsMark(r) {
				break
			}
			to += n
			continue
		}
		if c != '.' || to+1 >= len(b) || !alnum(b[to+1]) && b[to+1] < 0x80 {
			break
		}
		if r, _ := utf8.DecodeRune(b[to+1:]); r >= 0x80 && !unicode.IsLetter(r) {
			break
		}
		if !isLabel(b[label:to]) {
			return 0, 0
		}
		labels++
		to++
		label = to
	}
	for to > label && b[to-1] == '-' {
		to--
	}
	if labels == 0 || to-at-1 > maxDomain || !isTLD(b[label:to]) || byteAt(b, to) == '@' {
		return 0, 0
	}
	switch byteAt(b, from-1) {
	case '@':
		return 0, 0
	case ':', '/':
		if inAuthority(b, from-1) {
			return 0, 0
		}
	}
	if byteAt(b, to) == ':' && string(b[from:at]) == "git" && alnum(byteAt(b, to+1)) {
		return 0, 0 // where a repository is, as scp writes it
	}
	return from, to
}

// inAuthority reports whether what goes on behind b[i] is a user or password in
// the authority of a URI (RFC 3986, section 3.2.1).
func inAuthority(b []byte, i int) bool {
	for k := i; k > max(0, i-maxLocal); k-- {
		switch c := b[k]; {
		case c == '/':
			return b[k-1] == '/' && k > 1 && b[k-2] == ':'
		case c <= ' ' || strings.IndexByte(`"'<>@,;()`, c) >= 0:
			return false
		}
	}
	return false
}

func isLabel(l []byte) bool {
	return len(l) > 0 && len(l) <= 63 && l[0] != '-' && l[len(l)-1] != '-'
}

// isTLD reports whether a label can be a top-level domain: letters, no ending of
// file names that is none.
func isTLD(l []byte) bool {
	if len(l) < 2 || !isLabel(l) {
		return false
	}
	if len(l) > 4 && string(l[:4]) == "xn--" {
		return true
	}
	var low [8]byte
	for i, c := range l {
		if digit(c) || c == '-' {
			return false
		}
		if i < len(low) {
			low[i] = c | 0x20
		}
	}
	if len(l) > 5 {
		return true
	}
	switch string(low[:len(l)]) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "tif", "tiff", "avif", "heic", "ico", "css", "scss", "less", "js", "mjs", "cjs", "jsx", "tsx",
		"json", "html", "htm", "xhtml", "php", "xml", "pdf", "doc", "docx", "xls", "xlsx", "csv", "txt", "log", "tgz", "gz", "tar", "rar", "woff", "ttf", "otf",
		"eot", "yaml", "yml", "toml", "jar", "apk", "exe", "dll", "psd", "mpg", "avi", "wav":
		return false
	}
	return true
}
