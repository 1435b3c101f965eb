package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/internal/verify"
)

func each[T any](list []T) func() iter.Seq2[*T, error] {
	return func() iter.Seq2[*T, error] {
		return func(yield func(*T, error) bool) {
			for i := range list {
				if !yield(&list[i], nil) {
					return
				}
			}
		}
	}
}

// verified is a verification with something of everything.
func verified(t *testing.T) *verify.Verification {
	t.Helper()
	at := time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC)
	yes, no := true, false
	day, later := "2027-01-10", "2034-01-01"
	results := []verify.Result{
		{Finding: "00112233445566aa", Subject: "person-0042", Source: "controlpanel", URI: "mysql://db1:3306/controlpanel/clients?id=4711", Place: "controlpanel / clients / row", State: verify.Gone, Locator: verify.Absent, Code: verify.Nowhere, Why: "nothing is at its place any more, and its content is nowhere in the scope", Action: "delete-row"},
		{Finding: "00112233445566ab", Subject: "person-0042", Source: "controlpanel", URI: "mysql://db1:3306/controlpanel/tickets?id=9", Place: "controlpanel / tickets / row", State: verify.Changed, Locator: verify.There, About: &no, Code: verify.Cleared, Why: "the record is there and is no longer about them", Action: "null-columns"},
		{Finding: "00112233445566ac", Subject: "person-0042", Source: "billing", URI: "mysql://db1:3306/billing/invoices?id=12", Place: "billing / invoices / row", State: verify.Present, Locator: verify.There, About: &yes, Code: verify.Same, Why: "the record is there as it was", Action: "keep", Keep: &verify.Keep{Ground: "accounting law: seven years after the end of the year", Until: &later}},
		{Finding: "00112233445566ad", Subject: "person-0042", Source: "backups", URI: "restic:/b!/aa/home/zoe/cv.docx", Place: "repository b / file .docx", State: verify.Present, Locator: verify.Absent, GoneBy: &day, Code: verify.CopyLeft, Why: "it is gone from its place, but a copy of it is left", Action: "wait", Copies: []verify.Copy{{URI: "restic:/b!/bb/home/zoe/cv.docx", State: verify.Present, GoneBy: &day}, {URI: "restic:/b!/cc/home/zoe/cv.docx", State: verify.Gone}}},
		{Finding: "00112233445566ae", Subject: "person-0042", Source: "mailboxes", URI: "imap://zoe@mail/INBOX;UIDVALIDITY=1/;UID=7", Place: "account / INBOX / message", State: verify.Moved, Locator: verify.Absent, Code: verify.Elsewhere, Why: "its content stands at another place that the report does not name", MovedTo: []verify.Place{{Source: "mailboxes", URI: "imap://zoe@mail/Trash;UIDVALIDITY=1/;UID=9", Place: "account / Trash / message"}}, Action: "delete-message"},
		{Finding: "00112233445566af", Subject: "person-0042", Source: "mailboxes", URI: "imap://zoe@mail/INBOX;UIDVALIDITY=1/;UID=8", Place: "=account / INBOX / message<script>alert(1)</script>", State: verify.Unchecked, Locator: verify.Unread, Code: verify.NotRead, Why: "offline: connect", Action: "delete-message"},
		{Finding: "00112233445566b0", Subject: "person-0043", Source: "controlpanel", URI: "mysql://db1:3306/controlpanel/clients?id=4712", Place: "controlpanel / clients / row", State: verify.Gone, Locator: verify.Absent, Code: verify.Nowhere, Why: "nothing is at its place any more, and its content is nowhere in the scope", Action: "delete-row"},
	}
	news := []verify.New{{Finding: "00112233445566b1", Subject: "person-0042", Source: "mailboxes", URI: "imap://zoe@mail/Sent;UIDVALIDITY=1/;UID=1", Place: "account / Sent / message", Confidence: "certain", Why: "the e-mail address belongs to one person", Actions: []inventory.Action{}}}
	rep := sample()
	return &verify.Verification{
		Format: verify.Format, Run: inventory.Run{ID: "20261201T093000Z-2", Spoor: "0.1.0", Mode: "verify", Started: at, Finished: at.Add(time.Minute), Status: "incomplete", Key: "0011223344556677", Notice: "uri is exact"},
		Report:   verify.Checked{Run: "20261102T093000Z-1", Started: at.AddDate(0, -1, 0), Finished: at.AddDate(0, -1, 0), Status: "complete", Findings: 7, SameKey: true, Controller: "Voorbeeld Hosting"},
		Searched: true,
		Subjects: []verify.Subject{
			{ID: "person-0042", Requests: []inventory.Request{{ID: "dsr-2026-0042", Type: "erasure", Received: "2026-11-02", Due: "2026-12-02"}}, Searched: true, NotSearched: 1, Summary: verify.Summary{States: map[verify.State]int{"gone": 1, "present": 2, "changed": 1, "moved": 1, "unchecked": 1}, New: 1, Kept: 1, Erased: 2, Remaining: 3, Copies: map[verify.State]int{"present": 1, "gone": 1}, GoneBy: &day}},
			{ID: "person-0043", Requests: []inventory.Request{}, Searched: true, Summary: verify.Summary{States: map[verify.State]int{"gone": 1, "present": 0, "changed": 0, "moved": 0, "unchecked": 0}, Erased: 1, Copies: map[verify.State]int{}}},
		},
		Sources: rep.Sources, Gaps: rep.Gaps, Exclusions: rep.Exclusions,
		Summary: verify.Summary{States: map[verify.State]int{"gone": 2, "present": 2, "changed": 1, "moved": 1, "unchecked": 1}, New: 1, Kept: 1, Erased: 3, Remaining: 3, Copies: map[verify.State]int{"present": 1, "gone": 1}, GoneBy: &day},
		Results: each(results), News: each(news),
	}
}

func TestVerificationGolden(t *testing.T) {
	v := verified(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"verification.json":   func(b *bytes.Buffer) error { return VerificationJSON(b, v) },
		"verification.csv":    func(b *bytes.Buffer) error { return VerificationCSV(b, v) },
		"verification.txt":    func(b *bytes.Buffer) error { return VerificationText(b, v) },
		"verification.html":   func(b *bytes.Buffer) error { return VerificationHTML(b, v, "en") },
		"certificate.html":    func(b *bytes.Buffer) error { return Certificate(b, v, "en") },
		"status.opendsr.json": func(b *bytes.Buffer) error { return OpenDSRStatus(b, v) },
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
			// What people read holds no identifiers, which only URIs do.
			if !strings.HasSuffix(name, "verification.json") && (strings.Contains(b.String(), "4711") || strings.Contains(b.String(), "/zoe/") || strings.HasSuffix(name, ".html") && strings.Contains(b.String(), "<script>alert")) {
				t.Errorf("%s shows more than places", name)
			}
		})
	}
	var b bytes.Buffer
	if err := VerificationJSON(&b, v); err != nil {
		t.Fatal(err)
	}
	if err := testenv.Valid(SchemaOf("verification"), b.Bytes()); err != nil {
		t.Error(err)
	}
}

// A certificate claims nothing that was not checked.
func TestCertificateClaims(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*verify.Verification)
		want   string
	}{
		"all is gone": {func(*verify.Verification) {}, certificateWords()["en"].All},
		"a gap": {func(v *verify.Verification) {
			v.Gaps = []inventory.Gap{{Source: "s", Place: "p", Reason: "denied"}}
		}, certificateWords()["en"].NotWhole},
		"nobody was looked for":       {func(v *verify.Verification) { v.Subjects[0].Searched = false }, certificateWords()["en"].NotWhole},
		"fewer identifiers":           {func(v *verify.Verification) { v.Subjects[0].NotSearched = 1 }, certificateWords()["en"].NotWhole},
		"a source that is not listed": {func(v *verify.Verification) { v.Sources[0].Listed = false }, certificateWords()["en"].NotWhole},
		"moved, and a copy was not read": {func(v *verify.Verification) {
			day := "2027-01-10"
			v.Results = each([]verify.Result{{Subject: "person-0043", Source: "s", Place: "p", State: verify.Moved, Locator: verify.Absent, GoneBy: &day, Copies: []verify.Copy{{State: verify.Unchecked, GoneBy: &day}}}})
		}, "still there: 1."},
		"what nobody can look for": {func(v *verify.Verification) {
			v.Subjects[0].NotLookedFor = []string{"android_id"}
			v.Gaps = []inventory.Gap{{Source: "s", Place: "p", Reason: "denied"}}
		}, "nobody can be looked for: android_id."},
		"only backups hold it": {func(v *verify.Verification) {
			day, later := "2027-01-10", "2027-01-12"
			v.Results = each([]verify.Result{
				{Subject: "person-0043", Source: "s", Place: "s / p", State: verify.Present, Locator: verify.There, GoneBy: &day, Action: "wait"},
				{Subject: "person-0043", Source: "s", Place: "s / p", State: verify.Present, Locator: verify.There, GoneBy: &later, Action: "wait"},
				{Subject: "person-0043", Source: "s", Place: "x", State: verify.Present, Locator: verify.There, Action: "keep", Keep: &verify.Keep{Ground: "law", Until: &later}},
			})
		}, "lie in backups until these end: 2; records that are kept on a ground: 1."},
		"the last day of what lies in a place": {func(v *verify.Verification) {
			day, later := "2027-01-10", "2027-01-12"
			v.Results = each([]verify.Result{
				{Subject: "person-0043", Source: "s", Place: "s / p", State: verify.Present, Locator: verify.There, GoneBy: &later, Action: "wait"},
				{Subject: "person-0043", Source: "s", Place: "s / p", State: verify.Present, Locator: verify.There, GoneBy: &day, Action: "wait"},
			})
		}, "<tr><td>s / p</td><td data-label=\"Gone by\">until 12\u00a0January 2027</td><td class=\"n\" data-label=\"Records\">2</td></tr>"},
		"more gaps than it lists": {func(v *verify.Verification) {
			for i := range certificateRows + 7 {
				v.Gaps = append(v.Gaps, inventory.Gap{Source: "s", Place: fmt.Sprint("p", i), Reason: "denied"})
			}
		}, "further places: 7"},
		"a name that turns the line around": {func(v *verify.Verification) {
			v.Subjects[0].ID, v.Subjects[0].Searched = "a\u202eb", false
		}, "a?b"},
		"something new": {func(v *verify.Verification) { v.News = each([]verify.New{{Subject: "person-0043"}}) }, "still there: 1."},
	} {
		v := verified(t)
		v.Gaps, v.News = nil, each([]verify.New{})
		v.Subjects = v.Subjects[1:]
		v.Sources = v.Sources[:1]
		v.Results = each([]verify.Result{{Subject: "person-0043", Source: "s", Place: "p", State: verify.Gone, Locator: verify.Absent}})
		c.change(v)
		var b bytes.Buffer
		if err := Certificate(&b, v, "en"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want) || name != "all is gone" && strings.Contains(b.String(), certificateWords()["en"].All) {
			t.Errorf("%s: the certificate does not say %q", name, c.want)
		}
	}
}

// Each language says everything.
func TestCertificateWords(t *testing.T) {
	var en map[string]any
	for _, lang := range CertificateLanguages() {
		b, err := json.Marshal(struct {
			*certWords
			V *verifyWords
		}{certificateWords()[lang], verificationWords()[lang]})
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if en == nil {
			en = m
		}
		for k, x := range en {
			switch x := x.(type) {
			case string:
				s, _ := m[k].(string)
				if s == "" || strings.Count(s, "%") != strings.Count(x, "%") {
					t.Errorf("%s: %s is %q", lang, k, s)
				}
			case map[string]any:
				for kk, xx := range x {
					o, _ := m[k].(map[string]any)
					if y, ok := o[kk].(string); o[kk] == nil || ok && (y == "" || strings.Count(y, "%") != strings.Count(xx.(string), "%")) {
						t.Errorf("%s: %s lacks %s", lang, k, kk)
					}
				}
			}
		}
	}
}

// The pages fit a desk and a phone, in each language, and fetch nothing.
func TestCertificateInBrowser(t *testing.T) {
	chromium := testenv.Need(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	pages := map[string][]byte{}
	v := verified(t)
	for _, lang := range CertificateLanguages() {
		var b bytes.Buffer
		if err := Certificate(&b, v, lang); err != nil {
			t.Fatal(err)
		}
		pages["/certificate-"+lang] = bytes.Clone(b.Bytes())
		b.Reset()
		if err := VerificationHTML(&b, v, lang); err != nil {
			t.Fatal(err)
		}
		pages["/verification-"+lang] = b.Bytes()
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pages[r.URL.Path] == nil {
			if r.URL.Path != "/favicon.ico" {
				t.Errorf("the page asks for %s", r.URL.Path)
			}
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(pages[r.URL.Path])
	}))
	defer srv.Close()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for path := range pages {
		for _, width := range []int64{1280, 390} {
			act(t, ctx, chromedp.EmulateViewport(width, 900))
			act(t, ctx, chromedp.Navigate(srv.URL+path))
			if act(t, ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`)) {
				t.Errorf("%s at %d px: wider than the window", path, width)
			}
			shot := act(t, ctx, chromedp.FullScreenshot(100))
			if dir := os.Getenv("SPOOR_SHOTS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", path[1:], width)), shot, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// A status says what the framework asks for, and completed only when all is.
func TestOpenDSRStatus(t *testing.T) {
	due, day := "2026-12-02", "2027-01-10"
	erasure := inventory.Request{ID: "a7551968-d5d6-44b2-9831-815ac9017798", Type: "erasure", Received: "2026-11-02", Due: due}
	access := erasure
	access.Type = "access"
	gone := func(change func(*verify.Subject)) verify.Subject {
		s := verify.Subject{Searched: true, Requests: []inventory.Request{erasure}, Summary: verify.Summary{States: map[verify.State]int{verify.Gone: 2}, Erased: 2}}
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		subject    verify.Subject
		incomplete bool
		status     string
		expected   string
		results    int
	}{
		"all gone":                    {gone(func(s *verify.Subject) {}), false, "completed", "2026-12-01T09:31:00Z", 2},
		"kept on a ground":            {gone(func(s *verify.Subject) { s.Kept = 1 }), false, "completed", "2026-12-01T09:31:00Z", 3},
		"something is there":          {gone(func(s *verify.Subject) { s.Remaining = 1 }), false, "in_progress", "2026-12-02T23:59:59Z", 3},
		"backups keep it":             {gone(func(s *verify.Subject) { s.Remaining, s.GoneBy = 1, &day }), false, "in_progress", "2027-01-10T23:59:59Z", 3},
		"nothing was erased":          {gone(func(s *verify.Subject) { s.Remaining, s.Erased = 2, 0 }), false, "pending", "2026-12-02T23:59:59Z", 2},
		"a gap":                       {gone(func(s *verify.Subject) {}), true, "in_progress", "2026-12-02T23:59:59Z", 2},
		"not searched":                {gone(func(s *verify.Subject) { s.Searched = false }), false, "in_progress", "2026-12-02T23:59:59Z", 2},
		"an identifier was left out":  {gone(func(s *verify.Subject) { s.NotSearched = 1 }), false, "in_progress", "2026-12-02T23:59:59Z", 2},
		"not an erasure":              {gone(func(s *verify.Subject) { s.Requests = []inventory.Request{access} }), false, "pending", "2026-12-02T23:59:59Z", 2},
		"a day of receipt is missing": {gone(func(s *verify.Subject) { s.Requests[0].Due, s.Remaining = "", 1 }), false, "in_progress", "", 3},
	} {
		v := verified(t)
		v.Subjects = []verify.Subject{c.subject}
		if v.Run.Status = "complete"; c.incomplete {
			v.Run.Status = "incomplete"
		}
		var b bytes.Buffer
		if err := OpenDSRStatus(&b, v); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		expected, _ := got["expected_completion_time"].(string)
		if got["request_status"] != c.status || expected != c.expected || got["results_count"] != float64(c.results) || got["controller_id"] != "Voorbeeld Hosting" || got["subject_request_id"] != erasure.ID {
			t.Errorf("%s: %s", name, b.Bytes())
		}
		for _, k := range []string{"extensions", "received_time", "encoded_request"} {
			if _, ok := got[k]; ok {
				t.Errorf("%s: %s stands in a status", name, k)
			}
		}
	}
	// A rectification is no request of the framework.
	v := verified(t)
	rectification := erasure
	rectification.Type = "rectification"
	v.Subjects = []verify.Subject{gone(func(s *verify.Subject) { s.Requests = []inventory.Request{rectification} })}
	var b bytes.Buffer
	if err := OpenDSRStatus(&b, v); err != nil || strings.TrimSpace(b.String()) != "[]" {
		t.Errorf("%s, %v", b.Bytes(), err)
	}
}

// A page does not call good what was searched with fewer identifiers than the
// report knew.
func TestVerificationVerdict(t *testing.T) {
	for fewer, want := range map[int]string{0: verificationWords()["en"].Done, 1: verificationWords()["en"].NotAll} {
		v := verified(t)
		v.Subjects, v.Gaps, v.News, v.Results = v.Subjects[1:], nil, each([]verify.New{}), each([]verify.Result{})
		v.Summary = verify.Summary{States: map[verify.State]int{}}
		v.Run.Status = "complete"
		v.Subjects[0].NotSearched = fewer
		var b bytes.Buffer
		if err := VerificationHTML(&b, v, "en"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) || fewer > 0 && strings.Contains(b.String(), "verdict good") {
			t.Errorf("%d identifiers fewer: the page does not say %q", fewer, want)
		}
	}
}
