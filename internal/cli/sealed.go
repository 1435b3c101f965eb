package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/sealed"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// sealer returns what seals identifiers to recipients; nil where there are none.
func sealer(recipients []string) (func([]subject.Person) (string, error), error) {
	if len(recipients) == 0 {
		return nil, nil
	}
	to, err := sealed.ParseRecipients(recipients)
	if err != nil {
		return nil, fmt.Errorf("--seal-to: %w", err)
	}
	return func(persons []subject.Person) (string, error) {
		b, err := plan.WritePersons(persons)
		if err != nil {
			return "", err
		}
		return sealed.Text(b, to)
	}, nil
}

// unseal returns the subjects that are sealed into a report.
func unseal(rep *inventory.Report, files []string) ([]plan.Subject, error) {
	if rep.Sealed == "" {
		return nil, errors.New("the report holds no sealed identifiers (scan --seal-to); give --subject FILE")
	}
	ids, err := sealed.LoadIdentities(files...)
	if err != nil {
		return nil, err
	}
	r, err := sealed.Open(strings.NewReader(rep.Sealed), ids)
	if err != nil {
		return nil, fmt.Errorf("sealed identifiers: %w", err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("sealed identifiers: %w", err)
	}
	return plan.ReadPersons(b)
}

// openReport opens a report; one that is itself encrypted with an identity. It
// lives until done is called.
func openReport(name string, identities []string) (rep *inventory.Report, done func(), err error) {
	f, err := openFile(name, identities)
	if err != nil {
		return nil, nil, err
	}
	if rep, err = inventory.Load(f); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, errors.Join(err, f.Close()))
	}
	return rep, func() { _ = f.Close() }, nil // it was only read
}

// openFile opens a file, also one that is encrypted.
func openFile(name string, identities []string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 64)
	n, _ := f.ReadAt(head, 0) // a shorter one is not encrypted
	if !sealed.Is(head[:n]) {
		return f, nil
	}
	plain, err := decrypted(f, identities)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return plain, nil
}

// opened returns what opens reviews, also those that are encrypted.
func opened(identities []string) func(name string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) { return openFile(name, identities) }
}

// decrypted returns what an encrypted file holds, in an unlinked one of its own.
func decrypted(f *os.File, identities []string) (*os.File, error) {
	if len(identities) == 0 {
		return nil, errors.New("it is encrypted; give --identity KEYFILE")
	}
	ids, err := sealed.LoadIdentities(identities...)
	if err != nil {
		return nil, err
	}
	r, err := sealed.Open(f, ids)
	if err != nil {
		return nil, err
	}
	out, err := os.CreateTemp("", "spoor-*") // mode 0600
	if err != nil {
		return nil, err
	}
	err = os.Remove(out.Name())
	if err == nil {
		_, err = io.Copy(out, r)
	}
	if err == nil {
		_, err = out.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// lasting returns a target that means the same from wherever a later run is
// started: a path becomes absolute.
func lasting(target string, info scanners.Info) string {
	switch info.Type {
	case "files":
		if target != "" {
			return info.URI
		}
	case "restic", "borg":
		if plain, err := scanners.Unescape(info.URI); target != "" && err == nil {
			return plain
		}
	}
	return target
}
