package reports

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// A row is a finding as the page shows it.
type row struct {
	ID, Subject, Source, Place    string
	Degree                        int // index in degrees
	Review, ReviewTime, Note      string
	Relation, Why, Others, Copies string
	WhyForeign                    bool
	Matches, Fields, Evidence     []string
	Activities, Proposal          []string
	person                        int // index of the subject; those that the report does not list come behind the others
}

// Confidence is how a report calls the degree.
func (r row) Confidence() string { return degrees[r.Degree] }

// rows makes the rows of a page.
type rows struct {
	words
	r        *inventory.Report
	subjects map[string]int
	names    map[string]string // of activities
}

// newRows returns the rows of a report whose findings name strangers besides its
// subjects, as tally found them.
func newRows(w words, r *inventory.Report, strangers []string) *rows {
	out := &rows{words: w, r: r, subjects: map[string]int{}, names: map[string]string{}}
	for i, s := range r.Subjects {
		out.subjects[s.ID] = i
	}
	for i, id := range strangers {
		out.subjects[id] = len(r.Subjects) + i
	}
	return out
}

func (w *rows) activity(id string) string {
	n, ok := w.names[id]
	if !ok {
		n = activityName(w.words, w.r, id)
		w.names[id] = n
	}
	return n
}

func (w *rows) row(f *inventory.Finding) row {
	x := row{
		ID: shown(f.ID), Subject: shown(f.Subject), Source: shown(f.Source), Place: shown(f.Place), Degree: len(degrees) - 1,
		Review: f.Review, ReviewTime: stamp(f.ReviewTime), Note: shown(f.ReviewNote),
		Relation: shown(f.Relation), Why: w.Sentence(f.Why), WhyForeign: w.Foreign(f.Why), Copies: w.Copies(f), Matches: w.Matches(f), person: w.subjects[f.Subject],
	}
	for i, d := range degrees {
		if d == f.Confidence {
			x.Degree = i
		}
	}
	if word, ok := w.T.Terms.Relations[f.Relation]; ok {
		x.Relation = word
	}
	if f.ThirdParties > 0 {
		x.Others = w.Count(w.T.Person.Names, int64(f.ThirdParties))
	}
	for i, fl := range f.Fields {
		if i == maxFields {
			x.Fields = append(x.Fields, "…")
			break
		}
		x.Fields = append(x.Fields, shown(fl.Name))
	}
	for _, e := range f.Evidence {
		x.Evidence = append(x.Evidence, w.Sentence(e))
	}
	list := f.Activities
	if len(list) == 0 {
		list = []string{unassigned}
	}
	for _, a := range list {
		x.Activities = append(x.Activities, w.activity(a))
	}
	actions := f.Actions
	if f.Review == "refused" && f.Unreviewed != nil {
		actions = f.Unreviewed.Actions // shown where the refusal is taken back
	}
	for _, a := range actions {
		x.Proposal = append(x.Proposal, w.Proposal(a)...)
	}
	return x
}

// maxFields is how many fields of a record a row names.
const maxFields = 40

// first returns the first rows of each place of each person.
func (w *rows) first() ([]row, error) {
	seen := map[[3]string]int{}
	var out []row
	for f, err := range w.r.Findings() {
		if err != nil {
			return nil, err
		}
		k := [3]string{f.Subject, f.Source, f.Place}
		if seen[k]++; seen[k] > perPlace {
			continue
		}
		if out = append(out, w.row(f)); len(out) == maxFirst {
			break
		}
	}
	return out, nil
}

// write packs the rows for the page's script: an array of rows in JSON,
// compressed with gzip (RFC 1952) and written in base64. A text that may come
// again stands in full the first time, and as its number from then on, counted
// from 0 over all such texts in their order.
func (w *rows) write(out io.Writer) error {
	b64 := base64.NewEncoder(base64.StdEncoding, out)
	gz, err := gzip.NewWriterLevel(b64, gzip.BestCompression)
	if err != nil {
		return err
	}
	bw := bufio.NewWriterSize(gz, 1<<16)
	d := dictionary{}
	bw.WriteByte('[')
	n := 0
	for f, err := range w.r.Findings() {
		if err != nil {
			return err
		}
		if n == maxRows {
			break
		}
		x := w.row(f)
		cells := []any{
			x.ID, x.person, d.of(x.Source), d.of(x.Place), x.Degree, x.Review, x.ReviewTime, x.Note, d.of(x.Relation), d.of(x.Why),
			d.of(x.Others), d.of(x.Copies), d.all(x.Matches), d.all(x.Fields), d.all(x.Evidence), d.all(x.Activities), d.all(x.Proposal), x.WhyForeign,
		}
		b, err := json.Marshal(cells)
		if err != nil {
			return err
		}
		if n++; n > 1 {
			bw.WriteString(",\n")
		}
		bw.Write(b)
	}
	bw.WriteByte(']')
	if err := bw.Flush(); err != nil {
		return err
	}
	if err := gz.Close(); err != nil {
		return err
	}
	return b64.Close()
}

// dictionary numbers texts.
type dictionary map[string]int

// of returns a text where it is new, and its number where it is not.
func (d dictionary) of(s string) any {
	if n, ok := d[s]; ok {
		return n
	}
	d[s] = len(d)
	return s
}

func (d dictionary) all(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = d.of(s)
	}
	return out
}
