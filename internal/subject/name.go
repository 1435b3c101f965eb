package subject

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/internal/match"
)

// particles are the words that go with a surname.
const particles = " ait ould mac giolla lo ni nic dal dall dalla dallo dell und van von vom zu zur zum de der den vanden vander vande della dei degli delle del di da do dos das du des d la le les los las el al ul ten ter ver te t op of bin ben ibn abu af av y i e "

// twoSurnames are frequent first surnames of people who have two, beside those
// in -ez. Who has two often leaves out the second.
const twoSurnames = " garcia martin ruiz diaz munoz moreno alonso romero navarro torres serrano blanco molina delgado castro ortega rubio marin iglesias sanz nunez medina garrido cortes castillo santos guerrero lozano cano prieto mendez cruz gallego vidal leon herrera flores cabrera campos vega fuentes carrasco reyes aguilar santana herrero montero vargas rojas silva "

// firstOfTwo are given names that another often follows.
const firstOfTwo = " juan jose luis maria ana anna jean marie gian giovanni carlo miguel francisco pedro john mary hans karl klaus anne jan pier antonio "

// devout are words of Spanish given names that begin with a particle: María del Carmen.
const devout = " carmen pilar mar rosario dolores angeles cruz rocio sol mercedes consuelo luz nieves "

// salutations and titles that may stand between a surname and a given name, in a
// cell of their own or not.
const salutations = " dhr mevr mw mevrouw meneer heer mme mlle m mr mrs ms miss madame monsieur mademoiselle herr frau hr fr dr drs ir ing prof mgr maitre me sr sra srta don dona sig sigra dott pan pani jr sen f v man vrouw male female nl en de fr "

// honours are titles that are given with a name and are no part of it.
const honours = " dhr mevr mw mevrouw meneer heer mme mlle mr mrs ms miss madame monsieur mademoiselle herr herrn frau dr drs ir ing dipl prof mgr maitre sr sra srta don dona sig sigra dott dottssa avv pan pani sir dame lady lord baron freiherr graf grafin me mtre dipling dring hon rev ks inz mec lic dra arq dottore "

// faculties follow a title.
const faculties = " med jur phil rer nat pol oec ing hab habil inz hc dent vet "

// A fullName is the name of a person in its parts.
type fullName struct {
	given     []folded // one word, or those of a double given name
	middle    []folded // other given names, often left out
	particles []folded
	core      []folded
	second    bool        // the last of core is a second surname, often left out
	turkish   bool        // whose capital of i is İ
	first     letters     // with which it may start
	begin     beginnings  // closer than first
	short     []string    // abbreviations of the given name
	cases     []*fullName // in which the name is declined
}

func foldWords(ws []string) []folded {
	out := make([]folded, len(ws))
	for i, w := range ws {
		out[i] = foldWord(w)
	}
	return out
}

func isParticle(w string) bool { return strings.Contains(particles, " "+plain(w)+" ") }

// capitals reports whether a chunk is of capitals, as surnames often are beside
// given names that are not.
func capitals(c []string) bool {
	n := 0
	for _, w := range c {
		if strings.ToUpper(w) != w {
			return false
		}
		n += utf8.RuneCountInString(w)
	}
	return n > 2
}

// untitled returns the chunks behind titles, of which none is in the way of a
// given name and a surname.
func untitled(all [][]string) [][]string {
	in := func(list string, c []string) bool {
		var buf [14]byte
		return strings.Contains(list, token(buf[:0], []byte(strings.Join(c, ""))))
	}
	for len(all) > 2 && in(" jr sr jun sen junior senior ii iii iv phd md msc bsc mba esq obe mbe ", all[len(all)-1]) {
		all = all[:len(all)-1]
	}
	titled := false
	for len(all) > 2 && (in(honours, all[0]) || titled && in(faculties, all[0])) {
		all, titled = all[1:], true
	}
	return all
}

// givenLast moves the given names of a name that starts with its surname, which
// capitals or a particle show, to the front.
func givenLast(all [][]string) [][]string {
	k := 0
	for k < len(all) && capitals(all[k]) {
		k++
	}
	if k == 0 && len(all) == 2 && len(all[0]) == 2 && isParticle(all[0][0]) && !isParticle(all[1][0]) {
		k = 1 // D'Angelo Salvatore
	}
	if k == 0 || k == len(all) || slices.ContainsFunc(all[k:], capitals) || slices.ContainsFunc(all[k:], func(c []string) bool { return isParticle(c[0]) }) {
		return all
	}
	return slices.Concat(all[k:], [][]string{{","}}, all[:k])
}

// parseName divides a name into its parts. spanish says that the person may have
// two surnames.
func parseName(value string, spanish bool) *fullName {
	n := &fullName{turkish: strings.ContainsAny(value, "ıİğĞşŞ")}
	// Don and Monsieur, cut short; D. may as well be an initial elsewhere.
	if len(value) > 3 && (value[:3] == "M. " || spanish && value[:3] == "D. ") {
		if rest := chunks(value[3:]); len(rest) > 1 && len(rest[0][0]) > 2 {
			value = value[3:]
		}
	}
	var given, sur [][]string // chunks between blanks, of words between hyphens and apostrophes
	if all := chunks(value); !strings.Contains(value, ",") && len(all) > 1 {
		if turned := givenLast(all); len(turned) > len(all) {
			k := slices.IndexFunc(turned, func(c []string) bool { return c[0] == "," })
			value = join(turned[k+1:]) + ", " + join(turned[:k])
		}
	}
	if before, after, ok := strings.Cut(value, ","); ok && len(words(before)) > 0 && len(words(after)) > 0 {
		given, sur = untitled(chunks(after)), untitled(chunks(before))
		if len(given) > 1 {
			given = untitled(append(given, nil))
			given = given[:len(given)-1]
		}
		for i := len(given) - 1; i > 0 && isParticle(given[i][0]); i-- { // Broeck, Zoë van den
			sur = append([][]string{given[i]}, sur...)
			given = given[:i]
		}
	} else {
		all := untitled(chunks(value))
		if len(all) < 2 {
			// One chunk of several words: Zoë-Maes.
			ws := words(value)
			all = [][]string{ws[:1], ws[1:]}
			if len(ws) < 2 {
				all = [][]string{ws, ws}
			}
		}
		at := len(all) - 1
		holy := 0
		for i := 1; i < len(all); i++ {
			if !isParticle(all[i][0]) || i == len(all)-1 && len(all[i]) == 1 {
				continue
			}
			if w := all[i][0]; len(all[i]) == 1 && len(w) == 1 && isUpper(w[0]) && strings.Contains(value, " "+w+".") {
				continue // Dwayne T. Washington
			}
			k := i
			for k < len(all)-1 && isParticle(all[k][0]) {
				k++
			}
			if k < len(all)-1 && strings.Contains(devout, " "+plain(all[k][0])+" ") && (k < len(all)-2 || plain(all[0][0]) == "maria") {
				i, holy = k, k
				continue
			}
			at = i
			break
		}
		if at >= 2 && at-1 > holy && len(all[at-1]) == 1 && !isParticle(all[at-1][0]) && (at == len(all)-1 || conjunction(all[at]) || spanish && at-1 > 1 || spanish && holy > 0) {
			if w := plain(all[at-1][0]); spanish || at < len(all)-1 || len(w) > 4 && strings.HasSuffix(w, "ez") || strings.Contains(twoSurnames, " "+w+" ") {
				at--
				n.second = true
			}
		}
		given, sur = all[:at], all[at:]
	}
	if spanish && len(sur) > 1 && !n.second {
		n.second = !isParticle(sur[len(sur)-2][0])
	}
	n.given = foldWords(given[0])
	n.short = shortNames[plain(given[0][0])]
	for _, c := range given[1:] {
		n.middle = append(n.middle, foldWords(c)...)
	}
	var flat []string
	for _, c := range sur {
		flat = append(flat, c...)
	}
	for len(flat) > 1 && isParticle(flat[0]) {
		n.particles, flat = append(n.particles, foldWord(flat[0])), flat[1:]
	}
	if len(n.particles) == 0 {
		for _, p := range [][]string{{"van", "den"}, {"van", "der"}, {"van", "de"}, {"van"}} {
			glued := strings.Join(p, "")
			if w := strings.ToLower(flat[0]); strings.HasPrefix(w, glued) && len(w) >= len(glued)+4 && len(flat) == 1 {
				n.particles, flat[0] = foldWords(p), flat[0][len(glued):]
				break
			}
		}
	}
	for _, w := range flat {
		if k := mcLen(w); k > 0 {
			n.core = append(n.core, foldWord(w[:k]), foldWord(w[k:]))
		} else {
			n.core = append(n.core, foldWord(w))
		}
	}
	if n.second && len(n.core) > 2 && conjunction([]string{string(n.core[1])}) { // Ferrer i Vila
		n.core = slices.Delete(n.core, 1, 2)
	}
	n.second = n.second && len(n.core) >= 2
	for _, part := range [][]folded{n.given, n.particles, n.core} {
		if len(part) > 0 {
			n.first.add(part[0][0])
		}
	}
	return n
}

// letters are ASCII characters with which a word may start.
type letters [4]uint32

// add adds those with which a word may start whose first letter is r.
func (l *letters) add(r rune) {
	set := func(r rune) {
		if r < utf8.RuneSelf {
			l[r>>5] |= 1 << (r & 31)
			if 'a' <= r && r <= 'z' {
				l[r>>5-1] |= 1 << (r & 31)
			}
		}
	}
	set('\\')
	set(base(r))
	if r >= utf8.RuneSelf {
		set('?') // where it was lost
	}
	for _, x := range expand(r) {
		if x != "" {
			set(rune(x[0]))
		}
	}
}

func (l *letters) join(o letters) {
	for i, x := range o {
		l[i] |= x
	}
}

func (l *letters) has(c byte) bool { return l[c>>5&3]>>(c&31)&1 != 0 }

// mcLen returns the length of Mc or Mac at the start of a surname, which may
// stand by itself.
func mcLen(w string) int {
	switch {
	case len(w) >= 6 && strings.EqualFold(w[:2], "mc") && isAlpha(w[2]):
		return 2
	case len(w) >= 6 && w[:3] == "Mac" && isUpper(w[3]):
		return 3
	}
	return 0
}

func join(cs [][]string) string {
	ws := make([]string, len(cs))
	for i, c := range cs {
		ws[i] = strings.Join(c, "-")
	}
	return strings.Join(ws, " ")
}

// chunks splits at blanks, and those at hyphens and the like.
func chunks(s string) [][]string {
	var out [][]string
	for _, c := range strings.Fields(s) {
		if w := words(c); len(w) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// How a name was found.
type nameFlags uint32

const (
	flagSurnameFirst nameFlags = 1 << iota
	flagInitials               // for the given name
	flagAdded                  // an initial that the identifier doesn't have
	flagShort                  // middle names or a second surname left out
	flagLossy
	flagCell
	flagField
	flagJoined
	flagHyphen   // hyphens, dots or underscores stand between the words
	flagLoose    // a line or a comma parts the two names
	flagGenitive // an s follows that is no part of it
	flagBare     // middle names are left out
	flagSecond   // the second surname is left out
	flagPartial  // and the middle names
	flagBirth    // the surname follows the word for being born
)

// Two words are in one part of a name, or in two.
const (
	innerGap = gapSpace | gapLine | gapHyphen | gapDot | gapJoin | gapApostrophe
	wordGap  = gapHyphen | gapDot | gapJoin
)

// maxInner is what stands between two words of one part of a name at most, in
// bytes: &#x2019; has eight.
const maxInner = 8

// inner passes over what stands between two words of one part of a name.
func inner(b []byte, i int) (int, nameFlags, bool) {
	if i < len(b) && isAlpha(b[i]) {
		return i, 0, true
	}
	j, kind := gap(b, i)
	var f nameFlags
	if kind&wordGap != 0 {
		f = flagHyphen
	}
	ok := j-i <= maxInner && (kind&^innerGap == 0 && (kind&gapDot == 0 || kind == gapDot) || kind == gapCell && j == i+1)
	if kind&gapCell != 0 {
		f |= flagCell
	}
	return j, f, ok
}

func conjunction(c []string) bool {
	return len(c) == 1 && (strings.EqualFold(c[0], "y") || strings.EqualFold(c[0], "i") || strings.EqualFold(c[0], "e"))
}

// eatSaint returns the end of the short form of the word for a saint at i in place of w, or
// the long one.
func eatSaint(b []byte, i int, w folded) int {
	var forms []string
	switch string(w) {
	case "saint", "sint", "sankt", "san":
		forms = []string{"st"}
	case "sainte":
		forms = []string{"ste"}
	case "st":
		forms = []string{"saint", "sint", "sankt"}
	case "ste":
		forms = []string{"sainte"}
	}
	for _, f := range forms {
		if k := i + len(f); k < len(b) && strings.EqualFold(string(b[i:k]), f) && !wordAt(b, k) {
			if b[k] == '.' && k+1 < len(b) && b[k+1] != ' ' || b[k] == '.' && k+2 < len(b) {
				k++
			}
			return k
		}
	}
	return -1
}

// eatWords eats words with what stands between them.
func eatWords(b []byte, i int, ws []folded) (int, nameFlags) {
	var f nameFlags
	for k, w := range ws {
		if k > 0 {
			j, g, ok := inner(b, i)
			if !ok {
				return -1, 0
			}
			if g&flagCell != 0 {
				return -1, 0
			}
			i, f = j, f|g
		}
		end, lossy := eat(b, i, w)
		if end < 0 && w[0] == 's' {
			end = eatSaint(b, i, w)
		}
		if end < 0 {
			return -1, 0
		}
		if lossy {
			f |= flagLossy
		}
		i = end
	}
	return i, f
}

// shortNames are the abbreviations of given names that are not their beginning.
var shortNames = map[string][]string{
	"maria": {"mª", "m.ª", "mª.", "ma."}, "francisco": {"fco.", "frco."}, "antonio": {"anto."}, "giovanni": {"gio."}, "giuseppe": {"gius."},
	"william": {"wm."}, "charles": {"chas."}, "george": {"geo."}, "robert": {"robt."}, "thomas": {"thos."}, "johannes": {"joh."}, "wilhelm": {"wilh."},
}

func (n *fullName) eatGiven(b []byte, at int) (int, nameFlags) {
	i, f := eatWords(b, at, n.given)
	if i < 0 && len(n.short) > 0 {
		for _, s := range n.short {
			if k := at + len(s); k <= len(b) && strings.EqualFold(string(b[at:k]), s) && !wordAt(b, k) {
				i = k
				if len(n.given) > 1 {
					j, g, ok := inner(b, k)
					if !ok {
						return -1, 0
					}
					i, f = eatWords(b, j, n.given[1:])
					f |= g
				}
			}
		}
	}
	if i < 0 && len(n.given) == 2 { // Jean-F., Jean-Fr.
		if k, g := eatWords(b, at, n.given[:1]); k > 0 && k+1 < len(b) && b[k] == '-' {
			for l := 1; l <= 3 && l < len(n.given[1]); l++ {
				if end, _ := eat(b, k+1, n.given[1][:l]); end > 0 && end < len(b) && b[end] == '.' {
					i, f = end+1, g|flagInitials
				}
			}
		}
	}
	if i < 0 {
		return -1, 0
	}
	for _, m := range n.middle {
		j, kind := gap(b, i)
		if (j > i || kind == 0 && len(n.given) == 1 && len(n.middle) == 1) && kind&^(innerGap|gapCell) == 0 { // Anna Rita, Annarita
			if strings.Contains(devout, " "+string(m)+" ") { // María del Carmen
				for _, p := range [...]string{"del ", "de la ", "de los ", "de las "} {
					if foldedPrefix(b, j, p) {
						j += len(p)
						break
					}
				}
			}
			if end, lossy := eat(b, j, m); end >= 0 && !wordAt(b, end) {
				i = end
				if lossy {
					f |= flagLossy
				}
				continue
			}
			if end, _ := eat(b, j, m[:1]); end >= 0 && !wordAt(b, end) && (isUpper(b[j]) || end < len(b) && b[end] == '.') {
				i, f = end, f|flagShort
				if i < len(b) && b[i] == '.' {
					i++
				}
				continue
			}
		}
		f |= flagShort | flagBare
	}
	return i, f
}

// eatInitials eats initials, or an abbreviation that ends with a dot, of the
// first of the given names or of several in their order.
func (n *fullName) eatInitials(b []byte, i int) int {
	names := n.given
	if len(n.middle) > 0 {
		names = append(names[:len(names):len(names)], n.middle...)
	}
	end := -1
	for k, w := range names {
		j := i
		if k > 0 {
			for j < len(b) && (b[j] == ' ' || b[j] == '-') && j-i < 2 {
				j++
			}
		}
		stop, _ := eat(b, j, w[:1])
		if stop < 0 {
			if k == 0 {
				return -1
			}
			continue // left out
		}
		for l := 2; l <= 4 && l < len(w); l++ {
			if long, _ := eat(b, j, w[:l]); long >= 0 && long < len(b) && b[long] == '.' {
				stop = long
			}
		}
		dotted := stop < len(b) && b[stop] == '.'
		if !dotted && !isUpper(b[j]) && b[j] < utf8.RuneSelf {
			break
		}
		if dotted {
			stop++
		} else if wordAt(b, stop) && (k == len(names)-1 || !isUpper(b[stop])) {
			break // the word goes on: no initial
		}
		i, end = stop, stop
	}
	if end < 0 || wordAt(b, end) && b[end-1] != '.' {
		return -1
	}
	// Another initial would be another person's.
	j := end
	for j < len(b) && (b[j] == ' ' || b[j] == '-') && j-end < 2 {
		j++
	}
	if j+1 < len(b) && isUpper(b[j]) && b[j+1] == '.' {
		if len(n.particles) > 0 { // Z. V.d. Broeck
			if k, f := n.eatParticles(b, j); k >= 0 && f&flagShort != 0 && (len(n.particles) > 1 || !wordAt(b, k)) {
				return end
			}
		}
		return -1
	}
	return end
}

func (n *fullName) eatParticles(b []byte, i int) (int, nameFlags) {
	if end, f := eatWords(b, i, n.particles); end >= 0 {
		return end, f
	}
	// v.d., v/d, vd, v. d.
	if n.particles[0][0] != 'v' {
		return -1, 0
	}
	var f nameFlags
	for k, p := range n.particles {
		for k > 0 && i < len(b) && (b[i] == '.' || b[i] == '/' || b[i] == ' ' || b[i] == '\'' && p[0] == 't') {
			i++
		}
		end, _ := eat(b, i, p[:1])
		if end < 0 {
			return -1, 0
		}
		i, f = end, flagShort
	}
	if i < len(b) && b[i] == '.' {
		i++
	}
	if i >= len(b) || isAlpha(b[i]) && b[i-1] != '.' {
		return -1, 0
	}
	return i, f
}

func (n *fullName) eatCore(b []byte, i int) (int, nameFlags) {
	end, f := eatWords(b, i, n.core)
	if end < 0 && n.second {
		// Ferrer i Vila
		if k, g := eatWords(b, i, n.core[:1]); k > 0 && k+3 < len(b) && b[k] == ' ' && b[k+2] == ' ' && strings.IndexByte("iyeIYE", b[k+1]) >= 0 {
			if end, f = eatWords(b, k+3, n.core[1:]); end >= 0 {
				return end, f | g
			}
		}
		end, f = eatWords(b, i, n.core[:1])
		f |= flagShort | flagSecond
	}
	if end >= 0 && end < len(b) && b[end] == 's' && wordAt(b, end) && !wordAt(b, end+1) && strings.IndexByte("sSxXzZ", b[end-1]) < 0 && isAlpha(b[end-1]) && (strings.IndexByte("aiouyAIOUY", b[end-1]) < 0 || b[end-1] == 'a' && end-i >= 6 && !n.second) {
		return end + 1, f | flagGenitive
	}
	return end, f
}

func (n *fullName) eatSurname(b []byte, i int) (int, nameFlags) {
	if len(n.particles) == 0 {
		return n.eatCore(b, i)
	}
	j, f := n.eatParticles(b, i)
	if j < 0 {
		return -1, 0
	}
	k, g, ok := inner(b, j)
	if !ok {
		var places [4]place
		for _, p := range n.between(places[:0], b, i, j, fieldInfix, fieldSurname, false) {
			if p.f&(flagCell|flagField) == 0 {
				continue
			}
			if end, h := n.eatCore(b, p.at); end >= 0 {
				return end, f | p.f | h
			}
		}
		return -1, 0
	}
	end, h := n.eatCore(b, k)
	return end, f | g | h
}

// A place is where the next part of a name may start.
type place struct {
	at int
	f  nameFlags
}

// between returns where the next part may start behind one that ends at i and
// started at from.
func (n *fullName) between(places []place, b []byte, from, i int, class, want fieldClass, surnameFirst bool) []place {
	if i < len(b) && wordAt(b, i) {
		if b[i-1] == '.' {
			return append(places, place{i, 0})
		}
		return append(places, place{i, flagJoined})
	}
	j, kind := gap(b, i)
	if j >= len(b) {
		return places
	}
	if j == i { // first_name=Zoe&last_name=Maes
		return n.field(places, b, from, i, class, want)
	}
	var f nameFlags
	ok := true
	text := kind &^ (gapSpace | gapLine)
	switch {
	case kind&gapCell != 0:
		f = flagCell
		ok = kind&(gapLine|gapSlash) == 0
	case kind&gapTag != 0:
		ok = kind&(gapComma|gapSemi|gapSlash) == 0
	case kind&gapQuote != 0:
		ok = kind&gapLine == 0 && kind&(gapComma|gapSemi|gapSpace) != 0
		f = flagLoose
	case text == 0:
		if kind&gapLine != 0 {
			f = flagLoose
			ok = !surnameFirst
		}
	case text == gapComma:
		f = flagLoose
		ok = surnameFirst || kind == gapComma && j == i+1 || kind == gapComma|gapSpace && j == i+2 && i-from > 1 && capitalsOnly(b[from:i]) && j+1 < len(b) && isUpper(b[j]) && isLower(b[j+1]) // LI, Wei
	case text == gapSemi:
		f = flagLoose
		ok = kind&gapLine == 0
	case text == gapApostrophe && n.clipped():
		ok = kind&gapLine == 0 && !isSpace(b[j-1]) // Pieter 't Hooft
	case text == gapComma|gapApostrophe && n.clipped():
		f = flagLoose
		ok = surnameFirst && kind&gapLine == 0
	case text == gapHyphen || text == gapDot || text == gapJoin:
		f = flagHyphen
		ok = kind == text && (j == i+1 || kind == gapJoin && j == i+2)
	default:
		ok = false
	}
	if ok {
		places = append(places, place{j, f})
		// A title, initials or an infix may stand between, in a cell or not.
		for k := 0; k < 3 && (f == flagCell || surnameFirst && text == gapComma); k++ {
			end, ok := skip(b, j, f == flagCell)
			if !ok {
				break
			}
			j = end
			places = append(places, place{j, f})
		}
	}
	if kind&^(gapSpace|gapHyphen|gapDot) != 0 || !ok {
		places = n.field(places, b, from, i, class, want)
	}
	return places
}

// field adds the place of the next part in a field that is named.
func (n *fullName) field(places []place, b []byte, from, i int, class, want fieldClass) []place {
	if got, whose, ok := fieldBefore(b, from); ok && got == class {
		if at, ok := fieldAfter(b, i, class, want, whose); ok {
			places = append(places, place{at, flagField})
		}
	}
	return places
}

// skip passes over a cell, or else a word, that is a title or initials.
func skip(b []byte, i int, cell bool) (int, bool) {
	j := i
	for j < len(b) && j-i < 12 && (isAlpha(b[j]) || b[j] == '.') {
		j++
	}
	if j == i || j >= len(b) {
		return 0, false
	}
	word := strings.ToLower(strings.TrimSuffix(string(b[i:j]), "."))
	known := strings.Contains(salutations, " "+word+" ")
	if !cell {
		if len(word) < 2 || !known || b[j] != ' ' {
			return 0, false
		}
		return j + 1, true
	}
	if b[j] != 0 || !known && !(isUpper(b[i]) && j-i <= 6 && b[i+1] == '.' && b[j-1] == '.') {
		return 0, false
	}
	for j < len(b) && b[j] == 0 {
		j++
	}
	return j, j < len(b)
}

// at reads the name in any of its orders where it starts at s. split is where its
// surname lies.
func (n *fullName) at(b []byte, s int) (to, surFrom, surTo int, f nameFlags, ok bool) {
	var buf [6]place
	// Given name, surname.
	for _, initials := range []bool{false, true} {
		var j int
		var g nameFlags
		if initials {
			j, g = n.eatInitials(b, s), flagInitials
		} else {
			j, g = n.eatGiven(b, s)
		}
		if j < 0 {
			continue
		}
		places := n.between(buf[:0], b, s, j, fieldGiven, fieldSurname, false)
		if len(n.particles) > 0 {
			places = n.field(places, b, s, j, fieldGiven, fieldInfix)
		}
		for _, p := range places {
			if initials && p.f&flagJoined != 0 {
				continue
			}
			hyphened := p.f&flagHyphen != 0 && b[j] == '-'
			if end, h := n.eatSurname(b, p.at); end >= 0 && n.ends(b, s, end, g|p.f|h) && !(hyphened && isUpper(b[s]) && surnameFollows(b, end)) {
				return end, p.at, end, g | p.f | h, true
			}
			if initials || p.f != 0 {
				continue
			}
			if end, from, ok := n.bornAs(b, p.at); ok {
				return end, from, end, g | flagBirth, true
			}
			// Jan P. Janssens, where there is no P in the name that was given.
			if k := p.at; k+2 < len(b) && isUpper(b[k]) && (b[k+1] == '.' || b[k+1] == ' ') {
				k++
				for k < len(b) && (b[k] == '.' || isUpper(b[k]) && k+1 < len(b) && b[k+1] == '.') {
					k++
				}
				if k < len(b) && b[k] == ' ' {
					k++
				}
				if end, h := n.eatSurname(b, k); end >= 0 && n.ends(b, s, end, g|h) {
					return end, k, end, g | h | flagAdded, true
				}
			}
		}
		if len(n.particles) > 0 && !initials { // from a keyed record: given, surname, infix
			for _, p := range n.between(buf[:0], b, s, j, fieldGiven, fieldSurname, false) {
				if p.f&(flagField|flagCell) == 0 {
					continue
				}
				c, h := n.eatCore(b, p.at)
				if c < 0 {
					continue
				}
				var more [6]place
				for _, q := range n.between(more[:0], b, p.at, c, fieldSurname, fieldInfix, false) {
					if q.f&(flagField|flagCell) == 0 {
						continue
					}
					if end, k := n.eatParticles(b, q.at); end >= 0 && n.ends(b, s, end, g|p.f|h|q.f|k) {
						return end, p.at, c, g | p.f | h | q.f | k, true
					}
				}
			}
		}
	}
	// Surname, given name; and with the particles behind either.
	if j, g := n.eatSurname(b, s); j >= 0 {
		if end, h, ok := n.thenGiven(b, s, j); ok && n.ends(b, s, end, g|h) {
			return end, s, j, g | h | flagSurnameFirst, true
		}
	}
	if len(n.particles) == 0 {
		return 0, 0, 0, 0, false
	}
	j, g := n.eatCore(b, s)
	if j < 0 {
		return 0, 0, 0, 0, false
	}
	for _, p := range n.between(buf[:0], b, s, j, fieldSurname, fieldGiven, true) {
		for _, initials := range []bool{false, true} {
			var k int
			var h nameFlags
			if initials {
				k, h = n.eatInitials(b, p.at), flagInitials
			} else {
				k, h = n.eatGiven(b, p.at)
			}
			if k < 0 {
				continue
			}
			var more [6]place
			for _, q := range n.between(more[:0], b, p.at, k, fieldGiven, fieldInfix, true) {
				if q.f&flagJoined != 0 {
					continue
				}
				if end, l := n.eatParticles(b, q.at); end >= 0 && n.ends(b, s, end, g|h|l|p.f|q.f) {
					return end, s, j, g | h | l | p.f | q.f | flagSurnameFirst, true
				}
			}
		}
	}
	for _, p := range n.between(buf[:0], b, s, j, fieldSurname, fieldInfix, true) {
		k, h := n.eatParticles(b, p.at)
		if k < 0 || p.f&flagJoined != 0 {
			continue
		}
		if end, l, ok := n.thenGiven(b, p.at, k); ok && n.ends(b, s, end, g|h|l|p.f) {
			return end, s, j, g | h | l | p.f | flagSurnameFirst, true
		}
	}
	return 0, 0, 0, 0, false
}

// birthWords stand before the surname that somebody was born with, behind that
// of a marriage, in the languages of the dates.
const birthWords = " nee ne geb geboren geborene born roz rozena nata nato nacida nacido z szul fodt fodd "

// bornAs looks behind another surname at i for the word for being born and the
// surname: Zoë Maes née Peeters, Zoë Maes (geb. Peeters).
func (n *fullName) bornAs(b []byte, i int) (end, from int, ok bool) {
	j := i
	for k := 0; k < 4; k++ { // the words of the other surname
		start := j
		for j < len(b) && j-start < 24 && (wordAt(b, j) || b[j] == '-' || b[j] == '\'') {
			_, w := runeAfter(b, j)
			j += w
		}
		if j == start {
			return 0, 0, false
		}
		word := plain(decode(b[start:j]))
		if born := strings.Contains(birthWords, " "+word+" "); born || !isParticle(word) && !capitalAt(b, start) {
			if !born || k == 0 {
				return 0, 0, false
			}
			if j < len(b) && b[j] == '.' {
				j++
			}
			for j < len(b) && (b[j] == ' ' || b[j] == ':') && j-start < 24 {
				j++
			}
			end, _ := n.eatSurname(b, j)
			return end, j, end > 0 && !wordAt(b, end) && (end+1 >= len(b) || b[end] != '-' || !capitalAt(b, end+1))
		}
		for n := 0; n < 3 && j < len(b) && strings.IndexByte(" ,(", b[j]) >= 0; n++ {
			j++
		}
	}
	return 0, 0, false
}

func capitalAt(b []byte, i int) bool {
	r, _ := runeAfter(b, i)
	return unicode.IsUpper(r)
}

func (n *fullName) thenGiven(b []byte, from, j int) (int, nameFlags, bool) {
	var buf [6]place
	class := fieldSurname
	if got, _, ok := fieldBefore(b, from); ok && got == fieldInfix {
		class = fieldInfix
	}
	for _, p := range n.between(buf[:0], b, from, j, class, fieldGiven, true) {
		if end, h := n.eatGiven(b, p.at); end >= 0 && !wordAt(b, end) {
			return end, p.f | h, true
		}
		if p.f == 0 && p.at+1 < len(b) && b[p.at] == '(' && p.at == j+1 { // LEFÈVRE (Jean-François)
			if end, h := n.eatGiven(b, p.at+1); end >= 0 && end < len(b) && b[end] == ')' {
				return end, h, true
			}
		}
		if p.f&(flagJoined|flagHyphen) != 0 {
			continue
		}
		if end := n.eatInitials(b, p.at); end >= 0 && !wordAt(b, end) {
			// A capital that may as well be a word of the next sentence.
			if b[end-1] != '.' && p.f == 0 && (strings.IndexByte("AEIOYaeioy", b[p.at]) >= 0 || !lineEnds(b, end)) {
				continue
			}
			return end, p.f | flagInitials, true
		}
	}
	return 0, 0, false
}

// surnameFollows reports whether a capital follows in the line or the next cell,
// so that what is hyphened before it is a given name: Jean-Martin Dubois.
func surnameFollows(b []byte, i int) bool {
	if i < len(b) && b[i] == 0 {
		r, _ := runeAfter(b, i+1)
		return unicode.IsUpper(r)
	}
	return capitalAfter(b, i)
}

// secondFollows reports whether a surname follows that is not the one which was
// left out: in capitals behind capitals, or in a cell of its own.
func secondFollows(b []byte, i int, capitals bool) bool {
	j := i + 1
	if j >= len(b) || b[i] != ' ' && b[i] != 0 {
		return false
	}
	k, upper := j, true
	for k < len(b) {
		r, n := runeAfter(b, k)
		if !unicode.IsLetter(r) {
			break
		}
		upper = upper && unicode.IsUpper(r)
		k += n
	}
	if first, _ := runeAfter(b, j); k-j < 4 || !unicode.IsUpper(first) || wordAt(b, k) {
		return false
	}
	if b[i] == 0 {
		return k < len(b) && b[k] == 0 && !isTown(plain(decode(b[j:k])))
	}
	return capitals && upper
}

// inEmail reports whether what ends at i goes on to an @.
func inEmail(b []byte, i int) bool {
	for j := i; j < len(b) && j-i < 64; j++ {
		if b[j] == '@' {
			return true
		}
		if !isAlnum(b[j]) && strings.IndexByte("._+-", b[j]) < 0 {
			return false
		}
	}
	return false
}

func lineEnds(b []byte, i int) bool {
	return i >= len(b) || strings.IndexByte("\r\n\x00,;|\t\"')<", b[i]) >= 0
}

// ends reports whether a name that lies at b[s:end] ends and starts there.
func (n *fullName) ends(b []byte, s, end int, f nameFlags) bool {
	if wordAt(b, end) {
		return false
	}
	if f&flagJoined != 0 && !n.joinable(b[s:end]) {
		return false
	}
	if f&flagGenitive != 0 && (isLower(b[s]) || f&(flagSurnameFirst|flagJoined|flagCell|flagField|flagInitials|flagLossy|flagAdded) != 0) {
		return false
	}
	// Where the second surname is left out, another one is another person's.
	if f&flagSecond != 0 && f&flagBare != 0 && !n.partial(b, s, end, f) {
		return false // hardly anything is left
	}
	if f&flagSecond != 0 && f&(flagSurnameFirst|flagHyphen) == 0 && capitalAfter(b, end) && !capitalsOnly(b[s:end]) {
		return false
	}
	if f&flagSecond != 0 && f&(flagSurnameFirst|flagHyphen|flagField) == 0 && secondFollows(b, end, capitalsOnly(b[s:end])) {
		return false
	}
	// A cell with an address holds no part of a name.
	if f&flagCell != 0 && inEmail(b, end) {
		return false
	}
	if f&flagInitials != 0 && s > 1 { // K.Z. is not Z.
		i := s
		if b[i-1] == ' ' || b[i-1] == '-' {
			i--
		}
		if i > 1 && b[i-1] == '.' && isUpper(b[i-2]) && (i == 2 || !wordBefore(b, i-2)) {
			return false
		}
	}
	if f&flagHyphen != 0 {
		return true
	}
	// A hyphen makes it another surname, or another given name.
	if end+1 < len(b) && b[end] == '-' {
		if r, _ := runeAfter(b, end+1); unicode.IsUpper(r) {
			return false
		}
	}
	if s > 1 && b[s-1] == '-' && capitalBefore(b, s-1) {
		return false
	}
	return true
}

// partial reports whether the first given name and the first surname alone may be
// the person: nothing that may be another of their names stands beside them.
func (n *fullName) partial(b []byte, s, end int, f nameFlags) bool {
	if f&^(flagSecond|flagBare|flagShort|flagSurnameFirst|flagLoose) != 0 || len(n.middle) == 0 || isLower(b[s]) {
		return false
	}
	if f&flagSurnameFirst != 0 && f&flagLoose == 0 {
		return false
	}
	word, capital := neighbourBefore(b, s)
	return (!capital || strings.Contains(addressed, " "+word+" ")) && !capitalAfter(b, end) && !secondFollows(b, end, false)
}

// clipped reports whether the surname starts with an apostrophe: 't Hooft, 's
// Jacob.
func (n *fullName) clipped() bool {
	first := n.core[0]
	if len(n.particles) > 0 {
		first = n.particles[0]
	}
	return len(first) == 1 && (first[0] == 't' || first[0] == 's')
}

// joinable reports whether what is written in one word is long enough, or shows
// by capitals of what it is made.
func (n *fullName) joinable(b []byte) bool {
	letters, capitals, small := 0, 0, 0
	for _, c := range b {
		if isAlpha(c) || c >= utf8.RuneSelf {
			letters++
		}
		if isUpper(c) {
			capitals++
		} else {
			small++
		}
	}
	g, c := 0, 0
	for _, w := range n.given {
		g += len(w)
	}
	for _, w := range n.core {
		c += len(w)
	}
	return g >= 3 && c >= 3 && (letters >= 8 || letters >= 6 && capitals >= 2 && small > 0)
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// capitalBefore reports whether the word that ends at i starts with a capital.
func capitalBefore(b []byte, i int) bool {
	first := rune(-1)
	n := 0
	for j := i; j > 0 && n < 32; n++ {
		r, w := runeBefore(b, j)
		if !wordRune(r) {
			break
		}
		first = r
		j -= w
	}
	return n > 1 && unicode.IsUpper(first)
}

// neighbourBefore looks at what stands right before s, in the same line and with
// nothing but a blank between.
func neighbourBefore(b []byte, s int) (word string, capital bool) {
	i := s
	for i > 0 && b[i-1] == ' ' && s-i < 2 {
		i--
	}
	if i == s || i == 0 {
		return "", false
	}
	j := i
	for k := 0; j > 0 && k < 32; k++ {
		r, w := runeBefore(b, j)
		if !wordRune(r) {
			break
		}
		j -= w
	}
	return plain(decode(b[j:i])), capitalBefore(b, i)
}

func capitalAfter(b []byte, i int) bool {
	j := i
	for j < len(b) && b[j] == ' ' && j-i < 2 {
		j++
	}
	if j == i {
		return false
	}
	r, n := runeAfter(b, j)
	return unicode.IsUpper(r) && (wordAt(b, j+n) || j+n < len(b) && b[j+n] == '\'')
}

// others reports whether the words around belong to two other people, of whom
// the one's surname and the other's given name stand side by side.
func (n *fullName) others(b []byte, s, to int, f nameFlags) bool {
	word, capital := neighbourBefore(b, s)
	next := capitalAfter(b, to)
	if f&(flagSurnameFirst|flagInitials|flagCell|flagField|flagHyphen|flagJoined) == 0 && capital && strings.Contains(firstOfTwo, " "+word+" ") {
		return true // Juan Carlos is not Carlos
	}
	if f&(flagCell|flagSurnameFirst) == flagCell|flagSurnameFirst && f&flagField == 0 && (capital || next) {
		return true
	}
	if f&(flagSurnameFirst|flagLoose) != 0 && f&flagField == 0 {
		if capital && next {
			return true
		}
		if f&flagSurnameFirst == 0 { // Maes,Jan\nPeeters,Tom
			if s > 0 && strings.IndexByte(",;|\t", b[s-1]) >= 0 && to < len(b) && strings.IndexByte(",;|\t", b[to]) >= 0 && strings.ContainsAny(string(b[s:to]), "\r\n") {
				return true
			}
		}
	}
	if f&flagSurnameFirst == 0 || f&flagField != 0 {
		return false
	}
	// van den Berg, Jan is not Jan Berg, neither is Berg, Jan van den.
	if isParticle(word) && word != "" {
		i := s - len(word) - 1
		prev, _ := neighbourBefore(b, max(i, 0))
		if isParticle(prev) && prev != "" || capital || prev == "" && i >= 0 && lineStarts(b, i) {
			return true
		}
	}
	i := to
	seen := false
	for k := 0; k < 3; k++ {
		if i >= len(b) || b[i] != ' ' {
			break
		}
		j := i + 1
		for j < len(b) && isAlpha(b[j]) {
			j++
		}
		if j == i+1 || !isParticle(string(b[i+1:j])) {
			return false
		}
		i, seen = j, true
	}
	return seen && lineEnds(b, i)
}

func lineStarts(b []byte, i int) bool {
	return i == 0 || strings.IndexByte("\r\n\x00,;|\t\"'(>", b[i-1]) >= 0
}

// Limits of the search for where a name starts.
const (
	maxNameBack  = 320
	maxNamePlain = 96
	maxNameWords = 48
)

// A family is all whose names one pattern leads to, so that what stands around
// it is read once.
type family struct {
	members []*fullName
	owners  []owner
	first   letters // with which a name may start
	begin   beginnings
	follow  *beginnings // where the pattern is a whole surname of each of them: what may follow in the same word
	// seeds are pieces of the members' surnames, where the pattern is one of the
	// given name: whatever is done to the surname, they stand in it. Empty: of
	// that member nothing is known.
	seeds []string
}

// seeded reports whether any member's surname may stand in b.
func (v *family) seeded(b []byte) bool {
	for _, s := range v.seeds {
		if s == "" || containsFold(b, s) {
			return true
		}
	}
	return false
}

// containsFold reports whether b holds s, which is of lower-case ASCII letters,
// in any case.
func containsFold(b []byte, s string) bool {
	// The letter that is rarest in text leads to it.
	k := 0
	for i := range len(s) {
		if rarity[s[i]] > rarity[s[k]] {
			k = i
		}
	}
	if len(b) < len(s) {
		return false
	}
	room := b[k : len(b)-len(s)+1+k]
	for _, c := range [2]byte{s[k], s[k] - 0x20} {
		for i := 0; ; i++ {
			j := bytes.IndexByte(room[i:], c)
			if j < 0 {
				break
			}
			i += j
			n := 0
			for n < len(s) && b[i+n]|0x20 == s[n] {
				n++
			}
			if n == len(s) {
				return true
			}
		}
	}
	return false
}

// rarity says of lower-case letters which of them are rarer in text.
var rarity = func() (t [256]uint8) {
	for i, c := range []byte("etaionsrlhdcumpfgbywvkjxzq") {
		t[c] = uint8(i)
	}
	return t
}()

// check looks for the names around b[start:end], which is a piece of them.
func (v *family) check(b []byte, start, end int, found take) {
	if v.follow != nil && v.follow.goesOn(b, end) {
		return // Jansens is not Jans
	}
	back := maxNamePlain
	if bytes.ContainsAny(b[max(start-48, 0):start], ":=>") {
		back = maxNameBack
	}
	if !v.seeded(b[max(start-back, 0):min(end+maxNameBack, len(b))]) {
		return
	}
	var starts [2 * maxNameWords]int32
	n := 0
	for s := start; s >= 0 && start-s <= back && n < len(starts); s-- {
		c := b[s]
		if c < utf8.RuneSelf {
			if !v.first.has(c) || !v.begin.may(b, s) || s > 0 && isAlnum(b[s-1]) && !escaped(b, s) {
				continue
			}
		} else if !utf8.RuneStart(c) && s > 0 && b[s-1] >= utf8.RuneSelf {
			continue
		} else if r, n := utf8.DecodeRune(b[s:]); n > 1 && r != utf8.RuneError && !unicode.IsLetter(r) && r != '√' && r != '├' {
			continue
		} else if !v.begin.may(b, s) {
			continue
		}
		// Far off only the value of a field is of use.
		if start-s > maxNamePlain && (s == 0 || b[s-1] == ' ' && (s < 2 || b[s-2] != ':')) {
			continue
		}
		if s > 0 && wordBefore(b, s) {
			continue
		}
		starts[n] = int32(s)
		n++
	}
	for i, m := range v.members {
		if from, to, form, ok := m.check(b, starts[:n], start, end); ok {
			found(v.owners[i], from, to, form)
		}
	}
}

// check looks for the name where it may start, and of which a piece is
// b[start:end].
func (n *fullName) check(b []byte, starts []int32, start, end int) (int, int, string, bool) {
	if from, to, form, ok := n.written(b, starts, end); ok {
		return from, to, form, true
	}
	for _, c := range n.cases {
		if from, to, form, ok := c.written(b, starts, end); ok && form != "initials" && form != "joined" {
			return from, to, "declined", true
		}
	}
	if from, to, ok := n.mention(b, start, end); ok {
		return from, to, formAddressed, true
	}
	return 0, 0, "", false
}

// written is check for the name as it was given.
func (n *fullName) written(b []byte, starts []int32, end int) (int, int, string, bool) {
	var weak struct {
		from, to int
		form     string
	}
	for _, at := range starts {
		s := int(at)
		c := rune(b[s])
		if !n.begin.may(b, s) {
			continue
		}
		if c >= utf8.RuneSelf {
			// Other letters than those as which wrongly decoded ones start.
			if r, _ := letterAt(b, s); r > 0 && !strings.ContainsRune("ãâäåæçðñîï", r) {
				c = base(r)
			}
		}
		if c < utf8.RuneSelf && !n.first.has(byte(c)) {
			continue
		}
		to, surFrom, surTo, f, ok := n.at(b, s)
		if !ok || to < end || n.others(b, s, to, f) {
			continue
		}
		if f&flagSurnameFirst != 0 && f&flagGenitive != 0 {
			continue
		}
		// Katharina weiß nicht
		if f == 0 && len(n.particles) == 0 && isUpper(b[s]) && isLower(b[surFrom]) && to+1 < len(b) && b[to] == ' ' && isLower(b[to+1]) {
			continue
		}
		from := s
		form := "plain"
		switch {
		case f&flagGenitive != 0:
			form = formGenitive
		case f&flagInitials != 0:
			form = "initials"
		case f&flagAdded != 0:
			form = "middle"
		case f&flagLossy != 0:
			form = "lossy"
		case f&(flagSecond|flagBare) == flagSecond|flagBare:
			form = formPartial
		case f&flagBirth != 0:
			form = "birth-name"
		case f&flagCell != 0:
			form = "columns"
		case f&flagField != 0:
			form = "fields"
		case f&flagJoined != 0:
			form = "joined"
		case f&flagSurnameFirst != 0:
			form = "surname-first"
		case f&flagShort != 0:
			form = "short"
		}
		if f&(flagInitials|flagAdded|flagLossy|flagGenitive) == 0 && form != formPartial {
			return from, to, form, true
		}
		if f&flagCell != 0 {
			from, to = surFrom, surTo // what is not a whole name is reported within one cell
		}
		if weak.form == "" {
			weak.from, weak.to, weak.form = from, to, form
		}
	}
	return weak.from, weak.to, weak.form, weak.form != ""
}

// name adds the pieces of a name that are sure to stand in all of its forms.
func (bl *builder) name(value string) {
	n := parseName(value, bl.spanish())
	set := map[string]bool{}
	add := func(ps ...string) {
		for _, p := range ps {
			if len(p) > 0 {
				set[asciiLower(p)] = true
			}
		}
	}
	n.begin = n.begins()
	if n.cases = n.declined(); len(n.cases) > 0 {
		for _, c := range n.cases {
			c.begin = c.begins()
		}
	}
	if len(n.cases) == 0 {
		n.anchors(add, n.core, n.given)
	} else {
		stems := make([]folded, len(n.core))
		short := false
		for i, w := range n.core {
			stems[i] = n.stem(w, func(c *fullName) folded { return c.core[i] })
			short = short || len(stems[i]) < 4
		}
		if !short {
			n.anchors(add, stems, []folded{n.stem(n.given[0], func(c *fullName) folded { return c.given[0] })})
		} else {
			n.anchors(add, n.core, n.given)
			for _, c := range n.cases {
				c.anchors(add, c.core, c.given)
			}
		}
	}
	patterns := make([]string, 0, len(set))
	for p := range set {
		patterns = append(patterns, p)
	}
	slices.Sort(patterns)
	for _, p := range patterns {
		v := bl.families[p]
		if v == nil {
			v = &family{follow: &beginnings{}}
			bl.families[p] = v
			bl.lead(match.Pattern{Text: p}, "name", v.check)
		}
		v.members = append(v.members, n)
		v.owners = append(v.owners, bl.owner())
		v.seeds = append(v.seeds, n.seed(p))
		if !n.whole(p) {
			v.follow = nil
		} else if v.follow != nil {
			f := n.follows()
			v.follow.join(&f)
		}
		v.first.join(n.first)
		v.begin.join(&n.begin)
		for _, c := range n.cases {
			v.first.join(c.first)
			v.begin.join(&c.begin)
		}
	}
}

// spanish reports whether other identifiers of the person are from Spain.
func (bl *builder) spanish() bool {
	return bl.who != nil && slices.ContainsFunc(bl.who.Identifiers, func(id Identifier) bool {
		if id.Hash != "" {
			return false
		}
		switch v := strings.ToUpper(alnum(id.Value)); id.Type {
		case Phone:
			return strings.HasPrefix(v, "34") || strings.HasPrefix(v, "0034")
		case IBAN, VAT:
			return strings.HasPrefix(v, "ES")
		case Address:
			return addressCountry(id.Value) == "ES" || addressRegion(id.Value) == "ES"
		case NationalID:
			return len(v) == 9 && isUpper(v[8]) && (isDigit(v[0]) || strings.IndexByte("XYZ", v[0]) >= 0) && len(onlyDigits(v)) >= 7
		case Email, Domain:
			return strings.HasSuffix(v, "ES") && strings.HasSuffix(strings.ToLower(strings.TrimSpace(id.Value)), ".es")
		}
		return false
	})
}

// seed returns what stands in the surname wherever the pattern leads to the name,
// empty where that is not known.
func (n *fullName) seed(pattern string) string {
	sur := asciiLower(n.run(n.surname(n.core)))
	for _, w := range n.given {
		if len(n.cases) == 0 && len(sur) > 1 && asciiLower(n.run(w)) == pattern && !strings.Contains(pattern, sur) {
			return sur
		}
	}
	return ""
}

// surname returns the word of a surname that leads to it.
func (n *fullName) surname(cores []folded) folded {
	sur := cores[0]
	for _, w := range cores[1:] {
		if !n.second && len(n.run(w)) > len(n.run(sur)) {
			sur = w
		}
	}
	return sur
}

// anchors adds the pieces that lead to a name.
func (n *fullName) anchors(add func(ps ...string), cores, givens []folded) {
	sur := n.surname(cores)
	given := ""
	for _, w := range givens {
		if r := n.run(w); len(r) > len(given) {
			given = r
		}
	}
	run := n.run(sur)
	switch {
	case len(run) >= 5, len(run) == 4 && len(run) == len(sur):
		add(run)
		add(accented(string(sur))...)
	case len(sur) >= 4 && len(given) >= 4:
		add(given)
		add(n.spellings(sur)...)
	case len(sur) >= 4:
		add(n.spellings(sur)...)
		add(damaged(sur)...)
	case len(given) >= 4:
		add(given)
		for _, s := range n.spellings(sur) {
			if k := len(n.particles); k > 0 {
				add(string(n.particles[k-1]) + " " + s)
				continue
			}
			add(given[:1]+". "+s, given[:2]+". "+s, given[:1]+" "+s, s+" "+given[:1]+".", s+", "+given[:1])
		}
	default: // two short words are only looked for side by side
		for _, g := range n.spellings(slices.Concat(n.given...)) {
			for _, s := range n.spellings(sur) {
				for _, sep := range []string{" ", ".", "_", "-", "+", ",", ";", "\t", "\n", "\x00", `","`, `", "`, `";"`, `','`, `', '`, "\u00a0"} {
					add(g+sep+s, s+sep+g)
				}
				add(s+", "+g, g+", "+s)
			}
		}
	}
}

// run is asciiRun for a word of the name.
func (n *fullName) run(w folded) string {
	if n.turkish && slices.Contains(w, 'i') {
		w = slices.Clone(w)
		for i, r := range w {
			if r == 'i' {
				w[i] = 'ı' // its capital is no ASCII
			}
		}
	}
	return asciiRun(w)
}

// spellings is spellings for a word of the name.
func (n *fullName) spellings(w folded) []string {
	out := spellings(w)
	if n.turkish && w[0] == 'i' { // Işık may have been folded from either
		dotless := "ı" + string(w[1:])
		out = append(append(out, dotless), encoded(charmap.Windows1254, dotless)...)
	}
	if n.turkish && slices.Contains(w, 'i') {
		upper := strings.ToUpperSpecial(unicode.TurkishCase, string(w))
		out = append(append(out, upper), encoded(charmap.Windows1254, upper)...)
	}
	return out
}
