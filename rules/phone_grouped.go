package rules

import "strings"

// phoneGrouped detects telephone numbers as they are dialled within a country by
// their shape alone: how their digits are grouped and how they begin.
func phoneGrouped() Rule {
	return found(Rule{
		ID:          "phone-grouped",
		Description: "a telephone number in national form, by how its digits are grouped",
		Source:      "ITU-T E.123 (national notation); the national numbering plans listed by ITU-T E.129",
		Category:    "contact",
		MaxLen:      maxPhone,
		Match: []string{
			"0470 12 34 56", "0470/12.34.56", "0470/12 34 56", "02/538.61.04", "02 123 45 67", "016 12 34 56", "0171/4830962", "0171-4830962", "06 12 34 56 78", "06.12.34.56.78", "06-12345678",
			"06 - 2481 7365", "030 1234567", "(0221) 9470631", "(030) 271 84 06", "089 / 21 80 - 55 93", "020 7946 0958", "07700 900123", "0664 918 27 35", "031 311 22 08", "086 172 4095", "612 345 678",
			"91 123 45 67", "944 23 71 85", "601 234 567", "793-550-148", "22 123 45 67", "(71) 342-55-16", "71/344-58-20", "06 1234 5678", "02 89451370", "347 123 4567", "348-5509163", "347/5520916",
			"340.771.26.84", "06.7720.4418", "(212) 555-0173", "415.555.0134", "06\u00a012\u00a034\u00a056\u00a078",
		},
		NoMatch: []string{
			"01/02/2026", "2026-11-22", "02-2026-1234", "06 12 2026 10", "12:06 12 34 56 78", "0,50", "0890.439.412", "0470.123.456", "BE 0470 123 456", "192.168.10.101", "0-306-40615-2", "85.07.30-033.28",
			"06 12 34 56 78 90", "99 06 12 34 56 78", "01 02 03 04 05", "06 12 34 56 78 0a", "612 345 678,50", "612 345 678 EUR", "€ 612 345 678", "612 345 678 901", "12 612 345 678", "091-1234567-89",
			"092 162 309 96", "01234-05678", "05 20260123", "012 345 678", "0000 12 34 56", "0470 12 34", "x0470 12 34 56", "0470 12 34 56x", "612.345.678", "0470  12  34  56", "0470 12-34/56", "SIREN 732 829 321",
			"v0470 12 34 56", "252.227-7013", "fe 06 12 34 56 78 9b", "0470 12 34 56:10", "012-34-5678",
		},
		groups: []group{
			{kinds: "d", least: 2, most: 5, before: groupedFront, first: "0", after: " ./-)\xC2", after2: digits + " /-\xA0"},
			{kinds: "d", least: 2, most: 3, before: groupedFront, first: "123456789", after: " ./-)\xC2", after2: digits + " \xA0"},
		},
		look:   groupedPhone,
		strict: 2,
	})
}

// groupedFront is what may stand in front of a number that only its shape tells.
const groupedFront = "\n\t \"'<>([:;,|=\xA0"

// groupedPlans holds, by the sizes of the groups, with which digits a number may
// begin and what may stand between its groups: first what is between the first
// two, then what is between the others, which is the same throughout. S is a
// space, of which there may be one on either side of a slash or hyphen, too; a
// closing bracket counts as any of the first. Where several plans are given, one
// must fit.
var groupedPlans = map[string][]groupedPlan{
	// Trunk zero, 9 digits.
	"27":   {{"02 03 04 08 09", "/-S", ""}, {"01", "/-", ""}},
	"36":   {{"0", "/-", ""}, {"01 05 06 07 08", "S", ""}},
	"45":   {{"0", "/", ""}},
	"234":  {{"0", "/-S", "-S"}},
	"432":  {{"0", "/-", "S"}},
	"2322": {{"0", "/-.S", "-.S"}, {polishAreas, "/-S", "-S"}, {"91 93 95 96 98", "-S", "-S"}},
	"3222": {{"0", "/-.S", "-.S"}, {spanish, "-.S", "-.S"}},
	"333":  {{"0", "/", "-.S"}, {"6 71 72 73 74", "-S", "-S"}, {polishMobile, "-S", "-S"}, {"98 97 95 94", "-", "-"}},
	// 10.
	"28":    {{"06 02", "/-S", ""}, {"0", "/-", ""}},
	"37":    {{"0", "/-S", ""}, {italianMobile, "/-S", ""}},
	"46":    {{"0", "/-", ""}, {"04 01 06 07 09", "S", ""}},
	"55":    {{"0", "/", ""}},
	"244":   {{"0", "/-.S", "-.S"}},
	"334":   {{"0", "/-S", "-S"}, {italianMobile, "/-.S", "-.S"}, {"2 3 4 5 6 7 8 9", "-.", "-."}},
	"433":   {{"0", "/", ".-S"}, {"04 06 07 08 09", "-S", "-S"}},
	"2332":  {{"0", "/-S", "S"}},
	"3322":  {{"0", "/-.S", "-.S"}, {italianMobile, "/-.S", "-.S"}},
	"4222":  {{"0", "/-.S", "-.S"}},
	"22222": {{"0", "/-.S", "-.S"}},
	// 11.
	"38":    {{"0", "/-S", ""}},
	"47":    {{"0", "/-S", ""}},
	"56":    {{"0", "/-S", ""}},
	"344":   {{"0", "/-S", "-S"}},
	"434":   {{"0", "/-S", "-S"}},
	"533":   {{"0", "/-S", "-S"}},
	"2234":  {{"06", "/-S", "-S"}},
	"4322":  {{"0", "/-.S", "-.S"}},
	"5222":  {{"0", "/-S", "-S"}},
	"32222": {{"0", "/-S", "-S"}},
	// 12.
	"48":    {{"015 016 017 06", "/-S", ""}},
	"57":    {{"0", "/", ""}},
	"444":   {{"015 016 017", "/-S", "-S"}},
	"42222": {{"015 016 017 06", "/-S", "-S"}},
}

type groupedPlan struct {
	begins       string // one of these
	first, other string
}

const (
	polishAreas = "12 13 14 15 16 17 18 22 23 24 25 29 32 33 34 41 42 43 44 46 48 52 54 55 56 58 59 61 62 63 65 67 68 71 74 75 76 77 81 82 83 84 85 86 87 89 91 94 95"
	// Urząd Komunikacji Elektronicznej, mobile networks.
	polishMobile = "45 50 51 53 57 60 66 69 72 73 78 79 88"
	// Plan nacional de numeración telefónica: mobile, and the provinces.
	spanish       = "6 71 72 73 74 81 82 83 84 85 86 87 88 91 92 93 94 95 96 97 98"
	italianMobile = "32 33 34 35 36 37 38 39"
)

// noPhone are words right in front of a number that say it is another.
var noPhone = compileWords([]string{
	"siren", "siret", "rcs", "tva", "vat", "btw", "ust", "iva", "nip", "regon", "krs", "nif", "cif", "dni", "pesel", "bsn", "kvk", "iban", "konto*", "rachun*", "rekening*", "compte", "cuenta", "conto",
	"factu*", "fattura", "rechnung*", "rechnungsnummer", "faktur*", "invoice*", "order*", "bestel*", "commande", "pedido", "zamowien*", "ordine", "bestell*", "ref*", "ean", "imei", "serial", "isbn", "issn",
	"kunden*", "klant*", "dossier*", "ticket*", "version", "be", "utr", "nhs", "steuer*", "ondernemingsnummer", "kbo", "bce", "total*", "sum", "size", "inode", "bytes", "id", "ids", "nino", "barcode", "offset",
	"eur", "euro", "euros", "usd", "gbp", "pln", "chf", "sek", "nok", "dkk", "czk", "huf", "zl",
})

// notBehind are words right behind one that make it an amount.
var notBehind = compileWords([]string{
	"eur", "euro*", "usd", "gbp", "pln", "chf", "sek", "nok", "dkk", "czk", "huf", "zl", "zlot*", "kr", "ft", "kc", "dollar*", "bytes", "byte", "kb", "mb", "gb", "kib", "mib", "people", "hab*", "inhabitants", "inwoner*",
	"einwohner*", "mieszkanc*", "abitanti", "habitant*", "km", "m", "kg", "ms", "ns", "times", "rows",
})

// groupedPhone returns the telephone number of which b[from:to] is the first
// group.
func groupedPhone(b []byte, from, to int) (int, int) {
	start := from
	bracket := byteAt(b, to) == ')'
	switch c := byteAt(b, from-1); {
	case c == '(' && bracket:
		start--
	case bracket:
		return 0, 0
	case c == 0xA0 && byteAt(b, from-2) != 0xC2:
		return 0, 0
	}
	if b[from] == '0' && to-from > 1 && b[from+1] == '0' {
		return 0, 0
	}
	var d [12]byte
	var sizes [5]byte
	n, k := 0, 0
	var first, other byte // what stands between the groups
	i := from
	for {
		g := i
		for i < len(b) && digit(b[i]) {
			if n == len(d) {
				return 0, 0
			}
			d[n] = b[i]
			n++
			i++
		}
		if i-g < 2 || i < len(b) && alnum(b[i]) {
			return 0, 0
		}
		sizes[k] = '0' + byte(i-g)
		k++
		sep, size := groupSeparator(b, i, k == 1 && bracket)
		if size == 0 || !digit(byteAt(b, i+size)) {
			break
		}
		switch {
		case k == len(sizes):
			return 0, 0
		case k == 1:
			first = sep
		case other == 0 || other == 'S' && sep == '-' && i+size-g > 4:
			other = sep
		case other != sep && (sep != 'S' || size > 1 || other != '-' || k < 4):
			return 0, 0
		}
		i += size
	}
	if n < 9 || k < 2 || !fitsGroups(d[:n], sizes[:k], first, other) || same(d[1:n]) {
		return 0, 0
	}
	if !aloneOnLine(b, start, i) || k > 1 && year(d[sizes[0]-'0':]) && (sizes[1] == '4' || sizes[1] == '8') || k == 5 && counting(d[:n]) {
		return 0, 0
	}
	if k == 5 && amidBytes(b, from, i) {
		return 0, 0
	}
	return start, i
}

// amidBytes reports whether the pairs of b[start:end] go on in hexadecimal.
func amidBytes(b []byte, start, end int) bool {
	hex := func(i int) bool {
		h := func(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
		return h(byteAt(b, i)) && h(byteAt(b, i+1)) && !alnum(byteAt(b, i-1)) && !alnum(byteAt(b, i+2))
	}
	some := func(i int) bool { return digit(byteAt(b, i)) || digit(byteAt(b, i+1)) }
	i, k := start-3, end+1
	if byteAt(b, i+1) == ' ' {
		i--
	}
	if byteAt(b, k) == ' ' {
		k++
	}
	return hex(i) && (some(i) || hex(i-3)) || hex(k) && (some(k) || hex(k+3))
}

// groupSeparator returns what stands between two groups at b[i], and its length;
// 0 where it is none.
func groupSeparator(b []byte, i int, bracket bool) (sep byte, size int) {
	if bracket {
		if size = 1; byteAt(b, i+1) == ' ' {
			size++
		}
		return ')', size
	}
	switch c := byteAt(b, i); c {
	case '/', '-', '.':
		if c == '/' && byteAt(b, i+1) == ' ' {
			return c, 2
		}
		return c, 1
	case ' ':
		if c := byteAt(b, i+1); (c == '/' || c == '-') && byteAt(b, i+2) == ' ' {
			return c, 3
		}
		return 'S', 1
	case 0xC2:
		if byteAt(b, i+1) == 0xA0 {
			return 'S', 2
		}
	}
	return 0, 0
}

// fitsGroups reports whether a numbering plan has such numbers.
func fitsGroups(d, sizes []byte, first, other byte) bool {
	for _, p := range groupedPlans[string(sizes)] {
		if other != 0 && strings.IndexByte(p.other, other) < 0 || first != ')' && strings.IndexByte(p.first, first) < 0 {
			continue
		}
		for s := p.begins; s != ""; {
			var begin string
			if begin, s, _ = strings.Cut(s, " "); string(d[:len(begin)]) == begin {
				if string(sizes) != "334" || d[0] < '2' || other == first && d[3] >= '2' || d[0] == '3' && (first == 'S' || first == '/') {
					return true
				}
				break
			}
		}
	}
	// (212) 555-0173
	return first == ')' && string(sizes) == "334" && other == '-' && d[0] >= '2' && d[3] >= '2'
}

// counting reports whether the pairs of d rise by one.
func counting(d []byte) bool {
	for i := 2; i+1 < len(d); i += 2 {
		if num(d[i:i+2]) != num(d[i-2:i])+1 {
			return false
		}
	}
	return true
}

// aloneOnLine reports whether b[start:end] is no part of a row of numbers, nor an
// amount.
func aloneOnLine(b []byte, start, end int) bool {
	i := start
	for i > 0 && start-i < 12 && (b[i-1] == ' ' || b[i-1] == '(' || b[i-1] == '\t' && start-i < 2) {
		i--
	}
	tabbed := byteAt(b, start-1) == '\t'
	switch c := byteAt(b, i-1); {
	case digit(c) && !tabbed, c == '$', c == '#', c == '+', c == '-' && i < start, c == '*':
		return false
	case c == 0xAC || c == 0xA3: // €, £
		return false
	case (c == '.' || c == ':' || c == ',' || c == '=' || c == '/') && digit(byteAt(b, i-2)) && (i == start || c == '=' || c == '/'):
		return false
	}
	// The word in front.
	for range 3 {
		if c := byteAt(b, i-1); c == ':' || c == '.' || c == '=' || c == '"' || c == ' ' {
			i--
		}
	}
	w := i
	for w > 0 && i-w < 24 && apart(b, w-1) == 0 {
		w--
	}
	if w < i && noPhone.at(b, w, i, i) > 0 {
		return false
	}
	i = end
	switch c := byteAt(b, i); c {
	case '.', ',', '-', ':', '/', '\'', '(':
		if k := byteAt(b, i+1); digit(k) || c != '.' && c != ',' && c != '\'' && c != ':' && alnum(k) {
			return false
		}
	case '_', '%', '$', '+', '*', '=', '@', '^', '~', '\\':
		return false
	}
	for i < len(b) && i-end < 12 && (b[i] == ' ' || b[i] == 0xC2 && byteAt(b, i+1) == 0xA0 || b[i] == 0xA0) {
		i++
	}
	c := byteAt(b, i)
	if i > end && digit(c) || c == '%' || c == '$' || c == '+' || c == '*' || c == '=' || c == 0xE2 && byteAt(b, i+1) == 0x82 || i > end && c == '-' && digit(byteAt(b, i+1)) {
		return false
	}
	e := wordEnd(b[:min(len(b), i+24)], i)
	return e == i || notBehind.at(b, i, e, e) == 0
}
