package scannertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// A shelf is a source in memory: notes with bodies, cards in blocks of rows, and
// one note that can't be read. Its defect is what the suite has to notice.
type shelf struct {
	defect string
	after  int64 // things that it gives before its connection breaks; negative: all

	mu   sync.Mutex
	left int64
	quit chan struct{}
}

var defects = []string{
	"card changes on opening", "cursor loses a gap", "cursor loses an item", "cursor repeats an item", "empty URI opens",
	"gap is dropped", "goroutine stays", "identifier in a place", "note changes by its URI", "note is lost in parallel",
	"note is deferred and has a body", "part changes in JSON", "part has another ID each time", "place changes", "silent end when broken",
	"silent end when cancelled", "size is wrong", "stop breaks the source", "two notes have one URI", "URI with a space", "vanished is another error",
}

const (
	notes = 8
	cards = 7
)

func (s *shelf) Info() scanners.Info {
	return scanners.Info{Name: "shelf", Type: "shelf", URI: "shelf:///", Consistency: "It never changes.", Units: "notes", Parallel: 2}
}

func (s *shelf) Check(context.Context) []scanners.Check {
	return []scanners.Check{{What: "look at the shelf", OK: true}}
}

func (s *shelf) Close() error {
	if s.defect != "goroutine stays" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.quit != nil {
			close(s.quit)
			s.quit = nil
		}
	}
	return nil
}

func (s *shelf) spend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.after < 0 {
		return nil
	}
	if s.left++; s.left > s.after {
		return errors.New("the connection is cut")
	}
	return nil
}

var changes struct {
	sync.Mutex
	n int
}

func count() int {
	changes.Lock()
	defer changes.Unlock()
	changes.n++
	return changes.n
}

func (s *shelf) Parts(ctx context.Context) iter.Seq2[scanners.Part, error] {
	return func(yield func(scanners.Part, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(scanners.Part{}, err)
			return
		}
		if err := s.spend(); err != nil {
			if s.defect != "silent end when broken" {
				yield(scanners.Part{}, err)
			}
			return
		}
		for _, id := range []string{"notes", "cards"} {
			p := scanners.Part{Source: "shelf", ID: id, Place: "shelf / " + id, Units: -1, Bytes: -1}
			if s.defect == "part changes in JSON" {
				p.Range = "\xff"
			}
			if s.defect == "part has another ID each time" {
				p.ID = id + strconv.Itoa(count())
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (s *shelf) note(i int) scanners.Item {
	ref := scanners.Ref{
		URI: fmt.Sprintf("shelf:///notes/%d", i), Place: "shelf / note", Action: "review",
		Locator: struct {
			Type string `json:"type"`
		}{"shelf"},
	}
	body := fmt.Sprintf("note NOTE-%d-ZQ", i)
	it := scanners.Item{Ref: ref, Size: int64(len(body)), Cursor: strconv.Itoa(i), Body: strings.NewReader(body)}
	switch {
	case s.defect == "identifier in a place":
		it.Ref.Place = body
	case s.defect == "two notes have one URI" && i == 5:
		it.Ref.URI = "shelf:///notes/4"
	case s.defect == "URI with a space":
		it.Ref.URI = "shelf:///notes/ " + strconv.Itoa(i)
	case s.defect == "size is wrong":
		it.Size = 0
	}
	return it
}

func (s *shelf) cards(from, to int) *scanners.Block {
	b := &scanners.Block{Table: &scanners.Table{Name: "cards", Columns: []string{"word", "none"}}}
	for i := from; i < to; i++ {
		b.Append([]byte(fmt.Sprintf("CARD-%d-ZQ", i/2)), false) // in pairs of identical rows
		b.Append(nil, true)
	}
	b.Refs = func(row int, hash string, n int) scanners.Ref {
		return scanners.Ref{
			URI: fmt.Sprintf("shelf:///cards?row-hmac=%s&n=%d", hash, n), Place: "shelf / card", Action: "review",
			Locator: map[string]string{"type": "shelf"},
		}
	}
	return b
}

func (s *shelf) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) {
		if s.defect == "goroutine stays" {
			s.mu.Lock()
			if s.quit == nil {
				s.quit = make(chan struct{})
				go func(quit chan struct{}) { <-quit }(s.quit)
			}
			s.mu.Unlock()
		}
		start := -1
		if p.Cursor != "" {
			start, _ = strconv.Atoi(p.Cursor)
			switch s.defect {
			case "cursor loses an item":
				start++
			case "cursor repeats an item":
				start--
			}
		}
		fail := func() bool {
			err := ctx.Err()
			if err != nil && s.defect == "silent end when cancelled" {
				return true
			}
			if err == nil {
				err = s.spend()
			}
			if err != nil && s.defect == "silent end when broken" && ctx.Err() == nil {
				return true
			}
			if err != nil {
				yield(scanners.Item{}, err)
			}
			return err != nil
		}
		if strings.HasPrefix(p.ID, "cards") {
			for i := start + 1; i < cards; i += 3 {
				if fail() {
					return
				}
				to := min(i+3, cards)
				if !yield(scanners.Item{Cursor: strconv.Itoa(to - 1), Block: s.cards(i, to)}, nil) {
					return
				}
			}
			return
		}
		for i := start + 1; i < notes; i++ {
			if fail() {
				return
			}
			if i == 6 && s.defect == "cursor loses a gap" && p.Cursor != "" {
				continue
			}
			if i == 6 && s.defect != "gap is dropped" {
				if !yield(scanners.Item{}, &scanners.Gap{URI: "shelf:///notes/6", Place: "shelf / note", Reason: scanners.Denied, Units: 1}) {
					return
				}
				continue
			}
			if i == 6 || i == 3 && s.defect == "note is lost in parallel" && count() > 1 {
				continue
			}
			it := s.note(i)
			if it.Deferred = i%2 == 1; it.Deferred && s.defect != "note is deferred and has a body" {
				it.Body = nil
			}
			if !yield(it, nil) {
				if s.defect == "stop breaks the source" {
					s.after = 3
				}
				return
			}
		}
	}
}

func (s *shelf) Open(ctx context.Context, ref scanners.Ref) (scanners.Item, error) {
	if err := ctx.Err(); err != nil {
		return scanners.Item{}, err
	}
	if err := s.spend(); err != nil {
		return scanners.Item{}, &scanners.Gap{Reason: scanners.Offline, Err: err}
	}
	if ref.URI == "" && s.defect == "empty URI opens" {
		return s.note(0), nil
	}
	for i := range notes {
		it := s.note(i)
		if it.Ref.URI == ref.URI && i != 6 {
			it.Cursor = ""
			if s.defect == "note changes by its URI" && ref.Place == "" {
				it.Body = strings.NewReader("NOTE")
			}
			return it, nil
		}
	}
	for i := range cards {
		b := s.cards(i, i+1)
		if hash := b.Hash([]byte(RowKey), 0); strings.HasPrefix(ref.URI, "shelf:///cards?row-hmac="+hash) {
			if s.defect == "card changes on opening" {
				b = s.cards(99, 100)
			}
			return scanners.Item{Ref: ref, Block: b}, nil
		}
	}
	if !strings.HasPrefix(ref.URI, "shelf:///") || s.defect == "vanished is another error" {
		return scanners.Item{}, errors.New("not of this shelf")
	}
	return scanners.Item{}, &scanners.Gap{URI: ref.URI, Reason: scanners.Vanished}
}

func run(t *testing.T, defect string) {
	f := Fixture{
		Open:       func(*testing.T) scanners.Source { return &shelf{defect: defect, after: -1} },
		Unreadable: []string{"/notes/6"},
		Vanished:   []string{"shelf:///notes/99"},
		Broken:     func(_ *testing.T, after int64) scanners.Source { return &shelf{defect: defect, after: after} },
		State: func(*testing.T) string {
			if defect == "place changes" {
				return strconv.Itoa(count())
			}
			return ""
		},
	}
	for i := range notes {
		if i != 6 {
			f.Planted = append(f.Planted, fmt.Sprintf("NOTE-%d-ZQ", i))
		}
	}
	for i := range (cards + 1) / 2 {
		f.Planted = append(f.Planted, fmt.Sprintf("CARD-%d-ZQ", i))
	}
	Run(t, f)
}

func TestSound(t *testing.T) { run(t, "") }

// TestDefective is what TestSuite runs in a process of its own, where it has to
// fail.
func TestDefective(t *testing.T) {
	defect := os.Getenv("SPOOR_TEST_DEFECT")
	if !slices.Contains(defects, defect) {
		t.Skip("run by TestSuite")
	}
	run(t, defect)
}

func TestSuite(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, defect := range defects {
		t.Run(defect, func(t *testing.T) {
			cmd := exec.Command(exe, "-test.run=^TestDefective$")
			cmd.Env = append(os.Environ(), "SPOOR_TEST_DEFECT="+defect)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("the suite does not notice it:\n%s", out)
			}
			if strings.Contains(string(out), "panic:") {
				t.Errorf("the suite panics:\n%s", out)
			}
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "_test.go:") || strings.Contains(line, "scannertest.go:") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}
