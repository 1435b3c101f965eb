package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/reports"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/all"
)

func (s streams) check() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use:   "check [TARGET...] [-c spoor.yaml]",
		Short: "Preflight: can every source be reached, listed and read?",
	}
	c.Flags().StringVarP(&config, "config", "c", "", "configuration `file`")
	c.RunE = func(c *cobra.Command, targets []string) error {
		p, err := loadPlan(config, targets)
		if err != nil {
			return usage(err)
		}
		sources, done := openSources(c.Context(), p, make([]byte, 32), nil)
		defer done()
		bad := 0
		for _, d := range doubts(p, nil, time.Now()) {
			fmt.Fprintf(s.out, "  warn  %s\n", d)
		}
		for _, src := range sources {
			fmt.Fprintf(s.out, "%s (%s)\n", src.Info.Name, src.Info.Type)
			if src.Err != nil {
				bad++
				fmt.Fprintf(s.out, "  FAIL  open: %v\n", src.Err)
				continue
			}
			for _, x := range src.Check(c.Context()) {
				if x.OK {
					fmt.Fprintf(s.out, "  ok    %s", x.What)
				} else {
					bad++
					fmt.Fprintf(s.out, "  FAIL  %s", x.What)
				}
				if x.Detail != "" {
					fmt.Fprintf(s.out, ": %s", x.Detail)
				}
				fmt.Fprintln(s.out)
				if x.Remedy != "" && !x.OK {
					fmt.Fprintf(s.out, "        to mend it:\n          %s\n", strings.ReplaceAll(strings.TrimSpace(x.Remedy), "\n", "\n          "))
				}
			}
		}
		if bad > 0 {
			fmt.Fprintf(s.out, "%d of the checks failed; a scan would report what they concern as gaps\n", bad)
			return &exit{status: exitIncomplete}
		}
		fmt.Fprintln(s.out, "all checks passed")
		return nil
	}
	return c
}

func (s streams) cat() *cobra.Command {
	var config string
	var raw bool
	c := &cobra.Command{
		Use:   "cat URI [--raw] [-c spoor.yaml]",
		Short: "Print the one item that a URI of a report names",
		Args:  cobra.ExactArgs(1),
	}
	c.Flags().StringVarP(&config, "config", "c", "", "configuration `file`; without one the URI's own host is asked, as the environment says")
	c.Flags().BoolVar(&raw, "raw", false, "the bytes as they are stored: not decompressed")
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := planOf(args[0], config)
		if err != nil {
			return usage(err)
		}
		sources, done, err := s.sourcesOf(c.Context(), args[0], p)
		if err != nil {
			return usage(err)
		}
		defer done()
		// Of the URI, which may hold identifiers, the log says in which source of the
		// configuration it is, or of what kind.
		log := &plan.Plan{Audit: p.Audit}
		for _, src := range sources {
			name := src.Info.Type
			if config != "" {
				name = src.Info.Name
			}
			log.Sources = append(log.Sources, plan.Source{Name: name})
		}
		if err := s.begin("cat", log, nil); err != nil {
			return err
		}
		list, closeDecoders, err := opening(c.Context(), p)
		if err != nil {
			return err
		}
		defer closeDecoders()
		key := s.rowKey()
		for i, src := range sources {
			o := engine.Opener{Source: src.Source, Decoders: list, Limits: limits(p.Limits), RowKey: key, Raw: raw}
			used := false
			err = o.Open(c.Context(), args[0], func(it scanners.Item) error {
				used = true
				return engine.Print(s.out, it)
			})
			if err == nil || used || i == len(sources)-1 {
				break // else it may lie in another source on the same host
			}
		}
		if scanners.ReasonOf(err) == scanners.Vanished && strings.Contains(args[0], "row-hmac=") {
			err = fmt.Errorf("%w; if the report was made with another state folder (SPOOR_STATE_DIR), its rows can't be recognised here", err)
		}
		if err != nil {
			return failed(err)
		}
		return nil
	}
	return c
}

// planOf returns the plan of a configuration file, without one that of the source
// in which a URI lies.
func planOf(uri, config string) (*plan.Plan, error) {
	if config != "" {
		return plan.Load(config, all.Kinds())
	}
	base, _, _, err := scanners.Split(uri)
	if err != nil {
		return nil, err
	}
	target, err := targetOf(base)
	if err != nil {
		return nil, err
	}
	p := &plan.Plan{}
	if folder := target[:strings.LastIndexByte(target, '/')+1]; strings.HasPrefix(target, "file:") && folder != target {
		// What a file holds may take those beside it to tell: the other pieces of
		// an archive, the definition of a table.
		if err := p.AddTarget(folder, all.Kinds()); err != nil {
			return nil, err
		}
	}
	return p, p.AddTarget(target, all.Kinds())
}

// sourcesOf opens the sources of a plan in which a URI may lie, the likeliest
// first.
func (s streams) sourcesOf(ctx context.Context, uri string, p *plan.Plan) ([]engine.Source, func(), error) {
	none := func() {}
	base, _, _, err := scanners.Split(uri)
	if err != nil {
		return nil, none, err
	}
	sources, done := openSources(ctx, p, s.rowKey(), nil)
	var may []engine.Source
	for _, src := range sources {
		if src.Err == nil && holds(src.Info, base) {
			may = append(may, src)
		}
		err = errors.Join(err, src.Err)
	}
	if len(may) == 0 {
		done()
		if err == nil {
			err = errors.New("none of the sources holds that URI")
		}
		return nil, none, err
	}
	slices.SortStableFunc(may, func(a, b engine.Source) int { return commonPrefix(b.Info.URI, base) - commonPrefix(a.Info.URI, base) })
	return may, done, nil
}

// commonPrefix returns the length of a source's URI where it starts base, both
// without the user that logs in, and 0 where it does not.
func commonPrefix(source, base string) int {
	bare := func(u string) string {
		scheme, rest, _ := strings.Cut(u, "://")
		host, path, _ := strings.Cut(rest, "/")
		return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:] + "/" + path
	}
	if s := bare(source); strings.HasPrefix(bare(base), s) {
		return len(s)
	}
	return 0
}

// targetOf returns the target that holds a URI.
func targetOf(base string) (string, error) {
	if repository, ok := repositoryOf(base); ok {
		return scanners.Unescape(repository)
	}
	scheme, rest, ok := strings.Cut(base, "://")
	if !ok {
		return "", errors.New("not a URI of a report; it starts with file://, mysql://, postgres://, imap://, s3://, restic: or borg:")
	}
	if scheme == "file" {
		if strings.HasSuffix(base, ".001") {
			base = base[:strings.LastIndexByte(base, '/')+1] // with the other pieces of a split archive
		}
		return base, nil
	}
	host, _, _ := strings.Cut(rest, "/")
	if scheme == "mysql" && !strings.Contains(host, "@") {
		if user := os.Getenv("MYSQL_USER"); user != "" {
			host = user + "@" + host
		}
	}
	return scheme + "://" + host + "/", nil
}

// repositoryOf returns the URI of the backup repository in which a URI lies.
func repositoryOf(uri string) (string, bool) {
	repository, _, ok := strings.Cut(uri, "!/")
	return repository, ok && (strings.HasPrefix(uri, "restic:") || strings.HasPrefix(uri, "borg:"))
}

// holds reports whether a URI lies in a source: below its root, or on its host.
func holds(info scanners.Info, uri string) bool {
	if strings.HasPrefix(uri, "file:") {
		root := strings.TrimSuffix(info.URI, "/")
		return uri == root || strings.HasPrefix(uri, root+"/")
	}
	if repository, ok := repositoryOf(uri); ok {
		return repository == info.URI
	}
	scheme, rest, _ := strings.Cut(uri, "://")
	is, own, _ := strings.Cut(info.URI, "://")
	if strings.TrimSuffix(scheme, "s") != strings.TrimSuffix(is, "s") {
		return false
	}
	if scheme == "s3" {
		return true
	}
	host := func(s string) string {
		s, _, _ = strings.Cut(s, "/")
		if i := strings.LastIndexByte(s, '@'); i >= 0 {
			s = s[i+1:]
		}
		return s
	}
	return host(rest) == host(own)
}

func (s streams) report() *cobra.Command {
	var out rendering
	var config string
	var identities []string
	c := &cobra.Command{
		Use:   "report REPORT.json -o FILE.html|.csv|.json|.jsonld [--lang nl] [--review FILE]...",
		Short: "Render a report again, without scanning",
		Args:  cobra.ExactArgs(1),
	}
	out.flags(c.Flags())
	out.reviewFlag(c.Flags())
	c.Flags().StringVarP(&config, "config", "c", "", configForm)
	c.Flags().StringArrayVar(&identities, "identity", nil, "open an encrypted report or review with the age identities in this `file` (repeatable)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if err := out.check(identities); err != nil {
			return usage(err)
		}
		p, err := s.formOf(config)
		if err != nil {
			return usage(err)
		}
		out.speak(p.Language)
		rep, done, err := openReport(args[0], identities)
		if err != nil {
			return usage(err)
		}
		defer done()
		s.session.from("", rep)
		if err := s.begin("report", p, nil); err != nil {
			return err
		}
		if err := out.apply(rep); err != nil {
			return failed(err)
		}
		if err := s.write(rep, &out); err != nil {
			return failed(err)
		}
		return nil
	}
	return c
}

// configForm describes the configuration of a command that reads no source.
const configForm = "configuration `file` that names the audit log and the language"

// formOf returns what a configuration says of how something is written, and by
// whom: all but its sources.
func (s streams) formOf(config string) (*plan.Plan, error) {
	if config == "" {
		return &plan.Plan{}, nil
	}
	p, err := plan.Load(config, all.Kinds())
	if err != nil {
		return nil, err
	}
	return &plan.Plan{Audit: p.Audit, Language: p.Language}, nil
}

func (s streams) schema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of the JSON report, or of another document: " + strings.Join(reports.SchemaNames()[1:], ", "),
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := "inventory"
			if len(args) > 0 {
				name = args[0]
			}
			b := reports.SchemaOf(name)
			if b == nil {
				return usagef("no schema is called %q; there are: %s", name, strings.Join(reports.SchemaNames(), ", "))
			}
			if _, err := s.out.Write(b); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}
