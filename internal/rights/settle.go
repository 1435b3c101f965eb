package rights

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// requested returns the ids of the requests of a type.
func (v *view) requested(typ string) []string {
	out := []string{}
	for _, q := range v.subject.Requests {
		if q.Type == typ {
			out = append(out, q.ID)
		}
	}
	return out
}

// settle makes the views of what was counted.
func (v *view) settle() *inventory.Rights {
	r := &inventory.Rights{
		AsOf: v.j.asOf, Access: v.access(), Portability: v.portabilityView(), Erasure: v.erasureView(), Rectification: v.rectificationView(),
		Restriction: v.rest("restriction"), Objection: v.rest("objection"),
		Notifications: []inventory.Notification{}, AsProcessor: []inventory.TenantView{}, Unassigned: v.none,
	}
	for _, k := range slices.SortedFunc(maps.Keys(v.told), func(a, b toldKey) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) }) {
		n := v.told[k].Notification
		n.Activities, n.Categories = v.told[k].activities.sorted(), v.told[k].categories.sorted()
		for _, right := range toldRights {
			if t := v.told[k].rights[right]; t != nil {
				n.Rights = append(n.Rights, *t)
			}
		}
		r.Notifications = append(r.Notifications, n)
	}
	for _, k := range slices.SortedFunc(maps.Keys(v.tenants), func(a, b tenantKey) int {
		return cmp.Or(cmp.Compare(a.activity, b.activity), cmp.Compare(a.tenant, b.tenant))
	}) {
		t := v.tenants[k].TenantView
		t.Places = len(v.tenants[k].places)
		r.AsProcessor = append(r.AsProcessor, t)
	}
	for _, x := range v.j.rep.Exclusions {
		if x.Reason == "no-instruction" && len(r.NotSearched) < maxPlaces && v.concerns(x) {
			r.NotSearched = append(r.NotSearched, inventory.NotSearchedPlaces{Source: x.Source, Place: x.Place, Detail: x.Detail})
		}
	}
	return r
}

// aboutSubject is how an exclusion names the one subject that it concerns.
const aboutSubject = "no instruction is about the subject "

// concerns reports whether an exclusion concerns the subject.
func (v *view) concerns(x inventory.Exclusion) bool {
	_, id, ok := strings.Cut(x.Detail, aboutSubject)
	return !ok || id == v.subject.ID
}

func (v *view) access() inventory.AccessView {
	a := inventory.AccessView{
		Requested: v.requested("access"), Activities: []inventory.AccessActivity{},
		Rights: []string{"rectification", "erasure", "restriction", "objection", "portability"},
	}
	if v.j.rep.Organisation != nil {
		a.Complaint = v.j.rep.Organisation.Authority
	}
	for _, x := range v.j.rep.Activities {
		c := v.activities[x.ID]
		if c == nil || x.Role == "processor" {
			continue
		}
		for _, cat := range x.Categories {
			c.categories.add(cat, maxFields)
		}
		origins := c.origins.sorted()
		if x.Role == "unassigned" {
			origins = []string{} // nobody has said where it comes from
		}
		a.Activities = append(a.Activities, inventory.AccessActivity{
			Activity: x.ID, Name: name(x), Role: x.Role, Purpose: x.Purpose, LegalBasis: basisText(&x), Categories: c.categories.sorted(),
			Recipients: append([]inventory.Recipient{}, x.Recipients...), Transfers: append([]inventory.Transfer{}, x.Transfers...),
			Retention: x.Retention, Until: c.until, UntilUnknown: c.unknown, Columns: c.own(), Source: x.Origin, Origins: origins, AutomatedDecisions: x.AutomatedDecisions,
			Findings: c.findings, Places: len(c.places),
		})
	}
	return a
}

// own returns the columns that have a legal basis of their own.
func (c *activityCount) own() []inventory.ColumnBasis {
	var out []inventory.ColumnBasis
	for _, b := range slices.Sorted(maps.Keys(c.columns)) {
		out = append(out, inventory.ColumnBasis{LegalBasis: b, Fields: c.columns[b].fields.sorted(), Findings: c.columns[b].findings.All()})
	}
	return out
}

func name(a inventory.Activity) string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

func (v *view) portabilityView() inventory.PortabilityView {
	p := inventory.PortabilityView{
		Requested: v.requested("portability"), Included: []inventory.PortableActivity{}, LeftOut: []inventory.LeftOut{},
		Findings: v.portable, ToConfirm: v.confirm,
	}
	for _, x := range v.j.rep.Activities {
		if c := v.activities[x.ID]; c != nil && c.included > 0 {
			p.Included = append(p.Included, inventory.PortableActivity{
				Activity: x.ID, LegalBasis: basisText(&x), Findings: c.included, Fields: c.fields.sorted(), Categories: c.portable.sorted(),
			})
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(v.left), func(a, b leftKey) int { return cmp.Or(cmp.Compare(a.activity, b.activity), cmp.Compare(a.why, b.why)) }) {
		c := v.left[k]
		p.LeftOut = append(p.LeftOut, inventory.LeftOut{Activity: k.activity, Why: k.why, Detail: c.detail, Findings: c.findings, Fields: c.fields.sorted()})
	}
	return p
}

func (v *view) erasureView() inventory.ErasureView {
	e := v.erasure
	e.Requested = v.requested("erasure")
	e.Keep, e.Backups = []inventory.KeptRecords{}, []inventory.BackupView{}
	for _, k := range slices.SortedFunc(maps.Keys(v.keep), func(a, b keepKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.activity, b.activity), cmp.Compare(a.ground, b.ground))
	}) {
		e.Keep = append(e.Keep, *v.keep[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(v.backups), func(a, b backupKey) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.activity, b.activity))
	}) {
		e.Backups = append(e.Backups, *v.backups[k])
	}
	e.Review, e.Blocked = reasons(v.review), reasons(v.blocked)
	return e
}

func reasons(counts map[string]int) []inventory.ReviewCount {
	out := []inventory.ReviewCount{}
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, inventory.ReviewCount{Reason: r, Findings: counts[r]})
	}
	slices.SortStableFunc(out, func(a, b inventory.ReviewCount) int { return cmp.Compare(b.Findings, a.Findings) })
	return out
}

func (v *view) rectificationView() inventory.RectificationView {
	r := inventory.RectificationView{Requested: v.requested("rectification"), Attributes: []inventory.AttributeView{}, Correct: []inventory.CorrectionView{}}
	for _, name := range slices.Sorted(maps.Keys(v.attributes)) {
		a := v.attributes[name]
		x := inventory.AttributeView{Attribute: name, Differs: len(a.values) > 1, Findings: a.findings, Values: []inventory.ValueView{}}
		for _, fp := range slices.Sorted(maps.Keys(a.values)) {
			c := a.values[fp]
			val := inventory.ValueView{Masked: c.masked, Fingerprint: fp, Findings: c.findings, Places: sortedPlaces(c.places)}
			if v.asked[name] {
				right := v.right[name+"\x00"+fp]
				val.Right = &right
			}
			x.Values = append(x.Values, val)
		}
		slices.SortStableFunc(x.Values, func(a, b inventory.ValueView) int { return cmp.Compare(b.Findings, a.Findings) })
		r.Attributes = append(r.Attributes, x)
	}
	for _, q := range v.subject.Requests {
		for _, c := range q.Correct {
			n := v.correct[correctKey{q.ID, c.Attribute}]
			y := n.CorrectionView
			y.Places = sortedPlaces(n.places)
			r.Correct = append(r.Correct, y)
		}
	}
	return r
}

func sortedPlaces(places map[fieldKey]*inventory.FieldView) []inventory.FieldView {
	out := []inventory.FieldView{}
	for _, k := range slices.SortedFunc(maps.Keys(places), func(a, b fieldKey) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.place, b.place), cmp.Compare(a.field, b.field))
	}) {
		out = append(out, *places[k])
	}
	return out
}

// rest lists what a restriction or an objection is about. A restriction reaches
// all that the host processes, on whatever basis (Art. 18(1)(a) to (c)); an
// objection, what rests on legitimate interests or a public task, or on consent,
// which is withdrawn, and marketing before all. Columns that have a legal basis of
// their own are told apart.
func (v *view) rest(typ string) inventory.RestView {
	out := inventory.RestView{Requested: v.requested(typ), Activities: []inventory.RestActivity{}}
	for _, x := range v.j.rep.Activities {
		c := v.activities[x.ID]
		if c == nil || x.Role == "processor" || x.Role == "unassigned" {
			continue
		}
		add := func(basis, effect string, findings inventory.ConfidenceCounts, fields []string) {
			out.Activities = append(out.Activities, inventory.RestActivity{
				Activity: x.ID, Name: name(x), LegalBasis: basis, Marketing: x.Marketing, Effect: effect, Findings: findings, Fields: fields,
			})
		}
		if typ == "restriction" {
			add(basisText(&x), "restrict", c.findings, nil)
			continue
		}
		whole := effect(basesOf(basisText(&x)))
		switch {
		case x.Marketing:
			whole = "stop"
		case len(basesOf(basisText(&x))) == 0:
			whole = "unclear"
		}
		if whole != "" {
			add(basisText(&x), whole, c.findings, nil)
		}
		for _, own := range c.own() {
			if e := effect(basesOf(own.LegalBasis)); e != "" && !x.Marketing && e != whole {
				add(own.LegalBasis, e, c.columns[own.LegalBasis].findings, own.Fields)
			}
		}
	}
	slices.SortStableFunc(out.Activities, func(a, b inventory.RestActivity) int {
		switch {
		case a.Marketing == b.Marketing:
			return 0
		case a.Marketing:
			return -1
		}
		return 1
	})
	return out
}

// effect is what an objection does to what rests on legal bases; empty: nothing.
func effect(b bases) string {
	switch {
	case b.has(legitimate), b.has(publicTask):
		return "balance"
	case b.has(consent):
		return "withdraw"
	}
	return ""
}
