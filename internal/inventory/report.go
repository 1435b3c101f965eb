// Package inventory collects what a run found and what it could not read, keeps
// the ledger, and settles both when the run ends.
package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"time"
)

// Format names the form of the JSON report.
const Format = "spoor-inventory/1"

// A Report is a settled inventory, as the contract's section 3 defines it.
// Findings may be far more than fit into memory; they are read one by one, in
// the order of subject, source, confidence and place.
type Report struct {
	Format     string      `json:"format"`
	Run        Run         `json:"run"`
	Subjects   []Subject   `json:"subjects"`
	Activities []Activity  `json:"activities"`
	Sources    []Source    `json:"sources"`
	Gaps       []Gap       `json:"gaps"`
	Exclusions []Exclusion `json:"exclusions"`
	Summary    Summary     `json:"summary"`
	Sealed     string      `json:"sealed,omitempty"`  // the subjects and their identifiers, encrypted (age, armored)
	Survey     *Survey     `json:"survey,omitempty"`  // of a run in the mode "survey"
	Backups    []Backup    `json:"backups,omitempty"` // sets of backups among what was listed
	Links      []Link      `json:"links,omitempty"`   // between columns, by which records were found
	// Organisation is whose report it is, where the configuration says so.
	Organisation *Organisation `json:"organisation,omitempty"`
	// Holds are the legal holds of the configuration.
	Holds []Hold `json:"holds,omitempty"`

	// Canaries says whether invented people were found where they were planted.
	Canaries []Canary `json:"canaries,omitempty"`

	// Findings yields the findings; the *Finding is valid until the iteration
	// continues. It may be ranged over more than once.
	Findings func() iter.Seq2[*Finding, error] `json:"-"`
}

// Run identifies a run.
type Run struct {
	ID       string    `json:"id"`
	Spoor    string    `json:"spoor"` // version of the program
	Mode     string    `json:"mode"`  // "scan" | "survey"
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Status   string    `json:"status"` // "complete" exactly when there are no gaps, else "incomplete"
	// ShowValues says that identifiers are not masked.
	ShowValues bool `json:"show_values,omitempty"`
	// Key names the key under which rows and contents are hashed; those of
	// reports that were made under different keys can't be compared.
	Key string `json:"key,omitempty"`
	// SignedBy is the id of the minisign key that signs the report.
	SignedBy string `json:"signed_by,omitempty"`
	// Notice says what in the report is personal data all the same.
	Notice string `json:"notice"`
}

// Subject is a data subject and what they asked for.
type Subject struct {
	ID          string       `json:"id"`
	Requests    []Request    `json:"requests"`
	Identifiers []Identifier `json:"identifiers"`
	Findings    int          `json:"findings"`
	// NotLookedFor names types of identifiers that were given and that spoor
	// can't look for.
	NotLookedFor []string `json:"not_looked_for,omitempty"`
	// Planted makes the subject a canary: where it should be found. The settled
	// report has it among its Canaries instead.
	Planted []Planted `json:"-"`
	// Suggestions are further identifiers that the subject's records reveal.
	Suggestions []Suggestion `json:"suggestions,omitempty"`
	// Rights are the views of the findings by right; a survey has none.
	Rights *Rights `json:"rights,omitempty"`
}

// Request is a data subject's request. Dates are in the form 2006-01-02.
type Request struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Received string `json:"received,omitempty"`
	// Due is the day by which it is to be answered: one calendar month after
	// receipt, moved to the next working day, or the day to which that was
	// extended (Art. 12(3)).
	Due string `json:"due,omitempty"`
	// DaysLeft counts from the day of the run, in UTC, to Due; below zero behind
	// it. Absent without a day of receipt.
	DaysLeft *int `json:"days_left,omitempty"`
	Overdue  bool `json:"overdue,omitempty"`
	// ExtendedTo is set where the time was extended, by two months at most;
	// FirstDue is when it would have been due.
	ExtendedTo string `json:"extended_to,omitempty"`
	FirstDue   string `json:"first_due,omitempty"`
	// Ground is the letter of Art. 17(1) on which an erasure is asked for: a to f.
	Ground      string       `json:"ground,omitempty"`
	Instruction string       `json:"instruction,omitempty"` // of the controller, where the host is processor
	Correct     []RightValue `json:"correct,omitempty"`     // what is right (Art. 16)
}

// RightValue is what a request says is right.
type RightValue struct {
	Field       string `json:"field"`     // as the request calls it
	Attribute   string `json:"attribute"` // as the fields of findings have it
	Masked      string `json:"masked"`
	Fingerprint string `json:"fingerprint"`
}

// Identifier is one by which a subject was looked for.
type Identifier struct {
	Type     string   `json:"type"`
	Masked   string   `json:"masked"`
	Origin   string   `json:"origin"` // given | found
	Evidence []string `json:"evidence,omitempty"`
	Shared   bool     `json:"shared,omitempty"` // several people turned out to have it
	// Fingerprint is that of the attributes of findings.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Suggestion is an identifier that a record of the subject reveals and that was
// not looked for.
type Suggestion struct {
	Type     string   `json:"type"`
	Masked   string   `json:"masked"`
	Evidence []string `json:"evidence"`
	Why      string   `json:"why"` // why it was not looked for
}

// Link is a reference of one column to another.
type Link struct {
	Source     string  `json:"source"`
	From       string  `json:"from"` // "schema.table.column"
	To         string  `json:"to"`
	When       string  `json:"when,omitempty"` // under which condition it holds
	Kind       string  `json:"kind"`           // declared | configured | inferred | refused
	Confidence float64 `json:"confidence"`     // from 0 to 1
	Why        string  `json:"why"`
	Followed   bool    `json:"followed"`
	Rows       int     `json:"rows"` // that it led to
}

// Source is a source and how much of it was read.
type Source struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	URI    string `json:"uri"`
	Listed bool   `json:"listed"` // false: could not be (wholly) listed
	// Target is what the command line named the source by, for a later run;
	// empty where a configuration file did.
	Target      string   `json:"target,omitempty"`
	Counts      string   `json:"counts,omitempty"`
	Consistency string   `json:"consistency,omitempty"`
	Coverage    Coverage `json:"coverage"`
}

// Coverage is the ledger of a source.
type Coverage struct {
	Units Tally `json:"units"`
	Bytes Tally `json:"bytes"`
}

// A Tally closes when Found is the sum of the others.
type Tally struct {
	Found    int64 `json:"found"`
	Scanned  int64 `json:"scanned"`
	Partial  int64 `json:"partial"`
	Unread   int64 `json:"unread"`
	Excluded int64 `json:"excluded"`
}

// Unreviewed is what was proposed for a finding before people decided about it. It
// is kept for the day on which they take that back, and never to be carried out.
type Unreviewed struct {
	Actions     []Action     `json:"actions"`
	Corrections []Correction `json:"corrections,omitempty"`
}

// Finding is one record that is about one subject.
type Finding struct {
	ID      string          `json:"id"`
	Subject string          `json:"subject"`
	Source  string          `json:"source"`
	URI     string          `json:"uri"`
	Place   string          `json:"place"`
	Locator json.RawMessage `json:"locator"`
	// Content is a keyed hash of what the record holds, which stays the same in
	// another place and, for a row of a database, under another key; empty where
	// it could not be told.
	Content      string   `json:"content,omitempty"`
	Confidence   string   `json:"confidence"` // certain | likely | possible
	Relation     string   `json:"relation"`   // owner | sender | recipient | mentioned | linked
	Matches      []Match  `json:"matches"`
	MatchesTotal int      `json:"matches_total,omitempty"` // set when more were seen than are listed
	Evidence     []string `json:"evidence"`
	Why          string   `json:"why"` // why the confidence is what it is, for people
	Fields       []Field  `json:"fields"`
	Copies       []Copy   `json:"copies"`
	CopiesTotal  int      `json:"copies_total,omitempty"` // set when there are more than are listed
	ThirdParties int      `json:"third_parties"`
	Activities   []string `json:"activities"`
	Tenant       *string  `json:"tenant"`
	Actions      []Action `json:"actions"`

	// Review is what people decided about it: "confirmed" or "refused"; a refused
	// finding has no actions. ReviewTime is when, and ReviewNote what they noted;
	// they stand alone where a decision was taken back.
	Review     string     `json:"review,omitempty"`
	ReviewTime *time.Time `json:"review_time,omitempty"`
	ReviewNote string     `json:"review_note,omitempty"`
	// Unreviewed is what was proposed before that; nil where nothing is decided.
	Unreviewed *Unreviewed `json:"unreviewed,omitempty"`

	// Attributes are what a row says of the subject, so that it can be compared
	// with other rows.
	Attributes []Attribute `json:"attributes,omitempty"`
	// Retention says, for each activity whose clock could be read, since when
	// the record is kept and until when.
	Retention []Kept `json:"retention,omitempty"`
	// Open are activities whose clock has not begun for the record: the column
	// from which it runs is empty, as the end of a contract that goes on.
	Open []string `json:"open,omitempty"`
	// Corrections compare the record with what a request says is right.
	Corrections []Correction `json:"corrections,omitempty"`

	// Same is the content's identity where it is listed under several names; the
	// settled report has Copies instead.
	Same string `json:"same,omitempty"`

	// Settles are the identifiers, by index, without which the confidence would
	// be that of Otherwise: as when they turn out to be shared. The settled
	// report has neither.
	Settles   []int    `json:"settles,omitempty"`
	Otherwise *Verdict `json:"otherwise,omitempty"`

	subject int
}

// FindingID is the same for the same person and record in every run: the first
// 16 hexadecimal digits of a SHA-256 over both.
func FindingID(subject, uri string) string {
	h := sha256.Sum256([]byte(subject + "\x00" + uri))
	return hex.EncodeToString(h[:8])
}

// A Verdict is a confidence and the reason for it.
type Verdict struct {
	Confidence string `json:"confidence"`
	Why        string `json:"why"`
}

// SetSubject says which of the run's subjects, by index, the finding is about.
func (f *Finding) SetSubject(index int, id string) { f.subject, f.Subject = index, id }

// Match is one place in a record where an identifier stands.
type Match struct {
	Type   string `json:"type"`
	Form   string `json:"form"`
	Field  string `json:"field,omitempty"`
	Offset *int64 `json:"offset,omitempty"` // byte in the record or field before decoding; absent where there is none
	Line   int64  `json:"line,omitempty"`   // counted from 1, in texts
	// Fragment opens the text in which it stands, behind the finding's URI:
	// "page=3", "sheet=Clients&cell=B4".
	Fragment string `json:"fragment,omitempty"`
	Masked   string `json:"masked"`
	// Identifier is which of the subject's identifiers it is, counted from 0.
	Identifier int `json:"identifier"`
}

// SubjectIndex returns the index that SetSubject was given.
func (f *Finding) SubjectIndex() int { return f.subject }

// Gap is something that was listed and not read to its end.
type Gap struct {
	Source string `json:"source"`
	URI    string `json:"uri"`
	Place  string `json:"place"` // for people; no identifiers
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Units  int64  `json:"units"`
	Bytes  int64  `json:"bytes"`
}

// Exclusion is something that was left out on purpose.
type Exclusion = Gap

// Summary counts the findings.
type Summary struct {
	Findings   int            `json:"findings"`
	Confidence map[string]int `json:"confidence"`
	Gaps       int            `json:"gaps"`
	Exclusions int            `json:"exclusions"`
	Places     []PlaceCount   `json:"places"` // per subject, source and place
}

// PlaceCount counts findings of one subject in one place.
type PlaceCount struct {
	Subject    string         `json:"subject"`
	Source     string         `json:"source"`
	Place      string         `json:"place"`
	Findings   int            `json:"findings"`
	Confidence map[string]int `json:"confidence"`
}
