package container

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"iter"
	"strings"

	"github.com/bodgit/sevenzip"

	"github.com/spoor-scan/spoor/scanners"
)

const sevenZipMagic = "7z\xbc\xaf\x27\x1c"

// maxProbe is how much of a member is read to see whether a password fits, in
// bytes.
const maxProbe = 16 << 20

func sevenZipDecoder(opts Options) Decoder {
	// The library lacks this one, and keeps its methods in a list of its own.
	sevenzip.RegisterDecompressor([]byte{4, 1, 9}, sevenZipDeflate64)
	return Decoder{
		Name:    "7z",
		Hostile: true,
		Match:   func(head []byte, _ string) bool { return len(head) >= 6 && string(head[:6]) == sevenZipMagic },
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				s := &sevenZip{lister: newLister(ctx, b, o, in), at: spool}
				s.run(opts.For(in))
			})
		},
	}
}

// sevenZip reads an archive in the format of 7zFormat.txt of the LZMA SDK.
type sevenZip struct {
	*lister
	at *Spool
}

func (s *sevenZip) raw() bool {
	return s.out.item(raw(io.NewSectionReader(s.at, 0, s.at.Size()), 0))
}

func (s *sevenZip) run(passwords []string) {
	r, err := s.open("")
	locked := false
	if err == nil {
		var bad bool
		if locked, bad = s.locked(r); bad && !locked {
			locked = s.encrypted(r)
		}
		if locked && len(passwords) == 0 {
			s.withheld(r)
			return
		}
	} else {
		locked = isLocked(err)
	}
	if locked {
		for _, p := range passwords {
			x, err := s.open(p)
			if err != nil {
				continue
			}
			if still, bad := s.locked(x); !still && !bad {
				// Not x: the library decrypts a block that it has read once
				// otherwise when it reads it again.
				r, err = s.open(p)
				locked = err != nil
				break
			}
		}
	}
	switch {
	case r == nil && locked:
		if s.gap(scanners.Encrypted, "7z: the names and contents of its members are encrypted") {
			s.raw()
		}
		return
	case locked:
		s.withheld(r)
		return
	case r == nil:
		if s.gap(scanners.Corrupt, "7z: its directory can't be read") {
			s.raw()
		}
		return
	}
	for _, f := range r.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if !s.count() || !s.file(f) {
			return
		}
	}
}

// withheld names the members of which no password is known.
func (s *sevenZip) withheld(r *sevenzip.Reader) {
	for _, f := range r.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if !s.count() || !s.unread(f.Name, scanners.Encrypted, "7z: a member is encrypted") {
			return
		}
	}
}

// encrypted reports whether what is read depends on the password.
func (s *sevenZip) encrypted(r *sevenzip.Reader) bool {
	x, err := s.open("x")
	if err != nil {
		return true
	}
	for i, f := range r.File {
		if f.UncompressedSize == 0 || i >= len(x.File) {
			continue
		}
		var start [2][64]byte
		var n [2]int
		for k, f := range []*sevenzip.File{f, x.File[i]} {
			if body, err := s.content(f); err == nil {
				n[k], _ = io.ReadFull(guarded{body, "7z", func(err error) error { return err }}, start[k][:])
				_ = body.Close()
			}
		}
		return n[0] != n[1] || start[0] != start[1]
	}
	return false
}

// open reads the directory.
func (s *sevenZip) open(password string) (r *sevenzip.Reader, err error) {
	defer func() {
		if recover() != nil {
			r, err = nil, errors.New("7z: the decoder broke off")
		}
	}()
	return sevenzip.NewReaderWithPassword(s.at, s.at.Size(), password)
}

func isLocked(err error) bool {
	var e *sevenzip.ReadError
	return errors.As(err, &e) && e.Encrypted
}

// locked reads the smallest member that has content, and reports whether it
// needs another password; bad, whether it is damaged.
func (s *sevenZip) locked(r *sevenzip.Reader) (locked, bad bool) {
	var least *sevenzip.File
	for _, f := range r.File {
		if f.UncompressedSize > 0 && (least == nil || f.UncompressedSize < least.UncompressedSize) {
			least = f
		}
	}
	if least == nil {
		return false, false
	}
	body, err := s.content(least)
	if err == nil {
		defer body.Close()
		sum := crc32.NewIEEE()
		var n int64
		n, err = io.Copy(sum, io.LimitReader(body, maxProbe))
		if err == nil && n == int64(least.UncompressedSize) && least.CRC32 != 0 && sum.Sum32() != least.CRC32 {
			return false, true
		}
	}
	return isLocked(err), err != nil
}

func (s *sevenZip) content(f *sevenzip.File) (r io.ReadCloser, err error) {
	defer func() {
		if recover() != nil {
			r, err = nil, errors.New("7z: the decoder broke off")
		}
	}()
	return f.Open()
}

func (s *sevenZip) file(f *sevenzip.File) bool {
	body, err := s.content(f)
	switch {
	case isLocked(err):
		return s.unread(f.Name, scanners.Encrypted, "7z: a member is encrypted")
	case isForeign(err):
		return s.unread(f.Name, scanners.Unsupported, "7z: a member is packed by a method that can't be read")
	case err != nil:
		return s.unread(f.Name, scanners.Corrupt, "7z: a member can't be read")
	}
	defer func() {
		defer func() { _ = recover() }()
		_ = body.Close()
	}()
	checked := &summed{r: body, want: f.CRC32, kind: "7z"}
	return s.member(f.Name, int64(min(f.UncompressedSize, 1<<62)), f.Modified, guarded{checked, "7z", func(err error) error {
		var own *scanners.Gap
		switch {
		case errors.As(err, &own):
			return err
		case isLocked(err):
			return &scanners.Gap{Reason: scanners.Encrypted, Detail: "7z: a member is encrypted"}
		}
		return decodeGap("7z", err)
	}})
}

// sevenZipDeflate64 is the method 040109 of Methods.txt of the LZMA SDK.
func sevenZipDeflate64(_ []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 {
		return nil, errors.New("7z: Deflate64 reads one stream")
	}
	s := new(deflate64Stream)
	if err := s.open(&input{ctx: context.Background(), r: in[0]}); err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{s, in[0]}, nil
}

// isForeign reports whether a method isn't known. The library has no value for it.
func isForeign(err error) bool {
	return err != nil && strings.Contains(err.Error(), "unsupported compression algorithm")
}

// summed checks content against its CRC-32, where that is known.
type summed struct {
	r    io.Reader
	want uint32
	sum  uint32
	kind string
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, p[:n])
	if err == io.EOF && s.want != 0 && s.sum != s.want {
		return n, &scanners.Gap{Reason: scanners.Corrupt, Detail: s.kind + ": a member is not what its checksum says"}
	}
	return n, err
}
