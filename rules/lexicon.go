package rules

import (
	"cmp"
	"slices"
)

// A lexicon tells of which of up to 63 topics a word may be, by its first four
// letters or its last three: a quick no for nearly all words. It has false
// positives, never the opposite.
type lexicon struct {
	bloom  bloom             // of keys
	tails  [4096 / 64]uint64 // by hash of the last three letters
	slots  []slot            // by hash of the key, probed linearly; a power of two
	used   int
	words  []entry           // by key, once settled
	ends   map[uint32]uint64 // topics by hash of the last three letters
	last   [1024 / 64]uint64 // the last two letters of ends, by their lower five bits
	lasts  uint32            // the last bytes of ends, by their lower five bits
	least  int               // the length of the shortest of ends, in bytes
	beyond bool              // whether any of them is not ASCII
	any    uint64            // topics of which every word may be
}

// bloom holds keys by their hash.
type bloom [1 << 16 / 64]uint64

// has returns 1 where it may hold a key, else 0.
func (b *bloom) has(k uint32) uint64 {
	h := k * 0x9E3779B1 >> 16
	return b[h>>6] >> (h & 63) & 1
}

func (b *bloom) add(k uint32) {
	h := k * 0x9E3779B1 >> 16
	b[h>>6] |= 1 << (h & 63)
}

type slot struct {
	key         uint32
	first, past int32 // its entries
	topics      uint64
}

// An entry is a word, or the beginning of words, as far as its first 8 letters tell.
type entry struct {
	want, mask uint64
	key        uint32
	then       byte // with what the next word begins, folded; 0: there need be none
	topics     uint64
}

// eight returns the first 8 letters of a folded word.
func eight(f []byte) uint64 {
	v := uint64(0)
	for i, c := range f[:min(8, len(f))] {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// firstLetters holds what of 8 bytes belongs to a word of so many letters.
var firstLetters = [9]uint64{0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, ^uint64(0)}

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

func (x *lexicon) may(k uint32) bool { return x.bloom.has(k) != 0 }

// lastTwo is the place in last of two letters.
func lastTwo(a, b byte) uint { return uint(a&31)<<5 | uint(b&31) }

// add puts a set of words under topics.
func (x *lexicon) add(w *words, topics uint64) {
	for f := range w.full {
		x.put(key4([]byte(f)), entry{want: eight([]byte(f)), mask: ^uint64(0), topics: topics})
	}
	for _, p := range w.phrase {
		x.put(key4([]byte(p[0])), entry{want: eight([]byte(p[0])), mask: ^uint64(0), then: p[1][0], topics: topics})
	}
	for _, f := range w.starts {
		if len(f) < 2 {
			x.any |= topics
			continue
		}
		x.prefix([]byte(f), entry{want: eight([]byte(f)), mask: firstLetters[min(8, len(f))], topics: topics})
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
		n := len(w.ends[i])
		if x.least == 0 || n < x.least {
			x.least = n
		}
		x.beyond = x.beyond || w.ends[i][n-1] >= 0x80
		x.lasts |= 1 << (w.ends[i][n-1] & 31)
		two := lastTwo(w.ends[i][n-2], w.ends[i][n-1])
		x.last[two>>6] |= 1 << (two & 63)
	}
}

// prefix puts all words that start with f, of which e is the entry.
func (x *lexicon) prefix(f []byte, e entry) {
	x.put(key4(f), e)
	if len(f) >= 4 {
		return
	}
	f = append(f[:len(f):len(f)], 0x80)
	x.prefix(f, e)
	for c := byte('a'); c <= 'z'; c++ {
		f[len(f)-1] = c
		x.prefix(f, e)
	}
}

func (x *lexicon) put(k uint32, e entry) {
	e.key = k
	x.words = append(x.words, e)
	x.note(slot{key: k, topics: e.topics})
}

// note adds the topics of a key.
func (x *lexicon) note(n slot) {
	if x.used*4 >= len(x.slots)*3 {
		old := x.slots
		x.slots = make([]slot, max(1024, 2*len(old)))
		x.used = 0
		for _, s := range old {
			if s.topics != 0 {
				x.note(s)
			}
		}
	}
	x.bloom.add(n.key)
	s := x.slot(n.key)
	if s.topics == 0 {
		x.used++
		*s = n
		return
	}
	s.topics |= n.topics
}

// slot returns that of a key, or a free one.
func (x *lexicon) slot(k uint32) *slot {
	for i := k * 0x85EBCA6B >> 8; ; i++ {
		if s := &x.slots[int(i)&(len(x.slots)-1)]; s.topics == 0 || s.key == k {
			return s
		}
	}
}

// settle completes the lexicon when all words are in.
func (x *lexicon) settle() {
	slices.SortFunc(x.words, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.want, b.want), cmp.Compare(a.mask, b.mask), cmp.Compare(a.then, b.then))
	})
	n := 0
	for _, e := range x.words {
		if n > 0 && x.words[n-1].key == e.key && x.words[n-1].want == e.want && x.words[n-1].mask == e.mask && x.words[n-1].then == e.then {
			x.words[n-1].topics |= e.topics
			continue
		}
		x.words[n] = e
		n++
	}
	x.words = x.words[:n]
	for i, e := range x.words {
		s := x.slot(e.key)
		if i == 0 || x.words[i-1].key != e.key {
			s.first = int32(i)
		}
		s.past = int32(i) + 1
	}
}

// begins returns the topics of words of which the key and the first 8 letters are
// these. What follows the word tells which another follows; nil stands for any.
func (x *lexicon) begins(k uint32, letters uint64, behind []byte) uint64 {
	if len(x.slots) == 0 {
		return 0
	}
	s := x.slot(k)
	m := uint64(0)
	for _, e := range x.words[s.first:s.past] {
		if letters&e.mask == e.want && (e.then == 0 || behind == nil || follows(behind, e.then)) {
			m |= e.topics
		}
	}
	return m
}

// follows reports whether a word that begins with c, folded, may follow, up to 3
// bytes farther.
func follows(b []byte, c byte) bool {
	for _, d := range b[:min(4, len(b))] {
		if d|0x20 == c || d >= 0x80 {
			return true
		}
	}
	return false
}

// get returns the topics of a key.
func (x *lexicon) get(k uint32) uint64 {
	if len(x.slots) == 0 {
		return 0
	}
	return x.slot(k).topics
}

// of returns the topics of a folded word.
func (x *lexicon) of(f []byte) uint64 {
	m := x.any
	if k := key4(f); x.may(k) {
		m |= x.begins(k, eight(f), nil)
	}
	if t := tail(f); x.tails[t>>6]>>(t&63)&1 == 1 {
		m |= x.ends[t]
	}
	return m
}
