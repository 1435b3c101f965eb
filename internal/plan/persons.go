package plan

import (
	"encoding/json"
	"fmt"

	"github.com/spoor-scan/spoor/internal/subject"
)

// personsFormat names the form of what is sealed into reports.
const personsFormat = "spoor-subjects/1"

type persons struct {
	Format   string   `json:"format"`
	Subjects []person `json:"subjects"`
}

type person struct {
	ID          string       `json:"id"`
	Identifiers []identifier `json:"identifiers"`
}

type identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Hash  string `json:"hash,omitempty"`
	Found bool   `json:"found,omitempty"`
}

// WritePersons returns whom a run looked for, with what it found of them, in a
// form that ReadPersons reads. It holds raw identifiers.
func WritePersons(list []subject.Person) ([]byte, error) {
	out := persons{Format: personsFormat, Subjects: []person{}}
	for _, p := range list {
		x := person{ID: p.ID, Identifiers: []identifier{}}
		for _, id := range p.Identifiers {
			x.Identifiers = append(x.Identifiers, identifier{string(id.Type), id.Value, id.Hash, id.Found})
		}
		out.Subjects = append(out.Subjects, x)
	}
	return json.Marshal(out)
}

// ReadPersons reads what WritePersons made. No error quotes an identifier.
func ReadPersons(b []byte) ([]Subject, error) {
	var in persons
	if err := json.Unmarshal(b, &in); err != nil || in.Format != personsFormat {
		return nil, fmt.Errorf("what is sealed is not in the format %s", personsFormat)
	}
	var out []Subject
	for _, p := range in.Subjects {
		s := Subject{Person: subject.Person{ID: p.ID}}
		for i, id := range p.Identifiers {
			x := subject.Identifier{Type: subject.Type(id.Type), Value: id.Value, Hash: id.Hash, Found: id.Found}
			if _, err := x.Normal(); err != nil {
				return nil, fmt.Errorf("sealed identifier %d of subject %s: %w", i, p.ID, err)
			}
			s.Identifiers = append(s.Identifiers, x)
		}
		out = append(out, s)
	}
	return out, nil
}

// NewRequest returns a request of which a report tells.
func NewRequest(id, typ, received, instruction string) Request {
	return Request{ID: written(id), Type: typ, Received: received, Instruction: written(instruction)}
}
