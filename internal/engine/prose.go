package engine

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// proseNames are words of columns in which people write of whatever they like.
var proseNames = regexp.MustCompile(`^(notes?|comments?|remarks?|descriptions?|body|message|text|content|memo|history|details|reason|bio|about|feedback|review|question|answer|reply|transcript|summary|excerpt|` +
	`notas?|notities|notitie|opmerking(en)?|omschrijving|bericht|inhoud|beschrijving|reden|toelichting|tekst|` +
	`bemerkung(en)?|anmerkung(en)?|notiz(en)?|beschreibung|nachricht|inhalt|kommentare?|` +
	`remarques?|commentaires?|texte|contenu|motif|observaciones|comentarios?|mensaje|descripcion|texto|commenti?|messaggio|descrizione|testo|uwagi|opis|wiadomosc|tresc)$`)

// ProseColumn reports whether a column is called after running text.
func ProseColumn(column string) bool {
	list := links.Words(column)
	return len(list) > 0 && proseNames.MatchString(list[len(list)-1])
}

// ProseWords is how many words stand beside an identifier in what is taken for
// prose, whatever the column is called: more than the name of whoever has it.
const ProseWords = 5

// HasWords reports whether the beginning of a cell holds n words beside what may be
// identifiers.
func HasWords(cell []byte, n int) bool {
	for w := range strings.FieldsSeq(string(cell[:min(len(cell), 4<<10)])) {
		if strings.ContainsAny(w, "@0123456789") {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(w, unicode.IsPunct)); unicode.IsLetter(r) {
			if n--; n == 0 {
				return true
			}
		}
	}
	return false
}

// written reports whether a cell is a text in which an identifier stands among
// other things, and not the value of a field.
func written(column string, cell []byte) bool {
	if len(cell) > 0 && (cell[0] == '{' || cell[0] == '[') || links.MayHoldKeys(cell) {
		return false
	}
	return HasWords(cell, ProseWords) || ProseColumn(column) && HasWords(cell, 1)
}

// inProse reports whether all that tells a person of a row stands in prose: the
// row mentions the person, and is about whoever its other columns say.
func inProse(b *scanners.Block, row int, matches []inventory.Match) bool {
	found := false
	for _, m := range matches {
		if !subject.Type(m.Type).Own() {
			continue
		}
		col := slices.Index(b.Table.Columns, m.Field)
		if col < 0 {
			return false
		}
		if cell, _ := b.Cell(row, col); !written(m.Field, cell) {
			return false
		}
		found = true
	}
	return found
}

// aboutOther reports whether a row that mentions a person in prose says in other
// columns that it is about somebody else.
func aboutOther(b *scanners.Block, row int, matches []inventory.Match) bool {
	for col, name := range b.Table.Columns {
		if v, null := b.Cell(row, col); null || len(strings.TrimSpace(string(v))) == 0 ||
			slices.ContainsFunc(matches, func(m inventory.Match) bool { return slices.Contains(strings.Split(m.Field, "+"), name) }) {
			continue
		}
		if typ, whose, strong, ok := entity(name); ok && whose == "" && (strong || typ == subject.Username) {
			return true
		}
		if wholeName.MatchString(name) || partName.MatchString(name) || bareName.MatchString(name) && ofPeople.MatchString(b.Table.Table) {
			return true
		}
	}
	return false
}

// whose returns what has to be asked of a row that mentions a person in prose,
// before it is deleted.
func (rec *record) whose(mentioned bool, matches []inventory.Match) string {
	switch {
	case !mentioned:
		return ""
	case aboutOther(rec.block, rec.at, matches):
		return "it is about somebody else, and mentions the person in a text"
	}
	return "only a text in it mentions the person"
}
