package borg

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/scannertest"
)

// letters returns n bytes of text that is the same for a seed.
func letters(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	for i := range b {
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

// days makes a repository of n archives in small chunks. From one to the next a
// log grows, an image changes in its middle, a dump has a new name, a mail comes
// and another goes; 300 files stay.
func days(t testing.TB, mode string, n int) (repo string) {
	t.Helper()
	src := filepath.Join(t.TempDir(), "src")
	repo = filepath.Join(t.TempDir(), "repo")
	borg(t, ".", repo, "init", "-e", mode)
	for i := range 300 {
		write(t, fmt.Sprintf("%s/site/page-%d.html", src, i), letters(uint64(i+1000), 200))
	}
	write(t, src+"/same/\xff\xfe!.txt", []byte("not UTF-8: MARKBYTES\n"))
	write(t, src+"/same/ümläut ! #.txt", []byte("MARKSAME\n"))
	if err := os.Link(src+"/same/ümläut ! #.txt", src+"/same/MARKHARD"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/home/MARKLINK", src+"/same/link"); err != nil {
		t.Fatal(err)
	}
	image, log, dump := letters(1, 3<<20), []byte("log\n"), letters(2, 1<<20)
	for k := range n {
		log = append(log, letters(uint64(100+k), 30<<10)...)
		log = append(log, fmt.Sprintf("\nMARKLOG%d.\n", k)...)
		write(t, src+"/var/app.log", log)
		copy(image[1<<20:], fmt.Sprintf(" MARKIMAGE%d. ", k))
		write(t, src+"/var/image.raw", image)
		_ = os.Remove(fmt.Sprintf("%s/var/dump-%03d.sql", src, k-1))
		copy(dump[k<<13:], fmt.Sprintf(" MARKDUMP%d. ", k))
		write(t, fmt.Sprintf("%s/var/dump-%03d.sql", src, k), dump)
		write(t, fmt.Sprintf("%s/mail/%d", src, k), fmt.Appendf(nil, "MARKMAIL%d.\n", k))
		_ = os.Remove(fmt.Sprintf("%s/mail/%d", src, k-1))
		borg(t, src, repo, "create", "--chunker-params", "10,16,14,4095", "-C", "lz4", "--comment", fmt.Sprintf("MARKCOMMENT%d.", k), fmt.Sprintf("::day-%03d", k), ".")
	}
	return repo
}

func marks(from, to int) (out []string) {
	for k := from; k < to; k++ {
		for _, m := range []string{"LOG", "IMAGE", "DUMP", "MAIL", "COMMENT"} {
			out = append(out, fmt.Sprintf("MARK%s%d.", m, k))
		}
	}
	return out
}

// TestManyArchives reads a repository of many archives with little change: every
// content is seen, and each chunk decrypted about once.
func TestManyArchives(t *testing.T) {
	n := 32
	if testing.Short() {
		n = 6
	}
	t.Setenv("BORG_PASSPHRASE", passphrase)
	repo := days(t, "repokey-blake2", n)
	s := open(t, repo)
	defer s.Close()
	r := read(t, s)
	for _, g := range r.gaps {
		t.Errorf("gap: %v (%s)", g, g.URI)
	}
	var all strings.Builder
	for _, c := range r.contents {
		all.WriteString(c)
	}
	for _, it := range r.items {
		fmt.Fprintln(&all, it.Fields)
	}
	for _, m := range append(marks(0, n), "MARKBYTES", "MARKSAME", "MARKHARD", "MARKLINK") {
		if !strings.Contains(all.String(), m) {
			t.Errorf("%s is not found", m)
		}
	}
	if want := 302 + 4*n; len(r.contents) != want {
		t.Errorf("%d contents, want %d", len(r.contents), want)
	}
	if _, total := r.items["day-000/site/page-7.html"].Copies(10); total != n-1 {
		t.Errorf("a page has %d copies, want %d", total, n-1)
	}
	got, once := s.opened.decrypted.Load(), unique(t, s.opened.repository, s.opened.plan)
	t.Logf("%d bytes decrypted, %d when each chunk is decrypted once: %.3f; contents of %d bytes", got, once, float64(got)/float64(once), s.opened.plan.bytes)
	if got > once*11/10 {
		t.Errorf("%d bytes decrypted of %d", got, once)
	}

	// What is deleted is there until it is compacted away.
	borg(t, ".", repo, "delete", "::day-000", "day-001")
	loose := readAll(t, repo)
	for _, m := range marks(0, n) {
		if !strings.Contains(loose, m) {
			t.Errorf("%s is not found in a repository that is not compacted", m)
		}
	}
	borg(t, ".", repo, "compact", "--threshold", "0")
	kept := readAll(t, repo)
	for _, m := range []string{"MARKMAIL0.", "MARKMAIL1.", "MARKCOMMENT1."} {
		if strings.Contains(kept, m) {
			t.Errorf("%s is found after a compaction", m)
		}
	}
	for _, m := range marks(2, n) {
		if !strings.Contains(kept, m) {
			t.Errorf("%s is not found after a compaction", m)
		}
	}
}

// readAll returns all that a repository holds.
func readAll(t testing.TB, repo string) string {
	t.Helper()
	s := open(t, repo)
	defer s.Close()
	r := read(t, s)
	for _, g := range r.gaps {
		t.Errorf("gap: %v (%s)", g, g.URI)
	}
	var all strings.Builder
	for _, name := range r.order {
		fmt.Fprintln(&all, name, r.items[name].Fields, r.contents[name])
	}
	return all.String()
}

// unique returns how many plain bytes all chunks have.
func unique(t testing.TB, r *repository, p *plan) (n int64) {
	t.Helper()
	before := r.decrypted.Load()
	for i := range r.index.n {
		if i != r.spoken[0] && r.index.at(i).seg != nowhere {
			if _, err := r.read(t.Context(), i, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	n = r.decrypted.Load() - before
	r.decrypted.Store(before)
	return n
}

func TestConformanceOfManyArchives(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a repository and reads it a hundred times")
	}
	t.Setenv("BORG_PASSPHRASE", passphrase)
	repo := days(t, "authenticated", 4)
	borg(t, ".", repo, "delete", "::day-002")
	scannertest.Run(t, scannertest.Fixture{
		Open:    func(t *testing.T) scanners.Source { return open(t, repo) },
		Planted: append(marks(0, 2), "MARKBYTES", "MARKSAME", "MARKHARD", "MARKLINK"),
		State:   func(t *testing.T) string { return state(t, repo) },
	})
}

// copyRepo copies a repository of testdata.
func copyRepo(t testing.TB, mode string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "repo-"+mode))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDamage breaks repositories in known ways.
func TestDamage(t *testing.T) {
	env(t)
	// where returns the file and the offset of the chunk that a content has.
	find := func(t *testing.T, repo, path string) (file string, entry, size int64) {
		s := open(t, repo)
		defer s.Close()
		read(t, s)
		_, p, err := s.planFor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range p.order {
			c := p.contents.at(n)
			b, _ := p.spool.get(p.records.at(c.names).where)
			if string(decodeItem(b).path) != path {
				continue
			}
			b, _ = p.spool.get(c.where)
			pieces, _ := decodePieces(b)
			o := p.r.object(pieces[0].number)
			file = filepath.Join(repo, p.r.segments[o.seg].name)
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return file, int64(o.offset), int64(binary.LittleEndian.Uint32(raw[o.offset+4:]))
		}
		t.Fatalf("%s is not there", path)
		return
	}
	change := func(t *testing.T, file string, f func(b []byte) []byte) {
		b, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, f(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const victim = "made-none.txt"
	tests := map[string]struct {
		damage func(t *testing.T, repo string)
		reason scanners.Reason
		names  string // of the gap's URI
	}{
		"a byte of a chunk": {func(t *testing.T, repo string) {
			file, at, size := find(t, repo, victim)
			change(t, file, func(b []byte) []byte { b[at+size-5] ^= 1; return b })
		}, scanners.Corrupt, victim},
		"the length of a chunk": {func(t *testing.T, repo string) {
			file, at, _ := find(t, repo, victim)
			change(t, file, func(b []byte) []byte { b[at+6] ^= 0x7f; return b })
		}, scanners.Corrupt, victim},
		"a shorter length": {func(t *testing.T, repo string) {
			file, at, _ := find(t, repo, victim)
			change(t, file, func(b []byte) []byte { b[at+4] ^= 0x80; return b })
		}, scanners.Corrupt, victim},
		"the name of a chunk": {func(t *testing.T, repo string) {
			file, at, _ := find(t, repo, victim)
			change(t, file, func(b []byte) []byte { b[at+20] ^= 1; return b })
		}, scanners.Corrupt, victim},
		"the magic": {func(t *testing.T, repo string) {
			file, _, _ := find(t, repo, victim)
			change(t, file, func(b []byte) []byte { b[0] ^= 1; return b })
		}, scanners.Corrupt, ""},
	}
	for name, tt := range tests {
		for _, mode := range []string{"none", "repokey"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				repo := copyRepo(t, mode)
				tt.damage(t, repo)
				s := open(t, repo)
				defer s.Close()
				r := read(t, s)
				if !slices.ContainsFunc(r.gaps, func(g *scanners.Gap) bool {
					return g.Reason == tt.reason && strings.HasSuffix(g.URI, tt.names)
				}) {
					t.Errorf("no gap names it; there are %v", r.gaps)
				}
				if got := r.contents["first-none/home/zoe/note.txt"]; !strings.Contains(got, "zoe@example.be") {
					t.Errorf("what is behind is lost: %q, gaps %v", got, r.gaps)
				}
				if got, ok := r.contents["first-none/"+victim]; !ok || len(got) < 3000 {
					t.Errorf("the damaged file has %d bytes", len(got))
				}
			})
		}
	}
	t.Run("a segment is missing", func(t *testing.T) {
		repo := copyRepo(t, "none")
		file, _, _ := find(t, repo, victim)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		s := open(t, repo)
		defer s.Close()
		if r := read(t, s); len(r.gaps) == 0 || len(r.contents) == 0 {
			t.Errorf("%d gaps, %d contents", len(r.gaps), len(r.contents))
		}
	})
	t.Run("uncommitted", func(t *testing.T) {
		repo := copyRepo(t, "none")
		last := ""
		for i := range 100 {
			if f := fmt.Sprintf("%s/data/0/%d", repo, i); fileExists(f) {
				last = f
			}
		}
		change(t, last, func(b []byte) []byte { return b[:len(b)-headLen] })
		s := open(t, repo)
		defer s.Close()
		if r := read(t, s); len(r.contents) == 0 {
			t.Errorf("nothing is read: %v", r.gaps)
		}
	})
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestFlippedAndCut opens a repository of which one byte is another, or which
// ends early: nothing panics or hangs, and nothing is read that was not there.
func TestFlippedAndCut(t *testing.T) {
	env(t)
	base := copyRepo(t, "none")
	var names []string
	for i := range 100 {
		if f := fmt.Sprintf("%s/data/0/%d", base, i); fileExists(f) {
			names = append(names, f)
		}
	}
	step := 13
	if testing.Short() {
		step = 301
	}
	for _, name := range append(names[:4:4], base+"/config") {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(whole); at += step {
			for _, damaged := range [][]byte{whole[:at], flipped(whole, at)} {
				if err := os.WriteFile(name, damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				tryAll(t, base)
			}
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x55
	return b
}

// tryAll reads whatever can be read.
func tryAll(t testing.TB, repo string) {
	t.Helper()
	s := open(t, repo)
	defer s.Close()
	for p, err := range s.Parts(t.Context()) {
		if err != nil {
			return
		}
		for it, err := range s.Items(t.Context(), p) {
			if err != nil || !it.Deferred {
				continue
			}
			if full, err := s.Open(context.Background(), it.Ref); err == nil {
				_, _ = io.Copy(io.Discard, full.Body)
			}
		}
	}
}
