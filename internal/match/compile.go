package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// maxClass is the length from which on literals are not told apart when they
// are grouped.
const maxClass = 16

// nearOffsets is the binary logarithm of the bytes up to which a table of offsets
// is made sparse; larger ones had better be small.
const nearOffsets = 18

// A shape is how the literals of a group are sampled.
type shape struct{ size, step int }

// compileGrams groups literals by length and compiles the groups. One pass over
// the text is made per group; the shorter its shortest literal, the denser.
func compileGrams(lits []literal, text []byte) []*grams {
	if len(lits) == 0 {
		return nil
	}
	var count [maxClass + 1]int
	for _, l := range lits {
		count[min(int(l.length), maxClass)]++
	}
	// best[i] is the cheapest way to match the literals of class i and more.
	var best [maxClass + 2]float64
	var next [maxClass + 2]int
	var with [maxClass + 2]shape
	for i := maxClass; i >= 1; i-- {
		if count[i] == 0 {
			best[i], next[i] = best[i+1], next[i+1]
			with[i] = with[i+1]
			if next[i] == 0 {
				next[i] = maxClass + 1
			}
			continue
		}
		best[i] = math.Inf(1)
		n := 0
		for j := i + 1; j <= maxClass+1; j++ {
			n += count[j-1]
			s, c := cheapest(i, n)
			if c += best[j]; c < best[i] {
				best[i], next[i], with[i] = c, j, s
			}
		}
	}
	m := model(lits, text)
	var all []*grams
	for i := 1; i <= maxClass; {
		for i <= maxClass && count[i] == 0 {
			i++
		}
		if i > maxClass {
			break
		}
		j := next[i]
		n := 0
		for _, c := range count[i:min(j, maxClass+1)] {
			n += c
		}
		own := make([]literal, 0, n)
		for _, l := range lits {
			if c := min(int(l.length), maxClass); i <= c && c < j {
				own = append(own, l)
			}
		}
		all = append(all, newGrams(own, with[i], m))
		i = j
	}
	return all
}

// cheapest returns the shape for n literals of at least length bytes whose
// passage over the text costs least, and that cost per byte.
func cheapest(length, n int) (best shape, cost float64) {
	// What a probe costs beside itself, in nanoseconds, for a thousand grams
	// of so many bytes, as measured on a mixed text; it grows more slowly than
	// they do, since people share what is frequent.
	const growth = 0.65
	hits := [...]float64{1: 25, 2: 6, 3: 1.2, 4: 0.33, 5: 0.13, 6: 0.055, 7: 0.041, 8: 0.023}
	const pass = 0.1 // more tables that wear out the caches
	cost = math.Inf(1)
	for size := 1; size <= min(8, length); size++ {
		step := min(length-size+1, 8)
		grams := float64(n * step)
		by := hits[size]*math.Pow(grams/1000, growth) + 20*grams/float64(bitmapSize(n*step)) // true and false
		probe := 1.2
		if n*step > 1<<17 {
			probe = 1.5 // the bitmap doesn't fit the second cache
		}
		if c := pass + (probe+by)/float64(step); c < cost {
			best, cost = shape{size, step}, c
		}
	}
	return best, cost
}

// bitmapSize returns the bits in the bitmap of so many grams, a power of two:
// enough of them for few false hits, and few enough for the near caches.
func bitmapSize(grams int) int {
	switch {
	case grams <= 1<<11:
		return 1 << 18
	case grams <= 1<<14:
		return 1 << 20
	case grams <= 1<<17:
		return 1 << 21
	case grams <= 1<<20:
		return 1 << 23
	}
	return 1 << 24
}

func newGrams(lits []literal, s shape, m *textModel) *grams {
	g := &grams{size: s.size, step: s.step, width: s.size + s.step - 1}
	g.offsetMul = uint64(mulOffset) << (64 - 8*g.size)
	g.last = uint8(64 - 8*min(g.width, 8))

	// The window of each literal. Those that are found together stand together:
	// all with the same hash, for in the end the literals are compared.
	type chosen struct {
		hash    uint64
		literal uint32
		window  uint16
	}
	wins := make([]chosen, len(lits))
	g.text = m.text
	sel := m.selector(g)
	for i, l := range lits {
		at := sel.choose(l)
		wins[i] = chosen{g.hash(g.text, int(l.at)+at), uint32(i), uint16(at)}
	}
	slices.SortFunc(wins, func(a, b chosen) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		return cmp.Compare(lits[a.literal].pattern, lits[b.literal].pattern)
	})
	windows := 0
	g.entries = make([]entry, len(wins))
	for i, w := range wins {
		l := lits[w.literal]
		g.entries[i] = entry{text: l.at, pattern: l.pattern, length: l.length, window: w.window}
		if i+1 == len(wins) || wins[i+1].hash != w.hash {
			g.entries[i].last = true
			windows++
		}
	}

	n := bitmapSize(windows * g.step)
	g.bitmap, g.lanes = make([]uint64, n/64), newLanes(g.size, g.step, log2(n))
	k := log2(3 * windows * g.step)
	if k > nearOffsets {
		k = max(nearOffsets, log2(windows*g.step))
	}
	g.offsets, g.offsetShift = make([]uint8, 1<<k), uint8(64-k)
	k = max(1, log2(16*windows)-6)
	g.bloom, g.bloomShift = make([]uint64, 1<<k), uint8(64-k)
	k = log2(windows + windows/2)
	g.slots, g.slotShift = make([]slot, 1<<k), uint8(64-k)
	for i, w := range wins {
		h := w.hash
		at := int(lits[w.literal].at) + int(w.window)
		// All windows with this hash, should they not be the same.
		for o := range g.step {
			x := load(g.text, at+o) | folded
			h := g.lanes.bit(x)
			g.bitmap[h>>6] |= 1 << (h & 63)
			g.offsets[x*g.offsetMul>>g.offsetShift] |= 1 << o
		}
		if i > 0 && wins[i-1].hash == h {
			continue
		}
		g.bloom[h>>g.bloomShift] |= 1<<(h&63) | 1<<(h>>6&63)
		j := int(h >> g.slotShift)
		for g.slots[j].first != 0 {
			j = (j + 1) & (len(g.slots) - 1)
		}
		g.slots[j] = slot{uint32(h), uint32(i) + 1}
	}
	return g
}

// log2 returns the least k with 1<<k >= n, at least 1.
func log2(n int) int { return max(1, bits.Len(uint(n-1))) }
