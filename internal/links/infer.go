package links

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// The kinds of links.
const (
	Declared   = "declared"   // a foreign key
	Configured = "configured" // by the configuration
	Inferred   = "inferred"
)

// A Link says that a column of a table refers to a column of another, or of the
// same.
type Link struct {
	Table, Column, RefTable, RefColumn string // tables as "schema.table"

	// With are the further columns of a key that has several.
	With []scanners.ColumnPair
	// TypeColumn of Table says with one of Types that it is RefTable which a row
	// refers to; empty: it always is.
	TypeColumn string
	Types      []string
	// Where RefTypeColumn of RefTable is not empty, only rows are referred to in
	// which it is one of RefTypes: those that say whose their entity is.
	RefTypeColumn string
	RefTypes      []string

	Kind       string
	Confidence float64 // from 0 to 1; 1 for what is declared or configured
	Why        string  // for people
}

// Followed is the confidence from which an inferred link is followed.
const Followed = 0.7

// String names the link for people.
func (l Link) String() string {
	return l.Table + "." + l.Column + " refers to " + l.RefTable + "." + l.RefColumn
}

// Infer returns the links between the tables of a scope that known does not
// have, the surest first.
func (s *Survey) Infer(in string, known []Link) []Link {
	s.mu.Lock()
	sc := s.scopes[in]
	var tables []*Table
	if sc != nil {
		for _, k := range sc.order {
			tables = append(tables, sc.tables[k])
		}
	}
	s.mu.Unlock()
	declared := map[place]bool{}
	for _, l := range known {
		declared[place{l.Table, l.Column}] = true
		for _, p := range l.With {
			declared[place{l.Table, p.Column}] = true
		}
	}
	i := inferrer{byName: map[string][]*Table{}, within: map[named][]*Table{}}
	prefixes := commonPrefixes(tables)
	for _, t := range tables {
		if t.inside() {
			continue
		}
		n := tableName(t.Table, prefixes[t.Schema])
		i.byName[n] = append(i.byName[n], t)
		add := func(by how, name string) {
			k := named{t.Schema, by, name}
			i.within[k] = append(i.within[k], t)
		}
		add(byName, n)
		if len(t.Key) == 1 && len(t.Columns) > t.Key[0] {
			add(byKey, t.Columns[t.Key[0]])
		}
		list := tableWords(t.Table)
		first := firstWord(t)
		for k := 1; k < len(list); k++ {
			if end := strings.Join(list[k:], ""); end != n {
				add(byEnd, end)
				add(byKin, first+" "+end)
			}
		}
		if last := list[len(list)-1]; last != "" && len(t.Key) == 1 && (n == last || len(list) == 1) {
			add(byWord, last)
			for k := 2; k <= min(maxShort, len(last)-1); k++ {
				add(byStart, last[:k])
			}
		}
		if PersonTable(t.Table) {
			i.people = append(i.people, t)
			add(byPeople, "")
		}
	}
	i.refers = map[string]int{}
	out := s.known(tables, declared)
	for _, l := range append(slices.Clone(known), out...) {
		i.refers[l.RefTable]++
	}
	type left struct {
		t     *Table
		index int
		c     *column
	}
	var unnamed []left
	for _, t := range tables {
		for k, c := range t.columns {
			if declared[place{t.Name, c.name}] {
				continue
			}
			if c.polymorph >= 0 {
				out = append(out, i.polymorphic(t, c)...)
				continue
			}
			if l, ok := i.reference(t, t.Keys[k], c); ok {
				out = append(out, l)
				i.refers[l.RefTable]++
			} else {
				unnamed = append(unnamed, left{t, t.Keys[k], c})
			}
		}
	}
	for _, x := range unnamed {
		if l, ok := i.toPeople(x.t, x.index, x.c); ok {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b Link) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column))
	})
	return out
}

// A place is a column of a table.
type place struct{ table, column string }

// How tables are called.
type how uint8

const (
	byName   how = iota // by all words of a name
	byEnd               // by the last of them: "user" of sys_user
	byKin               // by the first, and the last of them
	byWord              // by the word that a name is
	byStart             // by the first letters of that
	byKey               // by the column that is their key
	byPeople            // of people
)

// named is a name of tables in a schema.
type named struct {
	schema string
	by     how
	name   string
}

// maxShort is the longest abbreviation of a name, in letters, and maxAlike how many
// tables may have a name in common for it to tell anything.
const (
	maxShort = 5
	maxAlike = 16
)

type inferrer struct {
	byName map[string][]*Table // of all schemas
	within map[named][]*Table
	people []*Table       // of all schemas
	refers map[string]int // how many columns refer to a table by its name
}

// firstWord returns the word that a table's name begins with, where it has several.
func firstWord(t *Table) string {
	if list := Words(t.Table); len(list) > 1 {
		return list[0]
	}
	return ""
}

// commonPrefixes returns, for each schema, what most names of its tables begin
// with: "wp_".
func commonPrefixes(tables []*Table) map[string]string {
	count := map[string]map[string]int{}
	total := map[string]int{}
	for _, t := range tables {
		total[t.Schema]++
		if k := strings.IndexByte(t.Table, '_'); k > 0 {
			if count[t.Schema] == nil {
				count[t.Schema] = map[string]int{}
			}
			count[t.Schema][strings.ToLower(t.Table[:k+1])]++
		}
	}
	out := map[string]string{}
	for schema, c := range count {
		for p, n := range c {
			if n >= 3 && n*10 >= total[schema]*6 {
				out[schema] = p
			}
		}
	}
	return out
}

// candidates collects what a column may refer to.
type candidates struct {
	t    *Table
	c    *column
	best Link
	even bool // another table is as good as the best
}

func (x *candidates) consider(to *Table, score float64, how string) {
	for _, o := range to.targets(x.c) {
		if to == x.t && o == x.c {
			continue
		}
		x.judge(to, o, score, how)
	}
}

// judge takes one column of a table into account.
func (x *candidates) judge(to *Table, o *column, score float64, how string) {
	conf, why := judge(x.c, o, to, score)
	x.even = x.even && conf < x.best.Confidence || conf > 0 && conf == x.best.Confidence && to.Name != x.best.RefTable
	if conf > x.best.Confidence {
		x.best = Link{
			Table: x.t.Name, Column: x.c.name, RefTable: to.Name, RefColumn: o.name,
			Kind: Inferred, Confidence: conf, Why: how + "; " + why,
		}
	}
}

// reference tells what a column refers to, by its name.
func (i *inferrer) reference(t *Table, index int, c *column) (Link, bool) {
	alone := len(t.Key) == 1 && t.Key[0] == index
	if alone && ownKey(t, c) {
		return Link{}, false
	}
	x := candidates{t: t, c: c}
	try := func(list []*Table, score float64, how string) bool {
		if len(list) > maxAlike {
			return false
		}
		for _, to := range list {
			if to == t && alone {
				continue // its own key
			}
			s, how := score, how
			if to.Schema != t.Schema { // numbers that count from one are found everywhere
				s, how = Followed-0.05, how+", in another database"
			}
			x.consider(to, s, how)
		}
		if x.best.Confidence > 0 && x.even {
			x.best.Confidence = min(x.best.Confidence, Followed-0.05)
			x.best.Why += "; another table fits as well"
		}
		return x.best.Confidence > 0
	}
	names := referents(c.name)
	for k, name := range names {
		score := 0.95
		if k > 0 {
			score = 0.9
		}
		if try(i.near(t, byName, name), score, "the column is called after the table") {
			return x.best, true
		}
	}
	// The key of one other table has this name.
	if natural(c.name) && try(i.within[named{t.Schema, byKey, c.name}], 0.9, "the other column has the same name, and is a key") {
		return x.best, true
	}
	// "user_id" is of sys_user, in a schema that has no table called user.
	for k, name := range names {
		if try(i.kindred(t, name, k > 0), 0.85, "the column is called as the table's name ends") {
			return x.best, true
		}
	}
	if try(i.abbreviated(t, c.name), 0.8, "the column's name begins the table's") {
		return x.best, true
	}
	return Link{}, false
}

// kindred returns the tables whose names end so: of these, those that begin with
// the same word as that of t, all where none does: web_domain rather than
// mail_domain for web_database. A row refers to another of its own table in a role
// only: parent_category_id.
func (i *inferrer) kindred(t *Table, name string, role bool) []*Table {
	if first := firstWord(t); first != "" {
		list := i.within[named{t.Schema, byKin, first + " " + name}]
		if len(list) > 0 && !(len(list) == 1 && list[0] == t) {
			return without(list, t, !role)
		}
	}
	return without(i.within[named{t.Schema, byEnd, name}], t, !role)
}

// without returns a list without a table, if that is so.
func without(list []*Table, t *Table, so bool) []*Table {
	if !so || !slices.Contains(list, t) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(o *Table) bool { return o == t })
}

// abbreviated returns the tables of which a column may hold the keys, by the
// first letters of their names: "cust_id" of customers, and "tid" of tickets in
// ticket_replies.
func (i *inferrer) abbreviated(t *Table, name string) []*Table {
	list := Words(name)
	short := ""
	switch {
	case len(list) == 2 && identifierWord(list[1]) && len(list[0]) <= 5:
		short = list[0]
	case len(list) == 1 && len(list[0]) == 3 && strings.HasSuffix(list[0], "id"):
		short = list[0][:1]
	}
	if short == "" {
		return nil
	}
	if len(short) > 1 {
		return without(i.within[named{t.Schema, byStart, short}], t, true)
	}
	// One letter is enough in a table that is called after the other.
	var out []*Table
	own := tableWords(t.Table)[0]
	for k := 3; k <= len(own) && own[:1] == short; k++ {
		out = append(out, without(i.within[named{t.Schema, byWord, own[:k]}], t, true)...)
	}
	return out
}

// ownKey reports whether the column by which the rows of a table are told apart
// is called after the table itself, or the last of its name: "user_id" of
// ftp_user.
func ownKey(t *Table, c *column) bool {
	joined := strings.Join(tableWords(t.Table), "")
	for _, name := range referents(c.name) {
		if strings.HasSuffix(joined, name) {
			return true
		}
	}
	return false
}

// toPeople tells to which table of people a column refers that is called after
// none.
func (i *inferrer) toPeople(t *Table, index int, c *column) (Link, bool) {
	if len(t.Key) == 1 && t.Key[0] == index {
		return Link{}, false
	}
	people := i.near(t, byPeople, "")
	if len(people) > maxAlike {
		return Link{}, false
	}
	// The table to which most others refer comes first.
	people = slices.Clone(people)
	slices.SortStableFunc(people, func(a, b *Table) int { return cmp.Compare(i.refers[b.Name], i.refers[a.Name]) })
	x := candidates{t: t, c: c}
	// Words for people refer to the table of people that the values fit:
	// "owner", "userid" where the table is called clients.
	if slices.ContainsFunc(append(referents(c.name), plainWords(Words(c.name))...), person) {
		for _, to := range people {
			if to == t || x.best.Confidence > 0 && i.refers[to.Name] < i.refers[x.best.RefTable] {
				continue
			}
			x.consider(to, 0.8, "the column is called after people")
		}
		if x.even {
			x.best.Confidence = min(x.best.Confidence, Followed-0.05)
			x.best.Why += "; another table fits as well"
		}
	}
	if x.best.Confidence > 0 {
		return x.best, true
	}
	// A value that names one row of a table of people, under the same name: a
	// customer's number, a login, a domain.
	if login(c.name) && !numbers(c.typ) {
		for _, to := range people {
			for _, o := range to.columns {
				if to != t && to.Schema == t.Schema && login(o.name) && o.unique() {
					x.judge(to, o, 0.85, "both columns hold what people log in with, and one is unique")
				}
			}
		}
		if x.best.Confidence > 0 {
			return x.best, true
		}
	}
	for _, to := range people {
		if o := to.column(c.name); to != t && o != nil && o.unique() && natural(c.name) {
			x.consider(to, 0.85, "both columns have the same name, and one is unique")
		}
	}
	return x.best, x.best.Confidence > 0
}

// login reports whether a column of this name holds what people log in with.
func login(column string) bool {
	switch strings.Join(Words(column), "") {
	case "user", "username", "login", "loginname", "userlogin", "userlogon", "accountname", "gebruikersnaam", "gebruiker", "benutzername", "benutzer", "utilisateur", "usuario":
		return true
	}
	return false
}

// natural reports whether a column of this name holds what people call a thing
// by, and not a mere number.
func natural(column string) bool {
	list := Words(column)
	joined := strings.Join(list, "")
	switch joined {
	case "id", "rowid", "uuid", "guid", "type", "code", "key", "number", "nr", "no":
		return false
	}
	return true
}

// near returns the tables of the same schema that are called so or, where it has
// none of them, the only one of the others.
func (i *inferrer) near(t *Table, by how, name string) []*Table {
	if same := i.within[named{t.Schema, by, name}]; len(same) > 0 {
		return same
	}
	all := i.people
	if by == byName {
		all = i.byName[name]
	}
	if len(all) == 1 {
		return all
	}
	return nil
}

// targets returns the columns of a table that something like c may refer to: its
// key, and columns of the same name that are unique.
func (t *Table) targets(c *column) []*column {
	var out []*column
	if len(t.Key) == 1 {
		for k, i := range t.Keys {
			if i == t.Key[0] {
				out = append(out, t.columns[k])
			}
		}
	}
	for _, o := range t.columns {
		same := strings.EqualFold(o.name, c.name) || len(t.Key) == 0 && strings.EqualFold(o.name, "id")
		if same && !slices.Contains(out, o) && o.unique() {
			out = append(out, o)
		}
	}
	return out
}

// numbers reports whether a type is one of whole numbers.
func numbers(typ string) bool {
	base, _, _ := strings.Cut(typ, "(")
	switch base {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int2", "int4", "int8", "serial", "bigserial":
		return true
	}
	return false
}

// judge tells how sure it is that c refers to o of the table to, from what their
// values say; score is what the names say.
func judge(c, o *column, to *Table, score float64) (float64, string) {
	if c.typ != "" && o.typ != "" && numbers(c.typ) != numbers(o.typ) {
		return 0, ""
	}
	in, of := c.within(o)
	if of == 0 {
		// Nothing refers to anything so far.
		return score - 0.3, "no values to compare"
	}
	share := float64(in) / float64(of)
	switch {
	case share >= 0.99:
	case share >= 0.9:
		score -= 0.1
	case share >= 0.6: // rows that outlived those they refer to
		score -= 0.2
	default:
		return 0, ""
	}
	if of < 3 {
		score -= 0.05
	}
	if to.rows.Load() < 2 && of < 2 {
		score -= 0.05
	}
	return score, fmt.Sprintf("%d of %d different values are found there", in, of)
}

// typeColumn and idColumn return the stem of the two columns of a polymorphic
// reference: "object" of object_type and object_id.
func typeColumn(name string) (stem string, ok bool) {
	list := Words(name)
	if n := len(list); n > 1 {
		switch list[n-1] {
		case "type", "table", "class", "model", "kind", "entity":
			return strings.Join(list[:n-1], ""), true
		}
	}
	return "", false
}

func idColumn(name string) (stem string, ok bool) {
	list := Words(name)
	if n := len(list); n > 1 && identifierWord(list[n-1]) {
		return strings.Join(list[:n-1], ""), true
	}
	return "", false
}

// polymorphic tells what the pairs of a type and an id refer to.
func (i *inferrer) polymorphic(t *Table, c *column) []Link {
	id := t.columns[c.polymorph]
	c.mu.Lock()
	values := make([]string, 0, len(c.types))
	for v := range c.types {
		values = append(values, v)
	}
	c.mu.Unlock()
	slices.Sort(values)
	to := map[*Table][]string{}
	var order []*Table
	for _, v := range values {
		// "App\Models\Client", "client", "tbl_clients"
		name := tableName(path.Base(strings.ReplaceAll(v, `\`, "/")), "")
		for _, o := range i.near(t, byName, name) {
			if len(o.Key) == 1 {
				if to[o] == nil {
					order = append(order, o)
				}
				to[o] = append(to[o], v)
			}
		}
	}
	var out []Link
	for _, o := range order {
		for k, col := range o.Keys {
			if col != o.Key[0] || id.typ != "" && o.columns[k].typ != "" && numbers(id.typ) && !numbers(o.columns[k].typ) {
				continue
			}
			out = append(out, Link{
				Table: t.Name, Column: id.name, RefTable: o.Name, RefColumn: o.columns[k].name,
				TypeColumn: c.name, Types: to[o], Kind: Inferred, Confidence: 0.85,
				Why: "the column " + c.name + " names the table",
			})
		}
	}
	return out
}
