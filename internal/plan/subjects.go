package plan

import (
	"errors"
	"fmt"
	"io"

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
