package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// lay writes objects into the folder of a server, where a file is an object.
func lay(t *testing.T, st store, bucket string, keys []string) {
	t.Helper()
	for _, k := range keys {
		name := filepath.Join(st.Data, bucket, filepath.FromSlash(k))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// divided returns the keys of the items of a bucket, part by part, and how many
// parts there were. Each item is resumed behind.
func divided(t *testing.T, s *source) (keys []string, parts int) {
	t.Helper()
	ids := map[string]bool{}
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if ids[p.ID] {
			t.Errorf("two parts %q", p.ID)
		}
		ids[p.ID] = true
		b, _ := json.Marshal(p) // a part survives JSON
		p = scanners.Part{}
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		parts++
		var all []scanners.Item
		for it, err := range s.Items(t.Context(), p) {
			if err != nil {
				t.Fatalf("part %d: %v", parts, err)
			}
			all = append(all, it)
			keys = append(keys, it.Fields[0].Value)
		}
		for _, i := range []int{0, len(all) / 2, len(all) - 1} {
			if i < 0 || i >= len(all) {
				continue
			}
			p.Cursor = all[i].Cursor
			n := i + 1
			for it, err := range s.Items(t.Context(), p) {
				if err != nil {
					t.Fatal(err)
				}
				if n >= len(all) || it.Ref.URI != all[n].Ref.URI {
					t.Fatalf("part %d resumed behind %d: %d is %s", parts, i, n, it.Ref.URI)
				}
				n++
			}
			if n != len(all) {
				t.Errorf("part %d resumed behind %d: %d items, want %d", parts, i, n, len(all))
			}
		}
	}
	return keys, parts
}

func TestBucketIsDivided(t *testing.T) {
	var tenants, flat, hashes, few, folders []string
	for i := range 900 {
		tenants = append(tenants, fmt.Sprintf("site%02d/2026/%02d/mail-%d.eml", i%17, i%12, i))
		flat = append(flat, fmt.Sprintf("invoice-%06d.pdf", i*7))
		hashes = append(hashes, fmt.Sprintf("%08x", uint32(i)*2654435761))
		few = append(few, fmt.Sprintf("only/one/place/%c", 'a'+i%3)+strings.Repeat("é", i))
		// A folder and names that go on with what is smaller than a slash.
		folders = append(folders, fmt.Sprintf("a%s/x%d", []string{"", "-b", ".c", " d", "/e", "0f"}[i%6], i), fmt.Sprintf("a%s%d", []string{"-", "!", "z"}[i%3], i))
	}
	st := newStore(t)
	for name, keys := range map[string][]string{"tenants": tenants, "flat": flat, "hashes": hashes, "folders": folders, "few": few[:60]} {
		for _, versioned := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", versioned), func(t *testing.T) {
				bucket := fmt.Sprint(name, "-", versioned)
				st.bucket(t, bucket, versioned)
				lay(t, st, bucket, keys)
				want := slices.Clone(keys)
				slices.Sort(want)
				c := st.config()
				c.URI, c.pageSize = "s3://"+bucket, 50
				got, parts := divided(t, open(t, c))
				if !slices.Equal(got, want) {
					t.Errorf("%d parts: %d keys, want %d in order", parts, len(got), len(want))
				}
				if name != "few" && (parts < 6 || parts > 2*c.Connections+1) {
					t.Errorf("%d parts", parts)
				}
				c.Connections = 1
				if _, parts := divided(t, open(t, c)); parts != 1 {
					t.Errorf("one connection: %d parts", parts)
				}
			})
		}
	}
}

// A prefix bounds what is divided.
func TestPrefixIsDivided(t *testing.T) {
	st := newStore(t)
	st.bucket(t, "bucket", false)
	var keys, want []string
	for i := range 400 {
		k := fmt.Sprintf("%c/%03d", 'a'+i%4, i)
		if keys = append(keys, k); i%4 == 2 {
			want = append(want, k)
		}
	}
	lay(t, st, "bucket", keys)
	c := st.config()
	c.URI, c.pageSize = "s3://bucket/c/", 10
	got, parts := divided(t, open(t, c))
	if !slices.Equal(got, want) || parts < 4 {
		t.Errorf("%d parts: %d keys, want %d", parts, len(got), len(want))
	}
}

// walked is a key as a walk through folders sorts it.
func walked(key string) string { return strings.ReplaceAll(key, "/", "\x00") }

// What a server lists in another order, as a walk through folders does, is an
// error where it would be lost.
func TestDisorderIsNoticed(t *testing.T) {
	fetch := func(order []string) fetch {
		return func(_ context.Context, _, _, keyMarker, _ string, limit int32) (page, error) {
			i := 0
			for i < len(order) && keyMarker != "" && walked(order[i]) <= walked(keyMarker) {
				i++
			}
			var pg page
			for ; i < len(order) && len(pg.entries) < int(limit); i++ {
				pg.entries = append(pg.entries, entry{key: order[i]})
			}
			return pg, nil
		}
	}
	walk := &walk{ctx: t.Context(), span: span{Upto: []byte("a."), Next: []byte("b/1")}}
	f := fetch([]string{"a/1", "a/2", "a-b/1", "b/1"})
	pg, _ := f(t.Context(), "", "", "", "", 9)
	if _, _, err := walk.within(pg, pg.entries, f); err != errDisorder {
		t.Errorf("error %v", err)
	}
	// A key that is new is none.
	pg = page{entries: []entry{{key: "a-b/1"}, {key: "a/0"}, {key: "b/1"}}}
	if in, over, err := walk.within(pg, pg.entries, func(context.Context, string, string, string, string, int32) (page, error) {
		return page{entries: []entry{{key: "a/0"}}}, nil
	}); err != nil || !over || len(in) != 1 {
		t.Errorf("%v, %v, %v", in, over, err)
	}
}

// No request is made for what would have been listed.
func TestWhatWasNotListedIsNotAskedFor(t *testing.T) {
	gets := 0
	c, cfg := newFake(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("x-id") == "GetObject" {
			gets++
		}
		return false
	})
	mustBucket(t, c, "bucket")
	for i := range 20 {
		put(t, c, "bucket", fmt.Sprintf("%02d.txt", i), "x")
	}
	s := open(t, cfg)
	ask := func(key string) {
		t.Helper()
		if _, err := s.Open(t.Context(), scanners.Ref{URI: "s3://bucket/" + key}); err == nil || scanners.ReasonOf(err) != scanners.Vanished {
			t.Errorf("%s: %v", key, err)
		}
	}
	ask("07.sql")
	if gets != 1 {
		t.Errorf("before the listing: %d requests", gets)
	}
	list(t.Context(), s)
	ask("07.sql")
	if gets != 1 {
		t.Errorf("within the listing: %d requests", gets)
	}
	ask("20.sql")
	if gets != 2 {
		t.Errorf("behind the listing: %d requests", gets)
	}
	read(t, s, "s3://bucket/07.txt")
	if m := (&s.listed); !m.lacks("bucket", "07.sql", time.Now()) || m.lacks("bucket", "07.sql", time.Now().Add(2*believed)) || m.lacks("c", "07.sql", time.Now()) {
		t.Error("pages are believed for too long, or for another bucket")
	}
}
