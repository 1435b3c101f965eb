package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// tnefMagic starts the file winmail.dat ([MS-OXTNEF], section 2.1.3.1).
const tnefMagic = "\x78\x9f\x3e\x22"

// Attributes, with their types ([MS-OXTNEF], section 2.1.3.2).
const (
	tnefFrom         = 0x00008000
	tnefSubject      = 0x00018004
	tnefSent         = 0x00038005
	tnefReceived     = 0x00038006
	tnefClass        = 0x00078008
	tnefID           = 0x00018009
	tnefParent       = 0x0001800a
	tnefConversation = 0x0001800b
	tnefBody         = 0x0002800c
	tnefPriority     = 0x0004800d
	tnefAttachData   = 0x0006800f
	tnefAttachTitle  = 0x00018010
	tnefAttachMeta   = 0x00068011
	tnefModified     = 0x00038020
	tnefTransport    = 0x00069001
	tnefRendering    = 0x00069002
	tnefProps        = 0x00069003
	tnefRecipients   = 0x00069004
	tnefAttachment   = 0x00069005
	tnefVersion      = 0x00089006
	tnefPage         = 0x00069007
	tnefOwner        = 0x00060000
	tnefSentFor      = 0x00060001
)

const (
	tnefTable = 1 << 16 // properties in a list, and recipients
	tnefShort = 64 << 10
)

// TNEF returns the decoder of the attachment winmail.dat, in which Outlook and
// Exchange wrap a message. It yields the message in Internet form, as the content
// of the record, with what is attached to it.
func TNEF() container.Decoder {
	return container.Decoder{
		Name:    "tnef",
		Hostile: true,
		Match:   func(head []byte, _ string) bool { return bytes.HasPrefix(head, []byte(tnefMagic)) },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				t := &tnef{at: spool}
				m, err := t.message(ctx, 0, spool.Size())
				if err != nil {
					yield(scanners.Item{}, err)
					return
				}
				if !mapiItem(ctx, b, m, scanners.Item{Name: "message.eml", Time: in.Time}, yield) {
					return
				}
				if t.broken && !yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Corrupt, Detail: "tnef: the file is damaged"}) {
					return
				}
				if t.end < spool.Size() {
					yield(scanners.Item{
						Size: -1, Text: true, Verbatim: true, Offset: t.end,
						Body: b.Reader(ctx, io.NewSectionReader(spool, t.end, spool.Size()-t.end)),
					}, nil)
				}
			}
		},
	}
}

// tnef reads one file, and the messages within it.
type tnef struct {
	at     io.ReaderAt
	broken bool
	end    int64 // of what was understood of the outermost message
}

// A tnefPart is where an attribute's or a value's data lie.
type tnefPart struct{ at, n int64 }

func (t *tnef) open(p tnefPart) func() io.Reader {
	return func() io.Reader { return io.NewSectionReader(t.at, p.at, p.n) }
}

// short returns the data of a part, as far as they are short.
func (t *tnef) short(p tnefPart, max int64) []byte {
	b := make([]byte, min(p.n, max))
	n, _ := t.at.ReadAt(b, p.at)
	return b[:n]
}

// message reads the attributes of the message that lies there.
func (t *tnef) message(ctx context.Context, at, size int64) (*mapiMessage, error) {
	m := &mapiMessage{}
	type attachment struct{ attrs []tnefAttr }
	var attachments []*attachment
	var recipients []tnefPart
	var unknown []tnefAttr
	page := 0
	end := at + size
	for pos := at + 6; pos < end; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var h [9]byte
		if n, err := t.at.ReadAt(h[:], pos); n < len(h) {
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			t.broken = true
			break
		}
		id, n := binary.LittleEndian.Uint32(h[1:]), int64(binary.LittleEndian.Uint32(h[5:]))
		if h[0] != 1 && h[0] != 2 {
			t.broken = true
			break
		}
		a := tnefAttr{id, tnefPart{pos + 9, n}}
		if a.n > end-a.at {
			a.n = max(0, end-a.at)
			t.broken = true
		}
		pos = a.at + n + 2 // behind a sum of the bytes, which many programs get wrong
		t.end = min(pos, end)
		if h[0] == 2 {
			if id == tnefRendering || len(attachments) == 0 {
				attachments = append(attachments, &attachment{})
			}
			last := attachments[len(attachments)-1]
			last.attrs = append(last.attrs, a)
			continue
		}
		switch id {
		case tnefPage:
			if b := t.short(a.tnefPart, 4); len(b) == 4 {
				page = int(binary.LittleEndian.Uint32(b))
			}
		case tnefProps:
			t.props(&m.props, a.tnefPart)
		case tnefRecipients:
			recipients = append(recipients, a.tnefPart)
		case tnefVersion, tnefPriority:
		default:
			if !t.attribute(&m.props, a) {
				unknown = append(unknown, a)
			}
		}
	}
	m.props.page = page
	for _, a := range unknown {
		m.streams = append(m.streams, mapiStream{fmt.Sprintf("attribute-%08X.bin", a.id), t.open(a.tnefPart)})
	}
	m.recipients = func(yield func(*mapiProps) bool) {
		for _, p := range recipients {
			if !t.rows(p, yield) {
				return
			}
		}
	}
	m.attachment = func(i int) *mapiAttachment {
		if i >= len(attachments) {
			return nil
		}
		out := &mapiAttachment{}
		for _, a := range attachments[i].attrs {
			switch a.id {
			case tnefAttachment:
				for _, o := range t.props(&out.props, a.tnefPart) {
					t.object(ctx, out, o)
				}
			case tnefAttachData:
				out.props.add(mapiAttachData, mapiBinary, nil, mapiHeld+1, t.open(a.tnefPart))
			case tnefAttachTitle:
				out.props.add(mapiAttachName, mapiString8, nil, a.n, t.open(a.tnefPart))
			case tnefTransport:
				out.props.add(0x370c, mapiString8, nil, a.n, t.open(a.tnefPart))
			case tnefRendering, 0x00038012, 0x00038013: // when it was made
			case tnefAttachMeta: // a picture of an icon
				out.streams = append(out.streams, mapiStream{"icon.wmf", t.open(a.tnefPart)})
			default:
				out.streams = append(out.streams, mapiStream{fmt.Sprintf("attribute-%08X.bin", a.id), t.open(a.tnefPart)})
			}
		}
		return out
	}
	return m, nil
}

type tnefAttr struct {
	id uint32
	tnefPart
}

// object takes an object that is attached: a message, or a compound file.
func (t *tnef) object(ctx context.Context, out *mapiAttachment, p tnefPart) {
	if p.n < 16 {
		return
	}
	inner := tnefPart{p.at + 16, p.n - 16} // behind the interface's identifier
	if string(t.short(inner, 4)) == tnefMagic {
		out.message = func() *mapiMessage {
			end := t.end
			m, err := t.message(ctx, inner.at, inner.n)
			t.end = end
			if err != nil {
				return nil
			}
			return m
		}
		return
	}
	out.streams = append(out.streams, mapiStream{"object", t.open(inner)})
}

// attribute makes a property of an attribute that has one.
func (t *tnef) attribute(p *mapiProps, a tnefAttr) bool {
	text := func(id uint16) { p.add(id, mapiString8, nil, a.n, t.open(a.tnefPart)) }
	switch a.id {
	case tnefSubject:
		text(mapiSubject)
	case tnefBody:
		text(mapiBody)
	case tnefID:
		text(mapiMessageID)
	case tnefParent, tnefConversation:
		text(0x0071)
	case tnefClass:
		text(0x001a)
	case tnefFrom:
		// Two lengths, then the name and the address (section 2.1.3.3.2).
		b := t.short(a.tnefPart, tnefShort)
		if len(b) < 8 {
			return false
		}
		name, addr := int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
		if name+addr+8 > len(b) {
			return false
		}
		t.address(p, b[8:8+name], b[8+name:8+name+addr], 0x0c1a, 0x0c1e, 0x0c1f)
	case tnefOwner, tnefSentFor:
		// Each with its length before it (section 2.1.3.3.9).
		b := t.short(a.tnefPart, tnefShort)
		var part [2][]byte
		for i := range part {
			if len(b) < 2 {
				return false
			}
			n := int(binary.LittleEndian.Uint16(b))
			if n+2 > len(b) {
				return false
			}
			part[i], b = b[2:2+n], b[2+n:]
		}
		t.address(p, part[0], part[1], 0x0042, 0x0064, 0x0065)
	case tnefSent, tnefReceived, tnefModified:
		b := t.short(a.tnefPart, 14)
		if len(b) < 12 {
			return false
		}
		var v [6]int
		for i := range v {
			v[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
		}
		when := time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.UTC)
		if id := map[uint32]uint16{tnefSent: mapiSubmitTime, tnefReceived: mapiDelivered}[a.id]; id > 0 && v[0] > 1970 && v[0] < 2200 {
			ft := (when.Unix() + 11644473600) * 1e7
			p.list = append(p.list, mapiProp{id: id, kind: mapiTime, vals: [][]byte{binary.LittleEndian.AppendUint64(nil, uint64(ft))}})
		}
	default:
		return false
	}
	return true
}

// address adds a name and an address as "SMTP:zoe@example.be".
func (t *tnef) address(p *mapiProps, name, addr []byte, nameID, kindID, addrID uint16) {
	kind, rest, ok := strings.Cut(strings.TrimRight(string(addr), "\x00"), ":")
	if !ok {
		kind, rest = "", string(addr)
	}
	for _, v := range []struct {
		id uint16
		s  string
	}{{nameID, string(name)}, {kindID, kind}, {addrID, rest}} {
		p.list = append(p.list, mapiProp{id: v.id, kind: mapiString8, vals: [][]byte{[]byte(v.s)}})
	}
}

// A tnefCursor reads values one behind the other.
type tnefCursor struct {
	t   *tnef
	at  int64
	end int64
	ok  bool
}

func (c *tnefCursor) bytes(n int64) []byte {
	if !c.ok || n < 0 || n > c.end-c.at || n > tnefShort {
		c.ok = false
		return make([]byte, min(max(n, 0), 16))
	}
	b := make([]byte, n)
	if k, _ := c.t.at.ReadAt(b, c.at); int64(k) < n {
		c.ok = false
	}
	c.at += n
	return b
}

func (c *tnefCursor) u32() uint32 { return binary.LittleEndian.Uint32(c.bytes(4)) }

// part passes over n bytes, and what fills them up to four.
func (c *tnefCursor) part(n int64) tnefPart {
	if !c.ok || n > c.end-c.at {
		n = max(0, c.end-c.at)
		c.ok = false
	}
	p := tnefPart{c.at, n}
	c.at = min(c.end, c.at+(n+3)&^3)
	return p
}

// props reads a list of properties (section 2.1.3.4.1), and returns where those
// lie that are objects.
func (t *tnef) props(p *mapiProps, in tnefPart) []tnefPart {
	c := &tnefCursor{t: t, at: in.at, end: in.at + in.n, ok: true}
	objects := t.list(p, c)
	if !c.ok {
		t.broken = true
	}
	return objects
}

func (t *tnef) list(p *mapiProps, c *tnefCursor) (objects []tnefPart) {
	n := c.u32()
	for range min(n, tnefTable) {
		if !c.ok || c.at >= c.end {
			break
		}
		kind, id := uint16(0), uint16(0)
		tag := c.u32()
		kind, id = uint16(tag), uint16(tag>>16)
		var name *mapiName
		if id >= 0x8000 {
			name = &mapiName{}
			copy(name.set[:], c.bytes(16))
			if c.u32() == 0 {
				name.id = c.u32()
			} else {
				name.text = strings.TrimRight(utf16le(t.short(c.part(int64(c.u32())), 2048)), "\x00")
			}
		}
		multi := kind&mapiMulti != 0
		w := mapiWidth(kind)
		count := uint32(1)
		if multi || w == 0 {
			count = c.u32()
		}
		at := -1
		for k := range count {
			if !c.ok || k >= tnefTable {
				c.ok = false
				break
			}
			part := tnefPart{}
			if w > 0 {
				part = c.part(int64(w))
			} else {
				part = c.part(int64(c.u32()))
			}
			if kind&^mapiMulti == mapiObject {
				objects = append(objects, part)
				continue
			}
			if at >= 0 && p.list[at].open == nil && part.n <= mapiHeld && p.held < mapiHeldAll {
				v := t.short(part, mapiHeld)
				p.held += len(v)
				p.list[at].vals = append(p.list[at].vals, v)
				continue
			}
			p.add(id, kind&^mapiMulti, name, part.n, t.open(part))
			at = len(p.list) - 1
		}
	}
	if n > tnefTable {
		c.ok = false
	}
	return objects
}

// rows reads a table of recipients (section 2.1.3.5.1).
func (t *tnef) rows(in tnefPart, yield func(*mapiProps) bool) bool {
	c := &tnefCursor{t: t, at: in.at, end: in.at + in.n, ok: true}
	n := c.u32()
	for range n {
		if !c.ok || c.at >= c.end {
			break
		}
		var p mapiProps
		t.list(&p, c)
		if !yield(&p) {
			return false
		}
	}
	if !c.ok {
		t.broken = true
	}
	return true
}
