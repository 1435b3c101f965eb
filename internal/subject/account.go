package subject

import (
	"regexp"
	"strings"
	"unicode"
)

// names are the words by which fields, labels and columns say what their value
// is. They meet text as label normalises it: folded words with one space
// between, "customerId" being two.
type names struct {
	customer, customerNoun, customerWord, customerColumn, customerTable *regexp.Regexp

	user, userColumn *regexp.Regexp
	ip               *regexp.Regexp
	phone            *regexp.Regexp
	vat              *regexp.Regexp
	birth            *regexp.Regexp // a column
	born             *regexp.Regexp // in front of a date
	bornOn           *regexp.Regexp // a birth date in a text
	listing          *regexp.Regexp // ls -l, up to the owner
}

// Words of which the names of customers' numbers are made, in nl, fr, de, en,
// es, it and pl.
const (
	customerNouns = `(cust(omer)?|client[ei]?|klant(en)?|kunde[n]?|kd|klient(a|ow)?|debiteur(en)?|debitor(en)?|relatie|abonnee?|abonent[a]?|lid|leden|membre|miembro|mitglied[s]?|mandant(en)?|member|subscriber|account|user)s?`
	idWords       = `(id|ids|no|nr|nrs|num|nummer|number|code|ref|reference|numero|numer|kod|kenn?ung|kenmerk|codice|codigo|identifier|identifiant|identyfikator|referentie|n)`
)

func newNames() names {
	re := regexp.MustCompile
	customer := `(^| )(` + customerNouns + ` ?` + idWords + `|` + idWords + ` ((de|du|del|della|di|la|le|l|van|of|dla) ){0,2}` + customerNouns + `)`
	return names{
		customer:       re(customer + `( (is|in|value|val|eq|was|string|int))?$`),
		customerNoun:   re(`(^| )(cust|customer|client|cliente|klant|kunde|kundin|klient|klienta|debiteur|debitor|abonnee?)s?$`),
		customerWord:   re(`(^| )` + customerNouns + `$`),
		customerColumn: re(customer + `$|^` + customerNouns + `$`),
		customerTable:  re(`(?i)(customer|client|klant|kunde|user|account|debit|relati|member|subscriber|klient|abonn|mitglied|leden|utente|usuario)`),
		user: re(`(^| )(user|usr|users|username|user ?(name|login|id)|logi?n|login ?name|logon|logname|uid|userid|sasl username|auth(enticated)? ?(user|id)|account( name)?|owner|nick(name)?|author|handle|screen ?name|created by|(last )?modified by|run as|runas|home|chown|su|sudo|` +
			`gebruikers?|gebruikersnaam|inlognaam|aanmeldnaam|eigenaar|benutzers?|benutzer(name|kennung)|anmeldename|besitzer|utilisateur|identifiant|pseudo|proprietaire|usuario|utente|nome utente|nombre de usuario|uzytkownika?|nazwa uzytkownika|wlasciciel)( (is|value|val|string))?$`),
		userColumn: re(`(^| )(user|usr|login|logon|username|user ?(name|login|id)|account|account name|owner|uid|author|nick(name)?|handle|screen ?name|home|(created|modified|updated) by|` +
			`gebruiker(snaam)?|inlognaam|aanmeldnaam|eigenaar|benutzer(name|kennung)?|anmeldename|utilisateur|identifiant|pseudo|usuario|utente|uzytkownik|nazwa uzytkownika)$`),
		ip:      re(`(^| )(ip|ips|ipv[46]|ip ?v[46]|ip ?(addr|address|adres|adresse|num|number|long|int|from|to)|(remote|client|peer|source|src|dst) ?(addr|address|ip|host)?|addr|inet|inet6|adres ip|adresse ip|direccion ip|indirizzo ip)( (long|int|num|v4|hex))?$`),
		phone:   re(`(?i)(phone|tel|tlf|gsm|mobi|fax|handy|portable|cell|m[oó]vil|whatsapp)`),
		vat:     re(`(?i)(vat|btw|tva|ust|mwst|kvk|kbo|bce|company|ondernem|tax|steuer|iva|nip|cui|siren|siret|cvr|org)`),
		birth:   re(`(?i)^(.*[_ .-])?(birth[_ .-]?(date|day)|date[_ .-]?of[_ .-]?birth|dob|born|birth|geboorte[_ .-]?(datum|dag)|geb[_ .-]?dat(um)?|geboren|geboren[_ .-]?op|geburts?[_ .-]?(datum|tag)|naissance|date[_ .-]?(de[_ .-]?)?naissance|fecha[_ .-]?(de[_ .-]?)?nac(imiento)?|nacimiento|data[_ .-]?(di[_ .-]?)?nascita|data[_ .-]?urodzenia)$`),
		born:    re(`(?i)(birth|\bdob\b|\bborn\b|geboren|geboorte|\bgeb\b|geburt|naissance|\bn[ée]e?(\(e\))? le|\bnacid|nacimiento|nascita|\bnat[oa](/a)? il|urodz|\bur\.)[^0-9\n]{0,24}$`),
		bornOn:  re(`(?i)(?:birth|\bdob\b|\bborn\b|geboren|geboorte|geburt|naissance|n[ée]e?\s+le|nacimiento|nascita|urodz)[^0-9\n]{0,24}(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})`),
		listing: re(`(^|[\n ])[-dlbcps][rwxsStT-]{9}[+.@]? +\d+ +([\w.-]+ +)?$`),
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
		h.Bare = !distinctive(id.Value)
		h.Named = n.isCustomer(b, from, to)
	case Username:
		h.Bare = !distinctive(id.Value)
		h.Named = n.isUser(b, from, to)
	case IP:
		h.Bare = h.Form == "integer"
		if h.Bare {
			words, _ := fieldLabel(b, from)
			h.Named = n.ip.MatchString(words)
		}
	case BirthDate:
		switch h.Form {
		case "us-order", "short-year", "utc-midnight", "epoch":
			h.Bare = true
			h.Named = n.born.MatchString(before(b, from))
		}
	case Phone:
		h.Weak = weakForm(h.Form)
		h.Named = h.Weak && n.phone.MatchString(before(b, from))
	case VAT:
		h.Weak = weakForm(h.Form)
		h.Named = h.Weak && n.vat.MatchString(before(b, from))
	}
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

func (n *names) isCustomer(b []byte, from, to int) bool {
	words, mark := fieldLabel(b, from)
	if words == "" || len(mark) > 16 || measured(b, to) {
		return false
	}
	switch {
	case n.customer.MatchString(words):
		return tight(mark, true)
	case n.customerNoun.MatchString(words):
		return tight(mark, false)
	case n.customerWord.MatchString(words):
		return tight(mark, false) && strings.ContainsAny(mark, joinMarks)
	}
	return false
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
	text := string(b[max(from-72, 0):from])
	switch {
	case strings.HasSuffix(text, " - ") && strings.HasPrefix(after, " ["): // common log format
		return true
	case strings.HasSuffix(text, "-u ") || strings.HasSuffix(text, "-l ") || strings.HasSuffix(text, " -U "):
		return true
	case strings.HasSuffix(text, "for ") && strings.HasPrefix(after, " from "):
		return true
	case strings.HasPrefix(after, " : TTY="):
		return true
	case (strings.Contains(text, "rw") || strings.Contains(text, "r-")) && n.listing.MatchString(text):
		return true
	}
	words, mark := fieldLabel(b, from)
	return n.user.MatchString(words) && tight(mark, false)
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
		return n.customerColumn.MatchString(words) || words == "id" && n.customerTable.MatchString(table)
	case Username:
		return n.userColumn.MatchString(words)
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
	if start >= 3 && end < len(b) && b[end] == '@' && string(b[start-3:start]) == "://" {
		return true // ftp://zoevdb@example.org
	}
	if start > 1 && b[start-1] == ',' && isDigit(b[start]) && isDigit(b[start-2]) && end-start == 3 {
		return false // 1,234
	}
	// zoevdb_db1 is a database of the account zoevdb, as control panels name it.
	return end >= len(b) || strings.IndexByte(".-@", b[end]) < 0 || !wordAt(b, end+1) || b[end] == '.' && fileEnding(b, end+1)
}
