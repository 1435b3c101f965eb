package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/testenv"
)

// A provider is an invented host whose roles differ from place to place: its own
// control panel and mailbox, and databases, mailboxes and folders of customers.
type provider struct {
	db   *testenv.MariaDB
	mail *testenv.Dovecot
	dir  string
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	h := &provider{db: testenv.NewMariaDB(t), dir: t.TempDir()}
	h.db.Exec(t,
		"CREATE DATABASE cp CHARACTER SET utf8mb4", "CREATE DATABASE cust1_wp CHARACTER SET utf8mb4",
		"CREATE TABLE cp.clients (id INT PRIMARY KEY, firstname VARCHAR(50), lastname VARCHAR(50), email VARCHAR(100), street VARCHAR(80), postcode VARCHAR(10), city VARCHAR(50), phone VARCHAR(30), newsletter VARCHAR(10), risk_score INT)",
		"INSERT INTO cp.clients VALUES (1,'Zoë','Van den Broeck','zoe@example.be','Oude Baan 1','3500','Hasselt','','yes',77), (2,'Bob','Pieters','bob@example.org','Kerkstraat 2','3000','Leuven','',NULL,3)",
		"CREATE TABLE cp.invoices (id INT PRIMARY KEY, client_id INT, email VARCHAR(100), address VARCHAR(200), issued DATE, FOREIGN KEY (client_id) REFERENCES cp.clients (id))",
		"INSERT INTO cp.invoices VALUES (10,1,'zoe@example.be','Genutstraat 35, 3740 Bilzen',CURDATE() - INTERVAL 1 YEAR), (11,1,'zoe@example.be','Oude Baan 1, 3500 Hasselt','2009-03-04')",
		"CREATE TABLE cust1_wp.wp_users (ID INT PRIMARY KEY, user_login VARCHAR(60), user_email VARCHAR(100))",
		"INSERT INTO cust1_wp.wp_users VALUES (7,'zoe','zoe@example.be'), (8,'bob','bob@example.org')",
		"SET GLOBAL log_output='TABLE'", "SET GLOBAL general_log=1")
	h.mail = &testenv.Dovecot{Users: map[string]string{"support": "supportpw", "info@cust1.example": "infopw"}, Master: "spoor", MasterPassword: "masterpw"}
	plain := "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	h.mail.Deliver(t, "support", "", "S", []byte(message("Zoe <"+zoeMail+">", "Ticket", plain+"hello\r\n")))
	h.mail.Deliver(t, "info@cust1.example", "", "S", []byte(message("Zoe <"+zoeMail+">", "Order", plain+"to the shop\r\n")))
	h.mail.Start(t)
	for name, b := range map[string]string{
		"www/cust1/orders.txt": "order of " + zoeMail + "\n",
		"own/list.txt":         "newsletter: " + zoeMail + "\n",
		"host.tar":             string(tarOf(t, "etc/aliases", "root: "+zoeMail+"\n", "var/www/cust1/orders.txt", "order of "+zoeMail+"\n")),
	} {
		name = filepath.Join(h.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *provider) config(t *testing.T, more string) string {
	t.Helper()
	dir := t.TempDir()
	pw := filepath.Join(dir, "imap")
	if err := os.WriteFile(pw, []byte("masterpw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "spoor.yaml")
	b := fmt.Sprintf(`%s
organisation: {name: Voorbeeld Hosting, dpo: dpo@example.org, country: BE}
sources:
  - {name: databases, type: mysql, uri: "mysql://root@%s/"}
  - {name: support, type: imap, uri: "imap://support*spoor@127.0.0.1:%d/", password_file: %q}
  - {name: hosted-mail, type: imap, uri: "imap://info%%40cust1.example*spoor@127.0.0.1:%d/", password_file: %q}
  - {name: files, type: files, path: %q}
activities:
  - id: customers
    role: controller
    purpose: running the accounts
    legal_basis: contract
    retention: {period: P2Y, from: invoices.issued}
    recipients: [{name: Bookkeeper, kind: processor, contact: gdpr@bookkeeper.example}]
    covers: [databases / cp, support]
    columns: [{match: clients.risk_score, origin: derived}]
  - id: billing
    role: controller
    purpose: bookkeeping
    legal_basis: legal obligation
    retention: {period: P10Y, from: invoices.issued}
    covers: databases / cp / invoices
  - {id: marketing, role: controller, purpose: newsletter, legal_basis: consent, marketing: true, covers: [files / own, databases / cp / clients / newsletter]}
  - id: hosting
    role: processor
    controller: {name: our customers}
    tenant: ["/var/www/{tenant}/**", "files / www / {tenant}", "databases / {tenant}_*", "hosted-mail / *@{tenant}"]
    covers: ["databases / *_wp", hosted-mail, files / www, "/var/www/**"]
  - {id: backups, role: controller, purpose: restoring, legal_basis: legitimate interests, retention: {period: P40D, from: backup, margin: P7D}, covers: "files / *.tar"}
`, more, h.db.Addr(), h.mail.Port, pw, h.mail.Port, pw, h.dir)
	if err := os.WriteFile(name, []byte(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const hostSubjects = `
subjects:
  - id: zoe
    email: zoe@example.be
    name: Zoë Van den Broeck
    requests:
      - {id: r1, type: access, received: 2026-11-02%s}
      - {id: r2, type: rectification, received: 2026-11-02, correct: {address: "Genutstraat 35, 3740 Bilzen", phone: "+32 470 12 34 56"}}
  - id: bob
    email: bob@example.org
`

func (h *provider) scan(t *testing.T, config, instruction string, args ...string) (*inventory.Report, map[string]*inventory.Finding) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), append([]string{"scan", "-q", "-c", config, "--subject", "-", "-o", out}, args...),
		strings.NewReader(fmt.Sprintf(hostSubjects, instruction)), &stdout, &stderr)
	b, err := os.ReadFile(out)
	if err != nil || status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	validate(t, b)
	for _, raw := range []string{"Oude Baan", "Bilzen", "Hasselt", "470 12", "Kerkstraat"} {
		if bytes.Contains(b, []byte(raw)) {
			t.Errorf("the report holds the raw value %q", raw)
		}
	}
	rep, err := inventory.Load(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*inventory.Finding{}
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"cp/clients", "cp/invoices?id=10", "cp/invoices?id=11", "wp_users", "support@", "info%40cust1", "host.tar!/etc", "host.tar!/var", "/www/cust1/orders", "own/list.txt"} {
			if strings.Contains(f.URI, part) && (part != "/www/cust1/orders" || !strings.Contains(f.URI, "!")) {
				found[f.Subject+" "+part] = f
			}
		}
	}
	for _, s := range rep.Sources {
		if !s.Coverage.Closes() {
			t.Errorf("%s: the ledger does not close: %+v", s.Name, s.Coverage)
		}
	}
	return rep, found
}

// asked counts the statements that read a table of the customer.
func (h *provider) asked(t *testing.T) int {
	t.Helper()
	var n int
	err := h.db.Admin.QueryRow("SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Query','Execute','Prepare') AND argument LIKE '%FROM%wp\\_users%' AND argument NOT LIKE '%general_log%'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRolesApart(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	h := newProvider(t)
	hosted := []string{"wp_users", "info%40cust1", "/www/cust1/orders", "host.tar!/var"}
	own := []string{"cp/clients", "cp/invoices?id=10", "support@", "host.tar!/etc", "own/list.txt"}

	t.Run("without an instruction", func(t *testing.T) {
		rep, found := h.scan(t, h.config(t, ""), "")
		for _, p := range own {
			if found["zoe "+p] == nil {
				t.Errorf("not found: %s", p)
			}
		}
		for _, p := range hosted {
			if found["zoe "+p] != nil {
				t.Errorf("found without an instruction: %s", p)
			}
		}
		var lines []string
		for _, x := range rep.Exclusions {
			if x.Reason == "no-instruction" {
				lines = append(lines, fmt.Sprintf("%s %d", x.Source, x.Units))
			}
		}
		if got, want := strings.Join(lines, ", "), "databases 1, databases 2, files 1, files 1, hosted-mail 1"; got != want {
			t.Errorf("exclusions: %s, want %s", got, want)
		}
		for _, s := range rep.Sources {
			if want := map[string]int64{"databases": 3, "files": 2, "hosted-mail": 1}[s.Name]; s.Coverage.Units.Excluded != want {
				t.Errorf("%s: %+v, want %d excluded", s.Name, s.Coverage.Units, want)
			}
		}
		if n := h.asked(t); n > 0 {
			t.Errorf("the customer's table was read by %d statements", n)
		}
		r := rep.Subjects[0].Rights
		if len(r.NotSearched) != 5 || len(r.AsProcessor) != 0 {
			t.Errorf("not searched: %+v, as processor: %+v", r.NotSearched, r.AsProcessor)
		}
	})
	for name, c := range map[string]struct {
		config, request string
		args            []string
		bob             bool
	}{
		"of the run":           {args: []string{"--instruction", "ORDER-7"}, bob: true},
		"of the configuration": {config: "instruction: ORDER-7", bob: true},
		"of the request":       {request: ", instruction: ORDER-7"},
	} {
		t.Run("under an instruction "+name, func(t *testing.T) {
			rep, found := h.scan(t, h.config(t, c.config), c.request, c.args...)
			for p, tenant := range map[string]string{"wp_users": "cust1", "info%40cust1": "cust1.example", "/www/cust1/orders": "cust1", "host.tar!/var": "cust1"} {
				f := found["zoe "+p]
				if f == nil || f.Tenant == nil || *f.Tenant != tenant || f.Activities[0] != "hosting" {
					t.Errorf("%s: %+v", p, f)
				}
			}
			if got := found["bob wp_users"] != nil; got != c.bob {
				t.Errorf("bob is found in the customer's table: %v", got)
			}
			r := rep.Subjects[0].Rights
			if len(r.AsProcessor) != 2 || r.AsProcessor[0].Instruction != "ORDER-7" || r.AsProcessor[0].Tenant != "cust1" {
				t.Errorf("as processor: %+v", r.AsProcessor)
			}
			for _, a := range r.Access.Activities {
				if a.Role == "processor" {
					t.Errorf("the controller's answer holds %+v", a)
				}
			}
			if bob := rep.Subjects[1].Rights; c.bob != (len(bob.NotSearched) == 0) || c.bob != (len(bob.AsProcessor) > 0) {
				t.Errorf("bob: not searched %+v, as processor %+v", bob.NotSearched, bob.AsProcessor)
			}
		})
	}
}

func TestRightsOfProvider(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	h := newProvider(t)
	rep, found := h.scan(t, h.config(t, "holds: [{ground: lawsuit, until: 2199-01-01, covers: [files / own]}]"), "")
	year := func(from string, n int) string {
		d, err := time.Parse(time.DateOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		return d.AddDate(n, 0, 0).Format(time.DateOnly)
	}
	issued := found["zoe cp/invoices?id=10"].Retention[0].Since
	first := func(p string) inventory.Action { return found["zoe "+p].Actions[0] }

	if a := first("cp/invoices?id=10"); a.Kind != "keep" || a.Keep.Kind != "legal-obligation" || *a.Keep.Until != year(issued, 10) || a.Then != "delete-row" {
		t.Errorf("an invoice of last year: %+v %+v", a, a.Keep)
	}
	if a := first("cp/invoices?id=11"); a.Kind != "delete-row" || a.Keep != nil {
		t.Errorf("an invoice whose retention has ended: %+v", a)
	}
	f := found["zoe cp/clients"]
	if a := f.Actions[0]; a.Kind != "keep" || a.Keep.Kind != "retention" || *a.Keep.Until != year(issued, 2) || f.Retention[0].Whose != "subject" {
		t.Errorf("a customer with an invoice: %+v %+v", a, f.Retention)
	}
	if len(f.Actions) != 2 || f.Actions[1].Kind != "null-columns" || strings.Join(f.Actions[1].Fields, " ") != "newsletter" || f.Actions[1].If["row-hmac"] == "" {
		t.Errorf("what rests on consent in it: %+v", f.Actions)
	}
	if a := first("own/list.txt"); a.Kind != "keep" || a.Keep.Kind != "hold" || len(a.BlockedBy) != 1 || a.Then != "delete-file" {
		t.Errorf("under a legal hold: %+v", a)
	}
	gone := time.Now().UTC().AddDate(0, 0, 47).Format(time.DateOnly)
	if a := first("host.tar!/etc"); a.Kind != "wait" || a.GoneBy == nil || *a.GoneBy != gone || a.Sooner == nil || a.Sooner.Kind != "rewrite-container" {
		t.Errorf("in a backup of today: %+v, want gone by %s", a, gone)
	}

	r := rep.Subjects[0].Rights
	if r.Erasure.GoneBy != gone || len(r.Erasure.Keep) != 3 || r.Erasure.Actions["keep"] != 4 {
		t.Errorf("erasure: %+v", r.Erasure)
	}
	states := map[string]string{}
	for _, c := range f.Corrections {
		states[c.Attribute] = c.State
	}
	if states["address"] != "change" || states["phone"] != "complete" {
		t.Errorf("corrections of the customer: %+v", f.Corrections)
	}
	for _, a := range r.Rectification.Attributes {
		if a.Attribute == "address" && (!a.Differs || len(a.Values) != 2 || a.Values[0].Findings != 2 || *a.Values[0].Right || !*a.Values[1].Right) {
			t.Errorf("addresses: %+v", a)
		}
	}
	if o := r.Objection.Activities; len(o) < 1 || o[0].Activity != "marketing" || o[0].Effect != "stop" {
		t.Errorf("objection: %+v", o)
	}
	if n := r.Notifications; len(n) != 1 || n[0].Name != "Bookkeeper" || n[0].Kind != "processor" || n[0].Findings != 2 {
		t.Errorf("notifications: %+v", n)
	}
	if q := rep.Subjects[0].Requests[0]; q.Due != "2026-12-02" || q.DaysLeft == nil {
		t.Errorf("request: %+v", q)
	}
	left := map[string]string{}
	for _, l := range r.Portability.LeftOut {
		left[l.Activity+" "+l.Why] = strings.Join(l.Fields, " ")
	}
	if left["customers derived"] != "risk_score" {
		t.Errorf("left out of the copy: %+v", r.Portability.LeftOut)
	}
}
