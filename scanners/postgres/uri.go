package postgres

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// A Locator names a row, the value of a column of it, a large object or a
// definition, in all that a DELETE, UPDATE or SELECT needs.
type Locator struct {
	Type     string `json:"type"` // "postgres"
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Socket   string `json:"socket,omitempty"` // folder of the Unix socket, instead of a host
	Database string `json:"database"`
	Schema   string `json:"schema,omitempty"`
	Table    string `json:"table,omitempty"`
	// Key is the primary or a unique key, in the key's order.
	Key []KeyValue `json:"key,omitempty"`
	// RowHMAC is the row's hash where the table has no key; N counts identical
	// rows from 1, in the order in which the server returns them.
	RowHMAC string `json:"row_hmac,omitempty"`
	N       int    `json:"n,omitempty"`
	// CTID is where the row was found. It holds until the row is updated or the
	// table is written anew, and is worth something with RowHMAC only.
	CTID string `json:"ctid,omitempty"`
	// Column is set where one value of the row is meant.
	Column string `json:"column,omitempty"`
	// OID is that of a large object, for lo_unlink.
	OID uint32 `json:"oid,omitempty"`
	// Definition is the kind of a definition: "database", "schema", "table",
	// "view", "function", "trigger", "type" and others.
	Definition string `json:"definition,omitempty"`
	Name       string `json:"name,omitempty"` // of the definition
	// On is the table of a trigger; Arguments are those that tell functions of
	// one name apart.
	On        string `json:"on,omitempty"`
	Arguments string `json:"arguments,omitempty"`
}

// A KeyValue is a column of a key and its value as text. Times are in UTC.
type KeyValue struct {
	Column   string `json:"column"`
	Value    string `json:"value"`
	Encoding string `json:"encoding,omitempty"` // "hex" where the value is not UTF-8
}

func (s *source) locator(database string) Locator {
	l := Locator{Type: "postgres", Database: database}
	if s.set.Socket != "" {
		l.Socket = s.set.Socket
	} else {
		l.Host, l.Port = s.set.Host, s.set.Port
	}
	return l
}

func keyValue(column string, v []byte) KeyValue {
	if utf8.Valid(v) {
		return KeyValue{Column: column, Value: string(v)}
	}
	return KeyValue{Column: column, Value: hex.EncodeToString(v), Encoding: "hex"}
}

func (s *source) databaseURI(database string) string {
	return s.base + scanners.EscapeSegment(database) + "/"
}

func (s *source) tableURI(database, schema, name string) string {
	return s.databaseURI(database) + scanners.EscapeSegment(schema) + "/" + scanners.EscapeSegment(name)
}

// rowRef names a row by its key, of whose columns value gives the values.
func (s *source) rowRef(t *table, value func(col int) []byte) scanners.Ref {
	var uri strings.Builder
	uri.WriteString(t.uri)
	l := s.tableLocator(t)
	for i, col := range t.key {
		uri.WriteByte("?&"[min(i, 1)])
		v := value(col)
		// Bytes go through unchanged: EscapeQuery works byte by byte.
		uri.WriteString(scanners.EscapeQuery(t.cols[col].name) + "=" + scanners.EscapeQuery(string(v)))
		l.Key = append(l.Key, keyValue(t.cols[col].name, v))
	}
	return s.ref(t, uri.String(), l)
}

func (s *source) tableLocator(t *table) Locator {
	l := s.locator(t.database)
	l.Schema, l.Table = t.schema, t.name
	return l
}

// hashRef names a row of a table without a key.
func (s *source) hashRef(t *table, hash string, n int, at string) scanners.Ref {
	uri := t.uri + "?row-hmac=" + scanners.EscapeQuery(hash)
	l := s.tableLocator(t)
	l.RowHMAC, l.CTID = hash, at
	if n > 1 {
		uri += "&n=" + strconv.Itoa(n)
		l.N = n
	}
	return s.ref(t, uri, l)
}

// placedRef names a row whose hash is not enough, since the long values in it
// are not part of it, by its position too.
func (s *source) placedRef(t *table, hash string, at tid) scanners.Ref {
	uri := t.uri + "?row-hmac=" + scanners.EscapeQuery(hash) + "&ctid=" + scanners.EscapeQuery(at.String())
	l := s.tableLocator(t)
	l.RowHMAC, l.CTID = hash, at.String()
	return s.ref(t, uri, l)
}

// group is the table, for those who count its rows.
func (s *source) group(t *table) scanners.Group {
	return scanners.Group{Kind: "table", URI: t.uri, Place: t.shown}
}

func (s *source) ref(t *table, uri string, l Locator) scanners.Ref {
	r := scanners.Ref{URI: uri, Place: t.shown + " / row", Locator: l, Action: "delete-row", Group: s.group(t)}
	if t.derived {
		// The rows of a view go with those that it shows.
		r.Action = "review"
	}
	return r
}

// cellRef names one value of the row that row names.
func cellRef(row scanners.Ref, column string) scanners.Ref {
	l := row.Locator.(Locator)
	l.Column = column
	row.URI += "!/" + scanners.EscapeSegment(column)
	row.Place += " / " + column
	row.Locator = l
	return row
}

func (s *source) objectRef(database string, oid uint32) scanners.Ref {
	l := s.locator(database)
	l.OID = oid
	table := s.tableURI(database, "pg_catalog", "pg_largeobject")
	place := database + " / large objects"
	return scanners.Ref{
		URI: table + "?loid=" + strconv.FormatUint(uint64(oid), 10), Place: place + " / object", Locator: l, Action: "review",
		Group: scanners.Group{Kind: "table", URI: table, Place: place},
	}
}

// A place is a URI taken apart. A definition of the whole database has no schema.
type place struct {
	database, schema, name string
	query                  [][2]string // in order
	definition             bool
	column                 string // behind "!/"
	cell                   bool
}

var errURI = errors.New("postgres: open: this is not the URI of a row, large object or definition of this source")

func (s *source) parse(uri string) (place, error) {
	var p place
	rest, ok := strings.CutPrefix(uri, s.base)
	if !ok {
		return p, errURI
	}
	if r, ok := strings.CutSuffix(rest, "#definition"); ok {
		rest, p.definition = r, true
	}
	if strings.Contains(rest, "#") {
		return p, errURI
	}
	if r, c, ok := strings.Cut(rest, "!/"); ok {
		var err error
		if rest, p.cell = r, true; p.definition || strings.Contains(c, "!") {
			return p, errURI
		}
		if p.column, err = scanners.Unescape(c); err != nil {
			return p, errURI
		}
	}
	path, query, _ := strings.Cut(rest, "?")
	steps := strings.Split(path, "/")
	for i, step := range steps {
		var err error
		if steps[i], err = scanners.Unescape(step); err != nil || steps[i] == "" || strings.Contains(steps[i], "\x00") {
			return p, errURI
		}
	}
	p.database = steps[0]
	switch {
	case len(steps) == 3:
		p.schema, p.name = steps[1], steps[2]
	case len(steps) == 2 && p.definition:
		p.name = steps[1]
	case len(steps) == 1 && p.definition:
	default:
		return p, errURI
	}
	if query != "" {
		for _, kv := range strings.Split(query, "&") {
			k, v, ok := strings.Cut(kv, "=")
			var pair [2]string
			var err1, err2 error
			pair[0], err1 = scanners.Unescape(k)
			pair[1], err2 = scanners.Unescape(v)
			if !ok || err1 != nil || err2 != nil {
				return p, errURI
			}
			p.query = append(p.query, pair)
		}
	}
	if !p.definition && len(p.query) == 0 {
		return p, errURI
	}
	return p, nil
}

// get returns a value of the query.
func (p place) get(name string) string {
	for _, kv := range p.query {
		if kv[0] == name {
			return kv[1]
		}
	}
	return ""
}

// hash returns what a URI of a row without a key says.
func (p place) hash() (hash string, n int, at *tid, ok bool) {
	n = 1
	for i, kv := range p.query {
		switch {
		case i == 0 && kv[0] == "row-hmac":
			hash = kv[1]
		case i == 1 && kv[0] == "n":
			var err error
			if n, err = strconv.Atoi(kv[1]); err != nil || n < 1 {
				return "", 0, nil, false
			}
		case i == 1 && kv[0] == "ctid":
			t, err := parseTID(kv[1])
			if err != nil {
				return "", 0, nil, false
			}
			at = &t
		default:
			return "", 0, nil, false
		}
	}
	return hash, n, at, hash != ""
}
