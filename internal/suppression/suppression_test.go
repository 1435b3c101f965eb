package suppression

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/internal/subject"
)

func keyName([]byte) string { return "0011223344556677" }

func zoe() subject.Person {
	return subject.Person{ID: "zoe", Identifiers: []subject.Identifier{
		{Type: subject.Email, Value: "zoe@example.be"},
		{Type: subject.Phone, Value: "+32 470 12 34 56"},
		{Type: subject.Name, Value: "Zoë Van den Broeck"},
		{Type: subject.Email, Value: "Zoe@Example.be"},
	}}
}

func written(t testing.TB) (list []byte, l *List) {
	t.Helper()
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	l = New(at, keyName)
	l.Add(zoe(), "run-1", at)
	l.Add(zoe(), "run-2", at)
	var b bytes.Buffer
	if err := l.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), l
}

func TestList(t *testing.T) {
	b, l := written(t)
	if len(l.Subjects) != 1 || l.Subjects[0].Verified != "run-2" || len(l.Subjects[0].Hashes) != 2 || !slices.Equal(l.Subjects[0].NotLookedFor, []string{"name"}) || !slices.Equal(l.Codes, []string{"32"}) {
		t.Errorf("%+v", l)
	}
	for _, raw := range []string{"zoe@", "470", "Broeck"} {
		if bytes.Contains(b, []byte(raw)) {
			t.Errorf("the list holds %s", raw)
		}
	}
	name := filepath.Join(t.TempDir(), "list.json")
	load := func() (*List, error) { return Load(name, nil) }
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(); err == nil {
		t.Error("a list without its key is accepted")
	}
	var key bytes.Buffer
	if err := l.WriteKey(&key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(KeyFile(name), key.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := load()
	if err != nil || !again.IsKey(keyName) {
		t.Fatal(err)
	}
	persons, not := again.Persons()
	r, err := subject.New(persons)
	if err != nil {
		t.Fatal(err)
	}
	if hits := r.Find(nil, []byte("zoe@example.be, 0470/12.34.56")); len(hits) != 2 || len(not[0]) != 1 {
		t.Errorf("%v, %v", hits, not)
	}
	for n := range b {
		if n < len(b)-2 { // the last newline and brace
			if err := os.WriteFile(name, b[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := load(); err == nil {
				t.Fatalf("cut at %d it is accepted", n)
			}
		}
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(KeyFile(name), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(); err == nil {
		t.Error("a damaged key is accepted")
	}
}

func FuzzList(f *testing.F) {
	b, l := written(f)
	f.Add(b)
	dir := f.TempDir()
	name := filepath.Join(dir, "list.json")
	var key bytes.Buffer
	if err := l.WriteKey(&key); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(KeyFile(name), key.Bytes(), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Load(name, nil)
		if err != nil {
			return
		}
		persons, _ := l.Persons()
		if _, err := subject.New(persons); err != nil {
			t.Errorf("a list that loads can't be looked for: %v", err)
		}
	})
}

// A list is as quick for many people, and for one with many identifiers, as for
// few.
func TestManyOnTheList(t *testing.T) {
	took := func(n int) time.Duration {
		least := time.Hour
		for range 3 {
			l := New(time.Now(), keyName)
			many := subject.Person{ID: "many"}
			start := time.Now()
			for i := range n {
				id := subject.Identifier{Type: subject.Email, Value: fmt.Sprintf("p%d@example.org", i)}
				l.Add(subject.Person{ID: fmt.Sprintf("a person with a long name that is the same to its end %06d", i), Identifiers: []subject.Identifier{id}}, "v", time.Now())
				many.Identifiers = append(many.Identifiers, id)
			}
			l.Add(many, "v", time.Now())
			l.Add(many, "v", time.Now()) // in the place of what it holds
			if len(l.Subjects) != n+1 || len(l.Subjects[n].Hashes) < n {
				t.Fatalf("%d people, %d hashes", len(l.Subjects), len(l.Subjects[n].Hashes))
			}
			least = min(least, time.Since(start))
		}
		return least
	}
	if few, many := took(3000), took(30_000); many > 40*few {
		t.Errorf("%v for a tenth, %v for all", few, many)
	}
}
