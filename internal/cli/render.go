package cli

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/review"
	"github.com/spoor-scan/spoor/internal/rights"
)

// rendering is how a report is written.
type rendering struct {
	outputs []string
	lang    string
	reviews []string

	language language.Lang
	reviewed *review.Set
}

// flags declares the options.
func (r *rendering) flags(f *pflag.FlagSet) {
	f.StringArrayVarP(&r.outputs, "output", "o", nil, "write the report to `file`: "+endings+"; - writes JSON to standard output (repeatable)")
	r.langFlag(f)
}

// langFlag declares the option for the language.
func (r *rendering) langFlag(f *pflag.FlagSet) {
	f.StringVar(&r.lang, "lang", "", "`language` of pages and of the summary: nl, fr, de or en; report.nl.html asks for its own")
}

// reviewFlag declares the option for review files.
func (r *rendering) reviewFlag(f *pflag.FlagSet) {
	f.StringArrayVar(&r.reviews, "review", nil, "honour what people decided about findings: a `file` that the page of a report saved (repeatable; the later decision holds)")
}

// check finds out before a long run whether its report can be written; identities
// open reviews that are encrypted. What it
// returns is an error of usage.
func (r *rendering) check(identities []string) error {
	if err := checkOutputs(r.outputs); err != nil {
		return err
	}
	if r.lang != "" {
		l, err := language.Parse(r.lang)
		if err != nil {
			return fmt.Errorf("--lang: %w", err)
		}
		r.language = l
	}
	set, err := review.Load(opened(identities), r.reviews...)
	if err != nil {
		return fmt.Errorf("--review: %w", err)
	}
	r.reviewed = set
	return nil
}

// speak takes the language of the configuration, else that of the environment,
// where no option asks for one.
func (r *rendering) speak(configured language.Lang) {
	if r.language == "" {
		r.language = configured
	}
	if r.language == "" {
		r.language = language.FromEnvironment(os.Getenv)
	}
}

// apply honours reviews in a report that was read again.
func (r *rendering) apply(rep *inventory.Report) error {
	if r.reviewed.Len() == 0 {
		return nil
	}
	r.reviewed.Apply(rep)
	return rights.Recount(rep)
}
