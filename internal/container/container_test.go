package container

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"go/build"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/spoor-scan/spoor/scanners"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A seen is what a walk has found: texts by the steps that lead to them, and
// gaps likewise.
type seen struct {
	items  []string // "a!/b=content"
	fields []string // "a!/b path=..."
	raws   []string // "a!/b@offset=content"
	gaps   []string // "a!/b reason"
	full   []*scanners.Gap
	bytes  int64
	big    bool // count contents, don't keep them
}

func (s *seen) gap(at string, err error) {
	var g *scanners.Gap
	if !errors.As(err, &g) {
		s.gaps = append(s.gaps, at+" fatal "+err.Error())
		return
	}
	s.full = append(s.full, g)
	s.gaps = append(s.gaps, at+" "+string(g.Reason))
}

func (s *seen) has(item string) bool { return slices.Contains(s.items, item) }

func (s *seen) String() string {
	return fmt.Sprintf("items %q\nraws %q\nfields %q\ngaps %q", s.items, s.raws, s.fields, s.gaps)
}

// walk does what the program does: detects, enters, decodes, all the way down.
func (s *seen) walk(ctx context.Context, decoders []Decoder, at string, it scanners.Item, b *Budget) {
	head, rest, err := Head(it.Body)
	if err != nil && len(head) == 0 {
		s.gap(at, err)
		return
	}
	it.Body = rest
	var d *Decoder
	if !it.Text {
		d = Detect(decoders, head, it.Name)
	}
	if d != nil {
		inner, err := b.Enter()
		if err != nil {
			s.gap(at, err)
			return
		}
		for child, err := range d.Decode(ctx, it, inner) {
			if err != nil {
				s.gap(at, err)
				continue
			}
			path := at
			if child.Step != "" {
				path = strings.TrimPrefix(at+"!/"+child.Step, "!/")
			}
			if !s.big {
				for _, f := range child.Fields {
					s.fields = append(s.fields, path+" "+f.Name+"="+f.Value)
				}
			}
			if child.Step != "" {
				child.Ref.URI = it.Ref.URI + "!/" + scanners.Escape(child.Step)
			}
			s.walk(ctx, decoders, path, child, inner)
		}
		return
	}
	if s.big {
		small, err := io.ReadAll(io.LimitReader(it.Body, 100))
		if len(small) > 0 && len(small) < 100 && len(s.items) < 1000 {
			s.items = append(s.items, at+"="+string(small))
		}
		n := int64(0)
		if err == nil {
			n, err = io.Copy(io.Discard, it.Body)
		}
		s.bytes += int64(len(small)) + n
		if err != nil {
			s.gap(at, err)
		}
		return
	}
	data, err := io.ReadAll(it.Body)
	s.bytes += int64(len(data))
	if it.Verbatim {
		s.raws = append(s.raws, fmt.Sprintf("%s@%d=%s", at, it.Offset, data))
	} else if it.Text {
		s.items = append(s.items, at+"#"+it.Field+"="+string(data))
	} else {
		s.items = append(s.items, at+"="+string(data))
	}
	if err != nil {
		s.gap(at, err)
	}
}

// open walks data; as a stream, and with random access, which must agree.
func open(t testing.TB, name string, data []byte) *seen {
	t.Helper()
	b := NewBudget(DefaultLimits(), int64(len(data)))
	s := new(seen)
	s.walk(context.Background(), All(Options{}), "", scanners.Item{Name: name, Ref: scanners.Ref{URI: "file:///x"}, Body: struct{ io.Reader }{bytes.NewReader(data)}}, b)
	if m, d, w := b.memory.Load(), b.disk.Load(), b.held; m != 0 || d != 0 || w != (holder{}) {
		t.Errorf("left behind: %d bytes of memory, %d of disk, %+v of windows", m, d, w)
	}
	r := new(seen)
	r.walk(context.Background(), All(Options{}), "", scanners.Item{Name: name, Ref: scanners.Ref{URI: "file:///x"}, Body: bytes.NewReader(data)}, NewBudget(DefaultLimits(), int64(len(data))))
	if s.String() != r.String() {
		t.Errorf("streamed:\n%v\nwith random access:\n%v", s, r)
	}
	return s
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	helloBzip2  = unhex("425a6839314159265359ab6ba1f1000002d9800010400010001264c01020003100d34d04001ea3ef4e51a2078bb9229c284855b5d0f880")
	secondBzip2 = unhex("425a683931415926535996da59cf000003418000100e0188002000310c010d31a9ce0078bb9229c28484b6d2ce78")
	helloXz     = unhex("fd377a585a000004e6d6b4460200210116000000742fe5a301000868656c6c6f20787a0a00000000c1493afa6352145a000121096c18c5d51fb6f37d010000000004595a")
	secondXz    = unhex("fd377a585a0000016922de36020021010c0000008f98419c0100067365636f6e640a00007ec00f0600011b0712ebd4179042990d010000000001595a")
)

func gz(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func zst(data []byte) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	defer w.Close()
	return w.EncodeAll(data, nil)
}

type file struct{ name, body string }

func tarOf(files ...file) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.body)), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			panic(err)
		}
		io.WriteString(w, f.body)
	}
	w.Close()
	return b.Bytes()
}

func zipOf(method uint16, files ...file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(93, zstd.ZipCompressor())
	for _, f := range files {
		fw, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		if err != nil {
			panic(err)
		}
		io.WriteString(fw, f.body)
	}
	w.Close()
	return b.Bytes()
}

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

// snappyOf compresses a text in the framing format of Snappy.
func snappyOf(s string) []byte {
	var b bytes.Buffer
	w := s2.NewWriter(&b, s2.WriterSnappyCompat())
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

func TestKinds(t *testing.T) {
	named := func() []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Name, w.Comment = "export.sql", "für jan"
		io.WriteString(w, "rows")
		w.Close()
		return b.Bytes()
	}()
	commented := func() []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		w.SetComment("of the archive")
		fw, _ := w.CreateHeader(&zip.FileHeader{Name: "a", Comment: "of the member"})
		io.WriteString(fw, "A")
		w.Close()
		return b.Bytes()
	}()
	z := zipOf(8, file{"a", "AAAA"}, file{"b/c", "CC"})
	elf := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...) // a program without sections, whose header is all
	elf[40] = 64
	encrypted := bytes.Clone(z)
	encrypted[6] |= 1
	encrypted[bytes.Index(encrypted, []byte(zipCentral))+8] |= 1
	odd := bytes.Clone(z)
	odd[8] = 97
	odd[bytes.Index(odd, []byte(zipCentral))+10] = 97
	split := bytes.Clone(z)
	split[len(split)-18] = 1
	headless := z[:bytes.Index(z, []byte(zipCentral))]
	two := cat(tarOf(file{"a", "A"}), tarOf(file{"b", "B"}))

	tests := []struct {
		name  string
		data  []byte
		items []string
		raws  []string
		gaps  []string
	}{
		{"x.gz", gz([]byte("hello")), []string{"=hello"}, nil, nil},
		{"empty.gz", gz(nil), []string{"="}, nil, nil},
		{"members.gz", cat(gz([]byte("hel")), gz(nil), gz([]byte("lo"))), []string{"=hello"}, nil, nil},
		{"padded.gz", cat(gz([]byte("hello")), make([]byte, 100)), []string{"=hello"}, nil, nil},
		{"garbage.gz", cat(gz([]byte("hello")), []byte("jan@example.be")), []string{"=hello"}, []string{fmt.Sprintf("@%d=jan@example.be", len(gz([]byte("hello"))))}, []string{" corrupt"}},
		{"named.gz", named, []string{"=rows"}, nil, nil},
		{"not.gz", []byte("\x1f\x8b\x08\x00jan@example.be, who is no gzip"), nil, []string{"@0=\x1f\x8b\x08\x00jan@example.be, who is no gzip"}, []string{" corrupt"}},
		{"cut-in-header.gz", []byte("\x1f\x8b\x08\x08aaaaaabcd"), nil, []string{"@0=\x1f\x8b\x08\x08aaaaaabcd"}, []string{" corrupt"}},
		{"x.bz2", helloBzip2, []string{"=hello bzip2\n"}, nil, nil},
		{"streams.bz2", cat(helloBzip2, secondBzip2), []string{"=hello bzip2\nsecond\n"}, nil, nil},
		{"x.xz", helloXz, []string{"=hello xz\n"}, nil, nil},
		{"streams.xz", cat(helloXz, make([]byte, 8), secondXz), []string{"=hello xz\nsecond\n"}, nil, nil},
		{"x.zst", zst([]byte("hello")), []string{"=hello"}, nil, nil},
		{"frames.zst", cat(zst([]byte("hel")), zst([]byte("lo"))), []string{"=hello"}, nil, nil},
		{"hello.sz", snappyOf("hello"), []string{"=hello"}, nil, nil},
		{"two.snappy", cat(snappyOf("hello"), snappyOf(" again")), []string{"=hello again"}, nil, nil},
		{"cut.sz", snappyOf("hello")[:20], nil, []string{"@0=" + string(snappyOf("hello")[:20])}, []string{" corrupt"}},
		{"skippable.zst", cat([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), zst([]byte("hello"))), []string{"=hello"}, nil, nil},
		{"dictionary.zst", unhex("28b52ffd2301020304" + "05290000" + "68656c6c6f"), nil, []string{"@0=" + string(unhex("28b52ffd230102030405290000")) + "hello"}, []string{" unsupported"}},
		{"window.zst", cat(unhex("28b52ffd00f8"), unhex("290000"), []byte("hello")), nil, []string{"@0=" + string(unhex("28b52ffd00f8290000")) + "hello"}, []string{" too-large"}},
		{"garbage.zst", cat(zst([]byte("hello")), []byte("jan@example.be")), []string{"=hello"}, []string{fmt.Sprintf("@%d=jan@example.be", len(zst([]byte("hello"))))}, []string{" corrupt"}},
		{"x.tar", tarOf(file{"a", "A"}, file{"/b/c", "CC"}, file{"./d", ""}), []string{"a=A", "b/c=CC", "d="}, nil, nil},
		{"twice.tar", tarOf(file{"a", "1"}, file{"a", "2"}, file{"./a", "3"}, file{"a;2", "4"}), []string{"a=1", "a;2=2", "a;3=3", "a;2;2=4"}, nil, nil},
		{"two.tar", two, []string{"a=A", "b=B"}, nil, nil},
		{"padded.tar", cat(two, make([]byte, 10240)), []string{"a=A", "b=B"}, nil, nil},
		{"lone-zero-block.tar", cat(tarOf(file{"a", "A"})[:1024], make([]byte, 512), tarOf(file{"b", "B"})), []string{"a=A", "b=B"}, nil, nil},
		{"no-end.tar", tarOf(file{"a", "A"})[:1024], []string{"a=A"}, nil, []string{" corrupt"}},
		{"long.tar", tarOf(file{strings.Repeat("n/", 300) + "n", "N"}), []string{strings.Repeat("n/", 300) + "n=N"}, nil, nil},
		{"text-behind.tar", cat(tarOf(file{"a", "A"}), []byte("jan@example.be")), []string{"a=A"}, []string{"@2048=jan@example.be"}, []string{" corrupt"}},
		{"x.zip", z, []string{"a=AAAA", "b/c=CC"}, nil, nil},
		{"stored.zip", zipOf(0, file{"a", "AAAA"}, file{"b/", ""}), []string{"a=AAAA"}, nil, nil},
		{"zstd.zip", zipOf(93, file{"a", "AAAA"}), []string{"a=AAAA"}, nil, nil},
		{"empty.zip", zipOf(8), nil, nil, nil},
		{"twice.zip", zipOf(8, file{"a", "1"}, file{"a", "2"}, file{"/a", "3"}), []string{"a=1", "a;2=2", "a;3=3"}, nil, nil},
		{"comments.zip", commented, []string{"#comment=of the archive", "a=A"}, nil, nil},
		{"prefix.zip", cat([]byte("#!/bin/sh\n# unpack me, I am long enough\n"), z), []string{"a=AAAA", "b/c=CC"}, []string{"@0=#!/bin/sh\n# unpack me, I am long enough\n"}, nil},
		{"behind.zip", cat(z, []byte("jan@example.be")), []string{"a=AAAA", "b/c=CC"}, []string{fmt.Sprintf("@%d=jan@example.be", len(z))}, nil},
		{"two.zip", cat(z, zipOf(8, file{"d", "D"})), []string{"d=D", "a=AAAA", "b/c=CC"}, nil, nil},
		{"no-directory.zip", headless, []string{"a=AAAA", "b/c=CC"}, nil, []string{" corrupt"}},
		{"encrypted.zip", encrypted, []string{"#path=a", "b/c=CC"}, nil, []string{" encrypted"}},
		{"method.zip", odd, []string{"#path=a", "b/c=CC"}, nil, []string{" unsupported"}},
		{"exe.zip", cat([]byte("MZ, a program that unpacks this"), z), []string{"a=AAAA", "b/c=CC"}, []string{"@0=MZ, a program that unpacks this"}, nil},
		{"x.exe", cat(elf, z), []string{"a=AAAA", "b/c=CC"}, []string{"@0=" + string(elf)}, nil},
		{"sh.run", cat([]byte("#!/bin/sh\n# unpack me, I am long enough\n"), z), []string{"a=AAAA", "b/c=CC"}, []string{"@0=#!/bin/sh\n# unpack me, I am long enough\n"}, nil},
		{"program", cat(elf, []byte("dialogue"), gz(two)), []string{"payload!/a=A", "payload!/b=B"}, []string{"@0=" + string(elf) + "dialogue"}, nil},
		{"alone", elf, nil, []string{"@0=" + string(elf)}, nil},
		{"long.exe", cat(elf, []byte("jan@example.be")), nil, []string{"@0=" + string(elf) + "jan@example.be"}, nil},
		{"makeself", cat([]byte("#!/bin/sh\n# Makeself 2.4\nexit 0\n"), gz(two)), []string{"payload!/a=A", "payload!/b=B"}, []string{"@0=#!/bin/sh\n# Makeself 2.4\nexit 0\n"}, nil},
		{"nsis.exe", cat(elf, []byte("\xef\xbe\xad\xdeNullsoftInst")), nil, []string{"@0=" + string(elf), "@64=\xef\xbe\xad\xdeNullsoftInst"}, []string{" unsupported"}},
		{"split.zip", split, []string{"a=AAAA", "b/c=CC"}, nil, []string{" unsupported"}},
		{"not.zip", []byte("this is a text with a misleading name"), nil, []string{"@0=this is a text with a misleading name"}, nil},
		{"up.zip", zipOf(8, file{"../../etc/passwd", "x"}, file{"a!/b", "y"}), []string{"../../etc/passwd=x", "a!/b=y"}, nil, nil},
		{"plain.txt", []byte("hello"), []string{"=hello"}, nil, nil},
		{"empty", nil, []string{"="}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tt.name, tt.data)
			if !slices.Equal(s.items, tt.items) || !slices.Equal(s.raws, tt.raws) || !slices.Equal(s.gaps, tt.gaps) {
				t.Errorf("got %v\nwant items %q\nraws %q\ngaps %q", s, tt.items, tt.raws, tt.gaps)
			}
		})
	}
}

// Every kind within every other within every third.
func TestNested(t *testing.T) {
	const text = "Zoë, zoe@example.be\n"
	wrap := map[string]func([]byte) []byte{
		"gz":  gz,
		"zst": zst,
		"tar": func(b []byte) []byte { return tarOf(file{"before", "x"}, file{"t", string(b)}, file{"after", "y"}) },
		"zip": func(b []byte) []byte { return zipOf(8, file{"before", "x"}, file{"z", string(b)}, file{"after", "y"}) },
		"stored": func(b []byte) []byte {
			return zipOf(0, file{"before", "x"}, file{"z", string(b)}, file{"after", "y"})
		},
	}
	inner := map[string][]byte{"text": []byte(text), "bz2": helloBzip2, "xz": helloXz}
	want := map[string]string{"text": text, "bz2": "hello bzip2\n", "xz": "hello xz\n"}
	for a := range wrap {
		for b := range wrap {
			for c := range wrap {
				for k, data := range inner {
					s := open(t, "x", wrap[a](wrap[b](wrap[c](data))))
					if len(s.gaps) != 0 || !slices.ContainsFunc(s.items, func(it string) bool { return strings.HasSuffix(it, "="+want[k]) }) {
						t.Errorf("%s in %s in %s in %s: %v", k, c, b, a, s)
					}
				}
			}
		}
	}
}

// However an archive is cut, there is a gap or all is there; and what comes
// before the cut is read.
func TestCut(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		want []string
	}{
		{"x.gz", gz([]byte("hello, hello, hello")), []string{"=hello, hello, hello"}},
		{"x.bz2", helloBzip2, []string{"=hello bzip2\n"}},
		{"x.xz", helloXz, []string{"=hello xz\n"}},
		{"x.zst", zst([]byte("hello, hello, hello")), []string{"=hello, hello, hello"}},
		{"x.tar", tarOf(file{"a", "AAAA"}, file{"b", "BBBB"}), []string{"a=AAAA", "b=BBBB"}},
		{"x.zip", zipOf(8, file{"a", "AAAA"}, file{"b", "BBBB"}), []string{"a=AAAA", "b=BBBB"}},
	} {
		for n := range len(tt.data) {
			s := open(t, tt.name, tt.data[:n])
			if len(s.gaps) == 0 && !slices.Equal(s.items, tt.want) && len(s.raws) == 0 && Detect(All(Options{}), tt.data[:n], tt.name) != nil {
				t.Errorf("%s cut at %d of %d: no gap: %v", tt.name, n, len(tt.data), s)
			}
			if tt.name == "x.tar" && n >= 1024 && !s.has("a=AAAA") || tt.name == "x.zip" && n >= 60 && !s.has("a=AAAA") {
				t.Errorf("%s cut at %d: the first member is lost: %v", tt.name, n, s)
			}
		}
	}
}

// A source that fails is not taken for a damaged archive.
func TestSourceFails(t *testing.T) {
	broken := &scanners.Gap{Reason: scanners.Offline, Detail: "connection lost"}
	big := strings.Repeat("some text that goes on and on ", 3000)
	for name, data := range map[string][]byte{
		"x.gz":  gz([]byte(big)),
		"x.bz2": helloBzip2, "x.xz": helloXz,
		"x.zst": zst([]byte(big)),
		"x.tar": tarOf(file{"a", big}, file{"b", "BBBB"}),
		"x.zip": zipOf(8, file{"a", big}, file{"b", "BBBB"}),
	} {
		for n := 20; n < len(data); n += 1 + len(data)/200 {
			r := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken))
			s := new(seen)
			s.walk(context.Background(), All(Options{}), "", scanners.Item{Name: name, Body: r}, NewBudget(DefaultLimits(), int64(n)))
			if !slices.ContainsFunc(s.gaps, func(g string) bool { return strings.HasSuffix(g, " offline") }) {
				t.Errorf("%s at %d of %d: %v", name, n, len(data), s.gaps)
			}
			if slices.ContainsFunc(s.full, func(g *scanners.Gap) bool { return g.Reason == scanners.Corrupt }) {
				t.Errorf("%s at %d of %d: said to be corrupt", name, n, len(data))
			}
		}
	}
}

func TestTarDamagedHeader(t *testing.T) {
	data := tarOf(file{"a", "AAAA"}, file{"b", "BBBB"}, file{"c", "CCCC"})
	data[1024+20] ^= 1 // in the second header
	s := open(t, "x.tar", data)
	if !s.has("a=AAAA") || !s.has("c=CCCC") || len(s.raws) != 1 || !strings.Contains(s.raws[0], "BBBB") || !slices.Equal(s.gaps, []string{" corrupt"}) {
		t.Errorf("got %v", s)
	}
	// The first header, known by its magic.
	data = tarOf(file{"a", "AAAA"}, file{"b", "BBBB"})
	data[20] ^= 1
	s = open(t, "x.tar", data)
	if !s.has("b=BBBB") || len(s.raws) != 1 || !strings.Contains(s.raws[0], "AAAA") {
		t.Errorf("got %v", s)
	}
	// Cut anywhere, with a sound one behind it.
	data = tarOf(file{"a", strings.Repeat("A", 5000)})[:777]
	s = open(t, "x.tar", cat(data, tarOf(file{"b", "BBBB"})))
	if !strings.Contains(fmt.Sprint(s.items, s.raws), "BBBB") {
		t.Errorf("got %v", s)
	}
	for n := 1; n < 512; n += 37 {
		s = open(t, "x.tar", cat(tarOf(file{"a", "A"}), bytes.Repeat([]byte{'x'}, n), tarOf(file{"b", "BBBB"})))
		if !s.has("b=BBBB") || len(s.raws) != 1 {
			t.Errorf("%d bytes between: %v", n, s)
		}
	}
}

func TestTarLinks(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o700})
	w.WriteHeader(&tar.Header{Name: "hard", Linkname: "some/file", Typeflag: tar.TypeLink})
	w.WriteHeader(&tar.Header{Name: "soft", Linkname: strings.Repeat("long/", 50), Typeflag: tar.TypeSymlink, Uname: "zoe", Gname: "staff"})
	w.WriteHeader(&tar.Header{Name: "null", Typeflag: tar.TypeChar})
	w.WriteHeader(&tar.Header{Name: "pipe", Typeflag: tar.TypeFifo})
	w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SCHILY.xattr.user.mail": "zoe@example.be"}})
	w.WriteHeader(&tar.Header{Name: "latin\xe91", Typeflag: tar.TypeReg, Format: tar.FormatGNU})
	w.Close()
	s := open(t, "x.tar", b.Bytes())
	want := []string{"hard=", "soft=", "x=", "latin\xe91="}
	if !slices.Equal(s.items, want) || len(s.gaps) != 0 {
		t.Errorf("got %v", s)
	}
	for _, f := range []string{"hard link=some/file", "soft link=" + strings.Repeat("long/", 50), "soft owner=zoe", "x SCHILY.xattr.user.mail=zoe@example.be", "latin\xe91 path=latiné1"} {
		if !slices.Contains(s.fields, f) {
			t.Errorf("no field %q in %q", f, s.fields)
		}
	}
}

// Whatever the standard library reads from its own fixtures is read.
func TestAgainstStandardLibrary(t *testing.T) {
	out, _ := filepath.Glob(filepath.Join(build.Default.GOROOT, "src/archive/tar/testdata/*.tar"))
	for _, name := range out {
		switch filepath.Base(name) {
		case "gnu-incremental.tar": // 512 MiB of nothing but a hole
			continue
		case "invalid-go17.tar": // a prefix in a format that has none
			continue
		case "pax-global-records.tar": // archive/tar leaves global records to its caller
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !matchTar(data[:min(len(data), HeadLen)], name) {
			t.Logf("%s: not taken for a tar", filepath.Base(name))
			continue
		}
		got := map[string]string{}
		b := NewBudget(DefaultLimits(), int64(len(data)))
		for it, err := range tarDecoder().Decode(context.Background(), scanners.Item{Body: bytes.NewReader(data)}, b) {
			if err != nil {
				t.Logf("%s: %v", filepath.Base(name), err)
				continue
			}
			body, err := io.ReadAll(it.Body)
			if err != nil {
				t.Logf("%s: %s: %v", filepath.Base(name), it.Name, err)
			}
			got[it.Step] = string(body)
		}
		r := tar.NewReader(bytes.NewReader(data))
		for {
			h, err := r.Next()
			if err != nil {
				break
			}
			switch h.Typeflag {
			case tar.TypeDir, tar.TypeChar, tar.TypeBlock, tar.TypeFifo, tar.TypeXGlobalHeader:
				continue
			}
			body, err := io.ReadAll(r)
			step := new(names).step(h.Name)
			if g, ok := got[step]; !ok || g != string(body) {
				t.Errorf("%s: %q: got %d bytes (%v), the standard library %d, %v", filepath.Base(name), step, len(g), ok, len(body), err)
			}
		}
	}
	out, _ = filepath.Glob(filepath.Join(build.Default.GOROOT, "src/archive/zip/testdata/*.zip"))
	for _, name := range out {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Logf("%s: the standard library: %v", filepath.Base(name), err)
			continue
		}
		s := open(t, "x.zip", data)
		if len(s.gaps) > 0 {
			t.Logf("%s: %q %v", filepath.Base(name), s.gaps, s.full)
		}
		for _, f := range r.File {
			rc, err := f.Open()
			if err != nil || strings.HasSuffix(f.Name, "/") {
				continue
			}
			body, err := io.ReadAll(rc)
			rc.Close()
			if err != nil {
				continue
			}
			if !s.has(new(names).step(f.Name) + "=" + string(body)) {
				t.Errorf("%s: no %q of %d bytes", filepath.Base(name), f.Name, len(body))
			}
		}
	}
}

func TestBudget(t *testing.T) {
	ctx := context.Background()
	l := Limits{Depth: 2, Bytes: 1000, Members: 3, Memory: 1 << 20, Spool: 1 << 20}
	b := NewBudget(l, 10)
	in, err := b.Enter()
	if err != nil {
		t.Fatal(err)
	}
	if in, err = in.Enter(); err != nil {
		t.Fatal(err)
	}
	if _, err = in.Enter(); scanners.ReasonOf(err) != scanners.TooDeep {
		t.Errorf("third level: %v", err)
	}
	if n, err := io.Copy(io.Discard, in.Reader(ctx, io.LimitReader(zeros{}, 900))); n != 900 || err != nil {
		t.Errorf("900 of 1000: %d, %v", n, err)
	}
	if n, err := io.Copy(io.Discard, b.Reader(ctx, zeros{})); n == 0 || scanners.ReasonOf(err) != scanners.Bomb {
		t.Errorf("beyond 1000: %d, %v", n, err)
	}
	if _, err = b.Enter(); scanners.ReasonOf(err) != scanners.Bomb {
		t.Errorf("after that: %v", err)
	}
	b = NewBudget(Limits{Depth: 1, Members: 3}, 10)
	for i := range 5 {
		if err := b.Member(); (i < 3) != (err == nil) {
			t.Errorf("member %d: %v", i, err)
		}
	}
	b = NewBudget(Limits{Depth: 1, Time: time.Nanosecond}, 10)
	time.Sleep(time.Millisecond)
	if _, err := b.Reader(ctx, zeros{}).Read(make([]byte, 10)); scanners.ReasonOf(err) != scanners.Timeout {
		t.Errorf("out of time: %v", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := NewBudget(DefaultLimits(), 1).Reader(ctx, zeros{}).Read(make([]byte, 10)); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	want := make([]byte, 210_000)
	for i := range want {
		want[i] = byte(i * i >> 3)
	}
	for _, tt := range []struct {
		memory, disk int64
		reason       scanners.Reason
	}{
		{1 << 20, 0, ""},
		{128 << 10, 1 << 20, ""},
		{0, 1 << 20, ""},
		{128 << 10, 150_000, scanners.TooLarge},
		{128 << 10, 0, scanners.TooLarge},
		{0, 0, scanners.TooLarge},
	} {
		b := NewBudget(Limits{Memory: tt.memory, Spool: tt.disk}, -1)
		r := struct{ io.Reader }{iotest.HalfReader(bytes.NewReader(want))}
		s, err := b.Spool(context.Background(), r)
		if tt.reason == "" && err != nil || tt.reason != "" && scanners.ReasonOf(err) != tt.reason {
			t.Errorf("%+v: %v", tt, err)
		}
		got, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size()))
		if err != nil {
			t.Errorf("%+v: %v", tt, err)
		}
		rest, _ := io.ReadAll(r)
		if !bytes.Equal(append(got, rest...), want) {
			t.Errorf("%+v: got %d and %d bytes, not those of the reader", tt, len(got), len(rest))
		}
		if tt.memory == 0 && tt.disk > 0 {
			if err := iotest.TestReader(io.NewSectionReader(s, 0, s.Size()), want); err != nil {
				t.Errorf("%+v: %v", tt, err)
			}
		}
		s.Close()
		s.Close()
		if b.memory.Load() != 0 || b.disk.Load() != 0 {
			t.Errorf("%+v: not given back: %d, %d", tt, b.memory.Load(), b.disk.Load())
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%+v: files left behind", tt)
		}
	}
	f, _ := os.Open(os.Args[0])
	defer f.Close()
	b := NewBudget(Limits{}, -1)
	s, err := b.Spool(context.Background(), f)
	if err != nil || s.Size() == 0 || b.memory.Load() != 0 {
		t.Errorf("a file was copied: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "missing"))
	if _, err := b.Spool(context.Background(), struct{ io.Reader }{bytes.NewReader(want)}); scanners.ReasonOf(err) != scanners.Failed {
		t.Errorf("no limits set: %v", err)
	}
	b = NewBudget(Limits{Spool: 1 << 20}, -1)
	if _, err := b.Spool(context.Background(), struct{ io.Reader }{bytes.NewReader(want)}); scanners.ReasonOf(err) != scanners.Failed || strings.Contains(err.Error(), dir) {
		t.Errorf("no folder for temporary files: %v", err)
	}
}

// A zip that can't be held is read from its start.
func TestZipWithoutRoom(t *testing.T) {
	data := zipOf(8, file{"a", "AAAA"}, file{"b", "BBBB"})
	s := new(seen)
	s.walk(context.Background(), All(Options{}), "", scanners.Item{Name: "x.zip", Body: struct{ io.Reader }{bytes.NewReader(data)}}, NewBudget(Limits{Depth: 3}, int64(len(data))))
	if !slices.Equal(s.items, []string{"a=AAAA", "b=BBBB"}) || !slices.Equal(s.gaps, []string{" too-large"}) {
		t.Errorf("got %v", s)
	}
}

func TestAhead(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 10_000)
	a := Ahead(context.Background(), bytes.NewReader(want), 3, 1000)
	if err := iotest.TestReader(a, want); err != nil {
		t.Error(err)
	}
	a.Close()
	a.Close()

	a = Ahead(context.Background(), zeros{}, 3, 1000)
	io.ReadFull(a, make([]byte, 5500))
	a.Close()

	ctx, cancel := context.WithCancel(context.Background())
	a = Ahead(ctx, zeros{}, 3, 1000)
	io.ReadFull(a, make([]byte, 5500))
	cancel()
	if _, err := io.Copy(io.Discard, a); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}

	a = Ahead(context.Background(), panics{}, 3, 1000)
	if _, err := a.Read(make([]byte, 10)); scanners.ReasonOf(err) != scanners.Failed {
		t.Errorf("panic: %v", err)
	}
	a.Close()
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("index out of range") }

// Stopping or cancelling in the middle of a large stream leaves nothing behind,
// which TestMain checks.
func TestStopEarly(t *testing.T) {
	plain := text(4 << 20)
	for name, data := range map[string][]byte{"gz": gz(plain), "zst": zst(plain), "zip": zipOf(8, file{"a", string(plain)}, file{"b", "B"}), "tar": tarOf(file{"a", string(plain)}, file{"b", "B"})} {
		d := Detect(All(Options{}), data, name)
		in := func() scanners.Item {
			return scanners.Item{Name: name, Body: struct{ io.Reader }{bytes.NewReader(data)}}
		}
		for _, n := range []int64{0, 1, 2 << 20, 3 << 20} {
			items := 0
			for it, err := range d.Decode(context.Background(), in(), NewBudget(DefaultLimits(), int64(len(data)))) {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if _, err := io.CopyN(io.Discard, it.Body, min(n, int64(len(plain)))); err != nil && it.Step != "b" {
					t.Errorf("%s: %v", name, err)
				}
				items++
			}
			if want := strings.Count("zip tar", name) + 1; items != want {
				t.Errorf("%s: %d items, want %d", name, items, want)
			}
			for it := range d.Decode(context.Background(), in(), NewBudget(DefaultLimits(), int64(len(data)))) {
				_, _ = io.CopyN(io.Discard, it.Body, n)
				break
			}
			ctx, cancel := context.WithCancel(context.Background())
			for it, err := range d.Decode(ctx, in(), NewBudget(DefaultLimits(), int64(len(data)))) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				_, _ = io.CopyN(io.Discard, it.Body, n)
				cancel()
				if _, err := io.Copy(io.Discard, it.Body); !errors.Is(err, context.Canceled) {
					t.Errorf("%s cancelled after %d: %v", name, n, err)
				}
			}
			cancel()
		}
	}
}

func TestHead(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), 1000)
	for _, want := range [][]byte{nil, []byte("short"), long[:HeadLen], long} {
		for _, r := range []io.Reader{bytes.NewReader(want), iotest.OneByteReader(bytes.NewReader(want)), iotest.DataErrReader(bytes.NewReader(want))} {
			head, rest, err := Head(r)
			if err != nil || !bytes.Equal(head, want[:min(len(want), HeadLen)]) {
				t.Errorf("%T: head of %d bytes, %v", r, len(head), err)
			}
			if got, err := io.ReadAll(rest); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%T: rest of %d bytes, %v", r, len(got), err)
			}
		}
	}
	if _, rest, _ := Head(bytes.NewReader(long)); func() bool { _, ok := rest.(io.ReaderAt); return !ok }() {
		t.Error("random access is lost")
	}
	head, rest, err := Head(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if string(head) != "abc" || err != io.ErrUnexpectedEOF {
		t.Errorf("%q, %v", head, err)
	}
	if got, err := io.ReadAll(rest); string(got) != "abc" || err != io.ErrUnexpectedEOF {
		t.Errorf("%q, %v", got, err)
	}
}
