package subject

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"testing"
)

func TestZZ(t *testing.T) {
	b, _ := os.ReadFile("/tmp/sp64/people")
	var people [][]Identifier
	if err := json.Unmarshal(b, &people); err != nil {
		t.Fatal(err)
	}
	var ps []Person
	for i, ids := range people[:100] {
		ps = append(ps, Person{ID: fmt.Sprint(i), Identifiers: ids})
	}
	r, err := New(ps)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile("/tmp/sp64/corpus")
	text = text[:32<<20]
	n := map[int]int{}
	ex := map[int]string{}
	for _, h := range r.matcher.Find(nil, text) {
		n[h.Pattern]++
		if n[h.Pattern] == 5 {
			ex[h.Pattern] = fmt.Sprintf("%q in %q", text[h.Start:h.End], text[max(0, h.Start-30):min(len(text), h.End+30)])
		}
	}
	var ks []int
	tot := 0
	for k := range n {
		ks = append(ks, k)
		tot += n[k]
	}
	sort.Slice(ks, func(a, b int) bool { return n[ks[a]] > n[ks[b]] })
	t.Log(tot, len(ks))
	for _, k := range ks[:40] {
		nd := r.needles[r.first[k]:r.first[k+1]]
		s := ""
		for _, x := range nd {
			s += fmt.Sprintf(" %v/%s", x.lookup != nil, r.persons[x.person].Identifiers[x.ident].Type)
			if len(s) > 60 {
				break
			}
		}
		t.Log(n[k], len(nd), s, ex[k])
	}
}
