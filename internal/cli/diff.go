package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/verify"
	"github.com/spoor-scan/spoor/reports"
)

func (s streams) diff() *cobra.Command {
	var (
		outputs, identities []string
		config              string
		exitCode            bool
	)
	c := &cobra.Command{
		Use:   "diff OLD.json NEW.json [--exit-code] [-o FILE]...",
		Short: "What differs between two reports: new, gone and moved findings",
		Long: `Diff compares two reports by the stable ids of their findings. What is not in
the new report counts as gone only where its run read the place and looked for
the person; else it is named as not read.

Exit status: 0; 4 there are differences and --exit-code was given; 2 wrong usage.`,
		Args: cobra.ExactArgs(2),
	}
	f := c.Flags()
	f.StringArrayVarP(&outputs, "output", "o", nil, "write the comparison to `file`: .json or .csv; - writes JSON to standard output (repeatable)")
	f.StringArrayVar(&identities, "identity", nil, "open encrypted reports with the age identities in this `file` (repeatable)")
	f.StringVarP(&config, "config", "c", "", configForm)
	f.BoolVar(&exitCode, "exit-code", false, "exit with status 4 where there are differences")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if err := checkFiles(outputs, func(name string) error {
			if diffRenderer(name) == nil {
				return errors.New("the ending must be .json or .csv")
			}
			return nil
		}); err != nil {
			return usage(err)
		}
		old, closeOld, err := openReport(args[0], identities)
		if err != nil {
			return usage(err)
		}
		defer closeOld()
		now, closeNow, err := openReport(args[1], identities)
		if err != nil {
			return usage(err)
		}
		defer closeNow()
		if old.Run.Mode != now.Run.Mode || old.Run.Mode == "survey" {
			return usagef("only reports of scans can be compared")
		}
		p, err := s.formOf(config)
		if err != nil {
			return usage(err)
		}
		s.session.from("", old, now)
		if err := s.begin("diff", p, nil); err != nil {
			return err
		}
		d, err := verify.Compare(old, now)
		if err != nil {
			return failed(err)
		}
		for _, o := range outputs {
			if o == "-" {
				err = errors.Join(err, s.standard(func(w io.Writer) error { return reports.DiffJSON(w, d) }))
				continue
			}
			if e := s.file(o, func(w io.Writer) error { return diffRenderer(o)(w, d) }); e != nil {
				err = errors.Join(err, e)
				continue
			}
			fmt.Fprintf(s.err, "spoor: wrote %s\n", s.named(o))
		}
		if !slices.Contains(outputs, "-") {
			err = errors.Join(err, reports.DiffText(s.out, d))
		}
		switch {
		case err != nil:
			return failed(err)
		case exitCode && d.Differs():
			return &exit{status: exitFindings}
		}
		return nil
	}
	return c
}

func diffRenderer(name string) func(io.Writer, *verify.Diff) error {
	switch {
	case strings.HasSuffix(name, ".json"):
		return reports.DiffJSON
	case strings.HasSuffix(name, ".csv"):
		return reports.DiffCSV
	}
	return nil
}
