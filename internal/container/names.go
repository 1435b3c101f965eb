package container

import (
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/spoor-scan/spoor/scanners"
)

// exactNames is how many names are remembered exactly; bloomBits is the size of
// the filter that follows. They are halved for each level above an archive, down
// to the least, so that archives within each other take no more memory together
// than two.
const (
	exactNames      = 1 << 17
	bloomBits       = 1 << 25
	leastExactNames = 1 << 10
	leastBloomBits  = 1 << 18
)

// names gives the members of one archive their steps, in bounded memory and in
// the same way each time: a step is the name as stored without leading "/" and
// "./". The second member of one name has ";2" appended, the third ";3", or the
// next number that makes no name that came before. Behind 131,072 names, fewer in a nested archive, what
// seems to be a repeated name has ";" and the member's number within the archive
// appended.
type names struct {
	depth int // levels above
	n     int
	seen  map[uint64]uint32 // hash of a step: the last number that was appended to it
	bloom []uint64
}

func (s *names) step(name string) string {
	for {
		t := strings.TrimPrefix(strings.TrimLeft(name, "/"), "./")
		if t == name {
			break
		}
		name = t
	}
	if name == "" {
		name = "unnamed"
	}
	s.n++
	if s.seen == nil {
		s.seen = map[uint64]uint32{}
	}
	if s.bloom == nil && len(s.seen) >= max(exactNames>>s.depth, leastExactNames) {
		s.bloom = make([]uint64, max(bloomBits>>s.depth, leastBloomBits)/64)
		for h := range s.seen {
			s.mark(h)
		}
		s.seen = map[uint64]uint32{}
	}
	h := hash(name)
	if s.bloom != nil {
		if s.mark(h) {
			return name
		}
		name = fmt.Sprintf("%s;%d", name, s.n)
		s.mark(hash(name))
		return name
	}
	last, ok := s.seen[h]
	if !ok {
		s.seen[h] = 1
		return name
	}
	for {
		last++
		next := fmt.Sprintf("%s;%d", name, last)
		if k := hash(next); s.seen[k] == 0 {
			s.seen[k] = 1
			s.seen[h] = last
			return next
		}
	}
}

// mark adds a hash to the filter, and reports whether it was new.
func (s *names) mark(h uint64) (added bool) {
	bits := uint64(len(s.bloom)) * 64
	for range 5 {
		h = h*6364136223846793005 + 1442695040888963407
		i := h >> 32 % bits
		if s.bloom[i/64]&(1<<(i%64)) == 0 {
			s.bloom[i/64] |= 1 << (i % 64)
			added = true
		}
	}
	return added
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s)
	return h.Sum64()
}

// pathField returns a name as a field of its member's record. Names that are
// not UTF-8 are taken to be in the code page cm.
func pathField(name string, cm *charmap.Charmap) scanners.Field {
	return field("path", name, cm)
}

func field(name, value string, cm *charmap.Charmap) scanners.Field {
	if !utf8.ValidString(value) {
		if s, err := cm.NewDecoder().String(value); err == nil {
			value = s
		}
	}
	return scanners.Field{Name: name, Value: value}
}

// lastName returns the last element of a member's name.
func lastName(name string) string { return path.Base(name) }
