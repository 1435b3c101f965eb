package rules

import "strings"

// phone detects telephone numbers in international form: with a plus sign, or 00
// and separators.
func phone() Rule {
	return found(Rule{
		ID:          "phone",
		Description: "a telephone number in international form",
		Source:      "ITU-T E.164 (calling codes; lengths of the national numbering plans), E.123",
		Category:    "contact",
		Context:     phoneWords(),
		MaxLen:      maxPhone,
		Match: []string{
			"+32 470 12 34 56", "+32470123456", "+32 (0)470 12 34 56", "+32-470-12-34-56", "+1 (415) 555-2671", "+44 20 7946 0958", "0032 470 12 34 56",
			"+32/470.12.34.56", "+49 151 12345678", "+39 06 1234 5678", "(+32) 470 12 34 56", "+352 621 123 456", "+32\u00a0470\u00a012\u00a034\u00a056",
		},
		NoMatch: []string{
			"+32 470 12 34", "+32 470 12 34 567", "+999 470 12 34 56", "+0470123456", "x+32470123456", "+32470123456789", "+1 015 555 2671", "+01:00", "0000 4701 2345 6",
			"+32 000 00 00 00", "+32 470 12 34 56 7",
		},
		groups: []group{
			{kinds: "d", least: 1, most: 15, before: "+"},
			{kinds: "d", least: 4, most: 6, before: "\n\t \"'<>([:;,|=/", first: "0"},
			{kinds: "d", least: 2, most: 2, before: "\n\t \"'<>([:;,|=/", after: " ", first: "0"},
		},
		look:   internationalPhone,
		strict: 12,
	})
}

// phoneInContext detects telephone numbers as they are dialled within a country,
// or with 00.
func phoneInContext() Rule {
	return found(Rule{
		ID:           "phone-national",
		Description:  "a telephone number in national form",
		Source:       "ITU-T E.164, E.123 (national notation)",
		Category:     "contact",
		Context:      phoneWords(),
		NeedsContext: true,
		MaxLen:       maxPhone,
		Match:        []string{"0470 12 34 56", "0470/12.34.56", "02 123 45 67", "(02) 123 45 67", "030 1234567", "612 345 678", "(415) 555-2671", "0032470123456", "20 12 34 56", "06 12 34 56 78"},
		NoMatch:      []string{"1234", "123 45", "2026-11-22", "22.11.2026", "192.168.10.101", "0470 12 34 56 78 90 12", "000000000", "12345678901234"},
		groups: []group{
			{kinds: "d", least: 1, most: 6, before: "\n\t \"'<>([:;,|=./-\xA0", unjoined: "./-", after: " ./-()\xC2\xE2", after2: digits + " ./-()\xA0\x80"},
			{kinds: "d", least: 7, most: 14, before: "\n\t \"'<>([:;,|=./-\xA0", unjoined: "./-"},
		},
		look:   nationalPhone,
		strict: 3,
	})
}

const maxPhone = 48

func phoneWords() []string {
	return []string{
		"tel", "tel*", "phone*", "*phone", "telephone*", "mob", "mobile*", "mobil*", "cell", "cellphone", "cellulare", "gsm", "fax*", "telefax", "sms", "whatsapp", "call", "contact number",
		"handy*", "rufnummer*", "durchwahl", "festnetz", "fon", "portable", "movil*", "movel", "telemovel", "celular", "komorka", "komorkowy", "kom", "tlf", "tlfno", "telf", "tfn", "tfno", "mobiltelefon*",
		"puhelin*", "puh", "matkapuhelin*", "gsm-nummer", "belgsm", "simi", "farsimi", "mobilais", "talr*", "talrunis", "mobilus", "faks*", "bellen", "msisdn", "vaste lijn", "sima",
		"τηλ*", "κινητο*", "φαξ", "тел*", "мобилен*", "моб", "gsm*", "fixe", "rufnr", "hotline", "mobitel*", "prenosnik",
	}
}

// phoneSeparator returns the length of what may stand between two groups of a
// telephone number, 0 where something else does.
func phoneSeparator(b []byte, i int) int {
	n := 0
	for n < 4 && i+n < len(b) {
		switch c := b[i+n]; {
		case c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')':
			n++
			continue
		case c == 0xC2 && byteAt(b, i+n+1) == 0xA0:
			n += 2
			continue
		case c == 0xE2 && byteAt(b, i+n+1) == 0x80 && (byteAt(b, i+n+2) >= 0x89 && byteAt(b, i+n+2) <= 0x93 || byteAt(b, i+n+2) == 0xAF):
			n += 3
			continue
		}
		break
	}
	if i+n >= len(b) || n > 4 {
		return 0
	}
	return n
}

// dialled reads the digits that are joined from i on: at most 15 and one more, with
// their ends in b and whether a group ends there. A single 0 in brackets is left
// out.
type dialled struct {
	d     [17]byte
	ends  [17]int
	group [17]bool // whether the digit ends a group
	wide  [17]bool // whether what follows the group stands apart
	n     int
	size  [17]int // of the group that follows the digit's group
}

func (t *dialled) read(b []byte, i int) {
	last := -1
	for i < len(b) {
		from := i
		for i < len(b) && digit(b[i]) {
			if t.n == len(t.d) {
				return
			}
			t.d[t.n], t.ends[t.n] = b[i], i+1
			t.n++
			i++
		}
		if last >= 0 {
			t.size[last] = i - from
		}
		if i == from || t.n == 0 {
			return
		}
		last = t.n - 1
		if i < len(b) && letter(b[i]) {
			return // no end of a number
		}
		t.group[last] = true
		n := phoneSeparator(b, i)
		if n == 0 {
			return
		}
		if i+4 < len(b) && b[i+n-1] == '(' && b[i+n] == '0' && byteAt(b, i+n+1) == ')' {
			i += n + 2
			for i < len(b) && (b[i] == ' ' || b[i] == '-') {
				i++
			}
			if i >= len(b) || !digit(b[i]) {
				return
			}
			continue
		}
		i += n
		t.wide[last] = n > 1 && b[i-1] != '(' && b[i-n] != ')'
		if !digit(byteAt(b, i)) {
			return
		}
	}
}

func internationalPhone(b []byte, from, _ int) (int, int) {
	start := from
	skip := 0
	if byteAt(b, from-1) == '+' {
		start--
		if c := byteAt(b, start-1); alnum(c) || c == '/' || c == '+' || c == '=' && alnum(byteAt(b, start-2)) && byteAt(b, start-2) == '=' {
			return 0, 0
		}
		if byteAt(b, start-1) == '(' && strings.IndexByte(string(b[from:min(len(b), from+5)]), ')') > 0 {
			start--
		}
	} else {
		if b[from] != '0' || byteAt(b, from+1) != '0' {
			return 0, 0
		}
		skip = 2
	}
	var t dialled
	t.read(b, from)
	if skip > 0 && t.n > 0 {
		groups := 0
		for i := range t.n {
			if t.group[i] {
				groups++
			}
		}
		if groups < 2 || t.even() {
			return 0, 0
		}
	}
	if end := t.international(skip); end > 0 {
		return start, end
	}
	return 0, 0
}

// even reports whether there are several groups, all of one size, as the bytes of
// a dump have.
func (t *dialled) even() bool {
	size, first := 0, 0
	for i := range t.n {
		if size++; t.group[i] {
			if first == 0 {
				first = size
			}
			if size != first {
				return false
			}
			size = 0
		}
	}
	return first == 2 || first == 4
}

// international returns where the longest number of a known plan ends that begins
// with the digit skip; 0 where there is none.
func (t *dialled) international(skip int) int {
	if t.n < skip+7 {
		return 0
	}
	code, plan := callingCode(t.d[skip:t.n])
	if plan == 0 {
		return 0
	}
	nsn := skip + code
	if nsn >= t.n || !goodStart(t.d[skip:t.n], code) {
		return 0
	}
	for n := t.n; n > nsn+3; n-- {
		if !t.group[n-1] || n-nsn > 14 || plan>>(n-nsn)&1 == 0 || same(t.d[nsn:n]) {
			continue
		}
		if n < t.n && t.size[n-1] < 4 && !t.wide[n-1] {
			return 0 // the number goes on
		}
		return t.ends[n-1]
	}
	return 0
}

// goodStart reports whether a national number can begin as this one does.
func goodStart(d []byte, code int) bool {
	rest := d[code:]
	switch string(d[:code]) {
	case "1": // area and exchange begin with 2 to 9
		return len(rest) > 3 && rest[0] >= '2' && rest[3] >= '2'
	case "39", "225", "241", "242", "378":
		return true
	}
	return rest[0] != '0'
}

func nationalPhone(b []byte, from, to int) (int, int) {
	start := from
	switch c := byteAt(b, from-1); c {
	case '(':
		if byteAt(b, to) == ')' {
			start--
		}
	case '.', '-', '/', 0xA0:
		if digit(byteAt(b, from-2)) || c == 0xA0 && digit(byteAt(b, from-3)) {
			return 0, 0
		}
	case ' ':
		if digit(byteAt(b, from-2)) && to-from < 3 { // amid a number
			return 0, 0
		}
	}
	if k := start - 1; byteAt(b, k) == ' ' && k > 0 && (b[k-1] == '+' || digit(b[k-1]) && plusBefore(b, k-1)) {
		return 0, 0
	}
	if !manyDigits(b, from, to) {
		return 0, 0
	}
	var t dialled
	t.read(b, from)
	if t.n < 7 {
		return 0, 0
	}
	if t.d[0] == '0' && t.d[1] == '0' {
		if end := t.international(2); end > 0 {
			return start, end
		}
		return 0, 0
	}
	if dateLike(b[from:t.ends[t.n-1]]) || dotted(b[from:t.ends[t.n-1]]) {
		return 0, 0
	}
	least, most := 7, 10
	if t.d[0] == '0' {
		least, most = 8, 12
	}
	for n := min(t.n, most+1); n >= least; n-- {
		if n > most || !t.group[n-1] || same(t.d[1:n]) {
			continue
		}
		if n < t.n && t.size[n-1] < 4 && !t.wide[n-1] {
			return 0, 0
		}
		return start, t.ends[n-1]
	}
	return 0, 0
}

// manyDigits is a quick look at whether the digits from b[from:to] on may be as
// many as those of a telephone number, and are no date as in 2026-11-02.
func manyDigits(b []byte, from, to int) bool {
	if to-from == 4 && (b[from] == '1' || b[from] == '2') && to+3 < len(b) && b[to] == '-' && b[to+3] == '-' && dateLike(b[from:min(len(b), to+6)]) {
		return false
	}
	if to-from == 4 && to+5 <= len(b) && b[to] == '-' && year(b[from:to]) && year(b[to+1:to+5]) && !digit(byteAt(b, to+5)) {
		return false
	}
	n, gap := to-from, 0
	for i := to; n < 7; i++ {
		if i == len(b) || gap > 10 {
			return false
		}
		switch c := b[i]; {
		case digit(c):
			n, gap = n+1, 0
		case c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || c >= 0x80:
			gap++
		default:
			return false
		}
	}
	return true
}

// year reports whether d is a year from 1900 to 2099.
func year(d []byte) bool {
	return (d[0] == '1' && d[1] == '9' || d[0] == '2' && d[1] == '0') && digit(d[2]) && digit(d[3])
}

// plusBefore reports whether the digits up to b[i] stand behind a plus sign.
func plusBefore(b []byte, i int) bool {
	for k := 0; k < 4 && i >= 0 && digit(b[i]); k++ {
		i--
	}
	return byteAt(b, i) == '+'
}

// dotted reports whether s is an IPv4 address, or so many numbers with dots.
func dotted(s []byte) bool {
	dots, most, n := 0, 0, 0
	for _, c := range s {
		if c == '.' {
			dots++
			n = 0
		} else if !digit(c) {
			return false
		} else {
			n++
			most = max(most, n)
		}
	}
	return dots == 3 && most == 3 || dots == 1
}

// dateLike reports whether s starts as a date in figures does.
func dateLike(s []byte) bool {
	var n [3]int
	var size [3]int
	k := 0
	for _, c := range s {
		if digit(c) {
			n[k] = min(n[k]*10+int(c-'0'), 10000)
			size[k]++
			continue
		}
		if c != '-' && c != '.' && c != '/' {
			break
		}
		if k++; k == 3 {
			break
		}
	}
	if k < 2 {
		return false
	}
	return size[0] == 4 && size[1] <= 2 && size[2] <= 2 && n[0] > 1800 && n[0] < 2200 && n[1] <= 12 && n[2] <= 31 ||
		size[2] == 4 && size[0] <= 2 && size[1] <= 2 && n[2] > 1800 && n[2] < 2200 && n[0] <= 31 && n[1] <= 31
}

// callingPlans holds the calling codes in use and, by bits, how many digits the
// numbers behind them have (ITU-T E.164, list of assigned country codes and the
// national numbering plans).
var callingPlans = func() (t [1000]uint16) {
	for line := range strings.Lines(`
10: 1 52 58 225
10 11: 54
10 11 12: 30
10 11 12 13: 234
10: 7
11: 888
12: 878
5 6: 290 500 682 247
6 7 8 9 10 11 12 13: 43 49 598
6 7 8 9 10 11 12: 39 358 98 352
5 6 7: 688 690
5 6 7 8 9 10: 64 263 685
7 8 9 10: 27
7 8 9 10 11: 31 61
8 9: 61
6 7 8 9 10 11 12 13: 82
5 7: 676 677 678
8: 47 45 216 222 223 226 227 228 232 235 236 253 257 266 350 356 357 370 371 373 374 389 505 509 800 808 973 993
5 8: 686
6: 298 299 672 687
6 7: 597
6 7 8 10: 53
6 7 8 9: 252 355 420 852
7 8 9: 46 48 252 355
9: 48
6 7 8 9 10: 95 880 46
6 7 8 9 10 11: 375 595
6 7 8 9 10 11 12: 381
8 9: 359
7 8 9: 359
7 9: 421
9: 421 420
6 8 9: 376 689
8 9 10: 63
9: 40 508 681
6: 508 681
7: 220 238 239 246 248 269 291 297 592 673 674 680 691 692 960
10 12: 90
7 11: 501 679
7 8: 241 599 670 675 853 961 965 975
7 8 10: 230 267 372
7 8 10 11: 507
7 8 11: 503
7 8 9: 231 385 967 968
7 8 9 10: 84 243 254 353
7 8 9 10 11: 886
7 8 9 10 11 12: 86 882 972
7 8 9 10 11 12 13: 62
7 8 9 11: 974
7 9: 245 265 354 423
7 9 10: 44
8 10: 229 378 506 850
8 10 11: 57 65 977
8 11: 502 504
8 9: 32 36 51 213 224 233 237 250 258 264 268 377 382 387 591 962 963
8 9 10: 20 60 855 856 964 970 976
8 9 10 11: 55 593
8 9 10 11 12: 92 383 883
8 9 10 11 12 13: 91
8 9 10 11 12 13: 81
8 9 10: 66
9: 33 34 93 94 211 212 218 221 240 242 244 249 251 255 256 260 261 262 351 590 594 596 979 992 994 995 998
9 10: 380 881 966 996
9 10 11: 56
9 12: 41
9: 870
4 7: 683
10 11: 971
`) {
		lengths, codes, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		for c := range strings.FieldsSeq(codes) {
			for l := range strings.FieldsSeq(lengths) {
				t[num([]byte(c))] |= 1 << num([]byte(l))
			}
		}
	}
	return t
}()

// callingCode returns the length of the calling code that d starts with, and its
// plan; 0 where there is none.
func callingCode(d []byte) (int, uint16) {
	switch {
	case len(d) < 4 || d[0] == '0':
		return 0, 0
	case d[0] == '1' || d[0] == '7':
		return 1, callingPlans[d[0]-'0']
	}
	for n := 2; n <= 3; n++ {
		if p := callingPlans[num(d[:n])]; p != 0 {
			return n, p
		}
	}
	return 0, 0
}
