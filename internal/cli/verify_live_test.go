package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/internal/verify"
	"github.com/spoor-scan/spoor/reports"
)

// A host is a database, a mailbox, a bucket and a folder that hold something of
// Zoë, and the way to erase it.
type host struct {
	t       *testing.T
	db      *testenv.MariaDB
	mail    *testenv.Dovecot
	store   *testenv.Versitygw
	client  *s3.Client
	folder  string
	dir     string
	config  string
	key     string // identity file
	to      string // recipient
	subject string
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, db: testenv.NewMariaDB(t), store: testenv.NewVersitygw(t), folder: t.TempDir(), dir: t.TempDir()}
	h.db.Exec(t,
		"CREATE DATABASE cp",
		"CREATE TABLE cp.clients (id INT PRIMARY KEY, name VARCHAR(50), email VARCHAR(100), phone VARCHAR(30)) CHARACTER SET utf8mb4",
		"CREATE TABLE cp.invoices (id INT PRIMARY KEY, client INT, amount INT, FOREIGN KEY (client) REFERENCES cp.clients (id) ON DELETE CASCADE)",
		"CREATE TABLE cp.log (line TEXT)", "CREATE TABLE cp.notes (client INT, what VARCHAR(20), FOREIGN KEY (client) REFERENCES cp.clients (id) ON DELETE CASCADE)",
		"INSERT INTO cp.clients VALUES (1,'Bob Peeters','bob@example.org','+32 470 99 99 99'),(7,'Zo\u00eb Van den Broeck','zoe@example.be','+32 470 12 34 56')",
		"INSERT INTO cp.invoices VALUES (1,1,10),(2,7,20)",
		"INSERT INTO cp.notes VALUES (1,'vip'),(7,'vip')",
		"INSERT INTO cp.log VALUES ('login of zoe@example.be'),('login of bob@example.org')",
	)
	h.mail = &testenv.Dovecot{Users: map[string]string{"zoe": "zoepw"}, Master: "spoor", MasterPassword: "masterpw"}
	for i, body := range []string{"hello from zoe@example.be", "write back to zoe@example.be", "nothing"} {
		h.mail.Deliver(t, "zoe", "", "S", fmt.Appendf(nil, "From: <a%d@example.org>\r\nSubject: %d\r\nMessage-ID: <%d@example.org>\r\n\r\n%s\r\n", i, i, i, body))
	}
	h.mail.Deliver(t, "zoe", ".Archive", "S", []byte("From: a@example.org\r\nSubject: x\r\n\r\nnothing\r\n"))
	h.mail.Start(t)
	if err := os.MkdirAll(filepath.Join(h.store.Data, "uploads", "users"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write(filepath.Join(h.store.Data, "uploads", "users", "zoe.txt"), "the file of zoe@example.be")
	h.write(filepath.Join(h.store.Data, "uploads", "other.txt"), "nobody")
	h.write(filepath.Join(h.folder, "notes.txt"), "call zoe@example.be")
	h.write(filepath.Join(h.folder, "other.txt"), "nobody")
	h.client = s3.New(s3.Options{
		Region: h.store.Region, BaseEndpoint: aws.String(h.store.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(h.store.Key, h.store.Secret, ""),
	})
	h.config = h.file("spoor.yaml", fmt.Sprintf(`
sources:
  - {name: controlpanel, type: mysql, uri: "mysql://root@%s/", timeout: 3s}
  - {name: mailboxes, type: imap, uri: "imap://zoe*spoor@127.0.0.1:%d/", password_file: %q, timeout: 3s}
  - {name: uploads, type: s3, uri: "s3://", endpoint: %q, region: %s, access_key_id: %s, password_file: %q, timeout: 3s}
  - {name: folder, type: files, path: %q}
`, h.db.Addr(), h.mail.Port, h.file("imap", "masterpw\n"), h.store.Endpoint, h.store.Region, h.store.Key, h.file("s3", h.store.Secret), h.folder))
	h.subject = h.file("zoe.yaml", "subjects:\n  - id: zoe\n    request: {id: dsr-1, type: erasure, received: 2026-11-02}\n    email: zoe@example.be\n")
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	h.key, h.to = h.file("key.txt", id.String()+"\n"), id.Recipient().String()
	return h
}

func (h *host) write(name, content string) {
	h.t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) file(name, content string) string {
	name = filepath.Join(h.dir, name)
	h.write(name, content)
	return name
}

// spoor runs the program and returns its exit status and what it wrote to
// standard output.
func (h *host) spoor(args ...string) (int, string) {
	h.t.Helper()
	var stdout, stderr bytes.Buffer
	status := Run(h.t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	if status == exitUsage || status == exitFailed {
		h.t.Fatalf("spoor %q: %d: %s", args, status, stderr.String())
	}
	return status, stdout.String()
}

func (h *host) imap() *imapclient.Client {
	h.t.Helper()
	c, err := imapclient.DialInsecure(fmt.Sprintf("127.0.0.1:%d", h.mail.Port), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = c.Close() })
	if err := c.Login("zoe", "zoepw").Wait(); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// erase does what the actions of a report say, as an erasure workflow would.
func (h *host) erase(report string) {
	h.t.Helper()
	b, err := os.ReadFile(report)
	if err != nil {
		h.t.Fatal(err)
	}
	var r struct {
		Findings []struct {
			URI     string
			Locator struct {
				Schema, Table, Mailbox, Bucket, Key, Path string
				VersionID                                 string `json:"version_id"`
				UID                                       imap.UID
				Keys                                      json.RawMessage
			}
			Actions []struct{ Kind string }
		}
	}
	// The key of a row is a list, that of an object a text.
	var raw struct {
		Findings []struct {
			Locator struct {
				Key []struct{ Column, Value string }
			}
		}
	}
	_ = json.Unmarshal(b, &raw)
	if err := json.Unmarshal(bytes.ReplaceAll(b, []byte(`"key":[`), []byte(`"keys":[`)), &r); err != nil {
		h.t.Fatal(err)
	}
	mail := h.imap()
	for i, f := range r.Findings {
		l := f.Locator
		switch kind := f.Actions[0].Kind; {
		case l.Table != "" && len(raw.Findings[i].Locator.Key) > 0:
			k := raw.Findings[i].Locator.Key[0]
			_, err = h.db.Admin.Exec(fmt.Sprintf("DELETE FROM `%s`.`%s` WHERE `%s` = ?", l.Schema, l.Table, k.Column), k.Value)
		case l.Table == "notes":
			_, err = h.db.Admin.Exec("DELETE FROM cp.notes WHERE client = 7")
		case l.Table != "":
			_, err = h.db.Admin.Exec(fmt.Sprintf("DELETE FROM `%s`.`%s` WHERE line LIKE '%%zoe@example.be%%'", l.Schema, l.Table))
		case kind == "delete-message" || l.Mailbox != "":
			if _, err = mail.Select(l.Mailbox, nil).Wait(); err == nil {
				set := imap.UIDSetNum(l.UID)
				err = mail.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
				if err == nil {
					err = mail.UIDExpunge(set).Close()
				}
			}
		case l.Bucket != "":
			_, err = h.client.DeleteObject(h.t.Context(), &s3.DeleteObjectInput{Bucket: &l.Bucket, Key: &l.Key})
		case kind == "delete-file" || l.Path != "":
			err = os.Remove(l.Path)
		default:
			h.t.Errorf("no way to erase %s", f.URI)
		}
		if err != nil {
			h.t.Errorf("erase %s: %v", f.URI, err)
		}
	}
}

// states verifies a report and returns the states by URI.
func (h *host) states(report string, args ...string) (int, map[string]verify.Result) {
	h.t.Helper()
	out := filepath.Join(h.dir, "v.json")
	status, _ := h.spoor(append([]string{"verify", report, "-q", "-c", h.config, "-o", out}, args...)...)
	b, err := os.ReadFile(out)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := testenv.Valid(reports.SchemaOf("verification"), b); err != nil {
		h.t.Errorf("the verification does not fit its schema: %v", err)
	}
	var v struct{ Findings []verify.Result }
	if err := json.Unmarshal(b, &v); err != nil {
		h.t.Fatal(err)
	}
	m := map[string]verify.Result{}
	for _, r := range v.Findings {
		m[r.URI] = r
	}
	return status, m
}

func (h *host) only(m map[string]verify.Result, part string) verify.Result {
	h.t.Helper()
	var found []verify.Result
	for uri, r := range m {
		if strings.Contains(uri, part) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		h.t.Fatalf("%d findings with %q in %v", len(found), part, m)
	}
	return found[0]
}

// Records move and change, a server goes down: none of that is gone.
func TestVerifyChanges(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	h := newHost(t)
	report := filepath.Join(h.dir, "report.json")
	if status, _ := h.spoor("scan", "-q", "-c", h.config, "--subject", h.subject, "-o", report); status != exitOK {
		t.Fatalf("scan: %d", status)
	}
	status, m := h.states(report, "--subject", h.subject)
	for uri, r := range m {
		if r.State != verify.Present {
			t.Errorf("untouched, %s is %s: %s", uri, r.State, r.Why)
		}
	}
	if status != exitOK || len(m) != 8 {
		t.Errorf("status %d, %d findings: %v", status, len(m), m)
	}

	// One message is moved, one deleted; a row gets another phone number, another
	// another key; an object is copied and deleted, a file renamed.
	mail := h.imap()
	if _, err := mail.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.Move(imap.UIDSetNum(1), "Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	h.db.Exec(t, "UPDATE cp.clients SET phone='+32 470 00 00 00' WHERE id=7", "UPDATE cp.log SET line='login of nobody' WHERE line LIKE '%zoe%'")
	if _, err := h.client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("uploads"), Key: aws.String("kept/z.txt"), CopySource: aws.String("uploads/users/zoe.txt")}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("users/zoe.txt")}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(h.folder, "notes.txt"), filepath.Join(h.folder, "renamed.txt")); err != nil {
		t.Fatal(err)
	}
	status, m = h.states(report, "--subject", h.subject, "--fail-on", "findings")
	if status != exitFindings {
		t.Errorf("status %d", status)
	}
	for part, want := range map[string]verify.State{
		"INBOX;UIDVALIDITY": "", "/cp/clients?id=7": verify.Changed, "/cp/log?": verify.Gone, "/cp/invoices?id=2": verify.Present,
		"s3://uploads/users/zoe.txt": verify.Moved, "/notes.txt": verify.Moved,
	} {
		if want == "" {
			continue
		}
		if r := h.only(m, part); r.State != want {
			t.Errorf("%s is %s: %s", r.URI, r.State, r.Why)
		}
	}
	if r := h.only(m, ";UID=1"); r.State != verify.Moved || len(r.MovedTo) != 1 || !strings.Contains(r.MovedTo[0].URI, "/Archive;") {
		t.Errorf("the moved message: %+v", r)
	}
	if r := h.only(m, "/cp/clients?id=7"); r.About == nil || !*r.About {
		t.Errorf("the changed row: %+v", r)
	}

	// A row under another key has the same content; one that is cleared is no
	// longer about her.
	h.db.Exec(t, "UPDATE cp.clients SET phone='+32 470 12 34 56' WHERE id=7", "DELETE FROM cp.invoices", "SET FOREIGN_KEY_CHECKS=0; UPDATE cp.clients SET id=8 WHERE id=7; SET FOREIGN_KEY_CHECKS=1")
	_, m = h.states(report, "--subject", h.subject)
	if r := h.only(m, "/cp/clients?id=7"); r.State != verify.Moved || !strings.HasSuffix(r.MovedTo[0].URI, "?id=8") {
		t.Errorf("the row under another key: %+v", r)
	}
	h.db.Exec(t, "SET FOREIGN_KEY_CHECKS=0; UPDATE cp.clients SET id=7 WHERE id=8; SET FOREIGN_KEY_CHECKS=1", "UPDATE cp.clients SET name=NULL, email=NULL, phone=NULL WHERE id=7")
	_, m = h.states(report, "--subject", h.subject)
	if r := h.only(m, "/cp/clients?id=7"); r.State != verify.Changed || r.About == nil || *r.About {
		t.Errorf("the cleared row: %+v", r)
	}

	// What is left without the row that it belonged to is not gone.
	h.db.Exec(t, "SET FOREIGN_KEY_CHECKS=0; DELETE FROM cp.clients WHERE id=7; SET FOREIGN_KEY_CHECKS=1")
	_, m = h.states(report, "--subject", h.subject)
	if r := h.only(m, "/cp/clients?id=7"); r.State != verify.Gone {
		t.Errorf("the deleted row: %+v", r)
	}
	if r := h.only(m, "/cp/notes?"); r.State != verify.Present {
		t.Errorf("a row that belonged to it: %+v", r)
	}

	h.db.Stop()
	status, m = h.states(report, "--subject", h.subject)
	if r := h.only(m, "/cp/clients?id=7"); status != exitIncomplete || r.State != verify.Unchecked || r.Locator != verify.Unread {
		t.Errorf("the server is down: status %d, %+v", status, r)
	}
	if r := h.only(m, ";UID=1"); r.State != verify.Moved {
		t.Errorf("another server is down: %+v", r)
	}
}

// An erasure is carried out from the report, verified without the subject file,
// and noticed again after a restore.
func TestVerifyErasure(t *testing.T) {
	t.Setenv("SPOOR_STATE_DIR", t.TempDir())
	h := newHost(t)
	report := filepath.Join(h.dir, "report.json")
	if status, _ := h.spoor("scan", "-q", "-c", h.config, "--subject", h.subject, "-o", report, "--seal-to", h.to); status != exitOK {
		t.Fatalf("scan: %d", status)
	}
	h.erase(report)
	list, certificate := filepath.Join(h.dir, "list.json"), filepath.Join(h.dir, "certificate.html")
	status, m := h.states(report, "--identity", h.key, "--fail-on", "findings", "--suppress", list, "-o", certificate)
	for uri, r := range m {
		if r.State != verify.Gone {
			t.Errorf("%s is %s: %s", uri, r.State, r.Why)
		}
	}
	if status != exitOK || len(m) != 8 {
		t.Errorf("status %d, %d findings", status, len(m))
	}
	page, err := os.ReadFile(certificate)
	if err != nil || !strings.Contains(string(page), "Everything that the report names is erased") {
		t.Errorf("the certificate: %v", err)
	}
	if status, out := h.spoor("scan", "-q", "-c", h.config, "--suppressed", list); status != exitOK || !strings.Contains(out, "zoe: 0 findings") {
		t.Errorf("before the restore: %d, %s", status, out)
	}
	// An old backup is restored.
	h.db.Exec(t, "INSERT INTO cp.clients VALUES (7,'Zo\u00eb Van den Broeck','zoe@example.be','0470/12.34.56')", "INSERT INTO cp.invoices VALUES (2,7,20)")
	h.mail.Deliver(t, "zoe", "", "S", []byte("From: a@example.org\r\nSubject: x\r\n\r\nhello from zoe@example.be\r\n"))
	if status, out := h.spoor("scan", "-q", "-c", h.config, "--suppressed", list, "--fail-on", "findings"); status != exitFindings || !strings.Contains(out, "zoe: 3 findings (3 certain") {
		t.Errorf("after the restore: %d, %s", status, out)
	}
	status, m = h.states(report, "--identity", h.key, "--fail-on", "findings")
	if r := h.only(m, "/cp/clients?id=7"); status != exitFindings || r.State != verify.Changed && r.State != verify.Present {
		t.Errorf("verified after the restore: %d, %+v", status, r)
	}
}
