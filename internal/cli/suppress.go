package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"filippo.io/age"

	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/plan"
	"github.com/spoor-scan/spoor/internal/sealed"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/internal/suppression"
	"github.com/spoor-scan/spoor/internal/verify"
)

// suppressedSubjects returns the people of a suppression list.
func suppressedSubjects(file string, identities []string) ([]plan.Subject, error) {
	l, err := openList(file, identities)
	if err != nil {
		return nil, err
	}
	if len(l.Subjects) == 0 {
		return nil, fmt.Errorf("%s: nobody is on the list", file)
	}
	var out []plan.Subject
	persons, not := l.Persons()
	for i, p := range persons {
		out = append(out, plan.Subject{Person: p, Ignored: not[i]})
	}
	return out, nil
}

func openList(file string, identities []string) (*suppression.List, error) {
	ids, err := sealed.LoadIdentities(identities...)
	if err != nil {
		return nil, err
	}
	l, err := suppression.Load(file, ids)
	if err != nil {
		return nil, err
	}
	if !l.IsKey(engine.KeyID) {
		return nil, fmt.Errorf("%s: the key beside it is another list's", file)
	}
	return l, nil
}

// A suppressing is a suppression list that people are to be put on.
type suppressing struct {
	file string
	list *suppression.List
	made bool // it did not exist
	to   []age.Recipient
}

// suppress prepares to put people on the list of a file, which is made where there
// is none.
func suppress(file string, recipients, identities []string) (*suppressing, error) {
	if file == "" {
		if len(recipients) > 0 {
			return nil, errors.New("--suppress-to seals the key of the list of --suppress FILE, which is missing")
		}
		return nil, nil
	}
	s := &suppressing{file: file}
	var err error
	if s.to, err = sealed.ParseRecipients(recipients); err != nil {
		return nil, fmt.Errorf("--suppress-to: %w", err)
	}
	switch _, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		s.list, s.made = suppression.New(time.Now().UTC().Truncate(time.Second), engine.KeyID), true
		if _, err := os.Stat(suppression.KeyFile(file)); err == nil {
			return nil, fmt.Errorf("--suppress %s: there is a key beside it and no list; move it away, or put the list back", file)
		}
	case err != nil:
		return nil, err
	default:
		if s.list, err = openList(file, identities); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// suppressAll puts those on the list of whom something was erased, or nothing was known
// in the first place, and writes it. Nobody is put on it whose identifiers were
// not at hand.
func (s streams) suppressAll(sup *suppressing, v *verify.Verification, subjects []plan.Subject) error {
	if sup == nil {
		return nil
	}
	now := time.Now().UTC().Truncate(time.Second)
	persons := map[string]subject.Person{}
	for _, y := range subjects {
		persons[y.ID] = y.Person
	}
	for _, x := range v.Subjects {
		total := x.New
		for _, n := range x.States {
			total += n
		}
		switch {
		case !x.Searched:
			fmt.Fprintf(s.err, "spoor: %s is not put on the suppression list: their identifiers were not given\n", x.ID)
			continue
		case total > 0 && x.Erased == 0:
			fmt.Fprintf(s.err, "spoor: %s is not put on the suppression list: nothing of them was erased\n", x.ID)
			continue
		}
		if y, ok := persons[x.ID]; ok {
			sup.list.Add(y, v.Run.ID, now)
		}
	}
	if len(sup.to) > 0 {
		if err := sup.list.Seal(sup.to); err != nil {
			return err
		}
	} else if sup.made {
		if err := s.plain(suppression.KeyFile(sup.file), sup.list.WriteKey); err != nil {
			return err
		}
	}
	if err := s.plain(sup.file, sup.list.Write); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "spoor: wrote %s\n", sup.file)
	return nil
}
