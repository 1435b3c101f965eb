package engine

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// Columns that hold a person's name, whole or in parts, and the tables of which
// a column "name" does.
var (
	wholeName = regexp.MustCompile(`(?i)^((full|contact|customer|client|display|billing|owner|user)[_ .-]?name|volledige[_ .-]?naam|naam[_ .-]?(klant|contact)|nom[_ .-]?complet|nombre[_ .-]?completo|real[_ .-]?name)$`)
	partName  = regexp.MustCompile(`(?i)^(.*[_ .-])?(first[_ .-]?name|last[_ .-]?name|given[_ .-]?name|family[_ .-]?name|sur[_ .-]?name|voornaam|achternaam|familienaam|pr[eé]nom|nom[_ .-]?(de[_ .-]?)?famille|vorname|nachname|apellidos?|cognome|imi[eę]|nazwisko)$`)
	bareName  = regexp.MustCompile(`(?i)^(name|naam|nom|nombre|nome)$`)
	ofPeople  = regexp.MustCompile(`(?i)(customer|client|klant|kunde|user|contact|person|member|subscriber|employee|cliente|abonn)`)
)

// nameIn returns the folded words of the name of the person whom a row is about,
// as its columns say, without those that many names have, as "van"; nil where none
// does.
func nameIn(b *scanners.Block, row int) []string {
	var words []string
	for col, c := range b.Table.Columns {
		if wholeName.MatchString(c) || partName.MatchString(c) || bareName.MatchString(c) && ofPeople.MatchString(b.Table.Table) {
			cell, null := b.Cell(row, col)
			if null || len(cell) > 100 {
				continue
			}
			for _, w := range subject.Words(string(cell)) {
				if len(w) > 2 && !subject.Particle(w) {
					words = append(words, w)
				}
			}
		}
	}
	if len(words) < 2 {
		return nil
	}
	return words
}

// standing notes that identifiers which settle whom a row is about stand in a
// row that names somebody else.
func (r *run) standing(rec *record, b *scanners.Block, row int) {
	var words []string
	for p, a := range rec.people {
		if len(a.own) == 0 {
			continue
		}
		if words == nil {
			if words = nameIn(b, row); words == nil {
				return
			}
		}
		if r.named(p, words) {
			continue
		}
		name := strings.Join(words, " ")
		for _, i := range a.own {
			if r.Recognizer.Persons()[p].Identifiers[i].Sharable() {
				r.col.Standing(p, i, name)
			}
		}
	}
}

// hasName reports whether a person gave a name.
func (r *run) hasName(p int) bool {
	return slices.ContainsFunc(r.Recognizer.Persons()[p].Identifiers, func(id subject.Identifier) bool {
		return id.Type == subject.Name && id.Hash == ""
	})
}

// named reports whether one of the words of nameIn is of a name of the person.
func (r *run) named(p int, words []string) bool { return r.namedBy(p, words, 1) }

// namedBy reports whether so many of the words are of one name of the person; of
// a name that has fewer, all.
func (r *run) namedBy(p int, words []string, least int) bool {
	for _, id := range r.Recognizer.Persons()[p].Identifiers {
		if id.Type != subject.Name || id.Hash != "" {
			continue
		}
		all, common := 0, 0
		for _, own := range subject.Words(id.Value) {
			if subject.Particle(own) {
				continue
			}
			all++
			if slices.Contains(words, own) {
				common++
			}
		}
		if common > 0 && common >= min(least, all) {
			return true
		}
	}
	return false
}
