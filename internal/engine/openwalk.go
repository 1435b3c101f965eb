package engine

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

// A node is a place inside an item: what is wanted of it, and what lies deeper.
type node struct {
	own  []int            // the item itself
	kids map[string]*node // members, by step
	rows map[string][]int // rows of the document, by fragment
	sets map[string]bool  // of which tables, by what stands before "?"
}

func (n *node) deeper() bool { return len(n.kids)+len(n.rows) > 0 }

// inside opens what lies in one item, with as few readings of it as it takes.
func (m *many) inside(ctx context.Context, base string, list []wanted) error {
	root := &node{}
	var alone []wanted
	for _, w := range list {
		if !root.add(w) {
			alone = append(alone, w)
		}
	}
	missing, err := m.walk(ctx, base, root)
	if err == errStopped {
		return err
	}
	// What no walk leads to is opened by itself.
	if err := m.each(ctx, alone); err != nil {
		return err
	}
	switch {
	case err != nil:
		return m.lost(list, err)
	case missing == nil:
		missing = &scanners.Gap{Reason: scanners.Vanished, Detail: "nothing of that name is in the container"}
	}
	return m.lost(list, missing)
}

// add adds what is wanted, and reports whether a walk leads there.
func (n *node) add(w wanted) bool {
	for k, s := range w.steps {
		if s.Fragment != "" {
			if k != len(w.steps)-1 || strings.HasPrefix(s.Fragment, "line=") || strings.HasPrefix(s.Fragment, "page=") {
				return false
			}
			if n.rows == nil {
				n.rows, n.sets = map[string][]int{}, map[string]bool{}
			}
			n.rows[s.Fragment] = append(n.rows[s.Fragment], w.i)
			set, _, _ := strings.Cut(s.Fragment, "?")
			n.sets[set] = true
			return true
		}
		if n.kids[s.Name] == nil {
			if n.kids == nil {
				n.kids = map[string]*node{}
			}
			n.kids[s.Name] = &node{}
		}
		n = n.kids[s.Name]
	}
	n.own = append(n.own, w.i)
	return true
}

// walk delivers what a tree wants of an item. missing is why something in it may
// not have been found.
func (m *many) walk(ctx context.Context, base string, root *node) (missing, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	it, err := m.Source.Open(ctx, scanners.Ref{URI: base})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	if it.Ref.URI == "" {
		it.Ref.URI = base
	}
	if root.deeper() && len(root.own) == 0 {
		if it, err = volumes(ctx, m.Source, m.Decoders, it); err != nil {
			return nil, err
		}
		if p, ok := it.Body.(*pieces); ok {
			defer p.Close()
		}
	}
	w := &walker{many: m, find: finding{Opener: m.Opener, base: base}, left: len(root.all(nil))}
	err = w.in(ctx, it, base, root, container.NewBudget(m.Limits, it.Size))
	if errors.Is(err, errFound) {
		err = nil
	}
	if w.stopped {
		return nil, errStopped
	}
	return w.missing, err
}

// A walker goes through one item for many.
type walker struct {
	*many
	find    finding
	missing error
	left    int // to be delivered
	stopped bool
}

// give delivers a record; errFound says that it was the last one.
func (w *walker) give(own []int, r Record) error {
	for _, i := range own {
		if w.done[i] {
			continue
		}
		if err := w.deliver(i, r, nil); err != nil {
			w.stopped = true
			return err
		}
		if w.left--; w.left == 0 {
			return errFound
		}
	}
	return nil
}

func (w *walker) in(ctx context.Context, it scanners.Item, uri string, n *node, budget *container.Budget) error {
	if it.Block != nil || it.Body == nil {
		return w.give(n.own, Record{Item: it})
	}
	if len(n.own) > 0 && n.deeper() {
		// It is handed over and looked into.
		f, err := os.CreateTemp("", "spoor-*")
		if err != nil {
			return err
		}
		defer f.Close()
		if err := os.Remove(f.Name()); err != nil {
			return err
		}
		size, err := io.Copy(f, budget.Reader(ctx, it.Body))
		if err != nil {
			return err
		}
		own := it
		own.Body = io.NewSectionReader(f, 0, size)
		if err := w.whole(ctx, own, uri, &node{own: n.own}, budget); err != nil {
			return err
		}
		it.Body = io.NewSectionReader(f, 0, size)
		return w.whole(ctx, it, uri, &node{kids: n.kids, rows: n.rows, sets: n.sets}, budget)
	}
	return w.whole(ctx, it, uri, n, budget)
}

// whole is in for a node that is either wanted itself or led through.
func (w *walker) whole(ctx context.Context, it scanners.Item, uri string, n *node, budget *container.Budget) error {
	beside := func(ctx context.Context, name string) ([]byte, error) { return w.find.beside(ctx, uri, name) }
	stands := func(name string) bool {
		_, err := beside(ctx, name)
		return uri != "" && err == nil
	}
	var d *container.Decoder
	var rest io.Reader
	var err error
	if n.deeper() {
		if d, _, rest, err = recognised(w.Decoders, it, stands); err != nil {
			return err
		}
	} else {
		// What is stored is handed over as it is, but for its compression.
		var head []byte
		head, rest, _ = container.Head(it.Body)
		if d = container.DetectBeside(w.Decoders, head, it.Name, stands); d == nil || !d.Bare {
			it.Body = rest
			return w.give(n.own, Record{Item: it})
		}
	}
	it.Body = rest
	if d == nil {
		return nil
	}
	inner, err := budget.Enter()
	if err != nil {
		return err
	}
	if uri != "" {
		it.Beside, it.Ref.URI = beside, uri
	}
	return w.children(ctx, d.Decode(ctx, it, inner), uri, n, inner)
}

func (w *walker) children(ctx context.Context, items iter.Seq2[scanners.Item, error], uri string, n *node, budget *container.Budget) error {
	same := map[string]int{}
	for child, err := range items {
		var g *scanners.Gap
		var x *scanners.Exclusion
		switch {
		case errors.As(err, &g) && err == error(g):
			if w.missing == nil {
				w.missing = err
			}
			continue
		case errors.As(err, &x):
			continue
		case err != nil:
			return err
		case child.Block != nil:
			err = w.blockRows(child, n, same)
		case child.Text:
			continue
		case child.Step == "":
			err = w.in(ctx, child, uri, n, budget)
		case n.kids[child.Step] != nil:
			own := uri
			if own != "" {
				own += "!/" + scanners.Escape(child.Step)
			}
			err = w.in(ctx, child, own, n.kids[child.Step], budget)
			if err != nil && !w.stopped && ctx.Err() == nil && !errors.Is(err, errFound) {
				// One member that can't be read does not keep the others.
				for _, x := range n.kids[child.Step].all(nil) {
					if !w.done[x.i] {
						w.left--
					}
				}
				err = w.lost(n.kids[child.Step].all(nil), err)
				w.stopped = err != nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// all appends what a tree wants.
func (n *node) all(list []wanted) []wanted {
	for _, i := range n.own {
		list = append(list, wanted{i: i})
	}
	for _, rows := range n.rows {
		for _, i := range rows {
			list = append(list, wanted{i: i})
		}
	}
	for _, k := range n.kids {
		list = k.all(list)
	}
	return list
}

// blockRows delivers the rows of a block that are wanted. same counts the rows
// that are called alike, as a scan does.
func (w *walker) blockRows(it scanners.Item, n *node, same map[string]int) error {
	b := it.Block
	if b.Refs == nil || len(n.rows) == 0 || b.Rows() == 0 {
		return nil
	}
	first := strings.TrimPrefix(b.Refs(0, "", 1).URI, "#")
	if set, _, ok := strings.Cut(first, "?"); ok && !n.sets[set] {
		return nil
	}
	keyless := len(b.Table.Key) == 0
	for r := range b.Rows() {
		hash, nth := "", 1
		if keyless {
			hash = b.Hash(w.RowKey, r)
			same[b.Table.Name+"\x00"+hash]++
			nth = same[b.Table.Name+"\x00"+hash]
		}
		fragment := strings.TrimPrefix(b.Refs(r, hash, nth).URI, "#")
		list := n.rows[fragment]
		if list != nil && !keyless {
			if same[fragment]++; same[fragment] > 1 {
				list = n.rows[fragment+"&n="+strconv.Itoa(same[fragment])]
			}
		}
		if list == nil {
			continue
		}
		if hash == "" {
			hash = b.Hash(w.RowKey, r)
		}
		if err := w.give(list, Record{Item: it, Row: r, Hash: hash}); err != nil {
			return err
		}
	}
	return nil
}
