package inventory

// An Organisation is the host whose report it is.
type Organisation struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact,omitempty"`
	DPO     string `json:"dpo,omitempty"` // contact of the data protection officer
	// Country is the one whose public holidays move deadlines, and whose
	// authority takes complaints: an ISO 3166 code of two letters.
	Country   string     `json:"country"`
	Authority *Authority `json:"authority,omitempty"`
}

// An Authority is one to whom people can complain (Art. 77).
type Authority struct {
	Name    string `json:"name"`
	Contact string `json:"contact,omitempty"` // address or e-mail
	URL     string `json:"url,omitempty"`
}

// Activity is a processing activity (Art. 30).
type Activity struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Role         string      `json:"role"` // controller | joint | processor | unassigned
	Controller   *Party      `json:"controller"`
	Instruction  *string     `json:"instruction"` // under which it was scanned, where the host is processor
	Purpose      string      `json:"purpose"`
	LegalBasis   *string     `json:"legal_basis"`
	DataSubjects []string    `json:"data_subjects"`
	Categories   []string    `json:"categories,omitempty"` // of data, as the record of activities has them
	Recipients   []Recipient `json:"recipients"`
	Transfers    []Transfer  `json:"transfers,omitempty"` // to third countries
	Origin       string      `json:"origin"`              // where the data come from (Art. 15(1)(g))
	// Provision says what the data are, seen from the subject: "provided",
	// "observed" or "derived"; empty: the names of columns tell.
	Provision string `json:"provision,omitempty"`
	// AutomatedDecisions says what is decided without people, by which logic and
	// with what consequences (Art. 22); null: nothing.
	AutomatedDecisions *string    `json:"automated_decisions"`
	Marketing          bool       `json:"marketing,omitempty"` // direct marketing (Art. 21(2))
	Retention          *Retention `json:"retention"`
	// Columns are exceptions from the above.
	Columns []ColumnRule `json:"columns,omitempty"`
	// Findings counts those that are of the activity.
	Findings int `json:"findings"`
	// Places are those that no activity covers: of the activity "unassigned".
	Places []UnassignedPlace `json:"places,omitempty"`
}

// A ColumnRule says what is different for some columns of an activity.
type ColumnRule struct {
	Match      []string   `json:"match"` // patterns of "schema / table / column"
	Categories []string   `json:"categories,omitempty"`
	Origin     string     `json:"origin,omitempty"` // provided | observed | derived
	LegalBasis *string    `json:"legal_basis,omitempty"`
	Retention  *Retention `json:"retention,omitempty"`
}

// An UnassignedPlace is one that no activity covers.
type UnassignedPlace struct {
	Source   string `json:"source"`
	Place    string `json:"place"`
	Findings int    `json:"findings"`
}

// Party is a controller.
type Party struct {
	Name    string `json:"name"`
	Contact string `json:"contact,omitempty"`
}

// Recipient is one to whom data is disclosed.
type Recipient struct {
	Name      string  `json:"name"`
	Kind      string  `json:"kind"` // recipient | processor
	Contact   string  `json:"contact,omitempty"`
	Country   string  `json:"country,omitempty"`
	Safeguard *string `json:"safeguard"`
}

// Transfer is a transfer to a third country or an international organisation
// (Art. 44 to 49).
type Transfer struct {
	Country   string `json:"country"`
	Safeguard string `json:"safeguard,omitempty"`
	Recipient string `json:"recipient,omitempty"` // by name
}

// Retention is how long data is kept: an ISO 8601 period from an event.
type Retention struct {
	Period string `json:"period"`
	// From is what the clock runs from: a column, written as
	// SCHEMA.TABLE.COLUMN; "backup", "modified" or "received", which is the time
	// of the backup, file, object or message; or an event in words, whose day no
	// program can tell.
	From string `json:"from,omitempty"`
	// Margin is an ISO 8601 period on top, until the last copy is surely gone.
	Margin string `json:"margin,omitempty"`
}

// A Hold keeps records from being erased, whatever their retention: a lawsuit, an
// inspection.
type Hold struct {
	Ground   string   `json:"ground"`
	Until    string   `json:"until,omitempty"`    // day; empty: not known
	Subjects []string `json:"subjects,omitempty"` // ids; empty: everybody
	Covers   []string `json:"covers,omitempty"`   // patterns; empty: everything
	Findings int      `json:"findings"`           // that it holds
}

// Kept says how long an activity keeps a record. Days are in the form
// 2006-01-02.
type Kept struct {
	Activity string `json:"activity"`
	Clock    string `json:"clock"`           // what it runs from: Retention.From
	Since    string `json:"since"`           // the day from which it runs
	Until    string `json:"until,omitempty"` // the last day on which the record is kept, margin included
	// Whose says that the day is not the record's own, but the latest that the
	// subject's records of the activity have.
	Whose string `json:"whose,omitempty"` // "" | "subject"
}

// Field is a field of a record that holds data of the subject.
type Field struct {
	Name       string   `json:"name"`
	Categories []string `json:"categories"`
	Origin     string   `json:"origin,omitempty"` // provided | observed | derived
	// Activity is set where the column has another one than the record.
	Activity string `json:"activity,omitempty"`
	// LegalBasis and Until are set where the column has its own.
	LegalBasis string `json:"legal_basis,omitempty"`
	Until      string `json:"until,omitempty"`
}

// Attribute is something that is so of a subject, and that a record says: an
// address, a city. Its value can be told from others without being in the report.
type Attribute struct {
	Attribute string   `json:"attribute"` // a type of identifier, or "street", "postcode", "city", "country"
	Fields    []string `json:"fields"`    // the columns that make it up
	// Masked is the value as people are shown it, Fingerprint a keyed hash of
	// its normal form. Both are empty where the columns are.
	Masked      string `json:"masked,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Copy is the same bytes elsewhere.
type Copy struct {
	URI    string  `json:"uri"`
	Time   string  `json:"time,omitempty"`
	Host   string  `json:"host,omitempty"`
	GoneBy *string `json:"gone_by"` // day on which retention will have removed it
}

// Action is a proposal; spoor never executes it.
type Action struct {
	Kind      string            `json:"kind"`
	Target    string            `json:"target"`
	Fields    []string          `json:"fields"`
	If        map[string]string `json:"if"`
	Affects   int               `json:"affects"`
	BlockedBy []string          `json:"blocked_by"`
	Keep      *Keep             `json:"keep"`
	GoneBy    *string           `json:"gone_by"` // day on which it is gone by itself
	// Reasons say why it is not, or not only, a deletion, for people: "confidence
	// is possible", "other people stand in the record".
	Reasons []string `json:"reasons,omitempty"`
	// Sooner is what it takes not to wait: "drop-snapshots".
	Sooner *Action `json:"sooner,omitempty"`
	// Then is what is to be done when the ground to keep the record has ended.
	Then string `json:"then,omitempty"`
}

// Keep is a ground to keep a record (Art. 17(3), Art. 5(1)(e)).
type Keep struct {
	Ground   string `json:"ground"`             // for people
	Kind     string `json:"kind"`               // legal-obligation | retention | hold
	Activity string `json:"activity,omitempty"` // whose ground it is
	// Until is the last day on which the ground holds; null:
	// its end could not be told.
	Until *string `json:"until"`
}

// Correction compares a field of a record with what a request says is right.
type Correction struct {
	Request   string `json:"request"` // id
	Attribute string `json:"attribute"`
	Field     string `json:"field"`
	State     string `json:"state"` // change | right | complete | compare | backup
}
