package letters

import (
	"flag"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
)

var update = flag.Bool("update", false, "write the golden files")

func ptr[T any](v T) *T { return &v }

// report is one about a person who asked for everything.
func report() *inventory.Report {
	r := &inventory.Report{
		Run: inventory.Run{ID: "20261102T093000Z-1", Status: "incomplete"},
		Organisation: &inventory.Organisation{
			Name: "Voorbeeld Hosting", Address: "Voorbeeldstraat 1, 3500 Hasselt", Contact: "privacy@example.be", DPO: "dpo@example.be", Country: "BE",
			Authority: &inventory.Authority{Name: "Gegevensbeschermingsautoriteit", Contact: "contact@apd-gba.be"},
		},
		Activities: []inventory.Activity{
			{ID: "customers", Name: "Klantenadministratie", Role: "controller"},
			{ID: "newsletter", Name: "Nieuwsbrief", Role: "controller"},
			{ID: "hosted", Name: "Mail van klanten", Role: "processor"},
			{ID: "unassigned", Role: "unassigned"},
		},
		Gaps: []inventory.Gap{{Source: "backups", Reason: "encrypted"}},
	}
	some := inventory.ConfidenceCounts{Certain: 2}
	var requests []inventory.Request
	for i, t := range []string{"access", "portability", "erasure", "rectification", "restriction", "objection"} {
		requests = append(requests, inventory.Request{ID: "dsr-2026-004" + string(rune('0'+i)), Type: t, Received: "2026-11-02", Due: "2026-12-02"})
	}
	requests[2].ExtendedTo, requests[2].FirstDue, requests[2].Due = "2027-02-02", "2026-12-02", "2027-02-02"
	customers := []inventory.Recipient{{Name: "Post Example", Kind: "processor", Country: "US", Safeguard: ptr("standard contractual clauses")}, {Name: "Belastingdienst", Kind: "recipient"}}
	r.Subjects = []inventory.Subject{{ID: "person-0042", Requests: requests, Rights: &inventory.Rights{
		Access: inventory.AccessView{Activities: []inventory.AccessActivity{
			{
				Activity: "customers", Name: "Klantenadministratie", Role: "controller", Purpose: "hosting leveren", LegalBasis: "contract", Categories: []string{"contact", "financial"}, Recipients: customers,
				Transfers: []inventory.Transfer{{Country: "US", Safeguard: "standard contractual clauses"}}, Retention: &inventory.Retention{Period: "P10Y", From: "de laatste factuur"}, Until: "2036-11-02", Source: "provided by the person", Findings: some,
			},
			{Activity: "newsletter", Name: "Nieuwsbrief", Role: "controller", Purpose: "marketing", LegalBasis: "consent", Findings: inventory.ConfidenceCounts{Possible: 1}},
			{Activity: "unassigned", Role: "unassigned", Findings: inventory.ConfidenceCounts{Certain: 1}},
		}},
		Portability: inventory.PortabilityView{
			Findings: 1, Included: []inventory.PortableActivity{{Activity: "customers", LegalBasis: "contract", Findings: 1, Categories: []string{"contact"}}},
			LeftOut: []inventory.LeftOut{{Activity: "customers", Why: "derived", Findings: 1}, {Activity: "hosted", Why: "role"}},
		},
		Erasure: inventory.ErasureView{
			Actions: map[string]int{"delete-row": 2, "keep": 1, "review": 3, "wait": 1},
			Keep: []inventory.KeptRecords{
				{Activity: "customers", Kind: "legal-obligation", Ground: "legal obligation (Art. 17(3)(b)): kept for P10Y from de laatste factuur", Until: "2036-11-02", Findings: 1},
				{Activity: "customers", Kind: "hold", Ground: "legal hold: zaak 2026/7", Until: "2027-01-01", Unknown: 1, Findings: 1},
			},
			Backups: []inventory.BackupView{{Source: "backups", Findings: 1, GoneBy: "2026-12-12"}, {Source: "tape", Findings: 1, Unknown: 1, GoneBy: "2026-12-12"}},
		},
		Rectification: inventory.RectificationView{Correct: []inventory.CorrectionView{{Request: "dsr-2026-0043", Attribute: "city", Change: 3, Complete: 1, Right: 2}}},
		Restriction:   inventory.RestView{Activities: []inventory.RestActivity{{Activity: "newsletter", Name: "Nieuwsbrief", LegalBasis: "consent", Effect: "restrict"}}},
		Objection:     inventory.RestView{Activities: []inventory.RestActivity{{Activity: "newsletter", Name: "Nieuwsbrief", LegalBasis: "legitimate interests", Marketing: true, Effect: "stop"}}},
		Notifications: []inventory.Notification{
			{Name: "Post Example", Kind: "processor", Country: "US", Contact: "dpo@post.example.org", Activities: []string{"customers"}, Findings: 2, Categories: []string{"contact"}},
			{Name: "Belastingdienst", Kind: "recipient", Activities: []string{"customers"}, Findings: 1, Categories: []string{"financial"}},
		},
		AsProcessor: []inventory.TenantView{{Activity: "hosted", Tenant: "shop.example.org", Controller: &inventory.Party{Name: "Shop Example", Contact: "info@shop.example.org"}, Instruction: "DPA-2026-3", Findings: some}},
		Unassigned:  inventory.ConfidenceCounts{Certain: 1},
	}}}
	r.Findings = findings(
		&inventory.Finding{Confidence: "certain", Activities: []string{"customers"}}, &inventory.Finding{Confidence: "certain", Activities: []string{"customers"}},
		&inventory.Finding{Confidence: "certain", Activities: []string{"unassigned"}}, &inventory.Finding{Confidence: "possible", Activities: []string{"newsletter"}},
		&inventory.Finding{Confidence: "possible", Activities: []string{"customers"}, Review: "refused"}, &inventory.Finding{Confidence: "certain", Activities: []string{"hosted"}},
	)
	return r
}

func findings(list ...*inventory.Finding) func() iter.Seq2[*inventory.Finding, error] {
	return func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for _, f := range list {
				f.Subject = "person-0042"
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

func options(l language.Lang) Options {
	return Options{Lang: l, Now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
}

func letters(t *testing.T, r *inventory.Report, opt Options) map[string]Letter {
	t.Helper()
	list, err := Write(r, opt)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Letter{}
	for _, l := range list {
		if _, ok := out[l.Name]; ok {
			t.Errorf("two letters are called %s", l.Name)
		}
		out[l.Name] = l
	}
	return out
}

// Every letter of every language is what the golden files say. Read them: they
// are what people get.
func TestGolden(t *testing.T) {
	for _, l := range language.All() {
		got := letters(t, report(), options(l))
		if len(got) != 10 {
			t.Errorf("%s: %d letters", l, len(got))
		}
		nobody := report()
		nobody.Findings = findings()
		nobody.Gaps = nil
		got["nothing"] = letters(t, nobody, options(l))["dsr-2026-0040-nothing"]
		for name, letter := range got {
			for end, body := range map[string][]byte{".txt": letter.Text, ".html": letter.HTML} {
				if end == ".html" && l != language.Dutch {
					continue // one language shows the form
				}
				file := filepath.Join("testdata", string(l), name+end)
				if *update {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, body, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if string(want) != string(body) {
					t.Errorf("%s differs; look at it, then run: go test ./internal/letters -update\n%s", file, body)
				}
			}
		}
	}
}

// A letter says no more than the report knows.
func TestLettersSayNoMoreThanTheReport(t *testing.T) {
	en := letters(t, report(), options(language.English))
	for name, l := range en {
		text := string(l.Text)
		if !strings.HasPrefix(text, "****") || !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(text, "\n* ", " ")), " "), "The search was not complete") {
			t.Errorf("%s: the officer is not told on top that the search was not complete", name)
		}
		if strings.Contains(text, "<no value>") || strings.Contains(text, "{{") || strings.Contains(text, "%s") || regexp.MustCompile(`\bP\d+Y\b`).MatchString(text) {
			t.Errorf("%s: %s", name, text)
		}
		if !strings.Contains(string(l.HTML), `<html lang="en">`) || !strings.Contains(string(l.HTML), "<aside>") {
			t.Errorf("%s: page %s", name, l.HTML)
		}
	}
	access := string(en["dsr-2026-0040-access"].Text)
	if strings.Contains(access, "Nieuwsbrief") { // nobody has reviewed what was found there
		t.Error("the answer tells of an activity of which nothing is certain")
	}
	if !strings.Contains(strings.Join(strings.Fields(access), " "), "we found 3 records.") {
		t.Errorf("the answer counts what is not certain, or what the host holds for others:\n%s", access)
	}
	for _, want := range []string{"could not search everything", "[Still to be reviewed before this letter goes out: 1 record.]", "Gegevensbeschermingsautoriteit"} {
		if !strings.Contains(strings.Join(strings.Fields(access), " "), want) {
			t.Errorf("the answer does not say %q", want)
		}
	}
	r := report()
	r.Gaps = nil
	r.Findings = findings(&inventory.Finding{Confidence: "likely", Activities: []string{"customers"}})
	nothing := strings.Join(strings.Fields(string(letters(t, r, options(language.English))["dsr-2026-0040-nothing"].Text)), " ")
	if !strings.Contains(nothing, "[Still to be reviewed before this letter goes out: 1 record.]") {
		t.Errorf("nothing held, and something to review: %s", nothing)
	}
	r.Findings = findings(&inventory.Finding{Confidence: "likely", Activities: []string{"customers"}, Review: "confirmed"})
	if _, ok := letters(t, r, options(language.English))["dsr-2026-0040-access"]; !ok {
		t.Error("what was confirmed does not count")
	}
}

func TestWhoIsTold(t *testing.T) {
	r := report()
	r.Subjects[0].Requests = r.Subjects[0].Requests[:1] // access alone: nobody is told
	var names []string
	for n := range letters(t, r, options(language.English)) {
		names = append(names, n)
	}
	slices.Sort(names)
	if want := []string{"controller-1-shop-example-org", "dsr-2026-0040-access"}; !slices.Equal(names, want) {
		t.Errorf("letters %v, want %v", names, want)
	}
}

func TestOwnTemplates(t *testing.T) {
	opt := options(language.Dutch)
	opt.Templates = fstest.MapFS{"nl/access.txt": {Data: []byte(`{{define "title"}}Eigen{{end}}# {{.Title}}` + "\n\n{{.Records}}\n")}}
	got := letters(t, report(), opt)
	if l := got["dsr-2026-0040-access"]; !strings.Contains(string(l.Text), "\nEigen\n=====\n\n3 records\n") {
		t.Errorf("%s", l.Text)
	}
	if l := got["dsr-2026-0042-erasure"]; !strings.Contains(string(l.Text), "gegevenswissing") {
		t.Error("what the folder lacks is not taken from the program")
	}
	for what, text := range map[string]string{"syntax": "{{if}}", "no title": "x", "no such name": `{{define "title"}}x{{end}}{{.Nonsense}}`} {
		opt.Templates = fstest.MapFS{"nl/access.txt": {Data: []byte(text)}}
		if _, err := Write(report(), opt); err == nil || !strings.Contains(err.Error(), "template") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	dir := t.TempDir()
	if err := WriteTemplates(dir); err != nil {
		t.Fatal(err)
	}
	opt.Templates = os.DirFS(dir)
	if _, err := Write(report(), opt); err != nil {
		t.Fatal(err)
	}
	if err := WriteTemplates(dir); err == nil {
		t.Error("templates that somebody may have edited are overwritten")
	}
}

func TestEveryLanguageHasEveryTemplate(t *testing.T) {
	for _, l := range language.All() {
		for _, k := range append(Kinds(), frame) {
			w := &writer{opt: Options{Lang: l}}
			if b, err := w.template(k); err != nil || len(b) == 0 {
				t.Errorf("%s: %v", l, err)
			}
		}
	}
}

func TestWrongUse(t *testing.T) {
	two := report()
	two.Subjects = append(two.Subjects, inventory.Subject{ID: "person-0043"})
	for what, x := range map[string]struct {
		r  *inventory.Report
		id string
	}{"two people": {two, ""}, "nobody of that id": {two, "person-1"}, "no request": {two, "person-0043"}, "no views": {func() *inventory.Report {
		r := report()
		r.Subjects[0].Rights = nil
		return r
	}(), ""}} {
		opt := options(language.English)
		opt.Subject = x.id
		if _, err := Write(x.r, opt); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Names that others chose can't break a letter, or leave its folder.
func TestHostileNames(t *testing.T) {
	const bad = "</p><script>alert(1)</script>\u202e\n# x\n- y ../../etc/passwd \xff"
	r := report()
	r.Organisation.Name, r.Organisation.Authority.Name = bad, bad
	r.Subjects[0].Requests[0].ID = bad
	r.Subjects[0].Rights.Access.Activities[0].Purpose = bad
	r.Subjects[0].Rights.Notifications[0].Name = bad
	r.Subjects[0].Rights.AsProcessor[0].Tenant = strings.Repeat(bad, 100)
	for name, l := range letters(t, r, options(language.German)) {
		if strings.ContainsAny(name, "/.\\<>\n") || len(name) > 100 {
			t.Errorf("file name %q", name)
		}
		if strings.Contains(string(l.HTML), "<script") || strings.Contains(string(l.HTML)+string(l.Text), "\u202e") || !utf8.Valid(l.HTML) || !utf8.Valid(l.Text) || strings.Contains(string(l.Text), "\n- y") {
			t.Errorf("%s: %s", name, l.Text)
		}
	}
}

func TestWrap(t *testing.T) {
	doc := parse("# A title\n\nDear Sir,\nline two\n\n- one\n\n- " + strings.Repeat("word ", 30) + "\n\nend\u00a0here\n")
	got := string(plain(doc, []string{"Note."}))
	for _, line := range strings.Split(got, "\n") {
		if n := len([]rune(line)); n > width {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, want := range []string{"* Note.\n", "A title\n=======\n\nDear Sir,\nline two\n\n- one\n- word word", "\n  word", "\n\nend\u00a0here\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// No letter takes the place of another whose request is called nearly the same.
func TestRequestsThatAreCalledAlike(t *testing.T) {
	r := report()
	long := strings.Repeat("x", 40)
	r.Subjects[0].Requests = nil
	for _, id := range []string{"dsr/1", "dsr-1", "DSR.1", "dsr-1-2", long + "1", long + "2"} {
		r.Subjects[0].Requests = append(r.Subjects[0].Requests, inventory.Request{ID: id, Type: "access", Received: "2026-11-02", Due: "2026-12-02"})
	}
	list, err := Write(r, Options{Lang: language.English})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range list {
		name := strings.ToLower(l.Name)
		if seen[name] {
			t.Errorf("%s stands for two letters", l.Name)
		}
		seen[name] = true
	}
}

// Others are told of what is done with what concerns them alone, and each customer
// gets one letter.
func TestToldOfWhatConcernsThem(t *testing.T) {
	r := report()
	v := r.Subjects[0].Rights
	v.Notifications[0].Rights = []inventory.NotifiedRight{{Right: "erasure", Findings: 1}, {Right: "objection", Findings: 3}}
	v.Notifications[1].Rights = nil // all is kept
	v.Notifications = append(v.Notifications,
		inventory.Notification{Name: "shop.example.org (Shop Example)", Kind: "controller", Activities: []string{"hosted"}, Findings: 2, Rights: []inventory.NotifiedRight{{Right: "erasure", Findings: 2}}},
		inventory.Notification{Name: "Partner", Kind: "controller", Activities: []string{"customers"}, Findings: 1, Rights: []inventory.NotifiedRight{{Right: "erasure", Findings: 1}}},
	)
	other := v.AsProcessor[0]
	other.Activity, other.Findings = "sites", inventory.ConfidenceCounts{Certain: 5}
	v.AsProcessor = append(v.AsProcessor, other)
	v.Access.Activities[0].UntilUnknown = 2
	v.Access.Activities[0].Retention = &inventory.Retention{Period: "P2Y", From: "services.ended"}
	list, err := Write(r, Options{Lang: language.English, Now: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, l := range list {
		texts[l.Name] = strings.Join(strings.Fields(string(l.Text)), " ")
	}
	for name, want := range map[string][]string{
		"notify-1-Post-Example":         {"- erasure (Art. 17 GDPR): 1 record", "- objection (Art. 21 GDPR): 3 records"},
		"notify-4-Partner":              {"Notification under Art. 19", "- erasure (Art. 17 GDPR): 1 record"},
		"controller-1-shop-example-org": {"7 records may concern", "under your instruction DPA-2026-3"},
		"dsr-2026-0040-access":          {"2 years from: [services.ended]", "[end not known for 2]"},
		"dsr-2026-0042-erasure":         {"disclosed the data (Art. 19 GDPR): Post Example and Partner."},
	} {
		for _, w := range want {
			if !strings.Contains(texts[name], w) {
				t.Errorf("%s does not say %q: %s", name, w, texts[name])
			}
		}
	}
	for name := range texts {
		if strings.HasPrefix(name, "notify-2") || strings.HasPrefix(name, "notify-3") || strings.HasPrefix(name, "controller-2") {
			t.Errorf("a letter %s", name)
		}
	}
	if strings.Contains(texts["notify-1-Post-Example"], "rectification") {
		t.Error("a recipient is told of a rectification that does not concern it")
	}
}

// Nobody is told that nothing was found while records wait to be reviewed.
func TestNothingIsNotSaidBeforeTheReview(t *testing.T) {
	for _, l := range language.All() {
		for open, want := range map[bool]bool{false: true, true: false} {
			r := report()
			r.Gaps, r.Findings = nil, findings()
			if open {
				r.Findings = findings(&inventory.Finding{Confidence: "possible", Activities: []string{"customers"}})
			}
			list, err := Write(r, Options{Lang: l, Now: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			says := map[language.Lang]string{language.English: "We found no personal data", language.Dutch: "Wij vonden geen persoonsgegevens", language.French: "trouvé aucune donnée", language.German: "keine personenbezogenen Daten"}[l]
			if got := strings.Contains(strings.Join(strings.Fields(string(list[0].Text)), " "), says); got != want {
				t.Errorf("%s, records to review: %v: it says that nothing was found: %v", l, open, got)
			}
		}
	}
}
