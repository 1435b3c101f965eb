package mysql

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
)

// onlyWayIn reports whether a view or a MERGE table shows rows of a table that
// the account may not read itself. The rows of others are those of tables that
// are read, and would count twice.
func (s *source) onlyWayIn(ctx context.Context, gs grants, schema, name string) bool {
	if gs == nil || gs.on("", "", "SELECT") {
		return false
	}
	body := ""
	err := s.one(ctx, "SHOW CREATE TABLE "+ident(schema)+"."+ident(name), func(c []sql.RawBytes) {
		if len(c) > 1 {
			body = string(c[1])
		}
	})
	if err != nil || body == "" {
		// Without the right to see it, it can't be told what it stands on.
		return !gs.on(schema, "", "SELECT")
	}
	for _, on := range standsOn(schema, body) {
		if !gs.on(on[0], on[1], "SELECT") && !gs.columnsOnly(on[0], on[1]) {
			return true
		}
	}
	return false
}

const quotedName = "`((?:[^`]|``)+)`"

var (
	// A server writes the text of a view in a form of its own: each table with
	// its schema, behind FROM or JOIN.
	viewTable = regexp.MustCompile(`(?i)\b(?:from|join)[\s(]+` + quotedName + `\.` + quotedName)
	unionList = regexp.MustCompile(`(?i)\bUNION=\(([^)]*)\)`)
	unionName = regexp.MustCompile(`(?:` + quotedName + `\.)?` + quotedName)
)

// standsOn returns schema and name of the tables that the definition of a view
// or MERGE table names.
func standsOn(schema, body string) [][2]string {
	var all [][2]string
	plain := func(name string) string { return strings.ReplaceAll(name, "``", "`") }
	for _, m := range viewTable.FindAllStringSubmatch(body, -1) {
		all = append(all, [2]string{plain(m[1]), plain(m[2])})
	}
	if u := unionList.FindAllStringSubmatch(body, -1); len(u) > 0 && len(all) == 0 {
		// The last: a comment may look like one.
		for _, m := range unionName.FindAllStringSubmatch(u[len(u)-1][1], -1) {
			if m[1] == "" {
				m[1] = schema
			}
			all = append(all, [2]string{plain(m[1]), plain(m[2])})
		}
	}
	return all
}
