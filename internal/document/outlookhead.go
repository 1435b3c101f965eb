package document

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/spoor-scan/spoor/scanners"
)

// A mapiHead writes the header of a message in Internet form.
type mapiHead struct {
	r     *mapiMIME
	out   bytes.Buffer
	more  bytes.Buffer // lines for which the header has no room
	seen  map[string]bool
	names []string // of the fields of the transport headers, in lower case
	known string   // what stands in the header, in lower case, to look things up in
	asked int
	full  bool
}

// field writes a field, on as many lines as its value has.
func (h *mapiHead) field(name, value string) {
	value = strings.TrimSpace(strings.Trim(value, "\x00"))
	if value == "" || h.full {
		return
	}
	w := &h.out
	if w.Len()+len(value) > mapiHeader {
		w = &h.more
	}
	if h.out.Len()+h.more.Len()+len(value) > mapiLines {
		h.full = true
		h.r.gap(scanners.TooLarge, "outlook: the properties of a message take more than 48 MiB")
		return
	}
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, "\ufffd")
	}
	w.WriteString(name)
	w.WriteString(": ")
	for {
		i := strings.IndexAny(value, "\r\n")
		if i < 0 {
			break
		}
		w.WriteString(value[:i])
		w.WriteString("\r\n ")
		if strings.HasPrefix(value[i:], "\r\n") {
			i++
		}
		value = value[i+1:]
	}
	w.WriteString(value)
	w.WriteString("\r\n")
}

// once writes a field unless its value stands in the header already.
func (h *mapiHead) once(name, value string) {
	value = strings.TrimSpace(strings.Trim(value, "\x00"))
	if value == "" || h.tells(value) {
		return
	}
	h.field(name, value)
}

// tells reports whether a value was written before, and remembers it.
func (h *mapiHead) tells(value string) bool {
	low := strings.ToLower(value)
	if h.seen[low] {
		return true
	}
	if len(h.seen) < 1<<16 && len(low) < 1<<10 {
		h.seen[low] = true
	}
	if h.known != "" && len(low) >= 4 && h.asked < mapiSeen {
		h.asked++
		return strings.Contains(h.known, low)
	}
	return false
}

// has reports whether the transport headers hold a field.
func (h *mapiHead) has(name string) bool {
	for _, n := range h.names {
		if n == strings.ToLower(name) {
			return true
		}
	}
	return false
}

// transport starts the header, with that in which the message arrived. What it
// says of parts that are kept otherwise here keeps its value under another name.
func (h *mapiHead) transport(p *mapiProps) {
	h.out.WriteString("MIME-Version: 1.0\r\n")
	text := p.text(mapiTransport)
	if len(text) > mapiHeader/2 {
		text = text[:mapiHeader/2]
	}
	body := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n\x00")
		name, _ := mailFieldName([]byte(line))
		low := strings.ToLower(name)
		switch {
		case strings.TrimSpace(line) == "":
			body = true
			continue
		case !body && (line[0] == ' ' || line[0] == '\t'):
		case body || name == "":
			line = " " + line
		case strings.HasPrefix(low, "content-") || low == "mime-version":
			line = "X-Original-" + line
		default:
			h.names = append(h.names, low)
		}
		line = strings.ReplaceAll(line, "\r", " ")
		if h.out.Len() < 24 && line[0] == ' ' {
			line = "X-Original:" + line
		}
		h.out.WriteString(line)
		h.out.WriteString("\r\n")
	}
	h.known = strings.ToLower(text)
}

// mapiAddress returns a name and an address as one.
func mapiAddress(name, addr string) string {
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	switch {
	case addr == "" || strings.EqualFold(name, addr):
		return name
	case name == "":
		return "<" + addr + ">"
	}
	return `"` + strings.ReplaceAll(name, `"`, "'") + `" <` + addr + ">"
}

// person writes a field for someone, unless the header names them already.
func (h *mapiHead) person(field, name, kind, addr, smtp string) {
	if smtp == "" && (strings.EqualFold(kind, "SMTP") || strings.Contains(addr, "@")) {
		smtp = addr
	}
	shown := smtp
	if shown == "" {
		shown = addr
	}
	if h.has(field) {
		n, a := name == "" || h.tells(name), shown == "" || h.tells(shown)
		if n && a {
			return
		}
	} else {
		h.tells(name)
		h.tells(shown)
	}
	h.field(field, mapiAddress(name, shown))
}

// people writes who sent a message and who was to have it.
func (h *mapiHead) people(m *mapiMessage) {
	p := &m.props
	author := [4]string{p.text(0x0042), p.text(0x0064), p.text(0x0065), p.text(0x5d02)}
	sender := [4]string{p.text(0x0c1a), p.text(0x0c1e), p.text(0x0c1f), p.text(0x5d01)}
	if author == [4]string{} {
		author = sender
	}
	h.person("From", author[0], author[1], author[2], author[3])
	if sender[0] != author[0] || sender[2] != author[2] {
		h.person("Sender", sender[0], sender[1], sender[2], sender[3])
	}
	if s := p.text(0x0050); s != "" {
		h.once("Reply-To", s)
	}
	h.received(p, 0x0040, 0x0075, 0x0076, 0x5d07)
	h.received(p, 0x0044, 0x0077, 0x0078, 0x5d08)
	some := false
	if m.recipients != nil {
		for q := range m.recipients {
			if h.full {
				break
			}
			some = true
			if q.page == 0 {
				q.page = p.page
			}
			field := "To"
			switch q.number(mapiRecipType) & 0xf {
			case 0:
				field = "X-Originator"
			case 2:
				field = "Cc"
			case 3:
				field = "Bcc"
			}
			h.person(field, q.text(mapiDisplayName), q.text(mapiAddrType), q.text(mapiEmail), q.text(mapiSMTP))
			h.rest(q, "Recipient-")
		}
	}
	for i, name := range []string{"To", "Cc", "Bcc"} {
		s := p.text(0x0e04 - uint16(i)) // the recipients as one text
		if s == "" {
			continue
		}
		if some {
			for one := range strings.SplitSeq(s, ";") {
				h.once("Display-"+name, strings.Trim(strings.TrimSpace(one), `'"`))
			}
			h.seen[strings.ToLower(s)] = true
			continue
		}
		h.once(name, s)
	}
}

// received writes in whose mailbox a message was put.
func (h *mapiHead) received(p *mapiProps, name, kind, addr, smtp uint16) {
	n, a, s := p.text(name), p.text(addr), p.text(smtp)
	if n != "" && h.tells(n) && (a == "" || h.tells(a)) {
		return
	}
	h.person("Delivered-To", n, p.text(kind), a, s)
}

// rest writes all other properties that are held, unless their values were
// written before.
func (h *mapiHead) rest(p *mapiProps, prefix string) {
	for i := range p.list {
		q := &p.list[i]
		switch q.id {
		case mapiBody, mapiHTML, mapiRTF, mapiTransport, mapiAttachData:
			continue
		case 0x0e1d, mapiSubject, 0x0070:
			// The subject without what Outlook puts before it.
			if q.isText() {
				for _, s := range p.values(q) {
					h.once(q.label(), mapiUnprefixed(s))
				}
				continue
			}
		case 0x001a, 0x0064, 0x0c1e, 0x0075, 0x0077, mapiAddrType, 0x4022, 0x3703:
			continue // kinds
		}
		if q.open != nil {
			continue
		}
		name := prefix + q.label()
		for _, s := range p.values(q) {
			if addr, ok := strings.CutPrefix(s, "SMTP:"); ok && q.kind == mapiBinary && h.tells(addr) {
				continue // by which programs compare addresses
			}
			if q.name != nil && q.name.text != "" && mapiToken(q.name.text) != q.name.text {
				s = q.name.text + ": " + s
			}
			if q.kind == mapiInt16 || q.kind == mapiInt32 || q.kind == mapiInt64 || q.kind == mapiTime || q.kind == mapiDouble {
				h.field(name, s)
				continue
			}
			h.once(name, s)
		}
	}
}

// mapiUnprefixed returns a subject without the mark of where its prefix ends
// ([MS-PST], section 2.5.3.1.1.1).
func mapiUnprefixed(s string) string {
	if len(s) >= 2 && s[0] == 1 {
		_, n := utf8.DecodeRuneInString(s[1:])
		return s[1+n:]
	}
	return s
}
