package document

import (
	"bytes"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// dumpMaxDefs bounds what is remembered of CREATE TABLE statements, in bytes;
// the oldest are forgotten first, since rows follow their table closely.
const dumpMaxDefs = 8 << 20

type dumpTableName struct{ schema, table string }

// dumpColumn is one column of a CREATE TABLE statement.
type dumpColumn struct {
	name      string
	typ       string
	notNull   bool
	generated bool // its value is computed and not written by INSERT
}

// dumpDef is what a CREATE TABLE statement says about rows. It is not changed
// once it is known.
type dumpDef struct {
	columns []dumpColumn
	key     []string // names of the columns that name a row
	primary bool     // key is the primary key
	foreign []dumpForeign
	size    int
}

// dumpForeign is a foreign key of one or more columns.
type dumpForeign struct {
	columns []string
	table   dumpTableName
	refs    []string // columns of table; none: those of its primary key
}

func (t *dumpDef) index(name string) int {
	return slices.IndexFunc(t.columns, func(c dumpColumn) bool { return strings.EqualFold(c.name, name) })
}

// stored returns the columns that INSERT gives values to.
func (t *dumpDef) stored() []dumpColumn {
	var cols []dumpColumn
	for _, c := range t.columns {
		if !c.generated {
			cols = append(cols, c)
		}
	}
	return cols
}

// keyOf returns the indexes of the key's columns among columns, nil where one
// is missing.
func (t *dumpDef) keyOf(columns []string) []int {
	var key []int
	for _, name := range t.key {
		i := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, name) })
		if i < 0 {
			return nil
		}
		key = append(key, i)
	}
	return key
}

// dumpSession is the state that the statements of a dump set for those after
// them.
type dumpSession struct {
	schema    string
	postgres  bool // written by pg_dump
	backslash bool // is an escape in strings
	charset   string
	dumpCharset
	defs  map[dumpTableName]*dumpDef
	order []dumpTableName // of defs
	size  int             // of defs
	last  dumpInsert      // whose rows were read last
	vars  map[string]string

	maxDefs int  // bounds size
	related bool // foreign keys were declared since they were yielded last
}

func newDumpSession() dumpSession {
	return dumpSession{maxDefs: dumpMaxDefs, backslash: true, defs: map[dumpTableName]*dumpDef{}, vars: map[string]string{}}
}

// define remembers a table.
func (s *dumpSession) define(name dumpTableName, def *dumpDef) {
	def.size = 200 + len(name.schema) + len(name.table)
	for _, c := range def.columns {
		def.size += 60 + len(c.name) + len(c.typ)
	}
	def.size += 200 * len(def.foreign)
	if old := s.defs[name]; old != nil {
		s.size -= old.size
	} else {
		s.order = append(s.order, name)
	}
	s.defs[name] = def
	for s.size += def.size; s.size > s.maxDefs && len(s.order) > 1; {
		s.size -= s.defs[s.order[0]].size
		delete(s.defs, s.order[0])
		s.order = s.order[1:]
	}
}

// relations returns the foreign keys that are known.
func (s *dumpSession) relations() (out []scanners.Relation) {
	full := func(n dumpTableName) string {
		if n.schema == "" {
			return n.table
		}
		return n.schema + "." + n.table
	}
	for _, name := range s.order {
		for _, f := range s.defs[name].foreign {
			refs := f.refs
			if other := s.defs[f.table]; len(refs) == 0 && other != nil && other.primary {
				refs = other.key
			}
			if len(refs) != len(f.columns) {
				continue
			}
			rel := scanners.Relation{Table: full(name), Column: f.columns[0], RefTable: full(f.table), RefColumn: refs[0]}
			for i, c := range f.columns[1:] {
				rel.With = append(rel.With, scanners.ColumnPair{Column: c, RefColumn: refs[i+1]})
			}
			out = append(out, rel)
		}
	}
	s.related = false
	return out
}

// sqlToken is a word, quoted name, string or punctuation mark.
type sqlToken struct {
	kind byte // 'w' a word or number, 'q' a quoted name, 's' a string, 0 the end, else the mark itself
	text string
}

// is reports whether the token is one of the given words, in lower case.
func (t sqlToken) is(words ...string) bool {
	return t.kind == 'w' && slices.Contains(words, strings.ToLower(t.text))
}

// name reports whether the token can be a name.
func (t sqlToken) name() bool { return t.kind == 'q' || t.kind == 'w' }

// sqlScanner splits a statement into tokens. Comments are white space, and so
// are the marks of executable ones.
type sqlScanner struct {
	b         []byte
	i         int
	start     int // of the last token
	backslash bool
	hash      bool // begins a comment
	cut       bool // b may go on behind its end

	foreign []dumpForeign // keys that tableKey and column came across
}

func (s *sqlScanner) next() sqlToken {
	b := s.b
	for s.i < len(b) {
		c := b[s.i]
		rest := b[s.i:]
		s.start = s.i
		switch {
		case dumpSpace(c):
			s.i++
		case bytes.HasPrefix(rest, []byte("--")) && (len(rest) == 2 || rest[2] <= ' '), c == '#' && s.hash:
			n := bytes.IndexByte(rest, '\n')
			if n < 0 {
				s.i = len(b)
				return sqlToken{}
			}
			s.i += n + 1
		case bytes.HasPrefix(rest, []byte("*/")):
			s.i += 2
		case bytes.HasPrefix(rest, []byte("/*!")), bytes.HasPrefix(rest, []byte("/*M!")):
			s.i += bytes.IndexByte(rest, '!') + 1
			for s.i < len(b) && '0' <= b[s.i] && b[s.i] <= '9' {
				s.i++
			}
		case bytes.HasPrefix(rest, []byte("/*")):
			n := bytes.Index(rest, []byte("*/"))
			if n < 0 {
				s.i = len(b)
				return sqlToken{}
			}
			s.i += n + 2
		case c == '[' && len(rest) > 1 && (rest[1] == '_' || 'a' <= rest[1]|0x20 && rest[1]|0x20 <= 'z') && bytes.IndexByte(rest[:min(len(rest), 200)], ']') > 0:
			// As SQL Server and Access quote names; an index of an array has digits.
			n := bytes.IndexByte(rest, ']')
			s.i += n + 1
			return sqlToken{'q', string(rest[1:n])}
		case c == '`' || c == '"' || c == '\'':
			text, n := sqlQuoted(rest, c, s.backslash && c != '`')
			if n == 0 || s.cut && n == len(rest) {
				s.i = len(b)
				return sqlToken{}
			}
			s.i += n
			if c == '\'' {
				return sqlToken{'s', text}
			}
			return sqlToken{'q', text}
		case dumpWordByte(c) || c == '@':
			n := 1
			for n < len(rest) && (dumpWordByte(rest[n]) || rest[n] == '@') {
				n++
			}
			if s.cut && n == len(rest) {
				s.i = len(b)
				return sqlToken{}
			}
			s.i += n
			return sqlToken{'w', string(rest[:n])}
		default:
			s.i++
			return sqlToken{kind: c}
		}
	}
	s.start = len(b)
	return sqlToken{}
}

// sqlQuoted returns the content of the quoted name or string that b begins
// with, and its length in b; 0: it does not end.
func sqlQuoted(b []byte, q byte, backslash bool) (string, int) {
	var s []byte
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\' && backslash && i+1 < len(b):
			i++
			s = sqlUnescape(s, b[i])
		case b[i] != q:
			s = append(s, b[i])
		case i+1 < len(b) && b[i+1] == q:
			s = append(s, q)
			i++
		default:
			return string(s), i + 1
		}
	}
	return "", 0
}

// qualified reads "schema"."table" or "table" behind the first token of it. Of
// three names ("database"."schema"."table") the last two count.
func (s *sqlScanner) qualified(t sqlToken) (schema, table string, next sqlToken) {
	table = t.text
	for {
		next = s.next()
		if next.kind != '.' {
			return schema, table, next
		}
		n := s.next()
		if !n.name() {
			return schema, table, n
		}
		schema, table = table, n.text
	}
}

// parseHead reads the head of an INSERT, REPLACE or COPY statement that b
// begins with, up to the "(" of its first row or the end of COPY's line. It is
// dumpBad for those without rows, such as INSERT ... SELECT.
func (d *dumpReader) parseHead(b []byte, done bool) (h dumpInsert, n int, st dumpStatus) {
	s := &sqlScanner{b: b[:min(len(b), dumpMaxHead)], backslash: d.backslash, hash: !d.postgres, cut: !done}
	bad := func(t sqlToken) (dumpInsert, int, dumpStatus) {
		if t.kind == 0 {
			return h, 0, dumpIncomplete
		}
		return h, 0, dumpBad
	}
	h.copy = s.next().is("copy")
	t := s.next()
	for !h.copy && t.is("low_priority", "delayed", "high_priority", "ignore", "into", "or", "replace", "rollback", "abort", "fail") {
		t = s.next()
	}
	if !t.name() {
		return bad(t)
	}
	h.schema, h.table, t = s.qualified(t)
	if t.is("partition") {
		for t.kind != ')' && t.kind != 0 {
			t = s.next()
		}
		t = s.next()
	}
	if t.kind == '(' {
		for {
			t = s.next()
			// Without columns the statement holds no values.
			if !t.name() || len(h.columns) >= dumpMaxCells {
				return bad(t)
			}
			col := t.text
			for t = s.next(); t.kind == '.'; t = s.next() {
				if t = s.next(); !t.name() {
					return bad(t)
				}
				col = t.text
			}
			h.columns = append(h.columns, col)
			if t.kind == ')' {
				break
			}
			if t.kind != ',' {
				return bad(t)
			}
		}
		t = s.next()
	}
	if h.copy {
		if !t.is("from") {
			return bad(t)
		}
		if t = s.next(); !t.is("stdin") {
			return bad(t)
		}
		if t = s.next(); t.kind != ';' {
			return bad(t)
		}
		for s.i < len(s.b) && s.b[s.i] != '\n' {
			if !dumpSpace(s.b[s.i]) {
				return h, 0, dumpBad
			}
			s.i++
		}
		if s.i == len(s.b) {
			return h, 0, dumpIncomplete
		}
		return h, s.i + 1, dumpOK
	}
	if t.is("overriding") {
		s.next()
		s.next()
		t = s.next()
	}
	if !t.is("values", "value") {
		return bad(t)
	}
	if t = s.next(); t.kind != '(' {
		return bad(t)
	}
	return h, s.start, dumpOK
}

// interpret takes in what a statement that is no INSERT says about the rows
// that follow.
func (d *dumpReader) interpret(stmt []byte) {
	s := &sqlScanner{b: stmt, backslash: d.backslash, hash: !d.postgres}
	switch t := s.next(); {
	case t.is("use"):
		if t = s.next(); t.name() {
			d.schema = t.text
		}
	case t.is("create"):
		t = s.next()
		if t.is("database", "schema") {
			t = s.ifNotExists(s.next())
			// mysqldump and phpMyAdmin go on with USE.
			if t.name() && d.schema == "" && !d.postgres {
				d.schema = t.text
			}
			return
		}
		for t.is("temporary", "unlogged", "global", "local", "or", "replace") {
			t = s.next()
		}
		if t.is("table") {
			d.createTable(s)
		}
	case t.is("alter"):
		if s.next().is("table") {
			d.alterTable(s)
		}
	case t.is("set"):
		d.set(s)
	}
}

// ifNotExists steps over IF NOT EXISTS.
func (s *sqlScanner) ifNotExists(t sqlToken) sqlToken {
	for t.is("if", "not", "exists") {
		t = s.next()
	}
	return t
}

func (d *dumpReader) tableName(schema, table string) dumpTableName {
	if schema == "" {
		schema = d.schema
	}
	return dumpTableName{schema, table}
}

// createTable takes in the columns and the key of CREATE TABLE, from behind
// that word on.
func (d *dumpReader) createTable(s *sqlScanner) {
	t := s.ifNotExists(s.next())
	if !t.name() {
		return
	}
	schema, table, t := s.qualified(t)
	if t.kind != '(' {
		return
	}
	def := &dumpDef{}
	var unique [][]string
	for t.kind != ')' && t.kind != 0 && len(def.columns) <= dumpMaxCells {
		t = s.next()
		if t.is("primary", "key", "index", "unique", "fulltext", "spatial", "constraint", "foreign", "check", "exclude", "like", "period") {
			var cols []string
			var kind string
			cols, kind, t = s.tableKey(t)
			switch {
			case len(cols) == 0:
			case kind == "primary":
				def.key, def.primary = cols, true
			case kind == "unique":
				unique = append(unique, cols)
			}
			continue
		}
		if !t.name() {
			return
		}
		c := dumpColumn{name: t.text}
		var kind string
		kind, t = s.column(&c)
		def.columns = append(def.columns, c)
		switch kind {
		case "primary":
			def.key, def.primary = []string{c.name}, true
		case "unique":
			unique = append(unique, []string{c.name})
		}
	}
	if t.kind != ')' {
		return
	}
	if !def.primary {
		def.key = def.uniqueKey(unique)
	}
	name := d.tableName(schema, table)
	d.refer(s, def, name.schema)
	d.define(name, def)
}

// uniqueKey returns the first of keys whose columns can't be NULL.
func (t *dumpDef) uniqueKey(keys [][]string) []string {
	for _, key := range keys {
		if !slices.ContainsFunc(key, func(name string) bool {
			i := t.index(name)
			return i < 0 || !t.columns[i].notNull
		}) {
			return key
		}
	}
	return nil
}

// column reads the definition of a column behind its name: the type and what
// is said about it. It returns "primary" or "unique" for a key, and the "," or
// ")" behind the definition.
func (s *sqlScanner) column(c *dumpColumn) (key string, t sqlToken) {
	t = s.next()
	if t.name() {
		c.typ = strings.ToLower(t.text)
		t = s.next()
	}
	depth := 0
	var last, before sqlToken
	for ; t.kind != 0; t = s.next() {
		switch {
		case t.kind == '(':
			// GENERATED ALWAYS AS (...), or AS (...) of MariaDB.
			if depth == 0 && last.is("as") {
				c.generated = true
			}
			depth++
		case t.kind == ')' && depth == 0, t.kind == ',' && depth == 0:
			return key, t
		case t.kind == ')':
			depth--
		case depth > 0:
		case t.is("references"):
			if f, ok := s.references(); ok {
				f.columns = []string{c.name}
				s.foreign = append(s.foreign, f)
			}
		case t.is("null") && last.is("not"):
			c.notNull = true
		case t.is("key") && last.is("primary"):
			key, c.notNull = "primary", true
		case t.is("unique") && key == "":
			key = "unique"
		case t.is("start", "end") && last.is("row") && before.is("as"):
			c.generated = true
		}
		before, last = last, t
	}
	return key, t
}

// references reads the table and the columns that a foreign key refers to, from
// behind that word on.
func (s *sqlScanner) references() (f dumpForeign, ok bool) {
	t := s.next()
	if !t.name() {
		return f, false
	}
	end := 0
	f.table.table = t.text
	for end = s.i; ; end = s.i {
		if t = s.next(); t.kind != '.' {
			break
		}
		if t = s.next(); !t.name() {
			return f, false
		}
		f.table.schema, f.table.table = f.table.table, t.text
	}
	if t.kind != '(' {
		s.i = end
		return f, true
	}
	for t = s.next(); t.kind != ')'; t = s.next() {
		switch {
		case t.name() && len(f.refs) < dumpMaxCells:
			f.refs = append(f.refs, t.text)
		case t.kind != ',':
			return f, false
		}
	}
	return f, true
}

// refer makes the foreign keys that were come across those of a table.
func (d *dumpReader) refer(s *sqlScanner, def *dumpDef, schema string) {
	for _, f := range s.foreign {
		if f.table.schema == "" {
			f.table.schema = schema
		}
		if len(f.columns) > 0 && len(def.foreign) < 1000 {
			def.foreign = append(def.foreign[:len(def.foreign):len(def.foreign)], f)
		}
	}
	d.related = d.related || len(s.foreign) > 0
}

// tableKey reads a definition of a key whose first word is t. It returns the
// columns, "primary", "unique" or "", and the "," or ")" behind it. A key on
// expressions has no columns.
func (s *sqlScanner) tableKey(t sqlToken) (cols []string, kind string, next sqlToken) {
	if t.is("constraint") {
		t = s.next()
		if !t.is("primary", "unique", "foreign", "check") {
			t = s.next()
		}
	}
	switch {
	case t.is("primary"):
		kind = "primary"
	case t.is("unique"):
		kind = "unique"
	}
	depth, first, listed, plain := 0, false, false, true
	for t = s.next(); t.kind != 0; t = s.next() {
		switch {
		case t.kind == '(':
			if depth++; depth == 1 && !listed {
				first = true
				continue
			}
			if depth == 2 && first {
				plain = false
			}
		case t.is("references") && depth == 0:
			if f, ok := s.references(); ok && plain {
				f.columns = cols
				s.foreign = append(s.foreign, f)
			}
		case t.kind == ')' && depth == 0, t.kind == ',' && depth == 0:
			if !plain {
				cols = nil
			}
			return cols, kind, t
		case t.kind == ')':
			if depth--; depth == 0 {
				listed = true
			}
		case t.kind == ',' && depth == 1:
			first = true
			continue
		case depth == 1 && first && !listed && t.name():
			cols = append(cols, t.text)
		}
		first = false
	}
	if !plain || !listed {
		cols = nil
	}
	return cols, kind, t
}

// alterTable takes in ADD PRIMARY KEY and ADD UNIQUE, from behind ALTER TABLE
// on, for rows that follow.
func (d *dumpReader) alterTable(s *sqlScanner) {
	t := s.next()
	for t.is("only", "if", "exists", "ignore") {
		t = s.next()
	}
	if !t.name() {
		return
	}
	schema, table, t := s.qualified(t)
	name := d.tableName(schema, table)
	old := d.defs[name]
	if old == nil {
		return
	}
	def := *old
	for t.kind != 0 {
		if t.is("add") {
			t = s.next()
			if t.is("primary", "unique", "constraint", "foreign") {
				cols, kind, next := s.tableKey(t)
				switch {
				case len(cols) == 0:
				case kind == "primary":
					def.key, def.primary = cols, true
				case kind == "unique" && len(def.key) == 0:
					def.key = def.uniqueKey([][]string{cols})
				}
				t = next
				continue
			}
		}
		t = s.next()
	}
	d.refer(s, &def, name.schema)
	if len(def.key) != len(old.key) || len(def.foreign) != len(old.foreign) {
		d.define(name, &def)
	}
}

// set takes in SET: the character set, the mode that gives a backslash its
// meaning, and PostgreSQL's schema. Variables that keep a value for later
// ("SET @old = @@sql_mode") are followed.
func (d *dumpReader) set(s *sqlScanner) {
	t := s.next()
	for t.kind != 0 {
		name := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(t.text, "@@"), "session."))
		switch {
		case t.is("session", "global", "local"):
			t = s.next()
			continue
		case t.is("names"):
			d.setCharset(s.next().text)
		case t.is("character"), t.is("charset"):
			if t.is("character") {
				s.next()
			}
			d.setCharset(s.next().text)
		case t.kind == 'w':
			t = s.next()
			if t.kind == ':' {
				t = s.next()
			}
			if t.kind == '=' || t.is("to") {
				d.setVar(name, s.next())
			}
		}
		for t = s.next(); t.kind != 0 && t.kind != ','; {
			t = s.next()
		}
		t = s.next()
	}
}

// setVar sets one variable to a value, which may be that of another.
func (d *dumpReader) setVar(name string, v sqlToken) {
	value := v.text
	if v.kind == 'w' && strings.HasPrefix(value, "@") {
		switch from := strings.ToLower(strings.TrimPrefix(value, "@@")); from {
		case "sql_mode":
			value = "backslash"
			if !d.backslash {
				value = "no_backslash_escapes"
			}
		case "character_set_client":
			value = d.charset
		default:
			saved, ok := d.vars[from]
			if !ok {
				return
			}
			value = saved
		}
	}
	switch {
	case strings.HasPrefix(name, "@"):
		if len(d.vars) < 100 && len(value) < 1000 {
			d.vars[name] = value
		}
	case name == "sql_mode":
		d.backslash = !strings.Contains(strings.ToLower(value), "no_backslash_escapes")
	case name == "character_set_client", name == "client_encoding":
		d.setCharset(value)
	case name == "standard_conforming_strings":
		d.postgres = true
		d.backslash = !strings.EqualFold(value, "on")
	case name == "search_path" && v.name():
		d.schema = value
	}
}

// comment takes in a comment line: the marks of mysqldump and pg_dump at both
// ends of a dump, and the database that a header names.
func (d *dumpReader) comment(line []byte) {
	text := string(line)
	has := func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	switch {
	case has("MySQL dump "), has("MariaDB dump "):
		d.begin(false)
	case has("PostgreSQL database dump complete"):
		d.trailer = true
	case has("PostgreSQL database dump"):
		d.begin(true)
	case has("Dump completed"):
		d.trailer = true
	case has("Host: "):
		if _, db, ok := strings.Cut(text, " Database: "); ok {
			d.schema = strings.TrimSpace(db)
		}
	case has("Current Database: `"), has("Database: `"), has("Datenbank: `"), has("Base de données : `"), has("Base de datos: `"), has("Banco de dados: `"), has("Databáze: `"):
		_, quoted, _ := strings.Cut(text, "`")
		if name, n := sqlQuoted([]byte("`"+quoted), '`', false); n > 0 {
			d.schema = name
		}
	}
}

// begin takes in the header of a dump.
func (d *dumpReader) begin(postgres bool) {
	if d.header && !d.trailer {
		d.truncated = true // the dump before this one in the same file
	}
	d.header, d.trailer = true, false
	d.postgres, d.backslash = postgres, !postgres
	d.delim = []byte(";")
}

// command takes in a line for the client program.
func (d *dumpReader) command(line []byte) {
	if f := strings.Fields(string(line)); len(f) > 1 && f[0] == `\connect` {
		// Another database of the same server: its schemas are others too.
		d.schema = ""
		clear(d.defs)
		d.order, d.size = nil, 0
	}
}

// sqlBytesType reports whether a column of the type holds bytes rather than
// text.
func sqlBytesType(typ string) bool {
	switch typ {
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "bytea",
		"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
		"geometrycollection", "geomcollection", "vector":
		return true
	}
	return false
}

func sqlSame(a, b []string) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }
