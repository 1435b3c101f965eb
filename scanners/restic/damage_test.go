package restic

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// copyRepo returns a copy of a repository that may be damaged.
func copyRepo(t testing.TB, repo string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(repo)); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(p, 0o600)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: nothing there, %v", pattern, err)
	}
	return list
}

func flip(t testing.TB, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += len(b)
	}
	b[at%len(b)] ^= 0x40
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// packOf returns the pack that holds the start of a file of a snapshot.
func packOf(t testing.TB, s *source, r read, ending string) (path string, p place) {
	t.Helper()
	l := r.items[find(t, r, ending)].Ref.Locator.(*located)
	i, _ := parseID(l.Blobs[0])
	p = s.repo.data.at(s.repo.data.find(i)).place
	return filepath.Join(s.repository, s.repo.packName(p.pack)), p
}

func TestDamage(t *testing.T) {
	m := makeRepo(t, 2, 3)
	sound := open(t, m.repo, password)
	whole := readAllItems(t, sound)
	defer sound.Close()
	if len(whole.gaps) > 0 {
		t.Fatalf("gaps in a sound repository: %v", whole.gaps[0])
	}
	// at is the path of something of the sound repository in another copy.
	at := func(repo, path string) string { return repo + strings.TrimPrefix(path, m.repo) }
	remove := func(t *testing.T, list ...string) {
		for _, p := range list {
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, repo string)
		// gaps are what must be named, in the URI or detail; none: nothing is lost.
		gaps []string
		same bool // all contents are as in the sound repository
	}{
		{"no index", func(t *testing.T, repo string) { remove(t, glob(t, repo+"/index/*")...) }, nil, true},
		{"one index less", func(t *testing.T, repo string) { remove(t, glob(t, repo+"/index/*")[0]) }, nil, true},
		{"an index flipped", func(t *testing.T, repo string) { flip(t, glob(t, repo+"/index/*")[0], 100) }, []string{"index"}, true},
		{"an index cut short", func(t *testing.T, repo string) {
			if err := os.Truncate(glob(t, repo+"/index/*")[0], 40); err != nil {
				t.Fatal(err)
			}
		}, []string{"index"}, true},
		{"a snapshot flipped", func(t *testing.T, repo string) {
			flip(t, repo+"/snapshots/"+sound.repo.snapshots[1].id.String(), 50)
		}, []string{sound.repo.snapshots[1].id.String()}, false},
		{"an empty snapshot", func(t *testing.T, repo string) {
			if err := os.Truncate(repo+"/snapshots/"+sound.repo.snapshots[2].id.String(), 0); err != nil {
				t.Fatal(err)
			}
		}, []string{sound.repo.snapshots[2].id.String()}, false},
		{"a blob flipped", func(t *testing.T, repo string) {
			path, p := packOf(t, sound, whole, "/same/again.txt")
			flip(t, at(repo, path), int(p.off)+int(p.len)-20)
		}, []string{"/same/again.txt"}, false},
		{"a piece of a large file flipped", func(t *testing.T, repo string) {
			path, p := packOf(t, sound, whole, "/var/image.raw")
			flip(t, at(repo, path), int(p.off)+int(p.len)-20)
		}, []string{"/var/image.raw"}, false},
		{"a pack missing", func(t *testing.T, repo string) {
			path, _ := packOf(t, sound, whole, "/same/again.txt")
			remove(t, at(repo, path))
		}, []string{"/same/again.txt", "/var/app.log"}, false},
		{"a pack cut short", func(t *testing.T, repo string) {
			path, p := packOf(t, sound, whole, "/same/again.txt")
			if err := os.Truncate(at(repo, path), int64(p.off)+10); err != nil {
				t.Fatal(err)
			}
		}, []string{"/same/again.txt"}, false},
		{"a header flipped", func(t *testing.T, repo string) {
			path, _ := packOf(t, sound, whole, "/same/again.txt")
			flip(t, at(repo, path), -10)
		}, nil, true}, // nobody needs it while there is an index
		{"a tree flipped", func(t *testing.T, repo string) {
			n := sound.repo.tree.at(sound.repo.tree.find(*sound.repo.snapshots[0].Tree))
			flip(t, repo+"/"+sound.repo.packName(n.pack), int(n.off)+30)
		}, []string{sound.repo.snapshots[0].id.String()}, false},
		{"no snapshots", func(t *testing.T, repo string) { remove(t, glob(t, repo+"/snapshots/*")...) }, nil, false},
		{"snapshots are a link", func(t *testing.T, repo string) {
			if err := os.Rename(repo+"/snapshots", repo+"/elsewhere"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("elsewhere", repo+"/snapshots"); err != nil {
				t.Fatal(err)
			}
		}, []string{"!/snapshots"}, false},
		{"junk beside", func(t *testing.T, repo string) {
			write(t, repo+"/data/00/.stfolder", []byte("junk"))
			write(t, repo+"/index/README", []byte("junk"))
			write(t, repo+"/snapshots/x", []byte("junk"))
			write(t, repo+"/keys/x", []byte("junk"))
			write(t, repo+"/data/aa/"+strings.Repeat("aa", 32), []byte("junk"))
		}, []string{"index/README", "packs/" + strings.Repeat("aa", 32)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			repo := copyRepo(t, m.repo)
			tt.damage(t, repo)
			s := open(t, repo, password)
			defer s.Close()
			r := readAllItems(t, s)
			for _, want := range tt.gaps {
				if !slices.ContainsFunc(r.gaps, func(g *scanners.Gap) bool {
					uri, _ := scanners.Unescape(g.URI)
					return strings.Contains(uri+g.Detail, want)
				}) {
					t.Errorf("no gap names %s", want)
				}
			}
			if tt.gaps == nil && len(r.gaps) > 0 {
				t.Errorf("gap: %s: %v", r.gaps[0].URI, r.gaps[0])
			}
			for _, g := range r.gaps {
				if g.URI == "" || g.Place == "" || g.Reason == "" || g.Reason == scanners.Failed || strings.Contains(g.Detail, "MARK") {
					t.Errorf("not a sound gap: %+v", g)
				}
			}
			// What can be read is read, wherever it is named now.
			var all, want strings.Builder
			for _, text := range r.text {
				all.WriteString(text)
			}
			for _, text := range whole.text {
				want.WriteString(text)
			}
			for _, mark := range []string{"MARKSAME", "MARKLOG2", "MARKMAIL0", "MARKMAIL2", "MARKBIG0", "MARKBIG1"} {
				// Where a repository cuts its files is chance: the mark may lie in
				// the piece that is damaged.
				lost := slices.Contains(tt.gaps, "/same/again.txt") || strings.HasPrefix(mark, "MARKBIG") && slices.Contains(tt.gaps, "/var/image.raw")
				if !strings.Contains(all.String(), mark) && !lost {
					t.Errorf("%s is not found any more", mark)
				}
			}
			if tt.same {
				for u, text := range whole.text {
					if r.text[u] != text {
						t.Errorf("%s: %d bytes, want %d", u, len(r.text[u]), len(text))
					}
				}
			}
			s2 := state(t, repo)
			_ = s.Close()
			if state(t, repo) != s2 {
				t.Error("the repository was changed")
			}
		})
	}
}

func TestKeys(t *testing.T) {
	m := makeRepo(t, 1, 1)
	second := filepath.Join(t.TempDir(), "second")
	write(t, second, []byte("another password\n"))
	restic(t, ".", m.repo, "key", "add", "--new-password-file", second)
	for _, tt := range []struct {
		password string
		reason   scanners.Reason
	}{{password, ""}, {"another password", ""}, {"wrong", scanners.KeyMissing}, {"", scanners.KeyMissing}} {
		s := open(t, m.repo, tt.password)
		_, err := s.load(t.Context())
		if tt.reason == "" && err != nil || tt.reason != "" && scanners.ReasonOf(err) != tt.reason {
			t.Errorf("%q: %v", tt.password, err)
		}
		for _, err := range s.Parts(t.Context()) {
			if g := (*scanners.Gap)(nil); err != nil && errors.As(err, &g) && err == error(g) {
				t.Error("a repository that can't be opened is a gap that the listing goes on after")
			}
		}
		_ = s.Close()
	}
	s := open(t, m.repo, "")
	defer s.Close()
	s.password = func(ctx context.Context) ([]secret.Value, error) { return passwords(ctx, secret.From{}) }
	for _, tt := range []struct{ name, value string }{
		{"RESTIC_PASSWORD", password}, {"RESTIC_PASSWORD_COMMAND", `printf '%s\n' "` + password + `"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []string{"RESTIC_PASSWORD", "RESTIC_PASSWORD_COMMAND", "RESTIC_PASSWORD_FILE"} {
				t.Setenv(n, "")
			}
			t.Setenv(tt.name, tt.value)
			s.repo = nil
			if _, err := s.load(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if c := open(t, t.TempDir(), password); c != nil {
		if _, err := c.load(t.Context()); scanners.ReasonOf(err) != scanners.Vanished {
			t.Errorf("an empty folder: %v", err)
		}
	}
}

// What "restic forget" leaves until a prune is read, too, with its names.
func TestForgotten(t *testing.T) {
	m := makeRepo(t, 2, 3)
	restic(t, ".", m.repo, "forget", "--keep-last", "1")
	s := open(t, m.repo, password)
	defer s.Close()
	r := readAllItems(t, s)
	var all strings.Builder
	for u, text := range r.text {
		all.WriteString(text + u)
	}
	for _, mark := range []string{"MARKMAIL0", "MARKMAIL1", "MARKMAIL2", "MARKFILE0", "MARKBIG0"} {
		if !strings.Contains(all.String(), mark) {
			t.Errorf("%s is not found", mark)
		}
	}
	u := find(t, r, "MARKFILE0")
	if !strings.HasPrefix(u, "!/trees/") || r.items[u].Ref.Action != "review" || !strings.Contains(r.items[u].Ref.Place, "unreferenced") {
		t.Errorf("%s: %+v", u, r.items[u].Ref)
	}
	// Without its trees, data are pieces without a name.
	for k := range uint32(s.repo.tree.len()) {
		path := filepath.Join(m.repo, s.repo.packName(s.repo.tree.at(k).pack))
		_ = os.Chmod(path, 0o600)
		_ = os.Remove(path)
	}
	s2 := open(t, m.repo, password)
	defer s2.Close()
	r = readAllItems(t, s2)
	found := false
	for u, text := range r.text {
		found = found || strings.HasPrefix(u, "!/blobs/") && strings.Contains(text, "MARKMAIL0")
	}
	if !found || len(r.gaps) == 0 {
		t.Errorf("pieces without names are not read, or %d gaps", len(r.gaps))
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{`pass show x`, []string{"pass", "show", "x"}},
		{` 'a b'  "c \"d" e\ f`, []string{"a b", `c "d`, "e f"}},
		{`printf ''`, []string{"printf", ""}},
		{`'open`, nil},
		{``, nil},
	} {
		got, err := split(tt.in)
		if !slices.Equal(got, tt.want) || (err != nil) != (tt.want == nil) {
			t.Errorf("%s: %q, %v", tt.in, got, err)
		}
	}
}
