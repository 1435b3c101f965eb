package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recordsDir holds structured records as hosting providers have them, in which
// people.yaml's people, their namesakes and numbers that only look like theirs
// stand. A text says in its first line who is to be found and how surely,
// ⟪anna certain; tom possible⟫, and marks each place in itself: ⟦anna|text⟧.
// A SQL dump has its expected rows beside it, in NAME.want.
const recordsDir = "testdata/records"

// A recordsReport is what the tests below read of a report.
type recordsReport struct {
	Findings []struct {
		Subject, URI, Confidence, Why string
		Matches                       []struct {
			Type, Form, Field, Fragment string
			Offset                      int
		}
		Evidence []string
	}
}

// recordsScan scans dir for the people of the fixtures.
func recordsScan(t *testing.T, dir string) recordsReport {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.json")
	var errs bytes.Buffer
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	if code := Main([]string{"scan", dir, "-q", "--subject", recordsDir + "/people.yaml", "-o", out}, strings.NewReader(""), &errs, &errs); code != 0 {
		t.Fatalf("status %d: %s", code, errs.String())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var rep recordsReport
	if err := json.Unmarshal(b, &rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

// A markedPlace is where a person stands in a text.
type markedPlace struct {
	who        string
	start, end int
	text       string
	found      bool
}

var recordsMark = regexp.MustCompile(`⟦([a-z,]+)\|([^⟧]*)⟧`)

// unmark returns the text without its marks, who is to be found in it and where.
func unmark(t *testing.T, s string) (string, map[string]string, []*markedPlace) {
	t.Helper()
	head, s, ok := strings.Cut(s, "⟫\n")
	if !ok {
		t.Fatal("no line of expectations")
	}
	want := map[string]string{}
	for w := range strings.SplitSeq(strings.TrimPrefix(head, "⟪"), ";") {
		f := strings.Fields(w)
		if len(f) == 2 && f[1] != "none" {
			want[f[0]] = f[1]
		}
	}
	var out strings.Builder
	var places []*markedPlace
	last := 0
	for _, m := range recordsMark.FindAllStringSubmatchIndex(s, -1) {
		out.WriteString(s[last:m[0]])
		start := out.Len()
		out.WriteString(s[m[4]:m[5]])
		for who := range strings.SplitSeq(s[m[2]:m[3]], ",") {
			places = append(places, &markedPlace{who: who, start: start, end: out.Len(), text: s[m[4]:m[5]]})
		}
		last = m[1]
	}
	out.WriteString(s[last:])
	return out.String(), want, places
}

// TestRecords plants people, near misses and namesakes in texts of every kind:
// each place is found and nothing else is.
func TestRecords(t *testing.T) {
	from := recordsDir + "/text"
	dir := t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	type expected struct {
		text   string
		want   map[string]string
		places []*markedPlace
	}
	files := map[string]expected{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text, want, places := unmark(t, string(b))
		if err := os.WriteFile(filepath.Join(dir, e.Name()), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = expected{text, want, places}
	}
	rep := recordsScan(t, dir)
	for name, x := range files {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			why := map[string]string{}
			for _, f := range rep.Findings {
				// A mail's part has the path of the mail before it.
				path, _, _ := strings.Cut(f.URI, "!/")
				path, _, _ = strings.Cut(path, "#")
				if !strings.HasSuffix(path, "/"+name) {
					continue
				}
				got[f.Subject], why[f.Subject] = f.Confidence, f.Why
				for _, m := range f.Matches {
					if m.Field != "" && !strings.HasPrefix(m.Fragment, "line=") {
						// Within a field offsets are the field's own.
						for _, p := range x.places {
							p.found = p.found || p.who == f.Subject
						}
						continue
					}
					ok := false
					for _, p := range x.places {
						// A number's sign or prefix may stand before the place.
						if p.who == f.Subject && m.Offset >= p.start-4 && m.Offset < p.end {
							p.found, ok = true, true
						}
					}
					if !ok {
						end := min(m.Offset+30, len(x.text))
						t.Errorf("%s: not theirs: %s (%s) at %d: %q", f.Subject, m.Type, m.Form, m.Offset, x.text[m.Offset:end])
					}
				}
			}
			for _, p := range x.places {
				if !p.found {
					t.Errorf("%s: not found: %q", p.who, p.text)
				}
			}
			for who, c := range x.want {
				if got[who] != c {
					t.Errorf("%s: %s %q, want %s", who, got[who], why[who], c)
				}
			}
			for who, c := range got {
				if x.want[who] == "" {
					t.Errorf("%s: %s, want none", who, c)
				}
			}
		})
	}
}

// TestRecordsOfTables is the same for the rows of SQL dumps, where a finding
// is a row and a place a column.
func TestRecordsOfTables(t *testing.T) {
	dumps, err := filepath.Glob(recordsDir + "/sql/*.sql")
	if err != nil || len(dumps) == 0 {
		t.Fatal("no dumps", err)
	}
	for _, dump := range dumps {
		t.Run(filepath.Base(dump), func(t *testing.T) {
			dir := t.TempDir()
			b, err := os.ReadFile(dump)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(dump)), b, 0o600); err != nil {
				t.Fatal(err)
			}
			b, err = os.ReadFile(dump + ".want")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for line := range strings.Lines(string(b)) {
				f := strings.Fields(line)
				slices.Sort(f[3:])
				want[f[0]+" "+f[2]] = f[1] + " " + strings.Join(f[3:], " ")
			}
			for _, f := range recordsScan(t, dir).Findings {
				_, frag, _ := strings.Cut(f.URI, "#")
				var places []string
				for _, m := range f.Matches {
					// A name over two columns counts for the first; in an address
					// it may be read or not.
					field, rest, _ := strings.Cut(m.Field, "+")
					if m.Type != "name" || !strings.Contains(field+rest, "email") {
						places = append(places, m.Type+"@"+field)
					}
				}
				slices.SortFunc(places, cmp.Compare[string])
				places = slices.Compact(places)
				got := f.Confidence + " " + strings.Join(places, " ")
				key := fmt.Sprintf("%s #%s", f.Subject, frag)
				if want[key] != got {
					t.Errorf("%s: %s (%s), want %s", key, got, f.Why, cmp.Or(want[key], "none"))
				}
				delete(want, key)
			}
			for key, w := range want {
				t.Errorf("%s: not found, want %s", key, w)
			}
		})
	}
}
