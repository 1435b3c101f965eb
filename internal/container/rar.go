package container

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/nwaples/rardecode/v2"

	"github.com/spoor-scan/spoor/scanners"
)

// rarDictionary bounds the window of a rar archive, in bytes.
const rarDictionary = 256 << 20

func rarDecoder(opts Options) Decoder {
	return Decoder{
		Name:    "rar",
		Hostile: true,
		Match: func(head []byte, _ string) bool {
			return len(head) >= 7 && (string(head[:7]) == "Rar!\x1a\x07\x00" || len(head) >= 8 && string(head[:8]) == "Rar!\x1a\x07\x01\x00")
		},
		Decode: func(ctx context.Context, in scanners.Item, b *Budget) iter.Seq2[scanners.Item, error] {
			return sequence(func(o output) {
				spool, err := b.Spool(ctx, in.Body)
				defer func() { _ = spool.Close() }() // valid even with an error
				if err != nil && !o.err(err) {
					return
				}
				r := &rarReader{lister: newLister(ctx, b, o, in), at: spool}
				r.run(append([]string{""}, opts.For(in)...))
			})
		},
	}
}

// rarReader reads the archives of versions 1.5 to 7.
type rarReader struct {
	*lister
	at *Spool
}

// run tries one password after the other on what the one before did not open.
func (r *rarReader) run(passwords []string) {
	password := ""
	for _, password = range passwords {
		if !r.locked(password) {
			break
		}
	}
	r.all(password)
}

func (r *rarReader) open(password string) (z *rardecode.Reader, err error) {
	defer func() {
		if recover() != nil {
			z, err = nil, rardecode.ErrCorruptBlockHeader
		}
	}()
	o := []rardecode.Option{rardecode.MaxDictionarySize(rarDictionary)}
	if password != "" {
		o = append(o, rardecode.Password(password))
	}
	return rardecode.NewReader(io.NewSectionReader(r.at, 0, r.at.Size()), o...)
}

// next returns the next member.
func (r *rarReader) next(z *rardecode.Reader) (h *rardecode.FileHeader, err error) {
	defer func() {
		if recover() != nil {
			h, err = nil, rardecode.ErrCorruptBlockHeader
		}
	}()
	return z.Next()
}

// locked reports whether the first member that has content needs another
// password.
func (r *rarReader) locked(password string) bool {
	z, err := r.open(password)
	for err == nil {
		var h *rardecode.FileHeader
		if h, err = r.next(z); err != nil || h.IsDir || h.UnPackedSize == 0 {
			continue
		}
		_, err = io.Copy(io.Discard, io.LimitReader(guarded{z, "rar", func(err error) error { return err }}, maxProbe))
		return rarLocked(err) || err != nil && h.Encrypted
	}
	return rarLocked(err)
}

func rarLocked(err error) bool {
	return errors.Is(err, rardecode.ErrArchiveEncrypted) || errors.Is(err, rardecode.ErrArchivedFileEncrypted) || errors.Is(err, rardecode.ErrBadPassword)
}

func (r *rarReader) all(password string) {
	z, err := r.open(password)
	for err == nil {
		var h *rardecode.FileHeader
		if h, err = r.next(z); err != nil {
			break
		}
		if h.IsDir {
			continue
		}
		if !r.count() {
			return
		}
		if h.LinkTarget != "" {
			if !r.out.item(scanners.Item{Size: -1, Text: true, Field: "link", Body: strings.NewReader(h.LinkTarget)}) {
				return
			}
		}
		if h.Encrypted && password == "" {
			if !r.unread(h.Name, scanners.Encrypted, "rar: a member is encrypted") {
				return
			}
			continue
		}
		size := h.UnPackedSize
		if h.UnKnownSize {
			size = -1
		}
		if !r.member(h.Name, size, h.ModificationTime, guarded{z, "rar", rarGap}) {
			return
		}
	}
	if err == io.EOF {
		return
	}
	if r.out.err(rarGap(err)) && r.names.n == 0 {
		r.out.item(raw(io.NewSectionReader(r.at, 0, r.at.Size()), 0))
	}
}

// rarGap returns the gap for an error of the library.
func rarGap(err error) error {
	var own *scanners.Gap
	switch {
	case errors.As(err, &own):
		return own
	case rarLocked(err):
		return &scanners.Gap{Reason: scanners.Encrypted, Detail: "rar: encrypted"}
	case errors.Is(err, rardecode.ErrMultiVolume):
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: "rar: goes on in another volume"}
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		return &scanners.Gap{Reason: scanners.TooLarge, Detail: "rar: needs more memory than it is given"}
	case errors.Is(err, rardecode.ErrUnknownVersion), errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrUnknownFilter):
		return &scanners.Gap{Reason: scanners.Unsupported, Detail: "rar: a method that is not known"}
	}
	return decodeGap("rar", err)
}
