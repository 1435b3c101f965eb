package container

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

var disks = []string{
	"ext4.img", "ext2.img", "inline.img", "xfs5.img", "xfs4.img", "fat.img", "gpt.img", "mbr.img", "lvm.img", "packed.qcow2", "zstd.qcow2", "sub.qcow2", "saved.qcow2",
	"vzdump-qemu-101-2026_11_02-03_15_00.vma",
}

// Whatever is changed in what describes a disk is a gap or makes no difference.
func TestDamagedDisks(t *testing.T) {
	for _, name := range disks {
		t.Run(name, func(t *testing.T) {
			whole := fixture(t, name)
			var at []int // bytes that say something
			for i, c := range whole {
				if c != 0 {
					at = append(at, i)
				}
			}
			tries := 60
			if len(whole) > 8<<20 {
				tries = 10
			}
			if testing.Short() {
				tries = 4
			}
			for k := range tries {
				// Most of what matters lies at the start.
				i := at[len(at)*k*k/tries/tries]
				for _, x := range []byte{0xff, 0x01} {
					whole[i] ^= x
					limits := DefaultLimits()
					limits.Bytes, limits.Members = 1<<30, 10_000
					s := &seen{big: true}
					s.walk(context.Background(), All(Options{}), "", scanners.Item{Name: name, Size: int64(len(whole)), Body: bytes.NewReader(whole)}, NewBudget(limits, int64(len(whole))))
					whole[i] ^= x
				}
			}
		})
	}
}

// A folder that holds itself, by another name, is not entered again.
func TestExtLoop(t *testing.T) {
	b := fixture(t, "ext2.img")
	// "deep" in "sub" becomes "sub" itself.
	i := bytes.Index(b, []byte("\x04\x02deep"))
	sub := bytes.Index(b, []byte("\x03\x02sub"))
	if i < 0 || sub < 0 {
		t.Fatal("the folders are not there")
	}
	copy(b[i-6:i-2], b[sub-6:sub-2])
	s := walkWith(b, "ext2.img")
	if !slices.ContainsFunc(s.gaps, func(g string) bool { return strings.Contains(g, "corrupt") }) {
		t.Errorf("gaps %q", s.gaps)
	}
}

// What no file holds is searched, once, and holes are passed over.
func TestLeftover(t *testing.T) {
	b := fixture(t, "ext2.img")
	// The file is deleted by its name alone, as a damaged folder would.
	i := bytes.Index(b, []byte("\x0a\x01letter.txt"))
	if i < 0 {
		t.Fatal("the file is not there")
	}
	binary.LittleEndian.PutUint32(b[i-6:], 0)
	j := bytes.Index(b, []byte("\x0e\x01other-name.txt"))
	binary.LittleEndian.PutUint32(b[j-6:], 0)
	s := walkWith(b, "ext2.img")
	n := 0
	for _, it := range s.items {
		if strings.Contains(it, letter) {
			n++
			if !strings.HasPrefix(it, "#free space=") {
				t.Errorf("in %.40q", it)
			}
		}
	}
	if n != 1 {
		t.Errorf("found %d times", n)
	}
	for _, it := range s.items {
		if strings.HasPrefix(it, "#free space=") && len(it) > 900_000 {
			t.Errorf("%d bytes are left", len(it))
		}
	}
}

// What a partition holds is told where its magic lies deep, and a mirror is read.
func TestPartitionsInside(t *testing.T) {
	ext := fixture(t, "ext2.img")
	for _, tt := range []struct {
		name  string
		write func(p []byte)
		file  bool
		gap   string
	}{
		{"btrfs", func(p []byte) { copy(p[64<<10+64:], "_BHRfS_M") }, false, "btrfs"},
		{"ZFS", func(p []byte) { copy(p[16<<10:], "\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01") }, false, "ZFS"},
		{"RAID 5", func(p []byte) { copy(p[4<<10:], "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"); p[4<<10+72] = 5 }, false, "array"},
		{"RAID 1", func(p []byte) {
			copy(p[4<<10:], "\xfc\x4e\x2b\xa9\x01\x00\x00\x00")
			p[4<<10+72], p[4<<10+129] = 1, 1 // 256 sectors
			copy(p[128<<10:], ext)
		}, true, ""},
	} {
		b := make([]byte, 4<<20)
		copy(b[446:], []byte{0, 0, 0, 0, 0x83, 0, 0, 0, 8, 0, 0, 0, 0, 0x1f, 0, 0}) // from sector 8 on
		copy(b[510:], "\x55\xaa")
		tt.write(b[4096:])
		s := walkWith(b, "disk.raw")
		detail := ""
		for _, g := range s.full {
			detail += g.Detail
		}
		if (detail == "") != (tt.gap == "") || !strings.Contains(detail, tt.gap) {
			t.Errorf("%s: gaps %q", tt.name, detail)
		}
		if s.has("partition1!/letter.txt="+letter) != tt.file {
			t.Errorf("%s: %d items", tt.name, len(s.items))
		}
	}
}

func TestMapped(t *testing.T) {
	m := &mapped{in: strings.NewReader("abcdefghij"), size: 12}
	m.pieces = []span{{8, 0, 2}, {2, 5, 3}, {3, 0, 9}}
	m.sort()
	want := "\x00\x00fgh\x00\x00\x00ab\x00\x00"
	got, err := io.ReadAll(m)
	if string(got) != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for from := range want {
		for to := from; to <= len(want); to++ {
			b := make([]byte, to-from)
			if n, err := m.ReadAt(b, int64(from)); string(b[:n]) != want[from:to] || err != nil {
				t.Errorf("%d to %d: %q, %v", from, to, b[:n], err)
			}
		}
	}
	if from, to := m.data(5); from != 8 || to != 10 {
		t.Errorf("data from %d to %d", from, to)
	}
	if from, _ := m.data(10); from != 12 {
		t.Errorf("data from %d", from)
	}
	short := &mapped{in: strings.NewReader("abc"), pieces: []span{{0, 0, 5}}, size: 5}
	if _, err := io.ReadAll(short); err != io.ErrUnexpectedEOF {
		t.Errorf("cut off: %v", err)
	}
}

// The disks are too large to be changed by a fuzzer as a whole: it says which
// bytes of which are others.
func FuzzDisks(f *testing.F) {
	var whole [][]byte
	for i, name := range disks {
		b := fixture(f, name)
		whole = append(whole, b)
		f.Add(byte(i), uint32(1024), []byte("\xff\xff"))
		f.Add(byte(i), uint32(0), []byte{1})
	}
	f.Fuzz(func(_ *testing.T, which byte, at uint32, change []byte) {
		i := int(which) % len(disks)
		b := slices.Clone(whole[i])
		copy(b[int(at)%len(b):], change)
		limits := DefaultLimits()
		limits.Bytes, limits.Members, limits.Depth = 64<<20, 1000, 4
		s := &seen{big: true}
		s.walk(context.Background(), All(Options{}), "", scanners.Item{Name: disks[i], Size: int64(len(b)), Body: bytes.NewReader(b)}, NewBudget(limits, int64(len(b))))
	})
}
