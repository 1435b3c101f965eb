package document

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// dumpCharset is the character set of the strings of a dump. Its zero value is
// UTF-8, or none.
type dumpCharset struct {
	single *charmap.Charmap  // of one byte for each character
	enc    encoding.Encoding // of several
	multi  func(c byte) bool // reports whether c begins a character whose second byte may look like ASCII; nil: none do
}

// sqlCharset returns a character set by the name that MySQL, MariaDB or
// PostgreSQL give it (MySQL 8.0 Reference Manual, section 10.10; PostgreSQL
// documentation, section 24.3), and whether it is known.
func sqlCharset(name string) (dumpCharset, bool) {
	single := func(m *charmap.Charmap) (dumpCharset, bool) { return dumpCharset{single: m}, true }
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name)) {
	case "", "default", "binary", "ascii", "sqlascii", "utf8", "utf8mb3", "utf8mb4", "unicode", "backslash":
		return dumpCharset{}, true
	case "latin1", "win1252":
		// MySQL's latin1 is Windows-1252, and that is a superset of ISO 8859-1.
		return single(charmap.Windows1252)
	case "latin2", "iso88592":
		return single(charmap.ISO8859_2)
	case "latin5", "iso88599":
		return single(charmap.Windows1254)
	case "latin7":
		return single(charmap.ISO8859_13)
	case "latin9":
		return single(charmap.ISO8859_15)
	case "latin10":
		return single(charmap.ISO8859_16)
	case "cp1250", "win1250":
		return single(charmap.Windows1250)
	case "cp1251", "win1251", "win":
		return single(charmap.Windows1251)
	case "win1253":
		return single(charmap.Windows1253)
	case "win1254":
		return single(charmap.Windows1254)
	case "cp1256", "win1256":
		return single(charmap.Windows1256)
	case "cp1257", "win1257":
		return single(charmap.Windows1257)
	case "win1258":
		return single(charmap.Windows1258)
	case "cp850":
		return single(charmap.CodePage850)
	case "cp852":
		return single(charmap.CodePage852)
	case "cp866", "win866":
		return single(charmap.CodePage866)
	case "greek", "iso88597":
		return single(charmap.ISO8859_7)
	case "hebrew", "iso88598":
		return single(charmap.ISO8859_8)
	case "iso88595":
		return single(charmap.ISO8859_5)
	case "koi8r":
		return single(charmap.KOI8R)
	case "koi8u":
		return single(charmap.KOI8U)
	case "tis620", "win874":
		return single(charmap.Windows874)
	case "macroman":
		return single(charmap.Macintosh)
	case "gbk", "gb18030", "gb2312", "euccn":
		return dumpCharset{enc: simplifiedchinese.GB18030, multi: sqlLead81}, true
	case "big5":
		return dumpCharset{enc: traditionalchinese.Big5, multi: sqlLead81}, true
	case "sjis", "cp932", "shiftjis":
		return dumpCharset{enc: japanese.ShiftJIS, multi: func(c byte) bool { return 0x81 <= c && c <= 0x9f || 0xe0 <= c && c <= 0xfc }}, true
	case "ujis", "eucjpms", "eucjp":
		return dumpCharset{enc: japanese.EUCJP}, true
	case "euckr", "uhc":
		return dumpCharset{enc: korean.EUCKR}, true
	case "utf16", "ucs2":
		return dumpCharset{enc: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}, true
	case "utf16le":
		return dumpCharset{enc: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}, true
	}
	return dumpCharset{}, false
}

func sqlLead81(c byte) bool { return 0x81 <= c && c <= 0xfe }

func (d *dumpReader) setCharset(name string) {
	cs, ok := sqlCharset(name)
	if !ok {
		d.badCharset = true
	}
	d.charset, d.dumpCharset = name, cs
}

// convert turns the bytes of the block from mark on into UTF-8.
func (d *dumpReader) convert(mark int) {
	if d.single != nil || d.enc != nil {
		d.block.Data = d.dumpCharset.utf8(d.block.Data, mark)
	}
}

// guess is convert for text in a dump that declares no character set. Such dumps
// come from old programs, whose default was latin1, when they are not UTF-8.
func (d *dumpReader) guess(mark int) {
	if !utf8.Valid(d.block.Data[mark:]) {
		d.block.Data = dumpCharset{single: charmap.Windows1252}.utf8(d.block.Data, mark)
	}
}

// convertFrom is convert for a string that names its own character set.
func (d *dumpReader) convertFrom(mark int, name string) {
	if cs, ok := sqlCharset(name); ok {
		d.block.Data = cs.utf8(d.block.Data, mark)
	}
}

// utf8 turns data[mark:] into UTF-8. It leaves as it is what is no text in the
// character set, and what is UTF-8 already: a dump that declares latin1 and
// holds UTF-8 is common, text in latin1 that happens to be valid UTF-8 is not.
func (cs dumpCharset) utf8(data []byte, mark int) []byte {
	v := data[mark:]
	switch {
	case cs.single != nil:
		i := 0
		for i < len(v) && v[i] < utf8.RuneSelf {
			i++
		}
		if i == len(v) || utf8.Valid(v[i:]) {
			return data
		}
		from := bytes.Clone(v[i:])
		data = data[:mark+i]
		for _, c := range from {
			r := cs.single.DecodeByte(c)
			if r == utf8.RuneError {
				r = rune(c) // MySQL too has control characters there
			}
			data = utf8.AppendRune(data, r)
		}
	case cs.enc != nil:
		out, err := cs.enc.NewDecoder().Bytes(v)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return data
		}
		data = append(data[:mark], out...)
	}
	return data
}
