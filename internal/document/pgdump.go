package document

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// The format is that of pg_backup_archiver.c and pg_backup_custom.c of
// PostgreSQL 8.2 to 17: versions 1.10 to 1.16 of archives.

const (
	pgMagic = "PGDMP"
	// maxPGString bounds a string of the table of contents, in bytes.
	maxPGString = 64 << 20
	maxPGWindow = 64 << 20

	pgData  = 1 // blocks
	pgBlobs = 3

	pgCustom = 1 // format
)

// pgDumpDecoder reads archives of pg_dump in the custom format, and the table of
// contents of the others: all definitions as text, the rows of tables as blocks
// with the same keys and names as those of a dump in SQL, and large objects as
// members.
func pgDumpDecoder() container.Decoder {
	return container.Decoder{
		Name:  "pgdump",
		Match: func(head []byte, _ string) bool { return len(head) > 11 && string(head[:5]) == pgMagic && head[5] == 1 },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				p := &pgReader{ctx: ctx, b: b, in: in, yield: yield, r: bufio.NewReaderSize(in.Body, 64<<10)}
				p.run()
			}
		},
	}
}

// A pgEntry is an entry of the table of contents.
type pgEntry struct {
	tag, desc, defn, copy, schema string
}

type pgReader struct {
	ctx   context.Context
	b     *container.Budget
	in    scanners.Item
	yield func(scanners.Item, error) bool
	r     *bufio.Reader
	n     int64 // bytes of the table of contents
	err   error

	version  int // 1.14 is 114
	intSize  int
	offSize  int
	format   int
	method   int // 0 none, 1 zlib, 2 lz4, 3 zstd
	entries  map[int]pgEntry
	keys     map[string]string // by schema and table, as the definition names them
	encoding string
}

func (p *pgReader) byte() int {
	if p.err != nil {
		return 0
	}
	c, err := p.r.ReadByte()
	p.err = err
	return int(c)
}

func (p *pgReader) int() int {
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

func (p *pgReader) string() string {
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

// failed tells why reading ended, as a gap where it is the archive's fault.
func (p *pgReader) failed(err error) error {
	var g *scanners.Gap
	if errors.As(err, &g) || p.ctx.Err() != nil {
		return err
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return &scanners.Gap{Reason: scanners.Corrupt, Detail: "pg_dump: cut off"}
	}
	return err
}

func (p *pgReader) gap(reason scanners.Reason, detail string) bool {
	return p.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "pg_dump: " + detail})
}

func (p *pgReader) run() {
	if !p.header() {
		if p.err != nil {
			p.yield(scanners.Item{}, p.failed(p.err))
			return
		}
		if p.gap(scanners.Unsupported, fmt.Sprintf("version 1.%d of the format", p.version%100)) {
			p.yield(scanners.Item{Size: -1, Body: p.r, Text: true}, nil)
		}
		return
	}
	if !p.contents() {
		return
	}
	if p.format != pgCustom {
		return // the data are in files of their own
	}
	for p.ctx.Err() == nil {
		kind, err := p.r.ReadByte()
		if err == io.EOF {
			return
		}
		if err != nil {
			p.yield(scanners.Item{}, p.failed(err))
			return
		}
		id := p.int()
		ok := false
		switch kind {
		case pgData:
			ok = p.rows(id)
		case pgBlobs:
			ok = p.blobs()
		default:
			if p.gap(scanners.Corrupt, "a block of an unknown kind") {
				p.yield(scanners.Item{Size: -1, Body: p.r, Text: true}, nil)
			}
		}
		if !ok {
			return
		}
		if p.err != nil {
			p.yield(scanners.Item{}, p.failed(p.err))
			return
		}
	}
}

// header reads what comes before the table of contents.
func (p *pgReader) header() bool {
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

var pgPrimary = regexp.MustCompile(`(?s)^ALTER TABLE ONLY (\S.*?)\s+ADD CONSTRAINT .*? (PRIMARY KEY|UNIQUE) (\(.*\))`)

// contents reads the table of contents, and yields what it says.
func (p *pgReader) contents() bool {
	var text strings.Builder
	say := func(s string) bool {
		if text.WriteString(s); s != "" {
			text.WriteByte('\n')
		}
		return text.Len() < 256<<10 || p.say(&text)
	}
	ok := true
	for range 3 { // the database and the versions of server and program
		ok = ok && say(p.string())
	}
	p.entries, p.keys = map[int]pgEntry{}, map[string]string{}
	for n := p.int(); n > 0 && p.err == nil && ok; n-- {
		id := p.int()
		p.int() // whether there are data
		p.string()
		p.string()
		var e pgEntry
		e.tag, e.desc = p.string(), p.string()
		if p.version >= 111 {
			p.int() // section
		}
		e.defn = p.string()
		p.string() // how it is dropped
		e.copy, e.schema = p.string(), p.string()
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
			p.string() // its file
		}
		if p.err != nil {
			break
		}
		switch e.desc {
		case "ENCODING":
			p.encoding = e.defn
		case "CONSTRAINT":
			if m := pgPrimary.FindStringSubmatch(e.defn); m != nil {
				if m[2] == "PRIMARY KEY" || p.keys[m[1]] == "" {
					p.keys[m[1]] = m[2] + " " + m[3]
				}
			}
		}
		ok = ok && say(e.tag) && say(e.defn) && say(owner)
		if e.defn = ""; e.copy != "" {
			p.entries[id] = e
		}
	}
	if ok && text.Len() > 0 {
		ok = p.say(&text)
	}
	if p.err != nil && ok {
		ok = false
		p.yield(scanners.Item{}, p.failed(p.err))
	}
	return ok
}

func (p *pgReader) say(text *strings.Builder) bool {
	ok := p.yield(scanners.Item{Size: int64(text.Len()), Body: strings.NewReader(text.String()), Text: true, Field: "sql"}, nil)
	text.Reset()
	return ok
}

// chunks reads the data of a block, which come in pieces with their lengths.
type chunks struct {
	p     *pgReader
	left  int
	ended bool
}

func (c *chunks) Read(b []byte) (int, error) {
	for c.left == 0 {
		if c.ended {
			return 0, io.EOF
		}
		n := c.p.int()
		if c.left = max(n, 0); n <= 0 || c.p.err != nil {
			c.ended, c.left = true, 0
			if c.p.err != nil {
				return 0, c.p.err
			}
			if n < 0 {
				c.p.err = &scanners.Gap{Reason: scanners.Corrupt, Detail: "pg_dump: a block is damaged"}
				return 0, c.p.err
			}
			return 0, io.EOF
		}
	}
	n, err := c.p.r.Read(b[:min(len(b), c.left)])
	c.left -= n
	if err != nil {
		c.p.err = err
		c.ended, c.left = true, 0
	}
	return n, err
}

// open returns the data of a block, decompressed.
func (p *pgReader) open(c *chunks) (io.Reader, func(), error) {
	r, done, err := io.Reader(c), func() {}, error(nil)
	switch p.method {
	case 0:
	case 1:
		var z io.ReadCloser
		if z, err = zlib.NewReader(c); err == nil {
			r = z
		}
	case 2:
		r = lz4.NewReader(c)
	case 3:
		var z *zstd.Decoder
		if z, err = zstd.NewReader(c, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxPGWindow)); err == nil {
			r, done = z, z.Close
		}
	default:
		err = errors.New("the compression is not known")
	}
	return p.b.Reader(p.ctx, r), done, err
}

// rows yields the rows of a table, by way of the statements that would load them.
func (p *pgReader) rows(id int) bool {
	c := &chunks{p: p}
	defer func() { _, _ = io.Copy(io.Discard, c) }()
	r, done, err := p.open(c)
	if err != nil {
		return p.gap(scanners.Corrupt, "the data of a table can't be decompressed")
	}
	defer done()
	e, ok := p.entries[id]
	if !ok {
		return p.yield(scanners.Item{Size: -1, Body: r, Text: true, Field: "data"}, nil)
	}
	lead := p.encoding + "\n"
	table, columns, _ := strings.Cut(strings.TrimPrefix(e.copy, "COPY "), " ")
	if k := strings.LastIndexByte(columns, ')'); strings.HasPrefix(columns, "(") && k > 0 {
		lead += "CREATE TABLE " + table + " (" + strings.ReplaceAll(columns[1:k], ", ", " text, ") + " text"
		if key := p.keys[table]; key != "" {
			lead += ", " + key
		}
		lead += ");\n"
	}
	if strings.HasPrefix(e.copy, "COPY ") {
		lead += strings.TrimRight(e.copy, "\n") + "\n"
	}
	in := scanners.Item{Name: e.tag, Size: -1, Body: io.MultiReader(strings.NewReader(lead), r)}
	for it, err := range SQLDump().Decode(p.ctx, in, p.b) {
		var g *scanners.Gap
		switch {
		case errors.As(err, &g) && err == error(g):
			if !p.yield(it, err) {
				return false
			}
			continue
		case err != nil:
			return p.gap(scanners.Corrupt, "the data of a table are damaged") && p.err == nil
		case it.Block != nil:
			refs := it.Block.Refs
			it.Block.Refs = func(row int, hash string, n int) scanners.Ref {
				ref := refs(row, hash, n)
				if loc, ok := ref.Locator.(DumpRow); ok {
					loc.Offset = -1 // it is compressed
					ref.Locator = loc
				}
				return ref
			}
			it.Block.Origin, it.Block.Keep = nil, nil
			if !p.yield(it, nil) {
				return false
			}
			it.Block.Refs = refs
		case it.Field == "sql" && strings.HasPrefix(e.copy, "COPY "):
			continue // what was put in front
		default:
			it.Verbatim = false
			if !p.yield(it, nil) {
				return false
			}
		}
	}
	return true
}

// blobs yields large objects.
func (p *pgReader) blobs() bool {
	for {
		oid := p.int()
		if oid == 0 || p.err != nil {
			return true
		}
		c := &chunks{p: p}
		if err := p.b.Member(); err != nil {
			return p.yield(scanners.Item{}, err) && false
		}
		r, done, err := p.open(c)
		ok := true
		if err != nil {
			ok = p.gap(scanners.Corrupt, "a large object can't be decompressed")
		} else {
			name := strconv.Itoa(oid)
			ok = p.yield(scanners.Item{Name: name, Step: "blobs/" + name, Size: -1, Body: r}, nil)
		}
		done()
		if !ok {
			return false
		}
		_, _ = io.Copy(io.Discard, c)
	}
}
