package borg

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// maxItem is the longest item that is taken, in bytes: one of a file of some
// 6 TB in chunks of the usual size.
const maxItem = 128 << 20

// A rest is the start of an item whose end is in chunks to come. It is given by
// the chunks in which it lies, so that it can be compared without being read.
type rest struct {
	key    [16]byte
	lost   bool     // what was before is not known: the next item is to be looked for
	chunks []uint32 // of the stream
	offset int      // in them
	b      []byte   // the bytes; nil where they are not at hand
	need   int      // how many bytes there must be before it is worth a try
}

func (r *rest) empty() bool { return len(r.chunks) == 0 }

func (r *rest) setKey() {
	h := sha256.New()
	var b [8]byte
	if r.lost {
		b[0] = 1
	}
	binary.LittleEndian.PutUint32(b[1:], uint32(r.offset))
	h.Write(b[:])
	for _, c := range r.chunks {
		binary.LittleEndian.PutUint32(b[:], c)
		h.Write(b[:4])
	}
	copy(r.key[:], h.Sum(nil))
}

// A position is where an item starts: in which chunk of the stream and where in
// it.
type position struct {
	seq    uint32
	offset uint32
}

// A parser takes a stream of items apart, chunk by chunk.
type parser struct {
	read func(ctx context.Context, number uint32) ([]byte, error)
	it   item
}

// maxKept is how many bytes of a rest are kept at hand.
const maxKept = 64 << 10

// chunk parses the items that end in a chunk. at gets the position of each: how
// many chunks before this one it starts, and where in it. It returns the rest,
// and how many places of the stream made no sense. An error is one of ctx, of
// the store, or a *Gap for what the chunk holds.
func (p *parser) chunk(ctx context.Context, before rest, number uint32, final bool, each func(it *item, back int, offset int) error) (after rest, bad int, err error) {
	b, err := p.read(ctx, number)
	if err != nil {
		after = rest{lost: true}
		after.setKey()
		return after, 0, err
	}
	buf, start := b, 0
	chunks := []uint32{number}
	switch {
	case before.lost:
		if start = nextItem(b, 0); start < 0 {
			after = rest{lost: true}
			after.setKey()
			return after, 0, nil
		}
	case !before.empty():
		if err := p.fetch(ctx, &before); err != nil {
			after = rest{lost: true}
			after.setKey()
			return after, 0, err
		}
		buf = make([]byte, 0, len(before.b)+len(b))
		buf = append(append(buf, before.b...), b...)
		chunks = append(append(make([]uint32, 0, len(before.chunks)+1), before.chunks...), number)
	}
	head := len(buf) - len(b) // where this chunk starts
	m := &packed{b: buf, pos: start}
	for m.pos < len(buf) {
		from := m.pos
		if from == 0 && head > 0 && len(buf) < before.need && !final {
			break
		}
		err := m.item(&p.it)
		if err == nil {
			back, offset := 0, from-head
			if from < head {
				back, offset = len(before.chunks), before.offset
			}
			if err := each(&p.it, back, offset); err != nil {
				return rest{}, bad, err
			}
			continue
		}
		m.pos = from
		if errors.Is(err, errShort) && !final && len(buf)-from <= maxItem {
			break
		}
		bad++
		if next := nextItem(buf, from+1); next >= 0 {
			m.pos = next
			continue
		}
		after = rest{lost: true}
		after.setKey()
		return after, bad, nil
	}
	if m.pos == len(buf) {
		after.setKey()
		return after, bad, nil
	}
	left := buf[m.pos:]
	if m.pos < head {
		after = rest{chunks: chunks, offset: before.offset + m.pos}
	} else {
		after = rest{chunks: []uint32{number}, offset: m.pos - head}
	}
	if len(left) > 4*maxKept {
		after.need = 2 * len(left)
	}
	after.b = append([]byte(nil), left...)
	after.setKey()
	return after, bad, nil
}

// fetch reads the bytes of a rest again.
func (p *parser) fetch(ctx context.Context, r *rest) error {
	if r.b != nil {
		return nil
	}
	all := []byte{}
	for _, c := range r.chunks {
		b, err := p.read(ctx, c)
		if err != nil {
			return err
		}
		all = append(all, b...)
	}
	r.b = all[min(r.offset, len(all)):]
	return nil
}
