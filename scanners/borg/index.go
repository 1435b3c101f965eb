package borg

import "hash/maphash"

// An id names an object of the repository.
type id [32]byte

// nowhere is the segment of an object that is named and not there.
const nowhere = 1<<32 - 1

// An object is where the current value of a name lies.
type object struct {
	id     id
	seg    uint32
	offset uint32 // of its entry
}

// blockLen is how many values a series makes room for at once.
const blockLen = 1 << 12

// A series is a slice that grows without being copied.
type series[T any] struct {
	blocks []*[blockLen]T
	n      uint32
}

func (s *series[T]) at(i uint32) *T { return &s.blocks[i/blockLen][i%blockLen] }

func (s *series[T]) add(v T) uint32 {
	if s.n%blockLen == 0 {
		s.blocks = append(s.blocks, new([blockLen]T))
	}
	i := s.n
	s.n++
	*s.at(i) = v
	return i
}

// An index finds objects by their names. It takes 40 bytes for each, and 6 to 12
// for the table in which these are found; it grows without being copied.
type index struct {
	series[object]
	table table
}

// find returns the number of the object with a name.
func (x *index) find(name *id) (uint32, bool) {
	return x.table.find(name[:], func(i uint32) bool { return x.at(i).id == *name })
}

// number returns the number of the object with a name, which is new where there
// was none.
func (x *index) number(name *id) uint32 {
	if i, ok := x.find(name); ok {
		return i
	}
	i := x.add(object{id: *name, seg: nowhere})
	x.table.put(name[:], i, func(i uint32) []byte { return x.at(i).id[:] })
	return i
}

// A bitset says of numbers whether something holds.
type bitset []uint64

func (b bitset) has(n uint32) bool { return int(n/64) < len(b) && b[n/64]>>(n%64)&1 == 1 }

func (b *bitset) set(n uint32, to bool) {
	for int(n/64) >= len(*b) {
		if !to {
			return
		}
		*b = append(*b, 0)
	}
	if to {
		(*b)[n/64] |= 1 << (n % 64)
	} else {
		(*b)[n/64] &^= 1 << (n % 64)
	}
}

// A table is a hash table of numbers, by open addressing; what they stand for
// lies elsewhere. Its hash is a keyed one, so that nobody can choose names that
// fall together.
type table struct {
	seed  maphash.Seed
	slots []uint32 // number + 1; 0: free
	n     int
}

// find returns the number of what has a name, which is tells.
func (t *table) find(name []byte, is func(uint32) bool) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	for at := t.slot(name); ; at = (at + 1) % len(t.slots) {
		v := t.slots[at]
		if v == 0 {
			return 0, false
		}
		if is(v - 1) {
			return v - 1, true
		}
	}
}

func (t *table) slot(name []byte) int {
	return int((maphash.Bytes(t.seed, name) >> 32) * uint64(len(t.slots)) >> 32)
}

// put adds a number that is not there; again returns the name of one that is.
func (t *table) put(name []byte, v uint32, again func(uint32) []byte) {
	if t.n*4 >= len(t.slots)*3 {
		if t.slots == nil {
			t.seed = maphash.MakeSeed()
		}
		old := t.slots
		t.slots = make([]uint32, max(64, len(old)*3/2))
		for _, o := range old {
			if o != 0 {
				t.place(again(o-1), o)
			}
		}
	}
	t.place(name, v+1)
	t.n++
}

func (t *table) place(name []byte, stored uint32) {
	at := t.slot(name)
	for t.slots[at] != 0 {
		at = (at + 1) % len(t.slots)
	}
	t.slots[at] = stored
}
