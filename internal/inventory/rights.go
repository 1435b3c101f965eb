package inventory

// Rights are the findings about a subject as each right of chapter III of the
// GDPR asks for them. All are computed, whatever was asked for; Requested names
// the requests about a right. Findings in places that the host holds as processor
// count in AsProcessor alone: those rights are exercised against its customers.
//
// Lists are bounded; what a list leaves out is in the counts.
type Rights struct {
	AsOf          string              `json:"as_of"` // day of the run, by which dates were judged
	Access        AccessView          `json:"access"`
	Portability   PortabilityView     `json:"portability"`
	Erasure       ErasureView         `json:"erasure"`
	Rectification RectificationView   `json:"rectification"`
	Restriction   RestView            `json:"restriction"`
	Objection     RestView            `json:"objection"`
	Notifications []Notification      `json:"notifications"`
	AsProcessor   []TenantView        `json:"as_processor"`
	Unassigned    ConfidenceCounts    `json:"unassigned"` // in places of which no activity tells the purpose
	NotSearched   []NotSearchedPlaces `json:"not_searched,omitempty"`
}

// ConfidenceCounts counts findings.
type ConfidenceCounts struct {
	Certain  int `json:"certain"`
	Likely   int `json:"likely"`
	Possible int `json:"possible"`
}

// All is their sum.
func (c ConfidenceCounts) All() int { return c.Certain + c.Likely + c.Possible }

// Add counts a finding of a confidence.
func (c *ConfidenceCounts) Add(confidence string) {
	switch confidence {
	case "certain":
		c.Certain++
	case "likely":
		c.Likely++
	default:
		c.Possible++
	}
}

// NotSearchedPlaces are places left out for want of an instruction.
type NotSearchedPlaces struct {
	Source string `json:"source"`
	Place  string `json:"place"`
	Detail string `json:"detail"`
}

// AccessView answers what Art. 15(1) asks.
type AccessView struct {
	Requested  []string         `json:"requested"` // ids of requests
	Activities []AccessActivity `json:"activities"`
	// Complaint is to whom the person can complain (Art. 15(1)(f)).
	Complaint *Authority `json:"complaint"`
	// Rights are those of Art. 15(1)(e), by the names of request types.
	Rights []string `json:"rights"`
}

// AccessActivity is what is done with the data of a subject in an activity, and
// which.
type AccessActivity struct {
	Activity           string           `json:"activity"`
	Name               string           `json:"name"`
	Role               string           `json:"role"`
	Purpose            string           `json:"purpose"`
	LegalBasis         string           `json:"legal_basis"`
	Categories         []string         `json:"categories"` // found, and of the record of activities
	Recipients         []Recipient      `json:"recipients"`
	Transfers          []Transfer       `json:"transfers"`
	Retention          *Retention       `json:"retention"`
	Until              string           `json:"until,omitempty"`         // the latest day to which a found record is kept
	UntilUnknown       int              `json:"until_unknown,omitempty"` // found records of which nobody can tell the day
	Columns            []ColumnBasis    `json:"columns,omitempty"`       // what rests on a legal basis of its own
	Source             string           `json:"source"`                  // where the data come from
	Origins            []string         `json:"origins"`                 // provided, observed, derived: what was found
	AutomatedDecisions *string          `json:"automated_decisions"`
	Findings           ConfidenceCounts `json:"findings"`
	Places             int              `json:"places"` // how many different ones
}

// A ColumnBasis is the legal basis of some columns, where it is another than that
// of the activity.
type ColumnBasis struct {
	LegalBasis string   `json:"legal_basis"`
	Fields     []string `json:"fields"`
	Findings   int      `json:"findings"`
}

// PortabilityView says what goes into the copy of Art. 20: what the person
// provided, or what was observed of them, by automated means, on the basis of
// consent or a contract.
type PortabilityView struct {
	Requested []string           `json:"requested"`
	Included  []PortableActivity `json:"included"`
	LeftOut   []LeftOut          `json:"left_out"`
	Findings  int                `json:"findings"`   // included and certain
	ToConfirm int                `json:"to_confirm"` // would be included, were they certain
}

// PortableActivity is what an activity contributes.
type PortableActivity struct {
	Activity   string   `json:"activity"`
	LegalBasis string   `json:"legal_basis"`
	Findings   int      `json:"findings"`
	Fields     []string `json:"fields"` // names of columns
	Categories []string `json:"categories"`
}

// LeftOut is what does not belong into a copy, and why.
type LeftOut struct {
	Activity string   `json:"activity"`
	Why      string   `json:"why"` // derived | legal-basis | unassigned | backup
	Detail   string   `json:"detail"`
	Findings int      `json:"findings"`
	Fields   []string `json:"fields"` // of derived data
}

// ErasureView counts what an erasure (Art. 17) would do.
type ErasureView struct {
	Requested []string       `json:"requested"`
	Actions   map[string]int `json:"actions"` // findings by the kind of their first action
	Keep      []KeptRecords  `json:"keep"`
	Review    []ReviewCount  `json:"review"`
	Blocked   []ReviewCount  `json:"blocked"` // by what stands in the way of a deletion
	Backups   []BackupView   `json:"backups"`
	// KeptUntil is the last day on which a ground ends, GoneBy that on which
	// the last backup is gone by itself; empty where one could not be told.
	KeptUntil string `json:"kept_until,omitempty"`
	GoneBy    string `json:"gone_by,omitempty"`
}

// KeptRecords are records that may or must be kept.
type KeptRecords struct {
	Activity string `json:"activity,omitempty"`
	Kind     string `json:"kind"` // legal-obligation | retention | hold
	Ground   string `json:"ground"`
	Until    string `json:"until,omitempty"` // the last of their days
	First    string `json:"first,omitempty"` // the first of them
	Unknown  int    `json:"unknown"`         // records whose end could not be told
	Findings int    `json:"findings"`
}

// ReviewCount counts findings for one reason.
type ReviewCount struct {
	Reason   string `json:"reason"`
	Findings int    `json:"findings"`
}

// BackupView is about findings that only lie in backups, and copies there.
type BackupView struct {
	Source   string `json:"source"`
	Activity string `json:"activity,omitempty"`
	Findings int    `json:"findings"`
	Copies   int    `json:"copies"`
	GoneBy   string `json:"gone_by,omitempty"` // of the last of them
	Unknown  int    `json:"unknown"`           // of which nobody can tell the day
	Sooner   string `json:"sooner,omitempty"`  // the kind of action that does not wait
}

// RectificationView shows where the same attribute has different values, and,
// where a request says what is right, what to do (Art. 16).
type RectificationView struct {
	Requested  []string         `json:"requested"`
	Attributes []AttributeView  `json:"attributes"`
	Correct    []CorrectionView `json:"correct"`
}

// AttributeView is an attribute and its values.
type AttributeView struct {
	Attribute string      `json:"attribute"`
	Differs   bool        `json:"differs"`
	Values    []ValueView `json:"values"` // the most frequent first
	Findings  int         `json:"findings"`
}

// ValueView is a value of an attribute, and where it stands.
type ValueView struct {
	Masked      string      `json:"masked"`
	Fingerprint string      `json:"fingerprint"`
	Findings    int         `json:"findings"`
	Right       *bool       `json:"right"` // null: no request says what is right
	Places      []FieldView `json:"places"`
}

// FieldView is a field of a place.
type FieldView struct {
	Source   string   `json:"source"`
	Place    string   `json:"place"`
	Field    string   `json:"field"`
	Findings int      `json:"findings"`
	IDs      []string `json:"ids"` // of the first findings
}

// CorrectionView is what a right value asks for. Each finding has its own in
// Corrections.
type CorrectionView struct {
	Request   string      `json:"request"`
	Attribute string      `json:"attribute"`
	Masked    string      `json:"masked"`
	Right     int         `json:"right"`    // findings that have it
	Change    int         `json:"change"`   // that have another
	Complete  int         `json:"complete"` // that have a field for it, which is empty
	Compare   int         `json:"compare"`  // that need somebody to look: other people stand in them, or they are less than certain
	Backups   int         `json:"backups"`  // that lie in backups: to be corrected again when these are restored
	Places    []FieldView `json:"places"`   // of those to be changed or completed
}

// RestView is what a restriction or an objection is about, marketing first.
type RestView struct {
	Requested  []string       `json:"requested"`
	Activities []RestActivity `json:"activities"`
}

// RestActivity is an activity that a restriction reaches, or that rests on what a
// person can withdraw or object to.
type RestActivity struct {
	Activity   string `json:"activity"`
	Name       string `json:"name"`
	LegalBasis string `json:"legal_basis"`
	Marketing  bool   `json:"marketing"`
	// Effect is what the request does: "stop" (direct marketing, Art. 21(3)),
	// "withdraw" (consent, Art. 7(3)), "balance" (legitimate interests or a
	// public task, Art. 21(1)), "restrict" (Art. 18), or "unclear" where the
	// configuration names no legal basis that is known.
	Effect   string           `json:"effect"`
	Findings ConfidenceCounts `json:"findings"`
	// Fields are the columns that it is about, where they have a legal basis of
	// their own; empty: all of the activity's records.
	Fields []string `json:"fields,omitempty"`
}

// Notification is somebody who must be told of a correction, an erasure or a
// restriction (Art. 19), or whose data it is (Art. 28).
type Notification struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"` // recipient | processor | controller
	Country    string   `json:"country,omitempty"`
	Contact    string   `json:"contact,omitempty"`
	Activities []string `json:"activities"`
	Findings   int      `json:"findings"`
	IDs        []string `json:"ids"` // of the first findings that concern it
	Categories []string `json:"categories"`
	// Rights say of which of them it is to be told what each right does.
	Rights []NotifiedRight `json:"rights,omitempty"`
}

// A NotifiedRight is what a right does with findings of which somebody is to be
// told: of an erasure, those that are erased; of a rectification, those that are
// changed or completed; of an objection, those of what it stops.
type NotifiedRight struct {
	Right    string   `json:"right"`    // erasure | rectification | restriction | objection
	Requests []string `json:"requests"` // ids; empty: nobody asked
	Findings int      `json:"findings"`
	IDs      []string `json:"ids"` // of the first
}

// TenantView is what the host holds for a customer, as processor.
type TenantView struct {
	Activity    string           `json:"activity"`
	Tenant      string           `json:"tenant"` // empty: nothing tells the customer
	Controller  *Party           `json:"controller"`
	Instruction string           `json:"instruction"`
	Findings    ConfidenceCounts `json:"findings"`
	Actions     map[string]int   `json:"actions"`
	Places      int              `json:"places"`
}
