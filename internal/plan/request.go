package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/subject"
)

// A Request is what a data subject asked for. Dates are in the form 2006-01-02.
type Request struct {
	ID          written     `yaml:"id"`
	Type        string      `yaml:"type"`
	Received    string      `yaml:"received"`
	Ground      written     `yaml:"ground"`      // Art. 17(1): a to f
	Correct     corrections `yaml:"correct"`     // Art. 16: field and right value
	Instruction written     `yaml:"instruction"` // the controller's, where the host is processor
	ExtendedTo  string      `yaml:"extended_to"` // Art. 12(3): by two further months at most
}

// requestTypes are the rights that a request can be about (Art. 15 to 21).
const requestTypes = "access, portability, erasure, rectification, restriction, objection"

// A Correction is what a request says is right.
type Correction struct{ Field, Value string }

type corrections []Correction

// UnmarshalYAML implements yaml.NodeUnmarshaler. No error quotes a value.
func (c *corrections) UnmarshalYAML(n ast.Node) error {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return syntax(n, "correct: expected fields and their right values, as city: Hasselt")
	}
	for _, kv := range values {
		field := kv.Key.GetToken().Value
		v, ok := scalar(kv.Value)
		if !ok || strings.TrimSpace(v) == "" {
			return syntax(kv, "correct: "+field+": expected the value that is right")
		}
		if t := subject.Type(field); slices.Contains(subject.Types(), t) {
			if _, err := (subject.Identifier{Type: t, Value: v}).Normal(); err != nil {
				return syntax(kv, fmt.Sprintf("correct: %s: %v", field, err))
			}
		}
		*c = append(*c, Correction{field, v})
	}
	return nil
}

// Due returns the day by which the request is to be answered: extended_to, or
// one calendar month after receipt, moved to the next working day. It is empty
// without a day of receipt.
func (r Request) Due(c calendar.Calendar) string {
	if r.ExtendedTo != "" {
		return r.ExtendedTo
	}
	return r.FirstDue(c)
}

// FirstDue is Due, but for an extension.
func (r Request) FirstDue(c calendar.Calendar) string {
	t, err := time.Parse(time.DateOnly, r.Received)
	if err != nil {
		return ""
	}
	return c.Due(t, 1).Format(time.DateOnly)
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

// artGround takes the ways in which people write a ground of Art. 17(1).
var artGround = regexp.MustCompile(`(?i)^(?:art(?:icle|ikel|\.)?\s*)?(?:17\s*)?(?:\(1\)\s*)?\(?([a-f])\)?$`)

func (r *Request) validate() error {
	if r.ID == "" {
		return errors.New("a request needs an id")
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("request %s: "+format, append([]any{r.ID}, args...)...)
	}
	if !slices.Contains(strings.Split(requestTypes, ", "), r.Type) {
		return fail("type must be one of %s", requestTypes)
	}
	for _, d := range []string{r.Received, r.ExtendedTo} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return fail("dates are written as 2026-11-02")
		}
	}
	if r.Ground != "" {
		m := artGround.FindStringSubmatch(string(r.Ground))
		if m == nil {
			return fail("ground must be a letter of Art. 17(1), a to f")
		}
		if r.Type != "erasure" {
			return fail("a ground belongs to a request for erasure")
		}
		r.Ground = written(strings.ToLower(m[1]))
	}
	if len(r.Correct) > 0 && r.Type != "rectification" {
		return fail("correct belongs to a request for rectification")
	}
	return r.extended(fail)
}

// extended checks an extension: at most two months beyond the first (Art. 12(3)).
func (r *Request) extended(fail func(string, ...any) error) error {
	if r.ExtendedTo == "" {
		return nil
	}
	received, err := time.Parse(time.DateOnly, r.Received)
	if err != nil {
		return nil // nothing tells how long it may be
	}
	if r.ExtendedTo < calendar.AddMonths(received, 1).Format(time.DateOnly) {
		return fail("extended_to lies before the day on which it is due without an extension")
	}
	// Whose holidays move the last day is known from the configuration only.
	last := ""
	for _, country := range append(calendar.Countries(), "") {
		last = max(last, calendar.Calendar{Country: country}.Due(received, 3).Format(time.DateOnly))
	}
	if r.ExtendedTo > last {
		return fail("extended_to must be at most three months after receipt: the time is extended by two further months at most (Art. 12(3))")
	}
	return nil
}
