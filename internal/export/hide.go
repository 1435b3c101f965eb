package export

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/subject"
	views "github.com/spoor-scan/spoor/internal/view"
	"github.com/spoor-scan/spoor/rules"
)

// What is held and not copied.
const (
	passwordHash = "a password hash is held"
	password     = "a password is held"
	token        = "a secret (key or token) is held"
	unmaskable   = "data that are no text, in which other people's identifiers can't be masked"
	besides      = "the rest of a record that only mentions the person"
)

// notProvided says why what only mentions the person is not portable.
const notProvided = "it only mentions the person, who did not provide it (Art. 20(1))"

// withheldText is what stands in a text in the place of what is not copied.
func withheldText(what string) string { return "[withheld: " + what + "]" }

// A hider takes out of what is copied what must not be: hashes of passwords
// always, and other people's identifiers where that is asked for.
type hider struct {
	hashes *rules.Set
	others *rules.Set // nil: other people's identifiers stay
	own    *subject.Recognizer
	inside views.Finder // what is encoded
}

// newHider returns a hider. own knows the person who gets the copy; nil: nobody
// does.
func newHider(maskOthers bool, own *subject.Recognizer) (*hider, error) {
	var hash, others []rules.Rule
	for _, r := range rules.All() {
		switch {
		case r.ID == "password-hash":
			hash = append(hash, r)
		case r.Hint || r.ID == "bic":
			// A sign of something, or a bank's.
		case r.Category == "contact" || r.Category == "financial" || r.Category == "official identification" ||
			r.Category == "identity" || r.Category == "online identifier":
			others = append(others, r)
		}
	}
	h := &hider{own: own}
	var err error
	if h.hashes, err = rules.NewSet(hash); err != nil {
		return nil, err
	}
	if maskOthers {
		h.others, err = rules.NewSet(others)
	}
	return h, err
}

// A tally counts what was taken out.
type tally struct {
	withheld map[string]int // by what is held
	masked   int
}

func (t *tally) hold(what string) {
	if t.withheld == nil {
		t.withheld = map[string]int{}
	}
	t.withheld[what]++
}

// assigned is what stands before a value behind the name of a secret, as JSON,
// PHP's serialisation and files of settings write it, with quotes that may be
// escaped.
var assigned = regexp.MustCompile(`\\*["']([\w .-]{1,60})\\*["']\s*(?::|=>|;s:\d+:)\s*(\\*["'])`)

// text returns a text without what must not be copied. field names it where it is
// a value; keep says that it holds an identifier of the person's own, which is so
// of one, and not where others stand beside it.
func (h *hider) text(b []byte, field string, keep bool, t *tally) []byte {
	b = h.cut(h.hashes, b, field, func(hit rules.Hit) []byte {
		t.hold(passwordHash)
		return []byte(withheldText(passwordHash))
	})
	if bytes.IndexByte(b, '"') >= 0 || bytes.IndexByte(b, '\'') >= 0 {
		b = h.settings(b, t)
	}
	if h.others == nil {
		return b
	}
	plain := plainAts(b)
	list, own := h.foreign(plain, field)
	if keep && !own && len(list) <= 1 {
		return b
	}
	for _, e := range list {
		if e.with != "" {
			t.masked++
		}
	}
	return edited(plain, list)
}

// settings takes the values of secrets out of structured text.
func (h *hider) settings(b []byte, t *tally) []byte {
	var out []byte
	done := 0
	for _, m := range assigned.FindAllSubmatchIndex(b, -1) {
		what := secretName(string(b[m[2]:m[3]]))
		if what == "" || m[0] < done {
			continue
		}
		from := m[1]
		to := closing(b, from, b[m[4]:m[5]])
		if to < 0 {
			to = len(b) // nobody knows where it ends
		}
		if to <= from || bytes.HasPrefix(b[from:to], []byte("[withheld: ")) {
			continue
		}
		t.hold(what)
		out = append(out, b[done:from]...)
		out = append(out, withheldText(what)...)
		done = to
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}

// closing returns where the value ends that stands behind a quote from on, -1
// where it does not.
func closing(b []byte, from int, quote []byte) int {
	slashes := len(quote) - 1
	for i := from; i < len(b); i++ {
		if b[i] != quote[slashes] {
			continue
		}
		n := 0
		for i-n > from && b[i-n-1] == '\\' {
			n++
		}
		if n == slashes || slashes == 0 && n%2 == 0 {
			return i - slashes
		}
	}
	return -1
}

// cut replaces what a set finds, where with returns something to replace it by.
func (h *hider) cut(set *rules.Set, b []byte, field string, with func(rules.Hit) []byte) []byte {
	var hits []rules.Hit
	if field != "" {
		hits = set.FindNamed(nil, b, field)
	} else {
		hits = set.Find(nil, b)
	}
	if len(hits) == 0 {
		return b
	}
	var out []byte
	done := 0
	for _, hit := range set.Best(hits) {
		w := with(hit)
		if w == nil || hit.Start < done {
			continue
		}
		out = append(out, b[done:hit.Start]...)
		out = append(out, w...)
		done = hit.End
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}

// ats are ways to write the characters of an address that detectors do not take
// for them.
var ats = regexp.MustCompile(`(?i)&#0*(?:64|46|43|45|95|4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[789]|1[01][0-9]|12[012]);|&#x0*(?:40|2e|2b|2d|5f|3[0-9]|[46][1-9a-f]|[57][0-9a]);|&commat;|&period;`)

// plainAts writes character references of letters, digits and what stands in
// addresses as what they mean.
func plainAts(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	return ats.ReplaceAllFunc(b, func(ref []byte) []byte {
		s := strings.ToLower(string(ref[1 : len(ref)-1]))
		switch s {
		case "commat":
			return []byte("@")
		case "period":
			return []byte(".")
		}
		n, base := 0, 10
		s = s[1:]
		if s[0] == 'x' {
			s, base = s[1:], 16
		}
		for _, c := range []byte(s) {
			d := int(c - '0')
			if c >= 'a' {
				d = int(c-'a') + 10
			}
			n = n*base + d
		}
		return []byte{byte(n)}
	})
}

// pieceLen is how much of a long text is looked at at once, in bytes.
const pieceLen = 4 << 20

// copyText copies a text without what must not be copied. binary says that it
// turned out to be none.
func (h *hider) copyText(w io.Writer, r io.Reader, t *tally) (binary bool, err error) {
	buf := make([]byte, 0, 64<<10)
	for {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(2*cap(buf), pieceLen)), buf...)
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		if bytes.IndexByte(buf[len(buf):len(buf)+n], 0) >= 0 {
			return true, nil
		}
		buf = buf[:len(buf)+n]
		end := len(buf)
		switch {
		case err == nil && len(buf) < pieceLen:
			continue
		case err == nil:
			// Cut where no value goes on.
			for _, sep := range []string{"\n", " ", ","} {
				if k := bytes.LastIndex(buf, []byte(sep)); k > 0 {
					end = k + 1
					break
				}
			}
		case err != io.EOF:
			return false, err
		}
		if _, err := w.Write(h.text(buf[:end], "", false, t)); err != nil {
			return false, &sinkError{err}
		}
		buf = buf[:copy(buf, buf[end:])]
		if err == io.EOF {
			return false, nil
		}
	}
}

// isText reports whether what starts like that is text in UTF-8 or in a charset
// of single bytes.
func isText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("%PDF")) || bytes.HasPrefix(head, []byte("{\\rtf")) || bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return false
	}
	odd := 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' && c != 0x1b:
			odd++
		}
	}
	if odd > len(head)/100 {
		return false
	}
	if utf8.Valid(head) {
		return true
	}
	// Cut inside a character, or another charset: mostly ASCII all the same.
	high := 0
	for _, c := range head {
		if c >= 0x80 {
			high++
		}
	}
	return high <= len(head)/3
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
