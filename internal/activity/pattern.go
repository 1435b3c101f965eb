package activity

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/spoor-scan/spoor/scanners"
)

// A pattern covers a place when its steps match those of the place or of what the
// place lies in, from the start: what covers a folder covers all that is in it.
type pattern struct {
	kind  kind
	steps []step
	rank  rank
}

// A step matches one step of a place, or any number of them.
type step struct {
	text    string
	any     bool // "**"
	literal bool
	tenant  bool // "{tenant}" stands in it
}

// A kind says what a pattern is compared with.
type kind uint8

const (
	anchored kind = iota // the source's name, then the place or path in it
	loose                // the place in any source
	path                 // a path, that of the file or that inside a container
	uri                  // the URI
)

// A rank tells which of two patterns that match is the more specific: the one
// that reaches into a source, then the one that reaches into more of the
// containers on the way, then the one that names more steps, then the one of which
// more characters are written out.
type rank struct {
	inside     bool
	depth      int
	named, lit int
}

func (r rank) compare(o rank) int {
	switch {
	case r.inside != o.inside:
		if r.inside {
			return 1
		}
		return -1
	case r.depth != o.depth:
		return r.depth - o.depth
	case r.named != o.named:
		return r.named - o.named
	}
	return r.lit - o.lit
}

// compile reads a pattern. sources are the names of the sources of the run.
func compile(text string, sources []string) []pattern {
	var out []pattern
	for _, alt := range alternatives(text) {
		out = append(out, compileOne(alt, sources))
	}
	return out
}

// maxAlternatives bounds what the braces of a pattern stand for.
const maxAlternatives = 256

// alternatives writes out the braces of a pattern, as "{a,b}", but for
// "{tenant}".
func alternatives(text string) []string {
	for from := 0; ; {
		open := strings.IndexByte(text[from:], '{')
		if open < 0 {
			return []string{text}
		}
		open += from
		if open > 0 && text[open-1] == '\\' {
			from = open + 1
			continue
		}
		depth, end, commas := 0, -1, []int{open}
		for i := open; i < len(text) && end < 0; i++ {
			switch text[i] {
			case '\\':
				i++
			case '{':
				depth++
			case '}':
				if depth--; depth == 0 {
					end = i
				}
			case ',':
				if depth == 1 {
					commas = append(commas, i)
				}
			}
		}
		if end < 0 {
			return []string{text}
		}
		if len(commas) == 1 {
			from = open + 1 // "{tenant}", or "{x}"
			continue
		}
		var out []string
		for i, at := range commas {
			to := end
			if i+1 < len(commas) {
				to = commas[i+1]
			}
			for _, s := range alternatives(text[:open] + text[at+1:to] + text[end+1:]) {
				if len(out) < maxAlternatives {
					out = append(out, s)
				}
			}
		}
		return out
	}
}

func compileOne(text string, sources []string) pattern {
	var p pattern
	texts := steps(text)
	switch {
	case strings.Contains(text, "://"):
		p.kind = uri
	case strings.HasPrefix(text, "/"):
		p.kind, texts = path, texts[1:]
	}
	for _, t := range texts {
		s := step{text: t, any: t == "**", literal: !strings.ContainsAny(t, "*?[\\{"), tenant: strings.Contains(t, "{tenant}")}
		if strings.Trim(t, "*") != "" {
			p.rank.named++
			p.rank.lit += len(strings.Trim(t, "*?"))
		}
		p.steps = append(p.steps, s)
	}
	for n := len(p.steps); n > 1 && p.steps[n-1].any; n-- {
		p.steps = p.steps[:n-1] // what is in a place belongs to it anyway
	}
	if p.kind == anchored {
		p.kind = loose
		for _, s := range sources {
			if p.steps[0].any || p.steps[0].matches(s) {
				p.kind = anchored
			}
		}
	}
	p.rank.inside = p.kind != anchored || len(p.steps) > 1
	return p
}

// steps cuts a pattern or a place into steps, with or without spaces around the
// slashes.
func steps(s string) []string {
	if strings.Contains(s, " /") || strings.Contains(s, "/ ") {
		s = strings.NewReplacer(" / ", "/", " /", "/", "/ ", "/").Replace(s)
	}
	return strings.Split(s, "/")
}

func (s step) matches(name string) bool {
	if s.literal {
		return s.text == name
	}
	ok, err := doublestar.Match(s.text, name)
	return ok && err == nil
}

// match returns how many steps of a place, from its start, a pattern needs; ok is
// false where it does not match it.
func match(pat []step, place []string) (n int, ok bool) {
	for len(pat) > 0 {
		anywhere := pat[0].any
		if anywhere {
			pat = pat[1:]
		}
		end := slices.IndexFunc(pat, func(s step) bool { return s.any })
		if end < 0 {
			end = len(pat)
		}
		// What stands between two "**" is taken where it first fits: that leaves the
		// most for the rest, so that no later place need be tried.
		for !starts(pat[:end], place[n:]) {
			if n++; !anywhere || n > len(place) {
				return 0, false
			}
		}
		n += end
		pat = pat[end:]
	}
	return n, true
}

// starts reports whether a place starts with steps, none of which is any number.
func starts(pat []step, place []string) bool {
	if len(pat) > len(place) {
		return false
	}
	for i, s := range pat {
		if !s.matches(place[i]) {
			return false
		}
	}
	return true
}

// reaches reports whether a pattern could match something that lies in a place,
// but not the place itself.
func reaches(pat []step, place []string) bool {
	for i, s := range pat {
		switch {
		case len(place) == 0, s.any:
			return true
		case !s.matches(place[0]):
			return false
		}
		place = place[1:]
		if i == len(pat)-1 {
			return false // it matches the place
		}
	}
	return false
}

// A way is what a place is called in one of the ways in which patterns call
// it.
type way struct {
	kind  kind
	steps []string
	ends  []int // where each step ends in the URI; nil: it is not one of a URI
	base  int   // how many containers lie around its first step
	cuts  []int // after how many steps it enters each further one
}

// depth returns how many containers lie around the last of n steps.
func (w way) depth(n int) int {
	d := w.base
	for _, c := range w.cuts {
		if c < n {
			d++
		}
	}
	return d
}

// A Place is one that is to be assigned.
type Place struct {
	Source string // its name
	Root   string // URI of the source
	Place  string // as reports show it; may be empty
	URI    string // may be empty
}

// ways returns what a place is called.
func (p Place) ways() []way {
	var out []way
	var shown []string
	if p.Place != "" {
		shown = steps(p.Place)
		out = append(out, way{kind: loose, steps: shown})
	}
	out = append(out, way{kind: anchored, steps: append([]string{p.Source}, shown...)})
	if p.URI == "" {
		return out
	}
	outer, inner := splitURI(p.URI)
	for i, w := range append([]way{outer}, inner...) {
		w.base = i
		out = append(out, way{kind: path, steps: w.steps, ends: w.ends, base: i})
		if w.kind == loose { // a table of a dump
			out = append(out, w)
		}
	}
	// The way from the source on, as far as its own URI does not say it.
	root, _ := splitURI(p.Root)
	skip := 0
	for !strings.HasPrefix(p.URI, "imap") && skip < len(root.steps) && skip < len(outer.steps) && root.steps[skip] == outer.steps[skip] {
		skip++
	}
	all := way{kind: anchored, steps: append([]string{p.Source}, outer.steps[skip:]...), ends: append([]int{len(p.Root)}, outer.ends[skip:]...)}
	for _, w := range inner {
		all.cuts = append(all.cuts, len(all.steps))
		all.steps, all.ends = append(all.steps, w.steps...), append(all.ends, w.ends...)
	}
	out = append(out, all)
	path := outer.steps
	if strings.HasPrefix(p.URI, "imap") && len(path) > 0 {
		path = path[1:] // the account stands in front of the host
	}
	whole := way{kind: uri, steps: append(strings.SplitN(scheme(p.URI), "/", 3), path...)}
	outer.ends = outer.ends[len(outer.ends)-len(path):]
	whole.ends = append(make([]int, len(whole.steps)-len(path)), outer.ends...)
	for _, w := range inner {
		whole.cuts = append(whole.cuts, len(whole.steps))
		whole.steps, whole.ends = append(whole.steps, w.steps...), append(whole.ends, w.ends...)
	}
	return append(out, whole)
}

// scheme returns a URI up to its path, without the slash: "mysql://db1:3306".
func scheme(u string) string {
	s, rest, ok := strings.Cut(u, "://")
	if !ok {
		return u[:strings.IndexByte(u, ':')+1]
	}
	host, _, _ := strings.Cut(rest, "/")
	if name, err := scanners.Unescape(host); err == nil {
		host = strings.ReplaceAll(name, "/", "%2F")
	}
	if s == "s3" {
		return s + ":/" // the bucket is the next step
	}
	return s + "://" + host
}

// splitURI cuts a URI into the path of the source's item and the paths inside the
// containers on the way to the place.
func splitURI(u string) (outer way, inner []way) {
	at := 0
	typ, _, _ := strings.Cut(u, ":")
	switch i := strings.Index(u, "://"); {
	case i < 0: // restic:REPOSITORY!/SNAPSHOT/path
		at = strings.IndexByte(u, ':') + 1
	case typ == "s3" || typ == "imap" || typ == "imaps":
		at = i + 3
	default:
		at = i + 3
		if k := strings.IndexByte(u[at:], '/'); k >= 0 {
			at += k + 1
		} else {
			at = len(u)
		}
	}
	outer.kind = anchored
	end := len(u)
	if k := strings.Index(u[at:], "!/"); k >= 0 {
		end = at + k
	}
	if k := strings.IndexByte(u[at:end], '#'); k >= 0 {
		end = at + k
	}
	switch {
	case typ == "restic" || typ == "borg":
		// The repository is the source; the snapshot or archive comes first.
		outer.steps, outer.ends = []string{}, []int{}
	case typ == "imap" || typ == "imaps":
		outer.mailbox(u, at, end)
	default:
		outer.add(u, at, end)
	}
	for first := true; end < len(u); first = false {
		w := way{kind: path}
		from := end + 1
		if u[end] == '!' {
			from = end + 2
		} else if strings.HasPrefix(u[end:], "#/") {
			from, w.kind = end+2, loose
		}
		next := len(u)
		for _, sep := range []string{"!/", "#"} {
			if k := strings.Index(u[from:next], sep); k >= 0 {
				next = from + k
			}
		}
		w.add(u, from, next)
		if first && (typ == "restic" || typ == "borg") {
			// The snapshot is none of the path that was backed up.
			if len(w.steps) > 0 {
				w.steps, w.ends = w.steps[1:], w.ends[1:]
			}
		}
		inner = append(inner, w)
		end = next
	}
	return outer, inner
}

// add adds the steps of u[from:to].
func (w *way) add(u string, from, to int) {
	if q := strings.IndexByte(u[from:to], '?'); q >= 0 {
		to = from + q
	}
	for from < to {
		end := to
		if k := strings.IndexByte(u[from:to], '/'); k >= 0 {
			end = from + k
		}
		if end > from {
			w.step(u[from:end], end)
		}
		from = end + 1
	}
}

func (w *way) step(escaped string, end int) {
	name, err := scanners.Unescape(escaped)
	if err != nil {
		name = escaped
	}
	w.steps, w.ends = append(w.steps, name), append(w.ends, end)
}

// mailbox adds the account and the mailbox of an IMAP URI (RFC 5092).
func (w *way) mailbox(u string, from, to int) {
	host := to
	if k := strings.IndexByte(u[from:to], '/'); k >= 0 {
		host = from + k
	}
	if k := strings.LastIndexByte(u[from:host], '@'); k >= 0 {
		user, _, _ := strings.Cut(u[from:from+k], ";")
		w.step(user, host)
	}
	if k := strings.IndexByte(u[host:to], ';'); k >= 0 {
		to = host + k
	}
	if host < to {
		w.add(u, host+1, to)
	}
}
