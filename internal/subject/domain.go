package subject

import (
	"strings"
	"unicode/utf8"
)

// domainEnd reports whether a domain name ends at end.
func domainEnd(b []byte, end int) bool {
	if end >= len(b) {
		return true
	}
	c := b[end]
	if isAlnum(c) || c >= utf8.RuneSelf && wordAt(b, end) {
		return false
	}
	if c == '-' {
		return end+1 >= len(b) || !isAlnum(b[end+1])
	}
	if c == '.' {
		return end+1 >= len(b) || !isAlnum(b[end+1]) || fileEnding(b, end+1)
	}
	return true
}

// fileEndings are endings of files that are no country's domain: what is called
// zoe@example.be.zip or zoevdb.sql is hers.
const fileEndings = " zip tar gz tgz bz2 xz zst 7z rar sql dump eml mbox msg txt csv tsv json xml html htm log conf cfg ini yaml yml pdf doc docx xls xlsx odt ods vcf ics jpg jpeg png bak old db sqlite pst "

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

// idBounds is wordBounds for names of accounts: they are not part of an
// address, a host name or a longer name either.
func idBounds(b []byte, start, end int) bool {
	if !wordBounds(b, start, end) {
		return false
	}
	if start > 0 && strings.IndexByte("_.-@", b[start-1]) >= 0 && wordBefore(b, start-1) {
		return false
	}
	if start > 0 && b[start-1] == '_' {
		return false
	}
	// zoevdb_db1 is a database of the account zoevdb, as control panels name it.
	return end >= len(b) || strings.IndexByte(".-@", b[end]) < 0 || !wordAt(b, end+1) || b[end] == '.' && fileEnding(b, end+1)
}

func domainBounds(b []byte, start, end int) bool {
	if start > 0 && (wordBefore(b, start) || b[start-1] == '-') {
		return false
	}
	return domainEnd(b, end)
}
