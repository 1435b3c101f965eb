// Package letters writes the letters that a request leads to: to the person who
// made it, and to those who must be told or instructed (Art. 12, 15 to 22, 19 and
// 28 of the GDPR). They are drafts: a letter says no more than the report knows,
// and leaves in square brackets what somebody has to fill in.
package letters

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/wording"
)

//go:embed templates
var embedded embed.FS

// Kinds are the kinds of letters, by the names of their templates.
func Kinds() []string {
	return []string{
		"access", "portability", "erasure", "rectification", "restriction", "objection", // answers, by types of requests
		"extension", "nothing", "recipient", "processor", "controller",
	}
}

// frame is the template that the others share.
const frame = "frame"

// Templates returns the templates of the program: in a folder for each language,
// a file for each kind of letter, in the form of text/template. A letter is plain
// text; "# " starts a heading, "- " an item of a list, and an empty line a
// paragraph.
func Templates() fs.FS {
	sub, err := fs.Sub(embedded, "templates")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// WriteTemplates copies the templates into a folder, to be edited. What is there
// already is an error.
func WriteTemplates(dir string) error {
	return fs.WalkDir(Templates(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		b, err := fs.ReadFile(Templates(), name)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Close())
	})
}

// A Letter is one, in both forms.
type Letter struct {
	Name string // of its files, without an ending
	Text []byte
	HTML []byte
}

// Options say what is to be written.
type Options struct {
	Subject   string // id; may be left out where the report has one person
	Lang      language.Lang
	Templates fs.FS     // nil: those of the program; what it lacks is taken from these
	Now       time.Time // the date of the letters
}

// Write returns the letters that the requests of a person lead to.
func Write(r *inventory.Report, opt Options) ([]Letter, error) {
	s, err := subject(r, opt.Subject)
	if err != nil {
		return nil, err
	}
	if len(s.Requests) == 0 {
		return nil, fmt.Errorf("the report names no request of %s; name it in the subject file", s.ID)
	}
	if s.Rights == nil {
		return nil, errors.New("the report does not say what each right asks; scan again with this version")
	}
	w := &writer{Words: wording.In(opt.Lang), opt: opt, r: r, s: s}
	if err := w.count(); err != nil {
		return nil, err
	}
	var out []Letter
	taken := map[string]bool{}
	add := func(name, kind string, d data) error {
		// Other requests may have ids that are written alike in the names of files.
		whole := name
		for i := 2; taken[strings.ToLower(name)]; i++ {
			name = fmt.Sprintf("%s-%d", whole, i)
		}
		taken[strings.ToLower(name)] = true
		l, err := w.letter(name, kind, d)
		if err == nil {
			out = append(out, l)
		}
		return err
	}
	for _, q := range s.Requests {
		kind := q.Type
		if w.own() == 0 {
			kind = "nothing"
		}
		if !slices.Contains(Kinds(), kind) {
			continue // a type of a later version
		}
		if err := add(fileName(q.ID, kind), kind, w.answer(q)); err != nil {
			return nil, err
		}
		if q.ExtendedTo != "" {
			if err := add(fileName(q.ID, "extension"), "extension", w.answer(q)); err != nil {
				return nil, err
			}
		}
	}
	for i, n := range s.Rights.Notifications {
		kind := n.Kind
		switch {
		case kind == "controller" && w.customers() != nil && w.asProcessor(n.Activities):
			continue // each gets one letter about all that is held for them
		case kind != "processor":
			kind = "recipient" // so is who is controller jointly
		}
		concerns := w.concerns(n)
		if len(concerns) == 0 {
			continue
		}
		if err := add(fileName(fmt.Sprintf("notify-%d", i+1), n.Name), kind, w.told(n, concerns)); err != nil {
			return nil, err
		}
	}
	for i, c := range w.customers() {
		if err := add(fileName(fmt.Sprintf("controller-%d", i+1), c.views[0].Tenant), "controller", w.tenant(c)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func subject(r *inventory.Report, id string) (*inventory.Subject, error) {
	if id == "" {
		if len(r.Subjects) != 1 {
			return nil, fmt.Errorf("the report is about %d people: say with --subject-id about whom to write", len(r.Subjects))
		}
		return &r.Subjects[0], nil
	}
	for i := range r.Subjects {
		if r.Subjects[i].ID == id {
			return &r.Subjects[i], nil
		}
	}
	return nil, errors.New("the report knows nobody of that id")
}

// fileName makes the name of a file of names that other people chose.
func fileName(parts ...string) string {
	var out []string
	for _, p := range parts {
		p = strings.Trim(strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r == '_':
				return r
			}
			return '-'
		}, p), "-")
		if p = p[:min(len(p), 40)]; p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "-")
}

// letter fills a template.
func (w *writer) letter(name, kind string, d data) (Letter, error) {
	t := template.New(kind).Option("missingkey=error")
	for _, n := range []string{frame, kind} {
		b, err := w.template(n)
		if err != nil {
			return Letter{}, err
		}
		if _, err := t.New(n).Parse(string(b)); err != nil {
			return Letter{}, fmt.Errorf("template %w", err)
		}
	}
	var title, text bytes.Buffer
	if t.Lookup("title") == nil {
		return Letter{}, fmt.Errorf("template %s/%s.txt defines no title", w.opt.Lang, kind)
	}
	if err := t.ExecuteTemplate(&title, "title", d); err != nil {
		return Letter{}, fmt.Errorf("template %w", err)
	}
	d.Title = strings.Join(strings.Fields(title.String()), " ")
	if err := t.ExecuteTemplate(&text, kind, d); err != nil {
		return Letter{}, fmt.Errorf("template %w", err)
	}
	doc := parse(text.String())
	return Letter{Name: name, Text: plain(doc, d.Notice), HTML: page(doc, d.Notice, d.Title, w.opt.Lang)}, nil
}

// template reads a template of the users' own, else that of the program.
func (w *writer) template(name string) ([]byte, error) {
	file := path.Join(string(w.opt.Lang), name+".txt")
	if w.opt.Templates != nil {
		b, err := fs.ReadFile(w.opt.Templates, file)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return fs.ReadFile(Templates(), file)
}
