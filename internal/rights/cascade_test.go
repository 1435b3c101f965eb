package rights

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

// TestCascade has somebody look at deletions that take rows with them that stay.
func TestCascade(t *testing.T) {
	row := func(id, table, activity string, parents ...string) inventory.Finding {
		f := inventory.Finding{
			ID: id, Subject: "zoe", Source: "db", Place: "shop / " + table + " / row", Confidence: "certain", Activities: []string{activity},
			Locator: json.RawMessage(fmt.Sprintf(`{"type":"mysql","schema":"shop","table":%q}`, table)),
			Actions: []inventory.Action{{Kind: "delete-row", Target: "x:" + id, BlockedBy: []string{}}},
		}
		for _, p := range parents {
			f.Evidence = append(f.Evidence, fmt.Sprintf("shop.t (finding %s) → shop.%s.id", p, table))
		}
		return f
	}
	invoice := func(id, issued, until string, parents ...string) inventory.Finding {
		f := row(id, "invoices", "billing", parents...)
		f.Retention = []inventory.Kept{{Activity: "billing", Clock: "invoices.issued", Since: issued, Until: until}}
		f.Actions[0].Cascades = []string{"shop.lines"}
		return f
	}
	customer := row("customer", "clients", "customers")
	customer.Actions[0].Cascades = []string{"shop.invoices", "shop.lines"}
	other := row("other", "clients", "customers")
	other.Subject = "bob"
	other.Actions[0].Cascades = []string{"shop.invoices", "shop.lines"}
	thread := row("thread", "threads", "customers")
	thread.Actions[0].Cascades = []string{"shop.posts"}
	post := row("post", "posts", "customers", "thread")
	post.Confidence, post.Actions[0].Kind, post.Actions[0].Then = "possible", "review", "delete-row"
	list := []inventory.Finding{
		customer, other, thread, post,
		invoice("old", "2009-03-04", "2019-03-04", "customer"), row("old-line", "lines", "billing", "customer", "old"),
		invoice("new", "2026-03-04", "2036-03-04", "customer"), row("new-line", "lines", "billing", "customer", "new"),
	}
	rep := &inventory.Report{
		Subjects: []inventory.Subject{{ID: "zoe"}, {ID: "bob"}},
		Activities: []inventory.Activity{
			{ID: "customers", Role: "controller", LegalBasis: text("consent")},
			{ID: "billing", Role: "controller", LegalBasis: text("legal obligation"), Retention: &inventory.Retention{Period: "P10Y", From: "invoices.issued"}},
		},
		Findings: fresh(list),
	}
	if err := Exercise(rep, Options{Now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"customer": "review", "other": "delete-row", "thread": "review", "post": "review",
		"old": "delete-row", "old-line": "delete-row", "new": "keep", "new-line": "keep",
	}
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if a := f.Actions[0]; a.Kind != want[f.ID] {
			t.Errorf("%s: %s %q, want %s", f.ID, a.Kind, a.Reasons, want[f.ID])
		}
		if f.ID == "customer" && !slices.Equal(f.Actions[0].Reasons, []string{"the database would delete rows of shop.invoices, shop.lines with it that are to stay"}) {
			t.Errorf("reasons %q", f.Actions[0].Reasons)
		}
	}
}
