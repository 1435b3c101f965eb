package export

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

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

// An edit is a piece of a text that gives way to another.
type edit struct {
	start, end int
	with       string
	what       string // what is held there and not copied; empty: another's identifier
}

// text returns a text without what must not be copied. field names it where it is
// a value; keep says that it holds an identifier of the person's own, which is so
// of one, and not where others stand beside it.
func (h *hider) text(b []byte, field string, keep bool, t *tally) []byte {
	if h.others != nil {
		plain := plainAts(b)
		if keep {
			list, own := h.foreign(plain, field)
			keep = !own && len(list) <= 1
		}
		if !keep {
			b = plain
		}
	}
	list, _ := h.edits(b, field, keep)
	return edited(b, 0, list, t)
}

// edited returns what is behind from in a text, with edits carried out, which are in
// order.
func edited(b []byte, from int, list []edit, t *tally) []byte {
	if len(list) == 0 {
		return b[from:]
	}
	out := make([]byte, 0, len(b)-from+64*min(len(list), 1000))
	done := from
	for _, e := range list {
		out = append(append(out, b[done:e.start]...), e.with...)
		done = e.end
		t.count(e)
	}
	return append(out, b[done:]...)
}

// count notes what an edit takes out.
func (t *tally) count(e edit) {
	if e.what == "" && e.with == "" {
		return // more of what an edit before it masks
	}
	if e.what == "" {
		t.masked++
	} else {
		t.hold(e.what)
	}
}

// edits returns what must not be copied of a text, in order and without overlaps.
// open is where the name of a secret starts whose value goes on behind the end, -1
// where there is none.
func (h *hider) edits(b []byte, field string, keep bool) (list []edit, open int) {
	open = -1
	for _, hit := range h.find(h.hashes, b, field) {
		list = append(list, edit{hit.Start, hit.End, withheldText(passwordHash), passwordHash})
	}
	if mayAssign(b) {
		var more []edit
		more, open = assignments(b)
		list = merged(append(list, more...))
	}
	if h.others == nil || keep {
		return list, open
	}
	if more := h.encoded(b); len(more) > 0 {
		list = merged(append(list, more...))
	}
	foreign, _ := h.foreign(b, field)
	return beside(list, foreign), open
}

// beside adds edits to others, in order, but for such as overlap them. Both are in
// order.
func beside(list, more []edit) []edit {
	n, s := len(list), 0
	for _, e := range more {
		for s < n && list[s].end <= e.start {
			s++
		}
		if s == n || list[s].start >= e.end {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	return list
}

// merged orders edits, and makes one of those that overlap.
func merged(list []edit) []edit {
	slices.SortStableFunc(list, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	out := list[:0]
	for _, e := range list {
		if k := len(out) - 1; k >= 0 && e.start < out[k].end {
			if e.end > out[k].end { // wider than what starts before it
				out[k].end, out[k].with, out[k].what = e.end, e.with, e.what
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

// find returns what a set finds in a value, the best where hits overlap, in order.
func (h *hider) find(set *rules.Set, b []byte, field string) []rules.Hit {
	var hits []rules.Hit
	if field != "" {
		hits = set.FindNamed(nil, b, field)
	} else {
		hits = set.Find(nil, b)
	}
	if len(hits) == 0 {
		return nil
	}
	return set.Best(hits)
}

// ats are ways to write the characters of an address that detectors do not take
// for them.
var ats = regexp.MustCompile(`(?i)%40|\\u0040|&#0*(?:64|46|43|45|95|4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[789]|1[01][0-9]|12[012]);|&#x0*(?:40|2e|2b|2d|5f|3[0-9]|[46][1-9a-f]|[57][0-9a]);|&commat;|&period;`)

// plainAts writes character references of letters, digits and what stands in
// addresses as what they mean, and the signs of addresses in URLs and in JSON.
func plainAts(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 && !bytes.Contains(b, []byte("%40")) && !bytes.Contains(b, []byte(`\u0040`)) {
		return b
	}
	return ats.ReplaceAllFunc(b, func(ref []byte) []byte {
		if ref[0] != '&' {
			return []byte("@")
		}
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
