package subject

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
	"golang.org/x/text/unicode/norm"
)

// hashed finds the address whose hash is known, by hashing every address.
func (bl *builder) hashed(kind, sum string) {
	k := bl.known
	k.kinds[kind] = true
	k.sums[kind+":"+sum] = append(k.sums[kind+":"+sum], bl.owner())
	bl.lead(match.Pattern{Text: "@"}, "sums", k.hashes)
}

func (k *known) hashes(b []byte, start, end int, found take) {
	var h host
	h.read(b, end, false)
	lo, local := localPart(b, start, false)
	if h.n == 0 || local == "" {
		return
	}
	for n := h.n; n >= 2; n-- {
		addr := strings.ToLower(local + "@" + string(b[end:h.ends[n-1]]))
		for kind := range k.kinds {
			for _, o := range k.sums[kind+":"+hashOf(kind, addr)] {
				found(o, lo, h.ends[n-1], "plain")
			}
		}
		if !h.droppable(n - 1) {
			return
		}
	}
}

// digest adds a hash, which is given in hexadecimal: as that, and in either
// base64 (RFC 4648), with or without padding.
func (bl *builder) digest(kind, sum string) {
	bl.literal(sum, kind, hashBounds)
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return
	}
	// Both alphabets have the letters and digits: the longest run of these leads
	// to it.
	std, form := base64.RawStdEncoding.EncodeToString(raw), "base64+"+kind
	from, to := 0, 0
	for i, start := 0, 0; i <= len(std); i++ {
		if i < len(std) && isAlnum(std[i]) {
			continue
		}
		if i-start > to-from {
			from, to = start, i
		}
		start = i + 1
	}
	bl.add(match.Pattern{Text: std[from:to]}, func(b []byte, start, end int) (int, int, string, bool) {
		start, end = start-from, end-to+len(std)
		if start < 0 || end > len(b) || !base64Bounds(b, start, end) {
			return 0, 0, "", false
		}
		for i := range len(std) {
			switch c := b[start+i]; {
			case c == std[i], std[i] == '+' && c == '-', std[i] == '/' && c == '_':
			default:
				return 0, 0, "", false
			}
		}
		return start, end, form, true
	})
}

// hashBounds is wordBounds for hexadecimal digits, which a sign for them may
// precede: 0x of MySQL, \x of PostgreSQL.
func hashBounds(b []byte, start, end int) bool {
	if start >= 2 && b[start-1]|0x20 == 'x' && (b[start-2] == '\\' || b[start-2] == '0' && !wordBefore(b, start-2)) {
		return !wordAt(b, end)
	}
	return wordBounds(b, start, end)
}

// base64Bounds wants nothing of the alphabet on either side.
func base64Bounds(b []byte, start, end int) bool {
	inside := func(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '-' || c == '_' }
	return (start == 0 || !inside(b[start-1])) && (end == len(b) || !inside(b[end]))
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

// roles are local parts that are words of many texts (RFC 2142 and others).
const roles = " abuse account algemeen boekhouding receptie secretariaat verkoop aankoop bestellingen klantendienst klantenservice helpdesk comptabilite accueil commandes ventes buchhaltung bestellung verkauf vertrieb empfang buero ventas pedidos administracion vendite amministrazione ordini biuro sprzedaz zamowienia mail team jobs hr it accounts accounting admin administrator billing booking commercial compta contact customer direction events facturatie factuur finance hallo hello hostmaster info invoice kontakt mailer marketing member newsletter noreply office online orders postmaster press privacy reception reservations sales secretariat secretary security service services shop support user webmaster welcome "

// providers are hosts of so many mailboxes that their name leads nowhere.
const providers = " gmail googlemail hotmail outlook yahoo icloud proton protonmail fastmail telenet skynet proximus scarlet orange wanadoo laposte ziggo xs4all planet kpnmail t-online freenet libero virgilio interia onet example "

// email adds the forms of an address. Its own local part leads to it, where
// that is rare in texts, else the name of its host, else the two together with
// what may stand between; what is there is then read and looked up.
//
// Of an address that is given with a tag (zoe+shop@, RFC 5233) the mailbox
// without it is the same one at most providers, though not at all: it is found
// as form "untagged", which settles nothing. Tags behind a hyphen are not told
// from longer names, and not looked for.
func (bl *builder) email(addr, given string) {
	local, domain, _ := strings.Cut(addr, "@")
	local, host := foldLocal(local), asciiHost(domain)
	k := bl.known
	sums := []string{addr, strings.TrimSpace(given)}
	if u := unicodeHost(host); u != host {
		sums = append(sums, local+"@"+host, local+"@"+u)
	}
	for i, s := range sums {
		if !contains(sums[:i], s) {
			for _, kind := range []string{"md5", "sha1", "sha256"} {
				bl.digest(kind, hashOf(kind, s))
			}
		}
	}
	key := local + "@" + host
	if strings.IndexFunc(local, func(r rune) bool { return !localRune(r) && r != '+' }) >= 0 {
		bl.literal(addr, "plain", emailBounds) // odd, and so rare, characters
		return
	}
	k.hosts[host] = true
	k.mailboxes[key] = append(k.mailboxes[key], bl.owner())
	bl.leads(local, host)
	if base, tag, ok := strings.Cut(local, "+"); ok && base != "" && tag != "" {
		k.bases[base+"@"+host] = append(k.bases[base+"@"+host], bl.owner())
		bl.leads(base, host)
	}
	if host == "gmail.com" || host == "googlemail.com" {
		bl.gmail(local)
	}
}

func contains(list []string, s string) bool {
	for _, t := range list {
		if s == t {
			return true
		}
	}
	return false
}

// leads adds the patterns that lead to an address.
func (bl *builder) leads(local, host string) {
	k := bl.known
	last := local[strings.LastIndexByte(local, '.')+1:]
	if strings.IndexByte(last, '+') >= 0 || len(last) < 6 {
		last = local
	}
	if len(local) >= 6 && !strings.Contains(roles, " "+local+" ") {
		if a, ok := asciiPiece(last, 6); ok {
			bl.lead(match.Pattern{Text: a}, "local", k.fromLocal)
			return
		}
	}
	labels := strings.Split(host, ".")
	name := ""
	for _, l := range labels[:len(labels)-1] {
		if len(l) > len(name) {
			name = l
		}
	}
	if len(name) >= 6 && (!strings.Contains(providers, " "+name+" ") || name == "example") {
		for _, a := range hostAnchors(name) {
			bl.lead(match.Pattern{Text: a}, "host", k.fromHost)
		}
		return
	}
	from := func(b []byte, start, _ int, found take) { k.fromLocal(b, start, start, found) }
	for _, l := range foldings(local) {
		for _, u := range []string{host, unicodeHost(host)} {
			behind := func(b []byte, start, _ int, found take) { k.fromHost(b, start, start+len(u), found) }
			for _, at := range []string{"@", "%40", "=40", "&#64;", `"@`, "=", "%"} {
				bl.lead(match.Pattern{Text: l + at + u}, "local", from)
			}
			for _, at := range []string{"=", "/", "/users/", "/mail/"} {
				bl.lead(match.Pattern{Text: u + at + l}, "host", behind)
			}
		}
		for _, at := range []string{"+", " at ", "(at", " (at", "[at", " [at", " {at", " @ "} {
			bl.lead(match.Pattern{Text: l + at}, "local", from)
		}
	}
}

// gmail adds the dots that a provider's mailboxes may have anywhere (support
// page "Dots don't matter in Gmail addresses"), and its other name.
func (bl *builder) gmail(local string) {
	k := bl.known
	local, _, _ = strings.Cut(local, "+")
	s := strings.ReplaceAll(local, ".", "")
	if len(s) < 4 || asciiLower(s) != s || !isASCII(s) {
		return
	}
	k.hosts["gmail.com"], k.hosts["googlemail.com"] = true, true
	k.gmail[s] = append(k.gmail[s], bl.owner())
	// The last dot stands before the last one, two or three letters, or earlier.
	for n := 1; n <= 4; n++ {
		tail := s[len(s)-n:]
		if n < 4 {
			tail = "." + tail
		}
		bl.lead(match.Pattern{Text: tail + "@gmail.com"}, "local", k.fromLocal)
	}
	bl.lead(match.Pattern{Text: "@googlemail.com"}, "host", k.fromHost)
	bl.leads(s, "gmail.com")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldLocal folds the case of a local part, which all providers ignore, also
// where it is not ASCII (RFC 6531).
func foldLocal(s string) string {
	if isASCII(s) {
		return asciiLower(s)
	}
	return norm.NFC.String(strings.ToLower(s))
}

// foldings returns s as it may stand in bytes: the matcher folds only ASCII.
func foldings(s string) []string {
	if isASCII(s) {
		return []string{s}
	}
	out := []string{}
	for _, v := range []string{strings.ToLower(s), strings.ToUpper(s)} {
		for _, f := range []string{norm.NFC.String(v), norm.NFD.String(v)} {
			if f = asciiLower(f); !contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// asciiPiece returns the longest run of ASCII letters, digits and marks in s, if
// it has n bytes.
func asciiPiece(s string, n int) (string, bool) {
	best := ""
	for _, p := range strings.FieldsFunc(norm.NFD.String(s), func(r rune) bool { return r >= utf8.RuneSelf }) {
		if len(p) > len(best) {
			best = p
		}
	}
	if s != best && best != "" && !isASCII(s) {
		// In NFD a mark follows a letter that NFC joins with it.
		best = ""
		for _, p := range strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return r >= utf8.RuneSelf }) {
			if len(p) > len(best) {
				best = p
			}
		}
	}
	return best, len(best) >= n
}

// localRune reports whether r may stand in a local part that is read from a
// text, but for the mark of a tag.
func localRune(r rune) bool {
	return wordRune(r) && !unspaced(r) || r < utf8.RuneSelf && strings.IndexByte("._-", byte(r)) >= 0
}

// unspaced reports whether r is of a script that has no spaces between words, so
// that an address follows a word without any.
func unspaced(r rune) bool {
	return r >= 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// localPart reads the local part that ends at p backwards. With loose its dots
// may be spelled out. It returns the start, and the folded text without marks
// at its beginning, empty where there is none or where it belongs to a longer
// one.
func localPart(b []byte, p int, loose bool) (int, string) {
	lo := p
	text := ""
	for joins := 0; ; joins++ {
		i := lo
		for i > 0 && lo-i < 128 {
			r, n := runeBefore(b, i)
			if (!localRune(r) && r != '+' && r != '%' && !(r == '\'' && wordBefore(b, i-1))) || escaped(b, i) && (r != '.' && r != '-' && r != '_' && r != '+' || !wordBefore(b, i-n)) {
				break
			}
			i -= n
		}
		if lo-i >= 128 || lo == i {
			return lo, ""
		}
		piece := string(b[i:lo])
		if !isASCII(piece) || strings.IndexByte(piece, '\\') >= 0 {
			piece = decode(b[i:lo])
		}
		trimmed := strings.TrimLeft(piece, "._-+%'")
		if trimmed == piece || joins > 0 {
			text = piece + text
		} else {
			text = trimmed + text
		}
		lo = i
		if len(trimmed) < len(piece) { // marks are single bytes
			lo += len(piece) - len(trimmed)
			if joins > 0 {
				text = text[len(piece)-len(trimmed):]
			}
			break
		}
		j, bracketed, ok := dotBefore(b, i)
		if !ok || joins == 4 || !bracketed && !loose {
			break
		}
		text, lo = "."+text, j
	}
	return lo, foldLocal(text)
}

// Words for the @ and the dot, as people spell them out against robots: in
// brackets, and those that also stand by themselves.
const (
	atWords    = " at arobase arobas apenstaart apenstaartje apestaart apestaartje klammeraffe affenschwanz arroba chiocciola malpa "
	atBrackets = atWords + "@ a aet et chez bei bij "
	dotWords   = " dot punt punkt point punto ponto kropka "
	dotMarks   = dotWords + ". d "
)

// spelled reads an @ or a dot that is spelled out from i: spaces, brackets and
// one of the words. alone are the words that need no brackets.
func spelled(b []byte, i int, inBrackets, alone string) (j int, word string, bracketed, ok bool) {
	j = blanks(b, i, 2)
	if j < len(b) && (strings.IndexByte("([{<", b[j]) >= 0 || b[j] == '-' && j > i) {
		j = blanks(b, j+1, 1)
		bracketed = true
	} else if j == i {
		return 0, "", false, false
	}
	from := j
	for j < len(b) && j-from < 16 {
		r, n := runeAfter(b, j)
		if !wordRune(r) && !(j == from && (r == '@' || r == '.')) {
			break
		}
		j += n
		if r == '@' || r == '.' {
			break
		}
	}
	if j == from {
		return 0, "", false, false
	}
	word = string(b[from:j])
	list := alone
	if bracketed {
		list = inBrackets
		j = blanks(b, j, 1)
		if j >= len(b) || strings.IndexByte(")]}>-", b[j]) < 0 {
			return 0, "", false, false
		}
		j++
	}
	if !strings.Contains(list, " "+plain(decode([]byte(word)))+" ") {
		return 0, "", false, false
	}
	to := blanks(b, j, 2)
	if !bracketed && to == j {
		return 0, "", false, false
	}
	return to, word, bracketed, true
}

// blanks passes over at most n spaces, underscores and the like.
func blanks(b []byte, i, n int) int {
	for k := 0; k < n && i < len(b) && blank(b[i]); k++ {
		i++
	}
	return i
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '_' || c == '*' || c == '|' }

// dotBefore reads a spelled-out dot that ends at i backwards.
func dotBefore(b []byte, i int) (j int, bracketed, ok bool) {
	for j = i - 1; j >= 0 && i-j < 16; j-- {
		if j > 0 && !blank(b[j-1]) && (blank(b[j]) || strings.IndexByte("([{<", b[j]) >= 0) {
			if to, _, br, ok := spelled(b, j, dotMarks, dotWords+". "); ok && to == i {
				return j, br, true
			}
		}
	}
	return 0, false, false
}

// A host is a host name in a text.
type host struct {
	n      int // of labels
	labels [8]string
	ends   [8]int
	loose  [8]bool // a spelled-out dot without brackets leads to the label
	spelt  bool    // a dot is spelled out
}

// read reads the host name that starts at i.
func (h *host) read(b []byte, i int, loose bool) {
	for h.n < len(h.labels) {
		from, ascii := i, true
		for i < len(b) && i-from < 256 {
			r, n := runeAfter(b, i)
			if !wordRune(r) && r != '-' || ascii && i > from && unspaced(r) {
				break
			}
			ascii = ascii && r < utf8.RuneSelf && n == 1
			i += n
		}
		end := i
		for end > from && b[end-1] == '-' {
			end--
		}
		if end == from {
			return
		}
		label := string(b[from:end])
		if !ascii {
			label = decode(b[from:end])
		}
		h.labels[h.n], h.ends[h.n] = label, end
		h.n++
		if end < i || i >= len(b) {
			return
		}
		r, n := runeAfter(b, i)
		if r == '.' && i+n < len(b) && wordAt(b, i+n) {
			i += n
			continue
		}
		to, _, bracketed, ok := spelled(b, i, dotMarks, dotWords+". ")
		if !ok || !bracketed && !loose && b[i] == '_' || h.n == len(h.labels) {
			return
		}
		if !bracketed {
			h.loose[h.n] = true
		}
		h.spelt = true
		i = to
	}
}

// droppable reports whether label i, the last one, may be no part of the name:
// the ending of a file, a number, or a word behind a full stop.
func (h *host) droppable(i int) bool {
	l := h.labels[i]
	return h.loose[i] || strings.Contains(fileEndings, " "+asciiLower(l)+" ") || strings.Trim(l, "0123456789-") == ""
}

// name returns the first n labels as a host name in ASCII.
func (h *host) name(n int) string {
	return asciiHost(strings.Join(h.labels[:n], "."))
}

// maxMarks is how many places around an anchor are tried at which a local part
// could end.
const maxMarks = 4

// fromLocal reads the address whose local part, or some of it, is at
// b[start:end].
func (k *known) fromLocal(b []byte, start, end int, found take) {
	p := end
	if p > start && b[p-1] != '@' && strings.IndexByte(string(b[start:p]), '@') >= 0 {
		p = start + strings.IndexByte(string(b[start:p]), '@') // a part of the host is in it
	}
	under := 0
	for p < len(b) && p-start < 160 {
		r, n := runeAfter(b, p)
		if r == '_' && under < maxMarks {
			under++
			k.underscored(b, p, found)
		}
		if !localRune(r) && !(r == '\'' && wordAt(b, p+1) && p > start) {
			break
		}
		p += n
	}
	k.at(b, p, found)
	if lo, local := localPart(b, p, false); local != "" {
		k.path(b, lo, p, found)
	}
	// zoe_at_example.be
	for i := end; i < p && under > 0; i++ {
		if b[i] == '_' && i > 0 && !blank(b[i-1]) {
			under--
			k.at(b, i, found)
		}
	}
}

// fromHost reads addresses in front of and behind the part of a host's name that
// is at b[start:end].
func (k *known) fromHost(b []byte, start, end int, found take) {
	if k.stranger(b, start, end) {
		return
	}
	for i, marks := start, 0; i > 0 && start-i < 64 && marks < 2*maxMarks; i-- {
		if isLocal(b[i-1]) && (i == len(b) || !isLocal(b[i]) || b[i] == '_') {
			marks++
			k.at(b, i, found)
			if i < len(b) && b[i] == '_' {
				k.underscored(b, i, found)
			}
		}
	}
	// example.be=zoe@, example.be/zoe/
	for i := end; i < len(b) && i-start < 300; {
		r, n := runeAfter(b, i)
		switch {
		case wordRune(r) || r == '-' || r == '.':
			i += n
			continue
		case r == '=':
			p := i + 1
			for p < len(b) && p-i < 130 && isLocal(b[p]) {
				p++
			}
			k.at(b, p, found)
		case r == '/' || r == '\\':
			for segment := 0; segment < 4 && i < len(b) && (b[i] == '/' || b[i] == '\\'); segment++ {
				p := i + 1
				for p < len(b) && p-i < 130 && (isLocal(b[p]) || b[p] == '+') {
					p++
				}
				k.path(b, i+1, p, found)
				i = p
			}
		}
		return
	}
}

func isLocal(c byte) bool {
	return isAlnum(c) || c >= utf8.RuneSelf || c != 0 && strings.IndexByte("._-", c) >= 0
}

// stranger reports whether b[start:end] lies in the host of a plain address that
// is nobody's: what texts are full of, and what need not be read with care.
func (k *known) stranger(b []byte, start, end int) bool {
	hostByte := func(c byte) bool { return isAlnum(c) || c == '.' || c == '-' }
	i := start
	for i > 0 && start-i < 64 && hostByte(b[i-1]) {
		i--
	}
	if i < 2 || b[i-1] != '@' {
		return false
	}
	j := end
	for j < len(b) && j-i < 128 && hostByte(b[j]) {
		j++
	}
	if j == len(b) || j-i == 128 || b[j] >= utf8.RuneSelf || strings.IndexByte("=/\\%_&[({@", b[j]) >= 0 {
		return false
	}
	var host [128]byte
	n := copy(host[:], b[i:j])
	for n > 0 && (host[n-1] == '.' || host[n-1] == '-') {
		n--
	}
	known, dotted := false, false
	for x := range n {
		if host[x] >= utf8.RuneSelf {
			return false // known by its name in ASCII
		}
		host[x] = lowerByte(host[x])
	}
	for x := n; x > 0; x-- {
		// example.be.zip may be a file of hers.
		if x == n || host[x] == '.' || host[x] == '-' {
			known = known || k.hosts[string(host[:x])]
			dotted = dotted || x < n && host[x] == '.'
		}
	}
	if !dotted {
		return false // its dot may be spelled out
	}
	if !known {
		return true
	}
	at := i - 1
	for i = at; i > 0 && at-i < 64 && (isAlnum(b[i-1]) || b[i-1] == '.' || b[i-1] == '-' || b[i-1] == '_'); i-- {
	}
	if i == at || i == 0 || at-i == 64 || strings.IndexByte("\x00\t\r\n <>\"'()[]{},;:|", b[i-1]) < 0 || strings.IndexByte("._-", b[i]) >= 0 {
		return false
	}
	if string(host[:n]) == "gmail.com" || string(host[:n]) == "googlemail.com" || !k.hosts[string(host[:n])] {
		return false
	}
	var key [200]byte
	m := 0
	for _, c := range b[i:at] {
		key[m] = lowerByte(c)
		m++
	}
	key[m] = '@'
	m += 1 + copy(key[m+1:], host[:n])
	return len(k.mailboxes[string(key[:m])]) == 0 && len(k.bases[string(key[:m])]) == 0
}

// ats returns the ways in which programs write the @.
func ats() [10]struct{ text, form string } {
	return [...]struct{ text, form string }{
		{"@", "plain"},
		{"%40", "percent"},
		{"%2540", "percent-twice"},
		{"=40", "quoted-printable"},
		{"&#64;", "html-entity"},
		{"&#x40;", "html-entity"},
		{"&commat;", "html-entity"},
		{`\u0040`, "json-escape"},
		{`"@`, "quoted-local"},
		{`\"@`, "quoted-local"},
	}
}

func foldedPrefix(b []byte, i int, text string) bool {
	return i >= 0 && i+len(text) <= len(b) && strings.EqualFold(string(b[i:i+len(text)]), text)
}

// at reads the address whose local part, without its tag, ends at p.
func (k *known) at(b []byte, p int, found take) {
	if p <= 0 || p >= len(b) {
		return
	}
	end := p // of the local part, with its tag
	if b[p] == '+' {
		for end < len(b) && end-p <= 80 && (isLocal(b[end]) || b[end] == '+' || b[end] == '=') {
			end++
		}
		// A bounce's return path: list+zoe=example.be@
		if end < len(b) && (b[end] == '@' || b[end] == '%') {
			if i := strings.IndexByte(string(b[p:end]), '='); i > 0 {
				k.bounce(b, p+i, found)
			}
		}
	}
	if end >= len(b) {
		return
	}
	if strings.HasPrefix(string(b[end:min(end+3, len(b))]), "＠") {
		k.address(b, end, end+3, "obfuscated", found)
		return
	}
	switch b[end] {
	case '@', '%', '=', '&', '\\', '"':
		for _, a := range ats() {
			if b[end] != a.text[0] || !foldedPrefix(b, end, a.text) {
				continue
			}
			q := end + len(a.text)
			if a.form == "quoted-local" {
				if lo, _ := localPart(b, end, false); lo == 0 || b[lo-1] != '"' {
					continue
				}
			}
			if a.form == "plain" && q < len(b) && (b[q] == ' ' || b[q] == '\t') {
				q = blanks(b, q, 2)
			}
			k.address(b, end, q, a.form, found)
			return
		}
		if b[end] == '=' || b[end] == '%' {
			k.bounce(b, end, found)
		}
		return
	case '/':
		// The older form of BATV: prvs=zoe/1234abcdef@example.be.
		i := end + 1
		for i < len(b) && i-end < 14 && hexValue(b[i]) >= 0 {
			i++
		}
		if lo, _ := localPart(b, end, false); i-end > 6 && i < len(b) && b[i] == '@' && lo >= 5 && strings.EqualFold(string(b[lo-5:lo]), "prvs=") {
			k.address(b, end, i+1, "batv", found)
			return
		}
		return
	}
	q, word, bracketed, ok := spelled(b, end, atBrackets, atWords+"@ ")
	if !ok || end > p {
		return
	}
	form := "obfuscated"
	switch {
	case bracketed || word == "@":
	case b[p] == '_':
		form = "obfuscated-weak"
	case word != "AT" || strings.ToUpper(string(b[max(p-2, 0):p])) == string(b[max(p-2, 0):p]):
		form = "obfuscated-weak"
	}
	k.address(b, p, q, form, found)
}

// address looks up the address whose local part ends at p and whose host starts
// at q.
func (k *known) address(b []byte, p, q int, form string, found take) {
	var h host
	loose := strings.HasPrefix(form, "obfuscated") || form == "plain"
	h.read(b, q, loose)
	if h.n < 2 || h.n == 2 && form != "plain" && !k.hosts[h.name(2)] && !h.droppable(1) && strings.IndexByte(h.labels[1], '-') < 0 {
		return
	}
	lo, local := localPart(b, p, loose)
	if local == "" {
		return
	}
	if form == "plain" && lo > 0 && b[lo-1] == '=' {
		if k.rewritten(b, lo, p, local, found) {
			return
		}
		if lo >= 16 && foldedPrefix(b, lo-16, "prvs=") || lo >= 15 && foldedPrefix(b, lo-15, "prvs=") {
			form = "batv"
		}
	}
	if form == "obfuscated-weak" {
		// "Look at example.be" is no address, "zoe at example dot be" is one.
		if !h.spelt && !strings.ContainsAny(local, "0123456789._-") {
			return
		}
		form = "obfuscated"
	}
	if form == "plain" && (h.spelt || b[q-1] != '@' || b[p] != '@') {
		form = "obfuscated"
	}
	for n := h.n; n >= 2; n-- {
		to := h.ends[n-1]
		if k.own(local, h.name(n), form, lo, to, found) {
			return
		}
		if to < len(b) && b[to] == '+' && foldedPrefix(b, p, "%40") { // of a form that was sent, where it is a space
			if i := bytes.LastIndexByte(b[lo:p], '+'); i >= 0 && k.own(foldLocal(decode(b[lo+i+1:p])), h.name(n), form, lo+i+1, to, found) {
				return
			}
		}
		// example.be-2026-11-02 is a file of example.be.
		if l := h.labels[n-1]; strings.IndexByte(l, '-') > 0 {
			head, rest, _ := strings.Cut(l, "-")
			if strings.Trim(rest, "0123456789-") == "" {
				name := asciiHost(strings.Join(append(append([]string{}, h.labels[:n-1]...), head), "."))
				k.own(local, name, form, lo, to-len(l)+len(head), found)
				return
			}
		}
		if !h.droppable(n - 1) {
			return
		}
	}
}

// own reports an address to those whose it is.
func (k *known) own(local, host, form string, from, to int, found take) bool {
	ok := false
	tell := func(owners []owner, form string) {
		for _, o := range owners {
			found(o, from, to, form)
			ok = true
		}
	}
	tell(k.mailboxes[local+"@"+host], form)
	base, tag, tagged := strings.Cut(local, "+")
	if tagged && tag != "" {
		f := "plus-tag"
		if form != "plain" {
			f = form
		}
		tell(k.mailboxes[base+"@"+host], f)
	}
	tell(k.bases[base+"@"+host], "untagged")
	if len(k.gmail) > 0 && (host == "gmail.com" || host == "googlemail.com") && !ok {
		tell(k.gmail[strings.ReplaceAll(base, ".", "")], "provider-alias")
	}
	return ok
}

// bounce reads zoe=example.be@lists.example.org (VERP) and zoe%example.be@relay,
// where the local part of the address within ends at p.
func (k *known) bounce(b []byte, p int, found take) {
	var h host
	h.read(b, p+1, false)
	if h.n < 2 || h.ends[h.n-1] >= len(b) || b[h.ends[h.n-1]] != '@' && !foldedPrefix(b, h.ends[h.n-1], "%40") {
		return
	}
	form := "verp"
	if b[p] == '%' {
		form = "percent-hack"
	}
	lo, local := localPart(b, p, false)
	if local == "" {
		return
	}
	name, to := h.name(h.n), h.ends[h.n-1]
	if k.own(local, name, form, lo, to, found) || form != "verp" {
		return
	}
	// The mark that ends what the list put in front.
	text := string(b[lo:p])
	for i := 1; i < len(text); i++ {
		if c := text[i-1]; c == '+' || (c == '-' || c == '.') && bounceWord(text[:i-1]) {
			if k.own(foldLocal(decode([]byte(text[i:]))), name, form, lo+i, to, found) {
				return
			}
		}
	}
}

// bounceWord reports whether the last word of s is one that lists put in front
// of a subscriber's address, or a number or token.
func bounceWord(s string) bool {
	w := asciiLower(s[strings.LastIndexAny(s, "+-._")+1:])
	if strings.Contains(" bounce bounces bounced owner return returns request confirm unsubscribe subscribe errors error admin sc uc b br r list lists noreply mailer mail news newsletter verp help probe ", " "+w+" ") {
		return true
	}
	hex := len(w) >= 4
	for i := range len(w) {
		if isDigit(w[i]) {
			return true
		}
		hex = hex && hexValue(w[i]) >= 0
	}
	return hex
}

// rewritten reads SRS0=hash=day=example.be=zoe@forwarder, where the local part is
// at b[lo:p], and reports whether it is such an address.
func (k *known) rewritten(b []byte, lo, p int, local string, found take) bool {
	ds := lo - 1
	for ds > 0 && lo-ds < 256 && (isAlnum(b[ds-1]) || b[ds-1] == '.' || b[ds-1] == '-' || b[ds-1] >= utf8.RuneSelf) {
		ds--
	}
	if ds == 0 || b[ds-1] != '=' || ds == lo-1 {
		return false
	}
	before := strings.ToLower(string(b[max(ds-120, 0):ds]))
	i := strings.LastIndex(before, "srs")
	if i < 0 || strings.ContainsAny(before[i:], " <>\n\x00@,;") {
		return false
	}
	var h host
	h.read(b, ds, false)
	if h.n >= 2 && h.ends[h.n-1] == lo-1 {
		k.own(local, h.name(h.n), "srs", ds, p, found)
	}
	return true
}

// Directories that hold mailboxes, and that mailboxes hold.
const (
	mailDirs = " mail vmail mailboxes mailbox virtual maildir maildirs mailstore mailhome imap dovecot cyrus spool domains "
	boxDirs  = " maildir cur new tmp mdbox sdbox dbox mailboxes mail sieve inbox .sent .drafts .trash .junk .spam "
	userDirs = " users user mail mailboxes accounts home "
)

// path reads example.be/zoe, where the local part is at b[lo:p].
func (k *known) path(b []byte, lo, p int, found take) {
	if lo <= 1 || p <= lo || b[lo-1] != '/' && b[lo-1] != '\\' || p < len(b) && (localAt(b, p) || b[p] == '@') {
		return
	}
	local := foldLocal(decode(b[lo:p]))
	mail := false
	if p < len(b) && (b[p] == '/' || b[p] == '\\') {
		mail = strings.Contains(boxDirs, " "+segmentAfter(b, p+1)+" ")
	}
	e := lo - 1
	for range 4 {
		s := segmentStart(b, e)
		name := string(b[s:e])
		switch {
		case strings.IndexByte(name, '.') > 0:
			above := ""
			if s > 1 && (b[s-1] == '/' || b[s-1] == '\\') {
				above = asciiLower(string(b[segmentStart(b, s-1) : s-1]))
				if b[s-2] == '/' && s > 2 && b[s-3] == ':' {
					return // a page of a site
				}
			}
			mail = mail || strings.Contains(mailDirs, " "+above+" ") || above == "vhosts" && foldedPrefix(b, s-len("mail/vhosts/"), "mail/vhosts/")
			form := "maildir"
			if !mail {
				switch {
				case s > 0 && (b[s-1] == '/' || b[s-1] == '\\'):
				case s > 0 && strings.IndexByte("\n\r\x00\"'", b[s-1]) < 0, p == len(b) || b[p] != '/' && b[p] != '\\':
					return
				}
				form = "path"
			}
			k.own(local, asciiHost(decode([]byte(name))), form, s, p, found)
			return
		case len(name) <= 2 && strings.HasPrefix(local, asciiLower(name)):
		case strings.Contains(userDirs, " "+asciiLower(name)+" "):
			mail = mail || asciiLower(name) != "home" && asciiLower(name) != "user"
		default:
			return
		}
		if s == 0 || b[s-1] != '/' && b[s-1] != '\\' {
			return
		}
		e = s - 1
	}
}

func localAt(b []byte, i int) bool {
	r, _ := runeAfter(b, i)
	return localRune(r) || r == '+'
}

func segmentStart(b []byte, e int) int {
	s := e
	for s > 0 && e-s < 256 && (isLocal(b[s-1]) || b[s-1] == '+') {
		s--
	}
	return s
}

func segmentAfter(b []byte, i int) string {
	j := i
	for j < len(b) && j-i < 16 && (isAlnum(b[j]) || b[j] == '.') {
		j++
	}
	return asciiLower(string(b[i:j]))
}

// underscored reads zoe_example.be as the name of a file or directory, where the
// local part ends at p.
func (k *known) underscored(b []byte, p int, found take) {
	lo := p
	for lo > 0 && p-lo < 80 && (isLocal(b[lo-1]) || b[lo-1] == '+') {
		lo--
	}
	local := foldLocal(decode(b[lo:p]))
	if local == "" {
		return
	}
	j := p + 1
	for j < len(b) && j-p < 256 && isLocal(b[j]) {
		j++
	}
	for _, mark := range [...]string{"#ext#@", "%23ext%23%40", "%23ext%23@"} { // a guest in a Microsoft Entra tenant
		if foldedPrefix(b, j, mark) {
			k.own(local, asciiLower(string(b[p+1:j])), "guest", lo, j, found)
			return
		}
	}
	if lo > 0 && strings.IndexByte("/\\\x00\"'`\r\n", b[lo-1]) < 0 {
		return
	}
	if j < len(b) && strings.IndexByte("/\\\x00\"'`\r\n", b[j]) < 0 {
		return
	}
	name := asciiLower(string(b[p+1 : j]))
	for range 3 {
		if k.own(local, strings.ReplaceAll(name, "_", "."), "path", lo, p+1+len(name), found) {
			return
		}
		head, ending, ok := cutLast(name, ".")
		if !ok || !strings.Contains(fileEndings, " "+ending+" ") {
			return
		}
		name = head
	}
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
