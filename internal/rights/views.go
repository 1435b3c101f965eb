package rights

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// Bounds of the lists of a view. What is beyond stands in the counts.
const (
	maxIDs    = 100
	maxFields = 500
	maxValues = 1000 // of an attribute
	maxPlaces = 1000 // of a value, or to be told apart
)

// count reads the settled findings, and makes the views of them.
func (j *judge) count() error {
	views := map[string]*view{}
	for i := range j.rep.Subjects {
		s := &j.rep.Subjects[i]
		views[s.ID] = newView(j, s)
	}
	holds := make([]int, len(j.opt.Holds))
	bare := map[bareKey]int{}
	for f, err := range j.rep.Findings() {
		if err != nil {
			return err
		}
		if f.Review == refused {
			continue
		}
		f = reviewed(f)
		for _, id := range f.Activities {
			if a := j.activities[id]; a != nil {
				a.Findings++
				if a.Role == "unassigned" {
					if k := (bareKey{f.Source, f.Place}); len(bare) < maxPlaces || bare[k] > 0 {
						bare[k]++
					}
				}
			}
		}
		for i, h := range j.opt.Holds {
			if j.over(h, f) {
				holds[i]++
			}
		}
		if v := views[f.Subject]; v != nil {
			v.finding(f)
		}
	}
	j.unassigned(bare)
	for i, h := range j.opt.Holds {
		h.Findings = holds[i]
		j.rep.Holds = append(j.rep.Holds, h.Hold)
	}
	for i := range j.rep.Subjects {
		j.rep.Subjects[i].Rights = views[j.rep.Subjects[i].ID].settle()
	}
	return nil
}

type bareKey struct{ source, place string }

// unassigned adds the places of findings to those that no activity covers.
func (j *judge) unassigned(found map[bareKey]int) {
	for i := range j.rep.Activities {
		a := &j.rep.Activities[i]
		if a.Role != "unassigned" {
			continue
		}
		for _, k := range slices.SortedFunc(maps.Keys(found), func(x, y bareKey) int {
			return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.place, y.place))
		}) {
			a.Places = append(a.Places, inventory.UnassignedPlace{Source: k.source, Place: k.place, Findings: found[k]})
		}
		slices.SortStableFunc(a.Places, func(x, y inventory.UnassignedPlace) int {
			return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Place, y.Place))
		})
	}
}

// A view counts what is found about a subject.
type view struct {
	j       *judge
	subject *inventory.Subject
	right   map[string]bool // fingerprints that a request says are right, by attribute
	asked   map[string]bool // attributes of which a request says what is right

	activities map[string]*activityCount
	left       map[leftKey]*leftCount
	portable   int
	confirm    int
	erasure    inventory.ErasureView
	keep       map[keepKey]*inventory.KeptRecords
	review     map[string]int
	blocked    map[string]int
	backups    map[backupKey]*inventory.BackupView
	attributes map[string]*attributeCount
	correct    map[correctKey]*correctCount
	told       map[toldKey]*toldCount
	tenants    map[tenantKey]*tenantCount
	none       inventory.ConfidenceCounts
}

type activityCount struct {
	findings   inventory.ConfidenceCounts
	places     set
	categories set
	origins    set
	until      string
	unknown    int // of which nobody can tell until when they are kept
	included   int
	fields     set                     // that are portable
	portable   set                     // categories of these
	columns    map[string]*columnCount // by their own legal basis
}

// A columnCount counts columns that have a legal basis of their own.
type columnCount struct {
	findings inventory.ConfidenceCounts
	fields   set
}

// A set of texts is bounded, but its count is not of more than it holds.
type set map[string]struct{}

func (s set) add(v string, most int) {
	if v != "" && len(s) < most {
		s[v] = struct{}{}
	}
}

func (s set) sorted() []string { return append([]string{}, slices.Sorted(maps.Keys(s))...) }

type (
	leftKey   struct{ activity, why string }
	leftCount struct {
		detail   string
		findings int
		fields   set
	}
	keepKey    struct{ activity, kind, ground string }
	backupKey  struct{ source, activity string }
	correctKey struct{ request, attribute string }
	toldKey    struct{ name, kind string }
	toldCount  struct {
		inventory.Notification
		activities, categories set
		rights                 map[string]*inventory.NotifiedRight
	}
	tenantKey   struct{ activity, tenant string }
	tenantCount struct {
		inventory.TenantView
		places set
	}
	fieldKey       struct{ source, place, field string }
	attributeCount struct {
		findings int
		values   map[string]*valueCount
	}
	valueCount struct {
		masked   string
		findings int
		places   map[fieldKey]*inventory.FieldView
	}
	correctCount struct {
		inventory.CorrectionView
		places map[fieldKey]*inventory.FieldView
	}
)

func newView(j *judge, s *inventory.Subject) *view {
	v := &view{
		j: j, subject: s, right: map[string]bool{}, asked: map[string]bool{},
		activities: map[string]*activityCount{}, left: map[leftKey]*leftCount{}, keep: map[keepKey]*inventory.KeptRecords{},
		review: map[string]int{}, blocked: map[string]int{}, backups: map[backupKey]*inventory.BackupView{},
		attributes: map[string]*attributeCount{}, correct: map[correctKey]*correctCount{}, told: map[toldKey]*toldCount{}, tenants: map[tenantKey]*tenantCount{},
	}
	v.erasure.Actions = map[string]int{}
	for _, q := range s.Requests {
		for _, r := range q.Correct {
			v.asked[r.Attribute], v.right[r.Attribute+"\x00"+r.Fingerprint] = true, true
			v.correct[correctKey{q.ID, r.Attribute}] = &correctCount{
				CorrectionView: inventory.CorrectionView{Request: q.ID, Attribute: r.Attribute, Masked: r.Masked}, places: map[fieldKey]*inventory.FieldView{},
			}
		}
	}
	return v
}

// finding counts a finding.
func (v *view) finding(f *inventory.Finding) {
	if v.j.processor(f) {
		v.tenant(f)
		v.notify(f)
		return
	}
	if len(f.Activities) == 1 && f.Activities[0] == "unassigned" {
		v.none.Add(f.Confidence)
	}
	for i, id := range f.Activities {
		v.activity(f, id, i)
	}
	v.portability(f)
	v.erase(f)
	v.rectify(f)
	v.notify(f)
}

// of reports whether a field of a finding is of its activity with an index.
func of(f *inventory.Finding, x inventory.Field, i int) bool {
	return x.Activity == f.Activities[i] || x.Activity == "" && (i == 0 || !slices.ContainsFunc(f.Fields, func(y inventory.Field) bool { return y.Activity == f.Activities[i] }))
}

func (v *view) of(id string) *activityCount {
	c := v.activities[id]
	if c == nil {
		c = &activityCount{places: set{}, categories: set{}, origins: set{}, fields: set{}, portable: set{}, columns: map[string]*columnCount{}}
		v.activities[id] = c
	}
	return c
}

// activity counts a finding for one of its activities.
func (v *view) activity(f *inventory.Finding, id string, i int) {
	c := v.of(id)
	c.findings.Add(f.Confidence)
	c.places.add(f.Source+"\x00"+f.Place, 100_000)
	var counted []string // legal bases of columns
	for _, x := range f.Fields {
		if !of(f, x, i) {
			continue
		}
		for _, cat := range x.Categories {
			c.categories.add(cat, maxFields)
		}
		c.origins.add(x.Origin, maxFields)
		if x.LegalBasis == "" {
			continue
		}
		own := c.columns[x.LegalBasis]
		if own == nil {
			own = &columnCount{fields: set{}}
			c.columns[x.LegalBasis] = own
		}
		if !slices.Contains(counted, x.LegalBasis) {
			counted = append(counted, x.LegalBasis)
			own.findings.Add(f.Confidence)
		}
		own.fields.add(x.Name, maxFields)
	}
	known := false
	for _, k := range f.Retention {
		if k.Activity == id {
			c.until = max(c.until, k.Until)
			known = known || k.Until != ""
		}
	}
	if a := v.j.activities[id]; !known && a != nil && a.Retention != nil {
		c.unknown++
	}
}

func (v *view) leftOut(id, why, detail string, fields []string) {
	k := leftKey{id, why}
	c := v.left[k]
	if c == nil {
		c = &leftCount{detail: detail, fields: set{}}
		v.left[k] = c
	}
	c.findings++
	for _, f := range fields {
		c.fields.add(f, maxFields)
	}
}

// erase counts what an erasure does with a finding.
func (v *view) erase(f *inventory.Finding) {
	if len(f.Actions) == 0 {
		return
	}
	e := &v.erasure
	a := f.Actions[0]
	e.Actions[a.Kind]++
	switch a.Kind {
	case "keep":
		if a.Keep == nil { // in a report that others wrote
			a.Keep = &inventory.Keep{Kind: "retention"}
		}
		v.kept(a.Keep)
	case "review":
		for _, r := range a.Reasons {
			v.review[r]++
		}
	}
	for _, b := range a.BlockedBy {
		if len(v.blocked) < maxPlaces || v.blocked[b] > 0 {
			v.blocked[b]++
		}
	}
	v.backup(f, a)
}

func (v *view) kept(k *inventory.Keep) {
	key := keepKey{k.Activity, k.Kind, k.Ground}
	c := v.keep[key]
	if c == nil {
		if len(v.keep) >= maxPlaces {
			key = keepKey{k.Activity, k.Kind, "on other grounds"}
			c = v.keep[key]
		}
		if c == nil {
			c = &inventory.KeptRecords{Activity: k.Activity, Kind: k.Kind, Ground: key.ground}
			v.keep[key] = c
		}
	}
	c.Findings++
	if k.Until == nil {
		c.Unknown++
		return
	}
	c.Until = max(c.Until, *k.Until)
	if c.First == "" || *k.Until < c.First {
		c.First = *k.Until
	}
	v.erasure.KeptUntil = max(v.erasure.KeptUntil, *k.Until)
}

// backup counts a finding that lies in a backup, or has copies in some.
func (v *view) backup(f *inventory.Finding, a inventory.Action) {
	id := ""
	for _, k := range f.Retention {
		if k.Clock == "backup" {
			id = k.Activity
		}
	}
	in := a.Kind == "wait" || a.Kind == "drop-snapshots" || a.Then == "drop-snapshots" || id != ""
	if !in && len(f.Copies) == 0 {
		return
	}
	key := backupKey{f.Source, id}
	c := v.backups[key]
	if c == nil {
		c = &inventory.BackupView{Source: f.Source, Activity: id}
		v.backups[key] = c
	}
	c.Findings++
	c.Copies += max(len(f.Copies), f.CopiesTotal)
	if a.Sooner != nil {
		c.Sooner = a.Sooner.Kind
	}
	if a.GoneBy == nil {
		c.Unknown++
		return
	}
	c.GoneBy = max(c.GoneBy, *a.GoneBy)
	v.erasure.GoneBy = max(v.erasure.GoneBy, *a.GoneBy)
}

// rectify counts the values of a finding's attributes.
func (v *view) rectify(f *inventory.Finding) {
	if f.Confidence == "possible" {
		return
	}
	seen := map[string]bool{}
	for _, x := range f.Attributes {
		if x.Fingerprint != "" {
			v.value(f, x.Attribute, x.Fingerprint, x.Masked, fieldText(x.Fields))
		}
		seen[x.Attribute] = true
	}
	for _, m := range f.Matches {
		if seen[m.Type] || m.Identifier < 0 || m.Identifier >= len(v.subject.Identifiers) {
			continue
		}
		id := v.subject.Identifiers[m.Identifier]
		switch m.Type {
		case "email", "phone", "name", "address", "birth_date", "vat", "iban", "national_id":
			if k := m.Type + "\x00" + id.Fingerprint; id.Fingerprint != "" && !seen[k] {
				seen[k] = true
				v.value(f, m.Type, id.Fingerprint, m.Masked, m.Field)
			}
		}
	}
	counted := map[string]bool{}
	for _, c := range f.Corrections {
		n := v.correct[correctKey{c.Request, c.Attribute}]
		if n == nil {
			continue
		}
		if k := c.Request + "\x00" + c.Attribute + "\x00" + c.State; !counted[k] {
			counted[k] = true
			switch c.State {
			case "right":
				n.Right++
			case "change":
				n.Change++
			case "complete":
				n.Complete++
			case "backup":
				n.Backups++
			default:
				n.Compare++
			}
		}
		if c.State == "change" || c.State == "complete" {
			stands(n.places, f, c.Field)
		}
	}
}

func (v *view) value(f *inventory.Finding, attribute, fingerprint, masked, field string) {
	a := v.attributes[attribute]
	if a == nil {
		a = &attributeCount{values: map[string]*valueCount{}}
		v.attributes[attribute] = a
	}
	a.findings++
	x := a.values[fingerprint]
	if x == nil {
		if len(a.values) >= maxValues {
			return
		}
		x = &valueCount{masked: masked, places: map[fieldKey]*inventory.FieldView{}}
		a.values[fingerprint] = x
	}
	x.findings++
	stands(x.places, f, field)
}

// stands counts a field of a place.
func stands(places map[fieldKey]*inventory.FieldView, f *inventory.Finding, field string) {
	k := fieldKey{f.Source, f.Place, field}
	p := places[k]
	if p == nil {
		if len(places) >= maxPlaces {
			return
		}
		p = &inventory.FieldView{Source: f.Source, Place: f.Place, Field: field, IDs: []string{}}
		places[k] = p
	}
	p.Findings++
	if len(p.IDs) < maxIDs && !slices.Contains(p.IDs, f.ID) {
		p.IDs = append(p.IDs, f.ID)
	}
}

// notify notes who is to be told of what is done with a finding: those to whom
// an activity discloses it (Art. 19), or the customer whose data it is.
func (v *view) notify(f *inventory.Finding) {
	if f.Confidence == "possible" {
		return
	}
	for i, id := range f.Activities {
		a := v.j.activities[id]
		if a == nil {
			continue
		}
		for _, r := range a.Recipients {
			v.tell(f, i, inventory.Notification{Name: r.Name, Kind: r.Kind, Country: r.Country, Contact: r.Contact})
		}
		if a.Role == "processor" || a.Role == "joint" {
			n := inventory.Notification{Kind: "controller"}
			if a.Controller != nil {
				n.Name, n.Contact = a.Controller.Name, a.Controller.Contact
			}
			if f.Tenant != nil {
				if n.Name = *f.Tenant; a.Controller != nil && a.Controller.Name != "" {
					n.Name += " (" + a.Controller.Name + ")"
				}
			}
			if n.Name != "" {
				v.tell(f, i, n)
			}
		}
	}
}

func (v *view) tell(f *inventory.Finding, i int, n inventory.Notification) {
	k := toldKey{n.Name, n.Kind}
	c := v.told[k]
	if c == nil {
		if len(v.told) >= maxPlaces {
			return
		}
		c = &toldCount{Notification: n, activities: set{}, categories: set{}, rights: map[string]*inventory.NotifiedRight{}}
		c.IDs = []string{}
		v.told[k] = c
	}
	c.Findings++
	c.activities.add(f.Activities[i], maxFields)
	for _, x := range f.Fields {
		if of(f, x, i) {
			for _, cat := range x.Categories {
				c.categories.add(cat, maxFields)
			}
		}
	}
	if len(c.IDs) < maxIDs {
		c.IDs = append(c.IDs, f.ID)
	}
	for _, right := range toldRights {
		if !v.concerned(f, i, right) {
			continue
		}
		r := c.rights[right]
		if r == nil {
			r = &inventory.NotifiedRight{Right: right, Requests: v.requested(right), IDs: []string{}}
			c.rights[right] = r
		}
		r.Findings++
		if len(r.IDs) < maxIDs {
			r.IDs = append(r.IDs, f.ID)
		}
	}
}

// toldRights are those of whose exercise others are told: Art. 19, and Art. 28 for
// what an objection stops.
var toldRights = []string{"erasure", "rectification", "restriction", "objection"}

// concerned reports whether a right does something with what a finding is in its
// activity with an index: only of that others are told.
func (v *view) concerned(f *inventory.Finding, i int, right string) bool {
	named := func(names []string) bool {
		for _, name := range names {
			k := slices.IndexFunc(f.Fields, func(x inventory.Field) bool { return x.Name == name })
			if k < 0 && i == 0 || k >= 0 && of(f, f.Fields[k], i) {
				return true
			}
		}
		return false
	}
	switch right {
	case "erasure":
		return slices.ContainsFunc(f.Actions, func(a inventory.Action) bool {
			switch a.Kind {
			case "keep", "wait", "review":
				return false
			case "null-columns":
				return named(a.Fields)
			}
			return true
		})
	case "rectification":
		return slices.ContainsFunc(f.Corrections, func(c inventory.Correction) bool {
			return (c.State == "change" || c.State == "complete") && named(strings.Split(c.Field, "+"))
		})
	case "restriction":
		return true
	}
	a := v.j.activities[f.Activities[i]]
	if a.Marketing || effect(basesOf(basisText(a))) != "" {
		return true
	}
	return slices.ContainsFunc(f.Fields, func(x inventory.Field) bool {
		return x.LegalBasis != "" && of(f, x, i) && effect(basesOf(x.LegalBasis)) != ""
	})
}

// tenant counts what is held for a customer.
func (v *view) tenant(f *inventory.Finding) {
	for _, id := range f.Activities {
		a := v.j.activities[id]
		if a == nil || a.Role != "processor" {
			continue
		}
		k := tenantKey{activity: id}
		if f.Tenant != nil {
			k.tenant = *f.Tenant
		}
		c := v.tenants[k]
		if c == nil {
			c = &tenantCount{TenantView: inventory.TenantView{Activity: id, Tenant: k.tenant, Controller: a.Controller, Actions: map[string]int{}}, places: set{}}
			if a.Instruction != nil {
				c.Instruction = *a.Instruction
			}
			for _, q := range v.subject.Requests {
				if q.Instruction != "" && (a.Instruction == nil || *a.Instruction == "") {
					c.Instruction = q.Instruction
				}
			}
			v.tenants[k] = c
		}
		c.TenantView.Findings.Add(f.Confidence)
		c.places.add(f.Source+"\x00"+f.Place, 100_000)
		if len(f.Actions) > 0 {
			c.Actions[f.Actions[0].Kind]++
		}
	}
}
