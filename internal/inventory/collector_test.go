package inventory

import (
	"fmt"
	"sync"
	"testing"
)

func result(part string, seq, findings int, cov Coverage) Result {
	r := Result{Source: "s", Part: part, Seq: seq, Coverage: cov}
	for i := range findings {
		f := &Finding{ID: fmt.Sprintf("%5s-%04d-%05d", part, seq, i), Source: "s", URI: fmt.Sprintf("x:%s/%d/%d", part, seq, i), Place: "p", Confidence: []string{"certain", "possible"}[i%2]}
		f.SetSubject(0, "a")
		r.Findings = append(r.Findings, f)
	}
	return r
}

func scanned(n int64) Coverage {
	return Coverage{Units: Tally{Found: n, Scanned: n}, Bytes: Tally{Found: 10 * n, Scanned: 10 * n}}
}

func collector(t *testing.T) *Collector {
	t.Helper()
	c, err := NewCollector()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	c.AddSource(Source{Name: "s"})
	return c
}

func settle(t *testing.T, c *Collector) (*Report, []*Finding) {
	t.Helper()
	r, err := c.Settle(Run{ID: "r"}, []Subject{{ID: "a"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []*Finding
	for f, err := range r.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return r, all
}

// A part that is read again replaces what its first attempt left.
func TestCommitIsIdempotent(t *testing.T) {
	c := collector(t)
	for range 3 {
		for seq := range 2 {
			if err := c.Commit(result("one", seq, 3, scanned(5))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Commit(result("two", 0, 1, scanned(1))); err != nil {
		t.Fatal(err)
	}
	r, all := settle(t, c)
	if len(all) != 7 || r.Summary.Findings != 7 || r.Subjects[0].Findings != 7 || r.Sources[0].Coverage.Units.Found != 11 {
		t.Errorf("%d findings, summary %+v, coverage %+v", len(all), r.Summary, r.Sources[0].Coverage)
	}
	for i := 1; i < len(all); i++ {
		if rank(all[i-1].Confidence) > rank(all[i].Confidence) {
			t.Error("findings are not in the order of confidence")
		}
	}
	if r.Run.Status != "complete" {
		t.Errorf("status %s", r.Run.Status)
	}
}

// The same record, reached twice, is one finding: the surer of the two.
func TestRepeatedRecord(t *testing.T) {
	c := collector(t)
	for i, conf := range []string{"possible", "certain"} {
		f := &Finding{ID: "0123456789abcdef", Source: "s", Confidence: conf}
		f.SetSubject(0, "a")
		if err := c.Commit(Result{Source: "s", Part: fmt.Sprint(i), Findings: []*Finding{f}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, all := settle(t, c); len(all) != 1 || all[0].Confidence != "certain" {
		t.Errorf("findings: %+v", all)
	}
}

func TestLedgerMustClose(t *testing.T) {
	c := collector(t)
	if err := c.Commit(result("one", 0, 0, Coverage{Units: Tally{Found: 2, Scanned: 1}})); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Settle(Run{}, nil, nil); err == nil {
		t.Error("a report is made of a ledger that does not close")
	}
}

func TestCopies(t *testing.T) {
	c := collector(t)
	if !c.Alias("inode", "file:///a.tar") || c.Alias("inode", "file:///b.tar") || !c.Alias("other", "file:///c") {
		t.Error("content is not read exactly once")
	}
	f := &Finding{ID: "0123456789abcdef", URI: "file:///a.tar!/x", Source: "s", Confidence: "certain", Same: "inode"}
	f.SetSubject(0, "a")
	if err := c.Commit(Result{Source: "s", Part: "1", Findings: []*Finding{f}}); err != nil {
		t.Fatal(err)
	}
	_, all := settle(t, c)
	if len(all) != 1 || len(all[0].Copies) != 1 || all[0].Copies[0].URI != "file:///b.tar!/x" || all[0].Same != "" {
		t.Errorf("%+v", all)
	}
}

func TestConcurrentCommits(t *testing.T) {
	c := collector(t)
	var wg sync.WaitGroup
	for p := range 8 {
		wg.Go(func() {
			for seq := range 50 {
				if err := c.Commit(result(fmt.Sprint("part", p), seq, 2, scanned(1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if r, all := settle(t, c); len(all) != 800 || r.Sources[0].Coverage.Units.Scanned != 400 {
		t.Errorf("%d findings, %+v", len(all), r.Sources[0].Coverage)
	}
}
