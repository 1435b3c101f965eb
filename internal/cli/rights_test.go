package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

const rightsConfig = `
organisation: {name: Voorbeeld Hosting, contact: privacy@example.be, country: BE}
sources:
  - {name: panel, type: files, path: panel.sql}
  - {name: disk, type: files, path: disk}
activities:
  - id: customers
    role: controller
    controller: {name: Voorbeeld Hosting, contact: privacy@example.be}
    purpose: customer records
    legal_basis: contract
    data_subjects: [customers]
    recipients: [{name: Domain Registry, kind: recipient, country: BE, contact: registry@example.org}, {name: Ticket Cloud, kind: processor, country: US, safeguard: standard contractual clauses}]
    columns:
      - {match: [clients.score], origin: derived}
    covers: ["panel / ** / clients / **"]
  - id: billing
    role: controller
    purpose: invoices
    legal_basis: legal obligation
    retention: {period: P7Y, from: invoices.date}
    covers: ["panel / ** / invoices / **"]
  - id: newsletter
    role: controller
    purpose: newsletter
    legal_basis: consent
    marketing: true
    covers: ["panel / ** / subscribers / **"]
  - id: hosting
    role: processor
    purpose: hosting
    covers: ["disk / home/**"]
    tenant: ["disk / home/{tenant}/**"]
  - id: backups
    role: controller
    purpose: backups
    legal_basis: legitimate interests
    retention: {period: P40D, from: backup, margin: P5D}
    covers: ["disk / backup/**"]
holds:
  - {ground: lawsuit 12, until: 2031-01-01, covers: ["disk / court/**"]}
`

const rightsSubjects = `
subjects:
  - id: zoe
    requests:
      - {id: d-1, type: access, received: 2026-10-31}
      - {id: d-2, type: erasure, received: 2026-11-02, ground: a}
      - {id: d-3, type: rectification, received: 2026-11-02, correct: {address: "Nieuwstraat 9, 3500 Hasselt"}}
    email: zoe@example.be
    name: Zoë Maes
    address: Genutstraat 35, 3740 Bilzen
`

const rightsDump = `CREATE TABLE clients (id INT PRIMARY KEY, name VARCHAR(50), email VARCHAR(50), street VARCHAR(50), postcode VARCHAR(9), city VARCHAR(30), score INT);
INSERT INTO clients VALUES (1,'Zoë Maes','zoe@example.be','Genutstraat 35','3740','Bilzen',7),(2,'Other Body','other@example.org','X 1','1000','Brussel',1);
CREATE TABLE invoices (id INT PRIMARY KEY, email VARCHAR(50), date DATE, total INT);
INSERT INTO invoices VALUES (10,'zoe@example.be','2015-03-01',5),(11,'zoe@example.be','2025-03-01',6);
CREATE TABLE subscribers (id INT PRIMARY KEY, email VARCHAR(50), address VARCHAR(90));
INSERT INTO subscribers VALUES (5,'zoe@example.be','Nieuwstraat 9, 3500 Hasselt');
`

// TestRights answers a request of every kind from what the report says alone.
func TestRights(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", filepath.Join(dir, "state"))
	t.Chdir(dir)
	for name, text := range map[string]string{
		"spoor.yaml": rightsConfig, "zoe.yaml": rightsSubjects, "panel.sql": rightsDump,
		"disk/home/alice/list.txt": "zoe@example.be\n", "disk/backup/shop_" + time.Now().UTC().Add(-24*time.Hour).Format(time.DateOnly) + ".sql": "-- zoe@example.be\n",
		"disk/court/file.txt": "zoe@example.be\n", "disk/misc/a.txt": "zoe@example.be\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scan := func(args ...string) (*inventory.Report, map[string]*inventory.Finding) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(t.Context(), append([]string{"scan", "-q", "-c", "spoor.yaml", "--subject", "zoe.yaml", "-o", "-"}, args...), strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("status %d: %s", code, errs.String())
		}
		validate(t, out.Bytes())
		rep, err := inventory.Load(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]*inventory.Finding{}
		for f, err := range rep.Findings() {
			if err != nil {
				t.Fatal(err)
			}
			x := *f
			at := f.URI[strings.LastIndex(f.URI, "/")+1:]
			if strings.Contains(f.URI, "shop_") {
				at = "backup"
			}
			found[at] = &x
		}
		return rep, found
	}
	rep, found := scan()
	for at, want := range map[string]struct{ activity, action, until string }{
		"clients?id=1":     {"customers", "delete-row", ""},
		"invoices?id=10":   {"billing", "delete-row", ""},
		"invoices?id=11":   {"billing", "keep", "2032-03-01"},
		"subscribers?id=5": {"newsletter", "delete-row", ""},
		"backup":           {"backups", "wait", ""},
		"file.txt":         {"unassigned", "keep", "2031-01-01"},
		"a.txt":            {"unassigned", "delete-file", ""},
	} {
		f := found[at]
		if f == nil {
			t.Errorf("%s: not found", at)
			continue
		}
		a := f.Actions[0]
		kind := a.Kind
		if kind == "review" {
			kind = a.Then // the likely, and what nobody has assigned
		}
		if kind == "rewrite-container" {
			kind = "delete-row" // a row of a dump
		}
		if !slices.Equal(f.Activities, []string{want.activity}) || kind != want.action {
			t.Errorf("%s: activities %v, action %+v", at, f.Activities, a)
		}
		if want.until != "" && (a.Keep == nil || a.Keep.Until == nil || *a.Keep.Until != want.until) {
			t.Errorf("%s: kept %+v, want until %s", at, a.Keep, want.until)
		}
		if want.action == "wait" && (a.GoneBy == nil || *a.GoneBy != time.Now().UTC().Add(44*24*time.Hour).Format(time.DateOnly)) {
			t.Errorf("%s: gone by %v", at, a.GoneBy)
		}
	}
	if len(found) != 7 {
		t.Errorf("%d findings: what is held as processor is among them, or something is missing", len(found))
	}
	left := false
	for _, x := range rep.Exclusions {
		left = left || x.Reason == "no-instruction" && strings.Contains(x.URI, "/home")
	}
	if !left {
		t.Errorf("exclusions %+v", rep.Exclusions)
	}
	s := rep.Subjects[0]
	// A month after 31 October is 30 November; after 2 November, 2 December.
	if s.Requests[0].Due != "2026-11-30" || s.Requests[1].Due != "2026-12-02" || s.Requests[1].Ground == "" {
		t.Errorf("requests %+v", s.Requests)
	}
	r := s.Rights
	if r == nil {
		t.Fatal("no views")
	}
	var portable, resting []string
	for _, a := range r.Portability.Included {
		portable = append(portable, a.Activity)
		if slices.Contains(a.Fields, "score") {
			t.Error("derived data are portable")
		}
	}
	for _, a := range r.Objection.Activities {
		resting = append(resting, a.Activity+" "+a.Effect)
	}
	slices.Sort(portable)
	if !slices.Equal(portable, []string{"customers", "newsletter"}) || len(resting) < 2 || resting[0] != "newsletter stop" {
		t.Errorf("portable %v, objection %v", portable, resting)
	}
	if r.Access.Complaint == nil || len(r.Access.Activities) < 4 {
		t.Errorf("access %+v", r.Access)
	}
	var told []string
	for _, n := range r.Notifications {
		told = append(told, n.Name)
	}
	slices.Sort(told)
	if !slices.Equal(told, []string{"Domain Registry", "Ticket Cloud"}) {
		t.Errorf("to be told: %v", told)
	}
	if len(r.Rectification.Correct) != 1 || r.Rectification.Correct[0].Change != 1 || r.Rectification.Correct[0].Right != 1 {
		t.Errorf("rectification %+v", r.Rectification.Correct)
	}

	rep, found = scan("--instruction", "DPA-7")
	f := found["list.txt"]
	if f == nil || f.Tenant == nil || *f.Tenant != "alice" || len(rep.Subjects[0].Rights.AsProcessor) != 1 || rep.Subjects[0].Rights.AsProcessor[0].Findings.All() != 1 {
		t.Errorf("under an instruction: %+v", f)
	}
	for _, a := range rep.Subjects[0].Rights.Access.Activities {
		if a.Activity == "hosting" {
			t.Error("what is held as processor stands in the controller's answer")
		}
	}
}
