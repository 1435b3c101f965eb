package export

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/scanners"
)

// A form is in which form something is in a bundle.
type form int

const (
	asIs     form = iota // byte by byte
	inPlace              // without what must not be copied, else as it is
	textOnly             // the text that is found in it, without what must not be copied
	nothing              // not at all
)

// maxLetters is in how many messages one that is attached is written anew: each is
// kept whole while what is attached to it is looked at.
const maxLetters = 4

// cantMask says why something is not in a bundle as it is.
const cantMask = "other people's identifiers in it can't be masked"

// A made is what goes into a bundle in the place of a file.
type made struct {
	form form
	out  *spool // nil: the original, or nothing
	why  string // what was done, for people
	left bool   // the text is not all of it
}

// remake returns what goes into the bundle in the place of a file. strict says that
// other people's identifiers must not be in it. An error is that of ctx, or of
// writing.
func (x *exporter) remake(ctx context.Context, o engine.Opener, it scanners.Item, sp *spool, strict bool, t *tally, depth int) (made, error) {
	head := make([]byte, container.HeadLen)
	n, _ := sp.read().ReadAt(head, 0)
	head = head[:n]
	kind := ""
	if d := container.Detect(o.Decoders, head, it.Name); d != nil {
		kind = d.Name
	}
	var try func(out *spool, t *tally) (why string, err error)
	switch {
	case kind == "mail" && depth <= maxLetters:
		try = func(out *spool, t *tally) (string, error) {
			l := &letter{h: x.hider, t: t, strict: strict}
			l.attached = func(name string, content *spool) (made, error) {
				return x.remake(ctx, o, scanners.Item{Ref: it.Ref, Name: name, Size: content.size}, content, strict, t, depth+1)
			}
			err := l.remade(out, reader{ctx, sp.read()})
			return l.note(), err
		}
	case plainKinds[kind] && isText(head):
		try = func(out *spool, t *tally) (string, error) {
			binary, err := x.hider.copyText(out, reader{ctx, sp.read()}, t)
			if binary {
				err = errors.New("it is no text to its end")
			}
			return "", err
		}
	case plainKinds[kind]:
		if c, enc, mark, ok := encodingOf(head); ok {
			try = func(out *spool, t *tally) (string, error) {
				return "", x.hider.wideText(out, reader{ctx, sp.read()}, c, enc, mark, t)
			}
		}
	case kind == "office":
		try = func(out *spool, t *tally) (string, error) {
			p := &pack{ctx: ctx, h: x.hider, t: t, strict: strict}
			err := p.remade(out, sp.read(), sp.size, 0)
			return p.note(), err
		}
	}
	if try != nil {
		out, own := newSpool(), tally{}
		why, err := try(out, &own)
		if err == nil && strict && (kind == "office" || kind == "html" || kind == "cards") {
			// What a reader puts together is looked at as readers do.
			err = x.clean(ctx, o, it, out)
		}
		switch {
		case ctx.Err() != nil:
			out.close()
			return made{}, context.Cause(ctx)
		case err == nil && own.none() && why == "":
			out.close()
			return made{}, nil
		case err == nil:
			t.add(&own)
			return made{form: inPlace, out: out, why: why}, nil
		}
		out.close()
		if isSink(err) {
			return made{}, err
		}
	}
	return x.instead(ctx, o, it, sp, strict, t)
}

// plural counts things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// plainKinds are the kinds of decoders that read plain text, and what none reads.
var plainKinds = map[string]bool{"": true, "html": true, "csv": true, "cards": true, "sqldump": true, "tabdump": true, "xmldump": true}

// instead returns the text of a file that can't be copied as it is, where there is
// a reason for that.
func (x *exporter) instead(ctx context.Context, o engine.Opener, it scanners.Item, sp *spool, strict bool, t *tally) (made, error) {
	why := cantMask
	if !strict {
		e := &extraction{x: x, o: o, w: io.Discard, h: &hider{hashes: x.hider.hashes}, deep: true}
		if err := e.all(ctx, it, sp); err != nil {
			return made{}, err
		}
		if e.t.withheld[passwordHash] == 0 {
			return made{}, nil
		}
		why = "a password hash in it can't be taken out"
	}
	out := newSpool()
	e := &extraction{x: x, o: o, w: out, h: x.hider}
	if err := e.all(ctx, it, sp); err != nil {
		out.close()
		return made{}, err
	}
	if !strict {
		e.t.hold(passwordHash) // it may stand in a member alone
		if e.t.withheld[passwordHash] > 1 {
			e.t.withheld[passwordHash]--
		}
	}
	t.add(&e.t)
	m := made{form: textOnly, out: out, left: e.gaps > 0}
	switch {
	case out.size == 0:
		out.close()
		m = made{form: nothing, why: why}
	default:
		m.why = "the original is left out, since " + why + "; this is the text that was found in it"
	}
	if e.rows > 0 {
		m.why += "; not repeated in it: " + plural(e.rows, "row", "rows") + ", of which those about the person are records of their own"
	}
	if e.members > 0 {
		m.why += "; not in it: " + plural(e.members, "member, picture or attachment", "members, pictures and attachments") + ", of which those about the person are records of their own"
	}
	if e.gaps > 0 {
		m.why += "; could not be read: " + plural(e.gaps, "part", "parts")
	}
	return m, nil
}

// An extraction writes the text that the decoders find in a file: what belongs to
// its record, and not what is a record of its own, such as a row or a member.
type extraction struct {
	x                   *exporter
	o                   engine.Opener
	w                   io.Writer
	h                   *hider
	deep                bool // rows and members are looked at, too
	cells               bool // rows are
	t                   tally
	rows, members, gaps int
}

// all writes what is in a file. An error is that of ctx, or of writing.
func (e *extraction) all(ctx context.Context, it scanners.Item, sp *spool) error {
	it.Body, it.Size = sp.read(), sp.size
	err := e.item(ctx, it, container.NewBudget(e.o.Limits, sp.size))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if isSink(err) {
		return err
	}
	if err != nil {
		e.gaps++
	}
	return nil
}

func (e *extraction) item(ctx context.Context, it scanners.Item, budget *container.Budget) error {
	head, body, err := container.Head(it.Body)
	if err != nil {
		return err
	}
	it.Body = body
	d := container.Detect(e.o.Decoders, head, it.Name)
	if d == nil {
		return e.raw(head, budget.Reader(ctx, body))
	}
	inner, err := budget.Enter()
	if err != nil {
		return err
	}
	for child, err := range d.Decode(ctx, it, inner) {
		var g *scanners.Gap
		var left *scanners.Exclusion
		switch {
		case errors.As(err, &left):
			continue
		case errors.As(err, &g) && err == error(g):
			e.gaps++
			continue
		case err != nil:
			return err
		}
		if err := e.child(ctx, child, inner); err != nil {
			return err
		}
	}
	return nil
}

func (e *extraction) child(ctx context.Context, it scanners.Item, budget *container.Budget) error {
	own := it.Step == "" || e.deep
	if own {
		for _, f := range it.Fields {
			if err := e.line(f.Name + ": " + f.Value); err != nil {
				return err
			}
		}
	}
	switch {
	case it.Block != nil:
		e.rows += it.Block.Rows()
		if e.deep || e.cells {
			e.look(it.Block)
		}
		return nil
	case !own:
		e.members++
		return nil
	case it.Body == nil:
		return nil
	case !it.Text:
		return e.item(ctx, it, budget)
	}
	head, body, err := container.Head(it.Body)
	if err != nil {
		return err
	}
	if it.Field != "" && len(head) > 0 && isText(head) {
		if err := e.line("[" + it.Field + "]"); err != nil {
			return err
		}
	}
	return e.raw(head, body)
}

// line writes a line.
func (e *extraction) line(s string) error {
	_, err := e.w.Write(append(e.h.text([]byte(s), "", false, &e.t), '\n'))
	return err
}

// look counts what must not be copied in rows, which are not written.
func (e *extraction) look(b *scanners.Block) {
	for row := range b.Rows() {
		for i, name := range b.Table.Columns {
			if v, null := b.Cell(row, i); !null && len(v) > 0 {
				list, _ := e.h.edits(v, name, false)
				for _, x := range list {
					e.t.count(x)
				}
			}
		}
	}
}

// raw writes what no decoder reads, where it is text.
func (e *extraction) raw(head []byte, r io.Reader) error {
	switch c, _, _, ok := encodingOf(head); {
	case isText(head):
		if _, err := e.h.copyText(e.w, zeroless{r}, &e.t); err != nil {
			return err
		}
	case ok:
		if err := e.h.wideText(e.w, r, c, nil, "", &e.t); err != nil {
			return err
		}
	case e.deep:
		_, err := e.h.copyText(io.Discard, zeroless{r}, &e.t)
		return err
	default:
		return nil
	}
	_, err := io.WriteString(e.w, "\n")
	return err
}

// errLeft is what clean fails with.
var errLeft = errors.New("others' identifiers are left in it")

// clean reports an error where the decoders find other people's identifiers in
// what was made.
func (x *exporter) clean(ctx context.Context, o engine.Opener, it scanners.Item, sp *spool) error {
	e := &extraction{x: x, o: o, w: io.Discard, h: x.hider, cells: true}
	if err := e.all(ctx, it, sp); err != nil {
		return err
	}
	if e.t.masked > 0 || e.gaps > 0 {
		return errLeft
	}
	return nil
}

func isSink(err error) bool {
	var sink *sinkError
	return errors.As(err, &sink)
}

// add adds what another tally counted.
func (t *tally) add(o *tally) {
	t.masked += o.masked
	for what, n := range o.withheld {
		if t.withheld == nil {
			t.withheld = map[string]int{}
		}
		t.withheld[what] += n
	}
}

// none reports whether nothing was taken out.
func (t *tally) none() bool { return t.masked == 0 && len(t.withheld) == 0 }

// A reader ends with its context.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}
