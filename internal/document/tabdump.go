package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// tabDecoder reads the rows of one table as mysqldump --tab and mydumper
// --load-data write them (MySQL 8.0 Reference Manual, LOAD DATA): a file of
// lines, beside which another holds the definition of the table. The separator
// of values and the quotes around them are told from the first lines, by the
// number of columns.
func tabDecoder() container.Decoder {
	return container.Decoder{
		Name:  "tabdump",
		Match: func(head []byte, name string) bool { return tabDefinitions(name) != nil && tabHead(head) },
		Needs: tabDefinitions,
		Decode: func(ctx context.Context, in scanners.Item, _ *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if in.Body == nil {
					yield(scanners.Item{}, errors.New("tabdump: nothing to read"))
					return
				}
				d := &dumpReader{ctx: ctx, src: in.Body, fresh: true, delim: []byte(";"), dumpSession: newDumpSession()}
				d.block.Refs, d.block.Origin, d.block.Name = d.ref, d.origin, dumpRef
				d.defined(ctx, in)
				d.insert.table = strings.TrimSuffix(in.Name, path.Ext(in.Name))
				names := slices.Clone(d.order)
				for _, n := range names {
					// A view or the table's own name with other letters.
					if len(names) == 1 || n.table == d.insert.table {
						d.insert.schema, d.insert.table = n.schema, n.table
						break
					}
				}
				d.mode = dumpTab
				d.setTable()
				d.sniffTab()
				d.run(yield)
			}
		},
	}
}

// tabDefinitions returns the names of the files that may hold the definition of
// the table whose rows a file holds; nil: it is none.
func tabDefinitions(name string) []string {
	base := path.Base(name)
	if stem, ok := strings.CutSuffix(base, ".txt"); ok && stem != "" {
		return []string{stem + ".sql"}
	}
	if stem, ok := strings.CutSuffix(base, ".dat"); ok {
		if db, table, ok := chunkOf(stem); ok {
			return []string{db + "." + table + "-schema.sql"}
		}
	}
	return nil
}

// chunkOf takes the name of a file of mydumper's apart, without its ending:
// "shop.clients", "shop.clients.00001".
func chunkOf(stem string) (db, table string, ok bool) {
	db, table, ok = strings.Cut(stem, ".")
	for range 2 {
		if rest := strings.TrimRight(table, "0123456789"); len(rest) < len(table) && strings.HasSuffix(rest, ".") {
			table = strings.TrimSuffix(rest, ".")
		}
	}
	return db, table, ok && db != "" && table != "" && !strings.Contains(table, ".") && !strings.Contains(table, "-schema")
}

// tabMarks are what may stand between values.
const tabMarks = "\t,;|\x01^"

// tabHead reports whether a text may be lines of values.
func tabHead(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return len(line) > 0 && bytes.IndexByte(head, 0) < 0 && !bytes.HasPrefix(head, []byte("--")) && bytes.ContainsAny(line, tabMarks)
}

// defined takes in the definitions that stand beside an item.
func (d *dumpReader) defined(ctx context.Context, in scanners.Item) {
	if in.Beside == nil {
		return
	}
	for _, name := range tabDefinitions(in.Name) {
		sql, err := in.Beside(ctx, name)
		if err != nil {
			continue
		}
		d.learn(ctx, sql)
		if db, _, ok := chunkOf(strings.TrimSuffix(in.Name, ".dat")); ok && strings.HasSuffix(name, "-schema.sql") {
			d.assume(db)
		}
	}
}

// learn takes in what statements say of tables.
func (s *dumpSession) learn(ctx context.Context, sql []byte) {
	d := newDumpReader(ctx, bytes.NewReader(sql))
	d.run(func(it scanners.Item, err error) bool {
		if err == nil && it.Body != nil {
			_, _ = io.Copy(io.Discard, it.Body)
		}
		return true
	})
	s.defs, s.order, s.size, s.schema = d.defs, d.order, d.size, d.schema
	s.related = len(d.relations()) > 0
}

// assume says in which schema the tables are that were defined without one.
func (s *dumpSession) assume(schema string) {
	s.schema = schema
	defs := map[dumpTableName]*dumpDef{}
	for name, def := range maps.All(s.defs) {
		if name.schema == "" {
			name.schema = schema
		}
		c := *def
		c.foreign = slices.Clone(def.foreign)
		for i := range c.foreign {
			if c.foreign[i].table.schema == "" {
				c.foreign[i].table.schema = schema
			}
		}
		defs[name] = &c
	}
	for i := range s.order {
		if s.order[i].schema == "" {
			s.order[i].schema = schema
		}
	}
	s.defs = defs
}

// tabForm is how the lines of a table are written.
type tabForm struct {
	mark  byte
	quote byte // 0: none
}

// sniffTab tells how the lines are written from the first of them.
func (d *dumpReader) sniffTab() {
	for len(d.buf)-d.r < dumpLook && d.fill(dumpLook) {
	}
	head := d.buf[d.r:min(len(d.buf), d.r+dumpLook)]
	d.tab = tabForm{mark: '\t'}
	want := 0
	if def := d.insert.def; def != nil {
		want = len(def.stored())
	}
	best := -1
	for _, mark := range []byte(tabMarks) {
		for _, quote := range []byte{0, '"', '\''} {
			f := tabForm{mark: mark, quote: quote}
			if quote != 0 && bytes.IndexByte(head, quote) < 0 {
				continue
			}
			score, rest := 0, head
			for range 20 {
				n, cells, ok := f.line(rest)
				if !ok {
					break
				}
				switch {
				case want > 0 && cells == want:
					score += 10
				case want > 0:
					score -= 10
				default:
					score += cells
				}
				rest = rest[n:]
			}
			// Quotes that are there mean what they mean.
			if quote != 0 && score > 0 && (bytes.HasPrefix(head, []byte{quote}) || bytes.Contains(head, []byte{mark, quote})) {
				score++
			}
			if score > best {
				best, d.tab = score, f
			}
		}
	}
}

// line returns the length of the line that b begins with, with its end, and the
// number of values in it.
func (f tabForm) line(b []byte) (n, cells int, ok bool) {
	cells = 1
	quoted, start := false, true
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '\\':
			i++
			start = false
		case f.quote != 0 && c == f.quote && start:
			quoted, start = true, false
		case quoted && c == f.quote:
			if i+1 < len(b) && b[i+1] == f.quote {
				i++
			} else {
				quoted = false
			}
		case quoted:
		case c == f.mark:
			cells++
			start = true
		case c == '\n':
			return i + 1, cells, true
		default:
			start = false
		}
	}
	return 0, cells, false
}

// readTab reads the lines of a table of MySQL's.
func (d *dumpReader) readTab(yield func(scanners.Item, error) bool) bool {
	for {
		b := d.buf[d.r:]
		n := d.tabLine(b)
		if n < 0 {
			if d.more(dumpMaxRow) {
				continue
			}
			if d.err == nil {
				d.bad++
				d.mode, d.lex, d.after = dumpText, sqlLexLine, dumpTab
				return true
			}
			if d.err != io.EOF || len(b) == 0 {
				d.mode, d.lex = dumpText, sqlLexRest
				return true
			}
			n = len(b)
		}
		line := bytes.TrimSuffix(b[:n], []byte("\n"))
		cells, ok := d.tabCells(line)
		if !ok {
			d.undo()
			d.bad++
			d.mode, d.lex, d.after = dumpText, sqlLexLine, dumpTab
			return true
		}
		if d.insert.t == nil || len(d.insert.t.Columns) != cells {
			d.undo()
			if !d.flush(yield) {
				return false
			}
			d.shape(cells)
			continue
		}
		d.commit()
		d.r += n
		if d.full() && !d.flush(yield) {
			return false
		}
	}
}

// tabLine returns the length of the line that b begins with, -1 where its end is
// not in sight.
func (d *dumpReader) tabLine(b []byte) int {
	if d.tab.quote == 0 {
		for from := 0; ; {
			k := bytes.IndexByte(b[from:], '\n')
			if k < 0 {
				return -1
			}
			k += from
			n := 0
			for n < k && b[k-1-n] == '\\' {
				n++
			}
			if n%2 == 0 {
				return k + 1
			}
			from = k + 1
		}
	}
	if k := bytes.IndexByte(b, '\n'); k >= 0 && bytes.IndexByte(b[:k], '\\') < 0 && (d.tab.quote == 0 || bytes.IndexByte(b[:k], d.tab.quote) < 0) {
		return k + 1
	}
	n, _, ok := d.tab.line(b)
	if !ok {
		return -1
	}
	return n
}

// tabCells appends the cells of a line to the block.
func (d *dumpReader) tabCells(line []byte) (cells int, ok bool) {
	f := d.tab
	for i := 0; ; cells++ {
		if cells == dumpMaxCells {
			return cells, false
		}
		mark := len(d.block.Data)
		null := false
		switch {
		case f.quote != 0 && i < len(line) && line[i] == f.quote:
			i++
			for i < len(line) {
				c := line[i]
				if c == '\\' && i+1 < len(line) {
					d.block.Data = append(d.block.Data, tabUnescape(line[i+1]))
					i += 2
					continue
				}
				i++
				if c == f.quote {
					if i >= len(line) || line[i] != f.quote {
						break
					}
					i++
				}
				d.block.Data = append(d.block.Data, c)
			}
			for i < len(line) && line[i] != f.mark { // what should not be there
				d.block.Data = append(d.block.Data, line[i])
				i++
			}
		default:
			from := i
			for {
				k := bytes.IndexByte(line[i:], f.mark)
				end := len(line)
				if k >= 0 {
					end = i + k
				}
				esc := bytes.IndexByte(line[i:end], '\\')
				if esc < 0 {
					d.block.Data = append(d.block.Data, line[i:end]...)
					i = end
					break
				}
				d.block.Data = append(d.block.Data, line[i:i+esc]...)
				i += esc + 1
				if i < len(line) {
					d.block.Data = append(d.block.Data, tabUnescape(line[i]))
					i++
				}
			}
			word := line[from:min(i, len(line))]
			null = string(word) == `\N` || f.quote != 0 && string(word) == "NULL"
			if null {
				d.block.Data = d.block.Data[:mark]
			}
		}
		if !null && (cells >= len(d.insert.plain) || !d.insert.plain[cells]) {
			d.guess(mark)
		}
		d.cell(null)
		if i >= len(line) {
			return cells + 1, true
		}
		i++ // the mark
	}
}

// tabUnescape returns what a backslash and c stand for (MySQL 8.0 Reference
// Manual, LOAD DATA).
func tabUnescape(c byte) byte {
	switch c {
	case '0':
		return 0
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'Z':
		return 0x1a
	}
	return c
}
