package engine

import (
	"testing"
	"time"
)

// TestMailed takes the time of a message from what its own server wrote, also where
// the file has that of a restore.
func TestMailed(t *testing.T) {
	restored := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		fields []string
		want   string
	}{
		"the uppermost Received": {[]string{"Received", "from a by b\r\n\twith ESMTP; Mon, 31 Aug 2026 10:00:00 +0000", "Received", "from c by a; Mon, 31 Aug 2026 09:00:00 +0000", "Date", "Sun, 30 Aug 2026 09:00:00 +0000"}, "2026-08-31T10:00:00Z"},
		"Date before it":         {[]string{"Date", "Sun, 30 Aug 2026 09:00:00 +0000", "Received", "by b; Mon, 31 Aug 2026 10:00:00 +0000"}, "2026-08-31T10:00:00Z"},
		"Date alone":             {[]string{"date", "30 Aug 2026 09:00:00 +0200"}, "2026-08-30T07:00:00Z"},
		"a day that is to come":  {[]string{"Date", "Sun, 30 Aug 2099 09:00:00 +0000"}, ""},
		"no day":                 {[]string{"Received", "from a by b", "Date", "yesterday"}, ""},
	} {
		rec := &record{unit: &unit{time: restored}}
		for i := 0; i < len(c.fields); i += 2 {
			rec.mailed(c.fields[i], []byte(c.fields[i+1]))
		}
		got := ""
		if m := (&record{parent: rec}).received(); !m.IsZero() {
			got = m.UTC().Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
