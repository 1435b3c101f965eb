package engine

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/links"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// Columns that hold what is said of a person besides their identifiers, by the
// words of their names.
var columnCategories = []struct {
	category string
	words    *regexp.Regexp
}{
	{"contact", regexp.MustCompile(`^(address|adres|adresse|addr|street|straat|strasse|straße|rue|city|town|stad|gemeente|woonplaats|ville|ort|stadt|zip|zipcode|postcode|postal|postalcode|plz|codepostal)$`)},
	{"identity", regexp.MustCompile(`^(birth|birthdate|dob|geboortedatum|geburtsdatum|naissance|gender|geslacht|geschlecht|sexe|title|aanspreking|anrede|salutation|nationality|nationaliteit)$`)},
	{"online identifier", regexp.MustCompile(`^(ip|ipaddress|ipaddr|ipadres|useragent|cookie|fingerprint)$`)},
	{"credentials", regexp.MustCompile(`^(password|passwd|passwordhash|wachtwoord|passwort|motdepasse|token|secret|apikey)$`)},
	{"usage", regexp.MustCompile(`^(lastlogin|lastseen|lastvisit|logins|logincount|visits|pageviews|laatstelogin|derniereconnexion|letzterlogin)$`)},
	{"profile", regexp.MustCompile(`^(score|riskscore|creditscore|leadscore|rating|segment|churn|clv|lifetimevalue|risk|risico|risque|risiko|propensity)$`)},
	{"preferences", regexp.MustCompile(`^(newsletter|nieuwsbrief|optin|optout|marketing|mailinglist|subscribed|language|taal|langue|sprache|locale)$`)},
	{"financial", regexp.MustCompile(`^(bic|swift|card|cardnumber|mandate|mandaat)$`)},
}

// fieldOf tells which kind of data of the person whom a row is about a column
// holds, by its name; empty: none that is known.
func fieldOf(table, column string) string {
	if typ, whose, _, ok := entity(column); ok {
		if whose != "" {
			return "" // somebody else's
		}
		return category(typ)
	}
	if wholeName.MatchString(column) || partName.MatchString(column) || bareName.MatchString(column) && ofPeople.MatchString(table) {
		return "identity"
	}
	list := links.Words(column)
	for _, c := range columnCategories {
		if c.words.MatchString(strings.Join(list, "")) || slices.ContainsFunc(list, c.words.MatchString) {
			return c.category
		}
	}
	return ""
}

// A sense is what the names of a table and of a column say of what the column
// holds.
type sense struct {
	category string // of fieldOf

	part, which string // of postalPart
	typ         subject.Type
	whose       string
	typed       bool   // typ and whose are of entity
	birth       bool   // dates of birth
	name        bool   // whole names of people
	namePart    string // of partOfName
}

// maxSenses bounds how many columns' senses are remembered.
const maxSenses = 10_000

// sense tells what a column holds by its name; it remembers that, as tables have
// more rows than columns.
func (r *run) sense(table, column string) *sense {
	key := [2]string{table, column}
	if s, ok := r.senses.Load(key); ok {
		return s.(*sense)
	}
	s := &sense{category: fieldOf(table, column), birth: r.Recognizer.BirthDateColumn(column)}
	s.part, s.which = postalPart(column)
	s.typ, s.whose, _, s.typed = entity(column)
	s.name = wholeName.MatchString(column) || bareName.MatchString(column) && ofPeople.MatchString(table)
	if partName.MatchString(column) {
		s.namePart = partOfName(column)
	}
	if r.sensed.Add(1) <= maxSenses {
		r.senses.Store(key, s)
	}
	return s
}

// hold takes what a row says of the person whom it is about into its record.
func (r *run) hold(rec *record, b *scanners.Block, row int) {
	rec.held = r.heldIn(b, row)
	r.holdNamed(rec, b, row)
	rec.attrs = r.attributesIn(b, row)
	rec.block, rec.at = b, row
	r.aged(rec, b, row)
}

// holdNamed adds the columns of which the configuration says what they hold.
func (r *run) holdNamed(rec *record, b *scanners.Block, row int) {
	if r.Activities == nil {
		return
	}
	p, list := place(rec.unit.source, rec.ref), rec.assigned()
	table := strings.TrimSuffix(rec.ref.Place, " / row")
	for col, name := range b.Table.Columns {
		if v, null := b.Cell(row, col); null || len(v) == 0 || slices.ContainsFunc(rec.held, func(f inventory.Field) bool { return f.Name == name }) {
			continue
		}
		named := r.Activities.Column(p, name) != nil
		for _, a := range list {
			named = named || r.Activities.Rules()[a].ColumnRule(table, name) != nil
		}
		if named {
			rec.held = append(rec.held, inventory.Field{Name: name, Categories: []string{"other"}, Origin: "provided"})
		}
	}
}

// heldIn returns the columns of a row that hold data of the person whom it is
// about.
func (r *run) heldIn(b *scanners.Block, row int) []inventory.Field {
	var out []inventory.Field
	for col, name := range b.Table.Columns {
		if v, null := b.Cell(row, col); null || len(v) == 0 {
			continue
		}
		if c := r.sense(b.Table.Table, name).category; c != "" {
			origin := "provided"
			switch c {
			case "online identifier", "usage":
				origin = "observed"
			case "profile":
				origin = "derived"
			}
			out = append(out, inventory.Field{Name: name, Categories: []string{c}, Origin: origin})
		}
	}
	return out
}

// withHeld adds fields to those in which something was found.
func withHeld(found, held []inventory.Field) []inventory.Field {
	for _, f := range held {
		if !slices.ContainsFunc(found, func(o inventory.Field) bool { return o.Name == f.Name }) {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b inventory.Field) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// roles are words for those who deal with a record that is about somebody else.
var roles = regexp.MustCompile(`^(admin|administrator|tech|technical|reseller|agent|staff|manager|support|sales|assigned|assignee|handled|handler|created|creator|updated|updater|modified|approved|approver|editor|operator|technician|beheerder|medewerker|bearbeiter|responsible|verantwoordelijke|referrer|referer|rep)$`)

// inRole returns the columns in which a person stands, where all of them say
// that the person deals with the record and the record is about somebody or
// something else; nil where any does not.
func inRole(matches []inventory.Match) []string {
	var out []string
	for _, m := range matches {
		if !subject.Type(m.Type).Own() {
			continue
		}
		if !slices.ContainsFunc(links.Words(m.Field), roles.MatchString) {
			return nil
		}
		if !slices.Contains(out, m.Field) {
			out = append(out, m.Field)
		}
	}
	return out
}
