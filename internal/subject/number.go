package subject

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
)

// A number is one way to write a VAT number, account, card or national id:
// letters and digits in any grouping.
type number struct {
	text string // without the country's prefix, letters in upper case
	// prefixes are what may stand before it, separated by spaces, with one at
	// either end; a number with another country's prefix is another number.
	prefixes string
	need     bool   // a prefix must be there
	suffixes string // what may follow, as prefixes
	form     string // where it stands without a prefix; empty: "no-prefix"
	prefixed string // where it has one; empty: "plain"
	// beside are digits that must stand within a line or so.
	beside string
	// labelled says that a word for an account must stand before.
	labelled bool
	more     moreDigits
	typ      Type
}

// moreDigits says which longer numbers tell the same.
type moreDigits uint8

const (
	moreNone moreDigits = iota
	moreSIRET
	moreHungarian
)

// A figure is a number that is looked for. How it is written it shares with
// others: there are many.
type figure struct {
	*number      // without text and beside
	text, beside string
	from, to     uint8 // the longest run of digits in text
}

// figure returns n with what it shares.
func (bl *builder) figure(n number) *figure {
	from, to := longestDigits(n.text)
	f := &figure{text: n.text, beside: n.beside, from: uint8(from), to: uint8(to)}
	n.text, n.beside = "", ""
	if f.number = bl.numbers[n]; f.number == nil {
		way := n
		f.number = &way
		bl.numbers[way] = f.number
	}
	return f
}

// number adds a VAT number, account, card or national id.
func (bl *builder) number(t Type, normal string) {
	var list []number
	switch t {
	case VAT:
		list = vatNumbers(normal)
	case IBAN:
		list = accountNumbers(normal)
	case NationalID:
		list = idNumbers(normal)
	default:
		list = []number{{text: normal, form: "plain"}}
	}
	for i := range list {
		list[i].typ = t
		n := bl.figure(list[i])
		switch {
		case n.to-n.from >= 5 && n.to-n.from <= 40:
			bl.add(match.Pattern{Text: n.text[n.from:n.to], Digits: true}, n.check)
		case n.need:
			prefix, _, _ := strings.Cut(n.prefixes[1:], " ")
			bl.literal(prefix+n.text, "plain", wordBounds)
		case fiscalCode(n.text):
			// By its middle, a group of its own wherever there are groups.
			n.from, n.to = 6, 11
			bl.add(match.Pattern{Text: n.text[6:11]}, n.check)
		default:
			bl.literal(n.text, "plain", wordBounds)
		}
	}
	if t == NationalID {
		bl.centenarian(normal)
	}
}

// check decides whether what the matcher found at b[start:end] is the number.
func (n *figure) check(b []byte, start, end int) (int, int, string, bool) {
	cut := false // by the end of a line, beside its letters
	to, ok := forward(b, end, n.text[n.to:])
	if !ok && n.typ == IBAN && n.prefixes != "" {
		to, ok = forwardLine(b, end, n.text[n.to:])
		cut = ok
	}
	if !ok {
		return 0, 0, "", false
	}
	from, ok := backward(b, start, n.text[:n.from])
	if !ok && n.typ == IBAN && n.prefixes != "" && !cut {
		from, ok = backwardLine(b, start, n.text[:n.from])
		cut = ok
	}
	if !ok {
		return 0, 0, "", false
	}
	to = n.suffix(b, to)
	named := n.typ == IBAN && to+3 <= len(b) && !wordAt(b, to+3) && strings.Contains(currencies, " "+string(b[to:to+3])+" ") // :25:BE68539007547034EUR of SWIFT MT940
	if !named && to < len(b) && (isAlnum(b[to]) || b[to] >= utf8.RuneSelf && wordAt(b, to)) {
		return 0, 0, "", false
	}
	at, prefix, ok := n.prefix(b, from)
	if !ok || inUUID(b, from, to) {
		return 0, 0, "", false
	}
	switch n.more {
	case moreSIRET:
		to = siret(b, n.text, to)
	case moreHungarian:
		to = hungarian(b, to)
	}
	if int(n.to) == len(n.text) && longerRight(b, start, to) {
		// With a prefix its length is known, and what follows a sign or, behind an
		// account, a space is something else.
		if prefix == "" || !(n.typ == IBAN && spaced(b, to) || groupingOf(b[start:to]).n == 1) {
			return 0, 0, "", false
		}
	}
	if n.typ == IBAN || n.typ == Card {
		if shortGroup(b, from, to) {
			return 0, 0, "", false
		}
	}
	if prefix != "" {
		form := n.prefixed
		switch {
		case cut:
			form = "wrapped"
		case form == "":
			form = grouped(b[at:to])
		}
		return at, to, form, true
	}
	if cut || named {
		return 0, 0, "", false
	}
	bare := n.from == 0 && int(n.to) == len(n.text)
	switch {
	case n.need,
		from > 1 && b[from-1] == '+' && isAlnum(b[from-2]), // more of it in front
		n.from == 0 && longerLeft(b, from, to, false),
		n.from > 0 && from > 1 && b[from-1] == '.' && isDigit(b[from-2]),
		bare && n.typ != Card && amount(b, from, to),
		n.beside != "" && !digitsNear(b, from, to, n.beside),
		n.labelled && !accountLabel(b, from),
		n.typ == VAT && bare && n.phoneLike(b, from, to),
		n.form == "domestic" && len(n.text) == 12 && slices.Equal(groupSizes(b[from:to]), []int{3, 4, 5}):
		// The last is a structured communication, with check digits like an account's.
		return 0, 0, "", false
	}
	form := n.form
	switch {
	case form == "" && bare && n.typ == VAT && to-from < 10 && grouped(b[from:to]) == "plain":
		form = "digits" // so few say nothing by themselves
	case form == "":
		form = "no-prefix"
	case form == "plain":
		form = grouped(b[from:to])
	}
	return from, to, form, true
}

// prefix looks for a country's prefix before i and returns where it starts. It
// is not ok when another one, or a word, stands there.
func (n *figure) prefix(b []byte, i int) (int, string, bool) {
	j := i
	for k := 0; k < 3; k++ { // BE-0890, BE: 0890, (BE) 0890
		l, class := separatorBefore(b, j)
		if l == 0 && j > 1 && b[j-1] == '+' && isAlpha(b[j-2]) {
			l = 1
		}
		if l == 0 && j > 0 && b[j-1] == ':' {
			l = 1
		}
		if l == 0 || class == '_' {
			break
		}
		j -= l
	}
	word := label(b, j)
	at := j - len(word)
	whole := at == 0 || !isAlnum(b[at-1]) && (b[at-1] < utf8.RuneSelf || !wordBefore(b, at)) || escaped(b, at)
	known := word != "" && strings.Contains(n.prefixes, " "+word+" ")
	if j == i { // letters or digits touch it
		switch {
		case i == 0:
			return i, "", true
		case n.typ == Card && word == "B" && at > 0 && b[at-1] == '%':
			return i, "", true // the first track of a card (ISO/IEC 7813)
		case known && whole:
			return at, word, true
		case escaped(b, i):
			return i, "", true
		case len(word) > 2 && whole:
			if cc := word[len(word)-2:]; strings.Contains(n.prefixes, " "+cc+" ") && n.names(word[:len(word)-2]) {
				return i - 2, cc, true
			} else if n.names(word) {
				return i, "", true
			}
		}
		return i, "", !isAlnum(b[i-1]) && (b[i-1] < utf8.RuneSelf || !wordBefore(b, i))
	}
	if known && whole {
		return at, word, true
	}
	// A country's prefix in capitals is another one's; in small letters it is a
	// word (de, es, it, no).
	if whole && len(word) == 2 && word == string(b[at:j]) && strings.Contains(countryPrefixes, " "+word+" ") {
		if word == "NO" || word == "NR" {
			if w := wordsBefore(b, at); w[0] != "" {
				return i, "", true // "VAT NO 123": a number
			}
		}
		return i, "", word == "NR"
	}
	return i, "", true
}

// phoneLike reports whether a company's number is written as a phone number.
func (n *figure) phoneLike(b []byte, from, to int) bool {
	if w := wordsBefore(b, from)[0]; w != "" && strings.Contains(phoneNames, " "+w+" ") {
		return true
	}
	if n.text[0] != '0' || len(n.text) != 10 {
		return false
	}
	g := groupSizes(b[from:to])
	return slices.Equal(g, []int{4, 2, 2, 2}) || slices.Equal(g, []int{2, 2, 2, 2, 2})
}

// names reports whether a word may touch a number of the type: a label, or one
// of the types of identifiers of ETSI EN 319 412-1, section 5.1.
func (n *figure) names(word string) bool {
	switch n.typ {
	case IBAN:
		return word == "IBAN"
	case VAT:
		return strings.Contains(" VAT BTW TVA NTR IVA MWST NIP CUI SIREN SIRET ", " "+word+" ")
	case NationalID:
		return strings.Contains(" PNO IDC TIN PAS PESEL NISS INSZ BSN DNI ", " "+word+" ")
	}
	return false
}

// suffix returns the end of one of the words that may follow i.
func (n *figure) suffix(b []byte, i int) int {
	if n.suffixes == "" {
		return i
	}
	j := i
	if l, class := separatorAt(b, j); class == ' ' || class == '-' {
		j += l
	}
	k := j
	for k < len(b) && k-j < 8 && isAlnum(b[k]) {
		k++
	}
	if k > j && strings.Contains(n.suffixes, " "+strings.ToUpper(string(b[j:k]))+" ") {
		return k
	}
	return i
}

// grouped names the form of a number by whether anything stands between its
// digits.
func grouped(b []byte) string {
	for _, c := range b {
		if !isAlnum(c) {
			return "grouped"
		}
	}
	return "plain"
}

// spaced reports whether a space ends the number before i.
func spaced(b []byte, i int) bool {
	_, class := separatorAt(b, i)
	return class == ' '
}

// shortGroup reports whether a number in groups ends its line with one more,
// short group: then it is a longer number.
func shortGroup(b []byte, start, end int) bool {
	class, from, to := nextGroup(b, end)
	g := groupingOf(b[start:end])
	if class != ' ' || from == to || to-from >= 4 || g.n < 3 || g.tail != ' ' {
		return false
	}
	return to == len(b) || b[to] == '\n' || b[to] == '\r' || b[to] == 0
}

// vatPrefixes are the prefixes of VAT numbers (Directive 2006/112/EC, Art. 215;
// Greece has EL), and those of IBANs in the same countries.
const vatPrefixes = " AT BE BG CY CZ DE DK EE EL ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK XI CH "

// countryPrefixes are those that tell another country's number.
const countryPrefixes = vatPrefixes + "IS LI MC SM AD VA TR RS ME MK AL BA UA MD GE NR "

// belgian reports whether ten digits are a Belgian company number: the last two
// are 97 less the others modulo 97 (royal decree of 24 June 2003).
func belgian(d string) bool {
	if len(d) != 10 || !allDigits(d) {
		return false
	}
	n, err := strconv.Atoi(d)
	return err == nil && 97-n/100%97 == n%100
}

// vatNumbers returns the ways to write a VAT or company number.
func vatNumbers(normal string) []number {
	cc, body := splitVAT(normal)
	own := " " + cc + " "
	n := number{text: body, prefixes: own}
	switch cc {
	case "":
		return unknownVAT(body)
	case "BE":
		list := []number{n}
		switch {
		case len(body) == 10 && body[0] == '0': // nine digits until 2005
			list = append(list, number{text: body[1:], prefixes: own})
		case len(body) == 9 && allDigits(body):
			list = append(list, number{text: "0" + body, prefixes: own})
		}
		return list
	case "FR":
		siren := ""
		switch {
		case len(body) == 9 && luhn(body):
			siren = body
		case len(body) == 11 && allDigits(body[2:]):
			siren = body[2:]
		case len(body) == 14 && allDigits(body):
			siren = body[:9]
		default:
			return []number{n}
		}
		return french(siren, body)
	case "EL":
		n.prefixes = " EL GR "
	case "GB":
		n.prefixes = " GB XI "
		if len(body) == 12 { // with the number of a branch
			return []number{n, {text: body[:9], prefixes: n.prefixes}}
		}
	case "CH":
		n.prefixes, n.suffixes = " CHE CH ", " MWST TVA IVA VAT HR TPV "
	case "NO":
		n.suffixes = " MVA "
	case "HU": // within the country with the code of the tax and of the county
		if len(body) == 11 {
			n.text = body[:8]
		}
		n.more = moreHungarian
	case "NL": // what goes before B01 is another number by itself
		if i := strings.IndexByte(body, 'B'); i != 9 {
			n.need = true
		}
	case "AT":
		if !strings.HasPrefix(body, "U") {
			n.text = "U" + body
		}
	case "SE":
		if len(body) == 12 && strings.HasSuffix(body, "01") {
			return []number{n, {text: body[:10], prefixes: own, form: "national"}, {text: "16" + body[:10], form: "national"}}
		}
		if len(body) == 10 {
			return []number{n, {text: body + "01", prefixes: own}, {text: "16" + body, form: "national"}}
		}
	}
	return []number{n}
}

// splitVAT takes the country's prefix off a VAT number, and what only says that
// it is one. Greece is EL, Northern Ireland GB.
func splitVAT(v string) (cc, body string) {
	for _, l := range []string{"VAT", "BTW", "TVA"} {
		v = strings.TrimPrefix(v, l)
	}
	if rest, ok := strings.CutPrefix(v, "CHE"); ok && len(rest) >= 9 && allDigits(rest[:9]) {
		return "CH", rest[:9]
	}
	if len(v) > 4 && isUpper(v[0]) && isUpper(v[1]) && strings.Contains(vatPrefixes, " "+v[:2]+" ") {
		cc, body = v[:2], v[2:]
		switch cc {
		case "GR":
			cc = "EL"
		case "XI":
			cc = "GB"
		case "NO":
			body = strings.TrimSuffix(body, "MVA")
		}
		return cc, body
	}
	digits := len(onlyDigits(v))
	switch {
	case belgian(v) && v[0] <= '1':
		return "BE", v
	case len(v) == 14 && digits == 14 && luhn(v):
		return "FR", v
	case len(v) == 12 && digits == 11 && v[9] == 'B':
		return "NL", v
	case len(v) == 12 && strings.HasSuffix(v, "MVA") && digits == 9:
		return "NO", v[:9]
	case len(v) == 9 && v[0] == 'U' && digits == 8:
		return "AT", v
	case len(v) == 9 && digits >= 7 && strings.IndexByte("ABCDEFGHJNPQRSUVW", v[0]) >= 0 && allDigits(v[1:8]):
		return "ES", v
	}
	return "", v
}

// unknownVAT returns the forms of a number whose country isn't given: any may
// stand before it, and the derived forms only with the prefix that proves them.
func unknownVAT(body string) []number {
	list := []number{{text: body, prefixes: vatPrefixes, prefixed: "with-prefix"}}
	if !allDigits(body) {
		return list
	}
	switch len(body) {
	case 9:
		if belgian("0" + body) {
			list = append(list, number{text: "0" + body, prefixes: " BE ", prefixed: "with-prefix"})
		}
		if luhn(body) {
			list = append(list, number{text: frenchKey(body) + body, prefixes: " FR ", need: true, prefixed: "with-prefix"})
		}
	case 10:
		if luhn(body) && body[2] >= '2' {
			list = append(list, number{text: body + "01", prefixes: " SE ", need: true, prefixed: "with-prefix"})
		}
	case 11:
		if siren := body[2:]; luhn(siren) && frenchKey(siren) == body[:2] {
			list = append(list, french(siren, body)...)
		}
	}
	return list
}

// frenchKey returns the check digits of a French VAT number (Code général des
// impôts, annexe 4, art. 121 Z).
func frenchKey(siren string) string {
	k := (12 + 3*mod97(siren)) % 97
	return string([]byte{byte('0' + k/10), byte('0' + k%10)})
}

// french returns the forms of a French company's number: that of VAT, SIREN, and
// SIRET of the first establishments, which is the SIREN, four digits and a check
// digit.
func french(siren, given string) []number {
	key := frenchKey(siren)
	if len(given) == 11 {
		key = given[:2]
	}
	list := []number{
		{text: key + siren, prefixes: " FR "},
		{text: siren, prefixes: " FR ", more: moreSIRET},
	}
	if len(given) == 14 {
		return append(list, number{text: given, form: "national"})
	}
	for e := range 2 {
		for c := range 10 {
			if s := siren + "000" + strconv.Itoa(e+1) + strconv.Itoa(c); luhn(s) {
				list = append(list, number{text: s, form: "national"})
			}
		}
	}
	return list
}

// siret takes in the five digits that make a SIREN the number of an
// establishment (Code de commerce, art. R123-221).
func siret(b []byte, siren string, i int) int {
	_, from, to := nextGroup(b, i)
	if to-from == 5 && (to == len(b) || !isAlnum(b[to])) && luhn(siren+string(b[from:to])) {
		return to
	}
	return i
}

// hungarian takes in the code of the tax and that of the county, as in
// 12345678-2-42 (2017. évi CL. törvény, 1. melléklet).
func hungarian(b []byte, i int) int {
	_, from, to := nextGroup(b, i)
	if to-from != 1 || b[from] < '1' || b[from] > '5' {
		return i
	}
	_, from, to = nextGroup(b, to)
	if to-from != 2 || to < len(b) && isAlnum(b[to]) {
		return i
	}
	return to
}

// ibanLength returns how long an IBAN of the country is with which v starts, in
// characters (SWIFT, IBAN Registry); 0 when that isn't known.
func ibanLength(v string) int {
	const lengths = " AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27" +
		" GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30" +
		" NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 "
	if len(v) < 2 || !isUpper(v[0]) || !isUpper(v[1]) {
		return 0
	}
	_, after, ok := strings.Cut(lengths, " "+v[:2])
	if !ok {
		return 0
	}
	n, _ := strconv.Atoi(after[:2])
	return n
}

// accountNumbers returns the ways to write an account: as IBAN, with and without
// the country, and as it is written within the country.
func accountNumbers(iban string) []number {
	cc, bban := iban[:2], iban[4:]
	list := []number{{text: iban[2:], prefixes: " " + cc + " "}}
	domestic := number{text: bban, form: "domestic"}
	switch {
	case cc == "DE" && len(bban) == 18: // Bankleitzahl and Kontonummer, without leading zeros
		list = append(list, domestic)
		if k := strings.TrimLeft(bban[8:], "0"); len(k) >= 5 {
			list = append(list, number{text: k, form: "domestic", beside: bban[:8]})
		}
		if bban[8] == '0' {
			list = append(list, number{text: bban[8:], form: "domestic", beside: bban[:8]})
		}
	case cc == "AT" && len(bban) == 16:
		list = append(list, domestic)
		if k := strings.TrimLeft(bban[5:], "0"); len(k) >= 5 {
			list = append(list, number{text: k, form: "domestic", beside: bban[:5]})
		}
	case (cc == "GB" || cc == "IE") && len(bban) == 18: // sort code and account
		list = append(list, domestic, number{text: bban[4:], form: "domestic"}, number{text: bban[10:], form: "domestic", beside: bban[4:10]})
	case cc == "NL" && len(bban) == 14:
		list = append(list, domestic, number{text: bban[4:], form: "domestic", labelled: true})
		if k := strings.TrimLeft(bban[4:], "0"); len(k) == 9 {
			list = append(list, number{text: k, form: "domestic", labelled: true})
		}
	case len(onlyDigits(bban)) >= 11:
		list = append(list, domestic)
	}
	return list
}

// digitsNear reports whether want, in any grouping, stands within 64 bytes of
// b[start:end].
func digitsNear(b []byte, start, end int, want string) bool {
	for i := max(start-64, 0); i < min(end+64, len(b)); i++ {
		if b[i] != want[0] || i > 0 && isDigit(b[i-1]) {
			continue
		}
		if j, ok := forward(b, i, want); ok && (j == len(b) || !isDigit(b[j])) && (j <= start || i >= end) {
			return true
		}
	}
	return false
}

// accountLabel reports whether the words before i name a bank account.
func accountLabel(b []byte, i int) bool {
	const names = " REKENING REKENINGNUMMER REKENINGNR REKNR REK BANKREKENING BANKREKENINGNUMMER GIRO GIROREKENING BANK ACCOUNT KONTO KTO COMPTE IBAN "
	for _, w := range wordsBefore(b, i) {
		if w != "" && strings.Contains(names, " "+w+" ") {
			return true
		}
	}
	return false
}

// idNumbers returns the ways to write a national id.
func idNumbers(normal string) []number {
	n := number{text: normal, prefixes: vatPrefixes + "UK ", form: "plain"}
	if len(normal) > 9 && isUpper(normal[0]) && isUpper(normal[1]) && strings.Contains(vatPrefixes, " "+normal[:2]+" ") && !fiscalCode(normal) {
		// With the country's code, which may be left out where it is surely that.
		if cs := idCountries(normal[2:]); len(cs) == 1 && cs[0] == normal[:2] {
			n.text, normal = normal[2:], normal[2:]
		}
	}
	if cs := idCountries(normal); len(cs) > 0 {
		n.prefixes = " " + strings.Join(cs, " ") + " "
		for _, c := range cs {
			if c == "GR" {
				n.prefixes += "EL "
			}
		}
	}
	list := []number{n}
	with := func(text string) {
		m := n
		m.text = text
		list = append(list, m)
	}
	digits := allDigits(normal)
	switch {
	case frenchID(normal) && len(normal) == 15:
		with(normal[:13]) // without the key
	case frenchID(normal):
		with(normal + frenchIDKey(normal))
	case digits && len(normal) == 12 && swedish(normal[2:]) && (normal[:2] == "19" || normal[:2] == "20"):
		with(normal[2:])
	case digits && len(normal) == 10 && swedish(normal):
		with("19" + normal)
		if normal < "40" { // nobody is born yet in the years behind
			with("20" + normal)
		}
	case len(normal) == 9 && nino(normal[:8]) && normal[8] >= 'A' && normal[8] <= 'D':
		with(normal[:8])
	case nino(normal):
		list[0].suffixes = " A B C D "
	case digits && normal[0] == '0' && len(normal) >= 10:
		if k := strings.TrimLeft(normal, "0"); len(k) >= 8 {
			with(k) // from a column of numbers
		}
	}
	return list
}

// centenarian adds the forms of Swedish and Finnish ids with a plus, which
// people have who are over a hundred (Sweden) or were born before 1900 (Finland).
func (bl *builder) centenarian(normal string) {
	switch {
	case allDigits(normal) && len(normal) == 12 && swedish(normal[2:]) && normal < "1940":
		bl.literal(normal[2:8]+"+"+normal[8:], "grouped", wordBounds)
	case allDigits(normal) && len(normal) == 10 && swedish(normal):
		bl.literal(normal[:6]+"+"+normal[6:], "grouped", wordBounds)
	case len(normal) == 10 && finnish(normal):
		bl.literal(normal[:6]+"+"+normal[6:], "grouped", wordBounds)
	}
}

// idCountries returns the countries by whose rules an id may be one: shape, date
// and check digits. It knows those with prefixes in use; none means any.
func idCountries(v string) []string {
	var cs []string
	digits := allDigits(v)
	switch {
	case digits && len(v) == 11:
		n, _ := strconv.Atoi(v[:9])
		if k, _ := strconv.Atoi(v[9:]); monthAt(v, 2, 20, 40) && (97-n%97 == k || 97-(n+2e9)%97 == k) {
			cs = append(cs, "BE") // royal decree of 3 April 1984
		}
		if pesel(v) && monthAt(v, 2, 20, 40, 60, 80) {
			cs = append(cs, "PL")
		}
	case digits && len(v) == 12 && swedish(v[2:]), digits && len(v) == 10 && swedish(v):
		cs = append(cs, "SE")
	case frenchID(v) && len(v) == 15:
		cs = append(cs, "FR")
	case finnish(v):
		cs = append(cs, "FI")
	case spanish(v):
		cs = append(cs, "ES")
	case fiscalCode(v):
		cs = append(cs, "IT")
	}
	return cs
}

// monthAt reports whether a month stands at i, perhaps with one of these added.
func monthAt(v string, i int, add ...int) bool {
	m, _ := strconv.Atoi(v[i : i+2])
	for _, a := range append(add, 0) {
		if m >= a+1 && m <= a+12 || m == a {
			return true
		}
	}
	return false
}

// pesel checks a Polish number (ustawa o ewidencji ludności, Art. 15).
func pesel(v string) bool {
	sum := 0
	for i := range 10 {
		sum += int(v[i]-'0') * int("1379137913"[i]-'0')
	}
	return (10-sum%10)%10 == int(v[10]-'0')
}

// swedish checks ten digits of a personnummer or samordningsnummer, in which 60
// is added to the day (folkbokföringslagen, 18 §).
func swedish(v string) bool {
	m, _ := strconv.Atoi(v[2:4])
	d, _ := strconv.Atoi(v[4:6])
	return luhn(v) && m >= 1 && m <= 12 && (d >= 1 && d <= 31 || d >= 61 && d <= 91)
}

// finnish checks a henkilötunnus, with or without the sign of its century (VNA
// 128/2010, 2 §).
func finnish(v string) bool {
	if len(v) == 11 && strings.IndexByte("ABCDEFUVWXY", v[6]) >= 0 {
		v = v[:6] + v[7:]
	}
	if len(v) != 10 || !allDigits(v[:9]) {
		return false
	}
	n, _ := strconv.Atoi(v[:9])
	return v[9] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31]
}

// spanish checks a DNI or NIE (Real Decreto 1553/2005, Art. 11; Real Decreto
// 557/2011, Art. 206).
func spanish(v string) bool {
	if len(v) != 9 {
		return false
	}
	d := v[:8]
	if i := strings.IndexByte("XYZ", d[0]); i >= 0 {
		d = string(byte('0'+i)) + d[1:]
	}
	n, err := strconv.Atoi(d)
	return err == nil && allDigits(d) && v[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[n%23]
}

// frenchID reports whether v is a NIR with its key, or has the shape of one
// without (décret 82-103, Art. 4). Corsica has 2A and 2B.
func frenchID(v string) bool {
	if len(v) != 13 && len(v) != 15 {
		return false
	}
	d := corsican(v)
	if !allDigits(d) || d[0] != '1' && d[0] != '2' {
		return false
	}
	if m, _ := strconv.Atoi(d[3:5]); m == 0 || m > 12 && m < 20 {
		return false
	}
	return len(v) == 13 || v[13:] == frenchIDKey(v[:13])
}

// corsican replaces the letters of the departments of Corsica by the digits with
// which the key is reckoned.
func corsican(v string) string {
	if v[5] == '2' && (v[6] == 'A' || v[6] == 'B') {
		return v[:5] + "1" + string('9'-rune(v[6]-'A')) + v[7:] // 19 and 18
	}
	return v
}

func frenchIDKey(v string) string {
	k := 97 - mod97(corsican(v))
	return string([]byte{byte('0' + k/10), byte('0' + k%10)})
}

// fiscalCode reports whether v has the shape of an Italian codice fiscale: letters
// stand for digits where two people would have the same (D.M. 23 December 1976).
func fiscalCode(v string) bool {
	const shape = "AAAAAA00A00A000A"
	if len(v) != len(shape) {
		return false
	}
	for i := range len(v) {
		letter := isUpper(v[i])
		if shape[i] == 'A' && !letter || shape[i] == '0' && !isDigit(v[i]) && strings.IndexByte("LMNPQRSTUV", v[i]) < 0 {
			return false
		}
	}
	return true
}

// nino reports whether v has the shape of a British National Insurance number
// without its suffix.
func nino(v string) bool {
	return len(v) == 8 && isUpper(v[0]) && isUpper(v[1]) && allDigits(v[2:])
}

func longestDigits(s string) (from, to int) {
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		if j-i > to-from {
			from, to = i, j
		}
		i = max(j, i+1)
	}
	return from, to
}

// forward compares want (letters and digits) with what follows i, passing over
// up to three separators before each character.
func forward(b []byte, i int, want string) (int, bool) {
	for k := range len(want) {
		for n := 0; n < 3; n++ {
			l, _ := separatorAt(b, i)
			if l == 0 && i < len(b) && b[i] == '+' {
				l = 1 // of a form that was sent
			}
			i += l
		}
		if i >= len(b) || upper(b[i]) != want[k] {
			return 0, false
		}
		i++
	}
	return i, true
}

// backward is forward, towards the start.
func backward(b []byte, i int, want string) (int, bool) {
	for k := len(want) - 1; k >= 0; k-- {
		for n := 0; n < 3; n++ {
			l, _ := separatorBefore(b, i)
			if l == 0 && i > 0 && b[i-1] == '+' {
				l = 1
			}
			i -= l
		}
		if i == 0 || upper(b[i-1]) != want[k] {
			return 0, false
		}
		i--
	}
	return i, true
}
