package subject

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/view"
)

// A gapKind says what stands between two words.
type gapKind uint16

const (
	gapSpace gapKind = 1 << iota
	gapLine
	gapHyphen
	gapDot
	gapJoin // _ +
	gapApostrophe
	gapComma
	gapSemi // ; | tab
	gapCell
	gapQuote
	gapTag
	gapSlash
	gapKey // another field, by its name
)

// Limits of a gap, in bytes; a field may lie further off than the next word.
const (
	maxGapPlain = 24
	maxGapField = 320
)

// inline are the elements that may end and begin between the words of a name.
const inline = " b i u a em strong span font small big code td th dd dt label div given family surname "

// gap reads what stands between two words, from b[i:]: spaces and punctuation,
// the border of cells, tags.
func gap(b []byte, i int) (int, gapKind) {
	j, kind := gapRun(b, i)
	if kind&gapApostrophe != 0 && kind&(gapComma|gapSemi) != 0 {
		kind |= gapQuote
	}
	return j, kind
}

func gapRun(b []byte, i int) (j int, kind gapKind) {
	j = i
	n, tags := 0, 0
	for j < len(b) && n < maxGapPlain {
		c := b[j]
		n++
		switch {
		case c == ' ':
			kind |= gapSpace
		case c == '\n':
			if kind&gapLine != 0 && b[j-1] == '\n' {
				return i, 0 // an empty line parts
			}
			kind |= gapLine
			for k := 0; k < 6 && j+2 < len(b) && b[j+1] == '>' && (b[j+2] == ' ' || b[j+2] == '>'); k++ { // a quoted mail
				if j++; b[j+1] == ' ' {
					j++
				}
			}
		case c == '\r':
			kind |= gapLine
			if j+1 < len(b) && b[j+1] == '\n' {
				j++
			}
		case c == '-':
			kind |= gapHyphen
		case c == '.':
			kind |= gapDot
		case c == '_' || c == '+':
			kind |= gapJoin
		case c == '\'' || c == '`':
			kind |= gapApostrophe
		case c == '"':
			kind |= gapQuote
		case c == ',':
			kind |= gapComma
		case c == ';' || c == '|' || c == '\t':
			kind |= gapSemi
		case c == '/':
			kind |= gapSlash
		case c == 0:
			kind |= gapCell
			n = 0
			if j-i > maxGapPlain {
				return j, kind
			}
		case c == '\\' && j+1 < len(b) && strings.IndexByte(`"'nrt`, b[j+1]) >= 0:
			j++
			switch b[j] {
			case '"':
				kind |= gapQuote
			case '\'':
				kind |= gapApostrophe
			case 't':
				kind |= gapSemi
			default:
				kind |= gapLine
			}
		case c == '\\' && j+1 < len(b) && b[j+1] == ',': // of a distinguished name (RFC 4514, section 2.4)
			kind |= gapComma
			j++
		case c == '\\' && j+2 < len(b) && b[j+1] == '2' && (b[j+2]|0x20 == 'c' || b[j+2] == '0'):
			if kind |= gapSpace; b[j+2] != '0' {
				kind |= gapComma
			}
			j += 2
		case c == '<':
			end := bytes.IndexByte(b[j:min(j+64, len(b))], '>')
			if end < 0 {
				return j, kind
			}
			name := strings.TrimLeft(string(b[j+1:j+end]), "/")
			name, _, _ = strings.Cut(strings.ToLower(name), " ")
			if k := strings.IndexByte(name, ':'); k >= 0 {
				name = name[k+1:]
			}
			if tags++; tags > 2 && !strings.Contains(inline, " "+name+" ") || name == "tr" || name == "li" || name == "p" {
				return i, 0
			}
			kind |= gapTag
			j += end
		case (c == 'N' || c == 'n') && kind&(gapComma|gapSemi) != 0 && len(b) > j+4 && bytes.EqualFold(b[j:j+4], []byte("null")) && (b[j+4] == ',' || b[j+4] == ';' || b[j+4] == '\t'):
			j += 3
		case c >= utf8.RuneSelf || c == 0x85:
			r, w := utf8.DecodeRune(b[j:])
			switch {
			case r == 0xa0, r == utf8.RuneError && w == 1 && c == 0xa0, 0x2000 <= r && r <= 0x200d, r == 0x202f, r == 0xfeff:
				kind |= gapSpace
			case apostrophe(r), r == utf8.RuneError && w == 1 && (c == 0x92 || c == 0x91 || c == 0xb4):
				kind |= gapApostrophe
			case 0x2010 <= r && r <= 0x2014, r == utf8.RuneError && w == 1 && c == 0x96, r == 0xad:
				kind |= gapHyphen
			default:
				return j, kind
			}
			j += w - 1
		case c == '%' || c == '&' || c == '=' || c == '\\':
			r, w := view.After(b, j)
			k := gapEscape(r)
			if w < 2 || k == 0 {
				return j, kind
			}
			kind |= k
			j += w - 1
		default:
			return j, kind
		}
		j++
	}
	return j, kind
}

// gapEscape is what an escape in a gap counts for.
func gapEscape(r rune) gapKind {
	switch r {
	case ' ', 0xa0, 0x202f, 0xfeff:
		return gapSpace
	case '\n', '\r':
		return gapLine
	case '-', 0xad, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014:
		return gapHyphen
	case '.':
		return gapDot
	case '_', '+':
		return gapJoin
	case '\'', '`':
		return gapApostrophe
	case '"':
		return gapQuote
	case ',':
		return gapComma
	case ';', '|', '\t':
		return gapSemi
	case '/':
		return gapSlash
	}
	switch {
	case apostrophe(r):
		return gapApostrophe
	case 0x2000 <= r && r <= 0x200d:
		return gapSpace
	}
	return 0
}

// apostrophe reports whether r is one of the signs that are written as an
// apostrophe, beside that of ASCII.
func apostrophe(r rune) bool {
	switch r {
	case 0x2018, 0x2019, 0x201b, 0x2032, 0x2bb, 0x2bc, 0xb4:
		return true
	}
	return false
}

// A fieldClass is what the name of a field says that its value is.
type fieldClass uint8

const (
	fieldOther fieldClass = iota
	fieldGiven
	fieldInfix
	fieldSurname
	fieldStreet
	fieldNumber
	fieldBox
)

// fieldNames are the names of fields without separators and diacritics. They
// may follow a prefix that says whose they are: billing_first_name.
var fieldNames = map[string]fieldClass{
	"firstname": fieldGiven, "first": fieldGiven, "givenname": fieldGiven, "given": fieldGiven, "givennames": fieldGiven, "forename": fieldGiven, "fname": fieldGiven,
	"voornaam": fieldGiven, "voornamen": fieldGiven, "roepnaam": fieldGiven, "prenom": fieldGiven, "prenoms": fieldGiven, "vorname": fieldGiven, "vornamen": fieldGiven,
	"nombre": fieldGiven, "nombres": fieldGiven, "nome": fieldGiven, "imie": fieldGiven, "imiona": fieldGiven, "christianname": fieldGiven,
	"initials": fieldGiven, "voorletters": fieldGiven, "initialen": fieldGiven,
	"lastname": fieldSurname, "last": fieldSurname, "surname": fieldSurname, "surnames": fieldSurname, "familyname": fieldSurname, "family": fieldSurname, "lname": fieldSurname,
	"achternaam": fieldSurname, "familienaam": fieldSurname, "naam": fieldSurname, "nom": fieldSurname, "nomdefamille": fieldSurname, "nachname": fieldSurname,
	"familienname": fieldSurname, "zuname": fieldSurname, "name": fieldSurname, "apellido": fieldSurname, "apellidos": fieldSurname, "primerapellido": fieldSurname,
	"apellido1": fieldSurname, "apellidopaterno": fieldSurname, "apaterno": fieldSurname, "paterno": fieldSurname, "firstsurname": fieldSurname,
	"cognome": fieldSurname, "nazwisko": fieldSurname, "sn": fieldSurname,
	"infix": fieldInfix, "tussenvoegsel": fieldInfix, "tussenvoegsels": fieldInfix, "voorvoegsel": fieldInfix, "voorvoegsels": fieldInfix, "prefix": fieldInfix,
	"surnameprefix": fieldInfix, "lastnameprefix": fieldInfix, "particle": fieldInfix, "namenszusatz": fieldInfix, "insertion": fieldInfix, "namensvorsatz": fieldInfix,
	"street": fieldStreet, "streetname": fieldStreet, "straat": fieldStreet, "straatnaam": fieldStreet, "rue": fieldStreet, "voie": fieldStreet, "strasse": fieldStreet,
	"calle": fieldStreet, "via": fieldStreet, "ulica": fieldStreet, "address": fieldStreet, "adres": fieldStreet, "adresse": fieldStreet, "address1": fieldStreet, "street1": fieldStreet,
	"number": fieldNumber, "nr": fieldNumber, "no": fieldNumber, "num": fieldNumber, "nummer": fieldNumber, "numero": fieldNumber, "huisnummer": fieldNumber, "huisnr": fieldNumber,
	"housenumber": fieldNumber, "houseno": fieldNumber, "housenr": fieldNumber, "hausnummer": fieldNumber, "hausnr": fieldNumber, "streetnumber": fieldNumber, "streetno": fieldNumber,
	"straatnummer": fieldNumber, "civico": fieldNumber, "numerocivico": fieldNumber, "nrdomu": fieldNumber, "house": fieldNumber, "numerovoie": fieldNumber,
	"bus": fieldBox, "box": fieldBox, "busnummer": fieldBox, "boxnumber": fieldBox, "boite": fieldBox, "bte": fieldBox, "apartment": fieldBox, "toevoeging": fieldBox,
}

const maxFieldName = 24

// fieldName reads the name of a field at b[i:] and where its value starts. whose
// is what stands in front of the name that is known.
func fieldName(b []byte, i int) (class fieldClass, whose string, value int) {
	var name [3 * maxFieldName]byte
	n, words := 0, 0
	end := -1
	j := i
	for j < len(b) && n < maxFieldName && words < 3 {
		for j < len(b) && n < maxFieldName {
			r, w := letterAt(b, j)
			if r == '_' || r == '-' {
				j += w
				continue
			}
			if r < 0 || !wordRune(r) || b[j] == '\\' {
				break
			}
			if r = base(r); r < utf8.RuneSelf {
				name[n] = byte(r)
				n++
			}
			j += w
		}
		words++
		if v := fieldValue(b, j); v > 0 {
			end = v
			break
		}
		if j >= len(b) || b[j] != ' ' {
			break
		}
		j++
	}
	if end < 0 || n == 0 {
		return fieldOther, "", j
	}
	for k := range n {
		if c, ok := fieldNames[string(name[k:n])]; ok {
			return c, string(name[:k]), end
		}
	}
	return fieldOther, string(name[:n]), end
}

// fieldValue returns where the value starts whose name ends at i, -1 where there
// is none: name="value", name: value, name=value, <name>value, and an input
// element's name and value.
func fieldValue(b []byte, i int) int {
	j := i
	named := false
	for limit := min(i+64, len(b)); j < limit; {
		switch c := b[j]; {
		case c == ':' || c == '=' || c == '>':
			named = true
			j++
		case c == '"' || c == '\'' || c == '\\' || c == ' ' || c == '\t' || c == '[' || c == '*':
			j++
		case c == ';' && j > i && b[j-1] == '"': // PHP: s:4:"name";s:3:"Zoe"
			named = true
			j++
		case named && c == '<':
			end := bytes.IndexByte(b[j:limit], '>')
			if end < 0 {
				return -1
			}
			j += end + 1
		case c == '<' && j == i && i+1 < len(b) && b[i+1] == '/':
			end := bytes.IndexByte(b[j:limit], '>')
			if end < 0 {
				return -1
			}
			j += end + 1
			named = true
		case named && c == 's' && j+2 < limit && b[j+1] == ':' && isDigit(b[j+2]):
			for j += 2; j < limit && isDigit(b[j]); j++ {
			}
		case !named && c == 'v' && bytes.HasPrefix(b[j:limit], []byte("value=")) && j > i && b[j-1] == ' ':
			j += len("value=")
			named = true
		default:
			if named {
				return j
			}
			return -1
		}
	}
	return -1
}

// fieldBefore returns what the name of the field says whose value starts at s.
func fieldBefore(b []byte, s int) (class fieldClass, whose string, ok bool) {
	if s == 0 {
		return 0, "", false
	}
	switch b[s-1] { // what ends a name
	case '"', '\'', ':', '=', '>', ' ', '\t', '[', '*', '<':
	default:
		return 0, "", false
	}
	from := max(s-80, 0)
	if !bytes.ContainsAny(b[from:s], ":=>;") {
		return 0, "", false
	}
	for i := s - 1; i >= from; i-- {
		if !isAlpha(b[i]) || i > 0 && (isAlnum(b[i-1]) || b[i-1] == '_' || b[i-1] == '-' || b[i-1] >= utf8.RuneSelf) {
			continue
		}
		got, who, value := fieldName(b, i)
		if value == s && got != fieldOther && (!ok || who == "") {
			class, whose, ok = got, who, true // or a longer one: First name
		} else if ok && value != s {
			break
		}
	}
	return class, whose, ok
}

// fieldAfter looks behind i for the value of a field of class want that belongs
// to the same as the one before, and returns where it starts.
func fieldAfter(b []byte, i int, class, want fieldClass, whose string) (int, bool) {
	limit := min(i+maxGapField, len(b))
	for j := i; j < limit; {
		switch c := b[j]; {
		case c == '}' || c == 0:
			return 0, false // another record
		case c == '\n' && j+1 < limit && b[j+1] == '\n':
			return 0, false
		case !isAlpha(c) && c < 0xc3:
			j++
			continue
		}
		if j > i && (isAlnum(b[j-1]) || b[j-1] == '@') {
			j++
			continue
		}
		start := j
		for j < limit && (isAlnum(b[j]) || b[j] == '_' || b[j] == '-' || b[j] >= utf8.RuneSelf) {
			j++
		}
		if j == start {
			j++
			continue
		}
		got, who, value := fieldName(b, start)
		if got == want && who == whose {
			if inside, _, _ := fieldName(b, value); inside == fieldOther { // not name="last_name" value=
				return value, true
			}
			continue
		}
		if got == class && who == whose {
			return 0, false // the next record
		}
	}
	return 0, false
}
