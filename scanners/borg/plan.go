package borg

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/spoor-scan/spoor/scanners"
)

// none stands for the absence of a number.
const none = 1<<32 - 1

// A short is the start of a SHA-256: enough to tell what is equal.
type short [12]byte

// A content is the bytes of one or more files.
type content struct {
	key     short
	names   uint32 // records, as a chain
	child   uint32 // first of the contents that are read after this one, since they have chunks in common
	sibling uint32 // next of the contents that are read after the same one
	where   where  // of its pieces
	linked  bool   // it is read after another
}

// A record is a name: what is known of one file, or of a folder or link, in a
// run of archives. Where it has several runs there are several records, of the
// same place in the spool.
type record struct {
	key         short
	next        uint32 // of the same content; of the same thing where it has none
	first, last uint32 // archives
	where       where
}

// A plan is what is to be read: every content once, in an order in which those
// with common chunks follow each other, and everything else by its names. Each
// content takes some 40 bytes of memory, each name as much; in the spool lie 8
// bytes for each chunk of a content, and what is known of a name.
type plan struct {
	r        *repository
	contents series[content]
	records  series[record]
	byKey    table    // contents
	byName   table    // records
	things   []uint32 // records of what has no content: the first of each chain
	order    []uint32 // contents
	loose    []uint32 // chunks that no file has
	spool    spool
	wanted   []atomic.Int32 // how often a chunk will be read, by its number
	times    []uint32       // archives in the order of time
	rank     []uint32       // places in it, by archive
	bytes    int64
	gaps     []*scanners.Gap

	// While it is made:
	latest  []uint32 // content + 1 in which a chunk was seen last, by its number
	scratch []byte
	pieces  []piece
}

// A run is what a chunk of a stream of items holds, behind a rest.
type run struct {
	spans   []span
	masters []master
	further []further
	after   rest
	bad     int
	failed  error // a *Gap
	used    uint32
}

type runKey struct {
	chunk  uint32
	before [16]byte
}

// A span is some records with consecutive numbers.
type span struct{ first, n uint32 }

// A master is a file that has further names in its archive.
type master struct {
	path    [16]byte // hash
	content uint32
}

// A further is a further name of a file (a hard link).
type further struct {
	source  [16]byte // hash of the path of the first name
	content uint32   // that it had when it was seen last, or none
	record  uint32
	where   where
}

// makePlan walks all archives. What they have in common is read once for those
// that follow each other.
func makePlan(ctx context.Context, r *repository) (_ *plan, err error) {
	p := &plan{r: r, gaps: slices.Clone(r.gaps)}
	defer func() {
		if err != nil {
			_ = p.spool.close()
		}
	}()
	p.latest = make([]uint32, r.index.n)
	runs := map[runKey]*run{}
	ps := &parser{read: func(ctx context.Context, number uint32) ([]byte, error) { return r.read(ctx, number, 1<<19) }}
	for a := range r.archives {
		if err := p.walk(ctx, ps, runs, uint32(a)); err != nil {
			return nil, err
		}
		for k, v := range runs {
			if v.used != uint32(a) {
				delete(runs, k)
			}
		}
	}
	if err := p.spool.flush(); err != nil {
		return nil, err
	}
	for a := range r.archives {
		p.times = append(p.times, uint32(a))
	}
	slices.SortFunc(p.times, func(a, b uint32) int {
		return cmp.Or(r.archives[a].time.Compare(r.archives[b].time), cmp.Compare(a, b))
	})
	p.rank = make([]uint32, len(p.times))
	for i, a := range p.times {
		p.rank[a] = uint32(i)
	}
	return p, p.arrange()
}

func pathHash(path []byte) (h [16]byte) {
	sum := sha256.Sum256(path)
	copy(h[:], sum[:])
	return h
}

// walk reads the items of one archive.
func (p *plan) walk(ctx context.Context, ps *parser, runs map[runKey]*run, a uint32) error {
	arch := &p.r.archives[a]
	masters := map[[16]byte]uint32{}
	var before rest
	before.setKey()
	bad, orphans := 0, 0
	var failed error
	for i, number := range arch.items {
		if err := ctx.Err(); err != nil {
			return err
		}
		final := i == len(arch.items)-1
		k := runKey{number, before.key}
		if final {
			k.before[0] ^= 1 // what is cut there stays so
		}
		u := runs[k]
		known := u != nil
		if !known {
			u = &run{}
			if err := p.parse(ctx, ps, u, before, number, final, a); err != nil {
				return err
			}
			runs[k] = u
		}
		u.used = a
		for _, m := range u.masters {
			masters[m.path] = m.content
		}
		if known {
			for _, s := range u.spans {
				for n := range s.n {
					p.touch(s.first+n, a)
				}
			}
		}
		for j := range u.further {
			ok, err := p.link(&u.further[j], masters, a)
			if err != nil {
				return err
			}
			if !ok {
				orphans++
			}
		}
		bad += u.bad
		if u.failed != nil {
			bad++
			failed = cmp.Or(failed, u.failed)
		}
		before = u.after
	}
	gap := func(reason scanners.Reason, detail string, n int) {
		if len(p.gaps) < maxGaps {
			p.gaps = append(p.gaps, &scanners.Gap{
				URI: archiveURI(p.r.uri, arch.name), Place: p.r.label + " / archive", Reason: reason, Detail: detail, Units: int64(n),
			})
		}
	}
	switch {
	case failed != nil:
		gap(scanners.ReasonOf(failed), "some of the files of an archive are not known: "+reasonText(failed), bad)
	case bad > 0:
		gap(scanners.Corrupt, "some of the files of an archive are not known: its list of files is damaged", bad)
	}
	if orphans > 0 {
		gap(scanners.Corrupt, "files of an archive are further names of files that are not in it", orphans)
	}
	return nil
}

// parse reads a chunk of items for the first time.
func (p *plan) parse(ctx context.Context, ps *parser, u *run, before rest, number uint32, final bool, a uint32) error {
	after, bad, err := ps.chunk(ctx, before, number, final, func(it *item, _, _ int) error {
		switch {
		case it.further():
			w, err := p.spool.add(p.encoded(it))
			u.further = append(u.further, further{pathHash(it.source), none, none, w})
			return err
		case len(it.chunks) == 0:
			n, err := p.name(it, none, a)
			u.add(n)
			return err
		}
		c, err := p.content(it)
		if err != nil {
			return err
		}
		if it.master {
			u.masters = append(u.masters, master{pathHash(it.path), c})
		}
		n, err := p.name(it, c, a)
		u.add(n)
		return err
	})
	u.after, u.bad = after, bad
	if len(u.after.b) > maxKept {
		u.after.b = nil
	}
	if err != nil {
		var g *scanners.Gap
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.As(err, &g) {
			return err
		}
		u.failed = g
	}
	return nil
}

func (u *run) add(n uint32) {
	if k := len(u.spans) - 1; k >= 0 && u.spans[k].first+u.spans[k].n == n {
		u.spans[k].n++
		return
	}
	u.spans = append(u.spans, span{n, 1})
}

func (p *plan) encoded(it *item) []byte {
	p.scratch = appendItem(p.scratch[:0], it)
	return p.scratch
}

// content returns the content that an item has.
func (p *plan) content(it *item) (uint32, error) {
	h := sha256.New()
	if it.replaced {
		h.Write([]byte{1})
	}
	for i := range it.chunks {
		h.Write(it.chunks[i].id[:])
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	key := short(sum[:12])
	if n, ok := p.byKey.find(key[:], func(i uint32) bool { return p.contents.at(i).key == key }); ok {
		return n, nil
	}
	p.pieces = p.pieces[:0]
	for i := range it.chunks {
		p.pieces = append(p.pieces, piece{p.r.number(&it.chunks[i].id), it.chunks[i].size})
	}
	p.scratch = appendPieces(p.scratch[:0], it.replaced, p.pieces)
	w, err := p.spool.add(p.scratch)
	if err != nil {
		return 0, err
	}
	n := p.contents.add(content{key: key, names: none, child: none, sibling: none, where: w})
	p.byKey.put(key[:], n, func(i uint32) []byte { return p.contents.at(i).key[:] })
	p.bytes += sizeOf(p.pieces)
	p.relate(n)
	return n, nil
}

// maxSampled is how many chunks of a content are looked at to find with which
// other it has most in common.
const maxSampled = 256

// relate puts a content behind the latest one with which it has most chunks in
// common.
func (p *plan) relate(n uint32) {
	for _, c := range p.pieces {
		for int(c.number) >= len(p.latest) {
			p.latest = append(p.latest, 0) // a chunk that is missing
		}
	}
	votes := map[uint32]int{}
	best := uint32(0)
	for i, c := range p.pieces {
		if of := p.latest[c.number]; of != 0 && of != n+1 && i < maxSampled {
			if votes[of]++; best == 0 || votes[of] > votes[best] {
				best = of
			}
		}
		p.latest[c.number] = n + 1
	}
	if best == 0 {
		return
	}
	c, before := p.contents.at(n), p.contents.at(best-1)
	c.linked, c.sibling, before.child = true, before.child, n
}

// name keeps a name of a content, or of a thing without one, in an archive.
func (p *plan) name(it *item, of uint32, a uint32) (uint32, error) {
	h := sha256.New()
	if of != none {
		c := p.contents.at(of)
		h.Write([]byte{1})
		h.Write(c.key[:])
	} else {
		h.Write([]byte(it.kind()))
	}
	var length [4]byte
	write := func(b []byte) {
		binary.LittleEndian.PutUint32(length[:], uint32(len(b)))
		h.Write(length[:])
		h.Write(b)
	}
	write(it.path)
	write(it.source)
	write(it.user)
	write(it.group)
	for _, f := range it.more {
		write([]byte(f.Name))
		write([]byte(f.Value))
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	key := short(sum[:12])
	if n, ok := p.byName.find(key[:], func(i uint32) bool { return p.records.at(i).key == key }); ok {
		p.touch(n, a)
		return n, nil
	}
	w, err := p.spool.add(p.encoded(it))
	if err != nil {
		return 0, err
	}
	n := p.records.add(record{key: key, next: none, first: a, last: a, where: w})
	p.byName.put(key[:], n, func(i uint32) []byte { return p.records.at(i).key[:] })
	if of == none {
		p.things = append(p.things, n)
		return n, nil
	}
	if c := p.contents.at(of); c.names == none {
		c.names = n
	} else {
		// The first stays first: it is the one after which the content is called.
		head := p.records.at(c.names)
		p.records.at(n).next, head.next = head.next, n
	}
	return n, nil
}

// touch says that a name is in an archive, too.
func (p *plan) touch(n, a uint32) {
	r := p.records.at(n)
	switch {
	case r.last == a:
	case r.last+1 == a:
		r.last = a
	default:
		// The runs that are over move behind; this one goes on.
		old := *r
		k := p.records.add(old)
		r = p.records.at(n)
		r.next, r.first, r.last = k, a, a
	}
}

// link keeps a further name of a file that is in the same archive. It reports
// whether there is one.
func (p *plan) link(f *further, masters map[[16]byte]uint32, a uint32) (bool, error) {
	of, ok := masters[f.source]
	if !ok {
		of = none
	}
	if f.record != none && f.content == of {
		p.touch(f.record, a)
		return ok, nil
	}
	b, err := p.spool.get(f.where)
	if err != nil {
		return ok, err
	}
	f.content = of
	f.record, err = p.name(decodeItem(slices.Clone(b)), of, a)
	return ok, err
}

// arrange decides the order of contents, and counts how often each chunk will be
// read.
func (p *plan) arrange() error {
	p.wanted = make([]atomic.Int32, len(p.latest))
	p.latest, p.pieces, p.byKey, p.byName = nil, nil, table{}, table{}
	p.order = make([]uint32, 0, p.contents.n)
	var stack []uint32
	for first := range p.contents.n {
		if p.contents.at(first).linked {
			continue
		}
		stack = append(stack[:0], first)
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			p.order = append(p.order, n)
			// The first to come was put last into the list of children.
			for c := p.contents.at(n).child; c != none; c = p.contents.at(c).sibling {
				stack = append(stack, c)
			}
		}
	}
	for _, n := range p.order {
		b, err := p.spool.get(p.contents.at(n).where)
		if err != nil {
			return err
		}
		pieces, _ := decodePieces(b)
		for _, c := range pieces {
			p.wanted[c.number].Add(1)
		}
	}
	p.findLoose()
	if len(p.order) != int(p.contents.n) {
		return fmt.Errorf("borg: %d of %d contents in order", len(p.order), p.contents.n)
	}
	return nil
}

// findLoose lists the chunks that are in the log and of no file: those of
// archives that were deleted, until they are compacted away, and those of
// archives whose lists are damaged.
func (p *plan) findLoose() {
	var used bitset
	for _, n := range p.r.spoken {
		used.set(n, true)
	}
	for i := range p.r.archives {
		for _, n := range p.r.archives[i].items {
			used.set(n, true)
		}
	}
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	x := &p.r.index
	for n := range x.n {
		if _, there := p.r.segments[x.at(n).seg]; !there || used.has(n) || int(n) < len(p.wanted) && p.wanted[n].Load() > 0 {
			continue
		}
		p.loose = append(p.loose, n)
	}
	slices.SortFunc(p.loose, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(x.at(a).seg, x.at(b).seg), cmp.Compare(x.at(a).offset, x.at(b).offset))
	})
}

// A name is where a content, or a thing without one, is in the archives.
type name struct {
	where    where
	archives []span // by number
	first    uint32 // the earliest archive
}

// names returns the names of a chain of records: the one in the earliest archive
// first, which stands for all.
func (p *plan) names(first uint32) []name {
	var out []name
	known := map[where]int{}
	for n := first; n != none; n = p.records.at(n).next {
		r := p.records.at(n)
		at, ok := known[r.where]
		if !ok {
			at = len(out)
			known[r.where] = at
			out = append(out, name{where: r.where, first: r.first})
		}
		out[at].archives = append(out[at].archives, span{r.first, r.last - r.first + 1})
		for a := r.first; a <= r.last; a++ { // those of another series may be earlier
			if p.rank[a] < p.rank[out[at].first] {
				out[at].first = a
			}
		}
	}
	for i := range out {
		slices.SortFunc(out[i].archives, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	}
	slices.SortFunc(out, func(a, b name) int {
		return cmp.Or(cmp.Compare(p.rank[a.first], p.rank[b.first]), cmp.Compare(a.where.offset(), b.where.offset()))
	})
	return out
}

// in reports whether a name is in an archive.
func (n *name) in(archive uint32) bool {
	for _, s := range n.archives {
		if archive-s.first < s.n {
			return true
		}
	}
	return false
}

// maxListed is how many places are brought in order at once.
const maxListed = 1 << 16

// copies returns the places of names but for the very first, as
// [scanners.Item.Copies] does.
func (p *plan) copies(names []name, limit int) (list []scanners.Copy, total int) {
	type at struct {
		name    int
		archive uint32
	}
	var all []at
	for _, n := range names {
		for _, s := range n.archives {
			total += int(s.n)
		}
	}
	if total == 0 {
		return nil, 0
	}
	first := at{0, names[0].first}
	if total <= max(maxListed, limit) {
		for i, n := range names {
			for _, s := range n.archives {
				for k := range s.n {
					if x := (at{i, s.first + k}); x != first {
						all = append(all, x)
					}
				}
			}
		}
		slices.SortStableFunc(all, func(a, b at) int { return cmp.Compare(p.rank[a.archive], p.rank[b.archive]) })
		if limit < len(all) {
			all = slices.Delete(all, (limit+1)/2, len(all)-limit/2)
		}
	} else { // the first and the last, archive by archive
		take := func(archives iter.Seq2[int, uint32], n int) (some []at) {
			for _, a := range archives {
				for i := range names {
					if len(some) >= n {
						return some
					}
					if x := (at{i, a}); x != first && names[i].in(a) {
						some = append(some, x)
					}
				}
			}
			return some
		}
		all = take(slices.All(p.times), (limit+1)/2)
		late := take(slices.Backward(p.times), limit/2)
		slices.Reverse(late)
		all = append(all, late...)
	}
	total--
	paths := map[int][]byte{}
	for _, c := range all {
		path, ok := paths[c.name]
		if !ok {
			b, err := p.spool.get(names[c.name].where)
			if err != nil {
				continue // the total tells
			}
			path = decodeItem(b).path
			paths[c.name] = path
		}
		a := &p.r.archives[c.archive]
		list = append(list, scanners.Copy{URI: itemURI(p.r.uri, a.name, path), Time: a.time, Host: a.host})
	}
	return list, total
}
