package export

import (
	"bytes"
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/rules"
)

// hidden is what stands in the place of something encoded that holds another's
// identifier.
const hidden = "***"

// replaced carries out edits, which are in order and do not overlap.
func replaced(b []byte, list []edit) []byte { return edited(b, 0, list, &tally{}) }

// foreign returns what masks other people's identifiers in a text, as they stand
// and inside what is encoded. field names the text where it is a value. own says
// that identifiers of the person stand in it, too.
func (h *hider) foreign(b []byte, field string) (list []edit, own bool) {
	mine := h.mine(b)
	own = len(mine) > 0
	for _, hit := range h.hits(b, field) {
		if !covered(mine, hit.Start, hit.End) {
			list = append(list, edit{start: hit.Start, end: hit.End, with: rules.Mask(h.others.Rules()[hit.Rule].Category, string(b[hit.Start:hit.End]))})
		}
	}
	n := len(list)
	list = h.marked(list, b)
	list, inside := h.seen(list, b)
	if len(list) > n {
		list = disjoint(list)
	}
	return list, own || inside
}

// holdsOthers reports whether other people's identifiers stand in a value.
func (h *hider) holdsOthers(b []byte) bool {
	list, _ := h.foreign(b, "")
	return len(list) > 0
}

// seen appends what masks what a text holds in an encoding that a scan sees
// through: percent and JSON escapes, base64 and so on.
func (h *hider) seen(list []edit, b []byte) (_ []edit, own bool) {
	f := &h.inside
	f.Window(0, b, 0, false, nil)
	defer f.Reset()
	for f.Next() {
		text := f.Text()
		var mine []span
		region := -1
		for _, hit := range h.hits(text, "") {
			n, from, to := f.Region(hit.Start)
			if hit.End > to || !f.Bounded(hit.Start, hit.End) {
				continue
			}
			start, end, ok := f.Whole(hit.Start, hit.End)
			if !ok {
				continue // it is not encoded
			}
			if n != region {
				region, mine = n, h.mine(text[from:to])
				own = own || len(mine) > 0
			}
			if !covered(mine, hit.Start-from, hit.End-from) {
				list = append(list, edit{start: start, end: end, with: hidden})
			}
		}
	}
	for _, u := range f.Undecoded() {
		// Nobody knows what is in it.
		from, to := run(b, max(u.At, 0))
		list = append(list, edit{start: from, end: to, with: hidden})
	}
	return list, own
}

// inWords are the tags of HTML that stand inside words, and comments.
var inWords = regexp.MustCompile(`(?i)</?(?:a|abbr|b|big|bdi|bdo|code|em|font|i|ins|kbd|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]{0,1000})?/?>|<!--[^<>]{0,1000}-->`)

// marked appends what masks identifiers that tags stand in: j<b>an</b>@example.org.
// The tags stay.
func (h *hider) marked(list []edit, b []byte) []edit {
	tags := inWords.FindAllIndex(b, -1)
	joins := func(i int) bool { return i >= 0 && i < len(b) && (isWord(b[i]) || b[i] == '@' || b[i] == '.') }
	if !slices.ContainsFunc(tags, func(m []int) bool { return joins(m[0]-1) && (joins(m[1]) || m[1] < len(b) && b[m[1]] == '<') }) {
		return list
	}
	type piece struct{ at, src int } // where it stands without the tags, and in b
	var text []byte
	pieces := make([]piece, 0, len(tags)+1)
	done := 0
	for _, m := range append(tags, []int{len(b), len(b)}) {
		if m[0] > done {
			pieces = append(pieces, piece{len(text), done})
			text = append(text, b[done:m[0]]...)
		}
		done = m[1]
	}
	mine := h.mine(text)
	k := 0
	for _, hit := range h.hits(text, "") {
		for k+1 < len(pieces) && pieces[k+1].at <= hit.Start {
			k++
		}
		if k+1 == len(pieces) || pieces[k+1].at >= hit.End || covered(mine, hit.Start, hit.End) {
			continue // there are no tags in it
		}
		with := hidden
		for at, i := hit.Start, k; at < hit.End; i++ {
			end := hit.End
			if i+1 < len(pieces) {
				end = min(end, pieces[i+1].at)
			}
			from := pieces[i].src + at - pieces[i].at
			list = append(list, edit{start: from, end: from + end - at, with: with})
			at, with = end, ""
		}
	}
	return list
}

// run returns the bounds of what stands around a place without spaces, quotes and
// tags.
func run(b []byte, at int) (from, to int) {
	const ends = " \t\r\n\"'<>,\x00"
	from = bytes.LastIndexAny(b[:at], ends) + 1
	if to = bytes.IndexAny(b[at:], ends); to < 0 {
		return from, len(b)
	}
	return from, at + to
}

// disjoint orders edits, and makes one of those that overlap.
func disjoint(list []edit) []edit {
	slices.SortStableFunc(list, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	out := list[:0]
	for _, e := range list {
		if k := len(out) - 1; k >= 0 && e.start < out[k].end {
			if e.end > out[k].end {
				out[k].end, out[k].with = e.end, hidden
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

// A span is a piece of a text.
type span struct{ start, end int }

// mine returns where identifiers of the person stand, in order and apart.
func (h *hider) mine(b []byte) []span {
	if h.own == nil {
		return nil
	}
	var out []span
	for _, o := range h.own.Find(nil, b) {
		if k := len(out) - 1; k >= 0 && int(o.Start) <= out[k].end {
			out[k].end = max(out[k].end, int(o.End))
			continue
		}
		out = append(out, span{int(o.Start), int(o.End)})
	}
	return out
}

// covered reports whether text[start:end] overlaps an identifier of the person.
func covered(mine []span, start, end int) bool {
	k, _ := slices.BinarySearchFunc(mine, start, func(m span, at int) int { return cmp.Compare(m.end, at+1) })
	return k < len(mine) && mine[k].start < end
}

// hits returns what detectors find, the best of what overlaps, in order.
func (h *hider) hits(b []byte, field string) []rules.Hit {
	if field != "" {
		return h.others.Best(h.others.FindNamed(nil, b, field))
	}
	return h.others.Best(h.others.Find(nil, b))
}

// name returns the name of a file without other people's identifiers, where these
// are masked. What stands beside them in a name is no part of them, other than in
// texts: bram@example.org-note.txt, scan_0470123456_2.pdf.
func (h *hider) name(s string) string {
	if h.others == nil || s == "" {
		return s
	}
	s = string(h.text([]byte(s), "", false, &tally{}))
	ext := path.Ext(s)
	s = string(h.text([]byte(strings.TrimSuffix(s, ext)), "", false, &tally{})) + ext
	if strings.Contains(s, "%40") {
		if plain := strings.ReplaceAll(s, "%40", "@"); h.addresses(plain) != plain {
			s = h.addresses(plain)
		}
	}
	s = h.addresses(s)
	if strings.IndexByte(s, '_') < 0 {
		return s
	}
	list, _ := h.foreign([]byte(strings.ReplaceAll(s, "_", " ")), "")
	list = slices.DeleteFunc(list, func(e edit) bool { return strings.IndexByte(s[e.start:e.end], '@') >= 0 })
	return string(replaced([]byte(s), list))
}

// addresses masks e-mail addresses in the name of a file, which may end at any
// sign in what looks like their domain.
func (h *hider) addresses(s string) string {
	done := 0
	for {
		at := strings.IndexByte(s[done:], '@')
		if at < 0 {
			return s
		}
		at += done
		end := at + 1
		for end < len(s) && (isWord(s[end]) || s[end] == '.' || s[end] == '-') {
			end++
		}
		from := done
		done = at + 1
		for cut := end; cut > at+1; cut-- {
			if cut < end && isWord(s[cut]) && s[cut] != '_' {
				continue
			}
			piece := s[from:cut]
			mine := h.mine([]byte(piece))
			if k := slices.IndexFunc(mine, func(m span) bool { return m.start <= at-from && m.end > at-from }); k >= 0 {
				done = from + mine[k].end
				break
			}
			hits := h.hits([]byte(piece), "")
			k := slices.IndexFunc(hits, func(hit rules.Hit) bool { return hit.Start <= at-from && hit.End > at-from })
			if k < 0 {
				continue
			}
			list := []edit{{start: hits[k].Start, end: hits[k].End, with: rules.Mask(h.others.Rules()[hits[k].Rule].Category, piece[hits[k].Start:hits[k].End])}}
			masked := string(replaced([]byte(piece), list))
			s, done = s[:from]+masked+s[cut:], from+len(masked)
			break
		}
	}
}

// isWord reports whether a character of a name is one of words, or an underscore.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}
