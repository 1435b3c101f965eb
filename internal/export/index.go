package export

import "time"

// Format names the form of a bundle's index.json.
const Format = "spoor-export/1"

// An Index says what is in a bundle, and what is not. Times are RFC 3339 UTC.
type Index struct {
	Format   string    `json:"format"`
	Spoor    string    `json:"spoor"` // version of the program
	Made     time.Time `json:"made"`
	Run      string    `json:"run"`     // whose report it was made from
	Scanned  time.Time `json:"scanned"` // when that run ended
	Subject  string    `json:"subject"`
	Requests []Request `json:"requests"`
	Right    string    `json:"right"` // access | portability
	Language string    `json:"language"`
	// Complete says that nothing that belongs in the bundle is missing: there are
	// no gaps, and the scan had none.
	Complete bool `json:"complete"`
	// ScanGaps is how many gaps the report has: places that nobody looked into.
	ScanGaps int `json:"scan_gaps"`
	// MasksOthers says that other people's identifiers are masked; Kept how it is
	// told which are the person's own.
	MasksOthers bool   `json:"masks_others"`
	Kept        string `json:"kept,omitempty"`
	// TextOnly is how many items are in the bundle by their text alone; LeftOut
	// has those of which not even that could be.
	TextOnly int `json:"text_only,omitempty"`

	Activities []Activity `json:"activities"`
	Tables     []*Table   `json:"tables"`
	Files      []File     `json:"files"`
	Items      []Item     `json:"items"`
	LeftOut    []Missing  `json:"left_out"`
	Gaps       []Missing  `json:"gaps"`
}

// A Request is what the person asked for. Dates are in the form 2006-01-02.
type Request struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Received string `json:"received,omitempty"`
}

// An Activity is the purpose of what is in the bundle.
type Activity struct {
	ID         string  `json:"id"`
	Name       string  `json:"name,omitempty"`
	Purpose    string  `json:"purpose"`
	LegalBasis *string `json:"legal_basis"`
}

// A Table is the rows of one table, in two forms.
type Table struct {
	Source  string   `json:"source"`
	Name    string   `json:"name"` // "schema.table", or the name of the file it is in
	JSON    string   `json:"json"` // path in the bundle
	CSV     string   `json:"csv"`
	Rows    int      `json:"rows"`
	Columns []Column `json:"columns"`
	// Withheld counts what is held and not copied.
	Withheld []Withheld `json:"withheld,omitempty"`
	// LeftOut names columns that a portable copy is without: of derived data, or
	// of such as rest neither on consent nor on a contract.
	LeftOut []string `json:"left_out,omitempty"`
}

// A Column is one of a table.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // as declared, without its length
	// Kind is how its values are written in JSON: number, boolean, json or text;
	// a value that does not fit is text all the same.
	Kind string `json:"kind"`
	// Binary says that values which are no text stand as {"base64": "..."}, in the
	// CSV behind "base64:".
	Binary bool `json:"binary,omitempty"`
}

// Withheld is something that is held and not copied.
type Withheld struct {
	Column string `json:"column,omitempty"`
	What   string `json:"what"`
	Rows   int    `json:"rows"` // in how many rows, or places of a text
}

// A File is one of the bundle.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// An Item is one finding that was copied.
type Item struct {
	Finding    string   `json:"finding"`
	Source     string   `json:"source"`
	Place      string   `json:"place"`
	Confidence string   `json:"confidence"`
	Confirmed  bool     `json:"confirmed,omitempty"` // by a review
	Relation   string   `json:"relation"`
	Activities []string `json:"activities"`
	// File is where it is in the bundle, with the size and SHA-256 of that file;
	// Row is its row there, counted from 1.
	File   string `json:"file"`
	Row    int    `json:"row,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Mention says that the record is about somebody or something else, and only
	// the cells in which the person stands are copied (Art. 15(4)).
	Mention bool `json:"mention,omitempty"`
	// Changed says that the record is no longer as it was when it was scanned.
	Changed bool `json:"changed,omitempty"`
	// Copies is in how many other places the same content stands, from which it
	// was not copied once more.
	Copies       int        `json:"copies,omitempty"`
	ThirdParties int        `json:"third_parties,omitempty"` // other people's identifiers in the record, as scanned
	Masked       int        `json:"masked,omitempty"`        // identifiers
	Withheld     []Withheld `json:"withheld,omitempty"`
	// Form is how the file differs from what is held: "edited", what must not be
	// copied was taken out; "text", it is the text that was found in it, and the
	// original is left out. Absent: it is byte by byte the same.
	Form string `json:"form,omitempty"`
	Note string `json:"note,omitempty"`

	file int32
}

// The forms of items.
const (
	FormEdited = "edited"
	FormText   = "text"
)

// A Missing is a finding that is not in the bundle.
type Missing struct {
	Finding string `json:"finding"`
	Source  string `json:"source"`
	Place   string `json:"place"`
	// Reason is one of the reasons of gaps where it could not be read, else:
	// processor, confidence, refused, derived, legal-basis, unassigned, mentioned,
	// format, third-parties, credentials, backup, not-about.
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// The reasons for which a finding is left out.
const (
	ByProcessor  = "processor"
	ByConfidence = "confidence"
	ByReview     = "refused"
	ByDerived    = "derived"
	ByBasis      = "legal-basis"
	ByUnassigned = "unassigned"
	ByMention    = "mentioned"
	ByFormat     = "format"
	ByOthers     = "third-parties"
	BySecret     = "credentials"
	ByBackup     = "backup"
	ByChange     = "not-about"
)
