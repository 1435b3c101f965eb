package subject

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/match"
)

// A meter holds the least time of each block of a text.
type meter []time.Duration

func (m *meter) pass(text []byte, f func([]byte)) {
	const block = 256 << 10
	for i := 0; i*block < len(text); i++ {
		b := text[i*block : min((i+1)*block, len(text))]
		start := time.Now()
		f(b)
		if took := time.Since(start); i == len(*m) {
			*m = append(*m, took)
		} else {
			(*m)[i] = min((*m)[i], took)
		}
	}
}

func (m meter) sum() (sum time.Duration) {
	for _, d := range m {
		sum += d
	}
	return sum
}

// BenchmarkCorpus compares recognition with all types of identifiers with the
// matcher alone and with bytes.Count, by kind of text. SPOOR_SPEED_DIR names the
// directory that scripts/corpus wrote; people=10 and kind=sql choose.
func BenchmarkCorpus(b *testing.B) {
	dir := os.Getenv("SPOOR_SPEED_DIR")
	if dir == "" {
		b.Skip("no SPOOR_SPEED_DIR")
	}
	text, err := os.ReadFile(filepath.Join(dir, "corpus"))
	if err != nil {
		b.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(dir, "kinds"))
	if err != nil {
		b.Fatal(err)
	}
	kinds := map[string][]byte{}
	at := 0
	for line := range strings.Lines(string(list)) {
		var kind string
		var n int
		if _, err := fmt.Sscan(line, &kind, &n); err != nil {
			b.Fatal(err)
		}
		if len(kinds[kind]) < 2<<20 {
			kinds[kind] = append(kinds[kind], text[at:at+n]...)
		}
		at += n
	}
	kinds["all"] = text[:min(len(text), 16<<20)]
	var people [][]Identifier
	if list, err = os.ReadFile(filepath.Join(dir, "people")); err == nil {
		err = json.Unmarshal(list, &people)
	}
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{10, 100, 1000, 10_000} {
		var r *Recognizer
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			b.Run(fmt.Sprintf("people=%d/kind=%s", n, kind), func(b *testing.B) {
				if r == nil {
					var persons []Person
					for i, ids := range people[:n] {
						persons = append(persons, Person{ID: fmt.Sprint(i), Identifiers: ids})
					}
					start := time.Now()
					if r, err = New(persons); err != nil {
						b.Fatal(err)
					}
					b.Logf("%d people, %d patterns in %v", n, len(r.needles), time.Since(start))
				}
				text := kinds[kind]
				var all, matcher, count meter
				var hits []Hit
				var found []match.Hit
				nHits, nFound := 0, 0
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					nHits, nFound = 0, 0
					all.pass(text, func(p []byte) { hits = r.Find(hits[:0], p); nHits += len(hits) })
					matcher.pass(text, func(p []byte) { found = r.matcher.Find(found[:0], p); nFound += len(found) })
					count.pass(text, func(p []byte) { bytes.Count(p, []byte("@")) })
				}
				rate := func(d time.Duration) float64 { return float64(len(text)) / 1e9 / d.Seconds() }
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(rate(all.sum()), "GB/s")
				b.ReportMetric(rate(matcher.sum()), "matcher-GB/s")
				b.ReportMetric(float64(all.sum())/float64(matcher.sum()), "x-matcher")
				b.ReportMetric(float64(count.sum())/float64(all.sum()), "of-count")
				b.ReportMetric(float64(nHits)/float64(len(text)>>20), "hits/MiB")
				b.ReportMetric(float64(nFound)/float64(len(text)>>20), "found/MiB")
			})
		}
	}
}
