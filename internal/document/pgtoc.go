package document

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// A pgEntry is an entry of the table of contents that has data.
type pgEntry struct {
	copy string // the statement that loads them; empty: they are statements
	file string // in which they are, in the formats of several files
}

// A pgTOC is the table of contents of an archive.
type pgTOC struct {
	r   *bufio.Reader
	n   int64 // bytes of its strings
	err error

	version int // 1.14 is 114
	intSize int
	offSize int
	format  int
	method  int // 0 none, 1 zlib, 2 lz4, 3 zstd
	entries map[int]pgEntry
	files   map[string]int // entries by file
	session dumpSession    // what the definitions say of tables
}

func (p *pgTOC) byte() int {
	if p.err != nil {
		return 0
	}
	c, err := p.r.ReadByte()
	p.err = err
	return int(c)
}

func (p *pgTOC) int() int {
	sign := p.byte()
	v := 0
	for i := range p.intSize {
		v |= p.byte() << (8 * min(i, 7))
	}
	if sign != 0 {
		v = -v
	}
	return v
}

func (p *pgTOC) string() string {
	n := p.int()
	if n <= 0 || p.err != nil {
		return ""
	}
	if p.n += int64(n); n > maxPGString || p.n > 4*maxPGString {
		p.err = &scanners.Gap{Reason: scanners.TooLarge, Detail: "pg_dump: the table of contents is too long"}
		return ""
	}
	var b bytes.Buffer
	_, p.err = io.CopyN(&b, p.r, int64(n))
	return b.String()
}

// header reads what comes before the table of contents.
func (p *pgTOC) header() bool {
	_, _ = p.r.Discard(len(pgMagic))
	p.version = 100*p.byte() + p.byte()
	p.byte()
	p.intSize, p.offSize, p.format = p.byte(), p.byte(), p.byte()
	if p.version < 110 || p.version > 116 || p.intSize < 1 || p.intSize > 8 || p.offSize < 1 || p.offSize > 8 {
		return false
	}
	if p.version >= 115 {
		p.method = p.byte()
	} else if p.int() != 0 {
		p.method = 1
	}
	for range 7 { // when it was made
		p.int()
	}
	return p.err == nil
}

// contents reads the table of contents, and says all texts in it. It reports
// whether it was not stopped; p.err tells whether it was read to its end.
func (p *pgTOC) contents(ctx context.Context, say func(string) bool) bool {
	for range 3 { // the database and the versions of server and program
		if !say(p.string()) {
			return false
		}
	}
	p.entries, p.files = map[int]pgEntry{}, map[string]int{}
	d := &dumpReader{ctx: ctx, dumpSession: newDumpSession()}
	d.postgres, d.backslash, d.maxDefs = true, false, 8*dumpMaxDefs
	for n := p.int(); n > 0 && p.err == nil; n-- {
		if err := ctx.Err(); err != nil {
			p.err = context.Cause(ctx)
			break
		}
		id := p.int()
		data := p.int() != 0
		p.string()
		p.string()
		var e pgEntry
		tag, desc := p.string(), p.string()
		if p.version >= 111 {
			p.int() // section
		}
		defn := p.string()
		p.string() // how it is dropped
		e.copy = p.string()
		p.string() // schema
		p.string() // tablespace
		if p.version >= 114 {
			p.string() // access method
		}
		if p.version >= 116 {
			p.int() // kind
		}
		owner := p.string()
		p.string() // with OIDs
		for p.err == nil {
			if p.string() == "" { // what it depends on
				break
			}
		}
		if p.format == pgCustom {
			for range 1 + p.offSize {
				p.byte()
			}
		} else {
			e.file = p.string()
		}
		if p.err != nil {
			break
		}
		switch desc {
		case "ENCODING", "STDSTRINGS", "TABLE", "FOREIGN TABLE", "CONSTRAINT", "FK CONSTRAINT":
			d.interpret([]byte(defn))
		}
		if !say(tag) || !say(defn) || !say(owner) {
			return false
		}
		if desc == "TABLE DATA" && (data || e.file != "") {
			p.entries[id] = e
			p.files[e.file] = id
		}
	}
	p.session = d.dumpSession
	p.session.schema = ""
	return true
}

// reader returns a reader of the data of an entry.
func (p *pgTOC) reader(ctx context.Context, r io.Reader, e pgEntry) *dumpReader {
	s := p.session
	s.defs, s.vars = maps.Clone(s.defs), map[string]string{}
	if e.copy == "" {
		d := newDumpReader(ctx, r)
		d.dumpSession = s
		return d
	}
	d := &dumpReader{ctx: ctx, src: r, fresh: true, delim: []byte(";"), dumpSession: s}
	d.block.Refs, d.block.Origin, d.block.Name = d.ref, d.origin, dumpRef
	h, _, st := d.parseHead([]byte(strings.TrimRight(e.copy, "\n")+"\n"), true)
	if st != dumpOK {
		d.lex = sqlLexRest
		return d
	}
	d.insert, d.mode = h, dumpCopy
	d.insert.head = 0
	d.setTable()
	return d
}

// pgDataDecoder reads the rows of one table in the directory format of pg_dump:
// a file of lines as COPY writes them, which toc.dat beside it names. Without
// that the table is called by the number of its file, and its columns by theirs.
func pgDataDecoder() container.Decoder {
	known := &pgTOCs{byDir: map[string]*pgTOC{}}
	return container.Decoder{
		Name: "pgdata",
		Match: func(head []byte, name string) bool {
			return pgDataName(name) && len(head) > 0 && bytes.IndexByte(head, 0) < 0
		},
		Decode: func(ctx context.Context, in scanners.Item, _ *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if in.Body == nil {
					yield(scanners.Item{}, errors.New("pgdata: nothing to read"))
					return
				}
				stem := strings.TrimSuffix(in.Name, ".dat")
				e := pgEntry{copy: `COPY "` + stem + `" FROM stdin;`}
				toc := known.beside(ctx, in)
				id, known := toc.files[in.Name]
				if known {
					e = toc.entries[id]
				}
				d := toc.reader(ctx, in.Body, e)
				d.loose = !known // it may be something else
				d.run(yield)
			}
		},
	}
}

func pgDataName(name string) bool {
	stem, ok := strings.CutSuffix(name, ".dat")
	return ok && stem != "" && strings.Trim(stem, "0123456789") == ""
}

// pgTOCs remembers the tables of contents of the dumps that are read, since each
// of their files asks for it.
type pgTOCs struct {
	mu    sync.Mutex
	byDir map[string]*pgTOC
	order []string
}

// maxPGTOCs is how many are remembered.
const maxPGTOCs = 8

// beside returns the table of contents that stands beside an item; it is empty
// where there is none.
func (t *pgTOCs) beside(ctx context.Context, in scanners.Item) *pgTOC {
	none := &pgTOC{session: newDumpSession()}
	none.session.postgres, none.session.backslash = true, false
	if in.Beside == nil {
		return none
	}
	dir := path.Dir(in.Ref.URI)
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.byDir[dir]; p != nil {
		return p
	}
	b, err := in.Beside(ctx, "toc.dat")
	if err != nil || !bytes.HasPrefix(b, []byte(pgMagic)) {
		return none // it may be there for another source
	}
	p := &pgTOC{r: bufio.NewReader(bytes.NewReader(b))}
	if !p.header() || !p.contents(ctx, func(string) bool { return true }) {
		return none
	}
	p.r = nil
	if len(t.order) == maxPGTOCs {
		delete(t.byDir, t.order[0])
		t.order = t.order[1:]
	}
	t.byDir[dir], t.order = p, append(t.order, dir)
	return p
}
