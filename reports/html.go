package reports

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/wording"
)

//go:embed page.tmpl.html
var pageTemplate string

//go:embed person.tmpl.html
var personTemplate string

//go:embed survey.tmpl.html
var surveyTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// The bounds of a page. It says what it leaves out; that stands in the JSON and
// CSV reports.
const (
	maxRows  = 250_000 // findings in its list
	maxFirst = 300     // of these, written out for readers without a script
	perPlace = 3       // of these, from one place
	maxLines = 200     // lines of any other table
)

// HTML writes a page for people: one file without outside resources, which needs
// no server, is readable on paper, and lets people review what is not certain.
// All findings are in it, packed, and shown a page at a time; the answer, the
// counts and the first findings of each place are readable without a script.
func HTML(w io.Writer, r *inventory.Report, lang language.Lang) error {
	v := &view{words: wording.In(lang), Report: r, Style: template.CSS(pageStyle), Script: template.JS(pageScript)}
	v.Policy = "default-src 'none'; style-src 'sha256-" + digest(pageStyle) + "'; script-src 'sha256-" + digest(pageScript) + "'; base-uri 'none'; form-action 'none'"
	v.Gaps, v.Exclusions = byReason(r.Gaps), byReason(r.Exclusions)
	for _, s := range r.Sources {
		v.Units.Found += s.Coverage.Units.Found
		v.Units.Scanned += s.Coverage.Units.Scanned
		v.Bytes += s.Coverage.Bytes.Scanned + s.Coverage.Bytes.Partial
		if !s.Listed {
			v.NotListed++
		}
	}
	v.Canaries, v.Blind = canaryLines(r, lang)
	people, strangers, err := tally(r)
	if err != nil {
		return err
	}
	v.Strangers = strangers
	for i, s := range r.Subjects {
		v.People = append(v.People, &person{Subject: s, personCount: people[i], view: v, Anchor: "p" + strconv.Itoa(i+1)})
	}
	rows := newRows(v.words, r, strangers)
	if r.Survey == nil {
		if v.First, err = rows.first(); err != nil {
			return err
		}
	}
	t, err := template.New("page").Funcs(v.funcs()).Parse(pageTemplate + personTemplate + surveyTemplate)
	if err != nil {
		return fmt.Errorf("reports: %w", err)
	}
	var end bytes.Buffer
	for _, name := range []string{"page", "end"} {
		out := w
		if name == "end" {
			out = &end
		}
		if err := t.ExecuteTemplate(out, name, v); err != nil {
			return fmt.Errorf("reports: render the page: %w", err)
		}
	}
	if r.Survey == nil && r.Summary.Findings > 0 {
		if err := rows.write(w); err != nil {
			return err
		}
	}
	_, err = w.Write(end.Bytes())
	return err
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// view is what the page shows.
type view struct {
	words
	*inventory.Report
	Style      template.CSS
	Script     template.JS
	Policy     string
	Units      inventory.Tally
	Bytes      int64 // read
	NotListed  int
	Canaries   []string
	Blind      string // says that canaries were missed
	Gaps       []*reasonGroup
	Exclusions []*reasonGroup
	People     []*person
	Strangers  []string // subjects of findings that the report does not list
	First      []row
}

// person is a data subject as the page shows them.
type person struct {
	inventory.Subject
	*personCount
	view   *view
	Anchor string
}

// funcs are what the templates call.
func (v *view) funcs() template.FuncMap {
	return template.FuncMap{
		"x":    shown,
		"num":  func(n any) string { return v.Number(number(n)) },
		"size": v.Lang.Bytes,
		"count": func(c language.Count, n any) string {
			return v.Count(c, number(n))
		},
		"fill": language.Fill,
		"day":  v.words.Day,
		"bar":  v.bar,
		"reason": func(reason string) language.Reason {
			if r, ok := v.T.Terms.Reasons[reason]; ok {
				return r
			}
			return language.Reason{What: shown(reason)}
		},
		"term":     func(words map[string]string, key string) string { return shown(language.Term(words, key)) },
		"sentence": v.Sentence,
		"foreign":  v.Foreign,
		"text":     func(s *string) string { return *s },
		"list":     func(list []string) string { return v.Each(list, shown) },
		"cut":      func(n int) int { return max(0, n-maxLines) },
		"lines":    lines,
		"dict": func(pairs ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				m[pairs[i].(string)] = pairs[i+1]
			}
			return m
		},
	}
}

func number(n any) int64 {
	switch n := n.(type) {
	case int64:
		return n
	case int:
		return int64(n)
	}
	return 0
}

// lines returns the first lines of a table.
func lines(n int, list []*placeCount) []*placeCount { return list[:min(n, len(list))] }

// A bar is how much of a source was read, in parts of 100.
type bar struct {
	Label string
	Parts []barPart
}

type barPart struct{ Class, X, Width string }

func (v *view) bar(t inventory.Tally) bar {
	b := bar{Label: language.Fill(v.T.Page.UnitsRead, v.Number(t.Scanned), v.Number(t.Found))}
	at := 0.0
	for _, p := range []struct {
		class string
		n     int64
	}{{"s", t.Scanned}, {"p", t.Partial}, {"u", t.Unread}, {"e", t.Excluded}} {
		if p.n <= 0 || t.Found <= 0 {
			continue
		}
		width := max(float64(p.n)*100/float64(t.Found), 0.6) // at least a sliver
		b.Parts = append(b.Parts, barPart{p.class, strconv.FormatFloat(at, 'f', 2, 64), strconv.FormatFloat(width, 'f', 2, 64)})
		at += width
	}
	return b
}

// Packed reports whether findings follow, packed.
func (v *view) Packed() bool { return v.Survey == nil && v.Summary.Findings > 0 }

// KindOf says what kind of source it is, and what it counts in.
func (v *view) KindOf(s inventory.Source) string {
	kind := shown(language.Term(v.T.Terms.Sources, s.Type))
	if unit := shown(language.Term(v.T.Terms.Units, s.Counts)); unit != "" && unit != kind {
		return kind + " (" + unit + ")"
	}
	return kind
}

// Title is that of the document.
func (v *view) Title() string {
	if v.Survey != nil {
		return language.Fill(v.T.Survey.Title, v.Date(v.Run.Started))
	}
	return v.T.Page.Title + ", " + v.Date(v.Run.Started) + " – spoor"
}

// RunLine says which run it was.
func (v *view) RunLine() string {
	return language.Fill(v.T.Page.Run, shown(v.Run.ID), v.Time(v.Run.Started), v.Time(v.Run.Finished), shown(v.Run.Spoor))
}

// Several reports whether records have to say whom they are about.
func (v *view) Several() bool { return len(v.People)+len(v.Strangers) > 1 }

// Found returns about how many people something was found.
func (v *view) Found() int {
	n := 0
	for _, p := range v.People {
		if p.All() > 0 || p.Held.All() > 0 {
			n++
		}
	}
	return n
}

// Ways returns the ways on which records were found by others.
func (v *view) Ways() []string {
	return linkGraph(v.Report.Links, func(n int) string { return v.Count(v.T.Page.RecordCount, int64(n)) })
}

// Confirming returns what confirms the inferred links that were followed, as a
// part of the configuration; empty where there are none.
func (v *view) Confirming() string { return confirming(v.Report.Links) }

// ActivityName returns what an activity is called.
func (v *view) ActivityName(id string) string { return activityName(v.words, v.Report, id) }

func activityName(w words, r *inventory.Report, id string) string {
	for _, a := range r.Activities {
		if a.ID == id && a.Name != "" && id != unassigned {
			return shown(a.Name)
		}
	}
	if id == unassigned {
		return w.T.Terms.Unassigned
	}
	return shown(id)
}

// Activity returns an activity by its id; nil for an unknown one, and for what is
// assigned to none.
func (v *view) Activity(id string) *inventory.Activity {
	i := slices.IndexFunc(v.Activities, func(a inventory.Activity) bool { return a.ID == id })
	if i < 0 || v.Activities[i].Role == unassigned || id == unassigned {
		return nil
	}
	return &v.Activities[i]
}

// Deadlines says of each request by when it is to be answered.
func (p *person) Deadlines() []string {
	w := p.view.words
	var out []string
	for _, q := range p.Requests {
		r := w.Right(q.Type)
		var s string
		switch {
		case q.Due == "":
			s = language.Fill(w.T.Answer.NoDue, shown(q.ID), r.Name, w.Article(q.Type))
		case q.ExtendedTo != "":
			s = language.Fill(w.T.Answer.Extended, shown(q.ID), r.Name, w.Article(q.Type), w.Day(q.Received), w.Day(q.Due))
		default:
			s = language.Fill(w.T.Answer.Due, shown(q.ID), r.Name, w.Article(q.Type), w.Day(q.Received), w.Day(q.Due))
		}
		if n := q.DaysLeft; n != nil {
			left := w.Count(w.T.Views.DaysLeft, int64(*n))
			if *n < 0 {
				left = w.Count(w.T.Views.Overdue, int64(-*n))
			}
			s += " (" + left + ")"
		}
		out = append(out, s)
	}
	return out
}

// Says is the answer in a sentence.
func (p *person) Says() string {
	w := p.view.words
	switch {
	case p.Sure() > 0:
		return w.Count(w.T.Answer.Yes, int64(p.Sure()))
	case p.All() > 0:
		return w.Count(w.T.Answer.Perhaps, int64(p.All()))
	case p.Held.All() > 0:
		return w.T.Answer.OnlyHeld
	case len(p.view.Report.Gaps) > 0:
		return w.T.Answer.NotSoFar
	}
	return w.T.Answer.No
}

// Degrees says how sure the findings are.
func (p *person) Degrees() string {
	w := p.view.words
	return language.Fill(w.T.Answer.Degrees, w.Number(int64(p.Certain)), w.Number(int64(p.Likely)), w.Number(int64(p.Possible)))
}

// View is the view of a right that was asked for, or that stands with the others.
type View struct {
	*person
	Right string
	Name  string
}

// P returns the person.
func (v View) P() *person { return v.person }

// Asked returns the views that the person's requests ask for.
func (p *person) Asked() []View { return p.views(true) }

// Unasked returns the others.
func (p *person) Unasked() []View { return p.views(false) }

func (p *person) views(asked bool) []View {
	if p.Rights == nil {
		return nil
	}
	var out []View
	for _, right := range []string{"access", "portability", "erasure", "rectification", "restriction", "objection"} {
		is := slices.ContainsFunc(p.Requests, func(q inventory.Request) bool { return q.Type == right })
		if is == asked {
			w := p.view.words
			out = append(out, View{p, right, w.Right(right).Name + " (" + w.Article(right) + ")"})
		}
	}
	return out
}

// Action returns the word for an action.
func (p *person) Action(kind string) string { return p.view.Action(kind) }

// A kind is how many findings an action is proposed for.
type kind struct {
	What string
	N    int
}

// Proposed counts the actions, the most frequent first.
func (p *person) Proposed() []kind { return p.view.kinds(p.Kinds) }

func (v *view) kinds(m map[string]int) []kind {
	var out []kind
	for k, n := range m {
		out = append(out, kind{v.Action(k), n})
	}
	slices.SortFunc(out, func(a, b kind) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.What, b.What)
	})
	return out
}

// KindsOf counts actions of a view.
func (p *person) KindsOf(m map[string]int) []kind { return p.view.kinds(m) }

// T returns what is said in the page's language.
func (p *person) T() *language.Catalogue { return p.view.T }

// Of returns an activity of the report; nil for what is assigned to none.
func (p *person) Of(id string) *inventory.Activity { return p.view.Activity(id) }

// NameOf returns what an activity is called.
func (p *person) NameOf(id string) string { return p.view.ActivityName(id) }

// NamesOf lists activities.
func (p *person) NamesOf(ids []string) string { return p.view.Each(ids, p.NameOf) }

// Basis returns the word for a legal basis.
func (p *person) Basis(b string) string { return p.view.Basis(b) }

// BasisOf returns the word for that of an activity.
func (p *person) BasisOf(a *inventory.Activity) string {
	if a.LegalBasis == nil {
		return p.view.Basis("")
	}
	return p.view.Basis(*a.LegalBasis)
}

// KeptBy says how long something is kept.
func (p *person) KeptBy(r *inventory.Retention) string { return p.view.Retention(r) }

// RecipientsOf lists recipients.
func (p *person) RecipientsOf(list []inventory.Recipient) string { return p.view.Recipients(list) }

// CategoriesOf lists categories of data.
func (p *person) CategoriesOf(list []string) string { return p.view.Categories(list) }

// OriginsOf lists origins of data.
func (p *person) OriginsOf(list []string) string { return p.view.Origins(list) }

// Ground says why records are kept.
func (p *person) Ground(k inventory.KeptRecords) string { return p.view.Ground(k) }

// Attribute returns the word for an attribute.
func (p *person) Attribute(a string) string { return p.view.Attribute(a) }

// IsRight reports whether a value is the right one.
func (p *person) IsRight(b *bool) bool { return b != nil && *b }

// Sureness says how sure the findings of a view are.
func (p *person) Sureness(c inventory.ConfidenceCounts) string {
	w := p.view.words
	return language.Fill(w.T.Answer.Degrees, w.Number(int64(c.Certain)), w.Number(int64(c.Likely)), w.Number(int64(c.Possible)))
}

// Dropped is how many findings the page does not have.
func (v *view) Dropped() int { return max(0, v.Summary.Findings-maxRows) }

// ScriptWords is what the page's script says, and what it has to know.
func (v *view) ScriptWords() (template.JS, error) {
	people, ids := []string{}, []string{}
	for _, s := range v.Subjects {
		people, ids = append(people, shown(s.ID)), append(ids, s.ID)
	}
	for _, id := range v.Strangers {
		people, ids = append(people, shown(id)), append(ids, id)
	}
	r := v.T.Review
	b, err := json.Marshal(map[string]any{
		"lang": v.Lang, "run": v.Run.ID, "finished": stamp(&v.Run.Finished), "people": people, "ids": ids, "survey": v.Survey != nil,
		"thousands": strings.Trim(v.Number(1000), "01"), "confidence": v.T.Terms.Confidence,
		"open": r.ToReview, "confirmed": r.Confirmed, "refused": r.Refused, "count": r.Count, "of": v.T.Survey.Of, "page": r.PageOf,
		"left": r.Left, "done": r.Done, "says": r.Says, "loaded": r.Loaded, "otherRun": r.OtherRun, "notReview": r.NotReview,
		"terms": map[string]string{
			"person": r.Person, "why": r.Why, "evidence": r.Evidence, "source": v.T.Page.Source, "role": r.Role, "fields": r.Fields,
			"activity": r.Activity, "others": r.Others, "copies": r.Copies, "proposal": v.T.Page.Proposal, "id": r.ID,
			"confirm": r.Confirm, "refuse": r.Refuse, "undo": r.Undo, "note": r.Note,
		},
	})
	return template.JS(invisible(b)), err // json.Marshal has escaped what could end the element
}

// invisible escapes in JSON the signs that a text must not show: ids stand there
// as they are.
func invisible(b []byte) string {
	var out strings.Builder
	for _, r := range string(b) {
		if wording.Visible(r) == utf8.RuneError && r != utf8.RuneError && r < 0x10000 {
			fmt.Fprintf(&out, "\\u%04x", r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// DetectorOf returns the detector with an id.
func (v *view) DetectorOf(id string) inventory.Detector {
	for _, d := range v.Survey.Detectors {
		if d.ID == id {
			return d
		}
	}
	return inventory.Detector{ID: id}
}

// Sought is what the search of a survey looks through.
func (v *view) Sought(e inventory.SurveyEntry) string {
	d := v.DetectorOf(e.Detector)
	return strings.ToLower(shown(strings.Join([]string{e.Source, e.Where(), e.Field, e.Detector, d.Category, language.Term(v.T.Terms.Categories, d.Category)}, " ")))
}

// Empty returns the places of a survey in which nothing was found.
func (v *view) Empty() []inventory.SurveyTotals {
	found := map[inventory.SurveyPlace]bool{}
	for _, e := range v.Survey.Entries {
		found[e.SurveyPlace] = true
	}
	var out []inventory.SurveyTotals
	for _, p := range v.Survey.Places {
		if !found[p.SurveyPlace] {
			out = append(out, p)
		}
	}
	return out
}

// maxEntries is how many entries of a survey a page lists.
const maxEntries = 5000

// Entries returns the entries of a survey that the page lists.
func (v *view) Entries() []inventory.SurveyEntry {
	return v.Survey.Entries[:min(len(v.Survey.Entries), maxEntries)]
}
