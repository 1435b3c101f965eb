package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/letters"
)

func (s streams) letters() *cobra.Command {
	var (
		identities            []string
		out                   rendering
		id, templates, copyTo string
		folder, config        string
	)
	c := &cobra.Command{
		Use:   "letters REPORT.json [--subject-id ID] [--lang nl] [--review FILE]... [--templates DIR] -o DIR",
		Short: "Draft the letters that a request leads to",
		Long: `Letters drafts, as text and as a page, the answer to each request of a person, and
the letters to those who must be told (Art. 19), instructed, or asked (Art. 28).
A draft says no more than the report knows; what is to be filled in stands in
square brackets, and what is missing in a box on top.

--write-templates DIR copies the templates into a folder, to be edited.`,
		Args: cobra.MaximumNArgs(1),
	}
	f := c.Flags()
	f.StringVarP(&folder, "output", "o", "", "write the letters into this `folder`")
	f.StringVar(&id, "subject-id", "", "about whom to write: your own `name` for the person")
	f.StringVar(&templates, "templates", "", "take templates from this `folder`; what it lacks is taken from the program")
	f.StringVar(&copyTo, "write-templates", "", "copy the templates of the program into this `folder`")
	f.StringVarP(&config, "config", "c", "", configForm)
	out.langFlag(f)
	out.reviewFlag(f)
	f.StringArrayVar(&identities, "identity", nil, "open an encrypted report or review with the age identities in this `file` (repeatable)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if copyTo != "" {
			if err := letters.WriteTemplates(copyTo); err != nil {
				return usagef("--write-templates: %v", err)
			}
			return nil
		}
		if len(args) == 0 {
			return usagef("say from which report: spoor letters REPORT.json -o DIR")
		}
		if folder == "" {
			return usagef("say where to: -o DIR")
		}
		if err := out.check(identities); err != nil {
			return usage(err)
		}
		p, err := s.formOf(config)
		if err != nil {
			return usage(err)
		}
		out.speak(p.Language)
		opt := letters.Options{Subject: id, Lang: out.language, Now: time.Now()}
		if templates != "" {
			if fi, err := os.Stat(templates); err != nil || !fi.IsDir() {
				return usagef("--templates %s: not a folder", templates)
			}
			var own fs.FS = os.DirFS(templates)
			opt.Templates = own
		}
		rep, done, err := openReport(args[0], identities)
		if err != nil {
			return usage(err)
		}
		defer done()
		s.session.from(id, rep)
		if err := s.begin("letters", p, nil); err != nil {
			return err
		}
		if err := out.apply(rep); err != nil {
			return failed(err)
		}
		list, err := letters.Write(rep, opt)
		if err != nil {
			return usage(err)
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return failed(err)
		}
		for _, l := range list {
			for _, x := range []struct {
				end  string
				body []byte
			}{{".txt", l.Text}, {".html", l.HTML}} {
				name := filepath.Join(folder, l.Name+"."+string(opt.Lang)+x.end)
				if err := s.file(name, func(w io.Writer) error { _, err := w.Write(x.body); return err }); err != nil {
					return failed(err)
				}
				fmt.Fprintf(s.err, "spoor: wrote %s\n", s.named(name))
			}
		}
		return nil
	}
	return c
}
