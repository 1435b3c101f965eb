package engine

import (
	"strings"
	"sync/atomic"
)

// Progress counts what a scan has done so far. It is safe for concurrent use;
// the zero value and nil count nothing.
type Progress struct{ sources []*Counter }

// NewProgress returns a Progress for sources with these names.
func NewProgress(names ...string) *Progress {
	p := &Progress{}
	for _, n := range names {
		p.sources = append(p.sources, &Counter{Name: n})
	}
	return p
}

// Sources returns the counters, in the order of the names.
func (p *Progress) Sources() []*Counter { return p.sources }

func (p *Progress) source(i int) *Counter {
	if p == nil || i >= len(p.sources) {
		return &Counter{}
	}
	return p.sources[i]
}

// A Counter counts for one source.
type Counter struct {
	Name string

	units, bytes       atomic.Int64
	findings, gaps     atomic.Int64
	allUnits, allBytes atomic.Int64
	unknown, finished  atomic.Bool
}

// A Snapshot is a Counter at one moment.
type Snapshot struct {
	Units, Bytes, Findings, Gaps int64
	// AllUnits and AllBytes estimate the whole source; -1 where unknown.
	AllUnits, AllBytes int64
	Done               bool
}

// Snapshot reads the counter.
func (c *Counter) Snapshot() Snapshot {
	s := Snapshot{
		Units: c.units.Load(), Bytes: c.bytes.Load(), Findings: c.findings.Load(), Gaps: c.gaps.Load(),
		AllUnits: c.allUnits.Load(), AllBytes: c.allBytes.Load(), Done: c.finished.Load(),
	}
	if c.unknown.Load() {
		s.AllUnits, s.AllBytes = -1, -1
	}
	return s
}

func (c *Counter) add(units, findings, gaps int64) {
	c.units.Add(units)
	c.findings.Add(findings)
	c.gaps.Add(gaps)
}

func (c *Counter) expect(units, bytes int64) {
	if units < 0 || bytes < 0 {
		c.unknown.Store(true)
		return
	}
	c.allUnits.Add(units)
	c.allBytes.Add(bytes)
}

func (c *Counter) done() { c.finished.Store(true) }

// panicSite returns the function in which a panic arose, from the stack of a
// deferred function: the frame behind the last call of panic.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "panic(") {
			for j := i + 2; j < len(lines); j += 2 {
				name, _, _ := strings.Cut(lines[j], "(0x")
				name, _, _ = strings.Cut(name, "({")
				if !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "panic") {
					return name[strings.LastIndexByte(name, '/')+1:]
				}
			}
		}
	}
	return "unknown place"
}
