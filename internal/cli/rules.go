package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners/all"
)

func (s streams) rules() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules list | explain NAME | test",
		Short: "The detectors of personal data: list, explain and test them",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("rules knows list, explain and test, not %q", args[0])
			}
			return usagef("say what to do: spoor rules list, explain NAME or test")
		},
	}
	c.AddCommand(s.rulesList(), s.rulesExplain(), s.rulesTest())
	return c
}

const ownRules = "configuration `file` with rules of your own"

// loadRules returns all rules, those of a configuration file last.
func loadRules(config string) ([]rules.Rule, error) {
	list := rules.All()
	if config != "" {
		p, err := plan.Load(config, all.Kinds())
		if err != nil {
			return nil, err
		}
		list = append(list, p.Rules...)
	}
	return list, nil
}

// ruleView is a rule as --json shows it.
type ruleView struct {
	ID           string   `json:"id"`
	Country      string   `json:"country,omitempty"`
	Category     string   `json:"category"`
	Description  string   `json:"description"`
	Source       string   `json:"source"`
	Shapes       []string `json:"shapes,omitempty"`
	Checked      bool     `json:"checked"` // by more than its form
	Check        string   `json:"check,omitempty"`
	Context      []string `json:"context,omitempty"`
	NeedsContext bool     `json:"needs_context"`
	Hint         bool     `json:"hint"`
	Match        []string `json:"match,omitempty"`
	NoMatch      []string `json:"no_match,omitempty"`
}

func view(r rules.Rule) ruleView {
	return ruleView{
		ID: r.ID, Country: r.Country, Category: r.Category, Description: r.Description, Source: r.Source, Shapes: r.Shapes, Checked: r.Valid != nil || r.Check() != "",
		Check: r.Check(), Context: r.Context, NeedsContext: r.NeedsContext, Hint: r.Hint, Match: r.Match, NoMatch: r.NoMatch,
	}
}

func (s streams) printJSON(v any) error {
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return failed(err)
	}
	return nil
}

func (s streams) rulesList() *cobra.Command {
	var config string
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [--json] [-c spoor.yaml]",
		Short: "List the detectors",
		Args:  cobra.NoArgs,
	}
	c.Flags().StringVarP(&config, "config", "c", "", ownRules)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON, with all that explain shows")
	c.RunE = func(*cobra.Command, []string) error {
		list, err := loadRules(config)
		if err != nil {
			return usage(err)
		}
		if asJSON {
			views := make([]ruleView, 0, len(list))
			for _, r := range list {
				views = append(views, view(r))
			}
			return s.printJSON(views)
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tCOUNTRY\tCATEGORY\tDESCRIPTION")
		for _, r := range list {
			country := r.Country
			if country == "" {
				country = "-"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, country, r.Category, r.Description)
		}
		if err := w.Flush(); err != nil {
			return failed(err)
		}
		return nil
	}
	return c
}

// pick returns the rules with these names, all where none is named.
func pick(list []rules.Rule, names []string) ([]rules.Rule, error) {
	if len(names) == 0 {
		return list, nil
	}
	var picked []rules.Rule
	for _, n := range names {
		found := false
		for _, r := range list {
			if r.ID == n {
				picked, found = append(picked, r), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no detector is called %q; see spoor rules list", n)
		}
	}
	return picked, nil
}

func (s streams) rulesExplain() *cobra.Command {
	var config string
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain NAME [--json] [-c spoor.yaml]",
		Short: "Explain a detector: where it comes from, what it finds, how it checks",
		Args:  cobra.ExactArgs(1),
	}
	c.Flags().StringVarP(&config, "config", "c", "", ownRules)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	c.RunE = func(_ *cobra.Command, args []string) error {
		list, err := loadRules(config)
		if err == nil {
			list, err = pick(list, args)
		}
		if err != nil {
			return usage(err)
		}
		r := list[0]
		if asJSON {
			return s.printJSON(view(r))
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s: %s\n", r.ID, r.Description)
		line := func(name, text string) {
			if text != "" {
				fmt.Fprintf(&b, "  %-10s %s\n", name, text)
			}
		}
		line("country", r.Country)
		line("category", r.Category)
		line("source", r.Source)
		for _, sh := range r.Shapes {
			line("shape", sh)
		}
		if len(r.Shapes) > 0 {
			line("", "d a digit, a a letter, x either; at each space . - / one separator, or none at all")
		}
		switch {
		case r.Check() != "":
			line("check", r.Check())
		case r.Valid != nil:
			line("check", "as the source defines")
		case len(r.Words) > 0:
			line("words", strings.Join(r.Words, ", "))
		}
		line("context", strings.Join(r.Context, ", "))
		if r.NeedsContext {
			line("", "counts only where one of these words stands near, or names the field")
		}
		if r.Hint {
			line("", "a weak hint, no datum")
		}
		for _, m := range r.Match {
			line("finds", oneLine(m))
		}
		for _, m := range r.NoMatch {
			line("not", oneLine(m))
		}
		if _, err := s.out.Write(b.Bytes()); err != nil {
			return failed(err)
		}
		return nil
	}
	return c
}

func oneLine(s string) string { return strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(s) }

// maxRulesText bounds the text that rules test reads, in bytes.
const maxRulesText = 64 << 20

func (s streams) rulesTest() *cobra.Command {
	var config, text string
	c := &cobra.Command{
		Use:   "test [NAME...] [-c spoor.yaml] [--text FILE|-]",
		Short: "Run the detectors on their own examples, or on a text",
	}
	c.Flags().StringVarP(&config, "config", "c", "", ownRules)
	c.Flags().StringVar(&text, "text", "", "show, masked, what they find in `file`; - for standard input")
	c.RunE = func(_ *cobra.Command, names []string) error {
		list, err := loadRules(config)
		if err == nil {
			list, err = pick(list, names)
		}
		if err != nil {
			return usage(err)
		}
		if text != "" {
			return s.findIn(list, text)
		}
		bad, examples := 0, 0
		for _, r := range list {
			examples += len(r.Match) + len(r.NoMatch)
			for _, e := range r.Test() {
				bad++
				example := ""
				switch {
				case e.Match && e.Index < len(r.Match):
					example = r.Match[e.Index]
				case !e.Match && e.Index < len(r.NoMatch):
					example = r.NoMatch[e.Index]
				}
				fmt.Fprintf(s.out, "FAIL  %s: %v: %s\n", r.ID, e, oneLine(example))
			}
		}
		if bad > 0 {
			return failed(fmt.Errorf("%d of %d examples failed", bad, examples))
		}
		fmt.Fprintf(s.out, "%d detectors, %d examples: all passed\n", len(list), examples)
		return nil
	}
	return c
}

// findIn prints what rules find in a text.
func (s streams) findIn(list []rules.Rule, name string) error {
	in := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return usage(err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxRulesText+1))
	if err != nil {
		return failed(err)
	}
	if len(b) > maxRulesText {
		return usage(errors.New("the text is larger than 64 MiB; scan it with spoor survey"))
	}
	set, err := rules.NewSet(list)
	if err != nil {
		return usage(err)
	}
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	line, at := 1, 0
	for _, h := range set.Best(set.Find(nil, b)) {
		line += bytes.Count(b[at:h.Start], []byte("\n"))
		at = h.Start
		near := ""
		if h.Context {
			near = "with context"
		}
		r := list[h.Rule]
		fmt.Fprintf(w, "line %d\t%s\t%s\t%s\n", line, r.ID, oneLine(rules.Mask(r.Category, string(b[h.Start:h.End]))), near)
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return nil
}
