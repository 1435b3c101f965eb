package restic

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// A walk knows what is in all snapshots of a repository: every content once, and
// under which names it is in which trees.
//
// Each tree is read once, however many snapshots have it. What stands in trees
// goes to the spool; in memory there are, for each tree 8 bytes, for each thing
// 16, and for each name that is matched some 18.
type walk struct {
	r     *repo
	spool spool
	snaps []*snapshot // those of the repository, and trees that stand for lost ones
	trees []treeInfo
	roots map[uint32][]uint32 // snapshots that have a tree, by its number, as their root

	things things
	lists  map[[16]byte]uint32 // things that are not one blob alone, by their lists
	names  nameSet
	seed   maphash.Seed

	order  []uint32 // things in the order in which they are read
	loose  []uint32 // data blobs that no tree names
	uses   []uint8  // see reader
	gaps   []*scanners.Gap
	single int64 // for tests: bytes of unique content, as listed
}

// entries are the records of the spool that say in which trees something is, as
// a chain from the last to the first.
type entries struct{ first, last uint32 }

// A treeInfo says where a tree is.
type treeInfo struct {
	entries
	top bool // it was met as the root of a snapshot first
}

// A thing is a content, or an entry of a tree without one.
type thing struct {
	entries
	blob uint32 // its first data blob; none where it has none, or it is missing
	// root links contents that share blobs (union-find). It is none for entries
	// without content and further names, which are bare.
	root uint32
}

func (t *thing) bare() bool { return t.root == none }

// things are a slice that grows without being copied.
type things struct {
	chunks [][]thing
	n      int
}

const thingChunk = 1 << 14

func (s *things) add(t thing) (number uint32) {
	if s.n%thingChunk == 0 {
		s.chunks = append(s.chunks, make([]thing, 0, min(thingChunk, max(64, s.n))))
	}
	last := &s.chunks[len(s.chunks)-1]
	*last = append(*last, t)
	s.n++
	return uint32(s.n - 1)
}

func (s *things) at(number uint32) *thing { return &s.chunks[number/thingChunk][number%thingChunk] }

// An entry is a record of the spool: what stands in a tree under a name.
type entry struct {
	prev uint32 // record
	tree uint32 // number
	name string
	node node // of the first entry of a thing
}

// record encodes an entry. Only with a node does it say more than where it is.
func record(prev, tree uint32, name string, n *node) []byte {
	b := make([]byte, 0, 64+len(name))
	b = binary.LittleEndian.AppendUint32(b, prev)
	b = binary.LittleEndian.AppendUint32(b, tree)
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	text(name)
	if n == nil {
		return b
	}
	text(n.Type)
	b = binary.AppendVarint(b, n.MTime.Unix())
	b = binary.AppendVarint(b, int64(n.MTime.Nanosecond()))
	b = binary.AppendUvarint(b, uint64(n.Size))
	text(n.User)
	text(n.Group)
	text(n.Link)
	b = binary.AppendUvarint(b, uint64(len(n.Attrs)))
	for _, a := range n.Attrs {
		text(a.Name)
		text(string(a.Value))
	}
	for _, i := range n.Content {
		b = append(b, i[:]...)
	}
	return b
}

// parseRecord is the inverse of record. The spool is the program's own.
func parseRecord(b []byte) entry {
	e := entry{prev: binary.LittleEndian.Uint32(b), tree: binary.LittleEndian.Uint32(b[4:])}
	b = b[8:]
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return v
	}
	signed := func() int64 {
		v, n := binary.Varint(b)
		b = b[n:]
		return v
	}
	text := func() string {
		n := number()
		s := string(b[:n])
		b = b[n:]
		return s
	}
	e.name = text()
	if len(b) == 0 {
		return e
	}
	e.node.Name, e.node.Type = e.name, text()
	sec := signed()
	if e.node.MTime = time.Unix(sec, signed()).UTC(); e.node.MTime.Unix() == (time.Time{}).Unix() {
		e.node.MTime = time.Time{}
	}
	e.node.Size = int64(number())
	e.node.User, e.node.Group, e.node.Link = text(), text(), text()
	for range number() {
		e.node.Attrs = append(e.node.Attrs, attr{text(), []byte(text())})
	}
	for len(b) >= 32 {
		e.node.Content = append(e.node.Content, id(b[:32]))
		b = b[32:]
	}
	return e
}

func (w *walk) get(ref uint32) (entry, error) {
	b, err := w.spool.get(ref)
	if err != nil {
		return entry{}, err
	}
	return parseRecord(b), nil
}

// maxDepth bounds how deep folders lie in each other.
const maxDepth = 10000

// newWalk walks all snapshots, and then what no snapshot has any more.
func newWalk(ctx context.Context, r *repo) (*walk, error) {
	w := &walk{r: r, roots: map[uint32][]uint32{}, lists: map[[16]byte]uint32{}, seed: maphash.MakeSeed(), snaps: slices.Clone(r.snapshots)}
	w.uses = make([]uint8, r.data.len())
	for k := range 256 { // an earlier walk may have been broken off
		for _, t := range []*table{&r.data, &r.tree} {
			for i := range t.shares[k] {
				t.shares[k][i].single, t.shares[k][i].multi = 0, 0
			}
		}
	}
	for k, s := range r.snapshots {
		if err := w.root(ctx, uint32(k), *s.Tree); err != nil {
			_ = w.spool.close()
			return nil, err
		}
	}
	if err := w.forgotten(ctx); err != nil {
		_ = w.spool.close()
		return nil, err
	}
	w.lists, w.names = nil, nameSet{}
	w.sort()
	r.mu.Lock()
	r.uses, w.uses = w.uses, nil
	r.mu.Unlock()
	return w, nil
}

// forgotten walks the trees that no snapshot reaches: of snapshots that were
// dropped and not pruned yet, and of backups that were broken off.
func (w *walk) forgotten(ctx context.Context) error {
	t := &w.r.tree
	var lost []id
	below := map[id]bool{}
	for k := range uint32(t.len()) {
		if t.at(k).single != 0 {
			continue
		}
		i, b, err := w.r.whole(ctx, t.at(k), maxTree)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			g := damaged(err, "a tree that no snapshot names can't be read")
			g.URI, g.Units = "!/packs/"+w.r.packs[t.at(k).pack].String(), 1
			w.gaps = append(w.gaps, g)
			continue
		}
		lost = append(lost, i)
		_ = nodes(b, func(n node) bool {
			if n.Subtree != nil {
				below[*n.Subtree] = true
			}
			return true
		})
	}
	for _, i := range lost {
		if below[i] {
			continue
		}
		s := &snapshot{id: i, Tree: &i, loose: true}
		w.snaps = append(w.snaps, s)
		if err := w.root(ctx, uint32(len(w.snaps)-1), i); err != nil {
			return err
		}
	}
	for k := range uint32(w.r.data.len()) {
		if b := w.r.data.at(k); b.single == 0 && b.multi == 0 {
			w.loose = append(w.loose, k)
		}
	}
	return nil
}

// A level is a tree that is being walked.
type level struct {
	tree  uint32
	path  string // of the folder; empty for the root
	nodes []node // folders that are still to be entered
}

// root walks a snapshot.
func (w *walk) root(ctx context.Context, snap uint32, i id) error {
	number, fresh := w.tree(i)
	w.roots[number] = append(w.roots[number], snap)
	if !fresh {
		return nil
	}
	w.trees[number].top = true
	stack := []level{{tree: number}}
	if err := w.enter(ctx, snap, i, &stack[0]); err != nil {
		return err
	}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.nodes) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		n := top.nodes[0]
		top.nodes = top.nodes[1:]
		number, fresh := w.tree(*n.Subtree)
		if err := w.link(&w.trees[number].entries, top.tree, n.Name, nil); err != nil {
			return err
		}
		if !fresh {
			continue
		}
		sub := level{tree: number, path: join(top.path, n.Name)}
		if len(stack) >= maxDepth {
			w.gap(snap, sub.path, &scanners.Gap{Reason: scanners.TooDeep, Detail: fmt.Sprintf("folders lie more than %d deep", maxDepth), Units: 1})
			continue
		}
		if err := w.enter(ctx, snap, *n.Subtree, &sub); err != nil {
			return err
		}
		stack = append(stack, sub)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

func (w *walk) gap(snap uint32, path string, g *scanners.Gap) {
	g.URI = w.snaps[snap].uri(path)
	w.gaps = append(w.gaps, g)
}

// tree returns the number of a tree, and whether it is met for the first time.
func (w *walk) tree(i id) (number uint32, fresh bool) {
	k := w.r.tree.find(i)
	if k == none { // it is missing, and has a number for each time that it is met
		w.trees = append(w.trees, treeInfo{})
		return uint32(len(w.trees) - 1), true
	}
	b := w.r.tree.at(k)
	if b.single != 0 {
		return b.single - 1, false
	}
	w.trees = append(w.trees, treeInfo{})
	b.single = uint32(len(w.trees))
	return b.single - 1, true
}

// link adds an entry to a chain.
func (w *walk) link(e *entries, tree uint32, name string, n *node) error {
	ref, err := w.spool.add(record(e.last, tree, name, n))
	if err != nil {
		return err
	}
	if e.last = ref; e.first == 0 {
		e.first = ref
	}
	return nil
}

// enter reads a tree.
func (w *walk) enter(ctx context.Context, snap uint32, i id, l *level) error {
	b, err := w.r.readTree(ctx, i)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		g := damaged(err, "what is in a folder is not known, since its tree can't be read")
		g.Units = 1
		w.gap(snap, l.path, g)
		return nil
	}
	var failed error
	err = nodes(b, func(n node) bool {
		failed = w.node(l, &n)
		if failed == nil && n.Error != "" && n.Type == "file" {
			w.gap(snap, join(l.path, n.Name), &scanners.Gap{Reason: scanners.Failed, Detail: "the backup could not read the file to its end", Units: 1})
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		w.gap(snap, l.path, &scanners.Gap{Reason: scanners.Corrupt, Detail: "what is in a folder is known in part only: " + err.Error(), Units: 1})
	}
	return nil
}

// node takes an entry of a tree into account.
func (w *walk) node(l *level, n *node) error {
	path := join(l.path, n.Name)
	h := w.hash(path, n)
	if n.Type == "dir" && n.Subtree != nil {
		l.nodes = append(l.nodes, node{Name: n.Name, Subtree: n.Subtree})
	}
	if n.Type == "file" {
		t, fresh := w.content(n.Content)
		if fresh {
			w.names.put(h, covered)
			w.single += n.Size
			return w.link(&w.things.at(t).entries, l.tree, n.Name, n)
		}
		if err := w.link(&w.things.at(t).entries, l.tree, n.Name, nil); err != nil {
			return err
		}
	}
	switch t := w.names.get(h); t {
	case covered:
		return nil // the item of the content says the same
	case 0:
		t = w.things.add(thing{blob: none, root: none})
		w.names.put(h, t+1)
		return w.link(&w.things.at(t).entries, l.tree, n.Name, n)
	default:
		return w.link(&w.things.at(t-1).entries, l.tree, n.Name, nil)
	}
}

// hash returns what tells apart what nodes say beside their content.
func (w *walk) hash(path string, n *node) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	for _, s := range []string{path, n.Type, n.Link, n.User, n.Group} {
		h.WriteString(s)
		h.WriteByte(0)
	}
	for _, a := range n.Attrs {
		h.WriteString(a.Name)
		h.WriteByte(0)
		h.Write(a.Value)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// content returns the number of the thing that has this list of blobs, and
// whether it is new.
func (w *walk) content(list []id) (number uint32, fresh bool) {
	first := none
	if len(list) > 0 {
		first = w.r.data.find(list[0])
	}
	alone := len(list) == 1 && first != none
	var sum [16]byte
	if alone {
		if b := w.r.data.at(first); b.single != 0 {
			return b.single - 1, false
		}
	} else {
		h := sha256.New()
		for _, i := range list {
			h.Write(i[:])
		}
		sum = [16]byte(h.Sum(nil))
		if t, ok := w.lists[sum]; ok {
			return t, false
		}
	}
	number = w.things.add(thing{blob: first, root: uint32(w.things.n)})
	if !alone {
		w.lists[sum] = number
	}
	for _, i := range list {
		k := w.r.data.find(i)
		if k == none {
			continue
		}
		b := w.r.data.at(k)
		if u := &w.uses[k]; *u < 255 {
			*u++
		}
		if b.multi != 0 {
			w.union(b.multi-1, number)
		}
		if b.single != 0 {
			w.union(b.single-1, number)
		}
		if alone {
			b.single = number + 1
		} else {
			b.multi = number + 1
		}
	}
	return number, true
}

func (w *walk) find(t uint32) uint32 {
	for {
		at := w.things.at(t)
		if at.root == t {
			return t
		}
		at.root = w.things.at(at.root).root
		t = at.root
	}
}

func (w *walk) union(a, b uint32) {
	if a, b = w.find(a), w.find(b); a != b {
		w.things.at(max(a, b)).root = min(a, b)
	}
}

// sort brings the things into order: the names first, then the contents as they
// lie in the packs, those that share blobs one after the other.
func (w *walk) sort() {
	// The oldest of those that share blobs stands for all.
	place := func(t uint32) place {
		if b := w.things.at(w.find(t)).blob; b != none {
			return w.r.data.at(b).place
		}
		return place{pack: uint32(len(w.r.packs))} // behind all others
	}
	// Counting the things of each pack takes less memory than sorting all.
	ends := make([]uint32, len(w.r.packs)+1)
	bare := uint32(0)
	for k := range uint32(w.things.n) {
		if w.things.at(k).bare() {
			bare++
		} else {
			ends[place(k).pack]++
		}
	}
	at := bare
	for p, n := range ends {
		ends[p] = at
		at += n
	}
	w.order = make([]uint32, w.things.n)
	bare = 0
	for k := range uint32(w.things.n) {
		if w.things.at(k).bare() {
			w.order[bare] = k
			bare++
			continue
		}
		p := place(k).pack
		w.order[ends[p]] = k
		ends[p]++
	}
	start := bare
	for _, end := range ends {
		slices.SortFunc(w.order[start:end], func(a, b uint32) int {
			return cmp.Or(cmp.Compare(place(a).off, place(b).off), cmp.Compare(a, b))
		})
		start = end
	}
}

// first returns the snapshot and path under which an entry was met first.
func (w *walk) first(e entry) (snap uint32, path string, err error) {
	path = e.name
	for range maxDepth + 1 {
		t := &w.trees[e.tree]
		if t.top {
			return w.roots[e.tree][0], path, nil
		}
		if e, err = w.get(t.first); err != nil {
			return 0, "", err
		}
		path = e.name + "/" + path
	}
	return 0, "", fmt.Errorf("restic: a tree that lies nowhere")
}

// A name is where something lies.
type name struct {
	snap uint32
	path string
}

// maxNames bounds how many names of one thing are followed.
const maxNames = 200_000

// all returns all names of a thing, the oldest first, and whether there are more.
func (w *walk) all(t uint32) (out []name, err error) {
	steps := 0
	var up func(tree uint32, path string, depth int) error
	up = func(tree uint32, path string, depth int) error {
		if steps++; steps > 10*maxNames || depth > maxDepth {
			return nil
		}
		for _, s := range w.roots[tree] {
			if len(out) < maxNames {
				out = append(out, name{s, path})
			}
		}
		for ref := w.trees[tree].last; ref != 0 && len(out) < maxNames; {
			e, err := w.get(ref)
			if err != nil {
				return err
			}
			if err := up(e.tree, e.name+"/"+path, depth+1); err != nil {
				return err
			}
			ref = e.prev
		}
		return nil
	}
	for ref := w.things.at(t).last; ref != 0 && len(out) < maxNames; {
		e, err := w.get(ref)
		if err != nil {
			return nil, err
		}
		if err := up(e.tree, e.name, 0); err != nil {
			return nil, err
		}
		ref = e.prev
	}
	slices.SortFunc(out, func(a, b name) int {
		return cmp.Or(cmp.Compare(a.snap, b.snap), strings.Compare(a.path, b.path))
	})
	return slices.Compact(out), nil
}

// covered is the value of a name that the item of a content has.
const covered = none

// A nameSet maps hashes to numbers, in 12 bytes each and some room, in 256 shares
// so that growing copies little. Two names have the same hash with a probability
// of 10^-6 for 5 million of them.
type nameSet struct{ shares [256]nameShare }

type nameShare struct {
	keys   []uint64
	values []uint32
	n      int
}

func (s *nameShare) slot(h uint64) int {
	i := int(h % uint64(len(s.keys)))
	for s.values[i] != 0 && s.keys[i] != h {
		if i++; i == len(s.keys) {
			i = 0
		}
	}
	return i
}

// get returns 0 for what is not in the set.
func (s *nameSet) get(h uint64) uint32 {
	share := &s.shares[h>>56]
	if share.n == 0 {
		return 0
	}
	return share.values[share.slot(h)]
}

func (s *nameSet) put(h uint64, v uint32) {
	share := &s.shares[h>>56]
	if share.n*5 >= len(share.keys)*4 {
		old := *share
		size := max(16, len(old.keys)*3/2)
		share.keys, share.values = make([]uint64, size), make([]uint32, size)
		for i, v := range old.values {
			if v != 0 {
				k := share.slot(old.keys[i])
				share.keys[k], share.values[k] = old.keys[i], v
			}
		}
	}
	k := share.slot(h)
	if share.values[k] == 0 {
		share.n++
	}
	share.keys[k], share.values[k] = h, v
}
