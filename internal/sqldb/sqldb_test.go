package sqldb

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct{ in, want string }{
		{"2026-01-31", "2026-01-31T00:00:00Z"},
		{"2026-01-31 10:00:00", "2026-01-31T10:00:00Z"},
		{"2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"},
		{"30d", "2026-03-01T12:00:00Z"},
		{"36h", "2026-03-30T00:00:00Z"},
		{"yesterday", ""},
		{"-5d", ""},
		{"2026-13-01", ""},
		{"0", ""},
		{"", ""},
		{"-1h", ""},
		{"1000000d", ""},
	} {
		got, err := ParseSince(test.in, now)
		if (err != nil) != (test.want == "") || err == nil && got.Format(time.RFC3339) != test.want {
			t.Errorf("%q: %v, %v", test.in, got, err)
		}
	}
}

func TestChangeColumn(t *testing.T) {
	at := func(name string) Column { return Column{Name: name, Time: true} }
	for _, test := range []struct {
		name       string
		columns    []Column
		configured []string
		want       int
	}{
		{"none", []Column{{Name: "id"}, at("created_at")}, nil, -1},
		{"named so", []Column{{Name: "id"}, at("Updated_At")}, nil, 1},
		{"named so, a text", []Column{{Name: "updated_at"}}, nil, -1},
		{"kept by the server", []Column{at("updated_at"), {Name: "ts", Time: true, Kept: true}}, nil, 1},
		{"configured", []Column{at("updated_at"), {Name: "ts", Time: true, Kept: true}, at("stamp")}, []string{"other", "STAMP"}, 2},
	} {
		if got := ChangeColumn(test.columns, test.configured); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestPace(t *testing.T) {
	var p Pace
	asked := 0
	idle := func(context.Context) bool { asked++; return false }
	for range 3 {
		if err := p.Wait(t.Context(), idle); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times at once", asked)
	}
	p.Spent(1000, 0)
	if !p.next.IsZero() {
		t.Error("slowed down without a limit")
	}
	p.Spent(3600, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	cancel(over)
	if err := p.Wait(ctx, nil); !errors.Is(err, over) {
		t.Errorf("an hour ahead of the rate: %v", err)
	}
}
