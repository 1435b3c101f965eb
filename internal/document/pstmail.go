package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// The types of nodes ([MS-PST], section 2.2.2.1).
const (
	pstInternal   = 0x01
	pstFolder     = 0x02
	pstSearch     = 0x03
	pstMessage    = 0x04
	pstAttach     = 0x05
	pstAssoc      = 0x08
	pstContents   = 0x0e
	pstAssocTable = 0x0f
)

const (
	pstNames      = 0x61  // the node that names properties
	pstRecipients = 0x692 // the table of recipients in a message
	pstDepth      = 64    // folders within each other
	pstPaths      = 4096  // folders whose paths are held
)

// PST returns the decoder of the stores of Outlook: .pst and .ost, of Outlook 97
// on ([MS-PST]). A password keeps only Outlook out, and need not be known.
//
// Each message is an item whose Step is the path of its folder and the number of
// its node. Its body is the message in Internet form. Contacts, appointments,
// tasks and what programs hide in folders are messages, too. All nodes that are
// messages are read, whether a folder lists them or not; those whose folder is
// gone stand under "orphans". What is said of folders and of the store belongs to
// the record of the file.
func PST() container.Decoder {
	return container.Decoder{
		Name:    "pst",
		Hostile: true,
		Match:   func(head []byte, _ string) bool { return len(head) >= 512 && bytes.HasPrefix(head, []byte(pstMagic)) },
		Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !yield(scanners.Item{}, err) {
					return
				}
				f, err := openPST(ctx, spool, spool.Size())
				if err != nil {
					if ctx.Err() != nil {
						yield(scanners.Item{}, ctx.Err())
					} else if yield(scanners.Item{}, err) {
						yield(scanners.Item{Size: spool.Size(), Text: true, Verbatim: true, Body: b.Reader(ctx, io.NewSectionReader(spool, 0, spool.Size()))}, nil)
					}
					return
				}
				s := &pstStore{f: f, ctx: ctx, b: b, yield: yield, paths: map[uint32]string{}}
				s.run()
			}
		},
	}
}

// A pstStore yields what is in a store.
type pstStore struct {
	f     *pstFile
	ctx   context.Context
	b     *container.Budget
	yield func(scanners.Item, error) bool
	over  bool
	names map[uint16]*mapiName
	paths map[uint32]string // of folders

	lost  [][2]uint64 // ranges of nodes that the tree did not tell
	found map[uint32]bool
	bad   int // nodes that could not be read
}

func (s *pstStore) fail(err error) {
	if !s.over {
		s.over = true
		s.yield(scanners.Item{}, err)
	}
}

func (s *pstStore) gap(reason scanners.Reason, detail string, units int64) {
	if !s.over && !s.yield(scanners.Item{}, &scanners.Gap{Reason: reason, Detail: "pst: " + detail, Units: units}) {
		s.over = true
	}
}

func (s *pstStore) run() {
	if n, ok := s.f.node(pstNames); ok {
		s.names = s.readNames(n)
	}
	s.walk(s.f.nodes, 0, 1<<32, pstLevels+1)
	if len(s.lost) > 0 && !s.over {
		s.search()
	}
	if s.over {
		return
	}
	if err := s.ctx.Err(); err != nil {
		s.fail(err)
		return
	}
	if s.bad > 0 {
		s.gap(scanners.Corrupt, "items can't be read", int64(s.bad))
	}
	var broken []string
	for what := range s.f.broken {
		broken = append(broken, what)
	}
	slices.Sort(broken)
	for _, what := range broken {
		s.gap(scanners.Corrupt, what, 0)
	}
}

// walk reads the nodes below a page, whose keys lie in a range.
func (s *pstStore) walk(ref pstRef, from, to uint64, below int) {
	if s.over {
		return
	}
	p, err := s.f.page(ref, 0x81)
	if err == nil && p.level >= below {
		err = errPST
	}
	switch {
	case errors.Is(err, errPST):
		s.lost = append(s.lost, [2]uint64{from, to})
		return
	case err != nil:
		s.fail(err)
		return
	}
	if p.level == 0 {
		s.leaves(&p)
		return
	}
	for i := range p.n {
		lo, hi := s.f.pageKey(&p, i, 0x81), to
		if i+1 < p.n {
			hi = s.f.pageKey(&p, i+1, 0x81)
		}
		if lo < from || hi > to || lo > hi {
			s.lost = append(s.lost, [2]uint64{from, to})
			return
		}
		s.walk(s.f.ref(p.entry(i)), lo, hi, p.level)
	}
}

func (s *pstStore) leaves(p *pstPage) {
	for i := range p.n {
		if s.over {
			return
		}
		if err := s.ctx.Err(); err != nil {
			s.fail(err)
			return
		}
		s.node(s.f.leaf(p.entry(i)))
	}
}

// search looks for the nodes that the tree does not tell in all pages of the
// file.
func (s *pstStore) search() {
	s.gap(scanners.Corrupt, "the tree of nodes is damaged, and the nodes were searched for", 0)
	s.found = map[uint32]bool{}
	err := s.f.sweep(0x81, func(p *pstPage) bool {
		for i := range p.n {
			n := s.f.leaf(p.entry(i))
			in := slices.ContainsFunc(s.lost, func(r [2]uint64) bool { return uint64(n.nid) >= r[0] && uint64(n.nid) < r[1] })
			if !in || s.found[n.nid] || s.over {
				continue
			}
			if len(s.found) >= pstSpare {
				s.gap(scanners.TooLarge, "more than a million nodes are outside of the tree", 1)
				return false
			}
			s.found[n.nid] = true
			s.node(n)
		}
		return !s.over
	})
	if err != nil {
		s.fail(err)
	}
}

// node yields what a node holds.
func (s *pstStore) node(n pstNode) {
	switch n.nid & 0x1f {
	case pstMessage, pstAssoc:
		s.message(n)
	case pstFolder, pstSearch:
		s.describe(n, "folder")
	case pstInternal:
		if n.nid != pstNames {
			s.describe(n, "store")
		}
	case pstContents, pstAssocTable:
		s.table(n)
	}
}

// describe yields the properties of something that is no message.
func (s *pstStore) describe(n pstNode, field string) {
	if n.data == 0 {
		return
	}
	h, err := s.f.heap(n)
	if err != nil || h.kind != 0xbc {
		if s.ctx.Err() == nil && err != nil && field == "folder" {
			s.bad++
		}
		return
	}
	p, err := h.props(s.names)
	if err != nil && s.ctx.Err() == nil {
		s.f.note("the properties of a folder are damaged")
	}
	s.say(&p, field)
}

// say yields properties as text.
func (s *pstStore) say(p *mapiProps, field string) {
	p.codePage()
	head := &mapiHead{r: &mapiMIME{ctx: s.ctx, b: s.b}, seen: map[string]bool{}}
	head.rest(p, "")
	if head.out.Len() == 0 || s.over {
		return
	}
	if !s.yield(mailText(field, s.b.Reader(s.ctx, &head.out)), nil) {
		s.over = true
	}
}

// table looks for what a folder lists and the store does not hold, and yields
// what the list says of it.
func (s *pstStore) table(n pstNode) {
	if n.data == 0 {
		return
	}
	h, err := s.f.heap(n)
	if err != nil {
		if s.ctx.Err() == nil {
			s.f.note("the table of a folder is damaged")
		}
		return
	}
	missing := map[uint32]bool{}
	err = h.rowIDs(func(id uint32) bool {
		if _, ok := s.f.node(id); !ok && len(s.lost) == 0 {
			missing[id] = true
		}
		return len(missing) < pstSubs
	})
	if err != nil && s.ctx.Err() == nil {
		s.f.note("the table of a folder is damaged")
	}
	if len(missing) == 0 {
		return
	}
	_ = h.rows(s.names, func(id uint32, p *mapiProps) bool {
		if missing[id] {
			s.say(p, "folder")
		}
		return !s.over
	})
	s.gap(scanners.Vanished, "a folder lists items that the store does not hold", int64(len(missing)))
}

// path returns the names of the folders that lead to one, false where they do not
// lead there from the root.
func (s *pstStore) path(nid uint32) (string, bool) {
	if p, ok := s.paths[nid]; ok {
		return p, p != "\x00"
	}
	var names []string
	ok := false
	for at, depth := nid, 0; depth < pstDepth; depth++ {
		n, known := s.f.node(at)
		if !known {
			break
		}
		if name := s.folder(n); name != "" {
			names = append(names, name)
		}
		if n.parent == n.nid {
			ok = true
			break
		}
		at = n.parent
	}
	slices.Reverse(names)
	p := strings.Join(names, "/")
	if !ok {
		p = "\x00"
	}
	if len(s.paths) >= pstPaths {
		clear(s.paths)
	}
	s.paths[nid] = p
	return p, ok
}

// folder returns the name of a folder.
func (s *pstStore) folder(n pstNode) string {
	h, err := s.f.heap(n)
	if err != nil {
		return fmt.Sprint(n.nid)
	}
	p, _ := h.props(nil)
	return strings.ReplaceAll(p.text(mapiDisplayName), "/", "_")
}

// message yields the message that a node holds.
func (s *pstStore) message(n pstNode) {
	if s.over {
		return
	}
	if err := s.b.Member(); err != nil {
		s.fail(err)
		return
	}
	num := strconv.FormatUint(uint64(n.nid), 10)
	dir, ok := s.path(n.parent)
	if !ok {
		dir = "orphans"
	}
	it := scanners.Item{Name: num + ".eml", Step: num}
	if dir != "" {
		it.Step = dir + "/" + num
		it.Fields = []scanners.Field{{Name: "path", Value: dir}}
	}
	m := s.open(n)
	if err := s.ctx.Err(); err != nil {
		s.fail(err)
		return
	}
	if m == nil {
		s.bad++
		return
	}
	if !mapiItem(s.ctx, s.b, m, it, s.yield) {
		s.over = true
	}
}

// open reads a message. It returns nil where there is none.
func (s *pstStore) open(n pstNode) *mapiMessage {
	h, err := s.f.heap(n)
	if err != nil {
		return nil
	}
	m := &mapiMessage{}
	if m.props, err = h.props(s.names); err != nil && len(m.props.list) == 0 {
		return nil
	} else if err != nil {
		s.f.note("the properties of a message are damaged")
	}
	m.recipients = func(yield func(*mapiProps) bool) {
		t, ok := h.subnode(pstRecipients)
		if !ok || t.data == 0 {
			return
		}
		table, err := s.f.heap(t)
		if err == nil {
			err = table.rows(s.names, func(_ uint32, p *mapiProps) bool { return yield(p) })
		}
		if err != nil {
			s.f.note("the recipients of a message are damaged")
		}
	}
	var attachments []pstNode
	listed := false
	m.attachment = func(i int) *mapiAttachment {
		if !listed {
			listed = true
			h.subnode(0)
			for _, sub := range h.subs {
				if sub.nid&0x1f == pstAttach {
					attachments = append(attachments, sub)
				}
			}
			slices.SortFunc(attachments, func(a, b pstNode) int { return int(int64(a.nid) - int64(b.nid)) })
		}
		if i >= len(attachments) {
			return nil
		}
		return s.attachment(attachments[i])
	}
	return m
}

func (s *pstStore) attachment(n pstNode) *mapiAttachment {
	a := &mapiAttachment{}
	h, err := s.f.heap(n)
	if err == nil {
		a.props, err = h.props(s.names)
	}
	if err != nil {
		s.f.note("an attachment is damaged")
		return a
	}
	q := a.props.get(mapiAttachData)
	if q == nil || q.kind != mapiObject || len(q.vals) == 0 || len(q.vals[0]) < 4 {
		return a
	}
	sub, ok := h.subnode(binary.LittleEndian.Uint32(q.vals[0]))
	if !ok {
		s.f.note("an attachment is missing")
		return a
	}
	if a.props.number(mapiAttachHow) == 5 || sub.nid&0x1f == pstMessage {
		a.message = func() *mapiMessage { return s.open(sub) }
		return a
	}
	a.streams = append(a.streams, mapiStream{"object", func() io.Reader { return s.f.open(sub.data) }})
	return a
}

// readNames reads the names of properties ([MS-PST], section 2.4.7).
func (s *pstStore) readNames(n pstNode) map[uint16]*mapiName {
	h, err := s.f.heap(n)
	if err != nil {
		return nil
	}
	p, err := h.props(nil)
	if err != nil {
		s.f.note("the names of properties are damaged")
	}
	get := func(id uint16) []byte {
		q := p.get(id)
		if q == nil {
			return nil
		}
		if q.open == nil {
			return bytes.Join(q.vals, nil)
		}
		b, _ := io.ReadAll(io.LimitReader(q.open(), msgNameLen))
		return b
	}
	return mapiNameMap(get(2), get(3), get(4))
}
