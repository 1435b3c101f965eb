package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/export"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/review"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/reports"
	"github.com/spoor-scan/spoor/scanners"
)

func (s streams) export() *cobra.Command {
	var (
		config, file, id, right, lang string
		identities, reviews, include  []string
		output                        string
		mask                          bool
	)
	c := &cobra.Command{
		Use:   "export REPORT.json [--subject-id ID] [--right access|portability] [-c spoor.yaml] -o BUNDLE.zip",
		Short: "The copy of the data itself, for the person",
		Long: `Export opens the findings of a report again and writes the copy of the data:
rows as JSON and CSV, original messages, files, with a page that says what is in
it (index.html), the same for programs (index.json), and check sums.

It leaves out what is held as processor, and what is not certain unless a review
confirms it (--review) or --include names it. Password hashes, passwords and keys
are mentioned and never copied. With --right portability it holds what the person
provided under a contract or consent, in open formats.

Exit status: 0 complete; 3 something could not be read, or the report has gaps;
2 wrong usage, nothing was done; 1 no bundle.`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	f.StringVarP(&config, "config", "c", "", "configuration `file` of the report's sources")
	f.StringVar(&id, "subject-id", "", "the person, by the `id` in the report; needed where it is about several")
	f.StringVar(&right, "right", "", "access or portability; without it what the person asked for, else access")
	f.StringVar(&file, "subject", "", "subject `file` of the report: tells the person's own identifiers from other people's; - reads standard input")
	f.StringArrayVar(&identities, "identity", nil, "open what is sealed or encrypted with the age identities in this `file` (repeatable)")
	f.StringArrayVar(&reviews, "review", nil, "review `file`: confirmed findings are exported, refused ones are not (repeatable)")
	f.StringSliceVar(&include, "include", nil, "export the finding with this `id` whatever else says (repeatable)")
	f.BoolVar(&mask, "mask-others", false, "mask other people's identifiers; of files in which that can't be done the masked text alone is copied, or nothing")
	f.StringVar(&lang, "lang", "", "`language` of the page: nl, fr, de or en; without it that of the configuration, else English")
	f.StringVarP(&output, "output", "o", "", "the `file` that is written: a .zip")
	c.RunE = func(c *cobra.Command, args []string) error {
		if output == "" {
			return usagef("say where the copy goes: -o BUNDLE.zip")
		}
		if output == "-" {
			return usagef("-o -: a copy of the data is written to a file, and appears when it is whole")
		}
		l := language.English
		if lang != "" {
			var err error
			if l, err = language.Parse(lang); err != nil {
				return usagef("--lang: %v", err)
			}
		}
		if err := checkFiles([]string{output}, func(name string) error {
			if !strings.HasSuffix(strings.ToLower(name), ".zip") {
				return errors.New("the ending must be .zip")
			}
			return nil
		}); err != nil {
			return usage(err)
		}
		rep, done, err := openReport(args[0], identities)
		if err != nil {
			return usage(err)
		}
		defer done()
		who, err := exportSubject(rep, id)
		if err != nil {
			return usage(err)
		}
		if right, err = exportRight(who, right); err != nil {
			return usage(err)
		}
		set, err := review.Load(opened(identities), reviews...)
		if err != nil {
			return usagef("--review: %v", err)
		}
		set.Apply(rep)
		if err := checkIncluded(rep, who.ID, include); err != nil {
			return usage(err)
		}
		own, err := s.exportOwn(rep, who.ID, file, identities)
		if err != nil {
			return usage(err)
		}
		p, lost, err := s.planOfReport(rep, config)
		if err != nil {
			return usage(err)
		}
		if lang == "" && p.Language != "" {
			l = p.Language
		}
		s.session.of(rep, who.ID)
		if err := s.begin("export", p, nil); err != nil {
			return err
		}
		index, err := s.runExport(c.Context(), p, lost, export.Options{
			Report: rep, Subject: who.ID, Right: right, Include: setOf(include), Language: l, Spoor: Version(), Made: time.Now().UTC().Truncate(time.Second),
			Own: own, MaskOthers: mask,
		}, output)
		if err != nil {
			return err
		}
		s.session.found(len(index.Items), len(index.Gaps))
		if !index.Complete {
			return &exit{status: exitIncomplete}
		}
		return nil
	}
	return c
}

func setOf(list []string) map[string]bool {
	m := map[string]bool{}
	for _, v := range list {
		m[v] = true
	}
	return m
}

// exportSubject returns the one person whose data are copied.
func exportSubject(rep *inventory.Report, id string) (*inventory.Subject, error) {
	switch {
	case rep.Run.Mode != "scan":
		return nil, errors.New("only the report of a scan names a person's data")
	case id == "" && len(rep.Subjects) == 1:
		return &rep.Subjects[0], nil
	case id == "" && len(rep.Subjects) == 0:
		return nil, errors.New("the report is about nobody")
	case id == "":
		return nil, fmt.Errorf("the report is about several people; say who it is with --subject-id: %s", subjectIDs(rep))
	}
	k := slices.IndexFunc(rep.Subjects, func(x inventory.Subject) bool { return x.ID == id })
	if k < 0 {
		return nil, fmt.Errorf("--subject-id: the report is not about %q; its subjects are called: %s", id, subjectIDs(rep))
	}
	return &rep.Subjects[k], nil
}

// exportRight returns the right under which a copy is made.
func exportRight(who *inventory.Subject, right string) (string, error) {
	switch right {
	case export.Access, export.Portability:
		return right, nil
	case "":
	default:
		return "", errors.New("--right knows only: access, portability")
	}
	asked := func(t string) bool {
		return slices.ContainsFunc(who.Requests, func(q inventory.Request) bool { return q.Type == t })
	}
	if asked(export.Portability) && !asked(export.Access) {
		return export.Portability, nil
	}
	return export.Access, nil
}

// checkIncluded reports a finding that --include names and the report does not
// have: nothing is left out over a typing error.
func checkIncluded(rep *inventory.Report, id string, include []string) error {
	if len(include) == 0 {
		return nil
	}
	left := setOf(include)
	for f, err := range rep.Findings() {
		if err != nil {
			return err
		}
		if f.Subject == id {
			delete(left, f.ID)
		}
	}
	for _, v := range include {
		if left[v] {
			return fmt.Errorf("--include: the report has no finding %q of that person", v)
		}
	}
	return nil
}

// exportOwn returns what recognises the person; nil where nothing is known of
// them.
func (s streams) exportOwn(rep *inventory.Report, id, file string, identities []string) (*subject.Recognizer, error) {
	if file == "" && (rep.Sealed == "" || len(identities) == 0) {
		return nil, nil
	}
	subjects, err := s.verifySubjects(rep, file, identities)
	if err != nil {
		return nil, err
	}
	k := slices.IndexFunc(subjects, func(x plan.Subject) bool { return x.ID == id })
	if k < 0 {
		return nil, fmt.Errorf("the subject file has nobody called %s", id)
	}
	return subject.New([]subject.Person{subjects[k].Person})
}

// runExport writes the bundle.
func (s streams) runExport(ctx context.Context, p *plan.Plan, lost []engine.Source, o export.Options, output string) (index *export.Index, err error) {
	list, closeDecoders, err := opening(ctx, p)
	if err != nil {
		return nil, err
	}
	defer closeDecoders()
	key := s.rowKey()
	sources, closeSources := openSources(ctx, p, key, nil)
	defer closeSources()
	o.Key = engine.KeyID(key)
	o.Open = func(name string) (engine.Opener, error) {
		for _, src := range append(sources, lost...) {
			if src.Info.Name == name {
				return engine.Opener{Source: src.Source, Decoders: list, Limits: limits(p.Limits), RowKey: key}, src.Err
			}
		}
		return engine.Opener{}, &scanners.Gap{Reason: scanners.Offline, Detail: "its source is not in the configuration"}
	}
	err = s.file(output, func(w io.Writer) error {
		index, err = export.Write(ctx, w, o)
		return err
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &exit{exitInterrupted, errors.New("interrupted; no bundle was written")}
	case err != nil:
		return nil, failed(err)
	}
	fmt.Fprintf(s.err, "spoor: wrote %s\n", s.named(output))
	line := fmt.Sprintf("%s of %s copied", reports.Plural(len(index.Items), "finding"), o.Subject)
	if n := index.TextOnly; n > 0 {
		line += fmt.Sprintf(", %d as text alone, since what must not be copied can't be taken out of the original (index.json says which)", n)
	}
	if n := len(index.LeftOut); n > 0 {
		line += fmt.Sprintf(", %d left out (index.json says why)", n)
	}
	switch {
	case len(index.Gaps) > 0:
		line += fmt.Sprintf("; INCOMPLETE: %d could not be read", len(index.Gaps))
	case index.ScanGaps > 0:
		line += fmt.Sprintf("; INCOMPLETE: the scan left %s", reports.Plural(index.ScanGaps, "gap"))
	}
	fmt.Fprintln(s.err, "spoor: "+line)
	if o.MaskOthers {
		fmt.Fprintln(s.err, "spoor: names of other people in texts are not masked, as nothing tells them: read the copy through before it is handed over")
	}
	if o.MaskOthers && o.Own == nil {
		fmt.Fprintln(s.err, "spoor: without --subject the person's own identifiers in texts are masked, too; kept are those in "+index.Kept)
	}
	return index, nil
}
