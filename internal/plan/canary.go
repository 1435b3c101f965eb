package plan

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/spoor-scan/spoor/internal/subject"
)

// A Canary is an invented person who is planted in the sources, so that a scan
// that finds less than it should shows.
type Canary struct {
	subject.Person
	Expect []Expectation
}

// An Expectation is a place in which a canary was planted.
type Expectation struct {
	Source string `yaml:"source"`
	// Place is a doublestar pattern of the places below the source, as reports
	// show them: "cp / clients / row", "INBOX / **"; empty: anywhere in it.
	Place string `yaml:"place"`
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (c *Canary) UnmarshalYAML(n ast.Node) error {
	var x struct {
		Node   subjectNode   `yaml:",inline"`
		Expect []Expectation `yaml:"expect"`
	}
	if err := yaml.NodeToValue(n, &x, yaml.Strict()); err != nil {
		return err
	}
	if x.Node.ID == "" {
		return syntax(n, "canaries: id is missing; it is the name by which the report calls the canary")
	}
	c.ID, c.Expect = string(x.Node.ID), x.Expect
	for t, values := range x.Node.identifiers() {
		for _, v := range values {
			id := subject.Identifier{Type: t, Value: v.text}
			if _, err := id.Normal(); err != nil {
				return syntax(v.node, fmt.Sprintf("canary %s: %s: %v", x.Node.ID, t, err))
			}
			c.Identifiers = append(c.Identifiers, id)
		}
	}
	switch {
	case len(c.Identifiers) == 0:
		return syntax(n, fmt.Sprintf("canary %s: no identifiers; give at least one, such as email", x.Node.ID))
	case len(c.Expect) == 0:
		return syntax(n, fmt.Sprintf("canary %s: expect is missing: the sources and places in which it is planted", x.Node.ID))
	}
	for _, e := range c.Expect {
		if e.Source == "" || !doublestar.ValidatePattern(strings.ReplaceAll(e.Place, " / ", "/")) {
			return syntax(n, fmt.Sprintf("canary %s: expect: give a source, and a place that is a pattern", x.Node.ID))
		}
	}
	return nil
}

// LoadCanaries reads a file of canaries: a list under "canaries:".
func LoadCanaries(name string) (list []Canary, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	defer malformed(&err)
	var x struct {
		Canaries []Canary `yaml:"canaries"`
	}
	if err := decode(b, &x); err != nil {
		return nil, locate(name, unquoted(err))
	}
	return x.Canaries, nil
}

// CheckCanaries reports canaries that can't be what they are: two of one name, one
// that is expected where nothing is read, or one who shares an identifier with a
// person who is looked for.
func (p *Plan) CheckCanaries(subjects []Subject) error {
	ids := map[string]bool{}
	taken := map[string]string{}
	for _, s := range subjects {
		ids[s.ID] = true
		for _, id := range s.Identifiers {
			if n, err := id.Normal(); err == nil {
				taken[string(id.Type)+"\x00"+n] = s.ID
			}
		}
	}
	for _, c := range p.Canaries {
		if ids[c.ID] {
			return fmt.Errorf("canaries: the id %q is taken", c.ID)
		}
		ids[c.ID] = true
		for _, id := range c.Identifiers {
			n, err := id.Normal()
			if owner, ok := taken[string(id.Type)+"\x00"+n]; ok && err == nil {
				return fmt.Errorf("canary %s: its %s is that of the subject %s; a canary has identifiers that nobody has", c.ID, id.Type, owner)
			}
		}
		for _, e := range c.Expect {
			if !slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Name == e.Source }) {
				return fmt.Errorf("canary %s: expect: no source is called %q", c.ID, e.Source)
			}
		}
	}
	return nil
}
