package container

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// A folder is what stands beside a file, in memory.
type folder map[string][]byte

func (f folder) Names(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(f)), nil
}

func (f folder) Open(ctx context.Context, name string, use func(scanners.Item) error) error {
	b, ok := f[name]
	if !ok {
		return &scanners.Gap{Reason: scanners.Vanished}
	}
	it := scanners.Item{Name: name, Size: int64(len(b)), Body: bytes.NewReader(b)}
	if d := Detect(All(Options{}), b, name); d != nil && d.Bare {
		for child, err := range d.Decode(ctx, it, NewBudget(DefaultLimits(), it.Size)) {
			if err != nil {
				return err
			}
			return use(child)
		}
	}
	return use(it)
}

// dupFiles returns the backups of testdata/duplicity.
func dupFiles(t testing.TB) folder {
	t.Helper()
	f := folder{}
	names, err := filepath.Glob("testdata/duplicity/*")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		f[filepath.Base(n)] = b
	}
	return f
}

// dupOpen decodes one of the files of a folder, as members "name=content" and gaps.
func dupOpen(f folder, name string) (members map[string]string, gaps []string) {
	members = map[string]string{}
	budget := NewBudget(DefaultLimits(), -1)
	err := f.Open(context.Background(), name, func(it scanners.Item) error {
		head, rest, _ := Head(it.Body)
		d := Detect(All(Options{}), head, it.Name)
		if d == nil {
			return nil
		}
		it.Body, it.Near, it.Ref.URI = rest, f, "file:///b/"+name
		for child, err := range d.Decode(context.Background(), it, budget) {
			if err != nil {
				gaps = append(gaps, err.Error())
				continue
			}
			if child.Body == nil {
				continue
			}
			b, err := io.ReadAll(child.Body)
			if err != nil {
				gaps = append(gaps, err.Error())
			}
			members[child.Step] += string(b)
		}
		return nil
	})
	if err != nil {
		gaps = append(gaps, err.Error())
	}
	return members, gaps
}

const (
	dupFull = "duplicity-full.20261101T031500Z"
	dupInc  = "duplicity-inc.20261101T031500Z.to.20261102T031500Z"
)

func TestDuplicity(t *testing.T) {
	f := dupFiles(t)
	one, gaps := dupOpen(f, dupFull+".vol1.difftar.gz")
	big := one["multivol_snapshot/big.txt"]
	if len(gaps) > 0 || len(big) != 286875 || !strings.HasPrefix(big, "line 000000 ") || !strings.HasSuffix(big, "line 008999 user8999@example.be\n") {
		t.Errorf("%d bytes, %q", len(big), gaps)
	}
	if strings.Count(big, "\n") != 9000 {
		t.Error("lines were cut at the borders of pieces")
	}
	two, gaps := dupOpen(f, dupFull+".vol2.difftar.gz")
	if len(gaps) > 0 || two["snapshot/letter.txt"] != letter || len(two) != 3 {
		t.Errorf("%q, %q", slices.Collect(maps.Keys(two)), gaps)
	}
	inc, gaps := dupOpen(f, dupInc+".vol1.difftar.gz")
	if d := inc["diff/big.txt"]; !strings.Contains(d, "changed zoe@example.be here\n") || !strings.Contains(d, "inserted contact@example.be\n") || strings.Contains(d, "rs\x026") {
		t.Errorf("%q", d)
	}
	if inc["snapshot/new.txt"] != "new after@example.be\n" || len(gaps) != 1 || !strings.HasPrefix(gaps[0], "unsupported") {
		t.Errorf("%q, %q", inc, gaps)
	}
}

func TestDuplicityMissing(t *testing.T) {
	for _, tt := range []struct {
		name, remove, open string
		gap                string
	}{
		{"all there", "", dupFull + ".manifest", ""},
		{"all there, changes", "", dupInc + ".manifest", ""},
		{"a volume", dupFull + ".vol2.difftar.gz", dupFull + ".manifest", "1 of the 2 volumes"},
		{"the full backup", dupFull, dupInc + ".manifest", "on which this one builds"},
		{"the beginning of a file", dupFull + ".vol1.difftar.gz", dupFull + ".vol2.difftar.gz", "in which the file begins"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := dupFiles(t)
			for name := range f {
				if tt.remove != "" && strings.HasPrefix(name, tt.remove) {
					delete(f, name)
				}
			}
			_, gaps := dupOpen(f, tt.open)
			if got := strings.Join(gaps, "; "); (got == "") != (tt.gap == "") || !strings.Contains(got, tt.gap) {
				t.Errorf("gaps %q", gaps)
			}
		})
	}
}

func TestDamagedDuplicity(t *testing.T) {
	for _, name := range []string{dupInc + ".vol1.difftar.gz", dupFull + ".vol2.difftar.gz"} {
		f := dupFiles(t)
		var plain []byte
		_ = f.Open(t.Context(), name, func(it scanners.Item) (err error) {
			plain, err = io.ReadAll(it.Body)
			return err
		})
		name = strings.TrimSuffix(name, ".gz")
		for i := 0; i < len(plain); i += max(1, len(plain)/400) {
			f[name] = plain[:i]
			dupOpen(f, name)
			b := slices.Clone(plain)
			b[i] ^= 0x55
			f[name] = b
			dupOpen(f, name)
		}
	}
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("rs\x026\x05hello\x45\x00\x05\x41\x03abc\x00"))
	f.Add([]byte("no delta"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _ := io.ReadAll(&delta{r: bufio.NewReader(bytes.NewReader(b))})
		if len(out) > len(b) {
			t.Errorf("%d bytes of %d", len(out), len(b))
		}
	})
}
