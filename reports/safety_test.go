package reports

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/wording"
)

// Whatever names stand in a report, a page is one document in UTF-8 in which they
// are text: no element, no script, no sign that turns the line around.
func TestPageOfHostileNames(t *testing.T) {
	for _, l := range language.All() {
		page := string(rendered(t, awkward(), l))
		if !utf8.ValidString(page) {
			t.Errorf("%s: not UTF-8", l)
		}
		if strings.ContainsAny(page, "\u202e\u2066\u2028\x00\x1b") {
			t.Errorf("%s: control characters", l)
		}
		if n := strings.Count(page, "<script"); n != 3 {
			t.Errorf("%s: %d scripts, want 3", l, n)
		}
		if strings.Contains(page, "<!--") {
			t.Errorf("%s: a comment", l)
		}
		if len(page) > 1<<20 {
			t.Errorf("%s: %d bytes", l, len(page))
		}
	}
}

// A finding about somebody whom the report does not list is never shown as the
// first one's.
func TestPageOfUnlistedSubjects(t *testing.T) {
	r := sample()
	r.Subjects = r.Subjects[1:] // person-0043; the findings are of person-0042
	v := &view{words: wording.In(language.English), Report: r}
	people, strangers, err := tally(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(people) != 1 || people[0].All() != 0 || !slices.Equal(strangers, []string{"person-0042"}) {
		t.Errorf("%+v, %q", people[0], strangers)
	}
	v.Strangers = strangers
	rows := newRows(v.words, r, strangers)
	for f := range r.Findings() {
		if x := rows.row(f); x.person != 1 {
			t.Errorf("the finding is of person %d", x.person)
		}
	}
	words, err := v.ScriptWords()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(words), `"ids":["person-0043","person-0042"]`) {
		t.Errorf("%s", words)
	}
	page := string(rendered(t, r, language.English))
	if !strings.Contains(page, "<dt>Person</dt><dd>person-0042</dd>") {
		t.Error("the page does not say whose the records are")
	}
}

// The policy allows the page's own style and script, by their hashes, and nothing
// else.
func TestContentSecurityPolicy(t *testing.T) {
	page := string(rendered(t, full(), language.English))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if policy == nil {
		t.Fatal("no policy")
	}
	csp := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	if !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %s", csp)
	}
	for _, x := range []struct{ directive, open, end string }{{"style-src", "<style>", "</style>"}, {"script-src", "<script>", "</script>"}} {
		_, rest, _ := strings.Cut(page, x.open)
		content, _, _ := strings.Cut(rest, x.end)
		if want := x.directive + " 'sha256-" + digest(content) + "'"; content == "" || !strings.Contains(csp, want) {
			t.Errorf("%s: the policy has not %s", x.directive, want)
		}
	}
	if regexp.MustCompile(`<[a-z][^>]*\s(style|on[a-z]+|src)=`).MatchString(strings.Split(page, `id="data"`)[0]) {
		t.Error("an inline style, a handler or an outside resource")
	}
}

func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"controlpanel / clients": "controlpanel / clients",
		"a\u202egnp.exe":         "a\ufffdgnp.exe",
		"a\nb\tc":                "a b c",
		"\xff\xfe":               "\ufffd",
		"é日本":                    "é日本",
		"":                       "",
		strings.Repeat("é", 400): strings.Repeat("é", wording.MaxShown) + "…",
		strings.Repeat("x", 300): strings.Repeat("x", 300),
	} {
		if got := shown(in); got != want {
			t.Errorf("shown(%.20q) = %.40q, want %.40q", in, got, want)
		}
	}
}

// What is read by spreadsheets starts no formula, in any cell.
func TestCSVIsInert(t *testing.T) {
	for _, first := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if got := inert([]string{first + "cmd"})[0]; got != "'"+first+"cmd" {
			t.Errorf("%q starts a formula", got)
		}
	}
	var b bytes.Buffer
	if err := CSV(&b, awkward()); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(b.Bytes()) || bytes.ContainsRune(b.Bytes(), 0) {
		t.Error("not UTF-8, or NUL")
	}
}

// Only the catalogue and what the report names stand on a page of another
// language: no English is left in it.
func TestPageIsTranslated(t *testing.T) {
	english := regexp.MustCompile(`(?i)\b(the|with|which|records|answer|nothing|person|unknown|search|found|by)\b`)
	tags := regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*lang="en"[^>]*>[^<]*|<[^>]*>`)
	own := strings.NewReplacer("to provide hosting", "", "the last invoice", "", "credit check by score", "", "Customer records", "", "table is called after the", "")
	for _, l := range []language.Lang{language.French, language.German} {
		page := own.Replace(tags.ReplaceAllString(string(rendered(t, full(), l)), " "))
		for _, m := range english.FindAllStringIndex(page, -1) {
			word := page[m[0]:m[1]]
			if word == "person" || word == "Person" { // German has it, too, and ids start so
				continue
			}
			t.Errorf("%s: %q in …%s…", l, word, page[max(0, m[0]-40):min(len(page), m[1]+40)])
		}
	}
}
