package document

import (
	"slices"
	"strings"
)

// A sqliteDef is what a CREATE TABLE statement says about the records of a
// table (https://www.sqlite.org/lang_createtable.html).
type sqliteDef struct {
	columns []sqliteColumn
	stored  []sqliteColumn // in the order in which records hold them
	key     []string       // of the primary key
	without bool           // rowid
	alias   int            // place in a record of the column that is the rowid; -1: there is none
}

type sqliteColumn struct {
	name    string
	typ     string // in lower case, as far as its first bracket
	virtual bool   // computed, and not stored
}

// numbered reports whether rows are named by their rowid.
func (d *sqliteDef) numbered() bool { return len(d.key) == 0 && !d.without }

// rowid returns a name for the rowid that no column has.
func (d *sqliteDef) rowid() string {
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if d.index(name) < 0 {
			return name
		}
	}
	return "rowid" // it can't be named in SQL either
}

func (d *sqliteDef) index(name string) int {
	return slices.IndexFunc(d.columns, func(c sqliteColumn) bool { return strings.EqualFold(c.name, name) })
}

// sqliteCreate takes in a CREATE TABLE statement. It is the zero value but for
// alias, where it is not understood.
func sqliteCreate(sql string) sqliteDef {
	d := sqliteDef{alias: -1}
	s := &sqliteScanner{b: sql}
	for t := s.next(); t.kind != '('; t = s.next() {
		if t.kind == 0 || t.is("using", "as") {
			return d
		}
	}
	alias, t := "", sqlToken{kind: ','}
	for t.kind == ',' && len(d.columns) <= dumpMaxCells {
		t = s.next()
		if t.kind == 'w' && t.is("constraint", "primary", "unique", "check", "foreign") {
			var cols []string
			if cols, t = s.tableKey(t); cols != nil {
				d.key = cols
				if i := d.index(cols[0]); len(cols) == 1 && i >= 0 && d.columns[i].typ == "integer" {
					alias = d.columns[i].name
				}
			}
			continue
		}
		if !t.name() && t.kind != 's' {
			break
		}
		c := sqliteColumn{name: t.text}
		var primary, desc bool
		primary, desc, t = s.column(&c)
		d.columns = append(d.columns, c)
		if primary {
			d.key = []string{c.name}
			if c.typ == "integer" && !desc {
				alias = c.name
			}
		}
	}
	if t.kind != ')' {
		return sqliteDef{alias: -1}
	}
	for t = s.next(); t.kind != 0; t = s.next() {
		d.without = d.without || t.is("without")
	}
	if d.without {
		// The key comes first (file format, section 2.4.1).
		alias = ""
		for _, k := range d.key {
			i := d.index(k)
			if i >= 0 && !slices.ContainsFunc(d.stored, func(c sqliteColumn) bool { return strings.EqualFold(c.name, k) }) {
				d.stored = append(d.stored, d.columns[i])
			}
		}
	}
	for _, c := range d.columns {
		if !c.virtual && !slices.Contains(d.stored, c) {
			d.stored = append(d.stored, c)
		}
	}
	if alias != "" {
		d.alias = slices.IndexFunc(d.stored, func(c sqliteColumn) bool { return c.name == alias })
	}
	return d
}

// column reads the definition of a column behind its name, up to the "," or ")"
// behind it.
func (s *sqliteScanner) column(c *sqliteColumn) (primary, desc bool, t sqlToken) {
	depth, typed := 0, true
	var typ []string
	var last sqlToken
	for t = s.next(); t.kind != 0; t = s.next() {
		switch {
		case t.kind == '(':
			if depth == 0 {
				typed = false
				c.virtual = c.virtual || last.is("as")
			}
			depth++
		case depth == 0 && (t.kind == ')' || t.kind == ','):
			c.typ = strings.ToLower(strings.Join(typ, " "))
			return primary, desc, t
		case t.kind == ')':
			depth--
		case depth > 0:
		case t.is("constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as"):
			typed = false
		case t.is("key") && last.is("primary"):
			primary = true
		case t.is("desc") && last.is("key"):
			desc = true
		case t.is("stored"):
			c.virtual = false
		case typed && (t.name() || t.kind == 's'):
			typ = append(typ, t.text)
		}
		last = t
	}
	return primary, desc, t
}

// tableKey reads a constraint of a table, up to the "," or ")" behind it. It
// returns the columns of a primary key.
func (s *sqliteScanner) tableKey(t sqlToken) (cols []string, next sqlToken) {
	if t.is("constraint") {
		s.next()
		t = s.next()
	}
	primary, depth, first := t.is("primary"), 0, false
	for t = s.next(); t.kind != 0; t = s.next() {
		switch {
		case t.kind == '(':
			depth++
			first = depth == 1
			continue
		case depth == 0 && (t.kind == ')' || t.kind == ','):
			return cols, t
		case t.kind == ')':
			depth--
		case t.kind == ',' && depth == 1:
			first = true
			continue
		case primary && depth == 1 && first && (t.name() || t.kind == 's'):
			cols = append(cols, t.text)
		}
		first = false
	}
	return cols, t
}

// A sqliteScanner splits a statement into tokens
// (https://www.sqlite.org/lang_keywords.html, lang_comment.html).
type sqliteScanner struct {
	b string
	i int
}

func (s *sqliteScanner) next() sqlToken {
	for s.i < len(s.b) {
		c, rest := s.b[s.i], s.b[s.i:]
		switch {
		case dumpSpace(c):
			s.i++
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest) - 1
			}
			s.i += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				n = len(rest) - 4
			}
			s.i = min(s.i+n+4, len(s.b))
		case c == '[':
			text, _, _ := strings.Cut(rest[1:], "]")
			s.i = min(s.i+len(text)+2, len(s.b))
			return sqlToken{'q', text}
		case c == '"' || c == '`' || c == '\'':
			text := s.quoted(c)
			if c == '\'' {
				return sqlToken{'s', text}
			}
			return sqlToken{'q', text}
		case dumpWordByte(c):
			n := 1
			for n < len(rest) && dumpWordByte(rest[n]) {
				n++
			}
			s.i += n
			return sqlToken{'w', rest[:n]}
		default:
			s.i++
			return sqlToken{kind: c}
		}
	}
	return sqlToken{}
}

// quoted reads a string or a quoted name, whose quote is doubled within it.
func (s *sqliteScanner) quoted(q byte) string {
	var text []byte
	for s.i++; s.i < len(s.b); s.i++ {
		if s.b[s.i] == q {
			if s.i++; s.i >= len(s.b) || s.b[s.i] != q {
				break
			}
		}
		text = append(text, s.b[s.i])
	}
	return string(text)
}
