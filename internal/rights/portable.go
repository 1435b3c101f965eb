package rights

import (
	"slices"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// A Porting says what of a finding goes into the copy of Art. 20(1): what the report
// counts, and what an export copies.
type Porting struct {
	// Included says that something of it does, were it certain. Else Why is the
	// first reason: backup, unassigned, legal-basis or derived; Detail says it for
	// people.
	Included    bool
	Why, Detail string

	parts  []ported
	whole  bool            // an activity that takes the record, and not some columns alone
	listed map[string]bool // columns of which the report knows what they hold; true: they go into it
}

// ported is what one activity of a finding contributes.
type ported struct {
	activity string
	included bool
	fields   []inventory.Field // that go into the copy
	left     []portedLeft
}

type portedLeft struct {
	why, detail string
	fields      []string
}

// Port judges a finding that the host holds for itself. activity returns an activity
// of the report by its id, nil where there is none. What was observed of a person
// counts as provided; what was derived from it does not (Article 29 Working Party,
// WP 242 rev.01, section II). What lies in a backup stands in the copy already, as
// it was taken from where it is used.
func Port(f *inventory.Finding, activity func(id string) *inventory.Activity) Porting {
	p := Porting{listed: map[string]bool{}}
	if inBackup(f) {
		id := "unassigned"
		if len(f.Activities) > 0 {
			id = f.Activities[0]
		}
		p.parts = []ported{{activity: id, left: []portedLeft{{"backup", "it lies in a backup", nil}}}}
	} else {
		for i, id := range f.Activities {
			p.parts = append(p.parts, p.part(f, i, activity(id)))
		}
	}
	for _, x := range p.parts {
		p.Included = p.Included || x.included
	}
	if p.Included {
		return p
	}
	p.Why, p.Detail = "unassigned", "no activity tells on which legal basis it is processed"
	for _, x := range p.parts {
		if len(x.left) > 0 {
			p.Why, p.Detail = x.left[0].why, x.left[0].detail
			break
		}
	}
	return p
}

// part judges a finding by its activity with an index.
func (p *Porting) part(f *inventory.Finding, i int, a *inventory.Activity) ported {
	out := ported{activity: f.Activities[i]}
	leave := func(why, detail string, fields []string) {
		out.left = append(out.left, portedLeft{why, detail, fields})
	}
	if a == nil || a.Role == "unassigned" {
		leave("unassigned", "no activity tells on which legal basis it is processed", nil)
		return out
	}
	b := basesOf(basisText(a))
	var derived, other []string
	for _, x := range f.Fields {
		if !of(f, x, i) {
			continue
		}
		own := b
		if x.LegalBasis != "" {
			own = basesOf(x.LegalBasis)
		}
		switch {
		case slices.Contains(x.Categories, "credentials"), slices.Contains(x.Categories, "credential"):
			continue // mentioned in the copy, never copied
		case x.Origin == "derived":
			derived = append(derived, x.Name)
		case !own.portable():
			if x.LegalBasis != "" {
				other = append(other, x.Name)
			}
		default:
			out.fields = append(out.fields, x)
			p.listed[x.Name] = true
			continue
		}
		if !p.listed[x.Name] {
			p.listed[x.Name] = false
		}
	}
	if !b.portable() && len(out.fields) == 0 {
		detail := "it rests on " + b.String() + ", neither on consent nor on a contract"
		if len(b) == 0 {
			detail = "the configuration names no legal basis that is known"
		}
		leave("legal-basis", detail, nil)
		return out
	}
	if len(other) > 0 {
		leave("legal-basis", "these columns rest neither on consent nor on a contract", other)
	}
	if len(derived) > 0 || a.Provision == "derived" {
		leave("derived", "derived from what the person provided", derived)
	}
	out.included = len(out.fields) > 0 || a.Provision != "derived" && len(derived) == 0
	p.whole = p.whole || out.included && b.portable() && a.Provision != "derived"
	return out
}

// Whole reports whether the record itself goes into the copy, and not some of its
// columns alone.
func (p Porting) Whole() bool { return p.whole }

// Leaves reports whether a column of the record stays out of the copy. Columns of
// which the report does not know what they hold go with the record.
func (p Porting) Leaves(column string) bool {
	goes, known := p.listed[column]
	return !goes && (known || !p.whole)
}

// portability counts what of a finding goes into the copy.
func (v *view) portability(f *inventory.Finding) {
	p := Port(f, func(id string) *inventory.Activity { return v.j.activities[id] })
	for _, x := range p.parts {
		for _, l := range x.left {
			v.leftOut(x.activity, l.why, l.detail, l.fields)
		}
		c := v.of(x.activity)
		for _, y := range x.fields {
			for _, cat := range y.Categories {
				c.portable.add(cat, maxFields)
			}
		}
		if !x.included || f.Confidence != "certain" {
			continue
		}
		c.included++
		for _, y := range x.fields {
			c.fields.add(y.Name, maxFields)
		}
	}
	switch {
	case p.Included && f.Confidence == "certain":
		v.portable++
	case p.Included:
		v.confirm++
	}
}
