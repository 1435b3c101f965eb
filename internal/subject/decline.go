package subject

import "strings"

// How Polish names are declined, after Nowy słownik ortograficzny PWN, rules
// 60 to 69: the singular but for the vocative, which is not written of anybody.

// polishGiven are given names, without diacritics, that are usual in Poland and
// hardly elsewhere in this spelling.
const polishGiven = " agnieszka aleksandra andrzej bartosz bogdan boguslaw bozena czeslaw danuta dariusz dorota elzbieta ewa grazyna grzegorz halina ireneusz iwona jacek jadwiga jakub janusz jaroslaw jerzy joanna justyna kamil katarzyna kazimierz krystyna krzysztof leszek lukasz maciej magdalena malgorzata marcin marek mariusz mateusz michal miroslaw pawel piotr przemyslaw rafal ryszard slawomir stanislaw stefania szymon tadeusz tomasz waldemar wieslaw wladyslaw wojciech zbigniew zdzislaw zofia zygmunt "

// polishSurnames are frequent ones that are not known by their ending.
const polishSurnames = " nowak mazur krawczyk kaczmarek grabowski pietrzak adamczyk dudek zajac wieczorek krol wrobel stepien pawlak walczak sikora baran duda szewczyk kubiak kowalczyk mazurek wozniak lis wilk jankowiak "

// polish reports whether a name is declined as Polish ones are.
func (n *fullName) polish() bool {
	if len(n.particles) > 0 || len(n.given) != 1 || len(n.core) == 0 || len(n.core) > 2 || n.second {
		return false
	}
	for _, w := range append([]folded{n.given[0]}, n.core...) {
		if strings.ContainsAny(string(w), "ąęłńśźż") {
			return true
		}
	}
	last := plain(string(n.core[len(n.core)-1]))
	for _, end := range []string{"ski", "cki", "dzki", "ska", "cka", "dzka"} {
		if strings.HasSuffix(last, end) && len(last) > len(end)+2 {
			return true
		}
	}
	return strings.Contains(polishGiven, " "+plain(string(n.given[0]))+" ") || strings.Contains(polishSurnames, " "+last+" ")
}

// adjective returns the genitive, dative, accusative and instrumental, with the
// locative, of a surname in -ski, -ska and the like; nil for what is none.
func adjective(w string, female bool) []string {
	if female {
		for _, end := range []string{"ska", "cka", "dzka", "zka", "sna", "zna", "wa", "ła"} {
			if end == "wa" && !strings.HasSuffix(w, "owa") {
				continue
			}
			if strings.HasSuffix(w, end) {
				stem := strings.TrimSuffix(w, "a")
				if strings.HasSuffix(stem, "k") || strings.HasSuffix(stem, "g") {
					return []string{stem + "iej", stem + "iej", stem + "ą", stem + "ą"}
				}
				return []string{stem + "ej", stem + "ej", stem + "ą", stem + "ą"}
			}
		}
		return nil
	}
	switch {
	case strings.HasSuffix(w, "ki"), strings.HasSuffix(w, "gi"), strings.HasSuffix(w, "ni"), strings.HasSuffix(w, "i"):
		return []string{w + "ego", w + "emu", w + "ego", w + "m"}
	case strings.HasSuffix(w, "y"):
		stem := strings.TrimSuffix(w, "y")
		return []string{stem + "ego", stem + "emu", stem + "ego", w + "m"}
	}
	return nil
}

// softened are the consonants before the -e of the dative of nouns in -a, the
// longest first.
var softened = [...][2]string{
	{"sł", "śle"},
	{"sn", "śnie"},
	{"st", "ście"},
	{"ch", "sze"},
	{"cz", "czy"},
	{"sz", "szy"},
	{"rz", "rzy"},
	{"dz", "dzy"},
	{"ż", "ży"},
	{"c", "cy"},
	{"k", "ce"},
	{"g", "dze"},
	{"h", "że"},
	{"t", "cie"},
	{"d", "dzie"},
	{"r", "rze"},
	{"ł", "le"},
	{"l", "li"},
	{"j", "i"},
	{"i", "ii"},
	{"n", "nie"},
	{"w", "wie"},
	{"b", "bie"},
	{"p", "pie"},
	{"m", "mie"},
	{"f", "fie"},
	{"s", "sie"},
	{"z", "zie"},
}

// noun returns the same cases of a noun; nil for what is not declined.
func noun(w string, female bool) []string {
	if stem, ok := strings.CutSuffix(w, "a"); ok || strings.HasSuffix(w, "o") && !female {
		if !ok {
			stem = strings.TrimSuffix(w, "o")
		}
		gen, dat := stem+"y", stem+"ie"
		switch {
		case strings.HasSuffix(stem, "k"), strings.HasSuffix(stem, "g"), strings.HasSuffix(stem, "l"):
			gen = stem + "i"
		case strings.HasSuffix(stem, "j"):
			gen = strings.TrimSuffix(stem, "j") + "i"
		case strings.HasSuffix(stem, "i"):
			if gen = stem + "i"; len(stem) > 1 && strings.HasSuffix(w, "nia") && !strings.HasSuffix(w, "onia") {
				gen = stem // Hania, Hani
			}
		}
		for _, s := range softened {
			if head, ok := strings.CutSuffix(stem, s[0]); ok {
				dat = head + s[1]
				break
			}
		}
		return []string{gen, dat, stem + "ę", stem + "ą"}
	}
	if female || w == "" || strings.ContainsAny(w[len(w)-1:], "eiouy") {
		return nil
	}
	stem := w
	switch {
	case strings.HasSuffix(w, "iek"), strings.HasSuffix(w, "niec"), strings.HasSuffix(w, "iec"):
		stem = w[:len(w)-3] + w[len(w)-1:]
		if strings.HasSuffix(w, "niec") {
			stem = w[:len(w)-4] + "ńc"
		}
	case strings.HasSuffix(w, "ek") && len(w) > 3:
		stem = w[:len(w)-2] + "k"
	case strings.HasSuffix(w, "eł"):
		stem = strings.TrimSuffix(w, "eł") + "ł"
	case strings.HasSuffix(w, "ń"):
		stem = strings.TrimSuffix(w, "ń") + "ni"
	case strings.HasSuffix(w, "ś"):
		stem = strings.TrimSuffix(w, "ś") + "si"
	case strings.HasSuffix(w, "ź"):
		stem = strings.TrimSuffix(w, "ź") + "zi"
	case strings.HasSuffix(w, "ć"):
		stem = strings.TrimSuffix(w, "ć") + "ci"
	case strings.HasSuffix(w, "ól"):
		stem = strings.TrimSuffix(w, "ól") + "ol"
		if w == "król" {
			stem = w
		}
	case strings.HasSuffix(w, "ąb"):
		stem = strings.TrimSuffix(w, "ąb") + "ęb"
	}
	by := stem + "em"
	if strings.HasSuffix(stem, "k") || strings.HasSuffix(stem, "g") {
		by = stem + "iem"
	}
	return []string{stem + "a", stem + "owi", stem + "a", by}
}

// declined returns the name in its other cases.
func (n *fullName) declined() []*fullName {
	if !n.polish() {
		return nil
	}
	given := string(n.given[0])
	female := strings.HasSuffix(given, "a") && given != "kuba" && given != "barnaba"
	first := noun(given, female)
	if !female && (strings.HasSuffix(given, "y") || strings.HasSuffix(given, "i")) {
		first = adjective(given, false) // Jerzego, Antoniego
	}
	if first == nil {
		return nil
	}
	var out []*fullName
	for k, f := range first {
		c := *n
		c.given = []folded{foldWord(f)}
		c.core = make([]folded, len(n.core))
		for i, w := range n.core {
			cases := adjective(string(w), female)
			if cases == nil && (!female || w[len(w)-1] == 'a') {
				cases = noun(string(w), female)
			}
			if c.core[i] = w; cases != nil {
				c.core[i] = foldWord(cases[k])
			}
		}
		c.middle, c.cases = nil, nil
		same := false
		for _, o := range out {
			same = same || string(o.given[0]) == string(c.given[0]) && string(o.core[len(o.core)-1]) == string(c.core[len(c.core)-1])
		}
		if !same {
			out = append(out, &c)
		}
	}
	return out
}

// stem returns the beginning that the cases of a word have in common.
func (n *fullName) stem(w folded, of func(*fullName) folded) folded {
	k := len(w)
	for _, c := range n.cases {
		o := of(c)
		i := 0
		for i < k && i < len(o) && base(o[i]) == base(w[i]) {
			i++
		}
		k = i
	}
	return w[:k]
}
