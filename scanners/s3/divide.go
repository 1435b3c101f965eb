package s3

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A span is a share of the keys of a bucket: those behind After, up to and
// including Upto. General purpose buckets are listed in the order of the bytes of
// their keys (S3 user guide, "Listing object keys programmatically"), so that
// spans with common bounds hold every key exactly once, wherever these lie.
type span struct {
	After []byte `json:"after,omitempty"` // empty: from the first key on
	Upto  []byte `json:"upto,omitempty"`  // empty: to the last
	Next  []byte `json:"next,omitempty"`  // what came behind Upto when the bucket was divided
	Phase string `json:"phase,omitempty"` // what is listed; empty where that was not asked
}

func (sp span) first() bool { return len(sp.After) == 0 }
func (sp span) last() bool  { return len(sp.Upto) == 0 }

// spanOf returns the span of a part.
func spanOf(p scanners.Part) (sp span, ok bool) {
	if p.Range == "" {
		return span{}, true
	}
	return sp, json.Unmarshal([]byte(p.Range), &sp) == nil
}

// split returns a bucket as one part, or as several of which each is a listing of
// its own where it has more than a page. Whatever can't be found out leaves it
// whole: its listing will tell.
func (s *source) split(ctx context.Context, bucket string) []scanners.Part {
	whole := s.part(bucket)
	if s.connections == 1 {
		return []scanners.Part{whole}
	}
	phase, _, err := s.phase(ctx, bucket)
	if err != nil {
		return []scanners.Part{whole}
	}
	d := &divider{s: s, ctx: ctx, bucket: bucket, fetch: s.objectsPage, parts: 2 * s.connections, probes: 4*s.connections + 8}
	if phase == versionsPhase {
		d.fetch = s.versionsPage
	}
	d.run()
	if d.disorder || len(d.bounds) == 0 {
		return []scanners.Part{whole}
	}
	var parts []scanners.Part
	after := ""
	for _, b := range append(d.bounds, bound{}) {
		p, sp := whole, span{After: []byte(after), Upto: []byte(b.at), Next: []byte(b.next), Phase: phase}
		if after != "" {
			// A bound is the beginning of a key, which may be about a person.
			sum := sha256.Sum256([]byte(after))
			p.ID += "/" + base64.RawURLEncoding.EncodeToString(sum[:9])
		}
		r, _ := json.Marshal(sp)
		p.Range = string(r)
		parts = append(parts, p)
		after = b.at
	}
	return parts
}

var errDisorder = errors.New("the server does not list keys in their order, so that its listing can't be divided; set connections: 1")

// within returns those of the entries of a page that are in the walk's span, and
// whether that ends with them.
func (w *walk) within(pg page, entries []entry, fetch fetch) (in []entry, over bool, err error) {
	if w.span.first() && w.span.last() {
		return entries, false, nil
	}
	last := string(w.span.After)
	for i, e := range entries {
		if pg.spoilt(e.key) {
			continue // nobody knows where it stands: the next span may have it too
		}
		if e.key < last {
			return nil, false, errDisorder
		}
		last = e.key
		if w.span.last() || e.key <= string(w.span.Upto) {
			continue
		}
		if e.key < string(w.span.Next) {
			// Either it is new, or the server has another order, in which the next
			// span would not begin with it.
			pg, err := fetch(w.ctx, w.bucket, w.prefix, string(w.span.Upto), "", 1)
			if err != nil {
				return nil, false, err
			}
			if len(pg.entries) == 0 || pg.entries[0].key > e.key && !pg.spoilt(pg.entries[0].key) {
				return nil, false, errDisorder
			}
		}
		return entries[:i], true, nil
	}
	return entries, false, nil
}

// A divider looks for keys between which a bucket can be divided. It knows
// nothing of what delimits names: it asks for what comes next behind a key that
// need not exist.
type divider struct {
	s             *source
	ctx           context.Context
	bucket        string
	fetch         fetch
	parts, probes int // how many more there may be

	regions  []region // that have more than a page, to be divided
	bounds   []bound
	disorder bool // the listing is not in the order of keys, or can't be asked
}

// A region is the keys that begin alike. First and last are two of them.
type region struct{ prefix, first, last string }

// A bound is where a span ends, and the key that comes next.
type bound struct{ at, next string }

// page returns the listing behind a marker.
func (d *divider) page(marker string, limit int32) (pg page, ok bool) {
	if d.probes--; d.probes < 0 || d.disorder {
		return page{}, false
	}
	pg, err := d.fetch(d.ctx, d.bucket, d.s.prefix, marker, "", limit)
	if err != nil {
		d.disorder = true
		return page{}, false
	}
	last := marker
	for _, e := range pg.entries {
		if e.key < last || pg.spoilt(e.key) || !strings.HasPrefix(e.key, d.s.prefix) {
			d.disorder = true
			return page{}, false
		}
		last = e.key
	}
	return pg, len(pg.entries) > 0
}

// run looks for bounds, those of short beginnings first.
func (d *divider) run() {
	pg, ok := d.page("", d.s.pageSize)
	if !ok || !pg.more {
		return
	}
	if !d.anywhere(pg) {
		d.disorder = true
		return
	}
	d.regions = []region{{d.s.prefix, pg.entries[0].key, pg.entries[len(pg.entries)-1].key}}
	for len(d.regions) > 0 && d.parts > 0 && d.probes > 0 && !d.disorder {
		r := d.regions[0]
		d.regions = d.regions[1:]
		d.divide(r)
	}
	slices.SortFunc(d.bounds, func(a, b bound) int { return strings.Compare(a.at, b.at) })
	d.bounds = slices.CompactFunc(d.bounds, func(a, b bound) bool { return a.at == b.at })
}

// anywhere reports whether the listing can begin behind a key that is not there,
// as far as a page can tell: there are servers that then leave one out.
func (d *divider) anywhere(pg page) bool {
	for i, e := range pg.entries[1:] {
		between := pg.entries[i].key + "!"
		if between >= e.key || pg.entries[i].key == e.key {
			continue
		}
		next, ok := d.page(between, 1)
		return ok && next.entries[0].key == e.key
	}
	return true
}

// divide divides a region.
func (d *divider) divide(r region) {
	// At the first place at which its keys differ there are several letters. It
	// lies no further back than where first and last do.
	lo, hi := len(r.prefix), common(r.first, r.last)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if next := d.behind(r.first[:mid+1], 1); len(next) > 0 && strings.HasPrefix(next[0].key, r.prefix) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo >= len(r.first) {
		return
	}
	// Letter by letter.
	share := r.first[:lo+1]
	if strings.HasPrefix(r.last, share) {
		d.regions = append(d.regions, region{share, r.first, r.last})
	}
	for d.parts > 0 {
		next := d.behind(share, probe)
		if len(next) == 0 || !strings.HasPrefix(next[0].key, r.prefix) || len(next[0].key) <= lo {
			return
		}
		first, last := next[0].key, next[len(next)-1].key
		d.bounds = append(d.bounds, bound{after(share), first})
		d.parts--
		share = first[:lo+1]
		if strings.HasPrefix(last, share) && len(next) > 1 {
			d.regions = append(d.regions, region{share, first, last})
		}
	}
}

// probe is how many keys are asked for where a region may begin: if all are of the
// region, it is worth to be divided.
const probe = 32

// behind returns a page of what comes behind the keys that begin with share.
func (d *divider) behind(share string, limit int32) []entry {
	marker := after(share)
	if marker == "" {
		return nil
	}
	pg, _ := d.page(marker, limit)
	return pg.entries
}

// after returns a key behind all those that begin with share; behind itself there
// are the next. It is empty where there is none that every server understands.
func after(share string) string {
	n := len(share)
	odd := func(r rune) bool { return r < ' ' || r >= '~' }
	if n == 0 || strings.IndexFunc(share, odd) >= 0 {
		return ""
	}
	return share[:n-1] + string(rune(share[n-1]+1))
}

func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
