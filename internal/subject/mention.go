package subject

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addressed are the words in front of a surname alone, without dots, in the
// languages of the dates.
const addressed = " dhr mevr mw mevr mevrouw meneer heer mme mlle mr mrs ms miss madame monsieur mademoiselle herr herrn frau fr hr sr sra srta senor senora senorita sig sigra signor signora signorina dott dottssa dottore dottoressa avv ing dr drs dra prof pan pani pana panu panem pania freiherr graf grafin baron sir lady maitre maestro don dona "

// between are titles that may stand between such a word and the surname.
const betweenTitles = " dr med dent phil jur ing ir mr prof dipl drs "

// Forms that say little by themselves: they count only beside another form or
// identifier of the same person, as the name of somebody addressed does in a
// letter that names them in full.
const (
	formAddressed = "salutation"
	formGenitive  = "genitive"
	formPartial   = "partial" // without middle names and the second surname
)

// needsCompany reports whether a hit counts only beside another of the person.
func (h *Hit) needsCompany() bool {
	if h.Type != Name {
		return false
	}
	form := h.Form[strings.LastIndexByte(h.Form, '+')+1:] // behind its encodings
	return form == formAddressed || form == formGenitive || form == formPartial
}

// accompanied drops the sights from seen[n:] that need company and have none
// among these; where rows is set, those of another row are no company.
func accompanied(seen []sight, n int, rows func(off int) (from, to int)) []sight {
	all := seen[n:]
	if !slices.ContainsFunc(all, func(s sight) bool { return s.needsCompany() }) {
		return seen
	}
	slices.SortStableFunc(all, func(a, b sight) int { return cmp.Or(a.region-b.region, cmp.Compare(a.at, b.at)) })
	kept := all[:0]
	for i := range all {
		if s := all[i]; !s.needsCompany() || hasCompany(all, kept, i, rows) {
			kept = append(kept, s)
		}
	}
	return seen[:n+len(kept)]
}

// maxCompany bounds how many sights on either side are looked at.
const maxCompany = 64

func hasCompany(all, kept []sight, i int, rows func(off int) (from, to int)) bool {
	h := all[i]
	row := func(s *sight) (from int) {
		if rows != nil && s.layer == 0 {
			from, _ = rows(s.at)
		}
		return from
	}
	good := func(o *sight) bool {
		return o.region == h.region && o.Person == h.Person && !o.needsCompany() && (!o.Bare || o.Named) && row(o) == row(&h)
	}
	for k := i + 1; k < len(all) && k <= i+maxCompany && all[k].at-h.to <= near; k++ {
		if good(&all[k]) {
			return true
		}
	}
	for k := len(kept) - 1; k >= 0 && k >= len(kept)-maxCompany && h.at-kept[k].to <= near; k-- {
		if good(&kept[k]) {
			return true
		}
	}
	return false
}

// tokenBefore returns where the word in front of i starts and where it ends, a
// blank or a line break being all that stands between.
func tokenBefore(b []byte, i int) (from, to int) {
	to = i
	for to > 0 && i-to < 12 && (b[to-1] == ' ' || b[to-1] == '\n' || b[to-1] == '\r') {
		to--
	}
	if to == i || strings.Count(string(b[to:i]), "\n") > 1 {
		return i, i
	}
	for from = to; from > 0 && to-from < 16; {
		r, n := runeBefore(b, from)
		if r != '.' && !unicode.IsLetter(r) {
			break
		}
		from -= n
	}
	return from, to
}

// token returns a word with a blank on either side, in lower case, without
// diacritics and dots; "?" for what is too long for dst.
func token(dst, w []byte) string {
	dst = append(dst, ' ')
	for i := 0; i < len(w); {
		r, n := letterAt(w, i)
		if i += n; r == '.' {
			continue
		}
		if r = base(r); r < 'a' || r > 'z' || len(dst)+1 >= cap(dst) {
			return "?"
		}
		dst = append(dst, byte(r))
	}
	return string(append(dst, ' '))
}

// addressedAt returns where the words start by which the surname at s is
// addressed.
func addressedAt(b []byte, s int) (int, bool) {
	at := s
	var buf [16]byte
	for range 4 {
		from, to := tokenBefore(b, at)
		if from == to {
			return 0, false
		}
		switch string(b[from:to]) {
		case "p.", "Fr.", "Hr.":
			return from, true
		case "M.":
			// An initial, but for where it is spoken of or to.
			f, t := tokenBefore(b, from)
			return from, f < t && strings.Contains(" a de et par pour avec chez cher que monsieur entre ", token(buf[:0], b[f:t]))
		}
		word := token(buf[:0], b[from:to])
		switch {
		case word == " fr " || word == " hr ":
			return 0, false
		case strings.Contains(betweenTitles, word):
			if f, t := tokenBefore(b, from); f < t {
				if w := token(buf[:0], b[f:t]); strings.Contains(addressed, w) || strings.Contains(betweenTitles, w) {
					at = from
					continue
				}
			}
			return from, strings.Contains(addressed, word)
		default:
			return from, strings.Contains(addressed, word)
		}
	}
	return 0, false
}

// mention looks for the surname alone, behind a word by which somebody is
// addressed, around b[start:end].
func (n *fullName) mention(b []byte, start, end int) (from, to int, ok bool) {
	for s := start; s >= 0 && start-s <= 40; s-- {
		c := b[s]
		if c == '\n' && start-s > 2 || c == 0 {
			break
		}
		if s == 0 || b[s-1] != ' ' && b[s-1] != '\n' || c < utf8.RuneSelf && (!n.first.has(c) || !n.begin.may(b, s)) {
			continue
		}
		e, f := n.eatSurname(b, s)
		if e < end || wordAt(b, e) || f&(flagLossy|flagCell|flagField) != 0 || f&flagGenitive != 0 {
			continue
		}
		if e+1 < len(b) && b[e] == '-' {
			if r, _ := runeAfter(b, e+1); unicode.IsUpper(r) {
				continue
			}
		}
		if r, _ := runeAfter(b, s); capitalAfter(b, e) && !unicode.IsUpper(r) || capitalAfter(b, e) && !capitalsOnly(b[s:e]) {
			continue // Mr Taylor Swift
		}
		if from, ok := addressedAt(b, s); ok {
			return from, e, true
		}
		// What was taken for a second given name may be the first of two surnames.
		if k := len(n.middle); k > 0 {
			if word, _ := neighbourBefore(b, s); word != "" && word == plain(string(n.middle[k-1])) {
				if from, ok := addressedAt(b, wordStart(b, s-1)); ok {
					return from, e, true
				}
			}
		}
	}
	return 0, 0, false
}

// wordStart returns where the word starts that ends at i.
func wordStart(b []byte, i int) int {
	for k := 0; i > 0 && k < 32; k++ {
		r, w := runeBefore(b, i)
		if !wordRune(r) {
			break
		}
		i -= w
	}
	return i
}

func capitalsOnly(b []byte) bool {
	for _, r := range decode(b) {
		if unicode.IsLower(r) {
			return false
		}
	}
	return true
}
