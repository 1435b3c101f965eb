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
	noted      map[noted]bool
	names      func(text string) bool // reports whether a text holds somebody's identifier; nil: nobody's are known
}

// options declares the options that all commands have.
func (x *session) options(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringArrayVar(&x.encryptTo, "encrypt-to", nil, "encrypt every output file to this `recipient` (age1..., ssh-ed25519 ..., or a file of these); .age is added to its name (repeatable)")
	f.StringVar(&x.signKey, "sign-key", "", "sign every output file with the minisign secret key in this `file`; SPOOR_SIGN_PASSWORD or SPOOR_SIGN_PASSWORD_FILE opens it")
	f.StringVar(&x.auditFile, "audit", "", "add what is done to this audit log `file`; else that of the configuration, or of SPOOR_AUDIT")
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
	x.wrote(audit.Output{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil)), Signed: x.signedBy(), Sealed: len(x.recipients)})
	if x.key == nil {
		return nil
	}
	comment := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", time.Now().Unix(), filepath.Base(name))
	return writeFile(name+minisign.Ending, func(w io.Writer) error {
		_, err := w.Write(x.key.Sign(signed.Sum(nil), comment))
		return err
	})
}

// plain writes a file that is neither encrypted nor signed, since the program has
// to read it again: a configuration, a suppression list.
func (s streams) plain(name string, write func(io.Writer) error) error {
	sum := sha256.New()
	if err := writeFile(name, func(w io.Writer) error { return write(io.MultiWriter(w, sum)) }); err != nil {
		return err
	}
	s.session.wrote(audit.Output{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// standard writes a document to standard output, encrypted where that is asked
// for.
func (s streams) standard(write func(io.Writer) error) error {
	sum := sha256.New()
	if err := s.sealed(io.MultiWriter(s.out, sum), write); err != nil {
		return err
	}
	s.session.wrote(audit.Output{Name: "-", SHA256: hex.EncodeToString(sum.Sum(nil)), Sealed: len(s.session.recipients)})
	return nil
}

// wrote notes an output for the audit log, by the name of the file without its
// folder; by its ending alone where it is called after somebody.
func (x *session) wrote(o audit.Output) {
	o.Name = filepath.Base(o.Name)
	bare := strings.TrimSuffix(o.Name, ".age")
	end := filepath.Ext(bare)
	if bare = strings.TrimSuffix(bare, end); x.names != nil && (x.names(o.Name) || x.names(bare)) {
		o.Name = "*" + end
	}
	x.entry.Outputs = append(x.entry.Outputs, o)
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
// line, else of the configuration, else of the environment. Nothing may have been
// done yet.
func (s streams) begin(verb string, p *plan.Plan, subjects []plan.Subject) error {
	x := s.session
	if x.auditFile == "" {
		x.auditFile = p.Audit.File
	}
	if x.auditFile == "" {
		x.auditFile = os.Getenv("SPOOR_AUDIT")
	}
	e := &x.entry
	e.Verb, e.Run, e.Spoor = verb, runID(), Version()
	for _, v := range p.Sources {
		x.note(&e.Sources, v.Name)
	}
	for _, v := range subjects {
		x.note(&e.Subjects, v.ID)
		for _, q := range v.Requests {
			x.note(&e.Requests, string(q.ID))
			x.note(&e.Instructions, string(q.Instruction))
		}
	}
	x.note(&e.Instructions, p.Instruction)
	for _, a := range p.Activities {
		if a.Role == "processor" {
			x.note(&e.Instructions, string(a.Instruction))
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

// note adds to a list of the entry what it does not have.
func (x *session) note(list *[]string, v string) {
	k := noted{list, v}
	if v == "" || x.noted[k] {
		return
	}
	if x.noted == nil {
		x.noted = map[noted]bool{}
	}
	x.noted[k] = true
	*list = append(*list, v)
}

// noted is what stands in a list of the entry.
type noted struct {
	list *[]string
	text string
}

// of says which report is read or written, and of whom, in the audit log.
func (x *session) of(rep *inventory.Report, subject string) {
	switch e := &x.entry; {
	case e.Report == "":
		e.Report = rep.Run.ID
	case e.Report != rep.Run.ID && e.Verb == "":
		e.Second = rep.Run.ID
	}
	for _, v := range rep.Subjects {
		if subject != "" && v.ID != subject {
			continue
		}
		x.note(&x.entry.Subjects, v.ID)
		for _, q := range v.Requests {
			x.note(&x.entry.Requests, q.ID)
			x.note(&x.entry.Instructions, q.Instruction)
		}
	}
	for _, a := range rep.Activities {
		if a.Role == "processor" && a.Instruction != nil {
			x.note(&x.entry.Instructions, *a.Instruction)
		}
	}
}

// from says from which reports something is made without reading their sources
// again, in the audit log.
func (x *session) from(subject string, list ...*inventory.Report) {
	gaps, findings := 0, 0
	for _, rep := range list {
		x.of(rep, subject)
		for _, v := range rep.Sources {
			x.note(&x.entry.Sources, v.Name)
		}
		findings, gaps = rep.Summary.Findings, len(rep.Gaps)
	}
	x.found(findings, gaps)
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
