package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/starter"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/all"
)

func (s streams) init() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "init TARGET... [-o spoor.yaml]",
		Short: "Write a first configuration: the sources, and which activity each place belongs to",
		Long: `Init looks at what the targets hold (schemas and tables, folders, buckets) and
writes a configuration with the processing activities of a hosting provider, to
be read and corrected. It reads names only, and never overwrites a file.

Exit status: 0 written; 3 written, but a target could not be listed; 2 wrong
usage, nothing was done.`,
	}
	c.Flags().StringVarP(&output, "output", "o", "spoor.yaml", "the `file` to write; - writes to standard output")
	c.RunE = func(c *cobra.Command, targets []string) error {
		if len(targets) == 0 {
			return usagef("say what to look at: a path, mysql://user@host/ and so on; see spoor init --help")
		}
		if _, err := os.Lstat(output); output != "-" && err == nil {
			return usagef("%s is there already; choose another name with -o", output)
		}
		p, err := starterPlan(targets)
		if err != nil {
			return usage(err)
		}
		if err := s.begin("init", p, nil); err != nil {
			return err
		}
		list, bad, err := s.starterSources(c.Context(), p, targets)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := starter.Write(&text, list); err != nil {
			return failed(err)
		}
		if output == "-" {
			_, err = s.out.Write(text.Bytes())
		} else {
			err = s.plain(output, func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err })
		}
		if err != nil {
			return failed(err)
		}
		if output != "-" {
			fmt.Fprintf(s.err, "spoor: wrote %s; read it and correct what was guessed, then run spoor check -c %s\n", output, output)
		}
		if bad > 0 {
			return &exit{exitIncomplete, fmt.Errorf("%d of the targets could not be listed; what the file says of them is no guess", bad)}
		}
		return nil
	}
	return c
}

// starterPlan returns the plan that reads targets.
func starterPlan(targets []string) (*plan.Plan, error) {
	p := &plan.Plan{}
	for _, t := range targets {
		if err := p.AddTarget(t, all.Kinds()); err != nil {
			return nil, err
		}
	}
	for i := range p.Sources {
		p.Sources[i].Name = strings.ReplaceAll(p.Sources[i].Name, "/", "-") // a step of patterns
	}
	return p, nil
}

// starterSources lists what targets hold, and counts those that can't be listed.
func (s streams) starterSources(ctx context.Context, p *plan.Plan, targets []string) (list []starter.Source, bad int, err error) {
	// What scanners ask to leave out is what they list, however they divide it.
	asked := make([][]string, len(p.Sources))
	sources, done := openEach(ctx, p, make([]byte, 32), func(i int) func(uri, place string) (string, bool) {
		return func(uri, place string) (string, bool) {
			if len(asked[i]) < maxStarter {
				asked[i] = append(asked[i], listedAs(p.Sources[i].Type, uri, place))
			}
			return "", false
		}
	})
	defer done()
	for i, src := range sources {
		x := starter.Source{Name: src.Info.Name, Type: p.Sources[i].Type, Target: targets[i]}
		switch err := src.Err; {
		case x.Type == "files":
			x.Target, x.Places, err = foldersOf(ctx, targets[i])
			if err != nil {
				x.Unlisted = "it can't be read"
			}
		case err != nil:
			x.Unlisted = "it can't be opened"
		case x.Type == "mysql" || x.Type == "postgres" || x.Type == "s3" || x.Type == "imap":
			x.Places, err = partsOf(ctx, src)
			if x.Type != "s3" {
				slices.Sort(asked[i])
				x.Places = slices.Compact(asked[i])
			}
			if err != nil {
				x.Unlisted = string(scanners.ReasonOf(err))
			}
		case x.Type == "restic" || x.Type == "borg":
			x.Target = strings.TrimPrefix(x.Target, x.Type+":")
		}
		if x.Unlisted != "" {
			bad++
		}
		if ctx.Err() != nil {
			return nil, 0, &exit{exitInterrupted, errors.New("interrupted; nothing was written")}
		}
		list = append(list, x)
	}
	return list, bad, nil
}

// listedAs names what a scanner lists as the starter wants it: a table, or the
// account of a mailbox.
func listedAs(typ, uri, place string) string {
	if typ != "imap" {
		return strings.ReplaceAll(place, " / ", "/")
	}
	_, rest, _ := strings.Cut(uri, "://")
	account, _, _ := strings.Cut(rest, "@")
	if name, err := scanners.Unescape(account); err == nil {
		account = name
	}
	return account
}

// maxStarter bounds how many places of a source are looked at.
const maxStarter = 200_000

// partsOf returns what a source lists: tables and buckets.
func partsOf(ctx context.Context, src engine.Source) (places []string, err error) {
	seen := map[string]bool{}
	for p, partErr := range src.Parts(ctx) {
		if partErr != nil {
			if !errors.As(partErr, new(*scanners.Gap)) && !errors.As(partErr, new(*scanners.Exclusion)) {
				return places, partErr
			}
			continue
		}
		steps := strings.Split(p.Place, " / ")
		if last := steps[len(steps)-1]; last == "large objects" {
			continue
		}
		place := strings.Join(steps, "/")
		if !seen[place] && len(seen) < maxStarter {
			seen[place] = true
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places, nil
}

// foldersOf returns the folders of a tree, two levels deep, each before those in
// it, the archives in its root, and its path in full.
func foldersOf(ctx context.Context, target string) (path string, places []string, err error) {
	path = target
	if rest, ok := strings.CutPrefix(target, "file://"); ok {
		if path, err = scanners.Unescape(rest); err != nil {
			return target, nil, err
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return target, nil, err
	}
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, nil, err
	}
	list, err := os.ReadDir(path)
	for _, e := range list {
		if ctx.Err() != nil || len(places) >= maxStarter {
			break
		}
		if e.Type().IsRegular() && starter.Archive(e.Name()) {
			places = append(places, e.Name())
		}
		if !e.IsDir() { // links lead elsewhere
			continue
		}
		places = append(places, e.Name())
		below, err := os.ReadDir(filepath.Join(path, e.Name()))
		if err != nil {
			continue // a scan says so
		}
		for _, b := range below {
			if b.IsDir() && len(places) < maxStarter {
				places = append(places, e.Name()+"/"+b.Name())
			}
		}
	}
	return path, places, err
}
