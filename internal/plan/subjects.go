package plan

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/spoor-scan/spoor/internal/subject"
)

// A Subject is a data subject and their requests.
type Subject struct {
	subject.Person
	Requests []Request
	// Ignored names the types of identities in an OpenDSR request that can't be
	// looked for.
	Ignored []string
}

// A Request is what a data subject asked for. Dates are in the form 2006-01-02.
type Request struct {
	ID          written           `yaml:"id"`
	Type        string            `yaml:"type"`
	Received    string            `yaml:"received"`
	Ground      string            `yaml:"ground"`  // Art. 17(1)
	Correct     map[string]string `yaml:"correct"` // Art. 16: field and right value
	Instruction string            `yaml:"instruction"`
	ExtendedTo  string            `yaml:"extended_to"`
}

// requestTypes are the rights that a request can be about (Art. 15 to 21).
const requestTypes = "access, portability, erasure, rectification, restriction, objection"

// Due returns the day by which the request is to be answered: extended_to, or
// one calendar month after receipt (Art. 12(3); Regulation 1182/71, Art. 3: the
// last day of the month where it has no such day), moved to the next working
// day. Public holidays are not known to it. It is empty without a day of receipt.
func (r Request) Due() string {
	if r.ExtendedTo != "" {
		return r.ExtendedTo
	}
	t, err := time.Parse(time.DateOnly, r.Received)
	if err != nil {
		return ""
	}
	first := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	due := first.AddDate(0, 0, min(t.Day(), last)-1)
	for due.Weekday() == time.Saturday || due.Weekday() == time.Sunday {
		due = due.AddDate(0, 0, 1)
	}
	return due.Format(time.DateOnly)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler: the mistakes of a request have
// its line.
func (r *Request) UnmarshalYAML(n ast.Node) error {
	type plain Request
	if err := yaml.NodeToValue(n, (*plain)(r), yaml.Strict()); err != nil {
		return err
	}
	if err := r.validate(); err != nil {
		return syntax(n, err.Error())
	}
	return nil
}

func (r Request) validate() error {
	if r.ID == "" {
		return errors.New("a request needs an id")
	}
	if !slices.Contains(strings.Split(requestTypes, ", "), r.Type) {
		return fmt.Errorf("request %s: type must be one of %s", r.ID, requestTypes)
	}
	for _, d := range []string{r.Received, r.ExtendedTo} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return fmt.Errorf("request %s: dates are written as 2026-11-02", r.ID)
		}
	}
	return nil
}

// subjectFile is a subject file, or an OpenDSR request.
type subjectFile struct {
	Subjects []subjectNode `yaml:"subjects"`
}

type subjectNode struct {
	ID         written   `yaml:"id"`
	Request    *Request  `yaml:"request"`
	Requests   []Request `yaml:"requests"`
	Email      oneOrMany `yaml:"email"`
	Phone      oneOrMany `yaml:"phone"`
	Name       oneOrMany `yaml:"name"`
	Address    oneOrMany `yaml:"address"`
	BirthDate  oneOrMany `yaml:"birth_date"`
	VAT        oneOrMany `yaml:"vat"`
	IBAN       oneOrMany `yaml:"iban"`
	NationalID oneOrMany `yaml:"national_id"`
	Card       oneOrMany `yaml:"card"`
	IP         oneOrMany `yaml:"ip"`
	Username   oneOrMany `yaml:"username"`
	CustomerID oneOrMany `yaml:"customer_id"`
	Domain     oneOrMany `yaml:"domain"`
}

// written is a text that is kept as it is written, even if it looks like a
// number.
type written string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (w *written) UnmarshalYAML(n ast.Node) error {
	s, ok := scalar(n)
	if !ok {
		return syntax(n, "expected a text")
	}
	*w = written(s)
	return nil
}

// oneOrMany is a value or a list of values, each kept as it is written.
type oneOrMany []value

type value struct {
	text string
	node ast.Node
}

func (o *oneOrMany) UnmarshalYAML(n ast.Node) error {
	if seq, ok := n.(*ast.SequenceNode); ok {
		for _, v := range seq.Values {
			s, ok := scalar(v)
			if !ok {
				return syntax(v, "expected a value or a list of values")
			}
			*o = append(*o, value{s, v})
		}
		return nil
	}
	if _, ok := n.(*ast.NullNode); ok {
		return nil
	}
	s, ok := scalar(n)
	if !ok {
		return syntax(n, "expected a value or a list of values")
	}
	*o = oneOrMany{{s, n}}
	return nil
}

// OpenSubjects reads a subject file or an OpenDSR request from r; name is for
// error messages. No error quotes an identifier.
func OpenSubjects(r io.Reader, name string) ([]Subject, error) {
	b, err := readAll(r, name)
	if err != nil {
		return nil, err
	}
	subjects, err := parseSubjects(b)
	if err != nil {
		return nil, locate(name, unquoted(err))
	}
	return subjects, nil
}

// LoadSubjects reads a subject file.
func LoadSubjects(name string) ([]Subject, error) {
	b, err := readLimited(name)
	if err != nil {
		return nil, err
	}
	subjects, err := parseSubjects(b)
	if err != nil {
		return nil, locate(name, unquoted(err))
	}
	return subjects, nil
}

// unquoted keeps a key that is not known out of the message: in a subject file it
// may be an identifier in the wrong place.
func unquoted(err error) error {
	var ye *yaml.UnknownFieldError
	if errors.As(err, &ye) && ye.Token != nil && ye.Token.Position != nil {
		return &lineError{ye.Token.Position.Line, "a key that is not known; there are: id, request, requests, email, phone, name, address, birth_date, vat, iban, national_id, card, ip, username, customer_id, domain"}
	}
	return err
}

func parseSubjects(b []byte) (subjects []Subject, err error) {
	defer malformed(&err)
	var probe struct {
		OpenDSR string `yaml:"subject_request_id"`
	}
	if err := decodeLoose(b, &probe); err == nil && probe.OpenDSR != "" {
		s, err := parseOpenDSR(b)
		if err != nil {
			return nil, err
		}
		return []Subject{s}, nil
	}
	var f subjectFile
	if err := decode(b, &f); err != nil {
		return nil, err
	}
	if len(f.Subjects) == 0 {
		return nil, errors.New("no subjects; expected a list under \"subjects:\"")
	}
	var out []Subject
	ids := map[written]bool{}
	for i, n := range f.Subjects {
		if n.ID == "" {
			return nil, fmt.Errorf("subjects[%d]: id is missing; it is the name by which the report calls the person", i)
		}
		if ids[n.ID] {
			return nil, fmt.Errorf("subjects[%d]: the id %q is taken", i, n.ID)
		}
		ids[n.ID] = true
		s := Subject{Person: subject.Person{ID: string(n.ID)}, Requests: n.Requests}
		if n.Request != nil {
			s.Requests = append([]Request{*n.Request}, s.Requests...)
		}
		for t, values := range n.identifiers() {
			for _, v := range values {
				id := subject.Identifier{Type: t, Value: v.text}
				if _, err := id.Normal(); err != nil {
					return nil, syntax(v.node, fmt.Sprintf("subject %s: %s: %v", n.ID, t, err))
				}
				s.Identifiers = append(s.Identifiers, id)
			}
		}
		if len(s.Identifiers) == 0 {
			return nil, fmt.Errorf("subject %s: no identifiers; give at least one, such as email", n.ID)
		}
		out = append(out, s)
	}
	return out, nil
}

// identifiers yields the values by type, in the order of the contract.
func (n subjectNode) identifiers() func(yield func(subject.Type, oneOrMany) bool) {
	lists := []oneOrMany{n.Email, n.Phone, n.Name, n.Address, n.BirthDate, n.VAT, n.IBAN, n.NationalID, n.Card, n.IP, n.Username, n.CustomerID, n.Domain}
	return func(yield func(subject.Type, oneOrMany) bool) {
		for i, t := range subject.Types() {
			if !yield(t, lists[i]) {
				return
			}
		}
	}
}
