package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// What Outlook and Exchange keep, in .msg files, in winmail.dat and in stores
// (.pst, .ost), is a tree of properties. Their decoders yield each message as
// one in Internet form, which Mail then reads: header fields for what is said of
// it and of its recipients, text parts for its bodies, parts for its attachments.
// Nothing is left out for being odd: a property without a name of its own becomes
// a field of its number.

const (
	mapiDepth  = 28       // messages within each other; Mail and the budget allow some more
	mapiHeader = 8 << 20  // bytes of a header; what is more becomes text
	mapiLines  = 48 << 20 // bytes of header and text of one message together
	mapiSeen   = 256      // values that are looked for in the header one by one
)

// A mapiMessage is a message, or another item: a contact, an appointment, a task.
type mapiMessage struct {
	props      mapiProps
	recipients func(yield func(*mapiProps) bool)
	// attachment returns the i-th attachment, nil behind the last.
	attachment func(i int) *mapiAttachment
	streams    []mapiStream // what belongs to none of these
}

// A mapiAttachment is an attachment, with its data among its properties, or
// instead a message or the streams of an object.
type mapiAttachment struct {
	props   mapiProps
	message func() *mapiMessage
	streams []mapiStream
}

type mapiStream struct {
	name string
	open func() io.Reader
}

// mapiItem yields a message as the body of it, and what was wrong with it.
func mapiItem(ctx context.Context, b *container.Budget, m *mapiMessage, it scanners.Item, yield func(scanners.Item, error) bool) bool {
	r := &mapiMIME{ctx: ctx, b: b}
	r.push(func() io.Reader { return r.message(m, 0, "") })
	it.Size, it.Body = -1, b.Reader(ctx, r)
	if it.Time.IsZero() {
		it.Time = m.time()
	}
	if !yield(it, nil) {
		return false
	}
	for _, g := range r.gaps {
		if !yield(scanners.Item{}, g) {
			return false
		}
	}
	return true
}

// time returns when a message was delivered or sent.
func (m *mapiMessage) time() time.Time {
	for _, id := range []uint16{mapiDelivered, mapiSubmitTime, 0x3008} {
		if q := m.props.get(id); q != nil && q.kind == mapiTime && len(q.vals) > 0 {
			if t := oleTime(uint64(mapiNumber(q.vals[0]))); t.Year() > 1970 && t.Year() < 2200 {
				return t
			}
		}
	}
	return time.Time{}
}

// A mapiMIME reads a message in Internet form. What it is made of is opened when
// it is reached.
type mapiMIME struct {
	ctx  context.Context
	b    *container.Budget
	next []func() io.Reader // the last is the first
	cur  io.Reader
	gaps []*scanners.Gap
}

func (r *mapiMIME) push(f ...func() io.Reader) {
	for i := len(f) - 1; i >= 0; i-- {
		r.next = append(r.next, f[i])
	}
}

func (r *mapiMIME) gap(reason scanners.Reason, detail string) {
	for _, g := range r.gaps {
		if g.Reason == reason && g.Detail == detail {
			return
		}
	}
	if len(r.gaps) < 64 {
		r.gaps = append(r.gaps, &scanners.Gap{Reason: reason, Detail: detail})
	}
}

func (r *mapiMIME) Read(p []byte) (int, error) {
	for idle := 0; ; {
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		if r.cur == nil {
			if len(r.next) == 0 {
				return 0, io.EOF
			}
			f := r.next[len(r.next)-1]
			r.next = r.next[:len(r.next)-1]
			r.cur = f()
			continue
		}
		n, err := r.cur.Read(p)
		if err != nil {
			r.cur = nil
			var g *scanners.Gap
			switch {
			case err == io.EOF:
			case errors.As(err, &g) && (g.Reason == scanners.Bomb || g.Reason == scanners.Timeout):
				return n, err
			case errors.As(err, &g):
				r.gap(g.Reason, g.Detail)
			default:
				r.gap(scanners.ReasonOf(err), "outlook: a value can't be read to its end")
			}
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
		if idle++; idle > 1000 && err == nil {
			return 0, io.ErrNoProgress
		}
	}
}

// A mapiFailing reader fails.
type mapiFailing struct{ err error }

func (f mapiFailing) Read([]byte) (int, error) { return 0, f.err }

// mapiSource returns what yields a text once.
func mapiSource(s string) func() io.Reader {
	return func() io.Reader { return strings.NewReader(s) }
}

// mapiParts are what a message is made of behind its header.
type mapiParts struct {
	boundary string
	list     []func() io.Reader
}

// add adds a part with its header, whose lines end in CR LF.
func (p *mapiParts) add(header string, body func() io.Reader) {
	p.list = append(p.list, mapiSource("\r\n--"+p.boundary+"\r\n"+header+"\r\n"), body)
}

// text adds a part of running text.
func (p *mapiParts) text(kind, charset string, body func() io.Reader) {
	if charset != "" {
		charset = "; charset=" + charset
	}
	p.add("Content-Type: text/"+kind+charset+"\r\nContent-Transfer-Encoding: binary\r\n", body)
}

// file adds a part with a name.
func (p *mapiParts) file(kind, name, more string, body func() io.Reader) {
	p.add("Content-Type: "+kind+"\r\nContent-Disposition: attachment; filename="+mapiQuoted(name)+"\r\nContent-Transfer-Encoding: binary\r\n"+more, body)
}

// mapiQuoted returns a file name as a quoted string.
func mapiQuoted(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// message returns the header of a message and has its parts follow.
func (r *mapiMIME) message(m *mapiMessage, depth int, path string) io.Reader {
	m.props.codePage()
	h := &mapiHead{r: r, seen: map[string]bool{}}
	h.transport(&m.props)
	h.people(m)
	if s := m.props.text(mapiSubject); s != "" {
		h.once("Subject", mapiUnprefixed(s))
	}
	if s := m.props.text(mapiMessageID); s != "" {
		h.once("Message-ID", s)
	}
	if t := m.time(); !t.IsZero() && !h.has("Date") {
		h.field("Date", t.Format(time.RFC1123Z))
	}
	h.rest(&m.props, "")
	sum := sha256.Sum256(append([]byte(path+"\x00"), h.out.Bytes()[:min(h.out.Len(), 64<<10)]...))
	p := &mapiParts{boundary: fmt.Sprintf("=_outlook_%x", sum[:16])}
	h.out.WriteString("Content-Type: multipart/mixed; boundary=\"" + p.boundary + "\"\r\n")
	if h.more.Len() > 0 {
		p.text("plain", "utf-8", func() io.Reader { return &h.more })
	}
	r.bodies(m, p)
	for _, s := range m.streams {
		p.file("application/octet-stream", s.name, "", s.open)
	}
	if m.attachment != nil {
		p.list = append(p.list, func() io.Reader { return r.attachments(m, p.boundary, 0, depth, path) })
	}
	p.list = append(p.list, mapiSource("\r\n--"+p.boundary+"--\r\n"))
	r.push(p.list...)
	return &h.out
}

// bodies adds the bodies of a message, and its properties that are not held.
func (r *mapiMIME) bodies(m *mapiMessage, p *mapiParts) {
	for i := range m.props.list {
		q := &m.props.list[i]
		body := func() io.Reader { b, _ := m.props.stream(q); return b }
		_, charset := m.props.stream(q)
		held := q.open == nil
		switch {
		case held && len(bytes.Join(q.vals, nil)) == 0:
		case q.id == mapiRTF && q.kind == mapiBinary:
			r.rtf(body, p)
		case q.id == mapiHTML && (q.kind == mapiBinary || q.isText()):
			if n := int(m.props.number(mapiNetPage)); q.kind != mapiString && n > 0 {
				charset = mapiCharset(n)
			}
			p.text("html", charset, body)
		case q.id == mapiBody && q.isText():
			p.text("plain", charset, body)
		case held: // stands in the header
		case q.isText():
			p.text("plain", charset, func() io.Reader { return io.MultiReader(strings.NewReader(q.label()+": "), body()) })
		default:
			p.file("application/octet-stream", q.label()+".bin", "", body)
		}
	}
}

// rtf adds a body in compressed RTF: what it holds in another form, or its text
// and, where there is more in it than text, the document.
func (r *mapiMIME) rtf(body func() io.Reader, p *mapiParts) {
	p.list = append(p.list, func() io.Reader {
		kind := mapiRTFKind(newLZFu(body()))
		text := newRTFText(newLZFu(body()), kind)
		own := &mapiParts{boundary: p.boundary}
		name := "plain"
		if kind == rtfHTML {
			name = "html"
		}
		own.text(name, "utf-8", func() io.Reader { return text })
		own.list = append(own.list, func() io.Reader {
			if text.more {
				doc := &mapiParts{boundary: p.boundary}
				doc.file("application/rtf", "body.rtf", "", func() io.Reader { return newLZFu(body()) })
				r.push(doc.list...)
			}
			return nil
		})
		r.push(own.list...)
		return nil
	})
}

// attachments has the i-th attachment follow, and then those behind it.
func (r *mapiMIME) attachments(m *mapiMessage, boundary string, i, depth int, path string) io.Reader {
	a := m.attachment(i)
	if a == nil {
		return nil
	}
	if err := r.b.Member(); err != nil {
		return mapiFailing{err}
	}
	a.props.page = m.props.page
	a.props.codePage()
	p := &mapiParts{boundary: boundary}
	name := a.props.text(mapiAttachLong)
	for _, id := range []uint16{mapiAttachName, mapiDisplayName, 0x370c} {
		if name == "" {
			name = a.props.text(id)
		}
	}
	h := &mapiHead{r: r, seen: map[string]bool{name: true}}
	h.rest(&a.props, "")
	more := h.out.String()
	kind := "application/octet-stream"
	if tag := strings.ToLower(a.props.text(mapiAttachMIME)); tag == "message/rfc822" || tag == "application/pkcs7-mime" || tag == "application/x-pkcs7-mime" {
		kind = tag
	} else if strings.HasPrefix(tag, "multipart/") {
		kind = "message/rfc822" // with a header of its own
	}
	if a.message != nil {
		if depth+1 >= mapiDepth {
			r.gap(scanners.TooDeep, fmt.Sprintf("outlook: more than %d messages within each other", mapiDepth))
		} else {
			inner := fmt.Sprintf("%s/%d", path, i)
			if !strings.HasSuffix(strings.ToLower(name), ".eml") {
				name = strings.TrimSuffix(name+".eml", ".msg.eml")
			}
			p.file("message/rfc822", name, more, func() io.Reader {
				if em := a.message(); em != nil {
					return r.message(em, depth+1, inner)
				}
				r.gap(scanners.Corrupt, "outlook: a message within a message is missing")
				return nil
			})
			more = ""
		}
	}
	data, named := a.props.get(mapiAttachData), false
	if a.message == nil || len(a.streams) > 0 {
		if data != nil && data.kind != mapiObject || data != nil && a.message == nil && len(a.streams) == 0 {
			named = true
			p.file(kind, name, more, func() io.Reader { b, _ := a.props.stream(data); return b })
		}
	}
	for _, s := range a.streams {
		p.file("application/octet-stream", strings.TrimPrefix(name+"/"+s.name, "/"), more, s.open)
		named, more = true, ""
	}
	if !named && a.message == nil {
		p.file(kind, name, more, mapiSource("")) // a reference to elsewhere
	}
	for k := range a.props.list {
		q := &a.props.list[k]
		if q.open != nil && q != data {
			p.file("application/octet-stream", q.label()+".bin", "", func() io.Reader { b, _ := a.props.stream(q); return b })
		}
	}
	p.list = append(p.list, func() io.Reader { return r.attachments(m, boundary, i+1, depth, path) })
	r.push(p.list...)
	if h.more.Len() > 0 {
		own := &mapiParts{boundary: boundary}
		own.text("plain", "utf-8", func() io.Reader { return &h.more })
		r.push(own.list...)
	}
	return nil
}
