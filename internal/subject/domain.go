package subject

import (
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
	"golang.org/x/net/idna"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// asciiHost returns a host name in lower case, as IDNA writes it in ASCII (RFC
// 5891); what that does not allow is only folded.
func asciiHost(s string) string {
	if isASCII(s) {
		return asciiLower(s)
	}
	if a, err := idna.Lookup.ToASCII(norm.NFC.String(s)); err == nil {
		return a
	}
	return strings.ToLower(norm.NFC.String(s))
}

// unicodeHost is the opposite of asciiHost.
func unicodeHost(s string) string {
	if !strings.Contains(s, "xn--") {
		return s
	}
	if u, err := idna.Lookup.ToUnicode(s); err == nil {
		return u
	}
	return s
}

// hostAnchors returns what leads to a label, or a name, in ASCII and Unicode.
func hostAnchors(ascii string) []string {
	u := unicodeHost(ascii)
	if u == ascii {
		return []string{ascii}
	}
	if a, ok := asciiPiece(u, 5); ok {
		return []string{ascii, a}
	}
	all := append([]string{ascii}, foldings(u)...)
	for _, v := range []string{u, strings.ToUpper(u)} {
		if e := encoded(charmap.Windows1252, v); len(e) > 0 && !contains(all, asciiLower(e[0])) {
			all = append(all, asciiLower(e[0]))
		}
	}
	return all
}

// domain adds a domain name, to which its subdomains belong.
func (bl *builder) domain(normal string) {
	ascii := asciiHost(normal)
	bl.literal(ascii, "plain", domainBounds)
	if dot := strings.LastIndexByte(ascii, '.'); dot > 0 { // as reports of abuse write it
		bl.literal(ascii[:dot]+"[.]"+ascii[dot+1:], "obfuscated", domainBounds)
		if all := strings.ReplaceAll(ascii, ".", "[.]"); strings.Count(ascii, ".") > 1 {
			bl.literal(all, "obfuscated", domainBounds)
		}
	}
	if unicodeHost(ascii) == ascii {
		return
	}
	for _, a := range hostAnchors(ascii)[1:] {
		bl.add(match.Pattern{Text: a}, func(b []byte, start, end int) (int, int, string, bool) {
			for start > 0 && end-start < 256 {
				r, n := runeBefore(b, start)
				if !wordRune(r) && r != '-' && r != '.' {
					break
				}
				start -= n
			}
			for ; start < end && (b[start] == '.' || b[start] == '-'); start++ {
			}
			var h host
			h.read(b, start, false)
			for n := h.n; n >= 2; n-- {
				name := h.name(n)
				if strings.HasSuffix(name, ascii) && (len(name) == len(ascii) || name[len(name)-len(ascii)-1] == '.') {
					from := start
					if skip := n - 1 - strings.Count(ascii, "."); skip > 0 {
						from = h.ends[skip-1] + 1
					}
					return from, h.ends[n-1], "unicode", true
				}
				if !h.droppable(n - 1) {
					break
				}
			}
			return 0, 0, "", false
		})
	}
}

// domainEnd reports whether a domain name ends at end.
func domainEnd(b []byte, end int) bool {
	if end >= len(b) {
		return true
	}
	c := b[end]
	if isAlnum(c) || c >= utf8.RuneSelf && wordAt(b, end) {
		return false
	}
	if c == '-' || c == '.' {
		return end+1 >= len(b) || !wordAt(b, end+1) || fileName(b, end)
	}
	return true
}

// fileName reports whether what goes on at i with a dot or hyphen makes a file's
// name of a domain: example.be-2026-11-02.tar.gz, example.be.access.log.
func fileName(b []byte, i int) bool {
	j := i
	for j < len(b) && j-i < 80 && (isAlnum(b[j]) || strings.IndexByte("._-", b[j]) >= 0) {
		j++
	}
	if j < len(b) && (b[j] == '@' || b[j] >= utf8.RuneSelf && wordAt(b, j)) {
		return false
	}
	words := strings.FieldsFunc(asciiLower(string(b[i:j])), func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	for k, w := range words {
		ending := strings.Contains(fileEndings, " "+w+" ")
		if strings.Trim(w, "0123456789") != "" && !ending && !strings.Contains(fileWords, " "+w+" ") {
			return k > 0 && b[i] == '.' && strings.Contains(fileEndings, " "+words[0]+" ")
		}
		if ending && k == len(words)-1 {
			return true
		}
	}
	return strings.Trim(strings.Join(words, ""), "0123456789") == ""
}

// fileEndings are endings of files that are no country's domain: what is called
// zoe@example.be.zip or zoevdb.sql is hers.
const fileEndings = " zip tar gz tgz bz2 tbz xz txz zst lz4 lzma 7z rar sql dump eml emlx mbox mbx msg txt csv tsv json xml html htm log conf cfg ini yaml yml pdf doc docx xls xlsx odt ods vcf ics jpg jpeg png bak backup old orig db sqlite pst ost mdb dbf key crt pem csr cer p12 pfx asc gpg enc zone vhost hosts warc lst "

// fileWords stand between a domain and such an ending.
const fileWords = " access error ssl http https www web mail db data files full daily weekly monthly site fpm php combined transfer "

// fileEnding reports whether the word at i is the ending of a file's name.
func fileEnding(b []byte, i int) bool {
	j := i
	for j < len(b) && j-i < 8 && isAlnum(b[j]) {
		j++
	}
	if j < len(b) && (isAlnum(b[j]) || b[j] == '-' || b[j] == '@') {
		return false
	}
	return strings.Contains(fileEndings, " "+asciiLower(string(b[i:j]))+" ")
}

func domainBounds(b []byte, start, end int) bool {
	if start > 0 && wordBefore(b, start) || !domainEnd(b, end) {
		return false
	}
	if start == 0 || b[start-1] != '-' || !wordBefore(b, start-1) {
		return true
	}
	// my-zoevdb.be is another's, backup-zoevdb.be.tar.gz is hers.
	w := label(b, start-1)
	return end < len(b) && fileName(b, end) && strings.Contains(" BACKUP BAK DUMP SITE WWW ACCESS ERROR SSL LOG DB MAIL VHOST ZONE ", " "+w+" ")
}
