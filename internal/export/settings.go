package export

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
)

// Ways to write a value behind its name.
var (
	// quotedName is a name in quotes, as JSON, PHP's serialisation and files of
	// settings write it, with quotes that may be escaped.
	quotedName = regexp.MustCompile(`["']([\w .-]{1,60})\\{0,16}["']\s{0,20}(?:\]\s{0,20})?(?::|=>|=|;s:\d{1,12}:)\s{0,20}(\\{0,16}["'])`)
	// defined is a constant of PHP.
	defined = regexp.MustCompile(`(?i)\bdefine\s{0,20}\(\s{0,20}["'](\w{1,60})["']\s{0,20},\s{0,20}(["'])`)
	// atLine is a name at the start of a line: settings, environments, programs,
	// and what people write.
	atLine = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+|set[ \t]+)?[$@]?(\w[\w .>-]{0,59}?)[ \t]*(=>|:=|[=:])[ \t]*(\S[^\n]*)$`)
	// within is a name in what is written without spaces: options of commands,
	// queries of URLs, connection strings.
	within = regexp.MustCompile(`(?:^|[\s;&?,{("'-])([A-Za-z][\w.-]{0,59})=([^\s;&"'<>,]+)`)
	// element is one of XML.
	element = regexp.MustCompile(`<(?:[\w-]{1,40}:)?([\w.-]{1,60})(?:\s[^<>]{0,400})?>([^<>]+)</`)
)

// stems are what words of names of secrets hold.
const stems = "pass pwd wachtwoord kennwort contrasena haslo crypt secret token key salt otp mfa pin puk credential cookie session"

// mayAssign reports whether a text may hold the name of a secret with its value.
func mayAssign(b []byte) bool {
	if !bytes.ContainsAny(b, ":=>,;") {
		return false
	}
	lower := make([]byte, len(b))
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	for stem := range strings.FieldsSeq(stems) {
		if bytes.Contains(lower, []byte(stem)) {
			return true
		}
	}
	return false
}

// assignments returns the values of secrets in a text. A value whose quote is
// never closed goes on to the end of its line, and a key in it to its own end.
// open is where the last name starts whose value is not closed, -1 where all are.
func assignments(b []byte) (list []edit, open int) {
	open = -1
	add := func(from, to int, what string) {
		if to > from && !bytes.HasPrefix(b[from:to], []byte("[withheld: ")) {
			list = append(list, edit{from, to, withheldText(what), what})
		}
	}
	done, closed := 0, closer{b: b}
	inQuotes := func(at, from int, quote []byte, what string) {
		to, ok := closed.at(from, quote)
		if !ok {
			if to = unclosed(b, from); to == len(b) || open < 0 {
				open = at
			}
		}
		add(from, to, what)
		done = max(done, to)
	}
	for _, re := range []*regexp.Regexp{quotedName, defined} {
		done = 0
		for _, m := range re.FindAllSubmatchIndex(b, -1) {
			if what := secretName(string(b[m[2]:m[3]])); what != "" && m[0] >= done {
				inQuotes(m[0], m[1], b[m[4]:m[5]], what)
			}
		}
	}
	for _, m := range atLine.FindAllSubmatchIndex(b, -1) {
		name := string(b[m[2]:m[3]])
		what := secretName(lastWords(name))
		if what == "" || strings.Contains(name, " -") { // an option of a command
			continue
		}
		from, to := m[6], m[7]
		for to > from && (b[to-1] == '\r' || b[to-1] == ' ' || b[to-1] == '\t') {
			to--
		}
		switch v := b[from:to]; {
		case v[0] == '"' || v[0] == '\'' || v[0] == '`':
			inQuotes(m[0], from+1, v[:1], what)
		case v[0] == '|' || v[0] == '>':
			// A block of YAML (1.2, section 8.1).
			from, to = block(b, m[0], m[7])
			add(from, to, what)
		case b[m[4]] != '=' && bytes.ContainsAny(v, " \t") && !bytes.Contains(v, []byte(" #")):
			// What somebody writes about it.
		default:
			if k := bytes.Index(v, []byte(" #")); k > 0 {
				v = bytes.TrimRight(v[:k], " \t")
			}
			if k := bytes.Index(v, []byte("-----BEGIN")); k >= 0 {
				to = unclosed(b, from)
			} else {
				v = bytes.TrimRight(v, ";,")
				to = from + len(v)
			}
			if !says(v) {
				add(from, to, what)
			}
		}
	}
	for _, re := range []*regexp.Regexp{within, element} {
		for _, m := range re.FindAllSubmatchIndex(b, -1) {
			if what := secretName(string(b[m[2]:m[3]])); what != "" && !says(b[m[4]:m[5]]) && len(bytes.TrimSpace(b[m[4]:m[5]])) > 0 {
				add(m[4], m[5], what)
			}
		}
	}
	return list, open
}

// says reports whether a value says something about a secret instead of being
// one.
func says(v []byte) bool {
	switch strings.ToLower(string(bytes.TrimSpace(v[:min(len(v), 20)]))) {
	case "", "null", "nil", "none", "true", "false", "yes", "no", "on", "off", "~", "{", "[", "{}", "[]", "0", "1":
		return true
	}
	return false
}

// lastWords returns the last words of what stands before a colon: "your new
// password".
func lastWords(name string) string {
	if i := strings.LastIndex(name, "->"); i >= 0 {
		name = name[i+2:]
	}
	words := strings.Fields(name)
	return strings.Join(words[max(0, len(words)-2):], " ")
}

// block returns the lines behind that of a name that are indented deeper.
func block(b []byte, line, end int) (from, to int) {
	indent := func(at int) int {
		n := 0
		for at+n < len(b) && (b[at+n] == ' ' || b[at+n] == '\t') {
			n++
		}
		return n
	}
	own := indent(line)
	from, to = min(end+1, len(b)), min(end+1, len(b))
	for to < len(b) {
		next := bytes.IndexByte(b[to:], '\n') + 1
		if next == 0 {
			next = len(b) - to
		}
		if n := indent(to); n <= own && len(bytes.TrimSpace(b[to:to+next])) > 0 {
			break
		}
		to += next
	}
	for to > from && b[to-1] == '\n' {
		to--
	}
	return min(from, to), to
}

// unclosed returns where a value ends whose quote is not closed.
func unclosed(b []byte, from int) int {
	end := len(b)
	if k := bytes.IndexByte(b[from:], '\n'); k >= 0 {
		end = from + k
	}
	if !bytes.Contains(b[from:end], []byte("-----BEGIN")) {
		return end
	}
	k := bytes.Index(b[from:], []byte("-----END"))
	if k < 0 {
		return len(b)
	}
	if n := bytes.IndexByte(b[from+k:], '\n'); n >= 0 {
		return from + k + n
	}
	return len(b)
}

// A closer finds where values in quotes end, in a time that grows with the text
// alone.
type closer struct {
	b    []byte
	none map[string]bool // quotes that are not closed from somewhere on
}

// at returns where the value ends that stands behind a quote from on; it is not ok
// where it does not.
func (c *closer) at(from int, quote []byte) (end int, ok bool) {
	if c.none[string(quote)] {
		return 0, false
	}
	slashes := len(quote) - 1
	n := 0 // backslashes before b[i]
	for i := from; i < len(c.b); i++ {
		switch {
		case c.b[i] == '\\':
			n++
			continue
		case c.b[i] == quote[slashes] && (n == slashes || slashes == 0 && n%2 == 0):
			return i - slashes, true
		}
		n = 0
	}
	if c.none == nil {
		c.none = map[string]bool{}
	}
	c.none[string(quote)] = true
	return 0, false
}

// Words of names of columns that hold secrets, and such as say that it is not
// the secret itself.
const (
	passwordWords = " password passwords passwd pwd pass passphrase passcode passwort kennwort wachtwoord motdepasse contrasena haslo crypt userpassword userpass passwordhash hashedpassword "
	secretWords   = " secret secrets token tokens apikey apikeys privatekey secretkey accesskey authkey sharedkey salt otp totp mfa pin puk credential credentials cookie cookies sessionid "
	aboutWords    = " at date time expires expiry expired expiration changed created updated count counter type policy length strength required set age used last on until status enabled attempts failures valid reset id name format version days "
	keyBefore     = " api private secret access auth ssh encryption signing license "
)

// secretName says what a column or key of that name holds that is not copied;
// empty: nothing of that kind.
func secretName(name string) string {
	words := split(name)
	if len(words) == 0 || strings.Contains(aboutWords, " "+words[len(words)-1]+" ") {
		return ""
	}
	what := ""
	for i, w := range words {
		in := " " + w + " "
		switch {
		case strings.Contains(passwordWords, in):
			return password
		case w == "passe" && i > 0 && words[i-1] == "de":
			return password
		case strings.Contains(secretWords, in):
			what = token
		case (w == "key" || w == "keys") && i > 0 && words[i-1] != "license" && strings.Contains(keyBefore, " "+words[i-1]+" "):
			what = token
		}
	}
	return what
}

// split returns the words of a name in lower case: passwordHash and
// password_hash are two.
func split(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
		}
		word = word[:0]
	}
	prev := rune(0)
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			prev = 0
			continue
		}
		if unicode.IsUpper(r) && unicode.IsLower(prev) || unicode.IsDigit(r) != unicode.IsDigit(prev) && prev != 0 {
			end()
		}
		word = append(word, r)
		prev = r
	}
	end()
	return words
}
