package mysql

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// A Locator names a row, the value of a column of it, or a definition, in all
// that a DELETE, UPDATE or SELECT needs.
type Locator struct {
	Type   string `json:"type"` // "mysql"
	Host   string `json:"host,omitempty"`
	Port   int    `json:"port,omitempty"`
	Socket string `json:"socket,omitempty"` // path of a Unix socket, instead of host and port
	Schema string `json:"schema"`
	Table  string `json:"table,omitempty"`
	// Key is the primary or a unique key, in the key's order.
	Key []KeyValue `json:"key,omitempty"`
	// RowHMAC is the row's hash where the table has no key; N counts identical
	// rows from 1, in the order in which the server returns them.
	RowHMAC string `json:"row_hmac,omitempty"`
	N       int    `json:"n,omitempty"`
	// Column is set where one value of the row is meant.
	Column string `json:"column,omitempty"`
	// History says that the row may be one that a system-versioned table keeps
	// of the past (SELECT ... FOR SYSTEM_TIME ALL, DELETE HISTORY).
	History bool `json:"history,omitempty"`
	// Definition is the kind of a definition: "schema", "table", "view",
	// "trigger", "procedure", "function", "package", "package body", "event".
	Definition string `json:"definition,omitempty"`
	Name       string `json:"name,omitempty"` // of the definition
}

// A KeyValue is a column of a key and its value as text. Times are in UTC.
type KeyValue struct {
	Column   string `json:"column"`
	Value    string `json:"value"`
	Encoding string `json:"encoding,omitempty"` // "hex" where the value is not UTF-8
}

func (s *source) locator(schema string) Locator {
	l := Locator{Type: "mysql", Schema: schema}
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

func (s *source) tableURI(schema, name string) string {
	return s.base + scanners.EscapeSegment(schema) + "/" + scanners.EscapeSegment(name)
}

// rowRef names a row by its key. value gives the value of key column i as URIs
// carry it: as in the block, or exact where that is a number.
func (s *source) rowRef(t *table, value func(i int) []byte) scanners.Ref {
	var uri strings.Builder
	uri.WriteString(s.tableURI(t.schema, t.name))
	l := s.locator(t.schema)
	l.Table, l.History = t.name, t.history
	for i, k := range t.key {
		uri.WriteByte("?&"[min(i, 1)])
		v := value(i)
		// Bytes go through unchanged: EscapeQuery works byte by byte.
		uri.WriteString(scanners.EscapeQuery(t.cols[k.col].name) + "=" + scanners.EscapeQuery(string(v)))
		l.Key = append(l.Key, keyValue(t.cols[k.col].name, v))
	}
	return s.ref(t, uri.String(), l)
}

// hashRef names a row of a table without a key.
func (s *source) hashRef(t *table, hash string, n int) scanners.Ref {
	uri := s.tableURI(t.schema, t.name) + "?row-hmac=" + scanners.EscapeQuery(hash)
	l := s.locator(t.schema)
	l.Table, l.History, l.RowHMAC = t.name, t.history, hash
	if n > 1 {
		uri += "&n=" + strconv.Itoa(n)
		l.N = n
	}
	return s.ref(t, uri, l)
}

// group is the table, for those who count its rows.
func (s *source) group(t *table) scanners.Group {
	return scanners.Group{Kind: "table", URI: s.tableURI(t.schema, t.name), Place: t.place()}
}

func (s *source) ref(t *table, uri string, l Locator) scanners.Ref {
	r := scanners.Ref{URI: uri, Place: t.place() + " / row", Locator: l, Action: "delete-row", Group: s.group(t)}
	if t.history || t.view {
		// DELETE would write a row of the past, not remove one.
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

func (s *source) definitionRef(d definition) scanners.Ref {
	l := s.locator(d.schema)
	l.Definition, l.Name = d.kind, d.name
	uri := s.base + scanners.EscapeSegment(d.schema)
	place := d.schema
	if d.kind != "schema" {
		uri += "/" + scanners.EscapeSegment(d.name)
		place += " / " + d.name
	}
	switch d.kind {
	case "schema", "table", "view":
		// Tables and views share one space of names.
	default:
		uri += "?kind=" + scanners.EscapeQuery(d.kind)
	}
	return scanners.Ref{
		URI: uri + "#definition", Place: place + " / definition of the " + d.kind, Locator: l, Action: "review",
		Group: scanners.Group{Kind: "definitions", URI: s.base + scanners.EscapeSegment(d.schema) + "/", Place: d.schema + " / definitions"},
	}
}

// A place is a URI taken apart.
type place struct {
	schema, name string
	query        [][2]string // in order
	definition   bool
	column       string // behind "!/"
	cell         bool
}

var errURI = errors.New("mysql: open: this is not the URI of a row or definition of this source")

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
	schema, name, _ := strings.Cut(path, "/")
	var err1, err2 error
	p.schema, err1 = scanners.Unescape(schema)
	p.name, err2 = scanners.Unescape(name)
	if err1 != nil || err2 != nil || p.schema == "" || p.name == "" && !p.definition || strings.Contains(name, "/") {
		return p, errURI
	}
	if query != "" {
		for _, kv := range strings.Split(query, "&") {
			k, v, ok := strings.Cut(kv, "=")
			var pair [2]string
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

// hash returns what a URI of a row without a key says.
func (p place) hash() (hash string, n int, ok bool) {
	n = 1
	for i, kv := range p.query {
		switch {
		case i == 0 && kv[0] == "row-hmac":
			hash = kv[1]
		case i == 1 && kv[0] == "n":
			var err error
			if n, err = strconv.Atoi(kv[1]); err != nil || n < 1 {
				return "", 0, false
			}
		default:
			return "", 0, false
		}
	}
	return hash, n, hash != ""
}
