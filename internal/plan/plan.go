// Package plan reads what a run is to do: the configuration file, the targets of
// the command line, and the data subjects. All of it is decoded strictly; a
// mistake is one line that names file, line and what was expected.
package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/spoor-scan/spoor/internal/calendar"
	"github.com/spoor-scan/spoor/internal/language"
	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners"
)

// A Plan is what a run is to do.
type Plan struct {
	Sources    []Source
	Activities []Activity
	Limits     Limits
	Rules      []rules.Rule // the users' own, beside those of package rules
	Passwords  []Password
	OCR        OCR
	Links      []Link
	Audit      Audit
	Canaries   []Canary
	// Since is the time before which rows that tell when they last changed need
	// not be read; zero: all are. A source's own setting wins over it.
	Since time.Time

	Organisation Organisation
	Holds        []Hold
	// Instruction is the one of controllers under which all that the host holds
	// as processor is scanned.
	Instruction string
	Calendar    calendar.Calendar
	// Language is that of reports; empty: not said.
	Language language.Lang
}

// Audit says where the audit log is.
type Audit struct {
	File string `yaml:"file"` // empty: there is none
}

// A Link is a reference between two columns that nobody declared in a database:
// one that is to be followed, or is not to be.
type Link struct {
	From   End  `yaml:"from"`
	To     End  `yaml:"to"` // may be left out where it is refused
	Refuse bool `yaml:"refuse"`
}

// An End is a column, written as SOURCE/SCHEMA.TABLE.COLUMN; the schema may be
// left out.
type End struct{ Source, Table, Column string }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (e *End) UnmarshalYAML(n ast.Node) error {
	v, _ := scalar(n)
	source, rest, ok := strings.Cut(v, "/")
	dot := strings.LastIndexByte(rest, '.')
	if !ok || source == "" || dot <= 0 || dot == len(rest)-1 {
		return syntax(n, "links: expected SOURCE/SCHEMA.TABLE.COLUMN, as in controlpanel/billing.invoices.client_id")
	}
	*e = End{source, rest[:dot], rest[dot+1:]}
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (l *Link) UnmarshalYAML(n ast.Node) error {
	type plain Link
	if err := yaml.NodeToValue(n, (*plain)(l), yaml.Strict()); err != nil {
		return err
	}
	switch {
	case l.From.Source == "":
		return syntax(n, "links: from is missing: the column that refers to another, as SOURCE/SCHEMA.TABLE.COLUMN")
	case l.To.Source == "" && !l.Refuse:
		return syntax(n, "links: to is missing: the column that is referred to, as SOURCE/SCHEMA.TABLE.COLUMN")
	case l.To.Source == "":
		l.To.Source = l.From.Source
	}
	return nil
}

// A Password opens what is encrypted inside the sources.
type Password struct {
	secret.From `yaml:",inline"`
	// Match is a doublestar pattern of the names or paths of the files on which
	// it is tried: "*.zip", "**/backup/**"; empty: on all.
	Match string `yaml:"match"`
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (p *Password) UnmarshalYAML(n ast.Node) error {
	type plain Password
	if err := yaml.NodeToValue(n, (*plain)(p), yaml.Strict()); err != nil {
		return err
	}
	if err := p.Validate(); err != nil {
		return syntax(n, "passwords: "+err.Error())
	}
	switch {
	case p.IsZero():
		return syntax(n, "passwords: say where one comes from: password_env, password_file, password_command or password_credential")
	case !doublestar.ValidatePattern(p.Match):
		return syntax(n, fmt.Sprintf("passwords: match: %q is not a pattern", p.Match))
	}
	return nil
}

// For reports whether the password is to be tried on the file with a name and a
// URI.
func (p *Password) For(name, uri string) bool {
	if p.Match == "" {
		return true
	}
	path, err := scanners.Unescape(uri)
	if err != nil {
		path = uri
	}
	if _, after, ok := strings.Cut(path, "://"); ok {
		path = after
	}
	for _, s := range []string{name, path} {
		if ok, err := doublestar.Match(p.Match, strings.TrimPrefix(s, "/")); ok && err == nil {
			return true
		}
	}
	return false
}

// OCR says whether the text in pictures is recognised, and in which languages.
type OCR struct {
	On        bool     `yaml:"on"`
	Languages []string `yaml:"languages"` // as tesseract calls them; empty: English
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (o *OCR) UnmarshalYAML(n ast.Node) error {
	if v, ok := scalar(n); ok && (v == "true" || v == "false") {
		o.On = v == "true"
		return nil
	}
	type plain OCR
	o.On = true
	if err := yaml.NodeToValue(n, (*plain)(o), yaml.Strict()); err != nil {
		return err
	}
	for _, l := range o.Languages {
		if !regexp.MustCompile(`^[A-Za-z_/]{3,30}$`).MatchString(l) {
			return syntax(n, fmt.Sprintf("ocr: languages: %q is not the name of a language as tesseract has it, such as eng", l))
		}
	}
	return nil
}

// A Source is one that is to be read.
type Source struct {
	Name   string
	Named  bool // in a configuration file
	Type   string
	Config scanners.Config
	// Target is that of the command line that the source was made of, without a
	// password; empty where a configuration file named it.
	Target string
}

// Limits bound what is opened inside one item. Zero values mean the defaults.
type Limits struct {
	Depth   int      `yaml:"depth"`   // levels of containers
	Members int64    `yaml:"members"` // in all levels of one item
	Bytes   Size     `yaml:"bytes"`   // expanded, in all levels of one item
	Ratio   int64    `yaml:"ratio"`   // expanded to stored bytes
	Time    Duration `yaml:"time"`    // for one item
}

// Size is a number of bytes, written as 1048576, 512MiB or 2GB.
type Size int64

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Size) UnmarshalYAML(n ast.Node) error {
	v, ok := scalar(n)
	m := regexp.MustCompile(`^(\d{1,12})\s*([KMGT]?)(i?)B?$`).FindStringSubmatch(v)
	if !ok || m == nil {
		return syntax(n, "expected a size such as 512MiB")
	}
	var x int64
	if _, err := fmt.Sscan(m[1], &x); err != nil {
		return syntax(n, "expected a size such as 512MiB")
	}
	base := int64(1000)
	if m[3] == "i" {
		base = 1024
	}
	for range strings.Index("_KMGT", m[2]) * len(m[2]) {
		if x > (1<<62)/base {
			return syntax(n, "the size is too large")
		}
		x *= base
	}
	*s = Size(x)
	return nil
}

// Duration is written as 30s or 1h30m.
type Duration time.Duration

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	v, _ := scalar(n)
	t, err := time.ParseDuration(v)
	if err != nil || t <= 0 {
		return syntax(n, "expected a duration such as 30s")
	}
	*d = Duration(t)
	return nil
}

// file is the configuration file.
type file struct {
	Sources    []sourceNode `yaml:"sources"`
	Activities []Activity   `yaml:"activities"`
	Limits     Limits       `yaml:"limits"`
	Rules      []ruleNode   `yaml:"rules"`
	Passwords  []Password   `yaml:"passwords"`
	OCR        OCR          `yaml:"ocr"`
	Links      []Link       `yaml:"links"`
	Audit      Audit        `yaml:"audit"`
	Canaries   []Canary     `yaml:"canaries"`

	Organisation Organisation `yaml:"organisation"`
	Holidays     []day        `yaml:"holidays"`
	Instruction  written      `yaml:"instruction"`
	Holds        []Hold       `yaml:"holds"`
	Language     speech       `yaml:"language"`
}

// speech is the language of reports.
type speech language.Lang

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *speech) UnmarshalYAML(n ast.Node) error {
	v, _ := scalar(n)
	l, err := language.Parse(v)
	if err != nil {
		return syntax(n, "language is one of nl, fr, de and en")
	}
	*s = speech(l)
	return nil
}

// ruleNode is a detector of the users' own.
type ruleNode struct{ rule rules.Rule }

// UnmarshalYAML implements yaml.NodeUnmarshaler: the mistakes of a rule have its
// line.
func (r *ruleNode) UnmarshalYAML(n ast.Node) error {
	var c rules.Custom
	if err := yaml.NodeToValue(n, &c, yaml.Strict()); err != nil {
		return err
	}
	rule, err := c.Rule()
	if err != nil {
		return syntax(n, fmt.Sprintf("rule %q: %v", c.ID, err))
	}
	r.rule = rule
	return nil
}

// sourceNode keeps a source's node until its kind is known.
type sourceNode struct{ node ast.Node }

func (s *sourceNode) UnmarshalYAML(n ast.Node) error {
	s.node = n
	return nil
}

// Load reads a configuration file.
func Load(name string, kinds []scanners.Kind) (*Plan, error) {
	b, err := readLimited(name)
	if err != nil {
		return nil, err
	}
	p, err := parse(b, kinds)
	if err != nil {
		return nil, locate(name, err)
	}
	return p, nil
}

// malformed turns a panic of the YAML library, which some malformed documents
// cause, into an error.
func malformed(err *error) {
	if recover() != nil {
		*err = errors.New("not well-formed YAML")
	}
}

func parse(b []byte, kinds []scanners.Kind) (p *Plan, err error) {
	defer malformed(&err)
	var f file
	if err := decode(b, &f); err != nil {
		return nil, err
	}
	if l := f.Limits; l.Depth < 0 || l.Members < 0 || l.Ratio < 0 {
		return nil, errors.New("limits: expected numbers above zero")
	}
	p = &Plan{
		Activities: f.Activities, Limits: f.Limits, Passwords: f.Passwords, OCR: f.OCR, Links: f.Links, Audit: f.Audit, Canaries: f.Canaries,
		Organisation: f.Organisation, Holds: f.Holds, Instruction: string(f.Instruction), Language: language.Lang(f.Language),
	}
	if p.Organisation.Country == "" {
		p.Organisation.Country = DefaultCountry
	}
	p.Calendar.Country = p.Organisation.Country
	for _, d := range f.Holidays {
		p.Calendar.Extra = append(p.Calendar.Extra, string(d))
	}
	own := map[string]bool{}
	for _, r := range rules.All() {
		own[r.ID] = true
	}
	for _, r := range f.Rules {
		if own[r.rule.ID] {
			return nil, fmt.Errorf("rules: two are called %q, or one as a detector that spoor has", r.rule.ID)
		}
		own[r.rule.ID] = true
		p.Rules = append(p.Rules, r.rule)
	}
	names := map[string]bool{}
	for _, s := range f.Sources {
		src, err := source(s.node, kinds)
		if err != nil {
			return nil, err
		}
		if names[src.Name] {
			return nil, syntax(s.node, fmt.Sprintf("two sources are called %q; give each a name of its own", src.Name))
		}
		names[src.Name] = true
		p.Sources = append(p.Sources, src)
	}
	for _, l := range f.Links {
		for _, e := range []End{l.From, l.To} {
			if !names[e.Source] {
				return nil, fmt.Errorf("links: no source is called %q", e.Source)
			}
		}
	}
	ids := map[string]bool{}
	for _, a := range f.Activities {
		if ids[a.ID] {
			return nil, fmt.Errorf("activities: two are called %q", a.ID)
		}
		ids[a.ID] = true
	}
	return p, nil
}

// source decodes one source by its type.
func source(n ast.Node, kinds []scanners.Kind) (Source, error) {
	m, ok := n.(*ast.MappingNode)
	if v, single := n.(*ast.MappingValueNode); single {
		m, ok = ast.Mapping(v.Start, false, v), true
	}
	if !ok {
		return Source{}, syntax(n, "expected a source: name, type and its settings")
	}
	var s Source
	rest := ast.Mapping(m.Start, m.IsFlowStyle)
	for _, kv := range m.Values {
		switch kv.Key.GetToken().Value {
		case "name":
			s.Name, _ = scalar(kv.Value)
		case "type":
			s.Type, _ = scalar(kv.Value)
		default:
			rest.Values = append(rest.Values, kv)
		}
	}
	if s.Name == "" || strings.Contains(s.Name, " / ") {
		return Source{}, syntax(n, "a source needs a name")
	}
	for _, k := range kinds {
		if k.Type != s.Type {
			continue
		}
		s.Named = true
		s.Config = k.Config()
		if len(rest.Values) > 0 {
			if err := yaml.NodeToValue(rest, s.Config, yaml.Strict()); err != nil {
				return Source{}, located(rest, k, err)
			}
		}
		if err := s.Config.Validate(); err != nil {
			return Source{}, syntax(n, fmt.Sprintf("source %s: %v", s.Name, err))
		}
		return s, nil
	}
	return Source{}, syntax(n, fmt.Sprintf("source %s: type must be one of %s", s.Name, typeNames(kinds)))
}

// located gives an error that does not know its line that of the setting which
// causes it.
func located(m *ast.MappingNode, k scanners.Kind, err error) error {
	var ye yaml.Error
	var le *lineError
	if errors.As(err, &ye) || errors.As(err, &le) {
		return err
	}
	for _, kv := range m.Values {
		one := ast.Mapping(m.Start, false, kv)
		if err := yaml.NodeToValue(one, k.Config(), yaml.Strict()); err != nil {
			msg := err.Error()
			if strings.HasPrefix(msg, "time: ") {
				msg = "expected a duration such as 30s"
			}
			return syntax(kv.Value, kv.Key.String()+": "+msg)
		}
	}
	return err
}

func typeNames(kinds []scanners.Kind) string {
	var t []string
	for _, k := range kinds {
		t = append(t, k.Type)
	}
	return strings.Join(t, ", ")
}

// AddTarget adds a target of the command line.
func (p *Plan) AddTarget(target string, kinds []scanners.Kind) error {
	if target == "" {
		return errors.New("an empty target; give a path or a URI such as mysql://user@host/")
	}
	scheme := ""
	if m := regexp.MustCompile(`^([a-z][a-z0-9+.-]*):`).FindStringSubmatch(target); m != nil && !fileExists(target) {
		scheme = m[1]
	}
	var schemes []string
	for _, k := range kinds {
		for _, s := range k.Schemes {
			if s != "" {
				schemes = append(schemes, s+":")
			}
			if s != scheme {
				continue
			}
			cfg := k.Config()
			err := cfg.Target(target)
			if err == nil {
				err = cfg.Validate()
			}
			if err != nil {
				return fmt.Errorf("target %s: %w", redact(target), err)
			}
			p.Sources = append(p.Sources, Source{Name: p.freeName(k.Type, target), Type: k.Type, Config: cfg, Target: redact(target)})
			return nil
		}
	}
	return fmt.Errorf("target %s: this version reads a path, %s", redact(target), strings.Join(schemes, ", "))
}

// redact hides the password that somebody wrote into a target all the same.
func redact(target string) string {
	scheme, rest, ok := strings.Cut(target, "://")
	at := strings.LastIndexByte(rest, '@')
	if !ok || at < 0 {
		return target
	}
	user, _, secret := strings.Cut(rest[:at], ":")
	if secret {
		user += ":***"
	}
	return scheme + "://" + user + rest[at:]
}

func fileExists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// freeName makes a source's name: its type, or the last step of a path.
func (p *Plan) freeName(typ, target string) string {
	name := typ
	if !strings.Contains(target, "://") || strings.HasPrefix(target, "file:") {
		if abs, err := filepath.Abs(strings.TrimPrefix(target, "file://")); err == nil {
			// The name stands in reports for people: a mailbox's folder is called
			// after its owner.
			if base := filepath.Base(abs); base != "/" && !strings.Contains(base, "@") {
				name = strings.ReplaceAll(base, " / ", "_")
			}
		}
	}
	taken := func(n string) bool {
		for _, s := range p.Sources {
			if s.Name == n {
				return true
			}
		}
		return false
	}
	free := name
	for i := 2; taken(free); i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	return free
}

// maxFile bounds configuration and subject files, in bytes.
const maxFile = 256 << 20

func readLimited(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, name)
}

func readAll(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB", name, maxFile>>20)
	}
	return b, nil
}

// decode decodes YAML or JSON strictly.
func decode(b []byte, v any) error {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // as editors on Windows write it
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return err
	}
	if len(f.Docs) > 1 {
		return errors.New("expected a single YAML document")
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return errors.New("the file is empty")
	}
	return yaml.NodeToValue(f.Docs[0].Body, v, yaml.Strict())
}

// scalar returns a value as it is written, so that 0470123456 keeps its zero.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// A lineError is a mistake in a line of a file.
type lineError struct {
	line int
	msg  string
}

func (e *lineError) Error() string { return e.msg }

func syntax(n ast.Node, msg string) error {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return &lineError{t.Position.Line, msg}
	}
	return errors.New(msg)
}

// locate puts file and line in front of an error, and keeps the content of the
// file out of it.
func locate(name string, err error) error {
	var le *lineError
	if errors.As(err, &le) {
		return fmt.Errorf("%s:%d: %s", name, le.line, le.msg)
	}
	var ye yaml.Error
	if errors.As(err, &ye) {
		msg := ye.GetMessage()
		var te *yaml.TypeError
		if errors.As(err, &te) {
			msg = fmt.Sprintf("expected %s", kindName(te.DstType.String()))
			if te.StructFieldName != nil {
				_, field, _ := strings.Cut(*te.StructFieldName, ".")
				msg = strings.ToLower(field) + ": " + msg
			}
		}
		msg, _, _ = strings.Cut(msg, "\n")
		if t := ye.GetToken(); t != nil && t.Position != nil {
			return fmt.Errorf("%s:%d: %s", name, t.Position.Line, msg)
		}
		return fmt.Errorf("%s: %s", name, msg)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func kindName(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"):
		return "a number"
	case t == "string":
		return "a text"
	case t == "bool":
		return "true or false"
	case t == "time.Duration":
		return "a duration such as 30s"
	}
	return "a mapping of settings"
}
