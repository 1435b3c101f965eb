package plan

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/spoor-scan/spoor/internal/subject"
)

// openDSR is a request in the form of the OpenDSR framework (formerly OpenGDPR).
// Keys that spoor has no use for are passed over, as that framework allows
// extensions.
type openDSR struct {
	ID         string `yaml:"subject_request_id"`
	Type       string `yaml:"subject_request_type"`
	Submitted  string `yaml:"submitted_time"`
	Identities []struct {
		Type   string `yaml:"identity_type"`
		Value  string `yaml:"identity_value"`
		Format string `yaml:"identity_format"`
	} `yaml:"subject_identities"`
}

func decodeLoose(b []byte, v any) error {
	return yaml.Unmarshal(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), v)
}

func parseOpenDSR(b []byte) (Subject, error) {
	var d openDSR
	if err := decodeLoose(b, &d); err != nil {
		return Subject{}, err
	}
	s := Subject{Person: subject.Person{ID: d.ID}}
	if d.Type != "" {
		r := Request{ID: written(d.ID), Type: d.Type}
		if t, err := time.Parse(time.RFC3339, d.Submitted); err == nil {
			r.Received = t.UTC().Format(time.DateOnly)
		}
		if err := r.validate(); err != nil {
			return Subject{}, fmt.Errorf("subject_request_type: %w", err)
		}
		s.Requests = []Request{r}
	}
	for i, id := range d.Identities {
		t := subject.Type(id.Type)
		switch id.Type {
		case "phone_number", "mobile":
			t = subject.Phone
		case "email_address":
			t = subject.Email
		case "controller_customer_id":
			t = subject.CustomerID
		case "ip_address":
			t = subject.IP
		}
		x := subject.Identifier{Type: t, Value: id.Value}
		switch id.Format {
		case "raw", "":
		case "md5", "sha1", "sha256":
			x.Hash = id.Format
		default:
			return Subject{}, fmt.Errorf("subject_identities[%d]: identity_format must be raw, md5, sha1 or sha256", i)
		}
		if !slices.Contains(subject.Types(), t) || x.Hash != "" && t != subject.Email {
			s.Ignored = append(s.Ignored, strings.TrimSpace(id.Type+" "+x.Hash))
			continue
		}
		if _, err := x.Normal(); err != nil {
			return Subject{}, fmt.Errorf("subject_identities[%d]: %w", i, err)
		}
		s.Identifiers = append(s.Identifiers, x)
	}
	if len(s.Identifiers) == 0 {
		return Subject{}, errors.New("subject_identities: there is none that can be looked for")
	}
	return s, nil
}
