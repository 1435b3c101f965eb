package files

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

func TestRepositories(t *testing.T) {
	for name, tt := range map[string]struct {
		files  []string
		reason scanners.Reason // empty: it is none
		skip   bool
	}{
		"restic":    {[]string{"config", "data/00/0011", "data/01/0111", "index/a", "keys/k", "snapshots/s", "locks/l"}, scanners.Encrypted, true},
		"borg":      {[]string{"config", "data/0/1", "README", "hints.5", "index.5"}, scanners.Unsupported, false},
		"borg 2":    {[]string{"config/manifest", "archives/a", "keys/k", "packs/00/p"}, scanners.Unsupported, false},
		"kopia":     {[]string{"kopia.repository.f", "kopia.blobcfg.f", "p00/1/x.f", "q1/2/y.f"}, scanners.Unsupported, true},
		"zbackup":   {[]string{"info", "backups/today", "bundles/00/b", "index/i"}, scanners.Unsupported, true},
		"duplicacy": {[]string{"config", "chunks/00/c", "snapshots/web/1"}, scanners.Unsupported, true},
		"bup":       {[]string{"HEAD", "config", "objects/pack/p.pack", "refs/heads/web", "bupindex"}, scanners.Unsupported, false},
		"git":       {[]string{"HEAD", "config", "objects/pack/p.pack", "refs/heads/main"}, "", false},
		"a site":    {[]string{"config", "data/a", "index", "README"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, at := range []string{"", "deep/repo"} {
				root := t.TempDir()
				for _, f := range tt.files {
					path := filepath.Join(root, at, f)
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					content := "12345678"
					if f == "config" && name == "borg" {
						content = "[repository]\nversion = 1\n"
					}
					if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.WriteFile(filepath.Join(root, "zzz.txt"), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
				src := newSource(t, Config{Path: root, Parallel: 1})
				items, units := 0, int64(0)
				var found *scanners.Gap
				for p, err := range src.Parts(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					for _, err := range src.Items(t.Context(), p) {
						var g *scanners.Gap
						switch {
						case errors.As(err, &g):
							if found != nil {
								t.Errorf("another gap: %v", g)
							}
							found, units = g, g.Units
						case err != nil:
							t.Fatal(err)
						default:
							items++
						}
					}
				}
				switch {
				case tt.reason == "" && found != nil:
					t.Errorf("gap %v", found)
				case tt.reason != "" && (found == nil || found.Reason != tt.reason):
					t.Errorf("gap %v", found)
				case tt.skip && at == "" && (items != 0 || units != int64(len(tt.files)+1)):
					t.Errorf("%d items, %d units", items, units)
				case tt.skip && at != "" && (items != 1 || units != int64(len(tt.files)) || found.Bytes != 8*units):
					t.Errorf("%d items, %d units, %d bytes", items, units, found.Bytes)
				case !tt.skip && (items != len(tt.files)+1 || units != 0):
					t.Errorf("%d items, %d units", items, units)
				}
			}
		})
	}
}

// What stands beside a file is listed, and a folder tells when it last changed.
func TestBeside(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a/one", "a/two", "three"} {
		write(t, filepath.Join(root, name), "x")
	}
	when := time.Date(2026, 11, 2, 3, 15, 0, 0, time.UTC)
	must(t, os.Chtimes(filepath.Join(root, "a"), when, when))
	src := newSource(t, Config{Path: root, Parallel: 1})
	base := pathURI(root)
	names, err := src.(scanners.Neighbour).Beside(t.Context(), base+"/a/one")
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{"one", "two"}) {
		t.Errorf("%q, %v", names, err)
	}
	names, err = src.(scanners.Neighbour).Beside(t.Context(), base+"/three")
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{"a", "three"}) {
		t.Errorf("%q, %v", names, err)
	}
	if _, err := src.(scanners.Neighbour).Beside(t.Context(), "file:///etc/passwd"); err == nil {
		t.Error("what lies outside of the root is listed")
	}
	if at, err := src.(scanners.Dater).Changed(base + "/a"); err != nil || !at.Equal(when) {
		t.Errorf("%v, %v", at, err)
	}
	if _, err := src.(scanners.Dater).Changed("file:///etc"); err == nil {
		t.Error("what lies outside of the root is looked at")
	}
}
