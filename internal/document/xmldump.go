package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// xmlDumpDecoder reads the exports of databases in XML: of mysqldump --xml and of
// phpMyAdmin. Rows are blocks with the keys that the export declares; all else
// is text.
func xmlDumpDecoder() container.Decoder {
	return container.Decoder{
		Name: "xmldump",
		Match: func(head []byte, _ string) bool {
			if head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"); len(head) == 0 || head[0] != '<' {
				return false
			}
			return bytes.Contains(head, []byte("<mysqldump")) || bytes.Contains(head, []byte("<pma_xml_export")) || bytes.Contains(head, []byte("phpMyAdmin XML Dump"))
		},
		Decode: func(ctx context.Context, in scanners.Item, _ *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if in.Body == nil {
					yield(scanners.Item{}, errors.New("xmldump: nothing to read"))
					return
				}
				r := &xmlDump{ctx: ctx, x: newXMLReader(in.Body), yield: yield}
				r.rows.kind, r.rows.yield = "xmldump", yield
				if r.session = newDumpSession(); !r.run() || !r.row() || !r.flushText() || !r.rows.flush() {
					return
				}
				switch err := r.x.err; {
				case ctx.Err() != nil:
					yield(scanners.Item{}, context.Cause(ctx))
				case err != nil && err != io.EOF:
					yield(scanners.Item{}, fmt.Errorf("xmldump: read: %w", err))
				case !r.complete:
					yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: "xmldump: cut off"})
				}
			}
		},
	}
}

type xmlDump struct {
	ctx     context.Context
	x       *xmlReader
	yield   func(scanners.Item, error) bool
	rows    rowSink
	session dumpSession
	text    []byte // not handed over yet

	schema, table string
	keys          map[string][]string // of tables, by their names
	inRow, inCell bool
	complete      bool

	names []string
	cells []byte
	ends  []int
	nulls []bool
	last  *scanners.Table
}

func (r *xmlDump) flushText() bool {
	if len(r.text) == 0 {
		return true
	}
	b := r.text
	r.text = nil
	return r.yield(scanners.Item{Size: int64(len(b)), Body: bytes.NewReader(b), Text: true, Field: dumpFieldSQL}, nil)
}

func (r *xmlDump) say(b []byte) bool {
	r.text = append(r.text, b...)
	return len(r.text) < 256<<10 || r.flushText()
}

func (r *xmlDump) run() bool {
	r.keys = map[string][]string{}
	for t := r.x.next(); t != nil; t = r.x.next() {
		if r.ctx.Err() != nil {
			return true
		}
		switch t.kind {
		case xmlText:
			switch {
			case r.inCell && len(r.cells) <= dumpMaxRow:
				r.cells = append(r.cells, t.text...)
			case r.inCell || len(bytes.TrimSpace(t.text)) > 0:
				// Of a value that is very long the rest is a text of its own.
				if !r.say(t.text) {
					return false
				}
			}
		case xmlOther:
			if !r.say(t.text) {
				return false
			}
		case xmlStart:
			if !r.start(t) {
				return false
			}
		case xmlEnd:
			if !r.end(string(t.name)) {
				return false
			}
		}
	}
	return true
}

func (r *xmlDump) start(t *xmlToken) bool {
	value := func(name string) string { v, _ := t.attr(name); return string(v) }
	name := func() string { return value("name") }
	switch string(t.name) {
	case "mysqldump", "pma_xml_export":
	case "database":
		r.schema = name()
	case "table_structure":
		r.table = name()
	case "table_data":
		r.table = name()
	case "key":
		if value("Key_name") == "PRIMARY" && len(r.keys[r.table]) < 64 && len(r.keys) < 100000 {
			r.keys[r.table] = append(r.keys[r.table], value("Column_name"))
		}
		return r.attrs(t)
	case "row":
		return r.begin()
	case "table":
		// phpMyAdmin: a table of the structure holds its definition, one of the
		// data is a row.
		r.table = name()
		if r.schema != "" {
			return r.begin()
		}
	case "field", "column":
		if !r.inRow {
			return r.attrs(t)
		}
		if r.inCell {
			r.ends, r.inCell = append(r.ends, len(r.cells)), false
		}
		if len(r.names) >= dumpMaxCells {
			return true
		}
		r.names = append(r.names, name())
		null := value("nil") == "true"
		r.nulls = append(r.nulls, null)
		if r.inCell = true; t.empty {
			return r.end("field")
		}
	default:
		return r.attrs(t)
	}
	return true
}

// begin starts a row; one that was not ended ends here.
func (r *xmlDump) begin() bool {
	ok := r.row()
	r.inRow, r.names, r.cells, r.ends, r.nulls = true, r.names[:0], r.cells[:0], r.ends[:0], r.nulls[:0]
	return ok
}

// attrs says what a tag's attributes hold: comments, definers, options.
func (r *xmlDump) attrs(t *xmlToken) bool {
	return len(t.attrs) == 0 || r.say(append(append([]byte("\n"), t.name...), ' ')) && r.say(xmlUnescape(nil, t.attrs)) && r.say([]byte("\n"))
}

func (r *xmlDump) end(name string) bool {
	switch name {
	case "mysqldump", "pma_xml_export":
		r.complete = true
	case "database":
		r.schema = ""
	case "field", "column":
		if r.inCell {
			r.inCell = false
			r.ends = append(r.ends, len(r.cells))
		}
	case "table":
		if strings.TrimSpace(string(r.text)) != "" && len(r.names) == 0 {
			r.learn()
		}
		return r.row()
	case "row":
		return r.row()
	default:
		return r.say([]byte("\n"))
	}
	return true
}

// learn takes in the definition of a table of phpMyAdmin's.
func (r *xmlDump) learn() {
	d := &dumpReader{ctx: r.ctx, dumpSession: r.session}
	k := bytes.LastIndex(r.text, []byte("CREATE TABLE"))
	if k < 0 {
		return
	}
	d.interpret(r.text[k:])
	r.session = d.dumpSession
	for name, def := range d.defs {
		if name.table == r.table {
			r.keys[r.table] = def.key
		}
	}
}

// row keeps the row that ended.
func (r *xmlDump) row() bool {
	if !r.inRow {
		return true
	}
	r.inRow, r.inCell = false, false
	for len(r.ends) < len(r.names) {
		r.ends = append(r.ends, len(r.cells))
	}
	if len(r.names) == 0 {
		return true
	}
	t := r.last
	if t == nil || t.Table != r.table || t.Schema != r.schema || !sqlSame(t.Columns, r.names) {
		t = &scanners.Table{Schema: r.schema, Table: r.table, Name: r.table, Columns: append([]string(nil), r.names...)}
		if r.schema != "" {
			t.Name = r.schema + "." + r.table
		}
		t.Key = (&dumpDef{key: r.keys[r.table]}).keyOf(t.Columns)
		r.last = t
	}
	if !r.rows.table(t) {
		return false
	}
	from := 0
	for i, end := range r.ends {
		r.rows.block.Append(r.cells[from:end], r.nulls[i])
		from = end
	}
	if cap(r.cells) > 1<<20 {
		r.cells = nil
	}
	return r.rows.commit(-1)
}
