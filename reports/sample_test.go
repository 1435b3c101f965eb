package reports

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

func ptr[T any](v T) *T { return &v }

// full is a report in which everything that a report can say is said, about two
// people of whom one has a request of every kind.
func full() *inventory.Report {
	r := sample()
	r.Run.ID = "20261102T093000Z-full"
	r.Organisation = &inventory.Organisation{
		Name: "Voorbeeld Hosting", Address: "Voorbeeldstraat 1, 3500 Hasselt", Contact: "privacy@example.be", DPO: "dpo@example.be", Country: "BE",
		Authority: &inventory.Authority{Name: "Gegevensbeschermingsautoriteit", Contact: "Drukpersstraat 35, 1000 Brussel", URL: "https://www.gegevensbeschermingsautoriteit.be"},
	}
	contract, interest := "contract", "legitimate interests"
	mailer := inventory.Recipient{Name: "Post Example", Kind: "processor", Contact: "dpo@post.example.org", Country: "US", Safeguard: ptr("standard contractual clauses")}
	r.Activities = []inventory.Activity{
		{
			ID: "customers", Name: "Customer records", Role: "controller", Controller: &inventory.Party{Name: "Voorbeeld Hosting", Contact: "privacy@example.be"}, Purpose: "to provide hosting", LegalBasis: &contract,
			DataSubjects: []string{"customers"}, Categories: []string{"contact", "financial"}, Recipients: []inventory.Recipient{mailer, {Name: "Tax office", Kind: "recipient", Country: "BE"}},
			Transfers: []inventory.Transfer{{Country: "US", Safeguard: "standard contractual clauses", Recipient: "Post Example"}}, Origin: "provided by the person",
			Retention: &inventory.Retention{Period: "P10Y", From: "the last invoice"}, Findings: 1,
		},
		{ID: "newsletter", Name: "Newsletter", Role: "controller", Purpose: "marketing", LegalBasis: &interest, Recipients: []inventory.Recipient{}, Marketing: true, Findings: 1},
		{ID: "hosted", Name: "Hosted mail", Role: "processor", Instruction: ptr("DPA-2026-3"), Purpose: "mail of customers", Recipients: []inventory.Recipient{}, Findings: 1},
	}
	left, late := 30, -2
	s := &r.Subjects[0]
	s.Requests = []inventory.Request{
		{ID: "dsr-2026-0042", Type: "access", Received: "2026-11-02", Due: "2026-12-02", DaysLeft: &left},
		{ID: "dsr-2026-0043", Type: "erasure", Received: "2026-08-02", Due: "2026-10-31", ExtendedTo: "2026-10-31", FirstDue: "2026-09-02", Ground: "a", DaysLeft: &late, Overdue: true},
		{ID: "dsr-2026-0044", Type: "rectification"},
		{ID: "dsr-2026-0045", Type: "objection", Received: "2026-11-01", Due: "2026-12-01"},
		{ID: "dsr-2026-0046", Type: "portability", Received: "2026-11-01", Due: "2026-12-01"},
	}
	s.NotLookedFor = []string{"device_id"}
	some := inventory.ConfidenceCounts{Certain: 1, Likely: 1, Possible: 1}
	s.Rights = &inventory.Rights{
		AsOf: "2026-11-02",
		Access: inventory.AccessView{
			Requested: []string{"dsr-2026-0042"},
			Activities: []inventory.AccessActivity{{
				Activity: "customers", Name: "Customer records", Role: "controller", Purpose: "to provide hosting", LegalBasis: "contract", Categories: []string{"contact", "financial"},
				Recipients: r.Activities[0].Recipients, Transfers: r.Activities[0].Transfers, Retention: r.Activities[0].Retention, Until: "2036-11-02", Source: "provided by the person",
				Origins: []string{"provided", "observed"}, AutomatedDecisions: ptr("credit check by score"), Findings: some, Places: 1,
			}},
			Complaint: r.Organisation.Authority, Rights: []string{"rectification", "erasure", "restriction", "objection"},
		},
		Portability: inventory.PortabilityView{
			Requested: []string{"dsr-2026-0046"}, Findings: 1, ToConfirm: 1,
			Included: []inventory.PortableActivity{{Activity: "customers", LegalBasis: "contract", Findings: 1, Fields: []string{"email", "phone"}, Categories: []string{"contact"}}},
			LeftOut:  []inventory.LeftOut{{Activity: "newsletter", Why: "legal-basis", Findings: 1}, {Activity: "customers", Why: "derived", Findings: 1, Fields: []string{"score"}}},
		},
		Erasure: inventory.ErasureView{
			Requested: []string{"dsr-2026-0043"}, Actions: map[string]int{"delete-row": 1, "keep": 1, "review": 2},
			Keep:    []inventory.KeptRecords{{Activity: "customers", Kind: "legal-obligation", Ground: "bookkeeping, 10 years", Until: "2036-11-02", First: "2035-01-01", Unknown: 1, Findings: 2}},
			Review:  []inventory.ReviewCount{{Reason: "confidence is possible", Findings: 1}},
			Blocked: []inventory.ReviewCount{{Reason: "a foreign key of controlpanel.invoices", Findings: 1}},
			Backups: []inventory.BackupView{{Source: "backups", Activity: "customers", Findings: 1, Copies: 12, GoneBy: "2026-12-12", Unknown: 1, Sooner: "drop-snapshots"}},
			GoneBy:  "2026-12-12", KeptUntil: "2036-11-02",
		},
		Rectification: inventory.RectificationView{
			Requested: []string{"dsr-2026-0044"},
			Attributes: []inventory.AttributeView{{Attribute: "city", Differs: true, Findings: 2, Values: []inventory.ValueView{
				{Masked: "B*****", Fingerprint: "aa", Findings: 1, Right: ptr(false), Places: []inventory.FieldView{{Source: "controlpanel", Place: "controlpanel / clients / row", Field: "city", Findings: 1}}},
				{Masked: "H******", Fingerprint: "bb", Findings: 1, Right: ptr(true), Places: []inventory.FieldView{{Source: "controlpanel", Place: "controlpanel / invoices / row", Field: "city", Findings: 1}}},
			}}},
			Correct: []inventory.CorrectionView{{Request: "dsr-2026-0044", Attribute: "city", Masked: "H******", Right: 1, Change: 1, Complete: 0, Compare: 1, Places: []inventory.FieldView{{Source: "controlpanel", Place: "controlpanel / clients / row", Field: "city", Findings: 1}}}},
		},
		Restriction: inventory.RestView{Activities: []inventory.RestActivity{{Activity: "customers", Name: "Customer records", LegalBasis: "contract", Effect: "restrict", Findings: some}}},
		Objection: inventory.RestView{Requested: []string{"dsr-2026-0045"}, Activities: []inventory.RestActivity{
			{Activity: "newsletter", Name: "Newsletter", LegalBasis: "legitimate interests", Marketing: true, Effect: "stop", Findings: some},
			{Activity: "unassigned", LegalBasis: "", Effect: "unclear", Findings: some},
		}},
		Notifications: []inventory.Notification{
			{Name: "Post Example", Kind: "processor", Country: "US", Contact: "dpo@post.example.org", Activities: []string{"customers"}, Findings: 1, IDs: []string{"00112233445566aa"}, Categories: []string{"contact"}},
			{Name: "Tax office", Kind: "recipient", Country: "BE", Activities: []string{"customers"}, Findings: 1, IDs: []string{"00112233445566aa"}, Categories: []string{"financial"}},
		},
		AsProcessor: []inventory.TenantView{{Activity: "hosted", Tenant: "shop.example.org", Controller: &inventory.Party{Name: "Shop Example", Contact: "info@shop.example.org"}, Instruction: "DPA-2026-3", Findings: some, Actions: map[string]int{"review": 1}, Places: 1}},
		NotSearched: []inventory.NotSearchedPlaces{{Source: "mail", Place: "mail / other.example.org", Detail: "no instruction"}},
		Unassigned:  inventory.ConfidenceCounts{Possible: 1},
	}
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	findings := []*inventory.Finding{
		{
			ID: "00112233445566cc", Subject: "person-0042", Source: "controlpanel", Place: "newsletter / subscribers / row", Confidence: "likely", Relation: "owner", Why: "the name and the address stand together",
			Matches: []inventory.Match{{Type: "name", Masked: "Z** V** d** B*****"}, {Type: "address", Masked: "G********** 35"}}, Fields: []inventory.Field{{Name: "name", Categories: []string{"identity"}, Origin: "provided"}},
			Activities: []string{"newsletter"}, Actions: []inventory.Action{{Kind: "delete-row"}}, Review: "confirmed", ReviewTime: &at, ReviewNote: "her newsletter",
		},
		{
			ID: "00112233445566dd", Subject: "person-0042", Source: "backups", Place: "hosted / mail / message", Confidence: "possible", Relation: "mentioned", Why: "only the name, which others may have too",
			Matches: []inventory.Match{{Type: "name", Masked: "Z** V** d** B*****"}}, Activities: []string{"hosted"}, Tenant: ptr("shop.example.org"), Review: "refused", ReviewTime: &at,
		},
		{
			ID: "00112233445566ee", Subject: "person-0042", Source: "controlpanel", Place: "controlpanel / invoices / row", Confidence: "certain", Relation: "linked", Why: "a declared key ties it to a record that is certainly about the person",
			Evidence: []string{"controlpanel.invoices.client_id refers to controlpanel.clients.id"}, Activities: []string{"customers"},
			Copies: []inventory.Copy{{URI: "restic:/b!/x", Time: "2026-10-01T00:00:00Z", GoneBy: ptr("2026-12-12")}, {URI: "restic:/b!/y", Time: "2026-10-05T00:00:00Z"}}, CopiesTotal: 12,
			Actions: []inventory.Action{{
				Kind: "keep", Keep: &inventory.Keep{Ground: "bookkeeping, 10 years", Kind: "legal-obligation", Activity: "customers", Until: ptr("2036-11-02")}, Then: "delete-row",
				BlockedBy: []string{"a foreign key of controlpanel.lines"}, Reasons: []string{"other people stand in the record"}, GoneBy: ptr("2036-12-12"),
			}},
		},
	}
	first := r.Findings
	r.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for f, err := range first() {
				if !yield(f, err) {
					return
				}
			}
			for _, f := range findings {
				if f.Locator == nil {
					f.URI, f.Locator = "file:///x", json.RawMessage(`{"type":"files","path":"/x","kind":"file","size":1,"mtime":"2026-11-01T00:00:00Z"}`)
				}
				for _, list := range []*[]string{&f.Evidence, &f.Activities} {
					if *list == nil {
						*list = []string{}
					}
				}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	s.Findings, r.Summary.Findings = 5, 5
	return r
}

// many is a report of n findings, in as many kinds of places as a large provider
// has.
func many(n int) *inventory.Report {
	r := full()
	r.Run.ID = fmt.Sprintf("20261102T093000Z-%d", n)
	r.Summary.Findings = n
	r.Subjects[0].Findings = n
	r.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			seed := uint64(1)
			for i := range n {
				seed = seed*6364136223846793005 + 1442695040888963407
				f := &inventory.Finding{
					ID: fmt.Sprintf("%016x", seed), Subject: "person-0042", Source: []string{"controlpanel", "backups"}[i*2/n], Place: fmt.Sprintf("controlpanel / table_%d / row", i*400/n),
					Confidence: degrees[seed>>33%3], Relation: "linked", Why: "a declared key ties it to a record that is certainly about the person",
					Matches:    []inventory.Match{{Type: "email", Masked: "z**@e******.be"}, {Type: "name", Masked: "Z** V** d** B*****"}},
					Evidence:   []string{fmt.Sprintf("controlpanel.table_%d.client_id refers to controlpanel.clients.id", i*400/n), fmt.Sprintf("column client_id of finding %016x", seed*31)},
					Fields:     []inventory.Field{{Name: "email", Categories: []string{"contact"}}, {Name: "name", Categories: []string{"identity"}}},
					Activities: []string{[]string{"customers", "newsletter", "unassigned"}[seed>>40%3]}, ThirdParties: int(seed >> 50 % 4),
					Copies:  []inventory.Copy{{Time: fmt.Sprintf("2026-10-%02dT00:00:00Z", 1+seed>>45%28)}},
					Actions: []inventory.Action{{Kind: "delete-row", If: map[string]string{"row-hmac": "ab"}}},
				}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	return r
}

const hostile = "</script><script>alert(1)</script><!--\u202egnp.exe\u2066 \x00\x1b[31m \xff\xfe {{.}} ${x} %s \u2028"

// awkward is a report whose every name is chosen to break what shows it.
func awkward() *inventory.Report {
	r := full()
	long := hostile
	for len(long) < 10_000 {
		long += hostile
	}
	r.Run.Spoor = hostile
	r.Subjects[0].ID, r.Subjects[1].ID = "person-0042", hostile
	r.Sources[0].Name, r.Sources[1].Name = hostile, long
	r.Sources[0].Consistency, r.Sources[0].Type = hostile, hostile
	r.Gaps = append(r.Gaps, inventory.Gap{Source: long, Place: hostile, Detail: long, Reason: hostile})
	r.Links = append(r.Links, inventory.Link{Source: hostile, From: long, To: hostile + ".a.b", Why: hostile, Kind: hostile, When: hostile, Rows: 2})
	a := &r.Activities[0]
	a.Name, a.Purpose, a.Origin, a.LegalBasis = long, hostile, hostile, ptr(hostile)
	a.Recipients = append(a.Recipients, inventory.Recipient{Name: long, Country: hostile, Safeguard: ptr(hostile)})
	a.Retention = &inventory.Retention{Period: hostile, From: long}
	s := &r.Subjects[0]
	s.Identifiers[0].Masked = long
	s.Suggestions = append(s.Suggestions, inventory.Suggestion{Type: hostile, Masked: hostile, Why: long, Evidence: []string{hostile}})
	s.Requests = append(s.Requests, inventory.Request{ID: long, Type: hostile, Due: hostile})
	f := &inventory.Finding{
		ID: "00112233445566ff", Subject: "person-0042", Source: hostile, URI: "file:///x", Place: long, Confidence: "possible", Relation: hostile, Why: hostile, ReviewNote: hostile,
		Matches: []inventory.Match{{Type: hostile, Masked: long}}, Evidence: []string{long}, Fields: []inventory.Field{{Name: long, Categories: []string{hostile}}},
		Activities: []string{hostile, "customers"}, Tenant: ptr(long), Copies: []inventory.Copy{{Time: hostile, GoneBy: ptr(hostile)}},
		Actions: []inventory.Action{{Kind: hostile, Fields: []string{long}, BlockedBy: []string{hostile}, Reasons: []string{long}, GoneBy: ptr(hostile), Keep: &inventory.Keep{Ground: hostile, Until: ptr(hostile)}}},
	}
	first := r.Findings
	r.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for f, err := range first() {
				if !yield(f, err) {
					return
				}
			}
			yield(f, nil)
		}
	}
	r.Summary.Findings++
	return r
}
