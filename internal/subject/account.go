package subject

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names are the words by which fields, labels and columns say what their value
// is. They meet text as label normalises it: folded words with one space
// between, "customerId" being two.
type names struct {
	// Sets of words and labels: what they hold is few, and looked up for every
	// hit in a log that is full of one account.
	nouns, ids, numbers map[string]bool // "customer"; "id"; "customerid"
	customers           map[string]bool // which are a label without "id"
	users, userColumns  map[string]bool // labels, of one to four words
	customerEnds        map[string]bool // the last words of all of them
	userEnds            map[string]bool
	customerTable       *regexp.Regexp

	ip      *regexp.Regexp
	phone   *regexp.Regexp
	vat     *regexp.Regexp
	birth   *regexp.Regexp // a column
	born    *regexp.Regexp // in front of a date
	bornOn  *regexp.Regexp // a birth date in a text
	listing *regexp.Regexp // ls -l, up to the owner
}

// Words of which the names of customers' numbers are made, in nl, fr, de, en,
// es, it and pl.
const (
	customerNouns = `(cust(omer)?|client[ei]?|klant(en)?|kunde[n]?|kd|klient(a|ow)?|debiteur(en)?|debitor(en)?|relatie|abonnee?|abonent[a]?|lid|leden|membre|miembro|mitglied[s]?|mandant(en)?|member|subscriber|account|user)s?`
	idWords       = `(id|ids|no|nr|nrs|num|nummer|number|code|ref|reference|numero|numer|kod|kenn?ung|kenmerk|codice|codigo|identifier|identifiant|identyfikator|referentie|n)`
)

// Other labels, likewise. Names of users stand for themselves, and may be
// followed by one of valueWords as those of numbers may.
const (
	customerLabels = `(cust|customer|client|cliente|klant|kunde|kundin|klient|klienta|debiteur|debitor|abonnee?)s?`
	userLabels     = `(user|usr|users|username|user ?(name|login|id)|logi?n|login ?name|logon|logname|uid|userid|sasl username|auth(enticated)? ?(user|id)|account( name)?|owner|nick(name)?|author|handle|screen ?name|created by|(last )?modified by|run as|runas|home|chown|su|sudo|` +
		`gebruikers?|gebruikersnaam|inlognaam|aanmeldnaam|eigenaar|benutzers?|benutzer(name|kennung)|anmeldename|besitzer|utilisateur|identifiant|pseudo|proprietaire|usuario|utente|nome utente|nombre de usuario|uzytkownika?|nazwa uzytkownika|wlasciciel)`
	userColumnNames = `(user|usr|login|logon|username|user ?(name|login|id|nice ?name)( clean)?|account|account name|owner|uid|author|nick(name)?|nice ?name|handle|screen ?name|home|(created|modified|updated) by|` +
		`gebruiker(snaam)?|inlognaam|aanmeldnaam|eigenaar|benutzer(name|kennung)?|anmeldename|utilisateur|identifiant|pseudo|usuario|utente|uzytkownik|nazwa uzytkownika)`
	valueWords = " is in value val eq was string int "
)

func newNames() names {
	re := regexp.MustCompile
	n := names{
		customerTable: re(`(?i)(customer|client|klant|kunde|user|account|debit|relati|member|subscriber|klient|abonn|mitglied|leden|utente|usuario)`),
		ip:            re(`(^| )(ip|ips|ipv[46]|ip ?v[46]|ip ?(addr|address|adres|adresse|num|number|long|int|from|to)|(remote|client|peer|source|src|dst) ?(addr|address|ip|host)?|addr|inet|inet6|adres ip|adresse ip|direccion ip|indirizzo ip)( (long|int|num|v4|hex))?$`),
		phone:         re(`(?i)(phone|tel|tlf|gsm|mobi|fax|handy|portable|cell|m[oó]vil|whatsapp)`),
		vat:           re(`(?i)(vat|btw|tva|ust|mwst|kvk|kbo|bce|company|ondernem|tax|steuer|iva|nip|cui|siren|siret|cvr|org)`),
		birth:         re(`(?i)^(.*[_ .-])?(birth[_ .-]?(date|day)|date[_ .-]?of[_ .-]?birth|dob|born|birth|geboorte[_ .-]?(datum|dag)|geb[_ .-]?dat(um)?|geboren|geboren[_ .-]?op|geburts?[_ .-]?(datum|tag)|naissance|date[_ .-]?(de[_ .-]?)?naissance|fecha[_ .-]?(de[_ .-]?)?nac(imiento)?|nacimiento|data[_ .-]?(di[_ .-]?)?nascita|data[_ .-]?urodzenia)$`),
		born:          re(`(?i)(birth|\bdob\b|\bborn\b|geboren|geboorte|\bgeb\b|geburt|naissance|\bn[ée]e?(\(e\))? le|\bnacid|nacimiento|nascita|\bnat[oa](/a)? il|urodz|\bur\.|\bf(ec)?\. ?(de )?nac\b)[^0-9\n]{0,24}$`),
		bornOn:        re(`(?i)(?:birth|\bdob\b|\bborn\b|geboren|geboorte|geburt|naissance|n[ée]e?\s+le|nacimiento|nascita|urodz)[^0-9\n]{0,24}(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})`),
		listing:       re(`(^|[\n ])[-dlbcps][rwxsStT-]{9}[+.@]? +\d+ +([\w.-]+ +)?$`),

		nouns: language(customerNouns), ids: language(idWords), customers: language(customerLabels), numbers: map[string]bool{},
		users: language(userLabels), userColumns: language(userColumnNames),
		customerEnds: map[string]bool{}, userEnds: map[string]bool{},
	}
	for id := range n.ids {
		for noun := range n.nouns {
			n.numbers[noun+id] = true
		}
		n.numbers["usr"+id] = true
	}
	for _, set := range []map[string]bool{n.nouns, n.ids, n.numbers, n.customers} {
		for w := range set {
			n.customerEnds[w] = true
		}
	}
	for w := range n.users {
		n.userEnds[w[strings.LastIndexByte(w, ' ')+1:]] = true
	}
	for _, w := range strings.Fields(valueWords) {
		n.customerEnds[w], n.userEnds[w] = true, true
	}
	return n
}

// last splits off the last word.
func last(words string) (rest, word string) {
	i := strings.LastIndexByte(words, ' ')
	return words[:max(i, 0)], words[i+1:]
}

// unvalued drops what may stand between the name of a field and its value.
func unvalued(words string) string {
	if rest, w := last(words); rest != "" && strings.Contains(valueWords, " "+w+" ") {
		return rest
	}
	return words
}

// customer reports whether a label ends in the name of a customer's number.
func (n *names) customer(words string) bool {
	rest, w := last(words)
	if n.numbers[w] {
		return true
	}
	_, prev := last(rest)
	if n.ids[w] && (n.nouns[prev] || prev == "usr") {
		return true
	}
	if !n.nouns[w] {
		return false
	}
	for range 2 {
		if !strings.Contains(" de du del della di la le l van of dla ", " "+prev+" ") || prev == "" {
			break
		}
		rest, _ = last(rest)
		_, prev = last(rest)
	}
	return n.ids[prev]
}

// userID reports whether a label ends in the name of a user's number, who need
// not be a customer.
func (n *names) userID(words string) bool {
	rest, w := last(words)
	for _, u := range [...]string{"user", "usr"} {
		if id, ok := strings.CutPrefix(w, u); ok && (n.ids[id] || id != "" && id[0] == 's' && n.ids[id[1:]]) {
			return true
		}
	}
	_, prev := last(rest)
	return n.ids[w] && (prev == "user" || prev == "usr" || prev == "users")
}

// endsIn reports whether one of the labels is the last words of a text.
func endsIn(labels map[string]bool, words string) bool {
	for {
		if labels[words] {
			return true
		}
		_, rest, ok := strings.Cut(words, " ")
		if !ok {
			return false
		}
		words = rest
	}
}

// judge tells what the surroundings of a hit say of it.
func (n *names) judge(h *Hit, id Identifier, b []byte, from, to int) {
	switch id.Type {
	case Email:
		// The mailbox without a tag, or a name in a path, is not surely hers.
		h.Weak = h.Form == "untagged" || h.Form == "path"
	case Name:
		// Initials are many people's, and a lost letter may have been another.
		h.Weak = h.Form == "initials" || h.Form == "middle" || h.Form == "lossy" || h.Form == "declined" || h.needsCompany()
	case Address:
		h.Weak = h.Form == "other-box"
	case CustomerID:
		named, hinted := n.isCustomer(b, from, to)
		h.Named, h.Bare = named, !hinted && !distinctive(id.Value)
	case Username:
		h.Bare = !distinctive(id.Value)
		h.Named = n.isUser(b, from, to) || handle(b, from, to)
	case IP:
		h.Bare = h.Form == "integer"
		if h.Bare {
			words, _ := fieldLabel(b, behindKey(b, from))
			h.Named = n.ip.MatchString(words) || from > 2 && string(b[from-3:from]) == "://" && (to == len(b) || strings.IndexByte("/:?# \"'<", b[to]) >= 0)
		}
	case BirthDate:
		switch h.Form {
		case "us-order", "short-year", "utc-midnight", "epoch":
			h.Bare = true
			h.Named = n.born.MatchString(before(b, behindKey(b, from))) || bornBehind(b, to) || bornSign(b, from)
		}
	case Phone:
		h.Weak = weakForm(h.Form)
		h.Named = h.Weak && n.phone.MatchString(before(b, behindKey(b, from)))
	case VAT:
		h.Weak = weakForm(h.Form)
		h.Named = h.Weak && n.vat.MatchString(before(b, behindKey(b, from)))
	}
}

// handle reports whether b[from:to] is written as the name of an account on a
// network is: @zoevdb.
func handle(b []byte, from, to int) bool {
	return from > 0 && b[from-1] == '@' && (from == 1 || b[from-2] != '@' && !wordBefore(b, from-1)) && (to == len(b) || b[to] != '@')
}

// bornSign reports whether a sign for a birth stands before a date: ° in French
// and Dutch, * in German. A star and a blank at the start of a line are an item of
// a list.
func bornSign(b []byte, i int) bool {
	j := i
	for j > 0 && b[j-1] == ' ' && i-j < 2 {
		j--
	}
	switch {
	case j > 1 && b[j-1] == 0xb0 && b[j-2] == 0xc2, j > 0 && b[j-1] == 0xb0:
		return true
	case j > 0 && b[j-1] == '*':
		return (j == i || j > 3 && b[j-2] == ' ' && wordBefore(b, j-2) || j > 3 && b[j-2] == ' ' && b[j-3] == ',') && (j < 2 || b[j-2] != '*')
	}
	return false
}

// bornBehind reports whether the word for being born follows a date, as it does
// in German: "am 5.12.90 geboren", and in Dutch.
func bornBehind(b []byte, i int) bool {
	for _, w := range [...]string{" geb.", " geb", " (geb", " (°", " born", " (born", " (dob", " né", " (né", " nato", " nata", " (nato", " (nata", " ur.", " (ur."} {
		if foldedPrefix(b, i, w) && (strings.HasPrefix(w, " (") || !wordAt(b, i+len(w)) || foldedPrefix(b, i, " née")) {
			return true
		}
	}
	return foldedPrefix(b, i, " geboren") || foldedPrefix(b, i, " in ") && strings.Contains(asciiLower(string(b[i:min(i+40, len(b))])), " geboren")
}

// distinctive reports whether an id says by itself that it may be one: it has
// letters and digits, or is written as no word is.
func distinctive(v string) bool {
	letters := strings.ContainsFunc(v, unicode.IsLetter)
	return len(v) >= 5 && letters && strings.ContainsAny(v, "0123456789._")
}

// before returns the text in front of i on the same line.
func before(b []byte, i int) string {
	from := max(i-40, 0)
	s := string(b[from:i])
	if k := strings.LastIndexAny(s, "\n\x00;|"); k >= 0 {
		s = s[k+1:]
	}
	return s
}

// layout holds the elements that say nothing of what is in them.
const layout = " a b i p br dd div dl dt em li small span strong string integer int td th tr ul value "

// fieldLabel returns the words in front of i on the same line, and what stands
// between the last of them and i. Elements that only lay out are no words.
func fieldLabel(b []byte, i int) (words, mark string) {
	from := max(i-72, 0)
	s := string(b[from:i])
	if k := strings.LastIndexAny(s, "\n\x00|"); k >= 0 {
		s = s[k+1:]
	} else if from > 0 && s != "" {
		if k := strings.IndexFunc(s, func(r rune) bool { return !wordRune(r) }); k >= 0 {
			s = s[k:] // the first word is cut off
		}
	}
	if words, mark, ok := plainLabel(s); ok {
		return words, mark
	}
	if strings.IndexByte(s, '<') >= 0 {
		s = dropLayout(s)
	}
	if strings.IndexByte(s, '\\') >= 0 {
		for _, e := range [...][2]string{{`\"`, `"`}, {`\t`, " "}, {`\r`, " "}} {
			s = strings.ReplaceAll(s, e[0], e[1])
		}
		if k := strings.LastIndex(s, `\n`); k >= 0 {
			s = s[k+2:]
		}
	}
	if !isASCII(s) || strings.IndexByte(s, '\\') >= 0 {
		s = decode([]byte(s))
	}
	end := strings.LastIndexFunc(s, wordRune)
	if end < 0 {
		return "", s
	}
	for end++; end < len(s) && s[end]&0xc0 == 0x80; end++ {
	}
	mark = s[end:]
	var t strings.Builder
	last := ' '
	for _, r := range s[:end] {
		switch {
		case !wordRune(r) && r != 'º' && r != '№':
			if last != ' ' {
				t.WriteByte(' ')
			}
			last = ' '
			continue
		case unicode.IsUpper(r) && unicode.IsLower(last):
			t.WriteByte(' ')
		}
		t.WriteRune(r)
		last = r
	}
	words = plain(t.String())
	for i, n := len(words), 0; i > 0; i-- { // the last words say it
		if words[i-1] == ' ' {
			if n++; n == 4 {
				return words[i:], mark
			}
		}
	}
	return words, mark
}

// plainLabel does for a text of ASCII without tags and escapes what fieldLabel
// does for all.
func plainLabel(s string) (words, mark string, ok bool) {
	end := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf || c == '\\' || c == '>':
			return "", "", false
		case isAlnum(c):
			end = i + 1
		}
	}
	if end == 0 {
		return "", s, true
	}
	var text [160]byte // backwards
	n := len(text)
	for i, spaces := end-1, 0; i >= 0 && n > 1; i-- {
		c := s[i]
		if !isAlnum(c) {
			if text[n] == ' ' {
				continue
			}
			if spaces++; spaces == 4 {
				break
			}
			n--
			text[n] = ' '
			continue
		}
		n--
		text[n] = c
		if isUpper(c) {
			text[n] |= 0x20
			if i > 0 && 'a' <= s[i-1] && s[i-1] <= 'z' { // customerId
				if spaces++; spaces == 4 {
					break
				}
				n--
				text[n] = ' '
			}
		}
	}
	return strings.TrimPrefix(string(text[n:]), " "), s[end:], true
}

// dropLayout takes the tags of elements that only lay out from s, and the < of
// others.
func dropLayout(s string) string {
	var t strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			t.WriteString(s)
			return t.String()
		}
		t.WriteString(s[:i])
		j := strings.IndexByte(s[i:], '>')
		if j < 0 {
			t.WriteString(s[i:])
			return t.String()
		}
		tag := s[i+1 : i+j]
		name := strings.ToLower(strings.TrimPrefix(tag, "/"))
		switch {
		case strings.Contains(layout, " "+name+" "):
			t.WriteByte(' ')
		case strings.HasPrefix(tag, "/"):
			t.WriteString(",") // what it held is over
		default:
			t.WriteString(" " + tag + ">")
		}
		s = s[i+j+1:]
	}
}

// tight reports whether mark, between a label and a value, joins the two.
func tight(mark string, dot bool) bool {
	if len(mark) > 16 || strings.ContainsAny(mark, ",;!?|)]}") && !strings.HasPrefix(strings.TrimLeft(mark, `"' `), "]") && !strings.HasPrefix(mark, ")") {
		return false
	}
	return dot || !strings.Contains(mark, ".")
}

// joinMarks are the marks that join more surely than a space.
const joinMarks = ":=>\"'#[(/<"

// isCustomer reports whether b[from:to] is called a customer's number, or hinted
// to be one: a user's number is one where customers are users.
func (n *names) isCustomer(b []byte, from, to int) (named, hinted bool) {
	from = behindKey(b, from)
	if !mayEnd(b, from, n.customerEnds) {
		return false, false
	}
	words, mark := fieldLabel(b, from)
	if words == "" || len(mark) > 16 || measured(b, to) {
		return false, false
	}
	label := unvalued(words)
	_, word := last(words)
	switch {
	case n.userID(label):
		return false, tight(mark, true)
	case n.customer(label):
		return tight(mark, true), false
	case n.customers[word]:
		return tight(mark, false), false
	case n.nouns[word]:
		return tight(mark, false) && strings.ContainsAny(mark, joinMarks), false
	}
	return false, false
}

// measured reports whether what ends at i is an amount: decimals, a currency or
// a unit follow.
func measured(b []byte, i int) bool {
	if i+1 < len(b) && strings.IndexByte(",.'", b[i]) >= 0 && isDigit(b[i+1]) {
		return decimals(b, i)
	}
	j := blanks(b, i, 1)
	r, _ := runeAfter(b, j)
	if r == '%' && j == i || r == '€' || r == '$' || r == '£' || r == 0x80 || r == '×' {
		return true
	}
	k := j
	for k < len(b) && k-j < 12 && isAlpha(b[k]) {
		k++
	}
	return k > j && strings.Contains(" eur euro euros usd gbp chf pln zl czk dkk sek nok x kg g km m cm mm gb mb kb tb ms s min minutes hours days years jaar jaren ans jahre times items stuks pieces points punten credits bytes requests visits users invoices orders ", " "+asciiLower(string(b[j:k]))+" ")
}

// behindKey returns the place behind the name of a field, where the value at i is
// one of those that PHP serializes: s:11:"customer_id";s:8:"K-104711"; or
// customer_id|i:4711; as sessions have it. Of all else it is i.
func behindKey(b []byte, i int) int {
	k := i
	quoted := k > 0 && b[k-1] == '"'
	if quoted {
		k = backslashes(b, k-1)
		if k == 0 || b[k-1] != ':' {
			return i
		}
		k--
		d := k
		for d > 0 && k-d < 10 && isDigit(b[d-1]) {
			d--
		}
		if d == k {
			return i
		}
		k = d
	}
	// The type of the value and what ends the name.
	if k < 3 || b[k-1] != ':' || quoted != (b[k-2] == 's') || strings.IndexByte("sid", b[k-2]) < 0 {
		return i
	}
	switch k -= 2; {
	case b[k-1] == '|', b[k-1] == ';' && k >= 2 && b[k-2] == '"':
		return k - 1
	}
	return i
}

// backslashes returns where those that end at i begin.
func backslashes(b []byte, i int) int {
	for i > 0 && b[i-1] == '\\' {
		i--
	}
	return i
}

// decimals reports whether one to three digits follow the mark at i, as in an
// amount.
func decimals(b []byte, i int) bool {
	j := i + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	return j-i-1 <= 3
}

// homes are the directories whose entries are users.
const homes = " home homes users user mail webs customers ftp crontabs cron vhosts accounts members www u quota "

func (n *names) isUser(b []byte, from, to int) bool {
	c, d := byte(0), byte(0)
	if from > 0 {
		c = b[from-1]
	}
	if to < len(b) {
		d = b[to]
	}
	switch {
	case c == '/' || c == '\\':
		if s := segmentStart(b, from-1); s < from-1 && strings.Contains(homes, " "+asciiLower(string(b[s:from-1]))+" ") {
			return true
		}
		if c == '/' && from >= 3 && string(b[from-3:from]) == "://" {
			return d == '@' || d == ':' && strings.IndexByte(string(b[to:min(to+80, len(b))]), '@') > 0
		}
	case c == '~', c == '[' && d == ']':
		return true
	case c == '(' && d == ')':
		return foldedPrefix(b, to, ") cmd") || foldedPrefix(b, to, ") reload") || foldedPrefix(b, from-5, "cron (") || foldedPrefix(b, from-2, "] (")
	}
	after := string(b[to:min(to+32, len(b))])
	lineStart := from == 0 || c == '\n' || c == 0
	switch {
	case strings.HasPrefix(after, "'@'"), strings.HasPrefix(after, "`@`"), strings.HasPrefix(after, `"@"`):
		return true
	case lineStart && len(after) > 1 && after[0] == ':' && strings.ContainsAny(after[1:2], "x!*$"):
		return true // passwd, shadow, htpasswd
	case d == ':' && foldedPrefix(b, to+1, string(b[from:to])):
		return true // chown zoevdb:zoevdb
	case d == '_' && dataName(after[1:]):
		return true // a database of the account
	case d == '.' && (lineStart || strings.IndexByte("/ \"'`", c) >= 0) && dumpName(after[1:]):
		return true
	}
	text := b[max(from-72, 0):from]
	switch {
	case d == ' ' && strings.HasPrefix(after, " [") && bytes.HasSuffix(text, []byte(" - ")): // common log format
		return true
	case d == ' ' && strings.HasPrefix(after, " : TTY="):
		return true
	case c != ' ':
	case bytes.HasSuffix(text, []byte("-u ")) || bytes.HasSuffix(text, []byte("-l ")) || bytes.HasSuffix(text, []byte(" -U ")):
		return true
	case bytes.HasSuffix(text, []byte("for ")) && strings.HasPrefix(after, " from "):
		return true
	case (bytes.Contains(text, []byte("rw")) || bytes.Contains(text, []byte("r-"))) && n.listing.Match(text):
		return true
	}
	if d == '@' && atShell(b, from, to) {
		return true
	}
	if from = behindKey(b, from); !mayEnd(b, from, n.userEnds) {
		return false
	}
	words, mark := fieldLabel(b, from)
	return endsIn(n.users, unvalued(words)) && tight(mark, false)
}

func dataName(s string) bool {
	for _, w := range []string{"db", "wp", "sql", "data", "web", "www", "shop", "blog", "prod", "test", "joom", "drup", "mage", "presta"} {
		if strings.HasPrefix(asciiLower(s), w) {
			return true
		}
	}
	return false
}

func dumpName(s string) bool {
	for _, w := range []string{"sql", "dump", "tar", "tgz", "zip", "conf", "cron", "zst"} {
		if strings.HasPrefix(asciiLower(s), w) && (len(s) == len(w) || !isAlnum(s[len(w)])) {
			return true
		}
	}
	return false
}

// NamedBy reports whether a field of that name says that its value is an
// identifier of type t. Table is the table of a column, else empty: a column
// "id" says something only in a table that says of whom.
func (r *Recognizer) NamedBy(t Type, table, field string) bool {
	n := &r.names
	words, _ := fieldLabel([]byte(field), len(field))
	switch t {
	case CustomerID:
		return (n.customer(words) || n.nouns[words]) && !n.userID(words) || words == "id" && n.customerTable.MatchString(table)
	case Username:
		return endsIn(n.userColumns, words)
	case IP:
		return n.ip.MatchString(words)
	case BirthDate:
		return n.birth.MatchString(field)
	case Phone:
		return n.phone.MatchString(field)
	case VAT:
		return n.vat.MatchString(field)
	}
	return false
}

// HintedBy reports whether a field of that name may hold identifiers of type t,
// though it does not say so: a user's number may be a customer's.
func (r *Recognizer) HintedBy(t Type, field string) bool {
	words, _ := fieldLabel([]byte(field), len(field))
	return t == CustomerID && r.names.userID(words)
}

// BirthDateColumn reports whether a field of that name holds birth dates.
func (r *Recognizer) BirthDateColumn(field string) bool { return r.names.birth.MatchString(field) }

// idBounds is wordBounds for names of accounts: they are not part of an
// address, a host name or a longer name either.
func idBounds(b []byte, start, end int) bool {
	if !wordBounds(b, start, end) {
		return false
	}
	if start > 0 && strings.IndexByte("_.-@", b[start-1]) >= 0 && wordBefore(b, start-1) {
		return false
	}
	if start > 0 && (b[start-1] == '_' || (b[start-1] == '+' || b[start-1] == '$') && isDigit(b[start])) {
		return false
	}
	if end < len(b) && b[end] == '@' && (start >= 3 && string(b[start-3:start]) == "://" || atShell(b, start, end)) {
		return true // ftp://zoevdb@example.org
	}
	if end < len(b) && b[end] == '@' && start > 0 && b[start-1] == '~' {
		return true // ~zoevdb@192.0.2.7, the mask of a user of IRC
	}
	if end < len(b) && b[end] == '_' && !wordAt(b, end+1) {
		return false // zoevdb_ is another's nickname
	}
	if start > 1 && b[start-1] == ',' && isDigit(b[start]) && isDigit(b[start-2]) && end-start == 3 {
		return false // 1,234
	}
	// zoevdb_db1 is a database of the account zoevdb, as control panels name it.
	return end >= len(b) || strings.IndexByte(".-@", b[end]) < 0 || !wordAt(b, end+1) || b[end] == '.' && fileEnding(b, end+1)
}

// regrouped adds a customer's number of letters and digits without what parts
// them, KL204417 for KL-204417, or with a hyphen between where it has none.
func (bl *builder) regrouped(v string) {
	i := 0
	for i < len(v) && isAlpha(v[i]) {
		i++
	}
	j := i
	if j < len(v) && strings.IndexByte("-_./ ", v[j]) >= 0 {
		j++
	}
	if i == 0 || i > 6 || len(v)-j < 5 || onlyDigits(v[j:]) != v[j:] {
		return // too little that tells it from others
	}
	if j > i {
		bl.literal(v[:i]+v[j:], "ungrouped", idBounds)
		return
	}
	bl.literal(v[:i]+"-"+v[i:], "grouped", idBounds)
}

// atShell reports whether the @ at b[end] stands between a user and a host as
// ssh, scp and the prompts of shells write them: "ssh -p 22 zoevdb@web1",
// "rsync x zoevdb@web1:/srv", "zoevdb@web1:~$".
func atShell(b []byte, start, end int) bool {
	if start > 0 && !isSpace(b[start-1]) && strings.IndexByte("[(\"'`\x00", b[start-1]) < 0 {
		return false
	}
	i := end + 1
	for i < len(b) && i-end < 80 && (isAlnum(b[i]) || b[i] == '-' || b[i] == '.') {
		i++
	}
	if i == end+1 {
		return false
	}
	if i+1 < len(b) && b[i] == ':' && (b[i+1] == '~' || b[i+1] == '/' && (i+2 == len(b) || b[i+2] != '/')) {
		return true
	}
	from := max(start-80, 0)
	line := b[from:start]
	if k := bytes.LastIndexAny(line, "\n\x00|;&$#"); k >= 0 {
		line = line[k+1:]
	}
	// Between the command and the user stand options and what belongs to them.
	for line = bytes.TrimRight(line, " \t\"'`(["); len(line) > 0; line = bytes.TrimRight(line, " \t") {
		w := line[bytes.LastIndexAny(line, " \t")+1:]
		switch base := string(w[bytes.LastIndexByte(w, '/')+1:]); {
		case base == "ssh" || base == "sftp" || base == "scp" || base == "mosh" || base == "sshfs" || base == "ssh-copy-id":
			return true
		case w[0] != '-' && !isDigit(w[0]) && bytes.IndexByte(w, '/') < 0 && bytes.IndexByte(w, '=') < 0:
			return false
		}
		line = line[:len(line)-len(w)]
	}
	return false
}

// mayEnd reports whether the word in front of i may be one of ends. It is a quick
// look at what fieldLabel reads, and says yes where only that can tell.
func mayEnd(b []byte, i int, ends map[string]bool) bool {
	end := i
	for ; end > 0 && i-end <= 24 && !isAlnum(b[end-1]); end-- {
		switch c := b[end-1]; {
		case c == '\n' || c == 0 || c == '|':
			return false
		case c >= utf8.RuneSelf || c == '>' || c == '\\':
			return true
		}
	}
	var word [32]byte
	n := len(word)
	for k := end; k > 0 && isAlnum(b[k-1]); k-- {
		if n == 0 {
			return true
		}
		n--
		word[n] = b[k-1]
		if isUpper(b[k-1]) {
			word[n] |= 0x20
			if k > 1 && 'a' <= b[k-2] && b[k-2] <= 'z' {
				break // customerId
			}
		}
		if k > 1 && b[k-2] >= utf8.RuneSelf || i-k > 64 {
			return true
		}
	}
	return ends[string(word[n:])]
}

// language returns all texts that a pattern without repetitions matches.
func language(pattern string) map[string]bool {
	m := map[string]bool{}
	if re, err := syntax.Parse(pattern, syntax.Perl); err == nil {
		for _, s := range expanded(re) {
			m[s] = true
		}
	}
	return m
}

func expanded(re *syntax.Regexp) []string {
	out := []string{""}
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		out = nil
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1] && r-re.Rune[i] < 64; r++ {
				out = append(out, string(r))
			}
		}
	case syntax.OpCapture:
		return expanded(re.Sub[0])
	case syntax.OpQuest:
		return append(out, expanded(re.Sub[0])...)
	case syntax.OpAlternate:
		out = nil
		for _, sub := range re.Sub {
			out = append(out, expanded(sub)...)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			var joined []string
			for _, tail := range expanded(sub) {
				for _, head := range out {
					joined = append(joined, head+tail)
				}
			}
			out = joined
		}
	}
	return out
}
