package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/activity"
	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/ocr"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/review"
	"github.com/spoor-scan/spoor/internal/sandbox"
	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/sqldb"
	"github.com/spoor-scan/spoor/internal/state"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/reports"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/all"
)

func (s streams) scan() *cobra.Command {
	var (
		config, file, failOn string
		expand, since        string
		instruction          string
		canaries             string
		out                  rendering
		quiet, show          bool
		id                   string
		sealTo, identities   []string
		suppressed           string
		inline               = map[subject.Type]*[]string{}
	)
	c := &cobra.Command{
		Use:   "scan [TARGET...] [-c spoor.yaml] (--subject FILE | --email ... --name ...) [-o FILE]...",
		Short: "Find everything held about one or many people",
		Long: `Scan finds everything held about one or many people.

A target is a path, file://, mysql://user@host:port/[schema],
postgres://user@host:port/[database], imap://user@host/, imaps://,
imap://user*master@host/ or s3://bucket/prefix. Passwords come from the
environment (MYSQL_PWD, PGPASSWORD, SPOOR_IMAP_PASSWORD, AWS_*) or, in a
configuration file, from password_file, password_command, password_env or
password_credential.

Exit status: 0 complete; 3 the report names gaps; 4 something was found and
--fail-on findings was given; 2 wrong usage, nothing was done; 1 no report.`,
	}
	f := c.Flags()
	f.StringVarP(&config, "config", "c", "", "configuration `file`")
	f.StringVar(&file, "subject", "", "subject `file` (YAML, JSON or an OpenDSR request); - reads standard input")
	f.StringVar(&id, "subject-id", "subject", "your own name for the person of --email, --name, ...")
	for _, t := range subject.Types() {
		v := new([]string)
		inline[t] = v
		f.StringArrayVar(v, strings.ReplaceAll(string(t), "_", "-"), nil, "look for this `"+strings.ReplaceAll(string(t), "_", "-")+"` (repeatable)")
	}
	out.flags(f)
	out.reviewFlag(f)
	f.StringVar(&failOn, "fail-on", "", "exit with status 4 on `findings`")
	f.BoolVarP(&quiet, "quiet", "q", false, "show no progress")
	f.BoolVar(&show, "show-values", false, "put identifiers into the report unmasked")
	f.StringVar(&since, "since", "", sinceHelp)
	f.StringVar(&instruction, "instruction", "", "the controllers' instruction under which what is held as processor is scanned: a `reference`")
	f.StringArrayVar(&sealTo, "seal-to", nil, "put the identifiers into the report, encrypted to this `recipient` (age1..., or a file of these), so that verify can do without the subject file (repeatable)")
	f.StringVar(&suppressed, "suppressed", "", "look for the people on the suppression list of this `file` (verify --suppress), as in what was restored")
	f.StringArrayVar(&identities, "identity", nil, "open the key of the suppression list, or an encrypted review, with the age identities in this `file` (repeatable)")
	f.StringVar(&canaries, "canaries", "", "look for the invented people of this `file` too, and say whether they were found where they are planted")
	f.StringVar(&expand, "expand", "strict", "identifiers that a person's records reveal: look for those that are theirs alone (`strict`), only name them (suggest), or neither (off)")
	c.RunE = func(c *cobra.Command, targets []string) error {
		if failOn != "" && failOn != "findings" {
			return usagef("--fail-on knows only: findings")
		}
		widen, ok := map[string]engine.Expand{"strict": engine.Strict, "suggest": engine.Suggest, "off": engine.Off}[expand]
		if !ok {
			return usagef("--expand knows only: strict, suggest, off")
		}
		if err := out.check(identities); err != nil {
			return usage(err)
		}
		var subjects []plan.Subject
		var err error
		if suppressed == "" {
			subjects, err = s.subjects(file, id, inline)
		} else if subjects, err = suppressedSubjects(suppressed, identities); err == nil && given(file, inline) {
			err = errors.New("give either --suppressed, or --subject, --email, --name and so on, not both")
		}
		if err != nil {
			return usage(err)
		}
		p, err := loadPlan(config, targets)
		if err != nil {
			return usage(err)
		}
		if err := setSince(p, since); err != nil {
			return usage(err)
		}
		if instruction != "" {
			p.Instruction = instruction
		}
		if suppressed != "" && len(sealTo) > 0 {
			return usagef("--seal-to has nothing to seal with --suppressed: the list knows no identifiers")
		}
		seal, err := sealer(sealTo)
		if err != nil {
			return usage(err)
		}
		if canaries != "" {
			list, err := plan.LoadCanaries(canaries)
			if err != nil {
				return usagef("--canaries: %v", err)
			}
			p.Canaries = append(p.Canaries, list...)
		}
		if err := p.CheckCanaries(subjects); err != nil {
			return usage(err)
		}
		rec, err := recognizer(p, subjects)
		if err != nil {
			return usage(err)
		}
		s.session.names = func(text string) bool { return len(rec.Find(nil, []byte(text))) > 0 }
		anonymous(p, s.session.names)
		if err := s.begin("scan", p, subjects); err != nil {
			return err
		}
		for _, d := range doubts(p, subjects, time.Now()) {
			fmt.Fprintln(s.err, "spoor: "+d)
		}
		out.speak(p.Language)
		rep, done, err := s.run(c.Context(), p, subjects, rec, widen, out.reviewed, quiet, show, func(o *engine.Options) { o.Seal = seal })
		if err != nil {
			return err
		}
		defer done()
		for _, d := range idle(rep) {
			fmt.Fprintln(s.err, "spoor: "+d)
		}
		if err := s.write(rep, &out); err != nil {
			return failed(err)
		}
		switch {
		case rep.Run.Status != "complete":
			return &exit{status: exitIncomplete}
		case failOn == "findings" && rep.Summary.Findings > 0:
			return &exit{status: exitFindings}
		}
		return nil
	}
	return c
}

// given reports whether the command line says itself whom to look for.
func given(file string, inline map[subject.Type]*[]string) bool {
	for _, v := range inline {
		if len(*v) > 0 {
			return true
		}
	}
	return file != ""
}

// subjects returns whom to look for.
func (s streams) subjects(file, id string, inline map[subject.Type]*[]string) ([]plan.Subject, error) {
	one := plan.Subject{Person: subject.Person{ID: id}}
	for _, t := range subject.Types() {
		for _, v := range *inline[t] {
			x := subject.Identifier{Type: t, Value: v}
			if _, err := x.Normal(); err != nil {
				return nil, fmt.Errorf("--%s: %w", strings.ReplaceAll(string(t), "_", "-"), err)
			}
			one.Identifiers = append(one.Identifiers, x)
		}
	}
	switch {
	case file != "" && len(one.Identifiers) > 0:
		return nil, errors.New("give either --subject or --email, --name and so on, not both")
	case file == "-":
		return plan.OpenSubjects(s.in, "standard input")
	case file != "":
		return plan.LoadSubjects(file)
	case len(one.Identifiers) == 0:
		return nil, errors.New("say whom to look for: --subject FILE, or --email, --name and so on")
	}
	return []plan.Subject{one}, nil
}

func loadPlan(config string, targets []string) (*plan.Plan, error) {
	p := &plan.Plan{Calendar: calendar.Calendar{Country: plan.DefaultCountry}}
	if config != "" {
		var err error
		if p, err = plan.Load(config, all.Kinds()); err != nil {
			return nil, err
		}
	}
	for _, t := range targets {
		if err := p.AddTarget(t, all.Kinds()); err != nil {
			return nil, err
		}
	}
	if len(p.Sources) == 0 {
		return nil, errors.New("say where to look: give targets, or sources in a configuration file (-c)")
	}
	return p, nil
}

const sinceHelp = "of tables with a column that tells when a row last changed, read only rows changed since a `time`: 2026-01-31, 30d, 720h"

func setSince(p *plan.Plan, since string) (err error) {
	if since == "" {
		return nil
	}
	if p.Since, err = sqldb.ParseSince(since, time.Now()); err != nil {
		return fmt.Errorf("--%w", err)
	}
	return nil
}

// rowKey returns the key of row hashes; without a place to keep it, it lasts for
// this run only.
func (s streams) rowKey() []byte {
	dir, err := state.Dir()
	if err == nil {
		var key []byte
		if key, err = state.Key(dir); err == nil {
			return key
		}
	}
	fmt.Fprintf(s.err, "spoor: rows without a key get names that hold for this run only: %v\n", err)
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// decoders returns all decoders. Documents come first, since many are an archive
// of a certain shape.
func decoders(o container.Options) []container.Decoder {
	return append(document.All(o), container.All(o)...)
}

// opening returns the decoders that a plan asks for, the hostile ones in
// processes of their own. done ends these.
func opening(ctx context.Context, p *plan.Plan) (list []container.Decoder, done func(), err error) {
	type password struct {
		*plan.Password
		value secret.Value
	}
	var passwords []password
	for i := range p.Passwords {
		v, err := p.Passwords[i].Get(ctx, "")
		if err != nil {
			return nil, nil, usage(fmt.Errorf("passwords: %w", err))
		}
		passwords = append(passwords, password{&p.Passwords[i], v})
	}
	o := container.Options{
		Passwords: func(in scanners.Item) (list []string) {
			for _, x := range passwords {
				if x.For(in.Name, in.Ref.URI) {
					list = append(list, x.value.Reveal())
				}
			}
			return list
		},
		OCR: p.OCR.On,
	}
	if p.OCR.On {
		r, err := ocr.New(ctx, p.OCR.Languages)
		if err != nil {
			return nil, nil, usage(err)
		}
		o.Recognise = r.Read
	}
	pool := sandbox.NewPool(o)
	return pool.Wrap(decoders(o)), pool.Close, nil
}

func limits(p plan.Limits) container.Limits {
	l := container.DefaultLimits()
	if p.Depth > 0 {
		l.Depth = p.Depth
	}
	if p.Members > 0 {
		l.Members = p.Members
	}
	if p.Bytes > 0 {
		l.Bytes = int64(p.Bytes)
	}
	if p.Ratio > 0 {
		l.Ratio = p.Ratio
	}
	if p.Time > 0 {
		l.Time = time.Duration(p.Time)
	}
	return l
}

// openSources makes the sources of a plan. One that can't be made is kept with
// its error.
func openSources(ctx context.Context, p *plan.Plan, key []byte, acts *activity.Map) (sources []engine.Source, done func()) {
	return openEach(ctx, p, key, func(i int) func(uri, place string) (string, bool) { return leave(acts, p.Sources[i].Name) })
}

// openEach is openSources; left gives scanners.Env.Leave for each source.
func openEach(ctx context.Context, p *plan.Plan, key []byte, left func(i int) func(uri, place string) (string, bool)) (sources []engine.Source, done func()) {
	for i, s := range p.Sources {
		src, err := s.Config.Open(ctx, scanners.Env{Name: s.Name, RowKey: key, OpenStore: all.OpenStore, Since: p.Since, Leave: left(i)})
		e := engine.Source{Source: src, Err: err, Info: scanners.Info{Name: s.Name, Type: s.Type, URI: s.Type + ":"}, Target: s.Target}
		if err == nil {
			e.Info = src.Info()
			e.Target = lasting(s.Target, e.Info)
		}
		sources = append(sources, e)
	}
	return sources, func() {
		for _, s := range sources {
			if s.Err == nil {
				_ = s.Close() // nothing was written
			}
		}
	}
}

// recognizer returns what recognises the people of a scan and, behind them all,
// the canaries of its plan.
func recognizer(p *plan.Plan, subjects []plan.Subject) (*subject.Recognizer, error) {
	var persons []subject.Person
	for _, x := range subjects {
		persons = append(persons, x.Person)
	}
	for _, x := range p.Canaries {
		persons = append(persons, x.Person)
	}
	return subject.New(persons)
}

// anonymous keeps a path that is called after a person from giving its name to a
// source.
func anonymous(p *plan.Plan, names func(text string) bool) {
	for i, x := range p.Sources {
		if !x.Named && names(x.Name) {
			p.Sources[i].Name = fmt.Sprintf("%s-%d", x.Type, i+1)
		}
	}
}

// run scans and returns the report, which lives until done is called.
func (s streams) run(ctx context.Context, p *plan.Plan, subjects []plan.Subject, rec *subject.Recognizer, expand engine.Expand, reviewed *review.Set, quiet, show bool, change ...func(*engine.Options)) (rep *inventory.Report, done func(), err error) {
	for _, x := range subjects {
		for _, t := range x.Ignored {
			fmt.Fprintf(s.err, "spoor: subject %s: an identity of type %s can't be looked for\n", x.ID, t)
		}
	}
	list, closeDecoders, err := opening(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	defer closeDecoders()
	key := s.rowKey()
	acts := activities(p, subjects)
	sources, closeSources := openSources(ctx, p, key, acts)
	defer closeSources()
	started := time.Now().UTC().Truncate(time.Millisecond)
	everybody := subjects
	for _, x := range p.Canaries {
		everybody = append(everybody[:len(everybody):len(everybody)], plan.Subject{Person: x.Person})
	}
	opt := engine.Options{
		Run: inventory.Run{
			ID: runID(), Spoor: Version(), Mode: "scan", Started: started, ShowValues: show,
			Notice: "uri, locator, target and copies are exact and may hold identifiers: treat this report as personal data",
		},
		Sources: sources, Recognizer: rec, Subjects: reportSubjects(everybody, rec, key, show, p.Calendar, started), Activities: acts,
		Decoders: list, Limits: limits(p.Limits), RowKey: key, ShowValues: show,
		Links: engineLinks(p.Links), Expand: expand,
	}
	for i, x := range p.Canaries {
		for _, e := range x.Expect {
			at := &opt.Subjects[len(subjects)+i].Planted
			*at = append(*at, inventory.Planted(e))
		}
	}
	for _, c := range change {
		c(&opt)
	}
	if rep, done, err = s.engine(ctx, opt, quiet); err != nil {
		return nil, nil, err
	}
	reviewed.Apply(rep)
	if err := exercise(rep, p, sources, acts); err != nil {
		done()
		return nil, nil, failed(err)
	}
	return rep, done, nil
}

func engineLinks(list []plan.Link) []engine.Link {
	var out []engine.Link
	for _, l := range list {
		out = append(out, engine.Link{From: engine.LinkEnd(l.From), To: engine.LinkEnd(l.To), Refuse: l.Refuse})
	}
	return out
}

func runID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b)
}

// write writes the report in all forms that were asked for.
func (s streams) write(rep *inventory.Report, r *rendering) error {
	if len(r.outputs) == 0 {
		return reports.Text(s.out, rep, r.language)
	}
	var failed error // one disk may be full, another not
	for _, o := range r.outputs {
		var err error
		if o == "-" {
			err = s.standard(func(w io.Writer) error { return reports.JSON(w, rep) })
		} else {
			err = s.file(o, func(w io.Writer) error { return renderer(o, r.language)(w, rep) })
		}
		switch {
		case err != nil:
			failed = errors.Join(failed, err)
		case o != "-":
			fmt.Fprintf(s.err, "spoor: wrote %s\n", s.named(o))
		}
	}
	fmt.Fprintf(s.err, "spoor: %s\n", headline(rep))
	return failed
}

// headline is the answer in a line.
func headline(rep *inventory.Report) string {
	if v := rep.Survey; v != nil {
		line := fmt.Sprintf("%s of personal data in %s", reports.Plural(len(v.Detectors), "kind"), reports.Plural(len(v.Places), "place"))
		return line + coverage(rep)
	}
	c := rep.Summary.Confidence
	line := fmt.Sprintf("%s: %d certain, %d likely, %d possible", reports.Plural(rep.Summary.Findings, "finding"), c["certain"], c["likely"], c["possible"])
	return line + coverage(rep)
}

// coverage says whether all was read, for a headline.
func coverage(rep *inventory.Report) string {
	if n := rep.Summary.Gaps; n > 0 {
		return fmt.Sprintf("; INCOMPLETE: %s, see the report", reports.Plural(n, "gap"))
	}
	return "; everything that was listed was read"
}

// endings are those of the files that a report can be written to.
const endings = ".json, .html, .csv, .jsonld, .ttl or .nt"

// renderer returns what writes a report into a file of that name, whose language
// is the one that the name asks for, else lang; nil where the ending is unknown.
func renderer(name string, lang language.Lang) func(io.Writer, *inventory.Report) error {
	if l := language.OfFile(name); l != "" {
		lang = l
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		return reports.JSON
	case ".html", ".htm":
		return func(w io.Writer, r *inventory.Report) error { return reports.HTML(w, r, lang) }
	case ".csv":
		return reports.CSV
	case ".jsonld":
		return reports.JSONLD
	case ".ttl", ".nt":
		return reports.NTriples
	}
	return nil
}

// checkOutputs finds out whether reports can be written.
func checkOutputs(outputs []string) error {
	return checkFiles(outputs, func(name string) error {
		if renderer(name, language.English) == nil {
			return errors.New("the ending must be " + endings)
		}
		return nil
	})
}
