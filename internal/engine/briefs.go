package engine

import (
	"bytes"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

// maxBrief is the length up to which a text is held to be matched with others,
// and maxBriefs the length of all of them, in bytes.
const (
	maxBrief  = 2 << 10
	maxBriefs = 4 << 10
)

// briefs are short texts of a message, as the fields of its headers, which are
// matched in one go: to begin costs more than to match one of them.
type briefs struct {
	run  *run
	buf  []byte // of all; a byte 0 follows each
	ends []int  // of each, in buf
	of   []brief
}

type brief struct {
	field string
	at    int64 // as of text
	nth   int   // of the record's texts
}

func (r *run) briefsOf() *briefs {
	p, _ := r.briefs.Get().(*briefs)
	if p == nil {
		p = &briefs{run: r}
	}
	return p
}

// take holds a text that a decoder found in a record, and reports whether it does.
// What is held is matched by match, which must be called before anything else is
// done to the record.
func (p *briefs) take(rec *record, d *container.Decoder, child *scanners.Item) bool {
	if !child.Text || d.Name != mail || p.run.Survey != nil || child.Fragment != "" {
		return false
	}
	body, ok := child.Body.(*bytes.Reader)
	if !ok || body.Len() == 0 || body.Len() > maxBrief {
		return false
	}
	if len(p.buf)+body.Len() > maxBriefs {
		p.match(rec)
	}
	from := len(p.buf)
	p.buf = append(p.buf, make([]byte, body.Len())...)
	n, _ := body.Read(p.buf[from:])
	text := p.buf[from : from+n]
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, 0) >= 0 {
		// What is wrapped is looked at line by line, from the text's start on.
		p.buf = p.buf[:from]
		_, _ = body.Seek(int64(-n), 1)
		return false
	}
	p.run.fields(rec, child.Fields)
	if addressHeader(child.Field) {
		if rec.others == nil {
			rec.others = map[string]bool{}
		}
		addresses(rec.others, text)
	}
	if p.run.tellsTime(child.Field) {
		rec.mailed(child.Field, text)
	}
	rec.pieces++
	at := int64(-1)
	if child.Verbatim && !rec.decoded {
		at = child.Offset
	}
	p.ends = append(p.ends, from+n)
	p.of = append(p.of, brief{child.Field, at, rec.pieces})
	p.buf = append(p.buf, 0)
	return true
}

// match matches what is held.
func (p *briefs) match(rec *record) {
	if len(p.of) == 0 {
		return
	}
	r, buf, ends, of := p.run, p.buf, p.ends, p.of
	p.buf, p.ends, p.of = buf[:0], ends[:0], of[:0]
	seen, births := (*byte)(nil), false
	last := rec.pieces
	undecoded := r.Recognizer.SearchPieces(buf, ends, func(n int, h subject.Hit, text []byte) {
		if seen != &text[0] {
			seen = &text[0]
			if rec.others == nil {
				rec.others = map[string]bool{}
			}
			addresses(rec.others, text)
			births = r.Recognizer.NamesBirths(text)
		}
		off := int64(-1)
		if at := of[n].at; at >= 0 {
			if off = h.Start + at; rec.source != nil {
				off = rec.source.Source(off)
			}
		}
		rec.pieces = of[n].nth
		rec.hit(h, "", of[n].field, off, -1)
		if a := rec.people[h.Person]; a != nil && births && !a.contradicted && !h.Type.Own() {
			a.contradicted = r.Recognizer.ContradictedNear(h, 0, text)
		}
	})
	rec.pieces = last
	rec.undecoded(undecoded)
}
