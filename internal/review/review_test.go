package review

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

const first = `{"format":"spoor-review/1","run":"r1","decisions":[
 {"finding":"00112233445566aa","subject":"person-1","decision":"refused","time":"2026-11-02T10:00:00Z","note":""},
 {"finding":"00112233445566bb","subject":"person-1","decision":"confirmed","time":"2026-11-02T10:00:01.5Z","note":"her own site"}
]}`

const later = `{"format":"spoor-review/1","run":"r2","decisions":[
 {"finding":"00112233445566aa","subject":"person-1","decision":"confirmed","time":"2026-11-03T10:00:00+01:00","note":"seen"},
 {"finding":"00112233445566bb","subject":"person-1","decision":"refused","time":"2026-11-01T10:00:00Z","note":"an older one"},
 {"finding":"00112233445566bb","subject":"person-2","decision":"refused","time":"2026-11-01T10:00:00Z","note":""}
]}`

func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "review.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLaterDecisionsWin(t *testing.T) {
	a, b := write(t, first), write(t, later)
	for _, order := range [][]string{{a, b}, {b, a}} {
		s, err := load(order...)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range [][3]string{
			{"person-1", "00112233445566aa", Confirmed},
			{"person-1", "00112233445566bb", Confirmed},
			{"person-2", "00112233445566bb", Refused},
			{"person-2", "00112233445566aa", ""},
		} {
			if got, ok := s.Of(x[0], x[1]); got.Decision != x[2] || ok != (x[2] != "") {
				t.Errorf("%s %s: %q, want %q", x[0], x[1], got.Decision, x[2])
			}
		}
		if d, _ := s.Of("person-1", "00112233445566aa"); d.Note != "seen" || s.Len() != 3 {
			t.Errorf("note %q, %d decisions", d.Note, s.Len())
		}
	}
}

func TestStrict(t *testing.T) {
	const secret = "zoe@example.be"
	for what, content := range map[string]string{
		"nothing":              ``,
		"no JSON":              secret,
		"a report":             `{"format":"spoor-inventory/1","run":{}}`,
		"another format":       `{"format":"spoor-review/2","run":"r","decisions":[]}`,
		"no run":               `{"format":"spoor-review/1","decisions":[]}`,
		"an unknown key":       `{"format":"spoor-review/1","run":"r","decisions":[],"` + secret + `":1}`,
		"a second document":    strings.TrimSpace(first) + `{}`,
		"cut off":              first[:len(first)-4],
		"an unknown decision":  strings.Replace(first, `"refused"`, `"`+secret+`"`, 1),
		"no id":                strings.Replace(first, `00112233445566aa`, secret, 1),
		"an id in capitals":    strings.Replace(first, `00112233445566aa`, `00112233445566AA`, 1),
		"no subject":           strings.Replace(first, `person-1`, ``, 1),
		"no time":              strings.Replace(first, `"time":"2026-11-02T10:00:00Z",`, ``, 1),
		"a time that is none":  strings.Replace(first, `2026-11-02T10:00:00Z`, secret, 1),
		"a number for a note":  strings.Replace(first, `"note":""`, `"note":1`, 1),
		"a list":               `[]`,
		"an object for a list": `{"format":"spoor-review/1","run":"r","decisions":{}}`,
	} {
		f, err := Read(strings.NewReader(content))
		if err == nil {
			t.Errorf("%s: read as %+v", what, f)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error shows content, or has lines: %v", what, err)
		}
	}
	if _, err := Read(strings.NewReader("\xef\xbb\xbf" + first)); err != nil {
		t.Errorf("with a byte order mark: %v", err)
	}
	if _, err := load(filepath.Join(t.TempDir(), "absent.json")); err == nil {
		t.Error("an absent file is read")
	}
}

func TestApply(t *testing.T) {
	findings := func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for _, f := range []*inventory.Finding{
				{ID: "00112233445566aa", Subject: "person-1", Confidence: "possible", Actions: []inventory.Action{{Kind: "review"}}},
				{ID: "00112233445566bb", Subject: "person-1", Confidence: "likely", Actions: []inventory.Action{{Kind: "review"}}},
				{ID: "00112233445566cc", Subject: "person-1", Confidence: "certain", Actions: []inventory.Action{{Kind: "delete-row"}}},
			} {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	r := &inventory.Report{Findings: findings}
	f, err := Read(strings.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	s := &Set{}
	s.Add(f)
	s.Apply(r)
	got := map[string]string{}
	actions := 0
	for f, err := range r.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		got[f.ID] = f.Review
		actions += len(f.Actions)
	}
	if got["00112233445566aa"] != Refused || got["00112233445566bb"] != Confirmed || got["00112233445566cc"] != "" || actions != 2 {
		t.Errorf("%v, %d actions", got, actions)
	}
	for range r.Findings() {
		break // a reader may stop
	}
	var none *Set
	none.Apply(r)
	if _, ok := none.Of("person-1", "00112233445566aa"); ok {
		t.Error("nil has a decision")
	}
}

// What was only to be looked at for want of certainty can be done once it is
// confirmed; what something else keeps from being done can not.
func TestConfirmedIsActionable(t *testing.T) {
	f, err := Read(strings.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	s := &Set{}
	s.Add(f)
	until := "2036-01-01"
	for what, x := range map[string]struct {
		action inventory.Action
		kind   string
		then   string
	}{
		"only unsure":      {inventory.Action{Kind: "review", Then: "delete-row", Reasons: []string{"the confidence is possible"}}, "delete-row", ""},
		"others in it":     {inventory.Action{Kind: "review", Then: "delete-row", Reasons: []string{"the confidence is possible", "other people stand in the record"}}, "review", "delete-row"},
		"nothing to do":    {inventory.Action{Kind: "review", Reasons: []string{"the confidence is possible"}}, "review", ""},
		"kept":             {inventory.Action{Kind: "review", Then: "delete-row", Reasons: []string{"the confidence is likely"}, Keep: &inventory.Keep{Until: &until}}, "keep", "delete-row"},
		"certain anyway":   {inventory.Action{Kind: "delete-row"}, "delete-row", ""},
		"without a reason": {inventory.Action{Kind: "review", Then: "delete-row"}, "review", "delete-row"},
	} {
		f := &inventory.Finding{ID: "00112233445566bb", Subject: "person-1", Actions: []inventory.Action{{Kind: "wait", Sooner: &x.action}, x.action}}
		s.Mark(f)
		for _, a := range []inventory.Action{*f.Actions[0].Sooner, f.Actions[1]} {
			if a.Kind != x.kind || a.Then != x.then {
				t.Errorf("%s: %+v, want %s, then %q", what, a, x.kind, x.then)
			}
		}
		s.Mark(f) // once more changes nothing
		if a := f.Actions[1]; a.Kind != x.kind || a.Then != x.then {
			t.Errorf("%s: marked twice: %+v", what, a)
		}
	}
}

// A refusal that was a mistake can be taken back: what was proposed before is
// there again, and a confirmation afterwards counts as any other.
func TestRefusalIsTakenBack(t *testing.T) {
	const id = "00112233445566aa"
	proposed := []inventory.Action{{Kind: "review", Then: "delete-row", Reasons: []string{"the confidence is possible"}}}
	corrections := []inventory.Correction{{Request: "d-3", Attribute: "city", State: "compare"}}
	decide := func(f *inventory.Finding, decision, at string) {
		t.Helper()
		file, err := Read(strings.NewReader(`{"format":"spoor-review/1","run":"r","decisions":[{"finding":"` + id + `","subject":"p","decision":"` + decision + `","time":"` + at + `","note":""}]}`))
		if err != nil {
			t.Fatal(err)
		}
		s := &Set{}
		s.Add(file)
		s.Mark(f)
		// As it stands in a report that was written and read again.
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		*f = inventory.Finding{}
		if err := json.Unmarshal(b, f); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		decisions []string
		review    string
		kind      string // of the action; empty: there is none
		corrected bool
	}{
		"refused":                      {[]string{Refused}, Refused, "", false},
		"and taken back":               {[]string{Refused, Undecided}, "", "review", true},
		"and confirmed":                {[]string{Refused, Confirmed}, Confirmed, "delete-row", true},
		"twice, and taken back":        {[]string{Refused, Refused, Undecided}, "", "review", true},
		"confirmed and taken back":     {[]string{Confirmed, Undecided}, "", "review", true},
		"confirmed, refused, and back": {[]string{Confirmed, Refused, Undecided}, "", "review", true},
		"back and forth":               {[]string{Refused, Undecided, Refused}, Refused, "", false},
		"nothing to take back":         {[]string{Undecided}, "", "review", true},
	} {
		f := &inventory.Finding{ID: id, Subject: "p", Confidence: "possible", Actions: proposed, Corrections: corrections}
		for i, d := range c.decisions {
			decide(f, d, "2026-11-0"+string(rune('1'+i))+"T10:00:00Z")
		}
		kind := ""
		if len(f.Actions) > 0 {
			kind = f.Actions[0].Kind
		}
		if f.Review != c.review || kind != c.kind || len(f.Corrections) > 0 != c.corrected || (f.Unreviewed != nil) != (c.review != "") {
			t.Errorf("%s: %+v", name, f)
		}
		// What is older than the last decision changes nothing.
		decide(f, Refused, "2026-10-01T10:00:00Z")
		if f.Review != c.review {
			t.Errorf("%s: then an older decision: %q", name, f.Review)
		}
	}
	// A report that does not hold what was proposed says so, and proposes nothing
	// else.
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	f := &inventory.Finding{ID: id, Subject: "p", URI: "file:///x", Confidence: "possible", Review: Refused, ReviewTime: &at, Actions: []inventory.Action{}}
	decide(f, Refused, "2026-11-02T10:00:00Z")
	if len(f.Actions) != 0 || f.Unreviewed != nil {
		t.Errorf("%+v", f)
	}
	decide(f, Confirmed, "2026-11-03T10:00:00Z")
	if len(f.Actions) != 1 || f.Actions[0].Kind != "review" || f.Actions[0].Target != f.URI || len(f.Actions[0].Reasons) != 1 {
		t.Errorf("%+v", f.Actions)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{first, later, `{}`, `[]`, "\xef\xbb\xbf{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		out, err := json.Marshal(file)
		if err != nil {
			t.Skip() // a year that JSON can't hold
		}
		again, err := Read(bytes.NewReader(out))
		if err != nil || len(again.Decisions) != len(file.Decisions) {
			t.Fatalf("read again: %v", err)
		}
	})
}

// load is Load of files as they are.
func load(names ...string) (*Set, error) {
	return Load(func(name string) (io.ReadCloser, error) { return os.Open(name) }, names...)
}
