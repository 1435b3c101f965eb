package engine

import (
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// cascades are the tables of a scope of which rows go with those of another, by
// that other: those that refer to it and say so.
type cascades map[string][]string

// cascadesOf returns what the foreign keys of a database set off.
func cascadesOf(relations []scanners.Relation) cascades {
	c := cascades{}
	for _, r := range relations {
		if r.OnDelete == "CASCADE" && !slices.Contains(c[r.RefTable], r.Table) {
			c[r.RefTable] = append(c[r.RefTable], r.Table)
		}
	}
	return c
}

// from returns the tables of which rows go with a row of a table, over others
// too, in the order of their names.
func (c cascades) from(table string) []string {
	var out []string
	left := []string{table}
	for len(left) > 0 {
		for _, t := range c[left[0]] {
			if !slices.Contains(out, t) {
				out = append(out, t)
				left = append(left, t)
			}
		}
		left = left[1:]
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

// cascade returns the tables of which rows go with the row that a record is.
func (rec *record) cascade() []string {
	l := rec.unit.run.linker
	if l == nil || !rec.isRow || rec.block == nil || rec.ref.URI != rec.top {
		return nil
	}
	l.mu.Lock()
	c := l.cascades[liveOf(rec.unit.source.Info.Name)]
	l.mu.Unlock()
	if len(c) == 0 {
		return nil
	}
	return c.from(rec.block.Table.Name)
}
