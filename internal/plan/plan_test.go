package plan

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// place is a kind of source that is only configured.
type place struct {
	Path    string        `yaml:"path"`
	Timeout time.Duration `yaml:"timeout"`
	List    []string      `yaml:"list"`
	On      bool          `yaml:"on"`
}

func (p *place) Target(t string) error { p.Path = t; return nil }
func (p *place) Validate() error {
	if p.Path == "" {
		return errors.New("path is missing")
	}
	return nil
}

func (p *place) Open(context.Context, scanners.Env) (scanners.Source, error) {
	return nil, errors.New("not for opening")
}

func kinds() []scanners.Kind {
	return []scanners.Kind{{Type: "place", Schemes: []string{"", "place"}, Config: func() scanners.Config { return &place{Timeout: time.Second} }}}
}

func TestConfig(t *testing.T) {
	p, err := parse([]byte(`
# the sources
sources:
  - name: a
    type: place
    path: /x
    timeout: 5s
  - {name: b, type: place, path: /y, list: [q, r], on: true}
activities:
  - id: customers
    role: controller
    covers: [a]
limits: {bytes: 512MiB, depth: 3, time: 1m}
`), kinds())
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.Sources[0].Config.(*place), p.Sources[1].Config.(*place)
	if a.Path != "/x" || a.Timeout != 5*time.Second || b.Timeout != time.Second || len(b.List) != 2 || !b.On {
		t.Errorf("sources: %+v, %+v", a, b)
	}
	if p.Limits.Bytes != 512<<20 || p.Limits.Depth != 3 || p.Limits.Time != Duration(time.Minute) {
		t.Errorf("limits: %+v", p.Limits)
	}
	if len(p.Activities) != 1 || p.Activities[0].Covers[0] != "a" {
		t.Errorf("activities: %+v", p.Activities)
	}
}

func TestConfigMistakes(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "f.yaml: the file is empty"},
		{"sources:\n  - name: a\n    type: place\n    pth: /x\n", `f.yaml:4: unknown field "pth"`},
		{"sources:\n  - name: a\n    type: place\n    path: /x\n    timeout: soon\n", "f.yaml:5: timeout: expected a duration such as 30s"},
		{"limits:\n  time: soon\n", "f.yaml:2: expected a duration such as 30s"},
		{"sources:\n  - name: a\n    type: place\n    path: /x\n    list: 3\n", "f.yaml:5: "},
		{"sources:\n  - name: a\n    type: place\n    path: [1, 2]\n", "f.yaml:4: "},
		{"sources:\n  - name: a\n    type: place\n", "f.yaml:2: source a: path is missing"},
		{"sources:\n  - type: place\n    path: /x\n", "f.yaml:2: a source needs a name"},
		{"sources:\n  - name: a\n    type: palace\n", "f.yaml:2: source a: type must be one of place"},
		{"sources:\n  - name: a\n    type: place\n    path: /x\n  - name: a\n    type: place\n    path: /y\n", `f.yaml:5: two sources are called "a"`},
		{"sources:\n  - a\n", "f.yaml:2: expected a source"},
		{"sauces: []\n", `f.yaml:1: unknown field "sauces"`},
		{"limits: {depth: -3}\n", "f.yaml: limits: expected numbers above zero"},
		{"limits: {bytes: lots}\n", "f.yaml:1: expected a size such as 512MiB"},
		{"limits: {bytes: 999999999999T}\n", "f.yaml:1: the size is too large"},
		{"sources: [\n", "f.yaml:1: "},
		{"activities: [{id: a, role: owner}]\n", "f.yaml:1: activity a: role must be controller, joint or processor"},
		{"activities: [{id: a, role: processor, legal_basis: contract}]\n", "f.yaml:1: activity a: a processor has no legal basis"},
	} {
		_, err := parse([]byte(tt.text), kinds())
		if err == nil {
			t.Errorf("accepted: %q", tt.text)
			continue
		}
		got := locate("f.yaml", err).Error()
		if !strings.HasPrefix(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%q:\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"1": 1, "10B": 10, "1K": 1000, "1KiB": 1024, "2 GB": 2e9, "3TiB": 3 << 40, "5M": 5e6} {
		p, err := parse([]byte("limits: {bytes: "+text+"}"), kinds())
		if err != nil || p.Limits.Bytes != want {
			t.Errorf("%s: %v, %v", text, p, err)
		}
	}
}

func TestTargets(t *testing.T) {
	p := &Plan{}
	dir := t.TempDir()
	if _, err := parse([]byte(`{"sources": [{"name": "a", "type": "place", "path": "x"}]}`), kinds()); err != nil {
		t.Errorf("a configuration in JSON: %v", err)
	}
	for _, target := range []string{dir, dir, "place://host/x"} {
		if err := p.AddTarget(target, kinds()); err != nil {
			t.Fatal(err)
		}
	}
	if p.Sources[0].Name == p.Sources[1].Name || p.Sources[2].Name != "place" {
		t.Errorf("names: %q, %q, %q", p.Sources[0].Name, p.Sources[1].Name, p.Sources[2].Name)
	}
	if err := p.AddTarget("gopher://u:secret@h/", kinds()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("unknown scheme: %v", err)
	}
}

func TestSubjects(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s.yaml")
	err := os.WriteFile(name, []byte("subjects:\n  - id: p1\n    phone: 0470123456\n    email: [a@example.be, b@example.be]\n    birth_date: 1985-07-30\n"+
		"    request: {id: r1, type: erasure, received: 2026-01-31}\n    requests: [{id: r2, type: access, extended_to: 2026-05-01}]\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s, err := LoadSubjects(name)
	if err != nil {
		t.Fatal(err)
	}
	want := []subject.Identifier{
		{Type: subject.Email, Value: "a@example.be"},
		{Type: subject.Email, Value: "b@example.be"},
		{Type: subject.Phone, Value: "0470123456"},
		{Type: subject.BirthDate, Value: "1985-07-30"},
	}
	if len(s) != 1 || len(s[0].Identifiers) != len(want) {
		t.Fatalf("%+v", s)
	}
	for i, id := range want {
		if s[0].Identifiers[i] != id {
			t.Errorf("identifier %d: %+v, want %+v", i, s[0].Identifiers[i], id)
		}
	}
	if r := s[0].Requests; len(r) != 2 || r[0].Due(calendar.Calendar{}) != "2026-03-02" || r[1].Due(calendar.Calendar{}) != "2026-05-01" {
		t.Errorf("requests: %+v", r)
	}
}

func TestSubjectMistakes(t *testing.T) {
	s, err := OpenSubjects(strings.NewReader("\xef\xbb\xbfsubjects:\n  - id: 0042\n    email: a@example.be\n    request: {id: 007, type: access}\n"), "s")
	if err != nil || s[0].ID != "0042" || s[0].Requests[0].ID != "007" {
		t.Errorf("ids that look like numbers, behind a byte order mark: %+v, %v", s, err)
	}
	for _, bad := range []string{
		"subjects:\n  - id: a\n    zoe@example.be: x\n", "subjects:\n  - id: a\n    email: zoe@localhost\n",
		"subjects:\n  - id: a\n    email: a@example.be\n    request: {id: r, type: \"access, portability\"}\n",
	} {
		_, err := OpenSubjects(strings.NewReader(bad), "s")
		if err == nil || strings.Contains(err.Error(), "zoe") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRedact(t *testing.T) {
	for target, want := range map[string]string{
		"mysql://u:p/w@host/":   "mysql://u:***@host/",
		"mysql://u:p@ss@host/x": "mysql://u:***@host/x",
		"mysql://u@host/x":      "mysql://u@host/x",
		"/a/b:c@d":              "/a/b:c@d",
	} {
		if got := redact(target); got != want {
			t.Errorf("redact(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestDue(t *testing.T) {
	for received, want := range map[string]string{
		"2026-11-02": "2026-12-02",
		"2026-01-31": "2026-03-02", // the last of February is a Saturday
		"2024-01-31": "2024-02-29",
		"2026-12-31": "2027-02-01", // a Sunday
		"":           "",
	} {
		if got := (Request{Received: received}).Due(calendar.Calendar{}); got != want {
			t.Errorf("%s: due %s, want %s", received, got, want)
		}
	}
}

func TestOpenDSR(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	s, err := OpenSubjects(strings.NewReader(`{"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","subject_request_type":"erasure",
	"submitted_time":"2026-11-02T15:00:00Z","api_version":"2.0","status_callback_urls":[],
	"subject_identities":[{"identity_type":"email","identity_value":"zoe@example.be","identity_format":"raw"},
	{"identity_type":"android_advertising_id","identity_value":"x"},
	{"identity_type":"email","identity_value":"`+sum+`","identity_format":"sha256"}]}`), "request")
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 1 || len(s[0].Identifiers) != 2 || len(s[0].Ignored) != 1 || s[0].Identifiers[1].Hash != "sha256" || s[0].Requests[0].Due(calendar.Calendar{}) != "2026-12-02" {
		t.Errorf("%+v", s)
	}
	for _, bad := range []string{
		`{"subject_request_id":"x","subject_identities":[]}`,
		`{"subject_request_id":"x","subject_identities":[{"identity_type":"email","identity_value":"a@b.c","identity_format":"rot13"}]}`,
		`{"subject_request_id":"x","subject_identities":[{"identity_type":"phone","identity_value":"` + sum + `","identity_format":"sha256"}]}`,
		`{"subject_request_id":"x","subject_request_type":"party","subject_identities":[{"identity_type":"email","identity_value":"a@example.be"}]}`,
	} {
		if _, err := OpenSubjects(strings.NewReader(bad), "request"); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("sources: [{name: a, type: place, path: x}]"))
	f.Add([]byte("subjects: [{id: a, email: [x@example.be]}]"))
	f.Add([]byte(`{"subject_request_id":"x","subject_identities":[{"identity_type":"email"}]}`))
	f.Add([]byte("a: &a [*a]\n---\n? [x]\n: !!binary zz"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parse(b, kinds()); err != nil && strings.Contains(locate("f", err).Error(), "\n") {
			t.Errorf("more than a line: %q", locate("f", err))
		}
		if _, err := parseSubjects(b); err != nil {
			_ = locate("f", err)
		}
	})
}
