package engine

import (
	"sort"
	"strings"

	"github.com/spoor-scan/spoor/internal/activity"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// place is what activities are told of a place.
func place(s Source, ref scanners.Ref) activity.Place {
	return activity.Place{Source: s.Info.Name, Root: s.Info.URI, Place: ref.Place, URI: ref.URI}
}

// leaves reports whether what a ref names is left out, as the host holds it for
// others and nobody instructed it to look.
func (r *run) leaves(s Source, ref scanners.Ref) (activity.Scope, bool) {
	if r.Activities == nil {
		return activity.Scope{}, false
	}
	return r.Activities.Leaves(place(s, ref), true)
}

// A leftScope is what is left out as a whole, and counted together.
type leftScope struct{ source, activity, uri string }

// A leftCount counts what is left out.
type leftCount struct {
	place        string
	units, bytes int64 // of the source; counted in the ledger where they are named
	inside       int64 // of what lies in an item of the source; the ledger has these
}

// maxLeft bounds how many scopes of a run are named each by itself; the rest
// counts for their sources.
const maxLeft = 10_000

// leave counts what is left out, and names it once for each scope.
func (r *run) leave(s Source, scope activity.Scope, ref scanners.Ref, units, bytes, inside int64) {
	k := leftScope{s.Info.Name, scope.Activity, scope.URI}
	if k.uri == "" {
		k.uri = ref.Group.URI
	}
	shown := ref.Group.Place
	if shown == "" {
		shown = ref.Place
	}
	if k.uri == "" {
		k.uri, shown = s.Info.URI, s.Info.Name
	} else if ref.Group.Place == "" && k.uri != ref.URI && len(k.uri) < len(ref.URI) {
		// The names of folders may be those of people.
		outer, _ := cutLast(shown, " / ")
		shown = outer + " / folder"
	}
	if k.uri == s.Info.URI {
		shown = s.Info.Name
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == nil {
		r.left = map[leftScope]*leftCount{}
	}
	n := r.left[k]
	if n == nil && len(r.left) >= maxLeft {
		k.uri, shown = s.Info.URI, s.Info.Name
		n = r.left[k]
	}
	if n == nil {
		n = &leftCount{place: shown}
		r.left[k] = n
	}
	n.units += units
	n.bytes += bytes
	n.inside += inside
}

func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return s, ""
}

// leaveItem counts an item of a source that is left out.
func (r *run) leaveItem(b *batch, it scanners.Item, scope activity.Scope) {
	units, size := int64(1), max(it.Size, 0)
	switch {
	case it.Uncounted:
		units, size = 0, 0
	case it.Block != nil:
		units, size = int64(it.Block.Rows()), it.Block.Bytes()
	case it.Same != "" && !r.col.Alias("\x00left\x00"+it.Same, it.Ref.URI):
		units, size = 0, 0
	}
	b.mu.Lock()
	b.units += units
	b.size += size
	b.mu.Unlock()
	b.counter.add(units, 0, 0)
	r.leave(b.source, scope, it.Ref, units, size, 0)
}

// nameLeft puts what was left out of a source into the ledger.
func (r *run) nameLeft(b *batch, s scanners.Info) {
	r.mu.Lock()
	var keys []leftScope
	for k := range r.left {
		if k.source == s.Name {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].uri < keys[j].uri || keys[i].uri == keys[j].uri && keys[i].activity < keys[j].activity
	})
	u := &unit{run: r, source: b.source}
	for _, k := range keys {
		n := r.left[k]
		u.exclusions = append(u.exclusions, inventory.Exclusion{
			Source: s.Name, URI: k.uri, Place: r.shown(n.place), Reason: string(scanners.NoInstruction), Detail: r.Activities.WhyLeft(k.activity),
			Units: n.units + n.inside, Bytes: n.bytes,
		})
		u.cov.Units.Found += n.units
		u.cov.Units.Excluded += n.units
		u.cov.Bytes.Found += n.bytes
		u.cov.Bytes.Excluded += n.bytes
	}
	r.mu.Unlock()
	if len(keys) > 0 {
		b.add(u)
	}
}

// leavesRows reports whether the rows of a block that came out of a document are
// left out.
func (r *run) leavesRows(rec *record, b *scanners.Block) bool {
	if r.Activities == nil || b.Rows() == 0 || b.Refs == nil {
		return false
	}
	own := b.Refs(0, strings.Repeat("0", 32), 1)
	ref := rec.ref
	ref.URI += own.URI
	ref.Place += " / " + own.Place
	scope, left := r.leaves(rec.unit.source, ref)
	if left {
		ref.Group = scanners.Group{URI: rec.ref.URI, Place: strings.TrimSuffix(ref.Place, " / row")}
		scope.URI = rec.ref.URI + strings.TrimSuffix(cutQuery(own.URI), "/")
		r.leave(rec.unit.source, scope, ref, 0, 0, 0)
	}
	return left
}

func cutQuery(uri string) string {
	before, _, _ := strings.Cut(uri, "?")
	return before
}

// leavesMember reports whether a member of a container is left out, and counts
// it.
func (r *run) leavesMember(sub *record) bool {
	scope, left := r.leaves(sub.unit.source, sub.ref)
	if left {
		sub.unit.cov.Units.Found++
		sub.unit.cov.Units.Excluded++
		ref := sub.ref
		ref.Group = scanners.Group{}
		r.leave(sub.unit.source, scope, ref, 0, 0, 1)
	}
	return left
}

// leavesTable reports whether a table of a database is left out, by its name as
// links have it.
func (r *run) leavesTable(s Source, table string) bool {
	if r.Activities == nil {
		return false
	}
	// A database of PostgreSQL stands in front of the schema; rows tell it.
	_, left := r.Activities.Leaves(activity.Place{Source: s.Info.Name, Root: s.Info.URI, Place: strings.ReplaceAll(table, ".", " / ")}, false)
	return left
}

// assigned returns the activities of a record.
func (rec *record) assigned() []int {
	if !rec.known {
		rec.acts, rec.known = rec.unit.run.Activities.At(place(rec.unit.source, rec.ref)), true
	}
	return rec.acts
}

// nameWithheld names what was not reported for want of an instruction for a
// person, whether or not there was anything: it tells nothing of them.
func (r *run) nameWithheld(b *batch, s scanners.Info) {
	if r.Activities == nil {
		return
	}
	for i, a := range r.Activities.Rules() {
		if _, left := r.Activities.Leaves(activity.Place{Source: s.Name, Root: s.URI, URI: s.URI}, true); left {
			return // all of it is named
		}
		if a.Role != "processor" || !r.Activities.Touches(i, activity.Place{Source: s.Name, Root: s.URI, URI: s.URI}) {
			continue
		}
		for p := range r.Subjects {
			if r.Subjects[p].Planted == nil && !r.Activities.May(p, []int{i}) && r.Activities.Instruction(i, -1) != "" {
				b.note(&scanners.Exclusion{
					URI: s.URI, Place: s.Name, Reason: scanners.NoInstruction,
					Detail: "held as processor (activity " + a.ID + "); no instruction is about the subject " + r.Subjects[p].ID,
				})
			}
		}
	}
}

// A bareKey is a place that no activity covers.
type bareKey struct{ source, place string }

// maxBare bounds how many places that no activity covers are listed.
const maxBare = 1000

// unassigned notes the place of a part in which an item is that no activity
// covers, and reports whether this is one.
func (r *run) unassigned(s Source, p scanners.Part, ref scanners.Ref) bool {
	if len(r.Activities.At(place(s, ref))) > 0 {
		return false
	}
	where := ref.Group.Place
	if where == "" {
		where = p.Place
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bare == nil {
		r.bare = map[bareKey]struct{}{}
	}
	if len(r.bare) < maxBare {
		r.bare[bareKey{s.Info.Name, where}] = struct{}{}
	}
	return !strings.Contains(p.Place, " tables from ") // of several tables
}

// activities returns those of the report: those of the configuration, and one
// for what they do not cover.
func (r *run) activities() []inventory.Activity {
	out := []inventory.Activity{}
	for i, a := range r.Activities.Rules() {
		if a.Role == "processor" && a.Instruction == nil {
			if in := r.Activities.Instruction(i, -1); in != "" {
				a.Instruction = &in
			}
		}
		out = append(out, a.Activity)
	}
	none := inventory.Activity{ID: activity.Unassigned, Role: activity.Unassigned, DataSubjects: []string{}, Recipients: []inventory.Recipient{}}
	for k := range r.bare {
		none.Places = append(none.Places, inventory.UnassignedPlace{Source: k.source, Place: r.shown(k.place)})
	}
	sort.Slice(none.Places, func(i, j int) bool {
		a, b := none.Places[i], none.Places[j]
		return a.Source < b.Source || a.Source == b.Source && a.Place < b.Place
	})
	return append(out, none)
}
