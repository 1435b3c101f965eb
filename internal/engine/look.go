package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

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
	head, rest, _ := container.Head(it.Body) // rest meets the error again
	d := container.DetectBeside(r.Decoders, head, it.Name, r.stands(ctx, rec))
	if d == nil {
		at := int64(0)
		if rec.decoded {
			at = -1
		}
		if kind, reason, ok := document.Opaque(head); ok {
			rec.gap(scanners.Gap{Reason: reason, Detail: kind + " is searched as plain bytes only"})
		} else if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
			rest, at = transform.NewReader(rest, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), -1
		}
		r.text(ctx, rec, rest, "", at, true)
		return
	}
	it.Body, it.Ref, it.Beside = rest, rec.ref, r.beside(rec)
	if rec.inner == nil && !d.Bare {
		rec.inner = &companions{}
	}
	side := &aside{run: r, rec: rec}
	defer func() {
		side.write(ctx, true)
		side.settle(true)
	}()
	for child, err := range d.Decode(ctx, it, budget) {
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
			rec.decoded = true
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
	rec.fragment = child.Fragment
	// The headers and texts of a message corroborate each other.
	r.text(ctx, rec, body, child.Field, at, d.Name != mail)
	rec.fragment = ""
}

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
	var head *header
	seen, first := int64(-1), (*byte)(nil) // the piece of text whose addresses are known
	births := false                        // it may name birth dates
	hit := func(h subject.Hit, base int64, piece []byte) {
		if base != seen || first != &piece[0] {
			seen, first = base, &piece[0]
			if rec.others == nil {
				rec.others = map[string]bool{}
			}
			addresses(rec.others, piece)
			births = r.Recognizer.NamesBirths(piece)
		}
		off, near := int64(-1), int64(-1)
		if at >= 0 {
			off = at + h.Start
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
		rec.hit(h, "", field, off, near)
		if a := rec.people[h.Person]; a != nil && births && !a.contradicted && !h.Type.Own() {
			a.contradicted = r.Recognizer.ContradictedNear(h, base, piece)
		}
	}
	small := make([]byte, 512, smallText)
	n, err, idle := 0, error(nil), 0
	for err == nil {
		if n == len(small) {
			if n == cap(small) {
				break
			}
			small = small[:min(2*n, cap(small))]
		}
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
	}
	var undecoded []subject.Undecoded
	if err != nil {
		_, undecoded, _ = r.Recognizer.ScanAll(context.WithoutCancel(ctx), bytes.NewReader(small[:n]), hit)
	} else {
		var all int64
		all, undecoded, err = r.Recognizer.ScanAll(ctx, io.MultiReader(bytes.NewReader(small[:n]), body), hit)
		rec.large = rec.large || all > largeText
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
	case "mbox":
		return "message"
	}
	return kind + " member"
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
