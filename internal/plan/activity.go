package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/spoor-scan/spoor/internal/calendar"
)

// DefaultCountry is the one whose public holidays move deadlines where the
// configuration names no other.
const DefaultCountry = "BE"

// An Organisation is the host.
type Organisation struct {
	Name    string `yaml:"name"`
	Address string `yaml:"address"`
	Contact string `yaml:"contact"`
	DPO     string `yaml:"dpo"`
	Country string `yaml:"country"` // two letters (ISO 3166)
	// Authority is to whom people can complain; empty: the one of the country.
	Authority struct {
		Name    string `yaml:"name"`
		Contact string `yaml:"contact"`
		URL     string `yaml:"url"`
	} `yaml:"authority"`
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (o *Organisation) UnmarshalYAML(n ast.Node) error {
	type plain Organisation
	if err := yaml.NodeToValue(n, (*plain)(o), yaml.Strict()); err != nil {
		return err
	}
	o.Country = strings.ToUpper(o.Country)
	if o.Country != "" && !regexp.MustCompile(`^[A-Z]{2}$`).MatchString(o.Country) {
		return syntax(n, "organisation: country: expected two letters, such as BE; holidays are known of "+strings.Join(calendar.Countries(), ", "))
	}
	return nil
}

// day is a day in the form 2006-01-02.
type day string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (d *day) UnmarshalYAML(n ast.Node) error {
	v, _ := scalar(n)
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		return syntax(n, "expected a day such as 2026-12-24")
	}
	*d = day(v)
	return nil
}

// texts is a text or a list of texts.
type texts []string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (t *texts) UnmarshalYAML(n ast.Node) error {
	var o oneOrMany
	if err := o.UnmarshalYAML(n); err != nil {
		return err
	}
	*t = nil
	for _, v := range o {
		*t = append(*t, v.text)
	}
	return nil
}

// An Activity is a processing activity (Art. 30) and the places it covers.
type Activity struct {
	ID         string `yaml:"id"`
	Name       string `yaml:"name"`
	Role       string `yaml:"role"` // controller | joint | processor
	Controller *struct {
		Name    string `yaml:"name"`
		Contact string `yaml:"contact"`
	} `yaml:"controller"`
	Instruction        written      `yaml:"instruction"`
	Purpose            string       `yaml:"purpose"`
	LegalBasis         string       `yaml:"legal_basis"`
	DataSubjects       texts        `yaml:"data_subjects"`
	Categories         texts        `yaml:"categories"`
	Recipients         []Recipient  `yaml:"recipients"`
	Transfers          []Transfer   `yaml:"transfers"`
	Origin             string       `yaml:"origin"`    // where the data come from, in words
	Provision          string       `yaml:"provision"` // provided | observed | derived
	AutomatedDecisions sentence     `yaml:"automated_decisions"`
	Marketing          bool         `yaml:"marketing"`
	Retention          *Retention   `yaml:"retention"`
	Columns            []ColumnRule `yaml:"columns"`
	// Covers names sources, or places in them as reports show them, or paths in
	// them, with doublestar patterns: "controlpanel", "databases / wp_shop",
	// "/var/www/**".
	Covers texts `yaml:"covers"`
	// Tenant says which step of a place names the customer whose data it is:
	// patterns with {tenant}, such as "/var/www/{tenant}/**".
	Tenant texts `yaml:"tenant"`
}

// A Recipient is one to whom data is disclosed, or a (sub-)processor.
type Recipient struct {
	Name      string `yaml:"name"`
	Kind      string `yaml:"kind"` // recipient | processor
	Contact   string `yaml:"contact"`
	Country   string `yaml:"country"`
	Safeguard string `yaml:"safeguard"`
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (r *Recipient) UnmarshalYAML(n ast.Node) error {
	if v, ok := scalar(n); ok {
		r.Name, r.Kind = v, "recipient"
		return nil
	}
	type plain Recipient
	if err := yaml.NodeToValue(n, (*plain)(r), yaml.Strict()); err != nil {
		return err
	}
	switch {
	case r.Name == "":
		return syntax(n, "recipients: a recipient needs a name")
	case r.Kind == "":
		r.Kind = "recipient"
	case r.Kind == "sub-processor", r.Kind == "subprocessor":
		r.Kind = "processor"
	case r.Kind != "recipient" && r.Kind != "processor":
		return syntax(n, "recipients: kind must be recipient or processor")
	}
	return nil
}

// A Transfer is one to a third country.
type Transfer struct {
	Country   string `yaml:"country"`
	Safeguard string `yaml:"safeguard"`
	Recipient string `yaml:"recipient"`
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (t *Transfer) UnmarshalYAML(n ast.Node) error {
	type plain Transfer
	if err := yaml.NodeToValue(n, (*plain)(t), yaml.Strict()); err != nil {
		return err
	}
	if t.Country == "" {
		return syntax(n, "transfers: a transfer needs a country")
	}
	return nil
}

// sentence is a text, or false for none.
type sentence string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *sentence) UnmarshalYAML(n ast.Node) error {
	v, ok := scalar(n)
	_, null := n.(*ast.NullNode)
	switch {
	case null, v == "false", v == "none":
		return nil
	case !ok || v == "true":
		return syntax(n, "automated_decisions: say in a sentence what is decided, by which logic and with what consequences; or false")
	}
	*s = sentence(v)
	return nil
}

// A Retention says how long records are kept.
type Retention struct {
	Period string `yaml:"period"` // ISO 8601
	From   string `yaml:"from"`   // a column, backup, modified, received, or an event in words
	Margin string `yaml:"margin"` // ISO 8601
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (r *Retention) UnmarshalYAML(n ast.Node) error {
	if v, ok := scalar(n); ok {
		r.Period = v
	} else {
		type plain Retention
		if err := yaml.NodeToValue(n, (*plain)(r), yaml.Strict()); err != nil {
			return err
		}
	}
	if r.Period == "" {
		return syntax(n, "retention: a period is missing, such as P10Y")
	}
	for _, p := range []string{r.Period, r.Margin} {
		if _, err := calendar.ParsePeriod(p); p != "" && err != nil {
			return syntax(n, "retention: "+err.Error())
		}
	}
	return nil
}

// A ColumnRule says what is different for some columns.
type ColumnRule struct {
	Match      texts      `yaml:"match"` // patterns of "table.column" or "schema / table / column"
	Categories texts      `yaml:"categories"`
	Origin     string     `yaml:"origin"`
	LegalBasis string     `yaml:"legal_basis"`
	Retention  *Retention `yaml:"retention"`
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (c *ColumnRule) UnmarshalYAML(n ast.Node) error {
	type plain ColumnRule
	if err := yaml.NodeToValue(n, (*plain)(c), yaml.Strict()); err != nil {
		return err
	}
	if len(c.Match) == 0 {
		return syntax(n, "columns: match is missing: the columns, as clients.birth_date or shop.clients.*")
	}
	if err := origin(c.Origin); err != nil {
		return syntax(n, "columns: origin: "+err.Error())
	}
	return patterns(n, "columns: match", c.Match)
}

func origin(s string) error {
	if s != "" && !slices.Contains([]string{"provided", "observed", "derived"}, s) {
		return fmt.Errorf("must be provided, observed or derived")
	}
	return nil
}

// patterns checks patterns of places.
func patterns(n ast.Node, what string, list []string) error {
	for _, p := range list {
		if p == "" || !doublestar.ValidatePattern(strings.ReplaceAll(p, " / ", "/")) {
			return syntax(n, fmt.Sprintf("%s: %q is not a pattern", what, p))
		}
	}
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler: the mistakes of an activity have
// its line.
func (a *Activity) UnmarshalYAML(n ast.Node) error {
	type plain Activity
	if err := yaml.NodeToValue(n, (*plain)(a), yaml.Strict()); err != nil {
		return err
	}
	switch {
	case a.ID == "":
		return syntax(n, "an activity needs an id")
	case a.ID == "unassigned":
		return syntax(n, "activity unassigned: the id stands for what no activity covers; choose another")
	case a.Role != "controller" && a.Role != "joint" && a.Role != "processor":
		return syntax(n, "activity "+a.ID+": role must be controller, joint or processor")
	case a.Role == "processor" && a.LegalBasis != "":
		return syntax(n, "activity "+a.ID+": a processor has no legal basis of its own; remove legal_basis")
	case a.Role != "processor" && a.Instruction != "":
		return syntax(n, "activity "+a.ID+": an instruction is what a controller gives to a processor; remove instruction, or make the role processor")
	}
	if err := origin(a.Provision); err != nil {
		return syntax(n, "activity "+a.ID+": provision "+err.Error())
	}
	for _, o := range []string{"provided", "observed", "derived"} {
		if a.Provision == "" && strings.HasPrefix(strings.ToLower(a.Origin), o) {
			a.Provision = o
		}
	}
	for _, t := range a.Tenant {
		if strings.Count(t, "{tenant}") != 1 {
			return syntax(n, fmt.Sprintf("activity %s: tenant: %q must hold {tenant} once, where the customer's name stands", a.ID, t))
		}
	}
	return patterns(n, "activity "+a.ID+": covers", a.Covers)
}

// A Hold keeps records from being erased: a legal hold.
type Hold struct {
	Ground   string `yaml:"ground"`
	Until    day    `yaml:"until"`
	Subjects texts  `yaml:"subjects"` // ids; empty: everybody
	Covers   texts  `yaml:"covers"`   // patterns; empty: everything
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (h *Hold) UnmarshalYAML(n ast.Node) error {
	type plain Hold
	if err := yaml.NodeToValue(n, (*plain)(h), yaml.Strict()); err != nil {
		return err
	}
	switch {
	case h.Ground == "":
		return syntax(n, "holds: ground is missing: why the records must be kept")
	case len(h.Subjects) == 0 && len(h.Covers) == 0:
		return syntax(n, "holds: say what is held: covers (patterns of places) or subjects (ids)")
	}
	return patterns(n, "holds: covers", h.Covers)
}
