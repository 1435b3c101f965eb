package cli

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/internal/verify"
	"github.com/spoor-scan/spoor/reports"
)

// An estate is a small host on real servers: a control panel's database, a
// mailbox, a bucket and a folder of backups.
type estate struct {
	db      *testenv.MariaDB
	mail    *testenv.Dovecot
	s3      *testenv.Versitygw
	backups string
	want    []string // patterns of the URIs of all planted occurrences
}

const zoeMail = "zoe@example.be"

func other(i int) string { return fmt.Sprintf("client%d@example.org", i) }

func gz(t *testing.T, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zipOf(t *testing.T, name string, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func tarOf(t *testing.T, members ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: members[i], Mode: 0o600, Size: int64(len(members[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func message(from, subject, body string) string {
	return fmt.Sprintf("From: %s\r\nTo: support@example.org\r\nSubject: %s\r\nDate: Mon, 2 Nov 2026 09:00:00 +0100\r\nMessage-ID: <%d@example.org>\r\nMIME-Version: 1.0\r\n%s",
		from, subject, rand.Uint64(), body)
}

func attachment(name string, b []byte) string {
	return "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n--=_b\r\nContent-Type: application/octet-stream; name=\"" + name +
		"\"\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		regexp.MustCompile(".{1,76}").ReplaceAllString(base64.StdEncoding.EncodeToString(b), "$0\r\n") + "--=_b--\r\n"
}

func dump(rows ...string) string {
	return "-- MariaDB dump 10.19\nUSE `cp`;\nCREATE TABLE `clients` (\n  `id` int(11) NOT NULL,\n  `email` varchar(100) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\nINSERT INTO `clients` VALUES\n" +
		strings.Join(rows, ",\n") + ";\n-- Dump completed on 2026-11-02\n"
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{db: testenv.NewMariaDB(t), s3: testenv.NewVersitygw(t), backups: t.TempDir()}
	expect := func(pattern string) { e.want = append(e.want, pattern) }

	// The database: the first and the last row, every kind of column, a table
	// without a key, a compressed cell, a definition.
	e.db.Exec(t,
		"CREATE DATABASE cp", "CREATE DATABASE shop CHARACTER SET latin1",
		"CREATE TABLE cp.clients (id INT PRIMARY KEY, firstname VARCHAR(50), lastname VARCHAR(50), email VARCHAR(100), phone VARCHAR(30), note LONGTEXT) CHARACTER SET utf8mb4",
		"CREATE TABLE cp.log (line TEXT)", "CREATE TABLE cp.files (name VARCHAR(50) PRIMARY KEY, content LONGBLOB)",
		"CREATE VIEW cp.vip AS SELECT * FROM cp.clients WHERE email='"+zoeMail+"'",
		"CREATE TABLE cp.invoices (id INT PRIMARY KEY, client INT, FOREIGN KEY (client) REFERENCES cp.clients (id))",
		"CREATE TABLE cp.invoice_lines (invoice INT, what VARCHAR(50), FOREIGN KEY (invoice) REFERENCES cp.invoices (id))",
		"CREATE TABLE shop.orders (a INT, b VARCHAR(20) COLLATE latin1_swedish_ci, who VARCHAR(100), PRIMARY KEY (a,b))",
	)
	zoes := map[int]bool{1: true, 2500: true, 6000: true}
	for from := 1; from <= 6000; from += 500 {
		var rows []string
		for id := from; id < from+500; id++ {
			mail := other(id)
			if zoes[id] {
				mail = "Zoe@Example.be"
				expect(fmt.Sprintf(`^mysql://127\.0\.0\.1:\d+/cp/clients\?id=%d$`, id))
			}
			rows = append(rows, fmt.Sprintf("(%d,'First%d','Last%d','%s','+3247000%04d',NULL)", id, id, id, mail, id))
		}
		e.db.Exec(t, "INSERT INTO cp.clients VALUES "+strings.Join(rows, ","))
	}
	e.db.Exec(t, "UPDATE cp.clients SET firstname='Zoë', lastname='Van den Broeck', phone='0470/12.34.56', email='z@example.net' WHERE id=77",
		"INSERT INTO cp.log VALUES ('login of "+zoeMail+"'),('login of nobody'),('login of "+zoeMail+"')",
		"INSERT INTO shop.orders VALUES (1,'x','Zo\u00eb Van den Broeck'),(1,'y/z','azoe@example.be'),(2,'é&=','<"+zoeMail+">')")
	if _, err := e.db.Admin.Exec("INSERT INTO cp.files VALUES ('a.gz', ?)", gz(t, []byte("in a cell: "+zoeMail))); err != nil {
		t.Fatal(err)
	}
	// Rows that say nothing of her, but that a key ties to her: by one step, and
	// by two.
	e.db.Exec(t, "INSERT INTO cp.invoices VALUES (1,2500),(2,2501),(3,2500)", "INSERT INTO cp.invoice_lines VALUES (1,'hosting'),(2,'domain'),(3,'hosting')")
	expect(`/cp/invoices\?id=1$`)
	expect(`/cp/invoices\?id=3$`)
	expect(`/cp/invoice_lines\?row-hmac=[0-9a-f]{32}$`)
	expect(`/cp/invoice_lines\?row-hmac=[0-9a-f]{32}$`)
	expect(`/cp/clients\?id=77$`)
	expect(`/cp/log\?row-hmac=[0-9a-f]{32}$`)
	expect(`/cp/log\?row-hmac=[0-9a-f]{32}&n=2$`)
	expect(`/cp/files\?name=a\.gz!/content$`)
	expect(`/cp/vip#definition$`)
	expect(`/shop/orders\?a=1&b=x$`)
	expect(`/shop/orders\?a=2&b=%C3%A9%26%3D$`)

	// The mailbox.
	e.mail = &testenv.Dovecot{Users: map[string]string{"support": "supportpw", "bob": "bobpw"}, Master: "spoor", MasterPassword: "masterpw"}
	plain := "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	for i := range 1200 {
		e.mail.Deliver(t, "support", "", "S", []byte(message(other(i), "Ticket", plain+"nothing here\r\n")))
	}
	for i, m := range []string{
		message("Zoe <"+zoeMail+">", "From her", plain+"hello\r\n"),
		message(other(1), "Body", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString([]byte("write to "+zoeMail+" soon"))+"\r\n"),
		message(other(2), "QP", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nZo=C3=AB Van den =\r\nBroeck, Genutstraat 35\r\n"),
		message(other(3), "Zip", attachment("list.zip", zipOf(t, "list.csv", []byte("name;mail\nZ;"+zoeMail+"\n")))),
		message(other(4), "Forward", "Content-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\nContent-Type: text/plain\r\n\r\nfwd\r\n--f\r\nContent-Type: message/rfc822\r\n\r\n"+
			message("a@example.org", "inner", attachment("note.txt", []byte("from "+zoeMail)))+"\r\n--f--\r\n"),
	} {
		folder := ""
		if i%2 == 1 {
			folder = ".Archief.2024 & ouder"
		}
		e.mail.Deliver(t, "support", strings.ReplaceAll(folder, "&", "&-"), "S", []byte(m))
	}
	e.mail.Start(t)
	expect(`^imap://support@127\.0\.0\.1:\d+/INBOX;UIDVALIDITY=\d+/;UID=1201$`)
	expect(`^imap://support@127\.0\.0\.1:\d+/Archief.2024%20&%20ouder;UIDVALIDITY=\d+/;UID=1$`)
	expect(`/INBOX;UIDVALIDITY=\d+/;UID=1202$`)
	expect(`/Archief.2024%20&%20ouder;UIDVALIDITY=\d+/;UID=2/;SECTION=2!/list\.csv#row=2$`)
	expect(`/INBOX;UIDVALIDITY=\d+/;UID=1203/;SECTION=2\.2$`)

	// The object store: more keys than a listing's page holds.
	put := func(key string, b []byte) {
		name := filepath.Join(e.s3.Data, "uploads", filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1500 {
		put(fmt.Sprintf("logs/%04d.txt", i), []byte(other(i)+"\n"))
	}
	put("logs/1499.txt", []byte(zoeMail))
	put("users/"+zoeMail+"/avatar.bin", []byte{0, 1, 2})
	put("site.tar.gz", gz(t, tarOf(t, "var/www/index.html", "<p>hi", "var/mail/1.eml", message(zoeMail, "x", plain+"y\r\n"))))
	put("dumps/cp.sql.gz", gz(t, []byte(dump("(1,'a@example.org')", "(4711,'"+zoeMail+"')"))))
	expect(`^s3://uploads/logs/1499\.txt`)
	expect(`^s3://uploads/users/zoe@example\.be/avatar\.bin`)
	expect(`^s3://uploads/site\.tar\.gz(\?versionId=[^!]*)?!/var/mail/1\.eml$`)
	expect(`^s3://uploads/dumps/cp\.sql\.gz(\?versionId=[^#]*)?#/cp/clients\?id=4711$`)

	// The backups: nested, and one that can't be read.
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(e.backups, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("nightly.tar", tarOf(t, "db/cp.sql", dump("(9,'"+zoeMail+"')"), "home.zip", string(zipOf(t, "a/b.txt", []byte(strings.Repeat("x", 300000)+" "+zoeMail)))))
	write("last-byte.txt", []byte(strings.Repeat("y\n", 200000)+zoeMail))
	locked := zipOf(t, "secret.txt", []byte("whatever"))
	locked[6] |= 1 // the local header's flag of encryption ...
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1
	write("locked.zip", locked)
	expect(`^file://.*/nightly\.tar!/db/cp\.sql#/cp/clients\?id=9$`)
	expect(`^file://.*/nightly\.tar!/home\.zip!/a/b\.txt$`)
	expect(`^file://.*/last-byte\.txt$`)
	return e
}

// config writes a configuration that reaches the estate, through proxies where
// an address is given.
func (e *estate) config(t *testing.T, db, mail, s3 string) string {
	t.Helper()
	dir := t.TempDir()
	file := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	return file("spoor.yaml", fmt.Sprintf(`
sources:
  - {name: controlpanel, type: mysql, uri: "mysql://root@%s/", timeout: 3s}
  - {name: mailboxes, type: imap, uri: "imap://support*spoor@%s/", password_file: %q, timeout: 3s}
  - {name: uploads, type: s3, uri: "s3://", endpoint: "http://%s", region: %s, access_key_id: %s, password_file: %q, timeout: 3s}
  - {name: backups, type: files, path: %q}
activities:
  - {id: customers, role: controller, purpose: customer records, legal_basis: contract, covers: ["controlpanel", "backups"]}
  - {id: hosting, role: processor, instruction: "order 7", covers: ["uploads"]}
`, db, mail, file("imap", "masterpw\n"), s3, e.s3.Region, e.s3.Key, file("s3", e.s3.Secret), e.backups))
}

const zoeYAML = `
subjects:
  - id: person-0042
    request: {id: dsr-2026-0042, type: access, received: 2026-11-02}
    name: Zoë Van den Broeck
    email: zoe@example.be
    phone: "+32 470 12 34 56"
    address: Genutstraat 35, 3740 Bilzen
  - id: person-0043
    email: nobody-at-all@example.be
`

// scan runs a scan and returns its exit status and report.
func scan(t *testing.T, config string) (int, *inventory.Report, []*inventory.Finding) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), []string{"scan", "-q", "-c", config, "--subject", "-", "-o", out, "-o", strings.TrimSuffix(out, ".json") + ".html"},
		strings.NewReader(zoeYAML), &stdout, &stderr)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("status %d, no report: %s", status, stderr.String())
	}
	validate(t, b)
	rep, err := inventory.Load(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var findings []*inventory.Finding
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		findings = append(findings, f)
	}
	for _, s := range rep.Sources {
		if !s.Coverage.Closes() {
			t.Errorf("%s: the ledger does not close: %+v", s.Name, s.Coverage)
		}
	}
	if (rep.Run.Status == "complete") != (len(rep.Gaps) == 0) {
		t.Errorf("status %s with %d gaps", rep.Run.Status, len(rep.Gaps))
	}
	return status, rep, findings
}

func validate(t *testing.T, report []byte) {
	t.Helper()
	if err := testenv.Valid(reports.Schema(), report); err != nil {
		t.Errorf("the report does not fit its schema: %v", err)
	}
}

func TestEstate(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	e := newEstate(t)
	config := e.config(t, e.db.Addr(), fmt.Sprintf("127.0.0.1:%d", e.mail.Port), e.s3.Addr)
	status, rep, findings := scan(t, config)

	t.Run("every planted occurrence and nothing else", func(t *testing.T) {
		left := append([]string{}, e.want...)
		for _, f := range findings {
			found := false
			for i, p := range left {
				if regexp.MustCompile(p).MatchString(f.URI) {
					left = append(left[:i], left[i+1:]...)
					found = true
					break
				}
			}
			if !found {
				t.Errorf("not expected: %s %s", f.Confidence, f.URI)
			}
			if f.Subject != "person-0042" {
				t.Errorf("%s: about %s", f.URI, f.Subject)
			}
			if strings.Contains(f.Place, "zoe") {
				t.Errorf("place with an identifier: %s", f.Place)
			}
		}
		for _, p := range left {
			t.Errorf("missing: %s", p)
		}
	})
	t.Run("the gap is named", func(t *testing.T) {
		if status != exitIncomplete || len(rep.Gaps) != 1 || rep.Gaps[0].Reason != "encrypted" || !strings.Contains(rep.Gaps[0].URI, "locked.zip!/secret.txt") {
			t.Errorf("status %d, gaps %+v", status, rep.Gaps)
		}
	})
	t.Run("counts", func(t *testing.T) {
		found := map[string]int64{}
		for _, s := range rep.Sources {
			found[s.Name] = s.Coverage.Units.Found
		}
		// The messages, and what is inside them: a zip, its list, a message, its note.
		if found["mailboxes"] != 1205+4 {
			t.Errorf("mailboxes: %d units found, want 1209", found["mailboxes"])
		}
		if found["controlpanel"] < 6000+3+1+3+1 {
			t.Errorf("controlpanel: %d units found", found["controlpanel"])
		}
		if found["uploads"] != 1503+2 {
			t.Errorf("uploads: %d units found, want 1505", found["uploads"])
		}
		if found["backups"] != 3+2+1+1 {
			t.Errorf("backups: %d units found, want 7", found["backups"])
		}
	})
	t.Run("survey", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "survey.json")
		var stdout, stderr bytes.Buffer
		got := Run(t.Context(), []string{"survey", "-q", "-c", config, "-o", out, "-o", strings.TrimSuffix(out, ".json") + ".html"}, strings.NewReader(""), &stdout, &stderr)
		b, err := os.ReadFile(out)
		if err != nil || got != status {
			t.Fatalf("status %d, want %d: %v %s", got, status, err, stderr.String())
		}
		validate(t, b)
		s, err := inventory.Load(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for i, src := range s.Sources {
			scanned := rep.Sources[i].Coverage
			if src.Name == "controlpanel" {
				// The server's own tables of statistics go on changing.
				if src.Coverage.Units.Found != src.Coverage.Units.Scanned || src.Coverage.Bytes.Found != src.Coverage.Bytes.Scanned {
					t.Errorf("controlpanel: the survey covers %+v", src.Coverage)
				}
				continue
			}
			if src.Coverage != scanned {
				t.Errorf("%s: the survey covers %+v, the scan %+v", src.Name, src.Coverage, scanned)
			}
		}
		kinds := map[string]string{"controlpanel": "table definitions", "mailboxes": "mailbox", "uploads": "prefix", "backups": "folder"}
		for _, p := range s.Survey.Places {
			if !strings.Contains(kinds[p.Source], p.Kind) || p.URI == "" || p.Place == "" {
				t.Errorf("place %+v", p)
			}
			if strings.Contains(p.Place, "zoe") {
				t.Errorf("place with an identifier: %s", p.Place)
			}
		}
		var email, definitions bool
		for _, e := range s.Survey.Entries {
			if strings.HasSuffix(e.URI, "/cp/clients") && e.Field == "email" && e.Detector == "email" && e.Kind == "table" {
				email = e.Units == 6000 && e.Of == 6000
			}
			definitions = definitions || e.Kind == "definitions" && e.Detector == "email"
		}
		if !email || !definitions {
			t.Errorf("the addresses of clients are counted: %v; those in definitions: %v", email, definitions)
		}
	})
	t.Run("confidence", func(t *testing.T) {
		for _, f := range findings {
			want := "certain"
			switch {
			case strings.Contains(f.URI, "orders?a=1&b=x"):
				want = "possible"
			case strings.HasSuffix(f.URI, "UID=1202"):
				want = "likely"
			case strings.Contains(f.URI, "/invoice"):
				if f.Relation != "linked" || len(f.Evidence) == 0 || len(f.Matches) != 0 {
					t.Errorf("%s: %s, evidence %q", f.URI, f.Relation, f.Evidence)
				}
			}
			if f.Confidence != want {
				t.Errorf("%s: %s (%s), want %s", f.URI, f.Confidence, f.Why, want)
			}
		}
	})
	t.Run("verified at once, everything is present", func(t *testing.T) {
		dir := t.TempDir()
		report, subject := filepath.Join(dir, "report.json"), filepath.Join(dir, "subject.yaml")
		if err := os.WriteFile(subject, []byte(zoeYAML), 0o600); err != nil {
			t.Fatal(err)
		}
		var errw bytes.Buffer
		Run(t.Context(), []string{"scan", "-q", "-c", config, "--subject", subject, "-o", report}, strings.NewReader(""), io.Discard, &errw)
		for what, more := range map[string][]string{"with the subject": {"--subject", subject}, "without": nil} {
			var out bytes.Buffer
			Run(t.Context(), append([]string{"verify", report, "-q", "-c", config, "-o", "-"}, more...), strings.NewReader(""), &out, &errw)
			var v struct {
				Findings []verify.Result
				New      []verify.New
			}
			if err := json.Unmarshal(out.Bytes(), &v); err != nil || len(v.Findings) != len(findings) || len(v.New) > 0 {
				t.Fatalf("%s: %d findings, new %+v, %v: %s", what, len(v.Findings), v.New, err, errw.String())
			}
			for _, r := range v.Findings {
				if r.State != verify.Present || r.Locator != verify.There || !strings.Contains(r.Why, "as it was") {
					t.Errorf("%s: %s is %s (%s): %s", what, r.URI, r.State, r.Locator, r.Why)
				}
			}
		}
	})
	t.Run("every URI leads to the record", func(t *testing.T) {
		for _, f := range findings {
			var out, errw bytes.Buffer
			if status := Run(t.Context(), []string{"cat", "-c", config, f.URI}, strings.NewReader(""), &out, &errw); status != 0 {
				t.Errorf("cat %s: status %d: %s", f.URI, status, errw.String())
				continue
			}
			text := strings.ToLower(out.String() + f.URI)
			ok := f.Relation == "linked"
			for _, s := range []string{zoeMail, "zoë", "zo=c3=ab", "em9lqgv4yw1wbguuymu", base64At2("zoe@example.be")} {
				ok = ok || strings.Contains(text, strings.ToLower(s))
			}
			if !ok && !strings.Contains(f.URI, ";UID=2$") && !strings.HasSuffix(f.URI, "UID=1") {
				t.Errorf("cat %s: does not show the person: %.200q", f.URI, out.String())
			}
		}
	})
	t.Run("the same ids in the next run", func(t *testing.T) {
		_, _, again := scan(t, config)
		ids := map[string]bool{}
		for _, f := range findings {
			ids[f.ID] = true
		}
		for _, f := range again {
			if !ids[f.ID] {
				t.Errorf("%s has another id", f.URI)
			}
		}
		if len(again) != len(findings) {
			t.Errorf("%d findings, then %d", len(findings), len(again))
		}
	})
	t.Run("check", func(t *testing.T) {
		var out, errw bytes.Buffer
		if status := Run(t.Context(), []string{"check", "-c", config}, strings.NewReader(""), &out, &errw); status != 0 {
			t.Errorf("status %d\n%s%s", status, out.String(), errw.String())
		}
	})
	t.Run("connections cut at a random byte", func(t *testing.T) {
		for range 4 {
			seed := rand.Uint64()
			rnd := rand.New(rand.NewPCG(seed, 0))
			cut := func(target string, all int64) string {
				p := testenv.NewProxy(t, target)
				p.CutAfter(rnd.Int64N(all))
				return p.Addr()
			}
			broken := e.config(t, cut(e.db.Addr(), 400_000), cut(fmt.Sprintf("127.0.0.1:%d", e.mail.Port), 300_000), cut(e.s3.Addr, 500_000))
			start := time.Now()
			status, rep, some := scan(t, broken)
			t.Logf("seed %d: %d findings, %d gaps, %s", seed, len(some), len(rep.Gaps), time.Since(start).Round(time.Millisecond))
			if status != exitIncomplete || rep.Run.Status != "incomplete" {
				t.Errorf("seed %d: status %d, %s", seed, status, rep.Run.Status)
			}
			backups := 0
			for _, f := range some {
				if f.Source == "backups" {
					backups++
				}
			}
			if backups != 3 {
				t.Errorf("seed %d: %d findings in the source that was not cut", seed, backups)
			}
			broke := map[string]bool{}
			for _, g := range rep.Gaps {
				broke[g.Source] = true
			}
			for _, s := range []string{"controlpanel", "mailboxes", "uploads"} {
				if !broke[s] {
					t.Errorf("seed %d: %s was cut and has no gap", seed, s)
				}
			}
		}
	})
}

// base64At2 is how an address stands in base64 behind "write to ".
func base64At2(s string) string {
	return base64.StdEncoding.EncodeToString([]byte("write to " + s))[:24]
}

// An interrupt leaves a report that says so.
func TestInterrupt(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	dir := t.TempDir()
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.txt", i)), bytes.Repeat([]byte(zoeMail+"\n"), 50_000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "report.json")
	var errw bytes.Buffer
	done := make(chan int)
	go func() {
		done <- Run(ctx, []string{"scan", "-q", dir, "--email", zoeMail, "-o", out}, strings.NewReader(""), &bytes.Buffer{}, &errw)
	}()
	cancel()
	if status := <-done; status != exitIncomplete {
		t.Errorf("status %d, want %d: %s", status, exitIncomplete, errw.String())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	validate(t, b)
	var rep struct{ Run inventory.Run }
	if err := json.Unmarshal(b, &rep); err != nil || rep.Run.Status != "incomplete" {
		t.Errorf("status %q, %v", rep.Run.Status, err)
	}
}
