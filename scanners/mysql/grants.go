package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A grant is one line of SHOW GRANTS.
type grant struct {
	revoke        bool   // MySQL's partial revokes take from what is granted on *.*
	schema, table string // schema is a pattern where table is empty; both empty: *.*
	whole         []string
	columns       []string // privileges on single columns only
}

// grants holds what the account was granted, with the roles that are active;
// nil: it can't be told.
type grants []grant

// grants asks the server. Without FOR the active roles are part of the answer.
func (s *source) grants(ctx context.Context) (grants, error) {
	var all grants
	err := s.retry(ctx, func(ctx context.Context) error {
		all = nil
		_, err := s.query(ctx, "SHOW GRANTS", func(c []sql.RawBytes) error {
			if g, ok := parseGrant(string(c[0])); ok {
				all = append(all, g)
			}
			return nil
		})
		return err
	})
	return all, err
}

// parseGrant takes a line of SHOW GRANTS apart; it reports false for roles,
// single routines and proxies.
func parseGrant(line string) (grant, bool) {
	var g grant
	verb, rest, _ := strings.Cut(line, " ")
	to := " TO "
	switch verb {
	case "GRANT":
	case "REVOKE":
		g.revoke, to = true, " FROM "
	default:
		return g, false
	}
	privileges, rest, ok := cutUnquoted(rest, " ON ")
	on, _, ok2 := cutUnquoted(rest, to)
	if !ok || !ok2 {
		return g, false
	}
	schema, table, ok := cutUnquoted(on, ".")
	if !ok {
		return g, false
	}
	if schema != "*" {
		if g.schema, ok = unquote(schema); !ok {
			return g, false
		}
	}
	if table != "*" {
		if g.table, ok = unquote(table); !ok {
			return g, false
		}
	}
	for more := true; more; {
		var p string
		p, privileges, more = cutUnquoted(privileges, ",")
		p, _, columns := strings.Cut(p, "(")
		p = strings.ToUpper(strings.TrimSpace(p))
		if columns {
			g.columns = append(g.columns, p)
		} else {
			g.whole = append(g.whole, p)
		}
	}
	return g, true
}

// cutUnquoted is strings.Cut outside of backticks and brackets.
func cutUnquoted(s, sep string) (before, after string, found bool) {
	quoted, depth := false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case !quoted && depth == 0 && strings.HasPrefix(s[i:], sep):
			return s[:i], s[i+len(sep):], true
		case c == '`':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	return s, "", false
}

func unquote(name string) (string, bool) {
	if len(name) < 3 || name[0] != '`' || name[len(name)-1] != '`' {
		return "", false
	}
	return strings.ReplaceAll(name[1:len(name)-1], "``", "`"), true
}

// like reports whether the schema matches the pattern of a grant: % and _ are
// wild unless a backslash stands before them.
func like(pattern, name string) bool {
	// Where the last % is, and how far of name it has taken.
	star, taken := -1, 0
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, taken = p, n
			p++
			continue
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == name[n]:
			p, n = p+2, n+1
			continue
		case p < len(pattern) && pattern[p] == '_':
			p++
			// One character, which is several bytes where it is not ASCII.
			for n++; n < len(name) && name[n]&0xc0 == 0x80; n++ {
			}
			continue
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
			continue
		}
		if star < 0 {
			return false
		}
		taken++
		p, n = star+1, taken
	}
	return strings.Trim(pattern[p:], "%") == ""
}

func contains(privileges []string, p string) bool {
	return slices.Contains(privileges, p) || slices.Contains(privileges, "ALL PRIVILEGES") || slices.Contains(privileges, "ALL")
}

// on reports whether the account has one of the privileges on the whole of the
// table, of the schema where table is empty, of the server where both are.
func (gs grants) on(schema, table string, privileges ...string) bool {
	for _, p := range privileges {
		revoked := slices.ContainsFunc(gs, func(g grant) bool {
			return g.revoke && g.schema == schema && contains(g.whole, p)
		})
		for _, g := range gs {
			switch {
			case g.revoke || !contains(g.whole, p):
			case g.schema == "":
				if !revoked {
					return true
				}
			case g.table == "":
				if schema != "" && like(g.schema, schema) {
					return true
				}
			case table != "" && g.schema == schema && g.table == table:
				return true
			}
		}
	}
	return false
}

// columnsOnly reports whether the account may select single columns of the
// table and not all.
func (gs grants) columnsOnly(schema, table string) bool {
	return !gs.on(schema, table, "SELECT") && slices.ContainsFunc(gs, func(g grant) bool {
		return g.schema == schema && g.table == table && contains(g.columns, "SELECT")
	})
}

// routines reports whether the account sees that the routines of the schema
// exist.
func (gs grants) routines(schema string) bool {
	return gs.on(schema, "", "EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW CREATE ROUTINE") ||
		gs.on("", "", "SELECT", "SHOW_ROUTINE") || gs.on("mysql", "proc", "SELECT")
}

// unlisted is the gap of an account that sees no schema at all, or not those
// that the configuration names. An account that was given some schemas is there
// for those: what it can't see is a line of Check.
func (s *source) unlisted(gs grants, schemas []string) *scanners.Gap {
	if gs == nil || s.set.schema != "" || gs.on("", "", "SELECT", "SHOW DATABASES", "SHOW VIEW", "TRIGGER", "EVENT") {
		return nil
	}
	if len(s.set.Schemas.Include) == 0 && slices.ContainsFunc(schemas, func(n string) bool { return !system(n) && n != "mysql" && n != "test" }) {
		return nil
	}
	seen := func(pattern string) bool { return slices.Contains(schemas, pattern) }
	if in := s.set.Schemas.Include; len(in) > 0 && !slices.ContainsFunc(in, func(p string) bool { return !seen(p) }) {
		return nil
	}
	return &scanners.Gap{
		URI: s.base, Place: "schemas", Reason: scanners.Denied,
		Detail: "without SELECT or SHOW DATABASES on *.*, schemas on which the account has no right are not listed",
	}
}

// hidden is the gap of things in a schema that the account may not even see;
// nil where there can be none. Views without SHOW VIEW and routines whose text
// is hidden are listed, and are gaps of their own.
func (s *source) hidden(gs grants, schema string, tables []listed) *scanners.Gap {
	if gs == nil {
		return nil
	}
	var without, what []string
	add := func(privilege, things string) {
		without, what = append(without, privilege), append(what, things)
	}
	if !gs.on(schema, "", "SELECT") {
		add("SELECT", "tables")
	}
	if slices.ContainsFunc(tables, func(l listed) bool { return !l.view() && !gs.on(schema, l.name, "TRIGGER") }) {
		add("TRIGGER", "triggers")
	}
	if !gs.on(schema, "", "EVENT") {
		add("EVENT", "events")
	}
	if !gs.routines(schema) {
		add("EXECUTE", "routines")
	}
	if without == nil {
		return nil
	}
	return &scanners.Gap{
		URI: s.base + scanners.EscapeSegment(schema) + "/", Place: schema, Reason: scanners.Denied,
		Detail: "without " + strings.Join(without, ", ") + " on " + ident(schema) + ".*, " +
			strings.Join(what, ", ") + " that the account may not see are not listed",
	}
}
