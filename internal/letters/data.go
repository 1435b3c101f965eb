package letters

import (
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/wording"
)

// data is what a template can name. All are texts in the letter's language, ready
// to be read; empty where the report does not know.
type data struct {
	Title     string
	Date      string
	To        string
	Host      host
	Authority string
	Questions string // who answers them
	Request   request
	Complete  bool // everything that was listed was read
	Records   string
	Open      string // records that nobody has reviewed; empty: none
	Hosted    bool   // data that the host holds as processor stand apart, or were not searched

	Activities  []activity // of access
	Unassigned  string     // records whose activity is not known
	Portable    string     // records
	Included    []part
	LeftOut     []part
	Erased      string
	Undecided   string // records that somebody has to look at
	Kept        []part
	Backups     []part
	Corrections []correction
	Rests       []part // what a restriction or an objection is about
	Told        string // recipients

	Rights      string // that were asked for, to others
	Concerns    []part // what each of them does, and of how many records; What and Name
	Categories  string
	For         string // activities
	Instruction string

	Notice []string // to the officer; not part of the templates
}

type host struct{ Name, Address, Contact string }

type request struct{ ID, Type, Right, Article, Received, Due, FirstDue string }

type activity struct{ Name, Purpose, Basis, Categories, Recipients, Transfers, Kept, Until, Origin, Automated string }

type part struct{ Name, What, Basis, Categories, Why, Ground, Until, Effect string }

type correction struct{ Attribute, Change, Complete, Right, Compare, Restored string }

// writer writes letters about a person.
type writer struct {
	wording.Words
	opt Options
	r   *inventory.Report
	s   *inventory.Subject

	sure int            // findings that are certain or confirmed, and the host's own
	open int            // that are less than certain, and that nobody has reviewed
	by   map[string]int // those that are sure, by activity
}

// count counts the findings of which letters may speak.
func (w *writer) count() error {
	w.by = map[string]int{}
	processor := map[string]bool{}
	for _, a := range w.r.Activities {
		processor[a.ID] = a.Role == "processor"
	}
	for f, err := range w.r.Findings() {
		if err != nil {
			return err
		}
		if f.Subject != w.s.ID || f.Review == "refused" || slices.ContainsFunc(f.Activities, func(id string) bool { return processor[id] }) {
			continue
		}
		if f.Confidence == "certain" || f.Review == "confirmed" {
			w.sure++
			for _, id := range f.Activities {
				w.by[id]++
			}
		} else {
			w.open++
		}
	}
	return nil
}

// own is how many records the host holds about the person as controller.
func (w *writer) own() int { return w.sure }

func (w *writer) records(n int) string { return w.Count(w.T.Page.RecordCount, int64(n)) }

// base is what every letter says.
func (w *writer) base() data {
	d := data{Date: w.Date(w.opt.Now), Complete: len(w.r.Gaps) == 0, Records: w.records(w.sure)}
	d.Host.Name, d.Questions, d.Authority = "["+w.T.Person.Controller+"]", "[…]", "[…]"
	if o := w.r.Organisation; o != nil {
		if o.Name != "" {
			d.Host.Name = wording.Shown(o.Name)
		}
		d.Host.Address, d.Host.Contact = wording.Shown(o.Address), wording.Shown(o.Contact)
		switch {
		case o.DPO != "":
			d.Questions = wording.Shown(o.DPO)
		case o.Contact != "":
			d.Questions = wording.Shown(o.Contact)
		}
		if a := o.Authority; a != nil {
			d.Authority = joined(", ", a.Name, a.Contact, a.URL)
		}
	}
	d.Notice = []string{w.T.Notice.Draft, w.T.Notice.Fill}
	if !d.Complete {
		d.Notice = append(d.Notice, w.T.Notice.Incomplete)
	}
	if w.open > 0 {
		d.Open = w.records(w.open)
		d.Notice = append(d.Notice, w.T.Notice.Possible)
	}
	return d
}

func joined(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, wording.Shown(p))
		}
	}
	return strings.Join(out, sep)
}

// answer is what an answer to a request says.
func (w *writer) answer(q inventory.Request) data {
	d := w.base()
	d.To = "[" + w.T.Terms.Identifiers["name"] + ", " + w.T.Terms.Identifiers["address"] + "]"
	right := w.Right(q.Type)
	d.Request = request{
		ID: wording.Shown(q.ID), Type: q.Type, Right: right.Name, Article: w.Article(q.Type),
		Received: w.Day(q.Received), Due: w.Day(q.Due), FirstDue: w.Day(q.FirstDue),
	}
	v := w.s.Rights
	switch q.Type {
	case "access":
		w.access(&d, v.Access)
	case "portability":
		w.portability(&d, v.Portability)
	case "erasure":
		w.erasure(&d, v)
	case "rectification":
		w.rectification(&d, q, v)
	case "restriction":
		w.rests(&d, v.Restriction)
	case "objection":
		w.rests(&d, v.Objection)
	}
	d.Hosted = len(v.AsProcessor)+len(v.NotSearched) > 0
	if n := v.Unassigned.All(); n > 0 {
		d.Notice = append(d.Notice, w.T.Notice.Unassigned)
	}
	if q.Type == "erasure" || q.Type == "rectification" || q.Type == "restriction" {
		var names []string
		for _, n := range v.Notifications {
			if slices.ContainsFunc(w.concerns(n), func(r inventory.NotifiedRight) bool { return r.Right == q.Type }) && (n.Kind != "controller" || !w.asProcessor(n.Activities)) {
				names = append(names, wording.Shown(n.Name))
			}
		}
		d.Told = w.List(names)
	}
	return d
}

func (w *writer) name(id, name string) string {
	if name != "" {
		return wording.Shown(name)
	}
	for _, a := range w.r.Activities {
		if a.ID == id && a.Name != "" {
			return wording.Shown(a.Name)
		}
	}
	if id == "unassigned" {
		return w.T.Terms.Unassigned
	}
	return wording.Shown(id)
}

func (w *writer) access(d *data, v inventory.AccessView) {
	for _, a := range v.Activities {
		n := w.by[a.Activity]
		if n == 0 {
			continue // only what nobody has reviewed
		}
		if a.Role == "unassigned" {
			d.Unassigned = w.records(n)
			continue
		}
		x := activity{
			Name: w.name(a.Activity, a.Name), Purpose: wording.Shown(a.Purpose), Basis: w.Basis(a.LegalBasis), Categories: w.Categories(a.Categories),
			Recipients: w.Recipients(a.Recipients), Kept: w.kept(a.Retention), Until: w.Day(a.Until), Origin: w.Sentence(a.Source), Automated: fillIn(w.T.Views.NoAutomated),
		}
		if len(a.Recipients) == 0 {
			x.Recipients = fillIn(x.Recipients)
		}
		if a.LegalBasis == "" {
			x.Basis = fillIn(x.Basis)
		}
		for _, c := range a.Columns {
			x.Basis += "; " + w.List(shownAll(c.Fields)) + ": " + w.Basis(c.LegalBasis)
		}
		if a.UntilUnknown > 0 {
			x.Until = strings.TrimSpace(x.Until + " " + fillIn(language.Fill(w.T.Views.UntilUnknown, w.Number(int64(a.UntilUnknown)))))
		}
		if a.AutomatedDecisions != nil && *a.AutomatedDecisions != "" {
			x.Automated = wording.Shown(*a.AutomatedDecisions)
		}
		var transfers []string
		for _, t := range a.Transfers {
			if t.Safeguard == "" {
				transfers = append(transfers, wording.Shown(t.Country))
			} else {
				transfers = append(transfers, language.Fill(w.T.Person.Transfers, wording.Shown(t.Country), wording.Shown(t.Safeguard)))
			}
		}
		x.Transfers = w.List(transfers)
		for _, f := range []*string{&x.Purpose, &x.Categories, &x.Origin} {
			if *f == "" {
				*f = "[…]"
			}
		}
		d.Activities = append(d.Activities, x)
	}
}

// fillIn marks what somebody has to fill in before a letter goes out.
func fillIn(s string) string { return "[" + s + "]" }

func shownAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, wording.Shown(s))
	}
	return out
}

// kept says how long something is kept, to a person: what a configuration calls
// the event from which the clock runs is to be said in words.
func (w *writer) kept(r *inventory.Retention) string {
	if r == nil {
		return fillIn(w.T.Person.NoRetention)
	}
	if inventory.IsColumn(r.From) {
		own := *r
		own.From = fillIn(r.From)
		r = &own
	}
	return w.Retention(r)
}

func (w *writer) portability(d *data, v inventory.PortabilityView) {
	if v.Findings > 0 {
		d.Portable = w.records(v.Findings)
	}
	for _, a := range v.Included {
		d.Included = append(d.Included, part{Name: w.name(a.Activity, ""), Basis: w.Basis(a.LegalBasis), Categories: w.Categories(a.Categories)})
	}
	for _, a := range v.LeftOut {
		switch a.Why {
		case "role": // not the controller's answer
		case "unassigned": // nobody has said yet
			d.Unassigned = w.records(a.Findings)
		default:
			d.LeftOut = append(d.LeftOut, part{Name: w.name(a.Activity, ""), Why: language.Term(w.T.Views.WhyLeftOut, a.Why)})
		}
	}
}

func (w *writer) erasure(d *data, v *inventory.Rights) {
	n := 0
	for kind, count := range v.Erasure.Actions {
		switch kind {
		case "keep", "review", "wait":
		default:
			n += count
		}
	}
	if n > 0 {
		d.Erased = w.records(n)
	}
	if n := v.Erasure.Actions["review"]; n > 0 {
		d.Undecided = w.records(n)
	}
	for _, k := range v.Erasure.Keep {
		x := part{What: w.records(k.Findings), Ground: w.Ground(k), Until: w.Day(k.Until)}
		for _, a := range w.r.Activities {
			if a.ID == k.Activity && a.Retention != nil && inventory.IsColumn(a.Retention.From) { // to be said in words
				x.Ground = strings.Replace(x.Ground, wording.Shown(a.Retention.From), fillIn(wording.Shown(a.Retention.From)), 1)
			}
		}
		if k.Activity != "" {
			x.What = w.name(k.Activity, "") + ", " + x.What
		}
		if k.Unknown > 0 {
			x.Until = "" // of some records nobody knows the day
		}
		d.Kept = append(d.Kept, x)
	}
	for _, b := range v.Erasure.Backups {
		x := part{What: wording.Shown(b.Source), Until: w.Day(b.GoneBy)}
		if b.Unknown > 0 {
			x.Until = ""
		}
		d.Backups = append(d.Backups, x)
	}
}

func (w *writer) rectification(d *data, q inventory.Request, v *inventory.Rights) {
	for _, c := range v.Rectification.Correct {
		if c.Request == q.ID {
			d.Corrections = append(d.Corrections, correction{
				w.Attribute(c.Attribute), w.Count(w.T.Views.Change, int64(c.Change)), w.Count(w.T.Views.Complete, int64(c.Complete)), w.Count(w.T.Views.HasRight, int64(c.Right)),
				w.some(w.T.Views.Compare, c.Compare), w.some(w.T.Views.Restored, c.Backups),
			})
		}
	}
}

// some is a message about n things; empty where there is none.
func (w *writer) some(c language.Count, n int) string {
	if n == 0 {
		return ""
	}
	return w.Count(c, int64(n))
}

func (w *writer) rests(d *data, v inventory.RestView) {
	for _, a := range v.Activities {
		name := w.name(a.Activity, a.Name)
		if len(a.Fields) > 0 {
			name += " (" + w.List(shownAll(a.Fields)) + ")"
		}
		d.Rests = append(d.Rests, part{Name: name, Basis: w.Basis(a.LegalBasis), Effect: language.Term(w.T.Views.Effects, a.Effect)})
	}
}

// asProcessor reports whether the host is processor in all of some activities.
func (w *writer) asProcessor(ids []string) bool {
	for _, id := range ids {
		if !slices.ContainsFunc(w.r.Activities, func(a inventory.Activity) bool { return a.ID == id && a.Role == "processor" }) {
			return false
		}
	}
	return true
}

// tell are the rights asked for of which others are told (Art. 19), or which
// processors help with (Art. 28(3)(e)).
func (w *writer) tell() []string {
	var out []string
	for _, q := range w.s.Requests {
		switch q.Type {
		case "erasure", "rectification", "restriction", "objection":
			if !slices.Contains(out, q.Type) {
				out = append(out, q.Type)
			}
		}
	}
	return out
}

func (w *writer) rightsOf(types []string) string {
	var out []string
	for _, t := range types {
		out = append(out, w.Right(t).Name+" ("+w.Article(t)+")")
	}
	return w.List(out)
}

// concerns are the rights asked for of which somebody is to be told, with the
// findings that each does something with; none: it is to be told of nothing.
func (w *writer) concerns(n inventory.Notification) []inventory.NotifiedRight {
	asked := w.tell()
	var out []inventory.NotifiedRight
	if len(n.Rights) == 0 && w.untold() {
		for _, right := range asked {
			out = append(out, inventory.NotifiedRight{Right: right, Findings: n.Findings})
		}
		return out
	}
	for _, r := range n.Rights {
		if slices.Contains(asked, r.Right) {
			out = append(out, r)
		}
	}
	return out
}

// untold reports whether the report is of a version that does not say what each
// right does with what concerns others.
func (w *writer) untold() bool {
	return !slices.ContainsFunc(w.s.Rights.Notifications, func(n inventory.Notification) bool { return len(n.Rights) > 0 })
}

// told is what a letter to a recipient says.
func (w *writer) told(n inventory.Notification, concerns []inventory.NotifiedRight) data {
	d := w.base()
	d.To = joined("\n", n.Name, n.Contact, n.Country)
	var types []string
	most := 0
	for _, c := range concerns {
		types = append(types, c.Right)
		most = max(most, c.Findings)
		d.Concerns = append(d.Concerns, part{Name: w.Right(c.Right).Name + " (" + w.Article(c.Right) + ")", What: w.records(c.Findings)})
	}
	d.Request.ID = w.ids(types)
	d.Rights = w.rightsOf(types)
	d.Records, d.Categories = w.records(most), w.Categories(n.Categories)
	var names []string
	for _, id := range n.Activities {
		names = append(names, w.name(id, ""))
	}
	d.For = w.List(names)
	return d
}

// ids names the requests of some types.
func (w *writer) ids(types []string) string {
	var out []string
	for _, q := range w.s.Requests {
		if slices.Contains(types, q.Type) {
			out = append(out, wording.Shown(q.ID))
		}
	}
	return strings.Join(out, ", ")
}

// A customer is one for whom the host is processor, and all that it holds for
// them.
type customer struct {
	views []inventory.TenantView
}

// customers are the customers of whom something is held, each once.
func (w *writer) customers() []customer {
	var out []customer
	at := map[[2]string]int{}
	for _, t := range w.s.Rights.AsProcessor {
		k := [2]string{t.Tenant, ""}
		if t.Controller != nil {
			k[1] = t.Controller.Name
		}
		if k == ([2]string{}) {
			k[1] = "\x00" + t.Activity // nothing tells whose it is
		}
		if _, ok := at[k]; !ok {
			at[k] = len(out)
			out = append(out, customer{})
		}
		c := &out[at[k]]
		c.views = append(c.views, t)
	}
	return out
}

// tenant is what a letter to a customer says, for whom the host is processor.
func (w *writer) tenant(c customer) data {
	d := w.base()
	t := c.views[0]
	if t.Controller != nil {
		d.To = joined("\n", t.Controller.Name, t.Controller.Contact)
	} else {
		d.To = wording.Shown(t.Tenant)
	}
	if d.To == "" {
		d.To = "[" + w.T.Person.Tenant + "]"
	}
	var types []string
	for _, q := range w.s.Requests {
		if !slices.Contains(types, q.Type) {
			types = append(types, q.Type)
		}
	}
	d.Request.ID = w.ids(types)
	d.Rights = w.rightsOf(types)
	n := 0
	var names, instructions []string
	for _, v := range c.views {
		n += v.Findings.All()
		names = append(names, w.name(v.Activity, ""))
		if v.Instruction != "" && !slices.Contains(instructions, wording.Shown(v.Instruction)) {
			instructions = append(instructions, wording.Shown(v.Instruction))
		}
	}
	d.Records = w.records(n)
	d.For = joined(", ", append([]string{t.Tenant}, names...)...)
	d.Instruction = w.List(instructions)
	return d
}
