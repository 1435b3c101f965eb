package container

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

const letter = "write to zoe@example.be\n"

// fixture returns a file of testdata/formats; images are kept compressed.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "formats", name))
	if os.IsNotExist(err) {
		if b, err = os.ReadFile(filepath.Join("testdata", "formats", name+".gz")); err == nil {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
				b, err = io.ReadAll(z)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// walkWith opens data with passwords.
func walkWith(data []byte, name string, passwords ...string) *seen {
	o := Options{Passwords: func(scanners.Item) []string { return passwords }}
	s := new(seen)
	s.walk(context.Background(), All(o), "", scanners.Item{Name: name, Ref: scanners.Ref{URI: "file:///x"}, Size: int64(len(data)), Body: bytes.NewReader(data)}, NewBudget(DefaultLimits(), int64(len(data))))
	return s
}

func TestFormats(t *testing.T) {
	both := []string{"letter.txt=" + letter, "sub/second.txt=second letter 1 to"}
	for _, tt := range []struct {
		name      string
		passwords []string
		want      []string // what items there are, from their start on
		gaps      string
	}{
		{name: "lzma2.7z", want: both},
		{name: "ppmd.7z", want: both},
		{name: "bzip2.7z", want: both},
		{name: "deflate.7z", want: both},
		{name: "deflate64.7z", want: both},
		{name: "swap.7z", gaps: "unsupported"},
		{name: "encrypted.7z", passwords: []string{"wrong", "secret"}, want: both},
		{name: "encrypted.7z", gaps: "encrypted"},
		{name: "encrypted.7z", passwords: []string{"wrong"}, gaps: "encrypted"},
		{name: "header-encrypted.7z", passwords: []string{"wrong", "secret"}, want: both},
		{name: "header-encrypted.7z", gaps: "encrypted"},
		{name: "traditional.zip", passwords: []string{"wrong", "secret"}, want: both},
		{name: "traditional.zip", passwords: []string{"wrong"}, gaps: "encrypted"},
		{name: "aes256.zip", passwords: []string{"wrong", "secret"}, want: both},
		{name: "aes256.zip", gaps: "encrypted"},
		{name: "aes128-stored.zip", passwords: []string{"secret"}, want: both},
		{name: "lzma.zip", want: both},
		{name: "deflate64.zip", want: both},
		{name: "ppmd.zip", gaps: "unsupported"},
		{name: "newc.cpio", want: both},
		{name: "crc.cpio", want: both},
		{name: "odc.cpio", want: both},
		{name: "bin.cpio", want: both},
		{name: "hpbin.cpio", want: both},
		{name: "gnu.ar", want: []string{"letter.txt=" + letter, "second.txt=second letter 1 to"}},
		{name: "long.ar", want: []string{"letter.txt=" + letter, "a-rather-long-name-for-ar.txt=second letter 1 to"}},
		{name: "letters.deb", want: []string{"debian-binary=2.0", "control.tar.xz!/control=Package: letters", "data.tar.xz!/srv/letter.txt=" + letter}},
		{name: "letters.rpm", want: []string{"payload!/srv/letter.txt=" + letter}},
		{name: "second.txt.lz", want: []string{"=second letter 1 to"}},
		{name: "second.txt.lz4", want: []string{"=second letter 1 to"}},
		{name: "second.txt.lzo", want: []string{"=second letter 1 to"}},
		{name: "legacy.txt.lz4", want: []string{"=second letter 1 to"}},
		{name: "second.txt.Z", want: []string{"=second letter 1 to"}},
		{name: "second.txt.br", want: []string{"=second letter 1 to"}},
		{name: "second.txt.lzma", want: []string{"=second letter 1 to"}},
		{name: "second.zz", want: []string{"=second letter 1 to"}},
		{name: "second.compress", want: []string{"=second letter 1 to"}},
		{name: "stop.compress", want: []string{"=second letter 1 to"}},
		{name: "plain.iso", want: []string{"LETTER.TXT=" + letter, "SECOND.TXT=second letter 1 to"}},
		{name: "letters.xbstream", want: both},
		{name: "joliet.iso", want: both},
		{name: "plain.bacula", want: []string{"tmp/bac/src/letter.txt=" + letter, "tmp/bac/src/second.txt=second letter 1 to", "tmp/bac/src/big.txt=second letter 1 to", "tmp/bac/src/holes.txt=begin piet@example.be\n\x00", "#label=Bacula 1.0 immortal"}},
		{name: "gzip.bacula", want: []string{"tmp/bac/src/letter.txt=" + letter, "tmp/bac/src/second.txt=second letter 1 to", "tmp/bac/src/big.txt=second letter 1 to", "tmp/bac/src/holes.txt=begin piet@example.be\n\x00"}},
		{name: "lzo.bacula", want: []string{"tmp/bac/src/letter.txt=" + letter, "tmp/bac/src/second.txt=second letter 1 to", "tmp/bac/src/big.txt=second letter 1 to", "tmp/bac/src/holes.txt=begin piet@example.be\n\x00"}},
		{name: "symmetric.txt.gpg", passwords: []string{"wrong", "secret"}, want: []string{"=second letter 1 to"}},
		{name: "symmetric.txt.gpg", passwords: []string{"wrong"}, gaps: "encrypted"},
		{name: "symmetric.txt.gpg", gaps: "encrypted"},
		{name: "stored-zip.gpg", want: []string{"=second letter 1 to"}},
		{name: "stored-zlib.gpg", passwords: []string{"wrong"}, want: []string{"=second letter 1 to"}},
		{name: "stored-bzip2.gpg", want: []string{"=second letter 1 to"}},
		{name: "signed.txt.gpg", want: []string{"=second letter 1 to"}},
		{name: "signed.txt.asc", want: []string{"=second letter 1 to"}},
		{name: "armored.txt.asc", passwords: []string{"wrong", "secret"}, want: []string{"=second letter 1 to"}},
		{name: "ext4.img", want: append(both, "holes.txt=begin piet@example.be\n\x00", "#path=sub/other-name.txt", "sub/deep/file-with-a-long-name-150.txt=n150")},
		{name: "ext2.img", want: append(both, "holes.txt=begin piet@example.be\n\x00", "sub/deep/file-with-a-long-name-150.txt=n150")},
		{name: "inline.img", want: append(both, "holes.txt=begin piet@example.be\n\x00", "sub/deep/file-with-a-long-name-150.txt=n150")},
		{name: "xfs5.img", want: append(both, "holes.txt=begin piet@example.be\n\x00", "sub/deep/file-with-a-long-name-150.txt=n150")},
		{name: "xfs4.img", want: append(both, "holes.txt=begin piet@example.be\n\x00", "sub/deep/file-with-a-long-name-150.txt=n150")},
		{name: "fat.img", want: []string{"LETTER.TXT=" + letter, "SUB/second letter.txt=second letter 1 to"}},
		{name: "gpt.img", want: []string{"partition1!/LETTER.TXT=" + letter, "partition2!/sub/second.txt=second letter 1 to"}},
		{name: "mbr.img", want: []string{"partition1!/LETTER.TXT=" + letter, "partition2!/sub/second.txt=second letter 1 to"}},
		{name: "lvm.img", want: []string{"data!/sub/second.txt=second letter 1 to", "root!/letter.txt=" + letter, "root!/big.txt=second letter 1 to"}},
		{name: "packed.qcow2", want: []string{"partition1!/LETTER.TXT=" + letter, "partition2!/sub/second.txt=second letter 1 to"}},
		{name: "zstd.qcow2", want: []string{"partition1!/LETTER.TXT=" + letter, "partition2!/sub/second.txt=second letter 1 to"}},
		{name: "sub.qcow2", want: []string{"partition1!/LETTER.TXT=" + letter, "partition2!/sub/second.txt=second letter 1 to"}},
		{name: "saved.qcow2", want: []string{"partition1!/LETTER.TXT=" + letter, "snapshot-1!/partition2!/sub/second.txt=second letter 1 to"}},
		{name: "vzdump-qemu-101-2026_11_02-03_15_00.vma", want: []string{
			"qemu-server.conf=#contact zoe@example.be", "drive-scsi0!/partition1!/LETTER.TXT=" + letter,
			"drive-scsi0!/partition2!/sub/second.txt=second letter 1 to", "drive-scsi1!/LETTER.TXT=" + letter,
		}},
		{name: "rock.iso", want: both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := walkWith(fixture(t, tt.name), tt.name, tt.passwords...)
			for _, w := range tt.want {
				if !slices.ContainsFunc(s.items, func(i string) bool { return strings.HasPrefix(i, w) }) {
					t.Errorf("no %q in %q", w, s.items)
				}
				if strings.Contains(w, "second letter") && !slices.ContainsFunc(s.items, func(i string) bool { return strings.HasSuffix(i, "second letter 60 to jan@example.org\n") }) {
					t.Errorf("the second letter is cut off: %q", s.items)
				}
			}
			if got := strings.Join(s.gaps, "; "); (got == "") != (tt.gaps == "") || !strings.Contains(got, tt.gaps) {
				t.Errorf("gaps %q, want %q", got, tt.gaps)
			}
		})
	}
}

// Whatever is cut off, or changed, is a gap or makes no difference.
func TestDamagedFormats(t *testing.T) {
	names, err := os.ReadDir(filepath.Join("testdata", "formats"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		name := strings.TrimSuffix(n.Name(), ".gz")
		if name == "README.md" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			whole := fixture(t, name)
			step := max(1, len(whole)/60)
			if len(whole) > 1<<20 {
				step = len(whole) / 5 // TestDamagedDisks does more
			}
			if strings.HasSuffix(name, ".gpg") || strings.HasSuffix(name, ".asc") {
				step = len(whole) / 12 // each password takes a while, on purpose
			}
			for cut := 0; cut < len(whole); cut += step {
				walkWith(whole[:cut], name, "secret")
				b := slices.Clone(whole)
				b[cut] ^= 0x55
				walkWith(b, name, "secret")
			}
			s := walkWith(whole[:len(whole)*3/4], name, "secret")
			if len(s.gaps)+len(s.raws) == 0 && !strings.HasSuffix(name, ".iso") && !strings.HasSuffix(name, "cpio") && !strings.HasSuffix(name, ".br") && !strings.HasSuffix(name, ".img") && !strings.HasSuffix(name, ".Z") {
				t.Errorf("no gap: %d items", len(s.items))
			}
		})
	}
}

// rarOf returns an archive of RAR 5.0 (technical note "RAR 5.0 archive format")
// with stored members.
func rarOf(files ...file) []byte {
	b := []byte("Rar!\x1a\x07\x01\x00")
	block := func(header, data []byte) {
		h := binary.AppendUvarint(nil, uint64(len(header)))
		h = append(h, header...)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(h))
		b = append(append(b, h...), data...)
	}
	block([]byte{1, 0, 0}, nil) // the archive
	for _, f := range files {
		h := []byte{2, 2}
		h = binary.AppendUvarint(h, uint64(len(f.body))) // of the data
		h = binary.AppendUvarint(h, 4)                   // there is a checksum
		h = binary.AppendUvarint(h, uint64(len(f.body)))
		h = binary.AppendUvarint(h, 0o100644)
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(f.body)))
		h = binary.AppendUvarint(h, 0) // stored
		h = binary.AppendUvarint(h, 1) // Unix
		h = binary.AppendUvarint(h, uint64(len(f.name)))
		block(append(h, f.name...), []byte(f.body))
	}
	block([]byte{5, 0, 0}, nil)
	return b
}

func TestRar(t *testing.T) {
	b := rarOf(file{"letter.txt", letter}, file{"sub/second.txt", "second"})
	s := walkWith(b, "x.rar")
	if want := []string{"letter.txt=" + letter, "sub/second.txt=second"}; !slices.Equal(s.items, want) || len(s.gaps) > 0 {
		t.Errorf("%q, %q", s.items, s.gaps)
	}
	for cut := range b {
		walkWith(b[:cut], "x.rar")
		c := slices.Clone(b)
		c[cut] ^= 0x41
		walkWith(c, "x.rar")
	}
	if s := walkWith(b[:len(b)-20], "x.rar"); len(s.gaps) == 0 {
		t.Errorf("cut off, and no gap: %q", s.items)
	}
}

// A block of lzop that promises more than its bytes can stand for is damaged, and
// takes no memory.
func TestLzopLyingLength(t *testing.T) {
	head := fixture(t, "second.txt.lzo")
	at := bytes.Index(head, []byte("second.txt")) + len("second.txt") + 4
	b := binary.BigEndian.AppendUint32(slices.Clone(head[:at]), 64<<20)
	b = binary.BigEndian.AppendUint32(b, 100)
	b = append(b, make([]byte, 108)...)
	if s := walkWith(b, "x.lzo"); len(s.gaps) != 1 || !strings.Contains(s.gaps[0], "corrupt") {
		t.Errorf("gaps %q", s.gaps)
	}
}

// Text does not start like any of them.
func TestFormatsOfText(t *testing.T) {
	for _, text := range []string{letter, "x\x9c is no zlib", "070701 is a number", "\x5d\x00\x00 what", "Rar! was the name", "7z", "x^ y", "(\x28", "]\x00\x00\x00\x01some text that goes on"} {
		if d := Detect(All(Options{}), []byte(text), "letter.txt"); d != nil {
			t.Errorf("%q is taken for %s", text, d.Name)
		}
	}
}

func FuzzFormats(f *testing.F) {
	names, err := os.ReadDir(filepath.Join("testdata", "formats"))
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range names {
		name := strings.TrimSuffix(n.Name(), ".gz")
		if b := fixture(f, name); len(b) < 1<<14 {
			f.Add(b, name)
		}
	}
	f.Fuzz(func(_ *testing.T, data []byte, name string) {
		limits := DefaultLimits()
		limits.Bytes, limits.Members, limits.Depth = 8<<20, 1000, 4
		s := &seen{big: true}
		s.walk(context.Background(), All(Options{}), "", scanners.Item{Name: name, Size: int64(len(data)), Body: bytes.NewReader(data)}, NewBudget(limits, int64(len(data))))
	})
}
