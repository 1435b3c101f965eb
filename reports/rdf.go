package reports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/rights"
)

// The report as RDF speaks the Data Privacy Vocabulary of the W3C's community
// group (DPV 2.2, https://w3id.org/dpv/2.2) with its extensions for the GDPR and
// for kinds of personal data, and Dublin Core. What these have no term for is in a
// namespace of spoor's own.
var prefixes = [][2]string{
	{"dpv", "https://w3id.org/dpv#"},
	{"eu-gdpr", "https://w3id.org/dpv/legal/eu/gdpr#"},
	{"pd", "https://w3id.org/dpv/pd#"},
	{"dct", "http://purl.org/dc/terms/"},
	{"xsd", "http://www.w3.org/2001/XMLSchema#"},
	{"spoor", "https://spoor-scan.github.io/ns#"},
}

// things is the namespace of what a report names.
const things = "https://spoor-scan.github.io/id/"

func thing(parts ...string) ref {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return ref(things + strings.Join(parts, "/"))
}

// A ref names a resource: by an IRI, or by a name with one of the prefixes.
type ref string

// A typed is a literal with a datatype.
type typed struct{ value, datatype string }

// A node is a resource and what is said of it. Values are refs, typed literals,
// strings, ints and bools.
type node struct {
	id    ref
	types []string
	props []property
}

type property struct {
	name   string
	values []any
}

// say adds what is said; empty values say nothing.
func (n *node) say(name string, values ...any) {
	values = slices.DeleteFunc(values, func(v any) bool { return v == "" || v == ref("") })
	if len(values) == 0 {
		return
	}
	for i := range n.props {
		if n.props[i].name == name {
			n.props[i].values = append(n.props[i].values, values...)
			return
		}
	}
	n.props = append(n.props, property{name, values})
}

// JSONLD writes the report as JSON-LD 1.1 (W3C Recommendation of 16 July 2020) in
// terms of the Data Privacy Vocabulary. Like what is made for people it shows
// places, not URIs. Refused findings are left out.
func JSONLD(w io.Writer, r *inventory.Report) error {
	bw := bufio.NewWriterSize(w, 1<<18)
	context := map[string]string{}
	for _, p := range prefixes {
		context[p[0]] = p[1]
	}
	head, err := json.Marshal(context)
	if err != nil {
		return err
	}
	fmt.Fprintf(bw, "{\n  \"@context\": %s,\n  \"@graph\": [", head)
	sep := "\n    "
	err = graph(r, func(n *node) error {
		m := map[string]any{"@id": string(n.id), "@type": n.types}
		for _, p := range n.props {
			var list []any
			for _, v := range p.values {
				switch v := v.(type) {
				case ref:
					list = append(list, map[string]string{"@id": string(v)})
				case typed:
					list = append(list, map[string]string{"@value": v.value, "@type": v.datatype})
				default:
					list = append(list, v)
				}
			}
			m[p.name] = list
		}
		b, err := json.Marshal(m)
		if err != nil {
			return err
		}
		bw.WriteString(sep)
		bw.Write(b)
		sep = ",\n    "
		return nil
	})
	if err != nil {
		return err
	}
	bw.WriteString("\n  ]\n}\n")
	return bw.Flush()
}

// NTriples writes the same graph as N-Triples (W3C Recommendation of 25 February
// 2014), which is Turtle, too.
func NTriples(w io.Writer, r *inventory.Report) error {
	bw := bufio.NewWriterSize(w, 1<<18)
	err := graph(r, func(n *node) error {
		subject := iri(string(n.id))
		for _, t := range n.types {
			fmt.Fprintf(bw, "%s <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> %s .\n", subject, iri(t))
		}
		for _, p := range n.props {
			for _, v := range p.values {
				fmt.Fprintf(bw, "%s %s %s .\n", subject, iri(p.name), object(v))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return bw.Flush()
}

// iri writes a name in full.
func iri(name string) string {
	prefix, rest, ok := strings.Cut(name, ":")
	if ok && !strings.HasPrefix(rest, "//") {
		for _, p := range prefixes {
			if p[0] == prefix {
				return "<" + p[1] + rest + ">"
			}
		}
	}
	return "<" + name + ">"
}

func object(v any) string {
	const xsd = "^^<http://www.w3.org/2001/XMLSchema#"
	switch v := v.(type) {
	case ref:
		return iri(string(v))
	case typed:
		return quoted(v.value) + "^^" + iri(v.datatype)
	case int:
		return quoted(strconv.Itoa(v)) + xsd + "integer>"
	case bool:
		return quoted(strconv.FormatBool(v)) + xsd + "boolean>"
	}
	return quoted(fmt.Sprint(v))
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}

func day(s string) any {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return typed{s, "xsd:date"}
}

// articles are the rights by types of requests.
var articles = map[string]ref{
	"access": "eu-gdpr:A15", "rectification": "eu-gdpr:A16", "erasure": "eu-gdpr:A17", "restriction": "eu-gdpr:A18", "portability": "eu-gdpr:A20", "objection": "eu-gdpr:A21",
}

// legalBases are those of Art. 6(1) by how rights calls them.
var legalBases = map[string]ref{
	"consent": "eu-gdpr:A6-1-a", "contract": "eu-gdpr:A6-1-b", "legal obligation": "eu-gdpr:A6-1-c",
	"vital interests": "eu-gdpr:A6-1-d", "public task": "eu-gdpr:A6-1-e", "legitimate interests": "eu-gdpr:A6-1-f",
}

// kinds are kinds of personal data by types of identifiers and by categories.
var kinds = map[string]string{
	"email": "pd:EmailAddress", "phone": "pd:TelephoneNumber", "name": "pd:Name", "address": "pd:PhysicalAddress", "birth_date": "pd:BirthDate", "vat": "pd:Tax",
	"iban": "pd:BankAccount", "national_id": "pd:OfficialID", "card": "pd:PaymentCardNumber", "ip": "pd:IPAddress", "username": "pd:Username", "customer_id": "pd:UID", "domain": "pd:Identifier",
	"contact": "pd:Contact", "identity": "pd:Identifying", "online identifier": "pd:DeviceBased", "credential": "pd:Authenticating", "credentials": "pd:Authenticating",
	"financial": "pd:Financial", "official identification": "pd:OfficialID", "special category": "dpv:SpecialCategoryPersonalData",
}

var provided = map[string]string{"provided": "dpv:ProvidedPersonalData", "observed": "dpv:ObservedPersonalData", "derived": "dpv:DerivedPersonalData"}

// graph yields the nodes of a report.
func graph(r *inventory.Report, emit func(*node) error) error {
	g := &rdf{r: r, emit: emit, run: thing("run", r.Run.ID)}
	for _, step := range []func() error{g.about, g.subjects, g.activities, g.findings} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type rdf struct {
	r    *inventory.Report
	emit func(*node) error
	run  ref
}

// about tells of the run, what it read, and what it could not read.
func (g *rdf) about() error {
	n := &node{id: g.run, types: []string{"spoor:Run"}}
	n.say("dct:created", typed{g.r.Run.Finished.UTC().Format(time.RFC3339), "xsd:dateTime"})
	n.say("spoor:complete", len(g.r.Gaps) == 0)
	var nodes []*node
	if o := g.r.Organisation; o != nil && o.Name != "" {
		c := &node{id: thing("run", g.r.Run.ID, "organisation"), types: []string{"dpv:Organisation"}}
		c.say("dct:title", shown(o.Name))
		c.say("dpv:hasContact", shown(o.Contact))
		n.say("dct:publisher", c.id)
		nodes = append(nodes, c)
	}
	for i, x := range groupGaps(g.r.Gaps) {
		gap := &node{id: thing("run", g.r.Run.ID, "gap", strconv.Itoa(i+1)), types: []string{"spoor:Gap"}}
		gap.say("spoor:reason", shown(x.Reason))
		gap.say("spoor:source", shown(x.Source))
		gap.say("spoor:place", shown(x.Place))
		gap.say("dct:description", shown(x.Detail))
		gap.say("spoor:units", int(x.Units))
		n.say("spoor:hasGap", gap.id)
		nodes = append(nodes, gap)
	}
	return g.all(append([]*node{n}, nodes...))
}

func (g *rdf) all(nodes []*node) error {
	for _, n := range nodes {
		if err := g.emit(n); err != nil {
			return err
		}
	}
	return nil
}

func subjectRef(id string) ref { return thing("subject", id) }

// subjects tells of the people and their requests.
func (g *rdf) subjects() error {
	for _, s := range g.r.Subjects {
		n := &node{id: subjectRef(s.ID), types: []string{"dpv:DataSubject"}}
		n.say("dct:identifier", shown(s.ID))
		nodes := []*node{n}
		for _, q := range s.Requests {
			x := &node{id: thing("request", q.ID), types: []string{"dpv:RightExerciseActivity"}}
			x.say("dct:identifier", shown(q.ID))
			x.say("dpv:hasRight", articles[q.Type])
			x.say("dpv:hasDataSubject", n.id)
			x.say("dct:created", day(q.Received))
			x.say("spoor:due", day(q.Due))
			nodes = append(nodes, x)
		}
		if err := g.all(nodes); err != nil {
			return err
		}
	}
	return nil
}

func (g *rdf) activity(id string) ref { return thing("activity", id) }

// activities tells of the processing activities.
func (g *rdf) activities() error {
	for _, a := range g.r.Activities {
		n := &node{id: g.activity(a.ID), types: []string{"dpv:Process"}}
		n.say("dct:identifier", shown(a.ID))
		n.say("dct:title", shown(a.Name))
		var nodes []*node
		part := func(name, typ, kind string) *node {
			x := &node{id: thing("activity", a.ID, kind), types: []string{typ}}
			n.say(name, x.id)
			nodes = append(nodes, x)
			return x
		}
		if a.Purpose != "" {
			part("dpv:hasPurpose", "dpv:Purpose", "purpose").say("dct:description", shown(a.Purpose))
		}
		if a.LegalBasis != nil && *a.LegalBasis != "" {
			basis := legalBases[rights.Basis(*a.LegalBasis)]
			n.say("dpv:hasLegalBasis", basis)
			if basis == "" {
				part("dpv:hasLegalBasis", "dpv:LegalBasis", "legal-basis").say("dct:description", shown(*a.LegalBasis))
			}
		}
		g.parties(a, n, part)
		if a.Retention != nil {
			x := part("dpv:hasStorageCondition", "dpv:StorageDuration", "storage")
			x.say("dpv:hasDuration", typed{shown(a.Retention.Period), "xsd:duration"})
			x.say("dct:description", shown(a.Retention.From))
		}
		if a.Origin != "" {
			part("dpv:hasDataSource", "dpv:DataSource", "origin").say("dct:description", shown(a.Origin))
		}
		for i, who := range a.DataSubjects {
			part("dpv:hasDataSubject", "dpv:DataSubject", "data-subjects-"+strconv.Itoa(i+1)).say("dct:description", shown(who))
		}
		for _, c := range a.Categories {
			if k := kinds[c]; k != "" {
				n.say("dpv:hasPersonalData", ref(k))
			}
		}
		if err := g.all(append([]*node{n}, nodes...)); err != nil {
			return err
		}
	}
	return nil
}

// parties tells who is controller and processor, and who receives.
func (g *rdf) parties(a inventory.Activity, n *node, part func(name, typ, kind string) *node) {
	host := thing("run", g.r.Run.ID, "organisation")
	named := g.r.Organisation != nil && g.r.Organisation.Name != ""
	controller := "dpv:DataController"
	if a.Role == "joint" {
		controller = "dpv:JointDataControllers"
	}
	switch {
	case a.Controller != nil:
		c := part("dpv:hasDataController", controller, "controller")
		c.say("dct:title", shown(a.Controller.Name))
		c.say("dpv:hasContact", shown(a.Controller.Contact))
	case named && (a.Role == "controller" || a.Role == "joint"):
		n.say("dpv:hasDataController", host)
	}
	if named && a.Role == "processor" {
		n.say("dpv:hasDataProcessor", host)
	}
	for i, x := range a.Recipients {
		name, typ := "dpv:hasRecipient", "dpv:Recipient"
		if x.Kind == "processor" {
			name, typ = "dpv:hasDataProcessor", "dpv:DataProcessor"
		}
		y := part(name, typ, "recipient-"+strconv.Itoa(i+1))
		y.say("dct:title", shown(x.Name))
		y.say("dpv:hasContact", shown(x.Contact))
		y.say("dpv:hasCountry", shown(x.Country))
		if x.Safeguard != nil {
			y.say("dct:description", shown(*x.Safeguard))
		}
	}
}

// findings tells of each record that is about a subject.
func (g *rdf) findings() error {
	for f, err := range g.r.Findings() {
		if err != nil {
			return err
		}
		if f.Review == "refused" {
			continue
		}
		n := &node{id: thing("finding", f.ID), types: []string{"dpv:PersonalData"}}
		add := func(t string) {
			if t != "" && !slices.Contains(n.types, t) {
				n.types = append(n.types, t)
			}
		}
		for _, m := range f.Matches {
			add(kinds[m.Type])
		}
		for _, x := range f.Fields {
			add(provided[x.Origin])
			for _, c := range x.Categories {
				add(kinds[c])
			}
		}
		n.say("dct:identifier", shown(f.ID))
		// What only may be about the person, as a namesake's, is not said to be.
		about := "dpv:hasDataSubject"
		if f.Confidence != "certain" && f.Confidence != "likely" && f.Review != "confirmed" {
			about = "spoor:mayHaveDataSubject"
		}
		n.say(about, subjectRef(f.Subject))
		for _, a := range f.Activities {
			n.say("spoor:process", g.activity(a))
			if err := g.emit(&node{id: g.activity(a), types: []string{"dpv:Process"}, props: []property{{"dpv:hasPersonalData", []any{n.id}}}}); err != nil {
				return err
			}
		}
		n.say("spoor:source", shown(f.Source))
		n.say("spoor:place", shown(f.Place))
		n.say("spoor:confidence", shown(f.Confidence))
		n.say("spoor:relation", shown(f.Relation))
		n.say("spoor:review", shown(f.Review))
		n.say("spoor:thirdParties", f.ThirdParties)
		n.say("spoor:run", g.run)
		for _, a := range f.Actions {
			n.say("spoor:proposedAction", shown(a.Kind))
			if a.Keep != nil && a.Keep.Until != nil {
				n.say("spoor:keptUntil", day(*a.Keep.Until))
			}
			if a.GoneBy != nil {
				n.say("spoor:goneBy", day(*a.GoneBy))
			}
		}
		if err := g.emit(n); err != nil {
			return err
		}
	}
	return nil
}
