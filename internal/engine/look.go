package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/rules"
	"github.com/spoor-scan/spoor/scanners"
)

// mail is the name of the decoder whose parts can be named by sections.
const mail = "mail"

// look matches the body of an item, or opens it and looks at what is inside.
func (r *run) look(ctx context.Context, rec *record, it scanners.Item, budget *container.Budget) {
	d, head, rest, _ := recognised(r.Decoders, it, r.stands(ctx, rec)) // rest meets the error again
	if from, ok := rest.(document.Sourced); ok {
		defer func(outer document.Sourced) { rec.source = outer }(rec.source)
		rec.source = from
	}
	if d == nil {
		at := int64(0)
		if rec.decoded {
			at = -1
		}
		if kind, reason, ok := document.Opaque(head); ok {
			rec.gap(scanners.Gap{Reason: reason, Detail: kind + " is searched as plain bytes only"})
		}
		rec.plain = true
		r.text(ctx, rec, onlyRead{rest}, "", at, true)
		rec.plain = false
		return
	}
	it.Body, it.Ref, it.Beside, it.Near = rest, rec.ref, r.beside(rec), r.opener(rec.unit.source.Source).near(rec.ref.URI)
	if rec.inner == nil && !d.Bare {
		rec.inner = &companions{}
	}
	side := &aside{run: r, rec: rec}
	defer func() {
		side.write(ctx, 0)
		side.settle(true)
	}()
	held := r.briefsOf()
	defer func() {
		held.match(rec)
		r.briefs.Put(held)
	}()
	for child, err := range d.Decode(ctx, it, budget) {
		if err == nil && held.take(rec, d, &child) {
			continue
		}
		held.match(rec)
		if err != nil {
			if x, ok := err.(*scanners.Exclusion); ok {
				rec.exclude(x)
				continue
			}
			var g *scanners.Gap
			if errors.As(err, &g) && err == error(g) {
				inner := *g
				if inner.URI != "" && inner.URI != rec.ref.URI {
					inner.Place = rec.ref.Place + " / " + memberOf(d.Name)
				}
				rec.gap(inner)
				continue
			}
			rec.failed(err)
			return
		}
		switch {
		case child.Relations != nil:
			r.linker.declare(rec, child.Relations)
		case child.Block != nil:
			side.rows(ctx, child.Block)
		case child.Step != "":
			side.member(ctx, d, rec.keep(child), budget)
		case child.Text:
			r.childText(ctx, rec, d, child)
		default: // the content of a bare compression
			r.fields(rec, child.Fields)
			if child.Body == nil {
				continue
			}
			// The parts of what comes out are none that a server knows.
			rec.decoded, rec.sections = true, false
			inner, err := budget.Enter()
			if err != nil {
				rec.failed(err)
				r.text(ctx, rec, child.Body, "", -1, true)
				continue
			}
			r.look(ctx, rec, child, inner)
		}
	}
}

// childText matches a piece of text that a decoder found in the record.
func (r *run) childText(ctx context.Context, rec *record, d *container.Decoder, child scanners.Item) {
	r.fields(rec, child.Fields)
	if child.Body == nil {
		return
	}
	at := int64(-1)
	if child.Verbatim && !rec.decoded {
		at = child.Offset
	}
	if _, ok := child.Body.(document.Sourced); ok && !rec.decoded {
		at = 0
	}
	body := child.Body
	if d.Name == mail && addressHeader(child.Field) {
		b, err := io.ReadAll(io.LimitReader(body, 64<<10))
		if rec.others == nil {
			rec.others = map[string]bool{}
		}
		addresses(rec.others, b)
		body = io.MultiReader(bytes.NewReader(b), body)
		if err != nil {
			body = io.MultiReader(bytes.NewReader(b), failing{err})
		}
	}
	if d.Name == mail && r.tellsTime(child.Field) {
		var b []byte
		b, body = peeked(body)
		rec.mailed(child.Field, b)
	}
	rec.fragment = child.Fragment
	// The headers and texts of a message corroborate each other.
	r.text(ctx, rec, body, child.Field, at, d.Name != mail)
	rec.fragment = ""
}

// onlyRead hides what else a reader can do.
type onlyRead struct{ io.Reader }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func addressHeader(field string) bool {
	rel := relation(field)
	return rel == "sender" || rel == "recipient"
}

// smallText is the length up to which a text is matched in one piece, in bytes.
const smallText = 8 << 10

// text matches a text. at is the offset of its start in the record's own bytes,
// -1 where it has none; lines says that only what stands near each other in it
// belongs together.
func (r *run) text(ctx context.Context, rec *record, body io.Reader, field string, at int64, lines bool) {
	if r.Survey != nil {
		if err := r.surveyText(ctx, rec, body, field); err != nil {
			rec.failed(err)
		}
		return
	}
	if lines {
		rec.texts++
	}
	rec.pieces++
	var (
		head   *header
		from   document.Sourced
		lined  *lineCounter
		called notation
	)
	from, _ = body.(document.Sourced)
	seen, first := int64(-1), (*byte)(nil) // the piece of text whose addresses are known
	births := false                        // it may name birth dates
	earliest := int64(math.MaxInt64)       // hit
	hit := func(h subject.Hit, base int64, piece, window []byte) {
		earliest = min(earliest, h.Start)
		if base != seen || first != &piece[0] {
			seen, first = base, &piece[0]
			if rec.others == nil {
				rec.others = map[string]bool{}
			}
			addresses(rec.others, piece)
			if lines && rec.plain {
				r.hosts(rec, piece)
			}
			births = r.Recognizer.NamesBirths(piece)
		}
		off, near := int64(-1), int64(-1)
		if at >= 0 {
			off = h.Start
			if from != nil {
				off = from.Source(off)
			}
			if off += at; rec.source != nil {
				off = rec.source.Source(off)
			}
		}
		if lines {
			near = h.Start
		}
		if head != nil {
			h.Named = h.Named || head.names(r.Recognizer, h, base, piece)
			if !h.Type.Own() && r.Recognizer.Contradicts(h.Person, head.born(h, base, piece)) {
				h.Weak = true // the line is about a namesake
			}
		}
		name := field
		if rec.plain && (h.Bare && !h.Named || rec.keeps(h.Person)) {
			if keys := called.keysAt(window, int(h.Start-base)); len(keys) > 0 {
				name = r.shown(keyPath(keys))
				table := ""
				if n := len(keys); n > 1 {
					table = keys[n-2]
				}
				h.Named = h.Named || r.Recognizer.NamedBy(h.Type, table, keys[len(keys)-1])
			}
			rec.line = lined.at(h.Start, base, window)
		}
		rec.hit(h, "", name, off, near)
		rec.line = -1
		if a := rec.people[h.Person]; a != nil && births && !a.contradicted && !h.Type.Own() {
			a.contradicted = r.Recognizer.ContradictedNear(h, base, piece)
		}
	}
	if rec.plain {
		lined = &lineCounter{r: body}
		body = lined
	}
	held, _ := r.smalls.Get().(*[smallText]byte)
	if held == nil {
		held = new([smallText]byte)
	}
	defer r.smalls.Put(held)
	small := held[:]
	n, err, idle := 0, error(nil), 0
	for err == nil && n < len(small) {
		var k int
		k, err = body.Read(small[n:])
		n += k
		if idle++; k > 0 {
			idle = 0
		} else if idle > 100 {
			err = io.ErrNoProgress
		}
	}
	if lines {
		head = r.headerOf(small[:n], path.Base(rec.name))
		called = notationOf(small[:n], rec.name)
	}
	var undecoded []subject.Undecoded
	if err != nil {
		undecoded = r.Recognizer.SearchAll(small[:n], hit)
	} else {
		pieces := rec.extentsOf()
		rest, fn := io.MultiReader(bytes.NewReader(small[:n]), body), hit
		known := r.beginnings.known(pieces)
		if known > int64(n) {
			if err = skip(rest, known); err == nil {
				start := make([]byte, smallText)
				k, _ := io.ReadFull(rest, start) // rest meets the error again
				if rest, fn = io.MultiReader(bytes.NewReader(start[:k]), rest), moved(known, hit); encodedWhole(start[:k]) {
					rec.undecoded([]subject.Undecoded{{}})
				}
			}
		} else {
			known = 0
		}
		if err == nil {
			var all int64
			all, undecoded, err = r.Recognizer.ScanAll(ctx, rest, fn)
			rec.large = rec.large || known+all > largeText
			if err == nil && len(undecoded) == 0 {
				r.beginnings.learn(pieces, min(known+all, earliest-settled))
			}
		}
	}
	rec.undecoded(undecoded)
	if err != nil && err != io.EOF {
		rec.failed(err)
	}
}

// undecoded records that something encoded in the record was not looked into to
// its end, once for each reason.
func (rec *record) undecoded(places []subject.Undecoded) {
	large, bomb, deep := false, false, false
	for _, u := range places {
		large, bomb, deep = large || !u.Bomb && !u.Deep, bomb || u.Bomb, deep || u.Deep
	}
	if large {
		rec.gap(scanners.Gap{Reason: scanners.TooLarge, Detail: "encoded text was decoded only in part"})
	}
	if bomb {
		rec.gap(scanners.Gap{Reason: scanners.Bomb, Detail: "compressed data inside a text were unpacked only in part"})
	}
	if deep {
		rec.gap(scanners.Gap{Reason: scanners.TooDeep, Detail: "text is encoded in more layers than are decoded"})
	}
}

// largeText is the length from which a text is taken to be about many people, in
// bytes: one window of the matcher, within which others are looked for.
const largeText = 256 << 10

// member looks at what is a record of its own within rec.
func (r *run) member(ctx context.Context, rec *record, d *container.Decoder, child scanners.Item, budget *container.Budget) {
	u := rec.unit
	sub := &record{unit: u, parent: rec, ref: rec.ref, top: rec.top, siblings: rec.inner, step: child.Step}
	sub.inside = append(slices.Clone(rec.inside), newStep(d.Name, child.Step))
	sub.ref.Place = rec.ref.Place + " / " + memberOf(d.Name)
	if d.Name == mail && rec.sections && child.Section != "" {
		sub.sections = true
		sub.section = child.Section
		if rec.section != "" {
			sub.section = rec.section + "." + child.Section
		}
		sub.ref.URI = rec.top + "/;SECTION=" + sub.section
	} else {
		sub.ref.URI = rec.ref.URI + "!/" + scanners.Escape(child.Step)
	}
	if r.leavesMember(sub) {
		return
	}
	r.enter(ctx, sub, child, budget)
}

// enter reads a record inside another, and counts it.
func (r *run) enter(ctx context.Context, sub *record, child scanners.Item, budget *container.Budget) {
	cov := &sub.unit.cov.Units
	cov.Found++
	defer func() {
		if p := recover(); p != nil {
			sub.failed(panicked(p))
		}
		if sub.partial {
			cov.Partial++
		} else {
			cov.Scanned++
		}
	}()
	if child.Body == nil {
		child.Body = strings.NewReader("")
	}
	if inner, err := budget.Enter(); err != nil {
		sub.failed(err)
		r.fields(sub, child.Fields)
		r.text(ctx, sub, child.Body, "", 0, true)
		sub.finish()
	} else {
		r.whole(ctx, sub, child, inner)
	}
}

// memberOf names what a kind of container holds, for people.
func memberOf(kind string) string {
	switch kind {
	case mail:
		return "attachment"
	case "mbox", "pst":
		return "message"
	}
	return kind + " member"
}

// fewHosts is how many IP addresses one person's own text may hold.
const fewHosts = 2

// hosts adds the IP addresses in b to those of a record, but for such as are
// looked for.
func (r *run) hosts(rec *record, b []byte) {
	if rec.hosts == nil {
		rec.hosts = map[string]bool{}
	}
	for _, h := range r.ips.Find(nil, b) {
		if len(rec.hosts) >= maxAddresses {
			return
		}
		if ip := b[h.Start:h.End]; !rec.hosts[string(ip)] && len(r.Recognizer.Find(nil, ip)) == 0 {
			rec.hosts[string(ip)] = true
		}
	}
}

// maxAddresses bounds how many addresses of a record are told apart.
const maxAddresses = 10000

// addresses collects the e-mail addresses in b, in lower case.
func addresses(into map[string]bool, b []byte) {
	for done := 0; len(into) < maxAddresses; {
		at := bytes.IndexByte(b[done:], '@')
		if at < 0 {
			return
		}
		at += done
		done = at + 1
		if start, end := rules.EmailAt(b, at); end > at {
			into[strings.ToLower(string(b[start:end]))] = true
			done = end
		}
	}
}
