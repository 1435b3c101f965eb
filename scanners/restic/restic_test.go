package restic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/files"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

const password = "correct horse battery"

// restic runs the program in the folder dir.
func restic(t testing.TB, dir, repo string, args ...string) string {
	t.Helper()
	path := testenv.Need(t, "restic", "restic")
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RESTIC_REPOSITORY="+repo, "RESTIC_PASSWORD="+password, "RESTIC_CACHE_DIR="+filepath.Join(os.TempDir(), "none"), "GOMAXPROCS=2")
	cmd.Args = append(cmd.Args, "--no-cache", "-q")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("restic %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// noise returns n bytes that don't compress, the same for each seed.
func noise(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
	b := make([]byte, n)
	_, _ = r.Read(b)
	for i := range b { // text
		b[i] = 'a' + b[i]%26
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// made is a repository and what was put into it.
type made struct {
	repo, data string
}

// makeRepo makes a repository of a version with n snapshots. From one to the
// next a log grows, a large file changes in its middle, a file comes and one
// goes; one folder stays.
func makeRepo(t testing.TB, version, n int) made {
	t.Helper()
	m := made{filepath.Join(t.TempDir(), "repo"), filepath.Join(t.TempDir(), "src")}
	restic(t, ".", m.repo, "init", "--repository-version", fmt.Sprint(version))
	write(t, m.data+"/same/marker.txt", []byte("the same in all: MARKSAME\n"))
	write(t, m.data+"/same/again.txt", []byte("the same in all: MARKSAME\n"))
	write(t, m.data+"/same/MARKNAME ümläut !.txt", []byte("something else\n"))
	write(t, m.data+"/same/empty", nil)
	write(t, m.data+"/same/\xff\xfe.bin", []byte("not UTF-8: MARKBYTES\n"))
	if err := os.Symlink("/home/MARKLINK", m.data+"/same/link"); err != nil {
		t.Fatal(err)
	}
	big := noise(1, 6<<20)
	log := []byte("log\n")
	for k := range n {
		log = append(log, fmt.Sprintf("line %d MARKLOG%d\n", k, k)...)
		write(t, m.data+"/var/app.log", log)
		copy(big[3<<20:], fmt.Sprintf("MARKBIG%d", k))
		write(t, m.data+"/var/image.raw", big)
		write(t, m.data+fmt.Sprintf("/var/mail/MARKFILE%d", k), []byte(fmt.Sprintf("MARKMAIL%d\n", k)))
		_ = os.Remove(m.data + fmt.Sprintf("/var/mail/MARKFILE%d", k-1))
		restic(t, m.data, m.repo, "backup", ".", "--host", "web1", "--tag", fmt.Sprintf("MARKTAG%d", k))
	}
	return m
}

func open(t testing.TB, repo, password string) *source {
	t.Helper()
	c := Kind().Config().(*Config)
	if err := c.Target("restic:" + repo); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	src, err := c.Open(t.Context(), scanners.Env{Name: "backups", OpenStore: func(_ context.Context, target string) (scanners.Store, error) {
		return files.NewStore(target)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := src.(*source)
	s.password = func(context.Context) ([]secret.Value, error) {
		return []secret.Value{secret.New(password)}, nil
	}
	return s
}

func planted(n int) []string {
	out := []string{"MARKSAME", "MARKNAME", "MARKBYTES", "MARKLINK"}
	for k := range n {
		for _, m := range []string{"LOG", "BIG", "FILE", "MAIL", "TAG"} {
			out = append(out, fmt.Sprintf("MARK%s%d", m, k))
		}
	}
	return out
}

// state names all that is in a folder.
func state(t testing.TB, dir string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `cd "$1" && find . -printf '%p %s %T@ %m\n' | sort | sha256sum; find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum`, "sh", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestConformance(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			m := makeRepo(t, version, 4)
			s := open(t, m.repo, password)
			if _, err := s.load(t.Context()); err != nil {
				t.Fatal(err)
			}
			snap := s.repo.snapshots[0].id.String()
			_ = s.Close()
			scannertest.Run(t, scannertest.Fixture{
				Open:    func(t *testing.T) scanners.Source { return open(t, m.repo, password) },
				Planted: planted(4),
				State:   func(t *testing.T) string { return state(t, m.repo) },
				Vanished: []string{
					"restic:" + m.repo + "!/" + strings.Repeat("ab", 32) + "/x", "restic:" + m.repo + "!/" + snap + "/same/none",
					"restic:" + m.repo + "!/" + snap + "/none/none", "restic:" + m.repo + "!/" + snap + "/same/empty/none",
					"restic:" + m.repo + "!/blobs/" + strings.Repeat("ab", 12), "restic:" + m.repo + "!/trees/" + strings.Repeat("ab", 32) + "/x",
				},
			})
		})
	}
}

// A read is what a scan of the repository gives.
type read struct {
	text   map[string]string // content by URI behind the repository
	fields map[string][]scanners.Field
	items  map[string]scanners.Item
	gaps   []*scanners.Gap
}

func readAllItems(t testing.TB, s *source) read {
	t.Helper()
	out := read{map[string]string{}, map[string][]scanners.Field{}, map[string]scanners.Item{}, nil}
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for it, err := range s.Items(t.Context(), p) {
			var g *scanners.Gap
			if errors.As(err, &g) {
				out.gaps = append(out.gaps, g)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			uri := strings.TrimPrefix(it.Ref.URI, s.uri)
			out.fields[uri], out.items[uri] = it.Fields, it
			if !it.Deferred {
				continue
			}
			full, err := s.Open(t.Context(), it.Ref)
			if err != nil {
				if !errors.As(err, &g) {
					t.Fatal(err)
				}
				out.gaps = append(out.gaps, g)
				continue
			}
			b, err := io.ReadAll(full.Body)
			_ = full.Close()
			if err != nil {
				if !errors.As(err, &g) {
					t.Fatal(err)
				}
				out.gaps = append(out.gaps, g)
			}
			out.text[uri] = string(b)
		}
	}
	return out
}

func find(t testing.TB, r read, ending string) (uri string) {
	t.Helper()
	for u := range r.items {
		if strings.HasSuffix(u, ending) && (uri == "" || u < uri) {
			uri = u
		}
	}
	if uri == "" {
		t.Fatalf("nothing ends in %s", ending)
	}
	return uri
}

func TestOnce(t *testing.T) {
	const n = 12
	m := makeRepo(t, 2, n)
	s := open(t, m.repo, password)
	defer s.Close()
	r := readAllItems(t, s)
	if len(r.gaps) > 0 {
		t.Errorf("%d gaps; the first: %v", len(r.gaps), r.gaps[0])
	}
	// Unique contents: 4 in "same" (one under two names), the logs, images, mails.
	if want := 4 + 3*n; len(r.text) != want {
		t.Errorf("%d contents, want %d", len(r.text), want)
	}
	once(t, s, "one by one")
	if s.repo.kept.file != nil || len(s.repo.kept.at) > 0 {
		t.Errorf("%d pieces are kept at the end", len(s.repo.kept.at))
	}
	// Several at a time, with little memory for what they share.
	s2 := open(t, m.repo, password)
	defer s2.Close()
	if _, err := s2.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s2.repo.kept.memory = 1 << 20
	var wg sync.WaitGroup
	gate := make(chan struct{}, 4)
	for p := range s2.Parts(t.Context()) {
		for it := range s2.Items(t.Context(), p) {
			if !it.Deferred {
				continue
			}
			gate <- struct{}{}
			wg.Go(func() {
				defer func() { <-gate }()
				full, err := s2.Open(t.Context(), it.Ref)
				if err != nil {
					t.Error(err)
					return
				}
				defer full.Close()
				b, err := io.ReadAll(full.Body)
				if uri := strings.TrimPrefix(it.Ref.URI, s2.uri); err != nil || string(b) != r.text[uri] {
					t.Errorf("%s: %d bytes, want %d, %v", uri, len(b), len(r.text[uri]), err)
				}
			})
		}
	}
	wg.Wait()
	once(t, s2, "several at a time")
	if s2.repo.kept.file == nil || s2.repo.kept.live != 0 || len(s2.repo.kept.at) > 0 {
		t.Errorf("the temporary file is not used, or %d bytes are left in it", s2.repo.kept.live)
	}
	u := find(t, r, "/same/again.txt")
	it := r.items[u]
	list, total := it.Copies(100)
	if total != 2*n-1 || len(list) != total {
		t.Errorf("%s has %d copies, want %d", u, total, 2*n-1)
	}
	for i, c := range list {
		if c.Host != "web1" || c.Time.IsZero() || i > 0 && c.Time.Before(list[i-1].Time) {
			t.Errorf("copy %d: %+v", i, c)
		}
		full, err := s.Open(t.Context(), scanners.Ref{URI: c.URI})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(full.Body)
		if err != nil || string(b) != r.text[u] {
			t.Errorf("%s: %q, %v", c.URI, b, err)
		}
		_ = full.Close()
	}
	if list, total = it.Copies(5); len(list) != 5 || total != 2*n-1 {
		t.Errorf("%d of %d copies", len(list), total)
	}
	b, err := it.Ref.Marshal()
	if err != nil || bytes.Count(b, []byte(`"`)) < 2*n || !bytes.Contains(b, []byte(`"blobs":["`)) {
		t.Errorf("locator: %s, %v", b, err)
	}
}

// once checks that no more was decrypted than there is.
func once(t *testing.T, s *source, how string) {
	t.Helper()
	all := int64(0)
	for _, tb := range []*table{&s.repo.data, &s.repo.tree} {
		for k := range uint32(tb.len()) {
			all += tb.at(k).size()
		}
	}
	got := s.repo.decrypted.Load()
	t.Logf("%s: decrypted %d of %d bytes: %.3f", how, got, all, float64(got)/float64(all))
	if float64(got) > 1.1*float64(all) {
		t.Errorf("%s: decrypted %d bytes of %d", how, got, all)
	}
}
