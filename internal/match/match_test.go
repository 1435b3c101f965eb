package match

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/spoor-scan/spoor/internal/class"
)

// naive is Find as its documentation says it, without any regard for speed.
func naive(patterns []Pattern, buf []byte) []Hit {
	var hits []Hit
	seen := map[Pattern]bool{}
	for i, p := range patterns {
		if !p.Digits {
			p.Text = naiveFold(p.Text)
		}
		if seen[p] {
			continue
		}
		seen[p] = true
		for at := range buf {
			if p.Digits {
				if end := naiveNumber(p.Text, buf, at); end >= 0 {
					hits = append(hits, Hit{i, at, end})
				}
			} else if at+len(p.Text) <= len(buf) && naiveFold(string(buf[at:at+len(p.Text)])) == p.Text {
				hits = append(hits, Hit{i, at, at + len(p.Text)})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.Pattern - b.Pattern
	})
	return hits
}

func naiveFold(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b.WriteByte(s[i] + 32)
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func naiveNumber(want string, buf []byte, at int) int {
	digit := func(i int) bool { return i >= 0 && i < len(buf) && buf[i] >= '0' && buf[i] <= '9' }
	if digit(at-1) || !digit(at) {
		return -1
	}
	for {
		for digit(at) {
			if want == "" || want[0] != buf[at] {
				return -1
			}
			want = want[1:]
			at++
		}
		if want == "" {
			return at
		}
		n := 0
	separators:
		for ; !digit(at); n++ {
			for _, sep := range []string{" ", ".", "-", "/", "(", ")", "_", "\u00a0", "\u202f", "\u2009", "\u2011", "\u2013"} {
				if bytes.HasPrefix(buf[at:], []byte(sep)) {
					at += len(sep)
					continue separators
				}
			}
			return -1
		}
		if n == 0 || n > 3 {
			return -1
		}
	}
}

func compile(t testing.TB, patterns []Pattern) *Matcher {
	t.Helper()
	m, err := Compile(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func lits(texts ...string) []Pattern {
	var ps []Pattern
	for _, s := range texts {
		ps = append(ps, Pattern{Text: s})
	}
	return ps
}

func nums(texts ...string) []Pattern {
	var ps []Pattern
	for _, s := range texts {
		ps = append(ps, Pattern{Text: s, Digits: true})
	}
	return ps
}

func TestFind(t *testing.T) {
	long := strings.Repeat("Genutstraat 35, 3740 Bilzen; ", 20)[:512]
	phone := nums("32470123456", "0470123456")
	for _, tt := range []struct {
		name     string
		patterns []Pattern
		text     string
		want     []Hit
	}{
		{"no patterns", nil, "text", nil},
		{"empty text", lits("a"), "", nil},
		{"one byte", lits("a"), "bAa", []Hit{{0, 1, 2}, {0, 2, 3}}},
		{"whole text", lits("Zoë Van den Broeck"), "ZOë VAN DEN BROECK", []Hit{{0, 0, 19}}},
		{"other case of a letter beyond ASCII", lits("zoë"), "ZOË", nil},
		{"bytes that differ from letters in bit 5 only", lits("a@b[c]d^e_"), "a`b{c}d~e\x7f A@B[C]D^E_", []Hit{{0, 11, 21}}},
		{"control characters are no punctuation", lits("jan-peeters"), "jan\x0dpeeters", nil},
		{"NUL is not space", lits("jan peeters"), "jan\x00peeters", nil},
		{"bytes beyond ASCII that differ in bit 5 only", lits("\xc3\xa9cole-xyz"), "\xe3\x89cole-xyz \xc3\x89cole-xyz", nil},
		{"overlapping itself", lits("aaaa"), "aaaaaa", []Hit{{0, 0, 4}, {0, 1, 5}, {0, 2, 6}}},
		{
			"prefix and suffix of another", lits("peeters", "jan.peeters", "jan", "jan.peeters@example.be"), "<Jan.Peeters@Example.be>",
			[]Hit{{1, 1, 12}, {2, 1, 4}, {3, 1, 23}, {0, 5, 12}},
		},
		{"equal after folding", lits("Jan", "JAN", "jan"), "jan", []Hit{{0, 0, 3}}},
		{"longest", lits(long), "x" + strings.ToUpper(long) + "x", []Hit{{0, 1, 513}}},
		{"literal cut off at the end", lits("zoe@example.be"), "zoe@example.b", nil},
		{"literal cut off at the start", lits("zoe@example.be"), "oe@example.be", nil},

		{"number as it is", phone, "0470123456", []Hit{{1, 0, 10}}},
		{"number in groups", phone, "tel. +32 (470) 12.34-56.", []Hit{{0, 6, 23}}},
		{"number glued to letters", nums("0890439412"), "BE0890439412btw", []Hit{{0, 2, 12}}},
		{"number and literal alike", append(nums("0470123456"), lits("0470123456")...), "0470123456", []Hit{{0, 0, 10}, {1, 0, 10}}},
		{"number within a longer one", phone, "00470123456 04701234567", nil},
		{"number that is part of a run", phone, "1 0470 123 456 7", []Hit{{1, 2, 14}}},
		{"numbers within one another", nums("12345", "123456", "3456789"), "12 345 6789 12345 6", []Hit{{0, 0, 6}, {2, 3, 11}, {0, 12, 17}, {1, 12, 19}}},
		{"number beginning with another", nums("1212121212", "12121"), "12 12 12 12 12 12", []Hit{{0, 0, 14}, {0, 3, 17}}},
		{"wide separators", phone, "0470\u00a012\u202f\u20093\u20114\u20135.6", []Hit{{1, 0, 25}}},
		{"three separators", phone, "0470 - 123456", []Hit{{1, 0, 13}}},
		{"four separators", phone, "0470 -- 123456", nil},
		{"three wide separators", phone, "0470\u202f\u202f\u202f123456", []Hit{{1, 0, 19}}},
		{"a separator cut off", phone, "0470\xe2\x80123456 0470\xe2123456 0470\xc2123456", nil},
		{"breaks of line, field and cell", phone, "0470\n123456 0470\t123456 0470\r\n123456 0470\x00123456 0470,123456 0470*123456 0470:123456", nil},
		{"group too long to be in any", phone, strings.Repeat("0", 100) + " 0470123456 " + strings.Repeat("0", 100), []Hit{{1, 101, 111}}},
		{"forty digits", nums(strings.Repeat("1234567890", 4)), strings.Repeat("1 2 3 4 5 6 7 8 9 0 ", 4), []Hit{{0, 0, 79}}},
		{"full-width digits", nums("12345"), "１２３４５", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := compile(t, tt.patterns).Find(nil, []byte(tt.text))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if ref := naive(tt.patterns, []byte(tt.text)); !slices.Equal(ref, tt.want) {
				t.Errorf("the naive implementation gives %v, want %v", ref, tt.want)
			}
		})
	}
}

func TestFindAppends(t *testing.T) {
	m := compile(t, lits("b", "a"))
	got := m.Find([]Hit{{9, 9, 9}}, []byte("ab"))
	if want := []Hit{{9, 9, 9}, {1, 0, 1}, {0, 1, 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCompileErrors(t *testing.T) {
	for _, p := range []Pattern{
		{},
		{Text: strings.Repeat("x", 513)},
		{Digits: true},
		{Text: "1234", Digits: true},
		{Text: strings.Repeat("1", 41), Digits: true},
		{Text: "12345a", Digits: true},
		{Text: "12 345", Digits: true},
	} {
		if _, err := Compile([]Pattern{{Text: "fine"}, p}); err == nil || !strings.Contains(err.Error(), "pattern 1") {
			t.Errorf("Compile of %+v: %v", p, err)
		}
	}
}

func TestMaxLen(t *testing.T) {
	if n := compile(t, nil).MaxLen(); n != 0 {
		t.Errorf("none: %d", n)
	}
	if n := compile(t, lits("abc", "ab")).MaxLen(); n != 3 {
		t.Errorf("literals: %d", n)
	}
	text := strings.Join(strings.Split("12345", ""), "\u2013\u2013\u2013")
	m := compile(t, nums("12345"))
	if hits := m.Find(nil, []byte(text)); len(hits) != 1 || m.MaxLen() != len(text) {
		t.Errorf("number: %d, hits %v in %d bytes", m.MaxLen(), hits, len(text))
	}
}

// randomCase makes patterns and a text that has many of them, whole, cut, in
// both cases and over each other.
func randomCase(rng *rand.Rand) ([]Pattern, []byte) {
	alphabets := []string{"ab", "abcAB", "a@`A", "ab. -09", "0123456789", "01 ", "01 -.\u00a0\u202f\n", "abcdefghijklmnopqrstuvwxyz", "\xc3\xe3\x00 \xff"}
	alphabet := alphabets[rng.IntN(len(alphabets))]
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return b
	}
	text := random(rng.IntN(1 << rng.IntN(13)))
	var patterns []Pattern
	least := 1 + rng.IntN(18)
	for range 1 + rng.IntN(1<<rng.IntN(8)) {
		n := least + rng.IntN(1<<rng.IntN(6))
		if rng.IntN(20) == 0 {
			n = 1 + rng.IntN(maxLiteral)
		}
		n = min(n, maxLiteral)
		var p []byte
		if n < len(text) && rng.IntN(2) == 0 {
			at := rng.IntN(len(text) - n + 1)
			switch rng.IntN(8) {
			case 0:
				at = 0
			case 1:
				at = len(text) - n
			}
			p = slices.Clone(text[at : at+n])
		} else {
			p = random(n)
		}
		if rng.IntN(4) == 0 && len(patterns) > 0 {
			p = append(p, patterns[rng.IntN(len(patterns))].Text...)
			p = p[:min(len(p), maxLiteral)]
		}
		if rng.IntN(3) == 0 {
			var d []byte
			for _, c := range p {
				if '0' <= c && c <= '9' {
					d = append(d, c)
				}
			}
			d = d[:min(len(d), maxDigits)]
			if len(d) >= minDigits {
				patterns = append(patterns, Pattern{string(d), true})
				continue
			}
		}
		patterns = append(patterns, Pattern{Text: string(p)})
	}
	for range rng.IntN(10) {
		p := patterns[rng.IntN(len(patterns))].Text
		if rng.IntN(2) == 0 {
			p = strings.ToUpper(p)
		}
		if at := rng.IntN(len(text) + 1); rng.IntN(2) == 0 {
			text = slices.Insert(text, at, []byte(p)...)
		} else {
			copy(text[at:], p)
		}
	}
	return patterns, text
}

func TestFindAgainstNaive(t *testing.T) {
	rounds := 4000
	if testing.Short() {
		rounds = 500
	}
	total := 0
	for seed := range rounds {
		patterns, text := randomCase(rand.New(rand.NewPCG(1, uint64(seed))))
		got, want := compile(t, patterns).Find(nil, text), naive(patterns, text)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s", seed, difference(got, want))
		}
		total += len(want)
	}
	if total < rounds {
		t.Errorf("only %d hits in %d rounds", total, rounds)
	}
}

func difference(got, want []Hit) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("missing %v (hit %d of %d)", want[i], i, len(want))
		case i >= len(want):
			return fmt.Sprintf("%v too many (hit %d of %d)", got[i], i, len(got))
		case got[i] != want[i]:
			return fmt.Sprintf("got %v, want %v (hit %d of %d)", got[i], want[i], i, len(want))
		}
	}
	return "none"
}

// TestEveryShape runs each way of sampling, at each position in the text.
func TestEveryShape(t *testing.T) {
	for size := 1; size <= 8; size++ {
		for step := 1; step <= 8; step++ {
			width := size + step - 1
			rng := rand.New(rand.NewPCG(uint64(size), uint64(step)))
			var own []literal
			var texts []byte
			var patterns []Pattern
			for i := range 20 {
				b := make([]byte, width+rng.IntN(20))
				for j := range b {
					b[j] = "abcd"[rng.IntN(4)]
				}
				own = append(own, literal{uint32(len(texts)), uint16(len(b)), int32(i)})
				texts = append(texts, b...)
				patterns = append(patterns, Pattern{Text: string(b)})
			}
			texts = append(texts, make([]byte, 8)...)
			m := &Matcher{grams: []*grams{newGrams(own, shape{size, step}, model(own, texts))}}
			for pad := range 20 {
				for i, p := range patterns {
					text := []byte(strings.Repeat("c", pad) + p.Text + patterns[(i+1)%20].Text + strings.Repeat("d", 20-pad))
					// Equal patterns were not merged here: hits may be more.
					got, want := m.Find(nil, text), naive(patterns, text)
					var fast, portable probed
					g, long := m.grams[0], bytes.Repeat(text, 2)
					if n := (len(long)-g.lanes.reach(step))/step&^7 + 8; n > 0 {
						a, b := g.probe(&fast, long, n), g.probeGeneric(&portable, long, n)
						if !slices.Equal(fast.list[:a], portable.list[:b]) {
							t.Fatalf("size %d, step %d: probes at %v hit, want %v", size, step, fast.list[:a], portable.list[:b])
						}
					}
					if len(slices.Compact(slices.Clone(got))) != len(got) || len(got) < len(want) {
						t.Fatalf("size %d, step %d: %s", size, step, difference(got, want))
					}
					for _, h := range want {
						if !slices.ContainsFunc(got, func(g Hit) bool { return g.Start == h.Start && g.End == h.End }) {
							t.Fatalf("size %d, step %d: %v is missing", size, step, h)
						}
					}
				}
			}
		}
	}
}

// TestBlocks puts hits across the borders of the blocks that Find works in.
func TestBlocks(t *testing.T) {
	patterns := append(lits("zoe@example.be", "zoe", "Zoë Van den Broeck"), nums("32470123456", "0470123456")...)
	m := compile(t, patterns)
	for shift := range 140 {
		for _, s := range []string{"Zoe@example.be", "zoë van den Broeck", "+32 470 12 34 56", "0470123456"} {
			text := bytes.Repeat([]byte("."), 2*block+70)
			at := block - 70 + shift
			copy(text[at:], s)
			copy(text[len(text)-len(s):], s)
			got := m.Find(nil, text)
			var want []Hit
			for _, around := range [][2]int{{at - 20, at + 40}, {len(text) - 40, len(text)}} {
				for _, h := range naive(patterns, text[around[0]:around[1]]) {
					want = append(want, Hit{h.Pattern, h.Start + around[0], h.End + around[0]})
				}
			}
			if !slices.Equal(got, want) || len(got) < 2 {
				t.Fatalf("%q at %d: got %v, want %v", s, at, got, want)
			}
		}
	}
}

// TestLongRun has a run of groups that is longer than what is held of it.
func TestLongRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 30 {
		var b []byte
		for len(b) < 3000 {
			for range 1 + rng.IntN(1+rng.IntN(9)) {
				b = append(b, "01"[rng.IntN(2)])
			}
			b = append(b, " -."[rng.IntN(3)])
		}
		var patterns []Pattern
		for _, n := range []int{5, 6, 7, 9, 12, 33, 40} {
			var d []byte
			for at := rng.IntN(len(b) - 400); len(d) < n; at++ {
				if b[at] >= '0' {
					d = append(d, b[at])
				}
			}
			patterns = append(patterns, Pattern{string(d), true})
		}
		got, want := compile(t, patterns).Find(nil, b), naive(patterns, b)
		if !slices.Equal(got, want) {
			t.Fatal(difference(got, want))
		}
	}
}

func TestManyPatterns(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	patterns := people(rng, 500)
	m := compile(t, patterns)
	var text []byte
	want := 0
	for i, p := range patterns {
		if i%7 == 0 {
			text = append(text, p.Text...)
			text = append(text, "\n"...)
			want++
		}
	}
	found := map[int]bool{}
	for _, h := range m.Find(nil, text) {
		p := patterns[h.Pattern]
		if !p.Digits && !strings.EqualFold(p.Text, string(text[h.Start:h.End])) {
			t.Fatalf("%v is no hit", h)
		}
		found[h.Pattern] = true
	}
	for i := 0; i < len(patterns); i += 7 {
		j := slices.Index(patterns, patterns[i])
		if !found[j] && !found[slices.IndexFunc(patterns, func(p Pattern) bool {
			return p.Digits == patterns[i].Digits && strings.EqualFold(p.Text, patterns[i].Text)
		})] {
			t.Fatalf("pattern %d is not found", i)
		}
	}
}

type chunks struct {
	r   io.Reader
	rng *rand.Rand
}

func (c chunks) Read(p []byte) (int, error) {
	n := c.rng.IntN(20)
	if c.rng.IntN(50) == 0 {
		n = c.rng.IntN(100_000)
	}
	return c.r.Read(p[:min(n, len(p))])
}

// scan returns all hits of a Scan, with offsets in the stream, and checks what
// it promises of windows.
func scan(t testing.TB, m *Matcher, r io.Reader, text []byte, margin int) ([]Hit, int64, error) {
	t.Helper()
	var all []Hit
	n, err := scanHits(context.Background(), m, r, margin, func(base int64, window []byte, hits []Hit) error {
		if len(hits) == 0 {
			t.Error("a call without hits")
		}
		end := int(base) + len(window)
		if base < 0 || end > len(text) || !bytes.Equal(window, text[base:end]) {
			t.Fatalf("the window at %d is not what was read", base)
		}
		for _, h := range hits {
			if h.Start < margin && base > 0 || len(window)-h.End < margin && end < len(text) {
				t.Errorf("hit %v in window of %d bytes at %d: less than %d around it", h, len(window), base, margin)
			}
			all = append(all, Hit{h.Pattern, h.Start + int(base), h.End + int(base)})
		}
		return nil
	})
	return all, n, err
}

func TestScanChunks(t *testing.T) {
	patterns := append(lits("zoe@example.be", "oe@", "e", "Zoë Van den Broeck", strings.Repeat("xy", 256)), nums("32470123456", "0470123456", "12121")...)
	m := compile(t, patterns)
	rng := rand.New(rand.NewPCG(5, 5))
	for _, size := range []int{0, 1, 100, smallSize - 1, smallSize, smallSize + 1, windowSize - 1, windowSize, windowSize + 1, 3*windowSize + 77} {
		text := make([]byte, size)
		for i := range text {
			text[i] = " .-xXyYz12@"[rng.IntN(11)]
		}
		// Around all places where windows may begin or end.
		for _, at := range []int{0, smallSize, windowSize, 2 * windowSize, 3 * windowSize, size} {
			for d := -9000; d < 1000; d += 7 + rng.IntN(30) {
				p := []string{"Zoe@example.be", "+32 (0)470 12 34 56", "0470/12.34.56", "zoë van den broeck", strings.Repeat("xy", 256)}[rng.IntN(5)]
				if i := at + d; i >= 0 && i+len(p) <= size {
					copy(text[i:], p)
				}
			}
		}
		want := m.Find(nil, text)
		for _, margin := range []int{0, 1, 200, 5000} {
			readers := map[string]io.Reader{
				"whole":     bytes.NewReader(text),
				"random":    chunks{bytes.NewReader(text), rng},
				"half":      iotest.HalfReader(bytes.NewReader(text)),
				"dataerr":   iotest.DataErrReader(bytes.NewReader(text)),
				"datachunk": iotest.DataErrReader(chunks{bytes.NewReader(text), rng}),
				"onebyte":   iotest.OneByteReader(bytes.NewReader(text)),
			}
			for name, r := range readers {
				got, n, err := scan(t, m, r, text, margin)
				if err != nil || n != int64(size) {
					t.Fatalf("%s of %d bytes: read %d, %v", name, size, n, err)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s of %d bytes, margin %d: %s", name, size, margin, difference(got, want))
				}
			}
		}
	}
}

func TestScanErrorAfterData(t *testing.T) {
	m := compile(t, lits("zoe@example.be"))
	broken := errors.New("broken")
	text := []byte(strings.Repeat(".", 3*windowSize) + "zoe@example.be")
	got, n, err := scan(t, m, io.MultiReader(bytes.NewReader(text), iotest.ErrReader(broken)), text, 10)
	if err != broken || n != int64(len(text)) || len(got) != 1 {
		t.Errorf("got %v, %d, %v", got, n, err)
	}
}

func TestScanCancelled(t *testing.T) {
	m := compile(t, lits("zoe@example.be"))
	cause := errors.New("cause")
	ctx, cancel := context.WithCancelCause(context.Background())
	text := "zoe@example.be"
	hits := 0
	// Cancelled between the first read and the second.
	r := io.MultiReader(strings.NewReader(text), readerFunc(func(p []byte) (int, error) {
		t.Error("read after the end of the context")
		return 0, io.EOF
	}))
	n, err := scanHits(ctx, m, readerFunc(func(p []byte) (int, error) {
		defer cancel(cause)
		return r.Read(p)
	}), 0, func(int64, []byte, []Hit) error { hits++; return nil })
	if err != cause || n != int64(len(text)) || hits != 1 {
		t.Errorf("%d calls, %d, %v", hits, n, err)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestScanStops(t *testing.T) {
	m := compile(t, lits("zoe@example.be"))
	stop := errors.New("stop")
	_, err := scanHits(context.Background(), m, strings.NewReader("zoe@example.be"), 0, func(int64, []byte, []Hit) error { return stop })
	if err != stop {
		t.Errorf("error of fn: %v", err)
	}
	_, err = scanHits(context.Background(), m, readerFunc(func([]byte) (int, error) { return 0, nil }), 0, nil)
	if err != io.ErrNoProgress {
		t.Errorf("no progress: %v", err)
	}
	_, err = scanHits(context.Background(), m, readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), 0, nil)
	if err == nil {
		t.Error("an impossible count is accepted")
	}
	_, err = scanHits(context.Background(), m, strings.NewReader(""), -1, nil)
	if err == nil {
		t.Error("a negative margin is accepted")
	}
}

func TestConcurrent(t *testing.T) {
	patterns := people(rand.New(rand.NewPCG(9, 9)), 20)
	m := compile(t, patterns)
	var text []byte
	for _, p := range patterns {
		text = append(append(text, p.Text...), '\n')
	}
	text = bytes.Repeat(text, 1+2*windowSize/len(text))
	want := m.Find(nil, text)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, _, err := scan(t, m, bytes.NewReader(text), text, 20)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%v: %s", err, difference(got, want))
			}
		})
	}
	wg.Wait()
}

func TestSmallScansAllocateNothing(t *testing.T) {
	m := compile(t, lits("zoe@example.be"))
	r := strings.NewReader("")
	fn := func(int64, []byte, []Hit) error { return nil }
	if n := testing.AllocsPerRun(200, func() {
		r.Reset("a mail to zoe@example.be")
		if _, err := scanHits(context.Background(), m, r, 10, fn); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("zoe@example.be\n0470123456\ne", "Zoe@example.be, +32 470/12.34.56 0470123456")
	f.Add("aa\naaa\naaaaaaaaaaaaaaa\n11111", "aaaaaaaaaaaaaaaaaaaa 1 1 1 1 1 1")
	f.Add("jan peeters\njan-peeters", "jan\x00peeters JAN PEETERS\u00a01")
	f.Fuzz(func(t *testing.T, list, text string) {
		patterns, m := fuzzPatterns(t, list)
		got, want := m.Find(nil, []byte(text)), naive(patterns, []byte(text))
		if !slices.Equal(got, want) {
			t.Fatal(difference(got, want))
		}
	})
}

func FuzzScan(f *testing.F) {
	f.Add("zoe@example.be\n0470123456\ne", "Zoe@example.be, 0470/12.34.56", uint64(1), 3)
	f.Add("aaaa\n11111\n111111", "aaaaa 1 1 1 1 1 1", uint64(2), 0)
	f.Fuzz(func(t *testing.T, list, text string, seed uint64, margin int) {
		if margin < 0 || margin > 1<<16 {
			return
		}
		_, m := fuzzPatterns(t, list)
		rng := rand.New(rand.NewPCG(seed, 1))
		// Long enough for several windows, without common divisors.
		b := []byte(text)
		if len(b) > 0 && rng.IntN(4) > 0 {
			b = bytes.Repeat(b, 1+rng.IntN(3*windowSize)/len(b))
		}
		want := m.Find(nil, b)
		if len(want) > 1<<17 {
			return
		}
		got, n, err := scan(t, m, chunks{bytes.NewReader(b), rng}, b, margin)
		if err != nil || n != int64(len(b)) || !slices.Equal(got, want) {
			t.Fatalf("read %d, %v: %s", n, err, difference(got, want))
		}
	})
}

func fuzzPatterns(t *testing.T, list string) ([]Pattern, *Matcher) {
	var patterns []Pattern
	for s := range strings.SplitSeq(list, "\n") {
		if len(s) == 0 || len(s) > maxLiteral || len(patterns) == 50 {
			continue
		}
		patterns = append(patterns, Pattern{Text: s})
		if minDigits <= len(s) && len(s) <= maxDigits && decimal([]byte(s)) {
			patterns = append(patterns, Pattern{Text: s, Digits: true})
		}
	}
	return patterns, compile(t, patterns)
}

// FuzzSift compares the assembly with its portable counterpart.
func FuzzSift(f *testing.F) {
	f.Add([]byte("tel. +32 (470) 12.34-56, 2026-11-02 09:00:00 0.00 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 -------"), uint64(1<<9|1<<11))
	f.Add(bytes.Repeat([]byte("1 "), 200), uint64(1<<5|1<<40))
	f.Add(bytes.Repeat([]byte("7"), 200), uint64(1<<40))
	f.Fuzz(func(t *testing.T, text []byte, lengths uint64) {
		if !vector {
			t.Skip("no assembly")
		}
		lengths &= 1<<(maxDigits+1) - 1<<minDigits
		if lengths == 0 || len(text) > block {
			return
		}
		var s scratch
		class.Numbers(s.digit[:], s.join[:], text)
		sv := newSieve(bits.TrailingZeros64(lengths), bits.Len64(lengths)-1, lengths)
		words := (len(text) + 63) / 64
		for w := 0; w < words; w += siftWords {
			var want [siftWords * 32]start
			for before := range uint64(2) {
				n := min(siftWords, words-w)
				a := sv.sift(s.digit[w:], s.join[w:], n, before, &s.starts)
				b := sv.generic(s.digit[w:], s.join[w:], n, before, &want)
				if !slices.Equal(s.starts[:a], want[:b]) {
					t.Fatalf("at word %d: %v, want %v", w, s.starts[:a], want[:b])
				}
			}
		}
	})
}

// scanHits calls fn with the hits of each piece of a stream, as those who read in
// windows find them.
func scanHits(ctx context.Context, m *Matcher, r io.Reader, margin int, fn func(base int64, window []byte, hits []Hit) error) (int64, error) {
	var hits []Hit
	return m.Windows(ctx, r, m.MaxLen(), margin, func(base int64, window []byte, from, end int) error {
		if hits = m.FindIn(hits[:0], window, from, end); len(hits) == 0 {
			return nil
		}
		return fn(base, window, hits)
	})
}
