package language

// A Catalogue is what is said in one language. Messages take values where they
// have %s, in this order in every language. Each field has to be filled in all
// of them, which a test asserts.
type Catalogue struct {
	Terms  Terms
	Page   Page
	Answer Answer
	Person Person
	Views  Views
	Review Review
	Text   Text
	Survey Survey
	Notice Notice

	Canaries Canaries

	// Phrases are sentences of the program's own that stand in reports, in
	// English, and what they are in this language; {} stands for anything. It is
	// empty for English.
	Phrases []Phrase
}

// A Phrase is a sentence and its translation.
type Phrase struct{ English, Here string }

// Canaries are what is said of invented people who were planted in the sources.
type Canaries struct {
	Heading string
	Blind   Count  // canaries that were missed
	Seen    string // id, source, found, expected
	Missed  string // id, source, found, expected
	LeftOut string // id, source
}

// Terms are the words for what reports hold, by how the JSON report calls it.
type Terms struct {
	Article     string // of it
	Rights      map[string]Right
	Confidence  map[string]string
	Means       map[string]string // what a degree of confidence means
	Relations   map[string]string
	Identifiers map[string]string
	Categories  map[string]string
	Attributes  map[string]string // what a field holds, beside identifiers
	Roles       map[string]string
	Bases       map[string]string
	Origins     map[string]string
	Clocks      map[string]string // what a retention runs from
	Actions     map[string]string
	Reasons     map[string]Reason
	Sources     map[string]string // kinds of them
	Units       map[string]string // what they count in
	Links       map[string]string // how a reference between columns is known
	Unassigned  string            // what has no processing activity
}

// A Right is one of those of Art. 15 to 21.
type Right struct {
	Name    string // "access"
	Of      string // "right of access"
	Article string // number: "15"
}

// A Reason is why something was not read.
type Reason struct {
	What   string // in plain words
	Remedy string // what can be done about it
}

// Page is what stands around the page and in its tables.
type Page struct {
	Title, SurveyTitle      string
	Run                     string // id, time, time, version
	Skip, Contents          string
	Coverage                string
	Read, InPart, Unread    string
	LeftOut, Found, Bytes   string
	UnitsRead               string // n, of n
	UnitsOf                 string
	NotListed               string
	Source, Kind, Place     string
	Why, Detail, Units      string
	Gaps, Exclusions        string
	GapsIntro, ExclIntro    string
	ToDo                    string
	Times                   Count
	Links, LinksIntro       string
	ToConfirm               string // above what confirms the links that were followed
	References              Count
	Column, RefersTo, Known string
	NotFollowed, When       string
	Records                 string
	RecordCount             Count
	HowToRead, Proposal     string
	Backups, BackupsIntro   string
	Layout, Oldest, Newest  string
	Schedule                string
	Schedules               map[string]string
	EveryDays, EveryHours   string // number
	Sets                    Count
	UnitsMean, ProposalMean string
	LinkedMean              string
	Masked, Unmasked        string
	Exact                   string // where the exact places stand
	Cut                     Count  // lines that a list does not show
}

// Answer is the answer to the question whether there is anything.
type Answer struct {
	Heading                  string
	Yes, Perhaps, More       Count
	No, NotSoFar             string
	Held                     Count // as processor
	OnlyHeld                 string
	Degrees                  string // certain, likely, possible
	Confirmed, Refused, Left Count
	Complete, Incomplete     string
	Missing                  string
	MissingOf                Count // of a reason
	Excluded                 Count
	NotListed                Count
	Due, Extended            string // request, right, article, day of receipt, day
	NoDue                    string // request, right, article
	NoRequest                string
	Sources                  Count
	Everybody                string // persons looked for, persons found
}

// Person is what stands about one person.
type Person struct {
	Heading                            string // id
	Requests, Request, Right, Received string
	Due                                string
	LookedFor, FoundToo, Shared        string
	NotLookedFor                       string
	Suggestions                        Count
	SuggestionsIntro                   string
	Where, WhereIntro                  string
	Activity, Purpose, Basis, Role     string
	Controller, Instruction            string
	Kept, KeptFrom, Recipients, Origin string
	KeptMargin                         string // period, margin
	NoRecipients, NoRetention, NoBasis string
	Subjects, Categories               string
	UnassignedIntro                    string
	Tenant                             string
	Transfers                          string // country, safeguard
	Proposed, ProposedIntro            string
	Blocked, KeepUntil, Keep, GoneBy   string
	Then                               string // action, action
	Copies, NoCopies                   string
	CopiesOf                           Count // records
	CopyNumber                         Count
	CopiesGone, CopiesUnknown          string
	CopySpan                           string // day, day
	Others, NoOthers                   string
	OthersIn                           Count
	Names                              Count // identifiers of other people
	View                               string
	ViewNone                           string
}

// Views are the views of the findings by right.
type Views struct {
	Other                               string // views that nobody asked for
	Found, Automated, NoAutomated       string
	Complaint, NoComplaint              string
	Included, LeftOut, Fields           string
	Portable, ToConfirm                 Count
	WhyLeftOut                          map[string]string
	Does, Records                       string
	Keep, Ground, Until, UntilUnknown   string
	KeepKinds                           map[string]string
	ToReview, Blocked, Reason           string
	Backups, GoneBy, Sooner, Unknown    string
	BackupsNone                         string
	Attribute, Values, Value, Where     string
	Differs, Same, Right, NotRight      string
	Change, Complete, Compare, HasRight Count
	Restored                            Count // that lie in backups
	Effect                              string
	Effects                             map[string]string
	NothingRests                        string
	Tell, TellIntro, Concerned          string
	TellKinds                           map[string]string
	AsProcessor, AsProcessorIntro       string
	NotSearched, NotSearchedIntro       string
	Holds                               Count
	DaysLeft                            Count
	Overdue                             Count
	AskedGround                         string
}

// Review is the list of records, and its review in the browser.
type Review struct {
	Heading, Intro                       string
	FirstOf                              string // shown, all
	NoScript, CantUnpack                 string
	Search, SearchHint                   string
	Everybody, AllSources, AllActivities string
	Person, Confidence, State            string
	Any, ToReview, Confirmed, Refused    string
	Count                                string // shown, all
	None, NoRecords                      string
	Start, Confirm, Refuse, Undo, Note   string
	Left                                 Count
	Done                                 string
	Save, Load, Keep, Unsaved            string
	Keys                                 string
	Loaded                               Count
	OtherRun, NotReview, NoStorage       string
	Previous, Next, PageOf               string // page, pages
	Role, Fields, ID, Activity, Evidence string
	Says                                 string // status after a decision: decision, left
	Matches, Others, Copies, Why         string
}

// Text is the summary for a terminal.
type Text struct {
	Finding      Count
	Degrees      string // certain, likely, possible
	Request, Due string
	MorePlaces   Count
	ByLinks      string
	MoreWays     Count
	Coverage     string
	Columns      [6]string
	NotListed    string
	Complete     string
	Incomplete   Count
	MoreGaps     Count
	Times        Count
	Refused      Count
}

// Survey is the page and the text of a run in the mode "survey".
type Survey struct {
	Title                       string
	Kinds, Kind, What           string
	Category, Country           string
	Hint                        string
	Nothing                     string
	Where, Field, Hits, Samples string
	Of                          string // n, of n
	InContext                   Count
	Lines                       string // shown, all
	Search                      string
	Empty                       Count
	KindCount, PlaceCount       Count
	RecordsMean, ContextMean    string
	HintMean, Masked            string
	Record                      Count
	More                        Count
}

// Notice is what stands above a draft letter.
type Notice struct {
	Draft, Incomplete, Possible, Unassigned, Fill string
}
