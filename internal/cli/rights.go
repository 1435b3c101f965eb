package cli

import (
	"time"

	"github.com/spoor-scan/spoor/internal/activity"
	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/rights"
	"github.com/spoor-scan/spoor/internal/subject"
)

// activities returns what assigns places to activities, for people with their
// requests; nil where the configuration has no activities.
func activities(p *plan.Plan, subjects []plan.Subject) *activity.Map {
	if len(p.Activities) == 0 {
		return nil
	}
	var sources, instructions []string
	for _, s := range p.Sources {
		sources = append(sources, s.Name)
	}
	for _, x := range subjects {
		in := ""
		for _, q := range x.Requests {
			if in == "" {
				in = string(q.Instruction)
			}
		}
		instructions = append(instructions, in)
	}
	return activity.New(reportActivities(p.Activities), sources, p.Instruction, instructions)
}

// leave returns scanners.Env.Leave for a source.
func leave(acts *activity.Map, source string) func(uri, place string) (string, bool) {
	if acts == nil {
		return nil
	}
	return func(uri, place string) (string, bool) {
		s, left := acts.Leaves(activity.Place{Source: source, Place: place, URI: uri}, false)
		return acts.WhyLeft(s.Activity), left
	}
}

func reportActivities(list []plan.Activity) []activity.Rule {
	var out []activity.Rule
	for _, a := range list {
		e := activity.Rule{Covers: a.Covers, Tenant: a.Tenant, Activity: inventory.Activity{
			ID: a.ID, Name: a.Name, Role: a.Role, Instruction: optional(string(a.Instruction)), Purpose: a.Purpose, LegalBasis: optional(a.LegalBasis),
			DataSubjects: append([]string{}, a.DataSubjects...), Categories: a.Categories, Recipients: []inventory.Recipient{}, Origin: a.Origin,
			Provision: a.Provision, AutomatedDecisions: optional(string(a.AutomatedDecisions)), Marketing: a.Marketing, Retention: retention(a.Retention),
		}}
		if a.Controller != nil {
			e.Controller = &inventory.Party{Name: a.Controller.Name, Contact: a.Controller.Contact}
		}
		for _, r := range a.Recipients {
			e.Recipients = append(e.Recipients, inventory.Recipient{Name: r.Name, Kind: r.Kind, Contact: r.Contact, Country: r.Country, Safeguard: optional(r.Safeguard)})
		}
		for _, t := range a.Transfers {
			e.Transfers = append(e.Transfers, inventory.Transfer{Country: t.Country, Safeguard: t.Safeguard, Recipient: t.Recipient})
		}
		for _, c := range a.Columns {
			e.Columns = append(e.Columns, inventory.ColumnRule{
				Match: c.Match, Categories: c.Categories, Origin: c.Origin, LegalBasis: optional(c.LegalBasis), Retention: retention(c.Retention),
			})
		}
		out = append(out, e)
	}
	return out
}

func retention(r *plan.Retention) *inventory.Retention {
	if r == nil {
		return nil
	}
	return &inventory.Retention{Period: r.Period, From: r.From, Margin: r.Margin}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// reportSubjects returns the people as the report has them.
func reportSubjects(subjects []plan.Subject, rec *subject.Recognizer, key []byte, show bool, cal calendar.Calendar, now time.Time) []inventory.Subject {
	var out []inventory.Subject
	for i, x := range subjects {
		r := inventory.Subject{ID: x.ID, NotLookedFor: x.Ignored, Requests: []inventory.Request{}, Identifiers: []inventory.Identifier{}}
		for _, q := range x.Requests {
			r.Requests = append(r.Requests, reportRequest(q, key, show, cal, now))
		}
		for k, id := range x.Identifiers {
			m := rec.Masked(i, k)
			if show {
				m = id.Value
			}
			y := inventory.Identifier{Type: string(id.Type), Masked: m, Origin: "given", Shared: rec.Shared(i, k)}
			if id.Hash == "" {
				y.Fingerprint = inventory.Fingerprint(key, string(id.Type), subject.Attribute(string(id.Type), id.Value))
			}
			r.Identifiers = append(r.Identifiers, y)
		}
		out = append(out, r)
	}
	return out
}

// reportRequest returns a request as the report has it, on the day of the run.
func reportRequest(q plan.Request, key []byte, show bool, cal calendar.Calendar, now time.Time) inventory.Request {
	r := inventory.Request{
		ID: string(q.ID), Type: q.Type, Received: q.Received, Due: q.Due(cal), Ground: string(q.Ground), Instruction: string(q.Instruction),
	}
	if q.ExtendedTo != "" {
		r.ExtendedTo, r.FirstDue = q.ExtendedTo, q.FirstDue(cal)
	}
	if due, err := time.Parse(time.DateOnly, r.Due); err == nil {
		left := int(due.Sub(calendar.Day(now)).Hours() / 24)
		r.DaysLeft, r.Overdue = &left, left < 0
	}
	for _, c := range q.Correct {
		v := inventory.RightValue{Field: c.Field, Attribute: engine.AttributeOf(c.Field), Masked: c.Value}
		if !show {
			v.Masked = subject.MaskAttribute(v.Attribute, c.Value)
		}
		v.Fingerprint = inventory.Fingerprint(key, v.Attribute, subject.Attribute(v.Attribute, c.Value))
		r.Correct = append(r.Correct, v)
	}
	return r
}

// exercise completes a report: what each right asks of its findings.
func exercise(rep *inventory.Report, p *plan.Plan, sources []engine.Source, acts *activity.Map) error {
	o := p.Organisation
	rep.Organisation = &inventory.Organisation{Name: o.Name, Address: o.Address, Contact: o.Contact, DPO: o.DPO, Country: o.Country}
	if o.Country == "" {
		rep.Organisation.Country = plan.DefaultCountry
	}
	rep.Organisation.Authority = rights.Authority(rep.Organisation.Country)
	if o.Authority.Name != "" {
		rep.Organisation.Authority = &inventory.Authority{Name: o.Authority.Name, Contact: o.Authority.Contact, URL: o.Authority.URL}
	}
	var holds []rights.Hold
	for _, h := range p.Holds {
		holds = append(holds, rights.Hold{Hold: inventory.Hold{Ground: h.Ground, Until: string(h.Until), Subjects: h.Subjects, Covers: h.Covers}})
	}
	names := make([]string, 0, len(sources))
	roots := map[string]string{}
	for _, s := range sources {
		names = append(names, s.Info.Name)
		roots[s.Info.Name] = s.Info.URI
	}
	for i := range holds {
		covers := activity.New([]activity.Rule{{Covers: holds[i].Covers}}, names, "", nil)
		if len(holds[i].Covers) > 0 {
			holds[i].Over = func(f *inventory.Finding) bool {
				return len(covers.At(activity.Place{Source: f.Source, Root: roots[f.Source], Place: f.Place, URI: f.URI})) > 0
			}
		}
	}
	return rights.Exercise(rep, rights.Options{Holds: holds, Now: rep.Run.Started})
}
