package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/document"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/subject"
	"github.com/spoor-scan/spoor/scanners"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a source whose every behaviour a test sets.
type memory struct {
	info  scanners.Info
	parts func(yield func(scanners.Part, error) bool)
	items func(ctx context.Context, p scanners.Part, yield func(scanners.Item, error) bool)
	open  func(ref scanners.Ref) (scanners.Item, error)
}

func (m *memory) Info() scanners.Info { return m.info }
func (m *memory) Parts(context.Context) iter.Seq2[scanners.Part, error] {
	if m.parts == nil {
		return func(yield func(scanners.Part, error) bool) {
			yield(scanners.Part{ID: "all", Units: -1, Bytes: -1}, nil)
		}
	}
	return m.parts
}

func (m *memory) Items(ctx context.Context, p scanners.Part) iter.Seq2[scanners.Item, error] {
	return func(yield func(scanners.Item, error) bool) { m.items(ctx, p, yield) }
}

func (m *memory) Open(_ context.Context, ref scanners.Ref) (scanners.Item, error) {
	return m.open(ref)
}
func (m *memory) Check(context.Context) []scanners.Check { return nil }
func (m *memory) Close() error                           { return nil }

func text(uri, s string) scanners.Item {
	return scanners.Item{Ref: scanners.Ref{URI: uri, Place: "place", Action: "delete-file"}, Size: int64(len(s)), Body: strings.NewReader(s)}
}

func scan(t *testing.T, ctx context.Context, m *memory) (*inventory.Report, []*inventory.Finding) {
	t.Helper()
	m.info = scanners.Info{Name: "m", Type: "memory", URI: "m:/", Parallel: 2}
	rec, err := subject.New([]subject.Person{{ID: "zoe", Identifiers: []subject.Identifier{{Type: subject.Email, Value: "zoe@example.be"}}}})
	if err != nil {
		t.Fatal(err)
	}
	col, err := inventory.NewCollector()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = col.Close() })
	rep, err := Scan(ctx, col, Options{
		Sources: []Source{{Source: m, Info: m.info}}, Recognizer: rec, Subjects: []inventory.Subject{{ID: "zoe"}},
		Decoders: append(append(document.All(container.Options{}), container.All(container.Options{})...), container.Decoder{
			Name: "trap", Match: func(head []byte, _ string) bool { return bytes.HasPrefix(head, []byte("TRAP")) },
			Decode: func(context.Context, scanners.Item, *container.Budget) iter.Seq2[scanners.Item, error] {
				return func(yield func(scanners.Item, error) bool) {
					yield(scanners.Item{Text: true, Body: strings.NewReader("zoe@example.be")}, nil)
					panic("zoe@example.be is in the panic's value")
				}
			},
		}),
		Limits: container.DefaultLimits(), RowKey: make([]byte, 32), Progress: NewProgress("m"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*inventory.Finding
	for f, err := range rep.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	for _, g := range rep.Gaps {
		if strings.Contains(g.Detail+g.Place, "zoe") {
			t.Errorf("a gap holds content: %+v", g)
		}
	}
	return rep, all
}

func items(list ...any) func(context.Context, scanners.Part, func(scanners.Item, error) bool) {
	return func(_ context.Context, _ scanners.Part, yield func(scanners.Item, error) bool) {
		for _, x := range list {
			switch x := x.(type) {
			case scanners.Item:
				if !yield(x, nil) {
					return
				}
			case error:
				if !yield(scanners.Item{}, x) {
					return
				}
			}
		}
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

// Whatever happens to a unit, it ends up in the ledger, and what was found
// before stays.
func TestLedger(t *testing.T) {
	const zoe = "zoe@example.be\n"
	full := zipped(zoe + strings.Repeat("all is well\n", 10000))
	deferred := scanners.Item{Ref: scanners.Ref{URI: "m:/d", Place: "place"}, Size: 7, Deferred: true}
	for name, tt := range map[string]struct {
		m        memory
		units    inventory.Tally
		bytes    inventory.Tally
		findings int
		reasons  string
		unlisted bool
	}{
		"whole": {
			memory{items: items(text("m:/1", zoe), text("m:/2", "x"))},
			inventory.Tally{Found: 2, Scanned: 2},
			inventory.Tally{Found: 16, Scanned: 16},
			1, "", false,
		},
		"breaks off in the midst of a body": {
			memory{items: items(scanners.Item{
				Ref: scanners.Ref{URI: "m:/1"}, Size: 100, Body: io.MultiReader(strings.NewReader(zoe), iotest.ErrReader(io.ErrUnexpectedEOF)),
			})},
			inventory.Tally{Found: 1, Partial: 1},
			inventory.Tally{Found: 100, Partial: 15, Unread: 85},
			1, "offline", false,
		},
		"grew while it was read": {
			memory{items: items(scanners.Item{Ref: scanners.Ref{URI: "m:/1"}, Size: 5, Body: struct{ io.Reader }{strings.NewReader(zoe)}})},
			inventory.Tally{Found: 1, Scanned: 1},
			inventory.Tally{Found: 15, Scanned: 15},
			1, "", false,
		},
		"size unknown": {
			memory{items: items(scanners.Item{Ref: scanners.Ref{URI: "m:/1"}, Size: -1, Body: struct{ io.Reader }{strings.NewReader(zoe)}})},
			inventory.Tally{Found: 1, Scanned: 1},
			inventory.Tally{Found: 15, Scanned: 15},
			1, "", false,
		},
		"truncated gzip": {
			memory{items: items(text("m:/1.gz", full[:len(full)-20]))},
			inventory.Tally{Found: 1, Partial: 1},
			inventory.Tally{Found: int64(len(full) - 20), Partial: int64(len(full) - 20)},
			1, "corrupt", false,
		},
		"decoder panics": {
			memory{items: items(text("m:/1", "TRAP"), text("m:/2", zoe))},
			inventory.Tally{Found: 2, Scanned: 1, Partial: 1},
			inventory.Tally{Found: 19, Scanned: 15, Partial: 4},
			2, "error", false,
		},
		"gap and exclusion": {
			memory{items: items(&scanners.Gap{URI: "m:/g", Reason: scanners.Denied, Units: 3, Bytes: 30}, &scanners.Exclusion{URI: "m:/x", Reason: scanners.ByConfig, Units: 2, Bytes: 20}, text("m:/1", zoe))},
			inventory.Tally{Found: 6, Scanned: 1, Unread: 3, Excluded: 2},
			inventory.Tally{Found: 65, Scanned: 15, Unread: 30, Excluded: 20},
			1, "denied", false,
		},
		"sequence ends with an error": {
			memory{items: items(text("m:/1", zoe), errors.New("gone")), parts: func(yield func(scanners.Part, error) bool) { yield(scanners.Part{ID: "p", Units: 5, Bytes: 100}, nil) }},
			inventory.Tally{Found: 5, Scanned: 1, Unread: 4},
			inventory.Tally{Found: 100, Scanned: 15, Unread: 85},
			1, "error", false,
		},
		"sequence panics": {
			memory{items: func(_ context.Context, _ scanners.Part, yield func(scanners.Item, error) bool) {
				yield(text("m:/1", zoe), nil)
				panic("zoe")
			}},
			inventory.Tally{Found: 1, Scanned: 1},
			inventory.Tally{Found: 15, Scanned: 15},
			1, "error", true,
		},
		"can't be listed": {
			memory{parts: func(yield func(scanners.Part, error) bool) { yield(scanners.Part{}, errors.New("no route")) }},
			inventory.Tally{},
			inventory.Tally{},
			0, "error", true,
		},
		"deferred, and can't be opened": {
			memory{items: items(deferred), open: func(scanners.Ref) (scanners.Item, error) {
				return scanners.Item{}, &scanners.Gap{Reason: scanners.Vanished, Units: 1}
			}},
			inventory.Tally{Found: 1, Unread: 1},
			inventory.Tally{Found: 7, Unread: 7},
			0, "vanished", false,
		},
		"deferred, and opening panics": {
			memory{items: items(deferred), open: func(scanners.Ref) (scanners.Item, error) { panic("zoe") }},
			inventory.Tally{Found: 1, Unread: 1},
			inventory.Tally{Found: 7, Unread: 7},
			0, "error", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			rep, findings := scan(t, t.Context(), &tt.m)
			s := rep.Sources[0]
			if s.Coverage.Units != tt.units || s.Coverage.Bytes != tt.bytes {
				t.Errorf("units %+v bytes %+v\nwant  %+v bytes %+v", s.Coverage.Units, s.Coverage.Bytes, tt.units, tt.bytes)
			}
			var reasons []string
			for _, g := range rep.Gaps {
				reasons = append(reasons, g.Reason)
			}
			if len(findings) != tt.findings || strings.Join(reasons, " ") != tt.reasons || s.Listed == tt.unlisted {
				t.Errorf("%d findings, gaps %q, listed %v", len(findings), reasons, s.Listed)
			}
		})
	}
}

// A scan that is cancelled says what it did not read, and ends.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rep, findings := scan(t, ctx, &memory{
		parts: func(yield func(scanners.Part, error) bool) {
			for i := range 50 {
				if !yield(scanners.Part{ID: fmt.Sprint(i), Units: 10, Bytes: 100}, nil) {
					return
				}
			}
		},
		items: func(ctx context.Context, p scanners.Part, yield func(scanners.Item, error) bool) {
			if p.ID == "3" {
				cancel()
			}
			if ctx.Err() != nil {
				yield(scanners.Item{}, ctx.Err())
				return
			}
			yield(text("m:/"+p.ID, "zoe@example.be"), nil)
		},
	})
	if rep.Run.Status != "incomplete" || len(findings) == 0 || rep.Sources[0].Coverage.Units.Unread == 0 {
		t.Errorf("status %s, %d findings, %+v", rep.Run.Status, len(findings), rep.Sources[0].Coverage)
	}
}

// A value is found wherever the blocks of a body are cut.
func TestAcrossReads(t *testing.T) {
	for _, pad := range []int{0, 1, 500, 511, 512, 513, 8180, 8191, 8192, 8193, 1 << 18} {
		s := strings.Repeat(".", pad) + " zoe@example.be " + strings.Repeat(".", pad)
		for what, body := range map[string]io.Reader{
			"whole": strings.NewReader(s), "one byte": iotest.OneByteReader(strings.NewReader(s)), "half": iotest.HalfReader(strings.NewReader(s)),
			"with the end": iotest.DataErrReader(strings.NewReader(s)),
		} {
			_, findings := scan(t, t.Context(), &memory{items: items(scanners.Item{Ref: scanners.Ref{URI: "m:/1"}, Size: int64(len(s)), Body: body})})
			if len(findings) != 1 || len(findings[0].Matches) != 1 || *findings[0].Matches[0].Offset != int64(pad)+1 {
				t.Errorf("%d bytes before, read %s: %d findings", pad, what, len(findings))
			}
		}
	}
}

// Rows are units; identical rows of a table without a key are told apart; a
// match does not cross cells.
func TestRows(t *testing.T) {
	table := &scanners.Table{Name: "s.t", Schema: "s", Table: "t", Columns: []string{"a", "b"}}
	b := &scanners.Block{Table: table, Refs: func(_ int, hash string, n int) scanners.Ref {
		return scanners.Ref{URI: fmt.Sprintf("m:/t?row-hmac=%s&n=%d", hash, n), Place: "s / t / row", Action: "delete-row"}
	}}
	// A text that only starts like a mail is not a record besides its row.
	for _, cell := range []string{"To: her\nand to others", "zoe@example.be", "To: her\nand to others", "zoe@example.be", "zoe@", "example.be", zipped("zoe@example.be"), ""} {
		b.Append([]byte(cell), cell == "")
	}
	rep, findings := scan(t, t.Context(), &memory{items: items(scanners.Item{Block: b, Size: b.Bytes()})})
	var uris []string
	for _, f := range findings {
		uris = append(uris, f.URI[strings.LastIndexByte(f.URI, '&'):])
	}
	got := strings.Join(uris, " ")
	if len(findings) != 3 || !strings.Contains(got, "&n=1!/a") || !strings.Contains(got, "&n=2") {
		t.Errorf("findings at %q", got)
	}
	if u := rep.Sources[0].Coverage.Units; u != (inventory.Tally{Found: 5, Scanned: 5}) { // four rows and a member
		t.Errorf("units %+v", u)
	}
}
