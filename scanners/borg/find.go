package borg

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/spoor-scan/spoor/scanners"
)

// A lookup finds what lies at a path in an archive: by hashes of all paths, some
// 30 bytes for each.
type lookup struct {
	archive *archive
	seed    maphash.Seed
	at      map[uint64]position
}

// maxLookups is how many archives can be looked into without walking them anew.
const maxLookups = 2

// find returns the item at a path of an archive, nil where there is none. A
// further name of a file has the chunks of the first one.
func (o *opened) find(ctx context.Context, a *archive, path string) (*item, error) {
	o.looking.Lock()
	defer o.looking.Unlock()
	l, err := o.lookup(ctx, a)
	if err != nil {
		return nil, err
	}
	it, err := o.lookAt(ctx, l, path)
	if err != nil || it == nil || !it.further() {
		return it, err
	}
	first, err := o.lookAt(ctx, l, string(it.source))
	if err != nil {
		return nil, err
	}
	if first == nil || first.further() {
		return nil, broken("the file whose further name it is is not in the archive")
	}
	it.chunks, it.replaced = first.chunks, first.replaced
	return it, nil
}

func (o *opened) lookup(ctx context.Context, a *archive) (*lookup, error) {
	for i, l := range o.lookups {
		if l.archive == a {
			o.lookups = append(slices.Delete(o.lookups, i, i+1), l)
			return l, nil
		}
	}
	l := &lookup{archive: a, seed: maphash.MakeSeed(), at: map[uint64]position{}}
	ps := &parser{read: o.streamChunk}
	var before rest
	before.setKey()
	for i, number := range a.items {
		after, _, err := ps.chunk(ctx, before, number, i == len(a.items)-1, func(it *item, back, offset int) error {
			h := maphash.Bytes(l.seed, it.path)
			if _, ok := l.at[h]; !ok {
				l.at[h] = position{uint32(i - back), uint32(offset)}
			}
			return nil
		})
		var g *scanners.Gap
		if err != nil && (ctx.Err() != nil || !errors.As(err, &g)) {
			return nil, err
		}
		before = after
	}
	o.lookups = append(o.lookups, l)
	if len(o.lookups) > maxLookups {
		o.lookups = slices.Delete(o.lookups, 0, 1)
	}
	return l, nil
}

func (o *opened) streamChunk(ctx context.Context, number uint32) ([]byte, error) {
	return o.read(ctx, number, 1<<19)
}

// lookAt reads the item at a path.
func (o *opened) lookAt(ctx context.Context, l *lookup, path string) (*item, error) {
	at, ok := l.at[maphash.String(l.seed, path)]
	if !ok {
		return nil, nil
	}
	var buf []byte
	need := 0
	for seq := int(at.seq); seq < len(l.archive.items); seq++ {
		b, err := o.streamChunk(ctx, l.archive.items[seq])
		if err != nil {
			return nil, err
		}
		buf = append(buf, b...)
		if len(buf) < need && seq+1 < len(l.archive.items) || len(buf) < int(at.offset) {
			continue
		}
		it := new(item)
		p := &packed{b: buf, pos: int(at.offset)}
		err = p.item(it)
		switch {
		case err == nil && string(it.path) == path:
			return it, nil
		case err == nil:
			return nil, nil
		case !errors.Is(err, errShort) || len(buf) > 2*maxItem:
			return nil, broken("the list of files is damaged")
		}
		need = 2 * len(buf)
	}
	return nil, broken("the list of files is damaged")
}
