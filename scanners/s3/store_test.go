package s3

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

func TestStoreTargets(t *testing.T) {
	for _, tt := range []struct{ target, endpoint, bucket, prefix string }{
		{"s3://backups/web%201", "", "backups", "web 1"},
		{"s3:https://s3.example.org:9000/backups/web 1", "https://s3.example.org:9000", "backups", "web 1"},
		{"s3:http://127.0.0.1:9/backups", "http://127.0.0.1:9", "backups", ""},
		{"s3:s3.example.org/backups/a/b", "https://s3.example.org", "backups", "a/b"},
		{"s3:s3.amazonaws.com/backups", "", "backups", ""},
		{"s3:https://user:secret@s3.example.org/backups", "", "", ""},
		{"s3:https://s3.example.org/", "", "", ""},
		{"s3://", "", "", ""},
	} {
		c := Kind().Config().(*Config)
		bucket, prefix, err := c.storeTarget(tt.target)
		if (err != nil) != (tt.bucket == "") || err == nil && (bucket != tt.bucket || prefix != tt.prefix || c.Endpoint != tt.endpoint) {
			t.Errorf("%s: %q %q %q, %v", tt.target, c.Endpoint, bucket, prefix, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v", tt.target, err)
		}
	}
}

func TestStore(t *testing.T) {
	content := strings.Repeat("0123456789", 100<<10)
	var cuts atomic.Int32
	c, cfg := newFake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/cut") || r.Method != http.MethodGet || cuts.Add(1)%2 == 0 {
			return false
		}
		// Half of what is asked for, and the connection breaks.
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil {
			to = len(content) - 1
		}
		w.Header().Set("Content-Length", fmt.Sprint(to+1-from))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(content)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, content[from:from+(to+1-from)/2])
		panic(http.ErrAbortHandler)
	})
	mustBucket(t, c, "backups")
	for _, name := range []string{"cut", "data/a", "data/b c", "index/x"} {
		put(t, c, "backups", "web/"+name, content)
	}
	put(t, c, "backups", "other", "x")
	t.Setenv("AWS_ACCESS_KEY_ID", "spoor")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "spoorsecret")
	st, err := NewStore(t.Context(), "s3:"+cfg.Endpoint+"/backups/web/")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	st.s.pageSize = 1
	for prefix, want := range map[string][]string{"": {"cut", "data/a", "data/b c", "index/x"}, "data/": {"data/a", "data/b c"}, "none/": nil} {
		var names []string
		for o, err := range st.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Size != int64(len(content)) || o.Time.IsZero() {
				t.Errorf("%+v", o)
			}
			names = append(names, o.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("below %q: %q, want %q", prefix, names, want)
		}
	}
	for _, tt := range []struct {
		name   string
		off, n int64
		want   string
	}{
		{"data/b c", 3, 5, "34567"},
		{"data/a", 0, -1, content},
		{"data/a", 10, 0, ""},
		{"data/a", int64(len(content)) - 2, -1, "89"},
		{"cut", 7, 500_000, content[7:500_007]},
		{"cut", 0, -1, content},
	} {
		r, err := st.OpenRange(t.Context(), tt.name, tt.off, tt.n)
		if err != nil {
			t.Errorf("%+v: %v", tt, err)
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil || string(b) != tt.want {
			t.Errorf("%s from %d: %d bytes, want %d, %v", tt.name, tt.off, len(b), len(tt.want), err)
		}
		_ = r.Close()
	}
	r, err := st.OpenRange(t.Context(), "data/a", int64(len(content))-2, 5)
	if err == nil {
		_, err = io.ReadAll(r)
		_ = r.Close()
	}
	if err != io.ErrUnexpectedEOF {
		t.Errorf("beyond the end: %v", err)
	}
	if _, err := st.OpenRange(t.Context(), "data/none", 0, 1); scanners.ReasonOf(err) != scanners.Vanished {
		t.Errorf("an object that is not there: %v", err)
	}
}
