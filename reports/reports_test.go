package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/testenv"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a report with something of everything.
func sample() *inventory.Report {
	at := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	offset := int64(0)
	law := "contract"
	findings := []*inventory.Finding{
		{
			ID: "00112233445566aa", Subject: "person-0042", Source: "controlpanel", URI: "mysql://db1:3306/controlpanel/clients?id=4711",
			Place: "controlpanel / clients / row", Locator: json.RawMessage(`{"type":"mysql","host":"db1","port":3306,"schema":"controlpanel","table":"clients","key":[{"column":"id","value":"4711"}]}`), Confidence: "certain", Relation: "owner",
			Matches:  []inventory.Match{{Type: "email", Form: "plain", Field: "email", Offset: &offset, Masked: "z**@e******.be"}},
			Evidence: []string{}, Why: "the e-mail address belongs to one person",
			Fields: []inventory.Field{{Name: "email", Categories: []string{"contact"}, Origin: "provided"}},
			Copies: []inventory.Copy{}, Activities: []string{"customers"},
			Actions: []inventory.Action{{Kind: "delete-row", Target: "mysql://db1:3306/controlpanel/clients?id=4711", Fields: []string{}, If: map[string]string{"row-hmac": "ab"}, Affects: 1, BlockedBy: []string{}}},
		},
		{
			ID: "00112233445566bb", Subject: "person-0042", Source: "backups", URI: "file:///b/zoe.tar.gz!/a.txt",
			Place: "backups / file .tar.gz / tar member", Locator: json.RawMessage(`{"type":"files","path":"/b/zoe.tar.gz","kind":"file","size":300,"mtime":"2026-11-01T00:00:00Z","inside":[{"kind":"tar","step":"a.txt"}]}`), Confidence: "possible", Relation: "mentioned",
			Matches:  []inventory.Match{{Type: "name", Form: "plain", Masked: "Z** V** d** B*****"}},
			Evidence: []string{}, Why: "only the name, which others may have too", Fields: []inventory.Field{}, Copies: []inventory.Copy{{URI: "file:///b/zoe2.tar.gz!/a.txt"}},
			ThirdParties: 2, Activities: []string{"unassigned"},
			Actions: []inventory.Action{{Kind: "review", Target: "file:///b/zoe.tar.gz", Fields: []string{}, If: map[string]string{}, Affects: 1, BlockedBy: []string{}}},
		},
	}
	return &inventory.Report{
		Format: inventory.Format,
		Run:    inventory.Run{ID: "20261102T093000Z-1", Spoor: "0.1.0", Mode: "scan", Started: at, Finished: at.Add(3 * time.Second), Status: "incomplete", Notice: "uri and locator are exact"},
		Subjects: []inventory.Subject{
			{ID: "person-0042", Requests: []inventory.Request{{ID: "dsr-2026-0042", Type: "access", Received: "2026-11-02", Due: "2026-12-02"}}, Identifiers: []inventory.Identifier{{Type: "email", Masked: "z**@e******.be", Origin: "given"}, {Type: "name", Masked: "Z** V** d** B*****", Origin: "given"}, {Type: "phone", Masked: "+32 *** ** ** 56", Origin: "found", Evidence: []string{"column phone of finding 00112233445566aa"}}}, Findings: 2, Suggestions: []inventory.Suggestion{{Type: "domain", Masked: "z*****.be", Evidence: []string{"column domain of finding 00112233445566aa"}, Why: "others may have it, too"}}},
			{ID: "person-0043", Requests: []inventory.Request{}, Identifiers: []inventory.Identifier{{Type: "phone", Masked: "+32*******89", Origin: "given", Shared: true}}},
		},
		Activities: []inventory.Activity{{ID: "customers", Role: "controller", Controller: &inventory.Party{Name: "Voorbeeld Hosting", Contact: "privacy@example.be"}, Purpose: "customer records", LegalBasis: &law, DataSubjects: []string{"customers"}, Recipients: []inventory.Recipient{}, Origin: "provided by the person"}},
		Backups: []inventory.Backup{
			{Source: "backups", URI: "file:///b/shop-20261031.sql.gz", Place: "backups / file .gz", Layout: "dated", Time: "2026-10-31T00:00:00Z", AgeDays: ptr(1), Schedule: "daily", GoneBy: ptr("2026-12-10"), Units: 1, Bytes: 300},
			{Source: "backups", URI: "file:///b/shop-20261101.sql.gz", Place: "backups / file .gz", Layout: "dated", Time: "2026-11-01T00:00:00Z", AgeDays: ptr(0), Schedule: "every 3 days", GoneBy: ptr("2026-12-11"), Units: 1, Bytes: 300, Findings: 1, Partial: true},
			{Source: "backups", URI: "file:///b/daily.0", Place: "backups / file", Layout: "rsnapshot", Units: 12, Bytes: 4000},
		},
		Sources: []inventory.Source{
			{Name: "controlpanel", Type: "mysql", URI: "mysql://db1:3306/", Listed: true, Counts: "rows", Consistency: "Each page of rows is consistent in itself.", Coverage: inventory.Coverage{Units: inventory.Tally{Found: 12345, Scanned: 12345}, Bytes: inventory.Tally{Found: 5 << 20, Scanned: 5 << 20}}},
			{Name: "backups", Type: "files", URI: "file:///b", Listed: false, Counts: "files", Coverage: inventory.Coverage{Units: inventory.Tally{Found: 10, Scanned: 7, Partial: 1, Unread: 1, Excluded: 1}, Bytes: inventory.Tally{Found: 9000, Scanned: 8000, Partial: 600, Unread: 300, Excluded: 100}}},
		},
		Links: []inventory.Link{
			{Source: "controlpanel", From: "controlpanel.invoices.client_id", To: "controlpanel.clients.id", Kind: "inferred", Confidence: 0.95, Why: "the column is called after the table; 513 of 513 different values are found there", Followed: true, Rows: 3},
			{Source: "controlpanel", From: "controlpanel.lines.invoice_id", To: "controlpanel.invoices.id", Kind: "declared", Confidence: 1, Why: "a declared foreign key", Followed: true, Rows: 6},
			{Source: "controlpanel", From: "controlpanel.notes.object_id", To: "controlpanel.clients.id", When: "object_type is client", Kind: "inferred", Confidence: 0.65, Why: "the column object_type names the table"},
		},
		Gaps: []inventory.Gap{
			{Source: "backups", URI: "file:///b/zoe.zip", Place: "backups / file .zip", Reason: "encrypted", Detail: "zip member: password needed", Units: 1, Bytes: 300},
			{Source: "backups", URI: "file:///b/x.gz", Place: "backups / file .gz", Reason: "corrupt", Detail: "=cmd()<script>alert(1)</script>", Units: 1},
		},
		Exclusions: []inventory.Exclusion{{Source: "backups", URI: "file:///b/tmp", Place: "backups", Reason: "config", Detail: "excluded by a pattern", Units: 1, Bytes: 100}},
		Summary: inventory.Summary{
			Findings: 2, Confidence: map[string]int{"certain": 1, "likely": 0, "possible": 1}, Gaps: 2, Exclusions: 1,
			Places: []inventory.PlaceCount{
				{Subject: "person-0042", Source: "controlpanel", Place: "controlpanel / clients / row", Findings: 1, Confidence: map[string]int{"certain": 1}},
				{Subject: "person-0042", Source: "backups", Place: "backups / file .tar.gz / tar member", Findings: 1, Confidence: map[string]int{"possible": 1}},
			},
		},
		Findings: func() iter.Seq2[*inventory.Finding, error] {
			return func(yield func(*inventory.Finding, error) bool) {
				for _, f := range findings {
					if !yield(f, nil) {
						return
					}
				}
			}
		},
	}
}

// surveyed is a report of a survey.
func surveyed() *inventory.Report {
	r := sample()
	r.Run.Mode = "survey"
	r.Links = nil
	r.Subjects, r.Summary = []inventory.Subject{}, inventory.Summary{Confidence: map[string]int{}, Gaps: 2, Exclusions: 1, Places: []inventory.PlaceCount{}}
	r.Findings = func() iter.Seq2[*inventory.Finding, error] { return func(func(*inventory.Finding, error) bool) {} }
	table := inventory.SurveyPlace{Source: "controlpanel", URI: "mysql://db1:3306/controlpanel/clients", Place: "controlpanel / clients", Kind: "table"}
	folder := inventory.SurveyPlace{Source: "backups", URI: "file:///b/zoe/", Place: "backups / z*** / file .txt", Kind: "folder", Type: "txt"}
	r.Survey = &inventory.Survey{
		Detectors: []inventory.Detector{
			{ID: "email", Description: "an e-mail address", Category: "contact", Units: 12000},
			{ID: "health", Description: "words of health care", Category: "special category", Hint: true, Units: 3},
		},
		Entries: []inventory.SurveyEntry{
			{SurveyPlace: table, Field: "email", Detector: "email", Hits: 12345, Units: 12000, Of: 12345, Named: 12345, Samples: []string{"z**@e******.be"}},
			{SurveyPlace: table, Field: "=remarks", Detector: "health", Hits: 4, Units: 3, Of: 12345, Samples: []string{"d*****"}},
		},
		Places: []inventory.SurveyTotals{{SurveyPlace: folder, Units: 7}, {SurveyPlace: table, Units: 12345}},
	}
	return r
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"sample.json": func(b *bytes.Buffer) error { return JSON(b, sample()) },
		"sample.csv":  func(b *bytes.Buffer) error { return CSV(b, sample()) },
		"sample.txt":  func(b *bytes.Buffer) error { return Text(b, sample(), language.English) },
		"sample.html": func(b *bytes.Buffer) error { return HTML(b, sample(), language.English) },
		"survey.json": func(b *bytes.Buffer) error { return JSON(b, surveyed()) },
		"survey.csv":  func(b *bytes.Buffer) error { return CSV(b, surveyed()) },
		"survey.txt":  func(b *bytes.Buffer) error { return Text(b, surveyed(), language.English) },
		"survey.html": func(b *bytes.Buffer) error { return HTML(b, surveyed(), language.English) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("differs from %s; look at it, then run: go test ./reports -update\n%s", file, b.Bytes())
			}
		})
	}
}

func TestSchema(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, surveyed()); err != nil {
		t.Fatal(err)
	}
	if err := testenv.Valid(Schema(), b.Bytes()); err != nil {
		t.Errorf("the survey does not fit its schema: %v", err)
	}
	b.Reset()
	if err := JSON(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if err := testenv.Valid(Schema(), b.Bytes()); err != nil {
		t.Errorf("the report does not fit its schema: %v", err)
	}
	for what, change := range map[string][2]string{
		"unknown confidence": {`"confidence":"certain"`, `"confidence":"sure"`},
		"unknown reason":     {`"reason": "encrypted"`, `"reason": "lazy"`},
		"no locator":         {`"locator"`, `"locater"`},
		"no path":            {`"path":`, `"pfad":`},
	} {
		bad := strings.Replace(b.String(), change[0], change[1], 1)
		if bad == b.String() || testenv.Valid(Schema(), []byte(bad)) == nil {
			t.Errorf("%s: the schema accepts it", what)
		}
	}
}

func TestReadAgain(t *testing.T) {
	var first, second bytes.Buffer
	if err := JSON(&first, sample()); err != nil {
		t.Fatal(err)
	}
	r, err := inventory.Load(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := JSON(&second, r); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("a report that is read and written again differs:\n%s", second.String())
	}
}

// No place that only programs need, and that may hold identifiers, is shown to
// people.
func TestForPeopleWithoutURIs(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"csv":  func(b *bytes.Buffer) error { return CSV(b, sample()) },
		"text": func(b *bytes.Buffer) error { return Text(b, sample(), language.English) },
		"html": func(b *bytes.Buffer) error { return HTML(b, sample(), language.English) },

		"survey csv":  func(b *bytes.Buffer) error { return CSV(b, surveyed()) },
		"survey text": func(b *bytes.Buffer) error { return Text(b, surveyed(), language.English) },
		"survey html": func(b *bytes.Buffer) error { return HTML(b, surveyed(), language.English) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"zoe.tar.gz", "zoe.zip", "4711", "file:///b/zoe", "mysql://", ",=remarks", "<script>alert"} {
			if strings.Contains(b.String(), secret) && (strings.HasSuffix(name, "html") || secret[0] != '<') {
				t.Errorf("%s shows %q", name, secret)
			}
		}
	}
	var b bytes.Buffer
	if err := CSV(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), ",=cmd") {
		t.Error("csv: a cell starts a formula")
	}
}
