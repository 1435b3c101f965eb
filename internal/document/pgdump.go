package document

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/inflate"
	"github.com/spoor-scan/spoor/scanners"
)

// The format is that of pg_backup_archiver.c and pg_backup_custom.c of
// PostgreSQL 8.2 to 18: versions 1.10 to 1.16 of archives.

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
				if in.Body == nil {
					yield(scanners.Item{}, errors.New("pgdump: nothing to read"))
					return
				}
				p := &pgReader{ctx: ctx, b: b, yield: yield, pgTOC: pgTOC{r: bufio.NewReaderSize(in.Body, 64<<10)}}
				p.run()
			}
		},
	}
}

type pgReader struct {
	pgTOC
	ctx   context.Context
	b     *container.Budget
	yield func(scanners.Item, error) bool
	text  strings.Builder // not handed over yet
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
	ok := p.contents(p.ctx, p.say)
	if ok {
		ok = p.told()
	}
	if p.err != nil && ok {
		p.yield(scanners.Item{}, p.failed(p.err))
		return
	}
	if rel := p.session.relations(); ok && len(rel) > 0 {
		ok = p.yield(scanners.Item{Size: -1, Relations: rel}, nil)
	}
	if !ok || p.format != pgCustom {
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
	if err := p.ctx.Err(); err != nil {
		p.yield(scanners.Item{}, context.Cause(p.ctx))
	}
}

// say hands over a text of the table of contents, many at once.
func (p *pgReader) say(s string) bool {
	if p.text.WriteString(s); s != "" {
		p.text.WriteByte('\n')
	}
	return p.text.Len() < 256<<10 || p.told()
}

func (p *pgReader) told() bool {
	if p.text.Len() == 0 {
		return true
	}
	s := p.text.String()
	p.text.Reset()
	return p.yield(scanners.Item{Size: int64(len(s)), Body: strings.NewReader(s), Text: true, Field: dumpFieldSQL}, nil)
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
		var z io.Reader
		if z, err = inflate.NewZlib(c); err == nil {
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

// rows yields the rows of a table.
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
	d := p.reader(p.ctx, r, e)
	d.packed = true
	stopped, damaged := false, false
	d.run(func(it scanners.Item, err error) bool {
		var g *scanners.Gap
		if err != nil && (!errors.As(err, &g) || err != error(g)) {
			damaged = true // what can be read of the archive goes on behind the block
			return false
		}
		it.Verbatim = false
		stopped = !p.yield(it, err)
		return !stopped
	})
	if damaged && p.ctx.Err() == nil {
		return p.gap(scanners.Corrupt, "the data of a table are damaged") && p.err == nil
	}
	return !stopped
}

// blobs yields large objects.
func (p *pgReader) blobs() bool {
	for {
		if p.ctx.Err() != nil {
			return true
		}
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
