package subject

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/match"
)

// streetForms are words of streets with their abbreviations: equal within a line.
var streetForms = [][]string{
	{"straat", "strasse", "straße", "str"},
	{"laan", "ln"},
	{"plein", "pl"},
	{"steenweg", "steenw", "stwg", "stw"},
	{"dreef", "dr"},
	{"platz", "pl"},
	{"gasse", "g"},
	{"allee", "all"},
	{"rue", "r"},
	{"avenue", "ave", "av"},
	{"boulevard", "blvd", "boul", "bvd", "bld", "bd"},
	{"place", "pl"},
	{"chaussee", "chssee", "chee", "ch"},
	{"chemin", "chem", "che", "ch"},
	{"impasse", "imp"},
	{"square", "sq"},
	{"route", "rte"},
	{"quai", "q"},
	{"faubourg", "fbg", "fg"},
	{"saint", "sint", "sankt", "st"},
	{"sainte", "ste"},
	{"street", "str", "st"},
	{"road", "rd"},
	{"lane", "ln"},
	{"drive", "dr"},
	{"court", "ct"},
	{"terrace", "ter"},
	{"crescent", "cres"},
	{"close", "cl"},
	{"gardens", "gdns"},
	{"calle", "carrer", "cl", "cr", "c"},
	{"carrer", "calle", "cl", "c"},
	{"camino", "cno", "cmno"},
	{"passeig", "pg"},
	{"avinguda", "av", "avda"},
	{"rambla", "rbla"},
	{"ronda", "rda"},
	{"san", "s"},
	{"santa", "sta"},
	{"santo", "sto"},
	{"cours", "crs"},
	{"upper", "upr"},
	{"lower", "lwr"},
	{"north", "n"},
	{"south", "s"},
	{"east", "e"},
	{"west", "w"},
	{"mount", "mt"},
	{"grosse", "grosser", "groote", "grote", "gr"},
	{"kleine", "kleiner", "kl"},
	{"swiety", "swietego", "swietej", "sw"},
	{"swietego", "sw"},
	{"swietej", "sw"},
	{"vicolo", "v.lo", "vlo"},
	{"avenida", "avda", "avd", "av"},
	{"plaza", "plza", "pza", "pl"},
	{"paseo", "pso", "po"},
	{"carretera", "ctra"},
	{"via", "v"},
	{"viale", "v.le", "vle"},
	{"piazza", "p.zza", "p.za", "pza"},
	{"corso", "c.so"},
	{"largo", "l.go"},
	{"ulica", "ulicy", "ul"},
	{"aleja", "aleje", "alei", "al"},
	{"plac", "placu", "pl"},
	{"osiedle", "osiedlu", "os"},
	{"burgemeester", "burgem", "burg"},
	{"bourgmestre", "bgm"},
	{"doctor", "dokter", "docteur", "doktor", "dr"},
	{"professor", "professeur", "prof"},
	{"generaal", "general", "gen", "gal"},
	{"president", "pres"},
	{"kardinaal", "cardinal", "kard", "card"},
	{"koning", "kon"},
	{"koningin", "kon"},
	{"pastoor", "past"},
	{"monseigneur", "mgr"},
	{"marechal", "mal"},
	{"kapitein", "kapt"},
	{"ingenieur", "ing", "ir"},
}

// glued are the ends of one-word street names that are also abbreviated.
const glued = 8

// articles may stand in the name of a street or be left out.
const articles = " degli dei de la le les du des d l del della delle dei di da do dos das el los las en et y "

// boxWords lead to the number of a flat or a box.
const boxWords = " bus bte boite box b bt app apt appt apartment appartement appartment flat unit top wohnung whg m lok piso int interno puerta pta appartamento lokal "

// dignities may be left out in front of the name after which a street is called.
const dignities = " generaal general gen gal doctor dokter docteur doktor professor professeur prof president pres kardinaal cardinal kard pastoor past monseigneur mgr marechal mal kapitein kapt ingenieur ing ks ksiedza ksiecia marszalka "

// abbreviations that hold a mark are written out before an address is read.
var streetMarks = strings.NewReplacer("V.le ", "Viale ", "v.le ", "viale ", "P.za ", "Piazza ", "P.zza ", "Piazza ", "C.so ", "Corso ", "L.go ", "Largo ", "Pº ", "Paseo ", "P.º ", "Paseo ", "C/", "Calle ", "c/", "calle ")

// canadianPost reports whether s is a postcode of Canada: M5V1Z4.
func canadianPost(s string) bool {
	if len(s) != 6 {
		return false
	}
	return isAlpha(s[0]) && isDigit(s[1]) && isAlpha(s[2]) && isDigit(s[3]) && isAlpha(s[4]) && isDigit(s[5])
}

// ordinal reports whether a word is the number of a street: 57th.
func ordinal(w string) bool {
	w = strings.ToLower(w)
	return len(w) > 2 && startsDigit(w) && strings.Contains(" st nd rd th ", " "+w[len(w)-2:]+" ") && len(onlyDigits(w)) == len(w)-2
}

// numberWords stand in front of a house number.
const numberWords = " nr n no num numero nummer number huisnr huisnummer hausnr "

// towns are names of one town in several languages, without diacritics; each is
// also known to be a town where no postcode says so.
var towns = []string{
	"brussel bruxelles brussels brussel bruselas", "antwerpen anvers antwerp amberes", "gent gand ghent", "luik liege luttich", "mechelen malines", "brugge bruges", "leuven louvain lowen",
	"namen namur", "bergen mons", "kortrijk courtrai", "doornik tournai", "aalst alost", "dendermonde termonde", "ieper ypres", "oostende ostende ostend", "tienen tirlemont", "tongeren tongres",
	"nijvel nivelles", "waver wavre", "halle hal", "vilvoorde vilvorde", "ronse renaix", "lier lierre", "roeselare roulers", "bastenaken bastogne", "aarlen arlon", "zinnik soignies", "elsene ixelles",
	"ukkel uccle", "vorst forest", "schaarbeek schaerbeek", "oudergem auderghem", "etterbeek", "anderlecht", "rijsel lille", "duinkerke dunkerque dunkirk", "parijs paris", "keulen koln cologne",
	"aken aachen aix", "munchen munich monachium", "wenen wien vienna", "nurnberg nuremberg", "hannover hanover", "frankfurt francfort", "berlijn berlin", "hamburg hambourg", "mainz mayence", "trier treves",
	"geneve geneva genf", "bazel basel bale basle", "bern berne", "zurich", "milaan milano milan", "rome roma rom", "turijn torino turin", "firenze florence florenz", "venezia venice venedig", "napoli naples neapel",
	"genova genua genoa", "warszawa warsaw warschau varsovie", "krakow cracow krakau", "gdansk danzig", "wroclaw breslau", "poznan posen", "sevilla seville", "zaragoza saragossa", "lisboa lisbon", "praha prague prag",
	"kobenhavn copenhagen", "haag gravenhage hague", "amsterdam", "rotterdam", "utrecht", "eindhoven", "groningen", "hasselt", "genk", "bilzen", "charleroi", "madrid", "barcelona", "valencia", "london londen londres",
	"lyon", "marseille", "toulouse", "nantes", "strasbourg straatsburg strassburg", "bordeaux", "stuttgart", "dusseldorf", "leipzig", "dresden", "bologna", "lodz", "luxembourg luxemburg", "manchester", "liverpool", "leeds", "dublin",
}

// A postal is an address in its parts.
type postal struct {
	street []streetWord
	number string // digits
	none   bool   // there is no number, and it says so: s/n
	suffix string // B, bis
	last   string // of a range of numbers
	box    string
	post   string // without the country, in capitals
	town   []folded
	parts  []streetWord // of the town
	names  []folded     // the town in other languages
}

// A streetWord is one word of a street: any of the forms, behind a stem where the
// two are one word.
type streetWord struct {
	stem     folded
	forms    []folded
	optional bool
}

func streetWordOf(w string, last bool) streetWord {
	f := plain(w)
	var forms []folded
	add := func(group []string) {
		for _, x := range group {
			forms = append(forms, folded(x))
		}
	}
	for _, g := range streetForms {
		if slices.Contains(g, f) {
			add(g)
		}
	}
	if forms != nil {
		return streetWord{forms: longestFirst(forms), optional: f == "ulica" || f == "ul" || f == "calle" || f == "carrer" || strings.Contains(dignities, " "+f+" ") || strings.Contains(articles, " "+f+" ")}
	}
	if r := []rune(strings.ToLower(w)); len(r) > 5 { // ulica Piotrkowska, na Piotrkowskiej
		for _, end := range []string{"ska", "cka", "zka"} {
			if strings.HasSuffix(string(r), end) {
				return streetWord{stem: folded(r[:len(r)-1]), forms: []folded{folded("iej"), folded("a"), folded("ą")}}
			}
		}
	}
	if last {
		for _, g := range streetForms[:glued] {
			for _, x := range g {
				stem, ok := strings.CutSuffix(f, x)
				if ok && len(stem) >= 3 && len(x) >= 2 && (len(x) > 3 || x == "str" || x == "stw") {
					add(g)
					lower := foldWord(w)
					if k := len(lower) - len(x); x == "strasse" && strings.HasSuffix(string(lower), "straße") {
						return streetWord{stem: lower[:len(lower)-6], forms: longestFirst(forms)}
					} else if k > 0 && len(stem) >= 3 {
						return streetWord{stem: lower[:k], forms: longestFirst(forms)}
					}
				}
			}
		}
	}
	return streetWord{stem: foldWord(w), optional: strings.Contains(articles, " "+f+" ")}
}

func longestFirst(forms []folded) []folded {
	slices.SortStableFunc(forms, func(a, b folded) int { return len(b) - len(a) })
	return slices.CompactFunc(forms, slices.Equal)
}

func startsDigit(s string) bool { return s != "" && isDigit(s[0]) }

// postcodeOf returns a postcode without its country, "" for what is none.
func postcodeOf(s string) string {
	s = strings.ToUpper(s)
	if i := strings.IndexAny(s, "0123456789"); i > 0 && i <= 4 {
		country := strings.TrimRight(s[:i], "- ")
		if len(country) <= 2 && (strings.Contains(s[:i], "-") || len(s)-i >= 4 && onlyDigits(s[i:]) == s[i:]) {
			s = s[i:]
		}
	}
	d := onlyDigits(s)
	switch {
	case d == s && (len(s) == 4 || len(s) == 5),
		len(s) == 6 && len(d) == 5 && s[2] == '-',
		len(s) == 8 && len(d) == 7 && s[4] == '-',
		len(s) == 6 && d == s[:4] && isUpper(s[4]) && isUpper(s[5]):
		return alnum(s)
	}
	return ""
}

func isBoxWord(s string) bool {
	return strings.Contains(boxWords, " "+strings.TrimSuffix(plain(s), ".")+" ")
}

// parseAddress divides an address into its parts; nil where it has no street and
// number.
func parseAddress(value string) *postal {
	a := &postal{}
	value = streetMarks.Replace(value)
	for _, none := range []string{" s/n", " S/N", " s/nº", " s.n."} {
		if i := strings.Index(value, none); i > 0 && !a.none && (i+len(none) == len(value) || value[i+len(none)] == ',' || value[i+len(none)] == ' ') {
			a.none = true
			value = value[:i] + " 0" + value[i+len(none):]
		}
	}
	var segs [][]string
	for _, s := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\n' || r == ';' }) {
		if f := strings.Fields(s); len(f) > 0 {
			segs = append(segs, f)
		}
	}
	var street, number []string
	seg, rest := -1, []string(nil)
	for i, s := range segs {
		if startsDigit(s[0]) && (len(s) == 1 || postcodeOf(s[0]) != "") && i < len(segs)-1 && !startsDigit(s[len(s)-1]) {
			continue // 3740 Bilzen, Genutstraat 35
		}
		at := -1
		if i > 0 && len(s) == 2 && len(postcodeOf(s[1])) == 5 && startsDigit(segs[0][0]) && len(segs[0]) > 2 {
			continue // 440 West 57th Street, New York, NY 10019
		}
		if isBoxWord(s[0]) && len(s) == 2 {
			continue // Flat 3, 27 Harcourt Road
		}
		for k := 1; k < len(s); k++ {
			if !startsDigit(s[k]) || ordinal(s[k]) || canadianPost(s[k-1]+s[k]) || britishPost(s[k-1]+s[k]) {
				continue
			}
			if k > 2 && startsDigit(s[0]) && isBoxWord(s[k-1]) && len(s[k-1]) > 1 {
				break // 1420 Lake Shore Drive Apt 7B
			}
			later := slices.IndexFunc(s[k+1:], startsDigit)
			if k+1 < len(s) && later >= 0 && !startsDigit(s[k+1]) && !isBoxWord(s[k+1]) && len(s[k+1]) > 2 && postcodeOf(s[k+1]) == "" && later > 0 && postcodeOf(s[k+1+later]) == "" {
				continue // Rue du 11 novembre 35
			}
			if postcodeOf(s[k]) != "" && k+1 < len(s) && !startsDigit(s[k+1]) && !isBoxWord(s[k+1]) {
				break // 35 rue de la Gare 4000 Liège
			}
			at = k
			break
		}
		if at > 0 {
			seg, street, number = i, s[:at], s[at:]
			break
		}
	}
	if seg < 0 {
		for i := range segs { // Genutstraat, 35
			if i+1 < len(segs) && !startsDigit(segs[i][0]) && !isBoxWord(segs[i][0]) && startsDigit(segs[i+1][0]) && postcodeOf(segs[i+1][0]) == "" && (len(segs[i+1]) == 1 || len(segs[i+1][1]) <= 3 || isBoxWord(segs[i+1][1])) {
				seg, street, number = i+1, segs[i], segs[i+1]
				break
			}
		}
	}
	head := 0 // The Old Mill, 5 Mill Lane
	for head+1 < len(segs) && !startsDigit(segs[head][0]) || head+1 < len(segs) && isBoxWord(segs[head][0]) {
		head++
	}
	if head > 0 && head < len(segs) && (len(segs[head]) < 2 || postcodeOf(segs[head][0]) != "") {
		head = 0
	}
	if seg < 0 && len(segs) > 0 && startsDigit(segs[head][0]) { // 35, rue de la Gare
		seg, number = head, segs[head][:1]
		street = segs[head][1:]
		// 440 N Lake Shore Drive is in the north of it.
		compass := len(street) > 2 && len(street[0]) == 1 && strings.Contains("NSEW", street[0]) && !isStreetForm(plain(street[1]))
		if len(street) > 1 && !compass && (len(street[0]) == 1 && plain(street[0]) != "c" || street[0] == "bis" || street[0] == "ter") {
			number, street = segs[0][:2], street[1:]
		}
		if len(street) == 1 && len(segs) > head+1 && !startsDigit(segs[head+1][0]) && (len(street[0]) == 1 || street[0] == "bis" || street[0] == "ter" || street[0] == "quater") {
			number, street = segs[head][:2], nil // 17 bis, rue de la Gare
		}
		if len(street) == 0 && len(segs) > head+1 {
			seg, street = head+1, segs[head+1]
		}
		for k, w := range street {
			if k > 1 && isBoxWord(w) && len(w) > 2 && k+2 == len(street) && len(street[k+1]) <= 4 { // Lake Shore Dr Apt 7B
				a.box = strings.ToLower(street[k+1])
				street = street[:k]
				break
			}
			if k > 0 && len(w) > 1 && w[0] == '#' {
				a.box = strings.ToLower(w[1:])
				street, rest = street[:k], street[k+1:]
				break
			}
			if k > 0 && postcodeOf(w) != "" {
				street, rest = street[:k], street[k:]
				break
			}
		}
	}
	for len(street) > 1 && strings.Contains(numberWords, " "+strings.Trim(plain(street[len(street)-1]), ".°º")+" ") {
		street = street[:len(street)-1]
	}
	if seg < 0 || len(street) == 0 || len(number) == 0 {
		return nil
	}
	ws := words(strings.Join(street, " "))
	for k, w := range ws {
		if len(w) == 1 && k > 0 && k < len(ws)-1 && strings.Contains("grvcq", strings.ToLower(w)) { // Via G. Garibaldi
			a.street = append(a.street, streetWord{stem: foldWord(w)})
			continue
		}
		a.street = append(a.street, streetWordOf(w, k == len(ws)-1))
	}
	used := a.readNumber(number)
	place := append([][]string{rest, number[used:]}, segs[seg+1:]...)
	place = append(place, segs[:seg]...)
	a.readPlace(place)
	if a.number == "" || a.anchor() == "" {
		return nil
	}
	return a
}

// readNumber reads the number and box that ws starts with, and returns how many
// words it took.
func (a *postal) readNumber(ws []string) int {
	w := ws[0]
	i := 0
	for i < len(w) && isDigit(w[i]) {
		i++
	}
	a.number, w = w[:i], strings.ToLower(w[i:])
	k := 1
	switch {
	case w == "":
	case w[0] == '/' && strings.Count(w, "/") == 2 && len(onlyDigits(w)) == len(w)-2 && startsDigit(w[1:]):
		a.box = w[1:] // staircase and door
	case (w[0] == '/' || w[0] == '-') && startsDigit(w[1:]) && len(onlyDigits(w)) == len(w)-1:
		if w[0] == '-' && less(a.number, w[1:]) {
			a.last = w[1:]
		} else {
			a.box = w[1:]
		}
	case strings.ContainsAny(w[:1], "/-"):
		a.suffix = w[1:]
	case strings.ContainsAny(w, "0123456789/"):
		j := strings.IndexAny(w, "0123456789/")
		a.suffix, a.box = w[:j], strings.TrimPrefix(w[j:], "/")
		if isBoxWord(a.suffix) {
			a.suffix = ""
		}
	default:
		a.suffix = w
	}
	if k < len(ws) && a.suffix == "" && (len(ws[k]) == 1 && isAlpha(ws[k][0]) && (k+1 == len(ws) || !startsDigit(ws[k+1]) || !isBoxWord(ws[k])) || ws[k] == "bis" || ws[k] == "ter") {
		a.suffix = strings.ToLower(ws[k])
		k++
	}
	if k+1 < len(ws) && isBoxWord(ws[k]) {
		a.box = strings.ToLower(ws[k+1])
		k += 2
	} else if k == 1 && k+1 < len(ws) && ws[k] == "/" {
		a.box = strings.ToLower(ws[k+1])
		k += 2
	}
	return k
}

func less(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// isSuffix reports whether w is what follows the number of the house: 12 B is
// 12 bis, which French registers abbreviate so.
func (a *postal) isSuffix(w string) bool {
	switch w {
	case a.suffix:
		return w != ""
	case "b":
		return a.suffix == "bis"
	case "t":
		return a.suffix == "ter"
	case "bis":
		return a.suffix == "b"
	case "ter":
		return a.suffix == "t"
	}
	return false
}

func (a *postal) readPlace(segs [][]string) {
	for k, s := range segs {
		if len(s) >= 2 && a.box == "" && isBoxWord(s[0]) {
			a.box = strings.ToLower(s[1])
			continue
		}
		for i := range s {
			used := 1
			p := postcodeOf(s[i])
			if i+1 < len(s) && len(s[i+1]) == 2 && len(p) == 4 && isUpper(s[i+1][0]) && isUpper(s[i+1][1]) {
				p, used = p+s[i+1], 2
			}
			if i+1 < len(s) && britishPost(s[i]+s[i+1]) && len(s[i+1]) == 3 {
				p, used = strings.ToUpper(s[i]+s[i+1]), 2
			} else if britishPost(s[i]) && len(s[i]) >= 5 {
				p = strings.ToUpper(s[i])
			}
			if p == "" || a.post != "" {
				continue
			}
			a.post = p
			town := s[i+used:]
			if len(town) == 0 {
				town = s[:i]
				if len(town) == 1 && k > 0 && len(segs[k-1]) > 0 && strings.Contains(americanStates, " "+town[0]+" ") { // Chicago, IL 60610
					town = segs[k-1]
				}
			}
			a.town = foldWords(words(strings.Join(town, " ")))
			if len(a.town) == 0 && k > 0 {
				a.town = foldWords(words(strings.Join(segs[k-1], " ")))
			}
		}
	}
	if len(a.town) == 0 && a.post == "" {
		for _, s := range segs {
			if len(s) > 0 {
				a.town = foldWords(words(strings.Join(s, " ")))
				break
			}
		}
	}
	for _, w := range a.town {
		a.parts = append(a.parts, streetWordOf(string(w), false))
		name := plain(string(w))
		for _, t := range towns {
			if !strings.Contains(t, name) {
				continue
			}
			f := strings.Fields(t)
			if slices.Contains(f, name) {
				a.names = append(a.names, foldWords(f)...)
			}
		}
	}
}

func britishPost(s string) bool {
	s = strings.ToUpper(s)
	n := len(s)
	return n >= 5 && n <= 7 && isUpper(s[0]) && isDigit(s[n-3]) && isUpper(s[n-2]) && isUpper(s[n-1]) && strings.ContainsAny(s[1:n-3], "0123456789")
}

// anchor is the piece by which the street is looked for.
func (a *postal) anchor() string {
	best := ""
	for _, w := range a.street {
		if w.stem == nil || w.optional && len(a.street) > 1 {
			continue
		}
		run := asciiRun(w.stem)
		if len(w.forms) > 0 && strings.HasSuffix(string(w.stem), run) {
			if len(run) < 5 {
				run += w.common()
			}
		}
		if len(run) > len(best) {
			best = run
		}
	}
	if best == "" && len(a.street) > 0 {
		for _, w := range a.street {
			if len(w.stem) >= 3 {
				best = string(w.stem)
			}
		}
	}
	return best
}

// minAnchor is how many letters in a row are rare enough to look for.
const minAnchor = 4

// patterns returns those that lead to the street: a piece that all spellings of
// it have, or else the spellings, as a letter or two stand everywhere.
func (a *postal) patterns() []string {
	anchor := a.anchor()
	if len(anchor) >= minAnchor {
		return anchors(folded(anchor))
	}
	var best folded
	for _, w := range a.street {
		if w.stem == nil || w.optional && len(a.street) > 1 || asciiRun(w.stem) == string(w.stem) {
			continue
		}
		whole := slices.Clone(w.stem)
		if len(whole) < minAnchor {
			whole = append(whole, folded(w.common())...)
		}
		if len(whole) > len(best) {
			best = whole
		}
	}
	if len(best) < minAnchor-1 || len(best) < len(anchor) {
		return anchors(folded(anchor))
	}
	out := anchors(best)
	for _, s := range damaged(best) {
		if s = asciiLower(s); len(s) >= minAnchor && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// common returns what all forms of a word start with.
func (w streetWord) common() string {
	if len(w.forms) == 0 {
		return ""
	}
	common := string(w.forms[0])
	for _, f := range w.forms[1:] {
		for !strings.HasPrefix(string(f), common) {
			common = common[:len(common)-1]
		}
	}
	return common
}

// eatStreet returns the end of the street's words from word k on.
func (a *postal) eatStreet(b []byte, i, k int) int {
	if k == len(a.street) {
		return i
	}
	w := a.street[k]
	next := func(j int) int {
		if j < 0 || k+1 < len(a.street) && j >= len(b) {
			return -1
		}
		if j < len(b) && b[j] == '.' && k+1 < len(a.street) {
			j++
		}
		if k+1 == len(a.street) {
			return j
		}
		if g, kind := gap(b, j); kind&^innerGap == 0 && g-j <= 4 {
			j = g
		} else if b[j] == '/' { // C/
			j++
			for j < len(b) && b[j] == ' ' {
				j++
			}
		}
		// An article that the identifier doesn't have.
		if !a.street[k+1].optional && len(a.street) > 1 && a.street[0].stem == nil {
			l := j
			for l < len(b) && isAlpha(b[l]) && l-j < 3 {
				l++
			}
			if l > j && l < len(b) && (b[l] == ' ' || b[l] == '\'') && strings.Contains(articles, " "+plain(string(b[j:l]))+" ") {
				if end := a.eatStreet(b, l+1, k+1); end >= 0 {
					return end
				}
			}
		}
		return a.eatStreet(b, j, k+1)
	}
	if w.forms == nil {
		end, _ := eat(b, i, w.stem)
		if end < 0 && k+1 < len(a.street) && len(w.stem) >= 3 { // G. Garibaldi
			end = eatInitial(b, i, w.stem)
		} else if end >= 0 && len(w.stem) == 1 && k+1 < len(a.street) && wordAt(b, end) { // Giuseppe Garibaldi
			for n := 0; n < 16 && end < len(b); n++ {
				r, size := runeAfter(b, end)
				if !unicode.IsLetter(r) {
					break
				}
				end += size
			}
		}
		if end >= 0 {
			if end = next(end); end >= 0 {
				return end
			}
		}
	} else {
		j := i
		if w.stem != nil {
			if j, _ = eat(b, i, w.stem); j >= 0 && j < len(b) && (b[j] == ' ' || b[j] == '-') {
				j++
			}
		}
		for _, f := range w.forms {
			if j < 0 {
				break
			}
			end, _ := eat(b, j, f)
			if end < 0 || wordAt(b, end) {
				continue
			}
			if end < len(b) && b[end] == '.' {
				end++
			}
			if end = next(end); end >= 0 {
				return end
			}
		}
		if w.stem == nil && k+1 < len(a.street) && len(w.forms[0]) > 4 { // K. Albertlaan
			if end := eatInitial(b, i, w.forms[0]); end >= 0 {
				if end = next(end); end >= 0 {
					return end
				}
			}
		}
	}
	if w.optional && len(a.street) > 1 && k+1 < len(a.street) {
		return a.eatStreet(b, i, k+1)
	}
	return -1
}

// eatInitial returns the end of the first letter of w, which a dot follows.
func eatInitial(b []byte, i int, w folded) int {
	end, _ := eat(b, i, w[:1])
	if end < 0 || end >= len(b) || b[end] != '.' && !(w[0] == 'v' && b[end] == '/') && !(b[end] == ' ' && i > 0 && b[i-1] == '/') { // v/d Helstplein
		return -1
	}
	return end
}

// eatNumber reads the house number at i. other says that it is another flat or
// that it is not said which.
func (a *postal) eatNumber(b []byte, i int) (end int, other, ok bool) {
	j := i
	if a.none {
		for _, none := range []string{"s/nº", "s/n", "s.n.", "sn"} {
			if len(b)-i >= len(none) && strings.EqualFold(string(b[i:i+len(none)]), none) && !wordAt(b, i+len(none)) {
				return i + len(none), false, true
			}
		}
		return 0, false, false
	}
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	if j == i || string(b[i:j]) != a.number {
		return 0, false, false
	}
	box := ""
	rest := func(k int) string { // letters and digits at k
		l := k
		for l < len(b) && isAlnum(b[l]) && l-k < 8 {
			l++
		}
		return strings.ToLower(string(b[k:l]))
	}
	if k := j + 1 + len(a.box); strings.Contains(a.box, "/") && k <= len(b) && b[j] == '/' && string(b[j+1:k]) == a.box && !wordAt(b, k) && (k == len(b) || b[k] != '/') {
		return k, false, true
	}
	suffix := ""
	if w := rest(j); w != "" {
		letters := strings.TrimRight(w, "0123456789")
		switch {
		case a.isSuffix(w):
			suffix = a.suffix
			j += len(w)
		case letters != w && isBoxWord(letters):
			box = w[len(letters):]
			j += len(w)
		case a.suffix == "" && w == a.box:
			box = w
			j += len(w)
		default:
			return 0, false, false
		}
	} else if j < len(b) && b[j] >= 0xc3 && wordAt(b, j) {
		return 0, false, false
	}
	if j+1 < len(b) && (b[j] == '.' || b[j] == ',') && isDigit(b[j+1]) && (b[j] == '.' || len(rest(j+1)) < 4) {
		return 0, false, false
	}
	last := ""
	if j+1 < len(b) && (b[j] == '/' || b[j] == '-') && suffix+box == "" {
		if w := rest(j + 1); w != "" && len(w) <= 5 && !(b[j] == '-' && postcodeOf(w) != "") {
			j += 1 + len(w)
			switch {
			case a.isSuffix(w):
				suffix = a.suffix
			case b[j-len(w)-1] == '-' && less(a.number, w) && startsDigit(w) || a.last == w:
				last = w
			default:
				box = w
			}
			if last != "" && j+1 < len(b) && b[j] == '/' && box == "" && rest(j+1) != "" && rest(j+1) == a.box { // 143-145/8
				box = a.box
				j += 1 + len(box)
			}
			if j+1 < len(b) && strings.IndexByte("/-.", b[j]) >= 0 && isDigit(b[j+1]) {
				return 0, false, false // a date
			}
		}
	}
	// A letter, or the word for a box, behind a blank.
	if k := j; k < len(b) && (b[k] == ' ' || b[k] == ',') && box == "" {
		for k < len(b) && (b[k] == ' ' || b[k] == ',' || b[k] == '(') && k-j < 3 {
			k++
		}
		l := k
		for l < len(b) && l-k < 12 {
			r, n := letterAt(b, l)
			if r < 0 || !unicode.IsLetter(r) {
				break
			}
			l += n
		}
		word := plain(decode(b[k:l]))
		v := l
		for v < len(b) && (b[v] == '.' || b[v] == ' ' || b[v] == ':') && v-l < 3 {
			v++
		}
		value := rest(v)
		switch {
		case word == "":
			if k+1 < len(b) && (b[k] == '/' || b[k] == '-') && b[k+1] == ' ' && len(rest(k+2)) > 0 && len(rest(k+2)) <= 3 && isDigit(b[k+2]) {
				box = rest(k + 2)
				j = k + 2 + len(box)
			}
		case suffix == "" && a.suffix != "" && b[j] == ' ' && (word == a.suffix || a.isSuffix(word) && !startsDigit(value)):
			suffix = a.suffix
			j = l
		case isBoxWord(word) && value != "" && (startsDigit(value) && len(value) <= 5 || len(value) <= 2 && len(word) > 2):
			box = value
			j = v + len(value)
		case (len(word) == 1 || word == "bis" || word == "ter") && b[j] == ' ' && k == j+1:
			// 35 A is another house, but for a country before a postcode, and a word.
			if l < len(b) && b[l] == '-' && l+1 < len(b) && isDigit(b[l+1]) {
				break
			}
			if unicode.IsUpper(rune(b[k])) || len(word) > 1 || lineEnds(b, l) {
				return 0, false, false
			}
		}
	}
	if suffix != a.suffix {
		return 0, false, false
	}
	// A box in a cell of its own, in front of the postcode.
	if j < len(b) && b[j] == 0 && box == "" {
		if w := rest(j + 1); w != "" && len(w) <= 3 && j+1+len(w) < len(b) && b[j+1+len(w)] == 0 {
			if p := rest(j + 2 + len(w)); postcodeOf(p) != "" || w == a.box {
				box = w
			}
		}
	}
	return j, box != a.box || last != a.last, true
}

// eatTown returns the end of the town's name at i, -1 where it is not there.
func (a *postal) eatTown(b []byte, i int) int {
	if len(a.town) == 0 || i >= len(b) {
		return -1
	}
	for _, n := range a.names {
		if end, _ := eat(b, i, n); end >= 0 && !wordAt(b, end) {
			return end
		}
	}
	j := i
	for k, w := range a.town {
		if k > 0 {
			g, kind := gap(b, j)
			if kind&^innerGap != 0 || g-j > 3 {
				return -1
			}
			j = g
		}
		end := -1
		for _, f := range a.parts[k].forms {
			if end, _ = eat(b, j, f); end >= 0 && !wordAt(b, end) {
				break
			}
			end = -1
		}
		if end < 0 {
			end, _ = eat(b, j, w)
		}
		if end < 0 || wordAt(b, end) {
			return -1
		}
		j = end
	}
	return j
}

// postAt reads a postcode at i, with its country.
func postAt(b []byte, i int) (string, int) {
	j := i
	for j < len(b) && j-i < 9 && (isAlnum(b[j]) || b[j] == '-' && j > i) {
		j++
	}
	w := string(b[i:j])
	if britishPost(w) {
		return strings.ToUpper(w), j
	}
	if j+3 < len(b) && b[j] == ' ' && len(w) >= 2 && len(w) <= 4 && britishPost(w+string(b[j+1:j+4])) && !wordAt(b, j+4) {
		return strings.ToUpper(w + string(b[j+1:j+4])), j + 4
	}
	p := postcodeOf(w)
	if p == "" || wordAt(b, j) {
		return "", i
	}
	if len(p) == 4 && j+2 < len(b) && b[j] == ' ' && isUpper(b[j+1]) && isUpper(b[j+2]) && !wordAt(b, j+3) {
		return p + string(b[j+1:j+3]), j + 3
	}
	return p, j
}

// samePost reports whether two postcodes are one; the Dutch one may lack letters.
func samePost(a, b string) bool {
	return a == b || len(a) == 6 && len(b) == 4 && a[:4] == b || len(b) == 6 && len(a) == 4 && b[:4] == a
}

// place looks for the postcode and the town around the street at b[from:to]. It
// reports whether they are the address's, or another's.
func (a *postal) place(b []byte, from, to int) (end int, same, other bool) {
	if a.post == "" && len(a.town) == 0 {
		return to, false, false
	}
	// Behind: a few fields may lie between.
	i := to
	boxed := false
	for n := 0; n < 4 && i < len(b); n++ {
		j, kind := gap(b, i)
		for j < len(b) && (b[j] == '(' || b[j] == '-') {
			j++
		}
		if j == i || j >= len(b) {
			break
		}
		i = j
		if p, e := postAt(b, i); p != "" {
			g, _ := gap(b, e)
			t := a.eatTown(b, g)
			switch {
			case a.post != "" && samePost(p, a.post):
				return max(e, t), true, false
			case t >= 0:
				return t, true, false
			case len(p) > 3 && (kind != gapSpace || g < len(b) && g > e):
				r, _ := runeAfter(b, g)
				if g < len(b) && !unicode.IsUpper(r) && kind&gapCell == 0 {
					return to, false, false // a year, an amount
				}
				return to, false, true
			}
		}
		if e := a.eatTown(b, i); e >= 0 {
			g, _ := gap(b, e)
			if p, pe := postAt(b, g); p != "" && samePost(p, a.post) {
				return pe, true, false
			}
			return e, true, false
		}
		e := i
		for e < len(b) && e-i < 40 {
			r, w := letterAt(b, e)
			if r < 0 || !wordRune(r) {
				break
			}
			e += w
		}
		if e == i {
			break
		}
		if word := plain(decode(b[i:e])); len(word) > 3 && len(a.town) > 0 && kind&^gapSpace != 0 && isTown(word) {
			return to, false, true
		}
		if kind&(gapCell|gapLine|gapComma|gapQuote) == 0 && n > 0 && !boxed {
			break
		}
		boxed = isBoxWord(string(b[i:e]))
		i = e
	}
	// In front, and in fields that have names: the nearest of its kind.
	lo, hi := max(from-64, 0), min(to+160, len(b))
	for k := from - 1; k >= lo; k-- {
		if b[k] == '\n' && from-k > 2 {
			break
		}
		if k > 0 && isAlnum(b[k-1]) || !isAlnum(b[k]) {
			continue
		}
		if t := a.eatTown(b, k); t >= 0 && t <= from {
			return to, true, false
		}
		p, e := postAt(b, k)
		if p == "" || e > from || len(onlyDigits(p)) < 4 {
			continue
		}
		if a.post != "" && samePost(p, a.post) {
			return to, true, false
		}
		if word := strings.Trim(string(b[e:from]), " ,\x00\"'"); word != "" && !strings.ContainsAny(word, "0123456789:;=") && unicode.IsUpper([]rune(word)[0]) {
			return to, false, true
		}
	}
	for k := to; k < hi && b[k] != '}'; k++ {
		if k > 0 && isAlnum(b[k-1]) || !isAlnum(b[k]) {
			continue
		}
		p, e := postAt(b, k)
		if p != "" && a.post != "" && samePost(p, a.post) {
			return to, true, false
		}
		if t := a.eatTown(b, k); t >= 0 {
			return to, true, false
		}
		if p != "" && len(onlyDigits(p)) >= 4 && e < len(b) {
			before := strings.ToLower(string(b[max(k-20, to):k]))
			for _, key := range []string{"post", "zip", "plz", "cp\"", "cap\"", "kod"} {
				if strings.Contains(before, key) {
					return to, false, true
				}
			}
		}
	}
	return to, false, false
}

func isTown(w string) bool {
	for _, t := range towns {
		if strings.Contains(" "+t+" ", " "+w+" ") {
			return true
		}
	}
	return false
}

// Limits of the search for where an address starts.
const (
	maxStreetBack  = 160
	maxStreetWords = 12
)

// An avenue is a street with all who live in it, so that it is read once.
type avenue struct {
	members []*postal
	owners  []owner
	first   letters // with which the street may start
	begin   beginnings
	words   int // how many in front of the pattern may belong to it
	tokens  int // of which a street of one word consists at most, 0 for others
}

// streetKey tells apart streets.
func streetKey(street []streetWord) string {
	var k strings.Builder
	for _, w := range street {
		fmt.Fprintf(&k, "%s/%t", string(w.stem), w.optional)
		for _, f := range w.forms {
			k.WriteString("," + string(f))
		}
		k.WriteByte(0)
	}
	return k.String()
}

// houses holds which numbers stand in a piece of text, modulo its size.
type houses [8]uint64

func (h *houses) read(b []byte) {
	for i := 0; i < len(b); i++ {
		if !isDigit(b[i]) {
			continue
		}
		v := 0
		for ; i < len(b) && isDigit(b[i]); i++ {
			v = (v*10 + int(b[i]-'0')) & 0xffffff
		}
		h[v>>6&7] |= 1 << (v & 63)
	}
}

func (h *houses) has(number string) bool {
	v := 0
	for i := range len(number) {
		v = (v*10 + int(number[i]-'0')) & 0xffffff
	}
	return h[v>>6&7]>>(v&63)&1 != 0
}

// Where a house number may stand before and behind a street, in bytes.
const (
	maxHouseBack  = 32
	maxHouseAhead = 512
)

// parting holds the bytes that part words, and are no part of an escape.
var parting = func() (t [256]bool) {
	for i := range 0x80 {
		t[i] = !isAlnum(byte(i)) && strings.IndexByte("%&\\=;#", byte(i)) < 0
	}
	return t
}()

// elsewhere reports whether the street that ends at b[e] is quickly seen to be
// followed by a house number that none of the members has.
func (v *avenue) elsewhere(b []byte, e int) bool {
	j := e + 1
	if j >= len(b) || b[e] != ' ' || !isDigit(b[j]) {
		return false
	}
	n := j
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n-j >= 4 || n+1 >= len(b) {
		return false
	}
	for _, a := range v.members {
		if a.none || a.number == string(b[j:n]) {
			return false
		}
	}
	return true
}

// check looks for the addresses around b[start:end], which is a piece of their
// street.
func (v *avenue) check(b []byte, start, end int, found take) {
	var done []int
	if v.tokens > 0 && v.near(b, start, end, &done, found) {
		return
	}
	tried, words := 0, 0
	for s := start; s >= 0 && start-s <= maxStreetBack && tried < maxStreetWords; s-- {
		if s > 0 && isAlnum(b[s]) && parting[b[s-1]] {
			if words++; words > v.words+1 {
				return
			}
		}
		switch c := b[s]; {
		case c < utf8.RuneSelf && !v.first.has(c) || !v.begin.may(b, s) || c < utf8.RuneSelf && s > 0 && isAlnum(b[s-1]) && !escaped(b, s):
			continue
		case !utf8.RuneStart(c) && s > 0 && b[s-1] >= utf8.RuneSelf, !wordAt(b, s), wordBefore(b, s):
			continue
		}
		tried++
		if v.at(b, s, end, &done, found); len(done) == len(v.members) {
			return
		}
	}
}

// near is check for a street that is one word, or two parts of one with a blank
// or a hyphen between, where signs part all that may belong to it from the rest.
// It reports whether they do.
func (v *avenue) near(b []byte, start, end int, done *[]int, found take) bool {
	s := start
	for n := 1; ; n++ {
		if !isAlnum(b[s]) {
			return false
		}
		for s > 0 && isAlnum(b[s-1]) {
			s--
		}
		if start-s > maxStreetBack {
			return true
		}
		if s > 0 && (!parting[b[s-1]] || b[s-1] == '?') {
			return false
		}
		if v.first.has(b[s]) && v.begin.may(b, s) && !wordBefore(b, s) {
			v.at(b, s, end, done, found)
		}
		if n == v.tokens || s < 2 || b[s-1] != ' ' && b[s-1] != '-' || parting[b[s-2]] && b[s-2] != '?' {
			return true
		}
		s -= 2
	}
}

// at looks for the addresses whose street starts at b[s], and ends at end or
// behind. Which members were found it adds to done.
func (v *avenue) at(b []byte, s, end int, done *[]int, found take) {
	e := v.members[0].eatStreet(b, s, 0)
	if e < end || wordAt(b, e) && !(b[e-1] == '.' && isDigit(b[e])) { // Musterstr.7
		return
	}
	if v.elsewhere(b, e) {
		return
	}
	if len(v.members[0].street) == 1 && renamed(b, s) {
		return
	}
	if a := v.members[0]; len(a.street) > 1 && a.street[0].optional && a.street[0].stem == nil && a.eatStreet(b, s, 1) == e {
		if word, _ := neighbourBefore(b, s); word != "" && isStreetForm(word) {
			return // Plaza Mayor is not Calle Mayor
		}
	}
	var numbers houses
	numbers.read(b[max(s-maxHouseBack, 0):min(e+maxHouseAhead, len(b))])
	for i, a := range v.members {
		if !a.none && !numbers.has(a.number) || slices.Contains(*done, i) {
			continue
		}
		if from, to, form, ok := a.check(b, s, e); ok {
			found(v.owners[i], from, to, form)
			*done = append(*done, i)
		}
	}
}

// check looks for the address around its street at b[s:e].
func (a *postal) check(b []byte, s, e int) (int, int, string, bool) {
	from, to, other, ok := a.around(b, s, e)
	if !ok {
		return 0, 0, "", false
	}
	last, same, elsewhere := a.place(b, from, to)
	if elsewhere {
		return 0, 0, "", false
	}
	cells := strings.IndexByte(string(b[from:to]), 0) >= 0
	switch {
	case other:
		if cells {
			from, to = s, e
		}
		return from, to, "other-box", true
	case cells:
		return from, to, "columns", true
	case !same:
		return from, to, "street", true
	case strings.IndexByte(string(b[to:last]), 0) >= 0:
		return from, to, "plain", true
	}
	return from, last, "plain", true
}

// around looks for the house number behind or in front of the street at b[s:e].
func (a *postal) around(b []byte, s, e int) (from, to int, other, ok bool) {
	j, kind := gap(b, e)
	flat := false
	if kind&gapJoin != 0 && kind&^(gapJoin|gapSpace|gapComma|gapDot) == 0 { // of a form that was sent: Genutstraat+35
		kind = gapSpace
	}
	if (j > e || e > 0 && b[e-1] == '.' && e < len(b) && isDigit(b[e])) && kind&^(gapSpace|gapLine|gapComma|gapCell|gapQuote|gapSemi|gapTag|gapDot|gapApostrophe) == 0 {
		k := j
		for k < len(b) && k-j < 12 && (isAlpha(b[k]) || b[k] >= utf8.RuneSelf) {
			k++
		}
		if word := strings.Trim(plain(decode(b[j:k])), "°º"); k > j && (strings.Contains(numberWords, " "+word+" ") || word == "№") {
			for k < len(b) && (strings.IndexByte(". :", b[k]) >= 0 || b[k] == 0xc2 || b[k] == 0xb0 || b[k] == 0xba) && k-j < 16 { // nº, n.°
				k++
			}
			j = k
		} else if k < len(b) && k == j && b[k] == '#' {
			j++
			flat = true
		}
		if end, other, ok := a.eatNumber(b, j); ok {
			return s, end, other, true
		}
		if j < len(b) && isDigit(b[j]) && kind&gapCell == 0 && !flat {
			if n := j; true {
				for n < len(b) && isDigit(b[n]) {
					n++
				}
				if n-j < 4 {
					return 0, 0, false, false // another house of the street
				}
			}
		}
	}
	if class, whose, ok := fieldBefore(b, s); ok && class == fieldStreet {
		if at, ok := fieldAfter(b, e, fieldStreet, fieldNumber, whose); ok {
			if end, other, ok := a.eatNumber(b, at); ok {
				if at, ok := fieldAfter(b, end, fieldNumber, fieldBox, whose); ok && (isAlnum(b[at-1]) || at < len(b) && isAlnum(b[at])) {
					l := at
					for l < len(b) && isAlnum(b[l]) {
						l++
					}
					v := strings.ToLower(string(b[at:l]))
					if v == "null" {
						v = ""
					}
					other = v != a.box
				}
				return s, end, other, true
			}
		}
	}
	// 35, rue de la Gare
	i := s
	for i > 0 && (b[i-1] == ' ' || b[i-1] == ',' || b[i-1] == 0) && s-i < 3 {
		i--
	}
	if i == s || i == 0 {
		return 0, 0, false, false
	}
	for k := i - 1; k >= 0 && i-k <= 24; k-- {
		if !isDigit(b[k]) || k > 0 && (isAlnum(b[k-1]) || strings.IndexByte("/-.,", b[k-1]) >= 0) {
			continue
		}
		end, other, ok := a.eatNumber(b[:i], k)
		if ok && end == i && !streetGoesOn(b, e) {
			if other && a.box != "" {
				if l := a.boxBehind(b, e); l > e {
					return k, l, false, true
				}
			}
			return k, e, other, true
		}
	}
	return 0, 0, false, false
}

// boxBehind returns the end of the box, which stands behind a street that its
// number precedes: 12 Shore Drive, Apt 7B.
func (a *postal) boxBehind(b []byte, e int) int {
	i := e
	for i < len(b) && i-e < 3 && strings.IndexByte(" ,.\n", b[i]) >= 0 {
		i++
	}
	j := i
	for j < len(b) && j-i < 12 && isAlpha(b[j]) {
		j++
	}
	switch {
	case j < len(b) && j == i && b[j] == '#':
		j++
	case j > i && isBoxWord(string(b[i:j])):
		for k := 0; k < 2 && j < len(b) && (b[j] == ' ' || b[j] == '.'); k++ {
			j++
		}
	default:
		return e
	}
	if k := j + len(a.box); k <= len(b) && strings.EqualFold(string(b[j:k]), a.box) && !wordAt(b, k) {
		return k
	}
	return e
}

// adjectives are words that, in front of a street's name of one word, make
// another street of it.
const adjectives = " oude oud nieuwe nieuw grote groote kleine korte lange hoge lage achter voor boven beneden oosterse westerse noorder zuider eerste tweede derde neue alte grosse grosser lange kurze obere untere hintere vordere hohe vieille vieux nouvelle grande petite haute basse old new great little upper lower north south east west stara nowa "

// renamed reports whether such a word stands right before s, and a capital with
// it: Oude Kerkstraat.
func renamed(b []byte, s int) bool {
	word, capital := neighbourBefore(b, s)
	return capital && word != "" && strings.Contains(adjectives, " "+word+" ")
}

func isStreetForm(w string) bool {
	if w == "ul" || strings.Contains(articles, " "+w+" ") {
		return false
	}
	return slices.ContainsFunc(streetForms, func(g []string) bool { return slices.Contains(g, w) })
}

// streetGoesOn reports whether more of a street's name follows at i: d'Or.
func streetGoesOn(b []byte, i int) bool {
	if i >= len(b) || b[i] != ' ' {
		return false
	}
	j := i + 1
	for j < len(b) && isAlpha(b[j]) && j-i < 5 {
		j++
	}
	if j+1 >= len(b) || !strings.Contains(" d de du des della delle ", " "+string(b[i+1:j])+" ") {
		return false
	}
	g, kind := gap(b, j)
	r, _ := runeAfter(b, g)
	return kind != 0 && kind&^(gapSpace|gapApostrophe) == 0 && unicode.IsUpper(r)
}

// address adds the street and number of an address, around which the rest of it
// is looked for. What is not understood is looked for word by word.
func (bl *builder) address(value string) {
	if a := parseAddress(value); a != nil {
		key := streetKey(a.street)
		v := bl.avenues[key]
		if v == nil {
			v = &avenue{words: len(a.street) + 2}
			if len(a.street) == 1 {
				if v.tokens = 1; a.street[0].stem != nil && a.street[0].forms != nil {
					v.tokens = 2
				}
			}
			for _, w := range a.street {
				for _, f := range append([]folded{w.stem}, w.forms...) {
					if len(f) > 0 {
						v.first.add(f[0])
						v.begin.word(f)
						v.begin.initial(f, false)
					}
				}
			}
			bl.avenues[key] = v
			for _, p := range a.patterns() {
				bl.lead(match.Pattern{Text: p}, "street "+key, v.check)
			}
		}
		v.members = append(v.members, a)
		v.owners = append(v.owners, bl.owner())
		return
	}
	ws := foldWords(words(value))
	longest := ws[0]
	for _, w := range ws {
		if len(asciiRun(w)) > len(asciiRun(longest)) {
			longest = w
		}
	}
	for _, p := range anchors(longest) {
		bl.add(match.Pattern{Text: p}, func(b []byte, start, end int) (int, int, string, bool) {
			tried := 0
			for s := start; s >= 0 && start-s <= maxStreetBack && tried < maxStreetWords; s-- {
				if !wordAt(b, s) || wordBefore(b, s) {
					continue
				}
				tried++
				to := s
				for k, w := range ws {
					if k > 0 {
						j, _ := gap(b, to)
						if j == to {
							to = -1
							break
						}
						to = j
					}
					if to, _ = eat(b, to, w); to < 0 || wordAt(b, to) {
						to = -1
						break
					}
				}
				if to >= end {
					form := "plain"
					if strings.IndexByte(string(b[s:to]), 0) >= 0 {
						form = "columns"
					}
					return s, to, form, true
				}
			}
			return 0, 0, "", false
		})
	}
}

// anchors returns the patterns for a piece of a word.
func anchors(w folded) []string {
	set := map[string]bool{}
	if asciiRun(w) == string(w) {
		set[string(w)] = true
	} else {
		for _, s := range spellings(w) {
			set[asciiLower(s)] = true
		}
	}
	out := make([]string, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}
