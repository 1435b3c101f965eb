// Package scanners is the contract between spoor and the places in which a
// provider holds personal data: databases, mailboxes, object stores, trees of
// files.
//
// A [Source] is read in three steps. It lists its content as [Part]s, plain
// values that can be stored, handed to another machine and resumed. It yields
// the [Item]s of a part: rows, messages, objects, files. And it opens any one
// of them again by its [Ref], which is what a report, an export, a deletion and
// a verification live from.
//
// A source never writes, never follows a link out of its root, and never drops
// anything silently. What it listed and could not read it yields as a *[Gap],
// what its configuration left out as an *[Exclusion]; both are values in the
// error place of the sequence, and the iteration goes on after them. Any other
// error ends the sequence.
//
// The package does no I/O.
package scanners

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"time"
)

// A Source is one place that is open for reading. Its methods may be called
// concurrently, and its sequences may be stopped early or by cancelling their
// context; neither leaves a goroutine, connection or file behind once Close has
// returned.
type Source interface {
	// Info describes the source. It needs no network.
	Info() Info

	// Parts lists what there is to read. A source that can't be listed ends
	// the sequence with an error that is not a *Gap.
	Parts(ctx context.Context) iter.Seq2[Part, error]

	// Items yields what is in p, from p.Cursor on. The Body or Block of a
	// streamed item is valid until the iteration continues, as with
	// archive/tar.Reader.Next; a deferred item has neither and is opened by
	// its Ref, concurrently with others.
	//
	// No resource of the server (a cursor, an open literal, a lock) is held
	// while the caller looks at an item, for longer than a network buffer lasts.
	Items(ctx context.Context, p Part) iter.Seq2[Item, error]

	// Open opens the one item that ref names. Only ref.URI need be set. The
	// caller closes the item. A thing that is no longer there is a *Gap with
	// reason Vanished, one that may not be read a *Gap with reason Denied.
	Open(ctx context.Context, ref Ref) (Item, error)

	// Check says what works and what does not, without reading content.
	Check(ctx context.Context) []Check

	// Close ends all connections.
	Close() error
}

// Info describes a source.
type Info struct {
	Name string // as configured; unique within a run
	Type string // the kind's name: "mysql", "imap", "s3", "files"
	URI  string // in the form of the contract, section 4, without credentials

	// Consistency says in a sentence for people which state of the source a
	// scan sees, for example "each page of rows is consistent in itself".
	Consistency string

	// Units names what the source counts in, in the plural: "rows", "messages".
	Units string

	// Parallel is how many parts may be read at the same time; at least 1.
	Parallel int
}

// A Part is a share of a source: the unit of parallelism, progress and
// resuming. It is plain data and survives JSON.
type Part struct {
	Source string `json:"source"`           // Info.Name
	ID     string `json:"id"`               // stable from run to run while the source keeps its shape; unique within the source
	Place  string `json:"place"`            // for people; no identifiers of persons in it
	Range  string `json:"range,omitempty"`  // what the part covers, in the scanner's own words
	Cursor string `json:"cursor,omitempty"` // the Cursor of the last item that is done; empty at the start

	// Units and Bytes estimate the part, for progress only; -1 where unknown.
	Units int64 `json:"units"`
	Bytes int64 `json:"bytes"`
}

// A Ref names one item for good: it can be opened again as long as the thing is
// there.
type Ref struct {
	// URI is the place in the form of the contract, section 4. It is exact and
	// may hold identifiers.
	URI string `json:"uri"`
	// Place is the same for people: no identifiers in it.
	Place string `json:"place"`
	// Locator is the same place, typed per kind of source: all that a deletion
	// needs. It marshals to a JSON object with a "type".
	Locator any `json:"locator,omitempty"`
	// Action is the kind of erasure that the source would use on the item:
	// "delete-row", "delete-message", "delete-object-version", "delete-file",
	// or "review" where no single command does it.
	Action string `json:"action,omitempty"`
	// Blocked names what would stop Action, or would be set off by it: foreign
	// keys that restrict or cascade, triggers; no identifiers of persons.
	Blocked []string `json:"blocked,omitempty"`
	// If holds the precondition under which Action touches this very content,
	// for example {"etag": "..."}. The engine adds "row-hmac" for rows.
	If map[string]string `json:"if,omitempty"`
	// Sections is set where a part of a mail is named by an IMAP section
	// (RFC 5092) instead of by "!/".
	Sections bool `json:"sections,omitempty"`
	// Group is what the item is one of, for those who count by it.
	Group Group `json:"group,omitzero"`
}

// A Group is what holds an item and others of its kind: a table, a mailbox.
type Group struct {
	// Kind is "table", "definitions", "mailbox" or "prefix"; empty for a folder.
	Kind string `json:"kind,omitempty"`
	// URI and Place are the group's own. Both are empty where the URI of the
	// item is a path, which tells its folders.
	URI   string `json:"uri,omitempty"`
	Place string `json:"place,omitempty"`
}

// An Item is one thing to look into. Exactly one of Body and Block is set,
// neither when it is deferred.
type Item struct {
	Ref  Ref
	Name string    // file name, last step of a key, attachment name; only a hint to its kind
	Size int64     // stored bytes as listed, -1 where unknown
	Time time.Time // last change, or receipt of a mail; zero where unknown

	Body  io.Reader
	Block *Block

	// Fields are values beside the body that are part of the record: object
	// metadata, a key or path in readable form, mail flags. They are matched too.
	Fields []Field

	// Cursor resumes the part after this item when it is set as Part.Cursor.
	Cursor string

	// Same identifies content that is stored once and listed under several
	// names (hard links): the items that share it are read once and count once.
	Same string

	// Copies returns the other names of the same content: at most limit of them,
	// the earliest and the latest among these, in the order of time, and how
	// many there are. It may read and take a while, so it is called for hits
	// only, while the source is open; nil: none are known, or Same tells them.
	Copies func(limit int) (list []Copy, total int)

	// Uncounted is set where the item has no content of its own to be accounted
	// for: a folder, a link, another name of content that is an item elsewhere.
	// It has neither Body nor Block; its Fields are matched.
	Uncounted bool

	// Extents lists the deduplicated pieces that the body is made of, in order,
	// so that a beginning that texts share is matched once; nil where the source
	// does not deduplicate, or it is not worth it.
	Extents []Extent

	// Deferred is set when the item has to be opened by its Ref.
	Deferred bool

	// The following are set by decoders of containers and documents only.

	// Beside returns the content of the file of that name in the same folder or
	// archive, decompressed, where it is no longer than 64 MiB; what is not
	// there is a *Gap with reason Vanished. It is set by the engine for
	// decoders of what others describe; nil where there is nothing beside.
	Beside func(ctx context.Context, name string) ([]byte, error)
	// Near reaches the files beside an item of a source; set by the engine for
	// decoders of what goes on in other files. nil where that can't be done.
	Near Near
	// Relations are the foreign keys that a document declares among its tables,
	// in an item that holds nothing else. They may come behind the rows.
	Relations []Relation

	// Step is the last step of the URI under which the item is a record of its
	// own within the item it came out of: a member's name, a part's number and
	// name. Empty: the item belongs to the same record as the one it came from.
	Step string
	// Section is the IMAP section number of a mail's part, as in "2.1".
	Section string
	// Text says that Body is to be matched as it is: text in UTF-8, or bytes
	// that could not be decoded any further.
	Text bool
	// Verbatim says that Body is an unchanged piece of the record's bytes, and
	// Offset where in the record it starts.
	Verbatim bool
	Offset   int64
	// Field names the text within its record: "From", "Subject", "body".
	Field string
	// Fragment points to the text within the document that is the record, as a
	// URI's fragment without "#": "page=3" (RFC 8118), "sheet=Clients&cell=B4".
	// It opens the text again behind the record's URI. Empty: there is none.
	Fragment string
}

// Close closes the Body of an opened item, where it can be closed.
func (it Item) Close() error {
	if c, ok := it.Body.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// A Field is a named value that belongs to a record.
type Field struct {
	Name  string
	Value string
}

// A Copy is another name of content that is stored once.
type Copy struct {
	URI  string    // in the form of the contract, section 4
	Time time.Time // of the backup that it is in; zero where unknown
	Host string    // that was backed up; empty where unknown
}

// An Extent is a piece of deduplicated content. Those of one source that have the
// same ID have the same bytes.
type Extent struct {
	ID  string
	Len int64
}

// A Check is one line of a preflight.
type Check struct {
	What string // "connect", "list mailboxes", "read table controlpanel.clients"; no identifiers of persons
	OK   bool
	// Detail says what is wrong, never with content.
	Detail string
	// Remedy is the grant statement, policy or setting that would give just
	// enough rights.
	Remedy string
}

// A Relation says that Column of Table refers to RefColumn of RefTable, both
// named as in Table.Name.
type Relation struct {
	Table, Column, RefTable, RefColumn string
	// With are the further columns of a key that has several.
	With []ColumnPair
	// OnDelete is what the deletion of a row that is referred to sets off, as SQL
	// has it: "CASCADE", "SET NULL", "RESTRICT"; empty where that is not known.
	OnDelete string
}

// A ColumnPair is a column and the one that it refers to.
type ColumnPair struct{ Column, RefColumn string }

// A Looker is a Source that can find rows by the value of a column, which later
// rounds of a scan use to follow links.
type Looker interface {
	Source
	Relations(ctx context.Context) ([]Relation, error)
	// Lookup yields blocks of the rows whose column is one of values. Table is
	// "schema.table" as in Table.Name.
	Lookup(ctx context.Context, table, column string, values []string) iter.Seq2[Item, error]
}

// Near reaches the files that stand beside an item.
type Near interface {
	// Names returns the names of all files in the folder; the error is a *Gap
	// where the source can't tell.
	Names(ctx context.Context) ([]string, error)
	// Open calls use with the content of one of them, decompressed, of which the
	// Body is valid during the call. What is not there is a *Gap with reason
	// Vanished.
	Open(ctx context.Context, name string, use func(Item) error) error
}

// A Neighbour is a Source that can list what stands beside an item.
type Neighbour interface {
	Source
	// Beside returns the names of the files in the folder of the file that uri
	// names.
	Beside(ctx context.Context, uri string) ([]string, error)
}

// A Dater is a Source that tells when the file or folder that uri names last
// changed.
type Dater interface {
	Source
	Changed(uri string) (time.Time, error)
}

// A Store reads named objects of a place that holds a backup repository: names
// are relative to it, with slashes. A negative n of OpenRange is all to the end.
// What is not there is a *Gap with the reason Vanished, what may not be read one
// with the reason Denied. Implementations do not follow links out of their
// root; one that holds connections or files has a Close method.
type Store interface {
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	OpenRange(ctx context.Context, name string, off, n int64) (io.ReadCloser, error)
}

// An Object is an entry of a Store.
type Object struct {
	Name string
	Size int64
	Time time.Time
}

// A Kind is one kind of source, as a value in the list of scanners/all.
type Kind struct {
	Type    string   // "mysql"
	Schemes []string // of the targets it takes: "mysql"; "" is a bare path
	// Config returns a pointer to a fresh configuration with its defaults set.
	Config func() Config
	// Locator returns a zero value of the type that Ref.Locator holds, from
	// which the report's schema is checked.
	Locator func() any
}

// A Config holds the settings of one source. Its fields carry yaml tags and are
// decoded strictly.
type Config interface {
	// Target sets what a target of the command line says, and takes further
	// settings from the usual environment of its world.
	Target(target string) error
	// Validate reports a setting that is missing or wrong, as one line that
	// says what to do.
	Validate() error
	// Open makes the source. It does not wait for the network.
	Open(ctx context.Context, env Env) (Source, error)
}

// Env is what the program gives to a source.
type Env struct {
	Name string // of the source
	// RowKey is the key of RowHash. It is the same from run to run as long as
	// the program's state is kept.
	RowKey []byte
	// OpenStore opens the place that holds a backup repository: the path of a
	// folder, "s3://bucket/prefix", or "s3:https://host:port/bucket/prefix" where
	// the store is not the one that the environment names. It does not wait for
	// the network. It may be nil, for sources that need none.
	OpenStore func(ctx context.Context, target string) (Store, error)
	// Since is the time before which records that tell when they last changed
	// need not be read, and zero where all are wanted. A source that leaves
	// records out for it yields an Exclusion that counts them.
	Since time.Time
	// Leave reports whether a table or mailbox, by its URI and place, is not to
	// be read, as the host holds it for others and nobody instructed it to look.
	// The source yields it as an Exclusion with the reason NoInstruction, with
	// what the listing tells of its units. It may be nil, for nothing; what a
	// source does not ask about is left out by its items.
	Leave func(uri, place string) (detail string, leave bool)
}

// Left returns the exclusion of something that env.Leave leaves out; nil where it
// does not.
func (e Env) Left(uri, place string, units, bytes int64) *Exclusion {
	if e.Leave == nil {
		return nil
	}
	detail, leave := e.Leave(uri, place)
	if !leave {
		return nil
	}
	return &Exclusion{URI: uri, Place: place, Reason: NoInstruction, Detail: detail, Units: max(0, units), Bytes: max(0, bytes)}
}

// A Reason says why something was not read, in the words of the contract.
type Reason string

// The reasons of gaps.
const (
	Encrypted   Reason = "encrypted"
	Corrupt     Reason = "corrupt"
	Denied      Reason = "denied"
	Unsupported Reason = "unsupported"
	TooDeep     Reason = "too-deep"
	TooLarge    Reason = "too-large"
	Bomb        Reason = "bomb"
	Timeout     Reason = "timeout"
	Vanished    Reason = "vanished"
	Offline     Reason = "offline"
	KeyMissing  Reason = "key-missing"
	Failed      Reason = "error"
)

// The reasons of exclusions.
const (
	ByConfig      Reason = "config"
	NoInstruction Reason = "no-instruction"
	ByOption      Reason = "option"
)

// A Gap is something that was listed and not read to its end. As an error of a
// sequence it does not end the iteration.
type Gap struct {
	URI    string // empty: the part or item that is being read
	Place  string
	Reason Reason
	Detail string // operation and place, never content
	Units  int64  // how many units were not read; 0 when the unit in which it lies was itself yielded
	Bytes  int64  // their stored bytes, 0 where unknown
	Err    error  // for errors.Is; not printed
}

func (g *Gap) Error() string {
	if g.Detail == "" {
		return string(g.Reason)
	}
	return string(g.Reason) + ": " + g.Detail
}

func (g *Gap) Unwrap() error { return g.Err }

// An Exclusion is something that was listed and left out on purpose. As an
// error of a sequence it does not end the iteration.
type Exclusion struct {
	URI    string
	Place  string
	Reason Reason
	Detail string
	Units  int64
	Bytes  int64
}

func (x *Exclusion) Error() string { return "excluded: " + string(x.Reason) }

// ReasonOf returns the reason that an error of the standard library or of a
// scanner stands for, and Failed for all others.
func ReasonOf(err error) Reason {
	var g *Gap
	switch {
	case errors.As(err, &g):
		return g.Reason
	default:
		return reasonOf(err)
	}
}

// Marshal returns ref.Locator as JSON; it is the empty object where there is
// none.
func (r Ref) Marshal() (json.RawMessage, error) {
	if r.Locator == nil {
		return json.RawMessage("{}"), nil
	}
	return json.Marshal(r.Locator)
}
