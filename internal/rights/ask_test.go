package rights

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

var today = Options{Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}

// exercised returns a report of findings and what became of them.
func exercised(t *testing.T, rep *inventory.Report, findings ...inventory.Finding) []*inventory.Finding {
	t.Helper()
	rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for _, f := range findings {
				f.Actions = slices.Clone(f.Actions)
				if f.Subject == "" {
					f.Subject = "zoe"
				}
				if !yield(&f, nil) {
					return
				}
			}
		}
	}
	if err := Exercise(rep, today); err != nil {
		t.Fatal(err)
	}
	var out []*inventory.Finding
	for f := range rep.Findings() {
		out = append(out, f)
	}
	return out
}

// An instruction to search a customer's data is none to erase them, and what
// nobody has said to be the host's own is not erased by a script.
func TestWhoseItIs(t *testing.T) {
	for name, c := range map[string]struct {
		activity string
		request  inventory.Request
		kind     string
	}{
		"a customer's":                          {"hosting", inventory.Request{Type: "erasure"}, "review"},
		"a customer's, who ordered a search":    {"hosting", inventory.Request{Type: "access", Instruction: "ORDER-9"}, "review"},
		"a customer's, who ordered the erasure": {"hosting", inventory.Request{Type: "erasure", Instruction: "ORDER-9"}, "delete-row"},
		"nobody's":                              {"unassigned", inventory.Request{Type: "erasure"}, "review"},
		"the host's":                            {"shop", inventory.Request{Type: "erasure"}, "delete-row"},
		"of an activity with a mistyped basis":  {"typo", inventory.Request{Type: "erasure"}, "review"},
	} {
		rep := &inventory.Report{
			Subjects: []inventory.Subject{{ID: "zoe", Requests: []inventory.Request{c.request}}},
			Activities: []inventory.Activity{
				{ID: "shop", Role: "controller", LegalBasis: text("consent")},
				{ID: "hosting", Role: "processor", Instruction: text("DPA-7")},
				{ID: "unassigned", Role: "unassigned"},
				{ID: "typo", Role: "controller", LegalBasis: text("legal obligaton")},
			},
		}
		list := exercised(t, rep, inventory.Finding{Confidence: "certain", Activities: []string{c.activity}, Actions: []inventory.Action{{Kind: "delete-row"}}})
		if a := list[0].Actions[0]; a.Kind != c.kind || a.Kind == "review" && (a.Then != "delete-row" || len(a.Reasons) != 1) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	// Where the configuration knows no activities, nothing is anybody's in particular.
	list := exercised(t, &inventory.Report{Subjects: []inventory.Subject{{ID: "zoe"}}, Activities: []inventory.Activity{{ID: "unassigned", Role: "unassigned"}}},
		inventory.Finding{Confidence: "certain", Activities: []string{"unassigned"}, Actions: []inventory.Action{{Kind: "delete-row"}}})
	if a := list[0].Actions[0]; a.Kind != "delete-row" {
		t.Errorf("%+v", a)
	}
}

// profiled is a report of a customer with a score on a basis of its own, and a
// flag that is another activity's.
func profiled() (*inventory.Report, inventory.Finding) {
	rep := &inventory.Report{
		Subjects: []inventory.Subject{{ID: "zoe", Requests: []inventory.Request{{ID: "r1", Type: "erasure"}, {ID: "r2", Type: "rectification"}}}},
		Activities: []inventory.Activity{
			{ID: "customers", Role: "controller", LegalBasis: text("contract"), Retention: &inventory.Retention{Period: "P2Y", From: "services.ended"}, Recipients: []inventory.Recipient{{Name: "Registry", Kind: "recipient"}}},
			{ID: "flag", Role: "controller", LegalBasis: text("consent"), Marketing: true, Recipients: []inventory.Recipient{{Name: "Mailer", Kind: "processor"}}},
		},
	}
	return rep, inventory.Finding{
		ID: "c", Source: "db", Place: "cp / clients / row", Confidence: "certain", Activities: []string{"customers", "flag"},
		Retention: []inventory.Kept{{Activity: "customers", Until: "2028-10-31"}},
		Fields: []inventory.Field{
			{Name: "email", Categories: []string{"contact"}, Origin: "provided"},
			{Name: "password_hash", Categories: []string{"credentials"}, Origin: "provided"},
			{Name: "risk_score", Origin: "derived", LegalBasis: "legitimate interests"},
			{Name: "tips", Origin: "observed", LegalBasis: "legitimate interests"},
			{Name: "newsletter", Origin: "provided", Activity: "flag"},
		},
		Actions: []inventory.Action{{Kind: "review", Then: "delete-row", BlockedBy: []string{"foreign key fk of cp.invoices"}, Reasons: []string{"other people stand in the record"}}},
	}
}

// A column that has its own legal basis stands in every view that asks for it.
func TestColumnsHaveTheirOwnBasis(t *testing.T) {
	rep, f := profiled()
	list := exercised(t, rep, f)
	// What withdraws consent is emptied, though another person's name keeps the row
	// from being deleted.
	if a := list[0].Actions; len(a) != 2 || a[0].Kind != "keep" || a[1].Kind != "null-columns" || len(a[1].BlockedBy) != 0 || !slices.Contains(a[1].Fields, "newsletter") || slices.Contains(a[1].Fields, "email") {
		t.Errorf("%+v", a)
	}
	r := rep.Subjects[0].Rights
	objection := map[string][]string{}
	for _, x := range r.Objection.Activities {
		objection[x.Activity+" "+x.Effect] = x.Fields
	}
	if _, ok := objection["flag stop"]; !ok || len(objection) != 2 || !slices.Equal(objection["customers balance"], []string{"risk_score", "tips"}) {
		t.Errorf("objection: %+v", r.Objection.Activities)
	}
	if c := r.Access.Activities[0].Columns; len(c) != 1 || c[0].LegalBasis != "legitimate interests" || c[0].Findings != 1 || !slices.Equal(c[0].Fields, []string{"risk_score", "tips"}) {
		t.Errorf("access: %+v", c)
	}
	if n := len(r.Restriction.Activities); n != 2 {
		t.Errorf("restriction: %+v", r.Restriction.Activities)
	}
	left := map[string][]string{}
	for _, x := range r.Portability.LeftOut {
		left[x.Activity+" "+x.Why] = x.Fields
	}
	if !slices.Equal(left["customers derived"], []string{"risk_score"}) || !slices.Equal(left["customers legal-basis"], []string{"tips"}) {
		t.Errorf("left out: %+v", r.Portability.LeftOut)
	}
	if in := r.Portability.Included; len(in) == 0 || !slices.Equal(in[0].Fields, []string{"email"}) {
		t.Errorf("included: %+v", in)
	}
}

// Others are told of what is done with what concerns them, and of nothing else.
func TestToldOfWhatIsDone(t *testing.T) {
	rep, f := profiled()
	f.Actions = []inventory.Action{{Kind: "delete-row"}}
	f.Attributes = []inventory.Attribute{{Attribute: "email", Fields: []string{"email"}, Fingerprint: "old"}}
	rep.Subjects[0].Requests[1].Correct = []inventory.RightValue{{Attribute: "email", Fingerprint: "new"}}
	exercised(t, rep, f)
	got := map[string]int{}
	for _, n := range rep.Subjects[0].Rights.Notifications {
		for _, r := range n.Rights {
			got[n.Name+" "+r.Right] += r.Findings
		}
	}
	want := map[string]int{
		"Registry rectification": 1, "Registry restriction": 1, "Registry objection": 1, "Registry erasure": 1, // the last two of the score
		"Mailer erasure": 1, "Mailer restriction": 1, "Mailer objection": 1, // the flag is emptied; the row is kept
	}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: %d, want %d", k, got[k], n)
		}
	}
	for k := range got {
		if want[k] == 0 {
			t.Errorf("%s is told", k)
		}
	}
	// Until when, nobody knows.
	f.Retention = nil
	exercised(t, rep, f)
	if a := rep.Subjects[0].Rights.Access.Activities[0]; a.UntilUnknown != 1 || a.Until != "" {
		t.Errorf("%+v", a)
	}
}

// The clock of a contract that goes on has not begun, neither for it nor for the
// customer whose it is.
func TestClockThatHasNotBegun(t *testing.T) {
	rep := &inventory.Report{Subjects: []inventory.Subject{{ID: "zoe"}}, Activities: []inventory.Activity{{ID: "customers", Role: "controller", LegalBasis: text("contract"), Retention: &inventory.Retention{Period: "P2Y", From: "services.ended"}}}}
	row := func(until string, open ...string) inventory.Finding {
		f := inventory.Finding{Confidence: "certain", Activities: []string{"customers"}, Open: open, Actions: []inventory.Action{{Kind: "delete-row"}}}
		if until != "" {
			f.Retention = []inventory.Kept{{Activity: "customers", Clock: "services.ended", Since: "2020-01-01", Until: until}}
		}
		return f
	}
	for name, c := range map[string]struct {
		open   bool
		backup bool
		want   []string
	}{
		"one goes on":                {true, false, []string{"keep", "delete-row", "keep"}},
		"all ended":                  {false, false, []string{"delete-row", "delete-row", "delete-row"}},
		"one went on when backed up": {true, true, []string{"delete-row", "delete-row", "drop-snapshots"}},
	} {
		going := row("2022-01-01")
		if c.open {
			going = row("", "customers")
		}
		if c.backup {
			going.Actions = []inventory.Action{{Kind: "drop-snapshots"}}
		}
		list := exercised(t, rep, row(""), row("2022-01-01"), going) // the customer, what ended, what goes on
		for i, want := range c.want {
			if a := list[i].Actions[0]; a.Kind != want || want == "keep" && (a.Keep.Until != nil || !strings.Contains(a.Keep.Ground, "has not come yet")) {
				t.Errorf("%s: %d: %+v", name, i, a)
			}
		}
	}
}

// What a request does not say which of two is wrong, or where only a part of what
// stands there is, somebody compares.
func TestCorrectionsToCompare(t *testing.T) {
	for name, c := range map[string]struct {
		known []string // e-mail addresses of the person
		right inventory.RightValue
		want  string
	}{
		"one address":           {[]string{"old"}, inventory.RightValue{Attribute: "email", Fingerprint: "new"}, "email change"},
		"two addresses":         {[]string{"old", "second"}, inventory.RightValue{Attribute: "email", Fingerprint: "new"}, "email compare"},
		"the right one and one": {[]string{"old", "new"}, inventory.RightValue{Attribute: "email", Fingerprint: "new"}, "email change"},
		"a part of a name":      {[]string{"old"}, inventory.RightValue{Attribute: "first_name", Fingerprint: "x"}, "first_name compare"},
	} {
		s := inventory.Subject{ID: "zoe", Requests: []inventory.Request{{ID: "r", Type: "rectification", Correct: []inventory.RightValue{c.right}}}}
		for _, fp := range c.known {
			s.Identifiers = append(s.Identifiers, inventory.Identifier{Type: "email", Fingerprint: fp})
		}
		list := exercised(t, &inventory.Report{Subjects: []inventory.Subject{s}}, inventory.Finding{
			Confidence: "certain", Activities: []string{"unassigned"}, Attributes: []inventory.Attribute{{Attribute: "email", Fields: []string{"email"}, Fingerprint: "old"}},
			Matches: []inventory.Match{{Type: "name", Identifier: 9, Field: "naam"}, {Type: "name", Identifier: 9, Field: "naam"}}, Actions: []inventory.Action{{Kind: "delete-row"}},
		})
		got := ""
		for _, x := range list[0].Corrections {
			got += x.Attribute + " " + x.State
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
