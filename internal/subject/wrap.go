package subject

import (
	"bytes"
	"strings"

	"github.com/spoor-scan/spoor/internal/view"
)

// numberLabels are what numbers of a person are called, beside those of phones
// and accounts.
const numberLabels = phoneNames + "BTW TVA VAT MWST UST USTID USTIDNR IVA MVA NIP CUI CVR KVK KBO BCE SIREN SIRET IBAN ONDERNEMINGSNUMMER ONDERNEMINGSNR UID CIF NIF" +
	" REKENING REKENINGNUMMER REKENINGNR REKNR REK BANKREKENING BANKREKENINGNUMMER GIRO GIROREKENING KONTO KTO COMPTE CUENTA CONTO RACHUNEK" +
	" RIJKSREGISTERNUMMER RIJKSREGISTERNR RIJKSREGISTER RRN RN INSZ NISS NIR BSN PESEL DNI NIE PERSONNUMMER CPR NATIONAAL NATIONAL SVNR TIN STEUERNUMMER SSN NINO" +
	" CARD KAART CARTE KARTE TARJETA CARTA KARTA VISA MASTERCARD KREDITKARTE CREDITCARD KREDIETKAART "

// cuts tells between which digits a line break may cut a number: one bit for each
// six of them, in three parts. Those where at least three stand on either side
// come first, then those where two begin the number, then those where two end it.
type cuts []uint64

const cutsPart = 1_000_000

func (c *cuts) add(digits string) {
	if *c == nil {
		*c = make([]uint64, 3*cutsPart/64+1)
	}
	n := len(digits)
	for k := 2; k <= n-2 && n >= 6; k++ {
		switch {
		case k == 2:
			c.set(cutsPart + decimalOf(digits[:6]))
		case k == n-2:
			c.set(2*cutsPart + decimalOf(digits[n-6:]))
		default:
			c.set(decimalOf(digits[k-3 : k+3]))
		}
	}
}

func (c cuts) set(i int)      { c[i>>6] |= 1 << (i & 63) }
func (c cuts) has(i int) bool { return c[i>>6]>>(i&63)&1 != 0 }

// between reports whether a number may be cut between these digits, of which
// there are two to four on either side.
func (c cuts) between(before, behind []byte) bool {
	l, r := len(before), len(behind)
	switch {
	case l >= 3 && r >= 3 && c.has(1000*decimalOf(before[l-3:])+decimalOf(behind[:3])):
	case l == 2 && r == 4 && c.has(cutsPart+10_000*decimalOf(before)+decimalOf(behind)):
	case l == 4 && r == 2 && c.has(2*cutsPart+100*decimalOf(before)+decimalOf(behind)):
	default:
		return false
	}
	return true
}

func decimalOf[T string | []byte](s T) int {
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// numberLabel reports whether the words before i name a number of a person.
func numberLabel(b []byte, i int) bool {
	for _, w := range wordsBefore(b, i) {
		if w != "" && strings.Contains(numberLabels, " "+w+" ") {
			return true
		}
	}
	return false
}

// wrappedNumber reports whether b[start:end], in which a mark stands for a line
// break, is one number that the break cuts, and not the end and the beginning of
// two rows. It asks for a sign of it: a word or a letter that introduces the
// number, running text around it, quotes.
func wrappedNumber(t Type, b []byte, start, end int) bool {
	switch t {
	case Phone, IBAN, VAT, NationalID, Card:
	default:
		return false
	}
	m := bytes.Index(b[start:end], []byte(view.WrapMark))
	if m < 0 {
		return false
	}
	from, to := start, end
	for from > 0 && !endsLine(b[from-1]) {
		from--
	}
	for to < len(b) && !endsLine(b[to]) {
		to++
	}
	before, left, right, after := b[from:start], b[start:start+m], b[start+m+len(view.WrapMark):end], b[end:to]
	before = bytes.TrimLeft(before, "> \t*")
	justified := bytes.Contains(b[start:end], []byte("   "))
	if logLine(before) || !headStands(before, justified) || !tailStands(b, end, after, justified) {
		return false
	}
	sizes := groupSizes(right)
	one := len(groupSizes(left)) == 1 && len(sizes) == 1 && bytes.IndexByte(left, ' ') < 0
	if len(sizes) == 0 || sizes[0] < 2 {
		return false
	}
	// Groups of four, or in other groups that are told.
	if n := len(alnum(string(left))); one && (t == IBAN && n%4 != 0 && n != 3 && n != 10 || t == Card && n%4 != 0) {
		return false
	}
	marked := isAlpha(left[0]) || left[0] == '+'
	if hasLetter(before) {
		return marked || !one && t != VAT || numberLabel(b, start)
	}
	// It begins its line.
	if rowOfNumbers(lineBefore(b, from)) || rowOfNumbers(lineBehind(b, to)) {
		return false
	}
	quoted := closes(before, `"'(`) && len(after) > 0 && strings.IndexByte(`"')`, after[0]) >= 0
	return marked || quoted || !one && (hasLetter(after) || endsField(b, from, to) || numberLabel(b, len(bytes.TrimRight(b[:from], "\r\n> \t"))))
}

func endsLine(c byte) bool { return c == '\n' || c == '\r' || c == 0 }

// endsField reports whether b[from:to] is all of a field or a text.
func endsField(b []byte, from, to int) bool {
	return (from == 0 || b[from-1] == 0) && (to == len(b) || b[to] == 0)
}

func closes(b []byte, set string) bool {
	return len(b) > 0 && strings.IndexByte(set, b[len(b)-1]) >= 0
}

func hasLetter(b []byte) bool {
	for i := range b {
		if isAlpha(b[i]) || b[i] >= 0xc3 {
			return true
		}
	}
	return false
}

// logLine reports whether a line begins with a time or a date, as those of a log
// do.
func logLine(b []byte) bool {
	b = bytes.TrimLeft(b, "[(<")
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return (n == 2 || n == 4) && n+2 < len(b) && strings.IndexByte("-/:.", b[n]) >= 0 && isAlnum(b[n+1]) && isAlnum(b[n+2])
}

// headStands reports whether a number may begin behind what stands before it in
// its line: no other number, no cell of a table.
func headStands(before []byte, justified bool) bool {
	trimmed := bytes.TrimRight(before, " (+\u00a0")
	if len(trimmed) == 0 {
		return true
	}
	last := trimmed[len(trimmed)-1]
	switch gap := before[len(trimmed):]; {
	case isDigit(last):
		return false
	case !justified && bytes.HasPrefix(gap, []byte("   ")) && last != ':':
		return false // columns
	case strings.IndexByte(",;|\t", last) >= 0 && len(gap) == 0, last == '|' || last == '\t':
		return false
	}
	return true
}

// tailStands is headStands for what stands behind a number that ends at i.
func tailStands(b []byte, i int, after []byte, justified bool) bool {
	if currencyAt(b, i) {
		return false
	}
	trimmed := bytes.TrimLeft(after, " \u00a0")
	switch {
	case len(trimmed) == 0:
		return true
	case !justified && len(after)-len(trimmed) >= 3, len(trimmed) < len(after) && isDigit(trimmed[0]):
		return false
	case trimmed[0] == '|' || trimmed[0] == '\t' || trimmed[0] == '%':
		return false
	case strings.IndexByte(",;:", after[0]) >= 0 && len(after) > 1 && after[1] != ' ':
		return false
	}
	return true
}

// rowOfNumbers reports whether a line has digits and no letters.
func rowOfNumbers(b []byte) bool { return bytes.ContainsAny(b, "0123456789") && !hasLetter(b) }

// lineBefore returns the line in front of the one that starts at i.
func lineBefore(b []byte, i int) []byte {
	if i > 0 && b[i-1] == '\n' {
		i--
	}
	if i > 0 && b[i-1] == '\r' {
		i--
	}
	from := i
	for from > 0 && !endsLine(b[from-1]) {
		from--
	}
	return b[from:i]
}

// lineBehind returns the line behind the one that ends at i.
func lineBehind(b []byte, i int) []byte {
	if i < len(b) && b[i] == '\r' {
		i++
	}
	if i < len(b) && b[i] == '\n' {
		i++
	}
	to := i
	for to < len(b) && !endsLine(b[to]) {
		to++
	}
	return b[i:to]
}

// forwardLine is forward for what a line break parts from i, or cuts.
func forwardLine(b []byte, i int, want string) (int, bool) {
	for k := range len(want) {
		j := lineBehindBreak(b, i)
		if j == i {
			to, ok := forward(b, i, want[k:k+1])
			if !ok {
				return 0, false
			}
			i = to
			continue
		}
		return forward(b, j, want[k:])
	}
	return i, true
}

// backwardLine is forwardLine, towards the start.
func backwardLine(b []byte, i int, want string) (int, bool) {
	for k := len(want); k > 0; k-- {
		j := lineBeforeBreak(b, i)
		if j == i {
			from, ok := backward(b, i, want[k-1:k])
			if !ok {
				return 0, false
			}
			i = from
			continue
		}
		return backward(b, j, want[:k])
	}
	return i, true
}

// lineBehindBreak returns where the next line begins whose break is at i, perhaps
// behind a space; i where there is none.
func lineBehindBreak(b []byte, i int) int {
	j := i
	for j < len(b) && j-i < 2 && b[j] == ' ' {
		j++
	}
	if end := view.LineBreak(b, j); end > j {
		return end
	}
	return i
}

// lineBeforeBreak returns where the line before i ends, where nothing but the
// break stands between; else i.
func lineBeforeBreak(b []byte, i int) int {
	for j := i - 1; j >= 0 && i-j < 24 && (b[j] == ' ' || b[j] == '>' || b[j] == '\n' || b[j] == '\r' || b[j] == '\t' || b[j]|0x20 == 'r' || b[j]|0x20 == 'b' || b[j] == '/' || b[j] == '<'); j-- {
		if (b[j] == '\n' && (j == 0 || b[j-1] != '\r') || b[j] == '\r' || b[j] == '<') && view.LineBreak(b, j) == i {
			return j
		}
	}
	return i
}
