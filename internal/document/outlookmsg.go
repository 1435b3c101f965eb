package document

import (
	"encoding/binary"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	msgProps   = "__properties_version1.0"
	msgNames   = "__nameid_version1.0"
	msgRecip   = "__recip_version1.0_#"
	msgAttach  = "__attach_version1.0_#"
	msgValue   = "__substg1.0_"
	msgNameLen = 8 << 20 // bytes of a stream of names
)

// message yields the message of Outlook ([MS-OXMSG]) that the file is, in Internet
// form, as the content of the record. What the message does not refer to is left
// to be read as any other stream.
func (o *ole) message() error {
	m := &msgFile{f: o.f, told: o.told}
	m.names = m.readNames(o.f.root)
	msg := m.message(o.f.root, 32)
	if !mapiItem(o.ctx, o.b, msg, scanners.Item{Name: "message.eml", Time: o.in.Time}, o.yield) {
		return errStop
	}
	return o.ctx.Err()
}

type msgFile struct {
	f     *oleFile
	told  map[*oleEntry]bool
	names map[uint16]*mapiName
}

// read returns up to max bytes of a stream.
func (m *msgFile) read(e *oleEntry, max int64) []byte {
	if e == nil || e.kind != oleStreams {
		return nil
	}
	m.told[e] = true
	r := m.f.open(e)
	b := make([]byte, min(r.Size(), max))
	n, _ := r.ReadAt(b, 0)
	return b[:n]
}

func (m *msgFile) readNames(root *oleEntry) map[uint16]*mapiName {
	e := root.child(msgNames)
	if e == nil {
		return nil
	}
	m.tell(e)
	get := func(id string) []byte { return m.read(e.stream(msgValue+id), msgNameLen) }
	return mapiNameMap(get("00020102"), get("00030102"), get("00040102"))
}

// props reads the properties in a storage. head is how long the header of the
// stream of short ones is.
func (m *msgFile) props(e *oleEntry, head int) (p mapiProps) {
	b := m.read(e.stream(msgProps), 16*(1<<16)+64)
	for b = b[min(head, len(b)):]; len(b) >= 16; b = b[16:] {
		kind, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		if w := mapiWidth(kind); w > 0 && w <= 8 && kind&mapiMulti == 0 {
			p.list = append(p.list, mapiProp{id: id, kind: kind, name: m.names[id], vals: [][]byte{b[8 : 8+w]}})
		}
	}
	multi := map[uint32]int{} // where the values of a property go
	for _, c := range e.children {
		tag, index, ok := msgTag(c.name)
		switch {
		case c.kind == oleStorage, !ok:
			continue
		}
		m.told[c] = true
		id, kind := uint16(tag>>16), uint16(tag)
		if kind&mapiMulti != 0 && mapiWidth(kind) == 0 {
			if !index {
				continue // lengths only
			}
			// All values of a property, as long as they are held, are one.
			if at, ok := multi[tag]; ok && p.held < mapiHeldAll && m.f.open(c).Size() <= mapiHeld {
				v := m.read(c, mapiHeld)
				p.held += len(v)
				p.list[at].vals = append(p.list[at].vals, v)
				continue
			}
			p.add(id, kind&^mapiMulti, m.names[id], m.f.open(c).Size(), func() io.Reader { return m.f.open(c).reader() })
			if last := len(p.list) - 1; p.list[last].open == nil {
				multi[tag] = last
			}
			continue
		}
		p.add(id, kind, m.names[id], m.f.open(c).Size(), func() io.Reader { return m.f.open(c).reader() })
	}
	return p
}

// tell marks all that is in a storage as read.
func (m *msgFile) tell(e *oleEntry) {
	m.told[e] = true
	for _, c := range e.children {
		m.tell(c)
	}
}

// msgTag takes the name of a stream apart that holds a value.
func msgTag(name string) (tag uint32, index, ok bool) {
	if len(name) < len(msgValue)+8 || !strings.EqualFold(name[:len(msgValue)], msgValue) {
		return 0, false, false
	}
	rest := name[len(msgValue):]
	v, err := strconv.ParseUint(rest[:8], 16, 32)
	if err != nil || len(rest) > 8 && rest[8] != '-' {
		return 0, false, false
	}
	return uint32(v), len(rest) > 8, true
}

// message returns the message in a storage. head is how long the header of its
// short properties is.
func (m *msgFile) message(e *oleEntry, head int) *mapiMessage {
	msg := &mapiMessage{props: m.props(e, head)}
	var recips, attachments []*oleEntry
	for _, c := range e.children {
		low := strings.ToLower(c.name)
		switch {
		case c.kind != oleStorage:
		case strings.HasPrefix(low, msgRecip):
			m.told[c] = true
			recips = append(recips, c)
		case strings.HasPrefix(low, msgAttach):
			m.told[c] = true
			attachments = append(attachments, c)
		}
	}
	for _, l := range [][]*oleEntry{recips, attachments} { // the directory is a tree
		slices.SortStableFunc(l, func(a, b *oleEntry) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	}
	msg.recipients = func(yield func(*mapiProps) bool) {
		for _, c := range recips {
			if p := m.props(c, 8); !yield(&p) {
				return
			}
		}
	}
	msg.attachment = func(i int) *mapiAttachment {
		if i >= len(attachments) {
			return nil
		}
		c := attachments[i]
		a := &mapiAttachment{props: m.props(c, 8)}
		for _, d := range c.children {
			tag, _, ok := msgTag(d.name)
			if d.kind != oleStorage || !ok || tag>>16 != mapiAttachData {
				continue
			}
			m.told[d] = true
			if d.stream(msgProps) != nil {
				a.message = func() *mapiMessage { return m.message(d, 24) }
				continue
			}
			// An object of another program: a compound file of its own.
			m.tell(d)
			a.streams = append(a.streams, mapiStream{"object" + oleKind(d), func() io.Reader {
				r, _ := oleExtract(m.f, d)
				return r
			}})
		}
		return a
	}
	return msg
}
