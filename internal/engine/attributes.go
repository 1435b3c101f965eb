package engine

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/activity"
	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// partOf lists the words by which columns call the parts of an address, in the
// order in which they are written.
var partOf = []struct {
	attribute string
	words     []string
}{
	{subject.Street, []string{"address", "adres", "adresse", "addr", "street", "straat", "strasse", "straße", "rue", "address1", "adres1", "addr1", "streetaddress", "addressline1"}},
	{"number", []string{"housenumber", "huisnummer", "houseno", "hausnummer", "streetnumber", "numerorue", "box", "bus"}},
	{subject.Postcode, []string{"zip", "zipcode", "postcode", "postal", "postalcode", "plz", "codepostal"}},
	{subject.City, []string{"city", "town", "stad", "gemeente", "woonplaats", "ville", "ort", "stadt", "localite"}},
	{subject.Country, []string{"country", "land", "pays", "countrycode", "landcode"}},
}

// postalPart tells which part of an address a column holds, and of which of
// several: "billing" of "billing_postcode".
func postalPart(column string) (attribute, which string) {
	list := links.Words(column)
	joined := strings.Join(list, "")
	for _, p := range partOf {
		if slices.Contains(p.words, joined) {
			return p.attribute, ""
		}
	}
	for i, w := range list {
		for _, p := range partOf {
			rest := slices.Delete(slices.Clone(list), i, i+1)
			if slices.Contains(p.words, w) && (len(rest) == 1 && besides.MatchString(rest[0]) || len(rest) == 1 && (rest[0] == "delivery" || rest[0] == "shipping" || rest[0] == "verzend" || rest[0] == "levering")) {
				return p.attribute, rest[0]
			}
		}
	}
	return "", ""
}

// The parts of a name, as attributes.
const (
	firstName = "first_name"
	lastName  = "last_name"
)

// givenNames are the columns of first names, among those of parts of names.
var givenNames = regexp.MustCompile(`(?i)(first|given|voor|pr[eé]nom|vorname|imi[eę])`)

func partOfName(column string) string {
	if givenNames.MatchString(column) {
		return firstName
	}
	return lastName
}

// AttributeOf returns the attribute that a request means by the name of a field:
// a type of identifier, or the name of a column.
func AttributeOf(field string) string {
	if slices.Contains(subject.Types(), subject.Type(field)) {
		return field
	}
	if part, _ := postalPart(field); part != "" && part != "number" {
		return part
	}
	if wholeName.MatchString(field) || bareName.MatchString(field) {
		return string(subject.Name)
	}
	if partName.MatchString(field) {
		return partOfName(field)
	}
	if typ, whose, _, ok := entity(field); ok && whose == "" {
		return string(typ)
	}
	return field
}

// correctedColumns returns the columns that requests correct by their own names, in
// lower case, and how the requests write these.
func correctedColumns(subjects []inventory.Subject) map[string]string {
	out := map[string]string{}
	for _, s := range subjects {
		for _, q := range s.Requests {
			for _, c := range q.Correct {
				if c.Attribute == c.Field && !slices.Contains(subject.Types(), subject.Type(c.Field)) {
					out[strings.ToLower(c.Field)] = c.Field
				}
			}
		}
	}
	return out
}

// maxAttribute is the longest value that is taken for an attribute, in bytes.
const maxAttribute = 400

// attributesIn returns what the columns of a row say of the person whom it is
// about, masked and hashed.
func (r *run) attributesIn(b *scanners.Block, row int) []inventory.Attribute {
	var out []inventory.Attribute
	add := func(attribute, value string, fields ...string) {
		if value = strings.TrimSpace(value); value == "" {
			out = append(out, inventory.Attribute{Attribute: attribute, Fields: fields})
			return
		}
		out = append(out, r.attribute(attribute, value, fields))
	}
	type postal struct{ street, number, code, city []int }
	var first, last []int // of names
	addresses := map[string]*postal{}
	var order []string
	cell := func(col int) string {
		v, null := b.Cell(row, col)
		if null || len(v) > maxAttribute {
			return ""
		}
		return string(v)
	}
	for col, name := range b.Table.Columns {
		if v, _ := b.Cell(row, col); len(v) > maxAttribute {
			continue
		}
		s := r.sense(b.Table.Table, name)
		if part, which := s.part, s.which; part != "" {
			a := addresses[which]
			if a == nil {
				a = &postal{}
				addresses[which] = a
				order = append(order, which)
			}
			switch part {
			case subject.Street:
				a.street = append(a.street, col)
			case "number":
				a.number = append(a.number, col)
			case subject.Postcode:
				a.code = append(a.code, col)
				add(part, cell(col), name)
			case subject.City:
				a.city = append(a.city, col)
				add(part, cell(col), name)
			}
			continue
		}
		switch typ := s.typ; {
		case s.typed && s.whose != "":
			continue
		case s.typed:
			if typ != subject.Domain && typ != subject.Username && typ != subject.IP {
				add(string(typ), cell(col), name)
			}
			continue
		}
		switch {
		case s.birth:
			v := cell(col)
			if len(v) > 10 && v[10] == ' ' {
				v = v[:10]
			}
			if strings.HasPrefix(v, "0000") {
				v = ""
			}
			add(string(subject.BirthDate), v, name)
		case s.name:
			add(string(subject.Name), cell(col), name)
		case s.namePart == "":
			if as := r.corrected[strings.ToLower(name)]; as != "" {
				add(as, cell(col), name)
			}
		default:
			which := s.namePart
			add(which, cell(col), name)
			if which == lastName {
				last = append(last, col)
			} else {
				first = append(first, col)
			}
		}
	}
	if len(first) > 0 && len(last) > 0 {
		cols := []int{first[0], last[0]}
		add(string(subject.Name), cell(cols[0])+" "+cell(cols[1]), b.Table.Columns[cols[0]], b.Table.Columns[cols[1]])
	}
	for _, which := range order {
		a := addresses[which]
		if len(a.street) == 0 {
			continue
		}
		join := func(cols ...[]int) (value string, fields []string) {
			var parts []string
			for _, list := range cols {
				for _, c := range list {
					if v := strings.TrimSpace(cell(c)); v != "" {
						parts = append(parts, v)
					}
					fields = append(fields, b.Table.Columns[c])
				}
			}
			return strings.Join(parts, " "), fields
		}
		street, fields := join(a.street, a.number)
		if len(a.code)+len(a.city) > 0 {
			add(subject.Street, street, fields...)
			value, fields := join(a.street, a.number, a.code, a.city)
			add(string(subject.Address), value, fields...)
		} else {
			add(string(subject.Address), street, fields...)
		}
	}
	slices.SortStableFunc(out, func(a, b inventory.Attribute) int { return strings.Compare(a.Attribute, b.Attribute) })
	return out
}

// attribute masks and hashes a value.
func (r *run) attribute(attribute, value string, fields []string) inventory.Attribute {
	a := inventory.Attribute{Attribute: attribute, Fields: fields, Masked: value}
	if !r.ShowValues {
		a.Masked = subject.MaskAttribute(attribute, value)
	}
	a.Fingerprint = inventory.Fingerprint(r.RowKey, attribute, subject.Attribute(attribute, value))
	return a
}

// A clock is one from which a retention runs.
type clock struct {
	rule           int
	rules          *inventory.ColumnRule // whose it is; nil: of the activity
	id, from       string
	column         bool
	period, margin calendar.Period
}

// Facts from which a clock can run, beside a column.
const (
	factBackup   = "backup"
	factModified = "modified"
	factReceived = "received"
)

// clocksOf returns the clocks of activities.
func clocksOf(m *activity.Map) []clock {
	var out []clock
	add := func(rule int, id string, ret *inventory.Retention, of *inventory.ColumnRule) {
		if ret == nil || ret.From == "" {
			return
		}
		c := clock{rule: rule, id: id, from: ret.From, rules: of}
		var err error
		if c.period, err = calendar.ParsePeriod(ret.Period); err != nil {
			return
		}
		if ret.Margin != "" {
			if c.margin, err = calendar.ParsePeriod(ret.Margin); err != nil {
				return
			}
		}
		switch {
		case ret.From == factBackup, ret.From == factModified, ret.From == factReceived:
		case inventory.IsColumn(ret.From):
			c.column = true
		default:
			return // an event in words
		}
		out = append(out, c)
	}
	for i, rule := range m.Rules() {
		add(i, rule.ID, rule.Retention, nil)
		for k := range rule.Columns {
			add(i, rule.ID, rule.Columns[k].Retention, &rule.Columns[k])
		}
	}
	return out
}

func (c clock) kept(since time.Time) inventory.Kept {
	until := c.margin.After(c.period.After(since))
	return inventory.Kept{Activity: c.id, Clock: c.from, Since: since.UTC().Format(time.DateOnly), Until: until.Format(time.DateOnly)}
}

// since returns the day from which a clock runs for a row; ok is false where it
// has no such column, or no day in it: then the clock has not begun, and open says
// so.
func (c clock) since(b *scanners.Block, row int, table string) (t time.Time, ok, open bool) {
	for col, name := range b.Table.Columns {
		if activity.SameColumn(c.from, table, name) {
			if v, null := b.Cell(row, col); !null {
				t, ok = readDay(string(v))
			}
			return t, ok, !ok
		}
	}
	return time.Time{}, false, false
}

// readDay reads the day of a cell: a date or time as databases and people write
// it, or the seconds or milliseconds since 1970.
func readDay(v string) (time.Time, bool) {
	v = strings.TrimSpace(v)
	if len(v) > 40 {
		return time.Time{}, false
	}
	ok := func(t time.Time) (time.Time, bool) {
		return t.UTC(), t.Year() >= 1900 && t.Year() < 2200
	}
	for _, layout := range []string{time.RFC3339, time.RFC1123Z, "20060102", "20060102150405"} {
		if t, err := time.Parse(layout, v); err == nil {
			return ok(t)
		}
	}
	if len(v) >= 10 {
		if t, err := time.Parse(time.DateOnly, v[:10]); err == nil {
			return ok(t)
		}
		for _, layout := range []string{"02/01/2006", "02.01.2006", "02-01-2006"} {
			if t, err := time.Parse(layout, v[:10]); err == nil {
				return ok(t)
			}
		}
	}
	if n := len(v); n >= 9 && n <= 13 && strings.Trim(v, "0123456789") == "" {
		var s int64
		for _, c := range v {
			s = 10*s + int64(c-'0')
		}
		if n > 10 {
			s /= 1000
		}
		return ok(time.Unix(s, 0))
	}
	return time.Time{}, false
}

// aged notes since when a row is kept, for each clock that runs from one of its
// columns.
func (r *run) aged(rec *record, b *scanners.Block, row int) {
	if len(r.clocks) == 0 {
		return
	}
	table := strings.TrimSuffix(rec.ref.Place, " / row")
	for _, c := range r.clocks {
		if c.column && c.rules == nil {
			switch t, ok, open := c.since(b, row, table); {
			case ok:
				rec.kept = append(rec.kept, c.kept(t))
			case open:
				rec.open = append(rec.open, c.id)
			}
		}
	}
}

// timed adds the clocks that run from the time of the item in which a record
// lies. backup is the time of the backup that it is in, zero where it is none of
// a repository.
func (r *run) timed(rec *record, list []int, backup time.Time) []inventory.Kept {
	out := slices.Clone(rec.kept)
	p := place(rec.unit.source, rec.ref)
	for _, c := range r.clocks {
		switch {
		case c.column, c.rules != nil:
			continue
		case c.from == factBackup && r.Activities.Stores(c.rule, p):
			// Whatever the purpose of what lies in a backup, the backup goes.
		case !slices.Contains(list, c.rule):
			continue
		}
		t := rec.unit.time
		switch {
		case c.from == factReceived:
			if m := rec.received(); !m.IsZero() {
				t = m
			}
		case c.from != factBackup:
		case !backup.IsZero():
			t = backup
		default:
			if s, ok := rec.unit.set(rec.top); ok && s.Folder {
				t = time.Time{} // the files in it are older
			}
		}
		if !t.IsZero() {
			out = append(out, c.kept(t))
		}
	}
	return out
}

// described completes what is said of the fields of a row: what the activities
// say of its columns.
func (r *run) described(rec *record, list []int, b *scanners.Block, row int, fields []inventory.Field) {
	if r.Activities == nil {
		return
	}
	rules := r.Activities.Rules()
	p := place(rec.unit.source, rec.ref)
	table := strings.TrimSuffix(rec.ref.Place, " / row")
	for i := range fields {
		f := &fields[i]
		acts := list
		if b != nil {
			if other := r.Activities.Column(p, f.Name); other != nil {
				acts, f.Activity = other, rules[other[0]].ID
			}
		}
		for _, a := range acts {
			if rules[a].Provision != "" {
				f.Origin = rules[a].Provision
			}
			c := rules[a].ColumnRule(table, f.Name)
			if c == nil {
				continue
			}
			if c.Categories != nil {
				f.Categories = c.Categories
			}
			if c.Origin != "" {
				f.Origin = c.Origin
			}
			if c.LegalBasis != nil {
				f.LegalBasis = *c.LegalBasis
			}
			if c.Retention == nil || b == nil {
				continue
			}
			for _, k := range r.clocks {
				if k.rules == c {
					if t, ok, _ := k.since(b, row, table); ok {
						f.Until = k.kept(t).Until
					}
				}
			}
		}
	}
}

// describe says of a finding what its activities say of it: whose data it is,
// what its fields are, and how long it is kept.
func (r *run) describe(rec *record, f *inventory.Finding) {
	list := rec.assigned()
	if r.Activities == nil {
		return
	}
	if r.Activities.AsProcessor(list) {
		if t := r.Activities.Tenant(place(rec.unit.source, rec.ref), list); t != "" {
			t = r.shown(t)
			f.Tenant = &t
		}
	}
	r.described(rec, list, rec.block, rec.at, f.Fields)
	for _, x := range f.Fields {
		if x.Activity != "" && !slices.Contains(f.Activities, x.Activity) {
			f.Activities = append(f.Activities, x.Activity)
		}
	}
	f.Retention, f.Open = r.timed(rec, list, backupTime(f)), rec.open
}

// backupTime is the time of the latest backup in which a finding lies, as its
// copies tell; zero where it is in none.
func backupTime(f *inventory.Finding) time.Time {
	var at struct {
		Time     time.Time `json:"time"`
		Snapshot string    `json:"snapshot"`
		Archive  string    `json:"archive"`
		Backup   struct {
			Time time.Time `json:"time"`
		} `json:"backup"`
	}
	switch {
	case json.Unmarshal(f.Locator, &at) != nil:
		return time.Time{}
	case at.Snapshot == "" && at.Archive == "":
		return at.Backup.Time
	}
	return at.Time
}
