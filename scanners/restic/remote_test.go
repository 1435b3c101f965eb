package restic

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/s3"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// rest serves a repository as the document of the protocol says.
func rest(t *testing.T, repo string, v2 bool) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		if user != "backup" || pass != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			t.Errorf("the repository is asked to %s", r.Method)
		}
		path, ok := strings.CutPrefix(r.URL.Path, "/path/")
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		folder, name, _ := strings.Cut(path, "/")
		switch {
		case path == "config":
			http.ServeFile(w, r, filepath.Join(repo, "config"))
		case name != "" && folder == "data":
			http.ServeFile(w, r, filepath.Join(repo, folder, name[:2], name))
		case name != "":
			http.ServeFile(w, r, filepath.Join(repo, folder, name))
		default:
			type file struct {
				Name string `json:"name"`
				Size int64  `json:"size"`
			}
			list := []file{}
			names := []string{}
			_ = filepath.WalkDir(filepath.Join(repo, folder), func(p string, d os.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					fi, _ := d.Info()
					list, names = append(list, file{d.Name(), fi.Size()}), append(names, d.Name())
				}
				return nil
			})
			if v2 && r.Header.Get("Accept") == "application/vnd.x.restic.rest.v2" {
				w.Header().Set("Content-Type", "application/vnd.x.restic.rest.v2")
				_ = json.NewEncoder(w).Encode(list)
				return
			}
			_ = json.NewEncoder(w).Encode(names)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func openREST(t *testing.T, address string) scanners.Source {
	t.Helper()
	c := Kind().Config().(*Config)
	if err := c.Target("restic:rest:" + address); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	src, err := c.Open(t.Context(), scanners.Env{Name: "backups"})
	if err != nil {
		t.Fatal(err)
	}
	src.(*source).password = func(context.Context) ([]secret.Value, error) { return []secret.Value{secret.New(password)}, nil }
	return src
}

func TestREST(t *testing.T) {
	m := makeRepo(t, 2, 2)
	for _, v2 := range []bool{true, false} {
		server := rest(t, m.repo, v2)
		address := strings.Replace(server.URL, "//", "//backup:secret@", 1) + "/path"
		s := openREST(t, address)
		if uri := s.Info().URI; uri != "restic:rest:"+server.URL+"/path/" {
			t.Errorf("the URI is %s", uri)
		}
		r := readAllItems(t, s.(*source))
		if len(r.gaps) > 0 || len(r.text) != 4+3*2 {
			t.Errorf("%d contents, %d gaps", len(r.text), len(r.gaps))
		}
		_ = s.Close()
		if !v2 {
			continue
		}
		scannertest.Run(t, scannertest.Fixture{
			Open:    func(t *testing.T) scanners.Source { return openREST(t, address) },
			Planted: planted(2),
			State:   func(t *testing.T) string { return state(t, m.repo) },
			Broken: func(t *testing.T, after int64) scanners.Source {
				host, path, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), "/")
				p := testenv.NewProxy(t, host)
				p.CutAfter(after)
				return openREST(t, "http://backup:secret@"+p.Addr()+"/path/"+path)
			},
		})
	}
	server := rest(t, m.repo, true)
	for address, reason := range map[string]scanners.Reason{
		server.URL + "/path/":                             scanners.Denied,
		"http://backup:secret@" + server.URL[7:] + "/no/": scanners.Vanished,
		"http://backup:secret@127.0.0.1:1/path/?x":        "",
		"ftp://127.0.0.1/":                                "",
	} {
		if reason == "" {
			if (&Config{Repository: "rest:" + address, Connections: 1}).Validate() == nil {
				t.Errorf("%s is taken", address)
			}
			continue
		}
		s := openREST(t, address)
		for _, err := range s.Parts(t.Context()) {
			if scanners.ReasonOf(err) != reason {
				t.Errorf("%s: %v", address, err)
			}
		}
		_ = s.Close()
	}
}

func TestS3(t *testing.T) {
	m := makeRepo(t, 2, 2)
	backend := s3mem.New()
	if err := backend.CreateBucket(t.Context(), "backups"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	defer server.Close()
	err := filepath.WalkDir(m.repo, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(m.repo, p)
		// The layout that old versions of restic wrote.
		rel = strings.NewReplacer("keys/", "key/", "snapshots/", "snapshot/").Replace(filepath.ToSlash(rel))
		if strings.HasPrefix(rel, "data/") {
			rel = "data/" + d.Name()
		}
		_, err = backend.PutObject(t.Context(), "backups", "web 1/"+rel, nil, bytes.NewReader(b), int64(len(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "spoor")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "spoorsecret")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	c := Kind().Config().(*Config)
	if err := c.Target("restic:s3:" + server.URL + "/backups/web 1"); err != nil {
		t.Fatal(err)
	}
	src, err := c.Open(t.Context(), scanners.Env{Name: "backups", OpenStore: func(ctx context.Context, target string) (scanners.Store, error) {
		return s3.NewStore(ctx, target)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s := src.(*source)
	s.password = func(context.Context) ([]secret.Value, error) { return []secret.Value{secret.New(password)}, nil }
	r := readAllItems(t, s)
	if len(r.gaps) > 0 || len(r.text) != 4+3*2 {
		t.Errorf("%d contents, %d gaps", len(r.text), len(r.gaps))
	}
	var all strings.Builder
	for u, text := range r.text {
		all.WriteString(u + text)
	}
	for _, mark := range []string{"MARKSAME", "MARKBIG0", "MARKMAIL1"} {
		if !strings.Contains(all.String(), mark) {
			t.Errorf("%s is not found", mark)
		}
	}
	full, err := src.Open(t.Context(), scanners.Ref{URI: s.uri + find(t, r, "/same/again.txt")})
	if err != nil {
		t.Fatal(err)
	}
	_ = full.Close()
}
