package export

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/language"
)

//go:embed index.tmpl.html
var pageSource string

// maxListed bounds the lists of the page; index.json has all.
const maxListed = 1000

// secretAny is what stands inside a larger value.
const secretAny = "a password, key or token is held"

// A view is what the page shows.
type view struct {
	*Index
	L        language.Lang
	T        texts
	Terms    language.Terms
	Title    string
	Intro    string
	Day      string
	Groups   []*group
	Withheld []row
	LeftRows []row
	GapRows  []row
	GapsMore int
}

// A group is what is in the bundle for one purpose.
type group struct {
	Name, Purpose, Basis string
	Rows                 []row
	More                 int
	key                  string
}

// A row is a line of a table of the page.
type row struct {
	Place, Amount, Size string
	Links               []link
	Notes               []string
}

type link struct {
	Name string
	URL  template.URL
}

// href returns a relative reference to a file of the bundle.
func href(p string) template.URL {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		parts[i] = url.PathEscape(s)
	}
	return template.URL(strings.Join(parts, "/")) // escaped above, and relative: "./" is not needed before a folder
}

// page writes the index for people.
func page(w io.Writer, i *Index, l language.Lang) error {
	t, err := template.New("index").Parse(pageSource)
	if err != nil {
		return err
	}
	v := &view{Index: i, L: l, T: textsOf(l), Terms: l.Texts().Terms, Day: l.Date(i.Made)}
	v.Title, v.Intro = v.T.Access, v.T.Intro[0]
	if i.Right == Portability {
		v.Title, v.Intro = v.T.Portability, v.T.Intro[1]
	}
	v.groups()
	v.rest()
	return t.Execute(w, v)
}

func (v *view) groups() {
	at := map[string]*group{}
	of := func(ids []string) *group {
		key := strings.Join(ids, "\x00")
		if g := at[key]; g != nil {
			return g
		}
		g := &group{key: key}
		var names, purposes, bases []string
		for _, id := range ids {
			for _, a := range v.Activities {
				if a.ID != id || id == "unassigned" {
					continue
				}
				name := a.Name
				if name == "" {
					name = a.ID
				}
				names = append(names, name)
				if a.Purpose != "" {
					purposes = append(purposes, a.Purpose)
				}
				if a.LegalBasis != nil {
					b := *a.LegalBasis
					if s := v.Terms.Bases[b]; s != "" {
						b = s
					}
					bases = append(bases, b)
				}
			}
		}
		if g.Name = strings.Join(names, ", "); g.Name == "" {
			g.Name = v.Terms.Unassigned
		}
		g.Purpose, g.Basis = strings.Join(purposes, "; "), strings.Join(bases, "; ")
		at[key] = g
		v.Groups = append(v.Groups, g)
		return g
	}
	tables := map[string]*Table{}
	for _, t := range v.Tables {
		tables[t.JSON] = t
	}
	shown := map[string]bool{}
	changed := map[string]bool{}
	masked := map[string]int{}
	mention := map[string]int{}
	for _, it := range v.Items {
		changed[it.File] = changed[it.File] || it.Changed
		masked[it.File] += it.Masked
		if it.Mention {
			mention[it.File]++
		}
	}
	for _, it := range v.Items {
		g := of(it.Activities)
		if shown[g.key+"\x00"+it.File] {
			continue
		}
		shown[g.key+"\x00"+it.File] = true
		if len(g.Rows) == maxListed {
			g.More++
			continue
		}
		r := row{Place: it.Place, Size: v.L.Bytes(it.Size)}
		if t := tables[it.File]; t != nil {
			r.Amount = v.T.Row
			if t.Rows != 1 {
				r.Amount = fmt.Sprintf(v.T.Rows, v.L.Number(int64(t.Rows)))
			}
			r.Links = []link{{t.JSON, href(t.JSON)}, {t.CSV, href(t.CSV)}}
		} else {
			r.Links = []link{{it.File, href(it.File)}}
		}
		if changed[it.File] {
			r.Notes = append(r.Notes, v.T.Changed)
		}
		if n := mention[it.File]; n > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf(v.T.Mention, v.L.Number(int64(n))))
		}
		switch it.Form {
		case FormText:
			r.Notes = append(r.Notes, v.T.TextOnly)
		case FormEdited:
			r.Notes = append(r.Notes, v.T.Edited)
		}
		if n := masked[it.File]; n > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf(v.T.Masked, v.L.Number(int64(n))))
		}
		g.Rows = append(g.Rows, r)
	}
}

// rest fills in what is not in the bundle.
func (v *view) rest() {
	say := func(what string) string {
		if s := v.T.What[what]; s != "" {
			return s
		}
		return what
	}
	tables := map[string]bool{}
	for _, t := range v.Tables {
		tables[t.JSON] = true
		for _, w := range t.Withheld {
			if w.What == besides {
				continue // a note of the table says it
			}
			v.Withheld = append(v.Withheld, row{Place: t.Source + " / " + t.Name + " / " + w.Column, Amount: say(w.What)})
		}
	}
	for _, it := range v.Items {
		for _, w := range it.Withheld {
			if !tables[it.File] && len(v.Withheld) < maxListed {
				v.Withheld = append(v.Withheld, row{Place: it.Place, Amount: say(w.What), Links: []link{{it.File, href(it.File)}}})
			}
		}
	}
	type key struct{ place, reason string }
	count := map[key]int{}
	var order []key
	for _, m := range v.LeftOut {
		k := key{m.Source + " / " + m.Place, m.Reason}
		if strings.HasPrefix(m.Place, m.Source+" / ") || m.Place == m.Source {
			k.place = m.Place
		}
		if count[k]++; count[k] == 1 {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b key) int { return strings.Compare(a.reason, b.reason) })
	for _, k := range order {
		if len(v.LeftRows) < maxListed {
			v.LeftRows = append(v.LeftRows, row{Place: k.place, Size: v.L.Number(int64(count[k])), Amount: v.T.Reasons[k.reason]})
		}
	}
	for _, m := range v.Gaps {
		if len(v.GapRows) == maxListed {
			v.GapsMore++
			continue
		}
		v.GapRows = append(v.GapRows, row{Place: m.Place, Amount: v.Terms.Reasons[m.Reason].What, Size: m.Detail})
	}
}

// Count writes a message about a number.
func (v *view) Count(msg string, n int) string {
	return fmt.Sprintf(msg, v.L.Number(int64(n)))
}
