package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/rules"
)

func (s streams) survey() *cobra.Command {
	var (
		config string
		since  string
		out    rendering
		only   []string
		quiet  bool
	)
	c := &cobra.Command{
		Use:   "survey [TARGET...] [-c spoor.yaml] [--rule NAME]... [-o FILE]...",
		Short: "Which kinds of personal data live where (without looking for a person)",
		Long: `Survey counts, for each column, mailbox, folder, prefix and kind of file, what
the detectors of personal data find, in how many records, with masked samples.
Targets and passwords are as for scan; "spoor rules list" names the detectors.

Exit status: 0 complete; 3 the report names gaps; 2 wrong usage, nothing was
done; 1 no report.`,
	}
	f := c.Flags()
	f.StringVarP(&config, "config", "c", "", "configuration `file`")
	f.StringArrayVar(&only, "rule", nil, "use only the detector of this `name`; be-* stands for all that start so (repeatable)")
	out.flags(f)
	f.BoolVarP(&quiet, "quiet", "q", false, "show no progress")
	f.StringVar(&since, "since", "", sinceHelp)
	c.RunE = func(c *cobra.Command, targets []string) error {
		if err := out.check(nil); err != nil {
			return usage(err)
		}
		p, err := loadPlan(config, targets)
		if err != nil {
			return usage(err)
		}
		if err := setSince(p, since); err != nil {
			return usage(err)
		}
		set, err := detectors(p, only)
		if err != nil {
			return usage(err)
		}
		if err := s.begin("survey", p, nil); err != nil {
			return err
		}
		rep, done, err := s.runSurvey(c.Context(), p, set, quiet)
		if err != nil {
			return err
		}
		defer done()
		out.speak(p.Language)
		if err := s.write(rep, &out); err != nil {
			return failed(err)
		}
		if rep.Run.Status != "complete" {
			return &exit{status: exitIncomplete}
		}
		return nil
	}
	return c
}

// detectors returns the detectors of a plan, or those of them that are named.
func detectors(p *plan.Plan, only []string) (*rules.Set, error) {
	list := append(rules.All(), p.Rules...)
	if len(only) > 0 {
		var own []rules.Rule
		for _, name := range only {
			n := len(own)
			for _, r := range list {
				if prefix, ok := strings.CutSuffix(name, "*"); r.ID == name || ok && strings.HasPrefix(r.ID, prefix) {
					own = append(own, r)
				}
			}
			if len(own) == n {
				return nil, fmt.Errorf("--rule %s: there is no such detector; see spoor rules list", name)
			}
		}
		list = own
	}
	return rules.NewSet(list)
}

func (s streams) runSurvey(ctx context.Context, p *plan.Plan, set *rules.Set, quiet bool) (rep *inventory.Report, done func(), err error) {
	nobody, err := subject.New(nil)
	if err != nil {
		return nil, nil, failed(err)
	}
	list, closeDecoders, err := opening(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	defer closeDecoders()
	key := s.rowKey()
	acts := activities(p, nil)
	sources, closeSources := openSources(ctx, p, key, acts)
	defer closeSources()
	return s.engine(ctx, engine.Options{
		Run: inventory.Run{
			ID: runID(), Spoor: Version(), Mode: "survey", Started: time.Now().UTC().Truncate(time.Millisecond),
			Notice: "uri is exact and may hold identifiers: treat this report as personal data",
		},
		Sources: sources, Recognizer: nobody, Subjects: []inventory.Subject{}, Activities: acts,
		Decoders: list, Limits: limits(p.Limits), RowKey: key, Survey: set,
	}, quiet)
}

// engine runs the engine and returns its report, which lives until done is
// called.
func (s streams) engine(ctx context.Context, opt engine.Options, quiet bool) (rep *inventory.Report, done func(), err error) {
	col, err := inventory.NewCollector()
	if err != nil {
		return nil, nil, failed(err)
	}
	var names []string
	for _, x := range opt.Sources {
		names = append(names, x.Info.Name)
	}
	opt.Progress = engine.NewProgress(names...)
	stop := func() {}
	if !quiet {
		stop = showProgress(s.err, opt.Progress)
	}
	opt.Run.SignedBy = s.session.signedBy()
	rep, err = engine.Scan(ctx, col, opt)
	stop()
	if err != nil {
		err = errors.Join(err, col.Close())
		if ctx.Err() != nil {
			return nil, nil, &exit{exitInterrupted, err}
		}
		return nil, nil, failed(err)
	}
	s.session.of(rep, "")
	s.session.found(rep.Summary.Findings, len(rep.Gaps))
	return rep, func() { _ = col.Close() }, nil
}
