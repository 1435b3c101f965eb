package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners"
)

// A unit is what one item of a source produced. It is used by one goroutine.
type unit struct {
	run        *run
	source     Source
	batch      *batch
	same       string
	copies     *copies   // of the item; nil: none
	time       time.Time // of the item, as listed
	top        int64     // how many units of the source it stands for
	findings   []*inventory.Finding
	gaps       []inventory.Gap
	exclusions []inventory.Exclusion
	survey     inventory.SurveyCounts
	cov        inventory.Coverage
	found      int64              // findings, those handed over included
	backups    []inventory.Backup // what it brings to sets of backups
}

// spill hands over what has gathered so far, so that one item with very many
// records takes no more memory than others. The counts follow at its end.
func (u *unit) spill() {
	if u.batch == nil || len(u.findings)+len(u.gaps) < batchFindings {
		return
	}
	u.batch.add(&unit{findings: u.findings, gaps: u.gaps})
	u.findings, u.gaps = nil, nil
}

func (u *unit) gap(g scanners.Gap) {
	u.gaps = append(u.gaps, inventory.Gap{
		Source: u.source.Info.Name, URI: g.URI, Place: u.run.shown(g.Place), Reason: string(g.Reason), Detail: g.Detail, Units: g.Units, Bytes: g.Bytes,
	})
}

// maxMatches is how many matches a finding lists; it counts all of them.
const maxMatches = 200

// A record is what one finding per person is about: a row, a message, a file, a
// member of an archive.
type record struct {
	unit   *unit
	parent *record
	ref    scanners.Ref // of the item of the source; URI and Place are the record's own
	top    string       // URI of the item of the source
	inside []step       // how to get from there to the record
	isRow  bool
	row    json.RawMessage // locator of a row within a document

	sections bool   // parts are named by IMAP sections
	section  string // the record's own

	fragment string           // of the text that is being matched, within the record
	plain    bool             // that text is the record itself, whose lines can be named
	line     int64            // of the hit, counted from 0; negative: not known
	source   document.Sourced // leads back from what was decoded; nil: it is the record's own bytes
	partial  bool
	decoded  bool   // the bytes that are matched are not the record's own
	texts    int    // how many texts were matched so far
	survey   *tally // what the detectors found
	name     string // of the file that it is
	pieces   int    // how many texts and fields
	large    bool   // it is a text of which only the surroundings of hits were looked at for others
	people   map[int]*about
	others   map[string]bool       // e-mail addresses in the record, where they are collected
	hosts    map[string]bool       // IP addresses in it, if it is a text
	held     []inventory.Field     // columns that hold data of whom the row is about
	attrs    []inventory.Attribute // what they say
	kept     []inventory.Kept      // clocks that run from its columns
	sent     time.Time             // of a message: when it was received, or written
	traced   bool                  // its server says so
	open     []string              // activities whose clock has not begun, by its columns
	block    *scanners.Block       // in which it is the row with the index at
	at       int
	acts     []int // activities, once known
	known    bool
	content  func() string     // names what it holds; nil: can't be told
	heard    *contentReader    // what content asks
	counted  int               // other people in it, where these were only counted
	same     map[string]int    // identical rows of a document, by table and hash
	extents  []scanners.Extent // of the item

	inner    *companions // of what lies in it
	siblings *companions // of what lies in the container of which it is a member
	step     string      // its own in that
}

// A step leads from a container to what is in it.
type step struct {
	Kind string `json:"kind"` // of the container
	Step string `json:"step"`
	// Bytes is set instead where the name is not UTF-8: in base64.
	Bytes []byte `json:"step_base64,omitempty"`
}

func newStep(kind, name string) step {
	if !utf8.ValidString(name) {
		return step{Kind: kind, Bytes: []byte(name)}
	}
	return step{Kind: kind, Step: name}
}

// about is what a record holds of one person.
type about struct {
	matches      []inventory.Match
	total        int
	evidence     *subject.Evidence
	doubt        *subject.Evidence          // what the evidence would be if own identifiers were shared
	own          []int                      // identifiers that settle it, by index
	fields       map[string]map[string]bool // field: categories
	relation     string
	contradicted bool
	born         bool     // the person's own birth date stands in the record
	chain        []string // the links that tie the record to the person
	tied         subject.Confidence
	tiedWhy      string
	other        bool // the record names somebody else
	silent       bool // reported in an earlier round
}

// gap records what could not be read of the record.
func (rec *record) gap(g scanners.Gap) {
	if g.URI == "" {
		g.URI = rec.ref.URI
	}
	if g.Place == "" {
		g.Place = rec.ref.Place
	}
	u := rec.unit
	if g.Units > 0 { // members that were listed and not opened
		u.cov.Units.Found += g.Units
		u.cov.Units.Unread += g.Units
	}
	g.Units = max(g.Units, 1) // the unit itself, which is partial
	u.gap(g)
	rec.broken()
}

// exclude records what an option left out of the record. It is named once for
// each source, with how often it happened.
func (rec *record) exclude(x *scanners.Exclusion) {
	rec.unit.run.leftOut(rec.unit.source.Info.Name, x.Detail)
}

// failed records an error that ended the reading of the record.
func (rec *record) failed(err error) {
	var g *scanners.Gap
	if errors.As(err, &g) {
		rec.gap(scanners.Gap{Reason: g.Reason, Detail: g.Detail})
		return
	}
	reason := scanners.ReasonOf(err)
	if errors.Is(err, context.Canceled) {
		reason = scanners.Failed
	}
	rec.gap(scanners.Gap{Reason: reason, Detail: errorText(err)})
}

// hit takes a match into account. at is its offset in the record's own bytes or
// its field, -1 where there is none; near is its place in a long text, -1 where
// all of the text corroborates.
// table is the table of a column, else empty.
func (rec *record) hit(h subject.Hit, table, field string, at, near int64) {
	r := rec.unit.run.Recognizer
	if field != "" && !h.Named && r.NamedBy(h.Type, table, field) {
		h.Named = true
	}
	if h.Bare && !h.Named && (field == "" || !r.HintedBy(h.Type, field)) {
		return
	}
	h.Text = rec.pieces
	a := rec.about(h.Person)
	a.born = a.born || h.Type == subject.BirthDate
	corroborates := 0
	if near >= 0 {
		corroborates = rec.texts
	}
	a.evidence.Add(h, corroborates, near)
	if h.Settles() {
		if !slices.Contains(a.own, h.Identifier) {
			a.own = append(a.own, h.Identifier)
		}
		h.Shared = true
	}
	a.doubt.Add(h, corroborates, near)
	a.total++
	if rel := relation(field); better(rel, a.relation) {
		a.relation = rel
	}
	if field != "" {
		if a.fields[field] == nil {
			a.fields[field] = map[string]bool{}
		}
		a.fields[field][category(h.Type)] = true
	}
	if len(a.matches) >= maxMatches {
		return
	}
	m := inventory.Match{Type: string(h.Type), Form: h.Form, Field: field, Fragment: rec.fragment, Identifier: h.Identifier}
	if at >= 0 {
		m.Offset = &at
	}
	if rec.plain && rec.line >= 0 {
		m.Line, m.Fragment = rec.line+1, lineFragment(rec.line)
	}
	m.Masked = r.Masked(h.Person, h.Identifier)
	if rec.unit.run.ShowValues {
		m.Masked = r.Persons()[h.Person].Identifiers[h.Identifier].Value
	}
	a.matches = append(a.matches, m)
}

// keeps reports whether another match of a person is listed.
func (rec *record) keeps(person int) bool {
	a := rec.people[person]
	return a == nil || len(a.matches) < maxMatches
}

// about returns what the record holds of a person, so far.
func (rec *record) about(person int) *about {
	a := rec.people[person]
	if a == nil {
		a = &about{
			evidence: rec.unit.run.Recognizer.NewEvidence(person), doubt: rec.unit.run.Recognizer.NewEvidence(person), matches: []inventory.Match{},
			fields: map[string]map[string]bool{}, relation: "mentioned",
		}
		if rec.people == nil {
			rec.people = map[int]*about{}
		}
		rec.people[person] = a
	}
	return a
}

// relation says what a field makes of the person whose identifier stands in it.
func relation(field string) string {
	switch strings.ToLower(field) {
	case "from", "sender", "reply-to", "return-path":
		return "sender"
	case "to", "cc", "bcc", "delivered-to", "x-original-to", "resent-to", "envelope-to":
		return "recipient"
	case "account":
		return "owner"
	}
	return "mentioned"
}

func better(a, b string) bool {
	order := "owner sender recipient linked mentioned"
	return strings.Index(order, a) < strings.Index(order, b)
}

// category names the kind of data of an identifier, in the words of a record of
// processing activities.
func category(t subject.Type) string {
	switch t {
	case subject.Email, subject.Phone, subject.Address:
		return "contact"
	case subject.Name, subject.BirthDate:
		return "identity"
	case subject.NationalID:
		return "official identification"
	case subject.VAT, subject.IBAN, subject.Card:
		return "financial"
	case subject.IP:
		return "online identifier"
	}
	return "account"
}

// finish turns what was seen in the record into findings.
func (rec *record) finish() { rec.finishWith(nil) }

// finishWith is finish; each, where it is not nil, is shown every finding.
func (rec *record) finishWith(each func(*inventory.Finding)) {
	if rec.unit.run.Survey != nil {
		rec.finishSurvey()
		return
	}
	if len(rec.people) == 0 {
		return
	}
	content := ""
	if rec.content != nil {
		content = rec.content()
	}
	persons := make([]int, 0, len(rec.people))
	for p := range rec.people {
		persons = append(persons, p)
	}
	sort.Ints(persons)
	r := rec.unit.run
	strangers := rec.strangers()
	for _, p := range persons {
		a := rec.people[p]
		if a.silent || r.Subjects[p].Planted == nil && !r.Activities.May(p, rec.assigned()) {
			continue
		}
		id := r.Subjects[p].ID
		conf, why := a.evidence.Judge(a.contradicted && !a.born)
		third := len(rec.people) - 1 + strangers + rec.counted
		var columns []string // in which the person deals with a record about somebody else
		mentioned := a.chain == nil && rec.isRow && rec.block != nil && inProse(rec.block, rec.at, a.matches)
		switch {
		case a.chain != nil && (a.total == 0 || rankOf(a.tied) < rankOf(conf)):
			conf, why, a.relation = a.tied, a.tiedWhy, "linked"
		case rec.isRow && conf == subject.Certain && a.relation == "mentioned" && !mentioned:
			if columns = inRole(a.matches); columns == nil {
				a.relation = "owner"
			}
		}
		f := &inventory.Finding{
			ID: inventory.FindingID(id, rec.ref.URI), Content: content, Source: rec.unit.source.Info.Name,
			URI: rec.ref.URI, Place: r.shown(rec.ref.Place), Locator: rec.locator(),
			Confidence: string(conf), Why: why, Relation: a.relation, Matches: a.matches, Evidence: evidence(a.chain),
			Fields: fields(a.fields), ThirdParties: third,
			Activities: r.Activities.IDs(rec.assigned()),
		}
		if a.total > len(a.matches) {
			f.MatchesTotal = a.total
		}
		f.Same = rec.unit.same
		f.Copies, f.CopiesTotal = rec.unit.copies.behind(rec.ref.URI[min(len(rec.top), len(rec.ref.URI)):])
		if conf == subject.Certain && a.chain == nil {
			f.Settles = a.own
			c, w := a.doubt.Judge(a.contradicted && !a.born)
			f.Otherwise = &inventory.Verdict{Confidence: string(c), Why: w}
		}
		f.SetSubject(p, id)
		if rec.isRow && columns == nil && conf != subject.Possible && !mentioned {
			f.Fields = withHeld(f.Fields, rec.held)
			f.Attributes = rec.attrs
		}
		r.describe(rec, f)
		f.Actions = []inventory.Action{rec.action(conf, third, columns, rec.whose(mentioned, a.matches))}
		rec.unit.findings = append(rec.unit.findings, f)
		rec.unit.found++
		if each != nil {
			each(f)
		}
	}
	rec.unit.spill()
}

// maxCopies is how many copies a finding lists; it counts all of them.
const maxCopies = 4096

// copies are the other names of an item. They are asked for at the first hit.
type copies struct {
	of    func(limit int) ([]scanners.Copy, int)
	once  sync.Once
	list  []inventory.Copy
	total int
}

func newCopies(of func(limit int) ([]scanners.Copy, int)) *copies {
	if of == nil {
		return nil
	}
	return &copies{of: of}
}

// again returns what copies can be made of later; the list itself is not kept.
func (c *copies) again() func(limit int) ([]scanners.Copy, int) {
	if c == nil {
		return nil
	}
	return c.of
}

// behind returns the copies of a record that lies in the item, inside being what
// its URI has behind that of the item. total is set when there are more.
func (c *copies) behind(inside string) (list []inventory.Copy, total int) {
	list = []inventory.Copy{}
	if c == nil {
		return list, 0
	}
	c.once.Do(func() {
		names, n := c.of(maxCopies)
		c.total = n
		for _, name := range names {
			out := inventory.Copy{URI: name.URI, Host: name.Host}
			if !name.Time.IsZero() {
				out.Time = name.Time.UTC().Format(time.RFC3339)
			}
			c.list = append(c.list, out)
		}
	})
	for _, name := range c.list {
		name.URI += inside
		list = append(list, name)
	}
	if c.total > len(list) {
		total = c.total
	}
	return list, total
}

// strangers returns how many of the addresses in the record, in a text of IP
// addresses too, belong to none of the people who have a finding in it.
func (rec *record) strangers() int {
	known := map[string]bool{}
	for p := range rec.people {
		for addr := range rec.unit.run.mails[p] {
			known[addr] = true
		}
	}
	n := 0
	for addr := range rec.others {
		if !known[untagged(addr)] {
			n++
		}
	}
	if len(rec.hosts) > fewHosts { // a log
		n += len(rec.hosts)
	}
	return n
}

// untagged returns an address without its sub-address (RFC 5233).
func untagged(addr string) string {
	local, domain, _ := strings.Cut(addr, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// maxPlaces bounds how many places are remembered.
const maxPlaces = 10000

// shown returns a place as people are shown it: where a bucket, a schema or a
// folder is called after one of the people who are looked for, without that.
func (r *run) shown(place string) string {
	if s, ok := r.places.Load(place); ok {
		return s.(string)
	}
	s := place
	hits := r.Recognizer.Find(nil, []byte(place))
	for i := len(hits) - 1; i >= 0; i-- {
		if h := hits[i]; h.End <= int64(len(s)) {
			s = s[:h.Start] + r.Recognizer.Masked(h.Person, h.Identifier) + s[h.End:]
		}
	}
	if r.placed.Add(1) < maxPlaces {
		r.places.Store(place, s)
	}
	return s
}

func fields(seen map[string]map[string]bool) []inventory.Field {
	out := []inventory.Field{}
	for name, cats := range seen {
		f := inventory.Field{Name: name, Origin: "provided"}
		for c := range cats {
			f.Categories = append(f.Categories, c)
		}
		sort.Strings(f.Categories)
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// action proposes what an erasure would do.
// columns are those in which the person stands, where the record is about
// somebody else.
// whose is what has to be asked first of a record that mentions the person.
func (rec *record) action(conf subject.Confidence, third int, columns []string, whose string) inventory.Action {
	a := inventory.Action{
		Kind: rec.ref.Action, Target: rec.ref.URI, Fields: []string{}, If: rec.ref.If, Affects: 1, BlockedBy: []string{},
	}
	if a.If == nil {
		a.If = map[string]string{}
	}
	if rec.ref.URI != rec.top {
		a.Target = rec.top
		if a.Kind != "drop-snapshots" { // what is in a snapshot can't be rewritten
			a.Kind = "rewrite-container"
		}
		if rec.ref.Action == "delete-object-version" { // what is locked can't be replaced either
			a.BlockedBy = append(a.BlockedBy, rec.ref.Blocked...)
		}
	} else {
		a.BlockedBy = append(a.BlockedBy, rec.ref.Blocked...)
	}
	if a.Kind == "delete-row" {
		a.Cascades = rec.cascade()
	}
	if conf == subject.Certain && columns != nil && a.Kind == "delete-row" {
		a.Kind, a.Fields, a.Cascades = "null-columns", columns, nil
		return a
	}
	if conf != subject.Certain {
		a.Reasons = append(a.Reasons, "the confidence is "+string(conf))
	}
	if whose != "" {
		a.Reasons = append(a.Reasons, whose)
	}
	if third > 0 {
		a.Reasons = append(a.Reasons, "other people stand in the record")
	}
	if rec.large {
		a.Reasons = append(a.Reasons, "it is a long text, of which only the surroundings of the person were looked at for others")
	}
	if a.Kind == "" || a.Kind == "review" {
		a.Kind = ""
		a.Reasons = append(a.Reasons, "no single command erases it")
	}
	if len(a.Reasons) > 0 {
		a.Then, a.Kind = a.Kind, "review"
	}
	return a
}

// locator returns the typed place of the record: that of the source's item, and
// the way into it.
func (rec *record) locator() json.RawMessage {
	b, err := rec.ref.Marshal()
	if err != nil || len(b) < 2 || b[0] != '{' {
		b = json.RawMessage("{}")
	}
	var more []string
	if len(rec.inside) > 0 {
		if x, err := json.Marshal(rec.inside); err == nil {
			more = append(more, `"inside":`+string(x))
		}
	}
	if rec.section != "" {
		more = append(more, fmt.Sprintf(`"section":%q`, rec.section))
	}
	if rec.row != nil {
		more = append(more, `"row":`+string(rec.row))
	}
	if s := rec.backup(); s != nil {
		if x, err := json.Marshal(s); err == nil {
			more = append(more, `"backup":`+string(x))
		}
	}
	if len(more) == 0 {
		return b
	}
	sep := ","
	if len(b) == 2 {
		sep = ""
	}
	return json.RawMessage(string(b[:len(b)-1]) + sep + strings.Join(more, ",") + "}")
}

// A meter counts how far an item's stored bytes were read.
type meter struct {
	r       io.Reader
	counter *Counter
	pos     int64 // of the next sequential read
	n       int64 // end of what was read
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.pos += int64(n)
	m.reached(m.pos)
	return n, err
}

func (m *meter) reached(end int64) {
	if end > m.n {
		m.counter.bytes.Add(end - m.n)
		m.n = end
	}
}

// A meterAt is a meter that can be read at random, for containers that must be.
type meterAt struct {
	meter
	at   io.ReaderAt
	size int64
}

func (m *meterAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.at.ReadAt(p, off)
	m.reached(off + int64(n))
	return n, err
}

// Size returns how many bytes there are.
func (m *meterAt) Size() int64 { return m.size }

// item reads one item of a source into the batch.
func (r *run) item(ctx context.Context, b *batch, it scanners.Item) {
	defer func() {
		if p := recover(); p != nil {
			b.missed(it, panicked(p))
		}
	}()
	ctx = container.OneItem(ctx)
	u := &unit{run: r, source: b.source, batch: b, same: it.Same, copies: newCopies(it.Copies), time: it.Time}
	if it.Block != nil {
		rec := &record{unit: u, ref: it.Ref, top: it.Ref.URI}
		r.rows(ctx, rec, it.Block, true)
		b.add(u)
		return
	}
	u.top = 1
	u.cov.Units.Found++
	rec := &record{unit: u, ref: it.Ref, top: it.Ref.URI, sections: it.Ref.Sections, extents: it.Extents}
	m := &meter{counter: b.counter}
	switch at, ok := it.Body.(io.ReaderAt); {
	case it.Body == nil:
		m.r = strings.NewReader("")
		it.Body = m
	case ok && it.Size >= 0:
		ma := &meterAt{meter: meter{r: it.Body, counter: b.counter}, at: at, size: it.Size}
		m = &ma.meter
		it.Body = ma
	default:
		m.r = it.Body
		it.Body = m
	}
	budget := container.NewBudget(r.Limits, it.Size)
	whole, err := volumes(ctx, u.source.Source, r.Decoders, it)
	if err != nil {
		rec.failed(err)
	}
	r.whole(ctx, rec, whole, budget)
	if p, ok := whole.Body.(*pieces); ok {
		_ = p.Close() // it was only read
	}
	// The ledger: what was read to its end counts as stored, whatever the
	// listing said of its size.
	read := m.n
	found := max(it.Size, 0)
	if !rec.partial {
		if it.Size < 0 || read > it.Size {
			found = read
		}
		u.cov.Units.Scanned++
		u.cov.Bytes.Found, u.cov.Bytes.Scanned = found, found
	} else {
		found = max(found, 0)
		read = min(read, found)
		if it.Size < 0 {
			found, read = m.n, m.n
		}
		u.cov.Units.Partial++
		u.cov.Bytes.Found, u.cov.Bytes.Partial, u.cov.Bytes.Unread = found, read, found-read
	}
	u.noteBackup(rec, found)
	b.add(u)
}

// whole reads a record: its fields and its body, and makes its findings.
func (r *run) whole(ctx context.Context, rec *record, it scanners.Item, budget *container.Budget) {
	defer rec.unlisten()
	defer rec.finish()
	defer func() {
		if p := recover(); p != nil {
			rec.failed(panicked(p))
		}
	}()
	rec.name = it.Name
	if r.Survey == nil {
		it.Body = rec.listen(it.Body)
	}
	if r.Watch != nil {
		defer func() { r.sight(rec, rec.content()) }()
	}
	r.fields(rec, it.Fields)
	r.look(ctx, rec, it, budget)
}

// fields matches the values beside a body.
func (r *run) fields(rec *record, fields []scanners.Field) {
	if r.Survey != nil {
		var hits []rules.Hit
		for _, f := range fields {
			hits = r.Survey.Best(r.Survey.FindNamed(hits[:0], []byte(f.Value), f.Name))
			r.surveyed(rec.tally(), f.Name, []byte(f.Value), hits)
		}
		return
	}
	var hits []subject.Hit
	for _, f := range fields {
		rec.pieces++
		hits = r.Recognizer.Find(hits[:0], []byte(f.Value))
		for _, h := range hits {
			rec.hit(h, "", f.Name, h.Start, -1)
		}
	}
}
