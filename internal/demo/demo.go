// Package demo is a hosting provider of one process: a database server, a mail
// server, an object store and a folder of backups, all on loopback, filled with
// invented customers. The ordinary program scans it as it would scan a real one.
//
// Nothing in it is about a living person. Names are made of syllables, hosts are
// of example domains (RFC 2606), and addresses of documentation ranges (RFC
// 5737).
package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An Estate is the provider while it runs.
type Estate struct {
	Config   string // path of the configuration file that names all of its places
	Subjects string // path of the subject file that says whom to look for
	State    string // path of a folder for the program's state
	Planted  []Plant

	closers []func() error
}

// A Plant is a record that the scan has to come back with.
type Plant struct {
	Source string
	URI    string // how the record's URI ends in the report, percent-encoded as there
	// Confidence is "certain", "likely" or "possible", or several of them with
	// " or " between where it depends on the links that are followed. Empty: the
	// report names it as a gap.
	Confidence string
	What       string // for people; empty when that of the one before says it
}

// Start makes the estate and keeps all its files in dir, which must exist. The
// caller closes it.
func Start(dir string) (*Estate, error) {
	e := &Estate{
		Config:   filepath.Join(dir, "spoor.yaml"),
		Subjects: filepath.Join(dir, "subject.yaml"),
		State:    filepath.Join(dir, "state"),
	}
	people := newPeople()
	var s settings
	err := func() (err error) {
		if s.mysql, err = e.startMySQL(people); err != nil {
			return fmt.Errorf("demo: database: %w", err)
		}
		if s.imap, err = e.startIMAP(people); err != nil {
			return fmt.Errorf("demo: mail: %w", err)
		}
		if s.s3, err = e.startS3(people); err != nil {
			return fmt.Errorf("demo: object store: %w", err)
		}
		s.backups = filepath.Join(dir, "backups")
		if err = e.makeBackups(s.backups, people); err != nil {
			return fmt.Errorf("demo: backups: %w", err)
		}
		if err = e.configure(dir, s); err != nil {
			return fmt.Errorf("demo: configuration: %w", err)
		}
		return nil
	}()
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close ends all servers. Files are left to the caller.
func (e *Estate) Close() error {
	var errs []error
	for _, c := range e.closers {
		errs = append(errs, c())
	}
	e.closers = nil
	return errors.Join(errs...)
}

func (e *Estate) onClose(c func() error) {
	e.closers = append([]func() error{c}, e.closers...)
}

func (e *Estate) plant(source, uri, confidence, what string) {
	e.Planted = append(e.Planted, Plant{source, uri, confidence, what})
}

// listen returns a listener on a free port of this host.
func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// A Found is a planted record as a report has it.
type Found struct {
	Plant
	At string // its full URI; empty when the report lacks it
	As string // its confidence in the report, or the reason of the gap
}

// OK reports whether the report says what it should.
func (f Found) OK() bool {
	return f.At != "" && (f.Confidence == "" || slices.Contains(strings.Split(f.Confidence, " or "), f.As))
}

// Compare looks up in a JSON report what was planted.
func (e *Estate) Compare(report io.Reader) ([]Found, error) {
	var r struct {
		Findings []struct{ Source, URI, Confidence string }
		Gaps     []struct{ Source, URI, Reason string }
	}
	if err := json.NewDecoder(report).Decode(&r); err != nil {
		return nil, fmt.Errorf("demo: read the report: %w", err)
	}
	var out []Found
	for _, p := range e.Planted {
		f := Found{Plant: p}
		if p.Confidence == "" {
			for _, g := range r.Gaps {
				if g.Source == p.Source && strings.HasSuffix(g.URI, p.URI) {
					f.At, f.As = g.URI, g.Reason
				}
			}
		}
		for _, x := range r.Findings {
			if p.Confidence != "" && x.Source == p.Source && strings.HasSuffix(x.URI, p.URI) && !f.OK() {
				f.At, f.As = x.URI, x.Confidence
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// The names and passwords of the provider's services.
const (
	dbUser       = "spoor"
	dbPassword   = "demo-database"
	mailUser     = "support@voorbeeld-hosting.example"
	mailPassword = "demo-mailbox"
	s3Key        = "DEMOACCESSKEY"
	s3Secret     = "demo-object-store"
)

// settings are the addresses of the running services.
type settings struct {
	mysql, imap, s3, backups string
}

func (e *Estate) configure(dir string, s settings) error {
	files := map[string]string{"mysql.password": dbPassword, "imap.password": mailPassword, "s3.secret": s3Secret}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600); err != nil {
			return err
		}
	}
	config := fmt.Sprintf(`# What Voorbeeld Hosting holds, and where.
sources:
  - name: databases
    type: mysql
    uri: mysql://%[1]s@%[2]s/
    password_file: %[6]q
  - name: support
    type: imap
    uri: imap://%[3]s@%[4]s/
    password_file: %[7]q
  - name: storage
    type: s3
    uri: s3://
    endpoint: http://%[5]s
    region: us-east-1
    access_key_id: %[10]s
    password_file: %[8]q
  - name: backups
    type: files
    path: %[9]q

organisation:
  name: Voorbeeld Hosting
  address: Havenlaan 12, 3500 Hasselt
  contact: privacy@voorbeeld-hosting.example
  dpo: dpo@voorbeeld-hosting.example
  country: BE

activities:
  - id: customers
    name: Accounts and services of our customers
    role: controller
    controller: {name: Voorbeeld Hosting, contact: privacy@voorbeeld-hosting.example}
    purpose: accounts, domains and mailboxes of our own customers
    legal_basis: contract
    data_subjects: [customers]
    categories: [contact, identity, account]
    recipients:
      - {name: Domeinregister, kind: recipient, country: BE, contact: privacy@domeinregister.example}
    retention: {period: P2Y, from: controlpanel.invoices.issued}
    origin: provided by the person
    automated_decisions: an account whose invoices are 60 days late is suspended by the program, until they are paid
    covers: ["databases / controlpanel"]
  - id: billing
    name: Invoices
    role: controller
    controller: {name: Voorbeeld Hosting, contact: privacy@voorbeeld-hosting.example}
    purpose: invoices and bookkeeping
    legal_basis: legal obligation
    data_subjects: [customers]
    recipients:
      - {name: Voorbeeld Boekhouding, kind: processor, country: BE, contact: avg@boekhouding.example}
      - {name: FOD Financiën, kind: recipient, country: BE}
    retention: {period: P10Y, from: invoices.issued}
    origin: provided by the person
    covers: ["databases / controlpanel / invoices"]
  - id: support
    name: Support
    role: controller
    controller: {name: Voorbeeld Hosting, contact: privacy@voorbeeld-hosting.example}
    purpose: answering questions
    legal_basis: legitimate interests
    data_subjects: [customers, those who write to us]
    recipients:
      - {name: Ticketwolk, kind: processor, country: US, contact: dpo@ticketwolk.example, safeguard: standard contractual clauses}
    transfers:
      - {country: US, safeguard: standard contractual clauses, recipient: Ticketwolk}
    origin: provided by the person
    covers: [support, "databases / controlpanel / tickets"]
  - id: hosting
    name: Websites and files of customers
    role: processor
    controller: {name: Braamshop, contact: braamshop@example.net}
    instruction: "hosting agreement, annex 2"
    purpose: running the websites and mailboxes of customers
    data_subjects: [visitors and customers of customers]
    origin: provided by the person
    covers: ["wp_*", storage]            # in dumps among the backups, too
    tenant: ["wp_{tenant}", "storage / {tenant}"]
  - id: backups
    name: Backups
    role: controller
    controller: {name: Voorbeeld Hosting, contact: privacy@voorbeeld-hosting.example}
    purpose: restoring services after a loss
    legal_basis: legitimate interests
    data_subjects: [customers]
    retention: {period: P40D, from: backup, margin: P5D}
    origin: the other activities
    covers: [backups]
`, dbUser, s.mysql, url.PathEscape(mailUser), s.imap, s.s3,
		filepath.Join(dir, "mysql.password"), filepath.Join(dir, "imap.password"), filepath.Join(dir, "s3.secret"), s.backups, s3Key)
	if err := os.WriteFile(e.Config, []byte(config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(e.Subjects, []byte(subjectFile), 0o600)
}

// subjectFile is what the one person whom the demo looks for asks: a request of
// every kind.
const subjectFile = `subjects:
  - id: person-0042
    requests:
      - {id: dsr-2026-0042, type: access, received: 2026-11-02}
      - {id: dsr-2026-0043, type: portability, received: 2026-11-02}
      - {id: dsr-2026-0044, type: erasure, received: 2026-11-02, ground: a}
      - {id: dsr-2026-0045, type: rectification, received: 2026-11-02, correct: {address: "Nieuwstraat 9, 3500 Hasselt"}}
      - {id: dsr-2026-0046, type: restriction, received: 2026-11-02}
      - {id: dsr-2026-0047, type: objection, received: 2026-11-02, extended_to: 2027-02-02}
    name: Zoë Van den Broeck
    email: [zoe@example.be, z.vdb@example.org]
    phone: "+32 470 12 34 56"
    address: Genutstraat 35, 3740 Bilzen
    birth_date: 1985-07-30
    vat: BE 0890.439.412
    iban: BE68 5390 0754 7034
    national_id: "85.07.30-033.28"
    ip: 198.51.100.23
    username: zoevdb
    customer_id: K-104711
    domain: zoevdb.be
`
