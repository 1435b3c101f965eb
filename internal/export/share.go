package export

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// A share is what of a row is the person's.
type share struct {
	own map[string]bool // columns that the report says hold data of theirs
	// besides says of each column that it is not about the person, in a row that
	// only mentions them; nil where the row is about them.
	besides []bool
}

// whole reports whether a cell is data of the person's as it is: the value of a
// column of theirs, and no text in which others may stand, too.
func (s *share) whole(column string, cell []byte) bool {
	markup := len(cell) > 0 && cell[0] == '<'
	return s != nil && s.own[column] && !engine.ProseColumn(column) && !structured(cell) && !markup && !engine.HasWords(cell, engine.ProseWords)
}

// left reports whether a cell is not copied, since it is not about the person.
func (s *share) left(column int) bool { return s != nil && s.besides != nil && s.besides[column] }

// A standing is where in a record the person stands.
type standing struct {
	field string
	own   bool // by an identifier that nobody else has
}

// standings returns where the person stands in a record that may be about somebody
// else: one that nothing but what stands in it ties to them.
func standings(f *inventory.Finding) []standing {
	if f.Relation != "mentioned" && f.Relation != "owner" || len(f.Evidence) > 0 {
		return nil
	}
	var out []standing
	for _, m := range f.Matches {
		if s := (standing{m.Field, subject.Type(m.Type).Own()}); m.Field != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// besides returns the columns of a row that are not about the person, where the
// row only mentions them: the report says so, or all of what tells that it is the
// person stands in running text. It returns nil where the row is about them. none says
// that no cell can be told in which they are mentioned.
func (x *exporter) besides(c *chosen, b *scanners.Block, row int) (besides []bool, none bool) {
	if len(c.stands) == 0 || x.Include[c.item.Finding] {
		return nil, false
	}
	text := func(col int) bool {
		cell, _ := b.Cell(row, col)
		return !structured(cell) && (engine.HasWords(cell, engine.ProseWords) || engine.ProseColumn(b.Table.Columns[col]) && engine.HasWords(cell, 1))
	}
	strong := slices.ContainsFunc(c.stands, func(s standing) bool { return s.own })
	besides = make([]bool, len(b.Table.Columns))
	for i := range besides {
		besides[i] = true
	}
	prose, found := true, 0
	for _, s := range c.stands {
		for _, col := range columnsOf(b.Table, s.field) {
			if cell, null := b.Cell(row, col); null || len(cell) == 0 {
				continue
			}
			besides[col] = false
			found++
			if s.own || !strong {
				prose = prose && text(col)
			}
		}
	}
	if !(c.item.Relation == "mentioned" && c.item.Confidence == "certain") && (found == 0 || !prose) {
		return nil, false
	}
	if x.Own != nil {
		for col := range besides {
			if cell, null := b.Cell(row, col); !null && besides[col] && len(x.Own.Find(nil, cell)) > 0 {
				besides[col] = false
				found++
			}
		}
	}
	return besides, found == 0
}

// columnsOf returns the columns that a match's field names: one, several of a name
// that goes over them, or the one that holds what a path leads to.
func columnsOf(t *scanners.Table, field string) []int {
	if k := slices.Index(t.Columns, field); k >= 0 {
		return []int{k}
	}
	var out []int
	for k, name := range t.Columns {
		if name != "" && (strings.HasPrefix(field, name+".") || strings.HasPrefix(field, name+"+") || strings.HasSuffix(field, "+"+name)) {
			out = append(out, k)
		}
	}
	return out
}

// serial is how values start that PHP has written.
var serial = regexp.MustCompile(`^(?:[aOC]:\d+:|[sS]:\d+:")`)

// structured reports whether a cell holds several values: JSON, or what PHP writes.
func structured(cell []byte) bool {
	return len(cell) > 0 && (cell[0] == '{' || cell[0] == '[' || serial.Match(cell[:min(len(cell), 32)]))
}
