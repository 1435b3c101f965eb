package borg

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/internal/testenv"
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/files"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// passphrase is that of all repositories of these tests.
const passphrase = "correct horse"

func openStore(_ context.Context, location string) (scanners.Store, error) {
	return files.NewStore(location)
}

// open opens a repository, with the keys of testdata.
func open(t testing.TB, repository string) *source {
	t.Helper()
	c := Kind().Config().(*Config)
	if err := c.Target("borg:" + repository); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s, err := c.Open(context.Background(), scanners.Env{Name: "backup", OpenStore: openStore})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*source)
}

func env(t *testing.T) {
	t.Helper()
	t.Setenv("BORG_PASSPHRASE", passphrase)
	t.Setenv("BORG_KEYS_DIR", filepath.Join("testdata", "keys"))
}

// A reading is all that a source yields.
type reading struct {
	items    map[string]scanners.Item // by path in the archive, without that
	contents map[string]string
	order    []string
	gaps     []*scanners.Gap
}

// read reads everything, and the contents of all deferred items.
func read(t testing.TB, s *source) reading {
	t.Helper()
	r := reading{items: map[string]scanners.Item{}, contents: map[string]string{}}
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for it, err := range s.Items(t.Context(), p) {
			var g *scanners.Gap
			if errors.As(err, &g) {
				r.gaps = append(r.gaps, g)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(it.Ref.URI, s.uri+"!/")
			r.items[name] = it
			r.order = append(r.order, name)
			if !it.Deferred {
				continue
			}
			full, err := s.Open(t.Context(), it.Ref)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(full.Body)
			if errors.As(err, &g) {
				c := *g
				c.URI = it.Ref.URI
				r.gaps = append(r.gaps, &c)
			} else if err != nil {
				t.Fatal(err)
			}
			r.contents[name] = string(b)
		}
	}
	return r
}

// state is a fingerprint of all that lies in a folder.
func state(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(h, path, fi.Mode(), fi.Size(), fi.ModTime())
		if fi.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			h.Write(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

var modes = []string{"none", "repokey", "keyfile", "repokey-blake2", "keyfile-blake2", "authenticated", "authenticated-blake2"}

var compressions = []string{"none", "lz4", "zstd-3", "zlib-6", "lzma-0", "obfuscate-3-zstd-3", "auto-zlib"}

func TestModesAndCompressions(t *testing.T) {
	env(t)
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			repo := filepath.Join("testdata", "repo-"+mode)
			before := state(t, repo)
			s := open(t, repo)
			defer s.Close()
			r := read(t, s)
			for _, g := range r.gaps {
				t.Errorf("gap: %v (%s)", g, g.URI)
			}
			all := compressions[:2]
			if mode == "none" || mode == "repokey-blake2" {
				all = compressions
			}
			for _, c := range all {
				got := r.contents["first-"+c+"/made-"+c+".txt"]
				if !strings.HasSuffix(got, " made-with-"+c+"@example.org\n") || len(got) < 3000 {
					t.Errorf("made with %s: %.100q", c, got)
				}
				if a := r.items["first-"+c]; !slices.Contains(a.Fields, scanners.Field{Name: "comment", Value: "for zoe@example.be"}) {
					t.Errorf("archive with %s: %q", c, a.Fields)
				}
			}
			if got := r.contents["first-none/home/zoe/note.txt"]; got != "Zoe <zoe@example.be> phones at ten\n" {
				t.Errorf("the note: %q", got)
			}
			// One content under four names in each of the archives.
			if len(r.contents) != len(all)+2 {
				t.Errorf("%d contents, want %d: %q", len(r.contents), len(all)+2, r.order)
			}
			note := r.items["first-none/home/zoe/note.txt"]
			if note.Copies == nil {
				t.Fatal("the note has no copies")
			}
			list, total := note.Copies(100)
			if want := 2*len(all) - 1; total != want || len(list) != want {
				t.Errorf("%d copies of %d, want %d", len(list), total, want)
			}
			if list[0].Host != "web1" || list[0].Time.IsZero() || !strings.Contains(list[0].URI, "!/first-") {
				t.Errorf("a copy: %+v", list[0])
			}
			for _, name := range []string{"first-none/home/link-to-zoe", "first-none/etc/nothing", "first-none/empty", "first-none/home/zoe/second-name.txt"} {
				if it, ok := r.items[name]; !ok || !it.Uncounted || len(it.Fields) == 0 {
					t.Errorf("%s: %+v", name, it)
				}
			}
			if u, d := s.opened.plan.bytes, s.opened.decrypted.Load(); d < u {
				t.Errorf("%d bytes decrypted of %d", d, u)
			}
			if after := state(t, repo); after != before {
				t.Error("the repository was changed")
			}
		})
	}
}

func TestConformance(t *testing.T) {
	env(t)
	for _, mode := range []string{"none", "keyfile-blake2"} {
		t.Run(mode, func(t *testing.T) {
			repo := filepath.Join("testdata", "repo-"+mode)
			scannertest.Run(t, scannertest.Fixture{
				Open:     func(t *testing.T) scanners.Source { return open(t, repo) },
				Planted:  []string{"zoe@example.be", "jan@example.org", "made-with-lz4", "link-to-zoe", "second-name"},
				State:    func(t *testing.T) string { return state(t, repo) },
				Vanished: []string{open(t, repo).uri + "!/first-lz4/none", open(t, repo).uri + "!/none/home"},
			})
		})
	}
}

func TestPassphrases(t *testing.T) {
	tests := map[string]struct {
		mode, pass, dir string
		want            scanners.Reason
	}{
		"wrong":       {"repokey", "wrong", "keys", scanners.KeyMissing},
		"none":        {"repokey", "", "keys", scanners.KeyMissing},
		"no key file": {"keyfile", passphrase, "none", scanners.KeyMissing},
		"not needed":  {"none", "", "none", ""},
		"right":       {"keyfile", passphrase, "keys", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("BORG_KEYS_DIR", filepath.Join("testdata", tt.dir))
			if tt.pass != "" {
				t.Setenv("BORG_PASSCOMMAND", "printf '%s\\n' '"+tt.pass+"'")
			}
			s := open(t, filepath.Join("testdata", "repo-"+tt.mode))
			defer s.Close()
			var end error
			for _, err := range s.Parts(t.Context()) {
				end = err
			}
			if tt.want == "" && end != nil || tt.want != "" && (end == nil || scanners.ReasonOf(end) != tt.want) {
				t.Errorf("%v, want %q", end, tt.want)
			}
			var g *scanners.Gap
			if errors.As(end, &g) && end == error(g) {
				t.Error("a source that can't be listed goes on")
			}
			if c := s.Check(t.Context()); (tt.want == "") != c[0].OK {
				t.Errorf("check: %+v", c)
			}
		})
	}
}

func TestOthers(t *testing.T) {
	for name, want := range map[string]scanners.Reason{
		"config/manifest": scanners.Unsupported, "kopia.repository.f": scanners.Unsupported, "README": scanners.Vanished,
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		for _, err := range s.Parts(t.Context()) {
			if scanners.ReasonOf(err) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.Close()
	}
	dir := t.TempDir()
	config := "[repository]\nversion = 2\nid = " + strings.Repeat("ab", 32) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	defer s.Close()
	for _, err := range s.Parts(t.Context()) {
		if scanners.ReasonOf(err) != scanners.Unsupported {
			t.Errorf("version 2: %v", err)
		}
	}
}

// borg runs the program in a folder.
func borg(t testing.TB, dir, repo string, args ...string) string {
	t.Helper()
	path := testenv.Need(t, "borgbackup", "borg")
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BORG_REPO="+repo, "BORG_PASSPHRASE="+passphrase, "BORG_BASE_DIR="+repo+".base", "TZ=UTC",
		"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK=yes")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("borg %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
