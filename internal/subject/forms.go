package subject

import (
	"crypto/md5"  //nolint:gosec // see subject.go
	"crypto/sha1" //nolint:gosec // see subject.go
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/spoor-scan/spoor/internal/match"
	"github.com/spoor-scan/spoor/rules"
)

// A check decides whether the bytes at b[start:end], which the matcher found,
// are the identifier. It returns where the identifier really lies and in which
// form it is written.
type check func(b []byte, start, end int) (from, to int, form string, ok bool)

// A needle is one form of one identifier of one person.
type needle struct {
	person, ident int
	check         check
}

// builder collects needles under the patterns that lead to them.
type builder struct {
	index    map[match.Pattern]int
	patterns []match.Pattern
	needles  [][]needle
	person   int
	ident    int
}

func (bl *builder) add(p match.Pattern, c check) {
	if !p.Digits {
		p.Text = asciiLower(p.Text)
	}
	i, ok := bl.index[p]
	if !ok {
		i = len(bl.patterns)
		bl.index[p] = i
		bl.patterns = append(bl.patterns, p)
		bl.needles = append(bl.needles, nil)
	}
	bl.needles[i] = append(bl.needles[i], needle{bl.person, bl.ident, c})
}

func (bl *builder) literal(text, form string, ok func(b []byte, start, end int) bool) {
	bl.add(match.Pattern{Text: text}, func(b []byte, start, end int) (int, int, string, bool) {
		return start, end, form, ok(b, start, end)
	})
}

// identifier adds all forms of an identifier in normal form.
func (bl *builder) identifier(id Identifier, normal string) {
	if id.Hash != "" {
		bl.literal(normal, id.Hash, wordBounds)
		bl.hashed(id.Hash, normal)
		return
	}
	switch id.Type {
	case Email:
		bl.email(normal, id.Value)
	case Phone:
		for d, form := range phoneDigits(normal) {
			bl.add(match.Pattern{Text: d, Digits: true}, phoneCheck(d, form, normal))
		}
	case IBAN, VAT, NationalID:
		bl.number(id.Type, normal)
	case Name:
		bl.name(id.Value)
	case Address:
		bl.address(id.Value)
	case BirthDate:
		bl.date(normal)
	case IP:
		bl.ip(normal)
	case Username, CustomerID:
		bl.literal(normal, "plain", idBounds)
	case Domain:
		bl.literal(normal, "plain", domainBounds)
	}
}

// hashed finds the address whose hash is known, by hashing every address.
func (bl *builder) hashed(kind, sum string) {
	bl.add(match.Pattern{Text: "@"}, func(b []byte, start, _ int) (from, to int, form string, ok bool) {
		lo := max(start-64, 0)
		rules.Email().Find(b[lo:min(start+256, len(b))], func(s, e int) bool {
			from, to = lo+s, lo+e
			ok = from < start && start < to && hashOf(kind, strings.ToLower(string(b[from:to]))) == sum
			return to <= start
		})
		return from, to, "plain", ok
	})
}

func hashOf(kind, s string) string {
	switch kind {
	case "md5":
		h := md5.Sum([]byte(s)) //nolint:gosec // see subject.go
		return hex.EncodeToString(h[:])
	case "sha1":
		h := sha1.Sum([]byte(s)) //nolint:gosec // see subject.go
		return hex.EncodeToString(h[:])
	}
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// email adds the forms of an address.
func (bl *builder) email(addr, given string) {
	local, domain, _ := strings.Cut(addr, "@")
	bl.literal(addr, "plain", emailBounds)
	for _, at := range []struct{ text, form string }{
		{"%40", "percent"},
		{"%2540", "percent-twice"},
		{"=40", "quoted-printable"},
		{"&#64;", "html-entity"},
		{"&#x40;", "html-entity"},
		{"&commat;", "html-entity"},
		{`\u0040`, "json-escape"},
	} {
		bl.literal(local+at.text+domain, at.form, emailBounds)
	}
	bl.add(match.Pattern{Text: local + "+"}, func(b []byte, start, end int) (int, int, string, bool) {
		// Sub-addressing (RFC 5233): the tag ends at the @.
		i := end
		for i < len(b) && i-end <= 64 && (isAlnum(b[i]) || strings.IndexByte("._%-+=", b[i]) >= 0) {
			i++
		}
		to := i + 1 + len(domain)
		if i == end || to > len(b) || b[i] != '@' || !strings.EqualFold(string(b[i+1:to]), domain) {
			return 0, 0, "", false
		}
		return start, to, "plus-tag", emailBounds(b, start, to)
	})
	for _, big := range []bool{false, true} {
		form := "utf-16le"
		if big {
			form = "utf-16be"
		}
		bl.literal(utf16(addr, big), form, func(b []byte, start, end int) bool {
			before, after := byte(0), byte(0)
			if big {
				if start >= 2 && b[start-2] == 0 {
					before = b[start-1]
				}
				if end+1 < len(b) && b[end] == 0 {
					after = b[end+1]
				}
			} else {
				if start >= 2 && b[start-1] == 0 {
					before = b[start-2]
				}
				if end+1 < len(b) && b[end+1] == 0 {
					after = b[end]
				}
			}
			return !localChar(before) && !isAlnum(after) && after != '-'
		})
	}
	for _, kind := range []string{"md5", "sha1", "sha256"} {
		bl.literal(hashOf(kind, addr), kind, wordBounds)
	}
	for _, spelled := range []string{addr, strings.TrimSpace(given)} {
		for shift := range 3 {
			enc, skip := base64At(spelled, shift)
			bl.literal(enc, "base64", func(b []byte, start, end int) bool {
				// base64 is case-sensitive.
				return string(b[start:end]) == enc && base64Bounds(b, start-skip, spelled, shift)
			})
		}
		if spelled == strings.TrimSpace(given) && spelled == addr {
			break
		}
	}
}

// base64Bounds decodes some groups around an address in base64, whose first
// group starts at group, and looks at what stands beside it.
func base64Bounds(b []byte, group int, addr string, shift int) bool {
	const around = 12 // characters on either side: nine bytes
	valid := func(c byte) bool {
		return isAlnum(c) || c == '+' || c == '/' || c == '-' || c == '_'
	}
	from, to := group, group+(shift+len(addr)+2)/3*4
	for from-4 >= 0 && group-from < around && valid(b[from-1]) && valid(b[from-2]) && valid(b[from-3]) && valid(b[from-4]) {
		from -= 4
	}
	if from < 0 {
		return true // the start is cut off
	}
	end := to
	for to < len(b) && to-end < around && valid(b[to]) {
		to++
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(string(b[from:min(to, len(b))]), "="))
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	plain, err := base64.RawStdEncoding.DecodeString(text)
	at := (group-from)/4*3 + shift
	if err != nil || at+len(addr) > len(plain) {
		return err != nil // wrapped or broken: what stands beside it can't be told
	}
	return emailBounds(plain, at, at+len(addr))
}

// base64At encodes s as it stands in base64 when shift bytes of its first group
// precede it, without the characters that depend on its neighbours (RFC 4648).
func base64At(s string, shift int) (enc string, skipped int) {
	enc = base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
	from := []int{0, 2, 3}[shift]
	to := (shift + len(s)) / 3 * 4
	return enc[from:to], from
}

func utf16(s string, big bool) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			r = 0xfffd
		}
		if big {
			b.WriteByte(byte(r >> 8))
			b.WriteByte(byte(r))
		} else {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
	}
	return b.String()
}

func localChar(c byte) bool {
	return isAlnum(c) || c != 0 && strings.IndexByte("._%+-", c) >= 0
}

// emailBounds keeps azoe@example.be and zoe@example.be.com apart from
// zoe@example.be.
func emailBounds(b []byte, start, end int) bool {
	// Marks belong to the address only behind a letter or digit: "a.zoe@" is
	// another's, "--zoe@" and "...zoe@" are hers.
	i := start
	for i > 0 && start-i < 64 && strings.IndexByte("._%+-", b[i-1]) >= 0 {
		i--
	}
	return !wordBefore(b, i) && domainEnd(b, end)
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

func wordAt(b []byte, i int) bool {
	r, _ := runeAfter(b, i)
	return r >= 0 && wordRune(r)
}

func wordBefore(b []byte, i int) bool {
	r, _ := runeBefore(b, i)
	return r >= 0 && wordRune(r) && !escaped(b, i)
}

// wordBounds wants no letter or digit on either side.
func wordBounds(b []byte, start, end int) bool {
	return !wordBefore(b, start) && !wordAt(b, end)
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

// phoneCheck refuses digits that belong to a longer number or to another
// country's.
func phoneCheck(digits, form, normal string) check {
	national := form == "national" && strings.HasPrefix(normal, "+")
	code := ""
	if strings.HasPrefix(normal, "+") {
		code = normal[1 : 1+callingCode(normal[1:])]
	}
	return func(b []byte, start, end int) (int, int, string, bool) {
		if start > 0 && (isAlpha(b[start-1]) || b[start-1] >= utf8.RuneSelf && wordBefore(b, start)) && !escaped(b, start) {
			return 0, 0, "", false
		}
		if end < len(b) && (isAlpha(b[end]) || b[end] >= utf8.RuneSelf && wordAt(b, end)) {
			return 0, 0, "", false
		}
		// A decimal fraction is no phone number.
		if end+1 < len(b) && b[end] == ',' && isDigit(b[end+1]) && start > 0 && b[start-1] == ',' {
			// a list: fine
		} else if start >= 2 && (b[start-1] == '.') && isDigit(b[start-2]) {
			return 0, 0, "", false
		}
		if form != "e164" && form != "international" && longerNumber(b, start, end) {
			return 0, 0, "", false
		}
		if start > 1 && b[start-1] == '-' && isDigit(b[start-2]) && end+1 < len(b) && b[end] == '-' && isDigit(b[end+1]) {
			return 0, 0, "", false // the middle of a longer number
		}
		if form == "national" && len(digits) == 8 && dateLike(b[start:end], digits) {
			return 0, 0, "", false
		}
		from := start
		if form == "e164" {
			switch {
			case start > 0 && b[start-1] == '+':
				from--
			case start > 1 && b[start-1] == '(' && b[start-2] == '+':
				from -= 2
			}
		}
		if national {
			// +33 0470... is somebody else's.
			i := start
			for i > 0 && strings.IndexByte(" .-/()", b[i-1]) >= 0 && start-i < 3 {
				i--
			}
			j := i
			for j > 0 && i-j < 4 && isDigit(b[j-1]) {
				j--
			}
			if j < i && j > 0 && b[j-1] == '+' && string(b[j:i]) != code {
				return 0, 0, "", false
			}
		}
		f := form
		if f != "national" && string(b[start:end]) != digits {
			f = "grouped"
		}
		return from, end, f, true
	}
}

// dateLike reports whether eight digits are written as a date: in one piece, or
// in groups of 4, 2 and 2.
func dateLike(written []byte, digits string) bool {
	if _, err := time.Parse("20060102", digits); err != nil || digits < "19000101" || digits > "21" {
		return false
	}
	g := groupLengths(written)
	return len(g) == 1 || equalInts(g, []int{4, 2, 2})
}

// longerNumber reports whether the digits at b[start:end] go on in equal groups
// with the same separator, as 12 34 56 goes on in 12 34 56 78. An amount, a time
// or a date that follows does not make it longer.
func longerNumber(b []byte, start, end int) bool {
	i := end
	for i > start && isDigit(b[i-1]) {
		i--
	}
	last := end - i
	if i == start || end+1 >= len(b) || b[end] != b[i-1] {
		return false
	}
	j := end + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	if b[end] != ' ' && j > end+1 && (b[end] == b[i-1]) {
		return true // 0890.439.412.77
	}
	if j-end-1 != last {
		return false
	}
	return j == len(b) || !isAlnum(b[j]) && strings.IndexByte(" /:,.-", b[j]) < 0
}

// number adds a VAT number, IBAN or national id: letters and digits in any
// grouping, found by its longest run of digits.
func (bl *builder) number(t Type, normal string) {
	from, to := longestDigits(normal)
	if to-from < 5 {
		bl.literal(normal, "plain", wordBounds)
		return
	}
	head, tail := normal[:from], normal[from:to]
	rest := normal[to:]
	// A country's prefix may be left out where only digits follow it.
	optional := (t == VAT || t == IBAN) && len(head) == 2 && isUpper(head[0]) && isUpper(head[1])
	digits := []string{tail}
	if t == VAT && (head == "BE" || head == "" && belgian(tail)) && len(tail) == 10 && tail[0] == '0' {
		digits = append(digits, tail[1:]) // the nine digits in use until 2005
	}
	if t == VAT && (head == "BE" || head == "" && belgian("0"+tail)) && len(tail) == 9 {
		digits = append(digits, "0"+tail)
	}
	for _, d := range digits {
		bl.add(match.Pattern{Text: d, Digits: true}, func(b []byte, start, end int) (int, int, string, bool) {
			to, ok := forward(b, end, rest)
			if !ok || to < len(b) && isAlnum(b[to]) || to < len(b) && b[to] >= utf8.RuneSelf && wordAt(b, to) {
				return 0, 0, "", false
			}
			form := "plain"
			from, ok := backward(b, start, head)
			switch {
			case ok && t == IBAN && shortGroup(b, start, to):
				return 0, 0, "", false
			case ok && head != "" && (from == 0 || !isAlnum(b[from-1]) || escaped(b, from)):
			case head == "" && longerNumber(b, start, end):
				return 0, 0, "", false
			case head == "" && (start == 0 || !isAlnum(b[start-1]) || escaped(b, start)):
				from = start
			case head == "" && t == VAT && strings.Contains(vatPrefixes, " "+label(b, start)+" "):
				from, form = start-2, "with-prefix"
			case ok && optional && strings.HasPrefix(label(b, from), head):
				return 0, 0, "", false
			case optional && (start == 0 || !isAlnum(b[start-1]) || escaped(b, start)) && !otherCountry(b, start) && !longerNumber(b, start, end):
				from, form = start, "no-prefix"
			default:
				return 0, 0, "", false
			}
			if form == "plain" && len(alnum(string(b[from:to]))) != to-from {
				form = "grouped"
			}
			return from, to, form, true
		})
	}
}

// label returns the letters right before i, in upper case.
func label(b []byte, i int) string {
	j := i
	for j > 0 && i-j < 8 && isAlpha(b[j-1]) {
		j--
	}
	return strings.ToUpper(string(b[j:i]))
}

// shortGroup reports whether a number that is written in groups of four ends with
// one more, shorter group: then it is a longer number.
func shortGroup(b []byte, start, end int) bool {
	g := groupLengths(b[start:end])
	if len(g) < 3 || end+1 >= len(b) || b[end] != ' ' || !isDigit(b[end+1]) {
		return false
	}
	j := end + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	return j-end-1 < 4 && (j == len(b) || b[j] == '\n' || b[j] == '\r' || b[j] == 0)
}

// vatPrefixes are the prefixes of VAT numbers (Directive 2006/112/EC, Art. 215;
// Greece has EL), and those of IBANs in the same countries.
const vatPrefixes = " AT BE BG CY CZ DE DK EE EL ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK XI CH "

// belgian reports whether ten digits are a Belgian company number: the last two
// are 97 less the others modulo 97.
func belgian(d string) bool {
	if len(d) != 10 {
		return false
	}
	n, err := strconv.Atoi(d)
	return err == nil && 97-n/100%97 == n%100
}

// otherCountry reports whether a country's prefix stands before i; the right one
// was looked for before.
func otherCountry(b []byte, i int) bool {
	for j := i; j > 0 && i-j < 2; j-- {
		if b[j-1] != ' ' && b[j-1] != '-' && b[j-1] != '.' {
			l := label(b, j)
			return i != j && strings.Contains(vatPrefixes, " "+l+" ") && (j-len(l) == 0 || !isAlnum(b[j-len(l)-1]))
		}
	}
	return false
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

const groupSeparators = " .-/_\u00a0"

// forward compares want (letters and digits) with what follows i, passing over
// separators.
func forward(b []byte, i int, want string) (int, bool) {
	for k := range len(want) {
		for n := 0; n < 2 && i < len(b) && strings.IndexByte(groupSeparators, b[i]) >= 0; n++ {
			i++
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
		for n := 0; n < 2 && i > 0 && strings.IndexByte(groupSeparators, b[i-1]) >= 0; n++ {
			i--
		}
		if i == 0 || upper(b[i-1]) != want[k] {
			return 0, false
		}
		i--
	}
	return i, true
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if isUpper(c) {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// particles are the words that go with a surname.
const particles = " van von vom zu zur de der den del della dei des di da do dos das du la le les el al ten ter ver te 't of bin ibn af av "

// name adds the orders in which a name is written.
func (bl *builder) name(value string) {
	raw := words(value)
	t := make([]string, len(raw))
	for i, w := range raw {
		t[i] = plain(w)
	}
	// The surname starts at its first particle, else it is the last word.
	sur := len(t) - 1
	for i := 1; i < len(t); i++ {
		if strings.Contains(particles, " "+t[i]+" ") {
			sur = i
			break
		}
	}
	seqs := []sequence{
		{t, "plain"},
		{append(append([]string{}, t[sur:]...), t[:sur]...), "surname-first"},
	}
	if before, after, ok := strings.Cut(value, ","); ok {
		// Given as "Surname, First".
		a, b := tokens(after), tokens(before)
		seqs = []sequence{{append(append([]string{}, a...), b...), "plain"}, {t, "surname-first"}}
	}
	if sur < len(t)-1 { // Broeck, Zoë Van den
		last := len(t) - 1
		seqs = append(seqs, sequence{append(append([]string{t[last]}, t[:sur]...), t[sur:last]...), "surname-first"})
	}
	bl.sequences(raw, seqs)
}

// address adds an address, and its street and number by themselves.
func (bl *builder) address(value string) {
	seqs := []sequence{{tokens(value), "plain"}}
	raw := words(value)
	// The street is what comes first, up to where it has letters and a number.
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\n' || r == ';' })
	for i := range parts[:max(len(parts)-1, 0)] {
		street := strings.Join(parts[:i+1], " ")
		if strings.ContainsAny(street, "0123456789") && strings.ContainsFunc(street, isLetter) && len(tokens(street)) > 1 {
			seqs = append(seqs, sequence{tokens(street), "street"})
			raw = words(street)
			break
		}
	}
	bl.sequences(raw, seqs)
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !wordRune(r) })
}

// A sequence is words in an order, folded.
type sequence struct {
	words []string
	form  string
}

// sequences looks for the longest of the raw words, in the spellings that the
// matcher does not fold, and then compares the words around it.
func (bl *builder) sequences(raw []string, seqs []sequence) {
	anchor := ""
	for _, w := range raw {
		if score(w) > score(anchor) {
			anchor = w
		}
	}
	key := plain(anchor)
	c := func(b []byte, start, end int) (int, int, string, bool) {
		if wordBefore(b, start) || wordAt(b, end) {
			return 0, 0, "", false
		}
		for _, s := range seqs {
			for k, w := range s.words {
				if w != key {
					continue
				}
				if from, to, columns, ok := s.around(b, start, end, k); ok {
					form := s.form
					if columns {
						form = "columns"
					}
					return from, to, form, true
				}
			}
		}
		return 0, 0, "", false
	}
	for _, v := range spellings(anchor) {
		bl.add(match.Pattern{Text: v}, c)
	}
}

func score(w string) int {
	n := 2 * utf8.RuneCountInString(w)
	if len(w)*2 != n || strings.ContainsAny(w, "0123456789") {
		n-- // rather a word of ASCII letters
	}
	return n
}

// spellings returns how a word may stand in bytes: the matcher folds only ASCII.
func spellings(w string) []string {
	set := map[string]bool{}
	for _, v := range []string{w, strings.ToLower(w), strings.ToUpper(w), plain(w)} {
		set[asciiLower(v)] = true
		set[asciiLower(norm.NFD.String(v))] = true
		set[asciiLower(jsonASCII(v))] = true
		if enc, err := charmap.Windows1252.NewEncoder().String(v); err == nil {
			set[asciiLower(enc)] = true
		}
	}
	out := make([]string, 0, len(set))
	for v := range set {
		out = append(out, v)
	}
	sort.Strings(out)
	return out
}

// jsonASCII escapes what is not ASCII, as many encoders of JSON do.
func jsonASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf || r > 0xffff {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// around compares the words around the one at b[start:end], which is number k.
// columns reports that the words stand in neighbouring cells of a row.
func (s sequence) around(b []byte, start, end, k int) (from, to int, columns, ok bool) {
	from, to = start, end
	for i := k - 1; i >= 0; i-- {
		j, cell, ok := gapBefore(b, from)
		if !ok {
			return 0, 0, false, false
		}
		l := j
		for l > 0 {
			r, n := runeBefore(b, l)
			if !wordRune(r) || j-l > 128 {
				break
			}
			l -= n
		}
		if plain(decode(b[l:j])) != s.words[i] {
			return 0, 0, false, false
		}
		from, columns = l, columns || cell
	}
	for i := k + 1; i < len(s.words); i++ {
		j, cell, ok := gapAfter(b, to)
		if !ok {
			return 0, 0, false, false
		}
		l := j
		for l < len(b) {
			r, n := runeAfter(b, l)
			if !wordRune(r) || l-j > 128 {
				break
			}
			l += n
		}
		if plain(decode(b[j:l])) != s.words[i] {
			return 0, 0, false, false
		}
		to, columns = l, columns || cell
	}
	return from, to, columns, true
}

const maxGap = 4 // characters between two words of a name

func gapRune(r rune) bool {
	return r == 0 || r == 0xa0 || r == 0x2019 || r < 0x80 && strings.ContainsRune(" \t\r\n,.;-_+'/\"\\|", r)
}

// gapBefore passes over what may stand between two words. cell reports that it
// was the border between two cells.
func gapBefore(b []byte, i int) (j int, cell, ok bool) {
	j = i
	for n := 0; n < maxGap && j > 0; {
		r, w := runeBefore(b, j)
		if !gapRune(r) || i-j > 16 {
			break
		}
		if r != 0 { // columns between may be empty
			n++
		}
		cell = cell || r == 0
		j -= w
	}
	return j, cell, j < i && j > 0
}

func gapAfter(b []byte, i int) (j int, cell, ok bool) {
	j = i
	for n := 0; n < maxGap && j < len(b); {
		r, w := runeAfter(b, j)
		if !gapRune(r) || j-i > 16 {
			break
		}
		if r != 0 { // columns between may be empty
			n++
		}
		cell = cell || r == 0
		j += w
	}
	return j, cell, j > i && j < len(b)
}

// date adds a date in ISO and in European order.
func (bl *builder) date(normal string) {
	t, err := time.Parse(time.DateOnly, normal)
	if err != nil {
		return
	}
	type form struct {
		name   string
		groups []int
	}
	forms := map[string][]form{t.Format("20060102"): {{"iso", []int{4, 2, 2}}, {"compact", []int{8}}}}
	d, m, y := strconv.Itoa(t.Day()), strconv.Itoa(int(t.Month())), t.Format("2006")
	for _, dd := range []string{t.Format("02"), d} {
		for _, mm := range []string{t.Format("01"), m} {
			if k := dd + mm + y; len(k) >= 6 {
				forms[k] = append(forms[k], form{"european", []int{len(dd), len(mm), 4}})
			}
		}
	}
	for digits, fs := range forms {
		bl.add(match.Pattern{Text: digits, Digits: true}, func(b []byte, start, end int) (int, int, string, bool) {
			groups := groupLengths(b[start:end])
			if wordBefore(b, start) || end < len(b) && wordAt(b, end) && b[end] != 'T' {
				return 0, 0, "", false
			}
			for _, f := range fs {
				if equalInts(groups, f.groups) {
					return start, end, f.name, true
				}
			}
			return 0, 0, "", false
		})
	}
}

func groupLengths(b []byte) []int {
	var g []int
	n := 0
	for _, c := range b {
		if isDigit(c) {
			n++
		} else if n > 0 {
			g = append(g, n)
			n = 0
		}
	}
	return append(g, n)
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// ip adds an address of RFC 791, or the two common spellings of one of RFC 4291.
func (bl *builder) ip(normal string) {
	a, err := netip.ParseAddr(normal)
	if err != nil {
		return
	}
	bounds := func(b []byte, start, end int) bool {
		in := func(c byte) bool { return isAlnum(c) || c == ':' && a.Is6() }
		labelled := a.Is6() && start > 1 && b[start-1] == ':' && !hexGroup(b, start-1) // "ip6:2001:db8::17"
		if start > 0 && in(b[start-1]) && !escaped(b, start) && !labelled || end < len(b) && in(b[end]) && (b[end] != ':' || end+1 < len(b) && in(b[end+1])) {
			return false
		}
		if a.Is4() {
			if start > 1 && b[start-1] == '.' && isDigit(b[start-2]) || end+1 < len(b) && b[end] == '.' && isDigit(b[end+1]) {
				return false
			}
		}
		return true
	}
	if a.Is4() {
		bl.literal(a.String(), "plain", bounds)
		bl.literal("::ffff:"+a.String(), "mapped", func(b []byte, start, end int) bool {
			return bounds(b, start+7, end)
		})
		return
	}
	// All spellings of an IPv6 address start with its first group, if that is not
	// zero; what follows is read as an address.
	first, _, _ := strings.Cut(a.String(), ":")
	if first == "" {
		bl.literal(a.String(), "plain", bounds)
		bl.literal(a.StringExpanded(), "expanded", bounds)
		return
	}
	for _, anchor := range []string{first, fmt.Sprintf("%04s", first)} {
		bl.add(match.Pattern{Text: anchor + ":"}, func(b []byte, start, end int) (int, int, string, bool) {
			to := end
			for to < len(b) && to-start < 45 && (hexValue(b[to]) >= 0 || b[to] == ':' || b[to] == '.') {
				to++
			}
			for to > end && (b[to-1] == '.' || b[to-1] == ':' && b[to-2] != ':') {
				to--
			}
			got, err := netip.ParseAddr(string(b[start:to]))
			if err != nil || got != a || !bounds(b, start, to) {
				return 0, 0, "", false
			}
			form := "plain"
			if !strings.EqualFold(string(b[start:to]), a.String()) {
				form = "expanded"
			}
			return start, to, form, true
		})
		if len(first) == 4 {
			break
		}
	}
}

// hexGroup reports whether the word that ends at i could be a group of an IPv6
// address.
func hexGroup(b []byte, i int) bool {
	j := i
	for j > 0 && i-j < 5 && isAlnum(b[j-1]) {
		j--
	}
	for _, c := range b[j:i] {
		if hexValue(c) < 0 {
			return false
		}
	}
	return i-j < 5
}
