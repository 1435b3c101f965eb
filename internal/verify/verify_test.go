package verify

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
)

const keyID = "0011223344556677"

func content(n int) string { return fmt.Sprintf("%032x", n) }

// found is a finding about zoe.
func found(uri string, n int, change ...func(*inventory.Finding)) *inventory.Finding {
	f := &inventory.Finding{
		ID: inventory.FindingID("zoe", uri), Subject: "zoe", Source: "s", URI: uri, Place: "place", Confidence: "certain",
		Matches: []inventory.Match{{Type: "email", Masked: "z**"}}, Actions: []inventory.Action{{Kind: "delete-file"}},
	}
	if n > 0 {
		f.Content = content(n)
	}
	for _, c := range change {
		c(f)
	}
	return f
}

func report(key string, findings ...*inventory.Finding) *inventory.Report {
	return &inventory.Report{
		Run: inventory.Run{Key: key}, Sources: []inventory.Source{{Name: "s", URI: "file:///s", Listed: true}},
		Subjects: []inventory.Subject{{ID: "zoe", Identifiers: []inventory.Identifier{{Type: "email", Masked: "z**", Origin: "given"}, {Type: "phone", Masked: "+**", Origin: "found"}}}},
		Findings: func() iter.Seq2[*inventory.Finding, error] {
			return func(yield func(*inventory.Finding, error) bool) {
				for _, f := range findings {
					if !yield(f, nil) {
						return
					}
				}
			}
		},
	}
}

func TestStates(t *testing.T) {
	day := "2026-12-31"
	other := func(s string) func(*inventory.Finding) {
		return func(f *inventory.Finding) { f.Copies = append(f.Copies, inventory.Copy{URI: s, GoneBy: &day}) }
	}
	byFound := func(f *inventory.Finding) { f.Matches = []inventory.Match{{Type: "phone", Masked: "+**"}} }
	linked := func(f *inventory.Finding) { f.Matches, f.Relation = nil, "linked" }
	long := func(f *inventory.Finding) { off := int64(1 << 20); f.Matches[0].Offset = &off }
	const uri = "file:///s/a"
	for name, c := range map[string]struct {
		was     *inventory.Finding
		key     string               // of the report, where it is another
		scan    []*inventory.Finding // nil: nobody was looked for
		blind   bool                 // the scan did not know what was found
		gaps    []inventory.Gap      // of the scan
		see     map[string]int       // contents by place
		missed  map[string]string
		opened  []*inventory.Finding
		state   State
		locator string
		about   string // true, false or nothing
		why     string
		moved   int
		goneBy  string
		news    int
	}{
		"deleted": {
			was: found(uri, 1), scan: []*inventory.Finding{}, missed: map[string]string{uri: ""}, state: Gone, locator: Absent, why: "nowhere in the scope",
		},
		"deleted, and nobody was looked for": {
			was: found(uri, 1), missed: map[string]string{uri: ""}, state: Unchecked, locator: Absent, why: "the scope was not searched",
		},
		"its folder can't be read any more": {
			was: found(uri, 1), scan: []*inventory.Finding{}, gaps: []inventory.Gap{{Source: "s", URI: "file:///s/", Place: "s / folder", Reason: "denied"}},
			missed: map[string]string{uri: ""}, state: Unchecked, locator: Absent, why: "a gap covers it: denied",
		},
		"its source is down": {
			was: found(uri, 1), scan: []*inventory.Finding{}, missed: map[string]string{uri: "offline: connect"}, state: Unchecked, locator: Unread, why: "offline",
		},
		"there as it was": {
			was: found(uri, 1), scan: []*inventory.Finding{found(uri, 1)}, state: Present, locator: There, about: "true", why: "as it was",
		},
		"there as it was, and nobody was looked for": {
			was: found(uri, 1), see: map[string]int{uri: 1}, state: Present, locator: There, about: "true", why: "as it was",
		},
		"there as it was, though it names nobody": {
			was: found(uri, 1, linked), scan: []*inventory.Finding{}, see: map[string]int{uri: 1}, state: Present, locator: There, about: "true", why: "as it was",
		},
		"cleared in the middle of a long file": {
			was: found(uri, 1, long), scan: []*inventory.Finding{}, see: map[string]int{uri: 1}, state: Changed, locator: There, about: "false", why: "no longer about them",
		},
		"a long file as it was": {
			was: found(uri, 1, long), scan: []*inventory.Finding{found(uri, 1, long)}, state: Present, locator: There, about: "true", why: "as it was",
		},
		"a long file as it was, and nobody was looked for": {
			was: found(uri, 1, long), see: map[string]int{uri: 1}, state: Present, locator: There, about: "true", why: "as it was",
		},
		"changed": {
			was: found(uri, 1), scan: []*inventory.Finding{found(uri, 2)}, state: Changed, locator: There, about: "true", why: "about the person still",
		},
		"cleared of the person": {
			was: found(uri, 1), scan: []*inventory.Finding{}, see: map[string]int{uri: 2}, state: Changed, locator: There, about: "false", why: "no longer about them",
		},
		"cleared of the person, and a copy could not be read": {
			was: found(uri, 1, other("file:///s/copy")), scan: []*inventory.Finding{}, see: map[string]int{uri: 2}, missed: map[string]string{"file:///s/copy": "denied"},
			state: Unchecked, locator: There, about: "false", why: "a copy could not be checked",
		},
		"cleared of the person, with more copies than are listed": {
			was: found(uri, 1, other("file:///s/copy"), func(f *inventory.Finding) { f.CopiesTotal = 5000 }), scan: []*inventory.Finding{}, see: map[string]int{uri: 2}, missed: map[string]string{"file:///s/copy": ""},
			state: Unchecked, locator: There, about: "false", why: "more than it lists",
		},
		"changed into what can't be read": {
			was: found(uri, 1), scan: []*inventory.Finding{}, see: map[string]int{uri: 2}, gaps: []inventory.Gap{{Source: "s", URI: uri, Reason: "encrypted"}},
			state: Changed, locator: There, why: "can't be told: a gap covers it: encrypted",
		},
		"changed, and nobody was looked for": {
			was: found(uri, 1), see: map[string]int{uri: 2}, state: Changed, locator: There, why: "can't be told",
		},
		"a linked row changed": {
			was: found(uri, 1, linked), scan: []*inventory.Finding{}, see: map[string]int{uri: 2}, state: Changed, locator: There, why: "can't be told",
		},
		"made under another key": {
			was: found(uri, 1), key: "ffff", scan: []*inventory.Finding{found(uri, 2)}, state: Present, locator: There, about: "true", why: "another key",
		},
		"made under another key, and cleared": {
			was: found(uri, 1), key: "ffff", scan: []*inventory.Finding{}, see: map[string]int{uri: 2}, state: Changed, locator: There, about: "false", why: "no longer about them",
		},
		"moved": {
			was: found(uri, 1), scan: []*inventory.Finding{found("file:///s/b", 1)}, missed: map[string]string{uri: ""}, state: Moved, locator: Absent, why: "another place", moved: 1,
		},
		"perhaps moved, as the report was made under another key": {
			was: found(uri, 1), key: "ffff", scan: []*inventory.Finding{found("file:///s/b", 1)}, missed: map[string]string{uri: ""}, state: Unchecked, locator: Absent, why: "another key",
		},
		"a row without a key, under another key of hashes": {
			was: found("mysql://db/a/b?row-hmac=00", 1, linked), key: "ffff", scan: []*inventory.Finding{}, missed: map[string]string{"mysql://db/a/b?row-hmac=00": ""},
			state: Unchecked, locator: Unread, why: "another key",
		},
		"moved, and another stands in its place": {
			was: found(uri, 1), scan: []*inventory.Finding{found("file:///s/b", 1)}, see: map[string]int{uri: 3}, state: Moved, locator: There, why: "something else", moved: 1,
		},
		"a row changed, and its old content restored elsewhere": {
			was: found("mysql://db/a/clients?id=7", 1), scan: []*inventory.Finding{found("mysql://db/a/clients?id=7", 2), found("mysql://db/rest/clients?id=7", 1)},
			state: Changed, locator: There, about: "true", why: "about the person still", news: 1,
		},
		"moved, found by what the scan did not know": {
			was: found(uri, 1, byFound), scan: []*inventory.Finding{}, blind: true, see: map[string]int{"file:///s/b": 1}, missed: map[string]string{uri: ""},
			state: Moved, locator: Absent, moved: 1,
		},
		"deleted, found by what the scan did not know": {
			was: found(uri, 1, byFound), scan: []*inventory.Finding{}, blind: true, missed: map[string]string{uri: ""}, state: Gone, locator: Absent,
		},
		"without a content, found by what the scan did not know": {
			was: found(uri, 0, byFound), scan: []*inventory.Finding{}, blind: true, missed: map[string]string{uri: ""}, state: Unchecked, locator: Absent, why: "seal identifiers",
		},
		"a row like others'": {
			was: found(uri, 1, linked), scan: []*inventory.Finding{}, see: map[string]int{"file:///s/b": 1}, missed: map[string]string{uri: ""}, state: Gone, locator: Absent,
		},
		"kept in a backup": {
			was: found(uri, 1, other("file:///s/c")), scan: []*inventory.Finding{found("file:///s/c", 1)}, missed: map[string]string{uri: ""},
			state: Present, locator: Absent, why: "gone from its place, but a copy of it is left", goneBy: day,
		},
		"gone with its backups": {
			was: found(uri, 1, other("file:///s/c")), scan: []*inventory.Finding{}, missed: map[string]string{uri: "", "file:///s/c": ""}, state: Gone, locator: Absent,
		},
		"a backup can't be read": {
			was: found(uri, 1, other("file:///s/c")), scan: []*inventory.Finding{}, missed: map[string]string{uri: "", "file:///s/c": "denied"}, state: Unchecked, locator: Absent, why: "a copy could not be checked", goneBy: day,
		},
		"a backup that is overwritten": {
			was: found(uri, 1, other("file:///s/c")), scan: []*inventory.Finding{}, see: map[string]int{"file:///s/c": 4}, missed: map[string]string{uri: ""}, state: Gone, locator: Absent,
		},
		"not opened": {was: found(uri, 1), scan: []*inventory.Finding{}, state: Unchecked, locator: Unread},
		"a member of what is read": {
			was: found("file:///s/a.zip!/x", 1), scan: []*inventory.Finding{}, state: Gone, locator: Absent,
		},
		"a member of what is broken": {
			was: found("file:///s/a.zip!/x", 1), scan: []*inventory.Finding{}, gaps: []inventory.Gap{{Source: "s", URI: "file:///s/a.zip", Reason: "corrupt"}},
			state: Unchecked, locator: Unread, why: "corrupt",
		},
	} {
		t.Run(name, func(t *testing.T) {
			old := report(c.key, c.was)
			if c.key == "" {
				old = report(keyID, c.was)
			}
			ch, err := Of(old, keyID)
			if err != nil {
				t.Fatal(err)
			}
			read := report(keyID, c.opened...)
			read.Gaps = c.gaps
			if n := c.was.Content; n != "" && c.key == "" && !ch.Wants(n) {
				t.Error("its content is not looked out for, by which it is known at its own place")
			}
			for at, n := range c.see {
				ch.Sighted("s", at, "place", content(n))
			}
			if c.scan != nil {
				read = report(keyID, c.scan...)
				read.Gaps = c.gaps
				if c.blind {
					read.Subjects[0].Identifiers = read.Subjects[0].Identifiers[:1]
				}
				if err := ch.Scanned(read); err != nil {
					t.Fatal(err)
				}
			}
			for at, why := range c.missed {
				ch.Missed(at, why)
			}
			again := report(keyID, c.opened...)
			again.Gaps = c.gaps
			if err := ch.Opened(again); err != nil {
				t.Fatal(err)
			}
			v, err := ch.Settle(inventory.Run{}, read)
			if err != nil {
				t.Fatal(err)
			}
			for r, err := range v.Results() {
				if err != nil {
					t.Fatal(err)
				}
				about := ""
				if r.About != nil {
					about = fmt.Sprint(*r.About)
				}
				goneBy := ""
				if r.GoneBy != nil {
					goneBy = *r.GoneBy
				}
				if r.Code == "" || r.State != c.state || r.Locator != c.locator || about != c.about || len(r.MovedTo) != c.moved || !strings.Contains(r.Why, c.why) || goneBy != c.goneBy {
					t.Errorf("%+v, about %q, gone by %q", r, about, goneBy)
				}
				if n := v.Summary.States[r.State]; n != 1 {
					t.Errorf("counted %v", v.Summary.States)
				}
			}
			for n := range v.News() {
				if c.moved > 0 || n.URI == uri && c.key == "" {
					t.Errorf("new: %+v", n)
				}
			}
			if c.news > 0 && v.Summary.New != c.news {
				t.Errorf("%d are new, want %d", v.Summary.New, c.news)
			}
			if complete := v.Run.Status == "complete"; complete != (c.state != Unchecked && c.scan != nil && len(c.gaps) == 0) {
				t.Errorf("the verification is %s", v.Run.Status)
			}
		})
	}
}

// What stood behind a deleted record moves up to its place, and on.
func TestMovedUp(t *testing.T) {
	uri := func(n int) string { return fmt.Sprintf("file:///s/a.csv#row=%d", n) }
	for name, c := range map[string]struct {
		key  string
		want []State
	}{
		"":                  {keyID, []State{Gone, Moved, Moved, Present}},
		"under another key": {"ffff", []State{Present, Present, Unchecked, Present}},
	} {
		old := report(c.key, found(uri(2), 2), found(uri(3), 3), found(uri(4), 4), found("file:///s/b", 9))
		ch, err := Of(old, keyID)
		if err != nil {
			t.Fatal(err)
		}
		scan := report(keyID, found(uri(2), 3), found(uri(3), 4), found("file:///s/b", 9))
		if err := ch.Scanned(scan); err != nil {
			t.Fatal(err)
		}
		if err := ch.Opened(report(keyID)); err != nil {
			t.Fatal(err)
		}
		v, err := ch.Settle(inventory.Run{}, scan)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for r, err := range v.Results() {
			if err != nil {
				t.Fatal(err)
			}
			if r.State != c.want[i] {
				t.Errorf("%s %s is %s, want %s: %+v", name, r.URI, r.State, c.want[i], r)
			}
			i++
		}
	}
	// A copy that is written over another record is not that.
	old := report(keyID, found("file:///s/a", 1), found("file:///s/b", 2))
	ch, err := Of(old, keyID)
	if err != nil {
		t.Fatal(err)
	}
	scan := report(keyID, found("file:///s/a", 2), found("file:///s/b", 2))
	if err := ch.Scanned(scan); err != nil {
		t.Fatal(err)
	}
	if err := ch.Opened(report(keyID)); err != nil {
		t.Fatal(err)
	}
	for r := range ch.Results() {
		if want := map[string]State{"file:///s/a": Changed, "file:///s/b": Present}[r.URI]; r.State != want {
			t.Errorf("%s is %s, want %s", r.URI, r.State, want)
		}
	}
}

func TestCompare(t *testing.T) {
	row := func(n int) string { return fmt.Sprintf("file:///s/a.csv#row=%d", n) }
	for name, c := range map[string]struct {
		old, now []*inventory.Finding
		want     []string
		same     int
	}{
		"rows behind a deleted one move up": {
			[]*inventory.Finding{found(row(2), 2), found(row(3), 3), found(row(4), 4), found("file:///s/b", 9)},
			[]*inventory.Finding{found(row(2), 3), found(row(3), 4), found("file:///s/b", 9)},
			[]string{"gone " + row(2), "moved " + row(3), "moved " + row(4)},
			1,
		},
		"changed": {[]*inventory.Finding{found(row(2), 2)}, []*inventory.Finding{found(row(2), 5)}, []string{"content " + row(2)}, 0},
		"moved, and something new in its place": {
			[]*inventory.Finding{found("file:///s/a", 1)}, []*inventory.Finding{found("file:///s/a", 2), found("file:///s/b", 1)}, []string{"moved file:///s/a", "new file:///s/a"}, 0,
		},
		"a row that changed, and its old content restored elsewhere": {
			[]*inventory.Finding{found("mysql://db/a/clients?id=7", 1)},
			[]*inventory.Finding{found("mysql://db/a/clients?id=7", 2), found("mysql://db/rest/clients?id=7", 1)},
			[]string{"content mysql://db/a/clients?id=7", "new mysql://db/rest/clients?id=7"},
			0,
		},
		"a row under another key": {
			[]*inventory.Finding{found("mysql://db/a/clients?id=7", 1)}, []*inventory.Finding{found("mysql://db/a/clients?id=8", 1)}, []string{"moved mysql://db/a/clients?id=7"}, 0,
		},
		"a second copy": {[]*inventory.Finding{found("file:///s/a", 1)}, []*inventory.Finding{found("file:///s/a", 1), found("file:///s/b", 1)}, []string{"new file:///s/b"}, 1},
	} {
		d, err := Compare(report(keyID, c.old...), report(keyID, c.now...))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for x := range d.Changes() {
			got = append(got, x.What+" "+x.URI)
		}
		if !slices.Equal(got, c.want) || d.Summary.Same != c.same {
			t.Errorf("%s: %q, %d the same", name, got, d.Summary.Same)
		}
	}
}

// What people said is not about the person does not remain.
func TestRefused(t *testing.T) {
	f := found("file:///s/a", 1, func(f *inventory.Finding) { f.Review = "refused" })
	ch, err := Of(report(keyID, f), keyID)
	if err != nil {
		t.Fatal(err)
	}
	scan := report(keyID, found("file:///s/a", 1))
	if err := ch.Scanned(scan); err != nil {
		t.Fatal(err)
	}
	v, err := ch.Settle(inventory.Run{}, scan)
	if err != nil || v.Summary.Remaining != 0 || v.Summary.Erased != 0 || v.Summary.States[Present] != 1 {
		t.Errorf("%+v, %v", v.Summary, err)
	}
}

// A gap that only the scan met, in a record that was not opened once more, keeps
// it from being told as erased.
func TestChangedIntoWhatTheScanCouldNotRead(t *testing.T) {
	const uri = "file:///s/a"
	ch, err := Of(report(keyID, found(uri, 1)), keyID)
	if err != nil {
		t.Fatal(err)
	}
	scan := report(keyID)
	scan.Gaps = []inventory.Gap{{Source: "s", URI: uri, Reason: "encrypted"}}
	ch.Sighted("s", uri, "place", content(2))
	if err := ch.Scanned(scan); err != nil {
		t.Fatal(err)
	}
	if err := ch.Opened(report(keyID)); err != nil {
		t.Fatal(err)
	}
	v, err := ch.Settle(inventory.Run{}, scan)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range v.Results() {
		if err != nil {
			t.Fatal(err)
		}
		if r.Code != DiffersUnknown || r.About != nil || v.Summary.Erased != 0 || v.Summary.Remaining != 1 {
			t.Errorf("%+v, %+v", r, v.Summary)
		}
	}
}

// A day of which not all that backups keep is known to be gone is not named.
func TestGoneByOfWhatIsNotAllKnown(t *testing.T) {
	early, late := "2026-12-31", "2027-01-31"
	left := func(day *string) *Result {
		return &Result{State: Present, Locator: Absent, GoneBy: day, Copies: []Copy{{State: Present, GoneBy: day}}}
	}
	kept := &Result{State: Present, Locator: There, Action: "keep", Copies: []Copy{{State: Present, GoneBy: &late}}}
	refused := left(nil)
	refused.Review = "refused"
	for name, c := range map[string]struct {
		results []*Result
		want    string
	}{
		"all known":                    {[]*Result{left(&late), left(&early)}, late},
		"one unknown, last":            {[]*Result{left(&early), left(nil)}, ""},
		"one unknown, first":           {[]*Result{left(nil), left(&early)}, ""},
		"of a record that is kept":     {[]*Result{left(&early), kept}, late},
		"of one that is not theirs":    {[]*Result{left(&early), refused}, early},
		"in a backup itself":           {[]*Result{left(&early), {State: Present, Locator: There, Action: "wait"}}, ""},
		"a live record without copies": {[]*Result{left(&early), {State: Present, Locator: There, Action: "delete-row"}}, early},
		"gone":                         {[]*Result{{State: Gone, Locator: Absent, Copies: []Copy{{State: Gone}}}}, ""},
	} {
		s := newSummary()
		for _, r := range c.results {
			s.add(r)
		}
		got := ""
		if s.GoneBy != nil {
			got = *s.GoneBy
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Findings whose ids are none of this program's are told apart all the same.
func TestCompareForeignIDs(t *testing.T) {
	called := func(id string) func(*inventory.Finding) { return func(f *inventory.Finding) { f.ID = id } }
	old := report(keyID, found("file:///s/a", 1, called("row 1")), found("file:///s/b", 2, called("row 2")))
	now := report(keyID, found("file:///s/a", 1, called("row 1")), found("file:///s/c", 3, called("row 3")))
	d, err := Compare(old, now)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.Summary; s.Same != 1 || s.Gone != 1 || s.New != 1 {
		t.Errorf("%+v", s)
	}
}

// Comparing is linear: ten times as many people of whom only the new run knew, each
// with a finding, take about ten times as long, not a hundred times.
func TestCompareManyNewSubjects(t *testing.T) {
	took := func(n int) time.Duration {
		now := report(keyID)
		now.Subjects = nil
		for i := range n {
			now.Subjects = append(now.Subjects, inventory.Subject{ID: fmt.Sprintf("a person with a long name that is the same to its end %06d", i)})
		}
		now.Findings = func() iter.Seq2[*inventory.Finding, error] {
			return func(yield func(*inventory.Finding, error) bool) {
				for i := range n {
					if !yield(&inventory.Finding{ID: fmt.Sprintf("%016x", i), Subject: now.Subjects[i].ID, Source: "s", URI: "file:///s/a"}, nil) {
						return
					}
				}
			}
		}
		least := time.Hour
		for range 3 {
			start := time.Now()
			d, err := Compare(report(keyID), now)
			if err != nil || d.Summary.New != n {
				t.Fatalf("%+v, %v", d.Summary, err)
			}
			least = min(least, time.Since(start))
		}
		return least
	}
	if few, many := took(5000), took(50_000); many > 40*few {
		t.Errorf("%v for a tenth, %v for all", few, many)
	}
}

// A copy that was written over and is about the person still is something new;
// one that is as it was is a copy.
func TestCopyThatChanged(t *testing.T) {
	copied := func(f *inventory.Finding) { f.Copies = []inventory.Copy{{URI: "file:///s/copy"}} }
	for name, c := range map[string]struct {
		content int
		state   State
		news    int
	}{
		"written over": {2, Gone, 1},
		"as it was":    {1, Present, 0},
	} {
		ch, err := Of(report(keyID, found("file:///s/a", 1, copied)), keyID)
		if err != nil {
			t.Fatal(err)
		}
		scan := report(keyID, found("file:///s/copy", c.content))
		if err := ch.Scanned(scan); err != nil {
			t.Fatal(err)
		}
		ch.Missed("file:///s/a", "")
		if err := ch.Opened(report(keyID)); err != nil {
			t.Fatal(err)
		}
		v, err := ch.Settle(inventory.Run{}, scan)
		if err != nil {
			t.Fatal(err)
		}
		for r := range v.Results() {
			if r.State != c.state {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if v.Summary.New != c.news || v.Summary.Remaining != 1 {
			t.Errorf("%s: %+v", name, v.Summary)
		}
	}
}

// TestDroppedIdentifier says nothing of records that were found by an identifier
// which the report was given and the new scan was not, nor of such as a new
// exclusion covers.
func TestDroppedIdentifier(t *testing.T) {
	const keyID = "k"
	const uri = "file:///s/a"
	given := func(r *inventory.Report, print string) *inventory.Report {
		r.Subjects[0].Identifiers = []inventory.Identifier{{Type: "email", Masked: "z**", Origin: "given", Fingerprint: print}}
		return r
	}
	for name, c := range map[string]struct {
		print      string // of what the new scan looked for
		seen       bool   // something else stands at its place
		exclusions []inventory.Exclusion
		want       Code
		state      State
	}{
		"gone, looked for":     {"one", false, nil, Nowhere, Gone},
		"gone, not looked for": {"two", false, nil, NotSearched, Unchecked},
		"edited, looked for":   {"one", true, nil, Cleared, Changed},
		"edited, not":          {"two", true, nil, DiffersUnknown, Unchecked},
		"edited and excluded":  {"one", true, []inventory.Exclusion{{Source: "s", URI: uri, Reason: "config"}}, DiffersUnknown, Unchecked},
	} {
		ch, err := Of(given(report(keyID, found(uri, 1)), "one"), keyID)
		if err != nil {
			t.Fatal(err)
		}
		if c.seen {
			ch.Sighted("s", uri, "place", content(2))
		} else {
			ch.Missed(uri, "")
		}
		scan := given(report(keyID), c.print)
		scan.Exclusions = c.exclusions
		if err := ch.Scanned(scan); err != nil {
			t.Fatal(err)
		}
		if err := ch.Opened(report(keyID)); err != nil {
			t.Fatal(err)
		}
		for r, err := range ch.Results() {
			if err != nil {
				t.Fatal(err)
			}
			if r.Code != c.want || r.State != c.state {
				t.Errorf("%s: %s, %s: %s", name, r.State, r.Code, r.Why)
			}
		}
	}
}
