package reports

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/verify"
)

// An objectWriter writes a JSON object key by key, with arrays that are read one
// element at a time.
type objectWriter struct {
	*bufio.Writer
	sep string
	err error
}

func newObjectWriter(w io.Writer) *objectWriter {
	return &objectWriter{Writer: bufio.NewWriterSize(w, 1<<18), sep: "{\n  "}
}

func (o *objectWriter) key(name string) {
	_, _ = fmt.Fprintf(o, "%s%q: ", o.sep, name) // Flush tells
	o.sep = ",\n  "
}

func (o *objectWriter) put(name string, v any) {
	o.key(name)
	b, err := json.MarshalIndent(v, "  ", "  ")
	o.note(err)
	_, _ = o.Write(b)
}

func (o *objectWriter) note(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *objectWriter) close() error {
	_, _ = o.WriteString("\n}\n")
	o.note(o.Flush())
	return o.err
}

// putAll writes what a sequence yields as an array.
func putAll[T any](o *objectWriter, name string, seq func(yield func(T, error) bool)) {
	o.key(name)
	sep := "["
	for x, err := range seq {
		var b []byte
		if err == nil {
			b, err = json.Marshal(x)
		}
		if err != nil {
			o.note(err)
			break
		}
		_, _ = o.WriteString(sep + "\n    ")
		_, _ = o.Write(b)
		sep = ","
	}
	if sep == "[" {
		_, _ = o.WriteString("[]")
		return
	}
	_, _ = o.WriteString("\n  ]")
}

// VerificationJSON writes a verification in the format verify.Format, result by
// result.
func VerificationJSON(w io.Writer, v *verify.Verification) error {
	o := newObjectWriter(w)
	o.put("format", v.Format)
	o.put("run", v.Run)
	o.put("report", v.Report)
	o.put("searched", v.Searched)
	o.put("subjects", v.Subjects)
	o.put("sources", v.Sources)
	putAll(o, "findings", v.Results())
	putAll(o, "new", v.News())
	o.put("gaps", v.Gaps)
	o.put("exclusions", v.Exclusions)
	o.put("summary", v.Summary)
	return o.close()
}

// VerificationCSV writes a line for each finding of the report, for each new one,
// and then for each gap and exclusion of the new scan.
func VerificationCSV(w io.Writer, v *verify.Verification) error {
	cw := csv.NewWriter(w)
	cw.UseCRLF = true // RFC 4180
	header := []string{"what", "id", "subject", "source", "place", "state", "at_its_place", "about", "gone_by", "why", "action", "keep", "copies_left", "reason", "detail", "units", "bytes"}
	if err := cw.Write(header); err != nil {
		return err
	}
	for r, err := range v.Results() {
		if err != nil {
			return err
		}
		about, keep := "", ""
		if r.About != nil {
			about = strconv.FormatBool(*r.About)
		}
		if r.Keep != nil {
			keep = r.Keep.Ground
		}
		row := []string{
			"finding", r.Finding, r.Subject, r.Source, r.Place, string(r.State), r.Locator, about, dayOf(r.GoneBy), r.Why, r.Action, keep,
			strconv.Itoa(left(r)), "", "", "", "",
		}
		if err := cw.Write(inert(row)); err != nil {
			return err
		}
	}
	for n, err := range v.News() {
		if err != nil {
			return err
		}
		row := []string{"new", n.Finding, n.Subject, n.Source, n.Place, "", "", "true", "", n.Why, "", "", "", "", "", "", ""}
		if err := cw.Write(inert(row)); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		what string
		gaps []inventory.Gap
	}{{"gap", v.Gaps}, {"exclusion", v.Exclusions}} {
		for _, g := range l.gaps {
			row := []string{
				l.what, "", "", g.Source, g.Place, "", "", "", "", "", "", "", "", g.Reason, g.Detail, strconv.FormatInt(g.Units, 10), strconv.FormatInt(g.Bytes, 10),
			}
			if err := cw.Write(inert(row)); err != nil {
				return err
			}
		}
	}
	cw.Flush()
	return cw.Error()
}

func dayOf(d *string) string {
	if d == nil {
		return ""
	}
	return *d
}

// left counts the copies that are left.
func left(r *verify.Result) int {
	n := 0
	for _, c := range r.Copies {
		if c.State == verify.Present {
			n++
		}
	}
	return n
}

// A placeState counts the results in a place that are alike for people.
type placeState struct {
	Source, Place, Why, Ground, Until string
	State                             verify.State
	N                                 int
	Undated                           int // of these, those of which no day is known
}

// byPlace counts results by place, in the order in which they come. No more than
// some thousands of places are told apart.
type byPlace struct {
	list []*placeState
	at   map[placeState]*placeState
}

const maxPlaceStates = 5000

// add counts a result, and returns the line in which it counts.
func (b *byPlace) add(x placeState) *placeState {
	if b.at == nil {
		b.at = map[placeState]*placeState{}
	}
	p := b.at[x]
	if p == nil && len(b.list) >= maxPlaceStates {
		x = placeState{Source: x.Source, Place: "...", State: x.State}
		p = b.at[x]
	}
	if p == nil {
		n := x
		p = &n
		b.at[x] = p
		b.list = append(b.list, p)
	}
	p.N++
	return p
}

// VerificationText writes a summary for a terminal.
func VerificationText(w io.Writer, v *verify.Verification) error {
	bw := bufio.NewWriter(w)
	open := map[string]*byPlace{} // what is not gone, by subject
	of := func(subject string) *byPlace {
		if open[subject] == nil {
			open[subject] = &byPlace{}
		}
		return open[subject]
	}
	for r, err := range v.Results() {
		if err != nil {
			return err
		}
		if r.State != verify.Gone {
			of(r.Subject).add(placeState{Source: r.Source, Place: r.Place, State: r.State, Why: r.Why})
		}
	}
	for n, err := range v.News() {
		if err != nil {
			return err
		}
		of(n.Subject).add(placeState{Source: n.Source, Place: n.Place, State: "new", Why: n.Why})
	}
	for _, s := range v.Subjects {
		fmt.Fprintf(bw, "%s: %s", clean(s.ID), stateCounts(s.Summary))
		if s.GoneBy != nil {
			fmt.Fprintf(bw, "; what backups keep is gone by %s", *s.GoneBy)
		}
		fmt.Fprintln(bw)
		if !s.Searched {
			fmt.Fprintln(bw, "  the scope was not searched for them: give --subject, or --identity for sealed identifiers")
		}
		if s.NotSearched > 0 {
			fmt.Fprintf(bw, "  %s that the report knew %s not looked for\n", Plural(s.NotSearched, "identifier"), wasWere(s.NotSearched))
		}
		tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', 0)
		if b := open[s.ID]; b != nil {
			for i, p := range b.list {
				if i == textRows {
					fmt.Fprintf(tw, "  \t\tand %d more kinds: see the verification (-o verification.html)\n", len(b.list)-i)
					break
				}
				fmt.Fprintf(tw, "  %d\t%s\t%s / %s\t%s\n", p.N, p.State, clean(p.Source), clean(p.Place), clean(p.Why))
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(bw)
	}
	fmt.Fprintln(bw, "Read again")
	tw := tabwriter.NewWriter(bw, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "  \tfound\tscanned\tpartial\tunread\texcluded\t\n")
	for _, s := range v.Sources {
		u := s.Coverage.Units
		note := ""
		if !s.Listed {
			note = "  not (wholly) listed"
		}
		fmt.Fprintf(tw, "  %s\t%d\t%d\t%d\t%d\t%d\t%s\n", clean(s.Name), u.Found, u.Scanned, u.Partial, u.Unread, u.Excluded, note)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(bw)
	switch n := v.Summary.States[verify.Unchecked]; {
	case !v.Searched:
		fmt.Fprintln(bw, "INCOMPLETE: only the places of the report were read, not the whole scope.")
	case len(v.Gaps) > 0 || n > 0:
		fmt.Fprintf(bw, "INCOMPLETE: %s of the new scan, %s not checked.\n", Plural(len(v.Gaps), "gap"), Plural(n, "finding"))
	default:
		fmt.Fprintln(bw, "COMPLETE: every place was read again, and all of the scope.")
	}
	for i, g := range groupGaps(v.Gaps) {
		if i == textRows {
			break
		}
		fmt.Fprintf(bw, "  %s  %s / %s: %s\n", g.Reason, clean(g.Source), clean(g.Place), clean(g.Detail))
	}
	return bw.Flush()
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// stateCounts writes the counts of states: "3 gone, 1 present".
func stateCounts(s verify.Summary) string {
	var parts []string
	for _, x := range verify.States() {
		if n := s.States[x]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, x))
		}
	}
	if s.New > 0 {
		parts = append(parts, fmt.Sprintf("%d new", s.New))
	}
	if len(parts) == 0 {
		return "no findings"
	}
	line := strings.Join(parts, ", ")
	if s.Kept > 0 {
		line += fmt.Sprintf(" (%d kept on a ground)", s.Kept)
	}
	return line
}
