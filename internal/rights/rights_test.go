package rights

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

var update = flag.Bool("update", false, "write the golden files")

func text(s string) *string { return &s }

// estate is a report as the engine settles it: one finding of every kind.
func estate() *inventory.Report {
	rep := &inventory.Report{
		Organisation: &inventory.Organisation{Name: "Voorbeeld Hosting", Country: "BE", Authority: Authority("BE")},
		Subjects: []inventory.Subject{{
			ID: "zoe", Identifiers: []inventory.Identifier{{Type: "email", Fingerprint: "e1"}, {Type: "address", Fingerprint: "old"}},
			Requests: []inventory.Request{
				{ID: "r1", Type: "access"},
				{ID: "r2", Type: "erasure"},
				{ID: "r3", Type: "rectification", Correct: []inventory.RightValue{{Field: "address", Attribute: "address", Masked: "G*", Fingerprint: "new"}}},
			},
		}, {ID: "bob"}},
		Activities: []inventory.Activity{
			{ID: "customers", Role: "controller", Purpose: "accounts", LegalBasis: text("contract"), Retention: &inventory.Retention{Period: "P2Y", From: "invoices.issued", Margin: "P1M"}, Recipients: []inventory.Recipient{{Name: "Bookkeeper", Kind: "processor"}}},
			{ID: "billing", Role: "controller", Purpose: "books", LegalBasis: text("wettelijke verplichting"), Retention: &inventory.Retention{Period: "P10Y", From: "invoices.issued"}},
			{ID: "register", Role: "controller", LegalBasis: text("Art. 6(1)(c)"), Retention: &inventory.Retention{Period: "P5Y", From: "the end of the contract"}},
			{ID: "newsletter", Role: "controller", LegalBasis: text("consent"), Marketing: true, Retention: &inventory.Retention{Period: "P1Y", From: "modified"}},
			{ID: "security", Role: "controller", LegalBasis: text("legitimate interests"), Provision: "observed"},
			{ID: "odd", Role: "controller"},
			{ID: "hosting", Role: "processor", Controller: &inventory.Party{Name: "customers"}, Instruction: text("ORDER-7")},
			{ID: "backups", Role: "controller", LegalBasis: text("legitimate interests"), Retention: &inventory.Retention{Period: "P40D", From: "backup", Margin: "P7D"}},
			{ID: "unassigned", Role: "unassigned", Places: []inventory.UnassignedPlace{{Source: "db", Place: "db / empty"}}},
		},
		Exclusions: []inventory.Exclusion{{Source: "db", Place: "other", Reason: "no-instruction", Detail: "held as processor (activity hosting); no instruction is about the subject bob"}},
	}
	address := func(fp string) []inventory.Attribute {
		return []inventory.Attribute{{Attribute: "address", Fields: []string{"street", "city"}, Masked: strings.ToUpper(fp[:min(1, len(fp))]) + "*", Fingerprint: fp}}
	}
	kept := func(activity, clock, since, until string) []inventory.Kept {
		return []inventory.Kept{{Activity: activity, Clock: clock, Since: since, Until: until}}
	}
	add := func(list *[]inventory.Finding, id, confidence, kind string, f inventory.Finding) {
		f.ID, f.Subject, f.Source, f.Confidence = id, "zoe", "db", confidence
		if f.Place == "" {
			f.Place = "db / " + f.Activities[0] + " / row"
		}
		if f.Actions == nil {
			a := inventory.Action{Kind: kind, Target: "x:" + id, Fields: []string{}, If: map[string]string{}, BlockedBy: []string{}}
			if confidence != "certain" {
				a.Kind, a.Then, a.Reasons = "review", kind, []string{"the confidence is " + confidence}
			}
			f.Actions = []inventory.Action{a}
		}
		*list = append(*list, f)
	}
	var list []inventory.Finding
	add(&list, "customer", "certain", "delete-row", inventory.Finding{
		Activities: []string{"customers", "newsletter"}, Attributes: address("old"),
		Fields: []inventory.Field{
			{Name: "email", Categories: []string{"contact"}, Origin: "provided"},
			{Name: "score", Categories: []string{"profile"}, Origin: "derived"},
			{Name: "newsletter", Categories: []string{"preferences"}, Origin: "provided", Activity: "newsletter"},
		},
	})
	add(&list, "contact", "certain", "delete-row", inventory.Finding{Activities: []string{"customers"}, Attributes: []inventory.Attribute{{Attribute: "address", Fields: []string{"address"}}}})
	add(&list, "namesake", "possible", "delete-row", inventory.Finding{Activities: []string{"customers"}, Attributes: address("else")})
	add(&list, "invoice-new", "certain", "delete-row", inventory.Finding{Activities: []string{"billing"}, Attributes: address("old"), Retention: append(kept("billing", "invoices.issued", "2026-03-04", "2036-03-04"), kept("customers", "invoices.issued", "2026-03-04", "2028-04-04")...)})
	add(&list, "invoice-old", "certain", "delete-row", inventory.Finding{Activities: []string{"billing"}, Attributes: address("new"), Retention: append(kept("billing", "invoices.issued", "2009-03-04", "2019-03-04"), kept("customers", "invoices.issued", "2009-03-04", "2011-04-04")...)})
	add(&list, "register", "certain", "delete-row", inventory.Finding{Activities: []string{"register"}})
	add(&list, "list", "certain", "delete-file", inventory.Finding{Activities: []string{"newsletter"}, Retention: kept("newsletter", "modified", "2026-11-01", "2027-11-01")})
	add(&list, "log", "likely", "delete-row", inventory.Finding{Activities: []string{"security"}})
	add(&list, "held", "certain", "delete-row", inventory.Finding{Activities: []string{"odd"}, Place: "db / court / row"})
	add(&list, "mail", "certain", "delete-message", inventory.Finding{Activities: []string{"unassigned"}, Place: "mail", Matches: []inventory.Match{{Type: "address", Identifier: 1, Masked: "O*", Field: "body"}}})
	add(&list, "tenant", "certain", "delete-row", inventory.Finding{Activities: []string{"hosting"}, Tenant: text("cust1"), Attributes: address("else")})
	add(&list, "backup", "certain", "drop-snapshots", inventory.Finding{
		Activities: []string{"customers"}, Attributes: address("old"), Retention: kept("backups", "backup", "2026-11-20", "2027-01-06"),
		Copies: []inventory.Copy{{URI: "x:1", Time: "2026-11-25T00:00:00Z"}, {URI: "x:2", Time: "2026-10-25T00:00:00Z"}},
	})
	add(&list, "backup-late", "certain", "delete-file", inventory.Finding{Activities: []string{"backups"}, Retention: kept("backups", "backup", "2026-01-20", "2026-03-08")})
	add(&list, "backup-when", "certain", "drop-snapshots", inventory.Finding{Activities: []string{"backups"}})
	rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for _, f := range list {
				b, err := json.Marshal(f) // as from a spool
				if err == nil {
					f = inventory.Finding{}
					err = json.Unmarshal(b, &f)
				}
				if !yield(&f, err) {
					return
				}
			}
		}
	}
	return rep
}

func TestExercise(t *testing.T) {
	rep := estate()
	opt := Options{Now: time.Date(2026, 12, 1, 23, 30, 0, 0, time.UTC), Holds: []Hold{
		{Hold: inventory.Hold{Ground: "lawsuit", Until: "2030-01-01", Covers: []string{"db / court"}}, Over: func(f *inventory.Finding) bool { return f.Place == "db / court / row" }},
		{Hold: inventory.Hold{Ground: "ended", Until: "2026-11-30"}},
		{Hold: inventory.Hold{Ground: "somebody else", Subjects: []string{"bob"}}},
	}}
	if err := Exercise(rep, opt); err != nil {
		t.Fatal(err)
	}
	for again := range 2 { // what was settled stays so
		var out bytes.Buffer
		for f, err := range rep.Findings() {
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.MarshalIndent(map[string]any{"id": f.ID, "actions": f.Actions, "retention": f.Retention, "corrections": f.Corrections, "copies": f.Copies}, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			out.Write(append(b, '\n'))
		}
		b, err := json.MarshalIndent(map[string]any{"subjects": rep.Subjects, "activities": rep.Activities, "holds": rep.Holds}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "findings.json", out.Bytes(), *update && again == 0)
		golden(t, "rights.json", append(b, '\n'), *update && again == 0)
	}
}

func golden(t *testing.T, name string, got []byte, write bool) {
	t.Helper()
	name = "testdata/" + name
	if write {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s; look at it, then run: go test ./internal/rights -update\n%s", name, got)
	}
}

func TestBasis(t *testing.T) {
	for s, want := range map[string]bases{
		"contract": {contract}, "Uitvoering van de overeenkomst": {contract}, "Art. 6(1)(b)": {contract}, "legal obligation": {obligation},
		"legal_obligation": {obligation}, "obligation légale": {obligation}, "gesetzliche Pflicht": {obligation}, "legitimate interests": {legitimate}, "gerechtvaardigd belang": {legitimate},
		"intérêt légitime": {legitimate}, "berechtigtes Interesse": {legitimate}, "consent": {consent}, "Toestemming": {consent}, "public task": {publicTask}, "vital interests": {vital},
		"": nil, "because": nil, "contract; legal obligation": {obligation, contract}, "consent and contract": {consent, contract}, "legitimate interests, contract": {legitimate, contract},
	} {
		if got := basesOf(s); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
		if got := Basis(s); len(want) != 1 && got != "" || len(want) == 1 && got != string(want[0]) {
			t.Errorf("%q is %q", s, got)
		}
	}
}

// Where an activity names several legal bases, the law that wants a record kept is
// not overlooked for the consent, nor the objection for the contract.
func TestSeveralBases(t *testing.T) {
	year := &inventory.Retention{Period: "P7Y", From: "the end of the contract"}
	for text, want := range map[string]struct {
		kind     string // of the ground to keep; empty: none
		portable int
		effect   string
	}{
		"consent":                            {"", 1, "withdraw"},
		"consent; legal obligation":          {"legal-obligation", 1, "withdraw"},
		"contract and legal obligation":      {"legal-obligation", 1, ""},
		"contract, legitimate interests":     {"retention", 1, "balance"},
		"consent, legitimate interests":      {"retention", 1, "balance"},
		"legal obligation, public task":      {"legal-obligation", 0, "balance"},
		"something that nobody can classify": {"retention", 0, "unclear"},
	} {
		rep := &inventory.Report{Subjects: []inventory.Subject{{ID: "zoe"}}, Activities: []inventory.Activity{{ID: "a", Role: "controller", LegalBasis: &text, Retention: year}}}
		var kept *inventory.Keep
		rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
			return func(yield func(*inventory.Finding, error) bool) {
				yield(&inventory.Finding{Subject: "zoe", Confidence: "certain", Activities: []string{"a"}, Fields: []inventory.Field{{Name: "email", Origin: "provided"}}, Actions: []inventory.Action{{Kind: "delete-row"}}}, nil)
			}
		}
		if err := Exercise(rep, Options{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
		for f := range rep.Findings() {
			kept = f.Actions[0].Keep
		}
		kind, effect := "", ""
		if kept != nil {
			kind = kept.Kind
		}
		r := rep.Subjects[0].Rights
		for _, a := range r.Objection.Activities {
			effect = a.Effect
		}
		if kind != want.kind || r.Portability.Findings != want.portable || effect != want.effect {
			t.Errorf("%s: kept %q, portable %d, objection %q; want %+v", text, kind, r.Portability.Findings, effect, want)
		}
	}
}

// However many findings there are, the views are of a bounded size.
func TestExerciseIsBounded(t *testing.T) {
	const n = 100_000
	rep := estate()
	rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			for i := range n {
				f := &inventory.Finding{
					ID: fmt.Sprintf("%016x", i), Subject: "zoe", Source: fmt.Sprint("s", i%7), Place: fmt.Sprint("p", i), Confidence: "certain", Activities: []string{"customers"},
					Fields:     []inventory.Field{{Name: fmt.Sprint("f", i), Categories: []string{fmt.Sprint("c", i)}, Origin: "derived"}, {Name: "email", Categories: []string{"contact"}, Origin: "provided"}},
					Attributes: []inventory.Attribute{{Attribute: "address", Fields: []string{"a"}, Fingerprint: fmt.Sprint(i)}, {Attribute: "city", Fields: []string{"c"}, Fingerprint: "one"}},
					Actions:    []inventory.Action{{Kind: "delete-row", BlockedBy: []string{fmt.Sprint("key ", i)}}},
				}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	if err := Exercise(rep, Options{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	r := rep.Subjects[0].Rights
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 1<<20 {
		t.Errorf("the views take %d bytes", len(b))
	}
	if got := r.Rectification.Attributes[0].Findings; got != n {
		t.Errorf("%d findings with an address are counted, want %d", got, n)
	}
	if got := r.Rectification.Correct[0].Change; got != n {
		t.Errorf("%d are to be changed, want %d", got, n)
	}
	if got := r.Access.Activities[0].Findings.Certain; got != n {
		t.Errorf("%d findings of the activity, want %d", got, n)
	}
}

// The report says of a record that has more copies than it lists that it does not
// know when all of them are gone.
func TestCopiesThatAreNotListed(t *testing.T) {
	for total, want := range map[int]bool{0: false, 5000: true} {
		rep := &inventory.Report{Activities: []inventory.Activity{{ID: "backups", Role: "controller", Retention: &inventory.Retention{Period: "P40D", From: "backup"}}}}
		f := &inventory.Finding{
			Activities: []string{"backups"}, Retention: []inventory.Kept{{Activity: "backups", Clock: "backup", Until: "2026-12-12"}},
			Copies: []inventory.Copy{{URI: "restic:/b!/aa/x", Time: "2026-11-02T00:00:00Z"}}, CopiesTotal: total, Actions: []inventory.Action{{Kind: "drop-snapshots"}},
		}
		newJudge(rep, Options{Now: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}).finding(f)
		a := f.Actions[0]
		if a.Sooner == nil {
			t.Fatalf("%+v", a)
		}
		if got := slices.Contains(a.Sooner.Reasons, "the time of some copies is not known"); got != want {
			t.Errorf("%d copies: %q", total, a.Sooner.Reasons)
		}
		if (a.GoneBy == nil) != want {
			t.Errorf("%d copies: gone by %v", total, a.GoneBy)
		}
	}
}

// What ends on a day is kept on that day (Regulation 1182/71, Art. 4(2)).
func TestKeptToTheLastDay(t *testing.T) {
	for until, kept := range map[string]bool{"2026-11-30": false, "2026-12-01": true, "2026-12-02": true} {
		rep := estate()
		j := newJudge(rep, Options{Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), Holds: []Hold{{Hold: inventory.Hold{Ground: "lawsuit", Until: until, Subjects: []string{"hold"}}}}})
		for what, f := range map[string]*inventory.Finding{
			"retention": {Activities: []string{"billing"}, Retention: []inventory.Kept{{Activity: "billing", Clock: "invoices.issued", Until: until}}},
			"a column":  {Activities: []string{"odd"}, Fields: []inventory.Field{{Name: "vat", LegalBasis: "legal obligation", Until: until}}},
			"a hold":    {Subject: "hold", Activities: []string{"odd"}},
		} {
			f.Confidence, f.Actions = "certain", []inventory.Action{{Kind: "delete-row"}}
			j.finding(f)
			if got := f.Actions[0].Kind == "keep"; got != kept {
				t.Errorf("%s until %s: %+v", what, until, f.Actions[0])
			}
		}
	}
}

// What people refused is neither changed nor erased; what was proposed before is
// settled beside it, for the day on which they take the refusal back.
func TestRefusedIsSettledBeside(t *testing.T) {
	rep := estate()
	j := newJudge(rep, Options{Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)})
	f := &inventory.Finding{
		Subject: "zoe", Confidence: "likely", Activities: []string{"billing"}, Review: refused, Actions: []inventory.Action{},
		Attributes: []inventory.Attribute{{Attribute: "address", Fields: []string{"city"}, Fingerprint: "old"}},
		Retention:  []inventory.Kept{{Activity: "billing", Clock: "invoices.issued", Until: "2036-03-04"}},
		Unreviewed: &inventory.Unreviewed{Actions: []inventory.Action{{Kind: "review", Then: "delete-row", Reasons: []string{"the confidence is likely"}}}},
	}
	j.finding(f)
	u := f.Unreviewed
	if len(f.Actions) != 0 || f.Corrections != nil {
		t.Errorf("%+v, %+v", f.Actions, f.Corrections)
	}
	if len(u.Actions) != 1 || u.Actions[0].Keep == nil || len(u.Corrections) != 1 || u.Corrections[0].State != "compare" {
		t.Errorf("%+v", u)
	}
}

// A record in a repository of backups of which no configuration says what it is
// belongs to no activity.
func TestBackupWithoutActivities(t *testing.T) {
	rep := &inventory.Report{Subjects: []inventory.Subject{{ID: "zoe"}}}
	rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			yield(&inventory.Finding{Subject: "zoe", Confidence: "certain", Actions: []inventory.Action{{Kind: "drop-snapshots"}}}, nil)
		}
	}
	if err := Exercise(rep, Options{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	if left := rep.Subjects[0].Rights.Portability.LeftOut; len(left) != 1 || left[0].Why != "backup" {
		t.Errorf("%+v", left)
	}
}

// A report that other programs wrote may hold what none of ours does.
func TestRecountForeignReport(t *testing.T) {
	rep := &inventory.Report{Subjects: []inventory.Subject{{ID: "zoe"}}}
	rep.Findings = func() iter.Seq2[*inventory.Finding, error] {
		return func(yield func(*inventory.Finding, error) bool) {
			yield(&inventory.Finding{Subject: "zoe", Confidence: "certain", Matches: []inventory.Match{{Type: "email", Identifier: -1}}, Actions: []inventory.Action{{Kind: "keep"}}}, nil)
		}
	}
	if err := Recount(rep); err != nil || rep.Subjects[0].Rights.Erasure.Actions["keep"] != 1 {
		t.Errorf("%+v, %v", rep.Subjects[0].Rights, err)
	}
}
