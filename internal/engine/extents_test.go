package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// pieced returns a text in pieces of half a MiB, which are called by their content
// unless ids say otherwise.
func pieced(uri, s string, ids map[int]string) scanners.Item {
	it := text(uri, s)
	it.Name = "access.log"
	for i := 0; len(s) > 0; i++ {
		n := min(len(s), 512<<10)
		id := ids[i]
		if id == "" {
			id = s[:n]
		}
		it.Extents, s = append(it.Extents, scanners.Extent{ID: id, Len: int64(n)}), s[n:]
	}
	return it
}

// What the versions of a text have in common is matched once, and what is found in
// the rest is told as if all had been matched.
func TestVersionsOfAText(t *testing.T) {
	var b strings.Builder
	for i := 0; b.Len() < 20<<20; i++ {
		fmt.Fprintf(&b, "line %d of the log where all is well\n", i)
	}
	log := b.String()[:20<<20]
	grown := log + "and then zoe@example.be came\n" + strings.Repeat("and all was well\n", 1000)
	border := log[:12<<20-3] + "\nzoe@example.be was across a border\n" + log[12<<20:]
	early := "zoe@example.be was the first\n" + log[40:]
	late := log + strings.Repeat("more of it\n", 1<<20) + "zoe@example.be was the last\n"
	versions := []string{log, grown, border, early, late, grown[:len(grown)-5]}
	var with, without []any
	for i, v := range versions {
		uri := fmt.Sprint("m:/", i)
		with = append(with, pieced(uri, v, nil))
		plain := pieced(uri, v, nil)
		plain.Extents = nil
		without = append(without, plain)
	}
	told := func(fs []*inventory.Finding) (all []string) {
		for _, f := range fs {
			for _, m := range f.Matches {
				all = append(all, fmt.Sprint(f.URI, " ", f.Content, " ", *m.Offset, " ", m.Line, " ", m.Fragment, " ", f.Confidence, " ", f.ThirdParties, " ", f.Actions[0].Reasons))
			}
		}
		return all
	}
	rep, got := scan(t, t.Context(), &memory{items: items(with...)})
	_, want := scan(t, t.Context(), &memory{items: items(without...)})
	if g, w := strings.Join(told(got), "\n"), strings.Join(told(want), "\n"); g != w || len(want) != 5 {
		t.Errorf("with pieces:\n%s\nwithout:\n%s", g, w)
	}
	if u := rep.Sources[0].Coverage; u.Units.Scanned != 6 || u.Bytes.Scanned != u.Bytes.Found || len(rep.Gaps) > 0 {
		t.Errorf("%+v, gaps %v", u, rep.Gaps)
	}

	// Pieces that are said to be the same are not looked at again.
	lie := map[int]string{}
	for i := range 20 << 1 {
		lie[i] = log[i*512<<10 : (i+1)*512<<10]
	}
	hidden := log[:2<<20] + "zoe@example.be\n" + log[2<<20+15:] + strings.Repeat("more of it\n", 1<<20)
	if _, fs := scan(t, t.Context(), &memory{items: items(pieced("m:/a", log, nil), pieced("m:/b", hidden, lie))}); len(fs) != 0 {
		t.Error("all was matched")
	}
}

func TestEncodedBeginning(t *testing.T) {
	if encodedWhole([]byte("a line of a log")) || !encodedWhole([]byte("QUJD\r\nREVG==")) {
		t.Error("wrong")
	}
}
