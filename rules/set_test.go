package rules

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/class"
)

func newSet(t testing.TB, rules []Rule) *Set {
	t.Helper()
	s, err := NewSet(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// some are rules by shape of all kinds: with letters, prefixes and checks.
func some() []Rule {
	mod97 := func(d []byte) bool { return mod(d, 97) == 1 }
	return []Rule{
		{ID: "a", Shapes: []string{"ddd ddd", "dd.dd.dd-ddd.dd"}},
		{ID: "b", Shapes: []string{"BE dddd ddd ddd", "dddd ddd ddd"}, Valid: func(b []byte) bool { return !letter(b[0]) || b[2] < '2' }},
		{ID: "c", Shapes: []string{"aaa aaa ddadd addda", "aadd dd dd a"}},
		{ID: "d", Shapes: []string{"xx ddd ddd ddd", "xdddddd xx"}},
		{ID: "e", Shapes: []string{"ddddddddd", "dddddd ddd"}, Valid: mod97},
		{ID: "f", Shapes: []string{"dddddd", "dd dd dd", "ddddddddddddddddd dd", "A ddddd 9"}},
	}
}

// longest is what naive finds without its greed: all starts, but for what lies
// within another hit.
func longest(r Rule, b []byte) []Hit {
	var hits []Hit
	for i := range b {
		found := 0
		for _, s := range r.Shapes {
			for _, separated := range []bool{true, false} {
				if e := naiveShape(s, separated, b, i); e > found && (r.Valid == nil || r.Valid([]byte(compact(string(b[i:e]))))) {
					found = e
				}
			}
		}
		if found > 0 && (len(hits) == 0 || found > hits[len(hits)-1].End) {
			hits = append(hits, Hit{Start: i, End: found})
		}
	}
	return hits
}

// looked is longest for a rule that has look.
func looked(r Rule, b []byte) []Hit {
	var all, hits []Hit
	try := func(from, to int) {
		if start, end := r.look(b, from, to); end > start {
			all = append(all, Hit{Start: start, End: end})
		}
	}
	for i := range b {
		if strings.IndexByte(r.marks, b[i]) >= 0 {
			try(i, i+1)
		}
		if !alnum(b[i]) || i > 0 && alnum(b[i-1]) {
			continue
		}
		end := i
		for end < len(b) && alnum(b[end]) {
			end++
		}
		if slices.ContainsFunc(r.groups, func(g group) bool { return g.is(b, i, end) }) {
			try(i, end)
		}
	}
	slices.SortFunc(all, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	for _, h := range all {
		if len(hits) == 0 || h.End > hits[len(hits)-1].End {
			hits = append(hits, h)
		}
	}
	return hits
}

// greedy drops what overlaps an earlier hit.
func greedy(hits []Hit) []Hit {
	var kept []Hit
	for _, h := range hits {
		if len(kept) == 0 || h.Start >= kept[len(kept)-1].End {
			kept = append(kept, h)
		}
	}
	return kept
}

// same checks that one rule's hits by a Set are those of naive.
func sameAsNaive(t *testing.T, s *Set, r Rule, b []byte) {
	t.Helper()
	got := s.Find(nil, b)
	for i := range got {
		got[i].Context = false
	}
	if r.Find == nil || r.look != nil {
		want := longest(r, b)
		if r.look != nil {
			want = looked(r, b)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s in %q:\n got %v\nwant %v", r.ID, b, got, want)
		}
		return
	}
	var want []Hit
	naive(r, b, func(start, end int) bool {
		want = append(want, Hit{Start: start, End: end})
		return true
	})
	if got := greedy(got); !slices.Equal(got, want) {
		t.Fatalf("%s in %q:\n got %v\nwant %v", r.ID, b, got, want)
	}
}

// single returns a Set for each rule, found without context.
func single(t testing.TB, rules []Rule) (sets []*Set, bare []Rule) {
	for _, r := range rules {
		r.NeedsContext, r.BareContext = false, false
		sets = append(sets, newSet(t, []Rule{r}))
		bare = append(bare, r)
	}
	return sets, bare
}

// jumble makes text in which what rules look for, nearly, stands close together.
func jumble(rng *rand.Rand, rules []Rule, size int) []byte {
	var b []byte
	for len(b) < size {
		switch rng.IntN(5) {
		case 0, 1:
			r := rules[rng.IntN(len(rules))]
			list := append(slices.Clone(r.Match), r.NoMatch...)
			list = append(list, r.Context...)
			if len(list) > 0 {
				b = append(b, list[rng.IntN(len(list))]...)
			}
			for _, sh := range r.Shapes {
				if rng.IntN(3) > 0 {
					continue
				}
				for _, c := range []byte(sh) {
					switch {
					case c == 'd':
						c = byte('0' + rng.IntN(10))
					case c == 'a' || c == 'x' && rng.IntN(2) == 0:
						c = "aBcDxYzQ"[rng.IntN(8)]
					case c == 'x':
						c = '7'
					}
					if rng.IntN(40) == 0 {
						continue
					}
					b = append(b, c)
				}
			}
		case 2:
			b = fmt.Append(b, rng.IntN(1e9))
		case 3:
			b = append(b, "the quick brown Fox "[:1+rng.IntN(19)]...)
		}
		seps := []string{" ", " ", ".", "-", "/", ", ", "\n", "\u00a0", "(", ")", "é", ":", "+", "@", "", "<", "_"}
		b = append(b, seps[rng.IntN(len(seps))]...)
	}
	return b
}

func TestEqualsNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	all := append(some(), All()...)
	sets, bare := single(t, all)
	for n := range 120 {
		b := jumble(rng, all, 700)
		for range n % 2 * 20 { // every second is damaged
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		for i, r := range bare {
			sameAsNaive(t, sets[i], r, b)
		}
	}
}

func FuzzEqualsNaive(f *testing.F) {
	all := append(some(), All()...)
	sets, bare := single(f, all)
	for _, r := range all {
		for _, s := range append(r.Match, r.NoMatch...) {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for i, r := range bare {
			sameAsNaive(t, sets[i], r, b)
		}
	})
}

// Any part of a text with enough around it has the hits of the whole.
func TestFindInAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	all := append(some(), All()...)
	s := newSet(t, all)
	margin := s.Margin()
	for range 40 {
		b := jumble(rng, all, 6000)
		want := s.Find(nil, b)
		var m class.Map
		m.Set(b)
		if got := s.FindMap(nil, b, &m, 0, len(b)); !slices.Equal(got, want) {
			t.Fatal("FindMap differs from Find")
		}
		var got []Hit
		for lo := 0; lo < len(b); {
			hi := min(len(b), lo+1+rng.IntN(700))
			base := max(0, lo-margin-rng.IntN(3))
			part := b[base:min(len(b), hi+s.MaxLen()+margin+rng.IntN(3))]
			n := len(got)
			got = s.FindIn(got, part, lo-base, hi-base)
			for i := n; i < len(got); i++ {
				got[i].Start += base
				got[i].End += base
			}
			lo = hi
		}
		if !slices.Equal(got, want) {
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("hit %d: got %v (%s), want %v (%s) of %q", i, got[i], all[got[i].Rule].ID, want[i], all[want[i].Rule].ID, b[max(0, want[i].Start-80):want[i].End+20])
				}
			}
			t.Fatalf("%d hits, want %d", len(got), len(want))
		}
		if !slices.IsSortedFunc(got, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Rule, b.Rule)) }) {
			t.Fatal("not in order")
		}
	}
}

func FuzzSplit(f *testing.F) {
	all := append(some(), All()...)
	s := newSet(f, all)
	f.Add([]byte("tel 0470 12 34 56, BE68 5390 0754 7034 zoe@example.be"), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, at uint16) {
		cut := min(int(at), len(b))
		got := s.FindIn(s.FindIn(nil, b, 0, cut), b, cut, len(b))
		if want := s.Find(nil, b); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for _, h := range got {
			if h.End > len(b) || h.End-h.Start > s.MaxLen() || h.Start >= h.End {
				t.Fatalf("%v of %d bytes", h, len(b))
			}
		}
	})
}

// found returns the ids and texts of the hits in b.
func ids(s *Set, hits []Hit, b string) string {
	var out []string
	for _, h := range hits {
		c := ""
		if h.Context {
			c = "+"
		}
		out = append(out, s.Rules()[h.Rule].ID+c+"="+b[h.Start:h.End])
	}
	return strings.Join(out, "; ")
}

func TestPrecedence(t *testing.T) {
	s := newSet(t, generic())
	for _, tt := range []struct{ text, want string }{
		{"BE68 5390 0754 7034", "iban=BE68 5390 0754 7034"},
		{"tel. 0470 12 34 56", "phone-national+=0470 12 34 56"},
		{"0470 12 34 56", "phone-grouped=0470 12 34 56"},
		{"order 20261122, phone: 0470 12 34 56", "phone-national+=0470 12 34 56"},
		{"phone: 0470 12 34 56, order 2026112299", "phone-national+=0470 12 34 56"},
		{"phones: 0470 12 34 56 / 0471 65 43 21", "phone-national+=0470 12 34 56; phone-national+=0471 65 43 21"},
		{"0470 12 34 56 (gsm)", "phone-national+=0470 12 34 56"},
		{"\"phoneNumber\": \"0470123456\"", "phone-national+=0470123456"},
		{"customer_phone=0470123456&x=1", "phone-national+=0470123456"},
		{"Τηλέφωνο: 2101234567", "phone-national+=2101234567"},
		{"T\xe9l\xe9phone : 02 123 45 67", "phone-national+=02 123 45 67"},
		{"card 4111 1111 1111 1111", "card+=4111 1111 1111 1111"},
		{"tel +32 470 12 34 56", "phone+=+32 470 12 34 56"},
		{"geboren op 30 juli 1985 te Bilzen", "birth-date+=30 juli 1985"},
		{"Née le 30/07/1985", "birth-date+=30/07/1985"},
		{"date_of_birth: 1985-07-30", "birth-date+=1985-07-30"},
		{"delivered on 30 July 1985", ""},
		{"Date of birth:\n30 July 1985", "birth-date+=30 July 1985"},
		{"Geburtsdatum\r\n  30.07.1985", "birth-date+=30.07.1985"},
		{"<td>F. nac.</td><td>30/07/1985</td>", "birth-date+=30/07/1985"},
		{"she was born there, 4 miles on\n30 July 1985", ""},
		{"Zoë (*30. Juli 1985), Tom (°30/07/1985)", "birth-date-sign=*30. Juli 1985; birth-date-sign=°30/07/1985"},
		{"Zoë, né 2 février 1988", "birth-date-sign=né 2 février 1988"},
		{"urodzona w Łodzi, 8 lutego 1969 r.", "birth-date+=8 lutego 1969"},
		{"u/?e=zoe.v%40example.net&id=8", "email-hidden=zoe.v%40example.net"},
		{"mailto%3Azoe%40example.net", "email-hidden=zoe%40example.net"},
		{"BIC: GEBABEBB", "bic+=GEBABEBB"},
		{"HOSPITAL and GEBABEBB", ""},
		{"patient with diabetes", "special-health+=diabetes"},
		{"the diabetes association", ""},
		{"fitbitness patiënt: séropositif", "special-health+=séropositif"},
		{"from 198.51.100.23 by mail", "ipv4=198.51.100.23"},
		{"zoe@example.be", "email=zoe@example.be"},
	} {
		if got := ids(s, s.Best(s.Find(nil, []byte(tt.text))), tt.text); got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, value, want string }{
		{"telefoon", "0470123456", "phone-national+=0470123456"},
		{"contactPhone", "0470123456", "phone-national+=0470123456"},
		{"order", "0470123456", ""},
		{"birthDate", "1985-07-30", "birth-date+=1985-07-30"},
		{"DateOfBirth", "1985-07-30", "birth-date+=1985-07-30"},
		{"fecha_nacimiento", "30/07/1985", "birth-date+=30/07/1985"},
		{"religion", "Katholiek", "special-religion+=Katholiek"},
		{"swift_code", "GEBABEBB", "bic+=GEBABEBB"},
	} {
		if got := ids(s, s.FindNamed(nil, []byte(tt.value), tt.name), tt.value); got != tt.want {
			t.Errorf("%s %q:\n got %s\nwant %s", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestBadRules(t *testing.T) {
	find := func([]byte, func(int, int) bool) {}
	for name, r := range map[string]Rule{
		"no id":                      {Shapes: []string{"ddddd"}},
		"an id with a space":         {ID: "a b", Shapes: []string{"ddddd"}},
		"no way to find":             {ID: "a"},
		"two ways to find":           {ID: "a", Shapes: []string{"ddddd"}, Find: find, MaxLen: 3},
		"no longest match":           {ID: "a", Find: find},
		"four digits":                {ID: "a", Shapes: []string{"dddd"}},
		"35 digits":                  {ID: "a", Shapes: []string{strings.Repeat("d", 35)}},
		"a separator at the end":     {ID: "a", Shapes: []string{"ddddd "}},
		"two separators":             {ID: "a", Shapes: []string{"ddddd--dd"}},
		"a lower-case letter":        {ID: "a", Shapes: []string{"beddddd"}},
		"context without words":      {ID: "a", Shapes: []string{"ddddd"}, NeedsContext: true},
		"more x than can be counted": {ID: "a", Shapes: []string{"xx xx xx xx xx xx xx xx xx xx ddddd"}},
	} {
		if _, err := NewSet([]Rule{r}); err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), fmt.Sprintf("rule %q: ", r.ID)) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := Rule{ID: "a", Shapes: []string{"ddddd"}}
	if _, err := NewSet([]Rule{r, r}); err == nil {
		t.Error("two rules of one id: no error")
	}
}

func TestMask(t *testing.T) {
	for _, tt := range [][3]string{
		{"contact", "zoe@example.be", "z**@e******.be"},
		{"financial", "BE68 5390 0754 7034", "BE** **** **** **34"},
		{"official identification", "85.07.30-033.28", "85.**.**-***.28"},
		{"identity", "1985-07-30", "1***-**-**"},
		{"credential", "$2y$10$abcdefghijk", "$2y$***"},
		{"credential", "{SSHA}abcdefghijk", "{SSHA}***"},
		{"contact", "1234", "****"},
	} {
		if got := Mask(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s %s: got %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	s := newSet(t, generic())
	b := jumble(rand.New(rand.NewPCG(9, 9)), generic(), 20000)
	hits := s.Find(nil, b)
	if n := testing.AllocsPerRun(20, func() { hits = s.Find(hits[:0], b) }); n > 2 {
		t.Errorf("%v allocations for %d hits", n, len(hits))
	}
}
