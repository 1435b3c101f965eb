package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/spoor-scan/spoor/internal/audit"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/minisign"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/sealed"
)

// A session is what holds for the whole of one call of the program: options that
// all commands have, and what the audit log says of it.
type session struct {
	encryptTo []string
	signKey   string
	auditFile string
	operator  string

	recipients []age.Recipient
	key        *minisign.PrivateKey // nil: nothing is signed
	entry      audit.Entry
	begun      bool
}

// options declares the options that all commands have.
func (x *session) options(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringArrayVar(&x.encryptTo, "encrypt-to", nil, "encrypt every output file to this `recipient` (age1..., ssh-ed25519 ..., or a file of these); .age is added to its name (repeatable)")
	f.StringVar(&x.signKey, "sign-key", "", "sign every output file with the minisign secret key in this `file`; SPOOR_SIGN_PASSWORD or SPOOR_SIGN_PASSWORD_FILE opens it")
	f.StringVar(&x.auditFile, "audit", "", "add what is done to this audit log `file`")
	f.StringVar(&x.operator, "operator", "", "`who` the audit log says it was; the user of the system without it")
}

// settle makes of the options what they stand for.
func (x *session) settle() error {
	if len(x.encryptTo) > 0 {
		to, err := sealed.ParseRecipients(x.encryptTo)
		if err != nil {
			return fmt.Errorf("--encrypt-to: %w", err)
		}
		x.recipients = to
	}
	if x.signKey == "" {
		return nil
	}
	password, err := signPassword()
	if err != nil {
		return fmt.Errorf("--sign-key: %w", err)
	}
	b, err := os.ReadFile(x.signKey)
	if err != nil {
		return fmt.Errorf("--sign-key: %w", err)
	}
	if x.key, err = minisign.ParsePrivateKey(b, password); errors.Is(err, minisign.ErrPassword) && password == nil {
		err = errors.New("the key is protected by a password: give it in SPOOR_SIGN_PASSWORD or SPOOR_SIGN_PASSWORD_FILE")
	}
	if err != nil {
		return fmt.Errorf("--sign-key: %s: %w", x.signKey, err)
	}
	return nil
}

// signPassword returns the password of the key that signs; nil: there is none.
func signPassword() ([]byte, error) {
	if v := os.Getenv("SPOOR_SIGN_PASSWORD"); v != "" {
		return []byte(v), nil
	}
	name := os.Getenv("SPOOR_SIGN_PASSWORD_FILE")
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	return []byte(strings.TrimRight(string(b), "\r\n")), err
}

// signedBy names the key that signs; empty: none does.
func (x *session) signedBy() string {
	if x.key == nil {
		return ""
	}
	return x.key.ID()
}

// named returns the name under which an output is written.
func (s streams) named(name string) string {
	if len(s.session.recipients) > 0 && name != "-" {
		return name + ".age"
	}
	return name
}

// file writes an output file as writeFile does: encrypted and signed where that is
// asked for.
func (s streams) file(name string, write func(io.Writer) error) error {
	x := s.session
	name = s.named(name)
	sum, signed := sha256.New(), minisign.NewHash()
	err := writeFile(name, func(w io.Writer) error {
		return s.sealed(io.MultiWriter(w, sum, signed), write)
	})
	if err != nil {
		return err
	}
	x.entry.Outputs = append(x.entry.Outputs, audit.Output{
		Name: filepath.Base(name), SHA256: hex.EncodeToString(sum.Sum(nil)), Signed: x.signedBy(), Sealed: len(x.recipients),
	})
	if x.key == nil {
		return nil
	}
	comment := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", time.Now().Unix(), filepath.Base(name))
	return writeFile(name+minisign.Ending, func(w io.Writer) error {
		_, err := w.Write(x.key.Sign(signed.Sum(nil), comment))
		return err
	})
}

// sealed writes to w, encrypted where that is asked for.
func (s streams) sealed(w io.Writer, write func(io.Writer) error) error {
	if len(s.session.recipients) == 0 {
		return write(w)
	}
	plain, err := sealed.Seal(w, s.session.recipients)
	if err != nil {
		return err
	}
	if err := write(plain); err != nil {
		return err
	}
	return plain.Close()
}

// begin starts an entry of the audit log, if there is one: that of the command
// line, or else of the configuration. Nothing may have been done yet.
func (s streams) begin(verb string, p *plan.Plan, subjects []plan.Subject) error {
	x := s.session
	if x.auditFile == "" {
		x.auditFile = p.Audit.File
	}
	e := &x.entry
	e.Verb, e.Run, e.Spoor = verb, runID(), Version()
	for _, v := range p.Sources {
		e.Sources = append(e.Sources, v.Name)
	}
	for _, v := range subjects {
		add(&e.Subjects, v.ID)
		for _, q := range v.Requests {
			add(&e.Requests, string(q.ID))
			add(&e.Instructions, string(q.Instruction))
		}
	}
	add(&e.Instructions, p.Instruction)
	for _, a := range p.Activities {
		if a.Role == "processor" {
			add(&e.Instructions, string(a.Instruction))
		}
	}
	if x.auditFile == "" {
		return nil
	}
	e.Operator = x.operator
	if e.Operator == "" {
		if u, err := user.Current(); err == nil {
			e.Operator = u.Username
		} else {
			e.Operator = fmt.Sprintf("uid %d", os.Getuid())
		}
	}
	e.Host, _ = os.Hostname() // empty where the system does not say
	if err := x.append("begin", 0); err != nil {
		return usage(err)
	}
	x.begun = true
	return nil
}

func add(list *[]string, v string) {
	if v != "" && !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// of says which report is read or written, and of whom, in the audit log.
func (x *session) of(rep *inventory.Report, subject string) {
	if x.entry.Report == "" {
		x.entry.Report = rep.Run.ID
	}
	for _, v := range rep.Subjects {
		if subject != "" && v.ID != subject {
			continue
		}
		add(&x.entry.Subjects, v.ID)
		for _, q := range v.Requests {
			add(&x.entry.Requests, q.ID)
		}
	}
}

// found says what came of it in the audit log.
func (x *session) found(findings, gaps int) { x.entry.Findings, x.entry.Gaps = findings, gaps }

// append writes a line of the audit log.
func (x *session) append(event string, status int) error {
	e := x.entry
	e.Event, e.Status, e.Time = event, status, time.Now().UTC().Truncate(time.Millisecond)
	if event == "end" {
		e.Outcome = map[int]string{
			exitOK: "complete", exitFailed: "failed", exitUsage: "usage", exitIncomplete: "incomplete", exitFindings: "findings", exitInterrupted: "interrupted",
		}[status]
	}
	err := audit.Append(x.auditFile, e)
	var broken *audit.BrokenError
	if errors.As(err, &broken) {
		return fmt.Errorf("audit log %s: %w; nothing is added behind it: keep the file as it is, look into it (spoor audit verify), and go on in a new one", x.auditFile, err)
	}
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return nil
}

// end writes what came of the run into the audit log, and returns the exit
// status.
func (s streams) end(status int) int {
	if !s.session.begun {
		return status
	}
	if err := s.session.append("end", status); err != nil {
		fmt.Fprintln(s.err, "spoor: "+err.Error())
		if status != exitFailed && status != exitInterrupted {
			return exitFailed
		}
	}
	return status
}
