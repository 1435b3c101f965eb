package engine

import (
	"cmp"
	"context"
	"io"
	"net/url"
	"path"
	"strings"
	"unicode"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners"
)

// surveyDepth is how many folders below a source's root are told apart.
const surveyDepth = 2

// A tally is what detectors found in one record.
type tally struct {
	place  inventory.SurveyPlace
	counts map[tallyKey]*inventory.SurveyCount
}

type tallyKey struct {
	field string
	rule  int
}

func (t *tally) count(field string, rule int) *inventory.SurveyCount {
	k := tallyKey{field, rule}
	c := t.counts[k]
	if c == nil {
		if t.counts == nil {
			t.counts = map[tallyKey]*inventory.SurveyCount{}
		}
		c = &inventory.SurveyCount{}
		t.counts[k] = c
	}
	return c
}

// surveyed takes the hits in b, which is all or a piece of a field.
func (r *run) surveyed(t *tally, field string, b []byte, hits []rules.Hit) {
	all := r.Survey.Rules()
	for _, h := range hits {
		c := t.count(field, h.Rule)
		c.Hits++
		if h.Context {
			c.Named++
		}
		if c.Hits <= 2 {
			c.Sample(rules.Mask(all[h.Rule].Category, string(b[h.Start:h.End])))
		}
	}
}

// surveyText counts what the detectors find in a text.
func (r *run) surveyText(ctx context.Context, rec *record, body io.Reader, field string) error {
	var hits []rules.Hit
	t := rec.tally()
	_, err := r.windows.Windows(ctx, body, r.Survey.MaxLen()+r.Survey.Margin(), r.Survey.Margin(), func(_ int64, window []byte, from, end int) error {
		hits = r.Survey.Best(r.Survey.FindIn(hits[:0], window, from, end))
		r.surveyed(t, field, window, hits)
		return nil
	})
	return err
}

// surveyRows counts what the detectors find in each column of a block.
func (r *run) surveyRows(rec *record, b *scanners.Block, live bool) {
	columns := b.Table.Columns
	type key struct{ col, rule int }
	type count struct {
		*inventory.SurveyCount
		row int // the last that counted
	}
	t := rec.tally()
	if !live {
		t = &tally{place: t.place}
		t.place.Type = "rows of " + b.Table.Name
	}
	all := r.Survey.Rules()
	counts := map[key]count{}
	var hits []rules.Hit
	for i := range b.Ends {
		start, end := b.Span(i)
		if start == end {
			continue
		}
		row, col := i/len(columns), i%len(columns)
		cell := b.Data[start:end]
		hits = r.Survey.Best(r.Survey.FindNamed(hits[:0], cell, columns[col]))
		for _, h := range hits {
			k := key{col, h.Rule}
			c, ok := counts[k]
			if !ok {
				c = count{t.count(columns[col], h.Rule), -1}
			}
			c.Hits++
			if h.Context {
				c.Named++
			}
			if c.row != row {
				c.row = row
				c.Units++
			}
			if c.Hits <= 2 {
				c.Sample(rules.Mask(all[h.Rule].Category, string(cell[h.Start:h.End])))
			}
			counts[k] = c
		}
	}
	rec.unit.survey.Seen(t.place, int64(b.Rows()))
	r.addTally(rec.unit, t)
}

// addTally adds the counts of a tally, whose Units are set, to those of a unit.
func (r *run) addTally(u *unit, t *tally) {
	all := r.Survey.Rules()
	for k, c := range t.counts {
		n := u.survey.Count(inventory.SurveyKey{SurveyPlace: t.place, Field: k.field, Detector: all[k.rule].ID})
		n.Hits += c.Hits
		n.Named += c.Named
		n.Units += c.Units
		for _, s := range c.Samples {
			n.Sample(s)
		}
	}
	clear(t.counts)
}

// tally returns the record's tally.
func (rec *record) tally() *tally {
	if rec.survey == nil {
		rec.survey = &tally{place: rec.surveyPlace()}
	}
	return rec.survey
}

// finishSurvey adds the record's counts to those of its unit.
func (rec *record) finishSurvey() {
	if rec.isRow { // counted with its block
		return
	}
	t := rec.tally()
	for _, c := range t.counts {
		c.Units = 1
	}
	rec.unit.survey.Seen(t.place, 1)
	rec.unit.run.addTally(rec.unit, t)
	rec.survey = nil
}

// surveyPlace returns the place for which the record's hits are counted: its
// table, mailbox, prefix or folder, and what kind of file it is.
func (rec *record) surveyPlace() inventory.SurveyPlace {
	s, g := rec.unit.source.Info, rec.ref.Group
	p := inventory.SurveyPlace{Source: s.Name, URI: g.URI, Place: g.Place, Kind: cmp.Or(g.Kind, "folder")}
	if g.URI != "" {
		if len(rec.inside) > 0 { // a document in a cell, an attachment
			p.Type = cmp.Or(ending(rec.name), rec.inside[len(rec.inside)-1].Kind)
		}
		return p
	}
	p.URI, p.Place, p.Type = folder(s.URI, rec.top), rec.ref.Place, ending(rec.name)
	if shown := shownFolder(s.URI, p.URI, rec.unit.run.Survey); shown != "" {
		label, rest, _ := strings.Cut(p.Place, " / ")
		p.Place = strings.TrimSuffix(label+" / "+shown+" / "+rest, " / ")
	}
	return p
}

// ending returns the ending of a file's name, in lower case, where it is one.
func ending(name string) string {
	e := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	if len(e) > 8 || strings.ContainsFunc(e, func(r rune) bool { return r > 'z' || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return ""
	}
	return e
}

// folder returns the URI of the folder in which an item lies, surveyDepth
// levels below the root of its source at most.
func folder(root, uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	if !strings.HasPrefix(uri, root) {
		return root
	}
	rest := strings.TrimPrefix(uri[len(root):], "/")
	at := root
	if !strings.HasSuffix(at, "/") && rest != "" {
		at += "/"
	}
	for range surveyDepth {
		seg, more, ok := strings.Cut(rest, "/")
		if !ok {
			break
		}
		at, rest = at+seg+"/", more
	}
	return at
}

// shownFolder returns the way from the root to a folder as people are shown it:
// what detectors find is masked, and so are names that look like a person's.
func shownFolder(root, uri string, set *rules.Set) string {
	var out []string
	for seg := range strings.SplitSeq(strings.Trim(strings.TrimPrefix(uri, root), "/"), "/") {
		name, err := url.PathUnescape(seg)
		if err != nil || seg == "" {
			continue
		}
		plain := func(r rune) bool {
			return r < 'a' && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_' || r > 'z'
		}
		if strings.ContainsFunc(name, plain) || len(set.Find(nil, []byte(name))) > 0 {
			name = name[:1] + "***"
			if name[0] >= 0x80 {
				name = "***"
			}
		}
		out = append(out, name)
	}
	return strings.Join(out, "/")
}

// detectors describes the rules of a set for the report.
func detectors(set *rules.Set) []inventory.Detector {
	var out []inventory.Detector
	for _, r := range set.Rules() {
		out = append(out, inventory.Detector{ID: r.ID, Description: r.Description, Category: r.Category, Country: r.Country, Hint: r.Hint})
	}
	return out
}
