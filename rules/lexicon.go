package rules

import "encoding/binary"

// A lexicon tells of which of up to 63 topics a word may be, by its first four
// letters or its last three: a quick no for nearly all words. It has false
// positives, never the opposite.
type lexicon struct {
	bloom [1 << 16 / 64]uint64 // by hash of the key
	tails [4096 / 64]uint64    // by hash of the last three letters
	slots []slot               // by hash of the key, probed linearly; a power of two
	used  int
	ends  map[uint32]uint64 // topics by hash of the last three letters
	last  uint32            // the last letters of ends, by their lower five bits
	any   uint64            // topics of which every word may be
}

type slot struct {
	key    uint32
	topics uint64
}

// key4 returns the first four letters of a folded word. Of what lies beyond ASCII
// the third and fourth byte say no more than that.
func key4(f []byte) uint32 {
	k := uint32(0)
	for i, c := range f[:min(4, len(f))] {
		if i > 1 && c >= 0x80 {
			c = 0x80
		}
		k |= uint32(c) << (8 * i)
	}
	return k
}

// shortKey holds what of four bytes belongs to a word of so many letters.
var shortKey = [5]uint32{0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF}

// asciiKey is key4 of b[i:i+n], letters of ASCII in any case.
func asciiKey(b []byte, i, n int) uint32 {
	if i+4 <= len(b) {
		return (binary.LittleEndian.Uint32(b[i:]) | 0x20202020) & shortKey[min(n, 4)]
	}
	k := uint32(0)
	for j := range min(n, 4) {
		k |= uint32(b[i+j]|0x20) << (8 * j)
	}
	return k
}

func hashKey(k uint32) uint32 { return k * 0x9E3779B1 >> 16 }

func (x *lexicon) may(k uint32) bool {
	h := hashKey(k)
	return x.bloom[h>>6]>>(h&63)&1 == 1
}

// add puts a set of words under topics.
func (x *lexicon) add(w *words, topics uint64) {
	for f := range w.full {
		x.put(key4([]byte(f)), topics)
	}
	for _, p := range w.phrase {
		x.put(key4([]byte(p[0])), topics)
	}
	for _, f := range w.starts {
		if len(f) < 2 {
			x.any |= topics
			continue
		}
		x.prefix([]byte(f), topics)
	}
	for i, t := range w.tails {
		if len(w.ends[i]) < 3 {
			x.any |= topics
			continue
		}
		x.tails[t>>6] |= 1 << (t & 63)
		if x.ends == nil {
			x.ends = map[uint32]uint64{}
		}
		x.ends[t] |= topics
		x.last |= 1 << (w.ends[i][len(w.ends[i])-1] & 31)
	}
}

// prefix puts all words that start with f.
func (x *lexicon) prefix(f []byte, topics uint64) {
	if len(f) >= 4 {
		x.put(key4(f), topics)
		return
	}
	x.put(key4(f), topics)
	f = append(f[:len(f):len(f)], 0x80)
	x.prefix(f, topics)
	for c := byte('a'); c <= 'z'; c++ {
		f[len(f)-1] = c
		x.prefix(f, topics)
	}
}

func (x *lexicon) put(k uint32, topics uint64) {
	if x.used*4 >= len(x.slots)*3 {
		old := x.slots
		x.slots = make([]slot, max(1024, 2*len(old)))
		x.used = 0
		for _, s := range old {
			if s.topics != 0 {
				x.put(s.key, s.topics)
			}
		}
	}
	h := hashKey(k)
	x.bloom[h>>6] |= 1 << (h & 63)
	for i := k * 0x85EBCA6B >> 8; ; i++ {
		s := &x.slots[int(i)&(len(x.slots)-1)]
		if s.topics == 0 {
			x.used++
			*s = slot{k, topics}
			return
		}
		if s.key == k {
			s.topics |= topics
			return
		}
	}
}

// get returns the topics of a key.
func (x *lexicon) get(k uint32) uint64 {
	if len(x.slots) == 0 {
		return 0
	}
	for i := k * 0x85EBCA6B >> 8; ; i++ {
		s := &x.slots[int(i)&(len(x.slots)-1)]
		if s.topics == 0 || s.key == k {
			return s.topics
		}
	}
}

// of returns the topics of a folded word.
func (x *lexicon) of(f []byte) uint64 {
	m := x.any
	if k := key4(f); x.may(k) {
		m |= x.get(k)
	}
	if t := tail(f); x.tails[t>>6]>>(t&63)&1 == 1 {
		m |= x.ends[t]
	}
	return m
}
