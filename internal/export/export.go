// Package export writes the copy of a person's data: it opens the findings of a
// report again and puts what they name into one ZIP file, with an index for
// people and one for programs.
package export

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// The rights under which a copy is made.
const (
	Access      = "access"      // Art. 15(3)
	Portability = "portability" // Art. 20
)

// Options say what is copied.
type Options struct {
	Report   *inventory.Report
	Subject  string          // id of the one person
	Right    string          // Access or Portability
	Include  map[string]bool // ids of findings that are copied whatever else says
	Language language.Lang
	Spoor    string // version of the program
	Made     time.Time

	// Own recognises the person, and nobody else; nil: nothing is known of them.
	Own *subject.Recognizer
	// MaskOthers hides other people's identifiers.
	MaskOthers bool

	// Open returns what opens the URIs of a source, by its name.
	Open func(source string) (engine.Opener, error)
	// Key names the key of row hashes, as Run.Key does.
	Key string
}

// An exporter is a bundle under way.
type exporter struct {
	Options
	zip        *zip.Writer
	names      *names
	hider      *hider
	index      *Index
	activities map[string]inventory.Activity
	tables     map[string]*table
	order      []string
	comparable bool // hashes of rows
}

// A chosen is a finding that is to be copied, without what is not needed for it.
type chosen struct {
	item    Item
	uri     string
	cond    map[string]string
	matched bool                     // an identifier stands in it, as against a link that leads to it
	leaves  func(column string) bool // columns that stay out of the copy; nil: none do
	part    bool                     // only some columns go into it
	own     map[string]bool          // fields that hold data of the person
	stands  []standing               // where they stand, if the record may be somebody else's
}

// Write writes the bundle to w and returns its index. What can't be read is a gap
// in it; an error means that w holds no bundle.
func Write(ctx context.Context, w io.Writer, o Options) (*Index, error) {
	h, err := newHider(o.MaskOthers, o.Own)
	if err != nil {
		return nil, err
	}
	x := &exporter{
		Options: o, zip: zip.NewWriter(w), names: newNames(), hider: h, activities: map[string]inventory.Activity{},
		tables: map[string]*table{}, comparable: o.Report.Run.Key == "" || o.Report.Run.Key == o.Key,
		index: &Index{
			Format: Format, Spoor: o.Spoor, Made: o.Made.UTC(), Run: o.Report.Run.ID, Scanned: o.Report.Run.Finished, Subject: o.Subject,
			Requests: []Request{}, Right: o.Right, Language: string(o.Language), ScanGaps: len(o.Report.Gaps), MasksOthers: o.MaskOthers,
			Activities: []Activity{}, Tables: []*Table{}, Files: []File{}, Items: []Item{}, LeftOut: []Missing{}, Gaps: []Missing{},
		},
	}
	defer func() {
		for _, t := range x.tables {
			t.close()
		}
	}()
	for _, a := range o.Report.Activities {
		x.activities[a.ID] = a
	}
	for _, s := range o.Report.Subjects {
		if s.ID != o.Subject {
			continue
		}
		for _, q := range s.Requests {
			x.index.Requests = append(x.index.Requests, Request{ID: q.ID, Type: q.Type, Received: q.Received})
		}
	}
	if o.MaskOthers {
		x.index.Kept = "identifiers that the subject file names, and in rows about the person what stands alone in columns in which the report found data of theirs"
		if o.Own == nil {
			x.index.Kept = "in rows about the person what stands alone in columns in which the report found data of theirs; in texts nothing: no subject file was given"
		}
	}
	bySource, err := x.choices()
	if err != nil {
		return nil, err
	}
	for _, s := range o.Report.Sources {
		if list := bySource[s.Name]; len(list) > 0 {
			if err := x.source(ctx, s, list); err != nil {
				return nil, err
			}
			delete(bySource, s.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(bySource)) {
		for _, c := range bySource[name] {
			x.gap(c, scanners.Offline, "the report does not name its source")
		}
	}
	if err := x.finish(); err != nil {
		return nil, err
	}
	return x.index, nil
}

// choices goes through the findings.
func (x *exporter) choices() (map[string][]*chosen, error) {
	bySource := map[string][]*chosen{}
	used := map[string]bool{}
	seen := map[string]bool{}
	for f, err := range x.Report.Findings() {
		if err != nil {
			return nil, err
		}
		if f.Subject != x.Subject || seen[f.ID] {
			continue
		}
		seen[f.ID] = true
		if reason, detail := x.choose(f); reason != "" {
			x.index.LeftOut = append(x.index.LeftOut, Missing{Finding: f.ID, Source: f.Source, Place: f.Place, Reason: reason, Detail: detail})
			continue
		}
		for _, a := range f.Activities {
			used[a] = true
		}
		c := &chosen{
			uri: f.URI, matched: len(f.Matches) > 0,
			item: Item{
				Finding: f.ID, Source: f.Source, Place: f.Place, Confidence: f.Confidence, Confirmed: f.Review == "confirmed", Relation: f.Relation,
				Activities: slices.Clone(f.Activities), Copies: max(len(f.Copies), f.CopiesTotal), ThirdParties: f.ThirdParties,
			},
		}
		if len(f.Actions) > 0 {
			c.cond = f.Actions[0].If
		}
		if x.Right == Portability {
			if p := x.port(f); p.Included {
				c.leaves, c.part = p.Leaves, !p.Whole()
			}
		}
		c.stands = standings(f)
		if x.MaskOthers && f.Relation == "owner" {
			c.own = map[string]bool{}
			for _, field := range f.Fields {
				c.own[field.Name] = true
			}
		}
		bySource[f.Source] = append(bySource[f.Source], c)
	}
	for _, a := range x.Report.Activities {
		if used[a.ID] {
			x.index.Activities = append(x.index.Activities, Activity{ID: a.ID, Name: a.Name, Purpose: a.Purpose, LegalBasis: a.LegalBasis})
		}
	}
	return bySource, nil
}

func (x *exporter) gap(c *chosen, reason scanners.Reason, detail string) {
	x.index.Gaps = append(x.index.Gaps, Missing{Finding: c.item.Finding, Source: c.item.Source, Place: c.item.Place, Reason: string(reason), Detail: detail})
}

func (x *exporter) leftOut(c *chosen, reason, detail string) {
	x.index.LeftOut = append(x.index.LeftOut, Missing{Finding: c.item.Finding, Source: c.item.Source, Place: c.item.Place, Reason: reason, Detail: detail})
}

// source copies what was found in one source.
func (x *exporter) source(ctx context.Context, s inventory.Source, list []*chosen) error {
	o, err := x.Open(s.Name)
	if err != nil {
		for _, c := range list {
			x.gap(c, scanners.ReasonOf(err), engine.ErrorText(err))
		}
		return nil
	}
	uris := make([]string, len(list))
	for i, c := range list {
		uris[i] = c.uri
	}
	err = o.OpenAll(ctx, uris, func(i int, r engine.Record, err error) error {
		c := list[i]
		if err == nil {
			err = x.record(ctx, s, c, r, o)
		}
		var sink *sinkError
		switch {
		case errors.As(err, &sink):
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			reason, detail := scanners.ReasonOf(err), engine.ErrorText(err)
			if reason == scanners.Vanished && strings.Contains(c.uri, "row-hmac=") && !x.comparable {
				reason, detail = scanners.KeyMissing, "the report was made with another state folder (SPOOR_STATE_DIR), under whose key alone its rows can be found"
			}
			x.gap(c, reason, detail)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.flush()
}

// record copies one record.
func (x *exporter) record(ctx context.Context, s inventory.Source, c *chosen, r engine.Record, o engine.Opener) error {
	x.changed(c, r)
	if r.Item.Block != nil {
		return x.row(s, c, r)
	}
	if c.part {
		x.leftOut(c, ByBasis, "some values in it rest on consent or a contract, and can't be taken out of the rest")
		return nil
	}
	if r.Item.Body == nil {
		return x.fields(s, c, r.Item)
	}
	return x.file(ctx, s, c, r.Item, o)
}

// changed notes that a record is not as it was scanned.
func (x *exporter) changed(c *chosen, r engine.Record) {
	for k, v := range c.cond {
		now := r.Item.Ref.If[k]
		if k == "row-hmac" {
			if now = r.Hash; !x.comparable {
				continue
			}
		}
		if now != "" && now != v {
			c.item.Changed = true
		}
	}
}

// row copies a row.
func (x *exporter) row(s inventory.Source, c *chosen, r engine.Record) error {
	b := r.Item.Block
	if c.item.Changed && c.matched && x.Own != nil && !c.item.Confirmed && len(x.Own.Find(nil, rowText(b, r.Row))) == 0 {
		x.leftOut(c, ByChange, "the row changed since the scan, and holds nothing of the person any more")
		return nil
	}
	sh := share{own: c.own}
	var none bool
	switch sh.besides, none = x.besides(c, b, r.Row); {
	case none:
		x.leftOut(c, ByOthers, "it only mentions the person, and where can't be told")
		return nil
	case sh.besides != nil && x.Right == Portability:
		x.leftOut(c, ByMention, notProvided)
		return nil
	}
	if c.item.Mention = sh.besides != nil; c.item.Mention || c.item.Changed && x.Own != nil {
		sh.own = nil // what the report says of its columns is of no use
	}
	segments := segmentsOf(s, c.uri, false)
	name := b.Table.Name
	if name == "" {
		name = b.Table.Table
	}
	if name == "" && len(segments) > 0 {
		name = segments[len(segments)-1]
	}
	left := map[string]bool{}
	for _, column := range b.Table.Columns {
		if c.leaves != nil && c.leaves(column) {
			left[column] = true
		}
	}
	key := s.Name + "\x00" + strings.Join(segments, "\x00") + "\x00" + name + "\x00" + strings.Join(slices.Sorted(maps.Keys(left)), "\x00")
	t := x.tables[key]
	if t != nil && !t.same(b.Table) {
		key += "\x00" + strings.Join(b.Table.Columns, "\x00")
		t = x.tables[key]
	}
	if t == nil {
		entry := &Table{Source: s.Name, Name: x.hider.name(name), Columns: []Column{}}
		var err error
		if t, err = newTable(b.Table, entry, func(column string) bool { return left[column] }); err != nil {
			return err
		}
		switch last := segments[len(segments)-1]; {
		case live(c.uri), last == name: // it is called so already
		case strings.TrimSuffix(last, path.Ext(last)) == name:
			segments[len(segments)-1] = name // the table that a file is
		default:
			segments = append(segments, name)
		}
		p := x.place("tables", s.Name, append(segments[:len(segments)-1:len(segments)-1], segments[len(segments)-1]+".json"))
		entry.JSON = p
		entry.CSV = x.names.take(path.Dir(p), strings.TrimSuffix(path.Base(p), ".json")+".csv")
		t.fileJSON, t.fileCSV = x.reserve(entry.JSON), x.reserve(entry.CSV)
		x.tables[key] = t
		x.order = append(x.order, key)
		x.index.Tables = append(x.index.Tables, entry)
	}
	var tl tally
	if err := t.add(b, r.Row, x.hider, &sh, x.Include[c.item.Finding], &tl); err != nil {
		return err
	}
	c.item.Row, c.item.file = t.entry.Rows, int32(t.fileJSON)
	x.done(c, &tl)
	return nil
}

func rowText(b *scanners.Block, row int) []byte {
	n := len(b.Table.Columns)
	from, _ := b.Span(row * n)
	_, to := b.Span(row*n + n - 1)
	return b.Data[from:to]
}

// live reports whether the URI is that of a row of a database.
func live(uri string) bool {
	base, _, steps, err := scanners.Split(uri)
	return err == nil && len(steps) == 0 && strings.Contains(base, "?")
}

// done notes that a finding was copied.
func (x *exporter) done(c *chosen, t *tally) {
	c.item.Masked = t.masked
	for _, what := range slices.Sorted(maps.Keys(t.withheld)) {
		c.item.Withheld = append(c.item.Withheld, Withheld{What: what, Rows: t.withheld[what]})
	}
	if c.item.Form == FormText {
		x.index.TextOnly++
	}
	x.index.Items = append(x.index.Items, c.item)
}

// place returns a path of the bundle for what lies at segments in a source.
func (x *exporter) place(dir, source string, segments []string) string {
	for i, s := range segments {
		segments[i] = x.hider.name(s)
	}
	return x.names.take(dir, append([]string{source}, segments...)...)
}

// hidePlaces takes other people's identifiers out of the places of the index, as
// out of the paths.
func (x *exporter) hidePlaces() {
	if x.hider.others == nil {
		return
	}
	known := map[string]string{}
	hide := func(place *string) {
		p, ok := known[*place]
		if !ok {
			parts := strings.Split(*place, " / ")
			for i, s := range parts {
				parts[i] = x.hider.name(s)
			}
			p = strings.Join(parts, " / ")
			known[*place] = p
		}
		*place = p
	}
	for k := range x.index.Items {
		hide(&x.index.Items[k].Place)
	}
	for _, list := range [][]Missing{x.index.LeftOut, x.index.Gaps} {
		for k := range list {
			hide(&list[k].Place)
		}
	}
}

// segmentsOf returns where a URI leads to in its source: folders and a name. With
// file set, it is that of the item; else of what holds the row.
func segmentsOf(s inventory.Source, uri string, file bool) []string {
	base, section, steps, err := scanners.Split(uri)
	if err != nil {
		return []string{"item"}
	}
	if !file && len(steps) > 0 && steps[len(steps)-1].Fragment != "" {
		steps = steps[:len(steps)-1]
	}
	base, definition := strings.CutSuffix(base, "#definition")
	rest := base
	if root := strings.TrimSuffix(s.URI, "/"); strings.HasPrefix(base, root+"/") {
		rest = base[len(root)+1:]
	} else if base == root {
		rest = root[strings.LastIndexByte(root, '/')+1:]
	} else if _, after, ok := strings.Cut(base, "://"); ok {
		_, rest, _ = strings.Cut(after, "/")
	}
	query := ""
	if !strings.HasPrefix(base, "imap") {
		rest, query, _ = strings.Cut(rest, "?")
	}
	var out []string
	for p := range strings.SplitSeq(rest, "/") {
		// A message: the mailbox and its number.
		p, _, _ = strings.Cut(p, ";UIDVALIDITY=")
		p = strings.TrimPrefix(p, ";UID=")
		if name, err := scanners.Unescape(p); err == nil && name != "" {
			out = append(out, strings.ReplaceAll(name, "/", "_"))
		}
	}
	if file && query != "" && !strings.HasPrefix(query, "versionId=") {
		// A value of a row: called after the row's key.
		for kv := range strings.SplitSeq(query, "&") {
			_, v, _ := strings.Cut(kv, "=")
			if name, err := scanners.Unescape(v); err == nil {
				out = append(out, strings.ReplaceAll(name, "/", "_"))
			}
		}
	}
	if definition && len(out) > 0 {
		out[len(out)-1] += ".definition.sql"
	}
	if section != "" {
		steps = append([]scanners.Step{{Name: section}}, steps...)
	}
	for _, st := range steps {
		name := st.Name
		if st.Fragment != "" {
			name, _ = scanners.Unescape(st.Fragment)
		}
		if len(out) > 0 {
			out[len(out)-1] += ".contents"
		}
		for p := range strings.SplitSeq(name, "/") {
			if p != "" {
				out = append(out, p)
			}
		}
	}
	if len(out) == 0 {
		out = []string{"item"}
	}
	return out
}

// reserve adds a file to the list.
func (x *exporter) reserve(name string) int {
	x.index.Files = append(x.index.Files, File{Path: name})
	return len(x.index.Files) - 1
}

// store writes a file of the list into the bundle.
func (x *exporter) store(i int, sp *spool, modified time.Time) error {
	f := &x.index.Files[i]
	f.Size, f.SHA256 = sp.size, sp.sha256()
	w, err := x.create(f.Path, modified)
	if err != nil {
		return err
	}
	return sp.copyTo(w)
}

func (x *exporter) create(name string, modified time.Time) (io.Writer, error) {
	if modified.IsZero() || modified.Year() < 1980 || modified.Year() > 2107 {
		modified = x.Made
	}
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: modified.UTC()})
	if err != nil {
		return nil, &sinkError{err}
	}
	return w, nil
}

// flush writes the tables of a source.
func (x *exporter) flush() error {
	for _, key := range x.order {
		t := x.tables[key]
		if err := t.finish(); err != nil {
			return err
		}
		if err := x.store(t.fileJSON, t.json, time.Time{}); err != nil {
			return err
		}
		if err := x.store(t.fileCSV, t.csv, time.Time{}); err != nil {
			return err
		}
		t.close()
		delete(x.tables, key)
	}
	x.order = x.order[:0]
	return nil
}

// finish writes the indexes and ends the bundle.
func (x *exporter) finish() error {
	i := x.index
	i.Complete = len(i.Gaps) == 0 && i.ScanGaps == 0
	x.hidePlaces()
	for k := range i.Items {
		f := i.Files[i.Items[k].file]
		i.Items[k].File, i.Items[k].Size, i.Items[k].SHA256 = f.Path, f.Size, f.SHA256
	}
	var sums bytes.Buffer
	for _, f := range i.Files {
		fmt.Fprintf(&sums, "%s  %s\n", f.SHA256, f.Path)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"index.json", i.writeJSON},
		{"index.html", func(w io.Writer) error { return page(w, i, x.Language) }},
	} {
		w, err := x.create(f.name, time.Time{})
		if err != nil {
			return err
		}
		sum := sha256.New()
		if err := f.write(io.MultiWriter(sinkWriter{w}, sum)); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum.Sum(nil)), f.name)
	}
	w, err := x.create("SHA256SUMS", time.Time{})
	if err != nil {
		return err
	}
	if _, err := w.Write(sums.Bytes()); err != nil {
		return &sinkError{err}
	}
	if err := x.zip.Close(); err != nil {
		return &sinkError{err}
	}
	return nil
}

// sinkWriter marks the errors of a writer.
type sinkWriter struct{ w io.Writer }

func (s sinkWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		err = &sinkError{err}
	}
	return n, err
}

// writeJSON writes the index, item by item.
func (i *Index) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	head := *i
	head.Items, head.LeftOut, head.Gaps = nil, nil, nil
	var b bytes.Buffer
	he := json.NewEncoder(&b)
	he.SetEscapeHTML(false)
	he.SetIndent("", "  ")
	if err := he.Encode(head); err != nil {
		return err
	}
	k := bytes.LastIndex(b.Bytes(), []byte(`,`+"\n"+`  "items": null`))
	if _, err := w.Write(b.Bytes()[:k]); err != nil {
		return err
	}
	if err := list(w, e, "items", i.Items); err != nil {
		return err
	}
	if err := list(w, e, "left_out", i.LeftOut); err != nil {
		return err
	}
	if err := list(w, e, "gaps", i.Gaps); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n}\n")
	return err
}

func list[T any](w io.Writer, e *json.Encoder, name string, all []T) error {
	if _, err := fmt.Fprintf(w, ",\n  %q: [", name); err != nil {
		return err
	}
	for k, v := range all {
		sep := ",\n"
		if k == 0 {
			sep = "\n"
		}
		if _, err := io.WriteString(w, sep); err != nil {
			return err
		}
		if err := e.Encode(v); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]")
	return err
}
