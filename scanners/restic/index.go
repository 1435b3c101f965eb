package restic

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// An id is the SHA-256 of what it names.
type id [32]byte

func (i id) String() string { return hex.EncodeToString(i[:]) }

// MarshalText implements encoding.TextMarshaler.
func (i id) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *id) UnmarshalText(b []byte) error {
	if len(b) != 2*len(i) {
		return errors.New("an id of another length")
	}
	_, err := hex.Decode(i[:], b)
	return err
}

func parseID(s string) (i id, ok bool) { return i, i.UnmarshalText([]byte(s)) == nil }

// A place is where a blob lies.
type place struct {
	pack     uint32 // number of the pack
	off, len uint32 // in it, as stored
	plain    uint32 // length when unpacked; 0: it is not compressed
}

// size returns the length of the plaintext.
func (p place) size() int64 {
	if p.plain > 0 {
		return int64(p.plain)
	}
	return max(0, int64(p.len)-overhead)
}

// A prefix is the start of an id, by which a table knows it: 96 bits, which for
// 5 million blobs are the same for two of them with a probability of 10^-16.
// What is read is compared with the whole id.
type prefix [12]byte

// A blob is an entry of a table.
type blob struct {
	id prefix
	place
	// single is the number plus one of the thing whose content is this blob
	// alone, for a tree that of the tree; multi that of one whose content has it
	// among others. 0: none.
	single, multi uint32
}

// A table holds the blobs of one type by their ids: 40 bytes for each, in 256
// shares by the first byte, so that growing copies little. It is filled, sorted,
// and looked up from then on.
type table struct {
	shares [256][]blob
	first  [257]uint32 // number of the first blob of each share
}

// none is no blob.
const none = ^uint32(0)

func (t *table) add(i id, p place) {
	s := &t.shares[i[0]]
	if len(*s) == cap(*s) {
		*s = slices.Grow(*s, 16+len(*s)/8)
	}
	*s = append(*s, blob{id: prefix(i[:12]), place: p})
}

// sort makes the table ready for looking up. Of a blob that lies in several
// places the first is kept that is not gone.
func (t *table) sort(gone func(place) bool) {
	n := uint32(0)
	for k := range t.shares {
		s := t.shares[k]
		slices.SortStableFunc(s, func(a, b blob) int {
			c := bytes.Compare(a.id[:], b.id[:])
			if c == 0 {
				if g := gone(a.place); g != gone(b.place) {
					if g {
						return 1
					}
					return -1
				}
			}
			return c
		})
		s = slices.CompactFunc(s, func(a, b blob) bool { return a.id == b.id })
		t.shares[k] = s
		t.first[k] = n
		n += uint32(len(s))
	}
	t.first[256] = n
}

func (t *table) len() int { return int(t.first[256]) }

// find returns the number of a blob, or none.
func (t *table) find(i id) uint32 {
	s := t.shares[i[0]]
	want := i[:12]
	k, ok := slices.BinarySearchFunc(s, want, func(b blob, w []byte) int { return bytes.Compare(b.id[:], w) })
	if !ok {
		return none
	}
	return t.first[i[0]] + uint32(k)
}

// at returns the blob of a number.
func (t *table) at(n uint32) *blob {
	lo, hi := 0, 256
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; t.first[mid] <= n {
			lo = mid
		} else {
			hi = mid
		}
	}
	return &t.shares[lo][n-t.first[lo]]
}

// An index says which blobs there are and where they lie.
type index struct {
	data, tree table
	packs      []id
	known      map[id]uint32 // number of a pack
	size       []uint32      // of a pack, as far as blobs are known in it
}

// pack returns the number of a pack.
func (x *index) pack(p id) uint32 {
	n, ok := x.known[p]
	if !ok {
		if x.known == nil {
			x.known = map[id]uint32{}
		}
		n = uint32(len(x.packs))
		x.known[p] = n
		x.packs, x.size = append(x.packs, p), append(x.size, 0)
	}
	return n
}

// Limits of what a blob may claim, in bytes. restic cuts data into pieces of 8
// MiB at most; a tree is as long as its folder has entries.
const (
	maxData = 128 << 20
	maxTree = 1 << 30
)

func (x *index) add(tree bool, i id, p place) error {
	most := uint32(maxData)
	if tree {
		most = maxTree
	}
	if p.len < overhead || p.len > most || p.plain > most || uint64(p.off)+uint64(p.len) > 1<<32-1 {
		return errors.New("a blob whose place or length can't be")
	}
	x.size[p.pack] = max(x.size[p.pack], p.off+p.len)
	if tree {
		x.tree.add(i, p)
	} else {
		x.data.add(i, p)
	}
	return nil
}

// parse adds what an index file says (design.rst, "Indexing"). Entries that
// can't be are left out and told by the error, which comes after the rest.
func (x *index) parse(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	var wrong error
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return errors.New("an index that is no JSON object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return notJSON(err)
		}
		if name != "packs" {
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return notJSON(err)
			}
			continue
		}
		if t, err := d.Token(); err != nil || t != json.Delim('[') {
			if err == nil && t == nil {
				continue // null
			}
			return errors.New("an index without a list of packs")
		}
		for d.More() {
			var p struct {
				ID    id `json:"id"`
				Blobs []struct {
					ID     id     `json:"id"`
					Type   string `json:"type"`
					Offset uint32 `json:"offset"`
					Length uint32 `json:"length"`
					Plain  uint32 `json:"uncompressed_length"`
				} `json:"blobs"`
			}
			if err := d.Decode(&p); err != nil {
				return notJSON(err)
			}
			n := x.pack(p.ID)
			for _, b := range p.Blobs {
				if b.Type != "tree" && b.Type != "data" {
					wrong = errors.New("an index with a blob of unknown type")
					continue
				}
				if err := x.add(b.Type == "tree", b.ID, place{n, b.Offset, b.Length, b.Plain}); err != nil {
					wrong = err
				}
			}
		}
		if _, err := d.Token(); err != nil {
			return notJSON(err)
		}
	}
	return wrong
}

// notJSON leaves out what encoding/json quotes.
func notJSON(error) error { return errors.New("an index that is not JSON as it should be") }

// header adds what the decrypted header of a pack says (design.rst, "Pack
// Format").
func (x *index) header(pack uint32, b []byte) error {
	off := uint64(0)
	for len(b) > 0 {
		kind := b[0]
		n := 1 + 4 + 32
		if kind&2 != 0 {
			n += 4
		}
		if kind > 3 || len(b) < n {
			return errors.New("a pack's header with an entry of unknown type")
		}
		p := place{pack: pack, off: uint32(off), len: binary.LittleEndian.Uint32(b[1:])}
		rest := b[5:]
		if kind&2 != 0 {
			p.plain = binary.LittleEndian.Uint32(rest)
			rest = rest[4:]
		}
		if err := x.add(kind&1 != 0, id(rest[:32]), p); err != nil {
			return fmt.Errorf("a pack's header: %w", err)
		}
		off += uint64(p.len)
		b = b[n:]
	}
	return nil
}
