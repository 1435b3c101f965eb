package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/internal/verify"
	"github.com/spoor-scan/spoor/reports"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/all"
)

func (s streams) verify() *cobra.Command {
	var (
		publicKey            string
		signature            bool
		config, file, failOn string
		identities, outputs  []string
		certificate, lang    string
		suppressFile         string
		instruction          string
		suppressTo           []string
		quiet                bool
	)
	c := &cobra.Command{
		Use:   "verify REPORT.json [--subject FILE | --identity KEYFILE] [-c spoor.yaml] [-o FILE]...",
		Short: "Are the records of a report gone?",
		Long: `Verify reads again every place that a report names and, with the subjects'
identifiers at hand, the whole scope of the report. It says of each finding
whether it is gone, present, changed, moved, or could not be checked, and until
when backups keep it.

The identifiers come from the subject file, or from the report itself where they
were sealed into it (scan --seal-to) and --identity opens them. Without them only
the places are read, and nothing is called gone.

With --signature it checks the signature of the report, or of any other output,
and does nothing else.

Exit status: 0 complete; 3 something could not be checked, or the new scan has
gaps; 4 something is still there and --fail-on findings was given; 2 wrong usage,
nothing was done; 1 no verification.`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	f.StringVarP(&config, "config", "c", "", "configuration `file` of the report's sources")
	f.StringVar(&file, "subject", "", "subject `file` of the report (YAML, JSON or an OpenDSR request); - reads standard input")
	f.StringArrayVar(&identities, "identity", nil, "open what is sealed or encrypted with the age identities in this `file` (repeatable)")
	f.StringArrayVarP(&outputs, "output", "o", nil, "write the verification to `file`: .json, .html, .csv, certificate.html or *.opendsr.json; - writes JSON to standard output (repeatable)")
	f.StringVar(&certificate, "certificate", "", "write a statement of what was erased, kept and not checked, for each person, to this HTML `file`")
	f.StringVar(&suppressFile, "suppress", "", "put the people who were erased on the suppression list of this `file`, against which scan --suppressed checks what is restored")
	f.StringArrayVar(&suppressTo, "suppress-to", nil, "seal the key of the suppression list to this `recipient` (age1..., or a file of these); else it lies beside the list (repeatable)")
	f.StringVar(&instruction, "instruction", "", "the controllers' instruction under which what is held as processor is read: a `reference`; else that of the report")
	f.StringVar(&lang, "lang", "en", "`language` of the pages: "+strings.Join(reports.CertificateLanguages(), ", ")+"; verification.nl.html asks for its own")
	f.StringVar(&failOn, "fail-on", "", "exit with status 4 on `findings` that are still there")
	f.BoolVar(&signature, "signature", false, "check the signature in REPORT.json.minisig instead: is the file the one that was signed?")
	f.StringVar(&publicKey, "public-key", "", "the minisign public `key` that checks it, or the file that holds it")
	f.BoolVarP(&quiet, "quiet", "q", false, "show no progress")
	c.RunE = func(c *cobra.Command, args []string) error {
		if signature != (publicKey != "") {
			return usagef("--signature and --public-key belong together")
		}
		if signature {
			return s.checkSignature(args[0], publicKey)
		}
		if failOn != "" && failOn != "findings" {
			return usagef("--fail-on knows only: findings")
		}
		if !slices.Contains(reports.CertificateLanguages(), lang) {
			return usagef("--lang knows only: %s", strings.Join(reports.CertificateLanguages(), ", "))
		}
		if err := checkFiles(append(slices.Clone(outputs), nonEmpty(certificate)...), func(name string) error {
			if verificationRenderer(name, lang) == nil {
				return errors.New("the ending must be .json, .html or .csv")
			}
			return nil
		}); err != nil {
			return usage(err)
		}
		rep, closeReport, err := openReport(args[0], identities)
		if err != nil {
			return usage(err)
		}
		defer closeReport()
		if rep.Run.Mode != "scan" {
			return usagef("%s: a report of a survey names no findings to verify", args[0])
		}
		subjects, err := s.verifySubjects(rep, file, identities)
		if err != nil {
			return usage(err)
		}
		p, lost, err := s.planOfReport(rep, config)
		if err != nil {
			return usage(err)
		}
		if instruction != "" {
			p.Instruction = instruction
		}
		sup, err := suppress(suppressFile, suppressTo, identities)
		if err != nil {
			return usage(err)
		}
		rec, err := recognizer(&plan.Plan{}, subjects)
		if err != nil {
			return usage(err)
		}
		s.session.names = func(text string) bool { return len(rec.Find(nil, []byte(text))) > 0 }
		s.session.of(rep, "")
		if err := s.begin("verify", p, nil); err != nil {
			return err
		}
		v, done, err := s.runVerify(c.Context(), rep, p, lost, subjects, rec, quiet)
		if err != nil {
			return err
		}
		defer done()
		if err := s.writeVerification(v, outputs, certificate, lang); err != nil {
			return failed(err)
		}
		if err := s.suppressAll(sup, v, subjects); err != nil {
			return failed(err)
		}
		switch {
		case v.Run.Status != "complete":
			return &exit{status: exitIncomplete}
		case failOn == "findings" && v.Summary.Remaining > 0:
			return &exit{status: exitFindings}
		}
		return nil
	}
	return c
}

func nonEmpty(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// verifySubjects returns whom a verification looks for: those of the report whose
// identifiers are at hand.
func (s streams) verifySubjects(rep *inventory.Report, file string, identities []string) (subjects []plan.Subject, err error) {
	switch {
	case file != "":
		if file == "-" {
			subjects, err = plan.OpenSubjects(s.in, "standard input")
		} else {
			subjects, err = plan.LoadSubjects(file)
		}
		if err != nil {
			return nil, err
		}
		if rep.Sealed != "" && len(identities) > 0 {
			// What was found of them is sealed only.
			more, err := unseal(rep, identities)
			if err != nil {
				return nil, err
			}
			subjects = withFound(subjects, more)
		}
	case len(identities) > 0 && rep.Sealed != "":
		if subjects, err = unseal(rep, identities); err != nil {
			return nil, err
		}
	case len(identities) > 0:
		fmt.Fprintln(s.err, "spoor: the report holds no sealed identifiers; without --subject only its places are read")
	}
	known := map[string]*inventory.Subject{}
	for i := range rep.Subjects {
		known[rep.Subjects[i].ID] = &rep.Subjects[i]
	}
	for i, x := range subjects {
		o, ok := known[x.ID]
		if ok && len(x.Requests) == 0 { // of sealed subjects, whose instructions count
			subjects[i].Requests = requestsOf(o)
		}
		if !ok {
			return nil, fmt.Errorf("subject %s is not one of the report; its subjects are called: %s", x.ID, subjectIDs(rep))
		}
	}
	return subjects, nil
}

// requestsOf returns the requests of a subject of a report.
func requestsOf(x *inventory.Subject) (list []plan.Request) {
	for _, q := range x.Requests {
		list = append(list, plan.NewRequest(q.ID, q.Type, q.Received, q.Instruction))
	}
	return list
}

func subjectIDs(rep *inventory.Report) string {
	var ids []string
	for i, x := range rep.Subjects {
		if i == 10 {
			ids = append(ids, "...")
			break
		}
		ids = append(ids, x.ID)
	}
	return strings.Join(ids, ", ")
}

// withFound adds to subjects the identifiers that an earlier run found of them.
func withFound(subjects, sealed []plan.Subject) []plan.Subject {
	at := map[string]int{}
	for i, x := range subjects {
		at[x.ID] = i
	}
	for _, o := range sealed {
		i, ok := at[o.ID]
		if !ok {
			continue
		}
		for _, id := range o.Identifiers {
			if id.Found {
				subjects[i].Identifiers = append(subjects[i].Identifiers, id)
			}
		}
	}
	return subjects
}

// planOfReport returns the plan that reads the sources of a report again, called
// as they are there, and those of them that are not to be had any more.
func (s streams) planOfReport(rep *inventory.Report, config string) (p *plan.Plan, lost []engine.Source, err error) {
	p = &plan.Plan{}
	if config != "" {
		if p, err = plan.Load(config, all.Kinds()); err != nil {
			return nil, nil, err
		}
	}
	for _, a := range rep.Activities {
		if a.Instruction != nil && p.Instruction == "" {
			p.Instruction = *a.Instruction
		}
	}
	p.Sources = slices.DeleteFunc(p.Sources, func(x plan.Source) bool {
		return !slices.ContainsFunc(rep.Sources, func(o inventory.Source) bool { return o.Name == x.Name })
	})
	for _, o := range rep.Sources {
		if slices.ContainsFunc(p.Sources, func(x plan.Source) bool { return x.Name == o.Name }) {
			continue
		}
		switch {
		case o.Target == "" && config == "":
			return nil, nil, fmt.Errorf("source %s of the report was set up by a configuration file: give it with -c", o.Name)
		case o.Target == "":
			continue // its findings can't be checked, which the verification says
		}
		if err := p.AddTarget(o.Target, all.Kinds()); err != nil {
			// Whether what it held is gone or only out of reach, nobody can tell.
			fmt.Fprintf(s.err, "spoor: source %s of the report: %v\n", o.Name, err)
			lost = append(lost, engine.Source{
				Info: scanners.Info{Name: o.Name, Type: o.Type, URI: o.URI}, Target: o.Target,
				Err: &scanners.Gap{URI: o.URI, Place: o.Name, Reason: scanners.Offline, Detail: "its target can't be opened any more"},
			})
			continue
		}
		x := &p.Sources[len(p.Sources)-1]
		x.Name, x.Named = o.Name, true
	}
	if len(p.Sources)+len(lost) == 0 {
		return nil, nil, errors.New("the configuration has none of the sources of the report")
	}
	return p, lost, nil
}

// runVerify reads the scope of a report again, as far as it knows whom to look
// for, and the places of what it did not come upon there.
func (s streams) runVerify(ctx context.Context, rep *inventory.Report, p *plan.Plan, lost []engine.Source, subjects []plan.Subject, rec *subject.Recognizer, quiet bool) (v *verify.Verification, done func(), err error) {
	list, closeDecoders, err := opening(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	defer closeDecoders()
	key := s.rowKey()
	acts := activities(p, subjects)
	sources, closeSources := openSources(ctx, p, key, acts)
	defer closeSources()
	sources = append(sources, lost...)
	check, err := verify.Of(rep, engine.KeyID(key))
	if err != nil {
		return nil, nil, failed(err)
	}
	started := time.Now().UTC().Truncate(time.Millisecond)
	run := inventory.Run{
		ID: runID(), Spoor: Version(), Mode: "verify", Started: started, Key: engine.KeyID(key),
		Notice: "uri is exact and may hold identifiers: treat this document as personal data",
	}
	opt := engine.Options{
		Run: run, Sources: sources, Recognizer: rec, Subjects: reportSubjects(subjects, rec, key, rep.Run.ShowValues, p.Calendar, started), Activities: acts,
		Decoders: list, Limits: limits(p.Limits), RowKey: key, ShowValues: rep.Run.ShowValues, Links: engineLinks(p.Links), Expand: engine.Strict,
	}
	seen := func(x engine.Sighting) { check.Sighted(x.Source, x.URI, x.Place, x.Content) }
	closeScan := func() {}
	var read *inventory.Report
	if len(subjects) > 0 {
		opt.Watch = &engine.Watch{Wants: check.Wants, Seen: seen}
		if read, closeScan, err = s.engine(ctx, opt, quiet); err != nil {
			return nil, nil, err
		}
		if err := check.Scanned(read); err != nil {
			closeScan()
			return nil, nil, failed(err)
		}
	}
	opened, closeOpened, err := s.reopen(ctx, rep, check, opt, seen)
	if err != nil {
		closeScan()
		return nil, nil, err
	}
	defer closeOpened()
	if err := check.Opened(opened); err != nil {
		closeScan()
		return nil, nil, failed(err)
	}
	if read == nil {
		read = opened
	}
	run.Finished = time.Now().UTC().Truncate(time.Millisecond)
	if v, err = check.Settle(run, read); err != nil {
		closeScan()
		return nil, nil, failed(err)
	}
	return v, closeScan, nil
}

// reopen opens the places of a report that were not come upon.
func (s streams) reopen(ctx context.Context, rep *inventory.Report, check *verify.Check, opt engine.Options, seen func(engine.Sighting)) (opened *inventory.Report, done func(), err error) {
	at := map[string]int{}
	for i, x := range opt.Sources {
		at[x.Info.Name] = i
	}
	items := map[int][]string{}
	known := map[string]bool{}
	add := func(source, uri, place string) {
		base := verify.Base(uri)
		if check.IsSeen(uri) || known[base] {
			return
		}
		known[base] = true
		if strings.Contains(base, "?row-hmac=") && check.Covered(source, uri, place) {
			// To open a row that has no key, all of its table is read; the scan has
			// done that, and knows the content of each row.
			check.Missed(base, "")
			return
		}
		if i, ok := at[source]; ok {
			items[i] = append(items[i], base)
		} else {
			check.Missed(base, "its source is not in the configuration")
		}
	}
	for f, err := range rep.Findings() {
		if err != nil {
			return nil, nil, failed(err)
		}
		add(f.Source, f.URI, f.Place)
		for _, o := range f.Copies {
			if !strings.Contains(o.URI, "!/") || !isBackup(o.URI) {
				add(f.Source, o.URI, f.Place)
				continue
			}
			// In a repository of backups the same name is the same content.
			if i, ok := at[f.Source]; ok && !check.IsSeen(o.URI) && opt.Sources[i].Err == nil {
				existence(ctx, opt.Sources[i], o.URI, check)
			}
		}
	}
	for i := range items {
		slices.Sort(items[i])
	}
	col, err := inventory.NewCollector()
	if err != nil {
		return nil, nil, failed(err)
	}
	opt.Watch = &engine.Watch{Wants: check.Wants, All: true, Seen: seen}
	opened, err = engine.Reread(ctx, col, opt, items, func(_ int, uri string, err error) { check.Missed(uri, why(err)) })
	if err != nil {
		return nil, nil, failed(errors.Join(err, col.Close()))
	}
	return opened, func() { _ = col.Close() }, nil
}

func isBackup(uri string) bool { _, ok := repositoryOf(uri); return ok }

// existence tells whether what holds a URI is there.
func existence(ctx context.Context, src engine.Source, uri string, check *verify.Check) {
	base := verify.Base(uri)
	it, err := src.Open(ctx, scanners.Ref{URI: base})
	if err != nil {
		check.Missed(base, why(err))
		return
	}
	_ = it.Close() // nothing was read
	check.There(uri)
}

// why says why something could not be opened; empty: it is not there any more.
func why(err error) string {
	if scanners.ReasonOf(err) == scanners.Vanished {
		return ""
	}
	reason := string(scanners.ReasonOf(err))
	if text := engine.ErrorText(err); text != "" {
		return reason + ": " + text
	}
	return reason
}

// checkFiles finds out before a long run whether files can be written; fits
// reports what is wrong with a name.
func checkFiles(names []string, fits func(name string) error) error {
	for _, o := range names {
		if o == "-" {
			continue
		}
		if err := fits(o); err != nil {
			return fmt.Errorf("-o %s: %w", o, err)
		}
		if fi, err := os.Stat(o); err == nil && fi.IsDir() {
			return fmt.Errorf("-o %s: is a folder", o)
		}
		f, err := tempBeside(o)
		if err != nil {
			return fmt.Errorf("-o %s: %w", o, err)
		}
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			return fmt.Errorf("-o %s: %w", o, err)
		}
	}
	return nil
}

// verificationRenderer returns what writes a verification into a file of that
// name; nil where the ending is unknown.
func verificationRenderer(name, lang string) func(io.Writer, *verify.Verification) error {
	base := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	html := strings.HasSuffix(base, ".html") || strings.HasSuffix(base, ".htm")
	if parts := strings.Split(base, "."); len(parts) > 2 && slices.Contains(reports.CertificateLanguages(), parts[len(parts)-2]) {
		lang = parts[len(parts)-2]
	}
	switch {
	case strings.HasSuffix(base, "opendsr.json"):
		return reports.OpenDSRStatus
	case strings.HasSuffix(base, ".json"):
		return reports.VerificationJSON
	case html && strings.Contains(base, "certificate"):
		return certificateIn(lang)
	case html:
		return func(w io.Writer, v *verify.Verification) error { return reports.VerificationHTML(w, v, lang) }
	case strings.HasSuffix(base, ".csv"):
		return reports.VerificationCSV
	}
	return nil
}

func certificateIn(lang string) func(io.Writer, *verify.Verification) error {
	return func(w io.Writer, v *verify.Verification) error { return reports.Certificate(w, v, lang) }
}

// writeVerification writes a verification in all forms that were asked for.
func (s streams) writeVerification(v *verify.Verification, outputs []string, certificate, lang string) error {
	var failed error // one disk may be full, another not
	put := func(name string, write func(io.Writer, *verify.Verification) error) {
		if name == "-" {
			failed = errors.Join(failed, s.standard(func(w io.Writer) error { return reports.VerificationJSON(w, v) }))
			return
		}
		if err := s.file(name, func(w io.Writer) error { return write(w, v) }); err != nil {
			failed = errors.Join(failed, err)
			return
		}
		fmt.Fprintf(s.err, "spoor: wrote %s\n", s.named(name))
	}
	for _, o := range outputs {
		put(o, verificationRenderer(o, lang))
	}
	if certificate != "" {
		put(certificate, certificateIn(lang))
	}
	if !slices.Contains(outputs, "-") {
		failed = errors.Join(failed, reports.VerificationText(s.out, v))
	}
	return failed
}
